//! Declared values around the limits of the law, by the group that sends them.

use super::Facts;
use crate::fields::currency::Currency;
use crate::fields::nature::Nature;
use crate::model::money::{Money, to_units};
use crate::model::text::ABSENT;
use crate::refdata::regimes::Limit;
use crate::stats::bunching::{BINS, Histogram, bin, bin_at_limit};
use crate::stats::density::{Jump, jump};
use rayon::prelude::*;

/// Values from this multiple of a limit up to its reciprocal are kept: what the real limit and its placebos look at.
const LOWEST: f64 = 0.2;
/// Limits of one parcel that are looked at.
const MOST_LIMITS: usize = 3;
/// Articles that one declared price may count for wherever a consignor's prices repeat little.
const FREE_REPEATS: usize = 4;

/// A limit that values may crowd under, the same for all parcels that are held against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LimitKey {
    /// Currency of the limit.
    pub currency: Currency,
    /// The limit.
    pub amount: Money,
    /// Whether a value equal to it still qualifies.
    pub inclusive: bool,
    /// Whether it is that for gifts.
    pub gift: bool,
}

/// One parcel against one limit.
#[derive(Clone, Copy, Debug)]
pub struct Near {
    /// Position in [`NearLimits::limits`].
    pub limit: u16,
    /// Currency in which the price was set.
    pub currency: Currency,
    /// Declared amount in that currency.
    pub declared: Money,
    /// Description of the first line.
    pub article: u32,
    /// Tariff heading of the first line, 0 where no code is declared.
    pub heading: u16,
    /// The parcel.
    pub parcel: u32,
    /// Value on the law's basis over the limit.
    pub ratio: f64,
    /// Whether the limit admits it.
    pub admitted: bool,
}

impl Near {
    /// The bin around the real limit.
    pub fn bin(&self) -> Option<usize> {
        bin_at_limit(self.ratio, self.admitted)
    }
}

/// All parcels that are near a limit.
#[derive(Debug, Default)]
pub struct NearLimits {
    /// The limits, ascending.
    pub limits: Vec<LimitKey>,
    /// Parcels, ascending; one that several limits concern stands once for each.
    pub near: Vec<Near>,
}

impl NearLimits {
    /// Looks every parcel up under the limits of its own terms: that for gifts where it is a gift, otherwise those for
    /// goods that were sold.
    pub fn of(facts: &Facts) -> NearLimits {
        let of_terms: Vec<[Vec<LimitKey>; 2]> = facts
            .terms
            .iter()
            .map(|terms| {
                let key = |gift: bool| {
                    move |l: &Limit| LimitKey {
                        currency: terms.currency,
                        amount: l.amount,
                        inclusive: l.inclusive,
                        gift,
                    }
                };
                let sold =
                    terms.limits.iter().filter(|l| l.amount > 0).take(MOST_LIMITS).map(key(false)).collect();
                [sold, terms.gift.iter().filter(|l| l.amount > 0).map(key(true)).collect()]
            })
            .collect();
        let mut limits: Vec<LimitKey> = of_terms.iter().flatten().flatten().copied().collect();
        limits.sort_unstable();
        limits.dedup();
        let numbered: Vec<[Vec<u16>; 2]> = of_terms
            .iter()
            .map(|both| {
                both.each_ref()
                    .map(|keys| keys.iter().map(|k| limits.partition_point(|l| l < k) as u16).collect())
            })
            .collect();
        let parcels = &facts.shipments.parcels;
        let near = (0..parcels.len() as u32)
            .into_par_iter()
            .flat_map_iter(|parcel| {
                let p = parcel as usize;
                let [sold, gift] = &numbered[parcels.terms[p] as usize];
                let which = if parcels.nature[p] == Nature::Gift && !gift.is_empty() { gift } else { sold };
                let limits = &limits;
                which.iter().filter_map(move |&limit| near(facts, parcel, limit, &limits[limit as usize]))
            })
            .collect();
        NearLimits { limits, near }
    }
}

fn near(facts: &Facts, parcel: u32, limit: u16, key: &LimitKey) -> Option<Near> {
    let (parcels, p) = (&facts.shipments.parcels, parcel as usize);
    let value = parcels.assessed[p];
    let ratio = to_units(value) / to_units(key.amount);
    if !(LOWEST..=1.0 / LOWEST).contains(&ratio) {
        return None;
    }
    let admitted = if key.inclusive { value <= key.amount } else { value < key.amount };
    let lines = parcels.lines(parcel);
    let (mut article, mut heading) = (ABSENT, 0);
    if !lines.is_empty() {
        article = facts.shipments.lines.description[lines.start];
        heading = facts.shipments.lines.hs[lines.start].map_or(0, |code| code.heading());
    }
    let (currency, declared) = (parcels.currency[p], parcels.declared[p]);
    Some(Near { limit, currency, declared, article, heading, parcel, ratio, admitted })
}

/// The distinct prices of a group: each article at each declared price once, however many parcels it fills, and each
/// declared price for no more articles than its other prices commonly stand for, or than it has tariff headings: one
/// amount for goods of many kinds is no price.
#[derive(Debug)]
pub struct Prices {
    /// Ratio to the limit, and whether the limit admits it.
    pub ratios: Vec<(f64, bool)>,
    /// Different declared amounts in the window, or tariff headings under one of them, whichever are more.
    pub in_window: usize,
    /// The limit in the currency in which most prices are set.
    pub limit: f64,
}

impl Prices {
    /// The prices of the parcels of a group around a limit; sorts them.
    pub fn of(group: &mut [Near], window: std::ops::Range<usize>) -> Prices {
        group.sort_unstable_by_key(|n| (n.currency, n.declared, n.article, n.parcel));
        let distinct: Vec<&Near> = group
            .chunk_by(|a, b| (a.currency, a.declared, a.article) == (b.currency, b.declared, b.article))
            .filter_map(|same| same.first())
            .collect();
        let by_price: Vec<&[&Near]> =
            distinct.chunk_by(|a, b| (a.currency, a.declared) == (b.currency, b.declared)).collect();
        let in_bins = |n: &Near| n.bin().is_some_and(|b| window.contains(&b));
        let mut repeats: Vec<usize> =
            by_price.iter().filter(|p| !in_bins(p[0])).map(|prices| prices.len()).collect();
        repeats.sort_unstable();
        let common = repeats.get(repeats.len() * 9 / 10).copied().unwrap_or(0);
        let most = common.max(FREE_REPEATS);
        let mut ratios = Vec::with_capacity(distinct.len());
        let (mut in_window, mut most_kinds) = (0, 0);
        for prices in &by_price {
            let kinds = headings(prices);
            if in_bins(prices[0]) {
                in_window += 1;
                most_kinds = most_kinds.max(kinds);
            }
            ratios.extend(prices.iter().take(most.max(kinds)).map(|n| (n.ratio, n.admitted)));
        }
        let mut scales: Vec<f64> = distinct
            .chunk_by(|a, b| a.currency == b.currency)
            .max_by_key(|same| same.len())
            .unwrap_or_default()
            .iter()
            .map(|n| to_units(n.declared) / n.ratio)
            .collect();
        scales.sort_unstable_by(f64::total_cmp);
        let limit = scales.get(scales.len() / 2).copied().filter(|l| *l > 0.0).unwrap_or(1.0);
        Prices { ratios, in_window: in_window.max(most_kinds), limit }
    }

    /// The prices of several groups as one, none of which counts for more than `most`: of a larger one so many are taken
    /// at equal steps.
    pub fn together(groups: &[Prices], most: usize) -> Prices {
        let mut ratios = Vec::new();
        for group in groups {
            let (all, taken) = (group.ratios.len(), group.ratios.len().min(most));
            ratios.extend((0..taken).map(|i| group.ratios[i * all / taken]));
        }
        let mut limits: Vec<f64> = groups.iter().map(|g| g.limit).collect();
        limits.sort_unstable_by(f64::total_cmp);
        let limit = limits.get(limits.len() / 2).copied().unwrap_or(1.0);
        Prices { ratios, in_window: groups.iter().map(|g| g.in_window).sum(), limit }
    }

    /// Whether the density of the prices jumps at the limit; prices that the limit admits stand on its left.
    pub fn jump(&self) -> Option<Jump> {
        let left = 1.0 - f64::EPSILON;
        let values: Vec<f64> = self
            .ratios
            .iter()
            .map(|&(ratio, admitted)| if admitted { ratio.min(left) } else { ratio.max(1.0) })
            .collect();
        jump(&values, 1.0)
    }

    /// Counts around the real limit.
    pub fn histogram(&self) -> Histogram {
        let mut counts = [0.0; BINS];
        for &(ratio, admitted) in &self.ratios {
            if let Some(b) = bin_at_limit(ratio, admitted) {
                counts[b] += 1.0;
            }
        }
        counts
    }

    /// Counts around a placebo limit at `factor` times the real one.
    pub fn placebo(&self, factor: f64) -> Histogram {
        let mut counts = [0.0; BINS];
        for &(ratio, _) in &self.ratios {
            if let Some(b) = bin(ratio / factor) {
                counts[b] += 1.0;
            }
        }
        counts
    }
}

/// Tariff headings among goods of one price; those without a code are of none.
fn headings(prices: &[&Near]) -> usize {
    let mut headings: Vec<u16> = prices.iter().map(|n| n.heading).filter(|&h| h != 0).collect();
    headings.sort_unstable();
    headings.dedup();
    headings.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::currency::parse_currency;
    use crate::model::money::from_units;
    use crate::stats::bunching::{EDGE, WINDOW};

    fn parcel(parcel: u32, price: f64, article: u32) -> Near {
        let currency = parse_currency("USD").unwrap();
        let ratio = price / 1.2 / 150.0;
        Near {
            limit: 0,
            currency,
            declared: from_units(price),
            article,
            heading: 6204,
            parcel,
            ratio,
            admitted: ratio <= 1.0,
        }
    }

    #[test]
    fn an_article_at_one_price_counts_once_however_often_it_sells() {
        let mut group: Vec<Near> = (0..200).map(|i| parcel(i, 179.99, 7)).collect();
        let prices = Prices::of(&mut group, WINDOW);
        assert_eq!(prices.ratios.len(), 1);
        assert_eq!(prices.in_window, 1);
        assert_eq!(prices.histogram()[EDGE - 1], 1.0);
        assert!((prices.limit - 180.0).abs() < 1e-6, "{}", prices.limit);
    }

    #[test]
    fn one_price_counts_for_a_few_articles_only() {
        let mut group: Vec<Near> = (0..60).map(|i| parcel(i, 179.99, i)).collect();
        group.extend((60..90).map(|i| parcel(i, 60.0 + f64::from(i), i)));
        let prices = Prices::of(&mut group, WINDOW);
        assert_eq!(prices.histogram()[EDGE - 1], FREE_REPEATS as f64);
        assert_eq!(prices.in_window, 1);
        let mut heaps: Vec<Near> = (0..60).map(|i| parcel(i, 179.99, i)).collect();
        heaps.extend((60..660).map(|i| parcel(i, 79.99 + f64::from(i % 10) * 10.0, i)));
        assert_eq!(
            Prices::of(&mut heaps, WINDOW).histogram()[EDGE - 1],
            60.0,
            "where all prices heap, so may this one"
        );
    }

    #[test]
    fn one_amount_for_goods_of_many_kinds_is_no_price() {
        let mut group: Vec<Near> =
            (0..20).map(|i| Near { heading: 8400 + i as u16, ..parcel(i, 178.73, i) }).collect();
        let prices = Prices::of(&mut group, WINDOW);
        assert_eq!((prices.histogram()[EDGE - 1], prices.in_window), (20.0, 20));
    }

    #[test]
    fn a_large_group_counts_for_no_more_than_its_share() {
        let mut large: Vec<Near> = (0..90).map(|i| parcel(i, 60.0 + f64::from(i), i)).collect();
        let mut small = vec![parcel(90, 179.0, 1), parcel(91, 100.0, 2)];
        let groups = [Prices::of(&mut large, WINDOW), Prices::of(&mut small, WINDOW)];
        let both = Prices::together(&groups, 30);
        assert_eq!((both.ratios.len(), both.in_window), (32, 1));
        assert!((both.limit - 180.0).abs() < 1e-6);
        assert!(Prices::together(&[], 30).ratios.is_empty());
    }

    #[test]
    fn placebos_are_counted_around_their_own_limit() {
        let mut group = vec![parcel(0, 89.99, 1), parcel(1, 90.01, 1), parcel(2, 179.0, 1)];
        let prices = Prices::of(&mut group, WINDOW);
        let counts = prices.placebo(0.5);
        assert_eq!((counts[EDGE - 1], counts[EDGE]), (1.0, 1.0));
    }
}
