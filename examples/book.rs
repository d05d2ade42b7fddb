//! Writes the generated pages of the book: `cargo run --release --example book`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let written = parcel_risk::book::pages().map_err(|e| e.to_string()).and_then(|pages| {
        pages.iter().try_for_each(|(name, text)| {
            let path = docs.join(name);
            std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))
        })
    });
    let written = written.and_then(|()| {
        let path = docs.join("SUMMARY.md");
        let summary = parcel_risk::book::summary(&docs).map_err(|e| format!("{}: {e}", docs.display()))?;
        std::fs::write(&path, summary).map_err(|e| format!("{}: {e}", path.display()))
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
