//! What few records of a kind have: kept apart from the record, and only where there is something to keep.
//!
//! A million pairs that are in step should not carry room for a million outages. A [`Rare`] reads like the value itself
//! everywhere, takes a pointer where the value is the plain one, and gets room of its own at the first change to
//! something else. It keeps that room until somebody tidies up, so that going to and fro allocates nothing.
//!
//! A clone shares the value until one of the two changes it: most forks change few of what they were made with, and making a
//! thousand small copies is what a fork would spend its time on.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A value that most records of a kind have nothing of.
pub trait Plain: Clone + PartialEq + 'static {
    /// What most records have; equal to what no change was ever made to.
    const PLAIN: &'static Self;
}

/// A value that is [`Plain::PLAIN`] nearly everywhere. Compared, printed and serialized as the value.
pub struct Rare<T>(Option<Arc<T>>);

impl<T: Plain> Rare<T> {
    /// The plain value.
    #[must_use]
    pub const fn plain() -> Self {
        Rare(None)
    }

    /// This value.
    #[must_use]
    pub fn of(value: T) -> Self {
        match value == *T::PLAIN {
            true => Rare(None),
            false => Rare(Some(Arc::new(value))),
        }
    }

    /// Whether no change was made yet: then it is plain. A value that was changed back is plain too, and not known to be.
    #[inline]
    #[must_use]
    pub const fn is_untouched(&self) -> bool {
        self.0.is_none()
    }

    /// Gives the room back if the value is the plain one again.
    pub fn tidy(&mut self) {
        if self.0.as_deref().is_some_and(|value| value == T::PLAIN) {
            self.0 = None;
        }
    }

    /// Shares the value with no clone.
    pub(crate) fn unshare(&mut self) {
        if let Some(value) = &mut self.0 {
            Arc::make_mut(value);
        }
    }

    /// Changes the value; makes room for it if it is no longer the plain one, or shared with a clone.
    pub fn change<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> R {
        if let Some(value) = &mut self.0 {
            return change(Arc::make_mut(value));
        }
        let mut value = T::PLAIN.clone();
        let answer = change(&mut value);
        *self = Rare::of(value);
        answer
    }
}

impl<T: Plain> Deref for Rare<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match &self.0 {
            Some(value) => value,
            None => T::PLAIN,
        }
    }
}

impl<T: Plain> Default for Rare<T> {
    fn default() -> Self {
        Rare::plain()
    }
}

impl<T: Plain> Clone for Rare<T> {
    /// Shares the value.
    #[inline]
    fn clone(&self) -> Self {
        Rare(self.0.clone())
    }

    /// Into the room that is there, if there is some that is not shared; else shares the value. So it never allocates.
    #[inline]
    fn clone_from(&mut self, source: &Self) {
        match (&mut self.0, &source.0) {
            (None, None) => return,
            (Some(into), Some(from)) if Arc::ptr_eq(into, from) => return,
            (Some(into), _) => {
                if let Some(into) = Arc::get_mut(into) {
                    into.clone_from(source);
                    return;
                }
            }
            (None, Some(_)) => {}
        }
        self.0.clone_from(&source.0);
    }
}

impl<T: Plain> PartialEq for Rare<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Plain + fmt::Debug> fmt::Debug for Rare<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Plain + Serialize> Serialize for Rare<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = (**self != *T::PLAIN).then_some(&**self);
        value.serialize(serializer)
    }
}

impl<'de, T: Plain + Deserialize<'de>> Deserialize<'de> for Rare<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map_or_else(Rare::plain, Rare::of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Odd {
        numbers: Vec<u32>,
    }

    impl Plain for Odd {
        const PLAIN: &'static Odd = &Odd {
            numbers: Vec::new(),
        };
    }

    #[test]
    fn it_takes_room_at_the_first_change_and_reads_like_the_value() {
        let mut rare = Rare::<Odd>::plain();
        assert!(rare.change(|odd| odd.numbers.is_empty()) && rare.is_untouched());
        rare.change(|odd| odd.numbers.push(7));
        assert_eq!(
            (rare.numbers.as_slice(), rare.is_untouched()),
            (&[7][..], false)
        );
        let mut copy = rare.clone();
        copy.change(|odd| odd.numbers.clear());
        assert_eq!(
            copy,
            Rare::plain(),
            "changed back, it is equal to the plain one"
        );
        assert_eq!(
            rare.numbers,
            [7],
            "what it was cloned from is as it was before"
        );
        assert!(!copy.is_untouched());
        copy.tidy();
        assert!(copy.is_untouched());
        copy.clone_from(&rare);
        assert_eq!(copy, rare);
        copy.clone_from(&Rare::plain());
        assert_eq!(copy, Rare::plain());
    }

    #[test]
    fn it_is_written_as_the_value_or_as_nothing() {
        let text = |rare: &Rare<Odd>| serde_json::to_string(rare).unwrap();
        let mut rare = Rare::<Odd>::plain();
        assert_eq!(text(&rare), "null");
        rare.change(|odd| odd.numbers.push(7));
        assert_eq!(text(&rare), r#"{"numbers":[7]}"#);
        let back: Rare<Odd> = serde_json::from_str(&text(&rare)).unwrap();
        assert_eq!(back, rare);
        assert!(
            serde_json::from_str::<Rare<Odd>>("null")
                .unwrap()
                .is_untouched()
        );
    }
}
