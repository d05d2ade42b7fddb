//! Tests of addresses.

use super::*;
use proptest::prelude::*;

fn address(text: &str) -> Address {
    Address::parse(text, &mut Scratch::default())
}

#[test]
fn parts() {
    for (text, street, house, unit) in [
        ("12 Main Street", "main st", Some("12"), None),
        ("Main St. 12", "main st", Some("12"), None),
        ("Hauptstraße 12a", "haupt st", Some("12a"), None),
        ("Haupt Str. 12 A", "haupt st", Some("12a"), None),
        ("Hauptstrasse 12", "haupt st", Some("12"), None),
        ("Kerkstraat 5", "kerk st", Some("5"), None),
        ("Flat 3, 12 Main Road", "main rd", Some("12"), Some("3")),
        ("12 Main Road Apt. 3B", "main rd", Some("12"), Some("3b")),
        ("12 Main Rd #5", "main rd", Some("12"), Some("5")),
        ("ul. Długa 12/3", "dluga", Some("12"), Some("3")),
        ("ulica Długa 12 m. 3", "dluga", Some("12"), Some("3")),
        ("123 5th Avenue, 3rd floor", "5th av", Some("123"), Some("fl3")),
        ("Calle Mayor 7, 2 piso", "calle mayor", Some("7"), Some("fl2")),
        ("12 N Main St", "n main st", Some("12"), None),
        ("12 bis rue de la Paix", "ru de la paix", Some("12bis"), None),
        ("Straße des 17. Juni 135", "st des 17 juni", Some("135"), None),
        ("Room 1203, Building 5, 88 Keji Road", "keji rd", Some("88"), Some("1203 b5")),
        ("Main Street No. 12", "main st", Some("12"), None),
        ("Plaza de España 3", "pl de espana", Some("3"), None),
        ("12345 Main St", "main st", Some("12345"), None),
        ("Berlin 10115, Weg 7", "berlin 10115 weg", Some("7"), None),
        ("Nowhere", "nowhere", None, None),
        ("", "", None, None),
    ] {
        let address = address(text);
        assert_eq!(
            (address.street_key(), address.house_number(), address.unit()),
            (street, house, unit),
            "{text}"
        );
    }
}

#[test]
fn boxes_and_pickup_points() {
    let boxed = address("P.O. Box 123, Main St");
    assert_eq!((boxed.po_box(), boxed.house_number(), boxed.street_key()), (Some("123"), None, "main st"));
    assert_eq!(address("Postfach 10 11").po_box(), Some("1011"));
    for text in [
        "DHL Packstation 145",
        "Paczkomat WAW12A",
        "UPS Access Point",
        "c/o Post Office, High St 1",
        "Relais 12",
        "InPost",
        "Post Office, St Albans",
        "Post office 4, Road 2",
    ] {
        assert!(address(text).is_pickup_point(), "{text}");
    }
    for text in [
        "Rue du Relais 12",
        "Main Street 5",
        "Postgasse 3",
        "Lockerbie Road 1",
        "The Old Post Office, 23 High Street",
        "12 Post Office Road",
        "Altes Postamt, Markt 1",
    ] {
        assert!(!address(text).is_pickup_point(), "{text}");
    }
}

#[test]
fn disguises() {
    let tailed = address("12 Main Street aX3+Q");
    assert_eq!((tailed.street_key(), tailed.suspicious_tail()), ("main st", Some("aX3+Q")));
    assert!(address("Main Street0").has_padded_zero() && address("Main Street 0").has_padded_zero());
    assert!(!address("Main Street 10").has_padded_zero() && !address("Main Street").has_padded_zero());
}

#[test]
fn scratch_does_not_leak() {
    let mut scratch = Scratch::default();
    let first = Address::parse("Flat 3, 12 Main Road", &mut scratch);
    let _ = Address::parse("PO Box 9, a, b, c # 4", &mut scratch);
    assert_eq!(Address::parse("Flat 3, 12 Main Road", &mut scratch), first);
}

proptest! {
    #[test]
    fn never_panics(text in "\\PC*|((flat|12|3rd|floor|st|po box|no|[a-z]|#|,|mai|de|bis|12a|Hauptstr) ?){0,60}") {
        let address = address(&text);
        let _ = (address.street_key(), address.house_number(), address.unit(), address.po_box());
    }
}
