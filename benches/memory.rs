//! What pairs and states of a search take in memory, and that a long run takes no more of it. Run with `cargo bench --bench memory`.
//!
//! Everything is counted where it is asked for, at the allocator, and compared with what the process holds in all. The room
//! of one kind of thing is that of an exact copy of it: the pairs, the disks, the events to come. With `-- --events N` (and N of
//! 1,000,000,000 in the figures that are written down) it runs replication jobs of 1,000 pairs for so many events instead, says
//! now and then what the process holds, and fails if that grows.

#[path = "region/jobs.rs"]
mod jobs;
mod region;

use allocation_counter::measure;
use jobs::Jobs;
use region::region;
use sdrsim::explore::{Bounds, Menu, Model, search};
use std::process::ExitCode;
use std::time::Instant;

/// The most bytes that the record of a pair and its event to come may take among a million, and the same with its two disks.
const MOST: [u64; 2] = [128, 320];
/// So many pairs are held to it: in a small queue the room that is free counts for more.
const MANY: u64 = 1_000_000;
/// The most bytes for a state that a search may hold at once.
const MOST_OF_STATE: f64 = 48.0;

/// Bytes of memory that the process holds: its resident set.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Bytes that are still held of what was asked for meanwhile.
fn held<T>(make: impl FnOnce() -> T) -> (T, u64) {
    let mut made = None;
    let info = measure(|| made = Some(make()));
    let made = made.expect("it was made just now");
    (made, info.bytes_current.try_into().unwrap_or(0))
}

/// Groups of 100 pairs in the midst of their operations, nearly every pair with its end to come.
fn busy(groups: u32) -> Jobs {
    let mut jobs = Jobs::new(groups, 100, u32::MAX, |_| 0);
    // The openings of the first operations.
    jobs.run_to(u64::from(groups));
    jobs
}

fn sizes(groups: u32) -> bool {
    let before = resident();
    let (jobs, all) = held(|| busy(groups));
    let grown = resident().saturating_sub(before);
    let (engine, world) = (&jobs.engine, jobs.engine.world());
    let pairs = world.pairs.len() as u64;
    let each = |bytes: u64| bytes as f64 / pairs as f64;
    let (copy, records) = held(|| world.pairs.clone());
    drop(copy);
    let (copy, disks) = held(|| world.disks.clone());
    drop(copy);
    let (copy, events) = held(|| engine.queue().clone());
    drop(copy);
    let (copy, fork) = held(|| engine.fork_unseen());
    drop(copy);
    let pending = engine.pending() as u64;
    println!("{pairs} pairs in groups of 100, {pending} events to come; bytes for a pair:");
    println!("  its record                     {:>7.1}", each(records));
    println!(
        "  its event to come              {:>7.1}",
        events as f64 / pending as f64
    );
    println!("  its two disks                  {:>7.1}", each(disks));
    println!("  all that a fork does not share {:>7.1}", each(fork));
    println!("  all, with room to grow         {:>7.1}", each(all));
    println!("  growth of the process          {:>7.1}", each(grown));
    let pair = each(records) + events as f64 / pending as f64;
    let measured = [pair, pair + each(disks)];
    let within = { measured.iter() }
        .zip(MOST)
        .all(|(&it, most)| it <= most as f64);
    if !within && pairs >= MANY {
        eprintln!("more than {MOST:?}: {measured:?}");
    }
    (within || pairs < MANY) && pending >= pairs
}

/// A search of two groups of two pairs of which so many sub-jobs may fail, with a property, on one thread: whether the most that
/// it held at once was little for each state.
fn searched(failures_max: u8) -> bool {
    let menu = Menu {
        failures_max,
        ..Menu::default()
    };
    let model = Model::new(region(2, 2, None), menu);
    let model = model.always("groups stay", |world| match world.groups.len() {
        2 => Ok(()),
        other => Err(format!("{other} groups")),
    });
    let mut states = 0;
    let info = measure(|| states = search(&model, &Bounds::default()).states);
    let each = info.bytes_max as f64 / states as f64;
    println!("{states} states of a search: {each:.1} bytes each at the peak");
    if each > MOST_OF_STATE {
        eprintln!("more than {MOST_OF_STATE}");
    }
    each <= MOST_OF_STATE
}

/// Runs so many events of 1,000 pairs; whether memory stayed as it was after the first hundredth.
fn flat(events: u64) -> bool {
    let mut jobs = Jobs::spread(10, 100);
    let (begun, part) = (Instant::now(), (events / 100).max(1));
    let (mut settled, mut most) = (0, 0);
    for done in 1..=100 {
        jobs.run_to(done * part);
        let now = resident();
        if done == 1 {
            settled = now;
        }
        most = most.max(now);
        if done == 1 || done % 10 == 0 {
            println!(
                "{:>13} events  {:>9} bytes  {:>6.0} s",
                jobs.events(),
                now,
                begun.elapsed().as_secs_f64()
            );
        }
    }
    println!("digest {}", jobs.engine.digest());
    // A page here and there is the allocator's and the kernel's.
    let flat = most <= settled + settled / 50;
    if !flat {
        eprintln!("it grew from {settled} to {most} bytes");
    }
    flat
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let place = args.iter().position(|arg| arg == "--events");
    let held = match place.and_then(|place| args.get(place + 1)) {
        Some(events) => match events.replace(['_', ','], "").parse() {
            Ok(events) => flat(events),
            Err(error) => {
                eprintln!("error: {events} is no number of events: {error}");
                false
            }
        },
        None => {
            // All are told, also behind one that takes too much.
            let pairs = [100, 10_000].map(sizes);
            let states = [2, 8].map(searched);
            pairs.into_iter().chain(states).all(|within| within)
        }
    };
    match held {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
