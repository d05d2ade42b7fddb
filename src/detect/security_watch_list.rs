//! Parties, parcels and numbers on the user's watch list.

use super::detector;
use crate::facts::Facts;
use crate::lists::Hit;
use crate::model::finding::{Finding, Findings};
use serde::{Deserialize, Serialize};

detector! {
    /// ## What it flags
    /// A parcel whose sender or addressee, identifier or scheme number is on the watch list (`lists.watch`).
    /// ## Ground
    /// The user's own: each row has an author, a reason and a last day; past it the row is counted and left out.
    /// ## How it decides
    /// Through who is who: a row meets every declaration of a person or firm if it meets one of them. A telephone, e-mail or
    /// registration number meets alone; an address alone where the row has no name; a name with the row's address; a name
    /// alone where the row has no address, in the row's country if it names one.
    /// ## Honest look-alikes
    /// A person of the same name: a name alone scores least, and the reason says so.
    /// ## What it misses
    /// A watched person under a new name, telephone and address.
    /// ## Settings
    /// Scores (0 to 1): `identifier`, `name_and_address`, `address`, `name`. `lowest`: least score that is reported.
    "security-watch-list", Security, "Watch list met", Settings, run
}

/// Settings under `[detectors.security-watch-list]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    #[serde(deserialize_with = "super::share")]
    identifier: f64,
    #[serde(deserialize_with = "super::share")]
    name_and_address: f64,
    #[serde(deserialize_with = "super::share")]
    address: f64,
    #[serde(deserialize_with = "super::share")]
    name: f64,
    #[serde(deserialize_with = "super::share")]
    lowest: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { identifier: 0.95, name_and_address: 0.9, address: 0.8, name: 0.55, lowest: 0.5 }
    }
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let list = &facts.lists.watch;
    if list.is_empty() {
        return Findings::default();
    }
    let shipments = facts.shipments;
    let senders = list.met(facts.consignors, &shipments.consignors, true);
    let addressees = list.met(facts.consignees, &shipments.consignees, false);
    let numbers = list.has_numbers();
    let mut findings = Vec::new();
    for parcel in 0..shipments.parcels.len() as u32 {
        let mut hits: Vec<(&str, u32, Hit)> = Vec::new();
        hits.extend(senders[facts.consignor(parcel) as usize].map(|(row, hit)| ("sender", row, hit)));
        hits.extend(addressees[facts.consignee(parcel) as usize].map(|(row, hit)| ("addressee", row, hit)));
        if numbers {
            let scheme = shipments.words.get(shipments.parcels.ioss[parcel as usize]);
            hits.extend(
                list.numbered(shipments.parcels.id.get(parcel), scheme)
                    .map(|row| ("record", row, Hit::Identifier)),
            );
        }
        for (whose, row, hit) in hits {
            let entry = &list.entries[row as usize];
            let score = match hit {
                Hit::Identifier => settings.identifier,
                Hit::NameAndAddress => settings.name_and_address,
                Hit::Address => settings.address,
                Hit::Name => settings.name,
            };
            if score < settings.lowest {
                continue;
            }
            let agency =
                if entry.agency.is_empty() { String::new() } else { format!(" Tell: {}.", entry.agency) };
            findings.push(Finding {
                parcel,
                line_number: None,
                score,
                p_value: None,
                revenue: 0,
                case: None,
                reason: format!(
                    "The {whose} is on the watch list by its {}: {} (line {} of the list, by {}, until {}): {}.{agency}",
                    hit.what(),
                    entry.shown,
                    entry.line,
                    entry.author,
                    entry.valid_to,
                    entry.reason.trim_end_matches('.'),
                ),
                evidence: serde_json::json!({
                    "whose": whose,
                    "met_by": hit.what(),
                    "entry": entry.shown,
                    "line": entry.line,
                    "author": entry.author,
                    "reason": entry.reason,
                    "valid_to": entry.valid_to,
                    "agency": entry.agency,
                }).into(),
            });
        }
    }
    Findings { findings, ..Findings::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::World;
    use crate::fields::date::parse_date;
    use crate::lists::{Lists, PartyList};

    #[test]
    fn parties_are_met_through_who_is_who_until_their_day() {
        let csv = "parcel_id,date,consignor_name,consignor_country,consignee_name,consignee_address,consignee_city,consignee_postcode,consignee_country,consignee_phone,description,gross_weight_kg,value,currency\n\
                   A1,2026-03-10,Shop,CN,Anna Weber,Hauptstr. 5,Bonn,53111,DE,+49 170 1234567,shirt,0.5,20,EUR\n\
                   A2,2026-03-10,Shop,CN,Weber Anna,Hauptstrasse 5,Bonn,53111,DE,+49 170 1234567,shirt,0.5,20,EUR\n\
                   A3,2026-03-10,Shop,CN,Anna Weber,Am Markt 1,Kiel,24103,DE,+49 431 555777,shirt,0.5,20,EUR\n\
                   A4,2026-03-10,Shop,CN,Paul Klein,Ringweg 9,Ulm,89073,DE,,shirt,0.5,20,EUR\n";
        let world = World::from_csv("DE", "2026-03-10", csv);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watch.csv");
        std::fs::write(
            &path,
            "name,address,city,postcode,country,phone,parcel_id,author,reason,valid_to,agency\n\
             Anna Weber,Hauptstraße 5,Bonn,53111,DE,,,k.berg,caught twice,2026-12-31,police\n\
             Paul Klein,,,,DE,,,k.berg,old case,2026-01-31,police\n\
             ,,,,,,A4,k.berg,seen on X-ray,2026-12-31,\n",
        )
        .unwrap();
        let watch = PartyList::read(&path, parse_date("2026-03-10").unwrap()).unwrap();
        assert_eq!((watch.entries.len(), watch.expired), (2, 1));
        let lists = Lists { watch, ..Lists::default() };
        let facts = world.facts_with(&lists);
        let found = run(&facts, &Settings::default()).findings;
        let ids: Vec<&str> = found.iter().map(|f| facts.shipments.parcels.id.get(f.parcel)).collect();
        assert_eq!(ids, ["A1", "A2", "A4"], "{found:#?}");
        assert!(
            found[0].reason.contains("k.berg") && found[0].reason.contains("Tell: police."),
            "{}",
            found[0].reason
        );
    }
}
