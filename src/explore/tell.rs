//! A way through a search as a scenario file: calls at instants, and scripted ends of work.
//!
//! The search leaves time out, a scenario cannot. Steps are put a millisecond apart, and each piece of work is scripted to
//! end when its turn comes. Copies and the windows of lost witnesses end by their own arithmetic; where the order that
//! was found cannot be had so, that is said instead.

use super::{Action, Model, Path};
use crate::engine::{Engine, Fate, Oracle};
use crate::machine::command::{Ask, Ref};
use crate::machine::event::{Blow, Doing, Event, Outcome};
use crate::machine::{Effect, Effects};
use crate::scenario::Scenario;
use crate::scenario::yaml::{self, Labelled};
use crate::sdrs::codes::Code;
use crate::sdrs::op::Op;
use crate::time::{SimTime, Span};
use crate::world::job::Part;
use crate::world::place::Mode;
use crate::world::protection::Copying;
use crate::world::settings::Settings;
use crate::world::{Who, World};
use serde::de::IgnoredAny;
use std::fmt::Write;

/// Between two steps.
const STEP: Span = Span::millis(1);
/// How many events may come while a copy or a window is waited for.
const PATIENCE: u32 = 10_000;

/// Why a way cannot be told as a scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untold {
    /// In time, something else comes first.
    #[error("step {step} of the way cannot come at that place in a run with time: {what}")]
    OutOfTime {
        /// The step, from 1.
        step: usize,
        /// What comes first or does not come.
        what: String,
    },
    /// The text does not begin its sections each on a line of its own.
    #[error(
        "the scenario's sections do not each begin a line, so its world cannot be taken out of the text"
    )]
    NoSections,
    /// The text cannot be read as a scenario.
    #[error("what would be written is no scenario: {0}")]
    Unread(String),
    /// A run of it does not end in a failure of what was to fail, and of that alone.
    #[error("a run with time does not fail so: {0}")]
    Unlike(String),
}

/// Jobs wait for their turn; openings and acts end at once.
#[derive(Clone, Copy, Debug)]
struct Waiting;

impl Oracle for Waiting {
    fn fate(&mut self, _: &World, _: SimTime, _: Who, _: u32, doing: Doing) -> Fate {
        let after = match doing {
            Doing::Job(_, Part::Open) | Doing::Act(_) => Some(Span::ZERO),
            Doing::Job(..) => None,
        };
        Fate {
            after,
            outcome: Outcome::Done,
        }
    }

    fn stagger(&self, _: Op) -> Option<Span> {
        Some(Span::ZERO)
    }
}

type Watched = Engine<Waiting, Vec<(SimTime, Effect)>>;

/// The text of a scenario that walks a way from the world of another scenario's text and then expects something. It has
/// been read, and if something is expected it has been run, and that failed and nothing else.
///
/// # Errors
/// [`Untold`].
pub fn tell(
    text: &str,
    model: &Model,
    path: &Path,
    expect: Option<&str>,
) -> Result<String, Untold> {
    let settings = Settings {
        copy_rate: model.given().copy_rate,
        ..model.start().world.settings
    };
    let world = model.start().world.clone().with_settings(settings);
    let mut teller = Teller {
        model,
        engine: Engine::with_observer(world, Waiting, Vec::new()),
        state: model.start().clone(),
        steps: String::new(),
        script: Vec::new(),
    };
    for (place, (&number, action)) in path.numbers.iter().zip(&path.actions).enumerate() {
        teller.step(place + 1, number, action)?;
    }
    teller.hang();
    let mut out = world_of(text)?;
    let _ = write!(out, "job_durations:\n{}", at_once());
    if !teller.script.is_empty() {
        let _ = write!(out, "script:\n{}", teller.script.concat());
    }
    let _ = write!(out, "timeline:\n{}", teller.steps);
    if let Some(expect) = expect {
        let quoted = serde_json::to_string(expect).unwrap_or_default();
        let at = teller.engine.now().as_micros();
        let _ = writeln!(out, "  - at: {at}us\n    expect: {quoted}");
    }
    try_out(&out, expect.is_some())?;
    Ok(out)
}

/// Reads a text, and runs it if something is to fail at its end.
fn try_out(text: &str, fails: bool) -> Result<(), Untold> {
    let scenario = Scenario::load("told.yaml", text).map_err(|faults| {
        let titles = faults.iter().map(|fault| fault.to_json()["title"].clone());
        let first = titles
            .into_iter()
            .find_map(|it| it.as_str().map(str::to_owned));
        Untold::Unread(first.unwrap_or_default())
    })?;
    if !fails {
        return Ok(());
    }
    let report = scenario.start(None).run(&mut ()).report;
    let mut failed = report.verdicts.iter().filter(|verdict| !verdict.held);
    match (failed.next(), failed.next()) {
        (None, _) => Err(Untold::Unlike("it holds".to_owned())),
        (Some(one), None) if one.step == Some(scenario.steps()) => Ok(()),
        (Some(other), _) => Err(Untold::Unlike(format!("`{}` fails", other.text))),
    }
}

/// A way in words: one line for each action.
#[must_use]
pub fn describe(model: &Model, path: &Path) -> Vec<String> {
    let mut state = model.start().clone();
    let mut effects = Effects::new();
    let mut lines = Vec::with_capacity(path.actions.len());
    for (&number, action) in path.numbers.iter().zip(&path.actions) {
        let world = &state.world;
        lines.push(match action {
            Action::Ask(_) => asked(model, &state, number).unwrap_or_default(),
            Action::Strike(blow) => format!("fault: {}", fault(world, *blow)),
            Action::Mend(blow) => format!("heal: {}", fault(world, *blow)),
            Action::End(event) => ended(world, *event),
        });
        model.apply(&mut state, action, &mut effects);
    }
    lines
}

/// A call or act as a step of a timeline.
fn asked(model: &Model, state: &super::State, number: u32) -> Option<String> {
    let label = |who| Ref::Label(state.world.label(who));
    let mut labelled = Vec::new();
    model.actions(state, &label, &mut labelled);
    let Action::Ask(command) = labelled.get(number as usize)? else {
        return None;
    };
    match &command.ask {
        Ask::Call(call) => serde_json::to_string(call).map(|form| format!("call: {form}")),
        Ask::Native(act) => serde_json::to_string(act).map(|form| format!("native: {form}")),
    }
    .ok()
}

fn ended(world: &World, event: Event) -> String {
    let label = |who| match who {
        Who::Job(job) => world
            .jobs
            .get(job)
            .map_or_else(String::new, |job| world.label(job.subject)),
        who => world.label(who),
    };
    match event {
        Event::Settled {
            who,
            doing,
            outcome,
            ..
        } => {
            let how = match outcome {
                Outcome::Done => "ends".to_owned(),
                Outcome::Failed(code) => format!("fails with {code}"),
            };
            match doing {
                Doing::Job(op, Part::Work) => format!("{} of {} {how}", op.name(), label(who)),
                Doing::Job(op, _) => format!("the job {} of {} {how}", op.name(), label(who)),
                Doing::Act(act) => format!("{} of {} {how}", act.name(), label(who)),
            }
        }
        Event::Synced { pair, .. } => format!("the copy of {} ends", label(Who::Pair(pair))),
        Event::WindowEnds { domain, .. } => {
            format!(
                "{} falls back to static arbitration",
                label(Who::Domain(domain))
            )
        }
        _ => String::new(),
    }
}

struct Teller<'a> {
    model: &'a Model,
    engine: Watched,
    state: super::State,
    steps: String,
    script: Vec<String>,
}

impl Teller<'_> {
    fn step(&mut self, step: usize, number: u32, action: &Action) -> Result<(), Untold> {
        let out_of_time = |what: &str| Untold::OutOfTime {
            step,
            what: what.to_owned(),
        };
        let at = self.engine.now().saturating_add(STEP);
        match action {
            Action::End(Event::Synced { pair, .. }) => {
                let pair = *pair;
                let still = move |world: &World| matches!(world.pairs[pair].copy, Copying::Running);
                self.wait(still)
                    .ok_or_else(|| out_of_time("the copy does not end"))?;
            }
            Action::End(Event::WindowEnds { domain, .. }) => {
                let domain = *domain;
                let still = move |world: &World| world.domains[domain].mode == Mode::Window;
                self.wait(still)
                    .ok_or_else(|| out_of_time("the window does not end"))?;
            }
            _ => {
                let _ = self
                    .engine
                    .run_until(at, crate::engine::Limit::events(PATIENCE.into()));
                self.act(number, action);
                // Openings and acts of this instant.
                let _ = self
                    .engine
                    .run_until(at, crate::engine::Limit::events(PATIENCE.into()));
                self.engine.assess();
            }
        }
        let mut effects = Effects::new();
        self.model.apply(&mut self.state, action, &mut effects);
        let mut packer = self.model.packer();
        let same = packer.print(self.engine.world()) == packer.print(&self.state.world);
        match same {
            true => Ok(()),
            false => Err(out_of_time("a copy or a window ends before it")),
        }
    }

    /// Lets time pass while something is so; None if it does not end.
    fn wait(&mut self, still: impl Fn(&World) -> bool) -> Option<()> {
        for _ in 0..PATIENCE {
            if !still(self.engine.world()) {
                return Some(());
            }
            self.engine.step()?;
        }
        None
    }

    fn act(&mut self, number: u32, action: &Action) {
        let at = self.engine.now().as_micros();
        match action {
            Action::Ask(command) => {
                let form = asked(self.model, &self.state, number).unwrap_or_default();
                let _ = writeln!(self.steps, "  - at: {at}us\n    {form}\n    wait: false");
                // What the search admits, the same machine admits here.
                let _ = self.engine.submit(command);
            }
            Action::Strike(blow) | Action::Mend(blow) => {
                let (word, event) = match action {
                    Action::Strike(_) => ("fault", Event::Struck(*blow)),
                    _ => ("heal", Event::Mended(*blow)),
                };
                let form = fault(self.engine.world(), *blow);
                let _ = writeln!(self.steps, "  - at: {at}us\n    {word}: {form}");
                self.engine.inject(event);
            }
            Action::End(event) => {
                self.end(*event);
                self.engine.inject(*event);
            }
        }
    }

    /// Scripts the end of a piece of work, now.
    fn end(&mut self, event: Event) {
        let Event::Settled {
            who,
            epoch,
            doing: Doing::Job(op, part),
            outcome,
            ..
        } = event
        else {
            return;
        };
        let Some(begun) = self.begun(who, epoch, op, part) else {
            return;
        };
        let after = self.engine.now().saturating_since(begun).as_micros();
        let code = match outcome {
            Outcome::Done => None,
            Outcome::Failed(code) => Some(code),
        };
        let what = ending(after, code);
        self.rule(who, op, part, begun, &what);
    }

    fn begun(&self, who: Who, epoch: u32, op: Op, part: Part) -> Option<SimTime> {
        let sought = Doing::Job(op, part);
        let seen = self.engine.observer().iter().rev();
        { seen }
            .find(|(_, effect)| {
                matches!(effect, Effect::Begin { who: w, epoch: e, doing, .. }
                    if *w == who && *e == epoch && *doing == sought)
            })
            .map(|(at, _)| *at)
    }

    /// Writes a rule of the script; rules for one target are kept in the order in which its work began.
    fn rule(&mut self, who: Who, op: Op, part: Part, begun: SimTime, what: &str) {
        let world = self.engine.world();
        let label = match who {
            Who::Job(job) => world.jobs.get(job).map(|job| world.label(job.subject)),
            who => Some(world.label(who)),
        };
        let part = match part {
            Part::Open => "open",
            Part::Work => "work",
            Part::Close => "close",
        };
        let label = serde_json::to_string(&label.unwrap_or_default()).unwrap_or_default();
        self.script.push(format!(
            "  - {{op: {}, part: {part}, target: {label}, what: {what}}} # begun at {}us\n",
            op.name(),
            begun.as_micros()
        ));
    }

    /// What has not ended never does.
    fn hang(&mut self) {
        let mut events = Vec::new();
        crate::machine::admissible::underway(self.engine.world(), &mut events);
        for event in events {
            if let Event::Settled {
                who,
                epoch,
                doing: Doing::Job(op, part),
                ..
            } = event
                && let Some(begun) = self.begun(who, epoch, op, part)
            {
                self.rule(who, op, part, begun, "hang");
            }
        }
    }
}

fn ending(after: u64, code: Option<Code>) -> String {
    match code {
        None => format!("{{end: {{after: {after}us}}}}"),
        Some(code) => format!("{{end: {{after: {after}us, code: {code}}}}}"),
    }
}

/// A fault as a timeline writes it.
fn fault(world: &World, blow: Blow) -> String {
    let label = { blow.target() }.map_or_else(String::new, |who| word(&world.label(who)));
    let destroyed = |destroyed: bool| if destroyed { ", destroyed: true" } else { "" };
    match blow {
        Blow::Az { destroyed: d, .. } => format!("{{az: {label}{}}}", destroyed(d)),
        Blow::Site { destroyed: d, .. } => format!("{{site: {label}{}}}", destroyed(d)),
        Blow::Pool { read_only, .. } => {
            let read_only = if read_only { ", read_only: true" } else { "" };
            format!("{{storage: {label}{read_only}}}")
        }
        Blow::Link { .. } => format!("{{link: {label}}}"),
        Blow::Slow { slow, .. } => {
            let bandwidth =
                { slow.bandwidth }.map_or_else(String::new, |it| format!(", bandwidth: {it}"));
            let latency = slow
                .latency
                .map_or_else(String::new, |it| format!(", latency: {it}"));
            format!("{{link: {label}{bandwidth}{latency}}}")
        }
        Blow::Duct { .. } => format!("{{duct: {label}}}"),
        Blow::Node { node } => match world.topology.nodes[node].kind {
            crate::world::topology::NodeKind::Witness => format!("{{witness: {label}}}"),
            _ => format!("{{relay: {label}}}"),
        },
        Blow::Disk { destroyed: d, .. } => format!("{{disk: {label}{}}}", destroyed(d)),
        Blow::Server { destroyed: d, .. } => format!("{{server: {label}{}}}", destroyed(d)),
        Blow::Control => "{control_plane: true}".to_owned(),
    }
}

/// A label as YAML reads it as one: in quotes unless it is a plain word that means nothing else.
fn word(label: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.');
    let special = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    match label.starts_with(|c: char| c.is_ascii_alphabetic())
        && label.chars().all(plain)
        && !special.contains(&label.to_ascii_lowercase().as_str())
    {
        true => label.to_owned(),
        false => serde_json::Value::from(label).to_string(),
    }
}

/// Durations under which only what is scripted takes time.
fn at_once() -> String {
    let mut out = String::new();
    for (op, _) in crate::engine::pace::DEFAULTS {
        let _ = writeln!(out, "  {}: {{open: 0s, stagger: 0s}}", op.name());
    }
    out.push_str("  boot: 0s\n  shutdown: 0s\n  reboot: 0s\n  guest_initialization: 0s\n");
    out
}

/// The part of a scenario's text that says what stands when a run begins: its sections as the YAML reader finds them,
/// without comments between them.
fn world_of(text: &str) -> Result<String, Untold> {
    const LEFT_OUT: [&str; 8] = [
        "timeline",
        "transcript",
        "script",
        "job_durations",
        "runbooks",
        "crews",
        "hazards",
        "limit",
    ];
    let sections: Labelled<IgnoredAny> =
        yaml::from_str("", text).map_err(|_| Untold::NoSections)?;
    let mut begins = Vec::with_capacity(sections.len());
    for (key, _) in sections.iter() {
        let found = key.place.bytes().map(|span| span.start);
        let place = found.filter(|&at| text.is_char_boundary(at));
        let line = place.map(|at| text[..at].rfind('\n').map_or(0, |end| end + 1));
        match (place, line) {
            // A byte order mark may stand before the first.
            (Some(at), Some(line)) if matches!(&text[line..at], "" | "\u{feff}") => {
                begins.push((at, key.value.as_str()));
            }
            _ => return Err(Untold::NoSections),
        }
    }
    let mut out = String::new();
    for (n, &(begin, key)) in begins.iter().enumerate() {
        if LEFT_OUT.contains(&key) {
            continue;
        }
        let end = begins.get(n + 1).map_or(text.len(), |next| next.0);
        let lines = text[begin..end].lines();
        for line in lines.filter(|line| !line.starts_with('#') && *line != "...") {
            let _ = writeln!(out, "{line}");
        }
    }
    Ok(out)
}
