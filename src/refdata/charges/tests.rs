use super::*;
use crate::fields::country::parse_country;
use crate::fields::date::parse_date;
use crate::fields::hs::parse_hs;
use crate::model::batch::Channel;
use crate::refdata::regimes::Regimes;

fn at(text: &str) -> Country {
    parse_country(text).unwrap()
}

fn on(text: &str) -> i32 {
    parse_date(text).unwrap()
}

fn item(hs: &str, units: i64) -> Item {
    Item { hs: parse_hs(hs).ok(), origin: at("CN"), value: units * 10_000 }
}

fn terms(country: &str, channel: Channel, from: &str, day: &str) -> Terms {
    Regimes::builtin().unwrap().terms(at(country), channel, at(from), on(day)).unwrap()
}

/// Rates of one country for the arithmetic, apart from the built-in ones.
fn rates(rows: &str) -> ChargeRates {
    try_rates(rows).unwrap()
}

fn try_rates(rows: &str) -> Result<ChargeRates, ChargeError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rates.csv");
    std::fs::write(&path, format!("hs_prefix,country,origin,valid_from,rate_type,rate\n{rows}\n")).unwrap();
    ChargeRates::load(Some(&path))
}

const GERMANY: &str = "\
,EU,,2010-01-01,duty,0.04
61,EU,,2010-01-01,duty,12%
6109,EU,BD,2010-01-01,duty,0
610910,EU,,2026-01-01,duty,0.10
,DE,,2010-01-01,tax,0.16
,DE,,2026-01-01,tax,0.19
49,DE,,2010-01-01,tax,0.07";

#[test]
fn the_longest_prefix_the_origin_and_the_day_choose_the_rate() {
    let rates = rates(GERMANY);
    let rate = |kind, hs: &str, origin: &str, day: &str| {
        rates.rate(kind, at("DE"), on(day), parse_hs(hs).ok(), at(origin)).unwrap()
    };
    for (kind, hs, origin, day, expected) in [
        (RateType::Duty, "950300", "CN", "2026-07-01", 0.04),
        (RateType::Duty, "", "CN", "2026-07-01", 0.04),
        (RateType::Duty, "611020", "CN", "2026-07-01", 0.12),
        (RateType::Duty, "6109", "BD", "2026-07-01", 0.0),
        (RateType::Duty, "610990", "BD", "2026-07-01", 0.0),
        (RateType::Duty, "610990", "CN", "2026-07-01", 0.12),
        (RateType::Duty, "6109100010", "BD", "2026-07-01", 0.10),
        (RateType::Duty, "6109100010", "BD", "2025-12-31", 0.0),
        (RateType::Duty, "6109100010", "CN", "2025-12-31", 0.12),
        (RateType::Tax, "950300", "CN", "2025-12-31", 0.16),
        (RateType::Tax, "950300", "CN", "2026-01-01", 0.19),
        (RateType::Tax, "490199", "CN", "2026-01-01", 0.07),
    ] {
        assert_eq!(rate(kind, hs, origin, day), expected, "{kind:?} {hs} {origin} {day}");
    }
    assert_eq!(rates.rate(RateType::Duty, at("AR"), on("2026-01-01"), None, at("CN")), None);
    assert!(rates.covers(at("DE"), on("2026-01-01")) && !rates.covers(at("AR"), on("2026-01-01")));
    assert!(!rates.covers(at("DE"), on("2009-12-31")));
}

#[test]
fn the_union_before_and_after_july_2026() {
    let rates = rates(GERMANY);
    let shirts = [item("610910", 60), item("610910", 20), item("640411", 40)];
    let before = terms("DE", Channel::Postal, "CN", "2026-06-30");
    let day = on("2026-06-30");
    let assess = |nature, excluded, items: &[Item]| rates.assess(&before, day, nature, excluded, items);
    // 120 EUR: no duty, 19 % of 120.
    assert_eq!(assess(Nature::Sale, false, &shirts), Due { duty: 0, tax: 22_8000 });
    // Shut-out goods: 10 % of 80 and 4 % of 40, then 19 % of 129.60.
    let full = Due { duty: 9_6000, tax: 24_6240 };
    assert_eq!(assess(Nature::Sale, true, &shirts), full);
    assert_eq!(rates.normal(&before, day, &shirts), full);
    assert_eq!(full.total(), 34_2240);
    let held = |value| rates.assess_at(value, &before, day, Nature::Sale, false, &shirts);
    assert_eq!(
        held(150_0000),
        assess(Nature::Sale, false, &shirts),
        "EUR 150 with what else was sent qualifies"
    );
    assert_eq!(held(150_0001), full, "a little more does not");
    assert_eq!(assess(Nature::Sale, false, &[item("640411", 151)]), Due { duty: 6_0400, tax: 29_8376 });
    assert_eq!(assess(Nature::Gift, false, &[item("640411", 45)]), Due::default());
    assert_eq!(
        assess(Nature::Gift, true, &[item("220421", 45)]),
        Due::default(),
        "gifts of wine have a quantity"
    );

    let after = terms("DE", Channel::Postal, "CN", "2026-07-01");
    let day = on("2026-07-01");
    let assess = |nature, items: &[Item]| rates.assess(&after, day, nature, true, items);
    // Two subheadings: EUR 6, taxed with the 120; excise goods are not shut out any more.
    assert_eq!(assess(Nature::Sale, &shirts), Due { duty: 6_0000, tax: 23_9400 });
    assert_eq!(
        assess(Nature::Sale, &[item("", 10), item("", 10)]).duty,
        6_0000,
        "lines without a code count each"
    );
    assert_eq!(
        assess(Nature::Sale, &[item("640411", 0)]),
        Due { duty: 3_0000, tax: 5700 },
        "no value, still EUR 3"
    );
    // 7 % on the book's half of the flat duty's weight: 3 x (0.07 x 30 + 0.19 x 10) / 40 on top of 2.1 + 1.9.
    let mixed = [item("490199", 30), item("490110", 10)];
    assert_eq!(assess(Nature::Sale, &mixed).tax, 2_8000 + 4200, "6 EUR of duty at 7 %");
    let mixed = [item("490199", 30), item("950300", 10)];
    assert_eq!(assess(Nature::Sale, &mixed).tax, 4_0000 + 6000);
    assert_eq!(
        assess(Nature::Gift, &[item("640411", 100)]),
        rates.normal(&after, day, &[item("640411", 100)])
    );
    assert_eq!(assess(Nature::Sale, &[]), Due::default());
}

#[test]
fn many_lines_are_counted_as_few_are() {
    let rates = rates(GERMANY);
    let after = terms("DE", Channel::Express, "CN", "2026-07-01");
    let lines: Vec<Item> = (0..70)
        .map(|i| match i % 3 {
            0 => item("610910", 1),
            1 => item("950300", 1),
            _ => item("", 1),
        })
        .collect();
    for (n, subheadings) in [(3, 3), (32, 2 + 10), (33, 2 + 11), (70, 2 + 23)] {
        let due = rates.assess(&after, on("2026-07-01"), Nature::Sale, false, &lines[..n]);
        assert_eq!(due.duty, subheadings * 3_0000, "{n} lines");
    }
}

#[test]
fn several_limits_charge_duty_by_one_and_tax_by_another() {
    let rates = rates(",CA,,2010-01-01,duty,0.10\n,CA,,2010-01-01,tax,0.05");
    let day = "2026-01-01";
    let courier = terms("CA", Channel::Express, "US", day);
    let due = |units| rates.assess(&courier, on(day), Nature::Sale, false, &[item("950300", units)]);
    assert_eq!(due(40), Due::default());
    assert_eq!(due(100), Due { duty: 0, tax: 5_0000 });
    assert_eq!(due(200), Due { duty: 20_0000, tax: 11_0000 });
    let mail = terms("CA", Channel::Postal, "US", day);
    assert_eq!(
        rates.assess(&mail, on(day), Nature::Sale, false, &[item("950300", 40)]),
        Due { duty: 4_0000, tax: 2_2000 }
    );
}

#[test]
fn a_rate_of_its_own_stands_for_the_tariff() {
    let rates = rates(
        ",BR,,2010-01-01,duty,0.14\n,BR,,2010-01-01,tax,0.2\n,ZA,,2010-01-01,duty,0.45\n,ZA,,2010-01-01,tax,0.15",
    );
    let due = |country, day, units| {
        rates.assess(
            &terms(country, Channel::Postal, "CN", day),
            on(day),
            Nature::Sale,
            false,
            &[item("611020", units)],
        )
    };
    assert_eq!(due("BR", "2024-07-31", 50), Due { duty: 0, tax: 10_0000 });
    assert_eq!(due("BR", "2024-08-01", 50), Due { duty: 10_0000, tax: 12_0000 });
    assert_eq!(due("BR", "2024-08-01", 100), Due { duty: 60_0000, tax: 32_0000 });
    assert_eq!(due("BR", "2024-08-01", 4000), Due { duty: 560_0000, tax: 912_0000 });
    assert_eq!(due("ZA", "2024-08-31", 500), Due { duty: 100_0000, tax: 0 });
    assert_eq!(due("ZA", "2024-09-01", 500), Due { duty: 100_0000, tax: 90_0000 });
}

#[test]
fn lines_are_rounded_to_the_nearest_ten_thousandth() {
    let rates = rates(",DE,,2010-01-01,duty,0.333333\n,DE,,2010-01-01,tax,0.5");
    let terms = terms("DE", Channel::Postal, "CN", "2026-07-01");
    let odd = Item { hs: None, origin: at("CN"), value: 15 };
    // 4.999995 is 5; half of 20 is 10.
    assert_eq!(rates.normal(&terms, on("2026-07-01"), &[odd]), Due { duty: 5, tax: 10 });
    // 3.33 is 3; half of 13 is 6.5, rounded up.
    assert_eq!(rates.normal(&terms, on("2026-07-01"), &[Item { value: 10, ..odd }]), Due { duty: 3, tax: 7 });
    let huge = Item { value: Money::MAX, ..odd };
    assert_eq!(rates.normal(&terms, on("2026-07-01"), &[huge, huge]).total(), Money::MAX, "no overflow");
    assert_eq!(rates.normal(&terms, on("2026-07-01"), &[Item { value: -5, ..odd }]), Due::default());
}

#[test]
fn a_users_rows_replace_those_of_their_country_and_type() {
    let rates = rates(",EU,,2010-01-01,duty,0.5");
    let rate = |kind, country: &str, hs: &str| {
        rates.rate(kind, at(country), on("2026-07-01"), parse_hs(hs).ok(), at("VN")).unwrap()
    };
    assert_eq!(
        rate(RateType::Duty, "DE", "610910"),
        0.5,
        "the built-in rate for clothing of the Union is gone"
    );
    assert_eq!(rate(RateType::Tax, "DE", "610910"), 0.19, "the built-in tax stays");
    assert_eq!(rate(RateType::Duty, "GB", "610910"), 0.12, "and so do other countries");
    assert_eq!(rate(RateType::Tax, "IM", "610910"), 0.2, "the Isle of Man follows the United Kingdom");
}

#[test]
fn faults_are_named_by_line_and_column() {
    for (row, expected) in [
        (
            "6,EU,,2010-01-01,duty,0.1",
            "line 3, column hs_prefix: found `6`, expected the first 2 to 10 digits",
        ),
        ("61x,EU,,2010-01-01,duty,0.1", "column hs_prefix: found `61x`"),
        ("61091000101,EU,,2010-01-01,duty,0.1", "column hs_prefix: found `61091000101`"),
        ("61,XX,,2010-01-01,duty,0.1", "column country: found `XX`, expected EU or"),
        ("61,EU,EU,2010-01-01,duty,0.1", "column origin: found `EU`, expected an alpha-2 code"),
        ("61,EU,,2010,duty,0.1", "column valid_from: found `2010`, expected a day"),
        ("61,EU,,2010-01-01,vat,0.1", "column rate_type: found `vat`, expected one of duty, tax"),
        (
            "61,EU,,2010-01-01,duty,19",
            "column rate: found `19`, expected a share of the value such as 0.12 or 12%",
        ),
        ("61,EU,,2010-01-01,duty,-0.1", "column rate: found `-0.1`"),
        (
            ",EU,,2010-01-01,duty,0.3",
            "column valid_from: found `2010-01-01`, expected another day than that of the same goods in line 2",
        ),
    ] {
        let error = try_rates(&format!(",EU,,2010-01-01,duty,0.2\n{row}")).unwrap_err().to_string();
        assert!(error.contains("line 3, ") && error.contains(expected), "{expected} is not in: {error}");
    }
}

#[test]
fn the_built_in_rates_cover_every_country_of_the_law() {
    let (rates, regimes) = (ChargeRates::builtin().unwrap(), Regimes::builtin().unwrap());
    let day = on("2026-11-24");
    for country in regimes.countries() {
        assert!(rates.covers(country, day), "{country}");
        for kind in [RateType::Duty, RateType::Tax] {
            let rate = rates.rate(kind, country, day, None, at("CN")).unwrap();
            assert!((0.0..=0.5).contains(&rate), "{country} {kind:?} {rate}");
        }
    }
}
