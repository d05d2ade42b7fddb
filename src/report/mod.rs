//! `report.html`: one file without network that a person reads, made from the Parquet files of a run.

use crate::error::Error;
use crate::output::{Row, record, rows};
use crate::write::WriteError;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use std::path::Path;

/// The report's name in the output folder.
pub const FILE: &str = "report.html";

/// Cases listed.
const CASES: usize = 200;
/// Flagged parcels listed.
const PARCELS: usize = 2_000;
/// Quarantined records listed.
const QUARANTINED: usize = 200;

/// Writes the report of the run in a folder.
///
/// # Errors
/// A file of the run is missing, or the report cannot be written.
pub fn write(folder: &Path) -> Result<(), Error> {
    let html = render(folder)?;
    let path = folder.join(FILE);
    let partial = folder.join(format!(".{FILE}.partial"));
    let failed = |source| WriteError::Io { path: path.clone(), source };
    std::fs::write(&partial, html).map_err(failed)?;
    std::fs::File::open(&partial).and_then(|f| f.sync_all()).map_err(failed)?;
    std::fs::rename(&partial, &path).map_err(failed)?;
    Ok(())
}

fn render(folder: &Path) -> Result<String, Error> {
    let run = record(folder)?;
    let (mut cases, case_count) = rows(folder, "cases.parquet", None, usize::MAX)?;
    let revenue = |row: &Row| row.get("revenue_at_risk").and_then(serde_json::Value::as_f64).unwrap_or(0.0);
    // The sort is stable, and the file's own order is fixed.
    cases.sort_by(|a, b| revenue(b).total_cmp(&revenue(a)));
    cases.truncate(CASES);
    let (parcels, parcel_count) = rows(folder, "flagged_parcels.parquet", None, PARCELS)?;
    let (quarantine, quarantine_count) = rows(folder, "quarantine.parquet", None, QUARANTINED)?;
    let failed = |e: minijinja::Error| Error::Output(format!("the report cannot be made: {e}"));
    let mut environment = Environment::new();
    environment.add_filter("money", |amount: f64| {
        crate::model::money::display(crate::model::money::from_units(amount), "").trim_end().to_owned()
    });
    environment.add_filter("words", |name: String| name.replace('_', " "));
    // The name's ending makes every value be escaped: manifest text is hostile.
    environment.add_template("report.html", include_str!("report.html")).map_err(failed)?;
    let template = environment.get_template("report.html").map_err(failed)?;
    let run = Value::from(Serde(run));
    let [cases, parcels, quarantine] = [cases, parcels, quarantine].map(|rows| Value::from(Serde(rows)));
    template
        .render(context! { run, cases, case_count, parcels, parcel_count, quarantine, quarantine_count })
        .map_err(failed)
}
