use super::*;

const GIB: u64 = 1 << 30;

fn at(seconds: u64) -> SimTime {
    SimTime::from_micros(seconds * 1_000_000)
}

#[test]
fn occupancy_is_the_published_law() {
    assert!((occupied(1000.0, 1000.0) - 632.305).abs() < 1e-3);
    assert_eq!(occupied(1.0, 5.0), 1.0);
    assert_eq!(occupied(1000.0, 0.0), 0.0);
    assert!(occupied(1e9, 1e18) <= 1e9);
}

#[test]
fn a_coarse_bitmap_marks_nearly_all_where_a_fine_one_marks_little() {
    let (disk, written) = (Bytes(100 * GIB), 2000 * 600 * 4096_u128);
    let load = Some(Load::uniform(Rate(2000 * 4096)));
    let share = |block: u64| {
        let dirty = marked(disk, Bytes(block), load, written, Dirty::default());
        dirty.bytes.0 as f64 / disk.0 as f64
    };
    assert!(
        (share(4 << 10) - 0.04474).abs() < 5e-6,
        "{}",
        share(4 << 10)
    );
    assert!(
        (share(1 << 20) - 0.99999).abs() < 5e-6,
        "{}",
        share(1 << 20)
    );
}

#[test]
fn marks_are_a_union_and_never_more_than_the_disk() {
    let (disk, block) = (Bytes(GIB), Bytes(4096));
    let load = Load {
        working_set: Some(Bytes(GIB / 4)),
        ..Load::uniform(Rate(1))
    };
    let marked =
        |load, written, before| marked(disk, block, load, written, Dirty::anywhere(before)).bytes;
    let all_of_the_set = marked(Some(load), u128::from(u64::MAX), Bytes(0));
    assert_eq!(all_of_the_set, Bytes(GIB / 4));
    assert_eq!(marked(Some(load), u128::from(u64::MAX), disk), disk);
    assert_eq!(marked(None, 5, Bytes(8192)), Bytes(8192));
    assert_eq!(marked(Some(load), 0, Bytes(8192)), Bytes(8192));
}

#[test]
fn what_is_marked_in_a_working_set_stays_in_it() {
    let (disk, block) = (Bytes(100 * GIB), Bytes(1 << 20));
    let of = |set: u64| Load {
        working_set: Some(Bytes(set)),
        ..Load::uniform(Rate(1))
    };
    let write = |set, bytes, before| marked(disk, block, Some(of(set)), bytes, before);
    let burst = u128::from(240_u64 << 20);
    let once = write(20 * GIB, burst, Dirty::default());
    let twice = write(20 * GIB, burst, once);
    assert_eq!(twice, write(20 * GIB, 2 * burst, Dirty::default()));
    assert!(twice.bytes <= Bytes(20 * GIB) && twice.bytes == twice.within);
    // A smaller set lies in the larger one: what was marked evenly there is marked evenly in it.
    let full = write(20 * GIB, u128::from(u64::MAX), Dirty::default());
    assert_eq!(write(GIB, burst, full).bytes, Bytes(20 * GIB));
    // A larger one has the smaller one in it, and nothing beyond.
    let grown = write(40 * GIB, u128::from(u64::MAX), full);
    assert_eq!(grown.bytes, Bytes(40 * GIB));
    // A copy carries over what it comes to; half of what is marked is half of what is marked in the set.
    let half = full.down_to(Bytes(10 * GIB));
    assert_eq!(half.within, Bytes(10 * GIB));
    assert_eq!(
        write(20 * GIB, u128::from(u64::MAX), half).bytes,
        Bytes(20 * GIB)
    );
    // A disk that is marked in full is marked in full anywhere on it.
    let whole = Dirty {
        bytes: disk,
        ..once
    };
    assert_eq!(write(20 * GIB, burst, whole).bytes, disk);
}

#[test]
fn a_gap_counts_what_is_written_and_forgets_nothing_by_being_read() {
    let mut gap = Gap::default();
    assert_eq!((gap.bytes(at(9)), gap.first(at(9))), (0, None));
    gap.set_rate(at(10), 3);
    assert_eq!(gap.first(at(10)), None, "nothing is written in no time");
    assert_eq!((gap.bytes(at(20)), gap.first(at(20))), (30, Some(at(10))));
    gap.set_rate(at(20), 0);
    assert_eq!(gap.bytes(at(50)), 30);
    gap.set_rate(at(60), 2);
    gap.clear(at(70));
    assert_eq!((gap.bytes(at(71)), gap.first(at(71))), (2, Some(at(70))));
}

#[test]
fn an_overlap_leaves_out_what_lies_between() {
    let mut both = Overlap::default();
    assert_eq!(both.span(at(5)), Span::ZERO);
    both.set(at(10), true);
    both.set(at(12), true);
    both.set(at(20), false);
    both.set(at(50), true);
    assert_eq!(both.span(at(55)), Span::secs(15));
    both.clear(at(60));
    assert_eq!(both.span(at(61)), Span::secs(1));
}

#[test]
fn recoveries_join_to_the_worst() {
    let recovery = |earliest, latest, acknowledged, rpo, lost, whole| Recovery {
        earliest: at(earliest),
        latest: at(latest),
        acknowledged: at(acknowledged),
        rpo: Span::secs(rpo),
        lost,
        whole,
        damaged: !whole,
    };
    let (one, other) = (
        recovery(9, 9, 9, 0, 0, true),
        recovery(5, 5, 8, 3, 2, false),
    );
    assert_eq!(one.and(other), recovery(5, 9, 9, 3, 2, false));
    assert_eq!(one.and(other).skew(), Span::secs(4));
    let later = recovery(8, 8, 8, 0, 0, true);
    assert_eq!(one.and(later).skew(), Span::ZERO);
}

#[test]
fn a_gap_has_a_first_byte_only_when_something_was_written() {
    let mut gap = Gap::default();
    gap.set_rate(at(5), 10);
    assert_eq!((gap.first(at(5)), gap.bytes(at(5))), (None, 0));
    assert_eq!((gap.first(at(6)), gap.bytes(at(6))), (Some(at(5)), 10));
    gap.set_rate(at(8), 0);
    assert_eq!((gap.first(at(9)), gap.bytes(at(9))), (Some(at(5)), 30));
    gap.set_rate(at(9), 1);
    assert_eq!((gap.first(at(9)), gap.bytes(at(9))), (Some(at(5)), 30));
}

#[test]
fn where_nothing_is_written_the_marks_stay_as_they_are() {
    let narrow = Load {
        working_set: Some(Bytes(GIB)),
        ..Load::uniform(Rate(1))
    };
    let (disk, block) = (Bytes(100 * GIB), Bytes(1 << 20));
    let before = marked(disk, block, Some(narrow), 5 << 30, Dirty::default());
    let wide = Some(Load::uniform(Rate(1)));
    assert_eq!(marked(disk, block, wide, 0, before), before);
    let none = Dirty::default();
    assert_eq!(marked(Bytes(0), block, wide, 5, none), none);
}

#[test]
fn a_gap_that_was_closed_while_nothing_was_written_opens_with_the_next_write() {
    let mut gap = Gap::default();
    gap.set_rate(at(10), 3);
    gap.set_rate(at(20), 0);
    gap.clear(at(30));
    assert_eq!((gap.first(at(40)), gap.bytes(at(40))), (None, 0));
    gap.set_rate(at(50), 1);
    assert_eq!((gap.first(at(51)), gap.bytes(at(51))), (Some(at(50)), 1));
}
