//! Small worlds: what stands in them, as numbers, and as the head of a scenario file.

use super::bounds::{Bounds, Choices, policies};
use super::draws::Draws;
use super::text::flow;
use crate::sdrs::policy::Policies;
use std::fmt::Write as _;

/// A group of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedGroup {
    /// By protected instance: how many disks its server has, at least one.
    pub instances: Vec<usize>,
    /// Whether it is protected from the start; a group without pairs is not.
    pub protected: bool,
}

/// A small world: two sites with an AZ each, a link between them, perhaps a witness, and groups.
///
/// Groups are `g1`, `g2` ..; the instances of `g1` are `g1-i1`, `g1-i2` .., their servers `g1-s1` .. with the disks `a`,
/// `b` .. behind the server's label; DR servers and pairs are labelled as the service does it. Spare servers and disks are
/// `spare-s1` .. and `spare-d1` ...
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The groups.
    pub groups: Vec<PlannedGroup>,
    /// Servers that nothing protects, with one disk each.
    pub servers: usize,
    /// Disks that nothing protects and that are attached to nothing.
    pub disks: usize,
    /// Whether a witness arbitrates, or the domain is static.
    pub witness: bool,
    /// The policies.
    pub policies: Policies,
}

impl Plan {
    /// A plan within bounds.
    pub(super) fn draw(bounds: &Bounds, draws: &mut Draws) -> Plan {
        let groups = draws.within(1, bounds.groups.max(1));
        let group = |_| {
            let count = draws.within(usize::from(bounds.instances > 0), bounds.instances);
            let instances: Vec<_> = (0..count)
                .map(|_| draws.within(1, bounds.pairs.max(1)))
                .collect();
            PlannedGroup {
                protected: !instances.is_empty() && draws.percent(80),
                instances,
            }
        };
        let groups = (0..groups).map(group).collect();
        Plan {
            groups,
            servers: draws.within(0, bounds.spares),
            disks: draws.within(0, bounds.spares),
            witness: draws.percent(50),
            policies: match bounds.policies {
                Choices::Given(given) => given,
                Choices::Any => policies(draws.bits()),
            },
        }
    }

    /// Smaller plans, and those that need fewer steps: a group that is protected from the start.
    pub(super) fn smaller(&self) -> Vec<Plan> {
        let mut found = Vec::new();
        for place in 0..self.groups.len() {
            if self.groups.len() > 1 {
                let mut less = self.clone();
                less.groups.remove(place);
                found.push(less);
            }
            let instances = &self.groups[place].instances;
            if !self.groups[place].protected && !instances.is_empty() {
                let mut ready = self.clone();
                ready.groups[place].protected = true;
                found.push(ready);
            }
            for (one, &disks) in instances.iter().enumerate() {
                if instances.len() > 1 {
                    let mut less = self.clone();
                    less.groups[place].instances.remove(one);
                    found.push(less);
                }
                if disks > 1 {
                    let mut less = self.clone();
                    less.groups[place].instances[one] = disks - 1;
                    found.push(less);
                }
            }
        }
        for (servers, disks) in [(0, 0), (0, self.disks), (self.servers, 0)] {
            if (servers, disks) != (self.servers, self.disks) {
                found.push(Plan {
                    servers,
                    disks,
                    ..self.clone()
                });
            }
        }
        if self.witness {
            found.push(Plan {
                witness: false,
                ..self.clone()
            });
        }
        found
    }

    /// The head of a scenario file with this world.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::from(
            "version: 1\nsites: {north: {}, south: {}}\nazs: {az-1: {site: north}, az-2: {site: south}}\nnetwork:\n",
        );
        let mut domain = "{azs: [az-1, az-2]}";
        if self.witness {
            text += "  witness: {quorum: {}}\n";
            domain = "{azs: [az-1, az-2], arbitration: {witness: quorum, fallback_after: 30s}}";
        }
        text +=
            "  links:\n    trunk: {between: [az-1, az-2], bandwidth: 10 Gbit/s, latency: 500us}\n";
        if self.witness {
            text += "    near: {between: [az-1, quorum]}\n    far: {between: [az-2, quorum]}\n";
        }
        text += &format!("domains: {{metro: {domain}}}\nflavors: {{m1: {{}}, m2: {{}}}}\n");
        text += "vpcs: {net: {cidr: 10.0.0.0/16, subnets: {lan: 10.0.1.0/24}}}\n";
        self.machines(&mut text);
        text += "groups:\n";
        for (n, group) in self.groups.iter().enumerate() {
            let protected = match group.protected && !group.instances.is_empty() {
                true => ", protected: true",
                false => "",
            };
            line(
                &mut text,
                format_args!("g{}: {{domain: metro, vpc: net{protected}}}", n + 1),
            );
        }
        if self.instances().next().is_some() {
            text += "instances:\n";
            for (group, one, _) in self.instances() {
                line(
                    &mut text,
                    format_args!("g{group}-i{one}: {{group: g{group}, server: g{group}-s{one}}}"),
                );
            }
        }
        if self.policies != Policies::default() {
            let form = serde_json::to_value(self.policies).expect("policies have a serde form");
            text += &format!("settings: {{policies: {}}}\n", flow(&form));
        }
        text
    }

    /// The instances: number of the group, number in it, and how many disks.
    fn instances(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        self.groups.iter().enumerate().flat_map(|(n, group)| {
            let instances = group.instances.iter().enumerate();
            instances.map(move |(one, &disks)| (n + 1, one + 1, disks))
        })
    }

    /// Servers and disks.
    fn machines(&self, text: &mut String) {
        let spare = (1..=self.servers).map(|n| (format!("spare-s{n}"), 1));
        let servers: Vec<(String, usize)> = self
            .instances()
            .map(|(group, one, disks)| (format!("g{group}-s{one}"), disks))
            .chain(spare)
            .collect();
        if !servers.is_empty() {
            *text += "servers:\n";
        }
        for (label, _) in &servers {
            line(
                text,
                format_args!("{label}: {{az: az-1, vpc: net, flavor: m1, power: active}}"),
            );
        }
        if !servers.is_empty() || self.disks > 0 {
            *text += "disks:\n";
        }
        for (label, disks) in &servers {
            for letter in ('a'..='z').take(*disks) {
                let bootable = if letter == 'a' {
                    ", bootable: true"
                } else {
                    ""
                };
                line(
                    text,
                    format_args!(
                        "{label}{letter}: {{az: az-1, size: 10 GiB{bootable}, attached: {{{label}: /dev/vd{letter}}}, \
                         load: {{rate: 1 MiB/s, working_set: 2 GiB}}}}"
                    ),
                );
            }
        }
        for n in 1..=self.disks {
            line(text, format_args!("spare-d{n}: {{az: az-1, size: 10 GiB}}"));
        }
    }
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    writeln!(text, "  {what}").expect("a text takes everything");
}
