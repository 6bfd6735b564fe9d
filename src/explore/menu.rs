//! What may happen in a search.

use crate::machine::event::Blow;
use crate::sdrs::op::Op;

/// What may happen in a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Menu {
    /// The operations that are called, in this order; see [`crate::machine::admissible::OFFERED`].
    pub ops: Vec<Op>,
    /// Whether servers are started and stopped natively.
    pub powers: bool,
    /// Whether servers are deleted natively, behind the service's back.
    pub deletions: bool,
    /// Whether disks are, too.
    pub disk_deletions: bool,
    /// What may break, and how often it is broken in all.
    pub faults: Vec<Blow>,
    /// How many faults may come in all.
    pub faults_max: u8,
    /// Whether what is broken may be mended.
    pub heals: bool,
    /// How many sub-jobs and other pieces of work may fail in all.
    pub failures_max: u8,
    /// How many drills may exist at once.
    pub drills_max: u8,
    /// How many groups may exist at once beyond as many as the search begins with.
    pub groups_more: u8,
    /// How many NICs a production server may have where one is added: so many more than any server begins with.
    pub nics_more: u8,
    /// How often a disk may be expanded by 10 GiB, counted from the largest one that the search begins with.
    pub expansions_max: u8,
    /// Whether starts and stops of servers take time, so that anything may come before they end.
    pub slow_powers: bool,
}

impl Menu {
    /// The same with each operation and each fault once, in the place where it comes first.
    #[must_use]
    pub fn once(mut self) -> Menu {
        each_once(&mut self.ops);
        each_once(&mut self.faults);
        self
    }
}

fn each_once<T: Copy + PartialEq>(all: &mut Vec<T>) {
    let mut seen: Vec<T> = Vec::new();
    all.retain(|it| {
        let is_new = !seen.contains(it);
        seen.push(*it);
        is_new
    });
}

impl Default for Menu {
    /// The group operations and native power, one failure, no fault.
    fn default() -> Self {
        Menu {
            ops: vec![
                Op::StartProtection,
                Op::Reprotect,
                Op::StopProtection,
                Op::Failover,
                Op::PlannedFailover,
            ],
            powers: true,
            deletions: false,
            disk_deletions: false,
            faults: Vec::new(),
            faults_max: 0,
            heals: true,
            failures_max: 1,
            drills_max: 1,
            groups_more: 1,
            nics_more: 1,
            expansions_max: 1,
            slow_powers: false,
        }
    }
}
