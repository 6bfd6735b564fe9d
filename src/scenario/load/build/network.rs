//! The network between AZs, made after the AZs that it joins and before the domains whose witnesses stand in it.

use super::{Built, Yard};
use crate::machine::build::NewLink;
use crate::scenario::model::{ArbitrationModel, DomainModel};
use crate::scenario::yaml::Spanned;
use crate::world::topology::NodeKind;

impl Yard<'_> {
    pub(super) fn between_azs(&mut self) -> Built {
        let model = &self.model.network;
        let kinds = [
            (&model.relays, NodeKind::Relay),
            (&model.witness, NodeKind::Witness),
        ];
        for (nodes, kind) in kinds {
            for (label, _) in nodes {
                let done = self.builder.node(&label.value, kind);
                self.place(label.place, &label.value, done)?;
            }
        }
        for (label, _) in &model.ducts {
            let done = self.builder.duct(&label.value);
            self.place(label.place, &label.value, done)?;
        }
        for (label, it) in &model.links {
            let [a, b] = it.between.value.as_slice() else {
                continue;
            };
            let new = NewLink {
                between: [&a.value, &b.value],
                bandwidth: it.bandwidth,
                latency: it.latency.0,
                duct: it.duct.as_ref().map(|duct| duct.value.as_str()),
            };
            let done = self.builder.link(&label.value, new);
            self.place(it.between.place, &label.value, done)?;
        }
        Ok(())
    }

    pub(super) fn arbitration(&mut self, label: &Spanned<String>, it: &DomainModel) -> Built {
        let ArbitrationModel::Witness(by) = &it.arbitration else {
            return Ok(());
        };
        let done = self
            .builder
            .arbitrate(&label.value, &by.witness.value, by.fallback_after.0);
        self.place(by.witness.place, &label.value, done)
    }
}
