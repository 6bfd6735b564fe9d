//! The field `report` of groups, instances and drills: what expectations see of the figures of [`crate::report`].
//!
//! It is not in the views of the API, and nothing here computes a figure.

use super::shape::Shape::{Bool, Number};
use super::shape::{Field, has, maybe};
use crate::report::DrillReport;
use serde_json::{Value, json};

/// The field that holds figures.
pub(super) const FIGURES: &str = "report";

/// The figures of a group or an instance.
pub(super) const REPORT: &[Field] = &[
    has("serves", Bool),
    maybe("first_served_us", Number),
    has("observed_us", Number),
    has("downtime_us", Number),
    maybe("availability_ppm", Number),
    has("served_instance_us", Number),
    has("observed_instance_us", Number),
    has("outages", Number),
    has("recoveries", Number),
    maybe("rpo_us", Number),
    maybe("lost_bytes", Number),
    maybe("copy_age_us", Number),
    has("damaged", Bool),
    maybe("rto_running_us", Number),
    maybe("rto_usable_us", Number),
    maybe("rto_call_running_us", Number),
    maybe("rto_call_usable_us", Number),
    has("unprotected_us", Number),
    has("degraded_us", Number),
    has("copied_bytes", Number),
    has("discarded_bytes", Number),
    has("split_brain_us", Number),
    has("split_brain_lost_bytes", Number),
    has("split_brain_kept_bytes", Number),
    has("split_brain_open", Bool),
];

/// The figures of a drill.
pub(super) const DRILL_REPORT: &[Field] = &[
    has("rescue", Bool),
    maybe("rpo_us", Number),
    maybe("lost_bytes", Number),
    maybe("copy_age_us", Number),
    maybe("skew_us", Number),
    has("damaged", Bool),
    has("servers", Number),
    has("boots", Number),
];

/// What a drill was made from, and how many of its servers boot.
pub(super) fn drilled(drill: &DrillReport) -> Value {
    let boots = drill.servers.iter().filter(|server| server.boots);
    json!({
        "rescue": drill.rescue,
        "rpo_us": drill.from.rpo_us,
        "lost_bytes": drill.from.lost_bytes,
        "copy_age_us": drill.from.copy_age_us,
        "skew_us": drill.from.skew_us,
        "damaged": drill.from.damaged,
        "servers": drill.servers.len(),
        "boots": boots.count(),
    })
}
