//! The search itself, with judges that look at the text alone.

use super::*;
use crate::world::World;
use crate::world::check::Violation;

/// Fails while the text holds all these words.
fn needs<'w>(words: &'w [&'w str]) -> impl FnMut(&str) -> Option<Failure> + 'w {
    |text| {
        let fails = words.iter().all(|word| text.contains(word));
        fails.then(|| Failure::panic("it is there".to_owned()))
    }
}

const TEXT: &str = "# Head.\nversion: 1\nlist:\n  - a\n  - b\n  - {c: 1, d: [2, 3]}\n  - e\nmore: {f: {count: 64}}\n\
    transcript: |\n  told\n";

#[test]
fn what_is_not_needed_goes_and_the_rest_stays_as_it_is() {
    let small = |words: &[&str]| {
        let shrunk = shrink_by(TEXT, Bounds::default(), needs(words), &mut ()).unwrap();
        assert!(shrunk.is_minimal);
        shrunk.text
    };
    assert_eq!(small(&["version: 1"]), "# Head.\nversion: 1\n");
    assert_eq!(small(&["- a", "- e"]), "# Head.\nlist:\n  - a\n  - e\n");
    assert_eq!(
        small(&["- b", "d: ["]),
        "# Head.\nlist:\n  - b\n  - {d: []}\n"
    );
    assert_eq!(small(&["count"]), "# Head.\nmore: {f: {count: 1}}\n");
}

#[test]
fn a_count_is_made_as_small_as_it_can_be() {
    for least in [1_u64, 2, 3, 17, 33, 63, 64] {
        let judge = |text: &str| {
            let tree = Node::read(text)?;
            let counts = tree.numbers("count");
            let number = match counts.first() {
                Some((_, number)) => *number,
                None if text.contains("count: 1}") => 1,
                None => 0,
            };
            (number >= least).then(|| Failure::panic(String::new()))
        };
        let shrunk = shrink_by(TEXT, Bounds::default(), judge, &mut ()).unwrap();
        assert_eq!(
            shrunk.text,
            format!("# Head.\nmore: {{f: {{count: {least}}}}}\n")
        );
    }
}

#[test]
fn counts_that_belong_together_are_made_less_together() {
    let text = "a: {count: 40}\nb: {count: 40}\nc: {count: 80}\n";
    let judge = |text: &str| {
        let tree = Node::read(text)?;
        let mut numbers: Vec<u64> = tree.numbers("count").into_iter().map(|(_, n)| n).collect();
        numbers.sort_unstable();
        let fits = |n: &[u64]| n[0] == n[1] && n[2] == 2 * n[0] && n[0] > 4;
        (numbers.len() == 3 && fits(&numbers)).then(|| Failure::panic(String::new()))
    };
    let shrunk = shrink_by(text, Bounds::default(), judge, &mut ()).unwrap();
    assert_eq!(
        shrunk.text,
        "a: {count: 5}\nb: {count: 5}\nc: {count: 10}\n"
    );
}

#[test]
fn tries_are_bounded_and_what_was_found_until_then_is_kept() {
    for tries in 1..40 {
        let bounds = Bounds {
            tries,
            ..Bounds::default()
        };
        let mut asked = 0;
        let mut inner = needs(&["- b", "d: ["]);
        let judge = |text: &str| {
            asked += 1;
            inner(text)
        };
        let shrunk = shrink_by(TEXT, bounds, judge, &mut ()).unwrap();
        assert_eq!(asked, shrunk.tries);
        assert!(shrunk.tries <= tries && shrunk.text.len() <= TEXT.len());
        assert!(shrunk.is_minimal || shrunk.tries == tries);
        assert!(needs(&["- b", "d: ["])(&shrunk.text).is_some());
    }
}

#[test]
fn what_does_not_fail_is_not_shrunk() {
    assert_eq!(shrink_by(TEXT, Bounds::default(), |_| None, &mut ()), None);
    let holds = "version: 1\nsites: {a: {}}\ntimeline:\n  - expect: count(sites) == 1\n";
    assert_eq!(shrink("a.yaml", holds, Bounds::default(), &mut ()), None);
    assert_eq!(
        shrink("a.yaml", "version: 9\n", Bounds::default(), &mut ()),
        None
    );
}

#[test]
fn another_failure_is_not_the_same() {
    let panic = |told: &str| Failure::panic(told.to_owned());
    assert!(panic("job 7 ends").is_like(&panic("job 12 ends"), Alike::Values));
    assert!(!panic("job 7 ends").is_like(&panic("job 7 hangs"), Alike::Values));
    assert!(panic("here").is_like(&panic("there"), Alike::Text));
    let verdict = Failure {
        kind: FailureKind::Verdict(VerdictKind::Expect),
        ..panic("here")
    };
    assert!(!verdict.is_like(&panic("here"), Alike::Text));
}

#[test]
fn a_violation_is_a_failure_of_a_run_that_is_checked() {
    // An invariant that no world has: nothing is ever fenced.
    let unfenced = |world: &World| {
        let fenced = world.servers.values().any(|server| server.fenced);
        fenced.then(|| Violation::BothSidesRun {
            instance: "front".to_owned(),
        })
    };
    let text = include_str!("../../../scenarios/basics/first.yaml");
    let bounds = Bounds::default();
    assert_eq!(Judge::new("a.yaml", &bounds).failure(text), None);
    let mut sound = Judge::new("a.yaml", &bounds).checked(Checker::new());
    assert_eq!(sound.failure(text), None);
    let mut judge = Judge::new("a.yaml", &bounds).checked(Checker::planted(unfenced));
    let shrunk = shrink_by(text, bounds, |text| judge.failure(text), &mut ()).unwrap();
    assert_eq!(shrunk.failure.kind, FailureKind::Own(Own::Violation));
    assert!(shrunk.is_minimal);
    let timeline = shrunk.text.split_once("timeline:\n").unwrap().1;
    assert_eq!(timeline, "  - call: {failover: {group: shop}}\n");
}
