//! What the words of every distinct description say of its code.

use super::table::Table;
use super::tables::{Run, count, text};
use crate::detect::contradiction_score;
use crate::refdata::vague::Clarity;
use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int32Array, StringArray};
use rayon::prelude::*;
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
        .open("words_point_to", Arc::new(StringArray::from_iter(rows().map(|(_, v)| heading(v.heading)))))
        .full("limit", Arc::new(Float64Array::from_iter_values(rows().map(|_| f64::from(night.limit)))))
}

/// `line_contradictions.parquet`: one row for each line with a commodity code, in the order of the parcels. `score` ranks
/// all of them, far below what is flagged too; 0 where the text is unclassifiable.
pub(super) fn by_line(run: &Run) -> Table {
    let Some(night) = &run.facts.words else { return Table::default() };
    let shipments = run.facts.shipments;
    let lines = &shipments.lines;
    let rows: Vec<(usize, Option<usize>)> = (0..lines.len())
        .into_par_iter()
        .filter_map(|line| {
            let key = (lines.description[line], lines.hs[line]?.heading());
            let place = night.pairs.binary_search_by_key(&key, |p| (p.description, p.heading)).ok();
            let clarity = run.facts.clarity[key.0 as usize];
            let told = |&place: &usize| {
                night.verdicts[place].heading > 0 && matches!(clarity, Clarity::Clear | Clarity::Weak(_))
            };
            Some((line, place.filter(told)))
        })
        .collect();
    let verdict = |place: &Option<usize>| place.map(|p| &night.verdicts[p]);
    let margin = |r: &(usize, Option<usize>)| verdict(&r.1).map(|v| f64::from(v.margin));
    let limit = f64::from(night.limit);
    Table::default()
        .full("parcel_id", text(rows.iter().map(|r| shipments.parcels.id.get(lines.parcel[r.0]))))
        .full(
            "line_number",
            Arc::new(Int32Array::from_iter_values(rows.iter().map(|r| lines.number[r.0] as i32))),
        )
        .full(
            "score",
            Arc::new(Float64Array::from_iter_values(
                rows.iter().map(|r| margin(r).map_or(0.0, |m| contradiction_score(m, limit))),
            )),
        )
        .open("contradiction", Arc::new(Float64Array::from_iter(rows.iter().map(margin))))
        .open(
            "words_point_to",
            Arc::new(StringArray::from_iter(
                rows.iter().map(|r| verdict(&r.1).map(|v| format!("{:04}", v.heading))),
            )),
        )
        .full("limit", Arc::new(Float64Array::from_iter_values(rows.iter().map(|_| limit))))
}
