//! Targets of faults that are parts: what is not there and will not come is found when the file is read.

use super::*;

/// `BASE` with a second server that a step protects.
const LATER: &str = "\
timeline:
  - native: {create_server: {as: late, az: az-1, vpc: net, flavor: m1}}
  - native: {create_disk: {as: bytes, az: az-1, size: 10 GiB, bootable: true}}
  - native: {attach_disk: {disk: bytes, server: late, device: /dev/vda}}
  - call: {create_protected_instance: {as: front, server_group_id: web, server_id: late}}
";

/// `LATER` is sound with a fault on this target.
fn sound(target: &str) {
    let text = format!("{BASE}{LATER}  - fault: {{{target}}}\n");
    let found = Scenario::load("a.yaml", &text);
    assert!(found.is_ok(), "{target}: {:?}", found.err());
}

#[test]
fn parts_that_stand_or_will_come_can_break() {
    let there = [
        "disk: vm/vda",
        "disk: app/vda/dr",
        "server: app/dr",
        "server: [vm, late]",
    ];
    let to_come = ["disk: bytes", "disk: front/vda/dr", "server: front/dr"];
    for target in there.into_iter().chain(to_come) {
        sound(target);
    }
    // An instance that is called by the service is a part of its group.
    sound("server: web/instance-1/dr");
}

#[test]
fn parts_that_never_come_are_told_with_their_place() {
    let title = |label: &str| format!("`{label}` cannot break here");
    let step = |target: &str| format!("{LATER}  - fault: {{{target}}}\n");
    for (target, column, label, help) in [
        ("disk: vm/vdb", 19, "vm/vdb", "did you mean `vm/vda`?"),
        (
            "disk: app/nonsense",
            19,
            "app/nonsense",
            "did you mean `app/vda/dr`?",
        ),
        ("server: app/rd", 21, "app/rd", "did you mean `app/dr`?"),
        (
            "disk: [vm/vda, app/dr]",
            28,
            "app/dr",
            "did you mean `app/vda/dr`?",
        ),
        ("disk: app/vda", 19, "app/vda", "did you mean `app/vda/dr`?"),
        ("disk: front/nonsense", 19, "front/nonsense", ""),
        ("server: front/vda", 21, "front/vda", ""),
        ("disk: late/dr", 19, "late/dr", ""),
    ] {
        added(&step(target), 6, column, &title(label), help);
    }
    added(
        "timeline:\n  - heal: {disk: vm/vdb}\n",
        2,
        18,
        &title("vm/vdb"),
        "did you mean `vm/vda`?",
    );
    added(
        "runbooks:\n  look: {on: {fault: {server: app/nonsense}}, do: [{start: [vm]}]}\n",
        2,
        31,
        &title("app/nonsense"),
        "did you mean `app/dr`?",
    );
}

#[test]
fn whatever_breaks_is_known_by_its_label() {
    for (target, column, label) in [
        ("link: trunc", 19, "trunc"),
        ("duct: hole", 19, "hole"),
        ("relay: r", 20, "r"),
        ("witness: w", 22, "w"),
        ("az: az-3", 17, "az-3"),
        ("site: nroth", 19, "nroth"),
        ("storage: az-3", 22, "az-3"),
        ("production_storage: wbe", 33, "wbe"),
        ("dr_az: wbe", 20, "wbe"),
        ("disk: dsk", 19, "dsk"),
        ("server: vn", 21, "vn"),
    ] {
        let text = format!("{BASE}timeline:\n  - fault: {{{target}}}\n");
        let found = only(&text);
        let title = format!("`{label}` cannot break here");
        assert_eq!((found.0, found.1, found.2), (14, column, title), "{target}");
    }
}

/// One that is near nothing is told what parts there are.
#[test]
fn what_a_thing_has_is_listed_where_nothing_is_near() {
    let text = BASE.replace(
        "bootable: true}}",
        "bootable: true}, /dev/vdb: {size: 10 GiB}}",
    );
    let found = only(&format!(
        "{text}timeline:\n  - fault: {{disk: app/nonsense}}\n"
    ));
    assert_eq!(
        (found.0, found.1, found.3.as_str()),
        (14, 19, "`app` has no such part")
    );
    assert_eq!(found.4, "there are `app/vda/dr`, `app/vdb/dr`");
}
