//! Which territory follows whose rules, and since when.

use super::senders::Area;
use crate::fields::country::Country;
use crate::refdata::sheet::{Sheet, TableError, country};
use std::collections::BTreeMap;

const COLUMNS: &[&str] = &["country", "rules_of", "valid_from", "valid_to", "note", "source"];

/// Membership of one territory, both days included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) area: Area,
    pub(super) valid_from: i32,
    pub(super) valid_to: Option<i32>,
}

/// Territories that follow the rules of another: member states of the European Union, Liechtenstein and their like.
#[derive(Clone, Debug)]
pub(crate) struct Members(BTreeMap<Country, Vec<Member>>);

impl Members {
    /// The list that comes with the program.
    pub(crate) fn builtin() -> Result<Members, TableError> {
        Members::read("built-in members.csv", include_str!("../data/members.csv"))
    }

    fn read(file: &str, text: &str) -> Result<Members, TableError> {
        let mut members: BTreeMap<Country, Vec<Member>> = BTreeMap::new();
        let sheet = Sheet::new(file.to_owned(), text.as_bytes(), COLUMNS, COLUMNS.len())?;
        for row in sheet.rows() {
            let member = country(row.get("country"))
                .ok_or_else(|| row.fault("country", "an ISO 3166-1 alpha-2 code such as DE"))?;
            let area = Area::parse(row.get("rules_of"))
                .filter(|area| *area != Area::Country(member))
                .ok_or_else(|| row.fault("rules_of", "EU or the alpha-2 code of another country"))?;
            let (valid_from, valid_to) = (row.day("valid_from")?, row.day_or_none("valid_to")?);
            if valid_to.is_some_and(|last| last < valid_from) {
                return Err(row.fault("valid_to", format!("{} or later, or nothing", row.get("valid_from"))));
            }
            row.text("source", "where this stands")?;
            let spans = members.entry(member).or_default();
            let overlaps = spans.iter().any(|other| {
                other.valid_to.is_none_or(|last| valid_from <= last)
                    && valid_to.is_none_or(|last| other.valid_from <= last)
            });
            if overlaps {
                return Err(row.fault("valid_from", "a day outside the other rows of this country"));
            }
            spans.push(Member { area, valid_from, valid_to });
        }
        Ok(Members(members))
    }

    /// Whose rules a country follows on a day, where they are not its own.
    pub(crate) fn area(&self, country: Country, day: i32) -> Option<Area> {
        let spans = self.0.get(&country)?;
        let span = spans.iter().find(|m| m.valid_from <= day && m.valid_to.is_none_or(|last| day <= last))?;
        Some(span.area)
    }

    /// Every time in which a country followed rules that are not its own.
    pub(super) fn spans(&self, country: Country) -> &[Member] {
        self.0.get(&country).map_or(&[], Vec::as_slice)
    }

    /// Every territory of the list, in the order of the codes.
    pub(super) fn countries(&self) -> impl Iterator<Item = Country> {
        self.0.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::country::parse_country;
    use crate::fields::date::parse_date;

    fn area(code: &str, day: &str) -> Option<String> {
        let members = Members::builtin().unwrap();
        members.area(parse_country(code).unwrap(), parse_date(day).unwrap()).map(|area| area.to_string())
    }

    #[test]
    fn membership_has_dates() {
        for (country, day, expected) in [
            ("DE", "2026-07-01", Some("EU")),
            ("HR", "2013-06-30", None),
            ("HR", "2013-07-01", Some("EU")),
            ("GB", "2020-12-31", Some("EU")),
            ("GB", "2021-01-01", None),
            ("MC", "2026-07-01", Some("EU")),
            ("LI", "2026-07-01", Some("CH")),
            ("PR", "2026-07-01", Some("US")),
            ("IM", "2020-12-31", None),
            ("IM", "2021-01-01", Some("GB")),
            ("CH", "2026-07-01", None),
            ("NO", "2026-07-01", None),
        ] {
            assert_eq!(area(country, day).as_deref(), expected, "{country} on {day}");
        }
        let today = parse_date("2026-11-24").unwrap();
        let members = Members::builtin().unwrap();
        let states = members.countries().filter(|c| members.area(*c, today) == Some(Area::EuropeanUnion));
        assert_eq!(states.count(), 27 + 2, "27 member states, Monaco and the Åland Islands");
    }

    #[test]
    fn a_country_cannot_follow_two_at_once() {
        let text =
            "country,rules_of,valid_from,valid_to,note,source\nDE,EU,1958-01-01,,,x\nDE,CH,2026-01-01,,,x\n";
        let message = Members::read("m.csv", text).unwrap_err().to_string();
        assert_eq!(
            message,
            "m.csv, line 3, column valid_from: found `2026-01-01`, expected a day outside the other rows of this country"
        );
    }
}
