//! Descriptions that say nothing: vague terms in the languages of trade, this project's own list.

use super::disguise::{is_apart, joined};
use crate::fields::text::fold_words;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Words that may stand beside a vague term without making it say more.
const FILLERS: [&str; 34] = [
    "a", "an", "and", "the", "of", "for", "with", "as", "per", "only", "my", "your", "some", "und", "der",
    "die", "das", "fur", "et", "de", "des", "pour", "y", "para", "e", "di", "pcs", "pc", "set", "lot", "x",
    "kg", "new", "items",
];

/// What a description says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clarity {
    /// It names goods.
    Clear,
    /// It names goods and a vague term, the first of which is given.
    Weak(&'static str),
    /// It is made of vague terms alone, the first of which is given.
    Vague(&'static str),
    /// It has no word: figures and signs.
    Wordless,
}

/// The vague terms.
pub struct VagueTerms {
    terms: HashMap<String, &'static str>,
    firsts: HashSet<String>,
    longest: usize,
}

static SHIPPED: LazyLock<VagueTerms> =
    LazyLock::new(|| VagueTerms::new(include_str!("data/vague_words.csv")));

impl VagueTerms {
    /// The list that comes with the program.
    pub fn shipped() -> &'static VagueTerms {
        &SHIPPED
    }

    fn new(list: &'static str) -> VagueTerms {
        let mut vague = VagueTerms { terms: HashMap::new(), firsts: HashSet::new(), longest: 1 };
        let mut folded = String::new();
        for text in list.lines().skip(1).filter_map(|line| line.split_once(';')).map(|(_, text)| text) {
            fold_words(text, &mut folded);
            vague.longest = vague.longest.max(folded.split(' ').count());
            vague.firsts.extend(folded.split(' ').next().map(str::to_owned));
            vague.terms.entry(folded.clone()).or_insert(text);
        }
        vague
    }

    /// Judges a description; `folded` is working space.
    pub fn judge(&self, description: &str, folded: &mut String) -> Clarity {
        fold_words(description, folded);
        if is_apart(folded) {
            // A word whose letters are set apart is hidden, not vague.
            *folded = joined(folded);
        }
        let words: Vec<&str> = folded.split_ascii_whitespace().collect();
        // One letter is a mark, not a word.
        let wordy = |w: &str| w.bytes().filter(u8::is_ascii_alphabetic).count() >= 2;
        let (mut first, mut says, mut at, mut terms) = (None, false, 0, 0);
        let mut phrase = String::new();
        while at < words.len() {
            let mut taken = 0;
            if self.firsts.contains(words[at]) {
                for length in (1..=self.longest.min(words.len() - at)).rev() {
                    phrase.clear();
                    phrase.push_str(&words[at..at + length].join(" "));
                    if let Some(term) = self.terms.get(&phrase) {
                        first = first.or(Some(*term));
                        terms += 1;
                        taken = length;
                        break;
                    }
                }
            }
            if taken == 0 {
                says |= wordy(words[at]) && !FILLERS.contains(&words[at]);
                taken = 1;
            }
            at += taken;
        }
        // Three general words together name goods after all: plastic food box.
        match (first, says || terms >= 3) {
            (None, true) => Clarity::Clear,
            (Some(term), true) => Clarity::Weak(term),
            (Some(term), false) => Clarity::Vague(term),
            (None, false) => Clarity::Wordless,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str) -> Clarity {
        VagueTerms::shipped().judge(text, &mut String::new())
    }

    #[test]
    fn every_term_alone_says_nothing_and_beside_goods_is_weak() {
        for (_, term) in
            include_str!("data/vague_words.csv").lines().skip(1).filter_map(|l| l.split_once(';'))
        {
            assert!(matches!(judge(term), Clarity::Vague(_)), "{term}");
            assert!(matches!(judge(&format!("{term} 3 pcs")), Clarity::Vague(_)), "{term}");
            assert!(matches!(judge(&format!("trombone {term}")), Clarity::Weak(_)), "{term}");
        }
    }

    #[test]
    fn goods_are_told_from_figures() {
        assert_eq!(judge("trombone"), Clarity::Clear);
        assert_eq!(judge("Phone case for iPhone"), Clarity::Clear);
        assert_eq!(judge("9"), Clarity::Wordless);
        assert_eq!(judge("--- 12/34"), Clarity::Wordless);
        assert_eq!(judge("A1"), Clarity::Wordless);
        assert_eq!(judge("GIFT, accessories"), Clarity::Vague("gift"));
        assert_eq!(judge("plastic food box"), Clarity::Weak("plastic"));
        assert_eq!(judge("parts for machine"), Clarity::Vague("parts"));
        assert_eq!(judge("手机"), Clarity::Clear);
        assert_eq!(judge("p i l l  p r e s s machine"), Clarity::Weak("machine"));
        assert_eq!(judge("g i f t"), Clarity::Vague("gift"));
    }
}
