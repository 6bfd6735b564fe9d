//! The faults of a timeline, checked: every target exists and is of its kind, and every flag has something to say.

use super::names::{Kind, Names};
use super::source::Source;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::model::{FaultModel, OneOrMany};
use crate::scenario::yaml::{Location, Spanned};
use crate::time::Span;
use crate::world::fault::Blow;
use crate::world::topology::Slow;
use crate::world::{Who, World};

/// What a fault does to its targets.
#[derive(Clone, Copy, Debug)]
enum Harm {
    Down { destroyed: bool },
    Storage { read_only: bool },
    Slow(Slow),
}

/// A fault with its targets by label.
#[derive(Clone, Debug)]
pub(in crate::scenario) struct Fault {
    targets: Vec<(String, Harm)>,
    control: bool,
}

impl Fault {
    /// What strikes whom in a world, in the order of the file; the label of a target that is gone instead.
    pub fn blows<'a>(&'a self, world: &'a World) -> impl Iterator<Item = Result<Blow, &'a str>> {
        let targets = self.targets.iter().map(|(label, harm)| {
            let who = world.find(label);
            who.and_then(|who| blow(who, *harm)).ok_or(label.as_str())
        });
        targets.chain(self.control.then_some(Ok(Blow::Control)))
    }

    /// Whether something that broke is one of the targets, or holds one: a site its AZs, a duct its links. For the nth of
    /// so many members, of as many targets the nth is meant, and of any other number all.
    pub fn is_struck_by(&self, world: &World, struck: Blow, member: Option<(u32, u32)>) -> bool {
        let targets = match member {
            Some((n, count)) if self.targets.len() == count as usize => {
                &self.targets[n as usize - 1..n as usize]
            }
            _ => self.targets.as_slice(),
        };
        let mut targets = targets.iter().filter_map(|(label, harm)| {
            let who = world.find(label)?;
            blow(who, *harm)
        });
        (self.control && struck == Blow::Control) || targets.any(|own| holds(world, struck, own))
    }
}

fn blow(who: Who, harm: Harm) -> Option<Blow> {
    let destroyed = matches!(harm, Harm::Down { destroyed: true });
    Some(match (who, harm) {
        (Who::Az(az), Harm::Storage { read_only }) => Blow::Pool { az, read_only },
        (Who::Link(link), Harm::Slow(slow)) => Blow::Slow { link, slow },
        (Who::Az(az), _) => Blow::Az { az, destroyed },
        (Who::Site(site), _) => Blow::Site { site, destroyed },
        (Who::Link(link), _) => Blow::Link { link },
        (Who::Duct(duct), _) => Blow::Duct { duct },
        (Who::Node(node), _) => Blow::Node { node },
        (Who::Disk(disk), _) => Blow::Disk { disk, destroyed },
        (Who::Server(server), _) => Blow::Server { server, destroyed },
        _ => return None,
    })
}

/// Whether a blow is of the same kind and target as another, whatever else they say, or strikes what holds that.
fn holds(world: &World, struck: Blow, own: Blow) -> bool {
    match (struck, own) {
        (Blow::Site { site, .. }, Blow::Az { az, .. }) => world.azs[az].site == site,
        (Blow::Duct { duct }, Blow::Link { link }) => world.topology.links[link].duct == Some(duct),
        _ => {
            let alike = std::mem::discriminant(&struck) == std::mem::discriminant(&own);
            alike && struck.target() == own.target()
        }
    }
}

type Checked<T> = Result<T, Box<Diagnostic>>;

/// Checks a fault.
pub(super) fn check(source: Source<'_>, names: &Names, at: &Spanned<FaultModel>) -> Checked<Fault> {
    let model = &at.value;
    let (destroyed, read_only) = (model.destroyed, model.read_only);
    let slow = Slow {
        bandwidth: model.bandwidth,
        latency: model.latency.map(Span::from),
    };
    let degraded = slow != Slow::default();
    let down = Harm::Down { destroyed };
    let lists = [
        (&model.az, Kind::Az, down),
        (&model.site, Kind::Site, down),
        (&model.storage, Kind::Az, Harm::Storage { read_only }),
        (
            &model.link,
            Kind::Link,
            if degraded { Harm::Slow(slow) } else { down },
        ),
        (&model.duct, Kind::Duct, down),
        (&model.relay, Kind::Relay, down),
        (&model.witness, Kind::Witness, down),
        (&model.disk, Kind::Disk, down),
        (&model.server, Kind::Server, down),
    ];
    let control = model.control_plane.as_ref();
    if let Some(no) = control.filter(|control| !control.value) {
        let title = "`control_plane: false` breaks nothing";
        let help = Some("leave it out".to_owned());
        return Err(Box::new(source.fault(no, title).with_help(help)));
    }
    let mut targets = Vec::new();
    for (list, kind, harm) in lists {
        for label in labels(source, list.as_ref())? {
            let template = names.count(&label.value);
            names
                .pattern(&label.value, Some(kind), template)
                .map_err(|lost| {
                    let fault = source.place(
                        label.referenced,
                        format!("`{}` cannot break here", label.value),
                    );
                    let help = lost.help(&label.value);
                    Box::new(fault.with_label(lost.to_string()).with_help(help))
                })?;
            match template {
                None => targets.push((label.value, harm)),
                Some(count) => {
                    targets.extend((1..=count).map(|n| (format!("{}-{n}", label.value), harm)))
                }
            }
        }
    }
    match complaint(model, degraded, targets.is_empty()) {
        Some(title) => Err(Box::new(source.fault(at, title))),
        None => Ok(Fault {
            targets,
            control: control.is_some(),
        }),
    }
}

/// What is wrong with a fault as a whole.
fn complaint(model: &FaultModel, degraded: bool, no_target: bool) -> Option<&'static str> {
    if no_target && model.control_plane.is_none() {
        Some("a fault needs a target, such as `az`, `link` or `storage`")
    } else if degraded && model.link.is_none() {
        Some("`bandwidth` and `latency` degrade links, and no `link` is named")
    } else if model.read_only && model.storage.is_none() {
        Some("`read_only` speaks of `storage`, and none is named")
    } else if model.destroyed
        && [&model.az, &model.site, &model.disk, &model.server]
            .iter()
            .all(|list| list.is_none())
    {
        Some("`destroyed` speaks of an `az`, `site`, `disk` or `server`, and none is named")
    } else {
        None
    }
}

/// A label and where it stands.
struct Target {
    value: String,
    referenced: Location,
}

fn labels(source: Source<'_>, list: Option<&Spanned<OneOrMany>>) -> Checked<Vec<Target>> {
    let target = |value: &String, referenced| Target {
        value: value.clone(),
        referenced,
    };
    match list.map(|list| (&list.value, list)) {
        None => Ok(Vec::new()),
        Some((OneOrMany::One(label), whole)) => Ok(vec![target(label, whole.referenced)]),
        Some((OneOrMany::Many(many), whole)) if many.is_empty() => Err(Box::new(
            source.fault(whole, "an empty list breaks nothing"),
        )),
        Some((OneOrMany::Many(many), _)) => Ok(many
            .iter()
            .map(|label| target(&label.value, label.referenced))
            .collect()),
    }
}
