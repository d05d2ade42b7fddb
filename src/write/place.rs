//! A folder that appears whole or not at all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The file by which a folder is known as the output of a run.
const MARK: &str = "run.json";

/// A folder that cannot be made or put in place.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The final name is taken by something that is no output of ours.
    #[error(
        "{} holds files but no `{MARK}`: it is not the output of an earlier run and is left alone; name another folder",
        path.display()
    )]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
    /// The final name is taken by a file.
    #[error("{} is not a folder; name a folder for the output", path.display())]
    NoFolder {
        /// The path.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot prepare the output folder {}: {source}; name a folder in which you may write", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What failed.
        source: io::Error,
    },
}

/// A folder under construction; removed when it is dropped before it was put in place.
pub struct Staging {
    folder: PathBuf,
    target: PathBuf,
    placed: bool,
}

impl Staging {
    /// Makes an empty folder beside `target`, and clears what earlier runs that were killed left there.
    ///
    /// # Errors
    /// The target is a file or a folder of foreign files, or the system refuses.
    pub fn new(target: &Path) -> Result<Staging, PlaceError> {
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |source| PlaceError::Io { path, source }
        };
        if target.exists() {
            if !target.is_dir() {
                return Err(PlaceError::NoFolder { path: target.to_path_buf() });
            }
            let mut entries = fs::read_dir(target).map_err(failed(target))?;
            if entries.next().is_some() && !target.join(MARK).exists() {
                return Err(PlaceError::Foreign { path: target.to_path_buf() });
            }
        }
        // Through a symbolic link the folder behind it is replaced, not the link.
        let target = target.canonicalize().unwrap_or_else(|_| target.to_path_buf());
        let parent = match target.parent() {
            Some(p) if !p.as_os_str().is_empty() => p.to_path_buf(),
            _ => PathBuf::from("."),
        };
        fs::create_dir_all(&parent).map_err(failed(&parent))?;
        let name = target.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let prefix = format!(".{name}.partial-");
        clear_abandoned(&parent, &prefix);
        let folder = parent.join(format!("{prefix}{}", std::process::id()));
        fs::create_dir(&folder).map_err(failed(&folder))?;
        Ok(Staging { folder, target, placed: false })
    }

    /// Where to write.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Gives the folder its final name, in one step, and removes the run that had it.
    ///
    /// # Errors
    /// The system refuses; then the final name still shows what it showed before.
    pub fn place(mut self) -> Result<(), PlaceError> {
        let failed = |source| PlaceError::Io { path: self.target.clone(), source };
        sync(&self.folder).map_err(failed)?;
        if self.target.exists() {
            exchange(&self.folder, &self.target).map_err(failed)?;
        } else {
            fs::rename(&self.folder, &self.target).map_err(failed)?;
            self.placed = true;
        }
        if let Some(parent) = self.target.parent() {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            sync(parent).map_err(failed)?;
        }
        // After an exchange `folder` holds the earlier run; dropping removes it.
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.placed {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Waits until a folder's entries are on disk.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Swaps two folders in one step; on file systems that cannot, in two with the old one put back if the second fails.
fn exchange(new: &Path, old: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE).is_ok() {
            return Ok(());
        }
    }
    let mut aside = new.as_os_str().to_owned();
    aside.push("-old");
    let aside = PathBuf::from(aside);
    fs::rename(old, &aside)?;
    if let Err(e) = fs::rename(new, old) {
        fs::rename(&aside, old)?;
        return Err(e);
    }
    fs::rename(&aside, new)
}

/// Removes folders of runs that were killed: their process is gone.
fn clear_abandoned(parent: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(process) = name.to_str().and_then(|n| n.strip_prefix(prefix)) else { continue };
        let alive = process.parse::<u32>().is_ok_and(|id| Path::new("/proc").join(id.to_string()).exists());
        if !alive || process == std::process::id().to_string() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, text: &str) {
        fs::write(folder.join(MARK), text).unwrap();
    }

    #[test]
    fn a_run_replaces_the_one_before_and_leaves_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        for text in ["first", "second"] {
            let staging = Staging::new(&out).unwrap();
            write(staging.folder(), text);
            staging.place().unwrap();
            assert_eq!(fs::read_to_string(out.join(MARK)).unwrap(), text);
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_run_that_fails_leaves_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        fs::create_dir(&out).unwrap();
        write(&out, "good");
        let staging = Staging::new(&out).unwrap();
        write(staging.folder(), "half");
        drop(staging);
        assert_eq!(fs::read_to_string(out.join(MARK)).unwrap(), "good");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_run_left_is_cleared() {
        let dir = tempfile::tempdir().unwrap();
        // No process has this number: it is above the largest that the system gives.
        let left = dir.path().join(".out.partial-4999999");
        fs::create_dir(&left).unwrap();
        drop(Staging::new(&dir.path().join("out")).unwrap());
        assert!(!left.exists());
    }

    #[test]
    fn foreign_folders_and_files_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("thesis.txt"), "years of work").unwrap();
        assert!(matches!(Staging::new(dir.path()), Err(PlaceError::Foreign { .. })));
        assert!(matches!(Staging::new(&dir.path().join("thesis.txt")), Err(PlaceError::NoFolder { .. })));
        assert!(dir.path().join("thesis.txt").exists());
    }
}
