//! The parcels of a chunk as columns of the input layout, and those columns as text.

use super::draw::{Draw, Stream};
use super::number::{Dispatch, dispatches, origin};
use super::order::{Draft, Relief, Sender};
use super::party::Party;
use super::spelling::careless_firm;
use super::world::World;
use crate::model::schema::{Column, Kind};
use arrow::array::{
    Array, ArrayRef, Date32Builder, Float64Builder, Int32Builder, RecordBatch, StringBuilder,
};
use arrow::array::{Date32Array, Float64Array, Int32Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What one chunk gives.
pub(super) struct Tables {
    pub postal: RecordBatch,
    pub express: RecordBatch,
    pub truth: RecordBatch,
    pub twins: RecordBatch,
    pub postal_parcels: usize,
    pub express_parcels: usize,
    pub frauds: BTreeMap<(String, String), usize>,
    pub twin_counts: BTreeMap<String, usize>,
}

enum Cells {
    Text(StringBuilder),
    Number(Float64Builder),
    Whole(Int32Builder),
    Day(Date32Builder),
}

/// Columns of one manifest.
struct Manifest(Vec<Cells>);

/// Type of a manifest's column in Parquet.
fn data_type(column: Column) -> DataType {
    match (column, column.kind()) {
        (Column::LineNumber, _) => DataType::Int32,
        (_, Kind::Text) => DataType::Utf8,
        (_, Kind::Date) => DataType::Date32,
        (_, Kind::Number) => DataType::Float64,
    }
}

impl Manifest {
    fn new(rows: usize) -> Manifest {
        let cells = Column::ALL.iter().map(|&column| match data_type(column) {
            DataType::Int32 => Cells::Whole(Int32Builder::with_capacity(rows)),
            DataType::Date32 => Cells::Day(Date32Builder::with_capacity(rows)),
            DataType::Float64 => Cells::Number(Float64Builder::with_capacity(rows)),
            _ => Cells::Text(StringBuilder::with_capacity(rows, rows * 12)),
        });
        Manifest(cells.collect())
    }
    fn text(&mut self, column: Column, text: &str) {
        if let Cells::Text(cells) = &mut self.0[column as usize] {
            cells.append_option((!text.is_empty()).then_some(text));
        }
    }
    fn number(&mut self, column: Column, number: Option<f64>) {
        match &mut self.0[column as usize] {
            Cells::Number(cells) => cells.append_option(number),
            Cells::Whole(cells) => cells.append_option(number.map(|n| n as i32)),
            _ => {}
        }
    }
    fn day(&mut self, column: Column, day: Option<i32>) {
        if let Cells::Day(cells) = &mut self.0[column as usize] {
            cells.append_option(day);
        }
    }
    fn batch(self) -> Result<RecordBatch, ArrowError> {
        let columns = self.0.into_iter().map(|cells| -> ArrayRef {
            match cells {
                Cells::Text(mut c) => Arc::new(c.finish()),
                Cells::Number(mut c) => Arc::new(c.finish()),
                Cells::Whole(mut c) => Arc::new(c.finish()),
                Cells::Day(mut c) => Arc::new(c.finish()),
            }
        });
        RecordBatch::try_new(manifest_schema(), columns.collect())
    }
}

/// The columns of a manifest.
pub(super) fn manifest_schema() -> Arc<Schema> {
    let fields = Column::ALL.iter().map(|&c| Field::new(c.name(), data_type(c), !c.required()));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The columns of `truth.parquet`.
pub(super) fn truth_schema() -> Arc<Schema> {
    let text = |name| Field::new(name, DataType::Utf8, false);
    Arc::new(Schema::new(vec![
        text("parcel_id"),
        Field::new("line_number", DataType::Int32, true),
        text("family"),
        text("typology"),
        text("case_key"),
        Field::new("true_value", DataType::Float64, false),
    ]))
}

/// The columns of `twins.parquet`.
pub(super) fn twins_schema() -> Arc<Schema> {
    let text = |name| Field::new(name, DataType::Utf8, false);
    Arc::new(Schema::new(vec![text("parcel_id"), text("twin")]))
}

/// The tables of a chunk's parcels, in the order of their day and identifier.
pub(super) fn tables(world: &World<'_>, drafts: &[Draft], chunk: usize) -> Result<Tables, ArrowError> {
    let mut draw = Draw::new(world.plan.seed, Stream::Finish, chunk as u64);
    let dispatches = dispatches(world, drafts, chunk, &mut draw);
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by(|&a, &b| {
        (drafts[a].day, &dispatches[a].parcel_id).cmp(&(drafts[b].day, &dispatches[b].parcel_id))
    });
    let rows = drafts.len() * 3 / 2;
    let (mut postal, mut express) = (Manifest::new(rows), Manifest::new(rows));
    let mut truth = (StringBuilder::new(), Int32Builder::new(), StringBuilder::new());
    let (mut typology, mut case, mut true_value) =
        (StringBuilder::new(), StringBuilder::new(), Float64Builder::new());
    let (mut twin_ids, mut twin_names) = (StringBuilder::new(), StringBuilder::new());
    let (mut postal_parcels, mut express_parcels) = (0, 0);
    let (mut frauds, mut twin_counts) = (BTreeMap::new(), BTreeMap::new());
    for i in order {
        let (draft, dispatch) = (&drafts[i], &dispatches[i]);
        if draft.postal {
            postal_parcels += 1;
            rows_of(&mut postal, world, draft, dispatch, &mut draw);
        } else {
            express_parcels += 1;
            rows_of(&mut express, world, draft, dispatch, &mut draw);
        }
        if let Some(found) = &draft.truth {
            let (family, name) = found.typology.names();
            truth.0.append_value(&dispatch.parcel_id);
            truth.1.append_option(found.line.map(|l| l as i32 + 1));
            truth.2.append_value(family);
            typology.append_value(name);
            case.append_value(&found.case_key);
            true_value
                .append_value(found.line.map_or_else(|| cents(draft.worth()), |l| draft.items[l].worth));
            *frauds.entry((family.to_owned(), name.to_owned())).or_default() += 1;
        }
        if let Some(twin) = draft.twin {
            twin_ids.append_value(&dispatch.parcel_id);
            twin_names.append_value(twin);
            *twin_counts.entry(twin.to_owned()).or_default() += 1;
        }
    }
    let truth_columns: Vec<ArrayRef> = vec![
        Arc::new(truth.0.finish()),
        Arc::new(truth.1.finish()),
        Arc::new(truth.2.finish()),
        Arc::new(typology.finish()),
        Arc::new(case.finish()),
        Arc::new(true_value.finish()),
    ];
    let twin_columns: Vec<ArrayRef> = vec![Arc::new(twin_ids.finish()), Arc::new(twin_names.finish())];
    Ok(Tables {
        postal: postal.batch()?,
        express: express.batch()?,
        truth: RecordBatch::try_new(truth_schema(), truth_columns)?,
        twins: RecordBatch::try_new(twins_schema(), twin_columns)?,
        postal_parcels,
        express_parcels,
        frauds,
        twin_counts,
    })
}

fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

fn code(letters: [u8; 2]) -> String {
    letters.iter().filter(|&&b| b != 0).map(|&b| char::from(b)).collect()
}

/// Writes the lines of one parcel.
fn rows_of(out: &mut Manifest, world: &World<'_>, draft: &Draft, dispatch: &Dispatch, draw: &mut Draw) {
    let mut sender: Party = match &draft.sender {
        Sender::Seller(seller) => world.sellers[*seller as usize].party.clone(),
        Sender::Private(party) => (**party).clone(),
    };
    careless_firm(&mut sender, draw);
    let (procedures, scheme) = claims(world, draft, draw);
    // Some carriers send the waybill's value only.
    let whole = !draft.postal && dispatch.manifest_id.starts_with("784-");
    let net: f64 = draft.items.iter().map(|i| i.weight).sum();
    let gross = ((net + draft.packaging) * 1000.0).round() / 1000.0;
    let nature = if draft.nature == "sale" && !draft.postal && draw.chance(0.5) { "" } else { draft.nature };
    let posting = draft.day - if draft.postal { draft.order_age * 2 / 3 } else { draft.order_age / 2 };
    let ordered = (!draft.order_id.is_empty() || draw.chance(0.1)).then_some(draft.day - draft.order_age);
    let shows_transport = draw.chance(if draft.postal { 0.8 } else { 0.55 });
    let destination = code(world.plan.destination.letters());
    let currency = draft.currency.to_string();
    let from = code(origin(world, draft));
    for (i, item) in draft.items.iter().enumerate() {
        out.text(Column::ParcelId, &dispatch.parcel_id);
        out.text(Column::ManifestId, &dispatch.manifest_id);
        out.text(Column::Carrier, &dispatch.carrier);
        out.day(Column::Date, Some(draft.day));
        out.number(Column::LineNumber, Some(i as f64 + 1.0));
        out.text(Column::ConsignorName, &sender.name);
        out.text(Column::ConsignorAddress, &sender.address);
        out.text(Column::ConsignorCity, &sender.city);
        out.text(Column::ConsignorPostcode, &sender.postcode);
        out.text(Column::ConsignorPhone, &sender.phone);
        out.text(Column::ConsignorEmail, &sender.email);
        out.text(Column::ConsignorId, &sender.id);
        out.text(Column::ConsignorCountry, &from);
        let who = &draft.consignee;
        out.text(Column::ConsigneeName, &who.name);
        out.text(Column::ConsigneeAddress, &who.address);
        out.text(Column::ConsigneeCity, &who.city);
        out.text(Column::ConsigneePostcode, &who.postcode);
        out.text(Column::ConsigneePhone, &who.phone);
        out.text(Column::ConsigneeEmail, &who.email);
        out.text(Column::ConsigneeId, &who.id);
        out.text(Column::ConsigneeCountry, &destination);
        out.text(Column::Nature, nature);
        out.text(Column::Description, &item.description);
        out.text(Column::HsCode, &item.hs);
        out.text(Column::OriginCountry, &code(item.origin));
        out.number(Column::Quantity, item.quantity_declared.then_some(item.quantity as f64));
        out.number(Column::NetWeightKg, item.weight_declared.then_some(item.weight));
        out.number(Column::GrossWeightKg, Some(gross));
        out.number(Column::Value, (!whole).then_some(item.value));
        out.number(Column::ParcelValue, whole.then(|| cents(draft.value())));
        out.text(Column::Currency, &currency);
        out.number(Column::TransportCost, shows_transport.then_some(draft.transport));
        out.number(Column::InsuranceCost, draft.insured.map(|sum| cents(sum * 0.01)));
        out.number(Column::InsuredValue, draft.insured);
        out.text(Column::IossNumber, &scheme);
        out.day(Column::PostingDate, Some(posting));
        out.day(Column::OrderDate, ordered);
        out.text(Column::ReceptacleId, &dispatch.receptacle);
        out.text(Column::Flight, &dispatch.flight);
        out.text(Column::Platform, draft.platform);
        out.text(Column::SellerName, &draft.shop);
        out.text(Column::OrderId, &draft.order_id);
        out.text(Column::ProcedureCodes, &procedures);
        out.number(Column::Packages, None);
        // What a record without value says, and the times of messages: no CSV of this world has them.
        for column in
            [Column::NoCustomsValue, Column::MessageTime, Column::DepartureTime, Column::ArrivalTime]
        {
            out.text(column, "");
        }
    }
}

/// Procedure codes and scheme number.
fn claims(world: &World<'_>, draft: &Draft, draw: &mut Draw) -> (String, String) {
    let law = &world.plan.law;
    let coded = draw.chance(if draft.postal { 0.5 } else { 0.85 });
    let scheme = law.scheme_code.as_deref().filter(|_| !draft.platform.is_empty());
    let number = |draft: &Draft| {
        let platform = draft.platform.bytes().fold(17_u64, |n, b| n * 31 + u64::from(b));
        // A state of the scheme, by its ISO number, then seven digits.
        let state = ["276", "372", "442", "528", "250", "040"][(platform % 6) as usize];
        format!("IM{state}{:07}", platform % 10_000_000)
    };
    let relief = law.relief_code.as_deref().unwrap_or_default();
    match draft.relief {
        Relief::Waived => return Default::default(),
        Relief::Claimed => return (relief.to_owned(), String::new()),
        Relief::Scheme => {
            return (format!("{relief} {}", law.scheme_code.as_deref().unwrap_or_default()), number(draft));
        }
        Relief::AsDue => {}
    }
    let extra = if law.with_transport { draft.transport } else { 0.0 };
    let value = world.in_law(draft.value() + extra, draft.currency, draft.day);
    if draft.nature == "gift" {
        let due = law.gift_limit.is_some_and(|limit| value <= limit);
        return (law.gift_code.clone().filter(|_| due && coded).unwrap_or_default(), String::new());
    }
    if law.threshold.is_none_or(|limit| value > limit) {
        return Default::default();
    }
    match scheme {
        Some(code) if draw.chance(0.75) => {
            let codes = if coded { format!("{relief} {code}") } else { String::new() };
            (codes.trim().to_owned(), number(draft))
        }
        _ => (if coded { relief.to_owned() } else { String::new() }, String::new()),
    }
}

/// A manifest's rows as CSV, without the header.
pub(super) fn csv_rows(batch: &RecordBatch) -> Vec<u8> {
    enum View<'a> {
        Text(&'a StringArray),
        Number(&'a Float64Array),
        Whole(&'a Int32Array),
        Day(&'a Date32Array),
    }
    let views: Vec<View<'_>> = batch
        .columns()
        .iter()
        .filter_map(|column| {
            let any = column.as_any();
            any.downcast_ref()
                .map(View::Text)
                .or_else(|| any.downcast_ref().map(View::Number))
                .or_else(|| any.downcast_ref().map(View::Whole))
                .or_else(|| any.downcast_ref().map(View::Day))
        })
        .collect();
    let mut out = String::with_capacity(batch.num_rows() * 400);
    for row in 0..batch.num_rows() {
        for (i, view) in views.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            match view {
                View::Text(cells) if cells.is_valid(row) => quoted(cells.value(row), &mut out),
                View::Number(cells) if cells.is_valid(row) => out.push_str(&cells.value(row).to_string()),
                View::Whole(cells) if cells.is_valid(row) => out.push_str(&cells.value(row).to_string()),
                View::Day(cells) if cells.is_valid(row) => iso_date(cells.value(row), &mut out),
                _ => {}
            }
        }
        out.push('\n');
    }
    out.into_bytes()
}

pub(super) fn quoted(text: &str, out: &mut String) {
    if text.contains([',', '"', '\n', '\r']) {
        out.push('"');
        out.push_str(&text.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(text);
    }
}

/// Writes a day as `2026-07-01`.
pub(super) fn iso_date(day: i32, out: &mut String) {
    use std::fmt::Write;
    // Days since 0000-03-01 in eras of 400 years, so that leap days come last.
    let z = i64::from(day) + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let d = of_year - (153 * shifted + 2) / 5 + 1;
    let m = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let y = year_of_era + era * 400 + i64::from(m <= 2);
    // Writing to a string cannot fail.
    let _ = write!(out, "{y:04}-{m:02}-{d:02}");
}
