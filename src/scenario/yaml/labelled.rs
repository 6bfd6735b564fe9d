//! A mapping of labels that keeps the order of the file and the place of each label.
//!
//! Order matters because it decides the order of creation; places matter because most faults concern a label. A hash
//! map has neither, and a sequence of pairs would make users write one.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_saphyr::Spanned;

/// A mapping from unique labels to `T`, in file order.
///
/// Reads from a YAML mapping; a label that appears twice is an error. Equality ignores places.
#[derive(Debug, Clone)]
pub struct Labelled<T> {
    items: Vec<(Spanned<String>, T)>,
    /// Places in the order of the labels.
    sorted: Vec<u32>,
}

impl<T> Labelled<T> {
    /// The number of labels.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Labels with their places, and what they name, in file order.
    pub fn iter(&self) -> std::slice::Iter<'_, (Spanned<String>, T)> {
        self.items.iter()
    }

    /// The labels alone, in file order.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.items.iter().map(|(label, _)| label.value.as_str())
    }

    /// What the labels name, in file order.
    pub fn items(&self) -> impl Iterator<Item = &T> {
        self.items.iter().map(|(_, item)| item)
    }

    /// What `label` names. Takes the logarithm of their number, since a file may spell out a million.
    pub fn get(&self, label: &str) -> Option<&T> {
        let at = |place: &u32| &self.items[*place as usize];
        let found = self
            .sorted
            .binary_search_by(|place| at(place).0.value.as_str().cmp(label));
        found.ok().map(|place| &at(&self.sorted[place]).1)
    }
}

impl<T> Default for Labelled<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            sorted: Vec::new(),
        }
    }
}

impl<T: PartialEq> PartialEq for Labelled<T> {
    fn eq(&self, other: &Self) -> bool {
        self.labels().eq(other.labels()) && self.items().eq(other.items())
    }
}

impl<T> IntoIterator for Labelled<T> {
    type Item = (Spanned<String>, T);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Labelled<T> {
    type Item = &'a (Spanned<String>, T);
    type IntoIter = std::slice::Iter<'a, (Spanned<String>, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Labelled<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Pairs(PhantomData))
    }
}

struct Pairs<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Pairs<T> {
    type Value = Labelled<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping of labels")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut seen = BTreeSet::new();
        let mut pairs: Vec<(Spanned<String>, T)> = Vec::new();
        while let Some(label) = map.next_key::<Spanned<String>>()? {
            if !seen.insert(label.value.clone()) {
                return Err(de::Error::custom(format_args!(
                    "the label `{}` appears twice",
                    label.value
                )));
            }
            pairs.push((label, map.next_value()?));
        }
        let mut sorted: Vec<u32> = (0..pairs.len() as u32).collect();
        sorted.sort_unstable_by(|a, b| {
            let label = |place: &u32| &pairs[*place as usize].0.value;
            label(a).cmp(label(b))
        });
        Ok(Labelled {
            items: pairs,
            sorted,
        })
    }
}

impl<T: JsonSchema> JsonSchema for Labelled<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Labelled_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": generator.subschema_for::<T>(),
        })
    }
}
