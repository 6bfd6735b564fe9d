//! The native side: servers and disks, which exist whether or not they are protected.

use super::label::{Beside, Label, Name, Stable};
use super::rare::{Plain, Rare};
use super::{
    AzKey, DiskKey, DrillKey, FlavorKey, InstanceKey, NicKey, PairKey, ProjectKey, ServerKey,
    VpcKey,
};
use crate::sdrs::device::{Device, Hypervisor};
use crate::time::{SimTime, Span};
use crate::units::{Bytes, Rate};
use crate::world::refill::clone_by_field;
use crate::world::replica::Load;
use serde::{Deserialize, Serialize};

/// Whether a server runs.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Power {
    /// Running.
    #[default]
    Active,
    /// Shut off.
    Shutoff,
    /// Broken; neither starts nor stops.
    Error,
}

impl Power {
    /// The word that views and transcripts use.
    pub const fn name(self) -> &'static str {
        match self {
            Power::Active => "active",
            Power::Shutoff => "shutoff",
            Power::Error => "error",
        }
    }
}

/// A native act on a server that takes time.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Booting.
    Boot,
    /// Shutting down.
    Shutdown,
    /// Rebooting.
    Reboot,
    /// Initializing the guest system after a boot. The server runs meanwhile and may do anything else.
    Initialize,
}

impl Act {
    /// The word that transcripts use while the act lasts.
    pub const fn name(self) -> &'static str {
        match self {
            Act::Boot => "booting",
            Act::Shutdown => "shutting-down",
            Act::Reboot => "rebooting",
            Act::Initialize => "initializing",
        }
    }
}

/// Who has locked a server against changes.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Lock {
    /// Nobody.
    #[default]
    None,
    /// The system (1357).
    System,
    /// Another service (1359).
    Service,
}

/// A server.
#[derive(Debug, Serialize, Deserialize)]
pub struct Server {
    /// Its label.
    pub label: Label,
    /// Its stable key.
    pub stable: Stable,
    /// Its place in lists.
    pub serial: u32,
    /// Its project.
    pub project: ProjectKey,
    /// Its name, which may repeat.
    pub name: Name,
    /// The AZ it stands in, for ever.
    pub az: AzKey,
    /// The VPC of its NICs.
    pub vpc: VpcKey,
    /// Its flavor.
    pub flavor: FlavorKey,
    /// How its devices are named.
    pub hypervisor: Hypervisor,
    /// Whether it runs.
    pub power: Power,
    /// Rises with every change of power, so that an act's end that comes too late is seen to be stale.
    pub epoch: u32,
    /// The act under way; never [`Act::Initialize`], which keeps nothing from being done.
    pub act: Option<Act>,
    /// Whether it runs and its guest system is initialized.
    pub usable: bool,
    /// Who has locked it.
    pub lock: Lock,
    /// Whether a failover has fenced it: it cannot start until reprotection.
    pub fenced: bool,
    /// How many faults hold it down.
    pub lost: u32,
    /// Whether it was running when it lost its power, and boots when that comes back.
    pub resumes: bool,
    /// Its disks by device name.
    pub disks: Vec<(Device, DiskKey)>,
    /// Its NICs, the primary one first.
    pub nics: Vec<NicKey>,
    /// The protected instance it belongs to.
    pub instance: Option<InstanceKey>,
    /// The drill it was made for.
    pub drill: Option<DrillKey>,
}

clone_by_field!(Server { label, stable, serial, project, name, az, vpc, flavor, hypervisor, power, epoch, act, usable, lock, fenced, lost, resumes, disks, nics, instance, drill } trees {  } maps {  });

impl Server {
    /// Whether it takes a place among the servers that may run at once: it runs, or is about to.
    pub fn takes_place(&self) -> bool {
        self.power == Power::Active || self.act == Some(Act::Boot)
    }
}

/// The published disk types that the service protects (page `sdrs_05_0601`), and the rest.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
pub enum DiskType {
    /// Ultra-high I/O.
    #[default]
    #[serde(rename = "SSD")]
    Ssd,
    /// High I/O.
    #[serde(rename = "SAS")]
    Sas,
    /// Common I/O.
    #[serde(rename = "SATA")]
    Sata,
    /// High I/O, performance optimized.
    #[serde(rename = "co-p1")]
    CoP1,
    /// Ultra-high I/O, latency optimized.
    #[serde(rename = "uh-l1")]
    UhL1,
    /// General-purpose SSD, which the service does not protect.
    #[serde(rename = "GPSSD")]
    Gpssd,
    /// Extreme SSD, which the service does not protect.
    #[serde(rename = "ESSD")]
    Essd,
}

impl DiskType {
    /// The published name.
    pub const fn name(self) -> &'static str {
        match self {
            DiskType::Ssd => "SSD",
            DiskType::Sas => "SAS",
            DiskType::Sata => "SATA",
            DiskType::CoP1 => "co-p1",
            DiskType::UhL1 => "uh-l1",
            DiskType::Gpssd => "GPSSD",
            DiskType::Essd => "ESSD",
        }
    }

    /// Whether the service protects disks of this type.
    pub const fn is_protectable(self) -> bool {
        !matches!(self, DiskType::Gpssd | DiskType::Essd)
    }
}

/// The status of a disk.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum DiskStatus {
    /// Attached to no server.
    Available,
    /// Attached to a server.
    InUse,
    /// Broken.
    Error,
}

impl DiskStatus {
    /// The published word.
    pub const fn name(self) -> &'static str {
        match self {
            DiskStatus::Available => "available",
            DiskStatus::InUse => "in-use",
            DiskStatus::Error => "error",
        }
    }
}

/// How a disk is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writing {
    /// What a running server writes to it.
    pub load: Option<Load>,
    /// The most that can be written to it; None: no bound.
    pub throughput: Option<Rate>,
    /// How long one write to it takes.
    pub latency: Span,
}

/// A disk.
///
/// There may be millions. What a plain disk has nothing of is kept apart, in [`DiskRest`].
#[derive(Debug, Serialize, Deserialize)]
pub struct Disk {
    /// Its label.
    pub label: Label,
    /// Its name, unless that stands in the rest.
    #[serde(default)]
    pub named: Beside,
    /// Its stable key.
    pub stable: Stable,
    /// Its place in lists.
    pub serial: u32,
    /// Its project.
    pub project: ProjectKey,
    /// The AZ it stands in, for ever.
    pub az: AzKey,
    /// Its size, whole GiB.
    pub size: Bytes,
    /// Its type.
    pub kind: DiskType,
    /// Whether the disk itself is broken.
    pub broken: bool,
    /// Whether it came back from a fault without its content.
    pub blank: bool,
    /// Whether a system boots from it.
    pub bootable: bool,
    /// Whether it may be attached to several servers.
    pub shared: bool,
    /// Whether it is locked (1831, 1832).
    pub locked: bool,
    /// Whether it is frozen (0225).
    pub frozen: bool,
    /// Whether it can grow while it is in use (1816).
    pub grows_online: bool,
    /// How many faults hold it down.
    pub lost: u32,
    /// The pair it belongs to.
    pub pair: Option<PairKey>,
    /// What else there is to it.
    pub rest: Rare<DiskRest>,
}

clone_by_field!(Disk { label, named, stable, serial, project, az, size, kind, broken, blank, bootable, shared, locked, frozen, grows_online, lost, pair, rest } trees {  } maps {  });

/// What disks that are attached to nothing, plain to read and written by nobody have nothing of.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct DiskRest {
    /// Its name, which may repeat, if it cannot be kept beside the label.
    pub name: Option<Name>,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// Since when its content is damaged.
    pub damaged: Option<SimTime>,
    /// What a running server writes to it.
    pub load: Option<Load>,
    /// The most that can be written to it; None: no bound.
    pub throughput: Option<Rate>,
    /// How long one write to it takes.
    pub write_latency: Span,
    /// The servers it is attached to.
    pub servers: Vec<ServerKey>,
    /// The drill it was made for.
    pub drill: Option<DrillKey>,
}

clone_by_field!(DiskRest { name, encrypted, damaged, load, throughput, write_latency, servers, drill } trees {  } maps {  });

impl Disk {
    /// Whether nothing is wrong with it, and nothing is known to be written to it.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let whole = !self.broken && !self.blank && self.lost == 0;
        whole && self.rest.load.is_none() && self.rest.damaged.is_none()
    }
}

impl Plain for DiskRest {
    const PLAIN: &'static DiskRest = &DiskRest {
        name: None,
        encrypted: false,
        damaged: None,
        load: None,
        throughput: None,
        write_latency: Span::ZERO,
        servers: Vec::new(),
        drill: None,
    };
}

impl Disk {
    /// Its name, which may repeat.
    pub fn name(&self) -> Name {
        self.rest
            .name
            .unwrap_or_else(|| self.label.beside(self.named))
    }

    /// The servers it is attached to.
    #[inline]
    pub fn servers(&self) -> &[ServerKey] {
        &self.rest.servers
    }

    /// Writes down since when its content is damaged.
    pub(crate) fn set_damaged(&mut self, since: Option<SimTime>) {
        if self.rest.damaged != since {
            self.rest.change(|rest| rest.damaged = since);
        }
    }

    /// The status that views show: broken before attached before available.
    pub fn status(&self) -> DiskStatus {
        match (self.broken, self.servers().is_empty()) {
            (true, _) => DiskStatus::Error,
            (false, false) => DiskStatus::InUse,
            (false, true) => DiskStatus::Available,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_type_is_named_as_it_is_written() {
        let names = ["SSD", "SAS", "SATA", "co-p1", "uh-l1", "GPSSD", "ESSD"];
        for name in names {
            let json = format!("\"{name}\"");
            let read: DiskType = serde_json::from_str(&json).unwrap();
            assert_eq!(read.name(), name);
            assert_eq!(serde_json::to_string(&read).unwrap(), json);
        }
    }
}
