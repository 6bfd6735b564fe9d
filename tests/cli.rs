//! The command as a user meets it: answers, exit codes, wrong input, standard input, colors and closed pipes.

#![allow(clippy::unwrap_used)] // Helpers of tests, which clippy does not know as such.

use std::io::Read;
use std::process::{Command, Output, Stdio};

fn sdrsim(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sdrsim"));
    command
        .args(args)
        .env_remove("NO_COLOR")
        .stdin(Stdio::null());
    command
}

/// Runs to the end: exit code, standard output, standard error.
fn run(args: &[&str]) -> (i32, String, String) {
    ended(sdrsim(args).output().unwrap())
}

fn ended(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().expect("not ended by a signal"),
        text(output.stdout),
        text(output.stderr),
    )
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn help_and_version_are_answers_and_wrong_words_are_not() {
    for args in [&["--help"][..], &["table", "--help"], &["--version"]] {
        let (code, out, err) = run(args);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        assert!(out.contains("sdrsim"), "{args:?}");
    }
    let (_, help, _) = run(&["--help"]);
    assert!(help.contains("Exit codes") && help.contains("Examples"));
    for args in [
        &[][..],
        &["walk"],
        &["table", "--format", "svg"],
        &["table", "--kind", "tree"],
        &["codes", "--answered", "perhaps"],
        &["run"],
        &["run", "--seed", "-1", "a.yaml"],
        &["run", "--json", "--quiet", "a.yaml"],
        &["bless"],
    ] {
        let (code, out, err) = run(args);
        assert_eq!(code, 2, "{args:?}");
        assert_eq!(out, "", "{args:?}");
        assert!(!err.is_empty(), "{args:?}");
    }
}

#[test]
fn table_answers_in_five_forms() {
    let (code, text, err) = run(&["table", "--kind", "drill"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        text.contains("delete_dr_drill . + . + +  SDRS.1913"),
        "{text}"
    );
    assert!(!text.contains("replication_pair\n"), "{text}");

    let (_, markdown, _) = run(&["table", "--format", "markdown", "--kind", "drill"]);
    assert!(markdown.contains("| delete_dr_drill | 1913 | yes | 1913 | yes | yes |"));

    let page = json(&run(&["table", "--format", "json"]).1);
    assert_eq!(page["version"], 1);
    assert_eq!(page["kinds"].as_array().unwrap().len(), 4);

    let (_, dot, _) = run(&[
        "table", "--format", "dot", "--kind", "group", "--kind", "drill",
    ]);
    assert_eq!(dot.matches("digraph ").count(), 2);

    let (_, one, _) = run(&["table", "--format", "mermaid", "--kind", "pair"]);
    assert!(one.starts_with("stateDiagram-v2\n"));
    let (_, all, _) = run(&["table", "--format", "mermaid"]);
    assert_eq!(all.matches("```mermaid\n").count(), 4);
}

#[test]
fn codes_are_found_by_their_beginning() {
    let (code, text, _) = run(&["codes", "SDRS.1020"]);
    assert_eq!(code, 0);
    assert!(text.starts_with("SDRS.1020  400  "), "{text}");
    assert!(text.contains("start_protection"), "{text}");

    let page = json(&run(&["codes", "13", "--format", "json"]).1);
    let codes = page["codes"].as_array().unwrap();
    assert!(codes.len() > 10);
    assert!(
        codes
            .iter()
            .all(|row| row["code"].as_str().unwrap().starts_with("SDRS.13"))
    );

    let never = json(&run(&["codes", "--answered", "no", "--format", "json"]).1);
    for row in never["codes"].as_array().unwrap() {
        assert!(row["reason"].is_string(), "{row}");
    }

    let (code, out, err) = run(&["codes", "SDRS.9999"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("SDRS.9999"), "{err}");
}

#[test]
fn policies_show_defaults_and_decisions() {
    let (code, text, _) = run(&["policies"]);
    assert_eq!(code, 0);
    assert!(text.contains("fencing: on | off   (default on)"), "{text}");
    let page = json(&run(&["policies", "--format", "json"]).1);
    assert_eq!(page["version"], 1);
    assert!(!page["decisions"].as_array().unwrap().is_empty());
}

#[test]
fn color_is_for_terminals_unless_asked_for() {
    let colored = |args: &[&str], no_color: Option<&str>| {
        let mut command = sdrsim(args);
        if let Some(value) = no_color {
            command.env("NO_COLOR", value);
        }
        let (_, _, err) = ended(command.output().unwrap());
        err.contains('\u{1b}')
    };
    let wrong = ["codes", "SDRS.9999"];
    let always = ["codes", "SDRS.9999", "--color", "always"];
    assert!(!colored(&wrong, None), "not a terminal");
    assert!(!colored(&wrong, Some("1")));
    assert!(colored(&always, None));
    assert!(
        colored(&always, Some("1")),
        "what is asked for outright wins"
    );
    assert!(!colored(&["codes", "SDRS.9999", "--color", "never"], None));
}

#[test]
fn a_closed_pipe_ends_quietly() {
    for args in [
        &["codes"][..],
        &["table", "--format", "json"],
        &["table", "--format", "dot"],
        &["policies"],
    ] {
        let mut child = sdrsim(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{args:?}");
        assert_eq!(err, "", "{args:?}");
    }
}
