//! The world in which histories begin: the head of a scenario file.

use super::plan::Plan;
#[cfg(feature = "proptest")]
use crate::engine::Engine;
use crate::engine::{Bench, Chance, Observer, Operator, Seed};
use crate::scenario::{Diagnostic, Scenario};
use crate::world::World;
use std::fmt;
use std::sync::Arc;

/// Top-level keys that say what happens in a world and not what it is.
const HAPPENINGS: &[&str] = &["seed", "timeline", "runbooks", "crews", "transcript"];

/// A world at rest, as the head of a scenario file says it. Cheap to clone.
#[derive(Clone)]
pub struct Ground {
    plan: Option<Plan>,
    head: Arc<str>,
    scenario: Arc<Scenario>,
}

impl fmt::Debug for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.head)
    }
}

impl Ground {
    /// The world of a scenario file. Its timeline, runbooks and transcript are left out: histories take their place.
    ///
    /// # Errors
    /// The faults of the file.
    pub fn read(file: &str, text: &str) -> Result<Ground, Vec<Diagnostic>> {
        let head = head(text);
        let scenario = Arc::new(Scenario::load(file, &head)?);
        Ok(Ground {
            plan: None,
            head: head.into(),
            scenario,
        })
    }

    /// The world of a plan.
    #[must_use]
    pub fn of(plan: Plan) -> Ground {
        let head = plan.text();
        let scenario = Scenario::load("plan.yaml", &head);
        let scenario = Arc::new(scenario.expect("every plan is a world"));
        Ground {
            plan: Some(plan),
            head: head.into(),
            scenario,
        }
    }

    /// The head of the scenario file.
    #[must_use]
    pub fn head(&self) -> &str {
        &self.head
    }

    /// The world.
    #[must_use]
    pub fn world(&self) -> &World {
        self.scenario.world()
    }

    /// The same grounds with less on them, if there are any: those of a plan.
    pub(super) fn smaller(&self) -> Vec<Plan> {
        self.plan.iter().flat_map(Plan::smaller).collect()
    }

    /// An engine on this ground, as a run of the scenario file under this seed would begin.
    #[cfg(feature = "proptest")]
    pub(super) fn engine(&self, seed: u64) -> Engine {
        self.scenario.engine(Some(seed))
    }

    /// A bench on this ground, as a run of the scenario file under this seed would begin.
    pub(super) fn bench<P: Operator, W: Observer>(
        &self,
        seed: u64,
        observer: W,
    ) -> Bench<P, Chance, W> {
        Bench::over(self.scenario.engine(Some(seed)), Seed(seed), observer)
    }
}

/// A file without what happens in it and without comments before its first key.
fn head(text: &str) -> String {
    let mut kept = String::new();
    let (mut begun, mut skipping) = (false, false);
    for line in text.lines() {
        let top = line.starts_with(|c: char| c.is_ascii_alphabetic());
        if top {
            let key = line.split(':').next().unwrap_or_default();
            skipping = HAPPENINGS.contains(&key);
            begun = true;
        }
        if begun && !skipping && !line.trim().is_empty() {
            kept += line;
            kept.push('\n');
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_file_is_its_world_and_no_more() {
        let text = "# About.\nversion: 1\nseed: 4\nsites: {a: {}}\n# Kept.\ntimeline:\n  - expect: count(sites) == 1\n\n\
            limit: {events: 5}\ntranscript: |\n  00:00:00.000  nothing\n";
        assert_eq!(
            head(text),
            "version: 1\nsites: {a: {}}\n# Kept.\nlimit: {events: 5}\n"
        );
        let ground = Ground::read("a.yaml", text).unwrap();
        assert_eq!(ground.world().sites.len(), 1);
        let again = Ground::read("b.yaml", ground.head()).unwrap();
        assert_eq!(again.head(), ground.head());
        assert!(Ground::read("c.yaml", "version: 1\nsites: 7\n").is_err());
    }
}
