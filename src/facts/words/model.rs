//! Evidence of words for tariff headings, and what it says of a description and the code declared for it.
//!
//! For a feature `f` (a word or a pair of words) seen with weight `n`, of it `n(c)` under class `c` (a chapter or a
//! heading), the evidence is the log of how much likelier the class has become by it:
//! `ln((n(c) + k q(c)) / ((n + k) q(c)))` with the class's share `q(c)` flattened to its square root, clamped to
//! [`FLOOR`] and [`CEILING`]. Evidence is added over features; a word inside a known pair counts for less than the pair.

use super::features::Feature;
use super::grams::Grams;
use rayon::prelude::*;

/// Pseudo-weight of the class's own share.
const SMOOTHING: f32 = 1.0;
/// Least evidence of one feature for a class.
const FLOOR: f32 = -2.5;
/// Greatest evidence of one feature for a class.
const CEILING: f32 = 3.5;
/// What a word counts for inside a pair that is known.
const WITHIN_PAIR: f32 = 0.35;
/// What a word counts for that names what the goods go with.
const COMPANION: f32 = 0.25;
/// A pair must have been seen this much before it speaks.
const PAIR_WEIGHT: f32 = 1.5;
/// Below this weight a word is helped by its letters.
const RARE: f32 = 3.0;
/// Chapters, by number.
const CHAPTERS: usize = 100;

/// One text under one heading, as something to learn from.
pub struct Example<'a> {
    /// Its features.
    pub features: &'a [Feature],
    /// Heading it was declared under.
    pub heading: u16,
    /// What it counts for.
    pub weight: f32,
}

/// What is known of one feature.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    weight: f32,
    first: u32,
    end: u32,
}

/// Evidence learned.
#[derive(Default)]
pub struct Profiles {
    /// Hashes of the known features, ascending.
    hashes: Vec<u32>,
    /// First place in `hashes` for each value of the hash's upper bits.
    index: Vec<u32>,
    known: Vec<Known>,
    /// Heading and weight, by feature, ascending.
    postings: Vec<(u16, f32)>,
    heading_share: Vec<f32>,
    chapter_share: Vec<f32>,
    grams: Grams,
}

/// Bits of the hash that [`Profiles::index`] goes by.
const INDEX_BITS: u32 = 16;

/// What the words say of a description under a declared heading.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Evidence for the best other chapter less that for the declared one, in natural logarithms, tempered for length.
    pub margin: f32,
    /// Evidence for the best chapter over no evidence; near 0 where the words say nothing.
    pub strength: f32,
    /// The heading that the words point to.
    pub heading: u16,
    /// Evidence for that heading less that for the declared one, tempered likewise.
    pub heading_margin: f32,
}

/// Working space of one thread.
pub struct Scratch {
    chapters: [f32; CHAPTERS],
    headings: Vec<f32>,
    touched: Vec<u16>,
    letters: [f32; CHAPTERS],
}

impl Default for Scratch {
    fn default() -> Self {
        Scratch {
            chapters: [0.0; CHAPTERS],
            headings: vec![0.0; 10_000],
            touched: Vec::new(),
            letters: [0.0; CHAPTERS],
        }
    }
}

impl Profiles {
    /// Learns from examples. `words` are the distinct words of the night and the lists with their hashes, for the
    /// letters of words that are rare.
    pub fn learn(examples: &[Example], words: &[(u32, &str)]) -> Profiles {
        let mut triples: Vec<(u32, u16, f32)> = examples
            .par_iter()
            .flat_map_iter(|e| e.features.iter().map(|f| (f.hash, e.heading, e.weight)))
            .collect();
        triples.par_sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
        let mut profiles = Profiles {
            heading_share: vec![0.0; 10_000],
            chapter_share: vec![0.0; CHAPTERS],
            ..Profiles::default()
        };
        for e in examples {
            profiles.heading_share[usize::from(e.heading)] += e.weight;
            profiles.chapter_share[usize::from(e.heading / 100)] += e.weight;
        }
        flatten(&mut profiles.heading_share);
        flatten(&mut profiles.chapter_share);
        for group in triples.chunk_by(|a, b| a.0 == b.0) {
            let first = profiles.postings.len() as u32;
            let mut weight = 0.0;
            for own in group.chunk_by(|a, b| a.1 == b.1) {
                let sum: f32 = own.iter().map(|t| t.2).sum();
                profiles.postings.push((own[0].1, sum));
                weight += sum;
            }
            profiles.hashes.push(group[0].0);
            profiles.known.push(Known { weight, first, end: profiles.postings.len() as u32 });
        }
        profiles.index = (0..=1_u32 << INDEX_BITS)
            .map(|top| {
                profiles.hashes.partition_point(|&h| u64::from(h) < u64::from(top) << (32 - INDEX_BITS))
                    as u32
            })
            .collect();
        profiles.grams = Grams::learn(words, |hash, add| {
            if let Some(known) = profiles.find(hash) {
                for &(heading, weight) in profiles.postings(known) {
                    add(heading / 100, weight / known.weight.max(1.0));
                }
            }
        });
        profiles
    }

    fn find(&self, hash: u32) -> Option<Known> {
        let top = (hash >> (32 - INDEX_BITS)) as usize;
        let range = *self.index.get(top)? as usize..*self.index.get(top + 1)? as usize;
        let place = self.hashes[range.clone()].binary_search(&hash).ok()?;
        Some(self.known[range.start + place])
    }

    fn postings(&self, known: Known) -> &[(u16, f32)] {
        &self.postings[known.first as usize..known.end as usize]
    }

    /// Judges a description under a declared heading; `own` is what the description itself taught under that heading.
    pub fn judge(
        &self,
        folded: &str,
        features: &[Feature],
        declared: u16,
        own: f32,
        scratch: &mut Scratch,
    ) -> Verdict {
        let Scratch { chapters, headings, touched, letters } = scratch;
        chapters.fill(0.0);
        for &h in touched.iter() {
            headings[usize::from(h)] = 0.0;
        }
        touched.clear();
        let declared_chapter = usize::from(declared / 100);
        let (mut base, mut mass) = (0.0_f32, 0.0_f32);
        // Pairs that speak, by the place of their first word.
        let speaks = |f: &Feature| self.find(f.hash).is_some_and(|k| k.weight - own >= PAIR_WEIGHT);
        let pairs: Vec<(u16, u16)> =
            features.iter().filter(|f| f.pair && speaks(f)).map(|f| f.span).collect();
        for feature in features {
            let known = self.find(feature.hash).unwrap_or_default();
            let mut weight = known.weight;
            let own_here = if weight > 0.0 { own.min(weight) } else { 0.0 };
            weight -= own_here;
            if feature.pair && weight < PAIR_WEIGHT {
                continue;
            }
            let mut count = if feature.companion { COMPANION } else { 1.0 };
            if !feature.pair && pairs.iter().any(|p| p.0 <= feature.span.0 && feature.span.1 <= p.1) {
                count *= WITHIN_PAIR;
            }
            if !feature.pair && weight < RARE {
                let word = &folded[usize::from(feature.span.0)..usize::from(feature.span.1)];
                let trust =
                    self.grams.shares(word, own_here > 0.0, declared_chapter, &self.chapter_share, letters);
                if trust > 0.0 {
                    let count = count * trust * (1.0 - weight / RARE);
                    let floor = self.grams.floor();
                    base += count * floor;
                    mass += count;
                    for (sum, &lift) in chapters.iter_mut().zip(letters.iter()) {
                        *sum += count * (lift - floor);
                    }
                }
            }
            if weight <= 0.01 {
                continue;
            }
            let floor = (SMOOTHING / (weight + SMOOTHING)).ln().max(FLOOR);
            base += count * floor;
            mass += count;
            let lift = |n: f32, q: f32| {
                (((n + SMOOTHING * q) / ((weight + SMOOTHING) * q)).ln().clamp(FLOOR, CEILING) - floor)
                    * count
            };
            for group in self.postings(known).chunk_by(|a, b| a.0 / 100 == b.0 / 100) {
                let chapter = usize::from(group[0].0 / 100);
                let mut sum = 0.0;
                for &(heading, n) in group {
                    let n = if heading == declared { (n - own_here).max(0.0) } else { n };
                    sum += n;
                    if n > 0.0 {
                        let slot = &mut headings[usize::from(heading)];
                        if *slot == 0.0 {
                            touched.push(heading);
                        }
                        *slot += lift(n, self.heading_share[usize::from(heading)]);
                    }
                }
                if sum > 0.0 {
                    chapters[chapter] += lift(sum, self.chapter_share[chapter]);
                }
            }
        }
        if mass == 0.0 {
            return Verdict::default();
        }
        let agrees =
            |chapter: usize| chapter == declared_chapter || related(chapter as u16, declared_chapter as u16);
        let (mut best, mut own_best) = ((0_usize, 0.0_f32), 0.0_f32);
        for (chapter, &score) in chapters.iter().enumerate() {
            if agrees(chapter) {
                own_best = own_best.max(score);
            } else if score > best.1 {
                best = (chapter, score);
            }
        }
        let temper = 1.0 / (1.0 + 0.25 * (mass - 1.0).max(0.0)).sqrt();
        touched.sort_unstable();
        let pointed = touched.iter().filter(|&&h| usize::from(h / 100) == best.0).fold(
            (0_u16, f32::NEG_INFINITY),
            |top, &h| {
                let score = headings[usize::from(h)];
                if score > top.1 { (h, score) } else { top }
            },
        );
        Verdict {
            margin: (best.1 - own_best) * temper,
            strength: (base + best.1.max(own_best)) * temper,
            heading: pointed.0,
            heading_margin: (pointed.1 - headings[usize::from(declared)]) * temper,
        }
    }

    /// How well a feature explains that a text points to a heading's chapter, to name the words of a reason.
    pub fn pull(&self, feature: &Feature, heading: u16) -> f32 {
        let Some(known) = self.find(feature.hash) else { return 0.0 };
        let n = self.postings(known).iter().filter(|p| p.0 / 100 == heading / 100).map(|p| p.1).sum::<f32>();
        let q = self.chapter_share[usize::from(heading / 100)];
        let evidence = ((n + SMOOTHING * q) / ((known.weight + SMOOTHING) * q)).ln();
        // A word that is often seen tells a reader more than a rare one, a pair more than a word of it.
        evidence * known.weight.ln_1p() * if feature.pair { 1.3 } else { 1.0 }
    }
}

/// Shares proportional to the square root of the weights, so that a common class is not expected everywhere.
fn flatten(weights: &mut [f32]) {
    let seen = weights.iter().filter(|w| **w > 0.0).count().max(1) as f32;
    let all: f32 = weights.iter().map(|w| w.sqrt()).sum();
    for weight in weights.iter_mut() {
        *weight = 0.8 * weight.sqrt() / all.max(f32::MIN_POSITIVE) + 0.2 / seen;
    }
}

/// Chapters between which a title does not decide: knitted or woven clothing, machines or electrical machines.
fn related(a: u16, b: u16) -> bool {
    let pair = (a.min(b), a.max(b));
    matches!(pair, (61, 62) | (84, 85))
}
