//! Comparing two addresses: building, flat, street, postcode, city.

use super::card::{ADDRESS, Card, PICKUP, Table};
use super::compare::Open;
use super::letters::{one_edit, one_slip};
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
    /// Two of place, street and house number.
    Vicinity,
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
            PlaceLevel::Vicinity => "two of place, street and house number agree",
            PlaceLevel::Missing => "an address is missing",
            PlaceLevel::Different => "different addresses",
        }
    }
    /// Whether it is the very same building.
    pub(super) const fn is_same_building(self) -> bool {
        matches!(self, PlaceLevel::Dwelling | PlaceLevel::Building)
    }
    /// Whether it is the same building, or nearly so.
    pub(super) const fn is_building(self) -> bool {
        matches!(self, PlaceLevel::Dwelling | PlaceLevel::Building | PlaceLevel::NearBuilding)
    }
    /// Whether the two are found at one place.
    pub(super) const fn is_contact(self) -> bool {
        matches!(
            self,
            PlaceLevel::Dwelling | PlaceLevel::Building | PlaceLevel::NearBuilding | PlaceLevel::Street
        )
    }
}

/// How far two parts of an address agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Missing on either side.
    Missing,
    Same,
    /// The same but for a slip, or words cut differently.
    Near,
    /// Something in common: one of two lines of an address.
    Some,
    Different,
}

impl Part {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Part::Missing => "missing",
            Part::Same => "the same",
            Part::Near => "the same but for a slip",
            Part::Some => "the same in part",
            Part::Different => "different",
        }
    }
    pub(super) fn agrees(self) -> bool {
        matches!(self, Part::Same | Part::Near)
    }
}

/// Outcome of comparing two addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    pub level: PlaceLevel,
    pub street: Part,
    pub house: Part,
    pub unit: Part,
    pub postcode: Part,
    pub city: Part,
    pub region: Part,
    /// What the building, or street and house number apart, the flat, the postcode, the city and the region say.
    pub building_bits: f32,
    pub street_bits: f32,
    pub house_bits: f32,
    pub unit_bits: f32,
    pub postcode_bits: f32,
    pub city_bits: f32,
    pub region_bits: f32,
}

impl Places {
    /// What the whole address says, bits.
    pub(super) fn bits(&self) -> f32 {
        self.building_bits
            + self.street_bits
            + self.house_bits
            + self.unit_bits
            + self.postcode_bits
            + self.city_bits
            + self.region_bits
    }

    /// Whether the street, or house number and postcode together, say that it may well be the same place.
    pub(super) fn is_close(&self, open: Open) -> bool {
        let street = self.street.agrees() || self.street == Part::Some;
        let house = self.house == Part::Same && (open.replaced() || self.postcode == Part::Same);
        self.level == PlaceLevel::Vicinity && (street || house)
    }

    /// Whether it may be the same place under another name: in another town the same street and number are another house,
    /// and a place that is only much alike, with another street, is another place.
    pub(super) fn may_be_home(&self) -> bool {
        let street = self.street.agrees() || self.street == Part::Some;
        let exact = self.postcode == Part::Same || self.city == Part::Same;
        self.level == PlaceLevel::Vicinity && (exact || street && self.is_near())
    }

    /// Whether the postcode or the city agrees.
    pub(super) fn is_near(&self) -> bool {
        self.postcode.agrees() || self.city.agrees()
    }
}

fn street(table: &Table, a: u32, b: u32) -> Part {
    let (one, two) = (&table.cards[a as usize], &table.cards[b as usize]);
    if one.street == 0 || two.street == 0 {
        return Part::Missing;
    }
    if one.street == two.street {
        return Part::Same;
    }
    match one.street_letters.likeness(two.street_letters) {
        like if like >= NEAR_STREET => Part::Near,
        like if like >= MAYBE_STREET && streets_are_near(table.street(a), table.street(b)) => Part::Near,
        // Where words are replaced in many an address, less will do.
        like if like >= MOST_STREET
            || one.street_letters.share_within(two.street_letters) >= WITHIN_STREET
                && have_a_line_in_common(table.street(a), table.street(b))
            || like >= SOME_STREET
                && (table.open.replaced() || share_a_word(table.street(a), table.street(b))) =>
        {
            Part::Some
        }
        _ => Part::Different,
    }
}

fn code(one: u32, two: u32, near: impl Fn() -> bool) -> Part {
    match (one, two) {
        (0, _) | (_, 0) => Part::Missing,
        (x, y) if x == y => Part::Same,
        _ if near() => Part::Near,
        _ => Part::Different,
    }
}

/// Compares two cities.
pub(super) fn cities(table: &Table, a: u32, b: u32) -> Part {
    let (one, two) = (table.cards[a as usize].city, table.cards[b as usize].city);
    code(one, two, || cities_are_near(table.city(a), table.city(b)))
}

fn cities_are_near(a: &str, b: &str) -> bool {
    if a.len().abs_diff(b.len()) > 3 || a.len().min(b.len()) < 4 {
        return false;
    }
    let squeezed = |city: &str| {
        let mut out = [0_u8; 32];
        let letters = city.bytes().filter(|c| *c != b' ').take(out.len());
        let len = out.iter_mut().zip(letters).map(|(to, from)| *to = from).count();
        (out, len)
    };
    let ((x, m), (y, n)) = (squeezed(a), squeezed(b));
    let (Ok(x), Ok(y)) = (std::str::from_utf8(&x[..m]), std::str::from_utf8(&y[..n])) else { return false };
    let (short, long) = if x.len() <= y.len() { (x, y) } else { (y, x) };
    x == y || is_typo(short, long)
}

/// Compares the addresses of two parties.
pub(super) fn compare_places(table: &Table, bits: &Bits, a: u32, b: u32) -> Places {
    let (one, two) = (&table.cards[a as usize], &table.cards[b as usize]);
    let street = street(table, a, b);
    let house = code(one.house, two.house, || one_edit(&one.house_text, &two.house_text));
    let unit = code(one.unit, two.unit, || false);
    let postcode = code(one.postcode, two.postcode, || one_slip(&one.postcode_text, &two.postcode_text));
    let city = cities(table, a, b);
    let region = code(one.region.into(), two.region.into(), || false);
    let mut places = Places {
        level: PlaceLevel::Missing,
        street,
        house,
        unit,
        postcode,
        city,
        region,
        building_bits: 0.0,
        street_bits: 0.0,
        house_bits: 0.0,
        unit_bits: 0.0,
        postcode_bits: 0.0,
        city_bits: 0.0,
        region_bits: 0.0,
    };
    places.locality(one, two, bits);
    if one.has(PICKUP) || two.has(PICKUP) {
        places.level = PlaceLevel::Pickup;
        places.postcode_bits = places.postcode_bits.min(1.0);
        places.city_bits = places.city_bits.min(1.0);
        places.region_bits = 0.0;
    } else if one.has(ADDRESS) && two.has(ADDRESS) {
        places.address(one, two, bits, table.open);
    }
    // Who moves changes city and postcode at once; where street and house number are the same, those are two slips.
    let moved = places.level != PlaceLevel::Vicinity && !places.is_near();
    if moved && places.postcode_bits + places.city_bits < bits.place_different {
        (places.postcode_bits, places.city_bits) = (bits.place_different, 0.0);
    }
    let loose = places.level == PlaceLevel::Vicinity && !places.is_close(table.open);
    if loose || matches!(places.level, PlaceLevel::Missing | PlaceLevel::Different) {
        places.postcode_bits = places.postcode_bits.min(bits.place_most);
        places.city_bits = places.city_bits.min(bits.place_most);
    }
    places
}

impl Places {
    /// Postcode and city say the same thing twice, unless the night's postcodes have many cities: the one that says more
    /// counts.
    fn locality(&mut self, one: &Card, two: &Card, bits: &Bits) {
        let says = |a: u8, b: u8| f32::from(a.min(b)) / 8.0;
        self.postcode_bits = match self.postcode {
            Part::Same => says(one.postcode_says, two.postcode_says).min(bits.place_most_near),
            Part::Near => bits.postcode_near,
            Part::Different => bits.postcode_different,
            _ => 0.0,
        };
        self.city_bits = match self.city {
            Part::Same => says(one.city_says, two.city_says).min(bits.place_most_near),
            Part::Near => bits.city_near,
            Part::Different => bits.city_different,
            _ => 0.0,
        };
        self.region_bits = match self.region {
            // What postcode and city have said already.
            Part::Same if self.is_near() => bits.region_same * bits.place_both,
            Part::Same => bits.region_same,
            Part::Different if self.postcode != Part::Different => bits.region_different,
            _ => 0.0,
        };
        if self.postcode_bits > 0.0 && self.city_bits > 0.0 {
            let less = if self.postcode_bits < self.city_bits {
                &mut self.postcode_bits
            } else {
                &mut self.city_bits
            };
            *less *= bits.place_both;
        }
    }

    fn address(&mut self, one: &Card, two: &Card, bits: &Bits, open: Open) {
        let near = self.is_near();
        let apart = !near && (self.postcode == Part::Different || self.city == Part::Different);
        let same_country = one.country == two.country;
        let crowd = f32::from(one.building_says.min(two.building_says)) / 8.0;
        self.unit_bits = match self.unit {
            Part::Same => bits.unit_same,
            Part::Different => bits.unit_different,
            _ => 0.0,
        };
        if !apart && same_country && self.street == Part::Same && one.house == two.house {
            // Two postcodes in one city: a slip in one of them, or two streets of one name.
            let doubt = match (self.postcode, self.city) {
                (Part::Same, _) | (Part::Missing, Part::Same) => 0.0,
                (Part::Near, Part::Same) | (Part::Missing, Part::Near) => 1.0,
                (Part::Near, _) => 2.0,
                (_, Part::Same) => 5.0,
                _ => 6.0,
            };
            // Without a house number it is the whole street.
            let street = if self.house == Part::Same { 0.0 } else { 3.0 };
            self.building_bits = (crowd - doubt - street).max(0.0);
            (self.postcode_bits, self.city_bits, self.region_bits) = (0.0, 0.0, 0.0);
            self.level = match self.unit {
                Part::Same => PlaceLevel::Dwelling,
                Part::Different => PlaceLevel::OtherUnit,
                _ => PlaceLevel::Building,
            };
            return;
        }
        self.street_bits = match self.street {
            Part::Same => f32::from(one.street_says.min(two.street_says)) / 8.0 + bits.street_same,
            Part::Near => bits.street_near,
            Part::Some => bits.street_some,
            Part::Different => bits.street_different,
            Part::Missing => 0.0,
        };
        self.house_bits = match self.house {
            Part::Same => bits.house_same,
            Part::Near => bits.house_near,
            Part::Different => bits.house_different,
            _ => 0.0,
        };
        let close = self.street.agrees() || self.street == Part::Some;
        self.level = match (self.street, self.house) {
            (street, Part::Same) if near && same_country && street.agrees() => PlaceLevel::NearBuilding,
            (street, Part::Missing) if near && same_country && street.agrees() => PlaceLevel::Street,
            (street, Part::Same) if same_country && street.agrees() => PlaceLevel::Vicinity,
            _ if near && same_country && (close || self.house == Part::Same) => PlaceLevel::Vicinity,
            _ => PlaceLevel::Different,
        };
        if self.level == PlaceLevel::Different {
            self.unit_bits = 0.0;
            // Without a street only the house number differs.
            if self.street != Part::Missing {
                (self.street_bits, self.house_bits) = (bits.address_different, 0.0);
            }
            return;
        }
        // All of it together says no more than the very building would, which others of the household share; in a night
        // where words are replaced by mistake, hardly anybody shares it.
        let all = self.street_bits + self.house_bits + self.postcode_bits + self.city_bits + self.region_bits;
        if all > crowd && !open.replaced() {
            self.street_bits -= all - crowd;
        }
    }
}

/// Likeness of streets of which one is the other with slips or words cut differently.
const NEAR_STREET: f32 = 0.75;
/// Likeness of streets that may be near by their words.
const MAYBE_STREET: f32 = 0.25;
/// Share of the pairs of letters of an address that are in one with a line more.
const WITHIN_STREET: f32 = 0.4;
/// Likeness of addresses that have a line in common.
const MOST_STREET: f32 = 0.6;
/// The same, where a long word is in common too.
const SOME_STREET: f32 = 0.45;

/// Whether two streets have a whole word of five letters or more in common.
fn share_a_word(a: &str, b: &str) -> bool {
    a.split(' ').any(|word| word.len() >= 5 && b.split(' ').any(|other| other == word))
}

/// Kinds of street; written right, they have been shortened.
const KINDS: [&str; 10] =
    ["street", "place", "crescent", "close", "avenue", "drive", "court", "circuit", "road", "lane"];

/// Whether one address has what the other has, slips apart, and more: a line was left out.
fn have_a_line_in_common(a: &str, b: &str) -> bool {
    let long = |street| str::split(street, ' ').filter(|word: &&str| word.len() > 2);
    let (fewer, more) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let is_kind = |word: &str| {
        let slip =
            |kind: &&str| kind.len().abs_diff(word.len()) <= 1 && strsim::osa_distance(word, kind) <= 1;
        word.len() > 3 && KINDS.iter().any(slip)
    };
    let (mut words, mut found, mut lost) = (0, 0, 0);
    for word in long(fewer) {
        if long(more).any(|other| words_are_near(word, other)) {
            (words, found) = (words + 1, found + word.len());
        } else if !is_kind(word) {
            (words, lost) = (words + 1, lost + word.len());
        }
    }
    found > 0 && words < long(more).count() && found as f32 >= NEAR_SHARE * (found + lost) as f32
}

/// Share of the longer street's letters that must be found in the other.
const NEAR_SHARE: f32 = 0.75;

/// Whether two streets, words in alphabetical order, are one but for a slip or a missing word.
fn streets_are_near(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    // Words of one and two letters are kinds of street and the like.
    let long = |street| str::split(street, ' ').filter(|word: &&str| word.len() > 2);
    let letters = |street| long(street).map(str::len).sum::<usize>();
    let (mut found, mut strong, mut used) = (0, false, 0_u32);
    for word in long(a) {
        let fits =
            long(b).enumerate().take(32).find(|(j, other)| used >> j & 1 == 0 && words_are_near(word, other));
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
    !digits
        && (is_typo(short, long)
            || (short.len() >= 3 && 2 * short.len() > long.len() && long.starts_with(short)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::tests::{row, table};
    use crate::resolve::{Prepared, ResolveSettings};

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
        for (a, b) in [
            ("haupt st", "garten st"),
            ("5th av", "6th av"),
            ("oak st", "elm st"),
            ("cabbage fox pl tree", "cabbage maurice pl tree"),
        ] {
            assert!(!streets_are_near(a, b), "{a} {b}");
        }
    }

    #[test]
    fn a_line_left_out() {
        for (a, b) in [
            ("er grun st", "cleveland gruner st"),
            ("pl warby", "cottage pl somerset warby"),
            ("burn sreet", "bluegum burn st"),
        ] {
            assert!(have_a_line_in_common(a, b) && have_a_line_in_common(b, a), "{a} {b}");
        }
        for (a, b) in
            [("bergst", "bergplatz"), ("oak st", "elm farm st"), ("st", "lodge oak st"), ("", "oak")]
        {
            assert!(!have_a_line_in_common(a, b), "{a} {b}");
        }
    }

    #[test]
    fn a_house_number_without_a_street() {
        let rows = [
            row(["Anna Weber", "18", "Paterson", "6136", "", "", "", "AU"]),
            row(["Anna Weber", "18 Oak Street", "Paterson", "6136", "", "", "", "AU"]),
            row(["Anna Weber", "97", "Paterson", "6136", "", "", "", "AU"]),
        ];
        let (parties, place) = table(&rows);
        let settings = ResolveSettings::default();
        let Prepared { table, .. } = Prepared::new(&parties, &settings);
        let bits = Bits::new(&settings.weights, &settings.weights);
        let places = |i: usize, j: usize| compare_places(&table, &bits, place[i], place[j]);
        assert_eq!(places(0, 1).level, PlaceLevel::Vicinity);
        assert!(places(0, 1).house_bits > 3.0);
        // The number alone differs, and no street.
        assert_eq!(places(0, 2).house_bits, bits.house_different);
        assert_eq!(places(0, 2).street_bits, 0.0);
    }
}
