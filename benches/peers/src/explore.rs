//! The search over all interleavings beside Stateright, on one machine: the simulator's own.
//!
//! Stateright is given the simulator's states, actions and steps as a `Model`, and their fingerprint as their hash; it goes
//! breadth first on one thread and keeps the parents of states, as the simulator's own search does. Both must visit as many
//! states. Each search runs in a process of its own, so that its memory is its own.

use crate::measure::{Table, bar, figure, median, ratio};
use cpu_time::ProcessTime;
use sdrsim::explore::{Bounds, Menu, Model, search};
use sdrsim::scenario::Scenario;
use std::process::Command;
use std::time::Instant;

/// Two groups of two pairs.
const WORLD: &str = "\
version: 1
sites: {north: {}, south: {}}
azs: {az-1: {site: north}, az-2: {site: south}}
domains: {metro: {azs: [az-1, az-2]}}
flavors: {m1: {}}
vpcs: {net: {cidr: 10.0.0.0/16, subnets: {lan: 10.0.1.0/24}}}
disks: {data: {count: 4, az: az-1, size: 10 GiB}}
groups: {one: {domain: metro, vpc: net}, two: {domain: metro, vpc: net}}
pairs:
  a: {group: one, disk: data-1}
  b: {group: one, disk: data-2}
  c: {group: two, disk: data-3}
  d: {group: two, disk: data-4}
";

/// Who searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Searcher {
    /// The simulator's search.
    Sdrsim,
    /// The same on two threads.
    SdrsimTwoThreads,
    /// Stateright.
    Stateright,
}

impl Searcher {
    const fn name(self) -> &'static str {
        match self {
            Searcher::Sdrsim => "sdrsim, 1 thread",
            Searcher::SdrsimTwoThreads => "sdrsim, 2 threads",
            Searcher::Stateright => "Stateright 0.31, 1 thread",
        }
    }
}

fn model(failures_max: u8) -> Result<Model, String> {
    let scenario = Scenario::load("explore.yaml", WORLD).map_err(|faults| format!("{faults:?}"))?;
    let menu = Menu {
        failures_max,
        ..Menu::default()
    };
    let model = Model::new(scenario.world().clone(), menu);
    Ok(
        model.always("two groups", |world| match world.groups.len() {
            2 => Ok(()),
            other => Err(format!("{other} groups")),
        }),
    )
}

/// The most memory that this process has held so far but for pages of its program, in bytes, where the system tells. Pages of a
/// program come in when their code runs for the first time, and are as many however many states there are.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let told = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
        kib.map_or(f64::NAN, |kib| kib * 1024.0)
    };
    told("VmHWM:") - told("RssFile:")
}

/// What something took in seconds: of all threads on processors, and by the clock.
fn both<T>(what: impl FnOnce() -> T) -> (T, [f64; 2]) {
    let (begun, before) = (Instant::now(), ProcessTime::now());
    let result = what();
    let spent = before.elapsed().as_secs_f64();
    (result, [spent, begun.elapsed().as_secs_f64()])
}

/// Searches once and prints what the parent process reads: states, seconds on processors and by the clock, bytes at the
/// peak, bytes kept.
pub fn once(searcher: Searcher, failures_max: u8) -> Result<(), String> {
    let model = model(failures_max)?;
    let before = peak();
    let bounds = |threads| Bounds {
        states: 1 << 30,
        bytes: 8 << 30,
        threads,
        ..Bounds::default()
    };
    let (states, [spent, clock], kept) = match searcher {
        Searcher::Sdrsim | Searcher::SdrsimTwoThreads => {
            let threads = if searcher == Searcher::Sdrsim { 1 } else { 2 };
            let (found, seconds) = both(|| search(&model, &bounds(threads)));
            if !found.complete || found.violation.is_some() {
                return Err("the search did not come to its end".into());
            }
            (found.states, seconds, found.bytes as f64)
        }
        Searcher::Stateright => {
            let (states, seconds) = stateright(model)?;
            (states, seconds, f64::NAN)
        }
    };
    println!("{states} {spent} {clock} {} {kept}", peak() - before);
    Ok(())
}

#[cfg(not(feature = "stateright"))]
fn stateright(_: Model) -> Result<(usize, [f64; 2]), String> {
    Err("built without the feature `stateright`".into())
}

#[cfg(feature = "stateright")]
fn stateright(model: Model) -> Result<(usize, [f64; 2]), String> {
    use stateright::{Checker, Model as _};
    let model = beside::Beside::new(model);
    let (checker, seconds) = both(|| model.checker().threads(1).spawn_bfs().join());
    match checker.discoveries().is_empty() && checker.is_done() {
        true => Ok((checker.unique_state_count(), seconds)),
        false => Err("Stateright did not come to its end".into()),
    }
}

#[cfg(feature = "stateright")]
mod beside {
    //! The simulator's machine as a model of Stateright.

    use sdrsim::explore::{Action, Model, Packer, State};
    use stateright::Property;
    use std::cell::RefCell;
    use std::hash::{Hash, Hasher};

    thread_local! {
        /// Keeps its room, as in the simulator's search.
        static PACKER: RefCell<Packer> = RefCell::default();
    }

    /// A state that is told apart by its fingerprint.
    #[derive(Clone, Debug)]
    pub struct Printed {
        state: State,
        print: u64,
    }

    impl PartialEq for Printed {
        fn eq(&self, other: &Printed) -> bool {
            self.print == other.print
        }
    }

    impl Hash for Printed {
        fn hash<H: Hasher>(&self, hasher: &mut H) {
            hasher.write_u64(self.print);
        }
    }

    /// The model. It lives as long as the process, so that threads can share it.
    pub struct Beside(&'static Model);

    impl Beside {
        pub fn new(model: Model) -> Beside {
            Beside(Box::leak(Box::new(model)))
        }

        fn printed(&self, state: State) -> Printed {
            let print = PACKER.with_borrow_mut(|packer| self.0.fingerprint(packer, &state));
            Printed { state, print }
        }
    }

    impl stateright::Model for Beside {
        type State = Printed;
        type Action = Action;

        fn init_states(&self) -> Vec<Printed> {
            vec![self.printed(self.0.begin())]
        }

        fn actions(&self, state: &Printed, actions: &mut Vec<Action>) {
            self.0.next(&state.state, actions);
        }

        fn next_state(&self, last: &Printed, action: Action) -> Option<Printed> {
            let next = self.0.after(&last.state, &action)?;
            Some(self.printed(next))
        }

        fn properties(&self) -> Vec<Property<Beside>> {
            let two = |_: &Beside, it: &Printed| it.state.world().groups.len() == 2;
            vec![Property::always("two groups", two)]
        }
    }
}

/// What [`once`] prints, of a search in a process of its own.
fn apart(searcher: Searcher, failures_max: u8) -> Result<[f64; 5], String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let word = match searcher {
        Searcher::Sdrsim => "sdrsim",
        Searcher::SdrsimTwoThreads => "sdrsim-two-threads",
        Searcher::Stateright => "stateright",
    };
    let output = Command::new(program)
        .args([
            "explore",
            "--once",
            word,
            "--failures",
            &failures_max.to_string(),
        ])
        .output()
        .map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = said
        .split_whitespace()
        .filter_map(|it| it.parse().ok())
        .collect();
    let why = || String::from_utf8_lossy(&output.stderr).trim().to_owned();
    numbers.try_into().map_err(|_| why())
}

/// Measures and prints.
pub fn run(rounds: usize, failures_max: u8) -> Result<(), String> {
    let searchers: &[Searcher] = match cfg!(feature = "stateright") {
        true => &[
            Searcher::Sdrsim,
            Searcher::SdrsimTwoThreads,
            Searcher::Stateright,
        ],
        false => &[Searcher::Sdrsim, Searcher::SdrsimTwoThreads],
    };
    let bar = bar(rounds * searchers.len());
    let mut results: Vec<Vec<[f64; 5]>> = vec![Vec::new(); searchers.len()];
    for _ in 0..rounds {
        for (searcher, results) in searchers.iter().zip(&mut results) {
            bar.set_message(searcher.name());
            results.push(apart(*searcher, failures_max)?);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let states = results[0][0][0];
    if results.iter().flatten().any(|result| result[0] != states) {
        return Err("the searchers do not visit as many states".into());
    }
    println!(
        "Two groups of two pairs, at most {failures_max} failures: {states} states, visited by everybody.\n"
    );
    let rates = |of: &[[f64; 5]], place: usize| -> Vec<f64> {
        of.iter().map(|it| it[0] / it[place] / 1e3).collect()
    };
    let header = [
        "thousand states per second",
        "of processor time",
        "sdrsim is faster by",
        "by the clock",
        "bytes per state at the peak",
        "kept at the end",
    ];
    let mut table = Table::new(header.map(str::to_owned));
    for (searcher, these) in searchers.iter().zip(&results) {
        let each = |place: usize| {
            let bytes: Vec<f64> = these.iter().map(|it| it[place] / it[0]).collect();
            figure(median(&bytes))
        };
        let faster = match searcher {
            Searcher::Sdrsim => String::new(),
            _ => figure(ratio(&rates(&results[0], 1), &rates(these, 1))),
        };
        table.row([
            searcher.name().to_owned(),
            figure(median(&rates(these, 1))),
            faster,
            figure(median(&rates(these, 2))),
            each(3),
            each(4),
        ]);
    }
    table.print();
    Ok(())
}
