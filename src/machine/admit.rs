//! Whether the world takes a command: the only place that refuses.
//!
//! The order is the published one: the input is well-formed, the resources exist, their statuses admit the operation
//! (group, instance, pair, drill), nothing else runs on what it would touch, and then the preconditions in the order of
//! the table. [`admit()`] reads the world and changes nothing; what it hands on can only be given to `commit`.

use super::asks::*;
use super::command::{Ask, Call, Command};
use super::data;
use super::native::{self, NativePlan};
use super::needs::{Asked, broken};
use super::refusal::Refusal;
use super::resolve::Look;
use super::tags;
use crate::sdrs::codes::Code;
use crate::sdrs::device::Device;
use crate::sdrs::op::Op;
use crate::sdrs::policy::{Policies, Policy, PolicySet};
use crate::sdrs::rules::rule;
use crate::sdrs::status::{Kind, Status};
use crate::units::{Bytes, Rate};
use crate::world::protection::{ProtectionType, Side};
use crate::world::replica::Level;
use crate::world::{
    AzKey, DiskKey, DomainKey, DrillKey, FlavorKey, GroupKey, InstanceKey, NicKey, PairKey,
    ProjectKey, ServerKey, SubnetKey, TaskKey, VpcKey, Who, World,
};

/// A command that the world takes, with everything looked up. Only [`admit()`] makes one.
#[derive(Clone, Debug)]
pub struct Admitted(pub(super) Plan);

/// What to carry out.
#[derive(Clone, Debug)]
pub(super) enum Plan {
    GroupOp {
        op: Op,
        group: GroupKey,
        aim: Side,
    },
    CreateGroup(Box<CreateGroup>),
    DeleteGroup(GroupKey),
    CreateInstance(Box<CreateInstance>),
    DeleteInstance {
        instance: InstanceKey,
        target_server: bool,
        target_eip: bool,
    },
    Attach {
        instance: InstanceKey,
        pair: PairKey,
        device: Device,
    },
    Detach {
        instance: InstanceKey,
        pair: PairKey,
    },
    AddNic {
        instance: InstanceKey,
        server: ServerKey,
        label: Option<String>,
        subnet: SubnetKey,
        ip: u32,
    },
    DeleteNic {
        instance: InstanceKey,
        nic: NicKey,
    },
    Resize {
        instance: InstanceKey,
        flavors: [Option<FlavorKey>; 2],
    },
    CreatePair(Box<CreatePair>),
    DeletePair {
        pair: PairKey,
        target_volume: bool,
    },
    Expand {
        pair: PairKey,
        size: Bytes,
    },
    CreateDrill(Box<CreateDrill>),
    DeleteDrill(DrillKey),
    Rename {
        who: Who,
        name: String,
    },
    SetTags {
        instance: InstanceKey,
        tags: Vec<(String, String)>,
    },
    DropTags {
        instance: InstanceKey,
        keys: Vec<String>,
    },
    DropTasks(Vec<TaskKey>),
    Native(NativePlan),
}

#[derive(Clone, Debug)]
pub(super) struct CreateGroup {
    pub label: Option<String>,
    pub project: ProjectKey,
    pub name: Option<String>,
    pub description: Option<String>,
    pub domain: DomainKey,
    pub azs: [AzKey; 2],
    pub vpc: VpcKey,
    pub protection: ProtectionType,
    pub copy_rate: Option<Rate>,
}

#[derive(Clone, Debug)]
pub(super) struct CreateInstance {
    pub label: Option<String>,
    pub group: GroupKey,
    pub server: ServerKey,
    pub name: Option<String>,
    pub description: Option<String>,
    /// The subnet and address of the DR server's primary NIC; None if the server has none either.
    pub nic: Option<(SubnetKey, u32)>,
    pub flavor: FlavorKey,
    pub tags: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
pub(super) struct CreatePair {
    pub label: Option<String>,
    pub group: GroupKey,
    pub disk: DiskKey,
    pub name: Option<String>,
    pub description: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct CreateDrill {
    pub label: Option<String>,
    pub group: GroupKey,
    pub name: Option<String>,
    pub vpc: Option<VpcKey>,
}

/// Decides whether the world takes a command now. Never changes anything; see the module for the order of the questions.
pub fn admit(world: &World, command: &Command) -> Result<Admitted, Refusal> {
    admit_under(world, world.settings.policies, command)
}

/// The same as it would be under these policies.
pub(crate) fn admit_under(
    world: &World,
    policies: Policies,
    command: &Command,
) -> Result<Admitted, Refusal> {
    if world.is_control_down() && matches!(command.ask, Ask::Call(_)) {
        return Err(Refusal::Unavailable { code: CONTROL_DOWN });
    }
    let project = project_of(world, command.project.as_deref())?;
    let look = Look {
        world,
        project,
        policies,
    };
    match &command.ask {
        Ask::Call(call) => admit_call(look, call),
        Ask::Native(act) => native::admit(look, act).map(Plan::Native),
    }
    .map(Admitted)
}

/// The policies of which another value would have decided differently whether the world takes a command now.
pub fn hangs_on(world: &World, command: &Command) -> PolicySet {
    let mut set = PolicySet::default();
    let decides = matches!(
        command.ask,
        Ask::Native(_) | Ask::Call(Call::Failover { .. } | Call::GroupAction { .. })
    );
    if !decides || is_calm_for(world, command) {
        return set;
    }
    // A refusal for another reason under the same code is no other decision.
    let outcome = |policies| match admit_under(world, policies, command) {
        Ok(_) => Ok(()),
        Err(refusal) => Err(refusal.code()),
    };
    let ours = outcome(world.settings.policies);
    for &policy in Policy::ALL {
        if outcome(world.settings.policies.but(policy)) != ours {
            set.add(policy);
        }
    }
    set
}

/// Whether a call is for a group that no policy says anything about now: policies decide on a failover where the production
/// AZ is dark or a pair is behind.
fn is_calm_for(world: &World, command: &Command) -> bool {
    let Ask::Call(Call::Failover { group } | Call::GroupAction { group, .. }) = &command.ask else {
        return false;
    };
    let Ok(project) = project_of(world, command.project.as_deref()) else {
        return true;
    };
    let Ok(Who::Group(group)) = group.find(world, project) else {
        return true;
    };
    let az = world.production_az(&world.groups[group]);
    world.is_lit(az) && !data::any_at(world, group, Level::Five)
}

/// The code with which a control plane that is down answers every call, as HTTP 500.
pub(crate) const CONTROL_DOWN: Code = Code::of(13);

/// The project with this label; the default one if none is named.
pub(crate) fn project_of(world: &World, label: Option<&str>) -> Result<ProjectKey, Refusal> {
    match label {
        None => Ok(world.default_project),
        Some(label) => match world.find(label) {
            Some(Who::Project(project)) => Ok(project),
            _ => Err(Refusal::NoProject(label.to_owned())),
        },
    }
}

fn admit_call(look: Look, call: &Call) -> Result<Plan, Refusal> {
    match call {
        Call::StartProtection { group } | Call::Reprotect { group } => start(look, group),
        Call::StopProtection { group } => group_op(look, Op::StopProtection, group, None),
        Call::Failover { group } => group_op(look, Op::Failover, group, None),
        Call::PlannedFailover {
            group,
            priority_station,
        } => group_op(look, Op::PlannedFailover, group, Some(priority_station)),
        Call::GroupAction {
            group,
            actions,
            priority_station,
        } => group_action(look, group, actions, priority_station),
        Call::PairAction {
            pair,
            actions,
            new_size,
        } => {
            let pair_key = look.api_pair(pair)?;
            match actions.as_slice() {
                [action] if action == "extend-replication" => expand(look, pair_key, new_size.0),
                _ => Err(Refusal::Action {
                    code: Code::of(206),
                }),
            }
        }
        Call::CreateProtectionGroup(body) => create_group(look, body),
        Call::DeleteProtectionGroup { group } => {
            let group = look.api_group(group)?;
            gate(
                look.world,
                Op::DeleteProtectionGroup,
                Some(group),
                None,
                None,
                None,
            )?;
            tested(Asked {
                group: Some(group),
                ..Asked::about(look, Op::DeleteProtectionGroup)
            })?;
            Ok(Plan::DeleteGroup(group))
        }
        Call::CreateProtectedInstance(body) => create_instance(look, body),
        Call::DeleteProtectedInstance {
            instance,
            delete_target_server,
            delete_target_eip,
        } => delete_instance(look, instance, *delete_target_server, *delete_target_eip),
        Call::AttachReplicationPair {
            instance,
            pair,
            device,
        } => attach(look, instance, pair, device),
        Call::DetachReplicationPair { instance, pair } => detach(look, instance, pair),
        Call::AddNic {
            label,
            instance,
            subnet_id,
            ip_address,
        } => add_nic(look, label, instance, subnet_id, ip_address.as_deref()),
        Call::DeleteNic { instance, nic_id } => delete_nic(look, instance, nic_id),
        Call::ResizeProtectedInstance { instance, .. } => resize(look, instance, call),
        Call::CreateReplicationPair(body) => create_pair(look, body),
        Call::DeleteReplicationPair {
            pair,
            server_group_id,
            delete_target_volume,
        } => delete_pair(look, pair, server_group_id.as_ref(), *delete_target_volume),
        Call::ExpandReplicationPair { pair, new_size } => {
            let pair = look.api_pair(pair)?;
            expand(look, pair, new_size.0)
        }
        Call::CreateDrDrill(body) => create_drill(look, body),
        Call::DeleteDrDrill { drill } => {
            let drill = look.api_drill(drill)?;
            gate(look.world, Op::DeleteDrDrill, None, None, None, Some(drill))?;
            Ok(Plan::DeleteDrill(drill))
        }
        Call::RenameProtectionGroup { group, name } => rename(
            look,
            Op::RenameProtectionGroup,
            Who::Group(look.api_group(group)?),
            name,
        ),
        Call::RenameProtectedInstance { instance, name } => rename(
            look,
            Op::RenameProtectedInstance,
            Who::Instance(look.api_instance(instance)?),
            name,
        ),
        Call::RenameReplicationPair { pair, name } => rename(
            look,
            Op::RenameReplicationPair,
            Who::Pair(look.api_pair(pair)?),
            name,
        ),
        Call::RenameDrDrill { drill, name } => rename(
            look,
            Op::RenameDrDrill,
            Who::Drill(look.api_drill(drill)?),
            name,
        ),
        Call::AddTag { .. }
        | Call::BatchAddTags { .. }
        | Call::BatchDeleteTags { .. }
        | Call::TagAction { .. }
        | Call::DeleteTag { .. } => tags::admit(look, call),
        Call::DeleteFailedTask { task } => super::tasks::one(look, task),
        Call::DeleteGroupFailedTasks { group } => {
            let group = look.api_group(group)?;
            Ok(Plan::DropTasks(super::tasks::of_group(look, group)))
        }
        Call::DeleteAllFailedTasks {} => Ok(Plan::DropTasks(super::tasks::of_group_level(look))),
    }
}

/// Asks the statuses of everything an operation names, in the published order, and whether it is busy.
pub(super) fn gate(
    world: &World,
    op: Op,
    group: Option<GroupKey>,
    instance: Option<InstanceKey>,
    pair: Option<PairKey>,
    drill: Option<DrillKey>,
) -> Result<(), Refusal> {
    let asked = [
        group.map(Who::Group),
        instance.map(Who::Instance),
        pair.map(Who::Pair),
        drill.map(Who::Drill),
    ];
    let row = rule(op);
    for who in asked.into_iter().flatten() {
        let kind = who
            .kind()
            .expect("the four kinds asked about have statuses");
        let Some(admits) = row.admitted_in(kind) else {
            continue;
        };
        let status = world.reported(who).expect("the resource was found");
        // Group operations treat `fault` as `protected`; a group itself never shows it.
        if !admits.statuses.contains(&status) {
            return Err(Refusal::Status {
                code: admits.code,
                op,
                kind,
                status,
            });
        }
    }
    if let Some(instance) = instance
        && op == Op::DeleteProtectedInstance
        && world.instances[instance].busy > 0
    {
        return Err(Refusal::Busy {
            code: Code::of(1301),
            op,
            kind: Kind::ReplicationPair,
        });
    }
    if let Some(pair) = pair
        && let Some(admits) = row.admitted_in(Kind::ReplicationPair)
        && is_being_detached(world, pair)
    {
        return Err(Refusal::Busy {
            code: admits.code,
            op,
            kind: Kind::ProtectedInstance,
        });
    }
    if let Some(group) = group
        && row.is_group_operation()
        && world.groups[group].busy > 0
    {
        return Err(Refusal::Busy {
            code: Code::of(1002),
            op,
            kind: Kind::ProtectedInstance,
        });
    }
    Ok(())
}

/// Whether an instance that the pair is attached to is being deleted, which will detach the pair.
fn is_being_detached(world: &World, pair: PairKey) -> bool {
    let attached = world.pairs[pair].rest.attached.iter();
    attached
        .clone()
        .any(|&(instance, _)| world.instances[instance].life.status == Status::Deleting)
}

/// Tests the preconditions of the operation's row in their order.
pub(super) fn tested(question: Asked) -> Result<(), Refusal> {
    for &(need, code) in rule(question.op).needs {
        if let Some(instead) = broken(need, &question) {
            let code = instead.unwrap_or(code);
            return Err(Refusal::Need {
                code,
                op: question.op,
                need,
            });
        }
    }
    Ok(())
}

/// A label that the command gives to what it makes must be free. Labels are ours, so this comes before the service's questions.
pub(super) fn free_label(world: &World, label: Option<&str>) -> Result<(), Refusal> {
    match label {
        Some(label) if world.find(label).is_some() => Err(Refusal::LabelTaken(label.to_owned())),
        _ => Ok(()),
    }
}
