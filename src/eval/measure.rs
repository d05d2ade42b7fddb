//! The figures of one ranking.

use super::{AtDepth, DEPTHS, Quality};

/// One flagged parcel, in the order of the ranking.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ranked {
    /// Whether the truth has it.
    pub real: bool,
    /// Revenue at risk by the run's estimate.
    pub revenue: f64,
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
        recall,
        f1,
        average_precision: (parcels_true > 0).then(|| sum / parcels_true as f64),
        at: DEPTHS.into_iter().filter(|&k| k <= ranking.len()).map(depth).collect(),
    }
}
