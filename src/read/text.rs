//! Blocks of text cells under construction.

use super::limits::Refusal;
use super::{BLOCK_RECORDS, Input, LONGEST_FIELD, ReadError, UNKNOWN_KEPT};
use crate::model::batch::{Channel, RawBatch, RawColumn, RawText, Reject};
use crate::model::schema::Column;
use arrow::array::{BooleanBufferBuilder, StringArray};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow::error::ArrowError;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Bytes of a rejected record that are kept.
const RAW_KEPT: usize = 1 << 17;

/// Where a file stands in the run.
#[derive(Clone)]
pub(super) struct Origin {
    pub(super) path: PathBuf,
    pub(super) source: u32,
    pub(super) channel: Channel,
}

impl Origin {
    pub(super) fn new(input: &Input, source: u32) -> Origin {
        Origin { path: input.path.clone(), source, channel: input.channel }
    }

    pub(super) fn io(&self, source: std::io::Error) -> ReadError {
        io_error(&self.path, "", source)
    }
}

/// An error of reading; a refusal that passed through the reader is told as such.
pub(super) fn io_error(path: &Path, member: &str, source: std::io::Error) -> ReadError {
    let path = path.to_path_buf();
    match source.get_ref().and_then(|e| e.downcast_ref::<Refusal>()) {
        Some(refusal) => ReadError::Refused { path, member: member.to_owned(), reason: refusal.0.clone() },
        None => ReadError::Io { path, source },
    }
}

/// One column of text; empty cells are null.
struct TextColumn {
    values: Vec<u8>,
    offsets: Vec<i32>,
    filled: BooleanBufferBuilder,
}

impl TextColumn {
    fn new(rows: usize, bytes: usize) -> TextColumn {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        TextColumn { values: Vec::with_capacity(bytes), offsets, filled: BooleanBufferBuilder::new(rows) }
    }

    fn close(&mut self, from: usize) {
        // The cells of a block come from one window, so their bytes fit.
        self.offsets.push(self.values.len() as i32);
        self.filled.append(self.values.len() > from);
    }

    fn push(&mut self, cell: &[u8]) {
        let from = self.values.len();
        self.values.extend_from_slice(trim(cell));
        self.close(from);
    }

    fn push_doubled(&mut self, cell: &[u8]) {
        let from = self.values.len();
        let mut rest = trim(cell);
        while let Some(i) = memchr::memchr(b'"', rest) {
            self.values.extend_from_slice(&rest[..=i]);
            rest = rest.get(i + 2..).unwrap_or_default();
        }
        self.values.extend_from_slice(rest);
        self.close(from);
    }

    fn finish(mut self) -> Result<StringArray, ArrowError> {
        StringArray::try_new(
            OffsetBuffer::new(self.offsets.into()),
            Buffer::from_vec(self.values),
            Some(NullBuffer::new(self.filled.finish())).filter(|n| n.null_count() > 0),
        )
    }
}

/// The size of the last block: the next one will hardly differ, so that its memory can be taken at once.
#[derive(Default)]
pub(super) struct Sizes {
    rows: usize,
    bytes: Vec<usize>,
}

/// A block under construction: rows of text cells and rejects, in the order of the file.
pub(super) struct Draft {
    origin: Origin,
    names: Vec<Column>,
    columns: Vec<TextColumn>,
    records: Vec<u64>,
    ranges: Vec<(u32, u32)>,
    rejects: Vec<Reject>,
    /// Where the block starts in the window.
    base: usize,
}

impl Draft {
    /// A block of these columns whose records start at `base`.
    pub(super) fn new(origin: &Origin, names: &[Column], base: usize, sizes: &Sizes) -> Draft {
        let rows = sizes.rows;
        let bytes = |i: usize| sizes.bytes.get(i).map_or(0, |b| b + b / 16);
        Draft {
            origin: origin.clone(),
            names: names.to_vec(),
            columns: (0..names.len()).map(|i| TextColumn::new(rows, bytes(i))).collect(),
            records: Vec::with_capacity(rows),
            ranges: Vec::with_capacity(rows),
            rejects: Vec::new(),
            base,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.rejects.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.records.len() + self.rejects.len() >= BLOCK_RECORDS
    }

    pub(super) fn sizes(&self) -> Sizes {
        Sizes { rows: self.records.len(), bytes: self.columns.iter().map(|c| c.values.len()).collect() }
    }

    pub(super) fn rejected(&self) -> u64 {
        self.rejects.len() as u64
    }

    /// Starts a row; a cell has to be added to each column.
    pub(super) fn row(&mut self, record: u64, start: usize, end: usize) {
        self.records.push(record);
        let place = |at: usize| (at - self.base) as u32;
        self.ranges.push((place(start), place(end)));
    }

    /// Gives the record that was added last its text: the row's place in the window, or the reject's bytes.
    pub(super) fn set_raw(&mut self, record: u64, start: usize, end: usize, raw: &[u8]) {
        if self.records.last() == Some(&record) {
            let place = |at: usize| (at - self.base) as u32;
            if let Some(range) = self.ranges.last_mut() {
                *range = (place(start), place(end));
            }
        } else if let Some(reject) = self.rejects.last_mut() {
            reject.raw = kept(raw);
        }
    }

    /// Adds a cell, blanks around it dropped.
    pub(super) fn cell(&mut self, column: usize, text: &[u8]) {
        self.columns[column].push(text);
    }

    /// Adds a cell in which every quote is written twice.
    pub(super) fn cell_doubled(&mut self, column: usize, text: &[u8]) {
        self.columns[column].push_doubled(text);
    }

    pub(super) fn reject(&mut self, record: u64, field: &str, reason: String, raw: &[u8]) {
        let raw = kept(raw);
        self.rejects.push(Reject {
            source: self.origin.source,
            record,
            field: field.to_owned(),
            reason,
            raw,
        });
    }

    /// The finished block of a format whose records are quarantined cell by cell.
    pub(super) fn finish_cells(self, absent: impl Fn(Column) -> bool) -> Result<RawBatch, ReadError> {
        let mut batch = self.finish(&[], 0, absent)?;
        batch.raw = RawText::Cells;
        Ok(batch)
    }

    /// Bytes of text that the block holds.
    pub(super) fn bytes(&self) -> usize {
        self.columns.iter().map(|c| c.values.len()).sum()
    }

    /// The finished block; `data` is the window, `end` where the block ends in it. `absent` are columns left out since
    /// no record of the file has had them so far.
    pub(super) fn finish(
        self,
        data: &[u8],
        end: usize,
        absent: impl Fn(Column) -> bool,
    ) -> Result<RawBatch, ReadError> {
        let mut columns = vec![None; Column::COUNT];
        for (name, column) in self.names.into_iter().zip(self.columns) {
            if absent(name) {
                continue;
            }
            let array = column
                .finish()
                .map_err(|source| ReadError::Arrow { path: self.origin.path.clone(), source })?;
            columns[name as usize] = Some(RawColumn::Text(array));
        }
        Ok(RawBatch {
            source: self.origin.source,
            channel: self.origin.channel,
            records: self.records,
            columns,
            raw: RawText::Bytes { buffer: data[self.base..end].to_vec(), ranges: self.ranges },
            rejects: self.rejects,
        })
    }
}

/// The text of a rejected record as far as it is kept.
fn kept(raw: &[u8]) -> String {
    let kept = String::from_utf8_lossy(&raw[..raw.len().min(RAW_KEPT)]);
    if raw.len() > RAW_KEPT { format!("{kept}… ({} bytes)", raw.len()) } else { kept.into_owned() }
}

/// What forbids a cell's text, if anything does. `clean` tells that it is known to be UTF-8 without NUL.
pub(super) fn fault(text: &[u8], clean: bool) -> Option<String> {
    if text.len() > LONGEST_FIELD {
        let length = text.len();
        return Some(format!("the field has {length} bytes; at most {LONGEST_FIELD} are expected"));
    }
    if clean {
        return None;
    }
    if let Err(e) = std::str::from_utf8(text) {
        let at = e.valid_up_to();
        return Some(format!("byte {} of the field is not valid UTF-8", at.saturating_add(1)));
    }
    memchr::memchr(0, text).map(|i| format!("byte {} of the field is NUL", i + 1))
}

/// The text without the blanks around it.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    match (text.first(), text.last()) {
        (Some(b' '), _) | (_, Some(b' ')) => {
            let from = text.iter().position(|&b| b != b' ').unwrap_or(text.len());
            let to = text.iter().rposition(|&b| b != b' ').map_or(from, |i| i + 1);
            &text[from..to]
        }
        _ => text,
    }
}

/// The column of that name, in whatever case and with blanks around it.
pub(super) fn named(name: &str) -> Option<Column> {
    Column::named(&name.trim().to_ascii_lowercase())
}

/// Names of unknown columns, each once.
#[derive(Default)]
pub(super) struct Unknown {
    pub(super) names: Vec<String>,
    seen: HashSet<String>,
    /// Whether there were more than are kept.
    pub(super) more: bool,
}

impl Unknown {
    pub(super) fn add(&mut self, name: &str) {
        if name.is_empty() || self.seen.contains(name) {
            return;
        }
        if self.names.len() >= UNKNOWN_KEPT || name.len() > 200 {
            self.more = true;
            return;
        }
        self.seen.insert(name.to_owned());
        self.names.push(name.to_owned());
    }
}
