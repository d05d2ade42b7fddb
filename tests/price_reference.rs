//! A night on which everybody undervalues is seen by the prices of another night, and only by them.

use arrow::array::AsArray;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

const HEADER: &str = "parcel_id,date,consignor_name,consignor_address,consignor_city,consignor_country,consignee_name,\
consignee_country,nature,description,hs_code,origin_country,quantity,net_weight_kg,gross_weight_kg,value,currency\n";
const NAMES: [&str; 14] = [
    "Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Juniper", "Larch", "Maple",
    "Oak", "Poplar", "Rowan",
];

/// Fourteen sellers of shirts and mugs at a share of the usual price.
fn night(path: &Path, share: f64) {
    let mut text = String::from(HEADER);
    let mut parcel = 0;
    for (seller, name) in NAMES.iter().enumerate() {
        for (goods, code, price, kg) in
            [("cotton t-shirt", "610910", 9.99, 0.15), ("porcelain mug", "691110", 6.49, 0.35)]
        {
            for copy in 0..4 {
                parcel += 1;
                let value = share * (price + (seller % 5) as f64 * 0.5);
                let _ = writeln!(
                    text,
                    "W{parcel:07},2026-05-20,{name} Trading,{name} Road {seller},{name}ton,CN,Buyer {parcel} {name},DE,sale,\
                     {goods},{code},CN,1,{kg},{},{value:.2},EUR",
                    kg + 0.05 + f64::from(copy) * 0.001
                );
            }
        }
    }
    std::fs::write(path, text).unwrap();
}

/// Screens a manifest; the exit status, what was said, and the flags as text.
fn run(manifest: &Path, out: &Path, settings: &[String]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parcel-risk"));
    command
        .args(["run", "--quiet", "--destination", "DE", "--date", "2026-05-20", "--express"])
        .arg(manifest);
    command.arg("--out").arg(out);
    for setting in settings {
        command.arg("--set").arg(setting);
    }
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Parcels with a finding of under-invoicing, and one reason that names the reference.
fn found(out: &Path) -> (usize, String) {
    let file = std::fs::File::open(out.join("flags.parquet")).unwrap();
    let (mut parcels, mut reason) = (BTreeSet::new(), String::new());
    for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
        let batch = batch.unwrap();
        let text = |name: &str| batch.column_by_name(name).unwrap().as_string::<i32>().clone();
        let (ids, families, reasons) = (text("parcel_id"), text("family"), text("reason"));
        for row in (0..batch.num_rows()).filter(|row| families.value(*row) == "under_invoicing") {
            parcels.insert(ids.value(row).to_owned());
            if reason.is_empty() && reasons.value(row).contains("reference given") {
                reason = reasons.value(row).to_owned();
            }
        }
    }
    (parcels.len(), reason)
}

#[test]
fn other_nights_set_the_yardstick() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    night(&at("honest.csv"), 1.0);
    night(&at("low.csv"), 0.25);
    assert_eq!(run(&at("honest.csv"), &at("first"), &[]).0, Some(0));
    assert_eq!(found(&at("first")).0, 0);
    // Held against itself, the night finds nothing odd.
    assert_eq!(run(&at("low.csv"), &at("alone"), &[]).0, Some(0));
    assert_eq!(found(&at("alone")).0, 0);
    let reference = |path: &Path| vec![format!("reference.prices={}", path.display())];
    let (status, said) = run(&at("low.csv"), &at("held"), &reference(&at("first/price_reference.parquet")));
    assert_eq!(status, Some(0), "{said}");
    let (parcels, reason) = found(&at("held"));
    assert!(parcels >= 100, "{parcels} of 112");
    assert!(reason.contains("the price reference given, 14 consignors"), "{reason}");
    let record: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(at("held/run.json")).unwrap()).unwrap();
    let given = at("first/price_reference.parquet");
    let named = &record["price_references"][0];
    assert_eq!(named["path"], given.display().to_string());
    assert_eq!(named["sha256"], parcel_risk::read::sha256_file(&given).unwrap());
    // The honest night stands against its own reference, and a folder of runs serves as well.
    assert_eq!(run(&at("honest.csv"), &at("again"), &reference(&at("first"))).0, Some(0));
    assert_eq!(found(&at("again")).0, 0);
}

#[test]
fn a_clean_table_serves_and_a_faulty_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    night(&at("low.csv"), 0.25);
    let table = "hs_code,unit,median,currency,typical_kg\n610910,piece,11,EUR,0.15\n610910,kg,73,EUR,0.15\n";
    std::fs::write(at("clean.csv"), table).unwrap();
    let set = |name: &str| vec![format!("reference.prices={}", at(name).display())];
    assert_eq!(run(&at("low.csv"), &at("held"), &set("clean.csv")).0, Some(0));
    let (parcels, _) = found(&at("held"));
    assert!((50..=60).contains(&parcels), "{parcels}: the shirts, not the mugs");
    std::fs::write(at("bad.csv"), table.replace("610910,kg,73", "610910,kg,-3")).unwrap();
    let (status, said) = run(&at("low.csv"), &at("bad"), &set("bad.csv"));
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("row 2") && said.contains("median") && said.contains("`-3`"), "{said}");
    let (status, said) = run(&at("low.csv"), &at("none"), &set("nowhere.parquet"));
    assert!(status == Some(2) && said.contains("nowhere.parquet") && !at("none").exists(), "{said}");
}
