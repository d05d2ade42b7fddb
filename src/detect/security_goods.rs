//! Goods on the lists of other agencies.

use super::detector;
use crate::facts::Facts;
use crate::model::finding::{Finding, Findings};
use crate::refdata::controlled::{Controlled, ControlledGoods};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

detector! {
    /// ## What it flags
    /// A line whose code or words stand on a dated list of goods that another agency must know of: explosive precursors and
    /// detonators (Programme Global Shield), firearms, their parts and ammunition, narcotic precursors and pill presses,
    /// cash and bearer instruments, loose lithium batteries, protected species, fireworks, jammers, goods that call themselves
    /// copies; and the user's own lists (`lists.controlled_goods`), strategic goods for one.
    /// ## Ground
    /// Each list names its source, its first day and the agency to tell: `parcel-risk detectors security-goods` says which
    /// file they stand in.
    /// ## How it decides
    /// By the code's first digits and by whole words and phrases in several languages, with common disguises undone: figures
    /// for letters, letters set apart, letters of other alphabets that look Latin. Each entry has a score of its own; a code
    /// and a word of one list together score `1 - (1 - a)(1 - b)`, a disguise adds 0.2 to 0.95 at most. Words beside which an
    /// entry means something else take it away ("water pistol", "acetone free").
    /// ## Honest look-alikes
    /// Toys, costumes, colours, accessories, teeth whitening; batteries declared as batteries score below the line.
    /// ## What it misses
    /// Goods described as something else under that thing's code.
    /// ## Settings
    /// `lowest`: least score that is reported; `lists`: names of the lists looked for, all where empty.
    "security-goods", Security, "Goods that another agency must know of", Settings, run
}

/// Settings under `[detectors.security-goods]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    #[serde(deserialize_with = "super::share")]
    lowest: f64,
    lists: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { lowest: 0.5, lists: Vec::new() }
    }
}

/// A mention of an entry, with where it was found.
struct Found<'a> {
    entry: &'a Controlled,
    disguised: bool,
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let lines = &facts.shipments.lines;
    let books: Vec<&ControlledGoods> =
        std::iter::once(ControlledGoods::shipped()).chain(facts.lists.controlled_goods.as_ref()).collect();
    let mentions: Vec<Vec<Found>> = (0..facts.shipments.descriptions.len() as u32)
        .into_par_iter()
        .map_init(String::new, |folded, d| {
            let text = facts.shipments.descriptions.get(d);
            let found = books.iter().flat_map(|book| book.by_words(text, folded));
            found.map(|m| Found { entry: m.entry, disguised: m.disguised }).collect()
        })
        .collect();
    let findings = (0..lines.len())
        .into_par_iter()
        .flat_map_iter(|line| {
            let words = &mentions[lines.description[line] as usize];
            let codes: Vec<&Controlled> =
                lines.hs[line].iter().flat_map(|&hs| books.iter().flat_map(move |b| b.by_code(hs))).collect();
            judge(facts, settings, line, words, &codes)
        })
        .collect();
    Findings { findings, ..Findings::default() }
}

fn judge(
    facts: &Facts,
    settings: &Settings,
    line: usize,
    words: &[Found],
    codes: &[&Controlled],
) -> Vec<Finding> {
    let mut lists: Vec<_> =
        words.iter().map(|w| &w.entry.list).chain(codes.iter().map(|c| &c.list)).collect();
    lists.sort_by(|a, b| a.id.cmp(&b.id));
    lists.dedup();
    let lines = &facts.shipments.lines;
    let number = lines.number[line];
    let mut findings = Vec::new();
    for list in lists.into_iter().filter(|l| settings.lists.is_empty() || settings.lists.contains(&l.id)) {
        let word = words.iter().find(|w| w.entry.list == *list);
        let code = codes.iter().filter(|c| c.list == *list).max_by(|a, b| a.score.total_cmp(&b.score));
        let doubt = |score: f64| 1.0 - score;
        let mut score =
            1.0 - word.map_or(1.0, |w| doubt(w.entry.score)) * code.map_or(1.0, |c| doubt(c.score));
        // Battery words under a battery code are as declared as can be; two weak signs there are one.
        if list.id == "batteries" {
            score = word.map_or(0.0, |w| w.entry.score).max(code.map_or(0.0, |c| c.score));
        }
        let disguised = word.is_some_and(|w| w.disguised);
        if disguised {
            score = (score + 0.2).min(0.95);
        }
        if score < settings.lowest {
            continue;
        }
        let mut said: Vec<String> = Vec::new();
        if let Some(word) = word {
            let how = if word.disguised { ", written in disguise," } else { "" };
            said.push(format!("the description names \"{}\"{how}", word.entry.text));
        }
        if let (Some(code), Some(hs)) = (code, lines.hs[line]) {
            said.push(format!("the code {hs} begins with {}", code.text));
        }
        findings.push(Finding {
            parcel: lines.parcel[line],
            line_number: Some(number),
            score,
            p_value: None,
            revenue: 0,
            case: None,
            reason: format!(
                "Line {number}: {}, which stands on the list of {}. Tell: {}.",
                said.join(" and ").trim_end_matches(','),
                list.name,
                list.agency
            ),
            evidence: serde_json::json!({
                "list": list.id,
                "agency": list.agency,
                "description": facts.shipments.descriptions.get(lines.description[line]),
                "word": word.map(|w| &w.entry.text),
                "disguised": disguised,
                "code_prefix": code.map(|c| &c.text),
                "hs_code": lines.hs[line].map(|hs| hs.to_string()),
                "list_valid_from": list.valid_from,
                "source": list.source,
            })
            .into(),
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::World;

    #[test]
    fn lists_are_matched_by_code_and_word_with_the_agency_to_tell() {
        let head = "parcel_id,date,consignor_name,consignor_country,consignee_name,consignee_country,description,hs_code,gross_weight_kg,value,currency\n";
        let row = |id: &str, text: &str, code: &str| {
            format!("{id},2026-03-10,Shop,CN,Anna Weber,DE,\"{text}\",{code},0.5,20,EUR\n")
        };
        let csv = [
            head.to_owned(),
            row("A1", "Detonators electric", "360360"),
            row("A2", "p1ll press machine", "847989"),
            row("A3", "water pistol", "950300"),
            row("A4", "power bank 10000 mAh", "850760"),
            row("A5", "cotton shirt", "610910"),
            row("A6", "sample", "291431"),
        ]
        .concat();
        let world = World::from_csv("DE", "2026-03-10", &csv);
        let facts = world.facts();
        let found = run(&facts, &Settings::default()).findings;
        let seen = found
            .iter()
            .map(|f| (facts.shipments.parcels.id.get(f.parcel), f.evidence.object()["list"].clone()))
            .collect::<Vec<_>>();
        let expected = [("A1", "global_shield"), ("A2", "drug_precursors"), ("A6", "drug_precursors")];
        assert_eq!(seen, expected.map(|(parcel, list)| (parcel, list.into())));
        assert!(found[0].score > 0.95 && found[1].evidence.object()["disguised"] == true);
        for part in ["Tell: police and drug authority", "written in disguise, which stands on"] {
            assert!(found[1].reason.contains(part), "{}", found[1].reason);
        }
        let low = Settings { lowest: 0.4, lists: vec!["batteries".into()] };
        assert_eq!(run(&facts, &low).findings.len(), 1);
    }
}
