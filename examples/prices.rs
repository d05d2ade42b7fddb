//! Recall, false flags and ranking of under-invoicing on manifests shaped like trade, made by a generator of its own:
//! it shares nothing with `synth`, whose honest prices the detectors were first tried on.
//!
//! ```text
//! cargo run --release --example prices -- [SEEDS] [--lines 20000] [--only SHAPE] [--cut half] [--set KEY=VALUE]…
//! ```
//! Each manifest is written as CSV and screened by the command itself; the last one stays in `target/prices`, with what is
//! true of it. *Recall* and *false* are of the flags of family
//! `under_invoicing`; *AUC* and *recall at 1 %* of the scores of all lines (`line_scores.parquet`), where a line without
//! one counts as 0. The *oracle* is told what each seller asks for each article and its discount for quantity, and ranks
//! lines by declared over expected value; like everybody it does not know which line is sold off, dear or astray.

mod common;
#[path = "prices/shapes.rs"]
mod shapes;

use arrow::array::{Array, Float64Array, RecordBatch, StringArray};
use common::{Arguments, output, program};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use shapes::{Line, SHAPES};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    common::main(run)
}

/// What is done to the values of a night.
const CUTS: [(&str, f64, f64); 3] =
    [("none", 0.0, 1.0), ("to a quarter", 0.05, 0.25), ("to a half", 0.05, 0.5)];

fn run(arguments: &Arguments) -> Result<(), String> {
    let seeds = u64::from(arguments.seeds(3));
    let (lines, only) = (arguments.number("--lines", 20_000)?, arguments.text("--only").unwrap_or(""));
    let of_cut = arguments.text("--cut").unwrap_or("");
    let settings = arguments.settings();
    println!("{seeds} seeds of {lines} lines");
    println!(
        "{:<26} {:<14} {:>8} {:>8} {:>8} {:>9} {:>7} {:>9} {:>7}",
        "shape", "values cut", "cut", "recall", "false", "at 1 %", "AUC", "oracle", "AUC"
    );
    for shape in SHAPES.iter().filter(|shape| shape.name.contains(only)) {
        let cuts: &[(&str, f64, f64)] = if shape.makes_its_own { &CUTS[..1] } else { &CUTS };
        for &(name, share, factor) in cuts.iter().filter(|cut| cut.0.contains(of_cut)) {
            let name = if shape.makes_its_own { "by a third" } else { name };
            let mut sum = Measured::default();
            for seed in 1..=seeds {
                let mut night = (shape.make)(lines, seed);
                shapes::cut(&mut night, share, factor, seed);
                sum.add(&screened(&night, &settings)?);
            }
            let mean = |total: f64, digits: usize| match sum.cut {
                0 => "-".to_owned(),
                _ => format!("{:.digits$}", total / sum.nights),
            };
            println!(
                "{:<26} {:<14} {:>8} {:>8} {:>7.2}% {:>9} {:>7} {:>9} {:>7}",
                shape.name,
                name,
                sum.cut,
                part(sum.cut_flagged, sum.cut),
                100.0 * sum.honest_flagged as f64 / sum.honest.max(1) as f64,
                mean(sum.ranked.at_one, 3),
                mean(sum.ranked.auc, 4),
                mean(sum.oracle.at_one, 3),
                mean(sum.oracle.auc, 4),
            );
        }
    }
    Ok(())
}

fn part(part: usize, whole: usize) -> String {
    if whole == 0 { "-".into() } else { format!("{:.3}", part as f64 / whole as f64) }
}

/// Counts over nights.
#[derive(Default)]
struct Measured {
    cut: usize,
    cut_flagged: usize,
    honest: usize,
    honest_flagged: usize,
    nights: f64,
    ranked: Ranked,
    oracle: Ranked,
}

/// How well scores rank, summed over nights.
#[derive(Default)]
struct Ranked {
    at_one: f64,
    auc: f64,
}

impl Measured {
    fn add(&mut self, night: &[Screened]) {
        let count =
            |cut: bool, flagged: bool| night.iter().filter(|l| l.cut == cut && l.flagged == flagged).count();
        self.cut += count(true, true) + count(true, false);
        self.cut_flagged += count(true, true);
        self.honest += count(false, true) + count(false, false);
        self.honest_flagged += count(false, true);
        self.nights += 1.0;
        if night.iter().any(|line| line.cut) {
            self.ranked.add(night, |line| line.score);
            self.oracle.add(night, |line| line.depth);
        }
    }
}

impl Ranked {
    fn add(&mut self, night: &[Screened], score: impl Fn(&Screened) -> f64) {
        let mut honest: Vec<f64> = night.iter().filter(|line| !line.cut).map(&score).collect();
        honest.sort_unstable_by(f64::total_cmp);
        let cut: Vec<f64> = night.iter().filter(|line| line.cut).map(&score).collect();
        let limit = honest[honest.len() - 1 - honest.len() / 100];
        self.at_one += cut.iter().filter(|s| **s > limit).count() as f64 / cut.len() as f64;
        // Mann and Whitney, ties counted half.
        let rank =
            |s: f64| (honest.partition_point(|h| *h < s) + honest.partition_point(|h| *h <= s)) as f64 / 2.0;
        self.auc += cut.iter().map(|s| rank(*s)).sum::<f64>() / cut.len() as f64 / honest.len() as f64;
    }
}

/// A line and what became of it.
struct Screened {
    cut: bool,
    flagged: bool,
    score: f64,
    /// Log of expected over declared value, for the oracle.
    depth: f64,
}

/// Screens a night.
fn screened(night: &[Line], settings: &[&str]) -> Result<Vec<Screened>, String> {
    let base = PathBuf::from("target/prices");
    std::fs::create_dir_all(&base).map_err(|e| e.to_string())?;
    let (manifest, out) = (base.join("express.csv"), base.join("out"));
    shapes::write(night, &manifest)?;
    shapes::write_truth(night, &base.join("truth.csv"))?;
    output(
        program()?
            .args(["run", "--quiet", "--destination", "DE", "--date", "2026-05-20", "--express"])
            .arg(&manifest)
            .arg("--out")
            .arg(&out)
            .args(["--set", "output.line_scores=true"])
            .args(settings),
    )?;
    let mut flagged: BTreeMap<String, f64> = BTreeMap::new();
    read(&out.join("flags.parquet"), |batch| {
        let (ids, families, scores) =
            (text(batch, "parcel_id")?, text(batch, "family")?, number(batch, "score")?);
        for row in (0..batch.num_rows()).filter(|row| families.value(*row) == "under_invoicing") {
            let best = flagged.entry(ids.value(row).to_owned()).or_default();
            *best = best.max(scores.value(row));
        }
        Ok(())
    })?;
    let mut scores = flagged.clone();
    let all = out.join("line_scores.parquet");
    if all.exists() {
        read(&all, |batch| {
            let (ids, of) = (text(batch, "parcel_id")?, number(batch, "score")?);
            for row in 0..batch.num_rows() {
                let best = scores.entry(ids.value(row).to_owned()).or_default();
                *best = best.max(of.value(row));
            }
            Ok(())
        })?;
    }
    Ok(night
        .iter()
        .map(|line| {
            let score = scores.get(&line.parcel).copied().unwrap_or(0.0);
            let flagged = flagged.contains_key(&line.parcel);
            Screened { cut: line.cut, flagged, score, depth: (line.expected / line.value).ln() }
        })
        .collect())
}

fn read(path: &Path, mut each: impl FnMut(&RecordBatch) -> Result<(), String>) -> Result<(), String> {
    let fault = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
    let file = File::open(path).map_err(|e| fault(&e))?;
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(file).and_then(|b| b.build()).map_err(|e| fault(&e))?;
    for batch in reader {
        each(&batch.map_err(|e| fault(&e))?)?;
    }
    Ok(())
}

fn text<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringArray, String> {
    let column = batch.column_by_name(name).and_then(|c| c.as_any().downcast_ref());
    column.ok_or_else(|| format!("no text column {name}"))
}

fn number<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a Float64Array, String> {
    let column = batch.column_by_name(name).and_then(|c| c.as_any().downcast_ref());
    column.ok_or_else(|| format!("no number column {name}"))
}
