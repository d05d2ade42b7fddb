//! Pure numerics on slices. Nothing here knows of parcels.

pub mod fdr;
pub mod mixture;
pub mod robust;
