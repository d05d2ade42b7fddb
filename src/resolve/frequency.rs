//! How common each word is: a rare surname says more than a common one.

use super::card::short_hash;
use super::settings::Weights;
use crate::fields::text::folded;
use hashbrown::HashMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Words that are common before any data is seen: share of parties that carry them.
static COMMON: LazyLock<HashMap<u32, f64>> = LazyLock::new(|| {
    let mut common = HashMap::new();
    for line in include_str!("data/common_words.txt").lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_ascii_whitespace();
        let Some(per_ten_thousand) = words.next().and_then(|share| share.parse::<f64>().ok()) else {
            continue;
        };
        for word in words {
            let share = common.entry(short_hash(folded(word).as_bytes())).or_insert(0.0_f64);
            *share = share.max(per_ten_thousand / 10_000.0);
        }
    }
    common
});

/// Counts of hashed words, as a count-min sketch of two rows: a count is never too small, and too large only
/// where a word shares both of its places. Sketches add up in any order.
pub(super) struct Counts {
    slots: Vec<AtomicU32>,
    mask: u32,
}

impl Counts {
    /// A sketch for about so many distinct words.
    pub(super) fn new(words: usize) -> Self {
        // Small tables cost nothing, and in a crowded one rare words pass for common ones.
        let size = (words * 2).next_power_of_two().clamp(1 << 18, 1 << 23);
        Counts { slots: (0..size * 2).map(|_| AtomicU32::new(0)).collect(), mask: size as u32 - 1 }
    }

    fn places(&self, word: u32) -> [usize; 2] {
        let second = word.wrapping_mul(0x9E37_79B1).rotate_left(15);
        [(word & self.mask) as usize, (second & self.mask) as usize + self.mask as usize + 1]
    }

    /// Counts a word once.
    pub(super) fn add(&self, word: u32) {
        for place in self.places(word) {
            self.slots[place].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often a word was counted.
    pub(super) fn get(&self, word: u32) -> u32 {
        let [first, second] = self.places(word).map(|place| self.slots[place].load(Ordering::Relaxed));
        first.min(second)
    }
}

/// Turns counts into weights, with the shipped frequencies as a prior.
pub(super) struct Frequencies {
    parties: f64,
    prior_parties: f64,
    prior_unknown: f64,
}

impl Frequencies {
    pub(super) fn new(parties: usize, weights: &Weights) -> Self {
        Frequencies {
            parties: parties as f64,
            prior_parties: weights.frequency_parties,
            prior_unknown: weights.frequency_unknown,
        }
    }

    /// `-log2` of the share of parties that carry a word counted `count` times.
    pub(super) fn bits(&self, word: u32, count: u32) -> f64 {
        let prior = COMMON.get(&word).copied().unwrap_or(self.prior_unknown);
        self.share(f64::from(count), prior)
    }

    /// Bits of a word at which it is so rare that it may be a slip of the pen for another.
    pub(super) fn rare(&self) -> f64 {
        self.share(3.0 + self.parties / 50_000.0, self.prior_unknown)
    }

    fn share(&self, count: f64, prior: f64) -> f64 {
        ((self.parties + self.prior_parties) / (count + self.prior_parties * prior)).log2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_words_say_less() {
        let small = Frequencies::new(10, &Weights::default());
        let bits = |word: &str| small.bits(short_hash(word.as_bytes()), 1);
        assert!(bits("smith") < bits("wojciechowicz") - 2.0);
        assert!(bits("trading") < 6.0, "{}", bits("trading"));
        assert!(small.rare() < bits("wojciechowicz"));
        // With data, the data decides.
        let large = Frequencies::new(1_000_000, &Weights::default());
        let smith = short_hash(b"smith");
        assert!((large.bits(smith, 10_000) - (100.0_f64).log2()).abs() < 0.1);
        assert!(COMMON.len() > 300, "{}", COMMON.len());
    }

    #[test]
    fn counts_do_not_fall_short() {
        let counts = Counts::new(1000);
        for i in 0..1000_u32 {
            for _ in 0..=i % 3 {
                counts.add(short_hash(&i.to_le_bytes()));
            }
        }
        let exact = (0..1000_u32).filter(|i| counts.get(short_hash(&i.to_le_bytes())) == i % 3 + 1).count();
        assert!((0..1000_u32).all(|i| counts.get(short_hash(&i.to_le_bytes())) > i % 3));
        assert!(exact > 800, "{exact}");
        // The words, streets, postcodes and cities of a table are more than its parties.
        let counts = Counts::new(5_000);
        (0..25_000_u32).for_each(|i| counts.add(short_hash(&i.to_le_bytes())));
        let exact = (0..25_000_u32).filter(|i| counts.get(short_hash(&i.to_le_bytes())) == 1).count();
        assert!(exact > 24_000, "{exact}");
    }
}
