//! The world at rest, made by the commands of a run. The first refusal is a fault of the file.

mod network;

use super::names::{Kind, Names, Pattern};
use super::source::Source;
use crate::machine::build::{BuildError, Builder, NewFlavor};
use crate::machine::command::{
    Ask, Call, Command, CreateDisk, CreateProtectedInstance, CreateProtectionGroup,
    CreateReplicationPair, CreateServer, Native, Ref, TagInput,
};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::model::{
    DiskModel, GroupModel, InstanceModel, PairModel, QuotaModel, ScenarioModel, ServerModel,
};
use crate::scenario::yaml::{Place, Spanned};
use crate::sdrs::device::Device;
use crate::time::Calendar;
use crate::world::World;
use crate::world::place::Quotas;

type Built<T = ()> = Result<T, Box<Diagnostic>>;

/// Builds the world that a checked file describes.
pub(super) fn build(source: Source<'_>, model: &ScenarioModel, names: &Names) -> Built<World> {
    let calendar = Calendar {
        start: model.start.0,
    };
    let builder = Builder::new(&model.region, model.seed, calendar, model.settings);
    let mut yard = Yard {
        source,
        model,
        names,
        builder,
    };
    yard.places()?;
    yard.network()?;
    for (label, server) in &model.servers {
        yard.servers(label, server)?;
    }
    for (label, disk) in &model.disks {
        yard.disks(label, disk)?;
    }
    yard.eips()?;
    for (label, group) in &model.groups {
        yard.groups(label, group)?;
    }
    for (label, instance) in &model.instances {
        yard.instances(label, instance)?;
    }
    for (label, pair) in &model.pairs {
        yard.pairs(label, pair)?;
    }
    for (label, group) in model.groups.iter().filter(|(_, group)| group.protected) {
        let own = count(group.count.as_ref());
        for n in 1..=own.unwrap_or(1) {
            let of = member(&label.value, own, n);
            let start = Call::StartProtection {
                group: Ref::Label(of.clone()),
            };
            yard.call(label.place, &of, project(group.project.as_ref()), start)?;
        }
    }
    Ok(yard.builder.finish())
}

struct Yard<'a> {
    source: Source<'a>,
    model: &'a ScenarioModel,
    names: &'a Names,
    builder: Builder,
}

fn count(count: Option<&Spanned<u32>>) -> Option<u32> {
    count.map(|count| count.value)
}

fn project(at: Option<&Spanned<String>>) -> Option<String> {
    at.map(|at| at.value.clone())
}

/// The label of the nth that a label stands for.
fn member(label: &str, own: Option<u32>, n: u32) -> String {
    own.map_or_else(|| label.to_owned(), |_| format!("{label}-{n}"))
}

fn label(pattern: &Pattern, n: u32) -> Ref {
    Ref::Label(pattern.nth(n))
}

impl Yard<'_> {
    fn place<T>(&self, at: Place, of: &str, result: Result<T, BuildError>) -> Built<T> {
        result.map_err(|error| {
            let title = match &error {
                BuildError::Refused(refusal) => {
                    format!("this cannot stand at the start: {refusal}")
                }
                other => format!("this cannot stand at the start: {other}"),
            };
            Box::new(
                self.source
                    .place(at, title)
                    .with_label(format!("while `{of}` was made")),
            )
        })
    }

    fn ask(&mut self, at: Place, of: &str, project: Option<String>, ask: Ask) -> Built {
        let done = self.builder.now(Command { project, ask });
        self.place(at, of, done).map(drop)
    }

    fn call(&mut self, at: Place, of: &str, project: Option<String>, call: Call) -> Built {
        self.ask(at, of, project, Ask::Call(call))
    }

    fn native(&mut self, at: Place, of: &str, project: Option<String>, act: Native) -> Built {
        self.ask(at, of, project, Ask::Native(act))
    }

    fn refer(&self, at: &Spanned<String>, want: Kind, own: Option<u32>) -> Built<Pattern> {
        self.source
            .refer(self.names, at, want, own)
            .map_err(Box::new)
    }

    fn maybe(
        &self,
        at: Option<&Spanned<String>>,
        want: Kind,
        own: Option<u32>,
    ) -> Built<Option<Pattern>> {
        at.map(|at| self.refer(at, want, own)).transpose()
    }

    fn places(&mut self) -> Built {
        let model = self.model;
        for (label, it) in &model.projects {
            let done = self
                .builder
                .project(&label.value, quotas(it.quotas), it.frozen);
            self.place(label.place, &label.value, done)?;
        }
        for (label, _) in &model.sites {
            let done = self.builder.site(&label.value);
            self.place(label.place, &label.value, done)?;
        }
        for (label, it) in &model.azs {
            let done = self.builder.az(&label.value, &it.site.value);
            self.place(it.site.place, &label.value, done)?;
            if let Some(capacity) = it.pool.capacity {
                let done = self.builder.pool(&label.value, capacity);
                self.place(label.place, &label.value, done)?;
            }
        }
        if let Some(az) = &model.control_plane.az {
            let done = self.builder.control_in(&az.value);
            self.place(az.place, &az.value, done)?;
        }
        self.between_azs()?;
        for (label, it) in &model.domains {
            let [a, b] = it.azs.value.as_slice() else {
                continue;
            };
            let done = self
                .builder
                .domain(&label.value, [&a.value, &b.value], it.sold_out);
            self.place(it.azs.place, &label.value, done)?;
            self.arbitration(label, it)?;
        }
        for (label, it) in &model.flavors {
            let by_az = |(az, n): &(Spanned<String>, u32)| (az.value.clone(), *n);
            let (free, running) = (it.free.iter().map(by_az), it.running.iter().map(by_az));
            let new = NewFlavor {
                class: it.class,
                vcpus: it.vcpus,
                ram_mib: u32::try_from(it.ram.value.0 >> 20).unwrap_or(u32::MAX),
                free: free.collect(),
                running: running.collect(),
            };
            let done = self.builder.flavor(&label.value, new);
            self.place(label.place, &label.value, done)?;
        }
        Ok(())
    }

    fn network(&mut self) -> Built {
        for (label, it) in &self.model.vpcs {
            let of = project(it.project.as_ref());
            let vpc = Native::CreateVpc {
                label: label.value.clone(),
                name: it.name.clone(),
                cidr: it.cidr.value.clone(),
            };
            self.native(it.cidr.place, &label.value, of.clone(), vpc)?;
            for (subnet, cidr) in &it.subnets {
                let act = Native::CreateSubnet {
                    label: subnet.value.clone(),
                    vpc: Ref::Label(label.value.clone()),
                    cidr: cidr.value.clone(),
                };
                self.native(cidr.place, &subnet.value, of.clone(), act)?;
            }
        }
        Ok(())
    }

    fn servers(&mut self, at: &Spanned<String>, it: &ServerModel) -> Built {
        let own = count(it.count.as_ref());
        let [az, vpc, flavor] = [
            (&it.az, Kind::Az),
            (&it.vpc, Kind::Vpc),
            (&it.flavor, Kind::Flavor),
        ]
        .map(|(reference, kind)| self.refer(reference, kind, own));
        let (az, vpc, flavor) = (az?, vpc?, flavor?);
        let subnet = self.maybe(it.subnet.as_ref(), Kind::Subnet, own)?;
        let place = it.ip.as_ref().map_or(at.place, |ip| ip.place);
        for n in 1..=own.unwrap_or(1) {
            let of = member(&at.value, own, n);
            let new = CreateServer {
                label: of.clone(),
                name: it.name.clone(),
                az: label(&az, n),
                vpc: label(&vpc, n),
                flavor: label(&flavor, n),
                hypervisor: it.hypervisor,
                power: it.power,
                subnet: subnet.as_ref().map(|subnet| label(subnet, n)),
                ip: project(it.ip.as_ref()),
            };
            self.native(
                place,
                &of,
                project(it.project.as_ref()),
                Native::CreateServer(Box::new(new)),
            )?;
            self.inline_disks(&of, label(&az, n), it)?;
        }
        Ok(())
    }

    fn inline_disks(&mut self, server: &str, az: Ref, it: &ServerModel) -> Built {
        for (device, disk) in &it.disks {
            let Ok(name) = device.value.parse::<Device>() else {
                continue;
            };
            let name = name.on(it.hypervisor).to_string();
            let of = format!("{server}/{}", name.trim_start_matches("/dev/"));
            let new = CreateDisk {
                label: of.clone(),
                name: None,
                az: az.clone(),
                size: disk.size.value,
                kind: disk.kind,
                bootable: disk.bootable,
                shared: false,
                encrypted: disk.encrypted,
                grows_online: disk.grows_online,
                load: disk.load.as_ref().map(|load| load.value),
                throughput: disk.throughput,
                write_latency: disk.write_latency,
            };
            let owner = project(it.project.as_ref());
            self.native(
                device.place,
                &of,
                owner.clone(),
                Native::CreateDisk(Box::new(new)),
            )?;
            self.attach(device.place, &of, owner, server.to_owned(), name)?;
        }
        Ok(())
    }

    fn attach(
        &mut self,
        at: Place,
        disk: &str,
        owner: Option<String>,
        server: String,
        device: String,
    ) -> Built {
        let act = Native::AttachDisk {
            disk: disk.into(),
            server: Ref::Label(server),
            device,
        };
        self.native(at, disk, owner, act)
    }

    fn disks(&mut self, at: &Spanned<String>, it: &DiskModel) -> Built {
        let own = count(it.count.as_ref());
        let az = self.refer(&it.az, Kind::Az, own)?;
        let mut to = Vec::new();
        for (server, device) in &it.attached {
            to.push((self.refer(server, Kind::Server, own)?, device));
        }
        for n in 1..=own.unwrap_or(1) {
            let of = member(&at.value, own, n);
            let new = CreateDisk {
                label: of.clone(),
                name: it.name.clone(),
                az: label(&az, n),
                size: it.size.value,
                kind: it.kind,
                bootable: it.bootable,
                shared: it.shared,
                encrypted: it.encrypted,
                grows_online: it.grows_online,
                load: it.load.as_ref().map(|load| load.value),
                throughput: it.throughput,
                write_latency: it.write_latency,
            };
            let owner = project(it.project.as_ref());
            self.native(
                at.place,
                &of,
                owner.clone(),
                Native::CreateDisk(Box::new(new)),
            )?;
            for (server, device) in &to {
                let (place, device) = (device.place, device.value.clone());
                self.attach(place, &of, owner.clone(), server.nth(n), device)?;
            }
        }
        Ok(())
    }

    fn eips(&mut self) -> Built {
        for (label, it) in &self.model.eips {
            let owner = project(it.project.as_ref());
            let new = Native::CreateEip {
                label: label.value.clone(),
                address: it.address.value.clone(),
            };
            self.native(it.address.place, &label.value, owner.clone(), new)?;
            if let Some(server) = &it.server {
                let nic = format!("{}/nic", self.refer(server, Kind::Server, None)?.nth(1));
                let bind = Native::BindEip {
                    eip: Ref::Label(label.value.clone()),
                    nic: Ref::Label(nic),
                };
                self.native(server.place, &label.value, owner, bind)?;
            }
        }
        Ok(())
    }

    /// The AZs of a domain, for groups that do not name theirs.
    fn azs_of(&self, domain: &str) -> Option<[Ref; 2]> {
        let domain = self.model.domains.get(domain)?;
        let [a, b] = domain.azs.value.as_slice() else {
            return None;
        };
        Some([Ref::Label(a.value.clone()), Ref::Label(b.value.clone())])
    }

    fn groups(&mut self, at: &Spanned<String>, it: &GroupModel) -> Built {
        let own = count(it.count.as_ref());
        let (domain, vpc) = (
            self.refer(&it.domain, Kind::Domain, own)?,
            self.refer(&it.vpc, Kind::Vpc, own)?,
        );
        let source = self.maybe(it.source.as_ref(), Kind::Az, own)?;
        let target = self.maybe(it.target.as_ref(), Kind::Az, own)?;
        for n in 1..=own.unwrap_or(1) {
            let of = member(&at.value, own, n);
            let Some([first, second]) = self.azs_of(&domain.nth(n)) else {
                continue;
            };
            let named = [
                source.as_ref().map(|az| label(az, n)),
                target.as_ref().map(|az| label(az, n)),
            ];
            let other = |az: &Ref| {
                if *az == first {
                    second.clone()
                } else {
                    first.clone()
                }
            };
            let [source, target] = match named {
                [Some(source), Some(target)] => [source, target],
                [Some(source), None] => [source.clone(), other(&source)],
                [None, Some(target)] => [other(&target), target],
                [None, None] => [first, second],
            };
            let new = CreateProtectionGroup {
                label: Some(of.clone()),
                name: it.name.clone(),
                description: it.description.clone(),
                source_availability_zone: source,
                target_availability_zone: target,
                domain_id: label(&domain, n),
                source_vpc_id: label(&vpc, n),
                dr_type: None,
                protection_type: it.protection_type,
                copy_rate: it.copy_rate.as_ref().map(|rate| rate.value),
            };
            let call = Call::CreateProtectionGroup(Box::new(new));
            self.call(at.place, &of, project(it.project.as_ref()), call)?;
        }
        Ok(())
    }

    /// The project of a group, and so of its members.
    fn project_of(&self, group: &str) -> Option<String> {
        let template = || self.model.groups.get(super::names::numbered(group)?.0);
        let group = self.model.groups.get(group).or_else(template)?;
        project(group.project.as_ref())
    }

    fn instances(&mut self, at: &Spanned<String>, it: &InstanceModel) -> Built {
        let own = count(it.count.as_ref());
        let (group, server) = (
            self.refer(&it.group, Kind::Group, own)?,
            self.refer(&it.server, Kind::Server, own)?,
        );
        let subnet = self.maybe(it.subnet.as_ref(), Kind::Subnet, own)?;
        let flavor = self.maybe(it.flavor.as_ref(), Kind::Flavor, own)?;
        let tags = it.tags.iter().map(|(key, value)| TagInput {
            key: key.value.clone(),
            value: Some(value.clone()),
        });
        let tags: Vec<TagInput> = tags.collect();
        let owner = self.project_of(&it.group.value);
        for n in 1..=own.unwrap_or(1) {
            let of = member(&at.value, own, n);
            let new = CreateProtectedInstance {
                label: Some(of.clone()),
                server_group_id: label(&group, n),
                server_id: label(&server, n),
                name: it.name.clone(),
                description: it.description.clone(),
                primary_subnet_id: subnet.as_ref().map(|subnet| label(subnet, n)),
                primary_ip_address: project(it.ip.as_ref()),
                flavor_ref: flavor.as_ref().map(|flavor| label(flavor, n)),
                tags: tags.clone(),
            };
            let call = Call::CreateProtectedInstance(Box::new(new));
            self.call(at.place, &of, owner.clone(), call)?;
        }
        Ok(())
    }

    fn pairs(&mut self, at: &Spanned<String>, it: &PairModel) -> Built {
        let own = count(it.count.as_ref());
        let (group, disk) = (
            self.refer(&it.group, Kind::Group, own)?,
            self.refer(&it.disk, Kind::Disk, own)?,
        );
        let mut to = Vec::new();
        for (instance, device) in &it.attached {
            to.push((self.refer(instance, Kind::Instance, own)?, device));
        }
        let owner = self.project_of(&it.group.value);
        for n in 1..=own.unwrap_or(1) {
            let of = member(&at.value, own, n);
            let new = CreateReplicationPair {
                label: Some(of.clone()),
                server_group_id: label(&group, n),
                volume_id: label(&disk, n),
                name: it.name.clone(),
                description: it.description.clone(),
            };
            let call = Call::CreateReplicationPair(Box::new(new));
            self.call(at.place, &of, owner.clone(), call)?;
            for (instance, device) in &to {
                let attach = Call::AttachReplicationPair {
                    instance: label(instance, n),
                    pair: Ref::Label(of.clone()),
                    device: device.value.clone(),
                };
                self.call(device.place, &of, owner.clone(), attach)?;
            }
        }
        Ok(())
    }
}

fn quotas(model: QuotaModel) -> Quotas {
    let limit = |quota: Option<u32>| quota.map_or(-1, i64::from);
    Quotas {
        server_groups: limit(model.server_groups),
        replications: limit(model.replications),
        instances_per_group: limit(model.instances_per_group),
        unattached_pairs: limit(model.unattached_pairs),
        vpcs: limit(model.vpcs),
        subnets: limit(model.subnets),
    }
}
