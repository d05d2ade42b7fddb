//! Cargo-IMP: the text messages of air cargo, house waybills (FHL) and master waybills (FWB).
//!
//! A line starts with the three letters of its part or, where the part goes on, with a slash. A message ends where the
//! next one starts. A house waybill is one record per tariff code where as many descriptions stand beside them, one
//! record otherwise: the format has one value a waybill.

use super::ReadError;
use super::mapping::{Layout, Mapping};
use super::messages::{Place, Step};
use super::text::Draft;
use super::tree::Tree;
use super::window::Window;
use crate::fields::date::{iso_text, parse_date};
use std::sync::Arc;

/// How the fields of a house waybill become columns.
pub(super) const FHL: &str = include_str!("mapping/presets/fhl.toml");
/// How the fields of a master waybill become columns.
const FWB: &str = include_str!("mapping/presets/fwb.toml");
/// Bytes of one house waybill; a message has 3,500 characters by the standard.
const LARGEST: usize = 1 << 16;
/// Bytes at the beginning in which a message has to start.
const LOOKED_AT: usize = 4_096;

/// What stands in the place of an amount where none is declared: no customs value, no value, no insurance.
const NO_VALUE: [&str; 3] = ["NCV", "NVD", "XXX"];

/// Whether a text looks like a Cargo-IMP message, be it behind lines of addresses.
pub(super) fn is_message(head: &[u8]) -> bool {
    let head = &head[..head.len().min(LOOKED_AT)];
    head.split(|&b| b == b'\n' || b == b'\r').any(|line| kind(line.trim_ascii()).is_some())
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
    waybill: Option<Waybill>,
    /// Rows of the last waybill, still to be written.
    rows: Vec<Vec<(&'static str, String)>>,
    next_row: usize,
    part: [u8; 3],
    skipping: bool,
    ready: bool,
    met: [bool; 2],
    /// Messages so far.
    pub(super) messages: u64,
}

/// The waybill that is being read.
#[derive(Default)]
struct Waybill {
    number: String,
    weight: (String, String),
    short: String,
    texts: Vec<String>,
    tariff: Vec<String>,
    customs: Vec<[String; 4]>,
    shipper: Vec<String>,
    consignee: Vec<String>,
    charges: Vec<String>,
    flights: Vec<String>,
    issued: String,
    bytes: usize,
    fault: Option<String>,
}

impl ImpDoc {
    /// Reads house waybills or, with `sides`, master waybills.
    pub(super) fn new(sides: bool) -> ImpDoc {
        ImpDoc {
            sides,
            message: None,
            master: String::new(),
            waybill: None,
            rows: Vec::new(),
            next_row: 0,
            part: *b"   ",
            skipping: false,
            ready: false,
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
        if !self.ready {
            let layout = |text| {
                let mapping = Mapping::parse(text, "Cargo-IMP")?;
                Layout::new(&mapping).map(Arc::new).map_err(|e| place.layout(e))
            };
            tree.set_layouts(vec![layout(if self.sides { FWB } else { FHL })?]);
            self.ready = true;
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
                self.spoil("a line has no end within the bytes that are looked at together".into());
            } else {
                let line = window.data()[start..end].to_vec();
                self.line(&line, draft, record);
            }
            window.start = end;
            window.skip_line_break();
        }
    }

    /// Takes one line.
    fn line(&mut self, line: &[u8], draft: &mut Draft, record: &mut u64) {
        let line = line.trim_ascii_end();
        let line = line.strip_prefix(b"\x01").unwrap_or(line);
        if line.is_empty() {
            return;
        }
        if let Some(kind) = kind(line.trim_ascii_start()) {
            self.finish(draft, record);
            self.message = Some(kind);
            self.met[usize::from(kind == "fwb")] = true;
            self.messages += 1;
            self.master.clear();
            self.part = *b"   ";
            if kind == "fwb" && self.sides {
                self.waybill = Some(Waybill::default());
            }
            return;
        }
        let Some(message) = self.message else { return };
        if let Err(e) = std::str::from_utf8(line) {
            self.spoil(format!("byte {} of a line is not valid UTF-8", e.valid_up_to() + 1));
            return;
        }
        let text = String::from_utf8_lossy(line);
        if let Some(waybill) = &mut self.waybill {
            waybill.bytes += text.len();
            if waybill.bytes > LARGEST {
                self.spoil(format!("the waybill has more than {LARGEST} bytes; a message has at most 3,500"));
                return;
            }
        }
        match text.as_bytes() {
            [b'/', ..] => self.field(&text[1..], false),
            [a, b, c, b'/', ..] if [a, b, c].iter().all(|l| l.is_ascii_uppercase()) => {
                let part = [*a, *b, *c];
                if message == "fhl" && part == *b"HBS" {
                    let number = text[4..].split('/').next().unwrap_or_default().trim();
                    // A house waybill that goes on in the next message is still one.
                    let goes_on = self.waybill.as_ref().is_some_and(|w| w.number == number);
                    if !goes_on {
                        self.finish(draft, record);
                        self.waybill = Some(Waybill { bytes: text.len(), ..Waybill::default() });
                    }
                }
                self.part = part;
                self.field(&text[4..], true);
            }
            [a, b, c] if [a, b, c].iter().all(|l| l.is_ascii_uppercase()) => self.part = [*a, *b, *c],
            // The second line of a master waybill has no letters of its own.
            [a, b, c, b'-', ..] if [a, b, c].iter().all(|d| d.is_ascii_digit()) => {
                self.part = *b"AWB";
                self.field(&text, true);
            }
            _ => {
                let shown: String = text.chars().take(40).collect();
                self.spoil(format!("{shown:?} is no line of the message; expected three letters or a slash"));
            }
        }
    }

    /// Takes what follows the letters or the slash of a line.
    fn field(&mut self, text: &str, first: bool) {
        let part = self.part;
        if part == *b"MBI" || part == *b"AWB" {
            if first {
                self.master = text.chars().take(12).collect::<String>().trim().to_owned();
                if self.message == Some("fwb")
                    && let Some(waybill) = &mut self.waybill
                {
                    waybill.number.clone_from(&self.master);
                }
            }
            return;
        }
        let Some(waybill) = &mut self.waybill else { return };
        let fields: Vec<&str> = text.split('/').map(str::trim).collect();
        match &part {
            b"HBS" if first => {
                waybill.number = fields[0].to_owned();
                if waybill.weight.1.is_empty() {
                    let weight = fields.get(3).copied().unwrap_or_default();
                    let letters = weight.bytes().take_while(u8::is_ascii_alphabetic).count();
                    waybill.weight = (weight[..letters].to_owned(), weight[letters..].to_owned());
                    waybill.short = fields.get(5..).map_or(String::new(), |f| f.join("/"));
                }
            }
            b"TXT" => waybill.texts.push(text.trim().to_owned()),
            b"HTS" => waybill.tariff.extend(fields.iter().filter(|f| !f.is_empty()).map(|f| (*f).to_owned())),
            b"OCI" => {
                let mut note = ["", "", "", ""].map(str::to_owned);
                let before = waybill.customs.last().cloned();
                for (i, slot) in note.iter_mut().enumerate() {
                    *slot = if i == 3 {
                        fields.get(3..).map_or(String::new(), |f| f.join("/"))
                    } else {
                        fields.get(i).copied().unwrap_or_default().to_owned()
                    };
                }
                // What is left out is that of the line before.
                if let Some(before) = before
                    && note[1].is_empty()
                {
                    note[1].clone_from(&before[1]);
                }
                waybill.customs.push(note);
            }
            b"SHP" => waybill.shipper.push(text.trim().to_owned()),
            b"CNE" => waybill.consignee.push(text.trim().to_owned()),
            b"CVD" if first => waybill.charges = fields.iter().map(|f| (*f).to_owned()).collect(),
            b"FLT" => waybill.flights.push(text.trim().to_owned()),
            b"ISU" if first => waybill.issued = fields[0].to_owned(),
            _ => {}
        }
    }

    fn spoil(&mut self, reason: String) {
        if let Some(waybill) = &mut self.waybill {
            waybill.fault.get_or_insert(reason);
        }
    }

    /// Closes the open waybill; whether it gave rows.
    fn finish(&mut self, draft: &mut Draft, record: &mut u64) -> bool {
        let Some(waybill) = self.waybill.take() else { return false };
        if let Some(reason) = waybill.fault {
            if !self.sides {
                *record += 1;
                let raw = format!("HBS/{} {}", waybill.number, waybill.texts.join(" "));
                draft.reject(*record, "", reason, raw.as_bytes());
            }
            return false;
        }
        self.next_row = 0;
        self.rows = if self.sides { vec![waybill.master_row()] } else { waybill.rows(&self.master) };
        true
    }

    /// Writes the rows of the waybill that is complete; the draft is full otherwise.
    fn emit(&mut self, tree: &mut Tree, draft: &mut Draft, record: &mut u64) -> bool {
        if !tree.drain(draft, record) {
            return false;
        }
        while let Some(row) = self.rows.get(self.next_row) {
            if draft.is_full() {
                return false;
            }
            tree.flat(0);
            tree.clean = true;
            let layout = Arc::clone(&tree.layouts()[0]);
            for (name, text) in row {
                if let Some(slot) = layout.field(name) {
                    tree.store(&layout, slot, text.as_bytes());
                }
            }
            tree.flat_end();
            self.next_row += 1;
            if !tree.drain(draft, record) {
                return false;
            }
        }
        self.rows.clear();
        true
    }
}

impl Waybill {
    /// The rows of a house waybill.
    fn rows(&self, master: &str) -> Vec<Vec<(&'static str, String)>> {
        let mut shared = vec![
            ("MBI", master.to_owned()),
            ("HBS", self.number.clone()),
            ("HBS weight", self.weight.1.clone()),
            ("HBS weight code", self.weight.0.clone()),
            ("HBS description", self.short.clone()),
        ];
        let [name, address, city, postcode, country, phone] = party(&self.shipper);
        shared.extend([
            ("SHP name", name),
            ("SHP street", address),
            ("SHP place", city),
            ("SHP postcode", postcode),
            ("SHP country", country),
            ("SHP telephone", phone),
        ]);
        let [name, address, city, postcode, country, phone] = party(&self.consignee);
        shared.extend([
            ("CNE name", name),
            ("CNE street", address),
            ("CNE place", city),
            ("CNE postcode", postcode),
            ("CNE country", country),
            ("CNE telephone", phone),
        ]);
        for [_, party, identifier, text] in &self.customs {
            let field = match (party.as_str(), identifier.as_str()) {
                ("SHP", "T") => "OCI SHP T",
                ("SHP", "CT") => "OCI SHP CT",
                ("CNE", "T") => "OCI CNE T",
                ("CNE", "CT") => "OCI CNE CT",
                _ => continue,
            };
            shared.push((field, text.clone()));
        }
        // The last three fields are the values for carriage, customs and insurance, whatever charge codes stand before.
        if let [currency, .., customs, insurance] = &self.charges[..]
            && self.charges.len() >= 4
        {
            shared.push(("CVD currency", currency.clone()));
            let none = NO_VALUE.iter().any(|code| customs.eq_ignore_ascii_case(code));
            shared.push((if none { "CVD no customs value" } else { "CVD customs" }, customs.clone()));
            if is_amount(insurance) {
                shared.push(("CVD insurance", insurance.clone()));
            }
        }
        let paired = self.tariff.len() > 1 && self.tariff.len() == self.texts.len();
        let count = if paired { self.tariff.len() } else { 1 };
        let rows = (0..count).map(|i| {
            let mut row = shared.clone();
            row.push(("line", (i + 1).to_string()));
            let text = if paired { self.texts[i].clone() } else { self.texts.join(" ") };
            row.push(("TXT", text));
            row.push(("HTS", self.tariff.get(i).cloned().unwrap_or_default()));
            row
        });
        rows.collect()
    }

    /// The row of a master waybill.
    fn master_row(&self) -> Vec<(&'static str, String)> {
        let issued = parse_day(&self.issued);
        let mut row = vec![("AWB", self.number.clone())];
        let last = self.flights.iter().flat_map(|f| pairs(f)).next_back();
        if let Some((flight, day)) = last {
            row.push(("FLT", flight));
            let digits: String = day.chars().take_while(char::is_ascii_digit).collect();
            let flown = issued.zip(digits.parse().ok()).and_then(|(from, day)| on_day(from, day));
            if let Some(flown) = flown.or(issued) {
                row.push(("FLT date", iso_text(flown)));
            }
        } else if let Some(issued) = issued {
            row.push(("FLT date", iso_text(issued)));
        }
        row
    }
}

/// Flights and their days: `LH400/12/LH410/13`.
fn pairs(text: &str) -> Vec<(String, String)> {
    let fields: Vec<&str> = text.split('/').map(str::trim).filter(|f| !f.is_empty()).collect();
    fields.chunks(2).map(|p| (p[0].to_owned(), p.get(1).copied().unwrap_or_default().to_owned())).collect()
}

/// A day such as `12APR26`.
fn parse_day(text: &str) -> Option<i32> {
    let day = chrono::NaiveDate::parse_from_str(text, "%d%b%y").ok()?;
    parse_date(&day.format("%Y-%m-%d").to_string()).ok()
}

/// The first day of that number in its month from `from` on.
fn on_day(from: i32, day: u32) -> Option<i32> {
    use chrono::Datelike;
    (from..from + 62).find(|&d| {
        d.checked_add(719_163)
            .and_then(chrono::NaiveDate::from_num_days_from_ce_opt)
            .is_some_and(|d| d.day() == day)
    })
}

fn is_amount(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '.')
}

/// Name, street, place, postcode, country and telephone of a party.
///
/// Lines without tags: name, street, place, country with postcode and contact; a waybill's account number before the
/// name is a line of digits. Later versions mark them by `NAM`, `ADR` and `LOC`.
fn party(lines: &[String]) -> [String; 6] {
    let mut found = ["", "", "", "", "", ""].map(str::to_owned);
    let append = |slot: &mut String, text: &str| {
        if !slot.is_empty() && !text.is_empty() {
            slot.push(' ');
        }
        slot.push_str(text);
    };
    let tagged = lines.iter().any(|l| l.starts_with("NAM/"));
    let country = lines.iter().rposition(|l| {
        let code = l.split('/').next().unwrap_or_default();
        code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())
    });
    for (i, line) in lines.iter().enumerate() {
        if country == Some(i) {
            let fields: Vec<&str> = line.split('/').map(str::trim).collect();
            found[4] = fields[0].to_owned();
            found[3] = fields.get(1).copied().unwrap_or_default().to_owned();
            let contact = fields.iter().position(|f| *f == "TE").and_then(|t| fields.get(t + 1));
            found[5] = contact.copied().unwrap_or_default().to_owned();
        } else if tagged {
            match line.split_once('/') {
                Some(("NAM", text)) => append(&mut found[0], text.trim()),
                Some(("ADR", text)) => append(&mut found[1], text.trim()),
                Some(("LOC", text)) => {
                    append(&mut found[2], text.split('/').next().unwrap_or_default().trim())
                }
                _ => {}
            }
        }
    }
    if !tagged {
        let end = country.unwrap_or(lines.len());
        let mut rest: Vec<&str> = lines[..end].iter().map(String::as_str).filter(|l| !l.is_empty()).collect();
        if rest.len() > 3 && rest[0].bytes().all(|b| b.is_ascii_digit()) {
            rest.remove(0);
        }
        if let [name, between @ .., place] = &rest[..]
            && rest.len() > 1
        {
            found[0] = (*name).to_owned();
            found[1] = between.join(" ");
            found[2] = place.split('/').next().unwrap_or_default().trim().to_owned();
            if found[2] == "-" {
                found[2].clear();
            }
        } else if let [name] = &rest[..] {
            found[0] = (*name).to_owned();
        }
    }
    found
}
