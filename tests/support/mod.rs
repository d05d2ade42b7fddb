//! What tests need besides Rust: Python packages in an environment of their own, a browser. Both are installed where
//! they are missing; where that cannot be done the test fails and says so, it never passes unseen.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, hash};

/// Runs a command; its standard output, or a panic that tells what it said.
pub fn run(command: &mut Command, why: &str) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{why}: {command:?} cannot be started: {e}"));
    let [said, complained] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success(), "{why}: {command:?} failed\n{said}\n{complained}");
    said
}

/// The Python of an environment that holds the packages of a requirements file; made once, kept in the target folder.
pub fn python(requirements: &Path) -> PathBuf {
    let text = fs::read_to_string(requirements).unwrap();
    let version = run(Command::new("python3").arg("--version"), "this test needs Python 3");
    let mut hasher = hash::DefaultHasher::new();
    hash::Hash::hash(&(&text, &version), &mut hasher);
    let number = hash::Hasher::finish(&hasher);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("python-{number:016x}"));
    let (python, ready) = (folder.join("bin/python"), folder.join("ready"));
    if ready.exists() && python.exists() {
        return python;
    }
    fs::remove_dir_all(&folder).ok();
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(&folder);
    if !venv.output().is_ok_and(|o| o.status.success()) {
        install("python3-venv", "Python's module venv");
        run(&mut venv, "an environment for Python packages cannot be made");
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(requirements);
    run(&mut pip, "the test's Python packages cannot be installed; it needs the Python package index once");
    fs::write(ready, version).unwrap();
    python
}

/// An installed Chromium.
#[allow(dead_code, reason = "not every test needs a browser")]
pub fn chromium() -> PathBuf {
    let names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
    let found = || names.iter().find_map(|name| on_path(name));
    found().unwrap_or_else(|| {
        install("chromium", "a browser");
        found().expect("Chromium was installed but is not on the path")
    })
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Installs a Debian package.
fn install(package: &str, what: &str) {
    assert!(
        on_path("apt-get").is_some(),
        "this test needs {what}, and there is no apt-get to install it: install `{package}`"
    );
    let why = format!(
        "this test needs {what}; install `{package}` by hand, or run the test as root with a network"
    );
    run(Command::new("apt-get").args(["update", "-q"]), &why);
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    run(install.args(["install", "-y", "-q", "--no-install-recommends", package]), &why);
}
