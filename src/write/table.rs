//! Parquet files from columns.

use super::WriteError;
use arrow::array::{ArrayRef, ListBuilder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Rows of a row group: small enough for readers that load whole groups.
const GROUP_ROWS: usize = 262_144;

/// A table under construction: named columns of equal length.
#[derive(Default)]
pub(super) struct Table {
    fields: Vec<Field>,
    columns: Vec<ArrayRef>,
}

impl Table {
    /// Adds a column that never holds nulls.
    pub(super) fn full(mut self, name: impl Into<String>, column: ArrayRef) -> Table {
        self.fields.push(Field::new(name, column.data_type().clone(), false));
        self.columns.push(column);
        self
    }

    /// Adds a column that may hold nulls.
    pub(super) fn open(mut self, name: impl Into<String>, column: ArrayRef) -> Table {
        self.fields.push(Field::new(name, column.data_type().clone(), true));
        self.columns.push(column);
        self
    }
}

/// Writes a table that comes in slices of rows, at least one; the same slices give the same bytes.
pub(super) fn write(
    folder: &Path,
    name: &str,
    slices: impl Iterator<Item = Table>,
) -> Result<(), WriteError> {
    let path = folder.join(name);
    let io = |source| WriteError::Io { path: path.clone(), source };
    let parquet = |source| WriteError::Parquet { path: path.clone(), source };
    let arrow = |source| WriteError::Arrow { path: path.clone(), source };
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).map_err(parquet)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_created_by(concat!("parcel-risk ", env!("CARGO_PKG_VERSION")).into())
        .build();
    let file = File::create(&path).map_err(io)?;
    let mut writer = None;
    for Table { fields, columns } in slices {
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema.clone(), columns).map_err(arrow)?;
        let writer = match &mut writer {
            Some(writer) => writer,
            none => {
                none.insert(ArrowWriter::try_new(&file, schema, Some(properties.clone())).map_err(parquet)?)
            }
        };
        writer.write(&batch).map_err(parquet)?;
    }
    if let Some(writer) = writer {
        writer.close().map_err(parquet)?;
    }
    file.sync_all().map_err(io)
}

/// A column of lists of texts.
pub(super) fn lists<'a, T: Iterator<Item = &'a str>>(rows: impl Iterator<Item = T>) -> ArrayRef {
    let item = Field::new("item", DataType::Utf8, false);
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(item);
    for row in rows {
        for text in row {
            builder.values().append_value(text);
        }
        builder.append(true);
    }
    Arc::new(builder.finish())
}
