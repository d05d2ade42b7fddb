//! From findings to ranked parcels: q-values, expected revenue, one risk score, a recommended action.
//!
//! - **Score** of a flag: the detector's own, turned into a probability by [`Calibration`].
//! - **q-value**: Benjamini-Hochberg within the family over all tests made, one p-value a case (its parcels share one
//!   test). Where a test speaks of a group of which only some parcels are meant, a parcel's q-value is the mean doubt
//!   `1 - (1 - q) × score` of all parcels that are no more doubtful.
//! - **Probability** of a parcel: findings of one family look at the same facts, so the strongest counts; families are
//!   taken as independent: `1 - product(1 - strongest)`. **Risk score**: the same to two decimals; parcels that are as
//!   likely are ranked by revenue at risk.
//! - **Lanes**: all of this is about revenue. Findings of mis-declaration, data quality and security never enter these
//!   numbers: each lane has its own score, the highest of its findings. Parcels without a finding on revenue stand
//!   behind those with one, by the security lane, then mis-declaration, then data quality.
//! - **Revenue at risk**: an expectation with an interval, see [`revenue`].
//! - **False flags**: where a share is asked for, only the findings that keep to it stay, see [`select`].

mod revenue;
mod select;
#[cfg(test)]
mod tests;

use crate::facts::Facts;
use crate::model::finding::{Family, Findings};
use crate::model::outcome::{Action, Flag, FlaggedCase, FlaggedParcel, Outcome, Revenue};
use crate::model::parcels::Shipments;
use crate::refdata::calibration::Calibration;
use crate::stats::fdr::q_values;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_64;

/// What a detector found, with its name.
pub struct Found {
    /// Name of the detector.
    pub detector: &'static str,
    /// Its family.
    pub family: Family,
    /// What it found.
    pub findings: Findings,
}

/// A finding this likely, with a sum at stake above the night's third quartile, is worth opening the parcel.
const EXAMINE_PROBABILITY: f64 = 0.9;
/// Below this probability a parcel is only to be reviewed.
const REVIEW_PROBABILITY: f64 = 0.5;

/// How findings are weighed.
pub struct Scoring<'a> {
    /// What scores are worth as probabilities.
    pub calibration: &'a Calibration,
    /// Largest share of each family's flagged parcels that may be expected to be false; no limit where it is not given.
    pub false_flags: Option<f64>,
}

/// Scores and ranks all findings.
pub fn run(facts: &Facts, mut found: Vec<Found>, scoring: &Scoring) -> Outcome {
    found.sort_by_key(|f| (f.family, f.detector));
    let mut outcome = Outcome::default();
    for family in Family::ALL {
        let group: Vec<Found> = {
            let (mine, rest) = found.into_iter().partition(|f| f.family == family);
            found = rest;
            mine
        };
        let q = family_q(&group);
        for (found, q) in group.into_iter().zip(q) {
            flag(facts, scoring, found, &q, &mut outcome);
        }
    }
    if let Some(rate) = scoring.false_flags {
        select::keep(&mut outcome, scoring.calibration, rate);
    }
    outcome.expected_false = select::expected_false(&outcome.flags);
    revenue::tell(facts, &mut outcome);
    outcome.parcels = parcels(facts.shipments, &outcome.flags);
    outcome.revenue = revenue::of_night(facts, &outcome, scoring.calibration);
    outcome
}

/// q-values of each detector's findings; tests are counted once a case.
fn family_q(group: &[Found]) -> Vec<Vec<Option<f64>>> {
    let mut p = Vec::new();
    let mut place: Vec<Vec<Option<usize>>> = Vec::new();
    for found in group {
        let mut of_case: HashMap<u32, usize> = HashMap::new();
        let mut own = Vec::with_capacity(found.findings.findings.len());
        for finding in &found.findings.findings {
            own.push(finding.p_value.map(|value| {
                let mut new = || {
                    p.push(value);
                    p.len() - 1
                };
                match finding.case {
                    Some(case) => *of_case.entry(case).or_insert_with(new),
                    None => new(),
                }
            }));
        }
        place.push(own);
    }
    let tests = group.iter().map(|f| f.findings.tests).sum();
    let q = q_values(&p, tests);
    place.into_iter().map(|own| own.into_iter().map(|i| i.map(|i| q[i])).collect()).collect()
}

fn flag(facts: &Facts, scoring: &Scoring, found: Found, q: &[Option<f64>], outcome: &mut Outcome) {
    let Found { detector, family, findings } = found;
    let base = outcome.cases.len() as u32;
    let ids = &facts.shipments.parcels.id;
    outcome.groups.extend(findings.groups);
    for case in findings.cases {
        let mut text = String::from(detector);
        for &parcel in &case.parcels {
            text.push('\n');
            text.push_str(ids.get(parcel));
        }
        outcome.cases.push(FlaggedCase {
            id: format!("{detector}-{:016x}", xxh3_64(text.as_bytes())),
            family,
            detector,
            parcels: case.parcels,
            consignor: case.consignor,
            consignee: case.consignee,
            total: case.total,
            threshold: case.threshold,
            revenue: Revenue::default(),
            reason: case.reason,
        });
    }
    let mut flags: Vec<Flag> = findings
        .findings
        .into_par_iter()
        .zip(q)
        .map(|(f, q)| {
            let score = scoring.calibration.probability(detector, f.score);
            let spread = revenue::spread(&f.evidence);
            Flag {
                parcel: f.parcel,
                line_number: f.line_number,
                family,
                detector,
                score,
                p_value: f.p_value,
                q_value: *q,
                revenue: revenue::of_flag(f.revenue, spread, score),
                spread,
                case: f.case.map(|c| c + base),
                reason: f.reason,
                evidence: f.evidence,
            }
        })
        .collect();
    if findings.of_groups {
        dilute(&mut flags);
    }
    flags.par_sort_by(|a, b| (a.parcel, a.line_number, a.case).cmp(&(b.parcel, b.line_number, b.case)));
    outcome.flags.append(&mut flags);
}

/// q-values of parcels whose test speaks of their group: the mean doubt of all that are no more doubtful.
fn dilute(flags: &mut [Flag]) {
    let doubt = |flag: &Flag| flag.q_value.map(|q| 1.0 - (1.0 - q) * flag.score);
    let mut order: Vec<(usize, f64)> =
        flags.iter().enumerate().filter_map(|(i, flag)| Some((i, doubt(flag)?))).collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (mut sum, mut count) = (0.0, 0.0);
    for alike in order.chunk_by(|a, b| a.1 == b.1) {
        sum += alike.iter().map(|a| a.1).sum::<f64>();
        count += alike.len() as f64;
        for &(i, _) in alike {
            flags[i].q_value = Some((sum / count).min(1.0));
        }
    }
}

fn parcels(shipments: &Shipments, flags: &[Flag]) -> Vec<FlaggedParcel> {
    let mut order: Vec<u32> = (0..flags.len() as u32).collect();
    let flag = |i: u32| &flags[i as usize];
    order.par_sort_by(|&a, &b| {
        (flag(a).parcel.cmp(&flag(b).parcel))
            .then(flag(b).family.is_revenue().cmp(&flag(a).family.is_revenue()))
            .then(flag(b).score.total_cmp(&flag(a).score))
            .then(flag(b).revenue.expected.cmp(&flag(a).revenue.expected))
            .then(a.cmp(&b))
    });
    let of_parcel: Vec<&[u32]> = order.chunk_by(|&a, &b| flag(a).parcel == flag(b).parcel).collect();
    let mut parcels: Vec<FlaggedParcel> = of_parcel
        .into_par_iter()
        .map(|own| {
            let (mut doubt, mut revenue) = (1.0, Revenue::default());
            for family in Family::REVENUE {
                let mine = || own.iter().map(|&i| flag(i)).filter(move |f| f.family == family);
                doubt *= 1.0 - mine().map(|f| f.score).fold(0.0, f64::max);
                // Lines of one parcel are at stake together, detectors of one family are not.
                revenue = revenue.and(strongest_detector(mine()));
            }
            let lanes = Family::LANES.map(|family| {
                let mine = own.iter().map(|&i| flag(i)).filter(|f| f.family == family);
                mine.map(|f| f.score).fold(0.0, f64::max)
            });
            let probability: f64 = 1.0 - doubt;
            FlaggedParcel {
                lanes,
                parcel: flag(own[0]).parcel,
                risk_score: (probability * 100.0).round() / 100.0,
                probability,
                revenue,
                flags: own.to_vec(),
                action: Action::Review,
            }
        })
        .collect();
    let stake = |p: &FlaggedParcel| p.revenue.expected as f64 / p.probability.max(1e-9);
    let mut stakes: Vec<f64> = parcels.iter().filter(|p| p.probability > 0.0).map(stake).collect();
    stakes.sort_by(f64::total_cmp);
    let high = stakes.get(stakes.len() * 3 / 4).copied().unwrap_or(0.0);
    for parcel in &mut parcels {
        parcel.action = action(parcel, stake(parcel) > high, flags);
    }
    let ids = &shipments.parcels.id;
    parcels.par_sort_by(|a, b| {
        (b.risk_score.total_cmp(&a.risk_score))
            .then(b.revenue.expected.cmp(&a.revenue.expected))
            .then_with(|| if a.risk_score > 0.0 { Ordering::Equal } else { by_lane(a, b) })
            .then_with(|| ids.get(a.parcel).cmp(ids.get(b.parcel)))
            .then(a.parcel.cmp(&b.parcel))
    });
    parcels
}

/// Parcels without a finding on revenue: by the first lane in which they differ, the higher score first.
fn by_lane(a: &FlaggedParcel, b: &FlaggedParcel) -> Ordering {
    let scores = a.lanes.iter().zip(&b.lanes);
    scores.map(|(a, b)| b.total_cmp(a)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

/// The revenue of the detector that expects most of the parcel, its lines added up.
fn strongest_detector<'a>(flags: impl Iterator<Item = &'a Flag>) -> Revenue {
    let mut sums: Vec<(&str, Revenue)> = Vec::new();
    for flag in flags {
        match sums.iter_mut().find(|(detector, _)| *detector == flag.detector) {
            // A detector that ties the parcel into several cases still sees one stake.
            Some((_, sum)) if flag.line_number.is_none() => {
                if flag.revenue.expected > sum.expected {
                    *sum = flag.revenue;
                }
            }
            Some((_, sum)) => *sum = sum.and(flag.revenue),
            None => sums.push((flag.detector, flag.revenue)),
        }
    }
    sums.into_iter().map(|s| s.1).max_by_key(|r| r.expected).unwrap_or_default()
}

fn action(parcel: &FlaggedParcel, high_stake: bool, flags: &[Flag]) -> Action {
    let on_the_record = parcel.flags.iter().any(|&i| {
        let flag = &flags[i as usize];
        flag.family == Family::DeMinimisAbuse && flag.p_value.is_none() && flag.score >= EXAMINE_PROBABILITY
    });
    if parcel.probability == 0.0 {
        // Nothing on revenue: the first lane with a finding decides.
        match parcel.lanes {
            [security, ..] if security > 0.0 => Action::Screen,
            [_, goods, _] if goods > 0.0 => Action::VerifyGoods,
            _ => Action::RequestInformation,
        }
    } else if parcel.probability < REVIEW_PROBABILITY {
        Action::Review
    } else if on_the_record {
        Action::Reassess
    } else if parcel.probability >= EXAMINE_PROBABILITY && high_stake {
        Action::Examine
    } else {
        Action::RequestInvoice
    }
}
