//! What can be wrong with an expectation: its text, or its meaning in the world at hand.

use super::Senseless;
use std::ops::Range;

/// A place where the text does not follow the grammar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct ParseError {
    /// The bytes concerned; empty at the end of the text.
    pub span: Range<usize>,
    /// What is wrong there.
    pub fault: ParseFault,
    /// The word that was probably meant.
    pub nearest: Option<&'static str>,
}

/// What is wrong with the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseFault {
    /// Something else was expected.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// What may stand here.
        expected: &'static str,
        /// What stands here: a word, a sign, or `the end`.
        found: String,
    },
    /// The text is longer than [`MAX_LENGTH`](super::MAX_LENGTH).
    #[error("an expectation has at most {limit} bytes, this one {length}")]
    TooLong {
        /// Its bytes.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// Parentheses and `not` nest deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
    #[error("nested deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// A string has no closing quote.
    #[error("this string does not end")]
    OpenString,
    /// A backslash stands before a character that it does not go with.
    #[error("unknown escape; a backslash goes with \", \\, n and t")]
    Escape,
    /// A number that cannot be held.
    #[error("this number is out of range")]
    NumberRange,
    /// A word of the language where a label should be.
    #[error("`{word}` is a word of the language; write \"{word}\" if it is a label")]
    Reserved {
        /// The word.
        word: String,
    },
}

impl ParseError {
    /// What the user can do, if that is known.
    pub fn help(&self) -> Option<String> {
        self.nearest.map(|word| format!("did you mean `{word}`?"))
    }
}

/// Why a text is not an expectation that can hold or not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It does not follow the grammar.
    #[error("{0}{help}", help = .0.help().map_or_else(String::new, |help| format!("; {help}")))]
    Parse(#[from] ParseError),
    /// A part of it means nothing.
    #[error("{0}{help}", help = .0.help().map_or_else(String::new, |help| format!("; {help}")))]
    Senseless(#[from] Senseless),
}

/// A part of an expectation that means nothing in the world at hand.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{fault}")]
pub struct EvalError {
    /// The bytes of the expectation's text concerned.
    pub span: Range<usize>,
    /// What is wrong with it.
    pub fault: EvalFault,
}

/// What is wrong with the meaning.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EvalFault {
    /// Nothing has this label.
    #[error("nothing is labelled `{label}`")]
    UnknownLabel {
        /// The label.
        label: String,
        /// The nearest label there is.
        nearest: Option<String>,
    },
    /// No member of the collection has this label.
    #[error("no {kind} is labelled `{label}`")]
    UnknownMember {
        /// The kind, in the singular.
        kind: &'static str,
        /// The label.
        label: String,
        /// The nearest label there is.
        nearest: Option<String>,
    },
    /// A value has no such field.
    #[error("`{of}` has no field `{field}`")]
    UnknownField {
        /// Whose field it would be.
        of: String,
        /// The field.
        field: String,
        /// The nearest field there is.
        nearest: Option<String>,
        /// Some of the fields there are, in order.
        fields: Vec<String>,
    },
    /// A step leads into a value that has no parts of this kind.
    #[error("`{of}` is {kind}, so `{step}` leads nowhere")]
    NoParts {
        /// The value's way.
        of: String,
        /// Its kind.
        kind: &'static str,
        /// The step.
        step: String,
    },
    /// A list is too short.
    #[error("`{of}` has {length} elements, so there is none at [{index}]")]
    NoElement {
        /// The list.
        of: String,
        /// Its length.
        length: usize,
        /// The index, from 0.
        index: usize,
    },
    /// A selection that must have one member has another number.
    #[error("`{selection}` selects {members}, not one")]
    NotOne {
        /// The selection.
        selection: String,
        /// How many it selects.
        members: usize,
    },
    /// Values of different kinds are compared.
    #[error("`{of}` is {kind} ({value}), which cannot be compared by `{condition}`")]
    Kinds {
        /// Whose value it is.
        of: String,
        /// The value's kind.
        kind: &'static str,
        /// The value, shortened.
        value: String,
        /// The condition.
        condition: String,
    },
    /// A value has no length.
    #[error("`{of}` is {kind}, which has no length")]
    NoLength {
        /// Whose value it is.
        of: String,
        /// The value's kind.
        kind: &'static str,
    },
}

impl EvalError {
    /// What the user can do, if that is known.
    pub fn help(&self) -> Option<String> {
        let meant = |word: &String| format!("did you mean `{word}`?");
        match &self.fault {
            EvalFault::UnknownLabel { nearest, .. } | EvalFault::UnknownMember { nearest, .. } => {
                nearest.as_ref().map(meant)
            }
            EvalFault::UnknownField {
                nearest: Some(word),
                ..
            } => Some(meant(word)),
            EvalFault::UnknownField { fields, .. } if !fields.is_empty() => {
                Some(format!("its fields: {}", fields.join(", ")))
            }
            EvalFault::NotOne { members, .. } if *members > 1 => {
                Some("say `all`, `any`, `none` or `count(...)`, or add a filter".to_owned())
            }
            EvalFault::Kinds {
                kind: "a string", ..
            } => Some("write the literal in quotes".to_owned()),
            _ => None,
        }
    }
}
