//! What happens when the simulator itself is wrong: a panic becomes a message that asks for a report.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Does something and answers what came of it, or the message and place of the panic that ended it.
///
/// What was being worked on is dropped with the panic and never looked at again, so a broken invariant cannot leak out.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let before = panic::take_hook();
    panic::set_hook(Box::new(|info| {
        LAST.with(|last| *last.borrow_mut() = Some(info.to_string()));
    }));
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    panic::set_hook(before);
    done.map_err(|_| {
        let told = LAST.with(|last| last.borrow_mut().take());
        told.unwrap_or_else(|| "a panic without a message".to_owned())
    })
}

/// The message for people.
pub fn plea(scenario: &str, told: &str) -> String {
    format!(
        "{scenario}: an invariant of the simulator was violated. This is a fault of sdrsim {}, not of the scenario.\n\
         Please report it with the scenario file and these lines:\n{}",
        env!("CARGO_PKG_VERSION"),
        told.trim_end()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_with_its_place() {
        assert_eq!(guarded(|| 7), Ok(7));
        let told = guarded(|| panic!("two and two are {}", 5)).unwrap_err();
        assert!(
            told.contains("two and two are 5") && told.contains("guard.rs"),
            "{told}"
        );
        assert!(plea("a.yaml", &told).contains("report"));
        assert_eq!(guarded(|| 8), Ok(8));
    }
}
