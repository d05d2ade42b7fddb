//! Euro reference rates, in the layout that the European Central Bank publishes (`eurofxref-hist.csv`).
//!
//! One row a working day, units of foreign currency per EUR 1, `N/A` where there is none. On a closed day the last
//! published rate holds. A currency that the file stopped publishing has no rate: its last one is not carried on.

use crate::fields::currency::{Currency, parse_currency};
use crate::fields::date::parse_date;
use std::collections::BTreeMap;
use std::path::Path;

/// A currency's rate may be this many days older than the newest row in force, for single gaps in the table.
const GAP_DAYS: i32 = 7;

/// A rates file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RatesError {
    /// The file cannot be read.
    #[error("cannot read the exchange rates {file}: {source}")]
    Unreadable { file: String, source: csv::Error },
    /// A cell is neither a rate nor `N/A`.
    #[error("{file}, line {line}, column {column}: found `{found}`, expected {expected}")]
    Cell { file: String, line: u64, column: String, found: String, expected: &'static str },
    /// The file has no `Date` column first.
    #[error(
        "{file}: the first column is `{found}`, expected `Date` and then one column a currency, as the European Central Bank publishes them"
    )]
    Header { file: String, found: String },
}

/// Rates by currency and day.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    days: Vec<i32>,
    per_euro: BTreeMap<Currency, Vec<(i32, f64)>>,
}

impl Rates {
    /// Reads a file of that layout.
    ///
    /// # Errors
    /// Names the file, the line and the column of the first cell that is neither a rate nor `N/A`.
    pub fn read(path: &Path) -> Result<Rates, RatesError> {
        let file = path.display().to_string();
        let unreadable = |source| RatesError::Unreadable { file: file.clone(), source };
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .trim(csv::Trim::All)
            .from_path(path)
            .map_err(unreadable)?;
        let header = reader.headers().map_err(unreadable)?.clone();
        let first = header.get(0).unwrap_or_default().trim_start_matches('\u{feff}');
        if !first.eq_ignore_ascii_case("date") {
            return Err(RatesError::Header { file, found: first.to_owned() });
        }
        let mut rates = Rates::default();
        for record in reader.records() {
            let record = record.map_err(unreadable)?;
            let line = record.position().map_or(0, |p| p.line());
            let cell = |column: &str, found: &str, expected| RatesError::Cell {
                file: file.clone(),
                line,
                column: column.to_owned(),
                found: found.to_owned(),
                expected,
            };
            let day_text = record.get(0).unwrap_or_default();
            let day = parse_date(day_text).map_err(|_| cell("Date", day_text, "a day such as 2026-10-30"))?;
            rates.days.push(day);
            for (name, text) in header.iter().zip(record.iter()).skip(1) {
                if name.is_empty() || text.is_empty() || text == "N/A" {
                    continue;
                }
                // Withdrawn currencies keep their columns in the published file; nobody declares in them.
                let Ok(currency) = parse_currency(name) else { continue };
                let rate: f64 = text.parse().map_err(|_| cell(name, text, "units per euro or N/A"))?;
                if !(rate.is_finite() && rate > 0.0) {
                    return Err(cell(name, text, "a rate above 0"));
                }
                rates.per_euro.entry(currency).or_default().push((day, rate));
            }
        }
        rates.days.sort_unstable();
        for series in rates.per_euro.values_mut() {
            series.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        }
        Ok(rates)
    }

    /// The newest day with rates, if there is any.
    pub fn last_day(&self) -> Option<i32> {
        self.days.last().copied()
    }

    /// Units of `currency` per euro on a day.
    fn per_euro(&self, currency: Currency, day: i32) -> Option<f64> {
        if currency == Currency::EUR {
            return Some(1.0);
        }
        let published = self.days[..self.days.partition_point(|&d| d <= day)].last().copied()?;
        let series = self.per_euro.get(&currency)?;
        let (found, rate) = series[..series.partition_point(|&(d, _)| d <= day)].last().copied()?;
        (published - found <= GAP_DAYS).then_some(rate)
    }

    /// What one unit of `from` is worth in `to` on a day; 1 where they are the same, nothing where a rate is missing.
    pub fn factor(&self, from: Currency, to: Currency, day: i32) -> Option<f64> {
        if from == to {
            return Some(1.0);
        }
        Some(self.per_euro(to, day)? / self.per_euro(from, day)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates() -> Rates {
        let dir = std::env::temp_dir().join(format!("parcel-risk-rates-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join("rates.csv");
        std::fs::write(&path, "Date,USD,BGN,GBP,\n2026-01-15,1.20,N/A,0.8,\n2026-01-02,1.10,N/A,N/A,\n2025-12-31,1.00,1.9558,0.9,\n").unwrap();
        Rates::read(&path).unwrap()
    }

    fn on(text: &str) -> i32 {
        parse_date(text).unwrap()
    }

    fn factor(rates: &Rates, from: &str, day: &str) -> Option<f64> {
        rates.factor(parse_currency(from).unwrap(), Currency::EUR, on(day))
    }

    #[test]
    fn the_last_published_rate_holds_on_a_closed_day() {
        let rates = rates();
        assert_eq!(factor(&rates, "USD", "2026-01-04"), Some(1.0 / 1.10));
        assert_eq!(factor(&rates, "GBP", "2026-01-04"), Some(1.0 / 0.9), "a single gap is bridged");
        assert_eq!(
            factor(&rates, "USD", "2026-06-01"),
            Some(1.0 / 1.20),
            "after the end of the file its last rate holds"
        );
        assert_eq!(factor(&rates, "USD", "2025-12-30"), None, "before the file there is no rate");
    }

    #[test]
    fn a_withdrawn_currency_has_no_rate() {
        let rates = rates();
        assert_eq!(factor(&rates, "BGN", "2026-01-02"), Some(1.0 / 1.9558));
        assert_eq!(factor(&rates, "BGN", "2026-01-15"), None);
    }

    #[test]
    fn other_pairs_cross_through_the_euro() {
        let usd = parse_currency("USD").unwrap();
        let gbp = parse_currency("GBP").unwrap();
        assert_eq!(rates().factor(usd, gbp, on("2026-01-15")), Some(0.8 / 1.20));
        assert_eq!(Rates::default().factor(usd, usd, 0), Some(1.0));
    }
}
