//! sdrsim beside other simulators and a model checker, on identical work; a command each, a Markdown table each.
//!
//! It is a package of its own because a build of the simulator has no use for its competitors. What it says is for one
//! machine and one moment: only ratios mean anything.

mod bare;
mod events;
mod explore;
mod hold;
mod measure;
mod ours;
mod peers;
mod work;

use clap::{Args, Parser, Subcommand};
use events::Plan;
use std::process::ExitCode;

const ABOUT: &str = "\
Compares sdrsim with other simulators and a model checker on identical work.

The work is replication jobs: groups of 100 pairs, each for ever issuing its next operation, \
which opens, has one sub-job of exponential length for every pair, and closes: 102 events. sdrsim \
does it as the service, with rules, statuses, jobs, census and digest; the others run a bare model \
of the same. They take turns, in rounds; a ratio is the median of the ratios of the rounds, because \
a shared machine is now fast and now slow. Tables are Markdown on standard output.";

const EXAMPLES: &str = "\
Examples (after `cargo run --release --manifest-path benches/peers/Cargo.toml --`):
  events --quick              everybody at 1e3, 1e5 and 1e6 pairs, in about a minute
  events --pairs 1000         one size; without --quick there are more rounds, and longer ones
  explore                     the search beside Stateright
  hold                        the queue alone beside std's binary heap
  logical                     what keeping sub-jobs as data would bring

SimPy needs `python3` and, the first time, a package index; without them it is left out, \
with a line that says so. All other peers are features: `--no-default-features --features \
simrs,desru`, before the `--`, builds these two.";

/// What is asked.
#[derive(Parser)]
#[command(name = "peers", about = ABOUT, after_help = EXAMPLES)]
struct Peers {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Events per second of everybody who dispatches every event
    Events(Sizes),
    /// Distinct states per second and bytes per state, beside Stateright
    Explore {
        #[command(flatten)]
        rounds: Rounds,
        /// How many sub-jobs may fail on a way; more make more states
        #[arg(long, default_value_t = 2)]
        failures: u8,
        /// Search once in this process and print bare numbers
        #[arg(long, hide = true)]
        once: Option<explore::Searcher>,
    },
    /// The queue alone: take the earliest out, put one in later
    Hold(Sizes),
    /// Logical events per second: sub-jobs kept as data, settled only when somebody looks
    ///
    /// The bare loop does this; the engine dispatches every event and stands beside it.
    Logical(Sizes),
}

#[derive(Args)]
struct Rounds {
    /// Few and short rounds: under two minutes
    #[arg(long)]
    quick: bool,
    /// So many rounds instead of 9, or of 3 with --quick
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    rounds: Option<u16>,
}

impl Rounds {
    fn count(&self) -> usize {
        self.rounds
            .map_or(if self.quick { 3 } else { 9 }, usize::from)
    }
}

#[derive(Args)]
struct Sizes {
    #[command(flatten)]
    rounds: Rounds,
    /// Sizes: pairs in all, or entries pending; whole hundreds from 100 to 10000000
    #[arg(long, value_delimiter = ',', value_name = "N,..", default_value = "1000,100000,1000000", value_parser = size)]
    pairs: Vec<u32>,
}

fn size(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(size) if size % 100 == 0 && (100..=10_000_000).contains(&size) => Ok(size),
        _ => Err("a whole number of hundreds from 100 to 10000000 is wanted".into()),
    }
}

impl Sizes {
    fn plan(self) -> Plan {
        Plan {
            rounds: self.rounds.count(),
            events: if self.rounds.quick {
                500_000
            } else {
                2_000_000
            },
            pairs: self.pairs,
        }
    }
}

fn main() -> ExitCode {
    let result = match Peers::parse().what {
        What::Events(sizes) => events::run(&events::all(), &sizes.plan()),
        What::Logical(sizes) => events::run(&events::with_logical(), &sizes.plan()),
        What::Hold(sizes) => hold::run(&sizes.pairs, sizes.rounds.count()),
        What::Explore {
            failures,
            once: Some(searcher),
            ..
        } => explore::once(searcher, failures),
        What::Explore {
            rounds, failures, ..
        } => explore::run(rounds.count(), failures),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}
