//! From linked pairs to entities, without chaining strangers together.

use super::block::Link;
use super::card::{NAMELESS, Table};
use super::compare::compare;
use super::settings::{Bits, ResolveSettings};

/// Members of an entity that a newcomer is held against.
const WITNESSES: usize = 8;
/// Links of one name of initials that are looked at.
const MOST_OPTIONS: usize = 16;

/// Drops the links of names that fit two persons equally well: `J Smith`, in the house of John and of Jane Smith, is
/// neither for certain. `links` are sorted by weight, the heaviest first.
pub(super) fn drop_ambiguous(table: &Table, settings: &ResolveSettings, bits: &Bits, links: &mut Vec<Link>) {
    let mut options: Vec<(u32, u32, u32)> = Vec::new();
    for (at, link) in links.iter().enumerate().filter(|(_, link)| !link.full) {
        // The one that says less is in question: fewer whole words, or none.
        let (a, b) = (whole_words(table, link.a), whole_words(table, link.b));
        if a <= b {
            options.push((link.a, at as u32, link.b));
        }
        if b <= a {
            options.push((link.b, at as u32, link.a));
        }
    }
    // Within one party the links stay in the order of their weight.
    options.sort_unstable();
    let mut drop = vec![false; links.len()];
    let margin = (settings.margin * 8.0) as i32;
    for group in options.chunk_by(|x, y| x.0 == y.0).filter(|group| group.len() > 1) {
        let (_, best, one) = group[0];
        let rivals = group[1..]
            .iter()
            .take(MOST_OPTIONS)
            .filter(|(_, _, other)| compare(table, bits, one, *other).names_two());
        let mut unclear = false;
        for &(_, at, _) in rivals {
            drop[at as usize] = true;
            unclear |= links[at as usize].weight > links[best as usize].weight - margin;
        }
        if unclear {
            group.iter().for_each(|(_, at, _)| drop[*at as usize] = true);
        }
    }
    let mut at = 0;
    links.retain(|_| {
        at += 1;
        !drop[at - 1]
    });
}

fn whole_words(table: &Table, party: u32) -> usize {
    let card = &table.cards[party as usize];
    if card.has(NAMELESS) {
        return 0;
    }
    table.name(party).split(' ').filter(|word| word.len() > 1).count()
}

/// Groups of parties under construction: a forest, and each group's members as a ring.
struct Forest {
    parent: Vec<u32>,
    next: Vec<u32>,
    size: Vec<u32>,
}

impl Forest {
    fn root(&mut self, mut party: u32) -> u32 {
        while self.parent[party as usize] != party {
            let up = self.parent[self.parent[party as usize] as usize];
            self.parent[party as usize] = up;
            party = up;
        }
        party
    }

    /// Up to [`WITNESSES`] members, evenly taken from the ring.
    fn witnesses(&self, root: u32) -> ([u32; WITNESSES], usize) {
        let size = self.size[root as usize] as usize;
        let step = size.div_ceil(WITNESSES);
        let (mut out, mut count, mut at) = ([root; WITNESSES], 0, root);
        for i in 0..size {
            if i % step == 0 {
                out[count] = at;
                count += 1;
            }
            at = self.next[at as usize];
        }
        (out, count)
    }

    fn unite(&mut self, a: u32, b: u32) {
        let (a, b) = (a.min(b), a.max(b));
        self.parent[b as usize] = a;
        self.size[a as usize] += self.size[b as usize];
        self.next.swap(a as usize, b as usize);
    }
}

/// The entity of each party, as one of its parties, and the links that united them, in that order.
pub(super) struct Clusters {
    pub roots: Vec<u32>,
    pub used: Vec<(u32, u32)>,
}

/// Unites parties by their links, the strongest first. A union that would put two contradicting parties into one
/// entity is refused, a link near the line joins only groups whose members are linked for the greater part, and a large
/// entity grows by strong links only.
pub(super) fn cluster(table: &Table, settings: &ResolveSettings, bits: &Bits, links: &[Link]) -> Clusters {
    let count = table.len() as u32;
    let mut forest =
        Forest { parent: (0..count).collect(), next: (0..count).collect(), size: vec![1; count as usize] };
    let mut used = Vec::new();
    let strong = (settings.merge_large * 8.0).round() as i32;
    let sure = (settings.sure * 8.0).round() as i32;
    for link in links {
        let (a, b) = (forest.root(link.a), forest.root(link.b));
        if a == b {
            continue;
        }
        let size = forest.size[a as usize] + forest.size[b as usize];
        if size > settings.large_entity && link.weight < strong {
            continue;
        }
        if size > 2 {
            let (ours, m) = forest.witnesses(a);
            let (theirs, n) = forest.witnesses(b);
            // A strong link may join what differs elsewhere; a weak one only what is linked for the greater part.
            let weak = link.weight < sure;
            let pairs =
                ours[..m].iter().flat_map(|&x| theirs[..n].iter().map(move |&y| (x.min(y), x.max(y))));
            let (mut clash, mut support) = (false, 0);
            for (x, y) in pairs.filter(|pair| *pair != (link.a, link.b)) {
                let comparison = compare(table, bits, x, y);
                clash = comparison.contradicts();
                if clash {
                    break;
                }
                support += if weak && !comparison.is_link(settings) { -1 } else { 1 };
            }
            if clash || support < 0 {
                continue;
            }
        }
        forest.unite(a, b);
        used.push((link.a, link.b));
    }
    Clusters { roots: (0..count).map(|party| forest.root(party)).collect(), used }
}
