//! Brand words of goods that are often counterfeited, with the headings of the goods: this project's own starter list.

use crate::fields::text::fold_words;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Words that make of a brand's name the thing that the goods go with: a case, a strap, a poster.
const COMPANIONS: [&str; 42] = [
    "for",
    "fur",
    "pour",
    "para",
    "per",
    "voor",
    "compatible",
    "kompatibel",
    "fits",
    "style",
    "type",
    "like",
    "case",
    "cases",
    "cover",
    "covers",
    "hulle",
    "coque",
    "funda",
    "cover",
    "strap",
    "straps",
    "band",
    "charger",
    "charging",
    "cable",
    "screen",
    "protector",
    "glass",
    "holder",
    "stand",
    "sticker",
    "stickers",
    "poster",
    "adapter",
    "battery",
    "refill",
    "box",
    "empty",
    "lace",
    "laces",
    "parts",
];

/// A brand.
pub struct Brand {
    /// Its name as listed.
    pub name: &'static str,
    /// Headings of its goods.
    pub headings: Vec<u16>,
}

/// The brands, ready to be looked up.
pub struct Brands(HashMap<String, Vec<(Vec<String>, Brand)>>);

static SHIPPED: LazyLock<Brands> = LazyLock::new(|| {
    let mut brands = Brands(HashMap::new());
    let mut folded = String::new();
    for line in include_str!("data/brands.csv").lines().skip(1) {
        let Some((name, headings)) = line.split_once(';') else { continue };
        fold_words(name, &mut folded);
        let mut words = folded.split(' ').map(str::to_owned);
        if let Some(first) = words.next() {
            let brand =
                Brand { name, headings: headings.split(' ').filter_map(|h| h.parse().ok()).collect() };
            let group = brands.0.entry(first).or_default();
            group.push((words.collect(), brand));
            group.sort_by_key(|(rest, _)| std::cmp::Reverse(rest.len()));
        }
    }
    brands
});

impl Brands {
    /// The list that comes with the program.
    pub fn shipped() -> &'static Brands {
        &SHIPPED
    }

    /// Every brand.
    pub fn all(&self) -> impl Iterator<Item = &Brand> {
        self.0.values().flatten().map(|b| &b.1)
    }

    /// The brand that a description names as that of the goods themselves; `folded` is working space.
    pub fn named(&self, description: &str, folded: &mut String) -> Option<&Brand> {
        fold_words(description, folded);
        let words: Vec<&str> = folded.split_ascii_whitespace().collect();
        let found = words.iter().enumerate().find_map(|(at, word)| {
            let fits = |rest: &Vec<String>| {
                rest.len() < words.len() - at && rest.iter().zip(&words[at + 1..]).all(|(a, b)| a == b)
            };
            self.0.get(*word)?.iter().find(|(rest, _)| fits(rest)).map(|b| &b.1)
        })?;
        (!words.iter().any(|w| COMPANIONS.contains(w))).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_brand_is_found_as_a_word_and_not_as_a_companion() {
        let named = |text: &str| Brands::shipped().named(text, &mut String::new()).map(|b| b.name);
        let lines = include_str!("data/brands.csv").lines().count() - 1;
        assert_eq!(Brands::shipped().all().count(), lines);
        for brand in Brands::shipped().all() {
            assert!(!brand.headings.is_empty(), "{}", brand.name);
            assert!(named(&format!("new {} item", brand.name.to_uppercase())).is_some(), "{}", brand.name);
            assert_eq!(named(&format!("case for {}", brand.name)), None, "{}", brand.name);
            assert_eq!(named(&format!("q{}q", brand.name.replace(' ', ""))), None, "{}", brand.name);
        }
    }
}
