//! JSON Lines.

use super::*;
use crate::read::raw_text;

#[test]
fn objects_come_through() {
    let text = "\u{feff}{\"parcel_id\":\"A\",\"value\":10.50,\"hs_code\":61091000101234567890}\r\n\n \
        { \"VALUE\" : 1e3 , \"parcel_id\" : \"B\\u00e9\\n\\ud83d\\ude00\", \"x\":{\"y\":[1,{}]}, \"carrier\":null}";
    let out = read_json(text).unwrap();
    assert_eq!(out.ids(), ["A", "Bé\n😀"]);
    assert_eq!(out.cells(Column::Value), ["10.50", "1e3"]);
    assert_eq!(out.cells(Column::HsCode), ["61091000101234567890", ""]);
    assert_eq!(out.summary.unknown_columns, ["x"]);
    let block = &out.blocks[0];
    assert!(block.column(Column::Currency).is_some(), "required columns are always there");
    assert!(block.column(Column::Currency).unwrap().is_null(0));
    assert!(block.column(Column::Flight).is_none());
    assert!(raw_text(block, 0).starts_with("{\"parcel_id\":\"A\""));
}

#[test]
fn bad_records_are_rejected_alone() {
    let cases = [
        ("{\"parcel_id\":\"A\"", "", "byte 17"),
        ("[1]", "", "expected an object"),
        ("7", "", "expected an object"),
        ("{\"value\":true}", "value", "found a boolean"),
        ("{\"value\":[1]}", "value", "found an array"),
        ("{\"value\":{}}", "value", "found an object"),
        ("{\"value\":1,\"Value\":2}", "value", "stands twice"),
        ("{\"value\":01}", "", "needless 0"),
        ("{\"value\":1.}", "", "digit"),
        ("{\"value\":\"\\ud800\"}", "", "surrogate"),
        ("{\"value\":\"\\x\"}", "", "escape"),
        ("{\"value\":\"\\u0000\"}", "value", "NUL"),
        ("{\"value\":\"a\tb\"}", "", "control"),
        ("{\"value\":\"a}", "", "not closed"),
        ("{\"value\":1}}", "", "text follows"),
        ("{\"value\":1,}", "", "string"),
        ("{\"x\":[1}", "", "closing bracket"),
        ("{\"x\":nul}", "", "value"),
    ];
    for (bad, field, reason) in cases {
        let out = read_json(format!("{{\"parcel_id\":\"A\"}}\n{bad}\n{{\"parcel_id\":\"B\"}}")).unwrap();
        assert_eq!(out.ids(), ["A", "B"], "{bad}");
        let found = out.reasons()[0];
        assert_eq!((found.0, found.1), (2, field), "{bad}: {found:?}");
        assert!(found.2.contains(reason), "{bad}: {found:?}");
        assert_eq!(out.rejects[0].raw, bad);
    }
}

#[test]
fn bytes_depth_and_length() {
    let deep = format!("{{\"x\":{}1{}}}\n{{\"parcel_id\":\"A\"}}", "[".repeat(1 << 20), "]".repeat(1 << 20));
    assert_eq!(read_json(deep).unwrap().ids(), ["", "A"]);
    let open = format!("{{\"x\":{}\n{{\"parcel_id\":\"A\"}}", "{\"a\":".repeat(1 << 20));
    assert_eq!(read_json(open).unwrap().ids(), ["A"]);
    let mut latin = b"{\"parcel_id\":\"A\",\"description\":\"caf".to_vec();
    latin.extend(b"\xe9\"}\n{\"parcel_id\":\"B\"}");
    let out = read_json(latin).unwrap();
    assert_eq!(out.ids(), ["B"]);
    assert_eq!(out.rejects[0].field, "description");
    for size in [10 << 20, 40 << 20] {
        let huge = format!("{{\"parcel_id\":\"{}\"}}\n{{\"parcel_id\":\"B\"}}", "x".repeat(size));
        let out = read_json(huge).unwrap();
        assert_eq!((out.ids(), out.rejects.len()), (vec!["B".to_owned()], 1));
    }
}

#[test]
fn empty_files_and_endless_keys() {
    assert_eq!(read_json("").unwrap().summary.warnings.len(), 1);
    assert_eq!(read_json("\n").unwrap().summary.records_read, 0);
    let keys: Vec<_> = (0..5_000).map(|i| format!("{{\"k{i}\":1}}")).collect();
    let out = read_json(keys.join("\n")).unwrap();
    assert_eq!(out.summary.unknown_columns.len(), 1_000);
    assert_eq!(out.summary.warnings.len(), 1);
    assert_eq!(out.summary.records_read, 5_000);
}
