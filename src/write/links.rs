//! Why declarations are one party: the account of every tie that united a resolved party that a flag names.

use super::table::Table;
use super::tables::{Run, address, entity_id};
use crate::model::entities::{Evidence, Resolved};
use crate::model::parcels::{Particular, Parties};
use arrow::array::{ArrayRef, Float64Array, Int32Array, StringArray};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What stands for the account of declarations that differ in their writing alone.
const ALIKE: Evidence = Evidence {
    field: "all particulars",
    level: "the same but for their writing (letter case, accents, punctuation, order of words, forms of streets and telephones)",
    weight: 0.0,
};

/// A line of an account, with the tie it belongs to.
struct Row<'a> {
    entity: String,
    role: &'static str,
    link: i32,
    one: &'a str,
    other: &'a str,
    line: i32,
    evidence: Evidence,
    alike: bool,
    /// Sum of the weights so far, bits.
    total: f64,
}

/// One row per line of an account, in the order of entities, ties and lines.
pub(super) fn table(run: &Run) -> Table {
    let facts = run.facts;
    let shipments = facts.shipments;
    let roles: [(&str, &Resolved, &Parties, &[u32]); 2] = [
        ("consignor", facts.consignors, &shipments.consignors, &shipments.parcels.consignor),
        ("consignee", facts.consignees, &shipments.consignees, &shipments.parcels.consignee),
    ];
    let mut declared: Vec<[String; 2]> = Vec::new();
    let mut kept = Vec::new();
    for (role, resolved, parties, of_parcel) in roles {
        let of_party = &resolved.entities.of_party;
        let entity = |parcel: u32| of_party[of_parcel[parcel as usize] as usize];
        let wanted: BTreeSet<u32> = run.outcome.parcels.iter().map(|p| entity(p.parcel)).collect();
        let mut ties: Vec<_> = resolved
            .ties
            .iter()
            .enumerate()
            .map(|(at, tie)| (of_party[tie.a as usize], at, tie))
            .filter(|(entity, ..)| wanted.contains(entity))
            .collect();
        ties.sort_unstable_by_key(|(entity, at, _)| (*entity, *at));
        let mut last = (u32::MAX, 0);
        for (entity, _, tie) in ties {
            last = if last.0 == entity { (entity, last.1 + 1) } else { (entity, 1) };
            declared.push([tie.a, tie.b].map(|party| declaration(parties, party)));
            kept.push((entity_id(role, resolved, entity), role, last.1, tie));
        }
    }
    let mut rows: Vec<Row> = Vec::new();
    for ((entity, role, link, tie), [one, other]) in kept.iter().zip(&declared) {
        let alike = tie.evidence.is_empty();
        let lines = if alike { std::slice::from_ref(&ALIKE) } else { &tie.evidence };
        let mut total = 0.0;
        for (line, evidence) in (1..).zip(lines) {
            total += f64::from(evidence.weight);
            let (entity, evidence) = (entity.clone(), *evidence);
            rows.push(Row { entity, role, link: *link, one, other, line, evidence, alike, total });
        }
    }
    let text = |column: fn(&Row) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(column)))
    };
    let number = |column: fn(&Row) -> i32| -> ArrayRef {
        Arc::new(Int32Array::from_iter_values(rows.iter().map(column)))
    };
    let bits = |column: fn(&Row) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter(rows.iter().map(|r| (!r.alike).then(|| column(r)))))
    };
    Table::default()
        .full("entity_id", text(|r| r.entity.clone()))
        .full("role", text(|r| r.role.to_owned()))
        .full("link", number(|r| r.link))
        .full("one", text(|r| r.one.to_owned()))
        .full("other", text(|r| r.other.to_owned()))
        .full("line", number(|r| r.line))
        .full("field", text(|r| r.evidence.field.to_owned()))
        .full("level", text(|r| r.evidence.level.to_owned()))
        .open("weight_bits", bits(|r| f64::from(r.evidence.weight)))
        .open("total_bits", bits(|r| r.total))
}

/// A declaration on one line.
fn declaration(parties: &Parties, party: u32) -> String {
    let mut line = parties.get(party, Particular::Name).to_owned();
    let rest =
        [Particular::Phone, Particular::Email, Particular::Id].map(|p| parties.get(party, p).to_owned());
    for part in std::iter::once(address(parties, party)).chain(rest).filter(|part| !part.is_empty()) {
        line.push_str(", ");
        line.push_str(&part);
    }
    line
}
