//! Cargo-IMP: master waybills (FWB) and their house waybills (FHL), in the character set of the telex.

use super::cargo_xml::masters;
use super::{Parcel, Rows, amount};
use crate::model::schema::Column;
use any_ascii::any_ascii;
use std::fmt::Write;

/// Characters after which a message goes on in another one; the standard allows 3,500.
const MESSAGE: usize = 2_800;

/// Text as the character set allows: capitals, digits, points, hyphens and blanks, cut to a length.
pub(in crate::synth) fn telex(text: &str, length: usize) -> String {
    let allowed = |c: char| {
        if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c.to_ascii_uppercase() } else { ' ' }
    };
    let plain: String = any_ascii(text).chars().map(allowed).collect();
    let mut words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    words.truncate(length);
    words.trim_end().to_owned()
}

/// A telephone number is digits.
pub(in crate::synth) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).take(25).collect()
}

/// `12APR26`.
fn telex_day(day: &str) -> String {
    const MONTHS: [&str; 12] =
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let month =
        day.get(5..7).and_then(|m| m.parse::<usize>().ok()).and_then(|m| MONTHS.get(m.wrapping_sub(1)));
    format!("{}{}{}", day.get(8..).unwrap_or("01"), month.unwrap_or(&"JAN"), day.get(2..4).unwrap_or("00"))
}

pub(super) fn manifests(rows: &Rows, parcels: &[Parcel], out: &mut String) {
    for parcels in masters(rows, parcels) {
        let Some(first) = parcels.first().map(|p| p.start) else { continue };
        let master = rows.text(Column::ManifestId, first);
        let weight: f64 = parcels.iter().filter_map(|p| rows.number(Column::GrossWeightKg, p.start)).sum();
        let (pieces, weight) = (parcels.len(), (weight * 10.0).round().max(1.0) / 10.0);
        let flight = rows.text(Column::Flight, first);
        let (number, flown) = flight.split_once(' ').unwrap_or((&flight, ""));
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "FWB/16\n{master}XXXYYY/T{pieces}K{weight}\nFLT/{number}/{}\nRTG/YYY{}\nISU/{}/XXX\n",
            flown.get(8..).unwrap_or("01"),
            number.get(..2).unwrap_or("ZZ"),
            telex_day(flown)
        );
        let head = format!("FHL/4\nMBI/{master}XXXYYY/T{pieces}K{weight}\n");
        out.push_str(&head);
        let mut length = head.len();
        for parcel in parcels {
            let house = house(rows, &parcel);
            if length + house.len() > MESSAGE && length > head.len() {
                out.push_str(&head);
                length = head.len();
            }
            length += house.len();
            out.push_str(&house);
        }
    }
}

fn house(rows: &Rows, parcel: &Parcel) -> String {
    let row = parcel.start;
    let text = |column| rows.text(column, row);
    let mut out = String::new();
    let short = telex(&text(Column::Description), 15);
    let lines = parcel.len();
    let _ = writeln!(
        out,
        "HBS/{}/XXXYYY/1/K{}/{lines}/{short}",
        text(Column::ParcelId),
        text(Column::GrossWeightKg)
    );
    for (i, row) in parcel.clone().enumerate() {
        let tag = if i == 0 { "TXT/" } else { "/" };
        let _ = writeln!(out, "{tag}{}", telex(&rows.text(Column::Description, row), 65));
    }
    let tariff: Vec<String> = parcel.clone().map(|r| rows.text(Column::HsCode, r)).collect();
    // Codes and descriptions belong together by their order, so either all lines have one or none is written.
    if tariff.iter().all(|t| !t.is_empty()) {
        for (i, code) in tariff.iter().enumerate() {
            let tag = if i == 0 { "HTS/" } else { "/" };
            let _ = writeln!(out, "{tag}{code}");
        }
    }
    let notes = [
        ("SHP", text(Column::ConsignorCountry), text(Column::ConsignorId)),
        ("CNE", text(Column::ConsigneeCountry), text(Column::ConsigneeId)),
    ];
    for (i, (party, country, id)) in notes.iter().filter(|n| !n.2.is_empty()).enumerate() {
        let tag = if i == 0 { "OCI/" } else { "/" };
        let _ = writeln!(out, "{tag}{country}/{party}/T/{}", telex(id, 35));
    }
    let parties = [
        (
            "SHP",
            [
                Column::ConsignorName,
                Column::ConsignorAddress,
                Column::ConsignorCity,
                Column::ConsignorCountry,
                Column::ConsignorPostcode,
                Column::ConsignorPhone,
            ],
        ),
        (
            "CNE",
            [
                Column::ConsigneeName,
                Column::ConsigneeAddress,
                Column::ConsigneeCity,
                Column::ConsigneeCountry,
                Column::ConsigneePostcode,
                Column::ConsigneePhone,
            ],
        ),
    ];
    for (tag, columns) in parties {
        let [name, street, city, country, postcode, phone] = columns.map(text);
        let place = telex(&city, 17);
        let place = if place.is_empty() { "-".to_owned() } else { place };
        let _ = write!(
            out,
            "{tag}/{}\n/{}\n/{place}\n/{country}/{}",
            telex(&name, 35),
            telex(&street, 35),
            telex(&postcode, 9)
        );
        let phone = digits(&phone);
        let _ = if phone.is_empty() { writeln!(out) } else { writeln!(out, "/TE/{phone}") };
    }
    let insured = text(Column::InsuredValue);
    let insured = if insured.is_empty() { "XXX" } else { &insured };
    let _ = writeln!(out, "CVD/{}/PP/NVD/{}/{insured}", text(Column::Currency), amount(rows.value(parcel)));
    out
}
