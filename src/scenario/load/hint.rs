//! What to write instead of a choice that is valid, but under another key: an operation that is answered at once is asked
//! under `query`, one that changes something is called under `call`, and an act on the cloud stands under `native`.

use crate::machine::command::{Call, Native};
use crate::machine::query::Query;
use serde::Deserialize;
use serde::de::value::StrDeserializer;
use std::fmt;

/// A reader's error that keeps only the choices there are.
#[derive(Debug)]
struct Choices(&'static [&'static str]);

impl fmt::Display for Choices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

impl std::error::Error for Choices {}

impl serde::de::Error for Choices {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Choices(&[])
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Choices(expected)
    }
}

/// The choices of an enum, as it says them itself when it is asked for one that it does not have.
fn choices<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let unknown = StrDeserializer::<Choices>::new("");
    T::deserialize(unknown)
        .err()
        .map_or(&[], |choices| choices.0)
}

/// The help for `choice` where only `valid` ones may stand, if it is one of another key.
pub(super) fn other_key(choice: &str, valid: &[&'static str]) -> Option<String> {
    let keys = [
        ("call", choices::<Call>()),
        ("query", choices::<Query>()),
        ("native", choices::<Native>()),
    ];
    keys.iter().find(|(_, choices)| *choices == valid)?;
    let (key, _) = keys.iter().find(|(_, choices)| choices.contains(&choice))?;
    Some(format!(
        "write it under `{key}`, as in `{key}: {{{choice}: ...}}`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_neither_a_call_nor_an_act() {
        let (calls, queries) = (choices::<Call>(), choices::<Query>());
        let acts = choices::<Native>();
        assert!(calls.contains(&"failover") && calls.len() > 20, "{calls:?}");
        assert!(
            queries.contains(&"show_job") && queries.len() == 17,
            "{queries:?}"
        );
        assert!(acts.contains(&"stop_server"), "{acts:?}");
        for choice in queries {
            assert!(
                !calls.contains(choice) && !acts.contains(choice),
                "{choice}"
            );
            assert!(other_key(choice, calls).is_some_and(|help| help.contains("`query`")));
            assert!(other_key(choice, &["else"]).is_none());
        }
    }
}
