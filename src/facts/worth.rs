//! Duty and tax that a value declared too low leaves unpaid.

use super::Facts;
use crate::model::money::Money;
use crate::refdata::charges::Item;

impl Facts<'_> {
    /// Duty and tax on a parcel if one of its lines were worth `worth` instead of what was declared, less duty and tax
    /// as declared; regime's currency, never negative. A true value over a limit loses the relief of the whole parcel.
    pub fn revenue_if_worth(&self, parcel: u32, line: usize, worth: Money) -> Money {
        let (lines, parcels) = (&self.shipments.lines, &self.shipments.parcels);
        let at = parcel as usize;
        let mut items: Vec<Item> = Vec::new();
        let mut place = 0;
        for own in parcels.lines(parcel) {
            if own == line {
                place = items.len();
            }
            items.push(Item { hs: lines.hs[own], origin: lines.origin[own], value: lines.value[own] });
        }
        let due = |value: Money, items: &[Item]| {
            let due = self.charges.assess_at(
                value,
                self.terms(parcel),
                parcels.date[at],
                parcels.nature[at],
                false,
                items,
            );
            due.total()
        };
        let declared = due(parcels.assessed[at], &items);
        let Some(item) = items.get_mut(place) else { return 0 };
        let missing = worth.saturating_sub(item.value).max(0);
        item.value = item.value.saturating_add(missing);
        due(parcels.assessed[at].saturating_add(missing), &items).saturating_sub(declared).max(0)
    }
}
