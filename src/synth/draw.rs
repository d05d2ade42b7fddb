//! Random numbers: a seeded generator per piece of the world, and the few distributions that it needs.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// What a stream of random numbers is for, so that no two parts of the world share one.
#[derive(Clone, Copy)]
pub(super) enum Stream {
    Rates = 1,
    Seller,
    Household,
    Person,
    Business,
    Site,
    Chunk,
    Finish,
    Lanes,
}

/// A stream of random numbers.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    /// The stream of one piece of the world.
    pub fn new(seed: u64, stream: Stream, number: u64) -> Draw {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&number.to_le_bytes());
        key[8] = stream as u8;
        Draw(ChaCha8Rng::seed_from_u64(xxh3_64_with_seed(&key, seed)))
    }
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }
    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }
    /// Uniform in [low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
    /// A whole number below `n`; 0 where `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }
    /// A whole number from `low` to `high`, both included.
    pub fn whole(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as usize) as i64
    }
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }
    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
    /// Log-normal with that median and standard deviation of the logarithm.
    pub fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }
    /// A position below `n`, the first ones more often: the larger `skew` above 1, the more so.
    pub fn ranked(&mut self, n: usize, skew: f64) -> usize {
        ((n as f64 * self.unit().powf(skew)) as usize).min(n.saturating_sub(1))
    }
    /// One of a list that is not empty.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// Positions drawn in proportion to their weights.
#[derive(Default)]
pub(super) struct Weighted {
    upto: Vec<f64>,
}

impl Weighted {
    pub fn new(weights: impl IntoIterator<Item = f64>) -> Weighted {
        let mut sum = 0.0;
        let upto = weights.into_iter().map(|w| {
            sum += w;
            sum
        });
        Weighted { upto: upto.collect() }
    }
    pub fn draw(&self, draw: &mut Draw) -> usize {
        let at = draw.unit() * self.upto.last().copied().unwrap_or_default();
        self.upto.partition_point(|&sum| sum <= at).min(self.upto.len().saturating_sub(1))
    }
}
