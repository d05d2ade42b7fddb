//! What the caller asks for, and what it gets back.

use crate::fields::country::Country;
use crate::fields::currency::{Currency, parse_currency};
use crate::model::batch::Channel;
use crate::model::money::Money;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Share of fraudulent parcels where nothing else is asked for.
pub const FRAUD_SHARE: f64 = 0.06;

/// A file format of the manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Comma-separated text with a header row.
    Csv,
    /// Parquet, Zstandard.
    Parquet,
    /// Postal item data, XML.
    ItmattXml,
    /// Postal item data, JSON.
    ItmattJson,
    /// Postal item data, one row a content piece.
    ItmattCsv,
    /// Cargo-XML house waybills that tell all by themselves.
    Xfzb,
    /// Cargo-XML master waybills, house manifests and house waybills, each with its own part.
    Xfhl,
    /// Cargo-IMP master and house waybills.
    Fhl,
    /// EU low-value declarations, XML.
    H7Xml,
    /// EU low-value declarations, CSV.
    H7Csv,
}

impl Format {
    /// Every format, with the name by which it is asked for.
    pub const ALL: [(&'static str, Format); 10] = [
        ("csv", Format::Csv),
        ("parquet", Format::Parquet),
        ("itmatt", Format::ItmattXml),
        ("itmatt-json", Format::ItmattJson),
        ("itmatt-csv", Format::ItmattCsv),
        ("xfzb", Format::Xfzb),
        ("xfhl", Format::Xfhl),
        ("fhl", Format::Fhl),
        ("h7", Format::H7Xml),
        ("h7-csv", Format::H7Csv),
    ];

    /// Whether manifests of the channel are sent in this format.
    pub fn carries(self, channel: Channel) -> bool {
        use Format::*;
        match self {
            Csv | Parquet | H7Xml | H7Csv => true,
            ItmattXml | ItmattJson | ItmattCsv => channel == Channel::Postal,
            Xfzb | Xfhl | Fhl => channel == Channel::Express,
        }
    }

    /// What the file's name ends in.
    pub fn ending(self) -> &'static str {
        use Format::*;
        match self {
            Csv => "csv",
            Parquet => "parquet",
            ItmattXml => "itmatt.xml",
            ItmattJson => "itmatt.json",
            ItmattCsv => "itmatt.csv",
            Xfzb => "xfzb.xml",
            Xfhl => "xfhl.xml",
            Fhl => "fhl.txt",
            H7Xml => "h7.xml",
            H7Csv => "h7.csv",
        }
    }
}

impl FromStr for Format {
    type Err = SynthError;

    fn from_str(text: &str) -> Result<Format, SynthError> {
        let found = Format::ALL.into_iter().find(|f| f.0 == text);
        found.map(|f| f.1).ok_or_else(|| SynthError::Format(text.to_owned()))
    }
}

/// How well the frauds are hidden: 0 crude, 1 barely to be told from honest trade.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difficulty(f64);

impl Difficulty {
    /// Clumsy frauds.
    pub const EASY: Difficulty = Difficulty(0.15);
    /// The mixture that figures are quoted for.
    pub const DEFAULT: Difficulty = Difficulty(0.5);
    /// Careful frauds.
    pub const HARD: Difficulty = Difficulty(0.85);

    /// The level as a number from 0 to 1.
    pub fn level(self) -> f64 {
        self.0
    }
}

impl Default for Difficulty {
    fn default() -> Self {
        Difficulty::DEFAULT
    }
}

impl FromStr for Difficulty {
    type Err = SynthError;

    fn from_str(text: &str) -> Result<Difficulty, SynthError> {
        match text {
            "easy" => Ok(Difficulty::EASY),
            "default" => Ok(Difficulty::DEFAULT),
            "hard" => Ok(Difficulty::HARD),
            _ => text
                .parse()
                .ok()
                .filter(|level| (0.0..=1.0).contains(level))
                .map(Difficulty)
                .ok_or_else(|| SynthError::Difficulty(text.to_owned())),
        }
    }
}

/// What the generator must know of the destination's law.
#[derive(Clone, Debug, PartialEq)]
pub struct SynthLaw {
    /// Limit of the relief or cheaper treatment for goods that were sold, in `currency`; none where there is none.
    pub threshold: Option<Money>,
    /// Currency of the limits.
    pub currency: Currency,
    /// Limit for gifts between private persons, in `currency`.
    pub gift_limit: Option<Money>,
    /// Whether the limit is held against goods, transport and insurance rather than the goods alone.
    pub with_transport: bool,
    /// Whether alcohol, tobacco and perfume never qualify.
    pub excluded_goods: bool,
    /// Procedure code by which the relief is claimed (`C07`), where codes are in use.
    pub relief_code: Option<String>,
    /// Procedure code of a relieved gift (`C08`).
    pub gift_code: Option<String>,
    /// Procedure code of the import scheme for platforms (`F48`); its parcels carry a scheme number.
    pub scheme_code: Option<String>,
}

impl SynthLaw {
    /// The law of a country that treats all values alike.
    pub fn without_limit(currency: Currency) -> SynthLaw {
        SynthLaw {
            threshold: None,
            currency,
            gift_limit: None,
            with_transport: false,
            excluded_goods: false,
            relief_code: None,
            gift_code: None,
            scheme_code: None,
        }
    }
}

/// The world to make.
#[derive(Clone, Debug)]
pub struct SynthPlan {
    /// Parcels of both channels together.
    pub parcels: usize,
    /// The same seed gives the same bytes.
    pub seed: u64,
    /// Country of import.
    pub destination: Country,
    /// The night, days since 1970-01-01: parcels are presented on it and on the six days before.
    pub date: i32,
    /// Directory to write to; made where it does not exist.
    pub out: PathBuf,
    /// Formats of the manifests.
    pub formats: Vec<Format>,
    /// Share of the parcels that are fraudulent, 0 to 0.5; about [`FRAUD_SHARE`] as a rule.
    pub fraud_share: f64,
    /// How well the frauds are hidden.
    pub difficulty: Difficulty,
    /// The destination's law.
    pub law: SynthLaw,
}

/// Counts of what was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SynthSummary {
    /// Postal parcels.
    pub postal_parcels: usize,
    /// Express parcels.
    pub express_parcels: usize,
    /// Declared lines of both.
    pub lines: usize,
    /// Fraudulent parcels by family and typology.
    pub frauds: BTreeMap<(String, String), usize>,
    /// Honest look-alikes by name.
    pub twins: BTreeMap<String, usize>,
    /// The files.
    pub files: Vec<PathBuf>,
}

impl fmt::Display for SynthSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraudulent: usize = self.frauds.values().sum();
        writeln!(
            f,
            "{} postal and {} express parcels, {} lines, {fraudulent} parcels with a planted fraud",
            self.postal_parcels, self.express_parcels, self.lines
        )?;
        for ((family, typology), count) in &self.frauds {
            writeln!(f, "  {family:<18} {typology:<28} {count:>8}")?;
        }
        writeln!(f, "honest look-alikes")?;
        for (twin, count) in &self.twins {
            writeln!(f, "  {twin:<47} {count:>8}")?;
        }
        for file in &self.files {
            writeln!(f, "{}", file.display())?;
        }
        Ok(())
    }
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// Not a format that the generator writes.
    #[error("the format is `{0}`, expected {formats}", formats = Format::ALL.map(|f| f.0).join(", "))]
    Format(String),
    /// Not a level.
    #[error("the difficulty is `{0}`, expected easy, default, hard or a number from 0 to 1")]
    Difficulty(String),
    /// Out of range.
    #[error("the share of frauds is {0}, expected 0 to 0.5")]
    FraudShare(f64),
    /// A built-in list is damaged.
    #[error("the built-in list of {list}: found `{found}`, expected {expected}")]
    List { list: &'static str, found: String, expected: &'static str },
    /// The law's currency has no rate.
    #[error("the law's currency is {0}, which the generator has no exchange rate for")]
    Currency(Currency),
    /// The disk.
    #[error("cannot write {file}: {source}")]
    Io { file: PathBuf, source: std::io::Error },
    /// Columns that do not fit together.
    #[error("cannot make the columns of {file}: {source}")]
    Columns { file: PathBuf, source: arrow::error::ArrowError },
    /// Parquet.
    #[error("cannot write {file}: {source}")]
    Parquet { file: PathBuf, source: parquet::errors::ParquetError },
}

/// A currency of the built-in lists.
pub(super) fn currency(code: &str) -> Result<Currency, SynthError> {
    parse_currency(code).map_err(|_| SynthError::List {
        list: "rates",
        found: code.to_owned(),
        expected: "an active ISO 4217 code",
    })
}
