//! From findings to ranked parcels: q-values, expected revenue, one risk score, a recommended action.
//!
//! - **q-value**: Benjamini-Hochberg within the family over all tests made, one p-value a case (its parcels share one
//!   test).
//! - **Expected revenue** of a flag: its score (a probability) times the duty and tax at stake.
//! - **Probability** of a parcel: findings of one family look at the same facts, so the strongest counts; families are
//!   taken as independent: `1 - product(1 - strongest)`.
//! - **Revenue** of a parcel: the sum over families of the highest expected revenue.
//! - **Risk score**: risk is likelihood times consequence. `probability × (1 + s / (s + m)) / 2` with `s` the revenue
//!   at stake if the finding is right (expected revenue over probability) and `m` the median of `s` among the night's
//!   flagged parcels: nothing at stake halves the probability, a very large sum leaves it whole.
//! - **Lanes**: all of this is about revenue. Findings of mis-declaration, data quality and security never enter these
//!   numbers: each lane has its own score, the highest of its findings. Parcels without a finding on revenue stand
//!   behind those with one, by the security lane, then mis-declaration, then data quality.

use crate::model::finding::{Family, Findings};
use crate::model::money::Money;
use crate::model::outcome::{Action, Flag, FlaggedCase, FlaggedParcel, Outcome};
use crate::model::parcels::Shipments;
use crate::stats::fdr::q_values;
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

/// Scores and ranks all findings.
pub fn run(shipments: &Shipments, mut found: Vec<Found>) -> Outcome {
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
            flag(shipments, found, &q, &mut outcome);
        }
    }
    outcome.parcels = parcels(shipments, &outcome.flags);
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

fn flag(shipments: &Shipments, found: Found, q: &[Option<f64>], outcome: &mut Outcome) {
    let Found { detector, family, findings } = found;
    let base = outcome.cases.len() as u32;
    let ids = &shipments.parcels.id;
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
            revenue: 0,
            reason: case.reason,
        });
    }
    let mut flags: Vec<Flag> = findings
        .findings
        .into_iter()
        .zip(q)
        .map(|(f, q)| Flag {
            parcel: f.parcel,
            line_number: f.line_number,
            family,
            detector,
            score: f.score.clamp(0.0, 1.0),
            p_value: f.p_value,
            q_value: *q,
            revenue: (f.revenue.max(0) as f64 * f.score.clamp(0.0, 1.0)).round() as Money,
            case: f.case.map(|c| c + base),
            reason: f.reason,
            evidence: f.evidence.to_string(),
        })
        .collect();
    flags.sort_by(|a, b| (a.parcel, a.line_number, a.case).cmp(&(b.parcel, b.line_number, b.case)));
    for flag in &flags {
        if let Some(case) = flag.case {
            let revenue = &mut outcome.cases[case as usize].revenue;
            *revenue = revenue.saturating_add(flag.revenue);
        }
    }
    outcome.flags.append(&mut flags);
}

fn parcels(shipments: &Shipments, flags: &[Flag]) -> Vec<FlaggedParcel> {
    let mut order: Vec<u32> = (0..flags.len() as u32).collect();
    let flag = |i: u32| &flags[i as usize];
    order.sort_by(|&a, &b| {
        (flag(a).parcel.cmp(&flag(b).parcel))
            .then(flag(b).family.is_revenue().cmp(&flag(a).family.is_revenue()))
            .then(flag(b).score.total_cmp(&flag(a).score))
            .then(flag(b).revenue.cmp(&flag(a).revenue))
            .then(a.cmp(&b))
    });
    let mut parcels: Vec<FlaggedParcel> = order
        .chunk_by(|&a, &b| flag(a).parcel == flag(b).parcel)
        .map(|own| {
            let (mut doubt, mut revenue): (f64, Money) = (1.0, 0);
            for family in Family::REVENUE {
                let mine = || own.iter().map(|&i| flag(i)).filter(move |f| f.family == family);
                doubt *= 1.0 - mine().map(|f| f.score).fold(0.0, f64::max);
                // Lines of one parcel are at stake together, detectors of one family are not.
                revenue = revenue.saturating_add(strongest_detector(mine()));
            }
            let lanes = Family::LANES.map(|family| {
                let mine = own.iter().map(|&i| flag(i)).filter(|f| f.family == family);
                mine.map(|f| f.score).fold(0.0, f64::max)
            });
            FlaggedParcel {
                lanes,
                parcel: flag(own[0]).parcel,
                risk_score: 0.0,
                probability: 1.0 - doubt,
                revenue,
                flags: own.to_vec(),
                action: Action::Review,
            }
        })
        .collect();
    let stake = |p: &FlaggedParcel| p.revenue as f64 / p.probability.max(1e-9);
    let mut stakes: Vec<f64> = parcels.iter().filter(|p| p.probability > 0.0).map(stake).collect();
    stakes.sort_by(f64::total_cmp);
    let quantile = |share: f64| stakes.get((stakes.len() as f64 * share) as usize).copied().unwrap_or(0.0);
    let (median, high) = (quantile(0.5).max(1.0), quantile(0.75));
    for parcel in &mut parcels {
        let s = stake(parcel);
        parcel.risk_score = parcel.probability * (1.0 + s / (s + median)) / 2.0;
        parcel.action = action(parcel, s > high, flags);
    }
    let ids = &shipments.parcels.id;
    parcels.sort_by(|a, b| {
        (b.risk_score.total_cmp(&a.risk_score))
            .then(b.revenue.cmp(&a.revenue))
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

/// The highest expected revenue that one detector sees in the parcel, its lines added up.
fn strongest_detector<'a>(flags: impl Iterator<Item = &'a Flag>) -> Money {
    let mut sums: Vec<(&str, Money)> = Vec::new();
    for flag in flags {
        match sums.iter_mut().find(|(detector, _)| *detector == flag.detector) {
            // A detector that ties the parcel into several cases still sees one stake.
            Some((_, sum)) if flag.line_number.is_none() => *sum = (*sum).max(flag.revenue),
            Some((_, sum)) => *sum = sum.saturating_add(flag.revenue),
            None => sums.push((flag.detector, flag.revenue)),
        }
    }
    sums.into_iter().map(|s| s.1).max().unwrap_or(0)
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
