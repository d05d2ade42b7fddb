//! The files of a run, column by column: `CONTRACT.md`'s names, and a few more.

use super::table::{Table, lists};
use super::{WriteError, links, quality};
use crate::facts::Facts;
use crate::model::batch::Reject;
use crate::model::entities::Resolved;
use crate::model::money::{Money, to_units};
use crate::model::outcome::{Flag, FlaggedCase, FlaggedParcel, Outcome};
use crate::model::parcels::{Particular, Parties};
use crate::read::Input;
use arrow::array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array, StringArray};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// What a run leaves on disk.
pub struct Run<'a> {
    /// What the detectors looked at.
    pub facts: &'a Facts<'a>,
    /// What they found.
    pub outcome: &'a Outcome,
    /// Records in quarantine.
    pub rejects: &'a [Reject],
    /// The files read.
    pub inputs: &'a [Input],
    /// Whether to write the entities of every parcel.
    pub entity_links: bool,
}

/// Writes the Parquet files of a run into a folder.
///
/// # Errors
/// The disk is full or the folder cannot be written.
pub fn write(run: &Run, folder: &Path) -> Result<(), WriteError> {
    type Make = fn(&Run) -> Table;
    let mut files: Vec<(&str, Make)> = vec![
        ("manifest_quality.parquet", |run| quality::table(run.facts)),
        ("flags.parquet", flags),
        ("flagged_parcels.parquet", flagged_parcels),
        ("price_reference.parquet", price_reference),
        ("cases.parquet", cases),
        ("entities.parquet", entities),
        ("links.parquet", links::table),
        ("quarantine.parquet", quarantine),
    ];
    if run.entity_links {
        files.push(("entity_links.parquet", entity_links));
    }
    files.into_par_iter().try_for_each(|(name, make)| make(run).write(folder, name))
}

/// The stable name of a resolved party.
pub(super) fn entity_id(role: &str, resolved: &Resolved, entity: u32) -> String {
    format!("{role}-{:016x}", resolved.entities.key[entity as usize])
}

fn text<T: AsRef<str>>(values: impl Iterator<Item = T>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn open_text<T: AsRef<str>>(values: impl Iterator<Item = Option<T>>) -> ArrayRef {
    Arc::new(StringArray::from_iter(values))
}

fn money(values: impl Iterator<Item = Money>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values.map(to_units)))
}

fn open_money(values: impl Iterator<Item = Option<Money>>) -> ArrayRef {
    Arc::new(Float64Array::from_iter(values.map(|v| v.map(to_units))))
}

fn number(values: impl Iterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values))
}

fn count(values: impl Iterator<Item = usize>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values.map(|v| v as i64)))
}

fn day(values: impl Iterator<Item = i32>) -> ArrayRef {
    Arc::new(Date32Array::from_iter_values(values))
}

fn flagged_parcels(run: &Run) -> Table {
    let (facts, outcome) = (run.facts, run.outcome);
    let shipments = facts.shipments;
    let parcels = &shipments.parcels;
    let rows = || outcome.parcels.iter();
    let of = |p: &FlaggedParcel| p.parcel as usize;
    let flags =
        |p: &'_ FlaggedParcel| p.flags.iter().map(|&i| &outcome.flags[i as usize]).collect::<Vec<_>>();
    // Words in the order of their strongest flag, each once.
    let once = |p: &FlaggedParcel, word: &dyn Fn(&Flag) -> Option<String>| {
        let mut seen = BTreeSet::new();
        flags(p).into_iter().filter_map(word).filter(|w| seen.insert(w.clone())).collect::<Vec<_>>()
    };
    let column = |word: &dyn Fn(&Flag) -> Option<String>| {
        let words: Vec<Vec<String>> = rows().map(|p| once(p, word)).collect();
        lists(words.iter().map(|w| w.iter().map(String::as_str)))
    };
    Table::default()
        .full("parcel_id", text(rows().map(|p| parcels.id.get(p.parcel))))
        .full("channel", text(rows().map(|p| parcels.channel[of(p)].name())))
        .open("manifest_id", open_text(rows().map(|p| shipments.words.present(parcels.manifest[of(p)]))))
        .full("date", day(rows().map(|p| parcels.date[of(p)])))
        .full("rank", count((1..=outcome.parcels.len()).map(|r| r)))
        .full("risk_score", number(rows().map(|p| p.risk_score)))
        .full("probability", number(rows().map(|p| p.probability)))
        .full("families", column(&|f| Some(f.family.name().to_owned())))
        .full("detectors", column(&|f| Some(f.detector.to_owned())))
        .full("reasons", column(&|f| Some(f.reason.clone())))
        .full("case_ids", column(&|f| f.case.map(|c| outcome.cases[c as usize].id.clone())))
        .full("declared_value", money(rows().map(|p| parcels.value[of(p)])))
        .open("threshold", open_money(rows().map(|p| facts.terms(p.parcel).limit().map(|l| l.amount))))
        .full("currency", text(rows().map(|p| facts.terms(p.parcel).currency.to_string())))
        .full("revenue_at_risk", money(rows().map(|p| p.revenue)))
        .full("recommended_action", text(rows().map(|p| p.action.name())))
        .full(
            "consignor",
            text(rows().map(|p| facts.shipments.consignors.get(parcels.consignor[of(p)], Particular::Name))),
        )
        .full(
            "consignee",
            text(rows().map(|p| facts.shipments.consignees.get(parcels.consignee[of(p)], Particular::Name))),
        )
        .full(
            "consignor_entity",
            text(rows().map(|p| entity_id("consignor", facts.consignors, facts.consignor(p.parcel)))),
        )
        .full(
            "consignee_entity",
            text(rows().map(|p| entity_id("consignee", facts.consignees, facts.consignee(p.parcel)))),
        )
        .full(
            "source_file",
            text(rows().map(|p| run.inputs[parcels.source[of(p)] as usize].path.to_string_lossy())),
        )
}

fn flags(run: &Run) -> Table {
    let rows = || run.outcome.flags.iter();
    let ids = &run.facts.shipments.parcels.id;
    let case = |f: &Flag| f.case.map(|c| run.outcome.cases[c as usize].id.as_str());
    Table::default()
        .full("parcel_id", text(rows().map(|f| ids.get(f.parcel))))
        .open("line_number", Arc::new(Int32Array::from_iter(rows().map(|f| f.line_number.map(|n| n as i32)))))
        .full("family", text(rows().map(|f| f.family.name())))
        .full("detector", text(rows().map(|f| f.detector)))
        .full("score", number(rows().map(|f| f.score)))
        .open("p_value", Arc::new(Float64Array::from_iter(rows().map(|f| f.p_value))))
        .open("q_value", Arc::new(Float64Array::from_iter(rows().map(|f| f.q_value))))
        .full("revenue_at_risk", money(rows().map(|f| f.revenue)))
        .open("case_id", Arc::new(run.outcome.flags.iter().map(case).collect::<StringArray>()))
        .full("reason", text(rows().map(|f| &f.reason)))
        .full("evidence", text(rows().map(|f| &f.evidence)))
}

fn cases(run: &Run) -> Table {
    let facts = run.facts;
    let parcels = &facts.shipments.parcels;
    let rows = || run.outcome.cases.iter();
    let dates = |c: &FlaggedCase| c.parcels.iter().map(|&p| parcels.date[p as usize]).collect::<Vec<_>>();
    let party = |role, resolved, entity: Option<u32>| entity.map(|e| entity_id(role, resolved, e));
    Table::default()
        .full("case_id", text(rows().map(|c| &c.id)))
        .full("family", text(rows().map(|c| c.family.name())))
        .full("detector", text(rows().map(|c| c.detector)))
        .full("parcel_ids", lists(rows().map(|c| c.parcels.iter().map(|&p| parcels.id.get(p)))))
        .open(
            "consignor_entity",
            open_text(rows().map(|c| party("consignor", facts.consignors, c.consignor))),
        )
        .open(
            "consignee_entity",
            open_text(rows().map(|c| party("consignee", facts.consignees, c.consignee))),
        )
        .full("first_date", day(rows().map(|c| dates(c).into_iter().min().unwrap_or(0))))
        .full("last_date", day(rows().map(|c| dates(c).into_iter().max().unwrap_or(0))))
        .full("parcels", count(rows().map(|c| c.parcels.len())))
        .full("total_value", money(rows().map(|c| c.total)))
        .open("threshold", open_money(rows().map(|c| c.threshold)))
        .full(
            "currency",
            text(
                rows().map(|c| {
                    c.parcels.first().map_or(String::new(), |&p| facts.terms(p).currency.to_string())
                }),
            ),
        )
        .full("revenue_at_risk", money(rows().map(|c| c.revenue)))
        .full("reason", text(rows().map(|c| &c.reason)))
}

/// The resolved parties of flagged parcels, senders first.
fn entities(run: &Run) -> Table {
    let facts = run.facts;
    let shipments = facts.shipments;
    let roles: [(&str, &Resolved, &Parties, &[u32]); 2] = [
        ("consignor", facts.consignors, &shipments.consignors, &shipments.parcels.consignor),
        ("consignee", facts.consignees, &shipments.consignees, &shipments.parcels.consignee),
    ];
    let mut rows: Vec<(String, &str, Vec<String>, Vec<String>, usize)> = Vec::new();
    for (role, resolved, parties, of_parcel) in roles {
        let entity = |parcel: usize| resolved.entities.of_party[of_parcel[parcel] as usize];
        let mut parcels = vec![0_u32; resolved.entities.len()];
        for parcel in 0..of_parcel.len() {
            parcels[entity(parcel) as usize] += 1;
        }
        let wanted: BTreeSet<u32> = run.outcome.parcels.iter().map(|p| entity(p.parcel as usize)).collect();
        for entity in wanted {
            let members = resolved.entities.parties(entity);
            let names: BTreeSet<String> =
                members.iter().map(|&p| parties.get(p, Particular::Name).to_owned()).collect();
            let addresses: BTreeSet<String> = members.iter().map(|&p| address(parties, p)).collect();
            rows.push((
                entity_id(role, resolved, entity),
                role,
                names.into_iter().collect(),
                addresses.into_iter().filter(|a| !a.is_empty()).collect(),
                parcels[entity as usize] as usize,
            ));
        }
    }
    Table::default()
        .full("entity_id", text(rows.iter().map(|r| &r.0)))
        .full("role", text(rows.iter().map(|r| r.1)))
        .full("names", lists(rows.iter().map(|r| r.2.iter().map(String::as_str))))
        .full("addresses", lists(rows.iter().map(|r| r.3.iter().map(String::as_str))))
        .full("parcels", count(rows.iter().map(|r| r.4)))
}

/// A party's address on one line.
pub(super) fn address(parties: &Parties, party: u32) -> String {
    let parts = [Particular::Address, Particular::Postcode, Particular::City, Particular::Country];
    let parts = parts.map(|p| parties.get(party, p));
    parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(", ")
}

fn entity_links(run: &Run) -> Table {
    let facts = run.facts;
    let parcels = 0..facts.shipments.parcels.len() as u32;
    Table::default()
        .full("parcel_id", text(parcels.clone().map(|p| facts.shipments.parcels.id.get(p))))
        .full(
            "consignor_entity",
            text(parcels.clone().map(|p| entity_id("consignor", facts.consignors, facts.consignor(p)))),
        )
        .full(
            "consignee_entity",
            text(parcels.map(|p| entity_id("consignee", facts.consignees, facts.consignee(p)))),
        )
}

fn quarantine(run: &Run) -> Table {
    let rows = || run.rejects.iter();
    Table::default()
        .full("source_file", text(rows().map(|r| run.inputs[r.source as usize].path.to_string_lossy())))
        .full("record", count(rows().map(|r| r.record as usize)))
        .full("field", text(rows().map(|r| &r.field)))
        .full("reason", text(rows().map(|r| &r.reason)))
        .full("raw", text(rows().map(|r| &r.raw)))
}

fn price_reference(run: &Run) -> Table {
    let cells = run.facts.prices.reference(run.facts.shipments);
    let rows = || cells.iter();
    let band = |end: fn((f64, f64)) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter(rows().map(|c| c.weight_band.map(end))))
    };
    Table::default()
        .full("unit", text(rows().map(|c| c.scale)))
        .full("level", text(rows().map(|c| c.level)))
        .full("hs_code", text(rows().map(|c| &c.hs)))
        .open("origin_country", open_text(rows().map(|c| c.origin.map(|o| o.to_string()))))
        .open("weight_above_kg", band(|b| b.0))
        .open("weight_up_to_kg", band(|b| b.1))
        .open("description", open_text(rows().map(|c| c.description.as_deref())))
        .full("currency", text(rows().map(|c| &c.currency)))
        .full("n", count(rows().map(|c| c.n as usize)))
        .full("consignors", count(rows().map(|c| c.consignors as usize)))
        .full("median", number(rows().map(|c| c.median)))
        .full("scale", number(rows().map(|c| c.scale_log)))
        .full("lowest_acceptable_price", number(rows().map(|c| c.lowest_acceptable_price)))
        .full("degenerate", Arc::new(BooleanArray::from_iter(rows().map(|c| Some(c.degenerate)))))
        .full("contested", Arc::new(BooleanArray::from_iter(rows().map(|c| Some(c.contested)))))
}
