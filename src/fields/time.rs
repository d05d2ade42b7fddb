//! Points in time from declared text, and what is certain of them where no zone is told.

use super::date::{iso_text, parse_date};

/// Mark of an absent point in time.
pub const NO_TIME: i32 = i32::MIN;

const DAY: i32 = 24 * 60;
/// Minutes by which the clock of the easternmost zone is ahead of UTC, and that of the westernmost behind it.
const EAST: i32 = 14 * 60;
const WEST: i32 = 12 * 60;

/// The minutes since 1970-01-01T00:00Z between which a point in time lies: one minute where its zone is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Between {
    /// The earliest it can be.
    pub earliest: i32,
    /// The latest it can be.
    pub latest: i32,
}

/// Reads a point in time: a day as [`parse_date`] reads it, alone or followed by `T` or a blank, a time of day
/// (`14:30`, `14:30:00.5`, `1430`, `143000`) and a zone (`Z`, `+08:00`, `+0800`, `+08`); or `20260701143000`.
///
/// A time without zone may be that of any place; a day alone may mean any minute of it. Nothing where the text is no
/// day; a time of day that means nothing is passed over. No allocation.
pub fn parse_time(text: &str) -> Option<Between> {
    let text = text.trim();
    let day = parse_date(text).ok()?.checked_mul(DAY)?;
    let (clock, zone) = clock(text.as_bytes()).map_or((None, None), |(clock, zone)| (Some(clock), zone));
    let (first, last) = clock.map_or((day, day + DAY - 1), |minutes| (day + minutes, day + minutes));
    Some(match zone {
        Some(offset) => Between { earliest: first - offset, latest: last - offset },
        None => Between { earliest: first - EAST, latest: last + WEST },
    })
}

/// The minutes of the day behind a date, and those of the zone behind them.
fn clock(text: &[u8]) -> Option<(i32, Option<i32>)> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let rest = match digits {
        12 | 14 => &text[8..],
        _ => {
            let mark = text.iter().position(|b| matches!(b, b'T' | b't' | b' '))?;
            text.get(mark + 1..)?
        }
    };
    let (hour, rest) = pair(rest)?;
    let (minute, rest) = pair(rest.strip_prefix(b":").unwrap_or(rest))?;
    if hour > 24 || minute > 59 {
        return None;
    }
    // Seconds and their parts tell nothing here.
    let second = |b: &u8| matches!(b, b':' | b'.' | b',') || b.is_ascii_digit();
    let rest = &rest[rest.iter().take_while(|b| second(b)).count()..];
    Some((hour * 60 + minute, zone(rest.trim_ascii())))
}

fn zone(text: &[u8]) -> Option<i32> {
    let (sign, rest) = match text {
        [b'Z' | b'z'] => return Some(0),
        b"UTC" | b"GMT" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = pair(rest)?;
    let minutes = if rest.is_empty() { 0 } else { pair(rest.strip_prefix(b":").unwrap_or(rest))?.0 };
    (hours <= 14 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
}

/// Two digits and what follows.
fn pair(text: &[u8]) -> Option<(i32, &[u8])> {
    match text {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', rest @ ..] => {
            Some((i32::from(a - b'0') * 10 + i32::from(b - b'0'), rest))
        }
        _ => None,
    }
}

/// A minute as text, `2026-07-01 14:30 UTC`.
pub fn utc_text(minutes: i32) -> String {
    let (day, minute) = (minutes.div_euclid(DAY), minutes.rem_euclid(DAY));
    format!("{} {:02}:{:02} UTC", iso_text(day), minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(text: &str) -> (String, String) {
        let between = parse_time(text).unwrap();
        (utc_text(between.earliest), utc_text(between.latest))
    }

    #[test]
    fn a_told_zone_leaves_no_doubt() {
        for text in [
            "2026-07-01T14:30:00Z",
            "2026-07-01T14:30Z",
            "2026-07-01 14:30:59.123 UTC",
            "2026-07-01T22:30:00+08:00",
            "2026-07-01T22:30+0800",
            "20260701T1430Z",
            "2026-07-01T09:30:00-05",
        ] {
            let both = "2026-07-01 14:30 UTC".to_owned();
            assert_eq!(texts(text), (both.clone(), both), "{text}");
        }
    }

    #[test]
    fn without_a_zone_it_may_be_any_place() {
        for text in ["2026-07-01T14:30:00", "20260701143000", "2026-07-01 14:30", "01.07.2026 14:30"] {
            assert_eq!(texts(text), ("2026-07-01 00:30 UTC".into(), "2026-07-02 02:30 UTC".into()), "{text}");
        }
        for text in ["2026-07-01", "20260701", "01.07.2026"] {
            assert_eq!(texts(text), ("2026-06-30 10:00 UTC".into(), "2026-07-02 11:59 UTC".into()), "{text}");
        }
        assert_eq!(parse_time("soon"), None);
        assert_eq!(parse_time(""), None);
    }

    proptest! {
        #[test]
        fn never_panics_and_is_ordered(text in "\\PC*|[0-9./T:Z+ -]*") {
            if let Some(between) = parse_time(&text) {
                prop_assert!(between.earliest <= between.latest);
            }
        }
    }
}
