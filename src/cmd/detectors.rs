//! `parcel-risk detectors`.

use super::{Status, print};
use crate::cli::DetectorsArgs;
use crate::config::nearest;
use crate::detect::ALL;
use crate::error::Error;
use std::fmt::Write;

pub(crate) fn execute(args: &DetectorsArgs) -> Status {
    let mut text = String::new();
    match &args.id {
        None => {
            for detector in ALL {
                let _ =
                    writeln!(text, "{:<28} {:<17} {}", detector.id, detector.family.name(), detector.title);
            }
            text.push_str("\n`parcel-risk detectors ID` shows what one finds, how, and its settings.\n");
        }
        Some(id) => {
            let detector = ALL.iter().find(|d| d.id == id).ok_or_else(|| {
                let names: Vec<&str> = ALL.iter().map(|d| d.id).collect();
                let meant = nearest(id, &names);
                Error::Configuration(format!(
                    "there is no detector `{id}`; did you mean `{meant}`? There are {}",
                    names.join(", ")
                ))
            })?;
            let _ = writeln!(text, "# {} ({}): {}\n", detector.id, detector.family.name(), detector.title);
            for line in detector.documentation.lines() {
                let _ = writeln!(text, "{}", line.strip_prefix(' ').unwrap_or(line));
            }
            let _ = writeln!(text, "\n[detectors.{}]\n{}", detector.id, (detector.defaults)());
        }
    }
    print(&text)
}
