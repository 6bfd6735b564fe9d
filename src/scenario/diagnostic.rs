//! A finding about a place in a scenario file, and its three renderings.
//!
//! A [`Diagnostic`] owns the few source lines it needs, so it outlives the text it speaks of and stays small even for a
//! file of hundreds of megabytes. It knows nothing of YAML or of scenarios: whoever finds a fault says where and what.
//! It holds one fault; collecting several is the caller's `Vec`.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde::Serialize;

/// The longest source line, in bytes, that is shown; a place in a longer line is given by number alone.
const LONGEST_SHOWN_LINE: usize = 2_000;
/// The longest title, label or help, in characters; longer text is cut, since it may quote a hostile file.
const LONGEST_TEXT: usize = 1_000;
/// The longest name for which [`nearest`] searches, in characters.
const LONGEST_NAME: usize = 128;

/// One fault at one place of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The file's name as the user gave it.
    pub file: String,
    /// Line, counted from 1; 0 when the fault has no place (the file as a whole).
    pub line: usize,
    /// Column in characters, counted from 1; 0 when the fault has no place.
    pub column: usize,
    /// What is wrong, in one line.
    pub title: String,
    /// What is said right at the place; may be empty.
    pub label: String,
    /// What the user can do about it, when that is known.
    pub help: Option<String>,
    /// The source lines around the place.
    #[serde(skip)]
    excerpt: Option<Box<Excerpt>>,
}

/// The source line of the fault with one line before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Excerpt {
    text: String,
    first_line: usize,
    span: Range<usize>,
}

impl Diagnostic {
    /// A fault of the file as a whole, without a place.
    pub fn whole_file(file: &str, title: impl Into<String>) -> Self {
        Self {
            file: clean(file),
            line: 0,
            column: 0,
            title: clean(&title.into()),
            label: String::new(),
            help: None,
            excerpt: None,
        }
    }

    /// A fault at the bytes `span` of `text`.
    ///
    /// Offsets count from the start of the file, a byte order mark included, as the YAML reader counts them. A span outside
    /// the text or inside a character is moved to the nearest valid place, so this never panics.
    pub fn at(file: &str, text: &str, span: Range<usize>, title: impl Into<String>) -> Self {
        let (text, mark) = without_mark(text);
        let start = floor_char(text, span.start.saturating_sub(mark));
        let end = floor_char(text, span.end.saturating_sub(mark)).max(start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = text.as_bytes()[..line_start]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        let mut found = Self::whole_file(file, title);
        found.line = line;
        found.column = text[line_start..start].chars().count() + 1;
        found.excerpt = excerpt(text, line_start, line, start..end).map(Box::new);
        found
    }

    /// A fault at a line and column (both from 1, the column in characters) of `text`.
    ///
    /// The span covers the rest of the word that starts there. A place outside the text is moved to its end.
    pub fn at_line(
        file: &str,
        text: &str,
        line: usize,
        column: usize,
        title: impl Into<String>,
    ) -> Self {
        let (text, _) = without_mark(text);
        let line_start = nth_line(text, line);
        let start = text[line_start..]
            .char_indices()
            .nth(column.saturating_sub(1))
            .map_or(text.len(), |(at, _)| line_start + at);
        let length = text[start..]
            .find(|c: char| c.is_whitespace() || ",:]}".contains(c))
            .unwrap_or(text.len() - start);
        Self::at(file, text, start..start + length, title)
    }

    /// A fault at the bytes `part` of a scalar's `value`, where the scalar stands at the bytes `node` of `text`.
    ///
    /// When the scalar is written as its value reads (plain or simply quoted, on one line), the place is narrowed to the
    /// part; when it is folded or escaped, it is the whole scalar.
    pub fn within(
        file: &str,
        text: &str,
        node: Range<usize>,
        value: &str,
        part: Range<usize>,
        title: impl Into<String>,
    ) -> Self {
        let written = text.get(node.clone()).unwrap_or_default();
        match written.find(value) {
            Some(at) if !value.is_empty() => {
                let base = node.start + at;
                Self::at(file, text, base + part.start..base + part.end, title)
            }
            _ => Self::at(file, text, node, title),
        }
    }

    /// Adds what is said right at the place.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = clean(&label.into());
        self
    }

    /// Adds, or with `None` leaves out, what the user can do.
    #[must_use]
    pub fn with_help(mut self, help: Option<String>) -> Self {
        self.help = help.map(|text| clean(&text));
        self
    }

    /// The full rendering with the source lines, several lines long and without a final line break.
    ///
    /// With `color` it holds ANSI escapes, otherwise plain text. Control characters of the source never reach it.
    pub fn render(&self, color: bool) -> String {
        let mut group = Group::with_title(Level::ERROR.primary_title(self.title.as_str()));
        if let Some(excerpt) = &self.excerpt {
            let mut mark = AnnotationKind::Primary.span(excerpt.span.clone());
            if !self.label.is_empty() {
                mark = mark.label(self.label.as_str());
            }
            group = group.element(
                Snippet::source(excerpt.text.as_str())
                    .path(self.file.as_str())
                    .line_start(excerpt.first_line)
                    .fold(false)
                    .annotation(mark),
            );
        } else {
            let mut origin = Origin::path(self.file.as_str());
            if self.line > 0 {
                origin = origin.line(self.line).char_column(self.column);
            }
            group = group.element(origin);
            if !self.label.is_empty() {
                group = group.element(Level::NOTE.message(self.label.as_str()));
            }
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.render(&[group])
    }

    /// The JSON form: an object with `file`, `line`, `column`, `title`, `label` and `help` (a string or null).
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "file": self.file, "line": self.line, "column": self.column,
            "title": self.title, "label": self.label, "help": self.help,
        })
    }
}

/// The one-line form `file:line:column: title (label); help`; without a place `file: title`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.title)?;
        if !self.label.is_empty() {
            write!(f, " ({})", self.label)?;
        }
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}

/// The candidate closest to `name`, if one is close enough to be what was meant.
///
/// Close enough is the same name but for case, or at most one edit (a letter added, dropped, changed, or two swapped)
/// per three letters and at least one. Among equally close candidates the first by its letters wins.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    if length == 0 || length > LONGEST_NAME {
        return None;
    }
    let allowed = (length / 3).max(1);
    let lower = name.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate.chars().count().abs_diff(length) > allowed {
            continue;
        }
        let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
        let closer = best.is_none_or(|best| (distance, candidate) < best);
        if distance <= allowed && distance < length && closer {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The text behind a byte order mark, and the bytes of the mark.
fn without_mark(text: &str) -> (&str, usize) {
    let bare = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    (bare, text.len() - bare.len())
}

/// The largest character boundary of `text` that is not above `at`.
fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Where line number `line` (from 1) starts; the end of the text when it has fewer lines.
fn nth_line(text: &str, line: usize) -> usize {
    if line <= 1 {
        return 0;
    }
    text.match_indices('\n')
        .nth(line - 2)
        .map_or(text.len(), |(at, _)| at + 1)
}

/// The lines shown for a span that starts in the line at `line_start`; none if any of them is too long to show.
fn excerpt(text: &str, line_start: usize, line: usize, span: Range<usize>) -> Option<Excerpt> {
    let line_end = text[line_start..]
        .find('\n')
        .map_or(text.len(), |at| line_start + at);
    if line_end - line_start > LONGEST_SHOWN_LINE {
        return None;
    }
    let before = text[..line_start.saturating_sub(1)]
        .rfind('\n')
        .map_or(0, |at| at + 1);
    let (from, first_line) = if line > 1 && line_start - before <= LONGEST_SHOWN_LINE {
        (before, line - 1)
    } else {
        (line_start, line)
    };
    let next = (line_end + 1).min(text.len());
    let after = text[next..].find('\n').map_or(text.len(), |at| next + at);
    let to = if after - line_end <= LONGEST_SHOWN_LINE {
        after
    } else {
        line_end
    };
    let start = span.start - from;
    let end = span.end.min(line_end).max(span.start) - from;
    Some(Excerpt {
        text: text[from..to].to_owned(),
        first_line,
        span: start..end.max(start),
    })
}

/// Makes text that may quote a file safe for a terminal: no control characters, bounded length.
fn clean(text: &str) -> String {
    let mut out = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST_TEXT {
            out.push('…');
            break;
        }
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "version: 1\ngroups:\n  wéb: {kind: grup}\nlast: x\n";

    #[test]
    fn the_place_is_counted_in_characters() {
        let start = TEXT.find("grup").expect("present");
        let found = Diagnostic::at("a.yaml", TEXT, start..start + 4, "unknown kind `grup`")
            .with_label("no such kind")
            .with_help(Some("did you mean `group`?".into()));
        assert_eq!((found.line, found.column), (3, 15));
        assert_eq!(
            found.to_string(),
            "a.yaml:3:15: unknown kind `grup` (no such kind); did you mean `group`?"
        );
        let plain = found.render(false);
        assert!(plain.contains("--> a.yaml:3:15"), "{plain}");
        assert!(plain.contains("^^^^ no such kind"), "{plain}");
        assert!(plain.contains("did you mean `group`?"), "{plain}");
        assert!(!plain.contains('\u{1b}'));
        assert!(found.render(true).contains('\u{1b}'));
        assert_eq!(found.to_json()["column"], 15);
    }

    #[test]
    fn line_and_column_find_the_word() {
        let found = Diagnostic::at_line("a.yaml", TEXT, 3, 9, "odd");
        assert!(
            found.render(false).contains("^^^^"),
            "{}",
            found.render(false)
        );
        assert_eq!((found.line, found.column), (3, 9));
    }

    #[test]
    fn a_part_of_a_plain_scalar_is_pointed_at() {
        let text = "expect: web.status == protectd\n";
        let found = Diagnostic::within(
            "a",
            text,
            8..30,
            "web.status == protectd",
            14..22,
            "odd value",
        );
        assert_eq!((found.line, found.column), (1, 23));
        let folded = Diagnostic::within("a", text, 8..30, "other", 0..1, "odd value");
        assert_eq!((folded.line, folded.column), (1, 9));
    }

    #[test]
    fn a_very_long_line_is_named_but_not_shown() {
        let text = format!("key: {}", "x".repeat(100_000));
        let found = Diagnostic::at("a", &text, 50_000..50_001, "odd");
        let shown = found.render(false);
        assert!(shown.len() < 200, "{shown}");
        assert!(shown.contains("a:1:50001"), "{shown}");
    }

    #[test]
    fn control_characters_of_a_file_do_not_reach_the_terminal() {
        let text = "k: \u{1b}[31mred\n";
        let found = Diagnostic::at("a", text, 3..4, "bad \u{1b}[31m").with_label("\u{7}");
        assert!(
            !found.render(false).contains('\u{1b}'),
            "{:?}",
            found.render(false)
        );
        assert!(!found.to_string().contains('\u{1b}'));
    }

    #[test]
    fn nearest_finds_a_slip_and_nothing_far_away() {
        let names = ["status", "server_group", "progress"];
        assert_eq!(nearest("statsu", names), Some("status"));
        assert_eq!(nearest("STATUS", names), Some("status"));
        assert_eq!(nearest("server_gruop", names), Some("server_group"));
        assert_eq!(nearest("zebra", names), None);
        for order in [["disk-1", "disk-2"], ["disk-2", "disk-1"]] {
            assert_eq!(nearest("disk-x", order), Some("disk-1"));
        }
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest("", names), None);
    }

    proptest! {
        #[test]
        fn any_span_of_any_text_renders(text in "\\PC{0,40}(\n\\PC{0,20}){0,4}", a in 0usize..80, b in 0usize..80) {
            let found = Diagnostic::at("f", &text, a..b, "t").with_label("l");
            prop_assert!(!found.render(false).is_empty());
            let found = Diagnostic::at_line("f", &text, a, b, "t");
            prop_assert!(!found.render(true).is_empty());
        }
    }
}
