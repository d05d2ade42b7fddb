//! Descriptions with their right codes.

use crate::fields::hs::parse_hs;
use crate::refdata::sheet::TableError;
use std::path::PathBuf;

/// Headings and descriptions of the user's files.
#[derive(Debug, Default)]
pub struct DescribedGoods(Vec<(u16, String)>);

impl DescribedGoods {
    /// Reads CSV files with a column `hs_code` (or `hscode`, `hs`) and a column `description` (or `title`); other
    /// columns are of no interest. Rows whose code names no heading, as chapters and totals of a nomenclature, are
    /// passed over.
    ///
    /// # Errors
    /// A file cannot be read or lacks a column.
    pub fn read(paths: &[PathBuf]) -> Result<DescribedGoods, TableError> {
        let mut goods = Vec::new();
        for path in paths {
            let file = path.display().to_string();
            let unreadable = |source| TableError::Unreadable { file: file.clone(), source };
            let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path).map_err(unreadable)?;
            let header = reader.headers().map_err(unreadable)?.clone();
            let place = |names: &[&str]| {
                header.iter().position(|h| names.contains(&h.trim().to_lowercase().as_str())).ok_or_else(
                    || TableError::Header {
                        file: file.clone(),
                        fault: "did not find the",
                        column: names[0].to_owned(),
                        expected: "hs_code and description, others are ignored".to_owned(),
                    },
                )
            };
            let (code, text) = (place(&["hs_code", "hscode", "hs"])?, place(&["description", "title"])?);
            for record in reader.records() {
                let record = record.map_err(unreadable)?;
                if let (Some(Ok(code)), Some(text)) = (record.get(code).map(parse_hs), record.get(text)) {
                    goods.push((code.heading(), text.to_owned()));
                }
            }
        }
        goods.sort();
        goods.dedup();
        Ok(DescribedGoods(goods))
    }

    /// Headings with their descriptions.
    pub fn rows(&self) -> impl Iterator<Item = (u16, &str)> {
        self.0.iter().map(|(heading, text)| (*heading, text.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nomenclature_and_a_list_of_lines_are_read_alike() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a.csv"), folder.path().join("b.csv"));
        std::fs::write(
            &a,
            "section,hscode,description,parent,level\nI,01,Animals,TOTAL,2\nI,0101,Horses,01,4\n",
        )
        .unwrap();
        std::fs::write(&b, "description,hs_code\nsteel hammer,820520\nsteel hammer,820520\n").unwrap();
        let goods = DescribedGoods::read(&[a, b.clone()]).unwrap();
        assert_eq!(goods.rows().collect::<Vec<_>>(), [(101, "Horses"), (8205, "steel hammer")]);
        std::fs::write(&b, "text,hs_code\nx,820520\n").unwrap();
        assert!(DescribedGoods::read(&[b]).unwrap_err().to_string().contains("`description`"));
    }
}
