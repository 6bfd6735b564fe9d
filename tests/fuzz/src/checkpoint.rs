//! Checkpoints: any bytes are read or refused, and a run that is set aside anywhere ends as the one that goes straight on.
//!
//! A file whose hash is true is trusted, so what a forged one holds is read here and not gone on with.

use super::bytes::Bytes;
use super::words::scenario;
use sdrsim::engine::Limit;
use sdrsim::hash::hash_bytes;
use sdrsim::scenario::run::RunCheckpoint;
use sdrsim::scenario::trace::Header;

/// Reads the bytes as they are, as a body under a true cover, and as a change of a true checkpoint.
pub fn try_bytes(data: &[u8]) {
    let read = RunCheckpoint::read(data).and_then(|checkpoint| scenario().resume(checkpoint));
    if let Err(error) = read {
        assert!(!error.to_string().is_empty());
    }
    covered(data);
    changed(&mut Bytes::new(data), data.get(5..).unwrap_or_default());
}

/// The bytes with a first line that says that they are whole.
fn covered(body: &[u8]) {
    let version = Header::of("", "", 0).crate_version;
    let hash = hash_bytes(body.strip_suffix(b"\n").unwrap_or(body));
    let mut file = format!(
        r#"{{"checkpoint":1,"crate_version":"{version}","scenario":"","seed":1,"hash":"{hash:016x}"}}"#
    );
    file.push('\n');
    let mut file = file.into_bytes();
    file.extend_from_slice(body);
    if let Err(error) = RunCheckpoint::read(file.as_slice()) {
        assert!(!error.to_string().is_empty());
    }
}

/// A run is set aside after so many events, and the file changed at a place, under a true cover and under its own.
fn changed(choices: &mut Bytes<'_>, insert: &[u8]) {
    let mut runner = scenario().start(Some(u64::from(choices.byte())));
    let events = u64::from(choices.byte());
    let rests = runner.run_until(Limit::events(events), &mut ());
    let mut file = Vec::new();
    let written = runner.checkpoint().write(&mut file);
    written.expect("memory takes it");
    let (place, drop) = (usize::from(choices.pair()), usize::from(choices.byte()));
    if rests && drop == 0 && insert.is_empty() {
        let read = RunCheckpoint::read(file.as_slice()).expect("it is as it was written");
        let resumed = scenario().resume(read).expect("it is of this scenario");
        assert_eq!(resumed.run(&mut ()).report, runner.run(&mut ()).report);
        return;
    }
    let at = place % (file.len() + 1);
    let after = (at + drop).min(file.len());
    let new = [&file[..at], insert, &file[after..]].concat();
    if RunCheckpoint::read(new.as_slice()).is_ok() {
        let body = |file: &[u8]| {
            file.splitn(2, |byte| *byte == b'\n')
                .nth(1)
                .map(<[u8]>::to_vec)
        };
        let lines = [body(&new), body(&file)].map(|body| body.unwrap_or_default());
        let [new, old] = lines.map(|body| body.strip_suffix(b"\n").unwrap_or(&body).to_vec());
        assert_eq!(new, old, "a changed body was taken for whole");
    }
    let body = new.splitn(2, |byte| *byte == b'\n').nth(1);
    covered(body.unwrap_or_default());
}
