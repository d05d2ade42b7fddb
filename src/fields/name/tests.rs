//! Tests of party names.

use super::*;
use proptest::prelude::*;

fn name(text: &str) -> PartyName {
    PartyName::parse(text, &mut String::new())
}

#[test]
fn keys() {
    for (text, key) in [
        ("Mr. John Smith", "john smith"),
        ("SMITH, John", "john smith"),
        ("Herr Dr. Jürgen Müller", "jurgen muller"),
        ("Mueller Jürgen", "jurgen muller"),
        ("Sra. María José García", "garcia jose maria"),
        ("O'Brien, Pat", "obrien pat"),
        ("Shenzhen Foo Technology Co., Ltd.", "foo shenzhen technology"),
        ("FOO TECH CO LTD SHENZHEN", "foo shenzhen technology"),
        ("Kowalski Sp. z o.o.", "kowalski"),
        ("ООО Ромашка", "romashka"),
        ("Mr", "mr"),
        ("", ""),
    ] {
        assert_eq!(name(text).key(), key, "{text}");
    }
}

#[test]
fn businesses() {
    for text in [
        "Bosch GmbH",
        "Total SA",
        "Garcia S.A.",
        "Maersk A/S",
        "Acme Trading",
        "ACME EXPORT CO",
        "Foo s.r.l.",
        "UAB Baltic",
        "Yiwu Wing E-Commerce Firm",
    ] {
        assert!(name(text).is_business(), "{text}");
    }
    for text in ["Nguyen Van Sa", "SMITH AS", "Garcia, S. A.", "Li Co", "Joanna Kowalska", "Pan Wei"] {
        assert!(!name(text).is_business(), "{text}");
    }
    assert_eq!(name("Total SA").key(), "total");
}

#[test]
fn placeholders() {
    for text in [
        "",
        " - ",
        "Unknown",
        "N/A",
        "private",
        "TEST test",
        "xxxx",
        "12345",
        "a",
        "550e8400-e29b-41d4-a716-446655440000",
    ] {
        assert!(name(text).is_placeholder(), "{text}");
    }
    assert!(!name("Test Rossa").is_placeholder() && !name("Li").is_placeholder());
    assert!(name("550E8400-E29B-41D4-A716-446655440000").is_uuid());
    assert!(!name("550e8400-e29b-41d4-a716").is_uuid());
}

#[test]
fn random_tails_are_apart() {
    let first = name("John Smith aX3+Q");
    assert_eq!((first.key(), first.suspicious_tail()), ("john smith", Some("aX3+Q")));
    assert_eq!(name("Foo GmbH").suspicious_tail(), None);
}

#[test]
fn initials() {
    assert!(name("J. Smith").has_initials() && !name("John Smith").has_initials());
    for (a, b) in [
        ("J Smith", "Smith John"),
        ("John A Smith", "John Smith"),
        ("J. A. Smith", "John Adam Smith"),
        ("Smith", "Smith"),
    ] {
        assert!(name(a).agrees_with(&name(b)) && name(b).agrees_with(&name(a)), "{a} {b}");
    }
    for (a, b) in [("J Smith", "Smith Peter"), ("J S", "John Smith"), ("John Smith", "John"), ("", "")] {
        assert!(!name(a).agrees_with(&name(b)) && !name(b).agrees_with(&name(a)), "{a} {b}");
    }
}

proptest! {
    #[test]
    fn never_panics(text in "\\PC*|([a-zA-Z.]{1,5} ){0,40}", other in "\\PC*") {
        let (a, b) = (name(&text), name(&other));
        prop_assert_eq!(a.agrees_with(&b), b.agrees_with(&a));
    }
}
