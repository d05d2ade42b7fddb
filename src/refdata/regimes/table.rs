//! The table of regimes as text for a person, and as a file to start from.

use super::rule::{COLUMNS, Flow, Rule, day_text};
use super::senders::Area;
use super::{Aggregation, Basis, Treatment};
use crate::model::batch::Channel;
use crate::model::money::{Money, display};
use std::fmt::Write as _;

/// Longest line, in characters.
const WIDTH: usize = 100;
/// Columns of the heading lines; longer cells go to the details below.
const LONGEST_CELL: usize = 24;
const HEADINGS: [&str; 6] = ["REGIME", "VALID", "CHANNEL", "FROM", "GOODS", "LIMIT"];

/// Rows as aligned text: a heading for each country; for each row one line of columns and, indented below it, how
/// duty and tax are charged, what is added together and shut out, the note, the source and its certainty.
pub fn table(rows: &[&Rule]) -> String {
    if rows.is_empty() {
        return "No rule: the table knows nothing of this country on this day.\n".to_owned();
    }
    let cells: Vec<[String; 6]> = rows.iter().map(|rule| columns(rule)).collect();
    let mut widths = HEADINGS.map(|heading| heading.chars().count());
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    line(&mut text, &widths, HEADINGS);
    let mut area: Option<Area> = None;
    for (rule, row) in rows.iter().zip(&cells) {
        if area != Some(rule.area) {
            area = Some(rule.area);
            let _ = writeln!(text, "\n{} ({})", rule.area.name(), rule.area);
        }
        line(&mut text, &widths, row.each_ref().map(String::as_str));
        for detail in details(rule) {
            wrap(&mut text, &detail);
        }
    }
    text
}

/// Rows as a CSV file that [`Regimes::load`](super::Regimes::load) reads.
pub fn to_csv(rows: &[&Rule]) -> String {
    let mut text = COLUMNS.join(",");
    text.push('\n');
    for rule in rows {
        for (i, cell) in rule.cells().iter().enumerate() {
            if i > 0 {
                text.push(',');
            }
            if cell.contains([',', '"', '\n', '\r', '#']) {
                let _ = write!(text, "\"{}\"", cell.replace('"', "\"\""));
            } else {
                text.push_str(cell);
            }
        }
        text.push('\n');
    }
    text
}

fn columns(rule: &Rule) -> [String; 6] {
    let last = rule.valid_to.map_or_else(|| "open".to_owned(), day_text);
    let senders = rule.senders.to_string();
    let limit = rule.threshold.map_or_else(
        || "none".to_owned(),
        |amount| {
            let sign = if rule.inclusive { "up to" } else { "below" };
            format!("{sign} {}", money(rule, amount))
        },
    );
    [
        rule.id.clone(),
        format!("{} to {last}", day_text(rule.valid_from)),
        rule.channel.map_or("any", Channel::name).to_owned(),
        if senders.len() > LONGEST_CELL / 2 { "(below)".to_owned() } else { senders },
        rule.flow.name().to_owned(),
        limit,
    ]
}

fn details(rule: &Rule) -> Vec<String> {
    let mut details = Vec::new();
    let senders = rule.senders.to_string();
    if senders.len() > LONGEST_CELL / 2 {
        details.push(format!("From: {senders}."));
    }
    if rule.threshold.is_some() {
        let (duty, tax) = (treatment(rule, rule.duty), treatment(rule, rule.tax));
        let within = if rule.flow == Flow::Gift { "Gifts within the limit" } else { "Within the limit" };
        details.push(format!("{within}: duty {duty}, tax {tax}."));
        let shut_out = match &rule.excluded[..] {
            [] => "no goods shut out".to_owned(),
            lists => format!("shut out: {}", lists.join(", ")),
        };
        details.push(format!(
            "Held against {}, {}; {shut_out}.",
            basis(rule.basis),
            aggregation(rule.aggregation)
        ));
    }
    if !rule.note.is_empty() {
        details.push(rule.note.clone());
    }
    details.push(format!("Source ({} certainty): {}.", rule.certainty.name(), rule.source));
    details
}

fn treatment(rule: &Rule, treatment: Treatment) -> String {
    match treatment {
        Treatment::Normal => "as on any other import".to_owned(),
        Treatment::Free => "free".to_owned(),
        // A share has at most six decimals; without rounding 0.335 would print as 33.50000000000001 %.
        Treatment::Rate(share) => format!("{} % of the value", (share * 1e6).round() / 1e4),
        Treatment::FlatPerItem(amount) => format!("{} for each tariff subheading", money(rule, amount)),
        Treatment::FlatPerParcel(amount) => format!("{} a parcel", money(rule, amount)),
    }
}

fn money(rule: &Rule, amount: Money) -> String {
    display(amount, &rule.currency.to_string())
}

fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Intrinsic => "the price of the goods alone",
        Basis::Fob => "the value on board at export (FOB)",
        Basis::Cif => "goods, insurance and freight (CIF)",
        Basis::CustomsValue => "the customs value",
        Basis::FairRetail => "the fair retail value in the country of shipment",
    }
}

fn aggregation(aggregation: Aggregation) -> &'static str {
    match aggregation {
        Aggregation::Consignment => "each consignment by itself",
        Aggregation::ConsigneeDay => "all that one consignee imports on one day",
        Aggregation::ConsigneeFlight => "all that one consignee imports on one flight",
        Aggregation::ConsigneeSupplierOrderDate => "all of one consignee, one supplier and one order date",
    }
}

fn line(text: &mut String, widths: &[usize; 6], cells: [&str; 6]) {
    for (i, (width, cell)) in widths.iter().zip(cells).enumerate() {
        if i > 0 {
            text.push_str("  ");
        }
        let _ = if i + 1 < widths.len() { write!(text, "{cell:<width$}") } else { write!(text, "{cell}") };
    }
    text.push('\n');
}

/// Writes a sentence in lines of at most [`WIDTH`] characters, indented by four.
fn wrap(text: &mut String, sentence: &str) {
    let mut column = 0;
    for word in sentence.split_whitespace() {
        let length = word.chars().count();
        if column == 0 {
            text.push_str("    ");
            column = 4;
        } else if column + 1 + length > WIDTH {
            text.push_str("\n      ");
            column = 6;
        } else {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text.push('\n');
}
