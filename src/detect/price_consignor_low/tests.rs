//! What is flagged, and the honest look-alikes that are not.

use super::ENTRY;
use crate::facts::prices::testing::{Night, trade};

#[test]
fn a_consignor_at_a_quarter_of_all_prices_is_flagged_and_its_peers_are_not() {
    let night = trade(400, 20_000, 41, |consignor, _| (consignor % 20 == 7).then_some((0.22, "cut")));
    let findings = night.screen(&ENTRY);
    assert!(night.share(&findings, "cut").0 > 0.75, "{:?}", night.share(&findings, "cut"));
    assert!(night.share(&findings, "honest").0 < 0.005, "{:?}", night.share(&findings, "honest"));
    let case = &findings.cases[0];
    assert!(case.reason.starts_with("Over all its goods (") && case.consignor.is_some(), "{}", case.reason);
    assert!(case.parcels.is_sorted() && case.total > 0);
    for finding in &findings.findings {
        let case = &findings.cases[finding.case.unwrap() as usize];
        assert!(case.parcels.binary_search(&finding.parcel).is_ok());
    }
}

/// A night with some consignors' prices changed by a factor that depends on the line.
fn with(mark: &'static str, factor: impl Fn(&crate::facts::prices::testing::Sale, usize) -> f64) -> Night {
    let mut night = trade(300, 12_000, 42, |_, _| None);
    for (i, sale) in night.sales.iter_mut().enumerate().filter(|(_, s)| s.consignor % 15 == 4) {
        sale.value = (sale.value * factor(sale, i) * 100.0).round() / 100.0;
        sale.mark = mark;
    }
    night
}

#[test]
fn honest_look_alikes_pass() {
    let mut cheap = with("cheap", |_, _| 0.62);
    // A cheap seller has list prices as well.
    for sale in cheap.sales.iter_mut().filter(|s| s.mark == "cheap") {
        sale.value = sale.quantity * ((sale.value / sale.quantity).ceil() - 0.01);
    }
    let clearance = with("clearance", |sale, _| if sale.description.len() % 3 == 0 { 0.45 } else { 1.0 });
    let mut wholesale = with("wholesale", |_, _| 1.0);
    for sale in wholesale.sales.iter_mut().filter(|s| s.mark == "wholesale") {
        let more: f64 = 60.0;
        sale.quantity *= more;
        sale.weight *= more;
        sale.value *= more * (1.0 - 0.1 * more.ln());
    }
    for (night, twin) in [(&cheap, "cheap"), (&clearance, "clearance"), (&wholesale, "wholesale")] {
        let findings = night.screen(&ENTRY);
        for mark in [twin, "honest"] {
            let (share, lines) = night.share(&findings, mark);
            assert!(lines > 100 && share <= 0.03, "{mark}: {share} of {lines}");
        }
    }
}

#[test]
fn one_article_or_two_lines_are_not_a_board() {
    let mut night = Night::default();
    for consignor in 0..20 {
        (0..3).for_each(|_| night.shirts(consignor, 1.0, 9.99, "honest"));
    }
    (0..5).for_each(|_| night.shirts(30, 1.0, 2.0, "one article"));
    assert!(night.screen(&ENTRY).findings.is_empty());
}

/// Prices cut to 42 % that end anywhere, against a cheap seller's list prices at the same level.
#[test]
fn where_the_level_might_be_honest_the_endings_of_prices_decide() {
    let scaled = with("scaled", |_, _| 0.42);
    let mut listed = with("listed", |_, _| 0.42);
    for sale in listed.sales.iter_mut().filter(|s| s.mark == "listed") {
        sale.value = sale.quantity * ((sale.value / sale.quantity).ceil() - 0.01);
    }
    let findings = scaled.screen(&ENTRY);
    let (cut, _) = scaled.share(&findings, "scaled");
    let (honest, lines) = listed.share(&listed.screen(&ENTRY), "listed");
    assert!(cut > honest + 0.1 && lines > 100, "{cut} against {honest}");
    assert!(scaled.share(&findings, "honest").0 < 0.005);
    assert!(findings.findings.iter().any(|f| f.reason.contains("end like list prices")));
}
