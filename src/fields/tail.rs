//! Random tails: short meaningless words put behind a name or an address so that the parcels of one
//! person no longer look alike.

use std::ops::RangeInclusive;

/// Length of the tails looked for, in characters.
const LENGTHS: RangeInclusive<usize> = 4..=6;

/// The last word of `text`, where it looks like the output of a random generator: four to six
/// characters of the Base64 alphabet that mix cases or letters and digits as no word, brand,
/// postcode or house number does (`aX3+Q`, `q7Tzb`, `x1y2z`).
///
/// About three in four random Base64 tails of five characters are found; the others look like a
/// word, a code or a number. A tail joined to the word before it is not found. No allocation.
pub fn suspicious_tail(text: &str) -> Option<&str> {
    let trimmed = text.trim_end();
    let start = trimmed
        .rfind(|c: char| c.is_whitespace() || matches!(c, ',' | ';'))
        .map_or(0, |at| at + trimmed[at..].chars().next().map_or(1, char::len_utf8));
    let word = &trimmed[start..];
    (start > 0 && is_random(word.as_bytes())).then_some(word)
}

fn is_random(word: &[u8]) -> bool {
    if !LENGTHS.contains(&word.len()) {
        return false;
    }
    let base64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    if !word.iter().all(base64) || !word.iter().any(u8::is_ascii_alphabetic) {
        return false;
    }
    if word.iter().any(|b| matches!(b, b'+' | b'=')) {
        return true;
    }
    let has = |kind: fn(&u8) -> bool| word.iter().any(kind);
    let (upper, lower, digit) =
        (has(u8::is_ascii_uppercase), has(u8::is_ascii_lowercase), has(u8::is_ascii_digit));
    let runs = runs(word);
    match (upper, lower, digit) {
        _ if word.contains(&b'/') => upper && lower && runs.len > if digit { 3 } else { 5 },
        (true, true, true) => {
            !matches!(runs.kinds(), b"Aa0" | b"0Aa" | b"0aA")
                && !matches!(word, [b'N', b'r' | b'o', b'0'..=b'9', ..])
        }
        (true, true, false) => !is_camel_case(word, &runs),
        (false, true, true) => runs.len > 3,
        (true, false, true) => runs.len > 3 && !is_postcode(word, &runs),
        _ => false,
    }
}

/// Stretches of one kind of character: `A` upper case, `a` lower case, `0` digit, `+` anything else.
struct Runs {
    kind: [u8; 6],
    len: usize,
}

impl Runs {
    fn kinds(&self) -> &[u8] {
        &self.kind[..self.len]
    }
}

fn runs(word: &[u8]) -> Runs {
    let mut runs = Runs { kind: [0; 6], len: 0 };
    for byte in word {
        let kind = match byte {
            b'A'..=b'Z' => b'A',
            b'a'..=b'z' => b'a',
            b'0'..=b'9' => b'0',
            _ => b'+',
        };
        if runs.kinds().last() != Some(&kind)
            && let Some(slot) = runs.kind.get_mut(runs.len)
        {
            *slot = kind;
            runs.len += 1;
        }
    }
    runs
}

/// Ordinary mixed case: `Anna`, `iPhone`, `eBay`, `McKay`, `GmbH`, `OBrien`, `DVDs`, `JohnD`.
fn is_camel_case(word: &[u8], runs: &Runs) -> bool {
    let capitals = word.iter().filter(|b| b.is_ascii_uppercase()).count();
    match runs.kinds() {
        b"Aa" => capitals <= 2 || word.ends_with(b"s") && capitals == word.len() - 1,
        b"aA" | b"aAa" => {
            word.len() - capitals >= 3 && capitals == 1 && word[0].is_ascii_lowercase() && {
                let first = word.iter().position(u8::is_ascii_uppercase).unwrap_or(0);
                first == 1 && word.len() > first + 2
            }
        }
        b"AaAa" => {
            let second = word.iter().skip(1).position(u8::is_ascii_uppercase).map_or(0, |at| at + 1);
            capitals == 2 && matches!(second, 2 | 3) && word.len() - second >= 3
        }
        b"AaA" => word == b"GmbH" || word == b"GesmbH" || (capitals == 2 && word.len() >= 5),
        _ => false,
    }
}

/// Codes of capitals and digits that are postcodes: British (`W1A1AA`), Canadian (`K1A0B1`).
fn is_postcode(word: &[u8], runs: &Runs) -> bool {
    let british = matches!(word, [.., digit, a, b]
        if digit.is_ascii_digit() && a.is_ascii_uppercase() && b.is_ascii_uppercase())
        && word[0].is_ascii_uppercase();
    british || (word.len() == 6 && runs.kinds() == b"A0A0A0")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn random_tails() {
        for tail in ["aX3+Q", "q7Tzb", "x1y2z", "aXbQc", "Zk9Q", "A1B2C", "bQ/d4", "fGhTq", "+a+b"] {
            let text = format!("John Smith {tail} ");
            assert_eq!(suspicious_tail(&text), Some(tail), "{tail}");
        }
    }

    #[test]
    fn ordinary_last_words() {
        for tail in [
            "Smith", "SMITH", "smith", "McKay", "DeVos", "GmbH", "iPhone", "eBay", "OBrien", "DVDs", "JohnD",
            "Flat5", "24Shop", "apt4b", "Nr12a", "12/34", "+4912", "K1A0B1", "W1A1AA", "EC1A", "1234AB",
            "10115", "AB12", "A/B", "Co/Kg", "Jürg",
        ] {
            assert_eq!(suspicious_tail(&format!("Main {tail}")), None, "{tail}");
        }
        assert_eq!(suspicious_tail("aX3+Q"), None, "a lone word is no tail");
        assert_eq!(suspicious_tail(""), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|[ a-zA-Z0-9+/=]{0,12}") {
            if let Some(tail) = suspicious_tail(&text) {
                prop_assert!(text.trim_end().ends_with(tail));
            }
        }
    }
}
