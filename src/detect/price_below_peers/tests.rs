//! What is flagged, and the honest look-alikes that are not.

use super::ENTRY;
use crate::facts::prices::testing::{Night, trade};

/// Forty sellers of the same shirt with honest price levels between 6 and 14, three lines each.
fn market() -> Night {
    let mut night = Night::default();
    for consignor in 0..40u32 {
        let price = 9.5 * (0.3 * (f64::from(consignor * 7 % 40) / 20.0 - 1.0)).exp();
        for _ in 0..3 {
            night.shirts(consignor, 1.0, price.ceil() - 0.01, "honest");
        }
    }
    night
}

#[test]
fn a_fraction_of_the_peers_price_is_flagged_with_its_numbers() {
    let mut night = market();
    night.shirts(50, 2.0, 1.49, "cut");
    let findings = night.screen(&ENTRY);
    assert_eq!(night.share(&findings, "cut"), (1.0, 1));
    assert_eq!(night.share(&findings, "honest").0, 0.0);
    let finding = &findings.findings[0];
    assert!(finding.score > 0.5 && finding.p_value.is_some_and(|p| p < 0.02), "{finding:?}");
    assert!(
        finding.reason.starts_with(
            "Declared 1.49 EUR a piece; comparable goods (HS 610910 from CN, 0.1 to 0.3 kg a piece, described alike, \
             121 lines of 41 consignors) have a median of "
        ),
        "{}",
        finding.reason
    );
    assert_eq!(finding.evidence.object()["cell"]["consignors"], 41);
    assert_eq!(findings.tests, 121);
}

#[test]
fn honest_look_alikes_pass() {
    let mut night = market();
    // A third of a seller's assortment at 30 to 60 % off.
    for (i, off) in [0.3, 0.4, 0.5, 0.6].into_iter().enumerate() {
        for _ in 0..3 {
            night.shirts(i as u32, 1.0, 9.5 * (1.0 - off), "clearance");
        }
    }
    for quantity in [20.0, 50.0, 200.0, 500.0] {
        night.shirts(60, quantity, 9.5 * (1.0 - 0.11 * f64::ln(quantity)).max(0.35), "quantity");
    }
    for _ in 0..6 {
        night.shirts(61, 1.0, 4.99, "cheap");
        night.shirts(62, 1.0, 2.49, "used");
        night.sales.last_mut().unwrap().description = "used cotton t-shirt".into();
        night.shirts(63, 1.0, 1.0, "sample");
        night.sales.last_mut().unwrap().description = "cotton t-shirt sample".into();
        night.shirts(64, 1.0, 0.0, "nothing");
        // A set declared as its pieces, or a piece as a set: one scale is low, the other is not.
        night.shirts(65, 5.0, 9.5 / 5.0, "count");
        night.sales.last_mut().unwrap().weight = 0.15;
    }
    let findings = night.screen(&ENTRY);
    for twin in ["honest", "clearance", "quantity", "cheap", "used", "sample", "nothing", "count"] {
        let (share, lines) = night.share(&findings, twin);
        assert!(lines > 0 && share <= 0.03, "{twin}: {share} of {lines}");
    }
}

#[test]
fn prices_on_one_heap_do_not_flood() {
    let mut night = Night::default();
    for consignor in 0..60u32 {
        let price = if consignor % 10 == 0 {
            [4.99, 7.99, 14.99, 19.99, 5.99, 8.99][consignor as usize / 10]
        } else {
            9.99
        };
        night.shirts(consignor, 1.0, price, "honest");
    }
    night.shirts(70, 1.0, 0.99, "cut");
    let findings = night.screen(&ENTRY);
    assert!(night.share(&findings, "honest").0 <= 0.02, "{:?}", findings.findings);
    assert_eq!(night.share(&findings, "cut").0, 1.0);
    assert_eq!(findings.findings[0].evidence.object()["cell"]["degenerate"], true);
}

#[test]
fn cells_without_peers_flag_nobody() {
    for lines in [1, 2, 30] {
        let mut night = Night::default();
        for _ in 0..lines {
            night.shirts(0, 1.0, 9.99, "");
        }
        night.shirts(0, 1.0, 2.0, "");
        assert!(night.screen(&ENTRY).findings.is_empty());
    }
    let mut night = Night::default();
    night.shirts(0, 1.0, 9.99, "");
    night.shirts(1, 1.0, 2.49, "");
    assert!(night.screen(&ENTRY).findings.is_empty());
}

#[test]
fn two_kinds_of_goods_under_one_code_are_no_cuts() {
    let mut night = Night::default();
    for consignor in 0..40u32 {
        // One in four sells something else at a fifth of the price in the same words.
        let price = if consignor % 4 == 0 { 2.0 } else { 10.0 } * (0.01 * f64::from(consignor)).exp();
        night.shirts(consignor, 1.0, price, "honest");
    }
    let findings = night.screen(&ENTRY);
    assert!(night.share(&findings, "honest").0 <= 0.03, "{}", findings.findings.len());
}

#[test]
fn on_a_night_of_trade_cuts_are_found_and_p_values_hold() {
    let night = trade(400, 20_000, 11, |_, draw| (draw < 0.05).then_some((0.2, "cut")));
    let findings = night.screen(&ENTRY);
    assert!(night.share(&findings, "cut").0 > 0.7, "{:?}", night.share(&findings, "cut"));
    assert!(night.share(&findings, "honest").0 < 0.005, "{:?}", night.share(&findings, "honest"));
    let clean = trade(400, 20_000, 12, |_, _| None);
    clean.look(|facts| {
        for level in [0.1, 0.01, 0.001] {
            let low = (0..clean.sales.len())
                .filter(|l| facts.prices.peers(*l).is_some_and(|j| j.p_value <= level))
                .count();
            assert!((low as f64) < 1.5 * level * 20_000.0, "{low} of 20,000 at {level}");
        }
    });
}
