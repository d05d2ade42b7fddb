//! Zip: the central directory at the end names the members (PKWARE APPNOTE 6.3, with Zip64; stored and deflated).

use super::{LONGEST_NAME, Member, damaged, refused};
use flate2::Crc;
use flate2::read::DeflateDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// Bytes of the end record, its comment not included.
const END: usize = 22;
/// Bytes of a directory entry, its texts not included.
const ENTRY: usize = 46;
/// Longest directory that is read.
const LONGEST_DIRECTORY: u64 = 512 << 20;

/// A zip file.
pub(super) struct Zip {
    file: File,
    /// The directory, and where its next entry starts.
    directory: Vec<u8>,
    at: usize,
    left: u64,
    bytes: u64,
    open: Option<Open>,
}

/// The member that is being read.
struct Open {
    input: Box<dyn Read + Send>,
    crc: Crc,
    expected_crc: u32,
    left: u64,
}

impl Zip {
    pub(super) fn open(mut file: File, most: u64) -> io::Result<Zip> {
        let bytes = file.seek(SeekFrom::End(0))?;
        let (start, size, members) = end(&mut file, bytes)?;
        if members > most || size > LONGEST_DIRECTORY {
            return Err(refused(format!(
                "the archive has {members} members; expected at most {most}; if it is sound, raise limits.members"
            )));
        }
        if start.checked_add(size).is_none_or(|end| end > bytes) {
            return Err(damaged("its directory lies outside of it"));
        }
        let mut directory = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        file.by_ref().take(size).read_to_end(&mut directory)?;
        Ok(Zip { file, directory, at: 0, left: members, bytes, open: None })
    }

    /// Opens the next file.
    pub(super) fn next(&mut self) -> io::Result<Option<Member>> {
        self.open = None;
        while self.left > 0 {
            self.left -= 1;
            let cut: fn() -> io::Error = || damaged("its directory ends within an entry");
            let entry = self.directory.get(self.at..self.at + ENTRY).ok_or_else(cut)?;
            if entry[..4] != *b"PK\x01\x02" {
                return Err(damaged("an entry of its directory has no mark"));
            }
            let lengths = [short(entry, 28), short(entry, 30), short(entry, 32)].map(usize::from);
            let texts = self.at + ENTRY;
            let after = texts + lengths.iter().sum::<usize>();
            let name = self.directory.get(texts..texts + lengths[0]).ok_or_else(cut)?;
            let extra =
                self.directory.get(texts + lengths[0]..texts + lengths[0] + lengths[1]).ok_or_else(cut)?;
            let name = String::from_utf8_lossy(name).into_owned();
            if name.len() > LONGEST_NAME {
                return Err(refused(format!("a member's name has {} bytes", name.len())));
            }
            super::check_name(&name)?;
            let (flags, method, crc) = (short(entry, 8), short(entry, 10), long(entry, 16));
            let mut packed = u64::from(long(entry, 20));
            let mut size = u64::from(long(entry, 24));
            let mut offset = u64::from(long(entry, 42));
            // Zip64 holds, in this order, those values that do not fit into 32 bits.
            let mut wide = zip64(extra).collect::<Vec<_>>().into_iter();
            for value in [&mut size, &mut packed, &mut offset] {
                if *value == u64::from(u32::MAX) {
                    *value = wide.next().ok_or_else(|| damaged("a Zip64 entry lacks its sizes"))?;
                }
            }
            let link = entry[5] == 3 && long(entry, 38) >> 28 == 0o12;
            self.at = after;
            if name.ends_with('/') || link {
                continue;
            }
            if flags & 1 != 0 {
                return Err(refused(format!("member `{name}` is encrypted; expected a plain archive")));
            }
            self.open = Some(self.member(&name, method, crc, [packed, size, offset])?);
            return Ok(Some(Member { name, bytes: size }));
        }
        Ok(None)
    }

    fn member(&mut self, name: &str, method: u16, crc: u32, place: [u64; 3]) -> io::Result<Open> {
        let [packed, size, offset] = place;
        let mut header = [0_u8; 30];
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.read_exact(&mut header).map_err(|_| damaged("a member lies outside of it"))?;
        if header[..4] != *b"PK\x03\x04" {
            return Err(damaged("a member has no mark"));
        }
        let start = offset + 30 + u64::from(short(&header, 26)) + u64::from(short(&header, 28));
        if start.checked_add(packed).is_none_or(|end| end > self.bytes) {
            return Err(damaged("a member lies outside of it"));
        }
        self.file.seek(SeekFrom::Start(start))?;
        let bytes = BufReader::with_capacity(1 << 16, self.file.try_clone()?.take(packed));
        let input: Box<dyn Read + Send> = match method {
            0 => Box::new(bytes),
            8 => Box::new(DeflateDecoder::new(bytes)),
            _ => {
                return Err(refused(format!(
                    "member `{name}` is packed by method {method}; expected 0 (stored) or 8 (deflated)"
                )));
            }
        };
        Ok(Open { input, crc: Crc::new(), expected_crc: crc, left: size })
    }
}

impl Read for Zip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(open) = &mut self.open else { return Ok(0) };
        // One byte more than announced shows that the directory tells a lie about the size.
        let n = open.input.read(buffer)?;
        if n as u64 > open.left {
            return Err(refused("a member is longer than the archive's directory tells".into()));
        }
        open.left -= n as u64;
        open.crc.update(&buffer[..n]);
        if n == 0 && !buffer.is_empty() {
            if open.left > 0 || open.crc.sum() != open.expected_crc {
                return Err(damaged("a member's bytes do not agree with its checksum"));
            }
            self.open = None;
        }
        Ok(n)
    }
}

fn short(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]))
}

fn long(bytes: &[u8], at: usize) -> u32 {
    u32::from(short(bytes, at)) | u32::from(short(bytes, at + 2)) << 16
}

fn wide(bytes: &[u8], at: usize) -> u64 {
    u64::from(long(bytes, at)) | u64::from(long(bytes, at + 4)) << 32
}

/// The values of a Zip64 extra field.
fn zip64(extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut rest = extra;
    let mut found: &[u8] = &[];
    while rest.len() >= 4 {
        let (id, size) = (short(rest, 0), usize::from(short(rest, 2)));
        let Some(field) = rest.get(4..4 + size) else { break };
        if id == 1 {
            found = field;
        }
        rest = &rest[4 + size..];
    }
    found.chunks_exact(8).map(|b| wide(b, 0))
}

/// Start and size of the directory, and how many members it has.
fn end(file: &mut File, bytes: u64) -> io::Result<(u64, u64, u64)> {
    // A comment of up to 65,535 bytes may follow the end record.
    let tail = bytes.min(END as u64 + 65_535 + 20);
    let mut data = Vec::new();
    file.seek(SeekFrom::Start(bytes - tail))?;
    file.by_ref().take(tail).read_to_end(&mut data)?;
    let mark = |i: &usize| data[*i..].starts_with(b"PK\x05\x06") && data.len() - i >= END;
    let at = (0..data.len()).rev().find(mark).ok_or_else(|| damaged("it has no zip directory"))?;
    let record = &data[at..];
    let (members, size, start) =
        (u64::from(short(record, 10)), u64::from(long(record, 12)), u64::from(long(record, 16)));
    let large = members == 0xffff || size == 0xffff_ffff || start == 0xffff_ffff;
    let locator = at.checked_sub(20).map(|i| &data[i..at]).filter(|l| l.starts_with(b"PK\x06\x07"));
    let (true, Some(locator)) = (large, locator) else { return Ok((start, size, members)) };
    let mut record = [0_u8; 56];
    file.seek(SeekFrom::Start(wide(locator, 8)))?;
    file.read_exact(&mut record).map_err(|_| damaged("its Zip64 record lies outside of it"))?;
    if record[..4] != *b"PK\x06\x06" {
        return Err(damaged("its Zip64 record has no mark"));
    }
    Ok((wide(&record, 48), wide(&record, 40), wide(&record, 32)))
}
