//! `parcel-risk run`.

use super::progress::{event, watch};
use super::{Status, print};
use crate::cli::LogFormat;
use crate::cli::RunArgs;
use crate::config::{Flags, Job};
use crate::model::money;
use crate::model::outcome::Revenue;
use crate::pipeline::{self, Summary};
use crate::watch::{Silent, peak_memory_mib};
use serde_json::json;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Status where records were quarantined and `--strict` was given.
const QUARANTINED: u8 = 3;

pub(crate) fn execute(args: RunArgs) -> Status {
    let mut job = match &args.job {
        Some(path) => Job::read(path, &args.set)?,
        None => Job::from_settings(&args.set)?,
    };
    let flags = Flags {
        postal: args.postal,
        express: args.express,
        mapping: args.mapping,
        destination: args.destination,
        date: args.date,
        out: args.out,
        rates: args.rates,
        false_flags: args.false_flags,
    };
    job.override_by(flags, &args.set);
    let plan = job.plan()?;
    let started = Instant::now();
    let machine = args.log == LogFormat::Json;
    let summary =
        if args.quiet { pipeline::run(&plan, &Silent)? } else { pipeline::run(&plan, &*watch(machine))? };
    let out = plan.out.display().to_string();
    if machine && !args.quiet {
        event(&finished(&summary, &out, started.elapsed()));
    } else if !args.quiet {
        print(&text(&summary, &out, started.elapsed()))?;
    }
    let strict = args.strict && summary.counts.quarantined > 0;
    Ok(if strict { QUARANTINED } else { 0 })
}

/// Longest line of the summary, in characters.
const WIDTH: usize = 110;
/// Notes shown; `run.json` holds all.
const NOTES: usize = 4;

/// The same for a machine.
fn finished(summary: &Summary, out: &str, elapsed: Duration) -> serde_json::Value {
    let counts = &summary.counts;
    let revenue: serde_json::Map<String, serde_json::Value> =
        counts.revenue.iter().map(|(c, m)| (c.clone(), json!(money::to_units(m.expected)))).collect();
    json!({
        "event": "finished",
        "records_read": counts.records_read,
        "quarantined": counts.quarantined,
        "parcels": counts.parcels,
        "flagged_parcels": counts.flagged,
        "cases": counts.cases,
        "families": counts.families.iter().map(|(f, n, _)| (f.name(), json!(n)))
            .collect::<std::collections::BTreeMap<_, _>>(),
        "revenue_at_risk": revenue,
        "notes": summary.warnings,
        "seconds": (elapsed.as_secs_f64() * 1_000.0).round() / 1_000.0,
        "peak_memory_mib": peak_memory_mib(),
        "out": out,
    })
}

/// A line of the summary, cut where it is too long.
fn shortened(line: &str) -> String {
    match line.char_indices().nth(WIDTH) {
        Some(_) => line.chars().take(WIDTH - 1).chain(['…']).collect(),
        None => line.to_owned(),
    }
}

/// What a person reads when the run is over: one screen.
fn text(summary: &Summary, out: &str, elapsed: Duration) -> String {
    let counts = &summary.counts;
    let mut t = String::new();
    let _ = writeln!(
        t,
        "\nRead         {} records of {} parcels; {} in quarantine",
        grouped(counts.records_read),
        grouped(counts.parcels as u64),
        grouped(counts.quarantined)
    );
    let _ = writeln!(
        t,
        "Who is who   {} declared senders are {}, {} declared addressees are {}",
        grouped(counts.consignors.0 as u64),
        grouped(counts.consignors.1 as u64),
        grouped(counts.consignees.0 as u64),
        grouped(counts.consignees.1 as u64)
    );
    let _ = writeln!(
        t,
        "Flagged      {} parcels in {} cases",
        grouped(counts.flagged as u64),
        grouped(counts.cases as u64)
    );
    for (family, parcels, _) in &counts.families {
        let doubt = counts.expected_false.iter().find(|e| e.0 == *family);
        let doubt =
            doubt.map_or(String::new(), |e| format!(", {:.0} % of them expected to be false", 100.0 * e.1));
        let _ = writeln!(t, "             {:>9}  {}{doubt}", grouped(*parcels as u64), family.title());
    }
    let left_out: usize = counts.suppressed.findings.values().sum();
    if left_out > 0 {
        let _ = writeln!(
            t,
            "Allow list   {} findings on {} parcels left out",
            grouped(left_out as u64),
            grouped(counts.suppressed.parcels as u64)
        );
    }
    let sum = |(currency, revenue): (&String, &Revenue)| {
        format!(
            "{} expected, {}to {} on nine nights in ten",
            money::display(revenue.expected, currency),
            money::display(revenue.low, ""),
            money::display(revenue.high, "").trim_end()
        )
    };
    let sums: Vec<String> = counts.revenue.iter().map(sum).collect();
    let sums = if sums.is_empty() { "nothing".to_owned() } else { sums.join("; ") };
    let _ = writeln!(t, "At risk      {sums}");
    if !summary.worst.is_empty() {
        let _ = writeln!(t, "Worst cases  (risk score, parcels, why)");
        for line in &summary.worst {
            let _ = writeln!(t, "{}", shortened(&format!("  {line}")));
        }
    }
    for warning in summary.warnings.iter().take(NOTES) {
        let _ = writeln!(t, "{}", shortened(&format!("Note         {warning}")));
    }
    if let Some(more) = summary.warnings.len().checked_sub(NOTES + 1) {
        let _ = writeln!(t, "Note         and {} more in run.json", more + 1);
    }
    let memory = peak_memory_mib().map_or(String::new(), |mib| format!(", {} MiB", grouped(mib)));
    let _ = writeln!(t, "Time         {:.1} s{memory}", elapsed.as_secs_f64());
    let _ = writeln!(
        t,
        "Files        {out}: report.html to read, flagged_parcels.parquet to work with, run.json"
    );
    t
}

/// A number with thousands separators.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
