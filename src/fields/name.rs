//! Names of consignors and consignees.

use super::name_words::{Kind, WORDS};
use super::phrases::Phrase;
use super::tail::suspicious_tail;
use super::text::{fold, tokens};

/// Words of a name that are looked at; more are ignored.
const MOST_WORDS: usize = 32;

const BUSINESS: u8 = 1;
const PLACEHOLDER: u8 = 2;
const UUID: u8 = 4;
const INITIALS: u8 = 8;

/// A declared name, ready for comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartyName {
    key: Box<str>,
    tail: Option<Box<str>>,
    flags: u8,
}

impl PartyName {
    /// Reads a declared name; `scratch` is overwritten and should be reused from name to name.
    ///
    /// Titles (`Mr`, `Frau`, `Dr`) and legal forms (`Ltd`, `GmbH`, `sp. z o.o.`) are left out of the
    /// key, words of business (`Trading`, `Import`) stay in it in one spelling, a random last word
    /// goes to [`PartyName::suspicious_tail`]. Legal forms that can be a person's name or initials
    /// (`Co`, `SA`, `AS`) count only at the end of a name that is otherwise a business, or where
    /// their writing gives them away (`Total SA`, `S.A.`, `A/S`).
    ///
    /// Cost: one allocation for the key, one more for a random tail.
    pub fn parse(text: &str, scratch: &mut String) -> Self {
        let trimmed = text.trim();
        if is_uuid(trimmed) {
            fold(trimmed, scratch);
            let key = scratch.as_str().into();
            return PartyName { key, tail: None, flags: UUID | PLACEHOLDER };
        }
        let tail = suspicious_tail(trimmed);
        let body = &trimmed[..trimmed.len() - tail.map_or(0, str::len)];
        fold(body, scratch);
        let mut name = Words::new(scratch);
        let mut flags = if name.is_placeholder() { PLACEHOLDER } else { 0 };
        if flags == 0 {
            name.strip_titles();
            if name.strip_business(body.trim_end()) {
                flags |= BUSINESS;
            }
        }
        let mut kept = [""; MOST_WORDS];
        let kept = name.kept(&mut kept);
        kept.sort_unstable();
        if kept.iter().any(|word| is_initial(word)) {
            flags |= INITIALS;
        }
        PartyName { key: kept.join(" ").into(), tail: tail.map(Into::into), flags }
    }

    /// The words that count, sorted and separated by spaces, so that their order does not matter.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The words of the key.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        tokens(&self.key)
    }

    /// Whether a legal form or a word of business was found.
    pub fn is_business(&self) -> bool {
        self.flags & BUSINESS != 0
    }

    /// Whether the name is empty, a UUID or a word that names nobody (`unknown`, `test`, `xxx`).
    pub fn is_placeholder(&self) -> bool {
        self.flags & PLACEHOLDER != 0
    }

    /// Whether the whole name is a UUID.
    pub fn is_uuid(&self) -> bool {
        self.flags & UUID != 0
    }

    /// Whether a word of the key is a single letter.
    pub fn has_initials(&self) -> bool {
        self.flags & INITIALS != 0
    }

    /// A random last word, as declared.
    pub fn suspicious_tail(&self) -> Option<&str> {
        self.tail.as_deref()
    }

    /// Whether the two names can be the same person's: they share a whole word, and every other
    /// whole word of one stands in the other as itself or as an initial. A lone initial may be
    /// missing from the other name (`John A Smith`, `J Smith`, `Smith John` agree pairwise).
    /// No allocation.
    pub fn agrees_with(&self, other: &PartyName) -> bool {
        let (mut used_here, mut used_there, mut shared) = (0_u64, 0_u64, false);
        let pair = |initials: bool, used_here: &mut u64, used_there: &mut u64, shared: &mut bool| {
            for (i, here) in self.tokens().enumerate().take(64) {
                for (j, there) in other.tokens().enumerate().take(64) {
                    let free = *used_here >> i & 1 == 0 && *used_there >> j & 1 == 0;
                    let fits = if initials {
                        (is_initial(here) || is_initial(there))
                            && here.as_bytes().first() == there.as_bytes().first()
                    } else {
                        here == there
                    };
                    if free && fits {
                        *used_here |= 1 << i;
                        *used_there |= 1 << j;
                        *shared |= !is_initial(here) && !is_initial(there);
                    }
                }
            }
        };
        pair(false, &mut used_here, &mut used_there, &mut shared);
        pair(true, &mut used_here, &mut used_there, &mut shared);
        let spent = |name: &PartyName, used: u64| {
            name.tokens().enumerate().all(|(i, word)| is_initial(word) || (i < 64 && used >> i & 1 == 1))
        };
        shared && spent(self, used_here) && spent(other, used_there)
    }
}

fn is_initial(word: &str) -> bool {
    word.len() == 1 && word.as_bytes()[0].is_ascii_lowercase()
}

fn is_uuid(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes.len() {
        32 => bytes.iter().all(u8::is_ascii_hexdigit) && bytes.iter().any(u8::is_ascii_digit),
        36 => bytes.iter().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        }),
        _ => false,
    }
}

struct Words<'a> {
    words: [&'a str; MOST_WORDS],
    canonical: [&'a str; MOST_WORDS],
    phrases: [&'static [Phrase<Kind>]; MOST_WORDS],
    removed: [bool; MOST_WORDS],
    count: usize,
}

impl<'a> Words<'a> {
    fn new(folded: &'a str) -> Self {
        let list = &*WORDS;
        let mut name = Words {
            words: [""; MOST_WORDS],
            canonical: [""; MOST_WORDS],
            phrases: [&[]; MOST_WORDS],
            removed: [false; MOST_WORDS],
            count: 0,
        };
        for word in tokens(folded).take(MOST_WORDS) {
            name.words[name.count] = word;
            name.canonical[name.count] = word;
            name.phrases[name.count] = list.starting(word);
            name.count += 1;
        }
        name
    }

    /// Number of words of the longest phrase of a kind at `index`, and its canonical form.
    fn at(&self, index: usize, kind: Kind) -> Option<(usize, &'static str)> {
        let rest = &self.words[index + 1..self.count];
        self.phrases[index]
            .iter()
            .filter(|phrase| phrase.kind == kind)
            .find_map(|phrase| Some((phrase.length(rest.iter().copied())?, phrase.canonical.as_str())))
    }

    fn is_placeholder(&self) -> bool {
        let words = &self.words[..self.count];
        let mut bytes = words.iter().flat_map(|word| word.bytes());
        let Some(first) = bytes.next() else {
            return true;
        };
        let length: usize = words.iter().map(|word| word.len()).sum();
        length == 1
            || (length >= 3 && bytes.clone().all(|byte| byte == first))
            || (first.is_ascii_digit() && bytes.all(|byte| byte.is_ascii_digit()))
            || self.at(0, Kind::Placeholder).is_some_and(|(length, _)| length == self.count)
    }

    fn strip_titles(&mut self) {
        let mut first = 0;
        while first < self.count {
            let lead = self.at(first, Kind::LeadTitle).or_else(|| self.at(first, Kind::Title));
            let Some((length, _)) = lead else { break };
            self.remove(first, length);
            first += length;
        }
        for index in first..self.count {
            if let Some((length, _)) = self.at(index, Kind::Title) {
                self.remove(index, length);
            }
        }
    }

    /// Removes legal forms and unifies words of business; whether there were any.
    fn strip_business(&mut self, text: &str) -> bool {
        let mut business = false;
        let mut index = 0;
        while index < self.count {
            let legal =
                if index == 0 { self.at(index, Kind::LeadLegal) } else { self.at(index, Kind::Legal) };
            if let Some((length, _)) = legal {
                self.remove(index, length);
                business = true;
                index += length;
                continue;
            }
            if let Some((length, canonical)) = self.at(index, Kind::Business) {
                if length == 1 && !canonical.is_empty() {
                    self.canonical[index] = canonical;
                }
                business = true;
            }
            index += 1;
        }
        // Weak legal forms: last of the words that are left.
        let end = (0..self.count).rev().find(|i| !self.removed[*i]).map_or(0, |i| i + 1);
        for index in end.saturating_sub(2).max(1)..end {
            if let Some((length, _)) = self.at(index, Kind::WeakLegal)
                && index + length == end
                && (business || is_marked(text))
            {
                self.remove(index, length);
                return true;
            }
        }
        business
    }

    fn remove(&mut self, index: usize, length: usize) {
        self.removed[index..(index + length).min(self.count)].fill(true);
    }

    /// The words left; all of them where nothing is left.
    fn kept<'k>(&self, out: &'k mut [&'a str; MOST_WORDS]) -> &'k mut [&'a str] {
        let nothing_left = self.removed[..self.count].iter().all(|removed| *removed);
        let mut count = 0;
        for index in (0..self.count).filter(|i| nothing_left || !self.removed[*i]) {
            out[count] = self.canonical[index];
            count += 1;
        }
        &mut out[..count]
    }
}

/// Whether the last word is in capitals where others are not, or has a dot or slash inside.
fn is_marked(text: &str) -> bool {
    let (before, last) = text.rsplit_once(char::is_whitespace).unwrap_or(("", text));
    let inner = last.trim_end_matches('.');
    inner.contains(['.', '/'])
        || (inner.len() >= 2
            && before.contains(char::is_lowercase)
            && inner.chars().all(|c| c.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests;
