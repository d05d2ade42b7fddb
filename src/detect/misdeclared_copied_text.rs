//! The same text copied over many senders.

use super::detector;
use crate::facts::Facts;
use crate::model::finding::{Case, Finding, Findings};
use crate::model::text::ABSENT;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

detector! {
    /// ## What it flags
    /// Parcels of many senders with one long description, letter by letter, at one weight: a template rather than goods.
    /// ## Ground
    /// Rings that file for many names fill one template (WCO guidance on e-commerce).
    /// ## How it decides
    /// A description of at least `words` words; at least `senders` resolved senders and `parcels` parcels; at least `alike` of
    /// the lines with one and the same gross weight to the gram; and no marketplace named on most of them. Score `score`.
    /// ## Honest look-alikes
    /// Catalogue texts that a marketplace gives all its sellers; short common names; one article of many dealers, whose
    /// weights differ with the packing.
    /// ## What it misses
    /// Templates with a changing part.
    /// ## Settings
    /// `words`, `senders`, `parcels` (counts), `alike` (share), `score`.
    "misdeclared-copied-text", Misdeclaration, "One text copied over many senders", Settings, run
}

/// Settings under `[detectors.misdeclared-copied-text]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    words: usize,
    senders: usize,
    parcels: usize,
    #[serde(deserialize_with = "super::share")]
    alike: f64,
    #[serde(deserialize_with = "super::share")]
    score: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { words: 5, senders: 5, parcels: 40, alike: 0.8, score: 0.6 }
    }
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let (parcels, lines) = (&facts.shipments.parcels, &facts.shipments.lines);
    let long: Vec<bool> = facts
        .shipments
        .descriptions
        .iter()
        .map(|text| {
            text.split_whitespace().filter(|w| w.chars().any(char::is_alphabetic)).count() >= settings.words
        })
        .collect();
    let mut rows: Vec<(u32, u32)> = (0..lines.len())
        .filter(|&l| long[lines.description[l] as usize])
        .map(|l| (lines.description[l], l as u32))
        .collect();
    rows.par_sort_unstable();
    let mut found = Findings::default();
    for own in rows.chunk_by(|a, b| a.0 == b.0).filter(|own| own.len() >= settings.parcels) {
        let mut held: Vec<u32> = own.iter().map(|r| lines.parcel[r.1 as usize]).collect();
        held.dedup();
        let senders: BTreeSet<u32> = held.iter().map(|&p| facts.consignor(p)).collect();
        let mut grams: Vec<i64> =
            held.iter().map(|&p| (parcels.gross_weight[p as usize] * 1000.0).round() as i64).collect();
        grams.sort_unstable();
        let modal = grams.chunk_by(|a, b| a == b).map(|c| (c.len(), c[0])).max().unwrap_or((0, 0));
        let named = held.iter().filter(|&&p| parcels.platform[p as usize] != ABSENT).count();
        let enough = held.len() >= settings.parcels && senders.len() >= settings.senders;
        if !enough || (modal.0 as f64) < settings.alike * held.len() as f64 || named * 2 > held.len() {
            continue;
        }
        let text = facts.shipments.descriptions.get(own[0].0);
        let reason = format!(
            "{} parcels of {} senders who are not linked bear the same text \"{text}\", {} of them at {} g.",
            held.len(),
            senders.len(),
            modal.0,
            modal.1
        );
        let case = found.cases.len() as u32;
        found.cases.push(Case {
            total: held.iter().map(|&p| parcels.value[p as usize]).fold(0, i64::saturating_add),
            parcels: held,
            consignor: None,
            consignee: None,
            threshold: None,
            reason: reason.clone(),
        });
        for &(_, line) in own {
            let l = line as usize;
            found.findings.push(Finding {
                parcel: lines.parcel[l],
                line_number: Some(lines.number[l]),
                score: settings.score,
                p_value: None,
                revenue: 0,
                case: Some(case),
                reason: format!("Line {}: {reason}", lines.number[l]),
                evidence:
                    serde_json::json!({ "description": text, "senders": senders.len(), "grams": modal.1 })
                        .into(),
            });
        }
    }
    found.findings.sort_by_key(|f| (f.parcel, f.line_number));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::World;

    #[test]
    fn templates_are_told_from_catalogue_texts() {
        let mut csv = "parcel_id,date,consignor_name,consignor_address,consignor_city,consignor_country,consignee_name,consignee_country,description,gross_weight_kg,value,currency,platform\n".to_owned();
        let towns = ["Alder", "Birch", "Cedar", "Dogwood", "Elder", "Fir", "Gorse", "Hazel"];
        for i in 0..48 {
            let town = towns[i % 8];
            let sender = format!("{town} Trading Co,Road {i},{town},CN,Anna Weber,DE");
            csv.push_str(&format!(
                "T{i:02},2026-03-10,{sender},ladies fancy decoration craft article mixed,0.5,20,EUR,\n"
            ));
            csv.push_str(&format!("M{i:02},2026-03-10,{sender},wireless bluetooth earbuds with charging case,0.5,20,EUR,Marketone\n"));
            csv.push_str(&format!(
                "W{i:02},2026-03-10,{sender},stainless steel kitchen knife with wooden handle,0.{},20,EUR,\n",
                300 + i
            ));
        }
        let world = World::from_csv("DE", "2026-03-10", &csv);
        let facts = world.facts();
        let found = run(&facts, &Settings::default());
        assert_eq!((found.findings.len(), found.cases.len()), (48, 1));
        assert!(found.cases[0].parcels.iter().all(|&p| facts.shipments.parcels.id.get(p).starts_with('T')));
    }
}
