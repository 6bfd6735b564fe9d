//! The one door through which scenario YAML is read: strict, bounded, and precise about places.
//!
//! A thin wrapper around `serde-saphyr` that fixes what a scenario file may be:
//!
//! - **YAML 1.2 core booleans**: only `true`/`false` (also `True`, `TRUE`, ...) are booleans. `no`, `off`, `yes` stay the
//!   words they are where a string is wanted, and are an error where a boolean is wanted; never a silent `false`.
//! - **No hidden octal**: `010` is not a number but an error where one is wanted. A number where a string is wanted keeps its spelling (`version: 1.10`, `label: 007`).
//!   A quoted number or boolean is read where a number or boolean is wanted.
//! - **Duplicate keys are errors**, also when spelled differently (`11` and `0xB`). Merge keys (`<<`), which YAML 1.2 does
//!   not have, and tags that mean nothing here are errors too. Anchors and aliases work, within [`limits`].
//! - **One document** per file.
//! - **Bounds** on size, nesting, nodes, scalar bytes and aliases, checked while reading, so that a hostile file ends in
//!   an error soon, not in a full memory. A scenario that spells out a million pairs stays within them.
//!
//! What it is not: a check of meaning. References, ranges and units belong to the types read and to the loader, which
//! get places from [`Spanned`] and keep the order of labels with [`Labelled`].

mod labelled;
mod spanned;
#[cfg(test)]
mod tests;

use serde::de::DeserializeOwned;
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::options::{
    AliasLimits, DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy,
};
use serde_saphyr::{Error, Location, MessageFormatter, Options, UserMessageFormatter};

pub use labelled::Labelled;
pub use spanned::{Place, Spanned};

use super::diagnostic::{Diagnostic, nearest};

/// The bounds within which a file is read.
pub mod limits {
    /// Largest file, in bytes (256 MiB).
    pub const FILE_BYTES: usize = 256 * 1024 * 1024;
    /// Most nodes: scalars, sequences and mappings, keys included.
    pub const NODES: usize = 50_000_000;
    /// Most reader events; a collection has two.
    pub const EVENTS: usize = 110_000_000;
    /// Deepest nesting of sequences and mappings.
    pub const DEPTH: usize = 48;
    /// Most bytes in all scalars together.
    pub const SCALAR_BYTES: usize = FILE_BYTES;
    /// Most anchors (`&name`).
    pub const ANCHORS: usize = 10_000;
    /// Most aliases (`*name`).
    pub const ALIASES: usize = 100_000;
    /// Most events that all aliases together may repeat.
    pub const REPLAYED_EVENTS: usize = 1_000_000;
    /// Deepest chain of aliases that lead to aliases.
    pub const ALIAS_DEPTH: usize = 8;
}

/// Reads one document of type `T` from a file's text.
///
/// `file_name` is only for the diagnostic. Places inside `T` (see [`Spanned`]) count bytes as
/// [`Diagnostic::at`] expects them.
///
/// # Errors
/// The first fault found, with line and column: broken YAML, a wrong type, an unknown key (with the nearest valid one), a
/// duplicate key, or a bound of [`limits`] exceeded.
pub fn from_str<T: DeserializeOwned>(file_name: &str, text: &str) -> Result<T, Diagnostic> {
    from_str_hinted(file_name, text, |_, _| None)
}

/// Help for a choice that is none of the valid ones, if the caller knows better than to name the nearest of them.
pub type Hint = fn(choice: &str, valid: &[&'static str]) -> Option<String>;

/// The same with help of the caller's for unknown choices.
///
/// # Errors
/// As [`from_str`].
pub fn from_str_hinted<T: DeserializeOwned>(
    file_name: &str,
    text: &str,
    hint: Hint,
) -> Result<T, Diagnostic> {
    if text.len() > limits::FILE_BYTES {
        return Err(too_large(file_name, text.len()));
    }
    serde_saphyr::from_str_with_options(text, options())
        .map_err(|error| explain(file_name, text, &error, hint))
}

/// Reads one document of type `T` from a file's bytes, which must be UTF-8.
///
/// # Errors
/// As [`from_str`]; bytes that are not UTF-8 are named with the place of the first of them.
pub fn from_slice<T: DeserializeOwned>(file_name: &str, bytes: &[u8]) -> Result<T, Diagnostic> {
    from_str(file_name, utf8(file_name, bytes)?)
}

/// A file's bytes as text, within [`limits::FILE_BYTES`].
///
/// # Errors
/// A file that is too large or not UTF-8; the latter with the place of the first wrong byte.
pub fn utf8<'a>(file_name: &str, bytes: &'a [u8]) -> Result<&'a str, Diagnostic> {
    if bytes.len() > limits::FILE_BYTES {
        return Err(too_large(file_name, bytes.len()));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let good = error.valid_up_to();
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(good + 200)]);
        Diagnostic::at(file_name, &shown, good..good + 1, "the file is not UTF-8")
            .with_label(format!("byte 0x{:02x} at offset {good}", bytes[good]))
            .with_help(Some("save the file with the encoding UTF-8".to_owned()))
    })
}

/// A diagnostic at a place that was read, for faults found after reading; about the whole file if the place is unknown.
pub fn at_place(file_name: &str, text: &str, place: Place, title: impl Into<String>) -> Diagnostic {
    match place.bytes() {
        Some(span) => Diagnostic::at(file_name, text, span, title),
        None => Diagnostic::whole_file(file_name, title),
    }
}

/// A diagnostic where the reader says that its error is.
fn at_location(file_name: &str, text: &str, location: Location, title: String) -> Diagnostic {
    if location == Location::UNKNOWN {
        return Diagnostic::whole_file(file_name, title);
    }
    let span = location.span();
    if let (Some(start), Some(length)) = (span.byte_offset(), span.byte_len()) {
        let start = count(start);
        let span = start..start.saturating_add(count(length));
        return Diagnostic::at(file_name, text, span, title);
    }
    let (line, column) = (count(location.line()), count(location.column()));
    Diagnostic::at_line(file_name, text, line, column, title)
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn too_large(file_name: &str, bytes: usize) -> Diagnostic {
    let title = format!(
        "the file has {bytes} bytes, more than the {} that are read",
        limits::FILE_BYTES
    );
    Diagnostic::whole_file(file_name, title).with_help(Some(
        "use templates with `count` instead of spelling things out".to_owned(),
    ))
}

fn options() -> Options {
    let mut alias_limits = AliasLimits::default();
    alias_limits.max_total_replayed_events = limits::REPLAYED_EVENTS;
    alias_limits.max_replay_stack_depth = limits::ALIAS_DEPTH;
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: limits::EVENTS,
            max_nodes: limits::NODES,
            max_depth: limits::DEPTH,
            flow_nesting_limit: limits::DEPTH + 1,
            max_total_scalar_bytes: limits::SCALAR_BYTES,
            max_anchors: limits::ANCHORS,
            max_aliases: limits::ALIASES,
            max_recorded_anchor_events: limits::REPLAYED_EVENTS,
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: alias_limits,
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        legacy_octal_numbers: false,
        reject_unsupported_tags: true,
        reject_tagged_field_names: true,
        non_finite_float_policy: NonFiniteFloatPolicy::Reject,
        with_snippet: false,
    }
}

/// Turns a reader's error into a diagnostic in our words where we have better ones.
fn explain(file_name: &str, text: &str, error: &Error, hint: Hint) -> Diagnostic {
    let location = error.location().unwrap_or(Location::UNKNOWN);
    let mut inner = error.without_snippet();
    let mut aliased = false;
    while let Error::AliasError { error, .. } = inner {
        inner = error;
        aliased = true;
    }
    let (title, help) = words(inner, hint);
    let label = if aliased { "through this alias" } else { "" };
    at_location(file_name, text, location, title)
        .with_label(label)
        .with_help(help)
}

/// What is wrong and what helps.
fn words(error: &Error, hint: Hint) -> (String, Option<String>) {
    match error {
        Error::SerdeUnknownField {
            field, expected, ..
        } => (
            format!("unknown key `{field}`"),
            names_help(field, expected),
        ),
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => (
            format!("unknown choice `{variant}`"),
            hint(variant, expected).or_else(|| names_help(variant, expected)),
        ),
        Error::SerdeMissingField { field, .. } => (format!("the key `{field}` is missing"), None),
        Error::DuplicateMappingKey { key, .. } => {
            let title = match key {
                Some(key) => format!("the key `{key}` appears twice in this mapping"),
                None => "a key appears twice in this mapping".to_owned(),
            };
            (
                title,
                Some("keys and labels are unique; rename or remove one".to_owned()),
            )
        }
        Error::SerdeInvalidType {
            unexpected,
            expected,
            ..
        }
        | Error::SerdeInvalidValue {
            unexpected,
            expected,
            ..
        } => (format!("expected {expected}, found {unexpected}"), None),
        Error::InvalidBooleanStrict { .. } => (
            "expected `true` or `false`".to_owned(),
            Some("words such as yes and no are not booleans".to_owned()),
        ),
        Error::InvalidScalar { ty, .. } => {
            let wanted = match ty.chars().next() {
                Some('u') => "a whole number that is not negative, within range",
                Some('i') => "a whole number within range",
                Some('f') => "a number",
                _ => ty,
            };
            (format!("expected {wanted}"), None)
        }
        Error::Unexpected { expected, .. } => (format!("expected {}", shape(expected)), None),
        Error::ExpectedMappingEndAfterEnumVariantValue { .. } => (
            "this mapping has one key too many; only one is possible here".to_owned(),
            None,
        ),
        // The parser's own bound, met before ours where brackets nest.
        Error::ExternalMessage { msg, .. } if msg.contains("recursion limit") => (too_deep(), None),
        Error::MergeKeyNotAllowed { .. } => (
            "merge keys (`<<`) are not supported".to_owned(),
            Some("use a template".to_owned()),
        ),
        Error::MultipleDocuments { .. } => (
            "a scenario file holds one document".to_owned(),
            Some("remove the `---` and what follows it".to_owned()),
        ),
        Error::Eof { .. } => ("the file ends too early, or is empty".to_owned(), None),
        Error::AliasReplayLimitExceeded {
            max_total_replayed_events,
            ..
        } => (
            format!("aliases repeat more than {max_total_replayed_events} parts of the file"),
            None,
        ),
        Error::AliasReplayStackDepthExceeded { max_depth, .. } => (
            format!("aliases lead to aliases more than {max_depth} deep"),
            None,
        ),
        Error::Budget { breach, .. } => (breach_words(breach), None),
        other => (
            UserMessageFormatter.format_message(other).into_owned(),
            None,
        ),
    }
}

fn too_deep() -> String {
    format!("nested deeper than {} levels", limits::DEPTH)
}

/// The reader's name of a shape in words a user of the file knows.
fn shape(expected: &'static str) -> &'static str {
    match expected {
        "mapping start" => "a mapping (`key: value`)",
        "sequence start" => "a list (`- item`)",
        "string scalar" => "a single word or text",
        other => other,
    }
}

fn breach_words(breach: &BudgetBreach) -> String {
    match breach {
        BudgetBreach::Depth { .. } => too_deep(),
        BudgetBreach::RecordedAnchorEvents { .. } | BudgetBreach::RecordedAnchorBytes { .. } => {
            "anchors and aliases repeat too much of the file".to_owned()
        }
        BudgetBreach::Nodes { .. } | BudgetBreach::Events { .. } => {
            format!("more than {} values in one file", limits::NODES)
        }
        BudgetBreach::Aliases { .. } => format!("more than {} aliases", limits::ALIASES),
        BudgetBreach::Anchors { .. } => format!("more than {} anchors", limits::ANCHORS),
        BudgetBreach::ScalarBytes { .. } => {
            format!(
                "more than {} bytes of values in one file",
                limits::SCALAR_BYTES
            )
        }
        other => format!("a bound of the reader is exceeded: {other:?}"),
    }
}

fn names_help(name: &str, valid: &[&'static str]) -> Option<String> {
    if let Some(near) = nearest(name, valid.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    match valid {
        [] => None,
        _ => Some(format!("valid here: {}", valid.join(", "))),
    }
}
