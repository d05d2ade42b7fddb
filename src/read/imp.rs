//! Cargo-IMP: the text messages of air cargo, house waybills (FHL) and master waybills (FWB).
//!
//! A line starts with the three letters of its part or, where the part goes on, with a slash. A message ends where the
//! next one starts, or the addresses of its telegram; a house waybill may go on in the next message. It is one record per tariff code where as many descriptions stand beside them, one
//! record otherwise: the format has one value a waybill.

mod waybill;

use super::ReadError;
use super::mapping::{Layout, Mapping};
use super::messages::{Place, Step};
use super::text::Draft;
use super::tree::Tree;
use super::window::Window;
use std::sync::Arc;
use waybill::{FIELDS, Waybill, field};

/// How the fields of a house waybill become columns.
pub(super) const FHL: &str = include_str!("mapping/presets/fhl.toml");
/// How the fields of a master waybill become columns.
const FWB: &str = include_str!("mapping/presets/fwb.toml");
/// Bytes of one house waybill; a message has 3,500 characters by the standard.
const LARGEST: usize = 1 << 16;
/// Bytes at the beginning in which a message has to start.
const LOOKED_AT: usize = 4_096;

/// Whether a text looks like a Cargo-IMP message, be it behind lines of addresses.
pub(super) fn is_message(head: &[u8]) -> bool {
    let head = &head[..head.len().min(LOOKED_AT)];
    head.split(|&b| b == b'\n' || b == b'\r').any(|line| kind(bare(line).trim_ascii_start()).is_some())
}

/// A line without the control characters that frame a telegram and without blanks at its end.
fn bare(line: &[u8]) -> &[u8] {
    let from = line.iter().position(|b| !b.is_ascii_control()).unwrap_or(line.len());
    let to = line.iter().rposition(|b| !(b.is_ascii_control() || *b == b' ')).map_or(from, |i| i + 1);
    &line[from..to.max(from)]
}

/// Whether a line holds the addressees or the sender of a telegram: `QK FRACSXH HAMFFXH`, `.PVGFFXH 201200`.
fn is_address(line: &[u8]) -> bool {
    let place =
        |word: &[u8]| word.len() == 7 && word.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let mut words = line.split(|b| *b == b' ').filter(|w| !w.is_empty());
    match words.next() {
        Some([b'.', sender @ ..]) => place(sender),
        Some([b'Q', b'A'..=b'Z']) => words.next().is_some_and(place) && words.all(place),
        _ => false,
    }
}

fn kind(line: &[u8]) -> Option<&'static str> {
    let numbered = |rest: &[u8]| rest.first().is_some_and(u8::is_ascii_digit) && rest.len() <= 3;
    match line.strip_prefix(b"FHL/").map(|r| ("fhl", r)).or(line.strip_prefix(b"FWB/").map(|r| ("fwb", r))) {
        Some((kind, rest)) if numbered(rest) => Some(kind),
        _ => None,
    }
}

/// A stream of messages.
pub(super) struct ImpDoc {
    sides: bool,
    /// The kind of the open message.
    message: Option<&'static str>,
    master: String,
    /// The waybill that is being read, where one is open.
    waybill: Waybill,
    open: bool,
    /// The last waybill that is complete, and its rows still to be written.
    done: Waybill,
    rows: std::ops::Range<usize>,
    part: [u8; 3],
    skipping: bool,
    layout: Option<Arc<Layout>>,
    /// The layout's slot of each of [`FIELDS`].
    slots: [Option<u16>; FIELDS.len()],
    met: [bool; 2],
    /// Messages so far.
    pub(super) messages: u64,
}

impl ImpDoc {
    /// Reads house waybills or, with `sides`, master waybills.
    pub(super) fn new(sides: bool) -> ImpDoc {
        ImpDoc {
            sides,
            message: None,
            master: String::new(),
            waybill: Waybill::default(),
            open: false,
            done: Waybill::default(),
            rows: 0..0,
            part: *b"   ",
            skipping: false,
            layout: None,
            slots: [None; FIELDS.len()],
            met: [false; 2],
            messages: 0,
        }
    }

    /// The kinds of messages met.
    pub(super) fn kinds(&self) -> Vec<&'static str> {
        ["fhl", "fwb"].into_iter().zip(self.met).filter(|m| m.1).map(|m| m.0).collect()
    }

    /// Reads on until the draft is full or the stream ends.
    pub(super) fn parse(
        &mut self,
        place: &Place,
        window: &mut Window,
        tree: &mut Tree,
        draft: &mut Draft,
        record: &mut u64,
    ) -> Result<Step, ReadError> {
        if self.layout.is_none() {
            let mapping = Mapping::parse(if self.sides { FWB } else { FHL }, "Cargo-IMP")?;
            let layout = Layout::new(&mapping).map(Arc::new).map_err(|e| place.layout(e))?;
            self.slots = FIELDS.map(|name| layout.field(name));
            tree.set_layouts(vec![Arc::clone(&layout)]);
            self.layout = Some(layout);
        }
        loop {
            if !self.emit(tree, draft, record) {
                return Ok(Step::Full);
            }
            if window.is_done() {
                if self.finish(draft, record) {
                    continue;
                }
                return Ok(Step::Done);
            }
            let start = window.start;
            let Some(end) = window.line_end(start) else {
                if window.is_full() {
                    // A line that does not end is none of a message.
                    self.skipping = true;
                    window.start = window.data().len();
                }
                window.fill().map_err(|e| place.io(e))?;
                continue;
            };
            if std::mem::take(&mut self.skipping) {
                self.spoil(|| "a line has no end within the bytes that are looked at together".into());
            } else {
                self.line(&window.data()[start..end], draft, record);
            }
            window.start = end;
            window.skip_line_break();
        }
    }

    /// Takes one line.
    fn line(&mut self, line: &[u8], draft: &mut Draft, record: &mut u64) {
        let line = bare(line);
        if line.is_empty() {
            return;
        }
        if let Some(kind) = kind(line.trim_ascii_start()) {
            // A house waybill may go on in the next message.
            if kind == "fwb" || self.sides {
                self.finish(draft, record);
            }
            self.message = Some(kind);
            self.met[usize::from(kind == "fwb")] = true;
            self.messages += 1;
            self.master.clear();
            self.part = *b"   ";
            if kind == "fwb" && self.sides {
                self.begin(0);
            }
            return;
        }
        let Some(message) = self.message else { return };
        if is_address(line) {
            self.message = None;
            return;
        }
        let text = match std::str::from_utf8(line) {
            Ok(text) => text,
            Err(e) => {
                self.spoil(|| format!("byte {} of a line is not valid UTF-8", e.valid_up_to() + 1));
                return;
            }
        };
        if self.open {
            self.waybill.bytes += text.len();
            if self.waybill.bytes > LARGEST {
                self.spoil(|| {
                    format!("the waybill has more than {LARGEST} bytes; a message has at most 3,500")
                });
                return;
            }
        }
        match line {
            [b'/', ..] => self.field(&text[1..], false),
            [a, b, c, b'/', ..] if [a, b, c].iter().all(|l| l.is_ascii_uppercase()) => {
                let part = [*a, *b, *c];
                if message == "fhl" && part == *b"HBS" {
                    let number = text[4..].split('/').next().unwrap_or_default().trim();
                    let goes_on = self.open
                        && self.waybill.get(self.waybill.number) == number
                        && self.waybill.get(self.waybill.master) == self.master;
                    if !goes_on {
                        self.finish(draft, record);
                        self.begin(text.len());
                        self.waybill.master = self.waybill.keep(&self.master);
                    }
                }
                self.part = part;
                self.waybill.begin_part(part);
                self.field(&text[4..], true);
            }
            [a, b, c] if [a, b, c].iter().all(|l| l.is_ascii_uppercase()) => {
                self.part = [*a, *b, *c];
                self.waybill.begin_part(self.part);
            }
            // The second line of a master waybill has no letters of its own.
            [a, b, c, b'-', ..] if [a, b, c].iter().all(|d| d.is_ascii_digit()) => {
                self.part = *b"AWB";
                self.field(text, true);
            }
            _ => {
                let shown: String = text.chars().take(40).collect();
                self.spoil(|| {
                    format!("{shown:?} is no line of the message; expected three letters or a slash")
                });
            }
        }
    }

    /// Takes what follows the letters or the slash of a line.
    fn field(&mut self, text: &str, first: bool) {
        let part = self.part;
        if part == *b"MBI" || part == *b"AWB" {
            if first {
                self.master.clear();
                let end = text.char_indices().nth(12).map_or(text.len(), |c| c.0);
                self.master.push_str(text[..end].trim());
                if self.message == Some("fwb") && self.open {
                    self.waybill.number = self.waybill.keep(&self.master);
                }
            }
            return;
        }
        if self.open {
            self.waybill.field(part, text, first);
        }
    }

    fn spoil(&mut self, reason: impl FnOnce() -> String) {
        if self.open {
            self.waybill.fault.get_or_insert_with(reason);
        }
    }

    fn begin(&mut self, bytes: usize) {
        self.waybill.clear();
        self.waybill.bytes = bytes;
        self.open = true;
    }

    /// Closes the open waybill; whether it gave rows.
    fn finish(&mut self, draft: &mut Draft, record: &mut u64) -> bool {
        if !std::mem::take(&mut self.open) {
            return false;
        }
        if let Some(reason) = self.waybill.fault.take() {
            if !self.sides {
                *record += 1;
                let texts: Vec<&str> = self.waybill.texts.iter().map(|&t| self.waybill.get(t)).collect();
                let raw = format!("HBS/{} {}", self.waybill.get(self.waybill.number), texts.join(" "));
                draft.reject(*record, "", reason, raw.as_bytes());
            }
            return false;
        }
        std::mem::swap(&mut self.waybill, &mut self.done);
        if !self.sides {
            self.done.read_parties();
        }
        self.rows = 0..if self.sides { 1 } else { self.done.rows() };
        true
    }

    /// Writes the rows of the waybill that is complete; the draft is full otherwise.
    fn emit(&mut self, tree: &mut Tree, draft: &mut Draft, record: &mut u64) -> bool {
        if !tree.drain(draft, record) {
            return false;
        }
        let Some(layout) = &self.layout else { return true };
        while let Some(row) = self.rows.clone().next() {
            if draft.is_full() {
                return false;
            }
            tree.flat(0);
            tree.clean = true;
            let mut put = |field: usize, text: &str| {
                if let Some(slot) = self.slots[field] {
                    tree.store(layout, slot, text.as_bytes());
                }
            };
            if self.sides {
                self.done.master_row(&mut put);
            } else {
                put(field::MASTER, self.done.get(self.done.master));
                self.done.row(row, &mut put);
            }
            tree.flat_end();
            self.rows.start += 1;
            if !tree.drain(draft, record) {
                return false;
            }
        }
        true
    }
}
