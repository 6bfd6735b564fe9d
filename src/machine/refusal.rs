//! Why a command was not taken. A refusal is ordinary output: it carries the published code and changes nothing.

use crate::sdrs::codes::Code;
use crate::sdrs::need::Need;
use crate::sdrs::op::Op;
use crate::sdrs::status::{Kind, Status};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a command was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// An id has not the shape of an id.
    #[error("{code}: `{id}` is not the id of a {word}")]
    Malformed {
        /// The code.
        code: Code,
        /// What was sought.
        word: String,
        /// The id.
        id: String,
    },
    /// A resource does not exist in the project.
    #[error("{code}: there is no {word} `{id}`")]
    NotFound {
        /// The code.
        code: Code,
        /// What was sought.
        word: String,
        /// The label or id.
        id: String,
    },
    /// The status of a resource forbids the operation.
    #[error("{code}: {op} is not taken while the {} is {status}", kind.name())]
    Status {
        /// The code.
        code: Code,
        /// The operation.
        op: Op,
        /// The kind of resource.
        kind: Kind,
        /// Its status.
        status: Status,
    },
    /// Another operation runs on a resource that this one would touch.
    #[error("{code}: {op} waits for nothing: an operation runs on a {} that it would touch", kind.name())]
    Busy {
        /// The code.
        code: Code,
        /// The operation.
        op: Op,
        /// The kind of resource that is busy.
        kind: Kind,
    },
    /// A precondition of the operation does not hold.
    #[error("{code}: {op} is refused: {}", need.when())]
    Need {
        /// The code.
        code: Code,
        /// The operation.
        op: Op,
        /// The precondition.
        need: Need,
    },
    /// The body holds no known action, or more than one.
    #[error("{code}: the body must hold exactly one known action")]
    Action {
        /// The code.
        code: Code,
    },
    /// A query parameter is outside its bounds.
    #[error("{code}: the query parameter `{parameter}` is not acceptable: {value}")]
    Parameter {
        /// The code.
        code: Code,
        /// The parameter.
        parameter: String,
        /// What was given.
        value: String,
    },
    /// The cloud refuses a native act; this side of the cloud has no published codes.
    #[error("the cloud refuses: {0}")]
    Native(NativeRefusal),
    /// The control plane is down (HTTP 500).
    #[error("{code}: the service does not answer: its control plane is down")]
    Unavailable {
        /// The code.
        code: Code,
    },
    /// A label given with `as` is taken already; labels are the simulation's own, so no code is published.
    #[error("the label `{0}` is taken")]
    LabelTaken(String),
    /// The project that the command names does not exist.
    #[error("there is no project `{0}`")]
    NoProject(String),
}

/// Why the cloud refuses a native act.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[allow(missing_docs)] // The messages say what each means.
pub enum NativeRefusal {
    #[error("there is no {word} `{id}`")]
    NotFound { word: String, id: String },
    #[error("server `{0}` is fenced: reprotect or fail back first")]
    Fenced(String),
    #[error("server `{0}` stands at the current DR site; under fencing it cannot start")]
    DrSide(String),
    #[error(
        "server `{server}` cannot start under fencing while `{other}`, the other server of its instance, runs"
    )]
    TwinRuns { server: String, other: String },
    #[error("server `{server}` is {power}")]
    Power { server: String, power: String },
    #[error("server `{0}` is busy with another act")]
    Busy(String),
    #[error("`{0}` is locked")]
    Locked(String),
    #[error("disk `{0}` is part of a replication pair")]
    Paired(String),
    #[error("disk `{0}` is attached to a server")]
    Attached(String),
    #[error("disk `{disk}` is not attached to server `{server}`")]
    NotAttached { disk: String, server: String },
    #[error("device `{device}` is malformed or in use on server `{server}`")]
    Device { server: String, device: String },
    #[error("`{0}` stands in another AZ, VPC or project")]
    Elsewhere(String),
    #[error("`{0}` is still in use")]
    InUse(String),
    #[error("`{0}` is not an acceptable value")]
    BadValue(String),
    #[error("the address `{0}` is outside the subnet or in use")]
    Address(String),
    #[error("no server of flavor `{0}` is free there")]
    NoCapacity(String),
    #[error("AZ `{0}` is dark")]
    Dark(String),
    #[error("`{0}` is lost")]
    Lost(String),
    #[error("the storage of AZ `{0}` is full")]
    PoolFull(String),
    #[error("the account is frozen")]
    Frozen,
}

impl Refusal {
    /// The published code; None for what the published service knows nothing of.
    pub const fn code(&self) -> Option<Code> {
        match self {
            Refusal::Malformed { code, .. }
            | Refusal::NotFound { code, .. }
            | Refusal::Status { code, .. }
            | Refusal::Busy { code, .. }
            | Refusal::Need { code, .. }
            | Refusal::Action { code }
            | Refusal::Unavailable { code }
            | Refusal::Parameter { code, .. } => Some(*code),
            Refusal::Native(_) | Refusal::LabelTaken(_) | Refusal::NoProject(_) => None,
        }
    }
}
