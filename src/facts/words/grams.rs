//! What the letters of a rare word say: 3 to 5 neighbouring letters, learned from the words that are known.
//!
//! So `handyhullen` is helped by `handyhulle`, and a misspelt word by its neighbours.

use xxhash_rust::xxh3::xxh3_64;

/// Rows of the table, a power of two.
const ROWS: usize = 1 << 16;
/// Chapters, by number.
const CHAPTERS: usize = 100;
/// Lengths of the sequences of letters.
const LENGTHS: std::ops::RangeInclusive<usize> = 3..=5;
/// Pseudo-weight of the chapter's own share.
const SMOOTHING: f32 = 0.6;
/// Bounds of the evidence.
const FLOOR: f32 = -0.9;
const CEILING: f32 = 2.6;

/// Evidence of letters for chapters.
#[derive(Default)]
pub struct Grams {
    /// By row: weight of each chapter.
    weights: Vec<f32>,
    totals: Vec<f32>,
}

/// The sequences of letters of a word with a mark at its start and its end, as rows of the table.
fn rows(word: &str, mut each: impl FnMut(usize, usize)) {
    let mut marked = [b'<'; 34];
    let length = word.len().min(32);
    marked[1..=length].copy_from_slice(&word.as_bytes()[..length]);
    marked[length + 1] = b'>';
    let marked = &marked[..length + 2];
    for n in LENGTHS {
        for gram in marked.windows(n) {
            each(xxh3_64(gram) as usize & (ROWS - 1), n);
        }
    }
}

impl Grams {
    /// Learns from words; `shares` tells the chapters of a word and how much of it each has.
    pub fn learn(words: &[(u32, &str)], shares: impl Fn(u32, &mut dyn FnMut(u16, f32))) -> Grams {
        let mut grams = Grams { weights: vec![0.0; ROWS * CHAPTERS], totals: vec![0.0; ROWS] };
        let mut own: Vec<(u16, f32)> = Vec::new();
        for &(hash, word) in words {
            own.clear();
            shares(hash, &mut |chapter, share| own.push((chapter, share)));
            rows(word, |row, _| {
                for &(chapter, share) in &own {
                    grams.weights[row * CHAPTERS + usize::from(chapter)] += share;
                    grams.totals[row] += share;
                }
            });
        }
        grams
    }

    /// Evidence for each chapter into `out`, and how far it is to be trusted, 0 to 1. Where the word itself was learned
    /// under the declared chapter, once, `seen`, that is taken out.
    pub fn shares(
        &self,
        word: &str,
        seen: bool,
        declared: usize,
        share: &[f32],
        out: &mut [f32; CHAPTERS],
    ) -> f32 {
        if self.totals.is_empty() {
            return 0.0;
        }
        out.fill(0.0);
        let mut weight = 0.0;
        let mut count = 0.0_f32;
        rows(word, |row, n| {
            let own = if seen { 1.0_f32.min(self.weights[row * CHAPTERS + declared]) } else { 0.0 };
            let total = self.totals[row] - own;
            count += 1.0;
            if total < 0.5 {
                return;
            }
            // Long sequences that few words have say most.
            let say = (n as f32 - 2.0) / (1.0 + total.ln().max(0.0));
            weight += say;
            let line = &self.weights[row * CHAPTERS..(row + 1) * CHAPTERS];
            for (slot, &w) in out.iter_mut().zip(line) {
                *slot += say * w / total;
            }
            out[declared] -= say * own / total;
        });
        if weight <= 0.0 {
            return 0.0;
        }
        for (slot, &q) in out.iter_mut().zip(share) {
            let p = *slot / weight;
            *slot = ((p + SMOOTHING * q) / ((1.0 + SMOOTHING) * q.max(1e-6))).ln().clamp(FLOOR, CEILING);
        }
        (weight / count.max(1.0)).min(0.8)
    }

    /// Evidence for a chapter without any of the letters.
    pub fn floor(&self) -> f32 {
        FLOOR
    }
}
