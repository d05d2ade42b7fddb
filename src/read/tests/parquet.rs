//! Apache Parquet.

use super::*;
use crate::read::BLOCK_RECORDS;
use crate::read::{open, raw_text};
use ::arrow::array::*;
use ::arrow::compute::cast;
use ::arrow::datatypes::*;
use ::parquet::arrow::ArrowWriter;
use ::parquet::file::properties::WriterProperties;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

fn texts_of(rows: usize, text: impl Fn(usize) -> String) -> ArrayRef {
    Arc::new(StringArray::from_iter_values((0..rows).map(text)))
}

/// The columns of `HEADER`, with some replaced or added.
fn columns(rows: usize, others: Vec<(&str, ArrayRef)>) -> Vec<(String, ArrayRef)> {
    let cells = line("P");
    let mut all: Vec<(String, ArrayRef)> = HEADER
        .split(',')
        .zip(cells.split(','))
        .map(|(name, cell)| {
            let id = name == "parcel_id";
            let text = |i| if id { format!("P{i}") } else { cell.to_owned() };
            (name.to_owned(), texts_of(rows, text))
        })
        .collect();
    for (name, array) in others {
        all.retain(|c| c.0 != name);
        all.push((name.to_owned(), array));
    }
    all
}

fn write(path: &Path, columns: Vec<(String, ArrayRef)>, group: usize) {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group)).build();
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn read(path: &Path) -> Result<Outcome, ReadError> {
    let input = Input::new(path, Channel::Postal)?;
    let mut reader = open(&input, 0, None)?;
    let found = gather(|| reader.next().transpose())?;
    Ok(checked(found, reader.summary()))
}

fn read_with(others: Vec<(&str, ArrayRef)>) -> Result<Outcome, ReadError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.parquet");
    let rows = others.first().map_or(3, |c| c.1.len());
    write(&path, columns(rows, others), 1 << 20);
    read(&path)
}

fn column(out: &Outcome, column: Column) -> &RawColumn {
    out.blocks[0].column(column).unwrap()
}

#[test]
fn text_keeps_its_dictionary() {
    let out = read_with(vec![]).unwrap();
    assert_eq!(out.ids(), ["P0", "P1", "P2"]);
    assert_eq!(out.records(), [1, 2, 3]);
    assert!(matches!(column(&out, Column::ParcelId), RawColumn::Text(_)));
    assert!(matches!(column(&out, Column::Value), RawColumn::Text(_)));
    assert!(matches!(column(&out, Column::Date), RawColumn::Dictionary(_)));
    match column(&out, Column::Currency) {
        RawColumn::Dictionary(a) => assert_eq!(a.values().len(), 1),
        other => panic!("{other:?}"),
    }
    let raw = raw_text(&out.blocks[0], 1);
    assert!(raw.starts_with("{\"parcel_id\":\"P1\",\"date\":\"2026-01-02\""), "{raw}");
    assert!(serde_json::from_str::<serde_json::Value>(&raw).is_ok());
}

#[test]
fn every_kind_of_text() {
    let plain = texts_of(3, |i| format!("c{i}"));
    let kinds = [
        DataType::LargeUtf8,
        DataType::Utf8View,
        DataType::Binary,
        DataType::LargeBinary,
        DataType::BinaryView,
        DataType::Dictionary(Box::new(DataType::UInt8), Box::new(DataType::Utf8)),
        DataType::Dictionary(Box::new(DataType::Int64), Box::new(DataType::LargeUtf8)),
    ];
    for kind in kinds {
        let array = cast(&plain, &kind).unwrap();
        let both = vec![("carrier", array.clone()), ("consignee_phone", array), ("extra", plain.clone())];
        let out = read_with(both).unwrap();
        assert_eq!(out.cells(Column::Carrier), ["c0", "c1", "c2"], "{kind}");
        assert!(matches!(column(&out, Column::Carrier), RawColumn::Dictionary(_)), "{kind}");
        assert!(matches!(column(&out, Column::ConsigneePhone), RawColumn::Text(_)), "{kind}");
        assert_eq!(out.summary.unknown_columns, ["extra"]);
    }
    let codes: ArrayRef = Arc::new(Float64Array::from(vec![Some(6109100010.0), None, Some(1.5)]));
    assert_eq!(read_with(vec![("hs_code", codes)]).unwrap().cells(Column::HsCode), ["6109100010", "", "1.5"]);
    let codes: ArrayRef = Arc::new(Int64Array::from(vec![Some(610910), None]));
    assert_eq!(read_with(vec![("hs_code", codes)]).unwrap().cells(Column::HsCode), ["610910", ""]);
    let gap: ArrayRef = Arc::new(NullArray::new(2));
    assert_eq!(read_with(vec![("hs_code", gap.clone()), ("quantity", gap)]).unwrap().ids().len(), 2);
}

#[test]
fn every_kind_of_number_and_day() {
    let numbers: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), None, Some(3.0)]));
    let decimal = DataType::Decimal128(12, 2);
    for kind in [DataType::Int8, DataType::UInt64, DataType::Float32, decimal, DataType::Float64] {
        let out = read_with(vec![("value", cast(&numbers, &kind).unwrap())]).unwrap();
        match column(&out, Column::Value) {
            RawColumn::Number(a) => {
                assert_eq!(a.iter().collect::<Vec<_>>(), [Some(1.0), None, Some(3.0)])
            }
            other => panic!("{kind}: {other:?}"),
        }
    }
    let second = TimestampSecondArray::from(vec![Some(86_400 * 2 + 5), Some(-1), None]);
    let zoned: ArrayRef = Arc::new(second.clone().with_timezone("Europe/Paris"));
    let second: ArrayRef = Arc::new(second);
    let micro = DataType::Timestamp(TimeUnit::Microsecond, None);
    let nano = DataType::Timestamp(TimeUnit::Nanosecond, None);
    let days: ArrayRef = Arc::new(Date32Array::from(vec![Some(2), Some(-1), None]));
    let days64 = cast(&days, &DataType::Date64).unwrap();
    let cast_to = |kind| cast(&second, &kind).unwrap();
    for array in [cast_to(micro), cast_to(nano), second.clone(), zoned, days, days64] {
        let kind = array.data_type().clone();
        let out = read_with(vec![("date", array)]).unwrap();
        match column(&out, Column::Date) {
            RawColumn::Date(a) => {
                assert_eq!(a.iter().collect::<Vec<_>>(), [Some(2), Some(-1), None])
            }
            other => panic!("{kind}: {other:?}"),
        }
        assert!(raw_text(&out.blocks[0], 0).contains("\"date\":\"1970-01-03\""));
    }
}

#[test]
fn unusable_types_are_errors_of_the_file() {
    let list: ArrayRef =
        Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1)])]));
    let flag: ArrayRef = Arc::new(BooleanArray::from(vec![true]));
    for (name, array) in [("description", list.clone()), ("value", list.clone()), ("value", flag)] {
        let error = read_with(vec![(name, array)]).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("expected"), "{error}");
    }
    assert_eq!(read_with(vec![("other", list)]).unwrap().ids(), ["P0"]);
}

#[test]
fn unusable_files_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.parquet");
    for bytes in [b"".as_slice(), b"PAR1", b"parcel_id,date\n1,2\n"] {
        std::fs::write(&path, bytes).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("a.parquet") && error.contains("Parquet"), "{error}");
    }
    let mut some = columns(2, vec![]);
    some.retain(|c| c.0 != "date");
    write(&path, some, 10);
    assert!(read(&path).unwrap_err().to_string().contains("`date`"));
    let mut twice = columns(2, vec![]);
    twice.push(("Date".into(), texts_of(2, |_| "x".into())));
    write(&path, twice, 10);
    assert!(read(&path).unwrap_err().to_string().contains("twice"));
    write(&path, columns(0, vec![]), 10);
    assert_eq!(read(&path).unwrap().summary.records_read, 0);
    write(&path, columns(50_000, vec![]), 50_000);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(read(&path).is_err());
}

#[test]
fn bad_cells_are_rejected_alone() {
    let latin: ArrayRef = Arc::new(BinaryArray::from(vec![b"a".as_slice(), b"\0", b"c"]));
    let out = read_with(vec![("description", latin)]).unwrap();
    assert_eq!(out.ids(), ["P0", "P2"]);
    assert_eq!((out.rejects[0].record, out.rejects[0].field.as_str()), (2, "description"));
    assert!(out.rejects[0].raw.contains("\"parcel_id\":\"P1\""));
    let long = texts_of(3, |i| "x".repeat(if i == 1 { 70_000 } else { 1 }));
    for name in ["consignee_name", "carrier"] {
        let out = read_with(vec![(name, long.clone())]).unwrap();
        assert_eq!((out.ids(), out.rejects[0].field.as_str()), (vec!["P0".into(), "P2".into()], name));
    }
}

#[test]
fn row_groups_keep_the_order() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.parquet");
    let rows = 150_000;
    for group in [1_000, 70_000, 1 << 20] {
        let names = texts_of(rows, |i| format!("name {}", i / 7));
        write(&path, columns(rows, vec![("consignor_name", names)]), group);
        let out = read(&path).unwrap();
        assert!(out.ids().iter().enumerate().all(|(i, id)| *id == format!("P{i}")));
        assert!(
            out.cells(Column::ConsignorName).iter().enumerate().all(|(i, n)| *n == format!("name {}", i / 7))
        );
        assert!(out.blocks.iter().all(|b| b.len() <= BLOCK_RECORDS * 3 / 2));
        assert!(out.blocks.len() <= rows / BLOCK_RECORDS + 3, "small row groups are read together");
    }
    let input = Input::new(&path, Channel::Postal).unwrap();
    let block = open(&input, 0, Some(&[Column::ParcelId])).unwrap().next().unwrap().unwrap();
    assert_eq!(block.columns.iter().flatten().count(), 1);
}
