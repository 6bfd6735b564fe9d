//! The expectation language: one line that must hold at an instant of a run.
//!
//! ```text
//! web.status == protected
//! job(3).status == SUCCESS and job(3).sub_jobs[0].error_code == null
//! pairs[group=web, priority=1].progress >= 50
//! all pairs[group=web].status == active
//! any instances.status == fault or none drills.status in [error, "error-deleting"]
//! count(pairs[group=web, status=protected]) == 100
//! not (len(web.tags) > 20)
//! ```
//!
//! # Grammar (EBNF)
//!
//! ```text
//! expectation = or ;
//! or          = and , { "or" , and } ;
//! and         = not , { "and" , not } ;
//! not         = "not" , not | "(" , or , ")" | test ;
//! test        = subject , condition ;
//! subject     = ( "all" | "any" | "none" ) , selection , path1
//!             | "count" , "(" , selection , ")"
//!             | "len" , "(" , reference , ")"
//!             | reference ;
//! reference   = ( member | selection | name ) , path ;
//! member      = singular , "(" , ( name | number ) , ")" ;    (* job(3), pair(web-1) *)
//! selection   = collection , [ "[" , filter , { "," , filter } , "]" ] ;
//! filter      = name , path , ( "=" , literal | condition ) ;
//! path        = { "." , name | "[" , digits , "]" } ;
//! path1       = path ;                                        (* at least one step *)
//! condition   = ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) , literal
//!             | "contains" , literal
//!             | "in" , "[" , literal , { "," , literal } , "]" ;
//! literal     = "null" | "true" | "false" | number | word | string ;
//! number      = [ "-" ] , digits , [ "." , digits ] ;
//! word        = wordchar , { wordchar } ;      wordchar = letter | digit | "-" | "_" | "." | ":" | "+" ;
//! name        = namechar , { namechar } | string ;  namechar = letter | digit | "-" | "_" ;
//! string      = '"' , { character | "\" , ( '"' | "\" | "n" | "t" ) } , '"' ;
//! digits      = "0".."9" , { "0".."9" } ;
//! ```
//!
//! White space (space, tab, line break) may stand between any two of these. `collection` and `singular` are the words of
//! [`Collection`]. A label that is also a word of the language is written as a string: `"all".status`.
//!
//! # Meaning
//!
//! - Both sides of a comparison have the same kind; comparing a number with a string is an error, not false. `null`
//!   equals only `null` and may be compared with anything by `==`, `!=` and `in`. Order is defined for two numbers and
//!   for two strings (by code point, so instants in UTC compare well).
//! - `contains`: a string has the literal as a part, a list has it as an element, an object has it as a key.
//! - A selection without `all`, `any` or `none` must select exactly one member.
//! - **`all` needs at least one member**: an expectation over nothing tells nothing, so it does not hold.
//! - A field that published views leave out where it does not apply is `null` there. Any other field that no selected
//!   member has is an error, which is found when a scenario is read: fields, words and kinds of values are checked then.
//! - Every part is evaluated, so a wrong label behind `or` is found even when the first half holds.
//!
//! Left out on purpose: arithmetic, comparing two fields, variables. A scenario shows a run; it is not a program.

mod ast;
mod error;
mod eval;
mod parse;
mod relabel;
#[cfg(test)]
mod tests;

pub use ast::{
    At, Collection, Condition, Expression, Filter, Literal, Number, Op, Path, Quantifier,
    Reference, Root, Selection, Step, Subject, Test,
};
pub use error::{EvalError, EvalFault, ParseError, ParseFault, ReadError};
pub use eval::{Scope, Verdict};

pub use super::load::Senseless;

use super::scope::Sight;
use crate::time::SimTime;
use crate::world::World;
use std::fmt;
use std::str::FromStr;

/// Longest expectation, in bytes.
pub const MAX_LENGTH: usize = 4_096;
/// Deepest nesting of parentheses and `not`.
pub const MAX_DEPTH: usize = 48;

/// A parsed expectation. [`fmt::Display`] writes it in canonical form, which parses to an equal one.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    root: Expression,
}

impl Expectation {
    /// Parses the text of an expectation.
    ///
    /// # Errors
    /// The first place that does not follow the grammar, what was expected there, and the nearest word if it is a slip.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        parse::expectation(text).map(|root| Self { root })
    }

    /// Parses the text of an expectation and sees that it can mean something; see [`Expectation::fault_anywhere`].
    ///
    /// # Errors
    /// The first place that does not follow the grammar, or the first part that means nothing.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        let expectation = Self::parse(text)?;
        match expectation.fault_anywhere() {
            Some(fault) => Err(fault.into()),
            None => Ok(expectation),
        }
    }

    /// The parsed form.
    pub fn root(&self) -> &Expression {
        &self.root
    }

    /// The same about other things: every label, and every literal of a filter, that `other` has a replacement for is
    /// replaced. Places in the text stay.
    #[must_use]
    pub fn relabelled(&self, other: &mut dyn FnMut(&str) -> Option<String>) -> Self {
        let mut root = self.root.clone();
        relabel::expression(&mut root, other);
        Self { root }
    }

    /// The labels that it speaks of, each once, in order.
    #[must_use]
    pub fn labels(&self) -> std::collections::BTreeSet<String> {
        let mut labels = std::collections::BTreeSet::new();
        let _ = self.relabelled(&mut |label| {
            labels.insert(label.to_owned());
            None
        });
        labels
    }

    /// Whether the expectation holds of a world at an instant, with the values that decided it. What a run cost cannot be
    /// asked for: a world alone does not know it.
    ///
    /// # Errors
    /// Those of [`Expectation::evaluate`].
    pub fn judge(&self, world: &World, now: SimTime) -> Result<Verdict, EvalError> {
        self.evaluate(&Sight {
            world,
            now,
            answer: None,
            meter: None,
        })
    }

    /// Whether it may read the field of this name, of anything: it names the field, or speaks of a thing as a whole.
    #[must_use]
    pub fn mentions(&self, field: &str) -> bool {
        self.root.mentions(field)
    }

    /// Whether the expectation holds in `scope`, with the values that decided it.
    ///
    /// # Errors
    /// An unknown label or field, a selection of none or several where one is needed, or values of different kinds.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Verdict, EvalError> {
        eval::expression(&self.root, scope)
    }
}

impl FromStr for Expectation {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)
    }
}
