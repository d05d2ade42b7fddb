//! Limits that keep hostile input from taking the machine: how large, how deep, how well packed.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that any packed file may unpack to, whatever the ratio: short files of one letter are no bomb.
const FREE: u64 = 64 << 20;

/// What input may ask for at most; what asks for more is refused. Section `[limits]` of a job file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest message, MiB; a file may hold any number of messages.
    pub message_mb: u64,
    /// Most that one packed file may unpack to, GiB.
    pub unpacked_gb: u64,
    /// Most bytes that come out of one packed byte, once 64 MiB have come out.
    pub unpacked_ratio: u64,
    /// Deepest nesting of elements, objects or arrays in a message.
    pub depth: u32,
    /// Most members of an archive.
    pub members: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { message_mb: 1024, unpacked_gb: 256, unpacked_ratio: 300, depth: 64, members: 2_000_000 }
    }
}

impl Limits {
    /// Largest message in bytes.
    pub(super) fn message_bytes(&self) -> u64 {
        self.message_mb.saturating_mul(1 << 20)
    }
}

/// Why input is refused; carried through `io::Error` where a reader stands between.
#[derive(Debug)]
pub(super) struct Refusal(pub(super) String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

/// Counts the packed bytes that are taken.
pub(super) struct Counted<R> {
    inner: R,
    taken: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.taken.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Refuses to give more than the limits allow.
pub(super) struct Guarded<R> {
    inner: R,
    budget: Budget,
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.budget.give(n as u64)?;
        Ok(n)
    }
}

/// Packed bytes taken against unpacked bytes given.
#[derive(Clone)]
pub(super) struct Budget {
    taken: Arc<AtomicU64>,
    given: u64,
    limits: Limits,
}

impl Budget {
    /// A budget of packed bytes that are still to be counted.
    pub(super) fn new(limits: Limits) -> Budget {
        Budget { taken: Arc::default(), given: 0, limits }
    }

    /// A budget of packed bytes that are known beforehand.
    pub(super) fn of(bytes: u64, limits: Limits) -> Budget {
        let budget = Budget::new(limits);
        budget.taken.store(bytes, Ordering::Relaxed);
        budget
    }

    /// The reader of packed bytes, counted.
    pub(super) fn count<R: Read>(&self, inner: R) -> Counted<R> {
        Counted { inner, taken: Arc::clone(&self.taken) }
    }

    /// The reader of unpacked bytes, held to this budget.
    pub(super) fn guard<R: Read>(self, inner: R) -> Guarded<R> {
        Guarded { inner, budget: self }
    }

    /// Accounts for unpacked bytes.
    pub(super) fn give(&mut self, bytes: u64) -> io::Result<()> {
        self.given += bytes;
        let taken = self.taken.load(Ordering::Relaxed).max(1);
        let Limits { unpacked_ratio, unpacked_gb, .. } = self.limits;
        if self.given > FREE && self.given / taken >= unpacked_ratio {
            return Err(io::Error::other(Refusal(format!(
                "{taken} packed bytes unpack to more than {} bytes, over {unpacked_ratio} to 1: a decompression bomb; \
                 if the file is sound, raise limits.unpacked_ratio",
                self.given - bytes
            ))));
        }
        if self.given > unpacked_gb.saturating_mul(1 << 30) {
            return Err(io::Error::other(Refusal(format!(
                "it unpacks to more than {unpacked_gb} GiB; if it is sound, raise limits.unpacked_gb"
            ))));
        }
        Ok(())
    }
}
