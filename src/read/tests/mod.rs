//! Tests of the readers.

mod csv;
mod damage;
mod input;
mod json;
mod messages;
mod parquet;

use super::csv::CsvBlocks;
use super::jsonl::JsonBlocks;
use super::window::{WINDOW, Window};
use super::{Compression, FileSummary, Format, Input, ReadError, Reading, Syntax};
use crate::model::batch::{Channel, RawBatch, RawColumn, Reject};
use crate::model::schema::Column;
use ::arrow::array::{Array, StringArray};
use std::io::Cursor;

/// The required columns and `value`: the shortest usable header.
const HEADER: &str = "parcel_id,date,consignor_name,consignor_country,consignee_name,consignee_country,description,\
gross_weight_kg,value,currency";

/// A sound line of ten fields for that header.
fn line(id: &str) -> String {
    format!("{id},2026-01-02,Ann,CN,Bob,DE,shirt,0.5,10.00,EUR")
}

fn input(syntax: Syntax, bytes: usize) -> Input {
    Input {
        path: "test.file".into(),
        channel: Channel::Postal,
        format: Format { syntax, compression: Compression::None },
        bytes: bytes as u64,
        sha256: None,
        reading: Reading::default(),
    }
}

/// What a whole file gave.
#[derive(Debug)]
struct Outcome {
    blocks: Vec<RawBatch>,
    rejects: Vec<Reject>,
    summary: FileSummary,
}

impl Outcome {
    fn cells(&self, column: Column) -> Vec<String> {
        self.blocks.iter().flat_map(|b| texts(b, column)).collect()
    }

    fn ids(&self) -> Vec<String> {
        self.cells(Column::ParcelId)
    }

    fn records(&self) -> Vec<u64> {
        let rows = self.blocks.iter().flat_map(|b| b.records.clone());
        rows.collect()
    }

    /// Record, field and reason of the rejects.
    fn reasons(&self) -> Vec<(u64, &str, &str)> {
        let rejects = self.rejects.iter();
        rejects.map(|r| (r.record, r.field.as_str(), r.reason.as_str())).collect()
    }
}

fn texts(block: &RawBatch, column: Column) -> Vec<String> {
    let rows = 0..block.len();
    match block.column(column) {
        Some(RawColumn::Text(a)) => a.iter().map(|t| t.unwrap_or_default().to_owned()).collect(),
        Some(RawColumn::Dictionary(a)) => {
            let values: &StringArray = a.values().as_any().downcast_ref().unwrap();
            rows.map(|r| a.key(r).map_or(String::new(), |k| values.value(k).into())).collect()
        }
        _ => vec![String::new(); block.len()],
    }
}

/// Gathers the blocks of a file.
fn gather(
    mut next: impl FnMut() -> Result<Option<RawBatch>, ReadError>,
) -> Result<(Vec<RawBatch>, Vec<Reject>), ReadError> {
    let mut blocks = Vec::new();
    while let Some(block) = next()? {
        blocks.push(block);
    }
    let rejects: Vec<Reject> = blocks.iter().flat_map(|b| b.rejects.clone()).collect();
    Ok((blocks, rejects))
}

/// Checks what always holds.
fn checked((blocks, rejects): (Vec<RawBatch>, Vec<Reject>), summary: FileSummary) -> Outcome {
    let rows: usize = blocks.iter().map(RawBatch::len).sum();
    assert_eq!(summary.records_read, (rows + rejects.len()) as u64);
    assert_eq!(summary.rejects, rejects.len() as u64);
    for block in &blocks {
        for column in block.columns.iter().flatten() {
            let length = match column {
                RawColumn::Text(a) => a.len(),
                RawColumn::Dictionary(a) => a.len(),
                RawColumn::Number(a) => a.len(),
                RawColumn::Date(a) => a.len(),
            };
            assert_eq!(length, block.len());
        }
    }
    let outcome = Outcome { blocks, rejects, summary };
    let mut numbers = outcome.records();
    assert!(numbers.is_sorted());
    numbers.extend(outcome.rejects.iter().map(|r| r.record));
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq(1..=outcome.summary.records_read));
    outcome
}

fn read_csv_in(bytes: &[u8], window: usize) -> Result<Outcome, ReadError> {
    let input = input(Syntax::Csv, bytes.len());
    let window = Window::new(Box::new(Cursor::new(bytes.to_vec())), window);
    let mut csv = CsvBlocks::begin(&input, 0, None, window)?;
    let found = gather(|| csv.next_block())?;
    Ok(checked(found, csv.summary()))
}

fn read_csv(bytes: impl AsRef<[u8]>) -> Result<Outcome, ReadError> {
    read_csv_in(bytes.as_ref(), WINDOW)
}

fn read_json(bytes: impl AsRef<[u8]>) -> Result<Outcome, ReadError> {
    let bytes = bytes.as_ref();
    let input = input(Syntax::JsonLines, bytes.len());
    let window = Window::new(Box::new(Cursor::new(bytes.to_vec())), WINDOW);
    let mut json = JsonBlocks::begin(&input, 0, None, window)?;
    let found = gather(|| json.next_block())?;
    Ok(checked(found, json.summary()))
}
