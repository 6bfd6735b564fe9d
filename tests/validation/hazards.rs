//! Reliability theory against hazards: two samplers driven directly, without a world around them.

use crate::statistics::judge;
use sdrsim::engine::dice::{Purpose, draw};
use sdrsim::engine::distribution::Distribution;
use sdrsim::engine::{Hazard, Seed};
use sdrsim::time::{SimTime, Span};
use sdrsim::world::label::Stable;

/// A year, as the figures count it.
const YEAR: Span = Span::hours(8760);
/// Fails after a year and is up again after a day, on average.
const FAILS: f64 = 1.0 / 8760.0;
const REPAIRS: f64 = 1.0 / 24.0;

fn hazard() -> Hazard {
    let law = |hours| Distribution::exponential(Span::hours(hours)).unwrap();
    Hazard::new(law(8760), law(24)).unwrap()
}

fn hours(span: Span) -> f64 {
    span.as_micros() as f64 / 3.6e9
}

/// The nth draw of a seed that is itself a seed: run n of a replication.
fn run(seed: Seed, number: u64) -> Seed {
    Seed(draw(seed, Purpose::Sweep, 1, number))
}

/// A disk of a mirrored pair: since it came up last it is to fail at `fails` and to be up again at `returns`.
struct Disk<'h> {
    hazard: &'h Hazard,
    seed: Seed,
    stable: Stable,
    nth: u64,
    fails: SimTime,
    returns: SimTime,
}

impl<'h> Disk<'h> {
    fn new(hazard: &'h Hazard, seed: Seed, label: &str) -> Disk<'h> {
        let stable = Stable::of(label);
        let fails = SimTime::after_start(hazard.span(seed, stable, 0, false));
        let returns = fails.saturating_add(hazard.span(seed, stable, 0, true));
        Disk {
            hazard,
            seed,
            stable,
            nth: 0,
            fails,
            returns,
        }
    }

    /// Goes through the rebuild and on to the next failure.
    fn rebuild(&mut self) {
        let span = |nth, broken| self.hazard.span(self.seed, self.stable, nth, broken);
        self.nth += 1;
        self.fails = self.returns.saturating_add(span(self.nth, false));
        self.returns = self.fails.saturating_add(span(self.nth, true));
    }
}

/// When a mirrored pair, both up at the start, loses its data: one disk fails while the other is being rebuilt. None: not
/// before the end.
fn loss(hazard: &Hazard, seed: Seed, end: SimTime) -> Option<SimTime> {
    let mut disks = ["left", "right"].map(|label| Disk::new(hazard, seed, label));
    loop {
        let first = usize::from(disks[1].fails < disks[0].fails);
        let second = disks[1 - first].fails;
        if disks[first].fails > end {
            return None;
        }
        if second < disks[first].returns {
            return (second <= end).then_some(second);
        }
        disks[first].rebuild();
    }
}

/// The probability that a pair has lost its data by then: the chain of both up, one up, lost, solved in closed form.
fn loss_within(hours: f64) -> f64 {
    let sum = 3.0 * FAILS + REPAIRS;
    let product = 2.0 * FAILS * FAILS;
    // The roots of s^2 + sum s + product, the smaller one without cancellation.
    let fast = -(sum + libm::sqrt(sum * sum - 4.0 * product)) / 2.0;
    let slow = product / fast;
    1.0 - (slow * libm::exp(fast * hours) - fast * libm::exp(slow * hours)) / (slow - fast)
}

/// `mirrored pair`.
pub fn mirrored_pair() {
    let hazard = hazard();
    let truth = loss_within(8760.0);
    assert_eq!(format!("{:.4}", 100.0 * truth), "0.5405");
    // Six million years: at three million half the interval is 2.0 % of the value.
    const YEARS: u64 = 100_000;
    let figure = [("loss within a year", truth)];
    judge("mirrored pair", figure, 60, |seed| {
        let end = SimTime::after_start(YEAR);
        let lost = (0..YEARS).filter(|&number| loss(&hazard, run(seed, number), end).is_some());
        [lost.count() as f64 / YEARS as f64]
    });
    let truth = (3.0 * FAILS + REPAIRS) / (2.0 * FAILS * FAILS);
    assert!((truth / 1_611_840.0 - 1.0).abs() < 1e-12);
    const PAIRS: u64 = 1_000;
    let figure = [("mean hours to data loss", 1_611_840.0)];
    judge("mirrored pair", figure, 40, |seed| {
        let sum: f64 = (0..PAIRS)
            .filter_map(|number| loss(&hazard, run(seed, number), SimTime::MAX))
            .map(|at| hours(at.since_start()))
            .sum();
        [sum / PAIRS as f64]
    });
}

/// A hazard on one AZ, at an instant.
struct Az<'h> {
    hazard: &'h Hazard,
    seed: Seed,
    stable: Stable,
    nth: u64,
    broken: bool,
    /// When it fails, or when it is repaired.
    until: SimTime,
}

impl<'h> Az<'h> {
    fn new(hazard: &'h Hazard, seed: Seed, label: &str) -> Az<'h> {
        let stable = Stable::of(label);
        Az {
            hazard,
            seed,
            stable,
            nth: 0,
            broken: false,
            until: SimTime::after_start(hazard.span(seed, stable, 0, false)),
        }
    }

    fn turn(&mut self) {
        self.nth += u64::from(self.broken);
        self.broken = !self.broken;
        let span = self
            .hazard
            .span(self.seed, self.stable, self.nth, self.broken);
        self.until = self.until.saturating_add(span);
    }
}

/// Years that a replication of two AZs counts, and the one before them in which the start is forgotten: the state
/// forgets with a relaxation time of less than a day.
const YEARS: u64 = 200_000;

/// Microseconds in which the first AZ, the second and both are down.
fn down(mut azs: [Az; 2]) -> [u64; 3] {
    let begin = SimTime::after_start(YEAR);
    let end = SimTime::after_start(YEAR.saturating_mul(YEARS + 1));
    let mut now = SimTime::ZERO;
    let mut down = [0; 3];
    while now < end {
        let next = azs[0].until.min(azs[1].until).min(end);
        let span = next.saturating_since(now.max(begin)).as_micros();
        let [first, second] = [azs[0].broken, azs[1].broken];
        for (sum, broken) in down.iter_mut().zip([first, second, first && second]) {
            *sum += u64::from(broken) * span;
        }
        now = next;
        for az in &mut azs {
            if az.until <= now {
                az.turn();
            }
        }
    }
    down
}

/// `two AZs`.
pub fn two_azs() {
    let hazard = hazard();
    let unavailable = FAILS / (FAILS + REPAIRS);
    assert_eq!(format!("{unavailable:.7}"), "0.0027322");
    let minutes = unavailable * unavailable * 8760.0 * 60.0;
    assert_eq!(format!("{minutes:.3}"), "3.924");
    let counted = YEAR.as_micros() as f64 * YEARS as f64;
    let share = |micros: u64| micros as f64 / counted;
    let figures = [
        ("unavailability of the first", unavailable),
        ("unavailability of the second", unavailable),
        ("both down, minutes per year", minutes),
    ];
    judge("two AZs", figures, 60, |seed| {
        let azs = ["az-1", "az-2"].map(|label| Az::new(&hazard, seed, label));
        let [first, second, both] = down(azs).map(share);
        [first, second, both * 8760.0 * 60.0]
    });
    let figure = [("common mode, unavailability of both", unavailable)];
    judge("two AZs", figure, 60, |seed| {
        let common = [0, 1].map(|_| Az::new(&hazard, seed, "common"));
        let [first, second, both] = down(common);
        assert_eq!([first, second], [both; 2], "they fail together");
        [share(both)]
    });
}
