//! The nights before, for comparison: the records of earlier runs.

use crate::output::record;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Nights shown.
const NIGHTS: usize = 14;
/// Folders looked at beside the run's own.
const FOLDERS: usize = 500;

/// The nights before that of `run`, oldest first: from the folders that the job's `report.earlier` names, or else from
/// those beside the run's own. Only runs of an earlier date and the same destination count; of two of one date the
/// last by path does.
pub(super) fn nights(folder: &Path, run: &Value) -> Vec<Value> {
    let named: Vec<&str> = run["configuration"]["report"]["earlier"]
        .as_array()
        .map(|l| l.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let folders = if named.is_empty() { beside(folder) } else { matching(&named) };
    let date = run["date"].as_str().unwrap_or("");
    let mut nights: Vec<(String, Value)> = Vec::new();
    for folder in folders {
        let Ok(earlier) = record(&folder) else { continue };
        let day = earlier["date"].as_str().unwrap_or("").to_owned();
        if day.is_empty() || day.as_str() >= date || earlier["destination"] != run["destination"] {
            continue;
        }
        let night = json!({
            "date": day,
            "parcels": earlier["counts"]["parcels"],
            "flagged": earlier["counts"]["flagged_parcels"],
            "families": earlier["families"],
            "revenue": earlier["revenue_at_risk"],
        });
        nights.retain(|(other, _)| *other != day);
        nights.push((day, night));
    }
    nights.sort_by(|a, b| a.0.cmp(&b.0));
    let first = nights.len().saturating_sub(NIGHTS);
    nights.drain(..first);
    nights.into_iter().map(|(_, night)| night).collect()
}

/// The folders beside a folder, those that are under construction left out; the last by name where there are many.
fn beside(folder: &Path) -> Vec<PathBuf> {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    let entries = folder.parent().and_then(|parent| std::fs::read_dir(parent).ok());
    let mut folders: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
            !hidden && *path != folder && path.join("run.json").is_file()
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

#[cfg(test)]
mod tests {
    use super::*;

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
        let run = |earlier: &[&str]| json!({ "date": "2026-05-20", "destination": "DE", "configuration": { "report": { "earlier": earlier } } });
        let parcels = |run: &Value| {
            nights(&at("own"), run).iter().map(|n| n["parcels"].as_u64().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(parcels(&run(&[])), [1, 3]);
        let named = at("a*").to_string_lossy().into_owned();
        assert_eq!(parcels(&run(&[&named])), [1]);
    }
}
