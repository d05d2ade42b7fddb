//! Revenue at risk as an expectation with an interval that holds nine cases in ten.
//!
//! - **A flag** is right with its probability `p`, and then duty and tax of `s` are due, as far as the price that the
//!   goods should have had is known: the standard deviation of its logarithm (`spread_log` of the evidence of the price
//!   detectors, none elsewhere) makes `s` lognormal. Expectation `p s`; the ends are the 5th and 95th percentile of that
//!   mixture, so a doubtful flag reaches from nothing to the whole of `s`.
//! - **A case, a parcel**: its flags are right or wrong together, so ends are added up.
//! - **A night**: cases are right or wrong independently of each other, but the probabilities of a family's detectors,
//!   which rest on the same facts, may all be off in one direction ([`Calibration::doubt`]). Variance = sum over cases of
//!   `S^2 P (1 - P)` + sum over parcels of what the price may be off + sum over families of
//!   `(sum of doubt × s p (1 - p))^2`; the ends are those of a lognormal distribution with the same mean and variance.
//!
//! Rates of duty and tax are taken as given: a built-in table of typical rates makes these figures good for ranking, and
//! none of them is a debt.

use crate::facts::Facts;
use crate::fields::currency::Currency;
use crate::model::finding::{Evidence, Family};
use crate::model::money::{Money, display};
use crate::model::outcome::{Outcome, Revenue};
use crate::refdata::calibration::Calibration;
use crate::stats::stake::{Expected, of_many, of_one};
use std::collections::BTreeMap;

/// Widest spread of a sum at stake that is believed.
const WIDEST: f64 = 0.7;

/// How far the sum at stake may be off, by the evidence.
pub(super) fn spread(evidence: &Evidence) -> f64 {
    #[derive(Default, serde::Deserialize)]
    struct Stray {
        #[serde(default)]
        spread_log: f64,
    }
    let stray: Stray = serde_json::from_str(evidence.as_str()).unwrap_or_default();
    stray.spread_log.clamp(0.0, WIDEST)
}

/// The revenue of a flag with this stake and probability.
pub(super) fn of_flag(stake: Money, spread: f64, probability: f64) -> Revenue {
    rounded(of_one(stake.max(0) as f64, spread, probability))
}

fn rounded(expected: Expected) -> Revenue {
    Revenue {
        expected: expected.mean.round() as Money,
        low: expected.low.round() as Money,
        high: expected.high.round() as Money,
    }
}

/// Adds the flags of each case up, and says in every reason what is at risk.
pub(super) fn tell(facts: &Facts, outcome: &mut Outcome) {
    let currency = |parcel: u32| facts.terms(parcel).currency.to_string();
    for flag in &mut outcome.flags {
        if let Some(case) = flag.case {
            let revenue = &mut outcome.cases[case as usize].revenue;
            *revenue = revenue.and(flag.revenue);
        }
        append(&mut flag.reason, "this parcel", flag.revenue, &currency(flag.parcel));
    }
    for case in &mut outcome.cases {
        if let Some(&first) = case.parcels.first() {
            append(&mut case.reason, "the whole case", case.revenue, &currency(first));
        }
    }
}

fn append(reason: &mut String, of: &str, revenue: Revenue, currency: &str) {
    if revenue.high > 0 {
        reason.push_str(&format!(
            " Duty and tax at risk of {of}: expected {}, between {} and {} in nine cases of ten.",
            display(revenue.expected, currency),
            display(revenue.low, currency),
            display(revenue.high, currency)
        ));
    }
}

/// The night's revenue at risk by currency.
pub(super) fn of_night(
    facts: &Facts,
    outcome: &Outcome,
    calibration: &Calibration,
) -> BTreeMap<String, Revenue> {
    // Stake and expectation of each parcel and family by what it stands or falls with: its case, or else itself.
    let mut parts: Vec<(Currency, (u32, u32), f64, f64)> = Vec::new();
    let mut off: BTreeMap<(Currency, Family), f64> = BTreeMap::new();
    let mut spreads: BTreeMap<Currency, f64> = BTreeMap::new();
    for parcel in &outcome.parcels {
        let currency = facts.terms(parcel.parcel).currency;
        for family in Family::REVENUE {
            let own = parcel.flags.iter().map(|&i| &outcome.flags[i as usize]).filter(|f| f.family == family);
            let Some(first) = own.clone().next() else { continue };
            let expected = super::strongest_detector(own).expected as f64;
            let stake = expected / first.score.max(1e-9);
            let together = first.case.map_or((1, parcel.parcel), |case| (0, case));
            parts.push((currency, together, stake, expected));
            let moved = calibration.doubt(first.detector) * expected * (1.0 - first.score);
            *off.entry((currency, family)).or_default() += moved;
            *spreads.entry(currency).or_default() += (expected * first.spread).powi(2);
        }
    }
    parts.sort_by_key(|part| (part.0, part.1));
    let mut sums: BTreeMap<Currency, (f64, f64)> = BTreeMap::new();
    for case in parts.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let (stake, expected) = case.iter().fold((0.0, 0.0), |sum, part| (sum.0 + part.2, sum.1 + part.3));
        let (mean, variance) = sums.entry(case[0].0).or_default();
        *mean += expected;
        *variance += expected * (stake - expected).max(0.0);
    }
    for ((currency, _), moved) in off {
        if let Some((_, variance)) = sums.get_mut(&currency) {
            *variance += moved * moved;
        }
    }
    sums.into_iter()
        .map(|(currency, (mean, variance))| {
            let spread = spreads.get(&currency).copied().unwrap_or(0.0);
            // The sum of the parcels' own figures, to the last ten-thousandth.
            let exact = outcome
                .parcels
                .iter()
                .filter(|p| facts.terms(p.parcel).currency == currency)
                .fold(0, |sum: Money, p| sum.saturating_add(p.revenue.expected));
            (currency.to_string(), Revenue { expected: exact, ..rounded(of_many(mean, variance + spread)) })
        })
        .collect()
}
