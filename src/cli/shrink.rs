//! `shrink`: the shortest scenario that fails in the same way.

use super::args::ShrinkArgs;
use super::files::{Replacement, Source, beside, is_dash, write_fault};
use super::guard::guarded;
use super::output::{Exit, Fault, Output};
use super::progress::ShrinkBar;
use super::run::{parse, read};
use super::summary::{Style, alone, clean, counted_u64};
use sdrsim::engine::Checker;
use sdrsim::scenario::Scenario;
use sdrsim::scenario::shrink::{Alike, Bounds, Failure, Judge, Shrunk, Wanted, shrink_by};
use serde_json::json;
use std::io::Write;
use std::num::NonZeroUsize;

/// The version of the JSON form.
const VERSION: u32 = 1;

/// `shrink`
pub fn shrink(args: &ShrinkArgs, out: &mut Output) -> Result<Exit, Fault> {
    let source = match is_dash(&args.scenario) {
        true => Source::Stdin,
        false => Source::File(args.scenario.clone()),
    };
    if let Some(path) = &args.output {
        beside("--output", path, &source)?;
        if args.json && is_dash(path) {
            return Err(Fault::StdoutTwice("--output", "the page of --json"));
        }
    }
    let text = match read(&source) {
        Ok(text) => text,
        Err(entry) => return alone(*entry, Style::of(args.json, true), out),
    };
    let line = args.expect_fail.flatten().map(NonZeroUsize::get);
    let wanted = line.map_or(Wanted::First, Wanted::Line);
    let alike = match args.any_value {
        true => Alike::Text,
        false => Alike::Values,
    };
    let bounds = Bounds {
        tries: args.tries,
        alike,
        wanted,
    };
    let name = source.name();
    let mut bar = ShrinkBar::of(args.tries, text.len());
    let mut judge = Judge::new(&name, &bounds);
    if args.check {
        judge = judge.checked(Checker::new());
    }
    let failure = |text: &str| {
        let found = guarded(|| judge.failure(text));
        found.unwrap_or_else(|told| Some(Failure::panic(told)))
    };
    let shrunk = shrink_by(&text, bounds, failure, &mut bar);
    drop(bar);
    let Some(shrunk) = shrunk else {
        if let Err(entry) = parse(&name, &text) {
            return alone(*entry, Style::of(args.json, true), out);
        }
        let failing = guarded(|| judge.lines(&text)).unwrap_or_default();
        return Err(Fault::HoldsAlready {
            file: args.scenario.clone(),
            line,
            failing: failing.into_iter().collect(),
        });
    };
    match &args.output {
        Some(path) if !is_dash(path) => {
            let mut file = Replacement::begin(path)?;
            file.write_all(shrunk.text.as_bytes())
                .map_err(|cause| write_fault(path, cause))?;
            file.finish()?;
        }
        _ => out.print(&shrunk.text)?,
    }
    tell(args, &name, &text, &shrunk, out)?;
    Ok(Exit::Held)
}

/// What a scenario weighs.
fn size(name: &str, text: &str) -> (usize, usize, usize) {
    let steps = guarded(|| Scenario::load(name, text).map_or(0, |scenario| scenario.steps()));
    (text.len(), text.lines().count(), steps.unwrap_or(0))
}

fn tell(
    args: &ShrinkArgs,
    name: &str,
    text: &str,
    shrunk: &Shrunk,
    out: &mut Output,
) -> Result<(), Fault> {
    let [from, to] = [text, &shrunk.text].map(|text| size(name, text));
    if args.json {
        let of = |(bytes, lines, steps)| json!({"bytes": bytes, "lines": lines, "steps": steps});
        let page = json!({
            "version": VERSION,
            "file": name,
            "output": args.output,
            "failure": shrunk.failure,
            "from": of(from),
            "to": of(to),
            "tries": shrunk.tries,
            "minimal": shrunk.is_minimal,
        });
        return out.line(format!("{page:#}"));
    }
    let minimal = match shrunk.is_minimal {
        true => "nothing more can go",
        false => "the tries are used up, more may go",
    };
    out.note(format!(
        "{}: {} lines became {}, {} steps {}, in {}; {minimal}",
        clean(name),
        from.1,
        to.1,
        from.2,
        to.2,
        counted_u64(shrunk.tries, "try").replace("trys", "tries"),
    ));
    out.note(format!(
        "still fails: {}",
        clean(&shrunk.failure.to_string())
    ));
    Ok(())
}
