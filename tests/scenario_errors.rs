//! Faulty scenario files: each is told where it is wrong and what helps. Hostile ones are in `scenario_hostile.rs`.

#[path = "scenario_errors/expectations.rs"]
mod expectations;
#[path = "scenario_errors/parts.rs"]
mod parts;

use sdrsim::scenario::{Diagnostic, Scenario};
use std::fmt::Write as _;

/// A small world, lines 1 to 12; a test adds to it.
const BASE: &str = "\
version: 1
sites: {north: {}, south: {}}
azs: {az-1: {site: north}, az-2: {site: south}}
domains: {metro: {azs: [az-1, az-2]}}
flavors: {m1: {}}
vpcs: {net: {cidr: 10.0.0.0/16, subnets: {lan: 10.0.1.0/24}}}
servers:
  vm: {az: az-1, vpc: net, flavor: m1, disks: {/dev/vda: {size: 40 GiB, bootable: true}}}
groups:
  web: {domain: metro, vpc: net}
instances:
  app: {group: web, server: vm}
";

fn faults(text: &str) -> Vec<Diagnostic> {
    Scenario::load("a.yaml", text).expect_err("the file is faulty")
}

/// The only fault of a file: line, column, title, label and help.
#[track_caller]
fn only(text: &str) -> (usize, usize, String, String, String) {
    let mut all = faults(text);
    assert_eq!(all.len(), 1, "{all:#?}");
    let found = all.remove(0);
    assert_eq!(found.file, "a.yaml");
    if found.line > 0 {
        assert!(
            found
                .render(false)
                .contains(&format!("a.yaml:{}:{}", found.line, found.column))
        );
    }
    let help = found.help.unwrap_or_default();
    (found.line, found.column, found.title, found.label, help)
}

/// Checks the only fault of `BASE` with `added` at its end; lines count from the first line added.
#[track_caller]
fn added(added: &str, line: usize, column: usize, title: &str, help: &str) {
    let found = only(&format!("{BASE}{added}"));
    let place = (found.0.wrapping_sub(12), found.1);
    assert_eq!(
        (place, found.2.as_str(), found.4.as_str()),
        ((line, column), title, help)
    );
}

/// Checks the only fault of `BASE` with a part replaced.
#[track_caller]
fn changed(from: &str, to: &str, line: usize, column: usize, title: &str, help: &str) {
    assert!(BASE.contains(from));
    let found = only(&BASE.replacen(from, to, 1));
    assert_eq!(
        (found.0, found.1, found.2.as_str(), found.4.as_str()),
        (line, column, title, help)
    );
}

#[test]
fn the_base_itself_is_sound() {
    assert!(Scenario::load("a.yaml", BASE).is_ok());
}

#[test]
fn the_version_comes_first_and_is_known() {
    changed(
        "version: 1",
        "version: 2",
        1,
        10,
        "version `2` is not supported",
        "supported: 1",
    );
    changed(
        "version: 1\nsites",
        "sites",
        1,
        1,
        "the first key of a scenario must be `version`",
        "write `version: 1` above it",
    );
    let (line, column, title, ..) = only("");
    assert_eq!((line, column), (1, 1));
    assert!(title.contains("must be `version`"));
}

#[test]
fn unknown_keys_name_the_nearest() {
    changed(
        "groups:",
        "gruops:",
        9,
        1,
        "unknown key `gruops`",
        "did you mean `groups`?",
    );
    changed(
        "flavor: m1",
        "flavour: m1",
        8,
        28,
        "unknown key `flavour`",
        "did you mean `flavor`?",
    );
    added(
        "timeline:\n  - cal: x\n",
        2,
        5,
        "unknown key `cal`",
        "did you mean `call`?",
    );
    added(
        "timeline:\n  - call: {failovr: {group: web}}\n",
        2,
        12,
        "unknown choice `failovr`",
        "did you mean `failover`?",
    );
    added(
        "settings: {polices: {}}\n",
        1,
        12,
        "unknown key `polices`",
        "did you mean `policies`?",
    );
    added(
        "job_durations: {failver: {}}\n",
        1,
        17,
        "unknown key `failver`",
        "did you mean `failover`?",
    );
}

#[test]
fn wrong_types_and_bare_numbers_are_placed() {
    added(
        "seed: many\n",
        1,
        7,
        "expected a whole number that is not negative, within range",
        "",
    );
    added(
        "limit: {time: 20}\n",
        1,
        15,
        "the span `20` has no unit; write 20s for seconds, 20m for minutes or 20h for hours",
        "",
    );
    let (line, column, title, ..) = only(&BASE.replacen("40 GiB", "40", 1));
    assert_eq!((line, column), (8, 65));
    assert!(title.contains("40") && title.contains("unit"), "{title}");
    let (line, column, title, ..) = only(&format!("{BASE}start: 2024-01-01T00:00:00\n"));
    assert_eq!((line, column), (13, 8));
    assert!(title.contains("has no offset"), "{title}");
    let (line, _, title, ..) = only(&format!("{BASE}parameters: {{n: 3}}\n"));
    assert_eq!(line, 13);
    assert!(title.contains("reserved"), "{title}");
}

#[test]
fn labels_are_unique_and_plain() {
    let unique = "labels are unique in a file, and members of a template are numbered from 1";
    changed(
        "  app: {",
        "  web: {",
        12,
        3,
        "the label `web` appears twice",
        unique,
    );
    added(
        "disks:\n  vm: {az: az-1, size: 1 GiB}\n",
        2,
        3,
        "the label `vm` appears twice",
        unique,
    );
    let disks = "disks:\n  d-2: {az: az-1, size: 1 GiB}\n  d: {count: 3, az: az-1, size: 1 GiB}\n";
    added(disks, 3, 3, "the labels `d` and `d-2` clash", unique);
    added(
        "disks:\n  d/1: {az: az-1, size: 1 GiB}\n",
        2,
        3,
        "`d/1` is not a label",
        "a label has 1 to 64 letters, digits, `.`, `_` and `-`",
    );
    let found = only(&format!("{BASE}projects:\n  net: {{}}\n"));
    assert_eq!(
        (found.0, found.1, found.2.as_str()),
        (6, 8, "the label `net` appears twice")
    );
    let twice = only(&format!("{BASE}sites: {{}}\n"));
    assert_eq!((twice.0, twice.1), (13, 1));
}

#[test]
fn references_lead_to_things_of_their_kind() {
    changed(
        "group: web",
        "group: wbe",
        12,
        16,
        "there is no protection group `wbe`",
        "did you mean `web`?",
    );
    changed(
        "server: vm",
        "server: web",
        12,
        29,
        "`web` is not a server",
        "",
    );
    changed(
        "site: north",
        "site: nort",
        3,
        20,
        "there is no site `nort`",
        "did you mean `north`?",
    );
    let disks = "disks: {d: {count: 4, az: az-1, size: 1 GiB}}\n";
    added(
        &format!("{disks}pairs:\n  p: {{group: web, disk: d}}\n"),
        3,
        25,
        "`d` is a whole template where a disk is meant",
        "name one of its members, such as `d-1`",
    );
    added(
        &format!("{disks}pairs:\n  p: {{count: 6, group: web, disk: d}}\n"),
        3,
        35,
        "the count does not go with that of `d`",
        "the counts must be equal, or the template that refers a whole multiple of 4; or name a member, such as `d-1`",
    );
    added(
        &format!("{disks}pairs:\n  p: {{group: web, disk: d-5}}\n"),
        3,
        25,
        "there is no disk `d-5`",
        "",
    );
}

#[test]
fn impossible_values_are_named() {
    changed(
        "size: 40 GiB",
        "size: 0 GiB",
        8,
        65,
        "a disk has whole GiB and at least one, not 0 B",
        "",
    );
    changed(
        "azs: [az-1, az-2]",
        "azs: [az-1, az-1]",
        4,
        31,
        "a domain joins two AZs, not one with itself",
        "",
    );
    changed(
        "10.0.1.0/24",
        "10.1.1.0/24",
        6,
        48,
        "10.1.1.0/24 lies outside 10.0.0.0/16",
        "",
    );
    added(
        "disks:\n  d: {count: 0, az: az-1, size: 1 GiB}\n",
        2,
        14,
        "a template of 0 stands for nothing",
        "leave it out, or count from 1",
    );
    let (line, column, title, ..) =
        only(&BASE.replacen("lan: 10.0.1.0/24", "lan: 10.0.1.0/24, dmz: 10.0.0.0/20", 1));
    assert_eq!((line, column), (6, 66));
    assert_eq!(title, "10.0.0.0/20 overlaps the subnet `lan`");
    let (line, column, title, ..) = only(&BASE.replacen("/dev/vda:", "/dev/hda:", 1));
    assert_eq!((line, column), (8, 48));
    assert!(title.contains("not a device name"), "{title}");
    let (line, _, title, ..) = only(&BASE.replacen("10.0.1.0/24", "10.0.1.0", 1));
    assert_eq!(line, 6);
    assert!(title.contains("10.0.1.0"), "{title}");
}

#[test]
fn what_the_service_refuses_cannot_stand_at_the_start() {
    let text = format!("{BASE}  two: {{group: web, server: vm}}\n");
    let (line, column, title, label, _) = only(&text);
    assert_eq!((line, column), (13, 3));
    assert!(
        title.starts_with("this cannot stand at the start: SDRS."),
        "{title}"
    );
    assert_eq!(label, "while `two` was made");
    let disks = "disks:\n  d: {az: az-1, size: 1 GiB, attached: {vm: /dev/vda}}\n";
    let (line, column, title, label, _) = only(&format!("{BASE}{disks}"));
    assert_eq!((line, column), (14, 45));
    assert!(title.contains("device"), "{title}");
    assert_eq!(label, "while `d` was made");
    let empty = "groups:\n  web: {domain: metro, vpc: net, protected: true}\n";
    let (line, _, title, ..) = only(&format!(
        "{}{empty}",
        &BASE[..BASE.find("groups:").unwrap()]
    ));
    assert_eq!(line, 10);
    assert!(title.contains("SDRS.1608"), "{title}");
}

#[test]
fn steps_do_one_thing_at_one_time() {
    added(
        "timeline:\n  - at: 1m\n",
        2,
        5,
        "this step does nothing",
        "write one of `call`, `native`, `query`, `fault`, `heal`, `wait: {until: ...}`, `expect` and `script`",
    );
    added(
        "timeline:\n  - call: {failover: {group: web}}\n    query: {show_quotas: {}}\n",
        2,
        5,
        "a step does one thing",
        "write a step for each of `call`, `native`, `query`, `fault`, `heal`, `wait` and `script`",
    );
    added(
        "timeline:\n  - {at: 1m, after: 1m, expect: web.status == available}\n",
        2,
        21,
        "a step begins `at` an instant or `after` a span, not both",
        "",
    );
    added(
        "timeline:\n  - {at: 2m, expect: web.status == available}\n  - {at: 1m, expect: web.status == available}\n",
        3,
        10,
        "this step would begin before one above it",
        "steps stand in the order in which they happen",
    );
    added(
        "timeline:\n  - {wait: false, expect: web.status == available}\n",
        2,
        12,
        "only the job of a call can be waited for",
        "to wait for something write `wait: {until: ...}`",
    );
    added(
        "timeline:\n  - call: {failover: {group: web}}\n    refused: true\n",
        3,
        14,
        "the refusal of a call has a code",
        "write it as in `refused: SDRS.1013`",
    );
    added(
        "timeline:\n  - native: {stop_server: {server: vm}}\n    refused: SDRS.1013\n",
        3,
        14,
        "the cloud's refusals have no codes",
        "write `refused: true`",
    );
    added(
        "timeline:\n  - {expect: []}\n",
        2,
        14,
        "an empty list expects nothing",
        "",
    );
    let (line, column, title, ..) = only(&format!(
        "{BASE}timeline:\n  - {{at: 2023-12-31T00:00:00Z, expect: web.status == x}}\n"
    ));
    assert_eq!((line, column), (14, 10));
    assert!(title.contains("before the world's start"), "{title}");
}

#[test]
fn references_of_steps_are_checked_before_the_run() {
    added(
        "timeline:\n  - call: {failover: {group: wbe}}\n",
        2,
        30,
        "there is no protection group `wbe`",
        "did you mean `web`?",
    );
    added(
        "timeline:\n  - call:\n      failover:\n        group: vm\n",
        4,
        16,
        "`vm` is not a protection group",
        "",
    );
    added(
        "timeline:\n  - call: {failover: {group: nothing-like-it}}\n",
        2,
        30,
        "there is no protection group `nothing-like-it`",
        "to ask for what does not exist, give an id: {id: \"nothing-like-it\"}",
    );
    added(
        "timeline:\n  - expect: wbe.status == available\n",
        2,
        13,
        "nothing is labelled `wbe`",
        "did you mean `web`?",
    );
    added(
        "timeline:\n  - expect:\n      - web.status == available\n      - web.status = available\n",
        4,
        20,
        "expected one of ==, !=, <, <=, >, >=, `contains` or `in`, found `=`",
        "did you mean `==`?",
    );
    added(
        "timeline:\n  - script: [{op: failover, target: wbe, what: hang}]\n",
        2,
        37,
        "there is no `wbe`",
        "did you mean `web`?",
    );
    added(
        "timeline:\n  - each: web\n    call: {failover: {group: web}}\n",
        2,
        11,
        "`web` is not a template",
        "",
    );
    added(
        "script: [{op: show_job, what: hang}]\n",
        1,
        15,
        "`show_job` is answered at once: it starts no job that could be scripted",
        "",
    );
    added(
        "timeline:\n  - {project: tenant, call: {failover: {group: web}}}\n",
        2,
        15,
        "there is no project `tenant`",
        "",
    );
}

#[test]
fn what_steps_make_and_what_comes_about_can_be_referred_to() {
    let text = format!(
        "{BASE}timeline:\n  - native: {{create_disk: {{as: late, az: az-1, size: 1 GiB}}}}\n  \
         - call: {{create_replication_pair: {{as: extra, server_group_id: web, volume_id: late}}}}\n  \
         - expect: ['\"extra/dr\".size_gib == 1', '\"app/vda\".status == available']\n  \
         - call: {{delete_replication_pair: {{pair: extra}}}}\n  \
         - call: {{failover: {{group: {{id: not-an-id}}}}}}\n    refused: SDRS.0207\n"
    );
    let scenario = Scenario::load("a.yaml", &text).unwrap();
    let report = scenario.start(None).run(&mut ()).report;
    assert!(report.held(), "{:#?}", report.verdicts);
}

#[test]
fn all_faults_of_the_meaning_are_told_at_once_in_file_order() {
    let text = BASE
        .replacen("site: south", "site: sooth", 1)
        .replacen("40 GiB", "0 GiB", 1)
        .replacen("group: web", "group: wbe", 1);
    let lines: Vec<usize> = faults(&text).iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [3, 8, 12]);
    let mut many = BASE.to_owned();
    many.push_str("disks:\n");
    for n in 0..500 {
        writeln!(many, "  d{n}: {{az: nowhere, size: 1 GiB}}").unwrap();
    }
    assert_eq!(faults(&many).len(), sdrsim::scenario::load::MAX_FAULTS);
}

#[test]
fn settings_and_loads_that_make_no_sense() {
    let setting = |it: &str| only(&format!("{BASE}settings: {{{it}}}\n"));
    let no_copy = "at 0 B/s no copy ends; a copy_rate is more";
    let (line, column, title, ..) = setting("copy_rate: 0 B/s");
    assert_eq!((line, column, title.as_str()), (13, 23, no_copy));
    for (size, said) in [("0 B", "0 B"), ("3 B", "3 B"), ("513 B", "513 B")] {
        let (line, column, title, ..) = setting(&format!("block_size: {size}"));
        let want = format!("a block_size is a multiple of 512 B and not 0, not {said}");
        assert_eq!((line, column, title), (13, 24, want));
    }
    let group = BASE.replace("vpc: net}\ninst", "vpc: net, copy_rate: 0 B/s}\ninst");
    let (line, column, title, ..) = only(&group);
    assert_eq!((line, column, title.as_str()), (10, 45, no_copy));
    for (part, said) in [
        ("working_set: 0 B", "working_set 0 B"),
        ("working_set: 41 GiB", "working_set 41 GiB"),
        ("io_size: 0 B", "io_size 0 B"),
        ("io_size: 1 TiB", "io_size 1 TiB"),
    ] {
        let load = format!("bootable: true, load: {{rate: 1 MiB/s, {part}}}");
        let (line, _, title, _, help) = only(&BASE.replace("bootable: true", &load));
        assert_eq!(line, 8);
        assert_eq!(title, format!("a load has {said} on a disk of 40 GiB"));
        assert!(help.contains("no more than the disk"), "{help}");
    }
}
