//! What makes a whole file unusable.

use std::path::{Path, PathBuf};

/// A file, with the member of it where it is an archive.
fn place(path: &Path, member: &str) -> String {
    let path = path.display();
    if member.is_empty() { path.to_string() } else { format!("{path}: member `{member}`") }
}

/// A file, path or pattern that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A path or pattern without a file.
    #[error(
        "no file matches `{pattern}`; give a file that is there or a pattern in quotes: in a job file it is relative to the job's folder, on the command line to the current one"
    )]
    NoMatch {
        /// As it was given.
        pattern: String,
    },
    /// A pattern that is none.
    #[error("`{pattern}` is not a valid pattern: {source}")]
    Pattern {
        /// As it was given.
        pattern: String,
        /// What is wrong with it.
        source: glob::PatternError,
    },
    /// A folder where a file is expected.
    #[error("{}: is a folder; give a file or a pattern such as `{}/*.csv`", path.display(), path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// A file name that does not tell the format.
    #[error("{}: the format is not known from the name; expected one that ends in {known}", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// The endings that are known.
        known: String,
    },
    /// The system or the decompressor failed.
    #[error("{}: cannot be read to its end: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What failed.
        source: std::io::Error,
    },
    /// Input that asks for more than the limits allow, or tries what no sound message does.
    #[error("{}: refused: {reason}", place(path, member))]
    Refused {
        /// The file.
        path: PathBuf,
        /// The member of the archive, an empty string where the file is none.
        member: String,
        /// What it tried, what is allowed and what to do.
        reason: String,
    },
    /// Messages of a layout that no mapping knows.
    #[error("{}: {reason}", place(path, member))]
    Layout {
        /// The file.
        path: PathBuf,
        /// The member of the archive, an empty string where the file is none.
        member: String,
        /// What was found, what was expected and what to do.
        reason: String,
    },
    /// A mapping that cannot be used.
    #[error("mapping {name}: {reason}")]
    Mapping {
        /// Its file or name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Text in another encoding than UTF-8.
    #[error("{}: the text is {found}; expected UTF-8", path.display())]
    Encoding {
        /// The file.
        path: PathBuf,
        /// The encoding that it seems to have.
        found: &'static str,
    },
    /// A header line that cannot be used.
    #[error("{}: line 1: the header cannot be used: {reason}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A column name that stands twice.
    #[error("{}: column `{column}` stands twice in the header; expected each name once", path.display())]
    DuplicateColumn {
        /// The file.
        path: PathBuf,
        /// The name.
        column: String,
    },
    /// Required columns are not there.
    #[error(
        "{}: required columns are missing: {missing}; the file has {found}. Rename them, or name what stands for what in a mapping file; `parcel-risk schema` lists the columns, `parcel-risk check {}` shows how the file is read", path.display(), path.display()
    )]
    MissingColumns {
        /// The file.
        path: PathBuf,
        /// Their names.
        missing: String,
        /// The names that are there.
        found: String,
    },
    /// A column of a type that cannot hold its meaning.
    #[error("{}: column `{column}` is of type {found}; expected {expected}", path.display())]
    ColumnType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// Its type.
        found: String,
        /// What would do.
        expected: &'static str,
    },
    /// Not a Parquet file, or a damaged one.
    #[error("{}: not a usable Parquet file: {source}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What the decoder says.
        source: parquet::errors::ParquetError,
    },
    /// A block could not be put together.
    #[error("{}: {source}", path.display())]
    Arrow {
        /// The file.
        path: PathBuf,
        /// What failed.
        source: arrow::error::ArrowError,
    },
}
