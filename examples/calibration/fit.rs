//! Fits what the scores of detectors are worth on nights of several kinds, and writes the table.

use crate::nights::{DATE, DESTINATION, Flag, Night};
use parcel_risk::detect;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const FILE: &str = "src/refdata/data/calibration.csv";
/// Kinds of nights: share of fraud, difficulty, parcels.
const KINDS: [(f64, &str, usize); 6] = [
    (0.06, "default", 20_000),
    (0.06, "easy", 20_000),
    (0.06, "hard", 20_000),
    (0.02, "default", 20_000),
    (0.02, "hard", 40_000),
    (0.01, "default", 40_000),
];
/// Share of false findings added at every score: mistakes that the made-up world does not make.
const MISTAKES: f64 = 0.02;
/// Standard deviations of the prior of intercept (about 0) and slope (about 1).
const PRIOR: (f64, f64) = (2.0, 0.5);
/// Smallest slope: more evidence never makes less of a probability.
const LEAST_SLOPE: f64 = 0.15;
/// Smallest doubt, whatever the nights agree on.
const LEAST_DOUBT: f64 = 0.3;
/// Findings from which a night tells its own intercept.
const FEWEST: usize = 15;

/// Log odds of the score, whether it was right, and its weight.
type Case = (f64, f64, f64);

pub fn run(seeds: u64) -> Result<(), String> {
    let neutral = std::path::PathBuf::from("target/calibration/neutral.csv");
    let mut rows = String::from("detector,intercept,slope,doubt\n");
    for detector in detect::ALL {
        let _ = writeln!(rows, "{},0,1,0", detector.id);
    }
    std::fs::create_dir_all("target/calibration").map_err(|e| e.to_string())?;
    std::fs::write(&neutral, rows).map_err(|e| e.to_string())?;
    let neutral = format!("calibration={}", neutral.display());
    let plan: Vec<(u64, (f64, &str, usize))> =
        (1..=seeds).flat_map(|seed| KINDS.into_iter().map(move |kind| (seed, kind))).collect();
    let worlds: Vec<Vec<Flag>> = plan
        .into_par_iter()
        .map(|(seed, (fraud, difficulty, parcels))| {
            let night =
                Night::make(&format!("fit-{difficulty}-{fraud}"), 5_000 + seed, parcels, fraud, difficulty)?;
            night.screen(&["--set", &neutral])?;
            let flags = night.flags()?;
            night.clear()?;
            Ok(flags)
        })
        .collect::<Result<_, String>>()?;
    let mut all: BTreeMap<&str, Vec<Vec<Case>>> = BTreeMap::new();
    for (i, world) in worlds.iter().enumerate() {
        for flag in world {
            let of = all.entry(&flag.detector).or_insert_with(|| vec![Vec::new(); worlds.len()]);
            let score = flag.score.clamp(0.005, 0.995);
            of[i].push(((score / (1.0 - score)).ln(), f64::from(u8::from(flag.real)), 1.0));
        }
    }
    let mut table = format!(
        "# What the scores of detectors are worth: see src/refdata/calibration.rs. Written by\n\
         # cargo run --release --example calibration -- fit --seeds {seeds}\n\
         detector,intercept,slope,doubt,findings,source\n"
    );
    // What the lanes find is there or is not: their scores are no probabilities of fraud.
    for detector in detect::ALL.iter().filter(|d| d.family.is_revenue()) {
        let Some(worlds) = all.get(detector.id) else { continue };
        let mut cases: Vec<Case> = worlds.iter().flatten().copied().collect();
        let findings = cases.len();
        cases.extend(cases.clone().into_iter().map(|(x, _, w)| (x, 0.0, MISTAKES * w)));
        let (intercept, slope) = logistic(&cases);
        let offsets: Vec<f64> = worlds
            .iter()
            .filter(|world| world.len() >= FEWEST)
            .map(|world| offset(world, intercept, slope))
            .collect();
        let spread = (offsets.iter().map(|o| o * o).sum::<f64>() / offsets.len().max(1) as f64).sqrt();
        let _ = writeln!(
            table,
            "{},{intercept:.3},{slope:.3},{:.3},{findings},\"made-up imports into {DESTINATION} on {DATE}: fraud 1, 2 \
             and 6 %, three difficulties\"",
            detector.id,
            spread.max(LEAST_DOUBT)
        );
    }
    std::fs::write(FILE, &table).map_err(|e| e.to_string())?;
    println!("{table}");
    Ok(())
}

fn likely(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Intercept and slope of the penalised logistic regression, by Newton's steps.
fn logistic(cases: &[Case]) -> (f64, f64) {
    let (mut a, mut b) = (0.0_f64, 1.0_f64);
    let prior = (PRIOR.0.powi(-2), PRIOR.1.powi(-2));
    for _ in 0..50 {
        let (mut ga, mut gb) = (-prior.0 * a, -prior.1 * (b - 1.0));
        let (mut haa, mut hab, mut hbb) = (prior.0, 0.0, prior.1);
        for &(x, y, w) in cases {
            let p = likely(a + b * x);
            let v = w * p * (1.0 - p);
            ga += w * (y - p);
            gb += w * (y - p) * x;
            haa += v;
            hab += v * x;
            hbb += v * x * x;
        }
        let det = haa * hbb - hab * hab;
        let (da, db) = ((hbb * ga - hab * gb) / det, (haa * gb - hab * ga) / det);
        a += da.clamp(-1.0, 1.0);
        b = (b + db.clamp(-0.5, 0.5)).max(LEAST_SLOPE);
    }
    (a, b)
}

/// How far a world's own intercept lies from the common one, drawn towards it by a prior of standard deviation 1.
fn offset(world: &[Case], intercept: f64, slope: f64) -> f64 {
    let mut offset = 0.0;
    for _ in 0..30 {
        let (mut gradient, mut information) = (-offset, 1.0);
        for &(x, y, w) in world {
            let p = likely(intercept + slope * x + offset);
            gradient += w * (y - p);
            information += w * p * (1.0 - p);
        }
        offset += (gradient / information).clamp(-1.0, 1.0);
    }
    offset
}
