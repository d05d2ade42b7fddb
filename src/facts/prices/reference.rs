//! Prices as a person reads them: the goods that a line was compared with, and the table of cells.

use super::cells::{LEVEL_NAMES, LEVELS, parts};
use super::model::{Model, NO_UNIT};
use super::tree::Level;
use super::{Prices, Scale};
use crate::fields::country::Country;
use crate::model::parcels::Shipments;
use crate::stats::robust;

/// Other consignors that a cell needs before its median is quoted.
const QUOTED_FROM: usize = 3;
/// Prices of a cell that a finding carries along, for a picture of it.
const SPOTS: usize = 20;
/// Share of the lines from one consignor, and share of flagged lines, above which a cell is no yardstick.
const MOST_OF_ONE: f64 = 0.8;
const MOST_FLAGGED: f64 = 0.3;
/// Share of the cleaned average price below which a price is not acceptable without a question.
const LOWEST_ACCEPTABLE: f64 = 0.5;

/// What a line was compared with, in units of the regime's currency.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Per piece or per kg.
    pub scale: Scale,
    /// Declared price.
    pub declared: f64,
    /// Median of the other consignors' prices of comparable goods, each consignor counted once.
    pub median: f64,
    /// Half of the cleaned average price.
    pub lowest_acceptable: f64,
    /// Price that the model expects, cells shrunk to their parents.
    pub expected: f64,
    /// Lines in the cell.
    pub lines: u32,
    /// Consignors in the cell, the line's own counted.
    pub consignors: usize,
    /// Spread between consignors in the cell, of the logarithm of the price.
    pub spread: f64,
    /// Name of the cell's level.
    pub level: &'static str,
    /// Whether the cell brings together goods that are described alike.
    pub same_goods: bool,
    /// Whether half of the consignors or more ask one and the same price.
    pub degenerate: bool,
    /// Whether a fifth of the consignors or more lie far below the others.
    pub contested: bool,
    /// Other nights that the median is of, and consignors of the largest; nothing where it is this night's.
    pub nights: Option<(u32, u32)>,
    /// The cell, and what its log prices need for a lot of this line's size.
    depth: usize,
    cell: u32,
    add: f64,
}

/// A row of the price reference.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceCell {
    /// `piece` or `kg`.
    pub scale: &'static str,
    /// Currency of the prices.
    pub currency: String,
    /// Level of the cell: `chapter`, `heading`, `subheading`, `origin`, `weight` or `goods`.
    pub level: &'static str,
    /// Two, four or six digits.
    pub hs: String,
    /// Country of origin, from level `origin` on.
    pub origin: Option<Country>,
    /// Weight of a piece in kg, above and up to, from level `weight` on.
    pub weight_band: Option<(f64, f64)>,
    /// A description that stands for the goods, at level `goods`.
    pub description: Option<String>,
    /// Lines.
    pub n: u32,
    /// Consignors, each counted once in all that follows.
    pub consignors: u32,
    /// Median price, at the typical weight of the cell's goods.
    pub median: f64,
    /// Spread between consignors, of the logarithm of the price.
    pub scale_log: f64,
    /// Half of the cleaned average price.
    pub lowest_acceptable_price: f64,
    /// Whether half of the consignors or more ask one and the same price.
    pub degenerate: bool,
    /// Whether a fifth of the consignors or more lie far below the others.
    pub contested: bool,
    /// Typical weight of a piece, kg, at which the median stands.
    pub typical_kg: Option<f64>,
    /// Mean and variance of the consignors' log prices, at that weight.
    pub moments: (f64, f64),
    /// Share of the lines that the largest consignor sends.
    pub largest_share: f64,
    /// Share of the lines with a finding of under-invoicing.
    pub flagged_share: f64,
}

impl PriceCell {
    /// Whether fraud may have made the cell's prices: no yardstick for other nights.
    pub fn captured(&self) -> bool {
        self.largest_share > MOST_OF_ONE || self.flagged_share > MOST_FLAGGED
    }
}

impl Prices {
    /// What the line was compared with on a scale, where at least three other consignors sell comparable goods.
    pub fn comparison(&self, line: usize, scale: Scale) -> Option<Comparison> {
        let model = self.model(scale);
        let unit = model.unit[line];
        if unit == NO_UNIT {
            return None;
        }
        let (depth, cell, at) = model.tree.comparison(unit, QUOTED_FROM)?;
        let level = &model.tree.levels[depth];
        // Others' prices are told for a lot of this line's size.
        let add = f64::from(model.offset[model.tree.finest().cell[unit as usize] as usize]) + model.lot(line);
        let stats = &level.stats[cell as usize];
        let past = level.past[cell as usize];
        let (median, lowest) = match past {
            Some(past) => {
                let median = (past.location + add).exp();
                // The mean of log-normal prices.
                (median, LOWEST_ACCEPTABLE * median * (past.spread * past.spread / 2.0).min(0.5).exp())
            }
            None => ((level.median_without(at) + add).exp(), lowest_acceptable(level, cell, add)),
        };
        Some(Comparison {
            scale,
            declared: (f64::from(model.price[line]) + add - model.discount * model.log_quantity(line)).exp(),
            median,
            lowest_acceptable: lowest,
            nights: past.map(|past| (past.nights, past.consignors)),
            expected: (model.tree.finest().expected[unit as usize] + add).exp(),
            lines: level.lines[cell as usize],
            consignors: level.units(cell),
            spread: stats.spread,
            level: LEVEL_NAMES[depth],
            same_goods: depth + 1 == LEVELS && self.tells(level.key[cell as usize]),
            degenerate: stats.degenerate,
            contested: stats.contested,
            depth,
            cell,
            add,
        })
    }

    /// The goods that a comparison is with, in words: "HS 610910 from CN, 0.1 to 0.3 kg a piece".
    pub fn goods(&self, with: &Comparison) -> String {
        goods(self.level(with).key[with.cell as usize], with.depth)
    }

    /// The prices that a comparison is with, one a consignor and ascending; of more than 20 consignors the price in the
    /// middle of each twentieth of them.
    pub fn prices(&self, with: &Comparison) -> Vec<f64> {
        spots(self.level(with).values(with.cell)).map(|v| (v + with.add).exp()).collect()
    }

    fn level(&self, with: &Comparison) -> &Level {
        &self.model(with.scale).tree.levels[with.depth]
    }

    /// Whether the words of a finest cell tell goods.
    fn tells(&self, key: u64) -> bool {
        parts(key, LEVELS - 1).cluster.is_some_and(|c| self.clusters.telling[c as usize])
    }

    /// The price reference: every cell with at least three consignors, chapters first, in the order of its keys.
    /// `flagged` says of each line whether under-invoicing was found on it.
    pub fn reference(&self, shipments: &Shipments, flagged: &[bool]) -> Vec<PriceCell> {
        let mut cells = Vec::new();
        for (scale, model) in [(Scale::Piece, &self.piece), (Scale::Kg, &self.kg)] {
            let typical = typical_offsets(model);
            let shares = Shares::of(model, flagged);
            for (depth, offsets) in typical.iter().enumerate() {
                let level = &model.tree.levels[depth];
                for cell in (0..level.key.len() as u32).filter(|c| level.units(*c) >= QUOTED_FROM) {
                    let key = parts(level.key[cell as usize], depth);
                    let stats = &level.stats[cell as usize];
                    let (add, kg) = offsets[cell as usize];
                    let moments = moments(level.body(cell));
                    let (largest_share, flagged_share) = shares.of_cell(depth, cell);
                    let example = key.cluster.and_then(|c| self.clusters.example.get(c as usize)).copied();
                    cells.push(PriceCell {
                        scale: scale.name(),
                        currency: self.currencies.get(key.market).map(|c| c.to_string()).unwrap_or_default(),
                        level: LEVEL_NAMES[depth],
                        hs: key.hs,
                        origin: key.origin,
                        weight_band: key.band,
                        description: example.map(|d| shipments.descriptions.get(d).to_owned()),
                        n: level.lines[cell as usize],
                        consignors: level.units(cell) as u32,
                        median: (robust::median_sorted(level.values(cell)) + add).exp(),
                        scale_log: stats.spread,
                        lowest_acceptable_price: lowest_acceptable(level, cell, add),
                        degenerate: stats.degenerate,
                        contested: stats.contested,
                        typical_kg: kg.is_finite().then(|| kg.exp()),
                        moments: (moments.0 + add, moments.1),
                        largest_share,
                        flagged_share,
                    });
                }
            }
        }
        cells
    }
}

/// Enough of ascending values to see how they lie: all of few, the middle of each twentieth of many.
fn spots(values: &[f64]) -> impl Iterator<Item = f64> + '_ {
    let count = values.len().min(SPOTS);
    (0..count).map(move |i| values[(2 * i + 1) * values.len() / (2 * count)])
}

/// Half of the mean price of a cell's cleaned body.
fn lowest_acceptable(level: &Level, cell: u32, add: f64) -> f64 {
    LOWEST_ACCEPTABLE * add.exp() * level.stats[cell as usize].body_sum / level.body(cell).len().max(1) as f64
}

/// Mean and variance.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0))
}

/// How much of each cell one consignor sends, and how much of it is flagged.
struct Shares(Vec<Vec<(f64, f64)>>);

impl Shares {
    fn of(model: &Model, flagged: &[bool]) -> Shares {
        let finest = model.tree.finest();
        let mut lines = vec![0u32; finest.cell.len()];
        let mut hits = vec![0u32; finest.cell.len()];
        for (line, &unit) in model.unit.iter().enumerate().filter(|(_, unit)| **unit != NO_UNIT) {
            lines[unit as usize] += 1;
            hits[unit as usize] += u32::from(flagged.get(line).copied().unwrap_or(false));
        }
        let mut shares = Vec::with_capacity(LEVELS);
        for depth in (0..LEVELS).rev() {
            let level = &model.tree.levels[depth];
            let mut cells = vec![(0u32, 0u32, 0u32); level.key.len()];
            for (unit, &cell) in level.cell.iter().enumerate() {
                let (all, largest, hit) = &mut cells[cell as usize];
                (*all, *largest, *hit) = (*all + lines[unit], (*largest).max(lines[unit]), *hit + hits[unit]);
            }
            let share = |part: u32, all: u32| f64::from(part) / f64::from(all.max(1));
            shares.push(
                cells.into_iter().map(|(all, most, hit)| (share(most, all), share(hit, all))).collect(),
            );
            if depth > 0 {
                let above = model.tree.levels[depth - 1].cell.len();
                let (mut all, mut hit) = (vec![0u32; above], vec![0u32; above]);
                for (unit, &parent) in level.parent.iter().enumerate() {
                    all[parent as usize] += lines[unit];
                    hit[parent as usize] += hits[unit];
                }
                (lines, hits) = (all, hit);
            }
        }
        shares.reverse();
        Shares(shares)
    }

    fn of_cell(&self, depth: usize, cell: u32) -> (f64, f64) {
        self.0[depth][cell as usize]
    }
}

/// What the curve adds at the typical weight of each cell of each level, and the log of that weight: means over its
/// finest cells by lines.
fn typical_offsets(model: &Model) -> Vec<Vec<(f64, f64)>> {
    let finest = model.tree.finest();
    model
        .tree
        .levels
        .iter()
        .enumerate()
        .map(|(depth, level)| {
            let mut sums = vec![(0.0, 0.0); level.key.len()];
            let mut cell = 0;
            for (fine, key) in finest.key.iter().enumerate() {
                while cell + 1 < level.key.len() && super::cells::level_key(*key, depth) != level.key[cell] {
                    cell += 1;
                }
                let n = f64::from(finest.lines[fine]);
                sums[cell].0 += f64::from(model.offset[fine]) * n;
                sums[cell].1 += f64::from(model.weight[fine]) * n;
            }
            let mean = |sum: f64, n: u32| sum / f64::from(n.max(1));
            sums.iter().zip(&level.lines).map(|(s, n)| (mean(s.0, *n), mean(s.1, *n))).collect()
        })
        .collect()
}

/// The goods of a cell in words.
fn goods(key: u64, depth: usize) -> String {
    let key = parts(key, depth);
    let mut text = format!("HS {}", key.hs);
    if let Some(origin) = key.origin {
        text.push_str(&format!(" from {origin}"));
    }
    match key.band {
        Some((low, high)) if high.is_finite() => text.push_str(&format!(", {low} to {high} kg a piece")),
        Some((low, _)) => text.push_str(&format!(", over {low} kg a piece")),
        None => {}
    }
    if key.cluster.is_some() {
        text.push_str(", described alike");
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn few_prices_are_all_told_and_many_by_their_twentieths() {
        let spots = |n: u32| {
            let values: Vec<f64> = (0..n).map(f64::from).collect();
            super::spots(&values).collect::<Vec<_>>()
        };
        assert_eq!(spots(0), [0.0; 0]);
        assert_eq!(spots(3), [0.0, 1.0, 2.0]);
        assert_eq!(spots(20), (0..20).map(f64::from).collect::<Vec<_>>());
        let many = spots(1_000);
        assert_eq!((many.len(), many[0], many[19]), (20, 25.0, 975.0));
    }
}
