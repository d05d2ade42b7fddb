//! The honest look-alikes: innocent trade that resembles one fraud or another.

use super::order::{Desk, Draft, Relief, Sender, line};
use super::party::Site;
use super::spelling::careless;
use super::world::{Role, World, decimals};

/// A population of honest look-alikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Twin {
    ParcelShop,
    StudentHall,
    FreightForwarder,
    Family,
    SameName,
    SeveralOrders,
    HeavyShopper,
    BusinessDaily,
    DeclaredInFull,
    InSeveralParcels,
    CharmPrice,
    OwnLimit,
    Clearance,
    CheapQuality,
    UsedGoods,
    Accessories,
    QuantityDiscount,
    Wholesaler,
    Heaping,
    PrivateGift,
    SoundsExcluded,
    ExcludedInFull,
}

/// Each with the share of all parcels that belong to it, and the parcels of one occasion as a rule.
pub(super) const SHARES: [(Twin, f64, f64); 22] = [
    (Twin::ParcelShop, 0.014, 1.0),
    (Twin::StudentHall, 0.008, 1.0),
    (Twin::FreightForwarder, 0.008, 1.0),
    (Twin::Family, 0.012, 3.0),
    (Twin::SameName, 0.006, 2.5),
    (Twin::SeveralOrders, 0.030, 2.6),
    (Twin::HeavyShopper, 0.020, 6.0),
    (Twin::BusinessDaily, 0.010, 7.0),
    (Twin::DeclaredInFull, 0.006, 2.5),
    (Twin::InSeveralParcels, 0.008, 2.3),
    (Twin::CharmPrice, 0.007, 1.0),
    (Twin::OwnLimit, 0.009, 1.0),
    (Twin::Clearance, 0.009, 1.0),
    (Twin::CheapQuality, 0.006, 1.0),
    (Twin::UsedGoods, 0.006, 1.0),
    (Twin::Accessories, 0.006, 1.0),
    (Twin::QuantityDiscount, 0.007, 1.0),
    (Twin::Wholesaler, 0.006, 1.0),
    (Twin::Heaping, 0.007, 1.0),
    (Twin::PrivateGift, 0.008, 1.0),
    (Twin::SoundsExcluded, 0.006, 1.0),
    (Twin::ExcludedInFull, 0.004, 1.0),
];

impl Twin {
    /// Name in the files.
    pub const fn name(self) -> &'static str {
        match self {
            Twin::ParcelShop => "parcel_shop",
            Twin::StudentHall => "student_hall",
            Twin::FreightForwarder => "freight_forwarder",
            Twin::Family => "family_at_one_address",
            Twin::SameName => "two_people_of_one_name",
            Twin::SeveralOrders => "several_orders_over_limit",
            Twin::HeavyShopper => "heavy_repeat_shopper",
            Twin::BusinessDaily => "business_daily_deliveries",
            Twin::DeclaredInFull => "multi_parcel_declared_in_full",
            Twin::InSeveralParcels => "multi_parcel_within_limit",
            Twin::CharmPrice => "charm_price_below_limit",
            Twin::OwnLimit => "channel_limit_below_the_law",
            Twin::Clearance => "clearance_sale",
            Twin::CheapQuality => "cheap_quality",
            Twin::UsedGoods => "used_goods",
            Twin::Accessories => "accessory_under_same_code",
            Twin::QuantityDiscount => "quantity_discount",
            Twin::Wholesaler => "wholesaler",
            Twin::Heaping => "round_price_heaping",
            Twin::PrivateGift => "private_gift",
            Twin::SoundsExcluded => "only_sounds_excluded",
            Twin::ExcludedInFull => "excluded_goods_in_full",
        }
    }
}

impl Desk<'_> {
    /// Whether the destination's law gives such a look-alike a meaning.
    pub fn meaningful(&self, twin: Twin) -> bool {
        let law = &self.world.plan.law;
        match twin {
            Twin::DeclaredInFull
            | Twin::InSeveralParcels
            | Twin::CharmPrice
            | Twin::OwnLimit
            | Twin::SeveralOrders => law.threshold.is_some(),
            Twin::ExcludedInFull => law.threshold.is_some() && law.excluded_goods,
            _ => true,
        }
    }

    /// One occasion; nothing where it did not come out as it should.
    pub fn twin(&mut self, twin: Twin) -> Vec<Draft> {
        let mut parcels = match twin {
            Twin::ParcelShop => self.at_site(Site::ParcelShop, 0.014),
            Twin::StudentHall => self.at_site(Site::Hall, 0.008),
            Twin::FreightForwarder => self.at_site(Site::Forwarder, 0.008),
            Twin::Family => self.family(),
            Twin::SameName => self.same_name(),
            Twin::SeveralOrders => self.several_orders(),
            Twin::HeavyShopper => self.heavy_shopper(),
            Twin::BusinessDaily => self.business(),
            Twin::DeclaredInFull => self.declared_in_full(),
            Twin::InSeveralParcels => self.in_several_parcels(),
            Twin::CharmPrice => self.charm(),
            Twin::OwnLimit => self.basket_of(Role::OwnLimit),
            Twin::Clearance => self.clearance(),
            Twin::CheapQuality => self.basket_of(Role::CheapTier),
            Twin::UsedGoods => self.basket_of(Role::Used),
            Twin::Accessories => self.basket_of(Role::Accessories),
            Twin::QuantityDiscount => self.bulk(Role::Ordinary, 4, 16, -0.12),
            Twin::Wholesaler => self.bulk(Role::Wholesaler, 20, 150, -0.14),
            Twin::Heaping => self.basket_of(Role::Heaping),
            Twin::PrivateGift => self.private_gift(),
            Twin::SoundsExcluded => self.basket_of(Role::Lookalike),
            Twin::ExcludedInFull => self.excluded_in_full(),
        };
        for parcel in &mut parcels {
            parcel.twin = Some(twin.name());
        }
        parcels
    }

    /// An ordinary order at an ordinary seller.
    pub fn ordinary(&mut self) -> Draft {
        let seller = self.world.seller(Role::Ordinary, &mut self.draw);
        let consignee = self.addressee();
        self.basket(seller, consignee)
    }

    fn basket_of(&mut self, role: Role) -> Vec<Draft> {
        let seller = self.world.seller(role, &mut self.draw);
        let consignee = self.addressee();
        vec![self.basket(seller, consignee)]
    }

    /// A hundred strangers or more at one address, each with an order of his own.
    fn at_site(&mut self, kind: Site, share: f64) -> Vec<Draft> {
        let sites = (self.world.plan.parcels as f64 * share / 110.0).ceil() as usize;
        let site = self.draw.below(sites) as u64;
        let person = self.person();
        let consignee = self.world.directory().at_site(kind, site, person);
        let seller = self.world.seller(Role::Ordinary, &mut self.draw);
        vec![self.basket(seller, consignee)]
    }

    /// Two to four people of one dwelling order independently within a few days.
    fn family(&mut self) -> Vec<Draft> {
        let number = self.person();
        let first = self.world.directory().person(number);
        let members = 2 + self.draw.below(3);
        let day = self.day();
        (0..members)
            .map(|member| {
                let who = if member == 0 {
                    first.clone()
                } else {
                    self.world.directory().housemate(&first, number, member as u64 + 2)
                };
                let seller = self.world.seller(Role::Ordinary, &mut self.draw);
                let mut parcel = self.basket(seller, who);
                if self.draw.chance(0.5) {
                    parcel.day = day;
                }
                parcel
            })
            .collect()
    }

    /// Two people of one name in one city, each with an order or two.
    fn same_name(&mut self) -> Vec<Draft> {
        let number = self.person();
        let first = self.world.directory().person(number);
        let second = self.world.directory().namesake(&first, &mut self.draw);
        let day = self.day();
        let mut parcels = Vec::new();
        for who in [first, second] {
            for _ in 0..1 + usize::from(self.draw.chance(0.25)) {
                let seller = self.world.seller(Role::Ordinary, &mut self.draw);
                let mut parcel = self.basket(seller, who.clone());
                if self.draw.chance(0.6) {
                    parcel.day = day;
                }
                parcels.push(parcel);
            }
        }
        parcels
    }

    /// Independent orders of one person within three days, each under the limit, together over it.
    fn several_orders(&mut self) -> Vec<Draft> {
        let limit = self.world.limit();
        let consignee = self.addressee();
        let day = self.day();
        let count = 2 + self.draw.ranked(3, 1.6);
        for _ in 0..12 {
            let mut parcels = Vec::with_capacity(count);
            let mut before: Option<u32> = None;
            for _ in 0..count {
                let worth = limit * self.draw.between(0.2, 0.95);
                let found = self.world.order_worth(worth * 0.7, worth, &mut self.draw);
                let Some((seller, offer, quantity)) = found else { break };
                let mut parcel = match before.filter(|_| self.draw.chance(0.15)) {
                    // Another order at the same shop, of whatever it has.
                    Some(again) => self.basket(again, consignee.clone()),
                    None => self.single(seller, usize::from(offer), quantity, consignee.clone()),
                };
                before = Some(seller);
                parcel.day = (day - self.draw.below(3) as i32).max(self.world.plan.date - 6);
                parcels.push(parcel);
            }
            let sum: i64 = parcels.iter().map(|p| self.assessed(p)).sum();
            let threshold = self.world.plan.law.threshold.unwrap_or_default();
            if parcels.len() >= 2 && sum > threshold && parcels.iter().all(|p| self.below_limit(p, 0.999)) {
                return parcels;
            }
        }
        Vec::new()
    }

    /// Somebody who orders all the time, here and there.
    fn heavy_shopper(&mut self) -> Vec<Draft> {
        let number = self.person();
        let consignee = self.world.directory().person(number);
        let count = 4 + self.draw.below(5);
        let favourite = self.world.seller(Role::Ordinary, &mut self.draw);
        (0..count)
            .map(|_| {
                let favoured = self.draw.chance(0.2);
                let seller =
                    if favoured { favourite } else { self.world.seller(Role::Ordinary, &mut self.draw) };
                self.basket(seller, consignee.clone())
            })
            .collect()
    }

    /// A firm that is supplied every day by the same one to three sellers.
    fn business(&mut self) -> Vec<Draft> {
        let number = self.draw.ranked((self.world.population / 25) as usize, 1.1);
        let consignee = self.world.directory().business(number as u64);
        let suppliers: Vec<u32> =
            (0..1 + self.draw.below(3)).map(|_| self.world.seller(Role::Ordinary, &mut self.draw)).collect();
        (0..7_i32)
            .filter_map(|age| {
                if self.draw.chance(0.1) {
                    return None;
                }
                let seller = *self.draw.pick(&suppliers);
                let mut parcel = self.basket(seller, consignee.clone());
                parcel.day = self.world.plan.date - age;
                Some(parcel)
            })
            .collect()
    }

    /// One order in several parcels, each above the limit and declared for what it is.
    fn declared_in_full(&mut self) -> Vec<Draft> {
        let limit = self.world.limit();
        let found = self.world.order_worth(limit * 1.06, limit * 3.5, &mut self.draw);
        let Some((seller, offer, quantity)) = found else { return Vec::new() };
        let consignee = self.addressee();
        let (day, place) = (self.day(), self.draw.bits());
        let count = 2 + self.draw.below(2);
        let mut parcels: Vec<Draft> = (0..count)
            .map(|_| self.single(seller, usize::from(offer), quantity, consignee.clone()))
            .collect();
        let (postal, order) = (parcels[0].postal, parcels[0].order_id.clone());
        for (i, parcel) in parcels.iter_mut().enumerate() {
            parcel.day = day;
            parcel.postal = postal;
            parcel.order_id.clone_from(&order);
            parcel.place = place.wrapping_add(i as u64);
        }
        let threshold = self.world.plan.law.threshold.unwrap_or_default();
        if parcels.iter().any(|p| self.world.in_law(p.value(), p.currency, p.day) <= threshold) {
            return Vec::new();
        }
        parcels
    }

    /// One order that a seller packs in several parcels, together within the limit: nothing is gained by it.
    fn in_several_parcels(&mut self) -> Vec<Draft> {
        let seller = self.world.seller(Role::Ordinary, &mut self.draw);
        let consignee = self.addressee();
        let (day, place) = (self.day(), self.draw.bits());
        let count = 2 + usize::from(self.draw.chance(0.3));
        let mut parcels: Vec<Draft> = (0..count).map(|_| self.basket(seller, consignee.clone())).collect();
        let (postal, order, age) = (parcels[0].postal, parcels[0].order_id.clone(), parcels[0].order_age);
        for (i, parcel) in parcels.iter_mut().enumerate() {
            parcel.day = day;
            parcel.postal = postal;
            parcel.order_age = age;
            parcel.order_id.clone_from(&order);
            parcel.place = place.wrapping_add(i as u64);
        }
        let sum: i64 = parcels.iter().map(|p| self.assessed(p)).sum();
        if sum > self.world.plan.law.threshold.unwrap_or_default() { Vec::new() } else { parcels }
    }

    /// One piece at 149.99 and the like.
    fn charm(&mut self) -> Vec<Draft> {
        let seller = self.world.seller(Role::Charm, &mut self.draw);
        let limit = self.world.limit();
        let offers = &self.world.sellers[seller as usize].offers;
        let found = offers.iter().position(|o| o.euros > limit * 0.985 && o.euros < limit);
        let Some(offer) = found else { return Vec::new() };
        let consignee = self.addressee();
        let mut item = self.item(seller, offer, 1);
        let from = &self.world.sellers[seller as usize];
        item = line(from, &from.offers[offer], item.quantity, from.offers[offer].price, &mut self.draw);
        vec![self.parcel(seller, vec![item], consignee)]
    }

    /// The seller's slow-moving article at 30 to 60 % off.
    fn clearance(&mut self) -> Vec<Draft> {
        let seller = self.world.seller(Role::Ordinary, &mut self.draw);
        let from = &self.world.sellers[seller as usize];
        let offer = &from.offers[from.offers.len() - 1];
        let quantity = 1 + self.draw.below(offer.pieces);
        let mut item = line(from, offer, quantity, offer.price * from.clearance, &mut self.draw);
        if self.draw.chance(0.3) {
            item.description = format!("{} clearance", item.description);
        }
        let consignee = self.addressee();
        vec![self.parcel(seller, vec![item], consignee)]
    }

    /// Many pieces of a cheap article, at a discount that grows with their number.
    fn bulk(&mut self, role: Role, least: i64, most: i64, power: f64) -> Vec<Draft> {
        let seller = self.world.seller(role, &mut self.draw);
        let from = &self.world.sellers[seller as usize];
        let offer = &from.offers[self.draw.below(from.offers.len())];
        if offer.euros > 40.0 {
            return Vec::new();
        }
        let quantity = self.draw.whole(least, most) as usize;
        let price = offer.price * (quantity as f64).powf(power);
        let item = line(from, offer, quantity, price, &mut self.draw);
        let consignee = if role == Role::Wholesaler {
            let number = self.draw.ranked((self.world.population / 25) as usize, 1.2);
            self.world.directory().business(number as u64)
        } else {
            self.addressee()
        };
        vec![self.parcel(seller, vec![item], consignee)]
    }

    /// A present from one private person to another.
    fn private_gift(&mut self) -> Vec<Draft> {
        let pattern = self.world.seller(Role::Ordinary, &mut self.draw);
        let number = self.person();
        let consignee = self.world.directory().person(number);
        let mut parcel = self.basket(pattern, consignee);
        let country = self.world.sellers[pattern as usize].party.country;
        let mut abroad = self.world.directory();
        abroad.country = country;
        let mut sender = abroad.person(self.draw.bits() >> 20);
        if self.draw.chance(0.3) {
            // Relatives: the same surname on both sides.
            if let (Some((given, _)), Some((_, family))) =
                (sender.name.split_once(' '), parcel.consignee.name.rsplit_once(' '))
            {
                sender.name = format!("{given} {family}");
            }
        }
        let rate = self.world.per_euro(parcel.currency, parcel.day);
        let top = self.world.gift_limit().unwrap_or(45.0);
        let unit = 10_f64.powi(decimals(parcel.currency));
        for item in &mut parcel.items {
            // People write round sums.
            let euros = (top * self.draw.between(0.08, 0.45)).min(item.value / rate).max(1.0);
            let step = if euros * rate > 20.0 { 5.0 } else { 1.0 };
            item.value = ((euros * rate / step).floor() * step).max(1.0 / unit);
            item.worth = item.value;
            item.quantity = 1;
            item.hs.clear();
        }
        parcel.items.truncate(2);
        careless(&mut sender, &mut self.draw);
        parcel.sender = Sender::Private(Box::new(sender));
        parcel.nature = "gift";
        parcel.postal = self.draw.chance(0.85);
        parcel.platform = "";
        parcel.shop.clear();
        parcel.order_id.clear();
        parcel.insured = None;
        vec![parcel]
    }

    /// Alcohol, tobacco or perfume worth more than the limit, no relief claimed.
    fn excluded_in_full(&mut self) -> Vec<Draft> {
        let world: &World<'_> = self.world;
        let limit = world.limit();
        let seller = world.seller(Role::Excluded, &mut self.draw);
        let offers = &world.sellers[seller as usize].offers;
        let offer = self.draw.below(offers.len());
        let quantity = (limit * self.draw.between(1.1, 2.5) / offers[offer].euros).ceil() as usize;
        if quantity > 24 {
            return Vec::new();
        }
        let consignee = self.addressee();
        let mut parcel = self.single(seller, offer, quantity, consignee);
        let threshold = world.plan.law.threshold.unwrap_or_default();
        if world.in_law(parcel.value(), parcel.currency, parcel.day) <= threshold {
            return Vec::new();
        }
        parcel.relief = Relief::Waived;
        vec![parcel]
    }
}
