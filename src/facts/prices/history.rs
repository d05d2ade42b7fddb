//! Each line against the same consignor's other lines of the same article, or of goods described alike.
//!
//! Log value `v`, log pieces `q`, log weight `w`. On each scale the comparison is the one of these whose residuals
//! spread least, a more elaborate one only where it is clearly better and its slope rests on enough lines:
//! - per piece: `v − q` with the night's discount for quantity; with the article's own slope on `q`; with a slope on
//!   kg per piece (`w − q`);
//! - per kg: `v − w`; a line of `v` on `w`, whose slope is below one more often than one.
//!
//! What lines of one code show within their articles comes first: the discount for quantity and the slope on weight of
//! the code (`slopes.rs`), which few lines of one article could not tell. Lines that lack the pieces or the weight are
//! compared on the other scale. The slopes are MM fits. Where one description covers goods of several weights, the
//! comparison is with the nearest lines in kg per piece. Where all consignors' lines described alike tell more than the
//! consignor's own, they take their place (`kin.rs`).

use super::heaps::{Finder, Heap, Heaps};
use super::kin::{self, Kin, against_kin};
use super::lows::{KEPT, LOW_REACH, Lows, excuse_low};
use super::model::{Residual, generous, grant, own_spread};
use super::slopes::Slopes;
use super::{Scale, milder};
use crate::stats::mixture::Likelihood;
use crate::stats::robust::{self, bisquare_line};
use rayon::prelude::*;
use std::borrow::Cow;

/// A line as its consignor's history sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Entry {
    /// Currency of the price and subheading.
    pub code: u64,
    pub consignor: u32,
    pub cluster: u32,
    pub description: u32,
    pub line: u32,
    /// Log of the value.
    pub value: f64,
    /// Log of the pieces; NaN where unknown.
    pub quantity: f64,
    /// Log of the weight in kg; NaN where unknown.
    pub weight: f64,
}

impl Entry {
    /// In place of a line that has none.
    pub const NONE: Entry = Entry {
        code: 0,
        consignor: 0,
        cluster: 0,
        description: 0,
        line: u32::MAX,
        value: 0.0,
        quantity: 0.0,
        weight: 0.0,
    };
}

/// What holds for all articles of the night.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usual {
    /// Spread within an article.
    pub stray: f64,
    /// Discount per unit of log quantity.
    pub discount: f64,
    /// Change of the log price per kg with the log weight of the line.
    pub by_weight: f64,
}

/// What is known of a line.
#[derive(Clone, Copy, Debug)]
struct Held {
    x: f32,
    s: f32,
    vague: f32,
    excused: f32,
    chance: f32,
    scale: Scale,
    heap: Heap,
    /// Whether all consignors' lines tell it.
    kin: bool,
}

/// Residuals of lines, by line.
#[derive(Debug, Default)]
pub(super) struct History {
    of: Vec<Option<Held>>,
    /// Lines with a price that there is nothing to compare with, ascending.
    alone: Vec<u32>,
    heaps: Heaps,
    /// Subheadings, ascending, and the middle of kg per piece in each.
    weights: Vec<(u32, f64)>,
}

/// Lines of an article from which it is compared: described exactly alike, or alike.
const ARTICLE_FROM: usize = 2;
const CLUSTER_FROM: usize = 6;
/// Added to the spread where only two lines are compared: either may be the odd one.
const PAIR_SPREAD: f64 = 0.3;
/// Lines, and spread of what a slope is on, from which a slope is fitted; lines that the usual slope is worth.
const SLOPE_FROM: usize = 8;
const SLOPE_WIDTH: f64 = 0.6;
const SLOPE_PRIOR: f64 = 10.0;
/// A slope must narrow the residuals to this share.
const NARROWER: f64 = 0.85;
/// Lines, spread of prices and spread of weights from which the nearest lines in kg per piece are looked for.
const NEAR_FROM: usize = 12;
const NEAR_SPREAD: f64 = 0.25;
const NEAR_WIDTH: f64 = 0.4;
/// Neighbours on either side, how far off in log kg per piece they may be, and how many are needed.
const NEIGHBOURS: usize = 15;
pub(super) const NEAR_REACH: f64 = 0.08;
pub(super) const NEIGHBOURS_FROM: usize = 4;
/// Goods are as heavy within this, in log kg per piece; lines looked at for it, at most.
pub(super) const ALIKE: f64 = 0.25;
const ALIKE_MOST: usize = 1_000;
/// Spread of prices, per unit of log kg per piece, between goods of one description that weigh less alike than that.
const UNLIKE: f64 = 0.5;
/// One in so many of the other lines must be as heavy for the comparison to be one of like with like.
const NEAR_SHARE: usize = 5;
/// A scale whose residuals spread so much wider than the other's is left out.
const WIDER: f64 = 1.5;
pub(super) const FLOOR: f64 = 0.05;
/// Lines that the usual spread is worth in that of an article.
pub(super) const USUAL_LINES: f64 = 4.0;
/// Variance of a median over that of the mean.
pub(super) const MEDIAN_COST: f64 = 1.57;
/// Lines from which the usual weight of a piece is known.
const WEIGHT_FROM: usize = 5;

impl History {
    /// Compares all entries. `lines` is the number of lines of the night, `between` how far consignors' honest levels
    /// lie apart.
    pub fn build(mut entries: Vec<Entry>, lines: usize, usual: Usual, between: f64) -> History {
        entries.par_sort_unstable_by_key(|e| (e.code, e.consignor, e.cluster, e.description, e.line));
        let weights = usual_weights(&entries);
        let groups: Vec<&[Entry]> = entries
            .chunk_by(|a, b| (a.code, a.consignor, a.cluster) == (b.code, b.consignor, b.cluster))
            .filter(|group| group.len() >= ARTICLE_FROM)
            .collect();
        let slopes = Slopes::of(&entries, usual);
        let of_group = |bench: &mut Bench, group: &&[Entry]| bench.group(group, slopes.usual(group[0].code));
        let found: Vec<Vec<(u32, Residual, Scale, Heap)>> =
            groups.par_iter().map_init(Bench::default, of_group).collect();
        let mut of = vec![None; lines];
        for (line, residual, scale, heap) in found.into_iter().flatten() {
            of[line as usize] = Some(Held::new(residual, scale, heap));
        }
        let kin = by_kin(&entries, &of, &slopes, between);
        for (line, residual) in kin.into_iter().flatten() {
            if let Some(held) = &mut of[line as usize] {
                held.take(residual);
            }
        }
        let low = of.iter().flatten().map(|held| (f64::from(held.x - held.excused), f64::from(held.chance)));
        let lows = Lows::of(low);
        of.par_iter_mut().flatten().for_each(|held| {
            let mut residual = held.residual();
            lows.settle(&mut residual);
            held.set(residual);
        });
        let heaps = Heaps::of(of.iter().flatten().map(|held| (f64::from(held.x), held.heap)));
        let mut alone: Vec<u32> =
            entries.iter().map(|e| e.line).filter(|line| of[*line as usize].is_none()).collect();
        alone.par_sort_unstable();
        History { of, alone, heaps, weights }
    }

    /// Usual kg per piece of a subheading.
    pub fn usual_weight(&self, subheading: u32) -> Option<f64> {
        let at = self.weights.binary_search_by_key(&subheading, |w| w.0).ok()?;
        Some(self.weights[at].1)
    }

    /// A line's residual and the scale that decided.
    pub fn of(&self, line: usize) -> Option<(Residual, Scale)> {
        self.of[line].map(|held| (held.residual(), held.scale))
    }

    /// Whether a line has a price, but is the only one of its article.
    pub fn alone(&self, line: usize) -> bool {
        self.alone.binary_search(&(line as u32)).is_ok()
    }

    /// Whether a line is held against all lines described alike rather than its consignor's own.
    pub fn by_kin(&self, line: usize) -> bool {
        self.of[line].is_some_and(|held| held.kin)
    }

    /// What it says of a line how many others of its article have the very same price.
    pub fn heap(&self, line: usize) -> Likelihood {
        self.of[line].map_or(Likelihood::EVEN, |held| self.heaps.likelihood(f64::from(held.x), held.heap))
    }
}

impl Held {
    /// Takes over the residual to all lines that are described alike.
    fn take(&mut self, residual: Residual) {
        *self = Held { kin: true, ..Held::new(residual, Scale::Kg, self.heap) };
    }

    /// What a good part of the article's lines cost to the cent is one of its prices.
    fn new(mut residual: Residual, scale: Scale, heap: Heap) -> Held {
        if heap.lines > 0 {
            excuse_low(&mut residual, heap.same as usize + 1, heap.lines as usize);
        }
        let mut held =
            Held { x: 0.0, s: 0.0, vague: 0.0, excused: 0.0, chance: 0.0, scale, heap, kin: false };
        held.set(residual);
        held
    }

    fn set(&mut self, Residual { x, s, vague, excused, chance }: Residual) {
        [self.x, self.s, self.vague, self.excused, self.chance] =
            [x, s, vague, excused, chance].map(|v| v as f32);
    }

    fn residual(&self) -> Residual {
        let [x, s, vague, excused, chance] =
            [self.x, self.s, self.vague, self.excused, self.chance].map(f64::from);
        Residual { x, s, vague, excused, chance }
    }
}

/// Residuals of the lines that all consignors' lines described alike tell better than their own consignor's, by line.
/// Entries are sorted by code and consignor.
fn by_kin(
    entries: &[Entry],
    of: &[Option<Held>],
    slopes: &Slopes,
    between: f64,
) -> Vec<Vec<(u32, Residual)>> {
    let of_code = |code: &&[Entry]| {
        let both = |e: &Entry| e.quantity.is_finite() && e.weight.is_finite();
        let alike = code.iter().zip(0u32..).filter(|(e, _)| both(e)).map(|(e, at)| (e.cluster, at));
        let mut alike: Vec<(u32, u32)> = alike.collect();
        alike.sort_unstable();
        let usual = slopes.usual(code[0].code);
        let mut found = Vec::new();
        // Most groups are small, and lines are looked up in no order: only in groups large enough.
        for group in alike.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() >= kin::FROM) {
            let entries = group.iter().map(|(_, at)| code[*at as usize]);
            let kin: Vec<Kin> = entries
                .filter_map(|entry| of[entry.line as usize].map(|held| Kin { entry, own: f64::from(held.x) }))
                .collect();
            if let Some(residuals) = against_kin(&kin, usual, between) {
                found.extend(kin.iter().map(|k| k.entry.line).zip(residuals));
            }
        }
        found
    };
    let codes: Vec<&[Entry]> = entries.chunk_by(|a, b| a.code == b.code).collect();
    codes.par_iter().filter(|code| code.len() >= kin::FROM).map(of_code).collect()
}

/// The middle of kg per piece in each subheading with enough lines; entries are sorted by code.
fn usual_weights(entries: &[Entry]) -> Vec<(u32, f64)> {
    let mut all: Vec<(u32, f64)> = Vec::new();
    let mut logs = Vec::new();
    for code in entries.chunk_by(|a, b| a.code == b.code) {
        logs.clear();
        logs.extend(code.iter().map(|e| e.weight - e.quantity).filter(|w| w.is_finite()));
        if logs.len() >= WEIGHT_FROM {
            all.push((code[0].code as u32, robust::median(&mut logs).exp()));
        }
    }
    // One code under two currencies: the first stands for both.
    all.sort_by_key(|w| w.0);
    all.dedup_by_key(|w| w.0);
    all
}

/// Room to work in.
#[derive(Default)]
struct Bench {
    sorted: Vec<f64>,
    order: Vec<(f64, u32)>,
    weights: Vec<f64>,
    heaps: Finder,
}

impl Bench {
    fn group(&mut self, group: &[Entry], usual: Usual) -> Vec<(u32, Residual, Scale, Heap)> {
        let mut best: Vec<Option<(Residual, Scale)>> = vec![None; group.len()];
        if group.len() >= CLUSTER_FROM {
            self.compare(group, usual, &mut best);
        }
        let one = group.iter().all(|e| e.description == group[0].description);
        let mut heaps = vec![Heap::default(); group.len()];
        let mut at = 0;
        for article in group.chunk_by(|a, b| a.description == b.description) {
            let place = at..at + article.len();
            at = place.end;
            if article.len() >= ARTICLE_FROM && (!one || group.len() < CLUSTER_FROM) {
                self.compare(article, usual, &mut best[place.clone()]);
            }
            self.heaps.find(article, &mut heaps[place]);
        }
        let found = group.iter().zip(best).zip(heaps);
        found
            .filter_map(|((e, best), heap)| {
                let (residual, scale) = best?;
                Some((e.line, residual, scale, heap))
            })
            .collect()
    }

    /// Compares lines with each other, in place of a comparison that was less to the point. Lines without pieces take
    /// part per kg only, lines without a weight per piece only.
    fn compare(&mut self, article: &[Entry], usual: Usual, best: &mut [Option<(Residual, Scale)>]) {
        let counted = |e: &Entry| e.quantity.is_finite();
        let weighed = |e: &Entry| e.weight.is_finite();
        let both = |e: &Entry| counted(e) && weighed(e);
        let (by_piece, by_kg, by_both) =
            (those(article, counted), those(article, weighed), those(article, both));
        let piece = self.per_piece(&by_piece, usual);
        let kg = self.per_kg(&by_kg, usual);
        let near = self.near(&by_both, usual, piece.as_ref().map(|c| c.1));
        // A scale that spreads much wider than the other says nothing: weights with their packing, sets counted as one.
        let (wide_piece, wide_kg) = match (&piece, &kg) {
            (Some(a), Some(b)) => (a.1 > WIDER * b.1.max(FLOOR), b.1 > WIDER * a.1.max(FLOOR)),
            _ => (false, false),
        };
        let piece = piece.filter(|_| !wide_piece).map(|(y, s)| self.against_rest(&by_piece, &y, s, usual));
        let kg = kg.filter(|_| !wide_kg).map(|(y, s)| self.against_rest(&by_kg, &y, s, usual));
        let mut near = near.unwrap_or_default().into_iter();
        let has_near = near.len() > 0;
        let mut piece = piece.unwrap_or_default().into_iter();
        let mut kg = kg.unwrap_or_default().into_iter();
        for (entry, best) in article.iter().zip(best) {
            let piece = if counted(entry) { piece.next() } else { None };
            let kg = if weighed(entry) { kg.next() } else { None };
            let near = if both(entry) { near.next() } else { None };
            let kg = kg.filter(|_| !has_near || near.is_none());
            let Some(found) = milder(near.or(piece), kg) else { continue };
            // The very same words tell more than like words; two lines tell little.
            if article.len() >= 3 || best.is_none_or(|known| found.0.s <= known.0.s) {
                *best = Some(found);
            }
        }
    }

    fn spread(&mut self, y: &[f64]) -> f64 {
        self.sorted.clear();
        self.sorted.extend_from_slice(y);
        self.sorted.sort_unstable_by(f64::total_cmp);
        own_spread(&self.sorted)
    }

    /// Distance between the tenth and the ninetieth percentile.
    fn width(&mut self, x: &[f64]) -> f64 {
        self.sorted.clear();
        self.sorted.extend_from_slice(x);
        self.sorted.sort_unstable_by(f64::total_cmp);
        robust::quantile_sorted(&self.sorted, 0.9) - robust::quantile_sorted(&self.sorted, 0.1)
    }

    /// `y` without its slope on `x`, where that is well found and narrows the residuals.
    fn straightened(
        &mut self,
        x: &[f64],
        known: (Vec<f64>, f64),
        slope: impl Fn(f64, f64) -> f64,
    ) -> (Vec<f64>, f64) {
        if x.len() < SLOPE_FROM || known.1 <= FLOOR || self.width(x) < SLOPE_WIDTH {
            return known;
        }
        let Some(line) = bisquare_line(x, &known.0) else { return known };
        let slope = slope(line.slope, x.len() as f64);
        let y: Vec<f64> = known.0.iter().zip(x).map(|(y, x)| y - slope * x).collect();
        let spread = self.spread(&y);
        if spread < NARROWER * known.1 { (y, spread) } else { known }
    }

    fn per_piece(&mut self, article: &[Entry], usual: Usual) -> Option<(Vec<f64>, f64)> {
        if article.len() < ARTICLE_FROM {
            return None;
        }
        let y: Vec<f64> =
            article.iter().map(|e| e.value - e.quantity + usual.discount * e.quantity).collect();
        let spread = self.spread(&y);
        let x: Vec<f64> = article.iter().map(|e| e.quantity).collect();
        // What is left of the discount; a price does not rise with the quantity.
        let best = self.straightened(&x, (y, spread), |slope, n| {
            (slope * n / (n + SLOPE_PRIOR)).clamp(-0.5, usual.discount.max(0.0))
        });
        if article.iter().any(|e| !e.weight.is_finite()) {
            return Some(best);
        }
        let x: Vec<f64> = article.iter().map(|e| e.weight - e.quantity).collect();
        Some(self.straightened(&x, best, |slope, n| (slope * n / (n + SLOPE_PRIOR)).clamp(0.0, 1.2)))
    }

    fn per_kg(&mut self, article: &[Entry], usual: Usual) -> Option<(Vec<f64>, f64)> {
        if article.len() < ARTICLE_FROM {
            return None;
        }
        let counted = |e: &Entry| if e.quantity.is_finite() { usual.discount * e.quantity } else { 0.0 };
        let y: Vec<f64> =
            article.iter().map(|e| e.value - e.weight + counted(e) - usual.by_weight * e.weight).collect();
        let spread = self.spread(&y);
        let x: Vec<f64> = article.iter().map(|e| e.weight).collect();
        Some(self.straightened(&x, (y, spread), |slope, n| (slope * n / (n + SLOPE_PRIOR)).clamp(-0.7, 0.2)))
    }

    /// Residuals to the median of the others.
    fn against_rest(&mut self, article: &[Entry], y: &[f64], spread: f64, usual: Usual) -> Vec<Residual> {
        let n = y.len();
        self.order.clear();
        self.order.extend(y.iter().zip(0u32..).map(|(y, i)| (*y, i)));
        self.order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let stray = usual.stray * usual.stray;
        let pair = if n < 3 { PAIR_SPREAD * PAIR_SPREAD } else { 0.0 };
        let variance = (spread * spread * n as f64 + USUAL_LINES * stray) / (n as f64 + USUAL_LINES) + pair;
        let vague = variance * MEDIAN_COST / (n - 1) as f64;
        let s = (variance + vague).sqrt().max(FLOOR);
        let large = second_largest(article);
        let mut residuals = vec![Residual::new(0.0, s, vague); n];
        self.weigh(article);
        for (rank, &(price, i)) in self.order.iter().enumerate() {
            let at = |i: usize| self.order[if i < rank { i } else { i + 1 }].0;
            let rest = n - 1;
            let median = if rest % 2 == 1 { at(rest / 2) } else { (at(rest / 2 - 1) + at(rest / 2)) / 2.0 };
            let near = price + LOW_REACH * (median - price).max(0.0);
            let as_low = self.order.partition_point(|(v, _)| *v <= near);
            let gap = unlike(self.gap(article, i as usize));
            residuals[i as usize].s = (s * s + gap).sqrt();
            residuals[i as usize].vague = vague + gap;
            let (as_low, of) = if !self.weights.is_empty() && price - median < KEPT {
                self.alike(article, i as usize, as_low)
            } else {
                (as_low, n)
            };
            let residual = &mut residuals[i as usize];
            residual.x = price - median;
            excuse_low(residual, as_low, of);
            residual.x = generous(residual.x, granted(article[i as usize].quantity, large, usual.discount));
        }
        residuals
    }

    /// Puts the weights of the lines' pieces in order, where they are not all alike.
    fn weigh(&mut self, article: &[Entry]) {
        self.weights.clear();
        let heavy = || article.iter().map(|e| e.weight - e.quantity).filter(|w| w.is_finite());
        let (least, most) = heavy().fold((f64::MAX, f64::MIN), |(low, high), w| (low.min(w), high.max(w)));
        if most - least > ALIKE {
            self.weights.extend(heavy());
            self.weights.sort_unstable_by(f64::total_cmp);
        }
    }

    /// How far in log kg per piece the others are that a line is held against: the nearest fifth of them.
    fn gap(&self, article: &[Entry], line: usize) -> f64 {
        let own = article[line].weight - article[line].quantity;
        if self.weights.is_empty() || !own.is_finite() {
            return 0.0;
        }
        let near = ((self.weights.len() - 1) / NEAR_SHARE).clamp(1, NEIGHBOURS);
        let place = self.weights.partition_point(|w| *w < own);
        // The narrowest run of so many others that holds the line.
        let last = self.weights.len() - 1 - near;
        let runs = place.saturating_sub(near)..=place.min(last);
        let reach = |from: usize| (own - self.weights[from]).max(self.weights[from + near] - own);
        runs.map(reach).fold(f64::INFINITY, f64::min)
    }

    /// How many of the lowest lines are of goods as heavy as those of a line, and how many of all lines: what heavier
    /// goods cost per kg, or lighter ones per piece, is no price of these.
    fn alike(&self, article: &[Entry], line: usize, lowest: usize) -> (usize, usize) {
        let heavy = |e: &Entry| e.weight - e.quantity;
        let own = heavy(&article[line]);
        let n = self.order.len();
        if !own.is_finite() {
            return (lowest, n);
        }
        let step = n.div_ceil(ALIKE_MOST);
        let count = |until: usize| {
            let picked = self.order[..until].iter().step_by(step);
            step * picked.filter(|o| (heavy(&article[o.1 as usize]) - own).abs() <= ALIKE).count()
        };
        (count(lowest).max(1), count(n).max(1))
    }

    /// Sorts the prices of the lines nearest in kg per piece, the line itself left out, and counts them.
    fn window(&mut self, order: &[(f64, f64, u32)], place: usize) -> usize {
        let (from, to) = (place.saturating_sub(NEIGHBOURS), (place + NEIGHBOURS + 1).min(order.len()));
        let others = order[from..to].iter().zip(from..).filter(|(_, at)| *at != place);
        self.sorted.clear();
        self.sorted
            .extend(others.filter(|(o, _)| (o.0 - order[place].0).abs() <= NEAR_REACH).map(|(o, _)| o.1));
        self.sorted.sort_unstable_by(f64::total_cmp);
        self.sorted.len()
    }

    /// Residuals to the nearest lines in kg per piece, where the lines are of goods of several weights.
    fn near(&mut self, article: &[Entry], usual: Usual, spread: Option<f64>) -> Option<Vec<Residual>> {
        if article.len() < NEAR_FROM || spread? < NEAR_SPREAD {
            return None;
        }
        let x: Vec<f64> = article.iter().map(|e| e.weight - e.quantity).collect();
        if self.width(&x) < NEAR_WIDTH {
            return None;
        }
        let mut order: Vec<(f64, f64, u32)> = article
            .iter()
            .zip(0u32..)
            .map(|(e, i)| (e.weight - e.quantity, e.value - e.quantity + usual.discount * e.quantity, i))
            .collect();
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        // What a large order costs less is seen among lines of one weight a piece, not across all of them.
        let (q, rest): (Vec<f64>, Vec<f64>) = (0..order.len())
            .filter_map(|place| {
                (self.window(&order, place) >= NEIGHBOURS_FROM).then(|| {
                    let quantity = article[order[place].2 as usize].quantity;
                    (quantity, order[place].1 - robust::median_sorted(&self.sorted))
                })
            })
            .unzip();
        if q.len() >= NEAR_FROM && self.width(&q) >= SLOPE_WIDTH {
            let n = q.len() as f64;
            let slope = bisquare_line(&q, &rest).map_or(0.0, |line| line.slope * n / (n + SLOPE_PRIOR));
            let slope = slope.clamp(-0.5, usual.discount.max(0.0));
            order.iter_mut().for_each(|o| o.1 -= slope * article[o.2 as usize].quantity);
        }
        let large = second_largest(article);
        let stray = usual.stray * usual.stray;
        let mut residuals = vec![Residual::new(0.0, f64::INFINITY, 0.0); article.len()];
        let mut lonely = 0;
        for (place, &(_, price, i)) in order.iter().enumerate() {
            if self.window(&order, place) < NEIGHBOURS_FROM {
                lonely += 1;
                continue;
            }
            let window = &self.sorted;
            let n = window.len() as f64;
            let spread = own_spread(window);
            let variance = (spread * spread * n + USUAL_LINES * stray) / (n + USUAL_LINES);
            let median = robust::median_sorted(window);
            let near = price + LOW_REACH * (median - price).max(0.0);
            let as_low = 1 + window.partition_point(|v| *v <= near);
            let s = (variance * (1.0 + MEDIAN_COST / n)).sqrt().max(FLOOR);
            let mut residual = Residual::new(price - median, s, variance * MEDIAN_COST / n);
            excuse_low(&mut residual, as_low, window.len() + 1);
            residual.x = generous(residual.x, granted(article[i as usize].quantity, large, usual.discount));
            residuals[i as usize] = residual;
        }
        if 2 * lonely > article.len() {
            return None;
        }
        // Lines without neighbours are judged by the nearest there are.
        for place in 0..order.len() {
            let i = order[place].2 as usize;
            if residuals[i].s.is_infinite() {
                residuals[i] = self.far(&order, place);
            }
        }
        Some(residuals)
    }

    /// The residual of a line to the nearest in kg per piece, however far: a price per piece grows with the weight by
    /// something between nothing and as much, so that the milder of per piece and per kg counts, and the further they
    /// are the less it tells.
    fn far(&mut self, order: &[(f64, f64, u32)], place: usize) -> Residual {
        let (from, to) = (place.saturating_sub(NEIGHBOURS), (place + NEIGHBOURS + 1).min(order.len()));
        let mut against = |of: &dyn Fn(&(f64, f64, u32)) -> f64| {
            self.sorted.clear();
            let others = order[from..to].iter().zip(from..).filter(|(_, at)| *at != place);
            self.sorted.extend(others.map(|(o, _)| of(o)));
            self.sorted.sort_unstable_by(f64::total_cmp);
            let spread = own_spread(&self.sorted).max(NEAR_SPREAD);
            (of(&order[place]) - robust::median_sorted(&self.sorted), spread)
        };
        let (gap, _) = against(&|o| o.0);
        let (piece, kg) = (against(&|o| o.1), against(&|o| o.1 - o.0));
        let (x, spread) = if piece.0 > kg.0 { piece } else { kg };
        let vague = unlike(gap) + spread * spread * MEDIAN_COST / self.sorted.len().max(1) as f64;
        Residual::new(x, (spread * spread + vague).sqrt(), vague)
    }
}

/// Variance of the price of goods that differ by so much in log kg per piece from those they are held against.
pub(super) fn unlike(gap: f64) -> f64 {
    let beyond = (gap.abs() - ALIKE).max(0.0);
    if beyond.is_finite() { (UNLIKE * beyond).powi(2) } else { 0.0 }
}

/// The lines that have what a comparison needs.
fn those<'a>(article: &'a [Entry], known: impl Fn(&Entry) -> bool) -> Cow<'a, [Entry]> {
    if article.iter().all(&known) {
        return Cow::Borrowed(article);
    }
    Cow::Owned(article.iter().filter(|e| known(e)).copied().collect())
}

/// The largest log quantity but one: up to there the article's own prices show the discount.
pub(super) fn second_largest(article: &[Entry]) -> f64 {
    let (mut first, mut second) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for e in article.iter().filter(|e| e.quantity.is_finite()) {
        if e.quantity > first {
            (first, second) = (e.quantity, first);
        } else {
            second = second.max(e.quantity);
        }
    }
    second
}

/// Discount granted for a quantity beyond what the article's other lines show.
pub(super) fn granted(quantity: f64, large: f64, discount: f64) -> f32 {
    if !quantity.is_finite() || quantity <= large + 0.3 {
        return 0.0;
    }
    let full = grant(discount, quantity as f32);
    if large > 0.0 { (full - grant(discount, large as f32)).max(0.0) } else { full }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_light_piece_is_held_against_the_price_per_kg() {
        let line = |line: u32, weight: f64, pieces: f64| Entry {
            code: 660199,
            consignor: 1,
            cluster: 1,
            description: 1,
            line,
            // Value follows the weight, whatever is counted as a piece.
            value: (9.0 * weight * (1.0 + 0.05 * f64::from(line % 5))).ln(),
            quantity: pieces.ln(),
            weight: weight.ln(),
        };
        let mut entries: Vec<Entry> =
            (0..40).map(|i| line(i, 1.0 + f64::from(i % 8), 1.0 + f64::from(i % 8))).collect();
        entries.push(line(40, 0.2, 1.0));
        let history = History::build(entries, 41, Usual { stray: 0.1, discount: 0.0, by_weight: 0.0 }, 0.3);
        let (light, _) = history.of(40).unwrap();
        assert!(light.x > -0.3, "a fifth of a kg at a fifth of the price: {light:?}");
    }

    #[test]
    fn few_lines_of_like_weight_make_a_comparison_vague() {
        let line = |line: u32, weight: f64, value: f64| Entry {
            code: 640399,
            consignor: 1,
            cluster: 1,
            description: 1,
            line,
            value: value.ln(),
            quantity: 0.0,
            weight: weight.ln(),
        };
        // Five jackets and an earring under one name.
        let mut entries: Vec<Entry> = (0..5).map(|i| line(i, 1.0, 40.0 + f64::from(i))).collect();
        entries.push(line(5, 0.01, 2.0));
        let history = History::build(entries, 6, Usual { stray: 0.1, discount: 0.0, by_weight: 0.0 }, 0.3);
        let (earring, _) = history.of(5).unwrap();
        assert!(earring.s > 4.0 * history.of(0).unwrap().0.s, "{earring:?}");
    }

    #[test]
    fn a_line_without_pieces_or_weight_does_not_silence_its_article() {
        let line = |line: u32, value: f64, quantity: f64| Entry {
            code: 610910,
            consignor: 1,
            cluster: 1,
            description: 1,
            line,
            value: value.ln(),
            quantity,
            weight: f64::NAN,
        };
        let mut entries: Vec<Entry> = (0..7).map(|i| line(i, 20.0 + f64::from(i) / 10.0, 0.0)).collect();
        entries.push(line(7, 5.0, 0.0));
        entries.push(line(8, 20.0, f64::NAN));
        let history = History::build(entries, 9, Usual { stray: 0.1, discount: 0.0, by_weight: 0.0 }, 0.3);
        let (cut, scale) = history.of(7).unwrap();
        assert!((cut.x - (5.0_f64 / 20.3).ln()).abs() < 1e-6 && scale == Scale::Piece, "{cut:?}");
        assert!(history.of(3).is_some_and(|(honest, _)| honest.x.abs() < 0.05));
        assert!(history.of(8).is_none(), "neither pieces nor weight: nothing to compare");
    }
}
