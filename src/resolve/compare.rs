//! The whole evidence on a pair of declared parties, and what follows from it.

use super::card::{BUSINESS, Card, NAMELESS, Table};
use super::names::{NameLevel, Names, ONE_IN_A_HUNDRED, compare_names, names_may_agree};
use super::places::{Part, PlaceLevel, Places, compare_places};
use super::settings::{Bits, ResolveSettings, Weights};
use crate::model::entities::Evidence;

/// How two particulars that are either the same or not compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// Missing on either side.
    Missing,
    Same,
    Different,
}

impl Match {
    pub(super) fn of(a: u32, b: u32) -> Match {
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

/// Lines of an account.
const LINES: usize = 15;
/// What an address must say, bits, for two names at it to be slips of a third, where the night's names are often replaced.
const ADDRESS_EXPLAINS: f32 = 6.0;

/// What a building must say, bits, to be like those at which names were tallied: few share it.
const TALLIED: f32 = 10.0;

/// All comparisons of one pair.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparison {
    pub names: Names,
    pub places: Places,
    pub phone: Match,
    pub email: Match,
    pub registration: Match,
    same_country: bool,
    /// Whether names of this kind can be one party at all.
    open: bool,
    /// Whether the addresses say that it may well be the same place.
    close: bool,
    /// Whether words of names are replaced this night, so that two such names may both be slips of a third.
    replaced_open: bool,
    /// From the night's chance that two declarations are one party to the shipped one, bits.
    population: f32,
    /// Both are firms of the same full name.
    firms: bool,
    bits: [f32; LINES],
}

impl Comparison {
    /// Weight of all evidence, bits.
    pub(super) fn total(&self) -> f32 {
        self.bits.iter().sum()
    }

    /// Weight of all evidence without the doubt whether another of the household is meant, bits: what ranks links.
    /// Where the tally of such pairs is all the evidence, it ranks them too.
    pub(super) fn strength(&self) -> f32 {
        self.bits[..LINES - 1].iter().sum::<f32>().max(self.total())
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
            level if level.is_doubtful() => {
                let similar = level == NameLevel::Similar && self.places.level == PlaceLevel::Vicinity;
                let met = contact || similar || self.places.may_be_home();
                let line = if self.open { settings.merge_household } else { f64::INFINITY };
                return met && self.registration != Match::Different && total >= line;
            }
            NameLevel::Nameless => {
                return self.registration == Match::Same
                    || self.places.level.is_same_building()
                        && mailbox_or_number
                        && self.registration != Match::Different;
            }
            _ => {}
        }
        // Two persons of one name: another address, or flat, and another telephone.
        let strangers =
            matches!(self.places.level, PlaceLevel::Different | PlaceLevel::OtherUnit | PlaceLevel::Vicinity)
                && self.phone == Match::Different
                && self.email != Match::Same
                && self.registration != Match::Same
                && !self.firms;
        // A name with a slip in it, at another house and another flat: neighbours of one campus or estate.
        let elsewhere = self.places.house == Part::Different && self.places.unit == Part::Different;
        let neighbours = elsewhere && self.names.level != NameLevel::Same && !mailbox_or_number;
        if neighbours && self.registration != Match::Same {
            return false;
        }
        let met = contact || self.close;
        let line = if contact || self.firms { settings.merge } else { settings.merge_by_name };
        // A name alone is judged among all who may bear it, not among the few of the night.
        let total = if met { total } else { total + f64::from(self.population) };
        !strangers && self.registration != Match::Different && total >= line
    }

    /// Whether the names are those of two persons, and not both slips of a third at the same address.
    pub(super) fn names_two(&self) -> bool {
        let explained = self.replaced_open && self.places.bits() >= ADDRESS_EXPLAINS;
        self.names.level.is_doubtful() && !self.open && !explained
    }

    /// Whether the two cannot stand in one entity, whatever links them to others of it.
    pub(super) fn contradicts(&self) -> bool {
        let elsewhere = self.places.level == PlaceLevel::Different && self.phone == Match::Different;
        self.names_two()
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
            ("street", self.places.street.text()),
            ("house number", self.places.house.text()),
            ("flat", self.places.unit.text()),
            ("postcode", self.places.postcode.text()),
            ("city", self.places.city.text()),
            ("region", self.places.region.text()),
            ("phone", self.phone.text()),
            ("email", self.email.text()),
            ("registration", self.registration.text()),
            ("country", country),
            ("household", "as often as such names at one address are those of two persons"),
        ];
        lines
            .into_iter()
            .zip(self.bits)
            .filter(|((field, _), weight)| *weight != 0.0 || *field == "name")
            .map(|((field, level), weight)| Evidence { field, level, weight })
            .collect()
    }
}

/// Compares two parties in every particular.
pub(super) fn compare(table: &Table, bits: &Bits, a: u32, b: u32) -> Comparison {
    with_names(table, bits, a, b, compare_names(table, bits, a, b))
}

/// As [`compare`], but nothing where the names already say that they are two.
pub(super) fn compare_if_names_fit(table: &Table, bits: &Bits, a: u32, b: u32) -> Option<Comparison> {
    let apart = || !names_may_agree(&table.cards[a as usize], &table.cards[b as usize]);
    if table.open == Open::default() && apart() {
        return None;
    }
    let names = compare_names(table, bits, a, b);
    table.open.allows(names.level).then(|| with_names(table, bits, a, b, names))
}

/// Which doubtful names can be one party: those that another person of the household is not too likely to have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Open {
    similar: bool,
    replaced: bool,
    different: bool,
}

impl Open {
    pub(super) fn new(weights: &Weights, settings: &ResolveSettings) -> Open {
        let open = |others: f64| -others.log2() >= settings.merge_household;
        Open {
            similar: open(weights.others_similar),
            replaced: open(weights.others_replaced),
            different: open(weights.others_different),
        }
    }
    pub(super) fn allows(self, level: NameLevel) -> bool {
        match level {
            NameLevel::Similar => self.similar,
            NameLevel::Replaced => self.replaced,
            NameLevel::Different => self.different,
            _ => true,
        }
    }
    /// Whether a word of the name may be replaced.
    pub(super) fn replaced(self) -> bool {
        self.replaced
    }
    /// Whether any is.
    pub(super) fn any(self) -> bool {
        self.similar || self.replaced
    }
}

/// Whether a name has two words of which each is rarer than one in a hundred.
fn is_distinctive(card: &Card) -> bool {
    matches!(card.rarest(), Some((first, second)) if first != second && card.bits(second) >= ONE_IN_A_HUNDRED)
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
            places.street_bits = 0.0;
        }
        let locality = places.postcode_bits + places.city_bits;
        if locality < -1.0 {
            (places.postcode_bits, places.city_bits) = (-1.0, 0.0);
        } else if places.postcode_bits > 0.0 && places.city_bits > 0.0 {
            // The city is often in a firm's name.
            (places.postcode_bits, places.city_bits) = (places.postcode_bits.max(places.city_bits), 0.0);
        }
    }
    let says = |a: u8, b: u8| f32::from(a.min(b)) / 8.0;
    let weigh = |level, same: f32, different: f32| match level {
        Match::Missing => 0.0,
        Match::Same => same,
        Match::Different => different,
    };
    let phone_different = if firms { 0.0 } else { bits.phone_different };
    let mut all = [
        bits.prior,
        names.bits,
        if firms { bits.firm_same + if is_distinctive(one) { bits.firm_few } else { 0.0 } } else { 0.0 },
        places.building_bits,
        places.street_bits,
        places.house_bits,
        places.unit_bits,
        places.postcode_bits,
        places.city_bits,
        places.region_bits,
        weigh(phone, says(one.phone_says, two.phone_says), phone_different),
        weigh(email, says(one.email_says, two.email_says), if firms { 0.0 } else { bits.email_different }),
        weigh(registration, bits.registration_same, bits.registration_different),
        if same_country { 0.0 } else { bits.country_different },
        0.0,
    ];
    let others = match names.level {
        NameLevel::Similar => bits.others_similar,
        NameLevel::Replaced => bits.others_replaced,
        NameLevel::Different => bits.others_different,
        _ => 0.0,
    };
    if others > 0.0 {
        // Odds of one party against strangers and against others of the household together.
        let sum = all.iter().sum::<f32>();
        let odds = f64::from(sum).exp2();
        let tallied = places.level.is_same_building() && places.building_bits >= TALLIED;
        all[LINES - 1] = if table.open.allows(names.level) && tallied {
            // Such names were tallied at one building, so that the tally is all the evidence.
            -others.log2() as f32 - sum
        } else {
            -(odds.mul_add(others, 1.0).log2()) as f32
        };
    }
    let open = table.open.allows(names.level);
    let population = bits.population;
    let close = places.is_close(table.open);
    let replaced_open = table.open.replaced();
    Comparison {
        names,
        places,
        phone,
        email,
        registration,
        same_country,
        open,
        close,
        replaced_open,
        population,
        firms,
        bits: all,
    }
}
