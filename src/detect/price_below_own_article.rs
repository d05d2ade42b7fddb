//! Under-invoicing of a line: the same consignor sends the same article at several times the price.

use super::detector;
use crate::facts::Facts;
use crate::facts::prices::Grounds;
use crate::model::finding::{Finding, Findings};
use rayon::prelude::*;
use std::fmt::Write;

detector! {
    /// ## What it flags
    /// A line at a fraction of the price that the same consignor declares on its other lines of the same article.
    ///
    /// ## Why it matters
    /// It is the strongest evidence that a manifest holds by itself: the sender's own price is the comparison.
    ///
    /// ## Law
    /// As `price-below-peers`; identical goods of the same seller are the first of the secondary bases of value
    /// (Customs Valuation Agreement, Article 2).
    ///
    /// ## How it decides
    /// At least three lines of one resolved consignor, of one subheading, origin and weight band and described exactly
    /// alike, or six described alike. `x` is the log of the line's price over the median of the others, milder of per
    /// piece and per kg, discount for quantity given back; `s` the spread of the article's prices, shrunk to that of
    /// all articles and never below 5 %. What the article costs is told by the median of the others and by other
    /// consignors' prices, each weighed by what it is uncertain by, so that three lines count less than thirty. Judged by a mixture as in `price-below-peers`, with discounts from 14 %. How
    /// many lines of the article have the very same price is evidence of its own: a list price is asked again and
    /// again, a cut value stands nearly alone; how much that weighs is the night's own. A low price that more than a
    /// fifth of the article's lines share, and more than chance would cut of few lines, is one of its prices and is
    /// not flagged, unless all low lines of the night show that chance may well have made it; the score then holds the
    /// probability of that. Nor is a price flagged that other consignors ask for the same goods, unless this one's
    /// usual price is out of all proportion to theirs. An article is compared on the slopes of value on quantity and
    /// weight that the lines of its code show within articles. Where one description covers several products, or few
    /// lines do not tell how value grows with weight, the lines of all consignors described alike tell it, and the
    /// consignor's level among them, where they foretell honest lines better than its own do. Lines without
    /// a code take part.
    ///
    /// ## Innocent causes
    /// Flash sales (honest discounts of the mixture), several sizes or qualities under one description (they widen
    /// `s` or share the low price), quantity discounts. Each is tested.
    ///
    /// ## What it misses
    /// Articles with few lines; a consignor who cuts all lines of an article.
    ///
    /// ## Settings
    /// - `min_score` (0.12): least probability of a cut.
    /// - `max_ratio` (0.65): largest share of the own price that is still flagged.
    /// - `max_ratio_to_peers` (0.85): largest share of other consignors' price that is still flagged.
    "price-below-own-article", UnderInvoicing, "Price far below the same consignor's own for the same article", Settings, run
}

/// Settings under `[detectors.price-below-own-article]`.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Least probability of a cut, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub min_score: f64,
    /// Largest share of the own price, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub max_ratio: f64,
    /// Largest share of the peers' price, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub max_ratio_to_peers: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { min_score: 0.12, max_ratio: 0.65, max_ratio_to_peers: 0.85 }
    }
}

/// Other consignors of the very same goods whose price clears a line.
const SAME_GOODS_OTHERS: usize = 2;

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let lines = 0..facts.shipments.lines.len();
    let findings = lines.into_par_iter().filter_map(|line| judge(facts, settings, line)).collect();
    Findings { findings, tests: facts.prices.tests()[1], ..Findings::default() }
}

fn judge(facts: &Facts, settings: &Settings, line: usize) -> Option<Finding> {
    // Few lines are that low; only they are worth a judgement.
    let own = facts.prices.ratio_to_own(line).filter(|ratio| *ratio <= settings.max_ratio)?;
    let peers = facts.prices.ratio_to_same_goods(facts.shipments, line, SAME_GOODS_OTHERS);
    if peers.is_some_and(|ratio| ratio > settings.max_ratio_to_peers) {
        return None;
    }
    let judgement = facts.prices.own(line).filter(|j| j.probability >= settings.min_score)?;
    let (times, per) = (1.0 / own, judgement.scale.per());
    let mut reason = if facts.prices.by_kin(line) {
        format!(
            "By all lines of such goods in lots of this weight, and by what this consignor asks for others of them, \
             the price would be {times:.1} times this."
        )
    } else {
        format!(
            "The same consignor's other lines of this article are declared at {times:.1} times this price {per}."
        )
    };
    if judgement.chance < 1.0 {
        let chance = 100.0 * judgement.chance;
        let _ = write!(
            reason,
            " Others of them lie as low: by how the low prices of this night stand, that is chance with a probability \
             of {chance:.0} %, and otherwise a second price of the article."
        );
    }
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

#[cfg(test)]
mod tests;
