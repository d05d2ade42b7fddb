//! `parcel-risk run`.

use super::{Status, print};
use crate::cli::RunArgs;
use crate::config::Job;
use crate::model::money;
use crate::model::outcome::Revenue;
use crate::pipeline::{self, Silent, Summary, Watch};
use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Status where records were quarantined and `--strict` was given.
const QUARANTINED: u8 = 3;

pub(crate) fn execute(args: RunArgs) -> Status {
    let mut job = match &args.job {
        Some(path) => Job::read(path, &args.set)?,
        None => Job::from_settings(&args.set)?,
    };
    if !args.postal.is_empty() || !args.express.is_empty() {
        // Manifests on the command line replace the job's: a mixture would be screened unnoticed.
        job.postal = args.postal;
        job.express = args.express;
    }
    for mapping in args.mapping {
        let (pattern, name) = mapping.split_once('=').unwrap_or(("*", &mapping));
        job.mapping.insert(pattern.to_owned(), name.to_owned());
    }
    job.destination = args.destination.or(job.destination);
    job.date = args.date.or(job.date);
    job.out = args.out.or(job.out);
    job.rates = args.rates.or(job.rates);
    job.false_flags = args.false_flags.or(job.false_flags);
    let plan = job.plan()?;
    let started = Instant::now();
    let summary =
        if args.quiet { pipeline::run(&plan, &Silent)? } else { pipeline::run(&plan, &Progress::new())? };
    if !args.quiet {
        print(&text(&summary, &plan.out.display().to_string(), started.elapsed()))?;
    }
    let strict = args.strict && summary.counts.quarantined > 0;
    Ok(if strict { QUARANTINED } else { 0 })
}

/// What a person reads when the run is over.
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
            "{} ({} to {})",
            money::display(revenue.expected, currency),
            money::display(revenue.low, "").trim_end(),
            money::display(revenue.high, "").trim_end()
        )
    };
    let sums: Vec<String> = counts.revenue.iter().map(sum).collect();
    let sums = if sums.is_empty() { "none".to_owned() } else { sums.join(", ") };
    let _ = writeln!(
        t,
        "Revenue      {sums} at risk (expected, and nine nights in ten; by the rates of duty and tax in use)"
    );
    if !summary.worst.is_empty() {
        let _ = writeln!(t, "Worst cases  (risk score, parcels, why)");
        for line in &summary.worst {
            let _ = writeln!(t, "  {line}");
        }
    }
    for warning in &summary.warnings {
        let _ = writeln!(t, "Note         {warning}");
    }
    let stages: Vec<String> =
        summary.stages.iter().map(|(name, time)| format!("{name} {:.1}", time.as_secs_f64())).collect();
    let _ = writeln!(t, "Time         {:.1} s ({})", elapsed.as_secs_f64(), stages.join(", "));
    let _ = writeln!(
        t,
        "Files        {out}: report.html to read, flagged_parcels.parquet to work with, run.json"
    );
    t
}

/// A number with thousands separators.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Says on standard error what is going on: a line that is rewritten on a terminal, a line a stage in a log.
struct Progress {
    terminal: bool,
    told: Mutex<Instant>,
}

impl Progress {
    /// On a terminal the count is shown this often.
    const EVERY: Duration = Duration::from_millis(100);

    fn new() -> Progress {
        Progress { terminal: std::io::stderr().is_terminal(), told: Mutex::new(Instant::now()) }
    }
}

impl Watch for Progress {
    fn stage(&self, name: &'static str) {
        let mut err = std::io::stderr().lock();
        let _ = if self.terminal { write!(err, "\r\x1b[K{name} …") } else { writeln!(err, "{name}") };
        if self.terminal && name == "write" {
            let _ = write!(err, "\r\x1b[K");
        }
        let _ = err.flush();
    }

    fn records(&self, count: u64) {
        let Ok(mut told) = self.told.lock() else { return };
        if self.terminal && told.elapsed() >= Self::EVERY {
            *told = Instant::now();
            let mut err = std::io::stderr().lock();
            let _ = write!(err, "\r\x1b[Kread … {} records", grouped(count));
            let _ = err.flush();
        }
    }
}
