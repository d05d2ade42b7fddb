//! Matching keys of postcodes.

use std::borrow::Cow;

/// Words that stand where no postcode is known.
const PLACEHOLDERS: [&str; 7] = ["NA", "NONE", "NULL", "NIL", "UNKNOWN", "NAN", "XXXXX"];

/// The postcode with ASCII letters in upper case and digits only: `sw1a 1aa` becomes `SW1A1AA`.
///
/// `None` when nothing remains, for placeholder words, and when all digits of a purely numeric code
/// of three or more digits are the same (`00000`, `99999`). `12345` is kept: it is a real postcode
/// in several countries. Full-width letters and digits count as plain ones.
///
/// Cost: no allocation where the text already has this form.
pub fn postcode_key(text: &str) -> Option<Cow<'_, str>> {
    let trimmed = text.trim();
    let clean = trimmed.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    let key =
        if clean { Cow::Borrowed(trimmed) } else { Cow::Owned(trimmed.chars().filter_map(plain).collect()) };
    let bytes = key.as_bytes();
    let first = *bytes.first()?;
    let repeated = bytes.len() >= 3 && first.is_ascii_digit() && bytes.iter().all(|b| *b == first);
    (!repeated && !PLACEHOLDERS.contains(&key.as_ref())).then_some(key)
}

fn plain(character: char) -> Option<char> {
    let narrow = match character as u32 {
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0)?,
        _ => character,
    };
    narrow.is_ascii_alphanumeric().then(|| narrow.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys() {
        assert_eq!(postcode_key("sw1a 1aa").as_deref(), Some("SW1A1AA"));
        assert_eq!(postcode_key(" 00-950 ").as_deref(), Some("00950"));
        assert_eq!(postcode_key("１２３-4567").as_deref(), Some("1234567"));
        assert!(matches!(postcode_key("10115"), Some(Cow::Borrowed("10115"))));
        assert_eq!(postcode_key("12345").as_deref(), Some("12345"));
    }

    #[test]
    fn placeholders() {
        for text in ["", "  ", "-", "00000", "999 99", "n/a", "unknown"] {
            assert_eq!(postcode_key(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn keys_are_their_own_key(text in "\\PC*") {
            if let Some(key) = postcode_key(&text) {
                let again = postcode_key(&key);
                prop_assert_eq!(again.as_deref(), Some(key.as_ref()));
            }
        }
    }
}
