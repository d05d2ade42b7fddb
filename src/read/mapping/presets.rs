//! The mappings that are built in.

use super::Mapping;
use std::sync::LazyLock;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        /// Names and texts of the built-in mapping files; of two that fit the earlier one is taken.
        const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("presets/", $name, ".toml")))),*];
    };
}

files![
    "xfzb",
    "xfhl",
    "xfwb",
    "itmatt-xml",
    "itmatt-json",
    "itmatt-csv",
    "itmatt-post",
    "itmatt-form",
    "h7-xml",
    "h7-csv",
];

/// Those of the parts of Cargo-IMP, which its own reader names.
const OF_PARTS: [(&str, &str); 2] =
    [("fhl", include_str!("presets/fhl.toml")), ("fwb", include_str!("presets/fwb.toml"))];

static PRESETS: LazyLock<Vec<Mapping>> = LazyLock::new(|| {
    // A broken one is caught by the tests; the others are of use even then.
    FILES.iter().filter_map(|(name, text)| Mapping::parse(text, name).ok()).collect()
});

/// The built-in mappings, in the order in which they are tried.
pub fn presets() -> &'static [Mapping] {
    &PRESETS
}

static CORRECTED: LazyLock<Vec<Mapping>> =
    LazyLock::new(|| PRESETS.iter().map(|m| m.corrected().unwrap_or_else(|| m.clone())).collect());

/// The built-in mappings, those that carry corrections of customs with these in the place of what was declared.
pub(in crate::read) fn corrected_presets() -> &'static [Mapping] {
    &CORRECTED
}

/// The built-in mapping of that name.
pub fn preset(name: &str) -> Option<Mapping> {
    PRESETS.iter().find(|m| m.name == name).cloned()
}

/// The names of the built-in mappings.
pub fn preset_names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|f| f.0)
}

/// The text of a built-in mapping file, those of Cargo-IMP too, as an example to start from.
pub fn preset_text(name: &str) -> Option<&'static str> {
    FILES.iter().chain(&OF_PARTS).find(|f| f.0 == name).map(|f| f.1)
}

/// The mappings that are built in, those of Cargo-IMP behind the others.
pub fn described() -> impl Iterator<Item = Mapping> {
    let parts = OF_PARTS.iter().filter_map(|(name, text)| Mapping::parse(text, name).ok());
    presets().iter().cloned().chain(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_mapping_of_its_name() {
        for (name, text) in FILES.iter().chain(&OF_PARTS) {
            let mapping = Mapping::parse(text, name).unwrap();
            assert_eq!(mapping.name, *name);
            assert!(!mapping.source.is_empty(), "{name} does not say where its layout is known from");
        }
    }
}
