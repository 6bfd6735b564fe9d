//! The `sdrsim` command.
fn main() {}
