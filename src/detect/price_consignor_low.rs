//! Under-invoicing across the board: a consignor all of whose prices are a fraction of what others ask.

use super::detector;
use crate::facts::Facts;
use crate::facts::prices::{Grounds, Judgement};
use crate::model::finding::{Case, Findings};
use crate::model::money::Money;

detector! {
    /// ## What it flags
    /// All low lines of a consignor whose prices, over all its goods, are a fraction of what other consignors ask for
    /// the same goods.
    ///
    /// ## Why it matters
    /// A trader whose every price is low moves the cells that its lines are held against; only traders compared with
    /// each other show it.
    ///
    /// ## Law
    /// As `price-below-peers`.
    ///
    /// ## How it decides
    /// An article is a consignor's goods in one finest cell; its residual is the log of the consignor's median price
    /// over the price expected from the *other* consignors, each once. The consignor's level is the weighted median of
    /// its residuals. How far honest levels lie apart is estimated from the upper side of all consignors' levels
    /// (undervaluing does not widen it) and shrunk to 0.3. The level, with its standard deviation, is judged by a
    /// mixture of ordinary levels (nearly normal), outlets and cheap qualities (26 to 50 % cheaper) and cuts, with the shares of the
    /// night. A discount for quantity is granted.
    ///
    /// ## Innocent causes
    /// Honestly cheap sellers, wholesalers, outlets, clearance of a part of the assortment, used goods, a seller whose
    /// only article is a cheap quality. Each is tested.
    ///
    /// ## What it misses
    /// Cuts to 40 % and more: honest levels lie that far apart. Consignors with fewer than `min_articles` articles or
    /// `min_lines` lines.
    ///
    /// ## Settings
    /// - `min_score` (0.4): least probability that the consignor cuts.
    /// - `min_articles` (2), `min_lines` (3): least evidence.
    /// - `max_ratio` (0.39): largest level that is still flagged: outlets and cheap qualities honestly lie at 0.4 and above.
    /// - `max_line_ratio` (0.75): lines above this share of the others' price are left out.
    "price-consignor-low", UnderInvoicing, "Consignor whose prices are low across the board", Settings, run
}

/// Settings under `[detectors.price-consignor-low]`.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Least probability that the consignor cuts, 0 to 1.
    pub min_score: f64,
    /// Fewest articles.
    pub min_articles: u32,
    /// Fewest lines.
    pub min_lines: u32,
    /// Largest level of the consignor, 0 to 1.
    pub max_ratio: f64,
    /// Largest share of the peers' price of a line, 0 to 1.
    pub max_line_ratio: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { min_score: 0.4, min_articles: 2, min_lines: 3, max_ratio: 0.39, max_line_ratio: 0.75 }
    }
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let mut found: Vec<Option<(Judgement, u32, u32)>> = Vec::with_capacity(facts.consignors.entities.len());
    let mut tests = 0;
    for consignor in 0..facts.consignors.entities.len() as u32 {
        found.push(facts.prices.consignor(consignor).and_then(|judgement| {
            let standing = facts.prices.standing(consignor, judgement.scale)?;
            if standing.articles < settings.min_articles || standing.lines < settings.min_lines {
                return None;
            }
            tests += standing.lines as usize;
            let low = judgement.probability >= settings.min_score && judgement.ratio <= settings.max_ratio;
            low.then_some((judgement, standing.articles, standing.lines))
        }));
    }
    let mut result = Findings { tests, ..Findings::default() };
    let mut case_of = vec![None; found.len()];
    for line in 0..facts.shipments.lines.len() {
        let parcel = facts.shipments.lines.parcel[line];
        let consignor = facts.consignor(parcel);
        let Some((judgement, articles, lines)) = &found[consignor as usize] else { continue };
        let Some(ratio) = facts.prices.ratio_to_peers(line).filter(|r| *r <= settings.max_line_ratio) else {
            continue;
        };
        let case = *case_of[consignor as usize].get_or_insert_with(|| {
            result.cases.push(Case {
                parcels: Vec::new(),
                consignor: Some(consignor),
                consignee: None,
                total: 0,
                threshold: None,
                reason: across(judgement, *articles, *lines),
            });
            result.cases.len() as u32 - 1
        });
        join(&mut result.cases[case as usize], parcel, facts.shipments.parcels.value[parcel as usize]);
        // A line that is not as low as the consignor's level may be one that was not cut.
        let own = (1.0 - (ratio / settings.max_line_ratio).powi(4)).clamp(0.3, 1.0);
        let grounds = Grounds {
            line,
            score: judgement.probability * own,
            p_value: Some(judgement.p_value),
            true_over_declared: 1.0 / ratio.max(judgement.ratio),
            reason: across(judgement, *articles, *lines),
            judgement,
        };
        let mut finding = grounds.finding(facts);
        finding.case = Some(case);
        result.findings.push(finding);
    }
    result
}

/// Lines come in the order of their parcels, so that one look at the last parcel is enough.
fn join(case: &mut Case, parcel: u32, value: Money) {
    if case.parcels.last() != Some(&parcel) {
        case.parcels.push(parcel);
        case.total = case.total.saturating_add(value);
    }
}

fn across(judgement: &Judgement, articles: u32, lines: u32) -> String {
    format!(
        "Over all its goods ({lines} lines of {articles} articles) this consignor declares {:.0} % of what other \
         consignors ask for the same goods; honest consignors lie as low {}.",
        100.0 * judgement.ratio,
        if judgement.p_value < 0.001 {
            "less than once in 1,000".to_owned()
        } else {
            format!("about {:.1} times in 1,000", 1_000.0 * judgement.p_value)
        }
    )
}

#[cfg(test)]
mod tests;
