//! Intervals for a proportion.

use statrs::function::beta::checked_beta_reg;

/// The Clopper-Pearson interval of a proportion: it holds the true one with at least the given confidence, whatever
/// that is. `(0, 1)` where nothing was counted.
///
/// C. J. Clopper and E. S. Pearson, Biometrika 26 (1934), 404-413.
pub fn clopper_pearson(hits: u64, of: u64, confidence: f64) -> (f64, f64) {
    let tail = (1.0 - confidence) / 2.0;
    let (k, n) = (hits as f64, of as f64);
    let low = if hits == 0 { 0.0 } else { beta_quantile(k, n - k + 1.0, tail) };
    let high = if hits >= of { 1.0 } else { beta_quantile(k + 1.0, n - k, 1.0 - tail) };
    (low, high)
}

/// The value below which a beta distribution has the probability `p`, by halving: 60 steps are as fine as a float.
fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if checked_beta_reg(a, b, middle).unwrap_or(1.0) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_intervals_come_out() {
        // From the binomial distribution itself, summed term by term.
        for (hits, of, low, high) in [
            (7, 20, 0.153_909_20, 0.592_188_5),
            (0, 30, 0.0, 0.115_703_3),
            (95, 1_000, 0.077_540_2, 0.114_884_8),
        ] {
            let (l, h) = clopper_pearson(hits, of, 0.95);
            assert!((l - low).abs() < 1e-6 && (h - high).abs() < 1e-6, "{hits} of {of}: {l} {h}");
        }
        assert_eq!(clopper_pearson(0, 0, 0.95), (0.0, 1.0));
        assert_eq!(clopper_pearson(5, 5, 0.95).1, 1.0);
    }
}
