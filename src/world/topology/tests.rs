use super::*;
use crate::world::label::Words;
use proptest::prelude::*;

/// A network whose AZs are 0, 1 and so on.
struct Net {
    topology: Topology,
    words: Words,
    serial: u32,
    azs: Vec<AzKey>,
}

impl Net {
    fn new(azs: usize) -> Net {
        let mut made: SlotMap<AzKey, ()> = SlotMap::with_key();
        Net {
            topology: Topology::default(),
            words: Words::default(),
            serial: 0,
            azs: (0..azs).map(|_| made.insert(())).collect(),
        }
    }

    fn next(&mut self) -> (Label, Stable, u32) {
        self.serial += 1;
        let label = Label::of(&self.serial.to_string(), &mut self.words);
        (label, label.stable(&self.words), self.serial)
    }

    fn az(&self, n: usize) -> Spot {
        Spot::Az(self.azs[n])
    }

    fn node(&mut self, kind: NodeKind) -> NodeKey {
        let (label, stable, serial) = self.next();
        self.topology.add_node(Node {
            label,
            stable,
            serial,
            kind,
            down: 0,
        })
    }

    fn duct(&mut self) -> DuctKey {
        let (label, stable, serial) = self.next();
        self.topology.add_duct(Duct {
            label,
            stable,
            serial,
            down: 0,
        })
    }

    fn link(&mut self, a: Spot, b: Spot, latency: u64, duct: Option<DuctKey>) -> LinkKey {
        let (label, stable, serial) = self.next();
        self.topology.add_link(Link {
            label,
            stable,
            serial,
            ends: [a, b],
            bandwidth: Rate(1000),
            latency: Span::micros(latency),
            duct,
            down: 0,
            slowed: Vec::new(),
        })
    }

    fn path(&mut self, a: usize, b: usize) -> Option<Path> {
        let route = self.topology.route_between(self.azs[a], self.azs[b]);
        self.topology.routes[route].path.clone()
    }

    fn refresh(&mut self) -> (Vec<RouteKey>, Vec<LinkKey>, bool) {
        let (mut routes, mut links) = (Vec::new(), Vec::new());
        let stirred = self.topology.refresh(&mut routes, &mut links);
        (routes, links, stirred)
    }
}

/// The best path by trying every way that visits no place twice.
fn by_trial(net: &Topology, [a, b]: [AzKey; 2]) -> Option<Path> {
    fn whole(net: &Topology, link: &Link) -> bool {
        let ends = link.ends.iter().all(|end| match end {
            Spot::Az(az) => !net.dark.contains(az),
            Spot::Node(node) => net.nodes[*node].down == 0,
        });
        ends && link.down == 0 && link.duct.is_none_or(|duct| net.ducts[duct].down == 0)
    }
    fn walk(
        net: &Topology,
        been: &mut Vec<Spot>,
        links: &mut Vec<LinkKey>,
        to: Spot,
        found: &mut Vec<Vec<LinkKey>>,
    ) {
        let at = been[been.len() - 1];
        if at == to {
            found.push(links.clone());
            return;
        }
        if matches!(at, Spot::Node(node) if net.nodes[node].kind == NodeKind::Witness) {
            return;
        }
        for (key, link) in net.links.iter().filter(|(_, link)| whole(net, link)) {
            for [from, next] in [link.ends, [link.ends[1], link.ends[0]]] {
                if from == at && !been.contains(&next) {
                    been.push(next);
                    links.push(key);
                    walk(net, been, links, to, found);
                    links.pop();
                    been.pop();
                }
            }
        }
    }
    if net.dark.contains(&a) || net.dark.contains(&b) {
        return None;
    }
    let mut found = Vec::new();
    walk(
        net,
        &mut vec![Spot::Az(a)],
        &mut Vec::new(),
        Spot::Az(b),
        &mut found,
    );
    let latency = |links: &[LinkKey]| -> u64 {
        let all = links.iter().map(|&link| {
            let link = &net.links[link];
            let slow = link.slowed.iter().filter_map(|slow| slow.latency).max();
            slow.map_or(link.latency, |slow| slow.max(link.latency))
                .as_micros()
        });
        all.sum()
    };
    let serials = |links: &[LinkKey]| -> Vec<u32> {
        links.iter().map(|&link| net.links[link].serial).collect()
    };
    let best = found
        .into_iter()
        .min_by_key(|links| (latency(links), links.len(), serials(links)))?;
    Some(Path {
        latency: Span::micros(latency(&best)),
        links: best,
    })
}

/// Three AZs, a relay, a witness and a duct: equal latencies, parallel links and detours.
fn metro() -> (Net, [NodeKey; 2], DuctKey, Vec<LinkKey>) {
    let mut net = Net::new(3);
    let [a, b, c] = [0, 1, 2].map(|n| net.az(n));
    let (relay, witness) = (net.node(NodeKind::Relay), net.node(NodeKind::Witness));
    let (r, w) = (Spot::Node(relay), Spot::Node(witness));
    let duct = net.duct();
    let links = vec![
        net.link(a, b, 500, Some(duct)),
        net.link(b, a, 500, None),
        net.link(a, r, 250, Some(duct)),
        net.link(r, b, 250, None),
        net.link(b, c, 100, None),
        net.link(c, r, 150, None),
        net.link(a, w, 1, None),
        net.link(w, b, 1, None),
    ];
    net.refresh();
    (net, [relay, witness], duct, links)
}

#[test]
fn paths_under_every_set_of_faults_are_those_found_by_trial() {
    let (mut net, nodes, duct, links) = metro();
    let pairs = [[0, 1], [1, 2], [0, 2]].map(|pair: [usize; 2]| pair.map(|n| net.azs[n]));
    let routes = pairs.map(|[a, b]| net.topology.route_between(b, a));
    let mut lost = 0;
    // One fault for each link, node and AZ, and one for the duct.
    for faults in 0u32..1 << 14 {
        let mut hit = net.topology.clone();
        for (n, &link) in links.iter().enumerate() {
            if faults >> n & 1 == 1 {
                hit.break_link(link);
            }
        }
        for (n, &node) in nodes.iter().enumerate() {
            if faults >> (8 + n) & 1 == 1 {
                hit.break_node(node);
            }
        }
        if faults >> 10 & 1 == 1 {
            hit.break_duct(duct);
        }
        for (n, &az) in net.azs.iter().enumerate() {
            hit.set_dark(az, faults >> (11 + n) & 1 == 1);
        }
        hit.refresh(&mut Vec::new(), &mut Vec::new());
        for (route, azs) in routes.into_iter().zip(pairs) {
            let path = &hit.routes[route].path;
            assert_eq!(*path, by_trial(&hit, azs), "{faults:014b}");
            lost += u32::from(path.is_none());
        }
    }
    assert!(lost > 0 && lost < 3 << 14, "{lost}");
}

#[test]
fn latency_then_links_then_serials_decide() {
    let (mut net, _, duct, links) = metro();
    let straight = Path {
        links: vec![links[0]],
        latency: Span::micros(500),
    };
    assert_eq!(net.path(0, 1), Some(straight));
    net.topology.break_duct(duct);
    net.refresh();
    assert_eq!(net.path(1, 0).unwrap().links, [links[1]]);
    net.topology.heal_duct(duct);
    net.topology.slow_link(
        links[0],
        Slow {
            bandwidth: None,
            latency: Some(Span::micros(501)),
        },
    );
    net.topology.break_link(links[1]);
    net.refresh();
    // The way on from the relay through C is as fast, but has a link more.
    let round = Path {
        links: vec![links[2], links[3]],
        latency: Span::micros(500),
    };
    assert_eq!(net.path(0, 1), Some(round));
}

#[test]
fn a_network_without_links_is_ideal() {
    let mut net = Net::new(2);
    let witness = net.node(NodeKind::Witness);
    let route = net.topology.route_between(net.azs[0], net.azs[1]);
    assert_eq!(net.topology.route_between(net.azs[1], net.azs[0]), route);
    assert_eq!(net.path(0, 1), Some(Path::default()));
    assert!(net.topology.reaches(net.azs[0], witness));
    net.topology.set_dark(net.azs[0], true);
    assert_eq!(net.refresh(), (vec![route], vec![], true));
    assert_eq!(net.path(0, 1), None);
    assert!(!net.topology.reaches(net.azs[0], witness));
    assert!(net.topology.reaches(net.azs[1], witness));
    net.topology.break_node(witness);
    assert_eq!(net.refresh(), (vec![], vec![], true));
    assert!(!net.topology.reaches(net.azs[1], witness));
    net.topology.set_dark(net.azs[0], false);
    assert_eq!(net.refresh(), (vec![route], vec![], true));
    // The first link ends it.
    let link = net.link(net.az(0), Spot::Node(witness), 0, None);
    assert_eq!(net.refresh(), (vec![route], vec![], true));
    assert_eq!(net.path(0, 1), None);
    net.topology.heal_node(witness);
    assert_eq!(net.refresh(), (vec![], vec![link], true));
    assert!(net.topology.reaches(net.azs[0], witness));
    assert!(!net.topology.reaches(net.azs[1], witness));
}

#[test]
fn faults_stack_and_end_in_any_order() {
    let (mut net, _, duct, links) = metro();
    let link = links[0];
    let slow = |rate, latency: u64| Slow {
        bandwidth: Some(Rate(rate)),
        latency: Some(Span::micros(latency)),
    };
    let now = |net: &Net| {
        (
            net.topology.capacity(link).0,
            net.topology.latency(link).as_micros(),
        )
    };
    net.topology.slow_link(link, slow(300, 600));
    net.topology.slow_link(link, slow(100, 550));
    net.topology.slow_link(link, slow(5000, 1));
    assert_eq!(now(&net), (100, 600));
    assert_eq!(net.refresh(), (vec![], vec![link], false));
    net.topology.unslow_link(link, slow(300, 600));
    assert_eq!(now(&net), (100, 550));
    net.topology.break_link(link);
    net.topology.break_link(link);
    net.topology.break_duct(duct);
    assert_eq!(net.refresh().1, [link, links[2]]);
    net.topology.heal_link(link);
    net.topology.heal_duct(duct);
    assert_eq!(net.refresh().1, [links[2]]);
    assert_eq!(now(&net), (0, 550));
    net.topology.heal_link(link);
    net.topology.unslow_link(link, slow(100, 550));
    assert_eq!(now(&net), (1000, 500));
    assert_eq!(net.refresh(), (vec![], vec![link], true));
    // What begins and ends between two looks has not been.
    net.topology.break_link(link);
    net.topology.heal_link(link);
    assert_eq!(net.refresh(), (vec![], vec![], false));
}

#[test]
fn a_witness_is_asked_and_carries_nothing() {
    let (mut net, [relay, witness], duct, links) = metro();
    net.topology.break_duct(duct);
    net.topology.break_link(links[1]);
    net.refresh();
    assert_eq!(net.path(0, 1), None);
    assert!(net.topology.reaches(net.azs[0], witness));
    assert!(net.topology.reaches(net.azs[1], witness));
    // C has no link to it and asks through B.
    assert!(net.topology.reaches(net.azs[2], witness));
    assert!(!net.topology.reaches(net.azs[0], relay));
    net.topology.break_link(links[7]);
    assert!(net.refresh().2);
    assert!(!net.topology.reaches(net.azs[2], witness));
}

/// A random network: its AZs and nodes, and by link two places, a latency and whether it lies in the duct.
fn drawn(
    azs: usize,
    links: &[(usize, usize, u64, bool)],
) -> (Net, Vec<NodeKey>, DuctKey, Vec<LinkKey>) {
    let mut net = Net::new(azs);
    let nodes = [NodeKind::Relay, NodeKind::Relay, NodeKind::Witness].map(|kind| net.node(kind));
    let duct = net.duct();
    let spots: Vec<Spot> = (0..azs)
        .map(|n| net.az(n))
        .chain(nodes.map(Spot::Node))
        .collect();
    let mut made = Vec::new();
    for &(a, b, latency, ducted) in links {
        let (a, b) = (a % spots.len(), b % spots.len());
        if a != b {
            made.push(net.link(spots[a], spots[b], latency, ducted.then_some(duct)));
        }
    }
    net.refresh();
    (net, nodes.to_vec(), duct, made)
}

/// One fault or the end of one, chosen by two numbers; a fault that is not in force cannot end.
fn strike(
    net: &mut Net,
    nodes: &[NodeKey],
    duct: DuctKey,
    links: &[LinkKey],
    (what, which): (u8, usize),
) {
    let (azs, topology) = (&net.azs, &mut net.topology);
    let az = azs[which % azs.len()];
    let node = nodes[which % nodes.len()];
    let link = links.get(which % links.len().max(1)).copied();
    match (what % 10, link) {
        (0 | 1, Some(link)) => topology.break_link(link),
        (2 | 3, Some(link)) if topology.links[link].down > 0 => topology.heal_link(link),
        (4, Some(link)) => {
            let bandwidth = (which % 3 > 0).then_some(Rate(which as u64 % 7 * 200));
            let latency = (which % 5 > 0).then_some(Span::micros(which as u64 % 5));
            topology.slow_link(link, Slow { bandwidth, latency });
        }
        (5, Some(link)) => {
            let slowed = &topology.links[link].slowed;
            if let Some(&slow) = slowed.get(which % slowed.len().max(1)) {
                topology.unslow_link(link, slow);
            }
        }
        (6, _) if topology.nodes[node].down > 0 => topology.heal_node(node),
        (6, _) => topology.break_node(node),
        (7, _) if topology.ducts[duct].down > 1 => topology.heal_duct(duct),
        (7, _) => topology.break_duct(duct),
        (8, _) if topology.ducts[duct].down > 0 => topology.heal_duct(duct),
        (9, _) => topology.set_dark(az, !topology.dark.contains(&az)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn what_a_refresh_changes_is_what_looking_at_everything_would(
        azs in 2usize..5,
        links in prop::collection::vec((0usize..8, 0usize..8, 0u64..4, any::<bool>()), 0..12),
        rounds in prop::collection::vec(prop::collection::vec((any::<u8>(), 0usize..1000), 0..4), 1..25),
        fold in 0usize..25,
    ) {
        let (mut net, nodes, duct, links) = drawn(azs, &links);
        for a in 0..azs {
            for b in 0..=a {
                net.path(a, b);
            }
        }
        for (n, round) in rounds.iter().enumerate() {
            let before = net.topology.clone();
            for &blow in round {
                strike(&mut net, &nodes, duct, &links, blow);
            }
            if n == fold {
                // A checkpoint between a fault and its consequences.
                let text = serde_json::to_string(&net.topology).unwrap();
                net.topology = serde_json::from_str(&text).unwrap();
                net.topology.reindex();
            }
            let (changed, capacities, stirred) = net.refresh();
            let now = &net.topology;
            for (_, route) in &now.routes {
                let ideal = !now.explicit && !route.azs.iter().any(|az| now.dark.contains(az));
                let best = if ideal { Some(Path::default()) } else { by_trial(now, route.azs) };
                prop_assert_eq!(&route.path, &best);
            }
            let other: Vec<RouteKey> =
                now.routes.keys().filter(|&key| now.routes[key] != before.routes[key]).collect();
            prop_assert_eq!(changed, other);
            let other: Vec<LinkKey> =
                links.iter().copied().filter(|&key| now.capacity(key) != before.capacity(key)).collect();
            prop_assert_eq!(capacities, other);
            let heard = |net: &Topology, az: AzKey| nodes.iter().map(|&node| net.reaches(az, node)).collect::<Vec<_>>();
            for &az in &net.azs {
                prop_assert!(stirred || heard(&before, az) == heard(now, az));
            }
        }
    }

    #[test]
    fn a_network_comes_back_from_a_checkpoint_as_it_was(
        links in prop::collection::vec((0usize..8, 0usize..8, 0u64..4, any::<bool>()), 0..12),
        blows in prop::collection::vec((any::<u8>(), 0usize..1000), 0..20),
        later in prop::collection::vec((any::<u8>(), 0usize..1000), 0..20),
    ) {
        let (mut net, nodes, duct, links) = drawn(3, &links);
        net.path(0, 1);
        net.path(2, 1);
        for blow in blows {
            strike(&mut net, &nodes, duct, &links, blow);
        }
        let text = serde_json::to_string(&net.topology).unwrap();
        let mut twin = Net { topology: serde_json::from_str(&text).unwrap(), words: net.words.clone(), serial: net.serial, azs: net.azs.clone() };
        twin.topology.reindex();
        prop_assert_eq!(serde_json::to_string(&twin.topology).unwrap(), text);
        for blow in later {
            strike(&mut net, &nodes, duct, &links, blow);
            strike(&mut twin, &nodes, duct, &links, blow);
        }
        prop_assert_eq!(net.refresh(), twin.refresh());
        prop_assert_eq!(net.path(0, 2), twin.path(0, 2));
        let [mine, theirs] = [&net, &twin].map(|net| serde_json::to_string(&net.topology).unwrap());
        prop_assert_eq!(mine, theirs);
    }
}
