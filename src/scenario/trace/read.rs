//! Reading a trace line by line, with a word for every way in which a file can fail to be one.
//!
//! It holds one line at a time, so a trace may be larger than the memory. It does not know what an effect means: of a
//! line it takes the instant and the label, and leaves the rest as text.

use super::{End, Header, VERSION};
use crate::time::SimTime;
use serde::Deserialize;
use serde_json::Value;
use std::io::{self, BufRead, Read};

/// The longest line that is read, in bytes. A trace's own are a few hundred.
const LONGEST: u64 = 1 << 20;

/// Why a file is not a trace, or not a whole one. Lines count from 1.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// The first line is no header.
    #[error("it is not a trace: its first line is no header ({why})")]
    NoHeader {
        /// What is wrong with it.
        why: String,
    },
    /// The header is of another version of the format.
    #[error("it is a trace of version {found}; version {VERSION} is read")]
    Version {
        /// The version.
        found: u32,
    },
    /// A line is too long to be one.
    #[error("line {line} is longer than {LONGEST} bytes, so this is not a trace")]
    TooLong {
        /// Which.
        line: u64,
    },
    /// A line is neither an effect nor the end.
    #[error("line {line} is broken: {why}")]
    Broken {
        /// Which.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The file stops before the end of the run.
    #[error("it is cut off after line {after}: the line that tells the end is missing")]
    CutOff {
        /// The last whole line.
        after: u64,
    },
    /// Something follows the end.
    #[error("line {line} follows the line that tells the end")]
    AfterEnd {
        /// Which.
        line: u64,
    },
}

impl TraceError {
    /// Whether the file was good as far as it goes.
    #[must_use]
    pub const fn is_cut_off(&self) -> bool {
        matches!(self, TraceError::CutOff { .. })
    }
}

/// A line after the header: an effect, or the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which line of the file, from 1.
    pub number: u64,
    /// The instant.
    pub at: SimTime,
    /// What the effect is about; empty: nothing in particular, or this is the end.
    pub label: String,
    /// The line, without its line break.
    pub text: String,
    /// The same, read as JSON.
    pub said: Value,
    /// What it says if it is the last.
    pub end: Option<End>,
}

impl Line {
    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong with it, in the words of the JSON reader.
    pub(in crate::scenario) fn parse(number: u64, text: &str) -> Result<Line, String> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Effect {
                at: SimTime,
                label: String,
                #[serde(rename = "effect")]
                _effect: String,
            },
            End(End),
        }
        // The broken JSON first: an untagged form would only say that nothing fits.
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let form = Form::deserialize(&value)
            .map_err(|_| "neither an effect (`at`, `label`, `effect`) nor the end".to_owned())?;
        let (at, label, end) = match form {
            Form::Effect { at, label, .. } => (at, label, None),
            Form::End(end) => (end.end, String::new(), Some(end)),
        };
        let text = text.to_owned();
        Ok(Line {
            number,
            at,
            label,
            text,
            said: value,
            end,
        })
    }

    /// Whether two lines say the same, whatever the order of their keys.
    #[must_use]
    pub fn says_what(&self, other: &Line) -> bool {
        self.text == other.text || self.said == other.said
    }
}

/// Reads a trace, one line at a time.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    header: Header,
    /// Lines read.
    read: u64,
    ended: bool,
}

impl<R: BufRead> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`TraceError::Read`], [`TraceError::NoHeader`], [`TraceError::Version`], [`TraceError::TooLong`].
    pub fn open(mut input: R) -> Result<Reader<R>, TraceError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let no_header = |why: String| TraceError::NoHeader { why };
        let Raw { text, .. } =
            raw(&mut input, 1)?.ok_or_else(|| no_header("the file is empty".to_owned()))?;
        let text = std::str::from_utf8(&text).map_err(|error| no_header(error.to_string()))?;
        let json = |error: serde_json::Error| no_header(error.to_string());
        // Another version may have another header, so the number is looked at alone.
        let Versioned { version } = serde_json::from_str(text).map_err(json)?;
        if version != VERSION {
            return Err(TraceError::Version { found: version });
        }
        let header = serde_json::from_str(text).map_err(json)?;
        Ok(Reader {
            input,
            header,
            read: 1,
            ended: false,
        })
    }

    /// The header.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The next line; None after the end.
    ///
    /// # Errors
    /// Every [`TraceError`] but those of the header. [`TraceError::CutOff`] if the file stops here, or in the middle of this
    /// line.
    pub fn next_line(&mut self) -> Result<Option<Line>, TraceError> {
        if self.ended {
            return Ok(None);
        }
        let (number, after) = (self.read + 1, self.read);
        let Some(Raw { text, whole }) = raw(&mut self.input, number)? else {
            return Err(TraceError::CutOff { after });
        };
        let parsed = std::str::from_utf8(&text)
            .map_err(|error| error.to_string())
            .and_then(|text| Line::parse(number, text));
        let line = match parsed {
            Ok(line) => line,
            Err(_) if !whole => return Err(TraceError::CutOff { after }),
            Err(why) => return Err(TraceError::Broken { line: number, why }),
        };
        self.read = number;
        if line.end.is_some() {
            self.ended = true;
            if raw(&mut self.input, number + 1)?.is_some() {
                return Err(TraceError::AfterEnd { line: number + 1 });
            }
        }
        Ok(Some(line))
    }
}

/// The bytes of a line without its line break, and whether it had one.
struct Raw {
    text: Vec<u8>,
    whole: bool,
}

fn raw(input: &mut impl BufRead, line: u64) -> Result<Option<Raw>, TraceError> {
    let mut text = Vec::new();
    input.take(LONGEST + 1).read_until(b'\n', &mut text)?;
    if text.is_empty() {
        return Ok(None);
    }
    let whole = text.last() == Some(&b'\n');
    if whole {
        text.pop();
    } else if text.len() as u64 > LONGEST {
        return Err(TraceError::TooLong { line });
    }
    Ok(Some(Raw { text, whole }))
}
