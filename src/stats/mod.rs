//! Statistics as pure functions on slices; nothing here knows what a parcel is.

pub mod mixture;
pub mod robust;
