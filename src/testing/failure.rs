//! What came of a suite that did not pass: told in one line, and kept as a scenario file.

use super::history::History;
use super::play::Violation;
use crate::hash::hash_bytes;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A property that did not hold. [`fmt::Display`] tells it in one line, whatever its name and explanation hold, and says
/// which history to run again.
#[derive(Debug)]
pub struct Failure {
    /// What did not hold, why and when, in the shortened history.
    pub violation: Violation,
    /// The seed of the suite.
    pub seed: u64,
    /// The history of this number failed.
    pub case: u32,
    /// The shortened history, without what operators did.
    pub history: History,
    /// How many histories were replayed to shorten it.
    pub replayed: u32,
    /// The scenario file, with the calls of operators in its timeline.
    pub scenario: String,
    /// Whether a run of that file was seen to fail at its last expectation and nowhere else.
    pub confirmed: bool,
    /// Where it was written; None: nowhere, as the suite says. The name of the file ends with a hash of what it holds, so
    /// that two failures never take each other's file, and the same one is found in the same.
    pub file: Option<Result<PathBuf, io::Error>>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation {
            property, what, at, ..
        } = &self.violation;
        let (property, what) = (in_one_line(property), in_one_line(what));
        let (seed, case, steps) = (self.seed, self.case, self.history.steps.len());
        write!(
            f,
            "`{property}` is violated at {}: {what}; {steps} steps; the suite with `.seed({seed}).only({case})` runs it again",
            at.since_start()
        )?;
        match &self.file {
            None => {}
            Some(Ok(path)) => write!(f, "; {}", in_one_line(&path.display().to_string()))?,
            Some(Err(error)) => write!(f, "; no file could be written: {error}")?,
        }
        match self.confirmed {
            true => Ok(()),
            false => f.write_str("; the scenario file alone does not show it"),
        }
    }
}

impl std::error::Error for Failure {}

/// An interesting state that no history came to. [`fmt::Display`] tells it in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{property}` was reached in none of {cases} histories; seed {seed}", property = in_one_line(property))]
pub struct Missed {
    /// The name of the state.
    pub property: String,
    /// How many histories were tried.
    pub cases: u32,
    /// The seed of the suite.
    pub seed: u64,
}

/// A text without line breaks and other controls, which are shown as they are written in Rust.
pub(super) fn in_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // Line breaks of Unicode that are no controls.
            '\u{2028}' | '\u{2029}' => line.extend(c.escape_unicode()),
            c if c.is_control() => line.extend(c.escape_default()),
            c => line.push(c),
        }
    }
    line
}

/// Writes the scenario file of a failure: its old content is there, or the whole new one, never a part of either.
pub(super) fn keep(
    directory: &Path,
    property: &str,
    (seed, case): (u64, u32),
    scenario: &str,
) -> io::Result<PathBuf> {
    std::fs::create_dir_all(directory)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".sdrsim-");
    #[cfg(unix)]
    let usual = {
        use std::os::unix::fs::PermissionsExt;
        // What the user's mask leaves of this, as for any other new file.
        std::fs::Permissions::from_mode(0o666)
    };
    #[cfg(unix)]
    builder.permissions(usual);
    let mut file = builder.tempfile_in(directory)?;
    file.write_all(scenario.as_bytes())?;
    file.as_file().sync_all()?;
    let mark = hash_bytes(scenario.as_bytes()) >> 32;
    let path = directory.join(format!("{}-{seed}-{case}-{mark:08x}.yaml", slug(property)));
    file.persist(&path).map_err(|error| error.error)?;
    Ok(path)
}

/// A name as part of a file's name.
fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let all: String = name.chars().map(plain).take(60).collect();
    let parts: Vec<_> = all.split('-').filter(|part| !part.is_empty()).collect();
    match parts.is_empty() {
        true => "property".to_owned(),
        false => parts.join("-"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_part_of_a_line_and_of_a_files_name() {
        assert_eq!(
            in_one_line("a\nb\tc\r\u{1b}[2J\u{2028}d\u{85}é \"x\""),
            "a\\nb\\tc\\r\\u{1b}[2J\\u{2028}d\\u{85}é \"x\""
        );
        assert_eq!(slug("all groups.status != x"), "all-groups-status-x");
        assert_eq!(slug("é/.."), "property");
    }

    #[test]
    fn a_file_is_replaced_whole_and_two_contents_have_two_names() {
        let folder = tempfile::tempdir().unwrap();
        let keep = |text: &str| keep(folder.path(), "p", (1, 2), text).unwrap();
        let path = keep("a");
        assert_ne!(keep("b"), path);
        std::fs::write(&path, "somebody's").unwrap();
        let other = folder.path().join("other");
        std::fs::hard_link(&path, &other).unwrap();
        assert_eq!(keep("a"), path);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a");
        // It was put in the place of the old one, which nobody has written into.
        assert_eq!(std::fs::read_to_string(other).unwrap(), "somebody's");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
