use super::*;
use crate::facts::testing::World;
use crate::refdata::regimes::Regimes;

/// Parcels and lines found, with scores; rows are parcel, date, nature, description, code, value, procedure codes.
fn found(country: &str, rows: &[[&str; 7]]) -> Vec<(String, u32, f64)> {
    let currency = if country == "GB" { "GBP" } else { "EUR" };
    let mut csv = "parcel_id,date,consignor_name,consignor_country,consignee_name,consignee_country,nature,description,\
                   hs_code,gross_weight_kg,value,currency,procedure_codes"
        .to_owned();
    for [parcel, date, nature, description, code, value, codes] in rows {
        csv.push_str(&format!(
            "\n{parcel},{date},Blue Shop,CN,Anna Weber,{country},{nature},\"{description}\",{code},0.5,{value},{currency},{codes}"
        ));
    }
    let world = World::from_csv(country, "2026-07-10", &csv);
    let facts = world.facts();
    let result = run(&facts, &Settings::default());
    result
        .findings
        .iter()
        .map(|f| (facts.shipments.parcels.id.get(f.parcel).to_owned(), f.line_number.unwrap(), f.score))
        .collect()
}

const DAY: &str = "2026-03-10";

#[test]
fn codes_and_words_are_weighed() {
    let settings = Settings::default();
    let result = found(
        "DE",
        &[
            ["A1", DAY, "sale", "Single malt whisky 0.7l", "220830", "60", "C07"],
            ["A2", DAY, "sale", "Eau de Parfum 50ml", "", "40", ""],
            ["A3", DAY, "sale", "goods", "330300", "40", ""],
            ["A4", DAY, "sale", "Cigarettes 200 pcs", "610910", "40", ""],
            ["A5", DAY, "sale", "cologne 100ml", "", "25", ""],
            ["A6", DAY, "sale", "perfume", "392690", "25", ""],
            ["A7", DAY, "sale", "perfume 50 ml", "392690", "25", ""],
            ["B1", DAY, "sale", "Wine glass set", "701337", "40", ""],
            ["B2", DAY, "sale", "Alkoholfreies Bier 0,5l", "220291", "12", ""],
            ["B3", DAY, "sale", "empty perfume bottle", "701090", "5", ""],
            ["B4", DAY, "sale", "cologne cathedral puzzle", "950300", "15", ""],
            ["B5", DAY, "sale", "whisky", "220830", "180", ""],
            ["B6", DAY, "sale", "whisky", "220830", "60", "4000"],
            ["B7", DAY, "gift", "bottle of wine", "220421", "20", ""],
        ],
    );
    let expected = [
        ("A1", settings.both),
        ("A2", settings.sure_word),
        ("A3", settings.code),
        ("A4", settings.sure_word_against_code),
        ("A5", settings.measured_word),
        ("A7", settings.fair_word),
    ];
    assert_eq!(result, expected.map(|(id, score)| (id.to_owned(), 1, score)));
}

#[test]
fn the_list_is_the_laws_own() {
    let row = |id: &'static str, day: &'static str, what: &'static str| [id, day, "sale", what, "", "30", ""];
    let eu = found("DE", &[row("A1", "2026-06-30", "whisky 0.7l"), row("A2", "2026-07-01", "whisky 0.7l")]);
    assert_eq!(eu.len(), 1, "from July 2026 the flat duty covers such goods as well: {eu:?}");
    assert_eq!(eu[0].0, "A1");
    assert_eq!(found("GB", &[row("A1", DAY, "eau de toilette")]).len(), 1);
}

#[test]
fn the_line_is_named_and_the_numbers_are_in_the_reason() {
    let csv = "parcel_id,line_number,date,consignor_name,consignor_country,consignee_name,consignee_country,nature,description,hs_code,gross_weight_kg,value,currency\n\
               A1,1,2026-03-10,Blue Shop,CN,Anna Weber,DE,sale,cotton dress,620442,0.9,30,EUR\n\
               A1,2,2026-03-10,Blue Shop,CN,Anna Weber,DE,sale,vodka 1 l,220860,0.9,25,EUR";
    let world = World::from_csv("DE", DAY, csv);
    let result = run(&world.facts(), &Settings::default());
    assert_eq!(result.findings.len(), 1);
    assert_eq!(
        result.findings[0].reason,
        "Line 2: the description names alcohol (\"vodka\") and the code 220860 says so too. The parcel's value of 55.00 EUR \
         is within the limit of 150.00 EUR, but the law shuts alcohol out of its relief."
    );
    assert!(result.findings[0].revenue > 0);
}

#[test]
fn every_list_that_a_law_names_has_codes_and_words() {
    let goods = Goods::shipped();
    for list in Regimes::load(None).unwrap().excluded_lists() {
        assert!(goods.lists().any(|l| l == list), "{list}");
    }
}

#[test]
fn goods_without_a_declared_value_are_not_said_to_be_within_the_limit() {
    let csv = "parcel_id,date,consignor_name,consignor_country,consignee_name,consignee_country,nature,description,hs_code,gross_weight_kg,value,no_customs_value,currency\n\
               A1,2026-03-10,Blue Shop,CN,Anna Weber,DE,sale,vodka 1 l,220860,0.9,,NCV,EUR";
    let world = World::from_csv("DE", DAY, csv);
    let result = run(&world.facts(), &Settings::default());
    assert_eq!(
        result.findings[0].reason,
        "Line 1: the description names alcohol (\"vodka\") and the code 220860 says so too. The parcel declares no customs \
         value, so nothing keeps it from relief up to the limit of 150.00 EUR, but the law shuts alcohol out of its relief."
    );
}
