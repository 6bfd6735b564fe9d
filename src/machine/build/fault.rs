//! What may break again and again, and where the control plane stands.

use super::{BuildError, Builder};
use crate::sdrs::names::is_name;
use crate::world::fault::{Blow, Hazard};
use crate::world::label::Stable;

impl Builder {
    /// Adds a hazard: what it strikes is struck at one instant, mended at one instant, and so on. When is not for a world to
    /// say: an engine asks its oracle, and [`crate::engine::Chance::with_hazard`] holds the laws under the same label. Its
    /// draws derive from the label, so another hazard shifts nothing.
    ///
    /// ```
    /// use sdrsim::engine::distribution::Distribution;
    /// use sdrsim::engine::{Chance, Engine, Hazard, Limit, Seed};
    /// use sdrsim::machine::BuildError;
    /// use sdrsim::machine::build::NewLink;
    /// use sdrsim::time::{Calendar, SimTime, Span};
    /// use sdrsim::world::fault::Blow;
    /// use sdrsim::world::{World, settings::Settings};
    ///
    /// let mut region = World::builder("eu-de", 1, Calendar::default(), Settings::default());
    /// region.site("north")?;
    /// region.az("az-1", "north")?;
    /// region.az("az-2", "north")?;
    /// let between = ["az-1", "az-2"];
    /// let link = region.link("trunk", NewLink { between, bandwidth: None, latency: Span::ZERO, duct: None })?;
    /// region.hazard("flaps", vec![Blow::Link { link }])?;
    /// let law = |mean| Distribution::exponential(mean).expect("the mean is not zero");
    /// let laws = Hazard::new(law(Span::days(30)), law(Span::mins(5))).expect("the up time is not zero");
    /// let mut engine = Engine::new(region.finish(), Chance::new(Seed(1)).with_hazard("flaps", laws));
    /// let _reached = engine.run_until(SimTime::after_start(Span::days(365)), Limit::events(1_000));
    /// assert!(engine.world().hazards[0].turn > 5);
    /// # Ok::<(), BuildError>(())
    /// ```
    ///
    /// # Errors
    /// [`BuildError::NotALabel`]; [`BuildError::LabelTaken`] by a hazard or anything else; [`BuildError::Harmless`] if it
    /// strikes nothing; [`BuildError::Unknown`] if it strikes what is not there.
    pub fn hazard(&mut self, label: &str, blows: Vec<Blow>) -> Result<(), BuildError> {
        if !is_name(label) {
            return Err(BuildError::NotALabel(label.to_owned()));
        }
        let stable = Stable::of(label);
        // A hazard's key is a hash: one that two labels share would give them one fate.
        if self.world.at(stable).is_some() || self.hazards.contains(&stable) {
            return Err(BuildError::LabelTaken(label.to_owned()));
        }
        if blows.is_empty() {
            return Err(BuildError::Harmless(label.to_owned()));
        }
        let mut targets = blows.iter().filter_map(|blow| blow.target());
        if targets.any(|who| self.world.stable(who).is_none()) {
            return Err(BuildError::Unknown {
                word: "target of the hazard",
                label: label.to_owned(),
            });
        }
        self.hazards.insert(stable);
        self.world.hazards.push(Hazard {
            stable,
            blows,
            turn: 0,
            broken: false,
        });
        Ok(())
    }

    /// Lets the control plane stand in an AZ and fall with it; without it is regional, and falls only by its own faults.
    ///
    /// # Errors
    /// [`BuildError::Unknown`] if there is no such AZ.
    pub fn control_in(&mut self, az: &str) -> Result<(), BuildError> {
        self.world.control.az = Some(self.find_az(az)?);
        Ok(())
    }
}
