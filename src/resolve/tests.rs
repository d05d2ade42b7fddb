//! Who is one and who is two: the evasions, their honest twins, and what must hold for any table.

use super::*;
use crate::model::parcels::Particular;
use xxhash_rust::xxh3::xxh3_128;

mod evasions;
mod floor;
mod scale;
mod twins;

/// Name, address, city, postcode, telephone, mailbox, registration, country.
pub(super) type Row = [String; 8];

pub(super) fn row(cells: [&str; 8]) -> Row {
    cells.map(str::to_owned)
}

/// A table of parties, and the party of each row.
pub(super) fn table(rows: &[Row]) -> (Parties, Vec<u32>) {
    let mut order: Vec<(u128, usize)> =
        rows.iter().enumerate().map(|(i, row)| (xxh3_128(row.join("\u{1f}").as_bytes()), i)).collect();
    order.sort_unstable();
    let mut parties = Parties::default();
    let mut place = vec![0; rows.len()];
    let mut last = None;
    for (fingerprint, i) in order {
        if last != Some(fingerprint) {
            last = Some(fingerprint);
            parties.fingerprint.push(fingerprint);
            for particular in Particular::ALL {
                parties.text[particular as usize].push(&rows[i][particular as usize]);
            }
        }
        place[i] = parties.len() as u32 - 1;
    }
    (parties, place)
}

/// The entity of each row.
pub(super) fn entities(rows: &[Row]) -> Vec<u32> {
    entities_by(rows, &ResolveSettings::default())
}

pub(super) fn entities_by(rows: &[Row], settings: &ResolveSettings) -> Vec<u32> {
    let (parties, place) = table(rows);
    let resolved = resolve(&parties, settings);
    place.into_iter().map(|party| resolved.entities.of_party[party as usize]).collect()
}

/// Some hundred unrelated parties, so that frequencies are those of a table and not of two rows.
pub(super) fn strangers(count: usize) -> Vec<Row> {
    let first =
        ["Emil", "Greta", "Rasmus", "Ilse", "Bruno", "Wanda", "Tiago", "Selma", "Arvid", "Noemi", "Casper"];
    let last =
        ["Ostermann", "Lindqvist", "Barbosa", "Szymczak", "Vandenberg", "Okafor", "Castellano", "Hruska"];
    let street = ["Gartenweg", "Mill Lane", "Rue Haute", "Via Nuova", "Kirkegade", "Lipowa", "Calle Sol"];
    (0..count)
        .map(|i| {
            row([
                &format!("{} {}{}", first[i % 11], last[i / 11 % 8], ["", "sen", "ova", "ini"][i / 88 % 4]),
                &format!("{} {}", street[i % 7], i / 7 % 180 + 1),
                ["Ulm", "Leeds", "Lille", "Siena"][i % 4],
                &format!("{}", 20_000 + i * 13 % 900),
                &format!("+49 151 {}", 20_406_080 + i * 37),
                "",
                "",
                "DE",
            ])
        })
        .collect()
}

/// Whether all of `rows` are one entity, alone and among strangers.
pub(super) fn assert_one(rows: &[[&str; 8]]) {
    for count in [0, 3000] {
        let mut all: Vec<Row> = rows.iter().map(|r| row(*r)).collect();
        all.extend(strangers(count));
        let of = entities(&all);
        for i in 1..rows.len() {
            assert_eq!(of[0], of[i], "{:?}\n{:?}\n{:#?}", rows[0], rows[i], account(&all, 0, i));
        }
    }
}

/// Whether all of `rows` are entities of their own, alone and among strangers.
pub(super) fn assert_apart(rows: &[[&str; 8]]) {
    for count in [0, 3000] {
        let mut all: Vec<Row> = rows.iter().map(|r| row(*r)).collect();
        all.extend(strangers(count));
        let of = entities(&all);
        for i in 0..rows.len() {
            for j in 0..i {
                assert_ne!(of[i], of[j], "{:?}\n{:?}\n{:#?}", rows[i], rows[j], account(&all, i, j));
            }
        }
    }
}

fn account(rows: &[Row], i: usize, j: usize) -> Vec<Evidence> {
    let (parties, place) = table(rows);
    explain(&parties, &ResolveSettings::default(), place[i], place[j])
}

#[test]
fn nothing_gives_nothing() {
    let resolved = resolve(&Parties::default(), &ResolveSettings::default());
    assert!(resolved.entities.is_empty() && resolved.notes.is_empty());
}

#[test]
fn contacts_meet_in_every_spelling() {
    let rows = [
        row([
            "Mr. Jürgen Müller",
            "Hauptstraße 12",
            "Köln",
            "50667",
            "+49 171 1234567",
            "J.M+a@Gmail.com",
            "DE 811-115",
            "DE",
        ]),
        row([
            "MUELLER, Juergen",
            "Haupt Str. 12",
            "Koeln",
            "50667",
            "0171/1234567",
            "jm@googlemail.com",
            "de811115",
            "de",
        ]),
        row(["Juergen Mueller", "Flat 3, 12 Hauptstr.", "", "50667", "", "", "", "DE"]),
        row(["550e8400-e29b-41d4-a716-446655440000", "DHL Packstation 145", "Köln", "", "", "", "N/A", "DE"]),
        row(["Acme Trading GmbH", "", "", "", "", "", "", "CN"]),
    ];
    let (parties, place) = table(&rows);
    let contacts = resolve(&parties, &ResolveSettings::default()).contacts;
    let at = |column: &[u64], i: usize| column[place[i] as usize];
    let columns = [
        &contacts.name,
        &contacts.building,
        &contacts.dwelling,
        &contacts.phone,
        &contacts.email,
        &contacts.registration,
    ];
    for column in columns {
        assert_ne!(at(column, 0), 0);
        assert_eq!(at(column, 0), at(column, 1));
    }
    assert_eq!(at(&contacts.building, 2), at(&contacts.building, 0));
    assert_ne!(at(&contacts.dwelling, 2), at(&contacts.building, 0));
    assert_eq!([at(&contacts.phone, 2), at(&contacts.email, 2), at(&contacts.registration, 3)], [0; 3]);
    assert_eq!([at(&contacts.name, 3), at(&contacts.building, 4), at(&contacts.dwelling, 4)], [0; 3]);
    let flags: Vec<[bool; 3]> = place
        .iter()
        .map(|&p| [&contacts.business, &contacts.pickup, &contacts.nameless].map(|column| column[p as usize]))
        .collect();
    assert_eq!(flags, [[false; 3], [false; 3], [false; 3], [false, true, true], [true, false, false]]);
}

#[test]
fn the_account_adds_up() {
    let rows = [
        row(["Jonathan Smith", "12 Main Street", "Leeds", "LS1 4AB", "+44 7911 123457", "", "", "GB"]),
        row(["J Smith", "Main St. 12", "Leeds", "LS1 4AB", "07911 123457", "", "", "GB"]),
    ];
    let account = account(&rows, 0, 1);
    let fields: Vec<_> = account.iter().map(|line| (line.field, line.level)).collect();
    assert_eq!(
        fields,
        [
            ("prior", "chance that two declarations are one party"),
            ("name", "agrees with initials or shortened words"),
            ("address", "the same building"),
            ("phone", "the same"),
        ]
    );
    let total: f32 = account.iter().map(|line| line.weight).sum();
    assert!(total > 10.0 && total < 40.0, "{total}");
    assert!(account[0].weight < -19.0 && account[1].weight > 5.0 && account[3].weight > 15.0);
}

#[test]
fn settings_are_read_and_unknown_ones_refused() {
    let text = toml::to_string(&ResolveSettings::default()).unwrap();
    assert_eq!(toml::from_str::<ResolveSettings>(&text).unwrap(), ResolveSettings::default());
    let some: ResolveSettings =
        toml::from_str("merge = 5.0\n[weights]\nphone_same = { m = 0.5, u = 0.001 }").unwrap();
    assert_eq!((some.merge, some.weights.phone_same), (5.0, Odds { m: 0.5, u: 0.001 }));
    assert!(toml::from_str::<ResolveSettings>("merg = 5.0").is_err());
    assert!(toml::from_str::<ResolveSettings>("[weights]\nphone = 5.0").is_err());
}
