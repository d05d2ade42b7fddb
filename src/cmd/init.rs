//! `parcel-risk init`: a folder in which the first run goes well.

use super::{Status, print};
use crate::cli::InitArgs;
use crate::detect::ALL;
use crate::error::Error;
use crate::resolve::ResolveSettings;
use std::fmt::Write;
use std::path::Path;

/// The sample's manifests and exchange rates.
const FILES: [(&str, &str); 3] = [
    ("manifests/postal.csv", include_str!("../../sample_data/postal.csv")),
    ("manifests/express.csv", include_str!("../../sample_data/express.csv")),
    ("rates.csv", include_str!("../../sample_data/rates.csv")),
];

/// The job file down to the settings of detectors; a line that begins with `#` and a key can be used as it is.
const JOB: &str = r#"# A nightly job of parcel-risk. Paths are relative to this file; `--set KEY=VALUE` overrides any key.
# A line such as `#key = value` shows a default, or an example where there is none: take the `#` away and change it.

# The night to screen. The command line wins: parcel-risk run nightly.toml --date 2026-05-21
date = 2026-05-20

# Country of import. Without it each record's own addressee decides.
destination = "DE"

# Manifests of each channel: paths or patterns of CSV, JSON Lines, Parquet or messages (Cargo-XML, ITMATT, H7 and others),
# also packed (.gz, .zst) and in archives. `{date}` stands for the night: ["in/{date}/post-*.xml"].
postal = ["manifests/postal*.csv"]
express = ["manifests/express*.csv"]

# Exchange rates in the layout of the European Central Bank's eurofxref-hist.csv. Those here are invented.
rates = "rates.csv"

# Output folder; it appears as a whole, and an earlier run in it is replaced as one. With "out/{date}" each night keeps its
# own, and the report compares tonight with the nights before.
out = "out"

# Your own rows of law and your own rates of duty and tax, in the form of the built-in tables
# (`parcel-risk regimes` shows the law).
#regimes = "my-regimes.csv"
#duty_rates = "my-duty-rates.csv"

# Flag only so much that at most this share of each family's flagged parcels is expected to be false.
#false_flags = 0.2

# Files of another layout than the input columns: pattern of paths, and a preset or a mapping file of yours
# (`parcel-risk check FILE` shows how a file is read, `parcel-risk check --preset list` names the presets).
#mapping = { "manifests/broker-*.csv" = "broker.toml" }

# Output folder of an earlier run: carrier_quality.parquet then says what has changed since.
#previous = "archive/2026-05-19"

# Your own calibration of scores, and prices of raw materials, in the form of the built-in tables.
#calibration = "my-calibration.csv"
#raw_materials = "my-raw-materials.csv"

[reference]
# Prices of other nights: price_reference.parquet of earlier runs, or tables of your own; paths, patterns or folders.
#prices = ["archive/*/price_reference.parquet"]

[lists]
# Parties, parcels and scheme numbers to watch for, and those whose findings are to be suppressed: CSV files whose rows
# have an author, a reason and a last day. The report tells what each row of the allow list left out.
#watch = "watch.csv"
#allow = "allow.csv"
# Goods of yours that another agency must know of, and descriptions with their right codes.
#controlled_goods = "my-controlled-goods.csv"
#described_goods = ["confirmed-lines.csv"]

[output]
# The resolved sender and addressee of every parcel, flagged or not.
#entity_links = false
# How probable a cut is on every line whose price could be compared.
#line_scores = false
# What the words of every distinct description say of its code.
#descriptions = false
# Time and memory, in timing.json and timing.js, which the report shows. With `false` nothing at all differs between two
# runs of one input; every other file is the same to the byte at all events.
#timing = true

[report]
# Output folders of earlier nights, to compare with; without it those beside `out` are used.
#earlier = ["archive/*"]

[sample]
# Parcels drawn at random each night: examined like the others they show what screening misses.
#parcels = 100
# A text that only the office knows, so that nobody can tell who will be drawn.
#key = "change me"

[limits]
# What input may ask for at most; what asks for more is refused. Largest message, in MiB.
#message_mb = 1024
# Most that one packed file may unpack to, in GiB, and most bytes out of one packed byte.
#unpacked_gb = 256
#unpacked_ratio = 300
# Deepest nesting in a message, and most members of an archive.
#depth = 64
#members = 2000000

# Who is who, in bits of evidence; the book's page on linkage explains the lines and the weights.
RESOLVE
# Settings of the detectors with their defaults; `parcel-risk detectors ID` explains each.
"#;

/// The commented job file.
pub fn job_file() -> String {
    let mut resolve = toml::Table::try_from(ResolveSettings::default()).unwrap_or_default();
    resolve.remove("weights");
    let resolve = resolve.iter().map(|(key, value)| format!("#{key} = {value}\n"));
    let mut text = JOB.replace("RESOLVE\n", &format!("[resolve]\n{}\n", resolve.collect::<String>()));
    for detector in ALL {
        let _ = write!(text, "\n# {}: {}\n#[detectors.{}]\n", detector.id, detector.title, detector.id);
        for line in (detector.defaults)().lines().filter(|l| !l.is_empty()) {
            let _ = writeln!(text, "#{line}");
        }
    }
    text
}

pub(crate) fn execute(args: &InitArgs) -> Status {
    let dir = &args.dir;
    let taken = dir.is_file() || std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
    if taken {
        return Err(Error::Configuration(format!(
            "{} is there already and not empty; name a folder that is new or empty",
            dir.display()
        )));
    }
    let job = job_file();
    let files = FILES.iter().copied().chain([("nightly.toml", job.as_str())]);
    for (name, text) in files {
        write(&dir.join(name), text)?;
    }
    let shown = dir.display();
    print(&format!(
        "{shown} is ready: nightly.toml, the job with every key explained; manifests/, one night of a small office.\n\
         Now:  parcel-risk run {shown}/nightly.toml\n\
         Then: open {shown}/out/report.html, or parcel-risk explain {shown}/out LX301246082CN\n"
    ))
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |e: std::io::Error| {
        Error::Output(format!("cannot write {}: {e}; choose a folder that you may write to", path.display()))
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, text).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_is_commented_out_can_be_used() {
        let text: String = job_file()
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => {
                    format!("{rest}\n")
                }
                _ => format!("{line}\n"),
            })
            .collect();
        assert!(text.contains("\nentity_links = false") && text.contains("\n[detectors.split-window]"));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("nightly.toml");
        std::fs::write(&path, &text).unwrap();
        let job = crate::config::Job::read(&path, &[]).unwrap();
        assert_eq!(job.detectors.len(), ALL.len());
        assert_eq!(job.sample.parcels, 100);
        // What is shown as a default is one, and every key is shown.
        let [job, usual] = [job, crate::config::Job::default()].map(|j| serde_json::to_value(j).unwrap());
        for section in ["limits", "resolve", "output"] {
            assert_eq!(job[section], usual[section], "[{section}]");
        }
        let shown = |key: &str| text.lines().any(|line| line.starts_with(&format!("{key} = ")));
        for (key, value) in usual.as_object().unwrap() {
            let section = value.as_object().filter(|_| key != "mapping" && key != "detectors");
            match section {
                None => assert!(key == "detectors" || shown(key), "{key}"),
                Some(keys) => {
                    assert!(text.contains(&format!("\n[{key}]\n")), "[{key}]");
                    for key in keys.keys().filter(|key| *key != "weights") {
                        assert!(shown(key), "{key}");
                    }
                }
            }
        }
    }
}
