//! A list of members in the order of their serials, from which any member leaves cheaply.
//!
//! Leaving marks a gap and gaps are closed when they are half of the list, so that deleting a million pairs of a group
//! one by one is linear in all. It is deliberately not a map: iteration is what group operations do.

use serde::{Deserialize, Serialize};

/// Members in the order in which they came.
#[derive(Debug, Serialize, Deserialize)]
pub struct Roster<K> {
    places: Vec<(u32, Option<K>)>,
    live: u32,
}

impl<K: Copy> Clone for Roster<K> {
    fn clone(&self) -> Self {
        Roster {
            places: self.places.clone(),
            live: self.live,
        }
    }

    fn clone_from(&mut self, source: &Self) {
        self.places.clone_from(&source.places);
        self.live = source.live;
    }
}

impl<K> Default for Roster<K> {
    fn default() -> Self {
        Roster {
            places: Vec::new(),
            live: 0,
        }
    }
}

impl<K: Copy> Roster<K> {
    /// Adds a member whose serial is above all others'.
    pub(crate) fn push(&mut self, serial: u32, key: K) {
        debug_assert!(self.places.last().is_none_or(|last| last.0 < serial));
        self.places.push((serial, Some(key)));
        self.live += 1;
    }

    /// Removes the member with this serial; nothing happens if it is not there.
    pub(crate) fn remove(&mut self, serial: u32) {
        let Ok(place) = self.places.binary_search_by_key(&serial, |p| p.0) else {
            return;
        };
        if self.places[place].1.take().is_some() {
            self.live -= 1;
        }
        if (self.live as usize) < self.places.len() / 2 {
            self.places.retain(|p| p.1.is_some());
        }
    }

    /// Whether it counts its members rightly and holds them in the order of their serials.
    pub(super) fn is_whole(&self) -> bool {
        self.places.is_sorted_by(|a, b| a.0 < b.0) && self.iter().count() == self.len()
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.live as usize
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// The members by serial.
    pub fn iter(&self) -> impl Iterator<Item = K> + '_ {
        self.places.iter().filter_map(|p| p.1)
    }

    /// The first member at or after a place, which then stands behind it: a walk that borrows nothing between its steps.
    pub(crate) fn next_from(&self, place: &mut usize) -> Option<K> {
        while let Some(&(_, member)) = self.places.get(*place) {
            *place += 1;
            if member.is_some() {
                return member;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_leave_in_any_order_and_the_rest_keep_theirs() {
        let mut roster = Roster::default();
        for serial in 0..100u32 {
            roster.push(serial * 2, serial);
        }
        for serial in (0..100u32).rev().filter(|s| s % 3 != 0) {
            roster.remove(serial * 2);
            roster.remove(serial * 2 + 1);
        }
        let rest: Vec<u32> = roster.iter().collect();
        assert_eq!(rest, (0..100).filter(|s| s % 3 == 0).collect::<Vec<_>>());
        assert_eq!(roster.len(), rest.len());
        assert!(roster.places.len() <= 2 * roster.len() + 1);
        let mut place = 0;
        let walked: Vec<u32> = std::iter::from_fn(|| roster.next_from(&mut place)).collect();
        assert_eq!(walked, rest);
        for serial in 1..100 {
            roster.remove(serial * 2);
        }
        assert_eq!(roster.iter().collect::<Vec<_>>(), [0]);
        assert!(roster.places.len() <= 3, "{} places", roster.places.len());
    }
}
