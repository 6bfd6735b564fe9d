//! The scenario files of the repository, for tests that try something with all of them.
#![allow(dead_code)] // Each test binary uses its own part.

use sdrsim::scenario::Scenario;
use std::fs;
use std::path::{Path, PathBuf};

/// Every scenario file, sorted.
pub fn all() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut waiting = vec![PathBuf::from("scenarios")];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|end| end == "yaml") {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(files.len() > 60, "the scenarios are found");
    files
}

/// A scenario, or a panic that says what is wrong with it.
pub fn load(file: &Path) -> Scenario {
    let text = fs::read_to_string(file).unwrap();
    let name = file.display().to_string();
    Scenario::load(&name, &text).unwrap_or_else(|faults| panic!("{}", faults[0]))
}
