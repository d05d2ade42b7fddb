//! A mapping made ready: paths as a tree of names, texts as numbered slots.

use super::value::Form;
use super::{MappedSyntax, Mapping, Role, Rule, Source, Sources, key};
use crate::model::schema::Column;
use std::collections::BTreeMap;

/// The level of slots that one occurrence of a group fills.
pub(in crate::read) const GROUP: usize = 3;
/// Mark of an element that the mapping does not name.
pub(in crate::read) const NONE: u32 = u32::MAX;

/// A mapping made ready for reading.
#[derive(Clone, Debug)]
pub struct Layout {
    pub(in crate::read) name: String,
    pub(in crate::read) role: Role,
    /// Names of the message's element; `$` for the document.
    pub(in crate::read) roots: Vec<String>,
    pub(in crate::read) namespace: Option<String>,
    /// Names of the parcel's element.
    pub(in crate::read) parcels: Vec<String>,
    /// The message's element is node 0.
    pub(in crate::read) nodes: Vec<Node>,
    pub(in crate::read) slots: Vec<Slot>,
    /// How many slots each level has.
    pub(in crate::read) counts: [usize; 4],
    /// By column.
    pub(in crate::read) columns: Vec<ColumnRule>,
    pub(in crate::read) groups: Vec<Vec<GroupRule>>,
    pub(in crate::read) refuse: Vec<RefuseRule>,
    /// CSV: the slot of each header, by [`key`].
    pub(in crate::read) headers: Vec<(String, u16)>,
}

/// An element that the mapping names.
#[derive(Clone, Debug, Default)]
pub(in crate::read) struct Node {
    pub(in crate::read) children: Vec<(Box<[u8]>, u32)>,
    pub(in crate::read) text: Vec<u16>,
    pub(in crate::read) attributes: Vec<(Box<[u8]>, u16)>,
    pub(in crate::read) parcel: bool,
    pub(in crate::read) line: bool,
    pub(in crate::read) group: Option<u16>,
}

/// What is kept of an element that repeats.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::read) enum Keep {
    /// Its first text.
    First,
    /// Its last text.
    Last,
    /// All texts, with this between them.
    All(String),
}

/// A place for a text.
#[derive(Clone, Debug)]
pub(in crate::read) struct Slot {
    /// 0 message, 1 parcel, 2 line, 3 group.
    pub(in crate::read) level: usize,
    /// Its number among the slots of its level.
    pub(in crate::read) place: usize,
    /// What is kept of an element that repeats.
    pub(in crate::read) keep: Keep,
    /// The column that the text is for.
    pub(in crate::read) column: Column,
}

/// Where a column's text comes from.
#[derive(Clone, Debug)]
pub(in crate::read) struct ColumnRule {
    pub(in crate::read) column: Column,
    pub(in crate::read) sources: Vec<SourceRule>,
    pub(in crate::read) constant: Option<String>,
    /// Whether the night stands in for a missing day.
    pub(in crate::read) night: bool,
}

#[derive(Clone, Debug)]
pub(in crate::read) struct SourceRule {
    pub(in crate::read) parts: Vec<u16>,
    pub(in crate::read) with: String,
    pub(in crate::read) form: Form,
    pub(in crate::read) unit: Option<u16>,
    pub(in crate::read) currency: Option<u16>,
}

/// What is taken from one occurrence of a group.
#[derive(Clone, Debug)]
pub(in crate::read) struct GroupRule {
    pub(in crate::read) from: u16,
    pub(in crate::read) conditions: Vec<(u16, String)>,
    pub(in crate::read) target: u16,
}

#[derive(Clone, Debug)]
pub(in crate::read) struct RefuseRule {
    pub(in crate::read) column: Column,
    pub(in crate::read) slot: u16,
    pub(in crate::read) values: Vec<String>,
    pub(in crate::read) reason: String,
}

impl Layout {
    /// Makes a mapping ready, or says what is wrong with it.
    pub fn new(mapping: &Mapping) -> Result<Layout, String> {
        let mut builder = Builder::new(mapping)?;
        builder.columns(mapping)?;
        for rule in &mapping.refuse {
            builder.refuse(rule)?;
        }
        for name in mapping.labels.keys() {
            column(name)?;
        }
        Ok(builder.layout)
    }

    /// The columns that the mapping fills.
    pub fn filled(&self) -> impl Iterator<Item = Column> {
        self.columns.iter().map(|c| c.column)
    }

    /// Whether messages start with an element of that name.
    #[inline]
    pub(in crate::read) fn is_root(&self, name: &[u8]) -> bool {
        self.roots.iter().any(|r| *r.as_bytes() == *name)
    }

    /// Whether parcels start with an element of that name.
    #[inline]
    pub(in crate::read) fn is_parcel(&self, name: &[u8]) -> bool {
        self.parcels.iter().any(|p| *p.as_bytes() == *name)
    }

    /// Keeps the message's element alone: its messages are known but nothing is taken from them.
    pub(in crate::read) fn silence(&mut self) {
        self.nodes = vec![Node::default()];
        self.role = Role::Masters;
    }

    /// The slot of a flat layout's field.
    pub(in crate::read) fn field(&self, name: &str) -> Option<u16> {
        let wanted = key(name);
        self.headers.iter().find(|h| h.0 == wanted).map(|h| h.1)
    }

    /// The child of a node by its name.
    #[inline]
    pub(in crate::read) fn child(&self, node: u32, name: &[u8]) -> u32 {
        let Some(node) = self.nodes.get(node as usize) else { return NONE };
        node.children.iter().find(|(n, _)| **n == *name).map_or(NONE, |c| c.1)
    }
}

fn column(name: &str) -> Result<Column, String> {
    Column::named(name)
        .ok_or_else(|| format!("there is no column `{name}`; `parcel-risk schema` lists the columns"))
}

/// The names that an element may have: `CUSITM|ITMATT`.
fn names(element: &str) -> Vec<String> {
    element.split('|').map(str::to_owned).collect()
}

/// A layout under construction.
struct Builder {
    layout: Layout,
    /// Node of the element of each level.
    bases: [u32; 3],
    /// Slots by level, path and treatment.
    known: BTreeMap<(usize, String, Keep), u16>,
    csv: bool,
}

impl Builder {
    fn new(mapping: &Mapping) -> Result<Builder, String> {
        let csv = mapping.syntax == MappedSyntax::Csv;
        let tree = [&mapping.message, &mapping.parcel, &mapping.line];
        if csv && (tree.iter().any(|l| l.is_some()) || mapping.columns.is_empty()) {
            return Err(
                "a CSV mapping has its columns under [columns] and no [message], [parcel] or [line]".into()
            );
        }
        if !csv && (mapping.parcel.is_none() || !mapping.columns.is_empty()) {
            return Err(
                "a mapping of XML or JSON needs [parcel], and has its columns under [message.columns], \
                        [parcel.columns] and [line.columns]"
                    .into(),
            );
        }
        let top = mapping.message.as_ref().or(mapping.parcel.as_ref());
        let root = top.map_or("$", |l| l.element.as_str());
        if root.is_empty() || root.contains(['/', '@']) {
            return Err(format!("element = \"{root}\"; expected the name of one element, or \"$\""));
        }
        let mut layout = Layout {
            name: mapping.name.clone(),
            role: mapping.role,
            roots: names(root),
            namespace: top.and_then(|l| l.namespace.clone()),
            parcels: names(root),
            nodes: vec![Node::default()],
            slots: Vec::new(),
            counts: [0; 4],
            columns: Vec::new(),
            groups: Vec::new(),
            refuse: Vec::new(),
            headers: Vec::new(),
        };
        let mut bases = [0; 3];
        if let (Some(_), Some(parcel)) = (&mapping.message, &mapping.parcel) {
            bases[1] = path(&mut layout.nodes, 0, &parcel.element)?;
            layout.parcels = names(parcel.element.rsplit('/').next().unwrap_or_default());
        }
        bases[2] = bases[1];
        layout.nodes[bases[1] as usize].parcel = true;
        if let Some(line) = &mapping.line {
            bases[2] = path(&mut layout.nodes, bases[1], &line.element)?;
            if bases[2] == bases[1] {
                return Err("the line's element is the parcel's; leave [line] out".into());
            }
            layout.nodes[bases[2] as usize].line = true;
        }
        Ok(Builder { layout, bases, known: BTreeMap::new(), csv })
    }

    fn columns(&mut self, mapping: &Mapping) -> Result<(), String> {
        let mut rules: BTreeMap<Column, Vec<(usize, &Sources)>> = BTreeMap::new();
        let levels = [&mapping.message, &mapping.parcel, &mapping.line];
        for (level, part) in levels.into_iter().enumerate() {
            for (name, sources) in part.iter().flat_map(|l| &l.columns) {
                rules.entry(column(name)?).or_default().push((level, sources));
            }
        }
        for (name, sources) in &mapping.columns {
            rules.entry(column(name)?).or_default().push((2, sources));
        }
        for (column, mut levels) in rules {
            // What stands nearest to the line is the more precise.
            levels.sort_by_key(|l| std::cmp::Reverse(l.0));
            let mut rule = ColumnRule { column, sources: Vec::new(), constant: None, night: false };
            for (level, sources) in levels {
                for source in sources.iter() {
                    self.source(mapping, &mut rule, level, source)?;
                }
            }
            self.layout.columns.push(rule);
        }
        Ok(())
    }

    fn source(
        &mut self,
        mapping: &Mapping,
        out: &mut ColumnRule,
        level: usize,
        source: &Source,
    ) -> Result<(), String> {
        let plain;
        let rule: &Rule = match source {
            Source::Path(from) => {
                plain = Rule { from: Some(from.clone()), ..Rule::default() };
                &plain
            }
            Source::Rule(rule) => rule,
        };
        let column = out.column;
        match rule.otherwise.as_deref() {
            None => {}
            Some("night") if column == Column::Date => out.night = true,
            Some(other) => return Err(format!("or = \"{other}\"; expected \"night\", of `date`")),
        }
        if let Some(constant) = &rule.constant {
            out.constant.get_or_insert_with(|| constant.clone());
        }
        let with = rule.with.clone().unwrap_or_else(|| " ".into());
        let keep = match (rule.all, rule.last) {
            (true, _) => Keep::All(with.clone()),
            (_, true) => Keep::Last,
            _ => Keep::First,
        };
        let mut parts = Vec::new();
        match (&rule.from, &rule.within) {
            (Some(from), Some(within)) => parts.push(self.group(level, column, within, from, rule, keep)?),
            (Some(from), None) => parts.push(self.slot(level, from, keep, column)?),
            (None, _) => {
                for from in &rule.join {
                    parts.push(self.slot(level, from, keep.clone(), column)?);
                }
            }
        }
        if parts.is_empty() {
            if rule.constant.is_none() && rule.otherwise.is_none() {
                return Err(format!("`{}` has neither `from`, `join` nor `constant`", column.name()));
            }
            return Ok(());
        }
        let form = Form::new(rule, mapping.decimal.as_deref(), column)?;
        let unit = match &rule.unit_from {
            Some(from) => Some(self.slot(level, from, Keep::First, column)?),
            None => None,
        };
        let currency = match &rule.currency_from {
            Some(from) => Some(self.slot(level, from, Keep::First, column)?),
            None => None,
        };
        out.sources.push(SourceRule { parts, with, form, unit, currency });
        Ok(())
    }

    /// The slot of a path from a level's element.
    fn slot(&mut self, level: usize, from: &str, keep: Keep, column: Column) -> Result<u16, String> {
        if let Some(&slot) = self.known.get(&(level, from.to_owned(), keep.clone())) {
            return Ok(slot);
        }
        let slot = self.new_slot(level, keep.clone(), column)?;
        self.known.insert((level, from.to_owned(), keep), slot);
        if self.csv {
            self.layout.headers.push((key(from), slot));
        } else {
            self.place(self.bases[level.min(2)], from, slot)?;
        }
        Ok(slot)
    }

    fn new_slot(&mut self, level: usize, keep: Keep, column: Column) -> Result<u16, String> {
        let slot = u16::try_from(self.layout.slots.len()).map_err(|_| "too many paths".to_owned())?;
        let place = self.layout.counts[level];
        self.layout.slots.push(Slot { level, place, keep, column });
        self.layout.counts[level] += 1;
        Ok(slot)
    }

    /// Lets an element or attribute fill a slot.
    fn place(&mut self, base: u32, from: &str, slot: u16) -> Result<(), String> {
        let (elements, attribute) = match from.split_once('@') {
            Some((elements, attribute)) => (elements.trim_end_matches('/'), Some(attribute)),
            None => (from, None),
        };
        let node = path(&mut self.layout.nodes, base, elements)? as usize;
        match attribute {
            Some(name) if !name.is_empty() && !name.contains('/') => {
                self.layout.nodes[node].attributes.push((name.as_bytes().into(), slot));
            }
            Some(_) => return Err(format!("the path \"{from}\" names no attribute behind its @")),
            None => self.layout.nodes[node].text.push(slot),
        }
        Ok(())
    }

    /// The slot that those occurrences of a group fill which meet the conditions.
    fn group(
        &mut self,
        level: usize,
        column: Column,
        within: &str,
        from: &str,
        rule: &Rule,
        keep: Keep,
    ) -> Result<u16, String> {
        if self.csv {
            return Err("`within` is for XML and JSON".into());
        }
        let node = path(&mut self.layout.nodes, self.bases[level], within)?;
        let group = match self.layout.nodes[node as usize].group {
            Some(group) => group,
            None => {
                let group = self.layout.groups.len() as u16;
                self.layout.groups.push(Vec::new());
                self.layout.nodes[node as usize].group = Some(group);
                group
            }
        };
        let mut member = |path: &str| -> Result<u16, String> {
            let slot = self.new_slot(GROUP, Keep::First, column)?;
            self.place(node, path, slot)?;
            Ok(slot)
        };
        let from = member(from)?;
        let conditions: Result<Vec<_>, String> =
            rule.conditions.iter().map(|(path, value)| Ok((member(path)?, value.clone()))).collect();
        let conditions = conditions?;
        let target = self.new_slot(level, keep, column)?;
        self.layout.groups[group as usize].push(GroupRule { from, conditions, target });
        Ok(target)
    }

    fn refuse(&mut self, rule: &super::Refuse) -> Result<(), String> {
        let level = match rule.level.as_str() {
            "message" => 0,
            "parcel" => 1,
            "line" => 2,
            other => {
                return Err(format!("level = \"{other}\"; expected \"message\", \"parcel\" or \"line\""));
            }
        };
        let column = column(&rule.column)?;
        let level = if self.csv { 2 } else { level };
        let slot = self.slot(level, &rule.from, Keep::First, column)?;
        self.layout.refuse.push(RefuseRule {
            column,
            slot,
            values: rule.values.clone(),
            reason: rule.reason.clone(),
        });
        Ok(())
    }
}

/// The node at a path, made where it is not there yet.
fn path(nodes: &mut Vec<Node>, base: u32, path: &str) -> Result<u32, String> {
    let mut at = base;
    if path.is_empty() || path == "." {
        return Ok(at);
    }
    for step in path.split('/') {
        let names: Vec<&str> = step.split('|').collect();
        if names.iter().any(|n| n.is_empty()) {
            return Err(format!("the path \"{path}\" has an empty name"));
        }
        let child = |name: &str| {
            nodes[at as usize].children.iter().find(|(n, _)| **n == *name.as_bytes()).map(|c| c.1)
        };
        let known = names.iter().find_map(|n| child(n));
        let missing: Vec<&str> = names.into_iter().filter(|n| child(n).is_none()).collect();
        let node = known.unwrap_or(nodes.len() as u32);
        if known.is_none() {
            nodes.push(Node::default());
        }
        for name in missing {
            nodes[at as usize].children.push((name.as_bytes().into(), node));
        }
        at = node;
    }
    Ok(at)
}
