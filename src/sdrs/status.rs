//! The published statuses of groups, instances, pairs and drills (appendix pages `sdrs_05_1201` to `sdrs_05_1204`).
//!
//! One enum serves all four kinds, because the words are shared and an operation moves a group and its members through
//! the same word at once. Which words a kind may show is [`Kind::published`]; the one place that assigns a status asserts it.

use serde::{Deserialize, Serialize};

/// A kind of resource that has a published status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A protection group.
    ProtectionGroup,
    /// A protected instance.
    ProtectedInstance,
    /// A replication pair.
    ReplicationPair,
    /// A DR drill.
    DisasterRecoveryDrill,
}

/// How a status reads to an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// An operation is under way and will end it.
    Transient,
    /// Nothing is under way and nothing is wrong.
    Stable,
    /// An operation failed; the status names it.
    Error,
    /// The world broke under the resource.
    Fault,
}

macro_rules! statuses {
    ($($variant:ident $text:literal $class:ident),* $(,)?) => {
        /// A published status word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum Status {
            $(#[doc = concat!("`", $text, "`")] #[serde(rename = $text)] $variant,)*
        }

        impl Status {
            /// Every status, in the order of the published tables.
            pub const ALL: &'static [Status] = &[$(Status::$variant,)*];

            /// The published word.
            pub const fn name(self) -> &'static str {
                match self { $(Status::$variant => $text,)* }
            }

            /// Whether the status is transient, stable, an error or a fault.
            pub const fn class(self) -> Class {
                match self { $(Status::$variant => Class::$class,)* }
            }
        }
    };
}

statuses! {
    Creating "creating" Transient,
    Available "available" Stable,
    Protected "protected" Stable,
    FailedOver "failed-over" Stable,
    Deleting "deleting" Transient,
    Extending "extending" Transient,
    NicCreating "nic-creating" Transient,
    NicDeleting "nic-deleting" Transient,
    Starting "starting" Transient,
    Stopping "stopping" Transient,
    Reversing "reversing" Transient,
    FailingOver "failing-over" Transient,
    Reprotecting "reprotecting" Transient,
    Attaching "attaching" Transient,
    Detaching "detaching" Transient,
    Resizing "resizing" Transient,
    Error "error" Error,
    ErrorDeleting "error-deleting" Error,
    ErrorExtending "error-extending" Error,
    ErrorStarting "error-starting" Error,
    ErrorStopping "error-stopping" Error,
    ErrorReversing "error-reversing" Error,
    ErrorFailingOver "error-failing-over" Error,
    ErrorReprotecting "error-reprotecting" Error,
    ErrorAttaching "error-attaching" Error,
    ErrorDetaching "error-detaching" Error,
    ErrorResizing "error-resizing" Error,
    Invalid "invalid" Fault,
    Fault "fault" Fault,
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl Status {
    /// The status with this published word, if there is one.
    pub fn named(word: &str) -> Option<Status> {
        Status::ALL.iter().copied().find(|s| s.name() == word)
    }
}

impl Kind {
    /// The four kinds, in the order in which the service lists them.
    pub const ALL: &'static [Kind] = &[
        Kind::ProtectionGroup,
        Kind::ProtectedInstance,
        Kind::ReplicationPair,
        Kind::DisasterRecoveryDrill,
    ];

    /// The published name of the kind.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::ProtectionGroup => "protection_group",
            Kind::ProtectedInstance => "protected_instance",
            Kind::ReplicationPair => "replication_pair",
            Kind::DisasterRecoveryDrill => "disaster_recovery_drill",
        }
    }

    /// Whether this kind may show a status: whether [`Kind::published`] has it.
    #[inline]
    pub const fn shows(self, status: Status) -> bool {
        const MASKS: [u64; Kind::ALL.len()] = {
            let mut masks = [0; Kind::ALL.len()];
            let mut kind = 0;
            while kind < masks.len() {
                let shown = Kind::ALL[kind].published();
                let mut place = 0;
                while place < shown.len() {
                    masks[kind] |= 1 << shown[place] as u64;
                    place += 1;
                }
                kind += 1;
            }
            masks
        };
        MASKS[self as usize] & 1 << status as u64 != 0
    }

    /// The statuses this kind may show, in the order of [`Status::ALL`].
    pub const fn published(self) -> &'static [Status] {
        match self {
            Kind::ProtectionGroup => shown::GROUP,
            Kind::ProtectedInstance => shown::INSTANCE,
            Kind::ReplicationPair => shown::PAIR,
            Kind::DisasterRecoveryDrill => shown::DRILL,
        }
    }
}

/// What each kind may show, in the order of [`Status::ALL`].
mod shown {
    use super::Status::{self, *};

    pub(super) const GROUP: &[Status] = &[
        Creating,
        Available,
        Protected,
        FailedOver,
        Deleting,
        Starting,
        Stopping,
        Reversing,
        FailingOver,
        Reprotecting,
        Error,
        ErrorDeleting,
        ErrorStarting,
        ErrorStopping,
        ErrorReversing,
        ErrorFailingOver,
        ErrorReprotecting,
    ];

    pub(super) const INSTANCE: &[Status] = &[
        Creating,
        Available,
        Protected,
        FailedOver,
        Deleting,
        NicCreating,
        NicDeleting,
        Starting,
        Stopping,
        Reversing,
        FailingOver,
        Reprotecting,
        Resizing,
        Error,
        ErrorDeleting,
        ErrorStarting,
        ErrorStopping,
        ErrorReversing,
        ErrorFailingOver,
        ErrorReprotecting,
        ErrorResizing,
        Invalid,
        Fault,
    ];

    pub(super) const PAIR: &[Status] = &[
        Creating,
        Available,
        Protected,
        FailedOver,
        Deleting,
        Extending,
        Starting,
        Stopping,
        Reversing,
        FailingOver,
        Reprotecting,
        Attaching,
        Detaching,
        Error,
        ErrorDeleting,
        ErrorExtending,
        ErrorStarting,
        ErrorStopping,
        ErrorReversing,
        ErrorFailingOver,
        ErrorReprotecting,
        ErrorAttaching,
        ErrorDetaching,
        Invalid,
        Fault,
    ];

    pub(super) const DRILL: &[Status] = &[Creating, Available, Deleting, Error, ErrorDeleting];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_by_its_name_and_is_shown_by_some_kind() {
        for &status in Status::ALL {
            assert_eq!(Status::named(status.name()), Some(status));
            assert!(
                Kind::ALL.iter().any(|k| k.published().contains(&status)),
                "{status}"
            );
        }
        assert_eq!(Status::named("asleep"), None);
    }
}
