use proptest::prelude::*;

use super::*;

const FILE: &str = "version: 1 # keep   me\ngroups: {}\n\ntranscript: |\n  00:00:00  a\n\n    b\n";

#[test]
fn only_the_block_changes() {
    let found = extract(FILE).expect("sound").expect("present");
    assert_eq!(found.first_line, 5);
    assert_eq!(found.lines, ["00:00:00  a", "", "  b"]);
    let new = replace_transcript(FILE, &["x", "", "y  "]).expect("sound");
    assert_eq!(
        new,
        "version: 1 # keep   me\ngroups: {}\n\ntranscript: |\n  x\n\n  y  \n"
    );
    let none: [&str; 0] = [];
    let empty = replace_transcript(FILE, &none).expect("sound");
    assert!(empty.ends_with("transcript: |\n"));
    assert_eq!(
        extract(&empty).expect("sound").expect("present").lines,
        none
    );
}

#[test]
fn key_spelling_comment_and_what_follows_stay() {
    let text = "a: 1\n'transcript' : |2-  # golden\n  x\n  y\n\n# the end\n";
    let new = replace_transcript(text, &["z"]).expect("sound");
    assert_eq!(new, "a: 1\n'transcript' : |  # golden\n  z\n\n# the end\n");
    let bare = replace_transcript("a: 1\ntranscript:\n", &["z"]).expect("sound");
    assert_eq!(bare, "a: 1\ntranscript: |\n  z\n");
    let unended = replace_transcript("a: 1\ntranscript: |\n  x", &["z"]).expect("sound");
    assert_eq!(unended, "a: 1\ntranscript: |\n  z\n");
}

#[test]
fn carriage_returns_stay() {
    let text = "a: 1\r\ntranscript: |\r\n  x\r\n  y\r\n";
    assert_eq!(
        extract(text).expect("sound").expect("present").lines,
        ["x", "y"]
    );
    let new = replace_transcript(text, &["p", "", "q"]).expect("sound");
    assert_eq!(new, "a: 1\r\ntranscript: |\r\n  p\r\n\r\n  q\r\n");
    assert_eq!(
        replace_transcript("a: 1\r\n", &["p"]).expect("sound"),
        "a: 1\r\n\r\ntranscript: |\r\n  p\r\n"
    );
}

#[test]
fn a_byte_order_mark_stays() {
    let text = "\u{FEFF}transcript: |\n  x\n";
    assert_eq!(
        replace_transcript(text, &["y"]).expect("sound"),
        "\u{FEFF}transcript: |\n  y\n"
    );
}

#[test]
fn a_missing_transcript_is_added_after_one_blank_line() {
    for text in ["a: 1", "a: 1\n", "a: 1\n\n\n", "a: 1\n  \n"] {
        assert_eq!(
            replace_transcript(text, &["x"]).expect("sound"),
            "a: 1\n\ntranscript: |\n  x\n",
            "{text:?}"
        );
    }
    assert_eq!(
        replace_transcript("", &["x"]).expect("sound"),
        "transcript: |\n  x\n"
    );
    assert_eq!(extract("a: 1\n").expect("sound"), None);
    let nested = "a:\n  transcript: |\n    x\n";
    assert_eq!(extract(nested).expect("sound"), None);
}

#[test]
fn what_cannot_be_done_is_said() {
    let none: [&str; 0] = [];
    let error = |text: &str| replace_transcript(text, &none).expect_err("refused");
    assert_eq!(
        error("transcript: |\n  x\nlast: 1\n"),
        TranscriptError::NotLast { line: 3 }
    );
    assert_eq!(
        error("transcript: |\n  x\n# c\n  y\n"),
        TranscriptError::NotLast { line: 4 }
    );
    assert_eq!(
        error("transcript: |\n  x\n---\n"),
        TranscriptError::NotLast { line: 3 }
    );
    assert_eq!(
        error("transcript: >\n  x\n"),
        TranscriptError::NotABlock { line: 1 }
    );
    assert_eq!(
        error("transcript: text\n"),
        TranscriptError::NotABlock { line: 1 }
    );
    assert_eq!(
        error("transcript: |\n\ntranscript: |\n"),
        TranscriptError::Twice { line: 3 }
    );
    assert_eq!(error("a: 1\n...\n"), TranscriptError::Ended { line: 2 });
    assert_eq!(
        replace_transcript("", &["a", "b\nc"]),
        Err(TranscriptError::Unwritable { number: 2 })
    );
}

fn transcript(lines: &[&str]) -> Transcript {
    Transcript {
        first_line: 40,
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
    }
}

#[test]
fn a_difference_names_line_expected_and_actual() {
    let expected = transcript(&["a", "b", "c", "d", "e"]);
    assert_eq!(compare(&expected, &["a", "b", "c", "d", "e", ""], 3), None);
    let found = compare(&expected, &["a", "b", "c", "X", "e"], 3).expect("differs");
    assert_eq!(
        found.to_string(),
        "the run differs from the transcript in 1 line\n    41 |   b\n    42 |   c\n    43 | - d\n       | + X"
    );
}

#[test]
fn an_added_or_missing_line_is_one_change() {
    let expected = transcript(&["a", "b", "c"]);
    let more = compare(&expected, &["a", "N", "b", "c"], 3).expect("differs");
    assert_eq!(
        more.changes,
        [Change {
            line: 41,
            expected: None,
            actual: Some("N".into())
        }]
    );
    let less = compare(&expected, &["a", "c"], 3).expect("differs");
    assert_eq!(
        less.changes,
        [Change {
            line: 41,
            expected: Some("b".into()),
            actual: None
        }]
    );
    let repeated = compare(&transcript(&["a", "a"]), &["a", "a", "a"], 3).expect("differs");
    assert_eq!(repeated.changes.len(), 1);
}

#[test]
fn many_changes_are_cut_and_white_space_is_named() {
    let expected = transcript(&["1", "2", "3", "4"]);
    let found = compare(&expected, &["a", "b", "c", "d"], 2).expect("differs");
    assert_eq!((found.changes.len(), found.more), (2, 2));
    assert!(found.to_string().ends_with("... and 2 more"), "{found}");
    let space = compare(&transcript(&["a b"]), &["a  b "], 2).expect("differs");
    assert!(space.only_white_space);
    assert!(space.to_string().contains("+ a··b·"), "{space}");
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof!["[ a-z:.>-]{0,12}", Just(String::new()), "\\PC{0,8}"]
        .prop_filter("writable", |line: &String| !line.chars().any(unwritable))
}

proptest! {
    #[test]
    fn writing_is_idempotent_and_reads_back(
        head in "(version: 1\n|# note\n|a:\n  b: 1\n|\n){0,5}",
        new in prop::collection::vec(line(), 0..8),
        old in prop::collection::vec(line(), 0..8),
        crlf in any::<bool>(),
    ) {
        let text = if crlf { head.replace('\n', "\r\n") } else { head };
        let first = replace_transcript(&text, &old).expect("sound");
        let once = replace_transcript(&first, &new).expect("sound");
        let twice = replace_transcript(&once, &new).expect("sound");
        prop_assert_eq!(&once, &twice);
        let found = extract(&once).expect("sound").expect("present");
        prop_assert_eq!(compare(&found, &new, 3), None);
        prop_assert!(once.starts_with(text.trim_end()));
    }

    #[test]
    fn the_yaml_reader_sees_the_same_lines(new in prop::collection::vec(line(), 1..8)) {
        #[derive(serde::Deserialize)]
        struct File { transcript: String }
        let text = replace_transcript("", &new).expect("sound");
        let file: File = super::super::yaml::from_str("a", &text).map_err(|e| TestCaseError::fail(e.render(false)))?;
        let read: Vec<&str> = file.transcript.lines().collect();
        let found = extract(&text).expect("sound").expect("present");
        prop_assert_eq!(compare(&found, &read, 3), None);
    }

    #[test]
    fn any_text_is_handled(text in "([ \t\ra-z:|#.-]|transcript:|\n){0,60}") {
        if let Ok(new) = replace_transcript(&text, &["x"]) {
            prop_assert_eq!(extract(&new).expect("sound").expect("present").lines, ["x"]);
        }
    }
}
