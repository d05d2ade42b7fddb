//! Statistics on plain slices and numbers; nothing here knows about parcels.

pub mod arrivals;
