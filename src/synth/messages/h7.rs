//! EU low-value declarations: column H7, one declaration a parcel.

use super::{Parcel, Rows, csv_row, element};
use crate::model::schema::Column;

/// Headers by data element number, with their columns; the amount is filled apart.
const FIELDS: [(&str, Option<Column>); 24] = [
    ("12 09 001 000", Some(Column::ManifestId)),
    ("12 05 001 000", Some(Column::ParcelId)),
    ("11 03 001 000", Some(Column::LineNumber)),
    ("15 09 001 000", Some(Column::Date)),
    ("13 05 016 000", Some(Column::Carrier)),
    ("13 01 016 000", Some(Column::ConsignorName)),
    ("13 01 017 000", Some(Column::ConsignorId)),
    ("13 01 018 019", Some(Column::ConsignorAddress)),
    ("13 01 018 020", Some(Column::ConsignorCountry)),
    ("13 01 018 021", Some(Column::ConsignorPostcode)),
    ("13 01 018 022", Some(Column::ConsignorCity)),
    ("13 04 016 000", Some(Column::ConsigneeName)),
    ("13 04 017 000", Some(Column::ConsigneeId)),
    ("13 04 018 019", Some(Column::ConsigneeAddress)),
    ("13 04 018 020", Some(Column::ConsigneeCountry)),
    ("13 04 018 021", Some(Column::ConsigneePostcode)),
    ("13 04 018 022", Some(Column::ConsigneeCity)),
    ("13 16 034 000", Some(Column::IossNumber)),
    ("11 10 001 000", Some(Column::ProcedureCodes)),
    ("12 08 001 000", Some(Column::OrderId)),
    ("18 05 001 000", Some(Column::Description)),
    ("18 09 056 000", Some(Column::HsCode)),
    ("18 02 001 000", Some(Column::Quantity)),
    ("18 04 001 000", Some(Column::GrossWeightKg)),
];
/// Currency and amount of the intrinsic value, currency and amount of the cost of transport and insurance.
const AMOUNTS: [&str; 4] = ["14 14 012 000", "14 14 014 000", "14 15 012 000", "14 15 014 000"];

/// The tariff code is that of the Harmonized System, six digits.
fn subheading(code: &str) -> &str {
    code.get(..6).unwrap_or(code)
}

/// The intrinsic value of one unit of a row, by the note to data element 14 14; so many decimals that the units
/// together give the row's value again.
fn unit_value(rows: &Rows, parcel: &Parcel, row: usize) -> String {
    let value = match rows.number(Column::Value, row) {
        Some(value) => value,
        None => {
            // Goods items need a value each: the parcel's in equal parts, the last one with what is left.
            let (whole, items) = (rows.value(parcel), parcel.len() as i64);
            let part = whole / items;
            let cents = if row + 1 == parcel.end { whole - part * (items - 1) } else { part };
            cents as f64 / 100.0
        }
    };
    let units = rows.number(Column::Quantity, row).filter(|q| *q > 1.0).unwrap_or(1.0);
    let money = |v: f64| (v * 1e4).round();
    let unit = (2..=9)
        .map(|d| format!("{:.d$}", value / units))
        .find(|text| text.parse::<f64>().is_ok_and(|u| money(u * units) == money(value)));
    unit.unwrap_or_else(|| (value / units).to_string())
}

pub(super) fn csv_head() -> String {
    let mut out = String::new();
    csv_row(&mut out, FIELDS.iter().map(|f| f.0).chain(AMOUNTS));
    out
}

pub(super) fn csv(rows: &Rows, parcel: Parcel, out: &mut String) {
    for row in parcel.clone() {
        let text = |column: Option<Column>| {
            let text = column.map_or(String::new(), |c| rows.text(c, row));
            if column == Some(Column::HsCode) { subheading(&text).to_owned() } else { text }
        };
        let mut cells: Vec<String> = FIELDS.iter().map(|f| text(f.1)).collect();
        let currency = rows.text(Column::Currency, row);
        let transport = rows.text(Column::TransportCost, row);
        let beside = if transport.is_empty() { String::new() } else { currency.clone() };
        cells.extend([currency, unit_value(rows, &parcel, row), beside, transport]);
        csv_row(out, cells.iter().map(String::as_str));
    }
}

pub(super) fn xml(rows: &Rows, parcel: Parcel, out: &mut String) {
    let text = |column| rows.text(column, parcel.start);
    let currency = text(Column::Currency);
    out.push_str("<Declaration>");
    element(out, "LRN", &text(Column::ManifestId));
    element(out, "acceptanceDate", &text(Column::Date));
    out.push_str("<Declarant>");
    element(out, "name", &text(Column::Carrier));
    out.push_str("</Declarant><GoodsShipment><TransportDocument>");
    element(out, "referenceNumber", &text(Column::ParcelId));
    out.push_str("</TransportDocument>");
    element(out, "referenceNumberUCR", &text(Column::OrderId));
    let parties = [
        (
            "Exporter",
            [
                Column::ConsignorId,
                Column::ConsignorName,
                Column::ConsignorAddress,
                Column::ConsignorPostcode,
                Column::ConsignorCity,
                Column::ConsignorCountry,
            ],
        ),
        (
            "Importer",
            [
                Column::ConsigneeId,
                Column::ConsigneeName,
                Column::ConsigneeAddress,
                Column::ConsigneePostcode,
                Column::ConsigneeCity,
                Column::ConsigneeCountry,
            ],
        ),
    ];
    for (tag, columns) in parties {
        let [id, name, street, postcode, city, country] = columns.map(text);
        out.push_str(&format!("<{tag}>"));
        element(out, "identificationNumber", &id);
        element(out, "name", &name);
        out.push_str("<Address>");
        element(out, "streetAndNumber", &street);
        element(out, "postcode", &postcode);
        element(out, "city", &city);
        element(out, "country", &country);
        out.push_str(&format!("</Address></{tag}>"));
    }
    let transport = text(Column::TransportCost);
    if !transport.is_empty() {
        out.push_str("<TransportAndInsuranceCostsToTheDestination>");
        element(out, "currency", &currency);
        element(out, "amount", &transport);
        out.push_str("</TransportAndInsuranceCostsToTheDestination>");
    }
    element(out, "grossMass", &text(Column::GrossWeightKg));
    for row in parcel.clone() {
        let text = |column| rows.text(column, row);
        out.push_str("<GoodsItem>");
        element(out, "goodsItemNumber", &text(Column::LineNumber));
        for code in text(Column::ProcedureCodes).split_whitespace() {
            out.push_str("<AdditionalProcedure>");
            element(out, "additionalProcedure", code);
            out.push_str("</AdditionalProcedure>");
        }
        let scheme = text(Column::IossNumber);
        if !scheme.is_empty() {
            out.push_str("<AdditionalFiscalReference>");
            element(out, "role", "FR5");
            element(out, "VATIdentificationNumber", &scheme);
            out.push_str("</AdditionalFiscalReference>");
        }
        element(out, "descriptionOfGoods", &text(Column::Description));
        let code = text(Column::HsCode);
        if !code.is_empty() {
            out.push_str("<CommodityCode>");
            element(out, "harmonizedSystemSubheadingCode", subheading(&code));
            out.push_str("</CommodityCode>");
        }
        element(out, "supplementaryUnits", &text(Column::Quantity));
        out.push_str("<intrinsicValue>");
        element(out, "currency", &currency);
        element(out, "amount", &unit_value(rows, &parcel, row));
        out.push_str("</intrinsicValue></GoodsItem>");
    }
    out.push_str("</GoodsShipment></Declaration>\n");
}
