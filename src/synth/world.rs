//! What stays the same all night: the sellers with their assortments, the law, the rates.

use super::draw::{Draw, Stream, Weighted};
use super::lists::{Article, Class, Lists};
use super::party::{Directory, Party};
use super::plan::{SynthError, SynthPlan, currency};
use super::rates::RateTable;
use crate::fields::currency::Currency;
use crate::model::money::{Money, from_units, to_units};
use rayon::prelude::*;

/// What kind of trade a seller is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Anything.
    Ordinary,
    /// Declares a fraction of every price.
    LowBoard,
    /// Pulls values from above the limit to just under it.
    Buncher,
    /// Sends sales as gifts.
    GiftSeller,
    /// Sells on a channel whose own limit lies below the law's.
    OwnLimit,
    /// Prices end just below the limit, because such prices sell.
    Charm,
    /// Sells a cheap quality.
    CheapTier,
    /// Sells used goods.
    Used,
    /// Sells spare parts and covers, which share the code of the thing they belong to.
    Accessories,
    /// Sells by the hundred.
    Wholesaler,
    /// Asks the same few round prices for everything.
    Heaping,
    /// Sells what only sounds like alcohol, tobacco or perfume.
    Lookalike,
    /// Sells alcohol, tobacco or perfume.
    Excluded,
}

/// One thing that a seller offers.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub description: String,
    pub hs: String,
    /// Price of a piece in the seller's currency.
    pub price: f64,
    /// Price of a piece, EUR at the rate of the night.
    pub euros: f64,
    /// Net weight of a piece, kg.
    pub weight: f64,
    /// Most pieces ordered at a time as a rule.
    pub pieces: usize,
    /// Excluded goods: code and description under which they are hidden.
    pub cover: Option<(&'static str, &'static str)>,
}

/// A commercial consignor.
#[derive(Debug)]
pub(super) struct Seller {
    pub party: Party,
    /// The shop behind a forwarder's warehouse; empty where the consignor sells himself.
    pub shop: String,
    pub currency: Currency,
    pub decimals: i32,
    /// Marketplace, or empty.
    pub platform: &'static str,
    /// Probability that a parcel goes by post.
    pub postal: f64,
    pub offers: Vec<Offer>,
    /// Probability that a line has no commodity code, no net weight, no quantity.
    pub no_code: f64,
    pub no_weight: f64,
    pub no_quantity: f64,
    /// What a low-pricing seller declares of each price; 1 for others.
    pub declared_share: f64,
    /// Share of the price at which the clearance offer goes.
    pub clearance: f64,
    /// Asks round prices, whatever the quantity.
    pub round_prices: bool,
    pub express_carrier: usize,
    pub post_service: [u8; 1],
}

/// Sellers of one role.
#[derive(Default)]
struct Group {
    first: usize,
    weights: Weighted,
}

/// Everything that the chunks share.
pub(super) struct World<'a> {
    pub plan: &'a SynthPlan,
    pub lists: &'a Lists,
    pub rates: &'a RateTable,
    pub sellers: Vec<Seller>,
    groups: Vec<Group>,
    /// Ordinary sellers' offers between an eighth of the limit and four times it.
    dear: Vec<(u32, u16)>,
    /// Distinct persons who may order.
    pub population: u64,
    euros_of_law: f64,
}

/// A limit to write about where the law has none, in euros.
const NO_LIMIT: f64 = 150.0;
const ROLES: [Role; 13] = [
    Role::Ordinary,
    Role::LowBoard,
    Role::Buncher,
    Role::GiftSeller,
    Role::OwnLimit,
    Role::Charm,
    Role::CheapTier,
    Role::Used,
    Role::Accessories,
    Role::Wholesaler,
    Role::Heaping,
    Role::Lookalike,
    Role::Excluded,
];

/// Sellers of a role for so many parcels: enough that each has a night's trade to judge it by.
fn sellers_of(role: Role, parcels: usize) -> usize {
    let (share, each) = match role {
        Role::Ordinary => (0.8, 42.0),
        Role::LowBoard => (0.008, 40.0),
        Role::Buncher => (0.010, 150.0),
        Role::GiftSeller => (0.004, 28.0),
        Role::OwnLimit => (0.009, 120.0),
        Role::Charm => (0.008, 60.0),
        Role::CheapTier => (0.006, 60.0),
        Role::Used => (0.006, 50.0),
        Role::Accessories => (0.006, 60.0),
        Role::Wholesaler => (0.006, 40.0),
        Role::Heaping => (0.007, 70.0),
        Role::Lookalike => (0.006, 60.0),
        Role::Excluded => (0.006, 25.0),
    };
    let least = if role == Role::Ordinary { 24 } else { 1 };
    ((parcels as f64 * share / each).ceil() as usize).max(least)
}

impl<'a> World<'a> {
    pub fn new(plan: &'a SynthPlan, lists: &'a Lists, rates: &'a RateTable) -> Result<World<'a>, SynthError> {
        let euros_of_law =
            rates.per_euro(plan.law.currency, plan.date).ok_or(SynthError::Currency(plan.law.currency))?;
        let limit = plan.law.threshold.map_or(NO_LIMIT, |t| to_units(t) / euros_of_law);
        let origins = origins(plan)?;
        let mut groups = Vec::new();
        let mut roles = Vec::new();
        for role in ROLES {
            let count = sellers_of(role, plan.parcels);
            let weights = match role {
                // One in a hundred has a third of the trade.
                Role::Ordinary => {
                    Weighted::new((0..count).map(|i| (i as f64 + 1.0 + count as f64 / 300.0).powf(-0.95)))
                }
                _ => Weighted::new((0..count).map(|i| 1.0 / (1.0 + i as f64 / count as f64 * 2.0))),
            };
            groups.push(Group { first: roles.len(), weights });
            roles.extend(std::iter::repeat_n(role, count));
        }
        let maker = Maker { plan, lists, rates, limit, origins };
        let sellers: Vec<Seller> = roles
            .par_iter()
            .enumerate()
            .map(|(number, &role)| maker.seller(number as u64, role))
            .collect::<Result<_, _>>()?;
        let ordinary = groups[1].first;
        let dear = sellers[..ordinary]
            .iter()
            .enumerate()
            .flat_map(|(s, seller)| {
                let fits = |o: &Offer| o.euros > limit / 8.0 && o.euros < limit * 4.0;
                seller
                    .offers
                    .iter()
                    .enumerate()
                    .filter(move |(_, o)| fits(o))
                    .map(move |(o, _)| (s as u32, o as u16))
            })
            .collect();
        let population = (plan.parcels as u64 * 4 / 5).max(50);
        Ok(World { plan, lists, rates, sellers, groups, dear, population, euros_of_law })
    }

    pub fn directory(&self) -> Directory<'_> {
        Directory { lists: self.lists, seed: self.plan.seed, country: self.plan.destination.letters() }
    }
    /// A seller of a role.
    pub fn seller(&self, role: Role, draw: &mut Draw) -> u32 {
        let group = &self.groups[ROLES.iter().position(|&r| r == role).unwrap_or(0)];
        (group.first + group.weights.draw(draw)) as u32
    }
    /// An ordinary seller and one of his offers, of which `pieces` cost between `low` and `high` euros.
    pub fn order_worth(&self, low: f64, high: f64, draw: &mut Draw) -> Option<(u32, u16, usize)> {
        for _ in 0..400 {
            if self.dear.is_empty() {
                return None;
            }
            let (seller, offer) = *draw.pick(&self.dear);
            let price = self.sellers[seller as usize].offers[offer as usize].euros;
            let (least, most) = ((low / price).ceil().max(1.0), (high / price).floor().min(8.0));
            if least <= most {
                return Some((seller, offer, draw.whole(least as i64, most as i64) as usize));
            }
        }
        None
    }
    /// The limit, or what stands in for one, in EUR.
    pub fn limit(&self) -> f64 {
        self.plan.law.threshold.map_or(NO_LIMIT, |t| to_units(t) / self.euros_of_law)
    }
    /// The limit for gifts in EUR.
    pub fn gift_limit(&self) -> Option<f64> {
        self.plan.law.gift_limit.map(|t| to_units(t) / self.euros_of_law)
    }
    /// Units of a currency per euro; every currency of the world has a rate.
    pub fn per_euro(&self, currency: Currency, day: i32) -> f64 {
        self.rates.per_euro(currency, day).unwrap_or(1.0)
    }
    /// An amount as the law sees it.
    pub fn in_law(&self, amount: f64, currency: Currency, day: i32) -> Money {
        if currency == self.plan.law.currency {
            return from_units(amount);
        }
        from_units(amount / self.per_euro(currency, day) * self.per_euro(self.plan.law.currency, day))
    }
    /// How much crueller than the plan's level this case is made.
    pub fn level(&self, draw: &mut Draw) -> f64 {
        (self.plan.difficulty.level() + 0.18 * draw.normal()).clamp(0.0, 1.0)
    }
}

/// Decimals of the amounts in a currency.
pub(super) fn decimals(currency: Currency) -> i32 {
    i32::from(currency.minor_units().min(2))
}

/// Countries of dispatch with their share of the flow and the currencies in use there.
fn origins(plan: &SynthPlan) -> Result<(Weighted, Vec<Origin>), SynthError> {
    const TABLE: [(&str, f64, &[&str]); 14] = [
        ("CN", 0.58, &["CNY", "USD", "USD", "", "EUR"]),
        ("HK", 0.07, &["HKD", "USD", ""]),
        ("US", 0.07, &["USD"]),
        ("GB", 0.07, &["GBP", "GBP", ""]),
        ("TR", 0.04, &["EUR", "USD", "TRY"]),
        ("JP", 0.03, &["JPY", "USD"]),
        ("KR", 0.02, &["KRW", "USD"]),
        ("IN", 0.03, &["INR", "USD"]),
        ("CH", 0.02, &["CHF", "EUR"]),
        ("DE", 0.03, &["EUR"]),
        ("NL", 0.01, &["EUR"]),
        ("PL", 0.01, &["PLN", "EUR"]),
        ("VN", 0.01, &["USD"]),
        ("SG", 0.01, &["SGD", "USD"]),
    ];
    const UNION: &str = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";
    let destination = plan.destination.to_string();
    let inside = |code: &str| code == destination || UNION.contains(&destination) && UNION.contains(code);
    let mut list = Vec::new();
    for (code, share, codes) in TABLE.iter().filter(|(code, ..)| !inside(code)) {
        let &[a, b] = code.as_bytes() else { continue };
        let currencies = codes
            .iter()
            .map(|c| if c.is_empty() { Ok(plan.law.currency) } else { currency(c) })
            .collect::<Result<_, _>>()?;
        list.push(Origin { country: [a, b], share: *share, currencies });
    }
    Ok((Weighted::new(list.iter().map(|o| o.share)), list))
}

/// A country of dispatch.
pub(super) struct Origin {
    pub country: [u8; 2],
    share: f64,
    pub currencies: Vec<Currency>,
}

/// Makes sellers.
struct Maker<'a> {
    plan: &'a SynthPlan,
    lists: &'a Lists,
    rates: &'a RateTable,
    limit: f64,
    origins: (Weighted, Vec<Origin>),
}

impl Maker<'_> {
    fn seller(&self, number: u64, role: Role) -> Result<Seller, SynthError> {
        const PLATFORMS: [&str; 7] = ["", "AliExpress", "Temu", "eBay", "Amazon", "Shein", "Etsy"];
        let mut draw = Draw::new(self.plan.seed, Stream::Seller, number);
        let origin = &self.origins.1[self.origins.0.draw(&mut draw)];
        let directory = Directory { lists: self.lists, seed: self.plan.seed, country: origin.country };
        let mut party = directory.trader(&mut draw);
        let mut shop = String::new();
        if role == Role::Ordinary && draw.chance(0.18) {
            // Shops that send through a warehouse: the warehouse is the consignor of them all.
            shop = party.name;
            let mut shared = Draw::new(self.plan.seed, Stream::Site, (1 << 50) + draw.below(6) as u64);
            party = directory.trader(&mut shared);
            party.name = format!("{} Logistics Warehouse", party.name);
        }
        let limit_role = matches!(role, Role::Charm | Role::OwnLimit);
        let currency = if limit_role { self.plan.law.currency } else { *draw.pick(&origin.currencies) };
        let per_euro = self.rates.per_euro(currency, self.plan.date).ok_or(SynthError::Currency(currency))?;
        let platform = if draw.chance(0.62) { PLATFORMS[1 + draw.below(6)] } else { PLATFORMS[0] };
        let mut seller = Seller {
            party,
            shop,
            currency,
            decimals: decimals(currency),
            platform,
            postal: if draw.chance(0.5) { draw.between(0.75, 1.0) } else { draw.between(0.05, 0.6) },
            offers: Vec::new(),
            no_code: if draw.chance(0.2) { draw.between(0.1, 0.9) } else { 0.02 },
            no_weight: if draw.chance(0.3) { draw.between(0.2, 1.0) } else { 0.03 },
            no_quantity: if draw.chance(0.1) { 0.4 } else { 0.01 },
            declared_share: 1.0,
            clearance: draw.between(0.4, 0.7),
            round_prices: role == Role::Heaping,
            express_carrier: draw.below(5),
            post_service: [b"LLUURCE"[draw.below(7)]],
        };
        if role == Role::LowBoard {
            let level = self.plan.difficulty.level();
            seller.declared_share = draw.between(0.16 + 0.08 * level, 0.3 + 0.3 * level);
        }
        let count = match role {
            Role::Ordinary => draw.log_normal(14.0, 0.8).ceil().clamp(3.0, 120.0) as usize,
            _ => draw.whole(6, 22) as usize,
        };
        let level = draw.log_normal(1.0, 0.2);
        // Sellers keep to a few kinds of goods.
        let home = draw.below(self.lists.goods.len());
        for _ in 0..count {
            let offer = self.offer(role, &seller, level, home, per_euro, &mut draw);
            seller.offers.push(offer);
        }
        Ok(seller)
    }

    fn article(&self, role: Role, home: usize, draw: &mut Draw) -> &Article {
        let goods = &self.lists.goods;
        for _ in 0..600 {
            let at = if draw.chance(0.75) { home + draw.below(14) } else { draw.below(goods.len()) };
            let article = &goods[at % goods.len()];
            let relative = article.price / self.limit;
            let fits = match role {
                Role::Excluded => return draw.pick(&self.lists.excluded),
                Role::Buncher | Role::Charm | Role::OwnLimit => (0.15..1.6).contains(&relative),
                Role::Lookalike => article.class == Class::Lookalike,
                Role::Used => article.class == Class::Used || draw.chance(0.3),
                Role::Wholesaler => article.price < 10.0,
                Role::Accessories => article.price > 20.0 && article.class == Class::Ordinary,
                _ => article.class != Class::Used || draw.chance(0.3),
            };
            if fits {
                return article;
            }
            // Where a kind is not at hand near home, look everywhere.
            let article = draw.pick(goods);
            if matches!(role, Role::Lookalike) && article.class == Class::Lookalike {
                return article;
            }
        }
        &goods[home]
    }

    fn offer(
        &self,
        role: Role,
        seller: &Seller,
        level: f64,
        home: usize,
        per_euro: f64,
        draw: &mut Draw,
    ) -> Offer {
        let article = self.article(role, home, draw);
        let size = draw.log_normal(1.0, 0.3);
        let mut weight = article.weight * size;
        // A piece that weighs more costs more, but less than in proportion.
        let mut euros = article.price * size.powf(0.6) * level * draw.log_normal(1.0, 0.26);
        let wording = if draw.chance(0.2) { draw.pick(&article.other) } else { draw.pick(&article.english) };
        let mut description = dressed(wording, draw);
        match role {
            Role::CheapTier => {
                euros *= draw.between(0.42, 0.65);
                weight *= draw.between(0.7, 0.95);
                description = format!(
                    "{} {description}",
                    draw.pick(&["basic", "budget", "low cost", "simple", "economy"])
                );
            }
            Role::Used if article.class != Class::Used => {
                euros *= draw.between(0.25, 0.6);
                description = format!(
                    "{} {description}",
                    draw.pick(&["used", "second hand", "gebraucht", "refurbished", "occasion"])
                );
            }
            Role::Accessories => {
                euros *= draw.between(0.06, 0.25);
                weight *= draw.between(0.06, 0.3);
                let form = draw.pick(&[
                    "spare part for @",
                    "@ cover",
                    "replacement button for @",
                    "screw set for @",
                    "@ holder",
                ]);
                description = form.replace('@', wording);
            }
            Role::Wholesaler => euros *= draw.between(0.6, 0.9),
            Role::Heaping => {
                let step = if draw.chance(0.6) { 5.0 } else { 10.0 };
                euros = (euros * per_euro / step).round().max(1.0) * step / per_euro;
            }
            Role::Charm if draw.chance(0.45) => euros = self.limit,
            Role::OwnLimit => {
                // The channel takes nothing above its own limit, so the best things are priced at it.
                let own = self.limit * 14.0 / 15.0;
                euros = if euros > own || draw.chance(0.25) { own } else { euros };
            }
            Role::Buncher => euros = self.limit * draw.log_normal(0.85, 0.4),
            _ => {}
        }
        let price = listed(euros * per_euro, seller.decimals, role, draw);
        let digits = if draw.chance(0.55) { 6 } else { *draw.pick(&[8, 10]) };
        let hs = format!("{}{}", article.hs, ["", "00", "9000", "1000", "0000"][tail(digits, draw)]);
        let cover = match article.cover[..] {
            [code, first, ..] => {
                let second = article.cover.get(2).copied().filter(|_| draw.chance(0.5));
                Some((code, second.unwrap_or(first)))
            }
            _ => None,
        };
        Offer {
            description,
            hs,
            price,
            euros: price / per_euro,
            weight: (weight.max(0.004) * 1000.0).round() / 1000.0,
            pieces: article.pieces,
            cover,
        }
    }
}

fn tail(digits: usize, draw: &mut Draw) -> usize {
    match digits {
        6 => 0,
        8 => 1,
        _ => 2 + draw.below(3),
    }
}

/// A shop's price: most end in .99 or a round figure.
fn listed(price: f64, decimals: i32, role: Role, draw: &mut Draw) -> f64 {
    let unit = 10_f64.powi(decimals);
    let exact = ((price * unit).round() / unit).max(1.0 / unit);
    match role {
        Role::Heaping => return exact,
        Role::Charm | Role::OwnLimit if decimals == 2 => return (price.round() - 0.01).max(0.49),
        _ => {}
    }
    match draw.below(10) {
        0..5 if decimals == 2 && price > 1.0 => (price.round() - 0.01).max(0.49),
        5..7 if price > 3.0 => price.round(),
        7 if decimals == 2 && price > 1.0 => (price * 10.0).round() / 10.0,
        _ => exact,
    }
}

/// A wording with what sellers add to it.
fn dressed(wording: &str, draw: &mut Draw) -> String {
    const BEFORE: [&str; 12] = [
        "new",
        "black",
        "white",
        "blue",
        "red",
        "high quality",
        "mini",
        "portable",
        "classic",
        "large",
        "2024",
        "pink",
    ];
    const AFTER: [&str; 10] =
        ["size M", "size L", "1 set", "for women", "for men", "gift box", "green", "A12", "pro", "2 pcs"];
    let mut text = wording.to_owned();
    if draw.chance(0.4) {
        text = format!("{} {text}", draw.pick(&BEFORE));
    }
    if draw.chance(0.3) {
        text = format!("{text} {}", draw.pick(&AFTER));
    }
    match draw.below(10) {
        0 => text.to_uppercase(),
        1 | 2 => {
            let mut letters = text.chars();
            letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
        }
        _ => text,
    }
}
