//! The p-values of every test of a night, whether or not a finding came of it.

use parcel_risk::config::Job;
use parcel_risk::facts::Facts;
use parcel_risk::normalise::{self, Context};
use parcel_risk::{detect, resolve};
use rayon::iter::ParallelIterator;
use std::collections::BTreeMap;
use std::path::Path;

/// p-values by detector; those of bunching from the consignors, sellers and manifests that could be tested at all.
pub fn of_night(
    world: &Path,
    destination: &str,
    date: &str,
) -> Result<BTreeMap<&'static str, Vec<f64>>, String> {
    let said = |e: &dyn std::fmt::Display| e.to_string();
    let mut job = Job::from_settings(&[]).map_err(|e| said(&e))?;
    let at = |file: &str| world.join(file).to_string_lossy().into_owned();
    job.postal = vec![at("postal.parquet")];
    job.express = vec![at("express.parquet")];
    job.rates = Some(world.join("rates.csv"));
    job.destination = Some(destination.to_owned());
    job.date = Some(date.to_owned());
    job.out = Some(world.join("out"));
    let plan = job.plan().map_err(|e| said(&e))?;
    let context = Context {
        rates: Some(&plan.rates),
        regimes: &plan.regimes,
        destination: plan.destination,
        night: plan.night,
    };
    let normalised = normalise::run(&plan.inputs, &context, &|_| ()).map_err(|e| said(&e))?;
    let shipments = &normalised.shipments;
    let consignors = resolve::resolve(&shipments.consignors, &plan.job.resolve);
    let consignees = resolve::resolve(&shipments.consignees, &plan.job.resolve);
    let facts = Facts::new(shipments, &consignors, &consignees, &normalised.terms, &plan.charges);
    let findings = detect::run(&facts, &plan.job.detectors, &|| ()).map_err(|e| said(&e))?;
    let mut all: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for (detector, findings) in detect::ALL.iter().zip(findings) {
        if !findings.p_values.is_empty() {
            all.entry(detector.id).or_default().extend(findings.p_values);
        }
    }
    let prices = &facts.prices;
    let lines = 0..shipments.lines.len();
    all.insert(
        "price-below-peers",
        lines.clone().filter_map(|l| prices.peers(l)).map(|j| j.p_value()).collect(),
    );
    all.insert("price-below-own-article", lines.filter_map(|l| prices.own(l)).map(|j| j.p_value()).collect());
    let senders = 0..consignors.entities.len() as u32;
    all.insert(
        "price-consignor-low",
        senders.filter_map(|c| prices.consignor(c)).map(|j| j.p_value()).collect(),
    );
    let whole = prices.parcels(shipments, facts.terms);
    all.insert("price-parcel-low", whole.map(|(_, whole)| whole.judgement().p_value()).collect());
    Ok(all)
}
