use super::*;
use arrow::array::{ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use std::fs::File;
use std::sync::Arc;

fn strings(cells: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(cells.to_vec()))
}

fn floats(cells: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(cells.to_vec()))
}

fn write(file: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(file).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn run(dir: &Path, flags: &[(&str, &str, f64, f64)], parcels: &[(&str, i64, f64)]) {
    write(
        &dir.join("flags.parquet"),
        vec![
            ("parcel_id", strings(&flags.iter().map(|f| f.0).collect::<Vec<_>>())),
            ("family", strings(&flags.iter().map(|f| f.1).collect::<Vec<_>>())),
            ("score", floats(&flags.iter().map(|f| f.2).collect::<Vec<_>>())),
            ("revenue_at_risk", floats(&flags.iter().map(|f| f.3).collect::<Vec<_>>())),
        ],
    );
    write(
        &dir.join("flagged_parcels.parquet"),
        vec![
            ("parcel_id", strings(&parcels.iter().map(|p| p.0).collect::<Vec<_>>())),
            ("rank", Arc::new(Int64Array::from(parcels.iter().map(|p| p.1).collect::<Vec<_>>()))),
            ("revenue_at_risk", floats(&parcels.iter().map(|p| p.2).collect::<Vec<_>>())),
            ("risk_score", floats(&parcels.iter().map(|p| 1.0 - 0.1 * p.1 as f64).collect::<Vec<_>>())),
        ],
    );
}

fn truth(dir: &Path, rows: &[(&str, &str, &str)]) -> PathBuf {
    let file = dir.join("truth.parquet");
    let columns = vec![
        ("parcel_id", strings(&rows.iter().map(|r| r.0).collect::<Vec<_>>())),
        ("line_number", Arc::new(Int32Array::from(vec![None; rows.len()])) as ArrayRef),
        ("family", strings(&rows.iter().map(|r| r.1).collect::<Vec<_>>())),
        ("typology", strings(&rows.iter().map(|r| r.2).collect::<Vec<_>>())),
    ];
    write(&file, columns);
    file
}

#[test]
fn figures_of_a_small_run_known_by_hand() {
    let dir = tempfile::tempdir().unwrap();
    run(
        dir.path(),
        &[
            ("A", "splitting", 0.9, 10.0),
            ("A", "splitting", 0.4, 20.0),
            ("B", "splitting", 0.8, 5.0),
            ("C", "splitting", 0.7, 40.0),
            ("D", "under_invoicing", 0.6, 8.0),
            ("A", "under_invoicing", 0.2, 1.0),
            ("E", "data_quality", 1.0, 0.0),
            ("Z", "splitting", 1.0, 99.0),
        ],
        &[("A", 1, 20.0), ("B", 3, 5.0), ("C", 2, 40.0), ("D", 4, 8.0), ("E", 5, 0.0)],
    );
    let truth = truth(
        dir.path(),
        &[
            ("A", "splitting", "split_same_dispatch"),
            ("C", "splitting", "split_over_days"),
            ("M", "splitting", "split_over_days"),
            ("D", "under_invoicing", "fraction_of_price"),
            ("B", "under_invoicing", "low_across_board"),
        ],
    );
    let twins = dir.path().join("twins.parquet");
    write(
        &twins,
        vec![
            ("parcel_id", strings(&["E", "X", "Y", "B"])),
            ("twin", strings(&["clearance_sale", "clearance_sale", "clearance_sale", "parcel_shop"])),
        ],
    );
    let found = evaluate(dir.path(), &truth, Some(&twins)).unwrap();

    let splitting = found.families.iter().find(|q| q.family == "splitting").unwrap();
    // Z is not among the flagged parcels; M was never seen. Ranking A (true), B (false), C (true).
    assert_eq!((splitting.parcels_true, splitting.parcels_flagged, splitting.hits), (3, 3, 2));
    assert_eq!(splitting.precision, Some(2.0 / 3.0));
    assert_eq!(splitting.recall, Some(2.0 / 3.0));
    assert_eq!(splitting.f1, Some(2.0 / 3.0));
    assert_eq!(splitting.average_precision, Some((1.0 + 2.0 / 3.0) / 3.0));
    assert!(splitting.at.is_empty(), "fewer than ten flagged");
    assert!((splitting.false_share.unwrap() - 1.0 / 3.0).abs() < 1e-12);
    assert!((splitting.false_expected.unwrap() - 0.2).abs() < 1e-12, "of 0.9, 0.8 and 0.7");
    let bands: Vec<(f64, usize, f64)> =
        splitting.reliability.iter().map(|b| (b.to, b.parcels, b.realised)).collect();
    assert_eq!(bands, [(0.75, 1, 1.0), (0.9, 2, 0.5)]);

    let under = found.families.iter().find(|q| q.family == "under_invoicing").unwrap();
    assert_eq!((under.parcels_true, under.parcels_flagged, under.hits), (2, 2, 1));
    let abuse = found.families.iter().find(|q| q.family == "de_minimis_abuse").unwrap();
    assert_eq!(
        (abuse.parcels_true, abuse.parcels_flagged, abuse.precision, abuse.recall),
        (0, 0, None, None)
    );

    // Over all by rank: A, C, B, D, each in the truth of some family; E has data quality only.
    let all = found.families.last().unwrap();
    assert_eq!((all.family.as_str(), all.parcels_true, all.parcels_flagged, all.hits), ("all", 5, 4, 4));
    assert_eq!(all.average_precision, Some(0.8));
    assert!((all.false_expected.unwrap() - 0.25).abs() < 1e-12, "of the risk scores 0.9, 0.8, 0.7 and 0.6");

    let days = found.typologies.iter().find(|t| t.typology == "split_over_days").unwrap();
    assert_eq!((days.parcels, days.flagged, days.recall), (2, 1, 0.5));
    let low = found.typologies.iter().find(|t| t.typology == "low_across_board").unwrap();
    assert_eq!((low.parcels, low.flagged, low.flagged_in_any), (1, 0, 1));

    let twin =
        |name: &str| found.twins.iter().find(|t| t.twin == name).map(|t| (t.parcels, t.flagged)).unwrap();
    assert_eq!(twin("clearance_sale"), (3, 0), "a finding of a family that is not measured does not count");
    assert_eq!(twin("parcel_shop"), (1, 1));

    let text = found.to_string();
    assert!(text.contains("66.7%") && text.contains("split_over_days"), "{text}");
    assert_eq!(found.to_json()["families"][3]["parcels_true"], 5);
}

#[test]
fn revenue_at_k_against_the_best_order() {
    let dir = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..12).map(|i| format!("P{i:02}")).collect();
    // Every second parcel is true; revenue rises with the place, so that the order is the worst there is.
    let flags: Vec<(&str, &str, f64, f64)> = names
        .iter()
        .enumerate()
        .map(|(i, n)| (n.as_str(), "splitting", 1.0 - i as f64 / 20.0, i as f64 * 10.0))
        .collect();
    let parcels: Vec<(&str, i64, f64)> =
        names.iter().enumerate().map(|(i, n)| (n.as_str(), i as i64 + 1, i as f64 * 10.0)).collect();
    run(dir.path(), &flags, &parcels);
    let rows: Vec<(&str, &str, &str)> =
        names.iter().step_by(2).map(|n| (n.as_str(), "splitting", "split_same_dispatch")).collect();
    let truth = truth(dir.path(), &rows);
    let found = evaluate(dir.path(), &truth, None).unwrap();
    let splitting = found.families.iter().find(|q| q.family == "splitting").unwrap();
    // True: 0, 20, 40, 60, 80, 100; the first ten hold all but the last.
    assert_eq!(splitting.at.len(), 1);
    assert_eq!(splitting.at[0].precision, 0.5);
    assert_eq!(splitting.at[0].revenue, Some(200.0 / 300.0));
    assert_eq!(splitting.at[0].revenue_of_best, Some(200.0 / 300.0));
}

#[test]
fn an_empty_run_and_an_empty_truth() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &[], &[]);
    let some = truth(dir.path(), &[("A", "splitting", "split_over_days")]);
    let found = evaluate(dir.path(), &some, None).unwrap();
    let all = found.families.last().unwrap();
    assert_eq!((all.parcels_true, all.parcels_flagged, all.precision, all.recall), (1, 0, None, Some(0.0)));
    assert_eq!(all.average_precision, Some(0.0));

    let none = truth(dir.path(), &[]);
    run(dir.path(), &[("A", "splitting", 0.9, 1.0)], &[("A", 1, 1.0)]);
    let found = evaluate(dir.path(), &none, None).unwrap();
    let all = found.families.last().unwrap();
    assert_eq!((all.parcels_true, all.parcels_flagged, all.precision, all.recall), (0, 1, Some(0.0), None));
    assert!(!found.to_string().is_empty());
}

#[test]
fn a_missing_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let error = evaluate(dir.path(), &dir.path().join("absent.parquet"), None).unwrap_err().to_string();
    assert!(error.contains("absent.parquet"), "{error}");
}
