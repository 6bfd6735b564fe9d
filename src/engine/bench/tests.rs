//! Tests of the bench: who sees what when, and what becomes of calls.

use super::*;
use crate::engine::fixture::Fixture;
use crate::machine::command::Call;
use crate::machine::query::Query;
use crate::world::job::JobStatus;

fn at(secs: u64) -> SimTime {
    SimTime::after_start(Span::secs(secs))
}

fn start() -> Command {
    let group = "web".into();
    Call::StartProtection { group }.into()
}

/// Makes calls at instants of its own and writes down what it hears.
#[derive(Clone, Debug, Default)]
struct Scribe {
    asks: Vec<(SimTime, Command)>,
    /// Makes a new call whenever it acts.
    restless: bool,
    tickets: Vec<Ticket>,
    look: Option<Ticket>,
    heard: Vec<(SimTime, String)>,
}

impl Scribe {
    fn asking(asks: Vec<(SimTime, Command)>) -> Scribe {
        Scribe {
            asks,
            ..Scribe::default()
        }
    }

    fn heard(&self, word: &str) -> Vec<u64> {
        let said = self.heard.iter().filter(|(_, what)| what.starts_with(word));
        said.map(|(at, _)| at.as_micros() / 1_000_000).collect()
    }
}

impl Operator for Scribe {
    fn act(&mut self, now: SimTime, seen: &[Effect], _: &World, calls: &mut Calls) {
        for effect in seen {
            if let Effect::Job { status, .. } = effect {
                self.heard.push((now, format!("news {}", status.name())));
            }
        }
        for ticket in self.tickets.clone() {
            match calls.answer(ticket) {
                Some(Ok(_)) => self.heard.push((now, "taken".into())),
                Some(Err(refusal)) => {
                    let code = refusal.code().map(|code| code.to_string());
                    self.heard.push((now, format!("refused {code:?}")));
                }
                None => {}
            }
        }
        if let Some(Ok(view)) = self.look.and_then(|ticket| calls.view(ticket)) {
            let view = serde_json::to_value(view).unwrap();
            let status = &view["server_group"]["status"];
            self.heard.push((now, format!("shown {status}")));
        }
        while self.asks.first().is_some_and(|(at, _)| *at <= now) {
            let (_, command) = self.asks.remove(0);
            self.tickets.push(calls.ask(command));
            let group = "web".into();
            self.look = Some(calls.look(Query::ShowProtectionGroup { group }));
            calls.note("scribe", "asked");
        }
        if let Some((at, _)) = self.asks.first() {
            calls.wake_at(*at);
        }
        if self.restless {
            calls.ask(start());
        }
    }
}

fn bench(reach: Reach, scribe: Scribe) -> Bench<Scribe> {
    let chance = Chance::new(Seed(1));
    let mut bench = Bench::new(Fixture::idle_world(), chance, Seed(1));
    bench.add("scribe", reach, scribe);
    bench
}

fn run(mut bench: Bench<Scribe>) -> Bench<Scribe> {
    let end = bench.run_until_quiet(Limit::events(10_000));
    assert_eq!(end, RunEnd::Quiet);
    bench
}

#[test]
fn news_calls_and_answers_take_their_time() {
    let reach = Reach {
        news: Distribution::Fixed(Span::secs(7)),
        calls: Distribution::Fixed(Span::secs(2)),
        answers: Distribution::Fixed(Span::secs(3)),
        ..Reach::default()
    };
    let mut bench = run(bench(reach, Scribe::asking(vec![(at(10), start())])));
    let arrival = &bench.arrivals()[0];
    assert_eq!((arrival.at, arrival.operator), (at(12), 0));
    let scribe = bench.operator(0).unwrap();
    assert_eq!(scribe.heard("taken"), [15]);
    assert_eq!(scribe.heard("shown"), [15]);
    assert_eq!(scribe.heard("news RUNNING"), [19]);
    // The view is that of the instant at which the question arrived, right after the call.
    assert!(
        scribe
            .heard
            .contains(&(at(15), r#"shown "starting""#.into()))
    );
    let jobs = bench.engine().world().jobs.values().next().unwrap();
    let ended = jobs.ended.unwrap().saturating_add(Span::secs(7));
    assert!(scribe.heard.contains(&(ended, "news SUCCESS".into())));
    assert_eq!(bench.take_notes().len(), 1);
}

#[test]
fn a_call_may_be_lost_or_its_answer_or_the_answer_be_wrong() {
    let always = Probability::ALWAYS;
    let of = |reach: Reach| {
        let bench = run(bench(reach, Scribe::asking(vec![(at(1), start())])));
        let scribe = bench.operator(0).unwrap();
        let heard = |word| scribe.heard(word).len();
        (
            bench.arrivals().len(),
            heard("taken"),
            heard("refused Some(\"SDRS.0013\")"),
        )
    };
    let plain = Reach::default();
    assert_eq!(of(plain.clone()), (1, 1, 0));
    let lost = Reach {
        lost: always,
        ..plain.clone()
    };
    assert_eq!(of(lost), (0, 0, 0));
    let fails = Reach {
        fails: always,
        ..plain.clone()
    };
    assert_eq!(of(fails), (0, 0, 1));
    let late = Reach {
        fails_late: always,
        ..plain.clone()
    };
    assert_eq!(of(late), (1, 0, 1));
    let silent = Reach {
        unanswered: always,
        ..plain
    };
    assert_eq!(of(silent), (1, 0, 0));
}

/// Ways that differ from call to call.
fn rough() -> Reach {
    let law = || Distribution::uniform(Span::ZERO, Span::secs(60)).unwrap();
    let half = Probability::try_from(0.3).unwrap();
    Reach {
        news: law(),
        calls: law(),
        answers: law(),
        lost: half,
        fails: half,
        fails_late: half,
        unanswered: half,
    }
}

#[test]
fn who_is_added_beside_an_operator_shifts_nothing_for_it() {
    let asks = || (1..40).map(|n| (at(n), start())).collect();
    let alone = run(bench(rough(), Scribe::asking(asks())));
    let mut two = bench(rough(), Scribe::asking(asks()));
    two.add("other", rough(), Scribe::default());
    let two = run(two);
    assert!(alone.arrivals().len() > 5, "some calls come through");
    assert_eq!(alone.arrivals(), two.arrivals());
    let heard = |bench: &Bench<Scribe>| bench.operator(0).unwrap().heard.clone();
    assert_eq!(heard(&alone), heard(&two));
    let mut renamed = Bench::new(Fixture::idle_world(), Chance::new(Seed(1)), Seed(1));
    renamed.add("another", rough(), Scribe::asking(asks()));
    assert_ne!(alone.arrivals(), run(renamed).arrivals());
}

#[test]
fn a_fork_goes_the_same_way_by_itself() {
    let asks = (1..40).map(|n| (at(n), start())).collect();
    let mut bench = bench(rough(), Scribe::asking(asks));
    assert_eq!(
        bench.run_until(at(20), Limit::events(1000)),
        RunEnd::Reached
    );
    assert_eq!(bench.now(), at(20));
    let fork = run(bench.fork());
    assert!(fork.arrivals().len() > bench.arrivals().len());
    let bench = run(bench);
    assert_eq!(fork.arrivals(), bench.arrivals());
    assert_eq!(fork.engine().digest(), bench.engine().digest());
}

#[test]
fn at_one_instant_the_world_goes_first_then_calls_then_operators_in_their_order() {
    let ask = |at| Scribe::asking(vec![(at, start())]);
    let mut bench = bench(Reach::after(Span::secs(5)), ask(at(5)));
    bench.add("second", Reach::default(), ask(at(10)));
    let bench = run(bench);
    let places: Vec<_> = bench
        .arrivals()
        .iter()
        .map(|one| (one.at, one.operator))
        .collect();
    assert_eq!(places, [(at(10), 0), (at(10), 1)]);
    assert!(bench.arrivals()[0].answer.is_ok() && bench.arrivals()[1].answer.is_err());
}

#[test]
fn circles_are_noticed_and_limits_are_kept() {
    let restless = Scribe {
        restless: true,
        ..Scribe::default()
    };
    let mut circling = bench(Reach::default(), restless.clone());
    assert_eq!(
        circling.run_until_quiet(Limit::until(at(1))),
        RunEnd::LimitHit
    );
    assert!(circling.is_circling());
    let mut slow = bench(Reach::after(Span::secs(1)), restless);
    assert_eq!(slow.run_until_quiet(Limit::until(at(9))), RunEnd::LimitHit);
    assert!(!slow.is_circling());
    assert_eq!(slow.now(), at(9));
    assert_eq!(slow.run_until(at(20), Limit::events(3)), RunEnd::LimitHit);
    assert!(slow.now() < at(20));
}

#[test]
fn who_acts_on_the_world_from_outside_is_seen_as_well() {
    let mut bench = bench(Reach::after(Span::secs(2)), Scribe::default());
    assert_eq!(bench.run_until(at(5), Limit::events(10)), RunEnd::Reached);
    bench.engine_mut().submit(&start()).unwrap();
    let bench = run(bench);
    assert_eq!(bench.operator(0).unwrap().heard("news RUNNING"), [7]);
    let mut jobs = bench.engine().world().jobs.values();
    assert!(jobs.all(|job| job.status == JobStatus::Success));
}

#[test]
fn operators_stand_in_their_order_and_their_calls_are_numbered() {
    let mut bench = bench(Reach::default(), Scribe::default());
    assert_eq!(bench.add("second", Reach::default(), Scribe::default()), 1);
    assert_eq!(bench.add("third", Reach::default(), Scribe::default()), 2);
    let mut calls = Calls::default();
    assert_eq!(calls.ask(start()).number(), 1);
    assert_eq!(calls.ask(start()).number(), 2);
}

#[test]
fn an_instant_is_reached_unless_the_limit_lies_before_it() {
    let mut bench = bench(Reach::default(), Scribe::default());
    assert_eq!(
        bench.run_until(at(9), Limit::until(at(5))),
        RunEnd::LimitHit
    );
    assert_eq!(bench.now(), at(5));
    assert_eq!(bench.run_until(at(9), Limit::until(at(9))), RunEnd::Reached);
    assert_eq!(bench.run_until(at(12), Limit::events(10)), RunEnd::Reached);
    assert_eq!(bench.now(), at(12));
}
