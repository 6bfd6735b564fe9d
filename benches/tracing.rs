//! What a trace costs: a run of a scenario with nobody looking on, with its trace written to a file, and with its trace
//! thrown away, which leaves the making of its lines. Run with `cargo bench --bench tracing`.

#[allow(dead_code)] // Its tests are the command's.
#[path = "../src/cli/behind.rs"]
mod behind;
#[path = "region/text.rs"]
mod text;

use behind::Behind;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sdrsim::scenario::Scenario;
use sdrsim::scenario::trace::{End, Header, Trace};
use std::io::{Write, sink};
use tempfile::NamedTempFile;

/// 10,000 pairs start, fail over, reprotect and stop.
fn scenario() -> (String, Scenario) {
    let text = text::by_templates(10_000)
        + "timeline:
  - {each: app, call: {failover: {group: app}}}
  - {each: app, call: {reprotect: {group: app}}}
  - {each: app, call: {stop_protection: {group: app}}}
  - {each: app, call: {start_protection: {group: app}}}
";
    let scenario = Scenario::load("trace.yaml", &text).expect("the file is well-formed");
    (text, scenario)
}

/// A run with a trace; gives the writer.
fn traced<W: Write>(text: &str, scenario: &Scenario, writer: W) -> W {
    let header = Header::of("trace.yaml", text, scenario.seed());
    let trace = Trace::begin(writer, &header).expect("it can be written");
    let outcome = scenario.start_watched(None, trace).untold().run(&mut ());
    let end = End {
        end: outcome.end,
        digest: outcome.report.digest,
        events: outcome.report.events,
    };
    let written = outcome.observer.finish(&outcome.world, &end);
    written.expect("it can be written")
}

fn tracing(c: &mut Criterion) {
    let (text, scenario) = scenario();
    let folder = tempfile::tempdir().expect("there is room for files");
    let mut group = c.benchmark_group("10,000 pairs, 4 operations");
    group.sample_size(10);
    let untraced = || scenario.start(None).untold().run(&mut ()).report.events;
    group.throughput(Throughput::Elements(untraced()));
    group.bench_function("without a trace", |b| b.iter(untraced));
    group.bench_function("trace thrown away", |b| {
        b.iter(|| traced(&text, &scenario, sink()));
    });
    // Each into a file of its own, as the command does, which is deleted when nobody looks at the time.
    group.bench_function("trace to a file", |b| {
        b.iter_with_large_drop(|| {
            let file = NamedTempFile::new_in(&folder).expect("it can be made");
            let behind = Behind::new(file).expect("there is a thread");
            let written = traced(&text, &scenario, behind).finish();
            written.expect("it can be written")
        });
    });
    group.finish();
}

criterion_group!(benches, tracing);
criterion_main!(benches);
