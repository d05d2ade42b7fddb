//! Comparing two addresses: building, flat, street, postcode, city.

use super::card::{ADDRESS, Card, PICKUP, Table};
use super::settings::Bits;
use super::spelling::is_typo;

/// How far two addresses agree; the first that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PlaceLevel {
    /// A parcel shop, locker or post office on either side: it says where, not who.
    Pickup,
    /// The same building and the same flat.
    Dwelling,
    /// The same building.
    Building,
    /// The same building, but another flat.
    OtherUnit,
    /// The same house number and a street that is nearly the same.
    NearBuilding,
    /// The same street, a house number missing.
    Street,
    /// An address is missing.
    Missing,
    /// Two addresses.
    Different,
}

impl PlaceLevel {
    pub(super) const fn text(self) -> &'static str {
        match self {
            PlaceLevel::Pickup => "a pick-up point",
            PlaceLevel::Dwelling => "the same building and flat",
            PlaceLevel::Building => "the same building",
            PlaceLevel::OtherUnit => "the same building, another flat",
            PlaceLevel::NearBuilding => "the same house number, nearly the same street",
            PlaceLevel::Street => "the same street, a house number missing",
            PlaceLevel::Missing => "an address is missing",
            PlaceLevel::Different => "different addresses",
        }
    }
    /// Whether the two are found at one place.
    pub(super) const fn is_contact(self) -> bool {
        matches!(
            self,
            PlaceLevel::Dwelling
                | PlaceLevel::Building
                | PlaceLevel::OtherUnit
                | PlaceLevel::NearBuilding
                | PlaceLevel::Street
        )
    }
}

/// Outcome of comparing two addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    pub level: PlaceLevel,
    pub bits: f32,
    /// What the postcode and the city say, where the building says nothing.
    pub locality: &'static str,
    pub locality_bits: f32,
}

#[derive(Clone, Copy, PartialEq)]
enum Locality {
    Postcode,
    City,
    Unknown,
    Different,
}

fn locality(one: &Card, two: &Card) -> Locality {
    let postcodes = one.postcode != 0 && two.postcode != 0;
    let cities = one.city != 0 && two.city != 0;
    if postcodes && one.postcode == two.postcode {
        Locality::Postcode
    } else if cities && one.city == two.city {
        Locality::City
    } else if postcodes || cities {
        Locality::Different
    } else {
        Locality::Unknown
    }
}

/// Compares the addresses of two parties.
pub(super) fn compare_places(table: &Table, bits: &Bits, a: u32, b: u32) -> Places {
    let (one, two) = (&table.cards[a as usize], &table.cards[b as usize]);
    let locality = locality(one, two);
    let says = |a: u8, b: u8| (f32::from(a.min(b)) / 8.0).min(bits.place_most);
    let (text, locality_bits) = match locality {
        Locality::Postcode => ("the same postcode", says(one.postcode_says, two.postcode_says)),
        Locality::City => ("the same city", says(one.city_says, two.city_says)),
        Locality::Unknown => ("unknown", 0.0),
        Locality::Different => ("different", bits.place_different),
    };
    let near = matches!(locality, Locality::Postcode | Locality::City);
    let outcome = |level, bits, locality_bits| Places { level, bits, locality: text, locality_bits };
    if one.has(PICKUP) || two.has(PICKUP) {
        return outcome(PlaceLevel::Pickup, 0.0, locality_bits.min(1.0));
    }
    if !one.has(ADDRESS) || !two.has(ADDRESS) {
        return outcome(PlaceLevel::Missing, 0.0, locality_bits);
    }
    let together = locality != Locality::Different && one.country == two.country;
    let crowd = f32::from(one.building_says.min(two.building_says)) / 8.0;
    let houses = one.house != 0 && two.house != 0;
    if together && one.street == two.street && one.house == two.house {
        // Two postcodes in one city: a slip in one of them, or two streets of one name.
        let doubt = match locality {
            Locality::City if one.postcode != 0 && two.postcode != 0 => 5.0,
            Locality::Unknown => 6.0,
            _ => 0.0,
        };
        // Without a house number it is the whole street.
        let street = if houses { 0.0 } else { 3.0 };
        let base = (crowd - doubt - street).max(0.0);
        let (level, unit) = match (one.unit, two.unit) {
            (0, 0) => (PlaceLevel::Building, 0.0),
            (x, y) if x == y => (PlaceLevel::Dwelling, bits.unit_same),
            (0, _) | (_, 0) => (PlaceLevel::Building, 0.0),
            _ => (PlaceLevel::OtherUnit, bits.unit_different),
        };
        return outcome(level, base + unit, 0.0);
    }
    if near && one.country == two.country {
        if houses && one.house == two.house && streets_are_near(table.street(a), table.street(b)) {
            let unit = match (one.unit, two.unit) {
                (0, _) | (_, 0) => 0.0,
                (x, y) if x == y => bits.unit_same,
                _ => bits.unit_different,
            };
            return outcome(PlaceLevel::NearBuilding, bits.building_near.min(crowd) + unit, 0.0);
        }
        if !houses && one.street == two.street {
            return outcome(PlaceLevel::Street, bits.street_same.min(crowd), 0.0);
        }
    }
    outcome(PlaceLevel::Different, bits.address_different, locality_bits)
}

/// Share of the longer street's letters that must be found in the other.
const NEAR_SHARE: f32 = 0.6;

/// Whether two streets, words in alphabetical order, are one but for a slip or a missing word.
fn streets_are_near(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let letters = |street: &str| street.bytes().filter(|c| *c != b' ').count();
    let (mut found, mut strong, mut used) = (0, false, 0_u32);
    for word in a.split(' ') {
        let fits = b
            .split(' ')
            .enumerate()
            .take(32)
            .find(|(j, other)| used >> j & 1 == 0 && words_are_near(word, other));
        if let Some((j, other)) = fits {
            used |= 1 << j;
            found += word.len().max(other.len());
            strong |= word.len().max(other.len()) >= 4;
        }
    }
    if strong && found as f32 >= NEAR_SHARE * letters(a).max(letters(b)) as f32 {
        return true;
    }
    // Written together or apart, in the usual case of two words.
    let run = |street: &str| street.replace(' ', "");
    let (x, y) = (run(a), run(b));
    let (short, long) = if x.len() <= y.len() { (&x, &y) } else { (&y, &x) };
    short.len() >= 6 && (short == long || is_typo(short, long))
}

fn words_are_near(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let digits = short.bytes().chain(long.bytes()).any(|c| c.is_ascii_digit());
    !digits && (is_typo(short, long) || (short.len() >= 3 && long.starts_with(short)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streets() {
        for (a, b) in [
            ("haupt st", "haput st"),
            ("main st", "main rd"),
            ("haupt st", "hauptst"),
            ("main ny st", "main st"),
        ] {
            assert!(streets_are_near(a, b) && streets_are_near(b, a), "{a} {b}");
        }
        for (a, b) in [("haupt st", "garten st"), ("5th av", "6th av"), ("oak st", "elm st")] {
            assert!(!streets_are_near(a, b), "{a} {b}");
        }
    }
}
