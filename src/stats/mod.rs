//! Pure numerics on slices: nothing here knows a parcel.

pub mod bunching;
pub mod discoveries;
pub mod poisson;
