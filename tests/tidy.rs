//! What must hold of the sources themselves: who may know whom, what a layer never does, and how long things grow.
//!
//! The table of layers here is the record of the crate's arrows. A new arrow, or a new word in a place that never had
//! it, means a change of this file, so it is seen.

#[path = "tidy/source.rs"]
mod source;

use source::{Source, crate_sources, files, is_built, sources};

/// The longest file, in lines.
const FILE_LINES_MAX: usize = 600;

/// The longest function, in lines from `fn` to the closing brace; tests are free.
const FUNCTION_LINES_MAX: usize = 70;

/// Functions that may be longer: each is one exhaustive match, an arm for every command, plan, error or kind, and to
/// divide it would hide that none is left out. An entry that is not needed fails.
const ONE_MATCH: &[(&str, &str)] = &[
    ("src/machine/admit.rs", "admit_call"),
    ("src/machine/commit.rs", "carry_out"),
    ("src/engine/digest.rs", "print"),
    ("src/machine/query/plain.rs", "protected"),
    ("src/scenario/yaml/mod.rs", "words"),
];

/// A module directly under the crate and the modules that it may name beside itself.
struct Layer {
    module: &'static str,
    may_name: &'static [&'static str],
}

/// From the ground up: a layer names layers above it in this list, and nothing below.
const LAYERS: &[Layer] = &[
    // Hints to the processor about memory; they mean nothing to anybody.
    Layer {
        module: "cache",
        may_name: &[],
    },
    // The same work on many numbers at once; it knows instructions and no meaning.
    Layer {
        module: "lanes",
        may_name: &[],
    },
    // The one mixing function that ids, chance and the digest rest on; arithmetic alone.
    Layer {
        module: "hash",
        may_name: &["lanes"],
    },
    // Exact reading of decimal numbers, for spans and for sizes alike.
    Layer {
        module: "decimal",
        may_name: &[],
    },
    // Instants and spans. They are read from text by exact decimals, so that no float comes near them.
    Layer {
        module: "time",
        may_name: &["decimal"],
    },
    // Sizes and rates. A size over a rate is a span.
    Layer {
        module: "units",
        may_name: &["decimal", "time"],
    },
    // The published service as data. It knows no world, and no unit of ours: the published bodies carry plain numbers.
    Layer {
        module: "sdrs",
        may_name: &[],
    },
    // The state. Statuses and kinds are the service's words; ids are hashes of labels.
    Layer {
        module: "world",
        may_name: &["cache", "hash", "time", "units", "sdrs"],
    },
    // The only code that changes a world. It is handed the instant and never draws.
    Layer {
        module: "machine",
        may_name: &["hash", "decimal", "time", "units", "sdrs", "world"],
    },
    // Time and chance around the machine.
    Layer {
        module: "engine",
        may_name: &[
            "cache", "lanes", "hash", "decimal", "time", "units", "sdrs", "world", "machine",
        ],
    },
    // Figures of a run. It sees what observers of an engine see, and draws nothing. It stands below the scenarios, because
    // their expectations read figures while a run goes.
    Layer {
        module: "report",
        may_name: &[
            "hash", "decimal", "time", "units", "sdrs", "world", "machine", "engine",
        ],
    },
    // Files in, transcripts out: it builds a world, drives an engine and words what it sees.
    Layer {
        module: "scenario",
        may_name: &[
            "hash", "decimal", "time", "units", "sdrs", "world", "machine", "engine", "report",
        ],
    },
    // The search over all interleavings. It tells what it finds as scenarios, and reads expectations.
    Layer {
        module: "explore",
        may_name: &[
            "hash", "time", "units", "sdrs", "world", "machine", "engine", "scenario",
        ],
    },
    // A test bench: it makes worlds and histories, drives them and writes scenario files of those that fail.
    Layer {
        module: "testing",
        may_name: &[
            "hash", "decimal", "time", "units", "sdrs", "world", "machine", "engine", "scenario",
        ],
    },
    // Drawings of the tables. A drawing that knew a world could disagree with the table, so this knows none.
    Layer {
        module: "render",
        may_name: &["sdrs"],
    },
    // Files, terminal and exit codes. It sees the library from outside, so `crate` there is the command alone.
    Layer {
        module: "cli",
        may_name: &[
            "time", "units", "sdrs", "world", "machine", "engine", "scenario", "report", "explore",
            "render",
        ],
    },
    // The command's entry.
    Layer {
        module: "main",
        may_name: &["cli"],
    },
];

/// What the modules never name, and why.
struct Never {
    modules: &'static [&'static str],
    words: &'static [&'static str],
    why: &'static str,
}

/// The layers below the engine.
const PURE: &[&str] = &[
    "cache", "lanes", "hash", "decimal", "time", "units", "sdrs", "world", "machine",
];

/// Every layer but the command line.
const LIBRARY: &[&str] = &[
    "cache", "lanes", "hash", "decimal", "time", "units", "sdrs", "world", "machine", "engine",
    "report", "scenario", "explore", "testing", "render",
];

/// The layers that touch no file: all of the library but the test bench, which writes down what failed.
const FILELESS: &[&str] = &[
    "cache", "hash", "decimal", "time", "units", "sdrs", "world", "machine", "engine", "report",
    "scenario", "explore", "render",
];

/// The layers that begin no thread: all of the library but the search, whose result does not depend on them.
const THREADLESS: &[&str] = &[
    "hash", "decimal", "time", "units", "sdrs", "world", "machine", "engine", "report", "scenario",
    "testing", "render",
];

const NEVER: &[Never] = &[
    Never {
        modules: LIBRARY,
        words: &["std::time", "Instant::now", "SystemTime"],
        why: "time is virtual: the wall clock is the command line's",
    },
    Never {
        modules: FILELESS,
        words: &["std::fs"],
        why: "files are the command line's, and the test bench's that writes failures down",
    },
    Never {
        modules: LIBRARY,
        words: &["std::env", "std::process"],
        why: "the library is a function of what it is given; files and the surroundings are the command line's",
    },
    Never {
        modules: THREADLESS,
        words: &["std::thread"],
        why: "what a run does is one sequence; whoever wants more runs has more threads",
    },
    Never {
        modules: PURE,
        words: &["std::io", "println", "eprintln"],
        why: "what decides does no input and no output",
    },
    Never {
        modules: PURE,
        words: &["rand"],
        why: "chance is the engine's: the machine is handed outcomes",
    },
    Never {
        modules: &["time"],
        words: &["f32", "f64"],
        why: "instants and spans are exact",
    },
    Never {
        modules: LIBRARY,
        words: &[
            ".sin(", ".cos(", ".tan(", ".exp(", ".ln(", ".log2(", ".log10(", ".powf(", ".powi(",
            ".cbrt(", ".exp_m1(", ".ln_1p(",
        ],
        why: "transcendental functions come from `libm`, which gives the same bits on every machine",
    },
];

/// Generators whose values may change from one release to the next, and the crate that leads to them.
const UNSTABLE_CHANCE: &[&str] = &[
    "StdRng",
    "SmallRng",
    "ThreadRng",
    "thread_rng",
    "rand_distr",
];

/// The places of hashed collections: the world's index and the labels of a file, which are asked for one key at a time.
const HASHED: &[&str] = &["src/world/index.rs", "src/scenario/by_text.rs"];

/// The modules that hold a world to change it: the machine, and the engine that passes it on.
const CHANGES_WORLDS: &[&str] = &["machine", "engine"];

fn layer(module: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.module == module)
}

/// Fails with every offender, a line each.
fn none(rule: &str, offenders: Vec<String>) {
    assert!(
        offenders.is_empty(),
        "{rule}:\n  {}",
        offenders.join("\n  ")
    );
}

fn check(rule: &str, of: impl Fn(&Source) -> Vec<String>) {
    none(rule, crate_sources().iter().flat_map(of).collect());
}

/// The places outside tests where a file names one of the words.
fn naming(source: &Source, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for word in words {
        for at in source.places(word) {
            if !source.is_test(at) {
                found.push(format!("{}:{}: `{word}`", source.path, source.line(at)));
            }
        }
    }
    found
}

/// How deep a file's module lies under the crate: 0 for the root, 1 for `time.rs` and `machine/mod.rs`.
fn depth(path: &str) -> usize {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    match inside {
        "lib.rs" | "main.rs" => 0,
        _ => inside.matches('/').count() + usize::from(!inside.ends_with("/mod.rs")),
    }
}

/// The arrows of a file that its layer does not have.
fn forbidden_arrows(source: &Source) -> Vec<String> {
    let module = source.module();
    if module == "lib" {
        return Vec::new(); // The root names its modules and does nothing.
    }
    let Some(layer) = layer(module) else {
        return vec![format!("{}: `{module}` has no row in LAYERS", source.path)];
    };
    let mut named = source.named_after("crate");
    named.extend(source.named_after("sdrsim"));
    let allowed = |name: &str| name == module || layer.may_name.contains(&name);
    let mut found: Vec<String> = named
        .into_iter()
        .filter(|(_, name)| !allowed(name))
        .map(|(at, name)| {
            let line = source.line(at);
            format!("{}:{line}: {module} may not name {name}", source.path)
        })
        .collect();
    let climb = vec!["super"; depth(&source.path).max(1)].join("::");
    for (at, name) in source.named_after(&climb) {
        // Inside `mod tests { .. }` the first `super` is the file itself.
        if !source.is_test(at) {
            let line = source.line(at);
            found.push(format!("{}:{line}: say `crate::{name}`", source.path));
        }
    }
    found
}

#[test]
fn layers_name_only_what_their_row_allows() {
    check(
        "arrows that the table of layers does not have",
        forbidden_arrows,
    );
}

#[test]
fn the_table_of_layers_goes_from_the_ground_up() {
    for (at, layer) in LAYERS.iter().enumerate() {
        for name in layer.may_name {
            let below = LAYERS[..at].iter().any(|lower| lower.module == *name);
            assert!(
                below,
                "{} may name {name}, which is not below it",
                layer.module
            );
        }
    }
}

#[test]
fn only_the_machine_changes_a_world() {
    check("a world is changed from outside `machine/`", |source| {
        if CHANGES_WORLDS.contains(&source.module()) {
            return Vec::new();
        }
        naming(source, &["&mut World", "&mut crate::world::World"])
    });
}

#[test]
fn no_layer_does_what_it_never_does() {
    for never in NEVER {
        check(never.why, |source| {
            if never.modules.contains(&source.module()) {
                naming(source, never.words)
            } else {
                Vec::new()
            }
        });
    }
}

#[test]
fn no_hashed_collection_can_give_an_output_its_order() {
    check("hashed collections outside their places", |source| {
        if HASHED.contains(&source.path.as_str()) {
            return Vec::new();
        }
        naming(source, &["HashMap", "HashSet", "hash_map", "hash_set"])
    });
}

#[test]
fn no_generator_of_unstable_values_is_named_anywhere() {
    let mut found = Vec::new();
    for source in ["src", "tests", "benches"].into_iter().flat_map(sources) {
        for word in UNSTABLE_CHANCE {
            for at in source.places(word) {
                found.push(format!("{}:{}: `{word}`", source.path, source.line(at)));
            }
        }
    }
    none("generators whose values may change with a release", found);
}

#[test]
fn nothing_is_unwrapped_outside_tests() {
    check("say why it cannot happen, with `expect`", |source| {
        naming(source, &[".unwrap()", ".unwrap_err()"])
    });
}

#[test]
fn no_file_is_too_long() {
    let mut found = Vec::new();
    for source in ["src", "tests", "benches"].into_iter().flat_map(sources) {
        let lines = source.text.lines().count();
        if lines > FILE_LINES_MAX {
            found.push(format!("{}: {lines} lines", source.path));
        }
    }
    none("files that want to be divided", found);
}

#[test]
fn no_function_is_too_long() {
    let mut excused = ONE_MATCH.to_vec();
    let mut found = Vec::new();
    for source in crate_sources() {
        for function in source.functions() {
            if function.test || function.lines <= FUNCTION_LINES_MAX {
                continue;
            }
            let this = (source.path.as_str(), function.name.as_str());
            match excused.iter().position(|excuse| *excuse == this) {
                Some(at) => drop(excused.remove(at)),
                None => found.push(format!(
                    "{}:{}: {}, {} lines",
                    source.path, function.line, function.name, function.lines
                )),
            }
        }
    }
    none("functions that want to be divided", found);
    assert!(excused.is_empty(), "short enough by now: {excused:?}");
}

#[test]
fn every_module_begins_by_saying_what_it_is() {
    // A file that is a module's tests and no more is spoken for by that module.
    let crate_files = crate_sources()
        .into_iter()
        .filter(|source| !source.is_test(0));
    let others = ["tests", "benches"].into_iter().flat_map(sources);
    let silent = crate_files
        .chain(others)
        .filter(|source| !source.text.starts_with("//! "));
    let found = silent.map(|source| source.path).collect();
    none("modules without `//!` at their beginning", found);
}

#[test]
fn no_file_is_empty() {
    let empty = ["src", "tests", "benches"]
        .into_iter()
        .flat_map(sources)
        .filter(|source| source.code.trim().is_empty() && !source.text.starts_with("//! "));
    none("empty files", empty.map(|source| source.path).collect());
}

#[test]
fn the_repository_speaks_of_the_project_alone() {
    // Written in parts, so that this file does not name them itself.
    let words = [
        concat!("/wo", "rk/"),
        concat!("../sh", "ared"),
        concat!("sess", "ion"),
    ];
    let mut found = Vec::new();
    for (name, path) in files("", &|name| name != ".git" && !is_built(name)) {
        let bytes = std::fs::read(path).expect("a readable file");
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        for (at, line) in text.lines().enumerate() {
            if let Some(word) = words.iter().find(|word| line.contains(*word)) {
                found.push(format!("{name}:{}: `{word}`", at + 1));
            }
        }
    }
    none("words of a workplace, not of the project", found);
}

/// A source that breaks every rule once, in code; and names everything harmlessly, in comments, text and tests.
const UNTIDY: &str = r##"//! crate::engine, HashMap, .unwrap()
use crate::{sdrs::op, engine::{Limit, Seed}, world};
use crate::scenario;
/* fn nested() { /* { */ } */
fn short<'a>(text: &'a str, fence: char) -> [u8; 2] {
    let _ = ("crate::cli {", 'x', '{', '\'', '\u{7B}', r#"" { .unwrap() "#, br"{", text, fence);
    [b'{', b'"']
}
fn asks(at: super::render::Page) { at.sum(rand::random, Brand::of(1), 2_f64.ln()).unwrap() }
trait Declared { fn declared(&self, of: [u8; 3]); }
#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    fn free() { Some(1).unwrap(); }
}
fn after(world: &mut World) -> f64 { 0.0 }
"##;

#[test]
fn the_reader_of_sources_finds_what_there_is_and_nothing_else() {
    let source = Source::new("src/machine/untidy.rs", UNTIDY);
    assert_eq!(source.code.len(), source.text.len());
    assert_eq!(source.module(), "machine");
    let named: Vec<String> = source
        .named_after("crate")
        .into_iter()
        .map(|(_, name)| name)
        .collect();
    assert_eq!(named, ["sdrs", "engine", "world", "scenario"]);
    assert_eq!(
        forbidden_arrows(&source),
        [
            "src/machine/untidy.rs:2: machine may not name engine",
            "src/machine/untidy.rs:3: machine may not name scenario",
        ]
    );
    let at_top = Source::new("src/machine.rs", UNTIDY);
    assert!(
        forbidden_arrows(&at_top).contains(&"src/machine.rs:9: say `crate::render`".to_owned())
    );
    assert_eq!(
        naming(&source, &[".unwrap()"]),
        ["src/machine/untidy.rs:9: `.unwrap()`"]
    );
    assert_eq!(
        naming(&source, &["rand"]),
        ["src/machine/untidy.rs:9: `rand`"]
    );
    assert_eq!(
        naming(&source, &[".ln("]),
        ["src/machine/untidy.rs:9: `.ln(`"]
    );
    assert_eq!(naming(&source, &["HashMap"]), [""; 0]);
    assert_eq!(
        naming(&source, &["&mut World"]),
        ["src/machine/untidy.rs:16: `&mut World`"]
    );
    let functions: Vec<_> = source
        .functions()
        .into_iter()
        .map(|f| (f.name, f.line, f.lines, f.test))
        .collect();
    let expected = [
        ("short", 5, 4, false),
        ("asks", 9, 1, false),
        ("free", 14, 1, true),
        ("after", 16, 1, false),
    ];
    assert_eq!(
        functions,
        expected.map(|(name, line, lines, test)| (name.to_owned(), line, lines, test))
    );
    let lost = Source::new("src/novelty/mod.rs", "//! New.");
    assert_eq!(
        forbidden_arrows(&lost),
        ["src/novelty/mod.rs: `novelty` has no row in LAYERS"]
    );
}
