//! One row of the table of regimes.

use super::senders::{Area, Senders};
use super::{Aggregation, Basis, Limit, Treatment};
use crate::fields::currency::{Currency, parse_currency};
use crate::model::batch::Channel;
use crate::model::money::{Money, UNIT, to_units};
use crate::refdata::sheet::{Row, TableError, decimal};
use std::fmt;

/// The columns of the table, all of them required.
pub(super) const COLUMNS: &[&str] = &[
    "regime_id",
    "country",
    "channel",
    "from_country",
    "flow",
    "valid_from",
    "valid_to",
    "rank",
    "threshold",
    "currency",
    "comparator",
    "basis",
    "aggregation",
    "duty",
    "tax",
    "excluded",
    "note",
    "source",
    "certainty",
];

/// Which goods a row is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Goods that were sold.
    Sale,
    /// Gifts between private persons.
    Gift,
    /// Both.
    Any,
}

impl Flow {
    /// The word of the table.
    pub const fn name(self) -> &'static str {
        match self {
            Flow::Sale => "sale",
            Flow::Gift => "gift",
            Flow::Any => "any",
        }
    }
}

/// How far a row can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// The law's own text or the authority's page was read.
    High,
    /// Several concordant reports, or a text of which only a part was read.
    Medium,
    /// One report, contradicting reports, or an approximation.
    Low,
}

impl Certainty {
    /// The word of the table.
    pub const fn name(self) -> &'static str {
        match self {
            Certainty::High => "high",
            Certainty::Medium => "medium",
            Certainty::Low => "low",
        }
    }
}

/// The words of the column `certainty`.
pub(crate) const CERTAINTIES: &[(&str, Certainty)] =
    &[("high", Certainty::High), ("medium", Certainty::Medium), ("low", Certainty::Low)];
const CHANNELS: &[(&str, Option<Channel>)] =
    &[("any", None), ("postal", Some(Channel::Postal)), ("express", Some(Channel::Express))];
const FLOWS: &[(&str, Flow)] = &[("sale", Flow::Sale), ("gift", Flow::Gift), ("any", Flow::Any)];
const COMPARATORS: &[(&str, bool)] = &[("le", true), ("lt", false)];
const BASES: &[(&str, Basis)] = &[
    ("intrinsic", Basis::Intrinsic),
    ("fob", Basis::Fob),
    ("cif", Basis::Cif),
    ("customs_value", Basis::CustomsValue),
    ("fair_retail", Basis::FairRetail),
];
const AGGREGATIONS: &[(&str, Aggregation)] = &[
    ("consignment", Aggregation::Consignment),
    ("consignee_day", Aggregation::ConsigneeDay),
    ("consignee_flight", Aggregation::ConsigneeFlight),
    ("consignee_supplier_orderdate", Aggregation::ConsigneeSupplierOrderDate),
];
const TREATMENTS: &str =
    "normal, free, rate:SHARE up to 10 (rate:0.20 is 20 %), flat_item:AMOUNT or flat_parcel:AMOUNT";

fn word<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> &'static str {
    words.iter().find(|(_, v)| v == value).map_or("", |(word, _)| word)
}

impl Basis {
    /// The word of the table.
    pub fn name(self) -> &'static str {
        word(BASES, &self)
    }
}

impl Aggregation {
    /// The word of the table.
    pub fn name(self) -> &'static str {
        word(AGGREGATIONS, &self)
    }
}

impl Treatment {
    fn parse(text: &str) -> Option<Treatment> {
        let (kind, amount) = text.split_once(':').map_or((text, None), |(kind, amount)| (kind, Some(amount)));
        match (kind, amount) {
            ("normal", None) => Some(Treatment::Normal),
            ("free", None) => Some(Treatment::Free),
            ("rate", Some(share)) => decimal(share, 6)
                .filter(|share| *share <= 10_000_000)
                .map(|share| Treatment::Rate(share as f64 / 1e6)),
            ("flat_item", Some(amount)) => decimal(amount, 4).map(Treatment::FlatPerItem),
            ("flat_parcel", Some(amount)) => decimal(amount, 4).map(Treatment::FlatPerParcel),
            _ => None,
        }
    }
}

/// The form of the table.
impl fmt::Display for Treatment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Treatment::Normal => f.write_str("normal"),
            Treatment::Free => f.write_str("free"),
            Treatment::Rate(share) => write!(f, "rate:{share}"),
            Treatment::FlatPerItem(amount) => write!(f, "flat_item:{}", to_units(*amount)),
            Treatment::FlatPerParcel(amount) => write!(f, "flat_parcel:{}", to_units(*amount)),
        }
    }
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Name of the row, unique in the table.
    pub id: String,
    /// Whose law it is.
    pub area: Area,
    /// The channel it is for, or both.
    pub channel: Option<Channel>,
    /// The sender's countries it is for.
    pub senders: Senders,
    /// The goods it is for.
    pub flow: Flow,
    /// First day, days since 1970-01-01.
    pub valid_from: i32,
    /// Last day, or open.
    pub valid_to: Option<i32>,
    /// Place among the limits in force at once, from 1.
    pub rank: u8,
    /// The limit; none where the row says that there is none.
    pub threshold: Option<Money>,
    /// Its currency.
    pub currency: Currency,
    /// Whether a value equal to the limit still qualifies.
    pub inclusive: bool,
    /// What the limit is held against.
    pub basis: Basis,
    /// Which parcels the law adds together.
    pub aggregation: Aggregation,
    /// How duty is charged within the limit.
    pub duty: Treatment,
    /// How tax is charged within the limit.
    pub tax: Treatment,
    /// Lists of goods that never qualify.
    pub excluded: Vec<String>,
    /// The rule in a sentence.
    pub note: String,
    /// Where the law stands.
    pub source: String,
    /// How far the row can be relied on.
    pub certainty: Certainty,
    /// Line of its file.
    pub line: u64,
}

impl Rule {
    /// Reads a row; what concerns several rows is checked later.
    pub(super) fn read(row: Row<'_>) -> Result<Rule, TableError> {
        let id = row.text("regime_id", "a name for the row, such as EU-150-2021")?.to_owned();
        let code = row.get("country");
        let area = Area::parse(code)
            .ok_or_else(|| row.fault("country", "EU or an ISO 3166-1 alpha-2 code such as DE"))?;
        let senders = Senders::parse(row.get("from_country")).ok_or_else(|| {
            row.fault("from_country", "any, a list such as `CN HK`, or all but a list such as `!CN !HK`")
        })?;
        let (flow, valid_from) = (row.word("flow", FLOWS)?, row.day("valid_from")?);
        let valid_to = row.day_or_none("valid_to")?;
        if valid_to.is_some_and(|last| last < valid_from) {
            return Err(row.fault("valid_to", format!("{} or later, or nothing", row.get("valid_from"))));
        }
        let currency = parse_currency(row.get("currency"))
            .ok()
            .filter(|currency| currency.to_string() == row.get("currency"))
            .ok_or_else(|| row.fault("currency", "an ISO 4217 code such as EUR"))?;
        let treatment =
            |column| Treatment::parse(row.get(column)).ok_or_else(|| row.fault(column, TREATMENTS));
        let (duty, tax) = (treatment("duty")?, treatment("tax")?);
        let threshold = match row.get("threshold") {
            "" => None,
            text => Some(decimal(text, 4).filter(|amount| *amount > 0).ok_or_else(|| {
                row.fault("threshold", "an amount above 0 with at most four decimals, or nothing")
            })?),
        };
        let (mut inclusive, mut rank) = (true, 1);
        if threshold.is_some() {
            inclusive = row.word("comparator", COMPARATORS)?;
            rank = row
                .get("rank")
                .parse()
                .ok()
                .filter(|rank| (1..=9).contains(rank))
                .ok_or_else(|| row.fault("rank", "1 for the limit that matters most, then 2, up to 9"))?;
            if flow == Flow::Gift && rank != 1 {
                return Err(row.fault("rank", "1, because there is one limit for gifts"));
            }
        } else {
            if flow == Flow::Gift {
                return Err(row.fault("threshold", "an amount, because the row is for gifts"));
            }
            for (column, treatment) in [("duty", duty), ("tax", tax)] {
                if treatment != Treatment::Normal {
                    return Err(row.fault(column, "normal, because the row has no threshold"));
                }
            }
            for column in ["comparator", "rank", "excluded"] {
                if !row.get(column).is_empty() {
                    return Err(row.fault(column, "nothing, because the row has no threshold"));
                }
            }
        }
        let excluded: Vec<String> = row.get("excluded").split_whitespace().map(str::to_owned).collect();
        if !excluded.iter().all(|list| list.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')) {
            return Err(row.fault("excluded", "names of lists in small letters, separated by spaces"));
        }
        Ok(Rule {
            id,
            area,
            channel: row.word("channel", CHANNELS)?,
            senders,
            flow,
            valid_from,
            valid_to,
            rank,
            threshold,
            currency,
            inclusive,
            basis: row.word("basis", BASES)?,
            aggregation: row.word("aggregation", AGGREGATIONS)?,
            duty,
            tax,
            excluded,
            note: row.get("note").to_owned(),
            source: row.text("source", "where the law stands")?.to_owned(),
            certainty: row.word("certainty", CERTAINTIES)?,
            line: row.line(),
        })
    }

    /// Whether it is in force on a day.
    pub fn in_force(&self, day: i32) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    /// The limit it sets, if it sets one.
    pub(super) fn limit(&self) -> Option<Limit> {
        Some(Limit {
            regime: self.id.clone(),
            amount: self.threshold?,
            inclusive: self.inclusive,
            duty: self.duty,
            tax: self.tax,
            excluded: self.excluded.clone(),
            gifts: self.flow != Flow::Sale,
            source: self.source.clone(),
        })
    }

    /// Its cells, in the order of [`COLUMNS`].
    pub(super) fn cells(&self) -> Vec<String> {
        let limited = |text: String| if self.threshold.is_some() { text } else { String::new() };
        vec![
            self.id.clone(),
            self.area.to_string(),
            self.channel.map_or("any", Channel::name).to_owned(),
            self.senders.to_string(),
            self.flow.name().to_owned(),
            day_text(self.valid_from),
            self.valid_to.map_or_else(String::new, day_text),
            limited(self.rank.to_string()),
            self.threshold.map_or_else(String::new, amount_text),
            self.currency.to_string(),
            limited(word(COMPARATORS, &self.inclusive).to_owned()),
            self.basis.name().to_owned(),
            self.aggregation.name().to_owned(),
            self.duty.to_string(),
            self.tax.to_string(),
            self.excluded.join(" "),
            self.note.clone(),
            self.source.clone(),
            self.certainty.name().to_owned(),
        ]
    }
}

/// A day as `YYYY-MM-DD`.
pub(super) fn day_text(day: i32) -> String {
    chrono::DateTime::from_timestamp(i64::from(day) * 86_400, 0)
        .map_or_else(String::new, |time| time.format("%Y-%m-%d").to_string())
}

/// An amount without needless decimals.
fn amount_text(amount: Money) -> String {
    let text = format!("{}.{:04}", amount / UNIT, amount % UNIT);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
