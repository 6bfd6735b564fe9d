//! One line for many members of a template that do the same at one instant.
//!
//! Lines are alike when they differ only in the number of the member (wherever it is named) and in the job. They need not
//! follow one another; the one line stands where the first of them stood.

use super::{ALIKE, Line};
use crate::scenario::load::numbered;
use std::collections::BTreeMap;

/// A line's label as template, number and part: `web-7/dr` is `web`, 7 and `/dr`.
fn split(label: &str) -> Option<(&str, u32, &str)> {
    let (head, part) = label.find('/').map_or((label, ""), |at| label.split_at(at));
    let (base, number) = numbered(head)?;
    Some((base, number, part))
}

/// The text with the labels of all templates' members of this number replaced by those of all members.
fn general(text: &str, number: u32) -> String {
    let tail = format!("-{number}");
    let joins = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let mut out = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find(joins) {
        let (before, from) = rest.split_at(begin);
        let (word, after) = from.split_at(from.find(|c| !joins(c)).unwrap_or(from.len()));
        out.push_str(before);
        match word.strip_suffix(&tail) {
            Some(base) if !base.is_empty() => out.extend([base, "-*"]),
            _ => out.push_str(word),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Brings alike lines of one instant together.
pub(super) fn collapse(lines: Vec<Line>) -> Vec<Line> {
    if lines.len() <= ALIKE {
        return lines;
    }
    let mut alike: BTreeMap<(&str, &str, String, bool, String), Vec<usize>> = BTreeMap::new();
    for (place, line) in lines.iter().enumerate() {
        let Some((base, number, part)) = split(&line.label) else {
            continue;
        };
        let [what, why] = [&line.what, &line.cause.rest].map(|text| general(text, number));
        let key = (base, part, what, line.cause.jobs.is_some(), why);
        alike.entry(key).or_default().push(place);
    }
    let mut keep: Vec<Option<Line>> = lines.iter().cloned().map(Some).collect();
    for ((base, part, what, _, why), places) in alike {
        if places.len() <= ALIKE {
            continue;
        }
        let numbers = places
            .iter()
            .filter_map(|&place| split(&lines[place].label))
            .map(|split| split.1);
        let (low, high) = numbers.fold((u32::MAX, 0), |(low, high), n| (low.min(n), high.max(n)));
        let mut line = lines[places[0]].clone();
        line.label = format!("{base}-{low}{part}..{base}-{high}{part} ({})", places.len());
        line.what = what;
        line.cause.rest = why;
        let jobs = places.iter().filter_map(|&place| lines[place].cause.jobs);
        line.cause.jobs = jobs.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        for &place in &places {
            keep[place] = None;
        }
        keep[places[0]] = Some(line);
    }
    keep.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::narrate::Cause;
    use crate::time::SimTime;

    fn line(label: &str, what: &str, job: u64) -> Line {
        Line {
            at: SimTime::ZERO,
            who: None,
            label: label.to_owned(),
            what: what.to_owned(),
            cause: Cause::job(job),
        }
    }

    fn told(lines: Vec<Line>) -> Vec<String> {
        let tell = |line: Line| format!("{}: {} {}", line.label, line.what, line.cause.text());
        collapse(lines)
            .into_iter()
            .map(|line| tell(line).trim_end().to_owned())
            .collect()
    }

    #[test]
    fn members_that_do_the_same_become_one_line_where_the_first_stood() {
        let mut lines = vec![line("x", "a -> b", 0)];
        for n in 1..=5 {
            lines.push(line(&format!("web-{n}"), "a -> b", n));
            lines.push(line(
                &format!("web-{n}/nic"),
                &format!("moves from web-{n} to web-{n}/dr"),
                0,
            ));
        }
        lines.push(line("web-6", "a -> c", 6));
        assert_eq!(
            told(lines),
            [
                "x: a -> b",
                "web-1..web-5 (5): a -> b jobs 1..5",
                "web-1/nic..web-5/nic (5): moves from web-* to web-*/dr",
                "web-6: a -> c job 6",
            ]
        );
    }

    #[test]
    fn few_lines_and_different_ones_stay() {
        let lines: Vec<Line> = (1..=3).map(|n| line(&format!("web-{n}"), "a", 0)).collect();
        assert_eq!(collapse(lines.clone()), lines);
        let lines: Vec<Line> = (1..=9)
            .map(|n| line(&format!("web-{n}"), &format!("has {n} GiB"), 0))
            .collect();
        assert_eq!(collapse(lines.clone()), lines);
        let lines: Vec<Line> = (1..=9).map(|_| line("web", "a", 0)).collect();
        assert_eq!(collapse(lines.clone()), lines);
    }
}
