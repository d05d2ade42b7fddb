//! What speaks for two parcels being parts of one order: levels of likeness and their weights of evidence.
//!
//! Each feature of a pair has a few levels. A level's weight is `ln(m / u)`: `m` is its probability between parts of
//! one order that was cut up, `u` its probability between two parcels of one addressee that have nothing to do with
//! each other (Fellegi and Sunter 1969). `m` is set by judgement and documented here. `u` is measured in every run on
//! pairs that nobody had a reason to split, because together they are within the limit ([`Weights::measure`]), and
//! starts from the documented values, so that a small run uses those.

use super::part::{NEAR, NEIGHBOURS, Part};
use crate::facts::goods::{Goods, Likeness};
use crate::model::parcels::NO_DAY;
use crate::model::text::ABSENT;

/// What two parcels are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Feature {
    /// The same sender (and the same seller, where sellers are declared).
    Supplier,
    /// Like goods: same words, same subheading, same heading, none of these.
    Goods,
    /// Like values: ratio of the smaller to the larger from 0.98, 0.8, 0.5, 0.
    Values,
    /// Numbers of one series: at most 10 apart, at most 1,000 apart, farther or of another series.
    Identifiers,
    /// The same dispatch or master air waybill, of parcels presented on one day.
    Manifest,
    /// The same day of posting.
    Posting,
    /// The same day of order.
    OrderDate,
    /// The same order number.
    Order,
    /// The same marketplace.
    Platform,
}

/// How many features there are.
pub const FEATURES: usize = 9;
/// Most levels of a feature.
pub const LEVELS: usize = 4;
/// Level of a feature that one of the parcels does not declare.
pub const UNKNOWN: u8 = u8::MAX;

/// Levels of all features of one pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels(pub [u8; FEATURES]);

impl Levels {
    /// The level of one feature, [`UNKNOWN`] where it cannot be compared.
    pub fn of(self, feature: Feature) -> u8 {
        self.0[feature as usize]
    }
}

/// `m`: how often parts of one order show each level.
const PARTS: [[f64; LEVELS]; FEATURES] = [
    [0.90, 0.10, 0.0, 0.0],
    [0.50, 0.15, 0.10, 0.25],
    [0.30, 0.35, 0.25, 0.10],
    [0.45, 0.15, 0.40, 0.0],
    [0.60, 0.40, 0.0, 0.0],
    [0.75, 0.25, 0.0, 0.0],
    [0.80, 0.20, 0.0, 0.0],
    [0.50, 0.50, 0.0, 0.0],
    [0.95, 0.05, 0.0, 0.0],
];
/// `u` before anything is measured: how often two unrelated parcels of one addressee show each level.
const UNRELATED: [[f64; LEVELS]; FEATURES] = [
    [0.20, 0.80, 0.0, 0.0],
    [0.06, 0.04, 0.06, 0.84],
    [0.08, 0.20, 0.32, 0.40],
    [0.02, 0.05, 0.93, 0.0],
    [0.40, 0.60, 0.0, 0.0],
    [0.35, 0.65, 0.0, 0.0],
    [0.35, 0.65, 0.0, 0.0],
    [0.01, 0.99, 0.0, 0.0],
    [0.70, 0.30, 0.0, 0.0],
];
/// Pairs that the starting values of `u` count for.
const PSEUDO_PAIRS: f64 = 200.0;
/// A measured `u` is at least this part of its starting value, so that no clean night makes an innocent chance impossible.
const LEAST_PART: f64 = 0.2;
/// Most that one feature can say for or against, natural logarithm.
const MOST: f64 = 3.5;
/// Most that supplier, identifiers, manifest, days and platform say together: they hang on each other.
const MOST_DISPATCH: f64 = 5.0;
/// Most that goods and values say together: like goods have like prices.
const MOST_GOODS: f64 = 3.5;

/// Counts of the levels of unrelated pairs: those of one sender, and those of two.
pub type Counts = [[[u64; LEVELS]; FEATURES]; 2];

/// Measured weights of evidence.
///
/// Whatever a sender packs on one day has neighbouring numbers and one manifest, whoever ordered it. So `u` of every
/// feature but the sender is measured apart for pairs of one sender and of two (a naive Bayes classifier augmented by
/// one parent).
#[derive(Clone, Debug)]
pub struct Weights {
    unrelated: [[[f64; LEVELS]; FEATURES]; 2],
}

impl Weights {
    /// Weights from counts of the levels of pairs within the limit.
    pub fn measure(counts: &Counts) -> Weights {
        let mut unrelated = [UNRELATED; 2];
        for (senders, table) in unrelated.iter_mut().enumerate() {
            for (feature, row) in table.iter_mut().enumerate() {
                let seen = match feature {
                    // One order number on two parcels is legally telling whoever does it how often; it is not measured.
                    f if f == Feature::Order as usize => continue,
                    f if f == Feature::Supplier as usize => {
                        std::array::from_fn(|level| counts[0][f][level] + counts[1][f][level])
                    }
                    f => counts[senders][f],
                };
                let n: u64 = seen.iter().sum();
                for (u, seen) in row.iter_mut().zip(seen) {
                    let measured = (PSEUDO_PAIRS * *u + seen as f64) / (PSEUDO_PAIRS + n as f64);
                    *u = measured.max(LEAST_PART * *u);
                }
            }
        }
        Weights { unrelated }
    }

    /// Weight of one feature of a pair, natural logarithm of the likelihood ratio.
    ///
    /// A sender or a wording that is common in the whole run says less than a rare one: `u` is at least its share of
    /// all parcels. A sender who posts few parcels numbers all of them closely, so neighbouring numbers say less there.
    pub fn weight(&self, feature: Feature, levels: Levels, a: &Part, b: &Part) -> f64 {
        let level = levels.of(feature);
        if level == UNKNOWN {
            return 0.0;
        }
        let senders = usize::from(levels.of(Feature::Supplier) != 0);
        let mut u = self.unrelated[senders][feature as usize][level as usize];
        match (feature, level) {
            (Feature::Supplier, 0) => u = u.max(f64::from(a.supplier_share.max(b.supplier_share))),
            (Feature::Goods, 0) => u = u.max(f64::from(a.wording_share.max(b.wording_share))),
            (Feature::Goods, 1) => u = u.max(f64::from(a.subheading_share.max(b.subheading_share))),
            (Feature::Identifiers, 0) => u = u.max(f64::from(a.close_by_chance.max(b.close_by_chance))),
            (Feature::Identifiers, 1) => u = u.max(f64::from(a.near_by_chance.max(b.near_by_chance))),
            _ => {}
        }
        (PARTS[feature as usize][level as usize] / u).ln().clamp(-MOST, MOST)
    }

    /// All weights of a pair added up, within the bounds of features that hang on each other. For an addressee who
    /// receives goods regularly, one sender, like goods, like values and common days are its trade and speak for
    /// nothing; neighbouring identifiers and one order number still do.
    pub fn total(&self, levels: Levels, a: &Part, b: &Part, regular: bool) -> f64 {
        use Feature::*;
        let sum = |features: &[Feature]| features.iter().map(|&f| self.weight(f, levels, a, b)).sum::<f64>();
        let most = |bound: f64| if regular { 0.0 } else { bound };
        let numbers = match levels.of(Identifiers) {
            0 => sum(&[Identifiers]),
            _ => sum(&[Identifiers]).min(most(MOST)),
        };
        let dispatch = sum(&[Supplier, Manifest, Posting, OrderDate, Platform]).min(most(MOST_DISPATCH));
        let goods = sum(&[Goods, Values]).min(most(MOST_GOODS));
        (dispatch + numbers).min(MOST_DISPATCH) + goods + sum(&[Order])
    }

    /// What like values add to [`Weights::total`]. Two values that pass a limit together, each within it, are more alike
    /// than others by arithmetic alone, so a test of how alike parcels are must leave them out.
    pub fn values(&self, levels: Levels, a: &Part, b: &Part, regular: bool) -> f64 {
        let mut blind = levels;
        blind.0[Feature::Values as usize] = UNKNOWN;
        self.total(levels, a, b, regular) - self.total(blind, a, b, regular)
    }

    /// The sender's part of [`Weights::total`].
    pub fn sender(&self, levels: Levels, a: &Part, b: &Part, regular: bool) -> f64 {
        let weight = self.weight(Feature::Supplier, levels, a, b);
        if regular { weight.min(0.0) } else { weight }
    }
}

/// The levels of a pair.
pub fn compare(goods: &Goods, a: &Part, b: &Part) -> Levels {
    let same = |known: bool, equal: bool| if known { u8::from(!equal) } else { UNKNOWN };
    let words = |x: u32, y: u32| same(x != ABSENT && y != ABSENT, x == y);
    let days = |x: i32, y: i32| same(x != NO_DAY && y != NO_DAY, x == y);
    let sellers = a.seller == b.seller || a.seller == ABSENT || b.seller == ABSENT;
    Levels([
        u8::from(!(a.consignor == b.consignor && sellers)),
        match goods.likeness(a.goods, b.goods) {
            Likeness::Words => 0,
            Likeness::Subheading => 1,
            Likeness::Heading => 2,
            Likeness::None => 3,
        },
        value_level(a.value, b.value),
        identifier_level(a, b),
        if a.day == b.day { words(a.manifest, b.manifest) } else { UNKNOWN },
        days(a.posting, b.posting),
        days(a.order_date, b.order_date),
        words(a.order, b.order),
        words(a.platform, b.platform),
    ])
}

/// 0 where the smaller value is at least 98 % of the larger, 1 from 80 %, 2 from 50 %, 3 below.
fn value_level(a: i64, b: i64) -> u8 {
    let (small, large) = (i128::from(a.min(b)) * 100, i128::from(a.max(b)));
    match () {
        () if small >= large * 98 => 0,
        () if small >= large * 80 => 1,
        () if small >= large * 50 => 2,
        () => 3,
    }
}

fn identifier_level(a: &Part, b: &Part) -> u8 {
    if a.series == 0 || b.series == 0 {
        return UNKNOWN;
    }
    match a.serial.abs_diff(b.serial) {
        _ if a.series != b.series => 2,
        0..=NEIGHBOURS => 0,
        ..=NEAR => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part() -> Part {
        Part { value: 100_0000, series: 1, serial: 500, ..Part::default() }
    }

    #[test]
    fn every_feature_has_whole_distributions() {
        for table in [&PARTS, &UNRELATED] {
            for row in table {
                assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{row:?}");
            }
        }
    }

    #[test]
    fn levels_at_their_bounds() {
        assert_eq!([98, 97, 80, 79, 50, 49].map(|v| value_level(v, 100)), [0, 1, 1, 2, 2, 3]);
        let at = |gap: u64| identifier_level(&part(), &Part { serial: 500 + gap, ..part() });
        assert_eq!([10, 11, 1_000, 1_001].map(at), [0, 1, 1, 2]);
        assert_eq!(identifier_level(&part(), &Part { series: 2, ..part() }), 2);
        assert_eq!(identifier_level(&part(), &Part { series: 0, ..part() }), UNKNOWN);
    }

    #[test]
    fn what_is_common_among_pairs_within_the_limit_loses_its_weight() {
        let (a, b) = (part(), part());
        let levels = compare(&Goods::default(), &a, &b);
        let fresh = Weights::measure(&Default::default());
        let mut counts = Counts::default();
        counts[0][Feature::Supplier as usize][0] = 9_000;
        counts[1][Feature::Supplier as usize][1] = 1_000;
        let measured = Weights::measure(&counts);
        let weight = |w: &Weights| w.weight(Feature::Supplier, levels, &a, &b);
        assert!(weight(&fresh) > 1.4);
        assert!(weight(&measured) < 0.1, "{}", weight(&measured));
    }

    #[test]
    fn a_sender_of_half_of_everything_says_little() {
        let rare = part();
        let common = Part { supplier_share: 0.5, ..part() };
        let weights = Weights::measure(&Default::default());
        let weight = |p: &Part| {
            let levels = compare(&Goods::default(), p, p);
            weights.weight(Feature::Supplier, levels, p, p)
        };
        assert!(weight(&rare) > weight(&common) + 0.8);
    }

    #[test]
    fn an_undeclared_particular_says_nothing() {
        let levels = compare(&Goods::default(), &part(), &part());
        for feature in [Feature::Posting, Feature::Order, Feature::Platform] {
            assert_eq!(levels.of(feature), UNKNOWN, "{feature:?}");
        }
    }
}
