//! What happened when, coarsely: as much as a line on a terminal can show, in bounded room.
//!
//! A lane is a row of cells of equal spans; each holds all that was so in its span. When time runs past the last cell, two
//! cells become one and the spans twice as long, so at any length of a run between half and all of the cells are in use.

use crate::time::SimTime;
use serde::{Deserialize, Serialize};

/// How many cells a lane has.
const CELLS: usize = 1024;
/// The span of a cell at first, in microseconds.
const FINEST: u64 = 1_000;

/// What can be so in a cell, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks(u16);

impl Marks {
    /// All instances that have served serve.
    pub const SERVES: Marks = Marks(1);
    /// Some of them do.
    pub const IN_PART: Marks = Marks(1 << 1);
    /// None of them does.
    pub const DOWN: Marks = Marks(1 << 2);
    /// Degraded.
    pub const DEGRADED: Marks = Marks(1 << 3);
    /// Unprotected.
    pub const UNPROTECTED: Marks = Marks(1 << 4);
    /// A job was accepted.
    pub const JOB: Marks = Marks(1 << 5);
    /// A failover recovered it.
    pub const RECOVERED: Marks = Marks(1 << 6);
    /// A drill rescued it.
    pub const RESCUED: Marks = Marks(1 << 7);
    /// A fault began.
    pub const STRUCK: Marks = Marks(1 << 8);
    /// A fault ended.
    pub const MENDED: Marks = Marks(1 << 9);
    /// A fault lasted.
    pub const BROKEN: Marks = Marks(1 << 10);

    /// Whether all of the others are among them.
    #[must_use]
    pub const fn has(self, others: Marks) -> bool {
        self.0 & others.0 == others.0
    }

    /// Both.
    #[must_use]
    pub const fn and(self, others: Marks) -> Marks {
        Marks(self.0 | others.0)
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A row of cells from the start of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// The span of a cell, in microseconds.
    width: u64,
    cells: Vec<Marks>,
}

impl Default for Lane {
    fn default() -> Lane {
        Lane {
            width: FINEST,
            cells: vec![Marks::default(); CELLS],
        }
    }
}

impl Lane {
    /// Whether it has its cells, and they last.
    pub(super) fn is_whole(&self) -> bool {
        self.width > 0 && self.cells.len() == CELLS
    }

    /// Marks an instant.
    pub(super) fn mark(&mut self, at: SimTime, marks: Marks) {
        let place = self.place(at.as_micros());
        self.cells[place] = self.cells[place].and(marks);
    }

    /// Marks a span, without its end. A span of no length marks nothing.
    pub(super) fn paint(&mut self, from: SimTime, until: SimTime, marks: Marks) {
        if until <= from || marks.is_empty() {
            return;
        }
        let last = self.place(until.as_micros() - 1);
        let first = self.place(from.as_micros());
        for cell in &mut self.cells[first..=last] {
            *cell = cell.and(marks);
        }
    }

    /// The cell of an instant. Cells are joined until there is one.
    fn place(&mut self, micros: u64) -> usize {
        while micros / self.width >= CELLS as u64 {
            for at in 0..CELLS / 2 {
                self.cells[at] = self.cells[2 * at].and(self.cells[2 * at + 1]);
            }
            self.cells[CELLS / 2..].fill(Marks::default());
            self.width *= 2;
        }
        (micros / self.width) as usize
    }

    /// What was so in the n-th of so many equal parts of the span from the start to an instant, to the precision of a cell.
    #[must_use]
    pub fn part(&self, n: usize, of: usize, end: SimTime) -> Marks {
        let end = u128::from(end.as_micros());
        let at = |n: usize| (end * n as u128 / of.max(1) as u128) as u64;
        let (from, until) = (at(n), at(n + 1).max(at(n) + 1));
        let (first, last) = (from / self.width, (until - 1) / self.width);
        let cells = self.cells.iter().skip(first as usize);
        let cells = cells.take((last - first + 1) as usize);
        cells.fold(Marks::default(), |all, &cell| all.and(cell))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_keeps_its_marks_when_time_outgrows_it() {
        let at = |seconds: u64| SimTime::from_micros(seconds * 1_000_000);
        let mut lane = Lane::default();
        lane.paint(at(0), at(1), Marks::SERVES);
        lane.mark(at(1), Marks::STRUCK);
        lane.paint(at(1), at(3600), Marks::DOWN);
        lane.paint(at(3600), at(7200), Marks::SERVES);
        assert!(lane.part(0, 4, at(7200)).has(Marks::STRUCK));
        assert_eq!(lane.part(2, 8, at(7200)), Marks::DOWN);
        assert_eq!(lane.part(3, 4, at(7200)), Marks::SERVES);
    }
}
