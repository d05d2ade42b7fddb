//! Postal item data in the CUSITM/ITMATT content model.

use super::{Parcel, Rows, csv_row, element};
use crate::model::schema::Column;
use serde_json::{Map, Value};

/// Fields of the item.
const ITEM: [(&str, Column); 24] = [
    ("ITEM_ID", Column::ParcelId),
    ("POSTINGDT", Column::PostingDate),
    ("TRANS_DATE", Column::Date),
    ("POST_ORG_CD", Column::Carrier),
    ("NATURE_TYPE_CD", Column::Nature),
    ("GROSS_WT", Column::GrossWeightKg),
    ("INS_VAL", Column::InsuredValue),
    ("POSTAGE_AMT", Column::TransportCost),
    ("SEND_NAME", Column::ConsignorName),
    ("SEND_IDREF", Column::ConsignorId),
    ("SEND_ADD1", Column::ConsignorAddress),
    ("SEND_CITY", Column::ConsignorCity),
    ("SEND_ZIP", Column::ConsignorPostcode),
    ("SEND_CNTRY_CD", Column::ConsignorCountry),
    ("SEND_PHONE", Column::ConsignorPhone),
    ("SEND_EMAILID", Column::ConsignorEmail),
    ("RECP_FNAME", Column::ConsigneeName),
    ("RECP_IDREF", Column::ConsigneeId),
    ("RECP_ADD1", Column::ConsigneeAddress),
    ("RECP_CITY", Column::ConsigneeCity),
    ("RECP_ZIP", Column::ConsigneePostcode),
    ("RECP_CNTRY_CD", Column::ConsigneeCountry),
    ("RECP_PHONE", Column::ConsigneePhone),
    ("RECP_EMAILID", Column::ConsigneeEmail),
];
/// Currencies of amounts of the item, each behind its amount.
const CURRENCIES: [(&str, &str); 2] = [("INS_VAL", "INS_VAL_CURRCD"), ("POSTAGE_AMT", "POSTAGE_CURR_CD")];
/// Fields of a content piece.
const PIECE: [(&str, Column); 8] = [
    ("ITEM_NO", Column::LineNumber),
    ("CP_NOU", Column::Quantity),
    ("CP_NETWT", Column::NetWeightKg),
    ("CP_AMT", Column::Value),
    ("CP_CURRCD", Column::Currency),
    ("CP_DESC", Column::Description),
    ("CP_HS", Column::HsCode),
    ("CP_ORIGCNTRYCD", Column::OriginCountry),
];

/// Fields of a row with their texts, those of the item or of the piece.
fn fields(rows: &Rows, row: usize, list: &[(&'static str, Column)]) -> Vec<(&'static str, String)> {
    let mut fields = Vec::new();
    for &(name, column) in list {
        let text = rows.text(column, row);
        let text = if column == Column::Nature { code(&text).to_owned() } else { text };
        let currency = CURRENCIES.iter().find(|c| c.0 == name && !text.is_empty()).map(|c| c.1);
        fields.push((name, text));
        if let Some((_, name)) = CURRENCIES.iter().find(|c| c.0 == name) {
            let text = if currency.is_some() { rows.text(Column::Currency, row) } else { String::new() };
            fields.push((name, text));
        }
    }
    fields
}

/// UPU code list 136.
fn code(nature: &str) -> &str {
    match nature {
        "sale" => "11",
        "returned" => "21",
        "gift" => "31",
        "sample" => "32",
        "documents" => "91",
        "other" => "999",
        unknown => unknown,
    }
}

pub(super) fn xml(rows: &Rows, parcel: Parcel, out: &mut String) {
    out.push_str("<C_CUSITM>");
    for (name, text) in fields(rows, parcel.start, &ITEM) {
        element(out, name, &text);
    }
    for row in parcel {
        out.push_str("<C_CUSITM_CP_DET>");
        for (name, text) in fields(rows, row, &PIECE) {
            element(out, name, &text);
        }
        out.push_str("</C_CUSITM_CP_DET>");
    }
    out.push_str("</C_CUSITM>\n");
}

pub(super) fn json(rows: &Rows, parcel: Parcel, out: &mut String) {
    let object = |fields: Vec<(&'static str, String)>| {
        let filled = fields.into_iter().filter(|f| !f.1.is_empty());
        filled.map(|(name, text)| (name.to_owned(), Value::from(text))).collect::<Map<_, _>>()
    };
    let mut item = object(fields(rows, parcel.start, &ITEM));
    let pieces = parcel.map(|row| Value::Object(object(fields(rows, row, &PIECE)))).collect();
    item.insert("C_CUSITM_CP_DET".into(), Value::Array(pieces));
    out.push_str(&Value::Object(item).to_string());
}

pub(super) fn csv_head() -> String {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in ITEM.iter().chain(&PIECE) {
        names.push(name);
        names.extend(CURRENCIES.iter().find(|c| c.0 == *name).map(|c| c.1));
    }
    let mut out = String::new();
    csv_row(&mut out, names.into_iter());
    out
}

pub(super) fn csv(rows: &Rows, parcel: Parcel, out: &mut String) {
    for row in parcel {
        let cells: Vec<_> = fields(rows, row, &ITEM).into_iter().chain(fields(rows, row, &PIECE)).collect();
        csv_row(out, cells.iter().map(|c| c.1.as_str()));
    }
}
