//! What a run shows while it works: bars on a terminal, lines in a log, JSON for machines.

use super::coloured;
use super::run::grouped;
use crate::watch::{StageTime, Watch};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use serde_json::json;
use std::fmt;
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A log is told of a long stage this often.
const LOGGED: Duration = Duration::from_secs(10);

/// The watch for standard error as it is: bars where it is a terminal, lines where it is a file or a pipe.
pub(super) fn watch(json: bool) -> Box<dyn Watch> {
    if json {
        Box::new(Lines { json, stage: Mutex::new(None) })
    } else if std::io::stderr().is_terminal() {
        Box::new(Bars { bar: Mutex::new(None) })
    } else {
        Box::new(Lines { json: false, stage: Mutex::new(None) })
    }
}

/// A bar a stage; those that are over stay, full, with their rows and rate.
struct Bars {
    bar: Mutex<Option<ProgressBar>>,
}

/// How far a stage is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// At work, and it does not tell how far it is: a bar at 0 would look as if it hung.
    AtWork,
    /// Counting, without an end in sight.
    Counting,
    /// On its way to a known end.
    OnTheWay,
    /// Over.
    Over,
}

impl Bars {
    fn style(stands: Stands) -> ProgressStyle {
        let bar = if coloured(std::io::stderr().is_terminal()) { "{bar:24.cyan}" } else { "{bar:24}" };
        let template = match stands {
            Stands::AtWork => "{prefix:<8} {spinner} {human_len:>11} {msg}, {elapsed}".to_owned(),
            Stands::Counting => "{prefix:<8} {spinner} {human_pos:>11} {msg}, {pace} a second".to_owned(),
            Stands::OnTheWay => format!("{{prefix:<8}} {bar} {{human_pos:>11}} of {{human_len}} {{msg}}"),
            Stands::Over => format!("{{prefix:<8}} {bar} {{human_pos:>11}} {{msg}}"),
        };
        // A template that cannot be read would be a mistake above; the plain bar then shows the same numbers.
        let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
        style.with_key("pace", |state: &ProgressState, to: &mut dyn fmt::Write| {
            let _ = to.write_str(&grouped(state.per_sec() as u64));
        })
    }
}

impl Watch for Bars {
    fn begin(&self, name: &'static str, unit: &'static str, total: Option<u64>) {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        bar.set_style(Bars::style(if total.is_some() { Stands::AtWork } else { Stands::Counting }));
        bar.set_prefix(name);
        bar.set_message(unit);
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        bar.enable_steady_tick(Duration::from_millis(200));
        if let Ok(mut slot) = self.bar.lock() {
            *slot = Some(bar);
        }
    }

    fn reached(&self, rows: u64) {
        if let Ok(slot) = self.bar.lock()
            && let Some(bar) = &*slot
        {
            if bar.length().is_some() && bar.position() == 0 {
                bar.set_style(Bars::style(Stands::OnTheWay));
            }
            bar.set_position(rows);
        }
    }

    fn end(&self, stage: &StageTime) {
        if let Ok(mut slot) = self.bar.lock()
            && let Some(bar) = slot.take()
        {
            bar.set_style(Bars::style(Stands::Over));
            bar.set_length(stage.rows);
            bar.set_position(stage.rows);
            bar.finish_with_message(pace(stage));
        }
    }
}

/// A line when a stage is over, and one now and then while a long one lasts.
struct Lines {
    json: bool,
    stage: Mutex<Option<Running>>,
}

/// The stage at work.
struct Running {
    name: &'static str,
    unit: &'static str,
    since: Instant,
    told: Instant,
}

impl Watch for Lines {
    fn begin(&self, name: &'static str, unit: &'static str, total: Option<u64>) {
        let now = Instant::now();
        if let Ok(mut stage) = self.stage.lock() {
            *stage = Some(Running { name, unit, since: now, told: now });
        }
        if self.json {
            event(&json!({ "event": "stage_begins", "stage": name, "unit": unit, "total": total }));
        }
    }

    fn reached(&self, rows: u64) {
        let Ok(mut stage) = self.stage.lock() else { return };
        let Some(stage) = &mut *stage else { return };
        if stage.told.elapsed() < LOGGED {
            return;
        }
        stage.told = Instant::now();
        let seconds = rounded(stage.since.elapsed());
        if self.json {
            let (name, unit) = (stage.name, stage.unit);
            event(
                &json!({ "event": "progress", "stage": name, "rows": rows, "unit": unit, "seconds": seconds }),
            );
        } else {
            let text = format!("{:<8} {} {} so far", stage.name, grouped(rows), stage.unit);
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    fn end(&self, stage: &StageTime) {
        if self.json {
            event(&json!({
                "event": "stage_ends", "stage": stage.name, "rows": stage.rows, "unit": stage.unit,
                "seconds": rounded(stage.time),
            }));
        } else {
            let _ = writeln!(std::io::stderr(), "{}", line(stage));
        }
    }
}

/// `read      1,367,723 records in 2.1 s (651,300 a second)`.
fn line(stage: &StageTime) -> String {
    format!("{:<8} {:>11} {}", stage.name, grouped(stage.rows), pace(stage))
}

/// `records in 2.1 s (651,300 a second)`.
fn pace(stage: &StageTime) -> String {
    let seconds = stage.time.as_secs_f64();
    let mut text = format!("{} in {seconds:.2} s", stage.unit);
    // The rate of a stage that is over at once says nothing.
    if seconds >= 0.05 && stage.rows > 0 {
        text.push_str(&format!(" ({} a second)", grouped((stage.rows as f64 / seconds) as u64)));
    }
    text
}

fn rounded(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000.0).round() / 1_000.0
}

/// Writes a line of JSON to standard error.
pub(super) fn event(value: &serde_json::Value) {
    let _ = writeln!(std::io::stderr(), "{value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_tells_its_rows_and_its_rate() {
        let stage = |rows, milliseconds| StageTime {
            name: "read",
            unit: "records",
            rows,
            time: Duration::from_millis(milliseconds),
        };
        assert_eq!(
            line(&stage(1_367_723, 2_000)),
            "read       1,367,723 records in 2.00 s (683,861 a second)"
        );
        assert_eq!(line(&stage(434, 10)), "read             434 records in 0.01 s");
    }
}
