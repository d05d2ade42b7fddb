//! Field normalisers: pure functions from declared text to typed values.
//!
//! None of them reads a file, a clock or a setting. Each error says in one sentence what was found
//! and what was expected, so that it can stand as the reason of a quarantined record. The lists
//! behind them are the CSV and TXT files in `../data`, parsed once on first use.

pub mod address;
mod address_words;
pub mod country;
pub mod currency;
pub mod date;
pub mod email;
pub mod found;
pub mod hs;
mod lists;
pub mod name;
mod name_words;
pub mod nature;
pub mod number;
pub mod phone;
mod phrases;
pub mod postcode;
pub mod s10;
pub mod tail;
pub mod text;
pub mod time;
