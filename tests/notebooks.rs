//! The notebooks run from scratch, with the versions that they pin; what they assert holds, and every number that is
//! committed with them is what they say now.

mod support;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("notebooks")
}

fn notebooks() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "ipynb"))
        .collect();
    files.sort();
    files
}

/// The outputs of a notebook; panics where one is an error.
fn outputs(path: &Path) -> Vec<Value> {
    let notebook: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let cells = notebook["cells"].as_array().unwrap();
    let outputs: Vec<Value> =
        cells.iter().filter_map(|cell| cell["outputs"].as_array()).flatten().cloned().collect();
    for output in &outputs {
        assert_ne!(output["output_type"], "error", "{}: {output}", path.display());
    }
    outputs
}

/// What outputs say in words and numbers; pictures are left out.
fn said(outputs: &[Value]) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().unwrap_or_default().to_owned(),
    };
    outputs
        .iter()
        .filter(|output| output["data"]["image/png"].is_null())
        .map(|output| text(&output["text"]) + &text(&output["data"]["text/plain"]))
        .collect()
}

/// Pictures among outputs.
fn pictures(outputs: &[Value]) -> usize {
    outputs.iter().filter(|output| !output["data"]["image/png"].is_null()).count()
}

#[test]
fn notebooks_run_from_scratch() {
    let python = support::python(&folder().join("requirements.txt"));
    let dir = TempDir::new().unwrap();
    let mut convert = Command::new(python);
    convert.args(["-m", "nbconvert", "--to", "notebook", "--execute", "--ExecutePreprocessor.timeout=900"]);
    convert.arg("--output-dir").arg(dir.path()).args(notebooks());
    convert.env("PARCEL_RISK", env!("CARGO_BIN_EXE_parcel-risk")).env("PYTHONDONTWRITEBYTECODE", "1");
    support::run(&mut convert, "the notebooks");
    for notebook in notebooks() {
        let fresh = outputs(&dir.path().join(notebook.file_name().unwrap()));
        let committed = outputs(&notebook);
        assert_eq!(
            pictures(&fresh),
            pictures(&committed),
            "{}: run it again and commit it",
            notebook.display()
        );
        let (fresh, committed) = (said(&fresh), said(&committed));
        for (now, then) in fresh.iter().zip(&committed) {
            assert_eq!(
                now,
                then,
                "{}: a number has changed: look at it, run it again, commit it",
                notebook.display()
            );
        }
        assert_eq!(fresh.len(), committed.len(), "{}: run it again and commit it", notebook.display());
    }
}

#[test]
fn committed_notebooks_can_be_read_without_running_them() {
    assert_eq!(notebooks().len(), 5);
    for notebook in notebooks() {
        let outputs = outputs(&notebook);
        assert!(pictures(&outputs) >= 2, "{} shows too little", notebook.display());
        let text = fs::read_to_string(&notebook).unwrap();
        for folder in ["home", "root", "tmp", "work", "Users"] {
            let place = format!("/{folder}/");
            assert!(!text.contains(&place), "{} names a path of a machine: {place}", notebook.display());
        }
    }
}
