//! Pure numerics on slices. Nothing here knows of parcels.

pub mod arrivals;
pub mod bunching;
pub mod density;
pub mod fdr;
pub mod mixture;
pub mod poisson;
pub mod proportion;
pub mod robust;
pub mod stake;
