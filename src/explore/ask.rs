//! What an expectation asks of a search: what must not change places, and what a search cannot tell.
//!
//! A search takes states for the same that differ only in which of equal resources is where. An expectation may tell such
//! resources apart; then they are marked. What it calls by label, or compares with one as a whole (`==`, `!=`, `in`), is
//! marked alone. A comparison that may hold of any resource by what it is (`label contains "2"`, a name, a device, what
//! stands first in a list) marks all. Fields are sorted by whether the pack of a state decides them; a field that is in no
//! list here marks all, so a new one is slow and not wrong.

use crate::scenario::diagnostic::nearest;
use crate::scenario::expect::{
    At, Collection, Condition, EvalError, Expectation, Expression, Literal, Op, Path, Reference,
    Root, Selection, Senseless, Step, Subject, Test,
};
use crate::world::{Who, World};
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

/// How an expectation is meant in a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// It must hold of every state.
    Always,
    /// It must hold of no state.
    Never,
    /// It must hold of at least one state.
    Sometimes,
    /// A way back leads to where it holds.
    Goal,
}

impl Claim {
    /// Its word: `always`, `never`, `sometimes`, `goal`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Claim::Always => "always",
            Claim::Never => "never",
            Claim::Sometimes => "sometimes",
            Claim::Goal => "goal",
        }
    }
}

/// What a search does not keep of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// Jobs, which are dropped when they end.
    Jobs,
    /// The failed tasks.
    Tasks,
    /// Instants and spans.
    Time,
    /// Bytes, rates, and how much of something is done.
    Quantity,
    /// How long guest systems take to be ready.
    Guest,
    /// The figures of a report.
    Report,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LeftOut::Jobs => "jobs, which a search drops when they end",
            LeftOut::Tasks => "failed tasks, which a search does not keep",
            LeftOut::Time => "instants or spans, and a search leaves time out",
            LeftOut::Quantity => "bytes, rates or progress, and a search leaves quantities out",
            LeftOut::Guest => "guest systems being ready, and a search leaves time out",
            LeftOut::Report => "the figures of a run, and a search has no run",
        })
    }
}

/// Why a search cannot judge an expectation.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// It reads what is not kept.
    #[error("`{place}` speaks of {what}")]
    LeftOut {
        /// The field or collection.
        place: String,
        /// Its bytes in the text that was parsed.
        span: Range<usize>,
        /// What it is.
        what: LeftOut,
    },
    /// It means nothing, whatever happens.
    #[error(transparent)]
    Senseless(#[from] Senseless),
    /// It cannot be judged of the start.
    #[error(transparent)]
    Unjudged(#[from] EvalError),
    /// It compares with the label of a thing that is not there and that no call of the search makes.
    #[error("nothing is labelled `{label}`, and no call of this search makes it")]
    NoLabel {
        /// The label.
        label: String,
        /// The nearest label there is.
        nearest: Option<String>,
        /// Its bytes in the text that was parsed.
        span: Range<usize>,
    },
}

impl Unfit {
    /// What would be right, if that can be guessed.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Unfit::Senseless(fault) => fault.help(),
            Unfit::Unjudged(error) => error.help(),
            Unfit::NoLabel { nearest, .. } => {
                let near = nearest.as_ref();
                near.map(|label| format!("did you mean `{label}`?"))
            }
            Unfit::LeftOut { .. } => None,
        }
    }

    /// Where in the text it is, in bytes, if that is one place.
    #[must_use]
    pub fn span(&self) -> Option<Range<usize>> {
        match self {
            Unfit::LeftOut { span, .. } | Unfit::NoLabel { span, .. } => Some(span.clone()),
            Unfit::Senseless(fault) => Some(fault.span()),
            Unfit::Unjudged(_) => None,
        }
    }
}

/// What must not change places with anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// These resources, by stable key.
    pub some: BTreeSet<u64>,
    /// Every resource.
    pub all: bool,
}

/// What must be marked for an expectation in a search that begins with a world.
///
/// # Errors
/// [`Unfit`]; `makes` is whether calls of the search make resources.
pub(super) fn marks(expectation: &Expectation, world: &World, makes: bool) -> Result<Marks, Unfit> {
    let mut asking = Asking {
        world,
        makes,
        marks: Marks::default(),
    };
    asking.expression(expectation.root())?;
    if let Some(fault) = expectation.fault(world) {
        return Err(fault.into());
    }
    expectation.judge(world, world.now)?;
    Ok(asking.marks)
}

struct Asking<'a> {
    world: &'a World,
    makes: bool,
    marks: Marks,
}

type Asked = Result<(), Unfit>;

impl Asking<'_> {
    fn expression(&mut self, part: &Expression) -> Asked {
        match part {
            Expression::Or(parts) | Expression::And(parts) => {
                parts.iter().try_for_each(|part| self.expression(part))
            }
            Expression::Not(inner) => self.expression(inner),
            Expression::Test(test) => self.test(&test.it),
        }
    }

    fn test(&mut self, test: &Test) -> Asked {
        match &test.subject {
            Subject::Each(_, selection, path) => {
                self.selection(selection)?;
                self.value(is_server(selection), path, &test.condition)
            }
            Subject::Count(selection) => self.selection(selection),
            Subject::Len(reference) => {
                let server = self.root(reference)?;
                kept(server, &reference.path)?;
                self.marks.all |= !is_counted(&reference.path);
                Ok(())
            }
            Subject::Value(reference) => {
                let server = self.root(reference)?;
                self.value(server, &reference.path, &test.condition)
            }
        }
    }

    /// What a reference begins with; answers whether that is a server.
    fn root(&mut self, reference: &Reference) -> Result<bool, Unfit> {
        match &reference.root {
            Root::Only(selection) => {
                self.selection(selection)?;
                Ok(is_server(selection))
            }
            Root::Member(collection, label) => {
                self.collection(*collection, collection.singular(), &label.span)?;
                self.called(&label.it);
                Ok(*collection == Collection::Servers)
            }
            Root::Label(label) => {
                self.called(&label.it);
                let found = self.world.find(&label.it);
                Ok(matches!(found, Some(Who::Server(_))))
            }
        }
    }

    fn selection(&mut self, selection: &Selection) -> Asked {
        let place = selection.filters.first().map(|it| &it.path);
        let span = place
            .and_then(|path| path.first())
            .map_or(0..0, |step| step.span.clone());
        self.collection(selection.collection, selection.collection.plural(), &span)?;
        for filter in &selection.filters {
            self.value(is_server(selection), &filter.path, &filter.condition)?;
        }
        Ok(())
    }

    fn collection(&mut self, of: Collection, word: &str, span: &Range<usize>) -> Asked {
        let what = match of {
            Collection::Jobs => LeftOut::Jobs,
            Collection::Tasks => LeftOut::Tasks,
            // Packs know these only by what they belong to.
            Collection::Nics | Collection::Vpcs | Collection::Subnets => return self.tells_all(),
            Collection::Eips | Collection::Quotas => return self.tells_all(),
            _ => return Ok(()),
        };
        Err(Unfit::LeftOut {
            place: word.to_owned(),
            span: span.clone(),
            what,
        })
    }

    fn tells_all(&mut self) -> Asked {
        self.marks.all = true;
        Ok(())
    }

    /// What is compared, and with what.
    fn value(&mut self, server: bool, path: &Path, condition: &Condition) -> Asked {
        kept(server, path)?;
        let [
            At {
                it: Step::Field(field),
                ..
            },
        ] = path.as_slice()
        else {
            self.marks.all |= !path.is_empty();
            return Ok(());
        };
        let field = field.as_str();
        if DECIDED.contains(&field) {
            return Ok(());
        }
        match condition {
            Condition::Compare(Op::Eq | Op::Ne, literal) if LABELS.contains(&field) => {
                self.literal(literal)
            }
            Condition::In(literals) if LABELS.contains(&field) => {
                literals.iter().try_for_each(|it| self.literal(it))
            }
            Condition::Contains(literal) if LISTS.contains(&field) => self.literal(literal),
            _ => self.tells_all(),
        }
    }

    /// A label that something is compared with.
    fn literal(&mut self, literal: &At<Literal>) -> Asked {
        match &literal.it {
            Literal::Null => Ok(()),
            Literal::Text(label) if self.world.find(label).is_none() && !self.makes => {
                Err(Unfit::NoLabel {
                    label: label.clone(),
                    nearest: near(label, self.world),
                    span: literal.span.clone(),
                })
            }
            Literal::Text(label) => {
                self.called(label);
                Ok(())
            }
            _ => self.tells_all(),
        }
    }

    /// Something called by its label.
    fn called(&mut self, label: &str) {
        let Some(who) = self.world.find(label) else {
            self.marks.all |= self.makes;
            return;
        };
        match who {
            Who::Nic(_) | Who::Vpc(_) | Who::Subnet(_) | Who::Eip(_) => self.marks.all = true,
            who => {
                let stable = self.world.stable(who).map(|it| it.0);
                self.marks.some.extend(stable);
            }
        }
    }
}

/// The nearest label of what a field that is a label may name.
fn near(label: &str, world: &World) -> Option<String> {
    let all = { world.groups.keys().map(Who::Group) }
        .chain(world.instances.keys().map(Who::Instance))
        .chain(world.pairs.keys().map(Who::Pair))
        .chain(world.drills.keys().map(Who::Drill))
        .chain(world.servers.keys().map(Who::Server))
        .chain(world.disks.keys().map(Who::Disk))
        .chain(world.azs.keys().map(Who::Az))
        .chain(world.sites.keys().map(Who::Site));
    let labels: Vec<String> = all.map(|who| world.label(who)).collect();
    nearest(label, labels.iter().map(String::as_str)).map(str::to_owned)
}

fn is_server(selection: &Selection) -> bool {
    selection.collection == Collection::Servers
}

/// Whether a path leads to a list whose length the pack holds.
fn is_counted(path: &Path) -> bool {
    match path.as_slice() {
        [
            At {
                it: Step::Field(field),
                ..
            },
        ] => LISTS.contains(&field.as_str()),
        path => path.is_empty(),
    }
}

/// Refuses what is not kept.
fn kept(server: bool, path: &Path) -> Asked {
    for step in path {
        let Step::Field(field) = &step.it else {
            continue;
        };
        let what = match field.as_str() {
            "created_at" | "updated_at" | "begin_time" | "end_time" => LeftOut::Time,
            "rpo_us" | "skew_us" | "latency_us" | "write_latency_us" => LeftOut::Time,
            "progress" | "left_bytes" | "bytes_lost" | "used_bytes" => LeftOut::Quantity,
            "bytes_per_second" | "write_bytes_per_second" => LeftOut::Quantity,
            "failure_detail" => LeftOut::Jobs,
            "usable" if server => LeftOut::Guest,
            "report" => LeftOut::Report,
            _ => continue,
        };
        return Err(Unfit::LeftOut {
            place: field.clone(),
            span: step.span.clone(),
            what,
        });
    }
    Ok(())
}

/// Fields that the pack of a state decides without knowing which of equal resources is which.
const DECIDED: [&str; 37] = [
    "status",
    "transient",
    "protected_status",
    "replication_status",
    "health_status",
    "priority_station",
    "protected_instance_num",
    "replication_num",
    "disaster_recovery_drill_num",
    "source_availability_zone",
    "target_availability_zone",
    "domain",
    "protection_type",
    "cut",
    "serves",
    "consistent",
    "fault_level",
    "stalled",
    "lit",
    "writable",
    "usable",
    "up",
    "kind",
    "mode",
    "sold_out",
    "power",
    "act",
    "flavor",
    "az",
    "locked",
    "fenced",
    "lost",
    "damaged",
    "blank",
    "frozen",
    "rescue",
    "boots",
];

/// Fields that are the label of one resource.
const LABELS: [&str; 8] = [
    "label",
    "group",
    "instance",
    "pair",
    "drill",
    "production_server",
    "dr_server",
    "site",
];

/// Fields that are lists of labels, of lengths that the pack holds.
const LISTS: [&str; 6] = ["instances", "pairs", "drills", "servers", "disks", "azs"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::fixture::Fixture;

    fn asked(text: &str) -> Result<Marks, Unfit> {
        let expectation = Expectation::parse(text).unwrap();
        marks(&expectation, &Fixture::new().world, false)
    }

    #[test]
    fn what_is_told_apart_is_marked() {
        let world = Fixture::new().world;
        let stable = |label: &str| world.stable(world.find(label).unwrap()).unwrap().0;
        for (text, labels) in [
            ("any groups.status == protected", &[][..]),
            ("g.status == protected", &["g"]),
            ("any pairs[status=protected].group == g", &["g"]),
            ("any pairs[group!=g].status == protected", &["g"]),
            ("any servers.label in [web, app]", &["web", "app"]),
            ("any instances.pairs contains p", &["p"]),
            ("any servers.instance == null", &[]),
            ("len(g.pairs) >= 0", &["g"]),
            ("count(servers[power=active]) >= 1", &[]),
        ] {
            let marks = asked(text).unwrap_or_else(|unfit| panic!("{text}: {unfit}"));
            let some = labels.iter().map(|label| stable(label)).collect();
            assert_eq!(marks, Marks { some, all: false }, "{text}");
        }
        for text in [
            r#"any groups.label contains "g""#,
            r#"any groups.label < "h""#,
            "any groups.name == g",
            "any groups.pairs[0] == p",
            "count(nics) >= 0",
            "all servers.vpc != null",
        ] {
            let marks = asked(text).unwrap_or_else(|unfit| panic!("{text}: {unfit}"));
            assert!(marks.all, "{text}");
        }
    }

    #[test]
    fn what_is_not_kept_is_refused_with_its_place() {
        for (text, part, what) in [
            ("count(jobs) == 0", "", LeftOut::Jobs),
            ("not (any tasks.error_code == x)", "", LeftOut::Tasks),
            ("any groups.rpo_us > 100", "rpo_us", LeftOut::Time),
            ("g.updated_at > \"2024\"", "updated_at", LeftOut::Time),
            (
                "any pairs[left_bytes>1].status == x",
                "left_bytes",
                LeftOut::Quantity,
            ),
            ("all pairs.progress >= 5", "progress", LeftOut::Quantity),
            ("web.usable == true", "usable", LeftOut::Guest),
            ("g.report.downtime_us == 0", "report", LeftOut::Report),
        ] {
            match asked(text) {
                Err(Unfit::LeftOut { span, what: is, .. }) => {
                    assert_eq!((&text[span], is), (part, what), "{text}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        assert!(matches!(
            asked("g.status == faild-over"),
            Err(Unfit::Senseless(_))
        ));
        assert!(matches!(
            asked("any pairs.group == nobody"),
            Err(Unfit::NoLabel { .. })
        ));
        assert!(matches!(
            asked("nobody.status == protected"),
            Err(Unfit::Unjudged(_))
        ));
        assert!(asked("all disks.usable == true").is_ok());
    }
}
