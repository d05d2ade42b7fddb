//! Damaged text: nothing panics, every record is accounted for, sound lines far from the damage come through.

use super::*;
use proptest::prelude::*;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashSet;

const CELLS: [&str; 9] =
    ["shirt", "\"a, b\"", "\"say \"\"hi\"\"\"", "\"two\nlines\"", "\"\"", "", "5\" pipe", "é漢字", "\"x\""];

/// A file, and where each record stands in it.
fn sound(random: &mut ChaCha8Rng, records: usize) -> (Vec<u8>, Vec<(usize, usize)>) {
    let mut text = format!("{HEADER}\n").into_bytes();
    let mut places = Vec::new();
    for i in 0..records {
        let cell = CELLS[random.random_range(0..CELLS.len())];
        let start = text.len();
        text.extend(line(&format!("P{i}")).replace("shirt", cell).into_bytes());
        places.push((start, text.len()));
        text.push(b'\n');
    }
    (text, places)
}

#[test]
fn lines_away_from_damage_come_through() {
    const BYTES: &[u8] = b"\"\"\"\",,\n\r;\0\xff\xe9 ab";
    for seed in 0..3_000 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let (mut text, places) = sound(&mut random, 40);
        let mut touched = HashSet::new();
        for _ in 0..random.random_range(1..6) {
            let at = random.random_range(HEADER.len() + 1..text.len());
            text[at] = BYTES[random.random_range(0..BYTES.len())];
            touched.extend(places.iter().position(|p| at >= p.0 && at <= p.1));
        }
        let window = if seed % 2 == 0 { WINDOW } else { 4_096 };
        let out = read_csv_in(&text, window).unwrap();
        let ids: HashSet<String> = out.ids().into_iter().collect();
        for i in 0..places.len() {
            let near = i.saturating_sub(1)..=i + 1;
            if !near.into_iter().any(|n| touched.contains(&n)) {
                assert!(ids.contains(&format!("P{i}")), "seed {seed}: record {i} is lost");
            }
        }
    }
}

#[test]
fn noise_never_panics() {
    for seed in 0..3_000u64 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut noise = vec![0; random.random_range(0..600)];
        random.fill_bytes(&mut noise);
        for byte in &mut noise {
            if *byte % 3 > 0 {
                *byte = b"\",\n\r{}[]:1e.-\\u a\xe9"[*byte as usize % 18];
            }
        }
        let text = [HEADER.as_bytes(), b"\n", &noise].concat();
        read_csv_in(&text, 64.max(HEADER.len() + 2)).unwrap();
        let _ = read_csv(&noise);
        let _ = read_json(&noise);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn sound_text_means_what_the_csv_crate_says(
        rows in prop::collection::vec(prop::collection::vec("[ab,;\"\n\r é]{0,6}", 10), 1..20),
        always in any::<bool>(),
    ) {
        let style = if always { ::csv::QuoteStyle::Always } else { ::csv::QuoteStyle::Necessary };
        let mut writer = ::csv::WriterBuilder::new().quote_style(style).from_writer(Vec::new());
        writer.write_record(HEADER.split(',')).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let out = read_csv(&bytes).unwrap();
        prop_assert_eq!(out.rejects.len(), 0);
        let expected: Vec<String> = rows
            .iter()
            .map(|r| r[6].trim_matches(' ').to_owned())
            .collect();
        prop_assert_eq!(out.cells(Column::Description), expected);
    }

    #[test]
    fn json_is_judged_as_serde_json_judges_it(text in "[\\[\\]{}:,\" 0-9eE.\\\\ntrufalsbv+-]{0,24}") {
        let line = format!("{{\"k\":{text}}}");
        let theirs = serde_json::from_str::<serde_json::Value>(&line);
        let ours = read_json(&line).unwrap();
        // Numbers beyond the range of a float are text to us.
        let range = theirs.as_ref().is_err_and(|e| e.to_string().contains("out of range"));
        if !range {
            prop_assert_eq!(theirs.is_ok(), ours.rejects.is_empty(), "{}", line);
        }
    }
}
