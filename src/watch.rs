//! What a run tells while it works: its stages, how far each is, and what they took. None of it reaches a result.

use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A stage that is over.
#[derive(Clone, Copy, Debug)]
pub struct StageTime {
    /// Name of the stage.
    pub name: &'static str,
    /// Wall time.
    pub time: Duration,
    /// Rows worked on.
    pub rows: u64,
    /// What a row is, in the plural.
    pub unit: &'static str,
}

/// Told what is going on.
pub trait Watch: Sync {
    /// A stage begins; `total` rows lie before it where that is known.
    fn begin(&self, _name: &'static str, _unit: &'static str, _total: Option<u64>) {}
    /// Rows of the current stage done so far.
    fn reached(&self, _rows: u64) {}
    /// A stage is over.
    fn end(&self, _stage: &StageTime) {}
}

/// A watch that looks away.
pub struct Silent;
impl Watch for Silent {}

/// Wall time by stage.
pub(crate) struct Clock<'a> {
    watch: &'a dyn Watch,
    since: Instant,
    stages: Vec<StageTime>,
    current: Option<(&'static str, &'static str)>,
}

impl<'a> Clock<'a> {
    pub(crate) fn new(watch: &'a dyn Watch) -> Self {
        Clock { watch, since: Instant::now(), stages: Vec::new(), current: None }
    }

    pub(crate) fn begin(&mut self, name: &'static str, unit: &'static str, total: Option<u64>) {
        self.since = Instant::now();
        self.current = Some((name, unit));
        self.watch.begin(name, unit, total);
    }

    pub(crate) fn end(&mut self, rows: usize) {
        if let Some((name, unit)) = self.current.take() {
            let stage = StageTime { name, unit, rows: rows as u64, time: self.since.elapsed() };
            self.watch.end(&stage);
            self.stages.push(stage);
        }
    }

    /// The stages so far, as `timing.json` tells them.
    pub(crate) fn json(&self) -> Value {
        let seconds = |time: Duration| (time.as_secs_f64() * 1_000.0).round() / 1_000.0;
        let all: Duration = self.stages.iter().map(|s| s.time).sum();
        json!({
            "seconds": seconds(all),
            "peak_memory_mib": peak_memory_mib(),
            "threads": rayon::current_num_threads(),
            "stages": self.stages.iter().map(|s| json!({
                "stage": s.name, "rows": s.rows, "unit": s.unit, "seconds": seconds(s.time),
            })).collect::<Vec<_>>(),
        })
    }

    pub(crate) fn stages(self) -> Vec<StageTime> {
        self.stages
    }
}

/// The most memory that the program has held, where the system tells (Linux).
pub fn peak_memory_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}
