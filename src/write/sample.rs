//! A small random sample of the night, kept so that hit rates stay honest: what is found among parcels that nobody
//! picked for their looks tells what screening misses.

use super::table::Table;
use super::tables::{Run, count, day, open_money, open_text, text};
use crate::model::parcels::Particular;
use arrow::array::{BooleanArray, Float64Array, Int64Array};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// How many parcels are drawn.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct SampleSettings {
    /// Parcels drawn, flagged or not; 0 draws none.
    pub parcels: usize,
    /// Text that only the office knows: without it a sender who chooses its identifiers could tell who will be drawn.
    #[serde(skip_serializing)]
    pub key: String,
}

impl Default for SampleSettings {
    fn default() -> Self {
        SampleSettings { parcels: 100, key: String::new() }
    }
}

/// Probability of being drawn, the same for every parcel of the night.
pub fn inclusion(settings: &SampleSettings, parcels: usize) -> f64 {
    settings.parcels.min(parcels) as f64 / parcels.max(1) as f64
}

/// The parcels whose hash of key, night, channel and identifier is lowest, positions ascending: a simple random sample
/// that is the same whenever and on however many threads the night is run.
fn drawn(run: &Run) -> Vec<u32> {
    let parcels = &run.facts.shipments.parcels;
    let seed = xxh3_64_with_seed(run.sample.key.as_bytes(), run.night as u64);
    let hash = |p: u32| {
        let channel = parcels.channel[p as usize] as u64;
        xxh3_64_with_seed(parcels.id.get(p).as_bytes(), seed.wrapping_add(channel))
    };
    let mut all: Vec<(u64, u32)> = (0..parcels.len() as u32).map(|p| (hash(p), p)).collect();
    let wanted = run.sample.parcels.min(all.len());
    if wanted < all.len() {
        all.select_nth_unstable(wanted);
        all.truncate(wanted);
    }
    let mut drawn: Vec<u32> = all.into_iter().map(|(_, p)| p).collect();
    drawn.sort_unstable();
    drawn
}

/// One row a parcel drawn, whatever was found against it.
pub(super) fn table(run: &Run) -> Table {
    let facts = run.facts;
    let shipments = facts.shipments;
    let parcels = &shipments.parcels;
    let drawn = drawn(run);
    let rows = || drawn.iter().copied();
    let mut rank = vec![None; parcels.len()];
    for (place, flagged) in run.outcome.parcels.iter().enumerate() {
        rank[flagged.parcel as usize] = Some(place as i64 + 1);
    }
    let rank = |p: u32| rank[p as usize];
    let probability = inclusion(run.sample, parcels.len());
    let manifest = |p: u32| shipments.words.present(parcels.manifest[p as usize]);
    Table::default()
        .full("parcel_id", text(rows().map(|p| parcels.id.get(p))))
        .full("channel", text(rows().map(|p| parcels.channel[p as usize].name())))
        .open("manifest_id", open_text(rows().map(manifest)))
        .full("date", day(rows().map(|p| parcels.date[p as usize])))
        .full("inclusion_probability", Arc::new(Float64Array::from_iter_values(rows().map(|_| probability))))
        .full("flagged", Arc::new(BooleanArray::from_iter(rows().map(|p| Some(rank(p).is_some())))))
        .open("rank", Arc::new(Int64Array::from_iter(rows().map(rank))))
        .open(
            "declared_value",
            open_money(rows().map(|p| Some(parcels.value[p as usize]).filter(|_| !shipments.unvalued(p)))),
        )
        .full("currency", text(rows().map(|p| facts.terms(p).currency.to_string())))
        .full("lines", count(rows().map(|p| parcels.lines(p).len())))
        .full(
            "consignor",
            text(rows().map(|p| shipments.consignors.get(parcels.consignor[p as usize], Particular::Name))),
        )
        .full(
            "consignee",
            text(rows().map(|p| shipments.consignees.get(parcels.consignee[p as usize], Particular::Name))),
        )
        .full(
            "source_file",
            text(rows().map(|p| run.inputs[parcels.source[p as usize] as usize].path.to_string_lossy())),
        )
}
