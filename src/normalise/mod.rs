//! From raw records to typed shipments: one currency, kilograms, tariff codes, the rules of each parcel's own day.
//!
//! A record that cannot be used becomes a [`Reject`]; records read = lines used + rejects, always.

mod assemble;
mod block;
mod cells;
mod party;
mod records;
#[cfg(test)]
mod tests;

pub use block::Context;

use crate::model::batch::{RawBatch, Reject};
use crate::model::parcels::Shipments;
use crate::read::{self, FileSummary, Input, ReadError, Reader};
use crate::refdata::regimes::Terms;
use block::Chunk;
use rayon::prelude::*;
use records::Night;
use std::collections::BTreeMap;

/// Blocks that are normalised side by side while the next ones are read.
const ABREAST: usize = 4;

/// Records of a run: with so many, the texts of all still have numbers of 32 bits.
const MOST_RECORDS: usize = 400_000_000;

/// All that the inputs gave.
#[derive(Debug, Default)]
pub struct Normalised {
    /// Parcels, lines, parties.
    pub shipments: Shipments,
    /// The rules that occur, by [`Parcels::terms`](crate::model::parcels::Parcels::terms).
    pub terms: Vec<Terms>,
    /// Records that cannot be used, by file and record.
    pub rejects: Vec<Reject>,
    /// What was found in each file, in the order of the inputs.
    pub files: Vec<FileSummary>,
}

/// Reads and normalises all inputs. `progress` is told the number of records read so far.
///
/// # Errors
/// A file that breaks its contract; see [`ReadError`].
pub fn run(
    inputs: &[Input],
    context: &Context,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Normalised, ReadError> {
    let inputs = &read::joined(inputs)?;
    let mut night = Night::default();
    let mut rejects: Vec<Reject> = Vec::new();
    let mut files = Vec::with_capacity(inputs.len());
    let mut before = 0;
    for (source, input) in inputs.iter().enumerate() {
        let mut reader = read::open(input, source as u32, None)?;
        if source == 0 {
            night.reserve(room(&reader, inputs));
        }
        let mut pending: Vec<RawBatch> = Vec::new();
        loop {
            let ready = std::mem::take(&mut pending);
            let (next, done) = rayon::join(
                || take(&mut reader),
                || ready.into_par_iter().map(|batch| Chunk::read(batch, context)).collect::<Vec<_>>(),
            );
            for mut chunk in done {
                rejects.append(&mut chunk.rejects);
                night.add(chunk);
            }
            if night.records.len() > MOST_RECORDS {
                return Err(too_many(input));
            }
            pending = next?;
            progress(before + reader.summary().records_read);
            if pending.is_empty() {
                break;
            }
        }
        let summary = reader.summary();
        before += summary.records_read;
        files.push(summary);
    }
    // House waybills that only a manifest lists count as records of its file, after those that it holds.
    for mut reject in read::undeclared(inputs) {
        let file: &mut FileSummary = &mut files[reject.source as usize];
        file.records_read += 1;
        file.rejects += 1;
        reject.record = file.records_read;
        rejects.push(reject);
    }
    let assembled = assemble::assemble(night, inputs, context);
    rejects.extend(recover(inputs, assembled.repeats)?);
    rejects.sort();
    Ok(Normalised { shipments: assembled.shipments, terms: assembled.terms, rejects, files })
}

/// Records that all inputs may hold, where the first tells how many it has: others are as dense. Columns that need not
/// grow leave no holes behind; room that is not used costs no memory.
fn room(first: &Reader, inputs: &[Input]) -> usize {
    let bytes = |input: &Input| std::fs::metadata(&input.path).map_or(0, |m| m.len());
    let (Some(records), Some(own)) = (first.announced(), inputs.first().map(bytes)) else { return 0 };
    let all: u64 = inputs.iter().map(bytes).sum();
    let expected = records as f64 * all as f64 / own.max(1) as f64;
    // A file that announces more records than it has bytes is not believed.
    (1.1 * expected).min(all as f64).min(MOST_RECORDS as f64) as usize
}

fn too_many(input: &Input) -> ReadError {
    ReadError::Refused {
        path: input.path.clone(),
        member: String::new(),
        reason: format!(
            "with it the run has more than {MOST_RECORDS} records; screen fewer files or days at a time"
        ),
    }
}

/// The next few blocks; none at the end of the file.
fn take(reader: &mut Reader) -> Result<Vec<RawBatch>, ReadError> {
    reader.by_ref().take(ABREAST).collect()
}

/// Rejects for records set aside after their text was let go: it is read again.
fn recover(inputs: &[Input], repeats: Vec<assemble::Repeat>) -> Result<Vec<Reject>, ReadError> {
    let mut wanted: BTreeMap<u32, BTreeMap<u64, assemble::Repeat>> = BTreeMap::new();
    for repeat in repeats {
        wanted.entry(repeat.source).or_default().insert(repeat.record, repeat);
    }
    let mut rejects = Vec::new();
    for (source, mut records) in wanted {
        for batch in read::open(&inputs[source as usize], source, None)? {
            let batch = batch?;
            for (row, record) in batch.records.iter().enumerate() {
                if let Some(repeat) = records.remove(record) {
                    rejects.push(Reject {
                        source,
                        record: *record,
                        field: repeat.field.to_owned(),
                        reason: repeat.reason,
                        raw: read::raw_text(&batch, row),
                    });
                }
            }
            if records.is_empty() {
                break;
            }
        }
    }
    Ok(rejects)
}
