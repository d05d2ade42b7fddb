//! The files of a run, column by column: `CONTRACT.md`'s names, and a few more.

use super::quality::Quality;
use super::referrals::Referred;
use super::table::{Table, lists};
use super::{SampleSettings, WriteError, descriptions, links, quality, referrals, sample, table};
use crate::facts::Facts;
use crate::facts::prices::Judgement;
use crate::model::batch::Reject;
use crate::model::entities::Resolved;
use crate::model::finding::{Family, GroupTest};
use crate::model::money::{Money, to_units};
use crate::model::outcome::{Flag, FlaggedCase, FlaggedParcel, Outcome};
use crate::model::parcels::{Particular, Parties};
use crate::read::Input;
use arrow::array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array, StringArray};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};

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
    /// What earlier runs found of the data of each carrier and consignor.
    pub earlier: &'a super::EarlierQuality,
    /// Whether to write what the words of every description say of its code.
    pub descriptions: bool,
    /// How many parcels to draw at random.
    pub sample: &'a SampleSettings,
    /// The night, days since 1970-01-01.
    pub night: i32,
    /// Whether to write the price score of every line.
    pub line_scores: bool,
}

/// Rows of a long table that are made at a time: a night's findings are never held twice.
const SLICE: usize = 65_536;

/// A file of a run: the rows of its table, and how some of them are made.
struct File<'a> {
    name: &'static str,
    rows: usize,
    make: Box<dyn Fn(Range<usize>) -> Table + Send + Sync + 'a>,
}

impl File<'_> {
    fn write(&self, folder: &Path) -> Result<(), WriteError> {
        let slices = (0..self.rows.max(1)).step_by(SLICE);
        table::write(folder, self.name, slices.map(|from| (self.make)(from..self.rows.min(from + SLICE))))
    }
}

/// Writes the Parquet files of a run into a folder.
///
/// # Errors
/// The disk is full or the folder cannot be written.
pub fn write(run: &Run, folder: &Path) -> Result<(), WriteError> {
    let whole = |name: &'static str, make: fn(&Run) -> Table| File {
        name,
        rows: 1,
        make: Box::new(move |_| make(run)),
    };
    let (outcome, shipments) = (run.outcome, run.facts.shipments);
    let mut files = vec![
        whole("referrals.parquet", referrals::table),
        File { name: "flags.parquet", rows: outcome.flags.len(), make: Box::new(flags(run)) },
        File {
            name: "flagged_parcels.parquet",
            rows: outcome.parcels.len(),
            make: Box::new(flagged_parcels(run)),
        },
        whole("price_reference.parquet", price_reference),
        whole("cases.parquet", cases),
        whole("entities.parquet", entities),
        whole("bunching.parquet", bunching),
        whole("links.parquet", links::table),
        whole("quarantine.parquet", quarantine),
        whole("random_sample.parquet", sample::table),
    ];
    if run.entity_links {
        let make = |rows| entity_links(run, rows);
        files.push(File {
            name: "entity_links.parquet",
            rows: shipments.parcels.len(),
            make: Box::new(make),
        });
    }
    if run.descriptions {
        files.push(whole("descriptions.parquet", descriptions::table));
    }
    if run.line_scores {
        let make = |lines| line_scores(run, lines);
        files.push(File { name: "line_scores.parquet", rows: shipments.lines.len(), make: Box::new(make) });
        files.push(whole("line_contradictions.parquet", descriptions::by_line));
    }
    let all =
        |files: Vec<File>| files.into_par_iter().with_max_len(1).try_for_each(|file| file.write(folder));
    let of_quality = || {
        let judged = Quality::of(run.facts);
        let file = |name: &'static str, make: fn(&Run, &Quality) -> Table| {
            let judged = &judged;
            File { name, rows: 1, make: Box::new(move |_| make(run, judged)) }
        };
        all(vec![
            file("manifest_quality.parquet", quality::manifests),
            file("carrier_quality.parquet", quality::carriers),
            file("consignor_quality.parquet", quality::consignors),
        ])
    };
    let (quality, others) = rayon::join(of_quality, || all(files));
    quality.and(others)
}

/// The stable name of a resolved party.
pub(super) fn entity_id(role: &str, resolved: &Resolved, entity: u32) -> String {
    format!("{role}-{:016x}", resolved.entities.key[entity as usize])
}

pub(super) fn text<T: AsRef<str>>(values: impl Iterator<Item = T>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

pub(super) fn open_text<T: AsRef<str>>(values: impl Iterator<Item = Option<T>>) -> ArrayRef {
    Arc::new(StringArray::from_iter(values))
}

pub(super) fn money(values: impl Iterator<Item = Money>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values.map(to_units)))
}

pub(super) fn open_money(values: impl Iterator<Item = Option<Money>>) -> ArrayRef {
    Arc::new(Float64Array::from_iter(values.map(|v| v.map(to_units))))
}

fn number(values: impl Iterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values))
}

pub(super) fn count(values: impl Iterator<Item = usize>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values.map(|v| v as i64)))
}

pub(super) fn day(values: impl Iterator<Item = i32>) -> ArrayRef {
    Arc::new(Date32Array::from_iter_values(values))
}

fn flagged_parcels<'a>(run: &'a Run) -> impl Fn(Range<usize>) -> Table + 'a {
    let referred = OnceLock::new();
    move |range| some_flagged_parcels(run, referred.get_or_init(|| referrals::referred(run)), range)
}

fn some_flagged_parcels(run: &Run, referred: &BTreeMap<u32, Referred>, range: Range<usize>) -> Table {
    let (facts, outcome) = (run.facts, run.outcome);
    let shipments = facts.shipments;
    let parcels = &shipments.parcels;
    let rows = || outcome.parcels[range.clone()].iter();
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
    let lane = |i: usize| -> ArrayRef {
        Arc::new(Float64Array::from_iter(rows().map(|p| Some(p.lanes[i]).filter(|&score| score > 0.0))))
    };
    Table::default()
        .full("parcel_id", text(rows().map(|p| parcels.id.get(p.parcel))))
        .full("channel", text(rows().map(|p| parcels.channel[of(p)].name())))
        .open("manifest_id", open_text(rows().map(|p| shipments.words.present(parcels.manifest[of(p)]))))
        .full("date", day(rows().map(|p| parcels.date[of(p)])))
        .full("rank", count(range.start + 1..=range.end))
        .full("risk_score", number(rows().map(|p| p.risk_score)))
        .full("probability", number(rows().map(|p| p.probability)))
        .full("families", column(&|f| Some(f.family.name().to_owned())))
        .full("detectors", column(&|f| Some(f.detector.to_owned())))
        .full("reasons", column(&|f| Some(f.reason.clone())))
        .full("case_ids", column(&|f| f.case.map(|c| outcome.cases[c as usize].id.clone())))
        // Null where the record declares none: 0 would be a value.
        .open(
            "declared_value",
            open_money(rows().map(|p| Some(parcels.value[of(p)]).filter(|_| !shipments.unvalued(p.parcel)))),
        )
        .open("threshold", open_money(rows().map(|p| facts.terms(p.parcel).limit().map(|l| l.amount))))
        .full("currency", text(rows().map(|p| facts.terms(p.parcel).currency.to_string())))
        .full("revenue_at_risk", money(rows().map(|p| p.revenue.expected)))
        .full("revenue_at_risk_low", money(rows().map(|p| p.revenue.low)))
        .full("revenue_at_risk_high", money(rows().map(|p| p.revenue.high)))
        .full("recommended_action", text(rows().map(|p| p.action.name())))
        .open("security_score", lane(0))
        .open("misdeclaration_score", lane(1))
        .open("data_quality_score", lane(2))
        .full("referral", text(rows().map(|p| referred.get(&p.parcel).map_or("none", |r| r.referral.name()))))
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

fn flags<'a>(run: &'a Run) -> impl Fn(Range<usize>) -> Table + 'a {
    let ranks = OnceLock::new();
    let rank = || run.outcome.parcels.iter().map(|p| p.parcel).zip(1..).collect();
    move |range| some_flags(run, ranks.get_or_init(rank), range)
}

fn some_flags(run: &Run, ranks: &HashMap<u32, i64>, range: Range<usize>) -> Table {
    let rows = || run.outcome.flags[range.clone()].iter();
    let ids = &run.facts.shipments.parcels.id;
    let case = |f: &Flag| f.case.map(|c| run.outcome.cases[c as usize].id.as_str());
    Table::default()
        .full("parcel_id", text(rows().map(|f| ids.get(f.parcel))))
        // Two parcels may go by one identifier: the rank tells which is meant.
        .open("parcel_rank", Arc::new(rows().map(|f| ranks.get(&f.parcel).copied()).collect::<Int64Array>()))
        .open("line_number", Arc::new(Int32Array::from_iter(rows().map(|f| f.line_number.map(|n| n as i32)))))
        .full("family", text(rows().map(|f| f.family.name())))
        .full("detector", text(rows().map(|f| f.detector)))
        .full("score", number(rows().map(|f| f.score)))
        .open("p_value", Arc::new(Float64Array::from_iter(rows().map(|f| f.p_value))))
        .open("q_value", Arc::new(Float64Array::from_iter(rows().map(|f| f.q_value))))
        .full("revenue_at_risk", money(rows().map(|f| f.revenue.expected)))
        .full("revenue_at_risk_low", money(rows().map(|f| f.revenue.low)))
        .full("revenue_at_risk_high", money(rows().map(|f| f.revenue.high)))
        .open("case_id", Arc::new(rows().map(case).collect::<StringArray>()))
        .full("reason", text(rows().map(|f| &f.reason)))
        .full("evidence", text(rows().map(|f| f.evidence.as_str())))
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
        .full("revenue_at_risk", money(rows().map(|c| c.revenue.expected)))
        .full("revenue_at_risk_low", money(rows().map(|c| c.revenue.low)))
        .full("revenue_at_risk_high", money(rows().map(|c| c.revenue.high)))
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

fn entity_links(run: &Run, rows: Range<usize>) -> Table {
    let facts = run.facts;
    let parcels = rows.start as u32..rows.end as u32;
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

/// Every line with a price, for ranking: most of them are far below what is flagged.
fn line_scores(run: &Run, range: Range<usize>) -> Table {
    let shipments = run.facts.shipments;
    let (lines, prices) = (&shipments.lines, &run.facts.prices);
    let rows: Vec<_> = range
        .into_par_iter()
        .filter_map(|line| {
            let consignor = run.facts.consignor(lines.parcel[line]);
            prices.ranked(line, consignor).map(|ranked| (line, ranked))
        })
        .collect();
    let judged = |of: &dyn Fn(Judgement) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter(rows.iter().map(|r| r.1.judgement.map(of))))
    };
    Table::default()
        .full("parcel_id", text(rows.iter().map(|r| shipments.parcels.id.get(lines.parcel[r.0]))))
        .full(
            "line_number",
            Arc::new(Int32Array::from_iter_values(rows.iter().map(|r| lines.number[r.0] as i32))),
        )
        .full("score", number(rows.iter().map(|r| r.1.probability)))
        .open("ratio_to_expected", judged(&|j| j.ratio))
        .open("spread", judged(&|j| j.spread))
        .open("unit", open_text(rows.iter().map(|r| r.1.judgement.map(|j| j.scale.name()))))
        .full("compared_with", text(rows.iter().map(|r| r.1.with)))
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

/// Every test of a group's prices around a limit.
fn bunching(run: &Run) -> Table {
    let rows = || run.outcome.groups.iter();
    let open = |values: &dyn Fn(&GroupTest) -> Option<f64>| -> ArrayRef {
        Arc::new(Float64Array::from_iter(rows().map(values)))
    };
    let consignors = run.facts.consignors;
    Table::default()
        .full("level", text(rows().map(|g| g.level)))
        .full("name", text(rows().map(|g| &g.name)))
        .open(
            "consignor_entity",
            open_text(rows().map(|g| g.consignor.map(|c| entity_id("consignor", consignors, c)))),
        )
        .full("limit", money(rows().map(|g| g.limit)))
        .full("currency", text(rows().map(|g| &g.currency)))
        .full("gift", Arc::new(BooleanArray::from_iter(rows().map(|g| Some(g.gift)))))
        .full("parcels", count(rows().map(|g| g.parcels)))
        .full("prices", number(rows().map(|g| g.prices)))
        .full("observed", number(rows().map(|g| g.observed)))
        .full("expected", number(rows().map(|g| g.expected)))
        .full("excess", number(rows().map(|g| g.observed - g.expected)))
        .open("excess_low", open(&|g| g.excess.map(|e| e.0)))
        .open("excess_high", open(&|g| g.excess.map(|e| e.1)))
        .full("observed_above", number(rows().map(|g| g.above.0)))
        .full("expected_above", number(rows().map(|g| g.above.1)))
        .full("p_value", number(rows().map(|g| g.p_value)))
        .full("q_value", number(rows().map(|g| g.q_value)))
        .open("density_t", open(&|g| g.jump.map(|j| j.0)))
        .open("density_p", open(&|g| g.jump.map(|j| j.1)))
        .full("verdict", text(rows().map(|g| g.verdict.name())))
}

/// Which lines under-invoicing was found on.
fn undervalued(run: &Run) -> Vec<bool> {
    let shipments = run.facts.shipments;
    let mut flagged = vec![false; shipments.lines.len()];
    for flag in run.outcome.flags.iter().filter(|f| f.family == Family::UnderInvoicing) {
        for line in shipments.parcels.lines(flag.parcel) {
            let this = flag.line_number.is_none_or(|number| number == shipments.lines.number[line]);
            flagged[line] |= this;
        }
    }
    flagged
}

fn price_reference(run: &Run) -> Table {
    let cells = run.facts.prices.reference(run.facts.shipments, &undervalued(run));
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
        .open("typical_kg", Arc::new(Float64Array::from_iter(rows().map(|c| c.typical_kg))))
        .full("mean_log", number(rows().map(|c| c.moments.0)))
        .full("variance_log", number(rows().map(|c| c.moments.1)))
        .full("largest_consignor_share", number(rows().map(|c| c.largest_share)))
        .full("flagged_share", number(rows().map(|c| c.flagged_share)))
        .full("captured", Arc::new(BooleanArray::from_iter(rows().map(|c| Some(c.captured())))))
}
