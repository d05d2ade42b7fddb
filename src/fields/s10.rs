//! UPU S10 item identifiers, the 13 characters under a postal parcel's bar code.

use super::country::{Country, parse_country};
use super::found::Found;
use std::fmt;

/// Weights of the eight serial digits in the check sum.
const WEIGHTS: [u32; 8] = [8, 6, 4, 2, 3, 5, 9, 7];

/// An S10 item identifier whose check digit is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct S10 {
    /// Service indicator, two capital letters: `RR`, `LX`, `CP` …
    pub service: [u8; 2],
    /// Serial number, eight digits, the check digit not included.
    pub serial: u32,
    /// ISO 3166-1 alpha-2 code of the issuing post, two capital letters, not checked against the list.
    pub issuer: [u8; 2],
}

/// Why a text is no S10 identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum S10Error {
    /// Nothing but white space.
    #[error("the item identifier is empty; expected 13 characters such as RR473124829GB")]
    Empty,
    /// Wrong length, or letters and digits in the wrong places.
    #[error("{0} is not an S10 identifier; expected two letters, nine digits and two letters")]
    Form(Found),
    /// A service indicator that the UPU has reserved.
    #[error("{0} starts with a letter that is reserved; no S10 identifier starts with J, K, S, T or W")]
    Reserved(Found),
    /// The check digit contradicts the serial number.
    #[error("{found} ends its number with {digit}; expected the check digit {expected}")]
    CheckDigit {
        /// The identifier.
        found: Found,
        /// The check digit it has.
        digit: u32,
        /// The check digit it should have.
        expected: u32,
    },
}

impl S10 {
    /// The check digit that belongs to the serial number.
    pub fn check_digit(&self) -> u32 {
        check_digit(self.serial)
    }

    /// The issuing country, where the code is one.
    pub fn issuer_country(&self) -> Option<Country> {
        std::str::from_utf8(&self.issuer).ok().and_then(|code| parse_country(code).ok())
    }
}

impl fmt::Display for S10 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b] = self.service.map(char::from);
        let [c, d] = self.issuer.map(char::from);
        write!(f, "{a}{b}{:08}{}{c}{d}", self.serial, self.check_digit())
    }
}

/// What keeps a text from being an S10 identifier.
enum Fault {
    Empty,
    Form,
    Reserved,
    CheckDigit { digit: u32, expected: u32 },
}

/// Reads an S10 identifier in any case, with spaces anywhere and with one `%` before it.
/// No allocation except in errors.
pub fn parse_s10(text: &str) -> Result<S10, S10Error> {
    read(text).map_err(|fault| {
        let found = Found::new(text.trim());
        match fault {
            Fault::Empty => S10Error::Empty,
            Fault::Form => S10Error::Form(found),
            Fault::Reserved => S10Error::Reserved(found),
            Fault::CheckDigit { digit, expected } => S10Error::CheckDigit { found, digit, expected },
        }
    })
}

/// The same where nobody asks what is wrong with a text that is none.
pub fn find_s10(text: &str) -> Option<S10> {
    read(text).ok()
}

fn read(text: &str) -> Result<S10, Fault> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(Fault::Empty);
    }
    let letters = compact(trimmed.strip_prefix('%').unwrap_or(trimmed)).ok_or(Fault::Form)?;
    let [s1, s2, digits @ .., i1, i2] = letters;
    if ![s1, s2, i1, i2].iter().all(u8::is_ascii_uppercase) || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Fault::Form);
    }
    if matches!(s1, b'J' | b'K' | b'S' | b'T' | b'W') {
        return Err(Fault::Reserved);
    }
    let number = digits.iter().fold(0, |n, digit| n * 10 + u32::from(digit - b'0'));
    let (serial, digit) = (number / 10, number % 10);
    let expected = check_digit(serial);
    if digit != expected {
        return Err(Fault::CheckDigit { digit, expected });
    }
    Ok(S10 { service: [s1, s2], serial, issuer: [i1, i2] })
}

/// The thirteen characters in upper case, without the spaces between them.
fn compact(text: &str) -> Option<[u8; 13]> {
    if let Ok(letters) = <[u8; 13]>::try_from(text.as_bytes())
        && letters.iter().all(u8::is_ascii_alphanumeric)
    {
        return Some(letters.map(|letter| letter.to_ascii_uppercase()));
    }
    let mut letters = [0; 13];
    let mut count = 0;
    for character in text.chars().filter(|c| !c.is_whitespace()) {
        let byte = u8::try_from(character).ok().filter(u8::is_ascii)?;
        *letters.get_mut(count)? = byte.to_ascii_uppercase();
        count += 1;
    }
    (count == letters.len()).then_some(letters)
}

fn check_digit(serial: u32) -> u32 {
    let mut rest = serial;
    let sum: u32 = WEIGHTS
        .iter()
        .rev()
        .map(|weight| {
            let product = rest % 10 * weight;
            rest /= 10;
            product
        })
        .sum();
    match 11 - sum % 11 {
        10 => 0,
        11 => 5,
        digit => digit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn valid() {
        for text in ["RR473124829GB", "EE471108151FR", "RR123456785GB", "LX806576725TW", "RB167995284IT"] {
            assert_eq!(parse_s10(text).unwrap().to_string(), text);
        }
        let id = parse_s10(" %rr 473 124 829 gb").unwrap();
        assert_eq!(id, S10 { service: *b"RR", serial: 47_312_482, issuer: *b"GB" });
        assert_eq!(id.issuer_country().unwrap().to_string(), "GB");
    }

    #[test]
    fn invalid() {
        assert_eq!(parse_s10(" "), Err(S10Error::Empty));
        assert!(matches!(
            parse_s10("CP001020301BR"),
            Err(S10Error::CheckDigit { digit: 1, expected: 7, .. })
        ));
        assert!(matches!(parse_s10("JR473124829GB"), Err(S10Error::Reserved(_))));
        for text in [
            "RR47312482GB",
            "RR4731248290GB",
            "R1473124829GB",
            "RR47312482XGB",
            "%",
            "RR473124829Gé",
            "1Z999AA10123456784",
        ] {
            assert!(matches!(parse_s10(text), Err(S10Error::Form(_))), "{text}");
        }
        let message = parse_s10("CP001020301BR").unwrap_err().to_string();
        assert_eq!(message, "\"CP001020301BR\" ends its number with 1; expected the check digit 7");
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|[A-Z]{2}[0-9]{9}[A-Z]{2}") {
            let _ = parse_s10(&text);
        }
        #[test]
        fn written_identifiers_read_back(serial in 0..100_000_000_u32) {
            let id = S10 { service: *b"UA", serial, issuer: *b"CN" };
            prop_assert_eq!(parse_s10(&id.to_string()), Ok(id));
        }
    }
}
