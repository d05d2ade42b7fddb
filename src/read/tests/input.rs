//! Paths, patterns, packing.

use super::*;
use crate::read::{Reader, expand, open, sha256_file};
use std::fs;
use std::io::Write;
use std::path::Path;

fn open_all(path: &Path) -> Result<(Vec<RawBatch>, FileSummary), ReadError> {
    let input = Input::new(path, Channel::Express)?;
    let mut reader: Reader = open(&input, 7, None)?;
    let blocks = reader.by_ref().collect::<Result<Vec<_>, _>>()?;
    assert!(reader.next().is_none());
    Ok((blocks, reader.summary()))
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(text).unwrap();
    gz.finish().unwrap()
}

#[test]
fn patterns_are_expanded_once_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["b.csv", "a.jsonl", "c.CSV.GZ", "d[1].csv"] {
        fs::write(dir.path().join(name), "").unwrap();
    }
    fs::create_dir(dir.path().join("sub.csv")).unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let all = expand(&[at("*"), at("b.csv"), at("./b.csv"), at("d[1].csv")], Channel::Postal).unwrap();
    let names: Vec<_> = all.iter().map(|i| i.path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["a.jsonl", "b.csv", "c.CSV.GZ", "d[1].csv"]);
    assert_eq!(all[2].format.compression, Compression::Gzip);
    let error = |globs: &[String]| expand(globs, Channel::Postal).unwrap_err().to_string();
    assert!(error(&[at("*.csv"), at("no*.csv")]).contains("no*.csv"));
    assert!(error(&[at("none.csv")]).contains("none.csv"));
    assert!(error(&[at("sub.csv")]).contains("is a folder"));
    assert!(error(&[at("a[")]).contains("not a valid pattern"));
    fs::write(dir.path().join("x.xlsx"), "").unwrap();
    let unknown = error(&[at("x*")]);
    assert!(unknown.contains("x.xlsx") && unknown.contains(".csv.zst"), "{unknown}");
}

#[test]
fn digest_is_of_the_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv");
    fs::write(&path, "abc").unwrap();
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(sha256_file(&path).unwrap(), digest);
    assert!(sha256_file(&dir.path().join("b")).is_err());
}

#[test]
fn packed_files() {
    let dir = tempfile::tempdir().unwrap();
    let text = format!("{HEADER}\n{}\n", line("A"));
    // Two members, as of files that were strung together.
    let members = [gzip(text.as_bytes()), gzip(line("B").as_bytes())].concat();
    let zst = zstd::encode_all(text.as_bytes(), 3).unwrap();
    let json = gzip(b"{\"parcel_id\":\"A\"}");
    let files = [("a.csv.gz", members, 2), ("a.csv.zst", zst, 1), ("a.ndjson.gz", json, 1)];
    for (name, bytes, rows) in files {
        let path = dir.path().join(name);
        fs::write(&path, &bytes).unwrap();
        let (blocks, summary) = open_all(&path).unwrap();
        assert_eq!(summary.records_read, rows, "{name}");
        assert_eq!((blocks[0].source, blocks[0].channel), (7, Channel::Express));
        fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
        let error = open_all(&path).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
        fs::write(&path, text.as_bytes()).unwrap();
        assert!(open_all(&path).is_err(), "{name}");
        fs::write(&path, b"").unwrap();
        assert_eq!(open_all(&path).unwrap().1.warnings.len(), 1);
    }
}

#[test]
fn damage_late_in_a_packed_file_is_an_error_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv.gz");
    let lines: String = (0..400_000).map(|i| line(&i.to_string()) + "\n").collect();
    let bytes = gzip(format!("{HEADER}\n{lines}").as_bytes());
    fs::write(&path, &bytes[..bytes.len() * 9 / 10]).unwrap();
    let mut reader = open(&Input::new(&path, Channel::Postal).unwrap(), 0, None).unwrap();
    let results: Vec<bool> = reader.by_ref().map(|b| b.is_ok()).collect();
    assert_eq!(results.iter().filter(|ok| !**ok).count(), 1);
    assert!(results[0] && !results[results.len() - 1]);
}
