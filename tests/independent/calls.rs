//! Which calls are taken, with which code others are refused, and what a taken call begins.
//!
//! Written from `tests/contract/operations.toml`, one function per call: the resources exist, their statuses admit the
//! operation, nothing else runs on what it would touch, and the preconditions hold, in that order.

use crate::model::*;
use sdrsim::machine::command::{Call, Ref};
use sdrsim::sdrs::op::Op;

/// The code of a refusal.
pub type Code = u16;

fn name(reference: &Ref) -> &str {
    match reference {
        Ref::Label(label) => label,
        _ => "",
    }
}

fn open_word(op: Op) -> Word {
    match op {
        Op::StartProtection => "starting",
        Op::StopProtection => "stopping",
        Op::Failover => "failing-over",
        Op::PlannedFailover => "reversing",
        _ => "reprotecting",
    }
}

impl Model {
    /// What the service answers: the operation and Ok, or the operation and the code.
    pub fn call(&mut self, call: &Call) -> (Op, Result<(), Code>) {
        match call {
            Call::CreateProtectionGroup(body) => {
                let azs = [
                    &body.source_availability_zone,
                    &body.target_availability_zone,
                ];
                if azs[0] == azs[1] {
                    return (Op::CreateProtectionGroup, Err(203));
                }
                let label = body.label.clone().unwrap_or_default();
                let consistency = body.protection_type != Default::default();
                self.create_group(label, consistency);
                (Op::CreateProtectionGroup, Ok(()))
            }
            Call::DeleteProtectionGroup { group } => {
                (Op::DeleteProtectionGroup, self.delete_group(name(group)))
            }
            Call::StartProtection { group } => self.start(name(group)),
            Call::StopProtection { group } => (Op::StopProtection, self.stop(name(group))),
            Call::Failover { group } => (Op::Failover, self.failover(name(group))),
            Call::PlannedFailover {
                group,
                priority_station,
            } => (
                Op::PlannedFailover,
                self.planned(name(group), priority_station),
            ),
            Call::CreateProtectedInstance(body) => (
                Op::CreateProtectedInstance,
                self.create_instance(
                    body.label.as_deref().unwrap_or_default(),
                    name(&body.server_group_id),
                    name(&body.server_id),
                ),
            ),
            Call::DeleteProtectedInstance {
                instance,
                delete_target_server,
                ..
            } => (
                Op::DeleteProtectedInstance,
                self.delete_instance(name(instance), *delete_target_server),
            ),
            Call::AttachReplicationPair {
                instance,
                pair,
                device,
            } => (
                Op::AttachReplicationPair,
                self.attach(name(instance), name(pair), device),
            ),
            Call::DetachReplicationPair { instance, pair } => (
                Op::DetachReplicationPair,
                self.detach(name(instance), name(pair)),
            ),
            Call::AddNic {
                label, instance, ..
            } => (
                Op::AddNic,
                self.add_nic(name(instance), label.as_deref().unwrap_or_default()),
            ),
            Call::DeleteNic { instance, nic_id } => {
                (Op::DeleteNic, self.delete_nic(name(instance), name(nic_id)))
            }
            Call::ResizeProtectedInstance {
                instance,
                flavor_ref,
                production_flavor_ref,
                ..
            } => {
                let (both, one) = (flavor_ref.as_ref(), production_flavor_ref.as_ref());
                (
                    Op::ResizeProtectedInstance,
                    self.resize(name(instance), both.map(name), one.map(name)),
                )
            }
            Call::CreateReplicationPair(body) => (
                Op::CreateReplicationPair,
                self.create_pair(
                    body.label.as_deref().unwrap_or_default(),
                    name(&body.server_group_id),
                    name(&body.volume_id),
                ),
            ),
            Call::DeleteReplicationPair {
                pair,
                server_group_id,
                delete_target_volume,
            } => (
                Op::DeleteReplicationPair,
                self.delete_pair(
                    name(pair),
                    server_group_id.as_ref().map(name),
                    *delete_target_volume,
                ),
            ),
            Call::ExpandReplicationPair { pair, new_size } => (
                Op::ExpandReplicationPair,
                self.expand(name(pair), *new_size),
            ),
            Call::CreateDrDrill(body) => (
                Op::CreateDrDrill,
                self.create_drill(
                    body.label.as_deref().unwrap_or_default(),
                    name(&body.server_group_id),
                ),
            ),
            Call::DeleteDrDrill { drill } => (Op::DeleteDrDrill, self.delete_drill(name(drill))),
            other => panic!("the model knows no {other:?}"),
        }
    }

    /// A job begins, or waits for a worker.
    pub fn job(&mut self, op: Op, subject: &str, group: &str, detail: Detail) -> u64 {
        self.last_job += 1;
        let running = self.jobs.values().filter(|j| j.stage != Stage::Waiting);
        let free = self.workers.is_none_or(|most| running.count() < most);
        let number = self.last_job;
        if !free {
            self.waiting.push_back(number);
        }
        let job = Job {
            op,
            subject: subject.to_owned(),
            group: group.to_owned(),
            stage: if free { Stage::Open } else { Stage::Waiting },
            failed: false,
            detail,
        };
        self.jobs.insert(number, job);
        number
    }

    pub fn group_status(&self, group: &str) -> Result<Word, Code> {
        self.groups.get(group).map(|g| g.status).ok_or(1013)
    }

    pub fn instance_status(&self, instance: &str) -> Result<Word, Code> {
        self.instances.get(instance).map(|i| i.status).ok_or(1320)
    }

    pub fn pair_status(&self, pair: &str) -> Result<Word, Code> {
        self.pairs.get(pair).map(|p| p.status).ok_or(1608)
    }

    /// Whether the deletion of an instance is about to detach the pair.
    pub fn is_leaving(&self, pair: &str) -> bool {
        let attached = self.pairs[pair].attached.as_ref();
        attached.is_some_and(|a| self.instances[&a.0].status == "deleting")
    }

    // ---- groups

    pub fn create_group(&mut self, label: String, consistency: bool) {
        let group = Group {
            status: "available",
            station: 0,
            consistency,
            work: None,
        };
        self.groups.insert(label.clone(), group);
        let op = Op::CreateProtectionGroup;
        let job = self.job(op, &label, &label, Detail::Nothing);
        self.take(&label, job, "creating", true);
    }

    pub fn delete_group(&mut self, group: &str) -> Result<(), Code> {
        match self.group_status(group)? {
            "available" | "protected" | "failed-over" | "error" | "error-deleting"
            | "error-starting" | "error-stopping" | "error-reversing" | "error-failing-over"
            | "error-reprotecting" => {}
            _ => return Err(1002),
        }
        self.members_ready(group)?;
        if !self.instances_of(group).is_empty() {
            return Err(1001);
        }
        if !self.pairs_of(group).is_empty() {
            return Err(1010);
        }
        if self.drills.values().any(|d| d.group == group) {
            return Err(1003);
        }
        let job = self.job(Op::DeleteProtectionGroup, group, group, Detail::Nothing);
        self.take(group, job, "deleting", true);
        Ok(())
    }

    /// A group operation, deletion too, waits for no member: it is refused while one runs an operation of its own.
    pub fn members_ready(&self, group: &str) -> Result<(), Code> {
        if self.has_busy_member(group) && !self.has(Defect::BusyMemberForgotten) {
            return Err(1002);
        }
        Ok(())
    }

    pub fn members_fit(&self, group: &str) -> Result<(), Code> {
        let mut pairs = self.pairs.values().filter(|p| p.group == group);
        if pairs.all(|p| is_out(p.status)) {
            return Err(1608);
        }
        let mut members = self.instances.values().filter(|i| i.group == group);
        if members.any(|i| i.status == "invalid") {
            return Err(1314);
        }
        Ok(())
    }

    pub fn copies(&self, group: &str) -> bool {
        let mut pairs = self.pairs.values().filter(|p| p.group == group);
        pairs.any(|p| p.copy == Copy::Running)
    }

    pub fn start(&mut self, group: &str) -> (Op, Result<(), Code>) {
        let (op, taken) = match self.group_status(group) {
            Err(code) => return (Op::StartProtection, Err(code)),
            Ok("available" | "error-starting") => (Op::StartProtection, Ok(())),
            Ok("failed-over" | "error-reprotecting") => (Op::Reprotect, Ok(())),
            Ok(_) => (Op::StartProtection, Err(1020)),
        };
        let taken = taken
            .and_then(|()| self.members_ready(group))
            .and_then(|()| self.members_fit(group))
            .and_then(|()| {
                let station = self.groups[group].station;
                if op == Op::Reprotect && self.runs_at(group, 1 - station) {
                    let other = self.has(Defect::WrongCode);
                    return Err(if other { 1352 } else { 1342 });
                }
                self.operate(op, group, station);
                Ok(())
            });
        (op, taken)
    }

    pub fn stop(&mut self, group: &str) -> Result<(), Code> {
        match self.group_status(group)? {
            "protected" | "error-stopping" => {}
            _ => return Err(1019),
        }
        self.members_ready(group)?;
        self.members_fit(group)?;
        if self.copies(group) {
            return Err(1830);
        }
        let station = self.groups[group].station;
        self.operate(Op::StopProtection, group, station);
        Ok(())
    }

    pub fn failover(&mut self, group: &str) -> Result<(), Code> {
        match self.group_status(group)? {
            "protected" | "error-failing-over" | "error-reversing" => {}
            _ => return Err(1022),
        }
        self.members_ready(group)?;
        self.members_fit(group)?;
        if self.copies(group) {
            return Err(1830);
        }
        let station = self.groups[group].station;
        self.operate(Op::Failover, group, 1 - station);
        Ok(())
    }

    pub fn planned(&mut self, group: &str, station: &str) -> Result<(), Code> {
        match self.group_status(group)? {
            "protected" | "error-reversing" => {}
            "error-failing-over" if self.has(Defect::ReverseAfterFailedFailover) => {}
            _ => return Err(1023),
        }
        self.members_ready(group)?;
        let now = self.groups[group].station;
        let aim = match station {
            "source" => 0,
            "target" => 1,
            _ => return Err(216),
        };
        if aim == now {
            return Err(216);
        }
        self.members_fit(group)?;
        if self.runs_at(group, now) {
            return Err(1352);
        }
        if self.copies(group) {
            return Err(1830);
        }
        self.operate(Op::PlannedFailover, group, aim);
        Ok(())
    }

    /// A group operation begins on the group, the members that take part and the pairs that are not at their goal.
    pub fn operate(&mut self, op: Op, group: &str, aim: usize) {
        let job = self.job(op, group, group, Detail::Aim(aim));
        let during = open_word(op);
        self.take(group, job, during, false);
        for instance in self.instances_of(group) {
            if !is_out(self.instances[&instance].status) {
                self.take(&instance, job, during, false);
            }
        }
        for name in self.pairs_of(group) {
            let pair = &self.pairs[&name];
            let goal = match op {
                Op::StopProtection => "available",
                Op::Failover => "failed-over",
                _ => "protected",
            };
            let there = pair.status == goal && pair.station == aim;
            let out = pair.status == "error"
                || (pair.status == "error-deleting" && !self.has(Defect::OutTakesPart));
            if !out && (!there || self.has(Defect::GoalForgotten)) {
                self.take(&name, job, during, false);
            }
        }
    }
}
