//! Random steps. A history depends on its seed alone: the generator is value-stable, and names are drawn from the model.

use crate::model::Model;
use crate::twin::Step;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};
use sdrsim::machine::command::{
    Call, CreateDrDrill, CreateProtectedInstance, CreateProtectionGroup, CreateReplicationPair,
    Gigabytes, Native, Ref,
};
use sdrsim::world::protection::ProtectionType;

/// A source of steps.
pub struct Chooser {
    rng: Xoshiro256PlusPlus,
    /// Labels given so far.
    made: u32,
    /// How many of a hundred pieces of work fail.
    failing: usize,
}

const NOBODY: &str = "nobody";

impl Chooser {
    pub fn new(seed: u64) -> Chooser {
        let mut chooser = Chooser {
            rng: Xoshiro256PlusPlus::seed_from_u64(seed),
            made: 0,
            failing: 0,
        };
        chooser.failing = [0, 4, 12, 30][chooser.below(4)];
        chooser
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.rng.next_u64() % n as u64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn new_label(&mut self, stem: &str) -> String {
        self.made += 1;
        format!("{stem}{}", self.made)
    }

    /// One of the names; now and then, and if there is none, a name that nobody has.
    fn one<'a>(&mut self, names: impl ExactSizeIterator<Item = &'a String>) -> String {
        let mut names = names;
        let count = names.len();
        if count == 0 || self.below(64) == 0 {
            return NOBODY.to_owned();
        }
        let at = self.below(count);
        names.nth(at).expect("it is below the count").clone()
    }

    /// The next step.
    pub fn step(&mut self, model: &Model, idle: bool) -> Step {
        match self.below(100) {
            0..45 if !idle => {
                let well = !self.chance(self.failing);
                let pick = self.below(1 << 16);
                Step::End { pick, well }
            }
            45..57 => Step::Sync {
                pick: self.below(1 << 16),
            },
            57..61 => Step::Native(self.native(model)),
            61..66 => Step::Ask(self.fitting(model)),
            _ => Step::Ask(self.call(model)),
        }
    }

    fn native(&mut self, model: &Model) -> Native {
        let server: Ref = self.one(model.servers.keys()).as_str().into();
        match self.below(100) {
            0..35 => Native::StartServer { server },
            35..99 => Native::StopServer { server },
            _ => Native::DeleteServer { server },
        }
    }

    fn call(&mut self, model: &Model) -> Call {
        let n = self.below(100);
        let group = |this: &mut Chooser| -> Ref { this.one(model.groups.keys()).as_str().into() };
        match n {
            0..5 => self.create_group(model),
            5..7 => Call::DeleteProtectionGroup { group: group(self) },
            7..18 => Call::StartProtection { group: group(self) },
            18..23 => Call::StopProtection { group: group(self) },
            23..28 => Call::Failover { group: group(self) },
            28..36 => {
                let station = ["source", "target"][self.below(2)];
                Call::PlannedFailover {
                    group: group(self),
                    priority_station: station.to_owned(),
                }
            }
            36..48 => {
                let server = self.one(model.servers.keys());
                Call::CreateProtectedInstance(Box::new(CreateProtectedInstance {
                    label: Some(self.new_label("i")),
                    server_group_id: group(self),
                    server_id: server.as_str().into(),
                    name: None,
                    description: None,
                    primary_subnet_id: None,
                    primary_ip_address: None,
                    flavor_ref: None,
                    tags: Vec::new(),
                }))
            }
            48..58 => {
                let disk = self.one(model.disks.keys());
                Call::CreateReplicationPair(Box::new(CreateReplicationPair {
                    label: Some(self.new_label("p")),
                    server_group_id: group(self),
                    volume_id: disk.as_str().into(),
                    name: None,
                    description: None,
                }))
            }
            58..61 => Call::CreateDrDrill(Box::new(CreateDrDrill {
                label: Some(self.new_label("d")),
                server_group_id: group(self),
                name: None,
                drill_vpc_id: None,
            })),
            61..64 => Call::DeleteDrDrill {
                drill: self.one(model.drills.keys()).as_str().into(),
            },
            _ => self.member_call(model, n),
        }
    }

    /// A group operation that the status of its group admits, or would if nothing else stood in the way.
    fn fitting(&mut self, model: &Model) -> Call {
        let name = self.one(model.groups.keys());
        let found = model.groups.get(&name).map(|g| (g.status, g.station));
        let (status, station) = found.unwrap_or(("available", 0));
        let group: Ref = name.as_str().into();
        let planned = |group| Call::PlannedFailover {
            group,
            priority_station: ["target", "source"][station].to_owned(),
        };
        match (status, self.below(4)) {
            ("protected", 0) | ("error-stopping", _) => Call::StopProtection { group },
            ("protected", 1) | ("error-failing-over", _) | ("error-reversing", 0) => {
                Call::Failover { group }
            }
            ("protected" | "error-reversing", _) => planned(group),
            _ => Call::StartProtection { group },
        }
    }

    fn create_group(&mut self, model: &Model) -> Call {
        let label = if model.groups.len() < 3 {
            self.new_label("g")
        } else {
            // Three are enough: this one would protect an AZ by itself, and is refused.
            String::new()
        };
        let target = if label.is_empty() || self.chance(3) {
            "az-1"
        } else {
            "az-2"
        };
        let kind = [
            ProtectionType::ReplicationPair,
            ProtectionType::ConsistencyGroup,
        ];
        Call::CreateProtectionGroup(Box::new(CreateProtectionGroup {
            label: Some(label).filter(|label| !label.is_empty()),
            name: None,
            description: None,
            source_availability_zone: "az-1".into(),
            target_availability_zone: target.into(),
            domain_id: "metro".into(),
            source_vpc_id: "net".into(),
            dr_type: None,
            protection_type: kind[self.below(2)],
            copy_rate: None,
        }))
    }

    fn member_call(&mut self, model: &Model, n: usize) -> Call {
        let instance_name = self.one(model.instances.keys());
        let instance: Ref = instance_name.as_str().into();
        let pair_name = self.one(model.pairs.keys());
        let pair: Ref = pair_name.as_str().into();
        match n {
            64..66 => Call::DeleteProtectedInstance {
                instance,
                delete_target_server: self.chance(30),
                delete_target_eip: false,
            },
            66..75 => Call::AttachReplicationPair {
                instance,
                pair,
                device: ["/dev/vdb", "/dev/vdc", "/dev/vdd"][self.below(3)].to_owned(),
            },
            75..80 => {
                // A pair is mostly detached from where it is.
                let on = model
                    .pairs
                    .get(&pair_name)
                    .and_then(|p| p.attached.as_ref());
                let instance = match on {
                    Some((on, _)) if self.chance(80) => on.as_str().into(),
                    _ => instance,
                };
                Call::DetachReplicationPair { instance, pair }
            }
            80..84 => Call::AddNic {
                label: Some(self.new_label("n")),
                instance,
                subnet_id: "lan".into(),
                ip_address: None,
            },
            84..88 => {
                // Mostly a NIC of the instance's own servers.
                let own = model.instances.get(&instance_name).map(|i| &i.servers);
                let own = own
                    .filter(|_| self.chance(70))
                    .into_iter()
                    .flatten()
                    .flatten();
                let mut servers: Vec<&String> = own.collect();
                if servers.is_empty() {
                    servers.extend(model.servers.keys());
                }
                let servers = servers
                    .into_iter()
                    .filter_map(|name| model.servers.get(name));
                let nics: Vec<&String> = servers.flat_map(|server| &server.nics).collect();
                Call::DeleteNic {
                    instance,
                    nic_id: self.one(nics.into_iter()).as_str().into(),
                }
            }
            88..91 => {
                let flavor: Ref = ["m1", "m2"][self.below(2)].into();
                let both = self.chance(50);
                Call::ResizeProtectedInstance {
                    instance,
                    flavor_ref: both.then(|| flavor.clone()),
                    production_flavor_ref: Some(flavor).filter(|_| !both),
                    dr_flavor_ref: None,
                }
            }
            91..94 => Call::DeleteReplicationPair {
                pair,
                server_group_id: match self.chance(15) {
                    true => Some(self.one(model.groups.keys()).as_str().into()),
                    false => None,
                },
                delete_target_volume: self.chance(30),
            },
            _ => Call::ExpandReplicationPair {
                pair,
                new_size: Gigabytes(10 + self.below(40) as i64),
            },
        }
    }
}
