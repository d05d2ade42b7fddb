//! Postal addresses as declared, cut into street, house number and unit.

use super::tail::suspicious_tail;
use super::text::fold_append;
use parts::Words;

mod parts;

/// Buffers that [`Address::parse`] overwrites; keep one and reuse it.
#[derive(Debug, Default)]
pub struct Scratch {
    folded: String,
    ends: Vec<(usize, bool)>,
    out: String,
}

/// A declared address, ready for comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    text: Box<str>,
    /// Where the street, the house number, the unit and the post office box end in `text`.
    ends: [u32; 4],
    tail: Option<Box<str>>,
    pickup: bool,
    padded_zero: bool,
}

impl Address {
    /// Reads a declared address: street and number, without the city and the postcode where the
    /// source gives them apart.
    ///
    /// The house number is the first number of up to five digits that is no ordinal, no part of a
    /// date in a street's name and no flat or floor; numbers of five digits give way to shorter ones
    /// unless they stand first. `12/3` is house 12, unit 3; so, wrongly, is the range `12-14`.
    ///
    /// Cost: one allocation for all parts, one more for a random tail.
    pub fn parse(text: &str, scratch: &mut Scratch) -> Self {
        let trimmed = text.trim();
        let tail = suspicious_tail(trimmed);
        let body = &trimmed[..trimmed.len() - tail.map_or(0, str::len)];
        let Scratch { folded, ends, out } = scratch;
        folded.clear();
        ends.clear();
        out.clear();
        let mut rest = body;
        let mut hash = false;
        loop {
            let cut = rest.find([',', ';', '\n', '\r', '|', '#']);
            fold_append(&rest[..cut.unwrap_or(rest.len())], folded);
            ends.push((folded.len(), hash));
            let Some(cut) = cut else { break };
            hash = rest.as_bytes()[cut] == b'#';
            rest = &rest[cut + 1..];
        }
        let mut words = Words::new(folded, ends);
        let pickup = words.has_pickup_point();
        words.take_po_box();
        words.take_units();
        words.take_house();
        let ends = words.write(out);
        let mut digits = trimmed.bytes().filter(u8::is_ascii_digit);
        let padded_zero = trimmed.ends_with('0') && digits.next().is_some() && digits.next().is_none();
        Address { text: out.as_str().into(), ends, tail: tail.map(Into::into), pickup, padded_zero }
    }

    /// The street's words in order, folded, with one short form for each kind of street
    /// (`Hauptstraße` and `Haupt Str.` are `haupt st`), without the other parts. A `ulica` is left
    /// out, as Polish addresses mostly do.
    pub fn street_key(&self) -> &str {
        self.part(0)
    }

    /// The house number with its letter: `12`, `12a`, `12bis`.
    pub fn house_number(&self) -> Option<&str> {
        Some(self.part(1)).filter(|part| !part.is_empty())
    }

    /// Flat, floor (`fl2`) and building (`b3`), separated by spaces in the order of the text.
    pub fn unit(&self) -> Option<&str> {
        Some(self.part(2)).filter(|part| !part.is_empty())
    }

    /// Number of the post office box.
    pub fn po_box(&self) -> Option<&str> {
        Some(self.part(3)).filter(|part| !part.is_empty())
    }

    /// Whether the address names a parcel locker, a parcel shop or a post office: many unrelated
    /// people share it.
    pub fn is_pickup_point(&self) -> bool {
        self.pickup
    }

    /// A random last word, as declared.
    pub fn suspicious_tail(&self) -> Option<&str> {
        self.tail.as_deref()
    }

    /// Whether the only digit is a `0` at the very end, as filing programs append it to addresses
    /// without a house number.
    pub fn has_padded_zero(&self) -> bool {
        self.padded_zero
    }

    fn part(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        self.text.get(start as usize..self.ends[index] as usize).unwrap_or("")
    }
}

#[cfg(test)]
mod tests;
