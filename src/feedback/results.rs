//! The feedback file: what officers found, one line a parcel and examination.

use crate::error::Error;
use crate::fields::date::parse_date;
use crate::fields::number::parse_number;
use std::collections::BTreeMap;
use std::path::Path;

/// The result of an examination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Something was wrong with the declaration.
    Irregular,
    /// The declaration was right.
    Regular,
    /// Not yet known.
    Open,
}

/// Words for each verdict; the first is the one of the documentation.
const WORDS: [(Verdict, &[&str]); 3] = [
    (Verdict::Irregular, &["irregular", "hit", "confirmed", "yes", "true", "1"]),
    (Verdict::Regular, &["regular", "clean", "no hit", "no_hit", "rejected", "no", "false", "0"]),
    (Verdict::Open, &["open", "pending", ""]),
];

impl Verdict {
    fn parse(word: &str) -> Option<Verdict> {
        let word = word.trim().to_lowercase();
        WORDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(verdict, _)| *verdict)
    }
    /// Whether something was wrong, where that is known.
    pub const fn irregular(self) -> Option<bool> {
        match self {
            Verdict::Irregular => Some(true),
            Verdict::Regular => Some(false),
            Verdict::Open => None,
        }
    }
}

/// What was found of one parcel.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The result.
    pub verdict: Verdict,
    /// Value of the goods as found, in the regime's currency.
    pub corrected_value: Option<f64>,
    /// Commodity code as found.
    pub corrected_hs: Option<String>,
    /// Day of the examination, days since 1970-01-01.
    pub on: Option<i32>,
}

/// What separates the cells: spreadsheets write semicolons where a comma is the decimal mark.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let count = |mark: u8| header.bytes().filter(|b| *b == mark).count();
    [b';', b'\t'].into_iter().find(|&mark| count(mark) > count(b',')).unwrap_or(b',')
}

/// Reads a feedback file: the number of its lines, and the latest finding on each parcel. Of two of one day, or without
/// a day, the later line counts.
///
/// # Errors
/// Names the file, the line and the field.
pub fn read(file: &Path) -> Result<(usize, BTreeMap<String, Finding>), Error> {
    let fault = |what: String| Error::Configuration(format!("{}: {what}", file.display()));
    let bytes =
        std::fs::read(file).map_err(|e| fault(format!("{e}; expected a CSV file that can be read")))?;
    // Names of officers in another encoding than UTF-8 spoil nothing: they are not used.
    let text = String::from_utf8_lossy(&bytes);
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| fault(e.to_string()))?.clone();
    let column = |name: &str| {
        header.iter().position(|h| h.trim_start_matches('\u{feff}').trim().eq_ignore_ascii_case(name))
    };
    let needed = |name: &str| {
        column(name).ok_or_else(|| {
            fault(format!(
                "there is no column `{name}`; expected a header such as parcel_id,result,corrected_value,corrected_hs,by,on"
            ))
        })
    };
    let (id, result) = (needed("parcel_id")?, needed("result")?);
    let [value, hs, on] = ["corrected_value", "corrected_hs", "on"].map(column);
    let mut lines = 0;
    let mut findings: BTreeMap<String, Finding> = BTreeMap::new();
    for row in reader.records() {
        let row = row.map_err(|e| fault(e.to_string()))?;
        lines += 1;
        let at = row.position().map_or(lines + 1, |p| p.line() as usize);
        // Empty cells at the end of a line say nothing.
        if row.len() < header.len() || row.iter().skip(header.len()).any(|cell| !cell.is_empty()) {
            return Err(fault(format!(
                "line {at}: {} fields; expected {}, as in the header",
                row.len(),
                header.len()
            )));
        }
        let cell = |i: Option<usize>| i.and_then(|i| row.get(i)).filter(|c| !c.is_empty());
        let fault_in = |field: &str, text: &str, expected: &str| {
            fault(format!("line {at}: {field} is `{text}`; expected {expected}"))
        };
        let parcel = cell(Some(id)).ok_or_else(|| fault_in("parcel_id", "", "an identifier"))?.to_owned();
        let word = cell(Some(result)).unwrap_or("");
        let verdict =
            Verdict::parse(word).ok_or_else(|| fault_in("result", word, "irregular, regular or open"))?;
        let corrected_value = match cell(value) {
            Some(text) => Some(
                parse_number(text)
                    .ok()
                    .filter(|v| v.is_finite() && *v >= 0.0)
                    .ok_or_else(|| fault_in("corrected_value", text, "an amount such as 149.90"))?,
            ),
            None => None,
        };
        let on = match cell(on) {
            Some(text) => Some(parse_date(text).map_err(|e| fault(format!("line {at}: on: {e}")))?),
            None => None,
        };
        let finding = Finding { verdict, corrected_value, corrected_hs: cell(hs).map(str::to_owned), on };
        if findings.get(&parcel).is_none_or(|earlier| earlier.on <= on) {
            findings.insert(parcel, finding);
        }
    }
    Ok((lines, findings))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<(usize, BTreeMap<String, Finding>), Error> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        read(file.path())
    }

    #[test]
    fn the_latest_finding_on_a_parcel_counts() {
        let (lines, findings) = of("parcel_id,result,corrected_value,corrected_hs,by,on\n\
             A,irregular,120.50,610910,jw,2026-05-22\n\
             A,open,,,jw,2026-05-21\n\
             B,regular,,,jw,\n\
             B,Hit,,,jw,\n")
        .unwrap();
        assert_eq!((lines, findings.len()), (4, 2));
        assert_eq!(findings["A"].verdict, Verdict::Irregular);
        assert_eq!(findings["A"].corrected_value, Some(120.5));
        assert_eq!(findings["A"].corrected_hs.as_deref(), Some("610910"));
        assert_eq!(findings["B"].verdict, Verdict::Irregular);
    }

    #[test]
    fn a_spreadsheet_of_any_country_may_have_written_it() {
        for text in [
            "\u{feff}Parcel_ID;Result;Corrected_Value;on\r\nA;irregular;364,60;21.05.2026\r\n",
            "parcel_id\tresult\tcorrected_value\ton\nA\tirregular\t364.60\t2026-05-21\t\n",
            "parcel_id,result,corrected_value,on\nA,irregular,\"364,60\",2026-05-21\n",
        ] {
            let (_, findings) = of(text).unwrap();
            let found = &findings["A"];
            assert_eq!((found.corrected_value, found.on), (Some(364.6), Some(20_594)), "{text}");
        }
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, words) in [
            ("parcel,result\nA,yes\n", "`parcel_id`"),
            ("parcel_id,result\nA,perhaps\n", "line 2: result is `perhaps`"),
            ("parcel_id,result,corrected_value\nA,yes,a lot\n", "an amount"),
            ("parcel_id,result,on\nA,yes,2026-02-30\n", "line 2: on"),
            ("parcel_id,result\nA\n", "fields"),
            ("parcel_id,result\n,yes\n", "parcel_id"),
        ] {
            let said = of(text).unwrap_err().to_string();
            assert!(said.contains(words), "{words}: {said}");
        }
    }
}
