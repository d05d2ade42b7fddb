//! What is flagged, and the honest look-alikes that are not.

use super::ENTRY;
use crate::facts::prices::testing::{Night, trade};

/// Twenty sellers with ten lines each at their own price.
fn market() -> Night {
    let mut night = Night::default();
    for consignor in 0..20u32 {
        for _ in 0..10 {
            night.shirts(consignor, 1.0, 6.99 + f64::from(consignor % 6), "honest");
        }
    }
    night
}

#[test]
fn one_line_at_a_fraction_of_the_own_price_is_flagged() {
    let mut night = market();
    night.shirts(3, 1.0, 9.99 / 4.0, "quarter");
    night.shirts(8, 1.0, 8.99 * 0.3, "third");
    let findings = night.screen(&ENTRY);
    assert_eq!(night.share(&findings, "quarter").0, 1.0);
    assert_eq!(night.share(&findings, "third").0, 1.0);
    assert_eq!(night.share(&findings, "honest").0, 0.0);
    let reason = &findings.findings[0].reason;
    assert!(
        reason.ends_with(
            "The same consignor's other lines of this article are declared at 4.0 times this price a piece."
        ),
        "{reason}"
    );
}

#[test]
fn honest_look_alikes_pass() {
    let mut night = market();
    for consignor in 0..5 {
        // A flash sale on a part of the night, at the same price for all.
        for _ in 0..4 {
            night.shirts(consignor, 1.0, (6.99 + f64::from(consignor % 6)) * 0.5, "sale");
        }
        // One old stock piece at 40 % off.
        night.shirts(consignor + 5, 1.0, (6.99 + f64::from((consignor + 5) % 6)) * 0.6, "discount");
    }
    // Two sizes under one description.
    for i in 0..20 {
        night.shirts(30, 1.0, if i % 4 == 0 { 2.5 } else { 9.99 }, "sizes");
    }
    // A hundred at once.
    for _ in 0..8 {
        night.shirts(31, 1.0, 9.99, "honest");
    }
    night.shirts(31, 100.0, 4.9, "quantity");
    // The dear seller that once asks what others ask.
    for _ in 0..8 {
        night.shirts(32, 1.0, 29.0, "honest");
    }
    night.shirts(32, 1.0, 9.0, "usual");
    let findings = night.screen(&ENTRY);
    for twin in ["honest", "sale", "discount", "sizes", "quantity", "usual"] {
        let (share, lines) = night.share(&findings, twin);
        assert!(lines > 0 && share <= 0.03, "{twin}: {share} of {lines}");
    }
}

#[test]
fn what_others_ask_for_other_goods_of_the_same_words_excuses_nothing() {
    let mut night = Night::default();
    // Goods of many kinds, all "wares": of those as heavy few others sell any, around 10.
    for consignor in 7..13u32 {
        for _ in 0..6 {
            night.shirts(consignor, 1.0, 10.0 * 1.08_f64.powi(consignor as i32 - 10), "honest");
        }
    }
    for _ in 0..30 {
        night.shirts(50, 1.0, 40.0, "honest");
    }
    night.shirts(50, 1.0, 10.0, "quarter");
    night.sales.iter_mut().for_each(|sale| sale.description = "assorted wares".into());
    let findings = night.screen(&ENTRY);
    assert_eq!(night.share(&findings, "quarter").0, 1.0);
    assert_eq!(night.share(&findings, "honest").0, 0.0);
}

#[test]
fn few_lines_say_nothing() {
    let mut night = Night::default();
    for _ in 0..1 {
        night.shirts(0, 1.0, 9.99, "");
    }
    night.shirts(0, 1.0, 1.0, "");
    assert!(night.screen(&ENTRY).findings.is_empty());
}

#[test]
fn on_a_night_of_trade_halves_are_found() {
    let night = trade(400, 20_000, 21, |_, draw| (draw < 0.05).then_some((0.4, "cut")));
    let findings = night.screen(&ENTRY);
    assert!(night.share(&findings, "cut").0 > 0.6, "{:?}", night.share(&findings, "cut"));
    assert!(night.share(&findings, "honest").0 < 0.005, "{:?}", night.share(&findings, "honest"));
}
