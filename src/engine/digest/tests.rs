use super::*;
use crate::engine::fixture::Fixture;
use crate::sdrs::codes::Code;
use crate::sdrs::op::Op;
use crate::sdrs::status::Status;
use crate::time::Span;
use crate::world::job::{JobStatus, Part};
use crate::world::machinery::Power;
use crate::world::place::Mode;
use crate::world::protection::{Side, Verdict};
use std::collections::BTreeSet;

/// An effect of every kind, with and without what may be absent.
fn effects(fix: &Fixture) -> Vec<(&'static str, Effect)> {
    let (pair, server, nic, job) = (fix.pair, fix.server, fix.nic, fix.job);
    let who = Who::Pair(pair);
    let label = fix.world.label_of(who).unwrap();
    let stable = fix.world.stable(who).unwrap();
    let begin = |doing| Effect::Begin {
        who,
        epoch: 3,
        doing,
        delay: Span::millis(7),
    };
    let copy = |copies| Effect::CopyBegan { pair, copies };
    let moved = |job| Effect::Moved {
        who,
        epoch: 4,
        from: Status::Starting,
        to: Status::Protected,
        job,
    };
    let ended = |status, code| Effect::Job { job, status, code };
    let power = Effect::Power {
        server,
        epoch: 5,
        from: Power::Active,
        to: Power::Shutoff,
    };
    let nic_moved = |from, to| Effect::NicMoved { nic, from, to };
    let bound = |to| Effect::EipBound { eip: fix.eip, to };
    let changed = Effect::Changed {
        who: Who::Server(server),
        property: Property::Fence,
        value: 1,
    };
    let code = Some(Code::of(1029));
    let created = |status| Effect::Created { who, status };
    let station = Effect::Station {
        group: fix.group,
        to: Side::Target,
    };
    vec![
        ("begin job", begin(Doing::Job(Op::Failover, Part::Work))),
        ("begin act", begin(Doing::Act(Act::Reboot))),
        ("copy", copy(2)),
        ("another copy", copy(3)),
        ("in step", Effect::InStep { pair }),
        ("created", created(Some(Status::Creating))),
        ("created without status", created(None)),
        ("moved by a job", moved(1)),
        ("moved", moved(0)),
        ("gone", Effect::Gone { who, label, stable }),
        ("job", ended(JobStatus::Success, None)),
        ("job failed", ended(JobStatus::Fail, code)),
        ("sub-job", Effect::SubJob { job, pair, code }),
        ("station", station),
        ("power", power),
        ("nic out", nic_moved(Some(server), None)),
        ("nic in", nic_moved(None, Some(server))),
        ("eip bound", bound(Some(nic))),
        ("eip released", bound(None)),
        ("changed", changed),
        ("tasks", Effect::TasksDeleted { count: 9 }),
    ]
    .into_iter()
    .chain(faults(fix))
    .collect()
}

/// The effects of faults and of their end.
fn faults(fix: &Fixture) -> Vec<(&'static str, Effect)> {
    let (group, server, pair) = (fix.group, fix.server, fix.pair);
    let record = &fix.world.groups[group];
    let (domain, route) = (record.domain, record.route);
    let blow = Blow::Server {
        server,
        destroyed: true,
    };
    let health = |two, five| Effect::Health { group, two, five };
    let cut = |verdict| Effect::Cut { group, verdict };
    let both = Span::secs(3);
    let discarded = Effect::Discarded {
        pair,
        bytes: 5,
        kept: 6,
        both,
    };
    vec![
        ("struck", Effect::Struck { blow }),
        ("mended", Effect::Mended { blow }),
        (
            "mode",
            Effect::Mode {
                domain,
                mode: Mode::Window,
            },
        ),
        ("cut for production", cut(Verdict::Production)),
        ("cut for nobody", cut(Verdict::Neither)),
        ("joined", Effect::Joined { group }),
        ("health", health(2, 5)),
        ("other health", health(5, 2)),
        ("discarded", discarded),
        ("control down", Effect::Control { down: true }),
        ("control up", Effect::Control { down: false }),
        ("usable", Effect::Usable { server }),
        ("no place", Effect::NoPlace { server }),
        ("stalled", Effect::Stalled { route }),
    ]
}

fn digest(fix: &Fixture, effects: impl IntoIterator<Item = (u64, Effect)>) -> Digest {
    let mut digest = Digest::ZERO;
    let keys = Keys {
        world: &fix.world,
        gone: &[],
    };
    for (micros, effect) in effects {
        let at = SimTime::from_micros(micros);
        digest.take(at, &effect, keys);
    }
    digest
}

#[test]
fn the_encoding_of_every_kind_is_fixed() {
    let fix = Fixture::new();
    let lines: Vec<String> = effects(&fix)
        .into_iter()
        .map(|(name, effect)| format!("{name:<24}{}", digest(&fix, [(8_016_000, effect)])))
        .collect();
    assert_eq!(lines.join("\n"), GOLDEN.trim());
}

const GOLDEN: &str = "
begin job               e99b9f4f30e58134
begin act               c1aa2aa06af58d96
copy                    89d7d0b09d0643b8
another copy            1b83f9f200caa005
in step                 6226eca5b247a9ff
created                 ec8e84958b3b88e4
created without status  f8c8d6745d6777ad
moved by a job          3fc795e67d0febbf
moved                   22d7de2d8370c09d
gone                    46e0109aacad968c
job                     8d4d42ad51a6d135
job failed              6653689b52cda0dc
sub-job                 f98306d9ac0eba21
station                 cba3c89e430cacad
power                   00a4071d86356b67
nic out                 fa5a3e2babf7401c
nic in                  ef34e17786b5f7e0
eip bound               2b84d7e47a86a021
eip released            f282aaa1c0e03e6d
changed                 16d5fc58bb2f2650
tasks                   dd04034e61686373
struck                  3bb4f6ff1bfe621e
mended                  47a8e3a3bc371eed
mode                    0407238159d2c341
cut for production      de48eec292aa4efb
cut for nobody          832863640b8b459e
joined                  2c707e539fd1e0fa
health                  05680c83a82db582
other health            3fa64626fd55c93b
discarded               9dceaec3576aa0ba
control down            32f41bdccd3e90c5
control up              501bce27e4eb9d0e
usable                  1cf64d2344e43cee
no place                bf98c2b30c56a75a
stalled                 89d038132308753f
";

#[test]
fn pairs_that_move_together_count_as_each_by_itself() {
    let fix = Fixture::new();
    let stable = fix.world.stable(Who::Pair(fix.pair)).unwrap();
    let (at, to) = (SimTime::from_micros(7), Status::FailingOver);
    let says = |n: u32| (n << 25 | 3, Status::ALL[n as usize % Status::ALL.len()]);
    let mut effects = crate::machine::Effects::new();
    // Fewer after more, in the same room.
    for many in [200, 63, 64, 0, 65, 1, 128] {
        effects.clear();
        let mut movers = effects.movers(many as usize);
        for (epoch, from) in (0..many).map(says) {
            let pair = fix.pair;
            movers.add(Mover {
                pair,
                stable,
                epoch,
                from,
            });
        }
        movers.have_come_to(to, 1);
        let mut running = Running::default();
        if let Some(moves) = effects.moves() {
            running.all_moved(at, moves);
        }
        let apart = (0..many).map(says).map(|(epoch, from)| {
            let (who, job) = (Who::Pair(fix.pair), 1);
            (
                7,
                Effect::Moved {
                    who,
                    epoch,
                    from,
                    to,
                    job,
                },
            )
        });
        assert_eq!(running.digest(), digest(&fix, apart), "{many} pairs");
    }
}

#[test]
fn slots_and_words_leave_no_mark() {
    let (fix, other) = (Fixture::new(), Fixture::crowded());
    assert_ne!(fix.pair, other.pair);
    assert_ne!(fix.group, other.group);
    for ((name, here), (_, there)) in effects(&fix).into_iter().zip(effects(&other)) {
        assert_eq!(
            digest(&fix, [(1, here)]),
            digest(&other, [(1, there)]),
            "{name}"
        );
    }
}

#[test]
fn instants_count_and_the_order_of_a_call_does_not() {
    let fix = Fixture::new();
    let all = effects(&fix);
    let forth = digest(&fix, all.iter().map(|one| (1, one.1)));
    let back = digest(&fix, all.iter().rev().map(|one| (1, one.1)));
    assert_eq!(forth, back);
    let seen: BTreeSet<Digest> = all
        .iter()
        .flat_map(|one| [1, 2].map(|micros| digest(&fix, [(micros, one.1)])))
        .collect();
    assert_eq!(seen.len(), 2 * all.len());
    let twice = digest(&fix, [(1, all[0].1), (1, all[0].1)]);
    assert_ne!(twice, Digest::ZERO);
    assert_ne!(twice, digest(&fix, [(1, all[0].1)]));
}

#[test]
fn what_one_call_removes_is_still_known_within_it() {
    let mut fix = Fixture::new();
    let who = Who::Pair(fix.pair);
    let effect = Effect::Created { who, status: None };
    let before = digest(&fix, [(1, effect)]);
    let stable = fix.world.stable(who).unwrap();
    fix.world.pairs.remove(fix.pair);
    let with = |gone: &[(Who, Stable)]| {
        let mut digest = Digest::ZERO;
        let world = &fix.world;
        let at = SimTime::from_micros(1);
        digest.take(at, &effect, Keys { world, gone });
        digest
    };
    assert_eq!(with(&[(who, stable)]), before);
    assert_ne!(with(&[]), before);
}

#[test]
fn a_digest_is_sixteen_digits() {
    let digest = Digest(0x00ab_cdef_0123_4567);
    assert_eq!(digest.to_string(), "00abcdef01234567");
    let text = serde_json::to_string(&digest).unwrap();
    assert_eq!(text, "\"00abcdef01234567\"");
    assert_eq!(serde_json::from_str::<Digest>(&text).unwrap(), digest);
    for wrong in [
        "\"abc\"",
        "\"+0abcdef01234567\"",
        "\"00abcdef0123456g\"",
        "7",
    ] {
        assert!(serde_json::from_str::<Digest>(wrong).is_err(), "{wrong}");
    }
}
