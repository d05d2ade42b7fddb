//! What is flagged, and what the half of an average alone would flag wrongly.

use super::ENTRY;
use crate::facts::prices::testing::{Night, trade};

fn market() -> Night {
    let mut night = Night::default();
    for consignor in 0..30u32 {
        for _ in 0..2 {
            night.shirts(consignor, 1.0, 7.99 + f64::from(consignor % 5), "honest");
        }
    }
    night
}

#[test]
fn a_fifth_of_the_average_is_flagged_and_four_tenths_alone_are_not() {
    let mut night = market();
    night.shirts(40, 1.0, 1.0, "cut");
    // Below half of the average, but as an outlet might ask.
    night.shirts(41, 1.0, 4.5, "low");
    let findings = night.screen(&ENTRY);
    assert_eq!(night.share(&findings, "cut").0, 1.0);
    assert_eq!(night.share(&findings, "low").0, 0.0);
    assert_eq!(night.share(&findings, "honest").0, 0.0);
    let finding = &findings.findings[0];
    assert_eq!(finding.p_value, None);
    assert!(finding.reason.contains("the lowest acceptable price, is "), "{}", finding.reason);
}

#[test]
fn few_consignors_make_no_average() {
    let mut night = Night::default();
    for consignor in 0..5 {
        (0..8).for_each(|_| night.shirts(consignor, 1.0, 9.99, "honest"));
    }
    night.shirts(0, 1.0, 1.0, "cut");
    assert!(night.screen(&ENTRY).findings.is_empty());
}

#[test]
fn it_never_adds_a_line_that_nothing_else_supports() {
    let night = trade(300, 10_000, 31, |_, draw| (draw < 0.05).then_some((0.25, "cut")));
    let all: Vec<u32> = crate::detect::ALL
        .iter()
        .filter(|d| d.id != ENTRY.id && d.id.starts_with("price-"))
        .flat_map(|d| night.screen(d).findings.into_iter().map(|f| f.parcel))
        .collect();
    let findings = night.screen(&ENTRY);
    assert!(findings.findings.len() > 100);
    let alone = findings.findings.iter().filter(|f| !all.contains(&f.parcel)).count();
    assert!(alone * 20 <= findings.findings.len(), "{alone} of {}", findings.findings.len());
}
