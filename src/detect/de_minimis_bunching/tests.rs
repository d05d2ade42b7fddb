use super::*;
use crate::facts::testing::World;
use crate::model::batch::Channel;
use crate::read::Input;
use crate::refdata::rates::Rates;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::collections::BTreeMap;

/// A manifest under way: rows of sender, article, price and currency.
struct Manifest {
    rng: ChaCha8Rng,
    currency: &'static str,
    rows: Vec<(String, String, f64, &'static str)>,
}

/// Dollars for a euro the day before, when shops set their prices, and on the day by whose rate the law asks.
const RATES: (f64, f64) = (1.19, 1.1733);

impl Manifest {
    /// Sixty honest shops of different price levels, some with charm prices.
    fn with_peers(seed: u64) -> Manifest {
        let mut manifest =
            Manifest { rng: ChaCha8Rng::seed_from_u64(seed), currency: "EUR", rows: Vec::new() };
        for shop in 0..60 {
            let z: f64 = StandardNormal.sample(&mut manifest.rng);
            let charm = if shop % 3 == 0 { 0.8 } else { 0.1 };
            manifest.shop(
                &format!("Peer {shop} Store"),
                120,
                45.0 * (0.7 * z).exp(),
                0.8,
                charm,
                |_, price| price,
            );
        }
        manifest
    }

    /// A shop with a catalogue of half as many articles as parcels; `declare` turns a price into what is declared.
    fn shop(
        &mut self,
        name: &str,
        parcels: usize,
        median: f64,
        spread: f64,
        charm: f64,
        declare: impl Fn(&mut ChaCha8Rng, f64) -> f64,
    ) {
        let articles: Vec<f64> = (0..parcels / 2)
            .map(|_| {
                let z: f64 = StandardNormal.sample(&mut self.rng);
                let price = median * (spread * z).exp();
                let kind: f64 = self.rng.random();
                if kind < 0.5 * charm {
                    (price / 10.0).round().max(1.0) * 10.0 - 0.01
                } else if kind < charm {
                    price.round().max(1.0) - 0.01
                } else {
                    (price * 100.0).round() / 100.0
                }
            })
            .collect();
        for _ in 0..parcels {
            let article = self.rng.random_range(0..articles.len());
            let pieces = [1.0, 1.0, 1.0, 2.0][self.rng.random_range(0..4)];
            let price = declare(&mut self.rng, articles[article] * pieces);
            self.rows.push((name.to_owned(), format!("{name} article {article}"), price, self.currency));
        }
    }

    /// Parcels flagged and parcels declared, by sender.
    fn flagged(&self) -> BTreeMap<String, (usize, usize)> {
        let world = self.world();
        let facts = world.facts();
        let found = run(&facts, &Settings::default());
        let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for row in &self.rows {
            counts.entry(row.0.clone()).or_default().1 += 1;
        }
        for finding in &found.findings {
            counts.get_mut(&self.rows[finding.parcel as usize].0).unwrap().0 += 1;
            assert!(finding.p_value.unwrap() < 0.05 && finding.score >= 0.5 && finding.revenue > 0);
        }
        assert!(found.tests >= found.cases.len() && found.tests == found.p_values.len());
        counts
    }

    fn world(&self) -> World {
        let mut csv = "parcel_id,date,consignor_name,consignor_country,consignee_name,consignee_country,nature,description,\
                       gross_weight_kg,value,currency"
            .to_owned();
        for (i, (sender, article, price, currency)) in self.rows.iter().enumerate() {
            csv.push_str(&format!(
                "\nP{i:06},2026-03-10,{sender},CN,Buyer {i},DE,sale,{article},0.5,{price:.2},{currency}"
            ));
        }
        let dir = tempfile::tempdir().unwrap();
        let (manifest, rates) = (dir.path().join("postal.csv"), dir.path().join("rates.csv"));
        std::fs::write(&manifest, csv).unwrap();
        let (before, on_the_day) = RATES;
        std::fs::write(&rates, format!("Date,USD,\n2026-03-10,{on_the_day},\n2026-03-09,{before},\n"))
            .unwrap();
        let inputs = [Input::new(&manifest, Channel::Postal).unwrap()];
        World::from_inputs("DE", "2026-03-10", &inputs, &Rates::read(&rates).unwrap())
    }
}

fn just_under(rng: &mut impl Rng) -> f64 {
    150.0 * (0.94 + 0.0599 * rng.random::<f64>())
}

#[test]
fn senders_who_move_values_under_the_limit_are_found_and_their_peers_are_not() {
    let (mut hits, mut planted, mut honest) = (0, 0, 0);
    for seed in 0..3 {
        let mut manifest = Manifest::with_peers(seed);
        for (i, (parcels, share)) in [(60, 0.3), (100, 0.25), (200, 0.2), (300, 0.4)].into_iter().enumerate()
        {
            manifest.shop(&format!("Mover {i}"), parcels, 60.0, 0.8, 0.3, |rng, price| {
                if rng.random::<f64>() < share { just_under(rng) } else { price }
            });
        }
        manifest.shop("Mover of dear goods", 300, 170.0, 0.3, 0.3, |rng, price| {
            if price > 150.0 && rng.random::<f64>() < 0.8 { just_under(rng) } else { price }
        });
        for (sender, (flagged, _)) in manifest.flagged() {
            if sender.starts_with("Mover") {
                planted += 1;
                hits += usize::from(flagged >= 10);
            } else {
                honest += usize::from(flagged > 0);
            }
        }
    }
    assert_eq!(planted, 15);
    assert!(hits >= 14, "{hits} of 15 movers were found");
    assert!(honest <= 1, "{honest} honest shops of 180 were flagged");
}

#[test]
fn honest_look_alikes_pass() {
    let mut manifest = Manifest::with_peers(7);
    for i in 0..4 {
        manifest.shop(&format!("One article {i}"), 150, 60.0, 0.8, 0.3, |rng, price| {
            if rng.random::<f64>() < 0.5 { 149.99 } else { price }
        });
        manifest.shop(&format!("All at charm prices {i}"), 300, 110.0, 0.4, 2.0, |_, price| price);
        manifest.shop(&format!("Own limit {i}"), 200, 120.0, 0.4, 0.3, |rng, price| {
            if price > 140.0 { 139.99 - 5.0 * rng.random::<f64>() } else { price }
        });
        manifest.shop(&format!("Own limit nearer {i}"), 200, 120.0, 0.4, 0.3, |rng, price| {
            if price > 145.0 { 144.99 - 4.0 * rng.random::<f64>() } else { price }
        });
        manifest.shop(&format!("Catalogue ends {i}"), 200, 110.0, 0.4, 0.3, |rng, price| {
            if price > 150.0 { 150.0 * (0.2 + 0.75 * rng.random::<f64>()) } else { price }
        });
        manifest.shop(&format!("Around the limit {i}"), 200, 150.0, 0.08, 0.3, |_, price| price);
        manifest.shop(&format!("Above the limit {i}"), 200, 110.0, 0.4, 0.3, |rng, price| {
            if rng.random::<f64>() < 0.3 { 150.0 * (1.001 + 0.06 * rng.random::<f64>()) } else { price }
        });
    }
    let wrong: Vec<(String, (usize, usize))> =
        manifest.flagged().into_iter().filter(|(_, c)| c.0 > 0).collect();
    assert_eq!(wrong, []);
}

#[test]
fn small_senders_are_tested_together_by_their_manifest() {
    let mut csv = "parcel_id,manifest_id,date,consignor_name,consignor_country,consignee_name,consignee_country,nature,\
                   description,gross_weight_kg,value,currency"
        .to_owned();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for i in 0..600 {
        let z: f64 = StandardNormal.sample(&mut rng);
        let honest = 50.0 * (0.8 * z).exp();
        let (manifest, price) = if i < 120 && rng.random::<f64>() < 0.4 {
            ("M1", just_under(&mut rng))
        } else if i < 120 {
            ("M1", honest)
        } else {
            ("M2", honest)
        };
        csv.push_str(&format!(
            "\nP{i:05},{manifest},2026-03-10,Sender {},CN,Buyer {i},DE,sale,article {i},0.5,{price:.2},EUR",
            i / 3
        ));
    }
    let world = World::from_csv("DE", "2026-03-10", &csv);
    let found = run(&world.facts(), &Settings::default());
    assert_eq!(found.cases.len(), 1);
    assert!(
        found.findings.len() >= 30 && found.findings.iter().all(|f| f.parcel < 120),
        "{}",
        found.findings.len()
    );
    assert_eq!(found.findings[0].evidence.object()["level"], "manifest");
}

#[test]
fn nothing_is_found_in_nothing() {
    let manifest = Manifest {
        rng: ChaCha8Rng::seed_from_u64(0),
        currency: "EUR",
        rows: vec![("A".to_owned(), "b".to_owned(), 149.99, "EUR")],
    };
    assert!(manifest.flagged().values().all(|c| c.0 == 0));
}

#[test]
fn a_rate_that_moved_overnight_makes_no_crowd() {
    let mut manifest = Manifest::with_peers(11);
    manifest.currency = "USD";
    for i in 0..6 {
        // Dollar prices, most of them charm prices; some come to just under the limit at the day's rate by chance.
        manifest.shop(&format!("Dollar shop {i}"), 300, 60.0 * RATES.0, 0.8, 1.2, |_, price| price);
        // Goods up to the limit at the rate of the day before: at the day's own rate they end above it.
        manifest.shop(&format!("Careful dollar shop {i}"), 300, 120.0 * RATES.0, 0.4, 0.5, |rng, price| {
            if price > 150.0 * RATES.0 { 150.0 * RATES.0 * (0.2 + 0.8 * rng.random::<f64>()) } else { price }
        });
    }
    let wrong: Vec<(String, (usize, usize))> =
        manifest.flagged().into_iter().filter(|(_, c)| c.0 > 0).collect();
    assert_eq!(wrong, []);
}

#[test]
fn who_also_sells_honestly_above_the_limit_passes() {
    let mut manifest = Manifest::with_peers(12);
    for i in 0..6 {
        manifest.shop(&format!("Two lines of goods {i}"), 300, 60.0, 0.7, 0.3, |rng, price| {
            if rng.random::<f64>() < 0.5 { price * 4.0 } else { price }
        });
        manifest.shop(&format!("A few at 149.99 and dearer {i}"), 300, 170.0, 0.5, 0.4, |rng, price| {
            if rng.random::<f64>() < 0.1 { 149.99 } else { price }
        });
    }
    let wrong: Vec<(String, (usize, usize))> =
        manifest.flagged().into_iter().filter(|(_, c)| c.0 > 0).collect();
    assert_eq!(wrong, []);
}

#[test]
fn every_test_is_a_row_and_only_a_sender_with_most_in_excess_is_accused() {
    let mut manifest = Manifest::with_peers(13);
    manifest.shop("Mover", 400, 60.0, 0.8, 0.3, |rng, price| {
        if rng.random::<f64>() < 0.3 { just_under(rng) } else { price }
    });
    manifest.shop("Some moved and more honest", 1500, 140.0, 0.2, 0.3, |rng, price| {
        if rng.random::<f64>() < 0.15 { just_under(rng) } else { price }
    });
    manifest.shop("Above", 400, 110.0, 0.4, 0.3, |rng, price| {
        if rng.random::<f64>() < 0.3 { 150.0 * (1.001 + 0.06 * rng.random::<f64>()) } else { price }
    });
    let world = manifest.world();
    let found = run(&world.facts(), &Settings { share: 0.8, ..Settings::default() });
    let row = |level: &str, name: &str| {
        found
            .groups
            .iter()
            .find(|g| g.level == level && g.name == name)
            .unwrap_or_else(|| panic!("{level} {name}"))
    };
    let mover = row("consignor", "Mover");
    assert_eq!(mover.verdict, Verdict::Accused);
    let (low, high) = mover.excess.unwrap();
    assert!(low > 0.0 && low < mover.observed - mover.expected && mover.observed - mover.expected < high);
    assert!(mover.q_value < 0.01 && mover.consignor.is_some());
    let mixed = row("consignor", "Some moved and more honest");
    assert_eq!(mixed.verdict, Verdict::CrowdedBelow, "{mixed:?}");
    assert_eq!(row("consignor", "Above").verdict, Verdict::CrowdedAbove);
    assert!(row("origin", "CN").prices > mover.prices);
    assert!(found.groups.iter().all(|g| g.level != "origin" || g.verdict != Verdict::Accused));
    assert!(
        found.cases.len() == 1 && found.findings.iter().all(|f| f.evidence.object()["level"] == "consignor")
    );
    let one = &found.findings[0];
    assert!(
        one.evidence.object()["density_jump_t"].as_f64().unwrap() < -2.0
            && one.reason.contains("The excess is")
    );
}
