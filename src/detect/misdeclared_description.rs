//! A description that names other goods than the commodity code.

use super::detector;
use crate::facts::Facts;
use crate::facts::words::{Night, Verdict};
use crate::model::finding::{Evidence, Finding, Findings};
use crate::refdata::goods_words::{chapter_name, heading_name};
use crate::refdata::vague::Clarity;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

detector! {
    /// ## What it flags
    /// A line whose description names goods of another chapter than that of its commodity code: "smartphone 128 GB" under
    /// articles of plastics.
    /// ## Ground
    /// Nobody classifies titles reliably, so no better code is claimed: only that the words belong to other goods.
    /// ## How it decides
    /// Evidence of words, of pairs of neighbouring words and, for rare words, of 3 to 5 letters, for headings and chapters,
    /// learned from the night's own lines, the program's names of goods in the languages of trade, and files of described
    /// goods (`lists.described_goods`). Each distinct text counts once, each consignor's texts are damped, and what the
    /// line itself taught is left out, so that a minority of false lines neither teaches nor hides. `margin`: evidence for
    /// the best other chapter less that for the best heading of the declared one, natural logarithms, divided by
    /// `sqrt(1 + (words - 1) / 4)`. The limit lies between 3 and 5: where at most 5 % of the night's texts are above, 5
    /// where the night has fewer than 400. Score `0.5 + 0.45 (1 - exp(-(margin - limit) / 3))`,
    /// below the limit `0.5 exp((margin - limit) / 3)`, which is not reported unless `lowest` is set lower. No test, so no
    /// p-value.
    /// ## Honest look-alikes
    /// Accessories ("case for smartphone": words after "for" count a quarter, a known pair of words counts for its words),
    /// sets, bilingual texts, brand names that nobody knows, goods under an odd but usual code (the night teaches it),
    /// knitted and woven clothing, machines and electrical machines (taken as one). Vague texts have no evidence and are
    /// never flagged here.
    /// ## What it misses
    /// False codes within a chapter; a description as false as the code; goods that the night and the lists do not know.
    /// ## Settings
    /// `margin`: least margin, instead of the night's own limit where it is higher; `strength`: least evidence for the
    /// other chapter; `lowest`: least score that is reported.
    "misdeclared-description", Misdeclaration, "Description contradicts the commodity code", Settings, run
}

/// Settings under `[detectors.misdeclared-description]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    margin: f64,
    strength: f64,
    #[serde(deserialize_with = "super::share")]
    lowest: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { margin: 0.0, strength: 0.7, lowest: 0.5 }
    }
}

/// Score of a margin: a half at the limit, rising to 0.95 above it and falling to nothing below.
pub(crate) fn score(margin: f64, limit: f64) -> f64 {
    let off = (margin - limit) / 3.0;
    if off < 0.0 { 0.5 * off.exp() } else { 0.5 + 0.45 * (1.0 - (-off).exp()) }
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let Some(night) = &facts.words else { return Findings::default() };
    let lines = &facts.shipments.lines;
    let limit = f64::from(night.limit).max(settings.margin);
    // Few texts contradict their code; their reasons are written once.
    let found: Vec<Option<(f64, String, Evidence)>> = night
        .verdicts
        .par_iter()
        .enumerate()
        .map(|(place, verdict)| {
            let score = score(f64::from(verdict.margin), limit);
            let clear = facts.clarity[night.pairs[place].description as usize];
            let vague = matches!(clear, Clarity::Vague(_) | Clarity::Wordless);
            let told = f64::from(verdict.strength) >= settings.strength && verdict.heading > 0;
            if score < settings.lowest || !told || vague {
                return None;
            }
            explain(facts, night, place, verdict).map(|(reason, evidence)| (score, reason, evidence))
        })
        .collect();
    let mut doubted = vec![false; facts.clarity.len()];
    for (pair, _) in night.pairs.iter().zip(&found).filter(|(_, found)| found.is_some()) {
        doubted[pair.description as usize] = true;
    }
    let findings = (0..lines.len())
        .into_par_iter()
        .filter(|&line| doubted[lines.description[line] as usize])
        .filter_map(|line| {
            let heading = lines.hs[line]?.heading();
            let key = (lines.description[line], heading);
            let place = night.pairs.binary_search_by_key(&key, |p| (p.description, p.heading)).ok()?;
            let (score, reason, evidence) = found[place].as_ref()?;
            let parcel = lines.parcel[line];
            let number = lines.number[line];
            Some(Finding {
                parcel,
                line_number: Some(number),
                score: *score,
                p_value: None,
                revenue: facts.revenue_if_heading(parcel, line, night.verdicts[place].heading),
                case: None,
                reason: format!("Line {number}: {reason}"),
                evidence: evidence.clone(),
            })
        })
        .collect();
    Findings { findings, ..Findings::default() }
}

/// The reason and the evidence; none where no word can be named.
fn explain(facts: &Facts, night: &Night, place: usize, verdict: &Verdict) -> Option<(String, Evidence)> {
    let pair = night.pairs[place];
    let text = facts.shipments.descriptions.get(pair.description);
    let words = night.words.pointing(text, verdict.heading);
    let quoted: Vec<String> = words.iter().map(|w| format!("\"{w}\"")).collect();
    let said = match quoted.as_slice() {
        [] => return None,
        [one] => format!("the word {one} points"),
        [most @ .., last] => format!("the words {} and {last} point", most.join(", ")),
    };
    let named = |heading: u16| match heading_name(heading) {
        Some(name) => format!("heading {heading:04} ({name})"),
        None => {
            format!("heading {heading:04} (chapter {:02}, {})", heading / 100, chapter_name(heading / 100))
        }
    };
    let reason = format!(
        "{said} to {}, but the code declared is of {}. The evidence for the other chapter is {:.1} in natural logarithms, at least {:.1} is asked for.",
        named(verdict.heading),
        named(pair.heading),
        verdict.margin,
        night.limit,
    );
    let evidence: Evidence = serde_json::json!({
        "description": text,
        "declared_heading": format!("{:04}", pair.heading),
        "words": words,
        "words_point_to": format!("{:04}", verdict.heading),
        "margin": (f64::from(verdict.margin) * 100.0).round() / 100.0,
        "limit": (f64::from(night.limit) * 100.0).round() / 100.0,
        "lines_of_this_text": pair.lines,
        "consignors_of_this_text": pair.consignors,
    })
    .into();
    Some((reason, evidence))
}

#[cfg(test)]
mod tests;
