//! Each line against all lines of its code that are described alike, its consignor's level taken off.
//!
//! A consignor's few lines of an article tell neither how value grows with weight nor, where one description covers
//! several products, which of them a line is. The lines of all consignors together do. For a line of consignor `c` with
//! log value `v`, log weight `w` and log kg per piece `z`:
//!
//! `v = f(z) + β·w + level(c) + ε`
//!
//! an additive model, fitted by turns (backfitting: L. Breiman, J. Friedman, J. Am. Stat. Assoc. 80:580, 1985):
//! - `f` is the median of the nearest lines in kg per piece, the line itself left out;
//! - `β` is an MM line through what is left, shrunk like the slopes of `slopes.rs`;
//! - `level(c)` is the mean of what is left by Tukey's bisquare weights, shrunk to 0 by how far honest levels lie apart
//!   (a random effect: N. Laird, J. Ware, Biometrics 38:963, 1982), again without the line.
//!
//! Neither comparison is better everywhere: an article of one seller at one price is told best by itself. Both foretell
//! each line without having seen it, so that their errors say which to take in a group (F. Diebold, R. Mariano, J. Bus.
//! Econ. Stat. 13:253, 1995): only the upper side is looked at, which cuts do not touch.

use super::history::{
    ALIKE, Entry, FLOOR, MEDIAN_COST, NEAR_REACH, NEIGHBOURS_FROM, USUAL_LINES, Usual, granted,
    second_largest, unlike,
};
use super::lows::{CUT_SHARE, KEPT, LOW_REACH, excuse_low};
use super::model::{Residual, generous, own_spread};
use super::slopes::shrunk;
use crate::stats::robust::{self, bisquare_line};

/// Lines that are described alike from which they are compared so.
pub(super) const FROM: usize = 40;
/// Root mean square of the upper residuals from which a comparison is worth improving.
const WORTH: f64 = 0.12;
/// Neighbours on either side in kg per piece.
const NEIGHBOURS: usize = 40;
/// Share of a normal distribution below one standard deviation under its middle.
const ONE_BELOW: f64 = 0.158_655;
/// Turns in which the parts of the model settle.
const TURNS: usize = 3;
/// Lines that tell the slope, at most, and its bounds.
const MOST: usize = 1_000;
const SLOPE: (f64, f64) = (0.3, 1.2);
/// Width of Tukey's bisquare for 95 % efficiency.
const BISQUARE: f64 = 4.685;
/// Standard errors by which the errors must be smaller, and the share of the other's that they come to at most.
const SURE: f64 = 2.0;
const SMALLER: f64 = 0.95;
/// Lines of a consignor that a low one is held against, at most.
const RIVALS: usize = 500;

/// A line as its kin see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kin {
    pub entry: Entry,
    /// Its residual to its consignor's own lines.
    pub own: f64,
}

impl Kin {
    fn heavy(&self) -> f64 {
        self.entry.weight - self.entry.quantity
    }
}

/// What is left of a line's value, and how sure the part by kg per piece is.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    /// Log value without `f` and `β·w`: the consignor's level and chance.
    rest: f64,
    /// Spread of the neighbours, their number, and how many of them lie as low.
    spread: f64,
    near: usize,
    low: usize,
    /// How far off they are in log kg per piece, where there are none within reach.
    gap: f64,
}

/// Residuals of lines of one code described alike, counted and weighed, in the order of their consignors, where they
/// are foretold better so than by their consignor's own.
pub(super) fn against_kin(kin: &[Kin], usual: Usual, between: f64) -> Option<Vec<Residual>> {
    if !worth(kin.iter().map(|k| k.own)) {
        return None;
    }
    let mut order: Vec<u32> = (0..kin.len() as u32).collect();
    // Of goods of one weight a piece, those in lots of like weight are nearest.
    order.sort_unstable_by(|a, b| {
        let (one, other) = (&kin[*a as usize], &kin[*b as usize]);
        let by_lot = one.entry.weight.total_cmp(&other.entry.weight);
        one.heavy().total_cmp(&other.heavy()).then(by_lot).then(a.cmp(b))
    });
    let mut slope = (1.0 + usual.by_weight - usual.discount).clamp(SLOPE.0, SLOPE.1);
    let mut levels = vec![0.0; kin.len()];
    let mut parts = vec![Part::default(); kin.len()];
    let mut scale = 0.0;
    for turn in 0..TURNS {
        foretell(kin, &order, slope, &levels, &mut parts);
        scale = spread_of(&parts, &levels);
        shared(kin, &parts, scale, between, |i, level, _| levels[i] = level);
        if turn + 1 < TURNS {
            slope = steeper(kin, &parts, &levels, slope);
        }
    }
    let mut found = vec![Residual::new(0.0, 0.0, 0.0); kin.len()];
    let of_line = |i: usize, level: f64, uncertain: f64| {
        let part = parts[i];
        let n = part.near as f64;
        let own = (part.spread * part.spread * n + USUAL_LINES * scale * scale) / (n + USUAL_LINES);
        let vague = own * MEDIAN_COST / n + uncertain + unlike(part.gap);
        // What a good part of the like goods cost, whoever sends them, is one of their prices.
        found[i] = Residual::new(part.rest - level, (own + vague).sqrt().max(FLOOR), vague);
        excuse_low(&mut found[i], part.low + 1, part.near + 1);
    };
    without_line(kin, &parts, &levels, scale, between, of_line);
    better(kin, &found).then(|| {
        excuse(kin, &mut found, usual);
        found
    })
}

/// Takes the part by weight and by kg per piece off each line.
fn foretell(kin: &[Kin], order: &[u32], slope: f64, levels: &[f64], parts: &mut [Part]) {
    let flat: Vec<(f64, f64)> = order
        .iter()
        .map(|i| {
            let (k, level) = (&kin[*i as usize], levels[*i as usize]);
            (k.heavy(), k.entry.value - slope * k.entry.weight - level)
        })
        .collect();
    let mut near = Vec::with_capacity(2 * NEIGHBOURS);
    for (place, &i) in order.iter().enumerate() {
        let (heavy, value) = flat[place];
        let around = |reach: usize| place.saturating_sub(reach)..(place + reach + 1).min(flat.len());
        let others = |reach: usize| around(reach).filter(|at| *at != place).map(|at| flat[at]);
        near.clear();
        near.extend(others(NEIGHBOURS).filter(|o| (o.0 - heavy).abs() <= NEAR_REACH).map(|o| o.1));
        let mut gap = 0.0;
        if near.len() < NEIGHBOURS_FROM {
            near.clear();
            near.extend(others(NEIGHBOURS_FROM).map(|o| o.1));
            gap = others(NEIGHBOURS_FROM).map(|o| (o.0 - heavy).abs()).fold(0.0, f64::max);
        }
        near.sort_unstable_by(f64::total_cmp);
        let middle = robust::median_sorted(&near);
        let as_low = value + LOW_REACH * (middle - value).max(0.0);
        parts[i as usize] = Part {
            rest: value + levels[i as usize] - middle,
            spread: both_ways(&near, middle),
            near: near.len(),
            low: near.partition_point(|v| *v <= as_low),
            gap,
        };
    }
}

/// Spread of neighbours in ascending order. Cheaper goods among them are honest: the lower side counts as well, without
/// the share that may be cut.
fn both_ways(sorted: &[f64], middle: f64) -> f64 {
    let below = middle - robust::quantile_sorted(sorted, CUT_SHARE + (1.0 - CUT_SHARE) * ONE_BELOW);
    own_spread(sorted).max(below)
}

/// Spread of what is left without the levels.
fn spread_of(parts: &[Part], levels: &[f64]) -> f64 {
    let mut rest: Vec<f64> = parts.iter().zip(levels).map(|(part, level)| part.rest - level).collect();
    rest.sort_unstable_by(f64::total_cmp);
    own_spread(&rest).max(FLOOR)
}

/// The slope of value on weight with what it left over.
fn steeper(kin: &[Kin], parts: &[Part], levels: &[f64], slope: f64) -> f64 {
    let step = kin.len().div_ceil(MOST);
    let (x, y): (Vec<f64>, Vec<f64>) =
        (0..kin.len()).step_by(step).map(|i| (kin[i].entry.weight, parts[i].rest - levels[i])).unzip();
    let more = shrunk(bisquare_line(&x, &y).map(|line| (line.slope, x.len() as f64)), 0.0);
    (slope + more).clamp(SLOPE.0, SLOPE.1)
}

/// Weight of a residual in a level: Tukey's bisquare over the variance of the line.
fn weight(part: Part, level: f64, scale: f64) -> f64 {
    let s = part.spread.max(scale);
    let u = (part.rest - level) / (BISQUARE * s);
    if u.abs() < 1.0 { (1.0 - u * u).powi(2) / (s * s) } else { 0.0 }
}

fn consignors(kin: &[Kin]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut from = 0;
    kin.chunk_by(|a, b| a.entry.consignor == b.entry.consignor).map(move |run| {
        from += run.len();
        from - run.len()..from
    })
}

/// The level of each consignor, from the median of its lines on.
fn shared(kin: &[Kin], parts: &[Part], scale: f64, between: f64, mut each: impl FnMut(usize, f64, f64)) {
    let prior = 1.0 / (between * between);
    let mut rest = Vec::new();
    for run in consignors(kin) {
        rest.clear();
        rest.extend(run.clone().map(|i| parts[i].rest));
        let middle = robust::median(&mut rest);
        let (sum, mean) = run.clone().fold((0.0, 0.0), |(sum, mean), i| {
            let w = weight(parts[i], middle, scale);
            (sum + w, mean + w * parts[i].rest)
        });
        run.for_each(|i| each(i, mean / (sum + prior), 1.0 / (sum + prior)));
    }
}

/// The level of each line's consignor by its other lines, and its variance.
fn without_line(
    kin: &[Kin],
    parts: &[Part],
    levels: &[f64],
    scale: f64,
    between: f64,
    mut each: impl FnMut(usize, f64, f64),
) {
    let prior = 1.0 / (between * between);
    for run in consignors(kin) {
        let weigh = |i: usize| weight(parts[i], levels[i], scale);
        let (sum, mean) = run.clone().fold((0.0, 0.0), |(sum, mean), i| {
            let w = weigh(i);
            (sum + w, mean + w * parts[i].rest)
        });
        for i in run {
            let w = weigh(i);
            let known = (sum - w).max(0.0) + prior;
            each(i, (mean - w * parts[i].rest) / known, 1.0 / known);
        }
    }
}

/// Whether so many lines, by their residuals to their consignors' own, leave something to be told better.
fn worth(own: impl ExactSizeIterator<Item = f64>) -> bool {
    let n = own.len();
    n >= FROM && own.map(|x| upper(x).powi(2)).sum::<f64>() > WORTH * WORTH * n as f64
}

/// What of a residual is error and no cut.
fn upper(x: f64) -> f64 {
    x.clamp(0.0, 1.0)
}

/// Whether lines are foretold better by their kin than by their consignor's own: by the middle error, so that the others
/// are not worse off for a few that are better off, and by that of the squares.
fn better(kin: &[Kin], found: &[Residual]) -> bool {
    let both = || kin.iter().zip(found).map(|(k, f)| (upper(k.own), upper(f.x)));
    let n = kin.len() as f64;
    let gain = both().map(|(own, other)| own - other).sum::<f64>() / n;
    let variance = both().map(|(own, other)| (own - other - gain).powi(2)).sum::<f64>() / (n - 1.0);
    let squares = both().fold((0.0, 0.0), |(a, b), (own, other)| (a + own * own, b + other * other));
    gain > SURE * (variance / n).sqrt() && squares.1 < SMALLER * SMALLER * squares.0
}

/// What excuses a low price among a consignor's own lines excuses it here: others as low, and a large order.
fn excuse(kin: &[Kin], found: &mut [Residual], usual: Usual) {
    for run in consignors(kin) {
        let entries: Vec<Entry> = kin[run.clone()].iter().map(|k| k.entry).collect();
        let large = second_largest(&entries);
        let lines: Vec<(f64, f64)> = run.clone().map(|i| (kin[i].heavy(), found[i].seen())).collect();
        let step = lines.len().div_ceil(RIVALS).max(1);
        for i in run {
            let residual = &mut found[i];
            if residual.seen() < KEPT {
                let near = residual.seen() * (1.0 - LOW_REACH);
                let (mut low, mut all) = (0, 0);
                for (heavy, x) in lines.iter().step_by(step) {
                    let alike = (heavy - kin[i].heavy()).abs() <= ALIKE;
                    all += usize::from(alike);
                    low += usize::from(alike && *x <= near);
                }
                excuse_low(residual, (step * low).max(1), (step * all).max(1));
            }
            let entry = &kin[i].entry;
            residual.x = generous(residual.x, granted(entry.quantity, large, usual.discount));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::History;
    use super::*;

    const USUAL: Usual = Usual { stray: 0.1, discount: 0.0, by_weight: -0.3 };

    /// Twenty consignors with six lines each of two products under one description, the second three times as dear a kg
    /// and told by its pieces of a tenth of the weight; value grows by 0.7 of the weight. The first consignor sells at
    /// six tenths of the usual price, and the last line of the tenth is cut to a half.
    fn night(own: f64) -> Vec<Kin> {
        let line = |i: u32| {
            let (consignor, product) = (i / 6, i % 2);
            let weight = 0.5 + f64::from(i * 37 % 11) * 0.25;
            let piece = if product == 0 { 0.0 } else { -2.3 };
            let noise = 0.03 * f64::from(i * 7 % 5) - 0.06;
            let level = if consignor == 0 { 0.6_f64.ln() } else { 0.0 };
            let cut = if i == CUT { 0.5_f64.ln() } else { 0.0 };
            Kin {
                entry: Entry {
                    code: 1,
                    consignor,
                    cluster: 1,
                    description: 1,
                    line: i,
                    value: 3.0 + 1.1 * f64::from(product) + level + 0.7 * weight + noise + cut,
                    quantity: weight - piece,
                    weight,
                },
                own: own * f64::from(i * 13 % 7) - 2.0 * own,
            }
        };
        (0..120).map(line).collect()
    }
    const CUT: u32 = 59;

    #[test]
    fn all_consignors_tell_what_six_lines_of_two_products_do_not() {
        let found = against_kin(&night(0.2), USUAL, 0.3).unwrap();
        let cut = found[CUT as usize];
        assert!((cut.x - 0.5_f64.ln()).abs() < 0.15, "{cut:?}");
        for (i, honest) in found.iter().enumerate().filter(|(i, _)| *i != CUT as usize) {
            assert!(honest.x > -0.25, "line {i} of consignor {}: {honest:?}", i / 6);
        }
    }

    #[test]
    fn the_history_of_an_article_takes_them_over_and_says_so() {
        let entries = || night(0.0).iter().map(|k| k.entry).collect::<Vec<_>>();
        let history = History::build(entries(), 120, USUAL, 0.3);
        let (cut, _) = history.of(CUT as usize).unwrap();
        assert!(history.by_kin(CUT as usize) && (cut.x - 0.5_f64.ln()).abs() < 0.15, "{cut:?}");
        // Each consignor's goods under words of their own are nobody's kin.
        let apart = entries().into_iter().map(|e| Entry { cluster: e.consignor, ..e }).collect();
        let history = History::build(apart, 120, USUAL, 0.3);
        assert!((0..120).all(|line| !history.by_kin(line)));
    }

    #[test]
    fn a_consignor_whose_own_lines_tell_it_better_is_held_against_them() {
        assert!(against_kin(&night(0.01), USUAL, 0.3).is_none());
        assert!(!worth(night(0.01).iter().map(|k| k.own)));
        assert!(worth(night(0.2).iter().map(|k| k.own)));
    }

    #[test]
    fn cheaper_goods_among_the_neighbours_widen_their_spread() {
        let mut near: Vec<f64> = (0..40).map(|i| 0.004 * f64::from(i)).collect();
        let narrow = both_ways(&near, robust::median_sorted(&near));
        near.splice(0..10, (0..10).map(|i| -1.0 + 0.004 * f64::from(i)));
        let wide = both_ways(&near, robust::median_sorted(&near));
        assert!(wide > 5.0 * narrow, "{narrow} {wide}");
    }
}
