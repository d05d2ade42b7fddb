//! One scale, per piece or per kg: log prices, cells, consignors' own levels, and the residuals to be judged.

use super::cells::{Row, level_key};
use super::lots::Lots;
use super::lows::KEPT;
use super::past::{PastCells, Slopes};
use super::tree::{SPREAD_FLOOR, Tree};
use super::whole::Part;
use crate::stats::robust::{self, bisquare_line};
use rayon::prelude::*;

/// Weight at which curves of price and weight are anchored, kg a piece.
const ANCHOR_KG: f64 = 0.2;
/// Points of one subheading from which its curve is fitted at most, and the fewest for a fit of its own.
const CURVE_POINTS: usize = 2_000;
const CURVE_FROM: usize = 20;
/// Lines whose quantities tell the discount for quantity at most.
const DISCOUNT_POINTS: usize = 20_000;
/// Discount per unit of log quantity that is granted to every large order even where the night shows less.
const DISCOUNT_GRANTED: f64 = 0.12;
/// Quantity up to which nothing is granted beyond what the night shows.
const DISCOUNT_FREE: f64 = 3.0;
/// Who sells by the dozen sells to trade, at up to the retailer's usual margin less: log discount granted in full from
/// the second quantity on, none up to the first.
const TRADE_MARGIN: f64 = 0.5;
const TRADE_QUANTITY: (f64, f64) = (10.0, 40.0);
/// Strays within one article of one consignor, assumed before any was seen, and the lines that this is worth.
const STRAY_PRIOR: f64 = 0.1;
const STRAY_PRIOR_WEIGHT: f64 = 50.0;
/// Other consignors in the very same goods that used goods and parts need before they are compared with any.
const APART_OTHERS: usize = 5;
/// Lines of an article from which its spread is known.
const OWN_FROM: usize = 3;
/// Variance added in a cell whose low side may be other goods: a factor of two, either way.
pub(super) const CONTESTED_VARIANCE: f64 = 0.5;
/// A line as one scale sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub row: Row,
    /// Log of value per piece or per kg.
    pub price: f64,
    /// Whether the goods are not those of the code as sold new: used, or a part of them.
    pub apart: bool,
    /// Log of the pieces; 0 where unknown.
    pub log_quantity: f32,
    /// Log of what the price is per: pieces or kg of the line.
    pub log_size: f32,
    /// Log of kg per piece; NaN where unknown.
    pub log_weight: f32,
}

/// How far a line lies from what is expected of it, and how much that is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Residual {
    /// Log of declared over expected price.
    pub x: f64,
    /// Standard deviation of `x` for an honest line.
    pub s: f64,
    /// What the expected price is uncertain by: that part of the variance that is not the line's own.
    pub vague: f64,
    /// How much lower `x` was before it was taken for one of the article's prices; 0 where it was not.
    pub excused: f64,
    /// Likelihood ratio of lying low together by chance to lying at a price of the article; once [`super::lows`] has
    /// settled it, the probability of chance, 1 where nothing needed an excuse.
    pub chance: f64,
}

impl Residual {
    pub fn new(x: f64, s: f64, vague: f64) -> Residual {
        Residual { x, s, vague, excused: 0.0, chance: f64::INFINITY }
    }

    /// `x` before anything was excused.
    pub fn seen(&self) -> f64 {
        self.x - self.excused
    }

    /// Takes a low price for one of the article's.
    pub fn excuse(&mut self) {
        let low = (KEPT - self.x).max(0.0);
        (self.x, self.excused) = (self.x + low, self.excused + low);
    }
}

/// A consignor's price level against the others of its cells.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Log of its prices over the others', the middle of its articles.
    pub level: f32,
    /// Variance of that level by the articles it rests on.
    pub variance: f32,
    /// Articles (cells) it rests on.
    pub articles: u32,
    /// Lines of those articles.
    pub lines: u32,
}

/// What a unit is held against.
#[derive(Clone, Copy, Debug)]
struct Peer {
    /// Log price that the others' prices let expect; NaN where there are no others.
    expected: f64,
    /// Level of its consignor.
    credit: f32,
    /// Standard deviation of an honest line's distance to both.
    s: f32,
}

/// One scale, as it stays for the questions of detectors.
pub(super) struct Model {
    /// Unit of each line; [`NO_UNIT`] where the scale cannot say.
    pub unit: Vec<u32>,
    pub tree: Tree,
    /// What the curve of price on weight adds in each of the finest cells.
    pub offset: Vec<f32>,
    /// Log of kg per piece at which each of the finest cells stands; NaN where unknown.
    pub weight: Vec<f32>,
    /// Log price of each line without the curve, discount for quantity given back, at its code's usual size of a lot.
    pub price: Vec<f32>,
    /// Log of the pieces of each line.
    log_quantity: Vec<f32>,
    /// What the size of its lot adds to the log price of each line; empty where it adds nothing to any.
    lot: Vec<f32>,
    /// Standing of each consignor.
    pub standing: Vec<Option<Standing>>,
    /// Spread of consignors' price levels.
    pub between: f64,
    /// Strays within an article.
    pub stray: f64,
    /// Discount per unit of log quantity.
    pub discount: f64,
}

/// One scale with what only the residuals of its lines need.
pub(super) struct Draft {
    pub model: Model,
    /// What the size of a lot adds, by code and weight.
    pub(super) lots: Lots,
    /// Log price and lines of each unit.
    value: Vec<f64>,
    lines: Vec<u32>,
    /// Discount for quantity granted to each unit.
    granted: Vec<f32>,
    /// Level and its variance that each unit may expect of its consignor's other units.
    pub(super) credit: Vec<(f32, f32)>,
    /// What each unit is held against, in one place: lines look it up in no order.
    peer: Vec<Peer>,
    /// Lines that share a parcel's value and what is expected of them, by line.
    pub(super) guests: Vec<(u32, Part)>,
    /// Centre of consignors' price levels.
    pub(super) center: f64,
    /// Whether other nights say what some cells cost.
    recalled: bool,
}

pub(super) const NO_UNIT: u32 = u32::MAX;

impl Draft {
    /// Builds a scale from points in the order of their rows.
    pub fn build(
        mut points: Vec<Point>,
        line_count: usize,
        consignors: usize,
        slope: (f64, f64),
        by_lot: bool,
        past: &PastCells,
    ) -> Draft {
        let unit_of = number_units(&points);
        let units = unit_of.last().map_or(0, |u| *u as usize + 1);
        let discount = quantity_discount(&points, &unit_of);
        for p in &mut points {
            p.price += discount * f64::from(p.log_quantity);
        }
        let lots = if by_lot { Lots::of(&points) } else { Lots::default() };
        let mut lot = vec![0.0; if lots.is_empty() { 0 } else { line_count }];
        for p in points.iter_mut().filter(|_| !lots.is_empty()) {
            let adds = lots.adds(p);
            p.price -= adds;
            lot[p.row.line as usize] = adds as f32;
        }
        let mut value = Vec::with_capacity(units);
        let mut lines = Vec::with_capacity(units);
        let mut weight = Vec::with_capacity(units);
        let mut granted = Vec::with_capacity(units);
        let mut one = Vec::new();
        for run in runs(&points, &unit_of) {
            one.clear();
            one.extend(run.iter().map(|p| p.price));
            value.push(robust::median(&mut one));
            one.clear();
            one.extend(run.iter().map(|p| f64::from(p.log_weight)).filter(|w| w.is_finite()));
            weight.push(robust::median(&mut one));
            lines.push(run.len() as u32);
            one.clear();
            one.extend(run.iter().map(|p| f64::from(p.log_quantity)));
            granted.push(grant(discount, robust::median(&mut one) as f32));
        }
        let (offset, cell_weight, slopes) = curve(&points, &unit_of, &mut value, &weight, slope);
        let anchors = past.at_anchor(&slopes, ANCHOR_KG.ln());
        let mut tree = Tree::build(points.iter().map(|p| &p.row), &unit_of, value.clone(), &anchors);
        for (_, &unit) in points.iter().zip(&unit_of).filter(|(point, _)| point.apart) {
            tree.set_apart(unit, APART_OTHERS);
        }
        let stray = stray(&points, &unit_of);
        let mut unit = vec![NO_UNIT; line_count];
        let mut price = vec![f32::NAN; line_count];
        let mut log_quantity = vec![0.0; line_count];
        for (point, &u) in points.iter().zip(&unit_of) {
            let line = point.row.line as usize;
            unit[line] = u;
            price[line] = point.price as f32 - offset[tree.finest().cell[u as usize] as usize];
            log_quantity[line] = point.log_quantity;
        }
        let model = Model {
            unit,
            tree,
            offset,
            weight: cell_weight,
            price,
            log_quantity,
            lot,
            standing: vec![None; consignors],
            between: 0.3,
            stray,
            discount,
        };
        let mut draft = Draft {
            model,
            lots,
            value,
            lines,
            granted,
            credit: Vec::new(),
            peer: Vec::new(),
            guests: Vec::new(),
            center: 0.0,
            recalled: !anchors.is_empty(),
        };
        draft.weigh_consignors();
        draft
    }

    /// Lets go of what nothing needs once every line has its residual.
    pub fn done(self) -> Model {
        let mut model = self.model;
        model.tree.settle();
        model
    }

    /// Variance between the articles of one consignor in the cell of a unit.
    fn article_variance(&self, unit: usize) -> f64 {
        let level = self.model.tree.finest();
        let stats = &level.stats[level.cell[unit] as usize];
        let spread = stats.spread * stats.spread;
        // A consignor's level is the same in all its cells; the rest of the spread belongs to the article.
        let article = (spread - self.model.between * self.model.between)
            .max(0.25 * spread)
            .max(SPREAD_FLOOR * SPREAD_FLOOR);
        if stats.contested { article + CONTESTED_VARIANCE } else { article }
    }

    /// Finds the price level of each consignor, how far honest levels lie apart, and what each unit may expect of
    /// its consignor's others.
    fn weigh_consignors(&mut self) {
        let level = self.model.tree.finest();
        let consignors = self.model.standing.len();
        let mut first = vec![0u32; consignors + 1];
        level.consignor.iter().for_each(|c| first[*c as usize + 1] += 1);
        for c in 0..consignors {
            first[c + 1] += first[c];
        }
        let mut place = first.clone();
        let mut of = vec![0u32; level.consignor.len()];
        for (unit, &c) in level.consignor.iter().enumerate() {
            of[place[c as usize] as usize] = unit as u32;
            place[c as usize] += 1;
        }
        let units = |c: usize| &of[first[c] as usize..first[c + 1] as usize];
        let mut center = 0.0;
        // The spread of levels decides how articles weigh, and these decide the levels: twice is enough.
        for _ in 0..2 {
            let standing: Vec<Option<Standing>> =
                (0..consignors).into_par_iter().map(|c| self.stand(units(c), None)).collect();
            self.model.standing = standing;
            (center, self.model.between) = self.spread_of_levels();
        }
        let this = &*self;
        let of_consignor = |c: usize| {
            let units = units(c);
            units.iter().map(move |unit| {
                // Without one of many articles the level is as good as with it.
                let rest =
                    if units.len() > 12 { this.model.standing[c] } else { this.stand(units, Some(*unit)) };
                this.expected_level(rest, center)
            })
        };
        let expected: Vec<(f32, f32)> = (0..consignors).into_par_iter().flat_map_iter(of_consignor).collect();
        let mut credit = vec![(0.0, 0.0); of.len()];
        of.iter().zip(expected).for_each(|(unit, expected)| credit[*unit as usize] = expected);
        let level = self.model.tree.finest();
        self.peer = (credit.iter().enumerate())
            .map(|(unit, &(credit, uncertain))| {
                let s = self.article_variance(unit) + f64::from(level.variance[unit]) + f64::from(uncertain);
                let s = (s + self.model.stray * self.model.stray).sqrt() as f32;
                Peer { expected: level.expected[unit], credit, s }
            })
            .collect();
        self.credit = credit;
        self.center = center;
    }

    /// The level expected of a consignor by its other articles, shrunk to that of all. Nobody is credited with being
    /// cheaper than two spreads: beyond that cheapness is the question, not the explanation.
    pub(super) fn expected_level(&self, rest: Option<Standing>, center: f64) -> (f32, f32) {
        let prior = self.model.between * self.model.between;
        let (mean, variance) = rest.map_or((center, prior), |s| {
            let v = f64::from(s.variance);
            ((f64::from(s.level) * prior + center * v) / (prior + v), prior * v / (prior + v))
        });
        let mean = mean.clamp(center - 2.0 * self.model.between, center + 0.5 * self.model.between);
        (mean as f32, variance as f32)
    }

    fn stand(&self, units: &[u32], except: Option<u32>) -> Option<Standing> {
        let level = self.model.tree.finest();
        let mut lines = 0;
        let mut articles: Vec<(f64, f64)> = Vec::with_capacity(units.len());
        for &unit in units.iter().filter(|u| Some(**u) != except) {
            let unit = unit as usize;
            let off = generous(self.value[unit] - level.expected[unit], self.granted[unit]);
            if off.is_finite() {
                let noise = self.model.stray * self.model.stray / f64::from(self.lines[unit]);
                articles.push((
                    off,
                    1.0 / (self.article_variance(unit) + f64::from(level.variance[unit]) + noise),
                ));
                lines += self.lines[unit];
            }
        }
        if articles.is_empty() {
            return None;
        }
        let weight: f64 = articles.iter().map(|a| a.1).sum();
        let count = articles.len();
        let cost = if count > 2 { 1.3 } else { 1.0 };
        let middle = robust::weighted_median(&mut articles);
        Some(Standing {
            level: middle as f32,
            variance: (cost / weight) as f32,
            articles: count as u32,
            lines,
        })
    }

    /// Centre and spread of honest consignors' levels: by the upper side, which undervaluing does not widen.
    fn spread_of_levels(&self) -> (f64, f64) {
        let known: Vec<&Standing> = self.model.standing.iter().flatten().collect();
        let several = known.iter().filter(|s| s.articles >= 3).count();
        let least = if several >= 20 { 3 } else { 1 };
        let used: Vec<&&Standing> = known.iter().filter(|s| s.articles >= least).collect();
        let mut levels: Vec<f64> = used.iter().map(|s| f64::from(s.level)).collect();
        levels.sort_unstable_by(f64::total_cmp);
        let body = robust::cleaned(&levels, 0.1);
        // Where other nights set the yardstick, a night on which all are low is low.
        let center = if levels.len() >= 8 && !self.recalled { body.location } else { 0.0 };
        let (_, above) = robust::double_mad(&levels, center);
        let noise = used.iter().map(|s| f64::from(s.variance)).sum::<f64>() / used.len().max(1) as f64;
        let n = levels.len() as f64;
        // The noise is that of cells which cuts have widened too: it never explains all.
        let seen = if above.is_finite() { (above * above - noise).max(0.4 * above * above) } else { 0.0 };
        let between = ((seen * n + 0.09 * 20.0) / (n + 20.0)).sqrt();
        (center, between.clamp(0.2, 0.6))
    }

    /// The line against its peers, its consignor's usual level granted.
    pub fn against_peers(&self, line: usize) -> Option<Residual> {
        let peer = self.peer.get(self.model.unit[line] as usize).filter(|peer| peer.expected.is_finite())?;
        let x = f64::from(self.model.price[line]) - peer.expected - f64::from(peer.credit);
        let x = generous(x, grant(self.model.discount, self.model.log_quantity[line]));
        let s = f64::from(peer.s);
        Some(Residual::new(x, s, (s * s - self.model.stray * self.model.stray).max(0.0)))
    }
}

impl Model {
    /// Log of the pieces of a line; 0 where unknown.
    pub fn log_quantity(&self, line: usize) -> f64 {
        f64::from(self.log_quantity[line])
    }

    /// What the size of its lot adds to the log price of a line.
    pub fn lot(&self, line: usize) -> f64 {
        self.lot.get(line).map_or(0.0, |adds| f64::from(*adds))
    }

    /// The line against its peers and nothing else: log of declared over expected.
    pub fn off_peers(&self, line: usize) -> Option<f64> {
        let expected = *self.tree.finest().expected.get(self.unit[line] as usize)?;
        expected.is_finite().then(|| {
            generous(f64::from(self.price[line]) - expected, grant(self.discount, self.log_quantity[line]))
        })
    }

    /// The consignor's level as a residual of all honest levels.
    pub fn consignor(&self, consignor: u32) -> Option<Residual> {
        let standing = self.standing[consignor as usize]?;
        let s = (self.between * self.between + f64::from(standing.variance)).sqrt();
        Some(Residual::new(f64::from(standing.level), s, f64::from(standing.variance)))
    }
}

/// Discount granted for a log quantity on top of the one that the night shows.
pub(super) fn grant(discount: f64, log_quantity: f32) -> f32 {
    let quantity = f64::from(log_quantity);
    let (from, full) = (TRADE_QUANTITY.0.ln(), TRADE_QUANTITY.1.ln());
    let trade = TRADE_MARGIN * ((quantity - from) / (full - from)).clamp(0.0, 1.0);
    ((DISCOUNT_GRANTED - discount).max(0.0) * (quantity - DISCOUNT_FREE.ln()).max(0.0) + trade) as f32
}

/// A residual with the discount granted given back; it excuses a low price but makes no price high.
pub(super) fn generous(x: f64, granted: f32) -> f64 {
    if x < 0.0 { (x + f64::from(granted)).min(0.0) } else { x }
}

/// Numbers the runs of one consignor in one finest cell.
fn number_units(points: &[Point]) -> Vec<u32> {
    let mut unit = 0;
    let mut numbers = Vec::with_capacity(points.len());
    for (i, p) in points.iter().enumerate() {
        if i > 0 && (p.row.key, p.row.consignor) != (points[i - 1].row.key, points[i - 1].row.consignor) {
            unit += 1;
        }
        numbers.push(unit);
    }
    numbers
}

fn runs<'a>(points: &'a [Point], unit_of: &'a [u32]) -> impl Iterator<Item = &'a [Point]> {
    let mut start = 0;
    unit_of.chunk_by(|a, b| a == b).map(move |run| {
        let points = &points[start..start + run.len()];
        start += run.len();
        points
    })
}

/// How much cheaper a piece becomes per unit of log quantity: within articles, where nothing else differs.
fn quantity_discount(points: &[Point], unit_of: &[u32]) -> f64 {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for run in runs(points, unit_of) {
        let same = |p: &Point| p.log_quantity == run[0].log_quantity;
        if run.len() < 3 || run.iter().all(same) {
            continue;
        }
        let n = run.len() as f64;
        let quantity = run.iter().map(|p| f64::from(p.log_quantity)).sum::<f64>() / n;
        let mut prices: Vec<f64> = run.iter().map(|p| p.price).collect();
        let price = robust::median(&mut prices);
        for p in run {
            x.push(f64::from(p.log_quantity) - quantity);
            y.push(p.price - price);
        }
        if x.len() >= DISCOUNT_POINTS {
            break;
        }
    }
    let n = x.len() as f64;
    bisquare_line(&x, &y).map_or(0.0, |line| (-line.slope).clamp(0.0, 0.3) * n / (n + 100.0))
}

/// Fits the curve of log price on log weight in each subheading, moves all units to the anchor's weight, and returns
/// what the curve adds in each finest cell. `slope` is the one expected and the range allowed is up to 1 above `slope.1`.
fn curve(
    points: &[Point],
    unit_of: &[u32],
    value: &mut [f64],
    weight: &[f64],
    slope: (f64, f64),
) -> (Vec<f32>, Vec<f32>, Slopes) {
    let (expected, least) = slope;
    let anchor = ANCHOR_KG.ln();
    let mut subheading = Vec::with_capacity(value.len());
    let mut cell_of = Vec::with_capacity(value.len());
    let mut cells = 0u32;
    let mut last_key = None;
    for (i, p) in points.iter().enumerate() {
        if i > 0 && unit_of[i] == unit_of[i - 1] {
            continue;
        }
        if last_key.is_some_and(|k| k != p.row.key) {
            cells += 1;
        }
        last_key = Some(p.row.key);
        subheading.push(level_key(p.row.key, 2));
        cell_of.push(cells);
    }
    let mut ranges = Vec::new();
    let mut start = 0;
    for group in subheading.chunk_by(|a, b| a == b) {
        ranges.push(start..start + group.len());
        start += group.len();
    }
    let fits: Vec<Option<(f64, f64)>> = ranges
        .par_iter()
        .map(|range| {
            let known: Vec<usize> = range.clone().filter(|u| weight[*u].is_finite()).collect();
            let step = known.len().div_ceil(CURVE_POINTS).max(1);
            let picked = || known.iter().step_by(step);
            let x: Vec<f64> = picked().map(|u| weight[*u] - anchor).collect();
            let y: Vec<f64> = picked().map(|u| value[*u]).collect();
            if x.len() < CURVE_FROM {
                return None;
            }
            let mut sorted = x.clone();
            sorted.sort_unstable_by(f64::total_cmp);
            let width = robust::quantile_sorted(&sorted, 0.9) - robust::quantile_sorted(&sorted, 0.1);
            if width < 0.5 {
                return None;
            }
            bisquare_line(&x, &y).map(|line| (line.slope.clamp(least, least + 1.0), x.len().min(200) as f64))
        })
        .collect();
    let mut pairs: Vec<(f64, f64)> = fits.iter().flatten().copied().collect();
    pairs.push((expected, 100.0));
    let typical = robust::weighted_median(&mut pairs);
    let mut offset = Vec::with_capacity(cells as usize + 1);
    let mut slopes = Slopes { of: Vec::with_capacity(ranges.len()), typical };
    let mut typical_weight = Vec::with_capacity(cells as usize + 1);
    let mut weights = Vec::new();
    for (range, fit) in ranges.into_iter().zip(fits) {
        let slope = fit.map_or(typical, |(slope, n)| (slope * n + typical * 30.0) / (n + 30.0));
        slopes.of.push((subheading[range.start], slope));
        let mut unit = range.start;
        for group in cell_of[range].chunk_by(|a, b| a == b) {
            // One weight for the whole cell: within it a differing weight is noise more often than another article.
            weights.clear();
            weights.extend(weight[unit..unit + group.len()].iter().copied().filter(|w| w.is_finite()));
            let at = robust::median(&mut weights);
            let add = if at.is_finite() { slope * (at - anchor) } else { 0.0 };
            value[unit..unit + group.len()].iter_mut().for_each(|v| *v -= add);
            offset.push(add as f32);
            typical_weight.push(at as f32);
            unit += group.len();
        }
    }
    (offset, typical_weight, slopes)
}

/// How far prices of one article of one consignor stray: a robust middle over articles, never below the floor.
fn stray(points: &[Point], unit_of: &[u32]) -> f64 {
    let mut spreads = Vec::new();
    let mut one = Vec::new();
    for run in runs(points, unit_of).filter(|r| r.len() >= OWN_FROM) {
        one.clear();
        one.extend(run.iter().map(|p| p.price));
        one.sort_unstable_by(f64::total_cmp);
        spreads.push((own_spread(&one), run.len().min(30) as f64));
    }
    let weight: f64 = spreads.iter().map(|s| s.1).sum();
    let typical = robust::weighted_median(&mut spreads);
    let seen = if weight > 0.0 { typical * typical * weight } else { 0.0 };
    let square = (seen + STRAY_PRIOR * STRAY_PRIOR * STRAY_PRIOR_WEIGHT) / (weight + STRAY_PRIOR_WEIGHT);
    square.sqrt().max(SPREAD_FLOOR)
}

/// How much of what lies above an article's body counts for its spread: a dear second channel has no like below.
const ABOVE: f64 = 0.6;

/// Spread of an article's prices in ascending order: by the body, and by what lies above it.
pub(super) fn own_spread(sorted: &[f64]) -> f64 {
    let body = robust::cleaned(sorted, SPREAD_FLOOR);
    let squares: f64 = sorted.iter().map(|v| (v - body.location).clamp(0.0, 1.0).powi(2)).sum();
    body.scale.max(ABOVE * (squares / sorted.len().max(1) as f64).sqrt())
}
