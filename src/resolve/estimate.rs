//! What the night itself says about slips and coincidences, in place of the shipped odds.
//!
//! `u`, the share among pairs of two parties, comes from pairs taken at random. `m`, the share among pairs of one party,
//! comes from pairs found by one field and judged on the others, so that the field that found them cannot praise
//! itself: parts of the address by expectation and maximisation over pairs of one full name, words of the name over
//! pairs of one address. The chance that two declarations are one party comes from rules that hardly err. Every value
//! is drawn towards the shipped one by as many pairs as `shipped_pairs` says, so that a night of few pairs keeps it, and
//! stays within `most_change` of it, because estimates without bound are known to collapse.
//!
//! One thing cannot be read off a pair: whether another given name at the same address is a slip or another
//! person of the household. The night can tell. Where names are replaced by mistake, surnames are replaced as
//! given names are; where families order, one side of the name is shared much more often than the other.

use super::block::{groups, share_a_word, shared};
use super::card::{BUSINESS, Card, NAMELESS, PICKUP, Table, join};
use super::compare::Match;
use super::names::{NameLevel, WORD_LEVELS, compare_names};
use super::places::{Part, Places, cities, compare_places};
use super::settings::{Bits, Odds, ResolveSettings, Weights};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Pairs taken at random, and parties looked at for pairs of one name or one address.
const SAMPLE: usize = 50_000;
/// Fewest parties to learn from.
const FEWEST: usize = 200;
/// Larger groups of one key are strangers as a rule.
const GROUP: usize = 12;
/// Rounds of expectation and maximisation.
const ROUNDS: usize = 25;
/// Given names are replaced at most so many times as often as surnames, or the other way round.
const LOPSIDED: f64 = 2.0;
/// Most pairs of names with nothing in common at one address, to each with one word replaced, where replaced words are
/// mistakes.
const STRANGERS: f64 = 0.5;
/// Names in a family are alike so many times as often as names at random.
const FAMILY_LIKENESS: f64 = 3.0;
/// Both words of a name are replaced so many times as often as if one had nothing to do with the other.
const CARELESS: f64 = 5.0;
/// Most that it says that both are firms, bits.
const FIRMS_FEW: f64 = 3.0;
/// Doubtful pairs that the shipped odds of the household weigh as much as.
const HOUSEHOLD_PAIRS: f64 = 4.0;

/// The settings' weights, corrected by what the parties of the night show. `members` are parties that read differently.
pub(super) fn estimate(table: &Table, members: &[u32], settings: &ResolveSettings) -> Weights {
    let shipped = &settings.weights;
    let mut weights = shipped.clone();
    if !settings.estimate || members.len() < FEWEST {
        return weights;
    }
    let bits = Bits::new(shipped, shipped);
    let blend = Blend { pairs: settings.shipped_pairs, most: settings.most_change };
    let random = Random::of(table, members, &bits);
    random.correct(&mut weights, &blend);
    addresses(table, members, &Bits::new(&weights, shipped), &random, shipped, &mut weights, &blend);
    names(table, members, &Bits::new(&weights, shipped), &random, shipped, &mut weights, &blend);
    let firms = members.iter().filter(|&&party| table.cards[party as usize].has(BUSINESS)).count();
    weights.firm_few = (members.len() as f64 / firms.max(1) as f64).log2().min(FIRMS_FEW);
    weights.place_both = place_both(table, members, &random, &weights);
    weights.prior = prior(table, members, shipped, &weights);
    weights
}

/// How an estimate meets the shipped value.
struct Blend {
    pairs: f64,
    most: f64,
}

impl Blend {
    /// A share seen `count` times in `total`, drawn towards the shipped one and kept near it.
    fn share(&self, count: f64, total: f64, shipped: f64) -> f64 {
        let share = (count + self.pairs * shipped) / (total + self.pairs);
        share.clamp(shipped / self.most, (shipped * self.most).min(0.999))
    }
}

/// Members whose key belongs to a sample of the keys, so that groups stay whole.
fn sampled(members: &[u32], key: impl Fn(u32) -> u64 + Sync) -> Vec<(u64, u32)> {
    let every = members.len().div_ceil(SAMPLE) as u64;
    shared(members, |party| {
        let key = key(party);
        if key.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29) % every == 0 { key } else { 0 }
    })
}

/// Pairs of the sampled groups of a key.
fn pairs_of(members: &[u32], key: impl Fn(u32) -> u64 + Sync) -> Vec<(u32, u32)> {
    let entries = sampled(members, key);
    let mut pairs = Vec::new();
    for group in groups(&entries).filter(|group| group.len() <= GROUP) {
        for (i, a) in group.iter().enumerate() {
            pairs.extend(group[i + 1..].iter().map(|b| (a.1, b.1)));
        }
    }
    pairs
}

/// Any number, always the same one for the same number.
fn scatter(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    (x ^ x >> 31) >> 1
}

/// Levels of the parts of an address and of the contacts that are learnt, by field.
const FIELDS: usize = 7;
/// Levels of one field; 0 is missing.
const LEVELS: usize = 5;
type Pattern = [u8; FIELDS];

fn pattern(table: &Table, places: &Places, a: u32, b: u32) -> Pattern {
    let (one, two) = (&table.cards[a as usize], &table.cards[b as usize]);
    let part = |part: Part| part as u8;
    let contact = |same: Match| match same {
        Match::Missing => 0,
        Match::Same => Part::Same as u8,
        Match::Different => Part::Different as u8,
    };
    [
        part(places.street),
        part(places.house),
        part(places.postcode),
        part(places.city),
        contact(Match::of(one.phone, two.phone)),
        contact(Match::of(one.email, two.email)),
        part(places.region),
    ]
}

type Counts = [[f64; LEVELS]; FIELDS];

/// What pairs at random show.
#[derive(Default)]
struct Random {
    pairs: f64,
    fields: Counts,
    words: [f64; WORD_LEVELS],
    /// Words compared.
    slots: f64,
    /// Pairs whose names begin, or end, with the same word.
    same_first: f64,
    same_last: f64,
}

impl Random {
    fn of(table: &Table, members: &[u32], bits: &Bits) -> Random {
        let n = members.len();
        let count = SAMPLE.min(n * (n - 1) / 2);
        let parts: Vec<Random> = (0..count.div_ceil(4096))
            .into_par_iter()
            .map(|chunk| {
                let mut part = Random::default();
                for i in chunk * 4096..((chunk + 1) * 4096).min(count) {
                    let a = scatter(i as u64) as usize % n;
                    let step = 1 + scatter(!(i as u64)) as usize % (n - 1);
                    let (a, b) = (members[a], members[(a + step) % n]);
                    let places = compare_places(table, bits, a, b);
                    let levels = pattern(table, &places, a, b);
                    part.fields.iter_mut().zip(levels).for_each(|(f, level)| f[usize::from(level)] += 1.0);
                    let names = compare_names(table, bits, a, b);
                    part.words.iter_mut().zip(names.words).for_each(|(w, count)| *w += f64::from(count));
                    let (one, two) = (&table.cards[a as usize], &table.cards[b as usize]);
                    part.same_first +=
                        f64::from(u8::from(one.first_word != 0 && one.first_word == two.first_word));
                    part.same_last +=
                        f64::from(u8::from(one.last_word != 0 && one.last_word == two.last_word));
                    let words = table.cards[a as usize].words.min(table.cards[b as usize].words);
                    part.slots += f64::from(words);
                    part.pairs += 1.0;
                }
                part
            })
            .collect();
        let mut all = Random::default();
        for part in parts {
            all.pairs += part.pairs;
            all.slots += part.slots;
            all.same_first += part.same_first;
            all.same_last += part.same_last;
            add(&mut all.fields, &part.fields, 1.0);
            all.words.iter_mut().zip(part.words).for_each(|(to, from)| *to += from);
        }
        all
    }

    /// Share of a level among the pairs in which the field is not missing.
    fn share(&self, field: usize, level: Part, shipped: f64, blend: &Blend) -> f64 {
        let present: f64 = self.fields[field][1..].iter().sum();
        blend.share(self.fields[field][level as usize], present, shipped)
    }

    fn correct(&self, weights: &mut Weights, blend: &Blend) {
        let fields = &mut [
            (0, Part::Near, &mut weights.street_near),
            (0, Part::Some, &mut weights.street_some),
            (0, Part::Different, &mut weights.street_different),
            (1, Part::Same, &mut weights.house_same),
            (1, Part::Near, &mut weights.house_near),
            (1, Part::Different, &mut weights.house_different),
            (2, Part::Near, &mut weights.postcode_near),
            (2, Part::Different, &mut weights.postcode_different),
            (3, Part::Near, &mut weights.city_near),
            (3, Part::Different, &mut weights.city_different),
            (6, Part::Same, &mut weights.region_same),
            (6, Part::Different, &mut weights.region_different),
        ];
        for (field, level, odds) in fields {
            odds.u = self.share(*field, *level, odds.u, blend);
        }
        // Of words, how many times as common as the same word; a coincidence of one word in two hundred is usual.
        let same = self.words[0] + blend.pairs / 200.0;
        let words = [&mut weights.word_sound, &mut weights.word_typo, &mut weights.word_short];
        for (level, odds) in [1, 2, 3].into_iter().zip(words) {
            let times = (self.words[level] + blend.pairs / 200.0 * odds.u) / same;
            odds.u = times.clamp(odds.u / blend.most, odds.u * blend.most);
        }
        let total: f64 = self.words.iter().sum();
        for (level, odds) in [(4, &mut weights.word_initial), (5, &mut weights.word_missing)] {
            odds.u = blend.share(self.words[level], total, odds.u);
        }
        let similar = &mut weights.word_similar;
        let times = (self.words[6] + blend.pairs / 200.0 * similar.u) / same;
        similar.u = times.clamp(similar.u / blend.most, similar.u * blend.most);
    }
}

fn add(to: &mut Counts, from: &Counts, times: f64) {
    for (to, from) in to.iter_mut().flatten().zip(from.iter().flatten()) {
        *to += from * times;
    }
}

/// Learns how the particulars of one party differ, from pairs of the same full name of which some are namesakes.
fn addresses(
    table: &Table,
    members: &[u32],
    bits: &Bits,
    random: &Random,
    shipped: &Weights,
    weights: &mut Weights,
    blend: &Blend,
) {
    let pairs = pairs_of(members, |party| {
        let card = &table.cards[party as usize];
        if card.words < 2 || card.has(NAMELESS) || card.has(PICKUP) {
            0
        } else {
            table.contacts.name[party as usize]
        }
    });
    let patterns = histogram(&pairs, |a, b| Some(pattern(table, &compare_places(table, bits, a, b), a, b)));
    let u = shares(&random.fields, &Counts::default(), 1.0);
    let start = initial(shipped);
    let mut m = start;
    let mut one_party = 0.5;
    let mut counts = Counts::default();
    for _ in 0..ROUNDS {
        counts = Counts::default();
        let (mut ones, mut all) = (0.0, 0.0);
        for (levels, n) in &patterns {
            let likelihood = |share: &Counts| -> f64 {
                levels
                    .iter()
                    .enumerate()
                    .filter(|(_, l)| **l > 0)
                    .map(|(f, l)| share[f][usize::from(*l)])
                    .product()
            };
            let (one, two) = (one_party * likelihood(&m), (1.0 - one_party) * likelihood(&u));
            let odds = if one + two > 0.0 { one / (one + two) } else { 0.0 };
            for (field, level) in levels.iter().enumerate() {
                counts[field][usize::from(*level)] += odds * n;
            }
            ones += odds * n;
            all += n;
        }
        one_party = ((ones + 10.0) / (all + 20.0_f64)).clamp(0.02, 0.98);
        m = shares(&counts, &start, blend.pairs);
    }
    let share = |field: usize, level: Part, odds: Odds| {
        let present: f64 = counts[field][1..].iter().sum();
        blend.share(counts[field][level as usize], present, odds.m)
    };
    weights.street_same.m = share(0, Part::Same, shipped.street_same);
    weights.street_near.m = share(0, Part::Near, shipped.street_near);
    weights.street_some.m = share(0, Part::Some, shipped.street_some);
    weights.street_different.m = share(0, Part::Different, shipped.street_different);
    weights.house_same.m = share(1, Part::Same, shipped.house_same);
    weights.house_near.m = share(1, Part::Near, shipped.house_near);
    weights.house_different.m = share(1, Part::Different, shipped.house_different);
    weights.postcode_near.m = share(2, Part::Near, shipped.postcode_near);
    weights.postcode_different.m = share(2, Part::Different, shipped.postcode_different);
    weights.city_near.m = share(3, Part::Near, shipped.city_near);
    weights.city_different.m = share(3, Part::Different, shipped.city_different);
    weights.phone_same.m = share(4, Part::Same, shipped.phone_same);
    weights.phone_different.m = share(4, Part::Different, shipped.phone_different);
    weights.email_same.m = share(5, Part::Same, shipped.email_same);
    weights.email_different.m = share(5, Part::Different, shipped.email_different);
    weights.region_same.m = share(6, Part::Same, shipped.region_same);
    weights.region_different.m = share(6, Part::Different, shipped.region_different);
}

/// Shares of the levels of each field where it is not missing, drawn towards `start` by `pairs`; never 0.
fn shares(counts: &Counts, start: &Counts, pairs: f64) -> Counts {
    let mut shares = Counts::default();
    for ((out, count), start) in shares.iter_mut().zip(counts).zip(start) {
        let total: f64 = count[1..].iter().sum::<f64>() + pairs;
        let levels = out.iter_mut().zip(count).zip(start).skip(1);
        levels.for_each(|((out, count), start)| *out = ((count + pairs * start) / total).max(1e-6));
    }
    shares
}

fn initial(w: &Weights) -> Counts {
    let rest = |of: &[Odds]| (1.0 - of.iter().map(|odds| odds.m).sum::<f64>()).max(0.05);
    let postcode = [w.postcode_near, w.postcode_different];
    let city = [w.city_near, w.city_different];
    [
        [0.0, w.street_same.m, w.street_near.m, w.street_some.m, w.street_different.m],
        [0.0, w.house_same.m, w.house_near.m, 0.0, w.house_different.m],
        [0.0, rest(&postcode), w.postcode_near.m, 0.0, w.postcode_different.m],
        [0.0, rest(&city), w.city_near.m, 0.0, w.city_different.m],
        [0.0, w.phone_same.m, 0.0, 0.0, w.phone_different.m],
        [0.0, w.email_same.m, 0.0, 0.0, w.email_different.m],
        [0.0, w.region_same.m, 0.0, 0.0, w.region_different.m],
    ]
}

/// How often each pattern occurs, in a fixed order.
fn histogram<K: Ord + Send>(
    pairs: &[(u32, u32)],
    key: impl Fn(u32, u32) -> Option<K> + Sync,
) -> BTreeMap<K, f64> {
    let keys: Vec<Option<K>> = pairs.par_iter().with_min_len(512).map(|&(a, b)| key(a, b)).collect();
    let mut histogram = BTreeMap::new();
    keys.into_iter().flatten().for_each(|key| *histogram.entry(key).or_insert(0.0) += 1.0);
    histogram
}

/// Kinds of pairs at one address, by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Exact,
    Slips,
    Similar,
    /// The word that both have stands last, the other word is replaced.
    LastShared,
    FirstShared,
    /// One word is replaced, the other stands elsewhere.
    Replaced,
    Other,
}

/// Learns how the names of one party differ, from pairs of one address of which some are two of a household.
fn names(
    table: &Table,
    members: &[u32],
    bits: &Bits,
    random: &Random,
    shipped: &Weights,
    weights: &mut Weights,
    blend: &Blend,
) {
    let card = |party: u32| &table.cards[party as usize];
    let whole = |card: &Card| !card.has(PICKUP) && !card.has(NAMELESS) && card.street != 0 && card.house != 0;
    let key = |party: u32, place: fn(&Card) -> u32| {
        let card = card(party);
        let fits = whole(card) && place(card) != 0;
        if fits { join([u64::from(place(card)), u64::from(card.house), u64::from(card.country)]) } else { 0 }
    };
    let mut pairs = pairs_of(members, |party| table.contacts.building[party as usize]);
    pairs.extend(pairs_of(members, |party| key(party, |card| card.postcode)));
    pairs.extend(pairs_of(members, |party| key(party, |card| card.city)));
    pairs.iter_mut().for_each(|pair| *pair = (pair.0.min(pair.1), pair.0.max(pair.1)));
    pairs.par_sort_unstable();
    pairs.dedup();
    let kinds = histogram(&pairs, |a, b| {
        let places = compare_places(table, bits, a, b);
        if !places.level.is_building() || card(a).has(PICKUP) || card(b).has(PICKUP) {
            return None;
        }
        let names = compare_names(table, bits, a, b);
        let kind = match names.level {
            NameLevel::Nameless => return None,
            NameLevel::Same => Kind::Exact,
            NameLevel::Spelling | NameLevel::Initials | NameLevel::Subset => Kind::Slips,
            NameLevel::Similar => Kind::Similar,
            NameLevel::Replaced => match shared_word(card(a), card(b)) {
                Some(true) => Kind::LastShared,
                Some(false) => Kind::FirstShared,
                None => Kind::Replaced,
            },
            NameLevel::Different => Kind::Other,
        };
        Some((kind, names.words))
    });
    let mut of = [0.0; 7];
    kinds.iter().for_each(|((kind, _), n)| of[*kind as usize] += n);
    let [exact, slips, similar, last, first, unplaced, other] = of;

    // Strangers at one address share a word by chance as often as any two do.
    let chance = |same: f64| other * same / random.pairs.max(1.0);
    let last = (last - chance(random.same_last)).max(0.0);
    let first = (first - chance(random.same_first)).max(0.0);
    // Replaced by mistake: on both sides of the name alike, less often than slips of the pen, and more often than
    // addresses are shared by names that have nothing in common.
    let (fewer, more) = (last.min(first), last.max(first));
    let replaced = fewer + more;
    let mistakes = fewer + more.min(LOPSIDED * fewer);
    let plausible = replaced <= slips + similar && other <= STRANGERS * replaced;
    let mistakes = if plausible { mistakes } else { 0.0 };
    let belief = |one: f64, all: f64, others: f64, pairs: f64| {
        let share = (one + pairs / (1.0 + others)) / (all + pairs);
        let share = share.clamp(1e-3, 0.97);
        (1.0 - share) / share
    };
    // A record that errs once errs more often: both words are replaced in more pairs than chance would have.
    let all = exact + slips + similar + mistakes + unplaced;
    let both = CARELESS * mistakes * mistakes / (4.0 * all.max(1.0));
    weights.others_different = belief(both.min(other), other, shipped.others_different, 0.5);
    weights.others_replaced = belief(mistakes, replaced, shipped.others_replaced, HOUSEHOLD_PAIRS);
    // Members of a household whose names are alike by chance.
    let likeness = FAMILY_LIKENESS * random.words[6] / random.slots.max(1.0);
    let family = (replaced - mistakes) * likeness;
    weights.others_similar =
        belief((similar - family).max(0.0), similar, shipped.others_similar, HOUSEHOLD_PAIRS)
            // A word much alike is a slip all the more where a replaced one is.
            .min(weights.others_replaced);

    // Words of pairs that are one party.
    let one_party = |kind: Kind| match kind {
        Kind::Exact | Kind::Slips => 1.0,
        Kind::Similar => 1.0 / (1.0 + weights.others_similar),
        Kind::LastShared | Kind::FirstShared | Kind::Replaced => 1.0 / (1.0 + weights.others_replaced),
        Kind::Other => 0.0,
    };
    let mut words = [0.0; WORD_LEVELS];
    for ((kind, count), n) in &kinds {
        let odds = one_party(*kind) * n;
        words.iter_mut().zip(count).for_each(|(to, from)| *to += odds * f64::from(*from));
    }
    let total: f64 = words.iter().sum();
    let share = |level: usize, odds: Odds| blend.share(words[level], total, odds.m);
    weights.word_same.m = share(0, shipped.word_same);
    weights.word_sound.m = share(1, shipped.word_sound);
    weights.word_typo.m = share(2, shipped.word_typo);
    weights.word_short.m = share(3, shipped.word_short);
    weights.word_initial.m = share(4, shipped.word_initial);
    weights.word_missing.m = share(5, shipped.word_missing);
    weights.word_similar.m = share(6, shipped.word_similar);
    // The one value that may move far: how often a word is replaced is what the household was estimated for.
    let free = Blend { pairs: blend.pairs, most: 64.0 };
    weights.word_different.m = free.share(words[7], total, shipped.word_different.m);
}

/// Whether the word that both names have stands last in both (or first); nothing where it stands elsewhere.
fn shared_word(a: &Card, b: &Card) -> Option<bool> {
    let same = |x: u32, y: u32| x != 0 && x == y;
    match (same(a.last_word, b.last_word), same(a.first_word, b.first_word)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

/// How much the city says beside the postcode: its bits among parties of one postcode whose names and streets have
/// nothing in common, over its bits among all.
fn place_both(table: &Table, members: &[u32], random: &Random, weights: &Weights) -> f64 {
    let card = |party: u32| &table.cards[party as usize];
    let entries = sampled(members, |party| {
        let card = card(party);
        let fits = card.postcode != 0 && card.city != 0 && !card.has(NAMELESS);
        if fits { join([u64::from(card.postcode), u64::from(card.country)]) } else { 0 }
    });
    // The shipped belief, that a postcode has one city, counts as much as a pair.
    let (mut same, mut all) = (0.95, 1.0);
    for pair in groups(&entries).flat_map(|group| group.windows(2)) {
        let (a, b) = (pair[0].1, pair[1].1);
        let (one, two) = (card(a), card(b));
        if one.street != two.street && one.house != two.house && !share_a_word(one, two) {
            same += f64::from(u8::from(cities(table, a, b).agrees()));
            all += 1.0;
        }
    }
    let of = &random.fields[3];
    let (met, pairs) = (of[Part::Same as usize] + of[Part::Near as usize], of[1..].iter().sum::<f64>());
    let beside = -(same / all).log2();
    let alone = -((met + 1.0) / (pairs + 1.0)).log2();
    // Where all live in one city, it says nothing.
    if alone < 1.0 { weights.place_both } else { (beside / alone).clamp(0.0, 1.0) }
}

/// Chance that two declarations taken at random are one party: the pairs found by rules that hardly err, over the
/// share of true pairs that those rules find by the odds learnt.
fn prior(table: &Table, members: &[u32], shipped: &Weights, learnt: &Weights) -> f64 {
    let contacts = &table.contacts;
    let card = |party: u32| &table.cards[party as usize];
    let keys: [&(dyn Fn(u32) -> [u64; 3] + Sync); 3] = [
        &|p| [contacts.name[p as usize], u64::from(card(p).house), u64::from(card(p).postcode)],
        &|p| [contacts.name[p as usize], u64::from(card(p).street), u64::from(card(p).country)],
        &|p| {
            let word = card(p).rarest().filter(|(first, second)| first != second);
            let word = word.map_or(0, |(first, _)| card(p).word[first]);
            [contacts.building[p as usize], u64::from(card(p).house), u64::from(word)]
        },
    ];
    let (word, street, house) = (learnt.word_same.m, learnt.street_same.m, learnt.house_same.m);
    let postcode = (1.0 - learnt.postcode_near.m - learnt.postcode_different.m).max(0.1);
    let recall = word * word * house * postcode + word * word * street + street * house * postcode * word;
    let every = members.len().div_ceil(SAMPLE) as f64;
    let found = keys.map(|key| {
        let entries = sampled(members, |party| {
            let parts = key(party);
            let whole =
                parts.iter().all(|part| *part != 0) && !card(party).has(NAMELESS) && card(party).words >= 2;
            if whole { join(parts) } else { 0 }
        });
        let pairs =
            groups(&entries).filter(|group| group.len() <= GROUP).map(|g| g.len() * (g.len() - 1) / 2);
        pairs.sum::<usize>() as f64 * every
    });
    let pairs = found.into_iter().sum::<f64>() / recall.max(0.1);
    let n = members.len() as f64;
    // The shipped chance counts as much as half a pair.
    (pairs + 0.5) / (n * (n - 1.0) / 2.0 + 0.5 / shipped.prior)
}
