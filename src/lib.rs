//! Nightly screening of postal and express parcel manifests for splitting, under-invoicing and de minimis abuse.
//!
//! ```text
//! manifests -read-> lines + quarantine -normalise-> shipments -resolve-> who is who -detect-> findings
//!           -score-> ranked parcels and cases -write-> Parquet, run.json, report
//! ```
//! Each arrow is a module; stages do not know each other, only [`pipeline`] knows them all.

pub mod book;
pub mod cli;
pub mod cmd;
pub mod config;
pub mod detect;
pub mod earlier;
pub mod error;
pub mod eval;
pub mod facts;
pub mod feedback;
pub mod fields;
pub mod lists;
pub mod memory;
pub mod model;
pub mod normalise;
pub mod output;
pub mod pipeline;
mod ranges;
pub mod read;
pub mod record;
pub mod refdata;
pub mod report;
pub mod resolve;
pub mod score;
pub mod stats;
pub mod synth;
pub mod watch;
pub mod write;
