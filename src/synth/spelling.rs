//! How the same party is written differently: by people in haste, and by people who do not want to be matched.

use super::draw::Draw;
use super::party::Party;
use any_ascii::any_ascii;

/// Harmless differences from one declaration to the next.
pub(super) fn careless(party: &mut Party, draw: &mut Draw) {
    match draw.below(24) {
        0 => party.name = party.name.to_uppercase(),
        1 => party.address = abbreviate(&party.address),
        2 => party.name = typo(&party.name, draw),
        3 => party.city = party.city.to_uppercase(),
        4 => party.name = transliterate(&party.name, draw),
        5 => party.phone.clear(),
        6 => party.email.clear(),
        7 => party.address = transliterate(&party.address, draw).to_uppercase(),
        8 => party.postcode = party.postcode.replace([' ', '-'], ""),
        _ => {}
    }
}

/// How a firm's own staff write it from one consignment to the next.
pub(super) fn careless_firm(party: &mut Party, draw: &mut Draw) {
    match draw.below(60) {
        0 => party.name = party.name.to_uppercase(),
        1 => party.name = party.name.replace("Co., Ltd.", "Co Ltd").replace("Limited", "Ltd"),
        2 => party.name = party.name.replace("Co., Ltd.", "CO.,LTD").replace("GmbH", "Gmbh"),
        3 => party.phone.clear(),
        4 => party.address = abbreviate(&party.address),
        5 => party.address = party.address.to_uppercase(),
        _ => {}
    }
}

/// A deliberate variant; `level` from 0 (a swapped name) to 1 (name, address and contacts all changed).
pub(super) fn disguise(party: &mut Party, level: f64, draw: &mut Draw) {
    for round in 0..2 + (3.0 * level) as usize {
        // The first round always touches the name.
        match if round == 0 { draw.below(5) } else { draw.below(9) } {
            0 => party.name = swapped(&party.name),
            1 => party.name = initials(&party.name),
            2 => party.name = transliterate(&party.name, draw),
            3 => party.name = typo(&party.name, draw),
            4 => party.name = party.name.to_uppercase(),
            5 => party.address = abbreviate(&party.address),
            6 => party.address = typo(&party.address, draw),
            7 => party.address = transliterate(&party.address, draw),
            _ => party.city = transliterate(&party.city, draw),
        }
    }
    if draw.chance(0.25 + 0.6 * level) {
        party.phone.clear();
    }
    if draw.chance(0.3 + 0.6 * level) {
        party.email.clear();
    }
}

/// A random group of five characters behind the name, and half the time behind the address too.
pub(super) fn suffixed(party: &mut Party, draw: &mut Draw) {
    party.name = format!("{} {}", party.name, random_word(draw));
    if draw.chance(0.5) {
        party.address = format!("{} {}", party.address, random_word(draw));
    }
}

fn random_word(draw: &mut Draw) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    (0..5).map(|_| char::from(LETTERS[draw.below(LETTERS.len())])).collect()
}

fn swapped(name: &str) -> String {
    match name.rsplit_once(' ') {
        Some((given, family)) => format!("{family} {given}"),
        None => name.to_owned(),
    }
}

fn initials(name: &str) -> String {
    match (name.chars().next(), name.split_once(' ')) {
        (Some(first), Some((_, rest))) => format!("{first}. {rest}"),
        _ => name.to_owned(),
    }
}

/// Latin letters without marks, now and then in the way that German speakers write them.
fn transliterate(text: &str, draw: &mut Draw) -> String {
    if draw.chance(0.6) {
        let pairs =
            [("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("Ä", "Ae"), ("Ö", "Oe"), ("Ü", "Ue"), ("ß", "ss")];
        return any_ascii(&pairs.iter().fold(text.to_owned(), |t, (from, to)| t.replace(from, to)));
    }
    any_ascii(text)
}

fn abbreviate(address: &str) -> String {
    const PAIRS: [(&str, &str); 18] = [
        ("straße", "str."),
        ("Straße", "Str."),
        ("straat", "str."),
        ("Street", "St"),
        ("Road", "Rd"),
        ("Avenue", "Ave"),
        ("Lane", "Ln"),
        ("Drive", "Dr"),
        ("Boulevard", "Blvd"),
        ("Close", "Cl"),
        ("Court", "Ct"),
        ("Rue ", "R. "),
        ("Allée", "All."),
        ("Calle ", "C/ "),
        ("Avenida ", "Avda. "),
        ("Via ", "V. "),
        ("Piazza", "P.za"),
        ("ul. ", ""),
    ];
    PAIRS
        .iter()
        .find(|(long, _)| address.contains(long))
        .map_or_else(|| address.to_owned(), |(long, short)| address.replacen(long, short, 1))
}

/// Two neighbouring letters exchanged, one lost, or one doubled.
fn typo(text: &str, draw: &mut Draw) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let places: Vec<usize> = (1..letters.len())
        .filter(|&i| letters[i].is_alphabetic() && letters[i - 1].is_alphabetic())
        .collect();
    if places.is_empty() {
        return text.to_owned();
    }
    let at = *draw.pick(&places);
    match draw.below(3) {
        0 => letters.swap(at - 1, at),
        1 => {
            letters.remove(at);
        }
        _ => letters.insert(at, letters[at]),
    }
    letters.into_iter().collect()
}
