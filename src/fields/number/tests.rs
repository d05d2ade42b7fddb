//! Tests of numbers and money.

use super::*;
use proptest::prelude::*;

#[test]
fn accepted_forms() {
    for (text, expected) in [
        ("12", 12.0),
        ("12.5", 12.5),
        (" +12.50 ", 12.5),
        ("12,50", 12.5),
        ("-3", -3.0),
        ("1,234.50", 1234.5),
        ("1.234,50", 1234.5),
        ("1 234,50", 1234.5),
        ("1'234.50", 1234.5),
        ("1’234’567", 1_234_567.0),
        ("1\u{a0}234,50", 1234.5),
        ("1\u{202f}234\u{2009}567", 1_234_567.0),
        ("1.234", 1.234),
        ("1.234.567", 1_234_567.0),
        ("1,234,567", 1_234_567.0),
        ("1,00,000", 100_000.0),
        ("0,123", 0.123),
        ("1 234,567", 1234.567),
        ("1234,567", 1234.567),
        ("1,2345", 1.2345),
        (".5", 0.5),
        (",5", 0.5),
        ("5.", 5.0),
        ("1.5e2", 150.0),
        ("1,5E+2", 150.0),
        ("15e-1", 1.5),
        ("1e12", 1e12),
        ("1e-900", 0.0),
        ("１２．５", 12.5),
        ("0", 0.0),
        ("000012", 12.0),
        ("0.1", 0.1),
        ("0.30000000000000004", 0.300_000_000_000_000_04),
    ] {
        assert_eq!(parse_number(text), Ok(expected), "{text}");
    }
}

#[test]
fn refused_forms() {
    assert_eq!(parse_number(" \u{a0}"), Err(NumberError::Empty));
    for text in ["1,234", "-12,345", "999,000"] {
        assert!(matches!(parse_number(text), Err(NumberError::Ambiguous(_))), "{text}");
    }
    for text in ["1e308", "1e999", "1e9999", "1000000000001", "9".repeat(70).as_str()] {
        assert!(matches!(parse_number(text), Err(NumberError::TooLarge(_))), "{text}");
    }
    for text in [
        "nan",
        "NaN",
        "inf",
        "-inf",
        "infinity",
        "null",
        "n/a",
        "-",
        "+",
        ".",
        ",",
        "12 kg",
        "€12",
        "1 2",
        "12,34.56,7",
        "1,23,45",
        "1.2.3",
        "1..2",
        "1,,2",
        "12-",
        "--1",
        "1e",
        "e5",
        "1e1.5",
        "0x10",
        "1_000",
        "0.123.456",
        "1,234.567,8",
        "1 234.567 8",
    ] {
        assert!(matches!(parse_number(text), Err(NumberError::Form(_))), "{text}: {:?}", parse_number(text));
    }
}

#[test]
fn known_marks() {
    assert_eq!(parse_number_with("1,234", DecimalMark::Point), Ok(1234.0));
    assert_eq!(parse_number_with("1,234", DecimalMark::Comma), Ok(1.234));
    assert_eq!(parse_number_with("1.234", DecimalMark::Comma), Ok(1234.0));
    assert_eq!(parse_number_with("1.234,5", DecimalMark::Comma), Ok(1234.5));
    assert!(parse_number_with("12,50", DecimalMark::Point).is_err());
    assert!(parse_number_with("12.50", DecimalMark::Comma).is_err());
    assert_eq!(parse_money_with("1.234", DecimalMark::Comma), Ok(12_340_000));
}

#[test]
fn money_is_exact() {
    for (text, expected) in [
        ("0.1", 1_000),
        ("149.99", 1_499_900),
        ("149,99", 1_499_900),
        ("1.00005", 10_001),
        ("1.00004999", 10_000),
        ("-1.00005", -10_001),
        ("0.00005", 1),
        ("0.00004", 0),
        ("0.000000001", 0),
        ("1.5e2", 1_500_000),
        ("1e-5", 0),
        ("5e-5", 1),
        ("1.005", 10_050),
        ("999999999999.9999", 9_999_999_999_999_999),
        ("1e12", 10_000_000_000_000_000),
        ("0e900", 0),
    ] {
        assert_eq!(parse_money(text), Ok(expected), "{text}");
    }
    assert!(matches!(parse_money("1000000000000.0001"), Err(NumberError::TooLarge(_))));
    assert!(matches!(parse_money("1e30"), Err(NumberError::TooLarge(_))));
    assert!(matches!(parse_money("1,234"), Err(NumberError::Ambiguous(_))));
    assert_eq!(money_from_f64(149.99), Some(1_499_900));
    assert_eq!(money_from_f64(-0.1), Some(-1_000));
    assert_eq!(money_from_f64(f64::NAN), None);
    assert_eq!(money_from_f64(f64::INFINITY), None);
    assert_eq!(money_from_f64(1e13), None);
}

proptest! {
    #[test]
    fn never_panics(text in "\\PC*|[-+0-9., 'eE]{0,80}") {
        let number = parse_number(&text);
        let money = parse_money(&text);
        if let (Ok(number), Ok(money)) = (number, money) {
            prop_assert!((number * MONEY_SCALE - money as f64).abs() <= 1.0 + number.abs() * 1e-9);
        }
    }
    #[test]
    fn agrees_with_the_standard_library(text in "[0-9]{1,11}\\.[0-9]{0,12}|[0-9]{1,12}") {
        prop_assert_eq!(parse_number(&text), Ok(text.parse::<f64>().unwrap()));
    }
    #[test]
    fn money_reads_back(units in 0..1_000_000_000_000_i64) {
        let text = format!("{}.{:04}", units / 10_000, units % 10_000);
        prop_assert_eq!(parse_money(&text), Ok(units));
        prop_assert_eq!(parse_money(&text.replace('.', ",")), Ok(units));
    }
}
