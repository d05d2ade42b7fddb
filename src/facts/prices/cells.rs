//! Keys of price cells: currency, subheading, origin, weight band, cluster of descriptions in one number, so that
//! every coarser cell is a range of the finer ones.

use crate::fields::country::Country;
use crate::fields::hs::HsCode;

/// Levels of cells: chapter, heading, subheading, with origin, with weight band, with cluster of descriptions.
pub(super) const LEVELS: usize = 6;
/// Names of the levels.
pub(super) const LEVEL_NAMES: [&str; LEVELS] =
    ["chapter", "heading", "subheading", "origin", "weight", "goods"];

const CLUSTER_BITS: u32 = 27;
const BAND_BITS: u32 = 4;
const ORIGIN_BITS: u32 = 10;
const HS_BITS: u32 = 20;

/// Upper ends of the weight bands in kg a piece; goods without a weight or a count have a band of their own.
const BANDS: [f64; 10] = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, f64::INFINITY];
const NO_BAND: u64 = 15;

/// A line on one scale, for sorting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    /// Cell at the finest level.
    pub key: u64,
    /// Resolved consignor.
    pub consignor: u32,
    /// Description as declared.
    pub description: u32,
    /// Line, position in `Lines`.
    pub line: u32,
}

/// The six digits that stand for a code; a bare heading gets zeros.
pub(super) fn subheading(code: HsCode) -> u32 {
    code.subheading().unwrap_or(u32::from(code.heading()) * 100)
}

/// Key of the finest cell. `market` numbers the currency of the price.
pub(super) fn key(market: usize, subheading: u32, origin: Country, kg_per_piece: f64, cluster: u32) -> u64 {
    let [a, b] = origin.letters();
    let origin = u64::from(a.saturating_sub(b'A')) * 26 + u64::from(b.saturating_sub(b'A'));
    let band = if kg_per_piece > 0.0 {
        BANDS.iter().position(|end| kg_per_piece <= *end).map_or(NO_BAND, |band| band as u64)
    } else {
        NO_BAND
    };
    let mut key = (market as u64) & 7;
    key = key << HS_BITS | u64::from(subheading);
    key = key << ORIGIN_BITS | (origin & 1023);
    key = key << BAND_BITS | band;
    key << CLUSTER_BITS | u64::from(cluster) & ((1 << CLUSTER_BITS) - 1)
}

/// Key of the cell of a coarser level (0 = chapter) that holds a cell of any finer level; the finest key it is made
/// from may be one made by this function for a finer level.
pub(super) fn level_key(key: u64, depth: usize) -> u64 {
    let low = |bits: u32| key >> bits << bits;
    let hs_at = CLUSTER_BITS + BAND_BITS + ORIGIN_BITS;
    let rounded = |digits: u64| {
        let hs = key >> hs_at & ((1 << HS_BITS) - 1);
        let market = key >> (hs_at + HS_BITS);
        (market << HS_BITS | hs / digits * digits) << hs_at
    };
    match depth {
        0 => rounded(10_000),
        1 => rounded(100),
        2 => low(hs_at),
        3 => low(hs_at - ORIGIN_BITS),
        4 => low(CLUSTER_BITS),
        _ => key,
    }
}

/// What a key says, read back.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parts {
    pub market: usize,
    pub hs: String,
    pub origin: Option<Country>,
    /// Weight band in kg a piece.
    pub band: Option<(f64, f64)>,
    pub cluster: Option<u32>,
}

/// Reads a key of a level back.
pub(super) fn parts(key: u64, depth: usize) -> Parts {
    let hs_at = CLUSTER_BITS + BAND_BITS + ORIGIN_BITS;
    let hs = key >> hs_at & ((1 << HS_BITS) - 1);
    let origin = (key >> (CLUSTER_BITS + BAND_BITS) & 1023) as u16;
    let band = (key >> CLUSTER_BITS & 15) as usize;
    let hs = match depth {
        0 => format!("{:02}", hs / 10_000),
        1 => format!("{:04}", hs / 100),
        _ => format!("{hs:06}"),
    };
    let letters = u16::from_be_bytes([b'A' + (origin / 26) as u8, b'A' + (origin % 26) as u8]);
    Parts {
        market: (key >> (hs_at + HS_BITS)) as usize,
        hs,
        origin: (depth >= 3).then(|| Country::from_packed(letters)).flatten(),
        band: (depth >= 4 && band < BANDS.len())
            .then(|| (if band == 0 { 0.0 } else { BANDS[band - 1] }, BANDS[band])),
        cluster: (depth >= 5).then_some((key & ((1 << CLUSTER_BITS) - 1)) as u32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::country::parse_country;
    use crate::fields::hs::parse_hs;

    #[test]
    fn a_key_is_read_back_and_coarser_cells_are_ranges() {
        let origin = parse_country("CN").unwrap();
        let fine = key(1, subheading(parse_hs("0409001234").unwrap()), origin, 0.2, 77);
        let read = parts(fine, 5);
        assert_eq!((read.market, read.hs.as_str(), read.origin), (1, "040900", Some(origin)));
        assert_eq!((read.band, read.cluster), (Some((0.1, 0.3)), Some(77)));
        let mut last = fine;
        for depth in (0..LEVELS).rev() {
            let coarse = level_key(last, depth);
            assert!(coarse <= fine && level_key(coarse, depth) == coarse && level_key(fine, depth) == coarse);
            last = coarse;
        }
        assert_eq!(parts(level_key(fine, 0), 0).hs, "04");
        assert_eq!(parts(key(0, 610_910, origin, f64::NAN, 0), 5).band, None);
    }
}
