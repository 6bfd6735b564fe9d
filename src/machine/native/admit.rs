//! Whether the cloud takes a native act.

use super::{DiskPlan, NativePlan, ServerPlan};
use crate::machine::admit::free_label;
use crate::machine::command::{CreateDisk, CreateServer, Native, Ref};
use crate::machine::make;
use crate::machine::refusal::{NativeRefusal, Refusal};
use crate::machine::resolve::Look;
use crate::sdrs::device::Device;
use crate::sdrs::net::{Cidr, parse_ipv4};
use crate::sdrs::policy::{Permission, Switch};
use crate::world::machinery::{Act, Lock, Power, Writing};
use crate::world::replica::Load;
use crate::world::{
    AzKey, DiskKey, DomainKey, EipKey, FlavorKey, NicKey, ServerKey, SubnetKey, VpcKey, Who, World,
};

/// A GiB in bytes: disks have whole ones.
const GIB: u64 = 1 << 30;

/// Decides whether the cloud takes an act now. Never changes anything.
pub(in crate::machine) fn admit(look: Look, act: &Native) -> Result<NativePlan, Refusal> {
    match act {
        Native::CreateServer(new) => create_server(look, new),
        Native::StartServer { server } => start(look, server),
        Native::StopServer { server } => halt(look, server, Act::Shutdown),
        Native::RebootServer { server } => halt(look, server, Act::Reboot),
        Native::DeleteServer { server } => delete_server(look, server),
        Native::CreateDisk(new) => create_disk(look, new),
        Native::AttachDisk {
            disk,
            server,
            device,
        } => attach(look, disk, server, device),
        Native::DetachDisk { disk, server } => detach(look, disk, server),
        Native::DeleteDisk { disk } => delete_disk(look, disk),
        Native::CreateVpc { .. }
        | Native::DeleteVpc { .. }
        | Native::CreateSubnet { .. }
        | Native::DeleteSubnet { .. }
        | Native::CreateNic { .. }
        | Native::DeleteNic { .. }
        | Native::CreateEip { .. }
        | Native::BindEip { .. }
        | Native::UnbindEip { .. }
        | Native::DeleteEip { .. } => network(look, act),
        Native::FreezeAccount { frozen } => Ok(NativePlan::Freeze {
            project: look.project,
            frozen: *frozen,
        }),
        Native::SetDisk {
            disk,
            locked,
            frozen,
            broken,
        } => Ok(NativePlan::SetDisk {
            disk: look.the_disk(disk)?,
            locked: *locked,
            frozen: *frozen,
            broken: *broken,
        }),
        Native::SetLoad { disk, load } => set_load(look, disk, *load),
        Native::Damage { disk } => Ok(NativePlan::Damage(look.the_disk(disk)?)),
        Native::SetServer {
            server,
            lock,
            broken,
        } => Ok(NativePlan::SetServer {
            server: look.the_server(server)?,
            lock: *lock,
            broken: *broken,
        }),
        Native::SetDomain { domain, sold_out } => Ok(NativePlan::SetDomain {
            domain: look.the_domain(domain)?,
            sold_out: *sold_out,
        }),
        Native::SetCapacity { flavor, az, free } => Ok(NativePlan::SetCapacity {
            flavor: look.the_flavor(flavor)?,
            az: look.the_az(az)?,
            free: *free,
        }),
    }
}

fn network(look: Look, act: &Native) -> Result<NativePlan, Refusal> {
    let world = look.world;
    match act {
        Native::CreateVpc { label, name, cidr } => {
            new_label(world, label)?;
            Ok(NativePlan::CreateVpc {
                label: label.clone(),
                name: name.clone(),
                project: look.project,
                cidr: block(cidr)?,
            })
        }
        Native::DeleteVpc { vpc } => delete_vpc(look, vpc),
        Native::CreateSubnet { label, vpc, cidr } => create_subnet(look, label, vpc, cidr),
        Native::DeleteSubnet { subnet } => {
            let key = look.the_subnet(subnet)?;
            if !world.subnets[key].used.is_empty() {
                return Err(in_use(world, Who::Subnet(key)));
            }
            Ok(NativePlan::DeleteSubnet(key))
        }
        Native::CreateNic {
            label,
            server,
            subnet,
            ip,
        } => {
            new_label(world, label)?;
            let server = look.the_server(server)?;
            let subnet = subnet_of(look, subnet, world.servers[server].vpc)?;
            Ok(NativePlan::CreateNic {
                label: label.clone(),
                server,
                subnet,
                ip: address(world, subnet, ip.as_deref())?,
            })
        }
        Native::DeleteNic { nic } => delete_nic(look, nic),
        Native::CreateEip { label, address } => create_eip(look, label, address),
        Native::BindEip { eip, nic } => {
            let (eip, nic) = (look.the_eip(eip)?, look.the_nic(nic)?);
            if world.eips[eip].nic.is_some() {
                return Err(in_use(world, Who::Eip(eip)));
            }
            if world.nics[nic].eip.is_some() {
                return Err(in_use(world, Who::Nic(nic)));
            }
            Ok(NativePlan::BindEip { eip, to: Some(nic) })
        }
        Native::UnbindEip { eip } => Ok(NativePlan::BindEip {
            eip: look.the_eip(eip)?,
            to: None,
        }),
        Native::DeleteEip { eip } => {
            let key = look.the_eip(eip)?;
            if world.eips[key].nic.is_some() {
                return Err(in_use(world, Who::Eip(key)));
            }
            not_frozen(look)?;
            Ok(NativePlan::DeleteEip(key))
        }
        _ => unreachable!("only acts on networks come here"),
    }
}

macro_rules! the {
    ($($the:ident $name:ident $key:ty, $word:literal);* $(;)?) => {
        impl Look<'_> {
            $(fn $the(self, reference: &Ref) -> Result<$key, Refusal> {
                self.or_native(self.$name(reference), reference, $word)
            })*
        }
    };
}

the! {
    the_az az AzKey, "AZ";
    the_domain domain DomainKey, "domain";
    the_vpc vpc VpcKey, "VPC";
    the_subnet subnet SubnetKey, "subnet";
    the_nic nic NicKey, "NIC";
    the_eip eip EipKey, "EIP";
    the_flavor flavor FlavorKey, "flavor";
    the_server server ServerKey, "server";
    the_disk disk DiskKey, "disk";
}

fn no(why: NativeRefusal) -> Refusal {
    Refusal::Native(why)
}

fn in_use(world: &World, who: Who) -> Refusal {
    no(NativeRefusal::InUse(world.label(who)))
}

fn not_frozen(look: Look) -> Result<(), Refusal> {
    if look.world.projects[look.project].frozen {
        return Err(no(NativeRefusal::Frozen));
    }
    Ok(())
}

/// What is made needs a label that says something and that nothing has.
fn new_label(world: &World, label: &str) -> Result<(), Refusal> {
    if label.is_empty() {
        return Err(no(NativeRefusal::BadValue(label.to_owned())));
    }
    free_label(world, Some(label))
}

fn block(cidr: &str) -> Result<Cidr, Refusal> {
    cidr.parse()
        .map_err(|_| no(NativeRefusal::BadValue(cidr.to_owned())))
}

/// The subnet, which must be one of the VPC.
fn subnet_of(look: Look, subnet: &Ref, vpc: VpcKey) -> Result<SubnetKey, Refusal> {
    let key = look.the_subnet(subnet)?;
    if look.world.subnets[key].vpc != vpc {
        let label = look.world.label(Who::Subnet(key));
        return Err(no(NativeRefusal::Elsewhere(label)));
    }
    Ok(key)
}

/// The address asked for, or else the next free one of the subnet.
fn address(world: &World, subnet: SubnetKey, asked: Option<&str>) -> Result<u32, Refusal> {
    let record = &world.subnets[subnet];
    let found = match asked {
        None => record.free_address(),
        Some(text) => parse_ipv4(text).map(u32::from).filter(|ip| {
            let range = record.range();
            range.is_some_and(|(first, last)| (first..=last).contains(ip))
                && !record.used.contains(ip)
        }),
    };
    found.ok_or_else(|| {
        let shown = asked.map_or_else(|| record.cidr.to_string(), str::to_owned);
        no(NativeRefusal::Address(shown))
    })
}

fn create_server(look: Look, new: &CreateServer) -> Result<NativePlan, Refusal> {
    let world = look.world;
    new_label(world, &new.label)?;
    let az = look.the_az(&new.az)?;
    let vpc = look.the_vpc(&new.vpc)?;
    let flavor = look.the_flavor(&new.flavor)?;
    let subnet = match &new.subnet {
        Some(subnet) => Some(subnet_of(look, subnet, vpc)?),
        None => world.vpcs[vpc].subnets.first().copied(),
    };
    let nic = match (subnet, new.ip.as_deref()) {
        (Some(subnet), ip) => Some((subnet, address(world, subnet, ip)?)),
        (None, Some(ip)) => return Err(no(NativeRefusal::Address(ip.to_owned()))),
        (None, None) => None,
    };
    let runs = new.power == Power::Active;
    if !make::has_room(world, flavor, az) || (runs && !make::may_run(world, flavor, az)) {
        let label = world.label(Who::Flavor(flavor));
        return Err(no(NativeRefusal::NoCapacity(label)));
    }
    Ok(NativePlan::CreateServer(Box::new(ServerPlan {
        label: new.label.clone(),
        name: new.name.clone(),
        project: look.project,
        az,
        vpc,
        flavor,
        hypervisor: new.hypervisor,
        power: new.power,
        nic,
    })))
}

/// A server that nobody has locked and that no act is changing.
fn free_server(look: Look, server: &Ref) -> Result<ServerKey, Refusal> {
    let key = look.the_server(server)?;
    let record = &look.world.servers[key];
    let label = || look.world.label(Who::Server(key));
    if record.lock != Lock::None {
        return Err(no(NativeRefusal::Locked(label())));
    }
    if record.act.is_some() {
        return Err(no(NativeRefusal::Busy(label())));
    }
    Ok(key)
}

fn has_power(look: Look, server: ServerKey, needed: Power) -> Result<(), Refusal> {
    let power = look.world.servers[server].power;
    if power == needed {
        return Ok(());
    }
    Err(no(NativeRefusal::Power {
        server: look.world.label(Who::Server(server)),
        power: power.name().to_owned(),
    }))
}

fn start(look: Look, server: &Ref) -> Result<NativePlan, Refusal> {
    let world = look.world;
    let key = free_server(look, server)?;
    has_power(look, key, Power::Shutoff)?;
    let label = || world.label(Who::Server(key));
    if !world.is_lit(world.servers[key].az) {
        let az = world.label(Who::Az(world.servers[key].az));
        return Err(no(NativeRefusal::Dark(az)));
    }
    if world.servers[key].lost > 0 {
        return Err(no(NativeRefusal::Lost(label())));
    }
    if world.servers[key].fenced && look.policies.fencing.is_on() {
        return Err(no(NativeRefusal::Fenced(label())));
    }
    if look.policies.fencing == Switch::On && stands_at_dr_side(world, key) {
        return Err(no(NativeRefusal::DrSide(label())));
    }
    if look.policies.fencing.is_on()
        && let Some(other) = world.running_twin(key)
    {
        return Err(no(NativeRefusal::TwinRuns {
            server: label(),
            other: world.label(Who::Server(other)),
        }));
    }
    let (flavor, az) = (world.servers[key].flavor, world.servers[key].az);
    if !make::may_run(world, flavor, az) {
        let flavor = world.label(Who::Flavor(flavor));
        return Err(no(NativeRefusal::NoCapacity(flavor)));
    }
    Ok(NativePlan::Act {
        server: key,
        act: Act::Boot,
    })
}

/// Whether a protected server stands at the side that is not production now.
fn stands_at_dr_side(world: &World, server: ServerKey) -> bool {
    let instance = world.servers[server].instance.map(|i| &world.instances[i]);
    instance.is_some_and(|instance| {
        let dr = world.groups[instance.group].station.other();
        instance.servers[dr.index()] == Some(server)
    })
}

fn halt(look: Look, server: &Ref, act: Act) -> Result<NativePlan, Refusal> {
    let server = free_server(look, server)?;
    has_power(look, server, Power::Active)?;
    Ok(NativePlan::Act { server, act })
}

fn delete_server(look: Look, server: &Ref) -> Result<NativePlan, Refusal> {
    let key = look.the_server(server)?;
    if look.world.servers[key].lock != Lock::None {
        let label = look.world.label(Who::Server(key));
        return Err(no(NativeRefusal::Locked(label)));
    }
    not_frozen(look)?;
    Ok(NativePlan::DeleteServer(key))
}

fn create_disk(look: Look, new: &CreateDisk) -> Result<NativePlan, Refusal> {
    new_label(look.world, &new.label)?;
    let az = look.the_az(&new.az)?;
    if new.size.0 == 0 || !new.size.0.is_multiple_of(GIB) {
        return Err(no(NativeRefusal::BadValue(new.size.to_string())));
    }
    if let Some(fault) = new.load.and_then(|load| load.fault(new.size)) {
        return Err(no(NativeRefusal::BadValue(fault)));
    }
    if !look.world.has_pool_room(az, new.size) {
        let az = look.world.label(Who::Az(az));
        return Err(no(NativeRefusal::PoolFull(az)));
    }
    Ok(NativePlan::CreateDisk(Box::new(DiskPlan {
        label: new.label.clone(),
        name: new.name.clone(),
        project: look.project,
        az,
        size: new.size,
        kind: new.kind,
        bootable: new.bootable,
        shared: new.shared,
        encrypted: new.encrypted,
        grows_online: new.grows_online,
        write: Writing {
            load: new.load,
            throughput: new.throughput,
            latency: new.write_latency.0,
        },
    })))
}

fn set_load(look: Look, disk: &Ref, load: Option<Load>) -> Result<NativePlan, Refusal> {
    let disk = look.the_disk(disk)?;
    let size = look.world.disks[disk].size;
    if let Some(fault) = load.and_then(|load| load.fault(size)) {
        return Err(no(NativeRefusal::BadValue(fault)));
    }
    Ok(NativePlan::SetLoad { disk, load })
}

fn attach(look: Look, disk: &Ref, server: &Ref, device: &str) -> Result<NativePlan, Refusal> {
    let world = look.world;
    let (disk, server) = (look.the_disk(disk)?, look.the_server(server)?);
    let (record, target) = (&world.disks[disk], &world.servers[server]);
    let label = || world.label(Who::Disk(disk));
    if record.az != target.az {
        return Err(no(NativeRefusal::Elsewhere(label())));
    }
    let free = device
        .parse::<Device>()
        .map(|device| device.on(target.hypervisor))
        .ok()
        .filter(|&device| target.disks.iter().all(|taken| taken.0 != device));
    let Some(device) = free else {
        return Err(no(NativeRefusal::Device {
            server: world.label(Who::Server(server)),
            device: device.to_owned(),
        }));
    };
    let attached = !record.servers().is_empty();
    if record.servers().contains(&server) || (attached && !record.shared) {
        return Err(no(NativeRefusal::Attached(label())));
    }
    if look.policies.fencing == Switch::On && is_replica_for_another(world, disk, server) {
        return Err(no(NativeRefusal::Paired(label())));
    }
    Ok(NativePlan::Attach {
        disk,
        server,
        device,
    })
}

/// Whether a disk is the copy that replication writes now and the server is not one that waits for it: a server that
/// nothing keeps from running would write where only replication may.
fn is_replica_for_another(world: &World, disk: DiskKey, server: ServerKey) -> bool {
    let Some(key) = world.disks[disk].pair else {
        return false;
    };
    let pair = &world.pairs[key];
    if world.disks_of(key)[pair.station.other().index()] != Some(disk) {
        return false;
    }
    let instance = world.servers[server].instance;
    pair.rest.attached.iter().all(|a| Some(a.0) != instance)
}

fn detach(look: Look, disk: &Ref, server: &Ref) -> Result<NativePlan, Refusal> {
    let world = look.world;
    let (disk, server) = (look.the_disk(disk)?, look.the_server(server)?);
    if !world.disks[disk].servers().contains(&server) {
        return Err(no(NativeRefusal::NotAttached {
            disk: world.label(Who::Disk(disk)),
            server: world.label(Who::Server(server)),
        }));
    }
    Ok(NativePlan::Detach { disk, server })
}

fn delete_disk(look: Look, disk: &Ref) -> Result<NativePlan, Refusal> {
    let world = look.world;
    let key = look.the_disk(disk)?;
    let record = &world.disks[key];
    let label = || world.label(Who::Disk(key));
    if record.locked {
        return Err(no(NativeRefusal::Locked(label())));
    }
    if !record.servers().is_empty() {
        return Err(no(NativeRefusal::Attached(label())));
    }
    let allowed = look.policies.native_disk_delete == Permission::Allowed;
    if record.pair.is_some() && !allowed {
        return Err(no(NativeRefusal::Paired(label())));
    }
    not_frozen(look)?;
    Ok(NativePlan::DeleteDisk(key))
}

fn delete_vpc(look: Look, vpc: &Ref) -> Result<NativePlan, Refusal> {
    let world = look.world;
    let key = look.the_vpc(vpc)?;
    let record = &world.vpcs[key];
    let used = !record.subnets.is_empty()
        || record.drill.is_some()
        || world.servers.values().any(|server| server.vpc == key)
        || world.groups.values().any(|group| group.vpc == key);
    if used {
        return Err(in_use(world, Who::Vpc(key)));
    }
    Ok(NativePlan::DeleteVpc(key))
}

fn create_subnet(look: Look, label: &str, vpc: &Ref, cidr: &str) -> Result<NativePlan, Refusal> {
    let world = look.world;
    new_label(world, label)?;
    let vpc = look.the_vpc(vpc)?;
    let asked = block(cidr)?;
    let record = &world.vpcs[vpc];
    let overlaps = |&subnet: &SubnetKey| world.subnets[subnet].cidr.overlaps(asked);
    if !record.cidr.covers(asked) || record.subnets.iter().any(overlaps) {
        return Err(no(NativeRefusal::BadValue(cidr.to_owned())));
    }
    Ok(NativePlan::CreateSubnet {
        label: label.to_owned(),
        vpc,
        cidr: asked,
    })
}

/// A NIC that is plugged in nowhere waits for a job or for a reprotection; a primary one goes last.
fn delete_nic(look: Look, nic: &Ref) -> Result<NativePlan, Refusal> {
    let world = look.world;
    let key = look.the_nic(nic)?;
    let record = &world.nics[key];
    let needed = match record.server {
        None => true,
        Some(server) => record.primary && world.servers[server].nics.len() > 1,
    };
    if needed {
        return Err(in_use(world, Who::Nic(key)));
    }
    Ok(NativePlan::DeleteNic(key))
}

fn create_eip(look: Look, label: &str, address: &str) -> Result<NativePlan, Refusal> {
    let world = look.world;
    new_label(world, label)?;
    let free = parse_ipv4(address)
        .map(u32::from)
        .filter(|&ip| world.eips.values().all(|eip| eip.address != ip));
    let Some(ip) = free else {
        return Err(no(NativeRefusal::Address(address.to_owned())));
    };
    Ok(NativePlan::CreateEip {
        label: label.to_owned(),
        project: look.project,
        address: ip,
    })
}
