//! Manifests shaped like trade. Everything honest in them is meant to be hard: prices heap on .95 and .99, one code
//! mixes articles of few sellers, right tails are long, value grows slower than weight, orders by the dozen are
//! cheaper, some articles are sold off, some sellers are dear and some cheap.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::fmt::Write;
use std::path::Path;

/// A line, alone in its parcel.
#[derive(Clone, Debug)]
pub struct Line {
    pub parcel: String,
    pub consignor: usize,
    pub description: String,
    pub hs: u32,
    pub quantity: Option<f64>,
    pub net_kg: Option<f64>,
    pub gross_kg: f64,
    pub value: f64,
    /// What is known beforehand to be asked for it, by whoever knows the seller's price of the article and its discount
    /// for quantity; what is sold off, dear or astray no one knows.
    pub expected: f64,
    pub cut: bool,
}

/// A way of trading.
pub struct Shape {
    pub name: &'static str,
    /// Lines and a seed give a night.
    pub make: fn(usize, u64) -> Vec<Line>,
    /// Whether the shape undervalues by itself.
    pub makes_its_own: bool,
}

pub const SHAPES: [Shape; 7] = [
    Shape { name: "articles of few sellers", make: articles, makes_its_own: false },
    Shape { name: "one shop, weights by count", make: |n, s| shop(n, s, true), makes_its_own: false },
    Shape { name: "one shop, weights unknown", make: |n, s| shop(n, s, false), makes_its_own: false },
    Shape { name: "unit values of trade", make: unit_values, makes_its_own: false },
    Shape { name: "mixed goods in one code", make: mixed, makes_its_own: false },
    Shape { name: "two fifths cut to a quarter", make: |n, s| captured(n, s, 0.25), makes_its_own: true },
    Shape { name: "two fifths cut to a half", make: |n, s| captured(n, s, 0.5), makes_its_own: true },
];

/// Cuts the values of a share of the lines.
pub fn cut(night: &mut [Line], share: f64, factor: f64, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x00C0_FFEE);
    for line in night {
        if rng.random::<f64>() < share {
            line.value = (line.value * factor * 100.0).round().max(1.0) / 100.0;
            line.cut = true;
        }
    }
}

/// Writes the lines in the columns that the program reads.
pub fn write(night: &[Line], path: &Path) -> Result<(), String> {
    let mut text = String::from(
        "parcel_id,date,consignor_name,consignor_address,consignor_city,consignor_country,consignee_name,\
         consignee_address,consignee_city,consignee_country,nature,description,hs_code,origin_country,quantity,\
         net_weight_kg,gross_weight_kg,value,currency\n",
    );
    let open = |v: Option<f64>| v.map(|v| format!("{v:.4}")).unwrap_or_default();
    for (i, line) in night.iter().enumerate() {
        let _ = writeln!(
            text,
            "{},2026-05-20,{} GmbH,{} Road {},{},CN,{} {},{} Str. {},{},DE,sale,{},{:06},CN,{},{},{:.4},{:.2},EUR",
            line.parcel,
            name(line.consignor as u64 * 7_919 + 13),
            name(line.consignor as u64 * 104_729 + 5),
            line.consignor % 97 + 1,
            name(line.consignor as u64 * 31 + 3),
            name(i as u64 * 6_700_417 + 1),
            name(i as u64 * 2_147_483 + 9),
            name(i as u64 * 15_485_863 + 4),
            i % 211 + 1,
            name(i as u64 % 500 + 77),
            line.description,
            line.hs,
            open(line.quantity),
            open(line.net_kg),
            line.gross_kg.max(0.001),
            line.value,
        );
    }
    std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

/// Writes which lines were cut, and what was to be expected of each.
pub fn write_truth(night: &[Line], path: &Path) -> Result<(), String> {
    let rows = night.iter().map(|line| format!("{},{},{:.4}\n", line.parcel, line.cut, line.expected));
    let text = format!("parcel_id,cut,expected\n{}", rows.collect::<String>());
    std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

/// A word of three to four syllables for each number.
fn name(number: u64) -> String {
    const FIRST: [&str; 16] =
        ["ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va"];
    const LAST: [&str; 8] = ["nd", "rt", "lm", "x", "ck", "ss", "ng", "v"];
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03;
    let mut next = |n: u64| {
        state = (state ^ (state >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (state >> 33) % n
    };
    let syllables = 3 + next(2);
    let mut word: String = (0..syllables).map(|_| FIRST[next(16) as usize]).collect();
    word.push_str(LAST[next(8) as usize]);
    word
}

struct Dice(ChaCha8Rng);

impl Dice {
    fn new(seed: u64, shape: u64) -> Dice {
        Dice(ChaCha8Rng::seed_from_u64(seed.wrapping_mul(1_000_003) + shape))
    }
    fn unit(&mut self) -> f64 {
        self.0.random()
    }
    fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n - 1)
    }
    fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }
    /// Positions fall off as those of a list of best sellers: half of the sales are of the first tenth.
    fn popular(&mut self, n: usize) -> usize {
        ((self.unit().powf(2.5) * n as f64) as usize).min(n - 1)
    }
    /// Pieces of an order: mostly one, sometimes by the dozen.
    fn quantity(&mut self) -> f64 {
        const PIECES: [f64; 14] = [1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 3.0, 4.0, 6.0, 10.0, 12.0, 24.0, 60.0];
        PIECES[self.below(14)]
    }
}

/// A price as shops print it.
fn printed(price: f64) -> f64 {
    let whole = price.floor();
    let ends: &[f64] = if price < 20.0 { &[0.25, 0.49, 0.75, 0.95, 0.99] } else { &[0.95, 0.99, 1.0] };
    ends.iter()
        .map(|e| whole + e)
        .min_by(|a, b| (a - price).abs().total_cmp(&(b - price).abs()))
        .unwrap_or(price)
}

fn pieces_discount(quantity: f64) -> f64 {
    match quantity {
        q if q >= 48.0 => 0.75,
        q if q >= 12.0 => 0.85,
        _ => 1.0,
    }
}

struct Article {
    hs: u32,
    description: String,
    price: f64,
    kg: f64,
    sellers: Vec<(usize, f64)>,
    sold_off: bool,
}

fn hs_codes(n: usize) -> Vec<u32> {
    // Chapters whose goods have no raw-material floor: the prices here are made up, the codes are not.
    const CHAPTERS: [u32; 18] = [42, 44, 46, 49, 66, 67, 68, 69, 70, 82, 84, 85, 87, 90, 91, 92, 94, 96];
    let chapter = |i: u32| CHAPTERS[i as usize % 18];
    (0..n as u32).map(|i| chapter(i) * 10_000 + (1 + i / 18) * 100 + 10 * (1 + i % 8)).collect()
}

/// Articles of one to four sellers under 40 codes, told apart by their names.
fn articles(n: usize, seed: u64) -> Vec<Line> {
    let mut d = Dice::new(seed, 1);
    let codes = hs_codes(40);
    let levels: Vec<f64> = (0..40).map(|_| (0.25 * d.normal()).exp()).collect();
    let catalogue: Vec<Article> = (0..n / 30)
        .map(|i| {
            let hs = codes[d.below(40)];
            let price = 12.0 * (0.9 * d.normal() + 0.4 * d.unit().powi(3)).exp();
            let kg = (0.3 * (price / 12.0_f64).powf(0.7) * (0.6 * d.normal()).exp()).clamp(0.01, 20.0);
            let sellers =
                (0..1 + d.below(4)).map(|_| d.below(40)).map(|s| (s, printed(price * levels[s]))).collect();
            let description =
                format!("{} {} {}", name(hs.into()), name(i as u64 + 9_000), name(i as u64 % 300));
            Article { hs, description, price, kg, sellers, sold_off: d.unit() < 0.05 }
        })
        .collect();
    (0..n)
        .map(|i| {
            let article = &catalogue[d.popular(catalogue.len())];
            let (consignor, price) = article.sellers[d.below(article.sellers.len())];
            let quantity = d.quantity();
            let sale = if article.sold_off && d.unit() < 0.3 { 0.5 + 0.2 * d.unit() } else { 1.0 };
            let dear = if d.unit() < 0.02 { 2.0 } else { 1.0 };
            let usual = price * pieces_discount(quantity);
            let each = printed(usual * sale * dear);
            line(i, consignor, article, quantity, [each, usual], (0.04 * d.normal()).exp())
        })
        .collect()
}

/// A line at a price a piece, where another was to be expected.
fn line(
    i: usize,
    consignor: usize,
    article: &Article,
    quantity: f64,
    [each, expected]: [f64; 2],
    scatter: f64,
) -> Line {
    let kg = article.kg * quantity * scatter;
    Line {
        parcel: format!("W{i:08}"),
        consignor,
        description: article.description.clone(),
        hs: article.hs,
        quantity: Some(quantity),
        net_kg: Some(kg),
        gross_kg: kg + 0.1,
        value: (each * quantity * 100.0).round() / 100.0,
        expected: expected * quantity,
        cut: false,
    }
}

/// One seller's catalogue, as a shop's sales: two list prices over the year, trade prices, a dear second channel.
fn shop(n: usize, seed: u64, weighed: bool) -> Vec<Line> {
    let mut d = Dice::new(seed, 2 + u64::from(weighed));
    let codes = hs_codes(12);
    let catalogue: Vec<Article> = (0..n / 16)
        .map(|i| {
            let price = printed(3.0 * (0.8 * d.normal()).exp());
            let kg = (0.2 * (0.8 * d.normal()).exp()).clamp(0.01, 5.0);
            let description =
                format!("{} {} {}", name(i as u64 % 40), name(i as u64 + 70_000), name(i as u64 % 170));
            Article {
                hs: codes[d.below(12)],
                description,
                price,
                kg,
                sellers: vec![],
                sold_off: d.unit() < 0.06,
            }
        })
        .collect();
    (0..n)
        .map(|i| {
            let article = &catalogue[d.popular(catalogue.len())];
            let quantity = d.quantity();
            let trade = if quantity >= 24.0 { 0.8 } else { 1.0 };
            let channel = if d.unit() < 0.12 { 1.0 + 0.9 * d.unit() } else { 1.0 };
            let sale = if article.sold_off && d.unit() < 0.3 { 0.4 + 0.3 * d.unit() } else { 1.0 };
            let raised = if d.unit() < 0.2 { 1.18 } else { 1.0 };
            let usual = article.price * trade;
            let each = (usual * channel * sale * raised * 100.0).round() / 100.0;
            let mut line = line(i, 0, article, quantity, [each.max(0.05), usual], (0.03 * d.normal()).exp());
            if !weighed {
                line.net_kg = None;
                line.gross_kg = 1.0;
            }
            line
        })
        .collect()
}

/// Value follows the weight of the consignment with a slope of 0.6 to 0.9; some codes hold several products, some count
/// no pieces, descriptions are those of the tariff.
fn unit_values(n: usize, seed: u64) -> Vec<Line> {
    let mut d = Dice::new(seed, 4);
    struct Code {
        hs: u32,
        slope: f64,
        products: Vec<(f64, f64)>,
        counted: bool,
        traders: Vec<usize>,
    }
    let levels: Vec<f64> = (0..150).map(|_| 0.3 * d.normal()).collect();
    let codes: Vec<Code> = hs_codes(60)
        .into_iter()
        .map(|hs| {
            let base = 2.5 + 0.9 * d.normal();
            let counted = d.unit() < 0.5;
            // Products without a count cannot be told apart by anybody.
            let products = if counted && d.unit() < 0.6 { 2 + d.below(2) } else { 1 };
            let products = (0..products)
                .map(|p| (base + 1.2 * p as f64, (0.5 * (0.9 * d.normal()).exp()) * 0.2_f64.powi(p as i32)))
                .collect();
            let traders = (0..8 + d.below(16)).map(|_| d.below(150)).collect();
            Code { hs, slope: 0.6 + 0.3 * d.unit(), products, counted, traders }
        })
        .collect();
    (0..n)
        .map(|i| {
            let code = &codes[d.popular(60)];
            let trader = code.traders[d.popular(code.traders.len())];
            let (base, piece) = code.products[(trader + i % 2) % code.products.len()];
            let kg = (1.0 + 1.2 * d.normal()).exp();
            let noise = 0.22 * d.normal() + if d.unit() < 0.03 { 1.5 * d.unit() } else { 0.0 };
            let expected = (base + levels[trader] + code.slope * kg.ln()).exp();
            let value = expected * noise.exp();
            let quantity = code.counted.then(|| (kg / piece).round().max(1.0));
            Line {
                parcel: format!("W{i:08}"),
                consignor: trader,
                description: format!("{} goods of heading {}", name(code.hs.into()), code.hs / 100),
                hs: code.hs,
                quantity,
                net_kg: Some(kg),
                gross_kg: kg * 1.08 + 0.2,
                value: (value * 100.0).round().max(100.0) / 100.0,
                expected,
                cut: false,
            }
        })
        .collect()
}

/// One description for all that a code holds: only the weight of a piece tells an earring from a jacket.
fn mixed(n: usize, seed: u64) -> Vec<Line> {
    let mut d = Dice::new(seed, 5);
    let codes = hs_codes(15);
    let levels: Vec<f64> = (0..60).map(|_| (0.2 * d.normal()).exp()).collect();
    let catalogue: Vec<Article> = (0..n / 40)
        .map(|_| {
            let hs = codes[d.below(15)];
            let kg = (0.15 * (1.1 * d.normal()).exp()).clamp(0.005, 8.0);
            let price = 9.0 * (kg / 0.15_f64).powf(0.75) * (0.35 * d.normal()).exp();
            let sellers =
                (0..1 + d.below(5)).map(|_| d.below(60)).map(|s| (s, printed(price * levels[s]))).collect();
            Article {
                hs,
                description: format!("{} wares", name(hs.into())),
                price,
                kg,
                sellers,
                sold_off: d.unit() < 0.03,
            }
        })
        .collect();
    (0..n)
        .map(|i| {
            let article = &catalogue[d.popular(catalogue.len())];
            let (consignor, price) = article.sellers[d.below(article.sellers.len())];
            let quantity = d.quantity().min(4.0);
            let sale = if article.sold_off && d.unit() < 0.3 { 0.6 } else { 1.0 };
            line(i, consignor, article, quantity, [printed(price * sale), price], (0.015 * d.normal()).exp())
        })
        .collect()
}

/// A third of the consignors undervalue all they send and send two fifths of the lines.
fn captured(n: usize, seed: u64, factor: f64) -> Vec<Line> {
    let mut d = Dice::new(seed, 6);
    let codes = hs_codes(12);
    let levels: Vec<f64> = (0..90).map(|_| (0.22 * d.normal()).exp()).collect();
    let catalogue: Vec<Article> = (0..120)
        .map(|i| {
            let hs = codes[i % 12];
            let price = 15.0 * (0.5 * d.normal()).exp();
            let kg = (0.25 * (price / 15.0_f64).powf(0.7) * (0.2 * d.normal()).exp()).max(0.02);
            let sellers = (0..30).map(|_| d.below(90)).map(|s| (s, printed(price * levels[s]))).collect();
            let description = format!("{} {}", name(hs.into()), name(i as u64));
            Article { hs, description, price, kg, sellers, sold_off: false }
        })
        .collect();
    (0..n)
        .map(|i| {
            let article = &catalogue[d.popular(catalogue.len())];
            // Two fifths of the lines come from the third that undervalues.
            let wanted = d.unit() < 0.4;
            let fitting: Vec<(usize, f64)> =
                article.sellers.iter().copied().filter(|(s, _)| (s % 3 == 0) == wanted).collect();
            let &(consignor, price) =
                fitting.get(d.below(fitting.len().max(1))).unwrap_or(&article.sellers[0]);
            let quantity = d.quantity();
            let usual = price * pieces_discount(quantity);
            let mut line =
                line(i, consignor, article, quantity, [printed(usual), usual], (0.04 * d.normal()).exp());
            if consignor % 3 == 0 {
                line.value =
                    (line.value * factor * (0.05 * d.normal()).exp() * 100.0).round().max(1.0) / 100.0;
                line.cut = true;
            }
            line
        })
        .collect()
}
