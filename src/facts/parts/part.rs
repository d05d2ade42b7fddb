//! A parcel as a possible part of an order: what the comparison needs, fetched once.

use crate::facts::Facts;
use crate::facts::goods::{MainGoods, main_goods};
use crate::fields::country::Country;
use crate::fields::currency::Currency;
use crate::fields::nature::Nature;
use crate::fields::s10::find_s10;
use crate::model::money::Money;
use crate::model::parcels::NO_DAY;
use crate::model::text::ABSENT;
use crate::refdata::procedures::{claims_of_codes, claims_of_number, covers};
use crate::refdata::regimes::{Aggregation, Limit, Terms};
use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

/// Two numbers this far apart or nearer are neighbours.
pub const NEIGHBOURS: u64 = 10;
/// Two numbers this far apart or nearer may come from one morning's labels.
pub const NEAR: u64 = 1_000;
/// Most that neighbouring numbers are put down to a sender's short series of numbers.
const MOST_BY_CHANCE: f32 = 0.15;

/// A row of a pool: parcels under one key, which may be a consignee or a telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// What the parcels of a pool share; rows of one key stand together.
    pub key: u64,
    /// Day of presentation.
    pub day: i32,
    /// Parcel.
    pub parcel: u32,
}

/// A parcel with what it is compared by.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Key of its row.
    pub key: u64,
    /// Parcel.
    pub parcel: u32,
    /// Day of presentation.
    pub day: i32,
    /// Value on the regime's basis.
    pub value: Money,
    /// The limit it is held against, 0 where the law has none.
    pub limit: Money,
    /// Number of the limit: parcels with one number have the same limit of the same law.
    pub rule: u32,
    /// Whether the limit admits the parcel and its treatment is not waived, so that it can be a part.
    pub admitted: bool,
    /// Whether it is declared as a gift.
    pub gift: bool,
    /// Whether the law adds up all that one consignee imports, whoever ordered what.
    pub decisive: bool,
    /// Hash of what the law adds together; 0 where it does not say.
    pub legal: u64,
    /// Resolved consignor.
    pub consignor: u32,
    /// Resolved consignee.
    pub consignee: u32,
    /// Seller as declared.
    pub seller: u32,
    /// Main goods.
    pub goods: MainGoods,
    /// Hash of everything in the identifier but its running number; 0 where it has none.
    pub series: u64,
    /// The running number.
    pub serial: u64,
    /// Manifest.
    pub manifest: u32,
    /// Marketplace.
    pub platform: u32,
    /// Order number.
    pub order: u32,
    /// Day of the order.
    pub order_date: i32,
    /// Day of posting.
    pub posting: i32,
    /// The consignor's share of all parcels.
    pub supplier_share: f32,
    /// The description's share of the pool's parcels.
    pub wording_share: f32,
    /// The subheading's share of the pool's parcels.
    pub subheading_share: f32,
    /// Chance that two parcels of this consignor have neighbouring numbers, by the length of its series.
    pub close_by_chance: f32,
    /// The same for numbers at most [`NEAR`] apart.
    pub near_by_chance: f32,
}

impl Default for Part {
    fn default() -> Self {
        Part {
            key: 0,
            parcel: 0,
            day: 0,
            value: 0,
            limit: 0,
            rule: 0,
            admitted: false,
            gift: false,
            decisive: false,
            legal: 0,
            consignor: 0,
            consignee: 0,
            seller: ABSENT,
            goods: MainGoods::default(),
            series: 0,
            serial: 0,
            manifest: ABSENT,
            platform: ABSENT,
            order: ABSENT,
            order_date: NO_DAY,
            posting: NO_DAY,
            supplier_share: 0.0,
            wording_share: 0.0,
            subheading_share: 0.0,
            close_by_chance: 0.0,
            near_by_chance: 0.0,
        }
    }
}

/// The limit that a parcel is held against: that for gifts where it is declared as one and the law has it.
pub fn limit_of<'a>(facts: &'a Facts, parcel: u32) -> Option<&'a Limit> {
    let terms = facts.terms(parcel);
    match (&terms.gift, facts.shipments.parcels.nature[parcel as usize]) {
        (Some(gift), Nature::Gift) => Some(gift),
        _ => terms.limit(),
    }
}

/// What parts are made with, the same for every pool of a night.
#[derive(Debug, Default)]
pub struct Sources {
    rules: Rules,
    supply: Supply,
    waived: Waived,
}

impl Sources {
    /// Looks at every parcel once.
    pub fn of(facts: &Facts) -> Sources {
        Sources { rules: Rules::of(facts.terms), supply: Supply::of(facts), waived: Waived::of(facts) }
    }
}

/// The parcels of each row of each pool, in the order of the rows.
pub fn parts(facts: &Facts, pools: &[Vec<Row>]) -> Vec<Vec<Part>> {
    // Parcels are read in their own order, which memory likes, and then brought into that of the rows.
    let mut place = vec![u32::MAX; facts.shipments.parcels.len()];
    pools.iter().flatten().for_each(|row| place[row.parcel as usize] = 0);
    let wanted = |&parcel: &u32| place[parcel as usize] == 0;
    let parcels: Vec<u32> = (0..place.len() as u32).filter(wanted).collect();
    parcels.iter().zip(0..).for_each(|(parcel, at)| place[*parcel as usize] = at);
    let own: Vec<Part> = parcels.par_iter().map(|&parcel| part(facts, parcel)).collect();
    let descriptions = facts.shipments.descriptions.len();
    pools.par_iter().with_max_len(1).map(|rows| of_pool(rows, &own, &place, descriptions)).collect()
}

fn of_pool(rows: &[Row], own: &[Part], place: &[u32], descriptions: usize) -> Vec<Part> {
    let of_row = |row: &Row| &own[place[row.parcel as usize] as usize];
    let mut wordings = vec![0_u32; descriptions];
    let mut subheadings = vec![0_u32; 1_000_000];
    for part in rows.iter().map(of_row) {
        wordings[part.goods.description as usize] += 1;
        subheadings[part.goods.subheading as usize % 1_000_000] += 1;
    }
    let all = rows.len().max(1_000) as f32;
    rows.par_iter()
        .map(|row| {
            let part = *of_row(row);
            let wording_share = wordings[part.goods.description as usize] as f32 / all;
            let subheading_share = subheadings[part.goods.subheading as usize % 1_000_000] as f32 / all;
            Part { key: row.key, wording_share, subheading_share, ..part }
        })
        .collect()
}

fn part(facts: &Facts, parcel: u32) -> Part {
    let Sources { rules, supply, waived } = &facts.sources;
    let parcels = &facts.shipments.parcels;
    let i = parcel as usize;
    let limit = limit_of(facts, parcel);
    let value = parcels.assessed[i];
    let goods_for_sale = !matches!(parcels.nature[i], Nature::Documents | Nature::Returned);
    let consignor = facts.consignor(parcel);
    let (series, serial) = number_of(parcels.id.get(parcel));
    Part {
        parcel,
        day: parcels.date[i],
        value,
        limit: limit.map_or(0, |limit| limit.amount),
        rule: rules.number(parcels.terms[i], parcels.nature[i]),
        admitted: goods_for_sale
            && value > 0
            && limit.is_some_and(|limit| limit.admits(value))
            && !waived.parcel(facts, parcel),
        gift: parcels.nature[i] == Nature::Gift,
        decisive: matches!(
            facts.terms(parcel).aggregation,
            Aggregation::ConsigneeDay | Aggregation::ConsigneeFlight
        ),
        legal: legal_key(facts, parcel),
        consignor,
        consignee: facts.consignee(parcel),
        seller: parcels.seller[i],
        goods: main_goods(facts, parcel),
        series,
        serial,
        manifest: parcels.manifest[i],
        platform: parcels.platform[i],
        order: parcels.order[i],
        order_date: parcels.order_date[i],
        posting: parcels.posting_date[i],
        supplier_share: supply.share(consignor),
        close_by_chance: supply.by_chance(consignor, NEIGHBOURS).min(MOST_BY_CHANCE),
        near_by_chance: supply.by_chance(consignor, NEAR),
        ..Part::default()
    }
}

/// Texts of procedure codes, and scheme numbers, that claim a cheaper treatment.
#[derive(Debug, Default)]
struct Waived {
    claims: Vec<bool>,
}

impl Waived {
    /// Reads each distinct text once.
    fn of(facts: &Facts) -> Waived {
        let (parcels, words) = (&facts.shipments.parcels, &facts.shipments.words);
        let mut read = vec![false; words.len()];
        let mut claims = vec![false; words.len()];
        let columns: [(&[u32], fn(&str) -> u8); 2] =
            [(&parcels.procedures, claims_of_codes), (&parcels.ioss, claims_of_number)];
        for (column, meaning) in columns {
            for &word in column {
                if !std::mem::replace(&mut read[word as usize], true) {
                    claims[word as usize] = meaning(words.get(word)) != 0;
                }
            }
        }
        Waived { claims }
    }

    /// Whether the declaration carries procedure codes of which none claims a cheaper treatment: who asks for none has
    /// cut nothing up to get it.
    fn parcel(&self, facts: &Facts, parcel: u32) -> bool {
        let (parcels, i) = (&facts.shipments.parcels, parcel as usize);
        let (codes, number) = (parcels.procedures[i], parcels.ioss[i]);
        codes != ABSENT
            && !self.claims[codes as usize]
            && !self.claims[number as usize]
            && covers(parcels.destination[i])
    }
}

/// Hash of what the law adds together: equal for two parcels whose values it adds. 0 where the parcel lacks the day or
/// the flight that the law goes by.
pub fn legal_key(facts: &Facts, parcel: u32) -> u64 {
    let parcels = &facts.shipments.parcels;
    let i = parcel as usize;
    let consignee = facts.consignee(parcel);
    let (kind, other, when) = match facts.terms(parcel).aggregation {
        Aggregation::Consignment => (1, facts.consignor(parcel), parcels.date[i]),
        Aggregation::ConsigneeDay => (2, 0, parcels.date[i]),
        Aggregation::ConsigneeFlight if parcels.flight[i] != ABSENT => {
            (3, parcels.flight[i], parcels.date[i])
        }
        Aggregation::ConsigneeSupplierOrderDate if parcels.order_date[i] != NO_DAY => {
            (4, facts.consignor(parcel), parcels.order_date[i])
        }
        Aggregation::ConsigneeFlight | Aggregation::ConsigneeSupplierOrderDate => return 0,
    };
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&consignee.to_le_bytes());
    bytes[4..8].copy_from_slice(&other.to_le_bytes());
    bytes[8..12].copy_from_slice(&when.to_le_bytes());
    bytes[12] = kind;
    xxh3_64(&bytes).max(1)
}

/// The running number in an identifier and a hash of the rest: the serial number of an S10 identifier, else the last
/// run of digits. Series 0 where there is no number of at least four digits.
pub fn number_of(identifier: &str) -> (u64, u64) {
    if let Some(s10) = find_s10(identifier) {
        let [a, b] = s10.service;
        let [c, d] = s10.issuer;
        return (xxh3_64(&[a, b, c, d]).max(1), u64::from(s10.serial));
    }
    let bytes = identifier.as_bytes();
    let Some(last) = bytes.iter().rposition(u8::is_ascii_digit) else {
        return (0, 0);
    };
    let first = bytes[..last].iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |i| i + 1);
    // Nine digits at most: what stands before them is part of the series.
    let first = first.max((last + 1).saturating_sub(9));
    if last + 1 - first < 4 {
        return (0, 0);
    }
    let serial = bytes[first..=last].iter().fold(0, |n, b| n * 10 + u64::from(b - b'0'));
    (xxh3_64(&bytes[..first]).max(1), serial)
}

/// Limits numbered so that equal ones have one number.
#[derive(Debug, Default)]
struct Rules {
    sale: Vec<u32>,
    gift: Vec<u32>,
}

type RuleKey = (Country, Currency, Money, bool, bool);

impl Rules {
    fn of(terms: &[Terms]) -> Rules {
        let key = |terms: &Terms, limit: Option<&Limit>, gift: bool| -> RuleKey {
            let (amount, inclusive) = limit.map_or((0, false), |limit| (limit.amount, limit.inclusive));
            (terms.country, terms.currency, amount, inclusive, gift)
        };
        let sale: Vec<RuleKey> = terms.iter().map(|t| key(t, t.limit(), false)).collect();
        let gift: Vec<RuleKey> =
            terms.iter().map(|t| key(t, t.gift.as_ref().or(t.limit()), t.gift.is_some())).collect();
        let mut all: Vec<RuleKey> = sale.iter().chain(&gift).copied().collect();
        all.sort_unstable();
        all.dedup();
        let numbers = |keys: &[RuleKey]| -> Vec<u32> {
            keys.iter().map(|key| all.partition_point(|other| other < key) as u32).collect()
        };
        Rules { sale: numbers(&sale), gift: numbers(&gift) }
    }

    fn number(&self, terms: u32, nature: Nature) -> u32 {
        let table = if nature == Nature::Gift { &self.gift } else { &self.sale };
        table[terms as usize]
    }
}

/// How much each consignor sends and over which numbers.
#[derive(Debug, Default)]
struct Supply {
    parcels: Vec<u32>,
    /// Least and largest running number, by the first and last identifier of each consignor.
    span: Vec<(u64, u64)>,
    all: f32,
}

impl Supply {
    fn of(facts: &Facts) -> Supply {
        let ids = &facts.shipments.parcels.id;
        let mut count = vec![0_u32; facts.consignors.entities.len()];
        // Parcels are sorted by identifier, so the first and the last of a consignor hold its extreme numbers.
        let mut ends = vec![(0_u32, 0_u32); count.len()];
        for parcel in 0..ids.len() as u32 {
            let consignor = facts.consignor(parcel) as usize;
            if count[consignor] == 0 {
                ends[consignor].0 = parcel;
            }
            ends[consignor].1 = parcel;
            count[consignor] += 1;
        }
        let span = ends
            .par_iter()
            .map(|&(first, last)| {
                let (low, high) = (number_of(ids.get(first)), number_of(ids.get(last)));
                // Several series: neighbours are no accident.
                if low.0 == high.0 {
                    (low.1.min(high.1), low.1.max(high.1))
                } else {
                    (0, u64::from(u32::MAX))
                }
            })
            .collect();
        Supply { parcels: count, span, all: (ids.len() as f32).max(1_000.0) }
    }

    fn share(&self, consignor: u32) -> f32 {
        self.parcels[consignor as usize] as f32 / self.all
    }

    /// Two numbers drawn from a range of `n` are at most `gap` apart with a chance of about `2 · gap / n`.
    fn by_chance(&self, consignor: u32, gap: u64) -> f32 {
        let (low, high) = self.span[consignor as usize];
        (2.0 * gap as f32 / (high.saturating_sub(low) + 1) as f32).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_one_series() {
        let (series, serial) = number_of("RR473124829GB");
        assert_eq!(serial, 47_312_482);
        assert_eq!(number_of("RR473124832GB"), (series, 47_312_483));
        assert_ne!(number_of("CP473124829GB").0, series);
        let (series, serial) = number_of("1Z999AA10123456784");
        assert_eq!((series != 0, serial), (true, 123_456_784));
        assert_eq!(number_of("HAWB-00042-X"), (xxh3_64(b"HAWB-"), 42));
        assert_eq!(number_of("AB12"), (0, 0));
        assert_eq!(number_of(""), (0, 0));
    }
}
