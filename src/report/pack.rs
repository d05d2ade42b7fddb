//! The report's data: compact, compressed, and text that no browser can take for markup.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use hashbrown::HashMap;
use std::io::Write;

/// Distinct texts in the order of their first use, referred to by number.
#[derive(Default)]
pub(super) struct Words {
    number: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Words {
    /// The number of a text.
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.number.get(text) {
            return number;
        }
        let number = self.texts.len() as u32;
        self.number.insert(text.to_owned(), number);
        self.texts.push(text.to_owned());
        number
    }

    /// The texts by number.
    pub(super) fn texts(self) -> Vec<String> {
        self.texts
    }
}

/// JSON, compressed (zlib) and in base64.
pub(super) fn pack(value: &serde_json::Value) -> String {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    let text = value.to_string();
    // Writing to a vector cannot fail.
    let bytes = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).unwrap_or_default();
    STANDARD.encode(bytes)
}

/// The text by which a content security policy admits one script and no other.
pub(super) fn policy_hash(script: &str) -> String {
    use sha2::Digest;
    format!("sha256-{}", STANDARD.encode(sha2::Sha256::digest(script.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn what_is_packed_can_be_unpacked_and_holds_no_markup() {
        let value = serde_json::json!({ "name": "</script><script>alert(1)</script>" });
        let packed = pack(&value);
        assert!(packed.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b)));
        let bytes = STANDARD.decode(&packed).unwrap();
        let mut text = String::new();
        flate2::read::ZlibDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    #[test]
    fn words_are_numbered_once() {
        let mut words = Words::default();
        assert_eq!(["a", "b", "a"].map(|w| words.number(w)), [0, 1, 0]);
        assert_eq!(words.texts(), ["a", "b"]);
    }

    #[test]
    fn the_policy_names_the_script_by_its_hash() {
        // The SHA-256 of the empty text, in base64.
        assert_eq!(policy_hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }
}
