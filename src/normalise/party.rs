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
        let number = parties.intern(xxh3_128(&key), |i| self.cells[i].text(row).unwrap_or_default());
        self.last = Some((own, number));
        number
    }
}

/// Distinct parties.
#[derive(Default)]
pub(super) struct LocalParties {
    parties: Parties,
    index: HashTable<u32>,
}

impl LocalParties {
    /// The number of a party; `text` gives its particulars where it is new.
    fn intern<'a>(&mut self, fingerprint: u128, text: impl Fn(usize) -> &'a str) -> u32 {
        let hash = fingerprint as u64;
        let known = &mut self.parties.fingerprint;
        if let Some(&found) = self.index.find(hash, |&i| known[i as usize] == fingerprint) {
            return found;
        }
        let number = known.len() as u32;
        known.push(fingerprint);
        self.parties.text.iter_mut().enumerate().for_each(|(i, texts)| {
            texts.push(text(i));
        });
        let known = &self.parties.fingerprint;
        self.index.insert_unique(hash, number, |&i| known[i as usize] as u64);
        number
    }

    /// Adds the parties of a block; the number that each of them has here.
    pub(super) fn add(&mut self, block: &LocalParties) -> Vec<u32> {
        let Parties { fingerprint, text } = &block.parties;
        let each = fingerprint.iter().zip(0..);
        each.map(|(&party, number)| self.intern(party, |i| text[i].get(number))).collect()
    }
}

impl From<LocalParties> for Parties {
    fn from(local: LocalParties) -> Parties {
        local.parties
    }
}

/// A number in two halves, the larger first: in the same order, and a pair with a smaller number takes less room.
pub(super) fn halves(number: u128) -> (u64, u64) {
    ((number >> 64) as u64, number as u64)
}

/// The distinct parties among those of all blocks.
pub(super) struct Distinct {
    declared: Parties,
    /// The place of each declared party among the distinct ones by fingerprint.
    pub(super) rank: Vec<u32>,
    /// One declaration of each distinct party, by fingerprint.
    first: Vec<u32>,
}

impl Distinct {
    pub(super) fn of(declared: Parties) -> Distinct {
        let mut order: Vec<((u64, u64), u32)> =
            declared.fingerprint.iter().map(|&fingerprint| halves(fingerprint)).zip(0..).collect();
        order.par_sort_unstable();
        let mut rank: Vec<u32> = vec![0; order.len()];
        let mut first: Vec<u32> = Vec::new();
        for alike in order.chunk_by(|a, b| a.0 == b.0) {
            alike.iter().for_each(|(_, party)| rank[*party as usize] = first.len() as u32);
            first.push(alike[0].1);
        }
        Distinct { declared, rank, first }
    }

    /// Puts the parties in the order in which `named` first names them, so that parcels that stand together find their
    /// parties together; and says the number there of each declared one.
    pub(super) fn numbered(mut self, named: impl Iterator<Item = u32>) -> (Ordered, Vec<u32>) {
        let mut number = vec![u32::MAX; self.first.len()];
        let mut order: Vec<u32> = Vec::with_capacity(self.first.len());
        for declared in named {
            let rank = self.rank[declared as usize] as usize;
            if number[rank] == u32::MAX {
                number[rank] = order.len() as u32;
                order.push(self.first[rank]);
            }
        }
        self.rank.par_iter_mut().for_each(|rank| *rank = number[*rank as usize]);
        (Ordered { declared: self.declared, order }, self.rank)
    }
}

/// The declared parties, and which of them are kept in which order.
pub(super) struct Ordered {
    declared: Parties,
    order: Vec<u32>,
}

impl Ordered {
    /// The parties that are kept, in order.
    pub(super) fn parties(self) -> Parties {
        let Ordered { declared: Parties { fingerprint, text }, order } = self;
        let text: Vec<Texts> = text
            .into_par_iter()
            .map(|texts| Texts::of(order.iter().map(|party| texts.get(*party))))
            .collect();
        let mut text = text.into_iter();
        Parties {
            fingerprint: order.iter().map(|party| fingerprint[*party as usize]).collect(),
            text: std::array::from_fn(|_| text.next().unwrap_or_default()),
        }
    }
}
