//! The references and new labels inside a call, act or query.
//!
//! Commands are serde types, so they are looked at in their serialized form: one table of keys says which are references
//! and to what, instead of a match with an arm for each of eighty variants.

use super::names::Kind;
use serde_json::Value;

/// The keys whose values refer to something.
const REFERENCES: &[(&str, Kind)] = &[
    ("group", Kind::Group),
    ("server_group_id", Kind::Group),
    ("server_group_ids", Kind::Group),
    ("instance", Kind::Instance),
    ("protected_instance_id", Kind::Instance),
    ("protected_instance_ids", Kind::Instance),
    ("pair", Kind::Pair),
    ("drill", Kind::Drill),
    ("server", Kind::Server),
    ("server_id", Kind::Server),
    ("disk", Kind::Disk),
    ("volume_id", Kind::Disk),
    ("vpc", Kind::Vpc),
    ("source_vpc_id", Kind::Vpc),
    ("drill_vpc_id", Kind::Vpc),
    ("subnet", Kind::Subnet),
    ("subnet_id", Kind::Subnet),
    ("primary_subnet_id", Kind::Subnet),
    ("nic", Kind::Nic),
    ("nic_id", Kind::Nic),
    ("eip", Kind::Eip),
    ("domain", Kind::Domain),
    ("domain_id", Kind::Domain),
    ("flavor", Kind::Flavor),
    ("flavorRef", Kind::Flavor),
    ("production_flavorRef", Kind::Flavor),
    ("dr_flavorRef", Kind::Flavor),
    ("az", Kind::Az),
    ("source_availability_zone", Kind::Az),
    ("target_availability_zone", Kind::Az),
];

/// What the label of a new thing names, by the call or act that makes it.
const MAKERS: &[(&str, Kind)] = &[
    ("create_protection_group", Kind::Group),
    ("create_protected_instance", Kind::Instance),
    ("create_replication_pair", Kind::Pair),
    ("create_dr_drill", Kind::Drill),
    ("add_nic", Kind::Nic),
    ("create_server", Kind::Server),
    ("create_disk", Kind::Disk),
    ("create_vpc", Kind::Vpc),
    ("create_subnet", Kind::Subnet),
    ("create_nic", Kind::Nic),
    ("create_eip", Kind::Eip),
];

/// The call's name and its body.
fn body(form: &mut Value) -> Option<(&str, &mut serde_json::Map<String, Value>)> {
    let (name, body) = form.as_object_mut()?.iter_mut().next()?;
    Some((name, body.as_object_mut()?))
}

/// The name of the call, act or query.
pub(in crate::scenario) fn name(form: &Value) -> &str {
    match form {
        Value::String(name) => name,
        Value::Object(map) => map.keys().next().map_or("", String::as_str),
        _ => "",
    }
}

/// The label that it gives to something new, and of what kind; the label is None if it leaves the choice.
pub(super) fn made(form: &Value) -> Option<(Kind, Option<&str>)> {
    let (name, body) = form.as_object()?.iter().next()?;
    let kind = MAKERS.iter().find(|(maker, _)| maker == name)?.1;
    Some((kind, body.get("as").and_then(Value::as_str)))
}

/// Visits every reference by label, to be looked at or replaced.
pub(super) fn references(form: &mut Value, visit: &mut dyn FnMut(Kind, &mut String)) {
    let Some((_, body)) = body(form) else { return };
    for (key, value) in body {
        let Some(&(_, kind)) = REFERENCES.iter().find(|(known, _)| known == key) else {
            continue;
        };
        match value {
            Value::String(label) => visit(kind, label),
            Value::Array(items) => {
                for item in items {
                    if let Value::String(label) = item {
                        visit(kind, label);
                    }
                }
            }
            // An id, or nothing.
            _ => {}
        }
    }
}

/// The label of the first thing that the call or act is about, for lines of a transcript.
pub(in crate::scenario) fn subject(form: &Value) -> String {
    let Some((_, Value::Object(body))) = form.as_object().and_then(|map| map.iter().next()) else {
        return String::new();
    };
    let first = |keys: &[&str]| {
        let mut found = keys.iter().filter_map(|key| body.get(*key)?.as_str());
        found.next().map(str::to_owned)
    };
    let own = [
        "as", "pair", "instance", "drill", "nic_id", "nic", "eip", "disk", "server", "group",
        "subnet", "vpc",
    ];
    let more = ["domain", "flavor", "server_group_id"];
    first(&own).or_else(|| first(&more)).unwrap_or_default()
}

/// The form with the label of what it makes replaced.
pub(super) fn rename_made(form: &mut Value, rename: impl Fn(&str) -> String) {
    if made(form).is_none() {
        return;
    }
    if let Some((_, body)) = body(form)
        && let Some(Value::String(label)) = body.get_mut("as")
    {
        *label = rename(label);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::command::Call;
    use crate::machine::query::Query;
    use schemars::{JsonSchema, SchemaGenerator};
    use serde_json::json;

    #[test]
    fn references_and_new_labels_are_found() {
        let mut form = json!({"create_protected_instance": {"as": "i", "server_group_id": "g", "server_id": {"id": "x"}, "name": "g"}});
        assert_eq!(made(&form), Some((Kind::Instance, Some("i"))));
        assert_eq!(subject(&form), "i");
        let mut seen = Vec::new();
        references(&mut form, &mut |kind, label| {
            seen.push((kind, label.clone()));
            label.push('!');
        });
        assert_eq!(seen, [(Kind::Group, "g".to_owned())]);
        rename_made(&mut form, |label| format!("{label}-1"));
        assert_eq!(form["create_protected_instance"]["as"], "i-1");
        assert_eq!(form["create_protected_instance"]["server_group_id"], "g!");
        assert_eq!(form["create_protected_instance"]["name"], "g");
    }

    /// The keys of a type's schema whose values are references.
    fn keys_of<T: JsonSchema>() -> Vec<String> {
        fn walk(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(map) => {
                    if let Some(Value::Object(properties)) = map.get("properties") {
                        for (key, schema) in properties {
                            let text = schema.to_string();
                            if text.contains("#/$defs/Ref\"") && !text.contains("\"properties\"") {
                                found.push(key.clone());
                            }
                        }
                    }
                    map.values().for_each(|value| walk(value, found));
                }
                Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
                _ => {}
            }
        }
        let mut found = Vec::new();
        let schema = SchemaGenerator::default().into_root_schema_for::<T>();
        walk(schema.as_value(), &mut found);
        found.retain(|key| key.starts_with(char::is_lowercase));
        found.sort();
        found.dedup();
        found
    }

    #[test]
    fn the_table_names_every_key_that_is_a_reference() {
        let mut keys = keys_of::<Call>();
        keys.extend(keys_of::<crate::machine::command::Native>());
        keys.extend(keys_of::<Query>());
        // Jobs and failed tasks have numbers and ids, which are made by the run; whole calls refer to their bodies.
        keys.retain(|key| !matches!(key.as_str(), "job" | "task") && !key.contains("create_"));
        assert!(keys.len() > 20, "{keys:?}");
        for key in keys {
            assert!(REFERENCES.iter().any(|(known, _)| *known == key), "{key}");
        }
    }
}
