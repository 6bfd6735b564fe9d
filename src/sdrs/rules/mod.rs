//! The published operations as one table: a row says when the service takes an operation, what each touched resource
//! reports meanwhile and afterwards, and which code a refusal carries.
//!
//! Rows are const data built by calls that read as a sentence. Nothing here knows a world: `machine::admit` reads the
//! row to refuse, `machine::commit` and `machine::settle` read it to move statuses, and the printed matrix, the state
//! diagrams and the comparison with the published pages are computed from the same rows.

mod drill;
mod group;
mod instance;
mod pair;
mod service;

use crate::sdrs::codes::Code;
use crate::sdrs::need::Need;
use crate::sdrs::op::Op;
use crate::sdrs::status::{Kind, Status};

/// What a resource reports when a job has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// This status.
    Is(Status),
    /// The status held before the operation.
    Prior,
    /// The status held before, except that `error-attaching` and `error-detaching` are cleared to [`End::FollowGroup`].
    PriorOrCleared,
    /// `protected` if the group is protected, else `available`.
    FollowGroup,
    /// The resource no longer exists.
    Gone,
}

/// The statuses in which an operation is taken, and the code that answers in any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admits {
    /// The statuses in which the operation is taken.
    pub statuses: &'static [Status],
    /// What every other status answers.
    pub code: Code,
}

/// What a resource reports while a job runs, after SUCCESS and after FAIL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moves {
    /// From acceptance to the end of the job, waiting included.
    pub during: Status,
    /// After SUCCESS.
    pub done: End,
    /// After FAIL.
    pub failed: End,
}

/// What a successful job does to the group's `priority_station`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Station {
    /// Nothing.
    Stays,
    /// It becomes the other site.
    Flips,
    /// It becomes the site that the call named.
    AsAsked,
}

/// The published facts of an operation that starts a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobFacts {
    /// The `job_type` that `show_job` reports.
    pub job_type: &'static str,
    /// The published type of its sub-jobs, where a page names one.
    pub sub_job_type: Option<&'static str>,
    /// The `failure_status` that the Task Center reports.
    pub failure: &'static str,
    /// The error code of a failed job when nothing more telling is known.
    pub error: Code,
}

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The operation.
    pub op: Op,
    /// Method and path.
    pub http: &'static str,
    /// The key in the body that selects the operation where several share a path.
    pub body: Option<&'static str>,
    /// The published page.
    pub page: &'static str,
    /// The HTTP status of a successful answer.
    pub answer: u16,
    /// Present if the operation starts a job.
    pub job: Option<JobFacts>,
    /// By kind: the statuses that admit the operation. None: any status.
    admits: [Option<Admits>; 4],
    /// By kind: the statuses it moves through. None: untouched.
    moves: [Option<Moves>; 4],
    /// Whether the group's instances and pairs pass through the same statuses as the group.
    pub members: bool,
    /// What SUCCESS does to `priority_station`.
    pub station: Station,
    /// Further preconditions in the order in which they are tested.
    pub needs: &'static [(Need, Code)],
    /// Query parameters of a list.
    pub filters: &'static [&'static str],
    /// Values that `query_type` takes.
    pub query_types: &'static [&'static str],
}

impl Rule {
    const fn sync(op: Op, http: &'static str, page: &'static str, answer: u16) -> Rule {
        Rule {
            op,
            http,
            body: None,
            page,
            answer,
            job: None,
            admits: [None; 4],
            moves: [None; 4],
            members: false,
            station: Station::Stays,
            needs: &[],
            filters: &[],
            query_types: &[],
        }
    }

    const fn job(op: Op, http: &'static str, page: &'static str) -> Rule {
        Rule::sync(op, http, page, 200)
    }

    const fn job_type(mut self, job_type: &'static str, failure: &'static str, error: u16) -> Rule {
        self.job = Some(JobFacts {
            job_type,
            sub_job_type: None,
            failure,
            error: Code::of(error),
        });
        self
    }

    const fn sub_job_type(mut self, name: &'static str) -> Rule {
        if let Some(mut job) = self.job {
            job.sub_job_type = Some(name);
            self.job = Some(job);
        }
        self
    }

    const fn body(mut self, body: &'static str) -> Rule {
        self.body = Some(body);
        self
    }

    const fn admits(mut self, kind: Kind, statuses: &'static [Status], code: u16) -> Rule {
        self.admits[kind as usize] = Some(Admits {
            statuses,
            code: Code::of(code),
        });
        self
    }

    const fn moves(mut self, kind: Kind, during: Status, done: End, failed: End) -> Rule {
        self.moves[kind as usize] = Some(Moves {
            during,
            done,
            failed,
        });
        self
    }

    const fn with_members(mut self) -> Rule {
        self.members = true;
        self
    }

    const fn station(mut self, station: Station) -> Rule {
        self.station = station;
        self
    }

    const fn unless(mut self, needs: &'static [(Need, Code)]) -> Rule {
        self.needs = needs;
        self
    }

    const fn filters(
        mut self,
        filters: &'static [&'static str],
        query_types: &'static [&'static str],
    ) -> Rule {
        self.filters = filters;
        self.query_types = query_types;
        self
    }

    /// The statuses of `kind` in which the operation is taken; None if it asks for none.
    pub const fn admitted_in(&self, kind: Kind) -> Option<Admits> {
        self.admits[kind as usize]
    }

    /// What the operation does to the status of `kind`; members follow the group where the row says so.
    pub const fn moves_of(&self, kind: Kind) -> Option<Moves> {
        match (self.members, kind) {
            (true, Kind::ProtectedInstance | Kind::ReplicationPair) => {
                self.moves[Kind::ProtectionGroup as usize]
            }
            _ => self.moves[kind as usize],
        }
    }

    /// Whether the operation takes a group as a whole: it then waits for no member and no member may be busy.
    pub const fn is_group_operation(&self) -> bool {
        self.members || matches!(self.op, Op::DeleteProtectionGroup)
    }
}

const TABLES: [&[Rule]; 5] = [
    group::RULES,
    instance::RULES,
    pair::RULES,
    drill::RULES,
    service::RULES,
];

const fn index() -> [Rule; Op::ALL.len()] {
    let mut rows = [TABLES[0][0]; Op::ALL.len()];
    let mut found = 0;
    let mut table = 0;
    while table < TABLES.len() {
        let mut row = 0;
        while row < TABLES[table].len() {
            let rule = TABLES[table][row];
            rows[rule.op as usize] = rule;
            found += 1;
            row += 1;
        }
        table += 1;
    }
    assert!(
        found == Op::ALL.len(),
        "every operation has exactly one row"
    );
    rows
}

/// Every rule, in the order of [`Op::ALL`].
pub static RULES: [Rule; Op::ALL.len()] = index();

/// The rule of an operation.
pub fn rule(op: Op) -> &'static Rule {
    &RULES[op as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_its_steps_say_and_nothing_else() {
        let bare = Rule::sync(Op::ShowJob, "GET /v1/x", "page", 204);
        assert_eq!(
            (bare.op, bare.http, bare.page),
            (Op::ShowJob, "GET /v1/x", "page")
        );
        assert_eq!((bare.answer, bare.body, bare.job), (204, None, None));
        assert!(!bare.members && bare.station == Station::Stays && bare.needs.is_empty());
        assert!(bare.filters.is_empty() && bare.query_types.is_empty());
        assert_eq!((bare.admits, bare.moves), ([None; 4], [None; 4]));
        assert_eq!(bare.sub_job_type("nobody's"), bare);

        let facts = JobFacts {
            job_type: "type",
            sub_job_type: None,
            failure: "bad",
            error: Code::of(7),
        };
        let job = Rule::job(Op::Failover, "POST /v1/x", "page").job_type("type", "bad", 7);
        assert_eq!((job.answer, job.job), (200, Some(facts)));
        let sub_job_type = Some("part");
        assert_eq!(
            job.sub_job_type("part").job,
            Some(JobFacts {
                sub_job_type,
                ..facts
            })
        );

        let needs: &[(Need, Code)] = rule(Op::Failover).needs;
        let full = bare
            .body("key")
            .station(Station::Flips)
            .unless(needs)
            .filters(&["name"], &["abstract"]);
        let row = Rule {
            body: Some("key"),
            station: Station::Flips,
            needs,
            filters: &["name"],
            query_types: &["abstract"],
            ..bare
        };
        assert_eq!(full, row);
    }

    #[test]
    fn members_follow_their_group_only_where_the_row_says_so() {
        let (during, done, failed) = (Status::Deleting, End::Gone, End::Is(Status::ErrorDeleting));
        let moves = Moves {
            during,
            done,
            failed,
        };
        let alone = Rule::job(Op::Failover, "POST /v1/x", "page")
            .admits(Kind::ReplicationPair, &[Status::Available], 9)
            .moves(Kind::ProtectionGroup, during, done, failed);
        let together = alone.with_members();
        let admits = Admits {
            statuses: &[Status::Available],
            code: Code::of(9),
        };
        for &kind in Kind::ALL {
            let asked = (kind == Kind::ReplicationPair).then_some(admits);
            assert_eq!(alone.admitted_in(kind), asked);
            let group = kind == Kind::ProtectionGroup;
            let follows = matches!(kind, Kind::ProtectedInstance | Kind::ReplicationPair);
            assert_eq!(alone.moves_of(kind), group.then_some(moves));
            assert_eq!(together.moves_of(kind), (group || follows).then_some(moves));
        }
        assert!(together.is_group_operation() && !alone.is_group_operation());
        assert!(Rule::job(Op::DeleteProtectionGroup, "DELETE /v1/x", "page").is_group_operation());
    }

    #[test]
    fn the_index_has_every_row_of_every_table_once() {
        assert_eq!(index(), RULES);
        assert_eq!(
            TABLES.iter().map(|rows| rows.len()).sum::<usize>(),
            RULES.len()
        );
        for row in TABLES.into_iter().flatten() {
            assert_eq!(rule(row.op), row);
        }
    }

    #[test]
    fn each_row_stands_at_its_operation_and_names_published_statuses() {
        for (row, &op) in RULES.iter().zip(Op::ALL) {
            assert_eq!(row.op, op);
            for &kind in Kind::ALL {
                let admitted = row.admitted_in(kind).map_or(&[][..], |a| a.statuses);
                let moved = row.moves_of(kind);
                let ends = moved
                    .iter()
                    .flat_map(|m| [End::Is(m.during), m.done, m.failed]);
                let named = ends.filter_map(|end| match end {
                    End::Is(status) => Some(status),
                    _ => None,
                });
                for status in admitted.iter().copied().chain(named) {
                    assert!(
                        kind.published().contains(&status),
                        "{op}: {kind:?} never shows {status}"
                    );
                }
            }
        }
    }
}
