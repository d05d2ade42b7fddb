//! The tables that everything after normalising works on: parcels, their lines, and the declared parties.

use super::batch::Channel;
use super::money::Money;
use super::text::Texts;
use crate::fields::country::Country;
use crate::fields::currency::Currency;
use crate::fields::hs::HsCode;
use crate::fields::nature::Nature;
use crate::model::schema::Column;

/// Mark of an absent day.
pub const NO_DAY: i32 = i32::MIN;
/// Mark of an absent amount.
pub const NO_AMOUNT: Money = Money::MIN;

/// Parcels, sorted by channel and identifier; one entry each in every column.
#[derive(Debug, Default)]
pub struct Parcels {
    /// S10 item identifier or house waybill number.
    pub id: Texts,
    /// Post or express.
    pub channel: Vec<Channel>,
    /// File of the first line, position in the run's inputs.
    pub source: Vec<u32>,
    /// Day of presentation, days since 1970-01-01.
    pub date: Vec<i32>,
    /// Dispatch or master air waybill, number in [`Shipments::words`].
    pub manifest: Vec<u32>,
    /// Carrier or operator, number in [`Shipments::words`].
    pub carrier: Vec<u32>,
    /// Postal receptacle, number in [`Shipments::words`].
    pub receptacle: Vec<u32>,
    /// Flight, number in [`Shipments::words`].
    pub flight: Vec<u32>,
    /// Marketplace, number in [`Shipments::words`].
    pub platform: Vec<u32>,
    /// Seller where it is not the consignor, number in [`Shipments::words`].
    pub seller: Vec<u32>,
    /// Order number, number in [`Shipments::words`].
    pub order: Vec<u32>,
    /// Import scheme number, number in [`Shipments::words`].
    pub ioss: Vec<u32>,
    /// Additional procedure codes as declared, number in [`Shipments::words`].
    pub procedures: Vec<u32>,
    /// Day of the order, or [`NO_DAY`].
    pub order_date: Vec<i32>,
    /// Day of posting, or [`NO_DAY`].
    pub posting_date: Vec<i32>,
    /// Earliest time at which the message can have been sent, minutes since 1970-01-01T00:00Z, or [`NO_TIME`]; no entry
    /// at all where no record tells one. So with the next two.
    ///
    /// [`NO_TIME`]: crate::fields::time::NO_TIME
    pub sent: Vec<i32>,
    /// Latest time at which the goods can have departed.
    pub departed: Vec<i32>,
    /// Latest time at which they can have arrived.
    pub arrived: Vec<i32>,
    /// Lines that another message declares otherwise: parcel, line number and the value, in the declared currency, that
    /// was set aside for a higher one; by parcel.
    pub restated: Vec<(u32, u32, Money)>,
    /// Parcels whose lines, each with a value of its own, do not add up to the value declared of the whole, with that
    /// value in the declared currency; by parcel.
    pub totals: Vec<(u32, Money)>,
    /// Sender, position in [`Parties`].
    pub consignor: Vec<u32>,
    /// Addressee, position in [`Parties`].
    pub consignee: Vec<u32>,
    /// Country of import.
    pub destination: Vec<Country>,
    /// CN 23 category.
    pub nature: Vec<Nature>,
    /// Gross weight, kg.
    pub gross_weight: Vec<f64>,
    /// Declared currency.
    pub currency: Vec<Currency>,
    /// Declared value of the goods in the declared currency.
    pub declared: Vec<Money>,
    /// Declared value of the goods in the regime's currency.
    pub value: Vec<Money>,
    /// Value on the regime's own basis (with transport and insurance where it is CIF), regime's currency.
    pub assessed: Vec<Money>,
    /// Postage or freight in the regime's currency, or [`NO_AMOUNT`].
    pub transport: Vec<Money>,
    /// Insured sum in the regime's currency, or [`NO_AMOUNT`].
    pub insured: Vec<Money>,
    /// Country from which it was sent.
    pub departure: Vec<Country>,
    /// Rules that apply, position in the run's list of terms.
    pub terms: Vec<u32>,
    /// First line of each parcel, and one past the last at the end.
    pub first_line: Vec<u32>,
}

impl Parcels {
    /// How many parcels there are.
    pub fn len(&self) -> usize {
        self.channel.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.channel.is_empty()
    }
    /// The lines of a parcel, as positions in [`Lines`].
    pub fn lines(&self, parcel: u32) -> std::ops::Range<usize> {
        self.first_line[parcel as usize] as usize..self.first_line[parcel as usize + 1] as usize
    }
}

/// Declared lines, in the order of their parcels.
#[derive(Debug, Default)]
pub struct Lines {
    /// The parcel, position in [`Parcels`].
    pub parcel: Vec<u32>,
    /// Number within the parcel, from 1.
    pub number: Vec<u32>,
    /// Goods description, number in [`Shipments::descriptions`].
    pub description: Vec<u32>,
    /// Commodity code.
    pub hs: Vec<Option<HsCode>>,
    /// Country of origin; the consignor's where none is declared.
    pub origin: Vec<Country>,
    /// Pieces, or NaN.
    pub quantity: Vec<f64>,
    /// Net weight in kg, or NaN.
    pub net_weight: Vec<f64>,
    /// Value of the line in the regime's currency.
    pub value: Vec<Money>,
    /// Whether the value is a share of the parcel's, allocated by weight.
    pub allocated: Vec<bool>,
    /// Input columns that the record filled, bit `Column as usize`.
    pub filled: Vec<u64>,
    /// Input columns whose text meant nothing and was left out, bit `Column as usize`.
    pub unusable: Vec<u64>,
}

impl Lines {
    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.parcel.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.parcel.is_empty()
    }
    /// Whether the record declares no value for the line, which then stands at 0.
    pub fn unvalued(&self, line: usize) -> bool {
        const GIVEN: u64 = 1 << Column::Value as u64 | 1 << Column::ParcelValue as u64;
        self.filled[line] & GIVEN == 0 && self.value[line] == 0
    }
    /// Net weight, or the parcel's gross weight where the line is its only one; NaN where neither tells.
    pub fn weight(&self, parcels: &Parcels, line: usize) -> f64 {
        let net = self.net_weight[line];
        if net > 0.0 {
            return net;
        }
        let parcel = self.parcel[line];
        if parcels.lines(parcel).len() == 1 { parcels.gross_weight[parcel as usize] } else { f64::NAN }
    }
}

/// One party's particulars, in the order in which [`Parties`] keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Particular {
    /// Name of the person or firm.
    Name,
    /// Street and number.
    Address,
    /// City.
    City,
    /// Postcode.
    Postcode,
    /// Telephone.
    Phone,
    /// E-mail.
    Email,
    /// Registration number.
    Id,
    /// Country.
    Country,
}

impl Particular {
    /// Every particular, in order.
    pub const ALL: [Particular; 8] = [
        Particular::Name,
        Particular::Address,
        Particular::City,
        Particular::Postcode,
        Particular::Phone,
        Particular::Email,
        Particular::Id,
        Particular::Country,
    ];
}

/// Distinct parties of one role as declared, in the order in which the parcels name them: one row per distinct set of
/// particulars.
#[derive(Debug, Default)]
pub struct Parties {
    /// 128-bit hash of all particulars.
    pub fingerprint: Vec<u128>,
    /// The text of each [`Particular`], empty where absent.
    pub text: [Texts; 8],
}

impl Parties {
    /// How many distinct declared parties there are.
    pub fn len(&self) -> usize {
        self.fingerprint.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.fingerprint.is_empty()
    }
    /// Adds parties behind its own.
    pub fn append(&mut self, mut other: Parties) {
        self.fingerprint.append(&mut other.fingerprint);
        self.text.iter_mut().zip(&other.text).for_each(|(all, more)| all.append(more));
    }
    /// One particular of one party as declared, empty where absent.
    pub fn get(&self, party: u32, particular: Particular) -> &str {
        self.text[particular as usize].get(party)
    }
}

/// Everything that normalising leaves for the stages after it.
#[derive(Debug, Default)]
pub struct Shipments {
    /// Parcels.
    pub parcels: Parcels,
    /// Their lines.
    pub lines: Lines,
    /// Senders.
    pub consignors: Parties,
    /// Addressees.
    pub consignees: Parties,
    /// Distinct goods descriptions.
    pub descriptions: Texts,
    /// Distinct manifest numbers, carriers, order numbers and the like.
    pub words: Texts,
}

impl Shipments {
    /// Whether the record declares no value for anything in the parcel.
    pub fn unvalued(&self, parcel: u32) -> bool {
        self.parcels.lines(parcel).all(|line| self.lines.unvalued(line))
    }

    /// The texts that meant nothing and were left out: the parcel and the column of each.
    pub fn texts_ignored(&self) -> impl Iterator<Item = (u32, Column)> {
        let lines = self.lines.parcel.iter().zip(&self.lines.unusable).filter(|(_, bits)| **bits != 0);
        lines.flat_map(|(&parcel, &bits)| {
            let ignored = move |c: &&Column| bits >> **c as u64 & 1 == 1;
            Column::ALL.iter().filter(ignored).map(move |&column| (parcel, column))
        })
    }
}
