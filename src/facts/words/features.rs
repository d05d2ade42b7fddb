//! The features of a description: its words and its pairs of neighbouring words, hashed.

use crate::fields::text::{fold_words, tokens};
use crate::refdata::companions::{FITS, FOR};
use xxhash_rust::xxh3::xxh3_64;

/// Words looked at in one description.
const WORDS: usize = 40;
/// Words after a "for" that name what the goods go with.
const COMPANIONS: usize = 6;

/// Words that say nothing of the goods: articles, prepositions, packing units, sizes, colours' and sellers' adjectives
/// in the languages of trade, folded.
const IDLE: &[&str] = &[
    "a",
    "an",
    "and",
    "the",
    "of",
    "in",
    "on",
    "to",
    "with",
    "from",
    "by",
    "or",
    "at",
    "is",
    "it",
    "de",
    "la",
    "le",
    "les",
    "el",
    "los",
    "las",
    "del",
    "der",
    "die",
    "das",
    "und",
    "mit",
    "von",
    "aus",
    "im",
    "des",
    "du",
    "et",
    "en",
    "di",
    "e",
    "y",
    "o",
    "da",
    "do",
    "dos",
    "com",
    "con",
    "van",
    "een",
    "het",
    "i",
    "w",
    "z",
    "na",
    "dan",
    "dengan",
    "new",
    "neu",
    "nuevo",
    "nouveau",
    "hot",
    "sale",
    "original",
    "pcs",
    "pc",
    "piece",
    "pieces",
    "pack",
    "packs",
    "set",
    "sets",
    "lot",
    "pair",
    "pairs",
    "size",
    "x",
    "xl",
    "xxl",
    "s",
    "m",
    "l",
    "ml",
    "kg",
    "g",
    "cm",
    "mm",
    "inch",
    "stuck",
    "stk",
    "stck",
    "free",
    "shipping",
    "style",
    "fashion",
    "best",
    "high",
    "quality",
    "premium",
    "luxury",
    "good",
    "1",
    "2",
    "other",
    "others",
    "type",
    "model",
    "item",
    "item",
    "combo",
    "cod",
    "ready",
    "stock",
    "spare",
    "part",
    "parts",
    "accessory",
    "accessories",
    "replacement",
    "gift",
    "sample",
    "goods",
    "tela",
    "no",
    "non",
    "not",
    "t",
    "v",
];

/// Words that make of the goods a part or companion of others, under whose code they may rightly stand.
const SPARE: &[&str] = &[
    "spare",
    "part",
    "parts",
    "replacement",
    "accessory",
    "accessories",
    "ersatzteil",
    "ersatzteile",
    "zubehor",
    "rechange",
    "repuesto",
    "repuestos",
    "ricambio",
    "ricambi",
];

/// A feature of a description.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Feature {
    /// Hash of the word or of the pair.
    pub hash: u32,
    /// A pair of neighbouring words rather than a word.
    pub pair: bool,
    /// The word stands where what the goods go with is named.
    pub companion: bool,
    /// Place of its first letter in the folded text, and of the byte after its last.
    pub span: (u16, u16),
}

/// The features of a description, in their order; `folded` receives the folded text to which their places refer.
pub fn features(description: &str, folded: &mut String, out: &mut Vec<Feature>) {
    out.clear();
    fold_words(description, folded);
    let start = folded.as_ptr() as usize;
    let mut before: Option<(u64, u16, bool)> = None;
    let mut companions = 0;
    let (mut seen_goods, mut spare) = (false, false);
    for word in tokens(folded).take(WORDS) {
        let place = word.as_ptr() as usize - start;
        let Ok(from) = u16::try_from(place) else { break };
        let to = from.saturating_add(u16::try_from(word.len()).unwrap_or(u16::MAX));
        if FOR.contains(&word) || FITS.contains(&word) {
            // "For women: dress" names the goods after it; only behind goods does it name their companion.
            companions = if seen_goods { COMPANIONS } else { 0 };
            before = None;
            continue;
        }
        spare |= SPARE.contains(&word);
        if IDLE.contains(&word) || !tells(word) {
            before = None;
            continue;
        }
        let stem = xxh3_64(stem(word).as_bytes());
        let companion = companions > 0;
        companions = companions.saturating_sub(1);
        add(out, Feature { hash: stem as u32, pair: false, companion, span: (from, to) });
        if let Some((first, first_from, first_companion)) = before
            && first_companion == companion
        {
            add(out, Feature { hash: pair(first, stem), pair: true, companion, span: (first_from, to) });
        }
        before = Some((stem, from, companion));
        seen_goods = true;
    }
    if spare {
        out.iter_mut().for_each(|f| f.companion = true);
    }
}

/// Keeps the first of equal features: a word said twice says no more.
fn add(out: &mut Vec<Feature>, feature: Feature) {
    if !out.iter().any(|f| (f.hash, f.pair) == (feature.hash, feature.pair)) {
        out.push(feature);
    }
}

/// Hash of two neighbouring words.
fn pair(first: u64, second: u64) -> u32 {
    (first.rotate_left(21) ^ second.wrapping_mul(0x9E37_79B9_7F4A_7C15)) as u32
}

/// Whether a word can tell goods: letters in it, and neither a measure (`500ml`) nor a part number of mostly digits.
fn tells(word: &str) -> bool {
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    let digits = word.len() - letters;
    letters >= 2 && (digits == 0 || letters > digits) && word.len() <= 60
}

/// The word without the endings of the plural in English and the Romance languages.
fn stem(word: &str) -> &str {
    if word.len() > 4 {
        for ending in ["ies", "es", "s"] {
            if let Some(stem) = word.strip_suffix(ending)
                && stem.len() >= 3
                && !stem.ends_with('s')
            {
                // "es" only after a hiss: dishes, boxes, watches.
                let hiss = stem.ends_with("sh")
                    || stem.ends_with("ch")
                    || stem.ends_with('x')
                    || stem.ends_with('z');
                if ending == "es" && !hiss {
                    continue;
                }
                return stem;
            }
        }
    }
    word.strip_suffix('y').filter(|s| s.len() >= 4).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<(String, bool, bool)> {
        let (mut folded, mut out) = (String::new(), Vec::new());
        features(text, &mut folded, &mut out);
        let cut = |f: &Feature| folded[usize::from(f.span.0)..usize::from(f.span.1)].to_owned();
        out.iter().map(|f| (cut(f), f.pair, f.companion)).collect()
    }

    #[test]
    fn words_and_pairs_with_what_the_goods_go_with() {
        let found = words("Silicone Case (2 pcs, 500ml) for Samsung Galaxy S21");
        let plain: Vec<&str> = found.iter().map(|f| f.0.as_str()).collect();
        assert_eq!(plain, ["silicone", "case", "silicone case", "samsung", "galaxy", "samsung galaxy"]);
        assert!(found[3..].iter().all(|f| f.2) && found[..3].iter().all(|f| !f.2));
        assert!(words("for women: dress").iter().all(|f| !f.2), "nothing stands before the for");
    }

    #[test]
    fn plurals_meet_and_repeats_count_once() {
        let hash = |text: &str| {
            let (mut folded, mut out) = (String::new(), Vec::new());
            features(text, &mut folded, &mut out);
            out[0].hash
        };
        assert_eq!(hash("watches"), hash("watch"));
        assert_eq!(hash("batteries"), hash("battery"));
        assert_eq!(hash("shoes"), hash("shoe"));
        assert_ne!(hash("glass"), hash("glas"));
        assert_eq!(words("shoe shoes shoe").iter().filter(|f| !f.1).count(), 1);
    }
}
