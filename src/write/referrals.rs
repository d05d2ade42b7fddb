//! Recommended referral of each parcel: what pre-loading analysis asks of the carrier or the operator.

use super::table::{Table, lists};
use super::tables::{Run, text};
use crate::model::finding::Family;
use crate::model::outcome::Flag;
use std::collections::{BTreeMap, BTreeSet};

/// Goods found by this detector with this score must not be loaded until the agency has spoken; a party on a watch list is
/// no danger to an aircraft by itself.
const GOODS: &str = "security-goods";
const DO_NOT_LOAD: f64 = 0.9;
/// A wrong number of an import scheme is asked for, whatever its score: X-rays do not show it.
const NUMBER: &str = "misdeclared-scheme-number";
/// A mis-declaration this strong asks for screening beside the question what the goods are.
const SCREEN: f64 = 0.8;

/// What is recommended, the gravest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Referral {
    /// Ask for the elements named.
    RequestForInformation,
    /// Have the parcel screened, by X-ray or by hand.
    RequestForScreening,
    /// Keep it off the aircraft.
    DoNotLoad,
}

impl Referral {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Referral::RequestForInformation => "request_for_information",
            Referral::RequestForScreening => "request_for_screening",
            Referral::DoNotLoad => "do_not_load",
        }
    }
}

/// What one parcel is referred for.
pub(super) struct Referred<'a> {
    pub(super) referral: Referral,
    ask_for: BTreeSet<String>,
    agencies: BTreeSet<String>,
    reasons: Vec<&'a str>,
}

/// The referral of every parcel that has one, by parcel: data quality asks for information, mis-declaration for
/// information or screening, security for screening or no loading. Revenue findings refer nothing: they wait for arrival.
pub(super) fn referred<'a>(run: &'a Run) -> BTreeMap<u32, Referred<'a>> {
    let mut parcels: BTreeMap<u32, Referred> = BTreeMap::new();
    for flag in &run.outcome.flags {
        let Some(referral) = referral(flag) else { continue };
        let evidence = flag.evidence.object();
        let own = parcels.entry(flag.parcel).or_insert(Referred {
            referral,
            ask_for: BTreeSet::new(),
            agencies: BTreeSet::new(),
            reasons: Vec::new(),
        });
        own.referral = own.referral.max(referral);
        let asked = evidence["ask_for"].as_array().into_iter().flatten().filter_map(|v| v.as_str());
        own.ask_for.extend(asked.map(str::to_owned));
        if flag.family == Family::Misdeclaration && evidence["ask_for"].is_null() {
            own.ask_for.extend(["description".to_owned(), "hs_code".to_owned()]);
        }
        own.agencies.extend(evidence["agency"].as_str().filter(|a| !a.is_empty()).map(str::to_owned));
        own.reasons.push(&flag.reason);
    }
    parcels
}

fn referral(flag: &Flag) -> Option<Referral> {
    match flag.family {
        Family::DataQuality => Some(Referral::RequestForInformation),
        Family::Misdeclaration if flag.score >= SCREEN && flag.detector != NUMBER => {
            Some(Referral::RequestForScreening)
        }
        Family::Misdeclaration => Some(Referral::RequestForInformation),
        Family::Security if flag.detector == GOODS && flag.score >= DO_NOT_LOAD => Some(Referral::DoNotLoad),
        Family::Security => Some(Referral::RequestForScreening),
        Family::Splitting | Family::UnderInvoicing | Family::DeMinimisAbuse => None,
    }
}

/// `referrals.parquet`: one row a referred parcel, the gravest first, then by identifier.
pub(super) fn table(run: &Run) -> Table {
    let parcels = &run.facts.shipments.parcels;
    let referred = referred(run);
    let mut rows: Vec<(&u32, &Referred)> = referred.iter().collect();
    rows.sort_by(|a, b| {
        let key =
            |r: &(&u32, &Referred)| (std::cmp::Reverse(r.1.referral), parcels.id.get(*r.0).to_owned(), *r.0);
        key(a).cmp(&key(b))
    });
    let of = |r: &(&u32, &Referred)| *r.0 as usize;
    let words = &run.facts.shipments.words;
    Table::default()
        .full("parcel_id", text(rows.iter().map(|r| parcels.id.get(*r.0))))
        .full("channel", text(rows.iter().map(|r| parcels.channel[of(r)].name())))
        .full("manifest_id", text(rows.iter().map(|r| words.get(parcels.manifest[of(r)]))))
        .full("carrier", text(rows.iter().map(|r| words.get(parcels.carrier[of(r)]))))
        .full("referral", text(rows.iter().map(|r| r.1.referral.name())))
        .full("ask_for", lists(rows.iter().map(|r| r.1.ask_for.iter().map(String::as_str))))
        .full("agencies", lists(rows.iter().map(|r| r.1.agencies.iter().map(String::as_str))))
        .full("reasons", lists(rows.iter().map(|r| r.1.reasons.iter().copied())))
}
