//! The published limits of the service and of an account.
//!
//! These are the numbers of the API reference and nothing more: what a world allows may be set
//! lower or higher by a scenario, with these as the defaults. Counts are `usize`, because they are
//! compared with lengths; quotas are `i32`, because the service itself writes "no limit" as `-1`.

/// How the service writes a quota without limit (`sdrs_05_1101`).
pub const UNLIMITED: i32 = -1;

/// Protection groups a project may have, by default ([`UNLIMITED`]).
pub const SERVER_GROUPS: i32 = UNLIMITED;

/// Replication pairs a project may have, by default ([`UNLIMITED`]).
pub const REPLICATIONS: i32 = UNLIMITED;

/// Protected instances a group may have, by default ([`UNLIMITED`]).
pub const INSTANCES_PER_GROUP: i32 = UNLIMITED;

/// Replication pairs that may be attached to no instance, by default ([`UNLIMITED`]).
pub const UNATTACHED_PAIRS: i32 = UNLIMITED;

/// The most NICs an instance may have, its primary one included.
pub const NICS_PER_INSTANCE: usize = 12;

/// The most tags that may be given when an instance is created (`sdrs_05_0501`).
pub const TAGS_AT_CREATION: usize = 10;

/// The most tags an instance may have (`sdrs_05_0802`, `sdrs_05_0803`).
pub const TAGS_PER_INSTANCE: usize = 20;

/// The longest tag key, in characters (user manual, `sdrs_ug_pi_0008`).
pub const TAG_KEY_MAX_CHARS: usize = 36;

/// The longest tag value, in characters (user manual, `sdrs_ug_pi_0008`).
pub const TAG_VALUE_MAX_CHARS: usize = 43;

/// The most keys in one list of a query by tag (`sdrs_05_0801`).
pub const TAG_QUERY_KEYS: usize = 20;

/// The most values of one key in a query by tag (`sdrs_05_0801`).
pub const TAG_QUERY_VALUES_PER_KEY: usize = 20;

/// The longest key in a query by tag, in characters (`sdrs_05_0801`).
pub const TAG_QUERY_KEY_MAX_CHARS: usize = 127;

/// The longest value in a query by tag, in characters (`sdrs_05_0801`).
pub const TAG_QUERY_VALUE_MAX_CHARS: usize = 255;

/// The least `limit` a list accepts.
pub const LIST_LIMIT_MIN: usize = 1;

/// The greatest `limit` a list accepts.
pub const LIST_LIMIT_MAX: usize = 1000;

/// The `limit` of a list for which none is given.
pub const LIST_LIMIT_DEFAULT: usize = 1000;

/// The most ids a list may be asked for by a parameter such as `server_group_ids`.
pub const LIST_IDS_MAX: usize = 30;

/// The longest name of a resource, in bytes.
pub const NAME_MAX_BYTES: usize = 64;

/// The longest description of a resource, in bytes.
pub const DESCRIPTION_MAX_BYTES: usize = 64;
