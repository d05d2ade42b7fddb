//! The pages of the book that are made from the program's own text, so that they cannot say anything else.

use crate::cli::Cli;
use crate::cmd::schema;
use crate::detect::ALL;
use crate::error::Error;
use crate::model::finding::Family;
use crate::model::schema::{Column, Kind};
use crate::refdata::regimes::{Regimes, table};
use clap::{Command, CommandFactory};
use std::fmt::Write;
use std::path::Path;

const MADE: &str =
    "<!-- Made by `cargo run --release --example book`; edit the program's text instead. -->\n\n";

/// The chapters, in order; an empty file name begins a part.
const CHAPTERS: [(&str, &str); 14] = [
    ("", "Use it"),
    ("tutorial.md", "A first hour"),
    ("report.md", "The morning report"),
    ("operations.md", "Night after night: operations"),
    ("feedback.md", "Feedback: was it right?"),
    ("", "Look it up"),
    ("commands.md", "Commands"),
    ("job.md", "The job file"),
    ("schema.md", "Columns and files"),
    ("detectors.md", "Detectors"),
    ("regimes.md", "The law of low-value imports"),
    ("", HOW),
    ("", "Answer for it"),
    ("algorithm-card.md", "Algorithm card"),
];
/// The part that holds every other page of the folder, by its own title.
const HOW: &str = "How it works";

/// The table of contents: the chapters above, and every other page that the folder holds.
///
/// # Errors
/// The folder or a page of it cannot be read.
pub fn summary(docs: &Path) -> std::io::Result<String> {
    let mut others: Vec<(String, String)> = Vec::new();
    for entry in std::fs::read_dir(docs)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let front = ["SUMMARY.md", "introduction.md"].contains(&name.as_str());
        if name.ends_with(".md") && !front && !CHAPTERS.iter().any(|(file, _)| *file == name) {
            let text = std::fs::read_to_string(docs.join(&name))?;
            let title = text.lines().find_map(|l| l.strip_prefix("# ")).unwrap_or(&name).trim().to_owned();
            others.push((name, title));
        }
    }
    others.sort();
    let mut text = String::from("# Summary\n\n[What it is](introduction.md)\n");
    for (file, title) in CHAPTERS {
        match (file, title) {
            ("", HOW) if others.is_empty() => {}
            ("", part) => {
                let _ = writeln!(text, "\n# {part}\n");
                if part == HOW {
                    for (file, title) in &others {
                        let _ = writeln!(text, "- [{title}]({file})");
                    }
                }
            }
            (file, title) => {
                let _ = writeln!(text, "- [{title}]({file})");
            }
        }
    }
    Ok(text)
}

/// Every generated page: its file name in `docs/` and its text.
///
/// # Errors
/// The built-in table of regimes cannot be read.
pub fn pages() -> Result<Vec<(&'static str, String)>, Error> {
    let pages = vec![
        ("detectors.md", detectors()),
        ("regimes.md", regimes()?),
        ("schema.md", columns()),
        ("commands.md", commands()),
        ("job.md", job()),
    ];
    Ok(pages.into_iter().map(|(name, text)| (name, format!("{MADE}{}\n", text.trim_end()))).collect())
}

fn detectors() -> String {
    let mut text = String::from(
        "# Detectors\n\nA detector looks for one kind of abuse and says what it found, how sure it is and why. The text below is that of \
         `parcel-risk detectors ID`.\n\n| detector | kind | what it flags |\n| --- | --- | --- |\n",
    );
    for d in ALL {
        let _ = writeln!(text, "| [{0}](#{0}) | {1} | {2} |", d.id, d.family.title(), d.title);
    }
    for family in Family::ALL {
        for d in ALL.iter().filter(|d| d.family == family) {
            let _ = writeln!(text, "\n## {}\n\n*{}.* {}\n", d.id, family.title(), d.title);
            for line in d.documentation.lines() {
                let line = line.strip_prefix(' ').unwrap_or(line);
                // Headings of the text stand below that of the detector.
                let deeper = if line.starts_with('#') { "#" } else { "" };
                let _ = writeln!(text, "{deeper}{line}");
            }
            let _ = writeln!(text, "\n```toml\n[detectors.{}]\n{}\n```", d.id, (d.defaults)().trim_end());
        }
    }
    text
}

fn regimes() -> Result<String, Error> {
    let regimes = Regimes::builtin().map_err(|e| Error::Configuration(e.to_string()))?;
    let rows = regimes.rows(None, None);
    Ok(format!(
        "# The law of low-value imports\n\nThe dated rules that are built in, {} rows: `parcel-risk regimes`. The regime of a parcel is that of its own date. A \
         file of the same form replaces a country's rows (`regimes = \"my.csv\"` in a job). Check rows of low certainty before you rely \
         on them.\n\n```text\n{}```\n",
        rows.len(),
        table(&rows)
    ))
}

fn columns() -> String {
    let mut text = String::from(
        "# Columns and files\n\n## Input\n\nOne row per declared line of a parcel, as CSV, JSON Lines or Parquet. Order is free, unknown columns are counted and \
         ignored. Either `value` or `parcel_value` is needed.\n\n| column | type | required | meaning |\n| --- | --- | --- | --- |\n",
    );
    for column in Column::ALL {
        let kind = match column.kind() {
            Kind::Text => "text",
            Kind::Date => "date",
            Kind::Number => "number",
        };
        let required = if column.required() { "yes" } else { "" };
        let _ = writeln!(text, "| `{}` | {kind} | {required} | {} |", column.name(), column.meaning());
    }
    text.push_str("\n## Output\n\n| file | one row per |\n| --- | --- |\n");
    for (file, row) in schema::OUTPUT {
        let _ = writeln!(text, "| `{file}` | {row} |");
    }
    text
}

fn commands() -> String {
    let mut text = String::from(
        "# Commands\n\nThe text of `parcel-risk help COMMAND`. `parcel-risk man` prints it as a manual page, `parcel-risk completions bash` the completions of a shell.\n",
    );
    let mut program = Cli::command().term_width(96);
    help(&mut program, "parcel-risk", &mut text);
    let names: Vec<String> = program.get_subcommands().map(|c| c.get_name().to_owned()).collect();
    for name in names.iter().filter(|n| *n != "help") {
        if let Some(command) = program.find_subcommand(name) {
            let mut command = command.clone().term_width(96).bin_name(format!("parcel-risk {name}"));
            help(&mut command, name, &mut text);
        }
    }
    text
}

fn help(command: &mut Command, name: &str, text: &mut String) {
    let shown = command.render_long_help().to_string();
    let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
    let _ = write!(text, "\n## {name}\n\n```text\n{}\n```\n", lines.join("\n").trim_end());
}

fn job() -> String {
    format!(
        "# The job file\n\nWhat `parcel-risk init DIR` writes: every key explained.\n\n```toml\n{}```\n",
        crate::cmd::init::job_file()
    )
}
