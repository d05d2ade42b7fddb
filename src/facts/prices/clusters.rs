//! Descriptions that say the same in other words, brought together.

use crate::fields::text::{fold_words, tokens};
use crate::model::parcels::Shipments;
use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

/// Words that change no price: colours, sizes, filler. Folded, plural `s` taken off.
const EMPTY_WORDS: &[&str] = &[
    "and",
    "black",
    "blue",
    "brand",
    "brown",
    "colour",
    "color",
    "de",
    "for",
    "free",
    "from",
    "gray",
    "green",
    "grey",
    "grau",
    "het",
    "in",
    "item",
    "khaki",
    "large",
    "medium",
    "model",
    "multicolor",
    "new",
    "navy",
    "of",
    "on",
    "orange",
    "pc",
    "pcs",
    "piece",
    "pink",
    "purple",
    "red",
    "rot",
    "schwarz",
    "shipping",
    "size",
    "sku",
    "small",
    "style",
    "the",
    "to",
    "und",
    "weiss",
    "white",
    "with",
    "xl",
    "xs",
    "xxl",
    "xxxl",
    "yellow",
    "your",
];
/// Words that say that the goods are not new.
const USED_WORDS: &[&str] = &[
    "used",
    "secondhand",
    "preowned",
    "refurbished",
    "renewed",
    "vintage",
    "antique",
    "worn",
    "defective",
    "broken",
    "gebraucht",
    "gebrauchte",
    "occasion",
    "usado",
    "usata",
    "usato",
    "tweedehand",
    "preloved",
    "refurb",
    "faulty",
];
/// Words that say that a part or an extra is sent, often under the code of the whole.
const PART_WORDS: &[&str] =
    &["accessory", "accessorie", "ersatzteil", "ersatz", "part", "parts", "replacement", "spare", "zubehor"];
/// What is sold to go with an article and named after it ("keyboard cover", "ring holder"), often under its code. Goods
/// with a market of their own, such as phone cases, are not among them.
const EXTRA_WORDS: &[&str] = &["cover", "holder", "protector", "sleeve", "strap"];
/// Words between an extra and what it is for ("cover for headphones") ...
const FOR_WORDS: &[&str] = &["for", "fur", "pour", "para", "voor"];
/// ... unless a person, a place or an occasion follows.
const FOR_WHOM: &[&str] = &[
    "men", "man", "women", "woman", "lady", "ladie", "girl", "boy", "kid", "kinder", "child", "children",
    "baby", "adult", "unisex", "him", "her", "home", "kitchen", "office", "garden", "outdoor", "indoor",
    "travel", "sport", "party", "wedding", "gift", "summer", "winter", "all", "daily", "herren", "damen",
    "homme", "femme", "enfant", "the", "toddler", "teen", "dog", "cat", "pet", "beginner", "school",
    "gaming", "work", "room", "bedroom", "bathroom", "hair", "skin",
];
/// Two words that together say that the goods are not new.
const USED_PAIRS: &[[&str; 2]] = &[
    ["second", "hand"],
    ["2nd", "hand"],
    ["pre", "owned"],
    ["pre", "loved"],
    ["open", "box"],
    ["spare", "repair"],
];
/// Words that say that no price was asked.
const SAMPLE_WORDS: &[&str] =
    &["sample", "muster", "catalogue", "swatch", "tester", "echantillon", "muestra"];

/// A word that fewer consignors than this use is a stock number or a name of its own, not a kind of goods.
const SHARED_BY: usize = 3;
/// Consignors remembered per description; more would not change what is shared.
const REMEMBERED: usize = 4;
const NOBODY: u32 = u32::MAX;

/// What a description says about the price besides the goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nothing: goods as sold new.
    Usual,
    /// Not the goods of the code as sold new: used, or a part of them.
    Apart,
    /// A sample.
    Sample,
}

/// The cluster of each distinct description.
#[derive(Debug, Default)]
pub struct Clusters {
    /// Cluster of each description, in the order of [`Shipments::descriptions`].
    pub of: Vec<u32>,
    /// What each description says besides the goods.
    pub condition: Vec<Condition>,
    /// Whether the words of each cluster tell goods: in one whose words nobody shares, only the code does.
    pub telling: Vec<bool>,
    /// A description that stands for each cluster: the shortest, then the first by alphabet.
    pub example: Vec<u32>,
    /// Hash of the words of each cluster, ascending.
    distinct: Vec<u64>,
    /// Words that tell goods.
    shared: HashSet<u64>,
}

impl Clusters {
    /// Brings together the descriptions whose words, order and empty words aside, are the same, words that only one or
    /// two consignors use left out.
    pub fn build(shipments: &Shipments, consignor_of: impl Fn(u32) -> u32) -> Clusters {
        let texts = &shipments.descriptions;
        let count = texts.len();
        let mut users = vec![[NOBODY; REMEMBERED]; count];
        for (line, &description) in shipments.lines.description.iter().enumerate() {
            remember(&mut users[description as usize], consignor_of(shipments.lines.parcel[line]));
        }
        let read: Vec<(Vec<u64>, Condition)> = (0..count as u32)
            .into_par_iter()
            .map_init(String::new, |folded, id| {
                fold_words(texts.get(id), folded);
                words(folded)
            })
            .collect();
        let mut shared: HashMap<u64, [u32; REMEMBERED]> = HashMap::new();
        for ((words, _), users) in read.iter().zip(&users) {
            for &word in words {
                let known = shared.entry(word).or_insert([NOBODY; REMEMBERED]);
                if known[SHARED_BY - 1] == NOBODY {
                    users.iter().filter(|u| **u != NOBODY).for_each(|u| remember(known, *u));
                }
            }
        }
        let condition: Vec<Condition> = read.iter().map(|r| r.1).collect();
        let shared: HashSet<u64> = shared
            .into_iter()
            .filter(|(_, users)| users[SHARED_BY - 1] != NOBODY)
            .map(|(word, _)| word)
            .collect();
        let hashes: Vec<u64> =
            read.par_iter().map(|(words, condition)| hash(words, *condition, &shared)).collect();
        let mut distinct = hashes.clone();
        distinct.par_sort_unstable();
        distinct.dedup();
        let wordless = [Condition::Usual, Condition::Apart, Condition::Sample].map(|c| c as u64);
        let telling = distinct.iter().map(|hash| !wordless.contains(hash)).collect();
        let of: Vec<u32> = hashes.par_iter().map(|h| distinct.partition_point(|d| d < h) as u32).collect();
        let mut example = vec![NOBODY; distinct.len()];
        let better = |a: u32, b: u32| {
            let (a, b) = (texts.get(a), texts.get(b));
            (a.len(), a) < (b.len(), b)
        };
        for (id, &cluster) in of.iter().enumerate().filter(|(id, _)| users[*id][0] != NOBODY) {
            let best = &mut example[cluster as usize];
            if *best == NOBODY || better(id as u32, *best) {
                *best = id as u32;
            }
        }
        Clusters { of, condition, telling, example, distinct, shared }
    }

    /// The cluster that a description of another night belongs to, where this night has it.
    pub fn of_text(&self, description: &str) -> Option<u32> {
        let mut folded = String::new();
        fold_words(description, &mut folded);
        let (words, condition) = words(&folded);
        let at = self.distinct.binary_search(&hash(&words, condition, &self.shared)).ok()?;
        self.telling[at].then_some(at as u32)
    }
}

/// Hash of the words that tell goods; sums do not depend on their order.
fn hash(words: &[u64], condition: Condition, shared: &HashSet<u64>) -> u64 {
    let kept = words.iter().filter(|word| shared.contains(*word));
    kept.fold(condition as u64, |sum, w| sum.wrapping_add(w.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
}

fn remember(known: &mut [u32; REMEMBERED], user: u32) {
    for slot in known {
        if *slot == user {
            return;
        }
        if *slot == NOBODY {
            *slot = user;
            return;
        }
    }
}

/// Hashes of the distinct words that tell goods apart, and what the words say besides.
fn words(folded: &str) -> (Vec<u64>, Condition) {
    let mut condition = Condition::Usual;
    let mut hashes = Vec::new();
    let mut before = "";
    for token in tokens(folded) {
        let word = singular(token);
        if (FOR_WORDS.contains(&before) && !FOR_WHOM.contains(&word))
            || USED_WORDS.contains(&token)
            || PART_WORDS.contains(&word)
            || (!before.is_empty() && EXTRA_WORDS.contains(&word))
            || USED_PAIRS.contains(&[before, token])
        {
            condition = Condition::Apart;
        } else if SAMPLE_WORDS.contains(&word) && condition == Condition::Usual {
            condition = Condition::Sample;
        }
        before = token;
        if word.len() > 1 && !EMPTY_WORDS.contains(&word) {
            hashes.push(xxh3_64(word.as_bytes()));
        }
    }
    hashes.sort_unstable();
    hashes.dedup();
    (hashes, condition)
}

fn singular(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && !stem.ends_with('s') => stem,
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_any_order_and_colour_are_one() {
        let one = words("cotton t shirts black xl");
        assert_eq!(one, words("t shirt cotton blue"));
        assert_ne!(one.0, words("cotton trousers").0);
    }

    #[test]
    fn the_condition_is_read() {
        for (text, condition) in [
            ("used phone", Condition::Apart),
            ("second hand books", Condition::Apart),
            ("phone refurbished", Condition::Apart),
            ("replacement button", Condition::Apart),
            ("cover for headphones", Condition::Apart),
            ("wireless keyboard cover", Condition::Apart),
            ("phone case", Condition::Usual),
            ("shoes for women", Condition::Usual),
            ("fabric samples", Condition::Sample),
            ("hand cream", Condition::Usual),
        ] {
            assert_eq!(words(text).1, condition, "{text}");
        }
    }
}
