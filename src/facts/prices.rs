//! What comparable goods cost: price cells per piece and per kg, and how far each line and each consignor lies below
//! them.
//!
//! A line can be cut in three ways, and each is judged against what the others cannot explain:
//! 1. against the same consignor's other lines of the same article ([`Prices::own`]);
//! 2. against other consignors' prices in its cell, its consignor's usual level granted ([`Prices::peers`]);
//! 3. all of a consignor's lines against other consignors, over all of its cells ([`Prices::consignor`]).
//!
//! Both scales must agree: where both are known the milder one counts. Cells, shrinkage and the estimator stand in
//! `prices/tree.rs`, the curve of price on weight and the discount for quantity in `prices/model.rs`, the probability
//! in [`crate::stats::mixture`].

mod cells;
mod clusters;
mod endings;
mod goods;
mod heaps;
mod history;
mod kin;
mod lots;
mod lows;
mod model;
mod past;
mod peers;
mod reference;
mod report;
mod slopes;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod tree;
mod whole;

use crate::fields::currency::Currency;
use crate::model::entities::Resolved;
use crate::model::parcels::Shipments;
use crate::refdata::regimes::Terms;
use crate::stats::mixture::{Likelihood, Mixture, Prior, Shape, below};
use cells::subheading;
use clusters::{Clusters, Condition};
use endings::{Endings, LineEnds};
use goods::{Sold, points, sender};
use history::{History, Usual};
use lows::KEPT;
use model::{Draft, Model, Point, Residual};
use peers::Peers;
use rayon::prelude::*;

pub use endings::Ends;
pub use model::Standing;
pub use past::{PriceReference, ReferenceError, ReferenceFile};
pub use reference::{Comparison, PriceCell};
pub use report::Grounds;
pub use whole::Whole;

/// Honest discounts and cuts against peers: clearance sales and cheap qualities at 30 to 60 % off; cuts to between a
/// twelfth and six tenths.
const PEERS: Shape = Shape { discount: (-0.92, -0.3), cut: (-2.5, -0.5), freedom: 7, symmetry: 0.5 };
/// The same for a line against its own article: there smaller discounts are discounts too.
const OWN: Shape = Shape { discount: (-0.85, -0.15), cut: (-2.5, -0.5), freedom: 7, symmetry: 0.2 };
/// The same for a consignor over all its goods: outlets and cheap qualities at up to half the price. The middle of many
/// articles strays less wildly than one, and dear brands have no like below: nobody sells all at a quarter of the cost.
const CONSIGNOR: Shape = Shape { discount: (-0.7, -0.3), cut: (-2.5, -0.5), freedom: 29, symmetry: 0.3 };
/// The same for parcels declared just below a limit: what is cut there is cut to fit, often by a third only, and no dear
/// brand makes up for it.
const JUST_BELOW: Shape = Shape { discount: (-0.92, -0.3), cut: (-1.8, -0.25), freedom: 7, symmetry: 0.5 };
/// Articles and lines that a consignor's level must rest on to be judged.
const LEVEL_ARTICLES: u32 = 2;
const LEVEL_LINES: u32 = 3;
const LINE_PRIOR: Prior = Prior { discount: 0.05, cut: 0.02, weight: 300.0 };
const OWN_PRIOR: Prior = Prior { discount: 0.05, cut: 0.02, weight: 300.0 };
const PARCEL_PRIOR: Prior = Prior { discount: 0.05, cut: 0.02, weight: 300.0 };
const JUST_BELOW_PRIOR: Prior = Prior { discount: 0.03, cut: 0.05, weight: 100.0 };
const CONSIGNOR_PRIOR: Prior = Prior { discount: 0.02, cut: 0.02, weight: 60.0 };
/// The same for the ranking of lines: there who undervalues all is as common as the night shows. A cheap sender whom only
/// the prior suspects would put all its honest lines ahead of those that stand out.
const SHOWN_PRIOR: Prior = Prior { cut: 0.002, ..CONSIGNOR_PRIOR };
/// A scale this much wider than the other decides nothing by itself ...
const WIDER: f64 = 1.5;
/// ... but where it shows no lower price than this, the line is not low ...
const NOT_LOW: f64 = -0.25;
/// ... unless it is so wide that it says nothing: weights or counts that are none.
const SAYS_NOTHING: f64 = 3.0;

/// Standard deviation up to which a comparison with consignors of the same goods clears a line.
const SHARP: f64 = 0.4;
/// Log of a consignor's usual price over that of others, up to so many with goods of the same words, from which theirs are
/// other goods.
const OTHER_GOODS: f64 = 0.9;
const MANY: usize = 20;
/// A price is steady up to this standard deviation.
const STEADY: f64 = 0.3;
/// Share of the others' price from which a line is not low, whatever its consignor's other lines are.
const FULL_PRICE: f64 = 0.9;
/// Variance by which an expected price is uncertain at the least.
const LEAST_VAGUE: f64 = 0.000_4;
/// Log level of a consignor below which its own price excuses nothing.
const LOW_LEVEL: f64 = -0.5;

/// The scale of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Value per piece.
    Piece,
    /// Value per kg of net weight.
    Kg,
}

impl Scale {
    /// The name used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Scale::Piece => "piece",
            Scale::Kg => "kg",
        }
    }
    /// How a price on it reads: "9.80 EUR a piece".
    pub const fn per(self) -> &'static str {
        match self {
            Scale::Piece => "a piece",
            Scale::Kg => "a kg",
        }
    }
}

/// A judged residual.
#[derive(Clone, Copy, Debug)]
pub struct Judgement<'a> {
    /// Probability that the value was cut.
    pub probability: f64,
    /// Declared over expected price.
    pub ratio: f64,
    /// Standard deviation of its logarithm for an honest value.
    pub spread: f64,
    /// Scale on which it was judged.
    pub scale: Scale,
    /// Probability that as many other lines lie as low by chance, 1 where none do: else the price is one of the article's.
    pub chance: f64,
    residual: Residual,
    mixture: &'a Mixture,
}

impl Judgement<'_> {
    /// Probability that an honest value lies as low; at least that of the price being one of the article's.
    pub fn p_value(&self) -> f64 {
        self.mixture.p_value(self.residual.x, self.residual.s).max(1.0 - self.chance)
    }
}

/// A line among all lines.
#[derive(Clone, Copy, Debug)]
pub struct Ranked<'a> {
    /// Probability that the value was cut, by whatever comparison.
    pub probability: f64,
    /// What the line was compared with: `article`, `consignors` or `nothing`.
    pub with: &'static str,
    /// That comparison.
    pub judgement: Option<Judgement<'a>>,
}

/// Prices of a night.
pub struct Prices {
    piece: Model,
    kg: Model,
    clusters: Clusters,
    endings: Endings,
    line_ends: LineEnds,
    history: History,
    /// Lines against other consignors, and parcels against the sum of their lines.
    to_peers: Peers,
    sums: Vec<whole::Sum>,
    currencies: Vec<Currency>,
    peers: Mixture,
    /// The same for lines at their consignor's own usual price.
    usual: Mixture,
    own: Mixture,
    consignors: Mixture,
    /// Consignors as far as the night itself shows that some undervalue all.
    shown: Mixture,
    parcels: Mixture,
    just_below: Mixture,
}

impl Prices {
    /// Builds the cells and fits everything. Lines without a value, or with neither pieces nor weight take no part,
    /// nor lines without a code whose description does not tell it, nor do samples, documents,
    /// returned goods, gifts of private persons, and shares of a parcel's value.
    ///
    /// Where `reference` knows a cell from other nights, it takes the place of the night's own consignors there.
    pub fn build(
        shipments: &Shipments,
        consignors: &Resolved,
        terms: &[Terms],
        reference: &PriceReference,
    ) -> Prices {
        let entity = |parcel: u32| sender(shipments, consignors, parcel);
        let clusters = Clusters::build(shipments, entity);
        let mut currencies: Vec<Currency> = terms.iter().map(|t| t.currency).collect();
        currencies.sort_unstable();
        currencies.dedup();
        let (lines, senders) = (shipments.lines.len(), consignors.entities.len());
        let sold = Sold::new(shipments, consignors, &clusters, terms, &currencies);
        let goods = sold.goods();
        let (by_piece, by_kg) = rayon::join(|| points(&goods, Scale::Piece), || points(&goods, Scale::Kg));
        drop(goods);
        let past = |scale: Scale| reference.cells(scale, &currencies, &clusters);
        let draft = |scale: Scale, (points, guests): (Vec<Point>, Vec<Point>), slope: (f64, f64)| {
            let mut draft = Draft::build(points, lines, senders, slope, scale == Scale::Kg, &past(scale));
            draft.welcome(&guests);
            draft
        };
        // Price per piece grows with weight by less than the weight, so price per kg falls with it.
        let (piece, kg) = rayon::join(
            || draft(Scale::Piece, by_piece, (0.6, 0.0)),
            || draft(Scale::Kg, by_kg, (-0.4, -1.0)),
        );
        let usual = Usual { stray: piece.model.stray, discount: piece.model.discount, by_weight: 0.0 };
        let history = History::build(sold.entries(), lines, usual, kg.model.between);
        let scales = [piece, kg];
        let to_peers = Peers::of_lines(lines, &scales);
        let sums = whole::sums(shipments, terms, &scales, &history);
        let [piece, kg] = scales.map(Draft::done);
        let (endings, line_ends) = rayon::join(
            || Endings::build(shipments, entity, senders),
            || LineEnds::build(shipments, entity, senders),
        );
        let empty = Mixture::fit(&[], PEERS, LINE_PRIOR);
        let mut prices = Prices {
            piece,
            kg,
            clusters,
            endings,
            line_ends,
            history,
            to_peers,
            sums,
            currencies,
            peers: empty.clone(),
            usual: empty.clone(),
            own: empty.clone(),
            consignors: empty.clone(),
            shown: empty.clone(),
            parcels: empty.clone(),
            just_below: empty,
        };
        let pair = |(r, _): (Residual, Scale)| (r.x as f32, r.s as f32);
        let with_own: Vec<u32> = (0..lines as u32)
            .into_par_iter()
            .filter(|line| prices.own_residual(*line as usize).is_some())
            .collect();
        let of_peers =
            |of: &(dyn Fn(usize) -> bool + Sync)| Mixture::fit(&prices.to_peers.pairs(of), PEERS, LINE_PRIOR);
        let ((of_peers, of_usual), of_own) = rayon::join(
            || (of_peers(&|_| true), of_peers(&|line| prices.at_usual(line))),
            || {
                let own = with_own.par_iter().filter_map(|line| prices.article_residual(*line as usize));
                let own: Vec<(f32, f32)> = own.map(pair).collect();
                Mixture::fit_given(&own, |i| prices.seen_of_own(with_own[i] as usize), OWN, OWN_PRIOR)
            },
        );
        (prices.peers, prices.usual, prices.own) = (of_peers, of_usual, of_own);
        let standing: Vec<(f32, f32)> = (0..senders as u32)
            .into_par_iter()
            .filter_map(|consignor| prices.consignor_residual(consignor).map(pair))
            .collect();
        (prices.consignors, prices.shown) = rayon::join(
            || Mixture::fit(&standing, CONSIGNOR, CONSIGNOR_PRIOR),
            || Mixture::fit(&standing, CONSIGNOR, SHOWN_PRIOR),
        );
        let whole = |near: bool| -> Vec<(f32, f32)> {
            prices.sums.iter().filter(|sum| sum.near == near).map(|sum| (sum.x, sum.s)).collect()
        };
        (prices.parcels, prices.just_below) = rayon::join(
            || Mixture::fit(&whole(false), PEERS, PARCEL_PRIOR),
            || Mixture::fit(&whole(true), JUST_BELOW, JUST_BELOW_PRIOR),
        );
        prices
    }

    fn peers_residual(&self, line: usize) -> Option<(Residual, Scale)> {
        self.to_peers.residual(line)
    }

    fn own_residual(&self, line: usize) -> Option<(Residual, Scale)> {
        self.history.of(line)
    }

    /// The line against what its article costs. That is told by its consignor's other lines and, with the consignor's
    /// level, by other consignors: the two middles are weighed by what each is uncertain by, since the line's own
    /// straying is common to both (the posterior mean of a hierarchical model, D. Lindley and A. Smith, J. R. Stat.
    /// Soc. B 34:1, 1972).
    fn article_residual(&self, line: usize) -> Option<(Residual, Scale)> {
        let (own, scale) = self.own_residual(line)?;
        Some((self.blended(line, own), scale))
    }

    fn blended(&self, line: usize, own: Residual) -> Residual {
        self.peers_residual(line).map_or(own, |(peers, _)| weighed(own, peers))
    }

    fn consignor_residual(&self, consignor: u32) -> Option<(Residual, Scale)> {
        let fit = |model: &Model| {
            let standing = model.standing[consignor as usize]?;
            (standing.articles >= LEVEL_ARTICLES && standing.lines >= LEVEL_LINES)
                .then(|| model.consignor(consignor))
                .flatten()
        };
        milder(fit(&self.piece), fit(&self.kg))
    }

    /// The line against other consignors' prices, its consignor's usual level granted.
    pub fn peers(&self, line: usize) -> Option<Judgement<'_>> {
        let mixture = if self.at_usual(line) { &self.usual } else { &self.peers };
        self.peers_residual(line).map(|r| judged(mixture, r, self.line_ends.of(line)))
    }

    /// The line against what its article costs by its consignor's other lines and, where those are few, by other
    /// consignors.
    pub fn own(&self, line: usize) -> Option<Judgement<'_>> {
        let (own, scale) = self.own_residual(line)?;
        let judged = judged(&self.own, (self.blended(line, own), scale), self.seen_of_own(line));
        Some(Judgement { probability: own.chance * judged.probability, chance: own.chance, ..judged })
    }

    /// What the ending of a line's price and the lines of its article at the very same price say of it.
    fn seen_of_own(&self, line: usize) -> Likelihood {
        self.line_ends.of(line).and(self.history.heap(line))
    }

    /// How probable a cut is by all comparisons of a line together, for ranking all lines: against what its article
    /// costs, or against other consignors where its own has sent no other line of it.
    ///
    /// Who undervalues all it sells is low in its own eyes nowhere, so that the consignor's probability comes in as
    /// another way in which the line may be cut: the more, the less probable it is that the line is at full price, by
    /// itself as well as by its consignor's level.
    ///
    /// A price that nothing can be compared with is as probable to be cut as any.
    pub fn ranked(&self, line: usize, consignor: u32) -> Option<Ranked<'_>> {
        let peers = self.peers_residual(line);
        let own = self.own(line).map(|own| (own, "article"));
        let Some((judgement, with)) = own.or_else(|| self.peers(line).map(|peers| (peers, "consignors")))
        else {
            let unknown = Ranked { probability: self.own.share(), with: "nothing", judgement: None };
            return self.history.alone(line).then_some(unknown);
        };
        let mut probability = judgement.probability;
        if let (Some(ratio), Some((peers, _))) = (self.ratio_to_peers(line), peers) {
            let shown = |r| judged(&self.shown, r, Likelihood::EVEN);
            let whole = self.consignor_residual(consignor).map(shown).map_or(0.0, |whole| {
                let cut = whole.probability * self.endings(consignor).odds;
                cut / (cut + 1.0 - whole.probability)
            });
            let low = below((FULL_PRICE / ratio).ln() / peers.s).powi(2);
            probability = 1.0 - (1.0 - probability) * (1.0 - whole * low);
        }
        Some(Ranked { probability, with, judgement: Some(judgement) })
    }

    /// All of a consignor's prices against other consignors'.
    pub fn consignor(&self, consignor: u32) -> Option<Judgement<'_>> {
        self.consignor_residual(consignor).map(|r| judged(&self.consignors, r, Likelihood::EVEN))
    }

    /// Whether the goods of a line are described as sold new: not as used, a part or a sample.
    pub fn as_new(&self, shipments: &Shipments, line: usize) -> bool {
        self.clusters.condition[shipments.lines.description[line] as usize] == Condition::Usual
    }

    /// Declared over expected price against peers on one scale.
    pub fn ratio_per(&self, line: usize, scale: Scale) -> Option<f64> {
        self.model(scale).off_peers(line).map(f64::exp)
    }

    /// Weight of a piece over the usual one of the subheading, where five lines or more tell it.
    pub fn weight_ratio(&self, shipments: &Shipments, line: usize) -> Option<f64> {
        let lines = &shipments.lines;
        let usual = self.history.usual_weight(subheading(lines.hs[line]?))?;
        let ratio = lines.net_weight[line] / lines.quantity[line] / usual;
        ratio.is_finite().then_some(ratio)
    }

    /// How a consignor's prices end.
    pub fn endings(&self, consignor: u32) -> Ends {
        self.endings.of(consignor)
    }

    /// What a consignor's judgement rests on.
    pub fn standing(&self, consignor: u32, scale: Scale) -> Option<Standing> {
        self.model(scale).standing[consignor as usize]
    }

    /// Declared price over that of the consignor's other lines of the article.
    pub fn ratio_to_own(&self, line: usize) -> Option<f64> {
        self.own_residual(line).map(|(residual, _)| residual.x.exp())
    }

    /// Whether a line is held against all lines of its code that are described alike, its consignor's level taken off,
    /// rather than against its consignor's own.
    pub fn by_kin(&self, line: usize) -> bool {
        self.history.by_kin(line)
    }

    /// Declared over expected price against peers and nothing else; the milder scale.
    pub fn ratio_to_peers(&self, line: usize) -> Option<f64> {
        self.to_peers.ratio(line)
    }

    /// Whether the line is at its consignor's own usual and steady price of the article, and the consignor is not low in
    /// all that it sells.
    pub fn as_usual(&self, line: usize, consignor: u32) -> bool {
        let low = self.consignor_residual(consignor).is_some_and(|(level, _)| level.x < LOW_LEVEL);
        !low && self.at_usual(line)
    }

    /// Whether the line is at its consignor's own usual and steady price of the article.
    fn at_usual(&self, line: usize) -> bool {
        self.own_residual(line).is_some_and(|(own, _)| own.s <= STEADY && own.x > KEPT)
    }

    /// The same where at least `others` other consignors sell the very same goods, by code, weight and words.
    pub fn ratio_to_same_goods(&self, shipments: &Shipments, line: usize, others: usize) -> Option<f64> {
        let cluster = self.clusters.of[shipments.lines.description[line] as usize];
        let same = |model: &Model| {
            let unit = model.unit[line];
            let level = model.tree.finest();
            if unit == model::NO_UNIT { 0 } else { level.units(level.cell[unit as usize]) }
        };
        let consignors = same(&self.piece).max(same(&self.kg));
        if !self.clusters.telling[cluster as usize] || consignors <= others {
            return None;
        }
        self.peers_residual(line).filter(|(peers, _)| peers.s <= SHARP)?;
        let ratio = self.ratio_to_peers(line)?;
        // Where few sell such goods, and the consignor's usual price is out of all proportion to theirs, they are others.
        let usual = self.own_residual(line).map_or(0.0, |(own, _)| ratio.ln() - own.x);
        (consignors > MANY || usual <= OTHER_GOODS).then_some(ratio)
    }

    /// How many lines were tested against peers, how many against their own article, how many consignors, how many
    /// parcels as a whole.
    pub fn tests(&self) -> [usize; 4] {
        let parcels = self.parcels.tests() + self.just_below.tests();
        [self.peers.tests(), self.own.tests(), self.consignors.tests(), parcels]
    }

    fn model(&self, scale: Scale) -> &Model {
        match scale {
            Scale::Piece => &self.piece,
            Scale::Kg => &self.kg,
        }
    }
}

/// The residual to the middle of two expected prices, each by what it is uncertain by.
fn weighed(own: Residual, peers: Residual) -> Residual {
    let (a, b) = (own.vague.max(LEAST_VAGUE), peers.vague.max(LEAST_VAGUE));
    let of_line = (own.s * own.s - own.vague).min(peers.s * peers.s - peers.vague).max(0.0);
    let vague = a * b / (a + b);
    Residual::new((own.x * b + peers.x * a) / (a + b), (of_line + vague).sqrt(), vague)
}

fn judged(mixture: &Mixture, (residual, scale): (Residual, Scale), ending: Likelihood) -> Judgement<'_> {
    Judgement {
        probability: mixture.posterior_given(residual.x, residual.s, ending),
        ratio: residual.x.exp(),
        spread: residual.s,
        scale,
        chance: 1.0,
        residual,
        mixture,
    }
}

/// The scale that decides: the milder of two that are about as sharp, otherwise the sharper unless the other shows
/// that the line is not low at all.
fn milder(piece: Option<Residual>, kg: Option<Residual>) -> Option<(Residual, Scale)> {
    let (a, b) = match (piece, kg) {
        (Some(a), Some(b)) => ((a, Scale::Piece), (b, Scale::Kg)),
        (a, b) => return a.map(|r| (r, Scale::Piece)).or(b.map(|r| (r, Scale::Kg))),
    };
    let (sharp, blunt) = if b.0.s < 0.98 * a.0.s { (b, a) } else { (a, b) };
    let alike = blunt.0.s <= WIDER * sharp.0.s;
    let telling = blunt.0.x > NOT_LOW && blunt.0.s <= SAYS_NOTHING * sharp.0.s;
    Some(if blunt.0.x > sharp.0.x + 0.02 && (alike || telling) { blunt } else { sharp })
}
