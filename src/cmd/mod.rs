//! The subcommands: each reads its arguments, calls the library and prints.

pub mod check;
pub mod completions;
pub mod detectors;
pub mod eval;
pub mod explain;
pub mod feedback;
pub mod init;
pub mod labels;
pub mod man;
mod progress;
pub mod regimes;
pub mod report;
pub mod run;
pub mod schema;
pub mod synth;

use crate::error::Error;
use std::borrow::Cow;
use std::io::{IsTerminal, Write};

/// What a subcommand returns: the exit status.
pub type Status = Result<u8, Error>;

/// Prints an error.
pub fn complain(error: &Error) {
    let mut err = std::io::stderr().lock();
    let mark = if coloured(err.is_terminal()) { "\x1b[1;31merror:\x1b[0m" } else { "error:" };
    let _ = writeln!(err, "{mark} {}", harmless(&error.to_string()));
}

/// Prints an error as a line of JSON.
pub fn complain_json(error: &Error) {
    let event = serde_json::json!({
        "event": "failed", "error": error.to_string(), "exit_status": error.exit_code(),
    });
    progress::event(&event);
}

/// Whether to use colours: on a terminal whose user has not said no (<https://no-color.org>).
fn coloured(terminal: bool) -> bool {
    terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// Text of which a terminal takes nothing for a command: a manifest may hold escape sequences.
fn harmless(text: &str) -> Cow<'_, str> {
    let command = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if text.contains(command) { text.replace(command, "\u{fffd}").into() } else { text.into() }
}

/// Prints text; a reader that has gone away (`| head`) is no error.
fn print(text: &str) -> Status {
    let mut out = std::io::stdout().lock();
    match out.write_all(harmless(text).as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::Output(format!("cannot write to standard output: {e}")))
        }
        _ => Ok(0),
    }
}
