//! The tasks of a runbook: asked, waited for, tried again, given up.

use super::{Fate, Pace, Run, Runbooks, State, holds};
use crate::engine::{Calls, Ticket};
use crate::machine::command::{Ask, Command, Native};
use crate::machine::{Answer, Refusal};
use crate::scenario::load::{Errand, Task, form_name, form_subject};
use crate::time::{SimTime, Span};
use crate::world::job::JobStatus;
use crate::world::machinery::Power;
use crate::world::{InstanceKey, ServerKey, Who, World};

impl<'s> Runbooks<'s> {
    /// The task at hand.
    fn task(&self, place: usize) -> Option<&'s Task> {
        let run = &self.runs[place];
        let books = self.books;
        books[run.book].tasks.get(run.task)
    }

    /// Goes on with the task at hand.
    pub(super) fn work(
        &mut self,
        place: usize,
        now: SimTime,
        world: &World,
        calls: &mut Calls,
    ) -> Pace {
        let run = &mut self.runs[place];
        match &mut run.state {
            State::Next => self.turn_to(place, now, world, calls),
            State::Until { at, .. } if now < *at => Pace::At(*at),
            State::Until { done: true, .. } => self.done(place),
            State::Until { done: false, .. } => {
                run.state = State::Next;
                Pace::Now
            }
            State::Asked(ticket, _) => match calls.answer(*ticket) {
                None => Pace::Open(None),
                Some(answer) => self.answered(place, now, world, answer, calls),
            },
            State::Job(job, number) => match world.jobs.get(*job) {
                Some(job) if job.ended.is_none() => Pace::Open(None),
                Some(job) if job.status == JobStatus::Fail => {
                    let code = job
                        .code
                        .map_or_else(String::new, |code| format!(" with {code}"));
                    let why = format!("job {number} failed{code}");
                    self.failed(place, now, why, calls)
                }
                _ => self.done(place),
            },
            State::Act(server, wanted) => match world.servers.get(*server) {
                Some(record) if record.act.is_some() => Pace::Open(None),
                Some(record) if record.power != *wanted => {
                    let label = world.label(Who::Server(*server));
                    let why = format!("`{label}` is {}", record.power.name());
                    self.failed(place, now, why, calls)
                }
                _ => self.done(place),
            },
            State::Starting(tickets, servers) => {
                tickets.retain(|ticket| calls.answer(*ticket).is_none());
                if !tickets.is_empty() {
                    return Pace::Open(None);
                }
                run.state = State::Booting(std::mem::take(servers));
                Pace::Now
            }
            State::Booting(servers) => {
                if servers.iter().any(|&server| is_starting(world, server)) {
                    return Pace::Open(None);
                }
                let usable = |server: &&ServerKey| {
                    let record = world.servers.get(**server);
                    record.is_some_and(|record| record.usable)
                };
                let running = servers.iter().filter(usable).count();
                run.missing += (servers.len() - running) as u32;
                run.tier += 1;
                self.tier(place, now, world, calls)
            }
            State::Condition(deadline) => {
                let deadline = *deadline;
                self.look(place, deadline, now, world, calls)
            }
            State::Idle { .. } | State::Deciding(_) | State::Queued | State::Ended => Pace::Rest,
        }
    }

    /// Begins the task at hand, or ends the runbook.
    fn turn_to(&mut self, place: usize, now: SimTime, world: &World, calls: &mut Calls) -> Pace {
        let Some(task) = self.task(place) else {
            calls.note(self.name(place), "done");
            return self.end(place, now, Fate::Done, calls);
        };
        let name = self.name(place);
        let run = &mut self.runs[place];
        if let Some(only_if) = &task.only_if
            && !holds(only_if, run.member, world, now)
        {
            calls.note(
                name,
                format!("leaves out a task: {} does not hold", only_if.text),
            );
            return self.done(place);
        }
        let state = match &task.errand {
            Errand::Ask(asking, _) => {
                let (command, form) = asking.nth(run.member);
                let wanted = match form_name(&form) {
                    "start_server" | "reboot_server" => Some(Power::Active),
                    "stop_server" => Some(Power::Shutoff),
                    _ => None,
                };
                let server = wanted.map(|power| (form_subject(&form), power));
                State::Asked(calls.ask(command), server)
            }
            Errand::Pause(span) => State::Until {
                at: now.saturating_add(*span),
                done: true,
            },
            Errand::Until(_, limit) => {
                State::Condition(limit.map(|limit| now.saturating_add(limit)))
            }
            Errand::Start(_) => {
                (run.tier, run.missing) = (0, 0);
                return self.tier(place, now, world, calls);
            }
        };
        self.runs[place].state = state;
        Pace::Now
    }

    fn name(&self, place: usize) -> String {
        let run = &self.runs[place];
        self.books[run.book].name(run.member)
    }

    /// The task at hand is done.
    fn done(&mut self, place: usize) -> Pace {
        let run = &mut self.runs[place];
        run.task += 1;
        run.tries = 0;
        run.state = State::Next;
        Pace::Now
    }

    /// The task at hand has failed: it is tried again, passed by, or the runbook is given up.
    fn failed(&mut self, place: usize, now: SimTime, why: String, calls: &mut Calls) -> Pace {
        let name = self.name(place);
        let Some(task) = self.task(place) else {
            return Pace::Rest;
        };
        let run = &mut self.runs[place];
        match task.retry {
            Some((every, times)) if run.tries < times => {
                run.tries += 1;
                calls.note(name, format!("{why}: tries again in {every}"));
                run.state = State::Until {
                    at: now.saturating_add(every),
                    done: false,
                };
                Pace::Now
            }
            _ if task.anyway => {
                calls.note(name, format!("{why}: goes on"));
                self.done(place)
            }
            _ => {
                calls.note(name, format!("gives up: {why}"));
                self.end(place, now, Fate::GaveUp(why), calls)
            }
        }
    }

    /// A call has been answered.
    fn answered(
        &mut self,
        place: usize,
        now: SimTime,
        world: &World,
        answer: Result<Answer, Refusal>,
        calls: &mut Calls,
    ) -> Pace {
        let Some(Errand::Ask(asking, waits)) = self.task(place).map(|task| &task.errand) else {
            return Pace::Rest;
        };
        let run = &mut self.runs[place];
        let server = match &run.state {
            State::Asked(_, server) => server.clone(),
            _ => None,
        };
        match answer {
            Err(refusal) => {
                let what = form_name(&asking.form);
                let why = match refusal.code() {
                    Some(code) => format!("{what} was refused with {code}"),
                    None => format!("{what} was refused"),
                };
                self.failed(place, now, why, calls)
            }
            Ok(_) if !waits => self.done(place),
            Ok(Answer::Job(key)) => {
                let number = world.jobs.get(key).map_or(world.last_job, |job| job.number);
                run.state = State::Job(key, number);
                Pace::Now
            }
            Ok(_) => match server.and_then(|(label, power)| Some((world.find(&label)?, power))) {
                Some((Who::Server(server), power)) => {
                    run.state = State::Act(server, power);
                    Pace::Now
                }
                _ => self.done(place),
            },
        }
    }

    /// Starts the servers of the tier at hand that do not run; behind the last tier, sees whether all do.
    fn tier(&mut self, place: usize, now: SimTime, world: &World, calls: &mut Calls) -> Pace {
        let Some(Errand::Start(tiers)) = self.task(place).map(|task| &task.errand) else {
            return Pace::Rest;
        };
        let run = &mut self.runs[place];
        let Some(aims) = tiers.get(run.tier) else {
            if run.missing == 0 {
                return self.done(place);
            }
            let why = match run.missing {
                1 => "a server does not run".to_owned(),
                n => format!("{n} servers do not run"),
            };
            return self.failed(place, now, why, calls);
        };
        let mut servers = Vec::new();
        for aim in aims {
            let before = servers.len();
            serving(world, &aim.nth(run.member), &mut servers);
            run.missing += u32::from(servers.len() == before);
        }
        let mut tickets = Vec::new();
        for &server in &servers {
            let record = &world.servers[server];
            if record.power != Power::Active && record.act.is_none() {
                tickets.push(start(run, world, server, calls));
            }
        }
        run.state = State::Starting(tickets, servers);
        Pace::Now
    }

    /// Looks whether what a task waits for is so.
    fn look(
        &mut self,
        place: usize,
        deadline: Option<SimTime>,
        now: SimTime,
        world: &World,
        calls: &mut Calls,
    ) -> Pace {
        let Some(Errand::Until(until, limit)) = self.task(place).map(|task| &task.errand) else {
            return Pace::Rest;
        };
        if holds(until, self.runs[place].member, world, now) {
            return self.done(place);
        }
        if deadline.is_some_and(|deadline| now >= deadline) {
            let limit = limit.unwrap_or(Span::ZERO);
            let why = format!("after {limit} {} does not hold", until.text);
            return self.failed(place, now, why, calls);
        }
        Pace::Open(deadline)
    }
}

/// Asks for a server to be started.
fn start(run: &Run, world: &World, server: ServerKey, calls: &mut Calls) -> Ticket {
    debug_assert!(matches!(run.state, State::Next | State::Booting(_)));
    let project = world.servers[server].project;
    let server = world.label(Who::Server(server)).as_str().into();
    calls.ask(Command {
        project: Some(world.label(Who::Project(project))),
        ask: Ask::Native(Native::StartServer { server }),
    })
}

/// Whether a server is on its way to being usable.
fn is_starting(world: &World, server: ServerKey) -> bool {
    let record = world.servers.get(server);
    record.is_some_and(|record| {
        record.act.is_some() || (record.power == Power::Active && !record.usable)
    })
}

/// The servers that a label means: itself, or those at the current production site of an instance or a group.
fn serving(world: &World, label: &str, servers: &mut Vec<ServerKey>) {
    let mut of = |instance: InstanceKey| {
        let instance = &world.instances[instance];
        let station = world.groups[instance.group].station;
        servers.extend(instance.servers[station.index()]);
    };
    match world.find(label) {
        Some(Who::Instance(instance)) => of(instance),
        Some(Who::Group(group)) => world.groups[group].instances.iter().for_each(of),
        Some(Who::Server(server)) => servers.push(server),
        _ => {}
    }
}
