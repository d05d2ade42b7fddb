//! Goods prone to counterfeiting that bear a brand's name at a price that the brand does not have.

use super::detector;
use crate::facts::Facts;
use crate::fields::currency::Currency;
use crate::model::finding::{Finding, Findings};
use crate::model::money::{Money, display};
use crate::refdata::brands::{Brand, Brands, Named};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

detector! {
    /// ## What it flags
    /// A line that names a brand whose goods are often counterfeited, of a heading of the brand's goods, cheaper than goods
    /// without a name; or whose brand's name is in disguise.
    /// ## Ground
    /// Most seized small parcels hold few pieces of branded footwear, clothing, watches, bags and electronics (OECD and EUIPO
    /// studies of seizures; Regulation (EU) 608/2013). The kinds of goods are the categories of the European Commission's
    /// yearly report on customs enforcement of intellectual property rights; the 536 names are this project's own list.
    /// ## How it decides
    /// The brand as a whole word, no word beside it that makes it a companion (case, strap, for, compatible) or that makes
    /// the name an ordinary word (apple fruit, puma figure), a code under one of its headings; at most `pieces` pieces;
    /// price a piece at most `share` of the median of the night's lines of that heading, of which there must be `lines`.
    /// Score `score`, and 0.2 more at half that price. Figures for letters, letters set apart and letters of other
    /// alphabets (n1ke, n i k e) hide a name that nobody honest hides: `disguised`, whatever the price; without a code, too.
    /// ## Honest look-alikes
    /// Accessories, used goods and goods sold off (the share leaves room), licensed prints; parcels of gifts are looked at like others.
    /// ## What it misses
    /// Copies at the right price; brands that are not on the list; names misspelled in other ways; lines without a value.
    /// ## Settings
    /// `share` (of the median), `pieces`, `lines` (counts), `score`, `disguised` (scores).
    "security-brand-goods", Security, "Branded goods at a price that the brand does not have", Settings, run
}

/// Settings under `[detectors.security-brand-goods]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    #[serde(deserialize_with = "super::share")]
    share: f64,
    pieces: f64,
    lines: usize,
    #[serde(deserialize_with = "super::share")]
    score: f64,
    #[serde(deserialize_with = "super::share")]
    disguised: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { share: 0.5, pieces: 10.0, lines: 20, score: 0.55, disguised: 0.75 }
    }
}

const AGENCY: &str = "intellectual property right holder";

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let (lines, parcels) = (&facts.shipments.lines, &facts.shipments.parcels);
    let texts = &facts.shipments.descriptions;
    let brands: Vec<Vec<Named>> = (0..texts.len() as u32)
        .into_par_iter()
        .map_init(String::new, |folded, d| Brands::shipped().named(texts.get(d), folded))
        .collect();
    let branded = |l: usize| {
        let heading = lines.hs[l]?.heading();
        let plain = brands[lines.description[l] as usize].iter().filter(|n| !n.disguised);
        let brand = plain.map(|n| n.brand).find(|b| b.headings.contains(&heading))?;
        (lines.quantity[l] >= 1.0).then_some((heading, brand))
    };
    let hidden = |l: usize| {
        let named = brands[lines.description[l] as usize].iter().filter(|n| n.disguised);
        let fits = |b: &&Brand| lines.hs[l].is_none_or(|hs| b.headings.contains(&hs.heading()));
        named.map(|n| n.brand).find(fits)
    };
    let evidence = |l: usize, brand: &Brand| {
        serde_json::json!({
            "brand": brand.name,
            "heading": lines.hs[l].map(|hs| format!("{:04}", hs.heading())),
            "agency": AGENCY,
            "description": texts.get(lines.description[l]),
            "nature": parcels.nature[lines.parcel[l] as usize].name(),
        })
    };
    let mut findings: Vec<Finding> = (0..lines.len())
        .filter_map(|l| hidden(l).map(|brand| (l, brand)))
        .map(|(l, brand)| Finding {
            parcel: lines.parcel[l],
            line_number: Some(lines.number[l]),
            score: settings.disguised,
            p_value: None,
            revenue: 0,
            case: None,
            reason: format!(
                "Line {}: the description \"{}\" hides the brand \"{}\" by figures, blanks or letters that only look like its own. Tell: {AGENCY}.",
                lines.number[l],
                texts.get(lines.description[l]),
                brand.name,
            ),
            evidence: evidence(l, brand).into(),
        })
        .collect();
    let wanted: Vec<(usize, u16, &Brand)> =
        (0..lines.len()).filter_map(|l| branded(l).map(|(h, b)| (l, h, b))).collect();
    // Prices are compared in one currency.
    let currency = |l: usize| facts.terms(lines.parcel[l]).currency;
    let mut prices: BTreeMap<(u16, Currency), Vec<Money>> = BTreeMap::new();
    for &(l, heading, _) in &wanted {
        prices.entry((heading, currency(l))).or_default();
    }
    let price = |l: usize| (lines.value[l] as f64 / lines.quantity[l]).round() as Money;
    for l in (0..lines.len()).filter(|&l| lines.quantity[l] >= 1.0 && lines.value[l] > 0) {
        if let Some(heading) = lines.hs[l].map(|hs| hs.heading())
            && let Some(cell) = prices.get_mut(&(heading, currency(l)))
        {
            cell.push(price(l));
        }
    }
    prices.values_mut().for_each(|cell| cell.sort_unstable());
    for (l, heading, brand) in wanted {
        let cell = &prices[&(heading, currency(l))];
        if cell.len() < settings.lines || lines.quantity[l] > settings.pieces || lines.value[l] <= 0 {
            continue;
        }
        let (own, median) = (price(l), cell[cell.len() / 2]);
        let bound = (median as f64 * settings.share) as Money;
        if own > bound {
            continue;
        }
        let score = if own * 2 <= bound { (settings.score + 0.2).min(0.95) } else { settings.score };
        let (number, unit) = (lines.number[l], currency(l).to_string());
        findings.push(Finding {
            parcel: lines.parcel[l],
            line_number: Some(number),
            score,
            p_value: None,
            revenue: 0,
            case: None,
            reason: format!(
                "Line {number}: the description names the brand \"{}\" at {} a piece; the median of the {} lines under heading {heading:04} is {}. Tell: {AGENCY}.",
                brand.name,
                display(own, &unit),
                cell.len(),
                display(median, &unit)
            ),
            evidence: evidence(l, brand).into(),
        });
    }
    findings.sort_by_key(|f| (f.parcel, f.line_number));
    Findings { findings, ..Findings::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::World;

    #[test]
    fn a_brand_cheaper_than_goods_without_a_name_stands_out() {
        let mut csv = "parcel_id,date,consignor_name,consignor_country,consignee_name,consignee_country,description,hs_code,quantity,gross_weight_kg,value,currency\n".to_owned();
        let mut row = |id: &str, text: &str, value: u32| {
            csv.push_str(&format!("{id},2026-03-10,Shop,CN,Anna Weber,DE,{text},910211,1,0.2,{value},EUR\n"));
        };
        for i in 0..30 {
            row(&format!("P{i:02}"), "quartz watch", 25 + i);
        }
        row("FAKE", "Rolex submariner watch", 9);
        row("DEAR", "Rolex submariner watch", 4000);
        row("BAND", "strap for Rolex watch", 5);
        row("HIDDEN", "R0lex submariner watch", 40);
        row("NONE", "Rolex submariner watch", 0);
        let world = World::from_csv("DE", "2026-03-10", &csv);
        let facts = world.facts();
        let found = run(&facts, &Settings::default()).findings;
        let ids: Vec<&str> = found.iter().map(|f| facts.shipments.parcels.id.get(f.parcel)).collect();
        assert_eq!(ids, ["FAKE", "HIDDEN"]);
        assert!(found[1].reason.contains("hides the brand"));
        assert!(found[0].reason.contains("rolex") && found[0].score > 0.7);
    }
}
