//! Duty and tax at stake in a finding.

use super::Facts;
use crate::model::money::Money;
use crate::refdata::charges::Item;

impl Facts<'_> {
    /// Duty and tax that the parcels would cost as one consignment of their total value, less what they cost as declared,
    /// shared out by value; the amounts stand in the order of the parcels, in the currency of the first one's terms.
    pub fn revenue_if_joined(&self, parcels: &[u32]) -> Vec<Money> {
        let Some(&first) = parcels.first() else {
            return Vec::new();
        };
        let table = &self.shipments.parcels;
        let values: Vec<Money> = parcels.iter().map(|&p| table.assessed[p as usize].max(0)).collect();
        let total = values.iter().fold(0, |sum: Money, v| sum.saturating_add(*v));
        let (mut all, mut declared): (Vec<Item>, Money) = (Vec::new(), 0);
        for (&parcel, &value) in parcels.iter().zip(&values) {
            let own = all.len();
            self.add_items(parcel, &mut all);
            let i = parcel as usize;
            let due = self.charges.assess_at(
                value,
                self.terms(parcel),
                table.date[i],
                table.nature[i],
                false,
                &all[own..],
            );
            declared = declared.saturating_add(due.total());
        }
        let i = first as usize;
        let joined = self
            .charges
            .assess_at(total, self.terms(first), table.date[i], table.nature[i], false, &all)
            .total();
        share_out(joined.saturating_sub(declared).max(0), &values)
    }

    /// The lines of a parcel as the charges take them.
    fn add_items(&self, parcel: u32, items: &mut Vec<Item>) {
        let lines = &self.shipments.lines;
        items.extend(self.shipments.parcels.lines(parcel).map(|line| Item {
            hs: lines.hs[line],
            origin: lines.origin[line],
            value: lines.value[line],
        }));
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
