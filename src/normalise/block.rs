//! One block of raw records becomes typed lines; a record that cannot be used becomes a reject.

use super::cells::{Cells, Memo, Words};
use super::party::{LocalParties, PartyCells};
use super::records::{Records, TIMES, WORDS};
use crate::fields::country::{Country, parse_country};
use crate::fields::currency::{Currency, parse_currency};
use crate::fields::date::{parse_date, plausible};
use crate::fields::hs::{HsCode, parse_hs};
use crate::fields::nature::{Nature, parse_nature};
use crate::fields::number::{money_from_f64, parse_money, parse_number};
use crate::fields::time::{Between, NO_TIME, parse_time};
use crate::model::batch::{RawBatch, Reject};
use crate::model::money::Money;
use crate::model::parcels::{NO_AMOUNT, NO_DAY};
use crate::model::schema::Column;
use crate::model::text::Interner;
use crate::read::raw_text;
use crate::refdata::rates::Rates;
use crate::refdata::regimes::{Regimes, Terms};
use hashbrown::HashMap;

/// A date of presentation may lie this many days before the night's date.
const PAST_DAYS: i32 = 1_100;
/// A date of presentation may lie this many days after the night's date.
const FUTURE_DAYS: i32 = 60;
/// Heaviest parcel believed, kg; customs systems refuse more in a low-value declaration.
const HEAVIEST_KG: f64 = 100_000.0;

/// What normalising needs to know besides the records.
pub struct Context<'a> {
    /// Exchange rates; where none are given, no amount is refused for its currency, nor turned into another.
    pub rates: Option<&'a Rates>,
    /// The dated law.
    pub regimes: &'a Regimes,
    /// Country of import of every record; the addressee's country where it is not given.
    pub destination: Option<Country>,
    /// The night, days since 1970-01-01.
    pub night: i32,
}

/// Typed lines of one block.
pub(super) struct Chunk {
    pub(super) rejects: Vec<Reject>,
    pub(super) records: Records,
    pub(super) words: Interner,
    pub(super) descriptions: Interner,
    pub(super) consignors: LocalParties,
    pub(super) consignees: LocalParties,
}

impl Chunk {
    /// Reads a block.
    pub(super) fn read(batch: RawBatch, context: &Context) -> Chunk {
        let mut chunk = Chunk {
            rejects: Vec::new(),
            records: Records::with_room(batch.len()),
            words: Interner::default(),
            descriptions: Interner::default(),
            consignors: LocalParties::default(),
            consignees: LocalParties::default(),
        };
        let mut columns = Columns::new(&batch, context);
        for row in by_identifier(&batch) {
            if let Err((field, reason)) = columns.line(row, &mut chunk) {
                chunk.rejects.push(Reject {
                    source: batch.source,
                    record: batch.records[row],
                    field: field.name().to_owned(),
                    reason,
                    raw: raw_text(&batch, row),
                });
            }
        }
        chunk.rejects.extend(batch.rejects.iter().cloned());
        chunk
    }
}

/// The rows of a block by the first letters of their identifiers: parcels are put in that order in the end, and what is
/// gathered for them from many blocks then stands together in each.
fn by_identifier(batch: &RawBatch) -> impl Iterator<Item = usize> {
    let ids = Cells::new(batch, Column::ParcelId);
    let key = |row: usize| {
        let id = ids.text(row).unwrap_or_default().as_bytes();
        let mut key = [0_u8; 16];
        let kept = id.len().min(16);
        key[..kept].copy_from_slice(&id[..kept]);
        u128::from_be_bytes(key)
    };
    let mut rows: Vec<(u128, u32)> = (0..batch.len()).map(|row| (key(row), row as u32)).collect();
    rows.sort_unstable();
    rows.into_iter().map(|(_, row)| row as usize)
}

/// A field that makes its record unusable, and why.
type Fault = (Column, String);

/// The columns of a block, ready to be read row by row.
struct Columns<'a> {
    batch: &'a RawBatch,
    context: &'a Context<'a>,
    id: Cells<'a>,
    date: Memo<'a, Option<i32>>,
    order_date: Memo<'a, Option<i32>>,
    posting_date: Memo<'a, Option<i32>>,
    line_number: Cells<'a>,
    consignor: PartyCells<'a>,
    consignee: PartyCells<'a>,
    departure: Memo<'a, Option<Country>>,
    destination: Memo<'a, Option<Country>>,
    nature: Memo<'a, Nature>,
    description: Words<'a>,
    hs: Memo<'a, Option<HsCode>>,
    origin: Memo<'a, Option<Country>>,
    currency: Memo<'a, Option<Currency>>,
    no_value: Memo<'a, NoValue>,
    times: [Memo<'a, Option<Between>>; TIMES.len()],
    numbers: [Cells<'a>; 3],
    amounts: [Cells<'a>; 5],
    words: [Words<'a>; WORDS.len()],
    /// The columns that the block has.
    all: Vec<(Column, Cells<'a>)>,
    /// Hash of each cell of the row at hand, 0 where it is empty.
    hashes: [u64; Column::COUNT],
    terms: HashMap<(Country, Country, i32), Option<Currency>>,
    rate: HashMap<(Currency, Currency, i32), bool>,
}

/// Quantities that must be above 0 where they are given.
const NUMBERS: [Column; 3] = [Column::Quantity, Column::NetWeightKg, Column::GrossWeightKg];
/// Amounts of money that must not be below 0.
const AMOUNTS: [Column; 5] =
    [Column::Value, Column::ParcelValue, Column::TransportCost, Column::InsuranceCost, Column::InsuredValue];

impl<'a> Columns<'a> {
    fn new(batch: &'a RawBatch, context: &'a Context<'a>) -> Self {
        let cells = |column| Cells::new(batch, column);
        Columns {
            batch,
            context,
            id: cells(Column::ParcelId),
            date: Memo::new(batch, Column::Date),
            order_date: Memo::new(batch, Column::OrderDate),
            posting_date: Memo::new(batch, Column::PostingDate),
            line_number: cells(Column::LineNumber),
            consignor: PartyCells::consignor(batch),
            consignee: PartyCells::consignee(batch),
            departure: Memo::new(batch, Column::ConsignorCountry),
            destination: Memo::new(batch, Column::ConsigneeCountry),
            nature: Memo::new(batch, Column::Nature),
            description: Words::new(batch, Column::Description),
            hs: Memo::new(batch, Column::HsCode),
            origin: Memo::new(batch, Column::OriginCountry),
            currency: Memo::new(batch, Column::Currency),
            no_value: Memo::new(batch, Column::NoCustomsValue),
            times: TIMES.map(|c| Memo::new(batch, c)),
            numbers: NUMBERS.map(cells),
            amounts: AMOUNTS.map(cells),
            words: WORDS.map(|c| Words::new(batch, c)),
            all: batch.present().map(|c| (c, Cells::hashed(batch, c))).collect(),
            hashes: [0; Column::COUNT],
            terms: HashMap::new(),
            rate: HashMap::new(),
        }
    }

    /// Reads the record of a row into the chunk, or says which field forbids it.
    fn line(&mut self, row: usize, chunk: &mut Chunk) -> Result<(), Fault> {
        let mut unusable = 0_u64;
        let id = required(self.id.text(row), Column::ParcelId, "an item identifier or house waybill number")?;
        let date = self.presentation(row)?;
        let number = self.line_number(row)?;
        let (content, mut filled) = self.hash(row);
        let given = |column: Column| (filled >> column as u64 & 1 == 1).then_some("");
        required(given(Column::ConsignorName), Column::ConsignorName, "the sender's name")?;
        required(given(Column::ConsigneeName), Column::ConsigneeName, "the addressee's name")?;
        let departure = country(&mut self.departure, row, Column::ConsignorCountry)?;
        let declared_destination = country(&mut self.destination, row, Column::ConsigneeCountry)?;
        let destination = self.context.destination.unwrap_or(declared_destination);
        required(self.description.text(row), Column::Description, "a description of the goods")?;
        let [quantity, net_weight, gross_weight] = self.weights(row)?;
        let no_value = self.no_value.get(row, |t| Some(NoValue::read(t))).unwrap_or(NoValue::Declared);
        if no_value != NoValue::Said {
            filled &= !(1 << Column::NoCustomsValue as u64);
        }
        let mut amounts = self.money(row)?;
        let currency = if amounts[0] == NO_AMOUNT && amounts[1] == NO_AMOUNT {
            if no_value == NoValue::Declared {
                let reason = "neither `value` nor `parcel_value` is given; expected one, or `no_customs_value` where the \
                              record says that none is declared";
                return Err((Column::Value, reason.into()));
            }
            self.unvalued_currency(row, (destination, departure, date), &mut amounts)?
        } else {
            let currency = self.currency(row)?;
            self.convertible(destination, departure, date, currency)?;
            currency
        };
        let [value, parcel_value, transport, insurance, insured] = amounts;

        let mut optional = |memo: Option<bool>, column: Column| {
            if memo == Some(false) {
                unusable |= 1 << column as u64;
            }
        };
        let hs = self.hs.get(row, |t| Some(parse_hs(t).ok()));
        optional(hs.map(|v| v.is_some()), Column::HsCode);
        let origin = self.origin.get(row, |t| Some(parse_country(t).ok()));
        optional(origin.map(|v| v.is_some()), Column::OriginCountry);
        let order_date = day(&mut self.order_date, row);
        optional(order_date.map(|v| v.is_some()), Column::OrderDate);
        let posting_date = day(&mut self.posting_date, row);
        optional(posting_date.map(|v| v.is_some()), Column::PostingDate);
        let nature = self.nature.get(row, |t| Some(parse_nature(t)));
        optional(nature.map(|v| v != Nature::Unknown), Column::Nature);

        let Chunk { records, words, descriptions, consignors, consignees, .. } = chunk;
        for (i, (memo, column)) in self.times.iter_mut().zip(TIMES).enumerate() {
            let time = memo.get(row, |t| Some(parse_time(t)));
            optional(time.map(|v| v.is_some()), column);
            let Some(Some(time)) = time else {
                if !records.time[i].is_empty() {
                    records.time[i].push(NO_TIME);
                }
                continue;
            };
            // What came before told nothing.
            records.time[i].resize(records.record.len(), NO_TIME);
            let late = column != Column::MessageTime;
            records.time[i].push(if late { time.latest } else { time.earliest });
        }
        records.source.push(self.batch.source);
        records.record.push(self.batch.records[row]);
        records.id.push(id);
        records.content.push(content);
        records.number.push(number);
        records.date.push(date);
        records.order_date.push(order_date.flatten().unwrap_or(NO_DAY));
        records.posting_date.push(posting_date.flatten().unwrap_or(NO_DAY));
        for (numbers, cells) in records.word.iter_mut().zip(&mut self.words) {
            numbers.push(cells.intern(row, words));
        }
        records.consignor.push(self.consignor.intern(row, &self.hashes, consignors));
        records.consignee.push(self.consignee.intern(row, &self.hashes, consignees));
        records.departure.push(departure);
        records.destination.push(destination);
        records.nature.push(nature.unwrap_or_default());
        records.description.push(self.description.intern(row, descriptions));
        records.hs.push(hs.flatten());
        records.origin.push(origin.flatten().unwrap_or(departure));
        records.quantity.push(quantity);
        records.net_weight.push(net_weight);
        records.gross_weight.push(gross_weight);
        records.currency.push(currency);
        records.value.push(value);
        records.parcel_value.push(parcel_value);
        records.transport.push(transport);
        records.insurance.push(insurance);
        records.insured.push(insured);
        records.filled.push(filled);
        records.unusable.push(unusable);
        Ok(())
    }

    /// Hashes the row's cells; a hash of all that the record says, and the columns that it fills.
    fn hash(&mut self, row: usize) -> (u64, u64) {
        let (mut content, mut filled) = (0_u64, 0_u64);
        for (column, cells) in &self.all {
            let hash = cells.hash(row);
            self.hashes[*column as usize] = hash;
            if hash != 0 {
                filled |= 1 << *column as u64;
                // Position matters: the same text in another column is another record.
                content = content.wrapping_add(mix(hash ^ MARK.wrapping_mul(*column as u64 + 1)));
            }
        }
        (content, filled)
    }

    fn presentation(&mut self, row: usize) -> Result<i32, Fault> {
        let fault = |reason: String| (Column::Date, reason);
        let date = match self.date.day(row) {
            Some(day) => day,
            None => match self.date.get(row, |t| Some(parse_date(t).ok())) {
                Some(Some(day)) => day,
                Some(None) => {
                    let text = self.date.text(row).unwrap_or_default();
                    return Err(fault(parse_date(text).err().map_or(String::new(), |e| e.to_string())));
                }
                None => return Err(fault("the date is empty; expected the day of presentation".into())),
            },
        };
        if plausible(date, self.context.night, PAST_DAYS, FUTURE_DAYS) {
            return Ok(date);
        }
        let distance = i64::from(date) - i64::from(self.context.night);
        let side = if distance > 0 { "after" } else { "before" };
        Err(fault(format!(
            "the date lies {} days {side} the night screened; expected at most {PAST_DAYS} days before and {FUTURE_DAYS} after it",
            distance.abs()
        )))
    }

    /// The line's number, 0 where none is given.
    fn line_number(&self, row: usize) -> Result<u32, Fault> {
        let Some(number) = number(&self.line_number, row, Column::LineNumber)? else { return Ok(0) };
        if number.fract() == 0.0 && (1.0..=1e6).contains(&number) {
            return Ok(number as u32);
        }
        Err((Column::LineNumber, format!("{number} is not a line number; expected a whole number from 1")))
    }

    fn weights(&self, row: usize) -> Result<[f64; 3], Fault> {
        let mut values = [f64::NAN; 3];
        for ((slot, cells), column) in values.iter_mut().zip(&self.numbers).zip(NUMBERS) {
            match number(cells, row, column)? {
                Some(v) if v > 0.0 => *slot = v,
                Some(v) => return Err((column, format!("{v} is not above 0; expected a number above 0"))),
                None if column == Column::GrossWeightKg => {
                    return Err((column, "the gross weight is empty; expected kg above 0".into()));
                }
                None => {}
            }
            if column != Column::Quantity && *slot > HEAVIEST_KG {
                let reason =
                    format!("{slot} kg is too heavy for a parcel; expected at most {HEAVIEST_KG} kg");
                return Err((column, reason));
            }
        }
        Ok(values)
    }

    fn money(&self, row: usize) -> Result<[Money; 5], Fault> {
        let mut amounts = [NO_AMOUNT; 5];
        for ((slot, cells), column) in amounts.iter_mut().zip(&self.amounts).zip(AMOUNTS) {
            let amount = match (cells.number(row), cells.text(row)) {
                (Some(v), _) if v.is_nan() => None,
                (Some(v), _) => Some(money_from_f64(v).ok_or_else(|| {
                    (column, format!("{v} is too large; expected a number up to 1,000,000,000,000"))
                })?),
                (None, Some(text)) => Some(parse_money(text).map_err(|e| (column, e.to_string()))?),
                (None, None) => None,
            };
            match amount {
                Some(v) if v < 0 => {
                    return Err((column, format!("{} is below 0; expected 0 or more", v as f64 / 1e4)));
                }
                Some(v) => *slot = v,
                None => {}
            }
        }
        Ok(amounts)
    }

    /// The currency of a record without value: the declared one where it can be used, else that of the rules that
    /// apply, and then what the other amounts are worth is not known.
    fn unvalued_currency(
        &mut self,
        row: usize,
        (destination, departure, date): (Country, Country, i32),
        amounts: &mut [Money; 5],
    ) -> Result<Currency, Fault> {
        let target = self.target(destination, departure, date)?;
        if let Ok(currency) = self.currency(row)
            && self.convertible(destination, departure, date, currency).is_ok()
        {
            return Ok(currency);
        }
        *amounts = [NO_AMOUNT; 5];
        Ok(target)
    }

    fn currency(&mut self, row: usize) -> Result<Currency, Fault> {
        match self.currency.get(row, |t| Some(parse_currency(t).ok())) {
            Some(Some(currency)) => Ok(currency),
            _ => {
                let text = self.currency.text(row).unwrap_or_default();
                Err((Column::Currency, parse_currency(text).err().map_or(String::new(), |e| e.to_string())))
            }
        }
    }

    /// The currency of the rules that apply.
    fn target(&mut self, destination: Country, departure: Country, date: i32) -> Result<Currency, Fault> {
        let context = self.context;
        let channel = self.batch.channel;
        let target = *self.terms.entry((destination, departure, date)).or_insert_with(|| {
            let terms: Option<Terms> = context.regimes.terms(destination, channel, departure, date);
            terms.map(|t| t.currency)
        });
        target.ok_or_else(|| {
            let reason = format!(
                "the table of regimes has no rules for imports into {destination}; expected a country of `parcel-risk regimes`"
            );
            (Column::ConsigneeCountry, reason)
        })
    }

    /// Whether the declared currency can be turned into that of the rules that apply.
    fn convertible(
        &mut self,
        destination: Country,
        departure: Country,
        date: i32,
        currency: Currency,
    ) -> Result<(), Fault> {
        let target = self.target(destination, departure, date)?;
        let context = self.context;
        let known = *self
            .rate
            .entry((currency, target, date))
            .or_insert_with(|| context.rates.is_none_or(|r| r.factor(currency, target, date).is_some()));
        if known {
            return Ok(());
        }
        let day = crate::fields::date::iso_text(date);
        Err((
            Column::Currency,
            format!(
                "no exchange rate from {currency} to {target} on {day}; expected one in the file of exchange rates"
            ),
        ))
    }
}

/// What a record says of a value that it does not give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoValue {
    /// Nothing: one is expected.
    Declared,
    /// That none is declared.
    Said,
    /// The message has no place for one, or it is empty.
    Unstated,
}

impl NoValue {
    fn read(text: &str) -> NoValue {
        match text.to_ascii_lowercase().as_str() {
            "unstated" => NoValue::Unstated,
            "false" | "no" | "n" | "0" => NoValue::Declared,
            _ => NoValue::Said,
        }
    }
}

/// An odd number of many bits: 2^64 divided by the golden ratio.
const MARK: u64 = 0x9e37_79b9_7f4a_7c15;

/// Spreads every bit over all others (the finaliser of MurmurHash3, public domain).
fn mix(mut x: u64) -> u64 {
    x ^= x >> 33;
    x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^= x >> 33;
    x = x.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ x >> 33
}

fn required<'a>(text: Option<&'a str>, column: Column, expected: &str) -> Result<&'a str, Fault> {
    text.ok_or_else(|| (column, format!("the field is empty; expected {expected}")))
}

fn country(memo: &mut Memo<Option<Country>>, row: usize, column: Column) -> Result<Country, Fault> {
    match memo.get(row, |t| Some(parse_country(t).ok())) {
        Some(Some(country)) => Ok(country),
        _ => {
            let text = memo.text(row).unwrap_or_default();
            Err((column, parse_country(text).err().map_or(String::new(), |e| e.to_string())))
        }
    }
}

/// A day that may be absent: nothing where it is, `Some(None)` where it means nothing.
fn day(memo: &mut Memo<Option<i32>>, row: usize) -> Option<Option<i32>> {
    match memo.day(row) {
        Some(day) => Some(Some(day)),
        None => memo.get(row, |t| Some(parse_date(t).ok())),
    }
}

/// A number that may be absent.
fn number(cells: &Cells, row: usize, column: Column) -> Result<Option<f64>, Fault> {
    match (cells.number(row), cells.text(row)) {
        // Data frames write a gap as not-a-number.
        (Some(v), _) if v.is_nan() => Ok(None),
        (Some(v), _) if v.is_finite() => Ok(Some(v)),
        (Some(v), _) => Err((column, format!("{v} is not a finite number"))),
        (None, Some(text)) => parse_number(text).map(Some).map_err(|e| (column, e.to_string())),
        (None, None) => Ok(None),
    }
}
