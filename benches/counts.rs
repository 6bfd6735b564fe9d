//! How many instructions the hot paths take, counted by valgrind's callgrind and compared with `benches/counts.csv`.
//!
//! A count does not depend on what else the machine does, so it can be a gate where a time cannot. `cargo bench --bench
//! counts` counts and fails if a path takes over 5 % more than was written down; `BLESS=1 cargo bench --bench counts` writes
//! the counts down anew. It is not a measure of speed: instructions differ in what they cost, and caches count for nothing.
//! Counts are those of one compiler and one kind of processor, which the file names.

#[path = "region/jobs.rs"]
mod jobs;
mod region;
#[path = "region/text.rs"]
mod text;

use jobs::Jobs;
use region::region;
use sdrsim::engine::scheduler::Queue;
use sdrsim::engine::{Chance, Engine, Limit, RunEnd, Seed};
use sdrsim::explore::{Bounds, Menu, Model, search};
use sdrsim::hash::mix;
use sdrsim::scenario::trace::{End, Header, Trace};
use sdrsim::scenario::{Scenario, yaml};
use sdrsim::time::SimTime;
use serde::de::IgnoredAny;
use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// How much more than was written down is too much, in percent.
const TOLERANCE: f64 = 5.0;

/// A path: its name, what is counted, and what does it. What is to be counted is done within [`counted`].
type Path = (&'static str, &'static str, fn() -> u64);

const PATHS: [Path; 10] = [
    ("operations-1e3", "event", || operations(10)),
    ("operations-1e4", "event", || operations(100)),
    ("hold-1e3", "turn", || hold(1_000)),
    ("hold-1e5", "turn", || hold(100_000)),
    ("fork-1e3", "fork", fork),
    ("reset-1e3", "reset", reset),
    ("explore", "state", explore),
    ("load", "pair", load),
    ("parse", "pair", parse),
    ("trace", "line", trace),
];

/// What callgrind counts: it looks at nothing outside this function.
#[inline(never)]
fn counted<T>(what: impl FnOnce() -> T) -> T {
    let result = what();
    black_box(result)
}

/// Group operations on so many groups of 100 pairs, in the steady state.
fn operations(groups: u32) -> u64 {
    let mut jobs = Jobs::spread(groups, 100);
    let warm = 8 * u64::from(groups) * 102;
    jobs.run_to(warm);
    counted(|| jobs.run_to(warm + 20_000));
    jobs.events() - warm
}

/// The earliest out, one in later, with so many pending.
fn hold(size: u64) -> u64 {
    let delay = |n: u64| mix(n) % 120_000_000;
    let mut queue: Queue<u32> = Queue::new();
    for n in 0..size {
        queue.push(SimTime::from_micros(delay(n)), n as u32);
    }
    let mut turns = |range: std::ops::Range<u64>| {
        for n in range {
            let (at, event) = queue.pop().expect("as many go in as come out");
            queue.push(SimTime::from_micros(at.as_micros() + delay(n)), event);
        }
    };
    turns(size..3 * size);
    counted(|| turns(3 * size..3 * size + 50_000));
    50_000
}

fn worn() -> Engine {
    let mut jobs = Jobs::spread(10, 100);
    jobs.run_to(10_000);
    jobs.engine
}

/// Copies of a run of 1,000 pairs.
fn fork() -> u64 {
    let engine = worn();
    let copies: Vec<Engine> = counted(|| (0..4).map(|_| engine.fork_unseen()).collect());
    copies.len() as u64
}

/// Resets of a run of 1,000 pairs to its beginning.
fn reset() -> u64 {
    let fresh = Engine::new(region(10, 100, None), Chance::new(Seed(1)));
    let mut worn = worn();
    worn.clone_from(&fresh);
    counted(|| (0..8).for_each(|_| worn.clone_from(black_box(&fresh))));
    8
}

/// A group with one instance, one failure.
fn explore() -> u64 {
    let text = include_str!("../scenarios/basics/first.yaml");
    let scenario = Scenario::load("first.yaml", text).expect("the file is well-formed");
    let model = Model::new(scenario.world().clone(), Menu::default());
    let found = counted(|| search(&model, &Bounds::default()));
    assert!(found.complete && found.violation.is_none());
    found.states as u64
}

/// Reading pairs that are spelled out.
fn load() -> u64 {
    let text = text::spelled_out(1_000);
    let scenario = counted(|| Scenario::load("counts.yaml", &text));
    scenario
        .expect("the file is well-formed")
        .world()
        .pairs
        .len() as u64
}

/// The parser alone on the same file: the reader of YAML with the same bounds, which keeps nothing of what it reads.
fn parse() -> u64 {
    let text = text::spelled_out(1_000);
    let read = counted(|| yaml::from_str::<IgnoredAny>("counts.yaml", &text));
    read.expect("the file is well-formed");
    1_000
}

/// Lines of a trace, with the events that they tell of.
fn trace() -> u64 {
    // All groups at once, with their openings behind them: 1,000 ends of sub-jobs are to come.
    let mut jobs = Jobs::new(10, 100, u32::MAX, |_| 0);
    jobs.run_to(10);
    let header = Header::of("counts.yaml", "", 1);
    let trace = Trace::begin(Lines(0), &header).expect("nothing is written");
    let mut engine = jobs.engine.watched_by(trace);
    counted(|| {
        let end = engine.run_until_quiet(Limit::events(800));
        assert_eq!(end, RunEnd::LimitHit);
    });
    let end = End {
        end: engine.now(),
        digest: engine.digest(),
        events: engine.events(),
    };
    let (world, trace) = engine.into_parts();
    let Lines(lines) = trace.finish(&world, &end).expect("nothing is written");
    lines - 2
}

/// Counts lines.
struct Lines(u64);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // No line goes on behind its end in one call, and to look at every byte would be counted too.
        self.0 += u64::from(bytes.last() == Some(&b'\n'));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn counts_file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/counts.csv")
}

/// What counts depend on besides the code.
fn surroundings() -> String {
    let version = Command::new("rustc").arg("--version").output();
    let version = version.map_or_else(
        |_| "an unknown rustc".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    );
    format!("{version}, {}", std::env::consts::ARCH)
}

/// Instructions of a path, each time it is gone.
fn count(name: &str) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args(["--collect-atstart=no", "--toggle-collect=counts::counted*"])
        .arg(program)
        .args(["--count", name])
        .output()
        .map_err(|error| format!("valgrind does not start, and nothing can be counted: {error}"))?;
    let (times, said) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let collected = said
        .lines()
        .find_map(|line| line.split("Collected : ").nth(1));
    let instructions: Option<f64> = collected.and_then(|number| number.trim().parse().ok());
    let times: Option<f64> = times.trim().parse().ok();
    match (instructions, times) {
        (Some(instructions), Some(times)) if instructions > 0.0 => Ok(instructions / times),
        _ => Err(format!("{name} cannot be counted:\n{said}")),
    }
}

/// What was written down: where, and the count of each path.
fn written() -> Result<(String, Vec<(String, f64)>), String> {
    let file = counts_file();
    let text = std::fs::read_to_string(&file)
        .map_err(|error| format!("{}: {error}; BLESS=1 writes it", file.display()))?;
    let mut lines = text.lines();
    let head = lines.next().unwrap_or_default().trim_start_matches("# ");
    let rows = lines.skip(1).filter_map(|line| {
        let mut cells = line.split(',');
        let (name, _, count) = (cells.next()?, cells.next()?, cells.next()?);
        Some((name.to_owned(), count.parse().ok()?))
    });
    Ok((head.to_owned(), rows.collect()))
}

fn bless(counts: &[f64]) -> Result<(), String> {
    let mut text = format!("# {}\npath,of each,instructions\n", surroundings());
    for ((name, unit, _), count) in PATHS.iter().zip(counts) {
        writeln!(text, "{name},{unit},{count:.1}").expect("writing to a string cannot fail");
    }
    std::fs::write(counts_file(), text).map_err(|error| error.to_string())
}

/// Compares and prints; says how many paths take too much.
fn compare(counts: &[f64]) -> Result<usize, String> {
    let (head, rows) = written()?;
    if head != surroundings() {
        println!("written down with {head}; this is {}", surroundings());
    }
    let mut worse = 0;
    for ((name, unit, _), count) in PATHS.iter().zip(counts) {
        let before = rows.iter().find(|row| row.0 == *name).map(|row| row.1);
        let before =
            before.ok_or_else(|| format!("{name} was never written down; BLESS=1 does"))?;
        let change = (count / before - 1.0) * 100.0;
        let verdict = match change {
            _ if change > TOLERANCE => "too many",
            _ if change < -TOLERANCE => "fewer: write it down with BLESS=1",
            _ => "ok",
        };
        worse += usize::from(change > TOLERANCE);
        println!(
            "{name:<16} {count:>12.1} of each {unit:<6} {before:>12.1} {change:>+7.2} %  {verdict}"
        );
    }
    Ok(worse)
}

fn gate() -> Result<usize, String> {
    let counts: Vec<f64> = { PATHS.iter() }
        .map(|(name, ..)| count(name))
        .collect::<Result<_, _>>()?;
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        bless(&counts)?;
    }
    compare(&counts)
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, name] = &args[..]
        && flag == "--count"
        && let Some((.., path)) = PATHS.iter().find(|path| path.0 == name)
    {
        println!("{}", path());
        return ExitCode::SUCCESS;
    }
    match gate() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(worse) => {
            eprintln!(
                "{worse} paths take over {TOLERANCE} % more instructions than was written down"
            );
            ExitCode::FAILURE
        }
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}
