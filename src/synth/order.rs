//! A parcel as it comes about: somebody orders, a seller packs and declares.

use super::draw::Draw;
use super::party::Party;
use super::spelling::careless;
use super::world::{Offer, Seller, World, decimals};
use crate::fields::currency::Currency;

/// Who sends.
#[derive(Clone, Debug)]
pub(super) enum Sender {
    /// A seller of the world.
    Seller(u32),
    /// A private person.
    Private(Box<Party>),
}

/// Which relief a parcel claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relief {
    /// What it is entitled to, if its channel declares codes.
    AsDue,
    /// The relief, by code, whatever the value.
    Claimed,
    /// The platforms' import scheme, by code and number, whatever the value.
    Scheme,
    /// None.
    Waived,
}

/// One declared line.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub description: String,
    pub hs: String,
    pub origin: [u8; 2],
    pub quantity: usize,
    /// Net weight, kg.
    pub weight: f64,
    pub weight_declared: bool,
    pub quantity_declared: bool,
    /// Declared value.
    pub value: f64,
    /// What the goods really cost.
    pub worth: f64,
}

/// The planted fraud of a parcel.
#[derive(Clone, Debug)]
pub(super) struct Truth {
    pub typology: Typology,
    pub case_key: String,
    pub line: Option<usize>,
}

/// The kinds of planted fraud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Typology {
    SameDispatch,
    OverDays,
    NameVariants,
    LinkedConsignees,
    FractionOfPrice,
    LowAcrossBoard,
    ScaledBelowLimit,
    ReliefAboveLimit,
    BunchedBelowLimit,
    GiftThatIsSale,
    ExcludedByCode,
    ExcludedMisdescribed,
    OtherGoodsCode,
    ConstantCode,
    VagueDescription,
    Nobody,
    ControlledGoods,
}

impl Typology {
    /// Family and name in the files.
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Typology::SameDispatch => ("splitting", "split_same_dispatch"),
            Typology::OverDays => ("splitting", "split_over_days"),
            Typology::NameVariants => ("splitting", "split_name_variants"),
            Typology::LinkedConsignees => ("splitting", "split_linked_consignees"),
            Typology::FractionOfPrice => ("under_invoicing", "fraction_of_price"),
            Typology::LowAcrossBoard => ("under_invoicing", "low_across_board"),
            Typology::ScaledBelowLimit => ("under_invoicing", "scaled_below_limit"),
            Typology::ReliefAboveLimit => ("de_minimis_abuse", "relief_above_limit"),
            Typology::BunchedBelowLimit => ("de_minimis_abuse", "bunched_below_limit"),
            Typology::GiftThatIsSale => ("de_minimis_abuse", "gift_that_is_sale"),
            Typology::ExcludedByCode => ("de_minimis_abuse", "excluded_goods_by_code"),
            Typology::ExcludedMisdescribed => ("de_minimis_abuse", "excluded_goods_misdescribed"),
            Typology::OtherGoodsCode => ("misdeclaration", "code_of_other_goods"),
            Typology::ConstantCode => ("misdeclaration", "constant_code"),
            Typology::VagueDescription => ("data_quality", "vague_description"),
            Typology::Nobody => ("data_quality", "nobody_as_addressee"),
            Typology::ControlledGoods => ("security", "controlled_goods"),
        }
    }
}

/// A parcel before it gets its number.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub postal: bool,
    /// Day of presentation.
    pub day: i32,
    pub sender: Sender,
    pub consignee: Party,
    pub nature: &'static str,
    pub items: Vec<Item>,
    pub currency: Currency,
    /// Postage or freight.
    pub transport: f64,
    /// Packaging, kg.
    pub packaging: f64,
    pub insured: Option<f64>,
    pub platform: &'static str,
    pub shop: String,
    pub order_id: String,
    /// Days from the order to presentation.
    pub order_age: i32,
    pub relief: Relief,
    /// Place in the consignor's run of the day: neighbours get neighbouring numbers.
    pub place: u64,
    pub truth: Option<Truth>,
    pub twin: Option<&'static str>,
}

impl Draft {
    /// Declared value of the goods.
    pub fn value(&self) -> f64 {
        self.items.iter().map(|i| i.value).sum()
    }
    /// What the goods really cost.
    pub fn worth(&self) -> f64 {
        self.items.iter().map(|i| i.worth).sum()
    }
    /// Declares that share of every line's price.
    pub fn scale(&mut self, share: f64) {
        let unit = 10_f64.powi(decimals(self.currency));
        for item in &mut self.items {
            item.value = ((item.value * share * unit).floor() / unit).max(1.0 / unit).min(item.worth);
        }
    }
    pub fn mark(&mut self, typology: Typology, case_key: String) {
        self.truth = Some(Truth { typology, case_key, line: None });
    }
}

/// Parcels of one chunk as they are made.
pub(super) struct Desk<'a> {
    pub world: &'a World<'a>,
    pub draw: Draw,
    pub chunk: usize,
    pub cases: usize,
    pub drafts: Vec<Draft>,
}

/// Share of the parcels by days before the night.
const AGES: [f64; 7] = [0.42, 0.64, 0.78, 0.87, 0.93, 0.97, 1.0];

impl Desk<'_> {
    /// A new name for a case.
    pub fn case(&mut self, typology: Typology) -> String {
        self.cases += 1;
        format!("{}-{}-{}", typology.names().1, self.chunk, self.cases)
    }
    /// A day of presentation.
    pub fn day(&mut self) -> i32 {
        let u = self.draw.unit();
        self.world.plan.date - AGES.partition_point(|&upto| upto <= u).min(6) as i32
    }
    /// Somebody who orders: a few order far more than most.
    pub fn person(&mut self) -> u64 {
        let rank = self.draw.unit().powf(1.35);
        (rank * self.world.population as f64) as u64
    }
    pub fn addressee(&mut self) -> Party {
        if self.draw.chance(0.05) {
            let number = self.draw.ranked((self.world.population / 25) as usize, 1.4);
            return self.world.directory().business(number as u64);
        }
        let number = self.person();
        self.world.directory().person(number)
    }
    /// A line of an offer at its list price.
    pub fn item(&mut self, seller: u32, offer: usize, quantity: usize) -> Item {
        let world = self.world;
        let seller = &world.sellers[seller as usize];
        let offer = &seller.offers[offer];
        let draw = &mut self.draw;
        let mut price = offer.price;
        if !seller.round_prices && draw.chance(0.15) {
            price *= draw.between(0.8, 0.96);
        }
        if !seller.round_prices {
            // Two for the price of nearly two.
            price *= (quantity as f64).powf(-0.05);
        }
        line(seller, offer, quantity, price, draw)
    }
    /// A parcel of these lines.
    pub fn parcel(&mut self, seller: u32, items: Vec<Item>, consignee: Party) -> Draft {
        let day = self.day();
        let world = self.world;
        let draw = &mut self.draw;
        let from = &world.sellers[seller as usize];
        let weight: f64 = items.iter().map(|i| i.weight).sum();
        let postal = draw.chance(from.postal);
        let unit = 10_f64.powi(from.decimals);
        let base = if postal { 2.5 + 8.0 * weight } else { 9.0 + 6.5 * weight };
        let transport = base * draw.between(0.8, 1.25) * world.per_euro(from.currency, day);
        let value: f64 = items.iter().map(|i| i.value).sum();
        let mut consignee = consignee;
        if draw.chance(0.25) {
            careless(&mut consignee, draw);
        }
        Draft {
            postal,
            day,
            sender: Sender::Seller(seller),
            consignee,
            nature: match draw.below(100) {
                0..90 => "sale",
                90..93 => "other",
                _ => "",
            },
            items,
            currency: from.currency,
            transport: (transport * unit).round() / unit,
            packaging: draw.between(0.015, 0.05) + weight * draw.between(0.02, 0.1),
            insured: draw.chance(0.04).then(|| (value * unit).ceil() / unit),
            platform: from.platform,
            shop: from.shop.clone(),
            order_id: order_id(from.platform, draw),
            order_age: if postal { draw.whole(6, 18) } else { draw.whole(3, 8) } as i32,
            relief: Relief::AsDue,
            place: draw.bits(),
            truth: None,
            twin: None,
        }
    }
    /// An ordinary order at a seller: one to four lines.
    pub fn basket(&mut self, seller: u32, consignee: Party) -> Draft {
        let lines = match self.draw.below(100) {
            0..68 => 1,
            68..88 => 2,
            88..96 => 3,
            _ => 4,
        };
        let offers = self.world.sellers[seller as usize].offers.len();
        let mut chosen: Vec<usize> = Vec::new();
        for _ in 0..lines {
            let offer = self.draw.ranked(offers, 1.6);
            if !chosen.contains(&offer) {
                chosen.push(offer);
            }
        }
        let mut items = Vec::with_capacity(chosen.len());
        for offer in chosen {
            let most = self.world.sellers[seller as usize].offers[offer].pieces;
            let quantity = if self.draw.chance(0.72) { 1 } else { 1 + self.draw.below(most) };
            items.push(self.item(seller, offer, quantity));
        }
        self.parcel(seller, items, consignee)
    }
    /// A parcel of one offer.
    pub fn single(&mut self, seller: u32, offer: usize, quantity: usize, consignee: Party) -> Draft {
        let item = self.item(seller, offer, quantity);
        self.parcel(seller, vec![item], consignee)
    }
    /// Whether the parcel's value, on the law's basis, is below that share of the limit.
    pub fn below_limit(&self, draft: &Draft, share: f64) -> bool {
        let Some(threshold) = self.world.plan.law.threshold else { return false };
        self.assessed(draft) as f64 <= threshold as f64 * share
    }
    /// Value on the law's basis, in its currency.
    pub fn assessed(&self, draft: &Draft) -> i64 {
        let extra = if self.world.plan.law.with_transport { draft.transport } else { 0.0 };
        self.world.in_law(draft.value() + extra, draft.currency, draft.day)
    }
}

/// A line of an offer at that price a piece.
pub(super) fn line(seller: &Seller, offer: &Offer, quantity: usize, price: f64, draw: &mut Draw) -> Item {
    let unit = 10_f64.powi(seller.decimals);
    let value = ((price * quantity as f64 * unit).round() / unit).max(1.0 / unit);
    let weight = offer.weight * quantity as f64 * draw.between(0.97, 1.03);
    Item {
        description: if quantity > 1 && draw.chance(0.1) {
            format!("{} x{quantity}", offer.description)
        } else {
            offer.description.clone()
        },
        hs: if draw.chance(seller.no_code) { String::new() } else { offer.hs.clone() },
        origin: if draw.chance(0.9) { seller.party.country } else { [0, 0] },
        quantity,
        weight: ((weight * 1000.0).round() / 1000.0).max(0.001),
        weight_declared: !draw.chance(seller.no_weight),
        quantity_declared: !draw.chance(seller.no_quantity),
        value,
        worth: value,
    }
}

fn order_id(platform: &str, draw: &mut Draw) -> String {
    match platform {
        "" if draw.chance(0.6) => String::new(),
        "" => format!("{}", draw.whole(10_000, 999_999)),
        "Amazon" => {
            format!("{}-{:07}-{:07}", draw.whole(100, 999), draw.below(10_000_000), draw.below(10_000_000))
        }
        "eBay" => format!("{:02}-{:05}-{:05}", draw.below(30), draw.below(100_000), draw.below(100_000)),
        _ => format!("{:016}", draw.bits() % 10_000_000_000_000_000),
    }
}
