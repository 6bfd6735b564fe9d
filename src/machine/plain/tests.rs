//! Which ends go the short way: `tests/short_way.rs` compares it with the long one, and would not miss it.

use super::{Left, sub_job_ended};
use crate::machine::Effects;
use crate::machine::command::{Call, Native};
use crate::machine::event::{Doing, Event};
use crate::machine::fixture::Fixture;
use crate::sdrs::op::Op;
use crate::world::Who;

fn call(op: Op) -> Call {
    let group = "g".into();
    match op {
        Op::StartProtection => Call::StartProtection { group },
        Op::StopProtection => Call::StopProtection { group },
        Op::PlannedFailover => Call::PlannedFailover {
            group,
            priority_station: "target".into(),
        },
        Op::Failover => Call::Failover { group },
        Op::Reprotect => Call::Reprotect { group },
        other => panic!("{other:?} has no sub-jobs"),
    }
}

/// After some operations that ended well: how many ends of the next one's sub-jobs were taken in the short way, and how
/// many were not. `older` is taken from the epoch that each end carries.
fn ends(before: &[Op], op: Op, older: u32) -> (usize, usize) {
    let mut f = Fixture::new();
    // A planned failover finds production shut down.
    f.done(Native::StopServer {
        server: "web".into(),
    });
    for &op in before {
        f.done(call(op));
    }
    f.ask(call(op)).unwrap();
    let (mut short, mut long) = (0, 0);
    while let Some(event) = f.due.front() {
        if let Event::Settled {
            who: Who::Pair(pair),
            epoch,
            doing: Doing::Job(op, _),
            ..
        } = *event
        {
            let (now, mut out) = (f.now, Effects::new());
            let aim = (epoch - older, op);
            match sub_job_ended(&mut f.world, now, pair, aim, &mut out) {
                Some(left) => {
                    short += 1;
                    if let Left::Close(job) = left {
                        crate::machine::close(&mut f.world, job, &mut out);
                    }
                }
                None => long += 1,
            }
            f.due.pop_front();
        } else {
            f.end(crate::machine::Outcome::Done);
        }
    }
    (short, long)
}

#[test]
fn the_sub_jobs_of_every_operation_of_a_calm_group_go_the_short_way() {
    use Op::{Failover, PlannedFailover, Reprotect, StartProtection, StopProtection};
    let cases: [(&[Op], Op); 6] = [
        (&[StartProtection, StopProtection], StartProtection),
        (&[StartProtection], StopProtection),
        (&[StartProtection], PlannedFailover),
        (&[StartProtection], Failover),
        (&[StartProtection, Failover], Reprotect),
        (&[StartProtection, Failover, Reprotect], Failover),
    ];
    for (before, op) in cases {
        let (short, long) = ends(before, op, 0);
        assert_eq!((short, long), (3, 0), "{op:?} after {before:?}");
        assert_eq!(ends(before, op, 1), (0, 3), "stale {op:?}");
    }
    assert_eq!(ends(&[], StartProtection, 0), (0, 3), "first copies begin");
}
