//! Duty and tax on a consignment, by the rates of a dated table.
//!
//! # The table of rates
//! `data/rates_of_duty.csv` holds what comes with the program: for each country of the table of regimes its standard
//! rate of VAT or the like and an average rate of duty, with a few chapters whose rates are far from the average
//! (clothing, footwear, telephones, books). **It is a default for ranking parcels by what is at stake, not an assessment**:
//! tariffs have thousands of lines, and origin, quota and trade defence change them. An office names its own file.
//! Columns, in any order; the last three may be left out:
//!
//! | column | holds |
//! | --- | --- |
//! | `hs_prefix` | first 2 to 10 digits of the commodity code; empty: all goods |
//! | `country` | country of import, alpha-2, or `EU` for all member states |
//! | `origin` | country of origin, alpha-2; empty: any |
//! | `valid_from` | first day (`YYYY-MM-DD`); the row holds until the next day of the same prefix and origin |
//! | `rate_type` | `duty` or `tax` |
//! | `rate` | share of the value, `0.12`, or `12%`; at most 10 (1000 %) |
//! | `note`, `source`, `certainty` | what it is, where it stands, `high`, `medium` or `low` |
//!
//! The longest prefix that the code begins with wins; among rows of one prefix, those of the country itself stand before
//! those of its union, and those of the line's origin before those for any origin; then the latest day counts. Goods without
//! a code take the row without a prefix. A user's file replaces *all* built-in rows of the countries and rate types that it names.
//!
//! # Arithmetic
//! Duty is a share of the value; tax is a share of value and duty. Rates are whole millionths, amounts whole
//! ten-thousandths of a currency unit; each line's duty and tax is rounded to the nearest ten-thousandth, halves up. A
//! flat duty is taxed at the average tax rate of the lines, weighted by value. Nothing is rounded to a coin.

mod rates;

pub use self::rates::{ChargeRates, RateType};
pub use super::sheet::TableError as ChargeError;

use self::rates::Books;
use super::regimes::{Terms, Treatment};
use crate::fields::country::Country;
use crate::fields::hs::HsCode;
use crate::fields::nature::Nature;
use crate::model::money::Money;

/// One line of a consignment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Item {
    /// Commodity code, where one is known.
    pub hs: Option<HsCode>,
    /// Country of origin.
    pub origin: Country,
    /// Value in the currency of the terms.
    pub value: Money,
}

/// Duty and tax, in the currency of the terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Customs duty.
    pub duty: Money,
    /// Value added tax or its like.
    pub tax: Money,
}

impl Due {
    /// Both together.
    pub fn total(self) -> Money {
        self.duty.saturating_add(self.tax)
    }
}

/// Millionths in one.
const MILLION: i64 = 1_000_000;
/// Up to so many lines, subheadings are compared pair by pair without a buffer.
const FEW_ITEMS: usize = 32;

impl ChargeRates {
    /// What would be due without any cheaper treatment.
    pub fn normal(&self, terms: &Terms, date: i32, items: &[Item]) -> Due {
        due(&self.books(terms.country, date), date, Treatment::Normal, Treatment::Normal, items)
    }

    /// What the law charges on the consignment as it is: see [`Terms::charge`]. `excluded` says that goods of a list
    /// are in it that a limit may shut out; then the whole consignment is charged as any other import. The sum of the
    /// values is held against the limits.
    pub fn assess(&self, terms: &Terms, date: i32, nature: Nature, excluded: bool, items: &[Item]) -> Due {
        let value = items.iter().fold(0, |sum: Money, item| sum.saturating_add(item.value));
        self.assess_at(value, terms, date, nature, excluded, items)
    }

    /// The same where another value is held against the limits: that of all parcels which the law adds together, or
    /// one on the basis of the terms, with freight where that is CIF.
    pub fn assess_at(
        &self,
        value: Money,
        terms: &Terms,
        date: i32,
        nature: Nature,
        excluded: bool,
        items: &[Item],
    ) -> Due {
        let charge = terms.charge(nature, excluded, value);
        due(&self.books(terms.country, date), date, charge.duty, charge.tax, items)
    }
}

fn due(books: &Books<'_>, date: i32, duty: Treatment, tax: Treatment, items: &[Item]) -> Due {
    let mut sum = Due::default();
    let (mut value_sum, mut weighted, mut first) = (0_i128, 0_i128, None);
    for item in items {
        let value = item.value.max(0);
        let item_duty = match duty {
            Treatment::Normal => share(value, books.rate(RateType::Duty, date, item.hs, item.origin)),
            Treatment::Rate(rate) => share(value, millionths(rate)),
            Treatment::Free | Treatment::FlatPerItem(_) | Treatment::FlatPerParcel(_) => 0,
        };
        let tax_rate = match tax {
            Treatment::Normal => books.rate(RateType::Tax, date, item.hs, item.origin),
            Treatment::Rate(rate) => millionths(rate),
            Treatment::Free | Treatment::FlatPerItem(_) | Treatment::FlatPerParcel(_) => 0,
        };
        sum.duty = sum.duty.saturating_add(item_duty);
        sum.tax = sum.tax.saturating_add(share(value.saturating_add(item_duty), tax_rate));
        value_sum += i128::from(value);
        weighted += i128::from(value) * i128::from(tax_rate);
        first = first.or(Some(tax_rate));
    }
    let flat = |treatment| match treatment {
        Treatment::FlatPerItem(amount) => amount.saturating_mul(subheadings(items)),
        Treatment::FlatPerParcel(amount) if !items.is_empty() => amount,
        _ => 0,
    };
    let flat_duty = flat(duty);
    if flat_duty > 0 {
        let flat_tax = match first {
            _ if value_sum > 0 => divide(i128::from(flat_duty) * weighted, value_sum * i128::from(MILLION)),
            Some(rate) => share(flat_duty, rate),
            None => 0,
        };
        sum.duty = sum.duty.saturating_add(flat_duty);
        sum.tax = sum.tax.saturating_add(flat_tax);
    }
    sum.tax = sum.tax.saturating_add(flat(tax));
    sum
}

/// Tariff subheadings in a consignment; a line without one counts by itself.
fn subheadings(items: &[Item]) -> i64 {
    let subheading = |item: &Item| item.hs.and_then(HsCode::subheading);
    let distinct = if items.len() <= FEW_ITEMS {
        let new =
            |place: usize, code: u32| !items[..place].iter().any(|other| subheading(other) == Some(code));
        items
            .iter()
            .enumerate()
            .filter(|(place, item)| subheading(item).is_none_or(|code| new(*place, code)))
            .count()
    } else {
        let mut codes: Vec<u32> = items.iter().filter_map(subheading).collect();
        let without = items.len() - codes.len();
        codes.sort_unstable();
        codes.dedup();
        without + codes.len()
    };
    i64::try_from(distinct).unwrap_or(i64::MAX)
}

/// A treatment's share in millionths; the table has no finer ones.
fn millionths(share: f64) -> i64 {
    (share * MILLION as f64).round() as i64
}

/// A share of an amount, to the nearest ten-thousandth, halves up.
fn share(amount: Money, millionths: i64) -> Money {
    divide(i128::from(amount) * i128::from(millionths), i128::from(MILLION))
}

fn divide(amount: i128, by: i128) -> Money {
    Money::try_from((amount + by / 2) / by).unwrap_or(Money::MAX)
}

#[cfg(test)]
mod tests;
