//! What happens when a part of a job ends, and what is done to servers behind the service's back.
//!
//! Pairs settle as their sub-jobs end, in a consistency group at close; group, instances, servers, NICs and the station
//! change together at close (`tests/contract/operations.toml`, rows `done` and `failed`).

use crate::model::*;
use sdrsim::sdrs::op::Op;
use std::collections::BTreeSet;

fn done_word(op: Op) -> Word {
    match op {
        Op::StopProtection => "available",
        Op::Failover => "failed-over",
        _ => "protected",
    }
}

fn failed_word(op: Op) -> Word {
    match op {
        Op::StartProtection => "error-starting",
        Op::StopProtection => "error-stopping",
        Op::Failover => "error-failing-over",
        Op::PlannedFailover => "error-reversing",
        _ => "error-reprotecting",
    }
}

impl Model {
    /// Something under way ends, well or not.
    pub fn end(&mut self, due: &Due, well: bool) {
        let (number, part, on) = due;
        self.ended.clear();
        match (part, well) {
            (0, true) => self.open_ended(*number),
            (1, _) => self.work_ended(*number, on, well),
            (2, true) => {
                let well = !self.jobs[number].failed && !self.is_obstructed(*number);
                self.finish(*number, well);
            }
            _ => self.finish(*number, false),
        }
    }

    fn open_ended(&mut self, number: u64) {
        let job = &self.jobs[&number];
        let mut left = BTreeSet::new();
        if is_of_group(job.op) {
            let taken = |p: &Pair| p.work.is_some_and(|w| w.job == number);
            let pairs = self.pairs.iter().filter(|(_, p)| taken(p));
            left.extend(pairs.map(|(name, _)| name.clone()));
        } else {
            left.insert(job.subject.clone());
        }
        let stage = if left.is_empty() {
            Stage::Close
        } else {
            Stage::Work(left)
        };
        self.jobs.get_mut(&number).expect("it runs").stage = stage;
    }

    fn work_ended(&mut self, number: u64, on: &str, well: bool) {
        let job = self.jobs.get_mut(&number).expect("it runs");
        job.failed |= !well;
        let Stage::Work(left) = &mut job.stage else {
            panic!("work of a job that is at another stage");
        };
        left.remove(on);
        if left.is_empty() {
            job.stage = Stage::Close;
        }
        let (op, group) = (job.op, job.group.clone());
        let apart = is_of_group(op)
            && (!self.groups[&group].consistency || self.has(Defect::ConsistencyHalfDone));
        if apart {
            self.settle_pair(number, on, well);
        }
    }

    fn settle_pair(&mut self, number: u64, name: &str, well: bool) {
        let job = &self.jobs[&number];
        let (op, Detail::Aim(aim)) = (job.op, job.detail.clone()) else {
            panic!("a group operation has an aim");
        };
        self.release(name);
        let mut word = if well { done_word(op) } else { failed_word(op) };
        if !well && op == Op::StopProtection && self.has(Defect::FailedStopReadsStarting) {
            word = "error-starting";
        }
        let pair = self.pairs.get_mut(name).expect("it takes part");
        pair.status = word;
        if !well {
            return;
        }
        match op {
            Op::StartProtection | Op::Reprotect => {
                pair.copy = if pair.unsynced {
                    Copy::Running
                } else {
                    Copy::InStep
                };
            }
            Op::StopProtection => pair.copy = Copy::Off,
            Op::Failover => (pair.copy, pair.station) = (Copy::Off, aim),
            _ => pair.station = aim,
        }
    }

    /// What keeps a job from ending well when all its work is done.
    fn is_obstructed(&self, number: u64) -> bool {
        let job = &self.jobs[&number];
        match (job.op, &job.detail) {
            (Op::PlannedFailover, _) => self.runs_at(&job.group, self.groups[&job.group].station),
            (Op::Reprotect, _) => self.runs_at(&job.group, 1 - self.groups[&job.group].station),
            (Op::AttachReplicationPair, Detail::Attach(instance, device)) => {
                let servers = &self.instances[instance].servers;
                let disks = &self.pairs[&job.subject].disks;
                servers.iter().zip(disks).any(|ends| match ends {
                    (Some(server), Some(disk)) => {
                        let taken = self.servers[server].disks.contains_key(device);
                        taken || self.disks[disk].server.is_some()
                    }
                    _ => true,
                })
            }
            (Op::AddNic, _) => {
                let station = self.groups[&job.group].station;
                self.instances[&job.subject].servers[station].is_none()
            }
            _ => false,
        }
    }

    fn finish(&mut self, number: u64, well: bool) {
        let job = self.jobs[&number].clone();
        if is_of_group(job.op) {
            self.finish_group(number, &job, well);
        } else {
            self.finish_own(&job, well);
        }
        self.jobs.remove(&number);
        self.ended.push((number, well));
        while let Some(&next) = self.waiting.front() {
            let running = self.jobs.values().filter(|j| j.stage != Stage::Waiting);
            if self.workers.is_some_and(|most| running.count() >= most) {
                break;
            }
            self.waiting.pop_front();
            self.jobs.get_mut(&next).expect("it waits").stage = Stage::Open;
        }
    }

    fn finish_group(&mut self, number: u64, job: &Job, well: bool) {
        for name in self.pairs_of(&job.group) {
            if self.pairs[&name].work.is_some_and(|w| w.job == number) {
                self.settle_pair(number, &name, well);
            }
        }
        if !well && self.groups[&job.group].consistency {
            // Nothing is half done: pairs that were at the goal report the failure with the others.
            for pair in self.pairs.values_mut() {
                if pair.group == job.group && !is_out(pair.status) && pair.work.is_none() {
                    pair.status = failed_word(job.op);
                }
            }
        }
        let Detail::Aim(aim) = job.detail else {
            panic!("a group operation has an aim");
        };
        let word = if well {
            done_word(job.op)
        } else {
            failed_word(job.op)
        };
        for name in self.instances_of(&job.group) {
            if self.instances[&name].work.is_some_and(|w| w.job == number) {
                if well {
                    self.turn_instance(job.op, &name, aim);
                }
                self.release(&name);
                self.settle_instance(&name, word);
            }
        }
        let keeps = job.op == Op::Failover && self.has(Defect::FailoverKeepsStation);
        self.release(&job.group);
        let start = job.op == Op::StartProtection && self.has(Defect::StartLeavesAvailable);
        let group = self.groups.get_mut(&job.group).expect("it runs");
        group.status = if well && start { "available" } else { word };
        if well && !keeps {
            group.station = aim;
        }
    }

    /// Servers, fences and NICs of an instance at the end of a group operation.
    fn turn_instance(&mut self, op: Op, name: &str, aim: usize) {
        let instance = self.instances.get_mut(name).expect("it takes part");
        let old = instance.servers[1 - aim].clone();
        let new = instance.servers[aim].clone();
        match op {
            Op::Failover => {
                let Some(old) = old else { return };
                let server = self.servers.get_mut(&old).expect("it is a member");
                (server.on, server.fenced) = (false, true);
                let Some(new) = new else { return };
                let moved = std::mem::take(&mut server.nics);
                if moved.is_empty() {
                    return;
                }
                let server = self.servers.get_mut(&new).expect("it is a member");
                let mut own = std::mem::replace(&mut server.nics, moved).into_iter();
                instance.set_aside = own.next();
                server.nics.extend(own);
            }
            Op::PlannedFailover => {
                let (Some(old), Some(new)) = (old, new) else {
                    return;
                };
                let first = std::mem::take(&mut self.servers.get_mut(&old).expect("member").nics);
                let server = self.servers.get_mut(&new).expect("it is a member");
                let second = std::mem::replace(&mut server.nics, first);
                self.servers.get_mut(&old).expect("member").nics = second;
            }
            Op::Reprotect => {
                let Some(old) = old else { return };
                let server = self.servers.get_mut(&old).expect("it is a member");
                server.nics.extend(instance.set_aside.take());
                server.fenced = false;
            }
            _ => {}
        }
    }

    fn finish_own(&mut self, job: &Job, well: bool) {
        let name = job.subject.as_str();
        let prior = self.release(name).unwrap_or("available");
        match job.op {
            Op::CreateProtectionGroup | Op::CreateDrDrill => {
                self.set_status(name, if well { "available" } else { "error" });
            }
            Op::CreateProtectedInstance => self.instance_made(job, well),
            Op::CreateReplicationPair => self.pair_made(name, None, well),
            Op::DeleteProtectionGroup
            | Op::DeleteDrDrill
            | Op::DeleteReplicationPair
            | Op::DeleteProtectedInstance
                if !well =>
            {
                self.set_status(name, "error-deleting");
            }
            Op::DeleteProtectionGroup => drop(self.groups.remove(name)),
            Op::DeleteDrDrill => drop(self.drills.remove(name)),
            Op::DeleteReplicationPair => {
                let target = matches!(job.detail, Detail::Target(true));
                let disk = self.pairs[name].disks[1].clone();
                self.dissolve(name);
                if target && let Some(disk) = disk {
                    self.disks.remove(&disk);
                }
            }
            Op::DeleteProtectedInstance => {
                self.instance_deleted(name, matches!(job.detail, Detail::Target(true)));
            }
            Op::AddNic | Op::DeleteNic => {
                if well {
                    self.change_nic(job);
                }
                let shows = !well && self.has(Defect::NicFailureShows);
                self.settle_instance(name, if shows { "error-resizing" } else { prior });
            }
            Op::ResizeProtectedInstance => {
                let follow = self.follow(&job.group);
                if let (true, Detail::Flavors(flavors)) = (well, &job.detail) {
                    let servers = self.instances[name].servers.clone();
                    for (server, flavor) in servers.into_iter().zip(flavors) {
                        if let (Some(server), Some(flavor)) = (server, flavor) {
                            let server = self.servers.get_mut(&server).expect("member");
                            server.flavor.clone_from(flavor);
                        }
                    }
                }
                self.settle_instance(name, if well { follow } else { "error-resizing" });
            }
            _ => self.pair_changed(job, prior, well),
        }
    }

    fn instance_made(&mut self, job: &Job, well: bool) {
        let name = job.subject.as_str();
        let Detail::Replica { nic, flavor } = &job.detail else {
            panic!("the creation of an instance makes a replica");
        };
        let side = 1 - self.groups[&job.group].station;
        let replica = format!("{name}/dr");
        if well {
            let nics = nic.then(|| format!("{name}/nic"));
            let server = Server {
                side,
                instance: Some(name.to_owned()),
                nics: nics.into_iter().collect(),
                flavor: flavor.clone(),
                ..Server::default()
            };
            self.servers.insert(replica.clone(), server);
            let instance = self.instances.get_mut(name).expect("it was made");
            instance.servers[side] = Some(replica.clone());
        }
        for pair in self.pairs_on(name) {
            self.release(&pair);
            self.pair_made(&pair, well.then_some(replica.as_str()), well);
        }
        let follow = self.follow(&job.group);
        self.settle_instance(name, if well { follow } else { "error" });
    }

    fn pair_made(&mut self, name: &str, server: Option<&str>, well: bool) {
        if !well {
            self.set_status(name, "error");
            return;
        }
        let follow = self.follow(&self.pairs[name].group);
        let label = format!("{name}/dr");
        let pair = self.pairs.get_mut(name).expect("it was made");
        pair.status = follow;
        if follow == "protected" {
            pair.copy = Copy::Running;
        }
        let source = pair.disks[pair.station].as_ref().expect("it was named");
        let source = &self.disks[source];
        let mut disk = Disk {
            side: 1 - pair.station,
            gib: source.gib,
            bootable: source.bootable,
            server: server.map(str::to_owned),
            pair: Some(name.to_owned()),
        };
        if let (Some(server), Some((_, device))) = (server, &pair.attached) {
            let server = self.servers.get_mut(server).expect("it was made");
            server.disks.insert(*device, label.clone());
        } else {
            disk.server = None;
        }
        pair.disks[1 - pair.station] = Some(label.clone());
        self.disks.insert(label, disk);
    }

    fn dissolve(&mut self, name: &str) {
        let pair = self.pairs.remove(name).expect("it exists");
        for disk in pair.disks.iter().flatten() {
            if let Some(disk) = self.disks.get_mut(disk) {
                disk.pair = None;
            }
        }
    }

    fn instance_deleted(&mut self, name: &str, target: bool) {
        for pair in self.pairs_on(name) {
            self.dissolve(&pair);
        }
        let mut instance = self.instances.remove(name).expect("it exists");
        // A NIC set aside goes where reprotection would have put it.
        let old = 1 - self.groups[&instance.group].station;
        if let (Some(nic), Some(old)) = (instance.set_aside.take(), &instance.servers[old]) {
            let server = self.servers.get_mut(old).expect("a member");
            server.nics.push(nic);
        }
        for server in instance.servers.iter().flatten() {
            let server = self.servers.get_mut(server).expect("a member");
            (server.instance, server.fenced) = (None, false);
        }
        if let (true, Some(server)) = (target, &instance.servers[1]) {
            let server = self.servers.remove(server).expect("a member");
            for disk in server.disks.values() {
                self.disks.remove(disk);
            }
        }
    }

    fn change_nic(&mut self, job: &Job) {
        let Detail::Nic(nic) = &job.detail else {
            panic!("a NIC operation names one");
        };
        let station = self.groups[&job.group].station;
        let server = self.instances[&job.subject].servers[station].clone();
        let Some(server) = server.and_then(|s| self.servers.get_mut(&s)) else {
            return;
        };
        if job.op == Op::AddNic {
            server.nics.push(nic.clone());
        } else {
            server.nics.retain(|n| n != nic);
        }
    }

    fn pair_changed(&mut self, job: &Job, prior: Word, well: bool) {
        let name = job.subject.as_str();
        let follow = self.follow(&self.pairs[name].group);
        let to = match (&job.detail, well) {
            (Detail::Attach(instance, device), true) => {
                self.join(name, instance, *device);
                prior
            }
            (Detail::Attach(..), false) => "error-attaching",
            (Detail::Detach(instance), true) => {
                self.part(name, instance);
                match prior {
                    "error-attaching" if self.has(Defect::DetachClearsNothing) => prior,
                    "error-attaching" | "error-detaching" => follow,
                    _ => prior,
                }
            }
            (Detail::Detach(_), false) => "error-detaching",
            (Detail::Grow(gib), true) => {
                let pair = self.pairs.get_mut(name).expect("it exists");
                pair.unsynced = true;
                if pair.copy != Copy::Off {
                    pair.copy = Copy::Running;
                }
                for disk in pair.disks.iter().flatten() {
                    self.disks.get_mut(disk).expect("it exists").gib = *gib;
                }
                follow
            }
            _ => "error-extending",
        };
        self.set_status(name, to);
    }

    fn join(&mut self, name: &str, instance: &str, device: char) {
        let pair = self.pairs.get_mut(name).expect("it exists");
        pair.attached = Some((instance.to_owned(), device));
        let servers = &self.instances[instance].servers;
        for (server, disk) in servers.iter().zip(&pair.disks) {
            if let (Some(server), Some(disk)) = (server, disk) {
                let record = self.servers.get_mut(server).expect("a member");
                record.disks.insert(device, disk.clone());
                self.disks.get_mut(disk).expect("it exists").server = Some(server.clone());
            }
        }
    }

    fn part(&mut self, name: &str, instance: &str) {
        let pair = self.pairs.get_mut(name).expect("it exists");
        if pair.attached.as_ref().is_none_or(|a| a.0 != instance) {
            return;
        }
        pair.attached = None;
        for disk in pair.disks.iter().flatten() {
            let disk_of = self.disks.get_mut(disk).expect("it exists");
            if let Some(server) = disk_of.server.take() {
                let server = self.servers.get_mut(&server).expect("it exists");
                server.disks.retain(|_, d| d != disk);
            }
        }
    }

    /// A copy has come to its end.
    pub fn synced(&mut self, pair: &str) {
        if let Some(pair) = self.pairs.get_mut(pair)
            && pair.copy == Copy::Running
        {
            (pair.copy, pair.unsynced) = (Copy::InStep, false);
        }
    }

    // ---- behind the service's back

    /// Starts a server; whether the cloud lets it.
    pub fn power_on(&mut self, name: &str) -> bool {
        let Some(server) = self.servers.get(name) else {
            return false;
        };
        let dr = server.instance.as_ref().is_some_and(|instance| {
            let group = &self.groups[&self.instances[instance].group];
            server.side != group.station
        });
        // An instance that took no part in a failover may have its other server running.
        let twin = server.instance.as_ref().is_some_and(|instance| {
            let servers = self.instances[instance].servers.iter().flatten();
            servers
                .filter_map(|twin| self.servers.get(twin))
                .any(|twin| twin.on)
        });
        if server.on || server.fenced || dr || twin {
            return false;
        }
        self.servers.get_mut(name).expect("found").on = true;
        true
    }

    /// Stops a server; whether it ran.
    pub fn power_off(&mut self, name: &str) -> bool {
        self.servers
            .get_mut(name)
            .is_some_and(|server| std::mem::replace(&mut server.on, false))
    }

    /// Deletes a server: its instance is `invalid` whenever nothing runs on it.
    pub fn delete_server(&mut self, name: &str) -> bool {
        let Some(server) = self.servers.remove(name) else {
            return false;
        };
        for disk in server.disks.values() {
            self.disks.get_mut(disk).expect("it was attached").server = None;
        }
        if let Some(owner) = server.instance {
            let instance = self.instances.get_mut(&owner).expect("it is a member");
            instance.lost = true;
            instance.servers[server.side] = None;
            if instance.work.is_none() {
                let status = instance.status;
                self.settle_instance(&owner, status);
            }
        }
        true
    }
}
