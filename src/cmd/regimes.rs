//! `parcel-risk regimes`.

use super::{Status, print};
use crate::cli::RegimesArgs;
use crate::error::Error;
use crate::fields::country::parse_country;
use crate::fields::date::parse_date;
use crate::refdata::regimes::{Regimes, table};

pub(crate) fn execute(args: &RegimesArgs) -> Status {
    let fault = |e: &dyn std::fmt::Display| Error::Configuration(e.to_string());
    let country = args.country.as_deref().map(parse_country).transpose().map_err(|e| fault(&e))?;
    let date = args.date.as_deref().map(parse_date).transpose().map_err(|e| fault(&e))?;
    let regimes = Regimes::load(args.regimes.as_deref()).map_err(|e| fault(&e))?;
    print(&table(&regimes.rows(country, date)))
}
