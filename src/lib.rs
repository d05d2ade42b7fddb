//! Nightly screening of postal and express parcel manifests for splitting, under-invoicing and de minimis abuse.

pub mod detect;
pub mod facts;
pub mod fields;
pub mod model;
pub mod read;
pub mod refdata;
pub mod stats;
