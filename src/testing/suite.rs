//! The runners: histories by the dozen, properties looking on, and what comes of a violation.

use super::bounds::Bounds;
use super::draws::Draws;
use super::failure::{Failure, Missed, keep};
use super::file;
use super::ground::Ground;
use super::history::{History, make};
use super::plan::Plan;
use super::play::{Ending, Play, Violation};
use super::property::Property;
use super::shrink::Shrinker;
use crate::engine::dice::{Purpose, draw};
use crate::engine::{Operator, Reach, Seed};
use crate::scenario::expect::ReadError;
use crate::time::Span;
use std::path::{Path, PathBuf};

/// Where scenario files of failures go unless a suite says otherwise.
pub const DIRECTORY: &str = "target/sdrsim-failures";

/// What is tested, and how thoroughly: bounds, a world if it is a given one, and the operators who act in it.
#[derive(Clone, Debug)]
pub struct Suite<P: Operator = ()> {
    bounds: Bounds,
    ground: Option<Ground>,
    staff: Vec<(String, Reach, P)>,
    cases: u32,
    only: Option<u32>,
    seed: u64,
    shrinks: u32,
    directory: Option<PathBuf>,
    #[cfg(feature = "defects")]
    defect: Option<crate::engine::Defect>,
}

impl From<Bounds> for Suite {
    fn from(bounds: Bounds) -> Suite {
        Suite::new(bounds)
    }
}

/// How many histories a property held in. Something was done in at least one of them, though not in each: a history may be
/// empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Histories.
    pub cases: u32,
    /// Steps that were done in all of them.
    pub steps: u64,
    /// Calls of operators that arrived in all of them.
    pub arrivals: u64,
}

/// A state that was reached.
#[derive(Clone, Debug)]
pub struct Reached {
    /// In the history of this number.
    pub case: u32,
    /// The history, shortened.
    pub history: History,
    /// A scenario file that comes to that state and expects it.
    pub scenario: String,
}

impl Suite {
    /// 100 histories within bounds under seed 1, with nobody but the histories themselves acting.
    #[must_use]
    pub fn new(bounds: Bounds) -> Suite {
        Suite {
            bounds,
            ground: None,
            staff: Vec::new(),
            cases: 100,
            only: None,
            seed: 1,
            shrinks: 2_000,
            directory: Some(DIRECTORY.into()),
            #[cfg(feature = "defects")]
            defect: None,
        }
    }

    /// The same with an operator, the first one. Its calls and the steps of histories meet in one world.
    #[must_use]
    pub fn with_operator<P: Operator>(self, name: &str, reach: Reach, operator: P) -> Suite<P> {
        Suite {
            bounds: self.bounds,
            ground: self.ground,
            staff: vec![(name.to_owned(), reach, operator)],
            cases: self.cases,
            only: self.only,
            seed: self.seed,
            shrinks: self.shrinks,
            directory: self.directory,
            #[cfg(feature = "defects")]
            defect: self.defect,
        }
    }
}

impl<P: Operator + Clone> Suite<P> {
    /// The same with one more operator, behind the others.
    #[must_use]
    pub fn and_operator(mut self, name: &str, reach: Reach, operator: P) -> Suite<P> {
        self.staff.push((name.to_owned(), reach, operator));
        self
    }

    /// The same in this world instead of small ones of its own.
    #[must_use]
    pub fn in_world(self, ground: Ground) -> Suite<P> {
        let ground = Some(ground);
        Suite { ground, ..self }
    }

    /// The same with so many histories.
    #[must_use]
    pub fn cases(self, cases: u32) -> Suite<P> {
        Suite { cases, ..self }
    }

    /// The same under another seed.
    #[must_use]
    pub fn seed(self, seed: u64) -> Suite<P> {
        Suite { seed, ..self }
    }

    /// The same with the history of this number alone: the one that a failure names.
    #[must_use]
    pub fn only(self, case: u32) -> Suite<P> {
        let only = Some(case);
        Suite { only, ..self }
    }

    /// The same with at most so many replays to shorten a failure; 0: it stays as long as it is.
    #[must_use]
    pub fn shrinks(self, shrinks: u32) -> Suite<P> {
        Suite { shrinks, ..self }
    }

    /// The same with the scenario files of failures written to this directory; None: nothing is written.
    #[must_use]
    pub fn directory(self, directory: Option<&Path>) -> Suite<P> {
        let directory = directory.map(Path::to_owned);
        Suite { directory, ..self }
    }

    /// The same with a defect planted in the machine.
    #[cfg(feature = "defects")]
    #[must_use]
    pub fn planted(self, defect: crate::engine::Defect) -> Suite<P> {
        let defect = Some(defect);
        Suite { defect, ..self }
    }

    /// Properties that must hold at every instant of every history. After the last step time goes on for four times the
    /// longest wait.
    ///
    /// # Errors
    /// The first violation, shortened.
    ///
    /// # Panics
    /// If a property means nothing in the world of a history: it names a field or a status that what it speaks of never has.
    /// If nothing was tried: there is no history, or no step was done and no operator called in any of them, because the bounds
    /// give every sort of step the weight 0, want faults without any harm, or the world offers nothing that the weights want.
    /// A suite that proves nothing must not pass. A single history may well be empty.
    pub fn always(&self, properties: &[Property]) -> Result<Passed, Box<Failure>> {
        let ending = Ending::After(self.bounds.wait.saturating_mul(4));
        self.check(properties, ending)
    }

    /// Safety, then liveness: properties that must hold at every instant, and a goal that must hold at some instant not
    /// later than `within` after all faults have ended. They end after the last step; calls that a history makes do not go
    /// on. Work that is never to end would make every goal vain, so none hangs.
    ///
    /// # Errors
    /// The first violation, shortened.
    ///
    /// # Panics
    /// As [`Suite::always`].
    pub fn eventually(
        &self,
        safety: &[Property],
        goal: &Property,
        within: Span,
    ) -> Result<Passed, Box<Failure>> {
        let mut patient = self.clone();
        patient.bounds.weights.hangs = 0;
        patient.check(safety, Ending::Goal(goal, within))
    }

    /// A state that must be reached in at least one history: a suite that never comes to where it is interesting proves
    /// nothing.
    ///
    /// # Errors
    /// No history came to it.
    ///
    /// # Panics
    /// If the state means nothing in the world of a history, as for [`Suite::always`].
    pub fn sometimes(&self, state: &Property) -> Result<Reached, Missed> {
        let never = [state.never()];
        let ending = Ending::After(self.bounds.wait.saturating_mul(4));
        let numbers = self.numbers();
        let cases = numbers.end - numbers.start;
        for case in numbers {
            let (history, play, result) = self.begin(case, &never, ending);
            let Err(violation) = result else { continue };
            let (history, play, violation, _) =
                self.shorten(history, play, violation, &never, ending);
            let expect = match state.text() {
                Some(text) => text.to_owned(),
                None => file::pin(play.bench.engine().world()),
            };
            let title = format!("Reached: {}", state.name());
            let scenario = file::write(&title, &history, &play.told, (violation.at, &expect));
            return Ok(Reached {
                case,
                history,
                scenario,
            });
        }
        Err(Missed {
            property: state.name().to_owned(),
            cases,
            seed: self.seed,
        })
    }

    /// The history of a number, as it is before anything is shortened.
    #[must_use]
    pub fn history(&self, case: u32) -> History {
        let ending = Ending::After(self.bounds.wait);
        self.begin(case, &[], ending).0
    }

    /// Whether properties hold at every instant of a history, with the suite's operators in it. Its world is the history's.
    ///
    /// # Errors
    /// The violation, as it is.
    ///
    /// # Panics
    /// If a property means nothing in that world, as for [`Suite::always`].
    pub fn holds_in(&self, history: &History, properties: &[Property]) -> Result<(), Violation> {
        let ending = Ending::After(self.bounds.wait.saturating_mul(4));
        demand_sense(&history.ground, properties, ending);
        self.replay(history, properties, ending).2
    }

    /// What is done of a history: of a legal one, what is not refused.
    #[cfg(feature = "proptest")]
    pub(super) fn done_of(&self, history: &History) -> History {
        self.replay(history, &[], Ending::After(Span::ZERO)).0
    }

    fn numbers(&self) -> std::ops::Range<u32> {
        match self.only {
            Some(case) => case..case.saturating_add(1),
            None => 0..self.cases,
        }
    }

    fn check(&self, properties: &[Property], ending: Ending<'_>) -> Result<Passed, Box<Failure>> {
        let mut passed = Passed {
            cases: 0,
            steps: 0,
            arrivals: 0,
        };
        for case in self.numbers() {
            let (history, play, result) = self.begin(case, properties, ending);
            match result {
                Ok(()) => {
                    passed.cases += 1;
                    passed.steps += history.steps.len() as u64;
                    passed.arrivals += play.bench.arrivals().len() as u64;
                }
                Err(violation) => {
                    return Err(Box::new(
                        self.fail(case, history, play, violation, properties, ending),
                    ));
                }
            }
        }
        let Passed {
            cases,
            steps,
            arrivals,
        } = passed;
        assert!(cases > 0, "nothing was tried: the suite has no history");
        assert!(
            steps > 0 || arrivals > 0,
            "nothing was tried: no step was possible and no operator called in any of {cases} histories; \
             look at the weights, harms and world of the bounds"
        );
        Ok(passed)
    }

    /// Makes the history of a number and lives through it.
    fn begin(
        &self,
        case: u32,
        properties: &[Property],
        ending: Ending<'_>,
    ) -> (History, Play<P>, Result<(), Violation>) {
        let drawn = draw(Seed(self.seed), Purpose::History, 1, u64::from(case));
        let mut draws = Draws::new(drawn);
        let ground = match &self.ground {
            Some(ground) => ground.clone(),
            None => Ground::of(Plan::draw(&self.bounds, &mut draws)),
        };
        demand_sense(&ground, properties, ending);
        // Short enough to be read in a file.
        let seed = draws.bits() >> 44;
        let mut play = self.play(&ground, seed, properties);
        let result = make(&mut play, &self.bounds, &mut draws, ending);
        let steps = play.steps.clone();
        let history = History {
            ground,
            seed,
            steps,
        };
        (history, play, result)
    }

    fn play(&self, ground: &Ground, seed: u64, properties: &[Property]) -> Play<P> {
        let mut bench = ground.bench(seed, Vec::new());
        #[cfg(feature = "defects")]
        if let Some(defect) = self.defect {
            bench.engine_mut().plant(defect);
        }
        for (name, reach, operator) in &self.staff {
            bench.add(name, reach.clone(), operator.clone());
        }
        Play::new(bench, properties, (self.bounds.legal, self.bounds.events))
    }

    /// Lives through a history; what was done of it, and how it ended.
    fn replay(
        &self,
        history: &History,
        properties: &[Property],
        ending: Ending<'_>,
    ) -> (History, Play<P>, Result<(), Violation>) {
        let mut play = self.play(&history.ground, history.seed, properties);
        let result = play.through(history, ending);
        let steps = play.steps.clone();
        let done = History {
            steps,
            ..history.clone()
        };
        (done, play, result)
    }

    /// The shortest history found that violates the same property.
    fn shorten(
        &self,
        history: History,
        play: Play<P>,
        violation: Violation,
        properties: &[Property],
        ending: Ending<'_>,
    ) -> (History, Play<P>, Violation, u32) {
        let mut shrinker = Shrinker::new(history);
        let mut replayed = 0;
        while replayed < self.shrinks
            && let Some(candidate) = shrinker.next()
        {
            replayed += 1;
            let (done, _, result) = self.replay(&candidate, properties, ending);
            if result.is_err_and(|other| other.property == violation.property) {
                shrinker.keep(done);
            }
        }
        let best = shrinker.best().clone();
        let (done, short, result) = self.replay(&best, properties, ending);
        match result {
            Err(same) if same.property == violation.property => (done, short, same, replayed),
            _ => (best, play, violation, replayed),
        }
    }

    fn fail(
        &self,
        case: u32,
        history: History,
        play: Play<P>,
        violation: Violation,
        properties: &[Property],
        ending: Ending<'_>,
    ) -> Failure {
        let (history, play, violation, replayed) =
            self.shorten(history, play, violation, properties, ending);
        let (seed, name) = (self.seed, &violation.property);
        let expect = file::expectation(&violation, play.bench.engine().world());
        let title = format!(
            "Violated: {name}\n{}\nSeed {seed}, case {case} of the bench.",
            violation.what
        );
        let scenario = file::write(&title, &history, &play.told, (violation.at, &expect));
        let confirmed = file::shows(&scenario, true);
        let written = self
            .directory
            .as_ref()
            .map(|directory| keep(directory, name, (seed, case), &scenario));
        Failure {
            violation,
            seed,
            case,
            history,
            replayed,
            scenario,
            confirmed,
            file: written,
        }
    }
}

/// Panics if something that is looked at means nothing in a world: it would hold for ever, or never.
fn demand_sense(ground: &Ground, properties: &[Property], ending: Ending<'_>) {
    let goal = match ending {
        Ending::Goal(goal, _) => Some(goal),
        Ending::After(_) => None,
    };
    for property in properties.iter().chain(goal) {
        if let Some(fault) = property.fault(ground.world()) {
            panic!(
                "`{}` means nothing: {}",
                property.name(),
                ReadError::from(fault)
            );
        }
    }
}

/// [`Suite::always`] for a test: panics with the one line that tells the failure.
pub fn check_always<P: Operator + Clone>(suite: impl Into<Suite<P>>, properties: &[Property]) {
    if let Err(failure) = suite.into().always(properties) {
        panic!("{failure}");
    }
}

/// [`Suite::eventually`] for a test: panics with the one line that tells the failure.
pub fn check_eventually<P: Operator + Clone>(
    suite: impl Into<Suite<P>>,
    safety: &[Property],
    goal: &Property,
    within: Span,
) {
    if let Err(failure) = suite.into().eventually(safety, goal, within) {
        panic!("{failure}");
    }
}

/// [`Suite::sometimes`] for a test: panics with the one line that tells the failure.
pub fn check_sometimes<P: Operator + Clone>(suite: impl Into<Suite<P>>, state: &Property) {
    if let Err(missed) = suite.into().sometimes(state) {
        panic!("{missed}");
    }
}
