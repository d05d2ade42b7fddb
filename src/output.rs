//! Reading the files of an earlier run, for `explain` and `report`.

use crate::error::Error;
use polars::prelude::*;
use serde_json::{Map, Value};
use std::path::Path;

/// A row of a table, column name to value.
pub type Row = Map<String, Value>;

/// A path is a path: brackets and stars in the name of a folder are no pattern.
fn as_named() -> ScanArgsParquet {
    ScanArgsParquet { glob: false, ..ScanArgsParquet::default() }
}

/// Rows of a Parquet file of a run: those whose `column` equals `text` where a pair is given, at most `limit`, and how
/// many there are in all.
///
/// # Errors
/// The file is not there or cannot be read.
pub fn rows(
    folder: &Path,
    file: &str,
    matching: Option<(&str, &str)>,
    limit: usize,
) -> Result<(Vec<Row>, usize), Error> {
    let path = folder.join(file);
    let failed = |e: &dyn std::fmt::Display| {
        Error::Output(format!(
            "{}: {e}; expected a file of `parcel-risk run` in the folder {}",
            path.display(),
            folder.display()
        ))
    };
    if !path.exists() {
        return Err(failed(&"there is no such file"));
    }
    let place = path.to_string_lossy();
    let mut frame =
        LazyFrame::scan_parquet(PlRefPath::new(place.as_ref()), as_named()).map_err(|e| failed(&e))?;
    if let Some((column, text)) = matching {
        frame = frame.filter(col(column).eq(lit(text)));
    }
    let frame = frame.collect().map_err(|e| failed(&e))?;
    let count = frame.height();
    let shown = frame.head(Some(limit));
    let columns = shown.columns();
    let rows = (0..shown.height())
        .map(|i| {
            let cells = columns.iter().map(|c| {
                let value = c.get(i).map_or(Value::Null, |v| value(&v));
                (c.name().to_string(), value)
            });
            cells.collect()
        })
        .collect();
    Ok((rows, count))
}

/// The rows of a Parquet file of a run, of those columns that it has.
///
/// # Errors
/// The file is not there or cannot be read.
pub fn columns(folder: &Path, file: &str, names: &[&str]) -> Result<Vec<Row>, Error> {
    let path = folder.join(file);
    let failed = |e: PolarsError| {
        Error::Output(format!("{}: {e}; expected a file of `parcel-risk run`", path.display()))
    };
    let place = path.to_string_lossy();
    let mut frame = LazyFrame::scan_parquet(PlRefPath::new(place.as_ref()), as_named()).map_err(failed)?;
    let schema = frame.collect_schema().map_err(failed)?;
    let there: Vec<Expr> = names.iter().filter(|n| schema.contains(n)).map(|n| col(*n)).collect();
    let frame = frame.select(there).collect().map_err(failed)?;
    let rows = (0..frame.height()).map(|i| {
        let cells = frame.columns().iter().map(|c| {
            let value = c.get(i).map_or(Value::Null, |v| value(&v));
            (c.name().to_string(), value)
        });
        cells.collect()
    });
    Ok(rows.collect())
}

fn value(cell: &AnyValue) -> Value {
    match cell {
        AnyValue::String(s) => Value::from(*s),
        AnyValue::StringOwned(s) => Value::from(s.as_str()),
        AnyValue::Boolean(b) => Value::from(*b),
        AnyValue::Int32(n) => Value::from(*n),
        AnyValue::Int64(n) => Value::from(*n),
        AnyValue::Float64(n) => Value::from(*n),
        AnyValue::Date(day) => Value::from(crate::fields::date::iso_text(*day)),
        AnyValue::List(series) => Value::Array(series.iter().map(|v| value(&v)).collect()),
        _ => Value::Null,
    }
}

/// The record of a run, `run.json`.
///
/// # Errors
/// The file is not there or is not JSON.
pub fn record(folder: &Path) -> Result<Value, Error> {
    let path = folder.join("run.json");
    let failed = |e: &dyn std::fmt::Display| {
        Error::Output(format!("{}: {e}; expected the output folder of `parcel-risk run`", path.display()))
    };
    let text = std::fs::read_to_string(&path).map_err(|e| failed(&e))?;
    serde_json::from_str(&text).map_err(|e| failed(&e))
}

/// The text of a cell, empty where it is null.
pub fn text<'a>(row: &'a Row, column: &str) -> &'a str {
    row.get(column).and_then(Value::as_str).unwrap_or("")
}

/// The number in a cell, 0 where it is null.
pub fn number(row: &Row, column: &str) -> f64 {
    row.get(column).and_then(Value::as_f64).unwrap_or(0.0)
}

/// The texts of a list.
pub fn list<'a>(row: &'a Row, column: &str) -> Vec<&'a str> {
    let list = row.get(column).and_then(Value::as_array);
    list.map_or(Vec::new(), |l| l.iter().filter_map(Value::as_str).collect())
}
