//! By what parcels are put together around a limit.

use crate::facts::Facts;
use crate::facts::near_limit::Near;
use crate::fields::country::Country;
use crate::model::parcels::Particular;
use crate::model::text::ABSENT;

/// A level of grouping.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Consignor,
    Seller,
    Manifest,
    Origin,
    Chapter,
}

impl Level {
    /// Levels whose crowds accuse parcels, each for those whom the one before could not test.
    pub const ACCUSING: [Level; 3] = [Level::Consignor, Level::Seller, Level::Manifest];
    /// Levels that tell where to look.
    pub const WIDE: [Level; 2] = [Level::Origin, Level::Chapter];

    /// Whether a crowd accuses its parcels.
    pub fn accuses(self) -> bool {
        Self::ACCUSING.contains(&self)
    }

    /// The group of a parcel.
    pub fn key(self, facts: &Facts, near: &Near) -> Option<u32> {
        let parcels = &facts.shipments.parcels;
        let parcel = near.parcel as usize;
        match self {
            Level::Consignor => Some(facts.consignor(near.parcel)),
            Level::Seller => Some(parcels.seller[parcel]).filter(|&s| s != ABSENT),
            Level::Manifest => Some(parcels.manifest[parcel]).filter(|&m| m != ABSENT),
            Level::Origin => {
                let lines = parcels.lines(near.parcel);
                lines.clone().next().map(|line| u32::from(facts.shipments.lines.origin[line].packed()))
            }
            Level::Chapter => Some(u32::from(near.heading) / 100).filter(|&chapter| chapter != 0),
        }
    }

    /// What the group of a key is called; `parcel` is one of its.
    pub fn key_name(self, facts: &Facts, key: u32, parcel: u32) -> String {
        let shipments = facts.shipments;
        match self {
            Level::Consignor => {
                let party = shipments.parcels.consignor[parcel as usize];
                shipments.consignors.get(party, Particular::Name).to_owned()
            }
            Level::Seller | Level::Manifest => shipments.words.present(key).unwrap_or_default().to_owned(),
            Level::Origin => {
                let country = u16::try_from(key).ok().and_then(Country::from_packed);
                country.map_or(String::new(), |c| c.to_string())
            }
            Level::Chapter => format!("{key:02}"),
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Level::Consignor => "this sender",
            Level::Seller => "this seller (of several senders)",
            Level::Manifest => "the small senders of this manifest",
            Level::Origin => "this country of origin",
            Level::Chapter => "this chapter of the tariff",
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Level::Consignor => "consignor",
            Level::Seller => "seller",
            Level::Manifest => "manifest",
            Level::Origin => "origin",
            Level::Chapter => "chapter",
        }
    }
}
