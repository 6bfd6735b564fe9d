//! `bless`: take what happens for what is expected.

use super::args::BlessArgs;
use super::files::{Replacement, Source, write_fault};
use super::guard::guarded;
use super::output::{Exit, Fault, Output};
use super::run::load;
use super::summary::{Entry, Style, Summary};
use sdrsim::scenario::Diagnostic;
use std::io::Write;
use std::path::Path;

/// `bless`: runs each file and writes its transcript, if all else that it expects holds.
pub fn bless(args: &BlessArgs, out: &mut Output) -> Result<Exit, Fault> {
    let style = Style::of(false, args.quiet);
    let mut summary = Summary::new(style);
    for file in &args.files {
        let entry = bless_one(file)?;
        summary.add(entry, out)?;
    }
    summary.close(out)
}

fn bless_one(path: &Path) -> Result<Entry, Fault> {
    let source = Source::File(path.to_owned());
    let name = source.name();
    let (text, scenario) = match load(&source) {
        Ok(loaded) => loaded,
        Err(entry) => return Ok(*entry),
    };
    let mut outcome = match guarded(|| scenario.start(None).run(&mut ())) {
        Ok(outcome) => outcome,
        Err(told) => return Ok(Entry::violated(name, told)),
    };
    if outcome.report.verdicts_failed > 0 {
        // What the file says about the transcript does not matter here: it would be replaced.
        outcome.report.transcript = None;
        return Ok(Entry::ran(name, outcome.report));
    }
    let blessed = match sdrsim::scenario::bless(&text, &outcome) {
        Ok(blessed) => blessed,
        Err(error) => {
            let fault = match error.line() {
                Some(line) => Diagnostic::at_line(&name, &text, line, 1, error.to_string()),
                None => Diagnostic::whole_file(&name, error.to_string()),
            };
            return Ok(Entry::faulty(name, vec![fault]));
        }
    };
    if let Some(new) = &blessed {
        let mut file = Replacement::begin(path)?;
        file.write_all(new.as_bytes())
            .map_err(|cause| write_fault(path, cause))?;
        file.finish()?;
    }
    Ok(Entry::blessed(name, blessed.is_some()))
}
