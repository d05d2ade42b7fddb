//! Duty and tax on a consignment, by the rates of a dated table.

use super::regimes::Terms;
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
