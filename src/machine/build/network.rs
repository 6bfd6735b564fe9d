//! The network between AZs, their storage, and who arbitrates between them.

use super::{BuildError, Builder};
use crate::machine::{data, make};
use crate::time::{SimTime, Span};
use crate::units::{Bytes, Rate};
use crate::world::place::{Arbitration, Mode};
use crate::world::topology::{Duct, Link, Node, NodeKind, Spot, UNLIMITED};
use crate::world::{DuctKey, LinkKey, NodeKey, Who};

/// What a new link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewLink<'a> {
    /// The labels of the two places that it joins: AZs, relays or witnesses.
    pub between: [&'a str; 2],
    /// How much it carries; None: any rate.
    pub bandwidth: Option<Rate>,
    /// Its latency one way.
    pub latency: Span,
    /// The label of the duct that it lies in.
    pub duct: Option<&'a str>,
}

fn unknown(word: &'static str, label: &str) -> BuildError {
    BuildError::Unknown {
        word,
        label: label.to_owned(),
    }
}

impl Builder {
    /// Bounds what the block storage of an AZ holds.
    ///
    /// # Errors
    /// [`BuildError::Unknown`] if there is no such AZ.
    pub fn pool(&mut self, az: &str, capacity: Bytes) -> Result<(), BuildError> {
        let az = self.find_az(az)?;
        self.world.azs[az].pool.capacity = Some(capacity);
        Ok(())
    }

    /// Adds a relay or a witness.
    ///
    /// # Errors
    /// [`BuildError::LabelTaken`].
    pub fn node(&mut self, label: &str, kind: NodeKind) -> Result<NodeKey, BuildError> {
        let label = self.label(label)?;
        let stable = label.stable(&self.world.words);
        let serial = make::serial(&mut self.world);
        let key = self.world.topology.add_node(Node {
            label,
            stable,
            serial,
            kind,
            down: 0,
        });
        self.enter(Who::Node(key));
        Ok(key)
    }

    /// Adds a duct.
    ///
    /// # Errors
    /// [`BuildError::LabelTaken`].
    pub fn duct(&mut self, label: &str) -> Result<DuctKey, BuildError> {
        let label = self.label(label)?;
        let stable = label.stable(&self.world.words);
        let serial = make::serial(&mut self.world);
        let key = self.world.topology.add_duct(Duct {
            label,
            stable,
            serial,
            down: 0,
        });
        self.enter(Who::Duct(key));
        Ok(key)
    }

    /// Adds a link. With the first one the network between AZs is no longer ideal: only what links join is joined.
    ///
    /// # Errors
    /// [`BuildError::Unknown`] for an end or a duct that is not there, [`BuildError::SameEnd`] if both ends are one place,
    /// [`BuildError::LabelTaken`].
    pub fn link(&mut self, label: &str, new: NewLink<'_>) -> Result<LinkKey, BuildError> {
        let ends = [self.spot(new.between[0])?, self.spot(new.between[1])?];
        if ends[0] == ends[1] {
            return Err(BuildError::SameEnd(label.to_owned()));
        }
        let duct = match new.duct.map(|duct| (duct, self.world.find(duct))) {
            None => None,
            Some((_, Some(Who::Duct(key)))) => Some(key),
            Some((duct, _)) => return Err(unknown("duct", duct)),
        };
        let label = self.label(label)?;
        let stable = label.stable(&self.world.words);
        let serial = make::serial(&mut self.world);
        let key = self.world.topology.add_link(Link {
            label,
            stable,
            serial,
            ends,
            bandwidth: new.bandwidth.unwrap_or(UNLIMITED),
            latency: new.latency,
            duct,
            down: 0,
            slowed: Vec::new(),
        });
        self.enter(Who::Link(key));
        self.world.marks.network = true;
        data::assess(&mut self.world, SimTime::ZERO, &mut self.out);
        self.take_in();
        Ok(key)
    }

    fn spot(&self, label: &str) -> Result<Spot, BuildError> {
        match self.world.find(label) {
            Some(Who::Az(az)) => Ok(Spot::Az(az)),
            Some(Who::Node(node)) => Ok(Spot::Node(node)),
            _ => Err(unknown("AZ, relay or witness", label)),
        }
    }

    /// Lets a witness arbitrate in a domain, which is in static mode so long after it has lost the witness.
    ///
    /// # Errors
    /// [`BuildError::Unknown`] if there is no such domain or witness.
    pub fn arbitrate(
        &mut self,
        domain: &str,
        witness: &str,
        fallback_after: Span,
    ) -> Result<(), BuildError> {
        let Some(Who::Domain(key)) = self.world.find(domain) else {
            return Err(unknown("domain", domain));
        };
        let node = match self.world.find(witness) {
            Some(Who::Node(node)) if self.world.topology.nodes[node].kind == NodeKind::Witness => {
                node
            }
            _ => return Err(unknown("witness", witness)),
        };
        self.world.domains[key].mode = Mode::Witness;
        self.world.domains[key].arbitration = Arbitration::Witness {
            node,
            fallback_after,
        };
        Ok(())
    }
}
