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

/// What is counted: of parcels, then of lines.
#[derive(Clone, Copy)]
enum Count {
    Parcels,
    Postal,
    IdentifiersValid,
    NamedConsignors,
    NamedConsignees,
    Valued,
    Timed,
    InTime,
    ElementsComplete,
    AdvanceDataComplete,
    WeightsTold,
    WeightsConsistent,
    Lines,
    CodesGiven,
    CodesUsable,
    Clear,
    Weak,
}

const OF_PARCELS: usize = Count::Lines as usize;
const OF_LINES: usize = Count::Weak as usize + 1 - OF_PARCELS;

/// How many of a group have the value that is most frequent in it, and how many have any.
type Most = (u32, u32);

/// One group of parcels.
#[derive(Clone)]
struct Tally {
    counts: [u32; OF_PARCELS + OF_LINES],
    filled: [u32; Column::COUNT],
    /// What may read like a program's.
    grams: Most,
    values: Most,
    factors: Most,
    places: Most,
}

/// How often each bit was set in the masks added: counters of eight bits, one slice of all of them a word, that are
/// emptied before they overflow. A mask costs two steps on average, however many of its bits are set.
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

/// One parcel.
struct Judged {
    /// Bits of what is counted of parcels.
    marks: u32,
    of_lines: [u32; OF_LINES],
    grams: i64,
    /// Value and factor of weights, or [`NOT_TOLD`].
    value: i64,
    factor: i64,
}

const NOT_TOLD: i64 = i64::MIN;

/// Judges a parcel and its lines.
fn judged(facts: &Facts, p: usize) -> Judged {
    let shipments = facts.shipments;
    let (parcels, lines) = (&shipments.parcels, &shipments.lines);
    let postal = parcels.channel[p] == Channel::Postal;
    let named_consignor = !facts.consignors.contacts.nameless[parcels.consignor[p] as usize];
    let named_consignee = !facts.consignees.contacts.nameless[parcels.consignee[p] as usize];
    let named = named_consignor && named_consignee;
    let valued = !shipments.unvalued(p as u32);
    let sold = !matches!(parcels.nature[p], Nature::Gift | Nature::Documents);
    let timed = parcels.sent.get(p).is_some_and(|&t| t != NO_TIME);
    let mut of_lines = [0; OF_LINES];
    let mut count = |what: Count, is: bool| of_lines[what as usize - OF_PARCELS] += u32::from(is);
    let (mut net, mut told) = (0.0, true);
    let (mut complete, mut advance) = (named, named && valued);
    for l in parcels.lines(p as u32) {
        let usable = lines.filled[l] & !lines.unusable[l];
        let code = 1 << Column::HsCode as u64;
        let clarity = facts.clarity[lines.description[l] as usize];
        let clear = matches!(clarity, Clarity::Clear | Clarity::Weak(_));
        count(Count::Lines, true);
        count(Count::CodesGiven, lines.filled[l] & code != 0);
        count(Count::CodesUsable, usable & code != 0);
        count(Count::Clear, clear);
        count(Count::Weak, matches!(clarity, Clarity::Weak(_)));
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
    let marks = [
        (Count::Parcels, true),
        (Count::Postal, postal),
        (Count::IdentifiersValid, postal && find_s10(parcels.id.get(p as u32)).is_some()),
        (Count::NamedConsignors, named_consignor),
        (Count::NamedConsignees, named_consignee),
        (Count::Valued, valued),
        (Count::Timed, timed),
        (Count::InTime, timed && late_by(parcels, p).is_none()),
        (Count::ElementsComplete, complete),
        (Count::AdvanceDataComplete, postal && advance),
        (Count::WeightsTold, told),
        (Count::WeightsConsistent, told && net <= gross * WEIGHT_TOLERANCE),
    ];
    Judged {
        marks: marks.into_iter().fold(0, |bits, (what, is)| bits | u32::from(is) << what as u32),
        of_lines,
        grams: (gross * 1000.0).round() as i64,
        value: if valued { parcels.declared[p] } else { NOT_TOLD },
        factor: if told && net >= 0.05 { (gross / net * 1000.0).round() as i64 } else { NOT_TOLD },
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

/// Groups of parcels: those of one group stand together, in their order.
struct Groups {
    first: Vec<u32>,
    parcels: Vec<u32>,
}

impl Groups {
    /// Groups numbered below `count`; a parcel may be of none.
    fn of(count: usize, group: impl Fn(usize) -> Option<u32>, parcels: usize) -> Groups {
        let mut first = vec![0_u32; count + 1];
        (0..parcels).filter_map(&group).for_each(|g| first[g as usize + 1] += 1);
        (0..count).for_each(|g| first[g + 1] += first[g]);
        let mut place = first.clone();
        let mut sorted = vec![0; first[count] as usize];
        for (parcel, group) in (0..parcels).filter_map(|p| group(p).map(|g| (p, g as usize))) {
            sorted[place[group] as usize] = parcel as u32;
            place[group] += 1;
        }
        Groups { first, parcels: sorted }
    }

    /// Adds each group up.
    fn tallied(&self, facts: &Facts, judged: &[Judged], places: &[u64]) -> Vec<Tally> {
        let groups = self.first.par_windows(2).map(|ends| &self.parcels[ends[0] as usize..ends[1] as usize]);
        groups.map_init(Vec::new, |buffer, group| Tally::of(facts, judged, places, group, buffer)).collect()
    }
}

impl Tally {
    fn of(facts: &Facts, judged: &[Judged], places: &[u64], group: &[u32], buffer: &mut Vec<i64>) -> Tally {
        let (parcels, lines) = (&facts.shipments.parcels, &facts.shipments.lines);
        let (mut counts, mut filled) = ([0; OF_PARCELS + OF_LINES], BitCounts::default());
        for &parcel in group {
            let one = &judged[parcel as usize];
            (0..OF_PARCELS).for_each(|bit| counts[bit] += one.marks >> bit & 1);
            counts[OF_PARCELS..].iter_mut().zip(one.of_lines).for_each(|(sum, lines)| *sum += lines);
            lines.filled[parcels.lines(parcel)].iter().for_each(|&mask| filled.add(mask));
        }
        let mut most = |value: &dyn Fn(&Judged, u32) -> i64| {
            buffer.clear();
            let values = group.iter().map(|&parcel| value(&judged[parcel as usize], parcel));
            buffer.extend(values.filter(|&value| value != NOT_TOLD));
            buffer.sort_unstable();
            let most = buffer.chunk_by(|a, b| a == b).map(<[_]>::len).max().unwrap_or(0);
            (most as u32, buffer.len() as u32)
        };
        let place = |parcel: u32| match places[parcels.consignor[parcel as usize] as usize] {
            0 => NOT_TOLD,
            place => place as i64,
        };
        Tally {
            counts,
            filled: std::array::from_fn(|column| filled.of(column)),
            grams: most(&|one, _| one.grams),
            values: most(&|one, _| one.value),
            factors: most(&|one, _| one.factor),
            places: most(&|_, parcel| place(parcel)),
        }
    }

    fn of_count(&self, what: Count) -> u32 {
        self.counts[what as usize]
    }

    /// Adds up groups, but for what is most frequent in each.
    fn add(&mut self, other: &Tally) {
        self.counts.iter_mut().zip(other.counts).for_each(|(sum, more)| *sum += more);
        self.filled.iter_mut().zip(other.filled).for_each(|(sum, more)| *sum += more);
    }
}

impl Default for Tally {
    fn default() -> Self {
        let most = (0, 0);
        let (counts, filled) = ([0; OF_PARCELS + OF_LINES], [0; Column::COUNT]);
        Tally { counts, filled, grams: most, values: most, factors: most, places: most }
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
        let count = parcels.len();
        let judged: Vec<Judged> = (0..count).into_par_iter().map(|p| judged(facts, p)).collect();
        let places = places(facts);

        let mut numbers: HashMap<Manifest, u32> = HashMap::new();
        let mut keys: Vec<Manifest> = Vec::new();
        let of_manifest: Vec<u32> = (0..count)
            .map(|p| {
                let key = (parcels.channel[p], parcels.manifest[p], parcels.carrier[p]);
                *numbers.entry(key).or_insert_with(|| {
                    keys.push(key);
                    keys.len() as u32 - 1
                })
            })
            .collect();
        let groups = Groups::of(keys.len(), |p| Some(of_manifest[p]), count);
        let tallies = groups.tallied(facts, &judged, &places);
        let mut manifests: Vec<(Manifest, Tally)> = keys.into_iter().zip(tallies).collect();
        // By name, not by number: the order must not depend on how words were numbered.
        manifests.sort_by_cached_key(|((channel, manifest, carrier), _)| {
            (*channel, words.get(*manifest), words.get(*carrier))
        });

        let mut sent = vec![0_usize; facts.consignors.entities.len()];
        (0..count as u32).for_each(|p| sent[facts.consignor(p) as usize] += 1);
        let large: Vec<u32> = (0..).zip(&sent).filter(|s| *s.1 >= CONSIGNOR_PARCELS).map(|s| s.0).collect();
        let mut number = vec![None; sent.len()];
        large.iter().zip(0..).for_each(|(consignor, at)| number[*consignor as usize] = Some(at));
        let groups = Groups::of(large.len(), |p| number[facts.consignor(p as u32) as usize], count);
        let tallies = groups.tallied(facts, &judged, &places);
        Quality { manifests, consignors: large.into_iter().zip(tallies).collect() }
    }
}

type Part = fn(&Tally) -> Most;

/// The shares of [`SHARES`], in its order.
const COMPARED: [Part; SHARES.len()] = [
    |t| (t.of_count(Count::ElementsComplete), t.of_count(Count::Parcels)),
    |t| (t.of_count(Count::AdvanceDataComplete), t.of_count(Count::Postal)),
    |t| (t.of_count(Count::Clear), t.of_count(Count::Lines)),
    |t| {
        (
            t.of_count(Count::NamedConsignors) + t.of_count(Count::NamedConsignees),
            2 * t.of_count(Count::Parcels),
        )
    },
    |t| (t.of_count(Count::CodesUsable), t.of_count(Count::CodesGiven)),
    |t| (t.of_count(Count::WeightsConsistent), t.of_count(Count::WeightsTold)),
    |t| (t.of_count(Count::Valued), t.of_count(Count::Parcels)),
    |t| (t.of_count(Count::InTime), t.of_count(Count::Timed)),
];

fn ratio((part, whole): Most) -> Option<f64> {
    (whole > 0).then(|| f64::from(part) / f64::from(whole))
}

/// The columns that all three files have, behind their keys. Shares are null where there is nothing to judge.
fn measures(mut table: Table, rows: &[(bool, &Tally)]) -> Table {
    let share = |part: &dyn Fn(&Tally) -> Most| -> ArrayRef {
        Arc::new(Float64Array::from_iter(rows.iter().map(|(_, t)| ratio(part(t)))))
    };
    let count = |n: &dyn Fn(&Tally) -> u32| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|(_, t)| i64::from(n(t)))))
    };
    let postal = rows.iter().map(|(postal, t)| {
        postal.then(|| ratio((t.of_count(Count::IdentifiersValid), t.of_count(Count::Parcels)))).flatten()
    });
    table = table
        .full("parcels", count(&|t| t.of_count(Count::Parcels)))
        .full("lines", count(&|t| t.of_count(Count::Lines)))
        .open("accuracy_identifier", Arc::new(Float64Array::from_iter(postal)))
        .open("accuracy_hs_code", share(&|t| (t.of_count(Count::CodesUsable), t.of_count(Count::CodesGiven))))
        .open(
            "accuracy_weights",
            share(&|t| (t.of_count(Count::WeightsConsistent), t.of_count(Count::WeightsTold))),
        )
        .open("elements_complete", share(&COMPARED[0]))
        .open("advance_data_complete", share(&COMPARED[1]))
        .open("clear_descriptions", share(&COMPARED[2]))
        .open("weak_descriptions", share(&|t| (t.of_count(Count::Weak), t.of_count(Count::Lines))))
        .open("named_parties", share(&COMPARED[3]))
        .open(
            "named_consignors",
            share(&|t| (t.of_count(Count::NamedConsignors), t.of_count(Count::Parcels))),
        )
        .open(
            "named_consignees",
            share(&|t| (t.of_count(Count::NamedConsignees), t.of_count(Count::Parcels))),
        )
        .open("valued", share(&COMPARED[6]))
        .open("messages_in_time", share(&COMPARED[7]))
        .open("one_gross_weight", share(&|t| t.grams))
        .open("one_value", share(&|t| t.values))
        .open("one_weight_factor", share(&|t| t.factors))
        .open("one_consignor_place", share(&|t| t.places));
    for &column in Column::ALL {
        let name = format!("completeness_{}", column.name());
        table = table.open(name, share(&|t| (t.filled[column as usize], t.of_count(Count::Lines))));
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
        all.add(tally);
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
