//! What may come of a part, remembered: the machine is asked once for a part in given surroundings, not once for a state.

use super::known::Known;
use super::parts::Seen;

/// One thing that may come of a part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    /// The code of the action.
    pub code: u32,
    /// Whether it takes a failure.
    pub fails: bool,
    /// The part afterwards and its share of a state's hash; None if more than the part has changed.
    pub to: Option<(u64, u64)>,
}

/// What is remembered of a part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// What it is found by.
    key: u64,
    /// Its share of a state's hash.
    pub share: u64,
    /// The statuses that it shows.
    pub seen: Seen,
    /// Whether its group is `protected` or `available`.
    pub rests: bool,
    /// Whether something may happen that changes more than this part, so that the world itself must be asked.
    pub is_wide: bool,
    first: u32,
    moves: u32,
}

/// What is remembered: by the search, for all threads to read, and what a thread has learnt since the search took in what
/// threads had learnt.
#[derive(Debug)]
pub(super) struct Memo {
    places: Known,
    entries: Vec<Entry>,
    moves: Vec<Move>,
}

impl Memo {
    pub fn new() -> Memo {
        Memo {
            places: Known::numbered(),
            entries: Vec::new(),
            moves: Vec::new(),
        }
    }

    /// The bytes it takes.
    pub fn bytes(&self) -> usize {
        self.places.bytes()
            + self.entries.capacity() * size_of::<Entry>()
            + self.moves.capacity() * size_of::<Move>()
    }

    /// Where a part is remembered.
    pub fn find(&self, key: u64) -> Option<u32> {
        self.places.get(key)
    }

    pub fn entry(&self, place: u32) -> &Entry {
        &self.entries[place as usize]
    }

    /// What may come of it, by code.
    pub fn moves(&self, entry: &Entry) -> &[Move] {
        &self.moves[entry.first as usize..][..entry.moves as usize]
    }

    /// Remembers a part; `moves` need not be in order.
    pub fn learn(
        &mut self,
        key: u64,
        share: u64,
        look: (Seen, bool),
        wide: bool,
        moves: &mut Vec<Move>,
    ) -> u32 {
        // The order in which a world lists what may happen depends on how it came about.
        moves.sort_unstable_by_key(|it| it.code);
        let place = self.entries.len() as u32;
        self.places.insert(key);
        self.places.set(key, place);
        self.entries.push(Entry {
            key,
            share,
            seen: look.0,
            rests: look.1,
            is_wide: wide || moves.iter().any(|it| it.to.is_none()),
            first: self.moves.len() as u32,
            moves: moves.len() as u32,
        });
        self.moves.append(moves);
        place
    }

    /// Takes over what another has learnt, which forgets it. The same key stands for the same, whoever learnt it.
    pub fn absorb(&mut self, news: &mut Memo) {
        for entry in &news.entries {
            if self.places.insert(entry.key) {
                self.places.set(entry.key, self.entries.len() as u32);
                self.entries.push(Entry {
                    first: self.moves.len() as u32,
                    ..*entry
                });
                self.moves.extend_from_slice(news.moves(entry));
            }
        }
        news.places.clear();
        news.entries.clear();
        news.moves.clear();
    }
}
