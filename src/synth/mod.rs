//! A made-up world of parcels: manifests of both channels with planted frauds and honest look-alikes, and the truth.
//!
//! The generator describes trade, people and fraudsters. It knows nothing of the detectors: no number of theirs occurs
//! here. People, firms and shared addresses are functions of the seed and a number; sellers with their assortments are
//! made once; the night is cut into chunks that each draw from a stream of their own, so that the bytes written do not
//! depend on the number of threads.
//!
//! `truth.parquet` has one row per fraudulent parcel (`line_number` where a single line is false). Its `true_value` is
//! what the goods of the parcel, or of that line, really cost, in the declared currency; where the value is declared
//! as it is (splitting, relief claimed without right) it equals the declared one.

mod chunk;
mod draw;
mod frauds;
mod lanes;
mod lists;
mod messages;
mod number;
mod order;
mod party;
mod plan;
mod rates;
mod spelling;
mod table;
#[cfg(test)]
mod tests;
mod twins;
mod world;
mod write;

pub use plan::{Difficulty, FRAUD_SHARE, Format, SynthError, SynthLaw, SynthPlan, SynthSummary};

use rayon::prelude::*;

/// Chunks made before any of them is written: bounds the memory.
const WAVE: usize = 8;

/// Makes the world of a plan and writes `postal` and `express` manifests, `rates.csv`, `truth.parquet` and
/// `twins.parquet` into its directory.
///
/// # Errors
/// Where the plan is out of range or a file cannot be written; no file then stands under its final name.
pub fn generate(plan: &SynthPlan) -> Result<SynthSummary, SynthError> {
    if !(0.0..=0.5).contains(&plan.fraud_share) {
        return Err(SynthError::FraudShare(plan.fraud_share));
    }
    let lists = lists::Lists::read()?;
    let rates = rates::RateTable::new(plan.seed, plan.date)?;
    let world = world::World::new(plan, &lists, &rates)?;
    let mut files = write::Files::create(&plan.out, &plan.formats, &rates.csv())?;
    let mut summary = SynthSummary::default();
    let chunks = plan.parcels.div_ceil(chunk::PARCELS);
    let numbers: Vec<usize> = (0..chunks).collect();
    for wave in numbers.chunks(WAVE) {
        let tables: Vec<table::Tables> = wave
            .par_iter()
            .map(|&number| {
                let parcels = chunk::PARCELS.min(plan.parcels - number * chunk::PARCELS);
                let drafts = chunk::drafts(&world, number, parcels);
                table::tables(&world, &drafts, number)
            })
            .collect::<Result<_, _>>()
            .map_err(|source| SynthError::Columns { file: plan.out.clone(), source })?;
        files.write(&tables)?;
        for table in tables {
            summary.postal_parcels += table.postal_parcels;
            summary.express_parcels += table.express_parcels;
            summary.lines += table.postal.num_rows() + table.express.num_rows();
            for (key, count) in table.frauds {
                *summary.frauds.entry(key).or_default() += count;
            }
            for (key, count) in table.twin_counts {
                *summary.twins.entry(key).or_default() += count;
            }
        }
    }
    summary.files = files.finish()?;
    Ok(summary)
}
