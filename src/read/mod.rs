//! Readers: from files to blocks of raw records, in the order of the file and with bounded memory.
//!
//! A file that breaks its contract is a [`ReadError`]; a record that does is a [`Reject`](crate::model::batch::Reject)
//! and the records around it are kept. Every record of a file is either a row or a reject.

mod archive;
mod cast;
mod csv;
mod error;
mod header;
mod imp;
mod input;
mod join;
mod json;
mod json_tree;
mod jsonl;
mod limits;
pub mod mapping;
mod messages;
mod parquet;
mod raw;
mod scan;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod window;
mod xml;

pub use error::ReadError;
pub use input::{Compression, Format, Input, Reading, Syntax, expand, sha256_file};
pub use join::{Joins, joined, undeclared};
pub use limits::Limits;
pub use messages::head;
pub use raw::{cell_texts, raw_text};

use crate::model::batch::RawBatch;
use crate::model::schema::Column;

/// Rows and rejects after which a block is closed.
const BLOCK_RECORDS: usize = 16_384;
/// The longest text a cell may hold; a longer one is taken for damage.
const LONGEST_FIELD: usize = 64 * 1024;
/// How many names of unknown columns are kept.
const UNKNOWN_KEPT: usize = 1_000;

/// What was found in a file; final once the reader has come to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSummary {
    /// Records read: the rows yielded and the rejects.
    pub records_read: u64,
    /// Records that could not be cut into fields.
    pub rejects: u64,
    /// The known columns that the file has.
    pub columns: Vec<Column>,
    /// Names of the columns that were ignored, in the order in which they were met.
    pub unknown_columns: Vec<String>,
    /// What was odd about the file though it could be used.
    pub warnings: Vec<String>,
    /// The layouts that its messages are of; none where it has the input columns themselves.
    pub layouts: Vec<String>,
}

/// The blocks of one file.
pub struct Reader {
    blocks: Blocks,
    failed: bool,
}

enum Blocks {
    Csv(csv::CsvBlocks),
    JsonLines(Box<jsonl::JsonBlocks>),
    Parquet(parquet::ParquetBlocks),
    Messages(Box<messages::MessageBlocks>),
}

/// Opens a file and checks what its format lets check beforehand. `source` is its position in the list of inputs;
/// `only` names the columns to yield, all known ones where it is `None`. Which records are rejected does not depend on
/// it in text formats; in Parquet only the columns read are checked.
pub fn open(input: &Input, source: u32, only: Option<&[Column]>) -> Result<Reader, ReadError> {
    let blocks = match input.format.syntax {
        Syntax::Csv => Blocks::Csv(csv::CsvBlocks::open(input, source, only)?),
        Syntax::JsonLines if input.reading.mapping.is_none() && !messages::is_json_message(input) => {
            Blocks::JsonLines(Box::new(jsonl::JsonBlocks::open(input, source, only)?))
        }
        Syntax::Parquet => Blocks::Parquet(parquet::ParquetBlocks::open(input, source, only)?),
        _ => Blocks::Messages(Box::new(messages::MessageBlocks::open(input, source, only)?)),
    };
    Ok(Reader { blocks, failed: false })
}

/// Records that a file says it holds; nothing where only reading tells.
pub fn announced(input: &Input) -> Result<Option<usize>, ReadError> {
    match input.format.syntax {
        Syntax::Parquet => Ok(Some(parquet::ParquetBlocks::open(input, 0, None)?.announced())),
        _ => Ok(None),
    }
}

impl Reader {
    /// What was found so far.
    pub fn summary(&self) -> FileSummary {
        match &self.blocks {
            Blocks::Csv(b) => b.summary(),
            Blocks::JsonLines(b) => b.summary(),
            Blocks::Parquet(b) => b.summary(),
            Blocks::Messages(b) => b.summary(),
        }
    }
}

impl Iterator for Reader {
    type Item = Result<RawBatch, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let block = match &mut self.blocks {
            Blocks::Csv(b) => b.next_block(),
            Blocks::JsonLines(b) => b.next_block(),
            Blocks::Parquet(b) => b.next_block(),
            Blocks::Messages(b) => b.next_block(),
        };
        self.failed = block.is_err();
        block.transpose()
    }
}

/// Whether a column is wanted by the caller.
fn wanted(only: Option<&[Column]>, column: Column) -> bool {
    only.is_none_or(|list| list.contains(&column))
}
