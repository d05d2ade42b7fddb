//! One JSON object whose numbers keep their text, read without recursion.

use super::text::{Unknown, fault, named};
use crate::model::schema::Column;
use memchr::memchr2;

/// Why a line is not a usable object.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum JsonFault {
    /// The text is not JSON or not an object.
    Text { at: usize, reason: &'static str },
    /// A known column holds something unusable.
    Cell { column: Column, reason: String },
}

/// Where the text of a cell stands.
#[derive(Clone, Copy, Default)]
enum Cell {
    #[default]
    Null,
    /// In the line.
    Line(usize, usize),
    /// In the scratch space, its escapes resolved.
    Scratch(usize, usize),
}

/// The cells of the object that was read last, and what is remembered from object to object.
pub(super) struct ObjectReader {
    cells: [Cell; Column::COUNT],
    here: [bool; Column::COUNT],
    /// The columns met in any object so far.
    pub(super) seen: [bool; Column::COUNT],
    scratch: Vec<u8>,
    open: Vec<u8>,
    /// The keys in the order of the last object: most objects of a file repeat it.
    order: Vec<(Vec<u8>, Option<Column>)>,
    pub(super) unknown: Unknown,
}

pub(super) type Outcome<T> = Result<T, JsonFault>;

fn at<T>(at: usize, reason: &'static str) -> Outcome<T> {
    Err(JsonFault::Text { at, reason })
}

struct Cursor<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The next byte that is no blank, not taken.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t') = self.line.get(self.at) {
            self.at += 1;
        }
        self.line.get(self.at).copied()
    }

    fn take(&mut self, byte: u8, reason: &'static str) -> Outcome<()> {
        if self.peek() != Some(byte) {
            return at(self.at, reason);
        }
        self.at += 1;
        Ok(())
    }

    /// A string: its place between the quotes, and whether it holds escapes.
    fn string(&mut self) -> Outcome<(usize, usize, bool)> {
        self.take(b'"', "expected a string")?;
        let from = self.at;
        let mut escaped = false;
        loop {
            let Some(i) = memchr2(b'"', b'\\', &self.line[self.at..]) else {
                return at(from - 1, "the string is not closed");
            };
            let part = &self.line[self.at..self.at + i];
            if let Some(control) = part.iter().position(|&b| b < b' ') {
                return at(self.at + control, "control character in a string");
            }
            self.at += i + 1;
            if self.line[self.at - 1] == b'"' {
                return Ok((from, self.at - 1, escaped));
            }
            escaped = true;
            self.escape(&mut None)?;
        }
    }

    /// An escape behind its backslash; written to `out` if that is there.
    fn escape(&mut self, out: &mut Option<&mut Vec<u8>>) -> Outcome<()> {
        let place = self.at;
        let byte = self.line.get(place).copied();
        self.at += 1;
        let c = match byte {
            Some(b @ (b'"' | b'\\' | b'/')) => b as char,
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let mut code = self.hex()?;
                if (0xd800..0xdc00).contains(&code) && self.line[self.at..].starts_with(b"\\u") {
                    self.at += 2;
                    let low = self.hex()?;
                    if (0xdc00..0xe000).contains(&low) {
                        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                    }
                }
                match char::from_u32(code) {
                    Some(c) => c,
                    None => return at(place - 1, "half of a surrogate pair"),
                }
            }
            _ => return at(place - 1, "unknown escape"),
        };
        if let Some(out) = out {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        Ok(())
    }

    fn hex(&mut self) -> Outcome<u32> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.line.get(self.at).and_then(|&b| (b as char).to_digit(16));
            match digit {
                Some(d) => code = code * 16 + d,
                None => return at(self.at, "expected four hexadecimal digits"),
            }
            self.at += 1;
        }
        Ok(code)
    }

    fn digits(&mut self) -> Outcome<()> {
        let from = self.at;
        while let Some(b'0'..=b'9') = self.line.get(self.at) {
            self.at += 1;
        }
        if from == self.at {
            return at(from, "expected a digit");
        }
        Ok(())
    }

    /// A number by the grammar; its place.
    fn number(&mut self) -> Outcome<(usize, usize)> {
        let from = self.at;
        if self.line.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        if self.line.get(self.at) == Some(&b'0') {
            self.at += 1;
            if let Some(b'0'..=b'9') = self.line.get(self.at) {
                return at(self.at, "a number starts with a needless 0");
            }
        } else {
            self.digits()?;
        }
        if self.line.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.line.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.line.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok((from, self.at))
    }

    fn literal(&mut self) -> Outcome<()> {
        for word in [b"null".as_slice(), b"true", b"false"] {
            if self.line[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(());
            }
        }
        at(self.at, "expected a value")
    }

    /// Passes over a value, however deep; `open` is scratch space for the brackets.
    fn skip(&mut self, open: &mut Vec<u8>) -> Outcome<()> {
        open.clear();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.string()?;
                }
                Some(b'-' | b'0'..=b'9') => {
                    self.number()?;
                }
                Some(bracket @ (b'{' | b'[')) => {
                    self.at += 1;
                    // `]` and `}` stand two places behind their partners.
                    if self.peek() == Some(bracket + 2) {
                        self.at += 1;
                    } else {
                        open.push(bracket);
                        if bracket == b'{' {
                            self.key()?;
                        }
                        continue;
                    }
                }
                _ => self.literal()?,
            }
            loop {
                let Some(&bracket) = open.last() else {
                    return Ok(());
                };
                if self.peek() == Some(b',') {
                    self.at += 1;
                    if bracket == b'{' {
                        self.key()?;
                    }
                    break;
                }
                self.take(bracket + 2, "expected `,` or a closing bracket")?;
                open.pop();
            }
        }
    }

    fn key(&mut self) -> Outcome<()> {
        self.peek();
        self.string()?;
        self.take(b':', "expected `:`")
    }
}

/// Appends the string at `from..to` with its escapes resolved; its new place.
pub(super) fn unescape(line: &[u8], from: usize, to: usize, out: &mut Vec<u8>) -> Outcome<(usize, usize)> {
    let start = out.len();
    let mut cursor = Cursor { line: &line[..to], at: from };
    while let Some(i) = memchr::memchr(b'\\', &cursor.line[cursor.at..]) {
        out.extend_from_slice(&cursor.line[cursor.at..cursor.at + i]);
        cursor.at += i + 1;
        cursor.escape(&mut Some(out))?;
    }
    out.extend_from_slice(&cursor.line[cursor.at..]);
    Ok((start, out.len()))
}

impl ObjectReader {
    pub(super) fn new() -> ObjectReader {
        ObjectReader {
            cells: [Cell::Null; Column::COUNT],
            here: [false; Column::COUNT],
            seen: [false; Column::COUNT],
            scratch: Vec::new(),
            open: Vec::new(),
            order: Vec::new(),
            unknown: Unknown::default(),
        }
    }

    /// The text of a cell of the last object; empty where it is null.
    pub(super) fn cell<'a>(&'a self, line: &'a [u8], column: Column) -> &'a [u8] {
        match self.cells[column as usize] {
            Cell::Null => b"",
            Cell::Line(from, to) => &line[from..to],
            Cell::Scratch(from, to) => &self.scratch[from..to],
        }
    }

    /// Reads the object on a line that is known to be UTF-8 without line breaks.
    pub(super) fn read(&mut self, line: &[u8]) -> Outcome<()> {
        self.cells = [Cell::Null; Column::COUNT];
        self.here = [false; Column::COUNT];
        self.scratch.clear();
        let mut cursor = Cursor { line, at: 0 };
        cursor.take(b'{', "expected an object")?;
        let mut position = 0;
        let mut more = cursor.peek() != Some(b'}');
        while more {
            cursor.peek();
            let key = cursor.string()?;
            let column = self.column(line, key, position)?;
            cursor.take(b':', "expected `:`")?;
            match column {
                Some(column) => self.value(&mut cursor, column)?,
                None => cursor.skip(&mut self.open)?,
            }
            position += 1;
            more = cursor.peek() == Some(b',');
            cursor.at += usize::from(more);
        }
        cursor.take(b'}', "expected `,` or `}`")?;
        match cursor.peek() {
            None => Ok(()),
            Some(_) => at(cursor.at, "text follows the object"),
        }
    }

    fn column(
        &mut self,
        line: &[u8],
        (from, to, escaped): (usize, usize, bool),
        position: usize,
    ) -> Outcome<Option<Column>> {
        if let Some((key, column)) = self.order.get(position)
            && *key == line[from..to]
        {
            return Ok(*column);
        }
        let mut key = line[from..to].to_vec();
        if escaped {
            key.clear();
            unescape(line, from, to, &mut key)?;
        }
        let name = String::from_utf8_lossy(&key);
        let column = named(&name);
        if column.is_none() {
            self.unknown.add(name.trim());
        }
        // An endless variety of keys must not be remembered.
        if position < 2 * Column::COUNT {
            self.order.truncate(position);
            if self.order.len() == position && to - from < 200 {
                self.order.push((line[from..to].to_vec(), column));
            }
        }
        Ok(column)
    }

    fn value(&mut self, cursor: &mut Cursor, column: Column) -> Outcome<()> {
        let unusable = |reason: String| Err(JsonFault::Cell { column, reason });
        let slot = column as usize;
        if std::mem::replace(&mut self.here[slot], true) {
            return unusable("the key stands twice in the object".into());
        }
        self.seen[slot] = true;
        let kind = match cursor.peek() {
            Some(b'"') => {
                let (from, to, escaped) = cursor.string()?;
                let (text, cell) = if escaped {
                    let (from, to) = unescape(cursor.line, from, to, &mut self.scratch)?;
                    (&self.scratch[from..to], Cell::Scratch(from, to))
                } else {
                    (&cursor.line[from..to], Cell::Line(from, to))
                };
                // The line is UTF-8, but an escape may have brought in a NUL.
                if let Some(reason) = fault(text, !escaped) {
                    return unusable(reason);
                }
                self.cells[slot] = cell;
                return Ok(());
            }
            Some(b'-' | b'0'..=b'9') => {
                let (from, to) = cursor.number()?;
                if let Some(reason) = fault(&cursor.line[from..to], true) {
                    return unusable(reason);
                }
                self.cells[slot] = Cell::Line(from, to);
                return Ok(());
            }
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'n') => return cursor.literal(),
            _ => {
                cursor.literal()?;
                "a boolean"
            }
        };
        unusable(format!("found {kind}, expected a string, a number or null"))
    }
}
