//! What the size of a lot does to its price: goods of one code by the tonne cost less a kg than by the pound.
//!
//! Only where nothing was counted. Where pieces are, the price of a piece tells, and who scales the value of large orders
//! down to a limit would pass for one who grants a discount for quantity.
//!
//! Within each subheading, log price per kg on log weight, an MM line through the
//! distances of all lines to the middle of their consignor's goods, so that dear goods and dear consignors tell nothing
//! of the slope; where consignors send too few lines each, to the middle of the cell. Shrunk to the night's slope.
//! Prices are then those of a lot of the code's usual size: a regression of value on quantity before prices are
//! compared, as in the fair prices of the Joint Research Centre (C. Arsenis, D. Perrotta, F. Torti, *The estimation of
//! fair prices of traded goods from outlier-free trade data*, EUR 27696, 2015).

use super::cells::level_key;
use super::model::Point;
use super::slopes::{BY_WEIGHT, shrunk, within};
use crate::stats::robust;
use rayon::prelude::*;

/// Lines whose sizes tell the usual one of a code at most.
const MOST: usize = 2_000;
/// Lines that no slope at all is worth in the night's.
const NONE_WEIGHT: f64 = 100.0;
/// Slopes up to this, either way, are none: most codes are left alone.
const LEAST_SLOPE: f64 = 0.01;

/// Log weight of the lot that a point is, where its goods were not counted; NaN elsewhere.
fn lot(point: &Point) -> f64 {
    if point.log_weight.is_nan() { f64::from(point.log_size) } else { f64::NAN }
}

/// Slope on the size of a lot, and the usual log size, of each subheading, ascending by its key.
#[derive(Debug, Default)]
pub(super) struct Lots(Vec<(u64, f64, f64)>);

impl Lots {
    /// From points per kg in the order of their rows.
    pub fn of(points: &[Point]) -> Lots {
        let codes: Vec<&[Point]> =
            points.chunk_by(|a, b| level_key(a.row.key, 2) == level_key(b.row.key, 2)).collect();
        let found: Vec<Option<(f64, f64)>> = codes
            .par_iter()
            .map(|code| {
                let unit = |p: &Point| (p.row.key, p.row.consignor);
                let (x, y) = (lot, |p: &Point| p.price);
                within(code.chunk_by(|a, b| unit(a) == unit(b)), x, y)
                    .or_else(|| within(code.chunk_by(|a, b| a.row.key == b.row.key), x, y))
            })
            .collect();
        let mut known: Vec<(f64, f64)> = found.iter().flatten().map(|(s, n)| (*s, n.min(200.0))).collect();
        known.push((0.0, NONE_WEIGHT));
        let typical = robust::weighted_median(&mut known);
        let of = |(code, found): (&&[Point], Option<(f64, f64)>)| {
            let slope = shrunk(found, typical).clamp(BY_WEIGHT.0, BY_WEIGHT.1);
            let step = code.len().div_ceil(MOST);
            let mut sizes: Vec<f64> =
                code.iter().step_by(step).map(lot).filter(|lot| lot.is_finite()).collect();
            (slope.abs() > LEAST_SLOPE && !sizes.is_empty())
                .then(|| (level_key(code[0].row.key, 2), slope, robust::median(&mut sizes)))
        };
        Lots(codes.par_iter().zip(found).filter_map(of).collect())
    }

    /// What the size of its lot adds to the log price of a point.
    pub fn adds(&self, point: &Point) -> f64 {
        let size = lot(point);
        if self.0.is_empty() || !size.is_finite() {
            return 0.0;
        }
        match self.0.binary_search_by_key(&level_key(point.row.key, 2), |code| code.0) {
            Ok(at) => self.0[at].1 * (size - self.0[at].2),
            Err(_) => 0.0,
        }
    }

    /// Whether no price depends on the size of a lot.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::cells::{Row, key};
    use super::*;
    use crate::fields::country::parse_country;

    fn point(consignor: u32, log_size: f64, price: f64, log_weight: f32) -> Point {
        let key = key(0, 720_449, parse_country("CN").unwrap(), f64::NAN, 1);
        let row = Row { key, consignor, description: 1, line: 0 };
        Point { row, price, apart: false, log_quantity: 0.0, log_size: log_size as f32, log_weight }
    }

    /// Thirty consignors with three lots each, dear consignors with large lots; price per kg falls by 0.3.
    fn night(log_weight: f32) -> Vec<Point> {
        (0..90)
            .map(|i| {
                let (consignor, lot) = (i / 3, f64::from(i % 3));
                let level = 0.05 * f64::from(consignor);
                let noise = 0.02 * f64::from(i * 7 % 5) - 0.04;
                point(consignor, 2.0 * level + lot, level - 0.3 * lot + noise, log_weight)
            })
            .collect()
    }

    #[test]
    fn a_large_lot_is_cheaper_by_the_slope_within_consignors() {
        let points = night(f32::NAN);
        let lots = Lots::of(&points);
        let slope = lots.adds(&point(1, 3.0, 0.0, f32::NAN)) - lots.adds(&point(1, 2.0, 0.0, f32::NAN));
        // -0.3 of 90 lines, shrunk by 30 lines to the night's, which is that of this code or none.
        assert!((-0.31..=-0.2).contains(&slope), "{slope}");
    }

    #[test]
    fn goods_that_are_counted_are_left_alone() {
        let points = night(-1.0);
        assert!(Lots::of(&points).is_empty());
        assert_eq!(Lots::of(&night(f32::NAN)).adds(&points[5]), 0.0);
    }
}
