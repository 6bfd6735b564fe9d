//! What is told about scenarios, as text or as JSON.
//!
//! Text goes out scenario by scenario, so that a long run is followed as it happens: every expectation has its line. JSON
//! is one document at the end:
//!
//! ```json
//! {"version": 1, "held": true, "exit": 0,
//!  "scenarios": [{"file": "a.yaml", "outcome": "held", "report": {}, "faults": [], "violation": null}]}
//! ```
//!
//! `outcome` is `held`, `failed`, `faulty` (the file is wrong: `faults` holds what and where), `violated` (the simulator
//! is wrong: `violation` says how; after `run --check` there is a `report` of the run up to then), of `run --until` `stopped`
//! (then `stopped` tells where, what was expected until then and whether it was so) or, of `check`, `read`. `report` is the run's
//! own report with a version of its own;
//! null if there was no run. Within a version keys are only added.

use super::guard::plea;
use super::output::{self, Exit, Fault, Output, paint};
use super::report::{self, Canvas};
use sdrsim::engine::Digest;
use sdrsim::scenario::report::{Moment, Verdict, VerdictKind};
use sdrsim::scenario::{Diagnostic, RunReport, Runner};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The version of the JSON document.
const VERSION: u32 = 1;

/// How much is told, and in which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Everything, as text.
    Full,
    /// What failed, as text.
    Quiet,
    /// Everything, as JSON.
    Json,
}

impl Style {
    /// The style that the options ask for; they exclude each other.
    pub fn of(json: bool, quiet: bool) -> Style {
        match (json, quiet) {
            (true, _) => Style::Json,
            (false, true) => Style::Quiet,
            (false, false) => Style::Full,
        }
    }
}

/// How much is told of what a run cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Nothing.
    #[default]
    None,
    /// A few lines, of a run that had a fault.
    Short,
    /// Everything.
    Full(Canvas),
}

/// What came of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Came {
    Read,
    Blessed,
    Unchanged,
    Held,
    Stopped,
    Failed,
    Faulty,
    Violated,
}

/// Where a run was stopped.
#[derive(Debug, Serialize)]
pub struct Stopped {
    /// What happened last.
    at: Moment,
    steps_done: usize,
    steps: usize,
    events: u64,
    digest: Digest,
    seed: u64,
    verdicts: Vec<Verdict>,
    /// Where it was set aside.
    checkpoint: Option<PathBuf>,
}

impl Stopped {
    /// A run of so many steps that rests.
    pub fn at(runner: &Runner, steps: usize, checkpoint: Option<&Path>) -> Stopped {
        Stopped {
            at: runner.now().into(),
            steps_done: runner.steps_done(),
            steps,
            events: runner.events(),
            digest: runner.digest(),
            seed: runner.seed(),
            verdicts: runner.verdicts().to_vec(),
            checkpoint: checkpoint.map(Path::to_owned),
        }
    }

    fn held(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.held)
    }

    fn tell(&self, file: &str, all: bool, out: &mut Output) -> Result<(), Fault> {
        out.line(paint(out.color, output::Style::Strong, file))?;
        for verdict in self.verdicts.iter().filter(|v| all || !v.held) {
            tell_verdict(verdict, out)?;
        }
        out.line(format!(
            "  stopped: {} of {} done, {} until {}, seed {}, digest {}",
            self.steps_done,
            counted(self.steps, "step"),
            counted_u64(self.events, "event"),
            self.at.clock,
            self.seed,
            self.digest
        ))
    }
}

/// One scenario.
#[derive(Debug, Serialize)]
pub struct Entry {
    file: String,
    outcome: Came,
    report: Option<RunReport>,
    #[serde(serialize_with = "faults_as_json")]
    faults: Vec<Diagnostic>,
    violation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Stopped>,
    #[serde(skip)]
    steps: usize,
}

fn faults_as_json<S: serde::Serializer>(faults: &[Diagnostic], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(faults.iter().map(Diagnostic::to_json))
}

impl Entry {
    fn new(file: String, outcome: Came) -> Entry {
        Entry {
            file,
            outcome,
            report: None,
            faults: Vec::new(),
            violation: None,
            stopped: None,
            steps: 0,
        }
    }

    /// It ran; a run that was checked may have ended with a violation.
    pub fn ran(file: String, report: RunReport) -> Entry {
        let violation = report.violation.as_ref().map(|violation| {
            let step = match violation.step {
                Some(step) => format!("in step {step}"),
                None => "before the first step".to_owned(),
            };
            let (at, name, text) = (&violation.at.clock, &violation.invariant, &violation.text);
            format!("at {at}, {step}: {name}: {text}")
        });
        let outcome = match (&violation, report.held()) {
            (Some(_), _) => Came::Violated,
            (None, true) => Came::Held,
            (None, false) => Came::Failed,
        };
        Entry {
            report: Some(report),
            violation,
            ..Entry::new(file, outcome)
        }
    }

    /// It was stopped.
    pub fn stopped(file: String, stopped: Stopped) -> Entry {
        let outcome = match stopped.held() {
            true => Came::Stopped,
            false => Came::Failed,
        };
        Entry {
            stopped: Some(stopped),
            ..Entry::new(file, outcome)
        }
    }

    /// It was read and has so many steps.
    pub fn read(file: String, steps: usize) -> Entry {
        Entry {
            steps,
            ..Entry::new(file, Came::Read)
        }
    }

    /// Its transcript was written, or was right already.
    pub fn blessed(file: String, changed: bool) -> Entry {
        let outcome = match changed {
            true => Came::Blessed,
            false => Came::Unchanged,
        };
        Entry::new(file, outcome)
    }

    /// It cannot be read.
    pub fn faulty(file: String, faults: Vec<Diagnostic>) -> Entry {
        Entry {
            faults,
            ..Entry::new(file, Came::Faulty)
        }
    }

    /// The simulator gave up on it, and said this.
    pub fn violated(file: String, told: String) -> Entry {
        Entry {
            violation: Some(told),
            ..Entry::new(file, Came::Violated)
        }
    }

    fn exit(&self) -> Exit {
        match self.outcome {
            Came::Read | Came::Blessed | Came::Unchanged | Came::Held | Came::Stopped => Exit::Held,
            Came::Failed => Exit::Failed,
            Came::Faulty => Exit::Usage,
            Came::Violated => Exit::Violated,
        }
    }
}

#[derive(Serialize)]
struct Page<'a> {
    version: u32,
    held: bool,
    exit: u8,
    scenarios: &'a [Entry],
}

/// What is told about all scenarios of a command.
pub struct Summary {
    style: Style,
    detail: Detail,
    exit: Exit,
    /// How many came to what, in the order of [`Came`].
    counts: Vec<(Came, usize)>,
    /// What JSON tells at the end.
    kept: Vec<Entry>,
}

/// Tells of a single scenario, of one that did not come to what was asked for, say.
///
/// # Errors
/// Standard output cannot be written.
pub fn alone(entry: Entry, style: Style, out: &mut Output) -> Result<Exit, Fault> {
    let mut summary = Summary::new(style);
    summary.add(entry, out)?;
    summary.close(out)
}

impl Summary {
    /// Nothing yet.
    pub fn new(style: Style) -> Summary {
        Summary {
            style,
            detail: Detail::None,
            exit: Exit::Held,
            counts: Vec::new(),
            kept: Vec::new(),
        }
    }

    /// The same, which also tells what runs cost.
    pub fn with_cost(self, detail: Detail) -> Summary {
        Summary { detail, ..self }
    }

    /// Tells of one scenario.
    ///
    /// # Errors
    /// Those of standard output.
    pub fn add(&mut self, entry: Entry, out: &mut Output) -> Result<(), Fault> {
        self.exit = self.exit.max(entry.exit());
        match self
            .counts
            .iter_mut()
            .find(|(came, _)| *came == entry.outcome)
        {
            Some((_, count)) => *count += 1,
            None => self.counts.push((entry.outcome, 1)),
        }
        if self.style == Style::Json {
            self.kept.push(entry);
            return Ok(());
        }
        for fault in &entry.faults {
            let text = fault.render(out.color_err);
            out.note(text);
        }
        if let Some(told) = &entry.violation {
            let file = clean(&entry.file);
            out.complain(plea(&file, told));
        }
        if self.style == Style::Full || entry.outcome == Came::Failed {
            self.tell(&entry, out)?;
        }
        out.flush()
    }

    fn tell(&self, entry: &Entry, out: &mut Output) -> Result<(), Fault> {
        let file = clean(&entry.file);
        match entry.outcome {
            Came::Read => out.line(format!("{file}: ok, {}", counted(entry.steps, "step"))),
            Came::Blessed => out.line(format!("{file}: blessed")),
            Came::Unchanged => out.line(format!("{file}: unchanged")),
            Came::Held | Came::Failed | Came::Stopped => match (&entry.report, &entry.stopped) {
                (Some(report), _) => self.tell_run(&file, report, out),
                (None, Some(stopped)) => stopped.tell(&file, self.style == Style::Full, out),
                (None, None) => Ok(()),
            },
            // Told on standard error already.
            Came::Faulty | Came::Violated => Ok(()),
        }
    }

    fn tell_run(&self, file: &str, report: &RunReport, out: &mut Output) -> Result<(), Fault> {
        let heading = paint(out.color, output::Style::Strong, file);
        out.line(heading)?;
        let all = self.style == Style::Full;
        let shown = report.verdicts.iter().filter(|v| all || !v.held);
        for verdict in shown {
            tell_verdict(verdict, out)?;
        }
        let listed = report.verdicts.len() as u64;
        let more = (report.verdicts_held + report.verdicts_failed).saturating_sub(listed);
        if more > 0 {
            out.line(format!("  ... and {more} more"))?;
        }
        if let Some(transcript) = &report.transcript
            && (all || !transcript.held)
        {
            let mark = mark(transcript.held, out.color);
            out.line(format!("  {mark}  transcript"))?;
            for line in transcript.difference.iter().flat_map(|text| text.lines()) {
                out.line(format!("        {}", clean(line)))?;
            }
        }
        if all && report.transcript.is_none() {
            out.line(
                "  --    transcript not compared: the file has none, or the seed is not the file's",
            )?;
        }
        out.line(format!(
            "  {}: {} of {}, {} until {}, seed {}, digest {}",
            if report.held { "held" } else { "failed" },
            report.verdicts_held,
            counted_of(report.verdicts_held + report.verdicts_failed),
            counted_u64(report.events, "event"),
            report.end.clock,
            report.seed,
            report.digest
        ))?;
        match self.detail {
            Detail::Short if all => report::tell_shortly(&report.cost, out),
            Detail::Full(canvas) => report::tell(report, canvas, out),
            Detail::None | Detail::Short => Ok(()),
        }
    }

    /// Tells of all together and answers the exit code.
    ///
    /// # Errors
    /// Those of standard output.
    pub fn close(mut self, out: &mut Output) -> Result<Exit, Fault> {
        if self.style == Style::Json {
            let page = Page {
                version: VERSION,
                held: self.exit == Exit::Held,
                exit: self.exit as u8,
                scenarios: &self.kept,
            };
            let text = serde_json::to_string_pretty(&page)
                .expect("reports hold numbers, strings and lists, and every key is a string");
            out.line(text)?;
            return Ok(self.exit);
        }
        let total: usize = self.counts.iter().map(|(_, count)| count).sum();
        if self.style == Style::Full && total > 0 {
            self.counts.sort_unstable();
            let parts = self.counts.iter().map(|(came, count)| {
                let word = match came {
                    Came::Read => "ok",
                    Came::Blessed => "blessed",
                    Came::Unchanged => "unchanged",
                    Came::Held => "held",
                    Came::Stopped => "stopped",
                    Came::Failed => "failed",
                    Came::Faulty => "faulty",
                    Came::Violated => "violated",
                };
                format!("{count} {word}")
            });
            let parts: Vec<String> = parts.collect();
            let good = self.exit == Exit::Held;
            let style = if good {
                output::Style::Good
            } else {
                output::Style::Bad
            };
            let told = paint(out.color, style, &parts.join(", "));
            out.line(format!("{}: {told}", counted(total, "scenario")))?;
        }
        Ok(self.exit)
    }
}

fn tell_verdict(verdict: &Verdict, out: &mut Output) -> Result<(), Fault> {
    let mark = mark(verdict.held, out.color);
    let place = match verdict.line {
        0 => "the run".to_owned(),
        line => format!("line {line}"),
    };
    let word = match verdict.kind {
        VerdictKind::Expect => "expect",
        VerdictKind::Wait => "wait until",
        VerdictKind::Refused => "refused",
        VerdictKind::Accepted => "accepted",
        VerdictKind::Ends => "ends",
        VerdictKind::OnTime => "on time",
        VerdictKind::Limit => "limit",
    };
    out.line(format!(
        "  {mark}  {}  {place:<9} {word}: {}",
        verdict.at.clock,
        clean(&verdict.text)
    ))?;
    if !verdict.held && !verdict.explain.is_empty() {
        for line in verdict.explain.lines() {
            out.line(format!("          {}", clean(line)))?;
        }
    }
    Ok(())
}

fn mark(held: bool, color: bool) -> String {
    match held {
        true => paint(color, output::Style::Good, "ok  "),
        false => paint(color, output::Style::Bad, "FAIL"),
    }
}

/// The text without control characters: it may quote a file, and a file must not steer the terminal.
pub fn clean(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => ' ',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// So many of something.
pub fn counted(n: usize, word: &str) -> String {
    counted_u64(n as u64, word)
}

/// So many of something.
pub fn counted_u64(n: u64, word: &str) -> String {
    match n {
        1 => format!("1 {word}"),
        _ => format!("{n} {word}s"),
    }
}

fn counted_of(n: u64) -> String {
    counted_u64(n, "expectation")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sdrsim::scenario::Scenario;
    use sdrsim::scenario::report::{Moment, ViolationReport};
    use sdrsim::time::SimTime;

    #[test]
    fn the_worst_decides_the_exit_code() {
        let fault = Diagnostic::whole_file("b", "wrong");
        let entries = [
            (Entry::read("a".into(), 1), Exit::Held),
            (Entry::faulty("b".into(), vec![fault]), Exit::Usage),
            (Entry::violated("c".into(), "bug".into()), Exit::Violated),
            (Entry::blessed("d".into(), true), Exit::Violated),
        ];
        let mut out = Output::new(super::super::args::Color::Never);
        let mut summary = Summary::new(Style::Json);
        for (entry, exit) in entries {
            summary.add(entry, &mut out).unwrap();
            assert_eq!(summary.exit, exit);
        }
    }

    #[test]
    fn a_file_does_not_steer_the_terminal() {
        assert_eq!(clean("a\u{1b}[2J\nb"), "a\u{fffd}[2J b");
    }

    #[test]
    fn a_violation_ends_with_its_own_code_and_says_what_when_and_where() {
        let text = "version: 1\nsites: {north: {}}\nazs: {az-1: {site: north}}\n";
        let scenario = Scenario::load("a.yaml", text).expect("the file is well-formed");
        let mut report = scenario.start(None).run(&mut ()).report;
        let ran = |report: &RunReport| Entry::ran("a.yaml".to_owned(), report.clone());
        assert_eq!(ran(&report).exit(), Exit::Held);
        report.violation = Some(ViolationReport {
            invariant: "jobs add up".to_owned(),
            text: "the control plane counts 1 jobs running, and there are 0".to_owned(),
            step: Some(1),
            at: Moment::from(SimTime::from_micros(60_000_000)),
        });
        let entry = ran(&report);
        assert_eq!(entry.exit() as u8, 3);
        let told = "at 00:01:00.000, in step 1: jobs add up: the control plane counts 1 jobs running, and there are 0";
        assert_eq!(entry.violation.as_deref(), Some(told));
    }
}
