//! Values of `tests/reference/robust.py`, and what must hold of any values.

use super::*;
use proptest::prelude::*;

/// The generator of the reference script.
fn prices(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    (0..n)
        .map(|_| {
            state = (state * 1_103_515_245 + 12_345) % (1 << 31);
            let u = (state as f64 + 0.5) / (1u64 << 31) as f64;
            let price = (2.0 + 1.2 * (u - 0.5) + 2.0 * (u - 0.8).max(0.0)).exp();
            (price * 10_000.0).round() / 10_000.0
        })
        .collect()
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values
}

fn heaped() -> Vec<f64> {
    sorted([vec![9.99; 12], vec![4.99; 5], vec![14.99; 4], vec![1.0, 2.5, 30.0]].concat())
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "found {found}, expected {expected}");
}

#[test]
fn statsmodels_agrees() {
    for (values, median, mad_, qn_, mc, low, high, below, above) in [
        (
            prices(40, 7),
            7.8879,
            3.582930651351563,
            3.7410337407576417,
            0.2163034115247821,
            2.8627574194965364,
            24.103895925683407,
            3.050157544131575,
            4.112442033690838,
        ),
        (
            prices(41, 8),
            6.152,
            2.393068240889893,
            2.2881598588772123,
            0.43342562295494586,
            4.33768619473258,
            25.39976377157777,
            1.4679244565423966,
            3.1443027850066807,
        ),
        (
            prices(5, 9),
            6.6415,
            0.8124660157410699,
            1.198338011631941,
            0.5647092015638224,
            5.712692022335384,
            28.835433770078744,
            0.8006051979930251,
            2.8778791663412235,
        ),
        (
            prices(1000, 10),
            7.27345,
            3.0040486151360497,
            2.834735140849336,
            0.304038018354837,
            3.540144327427917,
            26.430205797658285,
            2.6291726441869097,
            3.932379994253332,
        ),
        (
            prices(61, 13).iter().map(|price| 30.0 - price).collect(),
            22.235,
            3.938236273016433,
            3.6307422607981805,
            -0.2295781432798834,
            4.510824850308158,
            27.952304873423785,
            3.640826267984207,
            3.938236273016433,
        ),
        (heaped(), 9.99, 3.706505546264005, 0.0, 0.0, -2.51, 17.490000000000002, 0.0, 0.0),
    ] {
        close(super::median(&mut values.clone()), median);
        let values = sorted(values);
        close(median_sorted(&values), median);
        close(mad(&values, median), mad_);
        close(qn(&values), qn_);
        close(medcouple(&values), mc);
        let fences = adjusted_fences(&values);
        close(fences.0, low);
        close(fences.1, high);
        let double = double_mad(&values, median);
        close(double.0, below);
        close(double.1, above);
    }
}

#[test]
fn the_bisquare_line_is_that_of_statsmodels_and_its_own_start_finds_it() {
    let x: Vec<f64> = prices(30, 11).iter().map(|w| w.ln()).collect();
    let mut y: Vec<f64> =
        x.iter().zip(prices(30, 12)).map(|(w, e)| 1.5 + 0.7 * w + 0.2 * (e.ln() - 2.0)).collect();
    for cut in [3, 11, 27] {
        y[cut] += 0.25_f64.ln();
    }
    let line = bisquare_from(&x, &y, Line { intercept: 1.5, slope: 0.7, scale: 0.1 });
    close(line.intercept, 1.4566984843765574);
    close(line.slope, 0.7215551620142533);
    let own = bisquare_line(&x, &y).unwrap();
    assert!((own.slope - 0.72).abs() < 0.02 && own.scale < 0.15, "{own:?}");
    assert_eq!(bisquare_line(&[1.0; 9], &y[..9]), None);
}

#[test]
fn a_heap_leaves_numbers_and_a_body() {
    let body = cleaned(&[2.3; 9], 0.05);
    assert!(body.scale < 1e-12 && (body.first, body.end) == (0, 9), "{body:?}");
    close(body.location, 2.3);
    assert_eq!(cleaned(&[1.0], 0.05).end, 1);
    assert!(cleaned(&[], 0.05).location.is_nan());
    let line = bisquare_line(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[1.0; 6]).unwrap();
    assert_eq!((line.intercept, line.slope), (1.0, 0.0));
}

#[test]
fn two_fifths_of_low_prices_do_not_move_the_body() {
    // Normal scores about 0 with a standard deviation of 0.3, and 40 % of them cut to a quarter.
    let clean: Vec<f64> = (0..60).map(|i| 0.3 * probit((f64::from(i) + 0.5) / 60.0)).collect();
    let cut = (0..40).map(|i| 0.25_f64.ln() + 0.3 * probit((f64::from(i) + 0.5) / 40.0));
    let body = cleaned(&sorted(clean.iter().copied().chain(cut).collect()), 0.05);
    assert!(body.location.abs() < 0.08, "{body:?}");
    assert!((body.scale - 0.3).abs() < 0.08, "{body:?}");
}

/// Normal quantile by bisection of a fine sum: exact enough for a test.
fn probit(p: f64) -> f64 {
    let cdf = |z: f64| 0.5 * statrs::function::erf::erfc(-z / std::f64::consts::SQRT_2);
    let (mut low, mut high) = (-8.0, 8.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if cdf(middle) < p { low = middle } else { high = middle }
    }
    low
}

#[test]
fn weights_decide_where_half_lies() {
    assert_eq!(weighted_median(&mut [(3.0, 1.0), (1.0, 1.0), (2.0, 1.0)]), 2.0);
    assert_eq!(weighted_median(&mut [(1.0, 1.0), (2.0, 1.0)]), 1.5);
    assert_eq!(weighted_median(&mut [(1.0, 1.0), (9.0, 5.0)]), 9.0);
    assert!(weighted_median(&mut []).is_nan());
}

/// Qn and medcouple as their definitions say, over all pairs.
fn by_definition(sorted: &[f64]) -> (f64, f64) {
    let n = sorted.len();
    let mut distances: Vec<f64> = (0..n).flat_map(|j| (0..j).map(move |i| sorted[j] - sorted[i])).collect();
    distances.sort_unstable_by(f64::total_cmp);
    let h = n / 2 + 1;
    let center = median_sorted(sorted);
    let lower: Vec<f64> = sorted.iter().copied().filter(|v| *v <= center).collect();
    let upper: Vec<f64> = sorted.iter().copied().filter(|v| *v >= center).collect();
    let ties = sorted.iter().filter(|v| **v == center).count();
    let mut kernels = Vec::new();
    for (i, u) in upper.iter().enumerate() {
        for (j, l) in lower.iter().enumerate() {
            kernels.push(if u == l {
                let sign = (i + (j + ties - lower.len())) as i64 - (ties as i64 - 1);
                sign.signum() as f64
            } else {
                ((u - center) + (l - center)) / ((u - center) - (l - center))
            });
        }
    }
    (QN_CONSISTENCY * distances[h * (h - 1) / 2 - 1], super::median(&mut kernels))
}

proptest! {
    #[test]
    fn fast_selection_is_the_definition(values in proptest::collection::vec(0u8..40, 3..70)) {
        let values = sorted(values.iter().map(|v| f64::from(*v) / 8.0).collect());
        let (scale, skew) = by_definition(&values);
        prop_assert!((qn(&values) - scale).abs() < 1e-12);
        prop_assert!((medcouple(&values) - skew).abs() < 1e-12, "{} {}", medcouple(&values), skew);
    }
}
