//! What goods cost at the least: the price of their raw material per kg, from a dated table.
//!
//! `data/raw_materials.csv` comes with the program; each row names its source. Columns, in any order; the last three may
//! be left out:
//!
//! | column | holds |
//! | --- | --- |
//! | `hs_prefix` | first 2, 4 or 6 digits of the commodity code; the longest that fits counts |
//! | `valid_from` | first day (`YYYY-MM-DD`); the row holds until the next day of the same prefix, the first one also before |
//! | `material` | what the goods are made of, in words |
//! | `share` | least share of the goods' net weight that is the material; 0: no floor (waste, worn goods) |
//! | `price` | of the material, per kg |
//! | `currency` | of the price |
//! | `per_euro` | units of that currency per euro, for nights without a table of rates |
//! | `note`, `source`, `certainty` | what it is, where it stands, `high`, `medium` or `low` |
//!
//! A user's file replaces the built-in rows of the prefixes that it names.

use super::rates::Rates;
use super::regimes::Terms;
use super::sheet::{Row, Sheet, TableError, decimal};
use crate::fields::currency::{Currency, parse_currency};
use crate::fields::date::iso_text;
use crate::fields::hs::HsCode;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

const COLUMNS: &[&str] = &[
    "hs_prefix",
    "valid_from",
    "material",
    "share",
    "price",
    "currency",
    "per_euro",
    "note",
    "source",
    "certainty",
];
const REQUIRED: usize = 7;
/// Digits of a price and of a share that are read.
const DECIMALS: usize = 6;

/// A row of the table.
#[derive(Clone, Debug, PartialEq)]
struct Material {
    prefix: u32,
    valid_from: i32,
    material: String,
    share: f64,
    price: f64,
    currency: Currency,
    per_euro: f64,
}

/// The table.
#[derive(Clone, Debug)]
pub struct RawMaterials {
    rows: Vec<Material>,
}

/// Least price per kg of goods, in the currency of the terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Floor {
    /// What the goods are made of.
    pub material: String,
    /// Price of the material per kg.
    pub material_per_kg: f64,
    /// Least share of it in the goods' net weight.
    pub share: f64,
    /// Day of the price, ISO 8601.
    pub as_of: String,
}

impl Floor {
    /// Least price per kg of the goods.
    pub fn per_kg(&self) -> f64 {
        self.material_per_kg * self.share
    }
}

/// The floors of a night, by the terms that its parcels come under.
#[derive(Clone, Debug, Default)]
pub struct Floors {
    of: Vec<HashMap<u32, Floor>>,
}

impl RawMaterials {
    /// The built-in table, with the rows of a user's file in place of those of the same prefixes.
    ///
    /// # Errors
    /// Names the file, line and column of the first cell that cannot be used.
    pub fn load(user_file: Option<&Path>) -> Result<RawMaterials, TableError> {
        let text = include_str!("data/raw_materials.csv");
        let builtin =
            Sheet::new("built-in raw_materials.csv".to_owned(), text.as_bytes(), COLUMNS, COLUMNS.len())?;
        let mut rows = builtin.rows().map(row).collect::<Result<Vec<_>, _>>()?;
        if let Some(path) = user_file {
            let sheet = Sheet::open(path, COLUMNS, REQUIRED)?;
            let own = sheet.rows().map(row).collect::<Result<Vec<_>, _>>()?;
            let named: BTreeSet<u32> = own.iter().map(|m| m.prefix).collect();
            rows.retain(|m| !named.contains(&m.prefix));
            rows.extend(own);
        }
        rows.sort_by_key(|m| (m.prefix, m.valid_from));
        Ok(RawMaterials { rows })
    }

    /// The floors on a night in the currencies of the terms: by the night's exchange rates, or by the table's own.
    pub fn floors(&self, terms: &[Terms], rates: &Rates, night: i32) -> Floors {
        let of = terms.iter().map(|terms| {
            let mut floors = HashMap::new();
            for dated in self.rows.chunk_by(|a, b| a.prefix == b.prefix) {
                let known = dated.iter().rev().find(|m| m.valid_from <= night);
                let m = known.unwrap_or(&dated[0]);
                let table = (terms.currency == Currency::EUR && m.per_euro > 0.0).then(|| 1.0 / m.per_euro);
                let Some(factor) = rates.factor(m.currency, terms.currency, night).or(table) else {
                    continue;
                };
                let floor = Floor {
                    material: m.material.clone(),
                    material_per_kg: m.price * factor,
                    share: m.share,
                    as_of: iso_text(m.valid_from).to_string(),
                };
                floors.insert(m.prefix, floor);
            }
            floors
        });
        Floors { of: of.collect() }
    }
}

impl Floors {
    /// The floor of goods of a code under terms of a number; none where the table has none.
    pub fn of(&self, terms: u32, code: HsCode) -> Option<&Floor> {
        let floors = self.of.get(terms as usize)?;
        let subheading = code.subheading().and_then(|s| floors.get(&(1_000_000 + s)));
        let heading = || floors.get(&(10_000 + u32::from(code.heading())));
        let chapter = || floors.get(&(100 + u32::from(code.chapter())));
        subheading.or_else(heading).or_else(chapter).filter(|floor| floor.share > 0.0)
    }
}

fn row(row: Row<'_>) -> Result<Material, TableError> {
    let digits = row.get("hs_prefix");
    let known = matches!(digits.len(), 2 | 4 | 6) && digits.bytes().all(|b| b.is_ascii_digit());
    let prefix = known.then(|| digits.parse::<u32>().ok()).flatten();
    let prefix = prefix.ok_or_else(|| row.fault("hs_prefix", "2, 4 or 6 digits"))?;
    let number = |column, expected: &str| {
        let scaled = decimal(row.get(column), DECIMALS).ok_or_else(|| row.fault(column, expected))?;
        Ok(scaled as f64 / 1e6)
    };
    let share = number("share", "a share from 0 to 1, such as 0.5")?;
    if share > 1.0 {
        return Err(row.fault("share", "a share from 0 to 1, such as 0.5"));
    }
    let currency = parse_currency(row.get("currency"))
        .map_err(|_| row.fault("currency", "an ISO 4217 currency such as USD"))?;
    Ok(Material {
        // A leading 1 keeps the zeros in front.
        prefix: 10_u32.pow(digits.len() as u32) + prefix,
        valid_from: row.day("valid_from")?,
        material: row.text("material", "what the goods are made of")?.to_owned(),
        share,
        price: number("price", "a price per kg, such as 1.72")?,
        currency,
        per_euro: number("per_euro", "units of the currency per euro, such as 1.17")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::date::parse_date;
    use crate::fields::hs::parse_hs;
    use crate::refdata::regimes::{Aggregation, Basis};

    fn euro() -> Terms {
        Terms {
            country: crate::fields::country::parse_country("DE").unwrap(),
            channel: crate::model::batch::Channel::Postal,
            currency: Currency::EUR,
            basis: Basis::Intrinsic,
            aggregation: Aggregation::Consignment,
            limits: Vec::new(),
            gift: None,
        }
    }

    fn per_kg(table: &RawMaterials, code: &str) -> Option<f64> {
        let floors = table.floors(&[euro()], &Rates::default(), parse_date("2026-05-20").unwrap());
        floors.of(0, parse_hs(code).unwrap()).map(Floor::per_kg)
    }

    #[test]
    fn the_longest_prefix_counts_and_waste_has_no_floor() {
        let table = RawMaterials::load(None).unwrap();
        // 77.98 US cents a pound of cotton, half of a shirt of cotton, at 1.17 USD a euro.
        let cotton = 0.7797727 / 0.453_592_37 * 0.5 / 1.17;
        assert!((per_kg(&table, "6109100010").unwrap() - cotton).abs() < 1e-3);
        let mixed = per_kg(&table, "610990").unwrap();
        assert!(mixed > 0.1 && mixed < 0.3, "{mixed}");
        assert_eq!(per_kg(&table, "630900"), None);
        assert_eq!(per_kg(&table, "850440"), None);
        let silver = per_kg(&table, "711311").unwrap();
        assert!(silver > 500.0 && silver < 800.0, "{silver}");
    }

    #[test]
    fn a_users_rows_replace_those_of_their_prefixes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("own.csv");
        std::fs::write(&path, "hs_prefix,valid_from,material,share,price,currency,per_euro\n610910,2026-01-01,cotton,1,2.00,EUR,1\n").unwrap();
        let table = RawMaterials::load(Some(&path)).unwrap();
        assert_eq!(per_kg(&table, "610910"), Some(2.0));
        assert!(per_kg(&table, "711311").is_some());
        std::fs::write(&path, "hs_prefix,valid_from,material,share,price,currency,per_euro\n61091,2026-01-01,cotton,1,2.00,EUR,1\n").unwrap();
        let said = RawMaterials::load(Some(&path)).unwrap_err().to_string();
        assert!(said.contains("line 2") && said.contains("2, 4 or 6 digits"), "{said}");
    }
}
