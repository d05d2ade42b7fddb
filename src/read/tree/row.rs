//! The texts of one row: what a mapping makes of the slots of a line, its parcel and its message.

use super::{EMPTY, Found, Tree, trim};
use crate::model::schema::Column;
use crate::read::mapping::Layout;
use crate::read::mapping::layout::{ColumnRule, SourceRule};

impl Tree {
    pub(super) fn found(&self, found: Found) -> &[u8] {
        match found {
            Found::Nothing => b"",
            Found::Level(level, cell) => self.at(level, cell),
            Found::Scratch(from, to) => {
                self.scratch.as_bytes().get(from as usize..to as usize).unwrap_or_default()
            }
        }
    }

    /// The row's cells as one JSON object, for quarantine.
    pub(super) fn raw(&self) -> String {
        let parts = self.names.iter().zip(&self.row).filter_map(|(name, &found)| {
            let text = self.found(found);
            let text = serde_json::Value::from(String::from_utf8_lossy(text));
            (!matches!(found, Found::Nothing)).then(|| format!("\"{}\":{text}", name.name()))
        });
        format!("{{{}}}", parts.collect::<Vec<_>>().join(","))
    }

    /// Finds the texts of a line's row.
    pub(super) fn row(
        &mut self,
        layout: &Layout,
        active: usize,
        line: usize,
    ) -> Result<(), (Column, String)> {
        self.scratch.clear();
        let mut first_fault = None;
        let quantity = self.names.iter().position(|&c| c == Column::Quantity);
        let currency = self.names.iter().position(|&c| c == Column::Currency);
        // Amounts may need the quantity and the currency, so these two come first.
        let first = [quantity, currency].into_iter().flatten();
        let rest = (0..self.names.len()).filter(|i| Some(*i) != quantity && Some(*i) != currency);
        for i in first.chain(rest) {
            self.row[i] = match self.rules[active][i] {
                Some(rule) => match self.value(layout, &layout.columns[rule], quantity, currency) {
                    Ok(found) => found,
                    Err(reason) => {
                        first_fault.get_or_insert((layout.columns[rule].column, reason));
                        Found::Nothing
                    }
                },
                None => Found::Nothing,
            };
        }
        self.join();
        if let Some((_, column, reason)) = self.faults.iter().find(|f| f.0.is_none_or(|l| l == line)) {
            return Err((*column, reason.clone()));
        }
        if let Some(fault) = first_fault {
            return Err(fault);
        }
        for rule in &layout.refuse {
            let text = self.slot_text(layout, rule.slot);
            if rule.values.iter().any(|v| text.eq_ignore_ascii_case(v.as_bytes())) {
                return Err((rule.column, rule.reason.clone()));
            }
        }
        Ok(())
    }

    /// The text of a column: the first source that holds something.
    fn value(
        &mut self,
        layout: &Layout,
        rule: &ColumnRule,
        quantity: Option<usize>,
        currency: Option<usize>,
    ) -> Result<Found, String> {
        for source in &rule.sources {
            if let [slot] = source.parts[..]
                && source.form.is_plain()
                && source.unit.is_none()
                && source.currency.is_none()
            {
                let slot = &layout.slots[usize::from(slot)];
                let cell = self.cells[slot.level][slot.place];
                if cell != EMPTY {
                    return Ok(Found::Level(slot.level, cell));
                }
                continue;
            }
            let found = self.formed(layout, source, quantity, currency)?;
            if !matches!(found, Found::Nothing) {
                return Ok(found);
            }
        }
        let start = self.scratch.len() as u32;
        match &rule.constant {
            Some(constant) => self.scratch.push_str(constant),
            None if rule.night => self.scratch.push_str(&self.surroundings.night),
            None => {}
        }
        let end = self.scratch.len() as u32;
        Ok(if end > start { Found::Scratch(start, end) } else { Found::Nothing })
    }

    fn formed(
        &mut self,
        layout: &Layout,
        source: &SourceRule,
        quantity: Option<usize>,
        currency: Option<usize>,
    ) -> Result<Found, String> {
        let mut text = String::new();
        for &part in &source.parts {
            let part = String::from_utf8_lossy(self.slot_text(layout, part));
            // A point in time among joined texts says its day.
            let part = if source.parts.len() > 1 { day_of(&part) } else { &part };
            if !part.is_empty() && !text.is_empty() {
                text.push_str(&source.with);
            }
            text.push_str(part);
        }
        if text.is_empty() {
            return Ok(Found::Nothing);
        }
        if let Some(slot) = source.currency {
            let own = self.slot_text(layout, slot).trim_ascii();
            let record = currency.map_or(&b""[..], |i| trim(self.found(self.row[i])));
            if !own.is_empty() && !own.eq_ignore_ascii_case(record) {
                self.foreign_amounts += 1;
                return Ok(Found::Nothing);
            }
        }
        let unit = source.unit.map(|slot| String::from_utf8_lossy(self.slot_text(layout, slot)).into_owned());
        let pieces = match quantity.filter(|_| source.form.per_unit) {
            Some(i) => String::from_utf8_lossy(self.found(self.row[i])).into_owned(),
            None => String::new(),
        };
        let start = self.scratch.len() as u32;
        source.form.write(&text, unit.as_deref(), &pieces, &mut self.scratch)?;
        let end = self.scratch.len() as u32;
        Ok(if end > start { Found::Scratch(start, end) } else { Found::Nothing })
    }

    /// Fills what the message lacks from the messages of the same waybills.
    fn join(&mut self) {
        let Some(joins) = self.surroundings.joins.clone() else { return };
        let place = |tree: &Tree, column: Column| tree.names.iter().position(|&c| c == column);
        let text = |tree: &Tree, column: Column| {
            place(tree, column).map(|i| String::from_utf8_lossy(tree.found(tree.row[i])).trim().to_owned())
        };
        let house = text(self, Column::ParcelId).unwrap_or_default();
        let master = text(self, Column::ManifestId).unwrap_or_default();
        for (column, value) in joins.of(&house, &master) {
            let Some(i) = place(self, column) else { continue };
            // The night only stands in for a day that nobody tells.
            let night =
                column == Column::Date && self.found(self.row[i]) == self.surroundings.night.as_bytes();
            if matches!(self.row[i], Found::Nothing) || night {
                let start = self.scratch.len() as u32;
                self.scratch.push_str(&value);
                self.row[i] = Found::Scratch(start, self.scratch.len() as u32);
            }
        }
    }
}

/// The day of a point in time such as `2026-07-15T10:00:00`; other text as it is.
fn day_of(text: &str) -> &str {
    match text.as_bytes() {
        [_, _, _, _, b'-', _, _, b'-', _, _, b'T', ..] => &text[..10],
        _ => text,
    }
}
