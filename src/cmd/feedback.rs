//! `parcel-risk feedback`.

use super::{Status, print};
use crate::cli::FeedbackArgs;
use crate::error::Error;
use crate::feedback;

pub(crate) fn execute(args: &FeedbackArgs) -> Status {
    let feedback = feedback::evaluate(&args.out, &args.file)?;
    if args.json {
        let text = serde_json::to_string_pretty(&feedback)
            .map_err(|e| Error::Output(format!("the feedback cannot be written as JSON: {e}")))?;
        return print(&format!("{text}\n"));
    }
    print(&feedback.to_string())
}
