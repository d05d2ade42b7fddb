//! What all detectors look at: the shipments, who is who, the law, and tables derived from them once.

pub mod claims;
pub mod goods;
pub mod near_limit;
pub mod parts;
pub mod prices;
mod revenue;
#[cfg(test)]
pub(crate) mod testing;
pub mod words;

use crate::lists::Lists;
use crate::model::entities::Resolved;
use crate::model::parcels::Shipments;
use crate::refdata::charges::ChargeRates;
use crate::refdata::materials::Floors;
use crate::refdata::regimes::Terms;
use crate::refdata::vague::{Clarity, VagueTerms};
use rayon::prelude::*;

/// Everything that a detector may use.
pub struct Facts<'a> {
    /// Parcels, lines, declared parties.
    pub shipments: &'a Shipments,
    /// Who is who among the senders.
    pub consignors: &'a Resolved,
    /// Who is who among the addressees.
    pub consignees: &'a Resolved,
    /// The rules that occur, by [`Parcels::terms`](crate::model::parcels::Parcels::terms).
    pub terms: &'a [Terms],
    /// What comparable goods cost.
    pub prices: prices::Prices,
    /// Rates of duty and tax.
    pub charges: &'a ChargeRates,
    /// Lists of the user's; none by default.
    pub lists: &'a Lists,
    /// Whether each distinct description says anything.
    pub clarity: Vec<Clarity>,
    /// What the words of each description say of its code; where [`Facts::with_lists`] was called.
    pub words: Option<words::Night>,
    /// What goods cost at the least, by the raw material in them.
    pub floors: Floors,
    /// What parts of orders are made with.
    pub sources: parts::Sources,
    /// Parcels of addressees with several, by addressee.
    pub by_consignee: parts::Pool,
}

fn clarity(shipments: &Shipments) -> Vec<Clarity> {
    let (terms, texts) = (VagueTerms::shipped(), &shipments.descriptions);
    (0..texts.len() as u32)
        .into_par_iter()
        .map_init(String::new, |folded, d| terms.judge(texts.get(d), folded))
        .collect()
}

impl<'a> Facts<'a> {
    /// Derives what detectors share, with the prices of no other night and without floors.
    pub fn new(
        shipments: &'a Shipments,
        consignors: &'a Resolved,
        consignees: &'a Resolved,
        terms: &'a [Terms],
        charges: &'a ChargeRates,
    ) -> Facts<'a> {
        let none = prices::PriceReference::default();
        Self::with_reference(shipments, consignors, consignees, terms, charges, &none)
    }

    /// Derives what detectors share; prices are held against those of earlier nights where the reference has them.
    pub fn with_reference(
        shipments: &'a Shipments,
        consignors: &'a Resolved,
        consignees: &'a Resolved,
        terms: &'a [Terms],
        charges: &'a ChargeRates,
        reference: &prices::PriceReference,
    ) -> Facts<'a> {
        let (prices, clarity) = rayon::join(
            || prices::Prices::build(shipments, consignors, terms, reference),
            || clarity(shipments),
        );
        let mut facts = Facts {
            shipments,
            consignors,
            consignees,
            terms,
            charges,
            prices,
            lists: Lists::none(),
            words: None,
            floors: Floors::default(),
            clarity,
            sources: Default::default(),
            by_consignee: Default::default(),
        };
        facts.sources = parts::Sources::of(&facts);
        let pools = parts::Pool::of(&facts, &[parts::consignees(&facts)]);
        facts.by_consignee = pools.into_iter().next().unwrap_or_default();
        facts
    }
    /// Takes the user's lists, and what the words of the night say of its codes.
    pub fn with_lists(mut self, lists: &'a Lists, words: words::Night) -> Facts<'a> {
        self.lists = lists;
        self.words = Some(words);
        self
    }
    /// The rules for a parcel.
    pub fn terms(&self, parcel: u32) -> &Terms {
        &self.terms[self.shipments.parcels.terms[parcel as usize] as usize]
    }
    /// The resolved sender of a parcel.
    pub fn consignor(&self, parcel: u32) -> u32 {
        self.consignors.entities.of_party[self.shipments.parcels.consignor[parcel as usize] as usize]
    }
    /// The resolved addressee of a parcel.
    pub fn consignee(&self, parcel: u32) -> u32 {
        self.consignees.entities.of_party[self.shipments.parcels.consignee[parcel as usize] as usize]
    }
}
