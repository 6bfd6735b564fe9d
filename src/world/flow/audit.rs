//! Whether the shares are what a division from scratch gives, and whether any link carries more than it can.

use super::{Flows, Fraction, Speed};
use crate::units::Rate;
use crate::world::{FlowKey, LinkKey, PairKey, RouteKey};
use std::collections::BTreeSet;

/// What is wrong with the shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::world) enum Fault {
    /// A link carries more than it can.
    Overfull {
        /// The link.
        link: LinkKey,
        /// What it carries, in units of [`Speed`].
        used: u128,
        /// What it can.
        capacity: Speed,
    },
    /// The copies of a class get something else than their share.
    Share {
        /// Their route.
        route: RouteKey,
        /// Their share; None: no bound.
        counted: Option<Speed>,
        /// What they get.
        kept: Option<Speed>,
    },
}

impl Flows {
    /// How much the synchronous writes of a route ask for; nothing where there is none.
    pub(in crate::world) fn foreground(&self, route: RouteKey) -> Rate {
        let route = self.routes.get(route);
        route.map_or(Rate::ZERO, |route| route.foreground)
    }

    /// Whether every link, route, class and copy leads to what exists, and back. Outside of it, `has_link`, `has_route` and
    /// `has_pair` know what exists.
    pub(in crate::world) fn is_whole(
        &self,
        has_link: impl Fn(LinkKey) -> bool,
        has_route: impl Fn(RouteKey) -> bool,
        has_pair: impl Fn(PairKey) -> bool,
    ) -> bool {
        let links = self.links.iter().all(|(key, link)| {
            let uses = |route: &RouteKey| {
                let route = self.routes.get(*route);
                route.is_some_and(|route| route.links().contains(&key))
            };
            has_link(key) && link.routes.iter().all(uses)
        });
        let routes = self.routes.iter().all(|(key, route)| {
            let used = |link: &LinkKey| {
                let link = self.links.get(*link);
                link.is_some_and(|link| link.routes.contains(&key))
            };
            let owns = |&(limit, flow): &(Option<Rate>, FlowKey)| {
                let class = self.classes.get(flow);
                class.is_some_and(|class| (class.route, class.limit) == (key, limit))
            };
            let parts = [route.factor, route.passing];
            has_route(key)
                && route.links().is_sorted_by(|a, b| a < b)
                && route.links().iter().all(used)
                && route.classes.is_sorted_by(|a, b| a.0 < b.0)
                && route.classes.iter().all(owns)
                && parts.into_iter().all(|part| part <= Fraction::ONE)
        });
        let owned: usize = self.routes.values().map(|route| route.classes.len()).sum();
        let mut copies = self.classes.values().flat_map(|class| &class.waiting);
        let marked = self
            .marked_links
            .iter()
            .all(|&link| self.links.contains_key(link));
        let mut of_routes = self.marked_routes.iter();
        links
            && routes
            && owned == self.classes.len()
            && copies.all(|copy| has_pair(copy.2))
            && marked
            && of_routes.all(|&route| self.routes.contains_key(route))
    }

    /// Checks every link against its capacity, and every class against its share. Between a change and
    /// [`Flows::settle`] there is nothing to check.
    pub(in crate::world) fn audit(&self, capacity: impl Fn(LinkKey) -> Rate) -> Result<(), Fault> {
        if !(self.marked_links.is_empty() && self.marked_routes.is_empty()) {
            return Ok(());
        }
        for (key, link) in &self.links {
            let mut used = u128::from(link.foreground.0);
            for &route in &link.routes {
                for &(_, flow) in &self.routes[route].classes {
                    let class = &self.classes[flow];
                    let speed = class.speed.map_or(u64::MAX, |speed| speed.0);
                    used += u128::from(speed) * class.waiting.len() as u128;
                }
            }
            let capacity = Speed::of(capacity(key));
            if used > u128::from(capacity.0) {
                return Err(Fault::Overfull {
                    link: key,
                    used,
                    capacity,
                });
            }
        }
        self.audit_parts()?;
        self.audit_alone()
    }

    /// The classes on links, part by part.
    fn audit_parts(&self) -> Result<(), Fault> {
        let mut seen = BTreeSet::new();
        for link in self.links.keys() {
            if seen.contains(&link) {
                continue;
            }
            let part = self.part(link);
            seen.extend(part.links.iter().copied());
            for (flow, speed) in self.divide(&part).speeds {
                let class = &self.classes[flow];
                if class.speed != Some(Speed(speed)) {
                    return Err(Fault::Share {
                        route: class.route,
                        counted: Some(Speed(speed)),
                        kept: class.speed,
                    });
                }
            }
        }
        Ok(())
    }

    /// The classes that use no link: nothing moves without a path, and an ideal one has room for every limit.
    fn audit_alone(&self) -> Result<(), Fault> {
        for (key, route) in &self.routes {
            if !route.links().is_empty() {
                continue;
            }
            for &(limit, flow) in &route.classes {
                let counted = match route.path {
                    None => Some(Speed::ZERO),
                    Some(_) => limit.map(Speed::of),
                };
                let kept = self.classes[flow].speed;
                if kept != counted {
                    return Err(Fault::Share {
                        route: key,
                        counted,
                        kept,
                    });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::keys;
    use super::*;
    use crate::time::SimTime;
    use crate::units::Bytes;

    /// Two links in a row, a route over both, and on it a copy without a limit and one with.
    fn flows() -> (Flows, [LinkKey; 2], RouteKey) {
        let (links, route, pairs) = (keys(2), keys(1)[0], keys(2));
        let links = [links[0], links[1]];
        let mut flows = Flows::default();
        for link in links {
            flows.set_link(link, Rate(1 << 20));
        }
        flows.set_route(SimTime::ZERO, route, Some(&links));
        for (pair, limit) in pairs.into_iter().zip([None, Some(Rate(1 << 10))]) {
            flows.start(SimTime::ZERO, route, limit, Bytes(1 << 30), 1, pair);
        }
        flows.settle(SimTime::ZERO, &mut Vec::new());
        (flows, links, route)
    }

    fn is_whole(broken: impl Fn(&mut Flows, [LinkKey; 2], RouteKey)) -> bool {
        let (mut flows, links, route) = flows();
        broken(&mut flows, links, route);
        flows.is_whole(|_| true, |_| true, |_| true)
    }

    #[test]
    fn what_leads_to_nothing_is_noticed_whatever_else_is_in_order() {
        let (stranger, unknown) = (keys(2)[1], keys(3)[2]);
        assert!(is_whole(|_, _, _| ()));
        let (flows, ..) = flows();
        assert!(!flows.is_whole(|_| false, |_| true, |_| true));
        assert!(!flows.is_whole(|_| true, |_| false, |_| true));
        assert!(!flows.is_whole(|_| true, |_| true, |_| false));
        assert!(!is_whole(|f, l, _| {
            f.links[l[0]].routes.insert(stranger);
        }));
        assert!(!is_whole(|f, l, r| {
            f.links[l[0]].routes.remove(&r);
        }));
        let path = |f: &mut Flows, r, links: &[LinkKey]| f.routes[r].path = Some(links.to_vec());
        assert!(!is_whole(|f, l, r| path(f, r, &[l[1], l[0]])));
        assert!(!is_whole(|f, l, r| path(f, r, &[l[0], l[1], unknown])));
        assert!(!is_whole(|f, _, r| f.routes[r].classes.swap(0, 1)));
        assert!(!is_whole(|f, _, r| f.routes[r].classes[0].0 = Some(Rate(1))));
        assert!(!is_whole(|f, _, _| {
            f.classes
                .values_mut()
                .for_each(|class| class.route = stranger);
        }));
        assert!(!is_whole(|f, _, r| {
            let (_, flow) = f.routes[r].classes[0];
            let twin = f.classes[flow].clone();
            f.classes.insert(twin);
        }));
        let beyond = Fraction::beyond_one();
        assert!(!is_whole(|f, _, r| f.routes[r].factor = beyond));
        assert!(!is_whole(|f, _, r| f.routes[r].passing = beyond));
        assert!(!is_whole(|f, _, _| {
            f.marked_links.insert(unknown);
        }));
        assert!(!is_whole(|f, _, _| {
            f.marked_routes.insert(stranger);
        }));
    }
}
