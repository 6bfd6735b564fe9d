//! What can break, what it means for a target to be struck, and what a world remembers of its faults.

use super::job::Part;
use super::label::Stable;
use super::topology::Slow;
use super::{AzKey, DiskKey, DuctKey, LinkKey, NodeKey, ServerKey, SiteKey, Who};
use crate::sdrs::codes::Code;
use crate::sdrs::op::Op;
use crate::time::SimTime;
use crate::world::refill::clone_by_field;
use serde::{Deserialize, Serialize};

/// A fault and its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blow {
    /// An AZ is dark: its servers, its storage and its ends of links are gone.
    Az {
        /// The AZ.
        az: AzKey,
        /// Whether its disks return blank.
        destroyed: bool,
    },
    /// All AZs of a site are dark.
    Site {
        /// The site.
        site: SiteKey,
        /// Whether their disks return blank.
        destroyed: bool,
    },
    /// The storage of an AZ is lost.
    Pool {
        /// The AZ.
        az: AzKey,
        /// Whether it can still be read.
        read_only: bool,
    },
    /// A link is down.
    Link {
        /// The link.
        link: LinkKey,
    },
    /// A link is degraded.
    Slow {
        /// The link.
        link: LinkKey,
        /// What is left of it.
        slow: Slow,
    },
    /// All links in a duct are down.
    Duct {
        /// The duct.
        duct: DuctKey,
    },
    /// A relay or a witness is down.
    Node {
        /// The relay or witness.
        node: NodeKey,
    },
    /// A disk is lost.
    Disk {
        /// The disk.
        disk: DiskKey,
        /// Whether it returns blank.
        destroyed: bool,
    },
    /// A server is lost, and with it the way to the disks that are attached to no other.
    Server {
        /// The server.
        server: ServerKey,
        /// Whether its disks return blank.
        destroyed: bool,
    },
    /// The control plane is down.
    Control,
}

impl Blow {
    /// What it strikes; None: the control plane.
    pub const fn target(self) -> Option<Who> {
        Some(match self {
            Blow::Az { az, .. } | Blow::Pool { az, .. } => Who::Az(az),
            Blow::Site { site, .. } => Who::Site(site),
            Blow::Link { link } | Blow::Slow { link, .. } => Who::Link(link),
            Blow::Duct { duct } => Who::Duct(duct),
            Blow::Node { node } => Who::Node(node),
            Blow::Disk { disk, .. } => Who::Disk(disk),
            Blow::Server { server, .. } => Who::Server(server),
            Blow::Control => return None,
        })
    }

    /// The words that transcripts use while it lasts.
    pub const fn words(self) -> &'static str {
        match self {
            Blow::Az {
                destroyed: true, ..
            }
            | Blow::Site {
                destroyed: true, ..
            } => "destroyed",
            Blow::Disk {
                destroyed: true, ..
            }
            | Blow::Server {
                destroyed: true, ..
            } => "destroyed",
            Blow::Az { .. } | Blow::Site { .. } => "dark",
            Blow::Pool {
                read_only: true, ..
            } => "storage read-only",
            Blow::Pool { .. } => "storage failed",
            Blow::Slow { .. } => "degraded",
            Blow::Disk { .. } | Blow::Server { .. } => "lost",
            Blow::Link { .. } | Blow::Duct { .. } | Blow::Node { .. } | Blow::Control => "down",
        }
    }
}

/// What broke since the world was last assessed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Marks {
    /// Whether a link, duct, node or AZ did.
    pub network: bool,
    /// AZs that went dark or were lit, or whose storage changed.
    pub azs: Vec<AzKey>,
    /// Servers that were lost or found.
    pub servers: Vec<ServerKey>,
    /// Disks that were lost or found.
    pub disks: Vec<DiskKey>,
}

clone_by_field!(Marks { network, azs, servers, disks } trees {  } maps {  });

impl Marks {
    /// Whether nothing did.
    pub fn is_empty(&self) -> bool {
        !self.network && self.azs.is_empty() && self.servers.is_empty() && self.disks.is_empty()
    }
}

/// Something that breaks and is mended again and again.
#[derive(Debug, Serialize, Deserialize)]
pub struct Hazard {
    /// The stable key from which its draws derive.
    pub stable: Stable,
    /// What it does to its targets, all at once.
    pub blows: Vec<Blow>,
    /// How often it has turned.
    pub turn: u64,
    /// Whether its targets are broken.
    pub broken: bool,
}

clone_by_field!(Hazard { stable, blows, turn, broken } trees {  } maps {  });

/// The end of a piece of a job that came while the control plane stood still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// When it came.
    pub at: SimTime,
    /// What it was work on.
    pub who: Who,
    /// The epoch at which it began.
    pub epoch: u32,
    /// The operation.
    pub op: Op,
    /// The part of its job.
    pub part: Part,
    /// The code with which it failed, if it did.
    pub failure: Option<Code>,
    /// How many standstills had ended when it was announced.
    pub turn: u32,
}
