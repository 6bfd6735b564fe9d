//! What a reader sees of the published tables: the admission matrix, the status graph, the error codes, the policies.
//!
//! Everything here is computed from the const tables of [`crate::sdrs`] and from nothing else: no world, no run, no
//! terminal. So a drawing cannot disagree with what the machine does, and every output is the same on every machine.
//! Each page has one function per format; it returns the whole text, with a final line break.
//!
//! The JSON pages carry `"version": 1`. Within a version keys are only added, never renamed, moved or given another type.

pub mod codes;
pub mod draw;
pub mod graph;
pub mod matrix;
pub mod policies;

use serde::Serialize;

/// The version of every JSON page of this module.
pub const VERSION: u32 = 1;

/// A page as indented JSON with a final line break.
fn json<T: Serialize>(page: &T) -> String {
    let mut text = serde_json::to_string_pretty(page)
        .expect("pages hold strings, numbers and lists, and every key is a string");
    text.push('\n');
    text
}

/// Text that may stand in a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// The text in lines of at most `width` characters where words allow it; every line but the first begins with `indent`.
fn wrap(text: &str, width: usize, indent: &str) -> String {
    let mut out = String::new();
    let mut column = indent.chars().count();
    for (at, word) in text.split_whitespace().enumerate() {
        let length = word.chars().count();
        if at > 0 && column + 1 + length > width {
            out.push('\n');
            out.push_str(indent);
            column = indent.chars().count();
        } else if at > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn long_text_is_wrapped_between_words() {
        assert_eq!(
            wrap("one two  three four", 10, "  "),
            "one two\n  three\n  four"
        );
        assert_eq!(
            wrap("incomprehensibilities it is", 8, ""),
            "incomprehensibilities\nit is"
        );
        assert_eq!(wrap("", 8, "  "), "");
    }
}
