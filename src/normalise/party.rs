//! Declared parties: one entry per distinct set of particulars, known by its fingerprint.

use super::cells::Cells;
use crate::model::batch::RawBatch;
use crate::model::parcels::{Particular, Parties};
use crate::model::schema::Column;
use crate::model::text::Texts;
use hashbrown::HashTable;
use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_128;

/// Separates particulars under the fingerprint; cannot stand in them after trimming.
const SEPARATOR: u8 = 0x1f;

/// The particulars of one role in a block.
pub(super) struct PartyCells<'a> {
    cells: [Cells<'a>; 8],
    key: Vec<u8>,
    /// The key and number of the record before: lines of one parcel stand together.
    last: Vec<u8>,
    last_number: u32,
}

impl<'a> PartyCells<'a> {
    pub(super) fn consignor(batch: &'a RawBatch) -> Self {
        use Column::*;
        Self::new(
            batch,
            [
                ConsignorName,
                ConsignorAddress,
                ConsignorCity,
                ConsignorPostcode,
                ConsignorPhone,
                ConsignorEmail,
                ConsignorId,
                ConsignorCountry,
            ],
        )
    }

    pub(super) fn consignee(batch: &'a RawBatch) -> Self {
        use Column::*;
        Self::new(
            batch,
            [
                ConsigneeName,
                ConsigneeAddress,
                ConsigneeCity,
                ConsigneePostcode,
                ConsigneePhone,
                ConsigneeEmail,
                ConsigneeId,
                ConsigneeCountry,
            ],
        )
    }

    fn new(batch: &'a RawBatch, columns: [Column; 8]) -> Self {
        let cells = columns.map(|c| Cells::new(batch, c));
        PartyCells { cells, key: Vec::new(), last: Vec::new(), last_number: u32::MAX }
    }

    pub(super) fn name(&self, row: usize) -> Option<&'a str> {
        self.cells[Particular::Name as usize].text(row)
    }

    /// The number of the row's party among those of the block.
    pub(super) fn intern(&mut self, row: usize, parties: &mut LocalParties) -> u32 {
        self.key.clear();
        for cells in &self.cells {
            self.key.extend_from_slice(cells.text(row).unwrap_or_default().as_bytes());
            self.key.push(SEPARATOR);
        }
        if self.last_number != u32::MAX && self.key == self.last {
            return self.last_number;
        }
        let number = parties.intern(xxh3_128(&self.key), &self.cells, row);
        std::mem::swap(&mut self.key, &mut self.last);
        self.last_number = number;
        number
    }
}

/// Distinct parties of one block.
#[derive(Default)]
pub(super) struct LocalParties {
    fingerprint: Vec<u128>,
    text: [Texts; 8],
    index: HashTable<u32>,
}

impl LocalParties {
    fn intern(&mut self, fingerprint: u128, cells: &[Cells; 8], row: usize) -> u32 {
        let hash = fingerprint as u64;
        if let Some(&found) = self.index.find(hash, |&i| self.fingerprint[i as usize] == fingerprint) {
            return found;
        }
        let number = self.fingerprint.len() as u32;
        self.fingerprint.push(fingerprint);
        for (texts, cells) in self.text.iter_mut().zip(cells) {
            texts.push(cells.text(row).unwrap_or_default());
        }
        let fingerprints = &self.fingerprint;
        self.index.insert_unique(hash, number, |&i| fingerprints[i as usize] as u64);
        number
    }

    /// Drops what only interning needs.
    pub(super) fn close(&mut self) {
        self.index = HashTable::new();
    }
}

/// The distinct parties of all blocks, sorted by fingerprint, and the number in that table of each block's parties.
pub(super) fn merge(blocks: Vec<LocalParties>) -> (Parties, Vec<Vec<u32>>) {
    let mut order: Vec<(u128, u32, u32)> =
        Vec::with_capacity(blocks.iter().map(|b| b.fingerprint.len()).sum());
    for (block, parties) in blocks.iter().enumerate() {
        let entries = parties.fingerprint.iter().enumerate();
        order.extend(entries.map(|(i, &f)| (f, block as u32, i as u32)));
    }
    order.par_sort_unstable();
    let mut numbers: Vec<Vec<u32>> = blocks.iter().map(|b| vec![0; b.fingerprint.len()]).collect();
    let mut fingerprint: Vec<u128> = Vec::new();
    let mut first: Vec<(u32, u32)> = Vec::new();
    for &(f, block, i) in &order {
        if fingerprint.last() != Some(&f) {
            fingerprint.push(f);
            first.push((block, i));
        }
        numbers[block as usize][i as usize] = (fingerprint.len() - 1) as u32;
    }
    let text: Vec<Texts> = (0..8)
        .into_par_iter()
        .map(|particular| {
            let mut texts = Texts::default();
            for &(block, i) in &first {
                texts.push(blocks[block as usize].text[particular].get(i));
            }
            texts
        })
        .collect();
    let mut text = text.into_iter();
    let parties = Parties { fingerprint, text: std::array::from_fn(|_| text.next().unwrap_or_default()) };
    (parties, numbers)
}
