//! Whose law a row is, and which senders it is for.

use super::members::Members;
use crate::fields::country::Country;
use crate::refdata::sheet::country;
use std::fmt;

/// Whose law a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Area {
    /// One country.
    Country(Country),
    /// The customs union of the European Union.
    EuropeanUnion,
}

impl Area {
    /// Reads `EU` or a country's alpha-2 code in capitals.
    pub(crate) fn parse(text: &str) -> Option<Area> {
        if text == "EU" { Some(Area::EuropeanUnion) } else { country(text).map(Area::Country) }
    }

    /// The English name.
    pub fn name(self) -> &'static str {
        match self {
            Area::Country(country) => country.name(),
            Area::EuropeanUnion => "European Union",
        }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Area::Country(country) => country.fmt(f),
            Area::EuropeanUnion => f.write_str("EU"),
        }
    }
}

/// The sender's countries that a row is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Senders {
    /// All of them.
    Any,
    /// These only.
    Only(Vec<Area>),
    /// All but these.
    Except(Vec<Area>),
}

impl Senders {
    /// Reads `any`, `CN HK` or `!CN !HK`.
    pub(super) fn parse(text: &str) -> Option<Senders> {
        if text == "any" {
            return Some(Senders::Any);
        }
        let areas = |words: Vec<&str>| words.into_iter().map(Area::parse).collect::<Option<Vec<_>>>();
        let words: Vec<&str> = text.split_whitespace().collect();
        if words.is_empty() {
            return None;
        }
        match words.iter().map(|word| word.strip_prefix('!')).collect::<Option<Vec<_>>>() {
            Some(words) => areas(words).map(Senders::Except),
            None => areas(words).map(Senders::Only),
        }
    }

    /// The areas named.
    pub(super) fn named(&self) -> &[Area] {
        match self {
            Senders::Any => &[],
            Senders::Only(areas) | Senders::Except(areas) => areas,
        }
    }

    /// Whether a sender in `from` is meant; membership of the Union is that of the day.
    pub(super) fn include(&self, from: Country, day: i32, members: &Members) -> bool {
        let named = |areas: &[Area]| {
            areas.iter().any(|area| match area {
                Area::Country(country) => *country == from,
                Area::EuropeanUnion => members.area(from, day) == Some(Area::EuropeanUnion),
            })
        };
        match self {
            Senders::Any => true,
            Senders::Only(areas) => named(areas),
            Senders::Except(areas) => !named(areas),
        }
    }
}

impl fmt::Display for Senders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mark, areas) = match self {
            Senders::Any => return f.write_str("any"),
            Senders::Only(areas) => ("", areas),
            Senders::Except(areas) => ("!", areas),
        };
        for (i, area) in areas.iter().enumerate() {
            write!(f, "{}{mark}{area}", if i == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::country::parse_country;
    use crate::fields::date::parse_date;

    #[test]
    fn senders_are_read_and_matched() {
        let members = Members::builtin().unwrap();
        let include = |text: &str, from: &str, day: &str| {
            let senders = Senders::parse(text).unwrap();
            assert_eq!(senders.to_string(), text);
            senders.include(parse_country(from).unwrap(), parse_date(day).unwrap(), &members)
        };
        for (text, from, day, expected) in [
            ("any", "CN", "2026-01-01", true),
            ("CN HK", "HK", "2026-01-01", true),
            ("CN HK", "MO", "2026-01-01", false),
            ("!CN !HK", "HK", "2026-01-01", false),
            ("!CN !HK", "MO", "2026-01-01", true),
            ("EU", "FR", "2026-01-01", true),
            ("EU", "GB", "2020-12-31", true),
            ("EU", "GB", "2021-01-01", false),
            ("!EU !CH", "CH", "2021-01-01", false),
            ("!EU !CH", "GB", "2021-01-01", true),
        ] {
            assert_eq!(include(text, from, day), expected, "{text} {from} {day}");
        }
        for text in ["", "CN !HK", "cn", "XX", "CN,HK", "!any", "any CN"] {
            assert_eq!(Senders::parse(text), None, "{text}");
        }
    }
}
