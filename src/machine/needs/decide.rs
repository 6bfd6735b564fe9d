//! How each need is decided, by what it speaks of.

use super::{Asked, NAMED, hypervisor_of};
use crate::machine::data;
use crate::sdrs::limits;
use crate::sdrs::need::Need;
use crate::sdrs::op::Op;
use crate::sdrs::policy::{AzFailover, Permission};
use crate::world::NicKey;
use crate::world::machinery::{DiskStatus, Lock, Power};
use crate::world::protection::Side;
use crate::world::replica::Level;

pub(super) fn of_new_group(need: Need, asked: &Asked) -> bool {
    let (look, body) = (asked.look, asked.create_group.expect(NAMED));
    let azs = [
        &body.source_availability_zone,
        &body.target_availability_zone,
    ]
    .map(|az| look.az(az).ok());
    match need {
        Need::BadAzs => azs[0].is_none() || azs[1].is_none() || azs[0] == azs[1],
        Need::BadDomain => look.domain(&body.domain_id).map_or(true, |domain| {
            let domain = &look.world.domains[domain];
            let joins = |az: Option<_>| az.is_some_and(|az| domain.azs.contains(&az));
            domain.sold_out || !joins(azs[0]) || !joins(azs[1])
        }),
        Need::UnknownVpc => look.vpc(&body.source_vpc_id).is_err(),
        Need::BadDrType => body
            .dr_type
            .as_deref()
            .is_some_and(|kind| kind != "migration"),
        _ => {
            let project = &look.world.projects[look.project];
            let quota = project.quotas.server_groups;
            quota >= 0 && project.usage.server_groups >= quota
        }
    }
}

pub(super) fn of_group(need: Need, asked: &Asked) -> bool {
    let (world, group) = (asked.look.world, asked.group());
    match need {
        Need::GroupHasInstance => !group.instances.is_empty(),
        Need::GroupHasPair => !group.pairs.is_empty(),
        Need::GroupHasDrill => !group.drills.is_empty(),
        Need::NoPair | Need::NoPairByManual => group.pairs.len() == group.out as usize,
        Need::MemberInvalid => group.invalid > 0,
        Need::DrServerRuns => asked.runs_at(group.station.other()),
        Need::ProductionServerRuns => asked.runs_at(group.station),
        Need::PairCopies | Need::PairSynchronizes => group.copying > 0,
        // Nothing is wrong with any disk of such a group, and no AZ is dark.
        Need::DrUnusable if world.is_calm(group) => false,
        Need::DrUnusable => {
            let dr = group.station.other();
            let mut pairs = group.pairs.iter();
            pairs.any(|pair| !world.pairs[pair].is_out() && !world.is_side_usable(pair, dr))
        }
        Need::DrillOnly => {
            let dark = !world.is_lit(world.production_az(group));
            dark && asked.look.policies.az_failover == AzFailover::DrillOnly
        }
        Need::ArbitrationHolds => data::is_held(world, asked.group.expect(NAMED)),
        Need::Disconnected => {
            asked.look.policies.failover_disconnected == Permission::Refused
                && data::any_at(world, asked.group.expect(NAMED), Level::Five)
        }
        Need::FaultLevel2 => data::any_at(world, asked.group.expect(NAMED), Level::Two),
        Need::FaultLevel5 => data::any_at(world, asked.group.expect(NAMED), Level::Five),
        Need::CopyInconsistent => {
            group.copying > 0
                || group
                    .pairs
                    .iter()
                    .map(|p| &world.pairs[p])
                    .any(|p| !p.is_out() && !p.is_consistent())
        }
        _ => {
            let station = asked.text.and_then(Side::named);
            station.is_none_or(|station| station == group.station)
        }
    }
}

pub(super) fn of_new_instance(need: Need, asked: &Asked) -> bool {
    let (look, body) = (asked.look, asked.create_instance.expect(NAMED));
    let (world, group) = (look.world, asked.group());
    match need {
        Need::UnknownServer => asked.server.is_none(),
        Need::ServerProtected => asked.server().instance.is_some(),
        Need::ServerElsewhere => asked.server().az != world.production_az(group),
        Need::ServerInOtherVpc => asked.server().vpc != group.vpc,
        Need::ServerUnsettled => {
            asked.server().power == Power::Error || asked.server().act.is_some()
        }
        Need::ServerLockedBySystem => asked.server().lock == Lock::System,
        Need::ServerLockedByService => asked.server().lock == Lock::Service,
        Need::FlavorClass => !asked.is_protectable(Some(asked.server().flavor)),
        Need::DrFlavor => body
            .flavor_ref
            .as_ref()
            .is_some_and(|f| !asked.is_protectable(look.flavor(f).ok())),
        Need::NoDisk => asked.server().disks.is_empty(),
        Need::NoSystemDisk => !asked
            .server_disks()
            .any(|(device, disk)| device.is_system() && disk.bootable),
        Need::SharedDisk => asked.server_disks().any(|(_, disk)| disk.shared),
        Need::ServerDiskType => asked
            .server_disks()
            .any(|(_, disk)| !disk.kind.is_protectable()),
        Need::SystemDiskError => asked
            .server_disks()
            .any(|(device, disk)| device.is_system() && disk.broken),
        Need::ServerDiskEncrypted => asked.server_disks().any(|(_, disk)| disk.rest.encrypted),
        Need::ServerDiskPaired => asked.server_disks().any(|(_, disk)| disk.pair.is_some()),
        Need::PrimarySubnet => body
            .primary_subnet_id
            .as_ref()
            .is_some_and(|s| asked.subnet_in_group(s).is_none()),
        Need::PrimaryAddress => body
            .primary_ip_address
            .as_deref()
            .is_some_and(|ip| asked.is_bad_address(body.primary_subnet_id.as_ref(), ip)),
        Need::PrimaryAddressTaken => {
            let own = asked
                .server()
                .nics
                .first()
                .map(|&nic| world.nics[nic].subnet);
            let subnet = body
                .primary_subnet_id
                .as_ref()
                .map_or(own, |s| asked.subnet_in_group(s));
            asked.is_taken(subnet, body.primary_ip_address.as_deref())
        }
        _ => {
            let limit = world.projects[look.project].quotas.instances_per_group;
            limit >= 0 && group.instances.len() as i64 >= limit
        }
    }
}

pub(super) fn is_over_pair_quota(asked: &Asked) -> bool {
    let project = &asked.look.world.projects[asked.look.project];
    let more = match asked.op {
        Op::CreateProtectedInstance => asked.server().disks.len() as i64,
        _ => 1,
    };
    project.quotas.replications >= 0
        && project.usage.replications + more > project.quotas.replications
}

pub(super) fn of_instance_deletion(need: Need, asked: &Asked) -> bool {
    let (world, group) = (asked.look.world, asked.group());
    let switched = group.station != Side::Source;
    match need {
        Need::LeftOut => group
            .life
            .work()
            .is_some_and(|work| crate::sdrs::rules::rule(work.op).members),
        Need::TargetServerAfterSwitch => asked.target && switched,
        Need::TargetEipAfterSwitch => asked.target_eip && switched,
        _ => asked.target && world.projects[asked.look.project].frozen,
    }
}

pub(super) fn of_attachment(need: Need, asked: &Asked) -> bool {
    let (world, instance, pair) = (asked.look.world, asked.instance(), asked.pair());
    let key = asked.instance.expect(NAMED);
    let attached = pair.rest.attached.iter().any(|a| a.0 == key);
    match need {
        Need::PairInOtherGroup => pair.group != instance.group,
        Need::AttachedOrDeviceTaken => {
            let shared = asked.pair_disks().all(|disk| disk.shared);
            let hypervisor = hypervisor_of(world, key);
            let device = asked.device.expect(NAMED);
            let taken = instance.servers.into_iter().flatten().any(|server| {
                world.servers[server]
                    .disks
                    .iter()
                    .any(|d| d.0.on(hypervisor) == device)
            });
            (!shared && !pair.rest.attached.is_empty()) || attached || taken
        }
        Need::NotAttached => {
            // After a failed attachment there is nothing to detach: the call then only clears the status.
            !attached && pair.life.status != crate::sdrs::status::Status::ErrorAttaching
        }
        _ => {
            let system = pair
                .rest
                .attached
                .iter()
                .any(|&(i, device)| i == key && device.is_system());
            let runs = instance.servers.into_iter().flatten().any(|server| {
                world.servers[server].power == Power::Active || world.servers[server].act.is_some()
            });
            system && runs
        }
    }
}

pub(super) fn of_nic(need: Need, asked: &Asked) -> bool {
    let world = asked.look.world;
    match need {
        Need::Subnet => asked.subnet_in_group(asked.subnet.expect(NAMED)).is_none(),
        Need::Address => asked
            .text
            .is_some_and(|ip| asked.is_bad_address(asked.subnet, ip)),
        Need::AddressTaken => asked.is_taken(
            asked.subnet.and_then(|s| asked.subnet_in_group(s)),
            asked.text,
        ),
        Need::NicLimit => nics_of_production(asked).len() >= limits::NICS_PER_INSTANCE,
        Need::UnknownNic => asked
            .nic
            .is_none_or(|nic| !nics_of_production(asked).contains(&nic)),
        _ => asked.nic.is_some_and(|nic| world.nics[nic].primary),
    }
}

pub(super) fn nics_of_production<'a>(asked: &Asked<'a>) -> &'a [NicKey] {
    let server = asked.instance().servers[asked.group().station.index()];
    server.map_or(&[], |server| &asked.look.world.servers[server].nics)
}

pub(super) fn of_resize(need: Need, asked: &Asked) -> bool {
    let world = asked.look.world;
    let servers = asked.instance().servers;
    let mut asks = asked.asked_flavors().into_iter().zip(servers);
    match need {
        Need::NoFlavor => asks.all(|(flavor, _)| flavor.is_none()),
        Need::ProductionFlavor => asked
            .asked_flavor(true)
            .is_some_and(|f| !asked.is_protectable(f)),
        Need::SameFlavor => asks.any(|(flavor, server)| {
            flavor.is_some_and(|f| f.is_some() && f == server.map(|s| world.servers[s].flavor))
        }),
        _ => asks.any(|(flavor, server)| {
            let runs = server.is_some_and(|s| {
                world.servers[s].power == Power::Active || world.servers[s].act.is_some()
            });
            flavor.is_some() && runs
        }),
    }
}

pub(super) fn of_new_pair(need: Need, asked: &Asked) -> bool {
    let (world, group) = (asked.look.world, asked.group());
    match need {
        Need::UnknownDisk => asked.disk.is_none(),
        Need::DiskFrozen => asked.disk().frozen,
        Need::DiskLocked => asked.disk().locked,
        Need::DiskPaired => asked.disk().pair.is_some(),
        Need::DiskInDrill => asked.disk().rest.drill.is_some(),
        Need::DiskNotAvailable => asked.disk().status() != DiskStatus::Available,
        Need::DiskEncrypted => asked.disk().rest.encrypted,
        Need::DiskType => !asked.disk().kind.is_protectable(),
        Need::DiskElsewhere => asked.disk().az != world.production_az(group),
        _ => {
            let project = &world.projects[asked.look.project];
            let limit = project.quotas.unattached_pairs;
            limit >= 0 && project.usage.unattached_pairs >= limit
        }
    }
}

pub(super) fn of_pair_deletion(need: Need, asked: &Asked) -> bool {
    let switched = asked.group().station != Side::Source;
    match need {
        Need::PairNotInGivenGroup => asked
            .given_group
            .is_some_and(|given| asked.look.group(given).ok() != asked.group),
        Need::PairAttached => !asked.pair().rest.attached.is_empty(),
        Need::TargetVolumeAfterSwitch => asked.target && switched,
        _ => asked.target && asked.look.world.projects[asked.look.project].frozen,
    }
}

pub(super) fn of_expansion(need: Need, asked: &Asked) -> bool {
    match need {
        Need::NotLarger => {
            let new = u64::try_from(asked.number)
                .ok()
                .and_then(|gib| gib.checked_mul(1 << 30));
            asked
                .pair_disks()
                .any(|disk| new.is_none_or(|new| new <= disk.size.0))
        }
        Need::PairDiskLocked => asked.pair_disks().any(|disk| disk.locked),
        Need::SharedPairInUse => asked
            .pair_disks()
            .any(|disk| disk.shared && disk.status() != DiskStatus::Available),
        Need::PairDiskUnsettled => asked
            .pair_disks()
            .any(|disk| disk.status() == DiskStatus::Error),
        _ => asked
            .pair_disks()
            .any(|disk| disk.status() == DiskStatus::InUse && !disk.grows_online),
    }
}

pub(super) fn of_drill(need: Need, asked: &Asked) -> bool {
    let (world, group) = (asked.look.world, asked.group());
    let vpc = asked.drill_vpc().map(|vpc| &world.vpcs[vpc]);
    let subnet_like = |cidr| {
        let subnets = vpc.iter().flat_map(|vpc| &vpc.subnets);
        subnets.map(|&s| &world.subnets[s]).find(|s| s.cidr == cidr)
    };
    let mut needed = production_addresses(asked);
    match need {
        Need::UnknownDrillVpc => asked.drill_vpc.is_some() && vpc.is_none(),
        Need::DrillVpcIsGroupVpc => asked.drill_vpc().is_some_and(|vpc| vpc == group.vpc),
        Need::DrillVpcTaken => vpc.is_some_and(|vpc| vpc.drill.is_some()),
        Need::DrillVpcEmpty => vpc.is_some_and(|vpc| vpc.subnets.is_empty()),
        Need::DrillVpcCidr => vpc.is_some_and(|vpc| vpc.cidr != world.vpcs[group.vpc].cidr),
        Need::DrillSubnetMissing => {
            vpc.is_some() && needed.any(|(cidr, _)| subnet_like(cidr).is_none())
        }
        Need::DrillAddressTaken => needed
            .any(|(cidr, ip)| subnet_like(cidr).is_some_and(|subnet| subnet.used.contains(&ip))),
        Need::NothingAttached => group
            .pairs
            .iter()
            .all(|p| world.pairs[p].rest.attached.is_empty()),
        Need::VpcQuota => {
            let project = &world.projects[group.project];
            asked.drill_vpc.is_none()
                && project.quotas.vpcs >= 0
                && project.usage.vpcs >= project.quotas.vpcs
        }
        _ => {
            let project = &world.projects[group.project];
            let more = world.vpcs[group.vpc].subnets.len() as i64;
            asked.drill_vpc.is_none()
                && project.quotas.subnets >= 0
                && project.usage.subnets + more > project.quotas.subnets
        }
    }
}

/// The subnet blocks and addresses of the group's production NICs, which a drill uses again.
pub(super) fn production_addresses<'a>(
    asked: &Asked<'a>,
) -> impl Iterator<Item = (crate::sdrs::net::Cidr, u32)> + use<'a> {
    let (world, group) = (asked.look.world, asked.group());
    let servers = group
        .instances
        .iter()
        .filter_map(|instance| world.instances[instance].servers[group.station.index()]);
    servers
        .flat_map(|server| &world.servers[server].nics)
        .map(|&nic| {
            let nic = &world.nics[nic];
            (world.subnets[nic.subnet].cidr, nic.ip)
        })
}
