//! Under-invoicing of a parcel as a whole: far below the sum of what its lines let expect.

use super::detector;
use crate::facts::Facts;
use crate::facts::prices::Whole;
use crate::model::finding::{Finding, Findings};
use crate::model::money::{display, from_units, to_units};
use crate::refdata::regimes::Limit;
use rayon::prelude::*;
use serde_json::json;

detector! {
    /// ## What it flags
    /// A parcel whose declared value is a fraction of the sum of what its lines let expect: parcels of several lines,
    /// also those that carry one value for all lines, and parcels of any kind declared just below a limit.
    ///
    /// ## Why it matters
    /// Who declares a part of the price does so for the parcel: each line may be odd, the sum is not. Just below a
    /// limit the reason is plain: there a third less decides on all duty and tax.
    ///
    /// ## Law
    /// As `price-below-peers`; a limit is held against the value of the consignment, not against the declared one.
    ///
    /// ## How it decides
    /// Each line is held against other consignors' prices as in `price-below-peers` and against its consignor's own
    /// price of the article as in `price-below-own-article`, each by its precision. `X` is the log of the parcel's
    /// value over the sum of the lines' expected values; its variance adds up that of the lines, and the uncertain
    /// level of the consignor once, as it is common to them. Two mixtures as in `price-below-peers` judge it: one for
    /// parcels declared at 80 to 100 % of a limit, with cuts from 22 % on, one for all others of two lines or more.
    /// How common cuts are in each is estimated from the night.
    ///
    /// ## Innocent causes
    /// Clearance sales, quantity discounts, cheap sellers; an order that happens to cost little less than the limit
    /// (its lines let expect as much). Each is tested.
    ///
    /// ## What it misses
    /// Consignors whose values crowd below a limit, which `de-minimis-bunching` reports; gifts of private persons;
    /// parcels with a line that nothing is known of; parcels of a consignor who cuts every parcel, where the own
    /// price of the article is cut too (see `price-consignor-low`).
    ///
    /// ## Settings
    /// - `min_score` (0.5): least probability of a cut.
    /// - `max_ratio` (0.5): largest share of the expected value that is still flagged.
    /// - `min_score_just_below` (0.03), `max_ratio_just_below` (0.85): the same just below a limit, where the innocent
    ///   causes are few.
    /// - `crowd` (8), `crowding` (0.75): from so many parcels of a consignor at 90 to 100 % of the limit, and so many
    ///   times those at 70 to 90 % (about half as many are usual), its values crowd below it.
    "price-parcel-low", UnderInvoicing, "Parcel far below what its lines let expect", Settings, run
}

/// Settings under `[detectors.price-parcel-low]`.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Least probability of a cut, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub min_score: f64,
    /// Largest share of the expected value, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub max_ratio: f64,
    /// Least probability of a cut just below a limit, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub min_score_just_below: f64,
    /// Largest share of the expected value just below a limit, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub max_ratio_just_below: f64,
    /// Parcels of a consignor at 90 to 100 % of a limit from which they may be a crowd.
    pub crowd: u32,
    /// Parcels at 90 to 100 % of a limit over those at 70 to 90 % from which they are a crowd.
    pub crowding: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            min_score: 0.5,
            max_ratio: 0.5,
            min_score_just_below: 0.03,
            max_ratio_just_below: 0.85,
            crowd: 8,
            crowding: 0.75,
        }
    }
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let crowds = crowds(facts, settings);
    let parcels = facts.prices.parcels(facts.shipments, facts.terms);
    let findings =
        parcels.filter_map(|(parcel, whole)| judge(facts, settings, &crowds, parcel, &whole)).collect();
    Findings { findings, tests: facts.prices.tests()[3], ..Findings::default() }
}

/// Which consignors' values crowd below a limit: that is the matter of `de-minimis-bunching`, sender by sender.
fn crowds(facts: &Facts, settings: &Settings) -> Vec<bool> {
    let parcels = &facts.shipments.parcels;
    let mut counts = vec![(0u32, 0u32); facts.consignors.entities.len()];
    for parcel in 0..parcels.len() as u32 {
        let value = parcels.value[parcel as usize];
        let limits = &facts.terms(parcel).limits;
        let share = |limit: &Limit| to_units(value) / to_units(limit.amount);
        let Some(limit) = limits.iter().find(|limit| limit.admits(value) && share(limit) >= 0.7) else {
            continue;
        };
        let (near, further) = &mut counts[facts.consignor(parcel) as usize];
        *if share(limit) >= 0.9 { near } else { further } += 1;
    }
    let crowd = |(near, further): (u32, u32)| {
        near >= settings.crowd && f64::from(near) >= settings.crowding * f64::from(further)
    };
    counts.into_iter().map(crowd).collect()
}

fn judge(facts: &Facts, settings: &Settings, crowds: &[bool], parcel: u32, whole: &Whole) -> Option<Finding> {
    if whole.limit.is_some() && crowds[facts.consignor(parcel) as usize] {
        return None;
    }
    let (min_score, max_ratio) = match whole.limit {
        Some(_) => (settings.min_score_just_below, settings.max_ratio_just_below),
        None => (settings.min_score, settings.max_ratio),
    };
    // Few parcels are that low; only they are worth a judgement.
    if whole.ratio() > max_ratio {
        return None;
    }
    let judgement = whole.judgement();
    if judgement.probability < min_score {
        return None;
    }
    let round = |x: f64| (x * 10_000.0).round() / 10_000.0;
    Some(Finding {
        parcel,
        line_number: None,
        score: judgement.probability,
        p_value: Some(judgement.p_value()),
        revenue: revenue(facts, parcel, whole),
        case: None,
        reason: reason(whole, &facts.terms(parcel).currency.to_string()),
        evidence: json!({
            "lines": whole.lines,
            "declared": round(to_units(whole.declared)),
            "expected": round(whole.expected),
            "ratio_to_expected": round(judgement.ratio),
            "spread_log": round(judgement.spread),
            "robust_z": round(judgement.ratio.ln() / judgement.spread),
            "limit": whole.limit.map(to_units),
        })
        .into(),
    })
}

/// Duty and tax at stake: all that is missing is put on the line of the highest value.
fn revenue(facts: &Facts, parcel: u32, whole: &Whole) -> crate::model::money::Money {
    let lines = &facts.shipments.lines;
    let Some(line) = facts.shipments.parcels.lines(parcel).max_by_key(|line| lines.value[*line]) else {
        return 0;
    };
    let missing = from_units(whole.expected).saturating_sub(whole.declared);
    facts.revenue_if_worth(parcel, line, lines.value[line].saturating_add(missing))
}

fn reason(whole: &Whole, currency: &str) -> String {
    let amount = |units| display(units, currency);
    let what = if whole.lines > 1 {
        format!("The {} lines of this parcel let expect", whole.lines)
    } else {
        "This parcel's goods let expect".to_owned()
    };
    let mut text = format!(
        "{what} about {} by other consignors' prices and this one's own; declared are {}, {:.0} % of it.",
        amount(from_units(whole.expected)),
        amount(whole.declared),
        100.0 * whole.ratio()
    );
    if let Some(limit) = whole.limit {
        text.push_str(&format!(
            " The declared value stays just below the limit of {}, the expected one does not.",
            amount(limit)
        ));
    }
    text
}

#[cfg(test)]
mod tests;
