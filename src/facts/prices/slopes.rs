//! How value grows with quantity and weight among the goods of one code, within articles.
//!
//! Each line is taken as its distance to the middle of its article (one consignor, one description), so that dear and
//! cheap articles tell nothing of the slope. An MM line through the distances of all lines of a code is shrunk to the
//! night's by [`PRIOR`] lines.

use super::history::{Entry, Usual};
use crate::stats::robust::{self, bisquare_line};
use rayon::prelude::*;

/// Lines that the night's slope is worth in that of a code.
const PRIOR: f64 = 30.0;
/// Lines of an article from which it tells a slope.
const FROM: usize = 3;
/// Lines of a code that are looked at, at most, and from which it has a slope of its own.
const MOST: usize = 2_000;
const LEAST: usize = 20;
/// Spread of the log quantity or weight within articles from which it tells a slope.
const WIDTH: f64 = 0.3;
/// Bounds of the discount for quantity and of the slope of the price per kg on the weight.
const DISCOUNT: (f64, f64) = (0.0, 0.5);
pub(super) const BY_WEIGHT: (f64, f64) = (-0.7, 0.2);

/// Slopes of each code, ascending.
#[derive(Debug, Default)]
pub(super) struct Slopes {
    of: Vec<(u64, Usual)>,
    night: Option<Usual>,
}

impl Slopes {
    /// From entries sorted by code, consignor, cluster and description.
    pub fn of(entries: &[Entry], night: Usual) -> Slopes {
        let codes: Vec<&[Entry]> = entries.chunk_by(|a, b| a.code == b.code).collect();
        let discounts: Vec<Option<(f64, f64)>> = codes
            .par_iter()
            .map(|code| within(articles(code), |e| e.quantity, |e| e.value - e.quantity))
            .collect();
        let usual = |found: &Option<(f64, f64)>| {
            let discount = shrunk(found.map(|(slope, n)| (-slope, n)), night.discount);
            Usual { discount: discount.clamp(DISCOUNT.0, DISCOUNT.1), ..night }
        };
        let mut of: Vec<(u64, Usual)> =
            codes.iter().zip(&discounts).map(|(code, found)| (code[0].code, usual(found))).collect();
        let by_weight: Vec<Option<(f64, f64)>> = codes
            .par_iter()
            .zip(&of)
            .map(|(code, (_, usual))| {
                let counted =
                    |e: &Entry| if e.quantity.is_finite() { usual.discount * e.quantity } else { 0.0 };
                within(articles(code), |e| e.weight, |e| e.value - e.weight + counted(e))
            })
            .collect();
        // What no code shows is that price per kg does not depend on the weight.
        let mut known: Vec<(f64, f64)> =
            by_weight.iter().flatten().map(|(slope, n)| (*slope, n.min(200.0))).collect();
        known.push((night.by_weight, 100.0));
        let typical = robust::weighted_median(&mut known);
        for ((_, usual), found) in of.iter_mut().zip(by_weight) {
            usual.by_weight = shrunk(found, typical).clamp(BY_WEIGHT.0, BY_WEIGHT.1);
        }
        Slopes { of, night: Some(night) }
    }

    /// What holds for the articles of a code.
    pub fn usual(&self, code: u64) -> Usual {
        match self.of.binary_search_by_key(&code, |slope| slope.0) {
            Ok(at) => self.of[at].1,
            Err(_) => self.night.unwrap_or(Usual { stray: 0.1, discount: 0.0, by_weight: 0.0 }),
        }
    }
}

pub(super) fn shrunk(found: Option<(f64, f64)>, towards: f64) -> f64 {
    found.map_or(towards, |(slope, n)| (slope * n + towards * PRIOR) / (n + PRIOR))
}

/// The articles of one code.
fn articles(code: &[Entry]) -> impl Iterator<Item = &[Entry]> {
    code.chunk_by(|a, b| (a.consignor, a.cluster, a.description) == (b.consignor, b.cluster, b.description))
}

/// Slope of `y` on `x` within articles, and the lines it rests on.
pub(super) fn within<'a, T: 'a>(
    articles: impl Iterator<Item = &'a [T]>,
    x: impl Fn(&T) -> f64,
    y: impl Fn(&T) -> f64,
) -> Option<(f64, f64)> {
    let (mut xs, mut ys) = (Vec::new(), Vec::new());
    let (mut one, mut other) = (Vec::new(), Vec::new());
    for article in articles {
        let known = || article.iter().map(|e| (x(e), y(e))).filter(|(x, y)| x.is_finite() && y.is_finite());
        one.clear();
        one.extend(known().map(|p| p.0));
        if one.len() < FROM || one.iter().all(|x| *x == one[0]) {
            continue;
        }
        other.clear();
        other.extend(known().map(|p| p.1));
        let middle = (robust::median(&mut one), robust::median(&mut other));
        xs.extend(known().map(|p| p.0 - middle.0));
        ys.extend(known().map(|p| p.1 - middle.1));
        if xs.len() >= MOST {
            break;
        }
    }
    if xs.len() < LEAST {
        return None;
    }
    let mut sorted = xs.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    if robust::quantile_sorted(&sorted, 0.9) - robust::quantile_sorted(&sorted, 0.1) < WIDTH {
        return None;
    }
    bisquare_line(&xs, &ys).map(|line| (line.slope, xs.len() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_within_articles_is_found_whatever_the_articles_cost() {
        let mut entries = Vec::new();
        for consignor in 0..10u32 {
            for i in 0..6u32 {
                let weight = f64::from(i) * 0.5;
                // Dear consignors send heavy goods: across articles value grows faster than weight.
                let start = f64::from(consignor) * 0.7;
                let noise = 0.02 * f64::from((i * 7 + consignor * 3) % 5) - 0.04;
                entries.push(Entry {
                    code: 7,
                    consignor,
                    cluster: 1,
                    description: 1,
                    line: consignor * 6 + i,
                    value: 2.0 * start + 0.6 * weight + noise,
                    quantity: f64::NAN,
                    weight: start + weight,
                });
            }
        }
        let night = Usual { stray: 0.1, discount: 0.05, by_weight: 0.0 };
        let found = Slopes::of(&entries, night).usual(7);
        // -0.4 of 60 lines, shrunk by 30 lines to the night's, which is itself that of this code or none.
        assert!((-0.41..=-0.26).contains(&found.by_weight), "{found:?}");
        assert_eq!(found.discount, 0.05, "nothing was counted");
        assert_eq!(Slopes::of(&entries, night).usual(8).by_weight, 0.0);
    }
}
