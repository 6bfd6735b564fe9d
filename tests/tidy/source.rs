//! The sources as a tidy test reads them: code without comments and text, the tree of modules, and what is a test.
//!
//! A small reader of tokens, not a parser of Rust: it knows comments, text, characters and brackets, which is what the
//! rules need, and nothing of types or macros.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A source file.
pub struct Source {
    /// The path from the root of the repository, with `/`.
    pub path: String,
    /// What the file holds.
    pub text: String,
    /// The same length, with comments, text and characters blanked; line breaks stay.
    pub code: String,
    /// The parts of `code` that are compiled for tests only.
    tests: Vec<Range<usize>>,
}

/// A function with a body.
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of its `fn`, from 1.
    pub line: usize,
    /// Its lines, from `fn` to the closing brace.
    pub lines: usize,
    /// Whether it is compiled for tests only.
    pub test: bool,
}

impl Source {
    /// A source from text, as if it stood at this path.
    pub fn new(path: &str, text: &str) -> Source {
        let code = blanked(text);
        let tests = test_items(&code);
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
            code,
            tests,
        }
    }

    /// The module that the file belongs to, directly under the crate: `time` for `src/time/span.rs`.
    pub fn module(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let first = inside.split('/').next().unwrap_or(inside);
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Marks the whole file as compiled for tests only.
    fn all_is_test(&mut self) {
        self.tests = std::iter::once(0..self.code.len()).collect();
    }

    /// Whether this place in `code` is compiled for tests only.
    pub fn is_test(&self, at: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&at))
    }

    /// The line of a place, from 1.
    pub fn line(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count() + 1
    }

    /// The places of a word or path in the code; what stands next to it is no part of a name.
    pub fn places(&self, word: &str) -> Vec<usize> {
        let code = self.code.as_bytes();
        let named = |at: Option<usize>| at.and_then(|at| code.get(at)).is_some_and(is_word);
        let (opens, closes) = (
            word.bytes().next().is_some_and(|byte| is_word(&byte)),
            word.bytes().last().is_some_and(|byte| is_word(&byte)),
        );
        self.code
            .match_indices(word)
            .map(|(at, _)| at)
            .filter(|&at| !opens || !named(at.checked_sub(1)))
            .filter(|&at| !closes || !named(Some(at + word.len())))
            .collect()
    }

    /// The first names after `path::`, those of a group `path::{a, b::c}` included; `*` where all are named.
    pub fn named_after(&self, path: &str) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for at in self.places(path) {
            let rest = self.code[at + path.len()..].trim_start();
            let Some(rest) = rest.strip_prefix("::") else {
                continue;
            };
            match rest.trim_start().strip_prefix('{') {
                None => found.push((at, first_name(rest))),
                Some(group) => found.extend(group_names(group).into_iter().map(|name| (at, name))),
            }
        }
        found
    }

    /// Every function with a body, in the order of the file.
    pub fn functions(&self) -> Vec<Function> {
        let mut found = Vec::new();
        for at in self.places("fn") {
            let name = first_name(&self.code[at + 2..]);
            let Some(body) = body_of(&self.code, at).filter(|_| !name.is_empty()) else {
                continue;
            };
            let end = closing(&self.code, body);
            found.push(Function {
                name,
                line: self.line(at),
                lines: self.line(end) - self.line(at) + 1,
                test: self.is_test(at),
            });
        }
        found
    }
}

fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

/// The name at the beginning; `*` for all; empty where there is none.
fn first_name(code: &str) -> String {
    let code = code.trim_start();
    if code.starts_with('*') {
        return "*".to_owned();
    }
    let end = code.bytes().position(|byte| !is_word(&byte));
    code[..end.unwrap_or(code.len())].to_owned()
}

/// The first names of the members of a group whose brace has just been opened.
fn group_names(group: &str) -> Vec<String> {
    let (mut names, mut depth, mut begin) = (Vec::new(), 0, 0);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.push(first_name(&group[begin..at]));
                begin = at + 1;
                if letter == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// Where the item that begins here opens its body; None if it ends without one.
fn body_of(code: &str, item: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, letter) in code[item..].char_indices() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ';' if depth == 0 => return None,
            '{' if depth == 0 => return Some(item + at),
            _ => {}
        }
    }
    None
}

/// The brace that closes the one opened here.
fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, letter) in code[open..].char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return open + at;
        }
    }
    panic!(
        "a brace is never closed: {}",
        &code[open..].lines().next().unwrap_or("")
    )
}

/// The items under `#[cfg(test)]` that stand in this file.
fn test_items(code: &str) -> Vec<Range<usize>> {
    code.match_indices("#[cfg(test)]")
        .map(|(at, attribute)| {
            let item = at + attribute.len();
            let end = match body_of(code, item) {
                Some(open) => closing(code, open),
                None => {
                    item + code[item..]
                        .find(';')
                        .expect("an item has a body or a semicolon")
                }
            };
            at..end + 1
        })
        .collect()
}

/// The text with comments, text and characters blanked, byte for byte.
fn blanked(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let length = skipped(bytes, at);
        let keep = length == 0;
        for &byte in &bytes[at..at + length.max(1)] {
            out.push(if keep || byte == b'\n' { byte } else { b' ' });
        }
        at += length.max(1);
    }
    String::from_utf8(out)
        .expect("only text and comments hold more than ASCII, and they are blanked")
}

/// The length of the comment, text or character that begins here; 0 if none does.
fn skipped(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let glued = at > 0 && is_word(&bytes[at - 1]);
    match rest {
        [b'/', b'/', ..] => position(rest, b"\n").unwrap_or(rest.len()),
        [b'/', b'*', ..] => block(rest),
        [b'"', ..] => 1 + quoted(&rest[1..]),
        [b'r', b'"' | b'#', ..] if !glued => raw(rest, 1),
        [b'b', b'r', b'"' | b'#', ..] if !glued => raw(rest, 2),
        [b'\'', b'\\', ..] => 3 + position(&rest[3..], b"'").unwrap_or(0) + 1,
        [b'\'', first, ..] => character(rest, *first),
        _ => 0,
    }
}

fn position(bytes: &[u8], sought: &[u8]) -> Option<usize> {
    bytes
        .windows(sought.len())
        .position(|window| window == sought)
}

/// The length of a comment in slashes and asterisks, which may hold others.
fn block(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of text after its opening quote, the closing one included.
fn quoted(rest: &[u8]) -> usize {
    let mut at = 0;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of raw text whose hashes begin at `hash`; 0 for a raw name such as `r#type`.
fn raw(rest: &[u8], hash: usize) -> usize {
    let hashes = rest[hash..]
        .iter()
        .take_while(|&&byte| byte == b'#')
        .count();
    let open = hash + hashes;
    if rest.get(open) != Some(&b'"') {
        return 0;
    }
    let mut close = vec![b'"'];
    close.resize(hashes + 1, b'#');
    let inside = position(&rest[open + 1..], &close).unwrap_or(rest.len() - open - 1 - close.len());
    open + 1 + inside + close.len()
}

/// The length of a character in quotes; 0 for a lifetime.
fn character(rest: &[u8], first: u8) -> usize {
    let width = match first {
        0x00..=0x7f => 1,
        0x80..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    };
    if rest.get(1 + width) == Some(&b'\'') {
        width + 2
    } else {
        0
    }
}

/// Every file under a folder of the repository whose path the filter takes, sorted by path.
pub fn files(folder: &str, take: &dyn Fn(&str) -> bool) -> Vec<(String, PathBuf)> {
    let mut open = vec![root().join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            let inside = path.strip_prefix(root()).expect("inside the repository");
            let name = inside.to_str().expect("paths are UTF-8").replace('\\', "/");
            if !take(&name) {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else {
                found.push((name, path));
            }
        }
    }
    found.sort();
    found
}

/// Whether a file or folder is made by a fuzzer or by a build, of the crate or of a package beside it, and no part of the
/// repository.
pub fn is_built(name: &str) -> bool {
    let fuzzed = ["artifacts", "coverage"].map(|made| format!("tests/fuzz/{made}"));
    name == "target" || name.ends_with("/target") || fuzzed.iter().any(|made| name == made)
}

/// The Rust files under a folder, but for those that a build has made.
pub fn sources(folder: &str) -> Vec<Source> {
    let rust =
        |name: &str| !is_built(name) && (root().join(name).is_dir() || name.ends_with(".rs"));
    let read = |(name, path): (String, PathBuf)| {
        Source::new(&name, &fs::read_to_string(path).expect("UTF-8"))
    };
    files(folder, &rust).into_iter().map(read).collect()
}

/// The crate's sources, with the files that are compiled for tests only marked as such.
///
/// A file that no `mod` names is a failure: nothing would ever compile it.
pub fn crate_sources() -> Vec<Source> {
    let mut all = sources("src");
    let mut open = vec![
        ("src/lib.rs".to_owned(), false),
        ("src/main.rs".to_owned(), false),
    ];
    let mut reached = BTreeSet::new();
    while let Some((path, test)) = open.pop() {
        let source = all
            .iter_mut()
            .find(|source| source.path == path)
            .unwrap_or_else(|| panic!("{path} does not exist"));
        if test {
            source.all_is_test();
        }
        reached.insert(path);
        open.extend(children(source));
    }
    let lost: Vec<&str> = all
        .iter()
        .map(|s| s.path.as_str())
        .filter(|&path| !reached.contains(path))
        .collect();
    assert!(lost.is_empty(), "no `mod` names these files: {lost:?}");
    all
}

/// The files of the modules that a file names, and whether they are compiled for tests only.
fn children(source: &Source) -> Vec<(String, bool)> {
    let folder = match source.path.rsplit_once('/') {
        Some((folder, "lib.rs" | "main.rs" | "mod.rs")) => folder,
        _ => source.path.trim_end_matches(".rs"),
    };
    let mut found = Vec::new();
    for at in source.places("mod") {
        let rest = &source.code[at + 3..];
        let name = first_name(rest);
        if !rest
            .trim_start()
            .trim_start_matches(name.as_str())
            .trim_start()
            .starts_with(';')
        {
            continue;
        }
        let test = source.is_test(at);
        let given = given_path(source, at);
        let file = given.map_or_else(
            || usual_path(folder, &name),
            |file| {
                let here = source
                    .path
                    .rsplit_once('/')
                    .map_or("", |(folder, _)| folder);
                format!("{here}/{file}")
            },
        );
        found.push((file, test));
    }
    found
}

fn usual_path(folder: &str, name: &str) -> String {
    let flat = format!("{folder}/{name}.rs");
    if root().join(&flat).exists() {
        flat
    } else {
        format!("{folder}/{name}/mod.rs")
    }
}

/// What `#[path = "..."]` before a module says.
fn given_path(source: &Source, at: usize) -> Option<&str> {
    let begin = source.code[..at]
        .rfind([';', '}', '{'])
        .map_or(0, |found| found + 1);
    let attribute = begin + source.code[begin..at].find("#[path")?;
    source.text[attribute..at].split('"').nth(1)
}
