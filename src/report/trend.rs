//! Each family's flags tonight against the nights before, as small bars.

use crate::model::finding::Family;
use serde_json::{Value, json};

/// Height of the tallest bar, in pixels.
const HEIGHT: f64 = 22.0;

/// One row a family: tonight's figures, the median of the nights before, and a bar a night, tonight's last.
pub(super) fn families(run: &Value, nights: &[Value]) -> Vec<Value> {
    Family::ALL
        .into_iter()
        .filter_map(|kind| {
            let family = kind.name();
            let tonight = run["families"].get(family)?;
            let count = |night: &Value| night["families"][family]["parcels"].as_f64().unwrap_or(0.0);
            let now = tonight["parcels"].as_f64().unwrap_or(0.0);
            let before: Vec<f64> = nights.iter().map(count).collect();
            let most = before.iter().copied().fold(now, f64::max).max(1.0);
            let dates = nights.iter().map(|n| n["date"].as_str().unwrap_or(""));
            let bars: Vec<Value> = dates
                .zip(&before)
                .chain([(run["date"].as_str().unwrap_or(""), &now)])
                .map(|(date, n)| json!({ "date": date, "n": n, "height": bar(*n, most) }))
                .collect();
            let expected_false = &run["false_flags"]["expected"][family];
            Some(json!({
                "family": family, "title": tonight["title"], "on_revenue": kind.is_revenue(), "parcels": now,
                "revenue": tonight["revenue_at_risk"], "expected_false": expected_false, "bars": bars,
                "usual": median(before),
            }))
        })
        .collect()
}

/// At least a pixel where there is anything at all.
fn bar(n: f64, most: f64) -> f64 {
    let height = (n / most * HEIGHT * 10.0).round() / 10.0;
    if n > 0.0 { height.max(1.0) } else { 0.0 }
}

fn median(mut counts: Vec<f64>) -> Option<f64> {
    counts.sort_by(f64::total_cmp);
    let middle = counts.len() / 2;
    match counts.len() {
        0 => None,
        n if n % 2 == 1 => Some(counts[middle]),
        _ => Some((counts[middle - 1] + counts[middle]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tonight_is_held_against_the_median_of_the_nights_before() {
        let night = |n: u32| json!({ "date": "d", "families": { "splitting": { "parcels": n } } });
        let run =
            json!({ "date": "e", "families": { "splitting": { "parcels": 8, "revenue_at_risk": 1.5 } } });
        let rows = families(&run, &[night(4), night(2), night(0)]);
        assert_eq!(rows[0]["usual"], 2.0);
        let heights: Vec<f64> =
            rows[0]["bars"].as_array().unwrap().iter().map(|b| b["height"].as_f64().unwrap()).collect();
        assert_eq!(heights, [11.0, 5.5, 0.0, 22.0]);
        assert_eq!(families(&run, &[])[0]["usual"], Value::Null);
    }
}
