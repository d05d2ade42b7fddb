//! Separated text: CSV and its kin.

use super::header::Header;
use super::mapping::layout::ColumnRule;
use super::mapping::{Layout, MappedSyntax, Mapping, key};
use super::scan::{Fault, Scan, Scanner};
use super::text::{Draft, Origin, Sizes, fault};
use super::tree::{Surroundings, Tree};
use super::window::Window;
use super::{FileSummary, Input, LONGEST_FIELD, ReadError};
use crate::model::batch::RawBatch;
use crate::model::schema::Column;
use std::sync::Arc;

/// The blocks of a file of separated text.
pub(super) struct CsvBlocks {
    origin: Origin,
    window: Window,
    scanner: Scanner,
    /// `None` where the file has not even a header.
    header: Option<Header>,
    map: Vec<(usize, Column)>,
    names: Vec<Column>,
    record: u64,
    rejects: u64,
    sizes: Sizes,
    /// Whether the rest of an overlong line has still to be passed over.
    skipping: bool,
    /// Where the columns are those of a mapping.
    mapped: Option<Box<Mapped>>,
}

/// Fields that a mapping turns into columns.
struct Mapped {
    tree: Tree,
    /// The fields that are wanted, with the slot of each.
    slots: Vec<(usize, u16)>,
    text: Vec<u8>,
}

impl CsvBlocks {
    /// Opens a stream whose columns are those of the input or, where they are not, of the mapping that its header
    /// fits; of the mapping alone that is assigned to the file.
    pub(super) fn detect(
        input: &Input,
        source: u32,
        only: Option<&[Column]>,
        mut window: Window,
    ) -> Result<CsvBlocks, ReadError> {
        window.begin(input)?;
        window.skip_blank_lines(Some(b'\t'));
        let assigned = input.reading.mapping.as_deref().filter(|m| m.syntax == MappedSyntax::Csv);
        let found = match assigned {
            Some(mapping) => Some(mapping),
            None if window.is_done() => None,
            None => match Header::read(&input.path, window.data(), window.start, window.at_eof()) {
                Ok(_) => None,
                Err(error) => Some(fitting(input, &window).ok_or(error)?),
            },
        };
        match found {
            Some(mapping) => Self::mapped(input, source, only, window, mapping),
            None => Self::begun(input, source, only, window),
        }
    }

    /// The layout that the columns are of, where they are not those of the input.
    pub(super) fn layout(&self) -> Option<&str> {
        self.mapped.as_ref().and_then(|m| m.tree.layouts().first()).map(|l| l.name.as_str())
    }

    fn mapped(
        input: &Input,
        source: u32,
        only: Option<&[Column]>,
        mut window: Window,
        mapping: &Mapping,
    ) -> Result<CsvBlocks, ReadError> {
        let fault = |reason| ReadError::Mapping { name: mapping.name.clone(), reason };
        let layout = Layout::new(mapping).map_err(fault)?;
        let known = |name: &str| layout.field(name).is_some();
        let header = Header::find(&input.path, window.data(), window.start, window.at_eof(), &known)?;
        window.start = header.end;
        let mut slots: Vec<(usize, u16)> = Vec::new();
        for (name, slot) in &layout.headers {
            // A header that stands twice counts once.
            if let Some(field) = header.names.iter().position(|n| key(n) == *name) {
                slots.push((field, *slot));
            }
        }
        let missing = |c: &ColumnRule| {
            let fields = c.sources.iter().flat_map(|s| &s.parts);
            let here = fields.clone().any(|p| slots.iter().any(|s| s.1 == *p));
            c.column.required() && !here && c.constant.is_none() && !c.night
        };
        let missing: Vec<&str> =
            layout.columns.iter().filter(|c| missing(c)).map(|c| c.column.name()).collect();
        if !missing.is_empty() {
            return Err(fault(format!(
                "{}: no header is there for {}; the file has {}",
                input.path.display(),
                missing.join(", "),
                header.names.join(", ")
            )));
        }
        let surroundings =
            Surroundings { night: input.reading.night.clone(), joins: input.reading.joins.clone() };
        let tree = Tree::new(vec![Arc::new(layout)], only, surroundings);
        Ok(CsvBlocks {
            origin: Origin::new(input, source),
            window,
            scanner: Scanner::new(header.delimiter, header.names.len()),
            names: tree.names.clone(),
            map: Vec::new(),
            header: Some(header),
            record: 0,
            rejects: 0,
            sizes: Sizes::default(),
            skipping: false,
            mapped: Some(Box::new(Mapped { tree, slots, text: Vec::new() })),
        })
    }

    pub(super) fn open(input: &Input, source: u32, only: Option<&[Column]>) -> Result<CsvBlocks, ReadError> {
        Self::detect(input, source, only, Window::open(input)?)
    }

    /// Opens the file over a window of its bytes.
    #[cfg(test)]
    pub(super) fn begin(
        input: &Input,
        source: u32,
        only: Option<&[Column]>,
        mut window: Window,
    ) -> Result<CsvBlocks, ReadError> {
        window.begin(input)?;
        window.skip_blank_lines(Some(b'\t'));
        Self::begun(input, source, only, window)
    }

    /// Opens a window whose first line is at hand.
    fn begun(
        input: &Input,
        source: u32,
        only: Option<&[Column]>,
        mut window: Window,
    ) -> Result<CsvBlocks, ReadError> {
        let origin = Origin::new(input, source);
        let header = if window.is_done() {
            None
        } else {
            let header = Header::read(&input.path, window.data(), window.start, window.at_eof())?;
            window.start = header.end;
            Some(header)
        };
        let map = header.as_ref().map_or(Vec::new(), |h| h.map(only));
        let (delimiter, expected) = header.as_ref().map_or((b',', 0), |h| (h.delimiter, h.names.len()));
        Ok(CsvBlocks {
            origin,
            window,
            scanner: Scanner::new(delimiter, expected),
            header,
            names: map.iter().map(|m| m.1).collect(),
            map,
            record: 0,
            rejects: 0,
            sizes: Sizes::default(),
            skipping: false,
            mapped: None,
        })
    }

    pub(super) fn summary(&self) -> FileSummary {
        let mut summary =
            FileSummary { records_read: self.record, rejects: self.rejects, ..FileSummary::default() };
        match &self.header {
            Some(header) => {
                summary.columns = header.columns();
                summary.unknown_columns = header.unknown();
            }
            None => summary.warnings.push("the file is empty: it has neither header nor records".into()),
        }
        if let (Some(mapped), Some(header)) = (&self.mapped, &self.header) {
            let unused = |i: &usize| mapped.slots.iter().all(|s| s.0 != *i);
            summary.columns = Column::ALL.iter().copied().filter(|c| mapped.tree.seen[*c as usize]).collect();
            summary.unknown_columns =
                (0..header.names.len()).filter(unused).map(|i| header.names[i].clone()).collect();
            summary.layouts = mapped.tree.layouts().iter().map(|l| l.name.clone()).collect();
        }
        summary
    }

    pub(super) fn next_block(&mut self) -> Result<Option<RawBatch>, ReadError> {
        loop {
            let mut draft = Draft::new(&self.origin, &self.names, self.window.start, &self.sizes);
            self.parse(&mut draft);
            if !draft.is_empty() {
                self.sizes = draft.sizes();
                self.rejects += draft.rejected();
                let end = self.window.start;
                return draft.finish(self.window.data(), end, |_| false).map(Some);
            }
            if self.window.is_done() {
                return Ok(None);
            }
            self.window.fill().map_err(|e| self.origin.io(e))?;
        }
    }

    /// Takes records from the window until the block is full or no whole record is at hand.
    fn parse(&mut self, draft: &mut Draft) {
        let delimiter = self.scanner.delimiter;
        while !draft.is_full() {
            if self.skipping {
                if !self.window.skip_line() {
                    return;
                }
                self.skipping = false;
            }
            self.window.skip_blank_lines(Some(delimiter));
            let start = self.window.start;
            let data = self.window.data();
            if start == data.len() {
                return;
            }
            let taken = match self.scanner.scan(data, start, self.window.at_eof()) {
                Scan::Record { end, lines } => self.record(draft, start, end, lines),
                Scan::Broken { fault: Fault::Fields, .. } => {
                    self.broken(draft, start, self.first_of_lines(), Fault::Unclosed)
                }
                Scan::Broken { field, fault } => self.broken(draft, start, field, fault),
                Scan::More if self.window.is_full() => self.overlong(draft),
                Scan::More => false,
            };
            if !taken {
                return;
            }
        }
    }

    /// Takes the record at `start..end`; its fields are in the scanner.
    fn record(&mut self, draft: &mut Draft, start: usize, end: usize, lines: bool) -> bool {
        let data = self.window.data();
        let (count, expected) = (self.scanner.count, self.scanner.expected);
        if lines && (count != expected || self.swallows(start, end)) {
            return self.broken(draft, start, self.first_of_lines(), Fault::Unclosed);
        }
        self.record += 1;
        let raw = &data[start..end];
        if count != expected {
            let reason = format!("expected {expected} fields, found {count}");
            draft.reject(self.record, "", reason, raw);
        } else if self.is_header(start, end) {
            draft.reject(self.record, "", "repeated header".into(), raw);
        } else if let Some((field, reason)) = self.fault(start, end) {
            let field = field.to_owned();
            draft.reject(self.record, &field, reason, raw);
        } else if let Some(mapped) = &mut self.mapped {
            mapped.tree.clean = true;
            mapped.tree.flat(0);
            let layout = Arc::clone(&mapped.tree.layouts()[0]);
            for &(field, slot) in &mapped.slots {
                let field = self.scanner.fields[field];
                let text = &data[field.start..field.end];
                if field.doubled {
                    mapped.text.clear();
                    let mut quoted = false;
                    mapped.text.extend(text.iter().filter(|&&b| {
                        quoted = b == b'"' && !quoted;
                        !quoted
                    }));
                    mapped.tree.store(&layout, slot, &mapped.text);
                } else {
                    mapped.tree.store(&layout, slot, text);
                }
            }
            mapped.tree.flat_end();
            let mut before = self.record - 1;
            mapped.tree.drain(draft, &mut before);
            draft.set_raw(self.record, start, end, raw);
        } else {
            draft.row(self.record, start, end);
            for (column, (field, _)) in self.map.iter().enumerate() {
                let field = self.scanner.fields[*field];
                let text = &data[field.start..field.end];
                if field.doubled {
                    draft.cell_doubled(column, text);
                } else {
                    draft.cell(column, text);
                }
            }
        }
        self.window.start = end;
        true
    }

    /// Rejects the physical line at `start` alone: the lines after it may well be sound.
    fn broken(&mut self, draft: &mut Draft, start: usize, field: usize, fault: Fault) -> bool {
        let Some(end) = self.window.line_end(start) else {
            return self.window.is_full() && self.overlong(draft);
        };
        self.record += 1;
        let reason = match fault {
            Fault::Garbage => "broken quoting: text follows the closing quote of the field",
            _ => "broken quoting: the quote that opens the field has no partner in the record",
        };
        let raw = &self.window.data()[start..end];
        draft.reject(self.record, self.name(field), reason.into(), raw);
        self.window.start = end;
        true
    }

    /// Rejects a record that does not fit into the window.
    fn overlong(&mut self, draft: &mut Draft) -> bool {
        if self.window.line_end(0).is_some() {
            return self.broken(draft, 0, self.scanner.count, Fault::Unclosed);
        }
        self.record += 1;
        let data = self.window.data();
        let reason = format!(
            "the field has more than {LONGEST_FIELD} bytes: the line does not end within {} bytes",
            data.len()
        );
        let fields = data.split(|&b| b == self.scanner.delimiter).enumerate();
        let longest = fields.max_by_key(|(_, f)| f.len()).map_or(0, |(i, _)| i);
        draft.reject(self.record, self.name(longest), reason, data);
        self.window.start = data.len();
        self.skipping = true;
        true
    }

    /// The name of the file's column at that position.
    fn name(&self, field: usize) -> &str {
        let names = self.header.as_ref().map(|h| &h.names);
        names.and_then(|n| n.get(field)).map_or("", String::as_str)
    }

    /// The first field that runs over a line break.
    fn first_of_lines(&self) -> usize {
        let data = self.window.data();
        let breaks = |f: &super::scan::Field| memchr::memchr2(b'\n', b'\r', &data[f.start..f.end]).is_some();
        self.scanner.fields.iter().position(breaks).unwrap_or(0)
    }

    /// Whether a record of several lines holds a line that is a whole record by itself. Then it is far likelier that
    /// two broken quotes enclose sound records than that a cell quotes a manifest.
    fn swallows(&self, start: usize, end: usize) -> bool {
        let data = &self.window.data()[..end];
        let mut scanner = Scanner::new(self.scanner.delimiter, self.scanner.expected);
        let mut lines = memchr::memchr2_iter(b'\n', b'\r', &data[start..]).map(|i| start + i);
        let Some(mut from) = lines.next() else {
            return false;
        };
        lines.any(|to| {
            let line = scanner.scan(&data[..to], from + 1, true);
            from = to;
            matches!(line, Scan::Record { .. }) && scanner.count == scanner.expected
        })
    }

    /// Whether the record is the header once more, as in files that were strung together.
    fn is_header(&self, start: usize, end: usize) -> bool {
        let Some(header) = &self.header else {
            return false;
        };
        let data = self.window.data();
        // A byte-order mark may have come along with the header, before its first quote even.
        let text = &data[start..end];
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let first = header.names.first().map_or("", String::as_str);
        let inner = text.strip_prefix(b"\"").unwrap_or(text).trim_ascii_start();
        let head = inner.get(..first.len()).unwrap_or_default();
        if !head.eq_ignore_ascii_case(first.as_bytes()) {
            return false;
        }
        self.scanner.fields.iter().zip(&header.names).skip(1).all(|(field, name)| {
            let text = data[field.start..field.end].trim_ascii();
            field.doubled || text.eq_ignore_ascii_case(name.as_bytes())
        })
    }

    /// The first known field that cannot be used, and why.
    fn fault(&self, start: usize, end: usize) -> Option<(&str, String)> {
        let header = self.header.as_ref()?;
        let data = self.window.data();
        let mut clean = self.window.is_clean();
        if clean && end - start <= LONGEST_FIELD {
            return None;
        }
        if !clean {
            clean = fault(&data[start..end], false).is_none();
        }
        let fields = self.scanner.fields.iter().zip(&header.known);
        for (field, column) in fields {
            if let Some(column) = column
                && let Some(reason) = fault(&data[field.start..field.end], clean)
            {
                return Some((column.name(), reason));
            }
        }
        None
    }
}

/// The built-in mapping whose headers are all there.
fn fitting(input: &Input, window: &Window) -> Option<&'static Mapping> {
    let mappings =
        input.reading.known().iter().filter(|m| m.syntax == MappedSyntax::Csv && !m.fits.is_empty());
    mappings.into_iter().find(|m| {
        let wanted: Vec<String> = m.fits.iter().map(|n| key(n)).collect();
        let known = |name: &str| wanted.contains(&key(name));
        let header = Header::find(&input.path, window.data(), window.start, window.at_eof(), &known);
        header.is_ok_and(|h| wanted.iter().all(|w| h.names.iter().any(|n| key(n) == *w)))
    })
}
