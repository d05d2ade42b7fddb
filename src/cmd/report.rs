//! `parcel-risk report`.

use super::{Status, print};
use crate::cli::ReportArgs;
use crate::report;

pub(crate) fn execute(args: &ReportArgs) -> Status {
    report::write(&args.out)?;
    print(&format!("{}\n", args.out.join(report::FILE).display()))
}
