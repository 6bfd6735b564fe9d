//! Who looks on: transcripts, traces, reports and operators.
//!
//! An observer sees every effect in order and changes nothing. `()` sees nothing and costs nothing.

use crate::machine::Effect;
use crate::time::SimTime;
use crate::world::World;

/// Sees what happens.
pub trait Observer {
    /// Takes note of an effect at an instant. The effects of one call come in the order in which they took place; the world
    /// is as it is after the whole call, so what an effect speaks of may be gone.
    fn see(&mut self, at: SimTime, world: &World, effect: &Effect);

    /// A command or an event has been taken in whole: all its effects, which may be none, have been seen.
    #[inline]
    fn after(&mut self, _at: SimTime, _world: &World, _effects: &[Effect]) {}

    /// Whether anything is made of what it sees. If not, it need not be shown the effects of a call, told [`Observer::after`] it, or told of
    /// every instant. What it answers when a call has been carried out holds for all of that call.
    #[inline]
    fn is_looking(&self) -> bool {
        true
    }

    /// Takes note that everything of an instant has happened: the clock moves on, and the world stays as it is here until the
    /// next instant of which anything is seen. It comes for every instant that the clock leaves, except for the one at which the
    /// run ends.
    #[inline]
    fn rest(&mut self, at: SimTime, world: &World) {
        let _ = (at, world);
    }
}

impl Observer for () {
    #[inline]
    fn see(&mut self, _at: SimTime, _world: &World, _effect: &Effect) {}

    #[inline]
    fn is_looking(&self) -> bool {
        false
    }
}

/// Keeps everything.
impl Observer for Vec<(SimTime, Effect)> {
    fn see(&mut self, at: SimTime, _world: &World, effect: &Effect) {
        self.push((at, *effect));
    }
}

/// A closure as an observer.
#[derive(Clone, Copy, Debug)]
pub struct Watch<F>(pub F);

impl<F: FnMut(SimTime, &World, &Effect)> Observer for Watch<F> {
    fn see(&mut self, at: SimTime, world: &World, effect: &Effect) {
        (self.0)(at, world, effect);
    }
}

/// Someone who looks on from outside the engine.
impl<W: Observer + ?Sized> Observer for &mut W {
    fn see(&mut self, at: SimTime, world: &World, effect: &Effect) {
        (**self).see(at, world, effect);
    }

    fn after(&mut self, at: SimTime, world: &World, effects: &[Effect]) {
        (**self).after(at, world, effects);
    }

    fn is_looking(&self) -> bool {
        (**self).is_looking()
    }

    fn rest(&mut self, at: SimTime, world: &World) {
        (**self).rest(at, world);
    }
}

/// Nobody, or someone.
impl<W: Observer> Observer for Option<W> {
    fn see(&mut self, at: SimTime, world: &World, effect: &Effect) {
        if let Some(observer) = self {
            observer.see(at, world, effect);
        }
    }

    fn after(&mut self, at: SimTime, world: &World, effects: &[Effect]) {
        if let Some(observer) = self {
            observer.after(at, world, effects);
        }
    }

    fn is_looking(&self) -> bool {
        self.as_ref().is_some_and(W::is_looking)
    }

    fn rest(&mut self, at: SimTime, world: &World) {
        if let Some(observer) = self {
            observer.rest(at, world);
        }
    }
}

/// Two, the first before the second.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn see(&mut self, at: SimTime, world: &World, effect: &Effect) {
        self.0.see(at, world, effect);
        self.1.see(at, world, effect);
    }

    fn after(&mut self, at: SimTime, world: &World, effects: &[Effect]) {
        self.0.after(at, world, effects);
        self.1.after(at, world, effects);
    }

    fn is_looking(&self) -> bool {
        self.0.is_looking() || self.1.is_looking()
    }

    fn rest(&mut self, at: SimTime, world: &World) {
        self.0.rest(at, world);
        self.1.rest(at, world);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fixture::Fixture;

    #[test]
    fn everyone_sees_the_same() {
        let fix = Fixture::new();
        let mut labels = Vec::new();
        let watch = Watch(|at: SimTime, world: &World, effect: &Effect| {
            if let Effect::InStep { pair } = *effect {
                labels.push((at, world.label(crate::world::Who::Pair(pair))));
            }
        });
        let (at, effect) = (SimTime::from_micros(5), Effect::InStep { pair: fix.pair });
        let mut kept: Vec<(SimTime, Effect)> = Vec::new();
        let mut all = ((&mut kept, watch), (None::<()>, Some(())));
        all.see(at, &fix.world, &effect);
        all.see(at, &fix.world, &Effect::TasksDeleted { count: 1 });
        assert_eq!(
            kept,
            [(at, effect), (at, Effect::TasksDeleted { count: 1 })]
        );
        assert_eq!(labels, [(at, "data".to_owned())]);
    }

    #[test]
    fn one_who_looks_is_enough_to_be_shown_what_happens() {
        let kept: Vec<(SimTime, Effect)> = Vec::new();
        assert!(!().is_looking() && !((), None::<()>).is_looking());
        assert!(!Some(()).is_looking() && !None::<Vec<(SimTime, Effect)>>.is_looking());
        assert!(((), Some(kept.clone())).is_looking() && (kept.clone(), ()).is_looking());
        let (mut looks, mut is_blind) = (kept, ());
        assert!(Observer::is_looking(&&mut looks) && !Observer::is_looking(&&mut is_blind));
    }

    /// Writes down which of its methods were called.
    #[derive(Default)]
    struct Diary(Vec<(&'static str, SimTime, usize)>);

    impl Observer for Diary {
        fn see(&mut self, at: SimTime, _: &World, _: &Effect) {
            self.0.push(("see", at, 1));
        }

        fn after(&mut self, at: SimTime, _: &World, effects: &[Effect]) {
            self.0.push(("after", at, effects.len()));
        }

        fn rest(&mut self, at: SimTime, _: &World) {
            self.0.push(("rest", at, 0));
        }
    }

    fn tell(mut to: impl Observer, world: &World) {
        let effect = Effect::TasksDeleted { count: 1 };
        to.see(SimTime::from_micros(1), world, &effect);
        to.after(SimTime::from_micros(2), world, &[effect, effect]);
        to.rest(SimTime::from_micros(3), world);
    }

    #[test]
    fn whoever_stands_between_passes_everything_on() {
        let world = Fixture::new().world;
        let told = [("see", 1, 1), ("after", 2, 2), ("rest", 3, 0)];
        let told = told.map(|(what, at, n)| (what, SimTime::from_micros(at), n));
        let (mut first, mut second) = (Diary::default(), Diary::default());
        tell((&mut first, Some(&mut second)), &world);
        assert_eq!((&first.0[..], &second.0[..]), (&told[..], &told[..]));
    }
}
