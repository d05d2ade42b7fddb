//! Calendar days from declared text.

use super::found::Found;

/// Years outside this range are typing errors, not dates of parcels.
const YEARS: std::ops::RangeInclusive<u32> = 1900..=2199;
/// Spreadsheet serial numbers taken as days: 1954-10-03 to 2119-01-11.
const SERIALS: std::ops::RangeInclusive<u32> = 20_000..=80_000;
/// Spreadsheet serial of 1970-01-01.
const SERIAL_OF_EPOCH: i32 = 25_569;

/// Why a date could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Nothing but white space.
    #[error("the date is empty; expected a day such as 2026-07-01")]
    Empty,
    /// No known form.
    #[error("{0} is not a date; expected YYYY-MM-DD")]
    Form(Found),
    /// Day and month can be told apart neither by their size nor by the separator.
    #[error("{0} can be read day-first or month-first; expected YYYY-MM-DD")]
    Ambiguous(Found),
    /// A known form that names no day of the calendar.
    #[error("{0} names a day that does not exist; expected a calendar day of the years 1900 to 2199")]
    Impossible(Found),
}

/// Reads a calendar day, in days since 1970-01-01.
///
/// Accepted: `2026-07-01` (also with `/` or `.`, or without leading zeros), the same followed by a
/// time or zone (the day as written is taken, no zone is applied), `20260701`, `20260701143000`,
/// `01.07.2026` (dots mean day first), `13/07/2026`, `07/13/2026` and `07/07/2026` (with `/` or `-`
/// only where one reading is possible), and spreadsheet serials of five digits from 20000 to 80000
/// with an optional fraction. Years of two digits are not accepted.
///
/// No allocation except in errors.
pub fn parse_date(text: &str) -> Result<i32, DateError> {
    if let Some(days) = iso(text.as_bytes()) {
        return Ok(days);
    }
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(DateError::Empty);
    }
    slow(trimmed).map_err(|fault| {
        let found = Found::new(trimmed);
        match fault {
            Fault::Form => DateError::Form(found),
            Fault::Ambiguous => DateError::Ambiguous(found),
            Fault::Impossible => DateError::Impossible(found),
        }
    })
}

/// The day as ISO 8601 text, `2026-07-01`.
pub fn iso_text(days: i32) -> String {
    // 1970-01-01 is day 719,163 of the Common Era.
    let date = days.checked_add(719_163).and_then(chrono::NaiveDate::from_num_days_from_ce_opt);
    date.map_or_else(|| format!("day {days}"), |d| d.format("%Y-%m-%d").to_string())
}

/// Whether `days` lies within `past_limit` days before and `future_limit` days after
/// `reference_days`, both ends included.
pub fn plausible(days: i32, reference_days: i32, past_limit: i32, future_limit: i32) -> bool {
    let distance = i64::from(days) - i64::from(reference_days);
    (-i64::from(past_limit)..=i64::from(future_limit)).contains(&distance)
}

enum Fault {
    Form,
    Ambiguous,
    Impossible,
}

/// `YYYY-MM-DD` and nothing else.
#[inline]
fn iso(bytes: &[u8]) -> Option<i32> {
    let bytes: &[u8; 10] = bytes.try_into().ok()?;
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    civil(digits(&bytes[..4])?, digits(&bytes[5..7])?, digits(&bytes[8..])?)
}

fn slow(text: &str) -> Result<i32, Fault> {
    let bytes = text.as_bytes();
    let (first, rest) = leading_digits(bytes);
    let number = digits(first).ok_or(Fault::Form)?;
    match (first.len(), rest.first()) {
        (8, _) if is_time(rest) => compact(first),
        (12 | 14, None) => compact(&first[..8]),
        (5, None) => serial(number),
        (5, Some(b'.' | b',')) if rest[1..].iter().all(u8::is_ascii_digit) => serial(number),
        (1 | 2 | 4, Some(&mark @ (b'-' | b'/' | b'.'))) => parts(first.len(), number, mark, &rest[1..]),
        _ => Err(Fault::Form),
    }
}

/// The two numbers and whatever follows after the first number and its separator.
fn parts(width: usize, first: u32, mark: u8, rest: &[u8]) -> Result<i32, Fault> {
    let (second, rest) = leading_digits(rest);
    let rest = rest.strip_prefix(&[mark]).ok_or(Fault::Form)?;
    let (third, rest) = leading_digits(rest);
    if !matches!(second.len(), 1 | 2) || !is_time(rest) {
        return Err(Fault::Form);
    }
    let second = digits(second).ok_or(Fault::Form)?;
    let third_width = third.len();
    let third = digits(third).ok_or(Fault::Form)?;
    let day = match (width, third_width, mark) {
        (4, 1 | 2, _) => civil(first, second, third),
        (1 | 2, 4, b'.') => civil(third, second, first),
        (1 | 2, 4, _) => match (first, second) {
            (a, b) if a == b || a > 12 => civil(third, b, a),
            (a, b) if b > 12 => civil(third, a, b),
            _ => return Err(Fault::Ambiguous),
        },
        _ => return Err(Fault::Form),
    };
    day.ok_or(Fault::Impossible)
}

fn compact(bytes: &[u8]) -> Result<i32, Fault> {
    let part = |range: std::ops::Range<usize>| bytes.get(range).and_then(digits).ok_or(Fault::Form);
    civil(part(0..4)?, part(4..6)?, part(6..8)?).ok_or(Fault::Impossible)
}

fn serial(number: u32) -> Result<i32, Fault> {
    if !SERIALS.contains(&number) {
        return Err(Fault::Impossible);
    }
    i32::try_from(number).map(|n| n - SERIAL_OF_EPOCH).map_err(|_| Fault::Form)
}

/// Nothing, a time of day or a zone behind a date.
fn is_time(rest: &[u8]) -> bool {
    match rest {
        [] | [b'Z' | b'z'] => true,
        [b'T' | b't' | b' ' | b'+' | b'-', digit, tail @ ..] => {
            digit.is_ascii_digit()
                && tail.iter().all(|b| {
                    matches!(b, b'0'..=b'9' | b':' | b'.' | b',' | b'+' | b'-' | b' ' | b'Z' | b'z')
                        || matches!(b.to_ascii_uppercase(), b'A' | b'P' | b'M' | b'U' | b'T' | b'C')
                })
        }
        _ => false,
    }
}

fn leading_digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|b| !b.is_ascii_digit()).unwrap_or(bytes.len());
    bytes.split_at(end)
}

/// The value of one to nine digits (of more, when only the first eight matter, something harmless).
#[inline]
fn digits(bytes: &[u8]) -> Option<u32> {
    if bytes.is_empty() {
        return None;
    }
    let mut value = 0_u32;
    for &byte in bytes {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value.wrapping_mul(10).wrapping_add(u32::from(byte - b'0'));
    }
    Some(value)
}

/// Days since 1970-01-01 of a day of the Gregorian calendar, if it exists.
#[inline]
fn civil(year: u32, month: u32, day: u32) -> Option<i32> {
    if !YEARS.contains(&year) {
        return None;
    }
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if day == 0 || day > length {
        return None;
    }
    // Count years from March, so that the leap day is the last of its year.
    let shifted = if month > 2 { year } else { year - 1 };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + day_of_year;
    i32::try_from(days).ok().map(|d| d - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use proptest::prelude::*;

    const FIRST_OF_JULY: i32 = 20_635;

    #[test]
    fn accepted_forms() {
        for text in [
            "2026-07-01",
            " 2026-07-01 ",
            "2026-07-01T23:59:59Z",
            "2026-07-01 08:00",
            "2026-7-1",
            "2026-07-01T10:00:00.123+02:00",
            "2026-07-01Z",
            "2026-07-01+02:00",
            "2026/07/01",
            "20260701",
            "20260701T1200",
            "20260701143000",
            "01.07.2026",
            "1.7.2026",
            "46204",
            "46204.75",
            "46204,5",
            "01.07.2026 10:30",
            "2026-07-01 10:00 AM",
        ] {
            assert_eq!(parse_date(text), Ok(FIRST_OF_JULY), "{text}");
        }
        let thirteenth = FIRST_OF_JULY + 12;
        assert_eq!(parse_date("13/07/2026"), Ok(thirteenth));
        assert_eq!(parse_date("07/13/2026"), Ok(thirteenth));
        assert_eq!(parse_date("13-07-2026"), Ok(thirteenth));
        assert_eq!(parse_date("07/07/2026"), Ok(FIRST_OF_JULY + 6));
        assert_eq!(parse_date("1970-01-01"), Ok(0));
    }

    #[test]
    fn refused_forms() {
        assert_eq!(parse_date("  "), Err(DateError::Empty));
        for text in ["01/07/2026", "1-7-2026", "12/11/2026"] {
            assert!(matches!(parse_date(text), Err(DateError::Ambiguous(_))), "{text}");
        }
        for text in [
            "2026-02-30",
            "2026-13-01",
            "20260231",
            "31.04.2026",
            "2025-02-29",
            "99999",
            "0026-07-01",
            "13/13/2026",
            "2026-00-10",
        ] {
            assert!(matches!(parse_date(text), Err(DateError::Impossible(_))), "{text}");
        }
        for text in
            ["n/a", "01.07.26", "2026-07", "2026-07-01x", "1234", "2026-07/01", "2026-07-011", "٢٠٢٦-٠٧-٠١"]
        {
            assert!(matches!(parse_date(text), Err(DateError::Form(_))), "{text}");
        }
    }

    #[test]
    fn messages_are_sentences() {
        let message = parse_date("01/07/2026").unwrap_err().to_string();
        assert_eq!(message, "\"01/07/2026\" can be read day-first or month-first; expected YYYY-MM-DD");
    }

    #[test]
    fn plausible_includes_both_ends() {
        assert!(plausible(10, 15, 5, 0) && plausible(15, 15, 0, 0));
        assert!(!plausible(9, 15, 5, 0) && !plausible(16, 15, 5, 0));
        assert!(!plausible(i32::MIN, i32::MAX, 1, 1));
    }

    proptest! {
        #[test]
        fn agrees_with_the_calendar(days in -25_567..84_005_i32) {
            let day = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap() + chrono::Days::new(0);
            let day = day + chrono::Duration::days(i64::from(days));
            prop_assert_eq!(parse_date(&day.to_string()), Ok(days));
        }
        #[test]
        fn never_panics(text in "\\PC*|[0-9./T: -]*") {
            let _ = parse_date(&text);
        }
    }
}
