//! `parcel-risk init`: a folder in which the first run goes well.

use super::{Status, print};
use crate::cli::InitArgs;
use crate::detect::ALL;
use crate::error::Error;
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
# A line such as `#key = value` shows a default: take the `#` away and change it.

# The night to screen. The command line wins: parcel-risk run nightly.toml --date 2026-05-21
date = 2026-05-20

# Country of import. Without it each record's own addressee decides.
destination = "DE"

# Manifests of each channel: paths or patterns of CSV, JSON Lines (.gz, .zst) or Parquet.
postal = ["manifests/postal*.csv"]
express = ["manifests/express*.csv"]

# Exchange rates in the layout of the European Central Bank's eurofxref-hist.csv. Those here are invented.
rates = "rates.csv"

# Output folder; it appears as a whole, and an earlier run in it is replaced as one.
out = "out"

# Your own rows of law and your own rates of duty and tax, in the form of the built-in tables
# (`parcel-risk regimes` shows the law).
#regimes = "my-regimes.csv"
#duty_rates = "my-duty-rates.csv"

[output]
# The resolved sender and addressee of every parcel, flagged or not.
#entity_links = false
# Time and memory, in timing.json and in a line of the report. With `false` two runs of one input give the same bytes in
# the report too; every other file is the same at all events.
#timing = true

[report]
# Output folders of earlier nights, to compare with; without it those beside `out` are used.
#earlier = ["archive/*"]

[sample]
# Parcels drawn at random each night: examined like the others they show what screening misses.
#parcels = 100
# A text that only the office knows, so that nobody can tell who will be drawn.
#key = "change me"

# Settings of the detectors with their defaults; `parcel-risk detectors ID` explains each.
"#;

/// The commented job file.
pub fn job_file() -> String {
    let mut text = JOB.to_owned();
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
    }
}
