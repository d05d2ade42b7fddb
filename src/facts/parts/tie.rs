//! Which pairs of a pool are compared, and how strong pairs become groups. Linear in the pool but for sorting.

use super::pair::Levels;
use super::part::Part;
use crate::model::text::ABSENT;

/// Up to this many parcels under one key every pair is compared; beyond it only neighbours in several orders are.
const ALL_PAIRS: usize = 12;
/// Neighbours compared in each order.
const NEIGHBOURS: usize = 3;

/// A pair of a pool and its link.
pub struct Edge {
    /// Position of one parcel in the pool.
    pub a: u32,
    /// Position of the other, larger than `a`.
    pub b: u32,
    /// Its levels.
    pub levels: Levels,
    /// Weight of all features, natural logarithm.
    pub weight: f64,
    /// Weight of the sender alone.
    pub sender: f64,
    /// What like values add to the weight.
    pub values: f64,
}

/// Calls `pair` for the pairs to compare, each once and the lower position first: all of a small pool; of a large one
/// the neighbours by day, by sender and number, and by day among those of one description, heading or order.
pub fn for_pairs(pool: &[Part], mut pair: impl FnMut(u32, u32)) {
    let n = pool.len() as u32;
    if pool.len() <= ALL_PAIRS {
        for a in 0..n {
            for b in a + 1..n {
                pair(a, b);
            }
        }
        return;
    }
    let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(pool.len() * NEIGHBOURS * 5);
    let mut order: Vec<u32> = (0..n).filter(|&i| pool[i as usize].admitted).collect();
    let at = |i: u32| &pool[i as usize];
    // Numbers of texts are only ever compared for equality: their order depends on the order of the input.
    let mut neighbours = |order: &[u32], alike: &dyn Fn(&Part, &Part) -> bool| {
        for (i, &a) in order.iter().enumerate() {
            for &b in order[i + 1..].iter().take(NEIGHBOURS).take_while(|&&b| alike(at(a), at(b))) {
                pairs.push((a.min(b), a.max(b)));
            }
        }
    };
    neighbours(&order, &|_, _| true);
    order.sort_unstable_by_key(|&i| (at(i).consignor, at(i).series, at(i).serial, i));
    neighbours(&order, &|_, _| true);
    order.sort_unstable_by_key(|&i| (at(i).goods.description, at(i).consignor, at(i).day, i));
    neighbours(&order, &|a, b| a.goods.description == b.goods.description);
    order.sort_unstable_by_key(|&i| (at(i).goods.heading, at(i).consignor, at(i).day, i));
    neighbours(&order, &|a, b| a.goods.heading != 0 && a.goods.heading == b.goods.heading);
    order.sort_unstable_by_key(|&i| (at(i).order, at(i).day, i));
    neighbours(&order, &|a, b| a.order != ABSENT && a.order == b.order);
    pairs.sort_unstable();
    pairs.dedup();
    for (a, b) in pairs {
        pair(a, b);
    }
}

/// A group before it is judged.
pub struct Tied {
    /// Positions in the pool.
    pub members: Vec<u32>,
    /// Levels of the links, one fewer than members.
    pub links: Vec<Levels>,
    /// Mean weight of the links, all features.
    pub weight: f64,
    /// Mean weight of the links' senders.
    pub sender: f64,
    /// Mean of what like values add to the links.
    pub values: f64,
}

/// Joins parcels along the given edges, the strongest first, as long as a group stays within the window. Returns the
/// groups of two or more.
pub fn tie(pool: &[Part], edges: &[Edge], days: i32) -> Vec<Tied> {
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
        if a == b || joined.1 - joined.0 >= days.max(1) {
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
            values: mean(|edge| edge.values),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(days: &[i32]) -> Vec<Part> {
        days.iter().map(|&day| Part { day, admitted: true, ..Part::default() }).collect()
    }

    fn edge(a: u32, b: u32, weight: f64) -> Edge {
        Edge { a, b, levels: Levels([0; super::super::pair::FEATURES]), weight, sender: 1.0, values: 0.0 }
    }

    #[test]
    fn strong_links_chain_into_one_group() {
        let tied = tie(
            &pool(&[1, 1, 1, 1]),
            &[edge(0, 1, 5.0), edge(2, 3, 4.0), edge(1, 2, 3.0), edge(0, 2, 2.0)],
            1,
        );
        assert_eq!(tied.len(), 1);
        assert_eq!(tied[0].members, [0, 1, 2, 3]);
        assert_eq!((tied[0].links.len(), tied[0].weight, tied[0].sender), (3, 4.0, 1.0));
    }

    #[test]
    fn a_chain_does_not_outgrow_the_window() {
        let edges = [edge(0, 1, 5.0), edge(1, 2, 4.0), edge(2, 3, 3.0)];
        let tied = tie(&pool(&[1, 3, 5, 6]), &edges, 3);
        let members: Vec<_> = tied.iter().map(|t| t.members.clone()).collect();
        assert_eq!(members, [vec![0, 1], vec![2, 3]]);
    }

    #[test]
    fn pairs_of_a_large_pool_are_linear_and_find_one_order_far_apart() {
        let mut large = pool(&vec![1; 5_000]);
        for (i, part) in large.iter_mut().enumerate() {
            part.consignor = (i * 7919 % 4_001) as u32;
            part.goods.description = i as u32 + 10;
        }
        large[17].order = 9;
        large[4_990].order = 9;
        let mut pairs = Vec::new();
        for_pairs(&large, |a, b| pairs.push((a, b)));
        assert!(pairs.contains(&(17, 4_990)));
        assert!(pairs.len() <= 5_000 * NEIGHBOURS * 5, "{}", pairs.len());
        assert!(pairs.iter().all(|(a, b)| a < b));
        let mut small = Vec::new();
        for_pairs(&pool(&[1; 4]), |a, b| small.push((a, b)));
        assert_eq!(small.len(), 6);
    }
}
