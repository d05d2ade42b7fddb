//! Numbers of the import one-stop shop that cannot be right, or are used by others than their holder.

use super::detector;
use crate::facts::Facts;
use crate::fields::nature::Nature;
use crate::model::finding::{Case, Finding, Findings};
use crate::model::parcels::Particular;
use crate::model::text::ABSENT;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

detector! {
    /// ## What it flags
    /// A parcel with an import scheme number of no right form or of a country that issues none, on a gift, or used beside
    /// its holder: the number names one marketplace on most parcels and this parcel comes with another or with none.
    /// ## Law
    /// `IM`, three digits of the member state (900 for Northern Ireland), six digits and a check digit (Directive
    /// 2006/112/EC, Art. 369l to 369x; the check digit's rule is not public, so it is not judged). A number of the
    /// intermediary (`IN`) does not belong in a declaration. The scheme is for sales of up to EUR 150: a number above that
    /// limit is found by `de-minimis-over-limit`, from the dated table.
    /// ## How it decides
    /// Form and country from the list of member states; not judged where more than half of the night's parcels with a
    /// number fail: such a feed masks its numbers. Use by others: at least `consignors` resolved senders under one
    /// number that does not belong to a marketplace (fewer than half of its parcels name one) score `unlinked`; where at
    /// least `holder` of a number's parcels name one marketplace, the others score `stray`.
    /// ## Honest look-alikes
    /// A marketplace whose number stands on parcels of thousands of sellers; a seller with several warehouses; a number
    /// with spaces.
    /// ## What it misses
    /// A stolen number of a marketplace together with its name.
    /// ## Settings
    /// Scores `form`, `gift`, `stray`, `unlinked`; `consignors` (count), `holder` (share), `lowest`.
    "misdeclared-scheme-number", Misdeclaration, "Import scheme number wrong or used by others", Settings, run
}

/// Settings under `[detectors.misdeclared-scheme-number]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    #[serde(deserialize_with = "super::share")]
    form: f64,
    #[serde(deserialize_with = "super::share")]
    gift: f64,
    #[serde(deserialize_with = "super::share")]
    stray: f64,
    #[serde(deserialize_with = "super::share")]
    unlinked: f64,
    consignors: usize,
    #[serde(deserialize_with = "super::share")]
    holder: f64,
    #[serde(deserialize_with = "super::share")]
    lowest: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            form: 0.85,
            gift: 0.8,
            stray: 0.6,
            unlinked: 0.65,
            consignors: 12,
            holder: 0.9,
            lowest: 0.5,
        }
    }
}

/// Parcels of a number from which its use is judged.
const JUDGED: usize = 20;

/// What is wrong with a number's form, to follow "the number".
fn fault(number: &str) -> Option<String> {
    let bare: String =
        number.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_ascii_uppercase();
    if bare.starts_with("IN") && bare.len() == 12 {
        return Some("is one of an intermediary (IN), which does not belong in a declaration".to_owned());
    }
    let digits = bare.strip_prefix("IM").filter(|d| d.len() == 10 && d.bytes().all(|b| b.is_ascii_digit()));
    let Some(digits) = digits else {
        return Some("has not the form IM and ten digits".to_owned());
    };
    let state = &digits[..3];
    let known = include_str!("../refdata/data/scheme_countries.csv").lines().skip(1);
    let mut known = known.filter_map(|line| line.split(',').next());
    (!known.any(|code| code == state))
        .then(|| format!("names {state}, which is no member state of the scheme"))
}

/// How a number is used.
#[derive(Default)]
struct Use {
    parcels: Vec<u32>,
    consignors: BTreeSet<u32>,
    platforms: BTreeMap<u32, usize>,
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let parcels = &facts.shipments.parcels;
    let words = &facts.shipments.words;
    let mut uses: BTreeMap<u32, Use> = BTreeMap::new();
    for p in (0..parcels.len()).filter(|&p| parcels.ioss[p] != ABSENT) {
        let used = uses.entry(parcels.ioss[p]).or_default();
        used.parcels.push(p as u32);
        used.consignors.insert(facts.consignor(p as u32));
        if parcels.platform[p] != ABSENT {
            *used.platforms.entry(parcels.platform[p]).or_default() += 1;
        }
    }
    let mut numbers: Vec<(&str, Use)> =
        uses.into_iter().map(|(number, used)| (words.get(number), used)).collect();
    numbers.sort_by_key(|(number, _)| *number);
    let (failed, all) = numbers.iter().fold((0, 0), |(failed, all), (number, used)| {
        let n = used.parcels.len();
        (failed + if fault(number).is_some() { n } else { 0 }, all + n)
    });
    let masked = failed * 2 > all;
    let mut found = Findings::default();
    for (number, used) in numbers {
        let add = |found: &mut Findings, parcel: u32, score: f64, case: Option<u32>, reason: String| {
            if score >= settings.lowest {
                found.findings.push(Finding {
                    parcel,
                    line_number: None,
                    score,
                    p_value: None,
                    revenue: 0,
                    case,
                    reason,
                    evidence: serde_json::json!({
                        "ioss_number": number,
                        "parcels_of_the_number": used.parcels.len(),
                        "consignors_of_the_number": used.consignors.len(),
                        "ask_for": ["ioss_number"],
                    })
                    .into(),
                });
            }
        };
        if let Some(fault) = fault(number) {
            if masked {
                continue;
            }
            for &parcel in &used.parcels {
                add(
                    &mut found,
                    parcel,
                    settings.form,
                    None,
                    format!("The import scheme number {number} {fault}."),
                );
            }
            continue;
        }
        for &parcel in used.parcels.iter().filter(|&&p| parcels.nature[p as usize] == Nature::Gift) {
            let text = format!(
                "The parcel is declared as a gift under the import scheme number {number}, which is for sales."
            );
            add(&mut found, parcel, settings.gift, None, text);
        }
        let all = used.parcels.len();
        // The first of equals by name, so that the order of words does not matter.
        let holder = used
            .platforms
            .iter()
            .max_by(|a, b| a.1.cmp(b.1).then_with(|| words.get(*b.0).cmp(words.get(*a.0))));
        let named: usize = used.platforms.values().sum();
        match holder {
            Some((&platform, &count)) if all >= JUDGED && count as f64 >= settings.holder * all as f64 => {
                let strays = used.parcels.iter().filter(|&&p| parcels.platform[p as usize] != platform);
                for &parcel in strays {
                    let own = words.present(parcels.platform[parcel as usize]);
                    let own =
                        own.map_or("no marketplace".to_owned(), |name| format!("the marketplace {name}"));
                    let text = format!(
                        "The import scheme number {number} stands on {all} parcels, {count} of them of the marketplace {}; this one names {own}.",
                        words.get(platform)
                    );
                    add(&mut found, parcel, settings.stray, None, text);
                }
            }
            _ if used.consignors.len() >= settings.consignors && named * 2 < all => {
                let text = format!(
                    "The import scheme number {number} of no named marketplace is used by {} senders who are not linked, on {all} parcels.",
                    used.consignors.len()
                );
                let case = found.cases.len() as u32;
                found.cases.push(Case {
                    parcels: used.parcels.clone(),
                    consignor: None,
                    consignee: None,
                    total: used
                        .parcels
                        .iter()
                        .map(|&p| parcels.value[p as usize])
                        .fold(0, i64::saturating_add),
                    threshold: None,
                    reason: text.clone(),
                });
                for &parcel in &used.parcels {
                    let sender =
                        facts.shipments.consignors.get(parcels.consignor[parcel as usize], Particular::Name);
                    add(&mut found, parcel, settings.unlinked, Some(case), format!("{text} Here: {sender}."));
                }
            }
            _ => {}
        }
    }
    found.findings.sort_by_key(|f| f.parcel);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::World;

    #[test]
    fn forms_and_countries_are_judged() {
        for right in ["IM2760000012", "im 250 000001 2", "IM9000000012", "IM0400000019"] {
            assert_eq!(fault(right), None, "{right}");
        }
        for (wrong, what) in [
            ("IM276000001", "form"),
            ("IN2760000012", "intermediary"),
            ("IM1560000012", "156"),
            ("DE123456789", "form"),
        ] {
            assert!(fault(wrong).unwrap().contains(what), "{wrong}");
        }
    }

    #[test]
    fn strays_and_strangers_stand_out_and_marketplaces_do_not() {
        let head = "parcel_id,date,consignor_name,consignor_address,consignor_city,consignor_country,consignee_name,consignee_country,nature,description,gross_weight_kg,value,currency,ioss_number,platform\n";
        let mut csv = head.to_owned();
        let mut row = |id: String, sender: String, nature: &str, number: &str, platform: &str| {
            csv.push_str(&format!("{id},2026-03-10,{sender} Trading Co,{sender} Road 5,{sender},CN,Anna Weber,DE,{nature},shirt,0.5,20,EUR,{number},{platform}\n"));
        };
        let names = [
            "Alder", "Birch", "Cedar", "Dogwood", "Elder", "Fir", "Gorse", "Hazel", "Iris", "Juniper",
            "Kelp", "Larch", "Maple", "Nettle", "Oak", "Pine",
        ];
        for i in 0..40 {
            row(format!("M{i:03}"), names[i % 16].to_owned(), "sale", "IM2760000012", "Marketone");
        }
        row("S001".into(), "Zebra".into(), "sale", "IM2760000012", "");
        for i in 0..32 {
            row(format!("U{i:03}"), names[i % 16].to_owned(), "sale", "IM2500000012", "");
        }
        for i in 0..25 {
            row(format!("O{i:03}"), "Acorn".to_owned(), "sale", "IM3800000012", "");
        }
        row("G001".into(), "Acorn".into(), "gift", "IM3800000012", "");
        let world = World::from_csv("DE", "2026-03-10", &csv);
        let facts = world.facts();
        let found = run(&facts, &Settings::default());
        let ids: BTreeSet<String> =
            found.findings.iter().map(|f| facts.shipments.parcels.id.get(f.parcel)[..1].to_owned()).collect();
        assert_eq!(ids.into_iter().collect::<Vec<_>>(), ["G", "S", "U"]);
        assert_eq!((found.findings.len(), found.cases.len()), (34, 1));
    }
}
