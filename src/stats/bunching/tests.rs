use super::*;
use rand::{Rng, RngExt};

const LIMIT: f64 = 150.0;
const ASSUMED: Assumptions = Assumptions { shape_sd: 1.5, heaping_sd: 0.5, unevenness: 0.05 };

/// What a consignor does with its prices.
#[derive(Clone, Copy)]
struct Trade {
    values: usize,
    median: f64,
    spread: f64,
    /// Share of charm prices, most of them just under a multiple of ten.
    charm: f64,
}

impl Trade {
    fn prices(self, rng: &mut impl Rng) -> Vec<f64> {
        (0..self.values)
            .map(|_| {
                let z: f64 = StandardNormal.sample(rng);
                let price = self.median * (self.spread * z).exp();
                let kind: f64 = rng.random();
                if kind < 0.6 * self.charm {
                    (price / 10.0).round().max(1.0) * 10.0 - 0.01
                } else if kind < self.charm {
                    price.round().max(1.0) - 0.01
                } else {
                    (price * 100.0).round() / 100.0
                }
            })
            .collect()
    }
}

fn histogram(values: &[f64]) -> Histogram {
    let mut counts = [0.0; BINS];
    for value in values {
        if let Some(b) = bin(value / LIMIT) {
            counts[b] += 1.0;
        }
    }
    counts
}

fn lane(rng: &mut impl Rng, design: &Design) -> Shape {
    let mut pool = [0.0; BINS];
    for i in 0..200 {
        let z: f64 = StandardNormal.sample(rng);
        let charm = if i % 2 == 0 { 0.6 } else { 0.1 };
        let trade = Trade { values: 200, median: 20.0 * z.exp(), spread: 0.8, charm };
        for (sum, count) in pool.iter_mut().zip(histogram(&trade.prices(rng))) {
            *sum += count;
        }
    }
    Shape::pooled(&pool, design)
}

/// Share of 200 consignors that a test at 5 % calls bunched, after `change` has been at their prices.
fn rejected(trade: Trade, seed: u64, change: impl Fn(&mut Vec<f64>, &mut ChaCha8Rng)) -> f64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let design = Design::new(LIMIT, LIMIT);
    let shape = lane(&mut rng, &design);
    let mut hits = 0;
    for _ in 0..200 {
        let mut values = trade.prices(&mut rng);
        change(&mut values, &mut rng);
        let found = excess(&histogram(&values), &design, 0..BINS, 1.0, &shape, 1.0, &ASSUMED).unwrap();
        hits += usize::from(found.p_value < 0.05 && found.asymmetry < 0.05);
    }
    hits as f64 / 200.0
}

/// Moves a share of the values just under the limit.
fn moved(share: f64) -> impl Fn(&mut Vec<f64>, &mut ChaCha8Rng) {
    move |values, rng| {
        for value in values {
            if rng.random::<f64>() < share {
                *value = LIMIT * (0.93 + 0.0699 * rng.random::<f64>());
            }
        }
    }
}

const LARGE: [Trade; 4] = [
    Trade { values: 3000, median: 60.0, spread: 0.8, charm: 0.0 },
    Trade { values: 3000, median: 60.0, spread: 0.8, charm: 0.6 },
    Trade { values: 3000, median: 100.0, spread: 0.5, charm: 0.3 },
    Trade { values: 3000, median: 140.0, spread: 0.2, charm: 0.3 },
];

#[test]
fn honest_distributions_are_rejected_no_more_often_than_promised() {
    for (i, trade) in LARGE.into_iter().enumerate() {
        let size = rejected(trade, i as u64, |_, _| {});
        assert!(size <= 0.08, "trade {i}: {size}");
        let ends = rejected(trade, 10 + i as u64, |values, _| values.retain(|&v| v <= LIMIT));
        assert!(ends <= 0.08, "trade {i} whose catalogue ends at the limit: {ends}");
        let own = rejected(trade, 20 + i as u64, |values, rng| {
            for value in values {
                if *value > 140.0 && rng.random::<f64>() < 0.9 {
                    *value = 139.99 - 10.0 * rng.random::<f64>();
                }
            }
        });
        assert!(own <= 0.08, "trade {i} whose carrier's own limit is 140: {own}");
        let dearer = rejected(trade, 30 + i as u64, |values, rng| {
            for value in values {
                if *value < LIMIT && rng.random::<f64>() < 0.2 {
                    *value = LIMIT * (1.001 + 0.06 * rng.random::<f64>());
                }
            }
        });
        assert!(dearer <= 0.08, "trade {i} bunched above the limit: {dearer}");
    }
    let peak = Trade { values: 3000, median: LIMIT, spread: 0.1, charm: 0.3 };
    assert!(rejected(peak, 40, |_, _| {}) <= 0.08, "prices around the limit on both sides");
}

#[test]
fn values_moved_under_the_limit_are_found() {
    for (i, trade) in LARGE[..3].iter().enumerate() {
        let tenth = rejected(*trade, 50 + i as u64, moved(0.1));
        assert!(tenth >= 0.7, "trade {i}, a tenth moved: {tenth}");
        let third = rejected(*trade, 60 + i as u64, moved(0.3));
        assert!(third >= 0.95, "trade {i}, three tenths moved: {third}");
    }
    let above = rejected(LARGE[0], 70, |values, rng| {
        for value in values {
            if *value > LIMIT && rng.random::<f64>() < 0.3 {
                *value = LIMIT * (0.93 + 0.0699 * rng.random::<f64>());
            }
        }
    });
    assert!(above >= 0.95, "three tenths of the dearer goods moved: {above}");
    for (values, share, power) in [(300, 0.2, 0.95), (100, 0.2, 0.9), (40, 0.3, 0.85)] {
        let trade = Trade { values, median: 60.0, spread: 0.8, charm: 0.3 };
        let found = rejected(trade, values as u64, moved(share));
        assert!(found >= power, "{share} of {values} moved: {found}");
    }
}

#[test]
fn bins_hold_their_upper_end_and_the_law_decides_at_the_limit() {
    assert_eq!(bin(1.0), Some(EDGE - 1));
    assert_eq!(bin(1.0001), Some(EDGE));
    assert_eq!(bin_at_limit(1.0, false), Some(EDGE));
    assert_eq!(bin_at_limit(0.999999, true), Some(EDGE - 1));
    assert!(WINDOW.contains(&bin(140.5 / 150.0).unwrap()));
    assert!(!WINDOW.contains(&bin(140.0 / 150.0).unwrap()), "a carrier's own limit of 140 is outside");
    assert_eq!(bin(0.3), None);
    assert_eq!(bin(2.2), None);
    assert_eq!(bin(0.0), None);
}

#[test]
fn round_prices_are_steps_that_people_use() {
    assert_eq!(steps(150.0), (10.0, 50.0));
    assert_eq!(steps(800.0), (50.0, 100.0));
    assert_eq!(steps(135.0), (10.0, 50.0));
    assert_eq!(steps(39.0), (2.0, 10.0));
    let design = Design::new(150.0, 150.0);
    assert_eq!(design.rows[EDGE - 1][3..], [1.0, 1.0], "149.99 and 150 stand in the last bin");
    assert_eq!(design.rows[EDGE - 2][3..], [0.0, 0.0]);
}

#[test]
fn a_crowd_above_the_limit_is_told_from_one_below() {
    let mut rng = ChaCha8Rng::seed_from_u64(80);
    let design = Design::new(LIMIT, LIMIT);
    let shape = lane(&mut rng, &design);
    for (low, high, below) in [(0.94, 1.0, true), (1.001, 1.06, false)] {
        let mut values = LARGE[0].prices(&mut rng);
        values.iter_mut().step_by(8).for_each(|v| *v = LIMIT * (low + (high - low) * rng.random::<f64>()));
        let found = excess(&histogram(&values), &design, 0..BINS, 1.0, &shape, 1.0, &ASSUMED).unwrap();
        assert_eq!(found.p_value < 0.01 && found.asymmetry < 0.01, below, "{found:?}");
        assert_eq!(found.p_above < 0.01, !below, "{found:?}");
    }
}

#[test]
fn the_interval_holds_the_mass_that_was_moved() {
    let mut rng = ChaCha8Rng::seed_from_u64(81);
    let design = Design::new(LIMIT, LIMIT);
    let shape = lane(&mut rng, &design);
    for (n, trade) in LARGE[..3].iter().enumerate() {
        let (mut held, mut width) = (0, 0.0);
        for _ in 0..60 {
            let mut values = trade.prices(&mut rng);
            let mut moved = 0.0;
            for value in &mut values {
                if rng.random::<f64>() < 0.1 {
                    let before = bin(*value / LIMIT).is_some_and(|b| WINDOW.contains(&b));
                    *value = LIMIT * (0.936 + 0.0639 * rng.random::<f64>());
                    moved += f64::from(u8::from(!before));
                }
            }
            let (low, high) = interval(&histogram(&values), &design, 0..BINS, &shape, 1.0, &ASSUMED).unwrap();
            held += usize::from(low <= moved && moved <= high);
            width += (high - low) / 60.0;
        }
        assert!(held >= 51, "trade {n}: {held} of 60 intervals hold the mass moved");
        assert!(width < 300.0, "trade {n}: intervals are {width} wide where about 300 are moved");
    }
}
