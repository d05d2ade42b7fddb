//! Precision and recall over several seeds of the made-up world, and the honest look-alikes wrongly flagged.
//!
//! ```text
//! cargo run --release --example quality -- [SEEDS] [--parcels 100000] [--destination DE] [--date 2026-05-20]
//!                                          [--difficulty default] [--set KEY=VALUE]…
//! ```
//! Each seed is made, screened and held against its truth by the command itself, as a user would.

mod common;

use common::{Arguments, output, program};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    common::main(run)
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let option = |flag: &str, usual: &'static str| arguments.text(flag).unwrap_or(usual).to_owned();
    let seeds = arguments.seeds(10);
    let (destination, date) = (option("--destination", "DE"), option("--date", "2026-05-20"));
    let settings = arguments.settings();
    let base = PathBuf::from("target/quality");
    // family -> true, flagged, hits, and the average precision summed over the seeds
    let mut families: BTreeMap<String, [f64; 4]> = BTreeMap::new();
    let mut twins: BTreeMap<String, [f64; 2]> = BTreeMap::new();
    let mut kinds: BTreeMap<String, [f64; 2]> = BTreeMap::new();
    for seed in 1..=seeds {
        let (world, out) = (base.join(format!("world-{seed}")), base.join(format!("out-{seed}")));
        let at = |file: &str| world.join(file).to_string_lossy().into_owned();
        output(
            program()?
                .args(["synth", "--seed", &seed.to_string(), "--parcels", &option("--parcels", "100000")])
                .args(["--destination", &destination, "--date", &date])
                .args(["--difficulty", &option("--difficulty", "default"), "--out"])
                .arg(&world),
        )?;
        output(
            program()?
                .args(["run", "--quiet", "--destination", &destination, "--date", &date])
                .args(["--postal", &at("postal.parquet"), "--express", &at("express.parquet")])
                .args(["--rates", &at("rates.csv"), "--out"])
                .arg(&out)
                .args(&settings),
        )?;
        let said =
            output(program()?.arg("eval").arg(&out).args(["--truth", &at("truth.parquet"), "--json"]))?;
        let said: Value = serde_json::from_str(&said).map_err(|e| e.to_string())?;
        for family in list(&said, "families") {
            let sums = families.entry(text(family, "family")).or_default();
            for (sum, key) in
                sums.iter_mut().zip(["parcels_true", "parcels_flagged", "hits", "average_precision"])
            {
                *sum += family[key].as_f64().unwrap_or(0.0);
            }
        }
        for twin in list(&said, "twins") {
            add(&mut twins, text(twin, "twin"), [twin["parcels"].as_f64(), twin["flagged"].as_f64()]);
        }
        for kind in list(&said, "typologies") {
            add(&mut kinds, text(kind, "typology"), [kind["parcels"].as_f64(), kind["flagged"].as_f64()]);
        }
        eprintln!("seed {seed} of {seeds} done");
        for folder in [&world, &out] {
            std::fs::remove_dir_all(folder).map_err(|e| e.to_string())?;
        }
    }
    println!("{seeds} seeds, imports into {destination} on {date}");
    println!("{:<30} {:>9} {:>9} {:>9}", "family", "recall", "precision", "avg prec");
    for (family, [truth, flagged, hits, average]) in &families {
        let percent = |part: f64, whole: f64| 100.0 * part / whole.max(1.0);
        let (recall, precision) = (percent(*hits, *truth), percent(*hits, *flagged));
        println!("{family:<30} {recall:>8.1}% {precision:>8.1}% {:>9.3}", average / f64::from(seeds));
    }
    shares("kind of fraud found", &kinds);
    shares("honest look-alike flagged", &twins);
    Ok(())
}

fn add(sums: &mut BTreeMap<String, [f64; 2]>, name: String, counts: [Option<f64>; 2]) {
    let sums = sums.entry(name).or_default();
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum += count.unwrap_or(0.0);
    }
}

fn shares(title: &str, sums: &BTreeMap<String, [f64; 2]>) {
    println!("{title:<30} {:>9} {:>9}", "parcels", "share");
    for (name, [parcels, share]) in sums {
        println!("{name:<30} {parcels:>9} {:>8.1}%", 100.0 * share / parcels.max(1.0));
    }
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or("").to_owned()
}
