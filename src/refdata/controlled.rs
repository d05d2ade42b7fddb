//! Goods that other agencies must know of: dated lists by commodity code and by words, with common disguises undone.
//!
//! `data/controlled_lists.csv` names the lists, the agency to tell, the first day and the source;
//! `data/controlled_goods.csv` their entries: `code` (first digits) or `word` (word or phrase), a score from 0 to 1, and
//! the words beside which the entry means something else. A user's file has the columns of both tables in one.

use super::disguise::undisguised;
use super::sheet::{Sheet, TableError};
use crate::fields::hs::HsCode;
use crate::fields::text::fold_words;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// A list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlledList {
    /// Name in files.
    pub id: String,
    /// Name for people, to follow "on the list of".
    pub name: String,
    /// Agency to tell.
    pub agency: String,
    /// First day, ISO 8601.
    pub valid_from: String,
    /// Where it stands.
    pub source: String,
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Controlled {
    /// Its list.
    pub list: Arc<ControlledList>,
    /// The code's first digits or the word, as listed.
    pub text: String,
    /// How much it says by itself, 0 to 1.
    pub score: f64,
    except: Vec<String>,
}

/// A description mentions an entry.
#[derive(Clone, Debug)]
pub struct Mention<'a> {
    /// The entry.
    pub entry: &'a Controlled,
    /// Whether it was found only after a disguise was undone.
    pub disguised: bool,
}

/// The lists, ready to be looked up.
pub struct ControlledGoods {
    codes: Vec<(u64, u32, Controlled)>,
    /// Words and phrases by their first word, the longest first; all words without the ending of the plural.
    words: HashMap<String, Vec<(Vec<String>, Controlled)>>,
    /// Words of scripts without spaces.
    unspaced: Vec<Controlled>,
    /// Phrases written as one word.
    joined: HashMap<String, Controlled>,
    starts: HashSet<[u8; 3]>,
    /// Chapters that a code of the list lies in.
    chapters: [bool; 100],
}

static SHIPPED: LazyLock<ControlledGoods> = LazyLock::new(|| {
    let mut goods = ControlledGoods::empty();
    let lists: HashMap<&str, Arc<ControlledList>> =
        include_str!("data/controlled_lists.csv").lines().skip(1).filter_map(list).collect();
    for line in include_str!("data/controlled_goods.csv").lines().skip(1) {
        let cells: Vec<&str> = line.split(';').collect();
        if let ([list, kind, _, text, score, except], true) = (cells.as_slice(), cells.len() == 6)
            && let (Some(list), Ok(score)) = (lists.get(list), score.parse())
        {
            goods.add(list.clone(), *kind == "code", text, score, except);
        }
    }
    goods
});

fn list(line: &'static str) -> Option<(&'static str, Arc<ControlledList>)> {
    let mut cells = line.splitn(5, ';');
    let mut next = || cells.next().map(str::to_owned);
    let list =
        ControlledList { id: next()?, name: next()?, agency: next()?, valid_from: next()?, source: next()? };
    Some((line.split(';').next()?, Arc::new(list)))
}

const COLUMNS: &[&str] =
    &["list", "kind", "text", "agency", "valid_from", "source", "name", "language", "score", "except"];

impl ControlledGoods {
    /// The lists that come with the program.
    pub fn shipped() -> &'static ControlledGoods {
        &SHIPPED
    }

    /// Lists of the user's, with the columns `list`, `kind` (`code` or `word`), `text`, `agency`, `valid_from`, `source`
    /// and, if they like, `name`, `language`, `score` (0.7 where none is given) and `except` (words separated by `|`).
    ///
    /// # Errors
    /// Names the file, the line and the column.
    pub fn read(path: &Path, night: i32) -> Result<ControlledGoods, TableError> {
        let sheet = Sheet::open(path, COLUMNS, 6)?;
        let mut goods = ControlledGoods::empty();
        for row in sheet.rows() {
            let code = row.word("kind", &[("code", true), ("word", false)])?;
            let text = row.text("text", "first digits of a code, or a word")?;
            if code && !((2..=10).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())) {
                return Err(row.fault("text", "2 to 10 digits"));
            }
            let score = match row.get("score") {
                "" => 0.7,
                score => score
                    .parse()
                    .ok()
                    .filter(|s: &f64| (0.0..=1.0).contains(s))
                    .ok_or_else(|| row.fault("score", "a number from 0 to 1"))?,
            };
            if row.day("valid_from")? > night {
                continue;
            }
            let id = row.text("list", "the name of the list")?;
            let list = ControlledList {
                id: id.to_owned(),
                name: Some(row.get("name")).filter(|n| !n.is_empty()).unwrap_or(id).to_owned(),
                agency: row.text("agency", "the agency to tell")?.to_owned(),
                valid_from: row.get("valid_from").to_owned(),
                source: row.text("source", "where the list stands")?.to_owned(),
            };
            goods.add(Arc::new(list), code, text, score, row.get("except"));
        }
        Ok(goods)
    }

    fn empty() -> ControlledGoods {
        ControlledGoods {
            codes: Vec::new(),
            words: HashMap::new(),
            unspaced: Vec::new(),
            joined: HashMap::new(),
            starts: HashSet::new(),
            chapters: [false; 100],
        }
    }

    fn add(&mut self, list: Arc<ControlledList>, code: bool, text: &str, score: f64, except: &str) {
        let mut folded = String::new();
        let except = except.split('|').filter(|e| !e.is_empty()).map(|e| {
            fold_words(e, &mut folded);
            format!(" {} ", singulars(&folded).join(" "))
        });
        let entry = Controlled { list, text: text.to_owned(), score, except: except.collect() };
        if code {
            if let Ok(value) = text.parse() {
                if let Some(chapter) = text.get(..2).and_then(|c| c.parse::<usize>().ok()) {
                    self.chapters[chapter] = true;
                }
                self.codes.push((value, text.len() as u32, entry));
            }
        } else if text.chars().all(|c| matches!(c as u32, 0x3040..=0x30FF | 0x3400..=0x9FFF)) {
            self.unspaced.push(entry);
        } else {
            fold_words(text, &mut folded);
            let words = singulars(&folded);
            if words.len() > 1 && folded.len() >= 8 {
                self.joined.insert(words.concat(), entry.clone());
            }
            let mut words = words.into_iter().map(str::to_owned);
            if let Some(first) = words.next() {
                self.starts.insert(start(&first));
                let group = self.words.entry(first).or_default();
                group.push((words.collect(), entry));
                group.sort_by_key(|(rest, _)| std::cmp::Reverse(rest.len()));
            }
        }
    }

    /// Every entry.
    pub fn entries(&self) -> impl Iterator<Item = (&Controlled, bool)> {
        let codes = self.codes.iter().map(|c| (&c.2, true));
        codes
            .chain(self.words.values().flatten().map(|w| (&w.1, false)))
            .chain(self.unspaced.iter().map(|w| (w, false)))
    }

    /// The entries that a commodity code belongs to.
    pub fn by_code(&self, code: HsCode) -> impl Iterator<Item = &Controlled> {
        let length = u32::from(code.len());
        let codes = if self.chapters[usize::from(code.chapter())] { self.codes.as_slice() } else { &[] };
        let meets = move |&(value, digits): &(u64, u32)| {
            length >= digits && code.value() / 10_u64.pow(length - digits) == value
        };
        codes.iter().filter(move |(value, digits, _)| meets(&(*value, *digits))).map(|c| &c.2)
    }

    /// The entries that a description mentions, the highest score of each list.
    pub fn by_words<'a>(&'a self, description: &str, folded: &mut String) -> Vec<Mention<'a>> {
        let mut found: Vec<Mention<'a>> = Vec::new();
        fold_words(description, folded);
        for entry in
            self.unspaced.iter().filter(|e| !description.is_ascii() && description.contains(e.text.as_str()))
        {
            keep(&mut found, Mention { entry, disguised: false });
        }
        self.look(folded, false, &mut found);
        for plain in undisguised(description, folded) {
            self.look(&plain, true, &mut found);
        }
        // "Nitrate d'ammonium" is written with and without the apostrophe.
        if description.contains(['\'', '’']) {
            fold_words(&description.replace(['\'', '’'], " "), folded);
            self.look(folded, false, &mut found);
        }
        found
    }

    fn look<'a>(&'a self, folded: &str, disguised: bool, found: &mut Vec<Mention<'a>>) {
        if !folded.split(' ').any(|w| self.starts.contains(&start(w))) {
            return;
        }
        let words = singulars(folded);
        let framed = format!(" {} ", words.join(" "));
        let mut told = |entry: &'a Controlled, disguised: bool| {
            if !entry.except.iter().any(|e| framed.contains(e.as_str())) {
                keep(found, Mention { entry, disguised });
            }
        };
        let mut pair = String::new();
        for at in 0..words.len() {
            if let Some(entry) = self.joined.get(words[at]) {
                told(entry, disguised);
            }
            for (rest, entry) in self.words.get(words[at]).into_iter().flatten() {
                let end = at + 1 + rest.len();
                if end <= words.len() && rest.iter().zip(&words[at + 1..]).all(|(a, b)| a == b) {
                    told(entry, disguised);
                }
            }
            // One long word cut in two: "fenta nyl".
            if let Some(next) = words.get(at + 1)
                && words[at].len() + next.len() >= CUT_IN_TWO
                && self.starts.contains(&start(words[at]))
            {
                pair.clear();
                pair.push_str(words[at]);
                pair.push_str(next);
                for (_, entry) in self.words.get(&pair).into_iter().flatten().filter(|w| w.0.is_empty()) {
                    told(entry, true);
                }
            }
        }
    }
}

/// Letters from which a word is sought that is cut in two.
const CUT_IN_TWO: usize = 7;

/// The words of a folded text without the ending of the plural.
fn singulars(folded: &str) -> Vec<&str> {
    folded.split_ascii_whitespace().map(singular).collect()
}

fn singular(word: &str) -> &str {
    let Some(stem) = word.strip_suffix('s').filter(|s| s.len() >= 3 && !s.ends_with(['s', 'u', 'i'])) else {
        return word;
    };
    // "es" only after a hiss: presses, boxes.
    let hiss = ["sse", "she", "che", "xe", "ze"];
    if hiss.iter().any(|h| stem.ends_with(h)) { &stem[..stem.len() - 1] } else { stem }
}

/// Keeps the highest score of each list; what stands undisguised is not disguised.
fn keep<'a>(found: &mut Vec<Mention<'a>>, mention: Mention<'a>) {
    match found.iter_mut().find(|m| m.entry.list == mention.entry.list) {
        Some(old) if old.entry.score >= mention.entry.score => {}
        Some(old) => *old = mention,
        None => found.push(mention),
    }
}

fn start(word: &str) -> [u8; 3] {
    let bytes = word.as_bytes();
    std::array::from_fn(|i| bytes.get(i).copied().unwrap_or(b' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::date::parse_date;
    use crate::fields::hs::parse_hs;

    fn mentions(text: &str) -> Vec<(String, bool)> {
        let found = ControlledGoods::shipped().by_words(text, &mut String::new());
        found.iter().map(|m| (m.entry.list.id.clone(), m.disguised)).collect()
    }

    #[test]
    fn every_row_is_read() {
        let lines = include_str!("data/controlled_goods.csv").lines().count() - 1;
        assert_eq!(ControlledGoods::shipped().entries().count(), lines);
        for (entry, _) in ControlledGoods::shipped().entries() {
            assert!(!entry.list.agency.is_empty() && !entry.list.source.is_empty(), "{}", entry.text);
            assert!(
                parse_date(&entry.list.valid_from).is_ok() && (0.3..=1.0).contains(&entry.score),
                "{}",
                entry.text
            );
        }
    }

    #[test]
    fn every_entry_is_found_in_its_plainest_form_inside_a_text_and_not_inside_a_word() {
        let goods = ControlledGoods::shipped();
        for (entry, code) in goods.entries() {
            let has = |found: Vec<(String, bool)>| found.iter().any(|f| f.0 == entry.list.id && !f.1);
            if code {
                let digits = format!("{:0<6}", entry.text);
                let digits = if entry.text.len() == 4 { format!("{}10", entry.text) } else { digits };
                let hs = parse_hs(&digits).unwrap();
                assert!(goods.by_code(hs).any(|e| e.text == entry.text), "{}", entry.text);
                continue;
            }
            assert!(has(mentions(&entry.text)), "{}", entry.text);
            assert!(has(mentions(&entry.text.to_uppercase())), "{}", entry.text);
            if entry.text.is_ascii() {
                assert!(has(mentions(&format!("2 pcs {}, white", entry.text))), "{}", entry.text);
                let inside = format!("qq{}qq", entry.text.replace(' ', ""));
                assert!(!has(mentions(&inside)), "{inside}");
            }
            for except in &entry.except {
                let beside = goods.by_words(&format!("{} {}", entry.text, except.trim()), &mut String::new());
                assert!(!beside.iter().any(|m| m.entry == entry), "{} beside {except}", entry.text);
            }
        }
    }

    #[test]
    fn every_long_word_is_found_in_disguise() {
        for (entry, code) in ControlledGoods::shipped().entries() {
            let plain = entry.text.is_ascii() && entry.text.bytes().all(|b| b.is_ascii_lowercase());
            if code || !plain || entry.text.len() < 6 {
                continue;
            }
            let mut figures = String::new();
            for (i, c) in entry.text.chars().enumerate() {
                figures.push(match c {
                    'e' if i > 0 => '3',
                    'a' if i > 0 => '4',
                    'o' if i > 0 => '0',
                    c => c,
                });
            }
            let apart: String = entry.text.chars().map(|c| format!("{c} ")).collect();
            let look: String = entry.text.replace('a', "а").replace('e', "е").replace('o', "о");
            for disguise in [figures, apart, look] {
                if disguise != entry.text {
                    let found = mentions(&disguise);
                    assert!(found.iter().any(|f| f.0 == entry.list.id), "{} as {disguise}", entry.text);
                }
            }
        }
    }

    #[test]
    fn plurals_elisions_and_cuts_are_the_same_word() {
        for (text, list, disguised) in [
            ("electric blasting caps", "global_shield", false),
            ("FENTANYLS", "drug_precursors", false),
            ("two pill presses", "drug_precursors", false),
            ("pillpress", "drug_precursors", false),
            ("nitrate d'ammonium", "global_shield", false),
            ("feux d’artifice", "fireworks", false),
            ("prepaid card 50 EUR", "cash", false),
            ("fenta nyl", "drug_precursors", true),
            ("fen-tan-yl", "drug_precursors", true),
            ("fen_tanyl", "drug_precursors", true),
            ("fentanyI powder", "drug_precursors", true),
        ] {
            assert_eq!(mentions(text), [(list.to_owned(), disguised)], "{text}");
        }
        for text in ["water pistols", "detonator toys", "t-shirt", "iPhone In-Ear", "Wi-Fi router"] {
            assert!(mentions(text).is_empty(), "{text}: {:?}", mentions(text));
        }
    }

    #[test]
    fn look_alikes_are_not_found() {
        for text in [
            "water pistol for kids",
            "nail polish remover acetone free",
            "urea cream 40%",
            "phone holder 128GB",
            "5G smartphone",
            "ivory white dress",
            "detonator toy",
            "size 7 shoes",
            "4k camera p2p wifi",
            "gold bar stool",
            "French press coffee",
            "exhaust silencer motorcycle",
            "glue gun",
            "S M L X X L",
            "USB 3.0 A to B cable 1 m",
        ] {
            assert!(mentions(text).is_empty(), "{text}: {:?}", mentions(text));
        }
        assert_eq!(mentions("F3NT4NYL powder"), [("drug_precursors".to_owned(), true)]);
        assert_eq!(mentions("p i l l  p r e s s machine"), [("drug_precursors".to_owned(), true)]);
        assert_eq!(mentions("f e n t a n y l"), [("drug_precursors".to_owned(), true)]);
        assert_eq!(mentions("fеntаnyl")[0].0, "drug_precursors");
    }

    #[test]
    fn a_list_of_the_users_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("strategic.csv");
        let head = "list,kind,text,agency,valid_from,source";
        std::fs::write(&path, format!("{head}\ndual_use,code,848620,export control,2026-01-01,Annex I\ndual_use,word,gyroscope,export control,2027-01-01,Annex I\n")).unwrap();
        let goods = ControlledGoods::read(&path, parse_date("2026-05-01").unwrap()).unwrap();
        assert_eq!(goods.entries().count(), 1, "the second row is not in force yet");
        assert!(goods.by_code(parse_hs("8486200000").unwrap()).next().is_some());
        std::fs::write(&path, format!("{head}\ndual_use,code,84x,export control,2026-01-01,Annex I\n"))
            .unwrap();
        let fault = ControlledGoods::read(&path, 0).err().unwrap().to_string();
        assert!(fault.contains("line 2") && fault.contains("84x"), "{fault}");
    }
}
