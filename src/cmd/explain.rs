//! `parcel-risk explain`.

use super::{Status, print};
use crate::cli::ExplainArgs;
use crate::error::Error;
use crate::output::{Row, list, number, record, rows, text};
use std::fmt::Write;
use std::path::Path;

/// Members of a case that are listed.
const MEMBERS: usize = 30;
/// Names or addresses of a party that are listed.
const SPELLINGS: usize = 8;

pub(crate) fn execute(args: &ExplainArgs) -> Status {
    let (parcels, _) = rows(&args.out, "flagged_parcels.parquet", Some(("parcel_id", &args.parcel_id)), 10)?;
    if parcels.is_empty() {
        return Err(not_flagged(args)?);
    }
    let mut t = String::new();
    for parcel in &parcels {
        story(&args.out, parcel, &mut t)?;
    }
    print(&t)
}

/// Where a parcel without flags may be found.
fn not_flagged(args: &ExplainArgs) -> Result<Error, Error> {
    let run = record(&args.out)?;
    let parcels = &run["counts"]["parcels"];
    let (quarantine, _) = rows(&args.out, "quarantine.parquet", None, usize::MAX)?;
    let held = quarantine.iter().find(|r| names(text(r, "raw"), &args.parcel_id));
    let hint = match held {
        Some(row) => format!(
            "a record with this text is in quarantine: {}, record {}, {}: {}",
            text(row, "source_file"),
            number(row, "record"),
            text(row, "field"),
            text(row, "reason")
        ),
        None => {
            "it is not in quarantine either: nothing was found against it, or it was not in the input".into()
        }
    };
    Ok(Error::Output(format!("{} is not among the flagged of {parcels} parcels; {hint}", args.parcel_id)))
}

/// Whether a record as it came holds an identifier as a word of its own.
fn names(raw: &str, id: &str) -> bool {
    let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !id.is_empty()
        && raw.match_indices(id).any(|(at, _)| {
            !joins(raw[..at].chars().next_back()) && !joins(raw[at + id.len()..].chars().next())
        })
}

fn story(out: &Path, parcel: &Row, t: &mut String) -> Result<(), Error> {
    let id = text(parcel, "parcel_id");
    let currency = text(parcel, "currency");
    let threshold = match parcel.get("threshold").and_then(serde_json::Value::as_f64) {
        Some(limit) => format!("limit {limit:.2} {currency}"),
        None => "no limit in force".into(),
    };
    let _ = writeln!(
        t,
        "{id}, {} parcel, {}, from {}",
        text(parcel, "channel"),
        text(parcel, "date"),
        text(parcel, "source_file")
    );
    let _ = writeln!(
        t,
        "  {} ({threshold}); {:.2} {currency} at risk ({:.2} to {:.2}); rank {}, risk score {:.2}, probability {:.3}; {}",
        match parcel.get("declared_value").and_then(serde_json::Value::as_f64) {
            Some(value) => format!("declared {value:.2} {currency}"),
            None => "no customs value declared".into(),
        },
        number(parcel, "revenue_at_risk"),
        number(parcel, "revenue_at_risk_low"),
        number(parcel, "revenue_at_risk_high"),
        number(parcel, "rank"),
        number(parcel, "risk_score"),
        number(parcel, "probability"),
        text(parcel, "recommended_action").replace('_', " "),
    );
    for role in ["consignor", "consignee"] {
        let entity = text(parcel, &format!("{role}_entity"));
        let (party, _) = rows(out, "entities.parquet", Some(("entity_id", entity)), 1)?;
        let _ = writeln!(t, "  {role} {}, {entity}", text(parcel, role));
        let Some(party) = party.first() else { continue };
        for (what, column) in [("also written", "names"), ("addresses", "addresses")] {
            let spellings = list(party, column);
            let own = column == "names" && spellings.len() == 1;
            if !spellings.is_empty() && !own {
                let more = spellings.len().saturating_sub(SPELLINGS);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let _ = writeln!(
                    t,
                    "    {what}: {}{more}",
                    spellings[..spellings.len().min(SPELLINGS)].join("; ")
                );
            }
        }
        let _ = writeln!(t, "    {} parcels in this run", number(party, "parcels"));
        waterfall(out, entity, t)?;
    }
    let (flags, _) = rows(out, "flags.parquet", Some(("parcel_id", id)), usize::MAX)?;
    // Two parcels may go by one identifier.
    let own = |flag: &&Row| flag.get("parcel_rank").is_none_or(|rank| Some(rank) == parcel.get("rank"));
    for flag in flags.iter().filter(own) {
        let line = match flag.get("line_number").and_then(serde_json::Value::as_i64) {
            Some(n) => format!(", line {n}"),
            None => String::new(),
        };
        let _ = writeln!(t, "\n{}: {}{line}", text(flag, "family").replace('_', " "), text(flag, "detector"));
        let _ = writeln!(t, "  {}", text(flag, "reason"));
        let mut test = format!("  score {:.3}", number(flag, "score"));
        if let Some(p) = flag.get("p_value").and_then(serde_json::Value::as_f64) {
            let _ = write!(test, ", p-value {p:.2e}, q-value {:.2e}", number(flag, "q_value"));
        }
        let revenue =
            ["revenue_at_risk", "revenue_at_risk_low", "revenue_at_risk_high"].map(|c| number(flag, c));
        let [expected, low, high] = revenue;
        let _ = writeln!(t, "{test}, {expected:.2} {currency} at risk ({low:.2} to {high:.2})");
        let _ = writeln!(t, "  evidence {}", text(flag, "evidence"));
        let case = text(flag, "case_id");
        if !case.is_empty() {
            members(out, case, id, t)?;
        }
    }
    Ok(())
}

/// Why the declarations of a party are one: what each comparison says, and the sum.
fn waterfall(out: &Path, entity: &str, t: &mut String) -> Result<(), Error> {
    let (lines, _) = rows(out, "links.parquet", Some(("entity_id", entity)), usize::MAX)?;
    let links: Vec<&[Row]> = lines.chunk_by(|a, b| number(a, "link") == number(b, "link")).collect();
    if links.is_empty() {
        return Ok(());
    }
    let _ = writeln!(
        t,
        "    one party, by {} comparison{} (weights in bits: each bit doubles the odds that the two are one)",
        links.len(),
        if links.len() == 1 { "" } else { "s" }
    );
    for link in links.iter().take(SPELLINGS) {
        let Some(last) = link.last() else { continue };
        let _ = writeln!(t, "      {}\n      {}", text(last, "one"), text(last, "other"));
        for line in *link {
            match line.get("weight_bits").and_then(serde_json::Value::as_f64) {
                Some(weight) => {
                    let _ = writeln!(
                        t,
                        "        {weight:>+7.1} {:>+7.1}  {}: {}",
                        number(line, "total_bits"),
                        text(line, "field"),
                        text(line, "level")
                    );
                }
                None => {
                    let _ = writeln!(t, "        {}: {}", text(line, "field"), text(line, "level"));
                }
            }
        }
        if let Some(total) = last.get("total_bits").and_then(serde_json::Value::as_f64) {
            let probability = 1.0 / (1.0 + (-total).exp2());
            let _ = writeln!(t, "        probability that the two are one party: {probability:.4}");
        }
    }
    let more = links.len().saturating_sub(SPELLINGS);
    if more > 0 {
        let _ = writeln!(t, "      and {more} comparisons more, in links.parquet");
    }
    Ok(())
}

/// The other parcels of a case.
fn members(out: &Path, case: &str, own: &str, t: &mut String) -> Result<(), Error> {
    let (cases, _) = rows(out, "cases.parquet", Some(("case_id", case)), 1)?;
    let Some(case) = cases.first() else { return Ok(()) };
    let ids = list(case, "parcel_ids");
    let _ = writeln!(
        t,
        "  case {}: {} parcels, {:.2} {} together, {} to {}",
        text(case, "case_id"),
        ids.len(),
        number(case, "total_value"),
        text(case, "currency"),
        text(case, "first_date"),
        text(case, "last_date")
    );
    for id in ids.iter().filter(|id| **id != own).take(MEMBERS) {
        let (member, _) = rows(out, "flagged_parcels.parquet", Some(("parcel_id", id)), 1)?;
        match member.first() {
            Some(m) => {
                let _ = writeln!(
                    t,
                    "    {id}  {}  {:>10.2} {}  {} -> {}",
                    text(m, "date"),
                    number(m, "declared_value"),
                    text(m, "currency"),
                    text(m, "consignor"),
                    text(m, "consignee")
                );
            }
            None => {
                let _ = writeln!(t, "    {id}");
            }
        }
    }
    let more = ids.len().saturating_sub(MEMBERS + 1);
    if more > 0 {
        let _ = writeln!(t, "    and {more} more");
    }
    Ok(())
}
