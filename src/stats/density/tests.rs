use super::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Margins of United States Senate elections; the source is named in docs/statistics.md.
const SENATE: &str = include_str!("../../../tests/reference/density/senate.csv");
/// What `tests/reference/density.py` wrote.
const FACTS: &str = include_str!("../../../tests/reference/density/facts.csv");

/// The generators of `tests/reference/density.py`.
fn uniform(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = (state * 1_103_515_245 + 12_345) % (1 << 31);
        (state as f64 + 0.5) / f64::from(1_u32 << 31)
    }
}

fn round(x: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (x * scale).round() / scale
}

fn smooth(n: usize, seed: u64) -> Vec<f64> {
    let mut u = uniform(seed);
    (0..n)
        .map(|_| {
            let (a, b) = (u(), u());
            round(0.2 + 9.0 * a * a * b + 2.0 * b, 4)
        })
        .collect()
}

fn set(name: &str) -> Vec<f64> {
    match name {
        "senate" => SENATE.lines().skip(1).map(|line| line.parse().unwrap()).collect(),
        "smooth" => smooth(3000, 7),
        "crowded" => {
            let mut u = uniform(12);
            let mut values = smooth(3000, 11);
            values.iter_mut().step_by(10).for_each(|x| *x = round(2.0 - 0.1 * u(), 4));
            values
        }
        "heaped" => smooth(2000, 3).into_iter().map(|x| (x * 10.0).round() / 10.0).collect(),
        "charming" => {
            let values = smooth(1500, 5).into_iter().enumerate();
            values.map(|(i, x)| if i % 3 == 0 { x } else { x.floor() + 0.99 }).collect()
        }
        "small" => smooth(60, 13),
        "tail" => smooth(800, 17),
        other => panic!("no set {other}"),
    }
}

#[test]
fn the_test_is_that_of_rddensity() {
    let mut seen = 0;
    for line in FACTS.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let fact = |i: usize| cells[i].parse::<f64>().unwrap();
        let found = jump(&set(cells[0]), fact(1)).unwrap();
        assert_eq!(((found.counts.0) as f64, (found.counts.1) as f64), (fact(3), fact(4)), "{line}");
        let all = [
            found.bandwidths.0,
            found.bandwidths.1,
            found.densities.0,
            found.densities.1,
            found.standard_error,
            found.statistic,
            found.p_value,
        ];
        for (i, value) in all.into_iter().enumerate() {
            assert!((value - fact(5 + i)).abs() < 1e-6, "{}: {value}, expected {}", cells[0], fact(5 + i));
        }
        seen += 1;
    }
    assert_eq!(seen, 7);
}

#[test]
fn the_senate_is_as_published() {
    let found = jump(&set("senate"), 0.0).unwrap();
    let near = |a: f64, b: f64, within: f64| assert!((a - b).abs() < within, "{a} {b}");
    near(found.bandwidths.0, 19.8411, 1e-4);
    near(found.bandwidths.1, 27.1188, 1e-4);
    near(found.statistic, -0.87527, 1e-5);
    near(found.p_value, 0.38143, 1e-5);
}

#[test]
fn order_and_unit_do_not_matter() {
    let values = set("smooth");
    let backwards: Vec<f64> = values.iter().rev().copied().collect();
    assert_eq!(jump(&values, 2.0), jump(&backwards, 2.0));
    let scaled: Vec<f64> = values.iter().map(|v| v * 1024.0).collect();
    let (a, b) = (jump(&values, 2.0).unwrap(), jump(&scaled, 2048.0).unwrap());
    assert!(
        (a.statistic - b.statistic).abs() < 1e-9 && (b.bandwidths.0 / a.bandwidths.0 - 1024.0).abs() < 1e-6
    );
}

#[test]
fn what_cannot_be_tested_is_not() {
    assert_eq!(jump(&[], 1.0), None);
    assert_eq!(jump(&[0.5; 100], 1.0), None, "nothing above");
    assert_eq!(jump(&[1.0, f64::NAN, 0.5], 1.0), None);
    let two: Vec<f64> = (0..100).map(|i| if i % 2 == 0 { 0.5 } else { 1.5 }).collect();
    assert_eq!(jump(&two, 1.0), None, "a polynomial through one value");
    assert_eq!(jump(&[0.2, 0.5, 0.8, 1.1, 1.4], 1.0), None);
}

#[test]
fn honest_densities_are_rejected_as_often_as_promised_and_crowds_are_found() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut rejected = [0, 0];
    for _ in 0..300 {
        let mut values: Vec<f64> = (0..3000)
            .map(|_| {
                let z: f64 = StandardNormal.sample(&mut rng);
                60.0 * (0.8 * z).exp()
            })
            .collect();
        rejected[0] += usize::from(jump(&values, 150.0).unwrap().p_below < 0.05);
        for value in &mut values {
            if rng.random::<f64>() < 0.3 {
                *value = 150.0 * (0.94 + 0.06 * rng.random::<f64>());
            }
        }
        rejected[1] += usize::from(jump(&values, 150.0).unwrap().p_below < 0.05);
    }
    assert!(rejected[0] <= 24, "{} of 300 honest samples", rejected[0]);
    assert!(rejected[1] >= 285, "{} of 300 crowded samples", rejected[1]);
}
