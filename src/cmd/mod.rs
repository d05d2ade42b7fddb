//! The subcommands: each reads its arguments, calls the library and prints.

pub mod check;
pub mod detectors;
pub mod eval;
pub mod explain;
pub mod labels;
pub mod regimes;
pub mod report;
pub mod run;
pub mod schema;
pub mod synth;

use crate::error::Error;
use std::io::Write;

/// What a subcommand returns: the exit status.
pub type Status = Result<u8, Error>;

/// Prints an error.
pub fn complain(error: &Error) {
    let _ = writeln!(std::io::stderr(), "error: {error}");
}

/// Prints text; a reader that has gone away (`| head`) is no error.
fn print(text: &str) -> Status {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::Output(format!("cannot write to standard output: {e}")))
        }
        _ => Ok(0),
    }
}
