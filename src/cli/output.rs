//! Standard output and standard error: colors, exit codes, and pipes that close early.
//!
//! A reader that has seen enough (`sdrsim codes | head`) closes its end; that is no failure, so it ends the command
//! quietly with exit code 0. Nothing here uses `println!`, which would panic then.

use super::args::Color;
use sdrsim::scenario::run::ResumeError;
use sdrsim::scenario::trace::TraceError;
use std::fmt;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// How the command ends. Of several the largest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All held.
    Held = 0,
    /// An expectation or a transcript failed.
    Failed = 1,
    /// The command line or a scenario is wrong.
    Usage = 2,
    /// An invariant of the simulator was violated.
    Violated = 3,
    /// A bound ended a search before what was asked was decided.
    Undecided = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Why the command cannot go on. Each but the first ends it with exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Whoever read standard output has closed it.
    #[error("standard output was closed")]
    PipeClosed,
    /// Standard output cannot be written.
    #[error("cannot write to standard output: {0}")]
    Output(#[source] io::Error),
    /// A file or folder cannot be read.
    #[error("cannot read {}: {cause}", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {cause}", .path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A folder holds no scenario.
    #[error("no scenario below {}: a scenario is a file whose name ends in .yaml or .yml", .0.display())]
    Empty(PathBuf),
    /// Something was asked for that is of one scenario, but not one was given.
    #[error("{0} is of one scenario, but {1} were given")]
    OneAlone(&'static str, usize),
    /// What is written would replace the scenario.
    #[error("{option} {} would replace the scenario itself", .path.display())]
    OverScenario {
        /// The option.
        option: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// A trace is not a whole one.
    #[error("{}: {error}{}", .path.display(), far(*.effects, error.is_cut_off()))]
    Trace {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        error: TraceError,
        /// How many effects were the same before.
        effects: u64,
    },
    /// A trace does not say which scenario it is of.
    #[error("{} does not name the file of its scenario; name it with --scenario", .0.display())]
    NoScenario(PathBuf),
    /// The scenario of a trace is not where it was.
    #[error("{} is of the scenario {}, which is not there; name it with --scenario", .trace.display(), .scenario.display())]
    LostScenario {
        /// Which trace.
        trace: PathBuf,
        /// Where the scenario was.
        scenario: PathBuf,
    },
    /// A checkpoint cannot be gone on from.
    #[error("{}: {error}", .path.display())]
    Checkpoint {
        /// Which.
        path: PathBuf,
        /// Why.
        error: Box<ResumeError>,
    },
    /// What came of a checkpoint ended in a panic.
    #[error(
        "{}: the run cannot go on from it: {told}\n\
         Either it was changed by hand, or this is a fault of sdrsim {}: if the scenario fails so from its beginning too, \
         or the file is as `sdrsim run --checkpoint` wrote it, please report it.",
        .path.display(),
        env!("CARGO_PKG_VERSION")
    )]
    Derailed {
        /// Which.
        path: PathBuf,
        /// The panic and its place.
        told: String,
    },
    /// An instant at which a run cannot stop.
    #[error("--until {text}: {why}")]
    Instant {
        /// What was written.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// What was to fail holds.
    #[error("{}: nothing fails{}, so there is nothing to shrink", .file.display(), in_line(*.line, .failing))]
    HoldsAlready {
        /// Which scenario.
        file: PathBuf,
        /// The line in which something was to fail.
        line: Option<usize>,
        /// The lines in which something fails.
        failing: Vec<usize>,
    },
    /// Two things would go to standard output.
    #[error("{0} - writes to standard output, where {1} goes: name a file")]
    StdoutTwice(&'static str, &'static str),
    /// Standard input was given twice.
    #[error("`-` was given twice, but standard input can be read once")]
    StdinTwice,
    /// No code begins so.
    #[error("the service publishes no error code that begins with `{0}`; `sdrsim codes` lists all")]
    NoCode(String),
    /// No call that a search makes is called so.
    #[error("--call {word}: {}", near.map_or_else(|| format!("a search calls one of {}", all.join(", ")), |near| format!("did you mean `{near}`?")))]
    NoCall {
        /// The word.
        word: String,
        /// The nearest.
        near: Option<&'static str>,
        /// All of them.
        all: Vec<&'static str>,
    },
    /// A search does not call this operation.
    #[error("--call {word}: a search does not call it; it calls one of {}", all.join(", "))]
    NotCalled {
        /// The operation.
        word: String,
        /// Those that are called.
        all: Vec<&'static str>,
    },
    /// What may break is not written so that it can be found.
    #[error("--fault {text}: {why}")]
    NoTarget {
        /// What was given.
        text: String,
        /// What is wrong with it.
        why: NoTarget,
    },
    /// More faults than a search keeps apart.
    #[error("--fault names {0} faults, and a search tells at most 64 apart")]
    ManyFaults(usize),
    /// An expectation of a search cannot be read, or means nothing.
    #[error("--{option} {text}: {why}")]
    NoExpectation {
        /// The option.
        option: &'static str,
        /// The expectation.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// Codes begin so, but none of them is of the sort asked for.
    #[error("none of the codes asked for is {}", if *.0 { "ever answered" } else { "never answered" })]
    NoneAnswered(bool),
}

/// What is wrong with a fault as an option names it.
#[derive(Debug, thiserror::Error)]
pub enum NoTarget {
    /// It has not two or three parts.
    #[error(
        "write KIND:LABEL or KIND:LABEL:destroyed, such as az:az-1, link:trunk or disk:data:destroyed"
    )]
    Shape,
    /// No such kind.
    #[error("nothing of the kind `{kind}` breaks: write one of {}", all.join(", "))]
    Kind {
        /// The kind.
        kind: String,
        /// Those that do.
        all: &'static [&'static str],
    },
    /// Nothing has the label.
    #[error("nothing is labelled `{label}`{}", near.as_ref().map_or_else(String::new, |it| format!("; did you mean `{it}`?")))]
    Label {
        /// The label.
        label: String,
        /// The nearest label of the kind.
        near: Option<String>,
    },
    /// Something of another kind has the label.
    #[error("the label `{label}` is that of a {is}")]
    OtherKind {
        /// The label.
        label: String,
        /// What has it.
        is: &'static str,
    },
    /// What stands behind the label is not for this kind.
    #[error("`{flag}` is not for {kind}{}", takes.map_or_else(String::new, |it| format!(", which may be `{it}`")))]
    Flag {
        /// What stands there.
        flag: String,
        /// The kind.
        kind: String,
        /// What may stand there.
        takes: Option<&'static str>,
    },
}

/// What was the same before a fault of a trace, and what to do if it is good as far as it goes.
fn far(effects: u64, cut_off: bool) -> String {
    match (effects, cut_off) {
        (0, _) => String::new(),
        (effects, false) => format!("; the effects before, {effects}, are the same"),
        (effects, true) => format!(
            "; the effects before, {effects}, are the same (--partial takes that for enough)"
        ),
    }
}

fn in_line(line: Option<usize>, failing: &[usize]) -> String {
    let Some(line) = line else {
        return " but perhaps the transcript".to_owned();
    };
    let first: Vec<String> = failing.iter().take(10).map(usize::to_string).collect();
    let more = if failing.len() > first.len() {
        ", ..."
    } else {
        ""
    };
    match first.as_slice() {
        [] => format!(" in line {line}"),
        [one] => format!(" in line {line} (but in line {one})"),
        some => format!(
            " in line {line} (but in the lines {}{more})",
            some.join(", ")
        ),
    }
}

/// Standard output and standard error.
pub struct Output {
    out: BufWriter<Box<dyn Write>>,
    /// Whether standard output is colored.
    pub color: bool,
    /// Whether standard error is colored.
    pub color_err: bool,
}

impl Output {
    /// Both streams, colored as asked.
    pub fn new(color: Color) -> Output {
        let stdout = io::stdout();
        let color_out = colored(color, stdout.is_terminal());
        Output {
            out: BufWriter::new(Box::new(stdout)),
            color: color_out,
            color_err: colored(color, io::stderr().is_terminal()),
        }
    }

    /// Leaves standard output to something else: what is told goes to standard error from here.
    pub fn step_aside(&mut self) {
        self.out = BufWriter::new(Box::new(io::stderr()));
        self.color = self.color_err;
    }

    /// Writes to standard output.
    ///
    /// # Errors
    /// [`Fault::PipeClosed`] if nobody reads on, [`Fault::Output`] otherwise.
    pub fn print(&mut self, text: impl fmt::Display) -> Result<(), Fault> {
        write!(self.out, "{text}").map_err(output_fault)
    }

    /// As [`Output::print`], with a line break.
    ///
    /// # Errors
    /// As [`Output::print`].
    pub fn line(&mut self, text: impl fmt::Display) -> Result<(), Fault> {
        writeln!(self.out, "{text}").map_err(output_fault)
    }

    /// Sends what is buffered on its way.
    ///
    /// # Errors
    /// As [`Output::print`].
    pub fn flush(&mut self) -> Result<(), Fault> {
        self.out.flush().map_err(output_fault)
    }

    /// Writes an error to standard error, after what is on its way to standard output. If nobody listens there either,
    /// the exit code has to do.
    pub fn complain(&mut self, error: impl fmt::Display) {
        let _ = self.out.flush();
        let head = paint(self.color_err, Style::Bad, "error");
        let _ = writeln!(io::stderr(), "{head}: {error}");
    }

    /// Writes a line to standard error as it is.
    pub fn note(&mut self, text: impl fmt::Display) {
        let _ = self.out.flush();
        let _ = writeln!(io::stderr(), "{text}");
    }
}

/// That standard output cannot be written.
pub fn output_fault(error: io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Fault::PipeClosed,
        _ => Fault::Output(error),
    }
}

/// Whether a stream is colored. `NO_COLOR` counts if it is set and not empty.
fn colored(color: Color, terminal: bool) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            terminal && !dumb && !set("NO_COLOR")
        }
    }
}

/// What a word is to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// It is well.
    Good,
    /// It is not.
    Bad,
    /// It could be better.
    Warn,
    /// A heading.
    Strong,
}

/// The text with the escapes of a style, if it is to be colored.
pub fn paint(color: bool, style: Style, text: &str) -> String {
    let code = match style {
        Style::Good => "32",
        Style::Bad => "1;31",
        Style::Warn => "33",
        Style::Strong => "1",
    };
    match color {
        true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        false => text.to_owned(),
    }
}
