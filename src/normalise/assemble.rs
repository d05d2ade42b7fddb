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
    let chunks = chunks;
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
    let table = Table { chunks: &chunks, consignor_of: &consignor_of, consignee_of: &consignee_of };
    let mut shipments = table.gather(&order, &starts);
    let declared = table.declared(&order, &starts);
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

    /// The parcels' words and the lines' descriptions, numbered in the order in which the final tables name them.
    fn texts(&self, firsts: &[Place], order: &[Place]) -> Numbered {
        let mut numbered = Numbered::default();
        let mut known = Known::new(self.chunks, |c| c.words.len());
        for i in 0..WORDS.len() {
            let column = firsts.iter().map(|&(c, row)| {
                let chunk = &self.chunks[c as usize];
                known.number(c, chunk.word[i][row as usize], &chunk.words, &mut numbered.words)
            });
            numbered.word_columns.push(column.collect());
        }
        let mut known = Known::new(self.chunks, |c| c.descriptions.len());
        let column = order.iter().map(|&(c, row)| {
            let chunk = &self.chunks[c as usize];
            let local = chunk.description[row as usize];
            known.number(c, local, &chunk.descriptions, &mut numbered.descriptions)
        });
        numbered.description = column.collect();
        numbered
    }

    /// The columns in their final order; values still in the declared currency.
    fn gather(&self, order: &[Place], starts: &[u32]) -> Shipments {
        let firsts: Vec<Place> = starts[..starts.len() - 1].iter().map(|&s| order[s as usize]).collect();
        let (numbered, (parcels, lines)) =
            rayon::join(|| self.texts(&firsts, order), || self.columns(&firsts, order, starts));
        let mut next_word = numbered.word_columns.into_iter();
        let mut word = || next_word.next().unwrap_or_default();
        let parcels = Parcels {
            manifest: word(),
            carrier: word(),
            receptacle: word(),
            flight: word(),
            platform: word(),
            seller: word(),
            order: word(),
            ioss: word(),
            procedures: word(),
            ..parcels
        };
        let lines = Lines { description: numbered.description, ..lines };
        let (words, descriptions) = (numbered.words, numbered.descriptions);
        Shipments { parcels, lines, descriptions, words, ..Shipments::default() }
    }

    /// All columns but those of numbered texts.
    fn columns(&self, firsts: &[Place], order: &[Place], starts: &[u32]) -> (Parcels, Lines) {
        let mut id = Texts::default();
        for &place in firsts {
            id.push(self.id(place));
        }
        let parcels = Parcels {
            id,
            channel: firsts.par_iter().map(|&p| self.channel(p)).collect(),
            source: firsts.par_iter().map(|&p| self.chunks[p.0 as usize].source).collect(),
            date: self.column(firsts, |c| &c.date),
            order_date: self.column(firsts, |c| &c.order_date),
            posting_date: self.column(firsts, |c| &c.posting_date),
            sent: self.times(firsts, 0),
            departed: self.times(firsts, 1),
            arrived: self.times(firsts, 2),
            consignor: firsts.par_iter().map(|&p| self.consignor(p)).collect(),
            consignee: firsts.par_iter().map(|&p| self.consignee(p)).collect(),
            destination: self.column(firsts, |c| &c.destination),
            nature: self.column(firsts, |c| &c.nature),
            gross_weight: self.column(firsts, |c| &c.gross_weight),
            currency: self.column(firsts, |c| &c.currency),
            departure: self.column(firsts, |c| &c.departure),
            first_line: starts.to_vec(),
            ..Parcels::default()
        };
        let mut parcel = Vec::with_capacity(order.len());
        let mut number = Vec::with_capacity(order.len());
        for (p, range) in starts.windows(2).enumerate() {
            let mut next = 1;
            for &place in &order[range[0] as usize..range[1] as usize] {
                // Lines come by their numbers, those without one last; a number that stands twice moves on.
                let declared = self.at(place, |c| &c.number);
                next = declared.max(next);
                parcel.push(p as u32);
                number.push(next);
                next += 1;
            }
        }
        let lines = Lines {
            parcel,
            number,
            hs: self.column(order, |c| &c.hs),
            origin: self.column(order, |c| &c.origin),
            quantity: self.column(order, |c| &c.quantity),
            net_weight: self.column(order, |c| &c.net_weight),
            value: self.column(order, |c| &c.value),
            allocated: vec![false; order.len()],
            filled: self.column(order, |c| &c.filled),
            unusable: self.column(order, |c| &c.unusable),
            ..Lines::default()
        };
        (parcels, lines)
    }

    /// The amounts that only the conversion needs.
    fn declared(&self, order: &[Place], starts: &[u32]) -> Declared {
        let firsts: Vec<Place> = starts[..starts.len() - 1].iter().map(|&s| order[s as usize]).collect();
        Declared {
            parcel_value: self.column(order, |c| &c.parcel_value),
            transport: self.column(&firsts, |c| &c.transport),
            insurance: self.column(&firsts, |c| &c.insurance),
            insured: self.column(&firsts, |c| &c.insured),
        }
    }

    /// Points in time, by [`TIMES`]; none where no block has any.
    fn times(&self, firsts: &[Place], which: usize) -> Vec<i32> {
        debug_assert!(which < TIMES.len());
        if self.chunks.iter().all(|c| c.time[which].is_empty()) {
            return Vec::new();
        }
        let time = |&(chunk, row): &Place| {
            let times = &self.chunks[chunk as usize].time[which];
            times.get(row as usize).copied().unwrap_or(NO_TIME)
        };
        firsts.par_iter().map(time).collect()
    }

    fn column<T: Copy + Send + Sync>(
        &self,
        places: &[Place],
        column: impl Fn(&Chunk) -> &Vec<T> + Sync,
    ) -> Vec<T> {
        places.par_iter().map(|&p| self.at(p, &column)).collect()
    }
}

/// Texts by number, and the columns of numbers.
#[derive(Default)]
struct Numbered {
    words: Interner,
    word_columns: Vec<Vec<u32>>,
    descriptions: Interner,
    description: Vec<u32>,
}

/// The final number of each block's own numbers, as far as it has been asked for.
struct Known(Vec<Vec<u32>>);

impl Known {
    fn new(chunks: &[Chunk], count: impl Fn(&Chunk) -> usize) -> Known {
        Known(chunks.iter().map(|c| vec![u32::MAX; count(c)]).collect())
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
        let factor = *factors.entry(pair).or_insert_with(|| match context.rates {
            Some(rates) => rates.factor(pair.0, pair.1, pair.2).unwrap_or(f64::NAN),
            None => 1.0,
        });
        let range = parcels.first_line[p] as usize..parcels.first_line[p + 1] as usize;
        let whole = amounts.parcel_value[range.clone()].iter().copied().max().unwrap_or(NO_AMOUNT);
        let by_line = lines.value[range.clone()].iter().all(|&v| v != NO_AMOUNT);
        allocate(lines, range.clone(), &amounts.parcel_value);
        let declared: Money =
            lines.value[range.clone()].iter().fold(0, |sum: Money, v| sum.saturating_add(*v));
        if by_line && whole != NO_AMOUNT && whole != declared {
            parcels.totals.push((p as u32, whole));
        }
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
