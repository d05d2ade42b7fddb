//! The dated law against rows that a person can check: the day before, the first, the last and the day after each
//! rule, and values at the limit.

use parcel_risk::fields::country::{Country, parse_country};
use parcel_risk::fields::date::parse_date;
use parcel_risk::fields::nature::parse_nature;
use parcel_risk::model::batch::Channel;
use parcel_risk::model::money::{Money, from_units};
use parcel_risk::refdata::charges::ChargeRates;
use parcel_risk::refdata::regimes::{Area, Flow, Limit, Regimes, Rule, table, to_csv};
use std::path::PathBuf;

/// A row of `boundaries.csv`.
struct Boundary {
    line: u64,
    country: Country,
    channel: Channel,
    from: Country,
    date: i32,
    value: Money,
    nature: String,
    limit: String,
    regime: String,
    within: String,
    duty: String,
    tax: String,
}

fn country(text: &str) -> Country {
    parse_country(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn boundaries() -> Vec<Boundary> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/regimes/boundaries.csv");
    csv::Reader::from_path(path)
        .unwrap()
        .into_records()
        .map(|record| {
            let record = record.unwrap();
            let cell = |i: usize| record[i].to_owned();
            assert!(!record[11].is_empty(), "every boundary says why: {record:?}");
            Boundary {
                line: record.position().unwrap().line(),
                country: country(&record[0]),
                channel: match &record[1] {
                    "postal" => Channel::Postal,
                    "express" => Channel::Express,
                    other => panic!("channel {other}"),
                },
                from: country(&record[2]),
                date: parse_date(&record[3]).unwrap(),
                value: from_units(record[4].parse().unwrap()),
                nature: cell(5),
                limit: cell(6),
                regime: cell(7),
                within: cell(8),
                duty: cell(9),
                tax: cell(10),
            }
        })
        .collect()
}

#[test]
fn every_boundary_is_as_the_law_says() {
    let regimes = Regimes::builtin().unwrap();
    let mut wrong = Vec::new();
    for b in boundaries() {
        let found = match regimes.terms(b.country, b.channel, b.from, b.date) {
            None => ["unknown", "", "", "", ""].map(str::to_owned),
            Some(terms) => {
                let nature = parse_nature(&b.nature);
                let charge = terms.charge(nature, false, b.value);
                let (duty, tax) = (charge.duty.to_string(), charge.tax.to_string());
                let limits: Vec<&Limit> = terms.limits.iter().chain(&terms.gift).collect();
                if limits.is_empty() {
                    let lead = regimes.in_force(b.country, b.channel, b.from, b.date)[0];
                    [format!("none {}", terms.currency), lead.id.clone(), String::new(), duty, tax]
                } else if let Some(limit) = limits.iter().find(|limit| limit.regime == b.regime) {
                    let units = limit.amount as f64 / 10_000.0;
                    let within = if limit.admits(b.value) { "yes" } else { "no" };
                    [
                        format!("{units} {}", terms.currency),
                        limit.regime.clone(),
                        within.to_owned(),
                        duty,
                        tax,
                    ]
                } else {
                    // A country may have a gift limit and none for sales.
                    let lead = regimes.in_force(b.country, b.channel, b.from, b.date)[0];
                    let amount =
                        lead.threshold.map_or("none".to_owned(), |a| (a as f64 / 10_000.0).to_string());
                    [format!("{amount} {}", terms.currency), lead.id.clone(), String::new(), duty, tax]
                }
            }
        };
        let expected = [b.limit, b.regime, b.within, b.duty, b.tax];
        if found != expected {
            wrong.push(format!("line {}: expected {expected:?}, found {found:?}", b.line));
        }
    }
    assert!(wrong.is_empty(), "{} boundaries are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_rule_has_its_boundaries() {
    let regimes = Regimes::builtin().unwrap();
    let rows = boundaries();
    let mut missing = Vec::new();
    for rule in regimes.rows(None, None) {
        let named: Vec<&Boundary> = rows.iter().filter(|b| b.regime == rule.id).collect();
        let on = |day: i32| named.iter().any(|b| b.date == day);
        // The neighbouring day counts only for the same country, channel and sender as a row that names the rule.
        let beside = |day: i32| {
            rows.iter().any(|b| {
                b.date == day
                    && b.regime != rule.id
                    && named.iter().any(|n| (n.country, n.channel, n.from) == (b.country, b.channel, b.from))
            })
        };
        let mut demand = |what: String, there: bool| {
            if !there {
                missing.push(format!("{}: {what}", rule.id));
            }
        };
        demand("its first day".into(), on(rule.valid_from));
        demand("the day before its first".into(), beside(rule.valid_from - 1));
        if let Some(last) = rule.valid_to {
            demand("its last day".into(), on(last));
            demand("the day after its last".into(), beside(last + 1));
        }
        if let Some(limit) = rule.threshold {
            let at =
                |value: Money, within: &str| named.iter().any(|b| b.value == value && b.within == within);
            demand("a value equal to the limit".into(), at(limit, if rule.inclusive { "yes" } else { "no" }));
            demand("a value just above the limit".into(), at(limit + 100, "no"));
            if !rule.inclusive {
                demand("a value just below the limit".into(), at(limit - 100, "yes"));
            }
        }
    }
    assert!(missing.is_empty(), "boundaries.csv lacks {}:\n{}", missing.len(), missing.join("\n"));
    assert!(rows.len() > 300, "{} boundaries", rows.len());
}

#[test]
fn the_countries_asked_for_are_there_today() {
    let regimes = Regimes::builtin().unwrap();
    let rates = ChargeRates::builtin().unwrap();
    let day = parse_date("2026-11-24").unwrap();
    for code in "DE FR IT ES NL PL GB US CA AU NZ CH NO JP KR SG BR TR IN MX ZA CN".split(' ') {
        for channel in [Channel::Postal, Channel::Express] {
            let terms = regimes.terms(country(code), channel, country("AE"), day);
            assert!(terms.is_some(), "{code} {}", channel.name());
        }
    }
    for known in regimes.countries() {
        assert!(rates.covers(known, day), "no rates of duty and tax for {known}");
    }
    let limits = |code: &str| {
        let terms = regimes.terms(country(code), Channel::Postal, country("AE"), day).unwrap();
        (terms.limits.len(), terms.gift.is_some(), terms.currency.to_string())
    };
    assert_eq!(limits("IN"), (0, false, "INR".to_owned()), "India has a currency and no limit");
    assert_eq!(limits("TR"), (0, false, "EUR".to_owned()));
    assert_eq!(limits("NO"), (0, true, "NOK".to_owned()), "Norway has a limit for gifts only");
    assert!(regimes.excluded_lists().into_iter().eq(["alcohol", "perfume", "tobacco"]));
}

#[test]
fn rows_of_a_country_are_those_that_apply_to_it() {
    let regimes = Regimes::builtin().unwrap();
    let ids = |code: Option<&str>, date: Option<&str>| -> Vec<String> {
        let rows = regimes.rows(code.map(country), date.map(|d| parse_date(d).unwrap()));
        rows.iter().map(|rule| rule.id.clone()).collect()
    };
    assert_eq!(ids(Some("DE"), Some("2026-07-01")), ["EU-150-2026", "EU-GIFT-45"]);
    assert_eq!(ids(Some("GB"), Some("2020-12-31")), ["EU-150-2010", "EU-VAT-22-2010", "EU-GIFT-45"]);
    assert_eq!(ids(Some("GB"), Some("2021-01-01")), ["GB-135-2021", "GB-GIFT-39"]);
    assert_eq!(
        ids(Some("GB"), None),
        ["GB-135-2021", "GB-GIFT-39", "EU-150-2010", "EU-VAT-22-2010", "EU-GIFT-45"]
    );
    assert!(ids(Some("AR"), None).is_empty());
    assert_eq!(ids(None, None).len(), regimes.rows(None, None).len());
    assert!(ids(None, Some("2026-11-24")).len() > 30);
}

#[test]
fn the_table_reads_on_a_narrow_screen() {
    let regimes = Regimes::builtin().unwrap();
    let text = table(&regimes.rows(None, None));
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{} characters: {line}", line.chars().count());
    }
    let text = table(&regimes.rows(Some(country("DE")), Some(parse_date("2026-07-01").unwrap())));
    for part in [
        "European Union (EU)",
        "EU-150-2026",
        "2026-07-01 to 2028-06-30",
        "up to 150.00 EUR",
        "duty 3.00 EUR for each tariff subheading, tax as on any other import",
        "Source (medium certainty): Council Regulation (EU) 2026/382",
        "EU-GIFT-45",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(table(&[]).contains("knows nothing"));
}

fn file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    (dir, path)
}

#[test]
fn written_rows_read_back_as_they_were() {
    let regimes = Regimes::builtin().unwrap();
    let (_dir, path) = file("all.csv", &to_csv(&regimes.rows(None, None)));
    let again = Regimes::load(Some(&path)).unwrap();
    let bare = |rules: Vec<&Rule>| -> Vec<Rule> {
        rules.into_iter().map(|rule| Rule { line: 0, ..rule.clone() }).collect()
    };
    assert_eq!(bare(again.rows(None, None)), bare(regimes.rows(None, None)));
}

const HEADER: &str = "regime_id,country,channel,from_country,flow,valid_from,valid_to,rank,threshold,currency,comparator,basis,aggregation,duty,tax,excluded,note,source,certainty\n";

#[test]
fn a_users_rows_replace_those_of_their_country() {
    let rows = format!(
        "{HEADER}DE-1,DE,any,any,any,2026-01-01,,1,10,EUR,lt,intrinsic,consignee_day,flat_parcel:2.5,rate:0.07,tobacco,Ours.,Office order 7,high\n"
    );
    let (_dir, path) = file("own.csv", &rows);
    let regimes = Regimes::load(Some(&path)).unwrap();
    let terms = |code: &str, day: &str| {
        regimes.terms(country(code), Channel::Postal, country("CN"), parse_date(day).unwrap()).unwrap()
    };
    let own = terms("DE", "2026-07-01");
    assert_eq!(own.limits.len(), 1);
    assert_eq!((own.limits[0].regime.as_str(), own.limits[0].amount), ("DE-1", 10_0000));
    assert!(own.gift.is_none(), "the Union's gift limit is gone with its other rows");
    let charge = own.charge(parse_nature("sale"), false, 9_9999);
    assert_eq!(
        (charge.duty.to_string(), charge.tax.to_string()),
        ("flat_parcel:2.5".into(), "rate:0.07".into())
    );
    assert_eq!(
        own.charge(parse_nature("sale"), true, 9_9999).duty.to_string(),
        "normal",
        "tobacco is shut out"
    );
    assert_eq!(
        terms("DE", "2025-12-31").limits[0].regime,
        "EU-150-2021",
        "before its first day the Union's rows hold"
    );
    assert_eq!(
        terms("FR", "2026-07-01").limits[0].regime,
        "EU-150-2026",
        "the Union stays as it is for others"
    );

    let rows = format!(
        "{HEADER}EU-X,EU,any,any,any,2026-01-01,,,,EUR,,intrinsic,consignment,normal,normal,,,Office order 8,low\n"
    );
    let (_dir, path) = file("own.csv", &rows);
    let regimes = Regimes::load(Some(&path)).unwrap();
    let ids: Vec<&str> = regimes
        .rows(None, None)
        .iter()
        .filter(|r| r.area == Area::EuropeanUnion)
        .map(|r| r.id.as_str())
        .collect();
    assert_eq!(ids, ["EU-X"]);
    assert!(regimes.rule("GB-135-2021").is_some_and(|rule| rule.flow == Flow::Any));
}

#[test]
fn faults_are_named_by_file_line_and_column() {
    let good =
        "A,AR,any,any,any,2020-01-01,2020-12-31,1,50,USD,le,cif,consignment,free,normal,alcohol,,law,low";
    let next = "B,AR,any,any,any,2021-01-01,,1,100,USD,le,cif,consignment,free,normal,,,law,low";
    let with = |row: &str, column: usize, text: &str| {
        let mut cells: Vec<&str> = row.split(',').collect();
        cells[column] = text;
        cells.join(",")
    };
    let message = |rows: &[&str]| {
        let (_dir, path) = file("own.csv", &format!("{HEADER}{}\n", rows.join("\n")));
        let error = Regimes::load(Some(&path)).err().map(|e| e.to_string())?;
        Some(error.replace(&path.display().to_string(), "own.csv"))
    };
    assert_eq!(message(&[good, next]), None);
    assert_eq!(message(&["# a comment", good, next]), None);
    let commented = message(&["# a comment", good, &with(next, 2, "air")]).unwrap();
    assert!(commented.starts_with("own.csv, line 4, column channel"), "{commented}");
    for (column, text, expected) in [
        (0, "", "column regime_id: found ``, expected a name for the row"),
        (1, "ZZ", "column country: found `ZZ`, expected EU or an ISO 3166-1"),
        (2, "air", "column channel: found `air`, expected one of any, postal, express"),
        (3, "CN !HK", "column from_country: found `CN !HK`, expected any, a list"),
        (4, "b2b", "column flow: found `b2b`, expected one of sale, gift, any"),
        (5, "01.01.2021", "column valid_from: found `01.01.2021`, expected a day such as"),
        (6, "2020-12-31", "column valid_to: found `2020-12-31`, expected 2021-01-01 or later, or nothing"),
        (7, "0", "column rank: found `0`, expected 1 for the limit"),
        (8, "-1", "column threshold: found `-1`, expected an amount above 0"),
        (9, "DEM", "column currency: found `DEM`, expected an ISO 4217 code"),
        (9, "eur", "column currency: found `eur`, expected an ISO 4217 code"),
        (10, "<=", "column comparator: found `<=`, expected one of le, lt"),
        (11, "ddp", "column basis: found `ddp`, expected one of intrinsic"),
        (12, "person", "column aggregation: found `person`, expected one of consignment"),
        (13, "rate:20", "column duty: found `rate:20`, expected normal, free, rate:SHARE"),
        (14, "half", "column tax: found `half`, expected normal, free, rate:SHARE"),
        (15, "Wine;Beer", "column excluded: found `Wine;Beer`, expected names of lists"),
        (17, "", "column source: found ``, expected where the law stands"),
        (18, "sure", "column certainty: found `sure`, expected one of high, medium, low"),
        (0, "A", "column regime_id: found `A`, expected another name than that of the row in line 2"),
        (
            0,
            "US-800-2016",
            "column regime_id: found `US-800-2016`, expected a name that no built-in row of US has",
        ),
        (
            5,
            "2020-12-31",
            "column valid_from: found `2020-12-31`, expected a day outside those of A (2020-01-01 to 2020-12-31)",
        ),
        (8, "", "column duty: found `free`, expected normal, because the row has no threshold"),
    ] {
        let found = message(&[good, &with(next, column, text)]).unwrap_or_else(|| panic!("{text} was taken"));
        assert!(
            found.starts_with("own.csv, line 3, ") && found.contains(expected),
            "{expected} is not in: {found}"
        );
    }
    for (rows, expected) in [
        (
            vec![good.to_owned(), with(next, 5, "2021-01-03")],
            "line 2, column valid_to: found `2020-12-31`, expected a later day, or a row that starts on 2021-01-01",
        ),
        (
            vec![good.to_owned(), with(next, 2, "postal")],
            "expected a later day, or a row that starts on 2021-01-01 for express parcels",
        ),
        (
            vec![good.to_owned(), with(next, 3, "!CN")],
            "expected a later day, or a row that starts on 2021-01-01 for postal parcels from CN",
        ),
        (vec![good.to_owned()], "line 2, column valid_to: found `2020-12-31`, expected a later day"),
        (
            vec![good.to_owned(), with(next, 7, "2")],
            "line 3, column rank: found `2`, expected 1, the first free rank on 2021-01-01",
        ),
        (
            vec![good.to_owned(), next.to_owned(), with(&with(&with(next, 0, "C"), 9, "EUR"), 7, "2")],
            "line 4, column currency: found `EUR`, expected USD",
        ),
        (
            vec![with(good, 4, "gift"), next.to_owned()],
            "line 2, column valid_from: found `2020-01-01`, expected a day on which a row for sales",
        ),
        (vec![with(next, 17, "a,b")], "line 2: found 20 cells, expected 19"),
        (
            vec![with(next, 2, "postal")],
            "line 2, column channel: found `postal`, expected any, or further rows for express parcels",
        ),
        (
            vec![with(next, 3, "!CN !HK")],
            "line 2, column from_country: found `!CN !HK`, expected any, or further rows for postal parcels from CN",
        ),
        (
            vec![with(next, 3, "EU CN")],
            "column from_country: found `EU CN`, expected any, or further rows for postal parcels from A",
        ),
        (vec![], "found no rows"),
    ] {
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let found = message(&rows).unwrap_or_else(|| panic!("taken: {rows:?}"));
        assert!(found.contains(expected), "{expected} is not in: {found}");
    }
    let (_dir, path) = file("own.csv", "regime_id,land\n");
    let error = Regimes::load(Some(&path)).unwrap_err().to_string();
    assert!(
        error.contains("found an unknown column `land`, expected the columns regime_id, country"),
        "{error}"
    );
    let (_dir, path) = file("own.csv", "regime_id,country\nA,DE\n");
    let error = Regimes::load(Some(&path)).unwrap_err().to_string();
    assert!(error.contains("did not find the column `channel`"), "{error}");
    assert!(Regimes::load(Some(&path.with_file_name("absent.csv"))).is_err());
}
