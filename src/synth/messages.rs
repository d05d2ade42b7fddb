//! Manifests as messages: each format as its senders write it, as far as the format can carry what a manifest says.

mod cargo_imp;
mod cargo_xml;
mod h7;
mod itmatt;

use super::plan::Format;
use super::table::iso_date;
use crate::model::schema::Column;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int32Type};

/// Writes the rows of manifests as messages.
pub(super) struct Messages {
    format: Format,
    /// Whether nothing was written yet.
    first: bool,
}

impl Messages {
    pub(super) fn new(format: Format) -> Messages {
        Messages { format, first: true }
    }

    /// What stands before all messages.
    pub(super) fn head(&self) -> String {
        match self.format {
            Format::ItmattXml => format!("{PROLOG}<CUSITMS>\n"),
            Format::Xfzb | Format::Xfhl => format!("{PROLOG}<Messages>\n"),
            Format::H7Xml => format!("{PROLOG}<Declarations>\n"),
            Format::ItmattJson => "[".into(),
            Format::ItmattCsv => itmatt::csv_head(),
            Format::H7Csv => h7::csv_head(),
            _ => String::new(),
        }
    }

    /// What stands behind all messages.
    pub(super) fn foot(&self) -> &'static str {
        match self.format {
            Format::ItmattXml => "</CUSITMS>\n",
            Format::Xfzb | Format::Xfhl => "</Messages>\n",
            Format::H7Xml => "</Declarations>\n",
            Format::ItmattJson => "\n]\n",
            _ => "",
        }
    }

    /// The messages of a chunk of rows; the rows of a parcel stand together.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> String {
        let rows = Rows(batch);
        let parcels = rows.parcels();
        let mut out = String::with_capacity(batch.num_rows() * 1_500);
        match self.format {
            Format::ItmattXml => parcels.iter().for_each(|p| itmatt::xml(&rows, p.clone(), &mut out)),
            Format::ItmattCsv => parcels.iter().for_each(|p| itmatt::csv(&rows, p.clone(), &mut out)),
            Format::ItmattJson => {
                for parcel in parcels {
                    out.push_str(if std::mem::take(&mut self.first) { "\n" } else { ",\n" });
                    itmatt::json(&rows, parcel, &mut out);
                }
            }
            Format::Xfzb => parcels.iter().for_each(|p| cargo_xml::house(&rows, p.clone(), true, &mut out)),
            Format::Xfhl => cargo_xml::manifests(&rows, &parcels, &mut out),
            Format::Fhl => cargo_imp::manifests(&rows, &parcels, &mut out),
            Format::H7Xml => parcels.iter().for_each(|p| h7::xml(&rows, p.clone(), &mut out)),
            Format::H7Csv => parcels.iter().for_each(|p| h7::csv(&rows, p.clone(), &mut out)),
            Format::Csv | Format::Parquet => {}
        }
        out
    }
}

#[cfg(test)]
mod tests;

const PROLOG: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// The rows of one parcel.
type Parcel = std::ops::Range<usize>;

/// The rows of a manifest as text.
pub(super) struct Rows<'a>(&'a RecordBatch);

impl Rows<'_> {
    /// The rows of each parcel.
    fn parcels(&self) -> Vec<Parcel> {
        let mut parcels: Vec<Parcel> = Vec::new();
        for row in 0..self.0.num_rows() {
            let same = row > 0 && self.text(Column::ParcelId, row) == self.text(Column::ParcelId, row - 1);
            match parcels.last_mut() {
                Some(last) if same => last.end = row + 1,
                _ => parcels.push(row..row + 1),
            }
        }
        parcels
    }

    /// A cell as CSV writes it, empty where it is null.
    fn text(&self, column: Column, row: usize) -> String {
        let cells = self.0.column(column as usize);
        if cells.is_null(row) {
            return String::new();
        }
        match cells.data_type() {
            DataType::Utf8 => cells.as_string::<i32>().value(row).to_owned(),
            DataType::Int32 => cells.as_primitive::<Int32Type>().value(row).to_string(),
            DataType::Float64 => cells.as_primitive::<Float64Type>().value(row).to_string(),
            DataType::Date32 => {
                let mut text = String::new();
                iso_date(cells.as_primitive::<Date32Type>().value(row), &mut text);
                text
            }
            _ => String::new(),
        }
    }

    fn number(&self, column: Column, row: usize) -> Option<f64> {
        self.text(column, row).parse().ok()
    }

    /// The declared value of a parcel, in hundredths.
    fn value(&self, parcel: &Parcel) -> i64 {
        let cents = |n: f64| (n * 100.0).round() as i64;
        match self.number(Column::ParcelValue, parcel.start) {
            Some(whole) => cents(whole),
            None => parcel.clone().filter_map(|r| self.number(Column::Value, r)).map(cents).sum(),
        }
    }
}

/// An amount of hundredths as CSV writes a number.
fn amount(cents: i64) -> String {
    (cents as f64 / 100.0).to_string()
}

/// Text of an XML element or attribute.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// Writes an element with text; nothing where the text is empty.
fn element(out: &mut String, name: &str, text: &str) {
    if !text.is_empty() {
        out.push_str(&format!("<{name}>{}</{name}>", escaped(text)));
    }
}

/// Writes an element with text and one attribute; nothing where the text is empty.
fn marked(out: &mut String, name: &str, attribute: &str, mark: &str, text: &str) {
    if !text.is_empty() {
        out.push_str(&format!("<{name} {attribute}=\"{}\">{}</{name}>", escaped(mark), escaped(text)));
    }
}

/// Writes a row of separated text.
fn csv_row<'a>(out: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            out.push(',');
        }
        super::table::quoted(cell, out);
    }
    out.push('\n');
}
