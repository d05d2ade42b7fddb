//! What is flagged, and the honest look-alikes that are not.

use super::ENTRY;
use crate::facts::prices::testing::Night;
use crate::fields::nature::Nature;

/// Twelve sellers of shirts of 150 g at honest prices.
fn market() -> Night {
    let mut night = Night::default();
    for consignor in 0..12u32 {
        for _ in 0..3 {
            night.shirts(consignor, 1.0, 6.99 + f64::from(consignor % 4), "honest");
        }
    }
    night
}

#[test]
fn shirts_cheaper_than_their_cotton_are_flagged() {
    let mut night = market();
    night.shirts(3, 10.0, 0.05, "cheap");
    let findings = night.screen(&ENTRY);
    assert_eq!(night.share(&findings, "cheap").0, 1.0);
    assert_eq!(night.share(&findings, "honest").0, 0.0);
    let reason = &findings.findings[0].reason;
    assert!(
        reason.starts_with("Declared 0.33 EUR a kg of net weight. The goods hold at least 50 % of cotton"),
        "{reason}"
    );
    assert!(findings.findings[0].p_value.is_none() && findings.findings[0].score > 0.6);
}

#[test]
fn a_code_that_all_undervalue_is_seen_by_its_material_alone() {
    let mut night = Night::default();
    for consignor in 0..12u32 {
        night.shirts(consignor, 1.0, 0.05 + 0.001 * f64::from(consignor), "cheap");
    }
    let findings = night.screen(&ENTRY);
    assert_eq!(night.share(&findings, "cheap").0, 1.0);
}

#[test]
fn honest_look_alikes_pass() {
    let mut night = market();
    let change = |night: &mut Night, change: &dyn Fn(&mut crate::facts::prices::testing::Sale)| {
        night.shirts(5, 10.0, 0.05, "twin");
        let last = night.sales.len() - 1;
        change(&mut night.sales[last]);
    };
    change(&mut night, &|sale| sale.nature = Nature::Sample);
    change(&mut night, &|sale| sale.nature = Nature::Returned);
    change(&mut night, &|sale| sale.description = "cotton t-shirt samples".into());
    change(&mut night, &|sale| sale.description = "used cotton t-shirt".into());
    // Empty packaging and worn goods: parts, and a code without a floor.
    change(&mut night, &|sale| sale.description = "replacement part for t-shirt press".into());
    change(&mut night, &|sale| sale.hs = "630900");
    // Grams written as kilograms, and a weight with a heavy packing: a usual price per piece.
    change(&mut night, &|sale| (sale.quantity, sale.weight, sale.value) = (1.0, 150.0, 8.99));
    change(&mut night, &|sale| (sale.quantity, sale.weight, sale.value) = (1.0, 14.0, 7.99));
    let findings = night.screen(&ENTRY);
    assert_eq!(night.share(&findings, "twin"), (0.0, 8));
    assert_eq!(night.share(&findings, "honest").0, 0.0);
}

#[test]
fn a_users_table_and_settings_decide() {
    let mut night = market();
    night.shirts(3, 10.0, 0.05, "cheap");
    let strict: toml::Table = toml::from_str("max_share = 0.1").unwrap();
    let found = night.look(|facts| (ENTRY.run)(facts, Some(&strict)).unwrap());
    assert!(found.findings.is_empty());
    let none = night.look(|facts| {
        // A code whose floor is nothing.
        facts.floors.of(0, crate::fields::hs::parse_hs("630900").unwrap()).is_none()
    });
    assert!(none);
}
