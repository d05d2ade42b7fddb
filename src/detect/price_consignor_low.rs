//! Under-invoicing across the board: a consignor all of whose prices are a fraction of what others ask.

use super::detector;
use crate::facts::Facts;
use crate::facts::prices::{Ends, Grounds, Judgement};
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
    /// Where the level could still be honest, the endings of its prices decide: list prices end in .99 or .00, values
    /// multiplied by a factor end anywhere. With `n` different prices of single pieces, `k` of them ending like list
    /// prices, the odds of a cut are multiplied by `(0.88 / (1 − u))^(n − k) · (0.12 / u)^k`, at least 1 and at most
    /// 20, `u` being the usual share of the night. Usual endings excuse nobody.
    ///
    /// ## Innocent causes
    /// Honestly cheap sellers, wholesalers, outlets, clearance of a part of the assortment, used goods, a seller whose
    /// only article is a cheap quality. Each is tested.
    ///
    /// A cheap seller whose list prices were converted from another currency has lost their endings too and may be
    /// flagged at a level below `max_ratio_scaled`.
    ///
    /// ## What it misses
    /// Cuts to 40 % and more: honest levels lie that far apart. Consignors with fewer than `min_articles` articles or
    /// `min_lines` lines.
    ///
    /// ## Settings
    /// - `min_score` (0.4): least probability that the consignor cuts.
    /// - `min_articles` (2), `min_lines` (3): least evidence.
    /// - `max_ratio` (0.36): largest level that is still flagged: outlets and cheap qualities honestly lie near 0.4 and above.
    /// - `max_ratio_scaled` (0.5), `min_odds` (10): largest level that is still flagged where the endings of the prices
    ///   make a cut so many times likelier.
    /// - `max_line_ratio` (0.75): lines above this share of the others' price are left out.
    "price-consignor-low", UnderInvoicing, "Consignor whose prices are low across the board", Settings, run
}

/// Settings under `[detectors.price-consignor-low]`.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Least probability that the consignor cuts, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub min_score: f64,
    /// Fewest articles.
    pub min_articles: u32,
    /// Fewest lines.
    pub min_lines: u32,
    /// Largest level of the consignor, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub max_ratio: f64,
    /// Largest level of a consignor whose prices end like scaled values, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub max_ratio_scaled: f64,
    /// How much likelier the endings of prices must make a cut.
    pub min_odds: f64,
    /// Largest share of the peers' price of a line, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub max_line_ratio: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            min_score: 0.4,
            min_articles: 2,
            min_lines: 3,
            max_ratio: 0.36,
            max_ratio_scaled: 0.5,
            min_odds: 10.0,
            max_line_ratio: 0.75,
        }
    }
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let mut found: Vec<Option<(Judgement, String)>> = Vec::with_capacity(facts.consignors.entities.len());
    let mut tests = 0;
    for consignor in 0..facts.consignors.entities.len() as u32 {
        found.push(facts.prices.consignor(consignor).and_then(|mut judgement| {
            let standing = facts.prices.standing(consignor, judgement.scale)?;
            if standing.articles < settings.min_articles || standing.lines < settings.min_lines {
                return None;
            }
            tests += standing.lines as usize;
            let ends = facts.prices.endings(consignor);
            let scaled = ends.odds >= settings.min_odds;
            let (max_ratio, odds) =
                if scaled { (settings.max_ratio_scaled, ends.odds) } else { (settings.max_ratio, 1.0) };
            let cut = judgement.probability * odds;
            judgement.probability = cut / (cut + 1.0 - judgement.probability);
            let low = judgement.probability >= settings.min_score && judgement.ratio <= max_ratio;
            let reason = || across(&judgement, standing.articles, standing.lines, scaled.then_some(ends));
            low.then(|| (judgement, reason()))
        }));
    }
    let mut result = Findings { tests, ..Findings::default() };
    let mut case_of = vec![None; found.len()];
    for line in 0..facts.shipments.lines.len() {
        let parcel = facts.shipments.lines.parcel[line];
        let consignor = facts.consignor(parcel);
        let Some((judgement, reason)) = &found[consignor as usize] else { continue };
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
                reason: reason.clone(),
            });
            result.cases.len() as u32 - 1
        });
        join(&mut result.cases[case as usize], parcel, facts.shipments.parcels.value[parcel as usize]);
        // A line that is not as low as the consignor's level may be one that was not cut.
        let own = (1.0 - (ratio / settings.max_line_ratio).powi(4)).clamp(0.3, 1.0);
        let grounds = Grounds {
            line,
            score: judgement.probability * own,
            p_value: Some(judgement.p_value()),
            true_over_declared: 1.0 / ratio.max(judgement.ratio),
            reason: reason.clone(),
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

fn across(judgement: &Judgement, articles: u32, lines: u32, scaled: Option<Ends>) -> String {
    let mut text = format!(
        "Over all its goods ({lines} lines of {articles} articles) this consignor declares {:.0} % of what other \
         consignors ask for the same goods; honest consignors lie as low {}.",
        100.0 * judgement.ratio,
        if judgement.p_value() < 0.001 {
            "less than once in 1,000".to_owned()
        } else {
            format!("about {:.1} times in 1,000", 1_000.0 * judgement.p_value())
        }
    );
    if let Some(ends) = scaled {
        text.push_str(&format!(
            " Of its {} different prices of single pieces {} end like list prices (.00, .49, .50, .90, .95, .99), where \
             {:.0} % usually do: values multiplied by a factor end anywhere.",
            ends.prices,
            ends.listed,
            100.0 * ends.usual
        ));
    }
    text
}

#[cfg(test)]
mod tests;
