//! Manifests whose data were made by a program rather than declared.

use super::detector;
use crate::facts::Facts;
use crate::model::batch::Channel;
use crate::model::finding::{Case, Finding, Findings};
use crate::model::parcels::Particular;
use crate::model::text::ABSENT;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

detector! {
    /// ## What it flags
    /// All parcels of a manifest whose weights, values or senders' places are constants or multiples of one factor.
    /// ## Ground
    /// A pre-alert program found in public scales net weights by one factor to the billed weight, fills one city and postcode
    /// for all senders, and gives identical values.
    /// ## How it decides
    /// Manifests of at least `parcels` parcels with at least `texts` distinct descriptions. Signs: gross over net weight the
    /// same to a thousandth on `alike` of the parcels, and not 1; one gross weight on `alike` of the parcels; one value on
    /// `alike` of them; one city and postcode for `alike` of them, of `senders` or more differently named senders. Each sign has a score; together
    /// `1 - product(1 - score)`. A city without a postcode says nothing: trading towns are real.
    /// ## Honest look-alikes
    /// A shop's own manifest of one article (few texts); a town of many sellers; gross weight declared as net.
    /// ## What it misses
    /// Factors with noise.
    /// ## Settings
    /// `parcels`, `texts`, `senders` (counts), `alike` (share), scores `factor`, `weight`, `value`, `place`, `lowest`.
    "data-quality-manifest", DataQuality, "Manifest of made-up weights, values or places", Settings, run
}

/// Settings under `[detectors.data-quality-manifest]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    parcels: usize,
    texts: usize,
    senders: usize,
    #[serde(deserialize_with = "super::share")]
    alike: f64,
    #[serde(deserialize_with = "super::share")]
    factor: f64,
    #[serde(deserialize_with = "super::share")]
    weight: f64,
    #[serde(deserialize_with = "super::share")]
    value: f64,
    #[serde(deserialize_with = "super::share")]
    place: f64,
    #[serde(deserialize_with = "super::share")]
    lowest: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            parcels: 30,
            texts: 10,
            senders: 10,
            alike: 0.9,
            factor: 0.7,
            weight: 0.65,
            value: 0.65,
            place: 0.55,
            lowest: 0.5,
        }
    }
}

/// The most frequent of some numbers and how often it occurs, the smallest of equals.
fn mode(mut values: Vec<i64>) -> (usize, i64) {
    values.sort_unstable();
    let most = values.chunk_by(|a, b| a == b).map(|c| (c.len(), std::cmp::Reverse(c[0]))).max();
    most.map_or((0, 0), |(n, v)| (n, v.0))
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let (shipments, parcels) = (facts.shipments, &facts.shipments.parcels);
    let words = &shipments.words;
    let mut numbered: HashMap<(Channel, u32, u32), Vec<u32>> = HashMap::new();
    for p in (0..parcels.len()).filter(|&p| parcels.manifest[p] != ABSENT) {
        numbered
            .entry((parcels.channel[p], parcels.manifest[p], parcels.carrier[p]))
            .or_default()
            .push(p as u32);
    }
    // By name, not by number: the order must not depend on how words were numbered.
    let named = numbered.into_iter().map(|(k, own)| ((k.0, words.get(k.1), words.get(k.2)), own));
    let manifests: BTreeMap<(Channel, &str, &str), Vec<u32>> = named.collect();
    let mut found = Findings::default();
    for ((_, manifest, _), own) in manifests.into_iter().filter(|(_, own)| own.len() >= settings.parcels) {
        let mut texts: Vec<u32> =
            own.iter().flat_map(|&p| parcels.lines(p)).map(|l| shipments.lines.description[l]).collect();
        texts.sort_unstable();
        texts.dedup();
        if texts.len() < settings.texts {
            continue;
        }
        let share = |n: usize| n as f64 / own.len() as f64;
        let mut signs: Vec<(f64, String)> = Vec::new();
        let ratio = |&p: &u32| {
            let net: f64 = parcels.lines(p).map(|l| shipments.lines.net_weight[l]).sum();
            // Net weights of a few grams cannot show a factor to a thousandth.
            (net >= 0.05).then(|| (parcels.gross_weight[p as usize] / net * 1000.0).round() as i64)
        };
        let (n, factor) = mode(own.iter().filter_map(ratio).collect());
        if share(n) >= settings.alike && factor != 1000 {
            let factor = factor as f64 / 1000.0;
            signs.push((
                settings.factor,
                format!("gross weight is {factor:.3} times the net weight on {n} of them"),
            ));
        }
        let grams = |&p: &u32| (parcels.gross_weight[p as usize] * 1000.0).round() as i64;
        let (n, weight) = mode(own.iter().map(grams).collect());
        if share(n) >= settings.alike {
            signs.push((settings.weight, format!("{n} of them weigh {weight} g")));
        }
        let valued = own.iter().filter(|&&p| !shipments.unvalued(p));
        let (n, value) = mode(valued.map(|&p| parcels.declared[p as usize]).collect());
        if share(n) >= settings.alike {
            let value = crate::model::money::display(value, &parcels.currency[own[0] as usize].to_string());
            signs.push((settings.value, format!("{n} of them are declared at {value}")));
        }
        let place = |p: u32| {
            let party = parcels.consignor[p as usize];
            let get = |particular| shipments.consignors.get(party, particular);
            (get(Particular::City), get(Particular::Postcode), get(Particular::Name))
        };
        let mut places: HashMap<(&str, &str), Vec<&str>> = HashMap::new();
        for (city, postcode, name) in own.iter().map(|&p| place(p)) {
            if !city.is_empty() && !postcode.is_empty() {
                places.entry((city, postcode)).or_default().push(name);
            }
        }
        let most = places.into_iter().max_by_key(|(place, names)| (names.len(), std::cmp::Reverse(*place)));
        if let Some(((city, postcode), names)) = most
            && share(names.len()) >= settings.alike
            && let senders = names.iter().collect::<BTreeSet<_>>().len()
            && senders >= settings.senders
        {
            let text = format!("{senders} senders of {} of them are of {postcode} {city}", names.len());
            signs.push((settings.place, text));
        }
        let score = 1.0 - signs.iter().map(|s| 1.0 - s.0).product::<f64>();
        if signs.is_empty() || score < settings.lowest {
            continue;
        }
        let said: Vec<&str> = signs.iter().map(|s| s.1.as_str()).collect();
        let reason = format!(
            "Manifest {manifest} of {} parcels with {} descriptions reads like a program's: {}.",
            own.len(),
            texts.len(),
            said.join("; ")
        );
        let case = found.cases.len() as u32;
        for &parcel in &own {
            found.findings.push(Finding {
                parcel,
                line_number: None,
                score,
                p_value: None,
                revenue: 0,
                case: Some(case),
                reason: reason.clone(),
                evidence: serde_json::json!({
                    "manifest_id": manifest,
                    "signs": said,
                    "ask_for": ["net_weight_kg", "gross_weight_kg", "value", "consignor_city"],
                })
                .into(),
            });
        }
        found.cases.push(Case {
            total: own.iter().map(|&p| parcels.value[p as usize]).fold(0, i64::saturating_add),
            parcels: own,
            consignor: None,
            consignee: None,
            threshold: None,
            reason,
        });
    }
    found.findings.sort_by_key(|f| f.parcel);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::World;

    #[test]
    fn constants_and_factors_are_told_from_one_article() {
        let mut csv = "parcel_id,manifest_id,date,consignor_name,consignor_city,consignor_postcode,consignor_country,consignee_name,consignee_country,description,net_weight_kg,gross_weight_kg,value,currency\n".to_owned();
        for i in 0..40 {
            let net = 0.2 + 0.01 * f64::from(i);
            let row = |m: &str, city: &str, text: &str, net: f64, gross: f64, value: i32| {
                format!(
                    "{m}{i},{m},2026-03-10,Seller {i},{city},{},CN,Anna Weber,DE,{text},{net:.3},{gross:.4},{value},EUR\n",
                    310_000
                )
            };
            let text = format!(
                "article {}",
                ["a", "b", "c", "d", "e", "f", "g", "h", "j", "k", "n"][i as usize % 11].repeat(3)
            );
            csv.push_str(&row("FACTOR", &format!("Town{i}"), &text, net, net * 1.25, 10 + i));
            // One odd parcel does not hide what was filled in for all others.
            let city = if i == 7 { "Ningbo" } else { "Yiwu" };
            csv.push_str(&row("PLACE", city, &text, net, net + 0.1, 10 + i));
            csv.push_str(&row("HONEST", &format!("Town{i}"), &text, net, net + 0.05, 10 + i));
            csv.push_str(&row("SHOP", &format!("Town{i}"), "shirt", 0.2, 0.25, 12));
            csv.push_str(&row("VALUE", &format!("Town{i}"), &text, net, net + 0.07, 7));
        }
        let world = World::from_csv("DE", "2026-03-10", &csv);
        let facts = world.facts();
        let found = run(&facts, &Settings::default());
        let said: Vec<&str> = found.cases.iter().map(|c| c.reason.split(' ').nth(1).unwrap()).collect();
        assert_eq!(said, ["FACTOR", "PLACE", "VALUE"], "{:#?}", found.cases);
        assert!(found.cases[0].reason.contains("1.250 times"), "{}", found.cases[0].reason);
    }
}
