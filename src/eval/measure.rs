//! The figures of one ranking.

use super::{AtDepth, Band, DEPTHS, Quality};

/// One flagged parcel, in the order of the ranking.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ranked {
    /// Whether the truth has it.
    pub real: bool,
    /// Revenue at risk by the run's estimate.
    pub revenue: f64,
    /// Probability by the run's estimate.
    pub probability: f64,
}

pub(super) fn quality(family: &str, parcels_true: usize, ranking: &[Ranked]) -> Quality {
    let hits = ranking.iter().filter(|r| r.real).count();
    let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
    let (precision, recall) = (share(hits, ranking.len()), share(hits, parcels_true));
    let f1 =
        (ranking.len() + parcels_true > 0).then(|| 2.0 * hits as f64 / (ranking.len() + parcels_true) as f64);
    let mut found = 0;
    let mut sum = 0.0;
    for (place, ranked) in ranking.iter().enumerate() {
        if ranked.real {
            found += 1;
            sum += f64::from(found) / (place + 1) as f64;
        }
    }
    let mut best: Vec<f64> = ranking.iter().filter(|r| r.real).map(|r| r.revenue).collect();
    best.sort_by(|a, b| b.total_cmp(a));
    let all: f64 = best.iter().sum();
    let depth = |k: usize| {
        let first = &ranking[..k];
        let revenue: f64 = first.iter().filter(|r| r.real).map(|r| r.revenue).sum();
        let reachable: f64 = best.iter().take(k).sum();
        AtDepth {
            k,
            precision: first.iter().filter(|r| r.real).count() as f64 / k as f64,
            revenue: (all > 0.0).then(|| revenue / all),
            revenue_of_best: (reachable > 0.0).then(|| revenue / reachable),
        }
    };
    Quality {
        family: family.to_owned(),
        parcels_true,
        parcels_flagged: ranking.len(),
        hits,
        precision,
        false_share: precision.map(|p| 1.0 - p),
        false_expected: (!ranking.is_empty())
            .then(|| ranking.iter().map(|r| 1.0 - r.probability).sum::<f64>() / ranking.len() as f64),
        reliability: reliability(ranking),
        recall,
        f1,
        average_precision: (parcels_true > 0).then(|| sum / parcels_true as f64),
        at: DEPTHS.into_iter().filter(|&k| k <= ranking.len()).map(depth).collect(),
    }
}

/// Bands of probability and the share of each that proved right; those without a parcel are left out.
fn reliability(ranking: &[Ranked]) -> Vec<Band> {
    const ENDS: [f64; 9] = [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0];
    let band = |ends: &[f64]| {
        let (from, to) = (ends[0], ends[1]);
        let inside = |r: &&Ranked| r.probability > from && r.probability <= to;
        let parcels = ranking.iter().filter(inside).count();
        let mean = |figure: &dyn Fn(&Ranked) -> f64| {
            ranking.iter().filter(inside).map(figure).sum::<f64>() / parcels as f64
        };
        (parcels > 0).then(|| Band {
            from,
            to,
            parcels,
            expected: mean(&|r| r.probability),
            realised: mean(&|r| f64::from(u8::from(r.real))),
        })
    };
    ENDS.windows(2).filter_map(band).collect()
}
