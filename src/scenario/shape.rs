//! What views look like: the fields of every kind of thing that an expectation can see, and of what kind their values are.
//!
//! The views themselves are made by [`view_of`](crate::machine::query::view_of) and by [`scope`](super::scope) from the
//! state; this is the same knowledge as a table, so that a slip in an expectation is found before the run. It holds no
//! values. That the table and the views say the same, in both directions and for every kind, is what its tests prove.
//! Answers of the API are *not* in it: they are the published bodies, and an expectation reads them as they come.

use super::expect::{At, Collection, Step};
use super::figures::{DRILL_REPORT, FIGURES, REPORT};
use crate::sdrs::op::Op;
use crate::sdrs::status::Kind;
use crate::world::job::JobStatus;
use crate::world::machinery::{Act, DiskStatus, Power};
use crate::world::place::Mode;
use crate::world::protection::{Side, Verdict};
use crate::world::replica::Level;
use crate::world::topology::NodeKind;

/// A kind of value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// Any string.
    Text,
    /// A string that is one of these.
    Words(fn() -> Vec<&'static str>),
    /// A string that is the label of a thing of this collection.
    Label(Collection),
    /// A string that is the label of a project.
    Project,
    /// A string that is the label of a thing of any kind.
    AnyLabel,
    /// A list of such values.
    List(&'static Shape),
    /// An object with these fields.
    Object(&'static [Field]),
    /// An object whose keys the world gives, with such values.
    Keyed(&'static Shape),
}

/// Whether a field always has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// It has.
    Always,
    /// It may be null.
    Nullable,
    /// It is left out when it does not apply; never null.
    Optional,
    /// It is null in every view: the pages reserve it.
    Reserved,
}

/// A field of a view.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub shape: Shape,
    /// Whether it always has one.
    pub presence: Presence,
}

pub(super) const fn has(name: &'static str, shape: Shape) -> Field {
    let presence = Presence::Always;
    Field {
        name,
        shape,
        presence,
    }
}

pub(super) const fn maybe(name: &'static str, shape: Shape) -> Field {
    let presence = Presence::Nullable;
    Field {
        name,
        shape,
        presence,
    }
}

const fn optional(name: &'static str, shape: Shape) -> Field {
    let presence = Presence::Optional;
    Field {
        name,
        shape,
        presence,
    }
}

const fn reserved(name: &'static str) -> Field {
    let (shape, presence) = (Text, Presence::Reserved);
    Field {
        name,
        shape,
        presence,
    }
}

use Collection::{
    Disks, Domains, Drills, Eips, Flavors, Groups, Instances, Nics, Pairs, Servers, Sites, Subnets,
    Vpcs, Zones,
};
use Shape::{AnyLabel, Bool, Keyed, Label, List, Number, Object, Project, Text, Words};

fn statuses(kind: Kind) -> Vec<&'static str> {
    kind.published()
        .iter()
        .map(|status| status.name())
        .collect()
}

const STATION: Shape = Words(|| [Side::Source, Side::Target].map(Side::name).to_vec());
const REPLICATION: Shape = Words(|| vec!["inactive", "copying", "active", "active-stopped"]);
const JOB_STATUS: Shape = Words(|| {
    use JobStatus::{Fail, Init, Running, Success};
    [Init, Running, Success, Fail].map(JobStatus::name).to_vec()
});
const OPERATION: Shape = Words(|| Op::ALL.iter().map(|op| op.name()).collect());
const POWER: Shape = Words(|| {
    [Power::Active, Power::Shutoff, Power::Error]
        .map(Power::name)
        .to_vec()
});
const ACT: Shape = Words(|| {
    [Act::Boot, Act::Shutdown, Act::Reboot]
        .map(Act::name)
        .to_vec()
});
const DISK_STATUS: Shape = Words(|| {
    use DiskStatus::{Available, Error, InUse};
    [Available, InUse, Error].map(DiskStatus::name).to_vec()
});
const MODE: Shape = Words(|| {
    [Mode::Witness, Mode::Window, Mode::Static]
        .map(Mode::name)
        .to_vec()
});
const NODE_KIND: Shape = Words(|| {
    [NodeKind::Relay, NodeKind::Witness]
        .map(NodeKind::word)
        .to_vec()
});
const VERDICT: Shape = Words(|| {
    use Verdict::{DrSide, Neither, Production};
    [Production, DrSide, Neither].map(Verdict::word).to_vec()
});
const LEVEL: Shape = Words(|| {
    use Level::{Five, Two, Zero};
    [Zero, Two, Five].map(Level::name).to_vec()
});
const QUOTA: Shape = Words(|| super::scope::QUOTAS.to_vec());

const GROUP: &[Field] = &[
    has("id", Text),
    has("label", Text),
    has("name", Text),
    maybe("description", Text),
    has("source_availability_zone", Label(Zones)),
    has("target_availability_zone", Label(Zones)),
    has("domain_id", Text),
    has("domain_name", Text),
    has("status", Words(|| statuses(Kind::ProtectionGroup))),
    has("transient", Bool),
    has("protected_status", Words(|| vec!["started", "stopped"])),
    has("replication_status", REPLICATION),
    has("health_status", Words(|| vec!["normal", "abnormal"])),
    has("progress", Number),
    has("priority_station", STATION),
    has("protected_instance_num", Number),
    has("replication_num", Number),
    has("disaster_recovery_drill_num", Number),
    has("source_vpc_id", Text),
    has("target_vpc_id", Text),
    reserved("test_vpc_id"),
    has("dr_type", Text),
    has("server_type", Text),
    has("created_at", Text),
    has("updated_at", Text),
    maybe("protection_type", Text),
    reserved("replication_model"),
    has("domain", Label(Domains)),
    has("vpc", Label(Vpcs)),
    has("instances", List(&Label(Instances))),
    has("pairs", List(&Label(Pairs))),
    has("drills", List(&Label(Drills))),
    maybe("cut", VERDICT),
    maybe("serves", Bool),
    maybe("consistent", Bool),
    maybe("rpo_us", Number),
    maybe("skew_us", Number),
    maybe("bytes_lost", Number),
    has(FIGURES, Object(REPORT)),
];

const INSTANCE: &[Field] = &[
    has("id", Text),
    has("label", Text),
    has("name", Text),
    maybe("description", Text),
    has("server_group_id", Text),
    has("status", Words(|| statuses(Kind::ProtectedInstance))),
    has("transient", Bool),
    has("progress", Number),
    has("source_server", Text),
    has("target_server", Text),
    has("created_at", Text),
    has("updated_at", Text),
    has("priority_station", STATION),
    has(
        "attachment",
        List(&Object(&[has("replication", Text), has("device", Text)])),
    ),
    has(
        "tags",
        List(&Object(&[has("key", Text), has("value", Text)])),
    ),
    has("metadata", Object(&[optional("__system__frozen", Text)])),
    has("group", Label(Groups)),
    has("servers", List(&Label(Servers))),
    maybe("production_server", Label(Servers)),
    maybe("dr_server", Label(Servers)),
    has("pairs", List(&Label(Pairs))),
    has("serves", Bool),
    has("fault_level", LEVEL),
    has(FIGURES, Object(REPORT)),
];

const PAIR: &[Field] = &[
    has("id", Text),
    has("label", Text),
    has("name", Text),
    maybe("description", Text),
    has("replication_model", Text),
    has("status", Words(|| statuses(Kind::ReplicationPair))),
    has("transient", Bool),
    has("progress", Number),
    has("replication_status", REPLICATION),
    has(
        "attachment",
        List(&Object(&[
            has("device", Text),
            has("protected_instance", Text),
        ])),
    ),
    has("server_group_id", Text),
    has("volume_ids", Text),
    has("priority_station", STATION),
    has("fault_level", LEVEL),
    has("created_at", Text),
    has("updated_at", Text),
    has(
        "record_metadata",
        Object(&[
            has("multiattach", Bool),
            has("bootable", Bool),
            has("volume_size", Number),
            has("volume_type", Text),
        ]),
    ),
    optional("failure_detail", Text),
    has("group", Label(Groups)),
    has("disks", List(&Label(Disks))),
    has("instances", List(&Label(Instances))),
    has("consistent", Bool),
    has("stalled", Bool),
    has("left_bytes", Number),
    maybe("rpo_us", Number),
    maybe("bytes_lost", Number),
    has("write_bytes_per_second", Number),
    maybe("write_latency_us", Number),
];

const DRILL: &[Field] = &[
    has("id", Text),
    has("label", Text),
    has("name", Text),
    has("status", Words(|| statuses(Kind::DisasterRecoveryDrill))),
    has("transient", Bool),
    has("server_group_id", Text),
    has("drill_vpc_id", Text),
    has("created_at", Text),
    has("updated_at", Text),
    has(
        "drill_servers",
        List(&Object(&[
            has("protected_instance", Text),
            has("drill_server_id", Text),
        ])),
    ),
    has("group", Label(Groups)),
    maybe("vpc", Label(Vpcs)),
    has("servers", List(&Label(Servers))),
    has("rescue", Bool),
    maybe("boots", Bool),
    maybe("rpo_us", Number),
    maybe("skew_us", Number),
    maybe("bytes_lost", Number),
    maybe(FIGURES, Object(DRILL_REPORT)),
];

const SUB_JOB: &[Field] = &[
    has("status", JOB_STATUS),
    has(
        "entities",
        Object(&[
            optional("server_group_id", Text),
            optional("replication_pair_id", Text),
        ]),
    ),
    has("job_id", Text),
    has("job_type", Text),
    maybe("begin_time", Text),
    maybe("end_time", Text),
    maybe("error_code", Text),
    maybe("fail_reason", Text),
];

const JOB: &[Field] = &[
    has("label", Text),
    has("number", Number),
    has("operation", OPERATION),
    has("status", JOB_STATUS),
    has(
        "entities",
        Object(&[
            optional("server_group_id", Text),
            optional("protected_instance_id", Text),
            optional("replication_pair_id", Text),
            optional("disaster_recovery_drill_id", Text),
            optional("nic_id", Text),
            optional("sub_jobs", List(&Object(SUB_JOB))),
        ]),
    ),
    has("job_id", Text),
    has("job_type", Text),
    maybe("begin_time", Text),
    maybe("end_time", Text),
    maybe("error_code", Text),
    maybe("fail_reason", Text),
    maybe("group", Label(Groups)),
    has("sub_jobs", Number),
    has("failed_sub_jobs", Number),
    has("ended", Bool),
];

const TASK: &[Field] = &[
    has("label", Text),
    has("job", Number),
    has("operation", OPERATION),
    maybe("resource", AnyLabel),
    has("resource_name", Text),
    maybe("group", Label(Groups)),
    has("group_level", Bool),
    has("error_code", Text),
    has("project", Project),
];

const DOMAIN: &[Field] = &[
    has("id", Text),
    has("label", Text),
    has("name", Text),
    has("sold_out", Bool),
    has("azs", List(&Label(Zones))),
    maybe("witness", AnyLabel),
    has("mode", MODE),
];

const LIMIT: &[Field] = &[
    has("label", Text),
    has("type", QUOTA),
    has("project", Project),
    has("used", Number),
    has("quota", Number),
];

const SITE: &[Field] = &[
    has("id", Text),
    has("label", Text),
    has("azs", List(&Label(Zones))),
];

const ZONE: &[Field] = &[
    has("id", Text),
    has("label", Text),
    has("site", Label(Sites)),
    has("lit", Bool),
    has("writable", Bool),
    has(
        "pool",
        Object(&[maybe("capacity_bytes", Number), has("used_bytes", Number)]),
    ),
];

/// The fields of a link.
pub(super) const LINK: &[Field] = &[
    has("id", Text),
    has("label", Text),
    has("between", List(&AnyLabel)),
    maybe("duct", AnyLabel),
    has("usable", Bool),
    maybe("bytes_per_second", Number),
    has("latency_us", Number),
];

/// The fields of a relay or a witness.
pub(super) const NODE: &[Field] = &[
    has("id", Text),
    has("label", Text),
    has("kind", NODE_KIND),
    has("up", Bool),
];

/// The fields of a duct.
pub(super) const DUCT: &[Field] = &[has("id", Text), has("label", Text), has("up", Bool)];

const SERVER: &[Field] = &[
    has("id", Text),
    has("label", Text),
    has("name", Text),
    has("project", Project),
    has("az", Label(Zones)),
    has("vpc", Label(Vpcs)),
    has("flavor", Label(Flavors)),
    has("power", POWER),
    maybe("act", ACT),
    has("usable", Bool),
    has("locked", Bool),
    has("fenced", Bool),
    has("disks", Keyed(&Label(Disks))),
    has("nics", List(&Label(Nics))),
    maybe("ip", Text),
    maybe("mac", Text),
    maybe("eip", Label(Eips)),
    maybe("instance", Label(Instances)),
    maybe("drill", Label(Drills)),
    has("serves", Bool),
    has("lost", Bool),
];

const DISK: &[Field] = &[
    has("id", Text),
    has("label", Text),
    has("name", Text),
    has("project", Project),
    has("az", Label(Zones)),
    has("size_gib", Number),
    has("type", Text),
    has("status", DISK_STATUS),
    has("bootable", Bool),
    has("shared", Bool),
    has("encrypted", Bool),
    has("locked", Bool),
    has("frozen", Bool),
    has("grows_online", Bool),
    has("servers", List(&Label(Servers))),
    maybe("pair", Label(Pairs)),
    maybe("drill", Label(Drills)),
    has("usable", Bool),
    has("damaged", Bool),
    has("blank", Bool),
];

const NIC: &[Field] = &[
    has("id", Text),
    has("label", Text),
    has("subnet", Label(Subnets)),
    has("ip", Text),
    has("mac", Text),
    maybe("server", Label(Servers)),
    has("primary", Bool),
    maybe("eip", Label(Eips)),
];

const VPC: &[Field] = &[
    has("id", Text),
    has("label", Text),
    has("name", Text),
    has("project", Project),
    has("cidr", Text),
    has("subnets", List(&Label(Subnets))),
    maybe("drill", Label(Drills)),
];

const SUBNET: &[Field] = &[
    has("id", Text),
    has("label", Text),
    has("vpc", Label(Vpcs)),
    has("cidr", Text),
    has("used", Number),
];

const EIP: &[Field] = &[
    has("id", Text),
    has("label", Text),
    has("address", Text),
    maybe("nic", Label(Nics)),
    has("project", Project),
];

const FLAVOR: &[Field] = &[
    has("id", Text),
    has("label", Text),
    has("class", Text),
    has("vcpus", Number),
    has("ram_mib", Number),
    has("free", Keyed(&Number)),
    has("startable", Keyed(&Number)),
];

/// The fields of a project, which has a label but is in no collection.
pub(super) const PROJECT: &[Field] = &[
    has("id", Text),
    has("label", Text),
    has("frozen", Bool),
    has(
        "quotas",
        Object(&[
            has("server_groups", Number),
            has("replications", Number),
            has("instances_per_group", Number),
            has("unattached_pairs", Number),
            has("vpcs", Number),
            has("subnets", Number),
        ]),
    ),
    has(
        "usage",
        Object(&[
            has("server_groups", Number),
            has("replications", Number),
            has("unattached_pairs", Number),
            has("vpcs", Number),
            has("subnets", Number),
        ]),
    ),
];

/// The fields of the members of a collection. Dedicated storage pools have no view, so they have none.
pub(super) const fn fields(collection: Collection) -> &'static [Field] {
    match collection {
        Collection::Groups => GROUP,
        Collection::Instances => INSTANCE,
        Collection::Pairs => PAIR,
        Collection::Drills => DRILL,
        Collection::Jobs => JOB,
        Collection::Tasks => TASK,
        Collection::Domains => DOMAIN,
        Collection::Quotas => LIMIT,
        Collection::Sites => SITE,
        Collection::Zones => ZONE,
        Collection::Servers => SERVER,
        Collection::Disks => DISK,
        Collection::Nics => NIC,
        Collection::Vpcs => VPC,
        Collection::Subnets => SUBNET,
        Collection::Eips => EIP,
        Collection::Flavors => FLAVOR,
        Collection::Pools => &[],
    }
}

/// Whether views of a collection (None: of some collection) may leave out the field that a path leads to.
pub(super) fn may_lack(collection: Option<Collection>, path: &[At<Step>]) -> bool {
    let lacks = |collection: Collection| {
        let mut shape = Object(fields(collection));
        let mut presence = Presence::Always;
        for step in path {
            shape = match (shape, &step.it) {
                (Object(fields), Step::Field(name)) => {
                    let Some(field) = fields.iter().find(|field| field.name == name) else {
                        return false;
                    };
                    presence = field.presence;
                    field.shape
                }
                (List(item), Step::Index(_)) => *item,
                _ => return false,
            };
        }
        presence == Presence::Optional
    };
    match collection {
        Some(collection) => lacks(collection),
        None => Collection::ALL.iter().copied().any(lacks),
    }
}

#[cfg(test)]
#[path = "shape_tests.rs"]
mod tests;
