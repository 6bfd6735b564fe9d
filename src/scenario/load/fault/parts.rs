//! Whether the parts that a fault names can ever stand in the world.
//!
//! A part (`web/vdb`, `front/dr`) is made by the machine and not by the file, so the file's labels do not tell whether there
//! is one. The world at rest does, once it is built. What a later step makes brings its parts with it, and of those only
//! the form is known: an instance brings a server `dr` and its pairs a disk `dr` each. Disks that a step makes have labels of
//! their own, so a server that it makes brings none.

use super::{Aim, Fault};
use crate::scenario::diagnostic::{Diagnostic, nearest};
use crate::scenario::load::names::{Kind, Names};
use crate::scenario::load::source::Source;
use crate::world::{Who, World};

impl Fault {
    /// Whether every part that it names stands in the world at rest, or may be made by a step.
    ///
    /// # Errors
    /// The first one that never will, at its place, with the nearest label of its kind.
    pub(in crate::scenario::load) fn check_parts(
        &self,
        source: Source<'_>,
        names: &Names,
        world: &World,
    ) -> Result<(), Diagnostic> {
        for aim in self.aims.iter().filter(|aim| aim.has_parts()) {
            for (labels, &at) in aim.labels.iter().zip(&aim.places) {
                let strange = labels.each(1).find_map(|label| {
                    let lost = aim.strange(names, world, &label)?;
                    Some((label, lost))
                });
                if let Some((label, lost)) = strange {
                    let help = help(world, aim.kind, &label);
                    let fault = source.place(at, format!("`{label}` cannot break here"));
                    return Err(fault.with_label(lost).with_help(help));
                }
            }
        }
        Ok(())
    }
}

impl Aim {
    /// Only servers and disks are parts that can break.
    fn has_parts(&self) -> bool {
        self.role.is_none() && matches!(self.kind, Kind::Server | Kind::Disk)
    }

    /// Why a label is of no part that is there or may come.
    fn strange(&self, names: &Names, world: &World, label: &str) -> Option<String> {
        let (head, tail) = label.split_once('/')?;
        let want = self.kind;
        match world.find(label) {
            Some(who) if is(who, want) => None,
            Some(_) => Some(format!("this is not {}", want.word())),
            None if world.find(head).is_some_and(|head| !makes_members(head)) => {
                Some(format!("`{head}` has no such part"))
            }
            None if may_come(names.kind(head), want, tail) => None,
            None => Some(format!("`{head}` will have no such part")),
        }
    }
}

fn is(who: Who, kind: Kind) -> bool {
    matches!(
        (who, kind),
        (Who::Server(_), Kind::Server) | (Who::Disk(_), Kind::Disk)
    )
}

/// Whether calls that leave the choice of a label make parts of it.
fn makes_members(head: Who) -> bool {
    matches!(head, Who::Group(_))
}

/// Whether what a step makes may bring a part of this form: `dr` may be followed by a number where it was taken.
fn may_come(head: Option<Kind>, want: Kind, tail: &str) -> bool {
    let is_dr = |word: &str| word == "dr" || word.starts_with("dr-");
    let parts: Vec<&str> = tail.split('/').collect();
    match (head, want, parts.as_slice()) {
        (Some(Kind::Pair), Kind::Disk, [dr]) => is_dr(dr),
        (Some(Kind::Instance), Kind::Server, [dr]) => is_dr(dr),
        (Some(Kind::Instance), Kind::Disk, [.., dr]) => parts.len() > 1 && is_dr(dr),
        // A call that leaves the choice names its instance, pair or drill after the group.
        (Some(Kind::Group), _, [_, _, ..]) => true,
        // The copies of a drill are called after what they are copies of.
        (Some(Kind::Drill) | None, _, _) => true,
        _ => false,
    }
}

/// What was meant: the nearest label of a kind among the parts of the same thing, or else what parts it has, or else the
/// nearest one in the world.
fn help(world: &World, kind: Kind, label: &str) -> Option<String> {
    /// Most parts that are listed.
    const LISTED: usize = 5;
    let head = label.split_once('/').map_or(label, |(head, _)| head);
    let all = labels(world, kind);
    let is_part = |text: &&String| {
        let rest = text.strip_prefix(head);
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let own: Vec<&str> = all.iter().filter(is_part).map(String::as_str).collect();
    let meant = |near: &str| format!("did you mean `{near}`?");
    match (nearest(label, own.iter().copied()), own.as_slice()) {
        (Some(near), _) | (None, &[near]) => Some(meant(near)),
        (None, []) => nearest(label, all.iter().map(String::as_str)).map(meant),
        (None, own) => {
            let more = if own.len() > LISTED { ", ..." } else { "" };
            let some = &own[..own.len().min(LISTED)];
            Some(format!("there are `{}`{more}", some.join("`, `")))
        }
    }
}

/// The labels of all servers or all disks, oldest first.
fn labels(world: &World, kind: Kind) -> Vec<String> {
    let mut serials: Vec<(u32, Who)> = match kind {
        Kind::Server => {
            let servers = world.servers.iter();
            servers
                .map(|(key, it)| (it.serial, Who::Server(key)))
                .collect()
        }
        _ => {
            let disks = world.disks.iter();
            disks.map(|(key, it)| (it.serial, Who::Disk(key))).collect()
        }
    };
    serials.sort_unstable();
    serials
        .into_iter()
        .map(|(_, who)| world.label(who))
        .collect()
}
