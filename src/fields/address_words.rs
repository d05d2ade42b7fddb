//! The words that structure an address.

use super::phrases::Phrases;
use std::sync::LazyLock;

/// What a word of the list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A kind of street, with one short form for all spellings.
    Street,
    /// A flat, a room, an office; a value follows.
    Unit,
    /// A floor; its number stands before or after.
    Floor,
    /// A building or staircase; a value follows.
    Building,
    /// Says that a house number follows.
    Number,
    /// A month: the number before it is part of a street name.
    Month,
    /// A post office box; its number follows.
    PoBox,
    /// A place where parcels wait for their addressees.
    Pickup,
    /// The same, but not behind a joining word.
    WeakPickup,
    /// Says that a place is no longer what it was.
    Former,
    /// An article or preposition in a street name.
    Joining,
}

/// The list.
pub(super) static WORDS: LazyLock<Phrases<Kind>> =
    LazyLock::new(|| Phrases::new(include_str!("data/address_words.csv"), kind));

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "street" => Kind::Street,
        "unit" => Kind::Unit,
        "floor" => Kind::Floor,
        "building" => Kind::Building,
        "number" => Kind::Number,
        "month" => Kind::Month,
        "po_box" => Kind::PoBox,
        "pickup" => Kind::Pickup,
        "weak_pickup" => Kind::WeakPickup,
        "former" => Kind::Former,
        "joining" => Kind::Joining,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_understood() {
        assert_eq!(WORDS.len(), include_str!("data/address_words.csv").lines().count() - 1);
    }
}
