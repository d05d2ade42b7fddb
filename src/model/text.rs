//! Text held once: strings end to end in one buffer, and an interner that numbers distinct ones.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

/// A column of strings in one buffer.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// End of each string in the buffer, but for multiples of 4 GiB.
    ends: Vec<u32>,
    /// The strings whose ends are the first ones beyond each 4 GiB; none in all but the largest columns.
    wraps: Vec<u32>,
    bytes: String,
}

impl Texts {
    /// The strings of an iterator that can be asked twice, in exactly the room that they need.
    pub fn of<'a>(strings: impl ExactSizeIterator<Item = &'a str> + Clone) -> Texts {
        let bytes = strings.clone().map(str::len).sum();
        let (ends, bytes) = (Vec::with_capacity(strings.len()), String::with_capacity(bytes));
        let mut texts = Texts { ends, wraps: Vec::new(), bytes };
        strings.for_each(|text| {
            texts.push(text);
        });
        texts
    }
    /// Adds a string and returns its position.
    pub fn push(&mut self, text: &str) -> u32 {
        let before = self.bytes.len();
        self.bytes.push_str(text);
        let position = self.ends.len() as u32;
        self.close(before, self.bytes.len());
        position
    }
    /// Adds the end of a string that starts at `before`.
    fn close(&mut self, before: usize, end: usize) {
        let position = self.ends.len() as u32;
        self.wraps.extend((before >> 32..end >> 32).map(|_| position));
        self.ends.push(end as u32);
    }
    /// Where the string at a position ends in the buffer.
    fn end(&self, position: usize) -> usize {
        let end = self.ends[position] as usize;
        if self.wraps.is_empty() {
            return end;
        }
        self.wraps.partition_point(|&wrap| wrap as usize <= position) << 32 | end
    }
    /// Makes room for so many times what another column holds; where that is not to be had it grows as it is filled.
    pub fn reserve(&mut self, like: &Texts, times: usize) {
        let _ = self.ends.try_reserve(like.ends.len().saturating_mul(times));
        let _ = self.bytes.try_reserve(like.bytes.len().saturating_mul(times));
    }
    /// Adds the strings of another column behind its own.
    pub fn append(&mut self, other: &Texts) {
        let before = self.bytes.len();
        self.bytes.push_str(&other.bytes);
        if self.bytes.len() >> 32 == 0 {
            self.ends.extend(other.ends.iter().map(|end| before as u32 + end));
            return;
        }
        let mut start = before;
        for position in 0..other.len() {
            let end = before + other.end(position);
            self.close(start, end);
            start = end;
        }
    }
    /// The string at a position.
    pub fn get(&self, position: u32) -> &str {
        let position = position as usize;
        let start = if position == 0 { 0 } else { self.end(position - 1) };
        &self.bytes[start..self.end(position)]
    }
    /// The string at a position, or nothing at [`ABSENT`].
    pub fn present(&self, position: u32) -> Option<&str> {
        (position != ABSENT).then(|| self.get(position))
    }
    /// How many strings there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
    /// The strings in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len() as u32).map(|i| self.get(i))
    }
}

/// Position of the empty string in the texts of every [`Interner`]: the mark of an absent value.
pub const ABSENT: u32 = 0;

/// Distinct strings, numbered in order of arrival; number 0 is the empty string.
#[derive(Clone, Debug)]
pub struct Interner {
    texts: Texts,
    /// Half of each string's hash and its number: a growing table need not read the strings again.
    index: HashTable<(u32, u32)>,
}

impl Default for Interner {
    fn default() -> Self {
        let mut interner = Interner { texts: Texts::default(), index: HashTable::new() };
        interner.intern("");
        interner
    }
}

impl Interner {
    /// The number of a string, a new one when it is seen for the first time.
    pub fn intern(&mut self, text: &str) -> u32 {
        let texts = &mut self.texts;
        let half = xxh3_64(text.as_bytes()) as u32;
        // The table looks at the upper bits too.
        let spread = |half: u32| u64::from(half) << 32 | u64::from(half);
        if let Some(&(_, found)) = self.index.find(spread(half), |&(h, i)| h == half && texts.get(i) == text)
        {
            return found;
        }
        let number = texts.push(text);
        self.index.insert_unique(spread(half), (half, number), |&(h, _)| spread(h));
        number
    }
    /// The strings by number.
    pub fn texts(&self) -> &Texts {
        &self.texts
    }
    /// The strings by number, where no more will come.
    pub fn into_texts(self) -> Texts {
        self.texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_beyond_four_gibibytes() {
        // The buffer itself would be too large for a test: only its ends are held.
        let mut texts = Texts::default();
        let ends = [3, (1 << 32) - 1, 1 << 32, (1 << 32) + 7, (3 << 32) + 1, (3 << 32) + 1];
        let mut before = 0;
        for end in ends {
            texts.close(before, end);
            before = end;
        }
        assert_eq!((0..ends.len()).map(|i| texts.end(i)).collect::<Vec<_>>(), ends);
    }

    #[test]
    fn a_string_keeps_its_number() {
        let mut interner = Interner::default();
        let a = interner.intern("phone case");
        assert_eq!(interner.intern("charger"), a + 1);
        assert_eq!(interner.intern("phone case"), a);
        assert_eq!(interner.intern(""), ABSENT);
        let texts = interner.into_texts();
        assert_eq!((texts.get(a), texts.present(a)), ("phone case", Some("phone case")));
        assert_eq!(texts.present(ABSENT), None);
    }
}
