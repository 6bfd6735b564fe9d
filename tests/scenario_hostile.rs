//! Hostile scenario files: too large, too deep, too many. Each is refused within bounded time and memory.

use sdrsim::scenario::{Diagnostic, Scenario, Sizes};
use std::fmt::Write as _;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// The most that reading a file may allocate in all: so much, and so much for each byte of it.
const MOST: u64 = 2 << 20;
const PER_BYTE: u64 = 4;
/// After this time a load is taken for one that hangs; the longest takes a second.
const HANGS: Duration = Duration::from_secs(600);

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

/// Reads a file that must be refused before it costs much, and answers its faults.
///
/// What it costs is what it allocates, which is the same on a busy machine: whatever is made, repeated or unfolded of a file
/// allocates. The clock is asked for nothing but whether a load hangs.
#[track_caller]
fn soon(text: &str) -> Vec<Diagnostic> {
    let (sender, receiver) = channel();
    let owned = text.to_owned();
    thread::spawn(move || {
        let mut found = Vec::new();
        let cost = allocation_counter::measure(|| found = faults(&owned));
        // Nobody waits for a load that hangs.
        let _ = sender.send((found, cost));
    });
    let (found, cost) = receiver.recv_timeout(HANGS).expect("the load ends");
    let most = MOST + PER_BYTE * text.len() as u64;
    let allocated = cost.bytes_total;
    assert!(
        allocated <= most,
        "{allocated} B were allocated for a text of {} B, and {most} B are the most",
        text.len()
    );
    found
}

#[test]
fn what_is_made_of_a_file_is_seen() {
    let text = format!("{BASE}disks:\n  d: {{count: 30000, az: az-1, size: 1 GiB}}\n");
    let cost = allocation_counter::measure(|| drop(Scenario::load("a.yaml", &text)));
    assert!(cost.bytes_total > MOST, "{cost:?}");
}

#[test]
fn hostile_counts_are_refused_before_anything_is_made() {
    for (count, title) in [
        (
            "40000001",
            "a template has at most 40000000 members, not 40000001",
        ),
        (
            "1000000000000",
            "a template has at most 40000000 members, not 1000000000000",
        ),
        (
            "-1",
            "expected a whole number from 1 to 40000000, found `-1`",
        ),
        (
            "many",
            "expected a whole number from 1 to 40000000, found `many`",
        ),
        (
            "2.5",
            "expected a whole number from 1 to 40000000, found `2.5`",
        ),
        (
            "40000000",
            "the file asks for more than 40000000 resources in all",
        ),
    ] {
        let text = format!("{BASE}disks:\n  d: {{count: {count}, az: az-1, size: 1 GiB}}\n");
        let found = soon(&text);
        assert_eq!(
            (found[0].line, found[0].column, found[0].title.as_str()),
            (14, 14, title)
        );
    }
    let mut text = BASE.to_owned();
    text.push_str("disks:\n");
    for n in 0..50 {
        writeln!(text, "  d{n}: {{count: 1000000, az: az-1, size: 1 GiB}}").unwrap();
    }
    let found = soon(&text);
    assert!(
        found[0].title.contains("more than 40000000 resources"),
        "{found:?}"
    );
    assert_eq!(found.len(), 1);
}

#[test]
fn what_protection_makes_of_disks_counts_too() {
    // Of each server come the server, its NIC and two disks; of its instance that, a DR server, a NIC, two pairs and
    // two DR disks.
    let text = |count: u32| {
        format!(
            "version: 1
sites: {{north: {{}}, south: {{}}}}
azs: {{az-1: {{site: north}}, az-2: {{site: south}}}}
flavors: {{m1: {{}}}}
vpcs: {{net: {{cidr: 10.0.0.0/8}}}}
servers:
  vm: {{count: {count}, az: az-1, vpc: net, flavor: m1, disks: {{/dev/vda: {{size: 1 GiB}}, /dev/vdb: {{size: 1 GiB}}}}}}
instances:
  app: {{count: {count}, group: nowhere, server: vm}}
"
        )
    };
    let titles = |count| {
        let found = soon(&text(count));
        found
            .into_iter()
            .map(|fault| fault.title)
            .collect::<Vec<_>>()
    };
    let bound = (40_000_000 - 6) / 11;
    assert!(!titles(bound)[0].contains("more than 40000000 resources"));
    assert!(titles(bound + 1)[0].contains("more than 40000000 resources"));
}

#[test]
fn whoever_reads_files_of_strangers_gives_them_less() {
    let load = |resources, calls| {
        let text = format!(
            "{BASE}disks: {{d: {{count: 30, az: az-1, size: 1 GiB}}}}
timeline:
  - each: d
    native: {{delete_disk: {{disk: d}}}}
"
        );
        Scenario::load_within(Sizes { resources, calls }, "a.yaml", &text)
    };
    assert!(load(100, 30).is_ok());
    let found = load(29, 30).expect_err("30 disks");
    assert_eq!(
        found[0].title,
        "the file asks for more than 29 resources in all"
    );
    let found = load(100, 29).expect_err("30 calls");
    assert_eq!(
        found[0].title,
        "the timeline makes more than 29 calls in all"
    );
}

#[test]
fn a_timeline_cannot_make_calls_without_end() {
    let mut text =
        format!("{BASE}disks: {{d: {{count: 900000, az: az-1, size: 1 GiB}}}}\ntimeline:\n");
    for _ in 0..40 {
        text.push_str("  - each: d\n    native: {delete_disk: {disk: d}}\n");
    }
    let found = soon(&text);
    assert!(
        found[0].title.contains("more than 20000000 calls"),
        "{found:?}"
    );
}

#[test]
fn deep_and_repeating_files_end_soon() {
    let deep = format!(
        "version: 1\nparameters: {}{}\n",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert!(soon(&deep)[0].title.contains("nested deeper"));
    let mut bomb = String::from("version: 1\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..20 {
        let repeated = vec![format!("*a{}", n - 1); 10].join(", ");
        writeln!(bomb, "a{n}: &a{n} [{repeated}]").unwrap();
    }
    assert!(!soon(&bomb).is_empty());
    let long = format!(
        "{BASE}timeline:\n  - expect: {}web.status == a\n",
        "not ".repeat(100_000)
    );
    assert!(
        soon(&long)[0].title.contains("at most 4096 bytes"),
        "{:?}",
        soon(&long)
    );
    for text in [
        "\u{0}",
        "version: 1\n\u{7}: 1\n",
        "version: 1\n? [a]\n: b\n",
        "version: 1\n--- \nversion: 1\n",
        "{version: 1",
    ] {
        assert!(!soon(text).is_empty(), "{text:?}");
    }
}
