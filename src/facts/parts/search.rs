//! Groups of linked parcels in a pool: linear in the pool, whatever the size of one key.

use super::group::{Group, Model, group};
use super::ordinary::{Rates, Stream, distinct, level_counts, rates, regular};
use super::pair::{Feature, Levels, Weights, compare};
use super::part::{Part, Row, parts};
use super::tie::{Edge, Tied, for_pairs, tie};
use crate::facts::Facts;
use crate::facts::goods::Goods;
use crate::model::money::Money;
use rayon::prelude::*;
use std::sync::Arc;

/// Fewest control groups for a p-value.
const FEWEST_CONTROLS: usize = 200;

/// What was found in a pool.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Groups over the limit that strong links tie, the highest score first.
    pub groups: Vec<Group>,
    /// p-values of everything over the limit, weakly tied pairs counted; none where there are too few controls.
    pub p_values: Vec<f64>,
    /// Groups within the limit, which the p-values rest on.
    pub controls: usize,
}

/// Mean weight of a group's links without that of the sender: with and without like values.
#[derive(Clone, Copy)]
struct Tie {
    with_values: f64,
    without: f64,
}

impl Tie {
    fn new(weight: f64, sender: f64, values: f64) -> Tie {
        Tie { with_values: weight - sender, without: weight - sender - values }
    }
}

/// Share of controls tied as strongly, the group itself counted: a p-value where they are exchangeable.
fn as_strong(ties: &[f64], weight: f64) -> f64 {
    let weaker = ties.partition_point(|tie| *tie < weight);
    (1 + ties.len() - weaker) as f64 / (1 + ties.len()) as f64
}

/// Groups of a share of the keys.
#[derive(Default)]
struct Found {
    groups: Vec<Group>,
    /// Weakly tied pairs over the limit: whether they have one sender, and the weights of their links.
    weak: Vec<(bool, Tie)>,
    /// Groups within the limit: whether they have one sender, and the weights of their links.
    controls: Vec<(bool, Tie)>,
}

impl Found {
    fn and(mut self, other: Found) -> Found {
        self.groups.extend(other.groups);
        self.weak.extend(other.weak);
        self.controls.extend(other.controls);
        self
    }
}

/// Everything that the keys of a pool are searched with.
struct Context<'a> {
    facts: &'a Facts<'a>,
    goods: &'a Goods,
    weights: Weights,
    rates: Rates,
    model: &'a Model,
}

/// Parcels under their keys, with the words of their goods.
#[derive(Debug, Default)]
pub struct Pool {
    parts: Vec<Part>,
    goods: Arc<Goods>,
}

impl Pool {
    /// Fetches what the rows' parcels are compared by, for several pools at once.
    pub fn of(facts: &Facts, pools: &[Vec<Row>]) -> Vec<Pool> {
        let pools = parts(facts, pools);
        let descriptions = pools.iter().flatten().map(|part| part.goods.description);
        let goods = Arc::new(Goods::of(facts, descriptions));
        pools.into_iter().map(|parts| Pool { parts, goods: goods.clone() }).collect()
    }

    /// The parcels under a key.
    pub fn of_key(&self, key: u64) -> &[Part] {
        let first = self.parts.partition_point(|part| part.key < key);
        let count = self.parts[first..].partition_point(|part| part.key == key);
        &self.parts[first..first + count]
    }
}

/// Ties the parcels of each key into groups and scores those over the limit.
pub fn search(facts: &Facts, pool: &Pool, model: &Model) -> Search {
    let Pool { parts, goods } = pool;
    if parts.is_empty() {
        return Search::default();
    }
    let pools: Vec<&[Part]> = parts.chunk_by(|a, b| a.key == b.key).collect();
    let weights = Weights::measure(&level_counts(&pools, goods, model));
    let rates = rates(facts, &pools, model);
    let context = Context { facts, goods, weights, rates, model };
    let found = pools
        .par_iter()
        .fold(Found::default, |found, pool| key(&context, pool, found))
        .reduce(Found::default, Found::and);
    judge(found, model)
}

/// Gives the groups their p-values and scores. A group is held against controls with one sender if it has one, else
/// against those with several.
fn judge(found: Found, model: &Model) -> Search {
    let Found { mut groups, weak, controls } = found;
    let mut p_values = Vec::new();
    for one_sender in [true, false] {
        let sorted = |weight: fn(&Tie) -> f64| {
            let own = controls.iter().filter(|c| c.0 == one_sender);
            let mut ties: Vec<f64> = own.map(|c| weight(&c.1)).collect();
            ties.sort_unstable_by(f64::total_cmp);
            ties
        };
        let (ties, plain) = (sorted(|tie| tie.with_values), sorted(|tie| tie.without));
        // The larger of both: like values may be due to the limit alone.
        let p_value = |tie: &Tie| as_strong(&ties, tie.with_values).max(as_strong(&plain, tie.without));
        let enough = ties.len() >= FEWEST_CONTROLS;
        if enough {
            p_values.extend(weak.iter().filter(|w| w.0 == one_sender).map(|w| p_value(&w.1)));
        }
        for group in groups.iter_mut().filter(|g| g.one_sender() == one_sender) {
            if enough {
                let p = p_value(&Tie { with_values: group.tie, without: group.tie - group.like_values });
                group.as_strong = Some(as_strong(&ties, group.tie));
                group.p_value = Some(p);
                p_values.push(p);
            }
            group.set_score(model);
        }
    }
    groups.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.parcels.cmp(&b.parcels)));
    Search { groups, p_values, controls: controls.len() }
}

/// Whether two parcels may be parts of one order at all.
pub fn eligible(a: &Part, b: &Part, model: &Model) -> bool {
    a.admitted
        && b.admitted
        && a.rule == b.rule
        && a.day.abs_diff(b.day) < model.days.max(1) as u32
        && (!model.legal || (a.legal != 0 && a.legal == b.legal))
        // A gift to each of two persons is two gifts.
        && (!model.across || (a.consignor == b.consignor && !a.gift))
}

/// Adds the groups of one key. Where no pair is strong enough, the strongest one stands for the key, so that weak
/// evidence is tested and controls are counted too.
fn key(context: &Context, pool: &[Part], mut found: Found) -> Found {
    let Context { facts, goods, weights, rates, model } = context;
    let crowd = if model.across { distinct(pool, |part| part.consignee) } else { 1 };
    if crowd > model.crowd {
        return found;
    }
    let regular = regular(facts, pool, rates.run, model);
    let mut edges: Vec<Edge> = Vec::new();
    let mut best: Option<Edge> = None;
    for_pairs(pool, |a, b| {
        let (x, y) = (&pool[a as usize], &pool[b as usize]);
        if !eligible(x, y, model) {
            return;
        }
        let levels = compare(goods, x, y);
        let weight = weights.total(levels, x, y, regular.is_some());
        let sender = weights.sender(levels, x, y, regular.is_some());
        let edge = || {
            let values = weights.values(levels, x, y, regular.is_some());
            Edge { a, b, levels, weight, sender, values }
        };
        // What the law adds up belongs together, however weak the link.
        if weight >= model.link || (model.legal && x.decisive) {
            edges.push(edge());
        } else if best.as_ref().is_none_or(|best| best.weight < weight) {
            best = Some(edge());
        }
    });
    let over = |part: &Part, total: Money| {
        super::limit_of(facts, part.parcel).is_some_and(|limit| !limit.admits(total))
    };
    if edges.is_empty() {
        if let Some(edge) = best {
            let (a, b) = (&pool[edge.a as usize], &pool[edge.b as usize]);
            let one_sender = a.consignor == b.consignor;
            let tie = Tie::new(edge.weight, edge.sender, edge.values);
            match over(a, a.value.saturating_add(b.value)) {
                true => found.weak.push((one_sender, tie)),
                false => found.controls.push((one_sender, tie)),
            }
        }
        return found;
    }
    edges.sort_unstable_by(|x, y| y.weight.total_cmp(&x.weight).then((x.a, x.b).cmp(&(y.a, y.b))));
    let mut stream: Option<Stream> = None;
    for Tied { members, links, weight, sender, values } in tie(pool, &edges, model.days) {
        let part = |&m: &u32| &pool[m as usize];
        let total = members.iter().map(part).fold(0, |sum: Money, p| sum.saturating_add(p.value));
        let first = part(&members[0]);
        if !over(first, total) {
            let one_sender = members.iter().all(|m| part(m).consignor == first.consignor);
            // One order number makes one order: it tells nothing about how alike separate orders look.
            let one_order = |link: &Levels| link.of(Feature::Order) == 0;
            if !links.iter().any(one_order) {
                found.controls.push((one_sender, Tie::new(weight, sender, values)));
            }
            continue;
        }
        let mut parts: Vec<Part> = members.iter().map(|m| *part(m)).collect();
        parts.sort_unstable_by_key(|part| part.parcel);
        let mut group = group(&parts, links, sender, weight - sender);
        group.like_values = values;
        group.decisive = model.legal && parts[0].decisive;
        group.crowd = crowd;
        group.regular = regular;
        let only = group.one_sender().then(|| group.consignors[0]);
        let stream = stream.get_or_insert_with(|| Stream::of(pool));
        group.arrivals = stream.arrivals(only, group.days.0, model, rates, regular);
        found.groups.push(group);
    }
    found
}
