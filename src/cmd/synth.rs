//! `parcel-risk synth`.

use super::{Status, print};
use crate::cli::SynthArgs;
use crate::error::Error;
use crate::fields::country::{Country, parse_country};
use crate::fields::date::parse_date;
use crate::model::batch::Channel;
use crate::refdata::regimes::{Basis, Regimes};
use crate::synth::{self, SynthError, SynthLaw, SynthPlan};

pub(crate) fn execute(args: &SynthArgs) -> Status {
    let fault = |e: &dyn std::fmt::Display| Error::Configuration(e.to_string());
    let destination = parse_country(&args.destination).map_err(|e| fault(&e))?;
    let date = parse_date(&args.date).map_err(|e| fault(&e))?;
    let formats: Result<Vec<_>, SynthError> = args.format.iter().map(|f| f.parse()).collect();
    let plan = SynthPlan {
        parcels: args.parcels,
        seed: args.seed,
        destination,
        date,
        out: args.out.clone(),
        formats: formats.map_err(|e| fault(&e))?,
        fraud_share: args.fraud,
        difficulty: args.difficulty.parse().map_err(|e: SynthError| fault(&e))?,
        law: law(destination, date)?,
    };
    let summary = synth::generate(&plan).map_err(|e| match e {
        SynthError::Io { .. } | SynthError::Parquet { .. } | SynthError::Columns { .. } => {
            Error::Output(e.to_string())
        }
        _ => Error::Configuration(e.to_string()),
    })?;
    print(&summary.to_string())
}

/// What the made-up senders know of the destination's law.
fn law(destination: Country, date: i32) -> Result<SynthLaw, Error> {
    let regimes = Regimes::load(None).map_err(|e| Error::Configuration(e.to_string()))?;
    let terms = regimes.terms(destination, Channel::Postal, destination, date).ok_or_else(|| {
        Error::Configuration(format!(
            "the table of regimes has no rules for {}; `parcel-risk regimes` lists the countries",
            destination.name()
        ))
    })?;
    let limit = terms.limit();
    let claims = limit.is_some_and(|l| l.regime.starts_with("EU-"));
    let code = |code: &str| claims.then(|| code.to_owned());
    Ok(SynthLaw {
        threshold: limit.map(|l| l.amount),
        currency: terms.currency,
        gift_limit: terms.gift.as_ref().map(|g| g.amount),
        with_transport: terms.basis == Basis::Cif,
        excluded_goods: limit.is_some_and(|l| !l.excluded.is_empty()),
        relief_code: code("C07"),
        gift_code: code("C08"),
        scheme_code: code("F48"),
    })
}
