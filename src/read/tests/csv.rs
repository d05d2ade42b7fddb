//! Separated text.

use super::*;
use crate::read::raw_text;

fn file(lines: &[String]) -> String {
    format!("{HEADER}\n{}\n", lines.join("\n"))
}

/// A line whose description is written as given.
fn described(id: &str, description: &str) -> String {
    line(id).replace("shirt", description)
}

#[test]
fn plain_records_come_through() {
    let out = read_csv(file(&[line("A"), String::new(), line("B")])).unwrap();
    assert_eq!(out.ids(), ["A", "B"]);
    assert_eq!(out.records(), [1, 2]);
    assert_eq!(raw_text(&out.blocks[0], 1), line("B"));
    assert_eq!(raw_text(&out.blocks[0], 2), "");
    assert!(out.blocks[0].column(Column::HsCode).is_none());
}

#[test]
fn header_alone_and_empty_files_have_no_records() {
    assert_eq!(read_csv(HEADER).unwrap().summary.records_read, 0);
    assert_eq!(read_csv(format!("{HEADER}\r\n")).unwrap().ids().len(), 0);
    for empty in ["", "\u{feff}", "\n \r\n"] {
        let out = read_csv(empty).unwrap();
        assert_eq!(out.summary.records_read, 0);
        assert_eq!(out.summary.warnings.len(), 1);
    }
}

#[test]
fn header_is_matched_leniently() {
    let header = HEADER.to_uppercase().replace("DATE", " \"Date\" ");
    let header = header.replace(" \"Date\" ", "\" Date \"");
    let text = format!("{header},Colour,, colour2 \n{},red,,\n", line("A"));
    let out = read_csv(text).unwrap();
    assert_eq!(out.cells(Column::Date), ["2026-01-02"]);
    assert_eq!(out.summary.unknown_columns, ["Colour", "colour2"]);
    assert_eq!(out.summary.columns.len(), 10);
}

#[test]
fn header_faults_name_file_and_column() {
    let error = |text: String| read_csv(text).unwrap_err().to_string();
    let missing = error(HEADER.replace("currency", "money"));
    assert!(missing.contains("test.file") && missing.contains("`currency`"), "{missing}");
    assert!(missing.contains("`money`"), "{missing}");
    let value = error(HEADER.replace("value", "worth"));
    assert!(value.contains("`value` or `parcel_value`"), "{value}");
    assert!(read_csv(HEADER.replace("value", "parcel_value")).is_ok());
    let twice = error(format!("{HEADER}, Date"));
    assert!(twice.contains("`Date` stands twice"), "{twice}");
    assert!(error(format!("{HEADER},\"x")).contains("never closed"));
    assert!(error("<html>".into()).contains("missing"));
}

#[test]
fn encodings() {
    let out = read_csv(format!("\u{feff}{}", file(&[line("A")]))).unwrap();
    assert_eq!(out.ids(), ["A"]);
    for big in [false, true] {
        let text = format!("\u{feff}{HEADER}\n");
        let wide = |marked: &str| -> Vec<u8> {
            let swap = |u: u16| {
                if big { u.to_be_bytes() } else { u.to_le_bytes() }
            };
            marked.encode_utf16().flat_map(swap).collect()
        };
        for bytes in [wide(&text), wide(HEADER)] {
            let error = read_csv(bytes).unwrap_err().to_string();
            assert!(error.contains("UTF-16"), "{error}");
        }
    }
}

#[test]
fn every_line_ending() {
    for ending in ["\n", "\r\n", "\r", "\r\r\n"] {
        let text = [HEADER.into(), line("A"), described("B", "\"x\ry\""), line("C")].join(ending);
        for text in [text.clone(), text + ending] {
            let out = read_csv(text).unwrap();
            assert_eq!(out.ids(), ["A", "B", "C"]);
            assert_eq!(out.cells(Column::Description)[1], "x\ry");
        }
    }
    let mixed = format!("{HEADER}\n{}\r{}\r\n{}", line("A"), line("B"), line("C"));
    assert_eq!(read_csv(mixed).unwrap().ids(), ["A", "B", "C"]);
}

#[test]
fn every_delimiter() {
    for delimiter in [";", "\t", "|"] {
        let text = file(&[line("A"), described("B", "\"a,b\"")]).replace(',', delimiter);
        let out = read_csv(text).unwrap();
        assert_eq!(out.ids(), ["A", "B"]);
        assert_eq!(out.cells(Column::Description)[1], format!("a{delimiter}b"));
    }
}

#[test]
fn quoting() {
    let cells = [
        (r#""a,b""#, "a,b"),
        ("\"a\nb\r\nc\"", "a\nb\r\nc"),
        (r#""5"" pipe""#, "5\" pipe"),
        (r#""""""""#, "\"\""),
        (r#""""#, ""),
        (r#"5" pipe"#, "5\" pipe"),
        (r#"a""b"#, "a\"\"b"),
        (r#""a"  "#, "a"),
        ("  a ", "a"),
        ("   ", ""),
        ("\"  \"", ""),
        ("é漢", "é漢"),
    ];
    for (written, meant) in cells {
        let out = read_csv(file(&[line("A"), described("B", written), line("C")])).unwrap();
        assert_eq!(out.ids(), ["A", "B", "C"], "{written}");
        assert_eq!(out.cells(Column::Description)[1], meant, "{written}");
        assert_eq!(out.blocks[0].column(Column::Description).unwrap().is_null(1), meant.is_empty());
    }
}

#[test]
fn broken_quoting_costs_its_line_alone() {
    let bad = [
        described("B", "\"shirt"),
        described("B", "\"shirt\"s"),
        described("B", "\"\"shirt"),
        line("\"B"),
        line("B") + "\"x\",\"",
        "\"".into(),
    ];
    for bad in bad {
        for next in [line("C"), described("C", "\"a,b\""), described("C", "\"\"")] {
            let out = read_csv(file(&[line("A"), bad.clone(), next, line("D")])).unwrap();
            assert_eq!(out.ids(), ["A", "C", "D"], "{bad}");
            assert_eq!(out.rejects[0].raw, bad);
            assert_eq!(out.rejects[0].record, 2);
        }
    }
    let out = read_csv(file(&[described("A", "\"x")])).unwrap();
    assert_eq!(out.reasons()[0].1, "description");
    assert!(out.reasons()[0].2.starts_with("broken quoting"));
}

#[test]
fn two_broken_quotes_do_not_swallow_what_stands_between() {
    // The second quote closes the first so that the field count is right.
    let last = described("D", "x\"");
    let lines = [described("A", "\"x"), line("B"), line("C"), last];
    let out = read_csv(file(&lines)).unwrap();
    assert_eq!(out.ids(), ["B", "C", "D"]);
}

#[test]
fn wrong_counts_are_rejected() {
    let out = read_csv(file(&["a,b".into(), line("B"), line("C") + ",x", "\"q\",r".into()])).unwrap();
    let reasons = out.reasons();
    assert_eq!(out.ids(), ["B"]);
    assert_eq!(reasons[0], (1, "", "expected 10 fields, found 2"));
    assert_eq!(reasons[1], (3, "", "expected 10 fields, found 11"));
    assert_eq!(reasons[2], (4, "", "expected 10 fields, found 2"));
}

#[test]
fn repeated_header_is_rejected() {
    let quoted = format!("\"{}\"", HEADER.replace(',', "\",\""));
    for header in [HEADER.into(), HEADER.to_uppercase(), format!("\u{feff}{HEADER}"), quoted] {
        let out = read_csv(file(&[line("A"), header, line("B")])).unwrap();
        assert_eq!(out.ids(), ["A", "B"]);
        assert_eq!(out.reasons(), [(2, "", "repeated header")]);
    }
}

#[test]
fn bad_bytes_are_rejected_by_field() {
    for (bad, reason) in [(b"sh\xe9t".as_slice(), "UTF-8"), (b"sh\0t", "NUL")] {
        let mut text = file(&[line("A")]).into_bytes();
        text.extend(described("B", "").into_bytes().split(|&b| b == b',').enumerate().fold(
            Vec::new(),
            |mut all: Vec<u8>, (i, part)| {
                all.extend(if i > 0 { b",".as_slice() } else { b"" });
                all.extend(if i == 6 { bad } else { part });
                all
            },
        ));
        text.extend(format!("\n{}\n", line("C")).into_bytes());
        let out = read_csv(text).unwrap();
        assert_eq!(out.ids(), ["A", "C"]);
        assert_eq!(out.reasons()[0].1, "description");
        assert!(out.reasons()[0].2.contains(reason));
    }
    let mut text = format!("{HEADER},colour\n{},r", line("A")).into_bytes();
    text.push(0xe9);
    assert_eq!(read_csv(text).unwrap().ids(), ["A"], "unknown columns are ignored");
}

#[test]
fn huge_fields_are_rejected_by_name() {
    let huge = "x".repeat(10 << 20);
    let quoted = format!("\"{}\"", "x,y\n".repeat(3 << 20));
    for text in [huge, quoted] {
        let out = read_csv(file(&[line("A"), described("B", &text), line("C")])).unwrap();
        assert_eq!(out.ids(), ["A", "C"]);
        assert_eq!(out.rejects.len(), 1);
        assert_eq!(out.rejects[0].field, "description");
        assert!(out.rejects[0].raw.len() < 200_000);
    }
    let endless = described("B", &"x".repeat(40 << 20));
    let out = read_csv(file(&[line("A"), endless, line("C")])).unwrap();
    assert_eq!(out.ids(), ["A", "C"]);
    assert_eq!(out.rejects[0].field, "description");
}

#[test]
fn hostile_quotes_stay_linear() {
    let patterns = ["x\",y,\"\n", "\"\n", "\"\"\"\n", "a,\"b\n", "\"a\"\"\n", ",\"\"\"\n", "\",\n\"x\n"];
    for pattern in patterns {
        let started = std::time::Instant::now();
        let text = format!("{HEADER}\n{}\n{}", pattern.repeat((1 << 20) / pattern.len()), line("Z"));
        let out = read_csv(text).unwrap();
        assert_eq!(out.ids().last().map(String::as_str), Some("Z"), "{pattern}");
        assert!(started.elapsed().as_secs() < 20, "{pattern}");
    }
}

#[test]
fn only_some_columns() {
    let text = file(&[line("A"), described("B", &"x".repeat(70_000))]);
    let input = input(Syntax::Csv, text.len());
    let window = Window::new(Box::new(Cursor::new(text.into_bytes())), WINDOW);
    let mut csv = CsvBlocks::begin(&input, 3, Some(&[Column::ParcelId]), window).unwrap();
    let block = csv.next_block().unwrap().unwrap();
    assert_eq!(block.columns.iter().flatten().count(), 1);
    assert_eq!((block.len(), block.source, block.rejects.len()), (1, 3, 1));
}

#[test]
fn many_records_and_small_windows() {
    let lines: Vec<_> = (0..150_000).map(|i| described(&i.to_string(), "\"a\nb\"")).collect();
    let text = file(&lines);
    let out = read_csv(&text).unwrap();
    assert!(out.blocks.len() >= 3);
    assert_eq!(out.ids().len(), lines.len());
    let text = file(&lines[..500]);
    for window in [130, 131, 200, 1000] {
        let small = read_csv_in(text.as_bytes(), window).unwrap();
        assert_eq!(small.ids(), out.ids()[..500]);
        let raws = small.blocks.iter().flat_map(|b| (0..b.len()).map(|r| raw_text(b, r)));
        assert!(raws.eq(lines[..500].iter().cloned()));
    }
}
