//! How the quality of a group's data has moved over earlier nights.

use super::quality::SHARES;
use super::table::Table;
use arrow::array::{Float64Array, Int64Array};
use std::collections::HashMap;
use std::sync::Arc;

/// What an earlier run found of each group.
#[derive(Clone, Debug, Default)]
pub struct EarlierNight {
    /// Its night, days since 1970-01-01.
    pub day: i32,
    /// The name of its output folder.
    pub folder: String,
    /// SHA-256 of its `run.json`.
    pub sha256: String,
    /// The shares of [`SHARES`] by consignor's entity, or by what [`EarlierNight::carrier`] makes of a carrier.
    pub groups: HashMap<String, Vec<Option<f64>>>,
}

impl EarlierNight {
    /// The key of a channel's carrier or operator.
    pub fn carrier(channel: &str, carrier: &str) -> String {
        format!("{channel}\n{carrier}")
    }
}

/// What earlier runs found, oldest first; changes are told against the last of them.
#[derive(Clone, Debug, Default)]
pub struct EarlierQuality {
    /// The nights.
    pub nights: Vec<EarlierNight>,
}

/// Adds to the rows of a table, each a group by its key with tonight's shares, what earlier nights say: `earlier_nights`,
/// so many knew the group; `change_…`, tonight less the last night that knew it; `usual_…`, the median of those nights;
/// `trend_…`, the median slope a day between any two nights, tonight's among them, from three on (Theil and Sen).
pub(super) fn add(
    mut table: Table,
    earlier: &EarlierQuality,
    night: i32,
    rows: &[(String, [Option<f64>; SHARES.len()])],
) -> Table {
    let known: Vec<Vec<(i32, &[Option<f64>])>> = rows
        .iter()
        .map(|(key, _)| {
            let of = |n: &'_ EarlierNight| n.day;
            earlier.nights.iter().filter_map(|n| Some((of(n), n.groups.get(key)?.as_slice()))).collect()
        })
        .collect();
    let nights = known.iter().map(|nights| nights.len() as i64);
    table = table.full("earlier_nights", Arc::new(Int64Array::from_iter_values(nights)));
    for (i, name) in SHARES.iter().enumerate() {
        let series: Vec<(Option<f64>, Vec<(i32, f64)>)> = rows
            .iter()
            .zip(&known)
            .map(|(row, nights)| {
                let at = |(day, shares): &(i32, &[Option<f64>])| Some((*day, shares.get(i).copied()??));
                (row.1[i], nights.iter().filter_map(at).collect())
            })
            .collect();
        let column = |value: &dyn Fn(f64, &[(i32, f64)]) -> Option<f64>| {
            let values = series.iter().map(|(tonight, before)| value((*tonight)?, before));
            Arc::new(Float64Array::from_iter(values))
        };
        table = table
            .open(format!("change_{name}"), column(&|tonight, before| Some(tonight - before.last()?.1)))
            .open(format!("usual_{name}"), column(&|_, before| median(before.iter().map(|b| b.1).collect())))
            .open(
                format!("trend_{name}"),
                column(&|tonight, before| {
                    let mut points = before.to_vec();
                    points.push((night, tonight));
                    slope(&points)
                }),
            );
    }
    table
}

/// The median of the slopes between any two of three points or more.
fn slope(points: &[(i32, f64)]) -> Option<f64> {
    let mut slopes = Vec::new();
    for (i, a) in points.iter().enumerate() {
        for b in points[i + 1..].iter().filter(|b| b.0 != a.0) {
            slopes.push((b.1 - a.1) / f64::from(b.0 - a.0));
        }
    }
    if points.len() < 3 { None } else { median(slopes) }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let (n, half) = (values.len(), values.len() / 2);
    match n {
        0 => None,
        _ if n % 2 == 1 => Some(values[half]),
        _ => Some((values[half - 1] + values[half]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_odd_night_does_not_make_a_trend() {
        let falling: Vec<(i32, f64)> = (0..7).map(|d| (d, 0.95 - 0.05 * f64::from(d))).collect();
        assert!((slope(&falling).unwrap() + 0.05).abs() < 1e-12);
        let mut odd: Vec<(i32, f64)> = (0..9).map(|d| (d, 0.9)).collect();
        odd[4].1 = 0.1;
        assert_eq!(slope(&odd), Some(0.0));
        assert_eq!(slope(&falling[..2]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0, 10.0]), Some(2.5));
    }
}
