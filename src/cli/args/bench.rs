//! The words of the subcommands for who looks for a difference or a shorter form: `replay`, `diff`, `shrink`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

/// `replay`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A trace tells a run effect by effect; `sdrsim run --trace FILE` writes one. The scenario that its header names runs again \
under the header's seed, and the first effect that is different is shown: both lines, those before, and the resources that \
they are about, as the trace tells them up to there (its effects taken together: it holds no states) and as they are in this \
run. A scenario that was changed since is said to be, and compared all the same.

Exit codes: 0 everything happened again, 1 something is different, 2 the trace or the scenario is wrong.

--json prints one object. Instants are microseconds since the start, what a line `said` is the trace's own object:
  version, exit, outcome   1, the exit code, `same` or `different`
  effects                  how many were the same
  notes                    what was changed since: sentences
  whole, end               if the same: whether the trace is whole, its last line (or null)
  before                   if different, as all below: the lines before, each as {line, said}
  recorded, now            the two lines, as {line, said}
  told                     by label: {recorded, now}, what each side has told of it; null: nothing
  states                   by label: what an expectation sees of it now; null: it does not exist

Of a scenario that cannot be read, or on which the simulator gives up, it prints what `sdrsim check --json` prints: \
{version, held, exit, scenarios}, with `faults` or the `violation` in the one of its `scenarios`.

Example:
  sdrsim run --trace before.jsonl mine.yaml     record a run
  ...                                           change the scenario, or the simulator
  sdrsim replay before.jsonl                    what is the first thing that has changed?")]
pub struct ReplayArgs {
    /// The trace, or `-` for standard input.
    #[arg(value_name = "TRACE")]
    pub trace: PathBuf,
    /// The scenario, or `-` for standard input; absent: the file that the trace names.
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Take a trace that was cut off for what it holds. One with lines behind its end is refused all the same.
    #[arg(long)]
    pub partial: bool,
    /// Show so many lines before the difference.
    #[arg(long, value_name = "LINES", default_value_t = 3)]
    pub context: usize,
    /// Report as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `diff`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Effects and the end are compared, headers are not: what they tell differently is noted. Where they part, both lines are shown, \
those before, and what each trace tells up to there of the resources that the lines are about. The traces are read side by \
side and may be larger than the memory, which holds what is told of each resource.

Exit codes: 0 the same, 1 different, 2 one of them is no whole trace and they do not part before that shows.

--json prints the object that `sdrsim replay --help` describes, with `a` and `b` for `recorded` and `now`; `states` is empty, \
and `notes` says what the headers tell differently.

Examples:
  sdrsim run --trace a.jsonl --seed 1 mine.yaml
  sdrsim run --trace b.jsonl --seed 2 mine.yaml
  sdrsim diff a.jsonl b.jsonl                   where does chance first make a difference?
  zstdcat old.jsonl.zst | sdrsim diff - a.jsonl")]
pub struct DiffArgs {
    /// A trace, or `-` for standard input.
    #[arg(value_name = "A")]
    pub left: PathBuf,
    /// Another, or `-` for standard input.
    #[arg(value_name = "B")]
    pub right: PathBuf,
    /// Take a trace that was cut off for what it holds.
    #[arg(long)]
    pub partial: bool,
    /// Show so many lines before the difference.
    #[arg(long, value_name = "LINES", default_value_t = 3)]
    pub context: usize,
    /// Report as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `shrink`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Parts of the file are left out, first whole sections, then steps, resources and single keys, and the `count` of templates is \
made small, as long as the file still loads and fails in the same way. What stays keeps its spelling and its comments; the \
transcript goes. In the result no single part can be left out. What leads to the failure may be another story than before: a \
link that came back may become a server that somebody started.

Exit codes: 0 the file was shrunk, 2 it does not fail so, or cannot be read.

--json prints one object:
  version         1
  file, output    the scenario, and where the short one is
  failure         what fails in both, {kind, line, text, explain}; `explain`: what decided it
  from, to        what each weighs: {bytes, lines, steps}
  tries           how many files were tried
  minimal         whether nothing more can go; false: the tries were used up

Of a scenario that cannot be read, or on which the simulator gives up, it prints what `sdrsim check --json` prints: \
{version, held, exit, scenarios}, with `faults` or the `violation` in the one of its `scenarios`.

Examples:
  sdrsim shrink mine.yaml --expect-fail -o small.yaml       keep the first expectation that fails
  sdrsim shrink mine.yaml --expect-fail=42 > small.yaml     keep the one of line 42
  sdrsim run small.yaml                                     it fails in the same way")]
pub struct ShrinkArgs {
    /// The scenario, or `-` for standard input.
    #[arg(value_name = "SCENARIO")]
    pub scenario: PathBuf,
    /// What stays as it is: that the file fails first as it does now (or that the simulator gives up on it), or that what
    /// is expected in this line fails.
    #[arg(
        long,
        value_name = "LINE",
        num_args = 0..=1,
        require_equals = true,
        required = true
    )]
    pub expect_fail: Option<Option<NonZeroUsize>>,
    /// The same failure is one of the same expectation, whatever is found instead; otherwise the values found count too.
    #[arg(long)]
    pub any_value: bool,
    /// Check the simulator itself after every event, as `run --check` does: a violation is a failure too, before all others.
    #[arg(long)]
    pub check: bool,
    /// Where the short scenario goes; absent or `-`: standard output. It never replaces the scenario itself.
    #[arg(long, short, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// Try at most so many files; when they are used up, the shortest so far is written.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub tries: u64,
    /// Tell what was done as JSON; the scenario goes to --output.
    #[arg(long, requires = "output")]
    pub json: bool,
}
