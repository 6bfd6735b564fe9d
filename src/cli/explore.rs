//! `explore`: every interleaving in a small world, and the shortest way to what must not be.

mod ask;
mod tell;

use super::args::ExploreArgs;
use super::files::{Sink, beside, is_dash, sink_fault, sources};
use super::guard::guarded;
use super::output::{Exit, Fault, Output};
use super::progress::Progress;
use super::run::load;
use super::summary::{Entry, Style, alone};
use ask::{Properties, idle, menu};
use sdrsim::explore::{Bounds, Claim, Found, Model, search_watched};
use std::io::Write;
use std::path::Path;

/// `explore`
pub fn explore(args: &ExploreArgs, out: &mut Output) -> Result<Exit, Fault> {
    let found = sources(std::slice::from_ref(&args.path))?;
    let [source] = found.as_slice() else {
        return Err(Fault::OneAlone("a search", found.len()));
    };
    if let Some(path) = &args.output {
        beside("-o", path, source)?;
        if is_dash(path) {
            if args.json {
                return Err(Fault::StdoutTwice("-o", "the page of --json"));
            }
            out.step_aside();
        }
    }
    let (text, scenario) = match load(source) {
        Ok(loaded) => loaded,
        Err(entry) => return alone(*entry, Style::of(args.json, false), out),
    };
    let menu = menu(args, scenario.world())?;
    let notes = idle(args, &menu);
    let model = Model::new(scenario.world().clone(), menu);
    let (properties, model) = Properties::read(args, model)?;
    for note in notes {
        out.note(format!("note: {note}"));
    }
    let bounds = Bounds {
        states: args.states,
        depth: args.depth.unwrap_or(u32::MAX),
        bytes: args.memory.saturating_mul(1 << 20),
        threads: args.threads.get(),
        dead_ends: args.dead_ends || args.goal.is_some(),
    };
    let mut progress = Progress::of(1, !args.json);
    let ran = guarded(|| {
        let found = search_watched(&model, &bounds, &mut |states, depth| {
            progress.at(format!("{states} states, {depth} steps deep"));
        });
        let way = way(&text, &model, &found, &properties, args.output.as_deref());
        (found, way)
    });
    let (found, way) = match ran {
        Ok(found) => found,
        Err(violated) => {
            return alone(
                Entry::violated(source.name(), violated),
                Style::of(args.json, false),
                out,
            );
        }
    };
    drop(progress);
    let written = match &args.output {
        Some(path) => Some(write(path, way)?),
        None => None,
    };
    let exit = exit(&found, &properties, bounds.dead_ends);
    match args.json {
        true => out.line(tell::as_json(&model, &found, &properties, exit))?,
        false => tell::report(&model, &found, &properties, (exit, bounds.dead_ends), out)?,
    }
    if let Some(note) = written {
        out.note(note);
    }
    Ok(exit)
}

/// What a search decides. A violation is one however many states were seen; all else needs all of them, but for what must
/// hold sometimes and did.
fn exit(found: &Found, properties: &Properties, dead_ends: bool) -> Exit {
    let seen_to = |claim: Claim| claim == Claim::Sometimes && found.never.is_empty();
    let mut claims = properties.claims();
    let decided = !dead_ends && claims.next().is_some_and(seen_to) && claims.all(seen_to);
    match (found.violation.is_some(), found.complete) {
        (true, _) => Exit::Failed,
        (_, true) if !found.never.is_empty() => Exit::Failed,
        (_, false) if !decided => Exit::Undecided,
        _ => Exit::Held,
    }
}

/// The way to the violation as a scenario, if it is asked for; or why there is none.
fn way(
    text: &str,
    model: &Model,
    found: &Found,
    properties: &Properties,
    output: Option<&Path>,
) -> Result<String, String> {
    let (Some(_), Some(violation)) = (output, &found.violation) else {
        return Err("nothing is violated".to_owned());
    };
    let expected = properties.expected(&violation.property);
    sdrsim::explore::tell(text, model, &violation.path, expected.as_deref())
        .map_err(|untold| untold.to_string())
}

/// Writes the way; answers what to say about it.
fn write(path: &Path, way: Result<String, String>) -> Result<String, Fault> {
    match way {
        Ok(text) => {
            let mut sink = Sink::begin(path)?;
            sink.write_all(text.as_bytes())
                .map_err(|cause| sink_fault(path, cause))?;
            sink.finish()?;
            let to = match is_dash(path) {
                true => "the way to standard output".to_owned(),
                false => path.display().to_string(),
            };
            Ok(format!("wrote {to}: `sdrsim run` fails the same way"))
        }
        Err(why) => {
            let old = match !is_dash(path) && path.exists() {
                true => format!("; {} stays as it was", path.display()),
                false => String::new(),
            };
            Ok(format!("nothing was written: {why}{old}"))
        }
    }
}
