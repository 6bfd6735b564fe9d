//! Calls on instances, pairs and drills; see `calls`.

use crate::calls::Code;
use crate::model::*;
use sdrsim::machine::command::Gigabytes;
use sdrsim::sdrs::op::Op;

impl Model {
    // ---- instances

    pub fn create_instance(&mut self, label: &str, group: &str, server: &str) -> Result<(), Code> {
        match self.group_status(group)? {
            "available" | "protected" => {}
            _ => return Err(1323),
        }
        let Some(it) = self.servers.get(server) else {
            return Err(1326);
        };
        if it.instance.is_some() {
            return Err(1305);
        }
        if it.side != self.groups[group].station {
            return Err(1303);
        }
        if it.disks.is_empty() {
            return Err(1321);
        }
        if !it.disks.get(&'a').is_some_and(|d| self.disks[d].bootable) {
            return Err(1339);
        }
        if it.disks.values().any(|d| self.disks[d].pair.is_some()) {
            return Err(1811);
        }
        let (side, disks, flavor) = (it.side, it.disks.clone(), it.flavor.clone());
        let nic = !it.nics.is_empty();
        let mut servers = [None, None];
        servers[side] = Some(server.to_owned());
        let instance = Instance {
            group: group.to_owned(),
            status: "available",
            work: None,
            servers,
            set_aside: None,
            lost: false,
        };
        self.instances.insert(label.to_owned(), instance);
        self.servers.get_mut(server).expect("found").instance = Some(label.to_owned());
        let op = Op::CreateProtectedInstance;
        let job = self.job(op, label, group, Detail::Replica { nic, flavor });
        self.take(label, job, "creating", true);
        for (device, disk) in disks {
            let pair = format!("{label}/vd{device}");
            self.new_pair(&pair, group, &disk, Some((label.to_owned(), device)));
            self.take(&pair, job, "creating", true);
        }
        Ok(())
    }

    pub fn new_pair(&mut self, label: &str, group: &str, disk: &str, on: Option<(String, char)>) {
        let station = self.groups[group].station;
        let mut disks = [None, None];
        disks[station] = Some(disk.to_owned());
        let pair = Pair {
            group: group.to_owned(),
            status: "available",
            work: None,
            station,
            disks,
            attached: on,
            copy: Copy::Off,
            unsynced: true,
        };
        self.disks.get_mut(disk).expect("found").pair = Some(label.to_owned());
        self.pairs.insert(label.to_owned(), pair);
    }

    pub fn delete_instance(&mut self, instance: &str, target: bool) -> Result<(), Code> {
        match self.instance_status(instance)? {
            "available" | "protected" | "failed-over" | "error" | "error-starting"
            | "error-stopping" | "error-reversing" | "error-failing-over" | "error-deleting"
            | "error-reprotecting" | "error-resizing" | "invalid" => {}
            _ => return Err(1301),
        }
        if self.has_busy_pair(instance) {
            return Err(1301);
        }
        let group = self.instances[instance].group.clone();
        let left_out = matches!(
            self.groups[&group].status,
            "starting" | "stopping" | "reversing" | "failing-over" | "reprotecting"
        );
        if left_out && !self.has(Defect::LeftOutDeleted) {
            return Err(1324);
        }
        if target && self.groups[&group].station != 0 {
            return Err(1330);
        }
        let op = Op::DeleteProtectedInstance;
        let job = self.job(op, instance, &group, Detail::Target(target));
        self.take(instance, job, "deleting", true);
        Ok(())
    }

    /// The group of an instance, if both admit an operation of settled members.
    pub fn settled(&self, instance: &str, code: Code) -> Result<String, Code> {
        let status = self.instance_status(instance)?;
        let group = self.instances[instance].group.clone();
        match self.groups[&group].status {
            "available" | "protected" => {}
            _ => return Err(1024),
        }
        match status {
            "available" | "protected" => Ok(group),
            "error-resizing" if code == 1329 => Ok(group),
            _ => Err(if code == 1329 { 1328 } else { code }),
        }
    }

    pub fn add_nic(&mut self, instance: &str, nic: &str) -> Result<(), Code> {
        let group = self.settled(instance, 1327)?;
        let station = self.groups[&group].station;
        let server = self.instances[instance].servers[station].as_ref();
        if server.is_some_and(|s| self.servers[s].nics.len() >= 12) {
            return Err(1340);
        }
        let job = self.job(Op::AddNic, instance, &group, Detail::Nic(nic.to_owned()));
        self.take(instance, job, "nic-creating", true);
        Ok(())
    }

    pub fn delete_nic(&mut self, instance: &str, nic: &str) -> Result<(), Code> {
        let group = self.settled(instance, 1327)?;
        let station = self.groups[&group].station;
        let server = self.instances[instance].servers[station].as_ref();
        let nics = server.map(|s| &self.servers[s].nics);
        match nics.and_then(|nics| nics.iter().position(|n| n == nic)) {
            None => return Err(1310),
            Some(0) => return Err(1311),
            Some(_) => {}
        }
        let job = self.job(Op::DeleteNic, instance, &group, Detail::Nic(nic.to_owned()));
        self.take(instance, job, "nic-deleting", true);
        Ok(())
    }

    pub fn resize(
        &mut self,
        instance: &str,
        both: Option<&str>,
        one: Option<&str>,
    ) -> Result<(), Code> {
        let group = self.settled(instance, 1329)?;
        let station = self.groups[&group].station;
        let mut flavors = [both.map(str::to_owned), both.map(str::to_owned)];
        if both.is_none() {
            flavors[station] = one.map(str::to_owned);
        }
        if flavors.iter().all(Option::is_none) {
            return Err(201);
        }
        let servers = self.instances[instance].servers.clone();
        let touched: Vec<(&String, &Server)> = (0..2)
            .filter_map(|side| Some((flavors[side].as_ref()?, servers[side].as_ref()?)))
            .map(|(flavor, server)| (flavor, &self.servers[server]))
            .collect();
        if touched
            .iter()
            .any(|(flavor, server)| **flavor == server.flavor)
        {
            return Err(1341);
        }
        if touched.iter().any(|(_, server)| server.on) {
            return Err(1316);
        }
        let op = Op::ResizeProtectedInstance;
        let job = self.job(op, instance, &group, Detail::Flavors(flavors));
        self.take(instance, job, "resizing", true);
        Ok(())
    }

    // ---- pairs

    pub fn attach(&mut self, instance: &str, pair: &str, device: &str) -> Result<(), Code> {
        let status = self.instance_status(instance)?;
        let pair_status = self.pair_status(pair)?;
        let device = device.chars().last().expect("a device has a letter");
        let group = self.instances[instance].group.clone();
        match self.groups[&group].status {
            "available" | "protected" => {}
            _ => return Err(1024),
        }
        match status {
            "available" | "protected" => {}
            _ => return Err(1328),
        }
        match pair_status {
            "available" | "protected" => {}
            _ => return Err(1601),
        }
        if self.is_leaving(pair) {
            return Err(1601);
        }
        if self.pairs[pair].group != group {
            return Err(1611);
        }
        let servers = self.instances[instance].servers.iter().flatten();
        let taken = servers
            .into_iter()
            .any(|s| self.servers[s].disks.contains_key(&device));
        if self.pairs[pair].attached.is_some() || taken {
            return Err(1603);
        }
        let detail = Detail::Attach(instance.to_owned(), device);
        let job = self.job(Op::AttachReplicationPair, pair, &group, detail);
        self.take(pair, job, "attaching", true);
        Ok(())
    }

    pub fn detach(&mut self, instance: &str, pair: &str) -> Result<(), Code> {
        let status = self.instance_status(instance)?;
        let pair_status = self.pair_status(pair)?;
        let group = self.instances[instance].group.clone();
        match self.groups[&group].status {
            "available" | "protected" | "failed-over" | "error-starting" | "error-stopping"
            | "error-reversing" | "error-failing-over" => {}
            _ => return Err(1002),
        }
        match status {
            "available" | "protected" | "failed-over" | "error-starting" | "error-stopping"
            | "error-reversing" | "error-failing-over" | "error-deleting"
            | "error-reprotecting" | "error-resizing" | "invalid" => {}
            _ => return Err(1314),
        }
        match pair_status {
            "available" | "protected" | "failed-over" | "error-attaching" | "error-detaching"
            | "error-starting" | "error-stopping" | "error-reversing" | "error-failing-over"
            | "error-deleting" | "error-reprotecting" | "error-extending" => {}
            _ => return Err(214),
        }
        if self.is_leaving(pair) {
            return Err(214);
        }
        let on = self.pairs[pair]
            .attached
            .clone()
            .filter(|a| a.0 == instance);
        if on.is_none() && pair_status != "error-attaching" {
            return Err(1604);
        }
        if on.is_some_and(|a| a.1 == 'a') && self.any_runs(instance) {
            return Err(1316);
        }
        let group = self.pairs[pair].group.clone();
        let detail = Detail::Detach(instance.to_owned());
        let job = self.job(Op::DetachReplicationPair, pair, &group, detail);
        self.take(pair, job, "detaching", true);
        Ok(())
    }

    pub fn create_pair(&mut self, label: &str, group: &str, disk: &str) -> Result<(), Code> {
        match self.group_status(group)? {
            "available" | "protected" => {}
            _ => return Err(1024),
        }
        let Some(it) = self.disks.get(disk) else {
            return Err(211);
        };
        if it.pair.is_some() {
            return Err(1811);
        }
        if it.server.is_some() {
            return Err(1801);
        }
        if it.side != self.groups[group].station {
            return Err(1810);
        }
        self.new_pair(label, group, disk, None);
        let job = self.job(Op::CreateReplicationPair, label, group, Detail::Nothing);
        self.take(label, job, "creating", true);
        Ok(())
    }

    pub fn delete_pair(
        &mut self,
        pair: &str,
        given: Option<&str>,
        target: bool,
    ) -> Result<(), Code> {
        let status = self.pair_status(pair)?;
        let group = self.pairs[pair].group.clone();
        match self.groups[&group].status {
            "available" | "protected" | "failed-over" | "error-starting" | "error-stopping"
            | "error-reversing" | "error-failing-over" | "error-deleting"
            | "error-reprotecting" => {}
            _ => return Err(1002),
        }
        match status {
            "available" | "protected" | "failed-over" | "error" | "error-starting"
            | "error-stopping" | "error-reversing" | "error-failing-over" | "error-deleting"
            | "error-reprotecting" | "error-attaching" | "error-extending" => {}
            _ => return Err(214),
        }
        if self.is_leaving(pair) {
            return Err(214);
        }
        if given.is_some_and(|given| given != group) {
            return Err(1611);
        }
        if self.pairs[pair].attached.is_some() {
            return Err(1605);
        }
        if target && self.groups[&group].station != 0 {
            return Err(1809);
        }
        let op = Op::DeleteReplicationPair;
        let job = self.job(op, pair, &group, Detail::Target(target));
        self.take(pair, job, "deleting", true);
        Ok(())
    }

    pub fn expand(&mut self, pair: &str, size: Gigabytes) -> Result<(), Code> {
        match self.pair_status(pair)? {
            "available" | "protected" | "error-extending" => {}
            _ => return Err(1601),
        }
        if self.is_leaving(pair) {
            return Err(1601);
        }
        let mut disks = self.pairs[pair].disks.iter().flatten();
        if disks.any(|d| size.0 <= self.disks[d].gib) {
            return Err(201);
        }
        let group = self.pairs[pair].group.clone();
        let op = Op::ExpandReplicationPair;
        let job = self.job(op, pair, &group, Detail::Grow(size.0));
        self.take(pair, job, "extending", true);
        Ok(())
    }

    // ---- drills

    pub fn create_drill(&mut self, label: &str, group: &str) -> Result<(), Code> {
        match self.group_status(group)? {
            "available" | "protected" | "failed-over" | "error-starting" | "error-stopping"
            | "error-reversing" | "error-reprotecting" | "error-failing-over" => {}
            _ => return Err(1002),
        }
        let mut pairs = self.pairs.values().filter(|p| p.group == group);
        if pairs.all(|p| p.attached.is_none()) {
            return Err(1920);
        }
        let drill = Drill {
            group: group.to_owned(),
            status: "available",
            work: None,
        };
        self.drills.insert(label.to_owned(), drill);
        let job = self.job(Op::CreateDrDrill, label, group, Detail::Nothing);
        self.take(label, job, "creating", true);
        Ok(())
    }

    pub fn delete_drill(&mut self, drill: &str) -> Result<(), Code> {
        let Some(it) = self.drills.get(drill) else {
            return Err(1902);
        };
        match it.status {
            "available" | "error" | "error-deleting" => {}
            _ => return Err(1913),
        }
        let group = it.group.clone();
        let job = self.job(Op::DeleteDrDrill, drill, &group, Detail::Nothing);
        self.take(drill, job, "deleting", true);
        Ok(())
    }
}
