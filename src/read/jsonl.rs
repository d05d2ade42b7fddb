//! JSON Lines: one object a line.

use super::json::{JsonFault, ObjectReader};
use super::text::{Draft, Origin, Sizes};
use super::window::Window;
use super::{FileSummary, Input, LONGEST_FIELD, ReadError, wanted};
use crate::model::batch::RawBatch;
use crate::model::schema::Column;

/// The blocks of a JSON Lines file.
pub(super) struct JsonBlocks {
    origin: Origin,
    window: Window,
    reader: ObjectReader,
    names: Vec<Column>,
    record: u64,
    rejects: u64,
    sizes: Sizes,
    empty: bool,
    /// Whether the rest of an overlong line has still to be passed over.
    skipping: bool,
}

impl JsonBlocks {
    pub(super) fn open(input: &Input, source: u32, only: Option<&[Column]>) -> Result<JsonBlocks, ReadError> {
        Self::begin(input, source, only, Window::open(input)?)
    }

    /// Opens the file over a window of its bytes.
    pub(super) fn begin(
        input: &Input,
        source: u32,
        only: Option<&[Column]>,
        mut window: Window,
    ) -> Result<JsonBlocks, ReadError> {
        window.begin(input)?;
        window.skip_blank_lines(None);
        Ok(JsonBlocks {
            origin: Origin::new(input, source),
            empty: window.is_done(),
            window,
            reader: ObjectReader::new(),
            names: Column::ALL.iter().copied().filter(|&c| wanted(only, c)).collect(),
            record: 0,
            rejects: 0,
            sizes: Sizes::default(),
            skipping: false,
        })
    }

    pub(super) fn summary(&self) -> FileSummary {
        let mut warnings = Vec::new();
        if self.empty {
            warnings.push("the file is empty: it has no records".into());
        }
        if self.reader.unknown.more {
            warnings.push("more unknown keys were ignored than are listed".into());
        }
        let seen = |c: &Column| self.reader.seen[*c as usize];
        FileSummary {
            records_read: self.record,
            rejects: self.rejects,
            columns: Column::ALL.iter().copied().filter(seen).collect(),
            unknown_columns: self.reader.unknown.names.clone(),
            warnings,
            ..FileSummary::default()
        }
    }

    pub(super) fn next_block(&mut self) -> Result<Option<RawBatch>, ReadError> {
        loop {
            let mut draft = Draft::new(&self.origin, &self.names, self.window.start, &self.sizes);
            self.parse(&mut draft);
            if !draft.is_empty() {
                self.sizes = draft.sizes();
                self.rejects += draft.rejected();
                let end = self.window.start;
                let seen = self.reader.seen;
                // Required columns are always there, be it with nulls, so that each record is judged by itself.
                let absent = |c: Column| !seen[c as usize] && !c.required();
                return draft.finish(self.window.data(), end, absent).map(Some);
            }
            if self.window.is_done() {
                return Ok(None);
            }
            self.window.fill().map_err(|e| self.origin.io(e))?;
        }
    }

    /// Takes lines from the window until the block is full or no whole line is at hand.
    fn parse(&mut self, draft: &mut Draft) {
        while !draft.is_full() {
            if self.skipping {
                if !self.window.skip_line() {
                    return;
                }
                self.skipping = false;
            }
            self.window.skip_blank_lines(None);
            let start = self.window.start;
            let data = self.window.data();
            if start == data.len() {
                return;
            }
            let end = match self.window.line_end(start) {
                Some(end) => end,
                None if self.window.is_full() => {
                    self.record += 1;
                    let length = data.len();
                    let reason = format!(
                        "the line does not end within {length} bytes; a field may have {LONGEST_FIELD}"
                    );
                    draft.reject(self.record, "", reason, data);
                    self.window.start = length;
                    self.skipping = true;
                    continue;
                }
                None => return,
            };
            self.record += 1;
            let line = &data[start..end];
            match object(&mut self.reader, line, self.window.is_clean()) {
                Ok(()) => {
                    draft.row(self.record, start, end);
                    for (i, &column) in self.names.iter().enumerate() {
                        draft.cell(i, self.reader.cell(line, column));
                    }
                }
                Err((field, reason)) => draft.reject(self.record, field, reason, line),
            }
            self.window.start = end;
        }
    }
}

/// Reads the object on a line; otherwise the field at fault and the reason.
fn object(reader: &mut ObjectReader, line: &[u8], clean: bool) -> Result<(), (&'static str, String)> {
    if !clean && let Err(e) = std::str::from_utf8(line) {
        let at = e.valid_up_to() + 1;
        // The keys before the fault are sound, and the last of them is the field at fault.
        let field = field_at(&line[..e.valid_up_to()]);
        return Err((field, format!("byte {at} of the line is not valid UTF-8")));
    }
    reader.read(line).map_err(|fault| match fault {
        JsonFault::Text { at, reason } => ("", format!("not valid JSON at byte {}: {reason}", at + 1)),
        JsonFault::Cell { column, reason } => (column.name(), reason),
    })
}

/// The known column whose key stands last in the beginning of a line.
fn field_at(line: &[u8]) -> &'static str {
    let mut parts = line.rsplit(|&b| b == b'"');
    parts.find_map(|p| super::text::named(std::str::from_utf8(p).ok()?)).map_or("", Column::name)
}
