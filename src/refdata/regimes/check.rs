//! What the rows of one country must agree on: no day without a rule, no day with two.

use super::members::Members;
use super::rule::{Flow, Rule, day_text};
use super::senders::Area;
use crate::fields::country::Country;
use crate::model::batch::Channel;
use crate::refdata::sheet::TableError;

/// Checks the rows of one area against each other, for each channel, each kind of sender and each day on which a
/// row begins or has ended.
pub(super) fn check(file: &str, rules: &[Rule], members: &Members) -> Result<(), TableError> {
    let mut days: Vec<i32> = rules
        .iter()
        .flat_map(|rule| [Some(rule.valid_from), rule.valid_to.map(|last| last.saturating_add(1))])
        .flatten()
        .collect();
    days.sort_unstable();
    days.dedup();
    for channel in [Channel::Postal, Channel::Express] {
        for from in senders(rules, members) {
            sweep(file, rules, members, &days, channel, from)?;
        }
    }
    Ok(())
}

/// One sender for each way in which the rows can tell senders apart.
fn senders(rules: &[Rule], members: &Members) -> Vec<Country> {
    let mut senders: Vec<Country> = Vec::new();
    for rule in rules {
        for area in rule.senders.named() {
            if let Area::Country(country) = area {
                senders.push(*country);
            }
        }
    }
    senders.sort_unstable();
    senders.dedup();
    let unnamed = |country: &Country| !senders.contains(country);
    let member = members
        .countries()
        .filter(unnamed)
        .filter(|c| matches!(members.spans(*c), [m] if m.area == Area::EuropeanUnion && m.valid_to.is_none()))
        .min_by_key(|c| members.spans(*c).first().map(|m| m.valid_from));
    let outsider = (0..=u16::MAX)
        .filter_map(Country::from_packed)
        .filter(unnamed)
        .find(|country| members.spans(*country).is_empty());
    senders.extend(member);
    senders.extend(outsider);
    senders
}

fn sweep(
    file: &str,
    rules: &[Rule],
    members: &Members,
    days: &[i32],
    channel: Channel,
    from: Country,
) -> Result<(), TableError> {
    let fault = |rule: &Rule, column, found: String, expected: String| TableError::Cell {
        file: file.to_owned(),
        line: rule.line,
        column,
        found,
        expected,
    };
    let mut before: Option<&Rule> = None;
    for &day in days {
        let in_force: Vec<&Rule> = rules
            .iter()
            .filter(|rule| rule.in_force(day) && rule.channel.is_none_or(|c| c == channel))
            .filter(|rule| rule.senders.include(from, day, members))
            .collect();
        let (gifts, mut sales): (Vec<&Rule>, Vec<&Rule>) =
            in_force.iter().copied().partition(|rule| rule.flow == Flow::Gift);
        sales.sort_by_key(|rule| (rule.rank, rule.line));
        let Some(&lead) = sales.first() else {
            if let Some(ended) = before {
                let expected = format!(
                    "a later day, or a row that starts on {} for {} parcels from {from} (without a threshold if there is no limit)",
                    day_text(day),
                    channel.name()
                );
                let found = ended.valid_to.map_or_else(String::new, day_text);
                return Err(fault(ended, "valid_to", found, expected));
            }
            if let Some(gift) = gifts.first() {
                let expected = format!(
                    "a day on which a row for sales is in force for {} parcels from {from}",
                    channel.name()
                );
                return Err(fault(gift, "valid_from", day_text(gift.valid_from), expected));
            }
            continue;
        };
        for (place, rule) in (1_u8..).zip(&sales) {
            if rule.rank != place {
                let other = sales.get(usize::from(place).wrapping_sub(2)).filter(|o| o.rank == rule.rank);
                return Err(match other {
                    Some(other) => overlap(&fault, other, rule, channel, from),
                    None => fault(
                        rule,
                        "rank",
                        rule.rank.to_string(),
                        format!(
                            "{place}, the first free rank on {} for {} parcels from {from}",
                            day_text(day),
                            channel.name()
                        ),
                    ),
                });
            }
        }
        if let [first, second, ..] = gifts[..] {
            return Err(overlap(&fault, first, second, channel, from));
        }
        if let (None, Some(second)) = (lead.threshold, sales.get(1)) {
            let expected = format!("an amount, because {} sets a limit on the same days", second.id);
            return Err(fault(lead, "threshold", String::new(), expected));
        }
        if let Some(other) = in_force.iter().find(|rule| rule.currency != lead.currency) {
            let expected = format!("{}, the currency of {} on the same days", lead.currency, lead.id);
            return Err(fault(other, "currency", other.currency.to_string(), expected));
        }
        before = Some(lead);
    }
    if let (None, Some(first)) = (before, rules.first()) {
        // Half a country's law would leave the other half of its parcels without any, silently.
        let other_channel = !rules.iter().any(|rule| rule.channel.is_none_or(|c| c == channel));
        return Err(if other_channel {
            let found = first.channel.map_or("any", Channel::name).to_owned();
            fault(first, "channel", found, format!("any, or further rows for {} parcels", channel.name()))
        } else {
            let expected = format!("any, or further rows for {} parcels from {from}", channel.name());
            fault(first, "from_country", first.senders.to_string(), expected)
        });
    }
    Ok(())
}

fn overlap(
    fault: &impl Fn(&Rule, &'static str, String, String) -> TableError,
    earlier: &Rule,
    later: &Rule,
    channel: Channel,
    from: Country,
) -> TableError {
    let days = match earlier.valid_to {
        Some(last) => format!("{} to {}", day_text(earlier.valid_from), day_text(last)),
        None => format!("{} on", day_text(earlier.valid_from)),
    };
    let expected = format!(
        "a day outside those of {} ({days}), which has the same rank for {} parcels from {from}",
        earlier.id,
        channel.name()
    );
    fault(later, "valid_from", day_text(later.valid_from), expected)
}
