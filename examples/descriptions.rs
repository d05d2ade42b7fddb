//! How well descriptions that contradict their code are told from honest ones: planted swaps of headings in a file of
//! titles (`title,hs,sender`, with a header).
//!
//! ```text
//! cargo run --release --example descriptions -- TITLES.csv [--reference FILE] [--lies 0.05] [--seed 1] [--show 20]
//! ```
//! Two measures: *alone*, each title once as it is and once under a heading of another chapter, with nothing of the
//! night to learn from; *night*, all titles as one night in which a share of them was swapped.

mod common;

use common::Arguments;
use parcel_risk::facts::words::{Declared, Words};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt, SeedableRng};
use std::path::Path;
use std::process::ExitCode;

struct Title {
    text: String,
    heading: u16,
}

fn main() -> ExitCode {
    common::main(run)
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let file = arguments.first().ok_or("name a file of titles: title,hs,sender")?;
    let titles = titles(Path::new(file))?;
    let reference =
        arguments.text("--reference").map(|f| self::titles(Path::new(f))).transpose()?.unwrap_or_default();
    let reference: Vec<(u16, &str)> = reference.iter().map(|t| (t.heading, t.text.as_str())).collect();
    let show = arguments.number("--show", 0)?;
    let mut random = StdRng::seed_from_u64(arguments.number("--seed", 1)?);
    let declared = |text, heading, weight| Declared { text, heading, weight, own: weight };

    let mut alone = Vec::new();
    let mut lies = Vec::new();
    for title in &titles {
        alone.push(declared(title.text.as_str(), title.heading, 0.0));
        lies.push(false);
        alone.push(declared(title.text.as_str(), other(title.heading, &titles, &mut random), 0.0));
        lies.push(true);
    }
    report("alone", &alone, &lies, &reference, show);

    let share = arguments.number("--lies", 0.05)?;
    let mut night = Vec::new();
    let mut lies = Vec::new();
    for title in &titles {
        let lie = random.random::<f64>() < share;
        let heading = if lie { other(title.heading, &titles, &mut random) } else { title.heading };
        night.push(declared(title.text.as_str(), heading, 1.0));
        lies.push(lie);
    }
    report("night", &night, &lies, &reference, show);
    Ok(())
}

fn report(name: &str, night: &[Declared], lies: &[bool], reference: &[(u16, &str)], show: usize) {
    let started = std::time::Instant::now();
    let (words, verdicts) = Words::judge(night, reference);
    let took = started.elapsed().as_secs_f64();
    let mut scored: Vec<(f32, bool)> = verdicts.iter().zip(lies).map(|(v, &lie)| (v.margin, lie)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (all_lies, all_honest) =
        (lies.iter().filter(|l| **l).count() as f64, lies.iter().filter(|l| !**l).count() as f64);
    let (mut area, mut hits, mut false_alarms) = (0.0, 0.0, 0.0);
    let mut at = [(0.01, 0.0, 0.0_f32), (0.02, 0.0, 0.0), (0.05, 0.0, 0.0), (0.1, 0.0, 0.0)];
    for tie in scored.chunk_by(|a, b| a.0 == b.0) {
        let lies = tie.iter().filter(|s| s.1).count() as f64;
        let honest = tie.len() as f64 - lies;
        area += honest * (hits + lies / 2.0);
        hits += lies;
        false_alarms += honest;
        for (share, recall, margin) in &mut at {
            if false_alarms / all_honest <= *share {
                (*recall, *margin) = (hits / all_lies, tie[0].0);
            }
        }
    }
    println!(
        "{name}: {} texts, {all_lies} swapped, {took:.2} s; AUC {:.3}",
        night.len(),
        area / all_lies / all_honest
    );
    for (share, recall, margin) in at {
        println!("  at {:>4.0} % false: recall {:.3}, margin {margin:.2}", share * 100.0, recall);
    }
    let silent = verdicts.iter().filter(|v| v.strength < 0.5).count();
    println!("  say nothing: {:.1} %", 100.0 * silent as f64 / night.len() as f64);
    if show > 0 {
        let mut order: Vec<usize> = (0..night.len()).filter(|&i| !lies[i]).collect();
        order.sort_by(|&a, &b| verdicts[b].margin.total_cmp(&verdicts[a].margin));
        for &i in order.iter().step_by(order.len() / 25 / show + 1).take(show) {
            let v = verdicts[i];
            println!(
                "  honest {:.2} {} -> {}: {} {:?}",
                v.margin,
                night[i].heading,
                v.heading,
                night[i].text,
                words.pointing(night[i].text, v.heading)
            );
        }
        let mut order: Vec<usize> = (0..night.len()).filter(|&i| lies[i]).collect();
        order.sort_by(|&a, &b| verdicts[a].margin.total_cmp(&verdicts[b].margin));
        for &i in order.iter().step_by(order.len() / 2 / show + 1).take(show) {
            let v = verdicts[i];
            println!(
                "  lie {:.2} {:.2} {} -> {}: {}",
                v.margin, v.strength, night[i].heading, v.heading, night[i].text
            );
        }
    }
}

/// A heading of another chapter, as often as it occurs.
fn other(heading: u16, titles: &[Title], random: &mut impl Rng) -> u16 {
    loop {
        if let Some(title) = titles.choose(random)
            && title.heading / 100 != heading / 100
        {
            return title.heading;
        }
    }
}

fn titles(path: &Path) -> Result<Vec<Title>, String> {
    let mut reader = csv::Reader::from_path(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let headers = reader.headers().map_err(|e| e.to_string())?.clone();
    let place = |names: &[&str]| headers.iter().position(|h| names.contains(&h));
    let text = place(&["title", "description"]).ok_or("no column `title`")?;
    let code = place(&["hs", "hs_code", "hscode"]).ok_or("no column `hs`")?;
    let mut titles = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|e| e.to_string())?;
        if let (Some(text), Some(Ok(heading))) =
            (row.get(text), row.get(code).map(|c| c.get(..4).unwrap_or("").parse()))
        {
            titles.push(Title { text: text.to_owned(), heading });
        }
    }
    Ok(titles)
}
