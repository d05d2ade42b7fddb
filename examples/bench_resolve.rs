//! Makes declared parties with planted disguises and honest twins, resolves them, and prints how well and how fast.
//!
//! `cargo run --release --example bench_resolve [CONSIGNEES] [CONSIGNORS]`

use parcel_risk::model::parcels::{Particular, Parties};
use parcel_risk::resolve::{ResolveSettings, explain, resolve};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashMap;
use std::time::Instant;
use xxhash_rust::xxh3::xxh3_128;

type Row = [String; 8];

/// Words by a Zipf-like law, so that some names are common and most are rare.
struct Lexicon(Vec<String>);

impl Lexicon {
    fn new(rng: &mut ChaCha8Rng, known: &[&str], count: usize, ending: &[&str]) -> Self {
        let onset = [
            "b", "br", "d", "f", "g", "h", "k", "kr", "l", "m", "n", "p", "r", "s", "sch", "st", "t", "v",
            "w", "z",
        ];
        let vowel = ["a", "e", "i", "o", "u", "ie", "ai"];
        let mut words: Vec<String> = known.iter().map(|word| (*word).to_owned()).collect();
        while words.len() < count {
            let mut word = String::new();
            for _ in 0..rng.random_range(2..4) {
                word.push_str(onset[rng.random_range(0..onset.len())]);
                word.push_str(vowel[rng.random_range(0..vowel.len())]);
            }
            word.push_str(ending[rng.random_range(0..ending.len())]);
            words.push(word[..1].to_uppercase() + &word[1..]);
        }
        Lexicon(words)
    }
    fn pick(&self, rng: &mut ChaCha8Rng) -> &str {
        let u: f64 = rng.random();
        let at = (self.0.len() as f64).powf(u) - 1.0;
        &self.0[(at as usize).min(self.0.len() - 1)]
    }
}

struct World {
    rng: ChaCha8Rng,
    first: Lexicon,
    last: Lexicon,
    street: Lexicon,
    city: Lexicon,
    rows: Vec<Row>,
    truth: Vec<u32>,
    next: u32,
}

#[derive(Clone)]
struct Person {
    first: String,
    last: String,
    street: String,
    house: u32,
    flat: Option<u32>,
    city: String,
    postcode: String,
    phone: String,
    email: String,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let first = Lexicon::new(
            &mut rng,
            &[
                "Anna", "Peter", "John", "Maria", "Thomas", "Julia", "Jan", "Ewa", "Piotr", "Marta",
                "Michael", "Jürgen", "Sophie", "Lukas", "Hanna", "Mario",
            ],
            1500,
            &["", "n", "ra", "s", "l"],
        );
        let last = Lexicon::new(
            &mut rng,
            &[
                "Müller",
                "Smith",
                "Schmidt",
                "Kowalski",
                "Novak",
                "Rossi",
                "Garcia",
                "Weber",
                "Jones",
                "Schröder",
                "Łukaszewicz",
            ],
            40_000,
            &["mann", "ski", "er", "sen", "ova", "berg", "etti", "ic", "ez", "s"],
        );
        let street =
            Lexicon::new(&mut rng, &["Haupt", "Garten", "Bahnhof", "Kirch", "Linden"], 4000, &["", "n", "s"]);
        let city = Lexicon::new(
            &mut rng,
            &["Berlin", "Hamburg", "München", "Köln"],
            2000,
            &["burg", "dorf", "stadt"],
        );
        World { rng, first, last, street, city, rows: Vec::new(), truth: Vec::new(), next: 0 }
    }

    fn phone(&mut self) -> String {
        format!(
            "01{}{} {}",
            self.rng.random_range(5..8),
            self.rng.random_range(0..10),
            self.rng.random_range(1_000_000..9_999_999)
        )
    }

    fn person(&mut self) -> Person {
        let rng = &mut self.rng;
        let (first, last) = (self.first.pick(rng).to_owned(), self.last.pick(rng).to_owned());
        let city = self.city.pick(rng).to_owned();
        let area = city.bytes().fold(0_u32, |hash, b| hash.wrapping_mul(31) ^ u32::from(b)) % 900;
        let postcode = format!("{:05}", 10_000 + area * 100 + rng.random_range(0..20));
        let street = self.street.pick(rng).to_owned();
        let house = rng.random_range(1..150);
        let flat = rng.random_bool(0.2).then(|| rng.random_range(1..60));
        let phone = if self.rng.random_bool(0.7) { self.phone() } else { String::new() };
        let email = if self.rng.random_bool(0.3) {
            format!("{}.{}{}@web.de", first, last, self.rng.random_range(0..10_000)).to_lowercase()
        } else {
            String::new()
        };
        Person { first, last, street, house, flat, city, postcode, phone, email }
    }

    fn plain(&mut self, p: &Person) -> Row {
        let flat = p.flat.map_or(String::new(), |flat| format!(", Apt {flat}"));
        let address = format!("{}str. {}{flat}", p.street, p.house);
        [
            format!("{} {}", p.first, p.last),
            address,
            p.city.clone(),
            p.postcode.clone(),
            p.phone.clone(),
            p.email.clone(),
            String::new(),
            "DE".into(),
        ]
    }

    fn slip(&mut self, word: &str) -> String {
        let mut letters: Vec<char> = word.chars().collect();
        if letters.len() < 5 {
            return word.to_owned();
        }
        let at = self.rng.random_range(1..letters.len() - 2);
        match self.rng.random_range(0..3) {
            0 => letters.swap(at, at + 1),
            1 => drop(letters.remove(at)),
            _ => letters.insert(at, letters[at]),
        }
        letters.into_iter().collect()
    }

    /// One more declaration of a person, disguised in one of the ways seen in practice.
    fn disguised(&mut self, p: &Person) -> Row {
        let mut row = self.plain(p);
        let flat = p.flat.map_or(String::new(), |flat| format!("/{flat}"));
        match self.rng.random_range(0..9) {
            0 => row[0] = format!("{}, {}", p.last.to_uppercase(), p.first),
            1 => row[0] = format!("{}. {}", p.first.chars().next().unwrap_or('x'), p.last),
            2 => row[0] = format!("{} {}", self.slip(&p.first), self.slip(&p.last)),
            3 => {
                row[0] = row[0].replace('ü', "ue").replace('ö', "oe");
                row[1] = format!("{} Straße {}{flat}", p.street, p.house);
            }
            4 => {
                const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
                let tail: String =
                    (0..5).map(|_| char::from(ALPHABET[self.rng.random_range(0..64)])).collect();
                row[0] = format!("{} {tail}", row[0]);
                row[1] = format!("{} {tail}", row[1]);
            }
            5 => row[1] = format!("{}str. {}{flat}", self.slip(&p.street), p.house),
            6 if !p.phone.is_empty() => {
                let other = self.person();
                let elsewhere = self.plain(&other);
                row[1..4].clone_from_slice(&elsewhere[1..4]);
                row[4] = format!("+49 {}", &p.phone[1..]);
            }
            7 => row[3] = String::new(),
            _ => {
                row[0] = format!("Herr {}", row[0]);
                row[4] = String::new();
                row[5] = String::new();
            }
        }
        row
    }

    fn add(&mut self, row: Row, who: u32) {
        self.rows.push(row);
        self.truth.push(who);
    }

    fn new_one(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    fn consignees(mut self, count: usize) -> Self {
        let skewed = count / 16;
        while self.rows.len() < count {
            let mut p = self.person();
            let at = self.rows.len();
            if at < skewed {
                (p.city, p.postcode) = ("Wien".into(), "01010".into());
            } else if at < skewed + count / 200 {
                (p.street, p.house, p.flat) = ("Campus".into(), 1, Some(self.rng.random_range(1..3000)));
                (p.city, p.postcode) = ("Lund".into(), "22100".into());
            } else if at < skewed + count / 150 {
                (p.street, p.house, p.flat) = ("Shop".into(), 7, None);
                (p.city, p.postcode) = ("Ulm".into(), "89073".into());
            }
            let who = self.new_one();
            let row = self.plain(&p);
            self.add(row, who);
            let kind: f64 = self.rng.random();
            if kind < 0.15 {
                for _ in 0..self.rng.random_range(1..4) {
                    let row = self.disguised(&p);
                    self.add(row, who);
                }
            } else if kind < 0.27 {
                // A family: one address, often one telephone.
                let mut names = vec![p.first.clone()];
                for _ in 0..self.rng.random_range(1..4) {
                    let mut member = p.clone();
                    while names.contains(&member.first) {
                        member.first = self.first.pick(&mut self.rng).to_owned();
                    }
                    names.push(member.first.clone());
                    if self.rng.random_bool(0.5) {
                        member.phone = self.phone();
                    }
                    member.email.clear();
                    let (row, other) = (self.plain(&member), self.new_one());
                    self.add(row, other);
                }
            } else if kind < 0.29 {
                // A namesake in the same city.
                let mut twin = self.person();
                (twin.first, twin.last, twin.city) = (p.first.clone(), p.last.clone(), p.city.clone());
                let (row, other) = (self.plain(&twin), self.new_one());
                self.add(row, other);
            }
        }
        self
    }

    fn consignors(mut self, count: usize) -> Self {
        while self.rows.len() < count {
            let who = self.new_one();
            let p = self.person();
            let place = ["Shenzhen", "Guangzhou", "Yiwu", "Ningbo"][self.rng.random_range(0..4)];
            let trade =
                ["Technology", "Trading", "Electronics", "Import Export"][self.rng.random_range(0..4)];
            let name = format!("{place} {} {trade} Co., Ltd.", p.last);
            let address = format!("Room {}, {} {} Road", self.rng.random_range(100..2000), p.house, p.street);
            let phone = format!("+86 755 {}", self.rng.random_range(80_000_000..89_999_999));
            let row = |name: String, address: String| {
                [
                    name,
                    address,
                    place.into(),
                    p.postcode.clone(),
                    phone.clone(),
                    String::new(),
                    String::new(),
                    "CN".into(),
                ]
            };
            self.add(row(name.clone(), address.clone()), who);
            if self.rng.random_bool(0.2) {
                let short = format!(
                    "{} {} CO LTD {}",
                    p.last.to_uppercase(),
                    trade.replace("Technology", "Tech"),
                    place
                );
                self.add(row(short, address.replace("Road", "Rd")), who);
                let branch = format!("{} {place} Avenue", self.rng.random_range(1..900));
                self.add(row(name, branch), who);
            }
        }
        self
    }
}

/// The table, and the truth of each of its parties.
fn table(world: &World) -> (Parties, Vec<u32>) {
    let mut order: Vec<(u128, usize)> =
        world.rows.iter().enumerate().map(|(i, row)| (xxh3_128(row.join("\u{1f}").as_bytes()), i)).collect();
    order.sort_unstable();
    order.dedup_by_key(|entry| entry.0);
    let mut parties = Parties::default();
    let mut truth = Vec::new();
    for (fingerprint, i) in order {
        parties.fingerprint.push(fingerprint);
        for particular in Particular::ALL {
            parties.text[particular as usize].push(&world.rows[i][particular as usize]);
        }
        truth.push(world.truth[i]);
    }
    (parties, truth)
}

fn pairs(groups: impl Iterator<Item = usize>) -> u64 {
    groups.map(|n| (n * (n - 1) / 2) as u64).sum()
}

fn sizes<K: std::hash::Hash + Eq>(keys: impl Iterator<Item = K>) -> HashMap<K, usize> {
    let mut sizes = HashMap::new();
    keys.for_each(|key| *sizes.entry(key).or_insert(0) += 1);
    sizes
}

fn measure(what: &str, world: World) -> f64 {
    let (parties, truth) = table(&world);
    drop(world);
    let before = processor_seconds();
    let start = Instant::now();
    let resolved = resolve(&parties, &ResolveSettings::default());
    let seconds = start.elapsed().as_secs_f64();
    let processor = processor_seconds() - before;
    let of = &resolved.entities.of_party;
    let both = pairs(sizes(of.iter().zip(&truth)).into_values());
    let found = pairs(sizes(of.iter()).into_values());
    let real = pairs(sizes(truth.iter()).into_values());
    let (by_entity, by_truth) = (sizes(of.iter()), sizes(truth.iter()));
    let exact = sizes(of.iter().zip(&truth))
        .into_iter()
        .filter(|((entity, who), n)| by_entity[entity] == *n && by_truth[who] == *n)
        .count();
    println!(
        "{what}: {} parties, {} entities ({} true), pair precision {:.4} recall {:.4}, cluster precision {:.4} recall {:.4}, {seconds:.2} s, processor {processor:.2} s, {:.2} us a party",
        parties.len(),
        resolved.entities.len(),
        by_truth.len(),
        both as f64 / found as f64,
        both as f64 / real as f64,
        exact as f64 / by_entity.len() as f64,
        exact as f64 / by_truth.len() as f64,
        processor * 1e6 / parties.len() as f64,
    );
    if std::env::var_os("SHOW").is_some() {
        show(&parties, of, &truth);
    }
    resolved.notes.iter().for_each(|note| println!("  {note}"));
    processor / parties.len() as f64
}

/// A figure of this process in kB; 0 where unknown.
fn memory(name: &str) -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line =
        status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().nth(1)?.parse().ok());
    line.unwrap_or(0)
}

/// Processor time of all threads so far: says more than the clock on a shared machine. 0 where unknown.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or("").split_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Prints some errors of both kinds.
fn show(parties: &Parties, of: &[u32], truth: &[u32]) {
    let line = |party: usize| Particular::ALL.map(|p| parties.get(party as u32, p)).join(" | ");
    for (title, by, check) in [("merged wrongly", of, truth), ("left apart", truth, of)] {
        let mut first: HashMap<u32, usize> = HashMap::new();
        let mut shown = 0;
        for party in 0..of.len() {
            let other = *first.entry(by[party]).or_insert(party);
            if check[other] != check[party] && shown < 25 {
                shown += 1;
                println!("{title}:\n    {}\n    {}", line(other), line(party));
                for why in explain(parties, &ResolveSettings::default(), other as u32, party as u32) {
                    println!("        {:>6.1} {}: {}", why.weight, why.field, why.level);
                }
            }
        }
    }
}

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|arg| arg.parse().ok());
    let consignees: usize = numbers.next().unwrap_or(1_000_000);
    let consignors: usize = numbers.next().unwrap_or(60_000);
    let quarter = measure("consignees / 4", World::new(1).consignees(consignees / 4));
    let whole = measure("consignees", World::new(1).consignees(consignees));
    println!("time a party, all to a quarter: {:.2}", whole / quarter);
    measure("consignors", World::new(2).consignors(consignors));
    println!("peak memory, the made rows counted: {} MB", memory("VmHWM") / 1024);
}
