//! The command line's words, in clap's derive form. The help texts are for someone who sees the service for the first time.

mod bench;

pub use bench::{DiffArgs, ReplayArgs, ShrinkArgs};
use clap::{Parser, Subcommand, ValueEnum};
use sdrsim::sdrs::status::Kind;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Simulates a Storage Disaster Recovery Service (SDRS v1) in virtual time.
#[derive(Debug, Parser)]
#[command(
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "\
Exit codes:
  0  everything held
  1  an expectation or a transcript failed, or two runs are different
  2  the command line, a scenario, a trace or a checkpoint is wrong
  3  an invariant of the simulator itself was violated: please report it
  4  `explore`: a bound ended the search before what was asked was decided

Examples:
  sdrsim run scenarios                        run every scenario below a folder
  sdrsim check mine.yaml                      read a scenario without running it
  sdrsim table --kind group                   what a protection group admits in which status
  sdrsim codes 1020                           what SDRS.1020 means"
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Whether output is colored; `auto`: on a terminal, unless NO_COLOR is set.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
}

/// When output is colored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run scenarios and tell which expectations held.
    Run(RunArgs),
    /// Read scenarios and report what is wrong with them, without running them.
    Check(CheckArgs),
    /// Run a recorded run again and tell where it is different.
    Replay(ReplayArgs),
    /// Compare two traces and tell where they part.
    Diff(DiffArgs),
    /// Make a failing scenario as short as it can be while it fails in the same way.
    Shrink(ShrinkArgs),
    /// Run scenarios and write what happened into them as their expected transcript.
    Bless(BlessArgs),
    /// Show what is admitted in which status, or the status graph of a resource.
    Table(TableArgs),
    /// Search every interleaving of calls, ends of work and faults in a small world.
    Explore(ExploreArgs),
    /// Print the JSON Schema of scenario files.
    #[command(after_help = "\
Editors that know JSON Schema complete and check scenario files with it:
  sdrsim schema > scenario.schema.json
  # then, as the first line of a scenario, for the YAML language server:
  # yaml-language-server: $schema=scenario.schema.json")]
    Schema,
    /// Explain the published error codes.
    Codes(CodesArgs),
    /// Show what a scenario may choose where the published pages are silent or disagree.
    Policies(PoliciesArgs),
}

/// `run`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A folder stands for all *.yaml and *.yml files below it, in the order of their names; hidden files are left out. \
Each scenario's expectations are listed, then its transcript is compared with the expected one.

Examples:
  sdrsim run scenarios                          a folder
  sdrsim run --seed 7 scenarios/basics          the same scenarios under another chance
  sdrsim run --json mine.yaml | jq .held        for programs
  sdrsim run --report mine.yaml                 what a disaster cost in data and time
  sdrsim run --trace mine.jsonl mine.yaml       every effect, one JSON object per line
  sdrsim run --check scenarios                  is the simulator itself right at every event?
  sdrsim run --until 2h --checkpoint mid mine.yaml
                                                stop after two hours, set the run aside ...
  sdrsim run --from mid mine.yaml               ... and go on: it ends as if it had never stopped
  sdrsim run --trace - mine.yaml | zstd > mine.jsonl.zst
                                                the report goes to standard error then
  cat mine.yaml | sdrsim run -                  from standard input")]
pub struct RunArgs {
    /// Scenario files, folders of them, or `-` for standard input.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Draw with this seed instead of the scenario's. Transcripts, which were written under the scenario's own, are not compared
    /// then. Not with --from, which goes on under the seed of the checkpoint.
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Report as JSON.
    #[arg(long, conflicts_with = "quiet")]
    pub json: bool,
    /// Say what each run cost: a timeline of its groups, RPO and RTO, downtime, runbooks that failed, jobs, and the policies
    /// that it hung on. The JSON report has these figures anyway.
    #[arg(long, conflicts_with_all = ["quiet", "json"])]
    pub report: bool,
    /// Write every effect of the one scenario to this file, as JSON Lines; `-` is standard output, and the report goes to
    /// standard error then. A trace is of a whole run, so it goes neither with --until nor with --from.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Stop the one scenario before anything that happens later than this: a span since its start (`90m`) or an instant
    /// (`2024-01-01T01:30:00+00:00`). What was expected until then is judged; the transcript is not compared. Not with --trace.
    #[arg(long, value_name = "INSTANT", conflicts_with = "trace")]
    pub until: Option<String>,
    /// Write the stopped run to this file, to go on with --from; `-` is standard output, and the report goes to standard error
    /// then.
    #[arg(long, value_name = "FILE", requires = "until")]
    pub checkpoint: Option<PathBuf>,
    /// Go on with the run of the one scenario that was set aside in this file, or comes from standard input (`-`), under its
    /// seed. Not with --trace, which tells runs from their beginning.
    #[arg(long, value_name = "CHECKPOINT", conflicts_with_all = ["trace", "seed"])]
    pub from: Option<PathBuf>,
    /// Say only what failed.
    #[arg(long, short)]
    pub quiet: bool,
    /// Check the simulator's own invariants after every event: one writer per pair, no acknowledged write lost, bytes
    /// conserved on links, counts that add up, and more. The first violation ends the run with exit code 3; of such a run nothing
    /// but the violation is told, with --report too, and --json holds its figures up to then. It checks a whole run, so it
    /// goes neither with --until nor with --from.
    #[arg(long, conflicts_with_all = ["until", "from"])]
    pub check: bool,
}

/// `explore`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The world is that of the scenario; its timeline, script and runbooks are left out, and so is time: whatever is under way \
may end next, well or badly, in any order. States are searched breadth first, so what is found is shortest.

Examples:
  sdrsim explore small.yaml --always 'none pairs.status == invalid'
  sdrsim explore small.yaml --fault az:az-1 --fault link:trunk --faults 2 --dead-ends
  sdrsim explore small.yaml --fault az:az-1:destroyed --no-heal --goal 'any servers.power == active'
  sdrsim explore small.yaml --call failover --never 'g.status == failed-over' -o found.yaml

A search keeps what decides what can happen. It keeps no finished jobs and no failed tasks, no instants and spans (rpo_us, \
updated_at), no bytes, rates and progress; an expectation that reads these is refused.

Calls that a search makes, with --call: start_protection, reprotect, stop_protection, failover, planned_failover (these five \
without it), create_protection_group, delete_protection_group, create_protected_instance, delete_protected_instance, \
attach_replication_pair, detach_replication_pair, add_nic, delete_nic, resize_protected_instance, create_replication_pair, \
delete_replication_pair, expand_replication_pair, create_dr_drill, delete_dr_drill. It calls neither renames, tags and what \
deletes failed tasks, which lead to no status, nor queries. A way back is one by the calls that are searched, and by no \
other: with another --call there may be one.

--json prints one object:
  version      1
  verdict      `held`, `violated` (also: what must hold sometimes never does) or `undecided`
  states, transitions, depth, widest
               how many states and steps between them, the most steps, the widest layer
  complete     whether all states were seen
  bound        null, or what was the first to keep a state out: `states`, `depth` or `memory`
  bytes        what was kept of the states at the end
  properties   what was asked, each {always}, {never}, {sometimes} or {goal}
  violation    null, or {property, what, path}: a line for each step
  never        what must hold sometimes and was not seen to
  statuses     by kind, the statuses that were seen, the violating state's too
  dead_ends    null, or {states, paths}, each path as {groups, path}

Of a scenario that cannot be read, or on which the simulator gives up, it prints what `sdrsim check --json` prints: \
{version, held, exit, scenarios}, with `faults` or the `violation` in the one of its `scenarios`.

Exit codes:
  0  held: all states were seen, and nothing that must hold is violated; or a bound came first,
     nothing but --sometimes was asked, and all of it was seen. Dead ends change no exit code
  1  something that must hold does not, or something that must come about never does
  2  the command line, an expectation or the scenario is wrong
  3  an invariant of the simulator itself was violated: please report it
  4  undecided: --states, --depth or --memory came before the answer was known")]
pub struct ExploreArgs {
    /// The scenario whose world is searched, or `-` for standard input.
    #[arg(value_name = "FILE")]
    pub path: PathBuf,
    /// An expectation that must hold of every state.
    #[arg(long, value_name = "EXPECTATION")]
    pub always: Vec<String>,
    /// An expectation that must hold of no state.
    #[arg(long, value_name = "EXPECTATION")]
    pub never: Vec<String>,
    /// An expectation that must hold of at least one state.
    #[arg(long, value_name = "EXPECTATION")]
    pub sometimes: Vec<String>,
    /// An operation that is called; absent: the five group operations.
    #[arg(long, value_name = "OPERATION")]
    pub call: Vec<String>,
    /// Start and stop no server natively.
    #[arg(long)]
    pub no_power: bool,
    /// Let servers be deleted natively, behind the service's back.
    #[arg(long)]
    pub delete_servers: bool,
    /// Let disks be deleted natively, behind the service's back.
    #[arg(long)]
    pub delete_disks: bool,
    /// What may break: KIND:LABEL, with kind az, site, storage, link, duct, relay, witness, disk or server, and `:destroyed` (az,
    /// site, disk, server) or `:read-only` (storage) behind it; or control-plane.
    #[arg(long, value_name = "KIND:LABEL")]
    pub fault: Vec<String>,
    /// How many faults may come in all.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, requires = "fault")]
    pub faults: u8,
    /// Mend nothing that broke.
    #[arg(long, requires = "fault")]
    pub no_heal: bool,
    /// How many pieces of work may fail in all.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub failures: u8,
    /// How many DR drills may exist at once.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub drills: u8,
    /// How many protection groups may exist at once beyond those of the scenario, where create_protection_group is called.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub groups: u8,
    /// How many NICs a production server may have where add_nic is called: so many more than any server of the scenario.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub nics: u8,
    /// How often a disk may be expanded, by 10 GiB each time, counted from the largest disk of the scenario.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub expansions: u8,
    /// Look for states from which none of the calls that are searched (--call) and no end of work leads back to `protected` or
    /// `available`; only a search that sees all states does.
    #[arg(long)]
    pub dead_ends: bool,
    /// Look for states from which none of these leads to where this holds, in place of `protected` or `available`.
    #[arg(long, value_name = "EXPECTATION")]
    pub goal: Option<String>,
    /// At most so many states.
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000_000)]
    pub states: usize,
    /// At most so many actions from the start.
    #[arg(long, value_name = "NUMBER")]
    pub depth: Option<u32>,
    /// At most so many MiB for what is kept of states and what was found of them. It is looked at after every 384 to
    /// 16,384 states, so a little more may be used.
    #[arg(long, value_name = "MIB", default_value_t = 2048)]
    pub memory: usize,
    /// Threads, at least 1; the result is the same with any number, unless --memory ends the search.
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    pub threads: NonZeroUsize,
    /// Where the shortest way to a violation is written, as a scenario that has been run and fails the same way. Without a
    /// violation, and where time brings something else, nothing is written. `-` is standard output, and what was found is told
    /// on standard error then.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Report as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `check`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  sdrsim check scenarios && sdrsim run scenarios")]
pub struct CheckArgs {
    /// Scenario files, folders of them, or `-` for standard input.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Report as JSON.
    #[arg(long, conflicts_with = "quiet")]
    pub json: bool,
    /// Say only what is wrong.
    #[arg(long, short)]
    pub quiet: bool,
}

/// `bless`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Only the block under `transcript: |` changes (or is added at the end); every other byte stays. \
A scenario whose expectations fail is not blessed. Read the difference before you commit it.

Example:
  sdrsim bless mine.yaml && git diff mine.yaml")]
pub struct BlessArgs {
    /// Scenario files.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Say only what failed.
    #[arg(long, short)]
    pub quiet: bool,
}

/// `table`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
text, markdown and json show which operation is admitted in which status, and the code that refuses it otherwise. dot and \
mermaid draw how one status follows another. Without --kind, dot holds one graph per kind, one after the other, and mermaid is \
a Markdown page with one drawing per kind.

Examples:
  sdrsim table --kind group
  sdrsim table --kind pair --format dot | dot -Tsvg > pair.svg
  sdrsim table --format json |
    jq '.kinds[].operations[] | select(.cells.protected == \"accepted\") | .operation'")]
pub struct TableArgs {
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    pub format: TableFormat,
    /// Only this kind of resource; may be given several times.
    #[arg(long, value_enum)]
    pub kind: Vec<KindArg>,
}

/// The forms of `table`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    /// Aligned text.
    Text,
    /// Markdown tables.
    Markdown,
    /// JSON, versioned.
    Json,
    /// The status graph for Graphviz.
    Dot,
    /// The status graph for Mermaid.
    Mermaid,
}

/// The kinds that have a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KindArg {
    /// Protection groups.
    #[value(alias = "protection_group", alias = "protection-group")]
    Group,
    /// Protected instances.
    #[value(alias = "protected_instance", alias = "protected-instance")]
    Instance,
    /// Replication pairs.
    #[value(alias = "replication_pair", alias = "replication-pair")]
    Pair,
    /// DR drills.
    #[value(alias = "disaster_recovery_drill", alias = "disaster-recovery-drill")]
    Drill,
}

impl From<KindArg> for Kind {
    fn from(kind: KindArg) -> Kind {
        match kind {
            KindArg::Group => Kind::ProtectionGroup,
            KindArg::Instance => Kind::ProtectedInstance,
            KindArg::Pair => Kind::ReplicationPair,
            KindArg::Drill => Kind::DisasterRecoveryDrill,
        }
    }
}

/// `codes`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sdrsim codes SDRS.1020        one code
  sdrsim codes 13               all codes that begin with SDRS.13
  sdrsim codes --answered no    the codes that no simulated call or job ends with, and why")]
pub struct CodesArgs {
    /// A code, its number, or the beginning of either.
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t = PageFormat::Text)]
    pub format: PageFormat,
    /// Only codes that the simulation answers with, or only those that it never answers with.
    #[arg(long, value_enum, value_name = "WHICH")]
    pub answered: Option<YesNo>,
}

/// The forms of `codes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PageFormat {
    /// Wrapped text.
    Text,
    /// A Markdown table.
    Markdown,
    /// JSON, versioned.
    Json,
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum YesNo {
    /// Yes.
    Yes,
    /// No.
    No,
}

/// `policies`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Policies are chosen under `policies:` in a scenario file; decisions are fixed.")]
pub struct PoliciesArgs {
    /// The form of the answer.
    #[arg(long, value_enum, default_value_t = PolicyFormat::Text)]
    pub format: PolicyFormat,
}

/// The forms of `policies`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PolicyFormat {
    /// Wrapped text.
    Text,
    /// JSON, versioned.
    Json,
}

#[cfg(test)]
mod tests {
    use super::Args;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    /// A paragraph is one line, which is wrapped when it is shown; lists are narrow enough not to be.
    #[test]
    fn help_is_wrapped_once() {
        let command = Args::command();
        let mut helps = 0;
        for command in command.get_subcommands().chain([&command]) {
            let Some(help) = command.get_after_help() else {
                continue;
            };
            helps += 1;
            let help = help.to_string();
            let mut before = "";
            for line in help.lines() {
                let is_listed = line.starts_with(' ');
                let of = command.get_name();
                assert!(!is_listed || line.chars().count() <= 100, "{of}: {line}");
                let goes_on = !is_listed && !line.is_empty() && !before.is_empty();
                assert!(!goes_on, "{of}: {before}\n{line}");
                before = line;
            }
        }
        assert!(helps > 8, "{helps}");
    }
}
