//! Comparing two traces: where do they part?
//!
//! Headers are not compared: two runs may do the same under different seeds or from different files, and a reader who
//! cares looks at the headers. Both files are read side by side, a line at a time; what is kept of them grows with the
//! resources that they name, and not with their length.

use super::End;
use super::account::{Account, Accounts};
use super::read::{Line, Reader, TraceError};
use std::collections::VecDeque;
use std::fmt;
use std::io::BufRead;

/// One of the two traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first.
    Left,
    /// The second.
    Right,
}

/// That one of the traces is not a whole trace, and which. Up to there they were the same.
#[derive(Debug)]
pub struct DiffError {
    /// Which trace.
    pub side: Side,
    /// How many effects were the same before.
    pub effects: u64,
    /// What is wrong with it.
    pub error: TraceError,
}

impl fmt::Display for DiffError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for DiffError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Diff {
    /// They tell the same run.
    Same {
        /// How many effects they tell.
        effects: u64,
        /// How both end.
        end: End,
    },
    /// They part.
    Parted(Box<Parting>),
}

/// Where two traces part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parting {
    /// How many effects are the same.
    pub effects: u64,
    /// The last lines before, which are the same in both; oldest first.
    pub before: Vec<Line>,
    /// The first trace's line that the second does not have there.
    pub left: Line,
    /// The second trace's line at the same place.
    pub right: Line,
    /// What the traces tell of the resources of the two lines, up to and with them: that of the left line first.
    pub accounts: Vec<Account>,
}

/// The last lines that were the same, and what all of them have told.
#[derive(Clone, Debug)]
pub(in crate::scenario) struct Context {
    most: usize,
    lines: VecDeque<Line>,
    effects: u64,
    told: Accounts,
}

impl Context {
    pub(in crate::scenario) fn of(most: usize) -> Context {
        Context {
            most,
            lines: VecDeque::new(),
            effects: 0,
            told: Accounts::default(),
        }
    }

    /// How many effects were the same.
    pub(in crate::scenario) const fn effects(&self) -> u64 {
        self.effects
    }

    /// Another effect was the same.
    pub(in crate::scenario) fn push(&mut self, line: Line) {
        self.effects += 1;
        self.told.take(&line);
        self.lines.push_back(line);
        if self.lines.len() > self.most {
            self.lines.pop_front();
        }
    }

    /// They part here.
    pub(in crate::scenario) fn part(&mut self, left: Line, right: Line) -> Box<Parting> {
        Box::new(Parting {
            effects: self.effects,
            before: std::mem::take(&mut self.lines).into(),
            accounts: self.told.part(&left, &right),
            left,
            right,
        })
    }
}

/// Compares two traces from where they stand, and keeps up to `context` lines before the place where they part.
///
/// # Errors
/// If one of them is not a whole trace and they do not part before that shows.
pub fn diff<A: BufRead, B: BufRead>(
    left: &mut Reader<A>,
    right: &mut Reader<B>,
    context: usize,
) -> Result<Diff, DiffError> {
    let mut same = Context::of(context);
    loop {
        let effects = same.effects();
        let fault = |side| {
            move |error| DiffError {
                side,
                effects,
                error,
            }
        };
        let a = next(left).map_err(fault(Side::Left))?;
        let b = next(right).map_err(fault(Side::Right))?;
        if !a.says_what(&b) {
            return Ok(Diff::Parted(same.part(a, b)));
        }
        match a.end {
            Some(end) => return Ok(Diff::Same { effects, end }),
            None => same.push(a),
        }
    }
}

/// The next line of a trace whose end has not been read yet.
fn next<R: BufRead>(reader: &mut Reader<R>) -> Result<Line, TraceError> {
    let line = reader.next_line()?;
    Ok(line.expect("both end together or part, and after the end nothing more is read"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    const HEADER: &str = r#"{"version":1,"crate_version":"0.1.0","scenario":"00","seed":1}"#;
    const END: &str = r#"{"end":9,"digest":"0000000000000000","events":2}"#;

    fn effect(at: u64, label: &str) -> String {
        format!(r#"{{"at":{at},"label":"{label}","effect":"stalled"}}"#)
    }

    fn trace(lines: &[&str]) -> Reader<Cursor<Vec<u8>>> {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        Reader::open(Cursor::new(text.into_bytes())).unwrap()
    }

    fn compare(a: &[&str], b: &[&str]) -> Result<Diff, DiffError> {
        diff(&mut trace(a), &mut trace(b), 2)
    }

    #[test]
    fn equal_traces_are_equal_whatever_their_headers_and_the_order_of_keys() {
        let other = HEADER.replace("\"seed\":1", "\"seed\":2");
        let turned = r#"{"label":"a","effect":"stalled","at":1}"#;
        let found = compare(&[HEADER, &effect(1, "a"), END], &[&other, turned, END]).unwrap();
        let Diff::Same { effects, end } = found else {
            panic!("they are the same");
        };
        assert_eq!((effects, end.events), (1, 2));
    }

    #[test]
    fn the_first_difference_is_told_with_what_was_before() {
        let lines: Vec<String> = (1..6).map(|n| effect(n, "a")).collect();
        let mut a = vec![HEADER];
        a.extend(lines.iter().map(String::as_str));
        a.push(END);
        let mut b = a.clone();
        let other = effect(5, "b");
        b[5] = &other;
        let Diff::Parted(parting) = compare(&a, &b).unwrap() else {
            panic!("they part");
        };
        assert_eq!(parting.effects, 4);
        let numbers: Vec<u64> = parting.before.iter().map(|line| line.number).collect();
        assert_eq!(numbers, [4, 5]);
        assert_eq!((parting.left.number, parting.right.number), (6, 6));
        assert_eq!(parting.left.label, "a");
        assert_eq!(parting.right.label, "b");
        let stalled = |at: u64| Some(serde_json::json!({"stalled": true, "told_at": at}));
        let told: Vec<_> = { parting.accounts.iter() }
            .map(|account| (account.label.as_str(), &account.left, &account.right))
            .collect();
        assert_eq!(
            told,
            [("a", &stalled(5), &stalled(4)), ("b", &None, &stalled(5))]
        );
    }

    #[test]
    fn a_trace_that_ends_sooner_parts_there() {
        let more = effect(3, "a");
        let Diff::Parted(parting) = compare(&[HEADER, END], &[HEADER, &more, END]).unwrap() else {
            panic!("they part");
        };
        assert!(parting.left.end.is_some() && parting.right.end.is_none());
        assert_eq!(parting.effects, 0);
    }

    #[test]
    fn what_is_not_whole_is_named_with_its_side() {
        let one = effect(1, "a");
        let error = compare(&[HEADER, &one, END], &[HEADER, &one]).unwrap_err();
        assert_eq!((error.side, error.effects), (Side::Right, 1));
        assert!(
            matches!(error.error, TraceError::CutOff { after: 2 }),
            "{error}"
        );
        let error = compare(&[HEADER, "{}", END], &[HEADER, &one, END]).unwrap_err();
        assert_eq!(error.side, Side::Left);
        assert!(
            matches!(error.error, TraceError::Broken { line: 2, .. }),
            "{error}"
        );
        let error = compare(&[HEADER, END, &one], &[HEADER, END]).unwrap_err();
        assert!(
            matches!(error.error, TraceError::AfterEnd { line: 3 }),
            "{error}"
        );
    }

    #[test]
    fn what_is_cut_anywhere_is_never_taken_for_whole() {
        let text = format!("{HEADER}\n{}\n{END}\n", effect(1, "a"));
        for length in 0..text.len() - 1 {
            let read =
                Reader::open(Cursor::new(&text.as_bytes()[..length])).and_then(|mut reader| {
                    while reader.next_line()?.is_some() {}
                    Ok(())
                });
            match read {
                Err(TraceError::NoHeader { .. }) => assert!(length < HEADER.len(), "{length}"),
                Err(TraceError::CutOff { .. }) => assert!(length >= HEADER.len(), "{length}"),
                other => panic!("{length}: {other:?}"),
            }
        }
        // Only the last line break may be missing.
        let bytes = &text.as_bytes()[..text.len() - 1];
        let mut reader = Reader::open(Cursor::new(bytes)).unwrap();
        assert!(reader.next_line().unwrap().is_some());
        assert!(reader.next_line().unwrap().unwrap().end.is_some());
        assert!(reader.next_line().unwrap().is_none());
    }

    #[test]
    fn what_is_no_trace_is_refused_by_its_first_line() {
        let open = |text: &str| Reader::open(Cursor::new(text.to_owned().into_bytes())).err();
        assert!(matches!(
            open("version: 1\n"),
            Some(TraceError::NoHeader { .. })
        ));
        let later = open("{\"version\":2,\"other\":true}\n");
        assert!(matches!(later, Some(TraceError::Version { found: 2 })));
        let long = "x".repeat(2_000_000);
        assert!(matches!(open(&long), Some(TraceError::TooLong { line: 1 })));
    }
}
