//! Reading the cells of a raw block, whatever form its format gave them.

use crate::model::batch::{RawBatch, RawColumn};
use crate::model::schema::Column;
use arrow::array::{Array, StringArray};

/// One column of a block, ready to be asked for single cells.
pub(super) struct Cells<'a> {
    column: Option<&'a RawColumn>,
    dictionary: Option<&'a StringArray>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(batch: &'a RawBatch, column: Column) -> Self {
        let column = batch.column(column);
        let dictionary = match column {
            Some(RawColumn::Dictionary(a)) => a.values().as_any().downcast_ref::<StringArray>(),
            _ => None,
        };
        Cells { column, dictionary }
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
        let text = text.trim();
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

    /// The key of the cell in the block's own dictionary, where it has one.
    fn key(&self, row: usize) -> Option<usize> {
        match self.column? {
            RawColumn::Dictionary(a) if a.is_valid(row) => Some(a.keys().value(row) as usize),
            _ => None,
        }
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
