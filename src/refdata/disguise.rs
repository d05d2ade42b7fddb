//! Words in disguise: figures for letters, letters set apart, words cut by hyphens, letters of other alphabets that look
//! Latin.

use crate::fields::text::fold_words;
use std::borrow::Cow;

/// The description with disguises undone, in as many readings as there are: letters of other alphabets that look Latin,
/// figures for letters, letters set apart, words cut in pieces; nothing where there is no disguise.
pub(super) fn undisguised(description: &str, folded: &str) -> Vec<String> {
    let mixed = !description.is_ascii();
    let figures = description.split(' ').any(hides);
    let apart = is_apart(folded);
    let cut = description.split(' ').any(is_cut);
    let tall = description.split(' ').any(has_tall);
    if !mixed && !figures && !apart && !cut && !tall {
        return Vec::new();
    }
    let latin: Cow<str> = if mixed {
        Cow::Owned(description.split(' ').map(looks).collect::<Vec<_>>().join(" "))
    } else {
        Cow::Borrowed(description)
    };
    let mut readings: Vec<String> = Vec::new();
    let mut plain = String::new();
    for one in ['i', 'l'] {
        let whole = |word: &str| -> String {
            let word = if has_tall(word) { word.replace('I', "l") } else { word.to_owned() };
            if is_cut(&word) { word.replace(CUTS, "") } else { word }
        };
        let text: String = latin.split(' ').map(|w| letters(&whole(w), one)).collect::<Vec<_>>().join(" ");
        fold_words(&text, &mut plain);
        let joined = joined(&plain);
        if joined != folded && !readings.contains(&joined) {
            readings.push(joined);
        }
        if !figures {
            break;
        }
    }
    readings
}

/// A word that mixes alphabets, with the letters that look Latin made Latin.
fn looks(word: &str) -> String {
    let latin = word.bytes().any(|b| b.is_ascii_alphabetic());
    let map = |c: char| match c {
        'а' | 'α' => 'a',
        'с' | 'ϲ' => 'c',
        'е' | 'ε' => 'e',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'х' | 'χ' => 'x',
        'у' => 'y',
        'і' | 'ι' | 'ı' => 'i',
        'ѕ' => 's',
        'к' | 'κ' => 'k',
        'м' => 'm',
        'т' | 'τ' => 't',
        'н' => 'h',
        'в' => 'b',
        'п' | 'η' => 'n',
        'ν' => 'v',
        'А' | 'Α' => 'A',
        'В' | 'Β' => 'B',
        'Е' | 'Ε' => 'E',
        'К' | 'Κ' => 'K',
        'М' | 'Μ' => 'M',
        'Н' | 'Η' => 'H',
        'О' | 'Ο' => 'O',
        'Р' | 'Ρ' => 'P',
        'С' => 'C',
        'Т' | 'Τ' => 'T',
        'Х' | 'Χ' => 'X',
        c => c,
    };
    if latin { word.chars().map(map).collect() } else { word.to_owned() }
}

/// Signs that cut a word in pieces.
const CUTS: [char; 5] = ['-', '_', '.', '*', '|'];

/// Whether a long word of letters alone is cut in pieces: "fen-tan-yl", but not "t-shirt".
fn is_cut(word: &str) -> bool {
    let pieces = || word.split(CUTS);
    word.len() > 7
        && pieces().nth(1).is_some()
        && pieces().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// Whether a capital I stands among small letters, where it looks like an l: "fentanyI".
fn has_tall(word: &str) -> bool {
    word.as_bytes().windows(2).any(|two| two[0].is_ascii_lowercase() && two[1] == b'I')
}

/// Whether a word may have figures or signs for letters: "500ml" and "5G" start with a figure and have few letters,
/// "f3nt4nyl" and "p1stol" do not.
fn hides(word: &str) -> bool {
    let count = |f: fn(&u8) -> bool| word.bytes().filter(f).count();
    let (letters, figures) =
        (count(u8::is_ascii_alphabetic), count(|b| b.is_ascii_digit() || matches!(b, b'@' | b'$')));
    figures > 0 && letters >= 2 && figures <= letters + 1
}

/// A word with figures and signs for letters, read as letters; a measure or a number stays.
fn letters(word: &str, one: char) -> String {
    if !hides(word) {
        return word.to_owned();
    }
    let map = |c| match c {
        '0' => 'o',
        '1' => one,
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        '8' => 'b',
        c => c,
    };
    word.chars().map(map).collect()
}

/// Whether a folded text has letters set apart.
pub(super) fn is_apart(folded: &str) -> bool {
    folded.split(' ').filter(|w| w.len() == 1).count() >= 4
}

/// Runs of four or more single letters become one word.
pub(super) fn joined(folded: &str) -> String {
    let words: Vec<&str> = folded.split_ascii_whitespace().collect();
    let mut out = String::with_capacity(folded.len());
    for run in words.chunk_by(|a, b| (a.len() == 1) == (b.len() == 1)) {
        if !out.is_empty() {
            out.push(' ');
        }
        let apart = run.len() >= 4 && run[0].len() == 1;
        out.push_str(&if apart { run.concat() } else { run.join(" ") });
    }
    out
}
