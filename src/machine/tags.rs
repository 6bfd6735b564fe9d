//! stub
use super::{
    admit::Plan,
    command::{Call, TagInput},
    effect::Effects,
    refusal::Refusal,
    resolve::Look,
};
use crate::{
    sdrs::codes::Code,
    time::SimTime,
    world::{InstanceKey, World},
};
pub(super) fn admit(_: Look, _: &Call) -> Result<Plan, Refusal> {
    todo!()
}
pub(super) fn flaw_at_creation(_: &[TagInput]) -> Option<Code> {
    None
}
pub(super) fn set(
    _: &mut World,
    _: SimTime,
    _: InstanceKey,
    _: Vec<(String, String)>,
    _: &mut Effects,
) {
}
pub(super) fn drop_keys(_: &mut World, _: SimTime, _: InstanceKey, _: &[String], _: &mut Effects) {}
