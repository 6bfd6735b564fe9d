//! Values in the flow style of YAML, as people write scenario files.

use serde_json::Value;

/// The value on one line; what is null is left out of mappings.
pub(super) fn flow(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let items = map.iter().filter(|(_, value)| !value.is_null());
            let items: Vec<_> = items
                .map(|(key, value)| format!("{}: {}", word(key), flow(value)))
                .collect();
            format!("{{{}}}", items.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::String(text) => word(text),
        other => other.to_string(),
    }
}

/// A text as a plain word, if it is read as one, or else in quotes.
pub(super) fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.');
    let first = |c: char| c.is_ascii_alphabetic() || c == '/';
    let special = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    match text.starts_with(first)
        && text.chars().all(plain)
        && !special.contains(&text.to_ascii_lowercase().as_str())
    {
        true => text.to_owned(),
        // A text in JSON's quotes is one in YAML's double quotes.
        false => Value::from(text).to_string(),
    }
}
