//! Sums that are due only if a suspicion is right: quantiles of one, and the interval of a night's total.

use statrs::function::erf::erfc_inv;
use std::f64::consts::SQRT_2;

/// Share of the cases in which a sum lies below the low end of an interval, and above the high end.
pub const TAIL: f64 = 0.05;

/// An expectation with the interval that holds nine cases in ten.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Expected {
    /// The expectation.
    pub mean: f64,
    /// One case in twenty lies below.
    pub low: f64,
    /// One case in twenty lies above.
    pub high: f64,
}

/// A sum that is due with probability `p` and nothing otherwise. If due it is lognormal about `stake`, with `spread` the
/// standard deviation of its logarithm. The interval always holds the expectation.
pub fn of_one(stake: f64, spread: f64, p: f64) -> Expected {
    let (stake, p) = (stake.max(0.0), p.clamp(0.0, 1.0));
    let spread = if spread.is_finite() { spread.max(0.0) } else { 0.0 };
    let mean = stake * p;
    let quantile = |share: f64| {
        let within = (share - (1.0 - p)) / p;
        if within > 0.0 { stake * (spread * normal_quantile(within)).exp() } else { 0.0 }
    };
    Expected { mean, low: quantile(TAIL).min(mean), high: quantile(1.0 - TAIL).max(mean) }
}

/// Several sums that are due together or not at all.
pub fn together(parts: impl Iterator<Item = Expected>) -> Expected {
    parts.fold(Expected::default(), |sum, part| Expected {
        mean: sum.mean + part.mean,
        low: sum.low + part.low,
        high: sum.high + part.high,
    })
}

/// A sum of many with this mean and variance, taken as lognormal.
pub fn of_many(mean: f64, variance: f64) -> Expected {
    if !(mean > 0.0) {
        return Expected::default();
    }
    let deviation = (variance.max(0.0) / (mean * mean)).ln_1p().sqrt();
    let centre = mean.ln() - deviation * deviation / 2.0;
    let at = |share: f64| (centre + deviation * normal_quantile(share)).exp();
    Expected { mean, low: at(TAIL).min(mean), high: at(1.0 - TAIL).max(mean) }
}

fn normal_quantile(share: f64) -> f64 {
    -SQRT_2 * erfc_inv(2.0 * share.clamp(1e-15, 1.0 - 1e-15))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn a_doubtful_sum_may_be_nothing_and_a_certain_one_hardly() {
        let even = of_one(10.0, 0.0, 0.5);
        assert_eq!((even.mean, even.low, even.high), (5.0, 0.0, 10.0));
        let sure = of_one(10.0, 0.0, 0.99);
        assert_eq!((sure.low, sure.high), (9.9, 10.0));
        let unlikely = of_one(10.0, 0.0, 0.01);
        assert_eq!((unlikely.low, unlikely.high), (0.0, 0.1), "the interval holds the expectation");
        let vague = of_one(10.0, 0.3, 0.995);
        assert!(vague.low < 7.0 && vague.high > 15.0 && vague.low > 0.0);
        assert_eq!(of_one(0.0, f64::NAN, 0.7), Expected::default());
    }

    #[test]
    fn quantiles_are_those_of_draws() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for (spread, p) in [(0.2, 0.97), (0.5, 0.6), (0.0, 0.2)] {
            let found = of_one(8.0, spread, p);
            let (mut below, mut above) = (0, 0);
            for _ in 0..20_000 {
                let z: f64 = StandardNormal.sample(&mut rng);
                let sum = if rng.random::<f64>() < p { 8.0 * (spread * z).exp() } else { 0.0 };
                below += usize::from(sum < found.low - 1e-9);
                above += usize::from(sum > found.high + 1e-9);
            }
            assert!(below <= 1_100 && above <= 1_100, "{below} {above} at {spread} {p}");
        }
    }

    #[test]
    fn a_night_is_known_better_than_its_parcels() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let stakes: Vec<(f64, f64)> =
            (0..200).map(|_| (1.0 + 30.0 * rng.random::<f64>(), rng.random::<f64>())).collect();
        let mean: f64 = stakes.iter().map(|(s, p)| s * p).sum();
        let variance = stakes.iter().map(|(s, p)| s * s * p * (1.0 - p)).sum();
        let night = of_many(mean, variance);
        let mut held = 0;
        for _ in 0..1_000 {
            let sum: f64 = stakes.iter().map(|(s, p)| if rng.random::<f64>() < *p { *s } else { 0.0 }).sum();
            held += usize::from(night.low <= sum && sum <= night.high);
        }
        assert!((870..=930).contains(&held), "{held} of 1,000");
        assert_eq!(of_many(0.0, 1.0), Expected::default());
        assert!(together(stakes.iter().map(|(s, p)| of_one(*s, 0.0, *p))).high > night.high);
    }
}
