//! Watch lists and allow lists.

use crate::fields::text::folded;
use crate::model::entities::{Contacts, Resolved};
use crate::model::finding::Family;
use crate::model::parcels::{Particular, Parties};
use crate::model::text::Texts;
use crate::refdata::sheet::{Sheet, TableError};
use crate::resolve::{ResolveSettings, resolve};
use std::path::Path;

const COLUMNS: &[&str] = &[
    "author",
    "reason",
    "valid_to",
    "valid_from",
    "role",
    "name",
    "address",
    "city",
    "postcode",
    "country",
    "phone",
    "email",
    "id",
    "parcel_id",
    "ioss_number",
    "families",
    "agency",
];
const REQUIRED: usize = 3;

/// Whom a row speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Any,
    Consignor,
    Consignee,
}

/// A row of a list.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Who put it there.
    pub author: String,
    /// Why.
    pub reason: String,
    /// Last day, as written.
    pub valid_to: String,
    /// The agency to tell, empty where none is named.
    pub agency: String,
    /// Where it stands in the file, from 1.
    pub line: u64,
    /// Families that an allow list suppresses; all where none is named.
    pub families: Vec<Family>,
    role: Role,
    parcel: String,
    scheme: String,
    named: bool,
    /// What the row names, as a person wrote it.
    pub shown: String,
}

/// A list of parties, parcels and scheme numbers, those that have expired left out.
#[derive(Default)]
pub struct PartyList {
    /// The rows in force.
    pub entries: Vec<Entry>,
    /// Rows whose day is past or has not come.
    pub expired: usize,
    contacts: Contacts,
}

/// How a party meets a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hit {
    /// Name alone.
    Name,
    /// Address, without a name on the row.
    Address,
    /// Name and address.
    NameAndAddress,
    /// Telephone, e-mail, registration, parcel or scheme number.
    Identifier,
}

impl Hit {
    /// What agrees, to follow "by its".
    pub const fn what(self) -> &'static str {
        match self {
            Hit::Name => "name alone",
            Hit::Address => "address",
            Hit::NameAndAddress => "name and address",
            Hit::Identifier => "telephone, e-mail, registration or number",
        }
    }
}

impl PartyList {
    /// Reads a list.
    ///
    /// # Errors
    /// Names the file, the line and the column.
    pub fn read(path: &Path, night: i32) -> Result<PartyList, TableError> {
        let sheet = Sheet::open(path, COLUMNS, REQUIRED)?;
        let mut list = PartyList::default();
        let mut parties = Parties::default();
        for row in sheet.rows() {
            let (from, to) = (row.day_or_none("valid_from")?, row.day("valid_to")?);
            let particulars = ["name", "address", "city", "postcode", "phone", "email", "id", "country"];
            let cells = particulars.map(|c| row.get(c));
            let (parcel, scheme) = (row.get("parcel_id"), row.get("ioss_number"));
            let tells = |c: &&'static str| !row.get(c).is_empty();
            if !["name", "address", "phone", "email", "id", "parcel_id", "ioss_number"].iter().any(tells) {
                return Err(row.fault("name", "a name, address, phone, email, id, parcel_id or ioss_number"));
            }
            let role = match row.get("role") {
                "" | "any" => Role::Any,
                "consignor" => Role::Consignor,
                "consignee" => Role::Consignee,
                _ => return Err(row.fault("role", "consignor, consignee or any")),
            };
            let mut families = Vec::new();
            for name in row.get("families").split_ascii_whitespace() {
                let known = Family::ALL.into_iter().find(|f| f.name() == name);
                families.push(
                    known.ok_or_else(|| row.fault("families", "names of families, separated by spaces"))?,
                );
            }
            let entry = Entry {
                author: row.text("author", "who put the row there")?.to_owned(),
                reason: row.text("reason", "why the row is there")?.to_owned(),
                valid_to: row.get("valid_to").to_owned(),
                agency: row.get("agency").to_owned(),
                line: row.line(),
                families,
                role,
                parcel: number(parcel),
                scheme: number(scheme),
                named: !cells[0].is_empty(),
                shown: cells
                    .iter()
                    .chain([&parcel, &scheme])
                    .filter(|c| !c.is_empty())
                    .copied()
                    .collect::<Vec<_>>()
                    .join(", "),
            };
            if to < night || from.is_some_and(|from| from > night) {
                list.expired += 1;
                continue;
            }
            for (texts, cell) in parties.text.iter_mut().zip(cells) {
                Texts::push(texts, cell);
            }
            parties.fingerprint.push(u128::from(row.line()));
            list.entries.push(entry);
        }
        list.contacts = resolve(&parties, &ResolveSettings::default()).contacts;
        Ok(list)
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The row that each resolved party meets, the surest first; through who is who, so that a party that is written
    /// otherwise on another parcel is met as well.
    pub fn met(&self, resolved: &Resolved, parties: &Parties, sender: bool) -> Vec<Option<(u32, Hit)>> {
        let mut met: Vec<Option<(u32, Hit)>> = vec![None; resolved.entities.len()];
        if self.is_empty() {
            return met;
        }
        let (all, mine) = (&resolved.contacts, &self.contacts);
        let tables: [(&Vec<u64>, &Vec<u64>); 5] = [
            (&mine.phone, &all.phone),
            (&mine.email, &all.email),
            (&mine.registration, &all.registration),
            (&mine.building, &all.building),
            (&mine.name, &all.name),
        ];
        let mut lookups: Vec<hashbrown::HashMap<u64, Vec<u32>>> = Vec::new();
        for (mine, _) in &tables {
            let mut lookup: hashbrown::HashMap<u64, Vec<u32>> = hashbrown::HashMap::new();
            for (i, &hash) in mine.iter().enumerate().filter(|(_, h)| **h != 0) {
                lookup.entry(hash).or_default().push(i as u32);
            }
            lookups.push(lookup);
        }
        for party in 0..parties.len() {
            for (place, (lookup, (_, theirs))) in lookups.iter().zip(&tables).enumerate() {
                let Some(rows) = lookup.get(&theirs[party]).filter(|_| theirs[party] != 0) else { continue };
                for &row in rows {
                    let entry = &self.entries[row as usize];
                    let same =
                        |a: &Vec<u64>, b: &Vec<u64>| a[row as usize] != 0 && a[row as usize] == b[party];
                    let has_place = mine.building[row as usize] != 0;
                    let hit = match place {
                        0..=2 => Hit::Identifier,
                        3 if !entry.named => Hit::Address,
                        3 if same(&mine.name, &all.name) => Hit::NameAndAddress,
                        4 if !has_place && self.country_agrees(row, parties, party) => Hit::Name,
                        _ => continue,
                    };
                    let role = if sender { Role::Consignor } else { Role::Consignee };
                    if entry.role == Role::Any || entry.role == role {
                        let slot = &mut met[resolved.entities.of_party[party] as usize];
                        if slot.is_none_or(|(_, old)| hit > old) {
                            *slot = Some((row, hit));
                        }
                    }
                }
            }
        }
        met
    }

    /// A name alone is met only in the country that the row names, if it names one.
    fn country_agrees(&self, row: u32, parties: &Parties, party: usize) -> bool {
        let shown = &self.entries[row as usize].shown;
        let country = parties.get(party as u32, Particular::Country);
        let named =
            shown.rsplit(", ").next().filter(|c| c.len() == 2 && c.bytes().all(|b| b.is_ascii_uppercase()));
        named.is_none_or(|named| country.is_empty() || named == country)
    }

    /// The row that names a parcel or its scheme number.
    pub fn numbered(&self, parcel: &str, scheme: &str) -> Option<u32> {
        let meets = |entry: &Entry| {
            (!entry.parcel.is_empty() && entry.parcel == number(parcel))
                || (!entry.scheme.is_empty() && entry.scheme == number(scheme))
        };
        self.entries.iter().position(meets).map(|i| i as u32)
    }

    /// Whether any row names parcels or scheme numbers.
    pub fn has_numbers(&self) -> bool {
        self.entries.iter().any(|e| !e.parcel.is_empty() || !e.scheme.is_empty())
    }
}

/// An identifier in its bare form.
fn number(text: &str) -> String {
    folded(text).replace(' ', "").to_ascii_uppercase()
}
