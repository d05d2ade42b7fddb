//! How prices end: a list price ends in .99, .95, .50 or .00, and one that was multiplied by a factor ends anywhere.

use crate::model::money::Money;
use crate::model::parcels::Shipments;
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
