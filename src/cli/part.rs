//! Runs in parts: `run --until`, `--checkpoint` and `--from`.

use super::args::RunArgs;
use super::files::{Sink, Source, open, sink_fault};
use super::guard::guarded;
use super::output::Fault;
use super::progress::Progress;
use super::run::load;
use super::summary::{Entry, Stopped};
use sdrsim::engine::Limit;
use sdrsim::scenario::run::RunCheckpoint;
use sdrsim::scenario::{Runner, Scenario};
use sdrsim::time::{SimTime, Span, UnixMicros};
use std::io::BufWriter;
use std::path::Path;

/// Whether a run is asked for in parts.
pub const fn is_asked(args: &RunArgs) -> bool {
    args.until.is_some() || args.from.is_some()
}

/// Runs a part of a scenario: from its beginning or a checkpoint, to its end or an instant.
pub fn run(source: &Source, args: &RunArgs, progress: &mut Progress) -> Result<Entry, Fault> {
    let name = source.name();
    let (_, scenario) = match load(source) {
        Ok(loaded) => loaded,
        Err(entry) => return Ok(*entry),
    };
    let mut runner = match &args.from {
        None => scenario.start(args.seed),
        Some(path) => taken_up(&scenario, path)?,
    };
    let Some(until) = &args.until else {
        return match guarded(|| runner.run(progress)) {
            Err(told) => violated(name, args, told),
            Ok(mut outcome) => {
                if outcome.report.seed != scenario.seed() {
                    outcome.report = outcome.report.without_transcript();
                }
                Ok(Entry::ran(name, outcome.report))
            }
        };
    };
    let until = instant(until, &runner)?;
    let ran = guarded(|| {
        runner.run_until(Limit::until(until), progress);
        runner
    });
    let runner = match ran {
        Ok(runner) => runner,
        Err(told) => return violated(name, args, told),
    };
    if let Some(path) = &args.checkpoint {
        let file = BufWriter::new(Sink::begin(path)?);
        let fault = |cause| sink_fault(path, cause);
        let mut file = file;
        runner.checkpoint().write(&mut file).map_err(fault)?;
        let file = file
            .into_inner()
            .map_err(|error| fault(error.into_error()))?;
        file.finish()?;
    }
    let stopped = Stopped::at(&runner, scenario.steps(), args.checkpoint.as_deref());
    Ok(Entry::stopped(name, stopped))
}

fn taken_up<'s>(scenario: &'s Scenario, path: &Path) -> Result<Runner<'s>, Fault> {
    let file = open(path)?;
    let taken_up =
        guarded(|| RunCheckpoint::read(file).and_then(|checkpoint| scenario.resume(checkpoint)));
    match taken_up {
        Ok(Ok(runner)) => Ok(runner),
        Ok(Err(error)) => Err(Fault::Checkpoint {
            path: path.to_owned(),
            error: Box::new(error),
        }),
        Err(told) => Err(derailed(path, told)),
    }
}

/// A panic is a fault of the simulator, unless the run was taken up from a file that may say anything.
fn violated(name: String, args: &RunArgs, told: String) -> Result<Entry, Fault> {
    match &args.from {
        None => Ok(Entry::violated(name, told)),
        Some(path) => Err(derailed(path, told)),
    }
}

fn derailed(path: &Path, told: String) -> Fault {
    Fault::Derailed {
        path: path.to_owned(),
        told,
    }
}

/// Reads where to stop: a span since the start, or an instant on the calendar.
fn instant(text: &str, runner: &Runner) -> Result<SimTime, Fault> {
    let wrong = |why: String| Fault::Instant {
        text: text.to_owned(),
        why,
    };
    let at = match text.parse::<Span>() {
        Ok(span) => SimTime::after_start(span),
        Err(_) if text.contains(['T', 't']) => {
            let instant: UnixMicros = text.parse().map_err(|error| wrong(format!("{error}")))?;
            let calendar = &runner.world().calendar;
            calendar
                .time_of(instant)
                .map_err(|error| wrong(error.to_string()))?
        }
        Err(error) => return Err(wrong(error.to_string())),
    };
    match at < runner.now() {
        true => Err(wrong(format!("the run stands at {} already", runner.now()))),
        false => Ok(at),
    }
}
