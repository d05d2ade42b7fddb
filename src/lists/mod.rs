//! The user's own lists: parties to watch or to leave alone, and described goods to learn from.
//!
//! A row of a watch list or an allow list names a party by any of its particulars, a parcel, or a scheme number; it has
//! an author, a reason and a last day. Rows past their day are counted and left out.

mod goods;
mod parties;

pub use goods::DescribedGoods;
pub use parties::{Entry, Hit, PartyList};

use crate::refdata::controlled::ControlledGoods;
use crate::refdata::sheet::TableError;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::LazyLock;

/// Lists under `[lists]` in a job.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListSettings {
    /// Parties, parcels and numbers to watch for.
    pub watch: Option<PathBuf>,
    /// Parties, parcels and numbers whose findings are to be suppressed.
    pub allow: Option<PathBuf>,
    /// Goods of the user's, in the layout of the shipped list of controlled goods.
    pub controlled_goods: Option<PathBuf>,
    /// Descriptions with their right codes: confirmed lines, or the texts of the nomenclature.
    pub described_goods: Vec<PathBuf>,
}

impl ListSettings {
    /// Every path, to be made relative to the job's folder.
    pub fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let single = [&mut self.watch, &mut self.allow, &mut self.controlled_goods];
        single.into_iter().flatten().chain(&mut self.described_goods)
    }
}

/// The lists, read.
#[derive(Default)]
pub struct Lists {
    /// Whom and what to watch.
    pub watch: PartyList,
    /// Whom and what to leave alone.
    pub allow: PartyList,
    /// Headings and descriptions.
    pub described_goods: DescribedGoods,
    /// Goods of the user's that another agency must know of.
    pub controlled_goods: Option<ControlledGoods>,
}

static NONE: LazyLock<Lists> = LazyLock::new(Lists::default);

impl Lists {
    /// No lists.
    pub fn none() -> &'static Lists {
        &NONE
    }

    /// Reads what the job names; `night` is the day by which rows have expired.
    ///
    /// # Errors
    /// Names the file, the line and the column.
    pub fn load(settings: &ListSettings, night: i32) -> Result<Lists, TableError> {
        let list = |path: &Option<PathBuf>| {
            path.as_deref().map_or(Ok(PartyList::default()), |p| PartyList::read(p, night))
        };
        Ok(Lists {
            watch: list(&settings.watch)?,
            allow: list(&settings.allow)?,
            described_goods: DescribedGoods::read(&settings.described_goods)?,
            controlled_goods: settings
                .controlled_goods
                .as_deref()
                .map(|p| ControlledGoods::read(p, night))
                .transpose()?,
        })
    }
}
