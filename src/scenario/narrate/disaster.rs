//! Lines about what breaks, who goes on, and what is recovered.

use super::{Cause, Line, Narrator};
use crate::machine::Effect;
use crate::time::Span;
use crate::units::Bytes;
use crate::world::fault::Blow;
use crate::world::replica::Recovery;
use crate::world::{DrillKey, Who, World};

/// What a line about the control plane stands under.
const CONTROL: &str = "control-plane";

impl Narrator {
    /// The line of an effect of the data path, of arbitration or of a fault. What only asks the engine for an event has none.
    pub(super) fn disaster(&mut self, world: &World, effect: &Effect) {
        let none = Cause::default();
        match *effect {
            Effect::Struck { blow } => self.blow(world, blow, words(blow)),
            Effect::Mended { blow } => self.blow(world, blow, format!("no longer {}", words(blow))),
            Effect::Stalled { route } => {
                let azs = world.topology.routes.get(route).map(|route| route.azs);
                if let Some([a, b]) = azs {
                    let other = world.label(Who::Az(b));
                    let what =
                        format!("copies to {other} stalled: writes leave nothing of the path");
                    self.line(world, Who::Az(a), what, none);
                }
            }
            Effect::Mode { domain, mode } => {
                let what = format!("arbitration: {}", mode.name());
                self.line(world, Who::Domain(domain), what, none);
            }
            Effect::Cut { group, verdict } => {
                let what = format!("cut off: {}", verdict.name());
                self.line(world, Who::Group(group), what, none);
            }
            Effect::Joined { group } => self.line(world, Who::Group(group), "joined again", none),
            Effect::Health { group, two, five } => {
                self.line(world, Who::Group(group), health(two, five), none);
            }
            Effect::Recovered { group, recovery } => {
                let what = format!("recovered: {}", told(recovery));
                self.line(world, Who::Group(group), what, none);
            }
            Effect::Snapshot {
                drill,
                recovery,
                rescue,
            } => {
                let what = snapshot(world, drill, recovery, rescue);
                self.line(world, Who::Drill(drill), what, none);
            }
            Effect::Discarded {
                pair,
                bytes,
                kept,
                both,
            } => {
                let (lost, kept) = (Bytes(bytes), Bytes(kept));
                let what = format!("sides met: {lost} lost, {kept} kept, both written for {both}");
                self.line(world, Who::Pair(pair), what, none);
            }
            Effect::Control { down } => {
                let what = if down { "stands still" } else { "works again" };
                self.plain(CONTROL, what);
            }
            Effect::Usable { server } => self.line(world, Who::Server(server), "usable", none),
            Effect::NoPlace { server } => {
                let flavor = world.servers.get(server).map(|record| record.flavor);
                let flavor = flavor.map_or_else(String::new, |key| world.label(Who::Flavor(key)));
                let what = format!("not started: no server of flavor `{flavor}` is free");
                self.line(world, Who::Server(server), what, none);
            }
            _ => {}
        }
    }

    fn blow(&mut self, world: &World, blow: Blow, what: impl Into<String>) {
        match blow.target() {
            Some(who) => self.line(world, who, what, Cause::default()),
            None => self.plain(CONTROL, &what.into()),
        }
    }

    fn plain(&mut self, label: &str, what: &str) {
        self.batch.push(Line {
            at: self.now,
            who: None,
            label: label.to_owned(),
            what: what.to_owned(),
            cause: Cause::default(),
        });
    }
}

/// What a fault is called, with what is left of a degraded link.
fn words(blow: Blow) -> String {
    let mut words = blow.words().to_owned();
    if let Blow::Slow { slow, .. } = blow {
        if let Some(rate) = slow.bandwidth {
            words.push_str(&format!(" to {rate}"));
        }
        if let Some(latency) = slow.latency {
            words.push_str(&format!(" with {latency} latency"));
        }
    }
    words
}

fn health(two: u32, five: u32) -> String {
    let pairs = |n: u32| {
        if n == 1 {
            "1 pair".to_owned()
        } else {
            format!("{n} pairs")
        }
    };
    match (two, five) {
        (0, 0) => "no fault level".to_owned(),
        (two, 0) => format!("fault level 2: {}", pairs(two)),
        (0, five) => format!("fault level 5: {}", pairs(five)),
        (two, five) => format!("fault level 2: {}, 5: {}", pairs(two), pairs(five)),
    }
}

/// What a drill was made from, and how many of its servers boot where that is not all.
fn snapshot(world: &World, drill: DrillKey, recovery: Option<Recovery>, rescue: bool) -> String {
    let done = if rescue { "recovered" } else { "rehearsed" };
    let members = world.drills.get(drill).map_or(&[][..], |it| &it.members);
    let (all, boot) = (
        members.len(),
        members.iter().filter(|member| member.1).count(),
    );
    match recovery {
        Some(_) if rescue && boot == 0 => format!("{done} nothing: {boot} of {all} servers boot"),
        Some(recovery) if boot == all => format!("{done}: {}", told(recovery)),
        Some(recovery) => format!("{done}: {}, {boot} of {all} servers boot", told(recovery)),
        None => format!("{done} nothing: {boot} of {all} servers boot"),
    }
}

/// RPO, bytes lost, and the skew where there is one.
fn told(recovery: Recovery) -> String {
    let mut told = format!("RPO {}, {} lost", recovery.rpo, Bytes(recovery.lost));
    let skew = recovery.skew();
    if skew != Span::ZERO {
        told.push_str(&format!(", skew {skew}"));
    }
    if recovery.damaged {
        told.push_str(", damaged");
    }
    told
}
