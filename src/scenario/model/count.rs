//! How many a template stands for.

use crate::scenario::load::MAX_RESOURCES;
use crate::scenario::yaml::Spanned;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use std::fmt;

/// A whole number that is no greater than what a file may ask for in all.
struct Count(u32);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;
        impl Visitor<'_> for Whole {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number from 1 to {MAX_RESOURCES}")
            }

            // Said in words of its own, because only those keep the place of the scalar.
            fn visit_str<E: Error>(self, text: &str) -> Result<Count, E> {
                Err(E::custom(no_count(text)))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Count, E> {
                Err(E::custom(no_count(number)))
            }

            fn visit_u64<E: Error>(self, count: u64) -> Result<Count, E> {
                match u32::try_from(count) {
                    Ok(fits) if count <= MAX_RESOURCES => Ok(Count(fits)),
                    _ => Err(E::custom(too_many(&count.to_string()))),
                }
            }

            fn visit_i64<E: Error>(self, count: i64) -> Result<Count, E> {
                match u64::try_from(count) {
                    Ok(count) => self.visit_u64(count),
                    Err(_) => Err(E::custom(no_count(count))),
                }
            }

            fn visit_u128<E: Error>(self, count: u128) -> Result<Count, E> {
                match u64::try_from(count) {
                    Ok(count) => self.visit_u64(count),
                    Err(_) => Err(E::custom(too_many(&count.to_string()))),
                }
            }
        }
        deserializer.deserialize_any(Whole)
    }
}

fn no_count(found: impl fmt::Display) -> String {
    format!("expected a whole number from 1 to {MAX_RESOURCES}, found `{found}`")
}

fn too_many(count: &str) -> String {
    format!("a template has at most {MAX_RESOURCES} members, not {count}")
}

/// Reads the `count` of a template.
pub(super) fn template<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Spanned<u32>>, D::Error> {
    let read = Option::<Spanned<Count>>::deserialize(deserializer)?;
    Ok(read.map(|at| at.with_value(at.value.0)))
}
