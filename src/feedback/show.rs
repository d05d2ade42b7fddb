//! Feedback as text.

use super::{Feedback, Rate};
use std::fmt;

impl fmt::Display for Feedback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} lines: {} parcels with a result, {} still open, {} neither flagged nor drawn at random",
            self.lines, self.decided, self.open, self.elsewhere
        )?;
        writeln!(f, "\n{:<34}{:>9}{:>11}{:>10}   95 % interval", "", "examined", "irregular", "hit rate")?;
        line(f, &self.flagged)?;
        for (title, rates) in
            [("by detector", &self.detectors), ("by rank", &self.ranks), ("by action", &self.actions)]
        {
            if !rates.is_empty() {
                writeln!(f, "{title}")?;
            }
            for rate in rates {
                line(f, rate)?;
            }
        }
        for (currency, sums) in &self.corrected {
            writeln!(
                f,
                "\nCorrected values of {}: {:.2} declared, {:.2} found, {currency}",
                parcels(sums.parcels, "irregular "),
                sums.declared,
                sums.found
            )?;
        }
        if self.reclassified > 0 {
            writeln!(f, "Commodity code corrected: {}", parcels(self.reclassified, ""))?;
        }
        let Some(sample) = &self.sample else {
            return writeln!(f, "\nThis run kept no random sample, so nothing tells what it missed.");
        };
        writeln!(f, "\nRandom sample of {} parcels", sample.drawn)?;
        line(f, &sample.all)?;
        line(f, &sample.unflagged)?;
        match sample.missed {
            Some([missed, low, high]) => writeln!(
                f,
                "  Of {} parcels that were not flagged about {missed:.0} are irregular (95 % interval {low:.0} to {high:.0}),\n  \
                 provided that those examined were not picked from the sample by their looks.",
                sample.unflagged_parcels
            ),
            None => writeln!(
                f,
                "  None of its parcels has a result yet: examine those of random_sample.parquet to learn what was missed."
            ),
        }
    }
}

fn parcels(count: usize, kind: &str) -> String {
    format!("{count} {kind}parcel{}", if count == 1 { "" } else { "s" })
}

fn line(f: &mut fmt::Formatter<'_>, rate: &Rate) -> fmt::Result {
    let share = rate.rate.map_or("-".to_owned(), |r| format!("{:.1} %", 100.0 * r));
    let interval = match rate.rate {
        Some(_) => format!("{:.1} to {:.1} %", 100.0 * rate.low, 100.0 * rate.high),
        None => String::new(),
    };
    writeln!(f, "  {:<32}{:>9}{:>11}{share:>10}   {interval}", rate.of, rate.examined, rate.irregular)
}
