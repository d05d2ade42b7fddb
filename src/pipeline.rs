//! The straight line: read and normalise, resolve, gather facts, detect, score, write.

use crate::config::Plan;
use crate::error::Error;
use crate::facts::Facts;
use crate::model::outcome::Outcome;
use crate::normalise::{self, Context, Normalised};
use crate::read::{self, Input};
use crate::record::{self, Counts};
use crate::score::Found;
use crate::write::{self, Staging, WriteError};
use crate::{detect, report, resolve, score};
use rayon::prelude::*;
use std::time::{Duration, Instant};

/// What a finished run tells the person who started it.
pub struct Summary {
    /// Counts of records, parcels and flags.
    pub counts: Counts,
    /// The worst cases and parcels, as lines of text.
    pub worst: Vec<String>,
    /// Wall time of each stage.
    pub stages: Vec<(&'static str, Duration)>,
    /// What was odd though the run could finish.
    pub warnings: Vec<String>,
}

/// Told what is going on: the stage, and how far it is.
pub trait Watch: Sync {
    /// A stage begins.
    fn stage(&self, _name: &'static str) {}
    /// Records read so far.
    fn records(&self, _count: u64) {}
}

/// A watch that looks away.
pub struct Silent;
impl Watch for Silent {}

/// Runs the plan and puts its output in place.
///
/// # Errors
/// Nothing under the output's final name was touched.
pub fn run(plan: &Plan, watch: &dyn Watch) -> Result<Summary, Error> {
    // Before the work: a folder that cannot be written is better known now than in the morning.
    let staging = Staging::new(&plan.out)?;
    let mut clock = Clock::new(watch);
    clock.stage("read");
    let context = Context {
        rates: &plan.rates,
        regimes: &plan.regimes,
        destination: plan.destination,
        night: plan.night,
    };
    let (normalised, inputs) = rayon::join(
        || normalise::run(&plan.inputs, &context, &|n| watch.records(n)),
        || plan.inputs.par_iter().map(hashed).collect::<Result<Vec<Input>, _>>(),
    );
    let (normalised, inputs) = (normalised?, inputs?);
    let Normalised { shipments, terms, rejects, files } = &normalised;

    clock.stage("resolve");
    let (consignors, consignees) = rayon::join(
        || resolve::resolve(&shipments.consignors, &plan.job.resolve),
        || resolve::resolve(&shipments.consignees, &plan.job.resolve),
    );
    clock.stage("facts");
    let mut facts = Facts::with_reference(
        shipments,
        &consignors,
        &consignees,
        terms,
        &plan.charges,
        &plan.price_reference,
    );
    facts.floors = plan.materials.floors(terms, &plan.rates, plan.night);
    clock.stage("detect");
    let findings = detect::run(&facts, &plan.job.detectors)
        .map_err(|e| Error::Configuration(format!("detector settings: {e}")))?;
    clock.stage("score");
    let found = detect::ALL.iter().zip(findings);
    let found = found.map(|(d, findings)| Found { detector: d.id, family: d.family, findings }).collect();
    let outcome: Outcome = score::run(shipments, found);

    clock.stage("write");
    let counts = Counts::of(&facts, &outcome, rejects, files);
    let run = write::Run {
        facts: &facts,
        outcome: &outcome,
        rejects,
        inputs: &inputs,
        entity_links: plan.job.output.entity_links,
        line_scores: plan.job.output.line_scores,
    };
    write::write(&run, staging.folder())?;
    let record = record::json(plan, &inputs, files, &facts, &counts, rejects);
    let path = staging.folder().join("run.json");
    write_synced(&path, &record)?;
    report::write(staging.folder())?;
    let warnings = record::warnings(&inputs, files, &facts, &counts);
    let worst = record::worst(&facts, &outcome, 5);
    staging.place()?;
    Ok(Summary { counts, worst, stages: clock.finish(), warnings })
}

fn hashed(input: &Input) -> Result<Input, read::ReadError> {
    Ok(Input { sha256: Some(read::sha256_file(&input.path)?), ..input.clone() })
}

fn write_synced(path: &std::path::Path, text: &str) -> Result<(), WriteError> {
    let failed = |source| WriteError::Io { path: path.to_path_buf(), source };
    std::fs::write(path, text).map_err(failed)?;
    std::fs::File::open(path).and_then(|f| f.sync_all()).map_err(failed)
}

/// Wall time by stage; never part of the output.
struct Clock<'a> {
    watch: &'a dyn Watch,
    since: Instant,
    stages: Vec<(&'static str, Duration)>,
    current: Option<&'static str>,
}

impl<'a> Clock<'a> {
    fn new(watch: &'a dyn Watch) -> Self {
        Clock { watch, since: Instant::now(), stages: Vec::new(), current: None }
    }
    fn stage(&mut self, name: &'static str) {
        self.close();
        self.current = Some(name);
        self.watch.stage(name);
    }
    fn close(&mut self) {
        if let Some(name) = self.current.take() {
            self.stages.push((name, self.since.elapsed()));
        }
        self.since = Instant::now();
    }
    fn finish(mut self) -> Vec<(&'static str, Duration)> {
        self.close();
        self.stages
    }
}
