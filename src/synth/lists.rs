//! The built-in lists: goods, names and places.

use super::plan::SynthError;
use std::collections::BTreeMap;

/// What is special about an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Ordinary,
    /// Used goods.
    Used,
    /// Only sounds like alcohol, tobacco or perfume.
    Lookalike,
    /// Alcohol, tobacco or perfume.
    Excluded,
}

/// An article of the catalogue.
#[derive(Debug)]
pub(super) struct Article {
    /// Subheading.
    pub hs: &'static str,
    /// Usual price of a piece, EUR.
    pub price: f64,
    /// Usual weight of a piece, kg.
    pub weight: f64,
    /// Most pieces that a private buyer orders as a rule.
    pub pieces: usize,
    pub class: Class,
    /// English wordings.
    pub english: Vec<&'static str>,
    /// Wordings in other languages.
    pub other: Vec<&'static str>,
    /// Code and wordings under which such goods are hidden.
    pub cover: Vec<&'static str>,
}

/// Names of one language area.
#[derive(Debug, Default)]
pub(super) struct People {
    pub given: Vec<&'static str>,
    pub family: Vec<&'static str>,
    pub roots: Vec<&'static str>,
    pub ends: Vec<&'static str>,
}

/// Addresses of one country.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// Language area of most people.
    pub people: &'static str,
    pub minorities: Vec<&'static str>,
    /// Dialling prefix and pattern of the national number.
    pub phone: (&'static str, &'static str),
    pub post: &'static str,
    pub street: &'static str,
    pub suffix: Vec<&'static str>,
    pub streets: Vec<&'static str>,
    pub stems: Vec<&'static str>,
    /// City with the first and the last postcode, or with its letters twice.
    pub cities: Vec<(&'static str, &'static str, &'static str)>,
    pub flat: Vec<&'static str>,
    pub mail: Vec<&'static str>,
    pub firms: Vec<&'static str>,
    pub locker: &'static str,
    pub shop: &'static str,
    pub hall: &'static str,
}

/// All lists.
pub(super) struct Lists {
    pub goods: Vec<Article>,
    pub excluded: Vec<Article>,
    people: BTreeMap<&'static str, People>,
    places: BTreeMap<&'static str, Place>,
    elsewhere: (People, Place),
}

impl Lists {
    pub fn read() -> Result<Lists, SynthError> {
        let goods = goods(include_str!("data/goods.csv"))?;
        let excluded = goods_of(include_str!("data/excluded.csv"), Some(Class::Excluded))?;
        let mut people = BTreeMap::new();
        for (section, fields) in sections(include_str!("data/people.txt")) {
            let words = |key: &'static str| -> Result<Vec<&'static str>, SynthError> {
                let text = *fields.get(key).ok_or_else(|| missing("names", section, key))?;
                // Names of several words need another separator.
                Ok(if text.contains('|') { text.split('|').collect() } else { text.split(' ').collect() })
            };
            people.insert(
                section,
                People {
                    given: words("given")?,
                    family: words("family")?,
                    roots: words("roots")?,
                    ends: words("ends")?,
                },
            );
        }
        let mut places = BTreeMap::new();
        for (section, fields) in sections(include_str!("data/places.txt")) {
            places.insert(section, place(section, &fields)?);
        }
        let elsewhere = (
            people.remove("XX").ok_or_else(|| missing("names", "XX", "given"))?,
            places.remove("XX").ok_or_else(|| missing("places", "XX", "cities"))?,
        );
        Ok(Lists { goods, excluded, people, places, elsewhere })
    }

    /// The names of a language area, or the common ones.
    pub fn people(&self, area: &str) -> &People {
        self.people.get(area).unwrap_or(&self.elsewhere.0)
    }
    /// The addresses of a country, or the common ones.
    pub fn place(&self, country: [u8; 2]) -> &Place {
        std::str::from_utf8(&country).ok().and_then(|code| self.places.get(code)).unwrap_or(&self.elsewhere.1)
    }
}

fn missing(list: &'static str, section: &str, key: &str) -> SynthError {
    SynthError::List {
        list,
        found: format!("[{section}] without {key}"),
        expected: "every key in every section",
    }
}

fn goods(text: &'static str) -> Result<Vec<Article>, SynthError> {
    goods_of(text, None)
}

fn goods_of(text: &'static str, class: Option<Class>) -> Result<Vec<Article>, SynthError> {
    text.lines().skip(1).map(|line| article(line, class)).collect()
}

fn article(line: &'static str, class: Option<Class>) -> Result<Article, SynthError> {
    let bad = |expected| SynthError::List { list: "goods", found: line.to_owned(), expected };
    let cells: Vec<&str> = line.split(';').collect();
    let [hs, price, weight, pieces, letter, english, other, ref cover @ ..] = cells[..] else {
        return Err(bad("seven cells or more"));
    };
    let number =
        |text: &str| text.parse::<f64>().ok().filter(|n| *n > 0.0).ok_or_else(|| bad("a number above 0"));
    Ok(Article {
        hs,
        price: number(price)?,
        weight: number(weight)?,
        pieces: number(pieces)? as usize,
        class: class.unwrap_or(match letter {
            "u" => Class::Used,
            "s" => Class::Lookalike,
            _ => Class::Ordinary,
        }),
        english: english.split('|').collect(),
        other: other.split('|').collect(),
        cover: cover.first().map(|c| c.split('|').collect()).unwrap_or_default(),
    })
}

type Fields = BTreeMap<&'static str, &'static str>;

fn sections(text: &'static str) -> Vec<(&'static str, Fields)> {
    let mut sections: Vec<(&str, Fields)> = Vec::new();
    for line in text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            sections.push((name, Fields::new()));
        } else if let (Some((_, fields)), Some((key, value))) = (sections.last_mut(), line.split_once(' ')) {
            fields.insert(key, value);
        }
    }
    sections
}

fn place(section: &str, fields: &Fields) -> Result<Place, SynthError> {
    let text = |key: &'static str| fields.get(key).copied().ok_or_else(|| missing("places", section, key));
    let list = |key: &'static str| Ok::<_, SynthError>(text(key)?.split('|').collect::<Vec<_>>());
    let words = |key: &'static str| Ok::<_, SynthError>(text(key)?.split(' ').collect::<Vec<_>>());
    let cities = list("cities")?.into_iter().map(|city| city_of(section, city)).collect::<Result<_, _>>()?;
    Ok(Place {
        people: text("people")?,
        minorities: words("minorities")?,
        phone: text("phone")?.split_once(' ').ok_or_else(|| missing("places", section, "phone pattern"))?,
        post: text("post")?,
        street: text("street")?,
        suffix: list("suffix")?,
        streets: list("streets")?,
        stems: words("stems")?,
        cities,
        flat: list("flat")?,
        mail: list("mail")?,
        firms: list("firms")?,
        locker: text("locker")?,
        shop: text("shop")?,
        hall: text("hall")?,
    })
}

/// `Oslo 0001 1299`, or `Leeds LS` where postcodes begin with letters.
fn city_of(
    section: &str,
    text: &'static str,
) -> Result<(&'static str, &'static str, &'static str), SynthError> {
    let bad = || missing("places", section, "a postcode behind the city");
    let (rest, last) = text.rsplit_once(' ').ok_or_else(bad)?;
    match rest.rsplit_once(' ') {
        Some((name, first)) if first.starts_with(|c: char| c.is_ascii_digit()) => Ok((name, first, last)),
        _ => Ok((rest, last, last)),
    }
}
