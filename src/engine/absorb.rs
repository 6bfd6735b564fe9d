//! What the engine makes of effects: the digest, the observer's view, and the events they ask for.
//!
//! It is apart from [`super::Engine`] because it needs no machine: it takes effects from anywhere, which is how it is
//! tested.

use super::agenda::{Agenda, Ending};
use super::announced::{Announced, Desk};
use super::digest::{Begun, Digest, Keys, Running, Statuses};
use super::observer::Observer;
use super::oracle::{Fate, Lots, Oracle, Work};
use crate::machine::{Doing, Effect, Effects, Event, Outcome};
use crate::time::{SimTime, Span};
use crate::world::label::Stable;
use crate::world::{Who, World};

/// What is to come and what has been.
#[derive(Debug, Default)]
pub(super) struct Absorber {
    pub queue: Agenda,
    pub digest: Running,
    gone: Gone,
    /// Where beginnings wait. Kept for its room, and empty between calls.
    pub desk: Desk,
}

/// What the call at hand removed.
#[derive(Debug, Default)]
struct Gone {
    /// With stable keys, in the order of `Who`. Kept for its room.
    list: Vec<(Who, Stable)>,
    /// Whether that list is of the call at hand.
    listed: bool,
}

impl Gone {
    /// The stable key of what is gone.
    #[cold]
    fn key(&mut self, effects: &[Effect], world: &World, who: Who) -> Stable {
        let gone = self.of(effects);
        Keys { world, gone }.of(who)
    }

    /// The list of the call that has these effects, which is made when somebody asks for the first of it.
    fn of(&mut self, effects: &[Effect]) -> &[(Who, Stable)] {
        if !self.listed {
            self.listed = true;
            self.list.clear();
            let gone = effects.iter().filter_map(|effect| match *effect {
                Effect::Gone { who, stable, .. } => Some((who, stable)),
                _ => None,
            });
            self.list.extend(gone);
            self.list.sort_unstable();
        }
        &self.list
    }
}

impl Clone for Absorber {
    fn clone(&self) -> Self {
        Absorber {
            queue: self.queue.clone(),
            digest: self.digest.clone(),
            ..Absorber::default()
        }
    }

    fn clone_from(&mut self, source: &Self) {
        self.queue.clone_from(&source.queue);
        self.digest.clone_from(&source.digest);
    }
}

impl Absorber {
    /// What a checkpoint has kept.
    pub(super) fn of(queue: Agenda, digest: Digest) -> Absorber {
        Absorber {
            queue,
            digest: Running::from(digest),
            ..Absorber::default()
        }
    }

    /// Takes in the effects of one call at an instant, with the world as it is after the call.
    ///
    /// The movers come last where nobody looks on: nothing is made of them but what the digest sums up.
    #[inline]
    pub(super) fn take_in<O: Oracle, W: Observer>(
        &mut self,
        effects: &mut Effects,
        world: &World,
        now: SimTime,
        oracle: &mut O,
        (observer, is_looking): (&mut W, bool),
    ) {
        if is_looking {
            effects.write_out();
        }
        self.absorb(effects.written(), world, now, oracle, observer);
        if let Some(moves) = effects.moves() {
            self.digest.all_moved(now, moves);
        }
    }

    /// The same of those that are written out, in order.
    #[inline]
    fn absorb<O: Oracle, W: Observer>(
        &mut self,
        effects: &[Effect],
        world: &World,
        now: SimTime,
        oracle: &mut O,
        observer: &mut W,
    ) {
        self.gone.listed = false;
        let mut rest = effects.iter();
        loop {
            let moved = self.move_pairs(rest.as_slice(), world, now, observer);
            rest = rest.as_slice()[moved..].iter();
            let Some(effect) = rest.next() else { return };
            match *effect {
                Effect::Moved {
                    who,
                    epoch,
                    from,
                    to,
                    job,
                } => {
                    let stable = world.stable(who);
                    let key = stable.unwrap_or_else(|| self.gone.key(effects, world, who));
                    let what = Statuses::new(epoch, (from, to), job != 0);
                    self.digest.moved(now, key, what);
                }
                Effect::InStep { pair } => {
                    let stable = world.pairs.get(pair).map(|pair| pair.stable);
                    let gone = || self.gone.key(effects, world, Who::Pair(pair));
                    let key = stable.unwrap_or_else(gone);
                    self.digest.in_step(now, key);
                }
                Effect::Begin {
                    who,
                    epoch,
                    doing,
                    delay,
                } => {
                    if let Some(lots) = oracle.lots(doing) {
                        let run = (effects, effects.len() - rest.len() - 1);
                        let others = self.begin_run(run, world, now, (doing, lots), observer);
                        rest = effects[others..].iter();
                        continue;
                    }
                    let stable = world.stable(who);
                    let key = stable.unwrap_or_else(|| self.gone.key(effects, world, who));
                    self.digest.begun(Begun::at(now, doing), key, epoch, delay);
                    observer.see(now, world, effect);
                    // What the same call removed again has no end to wait for.
                    if let Some(stable) = stable {
                        let work = Work {
                            begins: now.saturating_add(delay),
                            who,
                            stable,
                            epoch,
                            doing,
                        };
                        self.begin(work, world, oracle);
                    }
                    continue;
                }
                Effect::Taken { .. } => {}
                _ => self.take_other(effects, effect, world, now, oracle),
            }
            observer.see(now, world, effect);
        }
    }

    /// Takes in the changes of status of pairs that come first, for as long as one follows another; answers how many.
    #[inline(always)]
    fn move_pairs<W: Observer>(
        &mut self,
        effects: &[Effect],
        world: &World,
        now: SimTime,
        observer: &mut W,
    ) -> usize {
        let mut taken = 0;
        for effect in effects {
            let Effect::Moved {
                who: Who::Pair(pair),
                epoch,
                from,
                to,
                job,
            } = *effect
            else {
                break;
            };
            // One that is gone is known by its last words.
            let Some(pair) = world.pairs.get(pair) else {
                break;
            };
            let what = Statuses::new(epoch, (from, to), job != 0);
            self.digest.moved(now, pair.stable, what);
            observer.see(now, world, effect);
            taken += 1;
        }
        taken
    }

    /// Takes in the beginnings of work of one kind, from a place on for as long as one follows another; answers the place after
    /// them. What all of them share is known; nothing is asked of an oracle.
    fn begin_run<W: Observer>(
        &mut self,
        (effects, from): (&[Effect], usize),
        world: &World,
        now: SimTime,
        (kind, lots): (Doing, Lots<'_>),
        observer: &mut W,
    ) -> usize {
        let turn = world.control.turn();
        let (begun, ending) = (Begun::at(now, kind), Ending::of(kind, Outcome::Done, turn));
        // Their room is made where there will be some: work on pairs comes by the hundred, and other work by itself.
        let mut ends = match (effects[from], ending) {
            (
                Effect::Begin {
                    who: Who::Pair(_), ..
                },
                Some(ending),
            ) => Some(Announced::new(now, begun, lots, (ending, &mut self.desk))),
            _ => None,
        };
        let mut place = from;
        while let Some(effect) = effects.get(place)
            && let Effect::Begin {
                who,
                epoch,
                doing,
                delay,
            } = *effect
            && doing == kind
        {
            place += 1;
            // What nearly all of them are.
            if let (Who::Pair(key), Some(ends)) = (who, &mut ends)
                && let Some(pair) = world.pairs.get(key)
            {
                observer.see(now, world, effect);
                let who = (key, pair.stable, epoch);
                ends.add(who, delay, &mut self.digest, &mut self.queue);
                continue;
            }
            let stable = world.stable(who);
            let key = stable.unwrap_or_else(|| self.gone.key(effects, world, who));
            self.digest.begun(begun, key, epoch, delay);
            observer.see(now, world, effect);
            // What the same call removed again has no end to wait for.
            let Some(stable) = stable else { continue };
            let span = lots.span(lots.draw(stable, epoch));
            let at = now.saturating_add(delay).saturating_add(span);
            let settled = Event::Settled {
                who,
                epoch,
                doing: kind,
                outcome: Outcome::Done,
                turn,
            };
            // What was announced before it comes first.
            if let Some(ends) = &mut ends {
                ends.push(&mut self.digest, &mut self.queue);
            }
            self.queue.push(at, settled);
        }
        if let Some(ends) = &mut ends {
            ends.push(&mut self.digest, &mut self.queue);
        }
        place
    }

    /// Takes in an effect that is not among the frequent ones.
    fn take_other<O: Oracle>(
        &mut self,
        effects: &[Effect],
        effect: &Effect,
        world: &World,
        now: SimTime,
        oracle: &mut O,
    ) {
        if let Effect::Job { job, status, code } = *effect
            && let Some(record) = world.jobs.get(job)
        {
            return self.digest.job(now, record.stable, status, code);
        }
        let gone = self.gone.of(effects);
        self.digest.take(now, effect, Keys { world, gone });
        self.schedule(effect, world, now, oracle);
    }

    /// Asks what becomes of a piece of work, and waits for its end.
    #[inline]
    fn begin<O: Oracle>(&mut self, work: Work, world: &World, oracle: &mut O) {
        let Fate { after, outcome } = oracle.fate_of(world, work);
        let Some(after) = after else { return };
        let Work {
            who, epoch, doing, ..
        } = work;
        let (at, turn) = (work.begins.saturating_add(after), world.control.turn());
        if let Who::Pair(pair) = who
            && let Some(ending) = Ending::of(doing, outcome, turn)
        {
            return self.queue.push_end(at, pair, epoch, ending);
        }
        let settled = Event::Settled {
            who,
            epoch,
            doing,
            outcome,
            turn,
        };
        self.queue.push(at, settled);
    }

    /// Puts the event that an effect other than a beginning asks for into the queue, if it asks for one.
    fn schedule<O: Oracle>(
        &mut self,
        effect: &Effect,
        world: &World,
        now: SimTime,
        oracle: &mut O,
    ) {
        match *effect {
            Effect::Aim { flow, turn, after } => self.after(now, after, Event::Due { flow, turn }),
            Effect::Assess => self.queue.push(now, Event::Assess),
            Effect::Window {
                domain,
                windows,
                after,
            } => self.after(now, Some(after), Event::WindowEnds { domain, windows }),
            Effect::Again { event, after } => self.after(now, Some(after), event),
            Effect::HazardWaits {
                hazard,
                turn,
                broken,
            } => {
                let after = oracle.hazard(world, hazard, turn, broken);
                self.after(now, after, Event::Hazard { hazard, turn });
            }
            _ => {}
        }
    }

    /// Puts an event into the queue that comes so long after an instant; None: never.
    #[inline]
    fn after(&mut self, from: SimTime, span: Option<Span>, event: Event) {
        if let Some(span) = span {
            self.queue.push(from.saturating_add(span), event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::distribution::DurationLaw;
    use crate::engine::fixture::Fixture;
    use crate::engine::{Chance, Pace, Probability, Seed};
    use crate::sdrs::codes::Code;
    use crate::sdrs::op::Op;
    use crate::world::job::Part;

    const NOW: SimTime = SimTime::from_micros(100);
    const DOING: Doing = Doing::Job(Op::Failover, Part::Work);
    const FAILED: Outcome = Outcome::Failed(Code::of(1030));

    /// Gives each piece of work the next fate of a list and notes what it was asked.
    struct Told(Vec<Fate>, Vec<(SimTime, Who, u32, Doing)>);

    impl Oracle for Told {
        fn fate(&mut self, _: &World, begins: SimTime, who: Who, epoch: u32, doing: Doing) -> Fate {
            self.1.push((begins, who, epoch, doing));
            self.0.remove(0)
        }
    }

    fn begin(who: Who, epoch: u32, delay: Span) -> Effect {
        Effect::Begin {
            who,
            epoch,
            doing: DOING,
            delay,
        }
    }

    fn settled(who: Who, epoch: u32, outcome: Outcome) -> Event {
        Event::Settled {
            who,
            epoch,
            doing: DOING,
            outcome,
            turn: 0,
        }
    }

    #[test]
    fn work_and_copies_become_events_and_the_rest_does_not() {
        let fix = Fixture::new();
        let (pair, turn, who) = (fix.pair, 4, Who::Pair(fix.pair));
        let flow = crate::world::FlowKey::default();
        let fate = |after, outcome| Fate { after, outcome };
        let mut told = Told(
            vec![
                fate(Some(Span::micros(50)), Outcome::Done),
                fate(None, Outcome::Done),
                fate(Some(Span::micros(10)), FAILED),
                fate(Some(Span::MAX), Outcome::Done),
            ],
            Vec::new(),
        );
        let copy = |after| Effect::Aim { flow, turn, after };
        let effects = [
            begin(who, 1, Span::ZERO),
            begin(who, 2, Span::micros(7)),
            begin(who, 3, Span::micros(7)),
            begin(who, 4, Span::micros(7)),
            copy(Some(Span::micros(17))),
            copy(None),
            Effect::InStep { pair },
        ];
        let mut seen: Vec<(SimTime, Effect)> = Vec::new();
        let mut absorber = Absorber::default();
        absorber.absorb(&effects, &fix.world, NOW, &mut told, &mut seen);
        let at = SimTime::from_micros;
        let expected = [
            (at(117), settled(who, 3, FAILED)),
            (at(117), Event::Due { flow, turn }),
            (at(150), settled(who, 1, Outcome::Done)),
            (SimTime::MAX, settled(who, 4, Outcome::Done)),
        ];
        let queued = absorber.queue.in_order();
        assert!(queued.into_iter().eq(expected));
        assert!(seen.into_iter().eq(effects.map(|effect| (NOW, effect))));
        assert_eq!(told.1[0], (NOW, who, 1, DOING));
        assert_eq!(told.1[2], (at(107), who, 3, DOING));
    }

    #[test]
    fn ends_of_one_instant_come_in_the_order_in_which_their_work_began() {
        let fix = Fixture::new();
        let mut pace = Pace::default();
        let job = pace.job_mut(Op::Failover).unwrap();
        job.work = DurationLaw::fixed(Span::micros(50));
        job.fails = Probability::NEVER;
        let mut chance = Chance::new(Seed(1)).at_pace(pace);
        let (pair, group) = (Who::Pair(fix.pair), Who::Group(fix.group));
        let who = |n: u32| if n % 100 == 99 { group } else { pair };
        let effects: Vec<Effect> = (0..350).map(|n| begin(who(n), n, Span::ZERO)).collect();
        let mut absorber = Absorber::default();
        absorber.absorb(&effects, &fix.world, NOW, &mut chance, &mut ());
        let at = SimTime::from_micros(150);
        let expected = (0..350).map(|n| (at, settled(who(n), n, Outcome::Done)));
        assert!(absorber.queue.in_order().into_iter().eq(expected));
    }

    #[test]
    fn work_on_what_is_gone_by_the_end_of_the_call_is_not_waited_for() {
        let mut fix = Fixture::new();
        let who = Who::Pair(fix.pair);
        let label = fix.world.label_of(who).unwrap();
        let stable = fix.world.stable(who).unwrap();
        let effects = [
            begin(who, 1, Span::ZERO),
            Effect::Gone { who, label, stable },
        ];
        let crowded = Fixture::crowded();
        let mut there = Absorber::default();
        fix.world.pairs.remove(fix.pair);
        let mut told = Told(Vec::new(), Vec::new());
        let mut absorber = Absorber::default();
        absorber.absorb(&effects, &fix.world, NOW, &mut told, &mut ());
        assert!(absorber.queue.is_empty() && told.1.is_empty());
        // The digest still names the pair by its stable key, as it does where the pair exists.
        let elsewhere = Who::Pair(crowded.pair);
        let same = [
            begin(elsewhere, 1, Span::ZERO),
            Effect::Gone {
                who: elsewhere,
                label,
                stable,
            },
        ];
        let mut told = Told(
            vec![Fate {
                after: None,
                outcome: Outcome::Done,
            }],
            Vec::new(),
        );
        there.absorb(&same, &crowded.world, NOW, &mut told, &mut ());
        assert_eq!(absorber.digest.digest(), there.digest.digest());
    }
}
