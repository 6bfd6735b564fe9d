//! Copies over small networks, followed instant by instant beside an account that is kept copy by copy.

use super::*;
use proptest::prelude::*;
use slotmap::SlotMap;
use std::collections::BTreeMap;

const MIB: u64 = 1 << 20;

fn mib(n: u64) -> Rate {
    Rate(n * MIB)
}

fn seconds(n: u64) -> SimTime {
    SimTime::from_micros(n * 1_000_000)
}

pub(super) fn keys<K: slotmap::Key>(n: usize) -> Vec<K> {
    let mut slots = SlotMap::with_key();
    (0..n).map(|_| slots.insert(())).collect()
}

/// A copy as the account sees it.
#[derive(Clone, Debug)]
struct Copy {
    ticket: Ticket,
    pair: PairKey,
    route: RouteKey,
    lacks: u128,
}

/// Flows with the events that a caller would keep, and an account of every copy.
#[derive(Clone, Debug)]
struct Run {
    flows: Flows,
    links: Vec<LinkKey>,
    routes: Vec<RouteKey>,
    pairs: Vec<PairKey>,
    now: SimTime,
    aims: BTreeMap<FlowKey, Aim>,
    ended: Vec<(u64, PairKey)>,
    copies: BTreeMap<u32, Copy>,
    carried: BTreeMap<LinkKey, u128>,
    serial: u32,
}

impl Run {
    /// Links of these MiB/s, and routes over them.
    fn new(capacities: &[u64], paths: &[&[usize]]) -> Run {
        let links: Vec<LinkKey> = keys(capacities.len());
        let mut run = Run {
            flows: Flows::default(),
            routes: keys(paths.len()),
            pairs: keys(1000),
            now: SimTime::ZERO,
            aims: BTreeMap::new(),
            ended: Vec::new(),
            copies: BTreeMap::new(),
            carried: links.iter().map(|&link| (link, 0)).collect(),
            serial: 0,
            links,
        };
        for (at, &capacity) in capacities.iter().enumerate() {
            run.flows.set_link(run.links[at], mib(capacity));
        }
        for (at, path) in paths.iter().enumerate() {
            run.path(at, Some(path));
        }
        run
    }

    fn path(&mut self, route: usize, links: Option<&[usize]>) {
        let links: Option<Vec<LinkKey>> =
            links.map(|l| l.iter().map(|&at| self.links[at]).collect());
        self.flows
            .set_route(self.now, self.routes[route], links.as_deref());
        self.settle();
    }

    fn foreground(&mut self, route: usize, rate: Rate) {
        self.flows.set_foreground(self.routes[route], rate);
        self.settle();
    }

    fn start(&mut self, route: usize, limit: Option<Rate>, size: u64) -> u32 {
        self.serial += 1;
        let (route, pair) = (self.routes[route], self.pairs[self.serial as usize]);
        let ticket = self
            .flows
            .start(self.now, route, limit, Bytes(size), self.serial, pair);
        let copy = Copy {
            ticket,
            pair,
            route,
            lacks: u128::from(size) * BYTE,
        };
        self.copies.insert(self.serial, copy);
        self.settle();
        self.serial
    }

    fn stop(&mut self, serial: u32) -> Option<Bytes> {
        let copy = self.copies.remove(&serial)?;
        let left = self.flows.stop(self.now, copy.ticket, serial, copy.pair);
        assert_eq!(u128::from(left.0), copy.lacks.div_ceil(BYTE));
        self.settle();
        Some(left)
    }

    fn settle(&mut self) {
        let mut out = Vec::new();
        self.flows.settle(self.now, &mut out);
        let mut told = BTreeSet::new();
        for aim in out {
            assert!(told.insert(aim.flow), "one aim per class");
            assert!(
                self.aims
                    .insert(aim.flow, aim)
                    .is_none_or(|old| old.turn != aim.turn)
            );
            assert!(!aim.stalled || aim.at.is_none());
        }
        self.aims
            .retain(|&flow, _| self.flows.classes.contains_key(flow));
        self.check_rates();
    }

    /// Lets time pass, with the ends that come, and keeps the account of each copy.
    fn to(&mut self, until: SimTime) {
        let next = |run: &Run| {
            let ends = run
                .aims
                .values()
                .filter_map(|aim| aim.at.map(|at| (at, aim.flow)));
            ends.min().filter(|end| end.0 <= until)
        };
        while let Some((at, flow)) = next(self) {
            self.account(at);
            let turn = self.aims.remove(&flow).unwrap().turn;
            let mut finished = Vec::new();
            self.flows
                .due(at, flow, turn.wrapping_sub(1), &mut finished);
            assert_eq!(finished, []);
            self.flows.due(at, flow, turn, &mut finished);
            assert!(!finished.is_empty(), "an aim that nothing ends at");
            for pair in finished {
                let (&serial, copy) = self
                    .copies
                    .iter()
                    .find(|(_, copy)| copy.pair == pair)
                    .unwrap();
                assert_eq!((copy.lacks, copy.ticket.flow), (0, flow));
                self.copies.remove(&serial);
                self.ended.push((at.as_micros(), pair));
            }
            self.settle();
        }
        self.account(until);
    }

    /// Adds what each copy received since the last instant to the links of its route.
    fn account(&mut self, now: SimTime) {
        for copy in self.copies.values_mut() {
            let class = &self.flows.classes[copy.ticket.flow];
            let lacks = copy.ticket.tag.saturating_sub(class.service_at(now));
            let past = class.service_at(now).saturating_sub(copy.ticket.tag);
            if lacks == 0 && copy.lacks > 0 {
                let step = class.speed.map_or(u128::MAX, |speed| u128::from(speed.0));
                assert!(past < step, "an end more than a microsecond late");
            }
            for link in self.flows.routes[copy.route].links() {
                *self.carried.get_mut(link).unwrap() += copy.lacks - lacks;
            }
            copy.lacks = lacks;
            assert_eq!(
                u128::from(self.flows.left(now, copy.ticket).0),
                lacks.div_ceil(BYTE)
            );
        }
        self.now = now;
        for (&key, carried) in &self.carried {
            let link = &self.flows.links[key];
            assert_eq!(self.flows.copies_carried(now, link), *carried);
            assert_eq!(self.flows.carried(now, key).copies, whole_bytes(*carried));
        }
    }

    /// Every link fits, and every class is at its limit or on a full link where nobody is faster.
    fn check_rates(&self) {
        let classes = &self.flows.classes;
        let on = |key: LinkKey| {
            classes
                .values()
                .filter(move |c| self.flows.routes[c.route].links().contains(&key))
        };
        let copies = |key: LinkKey| on(key).map(|c| c.waiting.len() as u128).sum::<u128>();
        let speed = |class: &Class| class.speed.map(|speed| speed.0);
        let free = |key: LinkKey| {
            let link = &self.flows.links[key];
            let used: u128 = on(key)
                .map(|c| u128::from(speed(c).unwrap()) * c.waiting.len() as u128)
                .sum();
            u128::from(link.capacity.0)
                .checked_sub(used + u128::from(link.foreground.0))
                .unwrap()
        };
        let wanted = |key: LinkKey| -> u128 {
            let routes = self.flows.links[key].routes.iter();
            routes
                .map(|&route| u128::from(Speed::of(self.flows.routes[route].foreground).0))
                .sum()
        };
        let full = |key: LinkKey| {
            free(key) < copies(key).max(1)
                || wanted(key) >= u128::from(self.flows.links[key].capacity.0)
        };
        for link in self.flows.links.keys() {
            let _ = free(link);
        }
        for (flow, class) in classes {
            let route = &self.flows.routes[class.route];
            let at_limit = class.limit.map(|limit| Speed::of(limit).0) == speed(class);
            let held_back = route
                .links()
                .iter()
                .any(|&link| full(link) && on(link).all(|c| speed(c) <= speed(class)));
            match &route.path {
                None => assert_eq!(speed(class), Some(0)),
                Some(_) => assert!(at_limit || held_back, "{flow:?} {class:?}"),
            }
        }
    }
}

/// When a copy of 60 GiB over 100 MiB/s ends beside a foreground of so many MiB/s.
fn sixty(foreground: u64) -> (Run, Vec<u64>) {
    let mut run = Run::new(&[100], &[&[0]]);
    run.foreground(0, mib(foreground));
    run.start(0, None, 60 << 30);
    run.to(seconds(10_000));
    let ends = run.ended.iter().map(|end| end.0).collect();
    (run, ends)
}

#[test]
fn a_full_copy_takes_its_size_over_what_the_foreground_leaves() {
    assert_eq!(sixty(0).1, [614_400_000]);
    assert_eq!(sixty(20).1, [768_000_000]);
    assert_eq!(sixty(50).1, [1_228_800_000]);
    let (run, _) = sixty(20);
    assert_eq!(
        run.flows.carried(run.now, run.links[0]),
        Carried {
            copies: Bytes(60 << 30),
            foreground: Bytes(20 * MIB * 10_000)
        }
    );
    assert_eq!(run.flows.classes.len(), 0);
}

#[test]
fn a_foreground_that_takes_all_stalls_the_copy_until_it_yields() {
    let (mut run, ends) = sixty(100);
    assert_eq!(ends, [0_u64; 0]);
    let aim = *run.aims.values().next().unwrap();
    assert!(aim.stalled && run.flows.is_stalled(aim.flow));
    assert_eq!(run.flows.rate(aim.flow), Rate::ZERO);
    run.foreground(0, mib(50));
    assert!(!run.flows.is_stalled(aim.flow));
    run.to(seconds(20_000));
    assert_eq!(run.ended[0].0, 10_000_000_000 + 1_228_800_000);
}

#[test]
fn equal_copies_end_together_by_serial_and_later_ones_after_them() {
    let mut run = Run::new(&[100], &[&[0]]);
    run.start(0, None, 100 * MIB);
    run.start(0, None, 100 * MIB);
    run.to(seconds(1)); // Each has 50 MiB.
    run.start(0, None, 100 * MIB);
    run.to(seconds(10));
    // 3 x 50 MiB at a third of the link each, then 50 MiB alone.
    let third = 1_000_000 + 1_500_000;
    let ends: Vec<u64> = run.ended.iter().map(|end| end.0).collect();
    assert!(
        ends[0] == ends[1] && ends[0].abs_diff(third) <= 1,
        "{ends:?}"
    );
    assert!(ends[2].abs_diff(3_000_000) <= 1, "{ends:?}");
    let order: Vec<PairKey> = run.ended.iter().map(|end| end.1).collect();
    assert_eq!(order, run.pairs[1..=3]);
}

#[test]
fn a_class_takes_its_limit_and_leaves_the_rest() {
    let mut run = Run::new(&[100], &[&[0]]);
    let limited = run.start(0, Some(mib(10)), 100 * MIB);
    let other = run.start(0, None, 450 * MIB);
    let rate = |run: &Run, serial: u32| run.flows.rate(run.copies[&serial].ticket.flow);
    assert_eq!((rate(&run, limited), rate(&run, other)), (mib(10), mib(90)));
    run.to(seconds(5));
    assert_eq!(run.ended, [(5_000_000, run.pairs[2])]);
    assert_eq!(rate(&run, limited), mib(10));
    run.to(seconds(10));
    assert_eq!(run.ended.len(), 2);
    assert_eq!(run.ended[1].0, 10_000_000);
}

#[test]
fn routes_that_cross_share_only_what_they_share() {
    // The long route is held back by the first link; the second gives what it leaves to its own.
    let mut run = Run::new(&[10, 60, 100], &[&[0], &[0, 1], &[1, 2], &[2]]);
    let copies: Vec<u32> = (0..4)
        .map(|route| run.start(route, None, 1 << 40))
        .collect();
    let rates = |run: &Run| -> Vec<Rate> {
        copies
            .iter()
            .map(|c| run.flows.rate(run.copies[c].ticket.flow))
            .collect()
    };
    assert_eq!(rates(&run), [mib(5), mib(5), mib(50), mib(50)]);
    run.flows.set_link(run.links[0], mib(100));
    run.settle();
    assert_eq!(rates(&run), [mib(70), mib(30), mib(30), mib(70)]);
}

#[test]
fn a_lost_route_stands_still_and_goes_on_from_there() {
    let mut run = Run::new(&[100, 50], &[&[0], &[0]]);
    run.start(0, None, 1000 * MIB);
    run.foreground(0, mib(50));
    let other = run.start(1, Some(mib(40)), 1 << 40);
    run.to(seconds(10)); // 250 MiB of the first: both share 50 MiB/s.
    run.path(0, None);
    let flow = run.copies[&1].ticket.flow;
    assert_eq!(run.aims[&flow].at, None);
    assert!(!run.flows.is_stalled(flow), "a lost path is no stall");
    assert_eq!(run.flows.write_factor(run.routes[0]), Fraction::ZERO);
    assert_eq!(run.flows.rate(run.copies[&other].ticket.flow), mib(40));
    run.to(seconds(110));
    assert_eq!(
        run.flows.left(run.now, run.copies[&1].ticket),
        Bytes(750 * MIB)
    );
    run.path(0, Some(&[1])); // Back by another way, which the foreground fills.
    assert!(run.flows.is_stalled(flow));
    run.foreground(0, mib(20));
    run.to(seconds(200));
    assert_eq!(run.ended, [(135_000_000, run.pairs[1])]);
    let carried = |link: usize| run.flows.carried(run.now, run.links[link]);
    assert_eq!(
        carried(1),
        Carried {
            copies: Bytes(750 * MIB),
            foreground: Bytes(20 * MIB * 90)
        }
    );
    assert_eq!(carried(0).foreground, Bytes(50 * MIB * 10));
}

#[test]
fn a_foreground_beyond_the_capacity_is_scaled_in_proportion() {
    let mut run = Run::new(&[100, 10], &[&[0], &[0], &[0, 1]]);
    run.foreground(0, mib(150));
    run.foreground(1, mib(50));
    let factor = |run: &Run, route: usize| run.flows.write_factor(run.routes[route]).as_f64();
    assert_eq!(
        (factor(&run, 0), factor(&run, 1), factor(&run, 2)),
        (0.5, 0.5, 1.0)
    );
    run.foreground(2, mib(20));
    assert!((factor(&run, 0) - 100.0 / 220.0).abs() < 1e-12);
    assert!(
        (factor(&run, 2) - 100.0 / 220.0).abs() < 1e-12,
        "{}",
        factor(&run, 2)
    );
    run.foreground(2, mib(40));
    assert_eq!(factor(&run, 2), 0.25);
    let copy = run.start(0, None, 1);
    assert!(run.flows.is_stalled(run.copies[&copy].ticket.flow));
    run.foreground(0, Rate::ZERO);
    run.foreground(1, Rate::ZERO);
    assert_eq!(factor(&run, 0), 1.0);
    // The second link lets 10 of 40 pass, so that the first has 90 left.
    assert_eq!(run.flows.rate(run.copies[&copy].ticket.flow), mib(90));
}

#[test]
fn an_ideal_path_knows_limits_alone() {
    let mut run = Run::new(&[], &[&[]]);
    run.start(0, Some(mib(10)), 100 * MIB);
    let at_once = run.start(0, None, u64::MAX);
    assert_eq!(
        run.flows.left(run.now, run.copies[&at_once].ticket),
        Bytes::ZERO
    );
    run.start(0, None, 5);
    run.to(seconds(20));
    // Nothing is faster than the class without a bound, whose copies end in the order of their starts.
    let ends = [
        (0, run.pairs[2]),
        (0, run.pairs[3]),
        (10_000_000, run.pairs[1]),
    ];
    assert_eq!(run.ended, ends);
}

#[test]
fn a_copy_of_nothing_ends_at_once_even_where_nothing_moves() {
    let mut run = Run::new(&[0], &[&[0]]);
    run.start(0, None, 0);
    run.start(0, None, 1);
    run.to(seconds(1));
    assert_eq!(run.ended, [(0, run.pairs[1])]);
    assert!(run.aims.values().all(|aim| aim.stalled));
}

#[test]
fn a_stale_ticket_has_nothing_left_and_a_class_begins_anew() {
    let mut run = Run::new(&[100], &[&[0]]);
    run.start(0, None, MIB);
    let first = run.copies[&1].clone();
    run.to(seconds(1));
    let second = run.start(0, None, MIB);
    assert_ne!(first.ticket.flow, run.copies[&second].ticket.flow);
    assert_eq!(run.flows.left(run.now, first.ticket), Bytes::ZERO);
    assert_eq!(
        run.flows.stop(run.now, first.ticket, 1, first.pair),
        Bytes::ZERO
    );
    assert_eq!(run.stop(second), Some(Bytes(MIB)));
    assert_eq!(run.flows.classes.len(), 0);
}

#[test]
fn many_starts_are_settled_once_and_tell_once() {
    let mut run = Run::new(&[100], &[&[0]]);
    for serial in 1..=100 {
        let (route, pair) = (run.routes[0], run.pairs[serial as usize]);
        run.flows
            .start(run.now, route, None, Bytes(MIB), serial, pair);
    }
    let mut out = Vec::new();
    run.flows.settle(run.now, &mut out);
    assert_eq!(out.len(), 1);
    assert_eq!(out[0].at, Some(seconds(1)));
    // The same figures again are no news.
    run.flows.set_link(run.links[0], mib(100));
    out.clear();
    run.flows.settle(run.now, &mut out);
    assert_eq!(out, []);
}

#[test]
fn a_state_written_and_read_goes_on_alike() {
    let mut run = Run::new(&[100, 30], &[&[0], &[0, 1]]);
    run.foreground(0, mib(10));
    run.start(0, None, 100 << 30);
    run.start(1, Some(mib(7)), 3 << 30);
    run.to(seconds(7));
    let text = serde_json::to_string(&run.flows).unwrap();
    let mut again = run.clone();
    again.flows = serde_json::from_str(&text).unwrap();
    run.to(seconds(5000));
    again.to(seconds(5000));
    assert_eq!(run.ended.len(), 2);
    assert_eq!(run.ended, again.ended);
}

#[derive(Clone, Debug)]
enum Act {
    Capacity(usize, u64),
    Path(usize, Option<u8>),
    Foreground(usize, u64),
    Start(usize, Option<u64>, u64),
    Stop(u32),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => (0_usize..4, 0_u64..200).prop_map(|(l, c)| Act::Capacity(l, c)),
        2 => (0_usize..5, proptest::option::weighted(0.7, 0_u8..16)).prop_map(|(r, p)| Act::Path(r, p)),
        3 => (0_usize..5, 0_u64..100_000_000).prop_map(|(r, f)| Act::Foreground(r, f)),
        8 => (0_usize..5, proptest::option::of(0_u64..4), 0_u64..5_000_000_000).prop_map(|(r, l, s)| Act::Start(r, l, s)),
        3 => (0_u32..40).prop_map(Act::Stop),
    ]
}

fn mask(bits: u8) -> Vec<usize> {
    (0..4).filter(|link| bits >> link & 1 == 1).collect()
}

/// Plays a history; at the instants of `look`, all rates are worked out again, and nothing may come of it.
fn play(history: &[(u64, Act)], look: &BTreeSet<u64>) -> Run {
    let mut run = Run::new(&[100, 60, 30, 200], &[&[0], &[1], &[0, 1], &[1, 2, 3], &[]]);
    let to = |run: &mut Run, until: SimTime| {
        for &at in look.range(run.now.as_micros()..until.as_micros()) {
            run.to(SimTime::from_micros(at));
            for route in run.routes.clone() {
                run.flows.mark(route);
            }
            let mut out = Vec::new();
            run.flows.settle(run.now, &mut out);
            assert_eq!(out, []);
        }
        run.to(until);
    };
    for (wait, act) in history {
        let until = SimTime::from_micros(run.now.as_micros() + wait);
        to(&mut run, until);
        match act {
            Act::Capacity(link, capacity) => {
                run.flows.set_link(run.links[*link], mib(*capacity));
                run.settle();
            }
            Act::Path(route, bits) => run.path(*route, bits.map(mask).as_deref()),
            Act::Foreground(route, rate) => run.foreground(*route, Rate(*rate)),
            Act::Start(route, limit, size) => {
                run.start(*route, limit.map(|l| Rate(l * 7_000_001)), *size);
            }
            Act::Stop(serial) => {
                run.stop(*serial);
            }
        }
    }
    let until = SimTime::from_micros(run.now.as_micros() + 1_000_000_000);
    to(&mut run, until);
    run
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn histories_share_fairly_lose_no_byte_and_go_the_same_way_observed_or_not(
        history in proptest::collection::vec((0_u64..40_000_000, act()), 1..40),
        look in proptest::collection::btree_set(0_u64..1_500_000_000, 0..1000),
    ) {
        let alone = play(&history, &BTreeSet::new());
        let observed = play(&history, &look);
        prop_assert_eq!(&alone.ended, &observed.ended);
        prop_assert_eq!(&alone.carried, &observed.carried);
        for &link in &alone.links {
            prop_assert_eq!(
                alone.flows.carried(alone.now, link),
                observed.flows.carried(observed.now, link)
            );
        }
    }
}

/// A figure to look at: `cargo test --release --lib million -- --ignored`.
#[test]
#[ignore = "about a second in a release build"]
fn a_million_copies_on_one_link_end_one_by_one() {
    const COPIES: u32 = 1_000_000;
    let mut run = Run::new(&[1000], &[&[0]]);
    for serial in 0..COPIES {
        let size = Bytes(MIB + u64::from(serial.wrapping_mul(2_654_435_761) % COPIES));
        run.flows
            .start(run.now, run.routes[0], None, size, serial, run.pairs[0]);
    }
    let (mut out, mut finished) = (Vec::new(), Vec::new());
    run.flows.settle(run.now, &mut out);
    while let Some(Aim {
        flow,
        turn,
        at: Some(at),
        ..
    }) = out.pop()
    {
        run.now = at;
        run.flows.due(at, flow, turn, &mut finished);
        run.flows.settle(at, &mut out);
    }
    assert_eq!(finished.len(), COPIES as usize);
}
