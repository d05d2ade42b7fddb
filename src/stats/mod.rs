//! Pure numerics on slices. Nothing here knows of parcels.

pub mod fdr;
