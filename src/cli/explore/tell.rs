//! What a search has found, for people and for programs.

use super::ask::Properties;
use crate::cli::output::{Exit, Fault, Output, Style as Paint, paint};
use crate::cli::summary::{counted, counted_u64};
use sdrsim::explore::{Bound, DeadEnds, Found, Model, describe};
use sdrsim::sdrs::status::Kind;
use serde_json::json;

/// The version of the JSON form.
const VERSION: u32 = 1;

/// Tells people how a search ended, and of dead ends if those were asked for.
pub fn report(
    model: &Model,
    found: &Found,
    properties: &Properties,
    (exit, asked): (Exit, bool),
    out: &mut Output,
) -> Result<(), Fault> {
    let all = match (&found.violation, found.complete) {
        (Some(_), _) => "it ends with the first violation".to_owned(),
        (None, true) => "all of them".to_owned(),
        (None, false) => format!("not all: {} came first", bound(found)),
    };
    out.line(format!(
        "{}, {}, {} deep; {all}",
        counted(found.states, "state"),
        counted_u64(found.transitions, "transition"),
        counted_u64(found.depth.into(), "step"),
    ))?;
    statuses(found, out)?;
    for name in &found.never {
        let word = match found.complete {
            true => paint(out.color, Paint::Bad, "never seen"),
            false => "not seen so far".into(),
        };
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
        dead_ends(model, ends, properties, out)?;
    } else if asked {
        out.line("dead ends: not looked for, because not all states were seen")?;
    }
    match exit {
        Exit::Held => {
            let word = paint(out.color, Paint::Good, "held");
            let ends = found.dead_ends.as_ref().is_some_and(|it| it.states > 0);
            let why = match (found.complete, ends) {
                (false, _) => {
                    "all that must hold sometimes was seen to, and nothing else was asked"
                }
                (true, true) => {
                    "nothing that must hold is violated; states without a way back are told and not judged"
                }
                (true, false) => "nothing that must hold is violated",
            };
            out.line(format!("{word}: {why}"))
        }
        Exit::Undecided => {
            let word = paint(out.color, Paint::Bad, "undecided");
            out.line(format!(
                "{word}: {} came first; of what was seen nothing is violated",
                bound(found)
            ))
        }
        _ => Ok(()),
    }
}

/// The option that bounds a search, without its dashes.
const fn option(bound: Bound) -> &'static str {
    match bound {
        Bound::States => "states",
        Bound::Depth => "depth",
        Bound::Bytes => "memory",
    }
}

/// The bound that came first, as an option.
fn bound(found: &Found) -> String {
    let bound = found.bound.map(option);
    bound.map_or_else(String::new, |option| format!("--{option}"))
}

fn statuses(found: &Found, out: &mut Output) -> Result<(), Fault> {
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
    Ok(())
}

fn dead_ends(
    model: &Model,
    ends: &DeadEnds,
    properties: &Properties,
    out: &mut Output,
) -> Result<(), Fault> {
    let goal = properties.goal().unwrap_or("rest");
    let states = match ends.states {
        1 => "1 state has".to_owned(),
        n => format!("{n} states have"),
    };
    out.line(format!("{states} no way back to {goal}"))?;
    for (statuses, path) in &ends.paths {
        let words: Vec<&str> = statuses.iter().map(|status| status.name()).collect();
        out.line(format!(
            "  {} after {}:",
            words.join(", "),
            counted(path.actions.len(), "step")
        ))?;
        for line in describe(model, path) {
            out.line(format!("    {line}"))?;
        }
    }
    Ok(())
}

/// For programs; the README describes it.
pub fn as_json(
    model: &Model,
    found: &Found,
    properties: &Properties,
    exit: Exit,
) -> serde_json::Value {
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
    let properties = properties.texts();
    json!({
        "version": VERSION,
        "verdict": match exit {
            Exit::Held => "held",
            Exit::Undecided => "undecided",
            _ => "violated",
        },
        "states": found.states,
        "transitions": found.transitions,
        "depth": found.depth,
        "widest": found.widest,
        "complete": found.complete,
        "bound": found.bound.map(option),
        "bytes": found.bytes,
        "properties": properties.map(|(claim, text)| json!({claim.name(): text})).collect::<Vec<_>>(),
        "violation": violation,
        "never": found.never,
        "statuses": statuses,
        "dead_ends": dead_ends,
    })
}
