//! Making and unmaking resources: what `commit`, `settle`, the native acts and the world's builder have in common.
//!
//! These functions check nothing: whoever calls them has.

mod native;
mod protected;

pub(crate) use native::*;
pub(crate) use protected::*;

use super::effect::{Effect, Property};
use super::effects::Effects;
use crate::world::label::{Label, Name, Stable};
use crate::world::{Who, World};

/// The next serial, which is never used again.
pub(crate) fn serial(world: &mut World) -> u32 {
    let serial = world.next_serial;
    world.next_serial += 1;
    serial
}

/// The label with this text.
pub(crate) fn label(world: &mut World, text: &str) -> Label {
    Label::of(text, &mut world.words)
}

/// The label of a part: `PARENT/part`.
pub(crate) fn part(world: &mut World, parent: Label, part: &str) -> Label {
    parent.part(part, &mut world.words)
}

/// The first of `PARENT/part`, `PARENT/part-2`, ... that no resource has.
pub(crate) fn free_part(world: &mut World, parent: Label, stem: &str) -> Label {
    let mut nth = 1u32;
    loop {
        let text = if nth == 1 {
            stem.to_owned()
        } else {
            format!("{stem}-{nth}")
        };
        let label = part(world, parent, &text);
        if world.at(label.stable(&world.words)).is_none() {
            return label;
        }
        nth += 1;
    }
}

/// The name of a resource: the one given, or its label.
pub(crate) fn name_or_label(world: &mut World, name: Option<&str>, label: Label) -> Name {
    match name {
        Some(name) => Name::of(name, &mut world.words),
        None => label,
    }
}

/// Says that a property changed.
pub(crate) fn changed(who: Who, property: Property, value: u64, out: &mut Effects) {
    out.push(Effect::Changed {
        who,
        property,
        value,
    });
}

/// A fingerprint of a text, for [`Effect::Changed`].
pub(crate) fn print_of(text: &str) -> u64 {
    Stable::of(text).0
}
