//! Messages through the binary: the committed samples, hostile files, corrections, mapping files.

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_parcel-risk"))
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data/messages").join(name)
}

fn expect(status: i32, command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let said = format!("{}\n{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{command:?}\n{said}");
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn run(out: &Path, files: &[PathBuf]) -> Command {
    run_at(out, files, &sample("../rates.csv"))
}

/// Exchange rates of all days of the synthetic samples.
fn rates(dir: &Path) -> PathBuf {
    let made = dir.join("made");
    let mut command = program();
    command.args([
        "synth",
        "--parcels",
        "1",
        "--seed",
        "3",
        "--destination",
        "DE",
        "--date",
        "2026-05-20",
        "--out",
    ]);
    expect(0, command.arg(&made));
    made.join("rates.csv")
}

fn run_at(out: &Path, files: &[PathBuf], rates: &Path) -> Command {
    let mut command = program();
    command.args(["run", "--quiet", "--destination", "DE", "--date", "2026-05-20", "--out"]).arg(out);
    command.arg("--rates").arg(rates).arg("--express").args(files);
    command
}

fn counts(out: &Path) -> serde_json::Value {
    let record: serde_json::Value = serde_json::from_slice(&fs::read(out.join("run.json")).unwrap()).unwrap();
    let counts = record["counts"].clone();
    let number = |key: &str| counts[key].as_u64().unwrap();
    assert_eq!(number("records_read"), number("lines_used") + number("quarantined"));
    counts
}

#[test]
fn synthetic_messages_have_the_bytes_of_the_samples() {
    let dir = TempDir::new().unwrap();
    let formats = "itmatt,itmatt-json,itmatt-csv,xfzb,xfhl,fhl,h7,h7-csv";
    let mut command = program();
    command.args(["synth", "--parcels", "14", "--seed", "3", "--destination", "DE", "--date", "2026-05-20"]);
    expect(0, command.args(["--format", formats, "--out"]).arg(dir.path()));
    let mut compared = 0;
    for entry in fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !(name.starts_with("postal.") || name.starts_with("express.")) {
            continue;
        }
        assert!(
            fs::read(&path).unwrap() == fs::read(sample(&name)).unwrap(),
            "{name} differs from its sample"
        );
        compared += 1;
    }
    assert_eq!(compared, 10);
}

#[test]
fn many_messages_in_files_and_archives_are_one_night() {
    let dir = TempDir::new().unwrap();
    let rates = rates(dir.path());
    let whole = fs::read_to_string(sample("express.xfhl.xml")).unwrap();
    let messages: Vec<&str> = whole.lines().filter(|l| l.starts_with("<rsm:")).collect();
    assert!(messages.len() > 10);
    // Each message a file, in an order in which manifests come last.
    let mut files = Vec::new();
    for (i, message) in messages.iter().rev().enumerate() {
        let path = dir.path().join(format!("{i:03}.xml"));
        fs::write(&path, message).unwrap();
        files.push(path);
    }
    let zip = dir.path().join("all.zip");
    fs::write(
        &zip,
        zipped(
            &messages
                .iter()
                .enumerate()
                .map(|(i, m)| (format!("in/{i}.xml"), m.as_bytes()))
                .collect::<Vec<_>>(),
        ),
    )
    .unwrap();
    let tar = dir.path().join("all.tar.gz");
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&tarred(&[("deep/folder/all.xml", whole.as_bytes())])).unwrap();
    fs::write(&tar, packed.finish().unwrap()).unwrap();
    let mut flags = Vec::new();
    for (name, inputs) in
        [("files", files), ("zip", vec![zip]), ("tar", vec![tar]), ("one", vec![sample("express.xfhl.xml")])]
    {
        let out = dir.path().join(name);
        expect(0, &mut run_at(&out, &inputs, &rates));
        let counts = counts(&out);
        assert_eq!(counts["quarantined"], 0, "{name}");
        flags.push((counts["lines_used"].clone(), counts["parcels"].clone(), counts["flags"].clone()));
    }
    assert!(flags.iter().all(|f| *f == flags[0]), "{flags:?}");
}

#[test]
fn a_house_waybill_without_its_message_is_told() {
    let dir = TempDir::new().unwrap();
    let whole = fs::read_to_string(sample("express.xfhl.xml")).unwrap();
    let last = whole.rfind("<rsm:HouseWaybill").unwrap();
    let path = dir.path().join("night.xml");
    fs::write(&path, format!("{}</Messages>", &whole[..last])).unwrap();
    let out = dir.path().join("out");
    expect(3, run_at(&out, &[path], &rates(dir.path())).arg("--strict"));
    let counts = counts(&out);
    assert_eq!(counts["quarantined"], 1);
}

/// A zip archive with deflated members.
fn zipped(members: &[(String, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in members {
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
        deflated.write_all(bytes).unwrap();
        let packed = deflated.finish().unwrap();
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let mut common = Vec::new();
        common.extend([20, 0, 0, 0, 8, 0, 0, 0, 0, 0]);
        common.extend(crc.sum().to_le_bytes());
        common.extend((packed.len() as u32).to_le_bytes());
        common.extend((bytes.len() as u32).to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        directory.extend(*b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend((out.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        out.extend(*b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(&packed);
    }
    let start = out.len() as u32;
    out.extend(&directory);
    out.extend(*b"PK\x05\x06\0\0\0\0");
    out.extend((members.len() as u16).to_le_bytes());
    out.extend((members.len() as u16).to_le_bytes());
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

/// A tar archive.
fn tarred(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, bytes) in members {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..136].copy_from_slice(format!("{:011o}\0", bytes.len()).as_bytes());
        header[148..156].fill(b' ');
        header[156] = b'0';
        let sum: u32 = header.iter().map(|&b| u32::from(b)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend(header);
        out.extend(*bytes);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.extend([0; 1024]);
    out
}

#[test]
fn hostile_files_stop_the_run_and_touch_nothing() {
    let dir = TempDir::new().unwrap();
    let item =
        "<C_CUSITM><ITEM_ID>A</ITEM_ID><C_CUSITM_CP_DET><CP_DESC>x</CP_DESC></C_CUSITM_CP_DET></C_CUSITM>";
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(item.as_bytes()).unwrap();
    for _ in 0..100 {
        bomb.write_all(&[b' '; 1 << 20]).unwrap();
    }
    let climbing = zipped(&[("../../outside.xml".into(), item.as_bytes())]);
    let entity = format!("<!DOCTYPE a [<!ENTITY b \"bbbb\">]>{item}");
    let deep = format!("{item}{}", "<a>".repeat(10_000));
    let cases: [(&str, Vec<u8>, &str); 6] = [
        ("bomb.xml.gz", bomb.finish().unwrap(), "decompression bomb"),
        ("climbing.zip", climbing, "climbs out of the archive"),
        ("climbing.tar", tarred(&[("a/../../b.xml", item.as_bytes())]), "climbs out of the archive"),
        ("nested.zip", zipped(&[("a.zip".into(), &zipped(&[]))]), "archive within an archive"),
        ("entity.xml", entity.into_bytes(), "document type declaration"),
        ("deep.xml", format!("<C_CUSITMS>{}", deep).into_bytes(), "nested more than 64 deep"),
    ];
    for (name, bytes, reason) in cases {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        let out = dir.path().join("out");
        let said = text(&expect(1, &mut run(&out, std::slice::from_ref(&path))).stderr);
        assert!(said.contains(name) && said.contains(reason), "{name}: {said}");
        assert!(!out.exists());
    }
}

#[test]
fn corrections_become_labels() {
    let dir = TempDir::new().unwrap();
    let truth = dir.path().join("labels.parquet");
    let mut command = program();
    command.arg("labels").arg(sample("corrected.itmatt.xml")).arg("--out").arg(&truth);
    let said = text(&expect(0, &mut command).stdout);
    // The second line's revised code is the declared one, written with a point.
    assert!(said.starts_with("1 lines corrected"), "{said}");
    // In an archive of several layouts, too.
    let (corrected, others) = (sample("corrected.itmatt.xml"), sample("express.xfzb.xml"));
    let members = [corrected, others, sample("express.fhl.txt"), sample("postal.itmatt.csv")]
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()));
    let zip = dir.path().join("mixed.zip");
    fs::write(&zip, zipped(&members.iter().map(|(n, b)| (n.clone(), b.as_slice())).collect::<Vec<_>>()))
        .unwrap();
    let mut command = program();
    let said =
        text(&expect(0, command.arg("labels").arg(&zip).arg("--out").arg(dir.path().join("z"))).stdout);
    assert!(said.starts_with("1 lines corrected"), "{said}");
    // An export that has a column for one of the corrections only.
    let csv = dir.path().join("revised.csv");
    let head = "ITEM_ID,ITEM_NO,CP_DESC,CP_HS,CP_REVISEDHS,GROSS_WT,CP_AMT,CP_CURRCD,SEND_NAME,SEND_CNTRY_CD,RECP_NAME,RECP_CNTRY_CD";
    let line =
        |number: u32, revised: &str| format!("A,{number},belt,420330,{revised},1,5,EUR,Shop,CN,Eva Braun,DE");
    fs::write(&csv, [head.to_owned(), line(1, ""), line(2, "392690"), line(3, "4203.30")].join("\n"))
        .unwrap();
    let mut command = program();
    let said =
        text(&expect(0, command.arg("labels").arg(&csv).arg("--out").arg(dir.path().join("c"))).stdout);
    assert!(said.starts_with("1 lines corrected"), "{said}");
    let out = dir.path().join("out");
    expect(0, &mut run(&out, &[sample("corrected.itmatt.xml")]));
    let said = text(&expect(0, program().arg("eval").arg(&out).arg("--truth").arg(&truth)).stdout);
    assert!(said.contains("misdeclaration"), "{said}");
}

#[test]
fn a_mapping_file_makes_a_layout_readable() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("out");
    let mut command = run(&out, &[sample("broker.csv")]);
    expect(0, command.arg("--mapping").arg(sample("broker.toml")));
    let counts = counts(&out);
    assert_eq!((&counts["lines_used"], &counts["quarantined"]), (&2.into(), &1.into()));
    let mut command = program();
    command.arg("check").arg(sample("broker.csv")).arg("--mapping").arg(sample("broker.toml"));
    let said = text(&expect(0, &mut command).stdout);
    for words in [
        "2026-05-03",
        "cotton t-shirt \"basic\"",
        "11.97",
        "0.5405",
        "0.680388555",
        "1024.5",
        "Anna Schneider",
        "ignored: Kunde",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    // Postage in another currency than the value is left out.
    assert_eq!(said.matches("transport_cost ").count(), 2, "{said}");
    // Without the mapping nothing is guessed.
    let said = text(&expect(1, &mut run(&dir.path().join("x"), &[sample("broker.csv")])).stderr);
    assert!(said.contains("required columns are missing"), "{said}");
}

#[test]
fn check_tells_what_a_run_would_set_aside() {
    let dir = TempDir::new().unwrap();
    let head = "parcel_id,date,consignor_name,consignor_country,consignee_name,consignee_country,description,gross_weight_kg,value,currency,hs_code";
    let row = |id: &str, day: &str, weight: &str, currency: &str, code: &str| {
        format!("{id},{day},Shop,CN,Anna Weber,DE,shirt,{weight},20,{currency},{code}")
    };
    let rows = [
        head.to_owned(),
        row("GOOD", "2026-05-20", "0.5", "EUR", "610910"),
        row("GOOD", "2026-05-20", "0.5", "EUR", "610910"),
        row("HEAVY", "2026-05-20", "-1", "EUR", "610910"),
        row("OLD", "2019-05-20", "0.5", "EUR", "610910"),
        row("BAHT", "2026-05-20", "0.5", "THB", "610910"),
        row("CODE", "2026-05-20", "0.5", "EUR", "what"),
    ];
    fs::write(dir.path().join("night.csv"), rows.join("\n")).unwrap();
    let job = dir.path().join("job.toml");
    let rates = sample("../rates.csv").display().to_string();
    let text_of_job = format!(
        "date = 2026-05-20\ndestination = \"DE\"\nexpress = [\"night.csv\"]\nout = \"out\"\nrates = \"{rates}\"\n"
    );
    fs::write(&job, text_of_job).unwrap();
    expect(0, program().args(["run", "--quiet"]).arg(&job));
    let quarantined = counts(&dir.path().join("out"))["quarantined"].as_u64().unwrap();
    let said = text(&expect(0, program().args(["check", "--job"]).arg(&job)).stdout);
    assert!(said.contains(&format!("6 records, {quarantined} of them cannot be used")), "{said}");
    for words in [
        "repeats record 1 word for word",
        "gross_weight_kg: -1 is not above 0",
        "before the night screened",
        "no exchange rate from THB to EUR",
        "left out: hs_code 1",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    // Without a job the newest day in the file is the night, and currencies are not judged.
    let said = text(&expect(0, program().arg("check").arg(dir.path().join("night.csv"))).stdout);
    assert!(said.contains("6 records, 3 of them cannot be used"), "{said}");
    assert!(said.contains("Judged as of 2026-05-20"), "{said}");
}

#[test]
fn every_sample_is_recognised() {
    let layouts = [
        ("postal.itmatt.xml", "itmatt-xml"),
        ("postal.itmatt.json", "itmatt-json"),
        ("postal.itmatt.csv", "itmatt-csv"),
        ("post.itmatt-post.xml", "itmatt-post"),
        ("form.itmatt-form.json", "itmatt-form"),
        ("express.xfzb.xml", "xfzb"),
        ("express.xfhl.xml", "xfzb"),
        ("express.fhl.txt", "fhl"),
        ("postal.h7.xml", "h7-xml"),
        ("express.h7.csv", "h7-csv"),
    ];
    for (name, layout) in layouts {
        let said = text(&expect(0, program().args(["check", "--lines", "1"]).arg(sample(name))).stdout);
        assert!(said.contains(&format!("layout: {layout}")), "{name}\n{said}");
        assert!(said.contains("0 of them cannot be used"), "{name}\n{said}");
        assert!(said.contains("gross_weight_kg"), "{name}\n{said}");
    }
}
