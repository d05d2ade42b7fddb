//! Messages: what is read, what is set aside, what is refused.

use super::{Outcome, checked, gather, input};
use crate::model::schema::Column;
use crate::read::messages::MessageBlocks;
use crate::read::{Input, ReadError, Syntax};
use proptest::prelude::*;
use std::io::Cursor;

const WINDOW: usize = 1 << 16;

fn read_with(input: &Input, bytes: &[u8], window: usize) -> Result<Outcome, ReadError> {
    let mut blocks = MessageBlocks::stream(input, Box::new(Cursor::new(bytes.to_vec())), window)?;
    let found = gather(|| blocks.next_block())?;
    Ok(checked(found, blocks.summary()))
}

fn read(bytes: impl AsRef<[u8]>) -> Result<Outcome, ReadError> {
    let mut input = input(Syntax::Xml, bytes.as_ref().len());
    input.reading.night = "2026-05-20".into();
    read_with(&input, bytes.as_ref(), WINDOW)
}

fn piece(number: u32) -> String {
    format!(
        "<C_CUSITM_CP_DET><ITEM_NO>{number}</ITEM_NO><CP_NOU>2</CP_NOU><CP_AMT>10.50</CP_AMT>\
         <CP_CURRCD>EUR</CP_CURRCD><CP_DESC>shirt &amp; tie &#x41;</CP_DESC><CP_HS>610910</CP_HS></C_CUSITM_CP_DET>"
    )
}

fn item(id: &str) -> String {
    format!(
        "<C_CUSITM><ITEM_ID>{id}</ITEM_ID><NATURE_TYPE_CD>31</NATURE_TYPE_CD><GROSS_WT>0.5</GROSS_WT>{}{}</C_CUSITM>\n",
        piece(1),
        piece(2)
    )
}

fn items(ids: &[&str]) -> String {
    format!("<CUSITMS>\n{}</CUSITMS>\n", ids.iter().map(|i| item(i)).collect::<String>())
}

#[test]
fn a_line_is_a_record_with_its_parcel() {
    let found = read(items(&["A", "B"])).unwrap();
    assert_eq!(found.ids(), ["A", "A", "B", "B"]);
    assert_eq!(found.cells(Column::LineNumber), ["1", "2", "1", "2"]);
    assert_eq!(found.cells(Column::Description)[0], "shirt & tie A");
    assert_eq!(found.cells(Column::Nature)[3], "gift");
    assert_eq!(found.cells(Column::Date)[0], "2026-05-20");
    assert_eq!(found.summary.layouts, ["itmatt-xml"]);
}

#[test]
fn any_window_gives_the_same_records() {
    let text = items(&["AA000000000AA", "B", "C"]);
    let whole = read(&text).unwrap();
    for window in [400, 401, 444, 512, 777, 1_000] {
        let part = read_with(&input(Syntax::Xml, text.len()), text.as_bytes(), window).unwrap();
        assert_eq!(part.ids(), whole.ids(), "window of {window}");
        assert_eq!(part.cells(Column::Description), whole.cells(Column::Description));
        assert!(part.rejects.is_empty());
    }
}

#[test]
fn a_broken_parcel_is_set_aside_alone() {
    // Cut off within a tag, cut off between elements, an end that does not fit.
    let whole = item("X");
    for cut in [60, 90, 200, whole.len() - 20, whole.len() - 13] {
        let text = format!("<CUSITMS>\n{}{}{}</CUSITMS>", item("A"), &whole[..cut], item("B"));
        let found = read(&text).unwrap();
        assert_eq!(found.ids(), ["A", "A", "B", "B"], "cut at {cut}");
        assert_eq!(found.rejects.len(), 1, "cut at {cut}: {:?}", found.reasons());
    }
    let text = items(&["A", "B", "C"]).replacen("</ITEM_ID>", "</WRONG>", 1);
    let found = read(&text).unwrap();
    assert_eq!(found.ids(), ["B", "B", "C", "C"]);
    assert!(found.reasons()[0].2.contains("</WRONG>"), "{:?}", found.reasons());
}

#[test]
fn a_file_that_ends_early_loses_its_last_parcel_only() {
    let text = items(&["A", "B"]);
    let found = read(&text[..text.len() - 60]).unwrap();
    assert_eq!(found.ids(), ["A", "A"]);
    assert_eq!(found.rejects.len(), 1);
}

#[test]
fn faulty_texts_are_told_with_their_field() {
    let long = "x".repeat(70_000);
    let text = items(&["A", "B"]).replacen("shirt", &long, 1).replacen("610910", "&nbsp;", 2);
    let found = read(&text).unwrap();
    // Both lines of A: one has a description that is too long, the other an entity that nothing defines.
    assert_eq!(found.ids(), ["B", "B"]);
    let fields: Vec<&str> = found.rejects.iter().map(|r| r.field.as_str()).collect();
    assert_eq!(fields, ["description", "hs_code"]);
    let mut bytes = items(&["A", "B"]).into_bytes();
    let at = bytes.windows(5).position(|w| w == b"shirt").unwrap();
    bytes[at] = 0xff;
    let found = read(&bytes).unwrap();
    assert_eq!(found.reasons()[0].1, "description");
    assert_eq!(found.ids(), ["A", "B", "B"]);
}

#[test]
fn a_name_that_is_not_utf8_is_no_trouble() {
    let text = items(&["A", "B"]).replacen("<C_CUSITM>", "<\u{80}_CUSITM a=\"1\">", 1);
    let mut bytes = text.into_bytes();
    bytes.retain(|&b| b != 0xc2);
    let found = read(&bytes).unwrap();
    assert_eq!(found.ids(), ["B", "B"]);
    assert_eq!(found.rejects.len(), 1);
}

fn refusal(text: impl AsRef<[u8]>) -> String {
    match read(text) {
        Err(e @ ReadError::Refused { .. }) => e.to_string(),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn hostile_input_is_refused() {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]>\n";
    assert!(refusal(format!("{bomb}{}", items(&["A"]))).contains("document type declaration"));
    let deep = format!("<CUSITMS>{}{}", item("A"), "<a>".repeat(100_000));
    assert!(refusal(deep).contains("nested more than 64 deep"));
    let deep = format!("[{{\"ITEM_ID\":\"A\",\"CP_DESC\":\"x\",\"more\":{}", "[".repeat(100_000));
    assert!(refusal(deep).contains("nested more than 64 deep"));
    let fat = format!("<C_CUSITM><ITEM_ID>A</ITEM_ID>{}", "<C_CUSITM_CP_DET/>".repeat(2_000_000));
    let fat = format!("{fat}<C_CUSITM_CP_DET><CP_DESC>x</CP_DESC></C_CUSITM_CP_DET></C_CUSITM>");
    let mut input = input(Syntax::Xml, fat.len());
    input.reading.mapping = crate::read::mapping::preset("itmatt-xml").map(std::sync::Arc::new);
    assert!(matches!(read_with(&input, fat.as_bytes(), WINDOW), Err(ReadError::Refused { .. })));
    input.reading.limits.message_mb = 1;
    let long = format!("<C_CUSITM><ITEM_ID>{}</ITEM_ID></C_CUSITM>", "A".repeat(3 << 20));
    let refused = read_with(&input, long.as_bytes(), WINDOW).unwrap_err().to_string();
    assert!(refused.contains("a message of more than 1 MiB"), "{refused}");
}

#[test]
fn what_no_mapping_knows_is_told() {
    let error = read("<Orders><Order/></Orders>").unwrap_err();
    assert!(matches!(error, ReadError::Layout { .. }), "{error}");
    let error = read("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><C_CUSITM/>").unwrap_err();
    assert!(error.to_string().contains("iso-8859-1"), "{error}");
}

#[test]
fn a_waybill_far_behind_a_long_manifest_is_read() {
    let house = "<HouseWaybill xmlns='iata:housewaybill:1'><MasterConsignment><IncludedHouseConsignment><ID>H1</ID>\
                 </IncludedHouseConsignment></MasterConsignment></HouseWaybill>";
    let listed = "<IncludedHouseConsignment><TransportContractDocument><ID>X</ID></TransportContractDocument>\
                  </IncludedHouseConsignment>";
    let list = listed.repeat(4_000);
    let list = format!(
        "<HouseManifest xmlns='iata:housemanifest:1'><MasterConsignment>{list}</MasterConsignment></HouseManifest>"
    );
    let found = read(format!("<Messages>{list}{house}</Messages>")).unwrap();
    assert_eq!(found.ids(), ["H1"]);
}

fn json(id: &str) -> String {
    format!(
        r#"{{"ITEM_ID":"{id}","NATURE_TYPE_CD":"11","GROSS_WT":0.5,"more":{{"x":[1,2,{{"y":null}}]}},"C_CUSITM_CP_DET":[{{"ITEM_NO":1,"CP_DESC":"caf\u00e9 \"x\"","CP_AMT":5}},{{"ITEM_NO":2,"CP_DESC":"b","CP_AMT":"6.5"}}]}}"#
    )
}

#[test]
fn json_arrays_documents_and_lines_are_the_same() {
    let (a, b) = (json("A"), json("B"));
    for text in
        [format!("[{a},{b}]"), format!("[\n {a},\n {b}\n]\n"), format!("{a}\n{b}\n"), format!("{a}{b}")]
    {
        let found = read(&text).unwrap();
        assert_eq!(found.ids(), ["A", "A", "B", "B"], "{text}");
        assert_eq!(found.cells(Column::Description)[0], "café \"x\"");
        assert_eq!(found.cells(Column::Value), ["5", "6.5", "5", "6.5"]);
        assert_eq!(found.cells(Column::GrossWeightKg)[1], "0.5");
        for window in [500, 600, 1_000] {
            let part = read_with(&input(Syntax::Json, text.len()), text.as_bytes(), window).unwrap();
            assert_eq!(part.ids(), found.ids(), "window of {window}");
        }
    }
}

#[test]
fn json_in_an_envelope_is_read_and_what_holds_nothing_is_told() {
    let (a, b) = (json("A"), json("B"));
    for text in [
        format!(r#"{{"header":{{"of":"us","ids":[1]}},"items":[{a},{b}],"count":2}}"#),
        format!(r#"{{"data":{{"CUSITM":[{a}]}}}} {{"data":{{"CUSITM":[{b}]}}}}"#),
        format!(r#"[{{"item":{a}}},{{"item":{b}}}]"#),
    ] {
        let found = read(&text).unwrap();
        assert_eq!(found.ids(), ["A", "A", "B", "B"], "{text}");
        assert!(found.rejects.is_empty(), "{text}: {:?}", found.rejects);
        for window in [500, 600, 1_000] {
            let part = read_with(&input(Syntax::Json, text.len()), text.as_bytes(), window).unwrap();
            assert_eq!((part.ids(), part.rejects.len()), (found.ids(), 0), "window of {window}");
        }
    }
    let found = read(format!(r#"[{a},{{"other":{{"x":1}}}},{{}},{b}]"#)).unwrap();
    assert_eq!(found.ids(), ["A", "A", "B", "B"]);
    assert_eq!(found.rejects.len(), 2);
    assert!(found.rejects[0].reason.contains("none of the names of itmatt-json"), "{:?}", found.rejects);
}

#[test]
fn blanks_before_a_message_hide_nothing() {
    let text = format!("{}{}", " ".repeat(400_000), json("A"));
    let found = read_with(&input(Syntax::Json, text.len()), text.as_bytes(), 1 << 20).unwrap();
    assert_eq!(found.ids(), ["A", "A"]);
    let refused = read_with(&input(Syntax::Json, text.len()), text.as_bytes(), 1 << 16);
    assert!(refused.err().unwrap().to_string().contains("65536 blank bytes"));
}

#[test]
fn broken_json_is_set_aside_alone() {
    let (a, x, b) = (json("A"), json("X"), json("B"));
    for cut in [12, 30, 60, 90, 150, x.len() - 1] {
        for text in [format!("[{a},{},{b}]", &x[..cut]), format!("{a}\n{}\n{b}\n", &x[..cut])] {
            let found = read(&text).unwrap();
            assert!(found.ids().ends_with(&["B".into(), "B".into()]), "cut at {cut}: {:?}", found.ids());
            assert_eq!(found.ids()[..2], ["A", "A"]);
            assert!(!found.rejects.is_empty());
        }
    }
}

const FHL: &str = "FHL/4\nMBI/020-85326382PVGFRA/T3K12.5\nHBS/H1/PVGFRA/1/K2.5/1/SHIRTS\n/NSC/EAW\nTXT/COTTON SHIRTS\n/FOR MEN\n\
HTS/610910\nOCI/CN/SHP/T/91440300\n/DE/CNE/CT/49665279340\nSHP/YUAN TRADING\n/88 NANJING ROAD\n/SHANGHAI/SH\n/CN/200001/TE/8621588\n\
CNE/ANNA MAIER\n/HAUPTSTR 1\n/BERLIN\n/DE/10115\nCVD/USD/CC/NVD/42.68/XXX\n\
HBS/H2/PVGFRA/1/L10/2/TOYS\nTXT/TOY CARS\n/DOLLS\nHTS/950300\n/950300\nSHP\n/NAM/YUAN TRADING\n/ADR/88 NANJING ROAD\n/LOC/SHANGHAI\n/CN/200001\n\
CNE/BO LI\n/X 2\n/KOELN\n/DE/50667\nCVD/EUR/PP/PP/NVD/60/100\n\
FHL/4\nMBI/020-85326382PVGFRA/T3K12.5\nHBS/H3/PVGFRA/1/K1/1/PENS\nSHP/YUAN\n/88 ROAD\n/SHANGHAI\n/CN\nCNE/BO LI\n/X 2\n/KOELN\n/DE/50667\nCVD/EUR/PP/NVD/NCV/XXX\n";

#[test]
fn cargo_imp_house_waybills() {
    let found = read(FHL).unwrap();
    assert_eq!(found.ids(), ["H1", "H2", "H2", "H3"]);
    assert_eq!(found.cells(Column::ManifestId)[0], "020-85326382");
    assert_eq!(found.cells(Column::Description), ["COTTON SHIRTS FOR MEN", "TOY CARS", "DOLLS", "PENS"]);
    assert_eq!(found.cells(Column::HsCode), ["610910", "950300", "950300", ""]);
    assert_eq!(found.cells(Column::ConsignorName)[..3], ["YUAN TRADING"; 3]);
    assert_eq!(found.cells(Column::ConsignorAddress)[..3], ["88 NANJING ROAD"; 3]);
    assert_eq!(found.cells(Column::ConsignorCity), ["SHANGHAI"; 4]);
    assert_eq!(found.cells(Column::ConsigneePhone)[0], "49665279340");
    assert_eq!(found.cells(Column::ConsignorId)[0], "91440300");
    assert_eq!(found.cells(Column::ParcelValue), ["42.68", "60", "60", ""]);
    assert_eq!(found.cells(Column::NoCustomsValue), ["unstated", "unstated", "unstated", "NCV"]);
    assert_eq!(found.cells(Column::InsuredValue), ["", "100", "100", ""]);
    assert_eq!(found.cells(Column::Packages), ["1"; 4]);
    // Ten pounds.
    assert_eq!(found.cells(Column::GrossWeightKg)[1], "4.5359237");
    assert!(found.rejects.is_empty(), "{:?}", found.rejects);
}

#[test]
fn a_house_waybill_goes_on_in_the_next_telegram() {
    let head =
        "\u{1}QK FRACSXH HAMFFXH\r\n.PVGFFXH 201200\r\n\u{2}FHL/4\r\nMBI/020-85326382PVGFRA/T3K12.5\r\n";
    let first =
        "HBS/H1/PVGFRA/1/K2.5/1/SHIRTS\r\nTXT/COTTON SHIRTS\r\nSHP/YUAN\r\n/88 ROAD\r\n/SHANGHAI\r\n/CN\r\n";
    let next = "HBS/H1/PVGFRA/1/K2.5/1/SHIRTS\r\nTXT/FOR MEN\r\nSHP/YUAN\r\n/88 ROAD\r\n/SHANGHAI\r\n/CN\r\nCNE/BO LI\r\n/X 2\r\n/KOELN\r\n/DE/50667\r\nCVD/EUR/PP/NVD/12/XXX\u{3}\r\n";
    let other = head.replace("85326382", "11111111");
    let found = read(format!("{head}{first}{head}{next}{other}{next}")).unwrap();
    assert_eq!(found.ids(), ["H1", "H1"]);
    assert_eq!(found.cells(Column::ManifestId), ["020-85326382", "020-11111111"]);
    assert_eq!(found.cells(Column::Description), ["COTTON SHIRTS FOR MEN", "FOR MEN"]);
    assert_eq!(found.cells(Column::ConsignorAddress), ["88 ROAD"; 2]);
    assert_eq!(found.cells(Column::ConsigneeName), ["BO LI"; 2]);
    assert_eq!(found.cells(Column::ParcelValue), ["12"; 2]);
    assert!(found.rejects.is_empty(), "{:?}", found.rejects);
}

#[test]
fn a_cargo_imp_line_that_is_none_spoils_its_waybill_only() {
    let text = FHL.replacen("TXT/COTTON SHIRTS", "what is this", 1);
    let found = read(text).unwrap();
    assert_eq!(found.ids(), ["H2", "H2", "H3"]);
    assert_eq!(found.rejects.len(), 1);
}

fn mutated(text: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let edits = prop::collection::vec((0..text.len(), 0_u8..4, any::<u8>(), 0..200_usize), 0..6);
    edits.prop_map(move |edits| {
        let mut bytes = text.as_bytes().to_vec();
        for (at, kind, byte, length) in edits {
            let at = at.min(bytes.len().saturating_sub(1));
            let end = (at + length).min(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.drain(at..end)),
                _ => {
                    let copy = bytes[at..end].to_vec();
                    bytes.splice(at..at, copy);
                }
            }
            if bytes.is_empty() {
                bytes.push(b'<');
            }
        }
        bytes
    })
}

/// Whatever is done to a file, reading it ends, counts add up, and sound parcels far behind the damage are there.
fn survives(mut bytes: Vec<u8>, tail: &str, last: &str) -> Result<(), TestCaseError> {
    bytes.extend_from_slice(tail.as_bytes());
    for window in [700, WINDOW] {
        let mut input = input(Syntax::Xml, bytes.len());
        input.reading.night = "2026-05-20".into();
        if let Ok(found) = read_with(&input, &bytes, window) {
            let found = found.ids();
            prop_assert!(found.iter().any(|id| id == last), "{}\n{found:?}", String::from_utf8_lossy(&bytes));
        }
    }
    Ok(())
}

static XML_SAMPLE: std::sync::LazyLock<&'static str> =
    std::sync::LazyLock::new(|| Box::leak(format!("<CUSITMS>\n{}{}", item("A"), item("B")).into_boxed_str()));
static JSON_SAMPLE: std::sync::LazyLock<&'static str> =
    std::sync::LazyLock::new(|| Box::leak(format!("{}\n{}\n", json("A"), json("B")).into_boxed_str()));

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn damaged_xml_neither_hangs_nor_swallows(bytes in mutated(&XML_SAMPLE)) {
        let tail = format!("{}{}", item("Y"), item("Z"));
        survives(bytes, &tail, "Z")?;
    }

    #[test]
    fn damaged_cargo_imp_neither_hangs_nor_swallows(bytes in mutated(FHL)) {
        let sound = FHL.split("HBS/H2").next().unwrap_or_default();
        let tail = format!("\n{}{}", sound, sound.replace("HBS/H1/", "HBS/ZZ/"));
        survives(bytes, &tail, "ZZ")?;
    }

    #[test]
    fn damaged_json_neither_hangs_nor_panics(bytes in mutated(&JSON_SAMPLE)) {
        let mut input = input(Syntax::Json, bytes.len());
        input.reading.night = "2026-05-20".into();
        for window in [700, WINDOW] {
            // Counts are checked whenever it can be read at all.
            let _ = read_with(&input, &bytes, window);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        for (start, syntax) in [("<C_CUSITM>", Syntax::Xml), ("[{\"ITEM_ID\":", Syntax::Json), ("FHL/4\nHBS/", Syntax::Text)] {
            let mut text = start.as_bytes().to_vec();
            text.extend_from_slice(&bytes);
            let mut input = input(syntax, text.len());
            let preset = if syntax == Syntax::Json { "itmatt-json" } else { "itmatt-xml" };
            input.reading.mapping = crate::read::mapping::preset(preset).map(std::sync::Arc::new);
            let _ = read_with(&input, &text, 300);
        }
    }
}
