//! The command `parcel-risk`.

use clap::Parser;
use parcel_risk::cli::Cli;
use std::process::ExitCode;

// polars and the resolver allocate many small pieces from several threads; the system's allocator serialises them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    parcel_risk::memory::keep();
    Cli::parse().run()
}
