//! How fast messages are read: megabytes of each format per second on one core, and the memory held.
//!
//! ```text
//! cargo run --release --example bench_formats -- 100000 [--runs 3]
//! ```
//! The messages are made once per size in `target/bench`. A file is read to raw records by one thread, which is what a
//! run does of it before it types and checks them; the best of the runs is printed. Time is that of the core, so that
//! other work on the machine does not count; where the system does not tell it, that of the clock.

use parcel_risk::fields::country::parse_country;
use parcel_risk::fields::currency::parse_currency;
use parcel_risk::fields::date::parse_date;
use parcel_risk::model::batch::Channel;
use parcel_risk::read::{self, Input};
use parcel_risk::synth::{self, Difficulty, FRAUD_SHARE, Format, SynthLaw, SynthPlan};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |text: Option<&String>, usual: usize| text.map_or(Ok(usual), |t| t.parse::<usize>());
    let parcels = number(arguments.first(), 100_000).map_err(|e| format!("parcels: {e}"))?;
    let flag = arguments.iter().position(|a| a == "--runs");
    let runs = number(flag.and_then(|i| arguments.get(i + 1)), 3).map_err(|e| format!("--runs: {e}"))?;
    let folder = PathBuf::from(format!("target/bench/messages-{parcels}"));
    let formats: Vec<Format> = Format::ALL.iter().map(|f| f.1).filter(|f| *f != Format::Parquet).collect();
    if !folder.join("rates.csv").exists() {
        make(&folder, parcels, &formats)?;
    }
    println!("{:<22} {:>9} {:>10} {:>8} {:>9}", "file", "MB", "records", "s", "MB/s");
    for format in formats {
        for channel in Channel::ALL.into_iter().filter(|&c| format.carries(c)) {
            let name = format!("{}.{}", channel.name(), format.ending());
            let (mut best, mut records) = (f64::INFINITY, 0);
            let input = Input::new(&folder.join(&name), channel).map_err(|e| e.to_string())?;
            for _ in 0..runs.max(1) {
                let since = seconds();
                records = 0;
                for block in read::open(&input, 0, None).map_err(|e| e.to_string())? {
                    records += block.map_err(|e| e.to_string())?.len();
                }
                best = best.min(seconds() - since);
            }
            let megabytes = input.bytes as f64 / 1e6;
            println!("{name:<22} {megabytes:>9.1} {records:>10} {best:>8.2} {:>9.0}", megabytes / best);
        }
    }
    println!("most memory held {:.0} MiB", peak_kib() as f64 / 1024.0);
    Ok(())
}

/// Time that this thread has been running on a core.
fn seconds() -> f64 {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let clock = || START.elapsed().as_secs_f64();
    // The 14th and 15th field of the thread's record, in hundredths of a second; the second field may hold blanks.
    let told = std::fs::read_to_string("/proc/thread-self/stat").unwrap_or_default();
    let fields: Vec<&str> = told.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|n| n.parse::<f64>().ok());
    ticks(11).zip(ticks(12)).map_or_else(clock, |(own, system)| (own + system) / 100.0)
}

fn make(folder: &Path, parcels: usize, formats: &[Format]) -> Result<(), String> {
    let text = |e: &dyn std::fmt::Display| e.to_string();
    let plan = SynthPlan {
        parcels,
        seed: 1,
        destination: parse_country("DE").map_err(|e| text(&e))?,
        date: parse_date("2026-05-20").map_err(|e| text(&e))?,
        out: folder.to_path_buf(),
        formats: formats.to_vec(),
        fraud_share: FRAUD_SHARE,
        difficulty: Difficulty::DEFAULT,
        law: SynthLaw::without_limit(parse_currency("EUR").map_err(|e| text(&e))?),
    };
    synth::generate(&plan).map(|_| ()).map_err(|e| e.to_string())
}

/// Most memory that this process ever held, KiB; 0 where the system does not tell.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM:"));
    line.and_then(|l| l.split_whitespace().nth(1)).and_then(|n| n.parse().ok()).unwrap_or(0)
}
