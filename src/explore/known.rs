//! The hashes of the states that were found: a set that only grows and is never listed.
//!
//! Linear probing over a power of two of slots, at most three quarters of them full: 11 to 22 bytes for each state. The
//! hashes are good ones, so their lowest bits choose the slot.

/// A set of hashes.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// 0 is an empty slot; the hash 0 is kept as 1.
    slots: Vec<u64>,
    len: usize,
}

impl Known {
    /// Puts a hash in; answers whether it is new.
    pub fn insert(&mut self, hash: u64) -> bool {
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let hash = hash.max(1);
        let place = self.place(hash);
        let new = self.slots[place] == 0;
        self.slots[place] = hash;
        self.len += usize::from(new);
        new
    }

    /// Whether a hash is in.
    pub fn contains(&self, hash: u64) -> bool {
        let hash = hash.max(1);
        !self.slots.is_empty() && self.slots[self.place(hash)] == hash
    }

    /// The bytes it takes.
    pub const fn bytes(&self) -> usize {
        self.slots.capacity() * 8
    }

    /// Where a hash is, or would be.
    fn place(&self, hash: u64) -> usize {
        let last = self.slots.len() - 1;
        let mut place = hash as usize & last;
        while self.slots[place] != 0 && self.slots[place] != hash {
            place = (place + 1) & last;
        }
        place
    }

    fn grow(&mut self) {
        let room = (self.slots.len() * 2).max(64);
        let old = std::mem::replace(&mut self.slots, vec![0; room]);
        for hash in old.into_iter().filter(|&hash| hash != 0) {
            let place = self.place(hash);
            self.slots[place] = hash;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn it_holds_what_was_put_in_and_nothing_else() {
        let (mut known, mut model) = (Known::default(), BTreeSet::new());
        assert!(!known.contains(0));
        for n in 0..10_000_u64 {
            // Few distinct low bits, so that slots collide.
            let hash = (n * n % 4_099) << 3;
            assert_eq!(known.contains(hash), model.contains(&hash));
            assert_eq!(known.insert(hash), model.insert(hash));
        }
        assert_eq!(known.len, model.len());
        assert!((0..40_000).all(|hash| known.contains(hash) == model.contains(&hash)));
    }
}
