//! The text of a record, for quarantine.

use crate::model::batch::{RawBatch, RawColumn, RawText};
use crate::model::schema::Column;
use arrow::array::{Array, StringArray};
use arrow::temporal_conversions::date32_to_datetime;
use serde_json::Value;

/// The record of a row as it stood in the file; for columnar formats its filled cells as one JSON object on one line.
/// Bytes that are not UTF-8 are replaced; a row that is not there has no text.
pub fn raw_text(batch: &RawBatch, row: usize) -> String {
    match &batch.raw {
        RawText::Bytes { buffer, ranges } => {
            let range = ranges.get(row).map(|r| r.0 as usize..r.1 as usize);
            let bytes = range.and_then(|r| buffer.get(r)).unwrap_or_default();
            String::from_utf8_lossy(bytes).into_owned()
        }
        RawText::Cells => cells(&batch.columns, row),
    }
}

/// The filled cells of a row as a JSON object.
pub(super) fn cells(columns: &[Option<RawColumn>], row: usize) -> String {
    let mut parts = Vec::new();
    for (name, column) in Column::ALL.iter().zip(columns) {
        if let Some(value) = column.as_ref().and_then(|c| cell(c, row)) {
            parts.push(format!("\"{}\":{value}", name.name()));
        }
    }
    format!("{{{}}}", parts.join(","))
}

/// The filled cells of a row as text, in the order of the columns.
pub fn cell_texts(batch: &RawBatch, row: usize) -> Vec<(Column, String)> {
    let cells = Column::ALL.iter().zip(&batch.columns);
    cells
        .filter_map(|(&name, column)| match cell(column.as_ref()?, row)? {
            Value::String(text) => Some((name, text)),
            other => Some((name, other.to_string())),
        })
        .collect()
}

fn cell(column: &RawColumn, row: usize) -> Option<Value> {
    match column {
        RawColumn::Text(a) if row < a.len() && a.is_valid(row) => Some(a.value(row).into()),
        RawColumn::Dictionary(a) if row < a.len() && a.is_valid(row) => {
            let values = a.values().as_any().downcast_ref::<StringArray>()?;
            let key = a.key(row)?;
            values.is_valid(key).then(|| values.value(key).into())
        }
        RawColumn::Number(a) if row < a.len() && a.is_valid(row) => {
            let number = a.value(row);
            // JSON knows no infinities.
            let whole = number.fract() == 0.0 && number.abs() < 1e15;
            Some(if whole {
                Value::from(number as i64)
            } else if number.is_finite() {
                Value::from(number)
            } else {
                Value::from(number.to_string())
            })
        }
        RawColumn::Date(a) if row < a.len() && a.is_valid(row) => {
            let day = a.value(row);
            Some(match date32_to_datetime(day) {
                Some(date) => date.format("%Y-%m-%d").to_string().into(),
                None => day.into(),
            })
        }
        _ => None,
    }
}
