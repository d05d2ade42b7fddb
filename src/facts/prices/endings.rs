//! How prices end: a list price ends in .99, .95, .50 or .00, and one that was multiplied by a factor ends anywhere.

use crate::model::money::Money;
use crate::model::parcels::Shipments;
use crate::stats::mixture::Likelihood;
use rayon::prelude::*;

/// Cents that list prices end in.
const ENDINGS: [Money; 6] = [0, 49, 50, 90, 95, 99];
/// A cent, in units of [`Money`].
const CENT: Money = 100;
/// Share of scaled values that end like prices: those endings are 6 of 100, and some round what they scale.
const SCALED: f64 = 0.12;
/// Different prices of a consignor from which their endings speak, and the usual share from which an ending tells.
const FROM: u32 = 4;
const TELLING: f64 = 0.3;
/// Most that endings may weigh: prices converted from another currency end anywhere, too.
const MOST: f64 = 20.0;

/// Endings of the prices of each consignor.
#[derive(Debug, Default)]
pub(super) struct Endings {
    of: Vec<Ends>,
    usual: f64,
}

/// Endings of one consignor's different prices.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ends {
    /// Different prices of single pieces in the currency they were declared in.
    pub prices: u32,
    /// How many of them end like list prices.
    pub listed: u32,
    /// Share of all consignors' that do.
    pub usual: f64,
    /// How much more likely the endings are of scaled values than of list prices, 1 to 20.
    pub odds: f64,
}

/// Endings of unit prices that count as usual: the most frequent ones, each of at least twice its share by chance.
const USUAL_ENDINGS: usize = 12;
const USUAL_FROM: f64 = 0.02;
/// Lines that the night's share of usual endings is worth in a consignor's.
const NIGHT_WEIGHT: f64 = 20.0;
/// Share of cut values that end like prices all the same: who makes a value up likes round ones.
const ROUND: f64 = 0.15;

/// What the ending of each line's unit price says of it.
///
/// The likelihood ratio of *scaled* to *as asked*: up to twelve endings that are frequent among the night's unit prices
/// are usual, and a scaled value has one of `k` such endings in `(k + 1) / 100` of all cases; a consignor's own share of lines that end so tells how telling one is. Where prices end anywhere it is 1.
#[derive(Debug, Default)]
pub(super) struct LineEnds {
    /// Share of its consignor's lines that end in a usual way; negative where the line itself does not, 0 where its
    /// ending says nothing.
    usual: Vec<f32>,
    /// Share of scaled values that have a usual ending.
    scaled: f64,
}

impl LineEnds {
    /// Reads the endings of the unit prices of lines with a value of their own, in the currency declared.
    pub fn build(shipments: &Shipments, entity: impl Fn(u32) -> u32 + Sync, consignors: usize) -> LineEnds {
        let (parcels, lines) = (&shipments.parcels, &shipments.lines);
        // Cents of the unit price; none where it is no whole number of cents, as a cut often leaves it.
        let ending = |line: usize| -> Option<Option<u8>> {
            let parcel = lines.parcel[line] as usize;
            let (value, whole) = (lines.value[line], parcels.value[parcel]);
            let quantity = if lines.quantity[line] > 0.0 { lines.quantity[line] } else { 1.0 };
            if value <= 0 || whole <= 0 || lines.allocated[line] {
                return None;
            }
            let cents = value as f64 * (parcels.declared[parcel] as f64 / whole as f64) / CENT as f64;
            let each = (cents.round() / quantity).round();
            let exact = (each * quantity - cents.round()).abs() < 0.01 && (cents - cents.round()).abs() < 0.1;
            Some(exact.then_some((each.rem_euclid(100.0)) as u8))
        };
        let endings: Vec<Option<Option<u8>>> = (0..lines.len()).into_par_iter().map(ending).collect();
        let mut counts = [(0u32, 0u8); 100];
        (0..100u8).for_each(|e| counts[e as usize].1 = e);
        endings.iter().flatten().flatten().for_each(|e| counts[*e as usize].0 += 1);
        counts.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut usual = [false; 100];
        let whole = endings.iter().flatten().count() as f64;
        let frequent = counts[..USUAL_ENDINGS].iter().filter(|(n, _)| f64::from(*n) >= USUAL_FROM * whole);
        let mut kinds = 0;
        for (_, e) in frequent {
            usual[*e as usize] = true;
            kinds += 1;
        }
        let scaled = f64::from(kinds + 1) / 100.0;
        let is_usual = |e: &Option<u8>| e.is_some_and(|e| usual[e as usize]);
        let mut of = vec![(0u32, 0u32); consignors];
        let mut all = (0u32, 0u32);
        for (line, e) in endings.iter().enumerate() {
            let Some(e) = e else { continue };
            let of = &mut of[entity(lines.parcel[line]) as usize];
            let hit = u32::from(is_usual(e));
            (of.0, of.1, all.0, all.1) = (of.0 + 1, of.1 + hit, all.0 + 1, all.1 + hit);
        }
        let night = f64::from(all.1) / f64::from(all.0.max(1));
        let share = |(line, ending): (usize, &Option<Option<u8>>)| {
            let Some(ending) = ending else { return 0.0 };
            let (n, hits) = of[entity(lines.parcel[line]) as usize];
            let usual = (f64::from(hits) + NIGHT_WEIGHT * night) / (f64::from(n) + NIGHT_WEIGHT);
            let usual = usual.clamp(scaled, 0.98) as f32;
            if is_usual(ending) { usual } else { -usual }
        };
        LineEnds { usual: endings.par_iter().enumerate().map(share).collect(), scaled }
    }

    /// How likely the ending of a line is of a cut, of a discount, of a price as asked.
    pub fn of(&self, line: usize) -> Likelihood {
        let (share, scaled) = (f64::from(self.usual[line]), self.scaled);
        if share == 0.0 {
            return Likelihood::EVEN;
        }
        let usual = share.abs().max(scaled);
        let cut = scaled + (ROUND * (1.0 - scaled)).min(usual - scaled);
        let discount = (usual + scaled) / 2.0;
        if share > 0.0 {
            // Where whole consignors cut, their endings have become usual: such an ending excuses by half at the most.
            Likelihood { cut: cut.max(usual / 2.0), discount, usual }
        } else {
            Likelihood { cut: 1.0 - cut, discount: 1.0 - discount, usual: 1.0 - usual }
        }
    }
}

impl Endings {
    /// Counts the different values of parcels with a single piece.
    pub fn build(shipments: &Shipments, entity: impl Fn(u32) -> u32 + Sync, consignors: usize) -> Endings {
        let parcels = &shipments.parcels;
        let mut prices: Vec<(u32, Money)> = (0..parcels.len() as u32)
            .into_par_iter()
            .filter_map(|parcel| {
                let mut lines = parcels.lines(parcel);
                let line = lines.next().filter(|_| lines.next().is_none())?;
                let declared = parcels.declared[parcel as usize];
                (declared > 0 && shipments.lines.quantity[line] == 1.0).then(|| (entity(parcel), declared))
            })
            .collect();
        prices.par_sort_unstable();
        prices.dedup();
        let mut of = vec![Ends::default(); consignors];
        let mut all = (0u32, 0u32);
        for (consignor, price) in prices {
            let listed = u32::from(price % CENT == 0 && ENDINGS.contains(&(price / CENT % 100)));
            let ends = &mut of[consignor as usize];
            (ends.prices, ends.listed) = (ends.prices + 1, ends.listed + listed);
            all = (all.0 + 1, all.1 + listed);
        }
        Endings { of, usual: f64::from(all.1) / f64::from(all.0.max(1)) }
    }

    /// A consignor's endings.
    pub fn of(&self, consignor: u32) -> Ends {
        let ends = self.of[consignor as usize];
        let usual = self.usual;
        let telling = ends.prices >= FROM && usual >= TELLING && usual < 1.0;
        let odds = if telling {
            let (other, listed) = (f64::from(ends.prices - ends.listed), f64::from(ends.listed));
            (other * ((1.0 - SCALED) / (1.0 - usual)).ln() + listed * (SCALED / usual).ln()).exp()
        } else {
            1.0
        };
        Ends { usual, odds: odds.clamp(1.0, MOST), ..ends }
    }
}
