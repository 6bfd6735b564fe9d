//! What calls answer that are no query: the id of the job that was started, or the error that refused the call.
//!
//! A call that answers 204 (every change of tags, every deletion of failed tasks) has an empty body, so there is no struct
//! for it.
//!
//! The pages show two forms of an error. The general one has the outer key `error`; they add that it stands for a general
//! error such as `badrequest` or `itemNotFound`, and show the same object under the key `badrequest`. So the outer key names
//! the class of the error. Here 400 answers `badrequest`, 404 `itemNotFound`, and everything else the general `error`.

use serde::{Deserialize, Serialize};

/// The answer (200) of every operation that is carried out by a job, for example `sdrs_05_0401`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobAccepted {
    /// The job's id, 32 hexadecimal digits, to be asked for by `sdrs_05_0101`.
    pub job_id: String,
}

/// What any error says, whatever its class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The cause, in words.
    pub message: String,
    /// The code, for example `SDRS.1013`.
    pub code: String,
}

/// The body of a refused call. It serializes under the key that names its class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ErrorAnswer {
    /// Any error that has no class of its own.
    #[serde(rename = "error")]
    General(ErrorBody),
    /// The request itself was at fault (400).
    #[serde(rename = "badrequest")]
    BadRequest(ErrorBody),
    /// What the request names does not exist (404).
    #[serde(rename = "itemNotFound")]
    ItemNotFound(ErrorBody),
}

impl ErrorAnswer {
    /// The error answered together with `http_status`: 400 is a bad request, 404 an item not found, any other is general.
    pub fn of(http_status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        let body = ErrorBody {
            message: message.into(),
            code: code.into(),
        };
        match http_status {
            400 => Self::BadRequest(body),
            404 => Self::ItemNotFound(body),
            _ => Self::General(body),
        }
    }

    /// What the error says, whatever its class.
    pub fn body(&self) -> &ErrorBody {
        match self {
            Self::General(body) | Self::BadRequest(body) | Self::ItemNotFound(body) => body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdrs::view::published::assert_published;

    #[test]
    fn an_accepted_job_answers_its_id() {
        let answer = JobAccepted {
            job_id: "00000000000000000000000000000a01".into(),
        };
        assert_published(
            &answer,
            "{\n  \"job_id\": \"00000000000000000000000000000a01\"\n}",
        );
    }

    #[test]
    fn the_outer_key_of_an_error_names_its_class() {
        for (http_status, key) in [
            (400, "badrequest"),
            (404, "itemNotFound"),
            (403, "error"),
            (500, "error"),
        ] {
            let answer = ErrorAnswer::of(http_status, "SDRS.1013", "no");
            let json = format!(
                "{{\n  \"{key}\": {{\n    \"message\": \"no\",\n    \"code\": \"SDRS.1013\"\n  }}\n}}"
            );
            assert_published(&answer, &json);
            assert_eq!(answer.body().code, "SDRS.1013");
        }
    }
}
