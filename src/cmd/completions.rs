//! `parcel-risk completions`.

use super::{Status, print};
use crate::cli::{Cli, CompletionsArgs};
use clap::CommandFactory;

pub(crate) fn execute(args: &CompletionsArgs) -> Status {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "parcel-risk", &mut script);
    let script = String::from_utf8_lossy(&script);
    // clap_complete 4.6 sets one name for a subcommand and asks for another where the program's name holds a hyphen.
    print(&script.replace("parcel__subcmd__risk", "parcel__risk"))
}
