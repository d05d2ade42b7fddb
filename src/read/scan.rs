//! Cuts one record of separated text into fields.

use memchr::{memchr, memchr_iter, memchr2, memchr3};

/// Where a field stands, its quotes not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether it holds doubled quotes.
    pub(super) doubled: bool,
}

/// What stands at the place that was scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// A record up to `end`, its line break not included; `lines` tells whether quotes hold line breaks.
    Record { end: usize, lines: bool },
    /// Broken quoting in the field of that index.
    Broken { field: usize, fault: Fault },
    /// The bytes at hand end before the record does.
    More,
}

/// How quoting can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A quote without its partner.
    Unclosed,
    /// Text between a closing quote and the next separator.
    Garbage,
    /// A record of several lines that has more fields than the header.
    Fields,
}

/// The scanner and the fields that it found last.
///
/// A failed scan may have looked far ahead, and the next one starts on the next physical line. The work stays linear:
/// a line that opens a quote and is looked at from inside a quoted field closes that field first, so it adds a field or
/// ends the scan, and a scan across lines stops after `expected` fields. No byte is seen more often than that.
pub(super) struct Scanner {
    pub(super) delimiter: u8,
    pub(super) expected: usize,
    /// The fields found, at most one more than expected.
    pub(super) fields: Vec<Field>,
    /// How many fields the record has.
    pub(super) count: usize,
}

impl Scanner {
    pub(super) fn new(delimiter: u8, expected: usize) -> Scanner {
        Scanner { delimiter, expected, fields: Vec::new(), count: 0 }
    }

    fn push(&mut self, start: usize, end: usize, doubled: bool) {
        if self.count <= self.expected {
            self.fields.push(Field { start, end, doubled });
        }
        self.count += 1;
    }

    /// Scans the record that starts at `start`; `last` tells that no bytes follow `data`.
    pub(super) fn scan(&mut self, data: &[u8], start: usize, last: bool) -> Scan {
        self.fields.clear();
        self.count = 0;
        match memchr3(b'"', b'\n', b'\r', &data[start..]) {
            Some(i) if data[start + i] == b'"' => self.quoted(data, start, last),
            Some(i) => self.plain(data, start, start + i),
            None if last => self.plain(data, start, data.len()),
            None => Scan::More,
        }
    }

    /// A line without any quote.
    fn plain(&mut self, data: &[u8], start: usize, end: usize) -> Scan {
        let mut from = start;
        for i in memchr_iter(self.delimiter, &data[start..end]) {
            self.push(from, start + i, false);
            from = start + i + 1;
        }
        self.push(from, end, false);
        Scan::Record { end, lines: false }
    }

    fn quoted(&mut self, data: &[u8], start: usize, last: bool) -> Scan {
        let mut at = start;
        let mut lines = false;
        loop {
            if lines && self.count > self.expected {
                return self.broken(Fault::Fields);
            }
            if data.get(at) == Some(&b'"') {
                let open = at + 1;
                let (close, doubled) = match closing(data, open) {
                    Some(found) => found,
                    None if last => return self.broken(Fault::Unclosed),
                    None => return Scan::More,
                };
                lines = lines || memchr2(b'\n', b'\r', &data[open..close]).is_some();
                self.push(open, close, doubled);
                at = close + 1;
                while data.get(at) == Some(&b' ') {
                    at += 1;
                }
            } else {
                let rest = &data[at..];
                let length = match memchr3(self.delimiter, b'\n', b'\r', rest) {
                    Some(i) => i,
                    None if last => rest.len(),
                    None => return Scan::More,
                };
                self.push(at, at + length, false);
                at += length;
            }
            match data.get(at) {
                Some(&b) if b == self.delimiter => at += 1,
                Some(b'\n' | b'\r') => return Scan::Record { end: at, lines },
                None if last => return Scan::Record { end: at, lines },
                None => return Scan::More,
                Some(_) => {
                    self.count -= 1;
                    return self.broken(Fault::Garbage);
                }
            }
        }
    }

    fn broken(&self, fault: Fault) -> Scan {
        Scan::Broken { field: self.count, fault }
    }
}

/// The quote that closes a field, and whether doubled ones stand before it.
///
/// A quote at the very end of `data` counts as closing: the caller sees there that more may follow.
fn closing(data: &[u8], open: usize) -> Option<(usize, bool)> {
    let mut from = open;
    loop {
        let quote = from + memchr(b'"', data.get(from..)?)?;
        if data.get(quote + 1) != Some(&b'"') {
            return Some((quote, from != open));
        }
        from = quote + 2;
    }
}
