//! `parcel-risk report`.

use super::{Status, print};
use crate::cli::ReportArgs;
use crate::report;

pub(crate) fn execute(args: &ReportArgs) -> Status {
    let timed = report::TIMING.iter().all(|file| args.out.join(file).exists());
    report::write(&args.out, timed)?;
    print(&format!("{}\n", args.out.join(report::FILE).display()))
}
