//! Poisson regression with a logarithmic link, and upper tails of counts.
//!
//! With no prior the fit is the maximum-likelihood one (checked against the Python package `statsmodels`); a normal
//! prior on a coefficient draws it towards what others show where the data say little.

use statrs::function::beta::beta_reg;
use statrs::function::gamma::gamma_lr;

/// Newton steps before a fit is given up.
const STEPS: usize = 60;

/// A normal prior on each coefficient; a precision of 0 is no prior.
#[derive(Clone, Copy, Debug)]
pub struct Prior<const K: usize> {
    /// Means.
    pub mean: [f64; K],
    /// Reciprocal variances.
    pub precision: [f64; K],
}

impl<const K: usize> Prior<K> {
    /// No prior at all.
    pub const NONE: Prior<K> = Prior { mean: [0.0; K], precision: [0.0; K] };
}

/// A fitted model.
#[derive(Clone, Copy, Debug)]
pub struct Fit<const K: usize> {
    /// Coefficients, on the scale of the logarithm of the count.
    pub coefficients: [f64; K],
    /// Their covariance.
    pub covariance: [[f64; K]; K],
    /// Pearson's chi-square over the degrees of freedom; 1 where the counts scatter as Poisson's law says.
    pub dispersion: f64,
}

impl<const K: usize> Fit<K> {
    /// Logarithm of the expected count of a row.
    pub fn predict(&self, row: &[f64; K]) -> f64 {
        dot(row, &self.coefficients)
    }
    /// Variance of that logarithm for a direction in the coefficients.
    pub fn variance(&self, direction: &[f64; K]) -> f64 {
        let mut sum = 0.0;
        for (a, row) in direction.iter().zip(&self.covariance) {
            sum += a * dot(row, direction);
        }
        sum.max(0.0)
    }
}

/// Fits counts to rows of terms. Nothing where the rows do not determine the coefficients or the fit runs away.
pub fn fit<const K: usize>(rows: &[[f64; K]], counts: &[f64], prior: &Prior<K>) -> Option<Fit<K>> {
    let total: f64 = counts.iter().sum();
    let mut beta = prior.mean;
    // Start at the right level: the mean of the counts over the mean of the prior's curve.
    let curve: f64 = rows.iter().map(|row| dot(row, &beta).clamp(-30.0, 30.0).exp()).sum();
    if let Some(first) = beta.first_mut() {
        *first += ((total + 0.5) / curve.max(1e-300)).ln();
    }
    let mut current = objective(rows, counts, prior, &beta);
    for _ in 0..STEPS {
        let (gradient, information) = score(rows, counts, prior, &beta);
        let step = solve(&cholesky(&information)?, &gradient);
        let mut scale = 1.0;
        let (next, value) = loop {
            let mut next = beta;
            for (b, s) in next.iter_mut().zip(&step) {
                *b += scale * s;
            }
            let value = objective(rows, counts, prior, &next);
            if value >= current - 1e-12 * current.abs().max(1.0) || scale < 1e-6 {
                break (next, value);
            }
            scale *= 0.5;
        };
        let moved = step.iter().fold(0.0_f64, |m, s| m.max((scale * s).abs()));
        if !value.is_finite() {
            return None;
        }
        (beta, current) = (next, value);
        if moved < 1e-11 {
            break;
        }
        if beta.iter().any(|b| b.abs() > 1e4) {
            return None;
        }
    }
    let (_, information) = score(rows, counts, prior, &beta);
    let factor = cholesky(&information)?;
    let mut covariance = [[0.0; K]; K];
    for (i, row) in covariance.iter_mut().enumerate() {
        let mut unit = [0.0; K];
        unit[i] = 1.0;
        *row = solve(&factor, &unit);
    }
    let mut pearson = 0.0;
    for (row, &y) in rows.iter().zip(counts) {
        let mean = dot(row, &beta).exp();
        pearson += (y - mean) * (y - mean) / mean.max(1e-12);
    }
    let free = rows.len().saturating_sub(K).max(1) as f64;
    Some(Fit { coefficients: beta, covariance, dispersion: pearson / free })
}

/// Log likelihood and log prior, constants left out.
fn objective<const K: usize>(rows: &[[f64; K]], counts: &[f64], prior: &Prior<K>, beta: &[f64; K]) -> f64 {
    let mut sum = 0.0;
    for (row, &y) in rows.iter().zip(counts) {
        let eta = dot(row, beta);
        sum += y * eta - eta.min(700.0).exp();
    }
    for i in 0..K {
        sum -= 0.5 * prior.precision[i] * (beta[i] - prior.mean[i]).powi(2);
    }
    sum
}

/// Gradient of the objective and the information matrix.
fn score<const K: usize>(
    rows: &[[f64; K]],
    counts: &[f64],
    prior: &Prior<K>,
    beta: &[f64; K],
) -> ([f64; K], [[f64; K]; K]) {
    let mut gradient = [0.0; K];
    let mut information = [[0.0; K]; K];
    for (row, &y) in rows.iter().zip(counts) {
        let mean = dot(row, beta).min(700.0).exp();
        for i in 0..K {
            gradient[i] += row[i] * (y - mean);
            for j in 0..=i {
                information[i][j] += row[i] * row[j] * mean;
            }
        }
    }
    for i in 0..K {
        gradient[i] -= prior.precision[i] * (beta[i] - prior.mean[i]);
        information[i][i] += prior.precision[i];
    }
    (gradient, information)
}

fn dot<const K: usize>(a: &[f64; K], b: &[f64; K]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Lower Cholesky factor of a matrix of which the lower half is filled; nothing where it is not positive definite.
fn cholesky<const K: usize>(matrix: &[[f64; K]; K]) -> Option<[[f64; K]; K]> {
    let mut factor = [[0.0; K]; K];
    for i in 0..K {
        for j in 0..=i {
            let inner: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
            let left = matrix[i][j] - inner;
            if i == j {
                if !(left > 1e-13 * matrix[i][i].abs()) {
                    return None;
                }
                factor[i][i] = left.sqrt();
            } else {
                factor[i][j] = left / factor[j][j];
            }
        }
    }
    Some(factor)
}

fn solve<const K: usize>(factor: &[[f64; K]; K], right: &[f64; K]) -> [f64; K] {
    let mut x = *right;
    for i in 0..K {
        for j in 0..i {
            x[i] -= factor[i][j] * x[j];
        }
        x[i] /= factor[i][i];
    }
    for i in (0..K).rev() {
        for j in i + 1..K {
            x[i] -= factor[j][i] * x[j];
        }
        x[i] /= factor[i][i];
    }
    x
}

/// Probability of at least `observed` events where their count has this mean and this variance: negative binomial,
/// or Poisson where the variance is no larger than the mean.
pub fn upper_tail(observed: f64, mean: f64, variance: f64) -> f64 {
    if observed <= 0.0 {
        return 1.0;
    }
    if !(mean > 0.0) {
        return 0.0;
    }
    let over = variance - mean;
    if over <= 1e-9 * mean {
        return gamma_lr(observed, mean);
    }
    let shape = mean * mean / over;
    beta_reg(observed, shape, mean / (mean + shape))
}

/// Probability of at least `observed` successes among `trials`, each with the same chance.
pub fn binomial_tail(observed: f64, trials: f64, chance: f64) -> f64 {
    if observed <= 0.0 { 1.0 } else { beta_reg(observed, trials - observed + 1.0, chance.clamp(0.0, 1.0)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The counts of `tests/reference/poisson_glm.py`, which printed the constants below.
    const COUNTS: [f64; 18] =
        [31., 28., 40., 25., 22., 19., 27., 14., 12., 9., 15., 6., 4., 7., 2., 3., 0., 1.];

    fn rows() -> Vec<[f64; 4]> {
        (0..18)
            .map(|i| {
                let x = (f64::from(i) - 9.0) / 10.0;
                [1.0, x, x * x, f64::from([2, 6, 10, 13].contains(&i))]
            })
            .collect()
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{found} is not {expected}");
    }

    #[test]
    fn the_fit_is_that_of_statsmodels() {
        let fit = fit(&rows(), &COUNTS, &Prior::NONE).unwrap();
        let coefficients = [2.27359618031379, -2.11199943433052, -0.988044008831611, 0.493124136677475];
        let errors = [0.113145596816474, 0.252176010272052, 0.365103914695137, 0.131642333838698];
        for i in 0..4 {
            near(fit.coefficients[i], coefficients[i]);
            near(fit.covariance[i][i].sqrt(), errors[i]);
        }
        near(fit.dispersion, 0.235239183348294);
    }

    #[test]
    fn tails_are_those_of_scipy() {
        near(upper_tail(12.0, 4.5, 9.0), 0.026578988084357);
        assert!((upper_tail(40.0, 5.0, 6.0) / 2.66846344370853e-16 - 1.0).abs() < 1e-6);
        near(upper_tail(12.0, 4.5, 4.5), 0.00240428357310149);
        near(binomial_tail(17.0, 20.0, 0.55), 0.00493340798602024);
        assert_eq!(upper_tail(0.0, 0.0, 0.0), 1.0);
    }

    #[test]
    fn a_prior_holds_what_the_counts_do_not_tell() {
        let rows = [[1.0, 0.0], [1.0, 0.0]];
        assert!(fit(&rows, &[3.0, 5.0], &Prior::NONE).is_none(), "the slope is not determined");
        let prior = Prior { mean: [0.0, 0.7], precision: [0.0, 4.0] };
        let fit = fit(&rows, &[3.0, 5.0], &prior).unwrap();
        near(fit.coefficients[0], 4.0_f64.ln());
        near(fit.coefficients[1], 0.7);
        near(fit.covariance[1][1], 0.25);
    }

    #[test]
    fn a_strong_prior_wins_and_a_weak_one_loses() {
        let slope = |precision: f64| {
            let prior = Prior { mean: [0.0, 5.0, 0.0, 0.0], precision: [0.0, precision, 0.0, 0.0] };
            fit(&rows(), &COUNTS, &prior).unwrap().coefficients[1]
        };
        assert!(slope(1e7) > 4.9);
        assert!((slope(1e-7) + 2.112).abs() < 1e-3);
    }

    #[test]
    fn no_counts_at_all_end_without_a_runaway() {
        let prior = Prior { mean: [-3.0, 0.0], precision: [0.25, 1.0] };
        let fit = fit(&[[1.0, -0.1], [1.0, 0.1]], &[0.0, 0.0], &prior).unwrap();
        assert!(fit.coefficients[0] < -3.0 && fit.coefficients[0] > -4.0);
    }
}
