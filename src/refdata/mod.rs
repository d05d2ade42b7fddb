//! Reference data: exchange rates and dated law, loaded once and looked up by day.

pub mod charges;
pub mod goods;
pub mod materials;
pub mod procedures;
pub mod rates;
pub mod regimes;
mod sheet;
