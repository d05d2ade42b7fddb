//! The whole evidence on a pair of declared parties, and what follows from it.

use super::card::{BUSINESS, NAMELESS, Table};
use super::names::{NameLevel, Names, compare_names};
use super::places::{PlaceLevel, Places, compare_places};
use super::settings::{Bits, ResolveSettings};

/// How two particulars that are either the same or not compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// Missing on either side.
    Missing,
    Same,
    Different,
}

impl Match {
    fn of(a: u32, b: u32) -> Match {
        match (a, b) {
            (0, _) | (_, 0) => Match::Missing,
            (a, b) if a == b => Match::Same,
            _ => Match::Different,
        }
    }
    const fn text(self) -> &'static str {
        match self {
            Match::Missing => "missing",
            Match::Same => "the same",
            Match::Different => "different",
        }
    }
}

/// A line of the account of why two declarations are, or are not, one party.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// What was compared: `prior`, `name`, `firm`, `address`, `place`, `phone`, `email`, `registration`, `country`.
    pub field: &'static str,
    /// How far it agrees.
    pub level: &'static str,
    /// What that says, bits: positive for one party, negative for two.
    pub weight: f64,
}

/// All comparisons of one pair.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparison {
    pub names: Names,
    pub places: Places,
    pub phone: Match,
    pub email: Match,
    pub registration: Match,
    same_country: bool,
    /// Both are firms of the same full name.
    firms: bool,
    bits: [f32; 9],
}

impl Comparison {
    /// Weight of all evidence, bits.
    pub(super) fn total(&self) -> f32 {
        self.bits.iter().sum()
    }

    /// Whether the two are found by the same building, telephone, mailbox or registration.
    fn has_contact(&self) -> bool {
        self.places.level.is_contact() || [self.phone, self.email, self.registration].contains(&Match::Same)
    }

    /// Whether the two are one party.
    pub(super) fn is_link(&self, settings: &ResolveSettings) -> bool {
        let total = f64::from(self.total());
        let contact = self.has_contact();
        let mailbox_or_number = self.phone == Match::Same || self.email == Match::Same;
        match self.names.level {
            NameLevel::Different => return false,
            NameLevel::Nameless => {
                let dwelling = matches!(self.places.level, PlaceLevel::Dwelling | PlaceLevel::Building);
                return self.registration == Match::Same
                    || dwelling && mailbox_or_number && self.registration != Match::Different;
            }
            _ => {}
        }
        // Two persons of one name: another address, or flat, and another telephone.
        let strangers = matches!(self.places.level, PlaceLevel::Different | PlaceLevel::OtherUnit)
            && self.phone == Match::Different
            && self.email != Match::Same
            && self.registration != Match::Same
            && !self.firms;
        let line = if contact || self.firms { settings.merge } else { settings.merge_by_name };
        !strangers && self.registration != Match::Different && total >= line
    }

    /// Whether the two cannot stand in one entity, whatever links them to others of it.
    pub(super) fn contradicts(&self) -> bool {
        let elsewhere = self.places.level == PlaceLevel::Different && self.phone == Match::Different;
        self.names.level == NameLevel::Different
            || self.registration == Match::Different
            || elsewhere && !self.names.level.is_full() && self.email != Match::Same
    }

    /// The account, field by field; fields that say nothing are left out.
    pub(super) fn evidence(&self) -> Vec<Evidence> {
        let country = if self.same_country { "the same" } else { "different" };
        let lines = [
            ("prior", "chance that two declarations are one party"),
            ("name", self.names.level.text()),
            ("firm", "the same full name of a firm"),
            ("address", self.places.level.text()),
            ("place", self.places.locality),
            ("phone", self.phone.text()),
            ("email", self.email.text()),
            ("registration", self.registration.text()),
            ("country", country),
        ];
        lines
            .into_iter()
            .zip(self.bits)
            .filter(|((field, _), weight)| *weight != 0.0 || *field == "name")
            .map(|((field, level), weight)| Evidence { field, level, weight: f64::from(weight) })
            .collect()
    }
}

/// Compares two parties in every particular.
pub(super) fn compare(table: &Table, bits: &Bits, a: u32, b: u32) -> Comparison {
    with_names(table, bits, a, b, compare_names(table, bits, a, b))
}

/// As [`compare`], but nothing where the names already say that they are two.
pub(super) fn compare_if_names_fit(table: &Table, bits: &Bits, a: u32, b: u32) -> Option<Comparison> {
    let names = compare_names(table, bits, a, b);
    (names.level != NameLevel::Different).then(|| with_names(table, bits, a, b, names))
}

fn with_names(table: &Table, bits: &Bits, a: u32, b: u32, names: Names) -> Comparison {
    let (one, two) = (&table.cards[a as usize], &table.cards[b as usize]);
    let mut places = compare_places(table, bits, a, b);
    let phone = Match::of(one.phone, two.phone);
    let email = Match::of(one.email, two.email);
    // Two registrations of different forms may both be of one party.
    let registration = match Match::of(one.registration, two.registration) {
        Match::Different if one.registration_form != two.registration_form => Match::Missing,
        other => other,
    };
    let same_country = one.country == two.country || one.country == 0 || two.country == 0;
    let same_name = names.level == NameLevel::Same && !one.has(NAMELESS);
    let firms = same_name && same_country && one.has(BUSINESS) && two.has(BUSINESS) && one.words >= 2;
    if firms {
        // A firm has branches: another address or telephone says little.
        if places.level == PlaceLevel::Different {
            places.bits = 0.0;
        }
        places.locality_bits = places.locality_bits.max(-1.0);
    }
    let says = |a: u8, b: u8| f32::from(a.min(b)) / 8.0;
    let weigh = |level, same: f32, different: f32| match level {
        Match::Missing => 0.0,
        Match::Same => same,
        Match::Different => different,
    };
    let phone_different = if firms { 0.0 } else { bits.phone_different };
    let all = [
        bits.prior,
        names.bits,
        if firms { bits.firm_same } else { 0.0 },
        places.bits,
        places.locality_bits,
        weigh(phone, says(one.phone_says, two.phone_says), phone_different),
        weigh(email, says(one.email_says, two.email_says), if firms { 0.0 } else { bits.email_different }),
        weigh(registration, bits.registration_same, bits.registration_different),
        if same_country { 0.0 } else { bits.country_different },
    ];
    Comparison { names, places, phone, email, registration, same_country, firms, bits: all }
}
