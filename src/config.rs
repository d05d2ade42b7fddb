//! The job: what a job file or the flags say, and the plan that comes of it.
//!
//! Defaults < job file < `--date`, `--out` and the like < `--set KEY=VALUE`. Nothing is taken from the environment.

use crate::detect;
use crate::earlier;
use crate::error::Error;
use crate::facts::prices::PriceReference;
use crate::fields::country::{Country, parse_country};
use crate::fields::date::{iso_text, parse_date};
use crate::lists::{ListSettings, Lists};
use crate::model::batch::Channel;
use crate::read::mapping::{self, Mapping};
use crate::read::{self, Input, Limits};
use crate::refdata::calibration::Calibration;
use crate::refdata::charges::ChargeRates;
use crate::refdata::materials::RawMaterials;
use crate::refdata::rates::Rates;
use crate::refdata::regimes::Regimes;
use crate::resolve::ResolveSettings;
use crate::write::{EarlierQuality, SampleSettings};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Stands for the night in the paths of manifests and of the output.
const DATE: &str = "{date}";

/// A job as a person writes it. Paths of a job file are relative to its folder.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Job {
    /// The night screened, ISO 8601: the day by which dates are judged.
    pub date: Option<String>,
    /// Country of import, ISO 3166-1 alpha-2; each record's addressee decides where it is not given.
    pub destination: Option<String>,
    /// Output folder; `{date}` in it is the night.
    #[serde(skip_serializing)]
    pub out: Option<PathBuf>,
    /// Paths or patterns of postal manifests; `{date}` in them is the night. One text or a list.
    #[serde(deserialize_with = "one_or_many")]
    pub postal: Vec<String>,
    /// Paths or patterns of express manifests, likewise.
    #[serde(deserialize_with = "one_or_many")]
    pub express: Vec<String>,
    /// Euro reference rates, in the layout of the European Central Bank's `eurofxref-hist.csv`.
    pub rates: Option<PathBuf>,
    /// How files are read that have other layouts than the input columns: pattern of paths, name of a preset or path of
    /// a mapping file. The layout of a file that no pattern names is told by its content.
    pub mapping: BTreeMap<String, String>,
    /// What input may ask for at most.
    pub limits: Limits,
    /// Rows that replace the built-in table of regimes.
    pub regimes: Option<PathBuf>,
    /// Rates of duty and tax that replace the built-in defaults.
    pub duty_rates: Option<PathBuf>,
    /// Lists of the user's: parties to watch or to leave alone, goods.
    pub lists: ListSettings,
    /// Output folder of an earlier run, to say how the data's quality has changed since; the latest of `report.earlier`
    /// where none is given.
    pub previous: Option<PathBuf>,
    /// What scores are worth as probabilities, by detector; replaces the built-in rows of those that it names.
    pub calibration: Option<PathBuf>,
    /// Largest share of each family's flagged parcels that may be expected to be false, 0 to 1; no limit where it is not
    /// given.
    pub false_flags: Option<f64>,
    /// Prices of raw materials that replace rows of the built-in table.
    pub raw_materials: Option<PathBuf>,
    /// Where references from other nights are.
    pub reference: ReferenceSettings,
    /// What is written besides the usual files.
    pub output: OutputSettings,
    /// The random sample.
    pub sample: SampleSettings,
    /// The report.
    pub report: ReportSettings,
    /// Who is who.
    pub resolve: ResolveSettings,
    /// Settings of detectors, by name.
    pub detectors: BTreeMap<String, toml::Table>,
}

/// What the command line says by flags of their own; keys of [`Job`] of the same names.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--postal`.
    pub postal: Vec<String>,
    /// `--express`.
    pub express: Vec<String>,
    /// `--mapping`: a name, or a pattern of paths, `=` and a name.
    pub mapping: Vec<String>,
    /// `--destination`.
    pub destination: Option<String>,
    /// `--date`.
    pub date: Option<String>,
    /// `--out`.
    pub out: Option<PathBuf>,
    /// `--rates`.
    pub rates: Option<PathBuf>,
    /// `--false-flags`.
    pub false_flags: Option<f64>,
}

/// Where references from other nights are.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReferenceSettings {
    /// `price_reference.parquet` of earlier nights, or clean tables of prices in CSV or Parquet: paths, patterns, or
    /// folders that hold runs. One text or a list.
    #[serde(deserialize_with = "one_or_many")]
    pub prices: Vec<String>,
}

fn one_or_many<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a text in quotes or a list of them")]
    enum Given {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Given::deserialize(deserializer)? {
        Given::One(one) => vec![one],
        Given::Many(many) => many,
    })
}

/// What is written besides the usual files.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutputSettings {
    /// `entity_links.parquet`: the resolved parties of every parcel.
    pub entity_links: bool,
    /// For ranking, `line_scores.parquet`: how probable a cut is on every line with a price; and
    /// `line_contradictions.parquet`: how much the words of every line with a code contradict it.
    pub line_scores: bool,
    /// `descriptions.parquet`: what the words of every distinct description say of its code.
    pub descriptions: bool,
    /// `timing.json`, and `timing.js` for the report: all that differs between two runs of one input.
    pub timing: bool,
}

impl Default for OutputSettings {
    fn default() -> Self {
        OutputSettings { entity_links: false, line_scores: false, descriptions: false, timing: true }
    }
}

/// What the report compares with.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReportSettings {
    /// Output folders of earlier nights, paths or patterns; those beside the output folder where none is given. The trends
    /// of the data's quality rest on them too. One text or a list.
    #[serde(deserialize_with = "one_or_many")]
    pub earlier: Vec<String>,
}

/// A job whose files are found and loaded: all that a run needs.
pub struct Plan {
    /// The job as resolved.
    pub job: Job,
    /// The night, days since 1970-01-01.
    pub night: i32,
    /// Country of import of every record, where it is given.
    pub destination: Option<Country>,
    /// Output folder.
    pub out: PathBuf,
    /// Files to read, postal first, each channel by path.
    pub inputs: Vec<Input>,
    /// Exchange rates.
    pub rates: Rates,
    /// The dated law.
    pub regimes: Regimes,
    /// Rates of duty and tax.
    pub charges: ChargeRates,
    /// Lists of the user's.
    pub lists: Lists,
    /// What earlier runs found of the data of each carrier and consignor.
    pub earlier: EarlierQuality,
    /// What scores are worth.
    pub calibration: Calibration,
    /// Prices of raw materials.
    pub materials: RawMaterials,
    /// What comparable goods cost on other nights.
    pub price_reference: PriceReference,
    /// The files of law, rates and lists that the job names: key, path and SHA-256.
    pub data_files: Vec<(&'static str, PathBuf, String)>,
}

impl Job {
    /// Reads a job file and applies `KEY=VALUE` settings to it.
    ///
    /// # Errors
    /// Names the file, the key and what was expected.
    pub fn read(path: &Path, settings: &[String]) -> Result<Job, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| Error::Configuration(format!("cannot read the job file {}: {e}; name one that can be read, or let `parcel-risk init DIR` write one",
                path.display()
            )))?;
        let table: toml::Table = toml::from_str(&text)
            .map_err(|e| Error::Configuration(format!("{}: {}", path.display(), e.to_string().trim_end())))?;
        let mut job = Self::from_table(table, settings, &path.display().to_string(), &text)?;
        job.relative_to(path.parent().unwrap_or(Path::new("")));
        Ok(job)
    }

    /// A job of `KEY=VALUE` settings alone.
    ///
    /// # Errors
    /// Names the key and what was expected.
    pub fn from_settings(settings: &[String]) -> Result<Job, Error> {
        Self::from_table(toml::Table::new(), settings, "--set", "")
    }

    /// `text` is what the table was read from.
    fn from_table(
        mut table: toml::Table,
        settings: &[String],
        origin: &str,
        text: &str,
    ) -> Result<Job, Error> {
        for setting in settings {
            set(&mut table, setting)?;
        }
        // TOML has days of its own; both `date = 2026-07-15` and the quoted form are welcome.
        if let Some(toml::Value::Datetime(day)) = table.get("date") {
            let text = day.to_string();
            table.insert("date".into(), toml::Value::String(text));
        }
        let job: Job =
            table.try_into().map_err(|e: toml::de::Error| unusable(&e, origin, "", text, settings))?;
        for (id, table) in &job.detectors {
            let Some(detector) = detect::ALL.iter().find(|d| d.id == id) else {
                let names: Vec<&str> = detect::ALL.iter().map(|d| d.id).collect();
                return Err(Error::Configuration(format!(
                    "{origin}: there is no detector `{id}`; did you mean `{}`? `parcel-risk detectors` lists them",
                    nearest(id, &names)
                )));
            };
            let section = format!("detectors.{id}");
            (detector.check)(table).map_err(|e| unusable(&e, origin, &section, text, settings))?;
        }
        Ok(job)
    }

    /// Puts flags in the place of keys, but for those keys that a `KEY=VALUE` setting names: settings win over flags.
    pub fn override_by(&mut self, flags: Flags, settings: &[String]) {
        let set = |key: &str| {
            let named = |setting: &String| {
                let rest = setting.trim_start().strip_prefix(key)?;
                rest.trim_start().starts_with(['=', '.']).then_some(())
            };
            settings.iter().any(|s| named(s).is_some())
        };
        fn put<T>(slot: &mut T, flag: Option<T>, set: bool) {
            if let Some(flag) = flag.filter(|_| !set) {
                *slot = flag;
            }
        }
        // Manifests named by flags replace all of the job's: a mixture would be screened unnoticed.
        let manifests = !flags.postal.is_empty() || !flags.express.is_empty();
        put(&mut self.postal, manifests.then_some(flags.postal), set("postal"));
        put(&mut self.express, manifests.then_some(flags.express), set("express"));
        for mapping in flags.mapping {
            let (pattern, name) = mapping.split_once('=').unwrap_or(("*", &mapping));
            match self.mapping.get_mut(pattern) {
                Some(_) if set("mapping") => {}
                Some(known) => name.clone_into(known),
                None => drop(self.mapping.insert(pattern.to_owned(), name.to_owned())),
            }
        }
        put(&mut self.destination, flags.destination.map(Some), set("destination"));
        put(&mut self.date, flags.date.map(Some), set("date"));
        put(&mut self.out, flags.out.map(Some), set("out"));
        put(&mut self.rates, flags.rates.map(Some), set("rates"));
        put(&mut self.false_flags, flags.false_flags.map(Some), set("false_flags"));
    }

    fn relative_to(&mut self, folder: &Path) {
        for path in [
            &mut self.out,
            &mut self.rates,
            &mut self.regimes,
            &mut self.duty_rates,
            &mut self.previous,
            &mut self.calibration,
            &mut self.raw_materials,
        ]
        .into_iter()
        .flatten()
        {
            *path = tidy(&folder.join(&path));
        }
        let known = |name: &str| mapping::preset_names().any(|n| n == name);
        let joined = |path: &str| tidy(&folder.join(path)).to_string_lossy().into_owned();
        self.mapping = std::mem::take(&mut self.mapping)
            .into_iter()
            .map(|(pattern, name)| {
                let pattern = if pattern == "*" { pattern } else { joined(&pattern) };
                let name = if known(&name) { name } else { joined(&name) };
                (pattern, name)
            })
            .collect();
        for path in self.lists.paths() {
            *path = tidy(&folder.join(&path));
        }
        for pattern in &mut self.reference.prices {
            *pattern = tidy(&folder.join(&pattern)).to_string_lossy().into_owned();
        }
        let patterns = self.postal.iter_mut().chain(&mut self.express).chain(&mut self.report.earlier);
        for pattern in patterns {
            if !pattern.contains("://") {
                *pattern = tidy(&folder.join(&pattern)).to_string_lossy().into_owned();
            }
        }
    }

    /// Puts the night where a job says `{date}`, so that one job serves every night.
    pub(crate) fn dated(&mut self, night: &str) {
        for pattern in self.postal.iter_mut().chain(&mut self.express) {
            *pattern = pattern.replace(DATE, night);
        }
        if let Some(out) = &mut self.out
            && let Some(text) = out.to_str()
        {
            *out = PathBuf::from(text.replace(DATE, night));
        }
    }

    /// The files of law, rates and lists that the job names, as they are now.
    fn data_files(&self) -> Result<Vec<(&'static str, PathBuf, String)>, Error> {
        let lists = &self.lists;
        let single = [
            ("rates", &self.rates),
            ("regimes", &self.regimes),
            ("duty_rates", &self.duty_rates),
            ("calibration", &self.calibration),
            ("raw_materials", &self.raw_materials),
            ("lists.watch", &lists.watch),
            ("lists.allow", &lists.allow),
            ("lists.controlled_goods", &lists.controlled_goods),
        ];
        let single = single.into_iter().filter_map(|(key, path)| Some((key, path.as_ref()?)));
        let described = lists.described_goods.iter().map(|path| ("lists.described_goods", path));
        let hashed =
            |(key, path): (&'static str, &PathBuf)| Ok((key, path.clone(), read::sha256_file(path)?));
        single.chain(described).map(hashed).collect()
    }

    /// The files that the job names, postal first, each channel by path.
    ///
    /// # Errors
    /// It names none, or one that cannot be found.
    pub fn inputs(&self) -> Result<Vec<Input>, Error> {
        if self.postal.is_empty() && self.express.is_empty() {
            return Err(missing("postal` or `express", "--postal 'manifests/*.csv'"));
        }
        if let Some(address) = self.postal.iter().chain(&self.express).find(|p| p.contains("://")) {
            return Err(Error::Configuration(format!(
                "{address}: addresses are not read yet; copy the files here and name their paths"
            )));
        }
        let mut inputs = read::expand(&self.postal, Channel::Postal)?;
        inputs.extend(read::expand(&self.express, Channel::Express)?);
        assign(&mut inputs, &self.mapping)?;
        for input in &mut inputs {
            input.reading.limits = self.limits;
        }
        Ok(inputs)
    }

    /// Finds and loads what the job names.
    ///
    /// # Errors
    /// A key is missing or a file that it names cannot be used.
    pub fn plan(mut self) -> Result<Plan, Error> {
        // The order in which manifests are named says nothing, so it must not show in the record of the run.
        self.postal.sort();
        self.express.sort();
        if let Some(rate) = self.false_flags.filter(|rate| !(0.0..=1.0).contains(rate)) {
            return Err(Error::Configuration(format!(
                "false_flags: found {rate}, expected a share from 0 to 1 such as 0.2"
            )));
        }
        if self.date.is_none() && self.postal.is_empty() && self.express.is_empty() {
            return Err(Error::Configuration(
                "there is nothing to run; name a job file or manifests, as `parcel-risk run --help` shows, or let \
                 `parcel-risk init first` make a folder to begin with"
                    .into(),
            ));
        }
        let date = self.date.as_deref().ok_or_else(|| missing("date", "--date 2026-07-15"))?;
        let night = parse_date(date).map_err(|e| Error::Configuration(format!("date: {e}")))?;
        self.dated(&iso_text(night));
        let destination = match &self.destination {
            Some(text) => {
                Some(parse_country(text).map_err(|e| Error::Configuration(format!("destination: {e}")))?)
            }
            None => None,
        };
        let out = self.out.clone().ok_or_else(|| missing("out", "--out out/2026-07-15"))?;
        let mut inputs = self.inputs()?;
        for input in &mut inputs {
            input.reading.night = iso_text(night);
        }
        // Which key named the file that cannot be used.
        let named = |key: &'static str| {
            move |e: &dyn std::fmt::Display| {
                Error::Configuration(format!("`{key}`: {e}; mend the file or the key"))
            }
        };
        let rates = self.rates.as_deref().map_or(Ok(Rates::default()), Rates::read);
        let rates = rates.map_err(|e| named("rates")(&e))?;
        let regimes = Regimes::load(self.regimes.as_deref()).map_err(|e| named("regimes")(&e))?;
        let charges = ChargeRates::load(self.duty_rates.as_deref()).map_err(|e| named("duty_rates")(&e))?;
        let calibration =
            Calibration::load(self.calibration.as_deref()).map_err(|e| named("calibration")(&e))?;
        let materials =
            RawMaterials::load(self.raw_materials.as_deref()).map_err(|e| named("raw_materials")(&e))?;
        let configuration = |e: &dyn std::fmt::Display| Error::Configuration(e.to_string());
        let price_reference = PriceReference::read(&self.reference.prices).map_err(|e| configuration(&e))?;
        if let Some(country) = destination
            && Channel::ALL.iter().all(|&c| regimes.terms(country, c, country, night).is_none())
        {
            return Err(Error::Configuration(format!(
                "destination {country}: the table of regimes has no rules for {} on {}; `parcel-risk regimes` lists what is built in, `regimes = \"FILE\"` adds to it",
                country.name(),
                iso_text(night)
            )));
        }
        let lists = Lists::load(&self.lists, night).map_err(|e| named("lists")(&e))?;
        let named: Vec<&str> = self.report.earlier.iter().map(String::as_str).collect();
        let code = destination.map_or(serde_json::Value::Null, |d| d.to_string().into());
        let runs = earlier::runs(&out, &named, &iso_text(night), &code);
        let earlier = earlier::quality(&runs, self.previous.as_deref())?;
        let data_files = self.data_files()?;
        Ok(Plan {
            data_files,
            job: self,
            night,
            destination,
            out,
            inputs,
            rates,
            regimes,
            charges,
            materials,
            price_reference,
            lists,
            earlier,
            calibration,
        })
    }
}

fn missing(key: &str, example: &str) -> Error {
    Error::Configuration(format!("`{key}` is not given; set it in the job file or with {example}"))
}

/// Gives the inputs the mappings that are named for their paths.
///
/// # Errors
/// A pattern is none or names no input, or a mapping cannot be used.
pub fn assign(inputs: &mut [Input], mappings: &BTreeMap<String, String>) -> Result<(), Error> {
    for (pattern, name) in mappings {
        let fault = |what: String| Error::Configuration(format!("mapping `{pattern}`: {what}"));
        let found = glob::Pattern::new(pattern).map_err(|e| fault(format!("not a valid pattern: {e}")))?;
        let mapping = Arc::new(Mapping::named(name)?);
        let mut any = false;
        for input in inputs.iter_mut().filter(|i| found.matches_path(&i.path)) {
            input.reading.mapping = Some(Arc::clone(&mapping));
            any = true;
        }
        if !any {
            return Err(fault(
                "no input matches the pattern; expected one that names files of `postal` or `express`".into(),
            ));
        }
    }
    Ok(())
}

/// The path without `name/..` inside, so that it reads as a person would write it.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        let named = matches!(tidy.components().next_back(), Some(Component::Normal(_)));
        // A folder behind a symbolic link has another parent than its name tells.
        if part == Component::ParentDir && named && !tidy.is_symlink() {
            tidy.pop();
        } else {
            tidy.push(part);
        }
    }
    tidy
}

/// Sets one `KEY=VALUE`; the key may be dotted, the value is TOML or, where it is none, text.
fn set(table: &mut toml::Table, setting: &str) -> Result<(), Error> {
    let fault = |what: &str| Error::Configuration(format!("--set {setting}: {what}; expected KEY=VALUE"));
    let (key, value) = setting.split_once('=').ok_or_else(|| fault("there is no `=`"))?;
    let value = format!("v = {value}")
        .parse::<toml::Table>()
        .ok()
        .and_then(|mut t| t.remove("v"))
        .unwrap_or_else(|| toml::Value::String(value.to_owned()));
    let mut place = table;
    let mut parts = key.trim().split('.').peekable();
    while let Some(part) = parts.next() {
        if part.is_empty() {
            return Err(fault("the key is empty"));
        }
        if parts.peek().is_none() {
            place.insert(part.to_owned(), value);
            return Ok(());
        }
        let next = place.entry(part).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        place = next.as_table_mut().ok_or_else(|| fault(&format!("`{part}` is not a table")))?;
    }
    Err(fault("the key is empty"))
}

/// What is wrong with a key of a section (an empty text for the top of the file), where it stands, and what was probably
/// meant.
fn unusable(error: &toml::de::Error, origin: &str, section: &str, text: &str, settings: &[String]) -> Error {
    let message = error.to_string();
    let mut lines = message.lines();
    let first = lines.next().unwrap_or_default();
    let inner = lines.find_map(|line| line.strip_prefix("in `")?.strip_suffix('`')).unwrap_or_default();
    let section = [section, inner].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(".");
    let place = |section: &str, key: &str| {
        let full = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
        let sets = |setting: &&String| {
            let set = setting.split('=').next().unwrap_or_default().trim();
            set == full || set.strip_prefix(&full).is_some_and(|rest| rest.starts_with('.'))
        };
        match (settings.iter().rfind(sets), line_of(text, section, key)) {
            (Some(setting), _) => format!("--set {setting}"),
            (None, Some(line)) => format!("{origin}: line {line}"),
            (None, None) => origin.to_owned(),
        }
    };
    let names: Vec<&str> = first.split('`').skip(1).step_by(2).collect();
    if let Some((&typed, known)) = names.split_first().filter(|_| first.starts_with("unknown field")) {
        return Error::Configuration(format!(
            "{}: there is no key `{typed}`; did you mean `{}`? Expected one of {}",
            place(&section, typed),
            nearest(typed, known),
            known.join(", ")
        ));
    }
    let Some((section, key)) = section.rsplit_once('.').or(Some(("", &section))).filter(|s| !s.1.is_empty())
    else {
        return Error::Configuration(format!("{origin}: {}", message.trim_end()));
    };
    Error::Configuration(format!("{}: `{key}`: {}", place(section, key), in_words(first)))
}

/// The line of a job file, from 1, on which a key of a section stands.
fn line_of(text: &str, section: &str, key: &str) -> Option<usize> {
    let lines = || text.lines().map(str::trim).zip(1..);
    let from = lines().find(|(line, _)| *line == format!("[{section}]")).map_or(0, |found| found.1);
    let stands = |line: &str| {
        let line =
            line.trim_start_matches('[').rsplit_once(&format!("{section}.")).map_or(line, |found| found.1);
        let line = line.trim_start_matches('[');
        line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(['=', ']', '.']))
    };
    lines().find(|(line, number)| *number > from && stands(line)).map(|found| found.1)
}

/// A complaint about a value's type without the names that a programmer gives to types.
fn in_words(complaint: &str) -> String {
    let Some((found, expected)) = complaint.rsplit_once(", expected ") else { return complaint.to_owned() };
    let found = found.trim_start_matches("invalid type: ").trim_start_matches("invalid value: ");
    let found = found.replace("floating point ", "number ").replace("string ", "text ");
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" | "path string" => "a text in quotes",
        "a sequence" => "a list such as [\"one\", \"two\"]",
        other if other.starts_with("struct ") || other == "a map" => "a section of keys",
        other => other,
    };
    format!("found {found}, expected {expected}")
}

/// The name most like what was typed.
pub(crate) fn nearest<'a>(typed: &str, names: &[&'a str]) -> &'a str {
    let likeness = |name: &str| strsim::jaro_winkler(typed, name);
    names.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(settings: &[&str]) -> Result<Job, Error> {
        Job::from_settings(&settings.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn settings_reach_every_key() {
        let job =
            job(&["destination=DE", "date=2026-07-15", "output.entity_links=true", "postal=[\"a.csv\"]"]);
        let job = job.unwrap();
        assert_eq!(job.destination.as_deref(), Some("DE"));
        assert_eq!(job.date.as_deref(), Some("2026-07-15"));
        assert!(job.output.entity_links);
        assert_eq!(job.postal, ["a.csv"]);
    }

    #[test]
    fn a_mistake_is_found_in_its_own_section() {
        let said = |text: &str| {
            let table = text.parse().unwrap();
            Job::from_table(table, &[], "job.toml", text).unwrap_err().to_string()
        };
        let job =
            "date = 2026-05-20\n[detectors.split-linked]\ndays = 3\n[detectors.split-window]\ndays = 'x'\n";
        assert!(said(job).starts_with("job.toml: line 5: `days`: found text"), "{}", said(job));
        let job = "postal = 'a.csv'\ndetectors.split-window.dys = 2\n";
        assert!(said(job).starts_with("job.toml: line 2: there is no key `dys`"), "{}", said(job));
        let job = "\n[outptu]\ntiming = true\n";
        assert!(said(job).starts_with("job.toml: line 2: there is no key `outptu`"), "{}", said(job));
        let job = "[output]\ntiming = 'no'\n";
        assert_eq!(said(job), "job.toml: line 2: `timing`: found text \"no\", expected true or false");
    }

    #[test]
    fn settings_win_over_flags_and_flags_over_the_file() {
        let settings = ["date=2026-07-15".to_owned(), "mapping={ \"a.csv\" = \"h7-csv\" }".to_owned()];
        let mut job = Job::from_settings(&settings).unwrap();
        job.destination = Some("FR".into());
        job.express = vec!["of-the-file.csv".into()];
        let flags = Flags {
            postal: vec!["p.csv".into()],
            destination: Some("DE".into()),
            date: Some("2026-05-20".into()),
            mapping: vec!["a.csv=itmatt-csv".into(), "itmatt-xml".into()],
            ..Flags::default()
        };
        job.override_by(flags, &settings);
        assert_eq!(job.date.as_deref(), Some("2026-07-15"));
        assert_eq!(job.destination.as_deref(), Some("DE"));
        assert_eq!((job.postal, job.express), (vec!["p.csv".to_owned()], Vec::new()));
        assert_eq!((&*job.mapping["a.csv"], &*job.mapping["*"]), ("h7-csv", "itmatt-xml"));
    }

    #[test]
    fn paths_read_as_a_person_writes_them() {
        assert_eq!(tidy(Path::new("sample_data/../out/nightly")), Path::new("out/nightly"));
        assert_eq!(tidy(Path::new("../out")), Path::new("../out"));
        assert_eq!(tidy(Path::new("a/./b/../../../c")), Path::new("../c"));
    }

    #[test]
    fn mistakes_are_named() {
        let message = |settings: &[&str]| job(settings).unwrap_err().to_string();
        assert!(message(&["destinatoin=DE"]).contains("`destinatoin`; did you mean `destination`?"));
        let said = message(&["date=2026-05-20", "output.entity_link=true"]);
        assert!(said.starts_with("--set output.entity_link=true: "), "{said}");
        assert!(said.contains("did you mean `entity_links`?"), "{said}");
        assert!(message(&["detectors.split-window.dys=3"]).contains("did you mean `days`?"));
        let said = message(&["detectors.split-window.days=seven"]);
        assert_eq!(
            said,
            "--set detectors.split-window.days=seven: `days`: found text \"seven\", expected a whole number from 0"
        );
        let said = message(&["resolve.merge=much", "false_flags=0.1"]);
        assert_eq!(said, "--set resolve.merge=much: `merge`: found text \"much\", expected a number");
        let said = message(&["detectors.split-window.cut=7"]);
        assert_eq!(
            said,
            "--set detectors.split-window.cut=7: `cut`: found number `7.0`, expected a number from 0 to 1"
        );
        assert!(message(&["detectors.price-below-peers.min_score=-0.1"]).contains("from 0 to 1"));
        assert!(message(&["detectors.price-below-own-article.max_ratio=58"]).contains("from 0 to 1"));
        assert!(message(&["detectors.security-goods.lowest=nan"]).contains("from 0 to 1"));
        assert!(
            message(&["resolve.most_change=0"])
                .contains("`most_change`: found number `0.0`, expected a number from 1")
        );
        assert!(message(&["resolve.merge=nan"]).contains("expected a number"));
        assert!(message(&["resolve.shipped_pairs=-5"]).contains("from 0"));
        assert!(
            message(&["resolve.weights.city_near.u=0"])
                .contains("`u`: found number `0.0`, expected a number above 0")
        );
        assert!(job(&["detectors.split-window.cut=1", "detectors.split-window.prior=0"]).is_ok());
        assert!(message(&["output=1"]).ends_with("expected a section of keys"), "{}", message(&["output=1"]));
        assert!(message(&["postal=3"]).contains("expected a text in quotes or a list of them"));
        assert!(message(&["date"]).contains("KEY=VALUE"));
        assert!(message(&["date.x.y=1", "date=1"]).contains("date"));
        assert!(message(&["detectors.split-windw.days=3"]).contains("did you mean"));
    }
}
