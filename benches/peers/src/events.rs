//! Events per second of everybody, on the same work.
//!
//! First everybody does a small amount of work to its end, and it must be the same: so many operations, so many events,
//! and, of those who draw the same lengths, the same last instant. Then each size is measured in rounds.

use crate::bare::{Bare, Settled};
use crate::measure::{Table, bar, count, figure, median, ratio, seconds};
use crate::ours::Ours;
use crate::peers;
use crate::peers::simpy::{Python, Simpy};
use crate::work::{Contestant, Shape, Tally};
use indicatif::ProgressBar;
use sdrsim::engine::scheduler::Queue;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

type Made = Result<Box<dyn Contestant>, String>;

/// Somebody who can be asked to the start.
pub struct Entrant {
    make: Box<dyn Fn(Shape) -> Made>,
    /// Whether it draws the lengths of `work`, so that it must end at the same instant as the others who do.
    draws_alike: bool,
    kind: Kind,
}

/// Whom a ratio is worked out against.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ours,
    Ladder,
    Heap,
    /// A simulator in Rust.
    Rust,
    Python,
    Logical,
}

impl Entrant {
    fn new<C: Contestant + 'static>(
        kind: Kind,
        make: impl Fn(Shape) -> Result<C, String> + 'static,
    ) -> Entrant {
        let make = move |shape| -> Made { Ok(Box::new(make(shape)?)) };
        Entrant {
            make: Box::new(make),
            draws_alike: !matches!(kind, Kind::Ours | Kind::Python),
            kind,
        }
    }
}

fn bare() -> [Entrant; 2] {
    [
        Entrant::new(Kind::Ladder, |shape| Ok(Bare::<Queue<u32>>::new(shape))),
        Entrant::new(Kind::Heap, |shape| {
            Ok(Bare::<BinaryHeap<Reverse<(u64, u32)>>>::new(shape))
        }),
    ]
}

/// Everybody who dispatches every event; says who is left out, and why.
pub fn all() -> Vec<Entrant> {
    let mut all = vec![Entrant::new(Kind::Ours, |shape| Ok(Ours::new(shape)))];
    all.extend(bare());
    #[cfg(feature = "simrs")]
    all.push(Entrant::new(Kind::Rust, |shape| {
        Ok(peers::simrs::Simrs::new(shape))
    }));
    #[cfg(feature = "simcore")]
    all.push(Entrant::new(Kind::Rust, |shape| {
        Ok(peers::simcore::Simcore::new(shape))
    }));
    #[cfg(feature = "desru")]
    all.push(Entrant::new(Kind::Rust, |shape| {
        Ok(peers::desru::Desru::new(shape))
    }));
    #[cfg(feature = "nexosim")]
    all.push(Entrant::new(Kind::Rust, peers::nexosim::Nexosim::new));
    match Python::prepare() {
        Ok(python) => all.push(Entrant::new(Kind::Python, move |shape| {
            Simpy::new(&python, shape)
        })),
        Err(reason) => eprintln!("SimPy is left out: {reason}"),
    }
    all
}

/// The loops with and without a dispatch of every event, and the engine.
pub fn with_logical() -> Vec<Entrant> {
    let mut all = vec![Entrant::new(Kind::Ours, |shape| Ok(Ours::new(shape)))];
    all.extend(bare());
    all.push(Entrant::new(Kind::Logical, |shape| Ok(Settled::new(shape))));
    all
}

/// Everybody does the same small work to its end.
pub fn check(entrants: &[Entrant]) -> Result<(), String> {
    let shape = Shape {
        groups: 17,
        pairs: 23,
        operations: 9,
    };
    let operations = u64::from(shape.groups * shape.operations);
    let expected = (operations * shape.events_each(), operations);
    let mut last: Option<u64> = None;
    for entrant in entrants {
        let mut contestant = (entrant.make)(shape)?;
        let Tally {
            events,
            operations,
            now,
        } = contestant.run(u64::MAX >> 1)?;
        let name = contestant.name();
        if (events, operations) != expected {
            return Err(format!(
                "{name}: {events} events and {operations} operations, not {expected:?}"
            ));
        }
        if entrant.draws_alike && *last.get_or_insert(now) != now {
            return Err(format!(
                "{name} ends at {now} µs, the one before at {last:?}"
            ));
        }
    }
    println!(
        "Checked: {} operations of {} events each, dispatched by everybody, and one last instant for all who draw alike.\n",
        expected.1,
        shape.events_each()
    );
    Ok(())
}

/// What is measured.
pub struct Plan {
    pub pairs: Vec<u32>,
    pub rounds: usize,
    /// Events of a round, at least.
    pub events: u64,
}

/// Millions of events per second, by entrant and round.
fn rates(
    entrants: &[Entrant],
    pairs: u32,
    plan: &Plan,
    bar: &ProgressBar,
) -> Result<Vec<(&'static str, Vec<f64>)>, String> {
    let shape = Shape::of_pairs(pairs);
    // Every group comes through an operation in every round.
    let events = plan
        .events
        .max(u64::from(shape.groups) * shape.events_each());
    let mut contestants = Vec::new();
    for entrant in entrants {
        bar.set_message(format!("{} pairs: preparing", count(pairs.into())));
        let mut contestant = (entrant.make)(shape)?;
        // Until the groups are spread over their operations.
        let tally = contestant.run(events)?;
        contestants.push((contestant, tally.events, Vec::new()));
        bar.inc(1);
    }
    for _ in 0..plan.rounds {
        for (contestant, done, rates) in &mut contestants {
            bar.set_message(format!(
                "{} pairs: {}",
                count(pairs.into()),
                contestant.name()
            ));
            let (tally, seconds) = seconds(|| contestant.run(*done + events));
            let now = tally?.events;
            let seconds = contestant.took().unwrap_or(seconds);
            if now < *done + events {
                return Err(format!("{} has come to rest", contestant.name()));
            }
            rates.push((now - *done) as f64 / seconds / 1e6);
            *done = now;
            bar.inc(1);
        }
    }
    let named = contestants.into_iter();
    Ok(named.map(|(it, _, rates)| (it.name(), rates)).collect())
}

/// Measures and prints.
pub fn run(entrants: &[Entrant], plan: &Plan) -> Result<(), String> {
    check(entrants)?;
    let bar = bar(plan.pairs.len() * entrants.len() * (plan.rounds + 1));
    let mut by_size = Vec::new();
    for &pairs in &plan.pairs {
        by_size.push(rates(entrants, pairs, plan, &bar)?);
    }
    bar.finish_and_clear();
    let mut table = Table::new(
        ["million events per second of processor time".to_owned()]
            .into_iter()
            .chain(plan.pairs.iter().flat_map(|&pairs| {
                let pairs = count(pairs.into());
                [format!("{pairs} pairs"), "sdrsim is faster by".to_owned()]
            })),
    );
    for (at, entrant) in entrants.iter().enumerate() {
        let cells = by_size.iter().flat_map(|all| {
            let faster = match entrant.kind {
                Kind::Ours => String::new(),
                _ => figure(ratio(&all[0].1, &all[at].1)),
            };
            [figure(median(&all[at].1)), faster]
        });
        table.row([by_size[0][at].0.to_owned()].into_iter().chain(cells));
    }
    table.print();
    let mut summary = Table::new(
        ["sdrsim beside".to_owned()].into_iter().chain(
            plan.pairs
                .iter()
                .map(|&it| format!("{} pairs", count(it.into()))),
        ),
    );
    for (kind, name) in [
        (Kind::Rust, "the fastest simulator in Rust"),
        (Kind::Ladder, "the bare loop with the same queue"),
    ] {
        let of_kind = |all: &[(&str, Vec<f64>)]| {
            let best = { entrants.iter().zip(all) }
                .filter(|(entrant, _)| entrant.kind == kind)
                .map(|(_, (_, rates))| ratio(&all[0].1, rates));
            best.fold(f64::NAN, f64::min)
        };
        if entrants.iter().any(|entrant| entrant.kind == kind) {
            let cells = by_size.iter().map(|all| figure(of_kind(all)));
            summary.row([name.to_owned()].into_iter().chain(cells));
        }
    }
    summary.print();
    Ok(())
}
