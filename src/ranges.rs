//! Ranges that settings must lie in, for serde's `deserialize_with`.

use serde::de::{Deserialize, Deserializer, Error, Unexpected};

fn within<'de, D: Deserializer<'de>>(
    setting: D,
    fits: impl Fn(f64) -> bool,
    expected: &'static str,
) -> Result<f64, D::Error> {
    let value = f64::deserialize(setting)?;
    let unfit = || Error::invalid_value(Unexpected::Float(value), &expected);
    fits(value).then_some(value).ok_or_else(unfit)
}

/// A score, a share or a probability.
pub(crate) fn share<'de, D: Deserializer<'de>>(setting: D) -> Result<f64, D::Error> {
    within(setting, |v| (0.0..=1.0).contains(&v), "a number from 0 to 1")
}

/// A number above 0.
pub(crate) fn above_zero<'de, D: Deserializer<'de>>(setting: D) -> Result<f64, D::Error> {
    within(setting, |v| v > 0.0 && v.is_finite(), "a number above 0")
}

/// A number from 0.
pub(crate) fn from_zero<'de, D: Deserializer<'de>>(setting: D) -> Result<f64, D::Error> {
    within(setting, |v| v >= 0.0 && v.is_finite(), "a number from 0")
}

/// A factor.
pub(crate) fn from_one<'de, D: Deserializer<'de>>(setting: D) -> Result<f64, D::Error> {
    within(setting, |v| v >= 1.0 && v.is_finite(), "a number from 1")
}

/// Any number.
pub(crate) fn finite<'de, D: Deserializer<'de>>(setting: D) -> Result<f64, D::Error> {
    within(setting, f64::is_finite, "a number")
}
