//! Values crowded just under a limit, beyond what the sender's trade explains.

mod level;

use super::detector;
use crate::facts::Facts;
use crate::facts::near_limit::{LimitKey, Near, NearLimits, Prices};
use crate::model::finding::{Case, Finding, Findings, GroupTest, Verdict};
use crate::model::money::{Money, display, from_units, to_units};
use crate::refdata::regimes::Limit;
use crate::stats::bunching::{
    Assumptions, BIN, BINS, Design, EDGE, Excess, GUARD, Shape, WINDOW, excess, interval,
};
use crate::stats::fdr::q_values;
use level::Level;
use rayon::iter::Either;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statrs::function::erf::{erfc, erfc_inv};
use std::sync::Arc;

detector! {
    /// ## What it flags
    /// Parcels of a sender whose prices crowd just under a limit (0.9355 to 1 times it), where at least half of the crowd
    /// is more than its other prices and those of its peers explain.
    /// ## Law
    /// The limits in force on the parcel's day; that for gifts for gifts. Prices just under a limit are lawful, and so is
    /// choosing goods that stay under it: the finding says that values were probably moved there, not that they were.
    /// ## How it decides
    /// What counts is prices, not parcels: each article at each declared price once, and one price for no more articles than
    /// the sender's other prices commonly stand for, or than it has tariff headings, since one amount for goods of many kinds
    /// is no price. Prices are counted in bins of equal width in the logarithm. A Poisson
    /// polynomial of degree 2 with terms for round prices is fitted without the bins next to the limit (0.905 to 1.105 times
    /// it), once to both sides and once to the prices below alone; the shape is drawn towards that of the sender's peers,
    /// each of whom counts for at most `peer_weight` prices. The p-value is the larger of the two negative binomial tails,
    /// with the fit's own scatter, its uncertainty, and `unevenness` for what no curve explains. If other senders show an
    /// excess too, as where all shops price under the limit, the expected count is raised by it. Placebo limits, where no
    /// law speaks, calibrate the p-values. A crowd must be denser than its mirror above the limit (`asymmetry`), reach up to
    /// the limit, hold `prices` prices, and stay after Benjamini and Hochberg's procedure at the rate `false_discoveries`.
    /// Senders too small for a test are tested together by seller and by manifest. The score of a parcel is the share of its
    /// bin that is in excess; the p-value is the sender's, and the q-value counts the parcel's own doubt as well. The excess
    /// has a bootstrap interval, and beside it stands the density test of Cattaneo, Jansson and Ma, which needs far more
    /// prices to see the same. Every test is a row of `bunching.parquet`, also those by country of origin and by HS chapter:
    /// these accuse no parcel, nor does a sender's crowd of which less than `share` is in excess. A crowd above the limit is
    /// named there and is no evasion.
    /// ## Honest look-alikes
    /// One article at 149.99 that sells well; shops whose prices all end so; a carrier's own limit of 140 under one of 150;
    /// catalogues that end at the limit; prices around it on both sides; crowds just above it.
    /// ## What it misses
    /// Senders with fewer than `prices` different prices under the limit; crowds that end well below it.
    /// ## Settings
    /// `prices`: fewest prices in the crowd. `distinct`: fewest different amounts among them, or tariff
    /// headings under one amount. `false_discoveries`: rate.
    /// `asymmetry`: largest probability of the imbalance. `share`: least share in excess. `shape_sd`, `heaping_sd`: how far senders'
    /// curves differ (standard deviations of slope and curvature, of the logarithm of heaping). `unevenness`: squared
    /// coefficient of variation. `peer_weight`: prices.
    "de-minimis-bunching", DeMinimisAbuse, "Values crowded just under a limit", Settings, run
}

/// Settings under `[detectors.de-minimis-bunching]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    prices: usize,
    distinct: usize,
    #[serde(deserialize_with = "super::share")]
    false_discoveries: f64,
    asymmetry: f64,
    #[serde(deserialize_with = "super::share")]
    share: f64,
    shape_sd: f64,
    heaping_sd: f64,
    unevenness: f64,
    peer_weight: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            prices: 5,
            distinct: 4,
            false_discoveries: 0.1,
            asymmetry: 0.05,
            share: 0.5,
            shape_sd: 1.5,
            heaping_sd: 0.5,
            unevenness: 0.05,
            peer_weight: 200.0,
        }
    }
}

/// Placebo limits, as multiples of the real one; their windows are as round as its own and free of it.
const PLACEBOS: [f64; 7] = [0.5, 0.6, 2.0 / 3.0, 0.8, 5.0 / 3.0, 2.0, 2.5];
/// Senders of a lane whose placebos are looked at.
const MOST_PLACEBO_SENDERS: usize = 500;
/// Prices near the limit from which a sender's placebos and its share in its peers' excess are looked at.
const PEER_PRICES: f64 = 20.0;
/// Placebo tests from which they can calibrate.
const FEWEST_PLACEBOS: usize = 40;
/// Most that the peers' excess may raise the expectation.
const MOST_PEER_EXCESS: f64 = 2.0;
/// Probability of the count above the limit from which it is called a crowd.
const ABOVE: f64 = 0.001;
/// Prices near the limit from which a sender is tested, whether or not any is in the window.
const TESTED_PRICES: f64 = 10.0;

/// The prices of one group around one limit.
struct Group {
    limit: u16,
    key: u32,
    parcels: Vec<Near>,
    prices: Prices,
    counts: [f64; BINS],
}

impl Group {
    fn near(&self) -> f64 {
        self.counts.iter().sum()
    }
}

/// What is known of a lane: all groups around one limit.
struct Lane {
    shape: Shape,
    peers: f64,
    /// Factor by which the placebos' normal scores are wider than they should be.
    inflation: f64,
}

/// A group's test; without an excess where the crowd is too small to be one.
struct Test {
    excess: Option<Excess>,
    p_value: f64,
    lane: Arc<Lane>,
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let NearLimits { limits, mut near } = NearLimits::of(facts);
    let mut all = Findings { of_groups: true, ..Findings::default() };
    for level in Level::WIDE {
        let groups = wide(facts, settings, level, &near, &limits);
        let tests = test(settings, &limits, &groups);
        report(facts, settings, level, &limits, &groups, tests, &mut all);
    }
    for level in Level::ACCUSING {
        if level != Level::Consignor {
            // Private persons know the limit for gifts, and their gifts together would look like a crowd.
            near.retain(|n| !limits[n.limit as usize].gift);
        }
        let (groups, mut small) = groups(facts, level, near);
        let tests = test(settings, &limits, &groups);
        let tested: Vec<bool> = tests.iter().map(Option::is_some).collect();
        report(facts, settings, level, &limits, &groups, tests, &mut all);
        // The next level sees the parcels of those who were too small for a test of their own.
        for (group, tested) in groups.into_iter().zip(tested) {
            if !tested {
                small.extend(group.parcels);
            }
        }
        near = small;
    }
    all.findings.sort_by(|a, b| a.parcel.cmp(&b.parcel).then(b.score.total_cmp(&a.score)));
    all
}

/// Groups in the order of limit and key, and the parcels that have no key at this level.
fn groups(facts: &Facts, level: Level, near: Vec<Near>) -> (Vec<Group>, Vec<Near>) {
    let (mut keyed, rest): (Vec<(u16, u32, Near)>, Vec<Near>) =
        near.into_par_iter().partition_map(|n| match level.key(facts, &n) {
            Some(key) => Either::Left((n.limit, key, n)),
            None => Either::Right(n),
        });
    keyed.par_sort_unstable_by_key(|k| (k.0, k.1, k.2.parcel));
    let slices: Vec<&[(u16, u32, Near)]> = keyed.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).collect();
    let groups = slices
        .into_par_iter()
        .map(|slice| {
            let mut parcels: Vec<Near> = slice.iter().map(|k| k.2).collect();
            let prices = Prices::of(&mut parcels, WINDOW);
            let counts = prices.histogram();
            Group { limit: slice[0].0, key: slice[0].1, parcels, prices, counts }
        })
        .collect();
    (groups, rest)
}

/// Groups of a level wider than a sender, each of whose senders counts for a capped number of prices.
fn wide(facts: &Facts, settings: &Settings, level: Level, near: &[Near], limits: &[LimitKey]) -> Vec<Group> {
    let mut keyed: Vec<(u16, u32, u32, Near)> = near
        .par_iter()
        .filter(|n| !limits[n.limit as usize].gift)
        .filter_map(|n| level.key(facts, n).map(|key| (n.limit, key, facts.consignor(n.parcel), *n)))
        .collect();
    keyed.par_sort_unstable_by_key(|k| (k.0, k.1, k.2, k.3.parcel));
    let slices: Vec<&[(u16, u32, u32, Near)]> = keyed.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).collect();
    slices
        .into_par_iter()
        .map(|slice| {
            let senders: Vec<Prices> = slice
                .chunk_by(|a, b| a.2 == b.2)
                .map(|own| Prices::of(&mut own.iter().map(|k| k.3).collect::<Vec<Near>>(), WINDOW))
                .collect();
            let prices = Prices::together(&senders, settings.peer_weight.max(1.0) as usize);
            let counts = prices.histogram();
            let parcels = slice.iter().map(|k| k.3).collect();
            Group { limit: slice[0].0, key: slice[0].1, parcels, prices, counts }
        })
        .collect()
}

/// The test of each group; none where it is too small for one.
fn test(settings: &Settings, limits: &[LimitKey], groups: &[Group]) -> Vec<Option<Test>> {
    let mut tests = Vec::with_capacity(groups.len());
    for lane in groups.chunk_by(|a, b| a.limit == b.limit) {
        let amount = to_units(limits[lane[0].limit as usize].amount);
        let known = Arc::new(know(settings, amount, lane));
        let of_lane: Vec<Option<Test>> =
            lane.par_iter().map(|group| test_one(settings, group, &known)).collect();
        tests.extend(of_lane);
    }
    tests
}

fn assumptions(settings: &Settings) -> Assumptions {
    Assumptions {
        shape_sd: settings.shape_sd,
        heaping_sd: settings.heaping_sd,
        unevenness: settings.unevenness,
    }
}

/// Shape, placebos and peers of a lane.
fn know(settings: &Settings, amount: f64, lane: &[Group]) -> Lane {
    let mut pool = [0.0; BINS];
    let mut scales: Vec<f64> = Vec::new();
    for group in lane {
        let weight = (settings.peer_weight / group.near().max(1.0)).min(1.0);
        for (sum, count) in pool.iter_mut().zip(&group.counts) {
            *sum += weight * count;
        }
        scales.extend((group.near() > 0.0).then_some(group.prices.limit));
    }
    scales.sort_unstable_by(f64::total_cmp);
    let scale = scales.get(scales.len() / 2).copied().unwrap_or(amount);
    let shape = Shape::pooled(&pool, &Design::new(scale, scale));
    let assumed = assumptions(settings);
    let peers: Vec<&Group> =
        lane.iter().filter(|g| g.near() >= PEER_PRICES).take(MOST_PLACEBO_SENDERS).collect();
    let scores: Vec<f64> = peers
        .par_iter()
        .flat_map_iter(|group| {
            PLACEBOS.into_iter().filter_map(|factor| placebo(group, factor, &shape, &assumed))
        })
        .collect();
    let observed: Vec<(f64, f64)> = peers
        .par_iter()
        .filter_map(|group| {
            let design = Design::new(group.prices.limit, group.prices.limit);
            excess(&group.counts, &design, 0..BINS, 1.0, &shape, 1.0, &assumed)
        })
        .filter(|e| e.p_value > 0.01)
        .map(|e| (e.observed, e.expected))
        .collect();
    let (seen, expected) = observed.iter().fold((2.0, 2.0), |sum, o| (sum.0 + o.0, sum.1 + o.1));
    Lane { shape, peers: (seen / expected).clamp(1.0, MOST_PEER_EXCESS), inflation: inflation(scores) }
}

/// Normal score of the test at a placebo limit, whose bins stay on their side of the real one.
fn placebo(group: &Group, factor: f64, shape: &Shape, assumed: &Assumptions) -> Option<f64> {
    let shift = (factor.ln() / BIN).round() as isize;
    let usable = if factor < 1.0 {
        0..(GUARD.start as isize - shift).clamp(0, BINS as isize) as usize
    } else {
        (GUARD.end as isize - shift).clamp(0, BINS as isize) as usize..BINS
    };
    let limit = group.prices.limit;
    let design = Design::new(factor * limit, limit);
    let found = excess(&group.prices.placebo(factor), &design, usable, factor, shape, 1.0, assumed)?;
    (found.expected >= 1.0).then(|| normal_score(found.p_value))
}

/// How much wider than a standard normal the upper tail of the placebos' scores is; at least 1.
fn inflation(mut scores: Vec<f64>) -> f64 {
    if scores.len() < FEWEST_PLACEBOS {
        return 1.0;
    }
    scores.sort_unstable_by(f64::total_cmp);
    let at = (scores.len() * 19 / 20).min(scores.len() - 1);
    (scores[at] / normal_score(0.05)).max(1.0)
}

fn normal_score(p_value: f64) -> f64 {
    std::f64::consts::SQRT_2 * erfc_inv(2.0 * p_value.clamp(1e-300, 1.0 - 1e-15))
}

fn test_one(settings: &Settings, group: &Group, lane: &Arc<Lane>) -> Option<Test> {
    let in_window: f64 = group.counts[WINDOW].iter().sum();
    if in_window < settings.prices as f64 {
        // Counted among the tests, or the rate of false discoveries would be that of a chosen few.
        return (group.near() >= TESTED_PRICES).then(|| Test {
            excess: None,
            p_value: 1.0,
            lane: lane.clone(),
        });
    }
    let design = Design::new(group.prices.limit, group.prices.limit);
    let assumed = assumptions(settings);
    let found = excess(&group.counts, &design, 0..BINS, 1.0, &lane.shape, lane.peers, &assumed)?;
    let score = normal_score(found.p_value) / lane.inflation;
    let calibrated = 0.5 * erfc(score / std::f64::consts::SQRT_2);
    Some(Test { excess: Some(found), p_value: calibrated.max(found.p_value), lane: lane.clone() })
}

/// What the counts say, at the rate of false discoveries that the settings ask for.
fn verdict(settings: &Settings, level: Level, group: &Group, found: &Excess, q_value: f64) -> Verdict {
    let crowded = q_value <= settings.false_discoveries
        && found.asymmetry <= settings.asymmetry
        && group.prices.in_window >= settings.distinct;
    if crowded && found.reaches_limit() {
        let accused = level.accuses() && found.share() >= settings.share;
        if accused { Verdict::Accused } else { Verdict::CrowdedBelow }
    } else if crowded {
        Verdict::EndsBelow
    } else if found.p_above <= ABOVE {
        Verdict::CrowdedAbove
    } else {
        Verdict::AsExpected
    }
}

fn report(
    facts: &Facts,
    settings: &Settings,
    level: Level,
    limits: &[LimitKey],
    groups: &[Group],
    tests: Vec<Option<Test>>,
    all: &mut Findings,
) {
    let p_values: Vec<f64> = tests.iter().flatten().map(|t| t.p_value).collect();
    let q_values = q_values(&p_values, p_values.len());
    if level.accuses() {
        all.tests += p_values.len();
        all.p_values.extend(p_values);
    }
    let tested = groups.iter().zip(&tests).filter_map(|(group, test)| Some((group, test.as_ref()?)));
    let rows: Vec<(&Group, &Test, GroupTest)> = tested
        .zip(q_values)
        .collect::<Vec<_>>()
        .into_par_iter()
        .filter_map(|((group, test), q_value)| {
            let found = test.excess.as_ref()?;
            let verdict = verdict(settings, level, group, found, q_value);
            let row =
                row(facts, settings, level, &limits[group.limit as usize], group, test, q_value, verdict)?;
            Some((group, test, row))
        })
        .collect();
    for (group, test, row) in rows {
        if row.verdict == Verdict::Accused
            && let Some(found) = &test.excess
        {
            accuse(facts, settings, level, &limits[group.limit as usize], group, found, &row, all);
        }
        all.groups.push(row);
    }
}

/// A group's line in the table of tests.
#[expect(clippy::too_many_arguments, reason = "one line of a table draws on all that is known of its group")]
fn row(
    facts: &Facts,
    settings: &Settings,
    level: Level,
    key: &LimitKey,
    group: &Group,
    test: &Test,
    q_value: f64,
    verdict: Verdict,
) -> Option<GroupTest> {
    let found = test.excess.as_ref()?;
    let excess = (verdict == Verdict::Accused || verdict == Verdict::CrowdedBelow).then(|| {
        let design = Design::new(group.prices.limit, group.prices.limit);
        let lane = &test.lane;
        interval(&group.counts, &design, 0..BINS, &lane.shape, lane.peers, &assumptions(settings))
    });
    Some(GroupTest {
        level: level.name(),
        name: level.key_name(facts, group.key, group.parcels.first()?.parcel),
        consignor: (level == Level::Consignor).then_some(group.key),
        limit: key.amount,
        currency: key.currency.to_string(),
        gift: key.gift,
        parcels: group.parcels.len(),
        prices: group.near(),
        observed: found.observed,
        expected: found.expected,
        excess: excess.flatten(),
        above: (found.above, found.expected_above),
        p_value: test.p_value,
        q_value,
        jump: group.prices.jump().map(|jump| (jump.statistic, jump.p_below)),
        verdict,
    })
}

#[expect(clippy::too_many_arguments, reason = "a case draws on all that is known of its group")]
fn accuse(
    facts: &Facts,
    settings: &Settings,
    level: Level,
    key: &LimitKey,
    group: &Group,
    found: &Excess,
    row: &GroupTest,
    all: &mut Findings,
) {
    let mut flagged: Vec<(u32, f64)> = group
        .parcels
        .iter()
        .filter_map(|near| {
            let share = found.share_in(near.bin()?);
            (share >= settings.share).then_some((near.parcel, share))
        })
        .collect();
    flagged.sort_unstable_by_key(|f| f.0);
    let Some(&(first, _)) = flagged.first() else { return };
    let currency = key.currency.to_string();
    let from = from_units(to_units(key.amount) * (-(WINDOW.len() as f64) * BIN).exp());
    let window = format!("{} to {}", display(from, &currency), display(key.amount, &currency));
    let excess = row.excess.map_or(String::new(), |(low, high)| {
        format!(
            " The excess is {:.0} prices, between {:.0} and {:.0} with a confidence of 95 %.",
            found.mass(),
            low.max(0.0),
            high
        )
    });
    let crowd = format!(
        "Of the {:.0} different prices around the limit of {} that {} declares, {:.0} lie just under it ({window}) and \
         {:.0} as far above it; its other prices and its peers' lead one to expect {:.1} (p = {:.2e}).{excess}",
        group.near(),
        display(key.amount, &currency),
        level.title(),
        found.observed,
        found.above,
        found.expected,
        row.p_value,
    );
    let parcels: Vec<u32> = flagged.iter().map(|f| f.0).collect();
    let value = &facts.shipments.parcels.assessed;
    let total = parcels.iter().fold(0, |sum: Money, &p| sum.saturating_add(value[p as usize]));
    let case = all.cases.len() as u32;
    let histogram = histogram(group, found);
    all.cases.push(Case {
        parcels,
        consignor: (level == Level::Consignor).then(|| facts.consignor(first)),
        consignee: None,
        total,
        threshold: Some(key.amount),
        reason: crowd.clone(),
    });
    for (parcel, share) in flagged {
        let Some(limit) = limit_of(facts, parcel, key) else { continue };
        all.findings.push(Finding {
            parcel,
            line_number: None,
            score: share,
            p_value: Some(row.p_value),
            revenue: facts.revenue_if_refused(parcel),
            case: Some(case),
            reason: format!(
                "Declared at {}. {crowd} About {:.0} % of the prices as near to the limit as this one are in excess.",
                display(value[parcel as usize], &currency),
                100.0 * share,
            ),
            evidence: serde_json::json!({
                "level": level.name(),
                "value": to_units(value[parcel as usize]),
                "limit": to_units(key.amount),
                "currency": currency,
                "window_from": to_units(from),
                "prices": group.near(),
                "observed": found.observed,
                "expected": (found.expected * 1e3).round() / 1e3,
                "above": found.above,
                "excess_from": row.excess.map(|e| (e.0 * 10.0).round() / 10.0),
                "excess_to": row.excess.map(|e| (e.1 * 10.0).round() / 10.0),
                "density_jump_t": row.jump.map(|j| (j.0 * 1e3).round() / 1e3),
                "density_jump_p": row.jump.map(|j| j.1),
                "share_in_excess": (share * 1e3).round() / 1e3,
                "asymmetry_p": found.asymmetry,
                "histogram": histogram,
                "regime": limit.regime,
                "law": limit.source,
            }).into(),
        });
    }
}

/// The group's different prices by band, for a picture: band `i` begins at `limit × exp((i - first_above) × bin_log)`;
/// what is expected of the bands just under the limit.
fn histogram(group: &Group, found: &Excess) -> serde_json::Value {
    let round = |x: &f64| (x * 100.0).round() / 100.0;
    serde_json::json!({
        "counts": group.counts.iter().map(round).collect::<Vec<_>>(),
        "expected": found.expected_bins.iter().map(round).collect::<Vec<_>>(),
        "bin_log": BIN,
        "first_above": EDGE,
    })
}

/// The limit of a parcel's own terms that a key stands for.
fn limit_of<'a>(facts: &'a Facts, parcel: u32, key: &LimitKey) -> Option<&'a Limit> {
    let terms = facts.terms(parcel);
    let mut limits = terms.limits.iter().filter(|_| !key.gift).chain(terms.gift.iter().filter(|_| key.gift));
    limits.find(|l| l.amount == key.amount && l.inclusive == key.inclusive)
}

#[cfg(test)]
mod tests;
