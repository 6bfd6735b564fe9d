//! Bounded exhaustive search: every interleaving of admissible calls, ends of work and faults in a small world.
//!
//! Time is left out: whatever is under way may end next, well or badly, in any order. What decides is discrete
//! ([`pack`]), so no behaviour is lost by that. States are found breadth first, so the first violation found is one of
//! the shortest; the result is the same whatever the number of threads. A state is kept as a hash of its pack, its
//! parent and the number of the action that led to it (16 bytes, and a hash table's entry); worlds are made again by
//! repeating actions.
//!
//! ```
//! use sdrsim::explore::{Bounds, Menu, Model, search};
//! use sdrsim::scenario::Scenario;
//!
//! let text = include_str!("../../scenarios/basics/first.yaml");
//! let scenario = Scenario::load("first.yaml", text).unwrap();
//! let model = Model::new(scenario.world().clone(), Menu::default());
//! let found = search(&model, &Bounds { states: 100_000, ..Bounds::default() });
//! assert!(found.complete && found.violation.is_none());
//! ```
//!
//! What a search leaves out it cannot judge: finished jobs and failed tasks are not kept, every action takes a second, copies
//! run at a byte a second, and neither instants nor bytes tell states apart. [`Model::expect`] refuses expectations that read
//! them and marks what they tell apart; a closure given to [`Model::always`] must neither read them nor name what is not
//! marked ([`Model::mark`], [`Model::mark_all`]), or it is judged of some state that is taken for the same.
//!
//! Every operation is called that may change a status: [`OFFERED`](crate::machine::admissible::OFFERED) lists them. Queries
//! change nothing, renames and tags decide nothing, and failed tasks are not kept.
//!
#![doc = include_str!("findings.md")]

mod ask;
mod expand;
mod known;
mod memo;
mod menu;
pub mod pack;
mod parts;
mod report;
mod search;
mod steps;
mod tell;
#[cfg(test)]
mod tests;
mod walker;

pub use ask::{Claim, LeftOut, Unfit};
pub use menu::Menu;
pub use pack::Packer;
pub use report::{Bound, DeadEnds, Found, Path, Violation};
pub use search::{search, search_watched};
pub use tell::{Untold, describe, tell};

use crate::machine::admissible::{Naming, at_once, candidates, powers, underway};
use crate::machine::admissible::{deletions, disk_deletions};
use crate::machine::command::{Ask, Call, Ref};
use crate::machine::event::{Blow, Doing, Event, Outcome};
use crate::machine::{Admitted, Command, Effects, Refusal, admit, commit, happen};
use crate::scenario::expect::Expectation;
use crate::sdrs::op::Op;
use crate::sdrs::rules::rule;
use crate::time::{SimTime, Span};
use crate::units::Rate;
use crate::world::job::Part;
use crate::world::refill::clone_by_field;
use crate::world::settings::Settings;
use crate::world::{Who, World};
use ask::Marks;

/// How far a search goes at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// So many states; no more are taken in, and each that is taken in is looked at.
    pub states: usize,
    /// So many actions from the start.
    pub depth: u32,
    /// So many bytes for what is kept of states and for what threads have found and remember. Looked at after each stretch of
    /// 384 to 16,384 states, so more by what one stretch finds may be used; with the search's result it is this that may depend on
    /// the number of threads.
    pub bytes: usize,
    /// Threads; the result does not depend on them unless `bytes` ends the search. 0 is taken for 1.
    pub threads: usize,
    /// Whether the way back is looked for from every state, which keeps all transitions: 8 bytes for each. See
    /// [`Model::goal`].
    pub dead_ends: bool,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            states: 10_000_000,
            depth: u32::MAX,
            bytes: 2 << 30,
            threads: 1,
            dead_ends: false,
        }
    }
}

/// What must hold of every state; the text says what does not.
pub type Property = dyn Fn(&World) -> Result<(), String> + Sync;

/// What is searched: a world, what may happen in it, and what must hold.
pub struct Model {
    start: State,
    /// The world's own settings.
    given: Settings,
    menu: Menu,
    marked: Marks,
    always: Vec<(String, Box<Property>)>,
    sometimes: Vec<(String, Box<Property>)>,
    /// Where a way back leads, if not to rest.
    goal: Option<Box<Property>>,
}

/// A world in a search, and what of the menu's bounds has been used up.
#[derive(Debug)]
pub struct State {
    pub(crate) world: World,
    pub(crate) now: SimTime,
    pub(crate) faults: u8,
    pub(crate) failures: u8,
    /// Which of the menu's faults are in force.
    pub(crate) struck: u64,
}

clone_by_field!(State { world, now, faults, failures, struck } trees {  } maps {  });

/// One thing that happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Somebody asks, and is not refused.
    Ask(Command),
    /// Something under way ends.
    End(Event),
    /// One of the menu's faults strikes.
    Strike(Blow),
    /// It is mended.
    Mend(Blow),
}

impl Model {
    /// A search from a world at rest. Copies do not end by their arithmetic, and finished jobs are not kept. What the menu
    /// lists twice counts once ([`Menu::once`]).
    ///
    /// # Panics
    /// If the menu has more than 64 faults.
    #[must_use]
    pub fn new(world: World, menu: Menu) -> Model {
        let menu = menu.once();
        assert!(menu.faults.len() <= 64, "a menu has at most 64 faults");
        let given = world.settings;
        let settings = Settings {
            copy_rate: Rate(1),
            jobs_kept: 0,
            failed_tasks_kept: 0,
            subs_kept: 0,
            ..world.settings
        };
        let world = world.with_settings(settings);
        let targets = menu.faults.iter().filter_map(|blow| blow.target());
        let marked = targets.filter_map(|who| world.stable(who)).map(|it| it.0);
        Model {
            given,
            marked: Marks {
                some: marked.collect(),
                all: false,
            },
            start: State {
                now: world.now,
                world,
                faults: 0,
                failures: 0,
                struck: 0,
            },
            menu,
            always: Vec::new(),
            sometimes: Vec::new(),
            goal: None,
        }
    }

    /// Something that must hold of every state. What it tells apart, by label or otherwise, must be marked
    /// ([`Model::mark`], [`Model::mark_all`]), and it must not read what a search leaves out (see [`crate::explore`]).
    #[must_use]
    pub fn always(
        mut self,
        name: impl Into<String>,
        property: impl Fn(&World) -> Result<(), String> + Sync + 'static,
    ) -> Model {
        self.always.push((name.into(), Box::new(property)));
        self
    }

    /// Something that must hold of at least one state. What is said of [`Model::always`] is true of it too.
    #[must_use]
    pub fn sometimes(
        mut self,
        name: impl Into<String>,
        property: impl Fn(&World) -> Result<(), String> + Sync + 'static,
    ) -> Model {
        self.sometimes.push((name.into(), Box::new(property)));
        self
    }

    /// Where a way back leads, instead of to a state in which every group is `protected` or `available`. What is said of
    /// [`Model::always`] is true of it too.
    #[must_use]
    pub fn goal(
        mut self,
        property: impl Fn(&World) -> Result<(), String> + Sync + 'static,
    ) -> Model {
        self.goal = Some(Box::new(property));
        self
    }

    /// What an expectation says is meant so, under a name. Everything that it tells apart is marked. One that must hold
    /// always, or never, and speaks of something that is gone by then says nothing of that state.
    ///
    /// # Errors
    /// [`Unfit`]: it reads what a search leaves out, can mean nothing, or speaks of what is not there.
    pub fn expect(
        mut self,
        claim: Claim,
        name: impl Into<String>,
        expectation: &Expectation,
    ) -> Result<Model, Unfit> {
        let makes = |op: &Op| {
            use Op::{AddNic, CreateDrDrill, CreateProtectedInstance};
            use Op::{CreateProtectionGroup, CreateReplicationPair};
            matches!(
                op,
                CreateProtectionGroup
                    | CreateProtectedInstance
                    | CreateReplicationPair
                    | CreateDrDrill
                    | AddNic
            )
        };
        let makes = self.menu.ops.iter().any(makes);
        let marks = ask::marks(expectation, &self.start.world, makes)?;
        self.marked.some.extend(marks.some);
        self.marked.all |= marks.all;
        let parsed = expectation.clone();
        let property = move |world: &World| match (parsed.judge(world, world.now), claim) {
            (Ok(verdict), Claim::Never) if verdict.held => Err(verdict.explain),
            (Ok(verdict), Claim::Always | Claim::Sometimes | Claim::Goal) if !verdict.held => {
                Err(verdict.explain)
            }
            (Err(error), Claim::Sometimes | Claim::Goal) => Err(error.to_string()),
            _ => Ok(()),
        };
        Ok(match claim {
            Claim::Always | Claim::Never => self.always(name, property),
            Claim::Sometimes => self.sometimes(name, property),
            Claim::Goal => self.goal(property),
        })
    }

    /// The resource with this label is unlike any other, so that it changes places with none. Faults mark their targets.
    #[must_use]
    pub fn mark(mut self, label: &str) -> Model {
        let who = self.start.world.find(label);
        self.marked.some.extend(
            who.and_then(|who| self.start.world.stable(who))
                .map(|it| it.0),
        );
        self
    }

    /// Nothing changes places with anything.
    #[must_use]
    pub fn mark_all(mut self) -> Model {
        self.marked.all = true;
        self
    }

    /// What may happen.
    #[must_use]
    pub const fn menu(&self) -> &Menu {
        &self.menu
    }

    /// A maker of packs for this search.
    #[must_use]
    pub fn packer(&self) -> Packer {
        let packer = Packer::new(self.marked.some.clone());
        match self.marked.all {
            true => packer.telling_all_apart(),
            false => packer,
        }
    }

    /// Whether a way back may lead to a world; `rests` says whether all its groups are `protected` or `available`.
    fn is_goal(&self, world: &World, rests: impl FnOnce() -> bool) -> bool {
        self.goal
            .as_ref()
            .map_or_else(rests, |goal| goal(world).is_ok())
    }

    pub(crate) const fn given(&self) -> &Settings {
        &self.given
    }

    pub(crate) const fn start(&self) -> &State {
        &self.start
    }

    /// Everything that may happen next, admitted or not, in a defined order. An action keeps its number whatever is admitted.
    pub(crate) fn actions(&self, state: &State, name: &Naming<'_>, out: &mut Vec<Action>) {
        let world = &state.world;
        let mut commands = Vec::new();
        for &op in &self.menu.ops {
            if self.has_room(world, op) {
                candidates(world, op, name, &mut commands);
            }
            match op {
                Op::AddNic => commands.retain(|command| self.has_slot(world, command)),
                Op::ExpandReplicationPair => commands.retain(|command| self.may_grow(command)),
                _ => {}
            }
        }
        if self.menu.powers {
            powers(world, name, &mut commands);
        }
        if self.menu.deletions {
            deletions(world, name, &mut commands);
        }
        if self.menu.disk_deletions {
            disk_deletions(world, name, &mut commands);
        }
        out.extend(commands.into_iter().map(Action::Ask));
        let mut events = Vec::new();
        underway(world, &mut events);
        for event in events {
            out.push(Action::End(event));
            if let Some(failed) = failed(event)
                && state.failures < self.menu.failures_max
            {
                out.push(Action::End(failed));
            }
        }
        for (place, &blow) in self.menu.faults.iter().enumerate() {
            match state.struck >> place & 1 {
                0 if state.faults < self.menu.faults_max => out.push(Action::Strike(blow)),
                1 if self.menu.heals => out.push(Action::Mend(blow)),
                _ => {}
            }
        }
    }

    /// Whether the menu's bounds let an operation be called once more.
    fn has_room(&self, world: &World, op: Op) -> bool {
        let (menu, start) = (&self.menu, &self.start.world);
        match op {
            Op::CreateDrDrill => world.drills.len() < menu.drills_max.into(),
            Op::CreateProtectionGroup => {
                world.groups.len() < start.groups.len() + usize::from(menu.groups_more)
            }
            _ => true,
        }
    }

    /// Whether a call expands nothing, or to no more than the menu's bounds let a disk have.
    fn may_grow(&self, command: &Command) -> bool {
        let Ask::Call(Call::ExpandReplicationPair { new_size, .. }) = &command.ask else {
            return true;
        };
        let disks = self.start.world.disks.values();
        let largest = disks.map(|disk| disk.size.0 >> 30).max().unwrap_or(0);
        let most = largest.saturating_add(10 * u64::from(self.menu.expansions_max));
        u64::try_from(new_size.0).is_ok_and(|size| size <= most)
    }

    /// Whether a call adds no NIC, or the menu's bounds let the production server have another.
    fn has_slot(&self, world: &World, command: &Command) -> bool {
        let Ask::Call(Call::AddNic { instance, .. }) = &command.ask else {
            return true;
        };
        let who = match instance {
            Ref::Key(who) => Some(*who),
            Ref::Label(label) => world.find(label),
            _ => None,
        };
        let Some(Who::Instance(instance)) = who else {
            return false;
        };
        let station = world.groups[world.instances[instance].group].station;
        let server = world.instances[instance].servers[station.index()];
        let servers = self.start.world.servers.values();
        let most = servers.map(|server| server.nics.len()).max().unwrap_or(0);
        let most = most + usize::from(self.menu.nics_more);
        server.is_some_and(|server| world.servers[server].nics.len() < most)
    }

    /// Lets something happen; answers whether it was admitted. A refused action changes nothing.
    pub(crate) fn apply(&self, state: &mut State, action: &Action, out: &mut Effects) -> bool {
        let Ok(admitted) = admitted(&state.world, action) else {
            return false;
        };
        self.carry_out(state, action, admitted, out);
        true
    }

    /// The same with a copy, which is only made if it is admitted.
    pub(crate) fn apply_to(
        &self,
        (from, to): (&State, &mut State),
        action: &Action,
        out: &mut Effects,
    ) -> bool {
        let Ok(admitted) = admitted(&from.world, action) else {
            return false;
        };
        to.clone_from(from);
        self.carry_out(to, action, admitted, out);
        true
    }

    fn carry_out(
        &self,
        state: &mut State,
        action: &Action,
        admitted: Option<Admitted>,
        out: &mut Effects,
    ) {
        out.clear();
        let now = state.now.saturating_add(Span::secs(1));
        match action {
            Action::Ask(_) => {
                if let Some(admitted) = admitted {
                    commit(&mut state.world, now, admitted, out);
                }
            }
            Action::End(event) => {
                state.failures += u8::from(is_failure(event));
                happen(&mut state.world, now, *event, out);
            }
            Action::Strike(blow) | Action::Mend(blow) => {
                let strikes = matches!(action, Action::Strike(_));
                let place = self.menu.faults.iter().position(|it| it == blow);
                let bit = 1 << place.unwrap_or(0);
                match strikes {
                    true => {
                        state.faults += 1;
                        state.struck |= bit;
                        happen(&mut state.world, now, Event::Struck(*blow), out);
                    }
                    false => {
                        state.struck &= !bit;
                        happen(&mut state.world, now, Event::Mended(*blow), out);
                    }
                }
                out.clear();
                happen(&mut state.world, now, Event::Assess, out);
            }
        }
        state.now = now;
        self.open_jobs(state, out);
    }

    /// A job's opening decides nothing but when, so it ends with what began the job; so do acts on servers that take no time.
    fn open_jobs(&self, state: &mut State, out: &mut Effects) {
        while let Some(event) = at_once(&state.world, !self.menu.slow_powers) {
            happen(&mut state.world, state.now, event, out);
        }
    }

    /// What is kept of a state.
    fn print(&self, packer: &mut Packer, state: &State) -> u64 {
        let around = parts::around(packer, state);
        parts::whole(around, parts::used(state), packer.sum(&state.world))
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = |all: &[(String, Box<Property>)]| -> Vec<String> {
            all.iter().map(|(name, _)| name.clone()).collect()
        };
        f.debug_struct("Model")
            .field("menu", &self.menu)
            .field("always", &names(&self.always))
            .field("sometimes", &names(&self.sometimes))
            .finish_non_exhaustive()
    }
}

/// What a world admits of an action: nothing but calls and acts can be refused.
fn admitted(world: &World, action: &Action) -> Result<Option<Admitted>, Refusal> {
    match action {
        Action::Ask(command) => admit(world, command).map(Some),
        _ => Ok(None),
    }
}

fn is_failure(event: &Event) -> bool {
    matches!(
        event,
        Event::Settled {
            outcome: Outcome::Failed(_),
            ..
        }
    )
}

/// The same end, badly, if that can be: work of jobs fails with the code of its operation's row.
fn failed(event: Event) -> Option<Event> {
    let Event::Settled {
        who,
        epoch,
        doing: doing @ Doing::Job(op, Part::Work),
        turn,
        ..
    } = event
    else {
        return None;
    };
    let code = rule(op).job?.error;
    Some(Event::Settled {
        who,
        epoch,
        doing,
        outcome: Outcome::Failed(code),
        turn,
    })
}
