//! The table of rates: reading and looking up.

use crate::fields::country::Country;
use crate::fields::hs::HsCode;
use crate::refdata::regimes::{Area, CERTAINTIES, Members};
use crate::refdata::sheet::{Row, Sheet, TableError, country, decimal};
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const COLUMNS: &[&str] =
    &["hs_prefix", "country", "origin", "valid_from", "rate_type", "rate", "note", "source", "certainty"];
/// The columns that a user's file must have.
const REQUIRED: usize = 6;
const TYPES: &[(&str, RateType)] = &[("duty", RateType::Duty), ("tax", RateType::Tax)];
/// Longest prefix, in digits.
const LONGEST: u8 = 10;

/// What a rate is charged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RateType {
    /// Customs duty, a share of the value.
    Duty,
    /// Value added tax or its like, a share of value and duty.
    Tax,
}

/// A rate from a day on.
#[derive(Clone, Copy, Debug)]
struct Rate {
    origin: Option<Country>,
    valid_from: i32,
    millionths: i64,
}

/// The rates of one type of one country or union; in every list the latest day comes first.
#[derive(Clone, Debug)]
struct Book {
    /// For all goods.
    general: Vec<Rate>,
    /// By number of digits and prefix.
    special: HashMap<(u8, u64), Vec<Rate>>,
    /// For each chapter, bit n: there are prefixes of n digits in it. Most chapters have none and cost no look-up.
    lengths: [u16; 100],
}

impl Default for Book {
    fn default() -> Self {
        Book { general: Vec::new(), special: HashMap::new(), lengths: [0; 100] }
    }
}

impl Book {
    fn add(&mut self, entry: &Entry) {
        let list = match entry.digits.checked_sub(2) {
            None => &mut self.general,
            Some(rest) => {
                let chapter = usize::try_from(entry.prefix / 10_u64.pow(u32::from(rest))).unwrap_or(0);
                self.lengths[chapter] |= 1 << entry.digits;
                self.special.entry((entry.digits, entry.prefix)).or_default()
            }
        };
        let place = list.partition_point(|rate| rate.valid_from > entry.rate.valid_from);
        list.insert(place, entry.rate);
    }

    /// The number of digits, as bits, of the prefixes in a code's chapter.
    fn lengths(&self, hs: HsCode) -> u16 {
        self.lengths.get(usize::from(hs.chapter())).copied().unwrap_or(0)
    }
}

fn pick(rates: &[Rate], date: i32, origin: Country) -> Option<i64> {
    let of = |wanted: Option<Country>| rates.iter().find(|r| r.valid_from <= date && r.origin == wanted);
    of(Some(origin)).or_else(|| of(None)).map(|rate| rate.millionths)
}

/// Dated rates of duty and tax.
#[derive(Clone, Debug)]
pub struct ChargeRates {
    /// Duty and tax.
    books: HashMap<Area, [Book; 2]>,
    members: Members,
}

/// The books of one country on one day: its own and, behind it, that of its union.
pub(super) struct Books<'a> {
    duty: [Option<&'a Book>; 2],
    tax: [Option<&'a Book>; 2],
}

impl Books<'_> {
    /// The rate for a line, in millionths; 0 where the table has none.
    pub(super) fn rate(&self, rate_type: RateType, date: i32, hs: Option<HsCode>, origin: Country) -> i64 {
        self.find(rate_type, date, hs, origin).unwrap_or(0)
    }

    fn find(&self, rate_type: RateType, date: i32, hs: Option<HsCode>, origin: Country) -> Option<i64> {
        let books = match rate_type {
            RateType::Duty => &self.duty,
            RateType::Tax => &self.tax,
        };
        let books = || books.iter().flatten();
        if let Some(hs) = hs {
            let lengths = books().fold(0, |lengths, book| lengths | book.lengths(hs));
            for digits in (2..=hs.len()).rev().filter(|n| lengths >> n & 1 == 1) {
                let prefix = hs.value() / 10_u64.pow(u32::from(hs.len() - digits));
                let found = books()
                    .filter(|book| book.lengths(hs) >> digits & 1 == 1)
                    .find_map(|book| pick(book.special.get(&(digits, prefix))?, date, origin));
                if found.is_some() {
                    return found;
                }
            }
        }
        books().find_map(|book| pick(&book.general, date, origin))
    }
}

/// One row of the file.
struct Entry {
    area: Area,
    rate_type: RateType,
    digits: u8,
    prefix: u64,
    rate: Rate,
}

impl ChargeRates {
    /// The default that comes with the program: for ranking, not an assessment.
    ///
    /// # Errors
    /// Never for the table as released: its own test reads it.
    pub fn builtin() -> Result<ChargeRates, TableError> {
        ChargeRates::load(None)
    }

    /// The default, with all rows of each country and rate type that the user's file names replaced by those of the file.
    ///
    /// # Errors
    /// Names the file, line and column of the first cell that cannot be used, what was found there and what was expected.
    pub fn load(user_file: Option<&Path>) -> Result<ChargeRates, TableError> {
        let text = include_str!("../data/rates_of_duty.csv");
        let builtin =
            Sheet::new("built-in rates_of_duty.csv".to_owned(), text.as_bytes(), COLUMNS, COLUMNS.len())?;
        let mut entries = read(&builtin)?;
        if let Some(path) = user_file {
            let own = read(&Sheet::open(path, COLUMNS, REQUIRED)?)?;
            let named: BTreeSet<(Area, RateType)> = own.iter().map(|e| (e.area, e.rate_type)).collect();
            entries.retain(|e| !named.contains(&(e.area, e.rate_type)));
            entries.extend(own);
        }
        let mut rates = ChargeRates { books: HashMap::new(), members: Members::builtin()? };
        for entry in entries {
            rates.books.entry(entry.area).or_default()[entry.rate_type as usize].add(&entry);
        }
        Ok(rates)
    }

    /// The books for a country of import on a day.
    pub(super) fn books(&self, country: Country, date: i32) -> Books<'_> {
        let union = self.members.area(country, date);
        let own = self.books.get(&Area::Country(country));
        let union = union.and_then(|area| self.books.get(&area));
        let pair = |of: RateType| [own, union].map(|books| books.map(|books| &books[of as usize]));
        Books { duty: pair(RateType::Duty), tax: pair(RateType::Tax) }
    }

    /// The rate for goods of a code and an origin, as a share; `None` where the table has none.
    pub fn rate(
        &self,
        rate_type: RateType,
        country: Country,
        date: i32,
        hs: Option<HsCode>,
        origin: Country,
    ) -> Option<f64> {
        self.books(country, date).find(rate_type, date, hs, origin).map(|millionths| millionths as f64 / 1e6)
    }

    /// Whether duty and tax of a country are known on a day for goods of any kind and origin; where they are not,
    /// nothing is charged and the caller should say so.
    pub fn covers(&self, country: Country, date: i32) -> bool {
        let books = self.books(country, date);
        let any_origin =
            |book: &&Book| book.general.iter().any(|rate| rate.origin.is_none() && rate.valid_from <= date);
        [books.duty, books.tax].iter().all(|pair| pair.iter().flatten().any(any_origin))
    }
}

fn read(sheet: &Sheet) -> Result<Vec<Entry>, TableError> {
    let mut seen: BTreeMap<(Area, RateType, u8, u64, Option<Country>, i32), u64> = BTreeMap::new();
    sheet
        .rows()
        .map(|row| {
            let entry = entry(row)?;
            let key = (
                entry.area,
                entry.rate_type,
                entry.digits,
                entry.prefix,
                entry.rate.origin,
                entry.rate.valid_from,
            );
            match seen.insert(key, row.line()) {
                Some(line) => Err(row
                    .fault("valid_from", format!("another day than that of the same goods in line {line}"))),
                None => Ok(entry),
            }
        })
        .collect()
}

fn entry(row: Row<'_>) -> Result<Entry, TableError> {
    let prefix = row.get("hs_prefix");
    let expected = "the first 2 to 10 digits of a commodity code, or nothing";
    let digits = u8::try_from(prefix.len()).unwrap_or(u8::MAX);
    let number = if prefix.is_empty() { Some(0) } else { decimal(prefix, 0) };
    let number =
        number.and_then(|n| u64::try_from(n).ok()).filter(|_| digits == 0 || (2..=LONGEST).contains(&digits));
    let origin = match row.get("origin") {
        "" => None,
        text => {
            Some(country(text).ok_or_else(|| row.fault("origin", "an alpha-2 code such as CN, or nothing"))?)
        }
    };
    if !row.get("certainty").is_empty() {
        row.word("certainty", CERTAINTIES)?;
    }
    let (share, decimals) = match row.get("rate").strip_suffix('%') {
        Some(percent) => (percent.trim_end(), 4),
        None => (row.get("rate"), 6),
    };
    let millionths = decimal(share, decimals)
        .filter(|m| *m <= 10_000_000)
        .ok_or_else(|| row.fault("rate", "a share of the value such as 0.12 or 12%, at most 10"))?;
    Ok(Entry {
        area: Area::parse(row.get("country"))
            .ok_or_else(|| row.fault("country", "EU or an ISO 3166-1 alpha-2 code such as DE"))?,
        rate_type: row.word("rate_type", TYPES)?,
        digits,
        prefix: number.ok_or_else(|| row.fault("hs_prefix", expected))?,
        rate: Rate { origin, valid_from: row.day("valid_from")?, millionths },
    })
}
