//! The parsed form of an expectation, with the bytes each part came from.
//!
//! Equality ignores those bytes, so that two spellings of the same thing are equal.

use std::fmt;
use std::ops::Range;

/// Something with the bytes of the text it was read from; equality is that of the thing alone.
#[derive(Debug, Clone)]
pub struct At<T> {
    /// The thing.
    pub it: T,
    /// Its bytes in the expectation's text.
    pub span: Range<usize>,
}

impl<T: PartialEq> PartialEq for At<T> {
    fn eq(&self, other: &Self) -> bool {
        self.it == other.it
    }
}

/// An expectation or a part of one.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// At least one of two or more holds.
    Or(Vec<Expression>),
    /// All of two or more hold.
    And(Vec<Expression>),
    /// The part does not hold.
    Not(Box<Expression>),
    /// One test.
    Test(At<Test>),
}

/// A value and what it must fulfil.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// Whose value is tested.
    pub subject: Subject,
    /// What it must fulfil.
    pub condition: Condition,
}

/// Whose value is tested.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// A field of the members of a selection.
    Each(Quantifier, Selection, Path),
    /// How many members a selection has.
    Count(Selection),
    /// How many elements, fields or characters a value has.
    Len(Reference),
    /// One value.
    Value(Reference),
}

/// How many members of a selection must fulfil the condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// Every one, and at least one.
    All,
    /// At least one.
    Any,
    /// Not one.
    None,
}

/// One value, from its root along a path.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// Where it starts.
    pub root: Root,
    /// The way from there; may be empty.
    pub path: Path,
}

/// Where a reference starts.
#[derive(Debug, Clone, PartialEq)]
pub enum Root {
    /// A label of any kind of thing.
    Label(At<String>),
    /// A label of one kind of thing, as in `job(3)`.
    Member(Collection, At<String>),
    /// The one member of a selection.
    Only(Selection),
}

/// The members of a collection that pass all filters.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// What is selected from.
    pub collection: Collection,
    /// What a member must fulfil.
    pub filters: Vec<Filter>,
    /// Its bytes in the text.
    pub place: At<()>,
}

/// What a selected member must fulfil.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// The field; at least one step, and the first one is a field.
    pub path: Path,
    /// What its value must fulfil.
    pub condition: Condition,
}

/// The way from a value to a part of it.
pub type Path = Vec<At<Step>>;

/// One step of a way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The field of this name.
    Field(String),
    /// The element of this number, from 0.
    Index(usize),
}

/// What a value must fulfil.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// A comparison with a literal.
    Compare(Op, At<Literal>),
    /// Has the literal as a part, element or key.
    Contains(At<Literal>),
    /// Equals one of these; at least one.
    In(Vec<At<Literal>>),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl Op {
    /// All of them, with how they are written; a longer sign stands before its beginning.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Eq, "=="),
        (Self::Ne, "!="),
        (Self::Le, "<="),
        (Self::Ge, ">="),
        (Self::Lt, "<"),
        (Self::Gt, ">"),
    ];
}

/// A value written in an expectation.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A word or a string in quotes.
    Text(String),
}

/// A number written in an expectation: exact where it can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// Without a decimal point.
    Whole(i64),
    /// With one; finite.
    Decimal(f64),
}

macro_rules! collections {
    ($($(#[$doc:meta])* $name:ident $plural:literal $singular:literal,)*) => {
        /// The kinds of things an expectation can select from. Their words are reserved.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Collection { $($(#[$doc])* $name,)* }

        impl Collection {
            /// All of them, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word for all members, as in `pairs[...]`.
            pub fn plural(self) -> &'static str {
                match self { $(Self::$name => $plural,)* }
            }

            /// The word for one member, as in `pair(web-1)`.
            pub fn singular(self) -> &'static str {
                match self { $(Self::$name => $singular,)* }
            }
        }
    };
}

collections! {
    /// Protection groups.
    Groups "groups" "group",
    /// Protected instances.
    Instances "instances" "instance",
    /// Replication pairs.
    Pairs "pairs" "pair",
    /// Disaster recovery drills.
    Drills "drills" "drill",
    /// Jobs, labelled by their number.
    Jobs "jobs" "job",
    /// Failed tasks of the Task Center.
    Tasks "tasks" "task",
    /// Active-active domains.
    Domains "domains" "domain",
    /// Quotas.
    Quotas "quotas" "quota",
    /// Sites.
    Sites "sites" "site",
    /// Availability zones.
    Zones "zones" "zone",
    /// Servers.
    Servers "servers" "server",
    /// Disks.
    Disks "disks" "disk",
    /// Network interfaces.
    Nics "nics" "nic",
    /// Virtual private clouds.
    Vpcs "vpcs" "vpc",
    /// Subnets.
    Subnets "subnets" "subnet",
    /// Elastic addresses.
    Eips "eips" "eip",
    /// Flavors.
    Flavors "flavors" "flavor",
    /// Dedicated storage pools.
    Pools "pools" "pool",
}

impl Collection {
    /// The collection whose plural this is.
    pub fn from_plural(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.plural() == word)
    }

    /// The collection whose singular this is.
    pub fn from_singular(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.singular() == word)
    }
}

impl Expression {
    /// Whether some path in it names a field, or stays at a thing as a whole.
    pub(super) fn mentions(&self, field: &str) -> bool {
        match self {
            Self::Or(parts) | Self::And(parts) => parts.iter().any(|part| part.mentions(field)),
            Self::Not(inner) => inner.mentions(field),
            Self::Test(test) => test.it.subject.mentions(field),
        }
    }
}

impl Subject {
    fn mentions(&self, field: &str) -> bool {
        let named = |path: &Path| {
            let is = |step: &At<Step>| matches!(&step.it, Step::Field(name) if name == field);
            path.is_empty() || path.iter().any(is)
        };
        let selects = |of: &Selection| of.filters.iter().any(|filter| named(&filter.path));
        match self {
            Self::Each(_, selection, path) => selects(selection) || named(path),
            Self::Count(selection) => selects(selection),
            Self::Len(reference) | Self::Value(reference) => {
                let root = match &reference.root {
                    Root::Only(selection) => selects(selection),
                    Root::Label(_) | Root::Member(..) => false,
                };
                root || named(&reference.path)
            }
        }
    }
}

/// Words that are not labels or literals, besides those of [`Collection`].
pub(super) const RESERVED: [&str; 12] = [
    "and", "or", "not", "all", "any", "none", "count", "len", "contains", "in", "true", "false",
];

pub(super) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

pub(super) fn is_word_char(c: char) -> bool {
    is_name_char(c) || matches!(c, '.' | ':' | '+')
}

/// Whether a text has the form of a number of this language.
pub(super) fn is_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    match text.split_once('.') {
        Some((whole, part)) => digits(whole) && digits(part),
        None => digits(text),
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

/// A name where a label may stand: quoted if it is a word of the language.
fn label(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    if RESERVED.contains(&text) || text == "null" || Collection::from_plural(text).is_some() {
        quoted(f, text)
    } else {
        name(f, text)
    }
}

fn name(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    if !text.is_empty() && text.chars().all(is_name_char) {
        f.write_str(text)
    } else {
        quoted(f, text)
    }
}

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T], between: &str) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            f.write_str(between)?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

fn path(f: &mut fmt::Formatter<'_>, steps: &[At<Step>]) -> fmt::Result {
    for step in steps {
        match &step.it {
            Step::Field(field) => {
                f.write_str(".")?;
                name(f, field)?;
            }
            Step::Index(index) => write!(f, "[{index}]")?,
        }
    }
    Ok(())
}

/// A part in a chain: in parentheses if it is itself a chain that would bind otherwise.
struct Link<'a>(&'a Expression, bool);

impl fmt::Display for Link<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wrap = match self.0 {
            Expression::Or(_) => true,
            Expression::And(_) => self.1,
            _ => false,
        };
        if wrap {
            write!(f, "({})", self.0)
        } else {
            self.0.fmt(f)
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Or(parts) => list(
                f,
                &parts
                    .iter()
                    .map(|part| Link(part, false))
                    .collect::<Vec<_>>(),
                " or ",
            ),
            Self::And(parts) => list(
                f,
                &parts
                    .iter()
                    .map(|part| Link(part, true))
                    .collect::<Vec<_>>(),
                " and ",
            ),
            Self::Not(part) => write!(f, "not {}", Link(part, true)),
            Self::Test(test) => test.it.fmt(f),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.subject, self.condition)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Each(quantifier, selection, steps) => {
                let word = match quantifier {
                    Quantifier::All => "all",
                    Quantifier::Any => "any",
                    Quantifier::None => "none",
                };
                write!(f, "{word} {selection}")?;
                path(f, steps)
            }
            Self::Count(selection) => write!(f, "count({selection})"),
            Self::Len(reference) => write!(f, "len({reference})"),
            Self::Value(reference) => reference.fmt(f),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.root {
            Root::Label(at) => label(f, &at.it)?,
            Root::Member(collection, at) => {
                write!(f, "{}(", collection.singular())?;
                name(f, &at.it)?;
                f.write_str(")")?;
            }
            Root::Only(selection) => selection.fmt(f)?,
        }
        path(f, &self.path)
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.collection.plural())?;
        if !self.filters.is_empty() {
            f.write_str("[")?;
            list(f, &self.filters, ", ")?;
            f.write_str("]")?;
        }
        Ok(())
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(At {
            it: Step::Field(field),
            ..
        }) = self.path.first()
        {
            name(f, field)?;
        }
        path(f, self.path.get(1..).unwrap_or_default())?;
        match &self.condition {
            Condition::Compare(Op::Eq, literal) => write!(f, "={literal}"),
            condition => write!(f, " {condition}"),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare(op, literal) => write!(f, "{op} {literal}"),
            Self::Contains(literal) => write!(f, "contains {literal}"),
            Self::In(literals) => {
                f.write_str("in [")?;
                list(f, literals, ", ")?;
                f.write_str("]")
            }
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = Self::ALL
            .iter()
            .find(|(op, _)| op == self)
            .map_or("", |(_, sign)| sign);
        f.write_str(sign)
    }
}

impl<T: fmt::Display> fmt::Display for At<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.it.fmt(f)
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(it) => write!(f, "{it}"),
            Self::Number(it) => it.fmt(f),
            Self::Text(text) => {
                let special = matches!(text.as_str(), "null" | "true" | "false") || is_number(text);
                if special || text.is_empty() || !text.chars().all(is_word_char) {
                    quoted(f, text)
                } else {
                    f.write_str(text)
                }
            }
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(it) => write!(f, "{it}"),
            Self::Decimal(it) => {
                let text = it.to_string();
                f.write_str(&text)?;
                if text.contains('.') {
                    Ok(())
                } else {
                    f.write_str(".0")
                }
            }
        }
    }
}
