//! What the comparison of each line with other consignors came to: made once, in the order of lines, since most
//! detectors of prices begin with it.

use super::model::{Draft, Residual};
use super::{Scale, milder};
use rayon::prelude::*;

/// A line against other consignors' prices; NaN where there are none.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// Residual, its consignor's usual level granted, and its standard deviation.
    x: f32,
    s: f32,
    /// Log of declared over expected price with nothing granted, on the milder scale.
    off: f32,
    scale: Scale,
}

/// All lines against other consignors' prices.
#[derive(Debug, Default)]
pub(super) struct Peers {
    of: Vec<Line>,
    /// How far prices stray within one article, per piece and per kg.
    stray: [f64; 2],
}

impl Peers {
    /// Compares every line on both scales.
    pub fn of_lines(lines: usize, [piece, kg]: &[Draft; 2]) -> Peers {
        let none = Line { x: f32::NAN, s: f32::NAN, off: f32::NAN, scale: Scale::Piece };
        let one = |line: usize| {
            let Some((residual, scale)) = milder(piece.against_peers(line), kg.against_peers(line)) else {
                return none;
            };
            let off = [&piece.model, &kg.model].map(|model| model.off_peers(line).unwrap_or(f64::NAN));
            Line { x: residual.x as f32, s: residual.s as f32, off: off[0].max(off[1]) as f32, scale }
        };
        let of = (0..lines).into_par_iter().map(one).collect();
        Peers { of, stray: [piece.model.stray, kg.model.stray] }
    }

    /// The residual of a line and the scale that decided.
    pub fn residual(&self, line: usize) -> Option<(Residual, Scale)> {
        let of = &self.of[line];
        let (x, s, stray) = (f64::from(of.x), f64::from(of.s), self.stray[of.scale as usize]);
        (!of.x.is_nan()).then(|| (Residual::new(x, s, (s * s - stray * stray).max(0.0)), of.scale))
    }

    /// Declared over expected price with nothing granted, the milder scale.
    pub fn ratio(&self, line: usize) -> Option<f64> {
        let off = self.of[line].off;
        (!off.is_nan()).then(|| f64::from(off).exp())
    }

    /// Residual and standard deviation of each line that has them.
    pub fn pairs(&self, of: impl Fn(usize) -> bool + Sync) -> Vec<(f32, f32)> {
        let known = self.of.par_iter().enumerate().filter(|(at, line)| !line.x.is_nan() && of(*at));
        known.map(|(_, line)| (line.x, line.s)).collect()
    }
}
