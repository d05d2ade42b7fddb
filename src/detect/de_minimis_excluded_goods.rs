//! Goods that the law shuts out of relief, in a parcel that enjoys it.

use super::detector;
use crate::facts::Facts;
use crate::facts::claims::Claims;
use crate::fields::nature::Nature;
use crate::model::finding::{Finding, Findings};
use crate::model::money::{display, to_units};
use crate::model::text::ABSENT;
use crate::refdata::goods::{Goods, Mention, Strength};
use crate::refdata::procedures::Claim;
use crate::refdata::regimes::{Limit, Treatment};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

detector! {
    /// ## What it flags
    /// A line of alcohol, tobacco or perfume in a parcel within a limit whose relief the law denies to such goods.
    /// ## Law
    /// The lists that the limit in force on the parcel's day excludes (Regulation (EC) 1186/2009, Art. 24, and its like).
    /// Where the law in force excludes nothing, or charges within the limit as on any other import, there is no finding.
    /// ## How it decides
    /// By the commodity code (2203 to 2208, 2401 to 2404, 3303) and by the words of the description in some twenty
    /// languages. A list of exceptions takes a word's meaning away: `wine glass`, `alcohol-free`, `champagne gold`. A code and
    /// a word that agree score highest; a sure word alone, and a code alone, less; a word against the code of another chapter
    /// less again, because either may be wrong; one that is not sure, without a volume, then yields to the code. A word of many meanings (`port`, `cologne`) counts only beside a volume.
    /// ## Honest look-alikes
    /// Glasses, openers, lighters, empty bottles, colours, sweets; a record whose procedure codes claim no relief; small
    /// quantities in gifts, where the gift rules do not exclude them.
    /// ## What it misses
    /// Brand names alone; goods described as something else under that thing's code.
    /// ## Settings
    /// Scores (0 to 1): `both` a word and the code agree, `sure_word` and `fair_word` without a code, `code` the code alone,
    /// `sure_word_against_code` and `fair_word_against_code` where the code is of another chapter, `measured_word` a word of
    /// many meanings beside a volume.
    /// `lowest`: least score that is reported.
    "de-minimis-excluded-goods", DeMinimisAbuse, "Goods shut out of relief by the law", Settings, run
}

/// Settings under `[detectors.de-minimis-excluded-goods]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    #[serde(deserialize_with = "super::share")]
    both: f64,
    #[serde(deserialize_with = "super::share")]
    sure_word: f64,
    #[serde(deserialize_with = "super::share")]
    fair_word: f64,
    #[serde(deserialize_with = "super::share")]
    code: f64,
    #[serde(deserialize_with = "super::share")]
    sure_word_against_code: f64,
    #[serde(deserialize_with = "super::share")]
    fair_word_against_code: f64,
    #[serde(deserialize_with = "super::share")]
    measured_word: f64,
    #[serde(deserialize_with = "super::share")]
    lowest: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            both: 0.97,
            sure_word: 0.9,
            fair_word: 0.75,
            code: 0.85,
            sure_word_against_code: 0.8,
            fair_word_against_code: 0.45,
            measured_word: 0.65,
            lowest: 0.5,
        }
    }
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let excluding = |l: &Limit| !l.excluded.is_empty();
    if !facts.terms.iter().any(|t| t.limits.iter().any(excluding) || t.gift.as_ref().is_some_and(excluding)) {
        return Findings::default();
    }
    let (goods, shipments) = (Goods::shipped(), facts.shipments);
    let mentions: Vec<Vec<Mention>> = (0..shipments.descriptions.len() as u32)
        .into_par_iter()
        .map_init(String::new, |scratch, d| goods.by_words(shipments.descriptions.get(d), scratch))
        .collect();
    let claims = Claims::of(facts);
    let lines = &shipments.lines;
    let findings = (0..lines.len())
        .into_par_iter()
        .filter_map(|line| {
            let words = &mentions[lines.description[line] as usize];
            let code = lines.hs[line].and_then(|hs| goods.by_code(hs));
            if words.is_empty() && code.is_none() {
                None
            } else {
                judge(facts, settings, &claims, line, words, code)
            }
        })
        .collect();
    Findings { findings, ..Findings::default() }
}

/// What speaks for a list: its score, and the words of the reason.
struct Evidence<'a> {
    list: &'a str,
    score: f64,
    text: String,
}

fn judge(
    facts: &Facts,
    settings: &Settings,
    claims: &Claims,
    line: usize,
    words: &[Mention],
    code: Option<(&'static str, &'static str)>,
) -> Option<Finding> {
    let (lines, parcels) = (&facts.shipments.lines, &facts.shipments.parcels);
    let parcel = lines.parcel[line];
    let other_code = code.is_none() && lines.hs[line].is_some();
    let mut evidence: Vec<Evidence> = Vec::new();
    let shown =
        |mention: &Mention| format!("the description names {} (\"{}\")", mention.list, mention.phrase);
    for mention in words {
        let agrees = code.is_some_and(|(list, _)| list == mention.list);
        let score = match mention.strength {
            _ if agrees => settings.both,
            Strength::Strong if other_code => settings.sure_word_against_code,
            Strength::Strong => settings.sure_word,
            Strength::Fair if mention.measured && !other_code => settings.sure_word,
            Strength::Fair if other_code && !mention.measured => settings.fair_word_against_code,
            Strength::Fair => settings.fair_word,
            Strength::Weak if mention.measured => settings.measured_word,
            Strength::Weak => 0.0,
        };
        let text = match lines.hs[line] {
            Some(hs) if agrees => format!("{} and the code {hs} says so too", shown(mention)),
            Some(hs) => format!("{}, though the code {hs} is that of other goods", shown(mention)),
            None => shown(mention),
        };
        evidence.push(Evidence { list: mention.list, score, text });
    }
    if let (Some((list, meaning)), Some(hs)) = (code, lines.hs[line])
        && !words.iter().any(|m| m.list == list)
    {
        let meaning = meaning.to_lowercase();
        let text = format!("the code {hs} is that of {list} ({meaning})");
        evidence.push(Evidence { list, score: settings.code, text });
    }
    let limit = relieving_limit(facts, claims, parcel)?;
    let best = evidence
        .into_iter()
        .filter(|e| e.score >= settings.lowest && limit.excluded.iter().any(|list| list == e.list))
        .reduce(|a, b| if b.score > a.score { b } else { a })?;
    let currency = facts.terms(parcel).currency.to_string();
    let number = lines.number[line];
    Some(Finding {
        parcel,
        line_number: Some(number),
        score: best.score,
        p_value: None,
        revenue: facts.revenue_if_refused(parcel),
        case: None,
        reason: format!(
            "Line {number}: {}. {} the limit of {}, but the law shuts {} out of its relief.",
            best.text,
            match facts.shipments.unvalued(parcel) {
                true => "The parcel declares no customs value, so nothing keeps it from relief up to".into(),
                false => format!(
                    "The parcel's value of {} is within",
                    display(parcels.assessed[parcel as usize], &currency)
                ),
            },
            display(limit.amount, &currency),
            best.list,
        ),
        evidence: serde_json::json!({
            "list": best.list,
            "description": facts.shipments.descriptions.get(lines.description[line]),
            "hs_code": lines.hs[line].map(|hs| hs.to_string()),
            "words": words.iter().map(|m| m.phrase).collect::<Vec<_>>(),
            "value": to_units(parcels.assessed[parcel as usize]),
            "limit": to_units(limit.amount),
            "currency": currency,
            "regime": limit.regime,
            "law": limit.source,
        })
        .into(),
    })
}

/// The limit whose relief a parcel enjoys and which excludes goods: that for gifts where it is one and within it, the
/// first for goods that were sold otherwise. None where the record's codes say that no relief is asked for.
fn relieving_limit<'a>(facts: &'a Facts, claims: &Claims, parcel: u32) -> Option<&'a Limit> {
    let (parcels, p) = (&facts.shipments.parcels, parcel as usize);
    let terms = facts.terms(parcel);
    let value = parcels.assessed[p];
    let claimed: Vec<Claim> = claims.of_parcel(facts, parcel).map(|procedure| procedure.claim).collect();
    if parcels.procedures[p] != ABSENT && claimed.is_empty() {
        return None;
    }
    let gift = parcels.nature[p] == Nature::Gift || claimed.contains(&Claim::Gift);
    if gift && let Some(limit) = terms.gift.as_ref().filter(|limit| limit.admits(value)) {
        return Some(limit);
    }
    let relieves = |l: &&Limit| l.duty != Treatment::Normal || l.tax != Treatment::Normal;
    terms.limits.iter().filter(relieves).find(|l| l.admits(value) && !l.excluded.is_empty())
}

#[cfg(test)]
mod tests;
