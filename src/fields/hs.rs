//! Harmonized System codes.

use super::found::Found;
use std::fmt;
use std::num::NonZeroU64;

/// Longest code kept, in digits.
const KEPT: usize = 10;
/// Longest code read, in digits.
const LONGEST: usize = 12;

/// A tariff code of 4, 6, 8 or 10 digits whose chapter exists. Ordered by its digits' value first.
///
/// Sixteen times the value plus the number of digits: a code, or the lack of one, takes eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HsCode(NonZeroU64);

/// Why a tariff code could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HsError {
    /// Nothing but white space.
    #[error("the HS code is empty; expected 6 to 10 digits")]
    Empty,
    /// Something other than digits and the separators between them.
    #[error("{0} holds characters that are not digits; expected an HS code of 6 to 10 digits")]
    NotDigits(Found),
    /// Too few or too many digits.
    #[error("{0} has {1} digits; expected an HS code of 6 to 10 digits")]
    Length(Found, usize),
    /// The first two digits name no chapter.
    #[error("{0} starts with {1:02}; expected an HS chapter from 01 to 97 other than 77")]
    Chapter(Found, u8),
    /// The third and fourth digit are zero: no heading.
    #[error("{0} names a chapter without a heading; expected an HS code of 6 to 10 digits")]
    ChapterOnly(Found),
    /// One digit repeated, or 123456.
    #[error("{0} is a placeholder; expected an HS code of 6 to 10 digits")]
    Placeholder(Found),
}

impl HsCode {
    /// `None` where there are no digits.
    fn new(value: u64, len: u8) -> Option<HsCode> {
        NonZeroU64::new(value << 4 | u64::from(len)).map(HsCode)
    }

    /// The digits as a number, leading zeros lost.
    pub const fn value(self) -> u64 {
        self.0.get() >> 4
    }

    /// Number of digits: 4, 6, 8 or 10.
    #[expect(clippy::len_without_is_empty, reason = "a code is never empty")]
    pub const fn len(self) -> u8 {
        (self.0.get() & 15) as u8
    }

    /// The first two digits.
    pub const fn chapter(self) -> u8 {
        (self.value() / 10_u64.pow(self.len() as u32 - 2)) as u8
    }

    /// The first four digits.
    pub const fn heading(self) -> u16 {
        (self.value() / 10_u64.pow(self.len() as u32 - 4)) as u16
    }

    /// The first six digits, which mean the same in all countries; `None` for a bare heading.
    pub const fn subheading(self) -> Option<u32> {
        if self.len() < 6 {
            return None;
        }
        Some((self.value() / 10_u64.pow(self.len() as u32 - 6)) as u32)
    }

    /// Whether the code has at least six digits.
    pub const fn is_subheading(self) -> bool {
        self.len() >= 6
    }
}

impl fmt::Display for HsCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$}", self.value(), width = usize::from(self.len()))
    }
}

/// Reads a tariff code of 4 to 12 digits; dots, spaces, dashes and a leading apostrophe are ignored.
///
/// Spreadsheets lose a leading zero: 5, 7 or 9 digits that do not start with 0 get it back. They also
/// append `.0`: it is dropped from a code without other dots. 4 digits are a heading only; of 11 and
/// 12 digits the first 10 are kept. No allocation except in errors.
pub fn parse_hs(text: &str) -> Result<HsCode, HsError> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(HsError::Empty);
    }
    let bare = trimmed.trim_start_matches(['\'', '’']);
    let bare = match bare.split_once('.') {
        Some((whole, "0")) if whole.len() >= 4 => whole,
        _ => bare,
    };
    let mut digits = [0_u8; LONGEST];
    let mut count = 0;
    for character in bare.chars() {
        match character {
            '0'..='9' => {
                if let Some(slot) = digits.get_mut(count) {
                    *slot = character as u8 - b'0';
                }
                count += 1;
            }
            '.' | '-' | '–' | '·' => {}
            c if c.is_whitespace() => {}
            _ => return Err(HsError::NotDigits(Found::new(trimmed))),
        }
    }
    let odd = matches!(count, 5 | 7 | 9);
    if !(4..=LONGEST).contains(&count) || (odd && digits[0] == 0 && digits[..count].iter().any(|d| *d != 0)) {
        return Err(HsError::Length(Found::new(trimmed), count));
    }
    code(&digits[..count.min(KEPT)], odd).map_err(|fault| {
        let found = Found::new(trimmed);
        match fault {
            Fault::Placeholder => HsError::Placeholder(found),
            Fault::Chapter(chapter) => HsError::Chapter(found, chapter),
            Fault::ChapterOnly => HsError::ChapterOnly(found),
        }
    })
}

enum Fault {
    Placeholder,
    Chapter(u8),
    ChapterOnly,
}

fn code(digits: &[u8], lost_zero: bool) -> Result<HsCode, Fault> {
    if digits.iter().all(|d| *d == digits[0]) || digits.starts_with(&[1, 2, 3, 4, 5, 6]) {
        return Err(Fault::Placeholder);
    }
    let value = digits.iter().fold(0, |value, digit| value * 10 + u64::from(*digit));
    // At most ten digits and a zero before nine of them.
    let len = digits.len() as u8 + u8::from(lost_zero);
    let code = HsCode::new(value, len).ok_or(Fault::Placeholder)?;
    match code.chapter() {
        1..=76 | 78..=97 if code.heading().is_multiple_of(100) => Err(Fault::ChapterOnly),
        1..=76 | 78..=97 => Ok(code),
        chapter => Err(Fault::Chapter(chapter)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn accepted() {
        for (text, expected) in [
            ("610910", "610910"),
            ("6109.10", "610910"),
            ("6109 10 00-10", "6109100010"),
            ("8517130000", "8517130000"),
            ("40900", "040900"),
            ("0409.00", "040900"),
            ("1012100", "01012100"),
            ("101210000", "0101210000"),
            ("6109", "6109"),
            ("610910001299", "6109100012"),
            ("61091000129", "6109100012"),
            ("'610910", "610910"),
            ("610910.0", "610910"),
            ("610910.00", "61091000"),
            ("9607190000.0", "9607190000"),
        ] {
            assert_eq!(parse_hs(text).unwrap().to_string(), expected, "{text}");
        }
        let code = parse_hs("040900").unwrap();
        assert_eq!(
            (code.chapter(), code.heading(), code.subheading(), code.len()),
            (4, 409, Some(40_900), 6)
        );
        let code = parse_hs("8517130000").unwrap();
        assert_eq!((code.chapter(), code.heading(), code.subheading()), (85, 8517, Some(851_713)));
        let heading = parse_hs("0409").unwrap();
        assert_eq!((heading.is_subheading(), heading.subheading(), heading.chapter()), (false, None, 4));
    }

    #[test]
    fn refused() {
        assert_eq!(parse_hs("  "), Err(HsError::Empty));
        for text in ["610910a", "9.6E+09", "HS 610910", "n/a"] {
            assert!(matches!(parse_hs(text), Err(HsError::NotDigits(_))), "{text}");
        }
        for text in ["61", "610", "6109100012991", "-", "04090"] {
            assert!(matches!(parse_hs(text), Err(HsError::Length(..))), "{text}");
        }
        for text in ["770110", "980100", "990000", "001234"] {
            assert!(matches!(parse_hs(text), Err(HsError::Chapter(..))), "{text}");
        }
        for text in ["000000", "00000", "999999", "111111", "9999999999", "12345678", "123456"] {
            assert!(matches!(parse_hs(text), Err(HsError::Placeholder(_))), "{text}");
        }
        assert!(matches!(parse_hs("610000"), Err(HsError::ChapterOnly(_))));
    }

    proptest! {
        #[test]
        fn reading_the_result_again_changes_nothing(text in "\\PC*|[0-9. ]{4,14}|[0-9]{4,12}") {
            if let Ok(code) = parse_hs(&text) {
                prop_assert_eq!(parse_hs(&code.to_string()), Ok(code));
                prop_assert!(matches!(code.len(), 4 | 6 | 8 | 10));
            }
        }
    }
}
