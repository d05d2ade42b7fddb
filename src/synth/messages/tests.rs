//! Each format gives back the lines that it was made from, up to what it cannot carry, which is listed here.

use super::cargo_imp::{digits, telex};
use crate::fields::date::{iso_text, parse_date};
use crate::model::batch::Channel;
use crate::model::schema::Column;
use crate::read::{self, Input};
use crate::synth::plan::Format;
use crate::synth::tests::plan;
use std::collections::BTreeMap;
use std::path::Path;

type Line = BTreeMap<Column, String>;

/// All lines of a file, and how many records could not be used.
fn lines(path: &Path, channel: Channel) -> Vec<Line> {
    let mut input = Input::new(path, channel).unwrap();
    input.reading.night = "1999-01-01".into();
    let input = &read::joined(&[input]).unwrap()[0];
    let mut lines = Vec::new();
    let mut reader = read::open(input, 0, None).unwrap();
    for block in reader.by_ref() {
        let block = block.unwrap();
        assert!(block.rejects.is_empty(), "{:?}", block.rejects);
        for row in 0..block.len() {
            lines.push(read::cell_texts(&block, row).into_iter().map(tidy).collect());
        }
    }
    assert_eq!(read::undeclared(std::slice::from_ref(input)).len(), 0);
    assert_eq!(reader.summary().records_read, lines.len() as u64);
    lines
}

/// The same meaning in the same text: days without the time of day.
fn tidy((column, text): (Column, String)) -> (Column, String) {
    let text = match column {
        Column::Date | Column::PostingDate | Column::OrderDate => parse_date(&text).map_or(text, iso_text),
        _ => text,
    };
    (column, text)
}

/// Reads what was written in a format and holds it against the lines of the CSV of the same seed, changed by `carried`
/// to what the format can carry; the lines of a parcel at once.
fn holds(format: Format, channel: Channel, carried: impl Fn(Vec<Line>) -> Vec<Line>) {
    let folder = tempfile::tempdir().unwrap();
    let mut plan = plan(folder.path(), 600);
    plan.formats = vec![Format::Csv, format];
    crate::synth::generate(&plan).unwrap();
    let file = |ending: &str| folder.path().join(format!("{}.{ending}", channel.name()));
    let told = lines(&file("csv"), channel);
    assert!(told.len() > 200);
    let mut expected: Vec<Line> = Vec::new();
    for parcel in told.chunk_by(|a, b| a[&Column::ParcelId] == b[&Column::ParcelId]) {
        expected.extend(carried(parcel.to_vec()));
    }
    // What the messages say besides of themselves and of a value's absence.
    let besides = [
        Column::NoCustomsValue,
        Column::Packages,
        Column::MessageTime,
        Column::DepartureTime,
        Column::ArrivalTime,
    ];
    let mut found = without(lines(&file(format.ending()), channel), &besides);
    let key = |l: &Line| (l[&Column::ParcelId].clone(), l.get(&Column::LineNumber).cloned());
    expected.sort_by_key(key);
    found.sort_by_key(key);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
}

fn without(parcel: Vec<Line>, columns: &[Column]) -> Vec<Line> {
    let drop = |mut line: Line| {
        line.retain(|c, _| !columns.contains(c));
        line
    };
    parcel.into_iter().map(drop).collect()
}

/// What no customs item of the posts has: it is in the messages of dispatches, or with the marketplace.
const NOT_ITMATT: [Column; 11] = [
    Column::ManifestId,
    Column::ReceptacleId,
    Column::Flight,
    Column::InsuranceCost,
    Column::IossNumber,
    Column::ProcedureCodes,
    Column::OrderDate,
    Column::OrderId,
    Column::Platform,
    Column::SellerName,
    Column::ParcelValue,
];

#[test]
fn itmatt_xml() {
    holds(Format::ItmattXml, Channel::Postal, |p| without(p, &NOT_ITMATT));
}

#[test]
fn itmatt_json() {
    holds(Format::ItmattJson, Channel::Postal, |p| without(p, &NOT_ITMATT));
}

#[test]
fn itmatt_csv() {
    holds(Format::ItmattCsv, Channel::Postal, |p| without(p, &NOT_ITMATT));
}

/// The declared value of a parcel as the CSV has it, by line or as a whole.
fn whole_value(parcel: &[Line]) -> String {
    let cents =
        |line: &Line, c| line.get(&c).map(|v: &String| (v.parse::<f64>().unwrap() * 100.0).round() as i64);
    let whole = cents(&parcel[0], Column::ParcelValue);
    let sum = whole.unwrap_or_else(|| parcel.iter().filter_map(|l| cents(l, Column::Value)).sum());
    (sum as f64 / 100.0).to_string()
}

/// What a house waybill does not have: values of single lines, the customs' category and claims, net weights.
fn cargo_xml(parcel: Vec<Line>) -> Vec<Line> {
    let value = whole_value(&parcel);
    let columns = [
        Column::Value,
        Column::Nature,
        Column::NetWeightKg,
        Column::InsuranceCost,
        Column::IossNumber,
        Column::ProcedureCodes,
        Column::OrderDate,
        Column::Platform,
    ];
    let mut lines = without(parcel, &columns);
    for line in &mut lines {
        line.insert(Column::ParcelValue, value.clone());
    }
    lines
}

#[test]
fn xfzb() {
    holds(Format::Xfzb, Channel::Express, cargo_xml);
}

#[test]
fn xfhl_joined_with_xfzb_and_xfwb() {
    holds(Format::Xfhl, Channel::Express, cargo_xml);
}

/// Text goes in capitals and in short lines; one value, and one line where a tariff code is missing.
fn cargo_imp(parcel: Vec<Line>) -> Vec<Line> {
    let value = whole_value(&parcel);
    let kept = |line: &Line| {
        let mut out = Line::new();
        for (&column, text) in line {
            let text = match column {
                Column::ConsignorName | Column::ConsigneeName => telex(text, 35),
                Column::ConsignorAddress | Column::ConsigneeAddress => telex(text, 35),
                Column::ConsignorCity | Column::ConsigneeCity => telex(text, 17),
                Column::ConsignorPostcode | Column::ConsigneePostcode => telex(text, 9),
                Column::ConsignorPhone | Column::ConsigneePhone => digits(text),
                Column::ConsignorId | Column::ConsigneeId => telex(text, 35),
                Column::Description => telex(text, 65),
                Column::ParcelId
                | Column::ManifestId
                | Column::Date
                | Column::LineNumber
                | Column::ConsignorCountry
                | Column::ConsigneeCountry
                | Column::HsCode
                | Column::GrossWeightKg
                | Column::Currency
                | Column::InsuredValue
                | Column::Flight => text.clone(),
                _ => continue,
            };
            if !text.is_empty() {
                out.insert(column, text);
            }
        }
        out.insert(Column::ParcelValue, value.clone());
        out
    };
    let mut lines: Vec<Line> = parcel.iter().map(kept).collect();
    if lines.iter().any(|l| !l.contains_key(&Column::HsCode)) {
        let texts: Vec<String> = lines.iter().map(|l| l[&Column::Description].clone()).collect();
        lines.truncate(1);
        lines[0].remove(&Column::HsCode);
        lines[0].insert(Column::Description, texts.join(" "));
    }
    lines
}

#[test]
fn fhl_joined_with_fwb() {
    holds(Format::Fhl, Channel::Express, cargo_imp);
}

/// No origin, net weight, contacts or dispatch; six digits of the tariff code; the gift by its procedure code.
fn h7(parcel: Vec<Line>) -> Vec<Line> {
    const KEPT: [Column; 24] = [
        Column::ParcelId,
        Column::ManifestId,
        Column::Carrier,
        Column::Date,
        Column::LineNumber,
        Column::ConsignorName,
        Column::ConsignorAddress,
        Column::ConsignorCity,
        Column::ConsignorPostcode,
        Column::ConsignorId,
        Column::ConsignorCountry,
        Column::ConsigneeName,
        Column::ConsigneeAddress,
        Column::ConsigneeCity,
        Column::ConsigneePostcode,
        Column::ConsigneeId,
        Column::ConsigneeCountry,
        Column::Description,
        Column::HsCode,
        Column::Quantity,
        Column::GrossWeightKg,
        Column::Value,
        Column::Currency,
        Column::TransportCost,
    ];
    const ALSO: [Column; 3] = [Column::IossNumber, Column::OrderId, Column::ProcedureCodes];
    let whole: f64 = whole_value(&parcel).parse().unwrap();
    let items = parcel.len();
    let mut given = 0;
    let share = |i: usize, given: &mut i64| {
        let cents = (whole * 100.0).round() as i64;
        let part = if i + 1 == items { cents - *given } else { cents / items as i64 };
        *given += part;
        (part as f64 / 100.0).to_string()
    };
    let mut lines = Vec::new();
    for (i, mut line) in parcel.into_iter().enumerate() {
        if line.contains_key(&Column::ParcelValue) {
            line.insert(Column::Value, share(i, &mut given));
        }
        let gift = line.get(&Column::ProcedureCodes).is_some_and(|p| p.contains("C08"));
        line.retain(|c, _| KEPT.contains(c) || ALSO.contains(c));
        if let Some(hs) = line.get_mut(&Column::HsCode) {
            hs.truncate(6);
        }
        if gift {
            line.insert(Column::Nature, "gift".into());
        }
        lines.push(line);
    }
    lines
}

#[test]
fn h7_xml() {
    holds(Format::H7Xml, Channel::Postal, h7);
    holds(Format::H7Xml, Channel::Express, h7);
}

#[test]
fn h7_csv() {
    holds(Format::H7Csv, Channel::Postal, h7);
    holds(Format::H7Csv, Channel::Express, h7);
}
