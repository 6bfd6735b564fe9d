//! The progress bar: on standard error, only for someone who looks, and only when there is something to wait for.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sdrsim::scenario::shrink::ShrinkProgress;
use sdrsim::time::SimTime;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// A run that is over sooner shows no bar.
const PATIENCE: Duration = Duration::from_millis(400);

/// A bar over the scenarios of one command.
pub struct Progress {
    bar: ProgressBar,
    wanted: bool,
    begun: Instant,
    name: String,
}

impl Progress {
    /// A bar of so many scenarios. It is drawn only if `wanted` and standard error is a terminal.
    pub fn of(scenarios: usize, wanted: bool) -> Progress {
        let bar =
            ProgressBar::with_draw_target(Some(scenarios as u64), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{pos}/{len} [{bar:24}] {elapsed} {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Progress {
            bar,
            wanted: wanted && std::io::stderr().is_terminal(),
            begun: Instant::now(),
            name: String::new(),
        }
    }

    /// Names the scenario that runs now.
    pub fn at(&mut self, name: String) {
        self.name = name;
        self.show();
        self.bar.set_message(self.name.clone());
    }

    /// One more is done.
    pub fn done(&mut self) {
        self.bar.inc(1);
    }

    /// Writes something while the bar is out of the way.
    pub fn aside<T>(&self, tell: impl FnOnce() -> T) -> T {
        self.bar.suspend(tell)
    }

    fn show(&mut self) {
        if self.wanted && self.begun.elapsed() >= PATIENCE && self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

impl sdrsim::scenario::Progress for Progress {
    fn tick(&mut self, step: usize, steps: usize, now: SimTime, events: u64) {
        if !self.wanted {
            return;
        }
        self.show();
        let name = &self.name;
        self.bar.set_message(format!(
            "{name}: step {step} of {steps}, {now}, {events} events"
        ));
    }
}

/// A bar over the tries of a search for a shorter file.
pub struct ShrinkBar {
    inner: Progress,
    /// Bytes at the beginning.
    from: usize,
}

impl ShrinkBar {
    /// A bar of at most so many tries, for a file of so many bytes.
    pub fn of(tries: u64, from: usize) -> ShrinkBar {
        let inner = Progress::of(usize::try_from(tries).unwrap_or(usize::MAX), true);
        ShrinkBar { inner, from }
    }
}

impl ShrinkProgress for ShrinkBar {
    fn tried(&mut self, tries: u64, bytes: usize) {
        self.inner.show();
        self.inner.bar.set_position(tries);
        let from = self.from;
        self.inner
            .bar
            .set_message(format!("{from} bytes became {bytes}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
