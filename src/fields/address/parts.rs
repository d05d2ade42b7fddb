//! The cutting of an address into its parts.

use super::super::address_words::{Kind, WORDS};
use super::super::phrases::Phrase;
use std::ops::Range;

/// Words of an address that are looked at; more are ignored.
const MOST_WORDS: usize = 48;
/// Endings that German and Dutch write in one word with the street's name; all become ` st`.
const STREET_ENDINGS: [&str; 3] = ["strasse", "straat", "str"];
/// Most digits of a house number.
const HOUSE_DIGITS: usize = 5;

#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    phrases: &'static [Phrase<Kind>],
    /// Number of the stretch between commas.
    segment: u16,
    /// First word behind a `#`.
    hash: bool,
    role: Role,
}

#[derive(Clone, Copy, PartialEq)]
enum Role {
    Street,
    House,
    Unit,
    Floor,
    Building,
    PoBox,
    /// Left out of every part.
    Dropped,
}

/// The words of an address and the part each belongs to.
pub(super) struct Words<'a> {
    words: [Word<'a>; MOST_WORDS],
    count: usize,
}

impl<'a> Words<'a> {
    /// Cuts folded text into words; `ends` tells where each stretch between commas ends and whether a `#` stood before it.
    pub(super) fn new(folded: &'a str, ends: &[(usize, bool)]) -> Self {
        let list = &*WORDS;
        let blank = Word { text: "", phrases: &[], segment: 0, hash: false, role: Role::Street };
        let mut words = Words { words: [blank; MOST_WORDS], count: 0 };
        let (mut start, mut segment, mut last) = (0, 0, usize::MAX);
        for text in folded.split(' ').take(MOST_WORDS) {
            let end = start + text.len();
            while ends.get(segment).is_some_and(|(limit, _)| end > *limit) {
                segment += 1;
            }
            start = end + 1;
            if text.is_empty() {
                continue;
            }
            let hash = segment != last && ends.get(segment).is_some_and(|(_, hash)| *hash);
            last = segment;
            let number = u16::try_from(segment).unwrap_or(u16::MAX);
            words.words[words.count] =
                Word { text, phrases: list.starting(text), segment: number, hash, role: Role::Street };
            words.count += 1;
        }
        words
    }

    fn all(&self) -> &[Word<'a>] {
        &self.words[..self.count]
    }

    /// Number of words of the longest phrase of a kind at `index`, and its canonical form.
    fn at(&self, index: usize, kind: Kind) -> Option<(usize, &'static str)> {
        let word = self.all().get(index)?;
        let rest = &self.all()[index + 1..];
        word.phrases
            .iter()
            .filter(|phrase| phrase.kind == kind)
            .find_map(|p| Some((p.length(rest.iter().map(|w| w.text))?, p.canonical.as_str())))
    }

    fn is(&self, index: usize, kind: Kind) -> bool {
        self.at(index, kind).is_some()
    }

    /// Whether some words name a place where parcels wait: not the Old Post Office, a house, nor Post Office Road.
    pub(super) fn has_pickup_point(&self) -> bool {
        let behind = |i: usize, kind| i > 0 && self.is(i - 1, kind);
        (0..self.count).any(|i| {
            let weak = || self.at(i, Kind::WeakPickup).filter(|_| !behind(i, Kind::Joining));
            self.at(i, Kind::Pickup).or_else(weak).is_some_and(|(length, _)| {
                let end = i + length;
                let road = self.is(end, Kind::Street) && self.same_segment(end - 1, end);
                !road && !behind(i, Kind::Former)
            })
        })
    }

    fn set(&mut self, range: Range<usize>, role: Role) {
        self.words[range].iter_mut().for_each(|word| word.role = role);
    }

    fn free(&self, index: usize) -> Option<&str> {
        self.all().get(index).filter(|word| word.role == Role::Street).map(|word| word.text)
    }

    fn same_segment(&self, a: usize, b: usize) -> bool {
        matches!((self.all().get(a), self.all().get(b)), (Some(a), Some(b)) if a.segment == b.segment)
    }

    /// Sets a post office box apart.
    pub(super) fn take_po_box(&mut self) {
        for index in 0..self.count {
            let Some((length, _)) = self.at(index, Kind::PoBox) else {
                continue;
            };
            let mut first = index + length;
            if self.is(first, Kind::Number) {
                first += 1;
            }
            let mut end = first;
            while self.free(end).is_some_and(is_digits) && self.same_segment(first, end) {
                end += 1;
            }
            if end > first {
                self.set(index..first, Role::Dropped);
                self.set(first..end, Role::PoBox);
                return;
            }
        }
    }

    /// Sets flats, floors and buildings apart.
    pub(super) fn take_units(&mut self) {
        let mut number_before = false;
        for index in 0..self.count {
            let Some(text) = self.free(index) else {
                continue;
            };
            let value = index + 1 + usize::from(self.is(index + 1, Kind::Number));
            if let Some((1, _)) = self.at(index, Kind::Floor) {
                self.take_floor(index, value);
            } else if self.is(index, Kind::Unit) || self.is(index, Kind::Building) {
                let fits = self.free(value).is_some_and(|v| is_value(v, text.len() >= 3));
                // One- and two-letter words are units only behind something and before a digit.
                if fits && (text.len() >= 3 || (index > 0 && number_before)) {
                    let role = if self.is(index, Kind::Unit) { Role::Unit } else { Role::Building };
                    self.set(index..value, Role::Dropped);
                    self.set(value..value + 1, role);
                }
            } else if number_before && self.all()[index].hash && is_value(text, false) {
                self.set(index..index + 1, Role::Unit);
            }
            number_before |= house_digits(self.all()[index].text).is_some();
        }
    }

    /// The floor's number: an ordinal before the word, else a number after it, else one before it.
    fn take_floor(&mut self, index: usize, after: usize) {
        let before = index.checked_sub(1).filter(|b| self.same_segment(*b, index));
        let text = |at: usize| self.free(at).filter(|text| starts_with_digit(text));
        let numbered = before.filter(|b| text(*b).is_some());
        let ordinal = numbered.filter(|b| text(*b).is_some_and(|t| house_digits(t).is_none()));
        let follows = text(after).map(|_| after).filter(|a| self.same_segment(index, *a));
        if let Some(value) = ordinal.or(follows).or(numbered) {
            self.set(index..index + 1, Role::Dropped);
            if value > index {
                self.set(index..value, Role::Dropped);
            }
            self.set(value..value + 1, Role::Floor);
        }
    }

    /// Sets the house number apart, and a unit right behind it.
    pub(super) fn take_house(&mut self) {
        let candidate = |index: &usize| {
            let digits = self.free(*index).and_then(house_digits);
            let next = index + 1 + usize::from(self.is(index + 1, Kind::Joining));
            digits.filter(|_| !self.is(next, Kind::Month))
        };
        let mut all = (0..self.count).filter(|i| candidate(i).is_some());
        let Some(first) = all.next() else { return };
        let short = |i: &usize| candidate(i).is_some_and(|digits| digits < HOUSE_DIGITS);
        let house = if first == 0 || short(&first) { first } else { all.find(short).unwrap_or(first) };
        let mut end = house + 1;
        if self.free(end).is_some() && self.same_segment(house, end) && self.is_suffix(end) {
            end += 1;
        }
        self.set(house..end, Role::House);
        if house > 0 && self.is(house - 1, Kind::Number) && self.free(house - 1).is_some() {
            self.set(house - 1..house, Role::Dropped);
        }
        let unit = self.free(end).and_then(house_digits).is_some_and(|digits| digits < HOUSE_DIGITS);
        if unit && self.same_segment(house, end) && !self.is(end + 1, Kind::Month) {
            self.set(end..end + 1, Role::Unit);
        }
    }

    /// Whether the word behind a house number belongs to it: `a`, `bis`, but not the `N` of a street.
    fn is_suffix(&self, index: usize) -> bool {
        let text = self.all()[index].text;
        let last = !self.same_segment(index, index + 1);
        let plain = is_letter(text) && self.all()[index - 1].text.bytes().all(|b| b.is_ascii_digit());
        plain && (last || !matches!(text, "n" | "s" | "e" | "w" | "c"))
            || matches!(text, "bis" | "quater")
            || (text == "ter" && !last)
    }

    /// Writes the parts one behind the other and returns their ends.
    pub(super) fn write(&self, out: &mut String) -> [u32; 4] {
        let mut start = out.len();
        for (index, word) in self.all().iter().enumerate() {
            if word.role != Role::Street {
                continue;
            }
            match self.at(index, Kind::Street) {
                Some((1, canonical)) => push(out, start, &[canonical]),
                _ => match STREET_ENDINGS.iter().find_map(|e| word.text.strip_suffix(e)) {
                    Some(base) if base.len() >= 3 => push(out, start, &[base, " st"]),
                    _ => push(out, start, &[word.text]),
                },
            }
        }
        let mut ends = [0; 4];
        let mut close =
            |index: usize, out: &String| ends[index] = u32::try_from(out.len()).unwrap_or(u32::MAX);
        close(0, out);
        self.role(Role::House).for_each(|word| out.push_str(word.text));
        close(1, out);
        start = out.len();
        for word in self.all() {
            match word.role {
                Role::Unit => push(out, start, &[word.text]),
                Role::Floor => push(out, start, &["fl", number_part(word.text)]),
                Role::Building => push(out, start, &["b", word.text]),
                _ => {}
            }
        }
        close(2, out);
        self.role(Role::PoBox).for_each(|word| out.push_str(word.text));
        close(3, out);
        ends
    }

    fn role(&self, role: Role) -> impl Iterator<Item = &Word<'a>> {
        self.all().iter().filter(move |word| word.role == role)
    }
}

/// Appends a word made of `parts`, with a space before it unless it is the first since `start`.
fn push(out: &mut String, start: usize, parts: &[&str]) {
    if parts.iter().all(|part| part.is_empty()) {
        return;
    }
    if out.len() > start {
        out.push(' ');
    }
    parts.iter().for_each(|part| out.push_str(part));
}

/// Number of digits, if the word is a house number: digits and at most one letter, `bis` or `ter`.
fn house_digits(word: &str) -> Option<usize> {
    let digits = number_part(word).len();
    let suffix = &word[digits..];
    let sound = suffix.is_empty() || is_letter(suffix) || matches!(suffix, "bis" | "ter");
    ((1..=HOUSE_DIGITS).contains(&digits) && sound).then_some(digits)
}

/// The digits a word starts with.
fn number_part(word: &str) -> &str {
    &word[..word.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(word.len())]
}

fn starts_with_digit(word: &str) -> bool {
    word.bytes().next().is_some_and(|b| b.is_ascii_digit())
}

fn is_digits(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
}

fn is_letter(word: &str) -> bool {
    word.len() == 1 && word.bytes().all(|b| b.is_ascii_lowercase())
}

/// Whether a word can be the number of a flat.
fn is_value(word: &str, letters: bool) -> bool {
    word.len() <= 6
        && (word.bytes().any(|b| b.is_ascii_digit()) && house_or_code(word) || (letters && is_letter(word)))
}

/// Not an ordinal.
fn house_or_code(word: &str) -> bool {
    !matches!(&word[number_part(word).len()..], "st" | "nd" | "rd" | "th")
}
