//! Which findings stay where only a share of them may be false.
//!
//! Within a family each parcel has the probability of its strongest finding, lowered by one standard deviation of the
//! calibration. Parcels are taken from the most probable down for as long as the mean of `1 - probability` of those taken
//! stays within the rate (W. Sun and T. T. Cai, J. Am. Stat. Assoc. 102 (2007) 901-912: the mean local false discovery
//! rate of what is flagged is the expected share of false ones). That holds as far as the probabilities do: for trade
//! like that of the worlds they were calibrated on. Parcels that are as probable stay or go together.

use crate::model::finding::Family;
use crate::model::outcome::{Flag, Outcome};
use crate::refdata::calibration::Calibration;

/// What rounding may add to a mean doubt.
const ROUNDING: f64 = 1e-9;

/// Parcels of a family with the highest of some figure of their flags.
fn strongest(flags: &[Flag], family: Family, figure: impl Fn(&Flag) -> f64) -> Vec<(u32, f64)> {
    let mut all: Vec<(u32, f64)> =
        flags.iter().filter(|f| f.family == family).map(|f| (f.parcel, figure(f))).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    all.dedup_by_key(|parcel| parcel.0);
    all
}

/// The share of each family's flagged parcels that is expected to be false.
pub(super) fn expected_false(flags: &[Flag]) -> Vec<(Family, f64)> {
    let families = Family::REVENUE.into_iter().map(|family| (family, strongest(flags, family, |f| f.score)));
    families
        .filter(|(_, parcels)| !parcels.is_empty())
        .map(|(family, parcels)| {
            (family, parcels.iter().map(|p| 1.0 - p.1).sum::<f64>() / parcels.len() as f64)
        })
        .collect()
}

/// Takes away what would raise the expected share of false flags of a family above `rate`.
pub(super) fn keep(outcome: &mut Outcome, calibration: &Calibration, rate: f64) {
    let least: Vec<(Family, f64)> = Family::REVENUE
        .into_iter()
        .map(|family| {
            let cautious = |f: &Flag| calibration.cautious(f.detector, f.score);
            (family, least(strongest(&outcome.flags, family, cautious).iter().map(|p| p.1).collect(), rate))
        })
        .collect();
    // A parcel stays by its strongest finding; the weaker ones of the family go with it as further evidence.
    let mut kept: Vec<(u32, Family)> = Vec::new();
    for (family, least) in least {
        let parcels = strongest(&outcome.flags, family, |f| calibration.cautious(f.detector, f.score));
        kept.extend(parcels.iter().filter(|p| p.1 >= least).map(|p| (p.0, family)));
    }
    kept.sort_unstable();
    let stays =
        |flag: &Flag| !flag.family.is_revenue() || kept.binary_search(&(flag.parcel, flag.family)).is_ok();
    for flags in outcome.flags.chunk_by(|a, b| a.family == b.family) {
        let mut gone: Vec<u32> = flags.iter().filter(|f| !stays(f)).map(|f| f.parcel).collect();
        let findings = gone.len();
        gone.sort_unstable();
        gone.dedup();
        if findings > 0 {
            outcome.doubtful.insert(flags[0].family, (findings, gone.len()));
        }
    }
    // The lanes of security, mis-declaration and data quality are no bet on revenue: they stay whole.
    outcome.flags.retain(stays);
    drop_empty_cases(outcome);
}

/// The smallest probability that may be taken; above 1 where none may.
fn least(mut probabilities: Vec<f64>, rate: f64) -> f64 {
    probabilities.sort_unstable_by(|a, b| b.total_cmp(a));
    let (mut doubt, mut count, mut least) = (0.0, 0, f64::INFINITY);
    for alike in probabilities.chunk_by(|a, b| a == b) {
        doubt += alike.iter().map(|p| 1.0 - p).sum::<f64>();
        count += alike.len();
        if doubt > (rate + ROUNDING) * count as f64 {
            break;
        }
        least = alike[0];
    }
    least
}

/// Cases keep the parcels that still have a flag in them; those without any go.
fn drop_empty_cases(outcome: &mut Outcome) {
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); outcome.cases.len()];
    for flag in &outcome.flags {
        if let Some(case) = flag.case {
            members[case as usize].push(flag.parcel);
        }
    }
    let mut place: Vec<Option<u32>> = vec![None; members.len()];
    let mut cases = Vec::with_capacity(members.len());
    for (i, (mut case, mut parcels)) in
        std::mem::take(&mut outcome.cases).into_iter().zip(members).enumerate()
    {
        if parcels.is_empty() {
            continue;
        }
        parcels.sort_unstable();
        parcels.dedup();
        case.parcels.retain(|parcel| parcels.binary_search(parcel).is_ok());
        place[i] = Some(cases.len() as u32);
        cases.push(case);
    }
    outcome.cases = cases;
    for flag in &mut outcome.flags {
        flag.case = flag.case.and_then(|case| place[case as usize]);
    }
}

#[cfg(test)]
mod tests {
    use super::least;

    #[test]
    fn no_more_is_taken_than_the_rate_allows() {
        let all = vec![0.5, 0.99, 0.9, 0.7];
        assert_eq!(least(all.clone(), 0.0), f64::INFINITY);
        assert_eq!(least(all.clone(), 0.01), 0.99);
        assert_eq!(least(all.clone(), 0.06), 0.9);
        assert_eq!(least(all.clone(), 0.14), 0.7);
        assert_eq!(least(all, 1.0), 0.5);
        assert_eq!(least(Vec::new(), 0.2), f64::INFINITY);
    }

    #[test]
    fn equals_stay_or_go_together() {
        assert_eq!(least(vec![0.9, 0.6, 0.6], 0.25), 0.9, "one of the two alone would have been within it");
    }
}
