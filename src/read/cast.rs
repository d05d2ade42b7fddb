//! From the types of a columnar file to those of a raw block.

use crate::model::batch::RawColumn;
use crate::model::schema::{Column, Kind};
use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, DictionaryArray, Float64Array, Int32Array, Int64Array, StringArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int32Type, Int64Type, TimeUnit};
use arrow::error::ArrowError;

/// Text that is near enough different on each line: a dictionary of it would only cost.
pub(super) fn is_distinct(column: Column) -> bool {
    use Column::*;
    matches!(column, ParcelId | OrderId | ConsigneeName | ConsigneeAddress | ConsigneePhone | ConsigneeEmail)
}

fn dictionary() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// The kind of text that a column shall be read as, where the file stores it as text.
pub(super) fn text_type(column: Column, stored: &DataType) -> Option<DataType> {
    use DataType::*;
    match stored {
        Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView => {
            // Numbers written as text vary too much for a dictionary.
            let plain = is_distinct(column) || column.kind() == Kind::Number;
            Some(if plain { Utf8 } else { dictionary() })
        }
        Dictionary(_, values) => text_type(column, values),
        _ => None,
    }
}

/// What would do where a column of this type is of no use; `None` where it is.
pub(super) fn unusable(column: Column, stored: &DataType) -> Option<&'static str> {
    use DataType::*;
    let number = stored.is_numeric();
    let day = matches!(stored, Date32 | Date64 | Timestamp(_, _));
    let text = text_type(column, stored).is_some() || *stored == Null;
    match (stored, column.kind()) {
        (Dictionary(_, values), _) if !text => unusable(column, values),
        (FixedSizeBinary(_) | Boolean, Kind::Text) => None,
        (_, Kind::Text) if !(text || number || day) => Some("text"),
        (_, Kind::Date) if !(text || number || day) => Some("a date, a timestamp or text"),
        (_, Kind::Number) if !(text || number) => Some("a number or text"),
        _ => None,
    }
}

/// The column in its raw form; a cell that has none becomes null.
pub(super) fn raw_column(column: Column, array: &ArrayRef) -> Result<RawColumn, ArrowError> {
    use DataType::*;
    let array = match array.data_type() {
        Dictionary(_, values) if text_type(column, values).is_none() => &cast(array, values)?,
        _ => array,
    };
    let stored = array.data_type();
    if let Some(wanted) = text_type(column, stored) {
        return text(&cast(array, &wanted)?);
    }
    match (column.kind(), stored) {
        (_, Null) => Ok(RawColumn::Text(StringArray::new_null(array.len()))),
        (Kind::Number, _) => {
            let numbers = cast(array, &Float64)?;
            Ok(RawColumn::Number(numbers.as_primitive::<Float64Type>().clone()))
        }
        (Kind::Date, Date32) => Ok(RawColumn::Date(array.as_primitive::<Date32Type>().clone())),
        (Kind::Date, Date64) => Ok(RawColumn::Date(days(array, 86_400_000)?)),
        (Kind::Date, Timestamp(unit, _)) => Ok(RawColumn::Date(days(array, per_day(unit))?)),
        (_, Float16 | Float32 | Float64) => float_text(array),
        (_, FixedSizeBinary(_)) => text(&cast(&cast(array, &Binary)?, &Utf8)?),
        (_, Timestamp(unit, Some(_))) => {
            // Without its zone: zone names need a table that is not built in.
            let bare = cast(&cast(array, &Int64)?, &Timestamp(*unit, None))?;
            text(&cast(&bare, &Utf8)?)
        }
        _ => text(&cast(array, &Utf8)?),
    }
}

fn text(array: &ArrayRef) -> Result<RawColumn, ArrowError> {
    if let Some(plain) = array.as_string_opt::<i32>() {
        return Ok(RawColumn::Text(plain.clone()));
    }
    let dictionary: Option<&DictionaryArray<Int32Type>> = array.as_dictionary_opt();
    match dictionary {
        Some(dictionary) => Ok(RawColumn::Dictionary(dictionary.clone())),
        None => Err(ArrowError::CastError(format!("{} is not text", array.data_type()))),
    }
}

/// Codes that a float column holds, as of a data frame with gaps: without the `.0`.
fn float_text(array: &ArrayRef) -> Result<RawColumn, ArrowError> {
    let numbers = cast(array, &DataType::Float64)?;
    let numbers: &Float64Array = numbers.as_primitive();
    // Not a number is how data frames write a gap.
    let code = |n: f64| {
        if n.is_nan() { String::new() } else { n.to_string() }
    };
    let text: StringArray = numbers.iter().map(|n| n.map(code)).collect();
    Ok(RawColumn::Text(text))
}

fn per_day(unit: &TimeUnit) -> i64 {
    let seconds = 86_400;
    match unit {
        TimeUnit::Second => seconds,
        TimeUnit::Millisecond => seconds * 1_000,
        TimeUnit::Microsecond => seconds * 1_000_000,
        TimeUnit::Nanosecond => seconds * 1_000_000_000,
    }
}

/// The day of each instant, in UTC; a zone only says how an instant is to be shown.
fn days(array: &ArrayRef, per_day: i64) -> Result<Date32Array, ArrowError> {
    let instants = cast(array, &DataType::Int64)?;
    let instants: &Int64Array = instants.as_primitive::<Int64Type>();
    let day = |t: i64| i32::try_from(t.div_euclid(per_day)).ok();
    Ok(instants.unary_opt::<_, Date32Type>(day))
}

/// Whether a value that the file has was lost on the way to its raw form.
pub(super) fn lost(before: &ArrayRef, after: &RawColumn, row: usize) -> bool {
    after.is_null(row) && !before.is_null(row) && *before.data_type() != DataType::Null
}

/// The rows of a column at those places.
pub(super) fn take_rows(column: &RawColumn, rows: &Int32Array) -> Result<RawColumn, ArrowError> {
    use arrow::compute::take;
    Ok(match column {
        RawColumn::Text(a) => RawColumn::Text(take(a, rows, None)?.as_string().clone()),
        RawColumn::Dictionary(a) => RawColumn::Dictionary(take(a, rows, None)?.as_dictionary().clone()),
        RawColumn::Number(a) => RawColumn::Number(take(a, rows, None)?.as_primitive().clone()),
        RawColumn::Date(a) => RawColumn::Date(take(a, rows, None)?.as_primitive().clone()),
    })
}
