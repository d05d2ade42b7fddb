//! Earlier runs: which of them count as history, and what they found of the quality of the data.

use crate::error::Error;
use crate::fields::date::parse_date;
use crate::output::{self, record, text};
use crate::read::sha256_file;
use crate::write::{EarlierNight, EarlierQuality, QUALITY_SHARES};
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Folders looked at beside the run's own.
const FOLDERS: usize = 500;
/// Nights whose quality is compared.
const QUALITY_NIGHTS: usize = 60;

/// An earlier run.
#[derive(Clone, Debug)]
pub struct EarlierRun {
    /// Its night, ISO 8601.
    pub date: String,
    /// Its output folder.
    pub folder: PathBuf,
    /// Its `run.json`.
    pub record: Value,
}

/// The runs before the one of `date` in `folder`, oldest first: from the folders that the patterns name, or else from
/// those beside the run's own. Only runs of an earlier date and the same destination count; of two of one date the
/// last by path does.
pub fn runs(folder: &Path, patterns: &[&str], date: &str, destination: &Value) -> Vec<EarlierRun> {
    let folders = if patterns.is_empty() { beside(folder) } else { matching(patterns) };
    let mut nights: Vec<EarlierRun> = Vec::new();
    for folder in folders {
        let Ok(record) = record(&folder) else { continue };
        let day = record["date"].as_str().unwrap_or("").to_owned();
        if day.is_empty() || day.as_str() >= date || record["destination"] != *destination {
            continue;
        }
        nights.retain(|other| other.date != day);
        nights.push(EarlierRun { date: day, folder, record });
    }
    nights.sort_by(|a, b| a.date.cmp(&b.date));
    nights
}

/// The folders beside a folder, those that are under construction left out; the last by name where there are many.
fn beside(folder: &Path) -> Vec<PathBuf> {
    let own = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    let parent = own.parent().map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p });
    let entries = parent.and_then(|parent| std::fs::read_dir(parent).ok());
    let mut folders: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
            !hidden && *path != own && path.join("run.json").is_file()
        })
        .collect();
    folders.sort();
    let first = folders.len().saturating_sub(FOLDERS);
    folders.split_off(first)
}

/// The folders that patterns name.
fn matching(patterns: &[&str]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        patterns.iter().filter_map(|p| glob::glob(p).ok()).flatten().flatten().collect();
    folders.sort();
    folders
}

/// What earlier runs found of the data of each carrier and consignor: those of `runs`, and that of the folder
/// `previous`, with which changes are then told.
///
/// # Errors
/// The folder that `previous` names is none of a run.
pub fn quality(runs: &[EarlierRun], previous: Option<&Path>) -> Result<EarlierQuality, Error> {
    let named = match previous {
        Some(folder) => {
            let date = record(folder)?["date"].as_str().unwrap_or("").to_owned();
            Some(night(folder, &date)?)
        }
        None => None,
    };
    let first = runs.len().saturating_sub(QUALITY_NIGHTS);
    // A run of an older version may lack a file; it is no history then.
    let mut nights: Vec<EarlierNight> =
        runs[first..].iter().filter_map(|run| night(&run.folder, &run.date).ok()).collect();
    if let Some(night) = named {
        nights.retain(|other| other.day != night.day);
        // Changes are told against the last one.
        nights.push(night);
    }
    Ok(EarlierQuality { nights })
}

fn night(folder: &Path, date: &str) -> Result<EarlierNight, Error> {
    let shares = |row: &output::Row| -> Vec<Option<f64>> {
        QUALITY_SHARES.iter().map(|name| row.get(*name).and_then(Value::as_f64)).collect()
    };
    let wanted = |keys: &[&'static str]| [keys, &QUALITY_SHARES].concat();
    let carriers = output::columns(folder, "carrier_quality.parquet", &wanted(&["channel", "carrier"]))?;
    let consignors = output::columns(folder, "consignor_quality.parquet", &wanted(&["consignor_entity"]))?;
    let carriers: HashMap<String, Vec<Option<f64>>> = carriers
        .iter()
        .map(|row| (EarlierNight::carrier(text(row, "channel"), text(row, "carrier")), shares(row)))
        .collect();
    let consignors = consignors.iter().map(|row| (text(row, "consignor_entity").to_owned(), shares(row)));
    let groups = carriers.into_iter().chain(consignors).collect();
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(EarlierNight {
        day: parse_date(date).unwrap_or(i32::MIN),
        folder: name,
        sha256: sha256_file(&folder.join("run.json"))?,
        groups,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn night(folder: &Path, date: &str, destination: &str, parcels: u32) {
        std::fs::create_dir_all(folder).unwrap();
        let record = json!({ "date": date, "destination": destination, "counts": { "parcels": parcels } });
        std::fs::write(folder.join("run.json"), record.to_string()).unwrap();
    }

    #[test]
    fn earlier_nights_of_the_same_destination_count_once_a_date() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        night(&at("a"), "2026-05-18", "DE", 1);
        night(&at("b"), "2026-05-19", "DE", 2);
        night(&at("b-again"), "2026-05-19", "DE", 3);
        night(&at("c"), "2026-05-19", "FR", 4);
        night(&at("later"), "2026-05-21", "DE", 5);
        night(&at("own"), "2026-05-20", "DE", 6);
        let parcels = |patterns: &[&str]| {
            let found = runs(&at("own"), patterns, "2026-05-20", &json!("DE"));
            found.iter().map(|n| n.record["counts"]["parcels"].as_u64().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(parcels(&[]), [1, 3]);
        let named = at("a*").to_string_lossy().into_owned();
        assert_eq!(parcels(&[&named]), [1]);
        // A folder that is not there yet has neighbours all the same.
        let found = runs(&at("new"), &[], "2026-05-20", &json!("DE"));
        assert_eq!(found.len(), 2);
    }
}
