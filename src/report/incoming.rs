//! What came in: parcels, flags and the quality of the declared data, by channel and carrier.

use super::columns::Columns;
use crate::error::Error;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Sums over the manifests of one carrier.
#[derive(Default)]
struct Carrier {
    manifests: usize,
    parcels: f64,
    lines: f64,
    flagged: usize,
    shares: [Share; 5],
}

/// A mean of shares, weighed by what each is a share of.
#[derive(Clone, Copy, Default)]
struct Share {
    sum: f64,
    weight: f64,
}

impl Share {
    fn add(&mut self, share: Option<f64>, weight: f64) {
        if let Some(share) = share {
            self.sum += share * weight;
            self.weight += weight;
        }
    }
    fn mean(self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum / self.weight)
    }
}

/// One row a channel and carrier, with the means of its manifests' quality.
pub(super) fn carriers(folder: &Path) -> Result<Vec<Value>, Error> {
    let table = Columns::read(folder, "manifest_quality.parquet")?;
    let (channel, carrier) = (table.texts("channel")?, table.texts("carrier")?);
    let manifest = table.texts("manifest_id")?;
    let (parcels, lines) = (table.numbers("parcels")?, table.numbers("lines")?);
    let identifiers = table.numbers("accuracy_identifier")?;
    let (codes, weights) = (table.numbers("accuracy_hs_code")?, table.numbers("accuracy_weights")?);
    let (given, described) =
        (table.numbers("completeness_hs_code")?, table.numbers("completeness_consignee_postcode")?);
    let mut rows: BTreeMap<(&str, &str), Carrier> = BTreeMap::new();
    let mut carrier_of: HashMap<(&str, &str), &str> = HashMap::new();
    for i in 0..table.len() {
        let row = rows.entry((&channel[i], &carrier[i])).or_default();
        let (p, l) = (parcels[i].unwrap_or(0.0), lines[i].unwrap_or(0.0));
        row.manifests += 1;
        row.parcels += p;
        row.lines += l;
        for (share, (value, weight)) in row.shares.iter_mut().zip([
            (identifiers[i], p),
            (given[i], l),
            (codes[i], l * given[i].unwrap_or(0.0)),
            (weights[i], p),
            (described[i], l),
        ]) {
            share.add(value, weight);
        }
        carrier_of.insert((&channel[i], &manifest[i]), &carrier[i]);
    }
    let flagged = Columns::part(folder, "flagged_parcels.parquet", &["channel", "manifest_id"])?;
    let (channels, manifests) = (flagged.texts("channel")?, flagged.texts("manifest_id")?);
    for (channel, manifest) in channels.iter().zip(&manifests) {
        if let Some(carrier) = carrier_of.get(&(channel.as_str(), manifest.as_str()))
            && let Some(row) = rows.get_mut(&(channel.as_str(), *carrier))
        {
            row.flagged += 1;
        }
    }
    Ok(rows
        .into_iter()
        .map(|((channel, carrier), row)| {
            let [identifiers, given, codes, weights, postcodes] = row.shares.map(Share::mean);
            json!({
                "channel": channel, "carrier": carrier, "manifests": row.manifests, "parcels": row.parcels,
                "lines": row.lines, "flagged": row.flagged, "identifiers": identifiers, "given": given,
                "codes": codes, "weights": weights, "postcodes": postcodes,
            })
        })
        .collect())
}
