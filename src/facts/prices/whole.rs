//! Whole parcels: the declared total against the sum of what each line lets expect.
//!
//! A sender who scales a value scales that of the whole parcel, and a record with several lines may carry one value for
//! all of them. Line noise averages out in the sum; the consignor's level is common to its lines and does not. For line
//! `i` with value `V`, log residual `x` and variances of its own `v` and of its consignor's level `u`:
//!
//! `E = V·exp(−x)`, `X = ln(ΣV / ΣE)`, `S² = Σ w²·v + (Σ w·√u)²` with `w = E / ΣE`

use super::cells::{LEVELS, level_key};
use super::history::History;
use super::model::{Draft, NO_UNIT, Point, Residual, generous, grant};
use super::tree::Level;
use super::{Judgement, Prices, Scale, judged, milder};
use crate::model::money::{Money, to_units};
use crate::model::parcels::Shipments;
use crate::refdata::regimes::Terms;
use crate::stats::mixture::{Likelihood, Mixture};
use crate::stats::robust;
use rayon::prelude::*;

/// From this share of a limit up to the limit, a parcel is declared just below it.
const JUST_BELOW: f64 = 0.8;
/// Cells whose curve stands in for that of goods that have no cell of their own, at most.
const CURVES: usize = 32;

/// A line as part of its parcel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Log of declared over expected value.
    pub x: f64,
    /// Variance of its own.
    pub own: f64,
    /// Variance of its consignor's level.
    pub level: f64,
}

/// A parcel held against what its lines let expect.
#[derive(Clone, Copy, Debug)]
pub struct Whole<'a> {
    sum: Sum,
    mixture: &'a Mixture,
    /// Declared value, regime's currency.
    pub declared: Money,
    /// Sum of what its lines let expect, regime's currency.
    pub expected: f64,
    /// The limit that it is declared just below.
    pub limit: Option<Money>,
    /// Lines.
    pub lines: usize,
}

impl<'a> Whole<'a> {
    /// Declared over expected value.
    pub fn ratio(&self) -> f64 {
        self.sum.residual().x.exp()
    }
    /// How probable it is that the value was cut.
    pub fn judgement(&self) -> Judgement<'a> {
        judged(self.mixture, (self.sum.residual(), self.sum.scale), Likelihood::EVEN)
    }
}

/// A parcel's residual and the scale of its dearest line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sum {
    parcel: u32,
    pub x: f32,
    pub s: f32,
    scale: Scale,
    /// Whether it is declared just below a limit.
    pub near: bool,
}

impl Sum {
    fn residual(&self) -> Residual {
        Residual::new(f64::from(self.x), f64::from(self.s), 0.0)
    }
}

impl Prices {
    /// Parcels as a whole, in their order: those of several lines, and those that are declared just below a limit.
    pub fn parcels<'a>(
        &'a self,
        shipments: &'a Shipments,
        terms: &'a [Terms],
    ) -> impl ParallelIterator<Item = (u32, Whole<'a>)> {
        self.sums.par_iter().map(move |sum| {
            let declared = shipments.parcels.value[sum.parcel as usize];
            let whole = Whole {
                sum: *sum,
                mixture: if sum.near { &self.just_below } else { &self.parcels },
                declared,
                expected: to_units(declared) / sum.residual().x.exp(),
                limit: if sum.near { just_below(shipments, terms, sum.parcel) } else { None },
                lines: shipments.parcels.lines(sum.parcel).len(),
            };
            (sum.parcel, whole)
        })
    }
}

/// The residuals of parcels.
pub(super) fn sums(
    shipments: &Shipments,
    terms: &[Terms],
    scales: &[Draft; 2],
    history: &History,
) -> Vec<Sum> {
    (0..shipments.parcels.len() as u32)
        .into_par_iter()
        .filter_map(|parcel| sum(shipments, terms, scales, history, parcel))
        .collect()
}

fn sum(
    shipments: &Shipments,
    terms: &[Terms],
    scales: &[Draft; 2],
    history: &History,
    parcel: u32,
) -> Option<Sum> {
    let near = just_below(shipments, terms, parcel).is_some();
    let lines = shipments.parcels.lines(parcel);
    if !near && lines.len() < 2 {
        return None;
    }
    let (mut declared, mut expected, mut own, mut level) = (0.0, 0.0, 0.0, 0.0);
    let mut largest = (0.0, Scale::Piece);
    for line in lines {
        let value = to_units(shipments.lines.value[line]);
        let (part, scale) = part(scales, history, line)?;
        let worth = value * (-part.x).exp();
        declared += value;
        expected += worth;
        own += worth * worth * part.own;
        level += worth * part.level.sqrt();
        if worth > largest.0 {
            largest = (worth, scale);
        }
    }
    let x: f64 = (declared / expected).ln();
    let s = (own + level * level).sqrt() / expected;
    (x.is_finite() && s > 0.0).then_some(Sum { parcel, x: x as f32, s: s as f32, scale: largest.1, near })
}

/// A line against other consignors and against its consignor's own lines of the article, each by what it is worth.
fn part([piece, kg]: &[Draft; 2], history: &History, line: usize) -> Option<(Part, Scale)> {
    let (piece, kg) = (piece.part(line), kg.part(line));
    let residual = |p: Part| Residual::new(p.x, (p.own + p.level).sqrt(), p.level);
    let (_, scale) = milder(piece.map(residual), kg.map(residual))?;
    let peers = match scale {
        Scale::Piece => piece?,
        Scale::Kg => kg?,
    };
    let Some((own, scale)) = history.of(line) else { return Some((peers, scale)) };
    let (a, b) = (1.0 / (peers.own + peers.level), 1.0 / (own.s * own.s));
    let part = Part { x: (peers.x * a + own.x * b) / (a + b), own: 1.0 / (a + b), level: 0.0 };
    Some((part, scale))
}

/// The limit that a parcel's value lies just below.
fn just_below(shipments: &Shipments, terms: &[Terms], parcel: u32) -> Option<Money> {
    let parcels = &shipments.parcels;
    let terms = &terms[parcels.terms[parcel as usize] as usize];
    let value = parcels.value[parcel as usize];
    let near = |amount: Money| to_units(value) >= JUST_BELOW * to_units(amount);
    terms.limits.iter().find(|limit| limit.admits(value) && near(limit.amount)).map(|limit| limit.amount)
}

impl Draft {
    /// A line as part of its parcel: against other consignors, its consignor's usual level granted.
    fn part(&self, line: usize) -> Option<Part> {
        if self.model.unit[line] == NO_UNIT {
            let at = self.guests.binary_search_by_key(&(line as u32), |guest| guest.0).ok()?;
            return Some(self.guests[at].1);
        }
        let uncertain = f64::from(self.credit[self.model.unit[line] as usize].1);
        let r = self.against_peers(line)?;
        Some(Part { x: r.x, own: r.s * r.s - uncertain, level: uncertain })
    }

    /// Looks up what is expected of lines that only share a parcel's value and take no part in the cells.
    pub fn welcome(&mut self, guests: &[Point]) {
        let mut found: Vec<(u32, Part)> =
            guests.iter().filter_map(|guest| Some((guest.row.line, self.guest(guest)?))).collect();
        found.sort_unstable_by_key(|guest| guest.0);
        self.guests = found;
    }

    fn guest(&self, guest: &Point) -> Option<Part> {
        if guest.apart {
            return None;
        }
        for depth in (0..LEVELS).rev() {
            let level = &self.model.tree.levels[depth];
            let Ok(cell) = level.key.binary_search(&level_key(guest.row.key, depth)) else { continue };
            let unit = unit_in(level, cell, guest.row.consignor);
            let expected = level.expected[unit];
            if !expected.is_finite() {
                continue;
            }
            let stats = &level.stats[cell];
            let (credit, uncertain) =
                self.expected_level(self.model.standing[guest.row.consignor as usize], self.center);
            let price =
                guest.price + self.model.discount * f64::from(guest.log_quantity) - self.lots.adds(guest);
            let x = price - self.curve_of(level.key[cell], depth) - expected - f64::from(credit);
            let spread = stats.spread * stats.spread;
            let article = (spread - self.model.between * self.model.between).max(0.25 * spread);
            let contested = if stats.contested { super::model::CONTESTED_VARIANCE } else { 0.0 };
            return Some(Part {
                x: generous(x, grant(self.model.discount, guest.log_quantity)),
                own: article
                    + contested
                    + f64::from(level.variance[unit])
                    + self.model.stray * self.model.stray,
                level: f64::from(uncertain),
            });
        }
        None
    }

    /// What the curve of price on weight adds in a cell: the middle of its finest cells.
    fn curve_of(&self, key: u64, depth: usize) -> f64 {
        let finest = &self.model.tree.finest().key;
        let from = finest.partition_point(|k| level_key(*k, depth) < key);
        let to = from + finest[from..].partition_point(|k| level_key(*k, depth) <= key);
        let step = (to - from).div_ceil(CURVES).max(1);
        let mut offsets: Vec<f64> =
            self.model.offset[from..to].iter().step_by(step).map(|o| f64::from(*o)).collect();
        robust::median(&mut offsets)
    }
}

/// The consignor's unit in a cell, whose expectation leaves the consignor out; any other where it has none there: what
/// is expected of that one leaves out another consignor, which makes the expectation no less valid.
fn unit_in(level: &Level, cell: usize, consignor: u32) -> usize {
    let (from, to) = (level.first[cell] as usize, level.first[cell + 1] as usize);
    match level.consignor[from..to].binary_search(&consignor) {
        Ok(at) => from + at,
        Err(at) => (from + at).min(to - 1),
    }
}
