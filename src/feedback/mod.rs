//! What officers found, held against what was flagged: hit rates with their intervals, by detector and by rank, and
//! what the random sample says of what was missed.
//!
//! A hit rate is that of the parcels examined, and officers examine the top of the list. Only the random sample tells of
//! the rest: its parcels were drawn whatever was found against them.

mod results;
mod show;

pub use results::{Finding, Verdict, read};

use crate::error::Error;
use crate::output::{list, number, record, rows, text};
use crate::stats::proportion::clopper_pearson;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Confidence of every interval.
pub const CONFIDENCE: f64 = 0.95;
/// Last ranks of the bands in which hit rates are told.
const BANDS: [(&str, usize); 5] = [
    ("rank 1 to 10", 10),
    ("rank 11 to 100", 100),
    ("rank 101 to 1,000", 1_000),
    ("rank 1,001 to 10,000", 10_000),
    ("rank over 10,000", usize::MAX),
];

/// Hits among parcels examined, with the Clopper-Pearson interval of the rate.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Rate {
    /// What the parcels have in common.
    pub of: String,
    /// Parcels examined, with a result.
    pub examined: u64,
    /// Those that were irregular.
    pub irregular: u64,
    /// Their share; none where nothing was examined.
    pub rate: Option<f64>,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
}

impl Rate {
    fn of(name: impl Into<String>, irregular: &[bool]) -> Rate {
        let (examined, hits) = (irregular.len() as u64, irregular.iter().filter(|i| **i).count() as u64);
        let (low, high) = clopper_pearson(hits, examined, CONFIDENCE);
        let rate = (examined > 0).then(|| hits as f64 / examined as f64);
        Rate { of: name.into(), examined, irregular: hits, rate, low, high }
    }
}

/// What the random sample says.
#[derive(Clone, Debug, Serialize)]
pub struct Sample {
    /// Parcels drawn.
    pub drawn: usize,
    /// Hits among all those that were examined: the share of irregular parcels in the whole night.
    pub all: Rate,
    /// Hits among those that had not been flagged.
    pub unflagged: Rate,
    /// Parcels of the night that were not flagged.
    pub unflagged_parcels: u64,
    /// Irregular parcels among them, estimated, with the ends of the interval; none where none was examined.
    pub missed: Option<[f64; 3]>,
}

/// What a feedback file says of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Feedback {
    /// Lines in the file.
    pub lines: usize,
    /// Parcels with a result; of several lines on one parcel the latest counts.
    pub decided: usize,
    /// Parcels whose examination is still open.
    pub open: usize,
    /// Parcels with a result that were neither flagged nor drawn.
    pub elsewhere: usize,
    /// All flagged parcels examined.
    pub flagged: Rate,
    /// By detector.
    pub detectors: Vec<Rate>,
    /// By band of ranks.
    pub ranks: Vec<Rate>,
    /// By recommended action.
    pub actions: Vec<Rate>,
    /// Value declared and value found of irregular parcels with a corrected value, by currency.
    pub corrected: BTreeMap<String, Corrected>,
    /// Irregular parcels whose commodity code was corrected.
    pub reclassified: usize,
    /// The random sample; none where the run kept none.
    pub sample: Option<Sample>,
}

/// Values of irregular parcels as declared and as found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Corrected {
    /// Parcels.
    pub parcels: usize,
    /// Sum of the declared values.
    pub declared: f64,
    /// Sum of the corrected values.
    pub found: f64,
}

/// Holds a feedback file against a run.
///
/// # Errors
/// The file cannot be read or a line of it cannot be used, or the folder is not the output of a run.
pub fn evaluate(out: &Path, file: &Path) -> Result<Feedback, Error> {
    let run = record(out)?;
    let (lines, findings) = read(file)?;
    let (parcels, flagged) = rows(out, "flagged_parcels.parquet", None, usize::MAX)?;
    let verdict = |id: &str| findings.get(id).and_then(|f| f.verdict.irregular());
    let mut of: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
    let mut actions: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    let mut bands: Vec<Vec<bool>> = vec![Vec::new(); BANDS.len()];
    let (mut all, mut seen) = (Vec::new(), std::collections::BTreeSet::new());
    let mut corrected: BTreeMap<String, Corrected> = BTreeMap::new();
    let mut reclassified = 0;
    for parcel in &parcels {
        let id = text(parcel, "parcel_id");
        let Some(irregular) = verdict(id) else { continue };
        seen.insert(id.to_owned());
        all.push(irregular);
        for detector in list(parcel, "detectors") {
            of.entry(detector).or_default().push(irregular);
        }
        actions.entry(text(parcel, "recommended_action").replace('_', " ")).or_default().push(irregular);
        let rank = number(parcel, "rank") as usize;
        if let Some(band) = BANDS.iter().position(|(_, last)| rank <= *last) {
            bands[band].push(irregular);
        }
        let finding = &findings[id];
        if irregular && let Some(value) = finding.corrected_value {
            let sums = corrected.entry(text(parcel, "currency").to_owned()).or_default();
            sums.parcels += 1;
            sums.declared += number(parcel, "declared_value");
            sums.found += value;
        }
        reclassified += usize::from(irregular && finding.corrected_hs.is_some());
    }
    let screened = run["counts"]["parcels"].as_u64().unwrap_or(0);
    let sample = sample(out, screened.saturating_sub(flagged as u64), &verdict, &mut seen)?;
    let decided = findings.values().filter(|f| f.verdict.irregular().is_some()).count();
    Ok(Feedback {
        lines,
        decided,
        open: findings.len() - decided,
        elsewhere: findings
            .iter()
            .filter(|(id, f)| f.verdict.irregular().is_some() && !seen.contains(*id))
            .count(),
        flagged: Rate::of("flagged", &all),
        detectors: of.into_iter().map(|(detector, hits)| Rate::of(detector, &hits)).collect(),
        ranks: BANDS
            .iter()
            .zip(&bands)
            .filter(|(_, hits)| !hits.is_empty())
            .map(|((name, _), hits)| Rate::of(*name, hits))
            .collect(),
        actions: actions.into_iter().map(|(action, hits)| Rate::of(action, &hits)).collect(),
        corrected,
        reclassified,
        sample,
    })
}

fn sample(
    out: &Path,
    unflagged_parcels: u64,
    verdict: &dyn Fn(&str) -> Option<bool>,
    seen: &mut std::collections::BTreeSet<String>,
) -> Result<Option<Sample>, Error> {
    if !out.join("random_sample.parquet").exists() {
        return Ok(None);
    }
    let (drawn, count) = rows(out, "random_sample.parquet", None, usize::MAX)?;
    let (mut all, mut unflagged) = (Vec::new(), Vec::new());
    for parcel in &drawn {
        let id = text(parcel, "parcel_id");
        let Some(irregular) = verdict(id) else { continue };
        seen.insert(id.to_owned());
        all.push(irregular);
        if parcel.get("flagged").and_then(serde_json::Value::as_bool) == Some(false) {
            unflagged.push(irregular);
        }
    }
    let unflagged = Rate::of("random sample, not flagged", &unflagged);
    let parcels = unflagged_parcels as f64;
    let missed = unflagged.rate.map(|rate| [rate, unflagged.low, unflagged.high].map(|r| r * parcels));
    let all = Rate::of("random sample", &all);
    Ok(Some(Sample { drawn: count, all, unflagged, unflagged_parcels, missed }))
}
