//! Lines as prices see them: those that a price was asked for, for the cells of both scales and for the histories of
//! their consignors.

use super::Scale;
use super::cells::{Row, key, subheading};
use super::clusters::{Clusters, Condition};
use super::history::Entry;
use super::model::Point;
use crate::fields::currency::Currency;
use crate::fields::nature::Nature;
use crate::model::entities::Resolved;
use crate::model::money::to_units;
use crate::model::parcels::Shipments;
use crate::refdata::regimes::Terms;
use rayon::prelude::*;

/// Marks a cluster of one description, whose words nobody else uses.
const OWN_WORDS: u32 = 1 << 31;
/// Mark of a cluster whose goods have no code.
const NO_CODE: u32 = u32::MAX;
/// Lines that must agree on a code before it stands for lines described alike.
const CODE_FROM: usize = 3;

/// A line whose goods a price was asked for, on whatever scale.
pub(super) struct Goods {
    pub row: Row,
    value: f64,
    quantity: f64,
    weight: f64,
    apart: bool,
    /// Whether the value is only its share of that of the parcel.
    share: bool,
}

/// The night's lines and what is known of their goods.
pub(super) struct Sold<'a> {
    shipments: &'a Shipments,
    consignors: &'a Resolved,
    clusters: &'a Clusters,
    terms: &'a [Terms],
    currencies: &'a [Currency],
    codes: Vec<u32>,
    weights: ArticleWeights,
}

impl<'a> Sold<'a> {
    /// Looks at all lines for the codes and weights that some of them lack.
    pub fn new(
        shipments: &'a Shipments,
        consignors: &'a Resolved,
        clusters: &'a Clusters,
        terms: &'a [Terms],
        currencies: &'a [Currency],
    ) -> Sold<'a> {
        let entity = |parcel: u32| sender(shipments, consignors, parcel);
        let weights = ArticleWeights::build(shipments, entity);
        let codes = codes_of_clusters(shipments, clusters);
        Sold { shipments, consignors, clusters, terms, currencies, codes, weights }
    }

    /// Lines for the cells of both scales, by row.
    pub fn goods(&self) -> Vec<Goods> {
        let all: Vec<Option<Goods>> =
            (0..self.shipments.lines.len()).into_par_iter().map(|line| self.line(line)).collect();
        // In place: the night's lines are never held twice.
        let mut goods: Vec<Goods> = all.into_iter().flatten().collect();
        goods.par_sort_unstable_by_key(|goods| goods.row);
        goods
    }

    /// Lines for their consignors' histories.
    pub fn entries(&self) -> Vec<Entry> {
        let lines = (0..self.shipments.lines.len()).into_par_iter();
        let mut entries: Vec<Entry> = lines.map(|line| self.entry(line).unwrap_or(Entry::NONE)).collect();
        entries.retain(|entry| entry.line != Entry::NONE.line);
        entries
    }

    fn entity(&self, parcel: u32) -> u32 {
        sender(self.shipments, self.consignors, parcel)
    }

    /// What a private person puts on a gift is an estimate; a firm's "gift" was priced like its other goods.
    fn private_gift(&self, parcel: u32) -> bool {
        let (parcels, p) = (&self.shipments.parcels, parcel as usize);
        parcels.nature[p] == Nature::Gift && !self.consignors.contacts.business[parcels.consignor[p] as usize]
    }

    /// Whether a line's value is only its share of that of the parcel.
    fn shares_value(&self, line: usize) -> bool {
        let lines = &self.shipments.lines;
        lines.allocated[line] && self.shipments.parcels.lines(lines.parcel[line]).len() > 1
    }

    /// Whether a price was asked for the goods of a line; the subheading that they are of, or [`NO_CODE`].
    fn priced(&self, line: usize) -> Option<u32> {
        let lines = &self.shipments.lines;
        let (parcel, description) = (lines.parcel[line], lines.description[line] as usize);
        let nature = self.shipments.parcels.nature[parcel as usize];
        let asked = !matches!(nature, Nature::Documents | Nature::Sample | Nature::Returned)
            && self.clusters.condition[description] != Condition::Sample
            && lines.value[line] > 0
            && !self.private_gift(parcel);
        asked.then(|| match lines.hs[line] {
            Some(code) => subheading(code),
            None => self.codes[self.clusters.of[description] as usize],
        })
    }

    /// The number of the currency of a parcel's rules.
    fn market(&self, parcel: u32) -> usize {
        let terms = self.shipments.parcels.terms[parcel as usize];
        self.currencies.binary_search(&self.terms[terms as usize].currency).unwrap_or(0)
    }

    fn entry(&self, line: usize) -> Option<Entry> {
        if self.shares_value(line) {
            return None;
        }
        let code = self.priced(line)?;
        let lines = &self.shipments.lines;
        let (parcel, description) = (lines.parcel[line], lines.description[line]);
        // A gross weight holds the packing, and is often one for all parcels: it serves where nothing was counted.
        let counted = lines.quantity[line] > 0.0;
        let weight =
            if counted { lines.net_weight[line] } else { lines.weight(&self.shipments.parcels, line) };
        let cluster = self.clusters.of[description as usize];
        let logged = |v: f64| if v > 0.0 && v.is_finite() { v.ln() } else { f64::NAN };
        Some(Entry {
            code: (self.market(parcel) as u64) << 32 | u64::from(code),
            consignor: self.entity(parcel),
            cluster: if self.clusters.telling[cluster as usize] { cluster } else { OWN_WORDS | description },
            description,
            line: line as u32,
            value: to_units(lines.value[line]).ln(),
            quantity: logged(lines.quantity[line]),
            weight: logged(weight),
        })
    }

    fn line(&self, line: usize) -> Option<Goods> {
        let (lines, parcels) = (&self.shipments.lines, &self.shipments.parcels);
        let (parcel, description) = (lines.parcel[line], lines.description[line]);
        let cluster = self.clusters.of[description as usize];
        // Goods that nobody gives a code are held against their consignor's own only.
        let code = self.priced(line).filter(|code| *code != NO_CODE)?;
        let quantity = lines.quantity[line];
        let weight = lines.weight(parcels, line);
        let per_piece = weight / quantity;
        // With its packing an article would stand apart from its like, and so it would with no weight at all.
        let band_weight = if lines.net_weight[line] > 0.0 {
            per_piece
        } else {
            self.weights.of(self.entity(parcel), description).unwrap_or(per_piece)
        };
        Some(Goods {
            row: Row {
                key: key(self.market(parcel), code, lines.origin[line], band_weight, cluster),
                consignor: self.entity(parcel),
                description,
                line: line as u32,
            },
            value: to_units(lines.value[line]),
            quantity,
            weight,
            apart: self.clusters.condition[description as usize] == Condition::Apart,
            share: self.shares_value(line),
        })
    }
}

impl Goods {
    /// The line on a scale, where it has a price there.
    fn on(&self, scale: Scale) -> Option<Point> {
        let per = match scale {
            Scale::Piece => self.quantity,
            Scale::Kg => self.weight,
        };
        let price = (self.value / per).ln();
        if !(per > 0.0 && price.is_finite()) {
            return None;
        }
        let per_piece = self.weight / self.quantity;
        Some(Point {
            row: self.row,
            price,
            apart: self.apart,
            log_quantity: if self.quantity > 0.0 { self.quantity.ln() as f32 } else { 0.0 },
            log_size: per.ln() as f32,
            log_weight: if per_piece > 0.0 { per_piece.ln() as f32 } else { f32::NAN },
        })
    }
}

/// Lines on a scale: those with a price of their own, and those that only have a share of their parcel's value. Such a
/// share says nothing of a line's price, but the parcel can be held against its lines.
pub(super) fn points(goods: &[Goods], scale: Scale) -> (Vec<Point>, Vec<Point>) {
    let (mut own, mut shares) = (Vec::with_capacity(goods.len()), Vec::new());
    for goods in goods {
        let points = if goods.share { &mut shares } else { &mut own };
        points.extend(goods.on(scale));
    }
    (own, shares)
}

/// The resolved consignor of a parcel.
pub(super) fn sender(shipments: &Shipments, consignors: &Resolved, parcel: u32) -> u32 {
    consignors.entities.of_party[shipments.parcels.consignor[parcel as usize] as usize]
}

/// The subheading that most lines of each cluster declare, for its lines that declare none.
fn codes_of_clusters(shipments: &Shipments, clusters: &Clusters) -> Vec<u32> {
    let lines = &shipments.lines;
    let mut codes = vec![NO_CODE; clusters.example.len()];
    if lines.hs.iter().all(Option::is_some) {
        return codes;
    }
    let mut pairs: Vec<(u32, u32)> = (0..lines.len())
        .into_par_iter()
        .filter_map(|line| {
            let cluster = clusters.of[lines.description[line] as usize];
            lines.hs[line].map(|code| (cluster, subheading(code)))
        })
        .collect();
    pairs.par_sort_unstable();
    for cluster in pairs.chunk_by(|a, b| a.0 == b.0) {
        let most = cluster.chunk_by(|a, b| a == b).max_by_key(|group| group.len());
        if let Some(group) = most.filter(|g| g.len() >= CODE_FROM && 2 * g.len() > cluster.len()) {
            codes[cluster[0].0 as usize] = group[0].1;
        }
    }
    codes
}

/// Net weight of a piece of each article that some line of its consignor gives, for those lines that give none.
struct ArticleWeights(Vec<(u32, u32, f32)>);

impl ArticleWeights {
    fn build(shipments: &Shipments, entity: impl Fn(u32) -> u32 + Sync) -> ArticleWeights {
        let lines = &shipments.lines;
        if lines.net_weight.iter().all(|weight| *weight > 0.0) {
            return ArticleWeights(Vec::new());
        }
        let mut all: Vec<(u32, u32, f32)> = (0..lines.len())
            .into_par_iter()
            .filter_map(|line| {
                let weight = lines.net_weight[line] / lines.quantity[line];
                let known = weight > 0.0 && weight.is_finite();
                known.then(|| (entity(lines.parcel[line]), lines.description[line], weight as f32))
            })
            .collect();
        all.par_sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
        let articles = all.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1));
        ArticleWeights(articles.map(|article| article[article.len() / 2]).collect())
    }

    /// kg a piece.
    fn of(&self, consignor: u32, description: u32) -> Option<f64> {
        let at = self.0.binary_search_by_key(&(consignor, description), |a| (a.0, a.1)).ok()?;
        Some(f64::from(self.0[at].2))
    }
}
