//! A mapping of labels that keeps the order of the file and the place of each label.
//!
//! Order matters because it decides the order of creation; places matter because most faults concern a label. A hash
//! map has neither, and a sequence of pairs would make users write one.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use super::Spanned;
use crate::scenario::by_text::ByText;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

/// A mapping from unique labels to `T`, in file order.
///
/// Reads from a YAML mapping; a label that appears twice is an error. Equality ignores places.
#[derive(Debug, Clone)]
pub struct Labelled<T> {
    items: Vec<(Spanned<String>, T)>,
    places: ByText,
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

    /// What `label` names.
    pub fn get(&self, label: &str) -> Option<&T> {
        let item = |place: u32| &self.items[place as usize];
        let found = self.places.get(label, |place| item(place).0.value == label);
        found.map(|place| &item(place).1)
    }
}

impl<T> Default for Labelled<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            places: ByText::default(),
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
        let mut pairs = Labelled::default();
        while let Some(label) = map.next_key::<Spanned<String>>()? {
            let (text, items): (&str, &[(Spanned<String>, T)]) = (&label.value, &pairs.items);
            let is_same = |place: u32| items[place as usize].0.value == text;
            let new = pairs.places.insert(text, items.len() as u32, is_same);
            if new.is_err() {
                return Err(de::Error::custom(format_args!(
                    "the label `{text}` appears twice"
                )));
            }
            pairs.items.push((label, map.next_value()?));
        }
        Ok(pairs)
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
