//! A sliding window over the unpacked bytes of a text file.

use super::limits::{Budget, Limits};
use super::text::io_error;
use super::{Compression, Input, ReadError};
use std::fs::File;
use std::io::{self, ErrorKind, Read};

/// Bytes that are looked at together: no record may be longer.
pub(super) const WINDOW: usize = 16 << 20;

/// The bytes behind a packing, held to the limits.
pub(super) fn unpacked(
    file: Box<dyn Read + Send>,
    packing: Compression,
    limits: Limits,
) -> io::Result<Box<dyn Read + Send>> {
    let budget = Budget::new(limits);
    let packed = budget.count(file);
    Ok(match packing {
        Compression::None => Box::new(packed),
        Compression::Gzip => {
            let decoder = flate2::read::MultiGzDecoder::new(io::BufReader::with_capacity(1 << 18, packed));
            Box::new(budget.guard(decoder))
        }
        Compression::Zstd => Box::new(budget.guard(zstd::Decoder::new(packed)?)),
    })
}

/// Unread bytes of a file, from `start`; never more than its capacity.
pub(super) struct Window {
    input: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// Where the next record starts.
    pub(super) start: usize,
    end: usize,
    eof: bool,
    clean: bool,
}

impl Window {
    pub(super) fn open(input: &Input) -> Result<Window, ReadError> {
        let failed = |source| ReadError::Io { path: input.path.clone(), source };
        let file = File::open(&input.path).map_err(failed)?;
        if input.bytes == 0 {
            return Ok(Window::new(Box::new(io::empty()), 1));
        }
        let bytes =
            unpacked(Box::new(file), input.format.compression, input.reading.limits).map_err(failed)?;
        Ok(Window::new(bytes, WINDOW))
    }

    pub(super) fn new(input: Box<dyn Read + Send>, capacity: usize) -> Window {
        Window { input, buffer: vec![0; capacity], start: 0, end: 0, eof: false, clean: true }
    }

    /// The bytes at hand and all that follow.
    pub(super) fn into_reader(self) -> impl Read + Send {
        let rest = self.buffer[self.start..self.end].to_vec();
        io::Cursor::new(rest).chain(self.input)
    }

    /// The bytes at hand; those before `start` are done with.
    pub(super) fn data(&self) -> &[u8] {
        &self.buffer[..self.end]
    }

    /// Whether the bytes at hand are the last ones.
    pub(super) fn at_eof(&self) -> bool {
        self.eof
    }

    /// Whether nothing is left.
    pub(super) fn is_done(&self) -> bool {
        self.eof && self.start == self.end
    }

    /// Whether no more bytes fit behind `start`.
    pub(super) fn is_full(&self) -> bool {
        self.start == 0 && self.end == self.buffer.len()
    }

    /// Whether all bytes at hand are UTF-8 without NUL, so that single records need no check.
    pub(super) fn is_clean(&self) -> bool {
        self.clean
    }

    /// Drops what is done with and reads on until the window is full or the file ends.
    pub(super) fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        while !self.eof && self.end < self.buffer.len() {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.eof = true,
                Ok(n) => self.end += n,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        let data = &self.buffer[..self.end];
        let utf8 = match std::str::from_utf8(data) {
            Ok(_) => true,
            // A character that the window's end cuts in two is no damage.
            Err(e) => e.error_len().is_none() && !self.eof,
        };
        self.clean = utf8 && memchr::memchr(0, data).is_none();
        Ok(())
    }

    /// Fills for the first time: passes over a byte-order mark and refuses UTF-16.
    pub(super) fn begin(&mut self, input: &Input) -> Result<(), ReadError> {
        self.fill().map_err(|source| io_error(&input.path, "", source))?;
        let wide = |found| ReadError::Encoding { path: input.path.clone(), found };
        match self.data() {
            [0xff, 0xfe, ..] => return Err(wide("UTF-16 (little endian)")),
            [0xfe, 0xff, ..] => return Err(wide("UTF-16 (big endian)")),
            [a, 0, b, 0, ..] if *a != 0 && *b != 0 => return Err(wide("UTF-16 (little endian)")),
            [0, a, 0, b, ..] if *a != 0 && *b != 0 => return Err(wide("UTF-16 (big endian)")),
            [0xef, 0xbb, 0xbf, ..] => self.start = 3,
            _ => {}
        }
        Ok(())
    }

    /// Passes over line breaks and lines of nothing but blanks; `separator` does not count as a blank.
    pub(super) fn skip_blank_lines(&mut self, separator: Option<u8>) {
        let data = &self.buffer[..self.end];
        let mut at = self.start;
        loop {
            while matches!(data.get(at), Some(b'\n' | b'\r')) {
                at += 1;
            }
            self.start = at;
            while matches!(data.get(at), Some(b' ' | b'\t')) && data.get(at).copied() != separator {
                at += 1;
            }
            match data.get(at) {
                Some(b'\n' | b'\r') => {}
                // At the very end blanks are a blank line too; before it the line may still go on.
                None if self.eof => {
                    self.start = at;
                    return;
                }
                _ => return,
            }
        }
    }

    /// The end of the physical line that starts at `from`, its line break not included.
    pub(super) fn line_end(&self, from: usize) -> Option<usize> {
        match memchr::memchr2(b'\n', b'\r', &self.data()[from..]) {
            Some(i) => Some(from + i),
            None => self.eof.then_some(self.end),
        }
    }

    /// Passes over one line break at the start.
    pub(super) fn skip_line_break(&mut self) {
        if self.data().get(self.start) == Some(&b'\r') {
            self.start += 1;
        }
        if self.data().get(self.start) == Some(&b'\n') {
            self.start += 1;
        }
    }

    /// Drops the rest of an overlong line as far as it is at hand; whether its end was found.
    pub(super) fn skip_line(&mut self) -> bool {
        let end = self.line_end(self.start);
        self.start = end.unwrap_or(self.end);
        end.is_some()
    }
}
