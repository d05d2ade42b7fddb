//! The straight line: read and normalise, resolve, gather facts, detect, score, write.

use crate::config::Plan;
use crate::error::Error;
use crate::facts::Facts;
use crate::facts::words::Night;
use crate::model::finding::Findings;
use crate::model::outcome::Outcome;
use crate::normalise::{self, Context, Normalised};
use crate::read::{self, Input};
use crate::record::{self, Counts, DetectorCount};
use crate::score::{Found, Scoring};
use crate::watch::{Clock, StageTime, Watch};
use crate::write::{self, Staging, WriteError};
use crate::{detect, report, resolve, score};
use rayon::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a finished run tells the person who started it.
pub struct Summary {
    /// Counts of records, parcels and flags.
    pub counts: Counts,
    /// The worst cases and parcels, as lines of text.
    pub worst: Vec<String>,
    /// What each stage took.
    pub stages: Vec<StageTime>,
    /// What was odd though the run could finish.
    pub warnings: Vec<String>,
}

/// Runs the plan and puts its output in place.
///
/// # Errors
/// Nothing under the output's final name was touched.
pub fn run(plan: &Plan, watch: &dyn Watch) -> Result<Summary, Error> {
    // Before the work: a folder that cannot be written is better known now than in the morning.
    let staging = Staging::new(&plan.out)?;
    let mut clock = Clock::new(watch);
    clock.begin("read", "records", None);
    let context = Context {
        rates: Some(&plan.rates),
        regimes: &plan.regimes,
        destination: plan.destination,
        night: plan.night,
    };
    let (normalised, inputs) = rayon::join(
        || normalise::run(&plan.inputs, &context, &|n| watch.reached(n)),
        || plan.inputs.par_iter().map(hashed).collect::<Result<Vec<Input>, _>>(),
    );
    let (normalised, inputs) = (normalised?, inputs?);
    let Normalised { shipments, terms, rejects, files } = &normalised;

    clock.end(files.iter().map(|f| f.records_read as usize).sum());
    let parties = shipments.consignors.len() + shipments.consignees.len();
    clock.begin("resolve", "declared parties", Some(parties as u64));
    let (consignors, consignees) = rayon::join(
        || resolve::resolve(&shipments.consignors, &plan.job.resolve),
        || resolve::resolve(&shipments.consignees, &plan.job.resolve),
    );
    clock.end(parties);
    clock.begin("facts", "lines", Some(shipments.lines.len() as u64));
    let (facts, words) = rayon::join(
        || {
            let reference = &plan.price_reference;
            Facts::with_reference(shipments, &consignors, &consignees, terms, &plan.charges, reference)
        },
        || Night::read(shipments, &consignors.entities, &plan.lists.described_goods),
    );
    let mut facts = facts.with_lists(&plan.lists, words);
    facts.floors = plan.materials.floors(terms, &plan.rates, plan.night);
    clock.end(shipments.lines.len());
    clock.begin("detect", "detectors", Some(detect::ALL.len() as u64));
    let done = AtomicU64::new(0);
    let finished = || watch.reached(done.fetch_add(1, Ordering::Relaxed) + 1);
    let mut findings = detect::run(&facts, &plan.job.detectors, &finished)
        .map_err(|e| Error::Configuration(format!("detector settings: {e}")))?;
    let suppressed = detect::suppress(&facts, &mut findings);
    // What only detectors look at makes room for what is written.
    facts.by_consignee = Default::default();
    facts.words = facts.words.filter(|_| plan.job.output.descriptions || plan.job.output.line_scores);
    clock.end(detect::ALL.len());
    let found_in_all = findings.iter().map(|f| f.findings.len()).sum();
    clock.begin("score", "findings", Some(found_in_all as u64));
    let detectors: Vec<DetectorCount> = detect::ALL.iter().zip(&findings).map(tally).collect();
    let found = detect::ALL.iter().zip(findings);
    let found = found.map(|(d, findings)| Found { detector: d.id, family: d.family, findings }).collect();
    let scoring = Scoring { calibration: &plan.calibration, false_flags: plan.job.false_flags };
    let outcome: Outcome = score::run(&facts, found, &scoring);

    clock.end(found_in_all);
    clock.begin("write", "flags", Some(outcome.flags.len() as u64));
    let counts = Counts { detectors, suppressed, ..Counts::of(&facts, &outcome, rejects, files) };
    let run = write::Run {
        facts: &facts,
        outcome: &outcome,
        rejects,
        inputs: &inputs,
        entity_links: plan.job.output.entity_links,
        earlier: &plan.earlier,
        descriptions: plan.job.output.descriptions,
        sample: &plan.job.sample,
        night: plan.night,
        line_scores: plan.job.output.line_scores,
    };
    write::write(&run, staging.folder())?;
    let record = record::json(plan, &inputs, files, &facts, &counts, rejects);
    write_synced(&staging.folder().join("run.json"), &record)?;
    let warnings = record::warnings(&inputs, files, &facts, &counts);
    let worst = record::worst(&facts, &outcome, 5);
    clock.end(outcome.flags.len());
    // The report is made of the files alone; it can have the memory of the rest.
    let flagged = outcome.parcels.len();
    drop(facts);
    drop((outcome, consignors, consignees, normalised));
    clock.begin("report", "flagged parcels", Some(flagged as u64));
    report::write(staging.folder(), plan.job.output.timing)?;
    clock.end(flagged);
    if plan.job.output.timing {
        let [data, script] = report::TIMING.map(|name| staging.folder().join(name));
        write_synced(&data, &format!("{:#}\n", clock.json()))?;
        write_synced(&script, &format!("parcelRiskTiming({});\n", clock.json()))?;
    }
    staging.place()?;
    Ok(Summary { counts, worst, stages: clock.stages(), warnings })
}

/// What a detector did.
fn tally((detector, findings): (&&detect::Detector, &Findings)) -> DetectorCount {
    let mut parcels: Vec<u32> = findings.findings.iter().map(|f| f.parcel).collect();
    parcels.sort_unstable();
    parcels.dedup();
    DetectorCount {
        id: detector.id,
        title: detector.title,
        family: detector.family,
        tests: findings.tests,
        findings: findings.findings.len(),
        parcels: parcels.len(),
    }
}

fn hashed(input: &Input) -> Result<Input, read::ReadError> {
    Ok(Input { sha256: Some(read::sha256_file(&input.path)?), ..input.clone() })
}

fn write_synced(path: &std::path::Path, text: &str) -> Result<(), WriteError> {
    let failed = |source| WriteError::Io { path: path.to_path_buf(), source };
    std::fs::write(path, text).map_err(failed)?;
    std::fs::File::open(path).and_then(|f| f.sync_all()).map_err(failed)
}
