//! Sales sent as gifts, to enjoy the relief for gifts between private persons.

use super::detector;
use crate::facts::Facts;
use crate::facts::claims::Claims;
use crate::fields::nature::Nature;
use crate::fields::text::fold_words;
use crate::model::finding::{Case, Finding, Findings};
use crate::model::money::{Money, display, to_units};
use crate::model::parcels::Particular;
use crate::model::text::ABSENT;
use crate::refdata::procedures::Claim;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

detector! {
    /// ## What it flags
    /// A parcel declared as a gift, or for which gift relief is claimed (`C08`), that bears the marks of a sale.
    /// ## Law
    /// Relief for gifts is for occasional consignments from one private person to another without payment (Regulation (EC)
    /// 1186/2009, Art. 25 to 27, and its like). Looked at only where the law has a limit for gifts and the parcel is
    /// within it or claims it: a gift above the limit that is declared as a gift is taxed, and no fraud by itself.
    /// ## How it decides
    /// Marks are weighed and added as natural logarithms of odds, starting from `prior`; the score is the probability that
    /// comes out. Marks: the sender's name is that of a firm; a marketplace, a seller or an order number stands on the
    /// record; a tax scheme for sales is claimed; the record says sale and claims gift relief; the sender's gifts go to many
    /// addressees of different surnames; the same article at the same price goes to several of them; many pieces of one
    /// article; the sender also sends sales, or sells the same article at that price; the addressee is a firm; the price ends in .99 or .95.
    /// An addressee who shares the sender's surname speaks against a sale. No test is made, so there is no p-value.
    /// ## Honest look-alikes
    /// A family's two or three gifts around a holiday, one person's parcels to several relatives, an expatriate's parcels home.
    /// ## What it misses
    /// A seller under a new private name for every parcel.
    /// ## Settings
    /// `prior` and the weights below, natural logarithms of odds; `free_addressees`: addressees of different surnames that
    /// speak for nothing yet; `lowest`: least score that is reported.
    "de-minimis-gift-sale", DeMinimisAbuse, "Sales declared as gifts", Settings, run
}

/// Settings under `[detectors.de-minimis-gift-sale]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    prior: f64,
    firm: f64,
    marketplace: f64,
    seller: f64,
    order: f64,
    scheme: f64,
    declared_sale: f64,
    addressees: f64,
    most_addressees: f64,
    free_addressees: f64,
    same_article: f64,
    pieces: f64,
    also_sells: f64,
    sells_article: f64,
    firm_addressee: f64,
    charm_price: f64,
    relative: f64,
    #[serde(deserialize_with = "super::share")]
    lowest: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            prior: -3.0,
            firm: 3.5,
            marketplace: 3.3,
            seller: 2.6,
            order: 2.4,
            scheme: 3.5,
            declared_sale: 5.0,
            addressees: 2.2,
            most_addressees: 5.0,
            free_addressees: 3.5,
            same_article: 2.0,
            pieces: 1.5,
            also_sells: 1.5,
            sells_article: 2.5,
            firm_addressee: 1.0,
            charm_price: 0.5,
            relative: -1.5,
            lowest: 0.5,
        }
    }
}

/// Pieces of one article from which a gift looks like stock, and like much stock.
const STOCK: [f64; 2] = [10.0, 30.0];
/// Addressees of the same article at the same price from which it looks like a range of goods.
const REPEATED: usize = 5;

/// One gift and what its sender's other parcels are compared by.
struct Gift {
    sender: u32,
    parcel: u32,
    addressee: u32,
    surname: u64,
    article: u32,
    declared: Money,
}

/// What a sender's gifts have in common.
struct Habit {
    gifts: usize,
    /// Addressees, and those of different surnames that are not the sender's.
    addressees: usize,
    unrelated: usize,
    sales: u32,
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let parcels = &facts.shipments.parcels;
    let claims = Claims::of(facts);
    let everything = 0..parcels.len() as u32;
    let mut gifts: Vec<Gift> = everything
        .clone()
        .into_par_iter()
        .filter(|&p| is_gift(facts, &claims, p))
        .map_init(String::new, |scratch, p| gift(facts, p, scratch))
        .collect();
    if gifts.is_empty() {
        return Findings::default();
    }
    gifts.par_sort_unstable_by_key(|g| (g.sender, g.parcel));
    let mut sales = vec![0_u32; facts.consignors.entities.len()];
    let mut gives = vec![false; facts.consignors.entities.len()];
    gifts.iter().for_each(|g| gives[g.sender as usize] = true);
    let mut sold: Vec<(u32, u32, Money)> = Vec::new();
    for p in
        everything.filter(|&p| parcels.nature[p as usize] == Nature::Sale && !claims_gift(facts, &claims, p))
    {
        let sender = facts.consignor(p);
        if gives[sender as usize] {
            sales[sender as usize] += 1;
            sold.push((sender, article(facts, p), piece_price(facts, p)));
        }
    }
    sold.par_sort_unstable();
    let groups: Vec<&[Gift]> = gifts.chunk_by(|a, b| a.sender == b.sender).collect();
    let judged: Vec<Vec<Finding>> =
        groups.par_iter().map(|group| judge(facts, settings, &claims, group, &sales, &sold)).collect();
    collect(facts, &groups, judged)
}

/// Whether gift relief is at stake: claimed by code, or by the nature in a parcel within the gift limit.
fn is_gift(facts: &Facts, claims: &Claims, parcel: u32) -> bool {
    let parcels = &facts.shipments.parcels;
    let Some(limit) = &facts.terms(parcel).gift else {
        return false;
    };
    let declared =
        parcels.nature[parcel as usize] == Nature::Gift && limit.admits(parcels.assessed[parcel as usize]);
    declared || claims_gift(facts, claims, parcel)
}

fn claims_gift(facts: &Facts, claims: &Claims, parcel: u32) -> bool {
    claims.of_parcel(facts, parcel).any(|procedure| procedure.claim == Claim::Gift)
}

fn gift(facts: &Facts, parcel: u32, scratch: &mut String) -> Gift {
    let shipments = facts.shipments;
    let p = parcel as usize;
    let name = shipments.consignees.get(shipments.parcels.consignee[p], Particular::Name);
    Gift {
        sender: facts.consignor(parcel),
        parcel,
        addressee: facts.consignee(parcel),
        surname: surname(name, scratch),
        article: article(facts, parcel),
        declared: shipments.parcels.declared[p],
    }
}

/// Hash of the last word of a name of at least three letters; 0 where there is none.
fn surname(name: &str, scratch: &mut String) -> u64 {
    fold_words(name, scratch);
    scratch.rsplit(' ').find(|word| word.len() >= 3).map_or(0, |word| xxh3_64(word.as_bytes()))
}

/// Description of the parcel's dearest line, the first of equals.
fn article(facts: &Facts, parcel: u32) -> u32 {
    dearest(facts, parcel).map_or(ABSENT, |line| facts.shipments.lines.description[line])
}

fn dearest(facts: &Facts, parcel: u32) -> Option<usize> {
    let lines = &facts.shipments.lines;
    facts.shipments.parcels.lines(parcel).reduce(|a, b| if lines.value[b] > lines.value[a] { b } else { a })
}

/// Price of one piece of the dearest line; of the whole line where the pieces are not declared.
fn piece_price(facts: &Facts, parcel: u32) -> Money {
    let lines = &facts.shipments.lines;
    dearest(facts, parcel).map_or(0, |line| {
        let pieces = lines.quantity[line];
        if pieces > 1.0 { (lines.value[line] as f64 / pieces).round() as Money } else { lines.value[line] }
    })
}

fn judge(
    facts: &Facts,
    settings: &Settings,
    claims: &Claims,
    gifts: &[Gift],
    sales: &[u32],
    sold: &[(u32, u32, Money)],
) -> Vec<Finding> {
    let Some(first) = gifts.first() else {
        return Vec::new();
    };
    let habit = habit(facts, gifts, sales[first.sender as usize]);
    let mut articles: Vec<(u32, Money, u32)> =
        gifts.iter().map(|g| (g.article, g.declared, g.addressee)).collect();
    articles.sort_unstable();
    articles.dedup();
    gifts.iter().filter_map(|gift| weigh(facts, settings, claims, gift, &habit, &articles, sold)).collect()
}

fn habit(facts: &Facts, gifts: &[Gift], sales: u32) -> Habit {
    let own = sender_surname(facts, gifts[0].parcel);
    let mut addressees: Vec<u32> = gifts.iter().map(|g| g.addressee).collect();
    addressees.sort_unstable();
    addressees.dedup();
    let mut surnames: Vec<u64> = gifts.iter().map(|g| g.surname).filter(|&s| s != own).collect();
    surnames.sort_unstable();
    surnames.dedup();
    let unrelated = surnames.len().min(addressees.len());
    Habit { gifts: gifts.len(), addressees: addressees.len(), unrelated, sales }
}

fn sender_surname(facts: &Facts, parcel: u32) -> u64 {
    let shipments = facts.shipments;
    let name = shipments.consignors.get(shipments.parcels.consignor[parcel as usize], Particular::Name);
    surname(name, &mut String::new())
}

/// The marks of a sale on one gift, with their weights.
struct Scales {
    odds: f64,
    marks: Vec<String>,
    weights: serde_json::Map<String, serde_json::Value>,
}

impl Scales {
    fn add(&mut self, name: &str, weight: f64, mark: impl Into<String>) {
        self.odds += weight;
        self.marks.push(mark.into());
        self.weights.insert(name.to_owned(), serde_json::json!((weight * 1000.0).round() / 1000.0));
    }
}

fn weigh(
    facts: &Facts,
    settings: &Settings,
    claims: &Claims,
    gift: &Gift,
    habit: &Habit,
    articles: &[(u32, Money, u32)],
    sold: &[(u32, u32, Money)],
) -> Option<Finding> {
    let (shipments, p) = (facts.shipments, gift.parcel as usize);
    let parcels = &shipments.parcels;
    let limit = facts.terms(gift.parcel).gift.as_ref()?;
    let mut scales = Scales { odds: settings.prior, marks: Vec::new(), weights: serde_json::Map::new() };
    if facts.consignors.contacts.business[parcels.consignor[p] as usize] {
        let name = shipments.consignors.get(parcels.consignor[p], Particular::Name);
        scales.add("firm", settings.firm, format!("the sender is a firm by its name ({name})"));
    }
    let word = |number: u32| shipments.words.present(number);
    if let Some(platform) = word(parcels.platform[p]) {
        scales.add(
            "marketplace",
            settings.marketplace,
            format!("it was ordered on a marketplace ({platform})"),
        );
    }
    if let Some(seller) = word(parcels.seller[p]) {
        scales.add("seller", settings.seller, format!("a seller is named ({seller})"));
    }
    if let Some(order) = word(parcels.order[p]) {
        scales.add("order", settings.order, format!("it bears an order number ({order})"));
    }
    let mut scheme =
        claims.of_parcel(facts, gift.parcel).filter(|c| matches!(c.claim, Claim::Scheme | Claim::Number));
    if scheme.next().is_some() {
        scales.add("scheme", settings.scheme, "a tax scheme that is for sales is claimed");
    }
    if parcels.nature[p] == Nature::Sale {
        scales.add("declared_sale", settings.declared_sale, "the record says sale and claims gift relief");
    }
    let unrelated = habit.unrelated as f64;
    if unrelated > settings.free_addressees {
        let weight = settings.addressees * (unrelated / settings.free_addressees).ln();
        let mark = format!(
            "the sender's {} gifts go to {} addressees of {} different surnames",
            habit.gifts, habit.addressees, habit.unrelated
        );
        scales.add("addressees", weight.min(settings.most_addressees), mark);
    }
    let key = (gift.article, gift.declared);
    let start = articles.partition_point(|a| (a.0, a.1) < key);
    let same = articles[start..].iter().take_while(|a| (a.0, a.1) == key).count();
    if same >= REPEATED {
        scales.add(
            "same_article",
            settings.same_article,
            format!("{same} addressees get the same article at the same price"),
        );
    }
    let pieces = parcels_pieces(facts, gift.parcel);
    if pieces >= STOCK[0] {
        let weight = if pieces >= STOCK[1] { settings.pieces + 1.0 } else { settings.pieces };
        scales.add("pieces", weight, format!("it holds {pieces} pieces of one article"));
    }
    if sells(sold, gift, piece_price(facts, gift.parcel)) {
        scales.add(
            "sells_article",
            settings.sells_article,
            "the sender sells the same article at that price",
        );
    }
    if habit.sales >= 3 {
        scales.add("also_sells", settings.also_sells, format!("the sender also sends {} sales", habit.sales));
    }
    if facts.consignees.contacts.business[parcels.consignee[p] as usize] {
        scales.add("firm_addressee", settings.firm_addressee, "the addressee is a firm by its name");
    }
    if is_charm(gift.declared) {
        scales.add("charm_price", settings.charm_price, "its price ends as prices in shops do");
    }
    if gift.surname != 0 && gift.surname == sender_surname(facts, gift.parcel) {
        scales.add("relative", settings.relative, "against it, the addressee bears the sender's surname");
    }
    let score = 1.0 / (1.0 + (-scales.odds).exp());
    if score < settings.lowest {
        return None;
    }
    let currency = facts.terms(gift.parcel).currency.to_string();
    Some(Finding {
        parcel: gift.parcel,
        line_number: None,
        score,
        p_value: None,
        revenue: facts.revenue_if_sold(gift.parcel),
        case: None,
        reason: format!(
            "{}, {} (gift limit {}), but it looks like a sale: {}.",
            if parcels.nature[p] == Nature::Gift { "Declared as a gift" } else { "Gift relief is claimed" },
            match facts.shipments.unvalued(gift.parcel) {
                true => "without customs value".into(),
                false => format!("worth {}", display(parcels.assessed[p], &currency)),
            },
            display(limit.amount, &currency),
            scales.marks.join("; "),
        ),
        evidence: serde_json::json!({
            "prior": settings.prior,
            "weights": scales.weights,
            "gifts_of_sender": habit.gifts,
            "addressees": habit.addressees,
            "different_surnames": habit.unrelated,
            "sales_of_sender": habit.sales,
            "value": to_units(parcels.assessed[p]),
            "limit": to_units(limit.amount),
            "currency": currency,
            "regime": limit.regime,
            "law": limit.source,
        })
        .into(),
    })
}

/// Whether the sender sells the gift's article at a price within a tenth of its own.
fn sells(sold: &[(u32, u32, Money)], gift: &Gift, price: Money) -> bool {
    let start = sold.partition_point(|s| (s.0, s.1, s.2) < (gift.sender, gift.article, price - price / 10));
    gift.article != ABSENT
        && sold
            .get(start)
            .is_some_and(|s| (s.0, s.1) == (gift.sender, gift.article) && s.2 <= price + price / 10)
}

/// Most pieces on one line.
fn parcels_pieces(facts: &Facts, parcel: u32) -> f64 {
    let quantity = &facts.shipments.lines.quantity;
    facts.shipments.parcels.lines(parcel).map(|line| quantity[line]).fold(0.0, f64::max)
}

/// Whether an amount ends in .99 or .95.
fn is_charm(amount: Money) -> bool {
    matches!(amount.rem_euclid(10_000), 9_900 | 9_500)
}

/// Puts the findings of each sender with more than one into a case.
fn collect(facts: &Facts, groups: &[&[Gift]], judged: Vec<Vec<Finding>>) -> Findings {
    let mut all = Findings::default();
    for (gifts, mut found) in groups.iter().zip(judged) {
        if found.len() > 1 {
            let case = all.cases.len() as u32;
            let parcels: Vec<u32> = found.iter().map(|f| f.parcel).collect();
            let value = &facts.shipments.parcels.assessed;
            let total = parcels.iter().fold(0, |sum: Money, &p| sum.saturating_add(value[p as usize]));
            let terms = facts.terms(parcels[0]);
            found.iter_mut().for_each(|f| f.case = Some(case));
            all.cases.push(Case {
                consignor: Some(gifts[0].sender),
                consignee: None,
                total,
                threshold: terms.gift.as_ref().map(|limit| limit.amount),
                reason: format!(
                    "One sender's {} gifts, {} of them with the marks of a sale.",
                    gifts.len(),
                    parcels.len()
                ),
                parcels,
            });
        }
        all.findings.append(&mut found);
    }
    all.findings.sort_by_key(|f| f.parcel);
    all
}

#[cfg(test)]
mod tests;
