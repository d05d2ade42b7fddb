//! `parcel-risk man`.

use super::{Status, print};
use crate::cli::{Cli, ManArgs};
use crate::error::Error;
use clap::CommandFactory;

pub(crate) fn execute(args: &ManArgs) -> Status {
    let command = Cli::command().name("parcel-risk");
    let Some(folder) = &args.out else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command)
            .render(&mut page)
            .map_err(|e| Error::Output(format!("the manual page cannot be made: {e}")))?;
        return print(&String::from_utf8_lossy(&page));
    };
    let failed = |e: std::io::Error| {
        Error::Output(format!(
            "cannot write manual pages to {}: {e}; name a folder of yours",
            folder.display()
        ))
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(command, folder).map_err(failed)?;
    Ok(0)
}
