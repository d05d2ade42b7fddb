//! What a declaration claims by its additional procedure codes or by a tax scheme's number.
//!
//! A manifest without such codes claims nothing that can be seen, and a dear parcel in it is as honest as any other.

use crate::fields::country::{Country, parse_country};
use std::sync::LazyLock;

/// A cheaper treatment that a record claims, and so the limit that it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Relief for goods of low value: the limit for goods that were sold.
    Relief,
    /// Relief for gifts between private persons: the limit for gifts.
    Gift,
    /// A simplified way of paying tax that is open up to the limit for goods that were sold.
    Scheme,
    /// The number under which such a scheme's tax was paid.
    Number,
}

/// A code and what it claims.
#[derive(Clone, Debug)]
pub struct Procedure {
    /// The code as declared.
    pub code: &'static str,
    /// What it claims.
    pub claim: Claim,
    /// What it stands for, to follow "that is".
    pub meaning: &'static str,
    /// Where the law stands.
    pub source: &'static str,
    territory: Vec<Country>,
}

static SHIPPED: LazyLock<Vec<Procedure>> =
    LazyLock::new(|| include_str!("data/procedure_codes.csv").lines().skip(1).filter_map(read).collect());

fn read(line: &'static str) -> Option<Procedure> {
    let mut cells = line.splitn(5, ',').map(|cell| cell.trim_matches('"'));
    let code = cells.next()?;
    let claim = match cells.next()? {
        "relief" => Claim::Relief,
        "gift" => Claim::Gift,
        "scheme" => Claim::Scheme,
        "number" => Claim::Number,
        _ => return None,
    };
    let mut territory: Vec<Country> =
        cells.next()?.split(' ').filter_map(|c| parse_country(c).ok()).collect();
    territory.sort_unstable();
    Some(Procedure { code, claim, meaning: cells.next()?, source: cells.next()?, territory })
}

impl Procedure {
    /// Whether the code means something in a country of import.
    pub fn holds_in(&self, destination: Country) -> bool {
        self.territory.binary_search(&destination).is_ok()
    }
}

/// The table, at most seven rows.
pub fn procedures() -> &'static [Procedure] {
    &SHIPPED
}

/// Rows of the table that a text of codes names, bit `i` for row `i`.
pub fn claims_of_codes(text: &str) -> u8 {
    let codes = || text.split(|c: char| !c.is_ascii_alphanumeric());
    rows(|p| p.claim != Claim::Number && codes().any(|code| code.eq_ignore_ascii_case(p.code)))
}

/// Rows of the table that a scheme's number names, bit `i` for row `i`.
pub fn claims_of_number(text: &str) -> u8 {
    if is_scheme_number(text) { rows(|p| p.claim == Claim::Number) } else { 0 }
}

fn rows(named: impl Fn(&Procedure) -> bool) -> u8 {
    procedures().iter().enumerate().fold(0, |bits, (i, p)| if named(p) { bits | 1 << i } else { bits })
}

/// Whether the table knows how a declaration of that country claims a cheaper treatment, so that codes without a claim
/// mean that none is asked for.
pub fn covers(destination: Country) -> bool {
    SHIPPED.iter().any(|procedure| procedure.territory.contains(&destination))
}

/// Whether the text has the form of an import one-stop-shop number: `IM` and ten digits.
fn is_scheme_number(text: &str) -> bool {
    let text = text.trim().as_bytes();
    text.len() == 12 && text[..2].eq_ignore_ascii_case(b"IM") && text[2..].iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(codes: &str, number: &str, country: &str) -> Vec<&'static str> {
        let (bits, country) =
            (claims_of_codes(codes) | claims_of_number(number), parse_country(country).unwrap());
        let named =
            procedures().iter().enumerate().filter(|(i, p)| bits & (1 << i) != 0 && p.holds_in(country));
        named.map(|(_, p)| p.code).collect()
    }

    #[test]
    fn every_row_is_read() {
        let lines = include_str!("data/procedure_codes.csv").lines().count();
        assert_eq!(SHIPPED.len(), lines - 1);
        assert!(SHIPPED.len() <= 7, "one bit of a byte each, and one is taken");
        for procedure in SHIPPED.iter() {
            assert!(procedure.territory.len() >= 28, "{}", procedure.code);
            assert!(!procedure.meaning.is_empty() && !procedure.source.is_empty());
        }
    }

    #[test]
    fn codes_and_numbers_claim_where_their_law_holds() {
        assert_eq!(found("C07 F48", "", "DE"), ["C07", "F48"]);
        assert_eq!(found("4000;c08", "", "FR"), ["C08"]);
        assert_eq!(found("", "IM2760000012", "PL"), ["IOSS"]);
        assert_eq!(found("F49", "", "IT"), ["F49"]);
        assert_eq!(found("C07 F48", "IM2760000012", "GB"), ["C07"], "the one-stop shop is the Union's");
        assert_eq!(found("C07", "IM2760000012", "US"), [""; 0]);
        assert_eq!(found("C071 XC07", "GB123456789", "DE"), [""; 0]);
        assert_eq!(found("", "", "DE"), [""; 0]);
    }
}
