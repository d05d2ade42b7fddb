//! `report.html`: one file without network that a person reads, made from the Parquet files of a run.
//!
//! What everybody reads first stands in the page as text. The cases, the flagged parcels and their evidence are packed
//! (compressed, base64) and drawn by the page's own program on demand, so that a night of 50,000 flags opens at once.
//! A content security policy admits that program by its hash and nothing else: no network, no other script.

mod columns;
mod data;
mod history;
mod incoming;
mod pack;
mod trend;

use crate::error::Error;
use crate::output::{record, rows};
use crate::write::WriteError;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use std::path::Path;

/// The report's name in the output folder.
pub const FILE: &str = "report.html";
/// What the run took, beside the report: the only files of a run that tell of the machine. The page asks for the second
/// when it is opened, so that the report itself has the same bytes whatever the run took.
pub const TIMING: [&str; 2] = ["timing.json", "timing.js"];

/// Quarantined records listed.
const QUARANTINED: usize = 200;

/// The page's program, in the order in which its parts need each other.
const PROGRAM: [&str; 5] = [
    include_str!("page/data.js"),
    include_str!("page/draw.js"),
    include_str!("page/evidence.js"),
    include_str!("page/list.js"),
    include_str!("page/page.js"),
];

/// Writes the report of the run in a folder; `timed` where [`TIMING`] lies beside it, or will.
///
/// # Errors
/// A file of the run is missing, or the report cannot be written.
pub fn write(folder: &Path, timed: bool) -> Result<(), Error> {
    let html = render(folder, timed)?;
    let path = folder.join(FILE);
    let partial = folder.join(format!(".{FILE}.partial"));
    let failed = |source| WriteError::Io { path: path.clone(), source };
    std::fs::write(&partial, html).map_err(failed)?;
    std::fs::File::open(&partial).and_then(|f| f.sync_all()).map_err(failed)?;
    std::fs::rename(&partial, &path).map_err(failed)?;
    Ok(())
}

fn render(folder: &Path, timed: bool) -> Result<String, Error> {
    let run = record(folder)?;
    let data = data::Data::of(folder, &run)?;
    let carriers = incoming::carriers(folder)?;
    let nights = history::nights(folder, &run);
    let families = trend::families(&run, &nights);
    let (quarantine, quarantine_count) = rows(folder, "quarantine.parquet", None, QUARANTINED)?;
    let program = format!("\"use strict\";\n(() => {{\n{}}})();\n", PROGRAM.concat());
    let policy = pack::policy_hash(&program);
    let failed = |e: minijinja::Error| Error::Output(format!("the report cannot be made: {e}"));
    let mut environment = Environment::new();
    filters(&mut environment);
    // The name's ending makes every value be escaped: manifest text is hostile.
    environment.add_template("report.html", include_str!("page/report.html")).map_err(failed)?;
    let template = environment.get_template("report.html").map_err(failed)?;
    let run = Value::from(Serde(run));
    let [carriers, families, nights] = [carriers, families, nights].map(|rows| Value::from(Serde(rows)));
    let quarantine = Value::from(Serde(quarantine));
    template
        .render(context! {
            run, timed, timing => TIMING[1], carriers, families, nights, quarantine, quarantine_count,
            list => data.list, details => data.details,
            parcel_count => data.parcels, shown => data.shown, case_count => data.cases,
            style => include_str!("page/report.css"), program, policy,
        })
        .map_err(failed)
}

fn filters(environment: &mut Environment) {
    environment.add_filter("money", |amount: f64| {
        crate::model::money::display(crate::model::money::from_units(amount), "").trim_end().to_owned()
    });
    environment.add_filter("words", |name: String| {
        let text = name.replace('_', " ");
        let mut letters = text.chars();
        letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
    });
    environment.add_filter("grouped", |n: f64| grouped(n));
    environment.add_filter("percent", |share: Option<f64>| {
        share.map_or("\u{2013}".to_owned(), |s| format!("{:.1} %", (s * 1000.0).floor() / 10.0))
    });
    environment.add_filter("plain", |text: String| harmless(&text));
    environment.add_filter("charged", |treatment: String| charged(&treatment));
}

/// How the law charges within a limit, in words.
fn charged(treatment: &str) -> String {
    let amount = |text: &str| text.parse().map_or(text.to_owned(), |a: f64| format!("{a:.2}"));
    match treatment.split_once(':') {
        None if treatment == "free" => "none".to_owned(),
        None if treatment == "normal" => "as usual".to_owned(),
        Some(("rate", share)) => share.parse().map_or(share.to_owned(), |s: f64| format!("{} %", s * 100.0)),
        Some(("flat_item", sum)) => format!("{} a tariff subheading", amount(sum)),
        Some(("flat_parcel", sum)) => format!("{} a parcel", amount(sum)),
        _ => treatment.to_owned(),
    }
}

/// A text that a spreadsheet does not take for a formula when the page is opened or pasted in it.
fn harmless(text: &str) -> String {
    match text.trim_start().chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{text}"),
        _ => text.to_owned(),
    }
}

/// A whole number with thousands separators.
fn grouped(n: f64) -> String {
    let text = crate::model::money::display(crate::model::money::from_units(n.round()), "");
    text.trim_end().trim_end_matches(".00").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text_and_numbers_are_grouped() {
        assert_eq!(harmless("=cmd()|' /C calc'!A0"), "'=cmd()|' /C calc'!A0");
        assert_eq!(harmless("  @SUM(A1)"), "'  @SUM(A1)");
        assert_eq!(harmless("Lena Hoffmann"), "Lena Hoffmann");
        let told = ["free", "normal", "rate:0.2", "flat_item:3", "flat_parcel:80"].map(charged);
        assert_eq!(told, ["none", "as usual", "20 %", "3.00 a tariff subheading", "80.00 a parcel"]);
        assert_eq!([0.0, 999.0, 1_234_567.0].map(grouped), ["0", "999", "1,234,567"]);
    }
}
