//! One commodity code for all of a trader's different goods.

use super::detector;
use crate::facts::Facts;
use crate::model::finding::{Case, Finding, Findings};
use crate::refdata::goods_words::chapter_name;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

detector! {
    /// ## What it flags
    /// A sender who declares nearly all lines under one subheading while their words belong to goods of several other
    /// chapters: the code is a constant of the filer's program.
    /// ## Ground
    /// A pre-alert program found in public rewrites what it cannot match to one code.
    /// ## How it decides
    /// By resolved sender: at least `texts` distinct classifiable descriptions, `share` of the lines under one subheading,
    /// and words that point to at least `chapters` other chapters, each with a margin of 1, in at least `contradicting` of the
    /// texts. Score: `0.5 + 0.4 × share of the texts whose words point elsewhere`. Lines whose words agree with the code are
    /// left alone.
    /// ## Honest look-alikes
    /// A shop of one kind of goods with many names for it; accessories under one code.
    /// ## What it misses
    /// Several constants taken in turn.
    /// ## Settings
    /// `texts`, `chapters` (counts), `share`, `contradicting` (shares), `lowest`.
    "misdeclared-one-code", Misdeclaration, "One code for all of a trader's goods", Settings, run
}

/// Settings under `[detectors.misdeclared-one-code]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    texts: usize,
    chapters: usize,
    #[serde(deserialize_with = "super::share")]
    share: f64,
    #[serde(deserialize_with = "super::share")]
    contradicting: f64,
    #[serde(deserialize_with = "super::share")]
    lowest: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { texts: 8, chapters: 3, share: 0.9, contradicting: 0.5, lowest: 0.5 }
    }
}

/// Margin from which a text's words point to another chapter here, where many texts say so together.
const MARGIN: f32 = 1.0;

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let Some(night) = &facts.words else { return Findings::default() };
    let lines = &facts.shipments.lines;
    let mut rows: Vec<(u32, u32, u32)> = (0..lines.len())
        .filter_map(|l| Some((facts.consignor(lines.parcel[l]), lines.hs[l]?.subheading()?, l as u32)))
        .collect();
    rows.par_sort_unstable();
    let mut found = Findings::default();
    for own in rows.chunk_by(|a, b| a.0 == b.0) {
        if own.len() < settings.texts {
            continue;
        }
        let Some(most) = own.chunk_by(|a, b| a.1 == b.1).max_by_key(|c| (c.len(), std::cmp::Reverse(c[0].1)))
        else {
            continue;
        };
        if (most.len() as f64) < settings.share * own.len() as f64 {
            continue;
        }
        let subheading = most[0].1;
        let heading = (subheading / 100) as u16;
        let texts: BTreeSet<u32> = most.iter().map(|r| lines.description[r.2 as usize]).collect();
        let told: BTreeMap<u32, (f32, u16)> = texts
            .into_iter()
            .filter_map(|d| night.verdict(d, heading).map(|v| (d, v)))
            .filter(|(_, v)| v.strength >= 0.7 && v.heading > 0)
            .map(|(d, v)| (d, (v.margin, v.heading / 100)))
            .collect();
        let away: BTreeMap<u32, u16> =
            told.iter().filter(|t| t.1.0 >= MARGIN).map(|(d, t)| (*d, t.1)).collect();
        let chapters: BTreeSet<u16> = away.values().copied().collect();
        let share = away.len() as f64 / told.len().max(1) as f64;
        if told.len() < settings.texts || chapters.len() < settings.chapters || share < settings.contradicting
        {
            continue;
        }
        let score = 0.5 + 0.4 * share;
        if score < settings.lowest {
            continue;
        }
        let shown: Vec<&str> = chapters.iter().take(4).map(|&c| chapter_name(c)).collect();
        let reason = format!(
            "{} of the sender's {} lines stand under {subheading:06}, but the words of {} of {} descriptions belong elsewhere: {}.",
            most.len(),
            own.len(),
            away.len(),
            told.len(),
            shown.join("; ")
        );
        let case = found.cases.len() as u32;
        let wrong: Vec<u32> =
            most.iter().map(|r| r.2).filter(|&l| away.contains_key(&lines.description[l as usize])).collect();
        let mut parcels: Vec<u32> = wrong.iter().map(|&l| lines.parcel[l as usize]).collect();
        parcels.sort_unstable();
        parcels.dedup();
        let value = |p: &u32| facts.shipments.parcels.value[*p as usize];
        found.cases.push(Case {
            total: parcels.iter().map(value).fold(0, i64::saturating_add),
            parcels,
            consignor: Some(own[0].0),
            consignee: None,
            threshold: None,
            reason: reason.clone(),
        });
        for line in wrong {
            let l = line as usize;
            let chapter = away[&lines.description[l]];
            found.findings.push(Finding {
                parcel: lines.parcel[l],
                line_number: Some(lines.number[l]),
                score,
                p_value: None,
                revenue: 0,
                case: Some(case),
                reason: format!("Line {}: {reason} Here: {}.", lines.number[l], chapter_name(chapter)),
                evidence: serde_json::json!({
                    "subheading": format!("{subheading:06}"),
                    "lines": own.len(),
                    "under_one_subheading": most.len(),
                    "texts": told.len(),
                    "texts_pointing_elsewhere": away.len(),
                    "chapters": chapters,
                    "description": facts.shipments.descriptions.get(lines.description[l]),
                })
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
    use crate::lists::Lists;

    #[test]
    fn a_constant_is_told_from_a_shop_of_one_kind() {
        let mixed = [
            "smartphone",
            "running shoes",
            "women dress",
            "lipstick",
            "wall clock",
            "teddy bear",
            "frying pan",
            "sunglasses",
            "hair dryer",
            "plastic folder",
        ];
        let cases = [
            "phone case black",
            "phone case red",
            "silicone case",
            "phone cover",
            "back cover",
            "tpu case",
            "clear case",
            "bumper case",
            "case for iphone",
            "case for samsung",
        ];
        let mut csv = "parcel_id,date,consignor_name,consignor_country,consignee_name,consignee_country,description,hs_code,gross_weight_kg,value,currency\n".to_owned();
        for (sender, texts) in [("Mixed", mixed), ("Kase", cases)] {
            for (i, text) in texts.iter().enumerate() {
                csv.push_str(&format!(
                    "{sender}{i},2026-03-10,{sender} Trading Co,CN,Anna Weber,DE,{text},392690,0.5,20,EUR\n"
                ));
            }
        }
        let world = World::from_csv("DE", "2026-03-10", &csv);
        let facts = world.facts_with(Lists::none());
        let found = run(&facts, &Settings::default());
        let ids: Vec<&str> =
            found.findings.iter().map(|f| facts.shipments.parcels.id.get(f.parcel)).collect();
        assert!(ids.iter().all(|id| id.starts_with("Mixed")) && (8..=9).contains(&ids.len()), "{ids:?}");
        assert_eq!(found.cases.len(), 1);
        assert!(found.findings[0].reason.contains("stand under 392690"), "{}", found.findings[0].reason);
    }
}
