//! Prices on nights shaped like trade, and on the smallest and the most awkward cells.

use super::testing::{Night, trade};
use super::*;
use crate::facts::Facts;
use crate::fields::nature::Nature;

/// Highest probability that any comparison gives a line.
fn probability(facts: &Facts, line: usize) -> f64 {
    let consignor = facts.consignor(facts.shipments.lines.parcel[line]);
    let line_low = facts.prices.ratio_to_peers(line).is_some_and(|r| r < 0.75);
    [facts.prices.peers(line), facts.prices.own(line), facts.prices.consignor(consignor).filter(|_| line_low)]
        .into_iter()
        .flatten()
        .map(|j| j.probability)
        .fold(0.0, f64::max)
}

/// Recall at the score that one in a hundred honest lines passes, and the share of each at a probability of a half.
fn measured(night: &Night) -> (f64, f64, f64) {
    night.look(|facts| {
        let mut honest = Vec::new();
        let mut cut = Vec::new();
        for (line, sale) in night.sales.iter().enumerate() {
            let p = probability(facts, line);
            if sale.mark == "honest" { honest.push(p) } else { cut.push(p) }
        }
        honest.sort_unstable_by(f64::total_cmp);
        let limit = honest[honest.len() - 1 - honest.len() / 100];
        let above = |v: &[f64], limit: f64| v.iter().filter(|p| **p > limit).count() as f64 / v.len() as f64;
        let result = (above(&cut, limit), above(&cut, 0.5), above(&honest, 0.5));
        result
    })
}

#[test]
fn cut_to_a_quarter() {
    let night = trade(400, 20_000, 1, |_, draw| (draw < 0.05).then_some((0.25, "cut")));
    let (recall, at_half, wrong) = measured(&night);
    assert!(recall >= 0.95 && at_half >= 0.9 && wrong <= 0.005, "{recall} {at_half} {wrong}");
}

#[test]
fn cut_to_a_half() {
    let night = trade(400, 20_000, 2, |_, draw| (draw < 0.05).then_some((0.5, "cut")));
    let (recall, _, wrong) = measured(&night);
    assert!(recall >= 0.6 && wrong <= 0.01, "{recall} {wrong}");
}

#[test]
fn a_third_of_the_consignors_cut_everything() {
    let night = trade(400, 20_000, 3, |consignor, _| (consignor % 3 == 0).then_some((0.25, "cut")));
    let (recall, _, wrong) = measured(&night);
    assert!(recall >= 0.9 && wrong <= 0.01, "{recall} {wrong}");
}

#[test]
fn an_honest_night_stays_clean() {
    let night = trade(400, 20_000, 4, |_, _| None);
    night.look(|facts| {
        let flagged = (0..night.sales.len()).filter(|line| probability(facts, *line) > 0.5).count();
        assert!(flagged <= 20, "{flagged} of 20,000 honest lines");
    });
}

#[test]
fn the_order_of_lines_changes_nothing() {
    let night = trade(60, 1_500, 5, |_, draw| (draw < 0.05).then_some((0.25, "cut")));
    let mut turned = night.clone();
    turned.sales.reverse();
    let all = |night: &Night| {
        night.look(|facts| {
            let said = |judgement: Judgement| (judgement.probability, judgement.ratio);
            let both = |l| (facts.prices.peers(l).map(said), facts.prices.own(l).map(said));
            (0..night.sales.len()).map(both).collect::<Vec<_>>()
        })
    };
    let mut backwards = all(&turned);
    backwards.reverse();
    for (a, b) in all(&night).iter().zip(&backwards) {
        let close = |a: &Option<(f64, f64)>, b: &Option<(f64, f64)>| match (a, b) {
            (Some(a), Some(b)) => (a.0 - b.0).abs() < 0.02 && (a.1 / b.1).ln().abs() < 0.02,
            (a, b) => a.is_none() && b.is_none(),
        };
        assert!(close(&a.0, &b.0) && close(&a.1, &b.1), "{a:?} {b:?}");
    }
}

#[test]
fn small_and_awkward_cells_give_numbers() {
    for sizes in [vec![], vec![1], vec![2], vec![1, 1], vec![5], vec![1; 3], vec![40, 1], vec![3; 9]] {
        let mut night = Night::default();
        for (consignor, lines) in sizes.iter().enumerate() {
            for _ in 0..*lines {
                night.shirts(consignor as u32, 1.0, 9.99, "");
            }
        }
        // Values of nothing, of almost nothing and without a weight or a count.
        night.shirts(0, 1.0, 0.0, "");
        night.shirts(0, 1.0, 0.0001, "");
        night.shirts(1, f64::NAN, 9.99, "");
        let last = night.sales.len() - 1;
        night.sales[last].weight = f64::NAN;
        night.look(|facts| {
            for line in 0..night.sales.len() {
                for judgement in [facts.prices.peers(line), facts.prices.own(line)].into_iter().flatten() {
                    assert!((0.0..=1.0).contains(&judgement.probability) && judgement.ratio.is_finite());
                    assert!(
                        judgement.p_value() > 0.0 && judgement.p_value() <= 1.0 && judgement.spread >= 0.05
                    );
                }
            }
            for cell in facts.prices.reference(facts.shipments, &[]) {
                assert!(
                    cell.median > 0.0 && cell.median.is_finite() && cell.scale_log.is_finite(),
                    "{cell:?}"
                );
                assert!(cell.lowest_acceptable_price > 0.0 && cell.lowest_acceptable_price < cell.median);
            }
        });
    }
}

#[test]
fn the_reference_names_its_cells() {
    let mut night = Night::default();
    for consignor in 0..12 {
        night.shirts(consignor, 1.0, 10.0, "");
    }
    let cells = night.look(|facts| facts.prices.reference(facts.shipments, &[]));
    let fine = cells.iter().find(|c| c.level == "goods" && c.scale == "piece").unwrap();
    assert_eq!((fine.hs.as_str(), fine.n, fine.consignors), ("610910", 12, 12));
    assert_eq!(fine.description.as_deref(), Some("cotton t-shirt"));
    assert_eq!((fine.weight_band, fine.degenerate), (Some((0.1, 0.3)), true));
    assert!(
        (fine.median - 10.0).abs() < 1e-3 && (fine.lowest_acceptable_price - 5.0).abs() < 1e-3,
        "{fine:?}"
    );
    let kg = cells.iter().find(|c| c.level == "chapter" && c.scale == "kg").unwrap();
    assert!(kg.hs == "61" && (kg.median - 10.0 / 0.15).abs() < 0.1, "{kg:?}");
}

#[test]
fn a_value_shared_by_lines_is_no_price() {
    let mut night = Night::default();
    (0..12).for_each(|c| night.shirts(c, 1.0, 10.0, ""));
    night.sales[0].nature = Nature::Sample;
    night.sales[1].description = "fabric samples".into();
    night.look(|facts| {
        assert!(facts.prices.peers(0).is_none() && facts.prices.peers(1).is_none());
        assert!(facts.prices.peers(2).is_some());
    });
}

/// Shirts of ten sellers at about 10, one of which sends nine lines in ten.
fn monopoly(price: f64) -> Night {
    let mut night = Night::default();
    for consignor in 0..10u32 {
        for _ in 0..if consignor == 0 { 81 } else { 1 } {
            night.shirts(consignor, 1.0, price + 0.1 * f64::from(consignor % 3), "");
        }
    }
    night
}

#[test]
fn a_cell_that_one_consignor_or_fraud_may_have_made_is_marked() {
    let night = monopoly(10.0);
    let marked = |flagged: &dyn Fn(usize) -> bool| {
        let flagged: Vec<bool> = (0..night.sales.len()).map(flagged).collect();
        let cells = night.look(|facts| facts.prices.reference(facts.shipments, &flagged));
        let cell = cells.iter().find(|c| c.level == "goods" && c.scale == "piece").unwrap().clone();
        (cell.captured(), cell.largest_share, cell.flagged_share)
    };
    assert_eq!(marked(&|_| false), (true, 0.9, 0.0), "nine lines in ten are of one consignor");
    let mut shared = Night::default();
    for consignor in 0..10 {
        (0..9).for_each(|_| shared.shirts(consignor, 1.0, 10.0, ""));
    }
    let cells = |share: usize| {
        let flagged: Vec<bool> = (0..90).map(|line| line % 10 < share).collect();
        let cells = shared.look(|facts| facts.prices.reference(facts.shipments, &flagged));
        cells.iter().all(|c| c.captured())
    };
    assert!(!cells(3) && cells(4), "three flagged lines in ten are borne, four are not");
}

#[test]
fn a_captured_cell_of_another_night_gives_way_to_its_parent() {
    let dir = tempfile::tempdir().unwrap();
    let table = |captured: bool| {
        let path = dir.path().join(format!("{captured}.csv"));
        let text = format!(
            "hs_code,unit,median,currency,typical_kg,consignors,captured\n\
             6109,piece,10,EUR,0.15,30,false\n6109,kg,66.7,EUR,0.15,30,false\n\
             610910,piece,2.5,EUR,0.15,30,{captured}\n610910,kg,16.7,EUR,0.15,30,{captured}\n"
        );
        std::fs::write(&path, text).unwrap();
        PriceReference::read(&[path.display().to_string()]).unwrap()
    };
    let low = |price: f64, captured: bool| {
        let mut night = monopoly(price);
        night.reference = table(captured);
        night.look(|facts| (0..night.sales.len()).filter(|line| probability(facts, *line) > 0.3).count())
    };
    assert_eq!(table(true).counts(), (2, 2));
    // Held against what fraud made of the cell, a quarter of the price is usual; held against the heading it is not.
    assert_eq!(low(2.5, false), 0);
    assert!(low(2.5, true) >= 80, "{} of 90 lines", low(2.5, true));
    // The honest twin: a seller that rightly has most of a market, at the market's price.
    assert_eq!(low(10.0, true), 0);
}

#[test]
fn a_price_of_many_lines_is_no_flag_but_comes_before_the_usual_one() {
    let mut night = Night::default();
    for article in 0..60u32 {
        let price = 4.0 + 0.37 * f64::from(article);
        let low = if article % 6 == 0 { 4 } else { 0 };
        for i in 0..12 {
            let (factor, mark) = if i < low { (0.25, "low") } else { (1.0, "list") };
            night.shirts(1, 1.0, (price * factor * 100.0).round() / 100.0, mark);
            let last = night.sales.len() - 1;
            night.sales[last].description = format!("shirt of pattern {article}");
        }
    }
    night.look(|facts| {
        let score = |line: usize| facts.prices.ranked(line, 0).map_or(0.0, |ranked| ranked.probability);
        let (low, list): (Vec<usize>, Vec<usize>) =
            (0..night.sales.len()).partition(|line| night.sales[*line].mark == "low");
        let most = list.into_iter().map(score).fold(0.0, f64::max);
        for line in low {
            assert!(facts.prices.ratio_to_own(line).unwrap() > 0.7, "an excuse");
            assert!(score(line) > most, "{} {most}", score(line));
        }
    });
}

#[test]
fn several_lines_cut_by_chance_are_no_price_on_a_night_of_single_ones() {
    // 500 articles of twelve lines; of the first three four lines are low, of half of the rest one or none.
    let night = |single: bool| {
        let mut night = Night::default();
        for article in 0..500u32 {
            let price = 4.0 + 0.37 * f64::from(article);
            let low = match article {
                0..3 => 4,
                _ => u32::from(single && article % 2 == 0),
            };
            for i in 0..12 {
                let (factor, mark) = match i < low {
                    true if article < 3 => (0.25, "together"),
                    true => (0.25, "alone"),
                    false => (1.0, "list"),
                };
                night.shirts(1, 1.0, (price * factor * 100.0).round() / 100.0, mark);
                let last = night.sales.len() - 1;
                night.sales[last].description = format!("shirt of pattern {article}");
            }
        }
        night
    };
    let together = |night: Night| {
        night.look(|facts| {
            let lines = (0..night.sales.len()).filter(|line| night.sales[*line].mark == "together");
            let judged: Vec<Judgement> = lines.map(|line| facts.prices.own(line).unwrap()).collect();
            assert!(judged.iter().all(|j| j.p_value() >= 1.0 - j.chance));
            judged.iter().map(|j| j.probability).fold(0.0, f64::max)
        })
    };
    let (chance, price) = (together(night(true)), together(night(false)));
    assert!(chance > 0.25 && price < 0.05, "{chance} {price}");
}

#[test]
fn a_price_that_nothing_compares_with_is_as_probable_to_be_cut_as_any() {
    let mut night = trade(40, 4_000, 5, |_, draw| (draw < 0.05).then_some((0.25, "cut")));
    night.shirts(77, 1.0, 3.0, "alone");
    let last = night.sales.len() - 1;
    night.sales[last].description = "unheard of".into();
    night.sales[last].hs = "970110";
    night.look(|facts| {
        let alone = facts.prices.ranked(last, 77).unwrap();
        assert!(alone.judgement.is_none() && alone.with == "nothing");
        let of = |mark: &str| -> f64 {
            let lines = (0..last).filter(|line| night.sales[*line].mark == mark);
            let scores: Vec<f64> =
                lines.filter_map(|line| facts.prices.ranked(line, 0)).map(|r| r.probability).collect();
            scores.iter().sum::<f64>() / scores.len() as f64
        };
        let (cut, honest) = (of("cut"), of("honest"));
        assert!(honest < alone.probability && alone.probability < cut, "{honest} {alone:?} {cut}");
    });
}

#[test]
fn single_cuts_make_no_usual_price_suspect() {
    let night = trade(400, 20_000, 6, |_, draw| (draw < 0.05).then_some((0.25, "cut")));
    night.look(|facts| {
        let prices = &facts.prices;
        let cheap = |line: &usize| {
            night.sales[*line].mark == "honest"
                && prices.at_usual(*line)
                && prices.ratio_to_peers(*line).is_some_and(|ratio| ratio < 0.6)
        };
        let (mut asked, mut by_all, mut lines) = (0.0, 0.0, 0);
        for line in (0..night.sales.len()).filter(cheap) {
            let all = judged(&prices.peers, prices.peers_residual(line).unwrap(), prices.line_ends.of(line));
            asked += prices.peers(line).unwrap().probability;
            by_all += all.probability;
            lines += 1;
        }
        assert!(lines > 50 && asked < 0.5 * by_all, "{asked} {by_all} of {lines}");
    });
}

#[test]
fn a_list_price_that_few_pay_is_told_from_a_cut() {
    let mut night = Night::default();
    for article in 0..60u32 {
        let price = 4.0 + 0.37 * f64::from(article);
        // Most pay the list price, some twice of it through a dear channel, some a fifth less by the dozen.
        for i in 0..30 {
            let (quantity, factor, mark) = match i {
                0..20 => (1.0, 1.0, "list"),
                20..25 => (1.0, 2.0, "dear"),
                25..29 => (12.0, 0.6, "dozen"),
                _ if article % 2 == 0 => (1.0, 0.47, "cut"),
                _ => (1.0, 1.0, "list"),
            };
            night.shirts(1, quantity, (price * factor * 100.0).round() / 100.0, mark);
            let last = night.sales.len() - 1;
            night.sales[last].description = format!("shirt of pattern {article}");
        }
    }
    night.look(|facts| {
        let mean = |mark: &str| {
            let of: Vec<f64> = (0..night.sales.len())
                .filter(|line| night.sales[*line].mark == mark)
                .map(|line| facts.prices.own(line).map_or(0.0, |j| j.probability))
                .collect();
            of.iter().sum::<f64>() / of.len() as f64
        };
        // What is flagged at the shipped threshold of `price-below-own-article`, and what is not.
        let (cut, dozen) = (mean("cut"), mean("dozen"));
        assert!(cut > 0.08 && dozen < 0.08 && dozen < cut / 3.0, "{cut} {dozen}");
        assert!(mean("list") < 0.01 && mean("dear") < 0.01, "{} {}", mean("list"), mean("dear"));
    });
}

#[test]
fn an_article_costs_what_many_lines_or_else_many_consignors_say() {
    let of = |x: f64, vague: f64| Residual::new(x, (0.04 + vague).sqrt(), vague);
    let peers = of(0.0, 0.08);
    // Three lines of its own that happen to be cheap, and thirty.
    let (few, many) = (weighed(of(-0.4, 0.08), peers), weighed(of(-0.4, 0.002), peers));
    assert!((few.x + 0.2).abs() < 1e-9 && few.s < peers.s, "{few:?}");
    assert!(many.x < -0.38 && many.s < few.s, "{many:?}");
}

#[test]
fn a_cheap_consignor_is_no_cutter_of_all_where_the_night_shows_none() {
    // Levels of 150 consignors, a normal distribution's quantiles; then the same with thirty at two fifths.
    let level = |i: u32| 0.3 * statrs::function::erf::erf_inv(f64::from(i) / 75.0 - 0.993) * 1.414;
    let honest: Vec<(f32, f32)> = (0..150).map(|i| (level(i) as f32, 0.31)).collect();
    let some: Vec<(f32, f32)> = honest.iter().copied().chain((0..30).map(|_| (-0.95, 0.31))).collect();
    let suspected =
        |night: &[(f32, f32)], prior: Prior| Mixture::fit(night, CONSIGNOR, prior).posterior(-0.8, 0.31);
    let (prior, shown) = (suspected(&honest, CONSIGNOR_PRIOR), suspected(&honest, SHOWN_PRIOR));
    assert!(shown < 0.5 * prior && shown < 0.03, "{shown} of {prior}");
    assert!(suspected(&some, SHOWN_PRIOR) > 5.0 * shown);
}
