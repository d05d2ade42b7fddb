//! The header line of separated text.

use super::scan::{Fault, Scan, Scanner};
use super::text::{Unknown, named};
use super::{ReadError, wanted};
use crate::model::schema::Column;
use std::collections::HashSet;
use std::path::Path;

/// Separators that are looked for.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// More columns than any manifest has: such a header is damage.
const MOST_COLUMNS: usize = 1_024;

/// The columns of a file, in its order.
pub(super) struct Header {
    pub(super) delimiter: u8,
    /// The names as they stand in the file.
    pub(super) names: Vec<String>,
    /// What they mean.
    pub(super) known: Vec<Option<Column>>,
    /// Where the header ends, its line break not included.
    pub(super) end: usize,
}

impl Header {
    /// Reads the header that starts at `start`.
    pub(super) fn read(path: &Path, data: &[u8], start: usize, last: bool) -> Result<Header, ReadError> {
        let header = Self::find(path, data, start, last, &|name| named(name).is_some())?;
        let names = header.names.iter().map(String::as_str);
        check(path, names)?;
        Ok(header)
    }

    /// Reads a header of other names than the input columns'; `known` tells which are looked for.
    pub(super) fn find(
        path: &Path,
        data: &[u8],
        start: usize,
        last: bool,
        known: &dyn Fn(&str) -> bool,
    ) -> Result<Header, ReadError> {
        let mut best: Option<(usize, Header)> = None;
        let mut failed: Option<String> = None;
        for delimiter in DELIMITERS {
            let mut scanner = Scanner::new(delimiter, MOST_COLUMNS);
            let end = match scanner.scan(data, start, last) {
                Scan::Record { end, .. } => end,
                Scan::Broken { fault, .. } => {
                    failed.get_or_insert(match fault {
                        Fault::Garbage => "text follows a closing quote".into(),
                        _ => "a quote is never closed".into(),
                    });
                    continue;
                }
                Scan::More => {
                    failed.get_or_insert("the line does not end within the first 16 MB".into());
                    continue;
                }
            };
            if scanner.count > MOST_COLUMNS {
                failed.get_or_insert(format!(
                    "it has {} columns; at most {MOST_COLUMNS} are expected",
                    scanner.count
                ));
                continue;
            }
            let Some(names) = names(data, &scanner) else {
                failed.get_or_insert("it is not valid UTF-8 or holds NUL bytes".into());
                continue;
            };
            let score = names.iter().filter(|n| known(n)).count();
            let known: Vec<_> = names.iter().map(|n| named(n)).collect();
            // Of two separators that name as many columns the earlier one is the more usual.
            if best.as_ref().is_none_or(|(most, _)| score > *most) {
                let header = Header { delimiter, names, known, end };
                best = Some((score, header));
            }
        }
        let header = match best {
            // A separator that finds no known name only passes where no likelier one met broken text.
            Some((score, header)) if score > 0 || failed.is_none() => header,
            _ => {
                return Err(ReadError::Header {
                    path: path.to_path_buf(),
                    reason: failed.unwrap_or_default(),
                });
            }
        };
        Ok(header)
    }

    /// The known columns that are wanted, with their positions in the file.
    pub(super) fn map(&self, only: Option<&[Column]>) -> Vec<(usize, Column)> {
        let known = self.known.iter().enumerate();
        known.filter_map(|(i, c)| c.filter(|&c| wanted(only, c)).map(|c| (i, c))).collect()
    }

    pub(super) fn columns(&self) -> Vec<Column> {
        self.known.iter().flatten().copied().collect()
    }

    pub(super) fn unknown(&self) -> Vec<String> {
        let mut unknown = Unknown::default();
        for (name, known) in self.names.iter().zip(&self.known) {
            if known.is_none() {
                unknown.add(name);
            }
        }
        unknown.names
    }
}

fn names(data: &[u8], scanner: &Scanner) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for field in &scanner.fields {
        let text = std::str::from_utf8(&data[field.start..field.end]).ok()?;
        if text.contains('\0') {
            return None;
        }
        let text = text.trim();
        names.push(if field.doubled { text.replace("\"\"", "\"") } else { text.to_owned() });
    }
    Some(names)
}

/// Refuses names that stand twice and files that lack a required column.
pub(super) fn check<'a>(path: &Path, names: impl Iterator<Item = &'a str> + Clone) -> Result<(), ReadError> {
    let mut seen = HashSet::new();
    let mut known = HashSet::new();
    for name in names.clone().filter(|n| !n.trim().is_empty()) {
        known.extend(named(name));
        if !seen.insert(name.trim().to_ascii_lowercase()) {
            return Err(ReadError::DuplicateColumn {
                path: path.to_path_buf(),
                column: name.trim().to_owned(),
            });
        }
    }
    let required = Column::ALL.iter().filter(|c| c.required());
    let mut missing: Vec<String> =
        required.filter(|c| !known.contains(c)).map(|c| format!("`{}`", c.name())).collect();
    if !known.contains(&Column::Value) && !known.contains(&Column::ParcelValue) {
        missing.push("`value` or `parcel_value`".into());
    }
    if missing.is_empty() {
        return Ok(());
    }
    let mut found: Vec<String> = names.take(60).map(|n| format!("`{n}`")).collect();
    if found.is_empty() {
        found.push("none".into());
    }
    Err(ReadError::MissingColumns {
        path: path.to_path_buf(),
        missing: missing.join(", "),
        found: found.join(", "),
    })
}
