//! Where resources are by stable key.
//!
//! Clones share one table, and each keeps what has changed since beside it: a fork copies a handful of jobs instead of the
//! place of every disk. Whoever has the table to himself changes the table. It is only ever asked for one key; changes are walked
//! through to enter each where another table has its place for it, so the order of neither reaches anything.

use super::{JobKey, Who};
use crate::hash::ByItself;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

type Table<T> = HashMap<u64, T, BuildHasherDefault<ByItself>>;

/// So many changes are kept beside a table of any size, and half as many as it has entries beside a large one.
const FEW: usize = 64;

/// Resources by stable key.
///
/// Jobs have a table of their own, which is shared with no clone: they come and go with every operation, and the table of all else may
/// be larger than any cache. That a job and something else have one key would be noticed by [`super::check`] alone.
#[derive(Debug, Default)]
pub(crate) struct Index {
    things: Places,
    jobs: Table<JobKey>,
}

impl Clone for Index {
    fn clone(&self) -> Self {
        Index {
            things: self.things.clone(),
            jobs: self.jobs.clone(),
        }
    }

    /// Keeps the room for jobs, as it does that for changes.
    fn clone_from(&mut self, source: &Self) {
        self.things.clone_from(&source.things);
        self.jobs.clear();
        self.jobs.extend(&source.jobs);
    }
}

impl Index {
    /// The resource with this key.
    pub(super) fn get(&self, key: u64) -> Option<Who> {
        let job = || self.jobs.get(&key).copied().map(Who::Job);
        self.things.get(key).or_else(job)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.things.len + self.jobs.len()
    }

    /// Enters a resource; answers which one of its kind had the key before.
    pub(crate) fn insert(&mut self, key: u64, who: Who) -> Option<Who> {
        match who {
            Who::Job(job) => self.jobs.insert(key, job).map(Who::Job),
            _ => self.things.insert(key, who),
        }
    }

    /// Takes out the resource with this key, which is of the kind of this one; nothing happens if there is none.
    pub(crate) fn remove(&mut self, key: u64, who: Who) {
        match who {
            Who::Job(_) => drop(self.jobs.remove(&key)),
            _ => self.things.remove(key),
        }
    }
}

/// A table of resources.
#[derive(Debug, Default)]
struct Places {
    shared: Arc<Table<Who>>,
    /// What is different from the table: None where nothing is any more.
    changes: Table<Option<Who>>,
    len: usize,
}

impl Clone for Places {
    fn clone(&self) -> Self {
        Places {
            shared: self.shared.clone(),
            changes: self.changes.clone(),
            len: self.len,
        }
    }

    /// Keeps the room for changes, which the tables of `std` give back when they are refilled from a smaller one.
    fn clone_from(&mut self, source: &Self) {
        self.shared.clone_from(&source.shared);
        self.changes.clear();
        self.changes.extend(&source.changes);
        self.len = source.len;
    }
}

impl Places {
    /// The resource with this key.
    fn get(&self, key: u64) -> Option<Who> {
        if !self.changes.is_empty()
            && let Some(change) = self.changes.get(&key)
        {
            return *change;
        }
        self.shared.get(&key).copied()
    }

    /// Enters a resource; answers which one had the key.
    fn insert(&mut self, key: u64, who: Who) -> Option<Who> {
        let before = match self.own() {
            Some(table) => table.insert(key, who),
            None => {
                let before = self.get(key);
                self.changes.insert(key, Some(who));
                before
            }
        };
        self.len += usize::from(before.is_none());
        before
    }

    /// Takes out the resource with this key; nothing happens if there is none.
    fn remove(&mut self, key: u64) {
        let before = match self.own() {
            Some(table) => table.remove(&key),
            None => {
                let before = self.get(key);
                if self.shared.contains_key(&key) {
                    self.changes.insert(key, None);
                } else {
                    self.changes.remove(&key);
                }
                before
            }
        };
        self.len -= usize::from(before.is_some());
    }

    /// The table with all changes in it, if nobody shares it or there are so many changes that it is time for a copy.
    fn own(&mut self) -> Option<&mut Table<Who>> {
        let many = self.changes.len() > FEW + self.shared.len() / 2;
        if Arc::get_mut(&mut self.shared).is_none() && !many {
            return None;
        }
        let table = Arc::make_mut(&mut self.shared);
        for (key, change) in self.changes.drain() {
            match change {
                Some(who) => table.insert(key, who),
                None => table.remove(&key),
            };
        }
        Some(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::mix;
    use crate::world::DiskKey;
    use slotmap::KeyData;
    use std::collections::BTreeMap;

    fn who(n: u64) -> Who {
        Who::Disk(DiskKey::from(KeyData::from_ffi(n | 1 << 32)))
    }

    fn assert_same(index: &Places, plain: &BTreeMap<u64, Who>) {
        assert_eq!(index.len, plain.len());
        for key in 0..200 {
            assert_eq!(index.get(key), plain.get(&key).copied(), "{key}");
        }
    }

    #[test]
    fn forks_resets_and_changes_in_any_order_leave_each_what_a_map_of_its_own_would_hold() {
        let mut indexes = vec![(Places::default(), BTreeMap::new()); 3];
        let mut shared = 0;
        for n in 0..4000 {
            let [place, other, key, what] = [1, 2, 3, 4].map(|salt| mix(5 * n + salt));
            let place = place as usize % 3;
            let other = other as usize % 3;
            let key = key % 200;
            match what % 100 {
                0 => indexes[place] = indexes[other].clone(),
                1 if place != other => {
                    let (index, plain) = indexes[other].clone();
                    indexes[place].0.clone_from(&index);
                    indexes[place].1 = plain;
                }
                2..40 => {
                    indexes[place].0.remove(key);
                    indexes[place].1.remove(&key);
                }
                _ => {
                    let (index, plain) = &mut indexes[place];
                    assert_eq!(index.insert(key, who(n)), plain.insert(key, who(n)));
                }
            }
            shared += usize::from(!indexes[place].0.changes.is_empty());
            assert_same(&indexes[place].0, &indexes[place].1);
        }
        assert!(shared > 100, "changes were kept beside a shared table");
        for (index, plain) in &indexes {
            assert_same(index, plain);
        }
    }
}
