//! Groups of linked parcels in a pool: linear in the pool, whatever the size of one key.

use super::group::{Group, Model, Regular, arrivals, group};
use super::pair::{FEATURES, Feature, LEVELS, Levels, UNKNOWN, Weights, compare};
use super::part::{Part, Row, parts};
use crate::facts::Facts;
use crate::facts::goods::Goods;
use crate::stats::arrivals::RatePrior;
use rayon::prelude::*;

/// Up to this many parcels under one key every pair is compared; beyond it only neighbours in several orders are.
const ALL_PAIRS: usize = 12;
/// Neighbours compared in each order.
const NEIGHBOURS: usize = 3;
/// Pairs of one key that count when the weights are measured, so that one firm does not decide them.
const MEASURED_OF_KEY: usize = 6;
/// Keys with more parcels than this do not count for the ordinary rate of arrival.
const ORDINARY_KEY: usize = 40;
/// Fewest control groups for a p-value.
const FEWEST_CONTROLS: usize = 200;

/// What was found in a pool.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Groups over the limit, the highest score first.
    pub groups: Vec<Group>,
    /// p-values of all groups over the limit, those with a low score counted; empty where there are too few controls.
    pub p_values: Vec<f64>,
    /// Groups within the limit, which the p-values rest on.
    pub controls: usize,
}

/// A pair whose link is strong enough, or the strongest of its key.
struct Edge {
    a: u32,
    b: u32,
    levels: Levels,
    weight: f64,
    sender: f64,
}

/// Rates of arrival that hold for everybody in the pool.
struct Rates {
    anybody: RatePrior,
    one_sender: RatePrior,
    run: i32,
}

/// Ties the parcels of each key of a pool into groups and scores those over the limit.
pub fn search(facts: &Facts, rows: &[Row], model: &Model) -> Search {
    if rows.is_empty() {
        return Search::default();
    }
    let parts = parts(facts, rows);
    let goods = Goods::of(facts, parts.iter().map(|p| p.goods.description));
    let pools: Vec<&[Part]> = parts.chunk_by(|a, b| a.key == b.key).collect();
    let weights = Weights::measure(&level_counts(&pools, &goods, model));
    let rates = rates(facts, &pools, model);
    let found: Vec<Group> = pools
        .par_iter()
        .map_init(Vec::new, |edges, pool| groups(facts, pool, &goods, &weights, &rates, model, edges))
        .flatten_iter()
        .collect();
    let (over, within): (Vec<Group>, Vec<Group>) =
        found.into_iter().partition(|g| g.total > 0 && is_over(facts, g));
    let mut search = Search { groups: over, p_values: Vec::new(), controls: 0 };
    for one_sender in [true, false] {
        let alike = |g: &Group| (g.consignors.len() == 1) == one_sender;
        let separate = |g: &Group| g.agreeing(Feature::Order, 1) == 0;
        let mut controls: Vec<f64> =
            within.iter().filter(|g| alike(g) && separate(g)).map(|g| g.tie).collect();
        controls.sort_unstable_by(f64::total_cmp);
        search.controls += controls.len();
        for group in search.groups.iter_mut().filter(|g| alike(g)) {
            if controls.len() >= FEWEST_CONTROLS {
                let weaker = controls.partition_point(|tie| *tie < group.tie);
                let p = (1 + controls.len() - weaker) as f64 / (1 + controls.len()) as f64;
                group.p_value = Some(p);
                search.p_values.push(p);
            }
            group.set_score(model);
        }
    }
    search.groups.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.parcels.cmp(&b.parcels)));
    search
}

/// Whether the law's limit no longer admits the group's total.
fn is_over(facts: &Facts, group: &Group) -> bool {
    super::limit_of(facts, group.parcels[0]).is_some_and(|limit| !limit.admits(group.total))
}

/// Whether two parcels may be parts of one order at all.
fn eligible(a: &Part, b: &Part, model: &Model) -> bool {
    a.admitted
        && b.admitted
        && a.rule == b.rule
        && a.day.abs_diff(b.day) < model.days.max(1) as u32
        && (!model.legal || (a.legal != 0 && a.legal == b.legal))
        && (!model.across || a.consignor == b.consignor)
}

/// Levels of the pairs of neighbouring parcels that are within the limit together and do not carry one order number.
fn level_counts(pools: &[&[Part]], goods: &Goods, model: &Model) -> [[u64; LEVELS]; FEATURES] {
    let loose = Model { legal: false, across: false, ..*model };
    let add = |mut counts: [[u64; LEVELS]; FEATURES], pool: &&[Part]| {
        let pairs = pool.windows(2).filter(|pair| {
            eligible(&pair[0], &pair[1], &loose)
                && pair[0].value.saturating_add(pair[1].value) <= pair[0].limit
                && (!model.across || pair[0].consignee != pair[1].consignee)
        });
        for pair in pairs.take(MEASURED_OF_KEY) {
            let levels = compare(goods, &pair[0], &pair[1]);
            if levels.of(Feature::Order) == 0 {
                continue;
            }
            for (feature, &level) in levels.0.iter().enumerate() {
                if level != UNKNOWN {
                    counts[feature][usize::from(level)] += 1;
                }
            }
        }
        counts
    };
    let zero = || [[0; LEVELS]; FEATURES];
    pools.par_iter().fold(zero, add).reduce(zero, |mut a, b| {
        for (a, b) in a.iter_mut().flatten().zip(b.iter().flatten()) {
            *a += b;
        }
        a
    })
}

/// Further parcels within the window of a parcel of an ordinary addressee, from anybody and from the same sender.
fn rates(facts: &Facts, pools: &[&[Part]], model: &Model) -> Rates {
    let dates = &facts.shipments.parcels.date;
    let (first, last) = dates.iter().fold((i32::MAX, i32::MIN), |(a, b), &d| (a.min(d), b.max(d)));
    let (any, same) = pools
        .par_iter()
        .filter(|pool| pool.len() <= ORDINARY_KEY)
        .map(|pool| {
            let (mut any, mut same) = (0_u64, 0_u64);
            for (i, a) in pool.iter().enumerate() {
                for b in pool[i + 1..].iter().take_while(|b| b.day - a.day < model.days) {
                    // On one day each is a further parcel of the other; across days only the later one is.
                    let times = if a.day == b.day { 2 } else { 1 };
                    any += times;
                    same += times * u64::from(a.consignor == b.consignor);
                }
            }
            (any, same)
        })
        .reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    // A hundredth of a parcel in a hundred, so that a small run has a rate too.
    let prior = |pairs: u64| RatePrior {
        mean: (pairs as f64 + 5.0) / (dates.len() as f64 + 100.0),
        shape: model.shape,
    };
    Rates { anybody: prior(any), one_sender: prior(same), run: last - first + 1 }
}

/// The groups of one key. Where no pair is strong enough, the strongest pair stands for the key, so that weak evidence
/// is tested too.
fn groups(
    facts: &Facts,
    pool: &[Part],
    goods: &Goods,
    weights: &Weights,
    rates: &Rates,
    model: &Model,
    edges: &mut Vec<Edge>,
) -> Vec<Group> {
    let crowd = if model.across { distinct(pool, |part| part.consignee) } else { 1 };
    if crowd > model.crowd {
        return Vec::new();
    }
    let regular = regular(facts, pool, rates.run, model);
    edges.clear();
    for_pairs(pool, |a, b| {
        let (x, y) = (&pool[a as usize], &pool[b as usize]);
        if eligible(x, y, model) {
            let levels = compare(goods, x, y);
            let weight = weights.total(levels, x, y, regular.is_some());
            let sender = weights.sender(levels, x, y, regular.is_some());
            edges.push(Edge { a, b, levels, weight, sender });
        }
    });
    edges.sort_by(|x, y| y.weight.total_cmp(&x.weight).then((x.a, x.b).cmp(&(y.a, y.b))));
    let strong = edges.partition_point(|edge| edge.weight >= model.link);
    let taken = &edges[..strong.max(1).min(edges.len())];
    tie(pool, taken, model)
        .into_iter()
        .map(|tied| {
            let mut parts: Vec<Part> = tied.members.iter().map(|&m| pool[m as usize]).collect();
            parts.sort_unstable_by_key(|part| part.parcel);
            let mut group = group(&parts, tied.links, tied.sender, tied.weight - tied.sender);
            group.crowd = crowd;
            group.regular = regular;
            let only = (group.consignors.len() == 1).then(|| group.consignors[0]);
            let stream = pool.iter().filter(|p| only.is_none_or(|c| p.consignor == c)).map(|p| p.day);
            let prior = if only.is_some() { rates.one_sender } else { rates.anybody };
            group.arrivals = arrivals(stream, group.days.0, model.days, rates.run, prior);
            group
        })
        .collect()
}

/// Parcels in a window, of half as many senders or more, that make an addressee a regular receiver at once.
const HEAVY: u32 = 8;
/// Fewest days with parcels, and fewest parcels, that make an addressee of a longer run a regular receiver: more days
/// than a window has, and half of all.
const HEAVY_DAYS: u32 = 4;
const HEAVY_PARCELS: usize = 5;

/// Whether the addressee receives goods regularly.
fn regular(facts: &Facts, pool: &[Part], run: i32, model: &Model) -> Option<Regular> {
    let firm = |part: &Part| {
        let party = facts.shipments.parcels.consignee[part.parcel as usize];
        facts.consignees.contacts.business[party as usize]
    };
    if pool.iter().any(firm) {
        return Some(Regular::Firm);
    }
    if pool.len() < HEAVY_PARCELS {
        return None;
    }
    let (days, run) = (pool.chunk_by(|a, b| a.day == b.day).count() as u32, run.max(1) as u32);
    let windows = f64::from(run) / f64::from(model.days.max(1));
    let each = (pool.len() as f64 / windows.max(1.0)).round() as u32;
    let steady = days >= HEAVY_DAYS && days > model.days as u32 && 2 * days >= run;
    let many = each >= HEAVY && 2 * distinct(pool, |part| part.consignor) >= each;
    (steady || many).then_some(Regular::Heavy(each.max(1)))
}

/// Distinct values in a pool.
fn distinct(pool: &[Part], of: impl Fn(&Part) -> u32) -> u32 {
    let mut all: Vec<u32> = pool.iter().map(of).collect();
    all.sort_unstable();
    all.dedup();
    all.len() as u32
}

/// Calls `pair` for the pairs to compare, each once and the lower position first: all of a small pool; of a large one
/// the neighbours by day, by sender and number, by goods, and by order.
fn for_pairs(pool: &[Part], mut pair: impl FnMut(u32, u32)) {
    let n = pool.len() as u32;
    if pool.len() <= ALL_PAIRS {
        for a in 0..n {
            for b in a + 1..n {
                pair(a, b);
            }
        }
        return;
    }
    let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(pool.len() * NEIGHBOURS * 4);
    let mut order: Vec<u32> = (0..n).filter(|&i| pool[i as usize].admitted).collect();
    let mut neighbours = |order: &[u32]| {
        for (i, &a) in order.iter().enumerate() {
            for &b in order[i + 1..].iter().take(NEIGHBOURS) {
                pairs.push((a.min(b), a.max(b)));
            }
        }
    };
    neighbours(&order);
    let at = |i: &u32| &pool[*i as usize];
    order.sort_by_key(|i| (at(i).consignor, at(i).series, at(i).serial, *i));
    neighbours(&order);
    order.sort_by_key(|i| (at(i).goods.heading, at(i).goods.description, at(i).consignor, at(i).day, *i));
    neighbours(&order);
    order.sort_by_key(|i| (at(i).order, at(i).order_date, at(i).day, *i));
    neighbours(&order);
    pairs.sort_unstable();
    pairs.dedup();
    for (a, b) in pairs {
        pair(a, b);
    }
}

/// A group before it is judged.
struct Tied {
    /// Positions in the pool.
    members: Vec<u32>,
    links: Vec<Levels>,
    /// Mean weight of the links, all features.
    weight: f64,
    /// Mean weight of the links' senders.
    sender: f64,
}

/// Joins parcels along the given edges, the strongest first, as long as a group stays within the window. Returns the
/// groups of two or more.
fn tie(pool: &[Part], edges: &[Edge], model: &Model) -> Vec<Tied> {
    if edges.is_empty() {
        return Vec::new();
    }
    let mut touched: Vec<u32> = edges.iter().flat_map(|e| [e.a, e.b]).collect();
    touched.sort_unstable();
    touched.dedup();
    let place = |i: u32| touched.partition_point(|&t| t < i);
    let mut root: Vec<usize> = (0..touched.len()).collect();
    let mut span: Vec<(i32, i32)> =
        touched.iter().map(|&i| (pool[i as usize].day, pool[i as usize].day)).collect();
    let mut links: Vec<(usize, &Edge)> = Vec::new();
    for edge in edges {
        let (a, b) = (find(&mut root, place(edge.a)), find(&mut root, place(edge.b)));
        let joined = (span[a].0.min(span[b].0), span[a].1.max(span[b].1));
        if a == b || joined.1 - joined.0 >= model.days.max(1) {
            continue;
        }
        let (low, high) = (a.min(b), a.max(b));
        root[high] = low;
        span[low] = joined;
        links.push((low, edge));
    }
    let mut members: Vec<(usize, u32)> =
        (0..touched.len()).map(|i| (find(&mut root, i), touched[i])).collect();
    members.sort_unstable();
    for link in &mut links {
        link.0 = find(&mut root, link.0);
    }
    links.sort_by_key(|link| link.0);
    let mut groups = Vec::new();
    for component in members.chunk_by(|x, y| x.0 == y.0).filter(|c| c.len() > 1) {
        let first = links.partition_point(|l| l.0 < component[0].0);
        let own: Vec<_> = links[first..].iter().take_while(|l| l.0 == component[0].0).collect();
        let mean = |of: fn(&Edge) -> f64| {
            own.iter().map(|(_, edge)| of(edge)).sum::<f64>() / own.len().max(1) as f64
        };
        groups.push(Tied {
            members: component.iter().map(|member| member.1).collect(),
            links: own.iter().map(|(_, edge)| edge.levels).collect(),
            weight: mean(|edge| edge.weight),
            sender: mean(|edge| edge.sender),
        });
    }
    groups
}

fn find(root: &mut [usize], mut i: usize) -> usize {
    while root[i] != i {
        root[i] = root[root[i]];
        i = root[i];
    }
    i
}
