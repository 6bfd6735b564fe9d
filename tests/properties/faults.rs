//! Faults as steps of histories, and the worlds in which they strike.

use crate::common::*;
use crate::steps::{Step, any_of, disk_label, group, server, step};
use proptest::prelude::*;
use sdrsim::machine::build::NewLink;
use sdrsim::machine::command::{Call, Native, Ref};
use sdrsim::machine::{Blow, Builder};
use sdrsim::sdrs::policy::{AzFailover, LossOfReplica, Permission, Policies, Switch};
use sdrsim::time::Span;
use sdrsim::units::Rate;
use sdrsim::world::protection::ProtectionType;
use sdrsim::world::replica::Load;
use sdrsim::world::topology::{NodeKind, Slow};
use sdrsim::world::{Who, World};

/// The faults of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Dark, down or lost.
    Plain,
    /// The same, and what it held is gone.
    Destroyed,
    /// Degraded, or storage that has failed.
    Worse,
    /// Storage that can be read.
    ReadOnly,
}

/// What a fault strikes in a world; None: there is no such target, or no such fault of it.
pub fn blow(world: &World, target: &str, kind: FaultKind) -> Option<Blow> {
    if target.is_empty() {
        return Some(Blow::Control);
    }
    let destroyed = kind == FaultKind::Destroyed;
    Some(match world.find(target)? {
        Who::Az(az) => match kind {
            FaultKind::Worse | FaultKind::ReadOnly => Blow::Pool {
                az,
                read_only: kind == FaultKind::ReadOnly,
            },
            _ => Blow::Az { az, destroyed },
        },
        Who::Site(site) => Blow::Site { site, destroyed },
        Who::Link(link) => match kind {
            FaultKind::Worse => {
                let slow = Slow {
                    bandwidth: Some(Rate(1 << 20)),
                    latency: None,
                };
                Blow::Slow { link, slow }
            }
            _ => Blow::Link { link },
        },
        Who::Duct(duct) => Blow::Duct { duct },
        Who::Node(node) => Blow::Node { node },
        Who::Disk(disk) => Blow::Disk { disk, destroyed },
        Who::Server(server) => Blow::Server { server, destroyed },
        _ => return None,
    })
}

/// The faults in force of a world, one for each target and kind.
pub fn in_force(world: &World) -> Vec<Blow> {
    let mut blows = Vec::new();
    let destroyed = false;
    for (az, record) in &world.azs {
        let dark = [Blow::Az { az, destroyed }];
        let pools = [(true, record.pool.read_only), (false, record.pool.failed)];
        let pools = pools.map(|(read_only, faults)| (Blow::Pool { az, read_only }, faults));
        let dark = dark.map(|blow| (blow, record.dark));
        let faults = dark.into_iter().chain(pools);
        blows.extend(faults.filter(|fault| fault.1 > 0).map(|fault| fault.0));
    }
    let down = |faults: u32, blow: Blow| (faults > 0).then_some(blow);
    let sites = world.sites.iter();
    blows.extend(sites.filter_map(|(site, r)| down(r.dark, Blow::Site { site, destroyed })));
    for (link, record) in &world.topology.links {
        blows.extend(down(record.down, Blow::Link { link }));
        let slowed = record.slowed.iter();
        blows.extend(slowed.map(|&slow| Blow::Slow { link, slow }));
    }
    let ducts = world.topology.ducts.iter();
    blows.extend(ducts.filter_map(|(duct, r)| down(r.down, Blow::Duct { duct })));
    let nodes = world.topology.nodes.iter();
    blows.extend(nodes.filter_map(|(node, r)| down(r.down, Blow::Node { node })));
    let disks = world.disks.iter();
    blows.extend(disks.filter_map(|(disk, r)| down(r.lost, Blow::Disk { disk, destroyed })));
    let servers = world.servers.iter();
    blows
        .extend(servers.filter_map(|(server, r)| down(r.lost, Blow::Server { server, destroyed })));
    blows.extend(down(world.control.down, Blow::Control));
    blows
}

fn fault() -> impl Strategy<Value = Step> {
    let target = prop_oneof![
        6 => any_of(&["ab", "aw", "bw", "wit", "duct"]),
        4 => any_of(&["az-1", "az-2", "site-1", "site-2"]),
        3 => prop_oneof![server(), disk_label()],
        1 => Just(String::new()),
    ];
    let kind = prop_oneof![
        4 => Just(FaultKind::Plain),
        1 => Just(FaultKind::Destroyed),
        1 => Just(FaultKind::Worse),
        1 => Just(FaultKind::ReadOnly),
    ];
    (target, kind, any::<bool>(), prop::bool::weighted(0.7)).prop_map(
        |(target, kind, begins, taken_in)| Step::Fault {
            target,
            kind,
            begins,
            taken_in,
        },
    )
}

/// Any step of a history in which things break.
pub fn step_or_fault() -> impl Strategy<Value = Step> {
    let failover = (group(), any::<bool>()).prop_map(|(g, back)| {
        let group = Ref::from(g.as_str());
        let call = match back {
            true => Call::Reprotect { group },
            false => Call::Failover { group },
        };
        Step::Ask(Box::new(call.into()))
    });
    let start = server().prop_map(|s| {
        let native = Native::StartServer {
            server: s.as_str().into(),
        };
        Step::Ask(Box::new(native.into()))
    });
    let load = (any_of(&["s1-a", "s1-b", "spare-1", "i/vdb/dr"]), 0u64..64).prop_map(|(d, mib)| {
        let native = Native::SetLoad {
            disk: d.as_str().into(),
            load: (mib > 0).then(|| Load::uniform(Rate(mib << 20))),
        };
        Step::Ask(Box::new(native.into()))
    });
    prop_oneof![
        10 => step(),
        4 => fault(),
        4 => any::<usize>().prop_map(Step::Mend),
        4 => (0u64..600).prop_map(Step::Pass),
        3 => failover,
        3 => start,
        1 => load,
    ]
}

/// Any policies, the default ones in half of all cases, and either kind of group.
pub fn policies() -> impl Strategy<Value = (Policies, ProtectionType)> {
    let switches = (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    );
    let any = switches.prop_map(
        |(fenced, starts, allowed, silent, disconnected, restarts)| Policies {
            fencing: if fenced { Switch::On } else { Switch::Off },
            start_after_failover: starts,
            native_disk_delete: Permission::Allowed,
            az_failover: match allowed {
                true => AzFailover::Allowed,
                false => AzFailover::DrillOnly,
            },
            on_replica_loss: match silent {
                true => LossOfReplica::Stop,
                false => LossOfReplica::Continue,
            },
            failover_disconnected: match disconnected {
                true => Permission::Allowed,
                false => Permission::Refused,
            },
            restart_after_outage: restarts,
        },
    );
    let kind = prop::sample::select(vec![
        ProtectionType::ReplicationPair,
        ProtectionType::ConsistencyGroup,
    ]);
    (prop_oneof![Just(settings().policies), any], kind)
}

/// Links between the AZs and to a witness.
pub fn join(region: &mut Builder) {
    region.node("wit", NodeKind::Witness).unwrap();
    region.duct("duct").unwrap();
    let link = |between: [&'static str; 2]| NewLink {
        between,
        bandwidth: Some(Rate(100 << 20)),
        latency: Span::micros(100),
        duct: between.contains(&"wit").then_some("duct"),
    };
    region.link("ab", link(["az-1", "az-2"])).unwrap();
    region.link("aw", link(["az-1", "wit"])).unwrap();
    region.link("bw", link(["az-2", "wit"])).unwrap();
    region.arbitrate("metro", "wit", Span::secs(30)).unwrap();
}
