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
        parties: &mut Distinct,
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

/// Distinct parties, of one block or of all, in the order in which they came.
#[derive(Default)]
pub(super) struct Distinct {
    pub(super) parties: Parties,
    index: HashTable<u32>,
}

impl Distinct {
    fn intern(&mut self, fingerprint: u128, cells: &[Cells; 8], row: usize) -> u32 {
        self.number(fingerprint, |particular| cells[particular].text(row).unwrap_or_default())
    }

    /// Takes in the parties of a block; the number here of each of them.
    pub(super) fn adopt(&mut self, block: &Parties) -> Vec<u32> {
        let own = block.fingerprint.iter().zip(0..);
        own.map(|(&f, party)| self.number(f, |particular| block.text[particular].get(party))).collect()
    }

    /// The number of a party; where it is new, `text` gives its particulars.
    fn number<'a>(&mut self, fingerprint: u128, text: impl Fn(usize) -> &'a str) -> u32 {
        let hash = fingerprint as u64;
        let known = &mut self.parties.fingerprint;
        if let Some(&found) = self.index.find(hash, |&i| known[i as usize] == fingerprint) {
            return found;
        }
        let number = known.len() as u32;
        known.push(fingerprint);
        for (particular, texts) in self.parties.text.iter_mut().enumerate() {
            texts.push(text(particular));
        }
        let known = &self.parties.fingerprint;
        self.index.insert_unique(hash, number, |&i| known[i as usize] as u64);
        number
    }
}

/// The parties that are kept, in the order in which `named` first names them, so that parcels that stand together find
/// their parties together.
pub(super) struct Ordered {
    parties: Parties,
    order: Vec<u32>,
    /// The number in that order of each party.
    pub(super) number: Vec<u32>,
}

impl Ordered {
    pub(super) fn of(parties: Parties, named: impl Iterator<Item = u32>) -> Ordered {
        let mut number = vec![u32::MAX; parties.len()];
        let mut order: Vec<u32> = Vec::with_capacity(parties.len());
        for party in named {
            let slot = &mut number[party as usize];
            if *slot == u32::MAX {
                *slot = order.len() as u32;
                order.push(party);
            }
        }
        Ordered { parties, order, number }
    }

    /// The parties in order.
    pub(super) fn parties(self) -> Parties {
        let Ordered { parties: Parties { fingerprint, text }, order, .. } = self;
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
