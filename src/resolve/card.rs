//! What is compared of each declared party: its particulars, parsed once and packed.

use super::compare::Open;
use super::frequency::{Counts, Frequencies};
use super::letters::{Letters, Short, short_text};
use super::settings::ResolveSettings;
use super::spelling::Outline;
use crate::fields::address::{Address, Scratch};
use crate::fields::email::email_key;
use crate::fields::name::PartyName;
use crate::fields::phone::phone_key;
use crate::fields::postcode::postcode_key;
use crate::fields::text::{fold, tokens};
use crate::model::entities::Contacts;
use crate::model::parcels::{Particular, Parties};
use rayon::prelude::*;
use std::ops::{Index, IndexMut};
use xxhash_rust::xxh3::xxh3_64;

/// Words of a name that are compared; the hash of the name covers all.
pub(super) const WORDS: usize = 8;
/// Parties parsed by one task; their cards stand together.
const CHUNK: usize = 8192;
/// Tasks whose texts and contacts wait to be added to the others: large tables are never held twice.
const ABREAST: usize = 32;
/// Fewest characters of a registration number.
const REGISTRATION_LETTERS: usize = 5;
/// Length of the random tails that are put behind name and address alike.
const TAIL: std::ops::RangeInclusive<usize> = 4..=6;

/// German floors, which stand where a state may.
const FLOORS: [&str; 6] = ["EG", "OG", "DG", "UG", "KG", "HP"];

/// Flag: the name says that it is a firm.
pub(super) const BUSINESS: u8 = 1;
/// Flag: the address is a parcel locker, parcel shop or post office.
pub(super) const PICKUP: u8 = 2;
/// Flag: the name names nobody.
pub(super) const NAMELESS: u8 = 4;
/// Flag: there is a street, a house number or a box.
pub(super) const ADDRESS: u8 = 8;

/// A party's particulars as short hashes, 0 where absent, and the weights of what is rare or shared by many.
///
/// Three cache lines: most pairs of a block are told apart by the first two, and keys are made of the second alone.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub(super) struct Card {
    /// The words of the name in alphabetical order.
    pub word: [u32; WORDS],
    /// The words' letters.
    pub outline: [Outline; WORDS],

    pub name: u32,
    /// Number of the building's block; 0 where it tells nothing of who has been compared.
    pub home: u32,
    name_len: u8,
    street_len: u8,
    city_len: u8,
    pub words: u8,
    pub flags: u8,
    /// What it says to share this building, telephone, mailbox, street, postcode or city, eighths of a bit.
    pub building_says: u8,
    pub phone_says: u8,
    pub email_says: u8,
    pub street_says: u8,
    pub postcode_says: u8,
    pub city_says: u8,
    /// Form of the registration: its letters and digits as such. A tax number and an EORI of one firm differ in it.
    pub registration_form: u8,
    /// The words' rarity, eighths of a bit.
    pub rarity: [u8; WORDS],
    pub street: u32,
    pub house: u32,
    pub unit: u32,
    pub postcode: u32,
    pub city: u32,
    pub phone: u32,
    pub email: u32,
    pub registration: u32,
    pub country: u16,
    /// The state or province behind the address.
    pub region: u16,

    /// The pairs of letters in the street's words.
    pub street_letters: Letters,
    /// The house number and the postcode themselves, to see slips in them.
    pub house_text: Short,
    pub postcode_text: Short,
    /// The first and the last word as written; given name and surname as a rule.
    pub first_word: u32,
    pub last_word: u32,
    text: u32,
}

const _: () = assert!(size_of::<Card>() == 192, "three cache lines");

impl Card {
    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
    /// The rarity of a word, bits.
    pub(super) fn bits(&self, word: usize) -> f32 {
        f32::from(self.rarity[word]) / 8.0
    }
    /// The hashes of the words.
    pub(super) fn word_hashes(&self) -> &[u32] {
        &self.word[..usize::from(self.words)]
    }
    /// Positions of the two rarest words, the rarest first; ties go to the smaller hash. The same position twice
    /// where there is one word only.
    pub(super) fn rarest(&self) -> Option<(usize, usize)> {
        let order = |i: usize| (std::cmp::Reverse(self.rarity[i]), self.word[i]);
        let first = (0..usize::from(self.words)).min_by_key(|&i| order(i))?;
        let second = (0..usize::from(self.words)).filter(|&i| i != first).min_by_key(|&i| order(i));
        Some((first, second.unwrap_or(first)))
    }
}

/// A hash that is never 0.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    xxh3_64(bytes).max(1)
}

/// 32 bits of a hash, never 0.
pub(super) fn short_hash(bytes: &[u8]) -> u32 {
    short(hash(bytes))
}

fn short(hash: u64) -> u32 {
    if hash == 0 { 0 } else { ((hash >> 32) as u32).max(1) }
}

/// One hash of several, in their order.
pub(super) fn join<const N: usize>(parts: [u64; N]) -> u64 {
    let mut hash = 0x9E37_79B9_7F4A_7C15_u64;
    for part in parts {
        hash = (hash ^ part).wrapping_mul(0xA076_1D64_78BD_642F);
        hash ^= hash >> 29;
    }
    hash.max(1)
}

/// Weight in eighths of a bit.
pub(super) fn eighths(bits: f64) -> u8 {
    (bits * 8.0).round().clamp(0.0, 255.0) as u8
}

/// Cards by party, in pieces: room for one large table would have to be found in one place.
pub(super) struct Cards(Vec<Vec<Card>>);

impl Index<usize> for Cards {
    type Output = Card;
    fn index(&self, party: usize) -> &Card {
        &self.0[party / CHUNK][party % CHUNK]
    }
}

impl IndexMut<usize> for Cards {
    fn index_mut(&mut self, party: usize) -> &mut Card {
        &mut self.0[party / CHUNK][party % CHUNK]
    }
}

/// The cards of all parties of one role, with the texts that near-misses are looked up in.
pub(super) struct Table {
    pub cards: Cards,
    /// Hash of everything on the card: equal where two declarations differ in their writing alone.
    pub identity: Vec<u64>,
    pub contacts: Contacts,
    /// Rarity at which a word may be a slip of the pen for another, bits.
    pub rare: f32,
    /// Doubtful names that can be one party this night.
    pub open: Open,
    /// Whether the odds of the night are being learnt, for which every level counts.
    pub learning: bool,
    texts: Vec<String>,
}

impl Table {
    /// Parses every party.
    pub(super) fn new(parties: &Parties) -> Table {
        let count = parties.len();
        let chunks = count.div_ceil(CHUNK);
        let mut table = Table {
            cards: Cards(Vec::with_capacity(chunks)),
            identity: Vec::with_capacity(count),
            contacts: room_for(count),
            rare: 0.0,
            open: Open::default(),
            learning: false,
            texts: Vec::with_capacity(chunks),
        };
        let read = |chunk: usize| Chunk::read(parties, chunk * CHUNK..((chunk + 1) * CHUNK).min(count));
        for first in (0..chunks).step_by(ABREAST) {
            let some: Vec<Chunk> = (first..chunks.min(first + ABREAST)).into_par_iter().map(read).collect();
            for chunk in some {
                table.cards.0.push(chunk.cards);
                table.identity.extend_from_slice(&chunk.identity);
                append(&mut table.contacts, &chunk.contacts);
                table.texts.push(chunk.text);
            }
        }
        table
    }

    pub(super) fn len(&self) -> usize {
        self.cards.0.iter().map(Vec::len).sum()
    }

    fn slice(&self, party: u32, start: usize, len: u8) -> &str {
        let begin = self.cards[party as usize].text as usize + start;
        self.texts[party as usize / CHUNK].get(begin..begin + usize::from(len)).unwrap_or("")
    }
    /// The words of the name in alphabetical order.
    pub(super) fn name(&self, party: u32) -> &str {
        self.slice(party, 0, self.cards[party as usize].name_len)
    }
    /// The words of the street in alphabetical order.
    pub(super) fn street(&self, party: u32) -> &str {
        let card = &self.cards[party as usize];
        self.slice(party, usize::from(card.name_len), card.street_len)
    }

    /// The city, folded.
    pub(super) fn city(&self, party: u32) -> &str {
        let card = &self.cards[party as usize];
        self.slice(party, usize::from(card.name_len) + usize::from(card.street_len), card.city_len)
    }

    /// Weighs words, streets, postcodes and cities by how many of `representatives` carry them.
    pub(super) fn weigh(&mut self, representatives: &[u32], settings: &ResolveSettings) {
        let weights = &settings.weights;
        let counts = Counts::new(representatives.len());
        representatives.par_iter().with_min_len(4096).for_each(|&party| {
            let card = &self.cards[party as usize];
            for &word in card.word_hashes().iter().chain([&card.street, &card.postcode, &card.city]) {
                if word != 0 {
                    counts.add(word);
                }
            }
        });
        let frequencies = Frequencies::new(representatives.len(), weights);
        self.rare = eighths(frequencies.rare()) as f32 / 8.0;
        let place = |word: u32, most: f64| {
            let bits = if word == 0 { 0.0 } else { frequencies.bits(word, counts.get(word)) };
            eighths(bits.min(most))
        };
        let (phone, email) = (weights.phone_same.bits(), weights.email_same.bits());
        let building = weights.building_same.bits();
        self.cards.0.par_iter_mut().flatten_iter().for_each(|card| {
            for i in 0..usize::from(card.words) {
                card.rarity[i] = eighths(frequencies.bits(card.word[i], counts.get(card.word[i])));
            }
            card.street_says = place(card.street, weights.street_most);
            card.postcode_says = place(card.postcode, weights.place_most_near);
            card.city_says = place(card.city, weights.place_most_near);
            card.building_says = eighths(building);
            card.phone_says = eighths(phone);
            card.email_says = eighths(email);
        });
    }
}

fn room_for(parties: usize) -> Contacts {
    Contacts {
        name: Vec::with_capacity(parties),
        building: Vec::with_capacity(parties),
        dwelling: Vec::with_capacity(parties),
        phone: Vec::with_capacity(parties),
        email: Vec::with_capacity(parties),
        registration: Vec::with_capacity(parties),
        business: Vec::with_capacity(parties),
        pickup: Vec::with_capacity(parties),
        nameless: Vec::with_capacity(parties),
    }
}

fn append(all: &mut Contacts, more: &Contacts) {
    all.name.extend_from_slice(&more.name);
    all.building.extend_from_slice(&more.building);
    all.dwelling.extend_from_slice(&more.dwelling);
    all.phone.extend_from_slice(&more.phone);
    all.email.extend_from_slice(&more.email);
    all.registration.extend_from_slice(&more.registration);
    all.business.extend_from_slice(&more.business);
    all.pickup.extend_from_slice(&more.pickup);
    all.nameless.extend_from_slice(&more.nameless);
}

/// Buffers reused from party to party.
#[derive(Default)]
struct Buffers {
    name: String,
    address: Scratch,
    city: String,
    registration: String,
    key: Vec<u8>,
}

#[derive(Default)]
struct Chunk {
    cards: Vec<Card>,
    identity: Vec<u64>,
    contacts: Contacts,
    text: String,
}

impl Chunk {
    fn read(parties: &Parties, range: std::ops::Range<usize>) -> Chunk {
        let mut chunk = Chunk::default();
        let mut buffers = Buffers::default();
        chunk.cards.reserve_exact(range.len());
        for party in range {
            chunk.party(parties, party as u32, &mut buffers);
        }
        chunk
    }

    fn party(&mut self, parties: &Parties, party: u32, buffers: &mut Buffers) {
        let mut card = Card { text: self.text.len() as u32, ..Card::default() };
        let (name, address) = without_common_tail(
            parties.get(party, Particular::Name),
            parties.get(party, Particular::Address),
        );

        let name_text = name;
        let name = PartyName::parse(name, &mut buffers.name);
        let name_hash = self.name(&name, &mut card);
        (card.first_word, card.last_word) = ends(name_text, &mut buffers.city);

        fold(parties.get(party, Particular::City), &mut buffers.city);
        let city =
            Some(buffers.city.as_str()).filter(|city| !city.is_empty()).map_or(0, |c| hash(c.as_bytes()));
        let postcode = postcode_key(parties.get(party, Particular::Postcode));
        let postcode = postcode.as_deref().map_or("", short_postcode);
        let postcode_hash = if postcode.is_empty() { 0 } else { hash(postcode.as_bytes()) };
        let country = parties.get(party, Particular::Country).trim().as_bytes();
        card.country = match country {
            [a, b, ..] => u16::from_be_bytes([a.to_ascii_uppercase(), b.to_ascii_uppercase()]),
            _ => 0,
        };

        let (address, region) = without_region(address);
        card.region = region;
        let mut address = Address::parse(address, &mut buffers.address);
        if address.has_padded_zero() {
            let text = parties.get(party, Particular::Address).trim();
            address = Address::parse(text.strip_suffix('0').unwrap_or(text), &mut buffers.address);
        }
        let locality = if postcode_hash != 0 { postcode_hash } else { city };
        let place = Place { city: &buffers.city, postcode, locality };
        let (building, dwelling) = self.address(&address, &place, &mut buffers.key, &mut card);
        card.postcode_text = short_text(postcode);
        card.city_len = buffers.city.len().min(usize::from(u8::MAX)) as u8;
        self.text.push_str(buffers.city.get(..usize::from(card.city_len)).unwrap_or(""));

        let phone = phone_key(parties.get(party, Particular::Phone));
        card.phone = phone.map_or(0, |key| (key as u32).max(1));
        let email = email_key(parties.get(party, Particular::Email)).map_or(0, |key| hash(key.as_bytes()));
        let registration = registration(parties.get(party, Particular::Id), &mut buffers.registration);
        card.registration_form = if registration == 0 { 0 } else { form(&buffers.registration) };
        card.postcode = short(postcode_hash);
        card.city = short(city);
        card.email = short(email);
        card.registration = short(registration);

        let contact = building != 0 && card.house != 0 || card.phone != 0 || email != 0 || registration != 0;
        // Without any contact, declarations that read alike need not be one person's.
        self.identity.push(if contact && !name.is_placeholder() {
            let place = join([u64::from(card.street), u64::from(card.house), u64::from(card.unit)]);
            let country = u64::from(card.country) << 16 | u64::from(card.region);
            let locality = join([postcode_hash, city, country, dwelling]);
            join([name_hash, place, locality, u64::from(card.phone), email, registration])
        } else {
            0
        });
        let contacts = &mut self.contacts;
        contacts.name.push(if name.is_placeholder() { 0 } else { name_hash });
        contacts.building.push(building);
        contacts.dwelling.push(dwelling);
        contacts.phone.push(phone.map_or(0, |key| hash(&key.to_le_bytes())));
        contacts.email.push(email);
        contacts.registration.push(registration);
        contacts.business.push(name.is_business());
        contacts.pickup.push(address.is_pickup_point());
        contacts.nameless.push(name.is_placeholder());
        self.cards.push(card);
    }

    /// Notes the words of a name and returns the hash of all of them.
    fn name(&mut self, name: &PartyName, card: &mut Card) -> u64 {
        let start = self.text.len();
        let mut last = "";
        for word in name.tokens() {
            if std::mem::replace(&mut last, word) == word {
                continue;
            }
            let gap = usize::from(self.text.len() > start);
            let count = usize::from(card.words);
            if count < WORDS && self.text.len() - start + gap + word.len() <= usize::from(u8::MAX) {
                if gap == 1 {
                    self.text.push(' ');
                }
                self.text.push_str(word);
                card.word[count] = short_hash(word.as_bytes());
                card.outline[count] = Outline::of(word);
                card.words += 1;
            }
        }
        card.name_len = (self.text.len() - start) as u8;
        let hash = if name.key().is_empty() { 0 } else { hash(name.key().as_bytes()) };
        card.name = short(hash);
        if name.is_business() {
            card.flags |= BUSINESS;
        }
        if name.is_placeholder() {
            card.flags |= NAMELESS;
        }
        hash
    }

    /// Notes the parts of an address and returns the hashes of the building and of the dwelling.
    fn address(
        &mut self,
        address: &Address,
        place: &Place,
        key: &mut Vec<u8>,
        card: &mut Card,
    ) -> (u64, u64) {
        let start = self.text.len();
        let mut words = [""; 32];
        let mut count = 0;
        let known =
            |word: &str| word.eq_ignore_ascii_case(place.postcode) || tokens(place.city).any(|c| c == word);
        for spared in [true, false] {
            for word in tokens(address.street_key()).filter(|word| !(spared && known(word))).take(words.len())
            {
                words[count] = word;
                count += 1;
            }
            if count > 0 {
                break;
            }
        }
        words[..count].sort_unstable();
        for word in &words[..count] {
            let gap = usize::from(self.text.len() > start);
            if self.text.len() - start + gap + word.len() <= usize::from(u8::MAX) {
                if gap == 1 {
                    self.text.push(' ');
                }
                self.text.push_str(word);
            }
        }
        card.street_len = (self.text.len() - start) as u8;
        let street = &self.text[start..];
        card.street_letters = Letters::of(street);
        card.house_text = short_text(address.po_box().or(address.house_number()).unwrap_or(""));
        let part = |text: Option<&str>| text.map_or(0, |text| hash(text.as_bytes()));
        let (house, unit) = (part(address.house_number()), part(address.unit()));
        let po_box = part(address.po_box());
        let street = if street.is_empty() { 0 } else { hash(street.as_bytes()) };
        card.street = short(street);
        // A box is where its mail goes, whatever street stands beside it.
        card.house = if po_box != 0 { short(join([po_box, 1])) } else { short(house) };
        if po_box != 0 {
            card.street = short(join([po_box, 2]));
        }
        card.unit = short(unit);
        if address.is_pickup_point() {
            card.flags |= PICKUP;
        }
        if card.street != 0 || card.house != 0 {
            card.flags |= ADDRESS;
        }
        if card.street == 0 || place.locality == 0 {
            return (0, 0);
        }
        key.clear();
        let country = u64::from(card.country);
        let where_ = if po_box != 0 { [po_box, 3] } else { [street, house] };
        for part in [country, place.locality].into_iter().chain(where_) {
            key.extend_from_slice(&part.to_le_bytes());
        }
        let building = hash(key);
        (building, if unit == 0 { building } else { join([building, unit]) })
    }
}

/// What is known of the place apart from the address.
struct Place<'a> {
    city: &'a str,
    postcode: &'a str,
    locality: u64,
}

/// The first five digits of a nine-digit postcode, which names the delivery route as well (ZIP+4).
fn short_postcode(key: &str) -> &str {
    if key.len() == 9 && key.bytes().all(|b| b.is_ascii_digit()) { &key[..5] } else { key }
}

/// Cuts the word that stands last in both name and address: what is put behind both to make a person's parcels
/// differ, where it does not look random by itself. A name keeps at least two words.
fn without_common_tail<'a>(name: &'a str, address: &'a str) -> (&'a str, &'a str) {
    let (name, address) = (name.trim(), address.trim());
    let split = |text: &'a str| text.rsplit_once(char::is_whitespace);
    match (split(name), split(address)) {
        (Some((before, tail)), Some((rest, same)))
            if tail == same && TAIL.contains(&tail.len()) && before.split_whitespace().nth(1).is_some() =>
        {
            (before, rest)
        }
        _ => (name, address),
    }
}

/// Cuts the state or province off an address, two or three capital letters behind its last comma; 0 where there is none.
fn without_region(address: &str) -> (&str, u16) {
    let (rest, last) = address.rsplit_once(',').unwrap_or(("", address));
    let letters = last.trim().as_bytes();
    let fits = (2..=3).contains(&letters.len()) && letters.iter().all(u8::is_ascii_uppercase);
    if !fits || FLOORS.contains(&last.trim()) {
        return (address, 0);
    }
    (rest, letters.iter().fold(0, |number, letter| number << 5 | u16::from(letter & 31)))
}

/// Hashes of the first and the last word of a name as written; what stands before a comma stands last.
fn ends(name: &str, buffer: &mut String) -> (u32, u32) {
    fold(name, buffer);
    let mut words = tokens(buffer).map(|word| short_hash(word.as_bytes()));
    let first = words.next().unwrap_or(0);
    let last = words.last().unwrap_or(first);
    if name.contains(',') { (last, first) } else { (first, last) }
}

/// Hash of a registration's letters and digits; 0 where it is too short or a filler.
fn registration(text: &str, buffer: &mut String) -> u64 {
    if text.is_empty() {
        return 0;
    }
    buffer.clear();
    buffer.extend(text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()));
    let mut kinds = [false; 128];
    buffer.bytes().for_each(|b| kinds[usize::from(b)] = true);
    let distinct = kinds.iter().filter(|seen| **seen).count();
    let digits = buffer.bytes().any(|b| b.is_ascii_digit());
    if buffer.len() < REGISTRATION_LETTERS || distinct < 3 || !digits { 0 } else { hash(buffer.as_bytes()) }
}

/// A short hash of which characters are letters and which are digits; a country's letters at the start count as such.
fn form(registration: &str) -> u8 {
    let start = registration.bytes().take_while(u8::is_ascii_alphabetic).count().min(2);
    let kinds = registration.bytes().enumerate().map(|(i, b)| match b {
        b if i < start => u64::from(b),
        b if b.is_ascii_digit() => 1,
        _ => 2,
    });
    kinds
        .fold(7_u64, |hash, kind| hash.wrapping_mul(0x100_0000_01B3) ^ kind)
        .to_le_bytes()
        .into_iter()
        .fold(0, |all, byte| all ^ byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_behind_the_address() {
        for address in ["12 Main St, NSW", "12 Main St ,NSW ", "NSW"] {
            let (rest, region) = without_region(address);
            assert_eq!(
                (rest.trim(), region),
                (if address == "NSW" { "" } else { "12 Main St" }, 14 << 10 | 19 << 5 | 23)
            );
        }
        assert_ne!(without_region("12 Main St, NSW").1, without_region("12 Main St, VIC").1);
        for address in
            ["12 Main St", "12 Main St, Flat B", "12 Main St, Oak", "Ringstr. 5, OG", "12 Main St, B2", ""]
        {
            assert_eq!(without_region(address), (address, 0));
        }
    }
}
