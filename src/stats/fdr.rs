//! The false discovery rate across many tests.
//!
//! Y. Benjamini and Y. Hochberg, Controlling the false discovery rate, J. R. Stat. Soc. B 57 (1995) 289-300: with the
//! p-values of `m` tests in ascending order, `q_(i) = min over j >= i of p_(j) m / j`. Rejecting where `q <= a` keeps
//! the expected share of false rejections at or below `a` for independent or positively dependent tests.

/// The q-value of each p-value, in the order given, out of `tests` tests in all.
///
/// The p-values of the `tests - p.len()` tests that are not listed are taken as 1, which can only raise the others'
/// q-values: the result errs on the side of caution. `tests` below the number of p-values counts as that number.
pub fn q_values(p: &[f64], tests: usize) -> Vec<f64> {
    let tests = tests.max(p.len()) as f64;
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]).then(a.cmp(&b)));
    let mut q = vec![1.0; p.len()];
    let mut least: f64 = 1.0;
    for (rank, &i) in order.iter().enumerate().rev() {
        least = least.min(p[i] * tests / (rank + 1) as f64);
        q[i] = least;
    }
    q
}

#[cfg(test)]
mod tests {
    use super::q_values;

    /// `statsmodels.stats.multitest.multipletests(p, method="fdr_bh")` of statsmodels 0.14.
    #[test]
    fn equals_the_reference() {
        let p = [0.01, 0.02, 0.03, 0.04, 0.05, 0.5, 0.001];
        let expected = [0.035, 7.0 * 0.02 / 3.0, 0.0525, 0.056, 7.0 * 0.05 / 6.0, 0.5, 0.007];
        for (q, e) in q_values(&p, 7).iter().zip(expected) {
            assert!((q - e).abs() < 1e-12, "{q} {e}");
        }
    }

    #[test]
    fn unlisted_tests_only_raise_q() {
        assert_eq!(q_values(&[0.01, 0.02], 100), [1.0, 1.0]);
        assert_eq!(q_values(&[0.0001], 100), [0.01]);
        assert!(q_values(&[], 5).is_empty());
    }
}
