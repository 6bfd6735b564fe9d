//! Every fault that stands is counted, whatever it holds down: a world that counts one fault less is not right.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

mod common;

use common::*;
use sdrsim::engine::{Engine, Limit, RunEnd};
use sdrsim::machine::build::NewLink;
use sdrsim::machine::command::Command;
use sdrsim::machine::{Blow, Event};
use sdrsim::time::Span;
use sdrsim::units::Rate;
use sdrsim::world::World;
use sdrsim::world::check::{Violation, check};
use sdrsim::world::topology::Slow;

/// A protected group over a link.
fn held() -> Engine<Told> {
    let mut region = region(settings());
    let link = NewLink {
        between: ["az-1", "az-2"],
        bandwidth: Some(Rate(100 << 20)),
        latency: Span::micros(100),
        duct: None,
    };
    region.link("ab", link).expect("both AZs exist");
    let mut run = Engine::new(region.finish(), Told::default());
    for call in [create_group("g"), create_instance("i", "s1"), start()] {
        run.submit(&Command::from(call))
            .expect("each is admitted in its turn");
        let end = run.run_until_quiet(Limit::events(10_000));
        assert_eq!(end, RunEnd::Quiet);
    }
    run
}

fn blows(world: &World) -> Vec<Blow> {
    let az = world.azs.keys().next().expect("there are two");
    let site = world.sites.keys().next().expect("there are two");
    let link = world.topology.links.keys().next().expect("there is one");
    let server = world.servers.keys().next().expect("there are three");
    let disk = world.disks.iter().next().expect("there are nine").0;
    let slow = Slow {
        bandwidth: Some(Rate(1 << 20)),
        latency: None,
    };
    vec![
        Blow::Az {
            az,
            destroyed: false,
        },
        Blow::Site {
            site,
            destroyed: false,
        },
        Blow::Pool {
            az,
            read_only: false,
        },
        Blow::Pool {
            az,
            read_only: true,
        },
        Blow::Link { link },
        Blow::Slow { link, slow },
        Blow::Server {
            server,
            destroyed: false,
        },
        Blow::Disk {
            disk,
            destroyed: false,
        },
        Blow::Control,
    ]
}

#[test]
fn a_world_that_counts_one_fault_less_is_not_right() {
    let calm = held();
    for blow in blows(calm.world()) {
        let mut run = calm.fork();
        run.inject(Event::Struck(blow));
        run.assess();
        assert_eq!(check(run.world(), run.now()), Ok(()), "{blow:?}");
        let mut world = run.world().clone();
        world.standing -= 1;
        let (counted, kept) = (1, 0);
        let violation = Violation::Standing { counted, kept };
        assert_eq!(check(&world, run.now()), Err(violation), "{blow:?}");
    }
}

#[test]
fn faults_that_stand_together_are_counted_together() {
    let mut run = held();
    let blows = blows(run.world());
    for &blow in &blows {
        run.inject(Event::Struck(blow));
    }
    run.assess();
    assert_eq!(check(run.world(), run.now()), Ok(()));
    let mut world = run.world().clone();
    let counted = blows.len() as u64;
    assert_eq!(u64::from(world.standing), counted);
    world.standing = 0;
    let violation = Violation::Standing { counted, kept: 0 };
    assert_eq!(check(&world, run.now()), Err(violation));
    for &blow in &blows {
        run.inject(Event::Mended(blow));
    }
    run.assess();
    assert_eq!(
        (run.world().standing, check(run.world(), run.now())),
        (0, Ok(()))
    );
}
