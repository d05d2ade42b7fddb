//! What words say of the tariff heading: learned from the night's own lines, the shipped names of goods, and files of
//! described goods that the user gives.
//!
//! Each distinct text is handled once. What a consignor teaches is damped, what is copied over many counts once.

mod features;
mod grams;
mod model;

use crate::lists::DescribedGoods;
use crate::model::entities::Entities;
use crate::model::parcels::Shipments;
use crate::refdata::goods_words::headings;
use features::{Feature, features};
use model::{Example, Profiles, Scratch};
use rayon::prelude::*;

pub use model::Verdict;

/// What a shipped name of goods counts for.
const NAME_WEIGHT: f32 = 3.0;
/// What a line of a user's file counts for.
const REFERENCE_WEIGHT: f32 = 1.0;
/// Texts of the night that are learned from, at most; beyond, a sample by hash.
const LEARNED: usize = 150_000;

/// A distinct text under a distinct declared heading.
#[derive(Clone, Copy, Debug)]
pub struct Declared<'a> {
    /// The description.
    pub text: &'a str,
    /// First four digits of the commodity code.
    pub heading: u16,
    /// What it teaches, 0 to 1.
    pub weight: f32,
    /// The part of that which its own declarant teaches.
    pub own: f32,
}

/// Texts of goods with their headings, held once.
#[derive(Default)]
struct Texts {
    folded: Vec<String>,
    features: Vec<Feature>,
    ends: Vec<usize>,
}

impl Texts {
    fn of(texts: &[&str]) -> Texts {
        let parts: Vec<(String, Vec<Feature>)> = texts
            .par_iter()
            .map(|text| {
                let (mut folded, mut out) = (String::new(), Vec::new());
                features(text, &mut folded, &mut out);
                (folded, out)
            })
            .collect();
        let mut all = Texts::default();
        for (folded, features) in parts {
            all.folded.push(folded);
            all.features.extend(features);
            all.ends.push(all.features.len());
        }
        all
    }
    fn features(&self, i: usize) -> &[Feature] {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.features[start..self.ends[i]]
    }
    /// Distinct words with their hashes, in the order of the hashes.
    fn words(&self, some: impl Fn(usize) -> bool) -> Vec<(u32, &str)> {
        let mut words = Vec::new();
        for i in (0..self.ends.len()).filter(|&i| some(i)) {
            let folded = &self.folded[i];
            let own = self.features(i).iter().filter(|f| !f.pair);
            words.extend(own.map(|f| (f.hash, &folded[usize::from(f.span.0)..usize::from(f.span.1)])));
        }
        words.par_sort_unstable();
        words.dedup_by_key(|w| w.0);
        words
    }
}

/// Evidence of words for headings.
pub struct Words {
    profiles: Profiles,
}

impl Words {
    /// Learns from the night's texts and from files of the user's, and judges each text of the night.
    pub fn judge(night: &[Declared], reference: &[(u16, &str)]) -> (Words, Vec<Verdict>) {
        let names: Vec<(u16, &str)> =
            headings().iter().flat_map(|h| h.words.iter().map(|w| (h.heading, *w))).collect();
        let named = Texts::of(&names.iter().map(|n| n.1).collect::<Vec<_>>());
        let referred = Texts::of(&reference.iter().map(|r| r.1).collect::<Vec<_>>());
        let own = Texts::of(&night.iter().map(|d| d.text).collect::<Vec<_>>());
        let learned = |i: usize| night[i].weight > 0.0;
        // A name of several words says more as a whole than each word of it.
        let parts: Vec<(Vec<Feature>, Vec<Feature>)> =
            (0..names.len()).map(|i| named.features(i).iter().copied().partition(|f| f.pair)).collect();
        let mut examples: Vec<Example> = Vec::with_capacity(night.len() + 2 * names.len() + reference.len());
        for ((pairs, words), &(heading, _)) in parts.iter().zip(&names) {
            let each = NAME_WEIGHT / words.len().max(1) as f32;
            examples.push(Example { features: words, heading, weight: each });
            examples.push(Example { features: pairs, heading, weight: NAME_WEIGHT });
        }
        for (i, &(heading, _)) in reference.iter().enumerate() {
            examples.push(Example { features: referred.features(i), heading, weight: REFERENCE_WEIGHT });
        }
        for i in (0..night.len()).filter(|&i| learned(i)) {
            let Declared { heading, weight, .. } = night[i];
            examples.push(Example { features: own.features(i), heading, weight });
        }
        let mut words = named.words(|_| true);
        words.extend(referred.words(|_| true));
        words.extend(own.words(learned));
        words.par_sort_unstable();
        words.dedup_by_key(|w| w.0);
        let profiles = Profiles::learn(&examples, &words);
        let verdicts = (0..night.len())
            .into_par_iter()
            .map_init(Scratch::default, |scratch, i| {
                profiles.judge(&own.folded[i], own.features(i), night[i].heading, night[i].own, scratch)
            })
            .collect();
        (Words { profiles }, verdicts)
    }

    /// The words of a description that point to a heading most, as they stand in the folded text.
    pub fn pointing(&self, text: &str, heading: u16) -> Vec<String> {
        let (mut folded, mut all) = (String::new(), Vec::new());
        features(text, &mut folded, &mut all);
        let mut pulls: Vec<(f32, (u16, u16))> =
            all.iter().map(|f| (self.profiles.pull(f, heading), f.span)).filter(|p| p.0 > 0.5).collect();
        pulls.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut spans: Vec<(u16, u16)> = Vec::new();
        for (_, span) in pulls {
            if spans.len() < 3 && !spans.iter().any(|s| s.0 < span.1 && span.0 < s.1) {
                spans.push(span);
            }
        }
        spans.sort_unstable();
        spans.iter().map(|s| folded[usize::from(s.0)..usize::from(s.1)].to_owned()).collect()
    }
}

/// Sets the weights of all but a sample of texts to 0, so that the work stays linear with a small factor.
pub fn sample(night: &mut [Declared]) {
    if night.len() > LEARNED {
        let hash = |d: &Declared| xxhash_rust::xxh3::xxh3_64(d.text.as_bytes());
        let share = LEARNED as f64 / night.len() as f64;
        let bound = (share * u64::MAX as f64) as u64;
        for d in night.iter_mut().filter(|d| hash(d) > bound) {
            (d.weight, d.own) = (0.0, 0.0);
        }
    }
}

/// What the night's words say: one verdict for each distinct description under each distinct heading.
pub struct Night {
    /// Evidence learned, to name the words of a reason.
    pub words: Words,
    /// Distinct pairs of description and heading, ascending.
    pub pairs: Vec<Pair>,
    /// The verdict on each.
    pub verdicts: Vec<Verdict>,
    /// Margin from which a text contradicts its code tonight.
    pub limit: f32,
}

/// A distinct description under a distinct heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// Description, number in [`Shipments::descriptions`].
    pub description: u32,
    /// First four digits of the code.
    pub heading: u16,
    /// Lines that say so.
    pub lines: u32,
    /// Consignors who say so.
    pub consignors: u32,
    /// One of them, the first.
    pub consignor: u32,
}

/// Texts of one consignor under one heading that teach in full; more of them are damped.
const IN_FULL: f32 = 25.0;
/// A consignor's texts teach at least this, so that a night of one forwarder can be learned from.
const LEAST: f32 = 0.2;
/// Bounds of the night's limit, and the share of its texts that may lie above.
const LIMITS: (f32, f32) = (3.0, 5.0);
const SHARE_ABOVE: f64 = 0.05;
/// Texts from which a night's own limit is trusted.
const OWN_LIMIT: usize = 400;

impl Night {
    /// Reads the night: each distinct text under each heading once, damped by consignor, text by text.
    pub fn read(shipments: &Shipments, consignors: &Entities, described: &DescribedGoods) -> Night {
        let (lines, parcels) = (&shipments.lines, &shipments.parcels);
        let mut rows: Vec<(u32, u16, u32)> = (0..lines.len())
            .into_par_iter()
            .filter_map(|l| {
                let heading = lines.hs[l]?.heading();
                let consignor = consignors.of_party[parcels.consignor[lines.parcel[l] as usize] as usize];
                Some((lines.description[l], heading, consignor))
            })
            .collect();
        rows.par_sort_unstable();
        let pairs: Vec<Pair> = rows
            .chunk_by(|a, b| (a.0, a.1) == (b.0, b.1))
            .map(|own| Pair {
                description: own[0].0,
                heading: own[0].1,
                lines: own.len() as u32,
                consignors: own.chunk_by(|a, b| a.2 == b.2).count() as u32,
                consignor: own[0].2,
            })
            .collect();
        let of_text = |text: &[Pair]| text.iter().map(|p| p.consignors as f32).sum::<f32>();
        let mut texts_of: hashbrown::HashMap<(u32, u16), u32> = hashbrown::HashMap::new();
        for pair in pairs.iter().filter(|p| p.consignors == 1) {
            *texts_of.entry((pair.consignor, pair.heading)).or_default() += 1;
        }
        let mut night: Vec<Declared> = Vec::with_capacity(pairs.len());
        for text in pairs.chunk_by(|a, b| a.description == b.description) {
            let all = of_text(text);
            for pair in text {
                let own = texts_of.get(&(pair.consignor, pair.heading)).copied().unwrap_or(1) as f32;
                let damped =
                    if pair.consignors == 1 { (IN_FULL / own).sqrt().clamp(LEAST, 1.0) } else { 1.0 };
                // A text under several headings is shared among them by the consignors who say so.
                let weight = damped * pair.consignors as f32 / all;
                night.push(Declared {
                    text: shipments.descriptions.get(pair.description),
                    heading: pair.heading,
                    weight,
                    own: weight / pair.consignors as f32,
                });
            }
        }
        sample(&mut night);
        let reference: Vec<(u16, &str)> = described.rows().collect();
        let (words, verdicts) = Words::judge(&night, &reference);
        let limit = limit(&verdicts);
        Night { words, pairs, verdicts, limit }
    }

    /// The verdict on a description under a heading.
    pub fn verdict(&self, description: u32, heading: u16) -> Option<&Verdict> {
        let place =
            self.pairs.binary_search_by_key(&(description, heading), |p| (p.description, p.heading)).ok()?;
        Some(&self.verdicts[place])
    }
}

/// Most of a night is honest: a margin that many texts pass is no contradiction, one that hardly any passes is.
fn limit(verdicts: &[Verdict]) -> f32 {
    if verdicts.len() < OWN_LIMIT {
        return LIMITS.1;
    }
    let mut margins: Vec<f32> = verdicts.iter().map(|v| v.margin).collect();
    margins.sort_unstable_by(f32::total_cmp);
    let place = ((1.0 - SHARE_ABOVE) * margins.len() as f64) as usize;
    margins[place.min(margins.len() - 1)].clamp(LIMITS.0, LIMITS.1)
}
