//! JSON documents of any shape: objects and arrays become the elements of messages.
//!
//! An object or number under a key is an element of that name; so is each element of an array under it. The document,
//! or each element of an array at its top, is named `$`; where it holds none of the names that a layout looks for in it,
//! it is an envelope, and the objects in it are looked at in its stead. Many documents may follow each other.

use super::ReadError;
use super::json::unescape;
use super::mapping::layout::NONE;
use super::mapping::{Layout, Role};
use super::messages::{Place, Step, excerpt};
use super::text::Draft;
use super::tree::Tree;
use super::window::Window;
use memchr::{memchr2, memmem};
use std::sync::Arc;

/// Broken places after which a file is refused.
const MOST_BROKEN: u32 = 10_000;
/// Values after which the size of the open parcel is looked at.
const CHECKED_EVERY: u32 = 512;

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// A value by the name at hand.
    Value,
    /// A value or the end of the array.
    FirstItem,
    /// A key.
    Key,
    /// A key or the end of the object.
    FirstKey,
    /// A comma or the end of what is open.
    Next,
}

/// An open object or array.
struct Frame {
    object: bool,
    /// Where the name of its values starts in the names.
    name: u32,
}

/// A stream of JSON documents.
pub(super) struct JsonDoc {
    frames: Vec<Frame>,
    /// Names of the open values, one after the other.
    names: Vec<u8>,
    expect: Expect,
    /// How many frames are open outside of the message.
    message: Option<usize>,
    /// How many are open outside of the document that is but an envelope, and the messages before it.
    envelope: Option<(usize, u64)>,
    /// Frames, elements and name where the last parcel began, and its first key with quotes.
    parcel: Option<Start>,
    first_key: Vec<u8>,
    /// Where in the stream that parcel began.
    parcel_at: u64,
    parcels: u64,
    broken: u32,
    values: u32,
    scratch: Vec<u8>,
    passed: u64,
    began: u64,
    resync: bool,
    /// Messages of a known layout.
    pub(super) messages: u64,
}

#[derive(Clone)]
struct Start {
    frames: usize,
    depth: usize,
    names: usize,
    whole: bool,
}

enum Trouble {
    More,
    /// Rows wait; the token was taken.
    Rows,
    Broken(&'static str),
    Refused(String),
}

impl JsonDoc {
    pub(super) fn new() -> JsonDoc {
        JsonDoc {
            frames: Vec::new(),
            names: b"$".to_vec(),
            expect: Expect::Value,
            message: None,
            envelope: None,
            parcel: None,
            first_key: Vec::new(),
            parcel_at: 0,
            parcels: 0,
            broken: 0,
            values: 0,
            scratch: Vec::new(),
            passed: 0,
            began: 0,
            resync: false,
            messages: 0,
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
            let mut at = window.start;
            let trouble = loop {
                if self.resync {
                    break Trouble::More;
                }
                match self.token(place, window, &mut at, tree, draft, record) {
                    Ok(()) => window.start = at,
                    Err(Trouble::Rows) => {
                        window.start = at;
                        break Trouble::Rows;
                    }
                    Err(trouble) => break trouble,
                }
            };
            match trouble {
                Trouble::Rows => continue,
                Trouble::Refused(reason) => return Err(place.refused(reason)),
                Trouble::Broken(reason) => {
                    // A text that lost its closing quote may have swallowed the start of the next parcel.
                    let began = self.parcel_at.checked_sub(self.passed).filter(|_| tree.in_parcel());
                    let from = began.map_or(window.start, |b| (b as usize).min(window.start));
                    self.reject(place, window.data(), at, reason, tree, draft, record)?;
                    window.start = (from + 1).min(window.data().len());
                    continue;
                }
                Trouble::More => {}
            }
            if window.at_eof() {
                let open = !self.resync && (!self.frames.is_empty() || self.message.is_some());
                let rest = !window.data()[window.start..].trim_ascii().is_empty();
                if open || (rest && !self.resync) {
                    let end = window.data().len();
                    self.reject(
                        place,
                        window.data(),
                        end,
                        "the file ends before its value does",
                        tree,
                        draft,
                        record,
                    )?;
                }
                window.start = window.data().len();
                tree.abandon();
                tree.end();
                return Ok(Step::Done);
            }
            if window.is_full() {
                let reason = "a text or number has no end within the bytes that are looked at together";
                self.reject(place, window.data(), 0, reason, tree, draft, record)?;
                window.start = 1;
                continue;
            }
            place.refill(window, &mut self.passed, self.message.is_some().then_some(self.began))?;
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one reading that are borrowed apart")]
    fn reject(
        &mut self,
        place: &Place,
        data: &[u8],
        at: usize,
        reason: &str,
        tree: &mut Tree,
        draft: &mut Draft,
        record: &mut u64,
    ) -> Result<(), ReadError> {
        self.broken += 1;
        if self.broken > MOST_BROKEN {
            return Err(place.refused(format!("it is broken in more than {MOST_BROKEN} places")));
        }
        *record += 1;
        let byte = self.passed + at as u64 + 1;
        draft.reject(*record, "", format!("not valid JSON at byte {byte}: {reason}"), excerpt(data, at));
        tree.abandon();
        self.resync = true;
        Ok(())
    }

    /// Takes one token at `at` and moves behind it.
    fn token(
        &mut self,
        place: &Place,
        window: &Window,
        at: &mut usize,
        tree: &mut Tree,
        draft: &mut Draft,
        record: &mut u64,
    ) -> Result<(), Trouble> {
        let data = window.data();
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = data.get(*at) {
            *at += 1;
        }
        let Some(&byte) = data.get(*at) else { return Err(Trouble::More) };
        match self.expect {
            Expect::Next => match (byte, self.frames.last()) {
                (b',', Some(frame)) => {
                    self.expect = if frame.object { Expect::Key } else { Expect::Value };
                    *at += 1;
                    Ok(())
                }
                (b'}' | b']', Some(_)) => self.shut(byte, at, tree, draft, record),
                (_, None) => {
                    // Another document follows.
                    self.names.clear();
                    self.names.push(b'$');
                    self.expect = Expect::Value;
                    Ok(())
                }
                _ => Err(Trouble::Broken("expected `,` or a closing bracket")),
            },
            Expect::FirstKey if byte == b'}' => self.shut(byte, at, tree, draft, record),
            Expect::FirstItem if byte == b']' => self.shut(byte, at, tree, draft, record),
            Expect::Key | Expect::FirstKey => {
                let (from, to, escaped, mut after) = string(data, *at, window.at_eof())?;
                while let Some(b' ' | b'\t' | b'\n' | b'\r') = data.get(after) {
                    after += 1;
                }
                match data.get(after) {
                    Some(b':') => {}
                    Some(_) => return Err(Trouble::Broken("expected `:` behind a key")),
                    None => return Err(Trouble::More),
                }
                if self.expect == Expect::FirstKey
                    && self.parcel.as_ref().is_some_and(|p| p.frames + 1 == self.frames.len())
                    && tree.in_parcel()
                {
                    self.first_key.clear();
                    self.first_key.extend_from_slice(&data[from - 1..=to]);
                }
                if escaped {
                    unescape(data, from, to, &mut self.names)
                        .map_err(|_| Trouble::Broken("a key has a wrong escape"))?;
                } else {
                    self.names.extend_from_slice(&data[from..to]);
                }
                *at = after + 1;
                self.expect = Expect::Value;
                Ok(())
            }
            Expect::Value | Expect::FirstItem => self.value(byte, place, window, at, tree, draft, record),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one reading that are borrowed apart")]
    fn value(
        &mut self,
        byte: u8,
        place: &Place,
        window: &Window,
        at: &mut usize,
        tree: &mut Tree,
        draft: &mut Draft,
        record: &mut u64,
    ) -> Result<(), Trouble> {
        let data = window.data();
        let start = self.name_start();
        if let b'{' | b'[' = byte {
            if self.frames.len() >= place.limits.depth as usize {
                return Err(Trouble::Refused(format!(
                    "values are nested more than {} deep; if it is sound, raise limits.depth",
                    place.limits.depth
                )));
            }
            if byte == b'{' {
                self.object(start, *at, window, tree)?;
            }
            // Keys follow behind the name of the object itself; elements of an array share its name.
            let object = byte == b'{';
            let name = if object { self.names.len() } else { start };
            self.frames.push(Frame { object, name: name as u32 });
            *at += 1;
            self.expect = if object { Expect::FirstKey } else { Expect::FirstItem };
            return Ok(());
        }
        let (from, to, escaped, after) = match byte {
            b'"' => string(data, *at, window.at_eof())?,
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
                let end = data[*at..].iter().position(|b| b" \t\r\n,]}".contains(b));
                let to = match end {
                    Some(i) => *at + i,
                    None if window.at_eof() => data.len(),
                    None => return Err(Trouble::More),
                };
                if !is_scalar(&data[*at..to]) {
                    return Err(Trouble::Broken("expected a value"));
                }
                (*at, to, false, to)
            }
            _ => return Err(Trouble::Broken("expected a value")),
        };
        if self.message.is_some() {
            tree.open(&self.names[start..]);
            if escaped {
                let mut text = std::mem::take(&mut self.scratch);
                text.clear();
                let sound = unescape(data, from, to, &mut text).is_ok();
                let clean = std::mem::replace(&mut tree.clean, false);
                tree.text(&text);
                if !sound {
                    tree.flaw("the text has a wrong escape".into());
                }
                self.scratch = text;
                let closed = tree.close();
                tree.clean = clean;
                debug_assert_ne!(closed, super::tree::Closed::Message);
            } else {
                if &data[from..to] != b"null" || byte == b'"' {
                    tree.text(&data[from..to]);
                }
                tree.close();
            }
            self.values += 1;
            if self.values % CHECKED_EVERY == 0 && tree.is_too_large() {
                return Err(Trouble::Refused("a parcel holds more than 32 MB of data".into()));
            }
            // A parcel or line may be a mere text where a mapping is strange.
            *at = after;
            self.done();
            if !tree.drain(draft, record) {
                return Err(Trouble::Rows);
            }
            return Ok(());
        }
        *at = after;
        self.done();
        Ok(())
    }

    /// Where the name of the value at hand starts.
    fn name_start(&self) -> usize {
        match self.frames.last() {
            Some(frame) => frame.name as usize,
            None => 0,
        }
    }

    /// A value is complete: in an object its key is over.
    fn done(&mut self) {
        if let Some(frame) = self.frames.last()
            && frame.object
        {
            self.names.truncate(frame.name as usize);
        }
        self.expect = Expect::Next;
    }

    /// An object opens.
    fn object(&mut self, start: usize, at: usize, window: &Window, tree: &mut Tree) -> Result<(), Trouble> {
        let name = &self.names[start..];
        let depth = tree.depth();
        let before = tree.in_parcel();
        if self.message.is_some() {
            tree.open(name);
        } else if let Some(layout) = layout_of(name, at, window, tree.layouts())? {
            tree.begin(layout);
            self.message = Some(self.frames.len());
            self.began = self.passed + at as u64;
            self.messages += 1;
            self.parcels = 0;
        } else if self.envelope.is_none() {
            self.envelope = Some((self.frames.len(), self.messages));
        }
        if !before && tree.in_parcel() {
            let whole = self.message == Some(self.frames.len());
            self.parcel = Some(Start { frames: self.frames.len(), depth, names: self.names.len(), whole });
            self.parcel_at = self.passed + at as u64;
            self.parcels += 1;
        }
        Ok(())
    }

    /// A bracket closes.
    fn shut(
        &mut self,
        byte: u8,
        at: &mut usize,
        tree: &mut Tree,
        draft: &mut Draft,
        record: &mut u64,
    ) -> Result<(), Trouble> {
        let object = self.frames.last().is_some_and(|f| f.object);
        if object != (byte == b'}') {
            return Err(Trouble::Broken("a bracket closes what another one opened"));
        }
        *at += 1;
        self.frames.pop();
        if object {
            let depth = self.frames.len();
            if let Some(message) = self.message {
                tree.close();
                if depth == message {
                    if self.parcels == 0
                        && let Some(layout) = tree.layout()
                        && layout.role == Role::Lines
                    {
                        *record += 1;
                        let reason = format!(
                            "the {} message holds no `{}`: nothing is declared",
                            layout.name,
                            layout.parcels.join("` or `")
                        );
                        draft.reject(*record, "", reason, b"");
                    }
                    self.message = None;
                }
            } else if let Some((outside, messages)) = self.envelope
                && depth == outside
            {
                self.envelope = None;
                if let Some(layout) = tree.layouts().iter().find(|l| l.role == Role::Lines)
                    && messages == self.messages
                {
                    *record += 1;
                    let reason =
                        format!("the object holds none of the names of {}: nothing is declared", layout.name);
                    draft.reject(*record, "", reason, b"");
                }
            }
        }
        self.done();
        if tree.drain(draft, record) { Ok(()) } else { Err(Trouble::Rows) }
    }

    /// Looks for the next object that starts with the key by which parcels start here.
    fn seek(&mut self, window: &mut Window, tree: &mut Tree) {
        let data = window.data();
        let found = if self.first_key.len() > 2 {
            memmem::find_iter(&data[window.start..], &self.first_key).find_map(|i| {
                let key = window.start + i;
                let before = data[..key].trim_ascii_end();
                (before.last() == Some(&b'{') && before.len() > window.start).then(|| before.len() - 1)
            })
        } else {
            memmem::find_iter(&data[window.start..], b"\n{").next().map(|i| window.start + i + 1)
        };
        let Some(at) = found else {
            // The key may be cut in two at the end of the window.
            let kept = data.len().saturating_sub(self.first_key.len() + 64).max(window.start);
            let stuck = window.at_eof() || (window.is_full() && kept == 0);
            window.start = if stuck { data.len() } else { kept };
            return;
        };
        window.start = at;
        self.resync = false;
        self.expect = Expect::Value;
        match self.parcel.clone() {
            Some(start) if self.frames.len() >= start.frames => {
                self.frames.truncate(start.frames);
                self.names.truncate(start.names);
                if start.whole {
                    self.message = None;
                    tree.end();
                } else {
                    tree.rewind(start.depth);
                }
            }
            _ => {
                self.frames.clear();
                self.names.clear();
                self.names.push(b'$');
                self.message = None;
                tree.end();
            }
        }
    }
}

/// The layout of the message that starts with the object at `at`, if one does.
fn layout_of(
    name: &[u8],
    at: usize,
    window: &Window,
    layouts: &[Arc<Layout>],
) -> Result<Option<usize>, Trouble> {
    if let Some(named) = layouts.iter().position(|l| name != b"$" && l.is_root(name)) {
        return Ok(Some(named));
    }
    let mut whole = layouts.iter().enumerate().filter(|(_, l)| l.is_root(b"$"));
    let mut open = false;
    let found = whole.find(|(_, layout)| {
        let known = has_key(&window.data()[at..], |key| layout.child(0, key) != NONE);
        open |= known.is_none();
        known == Some(true)
    });
    match found {
        None if open && !(window.at_eof() || window.is_full()) => Err(Trouble::More),
        found => Ok(found.map(|f| f.0)),
    }
}

/// Whether the object at the beginning has a key that is `known`; nothing where the bytes at hand do not tell.
fn has_key(data: &[u8], known: impl Fn(&[u8]) -> bool) -> Option<bool> {
    let (mut depth, mut at) = (0_u32, 0);
    while let Some(&byte) = data.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return Some(false),
            b'}' | b']' => depth -= 1,
            b'"' => {
                let (from, to, _, after) = string(data, at, false).ok()?;
                let key = depth == 1 && data[after..].trim_ascii_start().first() == Some(&b':');
                if key && known(&data[from..to]) {
                    return Some(true);
                }
                at = after;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// A string: its place between the quotes, whether it holds escapes, and where it ends.
fn string(data: &[u8], at: usize, eof: bool) -> Result<(usize, usize, bool, usize), Trouble> {
    if data.get(at) != Some(&b'"') {
        return Err(Trouble::Broken("expected a string"));
    }
    let from = at + 1;
    let (mut next, mut escaped) = (from, false);
    loop {
        let more = if eof { Trouble::Broken("a text is not closed") } else { Trouble::More };
        let Some(i) = data.get(next..).and_then(|rest| memchr2(b'"', b'\\', rest)) else { return Err(more) };
        if data[next + i] == b'"' {
            return Ok((from, next + i, escaped, next + i + 1));
        }
        escaped = true;
        next += i + 2;
    }
}

/// Whether it is a number by the grammar, `true`, `false` or `null`.
fn is_scalar(text: &[u8]) -> bool {
    matches!(text, b"true" | b"false" | b"null")
        || (serde_json::from_slice::<serde_json::Number>(text).is_ok() && text.len() < 400)
}
