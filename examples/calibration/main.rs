//! Whether the tool's numbers mean what they say: size and power of the tests for crowds under a limit, p-values and
//! false discoveries of honest nights, false discoveries, probabilities and revenue of nights with fraud.
//!
//! ```text
//! cargo run --release --example calibration -- [power] [null] [fraud] [--seeds 200] [--parcels 5000] [--repeats 300]
//! cargo run --release --example calibration -- fit [--seeds 12]      writes src/refdata/data/calibration.csv
//! ```
//! Without a word all tables are printed, in some ten minutes on two cores; `power` takes less than one. Nights are made, screened and measured by
//! the command itself, so build it first: `cargo build --release`.

#[path = "../common/mod.rs"]
mod common;
mod fit;
mod nights;
mod power;
mod pvalues;

use common::Arguments;
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
    common::main(run)
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let asked = |word: &str| arguments.has(word);
    if asked("fit") {
        return fit::run(arguments.number("--seeds", 12)?);
    }
    let all = !["power", "null", "fraud"].into_iter().any(asked);
    let options = Options {
        seeds: arguments.number("--seeds", 200)?,
        parcels: arguments.number("--parcels", 5_000)?,
        repeats: arguments.number("--repeats", 300)?,
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
