//! Carrying out what was admitted: cannot fail.
//!
//! An operation that starts a job makes the resources it will fill in, puts the `during` statuses on everything it
//! touches and hands the job to the control plane; the rest happens in `settle` as the job's parts end. Everything else
//! is done at once.

use super::admit::{Admitted, CreateDrill, CreateGroup, CreateInstance, CreatePair, Plan};
use super::effect::{Effect, Property};
use super::effects::Effects;
use super::settle;
use super::transition::begin_work;
use super::{data, make, native, tags, tasks};
use crate::hash;
use crate::sdrs::op::Op;
use crate::sdrs::status::Status;
use crate::time::SimTime;
use crate::world::job::{Detail, Entities, Job, JobStatus, Part, Subs};
use crate::world::label::{Label, Name, Stable};
use crate::world::protection::Side;
use crate::world::{GroupKey, JobKey, PairKey, Who, World};

/// What a command answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It started this job.
    Job(JobKey),
    /// It is done.
    Done,
    /// It is done and made this.
    Made(Who),
}

/// Carries out an admitted command at an instant. The effects come in order.
pub fn commit(world: &mut World, now: SimTime, admitted: Admitted, out: &mut Effects) -> Answer {
    world.now = now;
    let answer = carry_out(&mut Desk { world, now, out }, admitted.0);
    data::settle(world, now, out);
    answer
}

fn carry_out(desk: &mut Desk<'_>, plan: Plan) -> Answer {
    let now = desk.now;
    match plan {
        Plan::GroupOp { op, group, aim } => Answer::Job(desk.group_op(op, group, aim)),
        Plan::CreateGroup(new) => Answer::Job(desk.create_group(*new)),
        Plan::DeleteGroup(group) => {
            let ask = Ask::of(Op::DeleteProtectionGroup, Who::Group(group), Detail::None);
            Answer::Job(desk.start(ask))
        }
        Plan::CreateInstance(new) => Answer::Job(desk.create_instance(*new)),
        Plan::DeleteInstance {
            instance,
            target_server,
            target_eip,
        } => {
            let detail = Detail::DeleteInstance {
                target_server,
                target_eip,
            };
            Answer::Job(desk.start(Ask::of(
                Op::DeleteProtectedInstance,
                Who::Instance(instance),
                detail,
            )))
        }
        Plan::Attach {
            instance,
            pair,
            device,
        } => {
            let detail = Detail::Attach(instance, device);
            let ask = Ask::of(Op::AttachReplicationPair, Who::Pair(pair), detail);
            Answer::Job(desk.start_on_instance(ask, instance))
        }
        Plan::Detach { instance, pair } => {
            let ask = Ask::of(
                Op::DetachReplicationPair,
                Who::Pair(pair),
                Detail::Detach(instance),
            );
            Answer::Job(desk.start_on_instance(ask, instance))
        }
        Plan::AddNic {
            instance,
            server,
            label,
            subnet,
            ip,
        } => {
            let label = match label {
                Some(text) => make::label(desk.world, &text),
                None => make::free_part(desk.world, desk.world.servers[server].label, "nic"),
            };
            let nic = make::nic(desk.world, label, subnet, ip, None, desk.out);
            let mut ask = Ask::of(Op::AddNic, Who::Instance(instance), Detail::AddNic(nic));
            ask.nic = Some(desk.world.nics[nic].stable);
            Answer::Job(desk.start(ask))
        }
        Plan::DeleteNic { instance, nic } => {
            let mut ask = Ask::of(
                Op::DeleteNic,
                Who::Instance(instance),
                Detail::DeleteNic(nic),
            );
            ask.nic = Some(desk.world.nics[nic].stable);
            Answer::Job(desk.start(ask))
        }
        Plan::Resize { instance, flavors } => {
            let detail = Detail::Resize(flavors);
            Answer::Job(desk.start(Ask::of(
                Op::ResizeProtectedInstance,
                Who::Instance(instance),
                detail,
            )))
        }
        Plan::CreatePair(new) => Answer::Job(desk.create_pair(*new)),
        Plan::DeletePair {
            pair,
            target_volume,
        } => {
            let detail = Detail::DeletePair { target_volume };
            Answer::Job(desk.start(Ask::of(Op::DeleteReplicationPair, Who::Pair(pair), detail)))
        }
        Plan::Expand { pair, size } => {
            let ask = Ask::of(
                Op::ExpandReplicationPair,
                Who::Pair(pair),
                Detail::Expand(size),
            );
            Answer::Job(desk.start(ask))
        }
        Plan::CreateDrill(new) => Answer::Job(desk.create_drill(*new)),
        Plan::DeleteDrill(drill) => {
            Answer::Job(desk.start(Ask::of(Op::DeleteDrDrill, Who::Drill(drill), Detail::None)))
        }
        Plan::Rename { who, name } => desk.rename(who, &name),
        Plan::SetTags { instance, tags } => {
            tags::set(desk.world, now, instance, tags, desk.out);
            Answer::Done
        }
        Plan::DropTags { instance, keys } => {
            tags::drop_keys(desk.world, now, instance, &keys, desk.out);
            Answer::Done
        }
        Plan::DropTasks(keys) => {
            tasks::drop(desk.world, keys, desk.out);
            Answer::Done
        }
        Plan::Native(plan) => match native::carry(desk.world, now, plan, desk.out) {
            Some(who) => Answer::Made(who),
            None => Answer::Done,
        },
    }
}

/// What a job is asked to do.
struct Ask {
    op: Op,
    subject: Who,
    detail: Detail,
    nic: Option<Stable>,
    instance: Option<Stable>,
}

impl Ask {
    fn of(op: Op, subject: Who, detail: Detail) -> Ask {
        Ask {
            op,
            subject,
            detail,
            nic: None,
            instance: None,
        }
    }
}

/// The world at an instant, with somewhere to write effects.
struct Desk<'a> {
    world: &'a mut World,
    now: SimTime,
    out: &'a mut Effects,
}

impl Desk<'_> {
    /// Makes a job, marks its subject and hands it to the control plane.
    fn start(&mut self, ask: Ask) -> JobKey {
        let key = self.job(ask);
        let (op, subject) = (self.world.jobs[key].op, self.world.jobs[key].subject);
        begin_work(self.world, self.now, subject, op, key, self.out);
        settle::enqueue(self.world, self.now, key, self.out);
        key
    }

    /// The same for a job on a pair that also names an instance.
    fn start_on_instance(&mut self, mut ask: Ask, instance: crate::world::InstanceKey) -> JobKey {
        ask.instance = Some(self.world.instances[instance].stable);
        self.start(ask)
    }

    fn job(&mut self, ask: Ask) -> JobKey {
        let world = &mut *self.world;
        let subject = world.stable(ask.subject).expect("the subject exists");
        let epoch = world.life(ask.subject).map_or(0, |life| life.epoch);
        let key = hash::combine(hash::combine(subject.0, ask.op as u64), u64::from(epoch));
        let stable = Stable(hash::mix(key));
        let group = super::transition::group_of(world, ask.subject);
        let mut entities = Entities {
            group: group.map(|g| world.groups[g].stable),
            nic: ask.nic,
            instance: ask.instance,
            ..Entities::default()
        };
        let (name, project) = match ask.subject {
            Who::Group(k) => (world.groups[k].name, world.groups[k].project),
            Who::Instance(k) => {
                entities.instance = Some(subject);
                (
                    world.instances[k].name,
                    world.groups[world.instances[k].group].project,
                )
            }
            Who::Pair(k) => {
                entities.pair = Some(subject);
                (
                    world.pair_name(k),
                    world.groups[world.pairs[k].group].project,
                )
            }
            Who::Drill(k) => {
                entities.drill = Some(subject);
                (
                    world.drills[k].name,
                    world.groups[world.drills[k].group].project,
                )
            }
            _ => unreachable!("jobs work on groups, instances, pairs and drills"),
        };
        world.last_job += 1;
        let number = world.last_job;
        let job = world.jobs.insert(Job {
            number,
            stable,
            project,
            op: ask.op,
            subject: ask.subject,
            group,
            detail: ask.detail,
            entities,
            name,
            status: JobStatus::Init,
            part: Part::Open,
            created: self.now,
            began: None,
            ended: None,
            code: None,
            subs: Subs::default(),
            left: 0,
            failed: 0,
        });
        let before = world.index.insert(stable.0, Who::Job(job));
        debug_assert!(before.is_none(), "a resource starts one job per epoch");
        job
    }

    fn group_op(&mut self, op: Op, group: GroupKey, aim: Side) -> JobKey {
        let key = self.job(Ask::of(op, Who::Group(group), Detail::Station(aim)));
        begin_work(self.world, self.now, Who::Group(group), op, key, self.out);
        let mut place = 0;
        while let Some(instance) = self.world.groups[group].instances.next_from(&mut place) {
            let status = self.world.instances[instance].life.status;
            if !matches!(status, Status::Error | Status::ErrorDeleting) {
                begin_work(
                    self.world,
                    self.now,
                    Who::Instance(instance),
                    op,
                    key,
                    self.out,
                );
            }
        }
        settle::begin_pairs(self.world, self.now, group, (op, aim, key), self.out);
        settle::enqueue(self.world, self.now, key, self.out);
        key
    }

    /// The label given, or `stem-N` with the first N that is free; inside a parent, `PARENT/stem-N`.
    fn label(&mut self, given: Option<&str>, parent: Option<(Label, u32)>, stem: &str) -> Label {
        if let Some(text) = given {
            return make::label(self.world, text);
        }
        let mut nth = parent.map_or(1, |p| p.1);
        loop {
            let part = format!("{stem}-{nth}");
            let label = match parent {
                Some((parent, _)) => make::part(self.world, parent, &part),
                None => make::label(self.world, &part),
            };
            if self.world.at(label.stable(&self.world.words)).is_none() {
                return label;
            }
            nth += 1;
        }
    }

    fn child_label(&mut self, given: Option<&str>, group: GroupKey, stem: &str) -> Label {
        let record = &mut self.world.groups[group];
        record.children += 1;
        let parent = (record.label, record.children);
        self.label(given, Some(parent), stem)
    }

    fn create_group(&mut self, new: CreateGroup) -> JobKey {
        let label = self.label(new.label.as_deref(), None, "group");
        let name = make::name_or_label(self.world, new.name.as_deref(), label);
        let description = new.description.map(|text| self.world.words.intern(&text));
        let record = make::NewGroup {
            label,
            project: new.project,
            name,
            description,
            domain: new.domain,
            azs: new.azs,
            vpc: new.vpc,
            protection: new.protection,
            copy_rate: new.copy_rate,
        };
        let group = make::group(self.world, self.now, record, Status::Creating, self.out);
        self.start(Ask::of(
            Op::CreateProtectionGroup,
            Who::Group(group),
            Detail::None,
        ))
    }

    fn create_instance(&mut self, new: CreateInstance) -> JobKey {
        let label = self.child_label(new.label.as_deref(), new.group, "instance");
        let name = make::name_or_label(self.world, new.name.as_deref(), label);
        let description = new.description.map(|text| self.world.words.intern(&text));
        let facts = (new.group, label, name, description);
        let instance = make::instance(
            self.world,
            self.now,
            facts,
            new.server,
            Status::Creating,
            self.out,
        );
        self.world.instances[instance].tags = new.tags.into_iter().collect();
        let nic = new.nic.map(|(subnet, ip)| {
            let nic = make::free_part(self.world, label, "nic");
            make::nic(self.world, nic, subnet, ip, None, self.out)
        });
        let disks = self.world.servers[new.server].disks.clone();
        let mut pairs = Vec::with_capacity(disks.len());
        for (device, disk) in disks {
            let word = device.to_string();
            let label = make::free_part(self.world, label, word.trim_start_matches("/dev/"));
            let name = make::name_or_label(self.world, None, label);
            let pair = make::pair(
                self.world,
                self.now,
                (new.group, label, name, None),
                disk,
                Status::Creating,
                self.out,
            );
            make::attach_pair(self.world, pair, instance, device);
            pairs.push(pair);
        }
        let detail = Detail::CreateInstance {
            nic,
            flavor: new.flavor,
        };
        let key = self.job(Ask::of(
            Op::CreateProtectedInstance,
            Who::Instance(instance),
            detail,
        ));
        let op = Op::CreateProtectedInstance;
        begin_work(
            self.world,
            self.now,
            Who::Instance(instance),
            op,
            key,
            self.out,
        );
        for pair in pairs {
            begin_work(self.world, self.now, Who::Pair(pair), op, key, self.out);
        }
        settle::enqueue(self.world, self.now, key, self.out);
        key
    }

    fn create_pair(&mut self, new: CreatePair) -> JobKey {
        let label = self.child_label(new.label.as_deref(), new.group, "pair");
        let name = make::name_or_label(self.world, new.name.as_deref(), label);
        let description = new.description.map(|text| self.world.words.intern(&text));
        let facts = (new.group, label, name, description);
        let pair: PairKey = make::pair(
            self.world,
            self.now,
            facts,
            new.disk,
            Status::Creating,
            self.out,
        );
        self.start(Ask::of(
            Op::CreateReplicationPair,
            Who::Pair(pair),
            Detail::None,
        ))
    }

    fn create_drill(&mut self, new: CreateDrill) -> JobKey {
        let label = self.child_label(new.label.as_deref(), new.group, "drill");
        let name = make::name_or_label(self.world, new.name.as_deref(), label);
        let facts = (new.group, label, name);
        let drill = make::drill(
            self.world,
            self.now,
            facts,
            new.vpc,
            Status::Creating,
            self.out,
        );
        self.start(Ask::of(Op::CreateDrDrill, Who::Drill(drill), Detail::None))
    }

    fn rename(&mut self, who: Who, name: &str) -> Answer {
        let kept = Name::of(name, &mut self.world.words);
        let now = self.now;
        match who {
            Who::Group(k) => {
                let record = &mut self.world.groups[k];
                (record.name, record.updated) = (kept, now);
            }
            Who::Instance(k) => {
                let record = &mut self.world.instances[k];
                (record.name, record.updated) = (kept, now);
            }
            Who::Pair(k) => {
                let name = (kept != self.world.pairs.base(k).label).then_some(kept);
                let record = &mut self.world.pairs[k];
                record.rest.change(|rest| rest.name = name);
                record.updated = now;
            }
            Who::Drill(k) => {
                let record = &mut self.world.drills[k];
                (record.name, record.updated) = (kept, now);
            }
            _ => unreachable!("only the four published kinds are renamed"),
        }
        self.out.push(Effect::Changed {
            who,
            property: Property::Name,
            value: make::print_of(name),
        });
        Answer::Done
    }
}
