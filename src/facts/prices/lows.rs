//! Whether a low price that several lines of an article have is one of its prices, or was cut several times by chance.
//!
//! A clearance, or two sizes under one name, give an article a second price: of its `n` lines a share `u` has it, any
//! share up to a half. Lines that are cut one by one, by a share of [`CUT_SHARE`] of all, lie low together now and then
//! as well. Of a line that lies low, with `j` of the `m` others as low as itself, the likelihood ratio of the two is
//!
//! `Bin(j; m, 0.05)  /  8 ∫ u Bin(j; m, u) du, u from 0 to ½`
//!
//! (a line that was picked for lying low is of an article in proportion to `u`). How many of the night's low lines are of
//! either kind is told by all of them together, by EM, apart for depths that honest discounts reach and for those that
//! they do not: where many articles have a single low line and few have several, several are chance; where low lines
//! stand mostly together, they are prices.

use super::model::Residual;
use statrs::function::beta::{beta_reg, ln_beta};
use statrs::function::factorial::ln_factorial;

/// Largest share of an article's lines that may lie low before the low price is one of its prices, by their number alone.
const LOW_SHARE: f64 = 0.22;
/// Share of lines that may be cut.
pub(super) const CUT_SHARE: f64 = 0.05;
/// Residual of a line at a low price of its article.
pub(super) const KEPT: f64 = -0.2;
/// Lines from which two low ones are not yet a share.
const TWO_LOW_FROM: usize = 6;
/// Share of the log distance to the middle within which prices are alike in that: discounts of 35 and of 50 % are of
/// one sale.
pub(super) const LOW_REACH: f64 = 0.4;
/// Residual from which a line tells how low lines of the night stand, and that down to which honest discounts reach.
const LOW: f64 = -0.5;
const DISCOUNTS: f64 = -0.85;
/// Share of low lines that are low by chance before a night is seen, and lines that it is worth.
const BEFORE: f64 = 0.3;
const BEFORE_LINES: f64 = 20.0;
const ROUNDS: usize = 50;
/// Probability of chance from which a price that several lines share is not one of the article's.
const BY_CHANCE: f64 = 0.25;
/// Share of an excuse that is taken back at the least, so that the deeper of two prices still comes first.
const IN_ORDER: f64 = 0.05;

/// How likely so many lines of an article are low if they were cut by chance, over if they have a price of the article.
pub(super) fn by_chance(as_low: usize, n: usize) -> f64 {
    let (j, m) = (as_low.saturating_sub(1) as f64, n.saturating_sub(1) as f64);
    let ways = ln_factorial(m as u64) - ln_factorial(j as u64) - ln_factorial((m - j) as u64);
    let cut = ways + j * CUT_SHARE.ln() + (m - j) * (1.0 - CUT_SHARE).ln();
    let (a, b) = (j + 2.0, m - j + 1.0);
    let price = ways + 8.0_f64.ln() + ln_beta(a, b) + beta_reg(a, b, 0.5).max(f64::MIN_POSITIVE).ln();
    (cut - price).exp()
}

/// Takes a low price that a good part of the lines share for one of their prices.
pub(super) fn excuse_low(residual: &mut Residual, as_low: usize, n: usize) {
    if residual.seen() >= KEPT {
        return;
    }
    residual.chance = residual.chance.min(by_chance(as_low, n));
    if as_low > allowed_low(n) {
        residual.excuse();
    }
}

/// How many of an article's lines may lie low before their price is one of its prices: the share, and never fewer than
/// may be cut by chance, three standard deviations of a binomial distribution up.
pub(super) fn allowed_low(n: usize) -> usize {
    let mean = n as f64 * CUT_SHARE;
    let chance = ((mean + 3.0 * mean.sqrt() + 0.5) as usize).min(n.saturating_sub(1) / 2);
    ((n as f64 * LOW_SHARE) as usize).max(chance).max(if n >= TWO_LOW_FROM { 2 } else { 1 })
}

/// Share of a night's low lines that are low by chance: among those that honest discounts reach, and deeper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lows([f64; 2]);

impl Lows {
    /// From residuals that nothing was excused of, and their likelihood ratios.
    pub fn of(lines: impl Iterator<Item = (f64, f64)>) -> Lows {
        let mut ratios = [Vec::new(), Vec::new()];
        lines
            .filter(|line| line.0 <= LOW && line.1.is_finite())
            .for_each(|(x, ratio)| ratios[depth(x)].push(ratio));
        Lows(ratios.map(|ratios| {
            (0..ROUNDS).fold(BEFORE, |share, _| {
                let seen: f64 = ratios.iter().map(|ratio| posterior(share, *ratio)).sum();
                (BEFORE * BEFORE_LINES + seen) / (BEFORE_LINES + ratios.len() as f64)
            })
        }))
    }

    /// Probability that a line is low by chance.
    pub fn posterior(self, x: f64, ratio: f64) -> f64 {
        posterior(self.0[depth(x)], ratio)
    }

    /// Takes as much of an excuse back as chance may have made of the low lines.
    pub fn settle(self, residual: &mut Residual) {
        let chance = match residual.excused {
            0.0 => 1.0,
            _ => self.posterior(residual.seen(), residual.chance),
        };
        if chance >= BY_CHANCE {
            (residual.x, residual.chance) = (residual.seen(), chance);
        } else {
            (residual.x, residual.chance) = (residual.x - chance.max(IN_ORDER) * residual.excused, 1.0);
        }
        residual.excused = 0.0;
    }
}

fn depth(x: f64) -> usize {
    usize::from(x < DISCOUNTS)
}

fn posterior(share: f64, ratio: f64) -> f64 {
    share * ratio / (share * ratio + 1.0 - share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_those_of_numerical_integration() {
        // scipy: binom.pmf(j, m, 0.05) / (8 * quad(lambda u: u * binom.pmf(j, m, u), 0, 0.5)[0])
        let known = [
            (1, 12, 11.110_589_623_454_493),
            (3, 12, 0.590_534_179_452_227_2),
            (2, 4, 0.338_437_5),
            (9, 80, 2.403_434_811_923_555),
            (5, 18, 0.067_430_709_381_232_44),
        ];
        for (as_low, n, ratio) in known {
            let found = by_chance(as_low, n);
            assert!((found - ratio).abs() < 1e-9 * ratio, "{as_low} of {n}: {found}, {ratio}");
        }
    }

    /// Residuals and ratios of so many articles of twelve lines with so many low ones.
    fn night(x: f64, articles: &[(usize, usize)]) -> Vec<(f64, f64)> {
        let of = |&(low, articles): &(usize, usize)| vec![(x, by_chance(low, 12)); low * articles];
        articles.iter().flat_map(of).collect()
    }

    #[test]
    fn three_low_lines_of_twelve_are_chance_where_the_night_has_many_single_ones() {
        // A thousand articles of which each line is cut with a probability of 5 %; a hundred with a price for a quarter.
        let chance = Lows::of(night(-1.4, &[(1, 341), (2, 99), (3, 17), (4, 2)]).into_iter());
        let prices = Lows::of(night(-1.4, &[(1, 13), (2, 23), (3, 26), (4, 19), (5, 10)]).into_iter());
        let three = by_chance(3, 12);
        assert!(chance.posterior(-1.4, three) > 0.8, "{chance:?}");
        assert!(prices.posterior(-1.4, three) < 0.2, "{prices:?}");
        // What the night shows of one depth says nothing of the other.
        assert!(chance.posterior(-0.6, three) < BY_CHANCE);
    }

    #[test]
    fn an_excuse_is_taken_back_by_as_much_as_chance_explains() {
        let excused = |low: usize| {
            let mut residual = Residual::new(-1.4, 0.1, 0.0);
            excuse_low(&mut residual, low, 12);
            residual
        };
        assert!(excused(3).excused == 0.0 && excused(4).x > KEPT - 1e-9);
        let lows = Lows([0.5, 0.9]);
        let settled = |low: usize| {
            let mut residual = excused(low);
            lows.settle(&mut residual);
            residual
        };
        let (three, four, six) = (settled(3), settled(4), settled(6));
        assert_eq!((three.x, three.chance), (-1.4, 1.0));
        assert!(four.x == -1.4 && four.chance > 0.3 && four.chance < 0.7, "{four:?}");
        assert!(six.x < KEPT && six.x > -0.3 && six.chance == 1.0, "{six:?}");
        // The deeper of two prices of the article comes first.
        let price = |x: f64| {
            let mut residual = Residual::new(x, 0.1, 0.0);
            excuse_low(&mut residual, 6, 12);
            Lows([0.0; 2]).settle(&mut residual);
            residual.x
        };
        assert!(price(-1.0) < price(-0.7) && price(-0.7) < KEPT && price(-1.0) > -0.25);
    }
}
