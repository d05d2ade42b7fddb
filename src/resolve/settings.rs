//! Settings of the resolution: how much each agreement says, and where to draw the line.

use serde::{Deserialize, Serialize};

/// How often two declarations stand in a relation: among pairs of one party, and among pairs of two.
///
/// The weight of evidence is `log2(m / u)`, after Fellegi and Sunter (1969).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Odds {
    /// Share among pairs that are one party.
    pub m: f64,
    /// Share among pairs that are two parties.
    pub u: f64,
}

impl Odds {
    const fn new(m: f64, u: f64) -> Self {
        Odds { m, u }
    }
    /// The weight, in bits.
    pub fn bits(self) -> f64 {
        (self.m / self.u).log2()
    }
}

/// Who is who: the line between one party and two, and the limits that keep the work linear.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResolveSettings {
    /// Two declarations are one party from this weight on, bits, where they share a building, a telephone,
    /// an e-mail address or a registration, or are firms of one name.
    pub merge: f64,
    /// The same where nothing but the name and the place agree, bits.
    pub merge_by_name: f64,
    /// A link of less weight joins only groups whose members are linked throughout, bits.
    pub sure: f64,
    /// From this number of declarations on, an entity takes in others only by strong links.
    pub large_entity: u32,
    /// Weight of a strong link, bits.
    pub merge_large: f64,
    /// A name of initials that fits two different persons goes to one of them only where it fits better by
    /// so many bits; to neither otherwise.
    pub margin: f64,
    /// Largest block in which every pair is compared.
    pub block: usize,
    /// In larger blocks each declaration is compared with so many neighbours in the order of names.
    pub window: usize,
    /// How much each agreement says.
    pub weights: Weights,
}

impl Default for ResolveSettings {
    fn default() -> Self {
        ResolveSettings {
            merge: 3.0,
            merge_by_name: 6.0,
            sure: 4.5,
            large_entity: 25,
            merge_large: 10.0,
            margin: 4.0,
            block: 24,
            window: 8,
            weights: Weights::default(),
        }
    }
}

/// Evidence by field and level of agreement.
///
/// The shipped values are judgements, to be replaced by estimates from data; each `u` of a rare agreement is the
/// chance in a table of about a million parties.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    /// Chance that two declarations taken at random are one party.
    pub prior: f64,
    /// A word of the name is the same; `u` is a multiple of the word's own frequency.
    pub word_same: Odds,
    /// A word is the same in another romanisation or cut differently; `u` as above.
    pub word_sound: Odds,
    /// A word is the same but for a slip of the pen; `u` as above.
    pub word_typo: Odds,
    /// A word of one name begins a word of the other; `u` as above.
    pub word_short: Odds,
    /// An initial of one name fits a word of the other.
    pub word_initial: Odds,
    /// A word of one name is missing from the other.
    pub word_missing: Odds,
    /// Each name has a word that is not in the other.
    pub word_different: Odds,
    /// Most that a name can say, bits.
    pub name_most: f64,
    /// The whole name of a firm is the same, beyond what its words say: names of firms are chosen to differ.
    pub firm_same: Odds,
    /// The building is the same, in a house of one family; see `crowd`.
    pub building_same: Odds,
    /// The house number is the same and the street nearly so.
    pub building_near: Odds,
    /// The street is the same, one house number is missing.
    pub street_same: Odds,
    /// The flat is the same too.
    pub unit_same: Odds,
    /// The flats differ.
    pub unit_different: Odds,
    /// The addresses differ.
    pub address_different: Odds,
    /// So many names at one building, telephone or mailbox are ordinary.
    pub household: f64,
    /// Bits lost with each doubling of the names beyond that.
    pub crowd: f64,
    /// Most that the same postcode or city can say, bits.
    pub place_most: f64,
    /// Postcodes and cities differ.
    pub place_different: Odds,
    /// The telephone is the same; see `crowd`.
    pub phone_same: Odds,
    /// Telephones differ.
    pub phone_different: Odds,
    /// The mailbox is the same; see `crowd`.
    pub email_same: Odds,
    /// Mailboxes differ.
    pub email_different: Odds,
    /// The registration is the same.
    pub registration_same: Odds,
    /// Registrations of one form differ.
    pub registration_different: Odds,
    /// The countries differ.
    pub country_different: Odds,
    /// Declarations that the shipped frequencies of words weigh as much as.
    pub frequency_parties: f64,
    /// Frequency of a word that no list knows, before the data has spoken.
    pub frequency_unknown: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Weights {
            prior: 1e-6,
            word_same: Odds::new(0.95, 1.0),
            word_sound: Odds::new(0.3, 1.2),
            word_typo: Odds::new(0.15, 1.5),
            word_short: Odds::new(0.1, 2.0),
            word_initial: Odds::new(0.5, 0.08),
            word_missing: Odds::new(0.1, 0.3),
            word_different: Odds::new(0.002, 0.99),
            name_most: 24.0,
            firm_same: Odds::new(0.8, 0.05),
            building_same: Odds::new(0.7, 1e-5),
            building_near: Odds::new(0.1, 1e-4),
            street_same: Odds::new(0.05, 5e-4),
            unit_same: Odds::new(0.8, 0.1),
            unit_different: Odds::new(0.05, 0.8),
            address_different: Odds::new(0.06, 1.0),
            household: 3.0,
            crowd: 1.25,
            place_most: 5.0,
            place_different: Odds::new(0.3, 1.0),
            phone_same: Odds::new(0.6, 5e-7),
            phone_different: Odds::new(0.12, 1.0),
            email_same: Odds::new(0.6, 5e-7),
            email_different: Odds::new(0.25, 1.0),
            registration_same: Odds::new(0.9, 2e-8),
            registration_different: Odds::new(0.001, 1.0),
            country_different: Odds::new(0.01, 1.0),
            frequency_parties: 5_000.0,
            frequency_unknown: 5e-4,
        }
    }
}

/// The weights as bits, computed once a run.
#[derive(Clone, Debug)]
pub(super) struct Bits {
    pub prior: f32,
    pub word_same: f32,
    pub word_sound: f32,
    pub word_typo: f32,
    pub word_short: f32,
    pub word_initial: f32,
    pub word_missing: f32,
    pub word_different: f32,
    pub name_most: f32,
    pub firm_same: f32,
    pub building_near: f32,
    pub street_same: f32,
    pub unit_same: f32,
    pub unit_different: f32,
    pub address_different: f32,
    pub place_most: f32,
    pub place_different: f32,
    pub phone_different: f32,
    pub email_different: f32,
    pub registration_same: f32,
    pub registration_different: f32,
    pub country_different: f32,
}

impl Bits {
    pub(super) fn new(w: &Weights) -> Self {
        let bits = |odds: Odds| odds.bits() as f32;
        Bits {
            prior: (w.prior / (1.0 - w.prior)).log2() as f32,
            word_same: bits(w.word_same),
            word_sound: bits(w.word_sound),
            word_typo: bits(w.word_typo),
            word_short: bits(w.word_short),
            word_initial: bits(w.word_initial),
            word_missing: bits(w.word_missing),
            word_different: bits(w.word_different),
            name_most: w.name_most as f32,
            firm_same: bits(w.firm_same),
            building_near: bits(w.building_near),
            street_same: bits(w.street_same),
            unit_same: bits(w.unit_same),
            unit_different: bits(w.unit_different),
            address_different: bits(w.address_different),
            place_most: w.place_most as f32,
            place_different: bits(w.place_different),
            phone_different: bits(w.phone_different),
            email_different: bits(w.email_different),
            registration_same: bits(w.registration_same),
            registration_different: bits(w.registration_different),
            country_different: bits(w.country_different),
        }
    }
}
