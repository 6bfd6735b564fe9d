//! Making a failing scenario small: the shortest file that still fails in the same way.
//!
//! Parts of the file are left out, by halves and then one by one, from the outermost (whole sections) to the innermost
//! (single keys), the `count` of templates is made small, and all this is repeated until nothing more can go (delta
//! debugging, hierarchically). A part is left out for good only if the file still loads and fails alike. What a part
//! means is not known here, so a new key of the format is shrunk like any other. The transcript goes first, because it tells
//! another run; comments at the head of the file stay.
//!
//! It does not search for *the* smallest file: only no single part of the result can be left out.

mod tree;

use super::Scenario;
use super::report::{RunReport, Verdict, VerdictKind, ViolationReport};
use crate::engine::{Checker, Limit};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use tree::Node;

/// A try may take in so many times the events of the file as it was, and [`SPARE`] more, before it is given up.
const PATIENCE: u64 = 4;
const SPARE: u64 = 10_000;

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum FailureKind {
    /// Something that was expected was not so.
    Verdict(VerdictKind),
    /// The simulator itself is wrong.
    Own(Own),
}

/// How the simulator itself is wrong, as a word of [`FailureKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Own {
    /// It gave up.
    Panic,
    /// One of its invariants did not hold.
    Violation,
}

/// How a scenario fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What failed.
    pub kind: FailureKind,
    /// The line of the file; 0: none in particular.
    pub line: usize,
    /// What was expected; of a violation, the name of the invariant; of a panic, nothing.
    pub text: String,
    /// The actual values that decided it; of a panic and a violation, what it told.
    pub explain: String,
}

impl Failure {
    /// That the simulator gave up, and what it said.
    #[must_use]
    pub const fn panic(told: String) -> Failure {
        Failure {
            kind: FailureKind::Own(Own::Panic),
            line: 0,
            text: String::new(),
            explain: told,
        }
    }

    fn violation(found: &ViolationReport) -> Failure {
        Failure {
            kind: FailureKind::Own(Own::Violation),
            line: 0,
            text: found.invariant.clone(),
            explain: found.text.clone(),
        }
    }

    fn of(verdict: &Verdict) -> Failure {
        Failure {
            kind: FailureKind::Verdict(verdict.kind),
            line: verdict.line,
            text: verdict.text.clone(),
            explain: verdict.explain.clone(),
        }
    }

    /// Whether another failure is the same one, wherever it stands in the file. Jobs may have other numbers.
    #[must_use]
    pub fn is_like(&self, other: &Failure, alike: Alike) -> bool {
        self.kind == other.kind
            && unnumbered(&self.text) == unnumbered(&other.text)
            && (alike == Alike::Text || unnumbered(&self.explain) == unnumbered(&other.explain))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.text.is_empty(), self.explain.is_empty()) {
            (true, _) => f.write_str(&self.explain),
            (false, true) => f.write_str(&self.text),
            (false, false) => write!(f, "{}: {}", self.text, self.explain),
        }
    }
}

/// A text without the numbers of jobs, which shift when an earlier call is left out.
fn unnumbered(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(place) = rest.find("job ") {
        let (before, after) = rest.split_at(place + 4);
        plain.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    plain + rest
}

/// When two failures are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alike {
    /// The same was expected and the same was found instead.
    #[default]
    Values,
    /// The same was expected, whatever was found instead.
    Text,
}

/// Which failure is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// The first one; nothing else may fail before it.
    #[default]
    First,
    /// The first one of this line of the file as it was.
    Line(usize),
    /// The first one like this.
    Like(Failure),
}

/// How far to shrink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most files that are tried.
    pub tries: u64,
    /// When a failure is the same one.
    pub alike: Alike,
    /// Which failure is kept.
    pub wanted: Wanted,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            tries: 10_000,
            alike: Alike::default(),
            wanted: Wanted::default(),
        }
    }
}

/// What came of shrinking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The file, which fails.
    pub text: String,
    /// How it fails.
    pub failure: Failure,
    /// How many files were tried.
    pub tries: u64,
    /// Whether nothing more could be left out; if not, the tries were used up.
    pub is_minimal: bool,
}

/// Says how the files of one search fail, by loading and running them. The transcript is not looked at.
#[derive(Clone, Debug)]
pub struct Judge<'f> {
    file: &'f str,
    wanted: Wanted,
    alike: Alike,
    /// Most events that a run may take; unknown before the first.
    most: Option<u64>,
    checker: Option<Checker>,
}

impl<'f> Judge<'f> {
    /// A judge that knows no file yet. `file` is the name for diagnostics.
    #[must_use]
    pub fn new(file: &'f str, bounds: &Bounds) -> Judge<'f> {
        Judge {
            file,
            wanted: bounds.wanted.clone(),
            alike: bounds.alike,
            most: None,
            checker: None,
        }
    }

    /// The same judge, who also has each run checked. A violation fails a file in the line 0, and before anything else.
    #[must_use]
    pub fn checked(self, checker: Checker) -> Judge<'f> {
        Judge {
            checker: Some(checker),
            ..self
        }
    }

    /// How a file fails; None if it cannot be read, if what is wanted does not fail, or if it takes far more events than the
    /// first file did.
    pub fn failure(&mut self, text: &str) -> Option<Failure> {
        let report = self.run(text)?;
        let mut failures = failures(&report);
        let found = match &self.wanted {
            Wanted::First => failures.next(),
            Wanted::Line(line) => failures.find(|failure| failure.line == *line),
            Wanted::Like(other) => failures.find(|failure| failure.is_like(other, self.alike)),
        }?;
        let patience = report.events.saturating_mul(PATIENCE);
        self.most.get_or_insert(patience.saturating_add(SPARE));
        // Lines shift from here on.
        if matches!(self.wanted, Wanted::Line(_)) {
            self.wanted = Wanted::Like(found.clone());
        }
        Some(found)
    }

    /// The lines in which something fails, whatever is wanted; none if the file cannot be read.
    pub fn lines(&self, text: &str) -> BTreeSet<usize> {
        let report = self.run(text);
        let failing = report.iter().flat_map(failures);
        let lines = failing.map(|failure| failure.line);
        lines.filter(|line| *line > 0).collect()
    }

    /// Runs a file, if it can be read and does not take too long.
    fn run(&self, text: &str) -> Option<RunReport> {
        let scenario = Scenario::load(self.file, text).ok()?;
        let mut runner = scenario.start(None);
        if let Some(checker) = &self.checker {
            runner = runner.checked(checker.clone());
        }
        let limit = Limit {
            events: self.most,
            until: None,
        };
        if runner.run_until(limit, &mut ()) {
            return None;
        }
        Some(runner.run(&mut ()).report)
    }
}

/// Everything that failed in a run, in order; a violation before all else.
fn failures(report: &RunReport) -> impl Iterator<Item = Failure> + '_ {
    let violation = report.violation.iter().map(Failure::violation);
    violation.chain(report.failures().map(Failure::of))
}

/// Shrinks a scenario file whose expectations fail; None if they hold or it cannot be read. A panic is the caller's to
/// catch; see [`shrink_by`].
///
/// ```
/// use sdrsim::scenario::shrink::{Bounds, shrink};
///
/// let text = "# A site too many.\nversion: 1\nname: long\nsites: {a: {}, b: {}, c: {}}\n\
///     azs: {az: {site: a}}\ntimeline:\n  - at: 5s\n    expect: count(zones) == 1\n  - expect: count(sites) == 2\n";
/// let shrunk = shrink("a.yaml", text, Bounds::default(), &mut ());
/// let shrunk = shrunk.expect("there are three sites");
/// assert_eq!(
///     shrunk.text,
///     "# A site too many.\nversion: 1\nsites: {a: {}, b: {}, c: {}}\ntimeline:\n  - expect: count(sites) == 2\n"
/// );
/// ```
#[must_use]
pub fn shrink(
    file: &str,
    text: &str,
    bounds: Bounds,
    progress: &mut impl ShrinkProgress,
) -> Option<Shrunk> {
    let mut judge = Judge::new(file, &bounds);
    shrink_by(text, bounds, |text| judge.failure(text), progress)
}

/// Hears how far shrinking has come; `()` does not care.
pub trait ShrinkProgress {
    /// So many files were tried, and the smallest that fails alike has so many bytes.
    fn tried(&mut self, tries: u64, bytes: usize);
}

impl ShrinkProgress for () {
    fn tried(&mut self, _: u64, _: usize) {}
}

/// Shrinks a file with a judge of the caller's, who says how a text fails, or None if it does not. The judge must say the
/// same of the same text. None if the text as it is does not fail.
pub fn shrink_by(
    text: &str,
    bounds: Bounds,
    mut judge: impl FnMut(&str) -> Option<Failure>,
    progress: &mut impl ShrinkProgress,
) -> Option<Shrunk> {
    let failure = judge(text)?;
    let bare = |tree: Node| tree.without_key(text, "transcript");
    let mut work = Work {
        text: text.to_owned(),
        failure,
        bounds,
        tries: 1,
        spent: false,
        judge,
        progress,
    };
    if let Some(bare) = Node::read(text).and_then(bare) {
        work.attempt(Some(bare));
    }
    while work.round() {}
    Some(Shrunk {
        text: work.text,
        failure: work.failure,
        tries: work.tries,
        is_minimal: !work.spent,
    })
}

/// Shrinking at work.
struct Work<'p, J, P> {
    /// The smallest so far.
    text: String,
    failure: Failure,
    bounds: Bounds,
    tries: u64,
    /// Whether a try was wanted that there was none left for.
    spent: bool,
    judge: J,
    progress: &'p mut P,
}

impl<J: FnMut(&str) -> Option<Failure>, P: ShrinkProgress> Work<'_, J, P> {
    /// Takes a text for the smallest if it fails alike and is no longer; answers whether.
    fn attempt(&mut self, text: Option<String>) -> bool {
        let Some(text) = text.filter(|text| text.len() <= self.text.len()) else {
            return false;
        };
        if self.tries >= self.bounds.tries {
            self.spent = true;
            return false;
        }
        self.tries += 1;
        let failure = (self.judge)(&text);
        let alike = failure.filter(|failure| failure.is_like(&self.failure, self.bounds.alike));
        if let Some(failure) = alike {
            (self.text, self.failure) = (text, failure);
            self.progress.tried(self.tries, self.text.len());
            return true;
        }
        self.progress.tried(self.tries, self.text.len());
        false
    }

    /// Tries everything once; answers whether anything could be left out and more can be tried.
    fn round(&mut self) -> bool {
        let before = self.text.clone();
        // Small templates first: everything after them is faster.
        self.lessen();
        let mut place = 0;
        // The list of containers changes with the text; those before a container stay, because cuts are made within it.
        while let Some(path) =
            Node::read(&self.text).and_then(|tree| tree.containers().into_iter().nth(place))
        {
            self.thin(&path);
            place += 1;
            if self.spent {
                break;
            }
        }
        self.text != before && !self.spent
    }

    /// Leaves out as many children of a node as possible: halves, quarters and so on to single ones, the last first.
    fn thin(&mut self, path: &[usize]) {
        let children = |text: &str| {
            Node::read(text)
                .and_then(|tree| tree.at(path).map(Node::len))
                .unwrap_or(0)
        };
        let mut size = children(&self.text);
        while size > 0 {
            let mut end = children(&self.text);
            while end > 0 {
                let start = end.saturating_sub(size);
                self.leave_out(path, start..end);
                end = start;
            }
            size /= 2;
        }
    }

    fn leave_out(&mut self, path: &[usize], gone: Range<usize>) {
        let tree = Node::read(&self.text);
        let less = tree.and_then(|tree| tree.without(&self.text, path, gone));
        self.attempt(less);
    }

    /// Makes the counts of templates small. Templates refer to each other by number, so all are halved together first, then
    /// those that are equal are made less together, and then each by itself.
    fn lessen(&mut self) {
        while let Some(counts) = self.counts()
            && self.attempt(self.counted(counts.into_iter().map(|(path, n)| (path, n.div_ceil(2)))))
        {
        }
        let numbers: BTreeSet<u64> = self
            .counts()
            .into_iter()
            .flatten()
            .map(|(_, n)| n)
            .collect();
        for number in numbers {
            let equal = self.counts().unwrap_or_default().into_iter();
            let equal = equal.filter(|(_, n)| *n == number).map(|(path, _)| path);
            self.lessen_together(&equal.collect::<Vec<_>>(), number);
        }
        for (path, number) in self.counts().unwrap_or_default() {
            self.lessen_together(&[path], number);
        }
    }

    /// The counts above 1; None if there are none.
    fn counts(&self) -> Option<Vec<(Vec<usize>, u64)>> {
        let counts = Node::read(&self.text)?.numbers("count");
        (!counts.is_empty()).then_some(counts)
    }

    /// The text with other numbers at some places.
    fn counted(&self, numbers: impl Iterator<Item = (Vec<usize>, u64)>) -> Option<String> {
        let mut text = self.text.clone();
        for (path, number) in numbers {
            text = Node::read(&text)?.with_number(&text, &path, number)?;
        }
        Some(text)
    }

    /// Makes equal counts small: 1 if that will do, else the least number between that is found by halving.
    fn lessen_together(&mut self, paths: &[Vec<usize>], number: u64) {
        let (mut holds_at, mut fails_at) = (0, number);
        while !paths.is_empty() && fails_at - holds_at > 1 {
            let middle = match holds_at {
                0 if fails_at == number => 1,
                _ => holds_at + (fails_at - holds_at) / 2,
            };
            let less = self.counted(paths.iter().map(|path| (path.clone(), middle)));
            match self.attempt(less) {
                true => fails_at = middle,
                false => holds_at = middle,
            }
        }
    }
}

#[cfg(test)]
mod tests;
