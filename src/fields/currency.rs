//! Currencies from codes and signs.

use super::found::Found;
use super::lists::rows;
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

/// A currency: the three letters of its ISO 4217 code, five bits each, so that the order is that of
/// the codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency(u16);

/// Why a currency could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CurrencyError {
    /// Nothing but white space.
    #[error("the currency is empty; expected an ISO 4217 code such as EUR")]
    Empty,
    /// A sign that several currencies share.
    #[error("{0} can mean {1}; expected an ISO 4217 code")]
    Ambiguous(Found, &'static str),
    /// Neither an active code nor a known sign.
    #[error("{0} is not an active currency; expected an ISO 4217 code such as EUR")]
    Unknown(Found),
}

impl Currency {
    /// The euro, through which all rates cross.
    pub const EUR: Currency =
        Currency((b'E' - b'A') as u16 * 1024 + (b'U' - b'A') as u16 * 32 + (b'R' - b'A') as u16);

    /// The code's three letters.
    pub const fn letters(self) -> [u8; 3] {
        [b'A' + ((self.0 >> 10) & 31) as u8, b'A' + ((self.0 >> 5) & 31) as u8, b'A' + (self.0 & 31) as u8]
    }

    /// The packed code, for columns and keys.
    pub const fn packed(self) -> u16 {
        self.0
    }

    /// The currency of a packed code, if it is an active one.
    pub fn from_packed(packed: u16) -> Option<Self> {
        entry(packed).map(|_| Currency(packed))
    }

    /// Decimals of the currency's smallest unit: 2 for the euro, 0 for the yen.
    pub fn minor_units(self) -> u8 {
        entry(self.0).map_or(2, |e| e.minor_units)
    }

    /// The English name.
    pub fn name(self) -> &'static str {
        entry(self.0).map_or("", |e| e.name.as_str())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.letters() {
            write!(f, "{}", char::from(letter))?;
        }
        Ok(())
    }
}

/// Reads a currency from its ISO 4217 code in any case, or from a sign or trade name that stands for
/// one currency (`€`, `£`, `US$`, `RMB`). `$` and `¥` are refused as ambiguous.
///
/// Active codes are found without allocation.
pub fn parse_currency(text: &str) -> Result<Currency, CurrencyError> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(CurrencyError::Empty);
    }
    if let Some(packed) = pack(trimmed.as_bytes())
        && entry(packed).is_some()
    {
        return Ok(Currency(packed));
    }
    let sign: String = trimmed.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect();
    match ALIASES.get(sign.as_str()) {
        Some(Alias::One(currency)) => Ok(*currency),
        Some(Alias::Several(codes)) => Err(CurrencyError::Ambiguous(Found::new(trimmed), codes)),
        None => Err(CurrencyError::Unknown(Found::new(trimmed))),
    }
}

#[inline]
fn pack(bytes: &[u8]) -> Option<u16> {
    let letters: &[u8; 3] = bytes.try_into().ok()?;
    letters.iter().try_fold(0, |packed, letter| {
        letter.is_ascii_alphabetic().then(|| packed << 5 | u16::from(letter.to_ascii_uppercase() - b'A'))
    })
}

struct Entry {
    packed: u16,
    minor_units: u8,
    name: String,
}

fn entry(packed: u16) -> Option<&'static Entry> {
    let entries: &'static [Entry] = &ENTRIES;
    entries.binary_search_by_key(&packed, |e| e.packed).ok().map(|i| &entries[i])
}

/// Active currencies, in the order of their codes.
static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let mut entries: Vec<Entry> = rows(include_str!("data/currencies.csv"))
        .filter_map(|row| {
            let packed = pack(row.get(0)?.as_bytes())?;
            let minor_units = row.get(1)?.parse().ok()?;
            Some(Entry { packed, minor_units, name: row.get(2)?.to_owned() })
        })
        .collect();
    entries.sort_unstable_by_key(|e| e.packed);
    entries
});

enum Alias {
    One(Currency),
    Several(String),
}

static ALIASES: LazyLock<HashMap<String, Alias>> = LazyLock::new(|| {
    rows(include_str!("data/currency_aliases.csv"))
        .filter_map(|row| {
            let (alias, codes) = (row.get(0)?.to_owned(), row.get(1)?);
            Some(match pack(codes.as_bytes()) {
                Some(packed) => (alias, Alias::One(Currency(packed))),
                None => (alias, Alias::Several(codes.replace('|', " or "))),
            })
        })
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_and_signs() {
        for (text, expected) in [
            ("EUR", "EUR"),
            (" usd ", "USD"),
            ("€", "EUR"),
            ("£", "GBP"),
            ("RMB", "CNY"),
            ("rmb", "CNY"),
            ("US $", "USD"),
            ("zł", "PLN"),
            ("Kč", "CZK"),
            ("HK$", "HKD"),
            ("Euro", "EUR"),
        ] {
            assert_eq!(parse_currency(text).unwrap().to_string(), expected, "{text}");
        }
        let yen = parse_currency("JPY").unwrap();
        assert_eq!((yen.minor_units(), yen.name()), (0, "Yen"));
        assert_eq!(parse_currency("KWD").unwrap().minor_units(), 3);
    }

    #[test]
    fn errors() {
        assert_eq!(parse_currency(""), Err(CurrencyError::Empty));
        for text in ["$", "¥", "￥", "kr"] {
            assert!(matches!(parse_currency(text), Err(CurrencyError::Ambiguous(..))), "{text}");
        }
        for text in ["ABC", "DEM", "EU", "E1R", "XXX", "ÄÖÜ"] {
            assert!(matches!(parse_currency(text), Err(CurrencyError::Unknown(_))), "{text}");
        }
        let message = parse_currency("¥").unwrap_err().to_string();
        assert_eq!(message, "\"¥\" can mean CNY or JPY; expected an ISO 4217 code");
    }

    #[test]
    fn the_lists_are_sound() {
        let expected = include_str!("data/currencies.csv").lines().count() - 1;
        assert_eq!(ENTRIES.len(), expected);
        assert!(expected > 150 && ENTRIES.windows(2).all(|w| w[0].packed < w[1].packed));
        for row in rows(include_str!("data/currency_aliases.csv")) {
            let (alias, codes) = (&row[0], &row[1]);
            assert!(codes.split('|').all(|c| parse_currency(c).is_ok()), "{alias}");
            assert_eq!(alias.to_uppercase(), alias);
            assert!(!matches!(parse_currency(alias), Err(CurrencyError::Unknown(_))), "{alias}");
        }
    }

    proptest! {
        #[test]
        fn reading_the_result_again_changes_nothing(text in "\\PC*|[A-Za-z]{3}") {
            if let Ok(currency) = parse_currency(&text) {
                prop_assert_eq!(parse_currency(&currency.to_string()), Ok(currency));
                prop_assert_eq!(Currency::from_packed(currency.packed()), Some(currency));
            }
        }
    }
}
