//! A file's text and the diagnostics that point into it.

use super::Sizes;
use super::names::{Kind, Lost, Names, Pattern};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::yaml::{Place, Spanned, at_place};

/// A file's name and text, and its bounds.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub file: &'a str,
    pub text: &'a str,
    /// How much it may ask for.
    pub sizes: Sizes,
}

impl Source<'_> {
    /// A fault at the place of a value.
    pub(super) fn fault<T>(&self, at: &Spanned<T>, title: impl Into<String>) -> Diagnostic {
        self.place(at.place, title)
    }

    /// A fault at a place.
    pub(super) fn place(&self, at: Place, title: impl Into<String>) -> Diagnostic {
        at_place(self.file, self.text, at, title)
    }

    /// A fault at the first occurrence of a word behind the start of a value and before the byte `end`, as a value and not
    /// as a key; if there is none, at the value.
    pub(super) fn word<T>(
        &self,
        at: &Spanned<T>,
        end: usize,
        word: &str,
        title: impl Into<String>,
    ) -> Diagnostic {
        let start = at.place.bytes().map(|span| span.start);
        let found = start.and_then(|start| {
            let region = self.text.get(start..end.clamp(start, self.text.len()))?;
            region.match_indices(word).find_map(|(offset, _)| {
                let (before, after) = (&region[..offset], &region[offset + word.len()..]);
                let joins = |c: char| c.is_alphanumeric() || "-_./".contains(c);
                let whole = !before.ends_with(joins) && !after.starts_with(joins);
                (whole && !after.trim_start_matches(['"', '\'']).starts_with(':'))
                    .then_some(start + offset)
            })
        });
        match found {
            Some(offset) => {
                Diagnostic::at(self.file, self.text, offset..offset + word.len(), title)
            }
            None => self.fault(at, title),
        }
    }

    /// Understands a reference to a thing of a kind, made by a template of so many or by one thing.
    pub(super) fn refer(
        &self,
        names: &Names,
        at: &Spanned<String>,
        want: Kind,
        own: Option<u32>,
    ) -> Result<Pattern, Diagnostic> {
        names.pattern(&at.value, Some(want), own).map_err(|lost| {
            let title = title_of(&at.value, want, &lost);
            self.fault(at, title)
                .with_label(lost.to_string())
                .with_help(lost.help(&at.value))
        })
    }
}

/// What is wrong with a reference, in one line.
pub(super) fn title_of(text: &str, want: Kind, lost: &Lost) -> String {
    match lost {
        Lost::Unknown { .. } | Lost::TooHigh { .. } => {
            format!("there is no {} `{text}`", want.bare())
        }
        Lost::Kind { .. } => format!("`{text}` is not {}", want.word()),
        Lost::Whole { .. } => format!(
            "`{text}` is a whole template where {} is meant",
            want.word()
        ),
        Lost::Counts { .. } => format!("the count does not go with that of `{text}`"),
    }
}
