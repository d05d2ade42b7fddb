//! `parcel-risk man`.

use super::{Status, print};
use crate::cli::{Cli, ManArgs};
use crate::error::Error;
use clap::{Command, CommandFactory};

pub(crate) fn execute(args: &ManArgs) -> Status {
    // `help` has no page of its own.
    let mut command = Cli::command().name("parcel-risk").disable_help_subcommand(true);
    command.build();
    let Some(folder) = &args.out else { return print(&page(command)?) };
    let failed = |e: std::io::Error| {
        Error::Output(format!(
            "cannot write manual pages to {}: {e}; name a folder of yours",
            folder.display()
        ))
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let subcommands: Vec<Command> = command.get_subcommands().cloned().collect();
    for command in subcommands.into_iter().chain([command]) {
        // `parcel-risk run` has the page parcel-risk-run(1).
        let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
        std::fs::write(folder.join(format!("{name}.1")), page(command)?).map_err(failed)?;
    }
    Ok(0)
}

/// The manual page of a command. Its examples stand as they were typed: filled and justified they could not be read.
fn page(command: Command) -> Result<String, Error> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|e| Error::Output(format!("the manual page cannot be made: {e}")))?;
    let page = String::from_utf8_lossy(&page);
    let Some((before, examples)) = page.split_once(".SH EXTRA\n") else { return Ok(page.into_owned()) };
    let (examples, after) = examples.split_once(".SH ").unwrap_or((examples, "VERSION\n"));
    Ok(format!("{before}.SH EXAMPLES\n.nf\n{examples}.fi\n.SH {after}"))
}
