//! Pools: rows of parcels that share a consignee or a particular of one.

use super::part::Row;
use crate::facts::Facts;
use rayon::prelude::*;

/// A particular that ties consignees of different names together, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// One telephone number.
    Phone,
    /// One e-mail address.
    Email,
    /// One flat, or one house where no flat is given.
    Dwelling,
}

impl Link {
    /// Every link, in order.
    pub const ALL: [Link; 3] = [Link::Phone, Link::Email, Link::Dwelling];

    /// What the consignees share, for a sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Link::Phone => "telephone number",
            Link::Email => "e-mail address",
            Link::Dwelling => "address",
        }
    }
}

/// All parcels of consignees with two or more, by consignee and day.
pub fn consignees(facts: &Facts) -> Vec<Row> {
    let parcels = &facts.shipments.parcels;
    let mut count = vec![0_u32; facts.consignees.entities.len()];
    for parcel in 0..parcels.len() as u32 {
        count[facts.consignee(parcel) as usize] += 1;
    }
    let mut rows: Vec<Row> = (0..parcels.len() as u32)
        .filter_map(|parcel| {
            let consignee = facts.consignee(parcel);
            let row = Row { key: u64::from(consignee), day: parcels.date[parcel as usize], parcel };
            (count[consignee as usize] > 1).then_some(row)
        })
        .collect();
    rows.par_sort_unstable();
    rows
}

/// All parcels whose consignee shares a particular with at least one and fewer than `crowd` other consignees, by the
/// particular and day. Parcel shops, lockers and post offices tie nobody together and are left out.
pub fn contacts(facts: &Facts, link: Link, crowd: u32) -> Vec<Row> {
    let contacts = &facts.consignees.contacts;
    let hashes = match link {
        Link::Phone => &contacts.phone,
        Link::Email => &contacts.email,
        Link::Dwelling => &contacts.dwelling,
    };
    let entities = &facts.consignees.entities.of_party;
    let mut tied: Vec<(u64, u32)> = hashes
        .iter()
        .enumerate()
        .filter(|&(party, &hash)| hash != 0 && !contacts.pickup[party])
        .map(|(party, &hash)| (hash, entities[party]))
        .collect();
    tied.par_sort_unstable();
    tied.dedup();
    let shared: Vec<u64> = tied
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|consignees| (2..=crowd as usize).contains(&consignees.len()))
        .map(|consignees| consignees[0].0)
        .collect();
    let of_party: Vec<bool> = hashes
        .par_iter()
        .enumerate()
        .map(|(party, hash)| *hash != 0 && !contacts.pickup[party] && shared.binary_search(hash).is_ok())
        .collect();
    let parcels = &facts.shipments.parcels;
    let mut rows: Vec<Row> = parcels
        .consignee
        .iter()
        .enumerate()
        .filter(|&(_, &party)| of_party[party as usize])
        .map(|(parcel, &party)| Row {
            key: hashes[party as usize],
            day: parcels.date[parcel],
            parcel: parcel as u32,
        })
        .collect();
    rows.par_sort_unstable();
    rows
}
