//! Labels, stable keys and published ids.
//!
//! A label is how a scenario and its transcript call a resource: a word, optionally numbered by its template
//! (`web-17`), optionally with the part of a parent that it is (`web-17/vda`). Labels are two small integers, so that a
//! million pairs from one template cost no text. Names are kept the same way, since most are the label of something. The
//! **stable key** of a resource is the hash of its label's text: it depends on no insertion order, and ids and random
//! draws derive from it.

use crate::hash;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A word known to a world's [`Words`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Word(u32);

/// The words of a world: what labels and names are put together from, each text stored once. Clones of a world share them
/// until one of them learns a new word.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(Arc<Store>);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Store {
    texts: Vec<Arc<str>>,
    /// What is known of each text.
    #[serde(skip)]
    forms: Vec<Form>,
    #[serde(skip)]
    find: BTreeMap<Arc<str>, Word>,
}

/// What is known of a text, for those who write it often.
#[derive(Clone, Copy, Debug)]
struct Form {
    /// Where the part of a label begins, with its `/`: at the end if there is none.
    part: usize,
    /// Whether it is not empty and stands in quotation marks as it is.
    plain: bool,
}

impl Form {
    fn of(text: &str) -> Form {
        let escaped = |byte: u8| byte < b' ' || matches!(byte, b'"' | b'\\');
        Form {
            part: text.find('/').unwrap_or(text.len()),
            plain: !text.is_empty() && !text.bytes().any(escaped),
        }
    }
}

impl Words {
    /// The word with this text, stored now if it is new.
    pub(crate) fn intern(&mut self, text: &str) -> Word {
        if let Some(&word) = self.0.find.get(text) {
            return word;
        }
        let store = Arc::make_mut(&mut self.0);
        let word = Word(u32::try_from(store.texts.len()).expect("memory ends before 2^32 words"));
        store.forms.push(Form::of(text));
        let text: Arc<str> = text.into();
        store.texts.push(text.clone());
        store.find.insert(text, word);
        word
    }

    /// The text of a word.
    pub fn text(&self, word: Word) -> &str {
        &self.0.texts[word.0 as usize]
    }

    /// The text of a stem before the part of a label, and from there on.
    #[inline]
    fn split(&self, stem: Word) -> (&str, &str) {
        let place = stem.0 as usize;
        self.0.texts[place].split_at(self.0.forms[place].part)
    }

    /// Whether this is one of the words.
    pub(super) fn has(&self, word: Word) -> bool {
        (word.0 as usize) < self.0.texts.len()
    }

    /// Whether a label or name is made of a word that is here.
    pub(crate) fn has_stem_of(&self, label: Label) -> bool {
        self.has(label.stem)
    }

    /// Rebuilds what is not written to a checkpoint.
    pub(crate) fn reindex(&mut self) {
        let store = Arc::make_mut(&mut self.0);
        store.forms = store.texts.iter().map(|text| Form::of(text)).collect();
        store.find = store
            .texts
            .iter()
            .enumerate()
            .map(|(n, text)| (text.clone(), Word(n as u32)))
            .collect();
    }
}

/// What a scenario and its transcript call a resource: `base`, `base-number`, `base/part` or `base-number/part`.
///
/// A text has one label only, so labels are equal if and only if their texts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Label {
    /// The text without `-number`: `base` or `base/part`.
    stem: Word,
    number: u32,
}

/// A name of a resource: any text, kept as the label with that text.
pub type Name = Label;

const NONE: u32 = u32::MAX;

/// A name kept beside a label: the stem of one that has the label's number, as the names of members of templates have; or
/// none, where the name is the label itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Beside(u32);

impl Default for Beside {
    fn default() -> Self {
        Beside(NONE)
    }
}

/// What stands before the last `-` and the number after it, if a number stands there that reads as it is written.
fn numbered(text: &str) -> Option<(&str, u32)> {
    let (base, digits) = text.rsplit_once('-')?;
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    let leading = digits.len() > 1 && digits.starts_with('0');
    let number = digits.parse().ok()?;
    (plain && !leading && number != NONE).then_some((base, number))
}

/// `-` and a number, in room that is enough for any.
fn behind_dash(mut number: u32, room: &mut [u8; 11]) -> &[u8] {
    let mut at = room.len();
    loop {
        at -= 1;
        room[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    at -= 1;
    room[at] = b'-';
    &room[at..]
}

impl Label {
    /// The label with this text, whatever the text is; its words are stored if they are new.
    pub(crate) fn of(text: &str, words: &mut Words) -> Label {
        let (head, part) = match text.split_once('/') {
            Some((head, part)) => (head, Some(part)),
            None => (text, None),
        };
        let Some((base, number)) = numbered(head) else {
            let stem = words.intern(text);
            return Label { stem, number: NONE };
        };
        let stem = match part {
            Some(part) => words.intern(&format!("{base}/{part}")),
            None => words.intern(base),
        };
        Label { stem, number }
    }

    /// A part of the resource that `self` names; a part of a part is a part of the whole.
    pub(crate) fn part(self, part: &str, words: &mut Words) -> Label {
        let stem = format!("{}/{part}", words.text(self.stem));
        Label {
            stem: words.intern(&stem),
            ..self
        }
    }

    /// The text.
    pub fn text(self, words: &Words) -> Cow<'_, str> {
        match self.parts(words) {
            (_, None, _) => Cow::Borrowed(words.text(self.stem)),
            (base, Some(number), part) => Cow::Owned(format!("{base}-{number}{part}")),
        }
    }

    /// How a name is kept beside this label; None if that cannot be.
    pub(crate) fn keep_beside(self, name: Name) -> Option<Beside> {
        if name == self {
            return Some(Beside::default());
        }
        (name.number == self.number).then_some(Beside(name.stem.0))
    }

    /// The name that is kept beside this label.
    #[inline]
    pub(crate) const fn beside(self, kept: Beside) -> Name {
        match kept.0 {
            NONE => self,
            stem => Label {
                stem: Word(stem),
                number: self.number,
            },
        }
    }

    /// What the text is put together from: `base`, `-number` and `/part`, the last as it is written, or empty.
    #[inline]
    pub(crate) fn parts(self, words: &Words) -> (&str, Option<u32>, &str) {
        let (base, part) = words.split(self.stem);
        (base, (self.number != NONE).then_some(self.number), part)
    }

    /// Whether the text stands in quotation marks as it is, and is surely not empty.
    #[inline]
    pub(crate) fn is_plain(self, words: &Words) -> bool {
        words.0.forms[self.stem.0 as usize].plain
    }

    /// The stable key: the hash of the text.
    pub fn stable(self, words: &Words) -> Stable {
        let (base, number, part) = self.parts(words);
        let mut digits = [0; 11];
        let number = number.map_or(&[][..], |number| behind_dash(number, &mut digits));
        let text = [base.as_bytes(), number, part.as_bytes()];
        Stable(hash::hash_parts(&text))
    }
}

/// The stable key of a resource: what its ids and its chance derive from.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Stable(pub u64);

impl Stable {
    /// The stable key of the resource with this label.
    pub fn of(label: &str) -> Stable {
        Stable(hash::hash_bytes(label.as_bytes()))
    }

    /// The published 128-bit id: a UUID of version 4 in shape, fixed by the seed and the stable key. The high half hides
    /// the key by steps that can be undone, the low half checks it, so that [`Stable::from_uuid`] needs no map.
    pub fn uuid(self, seed: u64) -> u128 {
        let hidden = u128::from(
            (self.0 ^ hash::mix(seed))
                .wrapping_mul(ODD)
                .rotate_left(32)
                .wrapping_mul(ODD),
        );
        let check = u128::from(hash::mix(hash::combine(self.0, seed))) >> 6;
        let (high, middle, low) = (hidden >> 16, (hidden >> 4) & 0xfff, hidden & 0xf);
        (high << 80) | (0x4 << 76) | (middle << 64) | (0x2 << 62) | (low << 58) | check
    }

    /// The stable key that has this id under this seed, if the id is one of ours.
    pub fn from_uuid(id: u128, seed: u64) -> Option<Stable> {
        let hidden = ((id >> 80) << 16) | (((id >> 64) & 0xfff) << 4) | ((id >> 58) & 0xf);
        let shuffled = (hidden as u64).wrapping_mul(ODD_INVERSE).rotate_left(32);
        let stable = Stable(shuffled.wrapping_mul(ODD_INVERSE) ^ hash::mix(seed));
        (stable.uuid(seed) == id).then_some(stable)
    }
}

const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
const ODD_INVERSE: u64 = inverse(ODD);

/// The inverse of an odd number modulo 2^64, by Newton's iteration: each step doubles the number of correct bits.
const fn inverse(odd: u64) -> u64 {
    let mut x = odd;
    let mut step = 0;
    while step < 6 {
        x = x.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(x)));
        step += 1;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_of_an_odd_number_multiplies_to_one() {
        for odd in [1, 3, 5, 0xffff_ffff_ffff_ffff, ODD, 0x0123_4567_89ab_cdef] {
            assert_eq!(inverse(odd).wrapping_mul(odd), 1, "{odd:x}");
        }
        assert_eq!(inverse(ODD), ODD_INVERSE);
    }

    #[test]
    fn a_label_keeps_its_text_and_has_one_form() {
        let mut words = Words::default();
        let texts = [
            "",
            "-",
            "/",
            "web",
            "web-17",
            "web-0",
            "web-017",
            "web-",
            "-5",
            "web/",
            "/vda",
            "web-17/vda",
            "web/vda-2",
            "web-17/vda/dr",
            "web-17-3",
            "web-+3",
            "web-4294967294",
            "web-4294967295",
            "web-99999999999",
            "wéb-3/ñ",
        ];
        for text in texts {
            let label = Label::of(text, &mut words);
            assert_eq!(label.text(&words), text);
            assert_eq!(label.stable(&words), Stable::of(text));
            assert_eq!(
                label.is_plain(&words),
                !["", "-5"].contains(&text),
                "{text}"
            );
            let whole = Label::of(&format!("{text}/part"), &mut words);
            assert_eq!(label.part("part", &mut words), whole);
        }
    }

    #[test]
    fn a_label_that_would_be_escaped_is_not_plain() {
        let mut words = Words::default();
        for text in ["a\"b", "a\\-3", "a-3/v\"d", "a\nb-1/c", "\u{1f}"] {
            assert!(!Label::of(text, &mut words).is_plain(&words), "{text:?}");
        }
        assert!(Label::of("a\u{7f}-3/ñ", &mut words).is_plain(&words));
    }

    #[test]
    fn a_name_with_the_number_of_the_label_is_kept_beside_it() {
        let mut words = Words::default();
        let texts = ["web", "web-1", "db-1", "db-1/vda", "web/dr", "web-2", "x/y"];
        let labels = texts.map(|text| Label::of(text, &mut words));
        for label in labels {
            for name in labels {
                let kept = label.keep_beside(name);
                assert_eq!(kept.is_some(), label.number == name.number);
                assert!(kept.is_none_or(|kept| label.beside(kept) == name));
            }
            assert_eq!(label.beside(Beside::default()), label);
        }
    }

    #[test]
    fn members_of_a_template_share_their_words() {
        let mut words = Words::default();
        for n in 1..=1000 {
            let label = Label::of(&format!("vm-{n}/vda"), &mut words);
            label.part("dr", &mut words);
        }
        assert_eq!(words.0.texts.len(), 2);
    }

    #[test]
    fn ids_have_the_published_shape_and_lead_back_to_their_key() {
        for n in 0..1000u64 {
            let (stable, seed) = (Stable(hash::mix(n)), n / 7);
            let id = stable.uuid(seed);
            assert_eq!((id >> 76) & 0xf, 4);
            assert_eq!((id >> 62) & 3, 2);
            assert_eq!(Stable::from_uuid(id, seed), Some(stable));
            assert_eq!(Stable::from_uuid(id ^ 1, seed), None);
            assert_eq!(Stable::from_uuid(id, seed + 1), None);
        }
    }
}
