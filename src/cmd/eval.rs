//! `parcel-risk eval`.

use super::{Status, print};
use crate::cli::EvalArgs;
use crate::error::Error;
use crate::eval;

pub(crate) fn execute(args: &EvalArgs) -> Status {
    // The generator writes both files side by side.
    let beside = args.truth.with_file_name("twins.parquet");
    let twins = args.twins.clone().or_else(|| beside.exists().then_some(beside));
    let evaluation =
        eval::evaluate(&args.out, &args.truth, twins.as_deref()).map_err(|e| Error::Output(e.to_string()))?;
    if args.json {
        return print(&format!("{:#}\n", evaluation.to_json()));
    }
    print(&format!("{evaluation}\n"))
}
