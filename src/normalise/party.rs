//! Declared parties: one entry per distinct set of particulars, known by its fingerprint.

use super::cells::Cells;
use crate::model::batch::RawBatch;
use crate::model::parcels::Parties;
use crate::model::schema::Column;
use crate::model::text::Texts;
use hashbrown::HashTable;
use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_128;

/// The columns of a sender, in the order of [`Particular`].
const CONSIGNOR: [Column; 8] = [
    Column::ConsignorName,
    Column::ConsignorAddress,
    Column::ConsignorCity,
    Column::ConsignorPostcode,
    Column::ConsignorPhone,
    Column::ConsignorEmail,
    Column::ConsignorId,
    Column::ConsignorCountry,
];
/// The columns of an addressee, in the order of [`Particular`].
const CONSIGNEE: [Column; 8] = [
    Column::ConsigneeName,
    Column::ConsigneeAddress,
    Column::ConsigneeCity,
    Column::ConsigneePostcode,
    Column::ConsigneePhone,
    Column::ConsigneeEmail,
    Column::ConsigneeId,
    Column::ConsigneeCountry,
];

/// The particulars of one role in a block.
pub(super) struct PartyCells<'a> {
    columns: [Column; 8],
    cells: [Cells<'a>; 8],
    /// Hashes and number of the record before: lines of one parcel stand together.
    last: Option<([u64; 8], u32)>,
}

impl<'a> PartyCells<'a> {
    pub(super) fn consignor(batch: &'a RawBatch) -> Self {
        Self::new(batch, CONSIGNOR)
    }

    pub(super) fn consignee(batch: &'a RawBatch) -> Self {
        Self::new(batch, CONSIGNEE)
    }

    fn new(batch: &'a RawBatch, columns: [Column; 8]) -> Self {
        PartyCells { columns, cells: columns.map(|c| Cells::new(batch, c)), last: None }
    }

    /// The number of the row's party among those of the block; `hashes` are those of the row's cells.
    pub(super) fn intern(
        &mut self,
        row: usize,
        hashes: &[u64; Column::COUNT],
        parties: &mut LocalParties,
    ) -> u32 {
        let own = self.columns.map(|c| hashes[c as usize]);
        if let Some((last, number)) = self.last
            && last == own
        {
            return number;
        }
        let mut key = [0; 64];
        for (bytes, hash) in key.chunks_exact_mut(8).zip(own) {
            bytes.copy_from_slice(&hash.to_le_bytes());
        }
        let number = parties.intern(xxh3_128(&key), &self.cells, row);
        self.last = Some((own, number));
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

/// The distinct parties of all blocks.
pub(super) struct Distinct {
    blocks: Vec<LocalParties>,
    /// For each block, the place of its parties among the distinct ones by fingerprint.
    pub(super) rank: Vec<Vec<u32>>,
    fingerprint: Vec<u128>,
    /// Block and number there of one declaration of each.
    first: Vec<(u32, u32)>,
}

impl Distinct {
    pub(super) fn of(blocks: Vec<LocalParties>) -> Distinct {
        let mut order: Vec<(u128, u32, u32)> =
            Vec::with_capacity(blocks.iter().map(|b| b.fingerprint.len()).sum());
        for (block, parties) in blocks.iter().enumerate() {
            let entries = parties.fingerprint.iter().enumerate();
            order.extend(entries.map(|(i, &f)| (f, block as u32, i as u32)));
        }
        order.par_sort_unstable();
        let mut rank: Vec<Vec<u32>> = blocks.iter().map(|b| vec![0; b.fingerprint.len()]).collect();
        let mut fingerprint: Vec<u128> = Vec::new();
        let mut first: Vec<(u32, u32)> = Vec::new();
        for &(f, block, i) in &order {
            if fingerprint.last() != Some(&f) {
                fingerprint.push(f);
                first.push((block, i));
            }
            rank[block as usize][i as usize] = (fingerprint.len() - 1) as u32;
        }
        Distinct { blocks, rank, fingerprint, first }
    }

    /// The parties in the order in which `named`, pairs of block and number there, first names them, so that parcels
    /// that stand together find their parties together; and the number of each block's parties in that table.
    pub(super) fn numbered(mut self, named: impl Iterator<Item = (u32, u32)>) -> (Parties, Vec<Vec<u32>>) {
        let mut number = vec![u32::MAX; self.fingerprint.len()];
        let mut order: Vec<u32> = Vec::with_capacity(self.fingerprint.len());
        for (block, i) in named {
            let rank = self.rank[block as usize][i as usize];
            let slot = &mut number[rank as usize];
            if *slot == u32::MAX {
                *slot = order.len() as u32;
                order.push(rank);
            }
        }
        self.rank.par_iter_mut().for_each(|ranks| ranks.iter_mut().for_each(|r| *r = number[*r as usize]));
        let text: Vec<Texts> = (0..8)
            .into_par_iter()
            .map(|particular| {
                let text = |rank: &u32| {
                    let (block, i) = self.first[*rank as usize];
                    self.blocks[block as usize].text[particular].get(i)
                };
                Texts::of(order.iter().map(text))
            })
            .collect();
        let mut text = text.into_iter();
        let parties = Parties {
            fingerprint: order.iter().map(|rank| self.fingerprint[*rank as usize]).collect(),
            text: std::array::from_fn(|_| text.next().unwrap_or_default()),
        };
        (parties, self.rank)
    }
}
