//! The steps that histories are made of.

use super::text::{flow, word};
use crate::engine::{Chance, Engine, Observer, ScriptedOutcome};
use crate::machine::command::Ask;
use crate::machine::{Blow, Command, Event, Refusal};
use crate::time::Span;
use crate::world::{Who, World};
use std::fmt;

/// What a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HitKind {
    /// An AZ goes dark.
    Az,
    /// A site goes dark.
    Site,
    /// The storage of an AZ fails.
    Storage,
    /// A link is down.
    Link,
    /// A witness is down.
    Witness,
    /// A disk is lost.
    Disk,
    /// A server is lost.
    Server,
    /// The control plane is down.
    ControlPlane,
}

impl HitKind {
    /// The key of a fault in a scenario file.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            HitKind::Az => "az",
            HitKind::Site => "site",
            HitKind::Storage => "storage",
            HitKind::Link => "link",
            HitKind::Witness => "witness",
            HitKind::Disk => "disk",
            HitKind::Server => "server",
            HitKind::ControlPlane => "control_plane",
        }
    }
}

/// A fault and its target by label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hit {
    /// What is struck.
    pub kind: HitKind,
    /// Its label; of the control plane, nothing.
    pub label: String,
    /// Whether its content is lost for good: of AZs, sites, disks and servers.
    pub destroyed: bool,
}

impl Hit {
    /// What the machine is told; None if there is no such target.
    #[must_use]
    pub fn blow(&self, world: &World) -> Option<Blow> {
        let destroyed = self.destroyed;
        if self.kind == HitKind::ControlPlane {
            return Some(Blow::Control);
        }
        Some(match (self.kind, world.find(&self.label)?) {
            (HitKind::Az, Who::Az(az)) => Blow::Az { az, destroyed },
            (HitKind::Site, Who::Site(site)) => Blow::Site { site, destroyed },
            (HitKind::Storage, Who::Az(az)) => Blow::Pool {
                az,
                read_only: false,
            },
            (HitKind::Link, Who::Link(link)) => Blow::Link { link },
            (HitKind::Witness, Who::Node(node)) => Blow::Node { node },
            (HitKind::Disk, Who::Disk(disk)) => Blow::Disk { disk, destroyed },
            (HitKind::Server, Who::Server(server)) => Blow::Server { server, destroyed },
            _ => return None,
        })
    }

    /// As a scenario file writes it.
    fn text(&self) -> String {
        let target = match self.kind {
            HitKind::ControlPlane => "true".to_owned(),
            _ => word(&self.label),
        };
        let destroyed = if self.destroyed {
            ", destroyed: true"
        } else {
            ""
        };
        format!("{{{}: {target}{destroyed}}}", self.kind.key())
    }
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Asks something of the world. Labels only: slots have no form in a file.
    Ask(Box<Command>),
    /// Something breaks.
    Strike(Hit),
    /// Something is mended.
    Heal(Hit),
    /// What becomes of work that begins later.
    Script(ScriptedOutcome),
}

/// A step: so long after the one before it, something is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The wait.
    pub after: Span,
    /// The deed.
    pub deed: Deed,
}

impl Deed {
    /// Does it, at the engine's instant, after everything that is due then.
    ///
    /// # Errors
    /// The refusal of a call or act. A fault whose target is gone strikes nothing.
    pub fn perform<W: Observer>(&self, engine: &mut Engine<Chance, W>) -> Result<(), Refusal> {
        match self {
            Deed::Ask(command) => engine.submit(command).map(drop),
            Deed::Strike(hit) => {
                if let Some(blow) = hit.blow(engine.world()) {
                    engine.inject(Event::Struck(blow));
                }
                Ok(())
            }
            Deed::Heal(hit) => {
                if let Some(blow) = hit.blow(engine.world()) {
                    engine.inject(Event::Mended(blow));
                }
                Ok(())
            }
            Deed::Script(rule) => {
                let script = engine.oracle_mut().script_mut();
                script
                    .push(*rule)
                    .expect("only rules that make sense are made");
                Ok(())
            }
        }
    }

    /// The keys of a step in a scenario file, without its instant. `refused`: by whom, if it was refused.
    pub(super) fn text(&self, refused: Option<&Refusal>) -> String {
        match self {
            Deed::Ask(command) => asked(command, refused),
            Deed::Strike(hit) => format!("fault: {}", hit.text()),
            Deed::Heal(hit) => format!("heal: {}", hit.text()),
            Deed::Script(rule) => {
                let (op, part) = (form(&rule.op), form(&rule.part));
                format!(
                    "script: [{{op: {op}, part: {part}, count: {}, what: {}}}]",
                    rule.count,
                    form(&rule.what)
                )
            }
        }
    }
}

fn form(what: &impl serde::Serialize) -> String {
    // What has no form is a slot in place of a label; the file then says so where it is read.
    serde_json::to_value(what).map_or_else(|error| word(&error.to_string()), |form| flow(&form))
}

/// A call as a scenario file writes it. Nothing waits for its job: later steps have instants of their own.
pub(super) fn asked(command: &Command, refused: Option<&Refusal>) -> String {
    let mut text = match &command.project {
        Some(project) => format!("project: {}\n    ", word(project)),
        None => String::new(),
    };
    text += &match &command.ask {
        Ask::Call(call) => format!("call: {}", form(call)),
        Ask::Native(act) => format!("native: {}", form(act)),
    };
    text += &match refused.map(Refusal::code) {
        Some(Some(code)) => format!("\n    refused: {code}"),
        Some(None) => "\n    refused: true".to_owned(),
        None => "\n    wait: false".to_owned(),
    };
    text
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.deed.text(None).replace("\n    wait: false", "");
        write!(f, "after {}: {}", self.after, text.replace("\n    ", ", "))
    }
}
