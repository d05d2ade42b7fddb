//! Reference tables in CSV: cells by column name, and errors that say where a cell stands.

use crate::fields::country::{Country, parse_country};
use crate::fields::date::parse_date;
use std::path::Path;

/// A reference table that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be read.
    #[error("cannot read {file}: {source}")]
    Unreadable { file: String, source: csv::Error },
    /// A column is missing, unknown or there twice.
    #[error("{file}, line 1: {fault} column `{column}`, expected the columns {expected}")]
    Header { file: String, fault: &'static str, column: String, expected: String },
    /// A row has more or fewer cells than the header.
    #[error("{file}, line {line}: found {found} cells, expected {expected} as in the header")]
    Width { file: String, line: u64, found: usize, expected: usize },
    /// There is a header and no row.
    #[error("{file}: found no rows, expected at least one below the header")]
    Empty { file: String },
    /// A cell does not hold what its column asks for, or contradicts another row.
    #[error("{file}, line {line}, column {column}: found `{found}`, expected {expected}")]
    Cell { file: String, line: u64, column: &'static str, found: String, expected: String },
}

/// A table whose header was checked; rows in the order of the file. Lines that start with `#` are comments.
pub(crate) struct Sheet {
    file: String,
    /// Position in a record of each column of the list that the caller gave.
    positions: Vec<Option<usize>>,
    columns: &'static [&'static str],
    records: Vec<csv::StringRecord>,
}

/// One row of a [`Sheet`].
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    sheet: &'a Sheet,
    record: &'a csv::StringRecord,
}

impl Sheet {
    /// Reads a file; `required` columns come first in `columns`.
    pub(crate) fn open(
        path: &Path,
        columns: &'static [&'static str],
        required: usize,
    ) -> Result<Sheet, TableError> {
        let file = path.display().to_string();
        match std::fs::read(path) {
            Ok(bytes) => Sheet::new(file, &bytes, columns, required),
            Err(source) => Err(TableError::Unreadable { file, source: source.into() }),
        }
    }

    /// Reads the bytes of a file of that name.
    pub(crate) fn new(
        file: String,
        bytes: &[u8],
        columns: &'static [&'static str],
        required: usize,
    ) -> Result<Sheet, TableError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .comment(Some(b'#'))
            .trim(csv::Trim::All)
            .from_reader(bytes);
        let unreadable = |source| TableError::Unreadable { file: file.clone(), source };
        let header = reader.headers().map_err(unreadable)?.clone();
        let fault = |fault, column: &str| TableError::Header {
            file: file.clone(),
            fault,
            column: column.to_owned(),
            expected: columns.join(", "),
        };
        let mut positions = vec![None; columns.len()];
        for (position, name) in header.iter().enumerate() {
            match columns.iter().position(|column| *column == name) {
                None => return Err(fault("found an unknown", name)),
                Some(column) if positions[column].is_some() => return Err(fault("found twice the", name)),
                Some(column) => positions[column] = Some(position),
            }
        }
        if let Some(column) = positions[..required].iter().position(Option::is_none) {
            return Err(fault("did not find the", columns[column]));
        }
        let records = reader.records().collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
        if records.is_empty() {
            return Err(TableError::Empty { file });
        }
        if let Some(record) = records.iter().find(|record| record.len() != header.len()) {
            let line = record.position().map_or(0, |p| p.line());
            return Err(TableError::Width { file, line, found: record.len(), expected: header.len() });
        }
        Ok(Sheet { file, positions, columns, records })
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.records.iter().map(|record| Row { sheet: self, record })
    }
}

impl<'a> Row<'a> {
    /// The cell of a column; empty where the file lacks the column.
    pub(crate) fn get(self, column: &'static str) -> &'a str {
        let position = self.sheet.columns.iter().position(|c| *c == column);
        let position = position.and_then(|p| self.sheet.positions[p]);
        position.and_then(|p| self.record.get(p)).unwrap_or("")
    }

    /// Where the row stands in its file, from 1.
    pub(crate) fn line(self) -> u64 {
        self.record.position().map_or(0, |p| p.line())
    }

    /// Name of the file.
    pub(crate) fn file(self) -> &'a str {
        &self.sheet.file
    }

    /// The error of a cell.
    pub(crate) fn fault(self, column: &'static str, expected: impl Into<String>) -> TableError {
        TableError::Cell {
            file: self.file().to_owned(),
            line: self.line(),
            column,
            found: self.get(column).to_owned(),
            expected: expected.into(),
        }
    }

    /// A cell that must not be empty.
    pub(crate) fn text(self, column: &'static str, expected: &str) -> Result<&'a str, TableError> {
        Some(self.get(column)).filter(|cell| !cell.is_empty()).ok_or_else(|| self.fault(column, expected))
    }

    /// A cell that is one of a few words.
    pub(crate) fn word<T: Copy>(self, column: &'static str, words: &[(&str, T)]) -> Result<T, TableError> {
        let cell = self.get(column);
        words.iter().find(|(word, _)| *word == cell).map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.fault(column, format!("one of {}", words.join(", ")))
        })
    }

    /// A cell that is a day, written `YYYY-MM-DD`.
    pub(crate) fn day(self, column: &'static str) -> Result<i32, TableError> {
        day(self.get(column)).ok_or_else(|| self.fault(column, "a day such as 2026-07-01"))
    }

    /// A cell that is a day or empty.
    pub(crate) fn day_or_none(self, column: &'static str) -> Result<Option<i32>, TableError> {
        if self.get(column).is_empty() { Ok(None) } else { self.day(column).map(Some) }
    }
}

/// A day written `YYYY-MM-DD` and in no other way.
fn day(text: &str) -> Option<i32> {
    let bytes = text.as_bytes();
    (bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-').then(|| parse_date(text).ok()).flatten()
}

/// A country by its alpha-2 code in capitals.
pub(crate) fn country(text: &str) -> Option<Country> {
    (text.len() == 2).then(|| parse_country(text).ok()).flatten().filter(|c| c.to_string() == text)
}

/// A decimal number without sign, in units of 10^-`decimals`; nothing where more digits are given.
pub(crate) fn decimal(text: &str, decimals: usize) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || fraction.len() > decimals || !digits(whole) || !digits(fraction) {
        return None;
    }
    if text.ends_with('.') {
        return None;
    }
    let scale = |n: usize| u32::try_from(n).ok().and_then(|n| 10_i64.checked_pow(n));
    let fraction = if fraction.is_empty() { 0 } else { fraction.parse::<i64>().ok()? }
        .checked_mul(scale(decimals - fraction.len())?)?;
    whole.parse::<i64>().ok()?.checked_mul(scale(decimals)?)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_exactly() {
        for (text, decimals, expected) in [
            ("150", 4, Some(150_0000)),
            ("64.93", 4, Some(64_9300)),
            ("0.0001", 4, Some(1)),
            ("0.00001", 4, None),
            ("0.335", 6, Some(335_000)),
            ("-1", 4, None),
            ("1e3", 4, None),
            ("1.", 4, None),
            (".5", 4, None),
            ("", 4, None),
            ("99999999999999999999", 4, None),
        ] {
            assert_eq!(decimal(text, decimals), expected, "{text}");
        }
    }

    #[test]
    fn countries_and_days_have_one_form() {
        assert!(country("DE").is_some());
        assert!(country("de").is_none() && country("UK").is_none() && country("EU").is_none());
        assert!(day("2026-07-01").is_some());
        assert!(day("01.07.2026").is_none() && day("2026-02-30").is_none() && day("").is_none());
    }
}
