//! The meaning of what stands when the run begins: labels, references and values. Every fault is collected.

mod network;

use super::names::{Kind, Names, numbered};
use super::refs;
use super::source::Source;
use crate::machine::command::{Call, Native};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::model::ScenarioModel;
use crate::scenario::yaml::{Labelled, Spanned};
use crate::sdrs::device::Device;
use crate::sdrs::names::is_name;
use crate::sdrs::net::{Cidr, parse_ipv4};
use crate::units::{Bytes, Rate};
use crate::world::replica::Load;

/// What a check needs at hand.
struct Check<'a> {
    source: Source<'a>,
    names: Names,
    faults: &'a mut Vec<Diagnostic>,
    total: u64,
}

/// Collects the labels of a file and the faults of its resources.
pub(super) fn check(
    source: Source<'_>,
    model: &ScenarioModel,
    faults: &mut Vec<Diagnostic>,
) -> Names {
    let mut check = Check {
        source,
        names: Names::default(),
        faults,
        total: 0,
    };
    check.labels(model);
    check.made_by_steps(model);
    if !check.faults.is_empty() {
        // With labels in doubt, faults of references would be echoes of those found by now.
        return check.names;
    }
    check.places(model);
    check.machinery(model);
    check.protection(model);
    check.names
}

impl Check<'_> {
    fn fault(&mut self, fault: Diagnostic) {
        // Far more faults than are shown tell nothing.
        if self.faults.len() < 10 * super::MAX_FAULTS {
            self.faults.push(fault);
        }
    }

    fn labels(&mut self, model: &ScenarioModel) {
        self.names.add("default", Kind::Project, None);
        for (label, _) in &model.projects {
            if label.value != "default" {
                self.label(label, Kind::Project, None, 1);
            }
        }
        model
            .sites
            .iter()
            .for_each(|(label, _)| self.label(label, Kind::Site, None, 1));
        model
            .azs
            .iter()
            .for_each(|(label, _)| self.label(label, Kind::Az, None, 1));
        self.network_labels(model);
        model
            .domains
            .iter()
            .for_each(|(label, _)| self.label(label, Kind::Domain, None, 1));
        model
            .flavors
            .iter()
            .for_each(|(label, _)| self.label(label, Kind::Flavor, None, 1));
        for (label, vpc) in &model.vpcs {
            self.label(label, Kind::Vpc, None, 1);
            vpc.subnets
                .iter()
                .for_each(|(label, _)| self.label(label, Kind::Subnet, None, 1));
        }
        for (label, it) in &model.servers {
            self.label(
                label,
                Kind::Server,
                it.count.as_ref(),
                2 + it.disks.len() as u64,
            );
        }
        for (label, it) in &model.disks {
            // Whoever protects the server of an attached disk makes a pair and a DR disk.
            let each = if it.attached.is_empty() { 1 } else { 3 };
            self.label(label, Kind::Disk, it.count.as_ref(), each);
        }
        model
            .eips
            .iter()
            .for_each(|(label, _)| self.label(label, Kind::Eip, None, 1));
        for (label, it) in &model.groups {
            self.label(label, Kind::Group, it.count.as_ref(), 1);
        }
        for (label, it) in &model.instances {
            // The instance, its DR server, a NIC, and for each disk that the server has from the start a pair and a DR disk.
            let server = &it.server.value;
            let template = || model.servers.get(numbered(server)?.0);
            let server = model.servers.get(server).or_else(template);
            let disks = server.map_or(0, |server| server.disks.len() as u64);
            self.label(label, Kind::Instance, it.count.as_ref(), 3 + 2 * disks);
        }
        for (label, it) in &model.pairs {
            self.label(label, Kind::Pair, it.count.as_ref(), 2);
        }
        self.hazard_labels(model);
    }

    fn hazard_labels(&mut self, model: &ScenarioModel) {
        for (label, it) in &model.hazards {
            let each = it.each.as_ref();
            let count = each.and_then(|each| Some(each.with_value(self.names.count(&each.value)?)));
            self.label(label, Kind::Hazard, count.as_ref(), 1);
        }
    }

    /// Takes a label in; each that it stands for makes so many resources.
    fn label(
        &mut self,
        label: &Spanned<String>,
        kind: Kind,
        count: Option<&Spanned<u32>>,
        each: u64,
    ) {
        if !is_name(&label.value) {
            let title = format!("`{}` is not a label", label.value);
            let help = "a label has 1 to 64 letters, digits, `.`, `_` and `-`".to_owned();
            self.fault(self.source.fault(label, title).with_help(Some(help)));
            return;
        }
        let many = count.map_or(1, |count| u64::from(count.value));
        if let Some(count) = count.filter(|count| count.value == 0) {
            let fault = self
                .source
                .fault(count, "a template of 0 stands for nothing");
            self.fault(fault.with_help(Some("leave it out, or count from 1".to_owned())));
            return;
        }
        let before = self.total;
        self.total = self.total.saturating_add(many.saturating_mul(each));
        let most = self.source.sizes.resources;
        if before <= most && self.total > most {
            let title = format!("the file asks for more than {most} resources in all");
            let fault = match count {
                Some(count) => self.source.fault(count, title),
                None => self.source.fault(label, title),
            };
            self.fault(fault.with_label(format!("{} with what comes before", self.total)));
        }
        self.enter(label, kind, count.map(|count| count.value));
    }

    fn enter(&mut self, label: &Spanned<String>, kind: Kind, count: Option<u32>) {
        if let Some(other) = self.names.add(&label.value, kind, count) {
            let title = match other == label.value {
                true => format!("the label `{other}` appears twice"),
                false => format!("the labels `{}` and `{other}` clash", label.value),
            };
            let help = "labels are unique in a file, and members of a template are numbered from 1"
                .to_owned();
            self.fault(self.source.fault(label, title).with_help(Some(help)));
        }
    }

    /// The labels that steps give with `as`.
    fn made_by_steps(&mut self, model: &ScenarioModel) {
        for step in &model.timeline {
            let step = &step.value;
            self.made_by(step.each.as_ref(), step.call.as_ref(), step.native.as_ref());
        }
        for book in model.runbooks.items() {
            for task in &book.tasks.value {
                let task = &task.value;
                self.made_by(book.each.as_ref(), task.call.as_ref(), task.native.as_ref());
            }
        }
    }

    /// Takes in the label of what a call or act makes.
    fn made_by(
        &mut self,
        each: Option<&Spanned<String>>,
        call: Option<&Spanned<Call>>,
        act: Option<&Spanned<Native>>,
    ) {
        let (form, at) = match (call, act) {
            (Some(call), _) => (serde_json::to_value(&call.value), call.place),
            (None, Some(act)) => (serde_json::to_value(&act.value), act.place),
            (None, None) => return,
        };
        let Ok(form) = form else { return };
        let Some((kind, label)) = refs::made(&form) else {
            return;
        };
        let Some(label) = label else {
            self.names.unnamed_groups |= kind == Kind::Group;
            return;
        };
        let count = each.and_then(|each| self.names.count(&each.value));
        // The same label may be given again once its first bearer is gone, which only the run knows.
        let spanned = Spanned {
            value: label.to_owned(),
            place: at,
        };
        if !is_name(label) {
            self.label(&spanned, kind, None, 0);
        } else if self.names.add(label, kind, count).is_some() {
            let same = self.names.pattern(label, Some(kind), count).is_ok()
                || self.names.pattern(label, Some(kind), None).is_ok();
            if !same {
                let title = format!("the label `{label}` is that of another kind of thing");
                let end = self.source.text.len();
                self.fault(self.source.word(&spanned, end, label, title));
            }
        }
    }

    fn refer(&mut self, at: &Spanned<String>, want: Kind, own: Option<u32>) {
        if let Err(fault) = self.source.refer(&self.names, at, want, own) {
            self.fault(fault);
        }
    }

    fn maybe(&mut self, at: Option<&Spanned<String>>, want: Kind, own: Option<u32>) {
        if let Some(at) = at {
            self.refer(at, want, own);
        }
    }

    fn places(&mut self, model: &ScenarioModel) {
        for az in model.azs.items() {
            self.refer(&az.site, Kind::Site, None);
        }
        self.maybe(model.control_plane.az.as_ref(), Kind::Az, None);
        for domain in model.domains.items() {
            self.two(&domain.azs, Kind::Az, "a domain joins two AZs");
        }
        self.network(model);
        for flavor in model.flavors.items() {
            flavor
                .free
                .iter()
                .chain(&flavor.running)
                .for_each(|(az, _)| self.refer(az, Kind::Az, None));
            let mib = flavor.ram.value.0 >> 20;
            if mib << 20 != flavor.ram.value.0 || u32::try_from(mib).is_err() || mib == 0 {
                let title = format!(
                    "memory comes in whole MiB, which {} is not",
                    flavor.ram.value
                );
                self.fault(self.source.fault(&flavor.ram, title));
            }
        }
        for vpc in model.vpcs.items() {
            self.maybe(vpc.project.as_ref(), Kind::Project, None);
            let whole = self.cidr(&vpc.cidr);
            let mut taken: Vec<(Cidr, &str)> = Vec::new();
            for (label, at) in &vpc.subnets {
                let Some(cidr) = self.cidr(at) else { continue };
                if whole.is_some_and(|whole| !whole.covers(cidr)) {
                    let title = format!("{cidr} lies outside {}", vpc.cidr.value);
                    self.fault(
                        self.source
                            .fault(at, title)
                            .with_label("the addresses of a subnet are its VPC's"),
                    );
                } else if let Some((_, other)) =
                    taken.iter().find(|(other, _)| other.overlaps(cidr))
                {
                    let title = format!("{cidr} overlaps the subnet `{other}`");
                    self.fault(self.source.fault(at, title));
                }
                taken.push((cidr, &label.value));
            }
        }
    }

    fn cidr(&mut self, at: &Spanned<String>) -> Option<Cidr> {
        match at.value.parse::<Cidr>() {
            Ok(cidr) => Some(cidr),
            Err(error) => {
                self.fault(self.source.fault(at, error.to_string()));
                None
            }
        }
    }

    fn address(&mut self, at: &Spanned<String>) {
        if parse_ipv4(&at.value).is_none() {
            let title = format!("`{}` is not an IPv4 address", at.value);
            self.fault(self.source.fault(at, title));
        }
    }

    fn size(&mut self, at: &Spanned<Bytes>) {
        if at.value.0 == 0 || !at.value.0.is_multiple_of(Bytes::GIB) {
            let title = format!("a disk has whole GiB and at least one, not {}", at.value);
            self.fault(self.source.fault(at, title));
        }
    }

    fn load(&mut self, load: Option<&Spanned<Load>>, disk: Bytes) {
        let Some(at) = load else { return };
        if let Some(fault) = at.value.fault(disk) {
            let help = "the sizes of a load are more than 0 and no more than the disk";
            let fault = self.source.fault(at, format!("a load has {fault}"));
            self.fault(fault.with_help(Some(help.to_owned())));
        }
    }

    fn device(&mut self, at: &Spanned<String>) {
        if let Err(error) = at.value.parse::<Device>() {
            self.fault(self.source.fault(at, error.to_string()));
        }
    }

    fn attached(&mut self, attached: &Labelled<Spanned<String>>, want: Kind, own: Option<u32>) {
        for (to, device) in attached {
            self.refer(to, want, own);
            self.device(device);
        }
    }

    fn machinery(&mut self, model: &ScenarioModel) {
        for server in model.servers.items() {
            let own = server.count.as_ref().map(|count| count.value);
            self.maybe(server.project.as_ref(), Kind::Project, None);
            self.refer(&server.az, Kind::Az, own);
            self.refer(&server.vpc, Kind::Vpc, own);
            self.refer(&server.flavor, Kind::Flavor, own);
            self.maybe(server.subnet.as_ref(), Kind::Subnet, own);
            self.fixed_ip(server.ip.as_ref(), own);
            for (device, disk) in &server.disks {
                self.device(device);
                self.size(&disk.size);
                self.load(disk.load.as_ref(), disk.size.value);
            }
        }
        for disk in model.disks.items() {
            let own = disk.count.as_ref().map(|count| count.value);
            self.maybe(disk.project.as_ref(), Kind::Project, None);
            self.refer(&disk.az, Kind::Az, own);
            self.size(&disk.size);
            self.load(disk.load.as_ref(), disk.size.value);
            self.attached(&disk.attached, Kind::Server, own);
        }
        for eip in model.eips.items() {
            self.maybe(eip.project.as_ref(), Kind::Project, None);
            self.address(&eip.address);
            self.maybe(eip.server.as_ref(), Kind::Server, None);
        }
    }

    fn fixed_ip(&mut self, ip: Option<&Spanned<String>>, own: Option<u32>) {
        let Some(ip) = ip else { return };
        self.address(ip);
        if own.is_some_and(|own| own > 1) {
            let fault = self
                .source
                .fault(ip, "the members of a template cannot have one address");
            self.fault(fault.with_help(Some(
                "leave it out: each takes the next free one".to_owned(),
            )));
        }
    }

    fn protection(&mut self, model: &ScenarioModel) {
        for group in model.groups.items() {
            let own = group.count.as_ref().map(|count| count.value);
            self.maybe(group.project.as_ref(), Kind::Project, None);
            self.refer(&group.domain, Kind::Domain, own);
            self.maybe(group.source.as_ref(), Kind::Az, own);
            self.maybe(group.target.as_ref(), Kind::Az, own);
            self.refer(&group.vpc, Kind::Vpc, own);
            if let Some(rate) = group
                .copy_rate
                .as_ref()
                .filter(|rate| rate.value == Rate::ZERO)
            {
                let title = "at 0 B/s no copy ends; a copy_rate is more";
                self.fault(self.source.fault(rate, title));
            }
        }
        for instance in model.instances.items() {
            let own = instance.count.as_ref().map(|count| count.value);
            self.refer(&instance.group, Kind::Group, own);
            self.refer(&instance.server, Kind::Server, own);
            self.maybe(instance.subnet.as_ref(), Kind::Subnet, own);
            self.maybe(instance.flavor.as_ref(), Kind::Flavor, own);
            self.fixed_ip(instance.ip.as_ref(), own);
        }
        for pair in model.pairs.items() {
            let own = pair.count.as_ref().map(|count| count.value);
            self.refer(&pair.group, Kind::Group, own);
            self.refer(&pair.disk, Kind::Disk, own);
            self.attached(&pair.attached, Kind::Instance, own);
        }
    }
}
