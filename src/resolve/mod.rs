//! Who is who: declared parties of one role grouped into the persons and firms behind them.
//!
//! Each party's particulars are parsed once and packed. Pairs that share a key are compared field by
//! field; each agreement or disagreement has a weight `log2(m / u)` after Fellegi and Sunter, names by how rare their
//! words are, buildings, telephones and mailboxes by how many names share them. Pairs above a line are united,
//! the strongest first, unless that would bring contradicting declarations together.
//!
//! Decisions that no weight can overrule: two names that differ in a whole word are two parties, whatever they
//! share (families, flat-mates, parcel shops); one name at two addresses with two telephones is two persons; a name
//! that names nobody goes by address *and* telephone or mailbox. Firms of the same full name are one firm with
//! branches where the name is distinctive or the city the same.

use crate::model::entities::{Entities, Evidence, Resolved, Tie};
use crate::model::parcels::Parties;
use card::Table;
use cluster::Clusters;
use compare::Open;
use rayon::prelude::*;
use settings::Bits;

mod block;
mod card;
mod cluster;
mod compare;
mod estimate;
mod frequency;
mod letters;
mod names;
mod places;
mod settings;
mod spelling;

pub use settings::{Odds, ResolveSettings, Weights};

/// Groups the parties of one role into entities.
///
/// The result depends neither on the order of the input nor on the number of threads. Cost: linear in the
/// number of parties, however many share a postcode, a building or a name; what had to be cut short is said in the
/// notes.
pub fn resolve(parties: &Parties, settings: &ResolveSettings) -> Resolved {
    let Prepared { mut table, first } = Prepared::new(parties, settings);
    let representatives = representatives(&first);
    let weights = learn(&mut table, &representatives, settings);
    let bits = Bits::new(&weights, &settings.weights);
    let mut linked = block::link(&mut table, &representatives, settings, &bits);
    cluster::drop_ambiguous(&table, settings, &bits, &mut linked.links);
    let Clusters { roots, used } = cluster::cluster(&table, settings, &bits, &linked.links);
    drop(linked.links);
    let labels: Vec<u32> = first.iter().map(|party| roots[*party as usize]).collect();
    let entities = Entities::from_labels(&labels, &parties.fingerprint);
    let judged = used.par_iter().map(|&(a, b)| {
        let evidence = compare::compare(&table, &bits, a, b).evidence();
        Tie { a, b, evidence: evidence.into_boxed_slice() }
    });
    let mut ties: Vec<Tie> = judged.collect();
    let alike = first.iter().enumerate().filter(|(party, first)| *party as u32 != **first);
    ties.extend(alike.map(|(party, &first)| Tie { a: first, b: party as u32, evidence: Box::default() }));
    let odds = serde_json::to_value(&weights).unwrap_or_default();
    Resolved { entities, contacts: table.contacts, ties, odds, notes: linked.notes }
}

/// Why two parties are, or are not, one: the weight of each field, which add up to the evidence as a whole.
///
/// Weighs words and addresses by the whole table, as [`resolve`] does, and costs about as much.
pub fn explain(parties: &Parties, settings: &ResolveSettings, a: u32, b: u32) -> Vec<Evidence> {
    let Prepared { mut table, first } = Prepared::new(parties, settings);
    let representatives = representatives(&first);
    let weights = learn(&mut table, &representatives, settings);
    let bits = Bits::new(&weights, &settings.weights);
    block::link(&mut table, &representatives, settings, &bits);
    let (a, b) = (first[a as usize], first[b as usize]);
    compare::compare(&table, &bits, a, b).evidence()
}

/// Parsed parties, and for each the first that reads alike.
struct Prepared {
    table: Table,
    first: Vec<u32>,
}

impl Prepared {
    fn new(parties: &Parties, settings: &ResolveSettings) -> Prepared {
        let mut table = Table::new(parties);
        let everyone: Vec<u32> = (0..table.len() as u32).collect();
        let identity = std::mem::take(&mut table.identity);
        let alike = block::shared(&everyone, |party| identity[party as usize]);
        drop(identity);
        let mut first = everyone;
        for group in block::groups(&alike) {
            group.iter().for_each(|(_, party)| first[*party as usize] = group[0].1);
        }
        table.weigh(&representatives(&first), settings);
        Prepared { table, first }
    }
}

/// The weights of this night, and which doubtful names they leave open.
fn learn(table: &mut Table, representatives: &[u32], settings: &ResolveSettings) -> Weights {
    let weights = estimate::estimate(table, representatives, settings);
    table.open = Open::new(&weights, settings);
    weights
}

fn representatives(first: &[u32]) -> Vec<u32> {
    (0..first.len() as u32).filter(|party| first[*party as usize] == *party).collect()
}

#[cfg(test)]
mod tests;
