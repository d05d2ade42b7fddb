//! Nights of the made-up world, screened by the command.

use crate::common::{output, program};
use crate::{Options, pvalues};
use polars::prelude::*;
use rayon::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub const DESTINATION: &str = "DE";
pub const DATE: &str = "2026-05-20";
const RATES: [f64; 2] = [0.05, 0.2];
const FAMILIES: [&str; 3] = ["splitting", "under_invoicing", "de_minimis_abuse"];

/// A finding held against the truth.
pub struct Flag {
    pub parcel: String,
    pub family: String,
    pub detector: String,
    pub score: f64,
    pub q_value: Option<f64>,
    pub revenue: f64,
    pub real: bool,
}

/// What is made and where.
pub struct Night {
    pub world: PathBuf,
    pub out: PathBuf,
}

impl Night {
    /// Makes a night.
    pub fn make(
        name: &str,
        seed: u64,
        parcels: usize,
        fraud: f64,
        difficulty: &str,
    ) -> Result<Night, String> {
        let base = PathBuf::from("target/calibration").join(format!("{name}-{seed}"));
        let night = Night { world: base.join("world"), out: base.join("out") };
        output(
            program()?
                .args(["synth", "--seed", &seed.to_string(), "--parcels", &parcels.to_string()])
                .args(["--fraud", &fraud.to_string(), "--difficulty", difficulty])
                .args(["--destination", DESTINATION, "--date", DATE, "--out"])
                .arg(&night.world),
        )?;
        Ok(night)
    }

    /// Screens it.
    pub fn screen(&self, settings: &[&str]) -> Result<(), String> {
        let at = |file: &str| self.world.join(file).to_string_lossy().into_owned();
        output(
            program()?
                .env("RAYON_NUM_THREADS", "1")
                .args(["run", "--quiet", "--destination", DESTINATION, "--date", DATE])
                .args(["--postal", &at("postal.parquet"), "--express", &at("express.parquet")])
                .args(["--rates", &at("rates.csv"), "--out"])
                .arg(&self.out)
                .args(settings),
        )
        .map(|_| ())
    }

    /// The findings of the last screening.
    pub fn flags(&self) -> Result<Vec<Flag>, String> {
        let truth = read(&self.world.join("truth.parquet"), &["parcel_id", "family"])?;
        let ids = texts(&truth, "parcel_id")?;
        let truth: BTreeSet<(String, String)> = ids.into_iter().zip(texts(&truth, "family")?).collect();
        let columns = ["parcel_id", "family", "detector", "score", "q_value", "revenue_at_risk"];
        let flags = read(&self.out.join("flags.parquet"), &columns)?;
        let (parcels, families, detectors) =
            (texts(&flags, "parcel_id")?, texts(&flags, "family")?, texts(&flags, "detector")?);
        let (scores, q_values, revenues) =
            (numbers(&flags, "score")?, numbers(&flags, "q_value")?, numbers(&flags, "revenue_at_risk")?);
        let words = parcels.into_iter().zip(families).zip(detectors);
        let figures = scores.into_iter().zip(q_values).zip(revenues);
        Ok(words
            .zip(figures)
            .map(|(((parcel, family), detector), ((score, q_value), revenue))| {
                let real = truth.contains(&(parcel.clone(), family.clone()));
                let (score, revenue) = (score.unwrap_or(0.0), revenue.unwrap_or(0.0));
                Flag { parcel, family, detector, score, q_value, revenue, real }
            })
            .collect())
    }

    fn record(&self) -> Result<Value, String> {
        let text = std::fs::read_to_string(self.out.join("run.json")).map_err(|e| e.to_string())?;
        serde_json::from_str(&text).map_err(|e| e.to_string())
    }

    pub fn clear(&self) -> Result<(), String> {
        let base = self.world.parent().unwrap_or(&self.world);
        std::fs::remove_dir_all(base).map_err(|e| e.to_string())
    }
}

/// Honest nights: false discoveries, and the p-values of all tests.
pub fn honest(options: &Options) -> Result<(), String> {
    type Found = (Vec<(f64, String)>, BTreeMap<&'static str, Vec<f64>>);
    let nights: Vec<Found> = (1..=options.seeds)
        .into_par_iter()
        .map(|seed| {
            let night = Night::make("honest", seed, options.parcels, 0.0, "default")?;
            night.screen(&[])?;
            let flags = night.flags()?;
            let q = flags.iter().filter_map(|f| Some((f.q_value?, f.family.clone()))).collect();
            // A tenth of the nights tells the quantiles well enough.
            let p = match seed % 10 {
                0 => pvalues::of_night(&night.world, DESTINATION, DATE)?,
                _ => BTreeMap::new(),
            };
            night.clear()?;
            Ok((q, p))
        })
        .collect::<Result<_, String>>()?;
    let n = nights.len() as f64;
    println!("Honest nights: {} of {} parcels, no fraud in them\n", nights.len(), options.parcels);
    println!("{:<34}{:>12}{:>12}", "nights with a false discovery at", "q <= 0.05", "q <= 0.2");
    for family in FAMILIES.into_iter().map(Some).chain([None]) {
        let share = RATES.map(|rate| {
            let any = |night: &&Found| {
                night.0.iter().any(|(q, f)| *q <= rate && family.is_none_or(|family| f == family))
            };
            nights.iter().filter(any).count() as f64 / n
        });
        println!("{:<34}{:>12.3}{:>12.3}", family.unwrap_or("any family"), share[0], share[1]);
    }
    let mut all: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (_, p) in nights {
        for (detector, values) in p {
            all.entry(detector).or_default().extend(values);
        }
    }
    const LEVELS: [f64; 6] = [0.5, 0.2, 0.1, 0.05, 0.01, 0.001];
    let head = LEVELS.map(|l| format!("{:>9}", format!("<= {l}"))).concat();
    println!("\n{:<28}{:>10}{head}", "share of honest p-values", "tests");
    for (detector, values) in all {
        let shares = LEVELS.map(|level| {
            let count = values.iter().filter(|p| **p <= level).count();
            format!("{:>9.4}", count as f64 / values.len().max(1) as f64)
        });
        println!("{detector:<28}{:>10}{}", values.len(), shares.concat());
    }
    println!();
    Ok(())
}

/// What one night with fraud showed.
struct Shown {
    /// By family: false share and number at each q, and at each asked share of false flags (with what was expected).
    q: Vec<[(f64, usize); 2]>,
    asked: Vec<[(f64, usize, usize, f64); 2]>,
    /// Probability and truth of each flagged parcel and family.
    bands: Vec<(usize, f64, bool)>,
    /// Expected, low, high and realised revenue.
    revenue: [f64; 4],
}

/// Nights with fraud: false discoveries, the promise of `--false-flags`, probabilities, revenue.
pub fn fraudulent(options: &Options) -> Result<(), String> {
    let seeds = (options.seeds / 4).max(10);
    let parcels = 4 * options.parcels;
    for (fraud, difficulty) in [(0.06, "default"), (0.02, "hard")] {
        let nights: Vec<Shown> = (1_001..=1_000 + seeds)
            .into_par_iter()
            .map(|seed| night(seed, parcels, fraud, difficulty))
            .collect::<Result<_, String>>()?;
        println!(
            "Nights with fraud: {} of {parcels} parcels, {} % of them fraudulent, {difficulty} difficulty\n",
            nights.len(),
            100.0 * fraud
        );
        print(&nights);
    }
    Ok(())
}

fn night(seed: u64, parcels: usize, fraud: f64, difficulty: &str) -> Result<Shown, String> {
    let night = Night::make(&format!("fraud-{difficulty}"), seed, parcels, fraud, difficulty)?;
    night.screen(&[])?;
    let flags = night.flags()?;
    let of = |family: &'static str| flags.iter().filter(move |f| f.family == family);
    let q = FAMILIES
        .map(|family| {
            RATES.map(|rate| {
                let found: BTreeMap<&str, bool> = of(family)
                    .filter(|f| f.q_value.is_some_and(|q| q <= rate))
                    .map(|f| (f.parcel.as_str(), f.real))
                    .collect();
                (false_share(&found), found.len())
            })
        })
        .to_vec();
    let mut bands = Vec::new();
    for (i, family) in FAMILIES.into_iter().enumerate() {
        let mut best: BTreeMap<&str, (f64, bool)> = BTreeMap::new();
        for flag in of(family) {
            let slot = best.entry(&flag.parcel).or_insert((0.0, flag.real));
            slot.0 = slot.0.max(flag.score);
        }
        bands.extend(best.into_values().map(|(score, real)| (i, score, real)));
    }
    let record = night.record()?;
    let figure = |key: &str| record[key]["EUR"].as_f64().unwrap_or(0.0);
    let [expected, low, high] =
        ["revenue_at_risk", "revenue_at_risk_low", "revenue_at_risk_high"].map(figure);
    let revenue = [expected, low, high, realised(&flags)];
    let true_parcels = FAMILIES.map(|family| {
        of(family).filter(|f| f.real).map(|f| f.parcel.as_str()).collect::<BTreeSet<&str>>().len()
    });
    let mut asked = vec![[(0.0, 0, 0, 0.0); 2]; FAMILIES.len()];
    for (r, rate) in RATES.into_iter().enumerate() {
        night.screen(&["--false-flags", &rate.to_string()])?;
        let kept = night.flags()?;
        let expected = night.record()?;
        for (i, family) in FAMILIES.into_iter().enumerate() {
            let found: BTreeMap<&str, bool> =
                kept.iter().filter(|f| f.family == family).map(|f| (f.parcel.as_str(), f.real)).collect();
            let promised = expected["false_flags"]["expected"][family].as_f64().unwrap_or(0.0);
            let real = found.values().filter(|real| **real).count();
            asked[i][r] = (false_share(&found), real, true_parcels[i], promised);
        }
    }
    night.clear()?;
    Ok(Shown { q, asked, bands, revenue })
}

fn false_share(found: &BTreeMap<&str, bool>) -> f64 {
    let wrong = found.values().filter(|real| !**real).count();
    if found.is_empty() { 0.0 } else { wrong as f64 / found.len() as f64 }
}

/// What was at stake in the findings that are right: per parcel and family as the run adds it up.
fn realised(flags: &[Flag]) -> f64 {
    let mut sums: BTreeMap<(&str, &str), BTreeMap<&str, (f64, f64, bool)>> = BTreeMap::new();
    for flag in flags {
        let stake = flag.revenue / flag.score.max(1e-9);
        let of_detector = sums.entry((&flag.parcel, &flag.family)).or_default();
        let slot = of_detector.entry(&flag.detector).or_insert((0.0, 0.0, flag.real));
        slot.0 += flag.revenue;
        slot.1 += stake;
    }
    let strongest = |by: &BTreeMap<&str, (f64, f64, bool)>| {
        by.values().copied().max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default()
    };
    sums.values().map(strongest).filter(|s| s.2).map(|s| s.1).sum()
}

fn print(nights: &[Shown]) {
    let n = nights.len() as f64;
    println!("{:<22}{:>20}{:>20}", "mean false share", "q <= 0.05 (number)", "q <= 0.2 (number)");
    for (i, family) in FAMILIES.into_iter().enumerate() {
        let cell = |r: usize| {
            let share = nights.iter().map(|night| night.q[i][r].0).sum::<f64>() / n;
            let count: usize = nights.iter().map(|night| night.q[i][r].1).sum();
            format!("{share:.3} ({count})")
        };
        println!("{family:<22}{:>20}{:>20}", cell(0), cell(1));
    }
    println!("\n{:<22}{:>32}{:>32}", "--false-flags", "0.05", "0.2");
    let head = format!("{:>12}{:>10}{:>10}", "realised", "expected", "kept");
    println!("{:<22}{head}{head}", "");
    for (i, family) in FAMILIES.into_iter().enumerate() {
        let cell = |r: usize| {
            let mean = |f: &dyn Fn(&(f64, usize, usize, f64)) -> f64| {
                nights.iter().map(|night| f(&night.asked[i][r])).sum::<f64>() / n
            };
            let kept = mean(&|a| a.1 as f64) / mean(&|a| a.2 as f64).max(1e-9);
            format!("{:>12.3}{:>10.3}{:>9.1}%", mean(&|a| a.0), mean(&|a| a.3), 100.0 * kept)
        };
        println!("{family:<22}{}{}", cell(0), cell(1));
    }
    println!("(kept: of the true parcels that are flagged without the option)");
    const ENDS: [f64; 9] = [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0];
    println!("\n{:<22}{:>14}{:>10}{:>12}{:>10}", "probability", "band", "parcels", "expected", "right");
    for (i, family) in FAMILIES.into_iter().enumerate() {
        for ends in ENDS.windows(2) {
            let all: Vec<(f64, bool)> = nights
                .iter()
                .flat_map(|night| &night.bands)
                .filter(|b| b.0 == i && b.1 > ends[0] && b.1 <= ends[1])
                .map(|b| (b.1, b.2))
                .collect();
            if all.is_empty() {
                continue;
            }
            let mean = all.iter().map(|a| a.0).sum::<f64>() / all.len() as f64;
            let right = all.iter().filter(|a| a.1).count() as f64 / all.len() as f64;
            let band = format!("{:.2} to {:.2}", ends[0], ends[1]);
            println!("{family:<22}{band:>14}{:>10}{mean:>12.3}{right:>10.3}", all.len());
        }
    }
    let held = nights.iter().filter(|night| {
        let [_, low, high, realised] = night.revenue;
        low <= realised && realised <= high
    });
    let ratio = nights.iter().map(|night| night.revenue[3] / night.revenue[0].max(1e-9)).sum::<f64>() / n;
    println!(
        "\nRevenue: the night's interval (meant for nine in ten) holds what was at stake in the findings that are"
    );
    println!(
        "right in {:.0} % of the nights; that sum is on average {ratio:.2} of the expectation.\n",
        100.0 * held.count() as f64 / n
    );
}

fn read(file: &Path, columns: &[&str]) -> Result<DataFrame, String> {
    let said = |e: PolarsError| format!("{}: {e}", file.display());
    let path = PlRefPath::try_from_path(file).map_err(said)?;
    let frame = LazyFrame::scan_parquet(path, ScanArgsParquet::default()).map_err(said)?;
    frame.select(columns.iter().map(|c| col(*c)).collect::<Vec<Expr>>()).collect().map_err(said)
}

fn texts(frame: &DataFrame, column: &str) -> Result<Vec<String>, String> {
    let cells = frame
        .column(column)
        .map_err(|e| e.to_string())?
        .cast(&DataType::String)
        .map_err(|e| e.to_string())?;
    let cells = cells.str().map_err(|e| e.to_string())?;
    Ok(cells.iter().map(|s| s.unwrap_or_default().to_owned()).collect())
}

fn numbers(frame: &DataFrame, column: &str) -> Result<Vec<Option<f64>>, String> {
    let cells = frame.column(column).map_err(|e| e.to_string())?;
    Ok(cells.f64().map_err(|e| e.to_string())?.iter().collect())
}
