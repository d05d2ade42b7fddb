//! The report in a real browser: `tests/browser/report.py` in a headless Chromium.

mod support;

use arrow::array::{
    ArrayRef, Date32Array, Float64Array, Int32Array, Int64Array, ListBuilder, RecordBatch, StringArray,
    StringBuilder,
};
use parquet::arrow::ArrowWriter;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_parcel-risk"))
}

/// The sample's run in a folder, its express manifest as given.
fn sample_run(out: &Path, express: &Path) {
    let sample = root().join("sample_data");
    let mut run = program();
    run.args(["run", "--quiet", "--destination", "DE", "--date", "2026-05-20", "--out"]).arg(out);
    run.arg("--rates").arg(sample.join("rates.csv"));
    run.arg("--postal").arg(sample.join("postal.csv")).arg("--express").arg(express);
    support::run(&mut run, "the sample");
}

/// The sample with names and identifiers that mean harm.
fn hostile_run(folder: &Path) -> PathBuf {
    let csv = fs::read_to_string(root().join("sample_data/express.csv")).unwrap();
    let headphones = csv.lines().find(|l| l.contains("noise cancelling")).unwrap();
    let whisky = csv.lines().find(|l| l.contains("single malt")).unwrap();
    let [id, whisky] = [headphones, whisky].map(|line| line.split(',').next().unwrap());
    let csv = csv
        .replace("Shenzhen Hengtai Electronics", "<script>alert(1)</script>")
        .replace("Julia Hofmann", "<img src=x onerror=alert(2)>")
        .replace("Edinburgh Cask Shop", "=cmd|' /C calc'!A0")
        .replace("Yiwu Fast Star E-Commerce Firm", "</script><script>alert(3)</script>")
        // The identifier of a postal parcel, on another parcel.
        .replace(whisky, "LX301246082CN")
        .replace(id, "=HYPERLINK(\"\"x\"\")")
        .replace("=HYPERLINK(\"\"x\"\")", "\"=HYPERLINK(\"\"x\"\")\"");
    let manifest = folder.join("hostile.csv");
    fs::write(&manifest, csv).unwrap();
    let out = folder.join("hostile");
    sample_run(&out, &manifest);
    out
}

/// Writes columns, none of them null, as a Parquet file.
fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn texts(rows: usize, text: impl Fn(usize) -> String) -> ArrayRef {
    Arc::new(StringArray::from_iter_values((0..rows).map(text)))
}

fn amounts(rows: usize, amount: impl Fn(usize) -> f64) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values((0..rows).map(amount)))
}

fn lists(rows: usize, items: impl Fn(usize) -> Vec<String>) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for row in 0..rows {
        for item in items(row) {
            builder.values().append_value(item);
        }
        builder.append(true);
    }
    Arc::new(builder.finish())
}

/// A run whose tables hold 50,000 flagged parcels, every fifth of them in a case of its own.
fn large_run(folder: &Path, like: &Path) -> PathBuf {
    const ROWS: usize = 50_000;
    let out = folder.join("large");
    fs::create_dir(&out).unwrap();
    for file in ["run.json", "manifest_quality.parquet", "quarantine.parquet"] {
        fs::copy(like.join(file), out.join(file)).unwrap();
    }
    let id = |i: usize| format!("P{i:08}");
    let case = |i: usize| format!("split-window-{i:016x}");
    let days = |rows| -> ArrayRef { Arc::new(Date32Array::from(vec![20_593; rows])) };
    write(
        &out.join("flagged_parcels.parquet"),
        vec![
            ("parcel_id", texts(ROWS, id)),
            ("channel", texts(ROWS, |_| "express".into())),
            ("manifest_id", texts(ROWS, |i| format!("020-{:08}", i / 500))),
            ("date", days(ROWS)),
            ("risk_score", amounts(ROWS, |i| 1.0 - i as f64 / 60_000.0)),
            (
                "families",
                lists(ROWS, |i| vec![["splitting", "under_invoicing"][usize::from(i % 5 != 0)].into()]),
            ),
            (
                "detectors",
                lists(ROWS, |i| vec![["split-window", "price-below-peers"][usize::from(i % 5 != 0)].into()]),
            ),
            ("case_ids", lists(ROWS, |i| if i % 5 == 0 { vec![case(i / 5)] } else { Vec::new() })),
            ("declared_value", amounts(ROWS, |i| 10.0 + (i % 1_400) as f64 / 10.0)),
            ("threshold", amounts(ROWS, |_| 150.0)),
            ("currency", texts(ROWS, |_| "EUR".into())),
            ("revenue_at_risk", amounts(ROWS, |i| (i % 977) as f64 / 10.0)),
            ("recommended_action", texts(ROWS, |i| ["review", "examine"][i % 2].into())),
            ("consignor", texts(ROWS, |i| format!("Consignor {}", i % 3_000))),
            ("consignee", texts(ROWS, |i| format!("Consignee {}", i % 40_000))),
            ("source_file", texts(ROWS, |_| "express.parquet".into())),
        ],
    );
    let cases = ROWS / 5;
    write(
        &out.join("cases.parquet"),
        vec![
            ("case_id", texts(cases, case)),
            ("family", texts(cases, |_| "splitting".into())),
            ("detector", texts(cases, |_| "split-window".into())),
            ("parcel_ids", lists(cases, |i| vec![id(5 * i)])),
            ("consignor_entity", texts(cases, |i| format!("consignor-{i}"))),
            ("consignee_entity", texts(cases, |i| format!("consignee-{i}"))),
            ("first_date", days(cases)),
            ("last_date", days(cases)),
            ("total_value", amounts(cases, |_| 300.0)),
            ("threshold", amounts(cases, |_| 150.0)),
            ("currency", texts(cases, |_| "EUR".into())),
            ("revenue_at_risk", amounts(cases, |i| i as f64)),
            ("reason", texts(cases, |i| format!("The reason of case {i}."))),
        ],
    );
    let flag_of = |i: usize| format!("The reason of parcel {i}: declared at a quarter of what others ask.");
    write(
        &out.join("flags.parquet"),
        vec![
            ("parcel_id", texts(ROWS, id)),
            ("line_number", Arc::new(Int32Array::from(vec![1; ROWS]))),
            (
                "detector",
                texts(ROWS, |i| ["split-window", "price-below-peers"][usize::from(i % 5 != 0)].into()),
            ),
            ("score", amounts(ROWS, |i| 1.0 - i as f64 / 60_000.0)),
            ("p_value", amounts(ROWS, |i| 1.0 / (i + 2) as f64)),
            ("q_value", amounts(ROWS, |i| 1.0 / (i + 1) as f64)),
            ("revenue_at_risk", amounts(ROWS, |i| (i % 977) as f64 / 10.0)),
            ("case_id", texts(ROWS, |i| if i % 5 == 0 { case(i / 5) } else { String::new() })),
            ("reason", texts(ROWS, |i| flag_of(i))),
            ("evidence", texts(ROWS, |i| format!("{{\"declared\":{i},\"expected\":{}}}", 4 * i))),
            ("parcel_rank", Arc::new(Int64Array::from_iter_values(1..=ROWS as i64))),
        ],
    );
    support::run(program().arg("report").arg(&out), "the report of a large run");
    out
}

#[test]
fn the_report_opens_filters_shows_its_evidence_and_is_fit_for_a_screen_reader() {
    let dir = TempDir::new().unwrap();
    let python = support::python(&root().join("tests/browser/requirements.txt"));
    let browser = support::chromium();
    let sample = dir.path().join("sample");
    sample_run(&sample, &root().join("sample_data/express.csv"));
    let runs = [sample.clone(), hostile_run(dir.path()), large_run(dir.path(), &sample)];
    let mut check = Command::new(python);
    check.arg(root().join("tests/browser/report.py")).arg(browser);
    check.args(runs.iter().map(|run| run.join("report.html")));
    let said = support::run(&mut check, "the report in a browser");
    assert_eq!(said.matches(": done").count(), 3, "{said}");
}

#[test]
fn the_nights_before_are_found_beside_the_run_and_drawn() {
    let dir = TempDir::new().unwrap();
    let (before, tonight) = (dir.path().join("2026-05-19"), dir.path().join("2026-05-20"));
    let express = root().join("sample_data/express.csv");
    sample_run(&before, &express);
    let record = fs::read_to_string(before.join("run.json")).unwrap();
    fs::write(
        before.join("run.json"),
        record.replace("\"date\": \"2026-05-20\"", "\"date\": \"2026-05-19\""),
    )
    .unwrap();
    sample_run(&tonight, &express);
    let report = fs::read_to_string(tonight.join("report.html")).unwrap();
    assert!(report.contains("aria-label=\"2026-05-19: 7; 2026-05-20: 7\""), "the splittings of two nights");
    let alone = fs::read_to_string(before.join("report.html")).unwrap();
    assert!(alone.contains("no earlier run beside this one"));
}
