//! Several kinds of goods under one subheading, where duty is charged by the number of subheadings.

use super::detector;
use crate::facts::Facts;
use crate::model::finding::{Finding, Findings};
use crate::model::money::display;
use crate::refdata::goods_words::heading_name;
use crate::refdata::regimes::Treatment;
use serde::{Deserialize, Serialize};

detector! {
    /// ## What it flags
    /// A parcel with lines of different goods under one subheading, where the law in force charges a flat duty for each
    /// subheading, so that fewer codes cost less.
    /// ## Law
    /// The dated table of regimes: the limit that the parcel enjoys has a duty by item (in the Union from the day on which the
    /// table says so). Where no such limit applies there is no finding.
    /// ## How it decides
    /// Lines of one parcel under one subheading whose words point to other chapters than the code's, with a margin of
    /// `margin`; at least one line's words must not. Score `base` and `each` for every further kind, at most 0.95. At stake:
    /// the flat duty for each kind that is missing.
    /// ## Honest look-alikes
    /// Ten shirts of one kind on ten lines; sets; colours and sizes of one article; accessories.
    /// ## What it misses
    /// Kinds within one chapter; one line that names several goods.
    /// ## Settings
    /// `margin` (natural logarithms), `base`, `each`, `lowest` (scores).
    "misdeclared-kinds-merged", Misdeclaration, "Several kinds of goods under one subheading", Settings, run
}

/// Settings under `[detectors.misdeclared-kinds-merged]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    margin: f64,
    #[serde(deserialize_with = "super::share")]
    base: f64,
    #[serde(deserialize_with = "super::share")]
    each: f64,
    #[serde(deserialize_with = "super::share")]
    lowest: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { margin: 2.5, base: 0.7, each: 0.1, lowest: 0.5 }
    }
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let Some(night) = &facts.words else { return Findings::default() };
    let (parcels, lines) = (&facts.shipments.parcels, &facts.shipments.lines);
    let mut found = Findings::default();
    for p in 0..parcels.len() as u32 {
        let range = parcels.lines(p);
        if range.len() < 2 {
            continue;
        }
        let charge = facts.terms(p).charge(parcels.nature[p as usize], false, parcels.assessed[p as usize]);
        let Treatment::FlatPerItem(flat) = charge.duty else { continue };
        let mut coded: Vec<(u32, usize)> =
            range.filter_map(|l| Some((lines.hs[l]?.subheading()?, l))).collect();
        coded.sort_unstable();
        for own in coded.chunk_by(|a, b| a.0 == b.0).filter(|own| own.len() > 1) {
            let heading = (own[0].0 / 100) as u16;
            let mut kinds: Vec<(u16, usize)> = Vec::new();
            let mut agrees = false;
            for &(_, l) in own {
                let Some(v) = night.verdict(lines.description[l], heading) else { continue };
                if f64::from(v.margin) >= settings.margin && v.strength >= 0.7 && v.heading > 0 {
                    if !kinds.iter().any(|k| k.0 / 100 == v.heading / 100) {
                        kinds.push((v.heading, l));
                    }
                } else {
                    agrees = true;
                }
            }
            // Where every line belongs elsewhere, the kinds beyond the first are merged.
            let missing = kinds.len() - usize::from(!agrees && !kinds.is_empty());
            let score = (settings.base + settings.each * missing.saturating_sub(1) as f64).min(0.95);
            if missing == 0 || score < settings.lowest {
                continue;
            }
            let currency = facts.terms(p).currency.to_string();
            let at_stake = flat.saturating_mul(missing as i64);
            let shown: Vec<String> = kinds
                .iter()
                .map(|&(h, l)| {
                    let text = facts.shipments.descriptions.get(lines.description[l]);
                    format!("\"{text}\" ({})", heading_name(h).unwrap_or("other goods"))
                })
                .collect();
            found.findings.push(Finding {
                parcel: p,
                line_number: None,
                score,
                p_value: None,
                revenue: at_stake,
                case: None,
                reason: format!(
                    "{} lines stand under the one subheading {:06}, but the words of {} name other goods: {}. The law charges {} for each subheading; {} would be due more.",
                    own.len(),
                    own[0].0,
                    if kinds.len() == 1 { "one".to_owned() } else { kinds.len().to_string() },
                    shown.join(", "),
                    display(flat, &currency),
                    display(at_stake, &currency)
                ),
                evidence: serde_json::json!({
                    "subheading": format!("{:06}", own[0].0),
                    "lines": own.len(),
                    "words_point_to": kinds.iter().map(|k| format!("{:04}", k.0)).collect::<Vec<_>>(),
                }).into(),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::World;
    use crate::lists::Lists;

    fn flagged(date: &str) -> Vec<String> {
        let mut csv = "parcel_id,line_number,date,consignor_name,consignor_country,consignee_name,consignee_country,nature,description,hs_code,gross_weight_kg,value,currency\n".to_owned();
        for (id, texts) in [
            ("A", ["t-shirt cotton", "women watch quartz", "running shoes"]),
            ("B", ["t-shirt red", "t-shirt blue", "tshirt white"]),
        ] {
            for (i, text) in texts.iter().enumerate() {
                csv.push_str(&format!(
                    "{id},{},{date},Shop,CN,Anna Weber,DE,sale,{text},610910,0.5,20,EUR\n",
                    i + 1
                ));
            }
        }
        let world = World::from_csv("DE", date, &csv);
        let facts = world.facts_with(Lists::none());
        let found = run(&facts, &Settings::default()).findings;
        found
            .iter()
            .map(|f| format!("{} {}", facts.shipments.parcels.id.get(f.parcel), f.revenue / 10_000))
            .collect()
    }

    #[test]
    fn kinds_count_where_the_law_counts_subheadings() {
        assert_eq!(flagged("2026-08-10"), ["A 6"]);
        assert!(flagged("2026-05-10").is_empty(), "duty was relieved then");
    }
}
