//! Queueing theory against the links: copies that share one path are customers of a processor-sharing server.
//!
//! The link model is driven directly. The path carries a byte a microsecond, so a copy of so many bytes takes as many
//! microseconds alone. Arrivals are a Poisson stream. A replication begins with an idle path; its first copies warm it up and
//! are not counted. After the last arrival it runs until the path is idle, so that every counted copy has ended.

use crate::statistics::judge;
use sdrsim::engine::Seed;
use sdrsim::engine::dice::{Purpose, draw, unit};
use sdrsim::engine::distribution::Distribution;
use sdrsim::time::{SimTime, Span};
use sdrsim::units::{Bytes, Rate};
use sdrsim::world::flow::{Aim, Flows};
use sdrsim::world::label::Stable;
use sdrsim::world::{LinkKey, PairKey, RouteKey};
use slotmap::SlotMap;

/// How long a mean copy takes alone.
const ALONE: Span = Span::hours(1);
/// Copies that warm a replication up: many times the relaxation time of the slowest case here.
const WARM_UP: u64 = 10_000;

/// The law of sizes, each with the same mean.
#[derive(Clone, Copy, Debug)]
enum Sizes {
    Fixed,
    Exponential,
    /// Nine of ten with a mean of two thirds, one of ten with a mean of four: squared coefficient of variation 3.
    Hyperexponential,
}

impl Sizes {
    fn draw(self, seed: Seed, number: u64) -> Bytes {
        let draw = |stream| draw(seed, Purpose::Load, Stable::of(stream).0, number);
        let exponential = |mean: Span| {
            let law = Distribution::exponential(mean).unwrap();
            law.sample(draw("sizes"))
        };
        let alone = match self {
            Sizes::Fixed => ALONE,
            Sizes::Exponential => exponential(ALONE),
            Sizes::Hyperexponential if unit(draw("kinds")) < 0.9 => exponential(Span::mins(40)),
            Sizes::Hyperexponential => exponential(Span::hours(4)),
        };
        Bytes(alone.as_micros())
    }
}

/// One path and the copies on it.
struct Path {
    flows: Flows,
    route: RouteKey,
    /// When each copy that runs arrived, and its number.
    copies: SlotMap<PairKey, (SimTime, u64)>,
    /// The next end. All copies are of one class.
    aim: Option<Aim>,
    aims: Vec<Aim>,
    /// Microseconds that counted copies were on the path.
    inside: u128,
}

impl Path {
    fn new() -> Path {
        let link = SlotMap::<LinkKey, ()>::with_key().insert(());
        let route = SlotMap::<RouteKey, ()>::with_key().insert(());
        let mut flows = Flows::default();
        flows.set_link(link, Rate(1_000_000));
        flows.set_route(SimTime::ZERO, route, Some(&[link]));
        Path {
            flows,
            route,
            copies: SlotMap::with_key(),
            aim: None,
            aims: Vec::new(),
            inside: 0,
        }
    }

    fn settle(&mut self, now: SimTime) {
        self.flows.settle(now, &mut self.aims);
        if let Some(aim) = self.aims.drain(..).next_back() {
            self.aim = Some(aim);
        }
    }

    fn arrive(&mut self, now: SimTime, number: u64, size: Bytes) {
        let pair = self.copies.insert((now, number));
        self.flows
            .start(now, self.route, None, size, number as u32, pair);
        self.settle(now);
    }

    /// Takes in all ends up to an instant and including it.
    fn run(&mut self, until: SimTime) {
        let mut ended = Vec::new();
        while let Some(aim) = self.aim
            && let Some(at) = aim.at
            && at <= until
        {
            self.aim = None;
            self.flows.due(at, aim.flow, aim.turn, &mut ended);
            for pair in ended.drain(..) {
                let (arrived, number) = self.copies.remove(pair).unwrap();
                if number >= WARM_UP {
                    self.inside += u128::from(at.saturating_since(arrived).as_micros());
                }
            }
            self.settle(at);
        }
    }
}

/// How many times longer than alone a copy takes on average.
fn slowdown(seed: Seed, between: Span, sizes: Sizes, copies: u64) -> f64 {
    let arrivals = Distribution::exponential(between).unwrap();
    let stream = Stable::of("arrivals").0;
    let mut path = Path::new();
    let mut now = SimTime::ZERO;
    for number in 0..WARM_UP + copies {
        let gap = arrivals.sample(draw(seed, Purpose::Operator, stream, number));
        now = now.checked_add(gap).unwrap();
        path.run(now);
        path.arrive(now, number, sizes.draw(seed, number));
    }
    path.run(SimTime::MAX);
    assert!(path.copies.is_empty(), "every copy has ended");
    path.inside as f64 / copies as f64 / ALONE.as_micros() as f64
}

/// `fair sharing of a path`: M/G/1 with processor sharing, whose mean depends on sizes by their mean alone.
pub fn fair_sharing() {
    let half = Span::hours(2);
    let most = Span::mins(75);
    for (between, truth, sizes, copies) in [
        (half, 2.0, Sizes::Fixed, 10_000),
        (half, 2.0, Sizes::Exponential, 15_000),
        (half, 2.0, Sizes::Hyperexponential, 30_000),
        (most, 5.0, Sizes::Fixed, 60_000),
        (most, 5.0, Sizes::Exponential, 100_000),
        (most, 5.0, Sizes::Hyperexponential, 200_000),
    ] {
        let case = format!("M/G/1-PS, {sizes:?} sizes");
        let figure = match truth > 2.0 {
            true => ("load 0.8, mean slowdown", truth),
            false => ("load 0.5, mean slowdown", truth),
        };
        judge(&case, [figure], 40, |seed| {
            [slowdown(seed, between, sizes, copies)]
        });
    }
}
