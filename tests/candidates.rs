//! What a search offers of each operation: which groups, servers, disks, sizes and labels its calls are about.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

mod common;

use common::*;
use sdrsim::engine::{Engine, Limit, RunEnd};
use sdrsim::machine::admissible::{Naming, candidates, deletions, disk_deletions};
use sdrsim::machine::command::{Command, Ref};
use sdrsim::sdrs::op::Op;
use sdrsim::world::{Who, World};
use serde_json::Value;

/// A protected group with an instance, a drill of it, two servers and three disks that are left.
fn drilled() -> Engine<Told> {
    let mut run = Engine::new(region(settings()).finish(), Told::default());
    let calls = [
        create_group("g"),
        create_instance("i", "s1"),
        start(),
        create_drill("d"),
    ];
    for call in calls {
        run.submit(&Command::from(call))
            .expect("each is admitted in its turn");
        assert_eq!(run.run_until_quiet(Limit::events(10_000)), RunEnd::Quiet);
    }
    run
}

/// What is offered, written with labels.
fn offered(world: &World, offer: impl Fn(&Naming<'_>, &mut Vec<Command>)) -> Vec<Value> {
    let mut all = Vec::new();
    offer(&|who| Ref::Label(world.label(who)), &mut all);
    let written = all.iter().map(serde_json::to_value);
    written
        .map(|value| value.expect("a command can be written"))
        .collect()
}

/// What the calls of an operation say of some of their fields, each of which must be there.
fn said<const N: usize>(world: &World, op: Op, fields: [&str; N]) -> Vec<[String; N]> {
    let all = offered(world, |name, out| candidates(world, op, name, out));
    let body = |call: &Value| call["call"][op.name()].clone();
    let say = |body: Value| fields.map(|field| body[field].as_str().unwrap_or("-").to_owned());
    all.iter().map(body).map(say).collect()
}

#[test]
fn groups_are_offered_both_ways_in_every_vpc_that_no_drill_runs_in() {
    let fields = [
        "as",
        "source_availability_zone",
        "target_availability_zone",
        "source_vpc_id",
    ];
    let op = Op::CreateProtectionGroup;
    let idle = region(settings()).finish();
    let [there, back] = [["az-1", "az-2"], ["az-2", "az-1"]];
    let of = |[source, target]: [&'static str; 2], vpc| ["group-1", source, target, vpc];
    let both = [
        of(there, "net"),
        of(there, "drill-net"),
        of(back, "net"),
        of(back, "drill-net"),
    ];
    assert_eq!(said(&idle, op, fields), both);
    let run = drilled();
    assert_eq!(
        said(run.world(), op, fields),
        [of(there, "net"), of(back, "net")]
    );
}

#[test]
fn what_is_protected_attached_or_of_a_drill_is_not_offered_to_be_protected() {
    let run = drilled();
    let servers = said(
        run.world(),
        Op::CreateProtectedInstance,
        ["as", "server_id"],
    );
    assert_eq!(servers, ["s2", "s3"].map(|server| ["instance-1", server]));
    let disks = said(run.world(), Op::CreateReplicationPair, ["as", "volume_id"]);
    assert_eq!(
        disks,
        ["spare-1", "spare-2", "spare-3"].map(|disk| ["pair-1", disk])
    );
}

#[test]
fn both_servers_or_one_of_them_are_offered_every_flavor() {
    let run = drilled();
    let fields = ["flavorRef", "production_flavorRef", "dr_flavorRef"];
    let sizes = said(run.world(), Op::ResizeProtectedInstance, fields);
    let each = ["m1", "m2", "gpu"].map(|it| [[it, "-", "-"], ["-", it, "-"], ["-", "-", it]]);
    assert_eq!(sizes, each.concat());
}

#[test]
fn every_server_and_every_disk_is_offered_to_be_deleted() {
    let run = drilled();
    let world = run.world();
    let by_serial = |mut all: Vec<(u32, String)>, act: &str, field: &str| {
        all.sort();
        let one = |(_, label)| serde_json::json!({ "native": { act: { field: label } } });
        all.into_iter().map(one).collect::<Vec<Value>>()
    };
    let servers = world.servers.iter();
    let servers = servers
        .map(|(key, it)| (it.serial, world.label(Who::Server(key))))
        .collect();
    let expected = by_serial(servers, "delete_server", "server");
    assert_eq!(expected.len(), 5, "the drill has one, and the instance two");
    assert_eq!(
        offered(world, |name, out| deletions(world, name, out)),
        expected
    );
    let disks = world.disks.iter();
    let disks = disks
        .map(|(key, it)| (it.serial, world.label(Who::Disk(key))))
        .collect();
    let expected = by_serial(disks, "delete_disk", "disk");
    assert_eq!(
        expected.len(),
        13,
        "of the nine, two are paired, and the drill has copies"
    );
    assert_eq!(
        offered(world, |name, out| disk_deletions(world, name, out)),
        expected
    );
}
