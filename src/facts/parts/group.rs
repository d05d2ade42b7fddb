//! A group of linked parcels: its evidence and its score.

use super::pair::{FEATURES, Feature, Levels, UNKNOWN};
use super::part::{Part, legal_key};
use super::pool::Link;
use crate::facts::Facts;
use crate::model::money::{Money, to_units};
use crate::stats::arrivals::{RatePrior, evidence_of_p};

/// What is believed before the evidence, and how much each group-level piece of it may say.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// Length of the window, days.
    pub days: i32,
    /// Share of splittings among addressees whose parcels pass the limit together, before the evidence.
    pub prior: f64,
    /// Shape of the distribution of persons' rates of arrival.
    pub shape: f64,
    /// Least weight of a pair that ties its parcels into one group, natural logarithm.
    pub link: f64,
    /// Where the law adds up all that one consignee imports: probability that the sum counts whatever the orders were.
    pub decisive: f64,
    /// Whether only parcels whose values the law itself adds together are tied.
    pub legal: bool,
    /// Whether parcels of different consignees are tied (a pool of contacts), which needs one sender.
    pub across: bool,
    /// Most consignees at one contact; a contact of more ties nobody together.
    pub crowd: u32,
}

/// How ordinary the number of parcels is for the addressee.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Arrivals {
    /// Parcels in the window, from the group's sender where it has one, else from anybody.
    pub count: u32,
    /// The same outside the window.
    pub outside: u32,
    /// Expected in the window besides the first.
    pub expected: f64,
    /// Probability of this many or more.
    pub p: f64,
}

/// An addressee who receives goods regularly: like goods of one sender are its trade or its habit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regular {
    /// A firm by its name.
    Firm,
    /// This many further parcels reach it in a window, from whomever.
    Heavy(u32),
}

/// Parcels that may be one order.
#[derive(Clone, Debug)]
pub struct Group {
    /// The parcels, ascending.
    pub parcels: Vec<u32>,
    /// Their values added up, on the regime's basis.
    pub total: Money,
    /// The limit each is within.
    pub limit: Money,
    /// First and last day of presentation.
    pub days: (i32, i32),
    /// Links that tie the group together, one fewer than its parcels.
    pub links: Vec<Levels>,
    /// Mean weight of the links, natural logarithm, all features but the sender.
    pub tie: f64,
    /// Mean weight of the links' senders, natural logarithm.
    pub sender: f64,
    /// Smallest and largest value of a part.
    pub values: (Money, Money),
    /// Largest gap between neighbouring numbers, where all numbers are of one series.
    pub gap: Option<u64>,
    /// Arrivals at the addressee.
    pub arrivals: Arrivals,
    /// Why like goods of one sender are no evidence for this addressee.
    pub regular: Option<Regular>,
    /// Consignees in the group.
    pub consignees: Vec<u32>,
    /// Consignors in the group.
    pub consignors: Vec<u32>,
    /// What ties different consignees together, for a pool of contacts.
    pub link: Option<Link>,
    /// Consignees that share the contact; 1 for a pool by consignee.
    pub crowd: u32,
    /// Whether the law adds the parcels up whoever ordered what.
    pub decisive: bool,
    /// Probability that the parcels are one order cut up: 0 to 1.
    pub one_order: f64,
    /// Probability that the limit is passed: by one order cut up or, where the law is decisive, by the sum alone.
    pub score: f64,
    /// What like values add to the mean weight of the links.
    pub like_values: f64,
    /// Share of control groups (of one sender, or of several, as this one) with links as strong, where there are enough.
    pub as_strong: Option<f64>,
    /// The same, or with like values left out, whichever is larger: values that pass a limit together are alike anyway.
    pub p_value: Option<f64>,
}

/// Most that surprising arrivals say, natural logarithm.
const MOST_ARRIVALS: f64 = 2.5;
/// What perfectly ordinary arrivals say against, natural logarithm.
const ORDINARY_ARRIVALS: f64 = -1.5;

impl Group {
    /// Whether all parcels are from one resolved consignor.
    pub fn one_sender(&self) -> bool {
        self.consignors.len() == 1
    }

    /// How many links show one of the first `levels` levels of a feature.
    pub fn agreeing(&self, feature: Feature, levels: u8) -> usize {
        self.links.iter().filter(|link| link.of(feature) < levels).count()
    }

    /// How many links could be compared by a feature.
    pub fn comparable(&self, feature: Feature) -> usize {
        self.links.iter().filter(|link| link.of(feature) != UNKNOWN).count()
    }

    /// Whether the law itself adds all the parcels together, by its own key.
    pub fn one_legal_key(&self, facts: &Facts) -> bool {
        let key = legal_key(facts, self.parcels[0]);
        key != 0 && self.parcels.iter().all(|&p| legal_key(facts, p) == key)
    }

    /// Mean value of a part over the limit, 0 to 1.
    pub fn fullness(&self) -> f64 {
        let full = to_units(self.limit) * self.parcels.len() as f64;
        if full > 0.0 { to_units(self.total) / full } else { 0.0 }
    }

    /// Levels of every feature of every link, for the evidence.
    pub fn level_counts(&self) -> [[usize; 5]; FEATURES] {
        let mut counts = [[0; 5]; FEATURES];
        for link in &self.links {
            for (feature, &level) in link.0.iter().enumerate() {
                counts[feature][usize::from(level.min(4))] += 1;
            }
        }
        counts
    }

    /// Sets the probability and the score from everything else.
    pub fn set_score(&mut self, model: &Model) {
        self.one_order = 1.0 / (1.0 + (-self.log_odds(model)).exp());
        let sum_alone = if self.decisive { model.decisive.clamp(0.0, 1.0) } else { 0.0 };
        self.score = 1.0 - (1.0 - self.one_order) * (1.0 - sum_alone);
    }

    /// Log odds that the group is one order cut up.
    pub fn log_odds(&self, model: &Model) -> f64 {
        let prior = model.prior.clamp(1e-6, 1.0 - 1e-6);
        let mut odds = (prior / (1.0 - prior)).ln() + self.sender;
        // However the weights add up: if one innocent group in thirty is tied as strongly, the links cannot raise the
        // odds more than thirtyfold. This keeps features that hang on each other from counting twice.
        odds += self.as_strong.map_or(self.tie, |p| self.tie.min(-p.ln()));
        odds += fullness_weight(self.fullness()) + arrivals_weight(self.arrivals.p);
        odds - (f64::from(self.crowd.max(2)) / 2.0).ln()
    }
}

/// Weight of how full the parts are: whoever cuts an order uses few parts, so the parts come near the limit.
fn fullness_weight(fullness: f64) -> f64 {
    match fullness {
        f if f >= 0.85 => 1.0,
        f if f >= 0.6 => 0.5,
        f if f >= 0.4 => 0.0,
        f if f >= 0.25 => -1.5,
        _ => -2.5,
    }
}

fn arrivals_weight(p: f64) -> f64 {
    let neutral = std::f64::consts::E.recip();
    if p < neutral {
        evidence_of_p(p).min(MOST_ARRIVALS)
    } else {
        ORDINARY_ARRIVALS * (p - neutral) / (1.0 - neutral)
    }
}

/// `count` arrivals in a window of `days`, `outside` in the rest of a run of `run` days, against the rate before.
pub fn arrivals(count: u32, outside: u32, days: i32, run: i32, prior: RatePrior) -> Arrivals {
    let exposure = f64::from((run - days).max(0)) / f64::from(days);
    let rate = prior.shrunk(f64::from(outside), exposure);
    Arrivals { count, outside, expected: rate.mean(), p: rate.tail(u64::from(count.saturating_sub(1))) }
}

/// The group of the given parts, which are ascending by parcel; score and p-value are set later.
pub fn group(parts: &[Part], links: Vec<Levels>, sender: f64, tie: f64) -> Group {
    let all = |f: fn(&Part) -> u32| {
        let mut all: Vec<u32> = parts.iter().map(f).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    Group {
        parcels: parts.iter().map(|p| p.parcel).collect(),
        total: parts.iter().fold(0, |sum, p| p.value.saturating_add(sum)),
        limit: parts[0].limit,
        days: (
            parts.iter().map(|p| p.day).min().unwrap_or_default(),
            parts.iter().map(|p| p.day).max().unwrap_or_default(),
        ),
        links,
        tie,
        sender,
        values: (
            parts.iter().map(|p| p.value).min().unwrap_or_default(),
            parts.iter().map(|p| p.value).max().unwrap_or_default(),
        ),
        gap: largest_gap(parts),
        arrivals: Arrivals { p: 1.0, ..Arrivals::default() },
        regular: None,
        consignees: all(|p| p.consignee),
        consignors: all(|p| p.consignor),
        link: None,
        crowd: 1,
        decisive: false,
        one_order: 0.0,
        score: 0.0,
        like_values: 0.0,
        as_strong: None,
        p_value: None,
    }
}

/// Largest distance between one running number and the next, where all are of one series.
fn largest_gap(parts: &[Part]) -> Option<u64> {
    if parts[0].series == 0 || parts.iter().any(|p| p.series != parts[0].series) {
        return None;
    }
    let mut numbers: Vec<u64> = parts.iter().map(|p| p.serial).collect();
    numbers.sort_unstable();
    numbers.windows(2).map(|w| w[1] - w[0]).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_small_parts_speak_against_splitting_and_full_ones_for_it() {
        assert!(fullness_weight(0.95) > fullness_weight(0.7));
        assert!(fullness_weight(0.2) < fullness_weight(0.3));
    }

    #[test]
    fn arrivals_are_judged_by_the_history_outside_the_window() {
        let prior = RatePrior { mean: 0.1, shape: 1.0 };
        let sudden = arrivals(3, 0, 3, 30, prior);
        let daily = arrivals(3, 27, 3, 30, prior);
        assert!(sudden.p < 0.01 && daily.p > 0.3, "{sudden:?} {daily:?}");
        assert!(arrivals_weight(sudden.p) > 1.0 && arrivals_weight(daily.p) < 0.2);
    }
}
