//! Detectors: one file each, with its documentation, settings and honest twins; this is their list.

mod allowed;
mod data_quality_description;
mod data_quality_manifest;
mod data_quality_party;
mod data_quality_record;
mod de_minimis_bunching;
mod de_minimis_excluded_goods;
mod de_minimis_gift_sale;
mod de_minimis_over_limit;
mod misdeclared_copied_text;
mod misdeclared_description;
mod misdeclared_kinds_merged;
mod misdeclared_one_code;
mod misdeclared_scheme_number;
mod misdeclared_weight;
mod price_below_lowest_acceptable;
mod price_below_own_article;
mod price_below_peers;
mod price_below_raw_material;
mod price_consignor_low;
mod price_parcel_low;
mod security_brand_goods;
mod security_goods;
mod security_watch_list;
mod split_consignment;
mod split_linked;
mod split_window;

pub use allowed::{LeftOut, Suppressed, suppress};
pub(crate) use data_quality_record::late_by;
pub(crate) use misdeclared_description::score as contradiction_score;

use crate::facts::Facts;
use crate::model::finding::{Family, Findings};
use crate::ranges::share;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// A detector: what `parcel-risk detectors` shows and what the run calls.
pub struct Detector {
    /// Name in files and settings, that of its source file with `-` for `_`.
    pub id: &'static str,
    /// The kind of abuse.
    pub family: Family,
    /// What it flags, in one line.
    pub title: &'static str,
    /// The documentation, Markdown.
    pub documentation: &'static str,
    /// Reads its settings from `[detectors.ID]`, runs it, says what it found.
    pub run: fn(&Facts, Option<&toml::Table>) -> Result<Findings, toml::de::Error>,
    /// Its settings with their defaults, TOML.
    pub defaults: fn() -> String,
    /// Whether the settings can be read.
    pub check: fn(&toml::Table) -> Result<(), toml::de::Error>,
}

/// Declares `ENTRY`, the [`Detector`] of a file, from its documentation, settings and function.
macro_rules! detector {
    ($(#[doc = $line:literal])* $id:literal, $family:ident, $title:literal, $settings:ty, $run:path) => {
        /// This detector.
        pub(super) static ENTRY: super::Detector = super::Detector {
            id: $id,
            family: crate::model::finding::Family::$family,
            title: $title,
            documentation: concat!($($line, "\n"),*),
            run: |facts, table| {
                let settings: $settings = match table {
                    Some(table) => table.clone().try_into()?,
                    None => <$settings>::default(),
                };
                Ok($run(facts, &settings))
            },
            defaults: || toml::to_string(&<$settings>::default()).unwrap_or_default(),
            check: |table| table.clone().try_into().map(|_: $settings| ()),
        };
    };
}
use detector;

/// Every detector, in the order of the documentation.
pub static ALL: &[&Detector] = &[
    &split_consignment::ENTRY,
    &split_window::ENTRY,
    &split_linked::ENTRY,
    &de_minimis_over_limit::ENTRY,
    &de_minimis_bunching::ENTRY,
    &de_minimis_gift_sale::ENTRY,
    &de_minimis_excluded_goods::ENTRY,
    &price_below_own_article::ENTRY,
    &price_below_peers::ENTRY,
    &price_below_lowest_acceptable::ENTRY,
    &price_below_raw_material::ENTRY,
    &price_consignor_low::ENTRY,
    &price_parcel_low::ENTRY,
    &misdeclared_description::ENTRY,
    &misdeclared_one_code::ENTRY,
    &misdeclared_kinds_merged::ENTRY,
    &misdeclared_weight::ENTRY,
    &misdeclared_copied_text::ENTRY,
    &misdeclared_scheme_number::ENTRY,
    &data_quality_description::ENTRY,
    &data_quality_party::ENTRY,
    &data_quality_record::ENTRY,
    &data_quality_manifest::ENTRY,
    &security_goods::ENTRY,
    &security_brand_goods::ENTRY,
    &security_watch_list::ENTRY,
];

/// Runs every detector, several at a time, and says when each has finished; the result is in the order of [`ALL`].
///
/// # Errors
/// Settings that cannot be read; [`Detector::check`] finds them before.
pub fn run(
    facts: &Facts,
    settings: &BTreeMap<String, toml::Table>,
    finished: &(dyn Fn() + Sync),
) -> Result<Vec<Findings>, toml::de::Error> {
    let one = |detector: &&Detector| {
        let found = (detector.run)(facts, settings.get(detector.id));
        finished();
        found
    };
    // Each a task of its own: some take a hundred times as long as others.
    ALL.par_iter().with_max_len(1).map(one).collect()
}

/// Fixtures of detectors: manifests in the contract's columns with two more, `expect` (the detector's name where the
/// parcel must be flagged, else empty) and `why`.
#[cfg(test)]
pub(crate) mod fixture {
    use super::{Detector, Findings};
    use crate::facts::Facts;
    use crate::facts::testing::World;
    use std::collections::{BTreeMap, BTreeSet};

    /// Runs a detector with its defaults.
    pub(crate) fn run(detector: &Detector, facts: &Facts) -> Findings {
        (detector.run)(facts, None).unwrap()
    }

    /// Where the detector says other than the fixture expects: parcel, what was expected, why.
    pub(crate) fn disagreements(
        detector: &Detector,
        destination: &str,
        night: &str,
        text: &str,
    ) -> Vec<String> {
        let world = World::from_csv(destination, night, text);
        let facts = world.facts();
        let found = run(detector, &facts);
        let flagged: BTreeSet<&str> =
            found.findings.iter().map(|f| facts.shipments.parcels.id.get(f.parcel)).collect();
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<BTreeMap<String, String>> = rows.deserialize().map(Result::unwrap).collect();
        assert!(
            rows.iter().any(|row| row["expect"] == detector.id)
                && rows.iter().any(|row| row["expect"].is_empty())
        );
        rows.iter()
            .filter(|row| (row["expect"] == detector.id) != flagged.contains(row["parcel_id"].as_str()))
            .map(|row| format!("{}: expected \"{}\": {}", row["parcel_id"], row["expect"], row["why"]))
            .collect()
    }
}
