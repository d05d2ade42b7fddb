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
    // The README shows this very summary; time and folder are those of another run.
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let shown = readme.split("```\n").find(|block| block.starts_with("Read  ")).unwrap();
    for line in shown.lines().filter(|line| !line.starts_with("Time ") && !line.starts_with("Files ")) {
        assert!(said.lines().any(|l| l == line), "the README shows `{line}`, the run says\n{said}");
    }
    let run = record(&out);
    let rates = &run["data_files"][0];
    let digest = parcel_risk::read::sha256_file(&sample().join("rates.csv")).unwrap();
    assert_eq!((rates["key"].as_str(), rates["sha256"].as_str()), (Some("rates"), Some(digest.as_str())));
    let counts = &run["counts"];
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
    let run = |threads: &str, timing: &str| {
        let out = dir.path().join(format!("{threads}-{timing}"));
        let mut command = program();
        command.arg("run").arg(sample().join("nightly.toml")).arg("--out").arg(&out);
        command.args(["--set", &format!("output.timing={timing}")]);
        expect(0, command.env("RAYON_NUM_THREADS", threads));
        files(&out)
    };
    let outs: Vec<_> = ["1", "2", "7"].map(|threads| run(threads, "false")).to_vec();
    assert_eq!(outs[0].len(), 15);
    assert!(outs[0] == outs[1] && outs[0] == outs[2]);
    // As it is usually run: the files on time and memory differ, and nothing else.
    let timed = ["1", "2"].map(|threads| run(threads, "true"));
    let told = |files: &[(String, Vec<u8>)]| -> Vec<(String, Vec<u8>)> {
        files.iter().filter(|(name, _)| !name.starts_with("timing.")).cloned().collect()
    };
    assert!(told(&timed[0]) == told(&timed[1]));
    assert_eq!((timed[0].len(), told(&timed[0]).len()), (17, 15));
    for (name, bytes) in &outs[0] {
        // `run.json` records the setting itself.
        if !["report.html", "run.json"].contains(&name.as_str()) {
            assert!(timed[0].iter().any(|(n, b)| n == name && b == bytes), "{name}");
        }
    }
}

#[test]
fn the_random_sample_is_drawn_whatever_was_found() {
    let dir = TempDir::new().unwrap();
    let draw = |name: &str, settings: &[&str]| {
        let out = dir.path().join(name);
        let mut command = program();
        command.args(["run", "--quiet"]).arg(sample().join("nightly.toml")).arg("--out").arg(&out);
        for setting in settings {
            command.args(["--set", setting]);
        }
        expect(0, &mut command);
        let drawn = &record(&out)["random_sample"];
        assert_eq!(drawn["inclusion_probability"], drawn["parcels"].as_f64().unwrap() / 386.0);
        (fs::read(out.join("random_sample.parquet")).unwrap(), drawn["parcels"].as_u64().unwrap())
    };
    let (usual, parcels) = draw("usual", &["sample.parcels=40"]);
    assert_eq!(parcels, 40);
    // Detectors decide nothing here but whether a parcel is flagged; another key draws others.
    assert!(draw("again", &["sample.parcels=40"]).0 == usual);
    assert!(draw("keyed", &["sample.parcels=40", "sample.key=secret"]).0 != usual);
    assert_eq!(draw("all", &["sample.parcels=1000"]).1, 386);
    assert_eq!(draw("none", &["sample.parcels=0"]).1, 0);
}

#[test]
fn a_first_hour_goes_well() {
    let dir = TempDir::new().unwrap();
    let first = dir.path().join("first");
    let said = text(&expect(0, program().arg("init").arg(&first)).stdout);
    assert!(said.contains("parcel-risk run"), "{said}");
    let said = text(&expect(0, program().arg("run").arg(first.join("nightly.toml"))).stdout);
    assert!(said.contains("74 parcels in 5 cases"), "{said}");
    let report = fs::read_to_string(first.join("out/report.html")).unwrap();
    assert!(report.contains("data-file=\"timing.js\"") && first.join("out/timing.js").exists());
    assert!(
        said.lines().count() <= 24
            && said.lines().all(|l| l.starts_with("Files") || l.chars().count() <= 110),
        "{said}"
    );
    let refused = text(&expect(2, program().arg("init").arg(&first)).stderr);
    assert!(refused.contains("not empty"), "{refused}");
    for shell in ["bash", "zsh", "fish"] {
        let script = text(&expect(0, program().args(["completions", shell])).stdout);
        assert!(script.contains("feedback") && script.contains("strict"), "{shell}");
    }
    // A shell that asks gets an answer, behind a subcommand too.
    let script = dir.path().join("completions.bash");
    fs::write(&script, expect(0, program().args(["completions", "bash"])).stdout).unwrap();
    let completed = |words: &str, last: &str| {
        let ask = format!(
            "source '{}'; COMP_WORDS=({words} '{last}'); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             $(complete -p parcel-risk | grep -o '_parcel[^ ]*') parcel-risk '{last}' \
             \"${{COMP_WORDS[COMP_CWORD - 1]}}\"; echo \"${{COMPREPLY[@]}}\"",
            script.display()
        );
        text(&expect(0, Command::new("bash").args(["-c", &ask])).stdout).trim().to_owned()
    };
    assert_eq!(completed("parcel-risk", "feed"), "feedback");
    assert_eq!(completed("parcel-risk run", "--fal"), "--false-flags");
    assert_eq!(completed("parcel-risk run --log", "j"), "json");
    let page = text(&expect(0, program().arg("man")).stdout);
    assert!(page.contains(".TH parcel-risk") && page.contains("feedback"), "{page}");
    assert!(page.contains(".SH EXAMPLES\n.nf\nFirst steps:\n"), "{page}");
    let pages = dir.path().join("man1");
    expect(0, program().arg("man").arg("--out").arg(&pages));
    let run = fs::read_to_string(pages.join("parcel-risk-run.1")).unwrap();
    assert!(run.contains("strict") && run.contains(".TH parcel-risk-run 1"), "{run}");
    // Every page that a page names is there.
    for (name, _) in page.split("parcel\\-risk\\-").skip(1).filter_map(|rest| rest.split_once("(1)")) {
        assert!(pages.join(format!("parcel-risk-{name}.1")).exists(), "{name}");
    }
}

#[test]
fn progress_is_told_as_asked() {
    let dir = TempDir::new().unwrap();
    let job = sample().join("nightly.toml");
    let run = |flags: &[&str]| {
        let mut command = program();
        command.arg("run").arg(&job).arg("--out").arg(dir.path().join("out")).args(flags);
        let output = expect(0, &mut command);
        (text(&output.stdout), text(&output.stderr))
    };
    assert_eq!(run(&["--quiet"]), (String::new(), String::new()));
    let (_, log) = run(&[]);
    for stage in ["read", "resolve", "facts", "detect", "score", "write", "report"] {
        assert!(log.lines().any(|l| l.starts_with(stage)), "{stage}\n{log}");
    }
    assert!(!log.contains('\u{1b}'), "no escapes in a log");
    let (said, log) = run(&["--log", "json"]);
    assert_eq!(said, "");
    let events: Vec<serde_json::Value> = log.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(events.last().unwrap()["event"], "finished");
    assert_eq!(events.last().unwrap()["flagged_parcels"], 74);
    let read = events.iter().find(|e| e["event"] == "stage_ends" && e["stage"] == "read").unwrap();
    assert_eq!((read["rows"].as_u64(), read["unit"].as_str()), (Some(434), Some("records")));
    let failed = expect(2, program().args(["run", "nowhere.toml", "--log", "json"]));
    let event: serde_json::Value = serde_json::from_slice(&failed.stderr).unwrap();
    assert_eq!((event["event"].as_str(), event["exit_status"].as_u64()), (Some("failed"), Some(2)));
}

#[test]
fn feedback_tells_hit_rates_and_what_was_missed() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("out");
    run_sample(&out, "2");
    let splits = ["L. Hoffmann", "Lena Hoffmann"].map(|name| parcel("postal.csv", "Shenzhen Baoli", name));
    let gift = parcel("postal.csv", "Shantou Happy Toys", "");
    let file = dir.path().join("found.csv");
    let lines = [
        "parcel_id,result,corrected_value,corrected_hs,by,on".to_owned(),
        format!("{},irregular,364.60,,aw,2026-05-21", splits[0]),
        format!("{},regular,,,aw,2026-05-21", splits[1]),
        format!("{gift},irregular,,950300,aw,2026-05-22"),
        "NOT-OURS,irregular,,,aw,2026-05-22".to_owned(),
    ];
    fs::write(&file, lines.join("\n")).unwrap();
    let said = expect(0, program().arg("feedback").arg(&out).arg(&file).arg("--json")).stdout;
    let said: serde_json::Value = serde_json::from_slice(&said).unwrap();
    assert_eq!((&said["flagged"]["examined"], &said["flagged"]["irregular"]), (&3.into(), &2.into()));
    assert_eq!(said["elsewhere"], 1);
    assert_eq!(said["reclassified"], 1);
    assert_eq!(said["corrected"]["EUR"]["found"], 364.6);
    let split =
        said["detectors"].as_array().unwrap().iter().find(|d| d["of"] == "split-consignment").unwrap();
    assert_eq!(split["rate"], 0.5);
    // The exact interval of one hit in two: 1 - sqrt(1 - 0.025) and its mirror.
    assert!((split["low"].as_f64().unwrap() - (1.0 - 0.975_f64.sqrt())).abs() < 1e-9);
    assert_eq!(said["sample"]["drawn"], 100);
    let shown = text(&expect(0, program().arg("feedback").arg(&out).arg(&file)).stdout);
    assert!(shown.contains("split-consignment") && shown.contains("95 % interval"), "{shown}");
    fs::write(&file, "parcel_id,result\nA,perhaps\n").unwrap();
    let refused = text(&expect(2, program().arg("feedback").arg(&out).arg(&file)).stderr);
    assert!(refused.contains("found.csv: line 2: result"), "{refused}");
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
    fs::write(dir.path().join("job.toml.csv"), "").unwrap();
    for (content, words) in [
        ("destinatoin = 'DE'", "destinatoin"),
        ("date = '2026-13-01'\nout = 'o'\npostal = ['x']", "date"),
        ("date = 2026-05-20\npostal = ['x']", "`out` is not given"),
        ("date = 2026-05-20\nout = 'o'", "--postal"),
        ("date = 2026-05-20\nout = 'o'\npostal = ['s3://b/k.csv']", "s3://b/k.csv"),
        ("date = 2026-05-20\nout = 'o'\npostal = ['x']\nfalse_flags = 20", "false_flags: found 20"),
        ("date = 2026-05-20\nout = 'o'\npostal = 'job.toml.csv'\nrates = 'none.csv'", "`rates`: cannot read"),
        ("", "parcel-risk init"),
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
fn only_so_much_is_flagged_that_the_share_of_false_flags_is_kept() {
    let dir = TempDir::new().unwrap();
    let job = sample().join("nightly.toml");
    let flagged = |name: &str, settings: &[&str]| {
        let out = dir.path().join(name);
        expect(0, program().arg("run").arg(&job).arg("--out").arg(&out).args(settings));
        record(&out)
    };
    let all = flagged("all", &[]);
    let some = flagged("some", &["--false-flags", "0.1"]);
    let none = flagged("none", &["--set", "false_flags=0"]);
    let count = |record: &serde_json::Value| record["counts"]["flagged_parcels"].as_u64().unwrap();
    assert!(count(&all) >= count(&some) && count(&some) > 0 && count(&none) == 0);
    assert_eq!(some["false_flags"]["asked"], 0.1);
    for (family, share) in some["false_flags"]["expected"].as_object().unwrap() {
        assert!(share.as_f64().unwrap() <= 0.1, "{family}: {share}");
    }
    // The night's revenue is an expectation between two ends.
    let revenue = |end: &str| all[format!("revenue_at_risk{end}")]["EUR"].as_f64().unwrap();
    assert!(0.0 < revenue("_low") && revenue("_low") < revenue("") && revenue("") < revenue("_high"));
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
    assert_eq!(files(&out).len(), 17);
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
    // Names are packed; what stands in the page as text is escaped.
    assert!(report.contains("hostile.csv") && report.contains("Content-Security-Policy"));
    fs::remove_file(out.join("report.html")).unwrap();
    expect(0, program().arg("report").arg(&out));
    assert_eq!(fs::read_to_string(out.join("report.html")).unwrap(), report);
}

#[test]
fn a_terminal_takes_nothing_of_a_manifest_for_a_command() {
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("out");
    let csv = fs::read_to_string(sample().join("express.csv")).unwrap();
    // Sets the terminal's title, and clears it by the one-character form of the same.
    let hostile = dir.path().join("hostile.csv");
    fs::write(&hostile, csv.replace("Julia Hofmann", "\u{1b}]0;owned\u{7}Julia \u{9b}2JHofmann")).unwrap();
    let mut run = program();
    run.args(["run", "--destination", "DE", "--date", "2026-05-20", "--express"]).arg(&hostile);
    run.arg("--rates").arg(sample().join("rates.csv")).arg("--out").arg(&out);
    let summary = text(&expect(0, &mut run).stdout);
    let id = parcel("express.csv", "Shenzhen Hengtai", "Julia Hofmann");
    let story = text(&expect(0, program().arg("explain").arg(&out).arg(&id)).stdout);
    for said in [summary, story] {
        assert!(said.contains("Hofmann") && !said.contains(['\u{1b}', '\u{7}', '\u{9b}']), "{said:?}");
    }
}

#[test]
fn one_job_serves_every_night() {
    let dir = TempDir::new().unwrap();
    let manifests = dir.path().join("in/2026-05-20");
    fs::create_dir_all(&manifests).unwrap();
    fs::copy(sample().join("postal.csv"), manifests.join("post-1.csv")).unwrap();
    let job = dir.path().join("nightly.toml");
    fs::write(&job, "destination = 'DE'\npostal = ['in/{date}/post-*']\nout = 'out [{date}]'\n").unwrap();
    let mut run = program();
    expect(0, run.arg("run").arg(&job).args(["--date", "2026-05-20", "--quiet"]));
    // Brackets in the name of a folder are no pattern.
    let out = dir.path().join("out [2026-05-20]");
    assert!(record(&out)["counts"]["parcels"].as_u64() > Some(100));
    let id = parcel("postal.csv", "Shenzhen Baoli", "");
    expect(0, program().arg("explain").arg(&out).arg(id));
    let said = expect(2, program().arg("run").arg(&job).args(["--date", "2026-05-21"]));
    assert!(text(&said.stderr).contains("in/2026-05-21/post-*"), "{}", text(&said.stderr));
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
            assert!(finished || now.len() == before.len(), "a half-written run");
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
    // It lists every file that a run can write, and no other.
    let dir = TempDir::new().unwrap();
    let out = dir.path().join("out");
    let mut run = program();
    run.args(["run", "--quiet"]).arg(sample().join("nightly.toml")).arg("--out").arg(&out);
    for more in ["entity_links", "line_scores", "descriptions", "timing"] {
        run.args(["--set", &format!("output.{more}=true")]);
    }
    expect(0, &mut run);
    let mut listed: Vec<&str> = schema
        .split_once("\nOutput")
        .unwrap()
        .1
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| word.contains('.'))
        .collect();
    listed.sort_unstable();
    let written: Vec<String> = files(&out).into_iter().map(|(name, _)| name).collect();
    assert_eq!(listed, written);
}
