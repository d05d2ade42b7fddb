//! What the words of every distinct description say of its code.

use super::table::Table;
use super::tables::{Run, count, text};
use crate::refdata::vague::Clarity;
use arrow::array::{ArrayRef, BooleanArray, Float64Array};
use std::sync::Arc;

/// `descriptions.parquet`: one row for each distinct description under each distinct heading, by description and code.
pub(super) fn table(run: &Run) -> Table {
    let Some(night) = &run.facts.words else { return Table::default() };
    let texts = &run.facts.shipments.descriptions;
    let mut order: Vec<usize> = (0..night.pairs.len()).collect();
    // By text, not by number: the order must not depend on how texts were numbered.
    order.sort_by(|&a, &b| {
        let key = |i: usize| (texts.get(night.pairs[i].description), night.pairs[i].heading);
        key(a).cmp(&key(b))
    });
    let rows = || order.iter().map(|&i| (&night.pairs[i], &night.verdicts[i]));
    let clear: Vec<bool> = rows()
        .map(|(pair, verdict)| {
            let clarity = run.facts.clarity[pair.description as usize];
            verdict.heading > 0 && matches!(clarity, Clarity::Clear | Clarity::Weak(_))
        })
        .collect();
    let margin: ArrayRef = Arc::new(Float64Array::from_iter(
        rows().zip(&clear).map(|((_, v), &clear)| clear.then_some(f64::from(v.margin))),
    ));
    let heading = |h: u16| (h > 0).then(|| format!("{h:04}"));
    Table::default()
        .full("description", text(rows().map(|(p, _)| texts.get(p.description))))
        .full("declared_heading", text(rows().map(|(p, _)| format!("{:04}", p.heading))))
        .full("lines", count(rows().map(|(p, _)| p.lines as usize)))
        .full("consignors", count(rows().map(|(p, _)| p.consignors as usize)))
        .full("classifiable", Arc::new(BooleanArray::from(clear.clone())))
        .open("contradiction", margin)
        .open(
            "words_point_to",
            Arc::new(arrow::array::StringArray::from_iter(rows().map(|(_, v)| heading(v.heading)))),
        )
        .full("limit", Arc::new(Float64Array::from_iter_values(rows().map(|_| f64::from(night.limit)))))
}
