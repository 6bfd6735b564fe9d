//! The expected run at the end of a scenario file: finding it, writing it, comparing with it.
//!
//! This is text work on purpose. Writing YAML out again would lose comments, order and quoting; here every byte outside
//! the block under the last top-level key `transcript: |` stays as it is. What the lines mean is not known here.
//!
//! Lines of nothing but white space at the end do not belong to a transcript: they are not written, not extracted and not compared.

use std::fmt;
use std::ops::Range;

/// By how many columns a transcript is indented in the file.
const INDENT: usize = 2;
/// How many equal lines are shown before the first difference.
const CONTEXT: usize = 2;

/// The transcript as a file has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Transcript {
    /// The line of the file, from 1, on which the first line of the transcript stands.
    pub first_line: usize,
    /// The lines, without indentation and line breaks.
    pub lines: Vec<String>,
}

/// Why a file's transcript cannot be read or replaced. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TranscriptError {
    /// Something follows the transcript.
    #[error("line {line}: `transcript` must be the last key, but this follows it")]
    NotLast {
        /// The first line that follows.
        line: usize,
    },
    /// The key has a value that is not a literal block.
    #[error("line {line}: `transcript` must be a block that starts with `|`")]
    NotABlock {
        /// The line of the key.
        line: usize,
    },
    /// The file has the key twice.
    #[error("line {line}: a second `transcript`")]
    Twice {
        /// The line of the second key.
        line: usize,
    },
    /// The document was ended with `...`, so nothing can be added to it.
    #[error("line {line}: the document ends here, so a transcript cannot be added")]
    Ended {
        /// The line with the mark.
        line: usize,
    },
    /// A line to be written has a control character, which a YAML block cannot hold.
    #[error("line {number} of the new transcript has a control character")]
    Unwritable {
        /// The line of the new transcript.
        number: usize,
    },
}

impl TranscriptError {
    /// The line of the file concerned, if the error is about the file.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::NotLast { line }
            | Self::NotABlock { line }
            | Self::Twice { line }
            | Self::Ended { line } => Some(*line),
            Self::Unwritable { .. } => None,
        }
    }
}

/// Where the key and its block are in the text.
struct Place<'a> {
    key_line: usize,
    /// Bytes of the key's line, with its line break.
    header: Range<usize>,
    /// Key with colon, as written.
    key: &'a str,
    /// White space and comment behind the block's sign.
    comment: &'a str,
    /// An indentation given in the header, as in `|2`.
    indent: Option<usize>,
    /// Bytes of the block's lines.
    block: Range<usize>,
}

/// The transcript of a file, or `None` when it has no such key.
///
/// # Errors
/// [`TranscriptError::NotLast`], [`TranscriptError::NotABlock`] and [`TranscriptError::Twice`].
pub fn extract(text: &str) -> Result<Option<Transcript>, TranscriptError> {
    let Some(place) = locate(text)? else {
        return Ok(None);
    };
    let written: Vec<&str> = lines(&text[place.block.clone()])
        .map(|(_, line)| content(line))
        .collect();
    let indent = place.indent.unwrap_or_else(|| {
        let first = written
            .iter()
            .find(|line| !line.trim_matches(' ').is_empty());
        first.map_or(0, |line| line.len() - line.trim_start_matches(' ').len())
    });
    let mut found: Vec<String> = written
        .iter()
        .map(|line| unindent(line, indent).to_owned())
        .collect();
    drop_empty_end(&mut found);
    Ok(Some(Transcript {
        first_line: place.key_line + 1,
        lines: found,
    }))
}

/// The text with its transcript replaced by `new`, or with one added at the end after one blank line.
///
/// All other bytes stay. Line breaks follow the file's first one, so a CRLF file stays one. Replacing twice by the same
/// lines gives the same text.
///
/// # Errors
/// Every [`TranscriptError`]; the text is not changed then.
pub fn replace_transcript<S: AsRef<str>>(text: &str, new: &[S]) -> Result<String, TranscriptError> {
    for (at, line) in new.iter().enumerate() {
        if line.as_ref().chars().any(unwritable) {
            return Err(TranscriptError::Unwritable { number: at + 1 });
        }
    }
    let kept = new
        .iter()
        .rposition(|line| !line.as_ref().trim().is_empty())
        .map_or(0, |at| at + 1);
    let new = &new[..kept];
    let eol = match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    };
    let place = locate(text)?;
    let (before, key, comment, after) = match &place {
        Some(place) => (
            text[..place.header.start].to_owned(),
            place.key,
            place.comment,
            &text[place.block.end..],
        ),
        None => (appendable(text, eol)?, "transcript:", "", ""),
    };
    let first = new.iter().find(|line| !line.as_ref().is_empty());
    let sign = if first.is_some_and(|line| line.as_ref().starts_with(' ')) {
        "|2"
    } else {
        "|"
    };
    let mut out = before;
    out.extend([key, " ", sign, comment, eol]);
    for line in new {
        if !line.as_ref().is_empty() {
            out.extend([&"  "[..INDENT], line.as_ref()]);
        }
        out.push_str(eol);
    }
    out.push_str(after);
    Ok(out)
}

/// The text up to its last line with content, and one blank line.
fn appendable(text: &str, eol: &str) -> Result<String, TranscriptError> {
    let mut end = 0;
    for (number, (range, line)) in lines(text).enumerate() {
        if is_mark(line, "...") {
            return Err(TranscriptError::Ended { line: number + 1 });
        }
        if !line.trim().is_empty() {
            end = range.end;
        }
    }
    let mut out = text[..end].to_owned();
    if !out.is_empty() {
        if !out.ends_with('\n') {
            out.push_str(eol);
        }
        out.push_str(eol);
    }
    Ok(out)
}

/// Finds the key. A line that starts with it is it: at column one nothing else can stand inside a block mapping.
fn locate(text: &str) -> Result<Option<Place<'_>>, TranscriptError> {
    let mut found: Option<Place<'_>> = None;
    for (number, (range, line)) in lines(text).enumerate() {
        let number = number + 1;
        if let Some((key, rest)) = split_key(content(line)) {
            if found.is_some() {
                return Err(TranscriptError::Twice { line: number });
            }
            let (indent, comment) =
                split_header(rest).ok_or(TranscriptError::NotABlock { line: number })?;
            let block = range.end..range.end;
            let start = range.end - line.len();
            found = Some(Place {
                key_line: number,
                header: start..range.end,
                key,
                comment,
                indent,
                block,
            });
        } else if let Some(place) = &mut found {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let inside = line.starts_with([' ', '\t'])
                && text[place.block.end..range.start].trim().is_empty();
            if !inside {
                return Err(TranscriptError::NotLast { line: number });
            }
            place.block.end = range.end;
        }
    }
    Ok(found)
}

/// The key with its colon, and the rest, if a line starts with the key.
fn split_key(line: &str) -> Option<(&str, &str)> {
    let bare = line.strip_prefix('\u{FEFF}').unwrap_or(line);
    for name in ["transcript", "\"transcript\"", "'transcript'"] {
        let Some(rest) = bare.strip_prefix(name) else {
            continue;
        };
        let after = rest.trim_start_matches([' ', '\t']).strip_prefix(':');
        if let Some(value) =
            after.filter(|value| value.is_empty() || value.starts_with([' ', '\t']))
        {
            return Some((&bare[..bare.len() - value.len()], value));
        }
    }
    None
}

/// The indentation and the comment of a block's header (`|`, `|2-`, `| # note`, or nothing at all).
fn split_header(rest: &str) -> Option<(Option<usize>, &str)> {
    let value = rest.trim_start_matches([' ', '\t']);
    if value.is_empty() {
        return Some((None, ""));
    }
    let signs = value.strip_prefix('|')?;
    let end = signs.find([' ', '\t']).unwrap_or(signs.len());
    let (signs, comment) = signs.split_at(end);
    if !comment.trim().is_empty() && !comment.trim_start().starts_with('#') {
        return None;
    }
    let mut indent = None;
    let mut chomp = false;
    for sign in signs.chars() {
        match sign {
            '1'..='9' if indent.is_none() => indent = sign.to_digit(10).map(|digit| digit as usize),
            '+' | '-' if !chomp => chomp = true,
            _ => return None,
        }
    }
    Some((
        indent,
        if comment.trim().is_empty() {
            ""
        } else {
            comment
        },
    ))
}

/// The lines of a text with their byte ranges, line breaks included.
fn lines(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    text.split_inclusive('\n').scan(0, |start, line| {
        let range = *start..*start + line.len();
        *start = range.end;
        // The byte order mark belongs to no line but stays where it is.
        Some((range, line.strip_prefix('\u{FEFF}').unwrap_or(line)))
    })
}

fn content(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

fn is_mark(line: &str, mark: &str) -> bool {
    line.strip_prefix(mark)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

fn unindent(line: &str, indent: usize) -> &str {
    let spaces = line.len() - line.trim_start_matches(' ').len();
    &line[spaces.min(indent)..]
}

fn unwritable(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(
            c,
            '\u{FEFF}' | '\u{2028}' | '\u{2029}' | '\u{FFFE}' | '\u{FFFF}'
        )
}

fn drop_empty_end(lines: &mut Vec<String>) {
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
}

/// How a run differs from its transcript; [`fmt::Display`] shows it for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Equal lines just before the first difference, with their line in the file.
    pub context: Vec<(usize, String)>,
    /// The first changes, in order.
    pub changes: Vec<Change>,
    /// How many further changes there are.
    pub more: usize,
    /// Whether every change is one of white space alone.
    pub only_white_space: bool,
}

/// One line that differs. At least one side is present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The line in the file at which the expected line stands, or before which the actual one would.
    pub line: usize,
    /// The line expected; none if the run has one line more here.
    pub expected: Option<String>,
    /// The line of the run; none if the run lacks it.
    pub actual: Option<String>,
}

/// Compares a transcript with a run, byte for byte; `None` when they are the same.
///
/// Equal lines at both ends are set aside, and what is left is compared line by line; at most `shown` changes are kept.
pub fn compare<S: AsRef<str>>(
    expected: &Transcript,
    actual: &[S],
    shown: usize,
) -> Option<Difference> {
    let mut want: Vec<&str> = expected.lines.iter().map(String::as_str).collect();
    let mut have: Vec<&str> = actual.iter().map(AsRef::as_ref).collect();
    for side in [&mut want, &mut have] {
        while side.last().is_some_and(|line| line.trim().is_empty()) {
            side.pop();
        }
    }
    if want == have {
        return None;
    }
    let start = want.iter().zip(&have).take_while(|(a, b)| a == b).count();
    let rest = want.len().min(have.len()) - start;
    let end = want
        .iter()
        .rev()
        .zip(have.iter().rev())
        .take(rest)
        .take_while(|(a, b)| a == b)
        .count();
    let (middle, other) = (
        &want[start..want.len() - end],
        &have[start..have.len() - end],
    );
    let mut found = Difference {
        context: Vec::new(),
        changes: Vec::new(),
        more: 0,
        only_white_space: true,
    };
    let shown_from = start.saturating_sub(CONTEXT);
    for (at, line) in want[shown_from..start].iter().enumerate() {
        found
            .context
            .push((expected.first_line + shown_from + at, (*line).to_owned()));
    }
    for at in 0..middle.len().max(other.len()) {
        let (a, b) = (middle.get(at).copied(), other.get(at).copied());
        if a == b {
            continue;
        }
        found.only_white_space &= squeezed(a) == squeezed(b);
        if found.changes.len() == shown {
            found.more += 1;
            continue;
        }
        let line = expected.first_line + start + at.min(middle.len());
        found.changes.push(Change {
            line,
            expected: a.map(str::to_owned),
            actual: b.map(str::to_owned),
        });
    }
    Some(found)
}

fn squeezed(line: Option<&str>) -> String {
    line.unwrap_or_default().split_whitespace().collect()
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.changes.len() + self.more;
        write!(
            f,
            "the run differs from the transcript in {total} line{}",
            if total == 1 { "" } else { "s" }
        )?;
        if self.only_white_space {
            f.write_str(", only in white space (shown as · and →)")?;
        }
        for (line, text) in &self.context {
            write!(f, "\n{line:>6} |   {text}")?;
        }
        for change in &self.changes {
            let show = |text: &str| match self.only_white_space {
                true => text.replace(' ', "·").replace('\t', "→"),
                false => text.to_owned(),
            };
            if let Some(text) = &change.expected {
                write!(f, "\n{:>6} | - {}", change.line, show(text))?;
            }
            if let Some(text) = &change.actual {
                let line = if change.expected.is_none() {
                    change.line.to_string()
                } else {
                    String::new()
                };
                write!(f, "\n{line:>6} | + {}", show(text))?;
            }
        }
        if self.more > 0 {
            write!(f, "\n       | ... and {} more", self.more)?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "transcript_tests.rs"]
mod tests;
