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
