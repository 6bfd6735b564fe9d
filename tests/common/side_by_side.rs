//! Long tests on two threads: a binary whose only long test runs on one leaves a core idle.

use std::thread::scope;

/// Does the same to each item, to every other one on a second thread, and answers in the order of the items.
pub fn side_by_side<T: Sync, R: Send>(items: &[T], each: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let every_other = |first| {
        let mine = items.iter().skip(first).step_by(2);
        mine.map(&each).collect::<Vec<R>>()
    };
    let (even, odd) = scope(|scope| {
        let odd = scope.spawn(|| every_other(1));
        let even = every_other(0);
        let odd = odd.join();
        (
            even,
            odd.unwrap_or_else(|told| std::panic::resume_unwind(told)),
        )
    });
    let mut odd = odd.into_iter();
    { even.into_iter() }
        .flat_map(|even| [Some(even), odd.next()])
        .flatten()
        .collect()
}
