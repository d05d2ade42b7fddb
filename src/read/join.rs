//! House manifests and master waybills: what they tell of waybills that other messages declare.
//!
//! A house manifest (XFHL) only lists waybills; parties and values are in one message a waybill (XFZB). A master
//! waybill (XFWB, FWB) knows the flight. Both are read first, and what a declaring message lacks is taken from them.

use super::messages::MessageBlocks;
use super::{Input, ReadError, Syntax};
use crate::fields::date::{iso_text, parse_date};
use crate::model::batch::{RawBatch, RawColumn, Reject};
use crate::model::schema::Column;
use arrow::array::{Array, StringArray};
use rayon::prelude::*;
use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What other messages tell of waybills.
#[derive(Debug, Default)]
pub struct Joins {
    houses: HashMap<String, House>,
    masters: HashMap<String, Master>,
}

/// A house waybill on a manifest.
#[derive(Debug)]
struct House {
    source: u32,
    order: usize,
    number: String,
    master: String,
    weight: String,
    description: String,
    /// Whether a message declared it.
    declared: AtomicBool,
}

#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Master {
    date: String,
    flight: String,
    /// Points in time, where more than a day is told.
    departure: String,
    arrival: String,
}

/// What one file tells.
#[derive(Default)]
struct Told {
    houses: Vec<House>,
    masters: Vec<(String, Master)>,
}

impl Joins {
    /// The columns that can be filled.
    pub(super) const COLUMNS: [Column; 7] = [
        Column::ManifestId,
        Column::Date,
        Column::Flight,
        Column::GrossWeightKg,
        Column::Description,
        Column::DepartureTime,
        Column::ArrivalTime,
    ];

    /// What is known of a house waybill under a master waybill, either of which may be empty.
    pub(super) fn of(&self, house: &str, master: &str) -> Vec<(Column, String)> {
        let mut known = Vec::new();
        let house = self.houses.get(&key(house));
        if let Some(house) = house {
            house.declared.store(true, Ordering::Relaxed);
            known.push((Column::ManifestId, house.master.clone()));
            known.push((Column::GrossWeightKg, house.weight.clone()));
            known.push((Column::Description, house.description.clone()));
        }
        let master = if master.is_empty() { house.map_or("", |h| h.master.as_str()) } else { master };
        if let Some(master) = self.masters.get(&key(master)) {
            known.push((Column::Date, master.date.clone()));
            known.push((Column::Flight, master.flight.clone()));
            known.push((Column::DepartureTime, master.departure.clone()));
            known.push((Column::ArrivalTime, master.arrival.clone()));
        }
        known.retain(|k| !k.1.is_empty());
        known
    }

    /// House waybills on a manifest that no message declared, as records that cannot be used.
    fn leftover(&self) -> Vec<Reject> {
        let mut open: Vec<&House> =
            self.houses.values().filter(|h| !h.declared.load(Ordering::Relaxed)).collect();
        open.sort_by_key(|h| (h.source, h.order));
        let reject = |h: &House| {
            Reject {
            source: h.source,
            record: 0,
            field: Column::ParcelId.name().to_owned(),
            reason: format!(
                "house waybill {} is on the house manifest of master waybill {}, but no house waybill message declares \
                 it: neither parties nor value are known",
                h.number, h.master
            ),
            raw: serde_json::json!({
                "parcel_id": h.number, "manifest_id": h.master, "gross_weight_kg": h.weight, "description": h.description,
            })
            .to_string(),
        }
        };
        open.into_iter().map(reject).collect()
    }
}

/// The inputs, each with what all of them tell of waybills; as they are where they tell nothing.
///
/// # Errors
/// A file that cannot be read.
pub fn joined(inputs: &[Input]) -> Result<Vec<Input>, ReadError> {
    let told: Vec<Option<Told>> = inputs
        .par_iter()
        .enumerate()
        .map(|(source, input)| if may_tell(input)? { tell(input, source as u32).map(Some) } else { Ok(None) })
        .collect::<Result<_, _>>()?;
    let mut joins = Joins::default();
    for told in told.into_iter().flatten() {
        for house in told.houses {
            joins.houses.entry(key(&house.number)).or_insert(house);
        }
        for (number, master) in told.masters {
            // Whichever file comes first, the same one is kept.
            let known = joins.masters.entry(key(&number)).or_default();
            if *known == Master::default() || master < *known {
                *known = master;
            }
        }
    }
    if joins.houses.is_empty() && joins.masters.is_empty() {
        return Ok(inputs.to_vec());
    }
    let joins = Arc::new(joins);
    let mut inputs = inputs.to_vec();
    for input in &mut inputs {
        input.reading.joins = Some(Arc::clone(&joins));
    }
    Ok(inputs)
}

/// House waybills that manifests list and no message declared, once all inputs were read; by file, not yet numbered.
pub fn undeclared(inputs: &[Input]) -> Vec<Reject> {
    let joins = inputs.iter().find_map(|i| i.reading.joins.as_ref());
    joins.map_or(Vec::new(), |j| j.leftover())
}

/// Waybill numbers are written with and without hyphens and spaces.
fn key(number: &str) -> String {
    number.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// Whether a text may hold messages that describe the waybills of others.
pub(super) fn tells(text: &[u8]) -> bool {
    const MARKS: [&[u8]; 4] = [b"HouseManifest", b":Waybill", b"<Waybill", b"FWB/"];
    MARKS.iter().any(|mark| memchr::memmem::find(text, mark).is_some())
}

/// Whether a file may hold messages that describe the waybills of others; a quick look without parsing.
fn may_tell(input: &Input) -> Result<bool, ReadError> {
    match input.format.syntax {
        Syntax::Zip | Syntax::Tar => return Ok(true),
        Syntax::Xml | Syntax::Text => {}
        _ => return Ok(false),
    }
    let failed = |e| super::text::io_error(&input.path, "", e);
    let file = std::fs::File::open(&input.path).map_err(failed)?;
    let limits = input.reading.limits;
    let mut bytes =
        super::window::unpacked(Box::new(file), input.format.compression, limits).map_err(failed)?;
    const OVERLAP: usize = 16;
    let mut buffer = vec![0_u8; (1 << 20).min(input.bytes as usize + 64)];
    let mut kept = 0;
    loop {
        let n = match bytes.read(&mut buffer[kept..]) {
            Ok(n) => n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(failed(e)),
        };
        let data = &buffer[..kept + n];
        if tells(data) {
            return Ok(true);
        }
        if n == 0 {
            return Ok(false);
        }
        let from = data.len().saturating_sub(OVERLAP);
        let length = data.len() - from;
        buffer.copy_within(from..from + length, 0);
        kept = length;
    }
}

/// Reads the messages of a file that describe waybills.
fn tell(input: &Input, source: u32) -> Result<Told, ReadError> {
    let mut told = Told::default();
    let mut blocks = MessageBlocks::sides(input, source)?;
    while let Some(batch) = blocks.next_block()? {
        let text = |column: Column, row: usize| cell(&batch, column, row);
        for row in 0..batch.len() {
            let master = text(Column::ManifestId, row);
            let number = text(Column::ParcelId, row);
            if !number.is_empty() {
                told.houses.push(House {
                    source,
                    order: told.houses.len(),
                    number,
                    master,
                    weight: text(Column::GrossWeightKg, row),
                    description: text(Column::Description, row),
                    declared: AtomicBool::new(false),
                });
            } else if !master.is_empty() {
                let time = |column| Some(text(column, row)).filter(|t| t.len() > 10).unwrap_or_default();
                let (left, landed) = (time(Column::PostingDate), time(Column::Date));
                let day = |column| parse_date(&text(column, row)).map_or(String::new(), iso_text);
                let (arrival, departure) = (day(Column::Date), day(Column::PostingDate));
                let date = if arrival.is_empty() { departure.clone() } else { arrival };
                let flight = text(Column::Flight, row);
                let on = if departure.is_empty() { &date } else { &departure };
                let flight = format!("{flight} {on}").trim().to_owned();
                told.masters.push((master, Master { date, flight, departure: left, arrival: landed }));
            }
        }
    }
    Ok(told)
}

fn cell(batch: &RawBatch, column: Column, row: usize) -> String {
    let texts: Option<&StringArray> = match batch.column(column) {
        Some(RawColumn::Text(texts)) => Some(texts),
        _ => None,
    };
    texts.filter(|t| t.is_valid(row)).map_or(String::new(), |t| t.value(row).trim().to_owned())
}
