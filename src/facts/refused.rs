//! Duty and tax at stake where one parcel's treatment is refused.

use super::Facts;
use crate::fields::nature::Nature;
use crate::model::money::Money;
use crate::refdata::charges::Item;
use crate::refdata::regimes::{Limit, Terms};

impl Facts<'_> {
    /// What the parcel would be charged as any other import, less what it is charged as declared; never below 0.
    pub fn revenue_if_refused(&self, parcel: u32) -> Money {
        let declared =
            self.charged(parcel, self.terms(parcel), self.shipments.parcels.nature[parcel as usize]);
        self.charged_normally(parcel).saturating_sub(declared).max(0)
    }

    /// What the parcel would be charged as any other import, less what it is charged within a limit that it claims,
    /// whether or not its value is within it; never below 0.
    pub fn revenue_if_limit_refused(&self, parcel: u32, claimed: &Limit) -> Money {
        let limit = Limit { amount: Money::MAX, inclusive: true, ..claimed.clone() };
        let terms = Terms { limits: vec![limit], gift: None, ..self.terms(parcel).clone() };
        self.charged_normally(parcel).saturating_sub(self.charged(parcel, &terms, Nature::Sale)).max(0)
    }

    /// What the parcel would be charged as a sale, less what it is charged as a gift; never below 0.
    pub fn revenue_if_sold(&self, parcel: u32) -> Money {
        let terms = self.terms(parcel);
        let sold = self.charged(parcel, terms, Nature::Sale);
        sold.saturating_sub(self.charged(parcel, terms, Nature::Gift)).max(0)
    }

    fn charged_normally(&self, parcel: u32) -> Money {
        let date = self.shipments.parcels.date[parcel as usize];
        self.charges.normal(self.terms(parcel), date, &self.items(parcel)).total()
    }

    fn charged(&self, parcel: u32, terms: &Terms, nature: Nature) -> Money {
        let date = self.shipments.parcels.date[parcel as usize];
        self.charges.assess(terms, date, nature, false, &self.items(parcel)).total()
    }

    fn items(&self, parcel: u32) -> Vec<Item> {
        let lines = &self.shipments.lines;
        let of =
            |line: usize| Item { hs: lines.hs[line], origin: lines.origin[line], value: lines.value[line] };
        self.shipments.parcels.lines(parcel).map(of).collect()
    }
}
