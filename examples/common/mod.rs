//! What measurements share: their arguments, how they end, and the command that they drive.

#![allow(dead_code, reason = "not every measurement needs all of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The words behind the name of the example.
pub struct Arguments(Vec<String>);

impl Arguments {
    /// The first word.
    pub fn first(&self) -> Option<&str> {
        self.0.first().map(String::as_str)
    }

    /// Whether a word was given.
    pub fn has(&self, word: &str) -> bool {
        self.0.iter().any(|a| a == word)
    }

    /// The word behind a flag.
    pub fn text(&self, flag: &str) -> Option<&str> {
        let place = self.0.iter().position(|a| a == flag)?;
        self.0.get(place + 1).map(String::as_str)
    }

    /// The number behind a flag.
    ///
    /// # Errors
    /// What stands there is none.
    pub fn number<T: std::str::FromStr + std::fmt::Display>(
        &self,
        flag: &str,
        usual: T,
    ) -> Result<T, String> {
        if !self.has(flag) {
            return Ok(usual);
        }
        let value = self.text(flag).and_then(|v| v.parse().ok());
        value.ok_or_else(|| format!("{flag}: expected a number behind it, such as {flag} {usual}"))
    }

    /// How many seeds: the first word where it is a number.
    pub fn seeds(&self, usual: u32) -> u32 {
        self.first().and_then(|a| a.parse().ok()).unwrap_or(usual)
    }

    /// Every `--set KEY=VALUE`, to be handed on.
    pub fn settings(&self) -> Vec<&str> {
        let pairs = self.0.iter().zip(self.0.iter().skip(1)).filter(|(flag, _)| *flag == "--set");
        pairs.flat_map(|(flag, value)| [flag.as_str(), value.as_str()]).collect()
    }
}

/// Measures, and says what went wrong where something did.
pub fn main(measure: impl FnOnce(&Arguments) -> Result<(), String>) -> ExitCode {
    match measure(&Arguments(std::env::args().skip(1).collect())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The program built beside this example.
///
/// # Errors
/// It is not there.
pub fn program() -> Result<Command, String> {
    let own = std::env::current_exe().map_err(|e| e.to_string())?;
    let path: PathBuf =
        own.parent().and_then(Path::parent).map(|p| p.join("parcel-risk")).unwrap_or_default();
    if path.exists() {
        Ok(Command::new(path))
    } else {
        Err("build the program first: cargo build --release".into())
    }
}

/// Runs a command and returns what it printed.
///
/// # Errors
/// What it complained of.
pub fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|e| e.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
