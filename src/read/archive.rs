//! Archives: the members of a zip or tar file, one after the other. Names of members are told in messages, never used
//! as paths, and an archive with a name that climbs out of a folder is refused.

mod tar;
mod zip;

use super::limits::{Budget, Refusal};
use super::window::unpacked;
use super::{Input, ReadError, Syntax};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};

/// Longest name of a member.
const LONGEST_NAME: usize = 4_096;

/// A file in an archive.
pub(super) struct Member {
    /// Its name as the archive tells it.
    pub(super) name: String,
    /// Its size unpacked, as the archive tells it.
    pub(super) bytes: u64,
}

enum Kind {
    Zip(zip::Zip),
    Tar(tar::Tar),
}

/// An open archive; what is read comes from the member that was opened last.
pub(super) struct Archive {
    kind: Kind,
    budget: Budget,
    members: u64,
    most: u64,
}

impl Archive {
    /// Opens the archive of an input.
    pub(super) fn open(input: &Input) -> Result<Archive, ReadError> {
        let failed = |source| super::text::io_error(&input.path, "", source);
        let file = File::open(&input.path).map_err(failed)?;
        let kind = if input.format.syntax == Syntax::Zip {
            Kind::Zip(zip::Zip::open(file, input.reading.limits.members).map_err(failed)?)
        } else {
            let bytes =
                unpacked(Box::new(file), input.format.compression, input.reading.limits).map_err(failed)?;
            Kind::Tar(tar::Tar::new(Box::new(BufReader::with_capacity(1 << 18, bytes))))
        };
        let budget = Budget::of(input.bytes, input.reading.limits);
        Ok(Archive { kind, budget, members: 0, most: input.reading.limits.members })
    }

    /// Opens the next file of the archive.
    pub(super) fn next(&mut self) -> io::Result<Option<Member>> {
        loop {
            let member = match &mut self.kind {
                Kind::Zip(zip) => zip.next()?,
                Kind::Tar(tar) => tar.next()?,
            };
            let Some(member) = member else { return Ok(None) };
            self.members += 1;
            if self.members > self.most {
                return Err(refused(format!(
                    "the archive has more than {} members; if it is sound, raise limits.members",
                    self.most
                )));
            }
            check_name(&member.name)?;
            if !is_litter(&member.name) {
                return Ok(Some(member));
            }
        }
    }
}

impl Read for Archive {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = match &mut self.kind {
            Kind::Zip(zip) => zip.read(buffer)?,
            Kind::Tar(tar) => tar.read(buffer)?,
        };
        self.budget.give(n as u64)?;
        Ok(n)
    }
}

/// The open member of an archive that somebody else keeps.
pub(super) struct Shared(pub(super) Arc<Mutex<Archive>>);

impl Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).read(buffer)
    }
}

fn refused(reason: String) -> io::Error {
    io::Error::other(Refusal(reason))
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the archive is damaged: {what}"))
}

/// Refuses names that lead out of the folder that an archive would be unpacked to.
fn check_name(name: &str) -> io::Result<()> {
    let mut letters = name.bytes();
    let drive = letters.next().is_some_and(|b| b.is_ascii_alphabetic()) && letters.next() == Some(b':');
    let climbs = name.split(['/', '\\']).any(|part| part == "..");
    if climbs || drive || name.starts_with(['/', '\\']) || name.contains('\0') {
        let name: String = name.chars().take(200).collect();
        return Err(refused(format!(
            "the archive holds the path `{}`, which climbs out of the archive; expected plain names of files",
            name.escape_default()
        )));
    }
    Ok(())
}

/// What desktop systems leave in archives.
fn is_litter(name: &str) -> bool {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    name.starts_with("__MACOSX/") || last.starts_with('.') || last == "Thumbs.db"
}
