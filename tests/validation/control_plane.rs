//! Queueing theory against the control plane: jobs of resized instances wait for workers, first come first served.
//!
//! Arrivals are a Poisson stream, drawn by inverting the exponential law. Each takes an instance that rests, so that
//! no job is ever refused; a mean job takes an hour, which is the unit of all figures. A replication begins with an idle
//! control plane; its first jobs warm it up and are not counted. After the last arrival it runs until nothing is to come,
//! so that every counted job has ended.

use crate::common::{create_group, create_instance, disk, region};
use crate::statistics::judge;
use sdrsim::engine::dice::{Purpose, draw};
use sdrsim::engine::distribution::{Distribution, DurationLaw};
use sdrsim::engine::{Chance, Engine, Limit, Observer, Pace, RunEnd, Seed};
use sdrsim::machine::command::{Call, CreateServer, Native, Ref};
use sdrsim::machine::{Builder, Effect};
use sdrsim::sdrs::op::Op;
use sdrsim::time::{SimTime, Span};
use sdrsim::world::job::JobStatus;
use sdrsim::world::label::Stable;
use sdrsim::world::machinery::Power;
use sdrsim::world::settings::Settings;
use sdrsim::world::{InstanceKey, Who, World};
use std::sync::Arc;

/// The unit of time: the mean duration of a job.
const HOUR: Span = Span::hours(1);
/// Instances to resize. At load 0.9 a queue of this length has a probability of about 10^-18.
const INSTANCES: u32 = 400;
/// Jobs that warm a replication up: more than twenty times the relaxation time of the slowest queue here, which is
/// 1/(1-sqrt(0.9))^2 = 380 jobs.
const WARM_UP: u64 = 10_000;

/// A control plane with arrivals.
struct Plane {
    workers: u32,
    /// The mean span between arrivals.
    between: Span,
    duration: Distribution,
    replications: u64,
    /// Jobs counted in a replication.
    jobs: u64,
}

/// A world of instances that rest, and the pace of their jobs.
struct Stage {
    world: World,
    pace: Arc<Pace>,
    instances: Vec<InstanceKey>,
    flavors: [Ref; 2],
    arrivals: Distribution,
}

/// Sees which instances rest and how long jobs wait and take.
struct Desk {
    /// Instances at rest, each with the flavor that it does not have.
    resting: Vec<(InstanceKey, usize)>,
    /// By slot of the instance, the flavor that it is being given.
    aims: Vec<(InstanceKey, usize)>,
    waited: u64,
    /// Microseconds of all counted jobs.
    waiting: u128,
    inside: u128,
}

impl Observer for Desk {
    fn see(&mut self, at: SimTime, world: &World, effect: &Effect) {
        let Effect::Job { job, status, .. } = *effect else {
            return;
        };
        let record = &world.jobs[job];
        let counted = record.number > WARM_UP;
        let since = u128::from(at.saturating_since(record.created).as_micros());
        match status {
            JobStatus::Init => {}
            JobStatus::Running if counted => {
                self.waited += u64::from(since > 0);
                self.waiting += since;
            }
            JobStatus::Running => {}
            JobStatus::Success => {
                let place = self
                    .aims
                    .iter()
                    .position(|aim| Who::Instance(aim.0) == record.subject);
                let (instance, flavor) = self.aims.swap_remove(place.unwrap());
                self.resting.push((instance, 1 - flavor));
                if counted {
                    self.inside += since;
                }
            }
            JobStatus::Fail => panic!("nothing fails here"),
        }
    }
}

/// A stopped server with one disk, where there are addresses enough.
fn add_server(region: &mut Builder, label: &str) {
    let server = CreateServer {
        label: label.into(),
        name: None,
        az: "az-1".into(),
        vpc: "net".into(),
        flavor: "m1".into(),
        hypervisor: Default::default(),
        power: Power::Shutoff,
        subnet: Some("wide".into()),
        ip: None,
    };
    let boot = format!("{label}-boot");
    region.now(Native::CreateServer(Box::new(server))).unwrap();
    region.now(disk(&boot, "az-1", true)).unwrap();
    let attach = Native::AttachDisk {
        disk: boot.as_str().into(),
        server: label.into(),
        device: "/dev/vda".into(),
    };
    region.now(attach).unwrap();
}

impl Plane {
    fn stage(&self) -> Stage {
        let settings = Settings {
            workers: Some(self.workers),
            jobs_kept: 16,
            ..Settings::default()
        };
        let mut region = region(settings);
        region.now(create_group("g")).unwrap();
        let subnet = Native::CreateSubnet {
            label: "wide".into(),
            vpc: "net".into(),
            cidr: "10.0.128.0/17".into(),
        };
        region.now(subnet).unwrap();
        for n in 0..INSTANCES {
            let server = format!("server-{n}");
            add_server(&mut region, &server);
            region
                .now(create_instance(&format!("instance-{n}"), &server))
                .unwrap();
        }
        let world = region.finish();
        let flavors = ["m1", "m2"].map(|label| Ref::from(world.find(label).unwrap()));
        let instances = world.instances.keys().collect();
        let mut pace = Pace::default();
        let job = pace.job_mut(Op::ResizeProtectedInstance).unwrap();
        job.open = DurationLaw::fixed(Span::ZERO);
        job.work = DurationLaw::of(self.duration.clone());
        job.close = DurationLaw::fixed(Span::ZERO);
        Stage {
            world,
            pace: Arc::new(pace),
            instances,
            flavors,
            arrivals: Distribution::exponential(self.between).unwrap(),
        }
    }

    /// The probability of waiting, the mean wait and the mean time in the system, both in hours.
    fn replicate(&self, stage: &Stage, seed: Seed) -> [f64; 3] {
        let desk = Desk {
            resting: stage.instances.iter().map(|&key| (key, 1)).collect(),
            aims: Vec::new(),
            waited: 0,
            waiting: 0,
            inside: 0,
        };
        let chance = Chance::new(seed).at_pace(stage.pace.clone());
        let mut engine = Engine::with_observer(stage.world.clone(), chance, desk);
        let stream = Stable::of("arrivals").0;
        let mut at = SimTime::ZERO;
        for arrival in 0..WARM_UP + self.jobs {
            let draw = draw(seed, Purpose::Operator, stream, arrival);
            at = at.checked_add(stage.arrivals.sample(draw)).unwrap();
            assert_eq!(
                engine.run_until(at, Limit::events(u64::MAX)),
                RunEnd::Reached
            );
            let desk = engine.observer_mut();
            let (instance, flavor) = desk.resting.pop().expect("an instance rests");
            desk.aims.push((instance, flavor));
            let resize = Call::ResizeProtectedInstance {
                instance: Who::Instance(instance).into(),
                flavor_ref: Some(stage.flavors[flavor].clone()),
                production_flavor_ref: None,
                dr_flavor_ref: None,
            };
            engine.submit(&resize.into()).unwrap();
        }
        assert_eq!(
            engine.run_until_quiet(Limit::events(u64::MAX)),
            RunEnd::Quiet
        );
        let (_, desk) = engine.into_parts();
        assert_eq!(desk.resting.len(), INSTANCES as usize);
        let jobs = self.jobs as f64;
        let hours = |micros: u128| micros as f64 / HOUR.as_micros() as f64 / jobs;
        [
            desk.waited as f64 / jobs,
            hours(desk.waiting),
            hours(desk.inside),
        ]
    }
}

fn exponential() -> Distribution {
    Distribution::exponential(HOUR).unwrap()
}

/// `control plane as a queue`: Erlang C.
pub fn many_workers() {
    let plane = |workers, minutes, jobs| Plane {
        workers,
        between: Span::mins(minutes),
        duration: exponential(),
        replications: 40,
        jobs,
    };
    let (two, three, five) = (
        plane(2, 40, 75_000),
        plane(3, 30, 60_000),
        plane(5, 15, 75_000),
    );
    let stage = two.stage();
    let figures = [
        ("2 workers, probability of waiting", 9.0 / 14.0),
        ("2 workers, mean wait", 9.0 / 7.0),
    ];
    judge("Erlang C", figures, two.replications, |seed| {
        let [waits, wait, _] = two.replicate(&stage, seed);
        [waits, wait]
    });
    for (plane, name, truth) in [
        (three, "3 workers, probability of waiting", 4.0 / 9.0),
        (five, "5 workers, probability of waiting", 128.0 / 231.0),
    ] {
        let stage = plane.stage();
        judge("Erlang C", [(name, truth)], plane.replications, |seed| {
            [plane.replicate(&stage, seed)[0]]
        });
    }
}

/// `single control-plane worker`: M/M/1 and M/D/1.
pub fn one_worker() {
    let plane = |seconds, duration, jobs| Plane {
        workers: 1,
        between: Span::secs(seconds),
        duration,
        replications: 40,
        jobs,
    };
    for (seconds, name, truth, jobs) in [
        (7_200, "load 0.5, mean time in system", 2.0, 10_000),
        (4_500, "load 0.8, mean time in system", 5.0, 75_000),
        (4_000, "load 0.9, mean time in system", 10.0, 300_000),
    ] {
        let plane = plane(seconds, exponential(), jobs);
        let stage = plane.stage();
        judge("M/M/1", [(name, truth)], plane.replications, |seed| {
            [plane.replicate(&stage, seed)[2]]
        });
    }
    for (seconds, name, truth, jobs) in [
        (7_200, "load 0.5, mean wait", 0.5, 15_000),
        (4_500, "load 0.8, mean wait", 2.0, 50_000),
        (4_000, "load 0.9, mean wait", 4.5, 180_000),
    ] {
        let plane = plane(seconds, Distribution::Fixed(HOUR), jobs);
        let stage = plane.stage();
        judge("M/D/1", [(name, truth)], plane.replications, |seed| {
            [plane.replicate(&stage, seed)[1]]
        });
    }
}
