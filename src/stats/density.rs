//! Whether a density jumps at a cutoff: the test of Cattaneo, Jansson and Ma.
//!
//! M. D. Cattaneo, M. Jansson and X. Ma, Simple Local Polynomial Density Estimators, J. Am. Stat. Assoc. 115 (2020)
//! 1449-1455, and Manipulation Testing Based on Density Discontinuity, Stata Journal 18 (2018) 234-261. On each side of
//! the cutoff the empirical distribution function is fitted by a local polynomial with a triangular kernel; its slope at
//! the cutoff is the density there. `T = (f+ - f-) / se` with the jackknife's standard error is standard normal where the
//! density is continuous. Bandwidths minimise the mean squared error of a polynomial of degree 2, the test is made with
//! degree 3 (bias correction). Repeated values share one value of the distribution function.
//!
//! Settings are the defaults of the authors' package `rddensity`; `tests/reference/density.py` runs that package, and
//! the test here holds this code to its bandwidths, densities, statistic and p-value.

use statrs::function::erf::erfc;
use std::f64::consts::{PI, SQRT_2};

/// Degree of the polynomial that the bandwidths are made for.
const DEGREE: usize = 2;
/// Fewest values, and fewest different ones, within a bandwidth on each side.
const FEWEST: usize = 20 + DEGREE + 1;
/// Largest number of coefficients on one side: degree 4 for the curvature of the preliminary fit.
const MOST_TERMS: usize = DEGREE + 3;
/// Constants of the normal reference rule of the preliminary bandwidths, for the third derivative of the density's
/// distribution function by degree 4 and for the density by degree 2, triangular kernel.
const RULE: (f64, f64) = (3_430_865.455_123_618, 3_840.0 / 7.0);

/// What the test found at the cutoff.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jump {
    /// Values below the cutoff, and values at or above it.
    pub counts: (usize, usize),
    /// Bandwidths on the left and on the right.
    pub bandwidths: (f64, f64),
    /// Density just left and just right of the cutoff.
    pub densities: (f64, f64),
    /// Standard error of their difference, by the jackknife.
    pub standard_error: f64,
    /// Right less left over the standard error: negative where values crowd under the cutoff.
    pub statistic: f64,
    /// Probability of a statistic as far from zero where the density is continuous.
    pub p_value: f64,
    /// Probability of a statistic as low: the test against a crowd under the cutoff.
    pub p_below: f64,
}

/// Tests whether the density of `values` jumps at `cutoff`. A value equal to the cutoff stands on its right.
///
/// Nothing where a side is empty, a value is not finite, or the values within a bandwidth are too few or too alike for
/// the polynomials.
pub fn jump(values: &[f64], cutoff: f64) -> Option<Jump> {
    let mut x: Vec<f64> = values.iter().map(|v| v - cutoff).collect();
    if x.iter().any(|v| !v.is_finite()) {
        return None;
    }
    x.sort_unstable_by(f64::total_cmp);
    let sample = Sample::new(x)?;
    let (left, right) = sample.bandwidths()?;
    let fitted = sample.fit(left, right, DEGREE + 1, 1)?;
    let difference = fitted.right - fitted.left;
    let standard_error = fitted.variance.difference.sqrt();
    if !(standard_error > 0.0) {
        return None;
    }
    let statistic = difference / standard_error;
    Some(Jump {
        counts: (sample.left, sample.x.len() - sample.left),
        bandwidths: (left, right),
        densities: (fitted.left, fitted.right),
        standard_error,
        statistic,
        p_value: erfc(statistic.abs() / SQRT_2).min(1.0),
        p_below: 0.5 * erfc(-statistic / SQRT_2),
    })
}

/// Values less the cutoff, ascending, with their empirical distribution function.
struct Sample {
    x: Vec<f64>,
    /// Share of the values up to each, the same for equal ones.
    share: Vec<f64>,
    /// Position of the first of each run of equal values, by position.
    first: Vec<u32>,
    /// How many are below zero.
    left: usize,
}

/// Variances of the coefficient on each side, of their difference and of their sum.
#[derive(Clone, Copy)]
struct Variances {
    left: f64,
    right: f64,
    difference: f64,
    sum: f64,
}

/// Slopes at zero, coefficients of one power, and the slopes' variances.
struct Fitted {
    left: f64,
    right: f64,
    power: (f64, f64),
    variance: Variances,
}

/// How much the polynomial of one side needs of its rows: the inverse of its moments.
struct Side {
    inverse: [[f64; MOST_TERMS]; MOST_TERMS],
    coefficients: [f64; MOST_TERMS],
}

impl Sample {
    fn new(x: Vec<f64>) -> Option<Sample> {
        let n = x.len();
        let left = x.partition_point(|v| *v < 0.0);
        if left == 0 || left == n {
            return None;
        }
        let mut share = vec![0.0; n];
        let mut first = vec![0; n];
        let mut start = 0;
        for run in x.chunk_by(|a, b| a == b) {
            let end = start + run.len();
            share[start..end].fill((end - 1) as f64 / (n - 1) as f64);
            first[start..end].fill(start as u32);
            start = end;
        }
        Some(Sample { x, share, first, left })
    }

    /// Distance from zero to the `k`-th nearest value of a side, the farthest where there are fewer; with or without
    /// repeated values.
    fn nearest(&self, right: bool, k: usize, unique: bool) -> f64 {
        let distances: &mut dyn Iterator<Item = f64> = if right {
            &mut self.x[self.left..].iter().copied()
        } else {
            &mut self.x[..self.left].iter().rev().map(|v| -v)
        };
        let (mut seen, mut last) = (0, f64::NAN);
        for distance in distances {
            if unique && distance == last {
                continue;
            }
            last = distance;
            seen += 1;
            if seen == k {
                break;
            }
        }
        last
    }

    /// The larger of the distances that hold so many values, and so many different ones, on one side.
    fn holding(&self, right: bool, k: usize) -> f64 {
        self.nearest(right, k, false).max(self.nearest(right, k, true))
    }

    /// Bandwidths left and right: on each side the median of those best for its own density, for the difference of both
    /// and for their sum.
    fn bandwidths(&self) -> Option<(f64, f64)> {
        let n = self.x.len() as f64;
        let p = DEGREE as f64;
        let mean = self.x.iter().sum::<f64>() / n;
        let deviation = (self.x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        let z = mean / deviation;
        let normal = (-0.5 * z * z).exp() / (2.0 * PI).sqrt();
        let square = z * z;
        let fourth = square * square - 6.0 * square + 3.0;
        let rule = |hermite: f64, constant: f64, weight: f64, order: f64| {
            (weight * constant / (hermite * hermite * normal) / n).powf(1.0 / order) * deviation
        };
        let ends = (-self.x[0], self.x[self.x.len() - 1]);
        let farthest = ends.0.max(ends.1.abs());
        let within =
            |h: f64, k: usize| h.min(farthest).max(self.holding(false, k)).max(self.holding(true, k));
        let curved = within(rule(fourth, RULE.0, (2.0 * p + 1.0) / 4.0, 2.0 * p + 5.0), FEWEST + 2);
        let plain = within(rule(square - 1.0, RULE.1, 1.0 / (2.0 * p), 2.0 * p + 1.0), FEWEST);
        let bias = self.fit(curved, curved, DEGREE + 2, DEGREE + 1).map(|f| f.power);
        let variance = self.fit(plain, plain, DEGREE, 1).map(|f| f.variance);
        let best = |variance: Option<f64>, bias: Option<f64>| match (variance, bias) {
            (Some(variance), Some(bias)) => {
                let best = (plain * variance / (2.0 * p * bias * bias)).powf(1.0 / (2.0 * p + 1.0));
                if best.is_nan() { 0.0 } else { best }
            }
            _ => 0.0,
        };
        let factor = bias_factor()?;
        // For an even degree the sign is the same on both sides.
        let bias = bias.map(|(left, right)| (factor * left, factor * right));
        let fewest = (self.holding(false, FEWEST), self.holding(true, FEWEST));
        let both = fewest.0.max(fewest.1);
        let left = best(variance.map(|v| v.left), bias.map(|b| b.0)).min(ends.0).max(fewest.0);
        let right = best(variance.map(|v| v.right), bias.map(|b| b.1)).min(ends.1).max(fewest.1);
        let difference =
            best(variance.map(|v| v.difference), bias.map(|b| b.1 - b.0)).min(farthest).max(both);
        let sum = best(variance.map(|v| v.sum), bias.map(|b| b.1 + b.0)).min(farthest).max(both);
        Some((median(left, difference, sum), median(right, difference, sum)))
    }

    /// Local polynomials of this degree on both sides, and their coefficients of `power`.
    fn fit(&self, left: f64, right: f64, degree: usize, power: usize) -> Option<Fitted> {
        let from = self.x.partition_point(|v| *v < -left);
        let to = self.x.partition_point(|v| *v <= right);
        let lower = self.side(from..self.left, left, degree)?;
        let upper = self.side(self.left..to, right, degree)?;
        let (slope_left, slope_right) = (lower.coefficients[1] / left, upper.coefficients[1] / right);
        let scaled = |side: &Side, h: f64| side.coefficients[power] / h.powi(power as i32);
        Some(Fitted {
            left: slope_left,
            right: slope_right,
            power: (scaled(&lower, left), scaled(&upper, right)),
            variance: self.jackknife(from..to, (&lower, left), (&upper, right), degree),
        })
    }

    fn side(&self, rows: std::ops::Range<usize>, h: f64, degree: usize) -> Option<Side> {
        let terms = degree + 1;
        let mut moments = [[0.0; MOST_TERMS]; MOST_TERMS];
        let mut target = [0.0; MOST_TERMS];
        for i in rows {
            let (row, weight) = row(self.x[i], h, degree);
            for a in 0..terms {
                target[a] += weight * row[a] * self.share[i];
                for b in 0..=a {
                    moments[a][b] += weight * row[a] * row[b];
                }
            }
        }
        let inverse = inverse(&moments, terms)?;
        let mut coefficients = [0.0; MOST_TERMS];
        for (coefficient, row) in coefficients.iter_mut().zip(&inverse) {
            *coefficient = row.iter().zip(&target).map(|(a, b)| a * b).sum();
        }
        Some(Side { inverse, coefficients })
    }

    /// Variances of the slopes: each row pulls at the distribution function of all rows before it.
    fn jackknife(
        &self,
        rows: std::ops::Range<usize>,
        (lower, left): (&Side, f64),
        (upper, right): (&Side, f64),
        degree: usize,
    ) -> Variances {
        let mut variance = Variances { left: 0.0, right: 0.0, difference: 0.0, sum: 0.0 };
        let pull = |i: usize| {
            let (side, h) = if i < self.left { (lower, left) } else { (upper, right) };
            let (row, weight) = row(self.x[i], h, degree);
            weight / h * side.inverse[1].iter().zip(&row).map(|(a, b)| a * b).sum::<f64>()
        };
        // Sums of the pulls of all later rows, from the last row back; those of equal values from the first of them.
        let (mut below, mut above) = (0.0, 0.0);
        let mut end = rows.end;
        while end > rows.start {
            let start = (self.first[end - 1] as usize).max(rows.start);
            let (mut run_below, mut run_above) = (0.0, 0.0);
            for i in start + 1..end {
                let pull = pull(i);
                if i < self.left { run_below += pull } else { run_above += pull }
            }
            let (l, r) = (below + run_below, above + run_above);
            let times = (end - start) as f64;
            variance.left += times * l * l;
            variance.right += times * r * r;
            variance.difference += times * (r - l) * (r - l);
            variance.sum += times * (r + l) * (r + l);
            let first = pull(start);
            (below, above) = (l, r);
            if start < self.left {
                below += first
            } else {
                above += first
            }
            end = start;
        }
        let scale = ((self.x.len() - 1) as f64).powi(-2);
        variance.left *= scale;
        variance.right *= scale;
        variance.difference *= scale;
        variance.sum *= scale;
        variance
    }
}

/// Powers of `x / h`, and the triangular kernel's weight.
fn row(x: f64, h: f64, degree: usize) -> ([f64; MOST_TERMS], f64) {
    let u = x / h;
    let mut row = [0.0; MOST_TERMS];
    let mut power = 1.0;
    for cell in row.iter_mut().take(degree + 1) {
        *cell = power;
        power *= u;
    }
    (row, (1.0 - u.abs()) / h)
}

/// How the first coefficient left out biases the slope at the end of a triangular kernel.
fn bias_factor() -> Option<f64> {
    let moment = |power: usize| 1.0 / (power + 1) as f64 - 1.0 / (power + 2) as f64;
    let mut moments = [[0.0; MOST_TERMS]; MOST_TERMS];
    for (a, row) in moments.iter_mut().enumerate().take(DEGREE + 1) {
        for (b, cell) in row.iter_mut().enumerate().take(a + 1) {
            *cell = moment(a + b);
        }
    }
    let inverse = inverse(&moments, DEGREE + 1)?;
    Some((0..=DEGREE).map(|a| inverse[1][a] * moment(a + DEGREE + 1)).sum())
}

fn median(a: f64, b: f64, c: f64) -> f64 {
    a.max(b).min(a.min(b).max(c))
}

/// Inverse of a positive definite matrix of which the lower half is filled, by its Cholesky factor.
fn inverse(
    matrix: &[[f64; MOST_TERMS]; MOST_TERMS],
    terms: usize,
) -> Option<[[f64; MOST_TERMS]; MOST_TERMS]> {
    let mut factor = [[0.0; MOST_TERMS]; MOST_TERMS];
    for i in 0..terms {
        for j in 0..=i {
            let inner: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
            let left = matrix[i][j] - inner;
            if i == j {
                if !(left > 1e-14 * matrix[i][i]) {
                    return None;
                }
                factor[i][i] = left.sqrt();
            } else {
                factor[i][j] = left / factor[j][j];
            }
        }
    }
    let mut inverse = [[0.0; MOST_TERMS]; MOST_TERMS];
    for column in 0..terms {
        let mut x = [0.0; MOST_TERMS];
        x[column] = 1.0;
        for i in 0..terms {
            for j in 0..i {
                x[i] -= factor[i][j] * x[j];
            }
            x[i] /= factor[i][i];
        }
        for i in (0..terms).rev() {
            for j in i + 1..terms {
                x[i] -= factor[j][i] * x[j];
            }
            x[i] /= factor[i][i];
        }
        for (row, value) in inverse.iter_mut().zip(x).take(terms) {
            row[column] = value;
        }
    }
    Some(inverse)
}

#[cfg(test)]
mod tests;
