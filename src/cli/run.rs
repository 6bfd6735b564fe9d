//! `run` and `check`: read scenarios, run them, and tell what came of it.
//!
//! One scenario's fault never hides another's verdict: all are read and run, and the worst decides the exit code.

use super::args::{CheckArgs, RunArgs};
use super::files::{Replacement, Source, sources, write_fault};
use super::guard::guarded;
use super::output::{Exit, Fault, Output};
use super::progress::Progress;
use super::summary::{Entry, Style, Summary};
use sdrsim::scenario::trace::{End, Header, Trace};
use sdrsim::scenario::{Diagnostic, Outcome, Scenario, yaml};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// A trace on its way into its file.
type FileTrace = Trace<BufWriter<Replacement>>;

/// `run`
pub fn run(args: &RunArgs, out: &mut Output) -> Result<Exit, Fault> {
    if args.check {
        let style = Style::of(args.json, args.quiet);
        return read_all(&args.paths, style, out);
    }
    let sources = sources(&args.paths)?;
    if let Some(trace) = &args.trace {
        check_trace(trace, &sources)?;
    }
    let style = Style::of(args.json, args.quiet);
    let mut progress = Progress::of(sources.len(), style == Style::Full);
    let mut summary = Summary::new(style);
    for source in &sources {
        progress.at(source.name());
        let entry = run_one(source, args, &mut progress)?;
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
    let name = source.name();
    let faulty = |faults| Box::new(Entry::faulty(name.clone(), faults));
    let bytes = source
        .read()
        .map_err(|fault| faulty(vec![Diagnostic::whole_file(&name, fault.to_string())]))?;
    let text = yaml::utf8(&name, &bytes).map_err(|fault| faulty(vec![fault]))?;
    match guarded(|| Scenario::load(&name, text)) {
        Ok(Ok(scenario)) => Ok((text.to_owned(), scenario)),
        Ok(Err(faults)) => Err(faulty(faults)),
        Err(told) => Err(Box::new(Entry::violated(name.clone(), told))),
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
    let ran = guarded(|| scenario.start_watched(Some(seed), trace).run(progress));
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
        let fault = |cause| write_fault(path, cause);
        let writer = trace.finish(&world, &last).map_err(fault)?;
        let file = writer
            .into_inner()
            .map_err(|error| fault(error.into_error()))?;
        file.finish()?;
    }
    if seed != scenario.seed() {
        // The transcript was written under the scenario's own seed.
        report.transcript = None;
        report.held = report.verdicts_failed == 0;
    }
    Ok(Entry::ran(name, report))
}

fn begin_trace(path: &Path, header: &Header) -> Result<FileTrace, Fault> {
    let file = Replacement::begin(path)?;
    Trace::begin(BufWriter::new(file), header).map_err(|cause| write_fault(path, cause))
}

/// A trace is of one scenario, and does not replace it.
fn check_trace(trace: &Path, sources: &[Source]) -> Result<(), Fault> {
    let [source] = sources else {
        return Err(Fault::TraceOfMany(sources.len()));
    };
    let Source::File(path) = source else {
        return Ok(());
    };
    match (trace.canonicalize(), path.canonicalize()) {
        (Ok(trace), Ok(scenario)) if trace == scenario => Err(Fault::TraceOverScenario(trace)),
        _ => Ok(()),
    }
}
