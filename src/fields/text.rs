//! Folding of free text to plain lower-case ASCII words.

use any_ascii::any_ascii_char;

/// Byte class in the folding table: the byte separates words.
const SPACE: u8 = 0;
/// Byte class in the folding table: the byte vanishes without separating words.
const DROP: u8 = 1;

/// What each ASCII byte becomes: itself in lower case, [`SPACE`] or [`DROP`].
const TABLE: [u8; 128] = {
    let mut table = [SPACE; 128];
    let mut byte = 0;
    while byte < 128 {
        let b = byte as u8;
        if b.is_ascii_alphanumeric() {
            table[byte] = b.to_ascii_lowercase();
        }
        byte += 1;
    }
    table[b'\'' as usize] = DROP;
    table[b'`' as usize] = DROP;
    table
};

/// Folds a name or an address into `out`, which is cleared first: ASCII letters in lower case,
/// digits, and single spaces between words.
///
/// Other scripts are transliterated. German `ä ö ü`, their spellings `ae oe ue` and the bare vowels
/// `a o u` all become the bare vowel, so that `Müller`, `Mueller` and `Muller` meet; `ß` becomes
/// `ss`, `ø œ` become `o`, `å æ` become `a`. Apostrophes vanish (`O'Brien` is `obrien`); other
/// punctuation separates words. The result folds to itself.
///
/// What this merges wrongly: every `e` after `a`, `o` or `u` is lost, so `Joe` meets `Jo`, `Yue`
/// meets `Yu`, `Bauer` meets `Baur` and `blue` reads `blu`. Word lists compared with folded text
/// must be folded too. Danish `aa` for `å` and Ukrainian or Chinese romanisation variants stay apart.
///
/// Cost: one pass, no allocation once `out` has grown to the longest text.
pub fn fold(text: &str, out: &mut String) {
    out.clear();
    append::<true>(text, out);
}

/// As [`fold`], but keeps `ae oe ue` as written (`ä` still becomes `a`); for goods descriptions,
/// where `shoes` should stay `shoes`.
pub fn fold_words(text: &str, out: &mut String) {
    out.clear();
    append::<false>(text, out);
}

/// A folded copy of `text`, for building tables; one allocation.
pub fn folded(text: &str) -> String {
    let mut out = String::new();
    fold(text, &mut out);
    out
}

/// The words of folded text.
pub fn tokens(folded: &str) -> impl Iterator<Item = &str> {
    folded.split_ascii_whitespace()
}

/// Folds `text` behind what `out` already holds, which must be folded or empty; the two are
/// separated by a space.
pub(super) fn fold_append(text: &str, out: &mut String) {
    append::<true>(text, out);
}

fn append<const CONTRACT: bool>(text: &str, out: &mut String) {
    let mut folder = Folder { bytes: std::mem::take(out).into_bytes(), gap: false };
    folder.gap = !folder.bytes.is_empty();
    folder.bytes.reserve(text.len());
    if text.is_ascii() {
        for &byte in text.as_bytes() {
            folder.push::<CONTRACT>(byte);
        }
    } else {
        for character in text.chars() {
            if character.is_ascii() {
                folder.push::<CONTRACT>(character as u8);
                continue;
            }
            let ascii = any_ascii_char(character);
            if ascii.is_empty() && !is_mark(character) {
                folder.gap = !folder.bytes.is_empty();
            }
            for &byte in ascii.as_bytes() {
                folder.push::<CONTRACT>(byte);
            }
        }
    }
    *out = String::from_utf8(folder.bytes).unwrap_or_default();
}

/// Combining marks, joiners and the like: they belong to the letter before them.
fn is_mark(character: char) -> bool {
    matches!(character as u32, 0xAD | 0x300..=0x36F | 0x200B..=0x200F | 0x2060..=0x2064 | 0xFE00..=0xFE0F | 0xFEFF)
}

struct Folder {
    bytes: Vec<u8>,
    gap: bool,
}

impl Folder {
    #[inline(always)]
    fn push<const CONTRACT: bool>(&mut self, byte: u8) {
        match TABLE[usize::from(byte & 0x7F)] {
            SPACE => self.gap = !self.bytes.is_empty(),
            DROP => {}
            letter => {
                if self.gap {
                    self.bytes.push(b' ');
                    self.gap = false;
                } else if CONTRACT && letter == b'e' && matches!(self.bytes.last(), Some(b'a' | b'o' | b'u'))
                {
                    return;
                }
                self.bytes.push(letter);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn umlauts_meet() {
        for spelling in ["Müller", "Mueller", "MULLER", "Mu\u{308}ller", "muller"] {
            assert_eq!(folded(spelling), "muller");
        }
        assert_eq!(folded("Straße"), "strasse");
        assert_eq!(folded("Søren Ångström"), "soren angstrom");
        assert_eq!(folded("Łódź"), "lodz");
        assert_eq!(folded("aee a'e"), "a a");
    }

    #[test]
    fn punctuation_and_scripts() {
        assert_eq!(folded("  O'Brien & Sons,  Ltd. "), "obrien sons ltd");
        assert_eq!(folded("O’Brien"), "obrien");
        assert_eq!(folded("a\u{a0}b\u{2003}c\td\u{200b}e"), "a b c de");
        assert_eq!(folded("Иванов"), "ivanov");
        assert_eq!(folded("深圳"), "shenzhen");
        assert_eq!(folded("--- !!"), "");
        assert_eq!(folded(""), "");
    }

    #[test]
    fn descriptions_keep_their_letters() {
        let mut out = String::from("rest");
        fold_words("Blue Shoes für Müller", &mut out);
        assert_eq!(out, "blue shoes fur muller");
        assert_eq!(tokens(&out).collect::<Vec<_>>(), ["blue", "shoes", "fur", "muller"]);
    }

    #[test]
    fn appending_separates() {
        let mut out = folded("x o");
        fold_append(" e,f", &mut out);
        assert_eq!(out, "x o e f");
        fold_append("--", &mut out);
        assert_eq!(out, "x o e f");
    }

    proptest! {
        #[test]
        fn folding_is_idempotent_and_plain(text in "\\PC*|.*|[aoeu' ]*") {
            let once = folded(&text);
            prop_assert!(once.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b' ')));
            prop_assert!(!once.starts_with(' ') && !once.ends_with(' ') && !once.contains("  "));
            prop_assert_eq!(&folded(&once), &once);
            let mut words = String::new();
            fold_words(&text, &mut words);
            let mut again = String::new();
            fold_words(&words, &mut again);
            prop_assert_eq!(words, again);
        }
    }
}
