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
    let mut intake = Intake::new(context);
    intake.night.reserve(room(inputs)?);
    for input in inputs {
        let before = intake.records_read();
        intake.file(input, None, &mut |_, read| progress(before + read))?;
    }
    intake.finish(inputs)
}

/// Takes in files one after the other.
pub struct Intake<'a> {
    context: &'a Context<'a>,
    night: Night,
    rejects: Vec<Reject>,
    files: Vec<FileSummary>,
    /// Of each file whether its records count; those of a file that broke off do not.
    sound: Vec<bool>,
    /// Whether every file was read to its end.
    whole: bool,
}

impl<'a> Intake<'a> {
    /// Nothing taken in yet.
    pub fn new(context: &'a Context<'a>) -> Self {
        Intake {
            context,
            night: Night::default(),
            rejects: Vec::new(),
            files: Vec::new(),
            sound: Vec::new(),
            whole: true,
        }
    }

    /// Records read from all files so far.
    fn records_read(&self) -> u64 {
        self.files.iter().map(|f| f.records_read).sum()
    }

    /// Takes in the next file, or the blocks of its first `most` records; `seen` is shown each block, and told how many
    /// records of the file were read. Whether the file was read to its end.
    ///
    /// # Errors
    /// The file breaks its contract; nothing of it is kept but its place among the files.
    pub fn file(
        &mut self,
        input: &Input,
        most: Option<u64>,
        seen: &mut dyn FnMut(&[RawBatch], u64),
    ) -> Result<bool, ReadError> {
        let kept = self.rejects.len();
        let taken = self.blocks(input, most, seen);
        if taken.is_err() {
            self.rejects.truncate(kept);
            self.files.push(FileSummary::default());
        }
        self.sound.push(taken.is_ok());
        self.whole &= matches!(taken, Ok(true));
        taken
    }

    fn blocks(
        &mut self,
        input: &Input,
        most: Option<u64>,
        seen: &mut dyn FnMut(&[RawBatch], u64),
    ) -> Result<bool, ReadError> {
        let context = self.context;
        let mut reader = read::open(input, self.files.len() as u32, None)?;
        let mut pending: Vec<RawBatch> = Vec::new();
        let mut chunks: Vec<Chunk> = Vec::new();
        let (mut whole, mut ended) = (true, false);
        // Blocks are read while those before them are normalised and those before these are added up.
        loop {
            let (ready, done) = (std::mem::take(&mut pending), std::mem::take(&mut chunks));
            if !ended && most.is_some_and(|most| reader.summary().records_read >= most) {
                (whole, ended) = (false, true);
            }
            let (next, (normalised, ())) = rayon::join(
                || if ended { Ok(Vec::new()) } else { take(&mut reader) },
                || {
                    rayon::join(
                        || ready.into_par_iter().map(|batch| Chunk::read(batch, context)).collect::<Vec<_>>(),
                        || done.into_iter().for_each(|chunk| self.night.add(chunk)),
                    )
                },
            );
            chunks = normalised;
            chunks.iter_mut().for_each(|chunk| self.rejects.append(&mut chunk.rejects));
            if self.night.records.len() > MOST_RECORDS {
                return Err(too_many(input));
            }
            pending = next?;
            seen(&pending, reader.summary().records_read);
            ended |= pending.is_empty();
            if ended && pending.is_empty() && chunks.is_empty() {
                break;
            }
        }
        self.files.push(reader.summary());
        Ok(whole)
    }

    /// Joins lines to parcels and sets repeats aside; `inputs` are the files that were taken in.
    ///
    /// # Errors
    /// A file that has changed since.
    pub fn finish(mut self, inputs: &[Input]) -> Result<Normalised, ReadError> {
        // House waybills that only a manifest lists count as records of its file, after those that it holds. They may be
        // declared in what was not read.
        for mut reject in if self.whole { read::undeclared(inputs) } else { Vec::new() } {
            let file: &mut FileSummary = &mut self.files[reject.source as usize];
            file.records_read += 1;
            file.rejects += 1;
            reject.record = file.records_read;
            self.rejects.push(reject);
        }
        let assembled = assemble::assemble(self.night, inputs, &self.sound, self.context);
        self.rejects.extend(recover(inputs, assembled.repeats)?);
        self.rejects.sort();
        let (shipments, terms) = (assembled.shipments, assembled.terms);
        Ok(Normalised { shipments, terms, rejects: self.rejects, files: self.files })
    }
}

/// Records that all inputs may hold, where the first tells how many it has: others are as dense. Columns that need not
/// grow leave no holes behind; room that is not used costs no memory.
fn room(inputs: &[Input]) -> Result<usize, ReadError> {
    let bytes = |input: &Input| std::fs::metadata(&input.path).map_or(0, |m| m.len());
    let Some(first) = inputs.first() else { return Ok(0) };
    let Some(records) = read::announced(first)? else { return Ok(0) };
    let all: u64 = inputs.iter().map(bytes).sum();
    let expected = records as f64 * all as f64 / bytes(first).max(1) as f64;
    // A file that announces more records than it has bytes is not believed.
    Ok((1.1 * expected).min(all as f64).min(MOST_RECORDS as f64) as usize)
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
