//! `parcel-risk schema`.

use super::{Status, print};
use crate::model::schema::{Column, Kind};
use std::fmt::Write;

/// The files of a run, one row per what.
pub const OUTPUT: &[(&str, &str)] = &[
    ("flagged_parcels.parquet", "flagged parcel, highest risk first"),
    ("flags.parquet", "finding"),
    ("cases.parquet", "group of parcels that one finding ties together"),
    ("entities.parquet", "resolved party that a flag names"),
    (
        "links.parquet",
        "line of the account why two declarations of such a party are one: entity_id, role, link, one, other, line, field, level, weight_bits, total_bits",
    ),
    ("entity_links.parquet", "parcel; with --set output.entity_links=true"),
    (
        "bunching.parquet",
        "test of the prices around a limit of a sender, seller, manifest, origin or HS chapter",
    ),
    ("quarantine.parquet", "input record that could not be used"),
    ("price_reference.parquet", "price cell"),
    ("manifest_quality.parquet", "manifest: completeness and accuracy by data element"),
    ("carrier_quality.parquet", "channel and carrier, with the trend over earlier nights"),
    ("consignor_quality.parquet", "resolved consignor of 20 parcels or more"),
    ("referrals.parquet", "parcel to refer before loading: what to ask for, the agency to tell"),
    ("descriptions.parquet", "distinct description and heading; with --set output.descriptions=true"),
    ("line_scores.parquet", "line with a price: how probable a cut is; with --set output.line_scores=true"),
    (
        "line_contradictions.parquet",
        "line with a commodity code: how much its words contradict it; with --set output.line_scores=true",
    ),
    ("random_sample.parquet", "parcel drawn at random, with its probability of being drawn"),
    (
        "run.json",
        "the run: versions, configuration, inputs and data files with SHA-256, earlier nights compared with, counts that reconcile, the law applied",
    ),
    ("timing.json", "the run: time of each stage, memory; not with --set output.timing=false"),
    ("timing.js", "the same, for the report"),
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
