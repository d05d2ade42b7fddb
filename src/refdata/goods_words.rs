//! Names of goods by tariff heading, in the languages of trade: this project's own words, not the nomenclature's texts.
//!
//! `data/goods_words.csv`: heading, what it holds in a few words, and names of goods that are classified there. A name
//! under several headings belongs to each. The nomenclature of 2022.

use std::sync::LazyLock;

/// A heading and names of its goods.
pub struct HeadingWords {
    /// First four digits of the commodity code.
    pub heading: u16,
    /// What it holds.
    pub name: &'static str,
    /// Names of its goods, lower case.
    pub words: Vec<&'static str>,
}

static SHIPPED: LazyLock<Vec<HeadingWords>> =
    LazyLock::new(|| include_str!("data/goods_words.csv").lines().skip(1).filter_map(read).collect());

fn read(line: &'static str) -> Option<HeadingWords> {
    let mut cells = line.splitn(3, ';');
    let heading = cells.next()?.parse().ok()?;
    Some(HeadingWords { heading, name: cells.next()?, words: cells.next()?.split('|').collect() })
}

/// The headings with names, ascending.
pub fn headings() -> &'static [HeadingWords] {
    &SHIPPED
}

/// What a heading holds, where the list has it.
pub fn heading_name(heading: u16) -> Option<&'static str> {
    SHIPPED.binary_search_by_key(&heading, |h| h.heading).ok().map(|i| SHIPPED[i].name)
}

/// What a chapter holds, in a few words.
pub fn chapter_name(chapter: u16) -> &'static str {
    CHAPTERS.get(usize::from(chapter)).copied().filter(|name| !name.is_empty()).unwrap_or("other goods")
}

/// The chapters of the nomenclature of 2022, in this project's words.
const CHAPTERS: [&str; 98] = [
    "",
    "live animals",
    "meat",
    "fish and seafood",
    "milk, eggs and honey",
    "products of animals",
    "plants and flowers",
    "vegetables",
    "fruit and nuts",
    "coffee, tea and spices",
    "cereals",
    "flour and malt",
    "seeds and medicinal plants",
    "gums and plant extracts",
    "plaiting materials",
    "fats and oils",
    "prepared meat and fish",
    "sugar and confectionery",
    "cocoa and chocolate",
    "bakery and pasta",
    "prepared vegetables and fruit",
    "other food preparations",
    "beverages",
    "animal feed",
    "tobacco and nicotine products",
    "salt, stone and cement",
    "ores",
    "mineral fuels and oils",
    "inorganic chemicals",
    "organic chemicals",
    "medicines and dressings",
    "fertilisers",
    "paints, dyes and inks",
    "perfumes and cosmetics",
    "soaps, candles and polishes",
    "glues and starches",
    "explosives and fireworks",
    "photographic film",
    "other chemical products",
    "plastics",
    "rubber",
    "raw hides and leather",
    "bags, cases and leather goods",
    "furs",
    "wood",
    "cork",
    "basketware",
    "pulp and waste paper",
    "paper",
    "printed matter",
    "silk",
    "wool",
    "cotton",
    "other plant fibres",
    "man-made filaments",
    "man-made staple fibres",
    "wadding and ropes",
    "carpets",
    "trimmings and special fabrics",
    "coated textiles",
    "knitted fabrics",
    "clothing, knitted",
    "clothing, not knitted",
    "household textiles",
    "footwear",
    "headgear",
    "umbrellas and sticks",
    "feathers and artificial flowers",
    "articles of stone",
    "ceramics",
    "glass",
    "jewellery, precious metals and coins",
    "iron and steel",
    "articles of iron or steel",
    "copper",
    "nickel",
    "aluminium",
    "",
    "lead",
    "zinc",
    "tin",
    "other base metals",
    "tools and cutlery",
    "locks, fittings and ornaments of metal",
    "machines and computers",
    "electrical goods and telephones",
    "railway goods",
    "vehicles and their parts",
    "aircraft and drones",
    "boats",
    "optical, measuring and medical instruments",
    "clocks and watches",
    "musical instruments",
    "arms and ammunition",
    "furniture, bedding and lamps",
    "toys, games and sports goods",
    "various manufactured goods",
    "works of art and antiques",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_and_in_order() {
        let lines = include_str!("data/goods_words.csv").lines().count();
        assert_eq!(SHIPPED.len(), lines - 1);
        for pair in SHIPPED.windows(2) {
            assert!(pair[0].heading < pair[1].heading, "{}", pair[1].heading);
        }
        for row in SHIPPED.iter() {
            assert!(
                !chapter_name(row.heading / 100).is_empty()
                    && chapter_name(row.heading / 100) != "other goods"
            );
            assert!(!row.name.is_empty() && row.words.iter().all(|w| w.len() > 1), "{}", row.heading);
        }
        assert_eq!(heading_name(8517), Some("telephones and network equipment"));
        assert_eq!(chapter_name(85), "electrical goods and telephones");
        assert_eq!(chapter_name(97), "works of art and antiques");
    }
}
