//! Reference data: exchange rates and dated law, loaded once and looked up by day.

pub mod brands;
pub mod calibration;
pub mod charges;
pub mod companions;
pub mod controlled;
mod disguise;
pub mod goods;
pub mod goods_words;
pub mod materials;
pub mod procedures;
pub mod rates;
pub mod regimes;
pub(crate) mod sheet;
pub mod vague;
