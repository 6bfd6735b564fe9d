//! The published error codes: what each is called, the HTTP status it comes with, what it means in
//! our own words, and whether a simulated service can ever answer with it.
//!
//! One const table, [`CODES`], holds all of them, including those nobody will ever see: a reader
//! who looks up a code from the published appendix finds either its meaning or the reason why the
//! simulation has no use for it. The table deliberately does not say *which operation* answers
//! with a code; that is the business of the rules. It holds no logic either: a [`Code`] is a
//! number, so that refusals stay small and `Copy`.
//!
//! The messages are not the published ones. They say what is wrong in the terms of this
//! simulation and, where there is one, the cure.

mod table;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use table::CODES;

/// An error code of the service, such as `SDRS.1013`.
///
/// Written and read as `SDRS.` and exactly four digits, in text and in serde alike. Codes order by
/// their number, which is the order of the published appendix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

impl Code {
    /// The code with this number: `Code::of(1824)` is `SDRS.1824`.
    ///
    /// Does not look into [`CODES`]; use [`row`] to learn whether the code is published.
    ///
    /// # Panics
    ///
    /// If the number needs more than four digits. In a const context that is a build error. Text
    /// from outside goes through [`FromStr`], which never panics.
    #[must_use]
    pub const fn of(number: u16) -> Self {
        assert!(number <= 9999, "an error code has four digits");
        Self(number)
    }

    /// The number behind `SDRS.`.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SDRS.{:04}", self.0)
    }
}

/// Why a text is not an error code of the service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// The text is not `SDRS.` followed by four digits.
    #[error("`{given}` is not an error code: write `SDRS.` and four digits, such as SDRS.1013")]
    Malformed {
        /// The text as given.
        given: String,
    },
    /// The text has the form of a code, but the service publishes no such code.
    #[error("the service publishes no error code {code}")]
    Unpublished {
        /// The code that was asked for.
        code: Code,
    },
}

impl FromStr for Code {
    type Err = CodeError;

    /// Reads a published code; a well-formed code that is not in [`CODES`] is an error, so that a
    /// mistyped expectation is found when it is read.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        let digits = text
            .strip_prefix("SDRS.")
            .filter(|digits| digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()));
        let Some(number) = digits.and_then(|digits| digits.parse().ok()) else {
            return Err(CodeError::Malformed {
                given: text.to_owned(),
            });
        };
        let code = Self(number);
        match row(code) {
            Some(_) => Ok(code),
            None => Err(CodeError::Unpublished { code }),
        }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Code;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an error code such as SDRS.1013")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Code, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for Code {
    fn schema_name() -> Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^SDRS\\.[0-9]{4}$",
            "description": "An error code of the service, such as SDRS.1013.",
        })
    }
}

/// How, if at all, the simulated service answers with a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// A call is refused with it, and nothing changes.
    ///
    /// Most of these need only a call that breaks a rule. Four need more: SDRS.0013 comes while the
    /// control plane is down, SDRS.1823 and SDRS.1824 come with faults of the data path (SDRS.1824
    /// also with the policies `az_failover` and `failover_disconnected`), and SDRS.1342 can only
    /// be met under the policy `fencing = "off"`.
    Refusal,
    /// An accepted job, or one of its sub-jobs, ends as FAIL with it.
    JobError,
    /// A call may be refused with it, and a job may end with it.
    Both,
    /// Never, for the reason given.
    Never(&'static str),
}

/// A published error code with all that is known about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeRow {
    /// The code.
    pub code: Code,
    /// The HTTP status that a refusal with this code carries: 400, 404 or 500.
    pub http: u16,
    /// A short name in snake case, unique in the table.
    pub slug: &'static str,
    /// What is wrong and, where useful, the cure: one or two sentences in our own words, unique in
    /// the table.
    pub message: &'static str,
    /// Whether and how the simulation answers with it.
    pub answered: Answered,
}

/// The row of a code, or `None` if the service publishes no such code.
#[must_use]
pub fn row(code: Code) -> Option<&'static CodeRow> {
    CODES
        .binary_search_by_key(&code, |row| row.code)
        .ok()
        .map(|at| &CODES[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_code_stands_once() {
        for pair in CODES.windows(2) {
            assert!(
                pair[0].code < pair[1].code,
                "{} before {}",
                pair[0].code,
                pair[1].code
            );
        }
    }

    #[test]
    fn every_code_finds_its_own_row() {
        for expected in CODES {
            assert_eq!(row(expected.code), Some(expected));
        }
        for absent in [0, 17, 218, 1031, 1829, 2223, 9999] {
            assert_eq!(row(Code::of(absent)), None, "{absent}");
        }
    }

    #[test]
    fn a_code_has_four_digits_in_text() {
        assert_eq!(Code::of(1824).to_string(), "SDRS.1824");
        assert_eq!(Code::of(201).to_string(), "SDRS.0201");
        assert_eq!(Code::of(201).number(), 201);
    }

    #[test]
    fn every_code_survives_text_and_serde() {
        for row in CODES {
            assert_eq!(row.code.to_string().parse(), Ok(row.code));
            let json = serde_json::to_string(&row.code).unwrap();
            assert_eq!(json, format!("\"{}\"", row.code));
            assert_eq!(serde_json::from_str::<Code>(&json).unwrap(), row.code);
        }
    }

    #[test]
    fn other_texts_are_refused_with_the_reason() {
        for given in [
            "",
            "1013",
            "sdrs.1013",
            "SDRS.13",
            "SDRS.01013",
            "SDRS.+013",
            " SDRS.1013",
            "SDRS.١٠",
        ] {
            let expected = CodeError::Malformed {
                given: given.to_owned(),
            };
            assert_eq!(given.parse::<Code>(), Err(expected));
        }
        let expected = CodeError::Unpublished {
            code: Code::of(1031),
        };
        assert_eq!("SDRS.1031".parse::<Code>(), Err(expected));
        assert!(serde_json::from_str::<Code>("1013").is_err());
        assert!(serde_json::from_str::<Code>("\"SDRS.1031\"").is_err());
    }

    #[test]
    #[should_panic(expected = "four digits")]
    fn a_number_of_five_digits_is_no_code() {
        let _ = Code::of(10_000);
    }

    #[test]
    fn its_schema_has_its_name() {
        assert_eq!(<Code as schemars::JsonSchema>::schema_name(), "Code");
    }
}
