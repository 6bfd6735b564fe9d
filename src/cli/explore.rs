//! `explore`: every interleaving in a small world, and the shortest way to what must not be.

use super::args::ExploreArgs;
use super::files::{Replacement, sources, write_fault};
use super::guard::guarded;
use super::output::{Exit, Fault, Output, Style as Paint, paint};
use super::progress::Progress;
use super::run::load;
use super::summary::{Entry, Style, Summary};
use sdrsim::explore::{Bounds, Found, Menu, Model, describe, search_watched, tell};
use sdrsim::machine::admissible::OFFERED;
use sdrsim::machine::event::Blow;
use sdrsim::scenario::diagnostic::nearest;
use sdrsim::scenario::expect::Expectation;
use sdrsim::sdrs::op::Op;
use sdrsim::sdrs::status::Kind;
use sdrsim::world::{Who, World};
use serde_json::json;
use std::io::Write;

/// `explore`
pub fn explore(args: &ExploreArgs, out: &mut Output) -> Result<Exit, Fault> {
    let mut found = sources(std::slice::from_ref(&args.path))?;
    let source = found.swap_remove(0);
    let (text, scenario) = match load(&source) {
        Ok(loaded) => loaded,
        Err(entry) => return told(*entry, args.json, out),
    };
    let properties = Properties::read(args, scenario.world())?;
    let model = properties.of(Model::new(
        scenario.world().clone(),
        menu(args, scenario.world())?,
    ));
    let bounds = Bounds {
        states: args.states,
        depth: args.depth.unwrap_or(u32::MAX),
        bytes: args.memory << 20,
        threads: args.threads,
        dead_ends: args.dead_ends || args.goal.is_some(),
    };
    let mut progress = Progress::of(1, !args.json);
    let ran = guarded(|| {
        search_watched(&model, &bounds, &mut |states, depth| {
            progress.at(format!("{states} states, {depth} steps deep"));
        })
    });
    let found = match ran {
        Ok(found) => found,
        Err(violated) => return told(Entry::violated(source.name(), violated), args.json, out),
    };
    drop(progress);
    let written = write(args, &text, &model, &found, &properties)?;
    match args.json {
        true => out.line(as_json(&model, &found, &properties))?,
        false => report(&model, &found, &properties, out)?,
    }
    if let Some(note) = written {
        out.note(note);
    }
    Ok(match found.violation.is_some() || !found.never.is_empty() {
        true => Exit::Failed,
        false => Exit::Held,
    })
}

fn told(entry: Entry, json: bool, out: &mut Output) -> Result<Exit, Fault> {
    let mut summary = Summary::new(Style::of(json, false));
    summary.add(entry, out)?;
    summary.close(out)
}

/// What must hold always, never, sometimes, and what a way back leads to: with the text as it was given.
struct Properties {
    all: Vec<(&'static str, String, Expectation)>,
}

impl Properties {
    fn read(args: &ExploreArgs, world: &World) -> Result<Properties, Fault> {
        let goal: Vec<String> = args.goal.iter().cloned().collect();
        let given = [
            ("always", &args.always),
            ("never", &args.never),
            ("sometimes", &args.sometimes),
            ("goal", &goal),
        ];
        let mut all = Vec::new();
        for (option, texts) in given {
            for text in texts {
                let fault = |why: String| Fault::NoExpectation {
                    option,
                    text: text.clone(),
                    why,
                };
                let parsed = Expectation::parse(text).map_err(|error| fault(error.to_string()))?;
                if let Err(error) = parsed.judge(world, world.now) {
                    let help = error
                        .help()
                        .map_or_else(String::new, |help| format!("; {help}"));
                    return Err(fault(format!("{error}{help}")));
                }
                all.push((option, text.clone(), parsed));
            }
        }
        Ok(Properties { all })
    }

    /// The search with these properties. What they name changes places with nothing.
    fn of(&self, mut model: Model) -> Model {
        for (option, text, parsed) in &self.all {
            for label in parsed.labels() {
                model = model.mark(&label);
            }
            let (option, parsed) = (*option, parsed.clone());
            let property = move |world: &World| match (parsed.judge(world, world.now), option) {
                (Ok(verdict), "never") if verdict.held => Err(verdict.explain),
                (Ok(verdict), "always" | "sometimes" | "goal") if !verdict.held => {
                    Err(verdict.explain)
                }
                // What speaks of something that is gone by now says nothing.
                (Err(error), "sometimes" | "goal") => Err(error.to_string()),
                _ => Ok(()),
            };
            let name = format!("{option} {text}");
            model = match option {
                "sometimes" => model.sometimes(name, property),
                "goal" => model.goal(property),
                _ => model.always(name, property),
            };
        }
        model
    }

    /// Where a way back leads, if not to rest.
    fn goal(&self) -> Option<&str> {
        let goal = self.all.iter().find(|(option, ..)| *option == "goal");
        goal.map(|(_, text, _)| text.as_str())
    }

    /// What a scenario expects that shows the violation of a property.
    fn expected(&self, name: &str) -> Option<String> {
        let mut all = self.all.iter();
        let (option, text, _) = all.find(|(option, text, _)| format!("{option} {text}") == name)?;
        Some(match *option {
            "never" => format!("not ({text})"),
            _ => text.clone(),
        })
    }
}

fn menu(args: &ExploreArgs, world: &World) -> Result<Menu, Fault> {
    let named = |word: &String| {
        OFFERED
            .iter()
            .copied()
            .find(|op| op.name() == word)
            .ok_or_else(|| {
                let all: Vec<&'static str> = OFFERED.iter().map(|op| op.name()).collect();
                Fault::NoCall {
                    word: word.clone(),
                    near: nearest(word, all.iter().copied()).map(|near| {
                        let place = all.iter().position(|it| *it == near);
                        all[place.unwrap_or(0)]
                    }),
                    all,
                }
            })
    };
    let ops: Vec<Op> = args.call.iter().map(named).collect::<Result<_, _>>()?;
    let faults = { args.fault.iter() }
        .map(|text| blow(text, world).ok_or_else(|| Fault::NoTarget(text.clone())))
        .collect::<Result<Vec<Blow>, Fault>>()?;
    if faults.len() > 64 {
        return Err(Fault::ManyFaults(faults.len()));
    }
    let usual = Menu::default();
    Ok(Menu {
        ops: if ops.is_empty() { usual.ops } else { ops },
        powers: !args.no_power,
        deletions: args.delete_servers,
        faults_max: if faults.is_empty() { 0 } else { args.faults },
        faults,
        heals: !args.no_heal,
        failures_max: args.failures,
        drills_max: args.drills,
        slow_powers: usual.slow_powers,
    })
}

/// A fault as the option writes it.
fn blow(text: &str, world: &World) -> Option<Blow> {
    if text == "control-plane" {
        return Some(Blow::Control);
    }
    let mut parts = text.split(':');
    let (kind, label, flag) = (parts.next()?, parts.next()?, parts.next());
    let destroyed = flag == Some("destroyed");
    let read_only = flag == Some("read-only");
    if parts.next().is_some() || (flag.is_some() && !destroyed && !read_only) {
        return None;
    }
    let blow = match (kind, world.find(label)?) {
        ("az", Who::Az(az)) => Blow::Az { az, destroyed },
        ("site", Who::Site(site)) => Blow::Site { site, destroyed },
        ("storage", Who::Az(az)) => Blow::Pool { az, read_only },
        ("link", Who::Link(link)) => Blow::Link { link },
        ("duct", Who::Duct(duct)) => Blow::Duct { duct },
        ("node" | "relay" | "witness", Who::Node(node)) => Blow::Node { node },
        ("disk", Who::Disk(disk)) => Blow::Disk { disk, destroyed },
        ("server", Who::Server(server)) => Blow::Server { server, destroyed },
        _ => return None,
    };
    let takes_flag = match blow {
        Blow::Pool { .. } => read_only,
        Blow::Link { .. } | Blow::Duct { .. } | Blow::Node { .. } => false,
        _ => destroyed,
    };
    (flag.is_none() || takes_flag).then_some(blow)
}

/// Writes the way to the violation as a scenario, if there is one and it was asked for; answers what to say about it.
fn write(
    args: &ExploreArgs,
    text: &str,
    model: &Model,
    found: &Found,
    properties: &Properties,
) -> Result<Option<String>, Fault> {
    let (Some(path), Some(violation)) = (&args.output, &found.violation) else {
        return Ok(None);
    };
    let expected = properties.expected(&violation.property);
    let told = match tell(text, model, &violation.path, expected.as_deref()) {
        Ok(told) => told,
        Err(untold) => return Ok(Some(format!("nothing was written: {untold}"))),
    };
    let mut file = Replacement::begin(path)?;
    file.write_all(told.as_bytes())
        .map_err(|cause| write_fault(path, cause))?;
    file.finish()?;
    Ok(Some(format!(
        "wrote {}: `sdrsim run` fails the same way",
        path.display()
    )))
}

fn report(
    model: &Model,
    found: &Found,
    properties: &Properties,
    out: &mut Output,
) -> Result<(), Fault> {
    let all = match found.complete {
        true => "all of them",
        false => "not all: a bound came first",
    };
    out.line(format!(
        "{} states, {} transitions, {} steps deep; {all}",
        found.states, found.transitions, found.depth
    ))?;
    for &kind in Kind::ALL {
        let seen: Vec<&str> = { found.seen.iter() }
            .filter(|(of, _)| *of == kind)
            .map(|(_, status)| status.name())
            .collect();
        if !seen.is_empty() {
            let (n, all) = (seen.len(), kind.published().len());
            out.line(format!(
                "{}: {n} of {all} statuses: {}",
                kind.name(),
                seen.join(", ")
            ))?;
        }
    }
    for name in &found.never {
        let word = paint(out.color, Paint::Bad, "never seen");
        out.line(format!("{word}: {name}"))?;
    }
    if let Some(violation) = &found.violation {
        let word = paint(out.color, Paint::Bad, "violated");
        out.line(format!(
            "{word}: {}: {}",
            violation.property, violation.what
        ))?;
        for line in describe(model, &violation.path) {
            out.line(format!("  {line}"))?;
        }
    }
    if let Some(ends) = &found.dead_ends {
        let goal = properties.goal().unwrap_or("rest");
        out.line(format!("{} states have no way back to {goal}", ends.states))?;
        for (statuses, path) in &ends.paths {
            let words: Vec<&str> = statuses.iter().map(|status| status.name()).collect();
            out.line(format!(
                "  {} after {} steps:",
                words.join(", "),
                path.actions.len()
            ))?;
            for line in describe(model, path) {
                out.line(format!("    {line}"))?;
            }
        }
    }
    if found.violation.is_none() && found.never.is_empty() {
        let word = paint(out.color, Paint::Good, "held");
        out.line(format!("{word}: nothing that must hold is violated"))?;
    }
    Ok(())
}

fn as_json(model: &Model, found: &Found, properties: &Properties) -> serde_json::Value {
    let seen = |kind: Kind| -> Vec<&str> {
        let of = found.seen.iter().filter(|(of, _)| *of == kind);
        of.map(|(_, status)| status.name()).collect()
    };
    let statuses: serde_json::Map<String, serde_json::Value> = { Kind::ALL.iter() }
        .map(|&kind| (kind.name().to_owned(), json!(seen(kind))))
        .collect();
    let violation = found.violation.as_ref().map(|violation| {
        json!({
            "property": violation.property,
            "what": violation.what,
            "path": describe(model, &violation.path),
        })
    });
    let dead_ends = found.dead_ends.as_ref().map(|ends| {
        let paths: Vec<_> = { ends.paths.iter() }
            .map(|(statuses, path)| {
                let words: Vec<&str> = statuses.iter().map(|status| status.name()).collect();
                json!({ "groups": words, "path": describe(model, path) })
            })
            .collect();
        json!({ "states": ends.states, "paths": paths })
    });
    json!({
        "version": 1,
        "states": found.states,
        "transitions": found.transitions,
        "depth": found.depth,
        "complete": found.complete,
        "bytes": found.bytes,
        "properties": properties.all.iter().map(|(option, text, _)| json!({option.to_string(): text})).collect::<Vec<_>>(),
        "violation": violation,
        "never": found.never,
        "statuses": statuses,
        "dead_ends": dead_ends,
    })
}
