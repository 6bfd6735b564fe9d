//! The hashes of the states that were found: a set that only grows and is never listed.
//!
//! Linear probing over slots of which at most four fifths are full, half as many more whenever they are: 10 to 15 bytes for
//! each state. The hashes are good ones, so their lowest bits choose the slot. Each hash may have a number, for 4 bytes a slot
//! more.

/// A set of hashes.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// 0 is an empty slot; the hash 0 is kept as 1.
    slots: Vec<u64>,
    /// By slot, if hashes have numbers.
    numbers: Vec<u32>,
    numbered: bool,
    len: usize,
}

impl Known {
    /// A set whose hashes have numbers.
    pub fn numbered() -> Known {
        Known {
            numbered: true,
            ..Known::default()
        }
    }

    /// Puts a hash in; answers whether it is new.
    pub fn insert(&mut self, hash: u64) -> bool {
        if is_full(self.len + 1, self.slots.len()) {
            self.grow();
        }
        let hash = hash.max(1);
        let place = self.place(hash);
        let new = self.slots[place] == 0;
        self.slots[place] = hash;
        self.len += usize::from(new);
        new
    }

    /// Gives a hash that is in a number.
    pub fn set(&mut self, hash: u64, number: u32) {
        let place = self.place(hash.max(1));
        self.numbers[place] = number;
    }

    /// The number of a hash, if it is in.
    pub fn get(&self, hash: u64) -> Option<u32> {
        let hash = hash.max(1);
        if self.slots.is_empty() {
            return None;
        }
        let place = self.place(hash);
        (self.slots[place] == hash).then(|| self.numbers[place])
    }

    /// Whether a hash is in.
    pub fn contains(&self, hash: u64) -> bool {
        let hash = hash.max(1);
        !self.slots.is_empty() && self.slots[self.place(hash)] == hash
    }

    /// The bytes it takes.
    pub const fn bytes(&self) -> usize {
        self.slots.capacity() * 8 + self.numbers.capacity() * 4
    }

    /// The bytes it takes with so many more hashes.
    pub const fn bytes_with(&self, more: usize) -> usize {
        let mut room = self.slots.len();
        while is_full(self.len + more, room) {
            room = larger(room);
        }
        match self.numbered {
            true => room * 12,
            false => room * 8,
        }
    }

    /// Forgets all hashes and keeps the room.
    pub fn clear(&mut self) {
        self.slots.fill(0);
        self.len = 0;
    }

    /// Where a hash is, or would be.
    fn place(&self, hash: u64) -> usize {
        let room = self.slots.len();
        let mut place = (((hash & u64::from(u32::MAX)) * room as u64) >> 32) as usize;
        while self.slots[place] != 0 && self.slots[place] != hash {
            place += 1;
            if place == room {
                place = 0;
            }
        }
        place
    }

    fn grow(&mut self) {
        let room = larger(self.slots.len());
        let old = std::mem::replace(&mut self.slots, vec![0; room]);
        let numbers = match self.numbered {
            true => std::mem::replace(&mut self.numbers, vec![0; room]),
            false => Vec::new(),
        };
        for (n, hash) in old.into_iter().enumerate() {
            if hash != 0 {
                let place = self.place(hash);
                self.slots[place] = hash;
                if let Some(&number) = numbers.get(n) {
                    self.numbers[place] = number;
                }
            }
        }
    }
}

/// Whether so many are too many for so much room.
const fn is_full(len: usize, room: usize) -> bool {
    len * 5 > room * 4
}

/// The next room after one.
const fn larger(room: usize) -> usize {
    let more = room + room / 2;
    if more < 48 { 48 } else { more }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn it_holds_what_was_put_in_and_nothing_else() {
        let (mut known, mut model) = (Known::numbered(), BTreeMap::new());
        assert!(!known.contains(0));
        for n in 0..10_000_u32 {
            // Few distinct low bits, so that slots collide.
            let hash = u64::from(n * n % 4_099) << 3;
            assert_eq!(known.contains(hash), model.contains_key(&hash));
            assert_eq!(known.get(hash), model.get(&hash).copied());
            assert_eq!(known.insert(hash), model.insert(hash, n).is_none());
            let foreseen = known.bytes_with(1);
            known.set(hash, n);
            assert!(known.bytes() <= foreseen);
        }
        assert_eq!(known.len, model.len());
        assert!((2..40_000).all(|hash| known.get(hash) == model.get(&hash).copied()));
    }
}
