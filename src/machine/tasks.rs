//! stub
use super::{admit::Plan, command::Ref, effect::Effects, refusal::Refusal, resolve::Look};
use crate::{
    sdrs::codes::Code,
    time::SimTime,
    world::{GroupKey, JobKey, TaskKey, World},
};
pub(super) fn one(_: Look, _: &Ref) -> Result<Plan, Refusal> {
    todo!()
}
pub(super) fn of_group(_: Look, _: GroupKey) -> Vec<TaskKey> {
    vec![]
}
pub(super) fn of_group_level(_: Look) -> Vec<TaskKey> {
    vec![]
}
pub(super) fn record(_: &mut World, _: SimTime, _: JobKey, _: Code) {}
pub(super) fn drop(_: &mut World, _: Vec<TaskKey>, _: &mut Effects) {}
