//! One waybill of Cargo-IMP: its lines taken apart, and its rows.

use crate::fields::date::{iso_text, parse_date};

/// The fields that the text names, as the presets call them.
pub(in crate::read) const FIELDS: [&str; 32] = [
    "MBI",
    "HBS",
    "HBS weight",
    "HBS weight code",
    "HBS description",
    "SHP name",
    "SHP street",
    "SHP place",
    "SHP postcode",
    "SHP country",
    "SHP telephone",
    "CNE name",
    "CNE street",
    "CNE place",
    "CNE postcode",
    "CNE country",
    "CNE telephone",
    "OCI SHP T",
    "OCI SHP CT",
    "OCI CNE T",
    "OCI CNE CT",
    "CVD currency",
    "CVD no customs value",
    "CVD customs",
    "CVD insurance",
    "line",
    "TXT",
    "HTS",
    "AWB",
    "FLT",
    "FLT date",
    "HBS pieces",
];

/// Positions in [`FIELDS`].
pub(super) mod field {
    pub(in crate::read) const MASTER: usize = 0;
    pub(in crate::read) const NUMBER: usize = 1;
    pub(in crate::read) const WEIGHT: usize = 2;
    pub(in crate::read) const WEIGHT_CODE: usize = 3;
    pub(in crate::read) const SHORT: usize = 4;
    pub(in crate::read) const SHIPPER: usize = 5;
    pub(in crate::read) const CONSIGNEE: usize = 11;
    pub(in crate::read) const NOTES: usize = 17;
    pub(in crate::read) const CURRENCY: usize = 21;
    pub(in crate::read) const NO_VALUE: usize = 22;
    pub(in crate::read) const VALUE: usize = 23;
    pub(in crate::read) const INSURANCE: usize = 24;
    pub(in crate::read) const LINE: usize = 25;
    pub(in crate::read) const TEXT: usize = 26;
    pub(in crate::read) const TARIFF: usize = 27;
    pub(in crate::read) const AIR_WAYBILL: usize = 28;
    pub(in crate::read) const FLIGHT: usize = 29;
    pub(in crate::read) const FLIGHT_DAY: usize = 30;
    pub(in crate::read) const PACKAGES: usize = 31;
}

/// What stands in the place of an amount where none is declared: no customs value, no value, no insurance.
const NO_VALUE: [&str; 3] = ["NCV", "NVD", "XXX"];

/// A text's place in its waybill's buffer.
pub(super) type Span = (u32, u32);

/// A waybill. Its buffers serve the next one too.
#[derive(Default)]
pub(super) struct Waybill {
    /// All texts that are kept, end to end.
    pub(super) text: String,
    /// Of the master waybill.
    pub(super) master: Span,
    pub(super) number: Span,
    pub(super) weight_code: Span,
    pub(super) weight: Span,
    pub(super) packages: Span,
    pub(super) short: Span,
    pub(super) texts: Vec<Span>,
    pub(super) tariff: Vec<Span>,
    /// Notes for customs: country, party, identifier, text.
    pub(super) customs: Vec<[Span; 4]>,
    pub(super) shipper: Vec<Span>,
    pub(super) consignee: Vec<Span>,
    pub(super) charges: Vec<Span>,
    pub(super) flights: Vec<Span>,
    pub(super) issued: Span,
    pub(super) bytes: usize,
    pub(super) fault: Option<String>,
    /// Once complete: name, street, place, postcode, country and telephone of shipper and consignee.
    pub(super) parties: [[String; 6]; 2],
}

impl Waybill {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        for span in [
            &mut self.master,
            &mut self.number,
            &mut self.weight_code,
            &mut self.weight,
            &mut self.packages,
            &mut self.short,
            &mut self.issued,
        ] {
            *span = (0, 0);
        }
        for spans in [
            &mut self.texts,
            &mut self.tariff,
            &mut self.shipper,
            &mut self.consignee,
            &mut self.charges,
            &mut self.flights,
        ] {
            spans.clear();
        }
        self.customs.clear();
        self.bytes = 0;
        self.fault = None;
    }

    pub(super) fn get(&self, (from, to): Span) -> &str {
        self.text.get(from as usize..to as usize).unwrap_or_default()
    }

    /// Keeps a text, blanks around it dropped.
    pub(super) fn keep(&mut self, text: &str) -> Span {
        let from = self.text.len() as u32;
        self.text.push_str(text.trim());
        (from, self.text.len() as u32)
    }

    /// A part begins: a party that is told again, in a message that goes on, is still one.
    pub(super) fn begin_part(&mut self, part: [u8; 3]) {
        match &part {
            b"SHP" => self.shipper.clear(),
            b"CNE" => self.consignee.clear(),
            _ => {}
        }
    }

    /// Takes what follows the letters or the slash of a line of a part.
    pub(super) fn field(&mut self, part: [u8; 3], text: &str, first: bool) {
        match &part {
            b"HBS" if first => {
                let mut fields = text.splitn(6, '/');
                let number = fields.next().unwrap_or_default();
                self.number = self.keep(number);
                if self.weight.0 == self.weight.1 {
                    let packages = fields.nth(1).unwrap_or_default();
                    self.packages = self.keep(packages);
                    let weight = fields.next().unwrap_or_default().trim();
                    let letters = weight.bytes().take_while(u8::is_ascii_alphabetic).count();
                    self.weight_code = self.keep(&weight[..letters]);
                    self.weight = self.keep(&weight[letters..]);
                    let short = fields.nth(1).unwrap_or_default();
                    self.short = self.keep(short);
                }
            }
            b"TXT" => {
                let kept = self.keep(text);
                self.texts.push(kept);
            }
            b"HTS" => {
                for code in text.split('/').map(str::trim).filter(|f| !f.is_empty()) {
                    let kept = self.keep(code);
                    self.tariff.push(kept);
                }
            }
            b"OCI" => {
                let mut note = [(0, 0); 4];
                for (slot, field) in note.iter_mut().zip(text.splitn(4, '/')) {
                    *slot = self.keep(field);
                }
                // What is left out is that of the line before.
                if note[1].0 == note[1].1
                    && let Some(before) = self.customs.last()
                {
                    note[1] = before[1];
                }
                self.customs.push(note);
            }
            b"SHP" => {
                let kept = self.keep(text);
                self.shipper.push(kept);
            }
            b"CNE" => {
                let kept = self.keep(text);
                self.consignee.push(kept);
            }
            b"CVD" if first => {
                self.charges.clear();
                for field in text.split('/') {
                    let kept = self.keep(field);
                    self.charges.push(kept);
                }
            }
            b"FLT" => {
                let kept = self.keep(text);
                self.flights.push(kept);
            }
            b"ISU" if first => self.issued = self.keep(text.split('/').next().unwrap_or_default()),
            _ => {}
        }
    }

    /// Whether each tariff code has its own description.
    fn paired(&self) -> bool {
        self.tariff.len() > 1 && self.tariff.len() == self.texts.len()
    }

    /// How many rows a house waybill has.
    pub(super) fn rows(&self) -> usize {
        if self.paired() { self.tariff.len() } else { 1 }
    }

    pub(super) fn read_parties(&mut self) {
        let mut parties = std::mem::take(&mut self.parties);
        for (lines, found) in [&self.shipper, &self.consignee].into_iter().zip(&mut parties) {
            party(lines.len(), |i| self.get(lines[i]), found);
        }
        self.parties = parties;
    }

    /// Puts a row of a house waybill.
    pub(super) fn row(&self, row: usize, put: &mut impl FnMut(usize, &str)) {
        put(field::NUMBER, self.get(self.number));
        put(field::WEIGHT, self.get(self.weight));
        put(field::PACKAGES, self.get(self.packages));
        put(field::WEIGHT_CODE, self.get(self.weight_code));
        put(field::SHORT, self.get(self.short));
        for (start, party) in [field::SHIPPER, field::CONSIGNEE].into_iter().zip(&self.parties) {
            party.iter().enumerate().for_each(|(i, text)| put(start + i, text));
        }
        for &[_, party, identifier, text] in &self.customs {
            let which = match (self.get(party), self.get(identifier)) {
                ("SHP", "T") => 0,
                ("SHP", "CT") => 1,
                ("CNE", "T") => 2,
                ("CNE", "CT") => 3,
                _ => continue,
            };
            put(field::NOTES + which, self.get(text));
        }
        self.values(put);
        if self.paired() {
            put(field::TEXT, self.get(self.texts[row]));
        } else if let [one] = self.texts[..] {
            put(field::TEXT, self.get(one));
        } else {
            let texts: Vec<&str> = self.texts.iter().map(|&t| self.get(t)).collect();
            put(field::TEXT, &texts.join(" "));
        }
        put(field::TARIFF, self.tariff.get(row).map_or("", |&code| self.get(code)));
        let mut digits = [0_u8; 20];
        put(field::LINE, decimal(row + 1, &mut digits));
    }

    /// Puts the declared values: the last three fields are those for carriage, customs and insurance, whatever charge
    /// codes stand before them.
    fn values(&self, put: &mut impl FnMut(usize, &str)) {
        let (customs, insurance) = match self.charges[..] {
            // Without the last one: a charge code, which is neither an amount nor says that there is none.
            [_, code, _, customs] if !is_amount(self.get(code)) && !is_no_value(self.get(code)) => {
                (customs, (0, 0))
            }
            [_, _, .., customs, insurance] => (customs, insurance),
            _ => return,
        };
        put(field::CURRENCY, self.get(self.charges[0]));
        let customs = self.get(customs);
        put(if is_no_value(customs) { field::NO_VALUE } else { field::VALUE }, customs);
        if is_amount(self.get(insurance)) {
            put(field::INSURANCE, self.get(insurance));
        }
    }

    /// Puts the row of a master waybill.
    pub(super) fn master_row(&self, put: &mut impl FnMut(usize, &str)) {
        let issued = parse_day(self.get(self.issued));
        put(field::AIR_WAYBILL, self.get(self.number));
        let last = self.flights.iter().flat_map(|&f| pairs(self.get(f))).next_back();
        let mut day = issued;
        if let Some((flight, on)) = last {
            put(field::FLIGHT, &flight);
            let digits: String = on.chars().take_while(char::is_ascii_digit).collect();
            let flown = issued.zip(digits.parse().ok()).and_then(|(from, day)| on_day(from, day));
            day = flown.or(issued);
        }
        if let Some(day) = day {
            put(field::FLIGHT_DAY, &iso_text(day));
        }
    }
}

/// A number's digits.
fn decimal(mut number: usize, digits: &mut [u8; 20]) -> &str {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 || at == 0 {
            break;
        }
    }
    std::str::from_utf8(&digits[at..]).unwrap_or_default()
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

fn is_no_value(text: &str) -> bool {
    NO_VALUE.iter().any(|code| text.eq_ignore_ascii_case(code))
}

/// Name, street, place, postcode, country and telephone of a party, from its lines.
///
/// Lines without tags: name, street, place, country with postcode and contact; a waybill's account number before the
/// name is a line of digits. Later versions mark them by `NAM`, `ADR` and `LOC`.
fn party<'a>(count: usize, line: impl Fn(usize) -> &'a str, found: &mut [String; 6]) {
    found.iter_mut().for_each(String::clear);
    let append = |slot: &mut String, text: &str| {
        if !slot.is_empty() && !text.is_empty() {
            slot.push(' ');
        }
        slot.push_str(text);
    };
    let tagged = (0..count).any(|i| line(i).starts_with("NAM/"));
    let country = (0..count).rfind(|&i| {
        let code = line(i).split('/').next().unwrap_or_default();
        code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())
    });
    if let Some(at) = country {
        let mut fields = line(at).split('/').map(str::trim);
        found[4].push_str(fields.next().unwrap_or_default());
        found[3].push_str(fields.next().unwrap_or_default());
        let contact = line(at).split('/').map(str::trim).skip_while(|f| *f != "TE").nth(1);
        found[5].push_str(contact.unwrap_or_default());
    }
    if tagged {
        for i in (0..count).filter(|&i| country != Some(i)) {
            match line(i).split_once('/') {
                Some(("NAM", text)) => append(&mut found[0], text.trim()),
                Some(("ADR", text)) => append(&mut found[1], text.trim()),
                Some(("LOC", text)) => {
                    append(&mut found[2], text.split('/').next().unwrap_or_default().trim())
                }
                _ => {}
            }
        }
        return;
    }
    let told = |i: &usize| !line(*i).is_empty();
    let end = country.unwrap_or(count);
    let number = |i: usize| line(i).bytes().all(|b| b.is_ascii_digit());
    let account = (0..end).filter(told).count() > 3 && (0..end).find(told).is_some_and(number);
    let mut rest = (0..end).filter(told);
    if account {
        rest.next();
    }
    let Some(name) = rest.next() else { return };
    found[0].push_str(line(name));
    let Some(place) = rest.next_back() else { return };
    for between in rest {
        append(&mut found[1], line(between));
    }
    let city = line(place).split('/').next().unwrap_or_default().trim();
    if city != "-" {
        found[2].push_str(city);
    }
}
