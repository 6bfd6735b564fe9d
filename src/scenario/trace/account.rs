//! What a trace has told of each resource so far: the last word of its effects, taken together.
//!
//! A trace holds effects and no states, so this is less than a view: of what no effect has touched nothing is told, and of a
//! property that changed only that it did. It follows nothing from what is told but that a server which stopped is not
//! usable and that what is gone has nothing. It is what can be said of a recorded run without running it.

use super::read::Line;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Facts of a resource by their names, each once.
type Facts = Vec<(&'static str, Value)>;

/// What a trace has told so far. It grows with the resources that the trace names, and not with its length.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    of: BTreeMap<String, Facts>,
}

/// What two traces tell of a resource at the place where they part, each up to and with its own line there. What both have
/// said before is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The label of the resource.
    pub label: String,
    /// By the first trace; None: it has said nothing of it.
    pub left: Option<Value>,
    /// By the second.
    pub right: Option<Value>,
}

impl Accounts {
    /// Takes in the next line; false if it says nothing of a resource that could be kept.
    pub fn take(&mut self, line: &Line) -> bool {
        if line.label.is_empty() || line.end.is_some() {
            return false;
        }
        match self.of.get_mut(&line.label) {
            Some(facts) => tell(facts, line),
            None => {
                let mut facts = Facts::new();
                let told = tell(&mut facts, line);
                if told {
                    self.of.insert(line.label.clone(), facts);
                }
                told
            }
        }
    }

    /// What was told of a resource, as an object; None: nothing. `told_at` is the instant of the last effect that was about
    /// it, in microseconds. Everything else is there only if it was told:
    ///
    /// | key | is, from the effects |
    /// |---|---|
    /// | `status`, `code`, `job` | its status, why a job failed, and the job that changed the status: `created`, `moved`, `job` |
    /// | `gone` | true: it was deleted |
    /// | `station` | where production stands |
    /// | `power`, `usable`, `no_place` | of a server |
    /// | `server`, `nic` | into which server a NIC is plugged, to which NIC an address is bound; null: none |
    /// | `faults` | what has struck it and was not mended, oldest first |
    /// | `mode`, `cut`, `fault_levels`, `down` | of a domain, of a group without the path, of its pairs, of the control plane |
    /// | `copy`, `stalled` | of a pair: `under way` or `in step`; of a route |
    /// | `recovered`, `snapshot`, `discarded`, `sub_job` | the last of its kind, as the trace has it |
    /// | `began` | the last work that began on it |
    /// | `changed` | the properties that changed at once; to what, no trace says |
    #[must_use]
    pub fn of(&self, label: &str) -> Option<Value> {
        self.of.get(label).map(object)
    }

    /// What was told of a resource, and then this line.
    fn with(&self, label: &str, line: &Line) -> Option<Value> {
        let mut facts = self.of.get(label).cloned().unwrap_or_default();
        if line.label == label && line.end.is_none() {
            tell(&mut facts, line);
        }
        (!facts.is_empty()).then(|| object(&facts))
    }

    /// Of the resources that two lines are about, where two traces part that told this before.
    pub(in crate::scenario) fn part(&self, left: &Line, right: &Line) -> Vec<Account> {
        let mut labels = vec![&left.label, &right.label];
        labels.dedup();
        labels.retain(|label| !label.is_empty());
        let account = |label: &String| Account {
            label: label.clone(),
            left: self.with(label, left),
            right: self.with(label, right),
        };
        labels.into_iter().map(account).collect()
    }
}

fn object(facts: &Facts) -> Value {
    let facts = facts
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    Value::Object(facts.collect::<Map<_, _>>())
}

fn set(facts: &mut Facts, name: &'static str, value: Value) {
    match facts.iter_mut().find(|(other, _)| *other == name) {
        Some((_, old)) => *old = value,
        None => facts.push((name, value)),
    }
}

fn forget(facts: &mut Facts, name: &'static str) {
    facts.retain(|(other, _)| *other != name);
}

/// Adds to a list.
fn add(facts: &mut Facts, name: &'static str, value: &Value) {
    match facts.iter_mut().find(|(other, _)| *other == name) {
        Some((_, Value::Array(all))) => all.push(value.clone()),
        _ => set(facts, name, json!([value])),
    }
}

/// Takes the first of its like from a list.
fn remove(facts: &mut Facts, name: &'static str, value: &Value) {
    if let Some((_, Value::Array(all))) = facts.iter_mut().find(|(other, _)| *other == name)
        && let Some(place) = all.iter().position(|one| one == value)
    {
        all.remove(place);
    }
}

/// Takes in an effect; false if it is of no kind that is known here.
fn tell(facts: &mut Facts, line: &Line) -> bool {
    let said = |key: &str| line.said.get(key).cloned().unwrap_or(Value::Null);
    // What an effect says beside the instant, the label and its kind.
    let rest = || {
        let mut rest = line.said.as_object().cloned().unwrap_or_default();
        rest.retain(|key, _| !matches!(key.as_str(), "at" | "label" | "effect" | "delay"));
        Value::Object(rest)
    };
    match line.said.get("effect").and_then(Value::as_str) {
        Some("begin") => set(facts, "began", rest()),
        Some("copy_began") => set(facts, "copy", json!("under way")),
        Some("in_step") => set(facts, "copy", json!("in step")),
        Some("created") => {
            facts.clear();
            if !said("status").is_null() {
                set(facts, "status", said("status"));
            }
        }
        Some("moved") => {
            set(facts, "status", said("to"));
            match said("job") {
                Value::Null => forget(facts, "job"),
                job => set(facts, "job", job),
            }
        }
        Some("gone") => {
            facts.clear();
            set(facts, "gone", json!(true));
        }
        Some("job") => {
            set(facts, "status", said("status"));
            match said("code") {
                Value::Null => {}
                code => set(facts, "code", code),
            }
        }
        Some("sub_job") => set(facts, "sub_job", rest()),
        Some("station") => set(facts, "station", said("to")),
        Some("power") => {
            set(facts, "power", said("to"));
            forget(facts, "no_place");
            forget(facts, "usable");
        }
        Some("usable") => set(facts, "usable", json!(true)),
        Some("no_place") => set(facts, "no_place", json!(true)),
        Some("nic_moved") => set(facts, "server", said("to")),
        Some("eip_bound") => set(facts, "nic", said("to")),
        Some("changed") => {
            let property = said("property");
            remove(facts, "changed", &property);
            add(facts, "changed", &property);
        }
        _ => return disaster(facts, line, &said, &rest),
    }
    set(facts, "told_at", said("at"));
    true
}

/// The same for faults, arbitration and recoveries.
fn disaster(
    facts: &mut Facts,
    line: &Line,
    said: &dyn Fn(&str) -> Value,
    rest: &dyn Fn() -> Value,
) -> bool {
    match line.said.get("effect").and_then(Value::as_str) {
        Some("struck") => add(facts, "faults", &said("fault")),
        Some("mended") => remove(facts, "faults", &said("fault")),
        Some("stalled") => set(facts, "stalled", json!(true)),
        Some("arbitration") => set(facts, "mode", said("mode")),
        Some("cut_off") => set(facts, "cut", said("verdict")),
        Some("joined") => set(facts, "cut", Value::Null),
        Some("fault_levels") => set(facts, "fault_levels", rest()),
        Some("recovered") => set(facts, "recovered", rest()),
        Some("snapshot") => set(facts, "snapshot", rest()),
        Some("discarded") => set(facts, "discarded", rest()),
        Some("control_plane") => set(facts, "down", said("down")),
        _ => return false,
    }
    set(facts, "told_at", said("at"));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes lines and tells what is known of `a`.
    fn account(lines: &[&str]) -> Option<Value> {
        let mut all = Accounts::default();
        for (place, line) in lines.iter().enumerate() {
            let line = format!("{{\"at\":{place},\"label\":\"a\",{line}}}");
            let line = Line::parse(2, &line).unwrap();
            assert!(all.take(&line), "{}", line.text);
        }
        all.of("a")
    }

    #[test]
    fn the_last_word_counts_and_what_is_gone_has_nothing() {
        let moved = r#""effect":"moved","from":"available","to":"starting","job":3"#;
        let later = r#""effect":"moved","from":"starting","to":"error-starting","job":null"#;
        let station = r#""effect":"station","to":"target""#;
        assert_eq!(
            account(&[moved, station]).unwrap(),
            json!({"status": "starting", "job": 3, "station": "target", "told_at": 1})
        );
        assert_eq!(
            account(&[moved, station, later]).unwrap(),
            json!({"status": "error-starting", "station": "target", "told_at": 2})
        );
        let gone = r#""effect":"gone","kind":"protection group""#;
        assert_eq!(
            account(&[moved, station, gone]).unwrap(),
            json!({"gone": true, "told_at": 2})
        );
        let created = r#""effect":"created","kind":"protection group","status":"creating""#;
        assert_eq!(
            account(&[moved, gone, created]).unwrap(),
            json!({"status": "creating", "told_at": 2})
        );
    }

    #[test]
    fn a_server_that_stopped_is_not_usable_and_faults_stack() {
        let power = |to: &str| format!(r#""effect":"power","from":"x","to":"{to}""#);
        let (on, off) = (power("active"), power("shutoff"));
        let (usable, no_place) = (r#""effect":"usable""#, r#""effect":"no_place""#);
        assert_eq!(account(&[&on, usable]).unwrap()["usable"], true);
        assert_eq!(
            account(&[&on, usable, &off, no_place]).unwrap(),
            json!({"power": "shutoff", "no_place": true, "told_at": 3})
        );
        let (struck, mended) = (
            r#""effect":"struck","fault":"fails""#,
            r#""effect":"mended","fault":"fails""#,
        );
        let faults = |lines: &[&str]| account(lines).unwrap()["faults"].clone();
        assert_eq!(faults(&[struck, struck, mended]), json!(["fails"]));
        assert_eq!(faults(&[struck, mended]), json!([]));
    }

    #[test]
    fn lists_are_of_what_was_told_and_the_rest_is_kept_as_it_is() {
        let changed = |what: &str| format!(r#""effect":"changed","property":"{what}""#);
        let (size, tags) = (changed("size"), changed("tags"));
        let told = account(&[&size, &tags, &size]).unwrap();
        assert_eq!(told["changed"], json!(["tags", "size"]));
        let discarded = r#""effect":"discarded","bytes":7,"kept":8,"both":9"#;
        let told = account(&[discarded]).unwrap();
        assert_eq!(told["discarded"], json!({"bytes": 7, "kept": 8, "both": 9}));
        let begin = r#""effect":"begin","operation":"failover","part":"work","delay":5"#;
        let told = account(&[begin]).unwrap();
        assert_eq!(
            told["began"],
            json!({"operation": "failover", "part": "work"})
        );
    }

    #[test]
    fn what_is_not_about_a_resource_is_passed_over() {
        let mut all = Accounts::default();
        for line in [
            r#"{"at":1,"label":"","effect":"tasks_deleted","count":2}"#,
            r#"{"at":1,"label":"a","effect":"of another version"}"#,
            r#"{"end":9,"digest":"0000000000000000","events":2}"#,
        ] {
            assert!(!all.take(&Line::parse(2, line).unwrap()), "{line}");
        }
        assert_eq!((all.of("a"), all.of("")), (None, None));
    }
}
