//! Item identifiers, waybills, receptacles, flights: what a parcel gets when it is dispatched.

use super::draw::Draw;
use super::order::{Draft, Sender};
use super::world::World;
use crate::fields::s10::S10;

/// Serial numbers kept for a chunk: more than three a parcel.
const SERIALS: u64 = 131_072;
/// Chunks whose serial numbers fit into the eight digits of one service indicator.
const CHUNKS_A_SERVICE: u64 = 100_000_000 / SERIALS - 1;
/// Express carriers: code, airline prefix of the master air waybill, flight.
const CARRIERS: [(&str, &str, &str); 5] = [
    ("DHL", "155", "QY"),
    ("UPS", "406", "5X"),
    ("FEDEX", "023", "FX"),
    ("YUNEXPRESS", "784", "CZ"),
    ("CNE", "160", "CX"),
];

/// How a parcel travels.
#[derive(Clone, Debug, Default)]
pub(super) struct Dispatch {
    pub parcel_id: String,
    pub manifest_id: String,
    pub carrier: String,
    pub receptacle: String,
    pub flight: String,
}

/// The country that a parcel is sent from.
pub(super) fn origin(world: &World<'_>, draft: &Draft) -> [u8; 2] {
    match &draft.sender {
        Sender::Seller(seller) => world.sellers[*seller as usize].party.country,
        Sender::Private(party) => party.country,
    }
}

/// Numbers the parcels of a chunk: those of one consignor and day run on.
pub(super) fn dispatches(
    world: &World<'_>,
    drafts: &[Draft],
    chunk: usize,
    draw: &mut Draw,
) -> Vec<Dispatch> {
    let sender = |d: &Draft| match &d.sender {
        Sender::Seller(seller) => u64::from(*seller),
        // Private persons post one by one, between the sellers' runs.
        Sender::Private(_) => d.place | 1 << 63,
    };
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_key(|&i| {
        let d = &drafts[i];
        (d.postal, origin(world, d), d.day, sender(d), d.place, i)
    });
    let mut result = vec![Dispatch::default(); drafts.len()];
    let mut serial = 0;
    let mut bag = Bag::default();
    let mut before: Option<&Draft> = None;
    for i in order {
        let draft = &drafts[i];
        let same = before.is_some_and(|b| sender(b) == sender(draft) && b.day == draft.day);
        serial += if same { 1 + u64::from(draw.chance(0.12)) } else { 1 + draw.below(3) as u64 };
        bag.take(world, draft, chunk, draw);
        result[i] = if draft.postal {
            postal(world, draft, &bag, chunk as u64, serial)
        } else {
            express(world, draft, &bag, chunk as u64, serial)
        };
        before = Some(draft);
    }
    result
}

/// The receptacle or pallet that is being filled.
#[derive(Default)]
struct Bag {
    key: Option<(bool, [u8; 2], i32)>,
    room: i64,
    /// Number of the dispatch or flight of that country and day.
    dispatch: u64,
    /// Number of the receptacle in it.
    number: u64,
    weight: u64,
}

impl Bag {
    fn take(&mut self, world: &World<'_>, draft: &Draft, chunk: usize, draw: &mut Draw) {
        let key = (draft.postal, origin(world, draft), draft.day);
        if self.key != Some(key) {
            self.key = Some(key);
            self.dispatch = (chunk as u64 * 7 + draft.day as u64 * 31) % 10_000;
            self.number = 0;
            self.room = 0;
        }
        if self.room == 0 {
            self.room = draw.whole(25, 60);
            self.number += 1;
            self.weight = draw.whole(40, 310) as u64;
        }
        if self.number > 999 {
            self.number = 1;
            self.dispatch = (self.dispatch + 1) % 10_000;
        }
        self.room -= 1;
    }
}

fn letters(code: [u8; 2]) -> String {
    code.iter().map(|&b| char::from(b)).collect()
}

fn postal(world: &World<'_>, draft: &Draft, bag: &Bag, chunk: u64, serial: u64) -> Dispatch {
    let country = origin(world, draft);
    let first = match &draft.sender {
        Sender::Seller(seller) => world.sellers[*seller as usize].post_service[0],
        Sender::Private(_) => b"RCU"[(draft.place % 3) as usize],
    };
    let second = b"ABEGHKMNPRSTUVXY"[((u64::from(first) + chunk / CHUNKS_A_SERVICE) % 16) as usize];
    let s10 = S10 {
        service: [first, second],
        serial: (chunk % CHUNKS_A_SERVICE * SERIALS + serial) as u32,
        issuer: country,
    };
    let (from, to) = (letters(country), letters(world.plan.destination.letters()));
    // Year, dispatch, receptacle, last receptacle or not, registered or not, hectograms.
    let year = year(draft.day) % 10;
    let dispatch = format!("{from}AAAA{to}AAAAAUN{year}{:04}", bag.dispatch);
    let receptacle = format!("{dispatch}{:03}0{}{:04}", bag.number, u8::from(first == b'R'), bag.weight);
    Dispatch {
        parcel_id: s10.to_string(),
        flight: flight("CA", bag.dispatch, draft.day),
        manifest_id: dispatch,
        carrier: format!("{from}A"),
        receptacle,
    }
}

fn express(world: &World<'_>, draft: &Draft, bag: &Bag, chunk: u64, serial: u64) -> Dispatch {
    let carrier = match &draft.sender {
        Sender::Seller(seller) => world.sellers[*seller as usize].express_carrier,
        Sender::Private(_) => (draft.place % 3) as usize,
    };
    let number = chunk * SERIALS + serial;
    let parcel_id = match carrier {
        0 => format!("{:010}", 1_000_000_000 + number),
        1 => format!("1Z999AA1{:010}", number),
        2 => format!("{:012}", 770_000_000_000 + number),
        3 => format!("YT{:016}", 2_400_000_000_000_000 + number),
        _ => format!("3A5V{:09}", number),
    };
    let (code, prefix, airline) = CARRIERS[carrier];
    let country = u64::from(u16::from_be_bytes(origin(world, draft)));
    let waybill = (bag.dispatch * 613 + country * 97 + draft.day as u64 * 11 + carrier as u64) % 10_000_000;
    Dispatch {
        parcel_id,
        manifest_id: format!("{prefix}-{waybill:07}{}", waybill % 7),
        carrier: code.to_owned(),
        receptacle: String::new(),
        flight: flight(airline, country + bag.dispatch, draft.day),
    }
}

fn flight(airline: &str, number: u64, day: i32) -> String {
    let mut text = format!("{airline}{:03} ", 100 + number % 900);
    super::table::iso_date(day, &mut text);
    text
}

fn year(day: i32) -> i32 {
    let mut text = String::new();
    super::table::iso_date(day, &mut text);
    text.get(..4).and_then(|y| y.parse().ok()).unwrap_or(0)
}
