//! Cases whose result is known to the microsecond.

use crate::common::{create_group, create_instance, region, settings, start};
use sdrsim::engine::{Engine, Fate, Limit, Oracle, RunEnd};
use sdrsim::machine::command::Call;
use sdrsim::machine::query::Query;
use sdrsim::machine::{Doing, Outcome};
use sdrsim::scenario::Scenario;
use sdrsim::sdrs::op::Op;
use sdrsim::sdrs::view::{Job, View};
use sdrsim::time::{Calendar, SimTime, Span, UnixMicros};
use sdrsim::world::job::Part;
use sdrsim::world::{Who, World};

/// The spans of the published job.
struct Published;

impl Oracle for Published {
    fn fate(&mut self, world: &World, _: SimTime, who: Who, _: u32, doing: Doing) -> Fate {
        let millis = match doing {
            Doing::Job(Op::StopProtection, Part::Open) => 1_085,
            Doing::Job(Op::StopProtection, Part::Work) => match world.label(who).as_str() {
                "i/vda" => 3_936,
                "i/vdb" => 3_930,
                other => panic!("no third pair is stopped, and {other} is"),
            },
            Doing::Job(Op::StopProtection, Part::Close) => 2_994,
            other => panic!("nothing else happens, and {other:?} does"),
        };
        Fate {
            after: Some(Span::millis(millis)),
            outcome: Outcome::Done,
        }
    }

    fn stagger(&self, op: Op) -> Option<Span> {
        (op == Op::StopProtection).then_some(Span::millis(7))
    }
}

/// When a job or sub-job began and ended, as its view says, in microseconds since the start.
fn spans(world: &World, job: &Job) -> [u64; 2] {
    [&job.begin_time, &job.end_time].map(|text| {
        let instant = UnixMicros::parse_instant(text.as_ref().unwrap()).unwrap();
        world.calendar.time_of(instant).unwrap().as_micros()
    })
}

/// `parent job ends with its last sub-job`.
pub fn parent_job() {
    let mut region = region(settings());
    region.now(create_group("g")).unwrap();
    region.now(create_instance("i", "s1")).unwrap();
    region.now(start()).unwrap();
    let mut engine = Engine::new(region.finish(), Published);
    let stop = Call::StopProtection { group: "g".into() };
    engine.submit(&stop.into()).unwrap();
    assert_eq!(engine.run_until_quiet(Limit::events(1_000)), RunEnd::Quiet);
    assert_eq!(engine.now(), SimTime::after_start(Span::millis(8_016)));
    let job = Query::ShowJob {
        job: "job-1".into(),
    };
    let View::Job(job) = engine.query(&job.into()).unwrap() else {
        panic!("a job is shown as a job");
    };
    assert_eq!(job.status, "SUCCESS");
    assert_eq!(spans(engine.world(), &job), [0, 8_016_000]);
    let subs: Vec<[u64; 2]> = job
        .entities
        .sub_jobs
        .iter()
        .map(|sub| spans(engine.world(), sub))
        .collect();
    assert_eq!(subs, [[1_085_000, 5_021_000], [1_092_000, 5_022_000]]);
    assert!(subs[1][0] < subs[0][1], "the sub-jobs overlap");
}

const OUTAGE: &str = "version: 1
start: 2019-03-30T12:10:00+01:00
sites: {north: {}, south: {}}
azs: {az-1: {site: north}, az-2: {site: south}}
domains: {metro: {azs: [az-1, az-2]}}
vpcs: {net: {cidr: 10.0.0.0/16}}
groups:
  shop: {domain: metro, vpc: net}
timeline:
  - at: 2019-03-31T14:58:00+02:00
    call: {delete_protection_group: {group: shop}}
";

/// `clock`.
pub fn clock() {
    let outage = Span::hours(25).saturating_add(Span::mins(48));
    let instant = |text| UnixMicros::parse_instant(text).unwrap();
    let calendar = Calendar {
        start: instant("2019-03-30T12:10:00+01:00"),
    };
    let end = calendar.time_of(instant("2019-03-31T14:58:00+02:00"));
    assert_eq!(end, Ok(SimTime::after_start(outage)));
    // The same in a scenario: the job begins at the instant written, shown in UTC.
    let scenario = Scenario::load("outage.yaml", OUTAGE).unwrap();
    let run = scenario.start(None).run(&mut ());
    assert!(run.report.held(), "{:?}", run.report.verdicts);
    assert_eq!(run.report.start, "2019-03-30T11:10:00Z");
    let (_, job) = run.world.jobs.iter().next().unwrap();
    assert_eq!(job.began, Some(SimTime::after_start(outage)));
    assert_eq!(
        run.world.calendar.at(SimTime::after_start(outage)).hour,
        12,
        "14:58 in summer time is 12:58 UTC"
    );
}
