//! Completeness and accuracy of the declared data, per manifest.

use super::table::Table;
use crate::facts::Facts;
use crate::fields::s10::parse_s10;
use crate::model::batch::Channel;
use crate::model::schema::Column;
use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Net weights may exceed the gross weight by this factor before they contradict it: scales round.
const WEIGHT_TOLERANCE: f64 = 1.02;

/// Sums over the lines and parcels of one manifest.
#[derive(Default)]
struct Tally {
    parcels: usize,
    lines: usize,
    filled: Vec<usize>,
    identifiers_valid: usize,
    codes_given: usize,
    codes_usable: usize,
    weights_told: usize,
    weights_consistent: usize,
}

/// One row a manifest: `completeness_COLUMN` is the share of its lines that fill the column; accuracy is the share of
/// identifiers with a right form and check digit (postal only), of commodity codes that exist, and of parcels whose net
/// weights fit into the gross weight. Null where there is nothing to judge.
pub(super) fn table(facts: &Facts) -> Table {
    let shipments = facts.shipments;
    let (parcels, lines) = (&shipments.parcels, &shipments.lines);
    let mut tallies: BTreeMap<(Channel, u32, u32), Tally> = BTreeMap::new();
    for p in 0..parcels.len() {
        let key = (parcels.channel[p], parcels.manifest[p], parcels.carrier[p]);
        let tally = tallies.entry(key).or_default();
        tally.filled.resize(Column::COUNT, 0);
        tally.parcels += 1;
        tally.identifiers_valid += usize::from(parse_s10(parcels.id.get(p as u32)).is_ok());
        let (mut net, mut told) = (0.0, true);
        for l in parcels.lines(p as u32) {
            tally.lines += 1;
            let mut bits = lines.filled[l];
            while bits != 0 {
                tally.filled[bits.trailing_zeros() as usize] += 1;
                bits &= bits - 1;
            }
            let code = 1 << Column::HsCode as u64;
            tally.codes_given += usize::from(lines.filled[l] & code != 0);
            tally.codes_usable += usize::from(lines.filled[l] & code != 0 && lines.unusable[l] & code == 0);
            told &= lines.net_weight[l] > 0.0;
            net += lines.net_weight[l];
        }
        tally.weights_told += usize::from(told);
        tally.weights_consistent += usize::from(told && net <= parcels.gross_weight[p] * WEIGHT_TOLERANCE);
    }
    // By name, not by number: the order must not depend on how words were numbered.
    let mut rows: Vec<_> = tallies.into_iter().collect();
    let words = &shipments.words;
    rows.sort_by(|a, b| {
        let key = |k: &(Channel, u32, u32)| (k.0, words.get(k.1).to_owned(), words.get(k.2).to_owned());
        key(&a.0).cmp(&key(&b.0))
    });
    let share = |part: &dyn Fn(&Tally) -> (usize, usize)| -> ArrayRef {
        Arc::new(Float64Array::from_iter(rows.iter().map(|(_, t)| {
            let (part, whole) = part(t);
            (whole > 0).then(|| part as f64 / whole as f64)
        })))
    };
    let count = |n: &dyn Fn(&Tally) -> usize| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|(_, t)| n(t) as i64)))
    };
    let word = |n: &dyn Fn(&(Channel, u32, u32)) -> u32| -> ArrayRef {
        Arc::new(StringArray::from_iter(rows.iter().map(|(k, _)| words.present(n(k)))))
    };
    let mut table = Table::default()
        .full("channel", Arc::new(StringArray::from_iter_values(rows.iter().map(|(k, _)| k.0.name()))))
        .open("manifest_id", word(&|k| k.1))
        .open("carrier", word(&|k| k.2))
        .full("parcels", count(&|t| t.parcels))
        .full("lines", count(&|t| t.lines));
    let postal = rows.iter().map(|(k, t)| {
        (k.0 == Channel::Postal && t.parcels > 0).then(|| t.identifiers_valid as f64 / t.parcels as f64)
    });
    table = table
        .open("accuracy_identifier", Arc::new(Float64Array::from_iter(postal)))
        .open("accuracy_hs_code", share(&|t| (t.codes_usable, t.codes_given)))
        .open("accuracy_weights", share(&|t| (t.weights_consistent, t.weights_told)));
    for &column in Column::ALL {
        let name = format!("completeness_{}", column.name());
        table = table.open(name, share(&|t| (t.filled[column as usize], t.lines)));
    }
    table
}
