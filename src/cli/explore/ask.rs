//! What a search is asked: the options as a menu and as properties.

use crate::cli::args::ExploreArgs;
use crate::cli::output::{Fault, NoTarget};
use sdrsim::explore::{Claim, Menu, Model};
use sdrsim::machine::admissible::OFFERED;
use sdrsim::machine::event::Blow;
use sdrsim::scenario::diagnostic::nearest;
use sdrsim::scenario::expect::Expectation;
use sdrsim::sdrs::op::Op;
use sdrsim::world::{Who, World};

/// What must hold always, never, sometimes, and what a way back leads to: with the text as it was given.
pub struct Properties {
    all: Vec<(Claim, String)>,
}

impl Properties {
    /// Reads what is asked into a search.
    pub fn read(args: &ExploreArgs, mut model: Model) -> Result<(Properties, Model), Fault> {
        let goal: Vec<String> = args.goal.iter().cloned().collect();
        let given = [
            (Claim::Always, &args.always),
            (Claim::Never, &args.never),
            (Claim::Sometimes, &args.sometimes),
            (Claim::Goal, &goal),
        ];
        let mut all = Vec::new();
        for (claim, texts) in given {
            for text in texts {
                let fault = |why: String| Fault::NoExpectation {
                    option: claim.name(),
                    text: text.clone(),
                    why,
                };
                let parsed = Expectation::parse(text).map_err(|error| fault(error.to_string()))?;
                let name = format!("{} {text}", claim.name());
                model = model.expect(claim, name, &parsed).map_err(|unfit| {
                    let part = unfit.span().filter(|span| !span.is_empty());
                    let place = part.map_or_else(String::new, |span| {
                        let before = text.get(..span.start).unwrap_or_default();
                        format!(" (column {})", before.chars().count() + 1)
                    });
                    let help = unfit
                        .help()
                        .map_or_else(String::new, |it| format!("; {it}"));
                    fault(format!("{unfit}{place}{help}"))
                })?;
                all.push((claim, text.clone()));
            }
        }
        Ok((Properties { all }, model))
    }

    /// What is claimed, in order.
    pub fn claims(&self) -> impl Iterator<Item = Claim> + '_ {
        self.all.iter().map(|(claim, _)| *claim)
    }

    /// What is claimed and of what, in order.
    pub fn texts(&self) -> impl Iterator<Item = (Claim, &str)> {
        self.all.iter().map(|(claim, text)| (*claim, text.as_str()))
    }

    /// Where a way back leads, if not to rest.
    pub fn goal(&self) -> Option<&str> {
        let goal = self.texts().find(|(claim, _)| *claim == Claim::Goal);
        goal.map(|(_, text)| text)
    }

    /// What a scenario expects that shows the violation of a property.
    pub fn expected(&self, name: &str) -> Option<String> {
        let named = |(claim, text): &(Claim, &str)| format!("{} {text}", claim.name()) == name;
        let (claim, text) = self.texts().find(named)?;
        Some(match claim {
            Claim::Never => format!("not ({text})"),
            _ => text.to_owned(),
        })
    }
}

/// What may happen.
pub fn menu(args: &ExploreArgs, world: &World) -> Result<Menu, Fault> {
    let ops: Vec<Op> = { args.call.iter() }
        .map(|word| called(word))
        .collect::<Result<_, _>>()?;
    let faults = { args.fault.iter() }
        .map(|text| {
            blow(text, world).map_err(|why| Fault::NoTarget {
                text: text.clone(),
                why,
            })
        })
        .collect::<Result<Vec<Blow>, Fault>>()?;
    let usual = Menu::default();
    let menu = Menu {
        ops: if ops.is_empty() { usual.ops } else { ops },
        powers: !args.no_power,
        deletions: args.delete_servers,
        disk_deletions: args.delete_disks,
        faults_max: if faults.is_empty() { 0 } else { args.faults },
        faults,
        heals: !args.no_heal,
        failures_max: args.failures,
        drills_max: args.drills,
        groups_more: args.groups,
        nics_more: args.nics,
        expansions_max: args.expansions,
        slow_powers: usual.slow_powers,
    };
    let menu = menu.once();
    match menu.faults.len() {
        0..=64 => Ok(menu),
        many => Err(Fault::ManyFaults(many)),
    }
}

/// Which options have no effect on a search with this menu, and why.
pub fn idle(args: &ExploreArgs, menu: &Menu) -> Vec<String> {
    let mut notes = Vec::new();
    if args.faults == 0 {
        notes.push("--faults 0 lets nothing break that --fault names".to_owned());
    }
    let usual = Menu::default();
    for (option, is_given, op) in [
        (
            "--drills",
            menu.drills_max != usual.drills_max,
            Op::CreateDrDrill,
        ),
        (
            "--groups",
            menu.groups_more != usual.groups_more,
            Op::CreateProtectionGroup,
        ),
        ("--nics", menu.nics_more != usual.nics_more, Op::AddNic),
        (
            "--expansions",
            menu.expansions_max != usual.expansions_max,
            Op::ExpandReplicationPair,
        ),
    ] {
        if is_given && !menu.ops.contains(&op) {
            let name = op.name();
            notes.push(format!(
                "{option} bounds {name}, which is not called without --call {name}"
            ));
        }
    }
    notes
}

/// The operation that a word of `--call` names.
fn called(word: &str) -> Result<Op, Fault> {
    let names = || OFFERED.iter().map(|op| op.name());
    match Op::named(word) {
        Some(op) if OFFERED.contains(&op) => Ok(op),
        Some(_) => Err(Fault::NotCalled {
            word: word.to_owned(),
            all: names().collect(),
        }),
        None => Err(Fault::NoCall {
            word: word.to_owned(),
            near: nearest(word, names()).and_then(|near| names().find(|name| *name == near)),
            all: names().collect(),
        }),
    }
}

/// What breaks, as the option calls it.
const KINDS: &[&str] = &[
    "az",
    "site",
    "storage",
    "link",
    "duct",
    "node",
    "relay",
    "witness",
    "disk",
    "server",
    "control-plane",
];

/// The labels of all that a word of [`KINDS`] may be followed by.
fn labels(kind: &str, world: &World) -> Vec<String> {
    let all: Vec<Who> = match kind {
        "az" | "storage" => world.azs.keys().map(Who::Az).collect(),
        "site" => world.sites.keys().map(Who::Site).collect(),
        "link" => world.topology.links.keys().map(Who::Link).collect(),
        "duct" => world.topology.ducts.keys().map(Who::Duct).collect(),
        "disk" => world.disks.keys().map(Who::Disk).collect(),
        "server" => world.servers.keys().map(Who::Server).collect(),
        _ => world.topology.nodes.keys().map(Who::Node).collect(),
    };
    all.into_iter().map(|who| world.label(who)).collect()
}

/// A fault as the option writes it.
fn blow(text: &str, world: &World) -> Result<Blow, NoTarget> {
    if text == "control-plane" {
        return Ok(Blow::Control);
    }
    let mut parts = text.split(':');
    let (Some(kind), label, flag) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NoTarget::Shape);
    };
    if !KINDS.contains(&kind) {
        return Err(NoTarget::Kind {
            kind: kind.to_owned(),
            all: KINDS,
        });
    }
    let (Some(label), None) = (label, parts.next()) else {
        return Err(NoTarget::Shape);
    };
    let who = { world.find(label) }.ok_or_else(|| {
        let labels = labels(kind, world);
        NoTarget::Label {
            label: label.to_owned(),
            near: nearest(label, labels.iter().map(String::as_str)).map(str::to_owned),
        }
    })?;
    let takes = match kind {
        "az" | "site" | "disk" | "server" => Some("destroyed"),
        "storage" => Some("read-only"),
        _ => None,
    };
    if let Some(flag) = flag
        && Some(flag) != takes
    {
        return Err(NoTarget::Flag {
            flag: flag.to_owned(),
            kind: kind.to_owned(),
            takes,
        });
    }
    let destroyed = flag.is_some();
    Ok(match (kind, who) {
        ("az", Who::Az(az)) => Blow::Az { az, destroyed },
        ("site", Who::Site(site)) => Blow::Site { site, destroyed },
        ("storage", Who::Az(az)) => Blow::Pool {
            az,
            read_only: flag.is_some(),
        },
        ("link", Who::Link(link)) => Blow::Link { link },
        ("duct", Who::Duct(duct)) => Blow::Duct { duct },
        ("node" | "relay" | "witness", Who::Node(node)) => Blow::Node { node },
        ("disk", Who::Disk(disk)) => Blow::Disk { disk, destroyed },
        ("server", Who::Server(server)) => Blow::Server { server, destroyed },
        (_, who) => {
            return Err(NoTarget::OtherKind {
                label: label.to_owned(),
                is: who.word(),
            });
        }
    })
}
