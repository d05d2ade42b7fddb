//! The job: what a job file or the flags say, and the plan that comes of it.
//!
//! Defaults < job file < `--date`, `--out` and the like < `--set KEY=VALUE`. Nothing is taken from the environment.

use crate::detect;
use crate::error::Error;
use crate::fields::country::{Country, parse_country};
use crate::fields::date::{iso_text, parse_date};
use crate::model::batch::Channel;
use crate::read::{self, Input};
use crate::refdata::charges::ChargeRates;
use crate::refdata::rates::Rates;
use crate::refdata::regimes::Regimes;
use crate::resolve::ResolveSettings;
use crate::write::SampleSettings;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// A job as a person writes it. Paths of a job file are relative to its folder.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Job {
    /// The night screened, ISO 8601: the day by which dates are judged.
    pub date: Option<String>,
    /// Country of import, ISO 3166-1 alpha-2; each record's addressee decides where it is not given.
    pub destination: Option<String>,
    /// Output folder.
    #[serde(skip_serializing)]
    pub out: Option<PathBuf>,
    /// Paths or patterns of postal manifests.
    pub postal: Vec<String>,
    /// Paths or patterns of express manifests.
    pub express: Vec<String>,
    /// Euro reference rates, in the layout of the European Central Bank's `eurofxref-hist.csv`.
    pub rates: Option<PathBuf>,
    /// Rows that replace the built-in table of regimes.
    pub regimes: Option<PathBuf>,
    /// Rates of duty and tax that replace the built-in defaults.
    pub duty_rates: Option<PathBuf>,
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

/// What is written besides the usual files.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutputSettings {
    /// `entity_links.parquet`: the resolved parties of every parcel.
    pub entity_links: bool,
    /// `timing.json` and the report's line on time and memory: all that differs between two runs of one input.
    pub timing: bool,
}

/// What the report compares with.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReportSettings {
    /// Output folders of earlier nights, paths or patterns; those beside the output folder where none is given.
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
        let mut job = Self::from_table(table, settings, &path.display().to_string())?;
        job.relative_to(path.parent().unwrap_or(Path::new("")));
        Ok(job)
    }

    /// A job of `KEY=VALUE` settings alone.
    ///
    /// # Errors
    /// Names the key and what was expected.
    pub fn from_settings(settings: &[String]) -> Result<Job, Error> {
        Self::from_table(toml::Table::new(), settings, "--set")
    }

    fn from_table(mut table: toml::Table, settings: &[String], origin: &str) -> Result<Job, Error> {
        for setting in settings {
            set(&mut table, setting)?;
        }
        // TOML has days of its own; both `date = 2026-07-15` and the quoted form are welcome.
        if let Some(toml::Value::Datetime(day)) = table.get("date") {
            let text = day.to_string();
            table.insert("date".into(), toml::Value::String(text));
        }
        let job: Job = table.try_into().map_err(|e: toml::de::Error| {
            Error::Configuration(format!("{origin}: {}", e.to_string().trim_end()))
        })?;
        for (id, table) in &job.detectors {
            let Some(detector) = detect::ALL.iter().find(|d| d.id == id) else {
                let names: Vec<&str> = detect::ALL.iter().map(|d| d.id).collect();
                return Err(Error::Configuration(format!(
                    "{origin}: there is no detector `{id}`; did you mean `{}`? `parcel-risk detectors` lists them",
                    nearest(id, &names)
                )));
            };
            (detector.check)(table).map_err(|e| {
                Error::Configuration(format!("{origin}: [detectors.{id}]: {}", e.to_string().trim_end()))
            })?;
        }
        Ok(job)
    }

    fn relative_to(&mut self, folder: &Path) {
        for path in
            [&mut self.out, &mut self.rates, &mut self.regimes, &mut self.duty_rates].into_iter().flatten()
        {
            *path = tidy(&folder.join(&path));
        }
        let patterns = self.postal.iter_mut().chain(&mut self.express).chain(&mut self.report.earlier);
        for pattern in patterns {
            if !pattern.contains("://") {
                *pattern = tidy(&folder.join(&pattern)).to_string_lossy().into_owned();
            }
        }
    }

    /// Finds and loads what the job names.
    ///
    /// # Errors
    /// A key is missing or a file that it names cannot be used.
    pub fn plan(mut self) -> Result<Plan, Error> {
        // The order in which manifests are named says nothing, so it must not show in the record of the run.
        self.postal.sort();
        self.express.sort();
        let missing = |key: &str, example: &str| {
            Error::Configuration(format!("`{key}` is not given; set it in the job file or with {example}"))
        };
        let date = self.date.as_deref().ok_or_else(|| missing("date", "--date 2026-07-15"))?;
        let night = parse_date(date).map_err(|e| Error::Configuration(format!("date: {e}")))?;
        let destination = match &self.destination {
            Some(text) => {
                Some(parse_country(text).map_err(|e| Error::Configuration(format!("destination: {e}")))?)
            }
            None => None,
        };
        let out = self.out.clone().ok_or_else(|| missing("out", "--out out/2026-07-15"))?;
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
        let rates = self.rates.as_deref().map_or(Ok(Rates::default()), Rates::read)?;
        let configuration = |e: &dyn std::fmt::Display| Error::Configuration(e.to_string());
        let regimes = Regimes::load(self.regimes.as_deref()).map_err(|e| configuration(&e))?;
        let charges = ChargeRates::load(self.duty_rates.as_deref()).map_err(|e| configuration(&e))?;
        if let Some(country) = destination
            && Channel::ALL.iter().all(|&c| regimes.terms(country, c, country, night).is_none())
        {
            return Err(Error::Configuration(format!(
                "destination {country}: the table of regimes has no rules for {} on {}; `parcel-risk regimes` lists what is built in, `regimes = \"FILE\"` adds to it",
                country.name(),
                iso_text(night)
            )));
        }
        Ok(Plan { job: self, night, destination, out, inputs, rates, regimes, charges })
    }
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

/// The name most like what was typed.
fn nearest<'a>(typed: &str, names: &[&'a str]) -> &'a str {
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
    fn paths_read_as_a_person_writes_them() {
        assert_eq!(tidy(Path::new("sample_data/../out/nightly")), Path::new("out/nightly"));
        assert_eq!(tidy(Path::new("../out")), Path::new("../out"));
        assert_eq!(tidy(Path::new("a/./b/../../../c")), Path::new("../c"));
    }

    #[test]
    fn mistakes_are_named() {
        let message = |settings: &[&str]| job(settings).unwrap_err().to_string();
        assert!(message(&["destinatoin=DE"]).contains("destinatoin"));
        assert!(message(&["date"]).contains("KEY=VALUE"));
        assert!(message(&["date.x.y=1", "date=1"]).contains("date"));
        assert!(message(&["detectors.split-windw.days=3"]).contains("did you mean"));
    }
}
