//! How the allocator of the command and of its benchmarks behaves.

use libmimalloc_sys::mi_option_t;

/// `mi_option_purge_delay` of mimalloc 3: milliseconds until unused memory goes back to the system; negative, never.
const PURGE_DELAY: mi_option_t = 15;

/// Keeps memory that a stage no longer needs for the next one, instead of returning it and asking for it again.
///
/// A run is one process that ends; what the system would have to clear anew was a twentieth of its time. Does nothing
/// where another allocator is in use. To be called before the first large allocation.
pub fn keep() {
    // SAFETY: sets one integer in a static table of options, with atomic stores; any value is valid.
    #[allow(unsafe_code)]
    unsafe {
        libmimalloc_sys::mi_option_set(PURGE_DELAY, -1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds.
    const SHIPPED: std::ffi::c_long = 1000;

    #[test]
    fn the_option_is_the_one_that_the_allocator_reads() {
        // SAFETY: reads one integer.
        let value = || unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) };
        // What mimalloc ships: the number names the purge delay in this version too.
        assert_eq!(value(), SHIPPED);
        keep();
        assert_eq!(value(), -1);
    }
}
