//! Records that lack what advance data must hold, or contradict themselves.

use super::detector;
use crate::facts::Facts;
use crate::fields::date::iso_text;
use crate::fields::nature::{Nature, parse_nature};
use crate::fields::s10::{S10Error, parse_s10};
use crate::fields::time::{NO_TIME, parse_time, utc_text};
use crate::model::batch::Channel;
use crate::model::finding::{Finding, Findings};
use crate::model::money::{self, Money, display};
use crate::model::parcels::{NO_AMOUNT, NO_DAY, Parcels};
use crate::model::schema::Column;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

detector! {
    /// ## What it flags
    /// A parcel whose record lacks elements of the advance data that its own carrier otherwise gives, or contradicts itself.
    /// ## Ground
    /// Pre-loading advance cargo information asks for seven elements and the master's number: identifier, shipper's name and
    /// address, consignee's name and address, description, pieces, weight; the posts' electronic advance data for value,
    /// code (of sales), origin besides (WCO-UPU guidelines; Regulation (EU) 2015/2446, Annex B).
    /// ## How it decides
    /// An element counts as missing where at least `given` of the carrier's parcels of the channel have it: a feed that never
    /// carries a column is told in `manifest_quality.parquet`, not parcel by parcel. `one` missing element scores less than
    /// the line that is reported, each further one adds `each`. Contradictions: a check digit of the postal identifier that is
    /// wrong; net weights over the gross weight by more than 2 % and 50 g; values of the lines that miss the parcel's own by
    /// more than 1 % and 1 unit of its currency, be transport counted in or not; posting or order after presentation; one identifier
    /// presented on several days with different value or weight, used for two parcels of one day, or declared twice on one
    /// day with different values (the higher one is used). A record that says that it has no customs value (`NCV`) or gives
    /// 0 cannot be priced, and nobody can tell whether relief is due; documents have none. A message sent after the goods
    /// left or arrived is no advance data; a time without zone counts as the earliest, of the goods as the latest, that
    /// it can be, and a parcel without time of arrival as arriving on its day of presentation.
    /// ## Honest look-alikes
    /// Samples without commercial value; times without zone; rounded scales; a return of the same item under its old identifier (same value and weight); carriers of thin data.
    /// ## What it misses
    /// Elements that are filled with something plausible.
    /// ## Settings
    /// The scores named above, `check_digit`, `weights`, `totals`, `days`, `changed`, `no_value`, `late`; `lowest`: least score that
    /// is reported.
    "data-quality-record", DataQuality, "Record incomplete or contradicting itself", Settings, run
}

/// Settings under `[detectors.data-quality-record]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    #[serde(deserialize_with = "super::share")]
    given: f64,
    #[serde(deserialize_with = "super::share")]
    one: f64,
    #[serde(deserialize_with = "super::share")]
    each: f64,
    #[serde(deserialize_with = "super::share")]
    check_digit: f64,
    #[serde(deserialize_with = "super::share")]
    weights: f64,
    #[serde(deserialize_with = "super::share")]
    totals: f64,
    #[serde(deserialize_with = "super::share")]
    days: f64,
    #[serde(deserialize_with = "super::share")]
    changed: f64,
    #[serde(deserialize_with = "super::share")]
    no_value: f64,
    #[serde(deserialize_with = "super::share")]
    late: f64,
    #[serde(deserialize_with = "super::share")]
    lowest: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            given: 0.9,
            one: 0.45,
            each: 0.15,
            check_digit: 0.7,
            weights: 0.6,
            totals: 0.6,
            days: 0.6,
            changed: 0.7,
            no_value: 0.6,
            late: 0.6,
            lowest: 0.5,
        }
    }
}

/// Net weights may exceed the gross weight by this factor and this many kg: scales round.
const WEIGHT_TOLERANCE: (f64, f64) = (1.02, 0.05);

/// Values of lines may miss the parcel's own by this share and this much: amounts are rounded and converted.
const TOTAL_TOLERANCE: (f64, Money) = (0.01, money::UNIT);

/// The elements of the advance data, as the columns that hold them.
const ELEMENTS: [Column; 10] = [
    Column::ConsignorAddress,
    Column::ConsigneeAddress,
    Column::ConsignorCity,
    Column::ConsigneeCity,
    Column::Description,
    Column::Quantity,
    Column::GrossWeightKg,
    Column::HsCode,
    Column::OriginCountry,
    Column::Value,
];

/// Bits of [`ELEMENTS`] that the parcel gives: parties by the line that names them, the first, the rest on every line.
fn given(facts: &Facts, parcel: u32) -> u16 {
    let lines = &facts.shipments.lines;
    let own = facts.shipments.parcels.lines(parcel);
    let parties = lines.filled[own.start];
    let usable = own.fold(u64::MAX, |all, l| all & lines.filled[l] & !lines.unusable[l]);
    let bit = |column: Column| 1_u64 << column as u64;
    let mut bits = 0;
    for (i, &column) in ELEMENTS.iter().enumerate() {
        let has = match column {
            Column::ConsignorAddress
            | Column::ConsigneeAddress
            | Column::ConsignorCity
            | Column::ConsigneeCity => parties & bit(column) != 0,
            Column::Quantity => usable & (bit(column) | bit(Column::Packages)) != 0,
            Column::Value => !facts.shipments.unvalued(parcel),
            _ => usable & bit(column) != 0,
        };
        bits |= u16::from(has) << i;
    }
    bits
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let parcels = &facts.shipments.parcels;
    let count = parcels.len() as u32;
    let bits: Vec<u16> = (0..count).into_par_iter().map(|p| given(facts, p)).collect();
    // By carrier: parcels, those with each element, and those whose identifier is of the postal form.
    let mut carriers: BTreeMap<(Channel, u32), (usize, [usize; ELEMENTS.len()], usize)> = BTreeMap::new();
    // Only posts number by S10.
    let right: Vec<Result<(), S10Error>> = (0..parcels.len())
        .into_par_iter()
        .map(|p| match parcels.channel[p] {
            Channel::Postal => parse_s10(parcels.id.get(p as u32)).map(|_| ()),
            Channel::Express => Ok(()),
        })
        .collect();
    for p in 0..parcels.len() {
        let tally = carriers.entry((parcels.channel[p], parcels.carrier[p])).or_default();
        tally.0 += 1;
        for (i, sum) in tally.1.iter_mut().enumerate() {
            *sum += usize::from(bits[p] & (1 << i) != 0);
        }
        tally.2 += usize::from(!matches!(right[p], Err(S10Error::Form(_) | S10Error::Empty)));
    }
    let mut findings = Vec::new();
    let changed = changed(facts);
    let mut totals = parcels.totals.iter().peekable();
    for p in 0..parcels.len() {
        let (all, with, formed) = &carriers[&(parcels.channel[p], parcels.carrier[p])];
        let usual = |n: usize| n as f64 >= settings.given * *all as f64;
        let missing: Vec<&str> = (0..ELEMENTS.len())
            .filter(|&i| bits[p] & (1 << i) == 0 && usual(with[i]))
            .map(|i| ELEMENTS[i].name())
            .collect();
        let mut faults: Vec<(f64, String, Vec<&str>)> = Vec::new();
        if !missing.is_empty() {
            let score = settings.one + settings.each * (missing.len() - 1) as f64;
            let share = (settings.given * 100.0).round();
            let text = format!(
                "The record lacks {}, which at least {share} % of this carrier's records give.",
                missing.join(", ")
            );
            faults.push((score.min(0.95), text, missing));
        }
        if let (Channel::Postal, true, Err(fault @ S10Error::CheckDigit { .. })) =
            (parcels.channel[p], usual(*formed), &right[p])
        {
            faults.push((settings.check_digit, format!("The item identifier {fault}."), vec!["parcel_id"]));
        }
        let lines = parcels.lines(p as u32);
        let net: f64 = lines.map(|l| facts.shipments.lines.net_weight[l]).filter(|w| *w > 0.0).sum();
        let gross = parcels.gross_weight[p];
        if net > gross * WEIGHT_TOLERANCE.0 && net > gross + WEIGHT_TOLERANCE.1 {
            let text = format!("The lines weigh {net:.3} kg net, the parcel {gross:.3} kg gross.");
            faults.push((settings.weights, text, vec!["net_weight_kg", "gross_weight_kg"]));
        }
        let total = totals.next_if(|total| total.0 == p as u32);
        if let Some(text) = total.and_then(|&(_, whole)| other_total(parcels, p, whole)) {
            faults.push((settings.totals, text, vec!["value", "parcel_value"]));
        }
        for (day, name, column) in [
            (parcels.posting_date[p], "posted", "posting_date"),
            (parcels.order_date[p], "ordered", "order_date"),
        ] {
            if day != NO_DAY && day > parcels.date[p] {
                let late = day - parcels.date[p];
                let text = format!("The parcel is said to be {name} {late} days after it was presented.");
                faults.push((settings.days, text, vec![column]));
            }
        }
        if let Some(text) = no_value(facts, p as u32) {
            // What is told by name is not told again as missing.
            faults.retain(|f| f.2 != ["value"]);
            faults.push((settings.no_value, text, vec!["value"]));
        }
        if let Some(text) = late(parcels, p) {
            faults.push((settings.late, text, vec!["message_time"]));
        }
        if let Some(text) = &changed[p] {
            faults.push((settings.changed, text.clone(), vec!["parcel_id", "value", "gross_weight_kg"]));
        }
        faults.retain(|f| f.0 >= settings.lowest);
        for (score, reason, ask) in faults {
            findings.push(Finding {
                parcel: p as u32,
                line_number: None,
                score,
                p_value: None,
                revenue: 0,
                case: None,
                reason,
                evidence: serde_json::json!({ "ask_for": ask }).into(),
            });
        }
    }
    Findings { findings, ..Findings::default() }
}

/// Says that a parcel's lines are declared at another sum than the whole, which transport does not explain.
fn other_total(parcels: &Parcels, p: usize, whole: Money) -> Option<String> {
    let lines = parcels.declared[p];
    let misses = |a: Money, b: Money| {
        let gap = a.saturating_sub(b).saturating_abs();
        gap > TOTAL_TOLERANCE.1 && gap as f64 > TOTAL_TOLERANCE.0 * a.max(b) as f64
    };
    // Transport stands in the regime's currency, so the sum is taken there.
    let factor = parcels.value[p] as f64 / lines.max(1) as f64;
    let transport = Some(parcels.transport[p]).filter(|&t| t != NO_AMOUNT).unwrap_or(0);
    let with = parcels.value[p].saturating_add(transport);
    if !misses(whole, lines) || (transport > 0 && !misses((whole as f64 * factor) as Money, with)) {
        return None;
    }
    let currency = parcels.currency[p].to_string();
    Some(format!(
        "The lines are declared at {} together, the parcel at {}.",
        display(lines, &currency),
        display(whole, &currency)
    ))
}

/// Says that the record declares no customs value, or 0, of anything but documents.
fn no_value(facts: &Facts, parcel: u32) -> Option<String> {
    let (shipments, p) = (facts.shipments, parcel as usize);
    let lines = &shipments.lines;
    let said = |l: usize| lines.filled[l] & 1 << Column::NoCustomsValue as u64 != 0;
    let documents = |l: usize| {
        let text = shipments.descriptions.get(lines.description[l]);
        parse_nature(text) == Nature::Documents
    };
    let mut own = shipments.parcels.lines(parcel);
    if shipments.parcels.declared[p] != 0
        || shipments.parcels.nature[p] == Nature::Documents
        || own.clone().all(documents)
    {
        return None;
    }
    let cannot = "What the goods are worth, and whether relief is due, cannot be judged.";
    if !shipments.unvalued(parcel) {
        return Some(format!("The record declares a value of 0. {cannot}"));
    }
    own.any(said).then(|| format!("The record declares no customs value (NCV). {cannot}"))
}

/// Whether the message of a parcel was certainly sent after its goods departed or arrived, and by how much.
pub(crate) fn late_by(parcels: &Parcels, p: usize) -> Option<Late> {
    let time = |times: &[i32]| times.get(p).copied().filter(|&t| t != NO_TIME);
    let sent = time(&parcels.sent)?;
    let presented = || parse_time(&iso_text(parcels.date[p])).map_or(i32::MAX, |day| day.latest);
    let arrived = time(&parcels.arrived).unwrap_or_else(presented);
    let departed = time(&parcels.departed).unwrap_or(i32::MAX);
    let (arrival, moment) = if sent > arrived { (true, arrived) } else { (false, departed) };
    (sent > moment).then_some(Late { sent, moment, arrival })
}

/// A message that came too late for advance data.
pub(crate) struct Late {
    /// When it was sent at the earliest, minutes since 1970-01-01T00:00Z.
    sent: i32,
    /// When the goods left or arrived at the latest.
    moment: i32,
    /// Whether it is the arrival.
    arrival: bool,
}

fn late(parcels: &Parcels, p: usize) -> Option<String> {
    let Late { sent, moment, arrival } = late_by(parcels, p)?;
    let (hours, minutes) = ((sent - moment) / 60, (sent - moment) % 60);
    let what = if arrival { "arrived" } else { "departed" };
    Some(format!(
        "The message was sent at {} or later, {hours} h {minutes:02} min after the goods {what} (at {} or earlier): \
         too late for advance data.",
        utc_text(sent),
        utc_text(moment),
    ))
}

/// For each parcel, what another message under its identifier says otherwise.
fn changed(facts: &Facts) -> Vec<Option<String>> {
    let parcels = &facts.shipments.parcels;
    let mut texts = vec![None; parcels.len()];
    for &(p, line, value) in &parcels.restated {
        let currency = parcels.currency[p as usize].to_string();
        let other =
            if value > 0 { format!("at {}", display(value, &currency)) } else { "without value".into() };
        texts[p as usize] = Some(format!(
            "Another message of the same day declares line {line} otherwise, {other}; the one of the higher value is used."
        ));
    }
    // Parcels stand in the order of channel, identifier and day.
    for p in 1..parcels.len() {
        let (a, b) = (p - 1, p);
        let same =
            parcels.channel[a] == parcels.channel[b] && parcels.id.get(a as u32) == parcels.id.get(b as u32);
        if !same {
            continue;
        }
        let days = parcels.date[b] - parcels.date[a];
        if days == 0 {
            texts[b] = Some("The identifier is used for two parcels of one day.".into());
        } else if parcels.declared[a] != parcels.declared[b]
            || parcels.gross_weight[a] != parcels.gross_weight[b]
        {
            let what = if parcels.declared[b] < parcels.declared[a] {
                "a lower value"
            } else {
                "another value or weight"
            };
            texts[b] =
                Some(format!("The identifier was presented {days} days before; this message gives {what}."));
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::World;

    fn row(id: &str, date: &str, address: &str, city: &str, hs: &str, net: &str, posting: &str) -> String {
        format!(
            "{id},{date},Shop,Road {address},{city},CN,Anna Weber,DE,shirt,{hs},1,{net},0.5,20,EUR,{posting}\n"
        )
    }

    #[test]
    fn what_the_carrier_otherwise_gives_is_missed() {
        let head = "parcel_id,date,consignor_name,consignor_address,consignor_city,consignor_country,consignee_name,consignee_country,description,hs_code,quantity,net_weight_kg,gross_weight_kg,value,currency,posting_date\n";
        let mut csv = head.to_owned();
        for i in 0..30 {
            let id = format!("UA{:08}", 10_000_000 + i);
            let s10 = crate::fields::s10::S10 { service: *b"UA", serial: 10_000_000 + i, issuer: *b"CN" };
            assert!(s10.to_string().starts_with(&id));
            csv.push_str(&row(&s10.to_string(), "2026-03-10", "1", "Yiwu", "610910", "0.4", "2026-03-01"));
        }
        csv.push_str("RR473124829GB,2026-03-10,Shop,,,CN,Anna Weber,DE,shirt,,1,0.4,0.5,20,EUR,2026-03-01\n");
        csv.push_str(&row("CP001020301BR", "2026-03-10", "1", "Yiwu", "610910", "0.4", "2026-03-01"));
        csv.push_str(&row("LX806576725TW", "2026-03-10", "1", "Yiwu", "610910", "0.9", "2026-03-01"));
        csv.push_str(&row("RB167995284IT", "2026-03-10", "1", "Yiwu", "610910", "0.5", "2026-03-15"));
        let world = World::from_csv("DE", "2026-03-20", &csv);
        let facts = world.facts();
        let found = run(&facts, &Settings::default()).findings;
        let mut seen: Vec<(&str, &str)> =
            found.iter().map(|f| (facts.shipments.parcels.id.get(f.parcel), f.reason.as_str())).collect();
        seen.sort_unstable();
        assert_eq!(
            seen.iter().map(|s| s.0).collect::<Vec<_>>(),
            ["CP001020301BR", "LX806576725TW", "RB167995284IT", "RR473124829GB"],
            "{seen:#?}"
        );
        assert!(seen[0].1.contains("check digit 7"));
        assert!(seen[1].1.contains("0.900 kg net"));
        assert!(seen[3].1.contains("consignor_address, consignor_city, hs_code"), "{}", seen[3].1);
        assert!(!seen[3].1.contains("consignee_address"), "no record gives it");
    }

    #[test]
    fn lines_are_held_against_the_parcels_own_value() {
        let mut csv = "parcel_id,date,consignor_name,consignor_country,consignee_name,consignee_country,line_number,description,gross_weight_kg,value,parcel_value,transport_cost,currency\n".to_owned();
        for (id, lines, whole, transport) in [
            ("EVEN", [20.0, 30.0], "50.00", ""),
            ("ROUNDED", [20.0, 30.0], "50.49", ""),
            ("PAID", [20.0, 30.0], "58.00", "8.00"),
            ("LESS", [20.0, 30.0], "70.00", "8.00"),
            ("MORE", [20.0, 30.0], "30.00", ""),
            ("SILENT", [20.0, 30.0], "", ""),
        ] {
            for (i, value) in lines.into_iter().enumerate() {
                csv.push_str(&format!(
                    "{id},2026-03-10,Shop,CN,Anna Weber,DE,{},shirt {i},0.5,{value},{whole},{transport},EUR\n",
                    i + 1
                ));
            }
        }
        let told = reasons(&World::from_channels("DE", "2026-03-20", &[(Channel::Express, &csv)]));
        let ids: Vec<&str> = told.iter().map(|t| t.0.as_str()).collect();
        assert_eq!(ids, ["LESS", "MORE"], "{told:#?}");
        assert_eq!(told[0].1, "The lines are declared at 50.00 EUR together, the parcel at 70.00 EUR.");
    }

    const HEAD: &str = "parcel_id,carrier,date,consignor_name,consignor_country,consignee_name,consignee_country,nature,description,quantity,gross_weight_kg,value,currency,no_customs_value,message_time,departure_time,arrival_time,line_number,hs_code\n";

    /// Rows of an express manifest: identifier, nature, description, value, what stands for it, three times.
    fn express(rows: &[[&str; 8]]) -> World {
        let mut csv = HEAD.to_owned();
        for [id, nature, text, value, none, sent, left, landed] in rows {
            csv.push_str(&format!(
                "{id},C,2026-03-10,Shop,CN,Anna Weber,DE,{nature},{text},1,0.5,{value},EUR,{none},{sent},{left},{landed},1,610910\n"
            ));
        }
        World::from_channels("DE", "2026-03-20", &[(Channel::Express, &csv)])
    }

    fn reasons(world: &World) -> Vec<(String, String)> {
        let facts = world.facts();
        let id = |f: &Finding| facts.shipments.parcels.id.get(f.parcel).to_owned();
        run(&facts, &Settings::default()).findings.iter().map(|f| (id(f), f.reason.clone())).collect()
    }

    #[test]
    fn goods_without_customs_value_are_asked_for_and_documents_are_not() {
        let world = express(&[
            ["NCV", "", "cotton shirt", "", "NCV", "", "", ""],
            ["PAPERS", "", "documents", "", "NCV", "", "", ""],
            ["DOCS", "documents", "contract of sale", "", "true", "", "", ""],
            ["SHIRT", "", "cotton shirt", "12", "", "", "", ""],
            ["BOTH", "", "cotton shirt", "12", "false", "", "", ""],
            ["ZERO", "", "cotton shirt", "0.00", "", "", "", ""],
        ]);
        let found = reasons(&world);
        let ids: Vec<&str> = found.iter().map(|f| f.0.as_str()).collect();
        assert_eq!(ids, ["NCV", "ZERO"], "{found:#?}");
        assert!(found[0].1.contains("no customs value (NCV)"));
        assert!(found[1].1.contains("a value of 0"));
        // Whatever the other detectors of this night say, a value that nobody declared is none.
        let facts = world.facts();
        for detector in super::super::ALL.iter().filter(|d| d.family.is_revenue()) {
            let found = (detector.run)(&facts, None).unwrap().findings;
            assert!(found.is_empty(), "{}: {found:?}", detector.id);
        }
        assert!(
            facts
                .shipments
                .unvalued(facts.shipments.parcels.id.iter().position(|i| i == "NCV").unwrap() as u32)
        );
    }

    #[test]
    fn a_message_without_a_place_for_values_is_no_fault_of_a_parcel_where_its_carrier_never_gives_one() {
        let quiet = express(&[["A", "", "cotton shirt", "", "unstated", "", "", ""]]);
        assert_eq!(reasons(&quiet), []);
        let ids: Vec<String> = (0..20).map(|i| format!("P{i:02}")).collect();
        let mut rows: Vec<[&str; 8]> =
            ids.iter().map(|id| [id.as_str(), "", "cotton shirt", "12", "", "", "", ""]).collect();
        rows.push(["A", "", "cotton shirt", "", "unstated", "", "", ""]);
        let world = express(&rows);
        let facts = world.facts();
        let told = run(&facts, &Settings { lowest: 0.4, ..Settings::default() }).findings;
        assert_eq!(told.len(), 1);
        assert!(told[0].reason.contains("lacks value"), "{}", told[0].reason);
    }

    #[test]
    fn advance_data_sent_after_departure_or_arrival_is_late() {
        let row = |id, sent, left, landed| [id, "", "cotton shirt", "12", "", sent, left, landed];
        let world = express(&[
            row("AFTER_ARRIVAL", "2026-03-10T12:30:00Z", "2026-03-09T20:00:00Z", "2026-03-10T08:00:00Z"),
            row("AFTER_DEPARTURE", "2026-03-09T21:00:00Z", "2026-03-09T20:00:00Z", "2026-03-10T08:00:00Z"),
            row("BEFORE", "2026-03-09T19:59:00Z", "2026-03-09T20:00:00Z", "2026-03-10T08:00:00Z"),
            row("DAYS_AFTER", "2026-03-14", "", ""),
            row("NO_ZONE", "2026-03-09T21:00:00", "2026-03-09T20:00:00", "2026-03-10T08:00:00"),
            row("SAME_DAY", "2026-03-10T23:00:00", "", ""),
            row("UNREADABLE", "soon", "", ""),
            row("ZONES", "2026-03-10T09:00:00+08:00", "", "2026-03-10T01:30:00+00:00"),
        ]);
        let found = reasons(&world);
        let ids: Vec<&str> = found.iter().map(|f| f.0.as_str()).collect();
        assert_eq!(ids, ["AFTER_ARRIVAL", "AFTER_DEPARTURE", "DAYS_AFTER"], "{found:#?}");
        assert!(found[0].1.contains("4 h 30 min after the goods arrived"), "{}", found[0].1);
        assert!(found[1].1.contains("1 h 00 min after the goods departed"), "{}", found[1].1);
        assert!(found[2].1.contains("after the goods arrived"), "{}", found[2].1);
        assert!(express(&[row("NONE", "", "", "")]).facts().shipments.parcels.sent.is_empty());
    }

    #[test]
    fn one_identifier_for_two_parcels_of_one_day() {
        let line = |to: &str| {
            format!("A,C,2026-03-10,{to} Mill,CN,{to},DE,,cotton shirt,1,0.5,10,EUR,,,,,1,610910\n")
        };
        let csv = format!("{HEAD}{}{}", line("Anna"), line("Emil"));
        let world = World::from_channels("DE", "2026-03-20", &[(Channel::Express, &csv)]);
        let found = reasons(&world);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].1, "The identifier is used for two parcels of one day.");
    }
}
