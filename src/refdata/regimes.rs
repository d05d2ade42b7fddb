//! The dated law of low-value imports: which cheaper treatment a consignment may enjoy, up to which value.
//!
//! # The table
//! `data/regimes.csv` has one row per rule. A rule sets one limit for one country, channel, kind of sender and kind
//! of goods, from one day to another; or it says, by an empty threshold, that there is no limit. Columns, in any order:
//!
//! | column | holds |
//! | --- | --- |
//! | `regime_id` | name of the row, unique |
//! | `country` | country of import, ISO 3166-1 alpha-2, or `EU` for all member states |
//! | `channel` | `any`, `postal` or `express` |
//! | `from_country` | the sender's country: `any`; a list `CN HK`; all but a list `!CN !HK`; `EU` in a list means any member state of that day |
//! | `flow` | `sale` for goods that were sold, `gift` for gifts between private persons, `any` for both |
//! | `valid_from`, `valid_to` | first and last day (`YYYY-MM-DD`), both included; an empty `valid_to` is open |
//! | `rank` | 1 for the limit that matters most, 2 and on for further limits in force at the same time; empty without a threshold |
//! | `threshold`, `currency`, `comparator` | the limit; `le`: a value equal to it qualifies, `lt`: it does not |
//! | `basis` | what the limit is held against: `intrinsic`, `fob`, `cif`, `customs_value`, `fair_retail` |
//! | `aggregation` | what the law adds together first: `consignment`, `consignee_day`, `consignee_flight`, `consignee_supplier_orderdate` |
//! | `duty`, `tax` | charge within the limit: `normal`, `free`, `rate:0.20` (instead of the tariff's rate), `flat_item:3` (each tariff subheading), `flat_parcel:80` |
//! | `excluded` | lists of goods that never qualify, separated by spaces: `alcohol tobacco perfume` |
//! | `note`, `source` | the rule in a sentence; where the law stands |
//! | `certainty` | `high`, `medium` or `low`: see [`Certainty`] |
//!
//! The first day of a country's oldest row is the day from which the table vouches for it, not always the day on which
//! the law began. `data/members.csv` says who follows whose rules and since when. A country's own rows in force on a
//! day stand before those of the union to which it belongs.
//!
//! Rows must be there for both channels and every sender, and from the first of them on every day must have exactly
//! one row of rank 1 for each; rows in force
//! together must share their currency. Limits of a lower rank and the gift limit may have another basis or
//! aggregation in the table; [`Terms`] carries those of rank 1.
//!
//! # Overriding it
//! A user's file has the same columns. For every country (or `EU`) that it names, its rows replace *all* built-in rows
//! of that country, so that nobody has to think of half a law from one file and half from another; other
//! countries keep theirs. Rows for `DE` replace for Germany what the rows of `EU` say, and leave `EU` as it is for the
//! others. [`to_csv`] writes built-in rows in this form, as a file to start from. Lines that start with `#` are comments.

mod check;
mod members;
mod rule;
mod senders;
mod table;

pub(crate) use self::members::Members;
pub(super) use self::rule::CERTAINTIES;
pub use self::rule::{Certainty, Flow, Rule};
pub use self::senders::{Area, Senders};
pub use self::table::{table, to_csv};
pub use super::sheet::TableError as RegimeError;

use super::sheet::Sheet;
use crate::fields::country::Country;
use crate::fields::currency::Currency;
use crate::fields::nature::Nature;
use crate::model::batch::Channel;
use crate::model::money::Money;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// How duty or tax is charged on a consignment within a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Treatment {
    /// As on any other import.
    Normal,
    /// Nothing is charged.
    Free,
    /// A share of the value instead of the tariff's rate.
    Rate(f64),
    /// A fixed sum for each tariff subheading in the consignment.
    FlatPerItem(Money),
    /// A fixed sum for the consignment.
    FlatPerParcel(Money),
}

/// What the limit is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Price of the goods alone.
    Intrinsic,
    /// Goods delivered on board at the place of export.
    Fob,
    /// Goods, insurance and freight.
    Cif,
    /// The customs value as the country defines it; taken as the price of the goods.
    CustomsValue,
    /// Fair retail value in the country of shipment.
    FairRetail,
}

/// Which parcels the law itself adds together before it looks at the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregation {
    /// Each consignment by itself: one consignor, one consignee, dispatched together.
    Consignment,
    /// All that one consignee imports on one day.
    ConsigneeDay,
    /// All that one consignee imports on one flight.
    ConsigneeFlight,
    /// One consignee's goods of one supplier and one order date.
    ConsigneeSupplierOrderDate,
}

/// One limit of a country's law.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// Row of the table of regimes.
    pub regime: String,
    /// The limit, in the currency of the [`Terms`].
    pub amount: Money,
    /// Whether a value equal to the limit still qualifies.
    pub inclusive: bool,
    /// How duty is charged within the limit.
    pub duty: Treatment,
    /// How value added tax or its like is charged within the limit.
    pub tax: Treatment,
    /// Lists of goods that never qualify (`alcohol`, `tobacco`, `perfume` …).
    pub excluded: Vec<String>,
    /// Whether gifts between private persons qualify as well.
    pub gifts: bool,
    /// Where the law stands.
    pub source: String,
}

impl Limit {
    /// Whether a value is within the limit.
    pub fn admits(&self, value: Money) -> bool {
        if self.inclusive { value <= self.amount } else { value < self.amount }
    }
}

/// The rules for one parcel, by country of import, channel, sender's country and the line's own date.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// Country of import.
    pub country: Country,
    /// Post or express.
    pub channel: Channel,
    /// Currency of every amount here and of every value held against it.
    pub currency: Currency,
    /// What a limit is held against.
    pub basis: Basis,
    /// Which parcels the law adds together.
    pub aggregation: Aggregation,
    /// Limits for goods that were sold, the one that matters most first; empty where the law has none.
    pub limits: Vec<Limit>,
    /// Limit for gifts between private persons, where the law has one.
    pub gift: Option<Limit>,
}

/// How a consignment is charged, and the limits that make it so; `None` where it is charged as any other import.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Charge<'a> {
    /// How duty is charged.
    pub duty: Treatment,
    /// The limit that says so.
    pub duty_limit: Option<&'a Limit>,
    /// How tax is charged.
    pub tax: Treatment,
    /// The limit that says so.
    pub tax_limit: Option<&'a Limit>,
}

impl Terms {
    /// The limit that matters most for goods that were sold.
    pub fn limit(&self) -> Option<&Limit> {
        self.limits.first()
    }

    /// How the law charges a consignment of a value: by the smallest limit that admits it and has something to say
    /// on duty, and likewise on tax; otherwise as any other import.
    ///
    /// A gift is held against the gift limit first and then against the limits that are open to gifts. With
    /// `excluded`, goods of a list that is shut out are in the consignment: limits that shut out lists do not count.
    pub fn charge(&self, nature: Nature, excluded: bool, value: Money) -> Charge<'_> {
        let gift = nature == Nature::Gift;
        let open = |limit: &&Limit| limit.admits(value) && (!excluded || limit.excluded.is_empty());
        let smallest = |treatment: fn(&Limit) -> Treatment| {
            let says = |limit: &&Limit| treatment(limit) != Treatment::Normal;
            let by_gift = self.gift.as_ref().filter(|_| gift).filter(open).filter(says);
            by_gift.or_else(|| {
                let limits = self.limits.iter().filter(|limit| !gift || limit.gifts);
                limits.filter(open).filter(says).min_by_key(|limit| limit.amount)
            })
        };
        let (duty_limit, tax_limit) = (smallest(|limit| limit.duty), smallest(|limit| limit.tax));
        Charge {
            duty: duty_limit.map_or(Treatment::Normal, |limit| limit.duty),
            duty_limit,
            tax: tax_limit.map_or(Treatment::Normal, |limit| limit.tax),
            tax_limit,
        }
    }
}

const BUILTIN: &str = "built-in regimes.csv";

/// The dated law of all countries.
#[derive(Clone, Debug)]
pub struct Regimes {
    /// Rows by area, each area's in the order of its file.
    rules: BTreeMap<Area, Vec<Rule>>,
    members: Members,
}

impl Regimes {
    /// The table that comes with the program.
    ///
    /// # Errors
    /// Never for the table as released: its own test reads it.
    pub fn builtin() -> Result<Regimes, RegimeError> {
        let members = Members::builtin()?;
        let text = include_str!("data/regimes.csv");
        let sheet = Sheet::new(BUILTIN.to_owned(), text.as_bytes(), rule::COLUMNS, rule::COLUMNS.len())?;
        Ok(Regimes { rules: read(BUILTIN, &sheet, &members)?, members })
    }

    /// The built-in table, with all rows of each country that the user's file names replaced by those of the file.
    ///
    /// # Errors
    /// Names the file, line and column of the first cell that cannot be used, what was found there and what was
    /// expected: an unknown word, a row that ends before it begins, two rows for the same days, days without a row.
    pub fn load(user_file: Option<&Path>) -> Result<Regimes, RegimeError> {
        let mut regimes = Regimes::builtin()?;
        if let Some(path) = user_file {
            let sheet = Sheet::open(path, rule::COLUMNS, rule::COLUMNS.len())?;
            let rules = read(&path.display().to_string(), &sheet, &regimes.members)?;
            // A name that a remaining built-in row already has would make two laws of one name.
            for rule in rules.values().flatten() {
                let kept = regimes.rules.iter().filter(|(area, _)| !rules.contains_key(*area));
                if let Some(other) = kept.flat_map(|(_, rows)| rows).find(|other| other.id == rule.id) {
                    return Err(RegimeError::Cell {
                        file: path.display().to_string(),
                        line: rule.line,
                        column: "regime_id",
                        found: rule.id.clone(),
                        expected: format!("a name that no built-in row of {} has", other.area),
                    });
                }
            }
            regimes.rules.extend(rules);
        }
        Ok(regimes)
    }

    /// Whose rows a country follows on a day: its own where one is in force, otherwise those of its union.
    fn area(&self, country: Country, day: i32) -> Option<Area> {
        let own = Area::Country(country);
        let in_force =
            |area: &Area| self.rules.get(area).is_some_and(|rows| rows.iter().any(|r| r.in_force(day)));
        Some(own).filter(in_force).or_else(|| self.members.area(country, day).filter(in_force))
    }

    /// The rows for one parcel, those for sales first and by rank.
    pub fn in_force(&self, country: Country, channel: Channel, from: Country, day: i32) -> Vec<&Rule> {
        let rows = self.area(country, day).and_then(|area| self.rules.get(&area));
        let mut rows: Vec<&Rule> = rows
            .into_iter()
            .flatten()
            .filter(|rule| rule.in_force(day) && rule.channel.is_none_or(|c| c == channel))
            .filter(|rule| rule.senders.include(from, day, &self.members))
            .collect();
        rows.sort_by_key(|rule| (rule.flow == Flow::Gift, rule.rank));
        rows
    }

    /// The rules for one parcel: `country` of import, channel, the sender's country, the line's own date (days since
    /// 1970-01-01). `None` where the table knows nothing of the country on that day; terms without limits where it
    /// knows that there are none.
    pub fn terms(&self, country: Country, channel: Channel, from: Country, date: i32) -> Option<Terms> {
        let rows = self.in_force(country, channel, from, date);
        let lead = rows.first().filter(|rule| rule.flow != Flow::Gift)?;
        let limits = |gift: bool| {
            rows.iter().filter(move |r| (r.flow == Flow::Gift) == gift).filter_map(|r| r.limit())
        };
        Some(Terms {
            country,
            channel,
            currency: lead.currency,
            basis: lead.basis,
            aggregation: lead.aggregation,
            limits: limits(false).collect(),
            gift: limits(true).next(),
        })
    }

    /// Every country of which the table knows something, in the order of the codes.
    pub fn countries(&self) -> Vec<Country> {
        let own = self.rules.keys().filter_map(|area| match area {
            Area::Country(country) => Some(*country),
            Area::EuropeanUnion => None,
        });
        let members = self.members.countries().filter(|country| {
            self.members.spans(*country).iter().any(|span| self.rules.contains_key(&span.area))
        });
        own.chain(members).collect::<BTreeSet<Country>>().into_iter().collect()
    }

    /// The row of that name.
    pub fn rule(&self, regime: &str) -> Option<&Rule> {
        self.rules.values().flatten().find(|rule| rule.id == regime)
    }

    /// Names of the lists of goods that some limit shuts out, in order; the caller must have a list for each.
    pub fn excluded_lists(&self) -> BTreeSet<&str> {
        self.rules.values().flatten().flat_map(|rule| &rule.excluded).map(String::as_str).collect()
    }

    /// Rows to show: those of one country (of its union where it follows one), those in force on one day, or all. By
    /// country, each country's in the order of its file.
    pub fn rows(&self, country: Option<Country>, date: Option<i32>) -> Vec<&Rule> {
        let on_date = |rule: &&Rule| date.is_none_or(|day| rule.in_force(day));
        let Some(country) = country else {
            return self.rules.values().flatten().filter(on_date).collect();
        };
        let of = |area: Area| self.rules.get(&area).into_iter().flatten();
        if let Some(day) = date {
            return self.area(country, day).into_iter().flat_map(of).filter(on_date).collect();
        }
        let mut rows: Vec<&Rule> = of(Area::Country(country)).collect();
        for span in self.members.spans(country) {
            rows.extend(of(span.area).filter(|rule| {
                span.valid_to.is_none_or(|last| rule.valid_from <= last)
                    && rule.valid_to.is_none_or(|last| span.valid_from <= last)
            }));
        }
        rows
    }
}

/// Reads and checks a whole file.
fn read(file: &str, sheet: &Sheet, members: &Members) -> Result<BTreeMap<Area, Vec<Rule>>, RegimeError> {
    let mut rules: BTreeMap<Area, Vec<Rule>> = BTreeMap::new();
    let mut lines: BTreeMap<String, u64> = BTreeMap::new();
    for row in sheet.rows() {
        let rule = Rule::read(row)?;
        if let Some(line) = lines.insert(rule.id.clone(), rule.line) {
            return Err(row.fault("regime_id", format!("another name than that of the row in line {line}")));
        }
        rules.entry(rule.area).or_default().push(rule);
    }
    for rows in rules.values() {
        check::check(file, rows, members)?;
    }
    Ok(rules)
}
