//! The lines of all blocks become parcels: sorted, joined by identifier, repeats set aside.
//!
//! The result does not depend on the order of files, blocks or records: lines are ordered by what they say.

use super::block::Context;
use super::party::{Distinct, halves};
use super::records::{Night, Records, WORDS};
use crate::fields::country::Country;
use crate::fields::currency::Currency;
use crate::fields::time::NO_TIME;
use crate::model::batch::Channel;
use crate::model::money::Money;
use crate::model::parcels::{Lines, NO_AMOUNT, Parcels, Shipments};
use crate::model::schema::Column;
use crate::model::text::{Interner, Texts};
use crate::read::Input;
use crate::refdata::regimes::{Basis, Terms};
use hashbrown::HashMap;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A line, by its position among the records.
type Place = u32;
/// A line behind the first bytes of its channel and identifier.
type Keyed = ((u64, u64), Place);

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

/// Joins lines to parcels; records count where their input is `sound`.
pub(super) fn assemble(night: Night, inputs: &[Input], sound: &[bool], context: &Context) -> Assembled {
    let Night { mut records, words, descriptions, consignors, consignees, .. } = night;
    let channels: Vec<Channel> = inputs.iter().map(|input| input.channel).collect();
    let table = |consignor_of, consignee_of| Table {
        records: &records,
        descriptions: &descriptions,
        channels: &channels,
        sound,
        consignor_of,
        consignee_of,
    };
    let ((senders, addressees), sorted) = rayon::join(
        || rayon::join(|| Distinct::of(consignors.into()), || Distinct::of(consignees)),
        || table(&[], &[]).sorted(),
    );
    let mut repeats = Vec::new();
    let mut restated = Restated::new();
    let (order, starts) =
        table(&senders.rank, &addressees.rank).parcels(&sorted, &mut repeats, &mut restated);
    drop(sorted);
    let ((senders, consignor_of), (addressees, consignee_of)) = rayon::join(
        || senders.numbered(order.iter().map(|&place| records.consignor[place as usize])),
        || addressees.numbered(order.iter().map(|&place| records.consignee[place as usize])),
    );
    let said = Said {
        word: std::mem::take(&mut records.word),
        words,
        description: std::mem::take(&mut records.description),
        descriptions,
    };
    let firsts: Vec<Place> = starts[..starts.len() - 1].iter().map(|&s| order[s as usize]).collect();
    let columns =
        Columns { records, channels: &channels, order: &order, firsts: &firsts, consignor_of, consignee_of };
    let (mut shipments, declared) = gather(said, columns, &starts);
    // Last, where the columns that were let go have left room.
    let (terms, (consignors, consignees)) = rayon::join(
        || convert(&mut shipments, &declared, context),
        || rayon::join(|| senders.parties(), || addressees.parties()),
    );
    shipments.parcels.restated = restated;
    shipments.consignors = consignors;
    shipments.consignees = consignees;
    Assembled { shipments, terms, repeats }
}

/// All lines, in the order in which they were read.
struct Table<'a> {
    records: &'a Records,
    descriptions: &'a Texts,
    /// By input.
    channels: &'a [Channel],
    sound: &'a [bool],
    /// By declared party.
    consignor_of: &'a [u32],
    consignee_of: &'a [u32],
}

impl Table<'_> {
    fn id(&self, place: Place) -> &str {
        self.records.id.get(place)
    }
    fn at<T: Copy>(&self, place: Place, column: impl Fn(&Records) -> &Vec<T>) -> T {
        column(self.records)[place as usize]
    }
    fn consignor(&self, place: Place) -> u32 {
        self.consignor_of[self.at(place, |r| &r.consignor) as usize]
    }
    fn consignee(&self, place: Place) -> u32 {
        self.consignee_of[self.at(place, |r| &r.consignee) as usize]
    }
    fn description(&self, place: Place) -> &str {
        self.descriptions.get(self.at(place, |r| &r.description))
    }

    /// Lines by channel and identifier, then by what they say; with the first bytes of both, which tell most apart.
    fn sorted(&self) -> Vec<Keyed> {
        let source = |place: Place| self.at(place, |r| &r.source) as usize;
        let key = |place: Place| {
            let mut key = [0_u8; 16];
            key[0] = self.channels[source(place)] as u8;
            let id = self.id(place).as_bytes();
            let kept = id.len().min(15);
            key[1..1 + kept].copy_from_slice(&id[..kept]);
            (halves(u128::from_be_bytes(key)), place)
        };
        let mut keyed: Vec<Keyed> = (0..self.records.len() as u32).into_par_iter().map(key).collect();
        if !self.sound.iter().all(|sound| *sound) {
            keyed.retain(|keyed| self.sound[source(keyed.1)]);
        }
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
        let source = |p: Place| self.at(p, |c| &c.source);
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
        sorted: &[Keyed],
        repeats: &mut Vec<Repeat>,
        restated: &mut Restated,
    ) -> (Vec<Place>, Vec<u32>) {
        let mut kept: Vec<Place> = Vec::with_capacity(sorted.len());
        let mut starts = Vec::with_capacity(sorted.len() + 1);
        let same = |a: &Keyed, b: &Keyed| {
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
            let source = self.at(place, |c| &c.source);
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
/// needs.
fn gather(said: Said, columns: Columns, starts: &[u32]) -> (Shipments, Declared) {
    let (order, firsts) = (columns.order, columns.firsts);
    let (numbered, (parcels, lines, declared)) =
        rayon::join(|| Numbered::of(&said, firsts, order), || columns.all(starts));
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

/// The records on their way into final order: that of all lines, and that of the first line of each parcel. Each column
/// is let go once it is copied, so that the night is never held twice.
struct Columns<'a> {
    records: Records,
    channels: &'a [Channel],
    order: &'a [Place],
    firsts: &'a [Place],
    /// By declared party.
    consignor_of: Vec<u32>,
    consignee_of: Vec<u32>,
}

impl Columns<'_> {
    /// All columns but those of numbered texts.
    fn all(self, starts: &[u32]) -> (Parcels, Lines, Declared) {
        let Columns { records: r, channels, order, firsts, consignor_of, consignee_of } = self;
        drop((r.record, r.content));
        let source: Vec<u32> = put(r.source, firsts);
        let parcels = Parcels {
            channel: source.par_iter().map(|&source| channels[source as usize]).collect(),
            source,
            id: Texts::of(firsts.iter().map(|&place| r.id.get(place))),
            date: put(r.date, firsts),
            order_date: put(r.order_date, firsts),
            posting_date: put(r.posting_date, firsts),
            consignor: put_through(r.consignor, &consignor_of, firsts),
            consignee: put_through(r.consignee, &consignee_of, firsts),
            destination: put(r.destination, firsts),
            nature: put(r.nature, firsts),
            gross_weight: put(r.gross_weight, firsts),
            currency: put(r.currency, firsts),
            departure: put(r.departure, firsts),
            first_line: starts.to_vec(),
            ..Parcels::default()
        };
        let [sent, departed, arrived] = r.time.map(|time| put_if_any(time, firsts));
        let parcels = Parcels { sent, departed, arrived, ..parcels };
        // Lines come by their numbers, those without one last; a number that stands twice moves on.
        let mut number = put(r.number, order);
        let mut parcel = Vec::with_capacity(order.len());
        for (p, range) in starts.windows(2).enumerate() {
            let mut next = 1;
            for number in &mut number[range[0] as usize..range[1] as usize] {
                next = next.max(*number);
                *number = next;
                parcel.push(p as u32);
                next += 1;
            }
        }
        let lines = Lines {
            parcel,
            number,
            hs: put(r.hs, order),
            origin: put(r.origin, order),
            quantity: put(r.quantity, order),
            net_weight: put(r.net_weight, order),
            value: put(r.value, order),
            allocated: vec![false; order.len()],
            filled: put(r.filled, order),
            unusable: put(r.unusable, order),
            ..Lines::default()
        };
        let declared = Declared {
            parcel_value: put(r.parcel_value, order),
            transport: put(r.transport, firsts),
            insurance: put(r.insurance, firsts),
            insured: put(r.insured, firsts),
        };
        (parcels, lines, declared)
    }
}

/// What a column holds at the places, in their order.
fn put<T: Copy + Send + Sync>(column: Vec<T>, places: &[Place]) -> Vec<T> {
    places.par_iter().map(|&place| column[place as usize]).collect()
}

/// The same, each value a number in another column.
fn put_through(column: Vec<u32>, through: &[u32], places: &[Place]) -> Vec<u32> {
    places.par_iter().map(|&place| through[column[place as usize] as usize]).collect()
}

/// The same of points in time that may end early; none where no record has any.
fn put_if_any(times: Vec<i32>, places: &[Place]) -> Vec<i32> {
    if times.is_empty() {
        return times;
    }
    places.par_iter().map(|&place| times.get(place as usize).copied().unwrap_or(NO_TIME)).collect()
}

/// The texts of the records, distinct within their blocks, and the columns that name them.
struct Said {
    word: [Vec<u32>; WORDS.len()],
    words: Texts,
    description: Vec<u32>,
    descriptions: Texts,
}

/// Texts by number, and the columns of numbers.
struct Numbered {
    words: Texts,
    word_columns: [Vec<u32>; WORDS.len()],
    descriptions: Texts,
    description: Vec<u32>,
}

impl Numbered {
    /// The parcels' words and the lines' descriptions, numbered in the order in which the final tables name them.
    fn of(said: &Said, firsts: &[Place], order: &[Place]) -> Numbered {
        let ((words, word_columns), (descriptions, description)) = rayon::join(
            || {
                let mut all = Interner::default();
                let mut known = vec![u32::MAX; said.words.len()];
                let columns = said.word.each_ref().map(|word| {
                    let numbers = firsts.iter().map(|&place| word[place as usize]);
                    numbers.map(|n| number(n, &mut known, &said.words, &mut all)).collect()
                });
                (all.into_texts(), columns)
            },
            || {
                let mut all = Interner::default();
                let mut known = vec![u32::MAX; said.descriptions.len()];
                let numbers = order.iter().map(|&place| said.description[place as usize]);
                let column = numbers.map(|n| number(n, &mut known, &said.descriptions, &mut all)).collect();
                (all.into_texts(), column)
            },
        );
        Numbered { words, word_columns, descriptions, description }
    }
}

/// The final number of a text, looked up when it is first asked for.
fn number(text: u32, known: &mut [u32], texts: &Texts, all: &mut Interner) -> u32 {
    let slot = &mut known[text as usize];
    if *slot == u32::MAX {
        *slot = all.intern(texts.get(text));
    }
    *slot
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
    let (list, factors) = rules(parcels, context);
    let (first_line, count) = (&parcels.first_line, parcels.len() as u32);
    let range = |p: u32| first_line[p as usize] as usize..first_line[p as usize + 1] as usize;
    let sum = |values: &[Money]| values.iter().fold(0, |sum: Money, v| sum.saturating_add(*v));
    let value = &lines.value;
    let by_line = |p: &u32| value[range(*p)].iter().all(|&v| v != NO_AMOUNT);
    let open: Vec<u32> = (0..count).into_par_iter().filter(|p| !by_line(p)).collect();
    let total = |p: u32| {
        let whole = amounts.parcel_value[range(p)].iter().copied().max().unwrap_or(NO_AMOUNT);
        (whole != NO_AMOUNT && whole != sum(&value[range(p)])).then_some((p, whole))
    };
    parcels.totals = (0..count).into_par_iter().filter(by_line).filter_map(total).collect();
    open.into_iter().for_each(|p| allocate(lines, range(p), &amounts.parcel_value));
    let sums = |value: &[Money]| (0..count).into_par_iter().map(|p| sum(&value[range(p)])).collect();
    parcels.declared = sums(&lines.value);
    let factor_of = |parcel: u32| factors[parcel as usize];
    let lines_of = lines.value.par_iter_mut().zip(&lines.parcel);
    lines_of.for_each(|(value, &parcel)| *value = exchange(*value, factor_of(parcel)));
    let worth: Vec<Money> = sums(&lines.value);
    let turned = |column: &[Money]| -> Vec<Money> {
        let amount = |(&amount, &factor): (&Money, &f64)| match amount {
            NO_AMOUNT => NO_AMOUNT,
            amount => exchange(amount, factor),
        };
        column.par_iter().zip(&factors).map(amount).collect()
    };
    let (transport, insurance) = (turned(&amounts.transport), turned(&amounts.insurance));
    let extra = |v: Money| if v == NO_AMOUNT { 0 } else { v };
    let assessed = |p: usize| match list[parcels.terms[p] as usize].basis {
        Basis::Cif => worth[p].saturating_add(extra(transport[p])).saturating_add(extra(insurance[p])),
        _ => worth[p],
    };
    parcels.assessed = (0..worth.len()).into_par_iter().map(assessed).collect();
    parcels.value = worth;
    parcels.transport = transport;
    parcels.insured = turned(&amounts.insured);
    list
}

/// Gives each parcel its rules: those that occur, and what a unit of each parcel's currency is in that of its rules.
fn rules(parcels: &mut Parcels, context: &Context) -> (Vec<Terms>, Vec<f64>) {
    let mut list: Vec<Terms> = Vec::new();
    let mut known: HashMap<(Country, Channel, Country, i32, Currency), (u32, f64)> = HashMap::new();
    let both = (0..parcels.len()).map(|p| {
        let (destination, channel) = (parcels.destination[p], parcels.channel[p]);
        let (departure, date, currency) = (parcels.departure[p], parcels.date[p], parcels.currency[p]);
        *known.entry((destination, channel, departure, date, currency)).or_insert_with(|| {
            // Records without rules went to quarantine, so there always are some.
            let Some(terms) = context.regimes.terms(destination, channel, departure, date) else {
                return (0, f64::NAN);
            };
            let factor = match context.rates {
                Some(rates) => rates.factor(currency, terms.currency, date).unwrap_or(f64::NAN),
                None => 1.0,
            };
            let found = list.iter().position(|t| *t == terms);
            let number = found.unwrap_or_else(|| {
                list.push(terms);
                list.len() - 1
            });
            (number as u32, factor)
        })
    });
    let (terms, factors) = both.unzip();
    parcels.terms = terms;
    (list, factors)
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
