//! Completeness and accuracy of the declared data: per manifest, per carrier or operator, per consignor.

use super::table::Table;
use super::tables::{Run, entity_id, text};
use super::trend::{self, EarlierNight};
use crate::detect::late_by;
use crate::facts::Facts;
use crate::fields::nature::Nature;
use crate::fields::s10::find_s10;
use crate::fields::time::NO_TIME;
use crate::model::batch::Channel;
use crate::model::parcels::Particular;
use crate::model::schema::Column;
use crate::refdata::vague::Clarity;
use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use hashbrown::HashMap;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::Arc;

/// Net weights may exceed the gross weight by this factor before they contradict it: scales round.
const WEIGHT_TOLERANCE: f64 = 1.02;
/// Parcels from which a consignor is worth a row.
const CONSIGNOR_PARCELS: usize = 20;

/// The shares that are compared with earlier nights.
pub const SHARES: [&str; 8] = [
    "elements_complete",
    "advance_data_complete",
    "clear_descriptions",
    "named_parties",
    "accuracy_hs_code",
    "accuracy_weights",
    "valued",
    "messages_in_time",
];

/// The elements of pre-loading advance cargo information that are looked at, beside identifier, names and weight, without
/// which no record is used: both addresses, description, pieces, and the number of the master.
const ELEMENTS: [Column; 5] = [
    Column::ConsignorAddress,
    Column::ConsigneeAddress,
    Column::Description,
    Column::Quantity,
    Column::ManifestId,
];

/// The elements of the posts' electronic advance data that are looked at, beside the same: the master is told elsewhere,
/// code and origin are asked for of what is sold.
const POSTAL_ELEMENTS: [Column; 4] =
    [Column::ConsignorAddress, Column::ConsigneeAddress, Column::Description, Column::Quantity];
const SOLD_ELEMENTS: [Column; 2] = [Column::HsCode, Column::OriginCountry];

/// What parcels and lines add up to.
#[derive(Clone, Copy, Default)]
struct Counts {
    parcels: u32,
    lines: u32,
    identifiers_valid: u32,
    codes_given: u32,
    codes_usable: u32,
    weights_told: u32,
    weights_consistent: u32,
    elements_complete: u32,
    postal: u32,
    advance_data_complete: u32,
    valued: u32,
    timed: u32,
    in_time: u32,
    clear: u32,
    weak: u32,
    named_consignors: u32,
    named_consignees: u32,
}

impl AddAssign<&Counts> for Counts {
    fn add_assign(&mut self, more: &Counts) {
        self.parcels += more.parcels;
        self.lines += more.lines;
        self.identifiers_valid += more.identifiers_valid;
        self.codes_given += more.codes_given;
        self.codes_usable += more.codes_usable;
        self.weights_told += more.weights_told;
        self.weights_consistent += more.weights_consistent;
        self.elements_complete += more.elements_complete;
        self.postal += more.postal;
        self.advance_data_complete += more.advance_data_complete;
        self.valued += more.valued;
        self.timed += more.timed;
        self.in_time += more.in_time;
        self.clear += more.clear;
        self.weak += more.weak;
        self.named_consignors += more.named_consignors;
        self.named_consignees += more.named_consignees;
    }
}

/// One group: its sums, and what of each parcel may read like a program's.
#[derive(Clone, Default)]
struct Tally {
    counts: Counts,
    filled: BitCounts,
    grams: Vec<i64>,
    values: Vec<i64>,
    factors: Vec<i64>,
    places: Vec<u64>,
}

/// How often each bit was set in the masks added: counters of eight bits, one slice of all of them a word, that are
/// emptied before they overflow. A mask costs two steps on average, however many of its bits are set.
#[derive(Clone)]
struct BitCounts {
    slices: [u64; 8],
    pending: u8,
    counts: Box<[u32; 64]>,
}

impl Default for BitCounts {
    fn default() -> Self {
        BitCounts { slices: [0; 8], pending: 0, counts: Box::new([0; 64]) }
    }
}

impl BitCounts {
    fn add(&mut self, mask: u64) {
        let mut carry = mask;
        for slice in &mut self.slices {
            (*slice, carry) = (*slice ^ carry, *slice & carry);
            if carry == 0 {
                break;
            }
        }
        self.pending += 1;
        if self.pending == u8::MAX {
            let counts = std::array::from_fn(|bit| self.of(bit));
            *self = BitCounts { counts: Box::new(counts), ..BitCounts::default() };
        }
    }

    fn merge(&mut self, other: &BitCounts) {
        (0..64).for_each(|bit| self.counts[bit] += other.of(bit));
    }

    fn of(&self, bit: usize) -> u32 {
        let pending = self.slices.iter().zip(0..).map(|(slice, place)| ((slice >> bit & 1) as u32) << place);
        self.counts[bit] + pending.sum::<u32>()
    }
}

/// A hash of where each declared consignor sits; 0 where it does not say.
fn places(facts: &Facts) -> Vec<u64> {
    let consignors = &facts.shipments.consignors;
    let place = |party: u32| {
        let parts = [Particular::City, Particular::Postcode].map(|x| consignors.get(party, x));
        let told = parts.iter().any(|x| !x.is_empty());
        if told { xxhash_rust::xxh3::xxh3_64(parts.join("\n").as_bytes()).max(1) } else { 0 }
    };
    (0..consignors.len() as u32).into_par_iter().with_min_len(4096).map(place).collect()
}

/// One parcel.
struct Judged {
    counts: Counts,
    grams: i64,
    value: Option<i64>,
    factor: Option<i64>,
    place: u64,
}

/// Judges a parcel and its lines; `place` is its consignor's.
fn judged(facts: &Facts, p: usize, place: u64) -> Judged {
    let shipments = facts.shipments;
    let (parcels, lines) = (&shipments.parcels, &shipments.lines);
    let postal = parcels.channel[p] == Channel::Postal;
    let named_consignor = !facts.consignors.contacts.nameless[parcels.consignor[p] as usize];
    let named_consignee = !facts.consignees.contacts.nameless[parcels.consignee[p] as usize];
    let named = named_consignor && named_consignee;
    let valued = !shipments.unvalued(p as u32);
    let sold = !matches!(parcels.nature[p], Nature::Gift | Nature::Documents);
    let timed = parcels.sent.get(p).is_some_and(|&t| t != NO_TIME);
    let mut counts = Counts {
        parcels: 1,
        identifiers_valid: u32::from(postal && find_s10(parcels.id.get(p as u32)).is_some()),
        postal: u32::from(postal),
        valued: u32::from(valued),
        timed: u32::from(timed),
        in_time: u32::from(timed && late_by(parcels, p).is_none()),
        named_consignors: u32::from(named_consignor),
        named_consignees: u32::from(named_consignee),
        ..Counts::default()
    };
    let (mut net, mut told) = (0.0, true);
    let (mut complete, mut advance) = (named, named && valued);
    for l in parcels.lines(p as u32) {
        counts.lines += 1;
        let usable = lines.filled[l] & !lines.unusable[l];
        let code = 1 << Column::HsCode as u64;
        counts.codes_given += u32::from(lines.filled[l] & code != 0);
        counts.codes_usable += u32::from(usable & code != 0);
        let clarity = facts.clarity[lines.description[l] as usize];
        let clear = matches!(clarity, Clarity::Clear | Clarity::Weak(_));
        counts.clear += u32::from(clear);
        counts.weak += u32::from(matches!(clarity, Clarity::Weak(_)));
        // The elements count packages; whoever tells the pieces of the goods tells more.
        let packages = usable & 1 << Column::Packages as u64 != 0;
        let usable = if packages { usable | 1 << Column::Quantity as u64 } else { usable };
        let all = |elements: u64| usable & elements == elements;
        complete &= clear && all(bits(&ELEMENTS));
        advance &= clear && all(bits(&POSTAL_ELEMENTS)) && (!sold || all(bits(&SOLD_ELEMENTS)));
        told &= lines.net_weight[l] > 0.0;
        net += lines.net_weight[l];
    }
    let gross = parcels.gross_weight[p];
    counts.elements_complete = u32::from(complete);
    counts.advance_data_complete = u32::from(postal && advance);
    counts.weights_told = u32::from(told);
    counts.weights_consistent = u32::from(told && net <= gross * WEIGHT_TOLERANCE);
    Judged {
        counts,
        grams: (gross * 1000.0).round() as i64,
        value: valued.then_some(parcels.declared[p]),
        factor: (told && net >= 0.05).then(|| (gross / net * 1000.0).round() as i64),
        place,
    }
}

const fn bits(columns: &[Column]) -> u64 {
    let (mut bits, mut at) = (0, 0);
    while at < columns.len() {
        bits |= 1 << columns[at] as u64;
        at += 1;
    }
    bits
}

impl Tally {
    fn add(&mut self, parcel: &Judged, filled: &[u64]) {
        self.counts += &parcel.counts;
        filled.iter().for_each(|&mask| self.filled.add(mask));
        self.grams.push(parcel.grams);
        self.values.extend(parcel.value);
        self.factors.extend(parcel.factor);
        self.places.extend(Some(parcel.place).filter(|&place| place != 0));
    }
}

/// A manifest: channel, number, carrier.
type Manifest = (Channel, u32, u32);

/// The quality of a night's data.
pub(super) struct Quality {
    manifests: Vec<(Manifest, Tally)>,
    /// Resolved consignors of twenty parcels or more.
    consignors: Vec<(u32, Tally)>,
}

impl Quality {
    /// Judges each parcel once.
    pub(super) fn of(facts: &Facts) -> Quality {
        let (words, parcels) = (&facts.shipments.words, &facts.shipments.parcels);
        let key = |p: usize| (parcels.channel[p], parcels.manifest[p], parcels.carrier[p]);
        let mut count = vec![0_usize; facts.consignors.entities.len()];
        (0..parcels.len()).for_each(|p| count[facts.consignor(p as u32) as usize] += 1);
        let mut consignors: Vec<(u32, Tally)> = Vec::new();
        let number: Vec<Option<u32>> = (0..)
            .zip(count)
            .map(|(entity, parcels)| {
                (parcels >= CONSIGNOR_PARCELS).then(|| {
                    consignors.push((entity, Tally::default()));
                    consignors.len() as u32 - 1
                })
            })
            .collect();
        let mut numbers: HashMap<Manifest, usize> = HashMap::new();
        let mut manifests: Vec<(Manifest, Tally)> = Vec::new();
        let places = places(facts);
        for p in 0..parcels.len() {
            let parcel = judged(facts, p, places[parcels.consignor[p] as usize]);
            let filled = &facts.shipments.lines.filled[parcels.lines(p as u32)];
            let manifest = *numbers.entry(key(p)).or_insert_with(|| {
                manifests.push((key(p), Tally::default()));
                manifests.len() - 1
            });
            manifests[manifest].1.add(&parcel, filled);
            if let Some(consignor) = number[facts.consignor(p as u32) as usize] {
                consignors[consignor as usize].1.add(&parcel, filled);
            }
        }
        // By name, not by number: the order must not depend on how words were numbered.
        manifests.sort_by_cached_key(|((channel, manifest, carrier), _)| {
            (*channel, words.get(*manifest), words.get(*carrier))
        });
        Quality { manifests, consignors }
    }
}

/// Share of the most frequent of some values.
fn most(values: &[impl Ord + Copy]) -> (u32, u32) {
    let mut values = values.to_vec();
    values.sort_unstable();
    let most = values.chunk_by(|a, b| a == b).map(<[_]>::len).max().unwrap_or(0);
    (most as u32, values.len() as u32)
}

type Part = fn(&Tally) -> (u32, u32);

/// The shares of [`SHARES`], in its order.
const COMPARED: [Part; SHARES.len()] = [
    |t| (t.counts.elements_complete, t.counts.parcels),
    |t| (t.counts.advance_data_complete, t.counts.postal),
    |t| (t.counts.clear, t.counts.lines),
    |t| (t.counts.named_consignors + t.counts.named_consignees, 2 * t.counts.parcels),
    |t| (t.counts.codes_usable, t.counts.codes_given),
    |t| (t.counts.weights_consistent, t.counts.weights_told),
    |t| (t.counts.valued, t.counts.parcels),
    |t| (t.counts.in_time, t.counts.timed),
];

fn ratio((part, whole): (u32, u32)) -> Option<f64> {
    (whole > 0).then(|| f64::from(part) / f64::from(whole))
}

/// The columns that all three files have, behind their keys. Shares are null where there is nothing to judge.
fn measures(mut table: Table, rows: &[(bool, &Tally)]) -> Table {
    let share = |part: &dyn Fn(&Tally) -> (u32, u32)| -> ArrayRef {
        Arc::new(Float64Array::from_iter(rows.iter().map(|(_, t)| ratio(part(t)))))
    };
    let count = |n: &dyn Fn(&Tally) -> u32| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|(_, t)| i64::from(n(t)))))
    };
    let postal = rows
        .iter()
        .map(|(postal, t)| postal.then(|| ratio((t.counts.identifiers_valid, t.counts.parcels))).flatten());
    table = table
        .full("parcels", count(&|t| t.counts.parcels))
        .full("lines", count(&|t| t.counts.lines))
        .open("accuracy_identifier", Arc::new(Float64Array::from_iter(postal)))
        .open("accuracy_hs_code", share(&|t| (t.counts.codes_usable, t.counts.codes_given)))
        .open("accuracy_weights", share(&|t| (t.counts.weights_consistent, t.counts.weights_told)))
        .open("elements_complete", share(&COMPARED[0]))
        .open("advance_data_complete", share(&COMPARED[1]))
        .open("clear_descriptions", share(&COMPARED[2]))
        .open("weak_descriptions", share(&|t| (t.counts.weak, t.counts.lines)))
        .open("named_parties", share(&COMPARED[3]))
        .open("named_consignors", share(&|t| (t.counts.named_consignors, t.counts.parcels)))
        .open("named_consignees", share(&|t| (t.counts.named_consignees, t.counts.parcels)))
        .open("valued", share(&COMPARED[6]))
        .open("messages_in_time", share(&COMPARED[7]))
        .open("one_gross_weight", share(&|t| most(&t.grams)))
        .open("one_value", share(&|t| most(&t.values)))
        .open("one_weight_factor", share(&|t| most(&t.factors)))
        .open("one_consignor_place", share(&|t| most(&t.places)));
    for &column in Column::ALL {
        let name = format!("completeness_{}", column.name());
        table = table.open(name, share(&|t| (t.filled.of(column as usize), t.counts.lines)));
    }
    table
}

/// One row a manifest: `completeness_COLUMN` is the share of its lines that fill the column; accuracy is the share of
/// identifiers with a right form and check digit (postal only), of commodity codes that exist, and of parcels whose net
/// weights fit into the gross weight; `one_…` the share of the most frequent value, which near 1 reads like a program's.
pub(super) fn manifests(run: &Run, quality: &Quality) -> Table {
    let words = &run.facts.shipments.words;
    let keys = || quality.manifests.iter().map(|(key, _)| key);
    let table = Table::default()
        .full("channel", text(keys().map(|k| k.0.name())))
        .open("manifest_id", open(keys().map(|k| words.get(k.1))))
        .open("carrier", open(keys().map(|k| words.get(k.2))));
    let rows: Vec<(bool, &Tally)> =
        quality.manifests.iter().map(|(key, tally)| (key.0 == Channel::Postal, tally)).collect();
    measures(table, &rows)
}

/// One row a channel and carrier or operator, with its trend over earlier nights.
pub(super) fn carriers(run: &Run, quality: &Quality) -> Table {
    let words = &run.facts.shipments.words;
    let mut carriers: BTreeMap<(Channel, &str), Tally> = BTreeMap::new();
    for ((channel, _, carrier), tally) in &quality.manifests {
        let all = carriers.entry((*channel, words.get(*carrier))).or_default();
        all.counts += &tally.counts;
        all.filled.merge(&tally.filled);
    }
    let table = Table::default()
        .full("channel", text(carriers.keys().map(|k| k.0.name())))
        .open("carrier", open(carriers.keys().map(|k| k.1)));
    let rows: Vec<(bool, &Tally)> =
        carriers.iter().map(|(k, tally)| (k.0 == Channel::Postal, tally)).collect();
    let groups: Vec<_> = carriers
        .iter()
        .map(|(key, tally)| (EarlierNight::carrier(key.0.name(), key.1), shares(tally)))
        .collect();
    trend::add(measures(table, &rows), run.earlier, run.night, &groups)
}

/// Tonight's shares of [`SHARES`].
fn shares(tally: &Tally) -> [Option<f64>; SHARES.len()] {
    COMPARED.map(|part| ratio(part(tally)))
}

/// One row a resolved consignor of twenty parcels or more, with its trend over earlier nights.
pub(super) fn consignors(run: &Run, quality: &Quality) -> Table {
    let facts = run.facts;
    let mut order: Vec<(String, u32, &Tally)> = quality
        .consignors
        .iter()
        .map(|(entity, tally)| (entity_id("consignor", facts.consignors, *entity), *entity, tally))
        .collect();
    order.sort_by(|a, b| a.0.cmp(&b.0));
    let name = |entity: u32| {
        let party = facts.consignors.entities.parties(entity).first().copied().unwrap_or_default();
        facts.shipments.consignors.get(party, Particular::Name)
    };
    let table = Table::default()
        .full("consignor_entity", text(order.iter().map(|o| &o.0)))
        .full("consignor", text(order.iter().map(|o| name(o.1))));
    let groups: Vec<_> = order.iter().map(|o| (o.0.clone(), shares(o.2))).collect();
    let table = measures(table, &order.iter().map(|o| (false, o.2)).collect::<Vec<_>>());
    trend::add(table, run.earlier, run.night, &groups)
}

fn open<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter(values.map(|v| (!v.is_empty()).then_some(v))))
}

#[cfg(test)]
mod tests {
    use super::BitCounts;

    #[test]
    fn bits_are_counted_as_one_by_one() {
        let (mut counts, mut expected) = (BitCounts::default(), [0_u32; 64]);
        let mut mask = 1_u64;
        for step in 0..1_000_u64 {
            mask = mask.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(step);
            counts.add(mask);
            (0..64).for_each(|bit| expected[bit] += (mask >> bit & 1) as u32);
        }
        assert_eq!(std::array::from_fn::<u32, 64, _>(|bit| counts.of(bit)), expected);
    }
}
