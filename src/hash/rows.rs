//! Rows of numbers that wait until there are enough of them to be hashed together.

// Elsewhere nothing goes side by side.
#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]

use super::{FIRST, GOLDEN, Hashing, SECOND};
use crate::lanes::{self, Column, Kernel, LANES, MANY};
use fearless_simd::prelude::*;
use fearless_simd::u64x8;

/// The hash of a row.
pub(crate) trait RowHash<const C: usize> {
    /// Of one row, or of many: takes the numbers into hashes that are zero.
    fn of<H: Hashing>(&self, hashes: H, row: [&H::Numbers; C]) -> H;
}

/// Rows of so many numbers, by columns.
#[derive(Clone, Debug)]
pub(crate) struct Rows<const C: usize> {
    columns: [Column; C],
    many: usize,
}

impl<const C: usize> Default for Rows<C> {
    fn default() -> Self {
        let columns = [Column::ZERO; C];
        Self { columns, many: 0 }
    }
}

impl<const C: usize> Rows<C> {
    /// So many fit.
    pub(crate) const ROOM: usize = MANY;

    /// Adds a row; answers whether no other fits. They have to be given up before another one is added.
    #[inline(always)]
    pub(crate) fn add(&mut self, row: [u64; C]) -> bool {
        debug_assert!(self.many < MANY, "nobody has given up the rows");
        let place = self.many % MANY;
        for (column, number) in self.columns.iter_mut().zip(row) {
            column.0[place] = number;
        }
        self.many = place + 1;
        self.many == MANY
    }

    /// Puts a row in a place; see [`Rows::keep`].
    #[inline(always)]
    pub(crate) fn put(&mut self, place: usize, row: [u64; C]) {
        for (column, number) in self.columns.iter_mut().zip(row) {
            column.0[place % MANY] = number;
        }
    }

    /// There are so many: the first ones, or those that were put there.
    pub(crate) fn keep(&mut self, many: usize) {
        self.many = many.min(MANY);
    }

    /// How many there are.
    #[inline(always)]
    pub(crate) const fn len(&self) -> usize {
        self.many
    }

    /// All of them in turn.
    #[inline(always)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = [u64; C]> + Clone {
        let row = |place: usize| std::array::from_fn(|column| self.columns[column].0[place % MANY]);
        (0..self.many).map(row)
    }

    /// The hash of each row, in order; what stands behind them is of no account. The rows are kept.
    #[inline(always)]
    pub(crate) fn each<H: RowHash<C>>(&self, hash: &H) -> Column {
        let (columns, many) = (&self.columns, self.many);
        lanes::run(Each {
            columns,
            many,
            hash,
        })
    }

    /// The wrapping sum of the hashes of all rows.
    #[inline(never)]
    pub(crate) fn sum<H: RowHash<C>>(&self, hash: &H) -> u64 {
        let (columns, many) = (&self.columns, self.many);
        lanes::run(Sum {
            columns,
            many,
            hash,
        })
    }

    /// Gives up all rows.
    #[inline(always)]
    pub(crate) const fn clear(&mut self) {
        self.many = 0;
    }
}

/// The sum of the hashes of the first rows.
struct Sum<'a, H, const C: usize> {
    columns: &'a [Column; C],
    many: usize,
    hash: &'a H,
}

impl<H: RowHash<C>, const C: usize> Kernel for Sum<'_, H, C> {
    type Out = u64;

    #[inline(always)]
    fn wide<S: Simd>(&mut self, simd: S) -> u64 {
        let mut sums = u64x8::splat(simd, 0);
        let (groups, rest) = (self.many.min(MANY) / LANES, self.many % LANES);
        let whole = |_, hashes| sums += hashes;
        hash_all(simd, (self.columns, groups), self.hash, whole);
        let sums: [u64; LANES] = sums.into();
        let mut sum = sums.iter().fold(0_u64, |sum, one| sum.wrapping_add(*one));
        if rest > 0 {
            let [last]: [_; 1] = hash_some(simd, self.columns, groups, self.hash);
            let last: [u64; LANES] = last.into();
            for one in &last[..rest] {
                sum = sum.wrapping_add(*one);
            }
        }
        sum
    }

    #[inline(always)]
    fn narrow(&mut self) -> u64 {
        let (columns, hash) = (self.columns, self.hash);
        let one =
            |place: usize| hash.of(0, std::array::from_fn(|column| &columns[column].0[place]));
        (0..self.many.min(MANY)).fold(0, |sum, place| sum.wrapping_add(one(place)))
    }
}

/// The hashes of the first rows.
struct Each<'a, H, const C: usize> {
    columns: &'a [Column; C],
    many: usize,
    hash: &'a H,
}

impl<H: RowHash<C>, const C: usize> Kernel for Each<'_, H, C> {
    type Out = Column;

    #[inline(always)]
    fn wide<S: Simd>(&mut self, simd: S) -> Column {
        let mut all = Column::ZERO;
        let groups = self.many.min(MANY).div_ceil(LANES);
        let store = |group: usize, hashes: u64x8<S>| {
            hashes.store_slice(&mut all.groups_mut()[group]);
        };
        hash_all(simd, (self.columns, groups), self.hash, store);
        all
    }

    #[inline(always)]
    fn narrow(&mut self) -> Column {
        let (columns, hash) = (self.columns, self.hash);
        let mut hashes = Column::ZERO;
        for (place, one) in hashes.0.iter_mut().enumerate().take(self.many) {
            *one = hash.of(0, std::array::from_fn(|column| &columns[column].0[place]));
        }
        hashes
    }
}

/// So many groups of lanes go together: a multiplication takes many times as long as it keeps the next one waiting, so what is done to
/// one group does not wait for what was done to the one before.
const ABREAST: usize = 4;

/// Hands out the hashes of the first groups, one after another, with the number of each.
#[inline(always)]
fn hash_all<S: Simd, H: RowHash<C>, const C: usize>(
    simd: S,
    (columns, groups): (&[Column; C], usize),
    hash: &H,
    mut out: impl FnMut(usize, u64x8<S>),
) {
    let mut group = 0;
    while group + ABREAST <= groups {
        let hashes: [_; ABREAST] = hash_some(simd, columns, group, hash);
        for (place, hashes) in (group..).zip(hashes) {
            out(place, hashes);
        }
        group += ABREAST;
    }
    for place in group..groups {
        let [hashes]: [_; 1] = hash_some(simd, columns, place, hash);
        out(place, hashes);
    }
}

/// The hashes of some groups, from one on.
#[inline(always)]
fn hash_some<S: Simd, H: RowHash<C>, const C: usize, const N: usize>(
    simd: S,
    columns: &[Column; C],
    first: usize,
    hash: &H,
) -> [u64x8<S>; N] {
    let zero = [u64x8::splat(simd, 0); N];
    let numbers = columns.each_ref().map(|column| {
        let groups = column.groups()[first..].first_chunk();
        groups.expect("whoever asks knows how many there are")
    });
    hash.of(Abreast { simd, hashes: zero }, numbers).hashes
}

/// The hashes of some groups of lanes.
struct Abreast<S: Simd, const N: usize> {
    simd: S,
    hashes: [u64x8<S>; N],
}

#[inline(always)]
fn mixed<S: Simd>(hashes: u64x8<S>) -> u64x8<S> {
    let z = hashes + GOLDEN;
    let z = (z ^ (z >> 30)) * FIRST;
    let z = (z ^ (z >> 27)) * SECOND;
    z ^ (z >> 31)
}

impl<S: Simd, const N: usize> Hashing for Abreast<S, N> {
    type Numbers = [[u64; LANES]; N];

    #[inline(always)]
    fn mix(mut self) -> Self {
        for hashes in &mut self.hashes {
            *hashes = mixed(*hashes);
        }
        self
    }

    #[inline(always)]
    fn join_with(mut self, numbers: &[[u64; LANES]; N], up: u32, flips: u64) -> Self {
        for (hashes, numbers) in self.hashes.iter_mut().zip(numbers) {
            let numbers = (u64x8::from_slice(self.simd, numbers) << up) ^ flips;
            *hashes = mixed(*hashes ^ numbers);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::{combine, mix};
    use crate::lanes::in_every_way;

    /// Takes every step that there is.
    struct Steps;

    impl RowHash<2> for Steps {
        fn of<H: Hashing>(&self, hashes: H, [a, b]: [&H::Numbers; 2]) -> H {
            hashes.join_with(a, 32, 7).mix().join(b)
        }
    }

    /// So many rows, and behind them what is of no account.
    fn rows(many: usize) -> Rows<2> {
        let mut rows = Rows::default();
        for place in 0..MANY as u64 {
            rows.add([mix(place), mix(!place)]);
        }
        rows.clear();
        for place in 0..many as u64 {
            let full = rows.add([mix(place + 100), mix(!place)]);
            assert_eq!(full, place + 1 == MANY as u64);
        }
        rows
    }

    #[test]
    fn rows_side_by_side_hash_as_each_by_itself() {
        for many in 0..=MANY {
            let rows = rows(many);
            let (columns, hash) = (&rows.columns, &Steps);
            let plain: Vec<u64> = rows
                .iter()
                .map(|[a, b]| combine(mix(a << 32 ^ 7), b))
                .collect();
            assert_eq!(plain.len(), rows.len());
            let sum = plain.iter().fold(0, |sum: u64, &one| sum.wrapping_add(one));
            assert_eq!(rows.sum(&Steps), sum);
            assert_eq!(rows.each(&Steps).0[..many], plain);
            let sums = || Sum {
                columns,
                many,
                hash,
            };
            for (way, answer) in in_every_way(sums) {
                assert_eq!(answer, sum, "{many} rows, {way}");
            }
            let each = || Each {
                columns,
                many,
                hash,
            };
            for (way, answer) in in_every_way(each) {
                assert_eq!(answer.0[..many], plain, "{many} rows, {way}");
            }
        }
    }
}
