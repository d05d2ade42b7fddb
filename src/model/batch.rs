//! Input records as they were read: a block of rows, columns by name, nothing interpreted yet.

use super::schema::Column;
use arrow::array::{Array, Date32Array, DictionaryArray, Float64Array, StringArray};
use arrow::datatypes::Int32Type;

/// How the parcel travels: by post or with an express carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Carried by the designated postal operators.
    Postal,
    /// Carried by an express carrier.
    Express,
}

impl Channel {
    /// Both channels.
    pub const ALL: [Channel; 2] = [Channel::Postal, Channel::Express];

    /// The name used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Channel::Postal => "postal",
            Channel::Express => "express",
        }
    }
}

/// One column of a block as its format gave it.
#[derive(Clone, Debug)]
pub enum RawColumn {
    /// Text, one string a row.
    Text(StringArray),
    /// Text, each distinct string stored once.
    Dictionary(DictionaryArray<Int32Type>),
    /// Numbers that the format has typed.
    Number(Float64Array),
    /// Days that the format has typed, days since 1970-01-01.
    Date(Date32Array),
}

impl RawColumn {
    /// Whether the cell is empty.
    pub fn is_null(&self, row: usize) -> bool {
        match self {
            RawColumn::Text(a) => a.is_null(row),
            RawColumn::Dictionary(a) => a.is_null(row),
            RawColumn::Number(a) => a.is_null(row),
            RawColumn::Date(a) => a.is_null(row),
        }
    }
}

/// Where the text of a record is found again when it has to go to quarantine.
#[derive(Clone, Debug)]
pub enum RawText {
    /// Text formats: the bytes of the block and the range of each row in it.
    Bytes { buffer: Vec<u8>, ranges: Vec<(u32, u32)> },
    /// Columnar formats: written from the cells as one JSON object.
    Cells,
}

/// A block of consecutive records of one file.
#[derive(Clone, Debug)]
pub struct RawBatch {
    /// Position of the file in the run's list of inputs.
    pub source: u32,
    /// Channel of that file.
    pub channel: Channel,
    /// Number of each row's record in its file, from 1, the header not counted.
    pub records: Vec<u64>,
    /// The known columns, indexed by `Column as usize`; `None` where the file lacks it.
    pub columns: Vec<Option<RawColumn>>,
    /// The records' text.
    pub raw: RawText,
    /// Records of this block that could not even be cut into fields.
    pub rejects: Vec<Reject>,
}

impl RawBatch {
    /// Rows in the block, rejected ones not counted.
    pub fn len(&self) -> usize {
        self.records.len()
    }
    /// Whether the block has no usable row.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
    /// The columns that the block has.
    pub fn present(&self) -> impl Iterator<Item = Column> {
        Column::ALL.iter().copied().filter(|&c| self.column(c).is_some())
    }
    /// The column, if the file has it.
    pub fn column(&self, column: Column) -> Option<&RawColumn> {
        self.columns[column as usize].as_ref()
    }
}

/// A record that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reject {
    /// Position of the file in the run's list of inputs.
    pub source: u32,
    /// Number of the record in its file, from 1, the header not counted.
    pub record: u64,
    /// The input column at fault, or an empty string where the whole record is.
    pub field: String,
    /// What is wrong and what was expected, in a sentence.
    pub reason: String,
    /// The record as it stood in the file.
    pub raw: String,
}
