//! The hazards of a file, checked, and how they join a world when a run begins.
//!
//! They join then and not when the file is read, because the seed of the run says which of a selection they strike.

use super::fault::{self, Bearer, Drawer, Fault};
use super::names::Names;
use super::source::Source;
use crate::engine::{Chance, Hazard, Seed};
use crate::machine::build::Builder;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::model::{HazardModel, ScenarioModel};
use crate::scenario::yaml::{Place, Spanned};
use crate::world::World;
use crate::world::label::Stable;
use std::sync::Arc;

/// A hazard, or one for each member of a template.
#[derive(Debug)]
pub(in crate::scenario) struct Peril {
    label: String,
    count: Option<u32>,
    on: Fault,
    /// Where the file says what it strikes.
    at: Place,
    laws: Arc<Hazard>,
}

impl Peril {
    /// Adds it to a world that is being built and its laws to the chance of the run.
    pub fn join(&self, seed: Seed, builder: &mut Builder, mut chance: Chance) -> Chance {
        const CHECKED: &str = "labels and targets were checked when the file was read";
        for member in 1..=self.count.unwrap_or(1) {
            let label = match self.count {
                None => self.label.clone(),
                Some(_) => format!("{}-{member}", self.label),
            };
            let drawer = Drawer {
                seed,
                hazard: Some(Stable::of(&label)),
                member,
            };
            let blows = self.on.blows(builder.world(), drawer);
            let blows: Result<Vec<_>, String> = blows.into_iter().collect();
            builder
                .hazard(&label, blows.expect(CHECKED))
                .expect(CHECKED);
            chance = chance.with_hazard(&label, Arc::clone(&self.laws));
        }
        chance
    }

    /// Whether all that it may strike stands in the world at its start.
    pub(super) fn check_world(&self, source: Source<'_>, world: &World) -> Result<(), Diagnostic> {
        let mut members = 1..=self.count.unwrap_or(1);
        match members.find_map(|member| self.on.missing(world, member)) {
            None => Ok(()),
            Some(label) => {
                let title = format!("`{label}` does not stand at the start");
                let label = "a hazard begins with the run".to_owned();
                Err(source.place(self.at, title).with_label(label))
            }
        }
    }
}

/// Checks the hazards of a file; faults are collected.
pub(super) fn prepare(
    source: Source<'_>,
    model: &ScenarioModel,
    names: &Names,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Peril> {
    let mut perils = Vec::with_capacity(model.hazards.len());
    let mut total: u64 = 0;
    for (label, hazard) in &model.hazards {
        match one(source, names, label, hazard) {
            Ok(peril) => {
                let members = u64::from(peril.count.unwrap_or(1));
                let before = total;
                total = total.saturating_add(members.saturating_mul(peril.on.size()));
                let most = source.sizes.resources;
                if before <= most && total > most {
                    let title = format!("the hazards strike more than {most} targets in all");
                    faults.push(source.fault(&hazard.on, title));
                }
                perils.push(peril);
            }
            Err(fault) => faults.push(*fault),
        }
    }
    perils
}

fn one(
    source: Source<'_>,
    names: &Names,
    label: &Spanned<String>,
    hazard: &HazardModel,
) -> Result<Peril, Box<Diagnostic>> {
    let count = match &hazard.each {
        None => None,
        Some(each) => Some(names.count(&each.value).ok_or_else(|| {
            let fault = source.fault(each, format!("`{}` is not a template", each.value));
            let lost = names.pattern(&each.value, None, None).err();
            Box::new(fault.with_help(lost.and_then(|lost| lost.help(&each.value))))
        })?),
    };
    let on = fault::check(source, names, Bearer::Hazard(count), &hazard.on)?;
    let laws = Hazard::new(hazard.up.value.clone(), hazard.down.value.clone())
        .map_err(|error| Box::new(source.fault(&hazard.up, error.to_string())))?;
    Ok(Peril {
        label: label.value.clone(),
        count,
        on,
        at: hazard.on.place,
        laws: Arc::new(laws),
    })
}
