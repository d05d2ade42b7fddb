//! Groups told as findings and cases: sentences with the numbers in them.

use super::group::{Group, Model, Regular};
use super::pair::Feature;
use super::search::Search;
use crate::facts::Facts;
use crate::model::finding::{Case, Evidence, Finding, Findings};
use crate::model::money::{display, to_units};
use crate::model::parcels::Particular;
use chrono::NaiveDate;
use serde_json::json;

/// Parcels named in a sentence before it says how many more there are.
const NAMED: usize = 6;

/// What a detector says about a group besides its evidence.
pub struct Story {
    /// Who sends what to whom: the first sentence up to the word "are".
    pub subject: String,
    /// Why the law, or the indicator, ties them together: a sentence.
    pub ground: String,
}

/// Findings on the groups that a detector keeps: a case a group, a finding a parcel. A parcel in several groups stays
/// with the one of the highest score.
pub fn report(
    facts: &Facts,
    search: Search,
    model: &Model,
    cut: f64,
    keep: impl Fn(&Group) -> bool,
    story: impl Fn(&Group) -> Story,
) -> Findings {
    let mut taken = vec![false; facts.shipments.parcels.len()];
    let mut kept: Vec<Group> = Vec::new();
    let mut groups = search.groups;
    groups.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.parcels.cmp(&b.parcels)));
    for group in groups.into_iter().take_while(|g| g.score >= cut) {
        if keep(&group) && group.parcels.iter().all(|&p| !taken[p as usize]) {
            group.parcels.iter().for_each(|&p| taken[p as usize] = true);
            kept.push(group);
        }
    }
    kept.sort_by(|a, b| a.parcels.cmp(&b.parcels));
    let mut out = Findings { tests: search.p_values.len(), p_values: search.p_values, ..Findings::default() };
    for group in &kept {
        let story = story(group);
        let reason = reason(facts, group, model, &story);
        let evidence = Evidence::from(evidence(facts, group, model));
        let case = out.cases.len() as u32;
        let revenue = facts.revenue_if_joined(&group.parcels);
        for (&parcel, revenue) in group.parcels.iter().zip(revenue) {
            out.findings.push(Finding {
                parcel,
                line_number: None,
                score: group.score,
                p_value: group.p_value,
                revenue,
                case: Some(case),
                reason: reason.clone(),
                evidence: evidence.clone(),
            });
        }
        let only = |all: &[u32]| (all.len() == 1).then(|| all[0]);
        out.cases.push(Case {
            parcels: group.parcels.clone(),
            consignor: only(&group.consignors),
            consignee: only(&group.consignees),
            total: group.total,
            threshold: Some(group.limit),
            reason,
        });
    }
    out.findings.sort_by_key(|finding| finding.parcel);
    out
}

fn reason(facts: &Facts, group: &Group, model: &Model, story: &Story) -> String {
    let currency = facts.terms(group.parcels[0]).currency.to_string();
    let money = |amount| display(amount, &currency);
    let mut text = format!(
        "{} are worth {} together, over the limit of {} that each of them stays within ({} to {} each). {} ",
        story.subject,
        money(group.total),
        money(group.limit),
        display(group.values.0, "").trim_end(),
        money(group.values.1),
        story.ground
    );
    let likeness = likeness(facts, group);
    if !likeness.is_empty() {
        text.push_str(&format!("What ties them together: {}. ", likeness.join("; ")));
    }
    text.push_str(&arrivals_sentence(group, model));
    let against = against(group);
    if !against.is_empty() {
        text.push_str(&format!(" Against it: {}.", against.join("; ")));
    }
    match group.regular {
        Some(Regular::Firm) => text.push_str(
            " The consignee is a firm by its name: one sender, like goods and like values are its trade and were not counted.",
        ),
        Some(Regular::Heavy(n)) => text.push_str(&format!(
            " The addressee gets about {n} parcels in such a time anyway: one sender, like goods and like values were not \
             counted."
        )),
        None => {}
    }
    if let Some(p) = group.p_value {
        text.push_str(&format!(
            " Of comparable groups within the limit, {} are tied as strongly.",
            percent(p)
        ));
    }
    text.push_str(&format!(" Parcels: {}.", names(facts, &group.parcels)));
    text
}

/// What the parcels have in common, a phrase each.
fn likeness(facts: &Facts, group: &Group) -> Vec<String> {
    let parcels = &facts.shipments.parcels;
    let words = &facts.shipments.words;
    let links = group.links.len();
    let first = group.parcels[0] as usize;
    let all = |feature, levels| group.agreeing(feature, levels) == links;
    let mut said = Vec::new();
    if all(Feature::Order, 1) {
        said.push(format!("all carry the order number {}", words.get(parcels.order[first])));
    }
    if let Some(goods) = goods_phrase(facts, group) {
        said.push(goods);
    }
    if all(Feature::Values, 1) {
        said.push("their values differ by at most 2 % from one to the next".to_owned());
    } else if all(Feature::Values, 2) {
        said.push("their values differ by at most 20 % from one to the next".to_owned());
    }
    match group.gap {
        Some(gap) if gap <= 1_000 && links == 1 => said.push(format!("their identifiers are {gap} apart")),
        Some(gap) if gap <= 1_000 => {
            said.push(format!("their identifiers are of one series and at most {gap} from one to the next"));
        }
        _ => match group.agreeing(Feature::Identifiers, 1) {
            0 => {}
            near => said.push(format!("{} have neighbouring identifiers", counted(near + 1, "parcel"))),
        },
    }
    if all(Feature::Manifest, 1) {
        said.push(format!("all are in manifest {}", words.get(parcels.manifest[first])));
    }
    if all(Feature::Posting, 1) {
        said.push(format!("all were posted on {}", date(parcels.posting_date[first])));
    }
    if all(Feature::OrderDate, 1) {
        said.push(format!("all were ordered on {}", date(parcels.order_date[first])));
    }
    if group.consignors.len() > 1 {
        said.push(format!("they name {} senders", group.consignors.len()));
    }
    said
}

/// What speaks against one order, a phrase each.
fn against(group: &Group) -> Vec<String> {
    let links = group.links.len();
    let differing = |feature| group.comparable(feature) - group.agreeing(feature, 1);
    let mut said = Vec::new();
    if group.agreeing(Feature::Goods, 3) == 0 {
        said.push("they describe different goods".to_owned());
    }
    if group.agreeing(Feature::Values, 3) == 0 {
        said.push("their values differ by more than half".to_owned());
    }
    if differing(Feature::Order) == links {
        said.push("they carry different order numbers".to_owned());
    }
    if differing(Feature::OrderDate) == links {
        said.push("they were ordered on different days".to_owned());
    }
    if differing(Feature::Posting) == links {
        said.push("they were posted on different days".to_owned());
    }
    if group.crowd > 2 {
        said.push(format!("{} consignees share the contact", group.crowd));
    }
    said
}

fn goods_phrase(facts: &Facts, group: &Group) -> Option<String> {
    let links = group.links.len();
    let goods = crate::facts::goods::main_goods(facts, group.parcels[0]);
    let description = facts.shipments.descriptions.get(goods.description);
    let described = |levels| group.agreeing(Feature::Goods, levels);
    if described(1) == links {
        return Some(format!("all describe the same goods (\"{}\")", shortened(description)));
    }
    if described(3) == links {
        return Some(match described(2) == links {
            true => {
                format!("all hold like goods (HS {:06}, \"{}\")", goods.subheading, shortened(description))
            }
            false => format!("all hold goods of HS heading {:04}", goods.heading),
        });
    }
    match described(3) {
        0 => None,
        some => Some(format!("{} hold like goods", counted(some + 1, "parcel"))),
    }
}

fn arrivals_sentence(group: &Group, model: &Model) -> String {
    let from = if group.consignors.len() == 1 { "from this sender " } else { "" };
    let days = if model.days <= 1 { "one day".to_owned() } else { format!("{} days", model.days) };
    format!(
        "This addressee got {} {from}within {days}, {} outside it; after the first one {:.2} more would be ordinary, \
         and this many come by chance with a probability of {}.",
        counted(group.arrivals.count as usize, "parcel"),
        group.arrivals.outside,
        group.arrivals.expected,
        percent(group.arrivals.p)
    )
}

fn evidence(facts: &Facts, group: &Group, model: &Model) -> serde_json::Value {
    let levels = group.level_counts();
    let level = |feature: Feature, n: usize| levels[feature as usize][..n].to_vec();
    json!({
        "parcels": group.parcels.len(),
        "total": to_units(group.total),
        "limit": to_units(group.limit),
        "regime": super::limit_of(facts, group.parcels[0]).map(|limit| limit.regime.as_str()),
        "first_date": date(group.days.0),
        "last_date": date(group.days.1),
        "window_days": model.days,
        "consignors": group.consignors.len(),
        "consignees": group.consignees.len(),
        "one_order": rounded(group.one_order),
        "log_odds": rounded(group.log_odds(model)),
        "links": {
            "mean_weight": rounded(group.tie),
            "mean_sender_weight": rounded(group.sender),
            "supplier": level(Feature::Supplier, 2),
            "goods": level(Feature::Goods, 4),
            "values": level(Feature::Values, 4),
            "identifiers": level(Feature::Identifiers, 3),
            "manifest": level(Feature::Manifest, 2),
            "posting_date": level(Feature::Posting, 2),
            "order_date": level(Feature::OrderDate, 2),
            "order": level(Feature::Order, 2),
            "platform": level(Feature::Platform, 2),
        },
        "largest_identifier_gap": group.gap,
        "fullness": rounded(group.fullness()),
        "arrivals": {
            "count": group.arrivals.count,
            "outside": group.arrivals.outside,
            "expected": rounded(group.arrivals.expected),
            "p": group.arrivals.p,
        },
        "regular": group.regular.map(|regular| match regular {
            Regular::Firm => "firm",
            Regular::Heavy(_) => "heavy",
        }),
        "crowd": group.crowd,
    })
}

/// The name of a party, shortened, for a sentence.
pub fn party_name(facts: &Facts, parcel: u32, consignor: bool) -> String {
    let parcels = &facts.shipments.parcels;
    let name = match consignor {
        true => facts.shipments.consignors.get(parcels.consignor[parcel as usize], Particular::Name),
        false => facts.shipments.consignees.get(parcels.consignee[parcel as usize], Particular::Name),
    };
    shortened(name)
}

/// `on 2026-07-01`, or `from 2026-07-01 to 2026-07-03`.
pub fn when(days: (i32, i32)) -> String {
    if days.0 == days.1 {
        format!("on {}", date(days.0))
    } else {
        format!("from {} to {}", date(days.0), date(days.1))
    }
}

/// `1 parcel`, `3 parcels`.
pub fn counted(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

fn names(facts: &Facts, parcels: &[u32]) -> String {
    let mut text = String::new();
    for (i, &parcel) in parcels.iter().take(NAMED).enumerate() {
        if i > 0 {
            text.push_str(", ");
        }
        text.push_str(facts.shipments.parcels.id.get(parcel));
    }
    if parcels.len() > NAMED {
        text.push_str(&format!(" and {} more", parcels.len() - NAMED));
    }
    text
}

fn date(days: i32) -> String {
    NaiveDate::from_epoch_days(days).map(|d| d.to_string()).unwrap_or_default()
}

/// A probability as per cent with two telling digits.
fn percent(p: f64) -> String {
    match p * 100.0 {
        v if v >= 10.0 => format!("{v:.0} %"),
        v if v >= 1.0 => format!("{v:.1} %"),
        v if v >= 0.01 => format!("{v:.2} %"),
        _ => "less than 0.01 %".to_owned(),
    }
}

/// A score as per cent; certainty is never claimed.
fn rounded(x: f64) -> f64 {
    (x * 1_000.0).round() / 1_000.0
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_a_person_writes_them() {
        assert_eq!(
            ["0.5", "0.034", "0.0021", "0.000001"].map(|p| percent(p.parse().unwrap())),
            ["50 %", "3.4 %", "0.21 %", "less than 0.01 %"]
        );
        assert_eq!(when((20_635, 20_635)), "on 2026-07-01");
        assert_eq!(when((20_635, 20_637)), "from 2026-07-01 to 2026-07-03");
        assert_eq!((counted(1, "parcel"), counted(2, "parcel")), ("1 parcel".into(), "2 parcels".into()));
        assert_eq!(shortened(&"ü".repeat(61)).chars().count(), 61);
    }
}
