//! Views for those who look at the simulation itself: every resource as JSON, with labels beside the published ids.
//!
//! Groups, instances, pairs, drills and jobs keep their published fields; what the pages leave out is added under names
//! that they do not use: `label`, `transient` (an operation is under way and will end the status), and references by label
//! (`group`, `instances`, `server`, ...). The rest of the cloud, for which the service publishes no view, is written in
//! snake case with references by label throughout.

use super::{health, published};
use crate::sdrs::ids::format_uuid;
use crate::sdrs::status::Class;
use crate::time::SimTime;
use crate::units::Rate;
use crate::world::job::JobStatus;
use crate::world::machinery::{Act, Lock};
use crate::world::place::Arbitration;
use crate::world::topology::{Spot, UNLIMITED};
use crate::world::{DiskKey, NicKey, PairKey, ServerKey, Who, World};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::net::Ipv4Addr;

fn object(view: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(view) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

fn label(world: &World, who: Option<Who>) -> Value {
    who.map_or(Value::Null, |who| Value::String(world.label(who)))
}

fn labels(world: &World, all: impl Iterator<Item = Who>) -> Value {
    Value::Array(all.map(|who| Value::String(world.label(who))).collect())
}

/// The view of any resource; None if it does not exist.
pub fn view_of(world: &World, now: SimTime, who: Who) -> Option<Value> {
    let stable = world.stable(who)?;
    let mut map = match who {
        Who::Group(_) | Who::Instance(_) | Who::Pair(_) | Who::Drill(_) | Who::Job(_) => {
            protected(world, now, who)
        }
        _ => native(world, who),
    };
    if !map.contains_key("id") && !matches!(who, Who::Job(_)) {
        map.insert(
            "id".to_owned(),
            Value::String(format_uuid(world.uuid(stable))),
        );
    }
    for (key, value) in health::of(world, now, who) {
        map.insert(key.to_owned(), value);
    }
    map.insert("label".to_owned(), Value::String(world.label(who)));
    if let Some(status) = world.reported(who) {
        let is_transient = status.class() == Class::Transient;
        map.insert("transient".to_owned(), Value::Bool(is_transient));
    }
    Some(Value::Object(map))
}

/// Of the view of a pair the fields with these names, as [`view_of`] has them; None if one is not among the few that are known
/// here, or the pair does not exist. There may be millions of pairs, and a view has thirty fields.
pub fn some_of_pair(world: &World, key: PairKey, fields: &[&str]) -> Option<Value> {
    let pair = world.pairs.get(key)?;
    let mut map = Map::new();
    for &field in fields {
        let value = match field {
            "label" => label(world, Some(Who::Pair(key))),
            "name" => Value::String(world.name(world.pair_name(key)).into_owned()),
            "group" => label(world, Some(Who::Group(pair.group))),
            "status" => Value::String(published::status(world, Who::Pair(key)).name().to_owned()),
            _ => return None,
        };
        map.insert(field.to_owned(), value);
    }
    Some(Value::Object(map))
}

fn protected(world: &World, now: SimTime, who: Who) -> Map<String, Value> {
    let mut map;
    let mut add: Vec<(&str, Value)> = Vec::new();
    match who {
        Who::Group(key) => {
            map = object(&published::group(world, now, key));
            let g = &world.groups[key];
            add.push(("domain", label(world, Some(Who::Domain(g.domain)))));
            add.push(("vpc", label(world, Some(Who::Vpc(g.vpc)))));
            add.push((
                "instances",
                labels(world, g.instances.iter().map(Who::Instance)),
            ));
            add.push(("pairs", labels(world, g.pairs.iter().map(Who::Pair))));
            add.push((
                "drills",
                labels(world, g.drills.iter().map(|&d| Who::Drill(d))),
            ));
        }
        Who::Instance(key) => {
            map = object(&published::instance(world, now, key));
            let i = &world.instances[key];
            let station = world.groups[i.group].station;
            let server = |side: usize| label(world, i.servers[side].map(Who::Server));
            add.push(("group", label(world, Some(Who::Group(i.group)))));
            add.push(("servers", json!([server(0), server(1)])));
            add.push(("production_server", server(station.index())));
            add.push(("dr_server", server(station.other().index())));
            add.push((
                "pairs",
                labels(world, i.pairs.iter().map(|&p| Who::Pair(p))),
            ));
        }
        Who::Pair(key) => {
            map = object(&published::pair(world, now, key));
            let p = &world.pairs[key];
            let disk = |side: usize| label(world, world.disks_of(key)[side].map(Who::Disk));
            add.push(("group", label(world, Some(Who::Group(p.group)))));
            add.push(("disks", json!([disk(0), disk(1)])));
            add.push((
                "instances",
                labels(world, p.rest.attached.iter().map(|a| Who::Instance(a.0))),
            ));
        }
        Who::Drill(key) => {
            map = object(&published::drill(world, key));
            let d = &world.drills[key];
            add.push(("group", label(world, Some(Who::Group(d.group)))));
            add.push((
                "vpc",
                label(
                    world,
                    d.vpc.filter(|&v| world.vpcs.contains_key(v)).map(Who::Vpc),
                ),
            ));
            let alive = d.servers.iter().filter(|s| world.servers.contains_key(s.1));
            add.push(("servers", labels(world, alive.map(|s| Who::Server(s.1)))));
        }
        Who::Job(key) => {
            map = object(&published::job(world, now, key));
            let j = &world.jobs[key];
            let failed = j.subs.failures();
            add.push(("number", json!(j.number)));
            add.push(("operation", json!(j.op.name())));
            add.push((
                "group",
                label(
                    world,
                    j.group
                        .filter(|&g| world.groups.contains_key(g))
                        .map(Who::Group),
                ),
            ));
            add.push(("sub_jobs", json!(j.subs.len())));
            add.push(("failed_sub_jobs", json!(failed)));
            add.push((
                "ended",
                json!(matches!(j.status, JobStatus::Success | JobStatus::Fail)),
            ));
        }
        _ => map = Map::new(),
    }
    map.extend(add.into_iter().map(|(key, value)| (key.to_owned(), value)));
    map
}

fn native(world: &World, who: Who) -> Map<String, Value> {
    let value = match who {
        Who::Server(key) => server(world, key),
        Who::Disk(key) => disk(world, key),
        Who::Nic(key) => nic(world, key),
        Who::Project(key) => {
            let p = &world.projects[key];
            json!({ "frozen": p.frozen, "quotas": p.quotas, "usage": p.usage })
        }
        Who::Site(_) | Who::Az(_) | Who::Domain(_) => place(world, who),
        Who::Link(_) | Who::Node(_) | Who::Duct(_) => network(world, who),
        Who::Vpc(key) => {
            let v = &world.vpcs[key];
            json!({
                "name": world.name(v.name),
                "project": label(world, Some(Who::Project(v.project))),
                "cidr": v.cidr.to_string(),
                "subnets": labels(world, v.subnets.iter().map(|&s| Who::Subnet(s))),
                "drill": label(world, v.drill.map(Who::Drill)),
            })
        }
        Who::Subnet(key) => {
            let s = &world.subnets[key];
            json!({
                "vpc": label(world, Some(Who::Vpc(s.vpc))),
                "cidr": s.cidr.to_string(),
                "used": s.used.len(),
            })
        }
        Who::Eip(key) => {
            let e = &world.eips[key];
            json!({
                "address": Ipv4Addr::from(e.address).to_string(),
                "nic": label(world, e.nic.map(Who::Nic)),
                "project": label(world, Some(Who::Project(e.project))),
            })
        }
        Who::Flavor(key) => {
            let f = &world.flavors[key];
            let free = f
                .free
                .iter()
                .map(|(&az, &free)| (world.label(Who::Az(az)), json!(free)));
            let free: Map<String, Value> = free.collect();
            let startable = f
                .running
                .keys()
                .map(|&az| (world.label(Who::Az(az)), json!(f.startable(az))));
            let startable: Map<String, Value> = startable.collect();
            json!({
                "class": f.class,
                "vcpus": f.vcpus,
                "ram_mib": f.ram_mib,
                "free": free,
                "startable": startable,
            })
        }
        _ => Value::Null,
    };
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// What a site, AZ or domain is.
fn place(world: &World, who: Who) -> Value {
    match who {
        Who::Site(key) => {
            let mut azs: Vec<_> = world
                .azs
                .iter()
                .filter(|(_, az)| az.site == key)
                .map(|(az, _)| az)
                .collect();
            azs.sort_by_key(|&az| world.azs[az].serial);
            json!({ "azs": labels(world, azs.into_iter().map(Who::Az)) })
        }
        Who::Az(key) => {
            let az = &world.azs[key];
            json!({
                "site": label(world, Some(Who::Site(az.site))),
                "lit": world.is_lit(key),
                "writable": world.is_writable(key),
                "pool": { "capacity_bytes": az.pool.capacity.map(|bytes| bytes.0), "used_bytes": az.pool.used.0 },
            })
        }
        Who::Domain(key) => {
            let d = &world.domains[key];
            json!({
                "name": world.name(d.name),
                "sold_out": d.sold_out,
                "azs": labels(world, d.azs.into_iter().map(Who::Az)),
                "witness": match d.arbitration {
                    Arbitration::Static => Value::Null,
                    Arbitration::Witness { node, .. } => label(world, Some(Who::Node(node))),
                },
                "mode": d.mode.name(),
            })
        }
        _ => Value::Null,
    }
}

/// What a link, node or duct is now. Rates are null where nothing bounds them.
fn network(world: &World, who: Who) -> Value {
    let net = &world.topology;
    let rate = |rate: Rate| (rate != UNLIMITED).then_some(rate.0);
    match who {
        Who::Link(key) => {
            let link = &net.links[key];
            let ends = link.ends.into_iter().map(|spot| match spot {
                Spot::Az(az) => Who::Az(az),
                Spot::Node(node) => Who::Node(node),
            });
            json!({
                "between": labels(world, ends),
                "duct": label(world, link.duct.map(Who::Duct)),
                "usable": net.usable(key),
                "bytes_per_second": rate(net.capacity(key)),
                "latency_us": net.latency(key).as_micros(),
            })
        }
        Who::Node(key) => {
            let node = &net.nodes[key];
            json!({ "kind": node.kind.word(), "up": node.down == 0 })
        }
        Who::Duct(key) => json!({ "up": net.ducts[key].down == 0 }),
        _ => Value::Null,
    }
}

fn server(world: &World, key: ServerKey) -> Value {
    let s = &world.servers[key];
    let disks = s.disks.iter().map(|&(device, disk)| {
        (
            device.to_string(),
            Value::String(world.label(Who::Disk(disk))),
        )
    });
    let disks: Map<String, Value> = disks.collect();
    let primary = s.nics.first().map(|&nic| &world.nics[nic]);
    let eip = s.nics.iter().find_map(|&nic| world.nics[nic].eip);
    json!({
        "name": world.name(s.name),
        "project": label(world, Some(Who::Project(s.project))),
        "az": label(world, Some(Who::Az(s.az))),
        "vpc": label(world, Some(Who::Vpc(s.vpc))),
        "flavor": label(world, Some(Who::Flavor(s.flavor))),
        "power": s.power.name(),
        "act": s.act.map(Act::name),
        "usable": s.usable,
        "locked": s.lock != Lock::None,
        "fenced": s.fenced,
        "disks": disks,
        "nics": labels(world, s.nics.iter().map(|&n| Who::Nic(n))),
        "ip": primary.map(|nic| Ipv4Addr::from(nic.ip).to_string()),
        "mac": primary.map(|nic| mac(nic.mac)),
        "eip": label(world, eip.map(Who::Eip)),
        "instance": label(world, s.instance.map(Who::Instance)),
        "drill": label(world, s.drill.map(Who::Drill)),
    })
}

fn disk(world: &World, key: DiskKey) -> Value {
    let d = &world.disks[key];
    json!({
        "name": world.name(d.name()),
        "project": label(world, Some(Who::Project(d.project))),
        "az": label(world, Some(Who::Az(d.az))),
        "size_gib": d.size.gib_rounded_up(),
        "type": d.kind.name(),
        "status": d.status().name(),
        "bootable": d.bootable,
        "shared": d.shared,
        "encrypted": d.rest.encrypted,
        "locked": d.locked,
        "frozen": d.frozen,
        "grows_online": d.grows_online,
        "servers": labels(world, d.servers().iter().map(|&s| Who::Server(s))),
        "pair": label(world, d.pair.map(Who::Pair)),
        "drill": label(world, d.rest.drill.map(Who::Drill)),
    })
}

fn nic(world: &World, key: NicKey) -> Value {
    let n = &world.nics[key];
    json!({
        "subnet": label(world, Some(Who::Subnet(n.subnet))),
        "ip": Ipv4Addr::from(n.ip).to_string(),
        "mac": mac(n.mac),
        "server": label(world, n.server.map(Who::Server)),
        "primary": n.primary,
        "eip": label(world, n.eip.map(Who::Eip)),
    })
}

fn mac(bits: u64) -> String {
    let bytes = bits.to_be_bytes();
    bytes[2..]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .join(":")
}
