//! `parcel-risk completions`.

use super::{Status, print};
use crate::cli::{Cli, CompletionsArgs};
use clap::CommandFactory;

pub(crate) fn execute(args: &CompletionsArgs) -> Status {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "parcel-risk", &mut script);
    print(&String::from_utf8_lossy(&script))
}
