//! Who goes on when the two sides of a group lose each other.
//!
//! Arbitration runs once per loss of the path, after all faults of the instant, and speaks of the pairs that were in
//! step. `static`: the preferred site, where production stands, goes on. `witness`: the side that reaches the witness
//! goes on, the preferred one if both do; a lost witness leaves a window in which a lost path stops both sides, and after
//! it the domain decides as if it were static. Everything it asks about is discrete.

use super::assess::{self, Touched};
use super::touch;
use crate::machine::effect::Effect;
use crate::machine::effects::Effects;
use crate::world::place::{Arbitration, Mode};
use crate::world::protection::Verdict;
use crate::world::{DomainKey, GroupKey, World};

/// Brings every domain's mode up to date with its witness. Where the witness came back, groups whose sides had both
/// stopped are judged again, and are to be walked with the rest of the instant.
pub(super) fn modes(world: &mut World, touched: &mut Touched, out: &mut Effects) {
    let domains: Vec<DomainKey> = world.domains.keys().collect();
    for key in domains {
        let domain = &world.domains[key];
        let Arbitration::Witness {
            node,
            fallback_after,
        } = domain.arbitration
        else {
            continue;
        };
        let reached = domain
            .azs
            .iter()
            .any(|&az| world.topology.reaches(az, node));
        match (reached, domain.mode) {
            (false, Mode::Witness) => {
                set_mode(world, key, Mode::Window, out);
                let windows = world.domains[key].windows;
                out.push(Effect::Window {
                    domain: key,
                    windows,
                    after: fallback_after,
                });
            }
            (true, Mode::Window | Mode::Static) => {
                set_mode(world, key, Mode::Witness, out);
                judge_again(world, key, touched, out);
            }
            _ => {}
        }
    }
}

fn set_mode(world: &mut World, key: DomainKey, mode: Mode, out: &mut Effects) {
    let domain = &mut world.domains[key];
    domain.mode = mode;
    if mode == Mode::Window {
        domain.windows += 1;
    }
    out.push(Effect::Mode { domain: key, mode });
}

/// The window of a domain has ended. If the witness is still lost the domain decides as if it were static.
pub(crate) fn window_ends(world: &mut World, key: DomainKey, windows: u32, out: &mut Effects) {
    let waits = world
        .domains
        .get(key)
        .is_some_and(|d| d.mode == Mode::Window && d.windows == windows);
    if waits {
        set_mode(world, key, Mode::Static, out);
    }
}

/// Who goes on in a group whose path is lost now.
pub(super) fn judge(world: &World, group: GroupKey) -> Verdict {
    let record = &world.groups[group];
    let domain = &world.domains[record.domain];
    match (domain.arbitration, domain.mode) {
        (Arbitration::Static, _) | (_, Mode::Static) => Verdict::Production,
        (_, Mode::Window) => Verdict::Neither,
        (Arbitration::Witness { node, .. }, Mode::Witness) => {
            let reaches = |side: usize| world.topology.reaches(record.azs[side], node);
            let station = record.station;
            match (reaches(station.index()), reaches(station.other().index())) {
                (true, _) => Verdict::Production,
                (false, true) => Verdict::DrSide,
                (false, false) => Verdict::Neither,
            }
        }
    }
}

/// Judges the groups of a domain again whose sides had both stopped and whose path is still lost; they are to be walked.
fn judge_again(world: &mut World, domain: DomainKey, touched: &mut Touched, out: &mut Effects) {
    let groups: Vec<GroupKey> = world
        .groups
        .iter()
        .filter(|(_, group)| group.domain == domain && !world.is_connected(group))
        .filter(|(_, group)| group.cut.is_some_and(|cut| cut.verdict == Verdict::Neither))
        .map(|(key, _)| key)
        .collect();
    for group in groups {
        assess::each(world, group, touch);
        let verdict = judge(world, group);
        if let Some(cut) = &mut world.groups[group].cut {
            cut.verdict = verdict;
        }
        out.push(Effect::Cut { group, verdict });
        touched.insert(world.groups[group].serial, (group, true));
    }
}
