//! Values with their places, kept small: a file may spell out a million records of several values each.

use serde::{Deserialize, Deserializer};
use serde_saphyr::Location;
use std::ops::Range;

/// A value and where the file has it; of an alias, where the alias stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub place: Place,
}

/// A place in a file's text, in 12 bytes: the reader's has more, and a value two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 1; 0: unknown.
    line: u32,
    start: u32,
    length: u32,
}

impl Place {
    /// What has no place: it was not written, or stands inside `untagged`, `tag = ...` or `flatten`.
    pub const UNKNOWN: Place = Place {
        line: 0,
        start: 0,
        length: 0,
    };

    /// The line, from 1; 0 if it is unknown.
    #[must_use]
    pub const fn line(self) -> usize {
        self.line as usize
    }

    /// The bytes; none of what has no place.
    #[must_use]
    pub fn bytes(self) -> Option<Range<usize>> {
        let start = self.start as usize;
        (self != Place::UNKNOWN).then_some(start..start + self.length as usize)
    }

    fn of(location: Location) -> Option<Place> {
        let span = location.span();
        Some(Place {
            line: u32::try_from(location.line()).ok()?,
            start: u32::try_from(span.byte_offset()?).ok()?,
            length: u32::try_from(span.byte_len()?).ok()?,
        })
    }
}

impl<T> Spanned<T> {
    /// Another value in the same place.
    pub fn with_value<U>(&self, value: U) -> Spanned<U> {
        let place = self.place;
        Spanned { value, place }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = serde_saphyr::Spanned::<T>::deserialize(deserializer)?;
        // Files are bounded far below what the numbers of a place can tell (`limits::FILE_BYTES`).
        let place = match read.referenced {
            Location::UNKNOWN => None,
            location => Place::of(location),
        };
        Ok(Spanned {
            value: read.value,
            place: place.unwrap_or(Place::UNKNOWN),
        })
    }
}
