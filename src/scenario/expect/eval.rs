//! Whether an expectation holds, over views of the world as JSON values.
//!
//! Members of a collection are visited one at a time, so that a hundred thousand pairs never stand in memory as views
//! at once. The world itself is behind [`Scope`]; of kinds of things this module knows only which fields their views may leave
//! out.

use std::cmp::Ordering;
use std::ops::Range;

use serde_json::Value;

use super::ast::{
    At, Collection, Condition, Expression, Filter, Literal, Number, Op, Path, Quantifier,
    Reference, Root, Selection, Step, Subject, Test,
};
use super::error::{EvalError, EvalFault};
use crate::scenario::diagnostic::nearest;
use crate::scenario::shape::may_lack;

/// How many members an explanation names.
const NAMED: usize = 5;
/// How many characters of a value are shown.
const SHOWN: usize = 80;
/// How many fields an error lists.
const FIELDS: usize = 30;

/// The world at an instant, as an expectation sees it.
///
/// Views may have more fields than the published ones, such as `label` or `group` with a label instead of an id.
pub trait Scope {
    /// Visits every member of a collection with its label and view, in a stable order. Given some fields, a view may be without the
    /// others.
    fn visit(
        &self,
        collection: Collection,
        fields: Option<&[&str]>,
        visit: &mut dyn FnMut(&str, &Value),
    );

    /// The view of one member, or `None` if the collection has none of that label.
    fn member(&self, collection: Collection, label: &str) -> Option<Value>;

    /// The view of whatever has this label, of any kind; `None` if nothing has.
    fn labelled(&self, label: &str) -> Option<Value>;

    /// Visits every label that [`Scope::labelled`] knows. Only used to name the nearest one in an error.
    fn visit_labels(&self, visit: &mut dyn FnMut(&str));
}

/// The outcome of an expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it held.
    pub held: bool,
    /// The actual values that decided it, in one line.
    pub explain: String,
}

type Evaluated<T> = Result<T, EvalError>;

pub(super) fn expression(part: &Expression, scope: &dyn Scope) -> Evaluated<Verdict> {
    match part {
        Expression::Or(parts) => chain(parts, scope, true),
        Expression::And(parts) => chain(parts, scope, false),
        Expression::Not(inner) => {
            let Verdict { held, explain } = expression(inner, scope)?;
            Ok(Verdict {
                held: !held,
                explain,
            })
        }
        Expression::Test(at) => test(at, scope),
    }
}

/// `or` (decided by a part that holds) and `and` (by one that does not); explained by the deciding parts, or by all.
fn chain(parts: &[Expression], scope: &dyn Scope, or: bool) -> Evaluated<Verdict> {
    let verdicts = parts
        .iter()
        .map(|part| expression(part, scope))
        .collect::<Evaluated<Vec<_>>>()?;
    let decided = verdicts.iter().any(|it| it.held == or);
    let said: Vec<&str> = verdicts
        .iter()
        .filter(|it| !decided || it.held == or)
        .map(|it| it.explain.as_str())
        .collect();
    Ok(Verdict {
        held: decided == or,
        explain: said.join("; "),
    })
}

fn test(at: &At<Test>, scope: &dyn Scope) -> Evaluated<Verdict> {
    let Test { subject, condition } = &at.it;
    match subject {
        Subject::Each(quantifier, selection, path) => each(at, *quantifier, selection, path, scope),
        Subject::Count(selection) => {
            let members = select(selection, Some(&[]), scope, &mut |_, _| {})?;
            single(
                &subject.to_string(),
                &Value::from(members),
                condition,
                &at.span,
            )
        }
        Subject::Len(reference) => {
            let value = resolve(reference, scope)?;
            let length = match &value {
                Value::Array(items) => items.len(),
                Value::Object(fields) => fields.len(),
                Value::String(text) => text.chars().count(),
                other => {
                    let fault = EvalFault::NoLength {
                        of: reference.to_string(),
                        kind: kind(other),
                    };
                    return Err(EvalError {
                        span: at.span.clone(),
                        fault,
                    });
                }
            };
            single(
                &subject.to_string(),
                &Value::from(length),
                condition,
                &at.span,
            )
        }
        Subject::Value(reference) => {
            let value = resolve(reference, scope)?;
            single(&subject.to_string(), &value, condition, &at.span)
        }
    }
}

fn single(
    of: &str,
    value: &Value,
    condition: &Condition,
    span: &Range<usize>,
) -> Evaluated<Verdict> {
    let held = fulfils(&|| of.to_owned(), value, condition, span)?;
    Ok(Verdict {
        held,
        explain: format!("{of} is {}", show(value)),
    })
}

/// A quantified test: every selected member is looked at, at most [`NAMED`] are named.
fn each(
    at: &At<Test>,
    quantifier: Quantifier,
    selection: &Selection,
    path: &Path,
    scope: &dyn Scope,
) -> Evaluated<Verdict> {
    let condition = &at.it.condition;
    let kind = Some(selection.collection);
    let mut fields = Presence::default();
    let mut failure = None;
    let (mut yes, mut no) = (Tally::default(), Tally::default());
    let asked = (!path.is_empty()).then_some(&**path);
    let members = select(selection, asked, scope, &mut |label, view| {
        if failure.is_some() {
            return;
        }
        let value = fields
            .note(walk(kind, label, view, path))
            .unwrap_or(&Value::Null);
        match fulfils(&|| spelled(label, path), value, condition, &at.span) {
            Ok(true) => yes.add(label, value),
            Ok(false) => no.add(label, value),
            Err(error) => failure = Some(error),
        }
    })?;
    fields.check()?;
    if let Some(error) = failure {
        return Err(error);
    }
    let held = match quantifier {
        Quantifier::All => no.count == 0 && members > 0,
        Quantifier::Any => yes.count > 0,
        Quantifier::None => yes.count == 0,
    };
    // The members that decided: those that fulfil for `none` and for an `any` that holds, the others otherwise.
    let by_yes = quantifier == Quantifier::None || (quantifier == Quantifier::Any && held);
    let (tally, verb) = match by_yes {
        true => (&yes, "fulfil"),
        false => (&no, "do not fulfil"),
    };
    let kinds = selection.collection.plural();
    let explain = match (members, tally.count) {
        (0, _) => format!("`{selection}` selects nothing"),
        (_, 0) if by_yes => format!("none of {members} {kinds} fulfil `{condition}`"),
        (_, 0) => format!("all {members} {kinds} fulfil `{condition}`"),
        (_, count) => format!(
            "{count} of {members} {kinds} {verb} `{condition}`: {}",
            tally.text()
        ),
    };
    Ok(Verdict { held, explain })
}

/// How many members there were, and the first of them with their values.
#[derive(Default)]
struct Tally {
    count: usize,
    named: Vec<String>,
}

impl Tally {
    fn add(&mut self, label: &str, value: &Value) {
        self.count += 1;
        if self.named.len() < NAMED {
            self.named.push(format!("{label} is {}", show(value)));
        }
    }

    fn text(&self) -> String {
        let more = self.count - self.named.len();
        let tail = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        self.named.join(", ") + &tail
    }
}

/// Keeps whether a path was found in any member; if in none, the first failure is the error.
#[derive(Default)]
struct Presence {
    found: bool,
    missing: Option<EvalError>,
}

impl Presence {
    fn note<'v>(&mut self, walked: Evaluated<&'v Value>) -> Option<&'v Value> {
        match walked {
            Ok(value) => {
                self.found = true;
                Some(value)
            }
            Err(error) => {
                if self.missing.is_none() {
                    self.missing = Some(error);
                }
                None
            }
        }
    }

    fn check(&mut self) -> Evaluated<()> {
        match self.missing.take() {
            Some(error) if !self.found => Err(error),
            _ => Ok(()),
        }
    }
}

/// Hands every selected member to `take`, which looks where `path` begins or, if there is none, anywhere; answers how many there were.
fn select(
    selection: &Selection,
    path: Option<&[At<Step>]>,
    scope: &dyn Scope,
    take: &mut dyn FnMut(&str, &Value),
) -> Evaluated<usize> {
    let mut members = 0;
    let mut presence: Vec<Presence> = selection
        .filters
        .iter()
        .map(|_| Presence::default())
        .collect();
    let mut failure = None;
    let fields = path.and_then(|path| {
        let paths = selection.filters.iter().map(|filter| &*filter.path);
        let firsts = paths.chain([path]).filter_map(<[_]>::first);
        let fields = firsts.map(|step| match &step.it {
            Step::Field(field) => Some(field.as_str()),
            Step::Index(_) => None,
        });
        fields.collect::<Option<Vec<&str>>>()
    });
    scope.visit(
        selection.collection,
        fields.as_deref(),
        &mut |label, view| {
            if failure.is_some() {
                return;
            }
            let mut passes = true;
            for (Filter { path, condition }, fields) in selection.filters.iter().zip(&mut presence)
            {
                let kind = Some(selection.collection);
                let value = fields
                    .note(walk(kind, label, view, path))
                    .unwrap_or(&Value::Null);
                match fulfils(&|| spelled(label, path), value, condition, &span_of(path)) {
                    Ok(held) => passes &= held,
                    Err(error) => {
                        failure = Some(error);
                        return;
                    }
                }
            }
            if passes {
                members += 1;
                take(label, view);
            }
        },
    );
    for fields in &mut presence {
        fields.check()?;
    }
    failure.map_or(Ok(members), Err)
}

fn resolve(reference: &Reference, scope: &dyn Scope) -> Evaluated<Value> {
    let (kind, label, view) = match &reference.root {
        Root::Label(at) => {
            let view = scope.labelled(&at.it).ok_or_else(|| {
                let mut labels = Vec::new();
                scope.visit_labels(&mut |label| labels.push(label.to_owned()));
                let nearest = nearest(&at.it, labels.iter().map(String::as_str)).map(str::to_owned);
                EvalError {
                    span: at.span.clone(),
                    fault: EvalFault::UnknownLabel {
                        label: at.it.clone(),
                        nearest,
                    },
                }
            })?;
            (None, at.it.clone(), view)
        }
        Root::Member(collection, at) => {
            let view = scope.member(*collection, &at.it).ok_or_else(|| {
                let mut labels = Vec::new();
                scope.visit(*collection, Some(&[]), &mut |label, _| {
                    labels.push(label.to_owned())
                });
                let nearest = nearest(&at.it, labels.iter().map(String::as_str)).map(str::to_owned);
                let fault = EvalFault::UnknownMember {
                    kind: collection.singular(),
                    label: at.it.clone(),
                    nearest,
                };
                EvalError {
                    span: at.span.clone(),
                    fault,
                }
            })?;
            let called = format!("{}({})", collection.singular(), at.it);
            (Some(*collection), called, view)
        }
        Root::Only(selection) => {
            let mut only = None;
            let members = select(selection, None, scope, &mut |label, view| {
                if only.is_none() {
                    only = Some((label.to_owned(), view.clone()));
                }
            })?;
            match only {
                Some((label, view)) if members == 1 => (Some(selection.collection), label, view),
                _ => {
                    let fault = EvalFault::NotOne {
                        selection: selection.to_string(),
                        members,
                    };
                    return Err(EvalError {
                        span: selection.place.span.clone(),
                        fault,
                    });
                }
            }
        }
    };
    walk(kind, &label, &view, &reference.path).cloned()
}

/// Follows a path into a view of a member of a collection, if it is known of which. What such views may leave out is null.
fn walk<'v>(
    of: Option<Collection>,
    label: &str,
    view: &'v Value,
    path: &[At<Step>],
) -> Evaluated<&'v Value> {
    let mut value = view;
    for (at, step) in path.iter().enumerate() {
        let next = match (&step.it, value) {
            (Step::Field(field), Value::Object(fields)) => fields
                .get(field)
                .or_else(|| may_lack(of, &path[..=at]).then_some(&Value::Null)),
            (Step::Index(index), Value::Array(items)) => items.get(*index),
            _ => None,
        };
        value = next.ok_or_else(|| lost(spelled(label, &path[..at]), value, step))?;
    }
    Ok(value)
}

/// Why a step leads nowhere.
fn lost(of: String, value: &Value, step: &At<Step>) -> EvalError {
    let fault = match (&step.it, value) {
        (Step::Field(field), Value::Object(fields)) => EvalFault::UnknownField {
            of,
            field: field.clone(),
            nearest: nearest(field, fields.keys().map(String::as_str)).map(str::to_owned),
            fields: fields.keys().take(FIELDS).cloned().collect(),
        },
        (Step::Index(index), Value::Array(items)) => EvalFault::NoElement {
            of,
            length: items.len(),
            index: *index,
        },
        (Step::Field(field), other) => EvalFault::NoParts {
            of,
            kind: kind(other),
            step: format!(".{field}"),
        },
        (Step::Index(index), other) => EvalFault::NoParts {
            of,
            kind: kind(other),
            step: format!("[{index}]"),
        },
    };
    EvalError {
        span: step.span.clone(),
        fault,
    }
}

/// A label with a path, for people.
fn spelled(label: &str, path: &[At<Step>]) -> String {
    path.iter()
        .fold(label.to_owned(), |text, step| match &step.it {
            Step::Field(field) => format!("{text}.{field}"),
            Step::Index(index) => format!("{text}[{index}]"),
        })
}

fn span_of(path: &[At<Step>]) -> Range<usize> {
    match (path.first(), path.last()) {
        (Some(first), Some(last)) => first.span.start..last.span.end,
        _ => 0..0,
    }
}

/// Whether a value fulfils a condition.
fn fulfils(
    of: &dyn Fn() -> String,
    value: &Value,
    condition: &Condition,
    span: &Range<usize>,
) -> Evaluated<bool> {
    let held = match condition {
        Condition::Compare(op, literal) => compare(value, *op, &literal.it),
        Condition::In(literals) => {
            let equal: Option<Vec<bool>> = literals
                .iter()
                .map(|literal| compare(value, Op::Eq, &literal.it))
                .collect();
            equal.map(|it| it.contains(&true))
        }
        Condition::Contains(literal) => contains(value, &literal.it),
    };
    held.ok_or_else(|| {
        let fault = EvalFault::Kinds {
            of: of(),
            kind: kind(value),
            value: show(value),
            condition: condition.to_string(),
        };
        EvalError {
            span: span.clone(),
            fault,
        }
    })
}

/// The comparison, or `None` when the kinds do not go together.
fn compare(value: &Value, op: Op, literal: &Literal) -> Option<bool> {
    let order = match (value, literal) {
        (Value::Null, Literal::Null) if matches!(op, Op::Eq | Op::Ne) => Ordering::Equal,
        (Value::Null, _) | (_, Literal::Null) => {
            return match op {
                Op::Eq => Some(false),
                Op::Ne => Some(true),
                _ => None,
            };
        }
        (Value::Bool(a), Literal::Bool(b)) if matches!(op, Op::Eq | Op::Ne) => a.cmp(b),
        (Value::Number(a), Literal::Number(b)) => order_numbers(a, *b)?,
        (Value::String(a), Literal::Text(b)) => a.as_str().cmp(b),
        _ => return None,
    };
    Some(match op {
        Op::Eq => order.is_eq(),
        Op::Ne => order.is_ne(),
        Op::Lt => order.is_lt(),
        Op::Le => order.is_le(),
        Op::Gt => order.is_gt(),
        Op::Ge => order.is_ge(),
    })
}

/// Whole numbers compare exactly; with a decimal on either side both compare as doubles.
fn order_numbers(a: &serde_json::Number, b: Number) -> Option<Ordering> {
    let whole = a
        .as_i64()
        .map(i128::from)
        .or_else(|| a.as_u64().map(i128::from));
    match (whole, b) {
        (Some(a), Number::Whole(b)) => Some(a.cmp(&i128::from(b))),
        #[expect(
            clippy::cast_precision_loss,
            reason = "a decimal is a double, so the other side becomes one"
        )]
        (_, Number::Whole(b)) => a.as_f64()?.partial_cmp(&(b as f64)),
        (_, Number::Decimal(b)) => a.as_f64()?.partial_cmp(&b),
    }
}

fn contains(value: &Value, literal: &Literal) -> Option<bool> {
    match (value, literal) {
        (Value::Array(items), _) => Some(
            items
                .iter()
                .any(|item| compare(item, Op::Eq, literal) == Some(true)),
        ),
        (Value::String(text), Literal::Text(part)) => Some(text.contains(part.as_str())),
        (Value::Object(fields), Literal::Text(key)) => Some(fields.contains_key(key)),
        (Value::Null, _) => Some(false),
        _ => None,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A value in one line of bounded length; a plain word without quotes.
fn show(value: &Value) -> String {
    let text = match value {
        Value::String(text) => Literal::Text(text.clone()).to_string(),
        other => other.to_string(),
    };
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
