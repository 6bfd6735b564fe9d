//! Cloning a world into the room of another: what is refilled field by field allocates only where it grows.
//!
//! A derived `clone_from` builds a clone and drops what was there, so every list of every record would be allocated anew.
//! The macro here writes both halves from one list of fields; a forgotten field does not compile. Sets and maps in the
//! standard library's trees cannot be refilled: one is left alone where it is the same already, which costs a comparison, and
//! else cloned. Most are empty or hardly ever change.

use slotmap::{Key, SecondaryMap};
use std::ops::{Deref, DerefMut};

/// Implements `Clone` by fields; those after `trees` are compared before they are cloned into what was there, those after
/// `maps` are [`refill`]ed.
macro_rules! clone_by_field {
    ($type:ty { $($field:ident),* $(,)? } trees { $($tree:ident),* } maps { $($map:ident),* }) => {
        #[allow(clippy::clone_on_copy)] // Fields are treated alike, whether they are plain or not.
        impl Clone for $type {
            fn clone(&self) -> Self {
                Self {
                    $($field: self.$field.clone(),)*
                    $($tree: self.$tree.clone(),)*
                    $($map: self.$map.clone(),)*
                }
            }

            fn clone_from(&mut self, source: &Self) {
                $(self.$field.clone_from(&source.$field);)*
                $(if self.$tree != source.$tree {
                    self.$tree = source.$tree.clone();
                })*
                $($crate::world::refill::refill(&mut self.$map, &source.$map);)*
            }
        }
    };
}
pub(crate) use clone_by_field;

/// Clones a map into the room of another. Allocates only if they differ in keys.
pub(crate) fn refill<K: Key, V: Clone>(into: &mut SecondaryMap<K, V>, from: &SecondaryMap<K, V>) {
    let same = into.len() == from.len() && from.keys().all(|key| into.contains_key(key));
    if !same {
        *into = from.clone();
        return;
    }
    for (key, value) in from {
        into[key].clone_from(value);
    }
}

/// Room for what is there only within one call. It means nothing to a clone, which begins with none, or keeps its own.
#[derive(Debug, Default)]
pub(crate) struct Room<T>(T);

impl<T: Default> Clone for Room<T> {
    fn clone(&self) -> Self {
        Room::default()
    }

    fn clone_from(&mut self, _: &Self) {}
}

impl<T> Deref for Room<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Room<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use slotmap::{DefaultKey, SlotMap};

    #[test]
    fn what_is_refilled_is_a_clone_whatever_it_held_before() {
        let mut keys: SlotMap<DefaultKey, ()> = SlotMap::new();
        let [a, b] = [keys.insert(()), keys.insert(())];
        let map = |entries: &[(DefaultKey, &str)]| {
            let mut map = SecondaryMap::new();
            for &(key, text) in entries {
                map.insert(key, text.to_owned());
            }
            map
        };
        let from = map(&[(a, "new")]);
        for before in [
            map(&[]),
            map(&[(a, "old")]),
            map(&[(b, "old")]),
            map(&[(a, ""), (b, "")]),
        ] {
            let mut into = before;
            refill(&mut into, &from);
            assert_eq!(into, from);
        }
    }
}
