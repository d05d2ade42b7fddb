//! What is ordinary in a run: how often unrelated parcels look alike, and how often parcels reach persons and firms.

use super::group::{Arrivals, Model, Regular, arrivals};
use super::pair::{FEATURES, Feature, LEVELS, UNKNOWN, compare};
use super::part::Part;
use super::search::eligible;
use crate::facts::Facts;
use crate::facts::goods::Goods;
use crate::stats::arrivals::RatePrior;
use rayon::prelude::*;

/// Pairs of one key that count when the weights are measured, so that one firm does not decide them.
const MEASURED_OF_KEY: usize = 6;
/// Persons with more parcels than this do not count for the ordinary rate of arrival; of each parcel so many followers do.
const ORDINARY_KEY: usize = 40;
/// Least further parcels in a window of a firm, whatever was measured.
const FIRM_RATE: f64 = 1.0;

/// Ordinary rates of arrival in a window.
pub struct Rates {
    persons: Senders,
    firms: Senders,
    /// Days from the first to the last of the run.
    pub run: i32,
}

/// Rates of arrival from anybody and from one sender.
#[derive(Clone, Copy)]
struct Senders {
    anybody: RatePrior,
    one: RatePrior,
}

/// Levels of the pairs of neighbouring parcels that are within the limit together and do not carry one order number.
pub fn level_counts(pools: &[&[Part]], goods: &Goods, model: &Model) -> [[u64; LEVELS]; FEATURES] {
    let loose = Model { legal: false, across: false, ..*model };
    let add = |mut counts: [[u64; LEVELS]; FEATURES], pool: &&[Part]| {
        let pairs = pool.windows(2).filter(|pair| {
            eligible(&pair[0], &pair[1], &loose)
                && pair[0].value.saturating_add(pair[1].value) <= pair[0].limit
                && (!model.across || pair[0].consignee != pair[1].consignee)
        });
        for pair in pairs.take(MEASURED_OF_KEY) {
            let levels = compare(goods, &pair[0], &pair[1]);
            if levels.of(Feature::Order) == 0 {
                continue;
            }
            for (feature, &level) in levels.0.iter().enumerate() {
                if level != UNKNOWN {
                    counts[feature][usize::from(level)] += 1;
                }
            }
        }
        counts
    };
    let zero = || [[0; LEVELS]; FEATURES];
    pools.par_iter().fold(zero, add).reduce(zero, |mut a, b| {
        for (a, b) in a.iter_mut().flatten().zip(b.iter().flatten()) {
            *a += b;
        }
        a
    })
}

/// Further parcels within the window of a parcel, over all addressees: persons without those who receive very much, and
/// firms.
pub fn rates(facts: &Facts, pools: &[&[Part]], model: &Model) -> Rates {
    let dates = &facts.shipments.parcels.date;
    let (first, last) = dates.iter().fold((i32::MAX, i32::MIN), |(a, b), &d| (a.min(d), b.max(d)));
    let add = |a: [u64; 3], b: [u64; 3]| [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
    let further = |pool: &[Part]| {
        let (mut any, mut same) = (0_u64, 0_u64);
        for (i, a) in pool.iter().enumerate() {
            let within = pool[i + 1..].iter().take(ORDINARY_KEY).take_while(|b| b.day - a.day < model.days);
            for b in within {
                // On one day each is a further parcel of the other; across days only the later one is.
                let times = if a.day == b.day { 2 } else { 1 };
                any += times;
                same += times * u64::from(a.consignor == b.consignor);
            }
        }
        [any, same, pool.len() as u64]
    };
    let (persons, firms) = pools
        .par_iter()
        .map(|pool| match is_firm(facts, pool) {
            true => ([0; 3], further(pool)),
            false if pool.len() <= ORDINARY_KEY => (further(pool), [0; 3]),
            false => ([0; 3], [0; 3]),
        })
        .reduce(|| ([0; 3], [0; 3]), |a, b| (add(a.0, b.0), add(a.1, b.1)));
    let prior = |pairs: u64, parcels: u64, least: f64| RatePrior {
        // Five further parcels in a hundred to start with, so that a small run has a rate too.
        mean: ((pairs as f64 + 5.0) / (parcels as f64 + 100.0)).max(least),
        shape: model.shape,
    };
    let all = dates.len() as u64;
    Rates {
        persons: Senders { anybody: prior(persons[0], all, 0.0), one: prior(persons[1], all, 0.0) },
        firms: Senders {
            anybody: prior(firms[0], firms[2], FIRM_RATE),
            one: prior(firms[1], firms[2], FIRM_RATE),
        },
        run: last - first + 1,
    }
}

/// Whether a consignee of the pool is a firm by its name.
fn is_firm(facts: &Facts, pool: &[Part]) -> bool {
    pool.iter().any(|part| {
        let party = facts.shipments.parcels.consignee[part.parcel as usize];
        facts.consignees.contacts.business[party as usize]
    })
}

/// Parcels in a window, of half as many senders or more, that make an addressee a regular receiver at once.
const HEAVY: u32 = 8;
/// Fewest days with parcels, and fewest parcels, that make an addressee of a longer run a regular receiver: more days
/// than a window has, and half of all.
const HEAVY_DAYS: u32 = 4;
const HEAVY_PARCELS: usize = 5;

/// Whether the addressee receives goods regularly.
pub fn regular(facts: &Facts, pool: &[Part], run: i32, model: &Model) -> Option<Regular> {
    if is_firm(facts, pool) {
        return Some(Regular::Firm);
    }
    if pool.len() < HEAVY_PARCELS {
        return None;
    }
    let (days, run) = (pool.chunk_by(|a, b| a.day == b.day).count() as u32, run.max(1) as u32);
    let windows = f64::from(run) / f64::from(model.days.max(1));
    let each = (pool.len() as f64 / windows.max(1.0)).round() as u32;
    let steady = days >= HEAVY_DAYS && days > model.days as u32 && 2 * days >= run;
    let many = each >= HEAVY && 2 * distinct(pool, |part| part.consignor) >= each;
    (steady || many).then_some(Regular::Heavy(each.max(1)))
}

/// Distinct values in a pool.
pub fn distinct(pool: &[Part], of: impl Fn(&Part) -> u32) -> u32 {
    let mut all: Vec<u32> = pool.iter().map(of).collect();
    all.sort_unstable();
    all.dedup();
    all.len() as u32
}

/// Days of arrival in one pool, from anybody and by sender.
pub struct Stream {
    anybody: Vec<i32>,
    by_sender: Vec<(u32, i32)>,
}

impl Stream {
    /// The arrivals of a pool, which is ascending by day.
    pub fn of(pool: &[Part]) -> Stream {
        let mut by_sender: Vec<(u32, i32)> = pool.iter().map(|part| (part.consignor, part.day)).collect();
        by_sender.sort_unstable();
        Stream { anybody: pool.iter().map(|part| part.day).collect(), by_sender }
    }

    /// The arrivals in the window from `first` on, of one sender or of anybody, held against the ordinary rate.
    pub fn arrivals(
        &self,
        sender: Option<u32>,
        first: i32,
        model: &Model,
        rates: &Rates,
        regular: Option<Regular>,
    ) -> Arrivals {
        let end = first.saturating_add(model.days.max(1));
        let (count, all) = match sender {
            Some(c) => {
                let at = |day: i32| self.by_sender.partition_point(|&row| row < (c, day));
                (at(end) - at(first), at(i32::MAX) - at(i32::MIN))
            }
            None => {
                let at = |day: i32| self.anybody.partition_point(|&d| d < day);
                (at(end) - at(first), self.anybody.len())
            }
        };
        let ordinary = if regular == Some(Regular::Firm) { rates.firms } else { rates.persons };
        let prior = if sender.is_some() { ordinary.one } else { ordinary.anybody };
        arrivals(count as u32, (all - count) as u32, model.days.max(1), rates.run, prior)
    }
}
