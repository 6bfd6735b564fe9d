//! The table and the views say the same: every view that the scenario tree and one richer world bring about has the
//! fields of its table and no others, with values of their kinds; and every field of the table comes up with a value.

use super::*;
use crate::engine::Observer;
use crate::machine::Effect;
use crate::report::Meter;
use crate::scenario::Scenario;
use crate::scenario::expect::Scope;
use crate::scenario::scope::Sight;
use crate::time::SimTime;
use crate::world::World;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// What the scenario tree has none of: frozen projects, attached NICs, flavors that run out.
const RICH: &str = "\
version: 1
projects: {iced: {frozen: true}}
sites: {north: {}, south: {}}
azs: {az-1: {site: north, pool: {capacity: 100 TiB}}, az-2: {site: south}}
domains: {metro: {azs: [az-1, az-2], arbitration: {witness: w, fallback_after: 30s}}}
network:
  witness: {w: {}}
  links:
    ab: {between: [az-1, az-2]}
    aw: {between: [az-1, w]}
    bw: {between: [az-2, w]}
flavors: {m1: {free: {az-1: 9, az-2: 9}, running: {az-1: 9}}}
vpcs:
  net: {cidr: 10.0.0.0/16, subnets: {lan: 10.0.1.0/24}}
  cold: {project: iced, cidr: 10.1.0.0/16, subnets: {low: 10.1.1.0/24}}
servers:
  vm: {project: iced, az: az-1, vpc: cold, flavor: m1, disks: {/dev/vda: {size: 40 GiB, bootable: true}}}
  own: {az: az-1, vpc: net, flavor: m1, disks: {/dev/vda: {size: 1 GiB, bootable: true}}}
groups:
  web: {project: iced, domain: metro, vpc: cold}
instances:
  app: {group: web, server: vm}
disks: {d: {az: az-1, size: 1 GiB}}
timeline:
  - call: {create_protection_group: {as: told, description: a, domain_id: metro, source_vpc_id: net, source_availability_zone: az-1, target_availability_zone: az-2}}
  - call: {create_protected_instance: {as: it, description: b, server_group_id: told, server_id: own}}
  - script: [{op: create_replication_pair, what: {fail: SDRS.1812}}]
  - call: {create_replication_pair: {as: lost, description: c, server_group_id: told, volume_id: d}}
";

/// What has come up, by path from a collection's word.
#[derive(Default)]
struct Seen {
    /// With a value.
    valued: BTreeSet<String>,
    wrong: BTreeSet<String>,
}

impl Seen {
    fn value(&mut self, path: &str, shape: Shape, value: &Value) {
        let fits = match (shape, value) {
            (Bool, Value::Bool(_)) | (Number, Value::Number(_)) | (Text, Value::String(_)) => true,
            (Label(_) | AnyLabel | Project, Value::String(_)) => true,
            (Words(words), Value::String(word)) => words().contains(&word.as_str()),
            (List(item), Value::Array(items)) => {
                for value in items.iter().filter(|value| !value.is_null()) {
                    self.value(&format!("{path}[]"), *item, value);
                }
                true
            }
            (Keyed(item), Value::Object(map)) => {
                for value in map.values() {
                    self.value(&format!("{path}.*"), *item, value);
                }
                true
            }
            (Object(fields), Value::Object(_)) => {
                self.object(path, fields, value);
                true
            }
            _ => false,
        };
        if !fits {
            self.wrong.insert(format!("{path} is {value}"));
        }
        self.valued.insert(path.to_owned());
    }

    fn object(&mut self, path: &str, fields: &[Field], view: &Value) {
        for key in view.as_object().into_iter().flatten().map(|(key, _)| key) {
            if fields.iter().all(|field| field.name != key) {
                self.wrong
                    .insert(format!("{path}.{key} is not in the table"));
            }
        }
        for field in fields {
            let path = format!("{path}.{}", field.name);
            match (view.get(field.name), field.presence) {
                (None, Presence::Optional) => {}
                (Some(Value::Null), Presence::Nullable | Presence::Reserved) => {}
                (Some(value), presence) if presence != Presence::Reserved && !value.is_null() => {
                    self.value(&path, field.shape, value);
                }
                (found, presence) => {
                    self.wrong
                        .insert(format!("{path} ({presence:?}) is {found:?}"));
                }
            }
        }
    }

    fn world(&mut self, world: &World, now: SimTime, meter: &Meter) {
        let sight = Sight {
            world,
            now,
            answer: None,
            meter: Some(meter),
        };
        for &collection in Collection::ALL {
            let fields = fields(collection);
            // Members past the first few of a collection are alike.
            let mut left = 12;
            sight.visit(collection, None, &mut |_, view| {
                if left > 0 {
                    left -= 1;
                    self.object(collection.plural(), fields, view);
                }
            });
        }
        for names in [
            &[][..],
            &["status"],
            &["label", "group"],
            &["name"],
            &["progress"],
        ] {
            // Members as they are seen by one who looks at these fields alone.
            let seen = |fields| {
                let mut seen = Vec::new();
                sight.visit(Collection::Pairs, fields, &mut |label, view| {
                    let values = names.iter().map(|&name| view[name].clone());
                    seen.push((label.to_owned(), values.collect::<Vec<_>>()));
                });
                seen
            };
            assert_eq!(seen(Some(names)), seen(None), "{names:?}");
        }
        if let Some(view) = sight.labelled("default") {
            self.object("default", PROJECT, &view);
        }
    }

    fn run(&mut self, file: &str, text: &str) {
        let scenario = Scenario::load(file, text).unwrap_or_else(|faults| panic!("{faults:#?}"));
        let small = text.len() < 3_000 && !text.contains("count: ");
        let meter = Meter::new(&scenario.world);
        let looker = Looker {
            seen: self,
            meter,
            small,
        };
        let outcome = scenario.start_watched(None, looker).run(&mut ());
        let (world, end, Looker { meter, .. }) = (outcome.world, outcome.end, outcome.observer);
        let meter = meter.settled(&world, end).into_owned();
        self.world(&world, end, &meter);
    }
}

/// Looks at the world at the end of each instant of a small scenario, and measures.
struct Looker<'a> {
    seen: &'a mut Seen,
    meter: Meter,
    small: bool,
}

impl Observer for Looker<'_> {
    fn see(&mut self, at: SimTime, world: &World, effect: &Effect) {
        self.meter.see(at, world, effect);
    }

    fn rest(&mut self, at: SimTime, world: &World) {
        self.meter.rest(at, world);
        if self.small {
            self.seen.world(world, at, &self.meter);
        }
    }
}

/// Every path that the table has below an object, but for those that are always null.
fn paths(path: &str, shape: Shape, all: &mut BTreeSet<String>) {
    match shape {
        Object(fields) => {
            for field in fields.iter().filter(|it| it.presence != Presence::Reserved) {
                let path = format!("{path}.{}", field.name);
                all.insert(path.clone());
                paths(&path, field.shape, all);
            }
        }
        List(item) => {
            all.insert(format!("{path}[]"));
            paths(&format!("{path}[]"), *item, all);
        }
        Keyed(item) => {
            all.insert(format!("{path}.*"));
            paths(&format!("{path}.*"), *item, all);
        }
        _ => {}
    }
}

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "yaml") {
            found.push(path);
        }
    }
}

#[test]
fn the_table_and_the_views_agree_for_every_kind() {
    let mut found = Vec::new();
    files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"),
        &mut found,
    );
    found.sort();
    let mut seen = Seen::default();
    seen.run("rich.yaml", RICH);
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        seen.run(&path.display().to_string(), &text);
    }
    assert!(seen.wrong.is_empty(), "{:#?}", seen.wrong);
    let mut all = BTreeSet::new();
    for &collection in Collection::ALL {
        paths(collection.plural(), Object(fields(collection)), &mut all);
    }
    paths("default", Object(PROJECT), &mut all);
    let never: Vec<_> = all.difference(&seen.valued).collect();
    assert!(never.is_empty(), "no view has a value for {never:#?}");
}
