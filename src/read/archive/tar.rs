//! Tar: 512-byte headers between the files (POSIX.1-1988 ustar, long names of GNU tar and pax).

use super::{LONGEST_NAME, Member, damaged, refused};
use std::io::{self, ErrorKind, Read};

const BLOCK: usize = 512;
/// Longest extended header that is looked at.
const LONGEST_HEADER: u64 = 1 << 20;

/// A tar stream.
pub(super) struct Tar {
    input: Box<dyn Read + Send>,
    /// Bytes of the open member still to come, and the padding behind them.
    left: u64,
    padding: u64,
}

impl Tar {
    pub(super) fn new(input: Box<dyn Read + Send>) -> Tar {
        Tar { input, left: 0, padding: 0 }
    }

    /// Opens the next regular file; links, folders and devices are passed over once their names are checked.
    pub(super) fn next(&mut self) -> io::Result<Option<Member>> {
        let mut long_name: Option<String> = None;
        let mut long_size: Option<u64> = None;
        loop {
            self.skip(self.left + self.padding)?;
            (self.left, self.padding) = (0, 0);
            let mut header = [0_u8; BLOCK];
            if !self.header(&mut header)? {
                return Ok(None);
            }
            if header.iter().all(|&b| b == 0) {
                return Ok(None);
            }
            let sum: u64 = header
                .iter()
                .enumerate()
                .map(|(i, &b)| u64::from(if (148..156).contains(&i) { b' ' } else { b }))
                .sum();
            if number(&header[148..156]) != Some(sum) {
                return Err(damaged("the checksum of a tar header is wrong"));
            }
            let size =
                number(&header[124..136]).ok_or_else(|| damaged("a size in a tar header is no number"))?;
            let size = match header[156] {
                b'x' | b'g' | b'L' | b'K' => size,
                _ => long_size.take().unwrap_or(size),
            };
            (self.left, self.padding) = (size, size.wrapping_neg() % BLOCK as u64);
            match header[156] {
                b'L' => {
                    let text = self.text()?;
                    long_name = Some(text.trim_end_matches('\0').to_owned());
                }
                b'x' => {
                    let text = self.text()?;
                    for (key, value) in pax(&text) {
                        match key {
                            "path" => long_name = Some(value.to_owned()),
                            "size" => long_size = value.parse().ok(),
                            _ => {}
                        }
                    }
                }
                kind => {
                    let name = long_name.take().unwrap_or_else(|| name(&header));
                    if name.len() > LONGEST_NAME {
                        return Err(refused(format!("a member's name has {} bytes", name.len())));
                    }
                    super::check_name(&name)?;
                    if matches!(kind, b'0' | 0 | b'7') && !name.ends_with('/') {
                        return Ok(Some(Member { name, bytes: size }));
                    }
                }
            }
        }
    }

    /// The next header; nothing at the end of the stream.
    fn header(&mut self, header: &mut [u8; BLOCK]) -> io::Result<bool> {
        let mut at = 0;
        while at < BLOCK {
            match self.input.read(&mut header[at..]) {
                Ok(0) if at == 0 => return Ok(false),
                Ok(0) => return Err(damaged("it ends within a tar header")),
                Ok(n) => at += n,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(true)
    }

    /// The whole of an extended header.
    fn text(&mut self) -> io::Result<String> {
        if self.left > LONGEST_HEADER {
            return Err(refused(format!(
                "a tar header of {} bytes; expected at most {LONGEST_HEADER}",
                self.left
            )));
        }
        let mut bytes = Vec::new();
        let wanted = self.left;
        self.take(wanted).read_to_end(&mut bytes)?;
        if (bytes.len() as u64) < wanted {
            return Err(damaged("it ends within a tar header"));
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let gone = io::copy(&mut self.input.by_ref().take(bytes), &mut io::sink())?;
        if gone < bytes { Err(damaged("it ends within a member")) } else { Ok(()) }
    }
}

impl Read for Tar {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if most == 0 {
            return Ok(0);
        }
        match self.input.read(&mut buffer[..most])? {
            0 => Err(damaged("it ends within a member")),
            n => {
                self.left -= n as u64;
                Ok(n)
            }
        }
    }
}

/// A number in octal digits, or in bytes where the first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    if field.first()? & 0x80 != 0 {
        let high = field.len() - 8;
        if field[0] != 0x80 || field[1..high].iter().any(|&b| b != 0) {
            return None;
        }
        return field[high..].iter().try_fold(0_u64, |n, &b| n.checked_mul(256)?.checked_add(b.into()));
    }
    let text = field.split(|&b| b == 0).next()?.trim_ascii();
    text.iter().try_fold(0_u64, |n, &b| match b {
        b'0'..=b'7' => n.checked_mul(8)?.checked_add((b - b'0').into()),
        _ => None,
    })
}

fn name(header: &[u8; BLOCK]) -> String {
    let text = |field: &[u8]| {
        let end = field.iter().position(|&b| b == 0).unwrap_or(field.len());
        String::from_utf8_lossy(&field[..end]).into_owned()
    };
    let (name, prefix) = (text(&header[..100]), text(&header[345..500]));
    if &header[257..262] == b"ustar" && header[262] == 0 && !prefix.is_empty() {
        return format!("{prefix}/{name}");
    }
    name
}

/// The `key=value` records of a pax header.
fn pax(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (length, _) = rest.split_once(' ')?;
        let (record, after) = rest.split_at_checked(length.parse().ok()?)?;
        rest = after;
        record.get(length.len() + 1..)?.trim_end_matches('\n').split_once('=')
    })
}
