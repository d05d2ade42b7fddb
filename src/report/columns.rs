//! Columns of a run's Parquet files, for a report of many rows: one vector a column, no row objects.

use crate::error::Error;
use polars::prelude::*;
use std::path::Path;

/// A file of a run, read whole.
pub(super) struct Columns {
    frame: DataFrame,
    file: String,
}

impl Columns {
    /// Reads a file of a run.
    ///
    /// # Errors
    /// The file is not there or cannot be read.
    pub(super) fn read(folder: &Path, file: &str) -> Result<Columns, Error> {
        Columns::part(folder, file, &[])
    }

    /// Reads some columns of a file of a run; all where none is named.
    ///
    /// # Errors
    /// The file is not there, cannot be read or lacks a column.
    pub(super) fn part(folder: &Path, file: &str, names: &[&str]) -> Result<Columns, Error> {
        let path = folder.join(file);
        let failed = |e: &dyn std::fmt::Display| {
            Error::Output(format!("{}: {e}; expected a file of `parcel-risk run`", path.display()))
        };
        if !path.exists() {
            return Err(failed(&"there is no such file"));
        }
        let args = ScanArgsParquet { glob: false, ..ScanArgsParquet::default() };
        let frame = PlRefPath::try_from_path(&path)
            .and_then(|place| LazyFrame::scan_parquet(place, args))
            .and_then(|frame| {
                let wanted: Vec<Expr> = names.iter().map(|name| col(*name)).collect();
                if wanted.is_empty() { frame.collect() } else { frame.select(wanted).collect() }
            })
            .map_err(|e| failed(&e))?;
        Ok(Columns { frame, file: file.to_owned() })
    }

    /// Rows in the file.
    pub(super) fn len(&self) -> usize {
        self.frame.height()
    }

    /// Keeps the first rows.
    pub(super) fn head(mut self, rows: usize) -> Columns {
        self.frame = self.frame.head(Some(rows));
        self
    }

    /// Whether the file has the column.
    pub(super) fn has(&self, name: &str) -> bool {
        self.frame.column(name).is_ok()
    }

    fn column(&self, name: &str, kind: DataType) -> Result<Column, Error> {
        self.frame.column(name).and_then(|c| c.cast(&kind)).map_err(|e| {
            Error::Output(format!("{}: column `{name}`: {e}; expected a file of this version", self.file))
        })
    }

    /// A column of texts as it lies in memory: long ones are not copied.
    pub(super) fn long_texts(&self, name: &str) -> Result<StringChunked, Error> {
        let column = self.column(name, DataType::String)?;
        let texts = column.str().map_err(|e| Error::Output(format!("{}: {name}: {e}", self.file)))?;
        Ok(texts.rechunk().into_owned())
    }

    /// A column of texts; empty where null.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, Error> {
        Ok(self.long_texts(name)?.iter().map(|t| t.unwrap_or("").to_owned()).collect())
    }

    /// A column of numbers; `None` where null.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<Option<f64>>, Error> {
        let column = self.column(name, DataType::Float64)?;
        let numbers = column.f64().map_err(|e| Error::Output(format!("{}: {name}: {e}", self.file)))?;
        Ok(numbers.iter().collect())
    }

    /// A column of days since 1970-01-01; 0 where null.
    pub(super) fn days(&self, name: &str) -> Result<Vec<i32>, Error> {
        let column = self.column(name, DataType::Int32)?;
        let days = column.i32().map_err(|e| Error::Output(format!("{}: {name}: {e}", self.file)))?;
        Ok(days.iter().map(|d| d.unwrap_or(0)).collect())
    }

    /// A column of lists of texts.
    pub(super) fn lists(&self, name: &str) -> Result<Vec<Vec<String>>, Error> {
        let failed = |e: PolarsError| Error::Output(format!("{}: column `{name}`: {e}", self.file));
        let column = self.frame.column(name).map_err(failed)?;
        let lists = column.list().map_err(failed)?;
        lists
            .amortized_iter()
            .map(|list| {
                let Some(list) = list else { return Ok(Vec::new()) };
                let texts = list.as_ref().str().map_err(failed)?;
                Ok(texts.iter().map(|t| t.unwrap_or("").to_owned()).collect())
            })
            .collect()
    }
}
