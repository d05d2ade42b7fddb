//! Which pairs are compared at all: parties that share a key, in blocks that never grow quadratic.
//!
//! The rules are united: building; telephone; mailbox; registration; street and house number; house number and
//! postcode or city; street and postcode or city; the two rarest words of the name, with the place unless the words are
//! rare enough to stand alone, or with the house number; a word of the name with the postcode, the city, the house number
//! or the beginning of a word of the street; that beginning with the house number, the postcode, the city or another. A block of more than
//! `block` members is cut again by each word of the name, and what is still too large is put in the order of names
//! and each member compared with the next `window`. So a party meets a bounded number of others, however
//! large the table. Whom a building brought together does not meet again by a part of the address.

use super::card::{ADDRESS, Card, NAMELESS, Table, eighths, hash, join};
use super::compare::compare_if_names_fit;
use super::settings::{Bits, ResolveSettings};
use rayon::prelude::*;
use std::sync::atomic::{AtomicU8, Ordering};

/// A pair held to be one party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Link {
    /// Weight of the evidence, eighths of a bit.
    pub weight: i32,
    /// The smaller party.
    pub a: u32,
    /// The larger party.
    pub b: u32,
    /// Whether the names agree in every word.
    pub full: bool,
}

/// What the rules gave.
#[derive(Debug, Default)]
pub(super) struct Linked {
    pub links: Vec<Link>,
    pub comparisons: u64,
    pub notes: Vec<String>,
}

/// Two words that together are rarer than this, bits, find each other wherever they stand.
const RARE_PAIR: f32 = 18.0;

/// Words of a name that are keys by themselves.
const KEY_WORDS: usize = 4;
/// Words of a street that are keys, and how many of their first letters: a slip mostly stands behind them.
const STREET_WORDS: usize = 3;
const BEGINNING: usize = 4;

type Entry = (u64, u32);

/// The entries whose key occurs more than once, sorted; key 0 is left out.
pub(super) fn shared(members: &[u32], key: impl Fn(u32) -> u64 + Sync) -> Vec<Entry> {
    let keys: Vec<u64> = members.par_iter().with_min_len(4096).map(|&member| key(member)).collect();
    shared_keys(&keys, |i| members[i])
}

/// As [`shared`], with several keys for each member.
fn shared_keys_of(members: &[u32], each: usize, key: impl Fn(u32, usize) -> u64 + Sync) -> Vec<Entry> {
    let keys: Vec<u64> = members
        .par_iter()
        .with_min_len(4096)
        .flat_map_iter(|&member| (0..each).map(move |word| (member, word)))
        .map(|(member, word)| key(member, word))
        .collect();
    shared_keys(&keys, |i| members[i / each])
}

fn shared_keys(keys: &[u64], member: impl Fn(usize) -> u32 + Sync) -> Vec<Entry> {
    const SEEN: u8 = 1;
    const AGAIN: u8 = 2;
    // Most keys occur once; two bits per hashed key keep them out of the sort.
    let slots = (keys.len() * 4).next_power_of_two().clamp(1024, 1 << 30);
    let seen: Vec<AtomicU8> = (0..slots / 4).map(|_| AtomicU8::new(0)).collect();
    let slot = |key: u64| {
        let place = (key ^ key >> 32) as usize & (slots - 1);
        (&seen[place / 4], place % 4 * 2)
    };
    keys.par_iter().with_min_len(4096).filter(|key| **key != 0).for_each(|&key| {
        let (four, at) = slot(key);
        if four.fetch_or(SEEN << at, Ordering::Relaxed) >> at & SEEN != 0 {
            four.fetch_or(AGAIN << at, Ordering::Relaxed);
        }
    });
    let again = |key: u64| {
        let (four, at) = slot(key);
        four.load(Ordering::Relaxed) >> at & AGAIN != 0
    };
    let mut entries: Vec<Entry> = keys
        .par_iter()
        .enumerate()
        .with_min_len(4096)
        .filter(|(_, key)| **key != 0 && again(**key))
        .map(|(i, &key)| (key, member(i)))
        .collect();
    entries.par_sort_unstable();
    entries
}

/// The groups of two and more among sorted entries.
pub(super) fn groups(entries: &[Entry]) -> impl Iterator<Item = &[Entry]> {
    entries.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1)
}

/// Lowers what a building, a telephone or a mailbox says by the number of names that share it, then compares.
pub(super) fn link(table: &mut Table, members: &[u32], settings: &ResolveSettings, bits: &Bits) -> Linked {
    let mut linked = Linked::default();
    let contacts = &table.contacts;
    let building = shared(members, |party| contacts.building[party as usize]);
    let phone = shared(members, |party| u64::from(table.cards[party as usize].phone));
    let email = shared(members, |party| contacts.email[party as usize]);
    let weights = &settings.weights;
    crowd(table, &building, settings, weights.building_same.bits(), |card| &mut card.building_says);
    crowd(table, &phone, settings, weights.phone_same.bits(), |card| &mut card.phone_says);
    crowd(table, &email, settings, weights.email_same.bits(), |card| &mut card.email_says);

    for (group, number) in groups(&building).zip(1..) {
        let cut = if group.len() > settings.block { CUT } else { 0 };
        // Who names nobody has no address key, and would stand between others in the building alone.
        let nameless = |(_, party): &Entry| table.cards[*party as usize].has(NAMELESS);
        if cut == 0 || !group.iter().any(nameless) {
            group.iter().for_each(|(_, party)| table.cards[*party as usize].home = number | cut);
        }
    }

    let cards = &table.cards;
    let contacts = &table.contacts;
    let mut work = Work { table, settings, bits, homes: Homes::Apart, by_word: false, leave: None };
    work.rule("building", building, &mut linked);
    work.homes = Homes::Whole;
    work.rule("telephone", phone, &mut linked);
    work.rule("mailbox", email, &mut linked);
    work.rule("registration", shared(members, |party| contacts.registration[party as usize]), &mut linked);
    work.leave = Some(settings.block);
    work.rule(
        "street and house number",
        shared(members, |p| address_key(&cards[p as usize], STREET, HOUSE)),
        &mut linked,
    );
    // Neighbours and strangers in the main: only a name in common is worth a look at the street.
    work.by_word = true;
    for (name, one, two) in [
        ("city and house number", CITY, HOUSE),
        ("street and postcode", STREET, POSTCODE),
        ("street and city", STREET, CITY),
    ] {
        work.rule(name, shared(members, |party| address_key(&cards[party as usize], one, two)), &mut linked);
    }
    work.leave = None;
    // Who shares a building with a postcode shares this key, and is no nearer by name among more parties.
    work.homes = Homes::All;
    let entries = shared(members, |party| address_key(&cards[party as usize], POSTCODE, HOUSE));
    work.rule("postcode and house number", entries, &mut linked);
    work.homes = Homes::Whole;
    // A slip in the postcode is caught by the city, and a missing or misspelt city by the postcode.
    for (name, far) in [("name", false), ("name in one city", true)] {
        let entries = shared(members, |party| name_key(&cards[party as usize], far));
        work.rule(name, entries, &mut linked);
    }
    // What is left: slips in several fields at once. Large blocks of these rules hold what others find.
    work.leave = Some(settings.small_block);
    let entries = shared(members, |party| name_and_house_key(&cards[party as usize]));
    work.rule("name and house number", entries, &mut linked);
    // Who gives a telephone, a mailbox or a registration is found by it, however much else is misspelt.
    let contactless: Vec<u32> = (members.iter().copied())
        .filter(|&party| {
            let card = &cards[party as usize];
            card.phone == 0 && card.email == 0 && card.registration == 0
        })
        .collect();
    let members = contactless.as_slice();
    for (name, place) in [("postcode", POSTCODE), ("city", CITY)] {
        let key = |party: u32, word| word_key(&cards[party as usize], word, place);
        work.rule(name, shared_keys_of(members, KEY_WORDS, key), &mut linked);
    }
    let key = |party: u32, word| word_and_house_key(&cards[party as usize], word);
    work.rule("word of the name and house number", shared_keys_of(members, 2, key), &mut linked);
    let entries = shared_keys_of(members, 4, |party, i| words_key(table, party, i / 2, i % 2));
    work.rule("word of the name and word of the street", entries, &mut linked);
    if table.open.any() {
        // Pairs without a whole word of the name in common, which can be one party only in such a night.
        for (name, place) in [("house number", HOUSE), ("postcode", POSTCODE), ("city", CITY)] {
            let key = |party: u32, word| street_key(table, party, word, place);
            work.rule(name, shared_keys_of(members, STREET_WORDS, key), &mut linked);
        }
        let entries = shared_keys_of(members, STREET_WORDS, |party, word| streets_key(table, party, word));
        work.rule("street", entries, &mut linked);
    }
    linked.links.par_sort_unstable_by_key(|link| (std::cmp::Reverse(link.weight), link.a, link.b));
    linked.links.dedup();
    linked
}

/// A part of the address, as a key.
type Place = fn(&Card) -> u32;
const STREET: Place = |card| card.street;
const HOUSE: Place = |card| card.house;
const POSTCODE: Place = |card| card.postcode;
const CITY: Place = |card| card.city;

/// Two parts of the address and the country.
fn address_key(card: &Card, one: Place, two: Place) -> u64 {
    let (one, two) = (one(card), two(card));
    if one == 0 || two == 0 || !card.has(ADDRESS) || card.has(NAMELESS) {
        return 0;
    }
    join([u64::from(one), u64::from(two), u64::from(card.country)])
}

/// The two rarest words and the house number.
fn name_and_house_key(card: &Card) -> u64 {
    match card.rarest() {
        Some((first, second)) if first != second && card.house != 0 && !card.has(NAMELESS) => {
            join([u64::from(card.word[first]), u64::from(card.word[second]), u64::from(card.house), 2])
        }
        _ => 0,
    }
}

/// Hash of the first letters of a word of the street; 0 where there are no more.
fn beginning(table: &Table, party: u32, word: usize) -> u64 {
    let card = &table.cards[party as usize];
    if card.street == 0 || card.has(NAMELESS) {
        return 0;
    }
    let mut words = table.street(party).split(' ').filter_map(|word| word.as_bytes().get(..BEGINNING));
    words.nth(word).map_or(0, hash)
}

/// The first letters of a word of the street, a part of the address and the country.
fn street_key(table: &Table, party: u32, word: usize, place: Place) -> u64 {
    let card = &table.cards[party as usize];
    let (word, place) = (beginning(table, party, word), place(card));
    if word == 0 || place == 0 { 0 } else { join([word, u64::from(place), u64::from(card.country), 3]) }
}

/// The first letters of two words of the street and the country.
fn streets_key(table: &Table, party: u32, word: usize) -> u64 {
    let (one, two) = (beginning(table, party, word), beginning(table, party, word + 1));
    let country = u64::from(table.cards[party as usize].country);
    if one == 0 || two == 0 { 0 } else { join([one, two, country, 5]) }
}

/// One of the two rarest words of the name and the first letters of a word of the street.
fn words_key(table: &Table, party: u32, word: usize, street: usize) -> u64 {
    let (word, street) = (rare_word(&table.cards[party as usize], word), beginning(table, party, street));
    if word == 0 || street == 0 { 0 } else { join([word, street, 4]) }
}

/// One of the two rarest words of the name, the house number and the country.
fn word_and_house_key(card: &Card, word: usize) -> u64 {
    let word = rare_word(card, word);
    let fits = word != 0 && card.house != 0 && !card.has(NAMELESS);
    if fits { join([word, u64::from(card.house), u64::from(card.country), 6]) } else { 0 }
}

/// The rarest word of the name, or the next; 0 where there is none.
fn rare_word(card: &Card, word: usize) -> u64 {
    match card.rarest() {
        Some((first, _)) if word == 0 => u64::from(card.word[first]),
        Some((first, second)) if first != second => u64::from(card.word[second]),
        _ => 0,
    }
}

/// A word of the name, the country and the postcode or city.
fn word_key(card: &Card, word: usize, place: Place) -> u64 {
    let place = place(card);
    if place == 0 || word >= usize::from(card.words) || card.has(NAMELESS) {
        return 0;
    }
    join([u64::from(card.word[word]), u64::from(place), u64::from(card.country)])
}

/// The two rarest words and the country, with the city or the postcode where the words are not rare.
fn name_key(card: &Card, by_city: bool) -> u64 {
    if card.has(NAMELESS) {
        return 0;
    }
    let Some((first, second)) = card.rarest() else { return 0 };
    let words = join([u64::from(card.word[first]), u64::from(card.word[second]), u64::from(card.country)]);
    if first != second && card.bits(first) + card.bits(second) >= RARE_PAIR {
        return if by_city { 0 } else { words };
    }
    let place = if by_city { card.city } else { card.postcode };
    if place == 0 { 0 } else { join([words, u64::from(place), 1]) }
}

fn crowd(
    table: &mut Table,
    entries: &[Entry],
    settings: &ResolveSettings,
    base: f64,
    field: impl Fn(&mut Card) -> &mut u8,
) {
    let weights = &settings.weights;
    let mut names = Vec::new();
    for group in groups(entries) {
        names.clear();
        names.extend(group.iter().map(|(_, party)| table.cards[*party as usize].name));
        names.sort_unstable();
        names.dedup();
        let crowd = (names.len() as f64 / weights.household).max(1.0);
        let says = eighths(base - weights.crowd * crowd.log2());
        for (_, party) in group {
            *field(&mut table.cards[*party as usize]) = says;
        }
    }
}

/// Mark of a building whose parties were too many to compare all.
const CUT: u32 = 1 << 31;

/// Of which buildings pairs need no second look.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Homes {
    /// None yet.
    Apart,
    /// Those whose pairs were all compared.
    Whole,
    /// All.
    All,
}

impl Homes {
    fn have_met(self, a: &Card, b: &Card) -> bool {
        a.home != 0
            && a.home == b.home
            && match self {
                Homes::Apart => false,
                Homes::Whole => a.home & CUT == 0,
                Homes::All => true,
            }
    }
}

struct Work<'a> {
    table: &'a Table,
    settings: &'a ResolveSettings,
    bits: &'a Bits,
    /// Whom a building brought together need not meet again.
    homes: Homes,
    /// Whether a pair must share a word of the name to be looked at.
    by_word: bool,
    /// Size from which on blocks are left to other rules.
    leave: Option<usize>,
}

/// Whether two names have a whole word in common.
pub(super) fn share_a_word(a: &Card, b: &Card) -> bool {
    a.word_hashes().iter().any(|word| b.word_hashes().contains(word))
}

/// What one task found.
#[derive(Default)]
struct Found {
    links: Vec<Link>,
    comparisons: u64,
    /// Blocks too large to compare in full, and the largest.
    cut: usize,
    largest: usize,
}

impl Work<'_> {
    fn rule(&self, name: &str, entries: Vec<Entry>, linked: &mut Linked) {
        let blocks: Vec<&[Entry]> = groups(&entries).collect();
        let found: Vec<Found> = blocks
            .par_chunks(512)
            .map(|blocks| {
                let mut found = Found::default();
                blocks.iter().for_each(|block| self.block(block, &mut found));
                found
            })
            .collect();
        let (mut cut, mut largest) = (0, 0);
        for mut part in found {
            linked.links.append(&mut part.links);
            linked.comparisons += part.comparisons;
            cut += part.cut;
            largest = largest.max(part.largest);
        }
        if cut > 0 {
            let blocks = if cut == 1 { "block" } else { "blocks" };
            linked.notes.push(format!(
                "{cut} {blocks} of one {name} had more than {} parties (the largest {largest}): there only parties that \
                 share a word of the name, or stand next to each other in the order of names, were compared.",
                self.settings.block
            ));
        }
    }

    fn block(&self, block: &[Entry], found: &mut Found) {
        let parties: Vec<u32> = block.iter().map(|(_, party)| *party).collect();
        if parties.len() <= self.leave.unwrap_or(self.settings.block) {
            return self.all_pairs(&parties, found);
        }
        if self.leave.is_some() {
            return;
        }
        found.cut += 1;
        found.largest = found.largest.max(parties.len());
        let mut entries: Vec<Entry> = parties
            .iter()
            .flat_map(|&party| {
                self.table.cards[party as usize]
                    .word_hashes()
                    .iter()
                    .map(move |&word| (u64::from(word), party))
            })
            .collect();
        entries.sort_unstable();
        for group in groups(&entries) {
            // A word that all of the block share cuts nothing.
            let members: Vec<u32> = group.iter().map(|(_, party)| *party).collect();
            if members.len() <= self.settings.block {
                self.all_pairs(&members, found);
            } else if members.len() < parties.len() {
                self.neighbours(members, found);
            }
        }
        self.neighbours(parties, found);
    }

    fn all_pairs(&self, parties: &[u32], found: &mut Found) {
        for (i, &a) in parties.iter().enumerate() {
            for &b in &parties[i + 1..] {
                self.pair(a, b, found);
            }
        }
    }

    /// Compares each with the next ones in the order of names, then addresses, then telephones.
    fn neighbours(&self, parties: Vec<u32>, found: &mut Found) {
        let mut order: Vec<_> = parties
            .into_iter()
            .map(|party| {
                let card = &self.table.cards[party as usize];
                let mut start = [0; 8];
                for (to, from) in start.iter_mut().zip(self.table.name(party).bytes()) {
                    *to = from;
                }
                (start, card.name, card.street, card.house, card.phone, party)
            })
            .collect();
        order.sort_unstable();
        for (i, a) in order.iter().enumerate() {
            for b in order[i + 1..].iter().take(self.settings.window) {
                self.pair(a.5, b.5, found);
            }
        }
    }

    fn pair(&self, a: u32, b: u32, found: &mut Found) {
        let (a, b) = (a.min(b), a.max(b));
        let (one, two) = (&self.table.cards[a as usize], &self.table.cards[b as usize]);
        if self.by_word && !self.table.open.any() && !share_a_word(one, two) || self.homes.have_met(one, two)
        {
            return;
        }
        found.comparisons += 1;
        let Some(comparison) = compare_if_names_fit(self.table, self.bits, a, b) else { return };
        if comparison.is_link(self.settings) {
            let weight = (comparison.strength() * 8.0).round() as i32;
            found.links.push(Link { weight, a, b, full: comparison.names.level.is_full() });
        }
    }
}
