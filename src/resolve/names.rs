//! Comparing two names, word by word and in no order.

use super::card::{Card, NAMELESS, Table, WORDS};
use super::settings::Bits;
use super::spelling::{Outline, Spelling, differs_in_ending, run_together, spelling};

/// How far two names agree; the first that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NameLevel {
    /// The same words.
    Same,
    /// The same words but for slips of the pen or another romanisation.
    Spelling,
    /// Initials or shortened words on one side.
    Initials,
    /// One name has words more than the other.
    Subset,
    /// One of them names nobody.
    Nameless,
    /// The same words but for one that is written much alike: a slip, or another of the family.
    Similar,
    /// One word of each is another: a name replaced, or another of the family.
    Replaced,
    /// They name two persons.
    Different,
}

impl NameLevel {
    pub(super) const fn text(self) -> &'static str {
        match self {
            NameLevel::Same => "the same words",
            NameLevel::Spelling => "the same words but for their spelling",
            NameLevel::Initials => "agrees with initials or shortened words",
            NameLevel::Subset => "one has words more",
            NameLevel::Nameless => "one of them names nobody",
            NameLevel::Similar => "a word written much alike",
            NameLevel::Replaced => "one word is another",
            NameLevel::Different => "different names",
        }
    }
    /// Whether every word has been found again.
    pub(super) fn is_full(self) -> bool {
        self <= NameLevel::Spelling
    }
    /// Whether it may just as well be another person of the household.
    pub(super) fn is_doubtful(self) -> bool {
        self >= NameLevel::Similar
    }
}

/// What became of the words of a pair of names, in the order of the word odds of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordLevel {
    Same,
    Sound,
    Typo,
    Short,
    Initial,
    Missing,
    Similar,
    Different,
}

/// How many [`WordLevel`]s there are.
pub(super) const WORD_LEVELS: usize = 8;

/// Outcome of comparing two names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    pub level: NameLevel,
    pub bits: f32,
    /// Words by what became of them.
    pub words: [u8; WORD_LEVELS],
}

/// The words of one name that have not been matched yet.
struct Left<'a> {
    word: [&'a str; WORDS],
    bits: [f32; WORDS],
    outline: [Outline; WORDS],
    count: usize,
}

impl<'a> Left<'a> {
    fn new(table: &'a Table, party: u32, card: &Card, used: u32) -> Self {
        let outline = [Outline::default(); WORDS];
        let mut left = Left { word: [""; WORDS], bits: [0.0; WORDS], outline, count: 0 };
        for (i, word) in table.name(party).split(' ').take(usize::from(card.words)).enumerate() {
            if used >> i & 1 == 0 {
                left.word[left.count] = word;
                left.bits[left.count] = card.bits(i);
                left.outline[left.count] = card.outline[i];
                left.count += 1;
            }
        }
        left
    }
    fn words(&self) -> &[&'a str] {
        &self.word[..self.count]
    }
    fn take(&mut self, i: usize) -> f32 {
        self.word[i] = "";
        self.outline[i] = Outline::default();
        self.bits[i]
    }
    fn whole(&self) -> usize {
        self.words().iter().filter(|word| word.len() > 1).count()
    }
    fn initials(&self) -> usize {
        self.words().iter().filter(|word| word.len() == 1).count()
    }
}

/// One in a hundred, bits: a word this much rarer than another may be a slip of the pen for it.
pub(super) const ONE_IN_A_HUNDRED: f32 = 6.6;

fn is_initial(word: &str) -> bool {
    word.len() == 1
}

/// Whether [`compare_names`] may find the names of two parties to be one; where not, it finds them doubtful at best.
///
/// Reads the cards only: most pairs of a block are told apart here.
pub(super) fn names_may_agree(one: &Card, two: &Card) -> bool {
    if one.name == two.name || one.has(NAMELESS) || two.has(NAMELESS) {
        return true;
    }
    let left = |card: &Card, other: &Card| {
        let (mut outlines, mut count) = ([Outline::default(); WORDS], 0);
        for (word, outline) in card.word_hashes().iter().zip(card.outline) {
            if !other.word_hashes().contains(word) {
                outlines[count] = outline;
                count += 1;
            }
        }
        (outlines, count)
    };
    let ((here, m), (there, n)) = (left(one, two), left(two, one));
    let (here, there) = (&here[..m], &there[..n]);
    let (fewer, more) = if m <= n { (here, there) } else { (there, here) };
    // Initials and words run together pair with any number of words.
    let run_together = |whole: &[Outline], parts: &[Outline]| {
        parts.len() > 1 && whole.iter().any(|w| parts.iter().filter(|p| p.may_be_within(*w)).count() > 1)
    };
    here.iter().chain(there).any(|word| word.is_initial())
        || run_together(here, there)
        || run_together(there, here)
        || fewer.iter().all(|a| more.iter().any(|b| a.may_be(*b)))
}

/// Compares the names of two parties.
pub(super) fn compare_names(table: &Table, bits: &Bits, a: u32, b: u32) -> Names {
    let (one, two) = (&table.cards[a as usize], &table.cards[b as usize]);
    if one.has(NAMELESS) || two.has(NAMELESS) {
        return Names { level: NameLevel::Nameless, bits: 0.0, words: [0; WORD_LEVELS] };
    }
    let mut sum = 0.0;
    let mut words = [0_u8; WORD_LEVELS];
    let mut count = |level: WordLevel, by: usize| words[level as usize] += by as u8;
    let (mut used_one, mut used_two, mut shared) = (0_u32, 0_u32, 0_u32);
    for (i, word) in one.word_hashes().iter().enumerate() {
        let found =
            two.word_hashes().iter().enumerate().find(|(j, other)| *other == word && used_two >> j & 1 == 0);
        if let Some((j, _)) = found {
            used_one |= 1 << i;
            used_two |= 1 << j;
            sum += one.bits(i) + bits.word_same;
            shared += 1;
            count(WordLevel::Same, 1);
        }
    }
    if one.name == two.name {
        return Names { level: NameLevel::Same, bits: sum.min(bits.name_most), words };
    }
    let mut here = Left::new(table, a, one, used_one);
    let mut there = Left::new(table, b, two, used_two);
    let mut level = NameLevel::Same;
    let mut worse = |to: NameLevel| level = level.max(to);

    for turned in [false, true] {
        let (x, y) = if turned { (&mut there, &mut here) } else { (&mut here, &mut there) };
        for i in 0..x.count {
            if x.word[i].len() < 4 {
                continue;
            }
            if let Some(parts) = run_together(x.word[i], y.words()) {
                let whole = x.take(i);
                let apart: f32 = (0..y.count).filter(|j| parts >> j & 1 == 1).map(|j| y.take(j)).sum();
                sum += (whole.min(apart) + bits.word_sound).max(0.0);
                shared += 1;
                count(WordLevel::Sound, 1);
                worse(NameLevel::Spelling);
            }
        }
    }
    for i in 0..here.count {
        for j in 0..there.count {
            let (x, y) = (here.word[i], there.word[j]);
            if !here.outline[i].may_be(there.outline[j]) {
                continue;
            }
            let Some(kind) = spelling(x, y) else { continue };
            let (rarer, commoner) = (here.bits[i].max(there.bits[j]), here.bits[i].min(there.bits[j]));
            let slip = rarer >= table.rare || rarer - commoner >= ONE_IN_A_HUNDRED;
            if kind == Spelling::Typo && !slip && x.len().min(y.len()) < 7 {
                continue;
            }
            let (common, odds) = (
                here.take(i).min(there.take(j)),
                match kind {
                    Spelling::Sound => bits.word_sound,
                    Spelling::Typo => bits.word_typo,
                    Spelling::Short => bits.word_short,
                },
            );
            sum += (common + odds).max(0.0);
            let (outcome, name) = match kind {
                Spelling::Sound => (WordLevel::Sound, NameLevel::Spelling),
                Spelling::Typo => (WordLevel::Typo, NameLevel::Spelling),
                Spelling::Short => (WordLevel::Short, NameLevel::Initials),
            };
            count(outcome, 1);
            worse(name);
            shared += 1;
            break;
        }
    }
    for i in 0..here.count {
        for j in 0..there.count {
            let (x, y) = (here.word[i], there.word[j]);
            if !x.is_empty()
                && !y.is_empty()
                && (is_initial(x) || is_initial(y))
                && x.as_bytes()[0] == y.as_bytes()[0]
            {
                here.take(i);
                there.take(j);
                sum += bits.word_initial;
                count(WordLevel::Initial, 1);
                worse(NameLevel::Initials);
                break;
            }
        }
    }
    let mut similar = false;
    // Only where it can make a difference: it is the dearest comparison of all.
    let looked_at = if table.learning || table.open.any() { here.count } else { 0 };
    for i in 0..looked_at {
        for j in 0..there.count {
            let may = here.outline[i].may_be_similar(there.outline[j]);
            if may && is_similar(here.word[i], there.word[j]) {
                sum += (here.take(i).min(there.take(j)) + bits.word_similar).max(0.0);
                count(WordLevel::Similar, 1);
                similar = true;
                break;
            }
        }
    }
    let (whole_here, whole_there) = (here.whole(), there.whole());
    let (initials_here, initials_there) = (here.initials(), there.initials());
    let different = whole_here.min(whole_there);
    let missing = whole_here.max(whole_there) - different;
    // An initial that fits no word of the other name speaks against it only where that name has one too.
    let crossed = initials_here > 0 && whole_there > 0 || initials_there > 0 && whole_here > 0;
    let other_initials = initials_here.min(initials_there).max(usize::from(crossed));
    sum += bits.word_missing * missing as f32;
    if missing > 0 {
        worse(NameLevel::Subset);
        // A surname alone may be anybody's of the family.
        if shared < 2 && different == 0 && !table.open.replaced() {
            sum += bits.lone_word;
        }
    }
    if initials_here + initials_there > 0 && other_initials == 0 {
        worse(NameLevel::Initials);
    }
    count(WordLevel::Missing, missing);
    if different > 0 || other_initials > 0 || shared == 0 && !similar {
        // A single letter beside a word may have been cut off another.
        let replaced = different <= 1 && other_initials <= 1 && (shared > 0 || similar);
        let others = if replaced { 1 } else { (different + other_initials).max(1) };
        count(WordLevel::Different, others);
        sum += bits.word_different * others as f32;
        let level = if replaced { NameLevel::Replaced } else { NameLevel::Different };
        return Names { level, bits: sum, words };
    }
    let least = if similar { NameLevel::Similar } else { NameLevel::Spelling };
    Names { level: level.max(least), bits: sum.min(bits.name_most), words }
}

/// Letters in common, by Jaro and Winkler, from which on two words are much alike.
const SIMILAR: f64 = 0.87;

/// Whether two words that are no certain slip of each other are much alike: `Alex` and `Aelx`. `Mario` and `Maria`
/// are two.
fn is_similar(a: &str, b: &str) -> bool {
    if a.len().min(b.len()) < 2 || a.len().abs_diff(b.len()) > 3 {
        return false;
    }
    if a.bytes().chain(b.bytes()).any(|c| c.is_ascii_digit()) {
        return false;
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if differs_in_ending(short, long) {
        return false;
    }
    strsim::jaro_winkler(a, b) >= SIMILAR || a.len().max(b.len()) >= 3 && strsim::osa_distance(a, b) <= 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::parcels::{Particular, Parties};
    use crate::resolve::{Prepared, ResolveSettings, settings::Weights};

    /// Names written in every way that counts as one name, and some that do not.
    const NAMES: [&str; 34] = [
        "Anna Schmidt",
        "Schmidt, Anna",
        "A. Schmidt",
        "Anna Schmitd",
        "Anna Shmidt",
        "Ana Schmidt",
        "Hanna Schmidt",
        "Peter Schmidt",
        "Annamaria Schmidt",
        "Anna Maria Schmidt",
        "AnnaMaria Schmidt",
        "Maria Anna Schmidt",
        "Xiaoming Wang",
        "Wang Xiao Ming",
        "WangXiaoming",
        "Ming Wang",
        "X Wang",
        "Aleksei Tchaikovsky",
        "Alexey Chaikovskii",
        "Alex Tchaikovsky",
        "Alexander Chaikovsky",
        "Mikhail Yuri Chaykovski",
        "Mihail Iurii Tschaikowski",
        "Jean-Pierre d'Arc",
        "Jeanpierre Darc",
        "J P Darc",
        "Pierre Darc",
        "Schneider GmbH",
        "Schneidre GmbH",
        "Shneidre Handels GmbH",
        "Handels Schneider 24",
        "Schneider 42",
        "Unknown",
        "Anna",
    ];

    proptest::proptest! {
        #[test]
        fn words_ruled_out_by_their_letters_are_not_much_alike(a in "[a-e]{2,9}", b in "[a-e]{2,9}") {
            if is_similar(&a, &b) {
                proptest::prop_assert!(Outline::of(&a).may_be_similar(Outline::of(&b)), "{} {}", a, b);
            }
        }
    }

    #[test]
    fn names_ruled_out_by_their_letters_are_found_doubtful() {
        let mut parties = Parties::default();
        for (i, name) in NAMES.iter().enumerate() {
            parties.fingerprint.push(i as u128);
            for particular in Particular::ALL {
                let text = if particular == Particular::Name { *name } else { "" };
                parties.text[particular as usize].push(text);
            }
        }
        let settings = ResolveSettings::default();
        let Prepared { table, .. } = Prepared::new(&parties, &settings);
        let bits = Bits::new(&Weights::default(), &settings.weights);
        let (mut out, mut pairs) = (0, 0);
        for a in 0..NAMES.len() as u32 {
            for b in a + 1..NAMES.len() as u32 {
                let may = names_may_agree(&table.cards[a as usize], &table.cards[b as usize]);
                let found = compare_names(&table, &bits, a, b).level;
                assert!(
                    may || found.is_doubtful(),
                    "{} and {}: {found:?}",
                    NAMES[a as usize],
                    NAMES[b as usize]
                );
                out += u32::from(!may);
                pairs += 1;
            }
        }
        assert!(3 * out > pairs, "{out} of {pairs} need not be read");
    }
}
