//! `parcel-risk schema`.

use super::{Status, print};
use crate::model::schema::{Column, Kind};
use std::fmt::Write;

/// The files of a run, one row per what.
const OUTPUT: [(&str, &str); 11] = [
    ("flagged_parcels.parquet", "flagged parcel, highest risk first"),
    ("flags.parquet", "finding"),
    ("cases.parquet", "group of parcels that one finding ties together"),
    ("entities.parquet", "resolved party that a flag names"),
    (
        "links.parquet",
        "line of the account why two declarations of such a party are one: entity_id, role, link, one, other, line, field, level, weight_bits, total_bits",
    ),
    ("entity_links.parquet", "parcel; with --set output.entity_links=true"),
    ("quarantine.parquet", "input record that could not be used"),
    ("price_reference.parquet", "price cell"),
    ("manifest_quality.parquet", "manifest: completeness and accuracy by data element"),
    ("run.json", "the run: versions, configuration, inputs, counts that reconcile, the law applied"),
    ("report.html", "the run, for a person to read"),
];

pub(crate) fn execute() -> Status {
    let mut text =
        String::from("Input: one row per declared line of a parcel (* required; value or parcel_value)\n");
    for column in Column::ALL {
        let kind = match column.kind() {
            Kind::Text => "text",
            Kind::Date => "date",
            Kind::Number => "number",
        };
        let mark = if column.required() { '*' } else { ' ' };
        let _ = writeln!(text, "  {mark} {:<20} {kind:<7} {}", column.name(), column.meaning());
    }
    text.push_str("\nOutput: one row per\n");
    for (file, row) in OUTPUT {
        let _ = writeln!(text, "    {file:<26} {row}");
    }
    print(&text)
}
