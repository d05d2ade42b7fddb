//! The lines of all blocks become parcels: sorted, joined by identifier, repeats set aside.
//!
//! The result does not depend on the order of files, blocks or records: lines are ordered by what they say.

use super::block::{Chunk, Context, TIMES, WORDS};
use super::party::Distinct;
use crate::fields::country::Country;
use crate::fields::currency::Currency;
use crate::fields::time::NO_TIME;
use crate::model::batch::Channel;
use crate::model::money::Money;
use crate::model::parcels::{Lines, NO_AMOUNT, Parcels, Shipments};
use crate::model::schema::Column;
use crate::model::text::{Interner, Texts};
use crate::refdata::regimes::{Basis, Terms};
use hashbrown::HashMap;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A line: the block that holds it and its row there.
type Place = (u32, u32);

/// A record set aside because another one says the same or better.
pub(super) struct Repeat {
    pub(super) source: u32,
    pub(super) record: u64,
    pub(super) field: &'static str,
    pub(super) reason: String,
}

/// What comes of all blocks.
pub(super) struct Assembled {
    pub(super) shipments: Shipments,
    pub(super) terms: Vec<Terms>,
    pub(super) repeats: Vec<Repeat>,
}

/// Parcels whose lines another message declares otherwise: parcel, line number and value set aside.
type Restated = Vec<(u32, u32, Money)>;

/// Joins lines to parcels.
pub(super) fn assemble(mut chunks: Vec<Chunk>, context: &Context) -> Assembled {
    let senders = chunks.iter_mut().map(|c| std::mem::take(&mut c.consignors)).collect();
    let addressees = chunks.iter_mut().map(|c| std::mem::take(&mut c.consignees)).collect();
    let ((senders, addressees), sorted) = rayon::join(
        || rayon::join(|| Distinct::of(senders), || Distinct::of(addressees)),
        || Table { chunks: &chunks, consignor_of: &[], consignee_of: &[] }.sorted(),
    );
    let mut repeats = Vec::new();
    let ranked = Table { chunks: &chunks, consignor_of: &senders.rank, consignee_of: &addressees.rank };
    let mut restated = Restated::new();
    let (order, starts) = ranked.parcels(&sorted, &mut repeats, &mut restated);
    drop(sorted);
    let named = |party: fn(&Chunk) -> &Vec<u32>| {
        let chunks = &chunks;
        order.iter().map(move |&(c, row)| (c, party(&chunks[c as usize])[row as usize]))
    };
    let ((consignors, consignor_of), (consignees, consignee_of)) = rayon::join(
        || senders.numbered(named(|c| &c.consignor)),
        || addressees.numbered(named(|c| &c.consignee)),
    );
    let (mut shipments, declared) = gather(&mut chunks, [&consignor_of, &consignee_of], &order, &starts);
    drop(chunks);
    let terms = convert(&mut shipments, &declared, context);
    shipments.parcels.restated = restated;
    shipments.consignors = consignors;
    shipments.consignees = consignees;
    Assembled { shipments, terms, repeats }
}

/// All lines, still in their blocks.
struct Table<'a> {
    chunks: &'a [Chunk],
    consignor_of: &'a [Vec<u32>],
    consignee_of: &'a [Vec<u32>],
}

impl Table<'_> {
    fn id(&self, (chunk, row): Place) -> &str {
        self.chunks[chunk as usize].id.get(row)
    }
    fn channel(&self, (chunk, _): Place) -> Channel {
        self.chunks[chunk as usize].channel.unwrap_or(Channel::Postal)
    }
    fn at<T: Copy>(&self, (chunk, row): Place, column: impl Fn(&Chunk) -> &Vec<T>) -> T {
        column(&self.chunks[chunk as usize])[row as usize]
    }
    fn consignor(&self, place: Place) -> u32 {
        self.consignor_of[place.0 as usize][self.at(place, |c| &c.consignor) as usize]
    }
    fn consignee(&self, place: Place) -> u32 {
        self.consignee_of[place.0 as usize][self.at(place, |c| &c.consignee) as usize]
    }
    fn description(&self, place: Place) -> &str {
        let chunk = &self.chunks[place.0 as usize];
        chunk.descriptions.get(chunk.description[place.1 as usize])
    }

    /// Lines by channel and identifier, then by what they say; with the first bytes of both, which tell most apart.
    fn sorted(&self) -> Vec<(u128, Place)> {
        let mut keyed: Vec<(u128, Place)> = self
            .chunks
            .par_iter()
            .enumerate()
            .flat_map_iter(|(c, chunk)| {
                let channel = chunk.channel.unwrap_or(Channel::Postal);
                (0..chunk.len() as u32).map(move |row| {
                    let mut key = [0_u8; 16];
                    key[0] = channel as u8;
                    let id = chunk.id.get(row).as_bytes();
                    let kept = id.len().min(15);
                    key[1..1 + kept].copy_from_slice(&id[..kept]);
                    (u128::from_be_bytes(key), (c as u32, row))
                })
            })
            .collect();
        keyed.par_sort_unstable();
        // Lines whose keys agree are few: those of one parcel, or of long identifiers that start alike.
        let mut from = 0;
        while from < keyed.len() {
            let to = from + keyed[from..].iter().take_while(|k| k.0 == keyed[from].0).count();
            if to - from > 1 {
                keyed[from..to].sort_by(|a, b| self.order(a.1, b.1));
            }
            from = to;
        }
        keyed
    }

    fn order(&self, a: Place, b: Place) -> Ordering {
        let number = |p| Some(self.at(p, |c| &c.number)).filter(|&n| n > 0).unwrap_or(u32::MAX);
        let source = |p: Place| self.chunks[p.0 as usize].source;
        (self.id(a).cmp(self.id(b)))
            .then_with(|| self.at(a, |c| &c.date).cmp(&self.at(b, |c| &c.date)))
            .then_with(|| number(a).cmp(&number(b)))
            .then_with(|| self.description(a).cmp(self.description(b)))
            // Of two declarations of one line the higher value comes first.
            .then_with(|| self.worth(b).cmp(&self.worth(a)))
            .then_with(|| self.at(a, |c| &c.content).cmp(&self.at(b, |c| &c.content)))
            .then_with(|| (source(a), self.at(a, |c| &c.record)).cmp(&(source(b), self.at(b, |c| &c.record))))
    }

    fn worth(&self, place: Place) -> Money {
        self.at(place, |c| &c.value).max(self.at(place, |c| &c.parcel_value))
    }

    /// Cuts the lines into parcels and sets repeats aside: the lines kept, and the first line of each parcel and one
    /// past the last.
    fn parcels(
        &self,
        sorted: &[(u128, Place)],
        repeats: &mut Vec<Repeat>,
        restated: &mut Restated,
    ) -> (Vec<Place>, Vec<u32>) {
        let mut kept: Vec<Place> = Vec::with_capacity(sorted.len());
        let mut starts = Vec::with_capacity(sorted.len() + 1);
        let same = |a: &(u128, Place), b: &(u128, Place)| {
            a.0 == b.0
                && self.at(a.1, |c| &c.date) == self.at(b.1, |c| &c.date)
                && self.id(a.1) == self.id(b.1)
        };
        for group in sorted.chunk_by(same) {
            if let [only] = group {
                starts.push(kept.len() as u32);
                kept.push(only.1);
                continue;
            }
            let lines: Vec<Place> = group.iter().map(|line| line.1).collect();
            for parcel in self.by_parties(&lines) {
                starts.push(kept.len() as u32);
                let number = starts.len() as u32 - 1;
                self.drop_repeats(&parcel, number, &mut kept, repeats, restated);
            }
        }
        starts.push(kept.len() as u32);
        (kept, starts)
    }

    /// Lines of one identifier and day are one parcel where they agree on the sender or on the addressee; otherwise
    /// the identifier was used twice.
    fn by_parties(&self, group: &[Place]) -> Vec<Vec<Place>> {
        let agree = |party: &dyn Fn(Place) -> u32| group.iter().all(|&p| party(p) == party(group[0]));
        if agree(&|p| self.consignee(p)) || agree(&|p| self.consignor(p)) {
            return vec![group.to_vec()];
        }
        let mut parts: BTreeMap<(u32, u32), Vec<Place>> = BTreeMap::new();
        for &place in group {
            parts.entry((self.consignee(place), self.consignor(place))).or_default().push(place);
        }
        parts.into_values().collect()
    }

    fn drop_repeats(
        &self,
        parcel: &[Place],
        position: u32,
        kept: &mut Vec<Place>,
        repeats: &mut Vec<Repeat>,
        restated: &mut Restated,
    ) {
        let start = kept.len();
        for &place in parcel {
            let content = self.at(place, |c| &c.content);
            let number = self.at(place, |c| &c.number);
            let source = self.chunks[place.0 as usize].source;
            let record = self.at(place, |c| &c.record);
            // Equal lines stand together, so only the last one kept can be the same.
            let last = kept[start..].last().copied();
            let (field, reason) = match last {
                Some(other) if self.at(other, |c| &c.content) == content => (
                    Column::ParcelId,
                    format!(
                        "repeats record {} word for word; one of them is used",
                        self.at(other, |c| &c.record)
                    ),
                ),
                Some(other)
                    if number > 0
                        && number == self.at(other, |c| &c.number)
                        && self.description(place) == self.description(other) =>
                {
                    restated.push((position, number, self.worth(place)));
                    (
                        Column::LineNumber,
                        format!(
                            "line {number} of this parcel is declared again with other particulars; record {}, of the higher value, is used",
                            self.at(other, |c| &c.record)
                        ),
                    )
                }
                _ => {
                    kept.push(place);
                    continue;
                }
            };
            repeats.push(Repeat { source, record, field: field.name(), reason });
        }
    }
}

/// The columns in their final order, values still in the declared currency; and the amounts that only the conversion
/// needs. Takes each column out of the blocks and lets it go once it is copied: the night is never held twice.
fn gather(
    chunks: &mut [Chunk],
    [consignor_of, consignee_of]: [&[Vec<u32>]; 2],
    order: &[Place],
    starts: &[u32],
) -> (Shipments, Declared) {
    let firsts: Vec<Place> = starts[..starts.len() - 1].iter().map(|&s| order[s as usize]).collect();
    let said: Vec<Said> = chunks.iter_mut().map(Said::take).collect();
    let mut columns = Columns { chunks, order, firsts: &firsts };
    let (numbered, (parcels, lines, declared)) = rayon::join(
        || Numbered::of(said, &firsts, order),
        || {
            let declared = columns.declared();
            let parties = [
                columns.party(|c| &mut c.consignor, consignor_of),
                columns.party(|c| &mut c.consignee, consignee_of),
            ];
            (columns.parcels(parties, starts), columns.lines(starts), declared)
        },
    );
    let Numbered { words, word_columns, descriptions, description } = numbered;
    let [manifest, carrier, receptacle, flight, platform, seller, order, ioss, procedures] = word_columns;
    let parcels = Parcels {
        manifest,
        carrier,
        receptacle,
        flight,
        platform,
        seller,
        order,
        ioss,
        procedures,
        ..parcels
    };
    let lines = Lines { description, ..lines };
    (Shipments { parcels, lines, descriptions, words, ..Shipments::default() }, declared)
}

/// The blocks' columns, on their way into final order: that of all lines, and that of the first line of each parcel.
struct Columns<'a> {
    chunks: &'a mut [Chunk],
    order: &'a [Place],
    firsts: &'a [Place],
}

impl Columns<'_> {
    /// A column of parcels.
    fn of_parcels<T: Copy + Send + Sync>(&mut self, column: fn(&mut Chunk) -> &mut Vec<T>) -> Vec<T> {
        put(self.taken(column), self.firsts)
    }

    /// A column of lines.
    fn of_lines<T: Copy + Send + Sync>(&mut self, column: fn(&mut Chunk) -> &mut Vec<T>) -> Vec<T> {
        put(self.taken(column), self.order)
    }

    fn taken<T>(&mut self, column: fn(&mut Chunk) -> &mut Vec<T>) -> Vec<Vec<T>> {
        self.chunks.iter_mut().map(|chunk| std::mem::take(column(chunk))).collect()
    }

    fn party(&mut self, column: fn(&mut Chunk) -> &mut Vec<u32>, number: &[Vec<u32>]) -> Vec<u32> {
        let held = self.taken(column);
        let of = |&(chunk, row): &Place| number[chunk as usize][held[chunk as usize][row as usize] as usize];
        self.firsts.par_iter().map(of).collect()
    }

    /// Points in time, by [`TIMES`]; none where no block has any.
    fn times<const WHICH: usize>(&mut self) -> Vec<i32> {
        const { assert!(WHICH < TIMES.len()) };
        let held = self.taken(|c| &mut c.time[WHICH]);
        if held.iter().all(Vec::is_empty) {
            return Vec::new();
        }
        let time = |&(chunk, row): &Place| held[chunk as usize].get(row as usize).copied().unwrap_or(NO_TIME);
        self.firsts.par_iter().map(time).collect()
    }

    fn ids(&mut self) -> Texts {
        let held: Vec<Texts> = self.chunks.iter_mut().map(|chunk| std::mem::take(&mut chunk.id)).collect();
        let text = |&(chunk, row): &Place| held[chunk as usize].get(row);
        Texts::of(self.firsts.iter().map(text))
    }

    fn declared(&mut self) -> Declared {
        Declared {
            parcel_value: self.of_lines(|c| &mut c.parcel_value),
            transport: self.of_parcels(|c| &mut c.transport),
            insurance: self.of_parcels(|c| &mut c.insurance),
            insured: self.of_parcels(|c| &mut c.insured),
        }
    }

    /// All columns of parcels but those of numbered texts.
    fn parcels(&mut self, [consignor, consignee]: [Vec<u32>; 2], starts: &[u32]) -> Parcels {
        let chunk = |p: &Place| &self.chunks[p.0 as usize];
        Parcels {
            channel: self.firsts.par_iter().map(|p| chunk(p).channel.unwrap_or(Channel::Postal)).collect(),
            source: self.firsts.par_iter().map(|p| chunk(p).source).collect(),
            id: self.ids(),
            date: self.of_parcels(|c| &mut c.date),
            order_date: self.of_parcels(|c| &mut c.order_date),
            posting_date: self.of_parcels(|c| &mut c.posting_date),
            sent: self.times::<0>(),
            departed: self.times::<1>(),
            arrived: self.times::<2>(),
            consignor,
            consignee,
            destination: self.of_parcels(|c| &mut c.destination),
            nature: self.of_parcels(|c| &mut c.nature),
            gross_weight: self.of_parcels(|c| &mut c.gross_weight),
            currency: self.of_parcels(|c| &mut c.currency),
            departure: self.of_parcels(|c| &mut c.departure),
            first_line: starts.to_vec(),
            ..Parcels::default()
        }
    }

    /// All columns of lines but the descriptions.
    fn lines(&mut self, starts: &[u32]) -> Lines {
        // Lines come by their numbers, those without one last; a number that stands twice moves on.
        let mut number = self.of_lines(|c| &mut c.number);
        let mut parcel = Vec::with_capacity(self.order.len());
        for (p, range) in starts.windows(2).enumerate() {
            let mut next = 1;
            for number in &mut number[range[0] as usize..range[1] as usize] {
                next = next.max(*number);
                *number = next;
                parcel.push(p as u32);
                next += 1;
            }
        }
        Lines {
            parcel,
            number,
            hs: self.of_lines(|c| &mut c.hs),
            origin: self.of_lines(|c| &mut c.origin),
            quantity: self.of_lines(|c| &mut c.quantity),
            net_weight: self.of_lines(|c| &mut c.net_weight),
            value: self.of_lines(|c| &mut c.value),
            allocated: vec![false; self.order.len()],
            filled: self.of_lines(|c| &mut c.filled),
            unusable: self.of_lines(|c| &mut c.unusable),
            ..Lines::default()
        }
    }
}

/// What the blocks hold, in the order of the places.
fn put<T: Copy + Send + Sync>(held: Vec<Vec<T>>, places: &[Place]) -> Vec<T> {
    places.par_iter().map(|&(chunk, row)| held[chunk as usize][row as usize]).collect()
}

/// The numbered texts of a block.
struct Said {
    word: [Vec<u32>; WORDS.len()],
    words: Interner,
    description: Vec<u32>,
    descriptions: Interner,
}

impl Said {
    fn take(chunk: &mut Chunk) -> Said {
        Said {
            word: std::mem::take(&mut chunk.word),
            words: std::mem::take(&mut chunk.words),
            description: std::mem::take(&mut chunk.description),
            descriptions: std::mem::take(&mut chunk.descriptions),
        }
    }
}

/// Texts by number, and the columns of numbers.
#[derive(Default)]
struct Numbered {
    words: Interner,
    word_columns: [Vec<u32>; WORDS.len()],
    descriptions: Interner,
    description: Vec<u32>,
}

impl Numbered {
    /// The parcels' words and the lines' descriptions, numbered in the order in which the final tables name them.
    fn of(said: Vec<Said>, firsts: &[Place], order: &[Place]) -> Numbered {
        let mut numbered = Numbered::default();
        let mut known = Known::new(said.iter().map(|s| s.words.len()));
        for (i, column) in numbered.word_columns.iter_mut().enumerate() {
            let number = |&(c, row): &Place| {
                let block = &said[c as usize];
                known.number(c, block.word[i][row as usize], &block.words, &mut numbered.words)
            };
            *column = firsts.iter().map(number).collect();
        }
        let mut known = Known::new(said.iter().map(|s| s.descriptions.len()));
        let number = |&(c, row): &Place| {
            let block = &said[c as usize];
            let local = block.description[row as usize];
            known.number(c, local, &block.descriptions, &mut numbered.descriptions)
        };
        numbered.description = order.iter().map(number).collect();
        numbered
    }
}

/// The final number of each block's own numbers, as far as it has been asked for.
struct Known(Vec<Vec<u32>>);

impl Known {
    fn new(counts: impl Iterator<Item = usize>) -> Known {
        Known(counts.map(|count| vec![u32::MAX; count]).collect())
    }

    fn number(&mut self, chunk: u32, local: u32, texts: &Interner, all: &mut Interner) -> u32 {
        let slot = &mut self.0[chunk as usize][local as usize];
        if *slot == u32::MAX {
            *slot = all.intern(texts.get(local));
        }
        *slot
    }
}

/// Amounts in the declared currency: the parcel's value by line, the others by parcel.
struct Declared {
    parcel_value: Vec<Money>,
    transport: Vec<Money>,
    insurance: Vec<Money>,
    insured: Vec<Money>,
}

/// Gives each parcel its rules and turns every amount into their currency.
fn convert(shipments: &mut Shipments, amounts: &Declared, context: &Context) -> Vec<Terms> {
    let Shipments { parcels, lines, .. } = shipments;
    let mut list: Vec<Terms> = Vec::new();
    let mut known: HashMap<(Country, Channel, Country, i32), u32> = HashMap::new();
    let mut factors: HashMap<(Currency, Currency, i32), f64> = HashMap::new();
    let count = parcels.len();
    parcels.terms.reserve(count);
    for p in 0..count {
        let key = (parcels.destination[p], parcels.channel[p], parcels.departure[p], parcels.date[p]);
        let number = *known.entry(key).or_insert_with(|| {
            // Records without rules went to quarantine, so there always are some.
            let Some(terms) = context.regimes.terms(key.0, key.1, key.2, key.3) else { return 0 };
            let found = list.iter().position(|t| *t == terms);
            found.unwrap_or_else(|| {
                list.push(terms);
                list.len() - 1
            }) as u32
        });
        parcels.terms.push(number);
        let terms = &list[number as usize];
        let pair = (parcels.currency[p], terms.currency, parcels.date[p]);
        let factor = *factors
            .entry(pair)
            .or_insert_with(|| context.rates.factor(pair.0, pair.1, pair.2).unwrap_or(f64::NAN));
        let range = parcels.first_line[p] as usize..parcels.first_line[p + 1] as usize;
        allocate(lines, range.clone(), &amounts.parcel_value);
        let declared: Money =
            lines.value[range.clone()].iter().fold(0, |sum: Money, v| sum.saturating_add(*v));
        for value in &mut lines.value[range.clone()] {
            *value = exchange(*value, factor);
        }
        let value = lines.value[range].iter().fold(0, |sum: Money, v| sum.saturating_add(*v));
        let amount = |column: &[Money]| match column[p] {
            NO_AMOUNT => NO_AMOUNT,
            declared => exchange(declared, factor),
        };
        let (transport, insurance) = (amount(&amounts.transport), amount(&amounts.insurance));
        let extra = |v: Money| if v == NO_AMOUNT { 0 } else { v };
        let assessed = match terms.basis {
            Basis::Cif => value.saturating_add(extra(transport)).saturating_add(extra(insurance)),
            _ => value,
        };
        parcels.declared.push(declared);
        parcels.value.push(value);
        parcels.assessed.push(assessed);
        parcels.transport.push(transport);
        parcels.insured.push(amount(&amounts.insured));
    }
    list
}

/// Lines without a value of their own share what the parcel's value leaves, by weight where all have one.
fn allocate(lines: &mut Lines, range: std::ops::Range<usize>, parcel_value: &[Money]) {
    if lines.value[range.clone()].iter().all(|&v| v != NO_AMOUNT) {
        return;
    }
    let open: Vec<usize> = range.clone().filter(|&l| lines.value[l] == NO_AMOUNT).collect();
    let whole = parcel_value[range.clone()].iter().copied().max().unwrap_or(0).max(0);
    let own: Money = range.filter(|&l| lines.value[l] != NO_AMOUNT).map(|l| lines.value[l]).sum();
    let rest = (whole - own).max(0);
    let weighed = open.iter().all(|&l| lines.net_weight[l] > 0.0);
    let weight = |l: usize| if weighed { lines.net_weight[l] } else { 1.0 };
    let total: f64 = open.iter().map(|&l| weight(l)).sum();
    // Rounding the running sum instead of each share makes the shares add up exactly.
    let (mut sum, mut given) = (0.0, 0);
    let shares: Vec<Money> = open
        .iter()
        .map(|&l| {
            sum += weight(l);
            let until = (rest as f64 * (sum / total)).round() as Money;
            let share = until - given;
            given = until;
            share
        })
        .collect();
    let several = open.len() > 1;
    for (&l, share) in open.iter().zip(shares) {
        lines.value[l] = share;
        lines.allocated[l] = several;
    }
}

fn exchange(amount: Money, factor: f64) -> Money {
    if factor == 1.0 { amount } else { (amount as f64 * factor).round() as Money }
}
