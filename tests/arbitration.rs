//! Who goes on when things break one after another: every ordered sequence of up to three distinct faults among the two
//! AZs, the witness and the three links between them, without heals, each gap shorter or longer than the fallback window.
//!
//! What comes of the 546 runs under a witness is `tests/golden/arbitration.md`; `BLESS=1 cargo test --test arbitration`
//! writes it anew, and the commit says why it changed. Under `static` arbitration the same runs keep the same rules.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

mod common;

use common::*;
use sdrsim::engine::{Checker, Engine, Limit, RunEnd};
use sdrsim::machine::build::NewLink;
use sdrsim::machine::command::{Call, Command, Native};
use sdrsim::machine::{Answer, Blow, Effect, Event};
use sdrsim::sdrs::status::Status;
use sdrsim::time::{SimTime, Span};
use sdrsim::units::{Bytes, Rate};
use sdrsim::world::place::Mode;
use sdrsim::world::protection::{Cut, Group, Side, Verdict};
use sdrsim::world::replica::{Level, Load, Recovery};
use sdrsim::world::topology::NodeKind;
use sdrsim::world::{InstanceKey, Who, World};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// The faults, as the table calls them and as the world does.
const FAULTS: [(&str, &str); 6] = [
    ("A", "az-1"),
    ("B", "az-2"),
    ("W", "w"),
    ("ab", "ab"),
    ("aw", "aw"),
    ("bw", "bw"),
];

/// A gap shorter than the window and one longer, and how the table shows them.
const GAPS: [(&str, u64); 2] = [(" ", 10), (" … ", 60)];

/// How long after the last fault one looks: any window is over.
const AFTER: Span = Span::secs(60);

type Run = Engine<Told, (Vec<(SimTime, Effect)>, Checker)>;

/// Faults by their place in [`FAULTS`], each with the gap before it.
type Sequence = Vec<(usize, usize)>;

fn sequences() -> Vec<Sequence> {
    let mut all: Vec<Sequence> = (0..FAULTS.len()).map(|fault| vec![(fault, 0)]).collect();
    let mut last = all.clone();
    for _ in 1..3 {
        let mut longer = Vec::new();
        for sequence in &last {
            let left = (0..FAULTS.len()).filter(|f| sequence.iter().all(|at| at.0 != *f));
            for fault in left {
                for gap in 0..GAPS.len() {
                    let next = [sequence.as_slice(), &[(fault, gap)]].concat();
                    longer.push(next);
                }
            }
        }
        all.extend(longer.iter().cloned());
        last = longer;
    }
    all
}

fn name(sequence: &Sequence) -> String {
    let mut name = String::new();
    for (place, &(fault, gap)) in sequence.iter().enumerate() {
        if place > 0 {
            name.push_str(GAPS[gap].0);
        }
        name.push_str(FAULTS[fault].0);
    }
    name
}

/// One group of one instance whose production server runs in `az-1` and writes 4 MiB/s, in step. The clock stands at 1 h.
fn begun(witness: bool) -> Run {
    let mut region = region(settings());
    region.node("w", NodeKind::Witness).unwrap();
    for (label, between) in [
        ("ab", ["az-1", "az-2"]),
        ("aw", ["az-1", "w"]),
        ("bw", ["az-2", "w"]),
    ] {
        let link = NewLink {
            between,
            bandwidth: None,
            latency: Span::micros(500),
            duct: None,
        };
        region.link(label, link).unwrap();
    }
    if witness {
        region.arbitrate("metro", "w", Span::secs(30)).unwrap();
    }
    let (disk, server) = (by("s1-b"), by("s1"));
    region.now(Native::DetachDisk { disk, server }).unwrap();
    let load = Some(Load::uniform(Rate(4 << 20)));
    let disk = by("s1-a");
    region.now(Native::SetLoad { disk, load }).unwrap();
    region.now(create_group("g")).unwrap();
    region.now(create_instance("i", "s1")).unwrap();
    let server = by("s1");
    region.now(Native::StartServer { server }).unwrap();
    region.now(start()).unwrap();
    let mut engine = Engine::with_observer(region.finish(), Told::default(), Default::default());
    reach(&mut engine, Span::secs(3600));
    engine
}

fn reach(engine: &mut Run, span: Span) {
    let until = engine.now().saturating_add(span);
    let end = engine.run_until(until, Limit::events(10_000));
    assert_eq!(end, RunEnd::Reached);
}

fn blow(world: &World, label: &str) -> Blow {
    match world.find(label) {
        Some(Who::Az(az)) => Blow::Az {
            az,
            destroyed: false,
        },
        Some(Who::Node(node)) => Blow::Node { node },
        Some(Who::Link(link)) => Blow::Link { link },
        other => panic!("{label} is {other:?}"),
    }
}

fn group(world: &World) -> &Group {
    world.groups.values().next().unwrap()
}

fn instance(world: &World) -> InstanceKey {
    world.instances.keys().next().unwrap()
}

/// What came of a sequence: a row of the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Outcome {
    serves: &'static str,
    writer: &'static str,
    stopped: String,
    mode: &'static str,
    level: &'static str,
    failover: String,
    recovery: String,
}

/// Strikes the faults of a sequence one after another, and looks.
fn run(begun: &Run, sequence: &Sequence) -> (Outcome, Run) {
    let mut engine = begun.fork();
    for (place, &(fault, gap)) in sequence.iter().enumerate() {
        if place > 0 {
            reach(&mut engine, Span::secs(GAPS[gap].1));
        }
        let blow = blow(engine.world(), FAULTS[fault].1);
        engine.inject(Event::Struck(blow));
        engine.assess();
    }
    reach(&mut engine, AFTER);
    let world = engine.world();
    let record = group(world);
    let pair = record.pairs.iter().next().unwrap();
    let writes = |side| world.is_side_usable(pair, side) && world.is_writer(pair, side);
    let writer = match (writes(Side::Source), writes(Side::Target)) {
        (true, true) => panic!("{}: both sides may write", name(sequence)),
        (true, false) => "A",
        (false, true) => "B",
        (false, false) => "nobody",
    };
    let mut outcome = Outcome {
        serves: match world.instance_serves(instance(world)) {
            true => "A",
            false => "nobody",
        },
        writer,
        stopped: stopped(world, record),
        mode: world.domains[record.domain].mode.name(),
        level: world.level(pair).name(),
        failover: String::new(),
        recovery: String::new(),
    };
    let recovery = match failover(&mut engine, &mut outcome) {
        Some(recovery) => Some(recovery),
        None => drill(&mut engine, &mut outcome),
    };
    let told = recovery.map(|found| format!("RPO {}, {} lost", found.rpo, Bytes(found.lost)));
    outcome.recovery.push_str(told.as_deref().unwrap_or("none"));
    if let Some((at, violation)) = engine.observer().1.violation() {
        panic!("{} at {at}: {violation}", name(sequence));
    }
    (outcome, engine)
}

/// Which side cannot go on, and why.
fn stopped(world: &World, group: &Group) -> String {
    let lit = |side: Side| world.is_lit(group.azs[side.index()]);
    let judged = match group.cut {
        Some(Cut { verdict, .. }) if group.pairs.iter().any(|p| world.level(p) == Level::Two) => {
            Some(verdict)
        }
        _ => None,
    };
    let by_arbitration = |side: Side| match judged {
        Some(Verdict::Neither) => true,
        Some(Verdict::DrSide) => side == Side::Source,
        Some(Verdict::Production) => side == Side::Target,
        None => false,
    };
    let mut parts = Vec::new();
    for (side, name) in [(Side::Source, "A"), (Side::Target, "B")] {
        match (lit(side), by_arbitration(side)) {
            (false, _) => parts.push(format!("{name} dark")),
            (true, true) => parts.push(format!("{name} by arbitration")),
            (true, false) => {}
        }
    }
    match parts.is_empty() {
        true => "none".to_owned(),
        false => parts.join(", "),
    }
}

/// Asks for a command; its job has ended afterwards. The code that refused it or that its job ended with.
fn ask(engine: &mut Run, command: impl Into<Command>) -> Result<(), String> {
    let answer = match engine.submit(&command.into()) {
        Ok(answer) => answer,
        Err(refusal) => {
            let code = refusal.code().map(|code| code.to_string());
            return Err(format!("refused {}", code.unwrap_or_default()));
        }
    };
    let end = engine.run_until_quiet(Limit::events(10_000));
    assert_eq!(end, RunEnd::Quiet);
    match answer {
        Answer::Job(job) => match engine.world().jobs[job].code {
            Some(code) => Err(format!("failed {code}")),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// A failover, and the start of the server at the DR site if it is taken.
fn failover(engine: &mut Run, outcome: &mut Outcome) -> Option<Recovery> {
    if let Err(why) = ask(engine, Call::Failover { group: by("g") }) {
        outcome.failover = why;
        return None;
    }
    let server = by("i/dr");
    let started = ask(engine, Native::StartServer { server }).is_ok();
    let world = engine.world();
    assert_eq!(group(world).life.status, Status::FailedOver);
    outcome.failover = match started && world.instance_serves(instance(world)) {
        true => "B serves".to_owned(),
        false => "done, B does not serve".to_owned(),
    };
    let effects = engine.observer().0.iter();
    effects.rev().find_map(|(_, effect)| match effect {
        Effect::Recovered { recovery, .. } => Some(*recovery),
        _ => None,
    })
}

/// A drill, which recovers what a failover may not.
fn drill(engine: &mut Run, outcome: &mut Outcome) -> Option<Recovery> {
    if let Err(why) = ask(engine, create_drill("d")) {
        outcome.recovery = format!("drill {why}: ");
        return None;
    }
    let drills = engine.world().drills.values();
    let boots = drills
        .flat_map(|drill| &drill.members)
        .all(|member| member.1);
    outcome.recovery = match boots {
        true => "drill: ".to_owned(),
        false => "drill does not boot: ".to_owned(),
    };
    let effects = engine.observer().0.iter();
    effects.rev().find_map(|(_, effect)| match effect {
        Effect::Snapshot { recovery, .. } => *recovery,
        _ => None,
    })
}

/// What holds of every outcome, whoever arbitrates.
fn keeps_the_rules(sequence: &Sequence, outcome: &Outcome) {
    let name = name(sequence);
    let serves = outcome.serves == "A";
    assert!(!serves || outcome.writer == "A", "{name}: {outcome:?}");
    if !outcome.failover.starts_with("refused") && !outcome.failover.starts_with("failed") {
        assert_eq!(outcome.recovery, "RPO 0s, 0 B lost", "{name}");
    }
    let first_a = sequence.iter().any(|&(fault, _)| FAULTS[fault].0 == "A");
    assert!(
        !first_a || !serves,
        "{name}: what stands in the dark serves"
    );
}

const HEAD: &str = "\
# What arbitration comes to

Two AZs, A (production) and B (DR), and a witness W, joined by the links ab, aw and bw. One group with fencing on; one pair in
step, to which production writes 4 MiB/s. Faults strike one after another and none is mended: `A ab` is the loss of A and, 10 s
later, of the link ab; `A … ab` the same 60 s later. The domain gives a lost witness up after 30 s. Sixty seconds after the last
fault one looks who serves and who may write, asks for a failover and then starts the server at B; where the failover is not
taken, a drill is made of what B has. RPO and bytes lost are those of the recovery that was made.

A failover that is taken loses nothing, and no sequence lets both sides write.
";

/// The table: a row per outcome, and the sequences that come to it.
fn page(outcomes: &[(Sequence, Outcome)]) -> String {
    let mut first: Vec<&Outcome> = Vec::new();
    let mut by_outcome: BTreeMap<&Outcome, Vec<&Sequence>> = BTreeMap::new();
    for (sequence, outcome) in outcomes {
        let sequences = by_outcome.entry(outcome).or_default();
        if sequences.is_empty() {
            first.push(outcome);
        }
        sequences.push(sequence);
    }
    let mut page = HEAD.to_owned();
    let total = outcomes.len();
    writeln!(page, "\n{total} sequences, {} outcomes.\n", first.len()).unwrap();
    page.push_str(
        "| | serves | may write | stopped | mode | level | failover | recovery | sequences |\n",
    );
    page.push_str("|---|---|---|---|---|---|---|---|---|\n");
    for (place, outcome) in first.iter().enumerate() {
        let Outcome {
            serves,
            writer,
            stopped,
            mode,
            level,
            failover,
            recovery,
        } = outcome;
        let count = by_outcome[outcome].len();
        writeln!(
            page,
            "| {} | {serves} | {writer} | {stopped} | {mode} | {level} | {failover} | {recovery} | {count} |",
            place + 1
        )
        .unwrap();
    }
    page.push_str("\n## The sequences of each outcome\n");
    for (place, outcome) in first.iter().enumerate() {
        let names: Vec<String> = by_outcome[outcome]
            .iter()
            .map(|sequence| format!("`{}`", name(sequence)))
            .collect();
        writeln!(page, "\n{}. {}", place + 1, names.join(", ")).unwrap();
    }
    page
}

fn compare(now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/arbitration.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, now).unwrap();
        return;
    }
    let golden = std::fs::read_to_string(&path)
        .unwrap()
        .replace("\r\n", "\n");
    let mut lines = golden.lines().zip(now.lines());
    let differs = lines.find(|(golden, now)| golden != now);
    assert!(
        golden == now,
        "{}: {differs:?}\nif this is wanted: BLESS=1 cargo test --test arbitration",
        path.display()
    );
}

#[test]
fn the_outcome_of_every_sequence_of_three_faults_under_a_witness() {
    let begun = begun(true);
    let mut outcomes = Vec::new();
    for sequence in sequences() {
        let (outcome, _) = run(&begun, &sequence);
        keeps_the_rules(&sequence, &outcome);
        outcomes.push((sequence, outcome));
    }
    assert_eq!(outcomes.len(), 6 + 30 * 2 + 120 * 4);
    compare(&page(&outcomes));
}

#[test]
fn under_static_arbitration_the_dr_side_takes_over_only_while_it_reaches_production() {
    let begun = begun(false);
    for sequence in sequences() {
        let (outcome, engine) = run(&begun, &sequence);
        keeps_the_rules(&sequence, &outcome);
        let world = engine.world();
        let group = group(world);
        assert_eq!(outcome.mode, Mode::Static.name());
        let taken = group.life.status == Status::FailedOver;
        let joined = world.is_connected(group);
        assert_eq!(taken, joined, "{}: {outcome:?}", name(&sequence));
    }
}

/// The domain falls back to static arbitration when the witness has been lost for the whole window, counted from the last
/// loss.
#[test]
fn a_window_that_was_cut_short_does_not_end_the_next_one() {
    let mut run = begun(true);
    let witness = blow(run.world(), "w");
    let mode = |run: &Run| run.world().domains.values().next().unwrap().mode;
    run.inject(Event::Struck(witness));
    reach(&mut run, Span::secs(10));
    assert_eq!(mode(&run), Mode::Window);
    run.inject(Event::Mended(witness));
    reach(&mut run, Span::secs(5));
    assert_eq!(mode(&run), Mode::Witness);
    run.inject(Event::Struck(witness));
    reach(&mut run, Span::secs(29));
    assert_eq!(mode(&run), Mode::Window, "the first window would be over");
    reach(&mut run, Span::secs(1));
    assert_eq!(mode(&run), Mode::Static);
}
