//! Apache Parquet: known columns only, block by block, groups of columns decoded side by side.

use super::cast::{lost, raw_column, take_rows, text_type, unusable};
use super::header::check;
use super::text::{Origin, Unknown, fault, named};
use super::{BLOCK_RECORDS, FileSummary, Input, ReadError, raw, wanted};
use crate::model::batch::{RawBatch, RawColumn, RawText, Reject};
use crate::model::schema::Column;
use arrow::array::{Array, ArrayRef, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Encoding, EncodingMask};
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use rayon::prelude::*;
use std::fs::File;
use std::sync::Arc;

/// The blocks of a Parquet file.
pub(super) struct ParquetBlocks {
    origin: Origin,
    metadata: ArrowReaderMetadata,
    /// Positions in the file of the columns that are decoded together, with what they mean.
    parts: Vec<Vec<(usize, Column)>>,
    /// Row groups still to be read, the next one last.
    pending: Vec<Vec<usize>>,
    readers: Vec<ParquetRecordBatchReader>,
    record: u64,
    rejects: u64,
    columns: Vec<Column>,
    unknown: Unknown,
}

impl ParquetBlocks {
    pub(super) fn open(
        input: &Input,
        source: u32,
        only: Option<&[Column]>,
    ) -> Result<ParquetBlocks, ReadError> {
        let origin = Origin::new(input, source);
        let failed = |source| ReadError::Parquet { path: input.path.clone(), source };
        let file = File::open(&input.path).map_err(|e| origin.io(e))?;
        let stored = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(failed)?;
        let fields = stored.schema().fields().clone();
        check(&input.path, fields.iter().map(|f| f.name().as_str()))?;

        let mut columns = Vec::new();
        let mut unknown = Unknown::default();
        let mut read = Vec::new();
        for (position, field) in fields.iter().enumerate() {
            let Some(column) = named(field.name()) else {
                unknown.add(field.name());
                continue;
            };
            if let Some(expected) = unusable(column, field.data_type()) {
                return Err(ReadError::ColumnType {
                    path: input.path.clone(),
                    column: column.name(),
                    found: field.data_type().to_string(),
                    expected,
                });
            }
            columns.push(column);
            if wanted(only, column) {
                read.push((position, column));
            }
        }
        let metadata = with_dictionaries(&stored);
        let groups = metadata.metadata().row_groups();
        let weight = |position: usize| -> i64 {
            let schema = metadata.parquet_schema();
            let leaves = (0..schema.num_columns())
                .filter(|&i| schema.get_column_root_idx(i) == position)
                .collect::<Vec<_>>();
            let chunks = groups.iter().flat_map(|g| leaves.iter().map(|&i| g.column(i)));
            chunks.map(|c| c.uncompressed_size()).sum()
        };
        let parts = share_out(&read, weight);
        // Blocks do not span row groups, since each has dictionaries of its own; small ones are read together.
        let mut pending: Vec<Vec<usize>> = Vec::new();
        let mut rows = BLOCK_RECORDS as i64;
        for (i, group) in groups.iter().enumerate() {
            if rows + group.num_rows() > BLOCK_RECORDS as i64 {
                pending.push(Vec::new());
                rows = 0;
            }
            rows += group.num_rows();
            if let Some(last) = pending.last_mut() {
                last.push(i);
            }
        }
        pending.reverse();
        Ok(ParquetBlocks {
            origin,
            metadata,
            parts,
            pending,
            readers: Vec::new(),
            record: 0,
            rejects: 0,
            columns,
            unknown,
        })
    }

    pub(super) fn announced(&self) -> usize {
        self.metadata.metadata().file_metadata().num_rows().max(0) as usize
    }

    pub(super) fn summary(&self) -> FileSummary {
        FileSummary {
            layouts: Vec::new(),
            records_read: self.record,
            rejects: self.rejects,
            columns: self.columns.clone(),
            unknown_columns: self.unknown.names.clone(),
            warnings: Vec::new(),
        }
    }

    fn failed(&self, source: ParquetError) -> ReadError {
        ReadError::Parquet { path: self.origin.path.clone(), source }
    }

    pub(super) fn next_block(&mut self) -> Result<Option<RawBatch>, ReadError> {
        loop {
            if self.readers.is_empty() {
                let Some(groups) = self.pending.pop() else {
                    return Ok(None);
                };
                self.readers =
                    self.parts.iter().map(|part| self.reader(part, &groups)).collect::<Result<_, _>>()?;
            }
            let path = &self.origin.path;
            let arrow = |source| ReadError::Arrow { path: path.clone(), source };
            let parts: Vec<Option<Decoded>> = self
                .readers
                .par_iter_mut()
                .zip(&self.parts)
                .map(|(reader, part)| reader.next().map(|b| decode(&b?, part)).transpose())
                .collect::<Result<_, ArrowError>>()
                .map_err(arrow)?;
            let parts: Vec<Decoded> = parts.into_iter().flatten().collect();
            if parts.is_empty() {
                self.readers.clear();
                continue;
            }
            if parts.len() < self.parts.len() || parts.iter().any(|p| p.rows != parts[0].rows) {
                let reason = "the columns differ in length".to_owned();
                return Err(self.failed(ParquetError::General(reason)));
            }
            return self.block(parts).map(Some);
        }
    }

    fn reader(
        &self,
        part: &[(usize, Column)],
        groups: &[usize],
    ) -> Result<ParquetRecordBatchReader, ReadError> {
        let file = File::open(&self.origin.path).map_err(|e| self.origin.io(e))?;
        let schema = self.metadata.parquet_schema();
        let mask = ProjectionMask::roots(schema, part.iter().map(|p| p.0));
        let stored = self.metadata.metadata().row_groups();
        let rows: usize = groups.iter().map(|&group| stored[group].num_rows().max(0) as usize).sum();
        // Blocks of equal size, rather than a small one behind a full one.
        let blocks = ((rows + BLOCK_RECORDS / 2) / BLOCK_RECORDS).max(1);
        ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
            .with_batch_size(rows.div_ceil(blocks).max(1))
            .with_row_groups(groups.to_vec())
            .with_projection(mask)
            .build()
            .map_err(|e| self.failed(e))
    }

    fn block(&mut self, parts: Vec<Decoded>) -> Result<RawBatch, ReadError> {
        let rows = parts[0].rows;
        let mut columns: Vec<Option<RawColumn>> = vec![None; Column::COUNT];
        let mut faults: Vec<(usize, Column, String)> = Vec::new();
        for part in parts {
            faults.extend(part.faults);
            for (name, column) in part.columns {
                columns[name as usize] = Some(column);
            }
        }
        faults.sort_by_key(|f| (f.0, f.1));
        faults.dedup_by_key(|f| f.0);
        let first = self.record + 1;
        self.record += rows as u64;
        self.rejects += faults.len() as u64;
        let mut batch = RawBatch {
            source: self.origin.source,
            channel: self.origin.channel,
            records: (first..=self.record).collect(),
            columns,
            raw: RawText::Cells,
            rejects: Vec::new(),
        };
        if faults.is_empty() {
            return Ok(batch);
        }
        let mut sound = vec![true; rows];
        for (row, column, reason) in faults {
            sound[row] = false;
            batch.rejects.push(Reject {
                source: batch.source,
                record: batch.records[row],
                field: column.name().to_owned(),
                reason,
                raw: raw::cells(&batch.columns, row),
            });
        }
        let kept: Vec<i32> = (0..rows as i32).filter(|&r| sound[r as usize]).collect();
        batch.records = kept.iter().map(|&r| first + r as u64).collect();
        let kept = Int32Array::from(kept);
        for column in batch.columns.iter_mut().flatten() {
            *column = take_rows(column, &kept)
                .map_err(|source| ReadError::Arrow { path: self.origin.path.clone(), source })?;
        }
        Ok(batch)
    }
}

/// The file read with the dictionaries of those text columns kept that have one throughout; as it is where the file does
/// not allow that.
fn with_dictionaries(stored: &ArrowReaderMetadata) -> ArrowReaderMetadata {
    let wish = |(position, field): (usize, &Arc<Field>)| match named(field.name())
        .and_then(|c| text_type(c, field.data_type()))
    {
        Some(DataType::Dictionary(_, text)) if !has_dictionary(stored, position) => {
            Arc::new(field.as_ref().clone().with_data_type(*text))
        }
        Some(wish) => Arc::new(field.as_ref().clone().with_data_type(wish)),
        None => field.clone(),
    };
    let fields: Vec<_> = stored.schema().fields().iter().enumerate().map(wish).collect();
    let schema = Schema::new_with_metadata(fields, stored.schema().metadata().clone());
    let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
    ArrowReaderMetadata::try_new(stored.metadata().clone(), options).unwrap_or_else(|_| stored.clone())
}

/// Whether a column has a dictionary in every row group, as far as the file tells: where a page does without, or all is
/// null, one would have to be made of what is written out.
fn has_dictionary(stored: &ArrowReaderMetadata, position: usize) -> bool {
    let schema = stored.parquet_schema();
    let leaves = (0..schema.num_columns()).filter(|&i| schema.get_column_root_idx(i) == position);
    let groups = stored.metadata().row_groups();
    let plain = |mask: &EncodingMask| {
        !(mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY))
    };
    let lacks = |chunk: &ColumnChunkMetaData| {
        let nulls = chunk.statistics().and_then(|s| s.null_count_opt());
        nulls == Some(chunk.num_values() as u64) || chunk.page_encoding_stats_mask().is_some_and(plain)
    };
    !leaves.flat_map(|leaf| groups.iter().map(move |group| group.column(leaf))).any(lacks)
}

/// Shares the columns out among the threads, about equal in bytes.
fn share_out(read: &[(usize, Column)], weight: impl Fn(usize) -> i64) -> Vec<Vec<(usize, Column)>> {
    let threads = rayon::current_num_threads().clamp(1, 8);
    let mut heavy: Vec<_> = read.iter().map(|&r| (weight(r.0), r)).collect();
    heavy.sort_by_key(|&(weight, (position, _))| (std::cmp::Reverse(weight), position));
    let mut parts = vec![(0i64, Vec::new()); threads.min(read.len()).max(1)];
    for (weight, column) in heavy {
        if let Some(part) = parts.iter_mut().min_by_key(|p| p.0) {
            part.0 += weight + 1;
            part.1.push(column);
        }
    }
    parts
        .into_iter()
        .map(|(_, mut part)| {
            part.sort();
            part
        })
        .collect()
}

/// Some columns of a block.
struct Decoded {
    rows: usize,
    columns: Vec<(Column, RawColumn)>,
    faults: Vec<(usize, Column, String)>,
}

fn decode(batch: &RecordBatch, part: &[(usize, Column)]) -> Result<Decoded, ArrowError> {
    let mut decoded = Decoded { rows: batch.num_rows(), columns: Vec::new(), faults: Vec::new() };
    for (array, &(_, name)) in batch.columns().iter().zip(part) {
        let column = raw_column(name, array)?;
        cell_faults(name, array, &column, &mut decoded.faults);
        decoded.columns.push((name, column));
    }
    Ok(decoded)
}

/// Cells that have no raw form, are overlong or hold NUL bytes.
fn cell_faults(
    name: Column,
    array: &ArrayRef,
    column: &RawColumn,
    faults: &mut Vec<(usize, Column, String)>,
) {
    let rows = array.len();
    if let RawColumn::Text(a) = column
        && let Some(bad) = text_faults(a)
    {
        let found = bad.into_iter().enumerate().take(rows);
        faults.extend(found.filter_map(|(row, reason)| Some((row, name, reason?))));
    }
    if let RawColumn::Dictionary(a) = column
        && let Some(values) = a.values().as_any().downcast_ref::<StringArray>()
        && let Some(bad) = text_faults(values)
    {
        let reason = |row: usize| bad.get(a.key(row)?).cloned().flatten();
        faults.extend((0..rows).filter_map(|row| Some((row, name, reason(row)?))));
    }
    let nulls = match column {
        RawColumn::Text(a) => a.null_count(),
        RawColumn::Dictionary(a) => a.null_count(),
        RawColumn::Number(a) => a.null_count(),
        RawColumn::Date(a) => a.null_count(),
    };
    if nulls > array.null_count() {
        let reason = format!("the value cannot be read from its type {}", array.data_type());
        let bad = (0..rows).filter(|&row| lost(array, column, row));
        faults.extend(bad.map(|row| (row, name, reason.clone())));
    }
}

/// What is wrong with each of the texts; `None` where nothing is with any.
fn text_faults(texts: &StringArray) -> Option<Vec<Option<String>>> {
    let long = texts.offsets().windows(2).any(|w| (w[1] - w[0]) as usize > super::LONGEST_FIELD);
    let nul = memchr::memchr(0, texts.value_data()).is_some();
    (long || nul).then(|| {
        let bad = |t: Option<&str>| fault(t?.as_bytes(), false);
        texts.iter().map(bad).collect()
    })
}
