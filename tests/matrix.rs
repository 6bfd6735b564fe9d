//! Every (operation, status) cell, executed: a resource of each kind is brought into each of its statuses by a legal run
//! and every operation is tried on it. The outcomes are the golden file `tests/golden/cells.md`; `BLESS=1` rewrites it.

#![allow(clippy::unwrap_used)] // A test that cannot go on may panic.

mod common;

use common::*;
use sdrsim::engine::{Engine, Limit, RunEnd};
use sdrsim::machine::Event;
use sdrsim::machine::command::{Call, Command, Native, TagInput};
use sdrsim::machine::query::{Query, Question, query};
use sdrsim::sdrs::codes::Code;
use sdrsim::sdrs::op::Op;
use sdrsim::sdrs::rules::rule;
use sdrsim::sdrs::status::{Kind, Status};
use sdrsim::world::Who;
use sdrsim::world::fault::Blow;
use std::collections::BTreeMap;
use std::fmt::Write;

type Run = Engine<Told>;

struct Cell {
    run: Run,
}

impl Cell {
    fn new() -> Cell {
        Cell {
            run: Engine::new(region(settings()).finish(), Told::default()),
        }
    }

    fn done(mut self, call: Call) -> Cell {
        self.run.submit(&Command::from(call)).unwrap();
        self.quiet()
    }

    fn quiet(mut self) -> Cell {
        assert_eq!(
            self.run.run_until_quiet(Limit::events(10_000)),
            RunEnd::Quiet
        );
        self
    }

    /// The storage of the production site fails.
    fn struck(mut self) -> Cell {
        let Some(Who::Az(az)) = self.run.world().find("az-1") else {
            panic!("az-1 exists");
        };
        let read_only = false;
        self.run.inject(Event::Struck(Blow::Pool { az, read_only }));
        self.quiet()
    }

    fn native(mut self, act: Native) -> Cell {
        self.run.submit(&Command::from(act)).unwrap();
        self
    }

    /// The call's work fails.
    fn failed(mut self, op: Op, call: Call) -> Cell {
        let code = rule(op).job.unwrap().error;
        self.run.oracle_mut().fail = Some((op, code));
        let mut cell = self.done(call);
        cell.run.oracle_mut().fail = None;
        cell
    }

    /// The call's work never ends.
    fn hung(mut self, op: Op, call: Call) -> Cell {
        self.run.oracle_mut().hang = Some(op);
        let mut cell = self.done(call);
        cell.run.oracle_mut().hang = None;
        cell
    }

    /// A group `g` with the instance `i` around `s1`, a pair `p` attached to nothing and a pair `q` attached to `i`.
    fn full() -> Cell {
        Cell::new()
            .done(create_group("g"))
            .done(create_instance("i", "s1"))
            .done(create_pair("p", "spare-1"))
            .done(create_pair("q", "spare-2"))
            .done(attach("q"))
    }

    fn protected() -> Cell {
        Cell::full().done(start())
    }

    fn failed_over() -> Cell {
        Cell::protected().done(Call::Failover { group: by("g") })
    }

    fn status(&self, label: &str) -> Option<Status> {
        let world = self.run.world();
        world.reported(world.find(label)?)
    }
}

/// By group operation: the status while it runs, the one after it failed, the call, and where it is made from.
type GroupCall = (Status, Status, Op, Call, fn() -> Cell);

fn group_calls() -> [GroupCall; 5] {
    use Status::*;
    let group = || by("g");
    [
        (
            Starting,
            ErrorStarting,
            Op::StartProtection,
            start(),
            Cell::full,
        ),
        (
            Stopping,
            ErrorStopping,
            Op::StopProtection,
            Call::StopProtection { group: group() },
            Cell::protected,
        ),
        (
            Reversing,
            ErrorReversing,
            Op::PlannedFailover,
            planned("target"),
            Cell::protected,
        ),
        (
            FailingOver,
            ErrorFailingOver,
            Op::Failover,
            Call::Failover { group: group() },
            Cell::protected,
        ),
        (
            Reprotecting,
            ErrorReprotecting,
            Op::Reprotect,
            start(),
            Cell::failed_over,
        ),
    ]
}

/// A world in which the resource of the kind (`g`, `i`, `q` or, for operations that need it free, `p`; `d`) shows the status.
fn reach(kind: Kind, status: Status) -> Option<Cell> {
    use Status::*;
    let delete_instance = || Call::DeleteProtectedInstance {
        instance: by("i"),
        delete_target_server: false,
        delete_target_eip: false,
    };
    let delete_pair = || Call::DeleteReplicationPair {
        pair: by("p"),
        server_group_id: None,
        delete_target_volume: false,
    };
    let delete_group = || Call::DeleteProtectionGroup { group: by("g") };
    let members = kind != Kind::DisasterRecoveryDrill;
    for (during, error, op, call, from) in group_calls() {
        if members && status == during {
            return Some(from().hung(op, call));
        }
        if members && status == error {
            return Some(from().failed(op, call));
        }
    }
    let cell = match (kind, status) {
        (Kind::ProtectionGroup, Creating) => {
            Cell::new().hung(Op::CreateProtectionGroup, create_group("g"))
        }
        (Kind::ProtectionGroup, Error) => {
            Cell::new().failed(Op::CreateProtectionGroup, create_group("g"))
        }
        (Kind::ProtectionGroup, Deleting) => Cell::new()
            .done(create_group("g"))
            .hung(Op::DeleteProtectionGroup, delete_group()),
        (Kind::ProtectionGroup, ErrorDeleting) => Cell::new()
            .done(create_group("g"))
            .failed(Op::DeleteProtectionGroup, delete_group()),
        (Kind::DisasterRecoveryDrill, Creating) => {
            Cell::full().hung(Op::CreateDrDrill, create_drill("d"))
        }
        (Kind::DisasterRecoveryDrill, Error) => {
            Cell::full().failed(Op::CreateDrDrill, create_drill("d"))
        }
        (Kind::DisasterRecoveryDrill, Available) => Cell::full().done(create_drill("d")),
        (Kind::DisasterRecoveryDrill, Deleting) => {
            let delete = Call::DeleteDrDrill { drill: by("d") };
            Cell::full()
                .done(create_drill("d"))
                .hung(Op::DeleteDrDrill, delete)
        }
        (Kind::DisasterRecoveryDrill, ErrorDeleting) => {
            let delete = Call::DeleteDrDrill { drill: by("d") };
            Cell::full()
                .done(create_drill("d"))
                .failed(Op::DeleteDrDrill, delete)
        }
        (_, Available) => Cell::full(),
        (_, Protected) => Cell::protected(),
        (_, FailedOver) => Cell::failed_over(),
        (Kind::ProtectedInstance, Creating) => Cell::new()
            .done(create_group("g"))
            .hung(Op::CreateProtectedInstance, create_instance("i", "s1")),
        (Kind::ProtectedInstance, Error) => Cell::new()
            .done(create_group("g"))
            .failed(Op::CreateProtectedInstance, create_instance("i", "s1")),
        (Kind::ProtectedInstance, Deleting) => {
            Cell::full().hung(Op::DeleteProtectedInstance, delete_instance())
        }
        (Kind::ProtectedInstance, ErrorDeleting) => {
            Cell::full().failed(Op::DeleteProtectedInstance, delete_instance())
        }
        (Kind::ProtectedInstance, NicCreating) => Cell::full().hung(Op::AddNic, add_nic()),
        (Kind::ProtectedInstance, NicDeleting) => {
            let delete = Call::DeleteNic {
                instance: by("i"),
                nic_id: by("n2"),
            };
            Cell::full().done(add_nic()).hung(Op::DeleteNic, delete)
        }
        (Kind::ProtectedInstance, Resizing) => {
            Cell::full().hung(Op::ResizeProtectedInstance, resize())
        }
        (Kind::ProtectedInstance, ErrorResizing) => {
            Cell::full().failed(Op::ResizeProtectedInstance, resize())
        }
        (Kind::ProtectedInstance, Invalid) => {
            Cell::protected().native(Native::DeleteServer { server: by("s1") })
        }
        (Kind::ReplicationPair, Creating) => {
            Cell::full().hung(Op::CreateReplicationPair, create_pair("r", "spare-3"))
        }
        (Kind::ReplicationPair, Error) => {
            Cell::full().failed(Op::CreateReplicationPair, create_pair("r", "spare-3"))
        }
        (Kind::ReplicationPair, Deleting) => {
            Cell::full().hung(Op::DeleteReplicationPair, delete_pair())
        }
        (Kind::ReplicationPair, ErrorDeleting) => {
            Cell::full().failed(Op::DeleteReplicationPair, delete_pair())
        }
        (Kind::ReplicationPair, Extending) => {
            Cell::full().hung(Op::ExpandReplicationPair, expand("p"))
        }
        (Kind::ReplicationPair, ErrorExtending) => {
            Cell::full().failed(Op::ExpandReplicationPair, expand("p"))
        }
        (Kind::ReplicationPair, Attaching) => {
            Cell::full().hung(Op::AttachReplicationPair, attach_d("p"))
        }
        (Kind::ReplicationPair, ErrorAttaching) => {
            Cell::full().failed(Op::AttachReplicationPair, attach_d("p"))
        }
        (Kind::ReplicationPair, Detaching) => {
            Cell::full().hung(Op::DetachReplicationPair, detach("q"))
        }
        (Kind::ReplicationPair, ErrorDetaching) => {
            Cell::full().failed(Op::DetachReplicationPair, detach("q"))
        }
        (Kind::ReplicationPair, Invalid) => {
            Cell::protected().native(Native::DeleteDisk { disk: by("p/dr") })
        }
        (Kind::ProtectedInstance | Kind::ReplicationPair, Fault) => Cell::protected().struck(),
        _ => return None,
    };
    Some(cell)
}

fn attach_d(pair: &str) -> Call {
    Call::AttachReplicationPair {
        instance: by("i"),
        pair: pair.into(),
        device: "/dev/vdd".into(),
    }
}

/// The resource that shows the status in the world that [`reach`] makes.
fn subject(kind: Kind, status: Status) -> &'static str {
    match (kind, status) {
        (Kind::ProtectionGroup, _) => "g",
        (Kind::ProtectedInstance, _) => "i",
        (Kind::DisasterRecoveryDrill, _) => "d",
        (_, Status::Creating | Status::Error) => "r",
        (_, Status::Detaching | Status::ErrorDetaching) => "q",
        _ => "p",
    }
}

/// What trying an operation is: a call that changes something, or a question.
enum Try {
    Call(Box<Call>),
    Ask(Box<Query>),
}

/// One well-formed request of the operation that names the subject wherever it can.
fn request(op: Op, kind: Kind, label: &str) -> Try {
    let pair = if kind == Kind::ReplicationPair {
        label
    } else {
        "p"
    };
    let name = || "new-name".to_owned();
    let tag = || TagInput {
        key: "tier".into(),
        value: Some("gold".into()),
    };
    let instance = || by("i");
    let group = || by("g");
    let call = match op {
        Op::CreateProtectionGroup => create_group("g2"),
        Op::DeleteProtectionGroup => Call::DeleteProtectionGroup { group: group() },
        Op::RenameProtectionGroup => Call::RenameProtectionGroup {
            group: group(),
            name: name(),
        },
        Op::StartProtection => start(),
        Op::Reprotect => Call::Reprotect { group: group() },
        Op::StopProtection => Call::StopProtection { group: group() },
        Op::Failover => Call::Failover { group: group() },
        Op::PlannedFailover => planned("target"),
        Op::CreateProtectedInstance => create_instance("i2", "s2"),
        Op::RenameProtectedInstance => Call::RenameProtectedInstance {
            instance: instance(),
            name: name(),
        },
        Op::DeleteProtectedInstance => Call::DeleteProtectedInstance {
            instance: instance(),
            delete_target_server: false,
            delete_target_eip: false,
        },
        Op::AttachReplicationPair => attach_d(pair),
        Op::DetachReplicationPair => detach(if kind == Kind::ReplicationPair {
            label
        } else {
            "q"
        }),
        Op::AddNic => Call::AddNic {
            label: Some("n3".into()),
            instance: instance(),
            subnet_id: by("lan"),
            ip_address: None,
        },
        Op::DeleteNic => Call::DeleteNic {
            instance: instance(),
            nic_id: by("n2"),
        },
        Op::ResizeProtectedInstance => resize(),
        Op::CreateReplicationPair => create_pair("p2", "s3-spare"),
        Op::RenameReplicationPair => Call::RenameReplicationPair {
            pair: by(pair),
            name: name(),
        },
        Op::DeleteReplicationPair => Call::DeleteReplicationPair {
            pair: by(pair),
            server_group_id: None,
            delete_target_volume: false,
        },
        Op::ExpandReplicationPair => expand(pair),
        Op::CreateDrDrill => create_drill("d2"),
        Op::RenameDrDrill => Call::RenameDrDrill {
            drill: by("d"),
            name: name(),
        },
        Op::DeleteDrDrill => Call::DeleteDrDrill { drill: by("d") },
        Op::AddTag => Call::AddTag {
            instance: instance(),
            key: "tier".into(),
            value: Some("gold".into()),
        },
        Op::BatchAddTags => Call::BatchAddTags {
            instance: instance(),
            tags: vec![tag()],
        },
        Op::BatchDeleteTags => Call::BatchDeleteTags {
            instance: instance(),
            tags: vec![tag()],
        },
        Op::DeleteTag => Call::DeleteTag {
            instance: instance(),
            key: "none".into(),
        },
        Op::DeleteFailedTask => Call::DeleteFailedTask { task: by("job-1") },
        Op::DeleteGroupFailedTasks => Call::DeleteGroupFailedTasks { group: group() },
        Op::DeleteAllFailedTasks => Call::DeleteAllFailedTasks {},
        _ => return Try::Ask(Box::new(question(op, pair))),
    };
    Try::Call(Box::new(call))
}

fn question(op: Op, pair: &str) -> Query {
    let json = match op {
        Op::ShowApiVersion => serde_json::json!({ op.name(): { "api_version": "v1" } }),
        Op::ShowJob => serde_json::json!({ op.name(): { "job": "job-1" } }),
        Op::ShowProtectionGroup => serde_json::json!({ op.name(): { "group": "g" } }),
        Op::ShowProtectedInstance | Op::ListInstanceTags => {
            serde_json::json!({ op.name(): { "instance": "i" } })
        }
        Op::ShowReplicationPair => serde_json::json!({ op.name(): { "pair": pair } }),
        Op::ShowDrDrill => serde_json::json!({ op.name(): { "drill": "d" } }),
        Op::QueryInstancesByTag => serde_json::json!({ op.name(): { "action": "count" } }),
        _ => serde_json::json!({ op.name(): {} }),
    };
    serde_json::from_value(json).unwrap_or_else(|error| panic!("{op}: {error}"))
}

fn outcome(cell: &Cell, op: Op, kind: Kind, label: &str) -> String {
    let refused = match request(op, kind, label) {
        Try::Call(call) => {
            let mut run = cell.run.fork();
            run.submit(&Command::from(*call)).err()
        }
        Try::Ask(ask) => query(cell.run.world(), cell.run.now(), &Question::from(*ask)).err(),
    };
    match refused {
        None => "ok".to_owned(),
        Some(refusal) => refusal
            .code()
            .map_or("?".to_owned(), |code: Code| format!("{:04}", code.number())),
    }
}

fn table(kind: Kind) -> String {
    let mut text = format!("## {}\n\n| status |", kind.name());
    for op in Op::ALL {
        write!(text, " {op} |").unwrap();
    }
    text.push('\n');
    text.push_str(&"|---".repeat(Op::ALL.len() + 1));
    text.push_str("|\n");
    for &status in kind.published() {
        let mut cell = reach(kind, status).unwrap_or_else(|| panic!("no way to {kind:?} {status}"));
        let label = subject(kind, status);
        assert_eq!(cell.status(label), Some(status), "{kind:?} {label}");
        // A disk of its own for the pair that is created in the cell.
        cell = cell.native(disk("s3-spare", "az-1", false));
        write!(text, "| {status} |").unwrap();
        for &op in Op::ALL {
            write!(text, " {} |", outcome(&cell, op, kind, label)).unwrap();
        }
        text.push('\n');
    }
    text.push('\n');
    text
}

#[test]
fn every_cell_answers_as_the_golden_file_says() {
    let mut text = String::from(
        "# What each operation answers in each status\n\n`ok` or the code of the refusal, as executed by `tests/matrix.rs`.\n\n",
    );
    for &kind in Kind::ALL {
        text.push_str(&table(kind));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/cells.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap();
    let differing: BTreeMap<usize, (&str, &str)> = golden
        .lines()
        .zip(text.lines())
        .enumerate()
        .filter(|(_, (a, b))| a != b)
        .collect();
    assert!(
        differing.is_empty() && golden == text,
        "differs from {path}: {differing:#?}"
    );
}

/// The golden file agrees with the table: an operation that names the kind's status set is refused with the set's code
/// outside it, and inside it with another code or not at all.
#[test]
fn every_cell_agrees_with_the_rules() {
    for &kind in Kind::ALL {
        for &status in kind.published() {
            let cell = reach(kind, status)
                .unwrap()
                .native(disk("s3-spare", "az-1", false));
            for &op in Op::ALL {
                let Some(admits) = rule(op).admitted_in(kind) else {
                    continue;
                };
                let answer = outcome(&cell, op, kind, subject(kind, status));
                let code = format!("{:04}", admits.code.number());
                if admits.statuses.contains(&status) {
                    continue;
                }
                // The two are one call, and the group's status selects the meaning.
                let twins = [Op::StartProtection, Op::Reprotect];
                let takes = |twin: Op| {
                    rule(twin)
                        .admitted_in(kind)
                        .is_some_and(|a| a.statuses.contains(&status))
                };
                if twins.contains(&op) && twins.into_iter().any(takes) {
                    continue;
                }
                assert_ne!(
                    answer, "ok",
                    "{op} was taken while the {kind:?} is {status}"
                );
                // The question before: what the call names must exist.
                let unknown = ["1013", "1320", "1608", "1902"].contains(&answer.as_str());
                let earlier = Kind::ALL
                    .iter()
                    .take_while(|&&k| k != kind)
                    .any(|&k| rule(op).admitted_in(k).is_some());
                assert!(
                    answer == code || earlier || unknown,
                    "{op}, {kind:?} {status}: {answer}, not {code}"
                );
            }
        }
    }
}

/// Codes that need a fault of the infrastructure are met in the cells of `fault`.
#[test]
fn the_cells_of_a_fault_advise_a_failover() {
    for kind in [Kind::ProtectedInstance, Kind::ReplicationPair] {
        let cell = reach(kind, Status::Fault).unwrap();
        let label = subject(kind, Status::Fault);
        let answer = |op| outcome(&cell, op, kind, label);
        assert_eq!(answer(Op::PlannedFailover), "1823");
        assert_eq!(answer(Op::Failover), "ok");
    }
}
