//! `parcel-risk check`: which layout a file is of, what becomes what, and its first lines as they would be read.

use super::{Status, print};
use crate::cli::CheckArgs;
use crate::error::Error;
use crate::model::batch::{Channel, RawBatch};
use crate::model::schema::Column;
use crate::read::mapping::{MappedSyntax, Mapping, Rule, Source, described, preset_text, presets};
use crate::read::{self, FileSummary, Input, ReadError};
use std::fmt::Write as _;
use std::sync::Arc;

/// Rejects that are told with their reasons.
const TOLD: usize = 5;
/// Records that are read of each file: enough to see what is usual in it.
const LOOKED_AT: u64 = 50_000;
/// Status where a file cannot be read.
const FAILED: u8 = 1;

pub(crate) fn execute(args: &CheckArgs) -> Status {
    if let Some(name) = &args.preset {
        return show_preset(name);
    }
    let mapping = args.mapping.as_deref().map(Mapping::named).transpose()?.map(Arc::new);
    let mut inputs = read::expand(&args.files, Channel::Postal)?;
    for input in &mut inputs {
        input.reading.mapping.clone_from(&mapping);
        input.reading.night = "(night)".into();
    }
    let mut status = 0;
    // A file that cannot be read is told when its turn comes.
    let inputs = read::joined(&inputs).unwrap_or(inputs);
    for (source, input) in inputs.iter().enumerate() {
        let mut text = String::new();
        let _ = writeln!(text, "{}", input.path.display());
        match look(input, source as u32, args.lines) {
            Ok(found) => tell(&mut text, input, &found),
            Err(error) => {
                status = FAILED;
                let _ = writeln!(text, "  cannot be read: {error}");
                nearest(&mut text, input);
            }
        }
        print(&text)?;
    }
    Ok(status)
}

fn show_preset(name: &str) -> Status {
    if name == "list" {
        let line = |m: &Mapping| format!("{:<14} {}\n", m.name, m.title);
        return print(&described().map(|m| line(&m)).collect::<String>());
    }
    match preset_text(name) {
        Some(text) => print(text),
        None => Err(Error::Configuration(format!(
            "there is no preset `{name}`; expected one of {}",
            described().map(|m| m.name).collect::<Vec<_>>().join(", ")
        ))),
    }
}

/// What was seen in a file.
struct Seen {
    summary: FileSummary,
    whole: bool,
    lines: Vec<(u64, String)>,
    rejects: Vec<String>,
}

fn look(input: &Input, source: u32, lines: usize) -> Result<Seen, ReadError> {
    let mut reader = read::open(input, source, None)?;
    let mut seen =
        Seen { summary: FileSummary::default(), whole: true, lines: Vec::new(), rejects: Vec::new() };
    while let Some(block) = reader.next() {
        let block = block?;
        for row in 0..block.len() {
            if seen.lines.len() == lines {
                break;
            }
            seen.lines.push((block.records[row], cells(&block, row)));
        }
        for reject in block.rejects.iter().take(TOLD - seen.rejects.len().min(TOLD)) {
            let field = if reject.field.is_empty() { String::new() } else { format!(", {}", reject.field) };
            seen.rejects.push(format!("record {}{field}: {}", reject.record, reject.reason));
        }
        if reader.summary().records_read >= LOOKED_AT {
            seen.whole = false;
            break;
        }
    }
    seen.summary = reader.summary();
    Ok(seen)
}

fn cells(block: &RawBatch, row: usize) -> String {
    let mut text = String::new();
    let one = read::cell_texts(block, row);
    for (column, value) in one {
        let _ = writeln!(text, "    {:<20} {value}", column.name());
    }
    text
}

fn tell(text: &mut String, input: &Input, seen: &Seen) {
    let summary = &seen.summary;
    let more = if seen.whole { "" } else { " (not read to its end)" };
    let _ = writeln!(
        text,
        "  {} records, {} of them cannot be used{more}",
        summary.records_read, summary.rejects
    );
    if summary.layouts.is_empty() {
        let _ = writeln!(text, "  layout: the input columns themselves");
    }
    for name in &summary.layouts {
        let assigned = input.reading.mapping.as_deref().filter(|m| m.name == *name).cloned();
        let Some(mapping) = assigned.or_else(|| described().find(|m| m.name == *name)) else {
            let _ = writeln!(text, "  layout: {name}");
            continue;
        };
        let _ = writeln!(text, "  layout: {name}, {}", mapping.title);
        for (level, column, sources) in mapping.sources() {
            let level = if mapping.columns.is_empty() { ["message", "parcel", "line"][level] } else { "row" };
            let told: Vec<String> = sources.iter().map(source).collect();
            let _ = writeln!(text, "    {:<20} <- {level}: {}", column.name(), told.join(", else "));
        }
        if !mapping.labels.is_empty() {
            let names: Vec<&str> = mapping.labels.keys().map(String::as_str).collect();
            let _ = writeln!(text, "    corrections of customs (`parcel-risk labels`): {}", names.join(", "));
        }
    }
    let missing: Vec<&str> = Column::ALL
        .iter()
        .filter(|c| c.required() && !summary.columns.contains(c))
        .map(|c| c.name())
        .collect();
    if !missing.is_empty() && summary.records_read > 0 {
        let _ = writeln!(text, "  required and nowhere filled: {}", missing.join(", "));
    }
    if !summary.unknown_columns.is_empty() {
        let _ = writeln!(text, "  ignored: {}", summary.unknown_columns.join(", "));
    }
    for warning in &summary.warnings {
        let _ = writeln!(text, "  note: {warning}");
    }
    for (record, cells) in &seen.lines {
        let _ = write!(text, "  record {record}\n{cells}");
    }
    if !seen.rejects.is_empty() {
        let _ = writeln!(text, "  cannot be used:");
        for reject in &seen.rejects {
            let _ = writeln!(text, "    {reject}");
        }
    }
}

/// A source in words.
fn source(source: &Source) -> String {
    let rule = match source {
        Source::Path(path) => return path.clone(),
        Source::Rule(rule) => rule,
    };
    let Rule { from, join, within, conditions, unit, unit_from, codes, per, constant, otherwise, .. } =
        &**rule;
    let mut words = Vec::new();
    words.extend(from.clone());
    if !join.is_empty() {
        words.push(join.join(" + "));
    }
    if let Some(within) = within {
        let conditions: Vec<String> = conditions.iter().map(|(k, v)| format!("{k} = {v}")).collect();
        words.push(format!("in {within} where {}", conditions.join(" and ")));
    }
    if let Some(unit) = unit.as_ref().or(unit_from.as_ref()) {
        words.push(format!("in {unit}"));
    }
    if per.as_deref() == Some("unit") {
        words.push("of one unit, times the quantity".into());
    }
    if !codes.is_empty() {
        let codes: Vec<String> = codes.iter().map(|(k, v)| format!("{k} = {v}")).collect();
        words.push(format!("({})", codes.join(", ")));
    }
    words.extend(constant.as_ref().map(|c| format!("always {c:?}")));
    words.extend(otherwise.as_ref().map(|_| "the night screened".to_owned()));
    words.join(" ")
}

/// Says which presets come near to a file that none fits.
fn nearest(text: &mut String, input: &Input) {
    let Ok(head) = read::head(input) else { return };
    let syntax = match head.trim_start_matches('\u{feff}').trim_start().chars().next() {
        Some('<') => MappedSyntax::Xml,
        Some('{' | '[') => MappedSyntax::Json,
        _ => MappedSyntax::Csv,
    };
    let mut near: Vec<(usize, &Mapping)> = presets()
        .iter()
        .filter(|m| !m.fits.is_empty() && m.syntax == syntax)
        .map(|m| (m.fits.iter().filter(|n| head.contains(n.as_str())).count(), m))
        .filter(|(found, _)| *found > 0)
        .collect();
    near.sort_by_key(|(found, m)| (m.fits.len() - found, m.name.clone()));
    for (found, mapping) in near.into_iter().take(3) {
        let missing: Vec<&str> =
            mapping.fits.iter().filter(|n| !head.contains(n.as_str())).map(String::as_str).collect();
        let lacks =
            if missing.is_empty() { String::new() } else { format!("; it lacks {}", missing.join(", ")) };
        let _ =
            writeln!(text, "  near: {}, {found} of {} names found{lacks}", mapping.name, mapping.fits.len());
    }
}
