//! Under-invoicing of a line: cheaper per kg than the raw material in it.

use super::detector;
use crate::facts::Facts;
use crate::facts::prices::Scale;
use crate::fields::nature::Nature;
use crate::model::finding::{Finding, Findings};
use crate::model::money::{display, from_units, to_units};
use rayon::prelude::*;
use serde_json::json;

detector! {
    /// ## What it flags
    /// A line whose value per kg of net weight lies below that of the raw material that its goods hold at the least.
    ///
    /// ## Why it matters
    /// Nobody sells a cotton shirt for less than the cotton in it. Where all sellers of a cell undervalue, no comparison
    /// between them shows it; the price of the material does.
    ///
    /// ## Law
    /// As `price-below-peers`: reasonable doubt about the declared value and a reason to ask for proof. Cost of
    /// materials is the first element of the computed value (Customs Valuation Agreement, Article 6).
    ///
    /// ## How it decides
    /// The table of raw materials (`data/raw_materials.csv`, or rows of the job's `raw_materials` file) gives for the
    /// longest fitting prefix of the commodity code the price of the material per kg and the least share of it in the
    /// goods. A line is flagged where its value per kg is below `max_share` of price times share, unless its weight is
    /// the likelier error: a piece that weighs `max_weight_ratio` times the subheading's usual, or half as much again
    /// at three quarters or more of other consignors' price per piece. The score is
    /// `base_score` at the floor and rises to 0.95 at nothing; no test is made, so there is no p-value.
    ///
    /// ## Innocent causes
    /// Samples and documents; used goods, parts and empty packaging; gifts of private persons; waste and worn goods (no
    /// floor in the table); a weight with the packing (only net weights count), or one in the wrong unit (a piece that
    /// weighs `max_weight_ratio` times what the same article or code usually weighs). Each is tested.
    ///
    /// ## What it misses
    /// Goods whose material is cheap beside the work in them: electronics, toys, most garments.
    ///
    /// ## Settings
    /// - `max_share` (0.9): largest share of the floor that is still flagged; commodity prices move.
    /// - `base_score` (0.5): score at the floor.
    /// - `max_weight_ratio` (4): weight of a piece over the usual one from which the weight is the more likely error.
    "price-below-raw-material", UnderInvoicing, "Price per kg below that of the raw material", Settings, run
}

/// Settings under `[detectors.price-below-raw-material]`.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Largest share of the floor, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub max_share: f64,
    /// Score at the floor, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub base_score: f64,
    /// Weight of a piece over the usual one.
    pub max_weight_ratio: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { max_share: 0.9, base_score: 0.5, max_weight_ratio: 4.0 }
    }
}

/// A piece this much heavier than usual, at this share or more of other consignors' price per piece, has a wrong weight.
const ODD_WEIGHT: f64 = 1.5;
const USUAL_PRICE: f64 = 0.75;

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let lines = 0..facts.shipments.lines.len();
    let findings = lines.into_par_iter().filter_map(|line| judge(facts, settings, line)).collect();
    Findings { findings, tests: 0, ..Findings::default() }
}

fn judge(facts: &Facts, settings: &Settings, line: usize) -> Option<Finding> {
    let (lines, parcels) = (&facts.shipments.lines, &facts.shipments.parcels);
    let (parcel, net, value) = (lines.parcel[line], lines.net_weight[line], lines.value[line]);
    let floor = facts.floors.of(parcels.terms[parcel as usize], lines.hs[line]?)?;
    let shared = lines.allocated[line] && parcels.lines(parcel).len() > 1;
    if !(net > 0.0 && value > 0) || shared || net > parcels.gross_weight[parcel as usize] {
        return None;
    }
    let per_kg = to_units(value) / net;
    if per_kg >= settings.max_share * floor.per_kg() || honest(facts, settings, line) {
        return None;
    }
    let worth = from_units(floor.per_kg() * net);
    let currency = facts.terms(parcel).currency.to_string();
    let amount = |v: f64| display(from_units(v), &currency);
    let reason = format!(
        "Declared {} a kg of net weight. The goods hold at least {:.0} % of {}, which costs {} a kg (prices of {}): \
         that alone is {} a kg. Either the value or the code or the weight is wrong.",
        amount(per_kg),
        100.0 * floor.share,
        floor.material,
        amount(floor.material_per_kg),
        &floor.as_of[..7],
        amount(floor.per_kg()),
    );
    let share = per_kg / floor.per_kg();
    Some(Finding {
        parcel,
        line_number: Some(lines.number[line]),
        score: (settings.base_score + (0.95 - settings.base_score) * (1.0 - share)).clamp(0.0, 0.95),
        p_value: None,
        revenue: facts.revenue_if_worth(parcel, line, worth),
        case: None,
        reason,
        evidence: json!({
            "declared_per_kg": (per_kg * 10_000.0).round() / 10_000.0,
            "floor_per_kg": (floor.per_kg() * 10_000.0).round() / 10_000.0,
            "material": floor.material,
            "material_per_kg": (floor.material_per_kg * 10_000.0).round() / 10_000.0,
            "least_share": floor.share,
            "prices_of": floor.as_of,
        })
        .into(),
    })
}

/// Whether something honest explains the line: no price was asked, the goods are not new, or the weight is odd.
fn honest(facts: &Facts, settings: &Settings, line: usize) -> bool {
    let (lines, parcels) = (&facts.shipments.lines, &facts.shipments.parcels);
    let parcel = lines.parcel[line] as usize;
    let firm = facts.consignors.contacts.business[parcels.consignor[parcel] as usize];
    let nature = match parcels.nature[parcel] {
        Nature::Documents | Nature::Sample | Nature::Returned => true,
        Nature::Gift => !firm,
        _ => false,
    };
    nature
        || !facts.prices.as_new(facts.shipments, line)
        || facts.prices.weight_ratio(facts.shipments, line).is_some_and(|ratio| {
            let usual_price =
                || facts.prices.ratio_per(line, Scale::Piece).is_some_and(|price| price >= USUAL_PRICE);
            ratio >= settings.max_weight_ratio || ratio >= ODD_WEIGHT && usual_price()
        })
}

#[cfg(test)]
mod tests;
