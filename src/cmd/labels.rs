//! `parcel-risk labels`: the corrections of customs that messages carry, in the form of a truth.

use super::{Status, print};
use crate::cli::LabelsArgs;
use crate::error::Error;
use crate::fields::number::parse_number;
use crate::model::batch::Channel;
use crate::model::schema::Column;
use crate::read::mapping::{Mapping, preset};
use crate::read::{self, Input, ReadError};
use arrow::array::{ArrayRef, Float64Builder, Int32Builder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// A line: its parcel and its number.
type Line = (String, String);

/// What customs or the sender says of a line.
#[derive(Default)]
struct Said {
    hs: String,
    description: String,
    value: String,
}

pub(crate) fn execute(args: &LabelsArgs) -> Status {
    let mapping = args.mapping.as_deref().map(Mapping::named).transpose()?.map(Arc::new);
    let mut labels = BTreeMap::new();
    for mut input in read::expand(&args.files, Channel::Postal)? {
        input.reading.mapping.clone_from(&mapping);
        corrections(&input, &mut labels)?;
    }
    write(&args.out, &labels)?;
    print(&format!("{} lines corrected by customs, {}\n", labels.len(), args.out.display()))
}

/// The corrected lines of a file: typology and declared value.
fn corrections(input: &Input, labels: &mut BTreeMap<Line, (&'static str, f64)>) -> Result<(), ReadError> {
    let mut declared = BTreeMap::new();
    let layouts = said(input, &mut declared)?;
    let mut input = input.clone();
    match input.reading.mapping.take() {
        Some(mapping) => match mapping.corrected() {
            Some(corrected) => input.reading.mapping = Some(Arc::new(corrected)),
            None => return Ok(()),
        },
        None if layouts.iter().all(|name| preset(name).is_none_or(|m| m.labels.is_empty())) => return Ok(()),
        None => input.reading.corrections = true,
    }
    let mut revised = BTreeMap::new();
    said(&input, &mut revised)?;
    for (line, customs) in revised {
        let Some(sender) = declared.get(&line) else { continue };
        let digits = |t: &str| t.chars().filter(char::is_ascii_digit).collect::<String>();
        let (was, is) = (digits(&sender.hs), digits(&customs.hs));
        let typology = if !is.is_empty() && is != was {
            "hs_revised"
        } else if !customs.description.is_empty()
            && !customs.description.eq_ignore_ascii_case(&sender.description)
        {
            "description_revised"
        } else {
            continue;
        };
        let value = parse_number(&sender.value).unwrap_or(0.0);
        labels.insert(line, (typology, value));
    }
    Ok(())
}

/// What is said of each line; the layouts met.
fn said(input: &Input, lines: &mut BTreeMap<Line, Said>) -> Result<Vec<String>, ReadError> {
    let mut reader = read::open(input, 0, None)?;
    for block in reader.by_ref() {
        let block = block?;
        for row in 0..block.len() {
            let (mut line, mut said) = (Line::default(), Said::default());
            for (column, text) in read::cell_texts(&block, row) {
                match column {
                    Column::ParcelId => line.0 = text,
                    Column::LineNumber => line.1 = text,
                    Column::HsCode => said.hs = text,
                    Column::Description => said.description = text,
                    Column::Value => said.value = text,
                    _ => {}
                }
            }
            lines.insert(line, said);
        }
    }
    Ok(reader.summary().layouts)
}

fn write(path: &Path, labels: &BTreeMap<Line, (&'static str, f64)>) -> Result<(), Error> {
    let failed = |e: String| Error::Output(format!("cannot write {}: {e}", path.display()));
    let text = |name| Field::new(name, DataType::Utf8, false);
    let schema = Arc::new(Schema::new(vec![
        text("parcel_id"),
        Field::new("line_number", DataType::Int32, true),
        text("family"),
        text("typology"),
        text("case_key"),
        Field::new("true_value", DataType::Float64, false),
    ]));
    let (mut parcel, mut number) = (StringBuilder::new(), Int32Builder::new());
    let (mut family, mut typology, mut case) =
        (StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
    let mut value = Float64Builder::new();
    for (line, (kind, amount)) in labels {
        parcel.append_value(&line.0);
        number.append_option(line.1.parse().ok());
        family.append_value("misdeclaration");
        typology.append_value(kind);
        case.append_value(&line.0);
        value.append_value(*amount);
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(parcel.finish()),
        Arc::new(number.finish()),
        Arc::new(family.finish()),
        Arc::new(typology.finish()),
        Arc::new(case.finish()),
        Arc::new(value.finish()),
    ];
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(|e| failed(e.to_string()))?;
    let file = File::create(path).map_err(|e| failed(e.to_string()))?;
    let mut writer = ArrowWriter::try_new(file, schema, None).map_err(|e| failed(e.to_string()))?;
    writer.write(&batch).map_err(|e| failed(e.to_string()))?;
    writer.close().map_err(|e| failed(e.to_string()))?;
    Ok(())
}
