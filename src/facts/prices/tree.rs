//! Price cells within cells, and what the other consignors of each cell ask.
//!
//! A *unit* is one consignor in one cell: the median of its log prices there, so that each consignor counts once
//! whatever it sends. Location and spread of a cell are those of its units. The expected price of a consignor's unit
//! leaves that consignor out at every level and shrinks from the chapter downwards (normal-normal empirical Bayes):
//!
//! `m = (m_parent / (v_parent + τ²) + n·location / (1.3·S²)) / (1 / (v_parent + τ²) + n / (1.3·S²))`
//!
//! with `n` other consignors, `S` the cell's spread between consignors (itself shrunk to that of its level) and
//! `τ² = S²_parent − S²_level` how far cells of one parent lie apart; 1.3 pays for a robust location. A cell that a
//! reference from other nights knows takes location, variance and spread from there instead of from the night.

use super::cells::{LEVELS, Row, level_key};
use super::past::{Anchor, Anchors};
use crate::stats::robust;

/// Smallest spread between consignors on the log scale: prices heap, but not more than this means something.
pub(super) const SPREAD_FLOOR: f64 = 0.05;
/// Spread between consignors assumed before any cell of a level was seen, chapter first, and its worth in consignors.
const SPREAD_PRIOR: [f64; LEVELS] = [1.1, 0.9, 0.75, 0.65, 0.5, 0.4];
const SPREAD_PRIOR_WEIGHT: f64 = 20.0;
/// Consignors that the spread of its level is worth in the spread of a cell.
const SPREAD_SHRINKAGE: f64 = 8.0;
/// Variance of a robust location over that of the mean.
const ROBUST_COST: f64 = 1.3;
/// From this many consignors on, the location is the mean of the cleaned body instead of the median.
const CLEANED_FROM: usize = 8;
/// A cell in which this share of the consignors lies far below the body is contested: its low side may be other goods.
const CONTESTED: f64 = 0.2;

/// Cells of one level and the units in them.
#[derive(Debug, Default)]
pub(super) struct Level {
    /// First unit of each cell and one past the last.
    pub first: Vec<u32>,
    /// Key of each cell.
    pub key: Vec<u64>,
    /// Lines in each cell.
    pub lines: Vec<u32>,
    /// Location, spread and body of each cell.
    pub stats: Vec<CellStats>,
    /// Values of each cell's units, ascending, cells in order.
    pub sorted: Vec<f64>,
    /// Cell of each unit.
    pub cell: Vec<u32>,
    /// Consignor of each unit; until the tree is settled.
    pub consignor: Vec<u32>,
    /// Unit of the same consignor in the parent cell.
    pub parent: Vec<u32>,
    /// Place of each unit among the sorted values of its cell.
    rank: Vec<u32>,
    /// Log price that the others' prices let expect of each unit; NaN where there are no others. Of the last level alone
    /// once the tree is settled.
    pub expected: Vec<f64>,
    /// Variance of that expectation; until the tree is settled.
    pub variance: Vec<f32>,
    /// What other nights say of each cell.
    pub past: Vec<Option<Anchor>>,
    /// How far this night lies above other nights in each cell, or in the one that holds it and that they know.
    shift: Vec<f64>,
}

/// Standard errors of a cell's own location by which the level above may move it at most.
const MOST_TRANSLATED: f64 = 1.5;

/// What is known of a cell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CellStats {
    /// Location of all its units.
    pub location: f64,
    /// Spread between consignors, shrunk to that of the level.
    pub spread: f64,
    /// The cleaned body, positions within the cell.
    body: (u32, u32),
    /// Sum of the prices themselves, not their logarithms, over the body.
    pub body_sum: f64,
    /// Whether half of the units or more have one and the same price.
    pub degenerate: bool,
    /// Whether so many units lie far below the body that they may be other goods.
    pub contested: bool,
    raw: f64,
}

impl Level {
    /// How many units the cell has.
    pub fn units(&self, cell: u32) -> usize {
        (self.first[cell as usize + 1] - self.first[cell as usize]) as usize
    }
    /// The cell's values, ascending.
    pub fn values(&self, cell: u32) -> &[f64] {
        &self.sorted[self.first[cell as usize] as usize..self.first[cell as usize + 1] as usize]
    }
    /// Values of the cell's cleaned body.
    pub fn body(&self, cell: u32) -> &[f64] {
        let (from, to) = self.stats[cell as usize].body;
        &self.values(cell)[from as usize..to as usize]
    }
    /// The median of the cell without one of its units.
    pub fn median_without(&self, unit: u32) -> f64 {
        let cell = self.cell[unit as usize];
        without(self.values(cell), self.rank[unit as usize] as usize)
    }
    /// Location of the cell without one of its units: the cleaned mean, or the median of few.
    fn location_without(&self, unit: u32) -> f64 {
        let cell = self.cell[unit as usize];
        let values = self.values(cell);
        if values.len() < CLEANED_FROM {
            return self.median_without(unit);
        }
        let stats = &self.stats[cell as usize];
        let (rank, (from, to)) = (self.rank[unit as usize], stats.body);
        let kept = f64::from(to - from);
        if rank < from || rank >= to || kept < 2.0 {
            return stats.location;
        }
        (stats.location * kept - values[rank as usize]) / (kept - 1.0)
    }

    /// Fills in the cells from values of units that are sorted by cell and consignor; returns the level's spread.
    fn summarise(&mut self, values: &[f64], prior: f64) -> f64 {
        let mut order: Vec<u32> = (0..values.len() as u32).collect();
        self.rank = vec![0; values.len()];
        self.sorted = Vec::with_capacity(values.len());
        self.stats = Vec::with_capacity(self.key.len());
        for cell in 0..self.key.len() {
            let range = self.first[cell] as usize..self.first[cell + 1] as usize;
            let units = &mut order[range.clone()];
            units.sort_unstable_by(|a, b| values[*a as usize].total_cmp(&values[*b as usize]).then(a.cmp(b)));
            for (rank, unit) in units.iter().enumerate() {
                self.rank[*unit as usize] = rank as u32;
                self.sorted.push(values[*unit as usize]);
            }
            self.stats.push(CellStats::of(&self.sorted[range]));
        }
        let mut spreads: Vec<(f64, f64)> = (0..self.key.len() as u32)
            .filter(|c| self.units(*c) >= 4)
            .map(|c| (self.stats[c as usize].raw, self.units(c).min(30) as f64))
            .collect();
        let weight: f64 = spreads.iter().map(|s| s.1).sum();
        let typical = robust::weighted_median(&mut spreads);
        let typical = if weight > 0.0 { typical * typical * weight } else { 0.0 };
        let pooled =
            ((typical + prior * prior * SPREAD_PRIOR_WEIGHT) / (weight + SPREAD_PRIOR_WEIGHT)).sqrt();
        let pooled = pooled.max(SPREAD_FLOOR);
        for cell in 0..self.key.len() {
            let n = (self.first[cell + 1] - self.first[cell]) as f64;
            let n = if n < 4.0 { 0.0 } else { n };
            let stats = &mut self.stats[cell];
            let raw = if n > 0.0 { stats.raw * stats.raw } else { 0.0 };
            let shrunk = (n * raw + SPREAD_SHRINKAGE * pooled * pooled) / (n + SPREAD_SHRINKAGE);
            stats.spread = shrunk.sqrt().max(SPREAD_FLOOR);
        }
        pooled
    }

    /// Takes over what other nights say of the level's cells.
    fn recall(&mut self, depth: usize, past: &Anchors) {
        self.past = vec![None; self.key.len()];
        if past.is_empty() {
            return;
        }
        for (cell, &key) in self.key.iter().enumerate() {
            let Some(anchor) = past.of(depth, key) else { continue };
            self.past[cell] = Some(anchor);
            self.stats[cell].spread = anchor.spread.max(SPREAD_FLOOR);
            self.stats[cell].contested = false;
        }
    }

    /// Expectation of each unit from its level's others, or from other nights where they know the cell, and from the
    /// level above.
    fn expect(&mut self, above: Option<&Level>, pooled: f64) {
        let units = self.cell.len();
        self.shift = (0..self.key.len())
            .map(|cell| self.past[cell].map_or(0.0, |past| self.stats[cell].location - past.location))
            .collect();
        if let Some(level) = above {
            for unit in 0..units {
                let cell = self.cell[unit] as usize;
                if self.past[cell].is_none() {
                    self.shift[cell] = level.shift[level.cell[self.parent[unit] as usize] as usize];
                }
            }
        }
        self.expected = Vec::with_capacity(units);
        self.variance = Vec::with_capacity(units);
        for unit in 0..units as u32 {
            let cell = self.cell[unit as usize];
            let others = self.units(cell) - 1;
            let spread = self.stats[cell as usize].spread;
            let own = match self.past[cell as usize] {
                // A night must not set its own yardstick.
                Some(past) => Some((past.location, past.variance)),
                // Below a cell that other nights know, this night tells how its goods differ, not what they cost.
                None => (others > 0).then(|| {
                    let location = self.location_without(unit) - self.shift[cell as usize];
                    (location, ROBUST_COST * spread * spread / others as f64)
                }),
            };
            let prior = above.and_then(|level| {
                let parent = self.parent[unit as usize] as usize;
                let mean = level.expected[parent];
                let apart = level.stats[level.cell[parent] as usize].spread.powi(2) - pooled * pooled;
                mean.is_finite().then(|| (mean, f64::from(level.variance[parent]) + apart.max(0.01)))
            });
            let (mean, variance) = match (own, prior) {
                // Limited translation (B. Efron, C. Morris, JASA 66:807, 1971): where a cell's goods are unlike those
                // of the level above, what its own consignors ask prevails.
                (Some((m, v)), Some((p, w))) => {
                    let reach = MOST_TRANSLATED * v.sqrt();
                    (m + ((p - m) * v / (v + w)).clamp(-reach, reach), v * w / (v + w))
                }
                (Some(only), None) | (None, Some(only)) => only,
                (None, None) => (f64::NAN, f64::NAN),
            };
            self.expected.push(mean);
            self.variance.push(variance as f32);
        }
    }
}

impl CellStats {
    fn of(sorted: &[f64]) -> CellStats {
        let n = sorted.len();
        let median = robust::median_sorted(sorted);
        if n < 4 {
            let body_sum = prices(sorted);
            return CellStats { location: median, body: (0, n as u32), body_sum, ..CellStats::default() };
        }
        let body = robust::cleaned(sorted, SPREAD_FLOOR);
        let degenerate = robust::mad(sorted, median) == 0.0;
        let raw = if degenerate {
            // A heap: what is not on it, above the heap where nobody cheats, tells how far prices stray.
            let above: Vec<f64> = sorted.iter().map(|v| (v - median).min(1.0)).filter(|d| *d > 0.0).collect();
            let squares: f64 = above.iter().map(|d| d * d).sum();
            let stray = (squares / (n - above.len()).max(1) as f64).sqrt();
            let by_distance = if n <= 2_000 { robust::qn(sorted) } else { 0.0 };
            body.scale.max(by_distance).max(stray)
        } else if n < CLEANED_FROM {
            robust::qn(sorted)
        } else {
            body.scale
        };
        let low_fence = body.location - 2.5 * raw.max(SPREAD_FLOOR) - 0.3;
        let low = sorted.partition_point(|v| *v < low_fence);
        CellStats {
            location: if n < CLEANED_FROM { median } else { body.location },
            spread: raw,
            body: (body.first as u32, body.end as u32),
            body_sum: prices(&sorted[body.first..body.end]),
            degenerate,
            contested: n >= 5 && low as f64 >= CONTESTED * n as f64,
            raw,
        }
    }
}

/// Sum of prices of which the logarithms are given.
fn prices(logs: &[f64]) -> f64 {
    logs.iter().map(|v| v.exp()).sum()
}

/// The median of ascending values without the one at a position.
fn without(sorted: &[f64], skip: usize) -> f64 {
    let n = sorted.len() - 1;
    if n == 0 {
        return f64::NAN;
    }
    let at = |i: usize| sorted[if i < skip { i } else { i + 1 }];
    if n % 2 == 1 { at(n / 2) } else { (at(n / 2 - 1) + at(n / 2)) / 2.0 }
}

/// The levels, chapter first, cluster last.
pub(super) struct Tree {
    pub levels: Vec<Level>,
}

impl Tree {
    /// Builds all levels. `rows` are sorted; `value` holds a median for each unit of the last level, `unit_of` names
    /// the unit of each row.
    /// `past` holds what other nights say of cells, in the same terms as the values.
    pub fn build<'a>(
        rows: impl Iterator<Item = &'a Row>,
        unit_of: &[u32],
        values: Vec<f64>,
        past: &Anchors,
    ) -> Tree {
        let mut levels: Vec<Level> = Vec::with_capacity(LEVELS);
        let mut pooled = vec![0.0; LEVELS];
        let mut last = Level::default();
        let mut seen = u32::MAX;
        for (row, &unit) in rows.zip(unit_of) {
            if last.key.last() != Some(&row.key) {
                last.key.push(row.key);
                last.first.push(last.cell.len() as u32);
                last.lines.push(0);
            }
            if unit != seen {
                seen = unit;
                last.cell.push(last.key.len() as u32 - 1);
                last.consignor.push(row.consignor);
            }
            if let Some(lines) = last.lines.last_mut() {
                *lines += 1;
            }
        }
        last.first.push(last.cell.len() as u32);
        pooled[LEVELS - 1] = last.summarise(&values, SPREAD_PRIOR[LEVELS - 1]);
        levels.push(last);
        let mut values = values;
        for depth in (0..LEVELS - 1).rev() {
            let Some(child) = levels.last_mut() else { break };
            let (mut level, above) = Level::above(child, &values, depth);
            pooled[depth] = level.summarise(&above, SPREAD_PRIOR[depth]);
            values = above;
            levels.push(level);
        }
        levels.reverse();
        for depth in 0..LEVELS {
            let (above, rest) = levels.split_at_mut(depth);
            rest[0].recall(depth, past);
            rest[0].expect(above.last(), pooled[depth]);
        }
        Tree { levels }
    }

    /// Lets go of what only the making of expectations needs.
    pub fn settle(&mut self) {
        for (depth, level) in self.levels.iter_mut().enumerate() {
            (level.shift, level.variance, level.consignor) = Default::default();
            if depth + 1 < LEVELS {
                level.expected = Vec::new();
            }
        }
    }

    /// The last level, where goods are told apart most finely.
    pub fn finest(&self) -> &Level {
        &self.levels[LEVELS - 1]
    }

    /// Takes back what is expected of a unit unless enough others sell the very same goods.
    pub fn set_apart(&mut self, unit: u32, others: usize) {
        let level = &mut self.levels[LEVELS - 1];
        if level.units(level.cell[unit as usize]) <= others {
            level.expected[unit as usize] = f64::NAN;
        }
    }

    /// The finest cell of a unit in which enough other consignors sell: its level, the cell, and the unit there.
    pub fn comparison(&self, unit: u32, others: usize) -> Option<(usize, u32, u32)> {
        let mut at = unit;
        for depth in (0..LEVELS).rev() {
            let level = &self.levels[depth];
            let cell = level.cell[at as usize];
            if level.units(cell) > others || level.past[cell as usize].is_some() {
                return Some((depth, cell, at));
            }
            if depth > 0 {
                at = level.parent[at as usize];
            }
        }
        None
    }
}

impl Level {
    /// The level above a level: its cells joined by the key, its units joined by consignor at the median.
    fn above(child: &mut Level, values: &[f64], depth: usize) -> (Level, Vec<f64>) {
        let mut level = Level::default();
        let mut parent_cell = Vec::with_capacity(child.key.len());
        for (cell, &key) in child.key.iter().enumerate() {
            let key = level_key(key, depth);
            if level.key.last() != Some(&key) {
                level.key.push(key);
                level.lines.push(0);
            }
            if let Some(lines) = level.lines.last_mut() {
                *lines += child.lines[cell];
            }
            parent_cell.push(level.key.len() as u32 - 1);
        }
        let mut joined: Vec<(u32, u32, u32)> = (0..child.cell.len() as u32)
            .map(|u| (parent_cell[child.cell[u as usize] as usize], child.consignor[u as usize], u))
            .collect();
        joined.sort_unstable();
        child.parent = vec![0; child.cell.len()];
        let mut above = Vec::new();
        let mut one = Vec::new();
        for group in joined.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let (cell, consignor, _) = group[0];
            while level.first.len() <= cell as usize {
                level.first.push(level.cell.len() as u32);
            }
            one.clear();
            for &(_, _, unit) in group {
                child.parent[unit as usize] = level.cell.len() as u32;
                one.push(values[unit as usize]);
            }
            above.push(robust::median(&mut one));
            level.cell.push(cell);
            level.consignor.push(consignor);
        }
        level.first.push(level.cell.len() as u32);
        (level, above)
    }
}

#[cfg(test)]
mod tests {
    use super::super::cells::key;
    use super::*;
    use crate::fields::country::parse_country;

    /// A finest cell for each cluster, with the log prices of its consignors; weights a piece are alike.
    fn tree(cells: &[(u32, Vec<f64>)]) -> Tree {
        let origin = parse_country("CN").unwrap();
        let (mut rows, mut values) = (Vec::new(), Vec::new());
        for (cluster, prices) in cells {
            for &price in prices {
                let consignor = values.len() as u32;
                rows.push(Row {
                    key: key(0, 610_910, origin, 0.2, *cluster),
                    consignor,
                    description: *cluster,
                    line: consignor,
                });
                values.push(price);
            }
        }
        let units: Vec<u32> = (0..values.len() as u32).collect();
        Tree::build(rows.iter(), &units, values, &Anchors::default())
    }

    #[test]
    fn a_parent_of_other_goods_moves_a_cell_by_no_more_than_its_own_uncertainty() {
        let body: Vec<f64> = (0..40).map(|i| 0.002 * f64::from(i % 20)).collect();
        let tree = tree(&[(1, body), (2, vec![3.0, 3.0]), (3, vec![0.15, 0.15])]);
        let level = tree.finest();
        let reach = |cell: usize| MOST_TRANSLATED * (ROBUST_COST * level.stats[cell].spread.powi(2)).sqrt();
        // Two consignors of dear goods among forty of cheap ones: the other one's price prevails.
        let moved = 3.0 - level.expected[40];
        assert!((moved - reach(1)).abs() < 1e-9, "{moved} of at most {}", reach(1));
        assert!(moved < 0.5 * 3.0, "unlimited, the parent would have taken it most of the way: {moved}");
        // Goods like those of the parent are moved most of the way to it, and by less than the limit.
        let moved = 0.15 - level.expected[42];
        assert!(moved > 0.0 && moved < reach(2), "{moved} of at most {}", reach(2));
    }

    #[test]
    fn the_expectation_of_a_consignor_leaves_it_out() {
        let tree = tree(&[(1, vec![0.0, 0.1, 0.2, -3.0])]);
        let level = tree.finest();
        assert!(level.expected[3] > 0.0, "the others' prices, not its own: {}", level.expected[3]);
        assert!(level.expected[0] < 0.2);
    }
}
