//! Which files are read, and in which format they are.

use super::ReadError;
use super::join::Joins;
use super::limits::Limits;
use super::mapping::{Mapping, corrected_presets, presets};
use crate::model::batch::Channel;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The grammar of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Syntax {
    /// Separated fields with a header line.
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// Apache Parquet.
    Parquet,
    /// Messages in XML.
    Xml,
    /// Messages in JSON, in documents of any shape.
    Json,
    /// Messages in text: Cargo-IMP.
    Text,
    /// A zip archive of files of messages.
    Zip,
    /// A tar archive of files of messages.
    Tar,
}

/// How the bytes of a file are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not packed.
    None,
    /// gzip, also of several members.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// Grammar and packing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Format {
    /// The grammar.
    pub syntax: Syntax,
    /// The packing.
    pub compression: Compression,
}

const SYNTAXES: [(&str, Syntax); 13] = [
    (".csv", Syntax::Csv),
    (".jsonl", Syntax::JsonLines),
    (".ndjson", Syntax::JsonLines),
    (".parquet", Syntax::Parquet),
    (".xml", Syntax::Xml),
    (".json", Syntax::Json),
    (".fhl", Syntax::Text),
    (".fwb", Syntax::Text),
    (".imp", Syntax::Text),
    (".txt", Syntax::Text),
    (".zip", Syntax::Zip),
    (".tar", Syntax::Tar),
    (".tgz", Syntax::Tar),
];
const PACKINGS: [(&str, Compression); 3] =
    [("", Compression::None), (".gz", Compression::Gzip), (".zst", Compression::Zstd)];

impl Format {
    fn all() -> impl Iterator<Item = (String, Format)> {
        SYNTAXES.iter().flat_map(|&(ending, syntax)| {
            // Parquet packs its own pages, a zip archive its members.
            let packings =
                if matches!(syntax, Syntax::Parquet | Syntax::Zip) || ending == ".tgz" { 1 } else { 3 };
            PACKINGS[..packings].iter().map(move |&(packed, compression)| {
                let compression = if ending == ".tgz" { Compression::Gzip } else { compression };
                let format = Format { syntax, compression };
                (format!("{ending}{packed}"), format)
            })
        })
    }

    /// The format that the name of a file tells.
    pub fn of(path: &Path) -> Result<Format, ReadError> {
        let name = path.file_name().map(|n| n.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        match Self::all().find(|(ending, _)| name.ends_with(ending.as_str())) {
            Some((_, format)) => Ok(format),
            None => Err(ReadError::UnknownFormat {
                path: path.to_path_buf(),
                known: Self::all().map(|(e, _)| e).collect::<Vec<_>>().join(" "),
            }),
        }
    }
}

/// A file to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Where it is.
    pub path: PathBuf,
    /// How its parcels travel.
    pub channel: Channel,
    /// Its format, told by its name.
    pub format: Format,
    /// Its size on disk.
    pub bytes: u64,
    /// SHA-256 of its bytes in hexadecimal, once [`sha256_file`] was asked for it.
    pub sha256: Option<String>,
    /// How it is to be read.
    pub reading: Reading,
}

/// How a file is to be read, besides what it tells itself.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The mapping that its records are of; told by its content where it is not given.
    pub mapping: Option<Arc<Mapping>>,
    /// Whether corrections of customs are read in the place of what was declared, of layouts that carry them.
    pub corrections: bool,
    /// What it may ask for at most.
    pub limits: Limits,
    /// The night screened, ISO 8601: the day of messages that tell none.
    pub night: String,
    /// What the messages of other files tell of the same waybills.
    pub joins: Option<Arc<Joins>>,
}

impl Reading {
    /// The layouts among which one is told by the content.
    pub(super) fn known(&self) -> &'static [Mapping] {
        if self.corrections { corrected_presets() } else { presets() }
    }
}

impl PartialEq for Reading {
    fn eq(&self, other: &Reading) -> bool {
        let all = |r: &Reading| (r.corrections, r.limits, r.night.clone());
        self.mapping == other.mapping && all(self) == all(other)
    }
}

impl Eq for Reading {}

impl Input {
    /// The input at `path`.
    pub fn new(path: &Path, channel: Channel) -> Result<Input, ReadError> {
        let meta =
            std::fs::metadata(path).map_err(|source| ReadError::Io { path: path.to_path_buf(), source })?;
        if meta.is_dir() {
            return Err(ReadError::Folder { path: path.to_path_buf() });
        }
        Ok(Input {
            path: path.to_path_buf(),
            channel,
            format: Format::of(path)?,
            bytes: meta.len(),
            sha256: None,
            reading: Reading::default(),
        })
    }
}

/// The files that the paths and patterns name, each once and in the order of their paths.
pub fn expand(globs: &[String], channel: Channel) -> Result<Vec<Input>, ReadError> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for pattern in globs {
        // A file whose name happens to hold `[` or `*` is meant literally.
        if Path::new(pattern).exists() {
            paths.push(PathBuf::from(pattern));
            continue;
        }
        let found =
            glob::glob(pattern).map_err(|source| ReadError::Pattern { pattern: pattern.clone(), source })?;
        let before = paths.len();
        for entry in found {
            let path = entry.map_err(|e: glob::GlobError| ReadError::Io {
                path: e.path().to_path_buf(),
                source: e.into(),
            })?;
            if !path.is_dir() {
                paths.push(path);
            }
        }
        if paths.len() == before {
            return Err(ReadError::NoMatch { pattern: pattern.clone() });
        }
    }
    paths.sort();
    // One file under two spellings would be screened twice.
    let mut once: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    for path in paths {
        let real = path.canonicalize().map_err(|source| ReadError::Io { path: path.clone(), source })?;
        once.entry(real).or_insert(path);
    }
    let mut inputs = once.values().map(|path| Input::new(path, channel)).collect::<Result<Vec<_>, _>>()?;
    inputs.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(inputs)
}

/// SHA-256 of a file's bytes in hexadecimal.
pub fn sha256_file(path: &Path) -> Result<String, ReadError> {
    let failed = |source| ReadError::Io { path: path.to_path_buf(), source };
    let mut file = File::open(path).map_err(failed)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => digest.update(&buffer[..n]),
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(failed(e)),
        }
    }
    Ok(digest.finalize().iter().map(|b| format!("{b:02x}")).collect())
}
