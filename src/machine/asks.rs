//! What each call names and asks before it is taken: one function per call.
//!
//! Each looks its resources up, passes them through `gate` and `tested`, and only then names the plan.

use super::admit::{
    CreateDrill, CreateGroup, CreateInstance, CreatePair, Plan, free_label, gate, tested,
};
use super::command::{Call, Ref};
use super::needs::{Asked, hypervisor_of};
use super::refusal::Refusal;
use super::resolve::Look;
use crate::sdrs::codes::Code;
use crate::sdrs::device::Device;
use crate::sdrs::op::Op;
use crate::sdrs::status::Status;
use crate::units::Bytes;
use crate::world::{PairKey, Who};

pub(super) fn start(look: Look, group: &Ref) -> Result<Plan, Refusal> {
    let key = look.api_group(group)?;
    let op = match look.world.groups[key].life.status {
        Status::FailedOver | Status::ErrorReprotecting => Op::Reprotect,
        _ => Op::StartProtection,
    };
    group_op(look, op, group, None)
}

pub(super) fn group_action(
    look: Look,
    group: &Ref,
    actions: &[String],
    station: &str,
) -> Result<Plan, Refusal> {
    look.api_group(group)?;
    match actions {
        [action] => match action.as_str() {
            "start-server-group" => start(look, group),
            "stop-server-group" => group_op(look, Op::StopProtection, group, None),
            "failover-server-group" => group_op(look, Op::Failover, group, None),
            "reverse-server-group" => group_op(look, Op::PlannedFailover, group, Some(station)),
            _ => Err(Refusal::Action {
                code: Code::of(206),
            }),
        },
        _ => Err(Refusal::Action {
            code: Code::of(206),
        }),
    }
}

pub(super) fn group_op(
    look: Look,
    op: Op,
    group: &Ref,
    station: Option<&str>,
) -> Result<Plan, Refusal> {
    let group = look.api_group(group)?;
    gate(look.world, op, Some(group), None, None, None)?;
    tested(Asked {
        group: Some(group),
        text: station,
        ..Asked::about(look, op)
    })?;
    let now = look.world.groups[group].station;
    let aim = match op {
        Op::Failover | Op::PlannedFailover => now.other(),
        _ => now,
    };
    Ok(Plan::GroupOp { op, group, aim })
}

pub(super) fn create_group(
    look: Look,
    body: &super::command::CreateProtectionGroup,
) -> Result<Plan, Refusal> {
    free_label(look.world, body.label.as_deref())?;
    let op = Op::CreateProtectionGroup;
    tested(Asked {
        name: body.name.as_deref(),
        description: body.description.as_deref(),
        create_group: Some(body),
        ..Asked::about(look, op)
    })?;
    let found = "the preconditions say that it exists";
    let az = |reference: &Ref| look.az(reference).expect(found);
    Ok(Plan::CreateGroup(Box::new(CreateGroup {
        label: body.label.clone(),
        project: look.project,
        name: body.name.clone(),
        description: body.description.clone(),
        domain: look.domain(&body.domain_id).expect(found),
        azs: [
            az(&body.source_availability_zone),
            az(&body.target_availability_zone),
        ],
        vpc: look.vpc(&body.source_vpc_id).expect(found),
        protection: body.protection_type,
        copy_rate: body.copy_rate,
    })))
}

pub(super) fn create_instance(
    look: Look,
    body: &super::command::CreateProtectedInstance,
) -> Result<Plan, Refusal> {
    let world = look.world;
    free_label(world, body.label.as_deref())?;
    let op = Op::CreateProtectedInstance;
    let group = look.api_group(&body.server_group_id)?;
    look.or_well_formed(&body.server_id, "server", 210)?;
    gate(world, op, Some(group), None, None, None)?;
    tested(Asked {
        group: Some(group),
        name: body.name.as_deref(),
        description: body.description.as_deref(),
        create_instance: Some(body),
        server: look.server(&body.server_id).ok(),
        ..Asked::about(look, op)
    })?;
    let found = "the preconditions say that it exists";
    let server = look.server(&body.server_id).expect(found);
    let own = world.servers[server]
        .nics
        .first()
        .map(|&nic| world.nics[nic].subnet);
    let asked = body
        .primary_subnet_id
        .as_ref()
        .map(|s| look.subnet(s).expect(found));
    let ip = body
        .primary_ip_address
        .as_deref()
        .and_then(crate::sdrs::net::parse_ipv4)
        .map(u32::from);
    let nic = asked.or(own).and_then(|subnet| {
        ip.or_else(|| world.subnets[subnet].free_address())
            .map(|ip| (subnet, ip))
    });
    let flavor = match &body.flavor_ref {
        Some(flavor) => look.flavor(flavor).expect(found),
        None => world.servers[server].flavor,
    };
    Ok(Plan::CreateInstance(Box::new(CreateInstance {
        label: body.label.clone(),
        group,
        server,
        name: body.name.clone(),
        description: body.description.clone(),
        nic,
        flavor,
        tags: body
            .tags
            .iter()
            .map(|t| (t.key.clone(), t.value.clone().unwrap_or_default()))
            .collect(),
    })))
}

pub(super) fn delete_instance(
    look: Look,
    instance: &Ref,
    target_server: bool,
    target_eip: bool,
) -> Result<Plan, Refusal> {
    let op = Op::DeleteProtectedInstance;
    let instance = look.api_instance(instance)?;
    gate(look.world, op, None, Some(instance), None, None)?;
    tested(Asked {
        group: Some(look.world.instances[instance].group),
        target: target_server,
        target_eip,
        ..Asked::about(look, op)
    })?;
    Ok(Plan::DeleteInstance {
        instance,
        target_server,
        target_eip,
    })
}

pub(super) fn attach(
    look: Look,
    instance: &Ref,
    pair: &Ref,
    device: &str,
) -> Result<Plan, Refusal> {
    let op = Op::AttachReplicationPair;
    let world = look.world;
    let instance = look.api_instance(instance)?;
    let pair = look.api_pair(pair)?;
    let Ok(device) = device.parse::<Device>() else {
        let (parameter, value) = ("device".to_owned(), device.to_owned());
        return Err(Refusal::Parameter {
            code: Code::of(201),
            parameter,
            value,
        });
    };
    let device = device.on(hypervisor_of(world, instance));
    let group = world.instances[instance].group;
    gate(world, op, Some(group), Some(instance), Some(pair), None)?;
    tested(Asked {
        group: Some(group),
        instance: Some(instance),
        pair: Some(pair),
        device: Some(device),
        ..Asked::about(look, op)
    })?;
    Ok(Plan::Attach {
        instance,
        pair,
        device,
    })
}

pub(super) fn detach(look: Look, instance: &Ref, pair: &Ref) -> Result<Plan, Refusal> {
    let op = Op::DetachReplicationPair;
    let instance = look.api_instance(instance)?;
    let pair = look.api_pair(pair)?;
    let group = look.world.instances[instance].group;
    gate(
        look.world,
        op,
        Some(group),
        Some(instance),
        Some(pair),
        None,
    )?;
    tested(Asked {
        group: Some(group),
        instance: Some(instance),
        pair: Some(pair),
        ..Asked::about(look, op)
    })?;
    Ok(Plan::Detach { instance, pair })
}

pub(super) fn add_nic(
    look: Look,
    label: &Option<String>,
    instance: &Ref,
    subnet: &Ref,
    ip: Option<&str>,
) -> Result<Plan, Refusal> {
    let op = Op::AddNic;
    let world = look.world;
    free_label(world, label.as_deref())?;
    let instance = look.api_instance(instance)?;
    let group = world.instances[instance].group;
    gate(world, op, Some(group), Some(instance), None, None)?;
    tested(Asked {
        group: Some(group),
        instance: Some(instance),
        subnet: Some(subnet),
        text: ip,
        ..Asked::about(look, op)
    })?;
    let subnet = look
        .subnet(subnet)
        .expect("the preconditions say that it exists");
    let ip = ip.and_then(crate::sdrs::net::parse_ipv4).map(u32::from);
    let ip = ip.or_else(|| world.subnets[subnet].free_address());
    let server = world.instances[instance].servers[world.groups[group].station.index()];
    Ok(Plan::AddNic {
        instance,
        server: server.expect("an instance in these statuses has both servers"),
        label: label.clone(),
        subnet,
        ip: ip.expect("the preconditions say that an address is free"),
    })
}

pub(super) fn delete_nic(look: Look, instance: &Ref, nic: &Ref) -> Result<Plan, Refusal> {
    let op = Op::DeleteNic;
    let instance = look.api_instance(instance)?;
    look.or_well_formed(nic, "NIC", 223)?;
    let group = look.world.instances[instance].group;
    gate(look.world, op, Some(group), Some(instance), None, None)?;
    let found = look.nic(nic).ok();
    tested(Asked {
        group: Some(group),
        instance: Some(instance),
        nic: found,
        ..Asked::about(look, op)
    })?;
    Ok(Plan::DeleteNic {
        instance,
        nic: found.expect("the preconditions say that it exists"),
    })
}

pub(super) fn resize(look: Look, instance: &Ref, call: &Call) -> Result<Plan, Refusal> {
    let op = Op::ResizeProtectedInstance;
    let instance = look.api_instance(instance)?;
    let group = look.world.instances[instance].group;
    gate(look.world, op, Some(group), Some(instance), None, None)?;
    let question = Asked {
        group: Some(group),
        instance: Some(instance),
        resize: Some(call),
        ..Asked::about(look, op)
    };
    tested(question)?;
    let flavors = question
        .asked_flavors()
        .map(|asked| asked.map(|flavor| flavor.expect("the preconditions say that it exists")));
    Ok(Plan::Resize { instance, flavors })
}

pub(super) fn create_pair(
    look: Look,
    body: &super::command::CreateReplicationPair,
) -> Result<Plan, Refusal> {
    free_label(look.world, body.label.as_deref())?;
    let op = Op::CreateReplicationPair;
    let group = look.api_group(&body.server_group_id)?;
    look.or_well_formed(&body.volume_id, "disk", 211)?;
    gate(look.world, op, Some(group), None, None, None)?;
    let disk = look.disk(&body.volume_id).ok();
    tested(Asked {
        group: Some(group),
        name: body.name.as_deref(),
        description: body.description.as_deref(),
        disk,
        ..Asked::about(look, op)
    })?;
    Ok(Plan::CreatePair(Box::new(CreatePair {
        label: body.label.clone(),
        group,
        disk: disk.expect("the preconditions say that it exists"),
        name: body.name.clone(),
        description: body.description.clone(),
    })))
}

pub(super) fn delete_pair(
    look: Look,
    pair: &Ref,
    group: Option<&Ref>,
    target_volume: bool,
) -> Result<Plan, Refusal> {
    let op = Op::DeleteReplicationPair;
    let pair = look.api_pair(pair)?;
    if let Some(group) = group {
        look.or_well_formed(group, "protection group", 207)?;
    }
    let own = look.world.pairs[pair].group;
    gate(look.world, op, Some(own), None, Some(pair), None)?;
    tested(Asked {
        group: Some(own),
        pair: Some(pair),
        given_group: group,
        target: target_volume,
        ..Asked::about(look, op)
    })?;
    Ok(Plan::DeletePair {
        pair,
        target_volume,
    })
}

pub(super) fn expand(look: Look, pair: PairKey, gib: i64) -> Result<Plan, Refusal> {
    let op = Op::ExpandReplicationPair;
    gate(look.world, op, None, None, Some(pair), None)?;
    tested(Asked {
        group: Some(look.world.pairs[pair].group),
        pair: Some(pair),
        number: gib,
        ..Asked::about(look, op)
    })?;
    let gib =
        u64::try_from(gib).expect("the preconditions say that it is larger than the size now");
    Ok(Plan::Expand {
        pair,
        size: Bytes(gib << 30),
    })
}

pub(super) fn create_drill(
    look: Look,
    body: &super::command::CreateDrDrill,
) -> Result<Plan, Refusal> {
    free_label(look.world, body.label.as_deref())?;
    let op = Op::CreateDrDrill;
    let group = look.api_group(&body.server_group_id)?;
    gate(look.world, op, Some(group), None, None, None)?;
    tested(Asked {
        group: Some(group),
        name: body.name.as_deref(),
        drill_vpc: body.drill_vpc_id.as_ref(),
        ..Asked::about(look, op)
    })?;
    let vpc = body
        .drill_vpc_id
        .as_ref()
        .map(|vpc| look.vpc(vpc).expect("the preconditions say that it exists"));
    let (label, name) = (body.label.clone(), body.name.clone());
    Ok(Plan::CreateDrill(Box::new(CreateDrill {
        label,
        group,
        name,
        vpc,
    })))
}

pub(super) fn rename(look: Look, op: Op, who: Who, name: &str) -> Result<Plan, Refusal> {
    tested(Asked {
        name: Some(name),
        ..Asked::about(look, op)
    })?;
    Ok(Plan::Rename {
        who,
        name: name.to_owned(),
    })
}
