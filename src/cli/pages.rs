//! `table`, `codes`, `policies` and `schema`: pages that need no scenario.

use super::args::{
    CodesArgs, PageFormat, PoliciesArgs, PolicyFormat, TableArgs, TableFormat, YesNo,
};
use super::output::{Exit, Fault, Output};
use sdrsim::render::codes::Filter;
use sdrsim::render::{codes as code_pages, draw, matrix, policies as policy_pages};
use sdrsim::scenario::Scenario;
use sdrsim::sdrs::status::Kind;

/// `table`: the matrix or the graph of the kinds asked for, in the service's order.
pub fn table(args: &TableArgs, out: &mut Output) -> Result<Exit, Fault> {
    let asked: Vec<Kind> = args.kind.iter().map(|&kind| kind.into()).collect();
    let wanted = |kind: &&Kind| asked.is_empty() || asked.contains(kind);
    let kinds: Vec<Kind> = Kind::ALL.iter().filter(wanted).copied().collect();
    match args.format {
        TableFormat::Text => out.print(matrix::text(&kinds))?,
        TableFormat::Markdown => out.print(matrix::markdown(&kinds))?,
        TableFormat::Json => out.print(matrix::to_json(&kinds))?,
        TableFormat::Dot => {
            for &kind in &kinds {
                out.print(draw::dot(kind))?;
            }
        }
        TableFormat::Mermaid => match kinds.as_slice() {
            [kind] => out.print(draw::mermaid(*kind))?,
            many => {
                for &kind in many {
                    let drawing = draw::mermaid(kind);
                    out.line(format!("## {}\n\n```mermaid\n{drawing}```\n", kind.name()))?;
                }
            }
        },
    }
    Ok(Exit::Held)
}

/// `codes`: the codes asked for. None found is an error, so that a typing mistake is seen.
pub fn codes(args: &CodesArgs, out: &mut Output) -> Result<Exit, Fault> {
    let mut filter = Filter {
        prefix: args.code.clone(),
        answered: None,
    };
    if let Some(code) = &args.code
        && code_pages::entries(&filter).is_empty()
    {
        return Err(Fault::NoCode(code.clone()));
    }
    filter.answered = args.answered.map(|which| which == YesNo::Yes);
    if let Some(answered) = filter.answered
        && code_pages::entries(&filter).is_empty()
    {
        return Err(Fault::NoneAnswered(answered));
    }
    out.print(match args.format {
        PageFormat::Text => code_pages::text(&filter),
        PageFormat::Markdown => code_pages::markdown(&filter),
        PageFormat::Json => code_pages::to_json(&filter),
    })?;
    Ok(Exit::Held)
}

/// `policies`: the register.
pub fn policies(args: &PoliciesArgs, out: &mut Output) -> Result<Exit, Fault> {
    out.print(match args.format {
        PolicyFormat::Text => policy_pages::text(),
        PolicyFormat::Json => policy_pages::to_json(),
    })?;
    Ok(Exit::Held)
}

/// `schema`: the JSON Schema of scenario files.
pub fn schema(out: &mut Output) -> Result<Exit, Fault> {
    out.line(format!("{:#}", Scenario::schema()))?;
    Ok(Exit::Held)
}
