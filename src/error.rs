//! Everything that can stop the program, and its exit status.

use crate::read::ReadError;
use crate::write::{PlaceError, WriteError};

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An argument, a key of the job file or a file that it names cannot be used.
    #[error("{0}")]
    Configuration(String),
    /// An input file.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An output file.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The output folder.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The files of an earlier run.
    #[error("{0}")]
    Output(String),
}

impl Error {
    /// The exit status: 2 for usage and configuration, 1 for a run that failed.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Configuration(_) => 2,
            Error::Read(
                ReadError::NoMatch { .. }
                | ReadError::Pattern { .. }
                | ReadError::Folder { .. }
                | ReadError::UnknownFormat { .. }
                | ReadError::Mapping { .. },
            ) => 2,
            Error::Place(PlaceError::Foreign { .. } | PlaceError::NoFolder { .. }) => 2,
            _ => 1,
        }
    }
}
