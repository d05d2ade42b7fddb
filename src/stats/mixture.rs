//! How probable it is that a low value was cut, when honest values also come discounted and with heavy tails.
//!
//! A residual `x` (log of value over expectation) with its own scale `s` comes from one of four sources: ordinary
//! variation (Student's t of scale `s`), an honest discount, a cut (both uniform in the
//! log factor, blurred by `s`), or an excess on the other, honest side. Their shares are estimated from the data by
//! EM with pseudo-counts, that of cuts depth by depth. Nobody cheats upwards, so whatever the upper tail holds beyond
//! ordinary variation is a measure of how wrong the model is, and the same is honest in the lower tail at the same
//! depth, before anything is called a cut: a badly stratified night raises few flags instead of many. Centre and width of ordinary variation come from the
//! night's own median and upper quartile (Efron's two-group model with an empirical null, its tail taken from the
//! mirror image).

use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::function::erf::erfc;
use statrs::function::gamma::ln_gamma;
use std::sync::LazyLock;

/// Depths that the range of cuts is divided into.
pub const DEPTHS: usize = 4;
/// Sources: ordinary variation, discounts, cuts of each depth, their mirror, and honest excess milder than any cut.
const SOURCES: usize = 3 + 2 * DEPTHS;
const MILD: usize = SOURCES - 1;
/// Rounds of EM: shares settle to three digits.
const ROUNDS: usize = 40;

/// Ranges of the log factor of an honest discount and of a cut, both below zero: `(low, high)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Honest discounts.
    pub discount: (f64, f64),
    /// Cuts.
    pub cut: (f64, f64),
    /// Degrees of freedom of ordinary variation, an odd number: the fewer, the heavier the tails.
    pub freedom: u8,
    /// How much of the upper tail's excess counts against the lower one: 1 where honest variation is symmetric, less
    /// where the upper side holds honest values that have no like below, such as dear brands.
    pub symmetry: f64,
}

impl Shape {
    /// Density of ordinary variation at 0, times its scale.
    fn peak(&self) -> f64 {
        let n = f64::from(self.freedom);
        (ln_gamma((n + 1.0) / 2.0) - ln_gamma(n / 2.0)).exp() / (n * std::f64::consts::PI).sqrt()
    }
    /// Density of ordinary variation, given its peak.
    fn ordinary(&self, peak: f64, x: f64, s: f64) -> f64 {
        let t = x / s;
        peak * (1.0 + t * t / f64::from(self.freedom)).powi(-(i32::from(self.freedom) + 1) / 2) / s
    }
    /// Student's distribution of ordinary variation.
    fn student(&self) -> Option<StudentsT> {
        StudentsT::new(0.0, 1.0, f64::from(self.freedom)).ok()
    }
}

/// Prior shares, as pseudo-observations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    /// Share of honest discounts.
    pub discount: f64,
    /// Share of cuts.
    pub cut: f64,
    /// How many observations the prior is worth.
    pub weight: f64,
}

/// How likely something that was seen is from each source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likelihood {
    /// From a cut.
    pub cut: f64,
    /// From an honest discount.
    pub discount: f64,
    /// From ordinary variation.
    pub usual: f64,
}

impl Likelihood {
    /// What tells nothing.
    pub const EVEN: Likelihood = Likelihood { cut: 1.0, discount: 1.0, usual: 1.0 };

    /// Two things seen, each of which tells nothing of the other.
    pub fn and(self, other: Likelihood) -> Likelihood {
        Likelihood {
            cut: self.cut * other.cut,
            discount: self.discount * other.discount,
            usual: self.usual * other.usual,
        }
    }
}

/// A fitted mixture.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    shape: Shape,
    peak: f64,
    /// Share of honest discounts.
    pub discount: f64,
    /// Share of cuts by depth, mildest first.
    pub cuts: [f64; DEPTHS],
    /// Share of ordinary variation.
    usual: f64,
    /// Share of the same excess on the honest side, as far as it counts.
    pub mirrors: [f64; DEPTHS],
    /// Share of that excess on the honest side itself.
    excess: [f64; DEPTHS],
    /// Share of excess on the honest side milder than any cut.
    mild: f64,
    /// Centre of standardised honest residuals, by their median.
    pub center: f64,
    /// Their width over the one claimed, by the upper side.
    pub width: f64,
    /// How dear honest values are before they are cut.
    dear: Dear,
    /// Standardised residuals above the centre, ascending: the empirical null of the lower tail.
    above: Vec<f32>,
    /// Student's tail at steps of [`TAIL_STEP`] below zero: a table, since every line of a night asks for it.
    tail: Vec<f64>,
    /// How many residuals were seen.
    seen: usize,
    /// Share of discounts among honest residuals, at least the prior's.
    honest_discount: f64,
}

/// Largest share of honest discounts, over the prior's.
const MOST_DISCOUNT: f64 = 1.5;

/// Smallest share of cuts ever assumed: one in five thousand.
const LEAST_CUT: f64 = 0.000_2;

/// Steps of the table of Student's tail, in standard deviations, and their number.
const TAIL_STEP: f64 = 0.02;
const TAIL_STEPS: usize = 1_500;
/// Share of all cuts that is spread over the depths, seen or not.
const UNSEEN: f64 = 0.1;

impl Mixture {
    /// Estimates the shares from residuals and their scales.
    pub fn fit(residuals: &[(f32, f32)], shape: Shape, prior: Prior) -> Mixture {
        Mixture::estimate(residuals, |_| Likelihood::EVEN, shape, prior, false)
    }

    /// The same where something else was seen of each residual, by its position. That tells the honest excess and its
    /// like below from cuts of the same depth, so that they are one source; where nothing else was seen, what the
    /// upper side holds is taken off the cuts and stays a rival of them.
    pub fn fit_given(
        residuals: &[(f32, f32)],
        seen: impl Fn(usize) -> Likelihood,
        shape: Shape,
        prior: Prior,
    ) -> Mixture {
        Mixture::estimate(residuals, seen, shape, prior, true)
    }

    fn estimate(
        residuals: &[(f32, f32)],
        seen: impl Fn(usize) -> Likelihood,
        shape: Shape,
        prior: Prior,
        tied: bool,
    ) -> Mixture {
        const SAMPLE: usize = 30_000;
        let step = residuals.len().div_ceil(SAMPLE).max(1);
        let (center, width) = empirical_null(residuals, shape);
        let peak = shape.peak();
        let dear = Dear::of(residuals, center, width, &shape);
        let densities: Vec<[f64; SOURCES]> = residuals
            .iter()
            .enumerate()
            .step_by(step)
            .map(|(i, &(x, s))| {
                let (x, s) = calibrated(f64::from(x), f64::from(s), center, width);
                let seen = seen(i);
                let (below, above) = (severed(x, s, shape.cut), severed(-x, s, shape.cut));
                let cut = dear.severed(x, s, shape.cut);
                let mut density = [0.0; SOURCES];
                density[0] = seen.usual * shape.ordinary(peak, x, s);
                density[1] = seen.discount * blurred(x, s, shape.discount);
                for depth in 0..DEPTHS {
                    density[2 + depth] = seen.cut * cut[depth];
                    let like = if tied { shape.symmetry } else { 0.0 };
                    density[2 + DEPTHS + depth] =
                        (seen.usual * above[depth] + like * seen.discount * below[depth]) / (1.0 + like);
                }
                density[MILD] = seen.usual * blurred(-x, s, (shape.cut.1, 0.0));
                density
            })
            .collect();
        let mut start = [prior.cut / DEPTHS as f64; SOURCES];
        start[0] = 1.0 - prior.discount - 1.5 * prior.cut;
        start[1] = prior.discount;
        start[MILD] = prior.cut / 2.0;
        start[0] -= start[MILD];
        start[2 + DEPTHS..MILD].iter_mut().for_each(|mirror| *mirror /= 2.0);
        let mut share = start;
        for _ in 0..ROUNDS {
            let mut sum = start.map(|p| p * prior.weight);
            for d in &densities {
                let total: f64 = share.iter().zip(d).map(|(p, d)| p * d).sum();
                if total > 0.0 {
                    sum.iter_mut().zip(share).zip(d).for_each(|((s, p), d)| *s += p * d / total);
                }
            }
            let total: f64 = sum.iter().sum();
            share = sum.map(|s| s / total);
            // Where a cut might be a discount as well, the discount explains no more than is usual.
            let most = MOST_DISCOUNT * prior.discount;
            if share[1] > most {
                let rest = (1.0 - most) / (1.0 - share[1]);
                share.iter_mut().for_each(|p| *p *= rest);
                share[1] = most;
            }
        }
        let mut above: Vec<f32> = residuals
            .iter()
            .map(|&(x, s)| {
                let (x, s) = calibrated(f64::from(x), f64::from(s), center, width);
                (x / s) as f32
            })
            .filter(|z| *z > 0.0)
            .collect();
        rayon::slice::ParallelSliceMut::par_sort_unstable_by(&mut above[..], f32::total_cmp);
        let excess = |depth: usize| share[2 + DEPTHS + depth];
        let mirrors: [f64; DEPTHS] = std::array::from_fn(|depth| {
            excess(depth) * shape.symmetry / if tied { 1.0 + shape.symmetry } else { 1.0 }
        });
        let cuts: [f64; DEPTHS] = std::array::from_fn(|depth| {
            (share[2 + depth] - if tied { 0.0 } else { mirrors[depth] }).max(0.0)
        });
        let both = |depth: usize| if tied { excess(depth) } else { 2.0 * mirrors[depth] };
        let other = share[MILD] + (0..DEPTHS).map(both).sum::<f64>();
        // A night with cuts of one depth may hold some of any: a depth not seen is not a depth excluded.
        let least = (UNSEEN * cuts.iter().sum::<f64>()).max(LEAST_CUT) / DEPTHS as f64;
        Mixture {
            shape,
            peak,
            discount: share[1],
            cuts: cuts.map(|cut| cut.max(least)),
            usual: (1.0 - share[1] - cuts.iter().map(|cut| cut.max(least)).sum::<f64>() - other).max(0.1),
            mirrors,
            excess: std::array::from_fn(|d| if tied { excess(d) - mirrors[d] } else { excess(d) }),
            mild: share[MILD],
            center,
            width,
            dear,
            above,
            tail: (0..TAIL_STEPS)
                .map(|step| shape.student().map_or(1.0, |t| t.cdf(-(step as f64) * TAIL_STEP)))
                .collect(),
            seen: residuals.len(),
            honest_discount: prior.discount.max(share[1]),
        }
    }

    /// Probability that a residual is a cut.
    pub fn posterior(&self, x: f64, s: f64) -> f64 {
        self.posterior_given(x, s, Likelihood::EVEN)
    }

    /// Probability that a residual is a cut, where something else was seen of the value that is as likely as stated
    /// from each source.
    pub fn posterior_given(&self, x: f64, s: f64, seen: Likelihood) -> f64 {
        let (x, s) = calibrated(x, s, self.center, self.width);
        let by_depth = |shares: &[f64; DEPTHS], densities: [f64; DEPTHS]| -> f64 {
            shares.iter().zip(densities).map(|(share, density)| share * density).sum()
        };
        let range = self.shape.cut;
        let cut = seen.cut * by_depth(&self.cuts, self.dear.severed(x, s, range));
        let low = self.discount * blurred(x, s, self.shape.discount)
            + by_depth(&self.mirrors, severed(x, s, range));
        let usual = self.usual * self.shape.ordinary(self.peak, x, s)
            + by_depth(&self.excess, severed(-x, s, range))
            + self.mild * blurred(-x, s, (range.1, 0.0));
        let total = cut + seen.discount * low + seen.usual * usual;
        if total > 0.0 { cut / total } else { 0.0 }
    }

    /// Probability that an honest residual lies as low: the larger of Student's tail and of the share of residuals
    /// that lie as far on the honest side, and beside that the share of honest discounts that reach as far down. Honest
    /// values come from both sources, so a test against the first alone would reject clearance sales.
    pub fn p_value(&self, x: f64, s: f64) -> f64 {
        let (x, s) = calibrated(x, s, self.center, self.width);
        let z = x / s;
        if z >= 0.0 {
            return 1.0;
        }
        let as_far = self.above.len() - self.above.partition_point(|a| f64::from(*a) < -z);
        // Half of the honest residuals are above zero: the share among all of them is the one-sided tail.
        let mirror = (1 + as_far) as f64 / (1 + self.seen) as f64;
        // The step nearer to zero, so that the tail is never taken too small.
        let step = ((-z / TAIL_STEP) as usize).min(self.tail.len().saturating_sub(1));
        let tail = self.tail.get(step).copied().unwrap_or(1.0);
        (mirror.max(tail) + self.honest_discount * blurred_below(x, s, self.shape.discount)).min(1.0)
    }

    /// Probability that a value is a cut of which nothing is known.
    pub fn share(&self) -> f64 {
        self.cuts.iter().sum()
    }

    /// How many residuals were seen.
    pub fn tests(&self) -> usize {
        self.seen
    }
}

/// Residuals that the centre and the width they are claimed to have are worth.
const CLAIM_WEIGHT: f64 = 100.0;

/// Centre and width of honest standardised residuals: the median and the upper quartile, where cuts hardly reach;
/// shrunk to the claim (0 and 1) by [`CLAIM_WEIGHT`] and kept near it.
fn empirical_null(residuals: &[(f32, f32)], shape: Shape) -> (f64, f64) {
    let mut z: Vec<f64> = residuals.iter().map(|(x, s)| f64::from(x / s)).collect();
    let n = z.len() as f64;
    let center = super::robust::median(&mut z);
    let mut above: Vec<f64> = z.iter().map(|z| z - center).filter(|d| *d >= 0.0).collect();
    let quartile = shape.student().map_or(0.674_5, |t| t.inverse_cdf(0.75));
    let width = super::robust::median(&mut above) / quartile;
    let weight = n / (n + CLAIM_WEIGHT);
    // Prices on a heap leave residuals of nothing: then the width is the one claimed.
    if !(center.is_finite() && width > 0.3) {
        return (0.0, 1.0);
    }
    ((center * weight).clamp(-0.4, 0.6), (1.0 + (width - 1.0) * weight).clamp(0.6, 1.8))
}

/// A residual and its standard deviation as the night shows them.
fn calibrated(x: f64, s: f64, center: f64, width: f64) -> (f64, f64) {
    (x - center * s, s * width)
}

/// Density of a cut of each depth, mildest first; one deeper than any foreseen is as good as the deepest.
fn severed(x: f64, s: f64, (low, high): (f64, f64)) -> [f64; DEPTHS] {
    let x = x.max(low);
    let step = (high - low) / DEPTHS as f64;
    let mut above = about_below((high - x) / s);
    std::array::from_fn(|depth| {
        let until = about_below((high - step * (depth + 1) as f64 - x) / s);
        let density = (above - until).max(0.0) / step;
        above = until;
        density
    })
}

/// Honest values that are dearer than usual: a cut takes off from what would have been declared, which the upper side
/// of the night shows. Half of a price twice the usual one is the usual one, and only the rest of the evidence tells.
#[derive(Clone, Debug, PartialEq)]
struct Dear {
    /// Share of honest values that are.
    share: f64,
    /// By how much, on the log scale: equally likely steps.
    by: [f64; DEAR_STEPS],
}

const DEAR_STEPS: usize = 6;
/// Standardised residuals above this are dear rather than ordinary.
const DEAR_FROM: f64 = 2.0;

impl Dear {
    fn of(residuals: &[(f32, f32)], center: f64, width: f64, shape: &Shape) -> Dear {
        let mut above: Vec<f64> = residuals
            .iter()
            .map(|&(x, s)| calibrated(f64::from(x), f64::from(s), center, width))
            .filter(|(x, s)| *x > DEAR_FROM * s)
            .map(|(x, _)| x)
            .collect();
        above.sort_unstable_by(f64::total_cmp);
        let ordinary = shape.student().map_or(0.0, |t| t.cdf(-DEAR_FROM));
        let share = above.len() as f64 / (residuals.len() as f64 + CLAIM_WEIGHT) - ordinary;
        let by = std::array::from_fn(|step| {
            super::robust::quantile_sorted(&above, (step as f64 + 0.5) / DEAR_STEPS as f64)
        });
        if share > 0.0 && above.len() >= DEAR_STEPS {
            Dear { share, by }
        } else {
            Dear { share: 0.0, by: [0.0; DEAR_STEPS] }
        }
    }

    /// Density of a cut of each depth, mildest first, from any honest value.
    fn severed(&self, x: f64, s: f64, cut: (f64, f64)) -> [f64; DEPTHS] {
        let mut density = severed(x, s, cut);
        if self.share > 0.0 {
            density.iter_mut().for_each(|d| *d *= 1.0 - self.share);
            for by in self.by {
                let from_dear = severed(x - by, s, cut);
                density.iter_mut().zip(from_dear).for_each(|(d, f)| *d += self.share / DEAR_STEPS as f64 * f);
            }
        }
        density
    }
}

/// The normal distribution function.
pub(crate) fn below(z: f64) -> f64 {
    0.5 * erfc(-z / std::f64::consts::SQRT_2)
}

/// Reach of the table of [`about_below`] either side of 0, and its steps per unit.
const REACH: f64 = 8.0;
const STEPS: f64 = 256.0;
static BELOW: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let steps = (2.0 * REACH * STEPS) as usize;
    (0..=steps).map(|step| below(step as f64 / STEPS - REACH)).collect()
});

/// [`below`] by a table, to within two ten-thousandths of its value: densities ask for dozens of them a line.
fn about_below(z: f64) -> f64 {
    let place = (z + REACH) * STEPS;
    let first = place as usize;
    match BELOW.get(first..first + 2) {
        Some(&[a, b]) if place >= 0.0 => a + (b - a) * (place - first as f64),
        _ => below(z),
    }
}

/// Density of a uniform log factor blurred by a normal error.
fn blurred(x: f64, s: f64, (low, high): (f64, f64)) -> f64 {
    (about_below((high - x) / s) - about_below((low - x) / s)).max(0.0) / (high - low)
}

/// Distribution function of a uniform log factor blurred by a normal error.
fn blurred_below(x: f64, s: f64, (low, high): (f64, f64)) -> f64 {
    // Integral of the normal distribution function.
    let area = |z: f64| z * below(z) + (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
    ((area((x - low) / s) - area((x - high) / s)) * s / (high - low)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    const SHAPE: Shape = Shape { discount: (-0.92, -0.2), cut: (-2.5, -0.5), freedom: 7, symmetry: 1.0 };
    const PRIOR: Prior = Prior { discount: 0.05, cut: 0.02, weight: 200.0 };

    fn night(n: usize, cut: f64, scale: f32, seed: u64) -> Vec<(f32, f32)> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..n)
            .map(|_| {
                let noise: f64 = StandardNormal.sample(&mut rng);
                let is_cut = rng.random::<f64>() < cut;
                (noise as f32 * scale + if is_cut { -1.386 } else { 0.0 }, 0.3)
            })
            .collect()
    }

    #[test]
    fn the_share_of_cuts_is_found_and_none_is_made_up() {
        let found = Mixture::fit(&night(20_000, 0.05, 0.3, 1), SHAPE, PRIOR);
        let cut = |m: &Mixture| m.cuts.iter().sum::<f64>();
        assert!((cut(&found) - 0.05).abs() < 0.015, "{:?}", found.cuts);
        let none = Mixture::fit(&night(20_000, 0.0, 0.3, 2), SHAPE, PRIOR);
        assert!(cut(&none) < 0.003, "{:?}", none.cuts);
    }

    #[test]
    fn a_scale_that_is_too_small_raises_few_flags() {
        let night = night(20_000, 0.0, 0.6, 3);
        let mixture = Mixture::fit(&night, SHAPE, PRIOR);
        let flags =
            night.iter().filter(|(x, s)| mixture.posterior(f64::from(*x), f64::from(*s)) > 0.5).count();
        assert!(flags < 40, "{flags} of 20,000 honest values");
    }

    #[test]
    fn p_values_of_honest_residuals_are_uniform_or_larger() {
        for scale in [0.25, 0.3, 0.5] {
            let night = night(20_000, 0.0, scale, 4);
            let mixture = Mixture::fit(&night, SHAPE, PRIOR);
            for level in [0.2, 0.05, 0.01, 0.001] {
                let share = night
                    .iter()
                    .filter(|(x, s)| mixture.p_value(f64::from(*x), f64::from(*s)) <= level)
                    .count() as f64
                    / night.len() as f64;
                let noise = 3.0 * (level / night.len() as f64).sqrt();
                assert!(share <= level + 2.0 * noise, "{share} at {level}, scale {scale}");
            }
        }
    }

    #[test]
    fn honest_discounts_do_not_make_p_values_small() {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let (low, high) = SHAPE.discount;
        let night: Vec<(f32, f32)> = (0..20_000)
            .map(|_| {
                let noise: f64 = StandardNormal.sample(&mut rng);
                let discount =
                    if rng.random::<f64>() < 0.05 { low + (high - low) * rng.random::<f64>() } else { 0.0 };
                ((0.1 * noise + discount) as f32, 0.1)
            })
            .collect();
        let mixture = Mixture::fit(&night, SHAPE, PRIOR);
        for level in [0.2, 0.05, 0.01] {
            let low = |(x, s): &&(f32, f32)| mixture.p_value(f64::from(*x), f64::from(*s)) <= level;
            let share = night.iter().filter(low).count() as f64 / night.len() as f64;
            assert!(share <= 1.15 * level, "{share} at {level}");
        }
        assert!(mixture.p_value(-1.8, 0.1) < 0.001, "a cut deeper than any discount is still told");
        let x = -0.4;
        let step = 1e-4;
        let slope = (blurred_below(x + step, 0.1, (low, high)) - blurred_below(x - step, 0.1, (low, high)))
            / (2.0 * step);
        assert!(
            (slope - blurred(x, 0.1, (low, high))).abs() < 1e-4,
            "a distribution function grows by its density"
        );
    }

    #[test]
    fn a_dear_value_that_was_cut_is_told_by_what_else_was_seen() {
        // Half of twice the usual price is the usual price.
        let night = |dear: usize| -> Vec<(f32, f32)> {
            let at = |i: usize| match i % 100 {
                n if n < dear => 0.7,
                n if n >= 95 => -0.7,
                n => 0.02 * (n % 5) as f32 - 0.04,
            };
            (0..5_000).map(|i| (at(i), 0.05)).collect()
        };
        let alone = Likelihood { cut: 0.8, discount: 0.4, usual: 0.01 };
        let at_list = |dear| Mixture::fit(&night(dear), SHAPE, PRIOR).posterior_given(-0.05, 0.05, alone);
        let (none, some) = (at_list(0), at_list(15));
        assert!(some > 1e-4 && some > 10.0 * none, "{some} where a seventh is dear, {none} where none is");
    }

    #[test]
    fn the_table_is_the_normal_distribution_function() {
        let mut last = 0.0;
        for step in -20_000..=20_000 {
            let z = f64::from(step) / 1_999.0;
            let (about, exact) = (about_below(z), below(z));
            assert!((about - exact).abs() <= 2e-4 * exact, "{z}: {about}, {exact}");
            assert!(about >= last, "{z}");
            last = about;
        }
        assert!(about_below(f64::NAN).is_nan());
    }

    #[test]
    fn what_is_not_low_still_has_an_order() {
        let mixture = Mixture::fit(&night(20_000, 0.05, 0.3, 7), SHAPE, PRIOR);
        let at = |x| mixture.posterior(x, 0.25);
        assert!(at(-0.1) > at(0.0) && at(0.0) > at(0.1) && at(0.1) > 0.0);
    }

    #[test]
    fn deeper_is_hardly_ever_less_probable() {
        let mixture = Mixture::fit(&night(20_000, 0.05, 0.3, 5), SHAPE, PRIOR);
        let mut last = 0.0;
        for step in 0..50 {
            let posterior = mixture.posterior(-f64::from(step) * 0.1, 0.25);
            assert!(posterior >= last - 0.05, "{posterior} after {last} at step {step}");
            last = posterior;
        }
        assert!(last > 0.95);
    }
}
