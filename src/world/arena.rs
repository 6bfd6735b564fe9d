//! Records by key, in two parts, that can be fetched ahead: of pairs there may be millions.
//!
//! A run looks at one pair after another at which it has not looked for a long time, so what it waits for is memory. Hence three things that a
//! slot map of `slotmap` does not give. A record takes one line of memory, and what is hardly ever asked of it, its base, is
//! kept apart. The version that a key has to have is part of the record. And a record can be fetched ahead, which means to
//! say where it is without a look at it. Keys and the order of what is listed are those of `slotmap::SlotMap`; a property
//! test holds one to the other.

use crate::cache::fetch;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use slotmap::{Key, KeyData};
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// A record of an [`Arena`].
pub trait Record {
    /// What is hardly ever asked of it.
    type Base;
    /// The version of its key.
    fn version(&self) -> u32;
    /// Notes the version of its key.
    fn set_version(&mut self, version: u32);
}

/// The room of a record: a line of memory.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct Slot<V>(Option<V>);

/// Records by key, and their bases.
pub struct Arena<K, V: Record> {
    slots: Vec<Slot<V>>,
    /// By the same places. Of an empty slot it is what was there last.
    bases: Vec<V::Base>,
    /// The places of empty slots, and the versions of the keys that they had last. The last one is used first.
    free: Vec<(u32, u32)>,
    key: PhantomData<fn(K) -> K>,
}

/// Why a record is there.
const HELD: &str = "whoever has a key as an index knows that its record exists";

/// The place of a key and its version.
#[inline(always)]
fn place<K: Key>(key: K) -> (usize, u32) {
    let bits = key.data().as_ffi();
    (bits as u32 as usize, (bits >> 32) as u32)
}

/// The key of a place and a version.
#[inline(always)]
fn key<K: Key>(place: usize, version: u32) -> K {
    K::from(KeyData::from_ffi(u64::from(version) << 32 | place as u64))
}

impl<K, V: Record> Default for Arena<K, V> {
    fn default() -> Self {
        Arena {
            slots: Vec::new(),
            bases: Vec::new(),
            free: Vec::new(),
            key: PhantomData,
        }
    }
}

impl<K, V: Record<Base: Clone> + Clone> Clone for Arena<K, V> {
    fn clone(&self) -> Self {
        Arena {
            slots: self.slots.clone(),
            bases: self.bases.clone(),
            free: self.free.clone(),
            key: PhantomData,
        }
    }

    /// Into the room that is there, record by record.
    fn clone_from(&mut self, source: &Self) {
        self.slots.truncate(source.slots.len());
        let (alike, more) = source.slots.split_at(self.slots.len());
        for (slot, from) in self.slots.iter_mut().zip(alike) {
            slot.0.clone_from(&from.0);
        }
        self.slots.extend_from_slice(more);
        self.bases.clone_from(&source.bases);
        self.free.clone_from(&source.free);
    }
}

impl<K: Key, V: Record> Arena<K, V> {
    /// How many records there are.
    pub const fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many records fit without room being made for them; of their bases it does not speak.
    pub const fn capacity(&self) -> usize {
        self.slots.capacity()
    }

    /// The record of a key, if it still exists.
    #[inline(always)]
    pub fn get(&self, key: K) -> Option<&V> {
        let (place, version) = place(key);
        let record = self.slots.get(place)?.0.as_ref();
        record.filter(|record| record.version() == version)
    }

    /// The same, to be changed.
    #[inline(always)]
    pub fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let (place, version) = place(key);
        let record = self.slots.get_mut(place)?.0.as_mut();
        record.filter(|record| record.version() == version)
    }

    /// Whether there is a record of a key.
    pub fn contains_key(&self, key: K) -> bool {
        self.get(key).is_some()
    }

    /// The base of a key's record, if it still exists.
    pub fn get_base(&self, key: K) -> Option<&V::Base> {
        self.get(key)?;
        self.bases.get(place(key).0)
    }

    /// The base of a record that exists.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub fn base(&self, key: K) -> &V::Base {
        self.get_base(key).expect(HELD)
    }

    /// The same, to be changed.
    ///
    /// # Panics
    ///
    /// If there is no record.
    pub(crate) fn base_mut(&mut self, key: K) -> &mut V::Base {
        assert!(self.contains_key(key), "{HELD}");
        &mut self.bases[place(key).0]
    }

    /// Has the record of a key fetched, which will be looked at soon. It waits for nothing, and does not know whether there is one.
    #[inline(always)]
    pub(crate) fn fetch(&self, key: K) {
        if let Some(slot) = self.slots.get(place(key).0) {
            fetch(slot);
        }
    }

    /// Adds a record with its base; answers its key, which no other record had, as long as a place was not used two billion times.
    ///
    /// # Panics
    ///
    /// If there are more records than 32 bits can count.
    pub fn insert(&mut self, mut record: V, base: V::Base) -> K {
        if let Some((place, version)) = self.free.pop() {
            let version = version.wrapping_add(2);
            record.set_version(version);
            self.slots[place as usize].0 = Some(record);
            self.bases[place as usize] = base;
            return key(place as usize, version);
        }
        assert!(
            self.slots.len() < u32::MAX as usize,
            "a world holds no more pairs than 32 bits can count"
        );
        record.set_version(1);
        self.slots.push(Slot(Some(record)));
        self.bases.push(base);
        key(self.slots.len() - 1, 1)
    }

    /// Takes the record of a key out, if it still exists.
    pub fn remove(&mut self, key: K) -> Option<V> {
        self.get(key)?;
        let (place, version) = place(key);
        self.free.push((place as u32, version));
        self.slots[place].0.take()
    }

    /// The records with their keys, by their places.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter {
            slots: self.slots.iter().enumerate(),
            key: PhantomData,
        }
    }

    /// The keys of the records, by their places.
    pub fn keys(&self) -> impl Iterator<Item = K> + '_ {
        self.iter().map(|(key, _)| key)
    }

    /// The records, by their places.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.slots.iter().filter_map(|slot| slot.0.as_ref())
    }

    /// The same, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.slots.iter_mut().filter_map(|slot| slot.0.as_mut())
    }
}

/// The records of an [`Arena`] with their keys.
pub struct Iter<'a, K, V> {
    slots: std::iter::Enumerate<std::slice::Iter<'a, Slot<V>>>,
    key: PhantomData<fn(K) -> K>,
}

impl<'a, K: Key, V: Record> Iterator for Iter<'a, K, V> {
    type Item = (K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        self.slots.find_map(|(place, slot)| {
            let record = slot.0.as_ref()?;
            Some((key(place, record.version()), record))
        })
    }
}

impl<'a, K: Key, V: Record> IntoIterator for &'a Arena<K, V> {
    type Item = (K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<K: Key, V: Record> Index<K> for Arena<K, V> {
    type Output = V;

    #[inline(always)]
    fn index(&self, key: K) -> &V {
        self.get(key).expect(HELD)
    }
}

impl<K: Key, V: Record> IndexMut<K> for Arena<K, V> {
    #[inline(always)]
    fn index_mut(&mut self, key: K) -> &mut V {
        self.get_mut(key).expect(HELD)
    }
}

impl<K: Key, V: Record<Base: fmt::Debug> + fmt::Debug> fmt::Debug for Arena<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self
            .iter()
            .map(|(key, record)| (key, (self.base(key), record)));
        f.debug_map().entries(entries).finish()
    }
}

/// A slot as it is written.
#[derive(Serialize, Deserialize)]
struct Written<V, B> {
    record: Option<V>,
    base: B,
    version: u32,
}

impl<K: Key, V: Record<Base: Serialize> + Serialize> Serialize for Arena<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut left: Vec<(u32, u32)> = self.free.clone();
        left.sort_unstable();
        let mut left = left.into_iter();
        let slots = self.slots.iter().zip(&self.bases).map(move |(slot, base)| {
            let record = slot.0.as_ref();
            let version = record.map(V::version).or_else(|| Some(left.next()?.1));
            Written {
                record,
                base,
                version: version.expect("an empty slot is in the list"),
            }
        });
        serializer.collect_seq(slots)
    }
}

impl<'de, K: Key, V> Deserialize<'de> for Arena<K, V>
where
    V: Record<Base: Deserialize<'de>> + Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut arena = Arena::default();
        for Written {
            mut record,
            base,
            version,
        } in Vec::<Written<V, V::Base>>::deserialize(deserializer)?
        {
            if version % 2 == 0 {
                return Err(de::Error::custom("the version of a key is odd"));
            }
            match &mut record {
                Some(record) => record.set_version(version),
                None => arena.free.push((arena.slots.len() as u32, version)),
            }
            arena.slots.push(Slot(record));
            arena.bases.push(base);
        }
        if arena.slots.len() > u32::MAX as usize {
            return Err(de::Error::custom(
                "there are more pairs than 32 bits can count",
            ));
        }
        Ok(arena)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use slotmap::{DefaultKey, SlotMap};

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Number {
        number: u32,
        #[serde(skip)]
        version: u32,
    }

    impl Record for Number {
        type Base = String;

        fn version(&self) -> u32 {
            self.version
        }

        fn set_version(&mut self, version: u32) {
            self.version = version;
        }
    }

    type Numbers = Arena<DefaultKey, Number>;

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u32),
        /// The key that was given out at a place of all.
        Remove(usize),
        Change(usize, u32),
        /// A copy goes on, made into the room of what there was so many steps ago.
        Copy,
        /// What was written and read goes on.
        Reload,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => any::<u32>().prop_map(Step::Insert),
            3 => any::<usize>().prop_map(Step::Remove),
            2 => (any::<usize>(), any::<u32>()).prop_map(|(place, number)| Step::Change(place, number)),
            1 => Just(Step::Copy),
            1 => Just(Step::Reload),
        ];
        proptest::collection::vec(step, 0..60)
    }

    /// Every key that was ever given out by the arena, and the one of the slot map for the same record.
    type Keys = Vec<(DefaultKey, DefaultKey)>;

    fn assert_same(arena: &Numbers, map: &SlotMap<DefaultKey, u32>, keys: &Keys) {
        assert_eq!((arena.len(), arena.is_empty()), (map.len(), map.is_empty()));
        for &(ours, theirs) in keys {
            let number = map.get(theirs).copied();
            assert_eq!(arena.get(ours).map(|it| it.number), number);
            assert_eq!(arena.contains_key(ours), map.contains_key(theirs));
            let base = number.map(|number| number.to_string());
            assert_eq!(arena.get_base(ours).cloned(), base);
            arena.fetch(ours);
        }
        let ours = arena.iter().map(|(key, it)| (key, it.number));
        let theirs = map.iter().map(|(key, &number)| {
            let of_same = keys.iter().find(|keys| keys.1 == key);
            (of_same.expect("it was given out").0, number)
        });
        assert_eq!(ours.collect::<Vec<_>>(), theirs.collect::<Vec<_>>());
        let numbers: Vec<u32> = map.values().copied().collect();
        assert!(arena.values().map(|it| it.number).eq(numbers));
        assert!(arena.keys().eq(arena.iter().map(|it| it.0)));
    }

    proptest! {
        #[test]
        fn an_arena_is_a_slot_map(steps in steps()) {
            let (mut arena, mut spare) = (Numbers::default(), Numbers::default());
            let (mut map, mut keys) = (SlotMap::new(), Keys::new());
            for step in steps {
                match step {
                    Step::Insert(number) => {
                        let record = Number { number, version: 0 };
                        let ours = arena.insert(record, number.to_string());
                        prop_assert!(keys.iter().all(|keys| keys.0 != ours), "a key came twice");
                        keys.push((ours, map.insert(number)));
                    }
                    Step::Remove(place) if !keys.is_empty() => {
                        let (ours, theirs) = keys[place % keys.len()];
                        let removed = arena.remove(ours).map(|it| it.number);
                        prop_assert_eq!(removed, map.remove(theirs));
                    }
                    Step::Change(place, number) if !keys.is_empty() => {
                        let (ours, theirs) = keys[place % keys.len()];
                        if let Some(record) = arena.get_mut(ours) {
                            record.number = number;
                            *arena.base_mut(ours) = number.to_string();
                            map[theirs] = number;
                        }
                    }
                    Step::Copy => {
                        spare.clone_from(&arena);
                        std::mem::swap(&mut spare, &mut arena);
                    }
                    Step::Reload => {
                        let text = serde_json::to_string(&arena).expect("it is data");
                        arena = serde_json::from_str(&text).expect("it was written so");
                        let again = serde_json::to_string(&arena).expect("it is data");
                        prop_assert_eq!(text, again);
                        map = serde_json::from_str(&serde_json::to_string(&map).expect("it is data"))
                            .expect("it was written so");
                    }
                    Step::Remove(_) | Step::Change(..) => {}
                }
                assert_same(&arena, &map, &keys);
            }
            prop_assert!(arena.get(DefaultKey::null()).is_none());
        }
    }

    #[test]
    fn what_is_no_arena_is_not_read() {
        let read = |text: &str| serde_json::from_str::<Numbers>(text);
        let slot = r#"{"record": {"number": 1}, "base": "1", "version": 1}"#;
        assert_eq!(read(&format!("[{slot}]")).expect("it is one").len(), 1);
        let even = slot.replace("\"version\": 1", "\"version\": 2");
        assert!(read(&format!("[{even}]")).is_err());
    }
}
