//! The embedded word and code lists.

use csv::StringRecord;

/// The rows of an embedded CSV list, without its header. Rows that are not CSV are left out; the
/// tests of each list count its rows.
pub(super) fn rows(list: &'static str) -> impl Iterator<Item = StringRecord> {
    csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(list.as_bytes())
        .into_records()
        .filter_map(Result::ok)
}
