//! Mapping files: which column or path of a layout is which input column, with units, code lists and forms.
//!
//! A mapping is data: a new post or broker needs a TOML file, no code. The layouts that are built in are such files
//! (`mapping/presets`). `docs/formats.md` describes the file.

pub(super) mod layout;
mod presets;
mod value;

pub use layout::Layout;
pub(super) use presets::corrected_presets;
pub use presets::{described, preset, preset_names, preset_text, presets};

use super::ReadError;
use crate::model::schema::Column;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The grammar that a mapping is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MappedSyntax {
    /// Separated text with a header line.
    Csv,
    /// XML.
    Xml,
    /// JSON: one document, an array or one object a line.
    Json,
}

/// What the messages of a mapping are good for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// They declare lines.
    #[default]
    Lines,
    /// They list house waybills that other messages declare; what those lack is taken from here.
    Houses,
    /// They describe master waybills; what the messages of their house waybills lack is taken from here.
    Masters,
}

/// A mapping as its file tells it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Its name, in messages and in the job file.
    pub name: String,
    /// What it reads, in a few words.
    pub title: String,
    /// Where the layout is known from.
    #[serde(default)]
    pub source: String,
    /// The grammar.
    pub syntax: MappedSyntax,
    /// What its messages are good for.
    #[serde(default)]
    pub role: Role,
    /// Names that must all occur for the mapping to fit: headers of CSV, element names or keys of XML and JSON.
    #[serde(default, rename = "match")]
    pub fits: Vec<String>,
    /// What every decimal number uses: `.` or `,`; guessed where it is not given.
    #[serde(default)]
    pub decimal: Option<String>,
    /// XML and JSON: the message.
    #[serde(default)]
    pub message: Option<Level>,
    /// XML and JSON: the parcel within the message.
    #[serde(default)]
    pub parcel: Option<Level>,
    /// XML and JSON: the line within the parcel; a parcel is one line where it is not given.
    #[serde(default)]
    pub line: Option<Level>,
    /// CSV: the columns.
    #[serde(default)]
    pub columns: BTreeMap<String, Sources>,
    /// Where customs' corrections stand; labels for `eval`.
    #[serde(default)]
    pub labels: BTreeMap<String, Sources>,
    /// What makes a record unusable.
    #[serde(default)]
    pub refuse: Vec<Refuse>,
}

/// A level of a tree: its element and the columns that stand in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Path of the element from the level above, other names of it behind `|`; `$` is the document itself, or each
    /// element of a JSON array.
    pub element: String,
    /// What the element's namespace must start with; any where it is not given.
    #[serde(default)]
    pub namespace: Option<String>,
    /// The columns.
    #[serde(default)]
    pub columns: BTreeMap<String, Sources>,
}

/// Where a column comes from: the first source that holds something.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Sources {
    /// One source.
    One(Source),
    /// Several.
    Several(Vec<Source>),
}

impl Sources {
    /// The sources in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        match self {
            Sources::One(source) => std::slice::from_ref(source).iter(),
            Sources::Several(sources) => sources.iter(),
        }
    }
}

/// One source of a column.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Source {
    /// A path or header, taken as it is.
    Path(String),
    /// A path or header and what is to be done with its text.
    Rule(Box<Rule>),
}

/// What is to be done with a source's text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// Path or header.
    pub from: Option<String>,
    /// Several paths or headers whose texts are joined.
    pub join: Vec<String>,
    /// What stands between joined texts and between the texts of an element that repeats.
    pub with: Option<String>,
    /// Whether the texts of an element that repeats are all taken; the first one is otherwise.
    pub all: bool,
    /// Whether the last text of an element that repeats is taken.
    pub last: bool,
    /// Unit of a weight: `kg`, `g`, `lb`, `oz`, `t`.
    pub unit: Option<String>,
    /// Path or header that holds the unit.
    pub unit_from: Option<String>,
    /// Decimal mark of this number where it differs from the mapping's.
    pub decimal: Option<String>,
    /// Form of a date, in the letters of `strftime` (`%d.%m.%Y`); ISO 8601 and its kin need none.
    pub date: Option<String>,
    /// What each code means.
    pub codes: BTreeMap<String, String>,
    /// What every other code means; the code itself where it is not given.
    pub others: Option<String>,
    /// The column's text where no source holds any.
    pub constant: Option<String>,
    /// `unit`: the amount is that of one piece and is multiplied by the quantity; `line` otherwise.
    pub per: Option<String>,
    /// Path or header of this amount's currency; an amount in another currency than the record's is left out.
    pub currency_from: Option<String>,
    /// `night`: the night screened, where the message has no day.
    #[serde(rename = "or")]
    pub otherwise: Option<String>,
    /// XML and JSON: the element that holds `from` and `where` together; each of its occurrences is looked at.
    pub within: Option<String>,
    /// What must stand beside the text within that element.
    #[serde(rename = "where")]
    pub conditions: BTreeMap<String, String>,
    /// Text that is cut off where the cell starts with it.
    pub strip: Option<String>,
}

/// A text that makes a record unusable.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refuse {
    /// The column that is named in quarantine.
    pub column: String,
    /// `message`, `parcel` or `line`: the level that the path starts from.
    pub level: String,
    /// Path of the text.
    pub from: String,
    /// The texts that refuse the record.
    pub values: Vec<String>,
    /// What the person reads.
    pub reason: String,
}

impl Mapping {
    /// Reads a mapping; `name` is its file, for errors.
    ///
    /// # Errors
    /// Names the file, the key and what was expected.
    pub fn parse(text: &str, name: &str) -> Result<Mapping, ReadError> {
        let fault = |reason: String| ReadError::Mapping { name: name.to_owned(), reason };
        let mapping: Mapping =
            toml::from_str(text).map_err(|e| fault(e.to_string().trim_end().to_owned()))?;
        Layout::new(&mapping).map_err(fault)?;
        Ok(mapping)
    }

    /// Reads a mapping file.
    ///
    /// # Errors
    /// As [`Mapping::parse`], and where the file cannot be read.
    pub fn read(path: &Path) -> Result<Mapping, ReadError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ReadError::Io { path: path.to_path_buf(), source })?;
        Mapping::parse(&text, &path.display().to_string())
    }

    /// The mapping that a preset's name or a file's path names.
    ///
    /// # Errors
    /// Lists the presets where there is neither.
    pub fn named(name: &str) -> Result<Mapping, ReadError> {
        if let Some(mapping) = preset(name) {
            return Ok(mapping);
        }
        if Path::new(name).exists() {
            return Mapping::read(Path::new(name));
        }
        let known = preset_names().collect::<Vec<_>>().join(", ");
        Err(ReadError::Mapping {
            name: name.to_owned(),
            reason: format!(
                "neither a file nor a preset; expected the path of a mapping file or one of {known}"
            ),
        })
    }

    /// The sources of each column, by level: message, parcel, line.
    pub fn sources(&self) -> Vec<(usize, Column, &Sources)> {
        let levels = [&self.message, &self.parcel, &self.line];
        let mut found = Vec::new();
        for (level, part) in levels.iter().enumerate() {
            for (name, sources) in part.iter().flat_map(|l| &l.columns) {
                found.extend(Column::named(name).map(|c| (level, c, sources)));
            }
        }
        for (name, sources) in &self.columns {
            found.extend(Column::named(name).map(|c| (2, c, sources)));
        }
        found
    }

    /// The same mapping with customs' corrections, where they stand, in the place of what was declared; nothing where it
    /// knows of none.
    pub fn corrected(&self) -> Option<Mapping> {
        if self.labels.is_empty() {
            return None;
        }
        let mut mapping = self.clone();
        for (name, sources) in &self.labels {
            let columns = mapping.line.as_mut().map_or(&mut mapping.columns, |line| &mut line.columns);
            let declared = columns.get(name).into_iter().flat_map(Sources::iter);
            let both = sources.iter().chain(declared).cloned().collect();
            columns.insert(name.clone(), Sources::Several(both));
        }
        Some(mapping)
    }
}

/// A header or key without case and separators; a data element number keeps its digits alone.
pub(super) fn key(name: &str) -> String {
    let folded: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let digits = folded.bytes().take_while(u8::is_ascii_digit).count();
    // `14 14 014 000 Intrinsic value, amount`: ten digits are the number, the words behind it vary.
    if digits == 10 { folded[..10].to_owned() } else { folded }
}
