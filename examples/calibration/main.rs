//! Whether the tool's numbers mean what they say: size and power of the tests for crowds under a limit, p-values and
//! false discoveries of honest nights, false discoveries, probabilities and revenue of nights with fraud.
//!
//! ```text
//! cargo run --release --example calibration -- [power] [null] [fraud] [--seeds 200] [--parcels 5000] [--repeats 300]
//! cargo run --release --example calibration -- fit [--seeds 12]      writes src/refdata/data/calibration.csv
//! ```
//! Without a word all tables are printed, in about three minutes on two cores. Nights are made, screened and measured by
//! the command itself, so build it first: `cargo build --release`.

mod fit;
mod nights;
mod power;
mod pvalues;

use std::process::ExitCode;

/// What was asked for.
pub struct Options {
    /// Nights of each kind.
    pub seeds: u64,
    /// Parcels of a night.
    pub parcels: usize,
    /// Samples of each shape.
    pub repeats: usize,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |flag: &str, default: usize| -> Result<usize, String> {
        let Some(place) = arguments.iter().position(|a| a == flag) else { return Ok(default) };
        let value = arguments.get(place + 1).and_then(|v| v.parse().ok());
        value.ok_or_else(|| format!("{flag}: expected a number behind it, such as {flag} {default}"))
    };
    let asked = |word: &str| arguments.iter().any(|a| a == word);
    if asked("fit") {
        return fit::run(number("--seeds", 12)? as u64);
    }
    let all = !["power", "null", "fraud"].into_iter().any(asked);
    let options = Options {
        seeds: number("--seeds", 200)? as u64,
        parcels: number("--parcels", 5_000)?,
        repeats: number("--repeats", 300)?,
    };
    if all || asked("power") {
        power::run(options.repeats);
    }
    if all || asked("null") {
        nights::honest(&options)?;
    }
    if all || asked("fraud") {
        nights::fraudulent(&options)?;
    }
    Ok(())
}
