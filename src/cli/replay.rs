//! `replay` and `diff`: where two runs part.

use super::args::{DiffArgs, ReplayArgs};
use super::files::{Source, is_dash, open};
use super::guard::guarded;
use super::output::{Exit, Fault, Output, Style as Paint, paint};
use super::progress::Progress;
use super::run::load;
use super::summary::{Entry, Style, alone, clean, counted_u64};
use sdrsim::scenario::replay::{Replayed, State, replay as run_again};
use sdrsim::scenario::trace::{
    Account, Diff, DiffError, End, Header, Parting, Reader, TraceLine, TraceSide, diff as compare,
};
use serde_json::{Value, json};
use std::io::BufRead;
use std::path::{Path, PathBuf};

/// The version of the JSON forms.
const VERSION: u32 = 1;

type Input = Reader<Box<dyn BufRead>>;

/// What is told of a comparison.
struct Told<'a> {
    json: bool,
    /// What the two runs are called.
    sides: [&'a str; 2],
    /// What is to be known beside the comparison.
    notes: Vec<String>,
}

/// `replay`
pub fn replay(args: &ReplayArgs, out: &mut Output) -> Result<Exit, Fault> {
    let recorded = trace(&args.trace)?;
    let header = recorded.header().clone();
    let source = scenario_of(args, &header)?;
    let (text, scenario) = match load(&source) {
        Ok(loaded) => loaded,
        Err(entry) => return alone(*entry, Style::of(args.json, true), out),
    };
    let told = Told {
        json: args.json,
        sides: ["recorded", "now"],
        notes: changes(&header, &Header::of(&source.name(), &text, header.seed)),
    };
    let mut progress = Progress::of(1, !args.json);
    progress.at(source.name());
    let ran = guarded(|| run_again(&scenario, recorded, args.context, &mut progress));
    drop(progress);
    let ran = match ran {
        Ok(ran) => ran,
        Err(told) => {
            return alone(
                Entry::violated(source.name(), told),
                Style::of(args.json, true),
                out,
            );
        }
    };
    match ran {
        Ok(Replayed::Same { effects, end }) => told.same(effects, Some(&end), out),
        Ok(Replayed::Parted(parted)) => told.parted(&parted.parting, &parted.states, out),
        Err(error) if args.partial && error.error.is_cut_off() => {
            told.same(error.effects, None, out)
        }
        Err(error) => Err(broken(&args.trace, error)),
    }
}

/// `diff`
pub fn diff(args: &DiffArgs, out: &mut Output) -> Result<Exit, Fault> {
    if is_dash(&args.left) && is_dash(&args.right) {
        return Err(Fault::StdinTwice);
    }
    let (mut left, mut right) = (trace(&args.left)?, trace(&args.right)?);
    let told = Told {
        json: args.json,
        sides: ["A", "B"],
        notes: differences(left.header(), right.header()),
    };
    match compare(&mut left, &mut right, args.context) {
        Ok(Diff::Same { effects, end }) => told.same(effects, Some(&end), out),
        Ok(Diff::Parted(parting)) => told.parted(&parting, &[], out),
        Err(error) if args.partial && error.error.is_cut_off() => {
            told.same(error.effects, None, out)
        }
        Err(error) => {
            let path = match error.side {
                TraceSide::Left => &args.left,
                TraceSide::Right => &args.right,
            };
            Err(broken(path, error))
        }
    }
}

fn trace(path: &Path) -> Result<Input, Fault> {
    Reader::open(open(path)?).map_err(|error| Fault::Trace {
        path: path.to_owned(),
        error,
        effects: 0,
    })
}

fn broken(path: &Path, error: DiffError) -> Fault {
    Fault::Trace {
        path: path.to_owned(),
        error: error.error,
        effects: error.effects,
    }
}

/// The scenario that is asked for, or else the one that the trace names.
fn scenario_of(args: &ReplayArgs, header: &Header) -> Result<Source, Fault> {
    let trace = || args.trace.clone();
    match &args.scenario {
        Some(path) if is_dash(path) && is_dash(&args.trace) => Err(Fault::StdinTwice),
        Some(path) if is_dash(path) => Ok(Source::Stdin),
        Some(path) => Ok(Source::File(path.clone())),
        None if header.file.is_empty() || header.file == Source::Stdin.name() => {
            Err(Fault::NoScenario(trace()))
        }
        None if !Path::new(&header.file).exists() => Err(Fault::LostScenario {
            trace: trace(),
            scenario: PathBuf::from(&header.file),
        }),
        None => Ok(Source::File(PathBuf::from(&header.file))),
    }
}

/// What has changed since a trace was recorded.
fn changes(then: &Header, now: &Header) -> Vec<String> {
    let mut notes = Vec::new();
    if then.scenario != now.scenario {
        notes.push(format!(
            "{} was changed since it was recorded, or is another scenario: its hash was {} and is {}",
            now.file, then.scenario, now.scenario
        ));
    }
    if then.crate_version != now.crate_version {
        notes.push(format!(
            "sdrsim {} recorded it, and this is sdrsim {}",
            then.crate_version, now.crate_version
        ));
    }
    notes
}

/// What two headers tell differently.
fn differences(a: &Header, b: &Header) -> Vec<String> {
    let differ = |what: &str, a: &str, b: &str| (a != b).then(|| format!("{what}: {a} and {b}"));
    let seeds = [a, b].map(|header| header.seed.to_string());
    let notes = [
        differ("seeds", &seeds[0], &seeds[1]),
        differ("hashes of the scenario", &a.scenario, &b.scenario),
        differ("versions of sdrsim", &a.crate_version, &b.crate_version),
    ];
    notes.into_iter().flatten().collect()
}

fn value(line: &TraceLine) -> Value {
    json!({"line": line.number, "said": line.said})
}

/// A map from labels to what is told of them.
fn by_label<'a>(told: impl Iterator<Item = (&'a String, Value)>) -> Value {
    Value::Object(told.map(|(label, told)| (label.clone(), told)).collect())
}

impl Told<'_> {
    /// Both did the same; without an end, as far as the shorter one goes.
    fn same(&self, effects: u64, end: Option<&End>, out: &mut Output) -> Result<Exit, Fault> {
        if self.json {
            return self.page(
                json!({"outcome": "same", "effects": effects, "whole": end.is_some(), "end": end}),
                Exit::Held,
                out,
            );
        }
        self.tell_notes(out);
        let same = paint(out.color, Paint::Good, "same");
        let effects = counted_u64(effects, "effect");
        match end {
            Some(end) => out.line(format!(
                "{same}: {effects} until {}, digest {}",
                end.end, end.digest
            ))?,
            None => out.line(format!(
                "{same} as far as it goes: {effects}, then it is cut off"
            ))?,
        }
        Ok(Exit::Held)
    }

    fn parted(&self, parting: &Parting, states: &[State], out: &mut Output) -> Result<Exit, Fault> {
        let [left, right] = self.sides;
        if self.json {
            let sides = [left, right].map(str::to_lowercase);
            let told = parting.accounts.iter().map(|account| {
                let told = json!({&sides[0]: account.left, &sides[1]: account.right});
                (&account.label, told)
            });
            let states = { states.iter() }.map(|state| (&state.label, json!(state.view)));
            let page = json!({
                "outcome": "different",
                "effects": parting.effects,
                "before": parting.before.iter().map(value).collect::<Vec<_>>(),
                &sides[0]: value(&parting.left),
                &sides[1]: value(&parting.right),
                "told": by_label(told),
                "states": by_label(states),
            });
            return self.page(page, Exit::Failed, out);
        }
        self.tell_notes(out);
        let different = paint(out.color, Paint::Bad, "different");
        out.line(format!(
            "{different} at line {}, {}, after {} that are the same",
            parting.left.number,
            parting.left.at.min(parting.right.at),
            counted_u64(parting.effects, "effect")
        ))?;
        for line in &parting.before {
            out.line(format!("  {:<9}{}", "", clean(&line.text)))?;
        }
        for (side, line) in [(left, &parting.left), (right, &parting.right)] {
            out.line(format!("  {side:<9}{}", clean(&line.text)))?;
        }
        for Account { label, left, right } in &parting.accounts {
            let view = states.iter().find(|state| state.label == *label);
            // What a run of today is, it need not tell.
            let told = match view {
                Some(_) => vec![("the trace", left)],
                None => vec![(self.sides[0], left), (self.sides[1], right)],
            };
            for (side, told) in told {
                let said = match told {
                    Some(told) => format!("`{label}` as {side} tells it: {told}"),
                    None => format!("`{label}`: {side} has told nothing of it"),
                };
                out.line(format!("  {}", clean(&said)))?;
            }
            let said = match view.map(|state| &state.view) {
                Some(Some(view)) => format!("`{label}` is now {view}"),
                Some(None) => format!("there is no `{label}` now"),
                None => continue,
            };
            out.line(format!("  {}", clean(&said)))?;
        }
        Ok(Exit::Failed)
    }

    fn tell_notes(&self, out: &mut Output) {
        for note in &self.notes {
            out.note(format!("note: {}", clean(note)));
        }
    }

    fn page(&self, mut page: Value, exit: Exit, out: &mut Output) -> Result<Exit, Fault> {
        if let Value::Object(map) = &mut page {
            map.insert("version".to_owned(), json!(VERSION));
            map.insert("exit".to_owned(), json!(exit as u8));
            map.insert("notes".to_owned(), json!(self.notes));
        }
        out.line(format!("{page:#}"))?;
        Ok(exit)
    }
}
