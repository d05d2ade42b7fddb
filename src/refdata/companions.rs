//! Words by which a description names what the goods go with, not what they are.

/// Words after which stands what the goods go with: "case for smartphone".
pub const FOR: [&str; 11] =
    ["for", "fur", "pour", "para", "per", "voor", "til", "till", "dla", "untuk", "dlya"];

/// Words that say so wherever they stand: "iPhone compatible".
pub const FITS: [&str; 4] = ["compatible", "fits", "kompatibel", "cocok"];

/// Words after which stands what comes along with the goods: "watch with box".
pub const WITH: [&str; 12] =
    ["with", "w", "mit", "avec", "con", "com", "met", "incl", "including", "inkl", "plus", "dengan"];

/// Goods that bear a thing's name because they go with it, and words for what only looks like it.
pub const COMPANIONS: [&str; 32] = [
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

/// Whether the thing named by the word at `at` is what the goods go with: "case for a phone" and "phone case", but neither
/// "phone with case" nor "shoes for men".
pub fn goes_with(words: &[&str], at: usize) -> bool {
    let along = words.iter().position(|w| WITH.contains(w)).unwrap_or(words.len());
    // "For men: shoes" names the goods after it.
    words[..at].iter().skip(1).any(|w| FOR.contains(w))
        || words.iter().any(|w| FITS.contains(w))
        || words[..along].iter().any(|w| COMPANIONS.contains(w))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goods_go_with_is_told_from_what_comes_with_them() {
        let companion = |text: &str| {
            let words: Vec<&str> = text.split(' ').collect();
            goes_with(&words, words.iter().position(|&w| w == "brand").unwrap())
        };
        for text in ["case for brand phone", "brand phone case", "brand compatible cable", "hulle fur brand"]
        {
            assert!(companion(text), "{text}");
        }
        for text in ["brand shoes for men", "brand watch with box", "for men brand shoes", "brand bag"] {
            assert!(!companion(text), "{text}");
        }
    }
}
