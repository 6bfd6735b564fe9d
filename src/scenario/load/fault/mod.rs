//! The faults of a file, checked: whom they strike, which of them where some are drawn, and how.
//!
//! Templates are kept as templates and a draw as its key, so a fault costs its words until it strikes. A draw ranks its
//! candidates by a number that each has of its own under the key, and takes the first: without replacement, and without
//! any candidate's number depending on which others there are.

mod check;
mod parts;

pub(super) use check::{Bearer, check};

use super::names::{Kind, Pattern};
use crate::engine::dice::{Purpose, Seed, draw};
use crate::hash::combine;
use crate::scenario::yaml::Place;
use crate::world::fault::Blow;
use crate::world::label::Stable;
use crate::world::protection::Side;
use crate::world::topology::Slow;
use crate::world::{Who, World};

/// What a fault does to its targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Harm {
    Down { destroyed: bool },
    Storage { read_only: bool },
    Slow(Slow),
}

/// One side of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Production,
    Dr,
}

/// What a label of a fault stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Labels {
    /// A label, or the member of the same number.
    Pattern(Pattern),
    /// All members of a template, or the same part of all.
    All {
        head: String,
        tail: String,
        count: u32,
    },
}

impl Labels {
    fn count(&self) -> u64 {
        match self {
            Labels::Pattern(_) => 1,
            Labels::All { count, .. } => u64::from(*count),
        }
    }

    /// The label in this place, from 0, for a member of the template that refers.
    fn nth(&self, place: u32, member: u32) -> String {
        match self {
            Labels::Pattern(pattern) => pattern.nth(member),
            Labels::All { head, tail, .. } => format!("{head}-{}{tail}", place + 1),
        }
    }

    /// All labels, for a member of the template that refers.
    fn each(&self, member: u32) -> impl Iterator<Item = String> + '_ {
        let count = match self {
            Labels::Pattern(_) => 1,
            Labels::All { count, .. } => *count,
        };
        (0..count).map(move |place| self.nth(place, member))
    }
}

/// How many are drawn, and what makes the draw another than others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Take {
    count: u64,
    words: Stable,
}

/// Targets under one key of a fault.
#[derive(Clone, Debug)]
struct Aim {
    labels: Vec<Labels>,
    /// Where the file says each of them.
    places: Vec<Place>,
    /// What they are labels of.
    kind: Kind,
    take: Option<Take>,
    /// The labels are groups, and a side of each is meant.
    role: Option<Role>,
    harm: Harm,
}

/// Whose draws a fault has: those of a run, and of a hazard its own.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct Drawer {
    pub seed: Seed,
    /// The stable key of the hazard; None: a step.
    pub hazard: Option<Stable>,
    /// Which member of the hazard's template it is, from 1; 1 if there is none.
    pub member: u32,
}

impl Drawer {
    /// The draws of a step.
    pub const fn step(seed: u64) -> Drawer {
        Drawer {
            seed: Seed(seed),
            hazard: None,
            member: 1,
        }
    }
}

/// A `heal` has the form of the fault that it ends, wherever the file says either.
impl PartialEq for Aim {
    fn eq(&self, other: &Aim) -> bool {
        let form = |aim: &Aim| (aim.kind, aim.take, aim.role, aim.harm);
        form(self) == form(other) && self.labels == other.labels
    }
}

impl Eq for Aim {}

impl Aim {
    fn size(&self) -> u64 {
        self.labels.iter().map(Labels::count).sum()
    }

    fn all(&self, member: u32) -> impl Iterator<Item = String> + '_ {
        self.labels
            .iter()
            .flat_map(move |labels| labels.each(member))
    }

    /// The labels of those that are struck, in the order of the file.
    fn struck(&self, drawer: Drawer) -> Vec<String> {
        let all = self.all(drawer.member);
        let Some(Take { count, words }) = self.take else {
            return all.collect();
        };
        let key = drawer
            .hazard
            .map_or(words.0, |hazard| combine(hazard.0, words.0));
        let rank = |label: &str| draw(drawer.seed, Purpose::Target, key, Stable::of(label).0);
        let mut ranked: Vec<_> = all
            .enumerate()
            .map(|(place, label)| (rank(&label), place, label))
            .collect();
        ranked.sort_unstable();
        ranked.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        ranked.sort_unstable_by_key(|(_, place, _)| *place);
        ranked.into_iter().map(|(_, _, label)| label).collect()
    }

    fn blow(&self, world: &World, label: &str) -> Option<Blow> {
        let who = world.find(label)?;
        match self.role {
            None => blow(who, self.harm),
            Some(role) => blow(side(world, who, role)?, self.harm),
        }
    }
}

/// The AZ in which a group has one of its sides.
fn side(world: &World, who: Who, role: Role) -> Option<Who> {
    let Who::Group(group) = who else { return None };
    let group = world.groups.get(group)?;
    let side: Side = match role {
        Role::Production => group.station,
        Role::Dr => group.station.other(),
    };
    Some(Who::Az(group.azs[side.index()]))
}

/// A fault with its targets by label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::scenario) struct Fault {
    aims: Vec<Aim>,
    control: bool,
}

impl Fault {
    /// What strikes whom in a world, in the order of the file and each once where sides of groups are meant; the label of a
    /// target that is gone instead.
    pub fn blows(&self, world: &World, drawer: Drawer) -> Vec<Result<Blow, String>> {
        let mut blows = Vec::new();
        for aim in &self.aims {
            // Groups share AZs. There are few of these, so the search is short.
            let mut sides = Vec::new();
            for label in aim.struck(drawer) {
                match aim.blow(world, &label) {
                    None => blows.push(Err(label)),
                    Some(blow) if aim.role.is_none() => blows.push(Ok(blow)),
                    Some(blow) if sides.contains(&blow) => {}
                    Some(blow) => {
                        sides.push(blow);
                        blows.push(Ok(blow));
                    }
                }
            }
        }
        blows.extend(self.control.then_some(Ok(Blow::Control)));
        blows
    }

    /// How many targets it may have in all.
    pub fn size(&self) -> u64 {
        let sizes = self.aims.iter().map(Aim::size);
        sizes.sum::<u64>() + u64::from(self.control)
    }

    /// Whether it names sides of groups, so that whom it strikes depends on the instant.
    pub fn is_relative(&self) -> bool {
        self.aims.iter().any(|aim| aim.role.is_some())
    }

    /// The first label, of all that may be struck, that stands for nothing that can break in a world.
    pub(super) fn missing(&self, world: &World, member: u32) -> Option<String> {
        let aims = self.aims.iter();
        let mut all = aims.flat_map(|aim| aim.all(member).map(move |label| (aim, label)));
        all.find(|(aim, label)| aim.blow(world, label).is_none())
            .map(|(_, label)| label)
    }

    /// Whether something that broke is one of the targets, or holds one: a site its AZs, a duct its links. For the nth of
    /// so many members, of as many targets the nth is meant, and of any other number all.
    pub fn is_struck_by(&self, world: &World, struck: Blow, member: Option<(u32, u32)>) -> bool {
        let size: u64 = self.aims.iter().map(Aim::size).sum();
        let own = |(aim, label): (&Aim, String)| {
            let own = aim.blow(world, &label);
            own.is_some_and(|own| holds(world, struck, own))
        };
        let hit = match member {
            Some((n, count)) if u64::from(count) == size => {
                self.nth(u64::from(n) - 1).is_some_and(own)
            }
            _ => {
                let all = |aim: &'_ Aim| aim.all(1).any(|label| own((aim, label)));
                self.aims.iter().any(all)
            }
        };
        hit || (self.control && struck == Blow::Control)
    }

    /// The target in this place, from 0, of all that are named.
    fn nth(&self, mut place: u64) -> Option<(&Aim, String)> {
        for aim in &self.aims {
            for labels in &aim.labels {
                match labels.count() {
                    count if place >= count => place -= count,
                    _ => return Some((aim, labels.nth(u32::try_from(place).ok()?, 1))),
                }
            }
        }
        None
    }
}

/// Whether a blow is of the same kind and target as another, whatever else they say, or strikes what holds that.
fn holds(world: &World, struck: Blow, own: Blow) -> bool {
    match (struck, own) {
        (Blow::Site { site, .. }, Blow::Az { az, .. }) => world.azs[az].site == site,
        (Blow::Duct { duct }, Blow::Link { link }) => world.topology.links[link].duct == Some(duct),
        _ => {
            let alike = std::mem::discriminant(&struck) == std::mem::discriminant(&own);
            alike && struck.target() == own.target()
        }
    }
}

fn blow(who: Who, harm: Harm) -> Option<Blow> {
    let destroyed = matches!(harm, Harm::Down { destroyed: true });
    Some(match (who, harm) {
        (Who::Az(az), Harm::Storage { read_only }) => Blow::Pool { az, read_only },
        (Who::Link(link), Harm::Slow(slow)) => Blow::Slow { link, slow },
        (Who::Az(az), _) => Blow::Az { az, destroyed },
        (Who::Site(site), _) => Blow::Site { site, destroyed },
        (Who::Link(link), _) => Blow::Link { link },
        (Who::Duct(duct), _) => Blow::Duct { duct },
        (Who::Node(node), _) => Blow::Node { node },
        (Who::Disk(disk), _) => Blow::Disk { disk, destroyed },
        (Who::Server(server), _) => Blow::Server { server, destroyed },
        _ => return None,
    })
}
