//! Reading the cells of a raw block, whatever form its format gave them.

use crate::model::batch::{RawBatch, RawColumn};
use crate::model::schema::Column;
use crate::model::text::{ABSENT, Interner};
use arrow::array::{Array, StringArray};
use xxhash_rust::xxh3::xxh3_64;

/// One column of a block, ready to be asked for single cells.
pub(super) struct Cells<'a> {
    column: Option<&'a RawColumn>,
    dictionary: Option<&'a StringArray>,
    /// Hash of each distinct text of the dictionary.
    hashes: Vec<u64>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(batch: &'a RawBatch, column: Column) -> Self {
        let column = batch.column(column);
        let dictionary = match column {
            Some(RawColumn::Dictionary(a)) => a.values().as_any().downcast_ref::<StringArray>(),
            _ => None,
        };
        Cells { column, dictionary, hashes: Vec::new() }
    }

    /// As `new`, ready for [`Cells::hash`].
    pub(super) fn hashed(batch: &'a RawBatch, column: Column) -> Self {
        let mut cells = Self::new(batch, column);
        if let Some(values) = cells.dictionary {
            let hash = |text: Option<&str>| text.map_or(0, text_hash);
            cells.hashes = values.iter().map(hash).collect();
        }
        cells
    }

    /// The cell as trimmed text; nothing where it is absent, empty or a typed number or day.
    pub(super) fn text(&self, row: usize) -> Option<&'a str> {
        let text = match self.column? {
            RawColumn::Text(a) if a.is_valid(row) => a.value(row),
            RawColumn::Dictionary(a) if a.is_valid(row) => {
                let key = a.keys().value(row) as usize;
                let values = self.dictionary?;
                if values.is_null(key) {
                    return None;
                }
                values.value(key)
            }
            _ => return None,
        };
        let text = trim(text);
        (!text.is_empty()).then_some(text)
    }

    /// The cell as a typed number, where the format has one.
    pub(super) fn number(&self, row: usize) -> Option<f64> {
        match self.column? {
            RawColumn::Number(a) if a.is_valid(row) => Some(a.value(row)),
            _ => None,
        }
    }

    /// The cell as a typed day, where the format has one.
    pub(super) fn day(&self, row: usize) -> Option<i32> {
        match self.column? {
            RawColumn::Date(a) if a.is_valid(row) => Some(a.value(row)),
            _ => None,
        }
    }

    /// A hash of what the cell holds, 0 where it holds nothing.
    pub(super) fn hash(&self, row: usize) -> u64 {
        match self.column {
            Some(RawColumn::Dictionary(_)) => self.key(row).map_or(0, |k| self.hashes[k]),
            Some(RawColumn::Text(a)) if a.is_valid(row) => text_hash(a.value(row)),
            Some(RawColumn::Number(a)) if a.is_valid(row) && !a.value(row).is_nan() => {
                xxh3_64(&a.value(row).to_bits().to_le_bytes())
            }
            Some(RawColumn::Date(a)) if a.is_valid(row) => xxh3_64(&a.value(row).to_le_bytes()),
            _ => 0,
        }
    }

    /// The key of the cell in the block's own dictionary, where it has one.
    fn key(&self, row: usize) -> Option<usize> {
        match self.column? {
            RawColumn::Dictionary(a) if a.is_valid(row) => Some(a.keys().value(row) as usize),
            _ => None,
        }
    }
}

fn text_hash(text: &str) -> u64 {
    let text = trim(text);
    if text.is_empty() { 0 } else { xxh3_64(text.as_bytes()) }
}

/// As [`str::trim`]; text that starts and ends with visible ASCII, as nearly all does, is told by two bytes.
#[inline]
fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// A column of text whose distinct texts are numbered by an interner, each looked up once a block where the format
/// has a dictionary.
pub(super) struct Words<'a> {
    cells: Cells<'a>,
    by_key: Vec<u32>,
}

impl<'a> Words<'a> {
    /// Mark of a text that was not looked up yet.
    const OPEN: u32 = u32::MAX;

    pub(super) fn new(batch: &'a RawBatch, column: Column) -> Self {
        let cells = Cells::new(batch, column);
        let keys = cells.dictionary.map_or(0, |d| d.len());
        Words { cells, by_key: vec![Self::OPEN; keys] }
    }

    pub(super) fn text(&self, row: usize) -> Option<&'a str> {
        self.cells.text(row)
    }

    /// The number of the cell's text, that of the empty text where the cell is.
    pub(super) fn intern(&mut self, row: usize, words: &mut Interner) -> u32 {
        let Some(key) = self.cells.key(row) else {
            return self.cells.text(row).map_or(ABSENT, |text| words.intern(text));
        };
        if self.by_key[key] == Self::OPEN {
            self.by_key[key] = words.intern(self.cells.text(row).unwrap_or_default());
        }
        self.by_key[key]
    }
}

/// A column of text and what each distinct text of it means, worked out once per distinct text of the block.
pub(super) struct Memo<'a, T> {
    cells: Cells<'a>,
    by_key: Vec<Option<Option<T>>>,
    last: Option<(&'a str, Option<T>)>,
}

impl<'a, T: Copy> Memo<'a, T> {
    pub(super) fn new(batch: &'a RawBatch, column: Column) -> Self {
        let cells = Cells::new(batch, column);
        let keys = cells.dictionary.map_or(0, |d| d.len());
        Memo { cells, by_key: vec![None; keys], last: None }
    }

    pub(super) fn text(&self, row: usize) -> Option<&'a str> {
        self.cells.text(row)
    }

    pub(super) fn day(&self, row: usize) -> Option<i32> {
        self.cells.day(row)
    }

    /// What the cell means; nothing where it is absent or `read` makes nothing of it.
    pub(super) fn get(&mut self, row: usize, read: impl FnOnce(&'a str) -> Option<T>) -> Option<T> {
        if let Some(key) = self.cells.key(row) {
            if let Some(known) = self.by_key[key] {
                return known;
            }
            let value = self.cells.text(row).and_then(read);
            self.by_key[key] = Some(value);
            return value;
        }
        let text = self.cells.text(row)?;
        if let Some((last, value)) = self.last
            && last == text
        {
            return value;
        }
        let value = read(text);
        self.last = Some((text, value));
        value
    }
}
