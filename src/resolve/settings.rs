//! Settings of the resolution: how much each agreement says, and where to draw the line.

use crate::ranges::{above_zero, finite, from_one, from_zero, share};
use serde::{Deserialize, Serialize};

/// How often two declarations stand in a relation: among pairs of one party, and among pairs of two.
///
/// The weight of evidence is `log2(m / u)`, after Fellegi and Sunter (1969).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Odds {
    /// Share among pairs that are one party.
    #[serde(deserialize_with = "above_zero")]
    pub m: f64,
    /// Share among pairs that are two parties.
    #[serde(deserialize_with = "above_zero")]
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
    #[serde(deserialize_with = "finite")]
    pub merge: f64,
    /// The same where nothing but the name and the place agree, bits.
    #[serde(deserialize_with = "finite")]
    pub merge_by_name: f64,
    /// A link of less weight joins only groups whose members are linked throughout, bits.
    #[serde(deserialize_with = "finite")]
    pub sure: f64,
    /// The same where a word of the name is another, or only much alike, and so another of the household may be
    /// meant, bits.
    #[serde(deserialize_with = "finite")]
    pub merge_household: f64,
    /// From this number of declarations on, an entity takes in others only by strong links.
    pub large_entity: u32,
    /// Weight of a strong link, bits.
    #[serde(deserialize_with = "finite")]
    pub merge_large: f64,
    /// A name of initials that fits two different persons goes to one of them only where it fits better by
    /// so many bits; to neither otherwise.
    #[serde(deserialize_with = "finite")]
    pub margin: f64,
    /// Largest block in which every pair is compared.
    pub block: usize,
    /// Largest block of the rules for slips in several fields; larger ones hold what other rules find.
    pub small_block: usize,
    /// In larger blocks each declaration is compared with so many neighbours in the order of names.
    pub window: usize,
    /// Whether the night's own pairs correct the weights.
    pub estimate: bool,
    /// Pairs that a shipped weight counts as much as, against those of the night.
    #[serde(deserialize_with = "from_zero")]
    pub shipped_pairs: f64,
    /// Most times by which the night can raise or lower a share.
    #[serde(deserialize_with = "from_one")]
    pub most_change: f64,
    /// How much each agreement says.
    pub weights: Weights,
}

impl Default for ResolveSettings {
    fn default() -> Self {
        ResolveSettings {
            merge: 3.0,
            merge_by_name: 6.0,
            merge_household: 2.0,
            sure: 4.5,
            large_entity: 25,
            merge_large: 10.0,
            margin: 4.0,
            block: 24,
            small_block: 12,
            window: 8,
            estimate: true,
            shipped_pairs: 200.0,
            most_change: 8.0,
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
    #[serde(deserialize_with = "above_zero")]
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
    /// Nothing but one word agrees, and the other name has more: a surname may be anybody's of the family.
    pub lone_word: Odds,
    /// A word is written much alike; `u` as for the same word.
    pub word_similar: Odds,
    /// Each name has a word that is not in the other.
    pub word_different: Odds,
    /// Most that a name can say, bits.
    #[serde(deserialize_with = "finite")]
    pub name_most: f64,
    /// The whole name of a firm is the same, beyond what its words say: names of firms are chosen to differ.
    pub firm_same: Odds,
    /// Both are firms, in a night of which few are; only for names of two words that few share, as a word of business says
    /// already that it is a firm.
    #[serde(deserialize_with = "finite")]
    pub firm_few: f64,
    /// Others of the household to one party, among pairs at one address with a word of the name much alike.
    #[serde(deserialize_with = "above_zero")]
    pub others_similar: f64,
    /// The same where one word of the name is another.
    #[serde(deserialize_with = "above_zero")]
    pub others_replaced: f64,
    /// The same where the names are different altogether.
    #[serde(deserialize_with = "above_zero")]
    pub others_different: f64,
    /// The building is the same, in a house of one family; see `crowd`.
    pub building_same: Odds,
    /// The street is the same, the house number is not; `u` is a multiple of the street's own frequency.
    pub street_same: Odds,
    /// The street is the same but for slips or words cut differently.
    pub street_near: Odds,
    /// One of two lines of the address is the same.
    pub street_some: Odds,
    /// The streets differ.
    pub street_different: Odds,
    /// Most that the same street can say, bits.
    #[serde(deserialize_with = "finite")]
    pub street_most: f64,
    /// The house number is the same.
    pub house_same: Odds,
    /// The house number is the same but for a slip.
    pub house_near: Odds,
    /// The house numbers differ.
    pub house_different: Odds,
    /// The postcode is the same but for a slip.
    pub postcode_near: Odds,
    /// The postcodes differ, the cities do not.
    pub postcode_different: Odds,
    /// The city is the same but for a slip.
    pub city_near: Odds,
    /// The cities differ, the postcodes do not.
    pub city_different: Odds,
    /// The state or province is the same.
    pub region_same: Odds,
    /// The states or provinces differ.
    pub region_different: Odds,
    /// The flat is the same too.
    pub unit_same: Odds,
    /// The flats differ.
    pub unit_different: Odds,
    /// The addresses differ as a whole.
    pub address_different: Odds,
    /// So many names at one building, telephone or mailbox are ordinary.
    #[serde(deserialize_with = "above_zero")]
    pub household: f64,
    /// Bits lost with each doubling of the names beyond that.
    #[serde(deserialize_with = "from_zero")]
    pub crowd: f64,
    /// Most that the same postcode or city can say where nothing else of the address agrees, bits.
    #[serde(deserialize_with = "finite")]
    pub place_most: f64,
    /// Most that it can say beside a street or a house number, bits.
    #[serde(deserialize_with = "finite")]
    pub place_most_near: f64,
    /// Of postcode and city, how much of what the lesser says counts beside the other, 0 to 1: nothing where a postcode
    /// has one city.
    #[serde(deserialize_with = "share")]
    pub place_both: f64,
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
    #[serde(deserialize_with = "from_zero")]
    pub frequency_parties: f64,
    /// Frequency of a word that no list knows, before the data has spoken.
    #[serde(deserialize_with = "above_zero")]
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
            lone_word: Odds::new(0.05, 0.45),
            word_similar: Odds::new(0.03, 4.0),
            word_different: Odds::new(0.002, 0.99),
            name_most: 24.0,
            firm_same: Odds::new(0.8, 0.05),
            firm_few: 0.0,
            others_similar: 20.0,
            others_replaced: 50.0,
            others_different: 1000.0,
            building_same: Odds::new(0.7, 1e-5),
            street_same: Odds::new(0.6, 1.0),
            street_near: Odds::new(0.15, 1e-3),
            street_some: Odds::new(0.1, 0.02),
            street_different: Odds::new(0.06, 0.97),
            street_most: 10.0,
            house_same: Odds::new(0.9, 0.02),
            house_near: Odds::new(0.03, 0.12),
            house_different: Odds::new(0.05, 0.85),
            postcode_near: Odds::new(0.05, 0.01),
            postcode_different: Odds::new(0.1, 0.95),
            city_near: Odds::new(0.05, 0.005),
            city_different: Odds::new(0.15, 0.95),
            region_same: Odds::new(0.9, 0.3),
            region_different: Odds::new(0.08, 0.7),
            unit_same: Odds::new(0.8, 0.1),
            unit_different: Odds::new(0.05, 0.8),
            address_different: Odds::new(0.06, 1.0),
            household: 3.0,
            crowd: 1.25,
            place_most: 5.0,
            place_most_near: 9.0,
            place_both: 0.0,
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

macro_rules! bits {
    ($($odds:ident)*; $($most:ident)*; $($others:ident)*) => {
        /// The weights as bits, computed once a run; others of the household as odds.
        #[derive(Clone, Debug)]
        pub(super) struct Bits {
            pub prior: f32,
            /// From that prior to the shipped one.
            pub population: f32,
            $(pub $odds: f32,)*
            $(pub $most: f32,)*
            $(pub $others: f64,)*
        }

        impl Bits {
            pub(super) fn new(w: &Weights, shipped: &Weights) -> Self {
                let prior = |w: &Weights| (w.prior / (1.0 - w.prior)).log2() as f32;
                Bits {
                    prior: prior(w),
                    population: prior(shipped) - prior(w),
                    $($odds: w.$odds.bits() as f32,)*
                    $($most: w.$most as f32,)*
                    $($others: w.$others,)*
                }
            }
        }
    };
}

bits! {
    word_same word_sound word_typo word_short word_initial word_missing lone_word word_similar word_different firm_same
    street_same street_near street_some street_different house_same house_near house_different
    unit_same unit_different address_different postcode_near postcode_different city_near city_different
    region_same region_different
    place_different phone_different email_different registration_same registration_different country_different;
    name_most place_most place_most_near place_both firm_few;
    others_similar others_replaced others_different
}
