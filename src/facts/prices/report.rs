//! Findings on prices in words and numbers, shared by the detectors of under-invoicing.

use super::{Comparison, Judgement, Prices, Scale};
use crate::facts::Facts;
use crate::model::finding::Finding;
use crate::model::money::{display, from_units};
use serde_json::{Value, json};

/// What stands behind a finding on one line.
pub struct Grounds<'a> {
    /// Line, position in `Lines`.
    pub line: usize,
    /// Probability of a cut.
    pub score: f64,
    /// p-value, where a test was made.
    pub p_value: Option<f64>,
    /// What the line should be worth over what was declared.
    pub true_over_declared: f64,
    /// Why, behind the sentence that states the price.
    pub reason: String,
    /// What the reason rests on.
    pub judgement: &'a Judgement<'a>,
}

impl Grounds<'_> {
    /// The finding: the declared price against comparable goods, then the detector's own reason.
    pub fn finding(self, facts: &Facts) -> Finding {
        let lines = &facts.shipments.lines;
        let parcel = lines.parcel[self.line];
        let comparison = facts.prices.quoted(self.line, self.judgement.scale);
        let declared = lines.value[self.line];
        let worth = from_units(crate::model::money::to_units(declared) * self.true_over_declared);
        let mut reason = String::new();
        if let Some(comparison) = &comparison {
            reason = compared(
                comparison,
                &facts.prices.goods(comparison),
                &facts.terms(parcel).currency.to_string(),
            );
            reason.push(' ');
        }
        reason.push_str(&self.reason);
        Finding {
            parcel,
            line_number: Some(lines.number[self.line]),
            score: self.score,
            p_value: self.p_value,
            revenue: facts.revenue_if_worth(parcel, self.line, worth),
            case: None,
            reason,
            evidence: evidence(self.judgement, &facts.prices, comparison.as_ref()).into(),
        }
    }
}

impl Prices {
    /// The comparison to be quoted: on the scale that decided, or on the other where that has none.
    pub fn quoted(&self, line: usize, scale: Scale) -> Option<Comparison> {
        let other = match scale {
            Scale::Piece => Scale::Kg,
            Scale::Kg => Scale::Piece,
        };
        self.comparison(line, scale).or_else(|| self.comparison(line, other))
    }
}

/// "Declared 3.20 EUR a piece; comparable goods (HS 610910 from CN, 0.1 to 0.3 kg a piece, 412 lines of 37 consignors)
/// have a median of 9.80 EUR: this is 33 % of it. The lowest acceptable price is 4.75 EUR."
fn compared(c: &Comparison, goods: &str, currency: &str) -> String {
    let amount = |price: f64| display(from_units(price), currency);
    let whose = match c.nights {
        Some((1, consignors)) => format!("the price reference given, {consignors} consignors"),
        Some((nights, consignors)) => {
            format!("{nights} price references given, up to {consignors} consignors each")
        }
        None => format!("{} lines of {} consignors", c.lines, c.consignors),
    };
    let mut text = format!(
        "Declared {} {}; comparable goods ({}, {whose}) have a median of {}: this is {:.0} % of it.",
        amount(c.declared),
        c.scale.per(),
        goods,
        amount(c.median),
        100.0 * c.declared / c.median
    );
    if c.declared < c.lowest_acceptable {
        text.push_str(&format!(
            " Half of the cleaned average price, the lowest acceptable price, is {}.",
            amount(c.lowest_acceptable)
        ));
    }
    text
}

/// The same facts for machines.
fn evidence(judgement: &Judgement, prices: &Prices, comparison: Option<&Comparison>) -> Value {
    let round = |x: f64| (x * 10_000.0).round() / 10_000.0;
    let mut facts = json!({
        "scale": judgement.scale.name(),
        "ratio_to_expected": round(judgement.ratio),
        "spread_log": round(judgement.spread),
        "robust_z": round(judgement.ratio.ln() / judgement.spread),
    });
    if let (Some(c), Some(map)) = (comparison, facts.as_object_mut()) {
        let cell = json!({
            "scale": c.scale.name(),
            "goods": prices.goods(c),
            "level": c.level,
            "lines": c.lines,
            "consignors": c.consignors,
            "declared": round(c.declared),
            "median": round(c.median),
            "expected": round(c.expected),
            "lowest_acceptable_price": round(c.lowest_acceptable),
            "spread_log": round(c.spread),
            "degenerate": c.degenerate,
            "contested": c.contested,
            "prices": prices.prices(c).iter().map(|p| round(*p)).collect::<Vec<_>>(),
            "reference_nights": c.nights.map(|n| n.0),
        });
        map.insert("cell".into(), cell);
    }
    facts
}
