//! Countries from codes and names.

use super::found::Found;
use super::lists::rows;
use super::text::fold_words;
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

/// A country or territory: its ISO 3166-1 alpha-2 code in one number, first letter in the high byte,
/// so that the order is that of the codes. `XI` (Northern Ireland) and `XK` (Kosovo) count as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country(u16);

/// Why a country could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CountryError {
    /// Nothing but white space.
    #[error("the country is empty; expected an ISO 3166-1 alpha-2 code such as DE")]
    Empty,
    /// Neither a code nor a known name.
    #[error("{0} is not a known country; expected an ISO 3166-1 alpha-2 code such as DE")]
    Unknown(Found),
}

impl Country {
    /// The code's two letters.
    pub const fn letters(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }

    /// The packed code, for columns and keys.
    pub const fn packed(self) -> u16 {
        self.0
    }

    /// The country of a packed code, if it is one.
    pub fn from_packed(packed: u16) -> Option<Self> {
        let [a, b] = packed.to_be_bytes();
        (a.is_ascii_uppercase() && b.is_ascii_uppercase())
            .then(|| alpha2(a, b))
            .flatten()
            .filter(|country| country.0 == packed)
    }

    /// The common English name.
    pub fn name(self) -> &'static str {
        LISTS.common.get(&self.0).map_or("", String::as_str)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b] = self.letters();
        write!(f, "{}{}", char::from(a), char::from(b))
    }
}

/// Reads a country from its alpha-2 code (also `UK` for `GB` and `EL` for `GR`), its alpha-3 code, or
/// a common name in English or, for the frequent ones, another language; case does not matter.
///
/// Codes are found without allocation; names cost one.
pub fn parse_country(text: &str) -> Result<Country, CountryError> {
    let trimmed = text.trim();
    let code = match *trimmed.as_bytes() {
        [] => return Err(CountryError::Empty),
        [a, b] => alpha2(a, b),
        _ => None,
    };
    code.or_else(|| by_name(trimmed)).ok_or_else(|| CountryError::Unknown(Found::new(trimmed)))
}

#[inline]
fn alpha2(a: u8, b: u8) -> Option<Country> {
    let row = usize::from(a.to_ascii_uppercase().checked_sub(b'A')?);
    let column = usize::from(b.to_ascii_uppercase().checked_sub(b'A')?);
    if row >= 26 || column >= 26 {
        return None;
    }
    let packed = LISTS.alpha2[row * 26 + column];
    (packed != 0).then_some(Country(packed))
}

fn by_name(text: &str) -> Option<Country> {
    let mut name = String::new();
    fold_words(text, &mut name);
    if name.is_empty() {
        return None;
    }
    let bare = name.strip_prefix("the ").unwrap_or(&name);
    LISTS.names.get(bare).map(|packed| Country(*packed))
}

struct Lists {
    /// Packed code by the two letters; 0 where there is no such country.
    alpha2: [u16; 676],
    /// Packed code by folded name or alpha-3 code.
    names: HashMap<String, u16>,
    /// Common name by packed code.
    common: HashMap<u16, String>,
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let mut lists = Lists { alpha2: [0; 676], names: HashMap::new(), common: HashMap::new() };
    for row in rows(include_str!("data/countries.csv")) {
        let cell = |index| row.get(index).unwrap_or("");
        let (code, alpha3, name, aliases) = (cell(0), cell(1), cell(2), cell(3));
        let &[a, b] = code.as_bytes() else { continue };
        let packed = u16::from_be_bytes([a, b]);
        lists.common.insert(packed, name.to_owned());
        for text in [code, alpha3, name].into_iter().chain(aliases.split('|')) {
            if let &[a @ b'A'..=b'Z', b @ b'A'..=b'Z'] = text.as_bytes() {
                lists.alpha2[usize::from(a - b'A') * 26 + usize::from(b - b'A')] = packed;
            }
            let mut folded = String::new();
            fold_words(text, &mut folded);
            if !folded.is_empty() {
                let bare = folded.strip_prefix("the ").unwrap_or(&folded);
                lists.names.insert(bare.to_owned(), packed);
            }
        }
    }
    lists
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(text: &str) -> String {
        parse_country(text).map_or_else(|e| e.to_string(), |c| c.to_string())
    }

    #[test]
    fn codes_and_names() {
        for (text, expected) in [
            ("DE", "DE"),
            ("de ", "DE"),
            ("DEU", "DE"),
            ("Germany", "DE"),
            ("deutschland", "DE"),
            ("UK", "GB"),
            ("uk", "GB"),
            ("U.K.", "GB"),
            ("EL", "GR"),
            ("XI", "XI"),
            ("XK", "XK"),
            ("China", "CN"),
            ("P.R. China", "CN"),
            ("中国", "CN"),
            ("HONG KONG", "HK"),
            ("Hongkong", "HK"),
            ("United States", "US"),
            ("The United States of America", "US"),
            ("U.S.A.", "US"),
            ("Korea, Republic of", "KR"),
            ("Viet Nam", "VN"),
            ("Côte d’Ivoire", "CI"),
            ("Türkiye", "TR"),
            ("Northern Ireland", "XI"),
            ("The Netherlands", "NL"),
            ("Åland Islands", "AX"),
        ] {
            assert_eq!(code(text), expected, "{text}");
        }
        assert_eq!(parse_country("CN").unwrap().name(), "China");
    }

    #[test]
    fn errors() {
        assert_eq!(parse_country(" "), Err(CountryError::Empty));
        for text in ["ZZ", "XX", "1A", "é", "Atlantis", "--", "EU"] {
            assert!(matches!(parse_country(text), Err(CountryError::Unknown(_))), "{text}");
        }
    }

    #[test]
    fn the_list_is_whole_and_without_conflicts() {
        assert_eq!(LISTS.common.len(), 251);
        let mut seen: HashMap<String, String> = HashMap::new();
        for cells in rows(include_str!("data/countries.csv")) {
            assert_eq!(cells.len(), 4, "{cells:?}");
            for text in [&cells[1], &cells[2]].into_iter().chain(cells[3].split('|')) {
                let mut folded = String::new();
                fold_words(text, &mut folded);
                if folded.is_empty() {
                    continue;
                }
                let owner = seen.entry(folded).or_insert_with(|| cells[0].to_owned());
                assert_eq!(*owner, cells[0], "{text} stands for two countries");
                assert_eq!(code(text), cells[0], "{text}");
            }
            assert_eq!(code(&cells[0]), cells[0]);
            let country = parse_country(&cells[0]).unwrap();
            assert_eq!(Country::from_packed(country.packed()), Some(country));
        }
    }

    proptest! {
        #[test]
        fn reading_the_result_again_changes_nothing(text in "\\PC*|[A-Za-z]{2,3}") {
            if let Ok(country) = parse_country(&text) {
                prop_assert_eq!(parse_country(&country.to_string()), Ok(country));
            }
        }
        #[test]
        fn packed_codes_are_checked(packed: u16) {
            if let Some(country) = Country::from_packed(packed) {
                prop_assert_eq!(parse_country(&country.to_string()), Ok(country));
            }
        }
    }
}
