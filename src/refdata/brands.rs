//! Names of brands whose goods are often counterfeited, with the headings of the goods.
//!
//! `data/brand_categories.csv`: kinds of goods with their headings, each under its category of the European Commission's
//! yearly report on customs enforcement of intellectual property rights, whose kinds of goods are also those of the studies
//! of seizures by OECD and EUIPO. `data/brands.csv`: this project's own list of names with the kinds that bear them, and
//! the words beside which a name that is also a word means something else.

use super::companions::goes_with;
use super::disguise::undisguised;
use crate::fields::text::fold_words;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A brand.
#[derive(Debug)]
pub struct Brand {
    /// Its name as listed.
    pub name: &'static str,
    /// Headings of its goods.
    pub headings: Vec<u16>,
    /// Folded words, framed by blanks, beside which the name means something else.
    except: Vec<String>,
}

/// A description names a brand.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// The brand.
    pub brand: &'a Brand,
    /// Whether it was found only after a disguise was undone.
    pub disguised: bool,
}

/// The brands by the first word of their names, ready to be looked up.
pub struct Brands(HashMap<String, Vec<(Vec<String>, Brand)>>);

static SHIPPED: LazyLock<Brands> = LazyLock::new(|| {
    let categories: HashMap<&str, Vec<u16>> = include_str!("data/brand_categories.csv")
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut cells = line.split(';');
            let (name, headings) = (cells.next()?, cells.next()?);
            Some((name, headings.split(' ').filter_map(|h| h.parse().ok()).collect()))
        })
        .collect();
    let mut brands = Brands(HashMap::new());
    let mut folded = String::new();
    for line in include_str!("data/brands.csv").lines().skip(1) {
        let cells: Vec<&'static str> = line.split(';').collect();
        let &[name, kinds, except] = cells.as_slice() else { continue };
        let headings = kinds.split(' ').filter_map(|kind| categories.get(kind)).flatten().copied().collect();
        let except = except.split('|').filter(|e| !e.is_empty()).map(|word| {
            fold_words(word, &mut folded);
            format!(" {folded} ")
        });
        let brand = Brand { name, headings, except: except.collect() };
        fold_words(name, &mut folded);
        let mut words = folded.split(' ').map(str::to_owned);
        if let Some(first) = words.next() {
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

    /// The brands that a description names as those of the goods themselves, in the order of the text, of those that
    /// start with one word the longest first; `folded` is working space.
    pub fn named(&self, description: &str, folded: &mut String) -> Vec<Named<'_>> {
        fold_words(description, folded);
        let mut found = Vec::new();
        self.look(folded, false, &mut found);
        for plain in undisguised(description, folded) {
            self.look(&plain, true, &mut found);
        }
        found
    }

    fn look<'a>(&'a self, folded: &str, disguised: bool, found: &mut Vec<Named<'a>>) {
        let words: Vec<&str> = folded.split_ascii_whitespace().collect();
        let mut framed = String::new();
        for (at, word) in words.iter().enumerate() {
            for (rest, brand) in self.0.get(*word).into_iter().flatten() {
                let after = &words[at + 1..];
                if rest.len() > after.len()
                    || rest.iter().zip(after).any(|(a, b)| a != b)
                    || found.iter().any(|f| std::ptr::eq(f.brand, brand))
                {
                    continue;
                }
                if goes_with(&words, at) {
                    continue;
                }
                if framed.is_empty() {
                    framed = format!(" {folded} ");
                }
                if !brand.except.iter().any(|word| framed.contains(word.as_str())) {
                    found.push(Named { brand, disguised });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn named(text: &str) -> Vec<(&'static str, bool)> {
        let found = Brands::shipped().named(text, &mut String::new());
        found.into_iter().map(|n| (n.brand.name, n.disguised)).collect()
    }

    #[test]
    fn every_row_is_read() {
        let lines = include_str!("data/brands.csv").lines().count() - 1;
        assert_eq!(Brands::shipped().all().count(), lines);
        let names: BTreeSet<&str> = Brands::shipped().all().map(|b| b.name).collect();
        assert_eq!(names.len(), lines, "a name stands twice");
        assert!(lines > 500);
        for line in include_str!("data/brand_categories.csv").lines().skip(1) {
            let cells: Vec<&str> = line.split(';').collect();
            assert_eq!(cells.len(), 4, "{line}");
            assert!(
                cells[1].split(' ').all(|h| crate::fields::hs::parse_hs(&format!("{h}00")).is_ok()),
                "{line}"
            );
        }
        let kinds: BTreeSet<&str> = include_str!("data/brand_categories.csv")
            .lines()
            .skip(1)
            .filter_map(|l| l.split(';').next())
            .collect();
        for line in include_str!("data/brands.csv").lines().skip(1) {
            let cells: Vec<&str> = line.split(';').collect();
            assert!(cells[1].split(' ').all(|kind| kinds.contains(kind)), "{line}");
        }
    }

    #[test]
    fn every_brand_is_found_as_a_word_and_not_as_a_companion_or_another_word() {
        for brand in Brands::shipped().all() {
            let name = brand.name;
            assert!(!brand.headings.is_empty(), "{name}");
            assert!(named(&format!("new {} item", name.to_uppercase())).contains(&(name, false)), "{name}");
            assert_eq!(named(&format!("case for {name}")), [], "{name}");
            let inside = format!("q{}q", name.replace(' ', ""));
            assert!(!named(&inside).iter().any(|n| n.0 == name), "{name}");
            for word in &brand.except {
                assert!(!named(&format!("{name}{word}item")).iter().any(|n| n.0 == name), "{name} {word}");
            }
        }
    }

    #[test]
    fn every_brand_is_found_in_disguise() {
        let mut disguises = 0;
        for brand in Brands::shipped().all() {
            let name = brand.name;
            let found = |text: &str| named(text).iter().any(|n| n.0 == name);
            let word = name.split(' ').next().unwrap();
            if name.bytes().any(|b| b.is_ascii_digit()) {
                // Its own figures are taken for letters, too.
                continue;
            }
            let figure = |c: char| {
                Some(match c {
                    'o' => '0',
                    'i' | 'l' => '1',
                    'e' => '3',
                    'a' => '4',
                    's' => '5',
                    _ => return None,
                })
            };
            if word.len() >= 3
                && let Some((at, c)) = word.char_indices().skip(1).find_map(|(at, c)| Some((at, figure(c)?)))
            {
                let hidden = format!("{}{c}{}", &name[..at], &name[at + 1..]);
                assert!(found(&format!("new {hidden} item")), "{name}: {hidden}");
                disguises += 1;
            }
            if name.len() >= 4 && name.bytes().all(|b| b.is_ascii_lowercase()) {
                let apart: Vec<String> = name.chars().map(String::from).collect();
                assert!(found(&format!("new {} item", apart.join(" "))), "{name}");
                assert!(found(&format!("new {} item", apart.join("-"))), "{name}");
                disguises += 2;
            }
            if let Some(at) = word.find(['a', 'e', 'o', 'c', 'p']).filter(|_| word.len() >= 3) {
                let cyrillic = match &name[at..=at] {
                    "a" => 'а',
                    "e" => 'е',
                    "o" => 'о',
                    "c" => 'с',
                    _ => 'р',
                };
                let hidden = format!("{}{cyrillic}{}", &name[..at], &name[at + 1..]);
                assert!(found(&format!("new {hidden} item")), "{name}: {hidden}");
                disguises += 1;
            }
        }
        assert!(disguises > 1_000, "{disguises}");
    }

    #[test]
    fn whom_goods_are_for_and_what_comes_along_hide_no_brand() {
        for (text, name) in [
            ("Nike running shoes for men", "nike"),
            ("Rolex submariner watch with box and papers", "rolex"),
            ("Gucci Damentasche mit Box", "gucci"),
        ] {
            assert!(named(text).iter().any(|n| n.0 == name), "{text}: {:?}", named(text));
        }
        assert_eq!(named("silicone strap for Rolex watch"), []);
    }

    #[test]
    fn names_that_are_words_of_other_things_are_silent() {
        for text in [
            "apple fruit dried slices",
            "puma animal figure",
            "polo shirt men cotton",
            "gap filler silicone",
            "boss lady t-shirt",
            "guess who board game",
            "coach trainer whistle",
            "supreme quality cotton t-shirt",
            "off white curtain",
            "dinosaur fossil tooth",
            "diesel engine heater",
            "transformers power supply toroidal",
            "jordan almonds",
            "allure auto car mat toyota etios",
            "greek god hermes statue",
            "500ml bottle 5G 128GB",
        ] {
            assert_eq!(named(text), [], "{text}");
        }
    }
}
