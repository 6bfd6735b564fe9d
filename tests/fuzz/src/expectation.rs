//! Expectations: a text follows the grammar or not; what does is written so that it reads as the same, and is judged.

use super::words::{scenario, text};
use sdrsim::scenario::expect::Expectation;
use sdrsim::time::SimTime;

/// Parses a text, and judges it in a world if it is an expectation.
pub fn try_bytes(data: &[u8]) {
    let text = text(data);
    match Expectation::parse(text) {
        Err(error) => {
            assert!(!error.to_string().is_empty());
            let _ = error.help();
        }
        Ok(expectation) => {
            let written = expectation.to_string();
            let again = Expectation::parse(&written);
            let again = again.unwrap_or_else(|error| panic!("`{written}`: {error}"));
            assert_eq!(again.to_string(), written);
            assert_eq!(again.labels(), expectation.labels());
            let world = scenario().world();
            let (now, judged) = (SimTime::ZERO, |verdict| format!("{verdict:?}"));
            let first = expectation.judge(world, now).map(|it| it.held);
            let second = again.judge(world, now).map(|it| it.held);
            assert_eq!(first.is_ok(), second.is_ok(), "`{written}`");
            if let (Ok(first), Ok(second)) = (first, second) {
                assert_eq!(judged(first), judged(second), "`{written}`");
            }
        }
    }
}
