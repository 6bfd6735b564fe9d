//! What is owed, marked, waited for and added up along the data path.

use super::*;
use sdrsim::world::protection::ProtectionType;

#[test]
fn a_job_is_owed_the_standstills_after_its_beginning_and_no_earlier_one() {
    let mut bed = Bed::new(settings(), false);
    bed.until(4000);
    bed.engine.inject(Event::Struck(Blow::Control));
    bed.until(4050);
    bed.engine.inject(Event::Mended(Blow::Control));
    bed.until(4100);
    bed.ask(Call::StopProtection { group: "g".into() });
    bed.until(4101);
    bed.engine.inject(Event::Struck(Blow::Control));
    bed.engine.schedule(at(4201), Event::Mended(Blow::Control));
    bed.quiet();
    assert_eq!(bed.engine.now(), at(4203), "two seconds were left");
}

#[test]
fn what_a_load_has_written_is_marked_before_it_changes() {
    let mut bed = Bed::new(settings(), false);
    bed.break_at(4000, "ab");
    bed.until(4300);
    let narrow = Load {
        working_set: Some(Bytes(GIB)),
        ..LOAD
    };
    let disk = || "s1-b".into();
    bed.ask(Native::SetLoad {
        disk: disk(),
        load: Some(narrow),
    });
    bed.until(4600);
    let block = bed.world().settings.block_size;
    let mark = |load, before| {
        let written = 300 * 4 * u128::from(MIB);
        marked(Bytes(10 * GIB), block, Some(load), written, before)
    };
    let both = mark(narrow, mark(LOAD, Dirty::default()));
    assert!(both.bytes > mark(narrow, Dirty::default()).bytes);
    assert_eq!(bed.world().left(bed.key(), at(4600)), both.bytes);
}

#[test]
fn a_pair_that_is_made_while_the_storage_of_its_copy_is_lost_waits_until_it_is_back() {
    for (policy, halted) in [
        (LossOfReplica::Continue, None),
        (LossOfReplica::Stop, Some(at(4003))),
    ] {
        let settings = stopped(|settings| settings.policies.on_replica_loss = policy);
        let mut bed = Bed::new(settings, false);
        bed.until(4000);
        bed.strike(bed.pool("az-2"));
        bed.ask(create_pair("p", "spare-1"));
        bed.until(4200);
        let Some(Who::Pair(pair)) = bed.world().find("p") else {
            panic!("the pair exists");
        };
        assert_eq!(bed.world().level(pair), Level::Five);
        assert_eq!(bed.world().outage(pair).unwrap().halted, halted);
        assert_eq!(bed.world().left(pair, at(4200)), Bytes(10 * GIB));
        bed.mend(bed.pool("az-2"));
        bed.quiet();
        assert_eq!(bed.world().level(pair), Level::Zero);
        assert_eq!(bed.world().pairs[pair].copy, Copying::Active);
    }
}

/// The greatest loads that can be written add up exactly, so that one of them can end.
#[test]
fn loads_beyond_all_measure_come_and_go() {
    let mut bed = Bed::new(settings(), false);
    for (seconds, disk, rate) in [
        (3700, "s1-a", u64::MAX),
        (3701, "s1-b", u64::MAX),
        (3702, "s1-a", 5),
        (3703, "s1-b", 0),
    ] {
        bed.until(seconds);
        bed.ask(Native::SetLoad {
            disk: disk.into(),
            load: Some(Load::uniform(Rate(rate))),
        });
    }
    bed.until(3800);
    assert_eq!(bed.world().write_rate(bed.key(), Side::Source), 0);
}

#[test]
fn the_slowest_part_of_the_way_bounds_what_can_be_written() {
    let bed = Bed::new(settings(), false);
    assert_eq!(
        bed.world().write_throughput(bed.key()),
        Some(Rate(1000 * MIB))
    );
}

#[test]
fn a_consistency_group_is_recovered_to_one_instant() {
    let mut bed = Bed::new(settings(), false);
    bed.break_at(4000, "ab");
    bed.until(4300);
    let recovery = |protection| {
        let pairs = bed.world().pairs.keys();
        bed.world()
            .recovery_of(protection, pairs, at(4300))
            .unwrap()
    };
    let each = recovery(ProtectionType::ReplicationPair);
    assert_eq!(each.skew(), Span::secs(300), "one disk was not written");
    let whole = recovery(ProtectionType::ConsistencyGroup);
    assert_eq!((whole.earliest, whole.latest), (at(4000), at(4000)));
}
