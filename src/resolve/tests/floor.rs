//! The floor of recall and precision on made-up registers: names and addresses only, with slips of every kind.

use super::{Row, entities, row};
use std::collections::BTreeMap;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((x ^ x >> 31) >> 16) as usize % sides
    }
    fn chance(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }
    /// A word of a vocabulary of so many, the first ones more often than the last.
    fn word(&mut self, kind: &str, count: usize) -> String {
        let at = self.roll(count).min(self.roll(count));
        word(kind, at)
    }
}

fn word(kind: &str, number: usize) -> String {
    let mut dice = Dice(kind.bytes().fold(number as u64 * 7919, |h, b| h * 31 + u64::from(b)));
    let onset = ["b", "br", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v", "w"];
    let ending = match kind {
        "given" => ["a", "el", "in", "o", "is", "a"],
        "surname" => ["son", "er", "ton", "ley", "ski", "man"],
        _ => ["ford", "dale", "wood", "ham", "ville", "more"],
    };
    let mut out = String::new();
    for _ in 0..1 + dice.roll(2) + usize::from(kind != "given") {
        out.push_str(onset[dice.roll(onset.len())]);
        out.push_str(["a", "e", "i", "o", "u"][dice.roll(5)]);
    }
    out + "n" + ending[dice.roll(6)]
}

#[derive(Clone)]
struct Person {
    given: String,
    surname: String,
    house: String,
    street: String,
    estate: String,
    city: String,
    postcode: String,
}

fn person(dice: &mut Dice) -> Person {
    let street = dice.word("street", 600);
    Person {
        given: dice.word("given", 300),
        surname: dice.word("surname", 900),
        house: (dice.roll(120) + 1).to_string(),
        street: format!("{street} {}", ["street", "road", "crescent", "place", "close"][dice.roll(5)]),
        estate: if dice.chance(60) { format!("{} lodge", dice.word("estate", 500)) } else { String::new() },
        city: dice.word("city", 400),
        postcode: (2000 + dice.roll(900)).to_string(),
    }
}

fn written(p: &Person) -> Row {
    let name = format!("{} {}", p.given, p.surname);
    let street = format!("{} {}", p.house, p.street);
    let address = if p.estate.is_empty() { street } else { format!("{street}, {}", p.estate) };
    row([name.trim(), address.trim(), &p.city, &p.postcode, "", "", "", "AU"])
}

/// A letter wrong, missing, doubled or swapped with the next, or a space in between.
fn slip(text: &str, dice: &mut Dice) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 3 {
        return text.to_owned();
    }
    let at = 1 + dice.roll(letters.len() - 2);
    match dice.roll(5) {
        0 => letters[at] = char::from(b'a' + dice.roll(26) as u8),
        1 => drop(letters.remove(at)),
        2 => letters.insert(at, letters[at]),
        3 => letters.insert(at, ' '),
        _ => letters.swap(at, at + 1),
    }
    letters.into_iter().collect()
}

/// The same person once more, with one to three changes; `replaced` in a hundred of them put another word in place.
fn again(p: &Person, replaced: usize, dice: &mut Dice) -> Person {
    let mut p = p.clone();
    for _ in 0..1 + dice.roll(3) {
        if dice.chance(replaced) {
            match dice.roll(5) {
                0 => p.given = dice.word("given", 300),
                1 => p.surname = dice.word("surname", 900),
                2 => p.street = format!("{} road", dice.word("street", 600)),
                3 => p.city = dice.word("city", 400),
                _ => p.house = (dice.roll(120) + 1).to_string(),
            }
            continue;
        }
        match dice.roll(9) {
            0 => p.given = slip(&p.given, dice),
            1 => p.surname = slip(&p.surname, dice),
            2 => p.street = slip(&p.street, dice),
            3 => p.estate = slip(&p.estate, dice),
            4 => p.city = slip(&p.city, dice),
            5 => p.postcode = p.postcode.chars().rev().collect::<String>().replace('0', "1"),
            6 => std::mem::swap(&mut p.given, &mut p.surname),
            7 if !p.estate.is_empty() => p.estate.clear(),
            _ => p.house.clear(),
        }
    }
    p
}

/// Precision and recall over pairs of one entity.
fn pairs(of: &[u32], truth: &[usize]) -> (f64, f64) {
    let count = |keys: Vec<(u32, usize)>| -> f64 {
        let mut sizes = BTreeMap::new();
        keys.into_iter().for_each(|key| *sizes.entry(key).or_insert(0.0) += 1.0);
        sizes.values().map(|n| n * (n - 1.0) / 2.0).sum()
    };
    let both = count(of.iter().copied().zip(truth.iter().copied()).collect());
    let found = count(of.iter().map(|e| (*e, 0)).collect());
    let real = count(truth.iter().map(|t| (0, *t)).collect());
    (both / found, both / real)
}

fn register(persons: usize, replaced: usize, families: bool) -> (Vec<Row>, Vec<usize>) {
    let mut dice = Dice(20_260_520);
    let (mut rows, mut truth) = (Vec::new(), Vec::new());
    let mut who = 0;
    for _ in 0..persons {
        let p = person(&mut dice);
        rows.push(written(&p));
        truth.push(who);
        for _ in 0..dice.roll(3) {
            rows.push(written(&again(&p, replaced, &mut dice)));
            truth.push(who);
        }
        who += 1;
        if families && dice.chance(30) {
            for i in 0..1 + dice.roll(3) {
                // One of the family, of another given name, writes the address in a way of their own.
                let mut other = p.clone();
                other.given = word("given", 300 + dice.roll(300) + i);
                rows.push(written(&other));
                truth.push(who);
                other.street = other.street.replace("street", "st").replace("road", "rd");
                rows.push(written(&other));
                truth.push(who);
                who += 1;
            }
        }
    }
    (rows, truth)
}

#[test]
fn a_register_where_words_are_replaced() {
    let (rows, truth) = register(2000, 25, false);
    let (precision, recall) = pairs(&entities(&rows), &truth);
    println!("{} rows, precision {precision:.4}, recall {recall:.4}", rows.len());
    assert!(precision >= 0.998, "{precision}");
    assert!(recall >= 0.98, "{recall}");
}

#[test]
fn a_register_of_families_with_slips() {
    let (rows, truth) = register(2000, 0, true);
    let (precision, recall) = pairs(&entities(&rows), &truth);
    println!("{} rows, precision {precision:.4}, recall {recall:.4}", rows.len());
    // What is replaced in a night of families is another person.
    assert!(precision >= 0.99, "{precision}");
    assert!(recall >= 0.9, "{recall}");
}
