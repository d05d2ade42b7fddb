//! Files of messages: XML, JSON and Cargo-IMP, single, many in a file, packed or in archives.
//!
//! What a stream holds is told by its first bytes, which layout by the elements, keys or headers that occur in it.

use super::archive::{Archive, Shared};
use super::csv::CsvBlocks;
use super::imp::ImpDoc;
use super::json_tree::JsonDoc;
use super::limits::Limits;
use super::mapping::{self, Layout, MappedSyntax, Mapping, Role};
use super::text::{Draft, Origin, Sizes, io_error};
use super::tree::{Surroundings, Tree};
use super::window::{WINDOW, Window, unpacked};
use super::xml::XmlDoc;
use super::{Compression, FileSummary, Input, ReadError, Syntax};
use crate::model::batch::RawBatch;
use crate::model::schema::Column;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes at the beginning of a stream in which names are looked for.
const LOOKED_AT: usize = 256 << 10;
/// Bytes around a broken place that go to quarantine.
const EXCERPT: usize = 600;

/// How far a document was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The draft is full.
    Full,
    /// The document is at its end.
    Done,
}

/// Where the stream at hand comes from.
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) member: String,
    pub(super) limits: Limits,
}

impl Place {
    pub(super) fn refused(&self, reason: String) -> ReadError {
        ReadError::Refused { path: self.path.clone(), member: self.member.clone(), reason }
    }

    pub(super) fn layout(&self, reason: String) -> ReadError {
        ReadError::Layout { path: self.path.clone(), member: self.member.clone(), reason }
    }

    pub(super) fn io(&self, source: io::Error) -> ReadError {
        io_error(&self.path, &self.member, source)
    }

    /// Reads on in a stream of which `passed` bytes lie before the window; `began` is where the open message starts.
    pub(super) fn refill(
        &self,
        window: &mut Window,
        passed: &mut u64,
        began: Option<u64>,
    ) -> Result<(), ReadError> {
        *passed += window.start as u64;
        if *passed - began.unwrap_or(*passed) > self.limits.message_bytes() {
            return Err(self.refused(format!(
                "a message of more than {} MiB; if it is sound, raise limits.message_mb",
                self.limits.message_mb
            )));
        }
        window.fill().map_err(|e| self.io(e))
    }
}

/// What stands around a place, for quarantine.
pub(super) fn excerpt(data: &[u8], at: usize) -> &[u8] {
    let from = at.saturating_sub(EXCERPT / 2);
    &data[from.min(data.len())..(from + EXCERPT).min(data.len())]
}

/// One stream of messages.
enum Doc {
    Xml(XmlDoc),
    Json(JsonDoc),
    Imp(Box<ImpDoc>),
    Csv(Box<CsvBlocks>),
}

/// The streams of a file.
enum Streams {
    Single(Option<Box<dyn Read + Send>>),
    Archive(Arc<Mutex<Archive>>),
}

/// The blocks of a file of messages.
pub(super) struct MessageBlocks {
    origin: Origin,
    input: Input,
    only: Option<Vec<Column>>,
    /// Which messages are read: those that declare lines, or those that others are joined with.
    sides: bool,
    streams: Streams,
    place: Place,
    doc: Option<(Doc, Window)>,
    tree: Tree,
    draft: Option<Draft>,
    sizes: Sizes,
    record: u64,
    rejects: u64,
    layouts: Vec<String>,
    warnings: Vec<String>,
    unknown: Vec<String>,
}

impl MessageBlocks {
    pub(super) fn open(input: &Input, source: u32, only: Option<&[Column]>) -> Result<Self, ReadError> {
        Self::with(input, source, only, false)
    }

    /// The messages that describe the waybills of others instead of those that declare lines.
    pub(super) fn sides(input: &Input, source: u32) -> Result<Self, ReadError> {
        Self::with(input, source, None, true)
    }

    fn with(input: &Input, source: u32, only: Option<&[Column]>, sides: bool) -> Result<Self, ReadError> {
        let streams = if matches!(input.format.syntax, Syntax::Zip | Syntax::Tar) {
            Streams::Archive(Arc::new(Mutex::new(Archive::open(input)?)))
        } else {
            let failed = |e| io_error(&input.path, "", e);
            let file = std::fs::File::open(&input.path).map_err(failed)?;
            let bytes = unpacked(Box::new(file), input.format.compression, input.reading.limits);
            Streams::Single(Some(bytes.map_err(failed)?))
        };
        Self::over(input, source, only, sides, streams)
    }

    /// The messages of a stream that is already open.
    #[cfg(test)]
    pub(super) fn stream(
        input: &Input,
        bytes: Box<dyn Read + Send>,
        window: usize,
    ) -> Result<Self, ReadError> {
        let mut blocks = Self::over(input, 0, None, false, Streams::Single(None))?;
        let window = Window::new(bytes, window);
        blocks.begin(window)?;
        Ok(blocks)
    }

    fn over(
        input: &Input,
        source: u32,
        only: Option<&[Column]>,
        sides: bool,
        streams: Streams,
    ) -> Result<Self, ReadError> {
        let place = Place { path: input.path.clone(), member: String::new(), limits: input.reading.limits };
        let surroundings = Surroundings {
            night: input.reading.night.clone(),
            joins: input.reading.joins.clone().filter(|_| !sides),
        };
        let fault = |e| place.layout(e);
        let mut layouts = Vec::new();
        for mapping in candidates(input) {
            layouts.push(Arc::new(Layout::new(mapping).map_err(fault)?));
        }
        Ok(MessageBlocks {
            origin: Origin::new(input, source),
            input: input.clone(),
            only: only.map(<[Column]>::to_vec),
            sides,
            streams,
            doc: None,
            tree: Tree::new(layouts, only, surroundings),
            draft: None,
            sizes: Sizes::default(),
            record: 0,
            rejects: 0,
            layouts: Vec::new(),
            warnings: Vec::new(),
            unknown: Vec::new(),
            place,
        })
    }

    pub(super) fn summary(&self) -> FileSummary {
        let seen = |c: &Column| self.tree.seen[*c as usize];
        let mut warnings = self.warnings.clone();
        if self.tree.foreign_amounts > 0 {
            warnings.push(format!(
                "{} amounts are in another currency than their record's value and were left out",
                self.tree.foreign_amounts
            ));
        }
        FileSummary {
            records_read: self.record,
            rejects: self.rejects,
            columns: Column::ALL.iter().copied().filter(seen).collect(),
            unknown_columns: self.unknown.clone(),
            warnings,
            layouts: self.layouts.clone(),
        }
    }

    pub(super) fn next_block(&mut self) -> Result<Option<RawBatch>, ReadError> {
        loop {
            if self.doc.is_none() {
                if self.advance()? {
                    // It may be an empty one, which opens nothing.
                    continue;
                }
                let draft = self.draft.take().filter(|d| !d.is_empty());
                return draft.map(|d| self.finish(d)).transpose();
            }
            let Some((doc, window)) = &mut self.doc else { return Ok(None) };
            let mut draft = match self.draft.take() {
                Some(draft) => draft,
                None => Draft::new(&self.origin, &self.tree.names, 0, &self.sizes),
            };
            let (tree, record) = (&mut self.tree, &mut self.record);
            let step = match doc {
                Doc::Xml(doc) => doc.parse(&self.place, window, tree, &mut draft, record)?,
                Doc::Json(doc) => doc.parse(&self.place, window, tree, &mut draft, record)?,
                Doc::Imp(doc) => doc.parse(&self.place, window, tree, &mut draft, record)?,
                Doc::Csv(blocks) => {
                    if !draft.is_empty() {
                        return self.finish(draft).map(Some);
                    }
                    // Records are counted through all members of an archive.
                    if let Some(mut batch) = blocks.next_block()? {
                        batch.records.iter_mut().for_each(|r| *r += *record);
                        batch.rejects.iter_mut().for_each(|r| r.record += *record);
                        self.rejects += batch.rejects.len() as u64;
                        return Ok(Some(batch));
                    }
                    let summary = blocks.summary();
                    *record += summary.records_read;
                    for column in &summary.columns {
                        tree.seen[*column as usize] = true;
                    }
                    Step::Done
                }
            };
            if step == Step::Done {
                self.close()?;
            }
            if step == Step::Full || draft.is_full() {
                return self.finish(draft).map(Some);
            }
            self.draft = Some(draft);
        }
    }

    fn finish(&mut self, draft: Draft) -> Result<RawBatch, ReadError> {
        self.sizes = draft.sizes();
        self.rejects += draft.rejected();
        let seen = self.tree.seen;
        // Required columns are always there, be it with nulls, so that each record is judged by itself.
        draft.finish_cells(|c: Column| !seen[c as usize] && !c.required())
    }

    /// Opens the next stream, if there is one.
    fn advance(&mut self) -> Result<bool, ReadError> {
        let (bytes, size) = match &mut self.streams {
            Streams::Single(stream) => match stream.take() {
                Some(bytes) => (bytes, self.input.bytes),
                None => return Ok(false),
            },
            Streams::Archive(archive) => {
                let next = archive.lock().unwrap_or_else(PoisonError::into_inner).next();
                match next.map_err(|e| self.place.io(e))? {
                    Some(member) => {
                        self.place.member = member.name;
                        let bytes: Box<dyn Read + Send> = Box::new(Shared(Arc::clone(archive)));
                        (bytes, member.bytes)
                    }
                    None => {
                        self.place.member.clear();
                        return Ok(false);
                    }
                }
            }
        };
        // The size of packed bytes says little about that of what is in them.
        let known =
            self.input.format.compression == Compression::None || matches!(self.streams, Streams::Archive(_));
        let capacity = if known { (size.min(WINDOW as u64) as usize).max(64) + 1 } else { WINDOW };
        self.begin(Window::new(bytes, capacity))?;
        Ok(true)
    }

    /// Looks at a stream's first bytes and opens what it holds.
    fn begin(&mut self, mut window: Window) -> Result<(), ReadError> {
        window.begin(&self.input)?;
        if let Some(packing) = packing(window.data()) {
            let inner = window.into_reader();
            let bytes =
                unpacked(Box::new(inner), packing, self.place.limits).map_err(|e| self.place.io(e))?;
            window = Window::new(bytes, WINDOW);
            window.begin(&self.input)?;
        }
        if self.sides && window.at_eof() && !super::join::tells(window.data()) {
            self.doc = None;
            return Ok(());
        }
        window.skip_blank_lines(None);
        let head = window.data()[window.start..].trim_ascii_start();
        let head = &head[..head.len().min(LOOKED_AT)];
        let doc = match content(head) {
            Content::Empty if !window.at_eof() => {
                return Err(self
                    .place
                    .refused(format!("it starts with {} blank bytes", window.data().len())));
            }
            Content::Empty => {
                self.warn("the file is empty: it holds no message");
                self.doc = None;
                return Ok(());
            }
            Content::Archive => {
                return Err(self
                    .place
                    .refused("an archive within an archive is not opened; unpack it first".into()));
            }
            Content::Xml => {
                check_encoding(head, &self.place)?;
                self.choose(MappedSyntax::Xml, head)?;
                Doc::Xml(XmlDoc::new())
            }
            Content::Json => {
                self.choose(MappedSyntax::Json, head)?;
                Doc::Json(JsonDoc::new())
            }
            Content::Imp => Doc::Imp(Box::new(ImpDoc::new(self.sides))),
            Content::Text => {
                if self.sides {
                    self.doc = None;
                    return Ok(());
                }
                let blocks = CsvBlocks::detect(&self.input, self.origin.source, self.only.as_deref(), window);
                let blocks = blocks.map_err(|e| self.unknown_text(e))?;
                self.met(blocks.layout().unwrap_or("csv"));
                self.doc = Some((Doc::Csv(Box::new(blocks)), Window::new(Box::new(io::empty()), 1)));
                return Ok(());
            }
        };
        self.doc = Some((doc, window));
        Ok(())
    }

    fn unknown_text(&self, error: ReadError) -> ReadError {
        if self.place.member.is_empty() {
            return error;
        }
        self.place.layout(error.to_string())
    }

    fn warn(&mut self, text: &str) {
        let member = &self.place.member;
        let text = if member.is_empty() { text.to_owned() } else { format!("member `{member}`: {text}") };
        if self.warnings.len() < 20 && !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }

    fn met(&mut self, layout: &str) {
        if !self.layouts.iter().any(|l| l == layout) {
            self.layouts.push(layout.to_owned());
        }
    }

    /// Leaves the layouts that the stream may hold: those whose names occur in it.
    fn choose(&mut self, syntax: MappedSyntax, head: &[u8]) -> Result<(), ReadError> {
        let assigned = self.input.reading.mapping.is_some();
        let mut layouts = Vec::new();
        for mapping in candidates(&self.input).filter(|m| m.syntax == syntax) {
            // A namespace tells a message wherever it stands in the file; common names need others beside them.
            let spaced = mapping.message.as_ref().is_some_and(|m| m.namespace.is_some());
            if !(assigned || spaced || mapping.fits.iter().all(|n| occurs(head, n))) {
                continue;
            }
            if (mapping.role == Role::Lines) == self.sides {
                // Read all the same, so that its elements are not taken for something unknown; nothing is kept.
                let mut idle = Layout::new(mapping).map_err(|e| self.place.layout(e))?;
                idle.silence();
                layouts.push(Arc::new(idle));
                continue;
            }
            layouts.push(Arc::new(Layout::new(mapping).map_err(|e| self.place.layout(e))?));
        }
        if layouts.is_empty() && !self.sides {
            let names: Vec<&str> =
                mapping::presets().iter().filter(|m| m.syntax == syntax).map(|m| &*m.name).collect();
            return Err(self.place.layout(format!(
                "the names in it fit no mapping; expected one of {}; `parcel-risk check FILE` shows what fits, \
                 a mapping file of your own makes it readable",
                names.join(", ")
            )));
        }
        self.tree.set_layouts(layouts);
        Ok(())
    }

    /// The stream is at its end.
    fn close(&mut self) -> Result<(), ReadError> {
        let Some((doc, _)) = self.doc.take() else { return Ok(()) };
        let (messages, unknown) = match doc {
            Doc::Xml(doc) => (doc.messages, doc.unknown_root),
            Doc::Json(doc) => (doc.messages, None),
            Doc::Imp(doc) => {
                let names = doc.kinds();
                names.iter().for_each(|n| self.met(n));
                (doc.messages, None)
            }
            Doc::Csv(_) => (1, None),
        };
        for name in self.tree.take_met() {
            self.met(&name);
        }
        if messages == 0 && !self.sides {
            let root = unknown.map_or(String::new(), |r| format!("; its first element is <{r}>"));
            let names: Vec<&str> = mapping::presets().iter().map(|m| &*m.name).collect();
            return Err(self.place.layout(format!(
                "it holds no message of a known layout{root}; expected one of {} or a mapping file",
                names.join(", ")
            )));
        }
        Ok(())
    }
}

/// The first bytes of a file as text, unpacked; of an archive its first member's.
///
/// # Errors
/// Where it cannot be read.
pub fn head(input: &Input) -> Result<String, ReadError> {
    let failed = |e| io_error(&input.path, "", e);
    let mut bytes: Box<dyn Read + Send> = if matches!(input.format.syntax, Syntax::Zip | Syntax::Tar) {
        let mut archive = Archive::open(input)?;
        archive.next().map_err(failed)?;
        Box::new(archive)
    } else {
        let file = std::fs::File::open(&input.path).map_err(failed)?;
        unpacked(Box::new(file), input.format.compression, input.reading.limits).map_err(failed)?
    };
    let mut head = Vec::new();
    bytes.by_ref().take(LOOKED_AT as u64).read_to_end(&mut head).map_err(failed)?;
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Whether a file of JSON Lines holds messages of a known layout instead of the input columns themselves.
pub(super) fn is_json_message(input: &Input) -> bool {
    // Whoever opens it tells what is wrong with it.
    let head = head(input).unwrap_or_default();
    let occurs = |name: &String| occurs(head.as_bytes(), name);
    let mut presets = mapping::presets().iter().filter(|m| m.syntax == MappedSyntax::Json);
    presets.any(|m| m.fits.iter().all(occurs))
}

/// The mappings that an input may be of: the one assigned to it, or all that are known.
fn candidates(input: &Input) -> impl Iterator<Item = &Mapping> {
    let assigned = input.reading.mapping.as_deref();
    let others = if assigned.is_some() { &[][..] } else { input.reading.known() };
    // What lists and master waybills tell is of use whatever the lines are read by.
    let sides = mapping::presets().iter().filter(move |m| assigned.is_some() && m.role != Role::Lines);
    assigned.into_iter().chain(others).chain(sides)
}

/// What a stream holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Empty,
    Xml,
    Json,
    Imp,
    Archive,
    Text,
}

/// Tells what a stream holds by its first bytes.
pub(super) fn content(head: &[u8]) -> Content {
    let text = head.trim_ascii_start();
    match text {
        [] => Content::Empty,
        [b'<', ..] => Content::Xml,
        [b'{' | b'[', ..] => Content::Json,
        [b'P', b'K', 1..=6, ..] => Content::Archive,
        _ if head.get(257..262) == Some(b"ustar") => Content::Archive,
        _ if super::imp::is_message(text) => Content::Imp,
        _ => Content::Text,
    }
}

fn packing(head: &[u8]) -> Option<Compression> {
    match head {
        [0x1f, 0x8b, ..] => Some(Compression::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Compression::Zstd),
        _ => None,
    }
}

/// Whether an element, key or header of that name occurs.
fn occurs(head: &[u8], name: &str) -> bool {
    memchr::memmem::find_iter(head, name.as_bytes()).any(|i| {
        let before = i.checked_sub(1).and_then(|i| head.get(i));
        let after = head.get(i + name.len());
        matches!(before, Some(b'<' | b':' | b'"'))
            && matches!(after, Some(b'>' | b' ' | b'/' | b'"' | b'\r' | b'\n' | b'\t'))
    })
}

/// Refuses XML that says it is in another encoding than UTF-8.
fn check_encoding(head: &[u8], place: &Place) -> Result<(), ReadError> {
    let Some(end) = head.iter().position(|&b| b == b'>').filter(|_| head.starts_with(b"<?xml")) else {
        return Ok(());
    };
    let declaration = String::from_utf8_lossy(&head[..end]).to_ascii_lowercase();
    let Some((_, rest)) = declaration.split_once("encoding") else { return Ok(()) };
    let name: String =
        rest.trim_start_matches([' ', '=', '"', '\'']).chars().take_while(|c| !"\"'?".contains(*c)).collect();
    match name.trim() {
        "utf-8" | "utf8" | "us-ascii" | "ascii" | "" => Ok(()),
        other => Err(place.layout(format!("the XML says that it is in {other}; expected UTF-8"))),
    }
}
