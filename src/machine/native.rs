//! stub
use super::{command::Native, effect::Effects, event::Outcome, refusal::Refusal, resolve::Look};
use crate::{
    time::SimTime,
    world::{ServerKey, Who, World, machinery::Act},
};
#[derive(Clone, Debug)]
pub(super) enum NativePlan {}
pub(super) fn admit(_: Look, _: &Native) -> Result<NativePlan, Refusal> {
    todo!()
}
pub(super) fn carry(_: &mut World, _: SimTime, _: NativePlan, _: &mut Effects) -> Option<Who> {
    todo!()
}
pub(super) fn settled(
    _: &mut World,
    _: SimTime,
    _: ServerKey,
    _: u32,
    _: Act,
    _: Outcome,
    _: &mut Effects,
) {
}
