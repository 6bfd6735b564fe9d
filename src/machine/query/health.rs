//! What views tell of health and recovery: figures of the simulation that no published body has.
//!
//! They stand beside the published fields in what expectations see, and nowhere in the answers of the API. Spans are in
//! microseconds. A figure that does not exist (a recovery point before the first copy) is null, never zero.
//!
//! `left_bytes` is [`World::left`]: what a copy would carry that began now, so while a pair is cut off or stopped what its bitmap
//! marks; the published `progress` is the share of the disk that is not left. `bytes_lost` is of the window of `rpo_us`, at most
//! 2^64 - 1. `write_latency_us` is null while production may not write.

use crate::time::{SimTime, Span};
use crate::world::protection::Verdict;
use crate::world::replica::Recovery;
use crate::world::{DrillKey, GroupKey, PairKey, Who, World};
use serde_json::{Value, json};

type Fields = Vec<(&'static str, Value)>;

/// The figures of a resource, by name; none for kinds that have none.
pub(super) fn of(world: &World, now: SimTime, who: Who) -> Fields {
    match who {
        Who::Group(key) => group(world, now, key),
        Who::Instance(key) => vec![
            ("serves", json!(world.instance_serves(key))),
            ("fault_level", json!(world.instance_level(key).name())),
        ],
        Who::Pair(key) => pair(world, now, key),
        Who::Drill(key) => drill(world, key),
        Who::Server(key) => vec![
            ("serves", json!(world.serves(key))),
            ("lost", json!(world.servers[key].lost > 0)),
        ],
        Who::Disk(key) => {
            let disk = &world.disks[key];
            vec![
                ("usable", json!(world.is_usable(key))),
                ("damaged", json!(disk.rest.damaged.is_some())),
                ("blank", json!(disk.blank)),
            ]
        }
        _ => Vec::new(),
    }
}

/// `serves` is null in a group without instances, `consistent` in one without pairs that take part.
fn group(world: &World, now: SimTime, key: GroupKey) -> Fields {
    let group = &world.groups[key];
    let mut instances = group.instances.iter();
    let serves = (!group.instances.is_empty())
        .then(|| instances.all(|instance| world.instance_serves(instance)));
    let members = group.pairs.iter().map(|pair| &world.pairs[pair]);
    let each = members.filter(|pair| !pair.is_out());
    let consistent = each
        .map(|pair| pair.is_consistent())
        .reduce(|all, one| all && one);
    let mut fields = vec![
        (
            "cut",
            json!(group.cut.map(|cut| Verdict::word(cut.verdict))),
        ),
        ("serves", json!(serves)),
        ("consistent", json!(consistent)),
    ];
    recovery(world.group_recovery(key, now), &mut fields);
    fields
}

fn pair(world: &World, now: SimTime, key: PairKey) -> Fields {
    let record = &world.pairs[key];
    let latency = world.write_latency(key).map(Span::as_micros);
    let found = world.recovery(key, now);
    vec![
        ("consistent", json!(record.is_consistent())),
        ("stalled", json!(world.is_stalled(key))),
        ("left_bytes", json!(world.left(key, now).0)),
        ("rpo_us", json!(found.map(|r| r.rpo.as_micros()))),
        ("bytes_lost", json!(found.map(|r| r.lost))),
        (
            "write_bytes_per_second",
            json!(world.write_rate(key, record.station)),
        ),
        ("write_latency_us", json!(latency)),
    ]
}

/// What a drill was made from, fixed when its job began; `boots` is whether the servers of all its members boot.
fn drill(world: &World, key: DrillKey) -> Fields {
    let drill = &world.drills[key];
    let boots = drill.members.iter().map(|member| member.1);
    let boots = boots.reduce(|all, one| all && one);
    let mut fields = vec![("rescue", json!(drill.rescue)), ("boots", json!(boots))];
    recovery(drill.recovery, &mut fields);
    fields
}

fn recovery(found: Option<Recovery>, fields: &mut Fields) {
    fields.push(("rpo_us", json!(found.map(|r| r.rpo.as_micros()))));
    fields.push(("skew_us", json!(found.map(|r| r.skew().as_micros()))));
    fields.push(("bytes_lost", json!(found.map(|r| r.lost))));
}
