//! Every line of prose that the operations hold under `effects`, with what shows that it is so: a check here, or a file
//! of the repository that makes the calls. A line that is added, changed or moved has to be named here.

#[path = "../common/mod.rs"]
mod common;

use common::*;
use sdrsim::machine::Builder;
use sdrsim::machine::command::{Call, CreateDrDrill, Native, TagInput};
use sdrsim::sdrs::status::Status;
use sdrsim::world::machinery::{Disk, Power, Server};
use sdrsim::world::protection::{Instance, Pair};
use sdrsim::world::{Who, World};
use std::path::Path;
use toml::{Table, Value};

/// What shows that a line is so.
enum By {
    /// It is checked here.
    Check(fn()),
    /// This file makes the call and compares what comes of it.
    File(&'static str),
}

use By::{Check, File};

/// The operation, how the line begins, and what shows it; in the order of the contract.
const EFFECTS: &[(&str, &str, By)] = &[
    (
        "reprotect",
        "needs the old production servers back",
        File("scenarios/failover/failover.yaml"),
    ),
    (
        "create_protected_instance",
        "a stopped server is created",
        Check(a_dr_server),
    ),
    (
        "create_protected_instance",
        "every disk of the server",
        Check(a_pair_for_every_disk),
    ),
    (
        "delete_protected_instance",
        "production server and its disks stay",
        Check(production_stays),
    ),
    (
        "delete_protected_instance",
        "delete_target_server = false",
        Check(the_dr_side_goes_if_asked),
    ),
    (
        "delete_protected_instance",
        "delete_target_eip = true",
        Check(the_eip_goes_if_asked),
    ),
    (
        "delete_protected_instance",
        "not published, fixed here",
        Check(pairs_go_with_their_last_instance),
    ),
    (
        "attach_replication_pair",
        "KVM servers take",
        File("scenarios/basics/pairs.yaml"),
    ),
    (
        "attach_replication_pair",
        "a pair of shared disks",
        Check(a_shared_pair_of_two),
    ),
    (
        "detach_replication_pair",
        "after a failed attach",
        File("scenarios/members/errors-taken-apart.yaml"),
    ),
    (
        "resize_protected_instance",
        "flavorRef resizes both",
        Check(one_flavor_for_both),
    ),
    (
        "create_replication_pair",
        "a DR disk of the same size",
        Check(a_dr_disk),
    ),
    (
        "create_replication_pair",
        "in a protected group",
        File("scenarios/basics/pairs.yaml"),
    ),
    (
        "delete_replication_pair",
        "production disk stays",
        Check(the_dr_disk_goes_if_asked),
    ),
    (
        "create_dr_drill",
        "each DR disk is snapshotted",
        File("scenarios/drill/drill.yaml"),
    ),
    (
        "create_dr_drill",
        "without drill_vpc_id",
        File("scenarios/drill/drill.yaml"),
    ),
    (
        "create_dr_drill",
        "replication, group, instances",
        Check(a_drill_moves_nothing),
    ),
    (
        "create_dr_drill",
        "a drill server with a pair",
        File("scenarios/drill/no-boot.yaml"),
    ),
    (
        "create_dr_drill",
        "members that are `invalid`",
        Check(a_drill_without_the_invalid),
    ),
    (
        "delete_dr_drill",
        "drill servers with their disks",
        Check(what_a_drill_leaves),
    ),
    ("add_tag", "idempotent", Check(tags_given_twice)),
    ("batch_add_tags", "idempotent", Check(tags_given_twice)),
    (
        "query_instances_by_tag",
        "tags, not_tags",
        File("tests/queries/by_tag.rs"),
    ),
    (
        "query_instances_by_tag",
        "matches:",
        File("tests/queries/by_tag.rs"),
    ),
    (
        "query_instances_by_tag",
        "limit and offset",
        File("tests/queries/by_tag.rs"),
    ),
    (
        "list_failed_tasks",
        "without server_group_id",
        File("tests/queries.rs"),
    ),
    (
        "delete_group_failed_tasks",
        "deletes tasks inside",
        File("scenarios/jobs/group-errors.yaml"),
    ),
    (
        "delete_all_failed_tasks",
        "deletes tasks of group level",
        File("scenarios/jobs/group-level-tasks.yaml"),
    ),
];

/// The lines of the contract, each with its operation.
fn lines(operations: &[Table]) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for operation in operations {
        let Some(effects) = operation.get("effects") else {
            continue;
        };
        let text = |value: &Value| value.as_str().expect("effects are texts").to_owned();
        let name = text(&operation["name"]);
        let effects = effects.as_array().expect("effects are a list");
        lines.extend(effects.iter().map(|line| (name.clone(), text(line))));
    }
    lines
}

/// Whether every line is named above, and nothing else is.
fn all_named(lines: &[(String, String)]) -> bool {
    lines.len() == EFFECTS.len()
        && lines
            .iter()
            .zip(EFFECTS)
            .all(|(line, named)| line.0 == named.0 && line.1.starts_with(named.1))
}

#[test]
fn every_line_of_prose_is_named_and_shown() {
    let lines = lines(&super::array(&super::operations()["operation"]));
    let named: Vec<_> = EFFECTS.iter().map(|row| (row.0, row.1)).collect();
    assert!(all_named(&lines), "{lines:#?}\nand\n{named:#?}");
    for (operation, line, by) in EFFECTS {
        match by {
            Check(check) => check(),
            File(file) => {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
                let text = std::fs::read_to_string(&path).expect(file);
                assert!(
                    text.contains(operation),
                    "{file} does not show {operation}: {line}"
                );
            }
        }
    }
}

#[test]
fn a_line_more_or_less_or_elsewhere_is_seen() {
    let lines = lines(&super::array(&super::operations()["operation"]));
    for at in 0..lines.len() {
        let mut less = lines.clone();
        let line = less.remove(at);
        assert!(!all_named(&less), "{line:?}");
        let mut more = lines.clone();
        more.insert(at, line.clone());
        assert!(!all_named(&more), "{line:?}");
        let mut other = lines.clone();
        other[at].0 = "show_quotas".to_owned();
        assert!(!all_named(&other), "{line:?}");
    }
}

/// A protected group with the instance `i` and, around a shared disk, the pair `p`; `b` is bound to the DR server.
fn group() -> Builder {
    let mut region = region(settings());
    let Native::CreateDisk(mut shared) = disk("both", "az-1", false) else {
        panic!("a disk is made by its act");
    };
    shared.shared = true;
    for act in [
        Native::CreateDisk(shared),
        Native::CreateEip {
            label: "b".into(),
            address: "80.0.0.1".into(),
        },
    ] {
        region.now(act).unwrap();
    }
    for call in [
        create_group("g"),
        create_instance("i", "s1"),
        create_pair("p", "both"),
        start(),
    ] {
        region.now(call).unwrap();
    }
    region
}

fn instance<'a>(region: &'a Builder, label: &str) -> &'a Instance {
    match region.world().find(label) {
        Some(Who::Instance(key)) => &region.world().instances[key],
        other => panic!("{label} is {other:?}"),
    }
}

fn pair<'a>(region: &'a Builder, label: &str) -> &'a Pair {
    match region.world().find(label) {
        Some(Who::Pair(key)) => &region.world().pairs[key],
        other => panic!("{label} is {other:?}"),
    }
}

fn server<'a>(region: &'a Builder, label: &str) -> &'a Server {
    match region.world().find(label) {
        Some(Who::Server(key)) => &region.world().servers[key],
        other => panic!("{label} is {other:?}"),
    }
}

fn is_there(region: &Builder, label: &str) -> bool {
    region.world().find(label).is_some()
}

fn delete(region: &mut Builder, server: bool, eip: bool) {
    region
        .now(Call::DeleteProtectedInstance {
            instance: "i".into(),
            delete_target_server: server,
            delete_target_eip: eip,
        })
        .unwrap();
}

fn a_dr_server() {
    let region = group();
    let (old, new) = (server(&region, "s1"), server(&region, "i/dr"));
    let facts = |server: &Server| (server.name, server.flavor);
    assert_eq!(facts(old), facts(new));
    assert_eq!(new.power, Power::Shutoff);
    assert_ne!(old.az, new.az);
}

fn a_pair_for_every_disk() {
    let region = group();
    let key = match region.world().find("i") {
        Some(Who::Instance(key)) => key,
        other => panic!("i is {other:?}"),
    };
    let old = server(&region, "s1");
    let devices: Vec<_> = old.disks.iter().map(|disk| disk.0).collect();
    let new: Vec<_> = server(&region, "i/dr").disks.iter().map(|d| d.0).collect();
    assert_eq!((devices.len(), &devices), (2, &new));
    for (label, device) in ["i/vda", "i/vdb"].into_iter().zip(devices) {
        assert_eq!(pair(&region, label).rest.attached, [(key, device)]);
    }
    assert_eq!(instance(&region, "i").pairs.len(), 2);
}

fn production_stays() {
    let mut region = group();
    delete(&mut region, true, true);
    assert!(
        ["s1", "s1-a", "s1-b"]
            .iter()
            .all(|label| is_there(&region, label))
    );
    assert_eq!(server(&region, "s1").disks.len(), 2);
}

fn the_dr_side_goes_if_asked() {
    let dr = ["i/dr", "i/vda/dr", "i/vdb/dr"];
    let mut region = group();
    delete(&mut region, false, false);
    assert!(dr.iter().all(|label| is_there(&region, label)));
    let mut region = group();
    region.now(attach("p")).unwrap();
    share(&mut region);
    delete(&mut region, true, false);
    assert!(dr.iter().all(|label| !is_there(&region, label)));
    assert!(is_there(&region, "p/dr"), "another instance has it");
}

fn the_eip_goes_if_asked() {
    for (server, eip) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut region = group();
        let bind = Native::BindEip {
            eip: "b".into(),
            nic: "i/nic".into(),
        };
        region.now(bind).unwrap();
        delete(&mut region, server, eip);
        assert_eq!(is_there(&region, "b"), !eip);
    }
}

/// Attaches the pair `p` to a second instance, too.
fn share(region: &mut Builder) {
    region.now(create_instance("i2", "s2")).unwrap();
    region
        .now(Call::AttachReplicationPair {
            instance: "i2".into(),
            pair: "p".into(),
            device: "/dev/vdc".into(),
        })
        .unwrap();
}

fn pairs_go_with_their_last_instance() {
    let mut region = group();
    region.now(attach("p")).unwrap();
    share(&mut region);
    delete(&mut region, false, false);
    assert!(!is_there(&region, "i/vda") && !is_there(&region, "i/vdb"));
    assert_eq!(pair(&region, "p").rest.attached.len(), 1);
}

fn a_shared_pair_of_two() {
    let mut region = group();
    region.now(attach("p")).unwrap();
    share(&mut region);
    assert_eq!(pair(&region, "p").rest.attached.len(), 2);
}

fn one_flavor_for_both() {
    for (both, production, dr, ends) in [
        (Some("m2"), Some("gpu"), Some("gpu"), ["m2", "m2"]),
        (None, Some("m2"), None, ["m2", "m1"]),
        (None, None, Some("m2"), ["m1", "m2"]),
    ] {
        let mut region = group();
        region
            .now(Call::ResizeProtectedInstance {
                instance: "i".into(),
                flavor_ref: both.map(by),
                production_flavor_ref: production.map(by),
                dr_flavor_ref: dr.map(by),
            })
            .unwrap();
        let flavor = |label: &str| {
            let flavor = server(&region, label).flavor;
            region.world().label(Who::Flavor(flavor))
        };
        assert_eq!([flavor("s1"), flavor("i/dr")], ends);
    }
}

fn a_dr_disk() {
    let region = group();
    let Some(Who::Pair(p)) = region.world().find("p") else {
        panic!("there is a pair");
    };
    let [Some(old), Some(new)] = region.world().disks_of(p) else {
        panic!("the pair has two disks");
    };
    let disk = |key| -> &Disk { &region.world().disks[key] };
    let facts = |disk: &Disk| (disk.size, disk.kind);
    assert_eq!(facts(disk(old)), facts(disk(new)));
    assert_ne!(disk(old).az, disk(new).az);
}

fn the_dr_disk_goes_if_asked() {
    for asked in [false, true] {
        let mut region = group();
        region
            .now(Call::DeleteReplicationPair {
                pair: "p".into(),
                server_group_id: None,
                delete_target_volume: asked,
            })
            .unwrap();
        assert!(is_there(&region, "both"));
        assert_eq!(is_there(&region, "p/dr"), !asked);
    }
}

fn a_drill_moves_nothing() {
    let mut region = group();
    let lives = |world: &World| {
        let of = |who| *world.life(who).expect("it stands");
        let groups = world.groups.keys().map(Who::Group);
        let instances = world.instances.keys().map(Who::Instance);
        let pairs = world.pairs.keys().map(Who::Pair);
        let every = groups.chain(instances).chain(pairs);
        let statuses = every.map(|who| of(who).status);
        let replication = world.pairs.values().map(|pair| pair.is_copying());
        (
            statuses.collect::<Vec<Status>>(),
            replication.collect::<Vec<_>>(),
        )
    };
    let before = lives(region.world());
    region.now(create_drill("d")).unwrap();
    assert_eq!(before, lives(region.world()));
}

fn a_drill_without_the_invalid() {
    let mut region = group();
    region.now(create_instance("i2", "s2")).unwrap();
    let gone = Native::DeleteServer {
        server: "s2".into(),
    };
    region.now(gone).unwrap();
    assert_eq!(instance(&region, "i2").life.status, Status::Invalid);
    region.now(create_drill("d")).unwrap();
    assert!(is_there(&region, "d/i") && !is_there(&region, "d/i2"));
}

fn what_a_drill_leaves() {
    let mut region = group();
    let Call::CreateDrDrill(drill) = create_drill("d") else {
        panic!("a drill is made by its call");
    };
    let own = CreateDrDrill {
        drill_vpc_id: None,
        ..*drill
    };
    let before = |world: &World| (world.servers.len(), world.disks.len(), world.nics.len());
    let stood = before(region.world());
    region.now(Call::CreateDrDrill(Box::new(own))).unwrap();
    let nic = server(&region, "d/i").nics[0];
    let bind = Native::BindEip {
        eip: "b".into(),
        nic: Who::Nic(nic).into(),
    };
    region.now(bind).unwrap();
    region
        .now(Call::DeleteDrDrill { drill: "d".into() })
        .unwrap();
    assert_eq!(stood, before(region.world()));
    assert!(is_there(&region, "d/vpc") && is_there(&region, "d/vpc/subnet"));
    let Some(Who::Eip(eip)) = region.world().find("b") else {
        panic!("the EIP stays");
    };
    assert_eq!(region.world().eips[eip].nic, None);
}

fn tags_given_twice() {
    let tag = |value: &str| TagInput {
        key: "tier".into(),
        value: Some(value.into()),
    };
    let many: Vec<TagInput> = (0..11)
        .map(|n| TagInput {
            key: format!("k{n}"),
            value: Some("v".into()),
        })
        .collect();
    let mut region = group();
    for value in ["gold", "gold", "iron"] {
        let one = Call::AddTag {
            instance: "i".into(),
            key: "tier".into(),
            value: Some(value.into()),
        };
        let batch = Call::BatchAddTags {
            instance: "i".into(),
            tags: vec![tag(value)],
        };
        for call in [one, batch] {
            region.now(call).unwrap();
            assert_eq!(instance(&region, "i").tags.len(), 1);
        }
    }
    let with = |tags: &[TagInput]| {
        let Call::CreateProtectedInstance(mut new) = create_instance("i2", "s2") else {
            panic!("an instance is made by its call");
        };
        new.tags = tags.to_vec();
        Call::CreateProtectedInstance(new)
    };
    region.now(with(&many)).unwrap_err();
    let blank = TagInput {
        key: " ".into(),
        value: Some("v".into()),
    };
    region.now(with(&[blank])).unwrap_err();
    region.now(with(&many[..10])).unwrap();
    assert_eq!(instance(&region, "i2").tags.len(), 10);
}
