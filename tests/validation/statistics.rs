//! The rule for statistical cases: the true value lies in the 99 % confidence interval of independent replications, and
//! the interval is narrow.
//!
//! Replication `r` of every case runs under the seed drawn for run `r` of a sweep of seed 1; no seed is chosen. Values are
//! kept by the number of their replication and summed in that order, so the number of threads changes nothing.

use sdrsim::engine::Seed;
use sdrsim::engine::dice::{Purpose, draw};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// The seed of all statistical cases.
const SEED: Seed = Seed(1);
/// The fewest replications that an interval may rest on.
const REPLICATIONS_MIN: u64 = 30;
/// How much of the confidence there is above the interval's lower end: 99 % in the middle, half a percent at each side.
const UPPER: f64 = 0.995;
/// What part of the true value half the interval must stay under.
const HALF_WIDTH_MAX: f64 = 0.02;

/// A mean with its confidence interval.
#[derive(Clone, Copy, Debug)]
struct Interval {
    mean: f64,
    half: f64,
}

impl Interval {
    /// The 99 % interval of a mean of independent values, by Student's t.
    fn of(values: &[f64]) -> Interval {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let error = (squares / (n - 1.0) / n).sqrt();
        let half = student_quantile(UPPER, n - 1.0) * error;
        Interval { mean, half }
    }

    fn holds(self, truth: f64) -> bool {
        (self.mean - truth).abs() <= self.half && self.half < HALF_WIDTH_MAX * truth
    }
}

/// A figure that a replication measures, and what it is in truth.
pub type Figure = (&'static str, f64);

/// Judges the figures that `replicate` measures under the seed it is given.
///
/// A figure that misses is measured again with ten times the replications, and must then hold.
pub fn judge<const N: usize>(
    case: &str,
    figures: [Figure; N],
    replications: u64,
    replicate: impl Fn(Seed) -> [f64; N] + Sync,
) {
    assert!(replications >= REPLICATIONS_MIN);
    let missed = misses(case, &figures, replications, &replicate);
    if missed.is_empty() {
        return;
    }
    let again = misses(case, &figures, 10 * replications, &replicate);
    for figure in missed {
        assert!(
            !again.contains(&figure),
            "{case}, {figure}: missed twice, see the figures above"
        );
    }
}

/// The names of the figures that do not hold; all are printed.
fn misses<const N: usize>(
    case: &str,
    figures: &[Figure; N],
    replications: u64,
    replicate: &(impl Fn(Seed) -> [f64; N] + Sync),
) -> Vec<&'static str> {
    let values = replicated(replications, replicate);
    let mut missed = Vec::new();
    for (place, &(name, truth)) in figures.iter().enumerate() {
        let column: Vec<f64> = values.iter().map(|row| row[place]).collect();
        let interval = Interval::of(&column);
        let holds = interval.holds(truth);
        println!(
            "{case}, {name}: {:.7} +- {:.7} ({:.2} % of the true {truth:.7}) over {replications} replications: {}",
            interval.mean,
            interval.half,
            100.0 * interval.half / truth,
            if holds { "holds" } else { "missed" },
        );
        if !holds {
            missed.push(name);
        }
    }
    missed
}

/// What each replication measures, in their order.
fn replicated<T: Send>(replications: u64, replicate: &(impl Fn(Seed) -> T + Sync)) -> Vec<T> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicU64::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= replications {
                return done;
            }
            let seed = Seed(draw(SEED, Purpose::Sweep, 0, number));
            done.push((number, replicate(seed)));
        }
    };
    let mut values: Vec<(u64, T)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let joined = threads.into_iter().map(|thread| thread.join().unwrap());
        joined.flatten().collect()
    });
    values.sort_unstable_by_key(|&(number, _)| number);
    values.into_iter().map(|(_, value)| value).collect()
}

/// The value that Student's t with so many degrees of freedom stays below with probability `p`, which is above a half.
///
/// By bisection of the distribution function, down to neighbouring floats.
fn student_quantile(p: f64, freedom: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while student(high, freedom) < p {
        high *= 2.0;
    }
    loop {
        let middle = (low + high) / 2.0;
        if middle <= low || middle >= high {
            return middle;
        }
        match student(middle, freedom) < p {
            true => low = middle,
            false => high = middle,
        }
    }
}

/// The distribution function of Student's t at `t`, which is not negative.
fn student(t: f64, freedom: f64) -> f64 {
    1.0 - beta(freedom / (freedom + t * t), freedom / 2.0, 0.5) / 2.0
}

/// The regularized incomplete beta function, by its continued fraction on the side where that converges fast.
fn beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta(1.0 - x, b, a);
    }
    let scale = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b);
    let front = libm::exp(scale + a * libm::log(x) + b * libm::log1p(-x)) / a;
    front * fraction(x, a, b)
}

/// The continued fraction of the incomplete beta function, by the method of Lentz.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    let mut d = 1.0 / (1.0 - (a + b) * x / (a + 1.0));
    let (mut c, mut value) = (1.0, d);
    for m in 1..1_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        for term in [even, odd] {
            d = 1.0 / (1.0 + term * d);
            c = 1.0 + term / c;
            value *= c * d;
        }
        if (c * d - 1.0).abs() < 1e-15 {
            return value;
        }
    }
    panic!("the continued fraction does not settle at {x}, {a}, {b}");
}

#[test]
fn quantiles_are_those_of_the_tables() {
    for (p, freedom, quantile) in [
        (0.995, 1.0, 63.656_741_162_871_526),
        (0.995, 10.0, 3.169_272_672_616_844),
        (0.995, 29.0, 2.756_385_903_670_335),
        (0.975, 5.0, 2.570_581_835_636_314),
        // As good as normal.
        (0.995, 1e7, 2.575_829_9),
    ] {
        let ours = student_quantile(p, freedom);
        assert!(
            (ours / quantile - 1.0).abs() < 1e-7,
            "{p} {freedom}: {ours} instead of {quantile}"
        );
    }
}

#[test]
fn the_rule_rejects_what_is_off_and_what_is_vague() {
    let spread = |by: f64| [1.0 - by, 1.0 + by].repeat(20);
    assert!(Interval::of(&spread(0.02)).holds(1.001));
    assert!(!Interval::of(&spread(0.02)).holds(1.02));
    assert!(!Interval::of(&spread(0.2)).holds(1.0), "too wide");
    let half = Interval::of(&spread(0.02)).half;
    // 2.7079 is the quantile for 39 degrees of freedom.
    let expected = 2.707_913_2 * 0.02 / 39.0_f64.sqrt();
    assert!((half / expected - 1.0).abs() < 1e-6, "{half} {expected}");
}

#[test]
fn replications_come_in_their_order() {
    let seeds = replicated(100, &|seed| seed);
    let drawn = (0..100).map(|number| Seed(draw(SEED, Purpose::Sweep, 0, number)));
    assert!(seeds.into_iter().eq(drawn));
}
