//! Persons, firms and shared addresses: each is a function of the seed and its number, so that the same person can
//! turn up anywhere without a table of all of them.

use super::draw::{Draw, Stream};
use super::lists::{Lists, People, Place};
use any_ascii::any_ascii;
use xxhash_rust::xxh3::xxh3_64;

/// Particulars of a party as they stand on a declaration, empty where absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Party {
    pub name: String,
    pub address: String,
    pub city: String,
    pub postcode: String,
    pub phone: String,
    pub email: String,
    pub id: String,
    pub country: [u8; 2],
}

/// An address that many strangers share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Site {
    /// Parcel locker or parcel shop.
    ParcelShop,
    /// Student hall or block of flats.
    Hall,
    /// Warehouse of a forwarder that gives each customer a number.
    Forwarder,
}

/// Makes the parties of one country.
pub(super) struct Directory<'a> {
    pub lists: &'a Lists,
    pub seed: u64,
    pub country: [u8; 2],
}

impl Directory<'_> {
    fn place(&self) -> &Place {
        self.lists.place(self.country)
    }

    /// The person of a number; an even number and the next share a dwelling.
    pub fn person(&self, number: u64) -> Party {
        let mut home = Draw::new(self.seed ^ self.salt(), Stream::Household, number / 2);
        let place = self.place();
        let people = area(self.lists, place, &mut home);
        let family = surname(people, &mut home);
        let mut party = self.dwelling(&mut home);
        let mut draw = Draw::new(self.seed ^ self.salt(), Stream::Person, number);
        let own = if number % 2 == 1 && draw.chance(0.3) { surname(people, &mut draw) } else { family };
        self.introduce(&mut party, people, &own, &mut draw);
        party
    }

    /// Another person of the same dwelling, counted from 2.
    pub fn housemate(&self, resident: &Party, number: u64, member: u64) -> Party {
        let mut draw =
            Draw::new(self.seed ^ self.salt(), Stream::Person, number.wrapping_mul(64) + member + (1 << 60));
        let family = resident.name.rsplit(' ').next().unwrap_or_default().to_owned();
        let people = self.lists.people(self.place().people);
        let mut party = resident.clone();
        self.introduce(&mut party, people, &family, &mut draw);
        party
    }

    /// A stranger at a home of his own, with that name and in that city where one is given.
    pub fn namesake(&self, of: &Party, draw: &mut Draw) -> Party {
        let place = self.place();
        let mut party = self.dwelling(draw);
        for _ in 0..40 {
            if party.city == of.city && party.address != of.address {
                break;
            }
            party = self.home(draw, place.cities.iter().position(|c| c.0 == of.city).unwrap_or(0), true);
        }
        party.name.clone_from(&of.name);
        party.phone = phone(place, draw);
        party.email = email(&of.name, place, draw);
        party
    }

    /// The firm of a number.
    pub fn business(&self, number: u64) -> Party {
        const TRADES: [&str; 12] = [
            "Handel", "Trading", "Import", "Technik", "Mode", "Service", "Store", "Elektro", "Sport",
            "Design", "Auto", "Vertrieb",
        ];
        let mut draw = Draw::new(self.seed ^ self.salt(), Stream::Business, number);
        let place = self.place();
        let mut party = self.dwelling(&mut draw);
        let owner = surname(self.lists.people(place.people), &mut draw);
        let trade = if place.people == "DE" {
            TRADES[draw.below(12)]
        } else {
            TRADES[[1, 2, 6, 8, 9, 10][draw.below(6)]]
        };
        party.name = format!("{owner} {trade} {}", draw.pick(&place.firms));
        party.phone = phone(place, &mut draw);
        party.email = format!("info@{}.example", plain(&format!("{owner}-{trade}")));
        if draw.chance(0.7) {
            let [a, b] = self.country.map(char::from);
            party.id = format!("{a}{b}{:09}", draw.below(1_000_000_000));
        }
        party
    }

    /// Somebody who receives at a shared address.
    pub fn at_site(&self, kind: Site, site: u64, person: u64) -> Party {
        let mut draw = Draw::new(self.seed ^ self.salt(), Stream::Site, site * 4 + kind as u64);
        let place = self.place();
        let building = self.home(&mut draw, draw_city(place, site), false);
        let number = 100 + draw.below(400);
        let hall_phone = phone(place, &mut draw);
        let shares_phone = draw.chance(0.3);
        let locker = draw.chance(0.6);
        // Whoever uses a shared address lives somewhere; only the address changes.
        let mut party = self.person(person);
        let mut own = Draw::new(self.seed ^ self.salt(), Stream::Site, person ^ (1 << 62) ^ (site << 20));
        let street = building.address;
        party.city = building.city;
        party.postcode = building.postcode;
        party.address = match kind {
            Site::ParcelShop if locker => place.locker.replace("{f}", &number.to_string()),
            Site::ParcelShop => format!("{} {street}", place.shop.replace("{f}", &number.to_string())),
            Site::Hall if locker => {
                format!(
                    "{} {street} {}",
                    place.hall,
                    place.flat[0].replace("{f}", &own.whole(1, 380).to_string())
                )
            }
            Site::Hall => {
                format!("{street} {}", place.flat[0].replace("{f}", &own.whole(1, 220).to_string()))
            }
            Site::Forwarder => format!("{street} Suite {}", own.whole(1000, 9999)),
        };
        if kind == Site::Forwarder && shares_phone {
            party.phone = hall_phone;
        }
        party
    }

    /// A trader of this country: factory, shop or warehouse.
    pub fn trader(&self, draw: &mut Draw) -> Party {
        const WORDS: [&str; 40] = [
            "Yuan", "Hua", "Da", "Sheng", "Xing", "Tong", "Mei", "Jia", "Long", "Feng", "Bright", "Star",
            "Ocean", "Sun", "Golden", "Lucky", "Smart", "Home", "Fashion", "Digital", "Sky", "Green", "Top",
            "Union", "Global", "East", "Royal", "Fast", "Prime", "Vision", "Nova", "Metro", "Link", "Max",
            "Best", "Blue", "Trend", "Urban", "Pro", "Line",
        ];
        let place = self.place();
        let mut party = self.dwelling(draw);
        let city = party.city.clone();
        let word = |draw: &mut Draw| *draw.pick(&WORDS);
        let core = match draw.below(3) {
            0 => format!("{}{} {}", word(draw), word(draw).to_lowercase(), word(draw)),
            1 => format!("{} {}", surname(self.lists.people(place.people), draw), word(draw)),
            _ => format!("{}{}", word(draw), word(draw).to_lowercase()),
        };
        let form = *draw.pick(&place.firms);
        party.name = match draw.below(10) {
            0..6 => format!("{city} {core} {form}"),
            6..8 => format!("{core} {form}"),
            _ => format!("{core} Store"),
        };
        if draw.chance(0.75) {
            party.phone = phone(place, draw);
        }
        if draw.chance(0.4) {
            party.email = format!("{}{}@{}", plain(&core), draw.below(1000), draw.pick(&place.mail));
        }
        if draw.chance(0.25) {
            party.id = format!("9144{:014}", draw.bits() % 100_000_000_000_000);
        }
        party
    }

    fn introduce(&self, party: &mut Party, people: &People, family: &str, draw: &mut Draw) {
        let place = self.place();
        let mut given = people.given[draw.ranked(people.given.len(), 1.1)].to_owned();
        if draw.chance(0.12) {
            // A second given name.
            given = format!("{given} {}", draw.pick(&people.given));
        }
        party.name = match place.people {
            "US" | "GB" if draw.chance(0.12) => {
                format!("{given} {}. {family}", char::from(b'A' + draw.below(20) as u8))
            }
            "ES" if draw.chance(0.55) => format!("{given} {family} {}", surname(people, draw)),
            "DE" | "FR" if draw.chance(0.03) => format!("{given} {family}-{}", surname(people, draw)),
            _ => format!("{given} {family}"),
        };
        party.phone = if draw.chance(0.72) { phone(place, draw) } else { String::new() };
        party.email = if draw.chance(0.62) { email(&party.name, place, draw) } else { String::new() };
    }

    fn dwelling(&self, draw: &mut Draw) -> Party {
        let city = draw.ranked(self.place().cities.len(), 1.6);
        self.home(draw, city, true)
    }

    fn home(&self, draw: &mut Draw, city: usize, flats: bool) -> Party {
        let place = self.place();
        let (city, first, last) = place.cities[city];
        let street = street(place, draw);
        let number = draw.log_normal(24.0, 0.9).ceil().min(480.0) as usize;
        let letter = if draw.chance(0.06) { *draw.pick(&["a", "b", "c"]) } else { "" };
        let mut address = place.street.replace("{s}", &street).replace("{n}", &format!("{number}{letter}"));
        if flats && draw.chance(0.3) {
            let flat = draw.pick(&place.flat).replace("{f}", &draw.whole(1, 40).to_string());
            address.push(' ');
            address.push_str(&flat);
        }
        let at = xxh3_64(format!("{city} {street}").as_bytes());
        Party {
            address,
            city: city.to_owned(),
            postcode: postcode(place.post, first, last, at),
            country: self.country,
            ..Party::default()
        }
    }

    /// Keeps the persons of one country apart from those of another.
    fn salt(&self) -> u64 {
        u64::from(u16::from_be_bytes(self.country)) << 40
    }
}

fn draw_city(place: &Place, site: u64) -> usize {
    (site as usize).wrapping_mul(7) % place.cities.len()
}

fn area<'a>(lists: &'a Lists, place: &Place, draw: &mut Draw) -> &'a People {
    if draw.chance(0.15) {
        lists.people(draw.pick::<&str>(&place.minorities))
    } else {
        lists.people(place.people)
    }
}

/// A surname: one of the frequent ones in a quarter of the cases, else one of the long tail.
fn surname(people: &People, draw: &mut Draw) -> String {
    if draw.chance(0.25) {
        return people.family[draw.ranked(people.family.len(), 1.2)].to_owned();
    }
    let middle =
        if draw.chance(0.6) { draw.pick::<&str>(&people.roots).to_lowercase() } else { String::new() };
    format!("{}{middle}{}", draw.pick(&people.roots), draw.pick(&people.ends))
}

fn street(place: &Place, draw: &mut Draw) -> String {
    if draw.chance(0.6) {
        return place.streets[draw.ranked(place.streets.len(), 1.2)].to_owned();
    }
    let stem = draw.pick(&place.stems).replace('~', " ");
    let suffix = *draw.pick(&place.suffix);
    match suffix.chars().next() {
        _ if suffix == "-" => stem,
        Some(first) if first.is_uppercase() => format!("{stem} {suffix}"),
        _ => format!("{stem}{suffix}"),
    }
}

/// `9` stands for a digit of a number between the first and the last postcode, `A` for a letter.
fn postcode(pattern: &str, first: &str, last: &str, at: u64) -> String {
    if pattern == "-" {
        return String::new();
    }
    if first.starts_with(|c: char| c.is_ascii_uppercase()) {
        let letter = |shift: u64| char::from(b"ABDEFGHJLNPQRSTUWXYZ"[(at >> shift) as usize % 20]);
        return format!("{first}{} {}{}{}", 1 + at % 20, (at >> 8) % 10, letter(16), letter(24));
    }
    let number =
        |text: &str| text.bytes().filter(u8::is_ascii_digit).fold(0, |n, d| n * 10 + u64::from(d - b'0'));
    let (low, high) = (number(first), number(last));
    let width = first.bytes().filter(u8::is_ascii_digit).count();
    let digits = format!("{:0width$}", low + at % (high - low + 1));
    let mut next = digits.bytes();
    pattern
        .chars()
        .enumerate()
        .map(|(i, c)| match c {
            '9' => next.next().map_or('0', char::from),
            'A' => char::from(b'A' + ((at >> (8 + i)) % 26) as u8),
            other => other,
        })
        .collect()
}

/// A telephone number: `#` is any digit, `[..]` one of those.
pub(super) fn phone(place: &Place, draw: &mut Draw) -> String {
    let (prefix, pattern) = place.phone;
    let mut national = String::new();
    let mut choice: Option<Vec<char>> = None;
    for c in pattern.chars() {
        match (c, choice.as_mut()) {
            ('[', _) => choice = Some(Vec::new()),
            (']', Some(list)) => {
                national.push(*draw.pick(list));
                choice = None;
            }
            (c, Some(list)) => list.push(c),
            ('#', None) => national.push(char::from(b'0' + draw.below(10) as u8)),
            (c, None) => national.push(c),
        }
    }
    match draw.below(3) {
        _ if prefix == "-" => format!("0{national}"),
        0 if !matches!(prefix, "+1") => format!("0{national}"),
        1 => format!("{prefix}{national}"),
        _ => format!("{prefix} {} {}", &national[..3], &national[3..]),
    }
}

pub(super) fn email(name: &str, place: &Place, draw: &mut Draw) -> String {
    let words: Vec<String> = name.split(' ').map(plain).filter(|w| !w.is_empty()).collect();
    let (first, last) = match (words.first(), words.last()) {
        (Some(first), Some(last)) => (first.as_str(), last.as_str()),
        _ => ("mail", "box"),
    };
    let host = draw.pick(&place.mail);
    match draw.below(5) {
        0 => format!("{first}.{last}@{host}"),
        1 => format!("{first}{last}{}@{host}", draw.below(100)),
        2 => format!("{}.{last}{}@{host}", &first[..1], draw.below(1000)),
        3 => format!("{last}{}@{host}", draw.whole(1950, 2008)),
        _ => format!("{first}_{}@{host}", draw.below(10_000)),
    }
}

/// Letters and digits only, ASCII, small.
pub(super) fn plain(text: &str) -> String {
    any_ascii(text).chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
