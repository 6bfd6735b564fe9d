//! Who gets how much of links that several use: fractions for what comes first, max-min shares of the rest.
//!
//! Pure arithmetic on whole numbers, without time and without keys: links are places in a slice. Nothing here rounds up, so
//! what is handed out never exceeds what is there.

use crate::units::Rate;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A rate in units of 2^-20 byte per second, at most 2^64 - 1 of them (just under 16 TiB/s).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Speed(pub u64);

impl Speed {
    /// How many units one byte per second has, as a power of two.
    pub const BITS: u32 = 20;
    /// Nothing moves.
    pub const ZERO: Self = Self(0);

    /// The speed that a rate is, saturating.
    #[must_use]
    pub fn of(rate: Rate) -> Self {
        Self(rate.0.saturating_mul(1 << Self::BITS))
    }

    /// In whole bytes per second, rounded down.
    #[must_use]
    pub const fn rate(self) -> Rate {
        Rate(self.0 >> Self::BITS)
    }
}

/// A fraction between 0 and 1, in units of 2^-63.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fraction(u64);

impl Fraction {
    /// Nothing of it.
    pub const ZERO: Self = Self(0);
    /// All of it.
    pub const ONE: Self = Self(1 << 63);

    /// More than a fraction can be, as somebody may have written it by hand.
    #[cfg(test)]
    pub(super) fn beyond_one() -> Self {
        Self(Self::ONE.0 + 1)
    }

    /// `part` of `whole`, rounded down; all of it where `whole` is no more than `part`, so also where both are zero.
    #[must_use]
    pub fn ratio(part: u64, whole: u128) -> Self {
        if whole <= u128::from(part) {
            return Self::ONE;
        }
        let units = (u128::from(part) << 63) / whole;
        Self(u64::try_from(units).expect("a part is less than the whole, so this is below 2^63"))
    }

    /// This much of `amount`, rounded down.
    #[must_use]
    pub fn of(self, amount: u64) -> u64 {
        let product = (u128::from(amount) * u128::from(self.0)) >> 63;
        u64::try_from(product).expect("a fraction is at most 1")
    }

    /// This much of `amount`, rounded to the nearest: a fraction is itself rounded down, so where the true part is whole
    /// this is it.
    #[must_use]
    pub fn nearest(self, amount: u64) -> u64 {
        let product = (u128::from(amount) * u128::from(self.0) + (1 << 62)) >> 63;
        u64::try_from(product).expect("a fraction is at most 1")
    }

    /// This much of so many microseconds, in units of 2^-63 microsecond.
    pub(super) fn of_many(self, micros: u128) -> u128 {
        micros.saturating_mul(u128::from(self.0))
    }

    /// As a number between 0 and 1, for display.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / Self::ONE.0 as f64
    }
}

/// How much has passed of what comes before all copies: the integral over time of the fraction that passed, in units of
/// 2^-63 microsecond. Two of them say how much of any one demand has passed in between.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Passed(pub(super) u128);

impl Passed {
    /// Before anything passed.
    pub const NONE: Passed = Passed(0);

    /// What passed of so many bytes a second since an earlier reading, in millionths of a byte, rounded to the nearest: a
    /// fraction is rounded down, and where the true amount is whole this gives it.
    #[must_use]
    pub fn since(self, earlier: Passed, rate: u64) -> u128 {
        let units = self.0.saturating_sub(earlier.0);
        let (whole, part) = (units >> 63, units & ((1 << 63) - 1));
        let rate = u128::from(rate);
        let part = (part * rate + (1 << 62)) >> 63;
        whole.saturating_mul(rate).saturating_add(part)
    }
}

/// A demand that comes before all copies: so much on each of these links.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand<'a> {
    /// How much is wanted.
    pub speed: u64,
    /// The links it uses, each once.
    pub links: &'a [usize],
}

/// What the demands leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Passing {
    /// By demand, the fraction of it that passes.
    pub factors: Vec<Fraction>,
    /// By link, what passes over it.
    pub used: Vec<u64>,
    /// By link, what is left for copies: nothing where the demands fill or exceed the link.
    pub left: Vec<u64>,
}

/// Lets demands pass in full where they fit; a demand is scaled by the scarcest of its links, capacity over total demand.
pub(super) fn pass(capacities: &[u64], demands: &[Demand<'_>]) -> Passing {
    let mut wanted = vec![0_u128; capacities.len()];
    for demand in demands {
        for &link in demand.links {
            wanted[link] += u128::from(demand.speed);
        }
    }
    let fraction = |&link: &usize| Fraction::ratio(capacities[link], wanted[link]);
    let factors: Vec<Fraction> = demands
        .iter()
        .map(|demand| {
            let scarcest = demand.links.iter().map(fraction).min();
            scarcest.unwrap_or(Fraction::ONE)
        })
        .collect();
    let mut used = vec![0_u64; capacities.len()];
    for (demand, factor) in demands.iter().zip(&factors) {
        let passing = factor.of(demand.speed);
        for &link in demand.links {
            // Each is its part of the capacity rounded down, so the sum is at most the capacity.
            used[link] += passing;
        }
    }
    let left = (0..capacities.len())
        .map(|link| {
            if wanted[link] >= u128::from(capacities[link]) {
                0
            } else {
                capacities[link] - used[link]
            }
        })
        .collect();
    Passing {
        factors,
        used,
        left,
    }
}

/// A class of copies that want as much as they can get.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim<'a> {
    /// How many copies, at least one.
    pub copies: u64,
    /// The most that one copy takes.
    pub limit: Option<u64>,
    /// The links that each copy uses, each once; at least one.
    pub links: &'a [usize],
}

/// A link while it is being filled.
struct Pool {
    /// What nobody has taken yet.
    left: u64,
    /// How many copies have no rate yet.
    copies: u64,
    /// The classes on it.
    claims: Vec<usize>,
}

impl Pool {
    /// What each copy without a rate can have of this link.
    fn level(&self) -> Option<u64> {
        self.left.checked_div(self.copies)
    }
}

/// By class, the rate of each of its copies: the rates of all copies rise together until one reaches its limit or one of its
/// links is full (max-min fairness by progressive filling).
///
/// Rates are whole units, rounded down, so a full link may keep fewer units than it has copies. Where two links
/// are full at one level, the one that comes first in `left` goes first. O(n log n) in the uses of links by classes.
pub(super) fn fill(left: &[u64], claims: &[Claim<'_>]) -> Vec<u64> {
    let mut filling = Filling::new(left, claims);
    let mut by_limit: Vec<(u64, usize)> = claims
        .iter()
        .enumerate()
        .filter_map(|(at, claim)| claim.limit.map(|limit| (limit, at)))
        .collect();
    by_limit.sort_unstable();
    let mut by_limit = by_limit.into_iter().peekable();
    while let Some((level, link)) = filling.scarcest() {
        if let Some((limit, claim)) = by_limit.next_if(|&(limit, _)| limit <= level) {
            filling.give(claim, limit);
        } else {
            for claim in std::mem::take(&mut filling.pools[link].claims) {
                filling.give(claim, level);
            }
        }
    }
    let rates = filling.rates.into_iter();
    rates.map(Option::unwrap_or_default).collect()
}

/// The state of [`fill`].
struct Filling<'a> {
    claims: &'a [Claim<'a>],
    pools: Vec<Pool>,
    rates: Vec<Option<u64>>,
    /// Links by level; a link's level only rises, so an entry that is too low is put right when it comes up.
    levels: BinaryHeap<Reverse<(u64, usize)>>,
}

impl<'a> Filling<'a> {
    fn new(left: &[u64], claims: &'a [Claim<'a>]) -> Self {
        let mut pools: Vec<Pool> = left
            .iter()
            .map(|&left| Pool {
                left,
                copies: 0,
                claims: Vec::new(),
            })
            .collect();
        for (at, claim) in claims.iter().enumerate() {
            for &link in claim.links {
                pools[link].copies += claim.copies;
                pools[link].claims.push(at);
            }
        }
        let levels = pools
            .iter()
            .enumerate()
            .filter_map(|(link, pool)| pool.level().map(|level| Reverse((level, link))))
            .collect();
        Self {
            claims,
            pools,
            rates: vec![None; claims.len()],
            levels,
        }
    }

    /// The link that is full first, and the rate of its copies then; it stays in the queue.
    fn scarcest(&mut self) -> Option<(u64, usize)> {
        while let Some(Reverse((noted, link))) = self.levels.peek().copied() {
            match self.pools[link].level() {
                Some(level) if level == noted => return Some((level, link)),
                Some(level) => {
                    self.levels.pop();
                    self.levels.push(Reverse((level, link)));
                }
                None => {
                    self.levels.pop();
                }
            }
        }
        None
    }

    /// Settles the rate of a class that has none yet. It is at most the level of each of its links.
    fn give(&mut self, claim: usize, rate: u64) {
        if self.rates[claim].is_some() {
            return;
        }
        self.rates[claim] = Some(rate);
        let Claim { copies, links, .. } = self.claims[claim];
        for &link in links {
            let pool = &mut self.pools[link];
            // No overflow: the level is what is left over the copies, of which these are some.
            pool.left -= rate * copies;
            pool.copies -= copies;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn claim(copies: u64, limit: Option<u64>, links: &[usize]) -> Claim<'_> {
        Claim {
            copies,
            limit,
            links,
        }
    }

    #[test]
    fn equal_copies_share_equally() {
        assert_eq!(fill(&[100], &[claim(3, None, &[0])]), [33]);
        assert_eq!(
            fill(&[100], &[claim(1, None, &[0]), claim(3, None, &[0])]),
            [25, 25]
        );
        assert_eq!(fill(&[], &[]), [0_u64; 0]);
        assert_eq!(fill(&[0], &[claim(5, Some(7), &[0])]), [0]);
    }

    #[test]
    fn what_a_limit_leaves_goes_to_the_others() {
        let rates = fill(
            &[100],
            &[
                claim(2, Some(10), &[0]),
                claim(1, None, &[0]),
                claim(1, Some(70), &[0]),
            ],
        );
        assert_eq!(rates, [10, 40, 40]);
        assert_eq!(fill(&[100], &[claim(2, Some(10), &[0])]), [10]);
    }

    #[test]
    fn three_links_and_crossing_routes() {
        // Bertsekas and Gallager's example: the copy over both links is held back by the narrow one alone.
        let rates = fill(
            &[10, 60, 100],
            &[
                claim(1, None, &[0]),
                claim(1, None, &[0, 1]),
                claim(1, None, &[1, 2]),
                claim(1, None, &[2]),
            ],
        );
        assert_eq!(rates, [5, 5, 50, 50]);
        let rates = fill(
            &[10, 60, 100],
            &[
                claim(1, None, &[0]),
                claim(1, None, &[0, 1]),
                claim(1, Some(30), &[1, 2]),
                claim(1, None, &[2]),
            ],
        );
        assert_eq!(rates, [5, 5, 30, 70]);
    }

    #[test]
    fn demands_beyond_a_link_are_scaled_in_proportion() {
        let both = [0, 1];
        let first = [0];
        let passing = pass(
            &[100, 50],
            &[
                Demand {
                    speed: 150,
                    links: &both,
                },
                Demand {
                    speed: 50,
                    links: &first,
                },
            ],
        );
        // The first link lets half pass, the second a third of the one that uses it.
        assert_eq!(passing.used, [49 + 25, 49]);
        assert_eq!(passing.left, [0, 0]);
        assert!((passing.factors[0].as_f64() - 1.0 / 3.0).abs() < 1e-12);
        assert!((passing.factors[1].as_f64() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn the_largest_figures_do_not_overflow() {
        assert_eq!(fill(&[u64::MAX], &[claim(1, None, &[0])]), [u64::MAX]);
        let huge = Demand {
            speed: u64::MAX,
            links: &[0],
        };
        let passing = pass(&[u64::MAX], &[huge, huge]);
        assert_eq!(passing.factors, [Fraction(1 << 62); 2]);
        assert_eq!(pass(&[u64::MAX], &[huge]).factors, [Fraction::ONE]);
        assert_eq!(pass(&[0], &[huge]).factors, [Fraction::ZERO]);
        assert_eq!(Speed::of(Rate(u64::MAX)), Speed(u64::MAX));
    }

    /// Links from a bit mask, never none.
    fn links(mask: usize, count: usize) -> Vec<usize> {
        let chosen: Vec<usize> = (0..count).filter(|link| mask >> link & 1 == 1).collect();
        if chosen.is_empty() {
            vec![mask % count]
        } else {
            chosen
        }
    }

    proptest! {
        #[test]
        fn shares_are_max_min_fair(
            left in proptest::collection::vec(0_u64..5000, 1..6),
            wishes in proptest::collection::vec((1_u64..20, proptest::option::of(0_u64..600), 0_usize..64), 0..12),
        ) {
            let paths: Vec<Vec<usize>> = wishes.iter().map(|w| links(w.2, left.len())).collect();
            let claims: Vec<Claim<'_>> = wishes.iter().zip(&paths).map(|(w, path)| claim(w.0, w.1, path)).collect();
            let rates = fill(&left, &claims);
            let on = |link: usize| claims.iter().zip(&rates).filter(move |(c, _)| c.links.contains(&link));
            let used = |link: usize| on(link).map(|(c, rate)| c.copies * rate).sum::<u64>();
            for (link, &left) in left.iter().enumerate() {
                prop_assert!(used(link) <= left);
            }
            for (claim, &rate) in claims.iter().zip(&rates) {
                prop_assert!(claim.limit.is_none_or(|limit| rate <= limit));
                let held_back = claim.links.iter().any(|&link| {
                    let copies: u64 = on(link).map(|(c, _)| c.copies).sum();
                    left[link] - used(link) < copies && on(link).all(|(_, &other)| other <= rate)
                });
                prop_assert!(claim.limit == Some(rate) || held_back, "{:?} has {}", claim, rate);
            }
        }

        #[test]
        fn what_passes_fits(
            capacities in proptest::collection::vec(0_u64..5000, 1..6),
            wishes in proptest::collection::vec((0_u64..4000, 0_usize..64), 0..8),
        ) {
            let paths: Vec<Vec<usize>> = wishes.iter().map(|w| links(w.1, capacities.len())).collect();
            let demands: Vec<Demand<'_>> = wishes.iter().zip(&paths)
                .map(|(w, links)| Demand { speed: w.0, links }).collect();
            let passing = pass(&capacities, &demands);
            for (link, &capacity) in capacities.iter().enumerate() {
                prop_assert!(passing.used[link] + passing.left[link] <= capacity);
                let wanted: u64 = demands.iter().filter(|d| d.links.contains(&link)).map(|d| d.speed).sum();
                prop_assert_eq!(passing.left[link] > 0, wanted < capacity);
            }
            for (demand, factor) in demands.iter().zip(&passing.factors) {
                let fits = demand.links.iter().all(|&link| {
                    demands.iter().filter(|d| d.links.contains(&link)).map(|d| d.speed).sum::<u64>() <= capacities[link]
                });
                prop_assert_eq!(*factor == Fraction::ONE, fits);
            }
        }
    }
}
