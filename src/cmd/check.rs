//! `parcel-risk check`: which layout a file is of, what becomes what, its first lines as they would be read, and what a
//! run would set aside.

use super::{Status, print};
use crate::cli::CheckArgs;
use crate::config::Job;
use crate::error::Error;
use crate::fields::country::parse_country;
use crate::fields::date::{iso_text, parse_date};
use crate::model::batch::{Channel, RawBatch, Reject};
use crate::model::schema::Column;
use crate::normalise::{Context, Intake, Normalised};
use crate::read::mapping::{MappedSyntax, Mapping, Rule, Source, described, preset_text, presets};
use crate::read::{self, FileSummary, Input, ReadError};
use crate::refdata::rates::Rates;
use crate::refdata::regimes::Regimes;
use std::collections::{BTreeMap, BTreeSet};
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
    let fault = |key: &str, e: &dyn std::fmt::Display| Error::Configuration(format!("{key}: {e}"));
    let mut job = match &args.job {
        Some(path) => Job::read(path, &[])?,
        None => Job::default(),
    };
    let date = args.date.as_ref().or(job.date.as_ref());
    let date = date.map(|text| parse_date(text).map_err(|e| fault("date", &e))).transpose()?;
    if let Some(night) = date {
        job.dated(&iso_text(night));
    }
    let mut inputs = match &args.job {
        Some(_) => job.inputs()?,
        None => read::expand(&args.files, Channel::Postal)?,
    };
    if let Some(name) = &args.mapping {
        let mapping = Arc::new(Mapping::named(name)?);
        inputs.iter_mut().for_each(|input| input.reading.mapping = Some(Arc::clone(&mapping)));
    }
    let destination = args.destination.as_ref().or(job.destination.as_ref());
    let destination =
        destination.map(|text| parse_country(text).map_err(|e| fault("destination", &e))).transpose()?;
    let rates = args.rates.as_ref().or(job.rates.as_ref());
    let rates = rates.map(|path| Rates::read(path).map_err(|e| fault("rates", &e))).transpose()?;
    let regimes = Regimes::load(job.regimes.as_deref()).map_err(|e| fault("regimes", &e))?;
    // A job is checked as it would run: without rates no other currency than the law's is of use.
    let rates = rates.or_else(|| args.job.as_ref().map(|_| Rates::default()));
    // A file that cannot be read is told when its turn comes.
    let mut inputs = read::joined(&inputs).unwrap_or(inputs);
    let told = date.or_else(|| newest(&inputs));
    let night = told.or_else(|| rates.as_ref().and_then(Rates::last_day)).unwrap_or(LAW_OF_TODAY);
    for input in &mut inputs {
        input.reading.night = iso_text(night);
    }
    let context = Context { rates: rates.as_ref(), regimes: &regimes, destination, night };
    let status = look(&inputs, &context, args.lines)?;
    let night = iso_text(night);
    let mut text = match (date, told) {
        (Some(_), _) => String::new(),
        (None, Some(_)) => {
            format!("Judged as of {night}, the newest day in the files; --date names the night.\n")
        }
        (None, None) => format!("Judged as of {night}, for no record tells a day; --date names the night.\n"),
    };
    if context.rates.is_none() {
        text.push_str("Currencies are not judged; --rates names the exchange rates.\n");
    }
    print(&text)?;
    Ok(status)
}

/// 2026-07-01: the newest law that is built in holds.
const LAW_OF_TODAY: i32 = 20_635;

/// The newest day that a record tells, to judge the others by.
fn newest(inputs: &[Input]) -> Option<i32> {
    let columns = [Column::ParcelId, Column::ManifestId, Column::Date];
    let days = inputs.iter().filter_map(|input| {
        let mut reader = read::open(input, 0, Some(&columns)).ok()?;
        let mut newest = None;
        while let Some(Ok(block)) = reader.next() {
            for row in 0..block.len() {
                let cells = read::cell_texts(&block, row);
                let day = cells.iter().find(|c| c.0 == Column::Date).and_then(|c| parse_date(&c.1).ok());
                newest = newest.max(day);
            }
            if reader.summary().records_read >= LOOKED_AT {
                break;
            }
        }
        newest
    });
    days.max()
}

/// What is shown of a file.
#[derive(Default)]
struct Seen {
    whole: bool,
    lines: Vec<(u64, String)>,
    failed: Option<ReadError>,
}

/// Takes the files in as a run would, and tells of each.
fn look(inputs: &[Input], context: &Context, lines: usize) -> Status {
    let mut intake = Intake::new(context);
    let mut seen: Vec<Seen> = Vec::new();
    for input in inputs {
        let mut shown = Seen::default();
        let taken = intake.file(input, Some(LOOKED_AT), &mut |blocks, _| {
            for block in blocks {
                let left = lines.saturating_sub(shown.lines.len()).min(block.len());
                shown.lines.extend((0..left).map(|row| (block.records[row], cells(block, row))));
            }
        });
        match taken {
            Ok(whole) => shown.whole = whole,
            Err(error) => shown.failed = Some(error),
        }
        seen.push(shown);
    }
    let normalised = intake.finish(inputs)?;
    let mut status = 0;
    let mut account = Account::of(&normalised);
    for (source, (input, seen)) in inputs.iter().zip(&seen).enumerate() {
        let mut text = format!("{}\n", input.path.display());
        match &seen.failed {
            None => account.tell(&mut text, input, source as u32, seen),
            Some(error) => {
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

fn cells(block: &RawBatch, row: usize) -> String {
    let mut text = String::new();
    let one = read::cell_texts(block, row);
    for (column, value) in one {
        let _ = writeln!(text, "    {:<20} {value}", column.name());
    }
    text
}

/// What is told of the files.
struct Account<'a> {
    normalised: &'a Normalised,
    /// How many texts meant nothing and were left out, by file and column.
    ignored: BTreeMap<(u32, &'static str), u64>,
    /// The layouts whose columns were told already.
    told: BTreeSet<String>,
}

impl Account<'_> {
    fn of(normalised: &Normalised) -> Account<'_> {
        let mut ignored = BTreeMap::new();
        for (parcel, column) in normalised.shipments.texts_ignored() {
            let source = normalised.shipments.parcels.source[parcel as usize];
            *ignored.entry((source, column.name())).or_default() += 1;
        }
        Account { normalised, ignored, told: BTreeSet::new() }
    }

    fn tell(&mut self, text: &mut String, input: &Input, source: u32, seen: &Seen) {
        let summary: &FileSummary = &self.normalised.files[source as usize];
        let all = &self.normalised.rejects;
        let rejects: &[Reject] =
            &all[all.partition_point(|r| r.source < source)..all.partition_point(|r| r.source <= source)];
        let more = if seen.whole { "" } else { " (not read to its end)" };
        let _ = writeln!(
            text,
            "  {} records, {} of them cannot be used{more}",
            summary.records_read,
            rejects.len()
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
            if !self.told.insert(name.clone()) {
                let _ = writeln!(text, "  layout: {name}, as above");
                continue;
            }
            let _ = writeln!(text, "  layout: {name}, {}", mapping.title);
            for (level, column, sources) in mapping.sources() {
                let level =
                    if mapping.columns.is_empty() { ["message", "parcel", "line"][level] } else { "row" };
                let rules: Vec<String> = sources.iter().map(in_words).collect();
                let _ = writeln!(text, "    {:<20} <- {level}: {}", column.name(), rules.join(", else "));
            }
            if !mapping.labels.is_empty() {
                let names: Vec<&str> = mapping.labels.keys().map(String::as_str).collect();
                let _ =
                    writeln!(text, "    corrections of customs (`parcel-risk labels`): {}", names.join(", "));
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
        let left_out: Vec<String> = self
            .ignored
            .range((source, "")..(source + 1, ""))
            .map(|((_, column), n)| format!("{column} {n}"))
            .collect();
        if !left_out.is_empty() {
            let _ = writeln!(text, "  texts that mean nothing, left out: {}", left_out.join(", "));
        }
        for warning in &summary.warnings {
            let _ = writeln!(text, "  note: {warning}");
        }
        for (record, cells) in &seen.lines {
            let _ = write!(text, "  record {record}\n{cells}");
        }
        if rejects.is_empty() {
            return;
        }
        let _ = writeln!(text, "  cannot be used:");
        for reject in rejects.iter().take(TOLD) {
            let field = if reject.field.is_empty() { String::new() } else { format!(", {}", reject.field) };
            let _ = writeln!(text, "    record {}{field}: {}", reject.record, reject.reason);
        }
        if let Some(more @ 1..) = rejects.len().checked_sub(TOLD) {
            let _ = writeln!(text, "    and {more} more");
        }
    }
}

/// A source in words.
fn in_words(source: &Source) -> String {
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
