//! Checkpoints that were changed by hand: one number of a true body is another, under a cover that says that it is whole.

use sdrsim::hash::hash_bytes;
use std::ops::Range;

/// The two lines of a checkpoint, cover and body, without their breaks; None if there are no two.
pub fn lines(file: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = file.iter().position(|byte| *byte == b'\n')?;
    let body = &file[at + 1..];
    Some((&file[..at], body.strip_suffix(b"\n").unwrap_or(body)))
}

/// Where the whole numbers of a JSON text stand, those in strings left out.
pub fn numbers(body: &[u8]) -> Vec<Range<usize>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < body.len() {
        match body[at] {
            b'"' => {
                at += 1;
                while at < body.len() && body[at] != b'"' {
                    at += if body[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            b'0'..=b'9' => {
                let digits = body[at..].iter().take_while(|byte| byte.is_ascii_digit());
                let end = at + digits.count();
                found.push(at..end);
                at = end;
            }
            _ => at += 1,
        }
    }
    found
}

/// The file with another body, under a cover with that body's hash.
pub fn sealed(cover: &[u8], body: &[u8]) -> Vec<u8> {
    let hash = format!(r#""hash":"{:016x}"}}"#, hash_bytes(body));
    let kept = cover.len().saturating_sub(hash.len());
    [&cover[..kept], hash.as_bytes(), b"\n", body, b"\n"].concat()
}

/// The file with this instead of that part of its body, sealed.
pub fn forged(file: &[u8], part: &Range<usize>, new: &str) -> Vec<u8> {
    let (cover, body) = lines(file).unwrap_or_default();
    let part = part.start.min(body.len())..part.end.min(body.len());
    let body = [&body[..part.start], new.as_bytes(), &body[part.end..]].concat();
    sealed(cover, &body)
}
