//! How surprising a number of arrivals is, given a rate that is known only roughly: Gamma-Poisson shrinkage and the
//! tail of the negative binomial that follows from it.
//!
//! The rate of one person is not known; it is drawn from `Gamma(shape, shape / mean)` over all persons. With `seen`
//! arrivals over `exposure` windows it becomes `Gamma(shape + seen, shape / mean + exposure)`, so that a person without
//! history has the rate of everybody and a person with a long history has the own one. The number in one more window is
//! then negative binomial.

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::beta::checked_beta_reg;

/// Above this many arrivals the normal approximation takes over from the continued fraction of the beta function.
const LARGE: f64 = 2_000.0;

/// The prior of the rate: arrivals in a window of an ordinary person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatePrior {
    /// Mean arrivals a window over all persons, greater than 0.
    pub mean: f64,
    /// Shape of the Gamma distribution of the rates over persons: 1 is exponential, more is more alike.
    pub shape: f64,
}

/// A person's rate after shrinking: a Gamma distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    shape: f64,
    windows: f64,
}

impl RatePrior {
    /// The rate of a person with `seen` arrivals in `exposure` windows outside the one that is judged.
    pub fn shrunk(self, seen: f64, exposure: f64) -> Rate {
        let mean = self.mean.max(1e-9);
        Rate { shape: self.shape + seen.max(0.0), windows: self.shape / mean + exposure.max(0.0) }
    }
}

impl Rate {
    /// Expected arrivals in one window.
    pub fn mean(self) -> f64 {
        self.shape / self.windows
    }

    /// The probability of `count` or more arrivals in one window.
    pub fn tail(self, count: u64) -> f64 {
        if count == 0 {
            return 1.0;
        }
        let odds = 1.0 / (self.windows + 1.0);
        let k = count as f64;
        if k > LARGE || self.shape > LARGE {
            let mean = self.mean();
            let deviation = (mean + mean * mean / self.shape).sqrt();
            return normal_tail((k - 0.5 - mean) / deviation);
        }
        checked_beta_reg(k, self.shape, odds).map_or(1.0, |p| p.clamp(0.0, 1.0))
    }
}

fn normal_tail(z: f64) -> f64 {
    Normal::new(0.0, 1.0).map_or(1.0, |normal| normal.sf(z))
}

/// The most that a p-value can speak against its null hypothesis, as a natural logarithm: the bound of Sellke, Bayarri
/// and Berger (2001), `-ln(-e p ln p)` for `p < 1/e`. It is 0 above.
pub fn evidence_of_p(p: f64) -> f64 {
    let p = p.clamp(1e-300, 1.0);
    if p >= std::f64::consts::E.recip() { 0.0 } else { -(-std::f64::consts::E * p * p.ln()).ln() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{DiscreteCDF, Poisson};

    /// Sums the negative binomial's mass, by the recurrence of its terms.
    fn tail_by_sum(shape: f64, windows: f64, count: u64) -> f64 {
        let p = windows / (windows + 1.0);
        let mut term = p.powf(shape);
        let mut below = 0.0;
        for k in 0..count {
            below += term;
            term *= (k as f64 + shape) / (k as f64 + 1.0) * (1.0 - p);
        }
        1.0 - below
    }

    #[test]
    fn the_tail_is_that_of_the_negative_binomial() {
        for (seen, exposure, count) in [(0.0, 0.0, 1), (0.0, 0.0, 3), (12.0, 4.0, 2), (2.0, 9.0, 5)] {
            let rate = RatePrior { mean: 0.3, shape: 1.0 }.shrunk(seen, exposure);
            let expected = tail_by_sum(1.0 + seen, 1.0 / 0.3 + exposure, count);
            assert!((rate.tail(count) - expected).abs() < 1e-10, "{seen} {exposure} {count}");
        }
    }

    #[test]
    fn history_makes_the_same_arrivals_ordinary() {
        let prior = RatePrior { mean: 0.1, shape: 1.0 };
        let stranger = prior.shrunk(0.0, 0.0);
        let regular = prior.shrunk(40.0, 10.0);
        assert!(stranger.tail(3) < 0.001);
        assert!(regular.tail(3) > 0.3);
        assert!((regular.mean() - 41.0 / 20.0).abs() < 1e-12);
    }

    #[test]
    fn with_much_history_the_tail_nears_poisson() {
        let rate = RatePrior { mean: 1.0, shape: 1.0 }.shrunk(1_000.0, 500.0);
        let poisson = Poisson::new(rate.mean()).unwrap();
        assert!((rate.tail(5) - poisson.sf(4)).abs() < 1e-3);
        assert_eq!(rate.tail(0), 1.0);
    }

    #[test]
    fn large_counts_keep_their_order_and_stay_finite() {
        let rate = RatePrior { mean: 5.0, shape: 1.0 }.shrunk(100_000.0, 1_000.0);
        let tails: Vec<f64> = [50, 99, 120, 3_000, 1_000_000].map(|k| rate.tail(k)).to_vec();
        assert!(tails.windows(2).all(|w| w[0] >= w[1]), "{tails:?}");
        assert!(tails.iter().all(|p| (0.0..=1.0).contains(p)), "{tails:?}");
    }

    #[test]
    fn a_small_p_speaks_and_a_large_one_is_silent() {
        assert_eq!(evidence_of_p(0.5), 0.0);
        assert!((evidence_of_p(0.05) - (1.0_f64 / 0.4072).ln()).abs() < 0.001);
        assert!(evidence_of_p(0.001) > evidence_of_p(0.01));
        assert!(evidence_of_p(0.0).is_finite());
    }
}
