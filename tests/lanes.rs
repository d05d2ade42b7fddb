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
    let mut command = Command::new(env!("CARGO_BIN_EXE_parcel-risk"));
    command
        .args(["run", "--quiet", "--destination", "DE", "--date", "2026-05-20", "--out"])
        .arg(folder.join(out));
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
