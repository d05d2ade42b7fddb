//! XML: events of a sliding window become the elements of messages.
//!
//! No document type declaration is accepted, so no entity can be defined; nesting and sizes are limited. A message or
//! parcel that is broken is rejected alone: reading goes on where the next one starts.

use super::ReadError;
use super::limits::Limits;
use super::mapping::{Layout, Role};
use super::messages::{Place, Step, excerpt};
use super::text::Draft;
use super::tree::{Closed, Tree};
use super::window::Window;
use memchr::memchr;
use quick_xml::Reader;
use quick_xml::errors::Error;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// Bytes kept at the end of the window while the next start is looked for: no name is longer.
const NAME_KEPT: usize = 512;
/// Elements after which the size of the open parcel is looked at.
const CHECKED_EVERY: u32 = 512;

/// Broken places after which a file is refused: each of them may cost a look at the whole window.
const MOST_BROKEN: u32 = 10_000;
/// Bytes before the end of the window in which an error may be a matter of the cut.
const CUT: usize = 4_096;

/// A stream of XML documents.
pub(super) struct XmlDoc {
    /// Names of the open elements and where each starts in them.
    names: Vec<u8>,
    stack: Vec<u32>,
    /// Namespaces declared outside of messages: depth, prefix, name.
    spaces: Vec<(usize, Vec<u8>, Vec<u8>)>,
    /// Depth of the open message's element, the place in the stream where it began, and its parcels so far.
    message: Option<usize>,
    began: u64,
    parcels: u64,
    /// Depths of both stacks where the last parcel began.
    parcel: Option<(usize, usize)>,
    /// Bytes of the stream before the window.
    passed: u64,
    resync: bool,
    elements: u32,
    broken: u32,
    /// Messages of a known layout.
    pub(super) messages: u64,
    /// The first root element, where it belongs to no known layout.
    pub(super) unknown_root: Option<String>,
}

/// What stands in the way of going on.
enum Trouble {
    /// The message is broken at that byte of the slice; the second is where to look for the next start.
    Broken(usize, usize, String),
    Refused(String),
}

impl XmlDoc {
    pub(super) fn new() -> XmlDoc {
        XmlDoc {
            names: Vec::new(),
            stack: Vec::new(),
            spaces: Vec::new(),
            message: None,
            began: 0,
            parcels: 0,
            parcel: None,
            passed: 0,
            resync: false,
            elements: 0,
            broken: 0,
            messages: 0,
            unknown_root: None,
        }
    }

    /// Reads on until the draft is full or the stream ends.
    pub(super) fn parse(
        &mut self,
        place: &Place,
        window: &mut Window,
        tree: &mut Tree,
        draft: &mut Draft,
        record: &mut u64,
    ) -> Result<Step, ReadError> {
        loop {
            if !tree.drain(draft, record) {
                return Ok(Step::Full);
            }
            tree.clean = window.is_clean();
            if self.resync {
                self.seek(window, tree);
            }
            let (start, eof) = (window.start, window.at_eof());
            let outcome = if self.resync {
                Ok((0, false))
            } else {
                self.events(window.data(), start, eof, &place.limits, tree, draft, record)
            };
            let stopped = match outcome {
                Ok((taken, stopped)) => {
                    window.start += taken;
                    stopped
                }
                Err((taken, Trouble::Refused(reason))) => {
                    let at = self.passed + (start + taken) as u64;
                    return Err(place.refused(format!("{reason} (byte {at})")));
                }
                Err((taken, Trouble::Broken(at, next, reason))) => {
                    self.unclosed(place)?;
                    let at = taken.max(at);
                    let byte = self.passed + (start + at) as u64 + 1;
                    let raw = excerpt(window.data(), start + at);
                    *record += 1;
                    draft.reject(*record, "", format!("not valid XML at byte {byte}: {reason}"), raw);
                    tree.abandon();
                    self.resync = true;
                    window.start = start + next;
                    continue;
                }
            };
            if stopped {
                continue;
            }
            if window.is_done() || (eof && window.start == start) {
                self.end(tree, draft, record, window.data());
                window.start = window.data().len();
                return Ok(Step::Done);
            }
            if window.is_full() {
                // A tag or comment that never ends: what follows may still be sound.
                self.unclosed(place)?;
                *record += 1;
                let reason = format!("a tag or comment has no end within {} bytes", window.data().len());
                draft.reject(*record, "", reason, excerpt(window.data(), 0));
                tree.abandon();
                self.resync = true;
                window.start = 1;
                continue;
            }
            place.refill(window, &mut self.passed, self.message.is_some().then_some(self.began))?;
        }
    }

    /// Counts what is broken: finding that something has no end may take a look at the whole window.
    fn unclosed(&mut self, place: &Place) -> Result<(), ReadError> {
        self.broken += 1;
        if self.broken <= MOST_BROKEN {
            return Ok(());
        }
        Err(place.refused(format!("it is broken in more than {MOST_BROKEN} places")))
    }

    /// Takes events from the slice that starts at `start`; how many bytes were taken, and whether rows wait.
    #[expect(clippy::too_many_arguments, reason = "the parts of one reading that are borrowed apart")]
    fn events(
        &mut self,
        data: &[u8],
        start: usize,
        eof: bool,
        limits: &Limits,
        tree: &mut Tree,
        draft: &mut Draft,
        record: &mut u64,
    ) -> Result<(usize, bool), (usize, Trouble)> {
        let slice = &data[start..];
        let mut reader = Reader::from_reader(slice);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        loop {
            let before = reader.buffer_position() as usize;
            let event = reader.read_event();
            let after = reader.buffer_position() as usize;
            // What the window cuts off may be whole after the next filling.
            let cut = !eof && slice.len() - before.min(slice.len()) < CUT;
            let trouble = |t| (before, t);
            let broken =
                |reason: String| (before, Trouble::Broken(before, (before + 1).min(slice.len()), reason));
            match event {
                Ok(Event::Text(text)) => tree.text(&text),
                Ok(Event::CData(text)) => tree.text(&text),
                Ok(Event::Start(tag)) => {
                    self.start(&tag, before, start, limits, tree).map_err(trouble)?;
                }
                Ok(Event::Empty(tag)) => {
                    self.start(&tag, before, start, limits, tree).map_err(trouble)?;
                    self.close(tree, draft, record);
                    if !tree.drain(draft, record) {
                        return Ok((after, true));
                    }
                }
                Ok(Event::End(tag)) => {
                    let from = self.stack.last().map_or(0, |&s| s as usize);
                    if !self.stack.is_empty() {
                        if self.names[from..] != *tag.name().as_ref() {
                            let open = String::from_utf8_lossy(&self.names[from..]).into_owned();
                            let found = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
                            return Err(broken(format!("found </{found}> where </{open}> was expected")));
                        }
                        self.close(tree, draft, record);
                        if !tree.drain(draft, record) {
                            return Ok((after, true));
                        }
                    }
                }
                Ok(Event::GeneralRef(entity)) => match resolve(&entity) {
                    Some(c) => tree.text(c.encode_utf8(&mut [0; 4]).as_bytes()),
                    None => tree.flaw(format!(
                        "the entity &{}; is not defined; expected text",
                        String::from_utf8_lossy(&entity)
                    )),
                },
                Ok(Event::DocType(_)) => {
                    return Err(trouble(Trouble::Refused(
                        "it has a document type declaration (<!DOCTYPE); messages need none, and entities are not \
                         expanded"
                            .into(),
                    )));
                }
                Ok(Event::Decl(_) | Event::PI(_) | Event::Comment(_)) => {}
                Ok(Event::Eof) => return Ok((before, false)),
                // The rest may still come; where the window is full the caller refuses it.
                Err(_) if cut => return Ok((before, false)),
                Err(Error::Syntax(_)) if !eof => return Ok((before, false)),
                Err(e) => {
                    if slice[before..].starts_with(b"<!DOCTYPE") {
                        return Err(trouble(Trouble::Refused("it has a document type declaration".into())));
                    }
                    return Err(broken(e.to_string()));
                }
            }
        }
    }

    /// An element opens.
    fn start(
        &mut self,
        tag: &BytesStart,
        at: usize,
        offset: usize,
        limits: &Limits,
        tree: &mut Tree,
    ) -> Result<(), Trouble> {
        // An angle bracket in a tag: the tag before it was cut off.
        if let Some(inner) = memchr(b'<', tag) {
            let next = at + 1 + inner;
            return Err(Trouble::Broken(at, next, "a tag is cut off".into()));
        }
        if self.stack.len() >= limits.depth as usize {
            return Err(Trouble::Refused(format!(
                "elements are nested more than {} deep; if it is sound, raise limits.depth",
                limits.depth
            )));
        }
        let full = tag.name();
        let full = full.as_ref();
        let name = local(full);
        if self.message.is_some() {
            let restarts = tree.layout().is_some_and(|l| {
                let root = self.message != Some(self.stack.len()) && l.is_root(name);
                (root || (tree.in_parcel() && l.is_parcel(name))) && !tree.knows(name)
            });
            if restarts {
                let name = String::from_utf8_lossy(name).into_owned();
                return Err(Trouble::Broken(
                    at,
                    at,
                    format!("<{name}> starts before the one before it ends"),
                ));
            }
            self.push(full);
            let depth = tree.depth();
            let before = tree.in_parcel();
            if tree.open(name) {
                attributes(tag, tree);
            }
            if !before && tree.in_parcel() {
                self.parcel = Some((self.stack.len() - 1, depth));
                self.parcels += 1;
            }
            self.elements += 1;
            if self.elements % CHECKED_EVERY == 0 && tree.is_too_large() {
                return Err(Trouble::Refused("a parcel holds more than 32 MB of data".into()));
            }
            return Ok(());
        }
        let root = self.stack.is_empty();
        self.push(full);
        let mut own: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for attribute in tag.attributes().with_checks(false).flatten() {
            let key = attribute.key.as_ref();
            let prefix = match key.strip_prefix(b"xmlns:") {
                Some(prefix) => prefix,
                None if key == b"xmlns" => b"",
                None => continue,
            };
            own.push((prefix.to_vec(), attribute.value.to_vec()));
        }
        let prefix = &full[..full.len() - name.len()];
        let prefix = prefix.strip_suffix(b":").unwrap_or(prefix);
        let outer = self.spaces.iter().rev().map(|s| (&s.1, &s.2));
        let space = own.iter().map(|s| (&s.0, &s.1)).chain(outer).find(|s| s.0 == prefix);
        let space = space.map_or(&b""[..], |s| s.1);
        let fits = |l: &Layout| {
            let named = l.is_root(name) || (root && l.is_root(b"$"));
            let spaced =
                l.namespace.as_ref().is_none_or(|n| space.is_empty() || space.starts_with(n.as_bytes()));
            named && spaced
        };
        match tree.layouts().iter().position(|l| fits(l)) {
            Some(layout) => {
                self.message = Some(self.stack.len() - 1);
                self.began = self.passed + (offset + at) as u64;
                self.messages += 1;
                self.parcels = 0;
                self.parcel = None;
                if tree.begin(layout) {
                    attributes(tag, tree);
                }
                if tree.in_parcel() {
                    self.parcels = 1;
                }
            }
            None => {
                let depth = self.stack.len();
                self.spaces.extend(own.into_iter().map(|(p, n)| (depth, p, n)));
                if root && self.unknown_root.is_none() {
                    self.unknown_root = Some(String::from_utf8_lossy(full).into_owned());
                }
            }
        }
        Ok(())
    }

    fn push(&mut self, name: &[u8]) {
        self.stack.push(self.names.len() as u32);
        self.names.extend_from_slice(name);
    }

    /// The innermost element closes.
    fn close(&mut self, tree: &mut Tree, draft: &mut Draft, record: &mut u64) {
        let Some(start) = self.stack.pop() else { return };
        self.names.truncate(start as usize);
        match self.message {
            Some(depth) => {
                let closed = tree.close();
                if self.stack.len() == depth {
                    debug_assert_eq!(closed, Closed::Message);
                    if self.parcels == 0 {
                        self.empty(tree, draft, record);
                    }
                    self.message = None;
                    self.parcel = None;
                }
            }
            None => {
                let depth = self.stack.len();
                self.spaces.retain(|s| s.0 <= depth);
            }
        }
    }

    /// A message without a parcel is a record that cannot be used.
    fn empty(&mut self, tree: &Tree, draft: &mut Draft, record: &mut u64) {
        let Some(layout) = tree.layout() else { return };
        if layout.role != Role::Lines {
            return;
        }
        *record += 1;
        let (name, parcel) = (&layout.name, layout.parcels.join("> or <"));
        draft.reject(
            *record,
            "",
            format!("the {name} message holds no <{parcel}>: nothing is declared"),
            b"",
        );
    }

    /// Looks for the next start of a message or parcel.
    fn seek(&mut self, window: &mut Window, tree: &mut Tree) {
        let data = window.data();
        let mut at = window.start;
        while let Some(i) = memchr(b'<', &data[at..]) {
            let from = at + i;
            let rest = &data[from + 1..];
            let end = rest.iter().take(NAME_KEPT).position(|b| b" \t\r\n/><".contains(b));
            let Some(end) = end else {
                if rest.len() < NAME_KEPT && !window.at_eof() {
                    window.start = from;
                    return;
                }
                at = from + 1;
                continue;
            };
            let name = local(&rest[..end]);
            if rest.starts_with(b"?xml") || tree.layouts().iter().any(|l| l.is_root(name)) {
                self.stack.clear();
                self.names.clear();
                self.message = None;
                self.parcel = None;
                tree.end();
                self.resync = false;
                window.start = from;
                return;
            }
            if let (Some((outer, inner)), Some(layout)) = (self.parcel, tree.layout())
                && self.message.is_some()
                && self.stack.len() >= outer
                && layout.is_parcel(name)
            {
                if let Some(&start) = self.stack.get(outer) {
                    self.names.truncate(start as usize);
                }
                self.stack.truncate(outer);
                tree.rewind(inner);
                self.resync = false;
                window.start = from;
                return;
            }
            at = from + 1;
        }
        window.start = data.len();
    }

    /// The stream is over; whatever is open is lost.
    fn end(&mut self, tree: &mut Tree, draft: &mut Draft, record: &mut u64, data: &[u8]) {
        if self.message.is_some() && !self.resync && (tree.in_parcel() || self.parcels == 0) {
            *record += 1;
            draft.reject(
                *record,
                "",
                "the file ends before the message does".into(),
                excerpt(data, data.len()),
            );
        }
        tree.abandon();
        tree.end();
        *self = XmlDoc { messages: self.messages, unknown_root: self.unknown_root.take(), ..XmlDoc::new() };
    }
}

/// The name without its prefix.
#[inline]
fn local(name: &[u8]) -> &[u8] {
    memchr(b':', name).map_or(name, |i| &name[i + 1..])
}

fn attributes(tag: &BytesStart, tree: &mut Tree) {
    for attribute in tag.attributes().with_checks(false).flatten() {
        let name = local(attribute.key.as_ref());
        match attribute.unescape_value() {
            Ok(value) => tree.attribute(name, value.as_bytes()),
            Err(_) => tree.attribute(name, &attribute.value),
        }
    }
}

/// The character of a reference; nothing where only a declaration could define it.
fn resolve(entity: &BytesRef) -> Option<char> {
    if entity.is_char_ref() {
        return entity.resolve_char_ref().ok().flatten().filter(|&c| c != '\0');
    }
    match &**entity {
        b"amp" => Some('&'),
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"quot" => Some('"'),
        b"apos" => Some('\''),
        _ => None,
    }
}
