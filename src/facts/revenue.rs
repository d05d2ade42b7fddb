//! Duty and tax at stake in a finding: what the goods would be charged if it is right, less what they are charged as
//! declared; in the currency of the parcel's terms, never below 0.

use super::Facts;
use crate::fields::hs::parse_hs;
use crate::fields::nature::Nature;
use crate::model::money::Money;
use crate::refdata::charges::Item;
use crate::refdata::regimes::{Limit, Terms};

impl Facts<'_> {
    /// If the parcels are one consignment of their total value: shared out by value, in the order of the parcels.
    pub fn revenue_if_joined(&self, parcels: &[u32]) -> Vec<Money> {
        let Some(&first) = parcels.first() else { return Vec::new() };
        let table = &self.shipments.parcels;
        let values: Vec<Money> = parcels.iter().map(|&p| table.assessed[p as usize].max(0)).collect();
        let total = values.iter().fold(0, |sum: Money, v| sum.saturating_add(*v));
        let (mut all, mut declared): (Vec<Item>, Money) = (Vec::new(), 0);
        for &parcel in parcels {
            let items = self.items(parcel);
            declared = declared.saturating_add(self.charged(parcel, self.terms(parcel), None, &items));
            all.extend(items);
        }
        let (date, nature) = (table.date[first as usize], table.nature[first as usize]);
        let joined = self.charges.assess_at(total, self.terms(first), date, nature, false, &all).total();
        share_out(joined.saturating_sub(declared).max(0), &values)
    }

    /// If one of the parcel's lines is worth `worth` instead of what was declared. A true value over a limit loses the
    /// relief of the whole parcel.
    pub fn revenue_if_worth(&self, parcel: u32, line: usize, worth: Money) -> Money {
        let (table, at) = (&self.shipments.parcels, parcel as usize);
        let mut items = self.items(parcel);
        let declared = self.charged(parcel, self.terms(parcel), None, &items);
        let place = line.saturating_sub(table.lines(parcel).start);
        let Some(item) = items.get_mut(place) else { return 0 };
        let missing = worth.saturating_sub(item.value).max(0);
        item.value = item.value.saturating_add(missing);
        let value = table.assessed[at].saturating_add(missing);
        let (date, nature) = (table.date[at], table.nature[at]);
        let due = self.charges.assess_at(value, self.terms(parcel), date, nature, false, &items).total();
        due.saturating_sub(declared).max(0)
    }

    /// If the goods of one of the parcel's lines are of another heading than the code declared.
    pub fn revenue_if_heading(&self, parcel: u32, line: usize, heading: u16) -> Money {
        let mut items = self.items(parcel);
        let declared = self.charged(parcel, self.terms(parcel), None, &items);
        let place = line.saturating_sub(self.shipments.parcels.lines(parcel).start);
        let (Some(item), Ok(code)) = (items.get_mut(place), parse_hs(&format!("{heading:04}"))) else {
            return 0;
        };
        item.hs = Some(code);
        self.charged(parcel, self.terms(parcel), None, &items).saturating_sub(declared).max(0)
    }

    /// If the parcel is charged as any other import.
    pub fn revenue_if_refused(&self, parcel: u32) -> Money {
        let items = self.items(parcel);
        let declared = self.charged(parcel, self.terms(parcel), None, &items);
        self.charged_normally(parcel, &items).saturating_sub(declared).max(0)
    }

    /// If the parcel is charged as any other import, where it claims a limit whether or not its value is within it.
    pub fn revenue_if_limit_refused(&self, parcel: u32, claimed: &Limit) -> Money {
        let limit = Limit { amount: Money::MAX, inclusive: true, ..claimed.clone() };
        let terms = Terms { limits: vec![limit], gift: None, ..self.terms(parcel).clone() };
        let items = self.items(parcel);
        let declared = self.charged(parcel, &terms, Some(Nature::Sale), &items);
        self.charged_normally(parcel, &items).saturating_sub(declared).max(0)
    }

    /// If what is declared as a gift was sold.
    pub fn revenue_if_sold(&self, parcel: u32) -> Money {
        let (terms, items) = (self.terms(parcel), self.items(parcel));
        let sold = self.charged(parcel, terms, Some(Nature::Sale), &items);
        sold.saturating_sub(self.charged(parcel, terms, Some(Nature::Gift), &items)).max(0)
    }

    fn charged_normally(&self, parcel: u32, items: &[Item]) -> Money {
        let date = self.shipments.parcels.date[parcel as usize];
        self.charges.normal(self.terms(parcel), date, items).total()
    }

    /// What the parcel is charged under some terms, as the nature given or else as the one declared.
    fn charged(&self, parcel: u32, terms: &Terms, nature: Option<Nature>, items: &[Item]) -> Money {
        let (table, i) = (&self.shipments.parcels, parcel as usize);
        let nature = nature.unwrap_or(table.nature[i]);
        self.charges.assess_at(table.assessed[i].max(0), terms, table.date[i], nature, false, items).total()
    }

    /// The lines of a parcel as the charges take them.
    fn items(&self, parcel: u32) -> Vec<Item> {
        let lines = &self.shipments.lines;
        let item = |l: usize| Item { hs: lines.hs[l], origin: lines.origin[l], value: lines.value[l] };
        self.shipments.parcels.lines(parcel).map(item).collect()
    }
}

/// Shares an amount out in proportion to the values, to the last ten-thousandth: what rounding leaves goes to the
/// largest remainders, the first of equals. Where all values are 0 the shares are equal.
pub fn share_out(amount: Money, values: &[Money]) -> Vec<Money> {
    let weights: Vec<i128> = match values.iter().any(|&v| v > 0) {
        true => values.iter().map(|&v| i128::from(v.max(0))).collect(),
        false => vec![1; values.len()],
    };
    let all: i128 = weights.iter().sum::<i128>().max(1);
    let amount = i128::from(amount);
    let mut shares: Vec<i128> = weights.iter().map(|w| (amount * w).div_euclid(all)).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse((amount * weights[i]).rem_euclid(all)), i));
    let left = amount - shares.iter().sum::<i128>();
    for &i in order.iter().take(usize::try_from(left).unwrap_or(0)) {
        shares[i] += 1;
    }
    shares.into_iter().map(|share| Money::try_from(share).unwrap_or(Money::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_in_sharing() {
        assert_eq!(share_out(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(share_out(90, &[2, 1, 0]), [60, 30, 0]);
        assert_eq!(share_out(7, &[0, 0]), [4, 3]);
        assert_eq!(share_out(0, &[5, 9]), [0, 0]);
        assert_eq!(
            share_out(Money::MAX, &[Money::MAX, 1]).iter().map(|&s| i128::from(s)).sum::<i128>(),
            i128::from(Money::MAX)
        );
        assert!(share_out(5, &[]).is_empty());
    }
}
