//! Nights made line by line for the tests of prices and of the detectors that use them.

use crate::detect::Detector;
use crate::facts::Facts;
use crate::facts::prices::PriceReference;
use crate::fields::country::parse_country;
use crate::fields::currency::parse_currency;
use crate::fields::hs::parse_hs;
use crate::fields::nature::Nature;
use crate::model::batch::Channel;
use crate::model::entities::{Contacts, Entities, Resolved};
use crate::model::finding::Findings;
use crate::model::money::from_units;
use crate::model::parcels::{NO_AMOUNT, NO_DAY, Parcels, Shipments};
use crate::model::text::Interner;
use crate::refdata::charges::ChargeRates;
use crate::refdata::materials::RawMaterials;
use crate::refdata::rates::Rates;
use crate::refdata::regimes::{Aggregation, Basis, Limit, Terms, Treatment};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::collections::BTreeMap;

/// A line, alone in its parcel.
#[derive(Clone, Debug)]
pub(crate) struct Sale {
    pub consignor: u32,
    pub hs: &'static str,
    pub description: String,
    pub quantity: f64,
    /// Weight of the line, kg.
    pub weight: f64,
    /// Value of the line.
    pub value: f64,
    pub nature: Nature,
    /// What the test wants to know it by.
    pub mark: &'static str,
}

/// Lines and the consignors behind them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Night {
    pub sales: Vec<Sale>,
    /// Limit of the law, if any.
    pub limit: Option<f64>,
    /// Sales that are further lines of the parcel of the sale before, and whether that has one value for all of them.
    pub further: BTreeMap<usize, bool>,
    /// Prices of earlier nights.
    pub reference: PriceReference,
}

impl Night {
    /// Adds a sale of cotton shirts of 150 g: consignor, pieces, price of a piece.
    pub fn shirts(&mut self, consignor: u32, quantity: f64, price: f64, mark: &'static str) {
        self.sales.push(Sale {
            consignor,
            hs: "610910",
            description: "cotton t-shirt".into(),
            quantity,
            weight: 0.15 * quantity,
            value: price * quantity,
            nature: Nature::Sale,
            mark,
        });
    }

    /// Makes the last sale a further line of the parcel of the one before.
    pub fn join(&mut self, shared: bool) {
        self.further.insert(self.sales.len() - 1, shared);
    }

    /// The parcels and their lines.
    fn shipments(&self) -> (Shipments, Resolved, Vec<Terms>) {
        let mut s = Shipments { words: Interner::default().into_texts(), ..Shipments::default() };
        let mut descriptions = Interner::default();
        let home = parse_country("DE").unwrap();
        let euro = parse_currency("EUR").unwrap();
        for (i, sale) in self.sales.iter().enumerate() {
            if self.further.contains_key(&i) {
                add(&mut s.parcels, sale);
            } else {
                begin(&mut s.parcels, i, sale);
            }
            let parcel = s.parcels.id.len() as u32 - 1;
            let shared = self.further.get(&i).or(self.further.get(&(i + 1))).copied().unwrap_or(false);
            let l = &mut s.lines;
            l.parcel.push(parcel);
            l.number.push(1);
            l.description.push(descriptions.intern(&sale.description));
            l.hs.push(Some(parse_hs(sale.hs).unwrap()));
            l.origin.push(parse_country("CN").unwrap());
            l.quantity.push(sale.quantity);
            l.net_weight.push(sale.weight);
            l.value.push(from_units(sale.value));
            l.allocated.push(shared);
        }
        s.descriptions = descriptions.into_texts();
        s.parcels.first_line.push(self.sales.len() as u32);
        let parties = self.sales.iter().map(|sale| sale.consignor + 1).max().unwrap_or(0);
        let labels: Vec<u32> = (0..parties).collect();
        let prints: Vec<u128> = (0..u128::from(parties)).map(|p| p << 64).collect();
        let consignors = strangers(&labels, &prints);
        let terms = Terms {
            country: home,
            channel: Channel::Postal,
            currency: euro,
            basis: Basis::Intrinsic,
            aggregation: Aggregation::Consignment,
            limits: self.limit.map(limit).into_iter().collect(),
            gift: None,
        };
        (s, consignors, vec![terms])
    }

    /// Looks at the night's facts.
    pub fn look<T>(&self, at: impl FnOnce(&Facts) -> T) -> T {
        let (shipments, consignors, terms) = self.shipments();
        let consignees = strangers(&[0], &[0]);
        let charges = ChargeRates::builtin().unwrap();
        let mut facts =
            Facts::with_reference(&shipments, &consignors, &consignees, &terms, &charges, &self.reference);
        facts.floors = RawMaterials::load(None).unwrap().floors(&terms, &Rates::default(), i32::MAX);
        at(&facts)
    }

    /// What a detector finds.
    pub fn screen(&self, detector: &Detector) -> Findings {
        self.look(|facts| (detector.run)(facts, None).unwrap())
    }

    /// Share of the parcels whose first line has a mark on which there is a finding, and how many they are.
    pub fn share(&self, findings: &Findings, mark: &str) -> (f64, usize) {
        let firsts: Vec<usize> = (0..self.sales.len()).filter(|i| !self.further.contains_key(i)).collect();
        let all = firsts.iter().filter(|i| self.sales[**i].mark == mark).count();
        let mut parcels: Vec<u32> = findings.findings.iter().map(|f| f.parcel).collect();
        parcels.sort_unstable();
        parcels.dedup();
        let hit = parcels.iter().filter(|p| self.sales[firsts[**p as usize]].mark == mark).count();
        (hit as f64 / all.max(1) as f64, all)
    }
}

/// A limit below which nothing is charged.
fn limit(amount: f64) -> Limit {
    Limit {
        regime: "limit".into(),
        amount: from_units(amount),
        inclusive: true,
        duty: Treatment::Free,
        tax: Treatment::Normal,
        excluded: Vec::new(),
        gifts: false,
        source: String::new(),
    }
}

/// Begins a parcel with the sale with a number as its first line.
fn begin(p: &mut Parcels, i: usize, sale: &Sale) {
    p.id.push(&format!("P{i:07}"));
    p.channel.push(Channel::Postal);
    for column in [&mut p.source, &mut p.manifest, &mut p.carrier, &mut p.flight, &mut p.platform] {
        column.push(0);
    }
    for column in [&mut p.seller, &mut p.order, &mut p.ioss, &mut p.procedures, &mut p.consignee] {
        column.push(0);
    }
    p.date.push(20_000);
    p.order_date.push(NO_DAY);
    p.posting_date.push(NO_DAY);
    p.consignor.push(sale.consignor);
    p.destination.push(parse_country("DE").unwrap());
    p.nature.push(sale.nature);
    p.gross_weight.push(sale.weight);
    p.currency.push(parse_currency("EUR").unwrap());
    let value = from_units(sale.value);
    for column in [&mut p.declared, &mut p.value, &mut p.assessed] {
        column.push(value);
    }
    p.transport.push(NO_AMOUNT);
    p.insured.push(NO_AMOUNT);
    p.terms.push(0);
    p.first_line.push(i as u32);
}

/// Adds what a further line is worth and weighs to the last parcel.
fn add(p: &mut Parcels, sale: &Sale) {
    let last = p.gross_weight.len() - 1;
    p.gross_weight[last] += sale.weight;
    for column in [&mut p.declared, &mut p.value, &mut p.assessed] {
        column[last] += from_units(sale.value);
    }
}

/// Kinds of goods: subheading, words, price of a piece, weight of a piece, spread of articles in it.
const GOODS: &[(&str, &str, f64, f64, f64)] = &[
    ("610910", "cotton t-shirt", 9.0, 0.15, 0.25),
    ("610910", "cotton t-shirt printed", 12.0, 0.17, 0.25),
    ("611020", "cotton pullover", 22.0, 0.4, 0.3),
    ("620342", "denim trousers", 28.0, 0.6, 0.3),
    ("640399", "leather shoes", 45.0, 0.9, 0.3),
    ("640411", "sports shoes", 38.0, 0.7, 0.35),
    ("851713", "smartphone", 230.0, 0.35, 0.4),
    ("851762", "bluetooth headphones", 25.0, 0.15, 0.4),
    ("851762", "wifi router", 35.0, 0.4, 0.3),
    ("392690", "phone case plastic", 6.0, 0.05, 0.3),
    ("392690", "storage box plastic", 11.0, 0.5, 0.3),
    ("950300", "toy building blocks", 18.0, 0.6, 0.35),
    ("950300", "plush toy bear", 12.0, 0.3, 0.3),
    ("420222", "handbag textile", 26.0, 0.5, 0.35),
    ("711719", "necklace imitation", 7.0, 0.03, 0.4),
    ("910211", "wrist watch quartz", 32.0, 0.1, 0.45),
    ("330499", "face cream", 14.0, 0.12, 0.3),
    ("732393", "kitchen pan steel", 24.0, 1.2, 0.3),
    ("630260", "bath towel", 10.0, 0.45, 0.25),
    ("940520", "desk lamp led", 21.0, 0.8, 0.3),
];

/// A night shaped like trade: consignors of many sizes with price levels of their own, articles with list prices that
/// end in 9, discounts for quantity, noise in weights. `cut` says of a consignor's number and a draw in 0..1 by which
/// factor the line's value is cut, or `None`.
pub(crate) fn trade(
    consignors: u32,
    lines: usize,
    seed: u64,
    cut: impl Fn(u32, f64) -> Option<(f64, &'static str)>,
) -> Night {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let normal = |rng: &mut ChaCha8Rng| -> f64 { StandardNormal.sample(rng) };
    let mut articles = Vec::new();
    for consignor in 0..consignors {
        let level = 0.3 * normal(&mut rng);
        let count = 1 + (rng.random::<f64>().powi(3) * 12.0) as usize;
        for article in 0..count {
            let kind = GOODS[(rng.random::<f64>() * GOODS.len() as f64) as usize];
            let price = (kind.2.ln() + level + kind.4 * normal(&mut rng)).exp();
            let weight = kind.3 * (0.2 * normal(&mut rng)).exp();
            articles.push((consignor, article, kind, price.ceil() - 0.01, weight));
        }
    }
    let mut night = Night::default();
    for _ in 0..lines {
        let at = (rng.random::<f64>().powf(1.5) * articles.len() as f64) as usize;
        let (consignor, article, kind, price, weight) = articles[at];
        let quantity =
            if rng.random::<f64>() < 0.75 { 1.0 } else { (1.0 + rng.random::<f64>().powi(3) * 9.0).floor() };
        let draw = rng.random::<f64>();
        let (factor, mark) = cut(consignor, draw).unwrap_or((1.0, "honest"));
        night.sales.push(Sale {
            consignor,
            hs: kind.0,
            description: format!("{} {}", kind.1, ["black", "blue", "A17", "new"][article % 4]),
            quantity,
            weight: (weight * quantity * (0.05 * normal(&mut rng)).exp() * 1000.0).round().max(1.0) / 1000.0,
            value: (price * factor * quantity * 100.0).round().max(1.0) / 100.0,
            nature: Nature::Sale,
            mark,
        });
    }
    night
}

/// Parties of which nothing is known but that they differ.
fn strangers(labels: &[u32], prints: &[u128]) -> Resolved {
    let (none, no) = (vec![0; labels.len()], vec![false; labels.len()]);
    let contacts = Contacts {
        name: none.clone(),
        building: none.clone(),
        dwelling: none.clone(),
        phone: none.clone(),
        email: none.clone(),
        registration: none,
        business: no.clone(),
        pickup: no.clone(),
        nameless: no,
    };
    Resolved { entities: Entities::from_labels(labels, prints), contacts, ..Resolved::default() }
}
