//! Files: each written beside its place and renamed when it is whole.

use super::messages::Messages;
use super::plan::{Format, SynthError};
use super::table::{Tables, csv_rows, manifest_schema, truth_schema, twins_schema};
use crate::model::batch::Channel;
use crate::model::schema::Column;
use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file under its temporary name.
struct Pending {
    temporary: PathBuf,
    name: PathBuf,
}

impl Pending {
    fn create(dir: &Path, file: &str) -> Result<(Pending, File), SynthError> {
        let pending = Pending { temporary: dir.join(format!(".{file}.part")), name: dir.join(file) };
        let made = File::create(&pending.temporary);
        let handle = made.map_err(|source| SynthError::Io { file: pending.temporary.clone(), source })?;
        Ok((pending, handle))
    }
    fn place(self) -> Result<PathBuf, SynthError> {
        match fs::rename(&self.temporary, &self.name) {
            Ok(()) => Ok(self.name),
            Err(source) => Err(SynthError::Io { file: self.name, source }),
        }
    }
}

/// One manifest or table in one format.
enum Sink {
    Csv(Pending, BufWriter<File>),
    Parquet(Pending, Box<ArrowWriter<File>>),
    Messages(Pending, BufWriter<File>, Box<Messages>),
}

impl Sink {
    fn csv(dir: &Path, name: &str) -> Result<Sink, SynthError> {
        let (pending, handle) = Pending::create(dir, &format!("{name}.csv"))?;
        let mut out = BufWriter::new(handle);
        let header: Vec<&str> = Column::ALL.iter().map(|c| c.name()).collect();
        let wrote = out.write_all(format!("{}\n", header.join(",")).as_bytes());
        wrote.map_err(|source| SynthError::Io { file: pending.name.clone(), source })?;
        Ok(Sink::Csv(pending, out))
    }
    fn parquet(dir: &Path, name: &str, schema: Arc<Schema>) -> Result<Sink, SynthError> {
        let (pending, handle) = Pending::create(dir, &format!("{name}.parquet"))?;
        let failed = |source: ParquetError| SynthError::Parquet { file: pending.name.clone(), source };
        let level = ZstdLevel::try_new(1).map_err(failed)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_dictionary_enabled(true)
            .set_created_by("parcel-risk synth".to_owned())
            .build();
        let writer = ArrowWriter::try_new(handle, schema, Some(properties)).map_err(failed)?;
        Ok(Sink::Parquet(pending, Box::new(writer)))
    }
    fn messages(dir: &Path, name: &str, format: Format) -> Result<Sink, SynthError> {
        let (pending, handle) = Pending::create(dir, &format!("{name}.{}", format.ending()))?;
        let messages = Messages::new(format);
        let mut out = BufWriter::new(handle);
        let wrote = out.write_all(messages.head().as_bytes());
        wrote.map_err(|source| SynthError::Io { file: pending.name.clone(), source })?;
        Ok(Sink::Messages(pending, out, Box::new(messages)))
    }
    fn write(&mut self, batch: &RecordBatch, flush: bool) -> Result<(), SynthError> {
        match self {
            Sink::Csv(pending, out) => {
                let wrote = out.write_all(&csv_rows(batch));
                wrote.map_err(|source| SynthError::Io { file: pending.name.clone(), source })
            }
            Sink::Messages(pending, out, messages) => {
                let wrote = out.write_all(messages.write(batch).as_bytes());
                wrote.map_err(|source| SynthError::Io { file: pending.name.clone(), source })
            }
            Sink::Parquet(pending, writer) => {
                let wrote = writer.write(batch).and_then(|()| if flush { writer.flush() } else { Ok(()) });
                wrote.map_err(|source| SynthError::Parquet { file: pending.name.clone(), source })
            }
        }
    }
    fn finish(self) -> Result<Pending, SynthError> {
        match self {
            Sink::Csv(pending, mut out) => match out.flush() {
                Ok(()) => Ok(pending),
                Err(source) => Err(SynthError::Io { file: pending.name, source }),
            },
            Sink::Messages(pending, mut out, messages) => {
                match out.write_all(messages.foot().as_bytes()).and_then(|()| out.flush()) {
                    Ok(()) => Ok(pending),
                    Err(source) => Err(SynthError::Io { file: pending.name, source }),
                }
            }
            Sink::Parquet(pending, writer) => match writer.close() {
                Ok(_) => Ok(pending),
                Err(source) => Err(SynthError::Parquet { file: pending.name, source }),
            },
        }
    }
}

/// All files of a world.
pub(super) struct Files {
    postal: Vec<Sink>,
    express: Vec<Sink>,
    truth: Sink,
    twins: Sink,
    rates: Pending,
}

impl Files {
    pub fn create(dir: &Path, formats: &[Format], rates: &str) -> Result<Files, SynthError> {
        fs::create_dir_all(dir).map_err(|source| SynthError::Io { file: dir.to_owned(), source })?;
        let manifest = |channel: Channel| -> Result<Vec<Sink>, SynthError> {
            let name = channel.name();
            let mut formats: Vec<Format> = formats.iter().copied().filter(|f| f.carries(channel)).collect();
            if formats.is_empty() {
                // A channel that no format asked for can carry is not left out.
                formats.push(Format::Parquet);
            }
            formats.sort_unstable();
            formats.dedup();
            let sink = |format| match format {
                Format::Csv => Sink::csv(dir, name),
                Format::Parquet => Sink::parquet(dir, name, manifest_schema()),
                other => Sink::messages(dir, name, other),
            };
            formats.into_iter().map(sink).collect()
        };
        let (pending, mut handle) = Pending::create(dir, "rates.csv")?;
        let wrote = handle.write_all(rates.as_bytes());
        wrote.map_err(|source| SynthError::Io { file: pending.name.clone(), source })?;
        Ok(Files {
            postal: manifest(Channel::Postal)?,
            express: manifest(Channel::Express)?,
            truth: Sink::parquet(dir, "truth", truth_schema())?,
            twins: Sink::parquet(dir, "twins", twins_schema())?,
            rates: pending,
        })
    }

    /// Writes the chunks, in their order; the two manifests at the same time.
    pub fn write(&mut self, chunks: &[Tables]) -> Result<(), SynthError> {
        let (postal, express) = (&mut self.postal, &mut self.express);
        let each = |sinks: &mut Vec<Sink>, batch: fn(&Tables) -> &RecordBatch| -> Result<(), SynthError> {
            for chunk in chunks {
                for sink in sinks.iter_mut() {
                    sink.write(batch(chunk), true)?;
                }
            }
            Ok(())
        };
        let (a, b) = rayon::join(|| each(postal, |c| &c.postal), || each(express, |c| &c.express));
        a.and(b)?;
        for chunk in chunks {
            self.truth.write(&chunk.truth, false)?;
            self.twins.write(&chunk.twins, false)?;
        }
        Ok(())
    }

    /// Closes all files, then gives them their names.
    pub fn finish(self) -> Result<Vec<PathBuf>, SynthError> {
        let sinks = self.postal.into_iter().chain(self.express).chain([self.truth, self.twins]);
        let mut pending = sinks.map(Sink::finish).collect::<Result<Vec<_>, _>>()?;
        pending.push(self.rates);
        pending.into_iter().map(Pending::place).collect()
    }
}
