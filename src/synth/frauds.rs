//! The planted frauds.
//!
//! Each case draws its own difficulty about the plan's level; what that means is said at each fraud. Amounts in EUR.

use super::order::{Desk, Draft, Relief, Typology};
use super::party::Party;
use super::spelling::{careless, disguise, suffixed};
use super::world::Role;

/// Share of a fraud-ridden world's fraudulent parcels by typology, and parcels in a case as a rule.
pub(super) const SHARES: [(Typology, f64, f64); 12] = [
    (Typology::SameDispatch, 0.14, 3.6),
    (Typology::OverDays, 0.08, 3.6),
    (Typology::NameVariants, 0.09, 3.6),
    (Typology::LinkedConsignees, 0.09, 3.6),
    (Typology::FractionOfPrice, 0.14, 1.0),
    (Typology::LowAcrossBoard, 0.14, 1.0),
    (Typology::ScaledBelowLimit, 0.06, 1.0),
    (Typology::ReliefAboveLimit, 0.07, 1.0),
    // Not every parcel of such a consignor is one whose value was pulled down.
    (Typology::BunchedBelowLimit, 0.07, 0.3),
    (Typology::GiftThatIsSale, 0.07, 1.0),
    (Typology::ExcludedByCode, 0.025, 1.0),
    (Typology::ExcludedMisdescribed, 0.025, 1.0),
];

impl Desk<'_> {
    /// Whether the destination's law leaves room for such a fraud.
    pub fn possible(&self, typology: Typology) -> bool {
        let law = &self.world.plan.law;
        match typology {
            Typology::SameDispatch
            | Typology::OverDays
            | Typology::NameVariants
            | Typology::LinkedConsignees => law.threshold.is_some(),
            Typology::FractionOfPrice | Typology::LowAcrossBoard => true,
            Typology::ScaledBelowLimit | Typology::BunchedBelowLimit => law.threshold.is_some(),
            Typology::ReliefAboveLimit => law.threshold.is_some() && law.relief_code.is_some(),
            Typology::GiftThatIsSale => law.gift_limit.is_some(),
            Typology::ExcludedByCode | Typology::ExcludedMisdescribed => {
                law.threshold.is_some() && law.excluded_goods
            }
            // Planted afterwards, into ordinary parcels.
            Typology::OtherGoodsCode
            | Typology::ConstantCode
            | Typology::VagueDescription
            | Typology::Nobody
            | Typology::ControlledGoods => false,
        }
    }

    /// One case; nothing where the world has no goods for it.
    pub fn fraud(&mut self, typology: Typology) -> Vec<Draft> {
        match typology {
            Typology::SameDispatch
            | Typology::OverDays
            | Typology::NameVariants
            | Typology::LinkedConsignees => self.split(typology),
            Typology::FractionOfPrice => self.fraction_of_price(),
            Typology::LowAcrossBoard => self.low_across_board(),
            Typology::ScaledBelowLimit => self.scaled_below_limit(),
            Typology::ReliefAboveLimit => self.relief_above_limit(),
            Typology::BunchedBelowLimit => self.bunched(),
            Typology::GiftThatIsSale => self.gift_that_is_sale(),
            Typology::ExcludedByCode | Typology::ExcludedMisdescribed => self.excluded(typology),
            Typology::OtherGoodsCode
            | Typology::ConstantCode
            | Typology::VagueDescription
            | Typology::Nobody
            | Typology::ControlledGoods => Vec::new(),
        }
    }

    /// One order in several parcels, each under the limit and together over it. Harder: fewer pieces alike, numbers
    /// apart, the sum barely over, names and contacts changed more.
    fn split(&mut self, typology: Typology) -> Vec<Draft> {
        let level = self.world.level(&mut self.draw);
        let limit = self.world.limit();
        let total = limit * (1.06 + self.draw.between(0.1, 2.6) * (1.15 - level));
        let low = limit * (0.55 - 0.3 * level);
        let Some((seller, first, _)) = self.world.order_worth(low, limit * 0.97, &mut self.draw) else {
            return Vec::new();
        };
        let consignee = self.buyer();
        let alike = self.draw.chance(1.0 - 0.5 * level);
        let together = self.draw.chance(1.0 - 0.45 * level);
        let place = self.draw.bits();
        let day = self.day();
        let order = self.draw.chance(0.35 * (1.0 - level));
        let mut parcels: Vec<Draft> = Vec::new();
        let mut sum = 0.0;
        for _ in 0..40 {
            if parcels.len() >= 8 || parcels.len() >= 2 && sum >= total {
                break;
            }
            let offers = &self.world.sellers[seller as usize].offers;
            let offer =
                if alike || parcels.is_empty() { usize::from(first) } else { self.draw.below(offers.len()) };
            let price = offers[offer].euros;
            let most = (limit * 0.97 / price).floor().min(40.0);
            if most < 1.0 || price * most < limit * 0.2 {
                continue;
            }
            let least = (low.min(total - sum) / price).ceil().clamp(1.0, most);
            let quantity = self.draw.whole(least as i64, most as i64) as usize;
            let mut parcel = self.single(seller, offer, quantity, consignee.clone());
            parcel.day = day;
            if !self.below_limit(&parcel, 0.995) {
                continue;
            }
            if together {
                parcel.place = place.wrapping_add(parcels.len() as u64);
            }
            if let (true, Some(before)) = (order, parcels.first()) {
                parcel.order_id.clone_from(&before.order_id);
            }
            sum += parcel.value() / self.world.per_euro(parcel.currency, day);
            parcels.push(parcel);
        }
        if parcels.len() < 2 || sum < limit * 1.04 {
            return Vec::new();
        }
        // One dispatch goes by one channel.
        let (postal, age) = (parcels[0].postal, parcels[0].order_age);
        for parcel in &mut parcels {
            parcel.postal = postal;
            parcel.order_age = age;
        }
        match typology {
            Typology::OverDays => self.spread(&mut parcels, level),
            Typology::NameVariants => self.variants(&mut parcels, &consignee, level),
            Typology::LinkedConsignees => self.linked(&mut parcels, &consignee, level),
            _ => {
                for parcel in &mut parcels {
                    parcel.consignee.clone_from(&consignee);
                    if self.draw.chance(0.15) {
                        careless(&mut parcel.consignee, &mut self.draw);
                    }
                }
            }
        }
        // Rates move from day to day; the parts must still be over the limit together and under it apart.
        let over = parcels.iter().map(|p| self.assessed(p)).sum::<i64>();
        let limit = self.world.plan.law.threshold.unwrap_or_default();
        if over <= limit || parcels.iter().any(|p| self.assessed(p) >= limit) {
            return Vec::new();
        }
        let case = self.case(typology);
        for parcel in &mut parcels {
            parcel.mark(typology, case.clone());
        }
        parcels
    }

    /// Somebody whose declarations have at least one contact or a full address.
    fn buyer(&mut self) -> Party {
        let number = self.person();
        self.world.directory().person(number)
    }

    /// On two to five days of a window; harder: further apart.
    fn spread(&mut self, parcels: &mut [Draft], level: f64) {
        let step = 1 + usize::from(self.draw.chance(0.4 * level)) as i32;
        let oldest = self.world.plan.date - 6;
        let mut day = self.world.plan.date - self.draw.below(2) as i32;
        let one_order = self.draw.chance(0.6);
        let (first, age) = (day, parcels.first().map_or(0, |p| p.order_age));
        for parcel in parcels {
            parcel.day = day.max(oldest);
            if one_order {
                parcel.order_age = (age + 6 - (first - parcel.day)).max(1);
            }
            parcel.place = self.draw.bits();
            if self.draw.chance(0.8) {
                day -= step;
            }
        }
    }

    /// The same addressee, written differently on each parcel.
    fn variants(&mut self, parcels: &mut [Draft], consignee: &Party, level: f64) {
        let random = self.draw.chance(0.35);
        let next_day = self.draw.chance(0.3);
        for (i, parcel) in parcels.iter_mut().enumerate() {
            parcel.consignee.clone_from(consignee);
            if random {
                suffixed(&mut parcel.consignee, &mut self.draw);
                if self.draw.chance(0.5 * level) {
                    disguise(&mut parcel.consignee, 0.0, &mut self.draw);
                }
            } else if i > 0 {
                disguise(&mut parcel.consignee, level, &mut self.draw);
            }
            if next_day && i % 2 == 1 && parcel.day > self.world.plan.date - 6 {
                parcel.day -= 1;
            }
        }
    }

    /// Different names that share an address, a telephone or an e-mail.
    fn linked(&mut self, parcels: &mut [Draft], consignee: &Party, level: f64) {
        let mut hub = consignee.clone();
        let place = self.world.lists.place(hub.country);
        if hub.phone.is_empty() {
            hub.phone = super::party::phone(place, &mut self.draw);
        }
        if hub.email.is_empty() {
            hub.email = super::party::email(&hub.name, place, &mut self.draw);
        }
        // An easy case shares all three, a hard one a single one.
        let shares: Vec<bool> = {
            let kept = self.draw.below(3);
            (0..3).map(|i| i == kept || self.draw.chance(0.7 * (1.0 - level))).collect()
        };
        for (i, parcel) in parcels.iter_mut().enumerate() {
            if i == 0 {
                parcel.consignee.clone_from(&hub);
                continue;
            }
            let number = self.draw.below(self.world.population as usize * 2) as u64;
            let mut other = self.world.directory().person(number + self.world.population);
            if shares[0] {
                other.address.clone_from(&hub.address);
                other.city.clone_from(&hub.city);
                other.postcode.clone_from(&hub.postcode);
            }
            if shares[1] {
                other.phone.clone_from(&hub.phone);
            }
            if shares[2] {
                other.email.clone_from(&hub.email);
            }
            parcel.consignee = other;
        }
    }

    /// One line at a tenth to a half of what this seller asks; harder: a larger fraction.
    fn fraction_of_price(&mut self) -> Vec<Draft> {
        let level = self.world.level(&mut self.draw);
        let seller = self.world.seller(Role::Ordinary, &mut self.draw);
        let consignee = self.addressee();
        let mut parcel = self.basket(seller, consignee);
        let share = self.draw.between(0.1 + 0.1 * level, 0.25 + 0.45 * level);
        let at = self.draw.below(parcel.items.len());
        let unit = 10_f64.powi(super::world::decimals(parcel.currency));
        let item = &mut parcel.items[at];
        item.value = ((item.worth * share * unit).round() / unit).max(1.0 / unit).min(item.worth);
        parcel.insured = self.draw.chance(0.15 * (1.0 - level)).then_some(item.worth.ceil());
        let case = self.case(Typology::FractionOfPrice);
        parcel.mark(Typology::FractionOfPrice, case);
        if let Some(truth) = &mut parcel.truth {
            truth.line = Some(at);
        }
        vec![parcel]
    }

    /// A consignor that declares the same low share of everything it sends.
    fn low_across_board(&mut self) -> Vec<Draft> {
        let seller = self.world.seller(Role::LowBoard, &mut self.draw);
        let consignee = self.addressee();
        let mut parcel = self.basket(seller, consignee);
        let share = self.world.sellers[seller as usize].declared_share * self.draw.between(0.9, 1.1);
        parcel.scale(share);
        parcel.mark(Typology::LowAcrossBoard, format!("{}-{seller}", Typology::LowAcrossBoard.names().1));
        vec![parcel]
    }

    /// Worth more than the limit, declared just below it; harder: worth little more.
    fn scaled_below_limit(&mut self) -> Vec<Draft> {
        let level = self.world.level(&mut self.draw);
        let limit = self.world.limit();
        let high = limit * (1.6 + 3.4 * (1.0 - level));
        let Some((seller, offer, quantity)) = self.world.order_worth(limit * 1.3, high, &mut self.draw)
        else {
            return Vec::new();
        };
        let consignee = self.addressee();
        let mut parcel = self.single(seller, usize::from(offer), quantity, consignee);
        if !self.pull(&mut parcel, 0.82, 0.99) {
            return Vec::new();
        }
        let case = self.case(Typology::ScaledBelowLimit);
        parcel.mark(Typology::ScaledBelowLimit, case);
        vec![parcel]
    }

    /// Scales the declared values so that the parcel lands between these shares of the limit.
    fn pull(&mut self, parcel: &mut Draft, low: f64, high: f64) -> bool {
        let Some(threshold) = self.world.plan.law.threshold else { return false };
        let before = self.assessed(parcel) as f64;
        let extra = before - self.world.in_law(parcel.value(), parcel.currency, parcel.day) as f64;
        let target = threshold as f64 * self.draw.between(low, high) - extra;
        if target <= 0.0 || before <= threshold as f64 {
            return false;
        }
        parcel.scale(target / (before - extra));
        parcel.insured = None;
        self.below_limit(parcel, 0.9999)
    }

    /// The relief's code, or the platforms' scheme, on a parcel above the limit.
    fn relief_above_limit(&mut self) -> Vec<Draft> {
        let level = self.world.level(&mut self.draw);
        let limit = self.world.limit();
        let high = limit * (1.5 + 3.0 * (1.0 - level));
        let Some((seller, offer, quantity)) = self.world.order_worth(limit * 1.08, high, &mut self.draw)
        else {
            return Vec::new();
        };
        let consignee = self.addressee();
        let mut parcel = self.single(seller, usize::from(offer), quantity, consignee);
        let threshold = self.world.plan.law.threshold.unwrap_or_default();
        if self.world.in_law(parcel.value(), parcel.currency, parcel.day) <= threshold {
            return Vec::new();
        }
        let scheme = self.world.plan.law.scheme_code.is_some() && self.draw.chance(0.3);
        parcel.relief = if scheme { Relief::Scheme } else { Relief::Claimed };
        let case = self.case(Typology::ReliefAboveLimit);
        parcel.mark(Typology::ReliefAboveLimit, case);
        vec![parcel]
    }

    /// A parcel of a consignor that pulls values from above the limit to just under it; its others are honest.
    fn bunched(&mut self) -> Vec<Draft> {
        let level = self.world.level(&mut self.draw);
        let seller = self.world.seller(Role::Buncher, &mut self.draw);
        let consignee = self.addressee();
        let mut parcel = self.basket(seller, consignee);
        let limit = self.world.plan.law.threshold.unwrap_or_default() as f64;
        let above = self.assessed(&parcel) as f64 / limit;
        if above > 1.0 && above < 1.9 && self.draw.chance(1.0 - 0.25 * level) {
            let low = 0.955 - 0.05 * level;
            if self.pull(&mut parcel, low, 0.999) {
                let case = format!("{}-{seller}", Typology::BunchedBelowLimit.names().1);
                parcel.mark(Typology::BunchedBelowLimit, case);
            } else {
                return Vec::new();
            }
        }
        vec![parcel]
    }

    /// A shop's sale sent as a gift; harder: no platform, no order number, few pieces.
    fn gift_that_is_sale(&mut self) -> Vec<Draft> {
        let level = self.world.level(&mut self.draw);
        let Some(limit) = self.world.gift_limit() else { return Vec::new() };
        let seller = self.world.seller(Role::GiftSeller, &mut self.draw);
        let number = self.person();
        let consignee = self.world.directory().person(number);
        let mut parcel = self.basket(seller, consignee);
        parcel.nature = "gift";
        if self.draw.chance(0.75 * level) {
            parcel.platform = "";
            parcel.order_id.clear();
        }
        let value = parcel.value() / self.world.per_euro(parcel.currency, parcel.day);
        if value > limit * 0.97 {
            parcel.scale(limit * self.draw.between(0.45, 0.97) / value);
        }
        parcel.mark(Typology::GiftThatIsSale, format!("{}-{seller}", Typology::GiftThatIsSale.names().1));
        vec![parcel]
    }

    /// Alcohol, tobacco or perfume in relief: under its own code, or its own name under another code.
    fn excluded(&mut self, typology: Typology) -> Vec<Draft> {
        for _ in 0..20 {
            let seller = self.world.seller(Role::Excluded, &mut self.draw);
            let consignee = self.addressee();
            let mut parcel = self.basket(seller, consignee);
            if !self.below_limit(&parcel, 0.99) {
                continue;
            }
            parcel.relief = Relief::Claimed;
            let offers = &self.world.sellers[seller as usize].offers;
            for item in &mut parcel.items {
                let found = offers.iter().find(|o| item.description.starts_with(&o.description));
                let Some((code, words)) = found.and_then(|o| o.cover) else { continue };
                if typology == Typology::ExcludedMisdescribed {
                    item.hs = code.to_owned();
                } else if item.hs.is_empty() {
                    item.hs = found.map(|o| o.hs.clone()).unwrap_or_default();
                } else if self.draw.chance(0.2) {
                    item.description = words.to_owned();
                }
            }
            let case = self.case(typology);
            parcel.mark(typology, case);
            return vec![parcel];
        }
        Vec::new()
    }
}
