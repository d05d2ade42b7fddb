use super::*;
use crate::facts::testing::World;

const HEADER: &str = "parcel_id,date,consignor_name,consignor_country,consignee_name,consignee_country,nature,description,\
                      hs_code,gross_weight_kg,value,currency,ioss_number,procedure_codes";

/// Scores by parcel of a manifest for Germany; rows are parcel, date, nature, value, number, codes.
fn scores(rows: &[[&str; 6]]) -> Vec<(String, f64)> {
    let mut csv = HEADER.to_owned();
    for [parcel, date, nature, value, number, codes] in rows {
        csv.push_str(&format!(
            "\n{parcel},{date},Blue Shop,CN,Anna Weber,DE,{nature},cotton dress,620442,0.5,{value},EUR,{number},{codes}"
        ));
    }
    let world = World::from_csv("DE", "2026-07-10", &csv);
    let facts = world.facts();
    let found = run(&facts, &Settings::default());
    assert!(found.cases.is_empty() && found.tests == 0);
    let id = |p: u32| facts.shipments.parcels.id.get(p).to_owned();
    found
        .findings
        .iter()
        .map(|f| {
            assert!(f.revenue > 0, "duty is at stake: {}", f.reason);
            (id(f.parcel), f.score)
        })
        .collect()
}

#[test]
fn a_claim_above_the_limit_is_found_and_the_limit_itself_is_honest() {
    let day = "2026-03-10";
    let found = scores(&[
        ["A1", day, "sale", "150.01", "", "C07"],
        ["A2", day, "sale", "150.00", "", "C07"],
        ["A3", day, "sale", "149.99", "IM2760000012", "C07 F48"],
        ["A4", day, "sale", "310.00", "IM2760000012", "C07 F48"],
        ["A5", day, "sale", "310.00", "IM2760000012", ""],
        ["A6", day, "sale", "310.00", "", ""],
        ["A7", day, "gift", "80.00", "", "C08"],
        ["A8", day, "gift", "45.00", "", "C08"],
        ["A9", day, "gift", "80.00", "", ""],
        ["B1", day, "sale", "200.00", "", "F49"],
        ["B2", day, "sale", "900.00", "", "4000"],
    ]);
    let expected = [("A1", 0.97), ("A4", 0.97), ("A5", 0.9), ("A7", 0.97), ("B1", 0.97)];
    assert_eq!(found, expected.map(|(id, score)| (id.to_owned(), score)));
}

#[test]
fn the_law_of_the_parcels_own_day_counts() {
    // Until the end of June 2026 relief up to EUR 150; from July a flat duty up to the same amount.
    let found = scores(&[
        ["A1", "2026-06-30", "sale", "151.00", "", "C07"],
        ["A2", "2026-07-01", "sale", "151.00", "IM2760000012", "F48"],
        ["A3", "2026-07-01", "sale", "150.00", "IM2760000012", "F48"],
    ]);
    assert_eq!(found.iter().map(|f| f.0.as_str()).collect::<Vec<_>>(), ["A1", "A2"]);
}

#[test]
fn the_reason_holds_the_numbers() {
    let csv = format!(
        "{HEADER}\nA1,2026-03-10,Blue Shop,CN,Anna Weber,DE,sale,cotton dress,620442,0.5,182.40,EUR,IM2760000012,C07 F48"
    );
    let world = World::from_csv("DE", "2026-03-10", &csv);
    let found = run(&world.facts(), &Settings::default());
    assert_eq!(
        found.findings[0].reason,
        "The record claims C07 (consignments of negligible value) and F48 (distance sales under the import one-stop shop) \
         and IOSS (number of the import one-stop shop), which is open up to 150.00 EUR; the goods are declared at 182.40 EUR, \
         32.40 EUR (21.6 %) above it."
    );
    assert_eq!(found.findings[0].evidence.object()["limit"], 150.0);
}
