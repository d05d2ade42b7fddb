//! What goods are in a parcel and whether two parcels hold like goods, by the words and the codes declared.

use super::Facts;
use crate::fields::text::{fold_words, tokens};
use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

/// Words that say nothing about what the goods are.
const IDLE: [&str; 24] = [
    "a", "an", "and", "for", "in", "new", "of", "on", "or", "pack", "pc", "pcs", "piece", "pieces", "set",
    "size", "the", "to", "with", "x", "s", "m", "l", "xl",
];
/// Longest description compared, in words.
const WORDS: usize = 24;
/// Share of common words from which two descriptions name the same goods.
const SAME_WORDS: f64 = 0.6;
/// Mark of a description that was not asked for.
const UNKNOWN: u32 = u32::MAX;

/// How like each other the goods of two lines are, the likest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// The same description, or mostly the same words.
    Words,
    /// The same tariff subheading (six digits).
    Subheading,
    /// The same tariff heading (four digits).
    Heading,
    /// Neither.
    None,
}

/// The goods that a parcel is mostly made of: those of its dearest line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MainGoods {
    /// Description, number in [`Shipments::descriptions`](crate::model::parcels::Shipments::descriptions).
    pub description: u32,
    /// Tariff heading, 0 where no code is declared.
    pub heading: u16,
    /// Tariff subheading, 0 where none is declared.
    pub subheading: u32,
}

/// Sets of hashed words of the descriptions that were asked for.
#[derive(Debug, Default)]
pub struct Goods {
    /// Place of each description's words, or [`UNKNOWN`].
    place: Vec<u32>,
    first: Vec<u32>,
    words: Vec<u32>,
}

impl Goods {
    /// The word sets of the given descriptions (numbers in any order, repeats allowed).
    pub fn of(facts: &Facts, descriptions: impl IntoIterator<Item = u32>) -> Goods {
        let mut known: Vec<u32> = descriptions.into_iter().collect();
        known.par_sort_unstable();
        known.dedup();
        let sets: Vec<Vec<u32>> = known
            .par_iter()
            .map_init(String::new, |scratch, &d| word_set(facts.shipments.descriptions.get(d), scratch))
            .collect();
        let mut goods = Goods {
            place: vec![UNKNOWN; facts.shipments.descriptions.len()],
            first: Vec::with_capacity(sets.len() + 1),
            words: Vec::new(),
        };
        for (place, (set, &description)) in sets.iter().zip(&known).enumerate() {
            goods.place[description as usize] = place as u32;
            goods.first.push(goods.words.len() as u32);
            goods.words.extend_from_slice(set);
        }
        goods.first.push(goods.words.len() as u32);
        goods
    }

    /// Share of the words of either description that both have (Jaccard); 0 for a description that was not asked for.
    pub fn common_words(&self, a: u32, b: u32) -> f64 {
        if a == b {
            return 1.0;
        }
        common(self.words(a), self.words(b))
    }

    /// How like each other two parcels' main goods are.
    pub fn likeness(&self, a: MainGoods, b: MainGoods) -> Likeness {
        if self.common_words(a.description, b.description) >= SAME_WORDS {
            Likeness::Words
        } else if a.subheading != 0 && a.subheading == b.subheading {
            Likeness::Subheading
        } else if a.heading != 0 && a.heading == b.heading {
            Likeness::Heading
        } else {
            Likeness::None
        }
    }

    fn words(&self, description: u32) -> &[u32] {
        match self.place.get(description as usize) {
            Some(&place) if place != UNKNOWN => {
                &self.words[self.first[place as usize] as usize..self.first[place as usize + 1] as usize]
            }
            _ => &[],
        }
    }
}

/// The goods of a parcel's dearest line, the first of equals.
pub fn main_goods(facts: &Facts, parcel: u32) -> MainGoods {
    let lines = &facts.shipments.lines;
    let mut range = facts.shipments.parcels.lines(parcel);
    let Some(mut best) = range.next() else {
        return MainGoods::default();
    };
    for line in range {
        if lines.value[line] > lines.value[best] {
            best = line;
        }
    }
    MainGoods {
        description: lines.description[best],
        heading: lines.hs[best].map_or(0, |code| code.heading()),
        subheading: lines.hs[best].and_then(|code| code.subheading()).unwrap_or(0),
    }
}

/// The hashed words of a description, sorted, each once; numbers and [`IDLE`] words left out unless nothing else is there.
fn word_set(description: &str, scratch: &mut String) -> Vec<u32> {
    fold_words(description, scratch);
    let hash = |word: &str| xxh3_64(singular(word).as_bytes()) as u32;
    let telling = |word: &&str| !IDLE.contains(word) && word.bytes().any(|b| b.is_ascii_alphabetic());
    let mut set: Vec<u32> = tokens(scratch).filter(telling).take(WORDS).map(hash).collect();
    if set.is_empty() {
        set = tokens(scratch).take(WORDS).map(hash).collect();
    }
    set.sort_unstable();
    set.dedup();
    set
}

/// English plurals in `s` meet their singular; short words and `ss` stay.
fn singular(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(stem) if stem.len() >= 3 && !stem.ends_with('s') => stem,
        _ => word,
    }
}

fn common(a: &[u32], b: &[u32]) -> f64 {
    let (mut i, mut j, mut both) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                both += 1;
                i += 1;
                j += 1;
            }
        }
    }
    let either = a.len() + b.len() - both;
    if either == 0 { 0.0 } else { both as f64 / either as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(a: &str, b: &str) -> f64 {
        let mut scratch = String::new();
        common(&word_set(a, &mut scratch), &word_set(b, &mut scratch))
    }

    #[test]
    fn word_order_number_case_and_plural_do_not_matter() {
        assert_eq!(share("Phone Case (2 pcs)", "cases, phone"), 1.0);
        assert_eq!(share("wireless earbuds black", "Wireless earbud - black, size M"), 1.0);
        assert_eq!(share("phone case", "garden hose"), 0.0);
        assert!(share("leather phone case", "silicone phone case") < SAME_WORDS);
    }

    #[test]
    fn texts_of_numbers_only_are_still_compared() {
        assert_eq!(share("4711", "4711"), 1.0);
        assert_eq!(share("4711", "4712"), 0.0);
        assert_eq!(share("", ""), 0.0);
    }
}
