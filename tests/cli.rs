//! End to end through the binary: what a person types, what they see and what stands on disk.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_parcel-risk"))
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs the program and expects an exit status.
fn expect(status: i32, command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let said = format!("{}\n{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{command:?}\n{said}");
    output
}

/// Runs the sample's job into a folder.
fn run_sample(out: &Path, threads: &str) -> Output {
    let mut command = program();
    command.arg("run").arg(sample().join("nightly.toml")).arg("--out").arg(out);
    expect(0, command.env("RAYON_NUM_THREADS", threads))
}

/// Runs manifests into a folder, at the sample's exchange rates.
fn run_files(out: &Path, postal: &[PathBuf], express: &[PathBuf]) -> Command {
    run_at(out, postal, express, &sample().join("rates.csv"))
}

fn run_at(out: &Path, postal: &[PathBuf], express: &[PathBuf], rates: &Path) -> Command {
    let mut command = program();
    command.args(["run", "--quiet", "--destination", "DE", "--date", "2026-05-20", "--out"]).arg(out);
    command.arg("--rates").arg(rates);
    for (flag, files) in [("--postal", postal), ("--express", express)] {
        if !files.is_empty() {
            command.arg(flag).args(files);
        }
    }
    command
}

/// The files of a folder and their bytes, by name.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn record(out: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(out.join("run.json")).unwrap()).unwrap()
}

/// The identifier of the sample's parcel that belongs to a consignor and addressee.
fn parcel(file: &str, consignor: &str, consignee: &str) -> String {
    let text = fs::read_to_string(sample().join(file)).unwrap();
    let line = text.lines().find(|l| l.contains(consignor) && l.contains(consignee)).unwrap();
    line.split(',').next().unwrap().to_owned()
}

#[test]
fn the_sample_tells_its_story() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("out");
    let said = text(&run_sample(&out, "2").stdout);
    for words in [
        "434 records",
        "2 in quarantine",
        "Splitting",
        "Under-invoicing",
        "De minimis abuse",
        "Worst cases",
        "report.html",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    let counts = &record(&out)["counts"];
    assert_eq!(counts["records_read"], 434);
    assert_eq!(counts["lines_used"], 432);
    assert_eq!(counts["quarantined"], 2);
    // One case of each kind that the sample's README walks through.
    for (file, consignor, consignee, detector) in [
        ("postal.csv", "Shenzhen Baoli", "L. Hoffmann", "split-consignment"),
        ("express.csv", "Hongkong Starlink", "Mira Castellano", "split-linked"),
        ("postal.csv", "cotton t-shirt,610910,CN,10", "", "price-below-own-article"),
        ("express.csv", "Yiwu Fast Star", "", "price-consignor-low"),
        ("express.csv", "noise cancelling", "", "de-minimis-over-limit"),
        ("postal.csv", "Shantou Happy Toys", "", "de-minimis-gift-sale"),
        ("express.csv", "single malt whisky", "", "de-minimis-excluded-goods"),
        ("postal.csv", "eau de parfum", "", "de-minimis-excluded-goods"),
    ] {
        let id = parcel(file, consignor, consignee);
        let story = text(&expect(0, program().arg("explain").arg(&out).arg(&id)).stdout);
        assert!(story.contains(detector), "{detector}\n{story}");
        assert!(story.contains(&id) && story.contains("EUR"), "{story}");
    }
    // Their honest look-alikes.
    for (file, consignor, consignee) in [
        ("postal.csv", "Packstation 144", ""),
        ("express.csv", "Anna Weber", "Gartenstr. 7"),
        ("postal.csv", "Petra Lorenz", ""),
        ("express.csv", "149.99", "espresso machine"),
        ("postal.csv", "Wei Ling Chan", ""),
        ("express.csv", "Hongkong Starlink", "242.00"),
    ] {
        let id = parcel(file, consignor, consignee);
        let output = expect(1, program().arg("explain").arg(&out).arg(&id));
        let said = text(&output.stderr);
        assert!(said.contains("not among the flagged") && said.contains("not in quarantine"), "{said}");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes_whatever_the_threads() {
    let dir = TempDir::new().unwrap();
    let outs: Vec<_> = ["1", "2", "7"]
        .map(|threads| {
            let out = dir.path().join(threads);
            run_sample(&out, threads);
            files(&out)
        })
        .to_vec();
    assert_eq!(outs[0].len(), 12);
    assert!(outs[0] == outs[1] && outs[0] == outs[2]);
}

#[test]
fn every_format_and_cut_of_the_files_says_the_same() {
    let dir = TempDir::new().unwrap();
    let at = |name: &str| dir.path().join(name);
    let express = vec![sample().join("express.csv")];
    let csv = fs::read_to_string(sample().join("postal.csv")).unwrap();
    let (header, body) = csv.split_once('\n').unwrap();
    let lines: Vec<&str> = body.lines().collect();

    let mut gz = flate2::write::GzEncoder::new(fs::File::create(at("p.csv.gz")).unwrap(), Default::default());
    gz.write_all(csv.as_bytes()).unwrap();
    gz.finish().unwrap();
    fs::write(at("p.csv.zst"), zstd::encode_all(csv.as_bytes(), 3).unwrap()).unwrap();
    fs::write(at("crlf.csv"), format!("\u{feff}{}", csv.replace('\n', "\r\n"))).unwrap();
    let reversed: Vec<&str> = lines.iter().rev().copied().collect();
    fs::write(at("a.csv"), format!("{header}\n{}\n", reversed[..60].join("\n"))).unwrap();
    fs::write(at("b.csv"), format!("{header}\n{}\n", reversed[60..].join("\n"))).unwrap();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let names = reader.headers().unwrap().clone();
    let objects: Vec<String> = reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            let cells = names.iter().zip(record.iter()).filter(|(_, v)| !v.is_empty());
            let object: serde_json::Map<_, _> = cells.map(|(k, v)| (k.to_owned(), v.into())).collect();
            serde_json::Value::Object(object).to_string()
        })
        .collect();
    fs::write(at("p.jsonl"), objects.join("\n")).unwrap();

    let flags = |name: &str, postal: &[PathBuf]| {
        let out = at(name);
        expect(0, &mut run_files(&out, postal, &express));
        fs::read(out.join("flags.parquet")).unwrap()
    };
    let plain = flags("plain", &[sample().join("postal.csv")]);
    for (name, postal) in [
        ("gz", vec![at("p.csv.gz")]),
        ("zst", vec![at("p.csv.zst")]),
        ("crlf", vec![at("crlf.csv")]),
        ("jsonl", vec![at("p.jsonl")]),
        ("cut", vec![at("b.csv"), at("a.csv")]),
    ] {
        assert!(flags(name, &postal) == plain, "{name}");
    }
}

#[test]
fn a_run_that_cannot_be_done_says_why_and_touches_nothing() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("out");
    run_sample(&out, "2");
    let before = files(&out);
    let bad = dir.path().join("bad.csv");
    let refused = |content: &str, words: &str, status: i32| {
        fs::write(&bad, content).unwrap();
        let output = expect(status, &mut run_files(&out, std::slice::from_ref(&bad), &[]));
        let said = text(&output.stderr);
        assert!(said.contains(words) && said.contains("bad.csv"), "{words}\n{said}");
        assert!(files(&out) == before, "{words}");
    };
    refused("parcel_id,date\nA,2026-05-20\n", "`gross_weight_kg`", 1);
    refused("PK\u{3}\u{4}", "missing", 1);
    let missing = dir.path().join("none-*.csv");
    let said = expect(2, &mut run_files(&out, &[missing], &[])).stderr;
    assert!(text(&said).contains("no file matches"));
    let left = fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(left, 2, "nothing but the output and the bad file");
}

#[test]
fn mistakes_in_the_job_are_named() {
    let dir = TempDir::new().unwrap();
    let job = dir.path().join("job.toml");
    for (content, words) in [
        ("destinatoin = 'DE'", "destinatoin"),
        ("date = '2026-13-01'\nout = 'o'\npostal = ['x']", "date"),
        ("date = 2026-05-20\npostal = ['x']", "`out` is not given"),
        ("date = 2026-05-20\nout = 'o'", "--postal"),
        ("date = 2026-05-20\nout = 'o'\npostal = ['s3://b/k.csv']", "s3://b/k.csv"),
        ("[detectors.split-windw]\ndays = 3", "did you mean `split-window`"),
        ("[detectors.split-window]\nnonsense = 3", "nonsense"),
    ] {
        fs::write(&job, content).unwrap();
        let said = text(&expect(2, program().arg("run").arg(&job)).stderr);
        assert!(said.contains(words), "{content}: {said}");
    }
    let said = expect(2, program().args(["run", "--nonsense"])).stderr;
    assert!(text(&said).contains("--nonsense"));
}

#[test]
fn strict_tells_of_quarantine_by_its_exit_status() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("out");
    let files = [sample().join("postal.csv")];
    expect(3, run_files(&out, &files, &[]).arg("--strict"));
    assert!(out.join("run.json").exists(), "the run is done all the same");
    expect(0, run_files(&out, &[], &[sample().join("express.csv")]).arg("--strict"));
}

#[test]
fn an_empty_night_is_a_whole_run() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("out");
    let empty = dir.path().join("empty.csv");
    let header = fs::read_to_string(sample().join("postal.csv")).unwrap();
    fs::write(&empty, format!("{}\n", header.lines().next().unwrap())).unwrap();
    expect(0, &mut run_files(&out, &[empty], &[]));
    assert_eq!(record(&out)["counts"]["parcels"], 0);
    assert_eq!(files(&out).len(), 12);
}

#[test]
fn the_report_is_made_again_from_the_files_and_hostile_text_stays_text() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("out");
    let csv = fs::read_to_string(sample().join("express.csv")).unwrap();
    let hostile = dir.path().join("hostile.csv");
    fs::write(&hostile, csv.replace("Shenzhen Hengtai Electronics", "<script>alert(1)</script>")).unwrap();
    expect(0, &mut run_files(&out, &[], &[hostile]));
    let report = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(!report.contains("<script>alert"));
    assert!(report.contains("&lt;script&gt;alert"));
    fs::remove_file(out.join("report.html")).unwrap();
    expect(0, program().arg("report").arg(&out));
    assert_eq!(fs::read_to_string(out.join("report.html")).unwrap(), report);
}

#[test]
fn a_kill_at_any_moment_leaves_a_whole_run() {
    let dir = TempDir::new().unwrap();
    let synth = dir.path().join("synth");
    let mut command = program();
    command.args(["synth", "--parcels", "20000", "--destination", "DE", "--date", "2026-05-20", "--out"]);
    expect(0, command.arg(&synth));
    let out = dir.path().join("out");
    run_sample(&out, "2");
    let before = files(&out);
    let mut killed = 0;
    for milliseconds in (0..400).step_by(23) {
        let mut run = run_at(&out, &[synth.join("postal.parquet")], &[], &synth.join("rates.csv"));
        let mut child = run.spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        let finished = child.try_wait().unwrap().is_some();
        child.kill().ok();
        child.wait().unwrap();
        let now = files(&out);
        if now != before {
            assert!(finished || now.len() == 9, "a half-written run");
            assert!(record(&out)["counts"]["parcels"].as_u64() > Some(1_000));
            break;
        }
        killed += 1;
    }
    assert!(killed > 0);
    // The next run clears what the killed ones left.
    run_sample(&out, "2");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn what_is_built_in_can_be_read() {
    let listed = text(&expect(0, program().arg("detectors")).stdout);
    for id in
        ["split-consignment", "split-window", "split-linked", "price-below-peers", "de-minimis-bunching"]
    {
        assert!(listed.contains(id), "{listed}");
        let page = text(&expect(0, program().args(["detectors", id])).stdout);
        assert!(page.contains(&format!("[detectors.{id}]")), "{page}");
    }
    expect(2, program().args(["detectors", "nonsense"]));
    let before =
        text(&expect(0, program().args(["regimes", "--country", "DE", "--date", "2026-06-30"])).stdout);
    let after =
        text(&expect(0, program().args(["regimes", "--country", "DE", "--date", "2026-07-01"])).stdout);
    assert!(before.contains("150") && before != after, "{before}\n{after}");
    let schema = text(&expect(0, program().arg("schema")).stdout);
    assert!(schema.contains("gross_weight_kg") && schema.contains("flagged_parcels.parquet"));
}
