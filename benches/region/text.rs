//! Scenario files for benchmarks.

use std::fmt::Write;

/// The places of every file.
const PLACES: &str = "\
version: 1
sites: {north: {}, south: {}}
azs: {az-1: {site: north}, az-2: {site: south}}
domains: {metro: {azs: [az-1, az-2]}}
vpcs: {net: {cidr: 10.0.0.0/8}}
";

/// A file of so many pairs, a hundred to a group, by templates, without a timeline.
#[allow(dead_code)] // Not every benchmark reads every file.
pub fn by_templates(pairs: u32) -> String {
    let groups = pairs.div_ceil(100);
    format!(
        "{PLACES}\
disks: {{disk: {{count: {pairs}, az: az-1, size: 10 GiB}}}}
groups: {{app: {{count: {groups}, domain: metro, vpc: net, protected: true}}}}
pairs: {{data: {{count: {pairs}, group: app, disk: disk}}}}
"
    )
}

/// The same with every disk, group and pair on a line of its own.
#[allow(dead_code)]
pub fn spelled_out(pairs: u32) -> String {
    let mut text = String::from(PLACES);
    let mut line = |line: std::fmt::Arguments<'_>| {
        writeln!(text, "{line}").expect("writing to a string cannot fail");
    };
    line(format_args!("disks:"));
    for pair in 1..=pairs {
        line(format_args!("  disk-{pair}: {{az: az-1, size: 10 GiB}}"));
    }
    line(format_args!("groups:"));
    for group in 1..=pairs.div_ceil(100) {
        line(format_args!(
            "  app-{group}: {{domain: metro, vpc: net, protected: true}}"
        ));
    }
    line(format_args!("pairs:"));
    for pair in 1..=pairs {
        let group = pair.div_ceil(100);
        line(format_args!(
            "  data-{pair}: {{group: app-{group}, disk: disk-{pair}}}"
        ));
    }
    text
}
