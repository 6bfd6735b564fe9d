//! From the text of a scenario file to a [`Scenario`] that can be run.
//!
//! Four steps, each of which finds the faults of its own kind: the version, the shape (serde), the meaning (labels,
//! references, expectations, impossible values; all faults are collected), and the world, which is built by the same
//! commands as during a run and so refuses what the service or the cloud would refuse. Sizes are bounded before anything
//! is made of them.

mod build;
mod check;
mod fault;
mod hazard;
mod header;
mod hint;
mod meaning;
mod names;
mod refs;
mod runbook;
mod sense;
mod source;
mod timeline;

pub use sense::Senseless;

pub(super) use fault::{Drawer, Fault};
pub(super) use hazard::Peril;
pub(super) use names::numbered;
pub(super) use refs::{name as form_name, subject as form_subject};
pub(super) use runbook::{Book, Condition, Errand, Task, Trigger};
pub(super) use timeline::{Asking, Begin, Deed, Expected, Step};

use super::diagnostic::Diagnostic;
use super::model::{LimitModel, ScenarioModel};
use super::trace::fingerprint;
use super::transcript::{self, Transcript};
use super::yaml;
use crate::engine::{Pace, Script, ScriptedOutcome};
use crate::world::World;
use names::Names;
use source::Source;

/// Most resources that a file may ask for in all: members of templates, with the disks and NICs of servers, and with what
/// is made at the DR site.
///
/// What a file costs is linear in this: an optimized build took about 2 µs and 200 to 250 bytes for each, up to 20,000,000, and
/// `sdrsim check` of `benches/scenarios/10m.yaml`, which asks for 30,000,100, took 77 s and 6.5 GB. The bound is 13 million pairs,
/// or two million protected servers with five disks each. Each label and name costs three integers; only texts given one by one are stored.
pub const MAX_RESOURCES: u64 = 40_000_000;
/// Most calls and acts that a timeline may make in all.
pub const MAX_CALLS: u64 = 20_000_000;
/// Most faults that are reported of one file.
pub const MAX_FAULTS: usize = 50;

/// How much a file may ask for, and be read: the bounds of a file, or less where a file of a stranger is read into little
/// memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Most resources in all, counted as for [`MAX_RESOURCES`]; also most targets of all hazards.
    pub resources: u64,
    /// Most calls and acts of the timeline in all; also most targets of all its faults.
    pub calls: u64,
}

impl Default for Sizes {
    /// [`MAX_RESOURCES`] and [`MAX_CALLS`].
    fn default() -> Sizes {
        Sizes {
            resources: MAX_RESOURCES,
            calls: MAX_CALLS,
        }
    }
}

/// A scenario: a world at rest, what is to happen in it, and what is expected.
///
/// ```
/// use sdrsim::scenario::Scenario;
///
/// let text = "version: 1\nsites: {a: {}}\ntimeline:\n  - expect: count(sites) == 1\n";
/// let scenario = Scenario::load("a.yaml", text).unwrap();
/// let outcome = scenario.start(None).run(&mut ());
/// assert!(outcome.report.held());
///
/// let faults = Scenario::load("b.yaml", "version: 1\nstites: {}\n").unwrap_err();
/// assert_eq!(faults[0].to_string(), "b.yaml:2:1: unknown key `stites`; did you mean `sites`?");
/// ```
#[derive(Debug)]
pub struct Scenario {
    pub(super) file: String,
    /// The hash of the file's text.
    pub(super) fingerprint: String,
    pub(super) name: Option<String>,
    pub(super) about: Option<String>,
    pub(super) seed: u64,
    pub(super) limit: LimitModel,
    pub(super) pace: Pace,
    pub(super) script: Script,
    pub(super) world: World,
    pub(super) steps: Vec<Step>,
    /// How many crews of each sort there are, in the order of the file.
    pub(super) crews: Vec<u32>,
    pub(super) runbooks: Vec<Book>,
    pub(super) hazards: Vec<Peril>,
    pub(super) transcript: Option<Transcript>,
}

impl Scenario {
    /// Reads, checks and builds a scenario. `file` is the name for diagnostics and reports.
    ///
    /// # Errors
    /// At least one and at most [`MAX_FAULTS`] faults, those of the meaning in file order.
    pub fn load(file: &str, text: &str) -> Result<Scenario, Vec<Diagnostic>> {
        Scenario::load_within(Sizes::default(), file, text)
    }

    /// The same for a file that may ask for so much and no more. The bounds of [`Scenario::load`] hold as well.
    ///
    /// # Errors
    /// As [`Scenario::load`]; to ask for more is a fault of the file.
    pub fn load_within(sizes: Sizes, file: &str, text: &str) -> Result<Scenario, Vec<Diagnostic>> {
        let source = Source { file, text, sizes };
        if text.len() > yaml::limits::FILE_BYTES {
            return Err(vec![
                yaml::from_str::<ScenarioModel>(file, text)
                    .err()
                    .unwrap_or_else(|| Diagnostic::whole_file(file, "the file is too large")),
            ]);
        }
        header::check(source).map_err(|fault| vec![fault])?;
        let model: ScenarioModel =
            yaml::from_str_hinted(file, text, hint::other_key).map_err(|fault| vec![fault])?;
        let transcript = transcript::extract(text).map_err(|error| {
            vec![match error.line() {
                Some(line) => Diagnostic::at_line(file, text, line, 1, error.to_string()),
                None => Diagnostic::whole_file(file, error.to_string()),
            }]
        })?;
        let mut faults = Vec::new();
        let names = check::check(source, &model, &mut faults);
        let labelled = faults.is_empty();
        let steps = match labelled {
            true => timeline::prepare(source, &model, &names, &mut faults),
            // With labels in doubt, faults of steps would be echoes of those above.
            false => Vec::new(),
        };
        let runbooks = match faults.is_empty() {
            true => runbook::prepare(source, &model, &names, &mut faults),
            false => Vec::new(),
        };
        let hazards = match labelled {
            true => hazard::prepare(source, &model, &names, &mut faults),
            false => Vec::new(),
        };
        let mut script = Script::default();
        for rule in timeline::rules(source, &model.script, &names, &mut faults) {
            push(&mut script, rule);
        }
        if !faults.is_empty() {
            faults.sort_by_key(|fault| (fault.line, fault.column));
            faults.dedup();
            faults.truncate(MAX_FAULTS);
            return Err(faults);
        }
        let world = build::build(source, &model, &names).map_err(|fault| vec![*fault])?;
        check_parts(source, &names, &world, (&steps, &runbooks))?;
        for hazard in &hazards {
            let checked = hazard.check_world(source, &world);
            checked.map_err(|fault| vec![fault])?;
        }
        Ok(Scenario {
            file: file.to_owned(),
            fingerprint: fingerprint(text),
            name: model.name,
            about: model.about,
            seed: model.seed,
            limit: model.limit,
            pace: model.job_durations,
            script,
            world,
            steps,
            crews: model.crews.items().copied().collect(),
            runbooks,
            hazards,
            transcript,
        })
    }

    /// The file's name as it was given.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The hash of the file's text, as 16 hexadecimal digits: traces and checkpoints know their scenario by it.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The scenario's name, or else the file's.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.file)
    }

    /// What it shows, in the file's words.
    #[must_use]
    pub fn about(&self) -> Option<&str> {
        self.about.as_deref()
    }

    /// The seed that the file says.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// How many steps the timeline has.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// The world at rest, before the first step. Hazards join it when a run begins; see [`Scenario::engine`].
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// The expected run, if the file has one.
    #[must_use]
    pub const fn transcript(&self) -> Option<&Transcript> {
        self.transcript.as_ref()
    }

    /// The JSON Schema of scenario files.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(ScenarioModel).to_value()
    }
}

/// Adds a rule that was checked when it was read.
pub(super) fn push(script: &mut Script, rule: ScriptedOutcome) {
    script
        .push(rule)
        .expect("the rule was checked when it was read");
}

/// Whether the parts that faults name are there or may come. Those of hazards must be there, and are checked with them.
fn check_parts(
    source: Source<'_>,
    names: &Names,
    world: &World,
    (steps, runbooks): (&[Step], &[Book]),
) -> Result<(), Vec<Diagnostic>> {
    let of_steps = steps.iter().filter_map(|step| match &step.deed {
        Deed::Strike(fault, _) | Deed::Heal(fault) => Some(fault),
        _ => None,
    });
    let of_runbooks = runbooks.iter().filter_map(|book| match &book.trigger {
        Trigger::Fault(fault) => Some(fault),
        Trigger::When(..) => None,
    });
    let all = of_steps.chain(of_runbooks);
    let strange = all.filter_map(|fault| fault.check_parts(source, names, world).err());
    let mut strange: Vec<Diagnostic> = strange.take(MAX_FAULTS).collect();
    strange.sort_by_key(|fault| (fault.line, fault.column));
    match strange.is_empty() {
        true => Ok(()),
        false => Err(strange),
    }
}
