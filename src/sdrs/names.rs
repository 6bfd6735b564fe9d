//! The form of names, descriptions and tags: what the API accepts before it looks at any resource.
//!
//! Pure checks of text against the published rules. They do not know which request the text came
//! from, nor do they count: how many tags fit, or whether keys repeat, is decided where the lists
//! are. Names and descriptions have one code each, so they answer yes or no; a tag can be wrong in
//! several ways, so its checks name the [`TagFlaw`].

use super::codes::Code;
use super::limits::{
    DESCRIPTION_MAX_BYTES, NAME_MAX_BYTES, TAG_KEY_MAX_CHARS, TAG_QUERY_KEY_MAX_CHARS,
    TAG_QUERY_VALUE_MAX_CHARS, TAG_VALUE_MAX_CHARS,
};

/// The only key that `matches` of a query by tag may have (`sdrs_05_0801`).
pub const MATCH_KEY: &str = "resource_name";

/// Whether the text may name a resource: 1 to 64 bytes of letters, digits, `.`, `_` and `-`, all
/// ASCII. Else SDRS.0202.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=NAME_MAX_BYTES).contains(&text.len()) && text.bytes().all(allowed)
}

/// Whether the text may describe a resource: at most 64 bytes of UTF-8 without `<` and `>`. It may
/// be empty. Else SDRS.0212.
#[must_use]
pub fn is_description(text: &str) -> bool {
    text.len() <= DESCRIPTION_MAX_BYTES && !text.contains(['<', '>'])
}

/// What is wrong with a tag, or with a key or value by which instances are queried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TagFlaw {
    /// The key is empty or nothing but white space.
    KeyBlank,
    /// The key is too long or holds a character that keys may not hold.
    KeyInvalid,
    /// There is no value.
    ValueNull,
    /// The value is too long, holds a character that values may not hold, or, in a query, is
    /// nothing but asterisks.
    ValueInvalid,
    /// A key of `matches` is empty.
    MatchKeyEmpty,
    /// A key of `matches` is not [`MATCH_KEY`].
    MatchKeyInvalid,
    /// There is no value for a key of `matches`.
    MatchValueNull,
    /// The value for a key of `matches` is too long.
    MatchValueInvalid,
}

impl TagFlaw {
    /// The code with which a request holding this flaw is refused.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::of(match self {
            Self::KeyBlank => 2205,
            Self::KeyInvalid => 2204,
            Self::ValueNull => 2208,
            Self::ValueInvalid => 2207,
            Self::MatchKeyEmpty => 2213,
            Self::MatchKeyInvalid => 2214,
            Self::MatchValueNull => 2216,
            Self::MatchValueInvalid => 2217,
        })
    }
}

/// Whether a tag key is empty or nothing but white space. A request that deletes a tag is held to
/// this alone: a key that could never have been given is simply not found.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// Checks the key of a tag to be set: 1 to 36 ASCII letters, digits, hyphens and underscores
/// (user manual, `sdrs_ug_pi_0008`).
///
/// # Errors
///
/// [`TagFlaw::KeyBlank`], tested first, or [`TagFlaw::KeyInvalid`].
pub fn check_tag_key(key: &str) -> Result<(), TagFlaw> {
    if is_blank(key) {
        return Err(TagFlaw::KeyBlank);
    }
    if is_tag_text(key, TAG_KEY_MAX_CHARS) {
        Ok(())
    } else {
        Err(TagFlaw::KeyInvalid)
    }
}

/// Checks the value of a tag to be set: at most 43 ASCII letters, digits, hyphens and underscores.
/// The empty value is accepted: the user manual (`sdrs_ug_pi_0008`) forbids only keys to be blank,
/// and only a missing value has a code of its own.
///
/// # Errors
///
/// [`TagFlaw::ValueNull`] for `None`, or [`TagFlaw::ValueInvalid`].
pub fn check_tag_value(value: Option<&str>) -> Result<(), TagFlaw> {
    let value = value.ok_or(TagFlaw::ValueNull)?;
    if is_tag_text(value, TAG_VALUE_MAX_CHARS) {
        Ok(())
    } else {
        Err(TagFlaw::ValueInvalid)
    }
}

/// The key to look for in a query by tag (`sdrs_05_0801`): what was given without the spaces
/// around it, at most 127 characters of any kind.
///
/// # Errors
///
/// [`TagFlaw::KeyBlank`], tested first, or [`TagFlaw::KeyInvalid`].
pub fn query_key(given: &str) -> Result<&str, TagFlaw> {
    if is_blank(given) {
        return Err(TagFlaw::KeyBlank);
    }
    let key = given.trim_matches(' ');
    if fits(key, TAG_QUERY_KEY_MAX_CHARS) {
        Ok(key)
    } else {
        Err(TagFlaw::KeyInvalid)
    }
}

/// The value to look for in a query by tag (`sdrs_05_0801`): what was given without the spaces
/// around it, at most 255 characters of any kind, not asterisks alone. A leading asterisk, which
/// asks for a fuzzy search, is left in place. The empty value is accepted, as tags may have it.
///
/// # Errors
///
/// [`TagFlaw::ValueInvalid`].
pub fn query_value(given: &str) -> Result<&str, TagFlaw> {
    let value = given.trim_matches(' ');
    let only_asterisks = !value.is_empty() && value.bytes().all(|byte| byte == b'*');
    if fits(value, TAG_QUERY_VALUE_MAX_CHARS) && !only_asterisks {
        Ok(value)
    } else {
        Err(TagFlaw::ValueInvalid)
    }
}

/// Checks a key of `matches` in a query by tag (`sdrs_05_0801`): it must be [`MATCH_KEY`].
///
/// # Errors
///
/// [`TagFlaw::MatchKeyEmpty`] or [`TagFlaw::MatchKeyInvalid`].
pub fn check_match_key(key: &str) -> Result<(), TagFlaw> {
    match key {
        "" => Err(TagFlaw::MatchKeyEmpty),
        MATCH_KEY => Ok(()),
        _ => Err(TagFlaw::MatchKeyInvalid),
    }
}

/// Checks the value for a key of `matches` in a query by tag (`sdrs_05_0801`): at most 255
/// characters of any kind, possibly none.
///
/// # Errors
///
/// [`TagFlaw::MatchValueNull`] for `None`, or [`TagFlaw::MatchValueInvalid`].
pub fn check_match_value(value: Option<&str>) -> Result<(), TagFlaw> {
    let value = value.ok_or(TagFlaw::MatchValueNull)?;
    if fits(value, TAG_QUERY_VALUE_MAX_CHARS) {
        Ok(())
    } else {
        Err(TagFlaw::MatchValueInvalid)
    }
}

/// Whether the text has at most so many characters, all of them allowed in tags.
fn is_tag_text(text: &str, chars_max: usize) -> bool {
    // All allowed characters are single bytes, so that bytes count as characters.
    text.len() <= chars_max
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Whether the text has at most so many characters. Looks no further than the limit.
fn fits(text: &str, chars_max: usize) -> bool {
    text.chars().nth(chars_max).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        for good in ["a", "Web-01_b.c", &"x".repeat(64)] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "a b", "grün", "a/b", "a\n", &"x".repeat(65)] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn descriptions_are_counted_in_bytes_and_hold_no_angle_brackets() {
        for good in ["", "my description, grün & \"quoted\"", &"ü".repeat(32)] {
            assert!(is_description(good), "{good}");
        }
        for bad in ["<b", "b>", &"x".repeat(65), &"ü".repeat(33)] {
            assert!(!is_description(bad), "{bad}");
        }
    }

    #[test]
    fn a_blank_key_is_told_from_an_invalid_one() {
        for blank in ["", " ", "\t \u{3000}"] {
            assert_eq!(check_tag_key(blank), Err(TagFlaw::KeyBlank), "{blank:?}");
            assert_eq!(query_key(blank), Err(TagFlaw::KeyBlank), "{blank:?}");
        }
        for bad in ["a b", " a", "a.b", "ä", &"k".repeat(37)] {
            assert_eq!(check_tag_key(bad), Err(TagFlaw::KeyInvalid), "{bad}");
        }
        for good in ["DEV", "a-b_C9", &"k".repeat(36)] {
            assert_eq!(check_tag_key(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn a_tag_value_may_be_empty_but_not_missing() {
        assert_eq!(check_tag_value(None), Err(TagFlaw::ValueNull));
        for good in ["", "DEV1", &"v".repeat(43)] {
            assert_eq!(check_tag_value(Some(good)), Ok(()), "{good}");
        }
        for bad in [" ", "a*", "ä", &"v".repeat(44)] {
            assert_eq!(
                check_tag_value(Some(bad)),
                Err(TagFlaw::ValueInvalid),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_query_trims_spaces_and_counts_characters() {
        let (key, value) = ("ä".repeat(127), "ä".repeat(255));
        assert_eq!(query_key("  a b "), Ok("a b"));
        assert_eq!(query_key(&format!(" {key} ")), Ok(key.as_str()));
        assert_eq!(query_key(&format!("{key}x")), Err(TagFlaw::KeyInvalid));
        assert_eq!(query_value(&format!(" {value} ")), Ok(value.as_str()));
        assert_eq!(
            query_value(&format!("{value}x")),
            Err(TagFlaw::ValueInvalid)
        );
    }

    #[test]
    fn a_query_value_is_not_asterisks_alone() {
        for good in ["", "*value1", "a*", "**a"] {
            assert_eq!(query_value(good), Ok(good));
        }
        for bad in ["*", "***", " ** "] {
            assert_eq!(query_value(bad), Err(TagFlaw::ValueInvalid), "{bad}");
        }
    }

    #[test]
    fn matches_knows_one_key() {
        assert_eq!(check_match_key("resource_name"), Ok(()));
        assert_eq!(check_match_key(""), Err(TagFlaw::MatchKeyEmpty));
        assert_eq!(
            check_match_key("Resource_name"),
            Err(TagFlaw::MatchKeyInvalid)
        );
        assert_eq!(check_match_value(None), Err(TagFlaw::MatchValueNull));
        assert_eq!(check_match_value(Some("")), Ok(()));
        assert_eq!(check_match_value(Some(&"m".repeat(255))), Ok(()));
        assert_eq!(
            check_match_value(Some(&"m".repeat(256))),
            Err(TagFlaw::MatchValueInvalid)
        );
    }

    #[test]
    fn every_flaw_has_a_published_code_of_its_own() {
        use TagFlaw::*;
        let flaws = [
            KeyInvalid,
            KeyBlank,
            ValueInvalid,
            ValueNull,
            MatchKeyEmpty,
            MatchKeyInvalid,
            MatchValueNull,
            MatchValueInvalid,
        ];
        let slugs: Vec<_> = flaws
            .iter()
            .filter_map(|flaw| crate::sdrs::codes::row(flaw.code()))
            .map(|row| row.slug)
            .collect();
        assert_eq!(
            slugs,
            [
                "invalid_tag_key",
                "tag_key_blank",
                "invalid_tag_value",
                "tag_value_null",
                "matches_key_empty",
                "matches_key_invalid",
                "matches_value_null",
                "matches_value_invalid",
            ]
        );
    }
}
