//! The nights before, for comparison: the records of earlier runs.

use crate::earlier;
use serde_json::{Value, json};
use std::path::Path;

/// Nights shown.
const NIGHTS: usize = 14;

/// The nights before that of `run`, oldest first: see [`earlier::runs`].
pub(super) fn nights(folder: &Path, run: &Value) -> Vec<Value> {
    let named: Vec<&str> = run["configuration"]["report"]["earlier"]
        .as_array()
        .map(|l| l.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let runs = earlier::runs(folder, &named, run["date"].as_str().unwrap_or(""), &run["destination"]);
    let first = runs.len().saturating_sub(NIGHTS);
    let night = |run: &earlier::EarlierRun| {
        json!({
            "date": run.date,
            "parcels": run.record["counts"]["parcels"],
            "flagged": run.record["counts"]["flagged_parcels"],
            "families": run.record["families"],
            "revenue": run.record["revenue_at_risk"],
        })
    };
    runs[first..].iter().map(night).collect()
}
