//! What a detector's score is worth as a probability.
//!
//! A detector judges by its own model of honest trade, which errs in a direction of its own: some scores are too bold,
//! others too cautious. `p = 1 / (1 + exp(-(intercept + slope × ln(score / (1 - score)))))` (J. Platt, Probabilistic
//! outputs, 1999) turns the score into the share of such findings that proved right where the truth was known. The slope
//! is positive, so that more evidence never makes less of a probability. `doubt` is the standard deviation of the
//! intercept between worlds that differ in their share of fraud, its subtlety and their size: how far the map may be off
//! on a night that is like none of them.

use super::sheet::{Row, Sheet, TableError};
use std::collections::BTreeMap;
use std::path::Path;

/// Columns of the file, the required ones first.
const COLUMNS: &[&str] = &["detector", "intercept", "slope", "doubt", "findings", "source"];
const REQUIRED: usize = 4;
/// Nothing is certain, however strong the evidence: scores and probabilities are taken to stay within this distance of 0 and 1.
const LEAST: f64 = 0.005;

/// The map of one detector.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Map {
    intercept: f64,
    slope: f64,
    doubt: f64,
}

/// The maps of all detectors.
#[derive(Clone, Debug, Default)]
pub struct Calibration {
    maps: BTreeMap<String, Map>,
}

/// `ln(p / (1 - p))`.
fn log_odds(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

fn likely(log_odds: f64) -> f64 {
    (1.0 / (1.0 + (-log_odds).exp())).clamp(LEAST, 1.0 - LEAST)
}

impl Calibration {
    /// The built-in maps, those of the detectors that the user's file names replaced by its own.
    ///
    /// # Errors
    /// Names the file, line and column of the first cell that cannot be used.
    pub fn load(user_file: Option<&Path>) -> Result<Calibration, TableError> {
        let text = include_str!("data/calibration.csv");
        let builtin =
            Sheet::new("built-in calibration.csv".to_owned(), text.as_bytes(), COLUMNS, COLUMNS.len())?;
        let mut maps = read(&builtin)?;
        if let Some(path) = user_file {
            maps.extend(read(&Sheet::open(path, COLUMNS, REQUIRED)?)?);
        }
        Ok(Calibration { maps })
    }

    /// Probability that a finding with this score is right. A detector without a map is taken at its word.
    pub fn probability(&self, detector: &str, score: f64) -> f64 {
        let score = score.clamp(LEAST, 1.0 - LEAST);
        match self.maps.get(detector) {
            Some(map) => likely(map.intercept + map.slope * log_odds(score)),
            None => likely(log_odds(score)),
        }
    }

    /// The same probability lowered by one standard deviation of the map itself.
    pub fn cautious(&self, detector: &str, probability: f64) -> f64 {
        likely(log_odds(probability.clamp(LEAST, 1.0 - LEAST)) - self.doubt(detector))
    }

    /// Standard deviation of the log odds of all findings of a detector together.
    pub fn doubt(&self, detector: &str) -> f64 {
        self.maps.get(detector).map_or(0.0, |map| map.doubt)
    }
}

fn read(sheet: &Sheet) -> Result<BTreeMap<String, Map>, TableError> {
    let mut maps = BTreeMap::new();
    for row in sheet.rows() {
        let detector = row.text("detector", "the name of a detector")?;
        let slope = number(row, "slope")?;
        if slope <= 0.0 {
            return Err(row.fault("slope", "a number above 0: more evidence must not count for less"));
        }
        let doubt = number(row, "doubt")?;
        if doubt < 0.0 {
            return Err(row.fault("doubt", "a number from 0"));
        }
        let map = Map { intercept: number(row, "intercept")?, slope, doubt };
        if maps.insert(detector.to_owned(), map).is_some() {
            return Err(row.fault("detector", "each detector once"));
        }
    }
    Ok(maps)
}

fn number(row: Row, column: &'static str) -> Result<f64, TableError> {
    let cell = row.get(column).parse::<f64>().ok();
    cell.filter(|x| x.is_finite()).ok_or_else(|| row.fault(column, "a number such as 0.85"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Calibration, TableError> {
        Sheet::new("own.csv".into(), text.as_bytes(), COLUMNS, REQUIRED)
            .and_then(|sheet| read(&sheet))
            .map(|maps| Calibration { maps })
    }

    #[test]
    fn more_evidence_is_never_worth_less() {
        let built_in = Calibration::load(None).unwrap();
        for detector in built_in.maps.keys() {
            let mut last = 0.0;
            for step in 0..=1000 {
                let p = built_in.probability(detector, f64::from(step) / 1000.0);
                assert!(p >= last && (LEAST..=1.0 - LEAST).contains(&p), "{detector} at {step}: {p}");
                assert!(built_in.cautious(detector, p) <= p);
                last = p;
            }
        }
    }

    #[test]
    fn a_map_is_applied_and_a_stranger_is_believed() {
        let own = of("detector,intercept,slope,doubt\na,1,2,0.5").unwrap();
        let p = own.probability("a", 0.5);
        assert!((p - 1.0 / (1.0 + (-1.0_f64).exp())).abs() < 1e-12);
        assert!((own.cautious("a", p) - 1.0 / (1.0 + (-0.5_f64).exp())).abs() < 1e-12);
        assert!((own.probability("b", 0.3) - 0.3).abs() < 1e-12);
    }

    #[test]
    fn a_file_that_cannot_be_used_says_where() {
        for (text, column) in [
            ("detector,intercept,slope,doubt\na,1,-2,0.5", "column slope"),
            ("detector,intercept,slope,doubt\na,x,2,0.5", "column intercept"),
            ("detector,intercept,slope,doubt\na,1,2,-1", "column doubt"),
            ("detector,intercept,slope,doubt\na,1,2,0\na,1,2,0", "line 3"),
        ] {
            let message = of(text).unwrap_err().to_string();
            assert!(message.contains("own.csv") && message.contains(column), "{message}");
        }
    }
}
