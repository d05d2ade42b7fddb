//! What is wrong with a parcel beside its value: goods declared as others, data that say nothing, goods of other agencies;
//! and honest parcels that resemble them.
//!
//! Planted after the parcels are made, into ordinary ones, from a stream of their own: what the other frauds and twins
//! draw is the same with them and without.

use super::draw::{Draw, Stream};
use super::order::{Draft, Item, Sender, Truth, Typology};
use super::world::World;

/// Planted parcels as a share of the fraudulent ones.
const SHARE: f64 = 0.2;
/// Honest look-alikes as a share of all parcels.
const TWINS: f64 = 0.016;

/// Names of the honest look-alikes.
pub(super) const TWIN_NAMES: [&str; 4] =
    ["accessory_named_for_device", "bilingual_text", "controlled_only_by_sound", "vague_word_inside"];

const KINDS: [Typology; 6] = [
    Typology::OtherGoodsCode,
    Typology::OtherGoodsCode,
    Typology::ConstantCode,
    Typology::VagueDescription,
    Typology::Nobody,
    Typology::ControlledGoods,
];

const VAGUE: [&str; 10] = [
    "gift",
    "accessories",
    "daily necessities",
    "parts",
    "Geschenk",
    "cadeau",
    "mixed goods",
    "sample",
    "personal items",
    "N/A",
];
const NOBODY: [&str; 6] = ["Unknown", "N/A", "Private person", "Mickey Mouse", "test test", "customer"];
const CONTROLLED: [(&str, &str); 10] = [
    ("electric detonators, box of 10", "360360"),
    ("ammonium nitrate 1 kg", "310230"),
    ("acet1c anhydride 500ml", "291524"),
    ("p i l l  p r e s s machine", "847989"),
    ("pmk powder", "291100"),
    ("gun barrel 9mm steel", "732690"),
    ("solvent trap kit titanium", "842199"),
    ("gps jammer portable", "852691"),
    ("ivory carving antique", "960110"),
    ("f3ntanyl powder sample", "300490"),
];
const SOUNDS: [(&str, &str); 6] = [
    ("water pistol for kids", "950300"),
    ("nail polish remover acetone free", "330430"),
    ("French press coffee maker", "701399"),
    ("lace dress ivory white", "620443"),
    ("toy gun parts set", "950300"),
    ("aquarium air pump silencer", "841480"),
];
const ACCESSORIES: [(&str, &str); 6] = [
    ("case for smartphone", "392690"),
    ("strap for smart watch", "911390"),
    ("remote control for TV", "852692"),
    ("cover for car seat", "870899"),
    ("bag for camera", "420292"),
    ("stand for laptop", "732690"),
];
const INSIDE: [(&str, &str); 4] = [
    ("spare parts for bicycle brake", "871494"),
    ("phone accessories USB cable", "854442"),
    ("gift box with scented candle", "340600"),
    ("hair accessories hair clip", "961511"),
];

/// Plants into ordinary parcels of sellers.
pub(super) fn plant(world: &World<'_>, chunk: usize, drafts: &mut [Draft]) {
    let mut draw = Draw::new(world.plan.seed, Stream::Lanes, chunk as u64);
    let mut cases = 0;
    for draft in drafts.iter_mut() {
        let (u, place) = (draw.unit(), draw.bits());
        let ordinary = draft.truth.is_none() && draft.twin.is_none() && draft.nature == "sale";
        let Sender::Seller(seller) = draft.sender else { continue };
        if !ordinary || draft.items.is_empty() {
            continue;
        }
        let mut own = Draw::new(world.plan.seed ^ place, Stream::Lanes, u64::from(seller));
        let line = own.below(draft.items.len());
        let planted = SHARE * world.plan.fraud_share;
        if u < planted {
            let kind = *own.pick(&KINDS);
            if let Some(line) = fraud(world, draft, kind, line, &mut own) {
                cases += 1;
                let case_key = format!("{}-{chunk}-{cases}", kind.names().1);
                draft.truth = Some(Truth { typology: kind, case_key, line });
            }
        } else if u < planted + TWINS {
            twin(draft, own.below(TWIN_NAMES.len()), line, &mut own);
        }
    }
}

/// Makes the parcel false; the line at fault, where it is one. Nothing where it cannot be made so.
fn fraud(
    world: &World<'_>,
    draft: &mut Draft,
    kind: Typology,
    line: usize,
    draw: &mut Draw,
) -> Option<Option<usize>> {
    let item = &mut draft.items[line];
    match kind {
        Typology::OtherGoodsCode => {
            // Goods of another chapter that cost less, so that the price does not betray the code.
            let price = item.value / item.quantity as f64 / world.per_euro(draft.currency, draft.day);
            let seller = (0..60).find_map(|_| {
                let seller = draw.pick(&world.sellers);
                let offer = draw.pick(&seller.offers);
                let other =
                    offer.hs.get(..2) != item.hs.get(..2) && !item.hs.is_empty() && offer.cover.is_none();
                (other && offer.euros <= price && offer.euros > 0.3 * price).then(|| offer.hs.clone())
            });
            item.hs = seller?;
            Some(Some(line))
        }
        Typology::ConstantCode => {
            if item.hs.is_empty() || item.hs.starts_with("39") {
                return None;
            }
            item.hs = "392690".to_owned();
            Some(Some(line))
        }
        Typology::VagueDescription => {
            item.description = (*draw.pick(&VAGUE)).to_owned();
            Some(Some(line))
        }
        Typology::Nobody => {
            draft.consignee.name = (*draw.pick(&NOBODY)).to_owned();
            Some(None)
        }
        Typology::ControlledGoods => {
            let (text, code) = *draw.pick(&CONTROLLED);
            rename(item, text, code);
            Some(Some(line))
        }
        _ => None,
    }
}

fn twin(draft: &mut Draft, kind: usize, line: usize, draw: &mut Draw) {
    let item = &mut draft.items[line];
    match kind {
        0 => {
            let (text, code) = *draw.pick(&ACCESSORIES);
            rename(item, text, code);
        }
        1 => item.description = format!("{} / {}", item.description, item.description.to_uppercase()),
        2 => {
            let (text, code) = *draw.pick(&SOUNDS);
            rename(item, text, code);
        }
        _ => {
            let (text, code) = *draw.pick(&INSIDE);
            rename(item, text, code);
        }
    }
    draft.twin = Some(TWIN_NAMES[kind]);
}

fn rename(item: &mut Item, text: &str, code: &str) {
    item.description = text.to_owned();
    if !item.hs.is_empty() {
        item.hs = code.to_owned();
    }
}
