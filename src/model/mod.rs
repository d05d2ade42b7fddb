//! The nouns that the stages share. Nothing here depends on any other part of the crate but `fields`.

pub mod batch;
pub mod entities;
pub mod finding;
pub mod money;
pub mod outcome;
pub mod parcels;
pub mod schema;
pub mod text;
