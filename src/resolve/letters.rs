//! Short texts held by value, so that slips in them are seen without a look at the text itself.

/// Fewest pairs of letters by which a text is found within another.
const FEWEST_PAIRS: u32 = 3;

/// Up to eight characters, 0 behind the last.
pub(super) type Short = [u8; 8];

/// The first eight characters of a text.
pub(super) fn short_text(text: &str) -> Short {
    let mut short = [0; 8];
    short.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
    short
}

fn len(text: &Short) -> usize {
    text.iter().position(|c| *c == 0).unwrap_or(text.len())
}

/// Whether two codes of the same length differ in one character or in two neighbours swapped.
pub(super) fn one_slip(a: &Short, b: &Short) -> bool {
    let mut differ = (0..a.len()).filter(|&i| a[i] != b[i]);
    match (differ.next(), differ.next(), differ.next()) {
        (Some(_), None, _) => len(a) == len(b),
        (Some(i), Some(j), None) => j == i + 1 && a[i] == b[j] && a[j] == b[i],
        _ => false,
    }
}

/// As [`one_slip`], or with one character more or fewer.
pub(super) fn one_edit(a: &Short, b: &Short) -> bool {
    let (short, long) = if len(a) < len(b) { (a, b) } else { (b, a) };
    if len(short) + 1 != len(long) || len(short) == 0 {
        return one_slip(a, b);
    }
    let head = short.iter().zip(long).take_while(|(x, y)| x == y).count().min(len(short));
    short[head..len(short)] == long[head + 1..len(long)]
}

/// The pairs of neighbouring letters of a text's words, as a set of 256 places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Letters([u64; 4]);

impl Letters {
    /// The set of a text. Words of one and two letters, mostly kinds of street, are left out where others stand
    /// beside them; words with digits count whole.
    pub(super) fn of(text: &str) -> Letters {
        let mut letters = Letters::default();
        let long = text.split(' ').any(|word| word.len() > 2);
        for word in text.split(' ').filter(|word| word.len() > 2 || !long) {
            if word.len() == 1 || word.bytes().any(|c| c.is_ascii_digit()) {
                let hash = word.bytes().fold(7_u32, |h, c| h.wrapping_mul(31).wrapping_add(u32::from(c)));
                letters.add(hash);
                letters.add(hash.wrapping_add(97));
                continue;
            }
            word.as_bytes()
                .windows(2)
                .for_each(|pair| letters.add(u32::from(pair[0]) << 8 | u32::from(pair[1])));
        }
        letters
    }

    fn add(&mut self, pair: u32) {
        let place = pair.wrapping_mul(0x9E37_79B1) >> 24;
        self.0[place as usize >> 6] |= 1 << (place & 63);
    }

    fn count(self) -> u32 {
        self.0.iter().map(|bits| bits.count_ones()).sum()
    }

    /// Dice's coefficient: twice the pairs in common over the pairs of both, 0 to 1.
    pub(super) fn likeness(self, other: Letters) -> f32 {
        let both: u32 = self.0.iter().zip(other.0).map(|(a, b)| (a & b).count_ones()).sum();
        let all = self.count() + other.count();
        if all == 0 { 0.0 } else { 2.0 * both as f32 / all as f32 }
    }

    /// Share of the pairs of the shorter text that are in the longer one too; 0 where it is next to nothing, or no
    /// shorter.
    pub(super) fn share_within(self, other: Letters) -> f32 {
        let both: u32 = self.0.iter().zip(other.0).map(|(a, b)| (a & b).count_ones()).sum();
        let (fewer, more) = (self.count().min(other.count()), self.count().max(other.count()));
        if fewer < FEWEST_PAIRS || more <= fewer { 0.0 } else { both as f32 / fewer as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_in_codes() {
        let slip = |a: &str, b: &str| {
            (one_slip(&short_text(a), &short_text(b)), one_edit(&short_text(a), &short_text(b)))
        };
        for (a, b) in
            [("2257", "2283"), ("12", "21a"), ("", "7"), ("10115", "11051"), ("12345678", "87654321")]
        {
            assert_eq!(slip(a, b), (false, false), "{a} {b}");
        }
        for (a, b) in [("2257", "2267"), ("2036", "2306"), ("SW1A1AA", "SW1A1AB")] {
            assert_eq!(slip(a, b), (true, true), "{a} {b}");
        }
        for (a, b) in [("12", "112"), ("7", "70"), ("12", "1"), ("12a", "12")] {
            assert_eq!(slip(a, b), (false, true), "{a} {b}");
        }
    }

    #[test]
    fn streets_with_their_words_cut_or_swapped() {
        let like = |a: &str, b: &str| Letters::of(a).likeness(Letters::of(b));
        for (a, b) in [
            ("lubuma merewether pl public school", "lubumaplace merewether public school"),
            ("chatsworth lake narran st", "chat lake narranst sworth"),
            ("main ny st", "main st"),
        ] {
            assert!(like(a, b) > 0.75, "{a} {b} {}", like(a, b));
        }
        for (a, b) in
            [("oak st", "elm st"), ("5th av", "6th av"), ("aintree close ogden", "clarke street taylor")]
        {
            assert!(like(a, b) < 0.4, "{a} {b} {}", like(a, b));
        }
        assert_eq!(like("", ""), 0.0);
    }
}
