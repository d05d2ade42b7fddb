//! Completeness and accuracy of the declared data: per manifest, per carrier or operator, per consignor.

use super::table::Table;
use super::tables::{Run, entity_id, text};
use super::trend::{self, EarlierNight};
use crate::detect::late_by;
use crate::facts::Facts;
use crate::fields::nature::Nature;
use crate::fields::s10::parse_s10;
use crate::fields::time::NO_TIME;
use crate::model::batch::Channel;
use crate::model::parcels::Particular;
use crate::model::schema::Column;
use crate::refdata::vague::Clarity;
use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use rayon::prelude::*;
use std::hash::Hash;
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

/// Sums over the lines and parcels of one group.
#[derive(Clone, Default)]
struct Tally {
    parcels: u32,
    lines: u32,
    filled: BitCounts,
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

/// Adds parcels up by group, a number below `groups`, or leaves them out; `values` says whether weights, values and
/// places are kept.
fn tally(facts: &Facts, groups: usize, group: impl Fn(usize) -> Option<usize>, values: bool) -> Vec<Tally> {
    let shipments = facts.shipments;
    let (parcels, lines) = (&shipments.parcels, &shipments.lines);
    let places = if values { places(facts) } else { Vec::new() };
    let mut tallies = vec![Tally::default(); groups];
    for p in 0..parcels.len() {
        let Some(group) = group(p) else { continue };
        let tally = &mut tallies[group];
        tally.parcels += 1;
        let postal = parcels.channel[p] == Channel::Postal;
        tally.identifiers_valid += u32::from(postal && parse_s10(parcels.id.get(p as u32)).is_ok());
        let (sender, addressee) = (parcels.consignor[p], parcels.consignee[p]);
        tally.named_consignors += u32::from(!facts.consignors.contacts.nameless[sender as usize]);
        tally.named_consignees += u32::from(!facts.consignees.contacts.nameless[addressee as usize]);
        let sold = !matches!(parcels.nature[p], Nature::Gift | Nature::Documents);
        let (mut net, mut told) = (0.0, true);
        let named = !facts.consignors.contacts.nameless[sender as usize]
            && !facts.consignees.contacts.nameless[addressee as usize];
        let (mut complete, mut advance) = (named, named && !shipments.unvalued(p as u32));
        for l in parcels.lines(p as u32) {
            tally.lines += 1;
            tally.filled.add(lines.filled[l]);
            let usable = lines.filled[l] & !lines.unusable[l];
            let code = 1 << Column::HsCode as u64;
            tally.codes_given += u32::from(lines.filled[l] & code != 0);
            tally.codes_usable += u32::from(usable & code != 0);
            let clarity = facts.clarity[lines.description[l] as usize];
            let clear = matches!(clarity, Clarity::Clear | Clarity::Weak(_));
            tally.clear += u32::from(clear);
            tally.weak += u32::from(matches!(clarity, Clarity::Weak(_)));
            // The elements count packages; whoever tells the pieces of the goods tells more.
            let counted =
                if usable & 1 << Column::Packages as u64 != 0 { 1 << Column::Quantity as u64 } else { 0 };
            let has = |e: &Column| (usable | counted) & (1 << *e as u64) != 0;
            complete &= clear && ELEMENTS.iter().all(has);
            advance &= clear && POSTAL_ELEMENTS.iter().all(has) && (!sold || SOLD_ELEMENTS.iter().all(has));
            told &= lines.net_weight[l] > 0.0;
            net += lines.net_weight[l];
        }
        tally.elements_complete += u32::from(complete);
        tally.postal += u32::from(postal);
        tally.advance_data_complete += u32::from(postal && advance);
        tally.valued += u32::from(!shipments.unvalued(p as u32));
        let timed = parcels.sent.get(p).is_some_and(|&t| t != NO_TIME);
        tally.timed += u32::from(timed);
        tally.in_time += u32::from(timed && late_by(parcels, p).is_none());
        let gross = parcels.gross_weight[p];
        tally.weights_told += u32::from(told);
        tally.weights_consistent += u32::from(told && net <= gross * WEIGHT_TOLERANCE);
        if !values {
            continue;
        }
        tally.grams.push((gross * 1000.0).round() as i64);
        if !shipments.unvalued(p as u32) {
            tally.values.push(parcels.declared[p]);
        }
        if told && net >= 0.05 {
            tally.factors.push((gross / net * 1000.0).round() as i64);
        }
        tally.places.extend(Some(places[sender as usize]).filter(|&place| place != 0));
    }
    tallies
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
    |t| (t.elements_complete, t.parcels),
    |t| (t.advance_data_complete, t.postal),
    |t| (t.clear, t.lines),
    |t| (t.named_consignors + t.named_consignees, 2 * t.parcels),
    |t| (t.codes_usable, t.codes_given),
    |t| (t.weights_consistent, t.weights_told),
    |t| (t.valued, t.parcels),
    |t| (t.in_time, t.timed),
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
    let postal =
        rows.iter().map(|(postal, t)| postal.then(|| ratio((t.identifiers_valid, t.parcels))).flatten());
    table = table
        .full("parcels", count(&|t| t.parcels))
        .full("lines", count(&|t| t.lines))
        .open("accuracy_identifier", Arc::new(Float64Array::from_iter(postal)))
        .open("accuracy_hs_code", share(&|t| (t.codes_usable, t.codes_given)))
        .open("accuracy_weights", share(&|t| (t.weights_consistent, t.weights_told)))
        .open("elements_complete", share(&COMPARED[0]))
        .open("advance_data_complete", share(&COMPARED[1]))
        .open("clear_descriptions", share(&COMPARED[2]))
        .open("weak_descriptions", share(&|t| (t.weak, t.lines)))
        .open("named_parties", share(&COMPARED[3]))
        .open("named_consignors", share(&|t| (t.named_consignors, t.parcels)))
        .open("named_consignees", share(&|t| (t.named_consignees, t.parcels)))
        .open("valued", share(&COMPARED[6]))
        .open("messages_in_time", share(&COMPARED[7]))
        .open("one_gross_weight", share(&|t| most(&t.grams)))
        .open("one_value", share(&|t| most(&t.values)))
        .open("one_weight_factor", share(&|t| most(&t.factors)))
        .open("one_consignor_place", share(&|t| most(&t.places)));
    for &column in Column::ALL {
        let name = format!("completeness_{}", column.name());
        table = table.open(name, share(&|t| (t.filled.of(column as usize), t.lines)));
    }
    table
}

/// Groups of parcels by a key, in the order of the keys' names.
fn grouped<K: Hash + Eq + Copy, N: Ord>(
    facts: &Facts,
    key: impl Fn(usize) -> K,
    name: impl Fn(K) -> N,
) -> (Vec<K>, Vec<usize>) {
    let count = facts.shipments.parcels.len();
    let mut numbers: hashbrown::HashMap<K, usize> = hashbrown::HashMap::new();
    let mut keys = Vec::new();
    let of: Vec<usize> = (0..count)
        .map(|p| {
            let key = key(p);
            *numbers.entry(key).or_insert_with(|| {
                keys.push(key);
                keys.len() - 1
            })
        })
        .collect();
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by_cached_key(|&i| name(keys[i]));
    let mut place = vec![0; keys.len()];
    order.iter().enumerate().for_each(|(to, &from)| place[from] = to);
    (order.into_iter().map(|i| keys[i]).collect(), of.into_iter().map(|i| place[i]).collect())
}

/// One row a manifest: `completeness_COLUMN` is the share of its lines that fill the column; accuracy is the share of
/// identifiers with a right form and check digit (postal only), of commodity codes that exist, and of parcels whose net
/// weights fit into the gross weight; `one_…` the share of the most frequent value, which near 1 reads like a program's.
pub(super) fn manifests(run: &Run) -> Table {
    let facts = run.facts;
    let (words, parcels) = (&facts.shipments.words, &facts.shipments.parcels);
    // By name, not by number: the order must not depend on how words were numbered.
    let key = |p: usize| (parcels.channel[p], parcels.manifest[p], parcels.carrier[p]);
    let (keys, of) = grouped(facts, key, |k| (k.0, words.get(k.1), words.get(k.2)));
    let tallies = tally(facts, keys.len(), |p| Some(of[p]), true);
    let table = Table::default()
        .full("channel", text(keys.iter().map(|k| k.0.name())))
        .open("manifest_id", open(keys.iter().map(|k| words.get(k.1))))
        .open("carrier", open(keys.iter().map(|k| words.get(k.2))));
    let rows: Vec<(bool, &Tally)> = keys.iter().map(|k| k.0 == Channel::Postal).zip(&tallies).collect();
    measures(table, &rows)
}

/// One row a channel and carrier or operator, with its trend over earlier nights.
pub(super) fn carriers(run: &Run) -> Table {
    let facts = run.facts;
    let (words, parcels) = (&facts.shipments.words, &facts.shipments.parcels);
    let (keys, of) = grouped(facts, |p| (parcels.channel[p], parcels.carrier[p]), |k| (k.0, words.get(k.1)));
    let tallies = tally(facts, keys.len(), |p| Some(of[p]), false);
    let table = Table::default()
        .full("channel", text(keys.iter().map(|k| k.0.name())))
        .open("carrier", open(keys.iter().map(|k| words.get(k.1))));
    let rows: Vec<(bool, &Tally)> = keys.iter().map(|k| k.0 == Channel::Postal).zip(&tallies).collect();
    let groups: Vec<_> = keys
        .iter()
        .zip(&tallies)
        .map(|(key, tally)| (EarlierNight::carrier(key.0.name(), words.get(key.1)), shares(tally)))
        .collect();
    trend::add(measures(table, &rows), run.earlier, run.night, &groups)
}

/// Tonight's shares of [`SHARES`].
fn shares(tally: &Tally) -> [Option<f64>; SHARES.len()] {
    COMPARED.map(|part| ratio(part(tally)))
}

/// One row a resolved consignor of twenty parcels or more, with its trend over earlier nights.
pub(super) fn consignors(run: &Run) -> Table {
    let facts = run.facts;
    let parcels = &facts.shipments.parcels;
    let mut count = vec![0_usize; facts.consignors.entities.len()];
    (0..parcels.len()).for_each(|p| count[facts.consignor(p as u32) as usize] += 1);
    let mut number = vec![None; count.len()];
    let mut large: Vec<u32> = Vec::new();
    for entity in 0..count.len() {
        if count[entity] >= CONSIGNOR_PARCELS {
            number[entity] = Some(large.len());
            large.push(entity as u32);
        }
    }
    let tallies = tally(facts, large.len(), |p| number[facts.consignor(p as u32) as usize], true);
    let mut order: Vec<(String, u32, &Tally)> = large
        .iter()
        .zip(&tallies)
        .map(|(&entity, tally)| (entity_id("consignor", facts.consignors, entity), entity, tally))
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
