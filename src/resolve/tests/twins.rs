//! Two parties that look like one.

use super::{assert_apart, entities, row, strangers};

#[test]
fn families() {
    assert_apart(&[
        ["Anna Müller", "Hauptstraße 12", "Köln", "50667", "+49 171 2345678", "", "", "DE"],
        ["Peter Müller", "Hauptstraße 12", "Köln", "50667", "+49 171 2345678", "", "", "DE"],
        ["Hanna Müller", "Hauptstraße 12", "Köln", "50667", "+49 171 2345678", "", "", "DE"],
    ]);
    assert_apart(&[
        ["Mario Castellano", "Via Roma 1", "Siena", "53100", "0577 2345678", "famiglia@libero.it", "", "IT"],
        ["Maria Castellano", "Via Roma 1", "Siena", "53100", "0577 2345678", "famiglia@libero.it", "", "IT"],
        ["Marta Castellano", "Via Roma 1", "Siena", "53100", "0577 2345678", "famiglia@libero.it", "", "IT"],
        ["Marina Castellano", "Via Roma 1", "Siena", "53100", "0577 2345678", "famiglia@libero.it", "", "IT"],
    ]);
    assert_apart(&[
        ["Piotr Kowalski", "Lipowa 7", "Warszawa", "00-950", "", "", "", "PL"],
        ["Ewa Kowalska", "Lipowa 7", "Warszawa", "00-950", "", "", "", "PL"],
    ]);
}

#[test]
fn an_initial_that_fits_two_of_a_family() {
    assert_apart(&[
        ["John Smith", "12 Main Street", "Leeds", "LS1 4AB", "", "", "", "GB"],
        ["Jane Smith", "12 Main Street", "Leeds", "LS1 4AB", "", "", "", "GB"],
        ["J Smith", "12 Main Street", "Leeds", "LS1 4AB", "", "", "", "GB"],
    ]);
    assert_apart(&[
        ["John Smith", "12 Main Street", "Leeds", "LS1 4AB", "", "", "", "GB"],
        ["Jane Smith", "12 Main Street", "Leeds", "LS1 4AB", "", "", "", "GB"],
        ["Smith", "12 Main Street", "Leeds", "LS1 4AB", "", "", "", "GB"],
    ]);
}

#[test]
fn an_initial_that_fits_one_better_goes_there() {
    let rows: Vec<_> = [
        ["John Smith", "12 Main Street", "Leeds", "LS1 4AB", "07911 123457", "", "", "GB"],
        ["Jane Smith", "12 Main Street", "Leeds", "LS1 4AB", "07911 765432", "", "", "GB"],
        ["J Smith", "12 Main Street", "Leeds", "LS1 4AB", "07911 123457", "", "", "GB"],
    ]
    .into_iter()
    .map(row)
    .collect();
    let of = entities(&rows);
    assert_eq!(of[0], of[2]);
    assert_ne!(of[0], of[1]);
}

#[test]
fn two_people_of_one_name_in_one_city() {
    assert_apart(&[
        ["John Smith", "12 Main Street", "Leeds", "LS1 4AB", "07911 123457", "", "", "GB"],
        ["John Smith", "4 Oak Avenue", "Leeds", "LS2 7AA", "07911 765432", "", "", "GB"],
        ["John Smith", "9 Park Lane", "Leeds", "LS1 4AB", "07911 555666", "", "", "GB"],
    ]);
    assert_apart(&[
        ["Thorbjorn Quackenbush", "12 Main Street", "Leeds", "LS1 4AB", "07911 123457", "", "", "GB"],
        ["Thorbjorn Quackenbush", "4 Oak Avenue", "Leeds", "LS2 7AA", "07911 765432", "", "", "GB"],
    ]);
}

#[test]
fn a_common_name_with_an_address_or_telephone_missing() {
    assert_apart(&[
        ["John Smith", "12 Main Street", "Leeds", "LS1 4AB", "", "", "", "GB"],
        ["John Smith", "", "Leeds", "", "07911 765432", "", "", "GB"],
        ["John Smith", "4 Oak Avenue", "Leeds", "LS2 7AA", "", "", "", "GB"],
    ]);
    assert_apart(&[
        ["Wang Wei", "", "", "", "", "", "", "CN"],
        ["Wei WANG", "", "", "", "", "", "", "CN"],
        ["Wang Wei", "", "Shenzhen", "", "", "", "", "CN"],
    ]);
}

#[test]
fn one_telephone_or_mailbox_and_two_names() {
    assert_apart(&[
        ["Henrike Vosskamp", "Dorfanger 3", "Ulm", "89073", "0171 2345678", "shared@web.de", "", "DE"],
        ["Emil Ostermann", "Gartenweg 8", "Ulm", "89073", "0171 2345678", "shared@web.de", "", "DE"],
    ]);
}

#[test]
fn customers_of_a_parcel_shop() {
    let shop = "DHL Packstation 145";
    assert_apart(&[
        ["Anna Weber", shop, "Köln", "50667", "", "", "", "DE"],
        ["Peter Schmidt", shop, "Köln", "50667", "", "", "", "DE"],
        ["A Weber", shop, "Köln", "50667", "", "", "", "DE"],
        ["John Smith", shop, "Köln", "50667", "0171 2345678", "", "", "DE"],
        ["John Smith", shop, "Köln", "50667", "0171 8765432", "", "", "DE"],
    ]);
}

#[test]
fn namesakes_in_a_hall_with_five_thousand_addressees() {
    let mut rows = strangers(5000);
    for row in &mut rows {
        row[1] = "Campus 1".into();
        row[2] = "Lund".into();
        row[3] = "22100".into();
        row[7] = "SE".into();
    }
    for (room, phone) in [("", "0171 2345678"), ("", "0171 8765432"), ("470", ""), ("12", "0171 2345670")] {
        rows.push(row([
            "John Smith",
            &format!("Campus 1 room {room}").replace(" room ", if room.is_empty() { "" } else { " room " }),
            "Lund",
            "22100",
            phone,
            "",
            "",
            "SE",
        ]));
    }
    let of = entities(&rows);
    for (i, j) in [(5000, 5001), (5000, 5002), (5001, 5003), (5002, 5003)] {
        assert_ne!(of[i], of[j], "{:#?}", super::account(&rows, i, j));
    }
}

#[test]
fn people_without_names_at_one_address() {
    assert_apart(&[
        ["550e8400-e29b-41d4-a716-446655440000", "Dorfanger 3", "Ulm", "89073", "", "", "", "DE"],
        ["650e8400-e29b-41d4-a716-446655440001", "Dorfanger 3", "Ulm", "89073", "", "", "", "DE"],
        ["Unknown", "Dorfanger 3", "Ulm", "89073", "0171 2345678", "", "", "DE"],
        ["Unknown", "Gartenweg 9", "Ulm", "89073", "0171 2345678", "", "", "DE"],
    ]);
}

#[test]
fn firms_of_one_common_name_or_two_registrations() {
    assert_apart(&[
        ["Global Trading Ltd", "Room 3, 88 Keji Road", "Shenzhen", "518000", "", "", "", "CN"],
        ["Global Trading Co Ltd", "5 Zhongshan Road", "Guangzhou", "510000", "", "", "", "CN"],
    ]);
    assert_apart(&[
        ["Vosskamp Brinkhoff GmbH", "Am Markt 1", "Ulm", "89073", "", "", "DE1234567890", "DE"],
        ["Vosskamp Brinkhoff GmbH", "Am Markt 1", "Ulm", "89073", "", "", "DE9876543210", "DE"],
    ]);
    assert_apart(&[
        ["Shenzhen Foobar Technology Co Ltd", "88 Keji Road", "Shenzhen", "518000", "", "", "", "CN"],
        ["Shenzhen Barfoo Technology Co Ltd", "88 Keji Road", "Shenzhen", "518000", "", "", "", "CN"],
    ]);
}

#[test]
fn firms_of_like_names_in_other_towns() {
    let firms = |pairs: [[&str; 3]; 2]| {
        let mut rows = strangers(3000);
        rows.extend(pairs.map(|[name, street, city]| row([name, street, city, "", "", "", "", "DE"])));
        let of = entities(&rows);
        assert_ne!(of[3000], of[3001], "{:#?}", super::account(&rows, 3000, 3001));
    };
    // As common as two of the commonest surnames; a franchise; one word of two another; a slip in a rare word.
    firms([
        ["Müller & Schmidt GmbH", "Waldplatz 70", "Bonn"],
        ["Müller & Schmidt GmbH", "Am Markt 1", "Ulm"],
    ]);
    firms([["Global Trading GmbH", "Waldplatz 70", "Bonn"], ["Global Trading GmbH", "Am Markt 1", "Ulm"]]);
    firms([
        ["Preickkamp & Brzeczyk GmbH", "Waldplatz 70", "Bonn"],
        ["Preickkamp & Wojcik GmbH", "Am Markt 1", "Ulm"],
    ]);
    firms([
        ["Preickkamp Handel GmbH", "Waldplatz 70", "Bonn"],
        ["Breickkamp Handel GmbH", "Am Markt 1", "Ulm"],
    ]);
}

#[test]
fn a_path_of_weak_links_is_not_one_person() {
    // Each is near the next; the ends have nothing in common but a surname.
    let rows: Vec<_> = [
        ["John Smith", "12 Main Street", "Leeds", "LS1 4AB", "07911 123457", "", "", "GB"],
        ["J Smith", "12 Main Street", "Leeds", "LS1 4AB", "07911 765432", "", "", "GB"],
        ["Jane Smith", "4 Oak Avenue", "York", "YO1 7AA", "07911 765432", "", "", "GB"],
    ]
    .into_iter()
    .map(row)
    .collect();
    let of = entities(&rows);
    assert_ne!(of[0], of[2]);
}

#[test]
fn neighbours_on_a_campus_whose_names_differ_by_a_letter() {
    let together = |name, address| {
        let mut rows = strangers(3000);
        let at = |name, address| row([name, address, "Bonn", "53111", "", "", "", "DE"]);
        rows.push(at("Theobald Hunghoff", "Campus 1611, Zimmer 740"));
        rows.push(at(name, address));
        let of = entities(&rows);
        of[3000] == of[3001]
    };
    assert!(!together("Theobald Dunghoff", "Campus 1527, Zimmer 427"));
    // A slip in the name alone, or the house number alone, is one person all the same.
    assert!(together("Theobald Dunghoff", "Campus 1611, Zimmer 740"));
    assert!(together("Theobald Hunghoff", "Campus 1527, Zimmer 740"));
}
