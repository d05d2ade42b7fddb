//! A chunk of the night: so many parcels, made from a stream of random numbers of its own.

use super::draw::{Draw, Stream, Weighted};
use super::order::{Desk, Draft};
use super::world::World;
use super::{frauds, twins};

/// Parcels in a chunk: a row group of each channel.
pub(super) const PARCELS: usize = 32_768;

/// What may happen next.
#[derive(Clone, Copy)]
enum Event {
    Order,
    Twin(twins::Twin),
    Fraud(super::order::Typology),
}

/// The parcels of a chunk, in no order.
pub(super) fn drafts<'a>(world: &'a World<'a>, chunk: usize, parcels: usize) -> Vec<Draft> {
    let draw = Draw::new(world.plan.seed, Stream::Chunk, chunk as u64);
    let mut desk = Desk { world, draw, chunk, cases: 0, drafts: Vec::with_capacity(parcels) };
    let mut events = vec![Event::Order];
    let mut weights = vec![0.0];
    let mut left = 1.0;
    let possible: Vec<_> = frauds::SHARES.iter().filter(|f| desk.possible(f.0)).collect();
    let whole: f64 = possible.iter().map(|f| f.1).sum();
    for &&(typology, share, size) in &possible {
        let share = world.plan.fraud_share * share / whole;
        events.push(Event::Fraud(typology));
        weights.push(share / size);
        left -= share;
    }
    for &(twin, share, size) in twins::SHARES.iter().filter(|t| desk.meaningful(t.0)) {
        events.push(Event::Twin(twin));
        weights.push(share / size);
        left -= share;
    }
    weights[0] = left.max(0.05);
    let events_by_weight = Weighted::new(weights);
    while desk.drafts.len() < parcels {
        let made = match events[events_by_weight.draw(&mut desk.draw)] {
            Event::Order => vec![desk.ordinary()],
            Event::Twin(twin) => desk.until_made(|d| d.twin(twin)),
            Event::Fraud(typology) => desk.until_made(|d| d.fraud(typology)),
        };
        // A case is planted whole or not at all.
        if desk.drafts.len() + made.len() <= parcels {
            desk.drafts.extend(made);
        } else {
            let order = desk.ordinary();
            desk.drafts.push(order);
        }
    }
    super::lanes::plant(world, chunk, &mut desk.drafts);
    desk.drafts
}

impl Desk<'_> {
    fn until_made(&mut self, make: impl Fn(&mut Self) -> Vec<Draft>) -> Vec<Draft> {
        for _ in 0..30 {
            let made = make(self);
            if !made.is_empty() {
                return made;
            }
        }
        Vec::new()
    }
}
