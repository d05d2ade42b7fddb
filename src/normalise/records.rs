//! Usable records as columns: those of a block, then those of the whole night in the order in which they were read.

use super::block::Chunk;
use super::party::LocalParties;
use crate::fields::country::Country;
use crate::fields::currency::Currency;
use crate::fields::hs::HsCode;
use crate::fields::nature::Nature;
use crate::fields::time::NO_TIME;
use crate::model::money::Money;
use crate::model::parcels::Parties;
use crate::model::schema::Column;
use crate::model::text::Texts;

/// The columns whose text goes to the interner of words.
pub(super) const WORDS: [Column; 9] = [
    Column::ManifestId,
    Column::Carrier,
    Column::ReceptacleId,
    Column::Flight,
    Column::Platform,
    Column::SellerName,
    Column::OrderId,
    Column::IossNumber,
    Column::ProcedureCodes,
];

/// Points in time: of the message the earliest that it can be, of the goods' departure and arrival the latest.
pub(super) const TIMES: [Column; 3] = [Column::MessageTime, Column::DepartureTime, Column::ArrivalTime];

/// Typed records, one entry each in every column.
#[derive(Default)]
pub(super) struct Records {
    pub(super) id: Texts,
    /// Position of the file in the run's inputs.
    pub(super) source: Vec<u32>,
    /// Number of the record in its file.
    pub(super) record: Vec<u64>,
    /// Hash of all that the record says, to tell repeated records from differing ones.
    pub(super) content: Vec<u64>,
    pub(super) number: Vec<u32>,
    pub(super) date: Vec<i32>,
    pub(super) order_date: Vec<i32>,
    pub(super) posting_date: Vec<i32>,
    pub(super) departure: Vec<Country>,
    pub(super) destination: Vec<Country>,
    pub(super) nature: Vec<Nature>,
    pub(super) hs: Vec<Option<HsCode>>,
    pub(super) origin: Vec<Country>,
    pub(super) quantity: Vec<f64>,
    pub(super) net_weight: Vec<f64>,
    pub(super) gross_weight: Vec<f64>,
    pub(super) currency: Vec<Currency>,
    pub(super) value: Vec<Money>,
    pub(super) parcel_value: Vec<Money>,
    pub(super) transport: Vec<Money>,
    pub(super) insurance: Vec<Money>,
    pub(super) insured: Vec<Money>,
    pub(super) filled: Vec<u64>,
    pub(super) unusable: Vec<u64>,
    /// By [`TIMES`]; empty where no record has any.
    pub(super) time: [Vec<i32>; TIMES.len()],
    /// By [`WORDS`], numbers in the texts kept beside the records; so with the next three.
    pub(super) word: [Vec<u32>; WORDS.len()],
    pub(super) description: Vec<u32>,
    pub(super) consignor: Vec<u32>,
    pub(super) consignee: Vec<u32>,
}

impl Records {
    pub(super) fn len(&self) -> usize {
        self.record.len()
    }

    /// None yet, with room for so many.
    pub(super) fn with_room(n: usize) -> Records {
        let mut records = Records::default();
        records.reserve(n);
        records
    }

    fn reserve(&mut self, n: usize) {
        /// Room that is not to be had is no fault: columns grow as they are filled.
        fn make<T>(column: &mut Vec<T>, n: usize) {
            let _ = column.try_reserve(n);
        }
        make(&mut self.source, n);
        make(&mut self.record, n);
        make(&mut self.content, n);
        make(&mut self.number, n);
        make(&mut self.date, n);
        make(&mut self.order_date, n);
        make(&mut self.posting_date, n);
        make(&mut self.departure, n);
        make(&mut self.destination, n);
        make(&mut self.nature, n);
        make(&mut self.hs, n);
        make(&mut self.origin, n);
        make(&mut self.quantity, n);
        make(&mut self.net_weight, n);
        make(&mut self.gross_weight, n);
        make(&mut self.currency, n);
        make(&mut self.value, n);
        make(&mut self.parcel_value, n);
        make(&mut self.transport, n);
        make(&mut self.insurance, n);
        make(&mut self.insured, n);
        make(&mut self.filled, n);
        make(&mut self.unusable, n);
        make(&mut self.description, n);
        make(&mut self.consignor, n);
        make(&mut self.consignee, n);
        self.word.iter_mut().for_each(|word| make(word, n));
    }

    /// Adds records, all but the columns of numbered texts.
    fn append(&mut self, mut other: Records) {
        let (before, more) = (self.len(), other.len());
        self.id.append(&other.id);
        self.source.append(&mut other.source);
        self.record.append(&mut other.record);
        self.content.append(&mut other.content);
        self.number.append(&mut other.number);
        self.date.append(&mut other.date);
        self.order_date.append(&mut other.order_date);
        self.posting_date.append(&mut other.posting_date);
        self.departure.append(&mut other.departure);
        self.destination.append(&mut other.destination);
        self.nature.append(&mut other.nature);
        self.hs.append(&mut other.hs);
        self.origin.append(&mut other.origin);
        self.quantity.append(&mut other.quantity);
        self.net_weight.append(&mut other.net_weight);
        self.gross_weight.append(&mut other.gross_weight);
        self.currency.append(&mut other.currency);
        self.value.append(&mut other.value);
        self.parcel_value.append(&mut other.parcel_value);
        self.transport.append(&mut other.transport);
        self.insurance.append(&mut other.insurance);
        self.insured.append(&mut other.insured);
        self.filled.append(&mut other.filled);
        self.unusable.append(&mut other.unusable);
        for (all, mut times) in self.time.iter_mut().zip(other.time) {
            if all.is_empty() && times.is_empty() {
                continue;
            }
            // What came before, or comes now, tells nothing.
            all.resize(before, NO_TIME);
            times.resize(more, NO_TIME);
            all.append(&mut times);
        }
    }
}

/// The records of all blocks, with their texts and parties: senders, who are few, distinct among all; the rest distinct
/// within a block.
#[derive(Default)]
pub(super) struct Night {
    pub(super) records: Records,
    pub(super) words: Texts,
    pub(super) descriptions: Texts,
    pub(super) consignors: LocalParties,
    pub(super) consignees: Parties,
    /// Records that are expected, 0 where nothing tells.
    expected: usize,
}

impl Night {
    /// Makes room for records.
    pub(super) fn reserve(&mut self, n: usize) {
        self.records.reserve(n);
        self.expected = n;
    }

    /// Makes room for texts, as many and as long as those of the first block and somewhat more: room that is not used
    /// costs nothing, and a column that outgrows its own is copied.
    fn reserve_texts(&mut self, records: usize, words: &Texts, descriptions: &Texts, consignees: &Parties) {
        let times = (self.expected + self.expected / 8).div_ceil(records.max(1));
        let _ = self.consignees.fingerprint.try_reserve(consignees.len().saturating_mul(times));
        self.words.reserve(words, times);
        self.descriptions.reserve(descriptions, times);
        let both = self.consignees.text.iter_mut().zip(&consignees.text);
        both.for_each(|(all, block)| all.reserve(block, times));
    }

    /// Adds a block, so that its own memory can serve the next one.
    pub(super) fn add(&mut self, chunk: Chunk) {
        let Chunk { records, words, descriptions, consignors, consignees, .. } = chunk;
        let (words, descriptions) = (words.texts(), descriptions.texts());
        let consignees: Parties = consignees.into();
        if self.records.len() == 0 {
            self.reserve_texts(records.len(), words, descriptions, &consignees);
        }
        let all = &mut self.records;
        for (all, numbers) in all.word.iter_mut().zip(&records.word) {
            shift(all, numbers, self.words.len());
        }
        shift(&mut all.description, &records.description, self.descriptions.len());
        let senders = self.consignors.add(&consignors);
        all.consignor.extend(records.consignor.iter().map(|&local| senders[local as usize]));
        shift(&mut all.consignee, &records.consignee, self.consignees.len());
        all.append(records);
        self.words.append(words);
        self.descriptions.append(descriptions);
        self.consignees.append(consignees);
    }
}

/// Adds numbers of a block's own texts as numbers in the texts of all, of which `before` came before.
fn shift(all: &mut Vec<u32>, numbers: &[u32], before: usize) {
    let before = before as u32;
    all.extend(numbers.iter().map(|number| before + number));
}
