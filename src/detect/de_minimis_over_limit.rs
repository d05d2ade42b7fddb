//! Relief or a simplified scheme used above the limit that it rests on.

use super::detector;
use crate::facts::Facts;
use crate::facts::claims::Claims;
use crate::model::finding::{Finding, Findings};
use crate::model::money::{Money, display, to_units};
use crate::refdata::procedures::{Claim, Procedure};
use crate::refdata::regimes::{Limit, Terms};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

detector! {
    /// ## What it flags
    /// A parcel whose record claims a cheaper treatment by an additional procedure code (`C07`, `C08`, `F48`, `F49`) or by
    /// the number of a tax scheme, though its value, as the law values it, is above the limit that the treatment rests on.
    /// ## Law
    /// The limit of the dated table of regimes for the parcel's own day: that for gifts where a gift is claimed, otherwise
    /// the widest for goods that were sold. The codes and what each claims are a table too. Auditors found in 2019 that the
    /// systems of four of five Member States accepted such declarations.
    /// ## How it decides
    /// By the amounts alone, in whole ten-thousandths of the currency: no test, no estimate. A value equal to the limit is
    /// within it where the law says so. The score is the setting's for the kind of claim. Two authorities may convert at two
    /// rates, so within `rate_margin` of the limit a value in another currency than the law's scores less, down to half.
    /// ## Honest look-alikes
    /// Dear parcels declared in full; records without codes, in which no claim can be seen; a gift above the gift limit that
    /// is declared as a gift and taxed; a value of exactly the limit.
    /// ## What it misses
    /// Treatments claimed in ways that the manifest does not show.
    /// ## Settings
    /// `code_score`, `number_score`: score of a claim by code, and by a scheme's number alone (0 to 1). `rate_margin`: share
    /// of the limit within which the exchange rate may decide.
    "de-minimis-over-limit", DeMinimisAbuse, "Relief or a simplified scheme used above its limit", Settings, run
}

/// Settings under `[detectors.de-minimis-over-limit]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    #[serde(deserialize_with = "super::share")]
    code_score: f64,
    #[serde(deserialize_with = "super::share")]
    number_score: f64,
    #[serde(deserialize_with = "super::share")]
    rate_margin: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { code_score: 0.97, number_score: 0.9, rate_margin: 0.01 }
    }
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let claims = Claims::of(facts);
    let findings = (0..facts.shipments.parcels.len() as u32)
        .into_par_iter()
        .filter_map(|parcel| judge(facts, settings, &claims, parcel))
        .collect();
    Findings { findings, ..Findings::default() }
}

fn judge(facts: &Facts, settings: &Settings, claims: &Claims, parcel: u32) -> Option<Finding> {
    let (parcels, p) = (&facts.shipments.parcels, parcel as usize);
    let terms = facts.terms(parcel);
    let value = parcels.assessed[p];
    let broken: Vec<(&Procedure, &Limit)> = claims
        .of_parcel(facts, parcel)
        .filter_map(|procedure| {
            let limit = limit_of(terms, procedure.claim)?;
            (!limit.admits(value)).then_some((procedure, limit))
        })
        .collect();
    let &(_, limit) = broken.first()?;
    let currency = terms.currency.to_string();
    let above = value.saturating_sub(limit.amount);
    let share = to_units(above) / to_units(limit.amount).max(1e-4);
    let converted = parcels.currency[p] != terms.currency;
    let near = converted && share < settings.rate_margin;
    let only_number = broken.iter().all(|(procedure, _)| procedure.claim == Claim::Number);
    let base = if only_number { settings.number_score } else { settings.code_score };
    let score = if near { base * (0.5 + 0.5 * share / settings.rate_margin) } else { base };
    let claimed: Vec<String> = broken.iter().map(|(p, _)| format!("{} ({})", p.code, p.meaning)).collect();
    let mut reason = format!(
        "The record claims {}, which is open up to {}; the goods are declared at {}, {} ({:.1} %) above it.",
        claimed.join(" and "),
        display(limit.amount, &currency),
        display(value, &currency),
        display(above, &currency),
        100.0 * share,
    );
    if near {
        reason.push_str(
            " The value was converted, and another day's exchange rate could bring it within the limit.",
        );
    }
    Some(Finding {
        parcel,
        line_number: None,
        score,
        p_value: None,
        revenue: facts.revenue_if_limit_refused(parcel, limit),
        case: None,
        reason,
        evidence: serde_json::json!({
            "claims": broken.iter().map(|(p, _)| p.code).collect::<Vec<_>>(),
            "value": to_units(value),
            "limit": to_units(limit.amount),
            "currency": currency,
            "above_limit": to_units(above),
            "above_limit_share": share,
            "converted": converted,
            "regime": limit.regime,
            "law": limit.source,
        })
        .into(),
    })
}

/// The limit that a claim rests on: that for gifts, or the widest for goods that were sold.
fn limit_of(terms: &Terms, claim: Claim) -> Option<&Limit> {
    match claim {
        Claim::Gift => terms.gift.as_ref(),
        Claim::Relief | Claim::Scheme | Claim::Number => {
            terms.limits.iter().max_by_key(|l: &&Limit| -> Money { l.amount })
        }
    }
}

#[cfg(test)]
mod tests;
