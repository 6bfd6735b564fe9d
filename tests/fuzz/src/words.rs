//! What the targets share: the world in which they play, its bounds, and bytes as text.

use sdrsim::scenario::{Scenario, Sizes};
use std::sync::OnceLock;

/// How much a file may ask for here: memory and time of a try are bounded by it.
pub const SIZES: Sizes = Sizes {
    resources: 200,
    calls: 200,
};

/// A small world with one of everything.
pub const WORLD: &str = include_str!("world.yaml");

/// That world, read once.
pub fn scenario() -> &'static Scenario {
    static READ: OnceLock<Scenario> = OnceLock::new();
    READ.get_or_init(|| {
        let read = Scenario::load_within(SIZES, "world.yaml", WORLD);
        read.unwrap_or_else(|faults| panic!("{}", faults[0]))
    })
}

/// The bytes as far as they are text.
pub fn text(data: &[u8]) -> &str {
    match std::str::from_utf8(data) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&data[..error.valid_up_to()]).unwrap_or_default(),
    }
}
