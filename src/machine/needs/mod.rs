//! Whether a precondition is broken: one exhaustive match over the closed set of needs.
//!
//! A need asks about what the command named ([`Asked`]) and about the world; it never changes anything. Needs of tag
//! calls and tag queries are decided where those are taken in, because they speak of bodies and not of the world.

mod decide;
#[cfg(test)]
mod tests;

use decide::*;

use crate::machine::command::{Call, CreateProtectedInstance, CreateProtectionGroup, Ref};
use crate::machine::resolve::Look;
use crate::machine::tags;
use crate::sdrs::codes::Code;
use crate::sdrs::device::Device;
use crate::sdrs::limits;
use crate::sdrs::names;
use crate::sdrs::need::Need;
use crate::sdrs::net::parse_ipv4;
use crate::sdrs::op::Op;
use crate::world::World;
use crate::world::machinery::{Disk, Power, Server};
use crate::world::place::FlavorClass;
use crate::world::protection::{Group, Instance, Pair, Side};
use crate::world::{
    DiskKey, FlavorKey, GroupKey, InstanceKey, NicKey, PairKey, ServerKey, SubnetKey, VpcKey,
};

/// What a command named, as far as its preconditions ask for it.
#[derive(Clone, Copy)]
pub(in crate::machine) struct Asked<'a> {
    pub look: Look<'a>,
    pub op: Op,
    pub group: Option<GroupKey>,
    pub instance: Option<InstanceKey>,
    pub pair: Option<PairKey>,
    pub server: Option<ServerKey>,
    pub disk: Option<DiskKey>,
    pub nic: Option<NicKey>,
    pub device: Option<Device>,
    pub name: Option<&'a str>,
    pub description: Option<&'a str>,
    /// The station of a planned failover, the address of a NIC.
    pub text: Option<&'a str>,
    /// The size of an expansion, in GiB.
    pub number: i64,
    /// `delete_target_server` or `delete_target_volume`.
    pub target: bool,
    pub target_eip: bool,
    pub subnet: Option<&'a Ref>,
    pub given_group: Option<&'a Ref>,
    pub drill_vpc: Option<&'a Ref>,
    pub create_group: Option<&'a CreateProtectionGroup>,
    pub create_instance: Option<&'a CreateProtectedInstance>,
    pub resize: Option<&'a Call>,
}

const NAMED: &str = "the operations whose rows hold this need name the resource";

impl<'a> Asked<'a> {
    /// A command that has named nothing yet.
    pub fn about(look: Look<'a>, op: Op) -> Asked<'a> {
        Asked {
            look,
            op,
            group: None,
            instance: None,
            pair: None,
            server: None,
            disk: None,
            nic: None,
            device: None,
            name: None,
            description: None,
            text: None,
            number: 0,
            target: false,
            target_eip: false,
            subnet: None,
            given_group: None,
            drill_vpc: None,
            create_group: None,
            create_instance: None,
            resize: None,
        }
    }

    fn group(&self) -> &'a Group {
        &self.look.world.groups[self.group.expect(NAMED)]
    }

    fn instance(&self) -> &'a Instance {
        &self.look.world.instances[self.instance.expect(NAMED)]
    }

    fn pair(&self) -> &'a Pair {
        &self.look.world.pairs[self.pair.expect(NAMED)]
    }

    fn server(&self) -> &'a Server {
        &self.look.world.servers[self.server.expect(NAMED)]
    }

    fn disk(&self) -> &'a Disk {
        &self.look.world.disks[self.disk.expect(NAMED)]
    }

    /// The disks of the server to protect.
    fn server_disks(&self) -> impl Iterator<Item = (Device, &'a Disk)> {
        let world = self.look.world;
        self.server()
            .disks
            .iter()
            .map(|&(device, disk)| (device, &world.disks[disk]))
    }

    fn pair_disks(&self) -> impl Iterator<Item = &'a Disk> {
        let world = self.look.world;
        world
            .disks_of(self.pair.expect(NAMED))
            .into_iter()
            .flatten()
            .map(|disk| &world.disks[disk])
    }

    /// The flavors that a resize asks for, by side: None, or the flavor if it exists.
    pub fn asked_flavors(&self) -> [Option<Option<FlavorKey>>; 2] {
        let Some(Call::ResizeProtectedInstance {
            flavor_ref,
            production_flavor_ref,
            dr_flavor_ref,
            ..
        }) = self.resize
        else {
            return [None; 2];
        };
        let find = |flavor: &Option<Ref>| flavor.as_ref().map(|f| self.look.flavor(f).ok());
        let (production, dr) = match flavor_ref {
            Some(_) => (find(flavor_ref), find(flavor_ref)),
            None => (find(production_flavor_ref), find(dr_flavor_ref)),
        };
        match self.group().station {
            Side::Source => [production, dr],
            Side::Target => [dr, production],
        }
    }

    /// The flavor that a resize asks for at the production site or at the other.
    fn asked_flavor(&self, production: bool) -> Option<Option<FlavorKey>> {
        let station = self.group().station;
        let side = if production { station } else { station.other() };
        self.asked_flavors()[side.index()]
    }

    fn is_protectable(&self, flavor: Option<FlavorKey>) -> bool {
        flavor.is_some_and(|f| self.look.world.flavors[f].class == FlavorClass::General)
    }

    /// The subnet that a body names, if it is one of the group's VPC.
    fn subnet_in_group(&self, subnet: &Ref) -> Option<SubnetKey> {
        let subnet = self.look.subnet(subnet).ok()?;
        (self.look.world.subnets[subnet].vpc == self.group().vpc).then_some(subnet)
    }

    /// Whether an address is malformed or outside the subnet.
    fn is_bad_address(&self, subnet: Option<&Ref>, ip: &str) -> bool {
        let (Some(subnet), Some(ip)) =
            (subnet.and_then(|s| self.subnet_in_group(s)), parse_ipv4(ip))
        else {
            return true;
        };
        let range = self.look.world.subnets[subnet].range();
        range.is_none_or(|(first, last)| !(first..=last).contains(&u32::from(ip)))
    }

    /// Whether an address is taken, or none is given and none is left.
    fn is_taken(&self, subnet: Option<SubnetKey>, ip: Option<&str>) -> bool {
        let Some(subnet) = subnet.map(|s| &self.look.world.subnets[s]) else {
            return false;
        };
        match ip.and_then(parse_ipv4) {
            Some(ip) => subnet.used.contains(&u32::from(ip)),
            None => subnet.free_address().is_none(),
        }
    }

    /// Whether a server of the group on one side runs.
    fn runs_at(&self, side: Side) -> bool {
        let world = self.look.world;
        self.group().instances.iter().any(|instance| {
            let server = world.instances[instance].servers[side.index()];
            server.is_some_and(|s| {
                world.servers[s].power == Power::Active || world.servers[s].act.is_some()
            })
        })
    }

    fn drill_vpc(&self) -> Option<VpcKey> {
        self.drill_vpc.and_then(|vpc| self.look.vpc(vpc).ok())
    }
}

/// The virtualization of an instance's servers, which are alike.
pub(in crate::machine) fn hypervisor_of(
    world: &World,
    instance: InstanceKey,
) -> crate::sdrs::device::Hypervisor {
    let servers = world.instances[instance].servers;
    servers
        .into_iter()
        .flatten()
        .next()
        .map(|s| world.servers[s].hypervisor)
        .unwrap_or_default()
}

/// Whether the need is broken. `Some(None)`: yes, and the row's code answers; `Some(Some(code))`: yes, with this code.
pub(in crate::machine) fn broken(need: Need, asked: &Asked) -> Option<Option<Code>> {
    if need == Need::TooManyTagsAtCreation {
        let tags = &asked.create_instance.expect(NAMED).tags;
        return match tags.len() > limits::TAGS_AT_CREATION {
            true => Some(None),
            false => tags::flaw_at_creation(tags).map(Some),
        };
    }
    is_broken(need, asked).then_some(None)
}

fn is_broken(need: Need, asked: &Asked) -> bool {
    use Need::*;
    match need {
        BadName => asked.name.is_some_and(|name| !names::is_name(name)),
        BadDescription => asked
            .description
            .is_some_and(|text| !names::is_description(text)),
        BadAzs | BadDomain | UnknownVpc | BadDrType | GroupQuota => of_new_group(need, asked),
        GroupHasInstance | GroupHasPair | GroupHasDrill | NoPair | NoPairByManual
        | MemberInvalid | DrServerRuns | PairCopies | PairSynchronizes | CopyInconsistent
        | DrUnusable | BadStation | ProductionServerRuns | DrillOnly | ArbitrationHolds
        | Disconnected | FaultLevel2 | FaultLevel5 => of_group(need, asked),
        TooManyTagsAtCreation => unreachable!("tags at creation are decided by the caller"),
        DrFlavor if asked.resize.is_some() => asked
            .asked_flavor(false)
            .is_some_and(|f| !asked.is_protectable(f)),
        UnknownServer
        | ServerProtected
        | ServerElsewhere
        | ServerInOtherVpc
        | ServerUnsettled
        | ServerLockedBySystem
        | ServerLockedByService
        | FlavorClass
        | DrFlavor
        | NoDisk
        | NoSystemDisk
        | SharedDisk
        | ServerDiskType
        | SystemDiskError
        | ServerDiskEncrypted
        | ServerDiskPaired
        | PrimarySubnet
        | PrimaryAddress
        | PrimaryAddressTaken
        | InstanceLimit => of_new_instance(need, asked),
        PairQuota => is_over_pair_quota(asked),
        LeftOut | TargetServerAfterSwitch | TargetEipAfterSwitch | TargetServerFrozen => {
            of_instance_deletion(need, asked)
        }
        PairInOtherGroup | AttachedOrDeviceTaken | NotAttached | SystemDiskInUse => {
            of_attachment(need, asked)
        }
        Subnet | Address | AddressTaken | NicLimit | UnknownNic | PrimaryNic => of_nic(need, asked),
        NoFlavor | ProductionFlavor | SameFlavor | ResizedServerRuns => of_resize(need, asked),
        UnknownDisk | DiskFrozen | DiskLocked | DiskPaired | DiskInDrill | DiskNotAvailable
        | DiskEncrypted | DiskType | DiskElsewhere | UnattachedLimit => of_new_pair(need, asked),
        PairNotInGivenGroup | PairAttached | TargetVolumeAfterSwitch | TargetVolumeFrozen => {
            of_pair_deletion(need, asked)
        }
        NotLarger | PairDiskLocked | SharedPairInUse | PairDiskUnsettled | NoOnlineExpansion => {
            of_expansion(need, asked)
        }
        UnknownDrillVpc | DrillVpcIsGroupVpc | DrillVpcTaken | DrillVpcEmpty | DrillVpcCidr
        | DrillSubnetMissing | DrillAddressTaken | NothingAttached | VpcQuota | SubnetQuota => {
            of_drill(need, asked)
        }
        TagAction | TagListEmpty | TagKeyBlank | TagKey | TagValueNull | TagValue
        | TagKeysRepeat | TagLimit | TagStatus | TagKeyMissing | QueryAction | CountWithPaging
        | QueryLimit | QueryOffset | MatchesEmpty | MatchesKeyEmpty | MatchesKey
        | MatchesKeysRepeat | MatchesValueNull | MatchesValue | QueryKeyBlank | QueryKey
        | QueryKeyLimit | QueryKeysRepeat | QueryValueLimit | QueryValuesRepeat | QueryValue => {
            unreachable!("needs of tag bodies are decided by `tags` and `query`")
        }
    }
}
