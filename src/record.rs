//! The record of a run: `run.json`, and the figures that its summary shows.
//!
//! Nothing here depends on the clock, the machine or the number of threads: the same input gives the same bytes.

use crate::config::Plan;
use crate::detect::{LeftOut, Suppressed};
use crate::facts::Facts;
use crate::fields::date::iso_text;
use crate::lists::PartyList;
use crate::model::batch::Reject;
use crate::model::finding::Family;
use crate::model::money::{self, Money, to_units};
use crate::model::outcome::{Outcome, Revenue};
use crate::model::parcels::Particular;
use crate::read::{FileSummary, Input};
use crate::refdata::regimes::Limit;
use crate::write::inclusion;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Version of the layout of `run.json` and the Parquet files.
const FORMAT: u32 = 1;

/// What a run counted.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Records read from all files.
    pub records_read: u64,
    /// Records that became lines.
    pub lines_used: u64,
    /// Records in quarantine.
    pub quarantined: u64,
    /// Parcels screened.
    pub parcels: usize,
    /// Declared senders, and how many they really are.
    pub consignors: (usize, usize),
    /// Declared addressees, and how many they really are.
    pub consignees: (usize, usize),
    /// Parcels flagged.
    pub flagged: usize,
    /// Findings.
    pub flags: usize,
    /// Cases.
    pub cases: usize,
    /// Parcels flagged and expected revenue at risk, by family.
    pub families: Vec<(Family, usize, Money)>,
    /// What the allow list left out.
    pub suppressed: Suppressed,
    /// Parcels by lane alone: flagged, but not on revenue.
    pub lanes_only: usize,
    /// Revenue at risk by currency.
    pub revenue: BTreeMap<String, Revenue>,
    /// Share of each family's flagged parcels that is expected to be false.
    pub expected_false: Vec<(Family, f64)>,
    /// Findings that were too doubtful for the share of false flags asked for, and the parcels they were on, by family.
    pub doubtful: BTreeMap<Family, (usize, usize)>,
    /// Groups of parcels crowded at a limit that nobody is accused by, by the rule that let them be.
    pub spared: BTreeMap<&'static str, usize>,
    /// What each detector did.
    pub detectors: Vec<DetectorCount>,
}

/// What one detector did.
#[derive(Clone, Copy, Debug)]
pub struct DetectorCount {
    /// Name.
    pub id: &'static str,
    /// What it flags, in a line.
    pub title: &'static str,
    /// Kind of abuse.
    pub family: Family,
    /// Statistical tests made, those that led to no finding counted.
    pub tests: usize,
    /// Findings.
    pub findings: usize,
    /// Parcels with a finding.
    pub parcels: usize,
}

impl Counts {
    /// Counts a run.
    pub fn of(facts: &Facts, outcome: &Outcome, rejects: &[Reject], files: &[FileSummary]) -> Counts {
        let shipments = facts.shipments;
        let families = Family::ALL.map(|family| {
            let mut parcels: Vec<u32> =
                outcome.flags.iter().filter(|f| f.family == family).map(|f| f.parcel).collect();
            parcels.sort_unstable();
            parcels.dedup();
            let revenue = outcome.flags.iter().filter(|f| f.family == family);
            // The strongest flag of each parcel, as in the parcel's own figure.
            let mut best: BTreeMap<u32, Money> = BTreeMap::new();
            for flag in revenue {
                let slot = best.entry(flag.parcel).or_default();
                *slot = (*slot).max(flag.revenue.expected);
            }
            (family, parcels.len(), best.values().sum())
        });
        Counts {
            records_read: files.iter().map(|f| f.records_read).sum(),
            lines_used: shipments.lines.len() as u64,
            quarantined: rejects.len() as u64,
            parcels: shipments.parcels.len(),
            consignors: (shipments.consignors.len(), facts.consignors.entities.len()),
            consignees: (shipments.consignees.len(), facts.consignees.entities.len()),
            flagged: outcome.parcels.len(),
            flags: outcome.flags.len(),
            cases: outcome.cases.len(),
            families: families.to_vec(),
            suppressed: Suppressed::default(),
            lanes_only: outcome.parcels.iter().filter(|p| p.probability == 0.0).count(),
            revenue: outcome.revenue.clone(),
            expected_false: outcome.expected_false.clone(),
            doubtful: outcome.doubtful.clone(),
            spared: spared(outcome),
            detectors: Vec::new(),
        }
    }
}

/// The text of `run.json`.
pub fn json(
    plan: &Plan,
    inputs: &[Input],
    files: &[FileSummary],
    facts: &Facts,
    counts: &Counts,
    rejects: &[Reject],
) -> String {
    let mut quarantined: BTreeMap<(u32, &str), u64> = BTreeMap::new();
    for reject in rejects {
        *quarantined.entry((reject.source, reject.field.as_str())).or_default() += 1;
    }
    let by_field = |source: Option<u32>| {
        let mut fields: BTreeMap<&str, u64> = BTreeMap::new();
        for ((s, field), n) in &quarantined {
            if source.is_none_or(|w| w == *s) {
                *fields.entry(if field.is_empty() { "record" } else { field }).or_default() += n;
            }
        }
        fields
    };
    let inputs: Vec<Value> = inputs
        .iter()
        .zip(files)
        .enumerate()
        .map(|(source, (input, file))| {
            let rejected: u64 = by_field(Some(source as u32)).values().sum();
            let mut told = json!({
                "path": input.path.to_string_lossy(),
                "channel": input.channel.name(),
                "format": input.format,
                "bytes": input.bytes,
                "sha256": input.sha256,
                "records_read": file.records_read,
                "lines_used": file.records_read - rejected,
                "quarantined": rejected,
                "unknown_columns": file.unknown_columns,
                "warnings": file.warnings,
            });
            if !file.layouts.is_empty() {
                told["layouts"] = json!(file.layouts);
            }
            told
        })
        .collect();
    let families: BTreeMap<&str, Value> = counts
        .families
        .iter()
        .map(|(f, n, r)| {
            (f.name(), json!({ "title": f.title(), "parcels": n, "revenue_at_risk": to_units(*r) }))
        })
        .collect();
    let revenue = |end: fn(&Revenue) -> Money| -> BTreeMap<&str, f64> {
        counts.revenue.iter().map(|(c, r)| (c.as_str(), to_units(end(r)))).collect()
    };
    let expected_false: BTreeMap<&str, f64> =
        counts.expected_false.iter().map(|(f, share)| (f.name(), (share * 1e4).round() / 1e4)).collect();
    let value = json!({
        "program": "parcel-risk",
        "version": env!("CARGO_PKG_VERSION"),
        "format": FORMAT,
        "date": iso_text(plan.night),
        "destination": plan.destination.map(|d| d.to_string()),
        "configuration": plan.job,
        "inputs": inputs,
        "data_files": plan.data_files.iter().map(|(key, path, sha256)| json!({
            "key": key,
            "path": path.to_string_lossy(),
            "sha256": sha256,
        })).collect::<Vec<_>>(),
        "price_references": plan.price_reference.files().iter().map(|file| json!({
            "path": file.path.to_string_lossy(),
            "sha256": file.sha256,
        })).collect::<Vec<_>>(),
        "earlier_nights": plan.earlier.nights.iter().map(|night| json!({
            "date": iso_text(night.day),
            "folder": night.folder,
            "sha256": night.sha256,
        })).collect::<Vec<_>>(),
        "counts": {
            "records_read": counts.records_read,
            "lines_used": counts.lines_used,
            "quarantined": counts.quarantined,
            "parcels": counts.parcels,
            "consignors_declared": counts.consignors.0,
            "consignors_resolved": counts.consignors.1,
            "consignees_declared": counts.consignees.0,
            "consignees_resolved": counts.consignees.1,
            "flagged_parcels": counts.flagged,
            "flagged_on_revenue": counts.flagged - counts.lanes_only,
            "flags": counts.flags,
            "cases": counts.cases,
        },
        "families": families,
        "lists": lists(plan, counts),
        "revenue_at_risk": revenue(|r| r.expected),
        "revenue_at_risk_low": revenue(|r| r.low),
        "revenue_at_risk_high": revenue(|r| r.high),
        "false_flags": {
            "asked": plan.job.false_flags,
            "expected": expected_false,
            "left_out": counts.doubtful.iter().map(|(family, left_out)| {
                (family.name(), json!({ "findings": left_out.0, "parcels": left_out.1 }))
            }).collect::<BTreeMap<_, _>>(),
        },
        "spared": counts.spared,
        "detectors": counts.detectors.iter().map(|d| json!({
            "id": d.id,
            "title": d.title,
            "family": d.family.name(),
            "tests": d.tests,
            "findings": d.findings,
            "parcels": d.parcels,
        })).collect::<Vec<_>>(),
        "random_sample": {
            "parcels": plan.job.sample.parcels.min(counts.parcels),
            "inclusion_probability": inclusion(&plan.job.sample, counts.parcels),
        },
        "quarantined_by_field": by_field(None),
        "values_ignored": ignored(facts),
        "law": law(facts),
        "who_is_who": { "consignor": facts.consignors.odds, "consignee": facts.consignees.odds },
        "notes": notes(facts),
    });
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

/// What the user's lists came to: rows in force and past their day, and what the allow list left out by each row.
fn lists(plan: &Plan, counts: &Counts) -> Value {
    let rows = |list: &PartyList| json!({ "in_force": list.entries.len(), "expired": list.expired });
    let by_family = |findings: &BTreeMap<Family, usize>| -> BTreeMap<&'static str, usize> {
        findings.iter().map(|(family, n)| (family.name(), *n)).collect()
    };
    let suppressed = &counts.suppressed;
    let none = LeftOut::default();
    let allowed = plan.lists.allow.entries.iter().map(|entry| {
        let left_out = suppressed.rows.get(&entry.line).unwrap_or(&none);
        json!({
            "line": entry.line,
            "names": entry.shown,
            "author": entry.author,
            "reason": entry.reason,
            "valid_to": entry.valid_to,
            "families": entry.families.iter().map(|f| f.name()).collect::<Vec<_>>(),
            "findings": by_family(&left_out.findings),
            "parcels": left_out.parcels.len(),
        })
    });
    json!({
        "watch": rows(&plan.lists.watch),
        "allow": rows(&plan.lists.allow),
        "described_goods": plan.lists.described_goods.rows().count(),
        "suppressed": {
            "findings": by_family(&suppressed.findings),
            "parcels": suppressed.parcels,
            "by_row_of_the_allow_list": allowed.collect::<Vec<_>>(),
        },
    })
}

/// Groups of parcels crowded at a limit that nobody is accused by, by the rule that let them be.
fn spared(outcome: &Outcome) -> BTreeMap<&'static str, usize> {
    let mut rules = BTreeMap::new();
    for group in outcome.groups.iter().filter(|g| g.verdict.spares()) {
        *rules.entry(group.verdict.name()).or_default() += 1;
    }
    rules
}

/// How many texts meant nothing and were left out, by column.
fn ignored(facts: &Facts) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    facts.shipments.texts_ignored().for_each(|(_, column)| *counts.entry(column.name()).or_default() += 1);
    counts
}

/// The rules that were applied, and the parcels whose own date, channel and sender's country chose each.
fn law(facts: &Facts) -> Vec<Value> {
    let mut parcels = vec![0_u64; facts.terms.len()];
    for &terms in &facts.shipments.parcels.terms {
        parcels[terms as usize] += 1;
    }
    let mut rows: BTreeMap<String, (Value, u64)> = BTreeMap::new();
    for (terms, parcels) in facts.terms.iter().zip(parcels) {
        let sold = |limit: &Limit| if limit.gifts { "goods and gifts" } else { "goods" };
        let gift = terms.gift.iter().map(|limit| (limit, "gifts"));
        for (limit, goods) in terms.limits.iter().map(|limit| (limit, sold(limit))).chain(gift) {
            let row = json!({
                "regime": limit.regime,
                "country": terms.country.to_string(),
                "goods": goods,
                "limit": to_units(limit.amount),
                "currency": terms.currency.to_string(),
                "inclusive": limit.inclusive,
                "duty": limit.duty.to_string(),
                "tax": limit.tax.to_string(),
                "excluded": limit.excluded,
                "source": limit.source,
            });
            rows.entry(row.to_string()).or_insert((row, 0)).1 += parcels;
        }
    }
    let told = rows.into_values().map(|(mut row, parcels)| {
        row["parcels"] = json!(parcels);
        row
    });
    told.collect()
}

fn notes(facts: &Facts) -> Vec<String> {
    facts.consignors.notes.iter().chain(&facts.consignees.notes).cloned().collect()
}

/// What a person should know though the run could finish.
pub fn warnings(inputs: &[Input], files: &[FileSummary], facts: &Facts, counts: &Counts) -> Vec<String> {
    let mut warnings = Vec::new();
    for (input, file) in inputs.iter().zip(files) {
        let path = input.path.display();
        warnings.extend(file.warnings.iter().map(|w| format!("{path}: {w}")));
        if file.records_read == 0 && file.warnings.is_empty() {
            warnings.push(format!("{path}: no record in it; was it sent whole?"));
        }
        if !file.unknown_columns.is_empty() {
            let shown: Vec<&str> = file.unknown_columns.iter().take(5).map(String::as_str).collect();
            let more = file.unknown_columns.len() - shown.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            warnings.push(format!("{path}: unknown columns were ignored: {}{more}", shown.join(", ")));
        }
    }
    if counts.records_read > 0 && counts.quarantined * 10 > counts.records_read {
        warnings.push(format!(
            "{} of {} records are in quarantine; `quarantine.parquet` says why",
            counts.quarantined, counts.records_read
        ));
    }
    warnings.extend(notes(facts));
    warnings
}

/// A probability as far as it is known: none is certain.
fn likely(probability: f64) -> String {
    if probability >= 0.995 { ">.99".to_owned() } else { format!("{probability:.2}") }
}

/// The highest ranked cases, parcels without a case standing for themselves, a line each.
pub fn worst(facts: &Facts, outcome: &Outcome, count: usize) -> Vec<String> {
    let shipments = facts.shipments;
    let mut lines = Vec::new();
    let mut told: Vec<u32> = Vec::new();
    for parcel in &outcome.parcels {
        if lines.len() == count {
            break;
        }
        let Some(&first) = parcel.flags.first() else { continue };
        let flag = &outcome.flags[first as usize];
        if let Some(case) = flag.case {
            if told.contains(&case) {
                continue;
            }
            told.push(case);
        }
        let (reason, members, revenue) = match flag.case {
            Some(case) => {
                let case = &outcome.cases[case as usize];
                (case.reason.as_str(), case.parcels.as_slice(), case.revenue.expected)
            }
            None => (flag.reason.as_str(), std::slice::from_ref(&parcel.parcel), parcel.revenue.expected),
        };
        let id = shipments.parcels.id.get(parcel.parcel);
        let addressees: BTreeSet<u32> = members.iter().map(|&p| facts.consignee(p)).collect();
        let to = match addressees.len() {
            0 | 1 => {
                let consignee = shipments.parcels.consignee[parcel.parcel as usize];
                shipments.consignees.get(consignee, Particular::Name).to_owned()
            }
            several => format!("{several} addressees"),
        };
        let others =
            if members.len() > 1 { format!(" and {} more", members.len() - 1) } else { String::new() };
        if parcel.risk_score == 0.0 {
            // A lane of its own: no risk score says how probable it is.
            lines.push(format!("   –  {id}{others}, to {to}: {reason}"));
            continue;
        }
        let revenue = money::display(revenue, &facts.terms(parcel.parcel).currency.to_string());
        lines.push(format!(
            "{}  {id}{others}, to {to}, {revenue} at risk: {reason}",
            likely(parcel.risk_score)
        ));
    }
    lines
}
