//! Weight per piece that does not fit the subheading.

use super::detector;
use crate::facts::Facts;
use crate::model::finding::{Finding, Findings};
use crate::stats::robust::{mad, median};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

detector! {
    /// ## What it flags
    /// A line whose weight per piece lies far outside that of the other lines of its subheading: a telephone of 4 kg.
    /// ## Ground
    /// Weight per unit outside three standard deviations is a published indicator; a robust scale keeps the outliers from
    /// hiding each other.
    /// ## How it decides
    /// Logarithm of kg per piece against the median of the subheading, one value for each distinct description and sender;
    /// scale: 1.4826 times the median absolute deviation, at least `least_scale`. Flagged where `(x - median) / scale` is at
    /// least `z` and the ratio at least `ratio` above, `lighter` below (parts and accessories share the code of the thing), in subheadings with `lines` values of `consignors`
    /// senders. Score `0.5 + 0.4 (1 - exp(-(|z| - z0) / 4))`.
    /// ## Honest look-alikes
    /// Packs counted as one piece, rounded weights of light goods (below 20 g per piece nothing is said), wide subheadings
    /// (their own scale is wide).
    /// ## What it misses
    /// Lines without pieces or weight; subheadings of few lines.
    /// ## Settings
    /// `z`, `ratio`, `lighter`, `least_scale` (natural logarithm), `lines`, `consignors` (counts), `lowest`.
    "misdeclared-weight", Misdeclaration, "Weight per piece outside its subheading", Settings, run
}

/// Settings under `[detectors.misdeclared-weight]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    z: f64,
    ratio: f64,
    lighter: f64,
    least_scale: f64,
    lines: usize,
    consignors: usize,
    #[serde(deserialize_with = "super::share")]
    lowest: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            z: 6.0,
            ratio: 8.0,
            lighter: 25.0,
            least_scale: 0.3,
            lines: 30,
            consignors: 5,
            lowest: 0.5,
        }
    }
}

/// Lightest piece whose weight says something, kg.
const LIGHTEST: f64 = 0.02;

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let (parcels, lines) = (&facts.shipments.parcels, &facts.shipments.lines);
    // Subheading, description, sender, line.
    let mut rows: Vec<(u32, u32, u32, u32)> = (0..lines.len())
        .into_par_iter()
        .filter_map(|l| {
            let told = lines.quantity[l] >= 1.0 && lines.weight(parcels, l) > 0.0;
            let subheading = lines.hs[l]?.subheading()?;
            told.then(|| (subheading, lines.description[l], facts.consignor(lines.parcel[l]), l as u32))
        })
        .collect();
    rows.par_sort_unstable();
    let cells: Vec<&[(u32, u32, u32, u32)]> =
        rows.chunk_by(|a, b| a.0 == b.0).filter(|cell| cell.len() >= settings.lines).collect();
    let mut findings: Vec<Finding> =
        cells.par_iter().flat_map_iter(|cell| judge(facts, settings, cell)).collect();
    findings.sort_by_key(|f| (f.parcel, f.line_number));
    Findings { findings, ..Findings::default() }
}

/// Lines of one subheading, by description, sender and line.
fn judge(facts: &Facts, settings: &Settings, cell: &[(u32, u32, u32, u32)]) -> Vec<Finding> {
    let (parcels, lines) = (&facts.shipments.parcels, &facts.shipments.lines);
    let piece = |l: u32| lines.weight(parcels, l as usize) / lines.quantity[l as usize];
    let weights: Vec<f64> = cell.iter().map(|row| piece(row.3).ln()).collect();
    let (mut values, mut senders, mut own) = (Vec::new(), Vec::new(), Vec::new());
    let mut at = 0;
    for article in cell.chunk_by(|a, b| (a.1, a.2) == (b.1, b.2)) {
        own.clear();
        own.extend_from_slice(&weights[at..at + article.len()]);
        at += article.len();
        values.push(median(&mut own));
        senders.push(article[0].2);
    }
    senders.sort_unstable();
    senders.dedup();
    if values.len() < settings.lines || senders.len() < settings.consignors {
        return Vec::new();
    }
    let middle = median(&mut values);
    let scale = (1.4826 * mad(&values, middle)).max(settings.least_scale);
    let usual = middle.exp();
    let mut found = Vec::new();
    for (&(subheading, _, _, l), log) in cell.iter().zip(weights) {
        let off = log - middle;
        let z = off.abs() / scale;
        let ratio = if off > 0.0 { settings.ratio } else { settings.lighter };
        if z < settings.z || off.abs() < ratio.ln() {
            continue;
        }
        let weight = piece(l);
        if weight.max(usual) < LIGHTEST {
            continue;
        }
        let score = 0.5 + 0.4 * (1.0 - (-(z - settings.z) / 4.0).exp());
        if score < settings.lowest {
            continue;
        }
        let number = lines.number[l as usize];
        found.push(Finding {
            parcel: lines.parcel[l as usize],
            line_number: Some(number),
            score,
            p_value: None,
            revenue: 0,
            case: None,
            reason: format!(
                "Line {number}: a piece weighs {weight:.3} kg, {} times {} than the usual {usual:.3} kg of the {} lines under {subheading:06} ({z:.1} robust deviations).",
                off.abs().exp().round(),
                if off > 0.0 { "more" } else { "less" },
                cell.len()
            ),
            evidence: serde_json::json!({
                "subheading": format!("{subheading:06}"),
                "kg_per_piece": weight,
                "usual_kg_per_piece": usual,
                "deviations": z,
                "lines": cell.len(),
                "ask_for": ["net_weight_kg", "quantity", "hs_code"],
            }).into(),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::World;

    #[test]
    fn a_telephone_of_four_kg_stands_out() {
        let towns = ["Alder", "Birch", "Cedar", "Dogwood", "Elder", "Fir", "Gorse", "Hazel"];
        let mut csv = "parcel_id,date,consignor_name,consignor_city,consignor_country,consignee_name,consignee_country,description,hs_code,quantity,net_weight_kg,gross_weight_kg,value,currency\n".to_owned();
        for i in 0..64 {
            let weight = 0.35 + 0.01 * f64::from(i % 17);
            let town = towns[i as usize % 8];
            csv.push_str(&format!("P{i:02},2026-03-10,{town} Trading Co,{town},CN,Anna Weber,DE,smartphone {i},851713,1,{weight},6,200,EUR\n"));
        }
        csv.push_str(
            "HEAVY,2026-03-10,Alder Trading Co,Alder,CN,Anna Weber,DE,smartphone,851713,1,4.5,6,200,EUR\n",
        );
        csv.push_str("LIGHT,2026-03-10,Alder Trading Co,Alder,CN,Anna Weber,DE,smartphone x,851713,100,1.5,6,200,EUR\n");
        csv.push_str(
            "THREE,2026-03-10,Alder Trading Co,Alder,CN,Anna Weber,DE,smartphone y,851713,1,1.3,6,200,EUR\n",
        );
        let world = World::from_csv("DE", "2026-03-10", &csv);
        let facts = world.facts();
        let found = run(&facts, &Settings::default()).findings;
        let ids: Vec<&str> = found.iter().map(|f| facts.shipments.parcels.id.get(f.parcel)).collect();
        assert_eq!(ids, ["HEAVY", "LIGHT"], "{found:#?}");
        assert!(found[0].reason.contains("times more"), "{}", found[0].reason);
    }
}
