//! Size and power of the two tests around a limit, on samples whose shape is known.

use parcel_risk::stats::bunching::{
    Assumptions, BINS, Design, Histogram, Shape, WINDOW, bin, excess, interval,
};
use parcel_risk::stats::density::jump;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, StandardNormal};
use rayon::prelude::*;

const LIMIT: f64 = 150.0;
const LEVEL: f64 = 0.05;
/// The settings of `de-minimis-bunching`.
const ASSUMED: Assumptions = Assumptions { shape_sd: 1.5, heaping_sd: 0.5, unevenness: 0.05 };

type Price = fn(&mut ChaCha8Rng) -> f64;
type Change = fn(&mut ChaCha8Rng, f64) -> f64;

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

fn lognormal(rng: &mut ChaCha8Rng, median: f64, spread: f64) -> f64 {
    cents(median * (spread * normal(rng)).exp())
}

fn cents(price: f64) -> f64 {
    (price * 100.0).round() / 100.0
}

/// 0.01 below the nearest multiple of `step`.
fn charm(price: f64, step: f64) -> f64 {
    (price / step).round().max(1.0) * step - 0.01
}

const SHAPES: [(&str, Price); 7] = [
    ("log-normal, median 60", |rng| lognormal(rng, 60.0, 0.8)),
    ("log-normal, median 120, narrow", |rng| lognormal(rng, 120.0, 0.4)),
    ("gamma, shape 2, mean 80", |rng| {
        let price: f64 = Gamma::new(2.0, 40.0).map_or(80.0, |law| law.sample(rng));
        cents(price.max(0.01))
    }),
    ("two log-normals, 25 and 110", |rng| {
        if rng.random::<f64>() < 0.6 { lognormal(rng, 25.0, 0.5) } else { lognormal(rng, 110.0, 0.35) }
    }),
    ("heaped: half at multiples of 5", |rng| {
        let price = lognormal(rng, 60.0, 0.8);
        if rng.random::<f64>() < 0.5 { (price / 5.0).round().max(1.0) * 5.0 } else { price }
    }),
    ("charm: all end in .99", |rng| charm(lognormal(rng, 60.0, 0.8), 1.0)),
    ("charm: most end in 9.99", |rng| {
        let price = lognormal(rng, 60.0, 0.8);
        if rng.random::<f64>() < 0.6 { charm(price, 10.0) } else { price }
    }),
];

/// Honest trade that a careless test calls evasion.
const TWINS: [(&str, Price); 6] = [
    ("channel's own limit: 139.99", |rng| {
        let price = lognormal(rng, 90.0, 0.6);
        if price >= 140.0 && rng.random::<f64>() < 0.9 {
            139.99 - cents(8.0 * rng.random::<f64>())
        } else {
            price
        }
    }),
    ("catalogue ends at the limit", |rng| {
        loop {
            let price = lognormal(rng, 90.0, 0.6);
            if price <= LIMIT {
                return price;
            }
        }
    }),
    ("crowd above the limit", |rng| {
        let price = lognormal(rng, 60.0, 0.8);
        if rng.random::<f64>() < 0.1 { cents(LIMIT * (1.001 + 0.06 * rng.random::<f64>())) } else { price }
    }),
    ("prices around the limit", |rng| lognormal(rng, LIMIT, 0.1)),
    // Round in a currency of which 1.1734 make one; yesterday it was 1.19.
    ("round in another currency", |rng| charm(1.19 * lognormal(rng, 60.0, 0.8), 10.0) / 1.1734),
    ("also sells dearer goods", |rng| {
        if rng.random::<f64>() < 0.5 { lognormal(rng, 60.0, 0.7) } else { lognormal(rng, 260.0, 0.4) }
    }),
];

fn histogram(values: &[f64]) -> Histogram {
    let mut counts = [0.0; BINS];
    for bin in values.iter().filter_map(|v| bin(v / LIMIT)) {
        counts[bin] += 1.0;
    }
    counts
}

/// The shape that two hundred shops of the lane show together.
fn lane(design: &Design) -> Shape {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut pool = [0.0; BINS];
    for shop in 0..200 {
        let level = 20.0 * normal(&mut rng).exp();
        let prices: Vec<f64> = (0..200)
            .map(|_| {
                let price = lognormal(&mut rng, level, 0.8);
                if shop % 2 == 0 && rng.random::<f64>() < 0.4 { charm(price, 10.0) } else { price }
            })
            .collect();
        pool.iter_mut().zip(histogram(&prices)).for_each(|(sum, count)| *sum += count);
    }
    Shape::pooled(&pool, design)
}

/// Shares of the samples that the counterfactual and the density test reject.
fn rejected(
    n: usize,
    repeats: usize,
    price: Price,
    change: Change,
    design: &Design,
    shape: &Shape,
) -> [f64; 2] {
    let hits = (0..repeats as u64)
        .into_par_iter()
        .map(|seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(1_000 + seed);
            let values: Vec<f64> = (0..n)
                .map(|_| {
                    let price = price(&mut rng);
                    change(&mut rng, price)
                })
                .collect();
            let counted = excess(&histogram(&values), design, 0..BINS, 1.0, shape, 1.0, &ASSUMED);
            let counted =
                counted.is_some_and(|e| e.p_value <= LEVEL && e.asymmetry <= LEVEL && e.reaches_limit());
            let jumped = jump(&values, LIMIT).is_some_and(|j| j.p_below <= LEVEL);
            [f64::from(u8::from(counted)), f64::from(u8::from(jumped))]
        })
        .reduce(|| [0.0; 2], |a, b| [a[0] + b[0], a[1] + b[1]]);
    hits.map(|h| h / repeats as f64)
}

fn under(rng: &mut ChaCha8Rng) -> f64 {
    cents(LIMIT * (0.936 + 0.0639 * rng.random::<f64>()))
}

const UNCHANGED: Change = |_, price| price;
const TENTH: Change = |rng, price| if rng.random::<f64>() < 0.1 { under(rng) } else { price };
const THREE_TENTHS: Change = |rng, price| if rng.random::<f64>() < 0.3 { under(rng) } else { price };

/// Prints the tables.
pub fn run(repeats: usize) {
    let design = Design::new(LIMIT, LIMIT);
    let peers = lane(&design);
    println!("Crowds under a limit of {LIMIT}: share of {repeats} samples rejected at {LEVEL}");
    println!(
        "(counterfactual: Poisson polynomial with an excluded window; density: Cattaneo, Jansson and Ma, one-sided)\n"
    );
    for n in [3_000, 300] {
        println!(
            "{:<34}{:^29}{:^29}",
            format!("{n} values, lane's shape known"),
            "counterfactual",
            "density"
        );
        let head = ["honest", "10 %", "30 %"].map(|h| format!("{h:>9}")).concat();
        println!("{:<34}{head}  {head}", "honest prices; moved under it");
        for (name, price) in SHAPES {
            let found =
                [UNCHANGED, TENTH, THREE_TENTHS].map(|c| rejected(n, repeats, price, c, &design, &peers));
            let row = |test: usize| found.map(|f| format!("{:>9.3}", f[test])).concat();
            println!("{name:<34}{}  {}", row(0), row(1));
        }
        println!();
    }
    println!("{:<34}{:>20}{:>20}", "3000 values, no lane to learn from", "honest", "10 % moved");
    for (name, price) in SHAPES {
        let found = [UNCHANGED, TENTH].map(|c| rejected(3_000, repeats, price, c, &design, &Shape::PLAIN)[0]);
        println!("{name:<34}{:>20.3}{:>20.3}", found[0], found[1]);
    }
    println!("\n{:<34}{:>20}{:>20}", "honest look-alikes, 3000 values", "counterfactual", "density");
    for (name, price) in TWINS {
        let found = rejected(3_000, repeats, price, UNCHANGED, &design, &peers);
        println!("{name:<34}{:>20.3}{:>20.3}", found[0], found[1]);
    }
    println!(
        "\n{:<34}{:>12}{:>12}{:>14}{:>12}",
        "bootstrap interval, 10 % moved", "moved", "excess", "middle 95 %", "holds it"
    );
    for (name, price) in SHAPES {
        coverage(name, price, (repeats / 3).max(30), &design, &peers);
    }
    println!();
}

/// How often the bootstrap interval holds the mass that was moved into the window.
fn coverage(name: &str, price: Price, repeats: usize, design: &Design, shape: &Shape) {
    let found: Vec<[f64; 5]> = (0..repeats as u64)
        .into_par_iter()
        .filter_map(|seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(9_000 + seed);
            let mut moved = 0.0;
            let values: Vec<f64> = (0..3_000)
                .map(|_| {
                    let price = price(&mut rng);
                    if rng.random::<f64>() >= 0.1 {
                        return price;
                    }
                    let was_there = bin(price / LIMIT).is_some_and(|b| WINDOW.contains(&b));
                    moved += f64::from(u8::from(!was_there));
                    under(&mut rng)
                })
                .collect();
            let counts = histogram(&values);
            let mass = excess(&counts, design, 0..BINS, 1.0, shape, 1.0, &ASSUMED)?.mass();
            let (low, high) = interval(&counts, design, 0..BINS, shape, 1.0, &ASSUMED)?;
            Some([moved, mass, low, high, f64::from(u8::from(low <= moved && moved <= high))])
        })
        .collect();
    let mean = |i: usize| found.iter().map(|f| f[i]).sum::<f64>() / found.len().max(1) as f64;
    let ends = format!("{:.0} to {:.0}", mean(2), mean(3));
    println!("{name:<34}{:>12.0}{:>12.0}{ends:>14}{:>12.3}", mean(0), mean(1), mean(4));
}
