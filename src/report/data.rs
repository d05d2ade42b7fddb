//! Flagged parcels, cases and findings as columns for the report's own program.

use super::columns::Columns;
use super::pack::{Words, pack};
use crate::error::Error;
use hashbrown::HashMap;
use rayon::prelude::*;
use serde_json::{Value, json};
use std::path::Path;

/// Flagged parcels that the report holds; all are in the Parquet files.
const PARCELS: usize = 50_000;
/// Parcels whose findings are packed together, and unpacked when one of them is opened.
const CHUNK: usize = 2_000;
/// Parcels of a case that the report names.
const MEMBERS: usize = 500;

/// Scores of the lanes that no revenue ranks.
const LANES: [&str; 3] = ["security_score", "misdeclaration_score", "data_quality_score"];

/// What the report's program works on.
pub(super) struct Data {
    /// Parcels and cases, packed.
    pub list: String,
    /// Findings of each 2,000 parcels, packed.
    pub details: Vec<String>,
    /// Parcels in the report.
    pub shown: usize,
    /// Parcels flagged.
    pub parcels: usize,
    /// Cases.
    pub cases: usize,
}

fn cents(amounts: Vec<Option<f64>>) -> Vec<Option<i64>> {
    amounts.into_iter().map(|a| a.map(|a| (a * 100.0).round() as i64)).collect()
}

fn ten_thousandths(amounts: Vec<Option<f64>>) -> Vec<i64> {
    amounts.into_iter().map(|a| (a.unwrap_or(0.0) * 10_000.0).round() as i64).collect()
}

fn thousandths(numbers: Vec<Option<f64>>) -> Vec<i64> {
    numbers.into_iter().map(|n| (n.unwrap_or(0.0) * 1_000.0).round() as i64).collect()
}

impl Data {
    /// Gathers the data of a run's folder; `run` is its record.
    ///
    /// # Errors
    /// A file is missing or of another layout.
    pub(super) fn of(folder: &Path, run: &Value) -> Result<Data, Error> {
        let all = Columns::read(folder, "flagged_parcels.parquet")?;
        let parcels = all.len();
        let table = all.head(PARCELS);
        let mut words = Words::default();
        let ids = table.texts("parcel_id")?;
        let channels = table.texts("channel")?;
        // Two parcels may go by one identifier; files of an earlier version say no more, and it is the first that is meant.
        let mut row_of: HashMap<&str, usize> = HashMap::with_capacity(ids.len());
        for (row, id) in ids.iter().enumerate() {
            row_of.entry(id).or_insert(row);
        }
        let case_ids = table.lists("case_ids")?;
        let (cases, case_number) = cases(folder, &ids, &case_ids, &mut words)?;
        let case_count = case_number.len();
        let numbered = |words: &mut Words, texts: Vec<String>| -> Vec<u32> {
            texts.iter().map(|t| words.number(t)).collect()
        };
        let lists = |words: &mut Words, name: &str| -> Result<Vec<Vec<u32>>, Error> {
            Ok(table.lists(name)?.iter().map(|l| l.iter().map(|t| words.number(t)).collect()).collect())
        };
        let in_cases: Vec<Vec<usize>> = case_ids
            .iter()
            .map(|l| l.iter().filter_map(|id| case_number.get(id).copied()).collect())
            .collect();
        let mut rows = json!({
            "id": ids,
            "channel": numbered(&mut words, channels),
            "manifest": numbered(&mut words, table.texts("manifest_id")?),
            "date": table.days("date")?,
            "score": thousandths(table.numbers("risk_score")?),
            "families": lists(&mut words, "families")?,
            "detectors": lists(&mut words, "detectors")?,
            "cases": in_cases,
            "value": cents(table.numbers("declared_value")?),
            "limit": cents(table.numbers("threshold")?),
            "currency": numbered(&mut words, table.texts("currency")?),
            // In full, so that sums of the list are those of the run.
            "revenue": ten_thousandths(table.numbers("revenue_at_risk")?),
            "action": numbered(&mut words, table.texts("recommended_action")?),
            "file": numbered(&mut words, table.texts("source_file")?),
        });
        // Columns beyond the contract: a file without them is read all the same.
        if let Some(map) = rows.as_object_mut() {
            for name in ["consignor", "consignee"] {
                if table.has(name) {
                    map.insert(name.into(), json!(numbered(&mut words, table.texts(name)?)));
                }
            }
            if LANES.iter().all(|name| table.has(name)) {
                let scores: Result<Vec<_>, _> = LANES.iter().map(|name| table.numbers(name)).collect();
                let highest = scores?.into_iter().map(thousandths).reduce(|mut all, lane| {
                    all.iter_mut().zip(lane).for_each(|(most, score)| *most = score.max(*most));
                    all
                });
                map.insert("aside".into(), json!(highest));
            }
        }
        let (details, list) = rayon::join(
            || details(folder, &row_of, ids.len(), &case_number),
            || {
                pack(&json!({
                    "parcels": rows, "cases": cases, "words": words.texts(), "chunk": CHUNK,
                    "detectors": run["detectors"], "date": run["date"], "titles": titles(run),
                }))
            },
        );
        Ok(Data { list, details: details?, shown: ids.len(), parcels, cases: case_count })
    }
}

/// What a person calls each family.
fn titles(run: &Value) -> Value {
    let families = run["families"].as_object();
    families.into_iter().flatten().map(|(name, family)| (name.clone(), family["title"].clone())).collect()
}

/// The cases as columns, and the number of each; `parcels` and `case_ids` are those of the report's parcels.
fn cases(
    folder: &Path,
    parcels: &[String],
    case_ids: &[Vec<String>],
    words: &mut Words,
) -> Result<(Value, HashMap<String, usize>), Error> {
    let table = Columns::read(folder, "cases.parquet")?;
    let ids = table.texts("case_id")?;
    let members = table.lists("parcel_ids")?;
    let found = rows_of(&ids, &members, parcels, case_ids);
    // A parcel in the report by its row, another by its identifier.
    let shown: Vec<Vec<Value>> = members
        .iter()
        .zip(&found)
        .map(|(l, rows)| {
            l.iter()
                .zip(rows)
                .take(MEMBERS)
                .map(|(id, row)| row.map_or_else(|| json!(id), |row| json!(row)))
                .collect()
        })
        .collect();
    // A case stands where its highest ranked parcel stands.
    let best: Vec<Option<usize>> = found.iter().map(|rows| rows.iter().flatten().min().copied()).collect();
    let mut number = |name: &str| -> Result<Vec<u32>, Error> {
        Ok(table.texts(name)?.iter().map(|t| words.number(t)).collect())
    };
    let one = |name: &str| -> Result<Vec<u8>, Error> {
        Ok(table.texts(name)?.iter().map(|t| u8::from(!t.is_empty())).collect())
    };
    let value = json!({
        "family": number("family")?,
        "detector": number("detector")?,
        "currency": number("currency")?,
        "reason": table.texts("reason")?,
        "one_consignor": one("consignor_entity")?,
        "one_consignee": one("consignee_entity")?,
        "first": table.days("first_date")?,
        "last": table.days("last_date")?,
        "count": members.iter().map(Vec::len).collect::<Vec<_>>(),
        "members": shown,
        "best": best,
        "value": cents(table.numbers("total_value")?),
        "limit": cents(table.numbers("threshold")?),
        "revenue": cents(table.numbers("revenue_at_risk")?),
        "id": ids,
    });
    let numbers = ids.into_iter().enumerate().map(|(i, id)| (id, i)).collect();
    Ok((value, numbers))
}

/// The parcels of each case by their rows in the report; none where the report has them not.
fn rows_of(
    cases: &[String],
    members: &[Vec<String>],
    parcels: &[String],
    case_ids: &[Vec<String>],
) -> Vec<Vec<Option<usize>>> {
    // Two parcels of a case may go by one identifier: each is taken once.
    let mut rows: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for (row, of) in case_ids.iter().enumerate().rev() {
        for case in of {
            rows.entry((case, &parcels[row])).or_default().push(row);
        }
    }
    cases
        .iter()
        .zip(members)
        .map(|(case, ids)| ids.iter().map(|id| rows.get_mut(&(case.as_str(), id.as_str()))?.pop()).collect())
        .collect()
}

/// Findings by parcel, in chunks.
fn details(
    folder: &Path,
    row_of: &HashMap<&str, usize>,
    parcels: usize,
    case_number: &HashMap<String, usize>,
) -> Result<Vec<String>, Error> {
    let table = Columns::read(folder, "flags.parquet")?;
    let ids = table.texts("parcel_id")?;
    let ranks = if table.has("parcel_rank") { table.numbers("parcel_rank")? } else { vec![None; ids.len()] };
    let mut of_chunk: Vec<Vec<(usize, usize)>> = vec![Vec::new(); parcels.div_ceil(CHUNK)];
    for (flag, (id, rank)) in ids.iter().zip(ranks).enumerate() {
        let row =
            rank.map_or_else(|| row_of.get(id.as_str()).copied(), |rank| (rank as usize).checked_sub(1));
        if let Some(row) = row.filter(|&row| row < parcels) {
            of_chunk[row / CHUNK].push((row % CHUNK, flag));
        }
    }
    let line = table.numbers("line_number")?;
    let (detector, case) = (table.texts("detector")?, table.texts("case_id")?);
    let (score, revenue) = (table.numbers("score")?, table.numbers("revenue_at_risk")?);
    let (p, q) = (table.numbers("p_value")?, table.numbers("q_value")?);
    let (reason, evidence) = (table.long_texts("reason")?, table.long_texts("evidence")?);
    let short = |x: Option<f64>| x.map(|x| format!("{x:.2e}").parse::<f64>().unwrap_or(x));
    Ok(of_chunk
        .into_par_iter()
        .map(|mut flags| {
            let sure = |f: usize| score[f].unwrap_or(0.0);
            flags.sort_by(|a, b| a.0.cmp(&b.0).then(sure(b.1).total_cmp(&sure(a.1))).then(a.1.cmp(&b.1)));
            let mut words = Words::default();
            let rows: Vec<Value> = flags
                .iter()
                .map(|&(row, f)| {
                    json!([
                        row,
                        line[f].map(|n| n as i64),
                        words.number(&detector[f]),
                        (score[f].unwrap_or(0.0) * 1_000.0).round() as i64,
                        short(p[f]),
                        short(q[f]),
                        (revenue[f].unwrap_or(0.0) * 100.0).round() as i64,
                        case_number.get(&case[f]),
                        words.number(reason.get(f).unwrap_or("")),
                        words.number(evidence.get(f).unwrap_or("")),
                    ])
                })
                .collect();
            pack(&json!({ "flags": rows, "words": words.texts() }))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::rows_of;

    #[test]
    fn two_parcels_of_one_identifier_are_two_rows_of_their_cases() {
        let texts = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let parcels = texts(&["A", "B", "A", "A"]);
        let case_ids = [texts(&["one"]), texts(&["one", "two"]), texts(&["two"]), texts(&["two"])];
        // C was flagged too, but is not among the parcels of the report.
        let members = [texts(&["A", "B", "C"]), texts(&["A", "A", "B"])];
        let rows = rows_of(&texts(&["one", "two"]), &members, &parcels, &case_ids);
        assert_eq!(rows, [[Some(0), Some(1), None], [Some(2), Some(3), Some(1)]]);
    }
}
