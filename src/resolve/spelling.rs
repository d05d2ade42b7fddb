//! Words that are the same though written differently: slips of the pen, romanisations, words run together.

/// How one word is held to be another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// The same sound in another romanisation (`aleksei`, `alexey`).
    Sound,
    /// A slip of the pen: a letter wrong, missing, doubled or swapped with its neighbour.
    Typo,
    /// One begins the other (`alex`, `alexander`).
    Short,
}

/// Shortest word in which a single slip is believed.
const TYPO_LETTERS: usize = 5;
/// Shortest word in which two slips are believed.
const TWO_TYPOS_LETTERS: usize = 7;

/// How two different words can be the same; `None` where they are not.
///
/// A difference in the last vowel alone is no slip: `Mario` and `Maria`, `Daniel` and `Daniela` are two persons.
pub(super) fn spelling(a: &str, b: &str) -> Option<Spelling> {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.len() < 3 || short.bytes().chain(long.bytes()).any(|c| c.is_ascii_digit()) {
        return None;
    }
    if differs_in_ending(short, long) {
        return None;
    }
    if same_sound(short, long) {
        return Some(Spelling::Sound);
    }
    if is_typo(short, long) {
        return Some(Spelling::Typo);
    }
    (long.len() >= short.len() + 2 && long.starts_with(short)).then_some(Spelling::Short)
}

/// The letters of a word, a bit each, and its length: tells most unlike words apart without reading them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outline(u32);

impl Outline {
    const LETTERS: u32 = (1 << 27) - 1;
    /// Letters that no romanisation adds, drops or writes as another.
    const PLAIN: u32 = {
        let (letters, mut bits, mut i) = (b"abdeglmnru", 0, 0);
        while i < letters.len() {
            bits |= 1 << (letters[i] - b'a');
            i += 1;
        }
        bits
    };
    /// Length that stands for any longer one too.
    const LONG: u32 = 31;

    pub(super) fn of(word: &str) -> Outline {
        let bit = |c: u8| if c.is_ascii_lowercase() { c - b'a' } else { 26 };
        let letters = word.bytes().fold(0, |bits, c| bits | 1 << bit(c));
        Outline(letters | (word.len() as u32).min(Self::LONG) << 27)
    }
    fn len(self) -> u32 {
        self.0 >> 27
    }
    pub(super) fn is_initial(self) -> bool {
        self.len() == 1
    }
    /// Whether `self` may be a part of `whole`.
    pub(super) fn may_be_within(self, whole: Outline) -> bool {
        self.0 & !whole.0 & Self::LETTERS == 0 && (self.len() < whole.len() || whole.len() == Self::LONG)
    }
    /// Whether two words may have as many letters in common as words that are much alike: one edit apart, or, by Jaro and
    /// Winkler, so many that what four equal first letters add lifts them to 0.87.
    pub(super) fn may_be_similar(self, other: Outline) -> bool {
        if self.len() == Self::LONG || other.len() == Self::LONG {
            return true;
        }
        let only = |a: Outline, b: Outline| (a.0 & !b.0 & Self::LETTERS).count_ones();
        let (here, there) = (only(self, other), only(other, self));
        let (m, n) = (self.len(), other.len());
        let common = f64::from(m.saturating_sub(here).min(n.saturating_sub(there)));
        // Jaro is a third of (common / m + common / n + at most 1), and Jaro-Winkler at most 0.4 + 0.6 of it.
        let jaro = (common / f64::from(m.max(1)) + common / f64::from(n.max(1)) + 1.0) / 3.0;
        here + there <= 2 && m.abs_diff(n) <= 1 || 0.4 + 0.6 * jaro >= 0.869
    }
    /// Whether [`spelling`] may find the two to be one word; where not, it does not.
    pub(super) fn may_be(self, other: Outline) -> bool {
        let apart = self.0 ^ other.0;
        let (short, long) = (self.len().min(other.len()), self.len().max(other.len()));
        if short < 3 {
            return false;
        }
        let slips = if short >= TWO_TYPOS_LETTERS as u32 { 4 } else { 2 };
        apart & Self::PLAIN == 0
            || long == Self::LONG
            || long - short <= 2 && (apart & Self::LETTERS).count_ones() <= slips
            || self.may_be_within(other)
            || other.may_be_within(self)
    }
}

/// Whether two words that differ are one slip apart, or two where they are long.
pub(super) fn is_typo(short: &str, long: &str) -> bool {
    if long.len() - short.len() > 2 {
        return false;
    }
    let (a, b) = (short.as_bytes(), long.as_bytes());
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (a_rest, b_rest) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    let one = match (a_rest, b_rest) {
        ([x, y], [v, w]) => x == w && y == v && short.len() >= TYPO_LETTERS - 1,
        (x, y) => {
            x.len() <= 1 && y.len() <= 1 && long.len() >= TYPO_LETTERS && short.len() >= TYPO_LETTERS - 1
        }
    };
    // A different first letter makes another name of a short word: Anna, Hanna.
    if one {
        return head > 0 || short.len() > TYPO_LETTERS;
    }
    short.len() >= TWO_TYPOS_LETTERS && a[0] == b[0] && strsim::osa_distance(short, long) <= 2
}

/// Whether only vowels at the very end differ.
pub(super) fn differs_in_ending(short: &str, long: &str) -> bool {
    let (a, b) = (short.as_bytes(), long.as_bytes());
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let vowels =
        |rest: &[u8]| rest.len() <= 1 && rest.iter().all(|c| matches!(c, b'a' | b'e' | b'i' | b'o' | b'u'));
    vowels(&a[head..]) && vowels(&b[head..])
}

fn same_sound(a: &str, b: &str) -> bool {
    // Letters that sound as written and that no other spelling sounds like: most pairs are told apart here.
    let plain = |word: &str| word.bytes().next().filter(|c| b"abdeglmnrz".contains(c));
    if plain(a) != plain(b) {
        return false;
    }
    let (mut one, mut two) = ([0; 24], [0; 24]);
    match (skeleton(a, &mut one), skeleton(b, &mut two)) {
        (Some(x), Some(y)) => x >= 3 && one[..x] == two[..y],
        _ => false,
    }
}

/// Writes a word as it sounds in whatever romanisation, and returns the length; `None` for very long words.
fn skeleton(word: &str, out: &mut [u8; 24]) -> Option<usize> {
    let bytes = word.as_bytes();
    let (mut at, mut len) = (0, 0);
    while at < bytes.len() {
        let (used, letters): (usize, &[u8]) = match &bytes[at..] {
            [b't', b'c', b'h', ..] | [b't', b's', b'c', b'h', ..] if at == 0 || bytes[at + 1] == b's' => {
                (if bytes[at + 1] == b's' { 4 } else { 3 }, b"ch")
            }
            [b's', b'c', b'h', ..] => (3, b"sh"),
            [b'k', b'h', ..] => (2, b"h"),
            [b't', b'h', ..] => (2, b"t"),
            [b'p', b'h', ..] => (2, b"f"),
            [b'o', b'u', ..] => (2, b"u"),
            [b'c', b'k', ..] => (2, b"k"),
            [b'c', b'z', ..] => (2, b"ch"),
            [b's', b'z', ..] => (2, b"sh"),
            [b't', b'z', ..] => (2, b"ts"),
            [b'x', ..] => (1, b"ks"),
            [b'y' | b'j', ..] => (1, b"i"),
            [b'w', ..] => (1, b"v"),
            [b'q', ..] => (1, b"k"),
            [b'c', next, ..] if *next != b'h' => (1, b"k"),
            _ => (1, &bytes[at..at + 1]),
        };
        at += used;
        for &letter in letters {
            if len > 0 && out[len - 1] == letter {
                continue;
            }
            *out.get_mut(len)? = letter;
            len += 1;
        }
    }
    Some(len)
}

/// Whether some of `parts`, each used at most once, make up `word` when run together; the parts used, as bits.
pub(super) fn run_together(word: &str, parts: &[&str]) -> Option<u32> {
    fn step(rest: &str, parts: &[&str], used: u32) -> Option<u32> {
        if rest.is_empty() {
            return (used.count_ones() >= 2).then_some(used);
        }
        parts
            .iter()
            .enumerate()
            .filter(|(i, part)| used >> i & 1 == 0 && !part.is_empty())
            .find_map(|(i, part)| rest.strip_prefix(part).and_then(|rest| step(rest, parts, used | 1 << i)))
    }
    step(word, parts, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slips_of_the_pen() {
        for (a, b) in [
            ("jonathan", "jonathon"),
            ("smith", "smiht"),
            ("smith", "simth"),
            ("schneider", "shneidre"),
            ("garcia", "gracia"),
            ("kowalski", "kowlaski"),
        ] {
            assert_eq!(spelling(a, b), Some(Spelling::Typo), "{a} {b}");
        }
    }

    #[test]
    fn romanisations() {
        for (a, b) in [
            ("aleksei", "alexey"),
            ("iurii", "yuri"),
            ("dmitriy", "dmitri"),
            ("tchaikovsky", "chaikovskii"),
            ("mikhail", "mihail"),
            ("philipp", "filip"),
            ("thomas", "tomas"),
            ("schmidt", "shmidt"),
            ("mohammed", "mohamed"),
        ] {
            assert_eq!(spelling(a, b), Some(Spelling::Sound), "{a} {b}");
        }
        assert_eq!(spelling("alex", "alexander"), Some(Spelling::Short));
        assert!(Outline::of("tchaikovsky").may_be(Outline::of("chaikovskii")));
        assert!(!Outline::of("anna").may_be(Outline::of("peter")));
    }

    #[test]
    fn other_persons() {
        for (a, b) in [
            ("mario", "maria"),
            ("daniel", "daniela"),
            ("anna", "hanna"),
            ("lina", "lisa"),
            ("jan", "jon"),
            ("julia", "julie"),
            ("peter", "paul"),
            ("12345", "12346"),
            ("wang", "wan"),
        ] {
            assert_eq!(spelling(a, b), None, "{a} {b}");
        }
    }

    #[test]
    fn words_run_together() {
        assert_eq!(run_together("xiaoming", &["ming", "xiao"]), Some(0b11));
        assert_eq!(run_together("wangxiaoming", &["ming", "wang", "xiao"]), Some(0b111));
        assert_eq!(run_together("xiaoming", &["xiao", "wang"]), None);
        assert_eq!(run_together("xiao", &["xiao"]), None);
    }

    proptest! {
        #[test]
        fn symmetric_and_calm(a in "[a-z]{1,12}", b in "[a-z]{1,12}") {
            prop_assert_eq!(spelling(&a, &b), spelling(&b, &a));
        }

        #[test]
        fn outlines_rule_out_unlike_words_only(a in "[a-z1']{1,34}", b in "[a-z]{0,3}", c in "[a-z]{0,3}", at in 0..35_usize) {
            let (head, tail) = a.split_at(at.min(a.len()));
            let tail = tail.strip_prefix(|_: char| b.is_empty()).unwrap_or(tail);
            let other = format!("{head}{b}{tail}{c}");
            if spelling(&a, &other).is_some() {
                prop_assert!(Outline::of(&a).may_be(Outline::of(&other)), "{} {}", a, other);
            }
            if !b.is_empty() && !other.is_empty() && b.len() < other.len() {
                prop_assert!(Outline::of(&b).may_be_within(Outline::of(&other)));
            }
        }
    }
}
