use super::*;
use crate::fields::hs::parse_hs;

fn mentions(description: &str) -> Vec<(&'static str, Strength)> {
    let found = Goods::shipped().by_words(description, &mut String::new());
    found.into_iter().map(|m| (m.list, m.strength)).collect()
}

#[test]
fn every_word_of_the_list_is_found() {
    let (mut count, mut wrong) = (0, Vec::new());
    for [list, strength, language, text] in rows(include_str!("../data/excluded_words.csv")) {
        let wanted = match strength {
            "3" => Strength::Strong,
            "2" => Strength::Fair,
            "1" => Strength::Weak,
            _ => panic!("{text}: strength {strength}"),
        };
        for description in [text.to_owned(), text.to_uppercase(), format!("2 x {text}, 1 pc")] {
            let found = mentions(&description);
            if !found.iter().any(|&(l, s)| l == list && s >= wanted) {
                wrong.push(format!("{language} {description}: {found:?}"));
            }
        }
        count += 1;
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(count > 350, "{count} rows were read");
}

#[test]
fn every_exception_is_needed_by_its_example_and_clears_it() {
    let shipped = Goods::shipped();
    let (mut count, mut wrong) = (0, Vec::new());
    for [position, _, text, example] in rows(include_str!("../data/excluded_exceptions.csv")) {
        if !mentions(example).is_empty() {
            wrong.push(format!("{position} `{text}` does not clear `{example}`"));
        }
        // The exception must be needed: without it the example names excluded goods.
        let mut folded = String::new();
        fold_words(example, &mut folded);
        let words: Vec<&str> = folded.split(' ').collect();
        let named = (0..words.len()).any(|at| shipped.words.at(&words, at).next().is_some())
            || shipped.unspaced_words.iter().any(|w| example.contains(w.text));
        if !named {
            wrong.push(format!("`{example}` names nothing that `{text}` would have to clear"));
        }
        count += 1;
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(count > 300, "{count} rows were read");
}

#[test]
fn descriptions_as_people_write_them() {
    use Strength::{Fair, Strong, Weak};
    for (description, expected) in [
        ("Single malt whisky 12 years, 0.7l", Some(("alcohol", Strong))),
        ("JOHNNIE WALKER whisky gold label 700ml", Some(("alcohol", Strong))),
        ("6 bottles wine 750ml", Some(("alcohol", Fair))),
        ("wine bottles 6 x 75 cl", Some(("alcohol", Fair))),
        ("Bouteille de vin", Some(("alcohol", Fair))),
        ("Champagne gold 750 ml", Some(("alcohol", Fair))),
        ("Eau de Parfum 100ml for women", Some(("perfume", Strong))),
        ("women's perfume", Some(("perfume", Fair))),
        ("cologne 50ml", Some(("perfume", Weak))),
        ("Marlboro cigarettes 10 packs", Some(("tobacco", Strong))),
        ("Cigars (box of 25)", Some(("tobacco", Strong))),
        ("e-liquid 10ml mango", Some(("tobacco", Strong))),
        ("女士香水50毫升", Some(("perfume", Strong))),
        ("Rotwein aus Österreich", Some(("alcohol", Strong))),
        ("Κρασί κόκκινο", Some(("alcohol", Strong))),
        ("wine red dress", None),
        ("Beer mug", None),
        ("Whisky stones", None),
        ("empty perfume bottle", None),
        ("perfume-free hand cream", None),
        ("Alkoholfreies Bier 0,5l", None),
        ("non-alcoholic beer", None),
        ("cigarette lighter case", None),
        ("USB port", None),
        ("rum raisin chocolate", None),
        ("perfume atomizer", None),
        ("Cotton dress", None),
        ("winery tour voucher", None),
        ("Motoröl 5l", None),
        ("ginger tea", None),
        ("", None),
    ] {
        let found = mentions(description);
        assert_eq!(found.first().copied(), expected, "{description}");
    }
}

#[test]
fn a_volume_or_a_strength_is_seen() {
    for (description, measured) in [
        ("wine 750ml", true),
        ("wine 0.75 l", true),
        ("rum 40% vol", true),
        ("wine 2 pcs", false),
        ("wine ml", false),
        ("wine grade 3", false),
    ] {
        let found = Goods::shipped().by_words(description, &mut String::new());
        assert_eq!(found[0].measured, measured, "{description}");
    }
}

#[test]
fn codes_go_by_their_heading() {
    let list = |code: &str| Goods::shipped().by_code(parse_hs(code).unwrap()).map(|(list, _)| list);
    for (code, expected) in [
        ("220300", Some("alcohol")),
        ("2204215000", Some("alcohol")),
        ("22059010", Some("alcohol")),
        ("220600", Some("alcohol")),
        ("220710", Some("alcohol")),
        ("2208", Some("alcohol")),
        ("240110", Some("tobacco")),
        ("240220", Some("tobacco")),
        ("240319", Some("tobacco")),
        ("24041200", Some("tobacco")),
        ("330300", Some("perfume")),
        ("3303001000", Some("perfume")),
        ("330499", None),
        ("220900", None),
        ("220299", None),
        ("330720", None),
        ("701337", None),
        ("854340", None),
    ] {
        assert_eq!(list(code), expected, "{code}");
    }
}
