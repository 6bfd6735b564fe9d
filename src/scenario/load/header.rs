//! The first key of a file: `version`.
//!
//! It is looked for in the text before anything is read, so that a file of another version is told so, and not that keys
//! of that version are unknown.

use super::source::Source;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::model::VERSIONS;

/// Checks that the first key is `version` and names a version that is read.
pub(super) fn check(source: Source<'_>) -> Result<(), Diagnostic> {
    let text = source.text;
    let start = first_content(text);
    let rest = &text[start..];
    let flow = rest.len() - rest.trim_start_matches(['{', ' ', '\n', '\r']).len();
    let (start, rest) = (start + flow, &rest[flow..]);
    let end_of_line = rest.find(['\n', '\r']).unwrap_or(rest.len());
    let line = &rest[..end_of_line];
    let supported = VERSIONS
        .iter()
        .map(u64::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    let key = ["version", "\"version\"", "'version'"]
        .into_iter()
        .find(|key| {
            line.strip_prefix(key)
                .is_some_and(|after| after.trim_start().starts_with(':'))
        });
    let Some(key) = key else {
        let word = line
            .find([':', ' '])
            .unwrap_or(line.len())
            .max(1)
            .min(line.len());
        let title = "the first key of a scenario must be `version`";
        return Err(
            Diagnostic::at(source.file, text, start..start + word, title)
                .with_help(Some(format!("write `version: {supported}` above it"))),
        );
    };
    let after = line[key.len()..]
        .find(':')
        .map_or(line.len(), |at| key.len() + at + 1);
    let value = &line[after..];
    let value = value.split(" #").next().unwrap_or(value);
    let value = value.split([',', '}']).next().unwrap_or(value);
    let number = value.trim();
    if VERSIONS.iter().any(|version| number == version.to_string()) {
        return Ok(());
    }
    let at = start + after + (value.len() - value.trim_start().len());
    Err(Diagnostic::at(
        source.file,
        text,
        at..at + number.len(),
        format!("version `{number}` is not supported"),
    )
    .with_help(Some(format!("supported: {supported}"))))
}

/// Where the first thing stands that is no comment, directive or mark.
fn first_content(text: &str) -> usize {
    let mut at = text.len() - text.strip_prefix('\u{FEFF}').unwrap_or(text).len();
    for line in text[at..].split_inclusive('\n') {
        let bare = line.trim_start();
        let passed = bare.is_empty() || bare.starts_with(['#', '%']) || bare.trim_end() == "---";
        if !passed {
            let mark = bare.strip_prefix("--- ").map_or(0, |_| 4);
            return at + (line.len() - bare.len()) + mark;
        }
        at += line.len();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Option<(usize, usize, String)> {
        let found = check(Source {
            file: "a.yaml",
            text,
            sizes: crate::scenario::Sizes::default(),
        })
        .err()?;
        Some((found.line, found.column, found.title))
    }

    #[test]
    fn version_comes_first_and_is_supported() {
        for text in [
            "version: 1\n",
            "\u{FEFF}# note\n\n---\nversion: 1 # the first\nname: x\n",
            "{\"version\": 1, \"name\": \"x\"}",
            "'version' : 1",
        ] {
            assert_eq!(fault(text), None, "{text}");
        }
        assert_eq!(
            fault("version: 2\n"),
            Some((1, 10, "version `2` is not supported".into()))
        );
        assert_eq!(
            fault("# x\nversion: one\n").map(|f| (f.0, f.1)),
            Some((2, 10))
        );
        let (line, column, title) = fault("name: x\nversion: 1\n").unwrap();
        assert_eq!((line, column), (1, 1));
        assert!(title.contains("must be `version`"));
        assert!(
            fault("").is_some()
                && fault("# only a comment").is_some()
                && fault("versions: 1").is_some()
        );
    }
}
