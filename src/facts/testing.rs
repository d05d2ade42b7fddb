//! Small worlds for the tests of detectors: a manifest as CSV text, read and resolved as in a run.

use super::Facts;
use super::words::Night;
use crate::fields::country::parse_country;
use crate::fields::date::parse_date;
use crate::lists::Lists;
use crate::model::batch::Channel;
use crate::model::entities::Resolved;
use crate::normalise::{self, Context, Normalised};
use crate::read::Input;
use crate::refdata::charges::ChargeRates;
use crate::refdata::materials::RawMaterials;
use crate::refdata::rates::Rates;
use crate::refdata::regimes::Regimes;
use crate::resolve::{ResolveSettings, resolve};
use std::path::Path;

/// Shipments, who is who and the law: all that [`Facts`] borrow.
pub(crate) struct World {
    normalised: Normalised,
    consignors: Resolved,
    consignees: Resolved,
    charges: ChargeRates,
}

impl World {
    /// A postal manifest in the contract's columns, as of a night; amounts in the destination's own currency.
    pub(crate) fn from_csv(destination: &str, night: &str, csv: &str) -> World {
        Self::from_channels(destination, night, &[(Channel::Postal, csv)])
    }

    /// Several manifests.
    pub(crate) fn from_channels(destination: &str, night: &str, manifests: &[(Channel, &str)]) -> World {
        let dir = tempfile::tempdir().unwrap();
        let inputs: Vec<Input> = manifests
            .iter()
            .enumerate()
            .map(|(i, (channel, csv))| {
                let path = dir.path().join(format!("{i}.csv"));
                std::fs::write(&path, csv).unwrap();
                Input::new(&path, *channel).unwrap()
            })
            .collect();
        Self::from_inputs(destination, night, &inputs, &Rates::default())
    }

    /// Files.
    pub(crate) fn from_inputs(destination: &str, night: &str, inputs: &[Input], rates: &Rates) -> World {
        let context = Context {
            rates: Some(rates),
            regimes: &Regimes::load(None::<&Path>).unwrap(),
            destination: Some(parse_country(destination).unwrap()),
            night: parse_date(night).unwrap(),
        };
        let normalised = normalise::run(inputs, &context, &|_| {}).unwrap();
        let settings = ResolveSettings::default();
        World {
            consignors: resolve(&normalised.shipments.consignors, &settings),
            consignees: resolve(&normalised.shipments.consignees, &settings),
            charges: ChargeRates::load(None::<&Path>).unwrap(),
            normalised,
        }
    }

    /// What detectors see.
    pub(crate) fn facts(&self) -> Facts<'_> {
        assert!(self.normalised.rejects.is_empty(), "{:?}", self.normalised.rejects);
        let Normalised { shipments, terms, .. } = &self.normalised;
        let mut facts = Facts::new(shipments, &self.consignors, &self.consignees, terms, &self.charges);
        facts.floors = RawMaterials::load(None).unwrap().floors(terms, &Rates::default(), i32::MAX);
        facts
    }

    /// What detectors see, with the user's lists and what the words say.
    pub(crate) fn facts_with<'a>(&'a self, lists: &'a Lists) -> Facts<'a> {
        let (shipments, consignors) = (&self.normalised.shipments, &self.consignors.entities);
        self.facts().with_lists(lists, Night::read(shipments, consignors, &lists.described_goods))
    }
}
