//! How good a run was, held against a known truth.
//!
//! A parcel counts as flagged in a family when `flags.parquet` has a finding of that family for it and
//! `flagged_parcels.parquet` lists it; over all, when it is so in any of the families that are measured: splitting,
//! under-invoicing, de minimis abuse and whatever else the truth names. Findings of other families are left out.
//!
//! - *Precision*: share of the flagged parcels that are in the truth of that family. *Recall*: share of the truth's
//!   parcels that were flagged; parcels of the truth that the run never saw count as missed. *F1*: their harmonic mean.
//! - *Ranking*: within a family by the parcel's highest score in it, over all by the run's own rank; ties by rank, then
//!   identifier. *Average precision*: mean over the truth's parcels of the precision at the place where each was found,
//!   0 for the missed ones. *Precision@k*: precision of the first k, given where at least k were flagged.
//! - *Revenue@k*: `revenue_at_risk` of the true parcels among the first k, as a share of that of all true parcels
//!   flagged (Rev@n of DATE, section 5.1.2, with the run's own estimate since the truth has no tariff). *Of best*: the
//!   same against the best possible order of those parcels (its Norm-Rev@n).
//! - *False flags*: 1 less precision, beside what the run expected (the mean of 1 less the probability: of the parcel's
//!   strongest finding in the family, or of the parcel over all) and, in bands of probability, the share that proved right.
//! - *Twins wrongly flagged*: share of each population of honest look-alikes flagged in any measured family.

mod frames;
mod measure;
mod show;
#[cfg(test)]
mod tests;

use serde::Serialize;
use std::path::{Path, PathBuf};

/// The k of precision@k and revenue@k.
pub const DEPTHS: [usize; 5] = [10, 50, 100, 500, 1000];

/// Why a run could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// A file is missing, unreadable, or lacks a column.
    #[error(
        "cannot measure with {}: {source}; expected the files of a run (flags.parquet, flagged_parcels.parquet) and a truth with parcel_id, family and typology",
        .file.display()
    )]
    Table {
        /// The file, or the directory of the run.
        file: PathBuf,
        /// What polars said.
        source: polars::error::PolarsError,
    },
}

/// The first k of a ranking.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AtDepth {
    /// How many were looked at.
    pub k: usize,
    /// Share of them in the truth.
    pub precision: f64,
    /// Revenue of the true ones as a share of that of all true parcels flagged; none where that is nothing.
    pub revenue: Option<f64>,
    /// The same as a share of what the best order would have brought.
    pub revenue_of_best: Option<f64>,
}

/// Flagged parcels of about the same probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Band {
    /// Probabilities above this ...
    pub from: f64,
    /// ... up to this.
    pub to: f64,
    /// Parcels.
    pub parcels: usize,
    /// Mean probability by the run.
    pub expected: f64,
    /// Share in the truth.
    pub realised: f64,
}

/// One family, or all together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// Family, or `all`.
    pub family: String,
    /// Parcels in the truth.
    pub parcels_true: usize,
    /// Parcels flagged.
    pub parcels_flagged: usize,
    /// Parcels flagged that are in the truth.
    pub hits: usize,
    /// Share of the flagged in the truth; none where nothing was flagged.
    pub precision: Option<f64>,
    /// Share of the flagged that are not in the truth of the family; none where nothing was flagged.
    pub false_share: Option<f64>,
    /// The same as the run expected it: the mean of 1 less the probability.
    pub false_expected: Option<f64>,
    /// How the run's probabilities proved.
    pub reliability: Vec<Band>,
    /// Share of the truth that was flagged; none where there is none.
    pub recall: Option<f64>,
    /// Harmonic mean of the two.
    pub f1: Option<f64>,
    /// Average precision of the ranking; none where the truth is empty.
    pub average_precision: Option<f64>,
    /// The first k, for each of [`DEPTHS`] that exists.
    pub at: Vec<AtDepth>,
}

/// Recall of one kind of fraud.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TypologyRecall {
    /// Family that the truth puts it in.
    pub family: String,
    /// Its name.
    pub typology: String,
    /// Parcels in the truth.
    pub parcels: usize,
    /// Of them flagged in that family.
    pub flagged: usize,
    /// Of them flagged in any measured family.
    pub flagged_in_any: usize,
    /// `flagged` as a share of `parcels`.
    pub recall: f64,
}

/// Honest look-alikes of one name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TwinShare {
    /// Their name.
    pub twin: String,
    /// Parcels.
    pub parcels: usize,
    /// Of them flagged in any measured family.
    pub flagged: usize,
    /// `flagged` as a share of `parcels`.
    pub share: f64,
}

/// A run held against the truth. Its `Display` is a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Each measured family, in the order of the alphabet, then `all`.
    pub families: Vec<Quality>,
    /// Each kind of fraud in the truth.
    pub typologies: Vec<TypologyRecall>,
    /// Each population of look-alikes; empty where none were given.
    pub twins: Vec<TwinShare>,
}

impl Evaluation {
    /// The same as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Measures the run in `out` against a truth of the form that `synth` writes (`parcel_id`, `family`, `typology`), and
/// against honest look-alikes (`parcel_id`, `twin`) where a file of them is given.
///
/// # Errors
/// Where a file is missing or lacks a column.
pub fn evaluate(out: &Path, truth: &Path, twins: Option<&Path>) -> Result<Evaluation, EvalError> {
    let tables = frames::Tables::read(out, truth, twins)?;
    let mut families: Vec<Quality> =
        tables.families.iter().map(|f| measure::quality(&f.family, f.parcels_true, &f.ranking)).collect();
    families.push(measure::quality("all", tables.all.parcels_true, &tables.all.ranking));
    Ok(Evaluation { families, typologies: tables.typologies, twins: tables.twins })
}
