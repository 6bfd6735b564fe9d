//! Whether an expectation can mean something: labels, fields, words and kinds of values, before the run.
//!
//! What only the run can tell is left to it: whether a thing exists at the instant, how long a list is, what is null, and
//! which of several kinds of thing a part such as `web/dr` will be. The answer of a query is not looked into.

use super::names::{Kind, Lost, Names};
use super::source::title_of;
use crate::scenario::diagnostic::nearest;
use crate::scenario::expect::{
    At, Collection, Condition, Expectation, Expression, Literal, Op, Reference, Root, Selection,
    Step, Subject, Test,
};
use crate::scenario::scope::QUOTAS;
use crate::scenario::shape::{DUCT, Field, LINK, NODE, PROJECT, Shape, fields};
use std::ops::Range;

/// A part of an expectation that means nothing, whatever happens.
#[derive(Debug)]
pub(super) struct Fault {
    /// Its bytes in the expectation's text.
    pub span: Range<usize>,
    pub misfit: Misfit,
}

/// What is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Misfit {
    /// A label that nothing has, or a thing of another kind.
    #[error("{}", want.map_or_else(|| format!("nothing is labelled `{label}`"), |want| title_of(label, want, lost)))]
    Label {
        label: String,
        want: Option<Kind>,
        lost: Lost,
    },
    /// Something that is not labelled by the file, called as it never is.
    #[error("no {kind} is labelled `{label}`")]
    Called {
        kind: &'static str,
        label: String,
        how: String,
    },
    #[error("`{of}` has no field `{field}`")]
    Field {
        of: String,
        field: String,
        fields: Vec<&'static str>,
    },
    #[error("`{of}` is {is}, so `{step}` leads nowhere")]
    Step {
        of: String,
        is: &'static str,
        step: String,
    },
    #[error("`{of}` is never `{word}`")]
    Word {
        of: String,
        word: String,
        words: Vec<&'static str>,
    },
    #[error("`{of}` is {is}, which cannot be compared by `{condition}`")]
    Kinds {
        of: String,
        is: &'static str,
        condition: String,
        help: Option<String>,
    },
    #[error("`{of}` is {is}, which has no length")]
    Length { of: String, is: &'static str },
}

impl Misfit {
    /// What is said right at the place; may be empty.
    pub(super) fn label(&self) -> String {
        match self {
            Misfit::Label { lost, .. } => lost.to_string(),
            _ => String::new(),
        }
    }

    /// What the user can do.
    pub(super) fn help(&self) -> Option<String> {
        let meant = |word: &str, all: &[&str], what: &str| match nearest(word, all.iter().copied())
        {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if all.is_empty() => None,
            None => Some(format!("{what}: {}", all.join(", "))),
        };
        match self {
            Misfit::Label { label, lost, .. } => lost.help(label),
            Misfit::Called { how, .. } => Some(how.clone()),
            Misfit::Field { field, fields, .. } => meant(field, fields, "its fields"),
            Misfit::Word { word, words, .. } => meant(word, words, "its values"),
            Misfit::Kinds { help, .. } => help.clone(),
            Misfit::Step { .. } | Misfit::Length { .. } => None,
        }
    }

    /// Whether something much like it would be right.
    fn is_slip(&self) -> bool {
        match self {
            Misfit::Field { field, fields, .. } => nearest(field, fields.iter().copied()).is_some(),
            Misfit::Word { word, words, .. } => nearest(word, words.iter().copied()).is_some(),
            _ => false,
        }
    }
}

type Meant<T> = Result<T, Fault>;

/// Checks an expectation; `answered` if a query's answer can be spoken of.
///
/// # Errors
/// The first fault, in the order of the text.
pub(super) fn check(expectation: &Expectation, names: &dyn Labels, answered: bool) -> Meant<()> {
    Meaning { names, answered }.expression(expectation.root())
}

/// What is known of labels before a run.
pub(super) trait Labels {
    /// Why a label cannot be that of a thing of a kind (None: of any); None if it can.
    fn lost(&self, label: &str, want: Option<Kind>) -> Option<Lost>;

    /// The kind of the thing that has a label, if that is known.
    fn kind(&self, label: &str) -> Option<Kind>;

    /// The kinds of which a thing may be that has a label of no known kind.
    fn others(&self) -> &'static [Kind];
}

impl Labels for Names {
    fn lost(&self, label: &str, want: Option<Kind>) -> Option<Lost> {
        self.pattern(label, want, None).err()
    }

    fn kind(&self, label: &str) -> Option<Kind> {
        Names::kind(self, label)
    }

    fn others(&self) -> &'static [Kind] {
        // Of a file's own labels the kind is known; of parts it is not.
        &PARTS
    }
}

/// What a label with a `/` can be the label of.
const PARTS: [Kind; 8] = [
    Kind::Server,
    Kind::Disk,
    Kind::Nic,
    Kind::Pair,
    Kind::Instance,
    Kind::Drill,
    Kind::Vpc,
    Kind::Subnet,
];

/// A value whose shape is known, and how it is spelled.
struct Seen {
    of: String,
    shape: Shape,
}

struct Meaning<'a> {
    names: &'a dyn Labels,
    answered: bool,
}

impl Meaning<'_> {
    fn expression(&self, part: &Expression) -> Meant<()> {
        match part {
            Expression::Or(parts) | Expression::And(parts) => {
                parts.iter().try_for_each(|part| self.expression(part))
            }
            Expression::Not(inner) => self.expression(inner),
            Expression::Test(test) => self.test(&test.it),
        }
    }

    fn test(&self, test: &Test) -> Meant<()> {
        let Test { subject, condition } = test;
        match subject {
            Subject::Each(_, selection, path) => {
                self.selection(selection)?;
                let value = walk(&member(selection), path)?;
                self.condition(&value, condition)
            }
            Subject::Count(selection) => {
                self.selection(selection)?;
                self.condition(&number(subject), condition)
            }
            Subject::Len(reference) => self.reference(reference, &|value| {
                if let Shape::Bool | Shape::Number = value.shape {
                    let last = reference.path.last();
                    let span = last.map_or(0..0, |step| step.span.clone());
                    let (of, is) = (value.of.clone(), kind(value.shape));
                    let misfit = Misfit::Length { of, is };
                    return Err(Fault { span, misfit });
                }
                self.condition(&number(subject), condition)
            }),
            Subject::Value(reference) => {
                self.reference(reference, &|value| self.condition(value, condition))
            }
        }
    }

    fn selection(&self, selection: &Selection) -> Meant<()> {
        for filter in &selection.filters {
            let value = walk(&member(selection), &filter.path)?;
            self.condition(&value, &filter.condition)?;
        }
        Ok(())
    }

    /// Checks what is said of a reference's value, for everything that the reference can mean.
    fn reference(&self, reference: &Reference, said: &dyn Fn(&Seen) -> Meant<()>) -> Meant<()> {
        let mut worst: Option<Fault> = None;
        for root in self.root(&reference.root)? {
            let found = walk(&root, &reference.path).and_then(|value| said(&value));
            let Err(fault) = found else { return Ok(()) };
            let rank = |fault: &Fault| (fault.span.start, fault.misfit.is_slip());
            if worst
                .as_ref()
                .is_none_or(|worst| rank(worst) < rank(&fault))
            {
                worst = Some(fault);
            }
        }
        worst.map_or(Ok(()), Err)
    }

    /// What a root can mean; nothing if that is not known before the run.
    fn root(&self, root: &Root) -> Meant<Vec<Seen>> {
        let seen = |of: &str, fields: &'static [Field]| Seen {
            of: of.to_owned(),
            shape: Shape::Object(fields),
        };
        match root {
            Root::Label(label) if self.answered && label.it == "answer" => Ok(Vec::new()),
            Root::Label(label) => {
                self.label(label.it.as_str(), None, &label.span)?;
                Ok(match self.names.kind(&label.it) {
                    Some(kind) => vec![seen(&label.it, fields_of(kind))],
                    None => { self.names.others().iter() }
                        .map(|kind| seen(&label.it, fields_of(*kind)))
                        .collect(),
                })
            }
            Root::Member(collection, label) => {
                self.member(*collection, label)?;
                let of = format!("{}({})", collection.singular(), label.it);
                Ok(vec![seen(&of, fields(*collection))])
            }
            Root::Only(selection) => {
                self.selection(selection)?;
                Ok(vec![member(selection)])
            }
        }
    }

    fn label(&self, label: &str, want: Option<Kind>, span: &Range<usize>) -> Meant<()> {
        let Some(lost) = self.names.lost(label, want) else {
            return Ok(());
        };
        let label = label.to_owned();
        Err(Fault {
            span: span.clone(),
            misfit: Misfit::Label { label, want, lost },
        })
    }

    /// A label given with its collection. Jobs and tasks are called by number, quotas by type, and pools have no views.
    fn member(&self, collection: Collection, label: &At<String>) -> Meant<()> {
        if let Some(kind) = kind_of(collection) {
            return self.label(&label.it, Some(kind), &label.span);
        }
        let bare = label.it.strip_prefix("job-");
        let is_number = |text: &str| text.parse::<u64>().is_ok();
        let (fits, how) = match collection {
            Collection::Jobs => {
                let bare = bare.or_else(|| label.it.strip_prefix("job "));
                let how = "jobs are called by their number, as in `job(3)`".to_owned();
                (is_number(bare.unwrap_or(&label.it)), how)
            }
            Collection::Tasks => {
                let how = "a failed task is called after its job, as in `task(job-3)`".to_owned();
                (bare.is_some_and(is_number), how)
            }
            _ => {
                let (project, kind) = label.it.rsplit_once('/').unwrap_or(("default", &label.it));
                let known = self.names.lost(project, Some(Kind::Project)).is_none();
                let fits = collection == Collection::Quotas && known && QUOTAS.contains(&kind);
                (
                    fits,
                    format!("quotas are called by their type: {}", QUOTAS.join(", ")),
                )
            }
        };
        if fits {
            return Ok(());
        }
        let (kind, label, span) = (collection.singular(), label.it.clone(), label.span.clone());
        let misfit = Misfit::Called { kind, label, how };
        Err(Fault { span, misfit })
    }

    fn condition(&self, value: &Seen, condition: &Condition) -> Meant<()> {
        match condition {
            Condition::Compare(op, literal) => self.literal(value, *op, literal, condition),
            Condition::In(literals) => literals
                .iter()
                .try_for_each(|literal| self.literal(value, Op::Eq, literal, condition)),
            Condition::Contains(literal) => match (value.shape, &literal.it) {
                (Shape::List(item), _) => {
                    let of = format!("{}[0]", value.of);
                    let item = Seen { of, shape: *item };
                    self.literal(&item, Op::Eq, literal, condition)
                }
                (Shape::Bool | Shape::Number, _) => Err(unlike(value, literal, condition)),
                (_, Literal::Text(_)) => Ok(()),
                _ => Err(unlike(value, literal, condition)),
            },
        }
    }

    /// Whether a value can be compared with a literal, and be it if they are compared for equality.
    fn literal(
        &self,
        value: &Seen,
        op: Op,
        literal: &At<Literal>,
        condition: &Condition,
    ) -> Meant<()> {
        let equal = matches!(op, Op::Eq | Op::Ne);
        match (value.shape, &literal.it) {
            (_, Literal::Null) | (Shape::Bool, Literal::Bool(_)) if equal => Ok(()),
            (Shape::Number, Literal::Number(_)) | (Shape::Text, Literal::Text(_)) => Ok(()),
            (shape, Literal::Text(_)) if kind(shape) == TEXT && !equal => Ok(()),
            (Shape::Words(words), Literal::Text(word)) => {
                let words = words();
                if words.contains(&word.as_str()) {
                    return Ok(());
                }
                let (of, word) = (value.of.clone(), word.clone());
                Err(Fault {
                    span: literal.span.clone(),
                    misfit: Misfit::Word { of, word, words },
                })
            }
            (Shape::Label(of), Literal::Text(label)) => {
                self.label(label, kind_of(of), &literal.span)
            }
            (Shape::Project, Literal::Text(label)) => {
                self.label(label, Some(Kind::Project), &literal.span)
            }
            (Shape::AnyLabel, Literal::Text(label)) => self.label(label, None, &literal.span),
            _ => Err(unlike(value, literal, condition)),
        }
    }
}

/// The member that a selection speaks of.
fn member(selection: &Selection) -> Seen {
    Seen {
        of: selection.collection.singular().to_owned(),
        shape: Shape::Object(fields(selection.collection)),
    }
}

fn number(subject: &Subject) -> Seen {
    Seen {
        of: subject.to_string(),
        shape: Shape::Number,
    }
}

/// Follows a path as far as the shapes tell.
fn walk(root: &Seen, path: &[At<Step>]) -> Meant<Seen> {
    let (mut of, mut shape) = (root.of.clone(), root.shape);
    for step in path {
        let text = match &step.it {
            Step::Field(field) => format!(".{field}"),
            Step::Index(index) => format!("[{index}]"),
        };
        let next = match (shape, &step.it) {
            (Shape::Object(fields), Step::Field(name)) => {
                let found = fields.iter().find(|field| field.name == name);
                found.map(|field| field.shape).ok_or_else(|| Misfit::Field {
                    of: of.clone(),
                    field: name.clone(),
                    fields: fields.iter().map(|field| field.name).collect(),
                })
            }
            (Shape::Keyed(value), Step::Field(_)) => Ok(*value),
            (Shape::List(item), Step::Index(_)) => Ok(*item),
            _ => Err(Misfit::Step {
                of: of.clone(),
                is: kind(shape),
                step: text.clone(),
            }),
        };
        shape = next.map_err(|misfit| Fault {
            span: step.span.clone(),
            misfit,
        })?;
        of.push_str(&text);
    }
    Ok(Seen { of, shape })
}

/// The fault of a value and a literal of different kinds.
fn unlike(value: &Seen, literal: &At<Literal>, condition: &Condition) -> Fault {
    let help = match value.shape {
        Shape::Bool => Some("it is `true` or `false`".to_owned()),
        Shape::Words(words) => Some(format!("its values: {}", words().join(", "))),
        Shape::Text if !matches!(literal.it, Literal::Null) => {
            Some("write the literal in quotes".to_owned())
        }
        Shape::List(_) => Some("say `contains`, `len(...)` or which element".to_owned()),
        Shape::Object(fields) => {
            let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
            Some(format!("its fields: {}", names.join(", ")))
        }
        _ => None,
    };
    Fault {
        span: literal.span.clone(),
        misfit: Misfit::Kinds {
            of: value.of.clone(),
            is: kind(value.shape),
            condition: condition.to_string(),
            help,
        },
    }
}

const TEXT: &str = "a string";

/// A shape's kind of value, for people.
fn kind(shape: Shape) -> &'static str {
    match shape {
        Shape::Bool => "a boolean",
        Shape::Number => "a number",
        Shape::Text | Shape::Words(_) => TEXT,
        Shape::Label(_) | Shape::Project | Shape::AnyLabel => TEXT,
        Shape::List(_) => "a list",
        Shape::Object(_) | Shape::Keyed(_) => "an object",
    }
}

/// The collections whose members have labels of the file, and their kinds.
const KINDS: [(Collection, Kind); 14] = [
    (Collection::Groups, Kind::Group),
    (Collection::Instances, Kind::Instance),
    (Collection::Pairs, Kind::Pair),
    (Collection::Drills, Kind::Drill),
    (Collection::Domains, Kind::Domain),
    (Collection::Sites, Kind::Site),
    (Collection::Zones, Kind::Az),
    (Collection::Servers, Kind::Server),
    (Collection::Disks, Kind::Disk),
    (Collection::Nics, Kind::Nic),
    (Collection::Vpcs, Kind::Vpc),
    (Collection::Subnets, Kind::Subnet),
    (Collection::Eips, Kind::Eip),
    (Collection::Flavors, Kind::Flavor),
];

fn kind_of(collection: Collection) -> Option<Kind> {
    let found = KINDS.iter().find(|(other, _)| *other == collection);
    found.map(|(_, kind)| *kind)
}

/// The fields of a thing of a kind.
fn fields_of(kind: Kind) -> &'static [Field] {
    collection_of(kind).map_or_else(|| without_collection(kind), fields)
}

/// The fields of a thing of a kind that has no collection.
const fn without_collection(kind: Kind) -> &'static [Field] {
    match kind {
        Kind::Link => LINK,
        Kind::Relay | Kind::Witness => NODE,
        Kind::Duct => DUCT,
        _ => PROJECT,
    }
}

fn collection_of(kind: Kind) -> Option<Collection> {
    let found = KINDS.iter().find(|(_, other)| *other == kind);
    found.map(|(collection, _)| *collection)
}
