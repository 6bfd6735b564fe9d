//! The policy register as a page: the choices that a scenario can make, with their defaults, and the fixed decisions.
//!
//! The fields, their values and their explanations are read from the schema of [`Policies`] itself, so that a new field
//! stands here without being copied.

use super::{VERSION, json, wrap};
use crate::sdrs::policy::{DECISIONS, Policies};
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write;

/// A field of [`Policies`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// Its key in a scenario file.
    pub name: String,
    /// The value that holds when a scenario is silent.
    pub default: Value,
    /// The values that it takes.
    pub values: Vec<Value>,
    /// What it decides.
    pub about: String,
}

#[derive(Serialize)]
struct Fixed {
    name: &'static str,
    open: &'static str,
    ours: &'static str,
}

#[derive(Serialize)]
struct Page {
    version: u32,
    policies: Vec<Choice>,
    decisions: Vec<Fixed>,
}

/// The fields of [`Policies`] in alphabetical order.
#[must_use]
pub fn choices() -> Vec<Choice> {
    let schema = schemars::schema_for!(Policies).to_value();
    let defaults = serde_json::to_value(Policies::default())
        .expect("policies are words and truth values under string keys");
    let fields = schema["properties"].as_object();
    let choice = |(name, field): (&String, &Value)| Choice {
        name: name.clone(),
        default: defaults[name].clone(),
        values: values(&schema, field),
        about: text_of(&field["description"]),
    };
    let mut found: Vec<Choice> = fields.into_iter().flatten().map(choice).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn text_of(description: &Value) -> String {
    let words = description.as_str().unwrap_or_default().split_whitespace();
    words.collect::<Vec<_>>().join(" ")
}

/// The values that a field's schema admits, behind a reference if it is one.
fn values(schema: &Value, field: &Value) -> Vec<Value> {
    if let Some(path) = field["$ref"].as_str() {
        let path = path.trim_start_matches('#');
        return schema
            .pointer(path)
            .map_or_else(Vec::new, |at| values(schema, at));
    }
    if field["type"] == "boolean" {
        return vec![Value::Bool(false), Value::Bool(true)];
    }
    let listed = field["enum"].as_array().into_iter().flatten().cloned();
    let variants = field["oneOf"].as_array().into_iter().flatten();
    let named = variants.map(|variant| variant["const"].clone());
    listed.chain(named).collect()
}

/// A value as a scenario file writes it.
fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The register as text.
#[must_use]
pub fn text() -> String {
    const INDENT: &str = "    ";
    let mut out = String::from("Policies: what a scenario may choose\n");
    for choice in choices() {
        let values: Vec<String> = choice.values.iter().map(word).collect();
        let _ = write!(
            out,
            "\n  {}: {}   (default {})\n{INDENT}{}\n",
            choice.name,
            values.join(" | "),
            word(&choice.default),
            wrap(&choice.about, 100, INDENT)
        );
    }
    out.push_str("\nDecisions: what is fixed where the published pages are silent\n");
    for decision in DECISIONS {
        let open = format!("Open: {}.", decision.open);
        let ours = format!("Here: {}", decision.ours);
        let _ = write!(
            out,
            "\n  {}\n{INDENT}{}\n{INDENT}{}\n",
            decision.name,
            wrap(&open, 100, INDENT),
            wrap(&ours, 100, INDENT)
        );
    }
    out
}

/// The register as JSON: `{"version": 1, "policies": [{name, default, values, about}], "decisions": [{name, open, ours}]}`.
#[must_use]
pub fn to_json() -> String {
    let fixed = DECISIONS.iter().map(|decision| Fixed {
        name: decision.name,
        open: decision.open,
        ours: decision.ours,
    });
    json(&Page {
        version: VERSION,
        policies: choices(),
        decisions: fixed.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_default_among_its_values_and_an_explanation() {
        let Value::Object(fields) = serde_json::to_value(Policies::default()).unwrap() else {
            panic!("policies are an object");
        };
        let found = choices();
        assert_eq!(found.len(), fields.len());
        for choice in found {
            assert!(choice.values.contains(&choice.default), "{choice:?}");
            assert!(choice.values.len() > 1, "{choice:?}");
            assert!(
                choice.about.contains("sdrs_05_"),
                "{choice:?} names its page"
            );
            assert!(choice.about.contains("Hangs on it:"), "{choice:?}");
        }
    }

    #[test]
    fn the_text_names_every_decision() {
        let page = text();
        for decision in DECISIONS {
            assert!(page.contains(decision.name), "{}", decision.name);
        }
    }
}
