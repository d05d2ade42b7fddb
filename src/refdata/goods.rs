//! Goods that laws shut out of relief (alcohol, tobacco, perfume), by commodity code and by the words of a description.
//!
//! The lists are data: codes, words in some twenty languages, and the exceptions that make a word mean something else
//! (`wine glass`, `alcohol-free`, `champagne gold`). A list's name is that which a limit's exclusions use.

use crate::fields::hs::HsCode;
use crate::fields::text::fold_words;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// The shipped lists.
static SHIPPED: LazyLock<Goods> = LazyLock::new(|| {
    Goods::new(
        include_str!("data/excluded_codes.csv"),
        include_str!("data/excluded_words.csv"),
        include_str!("data/excluded_exceptions.csv"),
    )
});

/// How surely a word names the goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// The word means many things; it counts only beside a volume or a code.
    Weak,
    /// The word names the goods as a rule.
    Fair,
    /// The word names nothing else.
    Strong,
}

/// A description names goods of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Name of the list.
    pub list: &'static str,
    /// The word or phrase as the list has it.
    pub phrase: &'static str,
    /// How surely.
    pub strength: Strength,
    /// Whether the description gives a volume or an alcoholic strength as well.
    pub measured: bool,
}

/// Where an exception must stand to take a word's meaning away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// Right after the word: `wine glass`.
    After,
    /// Right before the word: `for wine`.
    Before,
    /// Anywhere in the description: `alcohol free`.
    Any,
    /// A colour or stuff right after a word that is a colour too: `wine red`; not where a volume is given.
    Shade,
    /// Over the word itself: `brandy melville`.
    Phrase,
}

/// A phrase found by its first word.
struct Phrase<T> {
    rest: Vec<String>,
    what: T,
}

/// Phrases by first word, the longest first.
struct Phrases<T>(HashMap<String, Vec<Phrase<T>>>);

impl<T> Phrases<T> {
    fn add(&mut self, text: &str, what: T) {
        let mut words = text.split_ascii_whitespace().map(str::to_owned);
        if let Some(first) = words.next() {
            let group = self.0.entry(first).or_default();
            group.push(Phrase { rest: words.collect(), what });
            group.sort_by_key(|p| std::cmp::Reverse(p.rest.len()));
        }
    }

    /// The phrases that start at a word, with the position one past their end, longest first.
    fn at<'a>(&'a self, words: &'a [&str], start: usize) -> impl Iterator<Item = (usize, &'a T)> {
        let group = self.0.get(words[start]).map_or(&[][..], Vec::as_slice);
        group.iter().filter_map(move |phrase| {
            let end = start + 1 + phrase.rest.len();
            let fits = end <= words.len() && phrase.rest.iter().zip(&words[start + 1..]).all(|(a, b)| a == b);
            fits.then_some((end, &phrase.what))
        })
    }
}

#[derive(Clone, Copy)]
struct Word {
    list: &'static str,
    strength: Strength,
    text: &'static str,
}

/// The lists, ready to be looked up.
pub struct Goods {
    codes: Vec<(HsPrefix, &'static str, &'static str)>,
    words: Phrases<Word>,
    exceptions: Phrases<Position>,
    /// Words and exceptions written without spaces between words (Chinese, Japanese), looked for as they stand.
    unspaced_words: Vec<Word>,
    unspaced_exceptions: Vec<&'static str>,
    /// First letters of folded words, to pass over most words without a look-up.
    starts: HashSet<[u8; 2]>,
}

/// First digits of a commodity code: their value and number.
type HsPrefix = (u64, u32);

impl Goods {
    /// The lists that come with the program.
    pub fn shipped() -> &'static Goods {
        &SHIPPED
    }

    fn new(codes: &'static str, words: &'static str, exceptions: &'static str) -> Goods {
        let mut goods = Goods {
            codes: Vec::new(),
            words: Phrases(HashMap::new()),
            exceptions: Phrases(HashMap::new()),
            unspaced_words: Vec::new(),
            unspaced_exceptions: Vec::new(),
            starts: HashSet::new(),
        };
        for [list, code, meaning] in rows(codes) {
            if let Ok(value) = code.parse() {
                goods.codes.push(((value, code.len() as u32), list, meaning));
            }
        }
        let mut folded = String::new();
        for [list, strength, _, text] in rows(words) {
            let strength = match strength {
                "3" => Strength::Strong,
                "2" => Strength::Fair,
                _ => Strength::Weak,
            };
            let word = Word { list, strength, text };
            if is_unspaced(text) {
                goods.unspaced_words.push(word);
            } else {
                fold_words(text, &mut folded);
                goods.words.add(&folded, word);
                goods.starts.extend(start(&folded));
            }
        }
        for [position, _, text, _] in rows(exceptions) {
            let position = match position {
                "after" => Position::After,
                "before" => Position::Before,
                "shade" => Position::Shade,
                "phrase" => Position::Phrase,
                _ => Position::Any,
            };
            if is_unspaced(text) {
                goods.unspaced_exceptions.push(text);
            } else {
                fold_words(text, &mut folded);
                goods.exceptions.add(&folded, position);
            }
        }
        goods
    }

    /// Names of the lists, one for each of their codes.
    pub fn lists(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.codes.iter().map(|&(_, list, _)| list)
    }

    /// The list that a commodity code belongs to, and what its heading holds.
    pub fn by_code(&self, code: HsCode) -> Option<(&'static str, &'static str)> {
        let length = u32::from(code.len());
        self.codes
            .iter()
            .find(|((value, digits), ..)| {
                length >= *digits && code.value() / 10_u64.pow(length - digits) == *value
            })
            .map(|&(_, list, meaning)| (list, meaning))
    }

    /// What a description names, the surest mention of each list; `folded` is working space.
    pub fn by_words(&self, description: &str, folded: &mut String) -> Vec<Mention> {
        let mut found: Vec<Mention> = Vec::new();
        if !description.is_ascii() {
            if self.unspaced_exceptions.iter().any(|text| description.contains(text)) {
                return found;
            }
            for word in self.unspaced_words.iter().filter(|w| description.contains(w.text)) {
                keep(&mut found, word);
            }
        }
        fold_words(description, folded);
        if found.is_empty()
            && !folded.split(' ').any(|word| start(word).is_some_and(|s| self.starts.contains(&s)))
        {
            return found;
        }
        let words: Vec<&str> = folded.split_ascii_whitespace().collect();
        let measured = gives_measure(&words);
        let mut exceptions: Vec<(usize, usize, Position)> = Vec::new();
        for at in 0..words.len() {
            exceptions.extend(self.exceptions.at(&words, at).map(|(end, &p)| (at, end, p)));
        }
        if exceptions.iter().any(|e| e.2 == Position::Any) {
            return Vec::new();
        }
        let mut at = 0;
        while at < words.len() {
            let Some((end, word)) = self.words.at(&words, at).next() else {
                at += 1;
                continue;
            };
            let otherwise = exceptions.iter().any(|&(from, to, position)| match position {
                Position::After => from == end,
                Position::Before => to == at,
                Position::Shade => from == end && word.strength < Strength::Strong && !measured,
                Position::Phrase => from <= at && to >= end,
                Position::Any => true,
            });
            if !otherwise {
                keep(&mut found, word);
            }
            at = end;
        }
        for mention in &mut found {
            mention.measured = measured;
        }
        found
    }
}

/// Keeps the surest mention of each list.
fn keep(found: &mut Vec<Mention>, word: &Word) {
    match found.iter_mut().find(|m| m.list == word.list) {
        Some(mention) if mention.strength >= word.strength => {}
        Some(mention) => (mention.strength, mention.phrase) = (word.strength, word.text),
        None => found.push(Mention {
            list: word.list,
            phrase: word.text,
            strength: word.strength,
            measured: false,
        }),
    }
}

/// Whether the words give a volume of drink or scent, or an alcoholic strength: `700ml`, `0 7 l`, `40 vol`.
fn gives_measure(words: &[&str]) -> bool {
    words.iter().enumerate().any(|(i, word)| {
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let after_number = i > 0 && words[i - 1].bytes().all(|b| b.is_ascii_digit());
        let unit = &word[digits..];
        (digits > 0 || after_number)
            && matches!(unit, "ml" | "cl" | "dl" | "l" | "ltr" | "liter" | "litre" | "vol" | "abv")
    })
}

/// The first two letters of a word, a space where it has only one.
fn start(word: &str) -> Option<[u8; 2]> {
    let bytes = word.as_bytes();
    Some([*bytes.first()?, bytes.get(1).copied().unwrap_or(b' ')])
}

/// Whether a list's text is in a script that puts no spaces between words.
fn is_unspaced(text: &str) -> bool {
    text.chars().all(|c| matches!(c as u32, 0x3040..=0x30FF | 0x3400..=0x9FFF))
}

/// The rows of a shipped list: plain commas, a cell in quotes at most last.
fn rows<const N: usize>(list: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    list.lines().skip(1).filter_map(|line| {
        let mut cells = line.splitn(N, ',').map(|cell| cell.trim_matches('"'));
        let row: [Option<&str>; N] = std::array::from_fn(|_| cells.next());
        row.iter().all(Option::is_some).then(|| row.map(Option::unwrap_or_default))
    })
}

#[cfg(test)]
mod tests;
