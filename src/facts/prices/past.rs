//! What comparable goods cost on other nights: a batch must not set its own yardstick where there is history.
//!
//! A reference is the `price_reference.parquet` of earlier nights, or a clean table that somebody made, in CSV or
//! Parquet with these columns (`docs/prices.md`): `hs_code` (2, 4 or 6 digits), `unit` (`piece` or `kg`), `median`,
//! `currency`; optional `origin_country`, `weight_above_kg`, `weight_up_to_kg`, `description`, `typical_kg`, `scale`,
//! `consignors`, `captured`. Nights are merged cell by cell: with `c` consignors each, log median `m` and spread `s`,
//!
//! `location = Σ c·m / Σ c`, `spread² = Σ c·(s² + (m − location)²) / Σ c`,
//! `variance = 1.3·spread² / c_largest + 0.05²`
//!
//! Consignors of two nights may be the same, so that the largest number of one night counts, not the sum. Cells that
//! fraud may have captured (`captured`) and those of fewer than [`FROM`] consignors are left out: then the parent cell
//! decides.

use super::Scale;
use super::cells::{self, LEVELS, level_key};
use super::clusters::Clusters;
use crate::fields::country::{Country, parse_country};
use crate::fields::currency::{Currency, parse_currency};
use crate::read::sha256_file;
use arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray};
use arrow::datatypes::DataType;
use hashbrown::HashMap;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Consignors from which a cell of an earlier night is relied on.
const FROM: f64 = 5.0;
/// Spread and consignors of a row of a clean table that states none.
const USUAL: (f64, f64) = (0.35, 30.0);
/// How far prices move between nights, at the least.
const DRIFT: f64 = 0.05;
/// Variance of a robust location over that of the mean.
const ROBUST_COST: f64 = 1.3;
/// File of a run that serves as a reference.
const FILE: &str = "price_reference.parquet";

/// A reference that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// Nothing is there.
    #[error(
        "reference.prices: `{0}` names no file; expected a price_reference.parquet, a table in CSV or Parquet, a folder of runs, or a pattern of these"
    )]
    Nothing(String),
    /// The pattern is none.
    #[error("reference.prices: `{pattern}` is no pattern: {fault}")]
    Pattern { pattern: String, fault: String },
    /// The file cannot be read.
    #[error("reference.prices: cannot read {file}: {fault}")]
    Unreadable { file: String, fault: String },
    /// A cell does not hold what its column asks for.
    #[error("reference.prices: {file}, row {row}, column {column}: found `{found}`, expected {expected}")]
    Cell { file: String, row: usize, column: &'static str, found: String, expected: &'static str },
    /// A column is missing.
    #[error(
        "reference.prices: {file} has no column `{column}`; expected at least hs_code, unit, median and currency"
    )]
    Column { file: String, column: &'static str },
}

/// A cell of one file.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    scale: Scale,
    currency: Currency,
    hs: String,
    origin: Option<Country>,
    band: Option<f64>,
    banded: bool,
    description: Option<String>,
    log_median: f64,
    typical_kg: Option<f64>,
    spread: f64,
    consignors: f64,
}

/// A file of a reference.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferenceFile {
    /// Path as given, or as the pattern given names it.
    pub path: PathBuf,
    /// SHA-256 of its bytes in hexadecimal.
    pub sha256: String,
}

/// Prices of other nights.
#[derive(Clone, Debug, Default)]
pub struct PriceReference {
    known: Vec<Known>,
    files: Vec<ReferenceFile>,
    left_out: usize,
}

/// What other nights say of a cell, as the tree of a night reckons: at the anchor of the curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Anchor {
    pub location: f64,
    pub variance: f64,
    pub spread: f64,
    /// Consignors of the largest night.
    pub consignors: u32,
    /// Nights, or tables.
    pub nights: u32,
}

/// Slopes of log price on log weight: by the key of the subheading, ascending, and for all else.
#[derive(Debug, Default)]
pub(super) struct Slopes {
    pub of: Vec<(u64, f64)>,
    pub typical: f64,
}

/// Cells of other nights on one scale, by level and key.
#[derive(Debug, Default)]
pub(super) struct PastCells {
    cells: Vec<HashMap<u64, Vec<(f64, Option<f64>, f64, f64)>>>,
}

/// The same at the anchor of the night's curves.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    cells: Vec<HashMap<u64, Anchor>>,
}

impl PriceReference {
    /// Reads all files that the patterns name; a folder stands for the references of the runs in it.
    ///
    /// # Errors
    /// A pattern names nothing, or a file cannot be used: which, and what was expected.
    pub fn read(patterns: &[String]) -> Result<PriceReference, ReferenceError> {
        let mut files = Vec::new();
        for pattern in patterns {
            let mut found = expand(pattern)?;
            found.sort();
            if found.is_empty() {
                return Err(ReferenceError::Nothing(pattern.clone()));
            }
            files.extend(found);
        }
        files.dedup();
        let mut reference = PriceReference::default();
        for path in &files {
            reference.add(path)?;
            let sha256 = sha256_file(path).map_err(|e| ReferenceError::Unreadable {
                file: path.display().to_string(),
                fault: e.to_string(),
            })?;
            reference.files.push(ReferenceFile { path: path.clone(), sha256 });
        }
        Ok(reference)
    }

    /// The files read.
    pub fn files(&self) -> &[ReferenceFile] {
        &self.files
    }

    /// Cells that are relied on, and cells left out since fraud may have captured them or too few consignors made them.
    pub fn counts(&self) -> (usize, usize) {
        (self.known.len(), self.left_out)
    }

    fn add(&mut self, path: &Path) -> Result<(), ReferenceError> {
        let table = Columns::open(path)?;
        for row in 0..table.rows {
            let captured = table.text("captured", row).is_some_and(|t| t == "true");
            let consignors = table.number("consignors", row)?.unwrap_or(USUAL.1);
            if captured || consignors < FROM {
                self.left_out += 1;
                continue;
            }
            self.known.push(table.known(row, consignors)?);
        }
        Ok(())
    }

    /// The cells of a scale under the night's numbers of currencies and clusters of descriptions.
    pub(super) fn cells(&self, scale: Scale, currencies: &[Currency], clusters: &Clusters) -> PastCells {
        let mut past = PastCells { cells: vec![HashMap::new(); LEVELS] };
        for known in self.known.iter().filter(|known| known.scale == scale) {
            let Ok(market) = currencies.binary_search(&known.currency) else { continue };
            let Some((depth, key)) = known.key(market, clusters) else { continue };
            past.cells[depth].entry(key).or_default().push((
                known.log_median,
                known.typical_kg,
                known.spread,
                known.consignors,
            ));
        }
        past
    }
}

impl Known {
    /// Level and key of the cell on this night; nothing where the night's descriptions have no like.
    fn key(&self, market: usize, clusters: &Clusters) -> Option<(usize, u64)> {
        let number: u32 = self.hs.parse().ok()?;
        let subheading = match self.hs.len() {
            2 => number * 10_000,
            4 => number * 100,
            _ => number,
        };
        let depth = match (self.hs.len(), self.origin, self.banded, &self.description) {
            (2, ..) => 0,
            (4, ..) => 1,
            (_, None, ..) => 2,
            (_, Some(_), false, _) => 3,
            (_, Some(_), true, None) => 4,
            (_, Some(_), true, Some(_)) => 5,
        };
        let cluster = match &self.description {
            Some(text) if depth == 5 => clusters.of_text(text)?,
            _ => 0,
        };
        let origin = self.origin.or_else(|| parse_country("CN").ok())?;
        let key = cells::key(market, subheading, origin, self.band.unwrap_or(f64::NAN), cluster);
        Some((depth, level_key(key, depth)))
    }
}

impl PastCells {
    /// Moves the cells to the anchor of the night's curves and merges the nights.
    pub fn at_anchor(&self, slopes: &Slopes, anchor: f64) -> Anchors {
        let merged = |depth: usize, key: u64, nights: &[(f64, Option<f64>, f64, f64)]| {
            let slope = if depth < 2 {
                slopes.typical
            } else {
                let at = slopes.of.binary_search_by_key(&level_key(key, 2), |s| s.0);
                at.map_or(slopes.typical, |at| slopes.of[at].1)
            };
            let moved = |log: f64, kg: Option<f64>| log - kg.map_or(0.0, |kg| slope * (kg.ln() - anchor));
            let weight: f64 = nights.iter().map(|n| n.3).sum();
            let location = nights.iter().map(|n| n.3 * moved(n.0, n.1)).sum::<f64>() / weight;
            let square =
                |n: &(f64, Option<f64>, f64, f64)| n.3 * (n.2 * n.2 + (moved(n.0, n.1) - location).powi(2));
            let square = nights.iter().map(square).sum::<f64>() / weight;
            let consignors = nights.iter().map(|n| n.3).fold(0.0, f64::max);
            Anchor {
                location,
                variance: ROBUST_COST * square / consignors + DRIFT * DRIFT,
                spread: square.sqrt(),
                consignors: consignors as u32,
                nights: nights.len() as u32,
            }
        };
        let cells = self.cells.iter().enumerate().map(|(depth, cells)| {
            cells.iter().map(|(key, nights)| (*key, merged(depth, *key, nights))).collect()
        });
        Anchors { cells: cells.collect() }
    }
}

impl Anchors {
    /// Whether other nights say nothing.
    pub fn is_empty(&self) -> bool {
        self.cells.iter().all(HashMap::is_empty)
    }

    /// What other nights say of a cell.
    pub fn of(&self, depth: usize, key: u64) -> Option<Anchor> {
        self.cells.get(depth)?.get(&key).copied()
    }
}

/// The files that a pattern names.
fn expand(pattern: &str) -> Result<Vec<PathBuf>, ReferenceError> {
    let path = Path::new(pattern);
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let patterns = if path.is_dir() {
        vec![format!("{pattern}/{FILE}"), format!("{pattern}/*/{FILE}")]
    } else {
        vec![pattern.to_owned()]
    };
    let mut found = Vec::new();
    for pattern in patterns {
        let fault = |e: &dyn std::fmt::Display| ReferenceError::Pattern {
            pattern: pattern.clone(),
            fault: e.to_string(),
        };
        for path in glob::glob(&pattern).map_err(|e| fault(&e))? {
            let path = path.map_err(|e| fault(&e))?;
            if path.is_dir() && path.join(FILE).is_file() {
                found.push(path.join(FILE));
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// Columns of a file as text, whatever its format.
struct Columns {
    file: String,
    rows: usize,
    of: BTreeMap<String, Vec<Option<String>>>,
}

impl Columns {
    fn open(path: &Path) -> Result<Columns, ReferenceError> {
        let file = path.display().to_string();
        let table = match path.extension().and_then(|e| e.to_str()) {
            Some("parquet") => Self::parquet(path, file.clone())?,
            _ => Self::csv(path, file.clone())?,
        };
        for column in ["hs_code", "unit", "median", "currency"] {
            if !table.of.contains_key(column) {
                return Err(ReferenceError::Column { file, column });
            }
        }
        Ok(table)
    }

    fn csv(path: &Path, file: String) -> Result<Columns, ReferenceError> {
        let fault = |e: &dyn std::fmt::Display| ReferenceError::Unreadable {
            file: file.clone(),
            fault: e.to_string(),
        };
        let reader = csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_path(path);
        let mut reader = reader.map_err(|e| fault(&e))?;
        let names: Vec<String> = reader.headers().map_err(|e| fault(&e))?.iter().map(str::to_owned).collect();
        let mut columns = vec![Vec::new(); names.len()];
        let mut rows = 0;
        for record in reader.records() {
            let record = record.map_err(|e| fault(&e))?;
            for (column, cell) in columns.iter_mut().zip(&record) {
                column.push(Some(cell.to_owned()).filter(|cell| !cell.is_empty()));
            }
            rows += 1;
        }
        Ok(Columns { file, rows, of: names.into_iter().zip(columns).collect() })
    }

    fn parquet(path: &Path, file: String) -> Result<Columns, ReferenceError> {
        let fault = |e: &dyn std::fmt::Display| ReferenceError::Unreadable {
            file: file.clone(),
            fault: e.to_string(),
        };
        let opened = std::fs::File::open(path).map_err(|e| fault(&e))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(opened).and_then(|b| b.build());
        let mut columns: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
        let mut rows = 0;
        for batch in reader.map_err(|e| fault(&e))? {
            let batch: RecordBatch = batch.map_err(|e| fault(&e))?;
            rows += batch.num_rows();
            for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
                columns.entry(field.name().clone()).or_default().extend(as_text(column));
            }
        }
        Ok(Columns { file, rows, of: columns })
    }

    fn text(&self, column: &str, row: usize) -> Option<&str> {
        self.of.get(column)?.get(row)?.as_deref()
    }

    fn fault(&self, column: &'static str, row: usize, expected: &'static str) -> ReferenceError {
        let found = self.text(column, row).unwrap_or("").to_owned();
        ReferenceError::Cell { file: self.file.clone(), row: row + 1, column, found, expected }
    }

    fn number(&self, column: &'static str, row: usize) -> Result<Option<f64>, ReferenceError> {
        let Some(text) = self.text(column, row) else { return Ok(None) };
        let number = text.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
        number.map(Some).ok_or_else(|| self.fault(column, row, "a number of 0 or more"))
    }

    fn known(&self, row: usize, consignors: f64) -> Result<Known, ReferenceError> {
        let scale = match self.text("unit", row) {
            Some("piece") => Scale::Piece,
            Some("kg") => Scale::Kg,
            _ => return Err(self.fault("unit", row, "piece or kg")),
        };
        let hs = self.text("hs_code", row).unwrap_or("");
        if !matches!(hs.len(), 2 | 4 | 6) || !hs.bytes().all(|b| b.is_ascii_digit()) {
            return Err(self.fault("hs_code", row, "2, 4 or 6 digits"));
        }
        let currency = self.text("currency", row).and_then(|t| parse_currency(t).ok());
        let median = self.number("median", row)?.filter(|m| *m > 0.0);
        let origin = match self.text("origin_country", row) {
            Some(text) => Some(
                parse_country(text).map_err(|_| self.fault("origin_country", row, "a country such as CN"))?,
            ),
            None => None,
        };
        // Any weight inside of the band names it.
        let (low, high) = (self.number("weight_above_kg", row)?, self.number("weight_up_to_kg", row)?);
        let band = match (low, high) {
            (Some(low), Some(high)) if high > low && high.is_finite() => Some((low + high) / 2.0),
            (Some(low), _) => Some(low * 1.01 + 1e-6),
            (None, Some(high)) => Some(high),
            (None, None) => None,
        };
        let level = self.text("level", row);
        Ok(Known {
            scale,
            currency: currency.ok_or_else(|| self.fault("currency", row, "an ISO 4217 currency"))?,
            hs: hs.to_owned(),
            origin,
            banded: band.is_some() || matches!(level, Some("weight" | "goods")),
            band,
            description: self.text("description", row).map(str::to_owned),
            log_median: median.ok_or_else(|| self.fault("median", row, "a price above 0"))?.ln(),
            typical_kg: self.number("typical_kg", row)?.filter(|kg| *kg > 0.0),
            spread: self.number("scale", row)?.unwrap_or(USUAL.0),
            consignors,
        })
    }
}

/// The values of a column as text.
fn as_text(column: &ArrayRef) -> Vec<Option<String>> {
    let cast = match column.data_type() {
        DataType::Boolean => {
            let flags = column.as_any().downcast_ref::<BooleanArray>();
            return flags.map_or_else(Vec::new, |flags| {
                flags.iter().map(|flag| flag.map(|flag| flag.to_string())).collect()
            });
        }
        DataType::Float64 => {
            let numbers = column.as_any().downcast_ref::<Float64Array>();
            return numbers.map_or_else(Vec::new, |numbers| {
                numbers.iter().map(|n| n.filter(|n| n.is_finite()).map(|n| n.to_string())).collect()
            });
        }
        DataType::Int64 => {
            let numbers = column.as_any().downcast_ref::<arrow::array::Int64Array>();
            return numbers
                .map_or_else(Vec::new, |numbers| numbers.iter().map(|n| n.map(|n| n.to_string())).collect());
        }
        _ => column,
    };
    let texts = cast.as_any().downcast_ref::<StringArray>();
    texts.map_or_else(
        || vec![None; column.len()],
        |texts| texts.iter().map(|t| t.map(str::to_owned)).collect(),
    )
}
