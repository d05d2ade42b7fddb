//! How many lines of an article cost the very same: list prices are asked again and again, a value that was cut stands
//! nearly alone.
//!
//! The likelihood ratio is the night's own: how often a price that is not low is shared by so many of the article's
//! lines, against how often one would be if the few cut values of an article that heaps like the night's were all cut
//! by one factor. Where prices do not heap it is 1.

use super::history::Entry;
use super::lows::CUT_SHARE;
use crate::stats::mixture::Likelihood;

/// Prices are the same within this of each other, on the log scale, and within half a cent of rounding.
const SAME: f64 = 0.004;
const HALF_CENT: f64 = 0.005;
/// Gap in log kg per piece from which goods are others.
const OTHER_GOODS: f64 = 0.08;
/// Width of the classes of log quantity: a price per dozen is held against others per dozen.
const QUANTITY_CLASS: f64 = 0.9;
/// Lines of like quantity from which a share of them counts.
const LIKE_FROM: u32 = 3;
/// Shares of the other lines up to which a heap is of each size; no other line at all comes first, all else last.
const SIZES: [f64; 3] = [0.06, 0.12, 0.22];
/// Size from which a heap is larger than cut values make by chance.
const LARGE: usize = SIZES.len();
const KINDS: usize = SIZES.len() + 2;
/// Lines of an article up to which it is of each class, and lines of a usual one of the class.
const CLASSES: [(u32, f64); 4] = [(7, 5.0), (19, 12.0), (59, 35.0), (u32::MAX, 120.0)];
/// Residuals at an article's usual price, and above it, where nobody cheats.
const USUAL: f64 = 0.1;
const ABOVE: f64 = 0.15;
/// Lines that no difference is worth.
const PRIOR: f64 = 30.0;
/// Most that a heap may weigh for or against a cut.
const MOST: f64 = 30.0;

/// Where a line stands among the prices of its article.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Heap {
    /// Other lines at the very same price.
    pub same: u32,
    /// Lines of the article that were counted; 0 where this one was not.
    pub lines: u32,
    /// Largest share of the other lines, or of those of like quantity, at the price.
    share: f32,
}

impl Heap {
    fn kind(self) -> usize {
        match self.same {
            0 => 0,
            _ => 1 + SIZES.iter().position(|up_to| f64::from(self.share) <= *up_to).unwrap_or(SIZES.len()),
        }
    }
    fn class(self) -> Option<usize> {
        (self.lines >= 3).then(|| CLASSES.iter().position(|c| self.lines <= c.0).unwrap_or(CLASSES.len() - 1))
    }
}

/// Room to work in.
#[derive(Debug, Default)]
pub(super) struct Finder {
    weighed: Vec<(f64, u32)>,
    order: Vec<(f64, u32)>,
    like: Vec<u32>,
    alike: Vec<u32>,
}

impl Finder {
    /// Finds the heaps of one article.
    pub fn find(&mut self, article: &[Entry], heaps: &mut [Heap]) {
        self.weighed.clear();
        let counted = article.iter().zip(0u32..).filter(|(e, _)| e.quantity.is_finite());
        self.weighed.extend(counted.map(|(e, i)| (e.weight - e.quantity, i)));
        self.weighed.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let weighed = std::mem::take(&mut self.weighed);
        // Goods of another weight are other goods, whatever they are called; those without one stand together.
        for goods in weighed.chunk_by(|a, b| !(b.0 - a.0 > OTHER_GOODS || (a.0.is_nan() != b.0.is_nan()))) {
            self.find_among(article, goods, heaps);
        }
        self.weighed = weighed;
    }

    /// Finds the heaps of goods of one weight.
    fn find_among(&mut self, article: &[Entry], goods: &[(f64, u32)], heaps: &mut [Heap]) {
        self.order.clear();
        let price = |i: u32| article[i as usize].value - article[i as usize].quantity;
        self.order.extend(goods.iter().map(|g| (price(g.1), g.1)));
        if self.order.len() < 3 {
            return;
        }
        self.order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let class = |i: u32| (article[i as usize].quantity.max(0.0) / QUANTITY_CLASS) as usize;
        let classes = self.order.iter().map(|o| class(o.1)).max().unwrap_or(0) + 1;
        self.like.clear();
        self.like.resize(classes, 0);
        self.order.iter().for_each(|o| self.like[class(o.1)] += 1);
        let lines = self.order.len() as u32;
        let mut from = 0;
        while from < self.order.len() {
            let (price, i) = self.order[from];
            // A unit price carries the rounding of its line's value.
            let reach = 2.0 * SAME + HALF_CENT / article[i as usize].value.exp().max(HALF_CENT);
            let to = from + self.order[from..].partition_point(|o| o.0 <= price + reach);
            self.alike.clear();
            self.alike.resize(classes, 0);
            self.order[from..to].iter().for_each(|o| self.alike[class(o.1)] += 1);
            let same = (to - from) as u32 - 1;
            for &(_, i) in &self.order[from..to] {
                let c = class(i);
                let share = f64::from(same) / f64::from(lines - 1);
                let like = if self.like[c] >= LIKE_FROM {
                    f64::from(self.alike[c] - 1) / f64::from(self.like[c] - 1)
                } else {
                    0.0
                };
                heaps[i as usize] = Heap { same, lines, share: share.max(like) as f32 };
            }
            from = to;
        }
    }
}

/// How prices of a night heap, by the class of the article's size.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Heaps {
    usual: [[f64; KINDS]; CLASSES.len()],
    above: [[f64; KINDS]; CLASSES.len()],
    cut: [[f64; KINDS]; CLASSES.len()],
}

impl Default for Heaps {
    fn default() -> Self {
        Heaps::of(std::iter::empty())
    }
}

impl Heaps {
    /// From residuals to the article's usual price and the heaps of the lines.
    pub fn of(lines: impl Iterator<Item = (f64, Heap)>) -> Heaps {
        let mut usual = [[0.0; KINDS]; CLASSES.len()];
        let mut above = usual;
        let mut shares = [(0.0, 0.0); CLASSES.len()];
        for (x, heap) in lines {
            let Some(class) = heap.class() else { continue };
            if x.abs() <= USUAL {
                usual[class][heap.kind()] += 1.0;
                shares[class].0 += f64::from(heap.share);
                shares[class].1 += 1.0;
            } else if x > ABOVE {
                above[class][heap.kind()] += 1.0;
            }
        }
        let mut cut = [[0.0; KINDS]; CLASSES.len()];
        for (class, &(_, lines)) in CLASSES.iter().enumerate() {
            let (sum, n) = shares[class];
            // How much of such articles one price makes up.
            let heaped = sum / (n + PRIOR);
            let twins = twins(lines, CUT_SHARE * heaped * lines);
            let seen: f64 = above[class].iter().sum();
            cut[class] = std::array::from_fn(|kind| {
                let as_above = (above[class][kind] + PRIOR * twins[kind]) / (seen + PRIOR);
                heaped * twins[kind] + (1.0 - heaped) * as_above
            });
        }
        for class in 0..CLASSES.len() {
            for shares in [&mut usual[class], &mut above[class]] {
                let seen: f64 = shares.iter().sum();
                *shares =
                    std::array::from_fn(|kind| (shares[kind] + PRIOR * cut[class][kind]) / (seen + PRIOR));
            }
        }
        Heaps { usual, above, cut }
    }

    /// How likely the heap that a line stands on is of a cut, of a discount, of a price as asked.
    pub fn likelihood(&self, x: f64, heap: Heap) -> Likelihood {
        let Some(class) = heap.class() else { return Likelihood::EVEN };
        let kind = heap.kind();
        let honest = if x.abs() <= USUAL { self.usual } else { self.above }[class];
        let usual = honest[kind];
        // A heap larger than cut values make by chance never speaks for a cut, whatever a night with few of them shows.
        let least = if kind >= LARGE { 0 } else { kind };
        let ratio = (least..=kind).map(|k| self.cut[class][k] / honest[k]).fold(MOST, f64::min);
        let cut = usual * ratio.max(1.0 / MOST);
        Likelihood { cut, discount: (cut + usual) / 2.0, usual }
    }
}

/// Shares of heaps of each size among prices that are alike in a Poisson number of an article's lines.
fn twins(lines: f64, mean: f64) -> [f64; KINDS] {
    let mut shares = [0.0; KINDS];
    let mut p = (-mean).exp();
    shares[0] = p;
    let mut rest = 1.0 - p;
    for others in 1..lines as u32 {
        p *= mean / f64::from(others);
        let share = f64::from(others) / (lines - 1.0);
        let kind = 1 + SIZES.iter().position(|up_to| share <= *up_to).unwrap_or(SIZES.len());
        shares[kind] += p;
        rest -= p;
    }
    shares[KINDS - 1] += rest.max(0.0);
    shares
}
