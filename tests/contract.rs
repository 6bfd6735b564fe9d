//! The published facts, as transcribed in `tests/contract/`, against the tables of the crate.
//!
//! Everything is compared in both directions: what the contract has must be in the crate, and the
//! crate has nothing of its own. A deviation is named here, with its reason, or is a failure.

#![allow(clippy::unwrap_used)] // A test that cannot go on may panic.

#[path = "contract/effects.rs"]
mod effects;
#[path = "contract/rules.rs"]
mod rules;
#[path = "contract/statuses.rs"]
mod statuses;

use std::collections::{BTreeMap, BTreeSet};

use sdrsim::sdrs::codes::{Answered, CODES, Code};
use sdrsim::sdrs::limits;
use toml::{Table, Value};

const ERROR_CODES: &str = include_str!("contract/error_codes.csv");
const OPERATIONS: &str = include_str!("contract/operations.toml");

/// Codes that the simulation answers although no line of operations.toml names them.
const REFUSED_BEYOND_THE_OPERATIONS: &[(u16, &str)] = &[(
    13,
    "the control plane fault: while it lasts, every call answers with this code",
)];

fn operations() -> Table {
    OPERATIONS.parse().expect("operations.toml is TOML")
}

#[test]
fn the_codes_are_those_of_the_published_appendix() {
    let mut lines = ERROR_CODES.lines();
    assert_eq!(lines.next(), Some("code,http_status,meaning"));
    let published: Vec<&str> = lines.collect();
    let ours: Vec<String> = CODES
        .iter()
        .map(|row| format!("{},{},{}", row.code, row.http, row.slug))
        .collect();
    assert_eq!(published.len(), 218);
    assert_eq!(ours, published);
}

#[test]
fn every_message_and_every_reason_says_something_and_no_two_messages_are_alike() {
    let mut seen = BTreeMap::new();
    for row in CODES {
        assert!(
            row.message.ends_with('.') && row.message.len() > 10,
            "{}: {:?}",
            row.code,
            row.message
        );
        if let Some(other) = seen.insert(row.message, row.code) {
            panic!("{other} and {} have the same message", row.code);
        }
        if let Answered::Never(reason) = row.answered {
            assert!(reason.len() > 10, "{}: {reason:?}", row.code);
        }
    }
}

#[test]
fn a_code_is_answered_exactly_where_the_operations_say_so() {
    let table = operations();
    let synchronous = synchronous_operations(&table);
    let (mut refused, mut failed) = (BTreeSet::new(), BTreeSet::new());

    for (section, value) in &table {
        match section.as_str() {
            "malformed_id" | "unknown" | "query" | "action" => collect_codes(value, &mut refused),
            "operation" => {
                for (key, value) in array(value).iter().flat_map(Table::iter) {
                    collect_codes(
                        value,
                        if key == "job_error" {
                            &mut failed
                        } else {
                            &mut refused
                        },
                    );
                }
            }
            "job_cause" => {
                for cause in array(value) {
                    let (at_once, later) = cause_ends(&cause, &synchronous);
                    if at_once {
                        collect_codes(&cause["causes"], &mut refused);
                    }
                    if later {
                        collect_codes(&cause["causes"], &mut failed);
                    }
                }
            }
            "limits" => {}
            other => panic!("operations.toml has a section `{other}` that this test does not know"),
        }
    }
    refused.extend(
        REFUSED_BEYOND_THE_OPERATIONS
            .iter()
            .map(|&(number, _)| Code::of(number).to_string()),
    );

    for row in CODES {
        let code = row.code.to_string();
        let expected = (refused.remove(&code), failed.remove(&code));
        let marked = match row.answered {
            Answered::Refusal => (true, false),
            Answered::JobError => (false, true),
            Answered::Both => (true, true),
            Answered::Never(_) => (false, false),
        };
        assert_eq!(
            marked, expected,
            "{code}: (refusal, job error) as marked, and as in operations.toml"
        );
    }
    assert!(
        refused.is_empty() && failed.is_empty(),
        "not in the table: {refused:?} {failed:?}"
    );
}

/// The names of the operations that answer at once, and so have no job that could fail.
fn synchronous_operations(table: &Table) -> BTreeSet<String> {
    let text = |operation: &Table, key: &str| operation[key].as_str().expect("text").to_owned();
    let operations = array(&table["operation"]);
    operations
        .iter()
        .filter(|o| text(o, "kind") == "sync")
        .map(|o| text(o, "name"))
        .collect()
}

/// Whether a cause meets an operation that answers at once (and is refused), and one with a job.
fn cause_ends(cause: &Table, synchronous: &BTreeSet<String>) -> (bool, bool) {
    let names = cause["operations"]
        .as_array()
        .expect("a list of operations");
    let at_once = names
        .iter()
        .filter(|name| synchronous.contains(name.as_str().expect("a name")))
        .count();
    (at_once > 0, at_once < names.len())
}

fn array(value: &Value) -> Vec<Table> {
    let items = value.as_array().expect("an array of tables");
    items
        .iter()
        .map(|item| item.as_table().expect("a table").clone())
        .collect()
}

/// Every text in the value that is an error code and nothing else.
fn collect_codes(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.starts_with("SDRS.") && !text.contains(' ') => {
            into.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| collect_codes(item, into)),
        Value::Table(table) => table.values().for_each(|item| collect_codes(item, into)),
        _ => {}
    }
}

#[test]
fn the_limits_are_the_published_ones() {
    let table = operations();
    let ours: BTreeMap<&str, i64> = [
        ("server_groups", limits::SERVER_GROUPS.into()),
        ("replications", limits::REPLICATIONS.into()),
        ("instances_per_group", limits::INSTANCES_PER_GROUP.into()),
        ("unattached_pairs", limits::UNATTACHED_PAIRS.into()),
        ("nics_per_instance", limits::NICS_PER_INSTANCE as i64),
        ("tags_at_creation", limits::TAGS_AT_CREATION as i64),
        ("tags_per_instance", limits::TAGS_PER_INSTANCE as i64),
        ("tag_key_max_chars", limits::TAG_KEY_MAX_CHARS as i64),
        ("tag_value_max_chars", limits::TAG_VALUE_MAX_CHARS as i64),
        ("tag_query_keys", limits::TAG_QUERY_KEYS as i64),
        (
            "tag_query_values_per_key",
            limits::TAG_QUERY_VALUES_PER_KEY as i64,
        ),
        (
            "tag_query_key_max_chars",
            limits::TAG_QUERY_KEY_MAX_CHARS as i64,
        ),
        (
            "tag_query_value_max_chars",
            limits::TAG_QUERY_VALUE_MAX_CHARS as i64,
        ),
    ]
    .into();
    let published = table["limits"].as_table().expect("a table");
    let numbers: BTreeMap<&str, i64> = published
        .iter()
        .filter_map(|(key, value)| Some((key.as_str(), value.as_integer()?)))
        .collect();
    assert_eq!(ours, numbers);

    // The one limit that is no number is a rule of `names`, which has tests of its own.
    let texts: Vec<&str> = published
        .iter()
        .filter(|(_, value)| value.is_str())
        .map(|(key, _)| key.as_str())
        .collect();
    assert_eq!(texts, ["tag_chars"]);
}

#[test]
fn the_limits_of_lists_are_the_published_ones() {
    let table = operations();
    let query = table["query"].as_table().expect("a table");
    assert_eq!(
        query["default_limit"].as_integer(),
        Some(limits::LIST_LIMIT_DEFAULT as i64)
    );
    let range = format!(
        "limit_outside_{}_to_{}",
        limits::LIST_LIMIT_MIN,
        limits::LIST_LIMIT_MAX
    );
    let ids = format!("more_than_{}_ids", limits::LIST_IDS_MAX);
    assert!(
        query.contains_key(&range) && query.contains_key(&ids),
        "{range}, {ids}: {query:?}"
    );
}

#[test]
fn the_limits_of_names_and_descriptions_are_the_published_ones() {
    let name = format!(
        "name is not 1-{} bytes of [A-Za-z0-9._-]",
        limits::NAME_MAX_BYTES
    );
    let description = format!(
        "description is over {} bytes or holds < or >",
        limits::DESCRIPTION_MAX_BYTES
    );
    let mut seen = (0, 0);
    for operation in array(&operations()["operation"]) {
        for check in operation.get("checks").map(array).unwrap_or_default() {
            match check["code"].as_str() {
                Some("SDRS.0202") => {
                    assert_eq!(check["when"].as_str(), Some(name.as_str()));
                    seen.0 += 1;
                }
                Some("SDRS.0212") => {
                    assert_eq!(check["when"].as_str(), Some(description.as_str()));
                    seen.1 += 1;
                }
                _ => {}
            }
        }
    }
    assert!(seen.0 > 0 && seen.1 > 0, "{seen:?}");
}
