//! The nature of a transaction: the category boxes of CN 22 and CN 23.

use super::lists::rows;
use super::text::fold;
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

/// Category of the contents as the sender declared it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Nature {
    /// Sale of goods.
    Sale,
    /// Gift.
    Gift,
    /// Documents.
    Documents,
    /// Commercial sample.
    Sample,
    /// Returned goods.
    Returned,
    /// Declared as something else.
    Other,
    /// Not declared, or not understood.
    #[default]
    Unknown,
}

impl Nature {
    /// Every nature.
    pub const ALL: [Nature; 7] = [
        Nature::Sale,
        Nature::Gift,
        Nature::Documents,
        Nature::Sample,
        Nature::Returned,
        Nature::Other,
        Nature::Unknown,
    ];

    /// The word of the input column.
    pub const fn name(self) -> &'static str {
        match self {
            Nature::Sale => "sale",
            Nature::Gift => "gift",
            Nature::Documents => "documents",
            Nature::Sample => "sample",
            Nature::Returned => "returned",
            Nature::Other => "other",
            Nature::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Nature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Reads the nature from the words of the input column, the UPU codes (11 sale, 21 returned, 31 gift,
/// 32 sample, 91 documents, 999 other), the letters `G D M R O`, or a synonym in one of many
/// languages. The letter `S` is not accepted, because forms use it for sale and for sample alike.
///
/// Anything else is [`Nature::Unknown`]. The words of the input column cost no allocation, others one.
pub fn parse_nature(text: &str) -> Nature {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Nature::Unknown;
    }
    if let Some(nature) = Nature::ALL.into_iter().find(|n| n.name().eq_ignore_ascii_case(trimmed)) {
        return nature;
    }
    let mut word = String::new();
    fold(trimmed, &mut word);
    WORDS.get(&word).copied().unwrap_or_default()
}

static WORDS: LazyLock<HashMap<String, Nature>> = LazyLock::new(|| {
    rows(include_str!("data/natures.csv"))
        .filter_map(|row| {
            let (word, nature) = (row.get(0)?, row.get(1)?);
            let mut folded = String::new();
            fold(word, &mut folded);
            Nature::ALL.into_iter().find(|n| n.name() == nature).map(|n| (folded, n))
        })
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_codes_and_letters() {
        for (text, expected) in [
            ("sale", Nature::Sale),
            ("SALE_GOODS", Nature::Sale),
            ("Sale of goods", Nature::Sale),
            ("11", Nature::Sale),
            ("GIFT", Nature::Gift),
            (" Geschenk ", Nature::Gift),
            ("g", Nature::Gift),
            ("cadeau", Nature::Gift),
            ("regalo", Nature::Gift),
            ("禮品", Nature::Gift),
            ("31", Nature::Gift),
            ("91", Nature::Documents),
            ("COMMERCIAL_SAMPLE", Nature::Sample),
            ("Commercial-Sample", Nature::Sample),
            ("32", Nature::Sample),
            ("échantillon commercial", Nature::Sample),
            ("RETURNED_GOODS", Nature::Returned),
            ("21", Nature::Returned),
            ("Rücksendung", Nature::Returned),
            ("999", Nature::Other),
            ("Sonstiges", Nature::Other),
            ("", Nature::Unknown),
            ("S", Nature::Unknown),
            ("?", Nature::Unknown),
        ] {
            assert_eq!(parse_nature(text), expected, "{text}");
        }
    }

    #[test]
    fn the_list_is_sound() {
        let mut seen: HashMap<String, String> = HashMap::new();
        for row in rows(include_str!("data/natures.csv")) {
            let (word, nature) = (&row[0], &row[1]);
            assert_eq!(parse_nature(word).name(), nature, "{word}");
            let mut folded = String::new();
            fold(word, &mut folded);
            assert_eq!(*seen.entry(folded).or_insert(nature.to_owned()), nature, "{word}");
        }
    }

    proptest! {
        #[test]
        fn names_read_back(text in "\\PC*") {
            let nature = parse_nature(&text);
            prop_assert_eq!(parse_nature(nature.name()), nature);
        }
    }
}
