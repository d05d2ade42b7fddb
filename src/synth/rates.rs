//! Exchange rates of the made-up world: a random walk on working days, written as the European Central Bank does.

use super::draw::{Draw, Stream};
use super::plan::{SynthError, currency};
use super::table::iso_date;
use crate::fields::currency::Currency;

/// Calendar days before the night for which there are rates.
const DAYS: i32 = 120;
/// Units per euro around which the walks start, decimals as published.
const LEVELS: [(&str, f64, usize); 30] = [
    ("USD", 1.105, 4),
    ("JPY", 171.0, 2),
    ("CZK", 24.6, 3),
    ("DKK", 7.46, 4),
    ("GBP", 0.852, 5),
    ("HUF", 378.0, 2),
    ("PLN", 4.31, 4),
    ("RON", 5.08, 4),
    ("SEK", 11.1, 4),
    ("CHF", 0.941, 4),
    ("ISK", 143.0, 2),
    ("NOK", 11.4, 4),
    ("TRY", 47.5, 4),
    ("AUD", 1.68, 4),
    ("BRL", 6.1, 4),
    ("CAD", 1.53, 4),
    ("CNY", 7.85, 4),
    ("HKD", 8.62, 4),
    ("IDR", 18300.0, 2),
    ("ILS", 3.9, 4),
    ("INR", 96.5, 4),
    ("KRW", 1540.0, 2),
    ("MXN", 21.4, 4),
    ("MYR", 4.75, 4),
    ("NZD", 1.87, 4),
    ("PHP", 63.5, 3),
    ("SGD", 1.45, 4),
    ("THB", 36.8, 3),
    ("ZAR", 19.8, 4),
    ("VND", 28500.0, 0),
];

/// The rates of every day.
pub(super) struct RateTable {
    euro: Currency,
    currencies: Vec<Currency>,
    /// Day and units per euro by currency, oldest first.
    rows: Vec<(i32, Vec<f64>)>,
}

impl RateTable {
    pub fn new(seed: u64, night: i32) -> Result<RateTable, SynthError> {
        let currencies = LEVELS.iter().map(|(code, ..)| currency(code)).collect::<Result<_, _>>()?;
        let mut draw = Draw::new(seed, Stream::Rates, 0);
        let mut level: Vec<f64> = LEVELS.iter().map(|&(_, level, _)| draw.log_normal(level, 0.03)).collect();
        let mut rows = Vec::new();
        for day in night - DAYS..=night {
            // 1970-01-01 was a Thursday, so that Saturday and Sunday are days 2 and 3 of the week.
            if matches!(day.rem_euclid(7), 2 | 3) {
                continue;
            }
            for (rate, &(code, ..)) in level.iter_mut().zip(&LEVELS) {
                *rate *= (if code == "DKK" { 0.0002 } else { 0.004 } * draw.normal()).exp();
            }
            let published = level.iter().zip(&LEVELS).map(|(rate, &(.., decimals))| {
                let unit = 10_f64.powi(decimals as i32);
                (rate * unit).round() / unit
            });
            rows.push((day, published.collect()));
        }
        Ok(RateTable { euro: currency("EUR")?, currencies, rows })
    }

    /// Units of a currency per euro on a day, the last published before it on a closed one.
    pub fn per_euro(&self, currency: Currency, day: i32) -> Option<f64> {
        if currency == self.euro {
            return Some(1.0);
        }
        let column = self.currencies.iter().position(|&c| c == currency)?;
        let row = self.rows.partition_point(|(d, _)| *d <= day).checked_sub(1)?;
        Some(self.rows[row].1[column])
    }

    /// The file, newest day first.
    pub fn csv(&self) -> String {
        let mut text = "Date,".to_owned();
        for (code, ..) in &LEVELS {
            text.push_str(code);
            text.push(',');
        }
        text.push('\n');
        for (day, rates) in self.rows.iter().rev() {
            iso_date(*day, &mut text);
            text.push(',');
            for rate in rates {
                text.push_str(&format!("{rate},"));
            }
            text.push('\n');
        }
        text
    }
}
