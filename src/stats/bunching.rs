//! Excess of values just under a limit over what the rest of the same distribution explains.
//!
//! Values are put in bins of equal width on the logarithmic scale around the limit, so that a lognormal price
//! distribution is a parabola. A Poisson polynomial of degree 2 with terms for round prices is fitted with the bins next
//! to the limit left out, once to both sides and once to the values below alone, and carried over the window under the
//! limit. The first counterfactual asks whether the window stands out between its neighbours; the second whether it does
//! so even when the catalogue simply ends at the limit, as that of a seller does whose carrier takes nothing dearer. The
//! larger p-value of the two counts. Few values are helped by a prior on the curve's shape, taken from the other
//! consignors of the lane with the same bins left out.

use super::poisson::{Fit, Prior, binomial_tail, fit, upper_tail};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson, StandardNormal};
use std::ops::Range;

/// Width of a bin in the logarithm of the value.
pub const BIN: f64 = 1.0 / 30.0;
/// Bins of a histogram: from 0.41 to 2.01 times the limit.
pub const BINS: usize = 48;
/// The first bin above the limit.
pub const EDGE: usize = 27;
/// The window under the limit, 0.9355 to 1 times the limit: just narrow enough to leave out a carrier's own limit of 140
/// under one of 150.
pub const WINDOW: Range<usize> = EDGE - 2..EDGE;
/// Bins that no counterfactual is fitted to, 0.905 to 1.105 times the limit.
pub const GUARD: Range<usize> = EDGE - 3..EDGE + 3;
/// Terms of the curve: level, slope, curvature, round prices, very round prices.
pub const TERMS: usize = 5;
/// Fewest bins below the window that a counterfactual is fitted to.
const FEWEST: usize = 4;

/// Counts by bin.
pub type Histogram = [f64; BINS];

/// The bin of a value, given as its ratio to the limit; nothing outside the range. A bin holds its upper end.
pub fn bin(ratio: f64) -> Option<usize> {
    let position = (ratio.ln() / BIN - 1e-9).ceil() + (EDGE - 1) as f64;
    (position >= 0.0 && position < BINS as f64).then_some(position as usize)
}

/// The bin of a value that the limit admits, or not, whatever rounding says at the limit itself.
pub fn bin_at_limit(ratio: f64, admitted: bool) -> Option<usize> {
    bin(ratio).map(|b| if admitted { b.min(EDGE - 1) } else { b.max(EDGE) })
}

/// The terms of each bin for a limit of so many units of the currency in which prices are set.
#[derive(Clone, Debug)]
pub struct Design {
    rows: [[f64; TERMS]; BINS],
}

impl Design {
    /// Terms around `limit`; prices are round in steps fitting to `scale`, the real limit where this one is a placebo.
    pub fn new(limit: f64, scale: f64) -> Design {
        let (round, rounder) = steps(scale);
        let mut rows = [[0.0; TERMS]; BINS];
        for (i, row) in rows.iter_mut().enumerate() {
            let low = limit * ((i as f64 - EDGE as f64) * BIN).exp();
            let high = low * BIN.exp();
            let x = (i as f64 + 0.5 - EDGE as f64) * BIN;
            *row = [1.0, x, x * x, holds(low, high, round), holds(low, high, rounder)];
        }
        Design { rows }
    }
}

/// Steps of round prices: about a fifteenth of the limit, and five times or twice that.
fn steps(limit: f64) -> (f64, f64) {
    let target = limit / 15.0;
    let power = 10_f64.powf(target.log10().floor());
    let digit = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .min_by(|a, b| (a * power / target).ln().abs().total_cmp(&(b * power / target).ln().abs()))
        .unwrap_or(1.0);
    let step = digit * power;
    (step, if digit == 5.0 { 2.0 * step } else { 5.0 * step })
}

/// 1 where a multiple of `step` lies above `low` and not above `high`; prices such as 149.99 fall into the same bin.
fn holds(low: f64, high: f64, step: f64) -> f64 {
    let slack = 1e-9 * high;
    f64::from(((high + slack) / step).floor() > ((low + slack) / step).floor())
}

/// How a shape is borrowed and how far consignors differ from smooth curves.
#[derive(Clone, Copy, Debug)]
pub struct Assumptions {
    /// Standard deviation of slope and curvature between consignors of a lane.
    pub shape_sd: f64,
    /// Standard deviation of the logarithm of the heaping at round prices between consignors.
    pub heaping_sd: f64,
    /// Squared coefficient of variation of a window about the curve, beyond chance.
    pub unevenness: f64,
}

/// The shape that consignors of a lane share, as a prior.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    mean: [f64; TERMS],
}

impl Shape {
    /// A flat curve with modest heaping, for a lane that has nothing to tell.
    pub const PLAIN: Shape = Shape { mean: [0.0, -1.0, 0.0, 0.2, 0.2] };

    /// The shape of pooled counts; [`Shape::PLAIN`] where they are too few to say.
    pub fn pooled(pool: &Histogram, design: &Design) -> Shape {
        let precision = [1e-6, 0.25, 0.25, 4.0, 4.0];
        let rows = used(0..BINS);
        if rows.iter().map(|&i| pool[i]).sum::<f64>() < 200.0 {
            return Shape::PLAIN;
        }
        curve(pool, design, &rows, &Prior { mean: Shape::PLAIN.mean, precision })
            .map_or(Shape::PLAIN, |fit| Shape { mean: fit.coefficients })
    }

    /// The same curve seen from a placebo limit at `factor` times the real one.
    fn seen_from(&self, factor: f64) -> [f64; TERMS] {
        let mut mean = self.mean;
        mean[1] += 2.0 * mean[2] * factor.ln();
        mean
    }
}

/// Counts in the window against the counterfactual.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Excess {
    /// Count in the window.
    pub observed: f64,
    /// Count in each of the three bins under the limit, the last two of which are the window.
    pub observed_bins: [f64; 3],
    /// Count that the counterfactual expects, the larger of the two.
    pub expected: f64,
    /// The same for each of the three bins under the limit.
    pub expected_bins: [f64; 3],
    /// Count in the two bins above the limit.
    pub above: f64,
    /// Count that the counterfactual fitted to both sides expects there.
    pub expected_above: f64,
    /// Probability of so many in those two bins: a crowd above the limit is no evasion.
    pub p_above: f64,
    /// Probability of so many in the window, the larger of the two counterfactuals'.
    pub p_value: f64,
    /// Probability of such an imbalance between the window and its mirror above the limit.
    pub asymmetry: f64,
}

impl Excess {
    /// Excess mass: count in the window beyond what the counterfactual expects.
    pub fn mass(&self) -> f64 {
        self.observed - self.expected
    }

    /// Share of the window's count that the counterfactual does not explain, 0 to 1.
    pub fn share(&self) -> f64 {
        (1.0 - self.expected / self.observed.max(1e-9)).clamp(0.0, 1.0)
    }

    /// The same share for one of the three bins under the limit. A bin of the window is drawn towards the window's share
    /// as if by four values, the bin before it towards nothing as if by two.
    pub fn share_in(&self, bin: usize) -> f64 {
        let Some(place) = bin.checked_sub(EDGE - 3).filter(|&p| p < 3) else {
            return 0.0;
        };
        let (weight, towards) = if place == 0 { (2.0, 0.0) } else { (4.0, self.share()) };
        let surplus = self.observed_bins[place] - self.expected_bins[place] + weight * towards;
        (surplus / (self.observed_bins[place] + weight)).clamp(0.0, 1.0)
    }

    /// Whether the surplus reaches up to the limit: a pile that ends below it obeys another limit than the law's.
    pub fn reaches_limit(&self) -> bool {
        let [_, _, last] = self.observed_bins;
        last >= 0.2 * self.observed && last > 1.2 * self.expected_bins[2]
    }
}

/// The excess in the window of a histogram around a limit.
///
/// `usable` are the bins on this side of any other limit, `factor` tells a placebo from the real limit (1), and `peers`
/// is the ratio of observed to expected among the lane's other consignors, at least 1. Nothing where too few bins remain.
pub fn excess(
    counts: &Histogram,
    design: &Design,
    usable: Range<usize>,
    factor: f64,
    shape: &Shape,
    peers: f64,
    assumptions: &Assumptions,
) -> Option<Excess> {
    let both = used(usable.clone());
    let below: Vec<usize> = (usable.start..GUARD.start.min(usable.end)).collect();
    if below.len() < FEWEST {
        return None;
    }
    let observed_bins = [counts[EDGE - 3], counts[EDGE - 2], counts[EDGE - 1]];
    let observed = observed_bins[1] + observed_bins[2];
    let mut result: Option<Excess> = None;
    for rows in [&both, &below] {
        let prior = prior(shape, factor, design, rows, assumptions);
        let fitted = curve(counts, design, rows, &prior)?;
        let scatter = fitted.dispersion.max(1.0);
        let (in_window, direction) = window(&fitted, design, WINDOW.start);
        let before = fitted.predict(&design.rows[EDGE - 3]).min(50.0).exp();
        let expected_bins = [before, peers * in_window[0], peers * in_window[1]];
        let expected = expected_bins[1] + expected_bins[2];
        let spread = fitted.variance(&direction) * scatter + assumptions.unevenness;
        let p_value = upper_tail(observed, expected, expected * scatter + expected * expected * spread);
        let (mirror, mirrored) = window(&fitted, design, EDGE);
        let above = counts[EDGE] + counts[EDGE + 1];
        let chance = expected / (expected + mirror[0] + mirror[1]).max(1e-12);
        let asymmetry = binomial_tail(observed, observed + above, chance.min(0.6));
        let expected_above = mirror[0] + mirror[1];
        let spread = fitted.variance(&mirrored) * scatter + assumptions.unevenness;
        let variance = expected_above * scatter + expected_above * expected_above * spread;
        let p_above = upper_tail(above, expected_above, variance);
        let excess = Excess {
            observed,
            observed_bins,
            expected,
            expected_bins,
            above,
            expected_above,
            p_above,
            p_value,
            asymmetry,
        };
        result = Some(match result {
            None => excess,
            Some(other) => {
                let larger = if excess.expected > other.expected { excess } else { other };
                Excess {
                    p_value: excess.p_value.max(other.p_value),
                    asymmetry: other.asymmetry,
                    expected_above: other.expected_above,
                    p_above: other.p_above,
                    ..larger
                }
            }
        });
    }
    result
}

/// Draws of the bootstrap.
const DRAWS: usize = 200;

/// The middle 95 % of the excess mass over a bootstrap: every count is drawn again from Poisson's law about itself
/// (values drawn with replacement), the counterfactual is fitted again, and what it expects is blurred by the unevenness
/// that no curve explains. The same counts give the same interval. Arguments as of [`excess`].
pub fn interval(
    counts: &Histogram,
    design: &Design,
    usable: Range<usize>,
    shape: &Shape,
    peers: f64,
    assumptions: &Assumptions,
) -> Option<(f64, f64)> {
    let mut rng = ChaCha8Rng::seed_from_u64(
        counts
            .iter()
            .fold(0, |seed: u64, c| seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(c.to_bits())),
    );
    let mut masses: Vec<f64> = Vec::with_capacity(DRAWS);
    for _ in 0..DRAWS {
        let drawn = counts.map(|count| {
            if count > 0.0 { Poisson::new(count).map_or(count, |law| law.sample(&mut rng)) } else { 0.0 }
        });
        let blur: f64 = StandardNormal.sample(&mut rng);
        let factor = (assumptions.unevenness.max(0.0).sqrt() * blur).exp();
        if let Some(found) = excess(&drawn, design, usable.clone(), 1.0, shape, peers, assumptions) {
            masses.push(found.observed - factor * found.expected);
        }
    }
    if masses.len() < DRAWS / 2 {
        return None;
    }
    masses.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| masses[((masses.len() - 1) as f64 * share).round() as usize];
    Some((at(0.025), at(0.975)))
}

/// The bins of a range that a counterfactual may be fitted to.
fn used(usable: Range<usize>) -> Vec<usize> {
    usable.filter(|i| !GUARD.contains(i)).collect()
}

fn prior(
    shape: &Shape,
    factor: f64,
    design: &Design,
    rows: &[usize],
    assumptions: &Assumptions,
) -> Prior<TERMS> {
    let mut mean = shape.seen_from(factor);
    mean[0] = 0.0;
    let area: f64 =
        rows.iter().map(|&i| design.rows[i].iter().zip(&mean).map(|(a, b)| a * b).sum::<f64>().exp()).sum();
    // A consignor without a value near the limit is taken to have one, within a factor of seven.
    mean[0] = -area.max(1e-12).ln();
    let shape = assumptions.shape_sd.powi(-2);
    let heaping = assumptions.heaping_sd.powi(-2);
    Prior { mean, precision: [0.25, shape, shape, heaping, heaping] }
}

fn curve(counts: &Histogram, design: &Design, bins: &[usize], prior: &Prior<TERMS>) -> Option<Fit<TERMS>> {
    let rows: Vec<[f64; TERMS]> = bins.iter().map(|&i| design.rows[i]).collect();
    let counts: Vec<f64> = bins.iter().map(|&i| counts[i]).collect();
    fit(&rows, &counts, prior)
}

/// Expected counts of two bins, and the direction in which the coefficients move the logarithm of their sum.
fn window(fit: &Fit<TERMS>, design: &Design, first: usize) -> ([f64; 2], [f64; TERMS]) {
    let rows = [&design.rows[first], &design.rows[first + 1]];
    let expected = rows.map(|row| fit.predict(row).min(50.0).exp());
    let sum = expected[0] + expected[1];
    let mut direction = [0.0; TERMS];
    for (row, e) in rows.iter().zip(&expected) {
        for (d, r) in direction.iter_mut().zip(*row) {
            *d += r * e / sum.max(1e-300);
        }
    }
    (expected, direction)
}

#[cfg(test)]
mod tests;
