//! Descriptions that say nothing.

use super::detector;
use crate::facts::Facts;
use crate::model::finding::{Finding, Findings};
use crate::refdata::vague::Clarity;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

detector! {
    /// ## What it flags
    /// A line whose description is made of vague terms alone ("gift", "parts and accessories", "daily necessities") or has no
    /// word at all ("9").
    /// ## Ground
    /// Pre-loading advance cargo information must let the goods be known (WCO SAFE Framework, Annex III; the "stop words" of
    /// the Union's import control system). The list of terms is this project's own, in the languages of trade.
    /// ## How it decides
    /// By whole words and phrases. A vague term beside words that name goods ("phone accessories") is weak, and counted in
    /// `manifest_quality.parquet`, but not reported.
    /// ## Honest look-alikes
    /// Vague words inside a telling text; documents that are declared as documents.
    /// ## What it misses
    /// Words without sense that stand on no list.
    /// ## Settings
    /// `vague`, `wordless`: scores of the two kinds.
    "data-quality-description", DataQuality, "Description that says nothing", Settings, run
}

/// Settings under `[detectors.data-quality-description]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    #[serde(deserialize_with = "super::share")]
    vague: f64,
    #[serde(deserialize_with = "super::share")]
    wordless: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { vague: 0.85, wordless: 0.9 }
    }
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    use crate::fields::nature::Nature;
    let (lines, parcels) = (&facts.shipments.lines, &facts.shipments.parcels);
    let findings = (0..lines.len())
        .into_par_iter()
        .filter_map(|line| {
            let parcel = lines.parcel[line];
            let (score, why) = match facts.clarity[lines.description[line] as usize] {
                Clarity::Vague(_) if parcels.nature[parcel as usize] == Nature::Documents => return None,
                Clarity::Vague(term) => {
                    (settings.vague, format!("is made of vague terms alone (\"{term}\")"))
                }
                Clarity::Wordless => (settings.wordless, "has no word".to_owned()),
                Clarity::Clear | Clarity::Weak(_) => return None,
            };
            let number = lines.number[line];
            let text = facts.shipments.descriptions.get(lines.description[line]);
            Some(Finding {
                parcel,
                line_number: Some(number),
                score,
                p_value: None,
                revenue: 0,
                case: None,
                reason: format!(
                    "Line {number}: the description \"{text}\" {why}: it does not let the goods be known."
                ),
                evidence: serde_json::json!({ "description": text, "ask_for": ["description"] }).into(),
            })
        })
        .collect();
    Findings { findings, ..Findings::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::World;

    #[test]
    fn vague_alone_is_reported_and_inside_is_not() {
        let csv = "parcel_id,date,consignor_name,consignor_country,consignee_name,consignee_country,nature,description,gross_weight_kg,value,currency\n\
                   A1,2026-03-10,Shop,CN,Anna Weber,DE,sale,gift,0.5,20,EUR\n\
                   A2,2026-03-10,Shop,CN,Anna Weber,DE,sale,phone accessories,0.5,20,EUR\n\
                   A3,2026-03-10,Shop,CN,Anna Weber,DE,documents,documents,0.5,20,EUR\n\
                   A4,2026-03-10,Shop,CN,Anna Weber,DE,sale,99,0.5,20,EUR\n";
        let world = World::from_csv("DE", "2026-03-10", csv);
        let facts = world.facts();
        let found = run(&facts, &Settings::default()).findings;
        let ids: Vec<&str> = found.iter().map(|f| facts.shipments.parcels.id.get(f.parcel)).collect();
        assert_eq!(ids, ["A1", "A4"]);
        assert!(found[0].reason.contains("\"gift\""));
    }
}
