//! Time, peak memory and the ratio to merely decoding the same columns, on synthetic manifests of a size.
//!
//! ```text
//! cargo run --release --example bench -- 1000000 [--format csv] [--runs 3]
//! ```
//! The manifests are made once per size in `target/bench`. Each measurement is a process of its own, the two kinds in
//! turn, so that neither warms the other's memory; the median of the runs is printed.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::time::Instant;

use parcel_risk::model::batch::Channel;
use parcel_risk::read::{self, Input};
use parcel_risk::watch::{StageTime, Watch};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    parcel_risk::memory::keep();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.first().map(String::as_str) {
        Some("decode") => decode(&arguments[1..]),
        Some("run") => screen(&arguments[1..]),
        _ => compare(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// Decodes every column of the manifests in a folder and drops it.
fn decode(arguments: &[String]) -> Result<(), String> {
    let [folder, format] = arguments else { return Err("decode FOLDER FORMAT".into()) };
    let since = Instant::now();
    let mut rows = 0;
    for channel in Channel::ALL {
        let path = Path::new(folder).join(format!("{}.{format}", channel.name()));
        let input = Input::new(&path, channel).map_err(|e| e.to_string())?;
        for batch in read::open(&input, 0, None).map_err(|e| e.to_string())? {
            rows += batch.map_err(|e| e.to_string())?.len();
        }
    }
    println!("{} {} {rows}", since.elapsed().as_secs_f64(), peak_kib());
    Ok(())
}

/// Runs the pipeline on the manifests in a folder.
fn screen(arguments: &[String]) -> Result<(), String> {
    let [folder, format, out] = arguments else { return Err("run FOLDER FORMAT OUT".into()) };
    let since = Instant::now();
    let set = |key: &str, value: String| format!("{key}={value}");
    let manifest = |channel: &str| format!("[\"{folder}/{channel}.{format}\"]");
    let job = parcel_risk::config::Job::from_settings(&[
        set("date", "2026-05-20".into()),
        set("destination", "DE".into()),
        set("postal", manifest("postal")),
        set("express", manifest("express")),
        set("rates", format!("{folder}/rates.csv")),
        set("out", out.clone()),
    ]);
    let plan = job.and_then(|j| j.plan()).map_err(|e| e.to_string())?;
    let summary = parcel_risk::pipeline::run(&plan, &Stages::default()).map_err(|e| e.to_string())?;
    let elapsed = since.elapsed().as_secs_f64();
    println!("{elapsed} {} {}", peak_kib(), summary.counts.lines_used);
    Ok(())
}

/// Prints what each stage took: wall time, and processor time of all threads where the system tells.
#[derive(Default)]
struct Stages {
    spent: Mutex<Option<f64>>,
}

impl Watch for Stages {
    fn begin(&self, _name: &'static str, _unit: &'static str, _total: Option<u64>) {
        if let Ok(mut spent) = self.spent.lock() {
            *spent = processor_seconds();
        }
    }
    fn end(&self, stage: &StageTime) {
        let before = self.spent.lock().ok().and_then(|spent| *spent);
        let spent = processor_seconds().zip(before).map_or(0.0, |(now, before)| now - before);
        eprintln!("  {:<10} {:6.2} s  {spent:6.2} s of processors", stage.name, stage.time.as_secs_f64());
    }
}

/// Processor time of this process so far, of the program's own and of the system for it (Linux, ticks of 10 ms).
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<f64>);
    Some((ticks.next()?.ok()? + ticks.next()?.ok()?) / 100.0)
}

fn compare(arguments: &[String]) -> Result<(), String> {
    let value = |flag: &str| arguments.iter().position(|a| a == flag).and_then(|i| arguments.get(i + 1));
    let parcels: usize = match arguments.first() {
        Some(n) => n.parse().map_err(|_| format!("`{n}` is not a number of parcels"))?,
        None => 1_000_000,
    };
    let format = value("--format").map_or("parquet", String::as_str);
    let runs: usize = value("--runs").map_or(Ok(3), |n| n.parse()).map_err(|e| format!("--runs: {e}"))?;
    let base = PathBuf::from("target/bench");
    let folder = base.join(format!("{parcels}-{format}"));
    if !folder.join("truth.parquet").exists() {
        let status = Command::new(program("parcel-risk")?)
            .args(["synth", "--seed", "1", "--destination", "DE", "--date", "2026-05-20", "--format", format])
            .args(["--parcels", &parcels.to_string()])
            .arg("--out")
            .arg(&folder)
            .stdout(std::process::Stdio::null())
            .status();
        if !status.map_err(|e| e.to_string())?.success() {
            return Err("the manifests could not be made".into());
        }
    }
    let folder = folder.to_string_lossy().into_owned();
    let out = base.join("out").to_string_lossy().into_owned();
    let (mut decoding, mut screening) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        decoding.push(child(&["decode", &folder, format])?);
        screening.push(child(&["run", &folder, format, &out])?);
    }
    let (decode, run) = (median(decoding), median(screening));
    println!("{parcels} parcels, {} lines, {format}, median of {runs}", run.2);
    println!("decode only   {:7.2} s  {:6.0} MiB", decode.0, decode.1 / 1024.0);
    println!("whole run     {:7.2} s  {:6.0} MiB", run.0, run.1 / 1024.0);
    println!("ratio         {:7.1}", run.0 / decode.0);
    println!("per parcel    {:7.2} µs", run.0 / parcels as f64 * 1e6);
    Ok(())
}

/// Seconds, peak KiB and lines that a measurement printed.
type Figures = (f64, f64, u64);

fn child(arguments: &[&str]) -> Result<Figures, String> {
    let own = std::env::current_exe().map_err(|e| e.to_string())?;
    let output = Command::new(own).args(arguments).stderr(std::process::Stdio::inherit()).output();
    let output = output.map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut words = text.split_whitespace();
    let figures =
        (|| Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?.parse().ok()?)))();
    figures.filter(|_| output.status.success()).ok_or_else(|| format!("{} failed", arguments.join(" ")))
}

fn median(mut figures: Vec<Figures>) -> Figures {
    figures.sort_by(|a, b| a.0.total_cmp(&b.0));
    figures[figures.len() / 2]
}

/// The program built beside this example.
fn program(name: &str) -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|e| e.to_string())?;
    let path = own.parent().and_then(Path::parent).map(|p| p.join(name)).unwrap_or_default();
    if path.exists() { Ok(path) } else { Err("build the program first: cargo build --release".into()) }
}

/// Most memory that this process ever held, KiB; 0 where the system does not tell.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM:"));
    line.and_then(|l| l.split_whitespace().nth(1)).and_then(|n| n.parse().ok()).unwrap_or(0)
}
