//! The labels and references of the network between AZs.

use super::Check;
use crate::scenario::load::names::Kind;
use crate::scenario::model::{ArbitrationModel, ScenarioModel};
use crate::scenario::yaml::Spanned;

impl Check<'_> {
    pub(super) fn network_labels(&mut self, model: &ScenarioModel) {
        let network = &model.network;
        for (label, _) in &network.relays {
            self.label(label, Kind::Relay, None, 1);
        }
        for (label, _) in &network.witness {
            self.label(label, Kind::Witness, None, 1);
        }
        for (label, _) in &network.ducts {
            self.label(label, Kind::Duct, None, 1);
        }
        for (label, _) in &network.links {
            self.label(label, Kind::Link, None, 1);
        }
    }

    pub(super) fn network(&mut self, model: &ScenarioModel) {
        for link in model.network.links.items() {
            self.two(&link.between, Kind::LinkEnd, "a link joins two places");
            self.maybe(link.duct.as_ref(), Kind::Duct, None);
        }
        for domain in model.domains.items() {
            if let ArbitrationModel::Witness(by) = &domain.arbitration {
                self.refer(&by.witness, Kind::Witness, None);
            }
        }
    }

    /// Whether a list refers to two different things of a kind.
    pub(super) fn two(&mut self, list: &Spanned<Vec<Spanned<String>>>, want: Kind, rule: &str) {
        list.value.iter().for_each(|at| self.refer(at, want, None));
        match list.value.as_slice() {
            [a, b] if a.value == b.value => {
                let fault = self.source.fault(b, format!("{rule}, not one with itself"));
                self.fault(fault);
            }
            [_, _] => {}
            other => {
                let title = format!("{rule}, not {}", other.len());
                self.fault(self.source.fault(list, title));
            }
        }
    }
}
