//! From the text of a source to that of a column.

use super::Rule;
use crate::fields::number::{DecimalMark, parse_money_with, parse_number_with};
use crate::model::schema::{Column, Kind};

/// What is done with a text.
#[derive(Clone, Debug, Default)]
pub(in crate::read) struct Form {
    /// The mark of decimals; guessed by the stages that follow where it is not known.
    pub(in crate::read) decimal: Option<DecimalMark>,
    /// Kilograms of one unit, where it is the same for all.
    pub(in crate::read) unit: Option<f64>,
    pub(in crate::read) date: Option<String>,
    pub(in crate::read) codes: Vec<(String, String)>,
    pub(in crate::read) others: Option<String>,
    pub(in crate::read) per_unit: bool,
    pub(in crate::read) strip: Option<String>,
}

impl Form {
    pub(super) fn new(rule: &Rule, decimal: Option<&str>, column: Column) -> Result<Form, String> {
        let number = column.kind() == Kind::Number;
        let decimal = match rule.decimal.as_deref().or(decimal).filter(|_| number) {
            None => None,
            Some("." | "point") => Some(DecimalMark::Point),
            Some("," | "comma") => Some(DecimalMark::Comma),
            Some(other) => return Err(format!("decimal = \"{other}\"; expected \".\" or \",\"")),
        };
        let unit = match rule.unit.as_deref() {
            None => None,
            Some(unit) => {
                Some(kilograms(unit).ok_or_else(|| format!("unit = \"{unit}\"; expected {UNITS}"))?)
            }
        };
        let per_unit = match rule.per.as_deref() {
            None | Some("line") => false,
            Some("unit") if column == Column::Value => true,
            Some(other) => {
                return Err(format!(
                    "per = \"{other}\" of `{}`; expected \"unit\" or \"line\", of `value`",
                    column.name()
                ));
            }
        };
        Ok(Form {
            decimal,
            unit,
            date: rule.date.clone(),
            codes: rule.codes.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
            others: rule.others.clone(),
            per_unit,
            strip: rule.strip.clone(),
        })
    }

    /// Whether the text goes through as it is.
    pub(in crate::read) fn is_plain(&self) -> bool {
        let Form { decimal, unit, date, codes, others, per_unit, strip } = self;
        let numbers = matches!(decimal, None | Some(DecimalMark::Point)) && unit.is_none() && !per_unit;
        numbers && date.is_none() && codes.is_empty() && others.is_none() && strip.is_none()
    }

    /// Writes the column's text; `unit` is the text of the unit, `quantity` that of the record's quantity.
    ///
    /// A number that is none goes through as it is: the next stage says what is wrong with it.
    pub(in crate::read) fn write(
        &self,
        text: &str,
        unit: Option<&str>,
        quantity: &str,
        out: &mut String,
    ) -> Result<(), String> {
        let text = text.trim();
        let text = self.strip.as_deref().and_then(|s| text.strip_prefix(s)).unwrap_or(text);
        if let Some((_, meaning)) = self.codes.iter().find(|(code, _)| code.eq_ignore_ascii_case(text)) {
            out.push_str(meaning);
            return Ok(());
        }
        if let Some(others) = &self.others {
            out.push_str(others);
            return Ok(());
        }
        if let Some(form) = &self.date {
            let day = chrono::NaiveDate::parse_and_remainder(text, form)
                .map_err(|_| format!("{text:?} is not a date of the form {form}"))?;
            out.push_str(&day.0.format("%Y-%m-%d").to_string());
            return Ok(());
        }
        let factor = match unit.map(str::trim).filter(|u| !u.is_empty()) {
            Some(unit) => Some(
                kilograms(unit)
                    .ok_or_else(|| format!("{unit:?} is no known unit of weight; expected {UNITS}"))?,
            ),
            None => self.unit,
        };
        let mark = self.decimal.unwrap_or_default();
        if self.per_unit {
            return per_unit(text, quantity, mark, out);
        }
        if self.decimal == Some(DecimalMark::Comma) || factor.is_some_and(|f| f != 1.0) {
            match parse_number_with(text, mark) {
                Ok(number) => out.push_str(&scaled(number, factor.unwrap_or(1.0)).to_string()),
                Err(_) => out.push_str(text),
            }
            return Ok(());
        }
        out.push_str(text);
        Ok(())
    }
}

/// The units of weight that are known.
const UNITS: &str = "kg (KGM, K), g (GRM), lb (LBR, L), oz (ONZ) or t (TNE)";

/// Kilograms of one unit of weight: common words, UN/ECE recommendation 20 and the letters of Cargo-IMP. The pound is
/// the international one, by definition.
pub(in crate::read) fn kilograms(unit: &str) -> Option<f64> {
    match unit.trim().to_ascii_lowercase().as_str() {
        "kg" | "kgm" | "k" | "kgs" | "kilogram" => Some(1.0),
        "g" | "grm" | "gr" | "gram" => Some(0.001),
        "lb" | "lbs" | "lbr" | "l" | "pound" => Some(0.453_592_37),
        "oz" | "onz" | "ounce" => Some(0.028_349_523_125),
        "t" | "tne" => Some(1000.0),
        _ => None,
    }
}

/// Weight in kilograms; nine decimals are less than a speck of dust and hide the float's last bits.
pub(in crate::read) fn scaled(number: f64, factor: f64) -> f64 {
    if factor == 0.001 {
        return number / 1000.0;
    }
    (number * factor * 1e9).round() / 1e9
}

/// The amount of one piece times the pieces; without a quantity it is the whole.
fn per_unit(text: &str, quantity: &str, mark: DecimalMark, out: &mut String) -> Result<(), String> {
    let Ok(amount) = parse_number_with(text, mark) else {
        out.push_str(text);
        return Ok(());
    };
    let pieces = match parse_number_with(quantity, mark) {
        Ok(pieces) => pieces,
        Err(_) if quantity.trim().is_empty() => 1.0,
        // The quantity itself is what is wrong, and the next stage says so.
        Err(_) => 1.0,
    };
    // Whole pieces of an exact amount stay exact.
    if let Ok(exact) = parse_money_with(text, mark)
        && exact as f64 / 1e4 == amount
        && pieces.fract() == 0.0
        && let Some(sum) = exact.checked_mul(pieces as i64)
    {
        out.push_str(&(sum as f64 / 1e4).to_string());
        return Ok(());
    }
    out.push_str(&((amount * pieces * 1e4).round() / 1e4).to_string());
    Ok(())
}
