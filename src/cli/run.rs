//! `run` and `check`: read scenarios, run them, and tell what came of it.
//!
//! One scenario's fault never hides another's verdict: all are read and run, and the worst decides the exit code.

use super::args::{CheckArgs, RunArgs};
use super::behind::Behind;
use super::files::{Sink, Source, beside, is_dash, sink_fault, sources};
use super::guard::guarded;
use super::output::{Exit, Fault, Output};
use super::part;
use super::progress::Progress;
use super::report::Canvas;
use super::summary::{Detail, Entry, Style, Summary};
use sdrsim::engine::Checker;
use sdrsim::scenario::trace::{End, Header, Trace};
use sdrsim::scenario::{Diagnostic, Outcome, Scenario, yaml};
use std::path::{Path, PathBuf};

/// A trace on its way into its file.
type FileTrace = Trace<Behind<Sink>>;

/// `run`
pub fn run(args: &RunArgs, out: &mut Output) -> Result<Exit, Fault> {
    let sources = sources(&args.paths)?;
    let parts = [
        ("--until", args.until.is_some()),
        ("--from", args.from.is_some()),
    ];
    for (option, _) in parts.iter().filter(|(_, is_given)| *is_given) {
        one_of(option, &sources)?;
    }
    for (option, path) in [("--trace", &args.trace), ("--checkpoint", &args.checkpoint)] {
        if let Some(path) = path {
            beside(option, path, one_of(option, &sources)?)?;
            if is_dash(path) {
                if args.json {
                    return Err(Fault::StdoutTwice(option, "the report of --json"));
                }
                out.step_aside();
            }
        }
    }
    if args.from.as_deref().is_some_and(is_dash) && sources.contains(&Source::Stdin) {
        return Err(Fault::StdinTwice);
    }
    let style = Style::of(args.json, args.quiet);
    let mut progress = Progress::of(sources.len(), style == Style::Full);
    let detail = match (args.report, sources.len()) {
        (true, _) => Detail::Full(Canvas::of(out)),
        (false, 1) => Detail::Short,
        (false, _) => Detail::None,
    };
    let mut summary = Summary::new(style).with_cost(detail);
    for source in &sources {
        progress.at(source.name());
        let entry = match part::is_asked(args) {
            true => part::run(source, args, &mut progress)?,
            false => run_one(source, args, &mut progress)?,
        };
        progress.done();
        progress.aside(|| summary.add(entry, out))?;
    }
    drop(progress);
    summary.close(out)
}

/// `check`
pub fn check(args: &CheckArgs, out: &mut Output) -> Result<Exit, Fault> {
    read_all(&args.paths, Style::of(args.json, args.quiet), out)
}

fn read_all(paths: &[PathBuf], style: Style, out: &mut Output) -> Result<Exit, Fault> {
    let mut summary = Summary::new(style);
    for source in sources(paths)? {
        let name = source.name();
        let entry = match load(&source) {
            Ok((_, scenario)) => Entry::read(name, scenario.steps()),
            Err(entry) => *entry,
        };
        summary.add(entry, out)?;
    }
    summary.close(out)
}

/// The text of a scenario and the scenario; or what is wrong, ready to be told.
pub fn load(source: &Source) -> Result<(String, Scenario), Box<Entry>> {
    let text = read(source)?;
    let scenario = parse(&source.name(), &text)?;
    Ok((text, scenario))
}

/// The text of a scenario; or what is wrong, ready to be told.
pub fn read(source: &Source) -> Result<String, Box<Entry>> {
    let name = source.name();
    let faulty = |fault| Box::new(Entry::faulty(name.clone(), vec![fault]));
    let bytes = source
        .read()
        .map_err(|fault| faulty(Diagnostic::whole_file(&name, fault.to_string())))?;
    let text = yaml::utf8(&name, &bytes).map_err(faulty)?;
    Ok(text.to_owned())
}

/// The scenario that a text is; or what is wrong, ready to be told.
pub fn parse(name: &str, text: &str) -> Result<Scenario, Box<Entry>> {
    match guarded(|| Scenario::load(name, text)) {
        Ok(Ok(scenario)) => Ok(scenario),
        Ok(Err(faults)) => Err(Box::new(Entry::faulty(name.to_owned(), faults))),
        Err(told) => Err(Box::new(Entry::violated(name.to_owned(), told))),
    }
}

fn run_one(source: &Source, args: &RunArgs, progress: &mut Progress) -> Result<Entry, Fault> {
    let name = source.name();
    let (text, scenario) = match load(source) {
        Ok(loaded) => loaded,
        Err(entry) => return Ok(*entry),
    };
    let seed = args.seed.unwrap_or(scenario.seed());
    let trace = match &args.trace {
        Some(path) => Some(begin_trace(path, &Header::of(&name, &text, seed))?),
        None => None,
    };
    let ran = guarded(|| {
        // Only a file that has a transcript asks for one.
        let runner = scenario.start_watched(Some(seed), trace).untold();
        match args.check {
            true => runner.checked(Checker::new()).run(progress),
            false => runner.run(progress),
        }
    });
    let outcome = match ran {
        Ok(outcome) => outcome,
        Err(told) => return Ok(Entry::violated(name, told)),
    };
    let Outcome {
        mut report,
        end,
        world,
        observer,
        ..
    } = outcome;
    if let (Some(trace), Some(path)) = (observer, &args.trace) {
        let last = End {
            end,
            digest: report.digest,
            events: report.events,
        };
        let fault = |cause| sink_fault(path, cause);
        let writer = trace.finish(&world, &last).map_err(fault)?;
        writer.finish().map_err(fault)?.finish()?;
    }
    if seed != scenario.seed() {
        report = report.without_transcript();
    }
    Ok(Entry::ran(name, report))
}

fn begin_trace(path: &Path, header: &Header) -> Result<FileTrace, Fault> {
    let file = Behind::new(Sink::begin(path)?);
    let begun = file.and_then(|file| Trace::begin(file, header));
    begun.map_err(|cause| sink_fault(path, cause))
}

/// An option that is of one scenario.
fn one_of<'s>(option: &'static str, sources: &'s [Source]) -> Result<&'s Source, Fault> {
    match sources {
        [source] => Ok(source),
        _ => Err(Fault::OneAlone(option, sources.len())),
    }
}
