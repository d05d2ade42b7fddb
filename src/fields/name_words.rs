//! The words that surround the name proper.

use super::phrases::Phrases;
use std::sync::LazyLock;

/// What a word of the list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A title, wherever it stands.
    Title,
    /// A title where it stands first.
    LeadTitle,
    /// A legal form behind a name.
    Legal,
    /// A legal form before a name.
    LeadLegal,
    /// A legal form that can also be a person's name or initials.
    WeakLegal,
    /// A word that only businesses carry.
    Business,
    /// A whole name that names nobody.
    Placeholder,
}

/// The list.
pub(super) static WORDS: LazyLock<Phrases<Kind>> =
    LazyLock::new(|| Phrases::new(include_str!("data/name_words.csv"), kind));

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "title" => Kind::Title,
        "lead_title" => Kind::LeadTitle,
        "legal" => Kind::Legal,
        "lead_legal" => Kind::LeadLegal,
        "weak_legal" => Kind::WeakLegal,
        "business" => Kind::Business,
        "placeholder" => Kind::Placeholder,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_understood() {
        assert_eq!(WORDS.len(), include_str!("data/name_words.csv").lines().count() - 1);
    }
}
