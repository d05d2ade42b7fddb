//! Matching keys of telephone numbers.

/// Fewest significant digits of a number that can identify somebody.
const SHORTEST: usize = 7;
/// Digits kept.
const KEPT: usize = 9;
/// So many equal digits at the end are a placeholder.
const EQUAL_END: usize = 7;
/// Longest number read; the international plan ends at 15 digits.
const LONGEST: usize = 24;

/// The last nine significant digits of a telephone number, for matching.
///
/// A number with `+` or `00` loses its country calling code; then leading zeros go, so that
/// `+45 12 34 56 79` meets `12345679` and `+49 (0)171 1234567` meets `0171 1234567`. An extension
/// (`ext`, `x`, `#`) is cut off. A number that carries its calling code without `+` or `00` meets
/// the others only where the national number has at least nine digits.
///
/// `None` when fewer than 7 significant digits remain, when they are a counting sequence
/// (`123456789`) or when they end in seven equal digits. No allocation.
pub fn phone_key(text: &str) -> Option<u64> {
    let mut buffer = [0_u8; LONGEST];
    let mut count = 0;
    let mut plus = false;
    for character in text.chars() {
        let digit = match character {
            '0'..='9' => character as u8 - b'0',
            '０'..='９' => u8::try_from(character as u32 - '０' as u32).ok()?,
            '+' | '＋' if count == 0 => {
                plus = true;
                continue;
            }
            'x' | 'X' | 'e' | 'E' | '#' | ';' | ',' if count >= SHORTEST => break,
            _ => continue,
        };
        *buffer.get_mut(count)? = digit;
        count += 1;
    }
    let mut number = &buffer[..count];
    if let [0, 0, rest @ ..] = number {
        plus = true;
        number = rest;
    }
    if is_counting(strip_zeros(number)) || is_counting(number) {
        return None;
    }
    if plus {
        number = strip_zeros(number);
        number = number.get(calling_code_length(number)..)?;
    }
    number = strip_zeros(number);
    if number.len() < SHORTEST || is_counting(number) {
        return None;
    }
    let end = &number[number.len() - EQUAL_END..];
    if end.iter().all(|d| *d == end[0]) {
        return None;
    }
    let kept = &number[number.len().saturating_sub(KEPT)..];
    Some(kept.iter().fold(0, |key, digit| key * 10 + u64::from(*digit)))
}

fn strip_zeros(number: &[u8]) -> &[u8] {
    let start = number.iter().position(|d| *d != 0).unwrap_or(number.len());
    &number[start..]
}

/// Whether the digits count up or down by one, as in `0123456789` or `987654321`.
fn is_counting(number: &[u8]) -> bool {
    let step = |by: u8| number.windows(2).all(|pair| (pair[0] + by) % 10 == pair[1]);
    number.len() >= SHORTEST && (step(1) || step(9))
}

/// Digits of the country calling code at the start of an international number. The plan is a prefix
/// code: zones 1 and 7 have one digit, the listed codes two, all others three.
fn calling_code_length(number: &[u8]) -> usize {
    match number {
        [1 | 7, ..] => 1,
        [2, 0 | 7, ..]
        | [3, 0..=4 | 6 | 9, ..]
        | [4, 0 | 1 | 3..=9, ..]
        | [5, 1..=8, ..]
        | [6, 0..=6, ..]
        | [8, 1 | 2 | 4 | 6, ..]
        | [9, 0..=5 | 8, ..] => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_meet() {
        for text in ["+49 (0)171 1234567", "0049 171 1234567", "0171/1234567", "171-1234567", "491711234567"]
        {
            assert_eq!(phone_key(text), Some(711_234_567), "{text}");
        }
        for text in ["+45 20 44 56 79", "20445679", "0045 20445679"] {
            assert_eq!(phone_key(text), Some(20_445_679), "{text}");
        }
        assert_eq!(phone_key("+852 9123 4568"), phone_key("91234568"));
        assert_eq!(phone_key("+1 (212) 555-0187 ext. 12"), phone_key("2125550187"));
        assert_eq!(phone_key("+86 １３８1234５６７９"), phone_key("13812345679"));
    }

    #[test]
    fn placeholders_have_no_key() {
        for text in [
            "",
            "n/a",
            "123456",
            "000000000",
            "0000000",
            "123456789",
            "0123456789",
            "1234567890",
            "+49 0000000",
            "987654321",
            "99999999",
            "+48 500000000",
            "+",
            "00",
            "+123",
        ] {
            assert_eq!(phone_key(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|[+0-9 ()x]*") {
            if let Some(key) = phone_key(&text) {
                prop_assert!(key < 1_000_000_000);
            }
        }
    }
}
