use super::*;
use crate::facts::testing::World;
use crate::lists::Lists;

/// The rows flagged, each a parcel of its own consignor: description and code; with the reasons.
fn flagged(rows: &[(&str, &str)]) -> Vec<(usize, String)> {
    let mut csv = "parcel_id,date,consignor_name,consignor_country,consignee_name,consignee_country,description,hs_code,\
                   gross_weight_kg,value,currency"
        .to_owned();
    for (i, (description, code)) in rows.iter().enumerate() {
        csv.push_str(&format!(
            "\nP{i:04},2026-03-10,Shop {i},CN,Anna Weber {i},DE,\"{description}\",{code},0.5,20,EUR"
        ));
    }
    let world = World::from_csv("DE", "2026-03-10", &csv);
    let facts = world.facts_with(Lists::none());
    let found = run(&facts, &Settings::default());
    let mut rows: Vec<(usize, String)> = found
        .findings
        .iter()
        .map(|f| (facts.shipments.parcels.id.get(f.parcel)[1..].parse().unwrap(), f.reason.clone()))
        .collect();
    rows.sort();
    rows
}

#[test]
fn other_goods_under_a_code_stand_out_with_their_words() {
    let found = flagged(&[
        ("Android smartphone 6.5 inch dual SIM", "392620"),
        ("Kopfhörer kabellos Bluetooth", "640399"),
        ("running shoes for men", "330499"),
        ("montre homme quartz", "950300"),
    ]);
    assert_eq!(found.iter().map(|f| f.0).collect::<Vec<_>>(), [0, 1, 2, 3], "{found:#?}");
    assert!(found[0].1.contains("smartphone") && found[0].1.contains("8517"), "{}", found[0].1);
    assert!(found[0].1.contains("3926 (articles of plastics)"), "{}", found[0].1);
}

#[test]
fn honest_look_alikes_are_left_alone() {
    let found = flagged(&[
        ("phone case silicone", "392690"),
        ("case for smartphone", "392690"),
        ("leather case for iPhone 13 Pro Max", "420231"),
        ("Handyhülle / phone case / coque", "392690"),
        ("tempered glass for Samsung Galaxy S21", "700719"),
        ("USB charging cable for smartphone", "854442"),
        ("watch strap leather", "911390"),
        ("dog shampoo", "330510"),
        ("Zorblax Qwent 3000", "950300"),
        ("toy car remote control", "950300"),
        ("knitted t-shirt", "620520"),
        ("gift set mug and tea", "691200"),
        ("women shoes leather boots", "640391"),
        ("car seat cover", "870899"),
        ("kitchen knife set with wooden block", "821191"),
        ("bicycle bell", "871499"),
        ("baby romper", "611120"),
        ("wall clock wooden", "910521"),
    ]);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn vague_texts_are_never_misdeclared() {
    let found = flagged(&[
        ("gift", "854442"),
        ("parts and accessories", "330499"),
        ("sample", "640399"),
        ("goods 123", "851713"),
    ]);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn scores_rise_with_the_margin() {
    assert!(score(2.9, 3.0) < 0.5 && score(-9.0, 3.0) < 0.01);
    assert_eq!(score(3.0, 3.0), 0.5);
    assert!(score(9.0, 3.0) > 0.85 && score(99.0, 3.0) <= 0.95);
}
