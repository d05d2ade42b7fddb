//! An evaluation as a table that a person reads.

use super::{Evaluation, Quality};
use std::fmt;

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |s| format!("{:.1}%", s * 100.0))
}

fn decimals(number: Option<f64>) -> String {
    number.map_or_else(|| "-".to_owned(), |n| format!("{n:.3}"))
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<18} {:>9} {:>9} {:>9} {:>10} {:>8} {:>7} {:>8}",
            "family", "true", "flagged", "hits", "precision", "recall", "F1", "avg prec"
        )?;
        for q in &self.families {
            writeln!(
                f,
                "{:<18} {:>9} {:>9} {:>9} {:>10} {:>8} {:>7} {:>8}",
                q.family,
                q.parcels_true,
                q.parcels_flagged,
                q.hits,
                percent(q.precision),
                percent(q.recall),
                decimals(q.f1),
                decimals(q.average_precision)
            )?;
        }
        writeln!(f, "\n{:<18} {:>9} {:>9}", "false flags", "expected", "realised")?;
        for q in &self.families {
            writeln!(f, "{:<18} {:>9} {:>9}", q.family, percent(q.false_expected), percent(q.false_share))?;
        }
        writeln!(
            f,
            "\n{:<18} {:>12} {:>9} {:>9} {:>9}",
            "probability", "band", "parcels", "expected", "right"
        )?;
        for q in &self.families {
            for band in &q.reliability {
                writeln!(
                    f,
                    "{:<18} {:>5.2} to {:.2} {:>9} {:>9} {:>9}",
                    q.family,
                    band.from,
                    band.to,
                    band.parcels,
                    percent(Some(band.expected)),
                    percent(Some(band.realised))
                )?;
            }
        }
        if self.families.iter().any(|q| !q.at.is_empty()) {
            writeln!(
                f,
                "\n{:<18} {:>6} {:>12} {:>10} {:>19}",
                "first k", "k", "precision@k", "revenue@k", "of the best order"
            )?;
        }
        for q in &self.families {
            depths(q, f)?;
        }
        if !self.typologies.is_empty() {
            writeln!(
                f,
                "\n{:<18} {:<28} {:>9} {:>9} {:>8} {:>15}",
                "family", "kind of fraud", "true", "flagged", "recall", "in any family"
            )?;
        }
        for t in &self.typologies {
            writeln!(
                f,
                "{:<18} {:<28} {:>9} {:>9} {:>8} {:>15}",
                t.family,
                t.typology,
                t.parcels,
                t.flagged,
                percent(Some(t.recall)),
                t.flagged_in_any
            )?;
        }
        if !self.twins.is_empty() {
            writeln!(f, "\n{:<47} {:>9} {:>9} {:>8}", "honest look-alike", "parcels", "flagged", "share")?;
        }
        for t in &self.twins {
            writeln!(f, "{:<47} {:>9} {:>9} {:>8}", t.twin, t.parcels, t.flagged, percent(Some(t.share)))?;
        }
        Ok(())
    }
}

fn depths(quality: &Quality, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for at in &quality.at {
        writeln!(
            f,
            "{:<18} {:>6} {:>12} {:>10} {:>19}",
            quality.family,
            at.k,
            percent(Some(at.precision)),
            percent(at.revenue),
            percent(at.revenue_of_best)
        )?;
    }
    Ok(())
}
