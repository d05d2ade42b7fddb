//! What must hold for any table: linear work in skewed blocks, the same result in any order and on any threads.

use super::*;

/// Comparisons, and the notes.
fn work(rows: &[Row]) -> (u64, Vec<String>) {
    let (parties, _) = table(rows);
    let settings = ResolveSettings::default();
    let Prepared { mut table, first } = Prepared::new(&parties, &settings);
    let representatives = representatives(&first);
    let weights = learn(&mut table, &representatives, &settings);
    let bits = Bits::new(&weights, &settings.weights);
    let linked = block::link(&mut table, &representatives, &settings, &bits);
    (linked.comparisons, linked.notes)
}

/// Names from some thousand words, as in a large city.
fn name(i: usize) -> String {
    let syllables = ["ka", "lo", "mi", "ra", "tu", "ve", "so", "ni", "ba", "de", "fu", "go"];
    let word = |x: usize| -> String { (0..3).map(|k| syllables[x / 12_usize.pow(k) % 12]).collect() };
    format!("{} {}n", word(i * 7919 % 1009), word(i * 104_729 % 1721))
}

fn postcode(count: usize) -> Vec<Row> {
    (0..count)
        .map(|i| {
            let address =
                format!("{}weg {}", ["Linden", "Birken", "Eichen", "Ulmen"][i % 4], i / 4 % 150 + 1);
            row([&name(i), &address, "Wien", "1010", &format!("0664 {}", 2_000_000 + i * 3), "", "", "AT"])
        })
        .collect()
}

fn hall(count: usize) -> Vec<Row> {
    (0..count).map(|i| row([&name(i), "Campus 1", "Lund", "22100", "", "", "", "SE"])).collect()
}

fn namesakes(count: usize) -> Vec<Row> {
    (0..count)
        .map(|i| row(["Wang Wei", &format!("Keji Road {}", i + 1), "Shenzhen", "518000", "", "", "", "CN"]))
        .collect()
}

#[test]
fn skewed_blocks_are_linear() {
    for (make, small, large) in [
        (postcode as fn(usize) -> Vec<Row>, 16_250, 65_000),
        (hall, 20_000, 80_000),
        (namesakes, 5_000, 20_000),
    ] {
        let (few, _) = work(&make(small));
        let (many, notes) = work(&make(large));
        println!("{small} parties: {few} comparisons; {large} parties: {many}");
        // Four times the parties would be sixteen times the pairs.
        assert!(many <= 9 * few, "{few} {many}");
        assert!(many <= 60 * large as u64, "{many}");
        assert!(
            notes.iter().any(|note| note.contains("of one") && note.contains("had more than")),
            "{notes:?}"
        );
    }
}

#[test]
fn small_blocks_need_no_note() {
    assert_eq!(work(&strangers(500)).1, Vec::<String>::new());
}

/// Too many for all to be compared in the building, and neither word of the two rare enough to bring them together there:
/// the telephone must.
#[test]
fn a_large_building_keeps_nobody_apart() {
    let at_hall = |name: &str, phone: &str| row([name, "Campus 1", "Lund", "22100", phone, "", "", "SE"]);
    let mut rows: Vec<Row> = (0..40)
        .flat_map(|i| {
            let (word, phone) = (name(i), |n: usize| format!("0046 70 {}", 1_000_000 + 7 * i + 1_000 * n));
            let own = word.split(' ').next().unwrap_or_default();
            [at_hall(&format!("{own} Schmidt"), &phone(1)), at_hall(&format!("Thomas {own}"), &phone(2))]
        })
        .collect();
    rows.push(at_hall("Thomas Schmidt", "0046 70 5555123"));
    rows.push(at_hall("Aaron Thomas Schmidt", "0046 70 5555123"));
    let sets = sets(&rows);
    assert_eq!(sets[80], sets[81]);
    assert_ne!(sets[80], sets[0]);
}

/// The entities as sets of rows, by their smallest row.
fn sets(rows: &[Row]) -> Vec<usize> {
    sets_of(entities(rows))
}

fn sets_of(of: Vec<u32>) -> Vec<usize> {
    let mut first = std::collections::BTreeMap::new();
    of.iter().enumerate().for_each(|(i, entity)| {
        first.entry(*entity).or_insert(i);
    });
    of.iter().map(|entity| first[entity]).collect()
}

fn mixed() -> Vec<Row> {
    let mut rows = postcode(4000);
    rows.extend(hall(1500));
    rows.extend(namesakes(200));
    let disguised: Vec<Row> = rows
        .iter()
        .step_by(3)
        .map(|r| {
            let mut r = r.clone();
            let (first, last) = r[0].split_once(' ').unwrap();
            r[0] = if r[1].len() % 2 == 0 {
                format!("{last} {first}")
            } else {
                format!("{} {last}", &first[..1])
            };
            r
        })
        .collect();
    rows.extend(disguised);
    rows
}

#[test]
fn neither_order_nor_threads_matter() {
    let rows = mixed();
    let expected = sets(&rows);
    assert!(expected.iter().enumerate().filter(|(i, first)| i != *first).count() > 500, "nothing was merged");
    let count = rows.len();
    let step = (0..).map(|k| 1009 + k).find(|s: &usize| gcd(*s, count) == 1).unwrap();
    let order: Vec<usize> = (0..count).map(|i| i * step % count).collect();
    let shuffled: Vec<Row> = order.iter().map(|&i| rows[i].clone()).collect();
    let found = sets(&shuffled);
    for i in 0..count {
        let same = |j: usize| expected[order[i]] == expected[order[j]];
        assert!(same(found[i]), "{:?}", shuffled[i]);
    }
    let distinct = |sets: &[usize]| sets.iter().collect::<std::collections::BTreeSet<_>>().len();
    assert_eq!(distinct(&found), distinct(&expected));

    let (parties, _) = table(&rows);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let resolved = pool.install(|| resolve(&parties, &ResolveSettings::default()));
        (resolved.entities.of_party, resolved.entities.key, resolved.notes)
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(8));
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[test]
fn strangers_change_nothing_where_nothing_is_learnt_from_them() {
    let settings = ResolveSettings { estimate: false, ..ResolveSettings::default() };
    let rows = mixed();
    let before = sets_of(entities_by(&rows, &settings));
    let mut more = rows.clone();
    more.extend(strangers(4000));
    assert_eq!(sets_of(entities_by(&more, &settings))[..rows.len()], before[..]);
}

#[test]
fn the_night_says_whether_a_postcode_has_one_city() {
    let both = |rows: &[Row]| {
        let (parties, _) = table(rows);
        let settings = ResolveSettings::default();
        let Prepared { mut table, first } = Prepared::new(&parties, &settings);
        learn(&mut table, &representatives(&first), &settings).place_both
    };
    let mut rows = strangers(3000);
    for (i, row) in rows.iter_mut().enumerate() {
        row[3] = format!("{}", 20_000 + i % 701);
        row[2] = name(i % 701 / 7);
    }
    let one = both(&rows);
    assert!(one < 0.1, "{one}");
    for (i, row) in rows.iter_mut().enumerate() {
        row[2] = name(i * 31 % 97);
    }
    let many = both(&rows);
    assert!(many > 0.5, "{many}");
}
