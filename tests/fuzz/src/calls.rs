//! Histories: bytes are calls, native acts, questions, faults, outcomes and waits in a small world, whose invariants are
//! checked after every one, beside a twin that was set aside, written, read and taken up.

use super::bytes::Bytes;
use super::wild::wild;
use super::words::{SIZES, WORLD};
use sdrsim::engine::{Chance, Checker, Checkpoint, Engine, Limit, Observer, ScriptedOutcome};
use sdrsim::machine::command::{Call, Command, Native};
use sdrsim::machine::query::{Query, Question};
use sdrsim::machine::{Blow, Event};
use sdrsim::scenario::Scenario;
use sdrsim::sdrs::policy::{Policies, Policy};
use sdrsim::time::Span;
use sdrsim::units::Rate;
use sdrsim::world::topology::Slow;
use sdrsim::world::{Who, World};

/// Most steps of a history.
const STEPS: usize = 64;
/// Most events of a wait, and of the end.
const EVENTS: u64 = 400;

/// A step.
#[derive(Clone)]
enum Step {
    Ask(Command),
    Look(Box<Question>),
    Strike(Blow),
    Mend(Blow),
    Script(ScriptedOutcome),
    Wait(Span),
    Next,
    /// A twin is made, if the one there is agrees.
    Twin,
}

/// Lives through the history that the bytes tell.
pub fn try_bytes(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let (bits, seed) = (bytes.byte(), bytes.byte());
    let turned = |(place, _): &(usize, &Policy)| bits >> (place % 8) & 1 == 1;
    let of = Policy::ALL.iter().enumerate().filter(turned);
    let policies = of.fold(Policies::default(), |all, (_, &policy)| all.but(policy));
    let scenario = Scenario::load_within(SIZES, "world.yaml", WORLD);
    let scenario = scenario.unwrap_or_else(|faults| panic!("{}", faults[0]));
    let engine = scenario.under(policies).engine(Some(u64::from(seed)));
    let mut engine = engine.watched_by(Checker::new());
    let mut twin = None;
    let mut open = Vec::new();
    for _ in 0..STEPS {
        if bytes.is_empty() {
            break;
        }
        let Some(step) = step(&mut bytes, engine.world(), &mut open) else {
            continue;
        };
        let twins = twin
            .as_ref()
            .map(|twin: &Engine<Chance>| translated(&step, engine.world(), twin.world()));
        let answer = perform(&mut engine, &step);
        sound(&engine);
        if let (Some(twin), Some(step)) = (&mut twin, twins) {
            let twins = perform(twin, &step);
            assert_eq!(twins, answer, "the twin is answered the same");
        }
        if matches!(step, Step::Twin) {
            agree(&engine, twin.as_ref());
            twin = Some(made(&engine));
        }
    }
    let end = engine.run_until_quiet(Limit::events(EVENTS));
    sound(&engine);
    if let Some(twin) = &mut twin {
        assert_eq!(twin.run_until_quiet(Limit::events(EVENTS)), end);
    }
    agree(&engine, twin.as_ref());
}

fn sound(engine: &Engine<Chance, Checker>) {
    if let Some((at, violation)) = engine.observer().violation() {
        panic!("at {at}: {violation}");
    }
}

fn agree<W: Observer>(engine: &Engine<Chance, W>, twin: Option<&Engine<Chance>>) {
    if let Some(twin) = twin {
        assert_eq!(twin.digest(), engine.digest(), "the twin lived the same");
        assert_eq!((twin.now(), twin.events()), (engine.now(), engine.events()));
    }
}

/// The engine set aside, written, read and taken up, beside a fork of it.
fn made<W: Observer>(engine: &Engine<Chance, W>) -> Engine<Chance> {
    let written = serde_json::to_vec(&engine.checkpoint()).expect("it has a serde form");
    let read: Checkpoint<Chance> = serde_json::from_slice(&written).expect("it is as it was");
    let twin = Engine::restore(read);
    let mut fork = engine.fork_unseen();
    let mut other = twin.fork_unseen();
    let limit = Limit::events(EVENTS / 4);
    assert_eq!(fork.run_until_quiet(limit), other.run_until_quiet(limit));
    agree(&fork, Some(&other));
    twin
}

/// The step for the twin. Its slot keys may be others, since room that became free is taken in another order after a
/// checkpoint was read: what can be made during a run is found there by its label.
fn translated(step: &Step, from: &World, to: &World) -> Step {
    let there = |blow: Blow| match blow {
        Blow::Disk { disk, destroyed } => match to.find(&from.label(Who::Disk(disk))) {
            Some(Who::Disk(disk)) => Blow::Disk { disk, destroyed },
            other => panic!("the twin has no such disk, but {other:?}"),
        },
        Blow::Server { server, destroyed } => match to.find(&from.label(Who::Server(server))) {
            Some(Who::Server(server)) => Blow::Server { server, destroyed },
            other => panic!("the twin has no such server, but {other:?}"),
        },
        other => other,
    };
    match step {
        Step::Strike(blow) => Step::Strike(there(*blow)),
        Step::Mend(blow) => Step::Mend(there(*blow)),
        other => other.clone(),
    }
}

/// Does it, and answers what was answered, without slot keys: they are for access alone.
fn perform<W: Observer>(engine: &mut Engine<Chance, W>, step: &Step) -> String {
    match step {
        Step::Ask(command) => {
            engine.assess();
            let before = engine.digest();
            let answer = engine.submit(command);
            if answer.is_err() {
                assert_eq!(engine.digest(), before, "a refusal changes nothing");
            }
            answer.map_or_else(|refusal| refusal.to_string(), |_| "taken".to_owned())
        }
        Step::Look(question) => {
            let before = engine.digest();
            let answer = format!("{:?}", engine.query(question));
            assert_eq!(engine.digest(), before, "a question changes nothing");
            answer
        }
        Step::Strike(blow) => {
            engine.inject(Event::Struck(*blow));
            String::new()
        }
        Step::Mend(blow) => {
            engine.inject(Event::Mended(*blow));
            String::new()
        }
        // A rule that makes no sense is refused.
        Step::Script(rule) => format!("{:?}", engine.oracle_mut().script_mut().push(*rule)),
        Step::Wait(span) => {
            let at = engine.now().saturating_add(*span);
            format!("{:?}", engine.run_until(at, Limit::events(EVENTS)))
        }
        Step::Next => format!("{:?}", engine.step()),
        Step::Twin => String::new(),
    }
}

/// The step that the bytes tell; None if it is none.
fn step(bytes: &mut Bytes<'_>, world: &World, open: &mut Vec<Blow>) -> Option<Step> {
    let sort = bytes.below(16);
    Some(match sort {
        0..4 => Step::Ask(wild::<Call>(bytes, &labels(world))?.into()),
        4..7 => Step::Ask(wild::<Native>(bytes, &labels(world))?.into()),
        7 => {
            let query: Query = wild(bytes, &labels(world))?;
            Step::Look(Box::new(query.into()))
        }
        8 | 9 => {
            let blow = blow(bytes, world)?;
            open.push(blow);
            Step::Strike(blow)
        }
        10 => {
            let at = bytes.below(open.len());
            let blow = *open.get(at)?;
            open.remove(at);
            // What is struck may be gone by now, and nothing is left to mend.
            let lives = |who| world.label_of(who).is_some();
            match blow.target().is_none_or(lives) {
                true => Step::Mend(blow),
                false => return None,
            }
        }
        11 => Step::Script(wild(bytes, &labels(world))?),
        12 => Step::Wait(Span::secs(u64::from(bytes.pair()))),
        13 => Step::Wait(Span::millis(u64::from(bytes.pair()))),
        14 => Step::Next,
        _ => Step::Twin,
    })
}

/// What strikes, of those that could.
fn blow(bytes: &mut Bytes<'_>, world: &World) -> Option<Blow> {
    let (kind, which) = (bytes.below(16), usize::from(bytes.byte()));
    let destroyed = kind % 2 == 1;
    fn nth<K>(keys: impl ExactSizeIterator<Item = K>, which: usize) -> Option<K> {
        let mut keys = keys;
        let many = keys.len().max(1);
        keys.nth(which % many)
    }
    let network = &world.topology;
    Some(match kind {
        0 | 1 => Blow::Az {
            az: nth(world.azs.keys(), which)?,
            destroyed,
        },
        2 | 3 => Blow::Site {
            site: nth(world.sites.keys(), which)?,
            destroyed,
        },
        4 | 5 => Blow::Pool {
            az: nth(world.azs.keys(), which)?,
            read_only: destroyed,
        },
        6 => Blow::Node {
            node: nth(network.nodes.keys(), which)?,
        },
        7 => Blow::Control,
        8 | 9 => Blow::Disk {
            disk: nth(world.disks.keys(), which)?,
            destroyed,
        },
        10 | 11 => Blow::Server {
            server: nth(world.servers.keys(), which)?,
            destroyed,
        },
        12 => Blow::Slow {
            link: nth(network.links.keys(), which)?,
            slow: Slow {
                bandwidth: Some(Rate(u64::from(bytes.pair()) * 100)),
                latency: None,
            },
        },
        13 => Blow::Slow {
            link: nth(network.links.keys(), which)?,
            slow: Slow {
                bandwidth: None,
                latency: Some(Span::millis(u64::from(bytes.pair()))),
            },
        },
        _ => Blow::Link {
            link: nth(network.links.keys(), which)?,
        },
    })
}

/// The labels of everything that a call may name, and what each is.
fn labels(world: &World) -> Vec<(&'static str, String)> {
    let mut all: Vec<(&'static str, Who)> = Vec::new();
    all.extend(world.groups.keys().map(|key| ("group", Who::Group(key))));
    all.extend(
        world
            .instances
            .keys()
            .map(|key| ("instance", Who::Instance(key))),
    );
    all.extend(world.pairs.keys().map(|key| ("pair", Who::Pair(key))));
    all.extend(world.drills.keys().map(|key| ("drill", Who::Drill(key))));
    all.extend(world.servers.keys().map(|key| ("server", Who::Server(key))));
    all.extend(world.disks.keys().map(|key| ("disk", Who::Disk(key))));
    all.extend(world.nics.keys().map(|key| ("nic", Who::Nic(key))));
    all.extend(world.subnets.keys().map(|key| ("subnet", Who::Subnet(key))));
    all.extend(world.eips.keys().map(|key| ("eip", Who::Eip(key))));
    all.extend(world.vpcs.keys().map(|key| ("vpc", Who::Vpc(key))));
    all.extend(world.flavors.keys().map(|key| ("flavor", Who::Flavor(key))));
    all.extend(world.azs.keys().map(|key| ("az", Who::Az(key))));
    all.extend(world.domains.keys().map(|key| ("domain", Who::Domain(key))));
    let named = |(word, who)| (word, world.label(who));
    all.into_iter().map(named).collect()
}
