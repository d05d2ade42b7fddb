//! Under-invoicing of a line: below half of the cleaned average price of goods that can be told apart well.

use super::detector;
use crate::facts::Facts;
use crate::facts::prices::{Grounds, Judgement, Scale};
use crate::model::finding::{Finding, Findings};
use rayon::prelude::*;

detector! {
    /// ## What it flags
    /// A line below the lowest acceptable price of its cell, per piece and per kg, where the cell is well told apart
    /// and another comparison also finds a cut probable.
    ///
    /// ## Why it matters
    /// It is the threshold that European customs offices use, and the one an importer is asked about.
    ///
    /// ## Law
    /// Cleaned average price and lowest acceptable price as a risk threshold: OLAF and JRC practice, accepted in
    /// C-213/19 (EU:C:2022:167); not a customs value (C-72/24, C-73/24).
    ///
    /// ## How it decides
    /// The average of the consignors' prices in the cell, outliers beyond 2.5 robust scales removed, each consignor
    /// counted once; half of it is the lowest acceptable price. By itself this calls up to 8 % of honest lines low
    /// where goods are mixed, so it only supports: the cell must bring together goods described alike, or have a
    /// spread of at most `max_spread`, with `min_others` other consignors, and the line's score under the comparison
    /// with peers, with the consignor's own lines or of the consignor as a whole must reach `min_score`. The score is
    /// that of the comparison; no test is made here, so there is no p-value.
    ///
    /// ## Innocent causes
    /// Those of `price-below-peers`.
    ///
    /// ## What it misses
    /// By design, what no other comparison supports.
    ///
    /// ## Settings
    /// - `min_score` (0.3): least probability of a cut by another comparison.
    /// - `min_score_as_usual` (0.35): the same for a line at its consignor's own steady price of the article.
    /// - `min_others` (8): fewest other consignors in the cell.
    /// - `max_spread` (0.5): largest spread of log prices in a cell of goods described in different words.
    /// - `max_level` (0.39): largest level of the whole consignor that supports a finding.
    "price-below-lowest-acceptable", UnderInvoicing, "Price below the lowest acceptable price of its cell", Settings, run
}

/// Settings under `[detectors.price-below-lowest-acceptable]`.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Least probability of a cut by another comparison, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub min_score: f64,
    /// The same for a line at its consignor's own steady price, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub min_score_as_usual: f64,
    /// Fewest other consignors in the cell.
    pub min_others: usize,
    /// Largest spread of log prices.
    pub max_spread: f64,
    /// Largest level of the consignor that supports a finding, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub max_level: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { min_score: 0.3, min_score_as_usual: 0.35, min_others: 8, max_spread: 0.5, max_level: 0.39 }
    }
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let lines = 0..facts.shipments.lines.len();
    let findings = lines.into_par_iter().filter_map(|line| judge(facts, settings, line)).collect();
    Findings { findings, tests: 0, ..Findings::default() }
}

fn judge(facts: &Facts, settings: &Settings, line: usize) -> Option<Finding> {
    let ratio = facts.prices.ratio_to_peers(line).filter(|ratio| *ratio < 0.7)?;
    let mut below = 0;
    for scale in [Scale::Piece, Scale::Kg] {
        let Some(cell) = facts.prices.comparison(line, scale) else { continue };
        let fit = (cell.consignors > settings.min_others || cell.nights.is_some())
            && !cell.contested
            && (cell.same_goods || cell.spread <= settings.max_spread);
        if cell.declared >= cell.lowest_acceptable {
            return None;
        }
        below += u32::from(fit);
    }
    if below == 0 {
        return None;
    }
    let (judgement, by) = support(facts, line, settings.max_level)?;
    let usual = facts.prices.as_usual(line, facts.consignor(facts.shipments.lines.parcel[line]));
    let min_score = if usual { settings.min_score_as_usual } else { settings.min_score };
    if judgement.probability < min_score {
        return None;
    }
    let grounds = Grounds {
        line,
        score: judgement.probability,
        p_value: None,
        true_over_declared: 1.0 / ratio,
        reason: format!(
            "The price lies below the lowest acceptable price on every scale, and {by} supports it."
        ),
        judgement: &judgement,
    };
    Some(grounds.finding(facts))
}

/// The strongest other comparison.
fn support<'a>(facts: &'a Facts, line: usize, max_level: f64) -> Option<(Judgement<'a>, &'static str)> {
    let consignor = facts.consignor(facts.shipments.lines.parcel[line]);
    let all = [
        (facts.prices.own(line), "the consignor's own price of the article"),
        (facts.prices.peers(line), "the comparison with other consignors"),
        (
            facts.prices.consignor(consignor).filter(|j| j.ratio <= max_level),
            "the level of all of the consignor's prices",
        ),
    ];
    all.into_iter()
        .filter_map(|(judgement, by)| judgement.map(|j| (j, by)))
        .max_by(|a, b| a.0.probability.total_cmp(&b.0.probability))
}

#[cfg(test)]
mod tests;
