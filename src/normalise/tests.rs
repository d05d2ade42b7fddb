//! Tests of normalising, from the bytes of a file to shipments.

use super::{Context, Intake, Normalised, run};
use crate::fields::country::parse_country;
use crate::fields::date::parse_date;
use crate::model::batch::Channel;
use crate::model::money::UNIT;
use crate::model::parcels::Particular;
use crate::read::Input;
use crate::refdata::rates::Rates;
use crate::refdata::regimes::Regimes;

const HEADER: &str = "parcel_id,date,line_number,consignor_name,consignor_country,consignee_name,consignee_country,\
description,hs_code,quantity,net_weight_kg,gross_weight_kg,value,parcel_value,currency";

/// Normalises files of one channel, imports into Germany, night of 2026-05-20, one US dollar a day at 1.25 to the euro.
fn files(files: &[&str]) -> Normalised {
    let dir = tempfile::tempdir().unwrap();
    let rates = dir.path().join("rates.csv");
    std::fs::write(&rates, "Date,USD,\n2026-05-18,1.25,\n").unwrap();
    let inputs: Vec<Input> = files
        .iter()
        .enumerate()
        .map(|(i, text)| {
            let path = dir.path().join(format!("{i}.csv"));
            std::fs::write(&path, text).unwrap();
            Input::new(&path, Channel::Postal).unwrap()
        })
        .collect();
    let context = Context {
        rates: Some(&Rates::read(&rates).unwrap()),
        regimes: &Regimes::load(None).unwrap(),
        destination: Some(parse_country("DE").unwrap()),
        night: parse_date("2026-05-20").unwrap(),
    };
    let normalised = run(&inputs, &context, &|_| {}).unwrap();
    let read: u64 = normalised.files.iter().map(|f| f.records_read).sum();
    assert_eq!(read, (normalised.shipments.lines.len() + normalised.rejects.len()) as u64);
    normalised
}

fn lines(lines: &[&str]) -> Normalised {
    files(&[&format!("{HEADER}\n{}\n", lines.join("\n"))])
}

/// Field and reason of the only reject of a line; the sound line behind it must survive.
fn reject(line: &str) -> (String, String) {
    let sound = "Z,2026-05-20,1,Ann,CN,Bob,DE,shirt,610910,1,0.2,0.3,10,,EUR";
    let normalised = lines(&[line, sound]);
    assert_eq!(normalised.shipments.parcels.len(), 1, "{line}");
    assert_eq!(normalised.shipments.parcels.id.get(0), "Z");
    let [reject] = normalised.rejects.as_slice() else { panic!("{:?}", normalised.rejects) };
    assert_eq!((reject.record, reject.raw.as_str()), (1, line));
    (reject.field.clone(), reject.reason.clone())
}

#[test]
fn a_record_that_cannot_be_used_names_field_and_reason() {
    for (line, field, words) in [
        (",2026-05-20,1,Ann,CN,Bob,DE,shirt,,1,,0.3,10,,EUR", "parcel_id", "empty"),
        ("A,2026-02-30,1,Ann,CN,Bob,DE,shirt,,1,,0.3,10,,EUR", "date", "does not exist"),
        ("A,2031-05-20,1,Ann,CN,Bob,DE,shirt,,1,,0.3,10,,EUR", "date", "days after the night"),
        ("A,,1,Ann,CN,Bob,DE,shirt,,1,,0.3,10,,EUR", "date", "empty"),
        ("A,2026-05-20,1.5,Ann,CN,Bob,DE,shirt,,1,,0.3,10,,EUR", "line_number", "whole number"),
        ("A,2026-05-20,1,,CN,Bob,DE,shirt,,1,,0.3,10,,EUR", "consignor_name", "empty"),
        ("A,2026-05-20,1,Ann,Atlantis,Bob,DE,shirt,,1,,0.3,10,,EUR", "consignor_country", "Atlantis"),
        ("A,2026-05-20,1,Ann,CN,Bob,,shirt,,1,,0.3,10,,EUR", "consignee_country", "empty"),
        ("A,2026-05-20,1,Ann,CN,Bob,DE,,,1,,0.3,10,,EUR", "description", "empty"),
        ("A,2026-05-20,1,Ann,CN,Bob,DE,shirt,,1,,-0.3,10,,EUR", "gross_weight_kg", "above 0"),
        ("A,2026-05-20,1,Ann,CN,Bob,DE,shirt,,1,,0,10,,EUR", "gross_weight_kg", "above 0"),
        ("A,2026-05-20,1,Ann,CN,Bob,DE,shirt,,1,,,10,,EUR", "gross_weight_kg", "empty"),
        ("A,2026-05-20,1,Ann,CN,Bob,DE,shirt,,1,,NaN,10,,EUR", "gross_weight_kg", "not a number"),
        ("A,2026-05-20,1,Ann,CN,Bob,DE,shirt,,0,,0.3,10,,EUR", "quantity", "above 0"),
        ("A,2026-05-20,1,Ann,CN,Bob,DE,shirt,,1,,0.3,1e308,,EUR", "value", "too large"),
        ("A,2026-05-20,1,Ann,CN,Bob,DE,shirt,,1,,0.3,-1,,EUR", "value", "below 0"),
        ("A,2026-05-20,1,Ann,CN,Bob,DE,shirt,,1,,0.3,,,EUR", "value", "neither"),
        ("A,2026-05-20,1,Ann,CN,Bob,DE,shirt,,1,,0.3,10,,XXQ", "currency", "not an active currency"),
        (
            "A,2026-05-20,1,Ann,CN,Bob,DE,shirt,,1,,0.3,10,,GBP",
            "currency",
            "no exchange rate from GBP to EUR",
        ),
    ] {
        let (found, reason) = reject(line);
        assert_eq!(found, field, "{line}: {reason}");
        assert!(reason.contains(words), "{line}: {reason}");
    }
}

#[test]
fn amounts_are_converted_at_the_rate_of_the_lines_date() {
    let n = lines(&["A,2026-05-20,1,Ann,CN,Bob,DE,shirt,610910,2,0.2,0.3,\"1.250,50\",,USD"]);
    let parcels = &n.shipments.parcels;
    assert_eq!(parcels.declared, [12_505_000]);
    assert_eq!(parcels.value, [1_000_4 * UNIT / 10], "1250.50 USD at 1.25 is 1000.40 EUR");
    assert_eq!(n.terms[parcels.terms[0] as usize].currency.to_string(), "EUR");
    let (field, reason) = reject("A,2026-05-10,1,Ann,CN,Bob,DE,shirt,,1,,0.3,10,,USD");
    assert_eq!(field, "currency", "the table starts on 2026-05-18");
    assert!(reason.contains("2026-05-10"), "{reason}");
}

#[test]
fn a_parcels_value_is_shared_out_by_weight_and_marked() {
    let n = lines(&[
        "A,2026-05-20,1,Ann,CN,Bob,DE,shirt,610910,1,0.1,0.5,,30,EUR",
        "A,2026-05-20,2,Ann,CN,Bob,DE,shoes,640399,1,0.2,0.5,,30,EUR",
        "B,2026-05-20,1,Ann,CN,Bob,DE,shirt,610910,1,0.1,0.5,,30,EUR",
        "C,2026-05-20,1,Ann,CN,Bob,DE,shirt,610910,1,0.1,0.5,12,30,EUR",
        "C,2026-05-20,2,Ann,CN,Bob,DE,shoes,640399,1,,0.5,,30,EUR",
    ]);
    let lines = &n.shipments.lines;
    assert_eq!(lines.value, [10 * UNIT, 20 * UNIT, 30 * UNIT, 12 * UNIT, 18 * UNIT]);
    assert_eq!(lines.allocated, [true, true, false, false, false], "one open line is no guess");
    assert_eq!(n.shipments.parcels.value, [30 * UNIT; 3]);
}

#[test]
fn shares_add_up_to_the_last_ten_thousandth() {
    let line = |i| format!("A,2026-05-20,{i},Ann,CN,Bob,DE,thing {i},610910,1,0.1,0.5,,0.1,EUR");
    let all: Vec<String> = (1..=7).map(line).collect();
    let n = lines(&all.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(n.shipments.lines.value.iter().sum::<i64>(), 1_000);
}

#[test]
fn repeated_records_go_to_quarantine_and_corrections_keep_the_higher_value() {
    let n = lines(&[
        "A,2026-05-20,1,Ann,CN,Bob,DE,shirt,610910,1,0.1,0.5,10,,EUR",
        "A,2026-05-20,1,Ann,CN,Bob,DE,shirt,610910,1,0.1,0.5,10,,EUR",
        "B,2026-05-20,1,Ann,CN,Bob,DE,shirt,610910,1,0.1,0.5,10,,EUR",
        "B,2026-05-20,1,Ann,CN,Bob,DE,shirt,610910,1,0.1,0.5,25,,EUR",
        "C,2026-05-20,1,Ann,CN,Bob,DE,shirt,610910,1,0.1,0.5,10,,EUR",
        "C,2026-05-20,1,Ann,CN,Bob,DE,shoes,640399,1,0.1,0.5,10,,EUR",
    ]);
    let fields: Vec<(u64, &str)> = n.rejects.iter().map(|r| (r.record, r.field.as_str())).collect();
    assert_eq!(fields, [(2, "parcel_id"), (3, "line_number")]);
    assert!(n.rejects[0].raw.starts_with("A,2026-05-20"));
    assert_eq!(n.shipments.parcels.value, [10 * UNIT, 25 * UNIT, 20 * UNIT]);
    assert_eq!(n.shipments.parcels.restated, [(1, 1, 10 * UNIT)], "B, line 1, without its higher value");
    assert_eq!(n.shipments.lines.number, [1, 1, 1, 2], "other goods under the same number are another line");
}

#[test]
fn an_identifier_used_twice_is_two_parcels() {
    let n = lines(&[
        "A,2026-05-20,1,Ann,CN,Bob,DE,shirt,610910,1,0.1,0.5,10,,EUR",
        "A,2026-05-19,1,Ann,CN,Bob,DE,shirt,610910,1,0.1,0.5,10,,EUR",
        "B,2026-05-20,1,Ann,CN,Bob,DE,shirt,610910,1,0.1,0.5,10,,EUR",
        "B,2026-05-20,2,Eve,CN,Tom,DE,shoes,640399,1,0.1,0.5,10,,EUR",
        "C,2026-05-20,1,Ann,CN,Bob,DE,shirt,610910,1,0.1,0.5,10,,EUR",
        "C,2026-05-20,2,Ann Lee,CN,Bob,DE,shoes,640399,1,0.1,0.5,10,,EUR",
    ]);
    let ids: Vec<&str> = n.shipments.parcels.id.iter().collect();
    assert_eq!(ids, ["A", "A", "B", "B", "C"]);
}

#[test]
fn the_order_of_files_and_records_does_not_matter() {
    let rows = [
        "B,2026-05-20,,Ann,CN,Bob,DE,shirt,610910,1,0.1,0.5,10,,EUR",
        "B,2026-05-20,,Ann,CN,Bob,DE,cap,650500,1,0.1,0.5,11,,EUR",
        "A,2026-05-20,1,Eve,CN,Tom,DE,shirt,610910,1,0.1,0.5,12,,EUR",
        "LONG-IDENTIFIER-0002,2026-05-20,1,Eve,CN,Tom,DE,shoes,640399,1,0.1,0.5,13,,EUR",
        "LONG-IDENTIFIER-0001,2026-05-20,1,Zoe,CN,Tom,DE,shoes,640399,1,0.1,0.5,14,,EUR",
    ];
    let text = |order: &[usize]| {
        let rows: Vec<&str> = order.iter().map(|&i| rows[i]).collect();
        format!("{HEADER}\n{}\n", rows.join("\n"))
    };
    let say = |n: &Normalised| {
        let s = &n.shipments;
        let parcels: Vec<String> = (0..s.parcels.len() as u32)
            .map(|p| {
                let name = s.consignors.get(s.parcels.consignor[p as usize], Particular::Name);
                format!("{} {} {name}", s.parcels.id.get(p), s.parcels.consignor[p as usize])
            })
            .collect();
        (parcels, s.lines.value.clone(), s.lines.description.clone(), s.lines.number.clone())
    };
    let one = files(&[&text(&[0, 1, 2, 3, 4])]);
    let other = files(&[&text(&[4, 2]), &text(&[1, 3, 0])]);
    assert_eq!(say(&one), say(&other));
    assert_eq!(one.shipments.parcels.id.get(1), "B");
}

#[test]
fn unusable_optional_text_is_left_out_and_counted() {
    let n = lines(&["A,2026-05-20,1,Ann,CN,Bob,DE,shirt,61O9,1,0.2,0.3,10,,EUR"]);
    let lines = &n.shipments.lines;
    let bit = 1 << crate::model::schema::Column::HsCode as u64;
    assert_eq!(lines.hs, [None]);
    assert_eq!((lines.unusable[0], lines.filled[0] & bit), (bit, bit));
}

#[test]
fn a_record_that_says_that_it_has_no_value_is_kept_without_one() {
    let head = "parcel_id,date,consignor_name,consignor_country,consignee_name,consignee_country,description,\
                gross_weight_kg,value,parcel_value,currency,transport_cost,no_customs_value";
    let line = |id: &str, value: &str, currency: &str, said: &str| {
        format!("{id},2026-05-20,Ann,CN,Bob,DE,shirt,0.3,{value},,{currency},4,{said}")
    };
    let rows = [
        line("A", "", "EUR", "NCV"),
        // Its currency is not known, or has no rate: what the freight is worth cannot be said.
        line("B", "", "", "true"),
        line("C", "", "GBP", "NCV"),
        line("D", "12", "EUR", "NCV"),
        line("E", "", "EUR", "false"),
        line("F", "", "EUR", ""),
    ];
    let n = files(&[&format!("{head}\n{}\n", rows.join("\n"))]);
    let shipments = &n.shipments;
    let ids: Vec<&str> = shipments.parcels.id.iter().collect();
    assert_eq!(ids, ["A", "B", "C", "D"]);
    let unvalued: Vec<bool> = (0..4).map(|p| shipments.unvalued(p)).collect();
    assert_eq!(unvalued, [true, true, true, false]);
    assert_eq!(shipments.parcels.value, [0, 0, 0, 12 * UNIT]);
    let none = crate::model::parcels::NO_AMOUNT;
    assert_eq!(shipments.parcels.transport, [4 * UNIT, none, none, 4 * UNIT]);
    let fields: Vec<&str> = n.rejects.iter().map(|r| r.field.as_str()).collect();
    assert_eq!(fields, ["value", "value"]);
    assert!(n.rejects[1].reason.contains("no_customs_value"), "{}", n.rejects[1].reason);
}

#[test]
fn a_carrier_without_values_shares_a_parcels_value_all_the_same() {
    // One line of the parcel states the value of the whole; the other says that it has none of its own.
    let head = "parcel_id,date,line_number,consignor_name,consignor_country,consignee_name,consignee_country,description,\
                gross_weight_kg,parcel_value,currency,no_customs_value";
    let n = files(&[&format!(
        "{head}\nA,2026-05-20,1,Ann,CN,Bob,DE,shirt,0.3,30,EUR,\nA,2026-05-20,2,Ann,CN,Bob,DE,cap,0.3,,EUR,NCV\n"
    )]);
    assert_eq!(n.shipments.lines.value, [15 * UNIT, 15 * UNIT]);
    assert!(!n.shipments.unvalued(0) && !n.shipments.lines.unvalued(1));
}

#[test]
fn nothing_is_kept_of_a_file_that_breaks_off() {
    let dir = tempfile::tempdir().unwrap();
    let line = |id: &str| format!("{id},2026-05-20,1,Ann,CN,Bob,DE,shirt,610910,1,0.2,0.3,10,,EUR\n");
    let sound = dir.path().join("sound.csv");
    std::fs::write(&sound, format!("{HEADER}\n{}", line("P7"))).unwrap();
    // Cut in the middle, long after its first blocks were taken in.
    let broken = dir.path().join("broken.csv.zst");
    let rows: String = (0..450_000).map(|i| line(&format!("P{i}"))).collect();
    let packed = zstd::encode_all(format!("{HEADER}\n{rows}").as_bytes(), 1).unwrap();
    std::fs::write(&broken, &packed[..packed.len() - 9]).unwrap();
    let inputs = [&broken, &sound].map(|path| Input::new(path, Channel::Postal).unwrap());
    let regimes = Regimes::load(None).unwrap();
    let night = parse_date("2026-05-20").unwrap();
    let context = Context { rates: None, regimes: &regimes, destination: None, night };
    let mut intake = Intake::new(&context);
    let error = intake.file(&inputs[0], None, &mut |_, _| {}).unwrap_err();
    assert!(intake.night.records.len() > 100_000, "{} before {error}", intake.night.records.len());
    assert!(intake.file(&inputs[1], None, &mut |_, _| {}).unwrap());
    let normalised = intake.finish(&inputs).unwrap();
    assert_eq!((normalised.shipments.lines.len(), normalised.rejects.len()), (1, 0));
    assert_eq!(normalised.shipments.parcels.id.get(0), "P7");
    assert_eq!((normalised.shipments.consignors.len(), normalised.files[0].records_read), (1, 0));
}
