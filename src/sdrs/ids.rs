//! The form of ids: resources have lower-case UUIDs, jobs have 32 lower-case hexadecimal digits.
//!
//! An id is 128 bits; the two forms differ only in how they are written. Where the bits come from
//! is not decided here. Reading is strict: an id in any other form was never issued, so it is
//! malformed rather than unknown, and the two answer different codes.

/// Where a UUID has its hyphens, as byte offsets.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// The bits of a resource id written as 8-4-4-4-12 lower-case hexadecimal digits, or `None` if the
/// text has another form. Version and variant digits are not looked at.
#[must_use]
pub fn parse_uuid(text: &str) -> Option<u128> {
    if text.len() != 36 {
        return None;
    }
    let mut bits = 0;
    for (at, byte) in text.bytes().enumerate() {
        if HYPHENS.contains(&at) {
            if byte != b'-' {
                return None;
            }
        } else {
            bits = bits << 4 | u128::from(hex_digit(byte)?);
        }
    }
    Some(bits)
}

/// Whether the text has the form of a resource id; see [`parse_uuid`].
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    parse_uuid(text).is_some()
}

/// Writes a resource id; [`parse_uuid`] reads it back.
#[must_use]
pub fn format_uuid(bits: u128) -> String {
    let mut text = format!("{bits:032x}");
    for at in HYPHENS {
        text.insert(at, '-');
    }
    text
}

/// The bits of a job id written as 32 lower-case hexadecimal digits, or `None` if the text has
/// another form.
#[must_use]
pub fn parse_job_id(text: &str) -> Option<u128> {
    if text.len() != 32 {
        return None;
    }
    text.bytes().try_fold(0, |bits, byte| {
        Some(bits << 4 | u128::from(hex_digit(byte)?))
    })
}

/// Whether the text has the form of a job id; see [`parse_job_id`].
#[must_use]
pub fn is_job_id(text: &str) -> bool {
    parse_job_id(text).is_some()
}

/// Writes a job id; [`parse_job_id`] reads it back.
#[must_use]
pub fn format_job_id(bits: u128) -> String {
    format!("{bits:032x}")
}

/// The value of a lower-case hexadecimal digit.
fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BITS: u128 = 0x67a2cc7e_fb87_41a8_ba28_9c032abcaee1;
    const UUID: &str = "67a2cc7e-fb87-41a8-ba28-9c032abcaee1";
    const JOB: &str = "67a2cc7efb8741a8ba289c032abcaee1";

    #[test]
    fn both_forms_write_and_read_the_same_bits() {
        assert_eq!(
            (format_uuid(BITS).as_str(), parse_uuid(UUID)),
            (UUID, Some(BITS))
        );
        assert_eq!(
            (format_job_id(BITS).as_str(), parse_job_id(JOB)),
            (JOB, Some(BITS))
        );
        assert_eq!(format_uuid(1), "00000000-0000-0000-0000-000000000001");
        for bits in [0, 1, u128::MAX, 1 << 127] {
            assert_eq!(parse_uuid(&format_uuid(bits)), Some(bits));
            assert_eq!(parse_job_id(&format_job_id(bits)), Some(bits));
        }
    }

    #[test]
    fn other_forms_are_malformed() {
        let upper = UUID.to_uppercase();
        let shifted = "67a2cc7ef-b87-41a8-ba28-9c032abcaee1";
        let wide = "67a2cc7e-fb87-41a8-ba28-9c032abcaeé";
        for text in [
            "",
            JOB,
            &upper,
            shifted,
            wide,
            &UUID[1..],
            "67a2cc7e-fb87-41a8-ba28-9c032abcaeeg",
        ] {
            assert!(!is_uuid(text), "{text}");
        }
        assert!(is_job_id(JOB) && is_uuid(UUID));
        let upper = JOB.to_uppercase();
        for text in [
            "",
            UUID,
            &upper,
            &JOB[1..],
            "+7a2cc7efb8741a8ba289c032abcaee1",
        ] {
            assert!(!is_job_id(text), "{text}");
        }
    }
}
