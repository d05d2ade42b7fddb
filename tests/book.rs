//! The book: its generated pages say what the program says, and its links lead somewhere.

use std::fs;
use std::path::{Path, PathBuf};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn read(name: &str) -> String {
    fs::read_to_string(docs().join(name)).unwrap_or_else(|e| panic!("docs/{name}: {e}"))
}

#[test]
fn generated_pages_say_what_the_program_says() {
    for (name, text) in parcel_risk::book::pages().unwrap() {
        assert!(read(name) == text, "docs/{name} has drifted: run `cargo run --release --example book`");
    }
    let summary = parcel_risk::book::summary(&docs()).unwrap();
    assert!(
        read("SUMMARY.md") == summary,
        "a page is not in the book: run `cargo run --release --example book`"
    );
}

/// The targets of Markdown links in a text, code left out.
fn links(text: &str) -> Vec<String> {
    let mut code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            code = !code;
        }
        if code {
            continue;
        }
        let mut rest = line;
        while let Some(at) = rest.find("](") {
            rest = &rest[at + 2..];
            if let Some(end) = rest.find(')') {
                found.push(rest[..end].to_owned());
            }
        }
    }
    found
}

#[test]
fn every_page_is_in_the_book_and_every_link_leads_somewhere() {
    let summary = read("SUMMARY.md");
    let mut pages = 0;
    for entry in fs::read_dir(docs()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".md") {
            continue;
        }
        pages += 1;
        if name != "SUMMARY.md" {
            assert!(links(&summary).contains(&name), "docs/{name} is not in docs/SUMMARY.md");
        }
        for link in links(&read(&name)) {
            let file = link.split('#').next().unwrap();
            // An empty target is a chapter still to come; an address outside is not ours to check.
            if !file.is_empty() && !file.contains("://") {
                assert!(!file.starts_with(".."), "docs/{name}: the link {link} leads out of the book");
                assert!(docs().join(file).exists(), "docs/{name}: the link {link} leads nowhere");
            }
        }
    }
    assert!(pages >= 10);
}

#[test]
fn the_job_file_that_schedules_use_can_be_read() {
    let page = read("operations.md");
    let job = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("nightly.toml");
    fs::write(&file, job).unwrap();
    let job = parcel_risk::config::Job::read(&file, &[]).unwrap();
    assert_eq!(job.destination.as_deref(), Some("DE"));
    assert!(job.out.is_some_and(|out| out.ends_with("out/{date}")));
    // Each schedule names the night and the program's place; none relies on a path that cron or systemd does not have.
    for schedule in ["## cron", "## systemd", "## Airflow"] {
        let (_, text) = page.split_once(schedule).unwrap();
        let text = text.split("\n## ").next().unwrap();
        assert!(text.contains("/usr/local/bin/parcel-risk run") && text.contains("--date"), "{schedule}");
    }
}
