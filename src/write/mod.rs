//! Writing: every file of a run, put in place as one.
//!
//! Files are written and synced in a folder beside the final one, which then takes its name in one step. Whoever reads
//! the final name sees the last whole run or this whole run, whatever stops this program in between.

mod descriptions;
mod links;
mod place;
mod quality;
mod referrals;
mod sample;
mod table;
mod tables;
mod trend;

pub use place::{PlaceError, Staging};
pub use quality::SHARES as QUALITY_SHARES;
pub use sample::{SampleSettings, inclusion};
pub use tables::{Run, write};
pub use trend::{EarlierNight, EarlierQuality};

use std::path::PathBuf;

/// A file that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The system refused.
    #[error("cannot write {}: {source}; the last good run, if any, is untouched", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What failed.
        source: std::io::Error,
    },
    /// The Parquet encoder failed.
    #[error("cannot write {}: {source}; the last good run, if any, is untouched", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What failed.
        source: parquet::errors::ParquetError,
    },
    /// Columns that do not fit together.
    #[error("cannot write {}: {source}; the last good run, if any, is untouched", path.display())]
    Arrow {
        /// The file.
        path: PathBuf,
        /// What failed.
        source: arrow::error::ArrowError,
    },
    /// The folder cannot be put in place.
    #[error(transparent)]
    Place(#[from] PlaceError),
}
