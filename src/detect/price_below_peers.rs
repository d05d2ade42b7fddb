//! Under-invoicing of a line: far below what other consignors ask for comparable goods.

use super::detector;
use crate::facts::Facts;
use crate::facts::prices::Grounds;
use crate::model::finding::{Finding, Findings};
use rayon::prelude::*;

detector! {
    /// ## What it flags
    /// A line whose price per piece *and* per kg lies so far below other consignors' prices of comparable goods that
    /// a cut is more probable than anything honest.
    ///
    /// ## Why it matters
    /// Duty and tax follow the declared value; a tenth of the price declared is nine tenths of them lost.
    ///
    /// ## Law
    /// The transaction value is the price paid. A statistical price gives reasonable doubt and a reason to ask for
    /// proof, never the customs value by itself (C-213/19, C-72/24).
    ///
    /// ## How it decides
    /// Cells: currency, chapter, heading, subheading, origin, weight band, descriptions alike. Each consignor counts
    /// once in a cell (its median), the line's own consignor not at all; a cell shrinks to its parent by normal-normal
    /// empirical Bayes. The expected price also grants the consignor the level that its other articles show, up to
    /// two spreads of honest consignors. The residual `x = log(declared / expected)` with its standard deviation `s`
    /// is judged by a mixture of ordinary variation (Student's t), honest discounts of 26 to 60 % and cuts to 8 to
    /// 60 %, whose shares are estimated from the night; what the upper tail holds beyond ordinary variation is taken
    /// off the lower one. Lines at their consignor's own usual price have a mixture to themselves: that single lines
    /// were cut makes no usual price suspect. Score: probability of a cut. p-value: the larger of Student's tail and
    /// of the share of residuals as far above.
    ///
    /// ## Innocent causes
    /// Clearance sales, quantity discounts, cheap qualities and sellers, used goods, samples, prices that heap, goods
    /// of two kinds under one code (a cell with a fifth of its consignors far below the others is *contested*, and
    /// widens `s`). Each is tested.
    ///
    /// ## What it misses
    /// Cuts to a half and less where goods cannot be told apart; a consignor all of whose prices are low (see
    /// `price-consignor-low`); values of 0; lines that only share a parcel's value
    /// (see `price-parcel-low`); gifts of private persons, whose value is an estimate.
    ///
    /// ## Settings
    /// - `min_score` (0.25): least probability of a cut.
    /// - `min_score_as_usual` (0.35): the same for a line at its consignor's own steady price of the article: what all of
    ///   a seller's lines of an article cost is an article's price more often than a cut.
    /// - `max_ratio` (0.6): largest share of the other consignors' price that is still flagged.
    "price-below-peers", UnderInvoicing, "Price far below other consignors' for comparable goods", Settings, run
}

/// Settings under `[detectors.price-below-peers]`.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Least probability of a cut, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub min_score: f64,
    /// The same for a line at its consignor's own steady price, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub min_score_as_usual: f64,
    /// Largest share of the peers' price, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub max_ratio: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { min_score: 0.25, min_score_as_usual: 0.35, max_ratio: 0.6 }
    }
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let lines = 0..facts.shipments.lines.len();
    let findings = lines.into_par_iter().filter_map(|line| judge(facts, settings, line)).collect();
    Findings { findings, tests: facts.prices.tests()[0], ..Findings::default() }
}

fn judge(facts: &Facts, settings: &Settings, line: usize) -> Option<Finding> {
    // Few lines are that low; only they are worth a judgement.
    facts.prices.ratio_to_peers(line).filter(|ratio| *ratio <= settings.max_ratio)?;
    let usual = facts.prices.as_usual(line, facts.consignor(facts.shipments.lines.parcel[line]));
    let min_score = if usual { settings.min_score_as_usual } else { settings.min_score };
    let judgement = facts.prices.peers(line).filter(|j| j.probability >= min_score)?;
    let reason = format!(
        "Against the price that other consignors, and this one's other goods, let expect it is {:.0} %; an honest price \
         lies as low {}.",
        100.0 * judgement.ratio,
        how_often(judgement.p_value())
    );
    let grounds = Grounds {
        line,
        score: judgement.probability,
        p_value: Some(judgement.p_value()),
        true_over_declared: 1.0 / judgement.ratio,
        reason,
        judgement: &judgement,
    };
    Some(grounds.finding(facts))
}

/// A small probability in words.
fn how_often(p: f64) -> String {
    if p < 0.001 {
        "less than once in 1,000 lines".into()
    } else {
        format!("about {:.1} times in 1,000 lines", 1_000.0 * p)
    }
}

#[cfg(test)]
mod tests;
