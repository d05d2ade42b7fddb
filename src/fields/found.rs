//! The offending text inside an error message.

use std::fmt;

/// Longest excerpt kept, in characters.
const LIMIT: usize = 40;

/// A short excerpt of declared text for an error message; printed in quotes with control characters
/// escaped, and with `…` where it was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    text: Box<str>,
    cut: bool,
}

impl Found {
    /// Keeps the first characters of `text`. One allocation; only errors pay it.
    pub fn new(text: &str) -> Self {
        match text.char_indices().nth(LIMIT) {
            Some((end, _)) => Found { text: text[..end].into(), cut: true },
            None => Found { text: text.into(), cut: false },
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = if self.cut { "…" } else { "" };
        write!(f, "{:?}{rest}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_escapes_and_cuts() {
        assert_eq!(Found::new("a\tb").to_string(), r#""a\tb""#);
        assert_eq!(Found::new(&"é".repeat(41)).to_string(), format!("\"{}\"…", "é".repeat(40)));
        assert_eq!(Found::new(&"é".repeat(40)).to_string(), format!("\"{}\"", "é".repeat(40)));
    }
}
