//! Traces: any bytes are read, compared with themselves and with a true trace, and replayed.

use super::words::{WORLD, scenario};
use sdrsim::scenario::replay::{Replayed, replay};
use sdrsim::scenario::trace::{Diff, End, Header, Reader, Trace, diff};
use std::sync::OnceLock;

/// A trace of the small world.
pub fn recorded() -> &'static [u8] {
    static RECORDED: OnceLock<Vec<u8>> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let scenario = scenario();
        let header = Header::of("world.yaml", WORLD, scenario.seed());
        let trace = Trace::begin(Vec::new(), &header).expect("memory takes it");
        let outcome = scenario.start_watched(None, trace).run(&mut ());
        let end = End {
            end: outcome.end,
            digest: outcome.report.digest,
            events: outcome.report.events,
        };
        let written = outcome.observer.finish(&outcome.world, &end);
        written.expect("memory takes it")
    })
}

/// Reads, compares and replays. Bytes that begin with `+` stand for a change of the true trace: the first bytes behind
/// it say where, the rest what stands there.
pub fn try_bytes(data: &[u8]) {
    match data {
        [b'+', low, high, drop, rest @ ..] => {
            let whole = recorded();
            let at = usize::from(u16::from_le_bytes([*low, *high])) % (whole.len() + 1);
            let after = (at + usize::from(*drop)).min(whole.len());
            try_trace(&[&whole[..at], rest, &whole[after..]].concat());
        }
        _ => try_trace(data),
    }
}

fn try_trace(bytes: &[u8]) {
    let open = |bytes| Reader::open(bytes).ok();
    let (Some(mut one), Some(mut same)) = (open(bytes), open(bytes)) else {
        return;
    };
    match diff(&mut one, &mut same, 2) {
        Ok(found) => assert!(matches!(found, Diff::Same { .. }), "{found:?}"),
        Err(error) => assert!(!error.error.to_string().is_empty()),
    }
    let (Some(mut one), Some(mut whole)) = (open(bytes), open(recorded())) else {
        return;
    };
    let different = match diff(&mut one, &mut whole, 2) {
        Ok(Diff::Same { .. }) => false,
        Ok(Diff::Parted(_)) | Err(_) => true,
    };
    let Some(again) = open(bytes) else { return };
    let is_its_own = again.header().seed == scenario().seed();
    match replay(scenario(), again, 2, &mut ()) {
        Ok(Replayed::Same { .. }) => assert!(!(is_its_own && different), "it is not the same"),
        Ok(Replayed::Parted(_)) | Err(_) => assert!(!is_its_own || different, "it is the same"),
    }
}
