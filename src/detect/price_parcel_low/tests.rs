//! What is flagged, and the honest look-alikes that are not.

use super::ENTRY;
use crate::facts::prices::testing::{Night, trade};
use crate::fields::nature::Nature;

/// Forty sellers of the same shirt with honest price levels between 7 and 13, three parcels each, and a limit of 150.
fn market() -> Night {
    let mut night = Night { limit: Some(150.0), ..Night::default() };
    for consignor in 0..40u32 {
        let price = 9.5 * (0.3 * (f64::from(consignor * 7 % 40) / 20.0 - 1.0)).exp();
        for _ in 0..3 {
            night.shirts(consignor, 1.0, price.ceil() - 0.01, "honest");
        }
    }
    night
}

#[test]
fn one_value_for_all_lines_at_a_fraction_is_flagged_with_its_numbers() {
    let mut night = market();
    night.shirts(50, 1.0, 1.2, "cut");
    night.shirts(50, 1.0, 1.2, "");
    night.join(true);
    night.shirts(51, 1.0, 9.49, "full");
    night.shirts(51, 1.0, 9.49, "");
    night.join(true);
    let findings = night.screen(&ENTRY);
    assert_eq!(night.share(&findings, "cut"), (1.0, 1));
    assert_eq!(night.share(&findings, "full"), (0.0, 1));
    assert_eq!(night.share(&findings, "honest").0, 0.0);
    let finding = &findings.findings[0];
    assert_eq!(finding.line_number, None);
    assert!(finding.score > 0.5 && finding.evidence.object()["lines"] == 2, "{finding:?}");
    assert!(
        finding.reason.starts_with("The 2 lines of this parcel let expect about ")
            && finding.reason.contains("declared are 2.40 EUR, 1"),
        "{}",
        finding.reason
    );
}

/// A night of trade with a limit, and parcels of twelve to forty pieces declared at a total.
fn near_the_limit(total: impl Fn(f64) -> Option<f64>, mark: &'static str) -> Night {
    let mut night = trade(400, 20_000, 61, |_, _| None);
    night.limit = Some(150.0);
    for i in 0..night.sales.len() {
        let sale = &mut night.sales[i];
        if let Some(declared) = total(sale.value).filter(|_| i % 3 == 0) {
            sale.value = declared;
            sale.mark = mark;
        }
    }
    night
}

#[test]
fn values_scaled_to_fit_below_the_limit_are_flagged() {
    let night = near_the_limit(|value| (230.0..500.0).contains(&value).then_some(147.3), "scaled");
    let findings = night.screen(&ENTRY);
    let (share, parcels) = night.share(&findings, "scaled");
    assert!(share > 0.25 && parcels > 30, "{share} of {parcels}");
    assert!(night.share(&findings, "honest").0 < 0.005, "{:?}", night.share(&findings, "honest"));
    let reason = &findings.findings.iter().find(|f| f.evidence.object()["limit"] == 150.0).unwrap().reason;
    assert!(
        reason.ends_with("stays just below the limit of 150.00 EUR, the expected one does not."),
        "{reason}"
    );
}

#[test]
fn orders_that_happen_to_cost_less_than_the_limit_pass() {
    let night = near_the_limit(|value| (120.0..160.0).contains(&value).then_some(149.0), "rounded");
    let findings = night.screen(&ENTRY);
    let (share, parcels) = night.share(&findings, "rounded");
    assert!(share <= 0.03 && parcels > 30, "{share} of {parcels}");
}

#[test]
fn honest_look_alikes_pass() {
    let mut night = market();
    for off in [0.3, 0.4, 0.5, 0.55] {
        night.shirts(1, 1.0, 9.5 * (1.0 - off), "clearance");
        night.shirts(1, 1.0, 9.5, "");
        night.join(false);
    }
    for quantity in [20.0, 50.0, 200.0] {
        let price = 9.5 * (1.0 - 0.11 * f64::ln(quantity)).max(0.4);
        night.shirts(60, quantity, price, "quantity");
        night.shirts(60, quantity, price, "");
        night.join(true);
    }
    for _ in 0..4 {
        night.shirts(61, 1.0, 5.2, "cheap");
        night.shirts(61, 1.0, 5.2, "");
        night.join(true);
        night.shirts(62, 1.0, 1.0, "gift");
        night.sales.last_mut().unwrap().nature = Nature::Gift;
        night.shirts(62, 1.0, 1.0, "");
        night.sales.last_mut().unwrap().nature = Nature::Gift;
        night.join(false);
    }
    let findings = night.screen(&ENTRY);
    for twin in ["honest", "clearance", "quantity", "cheap", "gift"] {
        let (share, parcels) = night.share(&findings, twin);
        assert!(parcels > 0 && share <= 0.03, "{twin}: {share} of {parcels}");
    }
}

#[test]
fn a_sender_whose_values_crowd_below_the_limit_is_left_to_bunching() {
    let mut night = market();
    night.limit = Some(20.0);
    for _ in 0..12 {
        night.shirts(70, 5.0, 3.9, "crowd");
    }
    night.shirts(71, 5.0, 3.9, "one");
    let findings = night.screen(&ENTRY);
    assert_eq!(night.share(&findings, "crowd"), (0.0, 12));
    assert_eq!(night.share(&findings, "one"), (1.0, 1));
}
