//! The lanes beside revenue, end to end through the binary.

use parcel_risk::output::{Row, rows};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const HEAD: &str = "parcel_id,manifest_id,carrier,date,consignor_name,consignor_country,consignee_name,consignee_address,consignee_city,consignee_postcode,consignee_country,nature,description,hs_code,quantity,gross_weight_kg,value,currency";

/// A manifest: an honest shirt, a telephone as plastics, vague goods, detonators, a watched and an allowed addressee.
fn manifest() -> String {
    let row = |id: &str, name: &str, text: &str, code: &str| {
        format!(
            "{id},M1,C1,2026-05-20,Blue Shop Ltd,CN,{name},Hauptstr. 5,Bonn,53111,DE,sale,{text},{code},1,0.5,20,EUR"
        )
    };
    [
        HEAD.to_owned(),
        row("H1", "Anna Weber", "cotton t-shirt", "610910"),
        row("P1", "Bert Klein", "android smartphone 128GB dual SIM", "392690"),
        row("V1", "Carla Gross", "gift", "610910"),
        row("D1", "Dora Lang", "electric detonators", "360360"),
        row("W1", "Emil Kurz", "cotton t-shirt", "610910"),
        row("A1", "Frida Breit", "accessories", "610910"),
    ]
    .join("\n")
}

fn run(folder: &Path, out: &str, more: &[&str]) -> serde_json::Value {
    run_on(folder, "2026-05-20", out, more)
}

fn run_on(folder: &Path, day: &str, out: &str, more: &[&str]) -> serde_json::Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parcel-risk"));
    command.args(["run", "--quiet", "--destination", "DE", "--date", day, "--out"]).arg(folder.join(out));
    command.arg("--express").arg(folder.join("manifest.csv"));
    for setting in more {
        command.arg("--set").arg(setting.replace("FOLDER", &folder.to_string_lossy()));
    }
    let said = command.output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    serde_json::from_slice(&fs::read(folder.join(out).join("run.json")).unwrap()).unwrap()
}

fn table(folder: &Path, out: &str, file: &str) -> Vec<Row> {
    rows(&folder.join(out), file, None, usize::MAX).unwrap().0
}

fn text_of<'a>(value: &'a serde_json::Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

fn text<'a>(row: &'a Row, column: &str) -> &'a str {
    row[column].as_str().unwrap()
}

#[test]
fn lanes_stand_beside_revenue_and_lists_are_obeyed() {
    let dir = TempDir::new().unwrap();
    let folder = dir.path();
    fs::write(folder.join("manifest.csv"), manifest()).unwrap();
    let head = "author,reason,valid_to,name,address,city,postcode,country,families,agency\n";
    fs::write(
        folder.join("watch.csv"),
        format!("{head}k.berg,seen before,2026-12-31,Emil Kurz,Hauptstraße 5,Bonn,53111,DE,,police\nk.berg,old,2026-01-01,Anna Weber,,,,DE,,police\n"),
    )
    .unwrap();
    fs::write(
        folder.join("allow.csv"),
        format!("{head}k.berg,known trader,2026-12-31,Frida Breit,Hauptstr. 5,Bonn,53111,DE,data_quality,\n"),
    )
    .unwrap();
    run(folder, "plain", &[]);
    let record = run(
        folder,
        "out",
        &[
            "lists.watch=FOLDER/watch.csv",
            "lists.allow=FOLDER/allow.csv",
            "output.descriptions=true",
            "previous=FOLDER/plain",
        ],
    );

    let referrals = table(folder, "out", "referrals.parquet");
    let referred: Vec<(&str, &str)> =
        referrals.iter().map(|r| (text(r, "parcel_id"), text(r, "referral"))).collect();
    assert_eq!(
        referred,
        [
            ("D1", "do_not_load"),
            ("P1", "request_for_screening"),
            ("W1", "request_for_screening"),
            ("V1", "request_for_information")
        ]
    );
    let flagged = table(folder, "out", "flagged_parcels.parquet");
    assert!(flagged.iter().all(|p| p["risk_score"] == 0.0), "nothing here is about revenue");
    let order: Vec<&str> = flagged.iter().map(|p| text(p, "parcel_id")).collect();
    assert_eq!(order, ["D1", "W1", "P1", "V1"]);
    assert_eq!(text(&flagged[0], "recommended_action"), "screen");
    assert!(
        flagged[0]["misdeclaration_score"].is_null() && flagged[0]["security_score"].as_f64() > Some(0.9)
    );

    let lists = &record["lists"];
    assert_eq!((&lists["watch"]["in_force"], &lists["watch"]["expired"]), (&1.into(), &1.into()));
    assert_eq!(lists["suppressed"]["findings"]["data_quality"], 1);
    let row = &lists["suppressed"]["by_row_of_the_allow_list"][0];
    assert_eq!((&row["line"], &row["parcels"]), (&2.into(), &1.into()));
    assert_eq!((&row["author"], &row["reason"]), (&"k.berg".into(), &"known trader".into()));
    assert_eq!(row["findings"]["data_quality"], 1);
    let report = fs::read_to_string(folder.join("out/report.html")).unwrap();
    let left_out = report.split_once("Suppressed by the allow list").unwrap().1;
    assert!(left_out.contains("known trader") && left_out.contains("Data quality 1"), "{left_out}");
    assert_eq!(record["counts"]["flagged_on_revenue"], 0);
    assert_eq!(table(folder, "plain", "referrals.parquet").len(), 4, "A1 instead of W1");

    let descriptions = table(folder, "out", "descriptions.parquet");
    let of = |words: &str| descriptions.iter().find(|d| text(d, "description").contains(words)).unwrap();
    assert_eq!(
        (&of("smartphone")["classifiable"], text(of("smartphone"), "words_point_to")),
        (&true.into(), "8517")
    );
    assert_eq!(of("gift")["classifiable"], false);
    let quality = table(folder, "out", "carrier_quality.parquet");
    assert_eq!(quality[0]["change_clear_descriptions"], 0.0);
    assert!((quality[0]["clear_descriptions"].as_f64().unwrap() - 4.0 / 6.0).abs() < 1e-9);
}

/// A house waybill of Cargo-XML: when it was sent and what it says of its value.
fn house(id: &str, sent: &str, value: &str) -> String {
    let party = |name: &str, who: &str, country: &str| {
        format!(
            "<{name}><Name>{who}</Name><PostalStructuredAddress><StreetName>Road {id}</StreetName><CityName>Town</CityName>\
             <CountryID>{country}</CountryID></PostalStructuredAddress></{name}>"
        )
    };
    let event = |name: &str, at: &str| {
        format!("<{name}><ScheduledOccurrenceDateTime>{at}</ScheduledOccurrenceDateTime></{name}>")
    };
    format!(
        "<HouseWaybill xmlns=\"iata:housewaybill:1\"><MessageHeaderDocument><IssueDateTime>{sent}</IssueDateTime>\
         <PurposeCode>Creation</PurposeCode></MessageHeaderDocument><BusinessHeaderDocument><ID>{id}</ID></BusinessHeaderDocument>\
         <MasterConsignment><TransportContractDocument><ID>020-12345675</ID></TransportContractDocument>\
         <IncludedHouseConsignment><ID>{id}</ID>{value}<IncludedTareGrossWeightMeasure unitCode=\"KGM\">1.5</IncludedTareGrossWeightMeasure>\
         {}{}<SpecifiedLogisticsTransportMovement><ID>LH729</ID>{}{}</SpecifiedLogisticsTransportMovement>\
         <IncludedHouseConsignmentItem><SequenceNumeric>1</SequenceNumeric><TypeCode>610910</TypeCode><PieceQuantity>1</PieceQuantity>\
         <NatureIdentificationTransportCargo><Identification>cotton t-shirt {id}</Identification></NatureIdentificationTransportCargo>\
         </IncludedHouseConsignmentItem></IncludedHouseConsignment></MasterConsignment></HouseWaybill>\n",
        party("ConsignorParty", "Blue Shop Ltd", "CN"),
        party("ConsigneeParty", &format!("Anna {id} Weber"), "DE"),
        event("ArrivalEvent", "2026-05-20T06:00:00Z"),
        event("DepartureEvent", "2026-05-19T18:00:00Z"),
    )
}

#[test]
fn waybills_without_value_and_late_or_changed_messages_are_asked_about() {
    let dir = TempDir::new().unwrap();
    let folder = dir.path();
    let value = |amount: &str| {
        format!("<DeclaredValueForCustomsAmount currencyID=\"EUR\">{amount}</DeclaredValueForCustomsAmount>")
    };
    let nil = |said: &str| format!("<NilCustomsValueIndicator>{said}</NilCustomsValueIndicator>");
    let early = "2026-05-18T09:00:00Z";
    let mut xml = String::new();
    for i in 0..20 {
        xml += &house(&format!("H{i:02}"), early, &value(&(20 + i).to_string()));
    }
    xml += &house("NIL", early, &nil("true"));
    xml += &house("BOTH", early, &(nil("true") + &value("30")));
    xml += &house("SILENT", early, &nil("false"));
    xml += &house("LATE", "2026-05-20T05:00:00Z", &value("30"));
    xml += &house("CHANGED", early, &value("30"));
    xml += &house("CHANGED", early, &value("55"));
    fs::write(folder.join("waybills.xml"), xml).unwrap();
    let parties = "SHP/BLUE SHOP\n/ROAD 1\n/TOWN\n/CN\nCNE/BERTA KLEIN\n/ROAD 2\n/BONN\n/DE/53111\n";
    fs::write(
        folder.join("waybills.txt"),
        format!(
            "FHL/4\nMBI/020-12345675PVGFRA/T2K3\nHBS/F1/PVGFRA/1/K1.5/1/SHIRTS\nHTS/610910\n{parties}CVD/USD/PP/NVD/NCV/XXX\n\
             HBS/F2/PVGFRA/1/K1.5/1/DOCUMENTS\n{parties}CVD/USD/PP/NVD/NCV/XXX\nHBS/F3/PVGFRA/1/K1.5/1/SHIRTS\n{parties}"
        ),
    )
    .unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_parcel-risk"));
    command.args(["run", "--quiet", "--destination", "DE", "--date", "2026-05-20", "--out"]);
    command.arg(folder.join("out")).arg("--express").arg(folder.join("waybills.*"));
    let said = command.output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let record: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("out/run.json")).unwrap()).unwrap();
    assert_eq!(
        (&record["counts"]["records_read"], &record["counts"]["quarantined"]),
        (&29.into(), &1.into()),
        "the lower value of CHANGED alone is set aside"
    );

    let flags = table(folder, "out", "flags.parquet");
    let of = |id: &str| -> Vec<&Row> { flags.iter().filter(|f| text(f, "parcel_id") == id).collect() };
    for (id, words) in [
        ("NIL", "no customs value (NCV)"),
        ("F1", "no customs value (NCV)"),
        ("LATE", "11 h 00 min after the goods departed (at 2026-05-19 18:00 UTC"),
        ("CHANGED", "declares line 1 otherwise, at 30.00 EUR"),
    ] {
        let own = of(id);
        assert!(own.iter().any(|f| text(f, "reason").contains(words)), "{id}: {own:#?}");
        assert!(own.iter().all(|f| text(f, "family") == "data_quality"), "{id}: {own:#?}");
    }
    for id in ["BOTH", "F2", "H00"] {
        assert!(of(id).iter().all(|f| text(f, "detector") != "data-quality-record"), "{id}: {:#?}", of(id));
    }
    let referrals = table(folder, "out", "referrals.parquet");
    let nil = referrals.iter().find(|r| text(r, "parcel_id") == "NIL").unwrap();
    assert_eq!(
        (text(nil, "referral"), &nil["ask_for"]),
        ("request_for_information", &serde_json::json!(["value"]))
    );
    let flagged = table(folder, "out", "flagged_parcels.parquet");
    let declared = |id: &str| &flagged.iter().find(|p| text(p, "parcel_id") == id).unwrap()["declared_value"];
    assert!(declared("NIL").is_null());
    assert_eq!(*declared("LATE"), 30.0);
    let mut command = Command::new(env!("CARGO_BIN_EXE_parcel-risk"));
    let told = command.arg("explain").arg(folder.join("out")).arg("NIL").output().unwrap();
    assert!(String::from_utf8_lossy(&told.stdout).contains("no customs value declared"));
    let quality = table(folder, "out", "carrier_quality.parquet");
    assert!((quality[0]["valued"].as_f64().unwrap() - 23.0 / 28.0).abs() < 1e-9, "{}", quality[0]["valued"]);
    assert!((quality[0]["messages_in_time"].as_f64().unwrap() - 24.0 / 25.0).abs() < 1e-9);
}

#[test]
fn the_quality_of_data_has_a_trend_over_all_earlier_nights() {
    let dir = TempDir::new().unwrap();
    let folder = dir.path();
    for night in 0..4_usize {
        let day = format!("2026-05-{:02}", 17 + night);
        // One more of 24 descriptions says nothing each night.
        let rows: Vec<String> = (0..24)
            .map(|i| {
                let words = if i <= night { "gift" } else { "cotton t-shirt" };
                format!("P{night}{i},M1,C1,{day},Blue Shop Ltd,CN,Anna {i},Road 1,Bonn,53111,DE,sale,{words},610910,1,0.5,20,EUR")
            })
            .collect();
        fs::write(folder.join("manifest.csv"), format!("{HEAD}\n{}", rows.join("\n"))).unwrap();
        let record = run_on(folder, &day, &day, &["output.line_scores=true"]);
        let earlier = record["earlier_nights"].as_array().unwrap();
        assert_eq!(earlier.len(), night);
        if let Some(last) = earlier.last() {
            let before = format!("2026-05-{:02}", 16 + night);
            assert_eq!((text_of(last, "date"), text_of(last, "folder")), (before.as_str(), before.as_str()));
            let path = folder.join(&before).join("run.json");
            assert_eq!(text_of(last, "sha256"), parcel_risk::read::sha256_file(&path).unwrap());
        }
    }
    for file in ["carrier_quality.parquet", "consignor_quality.parquet"] {
        let row = &table(folder, "2026-05-20", file)[0];
        let number = |column: &str| row[column].as_f64().unwrap();
        assert_eq!(row["earlier_nights"], 3, "{file}");
        assert!((number("clear_descriptions") - 20.0 / 24.0).abs() < 1e-9);
        assert!((number("change_clear_descriptions") + 1.0 / 24.0).abs() < 1e-9);
        assert!((number("usual_clear_descriptions") - 22.0 / 24.0).abs() < 1e-9);
        assert!((number("trend_clear_descriptions") + 1.0 / 24.0).abs() < 1e-9);
        let first = &table(folder, "2026-05-17", file)[0];
        assert_eq!(first["earlier_nights"], 0);
        assert!(first["trend_clear_descriptions"].is_null() && first["change_clear_descriptions"].is_null());
    }
    // Every line with a code has its place in the order of contradictions.
    let lines = table(folder, "2026-05-20", "line_contradictions.parquet");
    assert_eq!(lines.len(), 24);
    assert_eq!(lines.iter().filter(|l| l["contradiction"].is_null()).count(), 4);
}

#[test]
fn a_postal_item_is_complete_without_the_number_of_a_master() {
    let dir = TempDir::new().unwrap();
    let folder = dir.path();
    let head = "parcel_id,manifest_id,carrier,date,consignor_name,consignor_address,consignor_country,consignee_name,consignee_address,consignee_country,nature,description,hs_code,origin_country,quantity,gross_weight_kg,value,currency";
    let row = |id: &str, code: &str, origin: &str| {
        format!(
            "{id},,CNA,2026-05-20,Blue Shop Ltd,1 Harbour Rd,CN,Anna Weber,Hauptstr. 5,DE,sale,cotton t-shirt,{code},{origin},1,0.5,20,EUR"
        )
    };
    // The second does not say of what code the goods are, the third not where they are from.
    let rows = [head.into(), row("A1", "610910", "CN"), row("A2", "", "CN"), row("A3", "610910", "")];
    fs::write(folder.join("post.csv"), rows.join("\n")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_parcel-risk"));
    command.args(["run", "--quiet", "--destination", "DE", "--date", "2026-05-20", "--postal"]);
    command.arg(folder.join("post.csv")).arg("--out").arg(folder.join("out"));
    assert!(command.status().unwrap().success());
    let post = &table(folder, "out", "carrier_quality.parquet")[0];
    assert!((post["advance_data_complete"].as_f64().unwrap() - 1.0 / 3.0).abs() < 1e-9, "{post:?}");
    assert_eq!(post["elements_complete"], 0.0, "a house manifest names its master");
}
