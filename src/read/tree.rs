//! From the elements of a message to rows: texts are kept in numbered slots until their parcel is complete.
//!
//! XML and JSON both tell the same story: something opens, has text, and closes.

mod row;

use super::join::Joins;
use super::mapping::Layout;
use super::mapping::layout::{GROUP, Keep, NONE};
use super::text::{Draft, fault, trim};
use super::{LONGEST_FIELD, wanted};
use crate::model::schema::Column;
use std::sync::Arc;

/// Bytes that one parcel with its lines may take.
const LARGEST_PARCEL: usize = 32 << 20;
/// Bytes of text after which a block is closed.
const BLOCK_BYTES: usize = 64 << 20;

/// Faulty texts of one parcel that are told apart; more of them spoil the whole parcel.
const MOST_FAULTS: usize = 1_000;

/// The place of a text in its level's arena; nothing where `from` is [`EMPTY`].
type Cell = (u32, u32);
const EMPTY: Cell = (u32::MAX, 0);

/// What is known besides the message.
#[derive(Clone, Default)]
pub(super) struct Surroundings {
    /// The night, ISO 8601; empty where it is not known.
    pub(super) night: String,
    /// What other messages tell of the same waybills.
    pub(super) joins: Option<Arc<Joins>>,
}

/// Where a text of the row at hand stands.
#[derive(Clone, Copy)]
enum Found {
    Nothing,
    Level(usize, Cell),
    Scratch(u32, u32),
}

/// What came of an element's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    Element,
    /// A parcel is complete; its rows have to be drained before the next element.
    Parcel,
    /// The message is complete, and its last parcel too.
    Message,
}

/// The message that is being read.
pub(super) struct Tree {
    layouts: Vec<Arc<Layout>>,
    /// Which of them messages were of.
    met: Vec<bool>,
    /// By layout and draft column, the rule in the layout.
    rules: Vec<Vec<Option<usize>>>,
    pub(super) names: Vec<Column>,
    surroundings: Surroundings,
    active: Option<usize>,
    /// The node of each open element of the message.
    nodes: Vec<u32>,
    arenas: [Vec<u8>; 4],
    cells: [Vec<Cell>; 4],
    /// The cells of the parcel's finished lines, one after the other.
    lines: Vec<Cell>,
    line_count: usize,
    open_parcel: bool,
    /// Faults of the parcel, of its lines by number: the column and what is wrong.
    faults: Vec<(Option<usize>, Column, String)>,
    /// Text of the innermost elements that are wanted, with depth and start of each.
    buffer: Vec<u8>,
    captures: Vec<(usize, usize)>,
    /// The next line to drain, while a complete parcel waits.
    ready: Option<usize>,
    scratch: String,
    row: Vec<Found>,
    /// Columns that held something in any row so far.
    pub(super) seen: [bool; Column::COUNT],
    /// Amounts in another currency than their record's, left out.
    pub(super) foreign_amounts: u64,
    /// Whether all text at hand is known to be UTF-8.
    pub(super) clean: bool,
}

impl Tree {
    pub(super) fn new(
        layouts: Vec<Arc<Layout>>,
        only: Option<&[Column]>,
        surroundings: Surroundings,
    ) -> Tree {
        let filled = |c: Column| layouts.iter().any(|l| l.filled().any(|f| f == c));
        let joined = |c: Column| surroundings.joins.is_some() && Joins::COLUMNS.contains(&c);
        let names: Vec<Column> = Column::ALL
            .iter()
            .copied()
            .filter(|&c| wanted(only, c) && (filled(c) || joined(c) || c.required()))
            .collect();
        let rule = |l: &Layout, c: Column| l.columns.iter().position(|r| r.column == c);
        let rules = layouts.iter().map(|l| names.iter().map(|&c| rule(l, c)).collect()).collect();
        Tree {
            row: vec![Found::Nothing; names.len()],
            names,
            rules,
            met: vec![false; layouts.len()],
            layouts,
            surroundings,
            active: None,
            nodes: Vec::new(),
            arenas: Default::default(),
            cells: Default::default(),
            lines: Vec::new(),
            line_count: 0,
            open_parcel: false,
            faults: Vec::new(),
            buffer: Vec::new(),
            captures: Vec::new(),
            ready: None,
            scratch: String::new(),
            seen: [false; Column::COUNT],
            foreign_amounts: 0,
            clean: false,
        }
    }

    /// Replaces the layouts that are looked for; the columns stay.
    pub(super) fn set_layouts(&mut self, layouts: Vec<Arc<Layout>>) {
        let rule = |l: &Layout, c: Column| l.columns.iter().position(|r| r.column == c);
        self.rules = layouts.iter().map(|l| self.names.iter().map(|&c| rule(l, c)).collect()).collect();
        self.layouts = layouts;
        self.met = vec![false; self.layouts.len()];
        self.end();
    }

    /// The names of the layouts that messages were of.
    pub(super) fn take_met(&mut self) -> Vec<String> {
        let met = self.layouts.iter().zip(&self.met).filter(|m| *m.1).map(|m| m.0.name.clone()).collect();
        self.met.fill(false);
        met
    }

    pub(super) fn layouts(&self) -> &[Arc<Layout>] {
        &self.layouts
    }

    /// The layout of the open message.
    pub(super) fn layout(&self) -> Option<&Layout> {
        self.active.map(|i| &*self.layouts[i])
    }

    /// Whether a parcel is open.
    pub(super) fn in_parcel(&self) -> bool {
        self.open_parcel
    }

    /// How many elements of the message are open.
    pub(super) fn depth(&self) -> usize {
        self.nodes.len()
    }

    /// Starts a message of a layout: its root element opens. Whether its attributes are wanted.
    pub(super) fn begin(&mut self, layout: usize) -> bool {
        self.active = Some(layout);
        self.met[layout] = true;
        self.nodes.clear();
        self.captures.clear();
        self.buffer.clear();
        let counts = self.layouts[layout].counts;
        for level in 0..4 {
            self.arenas[level].clear();
            self.cells[level].clear();
            self.cells[level].resize(counts[level], EMPTY);
        }
        self.clear_parcel();
        self.enter(0)
    }

    /// Whether the element is one that the layout names below the innermost open one.
    pub(super) fn knows(&self, name: &[u8]) -> bool {
        let node = self.nodes.last().copied().unwrap_or(NONE);
        self.layout().is_some_and(|l| l.child(node, name) != NONE)
    }

    /// An element opens; whether its attributes are wanted.
    #[inline]
    pub(super) fn open(&mut self, name: &[u8]) -> bool {
        let node = self.nodes.last().copied().unwrap_or(NONE);
        let node = match self.active {
            Some(active) if node != NONE => self.layouts[active].child(node, name),
            _ => NONE,
        };
        if node == NONE {
            self.nodes.push(NONE);
            return false;
        }
        self.enter(node)
    }

    fn enter(&mut self, node: u32) -> bool {
        self.nodes.push(node);
        let Some(active) = self.active else { return false };
        let Some(known) = self.layouts[active].nodes.get(node as usize) else { return false };
        let (parcel, line, group) = (known.parcel, known.line, known.group);
        let (text, attributes) = (!known.text.is_empty(), !known.attributes.is_empty());
        if parcel {
            self.clear_parcel();
            self.open_parcel = true;
        }
        if line || parcel {
            self.cells[2].fill(EMPTY);
        }
        if group.is_some() {
            self.cells[GROUP].fill(EMPTY);
            self.arenas[GROUP].clear();
        }
        if text {
            self.captures.push((self.nodes.len(), self.buffer.len()));
        }
        attributes
    }

    /// An attribute of the element that opened last.
    pub(super) fn attribute(&mut self, name: &[u8], value: &[u8]) {
        let (Some(active), Some(&node)) = (self.active, self.nodes.last()) else { return };
        let layout = Arc::clone(&self.layouts[active]);
        let Some(node) = layout.nodes.get(node as usize) else { return };
        for (_, slot) in node.attributes.iter().filter(|(n, _)| **n == *name) {
            self.store(&layout, *slot, value);
        }
    }

    /// Text of the innermost open element.
    #[inline]
    pub(super) fn text(&mut self, text: &[u8]) {
        if let Some(&(depth, start)) = self.captures.last()
            && depth == self.nodes.len()
            && self.buffer.len() - start <= LONGEST_FIELD
        {
            // One byte more than allowed is enough to tell that there are too many.
            let room = LONGEST_FIELD + 1 - (self.buffer.len() - start);
            self.buffer.extend_from_slice(&text[..text.len().min(room)]);
        }
    }

    /// Something in the parcel's text that cannot be read.
    pub(super) fn flaw(&mut self, reason: String) {
        let layout = self.active.map(|i| Arc::clone(&self.layouts[i]));
        let node = self.nodes.last().and_then(|&n| layout.as_ref()?.nodes.get(n as usize));
        if let (Some(layout), Some(slot)) = (&layout, node.and_then(|n| n.text.first())) {
            let slot = &layout.slots[usize::from(*slot)];
            self.fault(slot.level, slot.column, reason);
        }
    }

    fn fault(&mut self, level: usize, column: Column, reason: String) {
        let line = (level == 2 && self.faults.len() < MOST_FAULTS).then_some(self.line_count);
        if self.faults.len() <= MOST_FAULTS {
            self.faults.push((line, column, reason));
        }
    }

    /// The innermost element closes.
    #[inline]
    pub(super) fn close(&mut self) -> Closed {
        let depth = self.nodes.len();
        let Some(node) = self.nodes.pop() else { return Closed::Element };
        let Some(active) = self.active else { return Closed::Element };
        if node == NONE {
            return Closed::Element;
        }
        let layout = Arc::clone(&self.layouts[active]);
        let known = &layout.nodes[node as usize];
        if let Some(&(at, start)) = self.captures.last()
            && at == depth
        {
            self.captures.pop();
            let text = std::mem::take(&mut self.buffer);
            for &slot in &known.text {
                self.store(&layout, slot, &text[start..]);
            }
            self.buffer = text;
            self.buffer.truncate(start);
        }
        if let Some(group) = known.group {
            self.close_group(&layout, group);
        }
        if known.line {
            let cells = std::mem::take(&mut self.cells[2]);
            self.lines.extend_from_slice(&cells);
            self.cells[2] = cells;
            self.cells[2].fill(EMPTY);
            self.line_count += 1;
        }
        if known.parcel {
            self.open_parcel = false;
            if self.line_count == 0 {
                // What a parcel without lines tells is one line.
                let cells = std::mem::take(&mut self.cells[2]);
                self.lines.extend_from_slice(&cells);
                self.cells[2] = cells;
                self.line_count = 1;
            }
            self.ready = Some(0);
        }
        match (node == 0, known.parcel) {
            (true, _) => Closed::Message,
            (_, true) => Closed::Parcel,
            _ => Closed::Element,
        }
    }

    fn close_group(&mut self, layout: &Layout, group: u16) {
        for rule in &layout.groups[usize::from(group)] {
            let text = |tree: &Tree, slot: u16| tree.slot_text(layout, slot).to_vec();
            let holds =
                |(slot, value): &(u16, String)| text(self, *slot).eq_ignore_ascii_case(value.as_bytes());
            if rule.conditions.iter().all(holds) {
                let value = text(self, rule.from);
                if !value.is_empty() {
                    self.store(layout, rule.target, &value);
                }
            }
        }
    }

    fn slot_text<'a>(&'a self, layout: &Layout, slot: u16) -> &'a [u8] {
        let slot = &layout.slots[usize::from(slot)];
        self.at(slot.level, self.cells[slot.level].get(slot.place).copied().unwrap_or(EMPTY))
    }

    fn at(&self, level: usize, (from, length): Cell) -> &[u8] {
        let from = from as usize;
        self.arenas[level].get(from..from + length as usize).unwrap_or_default()
    }

    /// Puts a text into a slot.
    pub(super) fn store(&mut self, layout: &Layout, slot: u16, text: &[u8]) {
        let info = &layout.slots[usize::from(slot)];
        let text = text.trim_ascii();
        if text.is_empty() {
            return;
        }
        let (level, place) = (info.level, info.place);
        let before = self.cells[level][place];
        if before != EMPTY && info.keep == Keep::First {
            return;
        }
        if let Some(reason) = fault(text, self.clean) {
            self.fault(level, info.column, reason);
            return;
        }
        let arena = &mut self.arenas[level];
        let from = match (&info.keep, before) {
            (Keep::All(with), (from, length)) if before != EMPTY => {
                if length as usize > LONGEST_FIELD {
                    return;
                }
                let start = arena.len();
                arena.extend_from_within(from as usize..from as usize + length as usize);
                arena.extend_from_slice(with.as_bytes());
                start
            }
            _ => arena.len(),
        };
        let start = arena.len();
        arena.extend_from_slice(text);
        // A text of several lines is one text.
        for byte in &mut arena[start..] {
            if matches!(byte, b'\n' | b'\r' | b'\t') {
                *byte = b' ';
            }
        }
        self.cells[level][place] = (from as u32, (arena.len() - from) as u32);
    }

    /// Bytes that the open message takes; over the limit nothing but refusing it helps.
    pub(super) fn is_too_large(&self) -> bool {
        let texts: usize = self.arenas.iter().map(Vec::len).sum();
        texts + self.lines.len() * size_of::<Cell>() + self.faults.len() * 64 > LARGEST_PARCEL
    }

    /// Gives up the open message; whether a parcel was lost with it.
    pub(super) fn abandon(&mut self) -> bool {
        let lost = self.open_parcel;
        self.clear_parcel();
        self.captures.clear();
        self.buffer.clear();
        lost
    }

    /// Goes back to the elements that were open when a parcel began.
    pub(super) fn rewind(&mut self, depth: usize) {
        self.nodes.truncate(depth);
    }

    /// The message is over.
    pub(super) fn end(&mut self) {
        self.active = None;
        self.nodes.clear();
    }

    fn clear_parcel(&mut self) {
        self.arenas[1].clear();
        self.arenas[2].clear();
        self.cells[1].fill(EMPTY);
        self.cells[2].fill(EMPTY);
        self.lines.clear();
        self.line_count = 0;
        self.faults.clear();
        self.open_parcel = false;
        self.ready = None;
    }

    /// Rows of flat text: a record is a parcel of one line. Fields are stored by [`Tree::store`] in between.
    pub(super) fn flat(&mut self, layout: usize) {
        if self.active != Some(layout) {
            self.begin(layout);
        } else {
            self.clear_parcel();
        }
    }

    /// The flat record is complete.
    pub(super) fn flat_end(&mut self) {
        let cells = std::mem::take(&mut self.cells[2]);
        self.lines.extend_from_slice(&cells);
        self.cells[2] = cells;
        self.line_count = 1;
        self.ready = Some(0);
    }

    /// Writes the rows of a complete parcel into the draft, `record` being the number of the last record before.
    /// Whether all are written; the draft is full otherwise.
    pub(super) fn drain(&mut self, draft: &mut Draft, record: &mut u64) -> bool {
        let (Some(active), Some(mut line)) = (self.active, self.ready) else { return true };
        let layout = Arc::clone(&self.layouts[active]);
        let width = layout.counts[2];
        while line < self.line_count {
            if draft.is_full() || draft.bytes() > BLOCK_BYTES {
                self.ready = Some(line);
                return false;
            }
            *record += 1;
            self.cells[2].copy_from_slice(&self.lines[line * width..(line + 1) * width]);
            match self.row(&layout, active, line) {
                Ok(()) => {
                    draft.row(*record, 0, 0);
                    for i in 0..self.names.len() {
                        let text = self.found(self.row[i]);
                        draft.cell(i, text);
                        let filled = !text.is_empty();
                        self.seen[self.names[i] as usize] |= filled;
                    }
                }
                Err((column, reason)) => {
                    let raw = self.raw();
                    draft.reject(*record, column.name(), reason, raw.as_bytes());
                }
            }
            line += 1;
        }
        self.clear_parcel();
        true
    }
}
