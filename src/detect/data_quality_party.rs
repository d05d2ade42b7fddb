//! Parties that say nothing.

use super::detector;
use crate::facts::Facts;
use crate::fields::name::PartyName;
use crate::fields::text::fold_words;
use crate::model::finding::{Finding, Findings};
use crate::model::parcels::{Particular, Parties};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

detector! {
    /// ## What it flags
    /// A parcel whose sender or addressee is nobody: unknown, N/A, a word for a person, a random identifier, a made-up or
    /// fictional name.
    /// ## Ground
    /// The parties are two of the elements of pre-loading advance cargo information; unusable names are refused by import
    /// control systems.
    /// ## How it decides
    /// By lists of words that name nobody and of fictional names, and by the form of random identifiers.
    /// ## Honest look-alikes
    /// Short names, names of one letter and a surname, real persons called Max or Mario.
    /// ## What it misses
    /// Invented names that read like a person's.
    /// ## Settings
    /// `nameless`, `identifier`, `fictional`: scores of the three kinds.
    "data-quality-party", DataQuality, "Party that says nothing", Settings, run
}

/// Settings under `[detectors.data-quality-party]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    #[serde(deserialize_with = "super::share")]
    nameless: f64,
    #[serde(deserialize_with = "super::share")]
    identifier: f64,
    #[serde(deserialize_with = "super::share")]
    fictional: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { nameless: 0.8, identifier: 0.9, fictional: 0.75 }
    }
}

/// Names of nobody: of stories and of forms.
const FICTIONAL: &[&str] = &[
    "mickey mouse",
    "minnie mouse",
    "donald duck",
    "superman",
    "batman",
    "spiderman",
    "spider man",
    "iron man",
    "captain america",
    "harry potter",
    "santa claus",
    "john doe",
    "jane doe",
    "max mustermann",
    "erika mustermann",
    "maxi mustermann",
    "juan perez prueba",
    "test test",
    "foo bar",
    "sherlock holmes",
    "james bond",
    "darth vader",
    "luke skywalker",
    "homer simpson",
    "bart simpson",
    "marvel",
    "asdf asdf",
    "first last",
    "firstname lastname",
    "name surname",
    "nom prenom",
    "nombre apellido",
    "vorname nachname",
    "abc abc",
    "abc xyz",
];

/// What is wrong with the name of each distinct party; `nameless` tells the names that are worth reading again.
fn faults(parties: &Parties, nameless: &[bool], settings: &Settings) -> Vec<Option<(f64, &'static str)>> {
    (0..parties.len() as u32)
        .into_par_iter()
        .map_init(String::new, |scratch, party| {
            let name = parties.get(party, Particular::Name);
            if nameless[party as usize] {
                let identifier = PartyName::parse(name, scratch).is_uuid();
                let kind = (settings.identifier, "is a random identifier");
                Some(if identifier { kind } else { (settings.nameless, "names nobody") })
            } else {
                fold_words(name, scratch);
                let fictional = FICTIONAL.contains(&scratch.as_str());
                fictional.then_some((settings.fictional, "is a fictional or a form's name"))
            }
        })
        .collect()
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let shipments = facts.shipments;
    let sides = [
        ("sender", "consignor_name", &shipments.consignors, &shipments.parcels.consignor, facts.consignors),
        (
            "addressee",
            "consignee_name",
            &shipments.consignees,
            &shipments.parcels.consignee,
            facts.consignees,
        ),
    ];
    let mut findings = Vec::new();
    let faults =
        sides.map(|(_, _, parties, _, resolved)| faults(parties, &resolved.contacts.nameless, settings));
    for parcel in 0..shipments.parcels.len() {
        for ((whose, column, parties, of_parcel, _), faults) in sides.iter().zip(&faults) {
            let Some((score, what)) = faults[of_parcel[parcel] as usize] else { continue };
            let name = parties.get(of_parcel[parcel], Particular::Name);
            findings.push(Finding {
                parcel: parcel as u32,
                line_number: None,
                score,
                p_value: None,
                revenue: 0,
                case: None,
                reason: format!("The {whose}'s name \"{name}\" {what}."),
                evidence: serde_json::json!({ "whose": whose, "name": name, "ask_for": [column] }).into(),
            });
        }
    }
    Findings { findings, ..Findings::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::World;

    #[test]
    fn nobody_is_told_from_somebody() {
        let names = [
            "N/A",
            "Unknown",
            "Mickey Mouse",
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "Max Bond",
            "A. Weber",
            "Mario Rossi",
            "Li",
            "SPIDER-MAN",
            "unbekannt",
        ];
        let mut csv = "parcel_id,date,consignor_name,consignor_country,consignee_name,consignee_country,description,gross_weight_kg,value,currency\n".to_owned();
        for (i, name) in names.iter().enumerate() {
            csv.push_str(&format!("A{i},2026-03-10,Shop GmbH,CN,{name},DE,shirt,0.5,20,EUR\n"));
        }
        let world = World::from_csv("DE", "2026-03-10", &csv);
        let facts = world.facts();
        let found = run(&facts, &Settings::default()).findings;
        let ids: Vec<&str> = found.iter().map(|f| facts.shipments.parcels.id.get(f.parcel)).collect();
        assert_eq!(ids, ["A0", "A1", "A2", "A3", "A8", "A9"], "{found:#?}");
        assert!(found[2].reason.contains("Mickey Mouse"));
    }
}
