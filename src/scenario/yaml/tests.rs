use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

use super::*;

/// A quantity as the scenario types have it: read from a string, refusing what it cannot parse.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
struct Minutes(u32);

impl TryFrom<String> for Minutes {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let number = text
            .strip_suffix('m')
            .ok_or(format!("`{text}` has no unit"))?;
        number
            .parse()
            .map(Minutes)
            .map_err(|_| format!("`{text}` is no number of minutes"))
    }
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    enabled: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    #[serde(default)]
    groups: Labelled<Group>,
    #[serde(default)]
    wait: Option<Spanned<Minutes>>,
}

fn fault(text: &str) -> Diagnostic {
    from_str::<File>("a.yaml", text).expect_err("the file is faulty")
}

/// The fault's place and title, having checked that it names a line and a column.
fn placed(text: &str) -> (usize, usize, String) {
    let found = fault(text);
    assert!(found.line > 0 && found.column > 0, "{found}");
    (found.line, found.column, found.title)
}

#[test]
fn labels_keep_order_and_place() {
    let text = "version: 1\ngroups:\n  zeta: {region: a}\n  alpha:\n    enabled: true\n";
    let file: File = from_str("a.yaml", text).expect("valid");
    assert_eq!(file.groups.labels().collect::<Vec<_>>(), ["zeta", "alpha"]);
    let (label, _) = &file.groups.iter().as_slice()[1];
    assert_eq!(label.place.line(), 4);
    let span = label.place.bytes().expect("a place");
    assert_eq!(&text[span], "alpha");
    assert!(file.groups.get("alpha").expect("present").enabled);
}

#[test]
fn a_byte_order_mark_does_not_shift_places() {
    let text = "\u{FEFF}version: 1\ngruops: {}\n";
    let found = fault(text);
    assert_eq!((found.line, found.column), (2, 1), "{found}");
    assert!(
        found.render(false).contains("gruops"),
        "{}",
        found.render(false)
    );
}

#[test]
fn an_unknown_key_is_placed_and_its_nearest_named() {
    let found = fault("version: 1\ngroups:\n  web:\n    regoin: a\n");
    assert_eq!((found.line, found.column), (4, 5), "{found}");
    assert_eq!(found.title, "unknown key `regoin`");
    assert_eq!(found.help.as_deref(), Some("did you mean `region`?"));
    assert!(
        found.render(false).contains("^^^^^^"),
        "{}",
        found.render(false)
    );
    let far = fault("version: 1\nzebra: 2\n");
    assert_eq!(
        far.help.as_deref(),
        Some("valid here: version, groups, wait")
    );
}

#[test]
fn duplicates_are_refused_at_the_second_one() {
    assert_eq!(placed("version: 1\nversion: 2\n").0, 2);
    let (line, column, title) = placed("version: 1\ngroups:\n  web: {}\n  web: {}\n");
    assert_eq!((line, column), (4, 3));
    assert!(title.contains("`web` appears twice"), "{title}");
}

#[test]
fn wrong_types_are_placed() {
    assert_eq!(placed("version: one\n").0, 1);
    assert_eq!(placed("version: 1\ngroups: [a]\n").0, 2);
    assert_eq!(placed("version: 1\ngroups:\n  web: 3\n").0, 3);
    assert_eq!(placed("version: 1\nwait: [1]\n").0, 2);
    assert_eq!(
        placed("version: 1\ngroups:\n").2,
        "expected a mapping (`key: value`)"
    );
    assert_eq!(placed("groups: {}\n").2, "the key `version` is missing");
}

#[test]
fn a_refused_quantity_is_placed() {
    let file: File = from_str("a", "version: 1\nwait: 20m\n").expect("valid");
    let wait = file.wait.expect("given");
    assert_eq!(wait.value, Minutes(20));
    assert_eq!((wait.place.line(), wait.place.bytes()), (2, Some(17..20)));
    let (line, column, title) = placed("version: 1\nwait: 20\n");
    assert_eq!((line, column), (2, 7));
    assert!(title.contains("`20` has no unit"), "{title}");
}

#[test]
fn only_core_booleans_are_booleans() {
    let (line, _, title) = placed("version: 1\ngroups:\n  web: {enabled: no}\n");
    assert_eq!((line, title.as_str()), (3, "expected `true` or `false`"));
    let octal = placed("version: 010\n").2;
    assert_eq!(
        octal,
        "expected a whole number that is not negative, within range"
    );
    let file: File =
        from_str("a", "version: 10\ngroups: {no: {region: off}, 007: {}}\n").expect("valid");
    assert_eq!(file.version, 10);
    assert_eq!(file.groups.labels().collect::<Vec<_>>(), ["no", "007"]);
    assert_eq!(
        file.groups.get("no").and_then(|g| g.region.as_deref()),
        Some("off")
    );
}

#[test]
fn what_yaml_1_2_does_not_have_is_refused() {
    assert!(
        placed("version: 1\ngroups:\n  a: &a {}\n  b: {<<: *a}\n")
            .2
            .contains("merge keys")
    );
    assert!(placed("version: !odd 1\n").2.contains("tag"));
    assert_eq!(
        placed("version: 1\n---\nversion: 1\n").2,
        "a scenario file holds one document"
    );
}

#[test]
fn an_error_in_an_aliased_part_points_at_the_alias() {
    let file: File =
        from_str("a", "version: 1\ngroups:\n  a: &a {region: x}\n  b: *a\n").expect("valid");
    assert_eq!(file.groups.get("a"), file.groups.get("b"));
    assert_eq!(placed("version: 1\ngroups: &g\n  a: {}\nwait: *g\n").0, 4);
}

#[test]
fn hostile_nesting_ends_soon() {
    for open in ["[", "{a: ", "- "] {
        let text = format!("version: 1\ngroups:\n  a: {}", open.repeat(10_000));
        placed(&text);
        placed(&open.repeat(10_000));
    }
    let mut block = String::from("version: 1\ngroups:\n");
    for depth in 1..2_000 {
        let _ = writeln!(block, "{}a:", " ".repeat(depth));
    }
    placed(&block);
    let any = from_str::<serde_json::Value>("a", &"- ".repeat(10_000)).expect_err("too deep");
    assert_eq!(any.title, "nested deeper than 48 levels");
    let flow = from_str::<serde_json::Value>("a", &"[".repeat(10_000)).expect_err("too deep");
    assert_eq!(flow.title, "nested deeper than 48 levels");
}

#[test]
fn an_alias_bomb_ends_soon() {
    let mut text = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..30 {
        let alias = format!("*a{}", level - 1);
        let _ = writeln!(text, "a{level}: &a{level} [{}]", vec![alias; 9].join(", "));
    }
    let found = from_str::<serde_json::Value>("bomb", &text).expect_err("too many");
    // The bound on what is repeated ends it, before the lines in which the chain of aliases is too deep.
    assert!((1..=8).contains(&found.line) && found.column > 0, "{found}");
    assert_eq!(
        found.title,
        "anchors and aliases repeat too much of the file"
    );
}

#[test]
fn a_huge_scalar_gives_a_small_fault() {
    let text = format!("version: {}\n", "9".repeat(3_000_000));
    let found = fault(&text);
    assert_eq!((found.line, found.column), (1, 10), "{}", found.title);
    assert!(found.render(false).len() < 4_000);
    let key = format!("version: 1\n{}: 1\n", "k".repeat(3_000_000));
    assert!(fault(&key).render(false).len() < 4_000);
}

#[test]
fn broken_text_is_placed() {
    assert_eq!(placed("version: 1\ngroups:\n\tweb: {}\n").0, 3);
    assert_eq!(placed("version: 1\ngroups: {web: {}\n").0, 2);
    placed("version: \"1\n");
    placed("version: 1\nwait: *nowhere\n");
    let bytes = b"version: 1\nwait: 2\xff0m\n";
    let found = from_slice::<File>("a", bytes).expect_err("not UTF-8");
    assert_eq!((found.line, found.column), (2, 8), "{found}");
    assert!(found.label.contains("0xff"), "{found}");
}

#[test]
fn an_empty_file_is_an_error() {
    for text in ["", "\n", "# only a comment\n", "---\n", "null\n"] {
        assert!(from_str::<File>("a", text).is_err(), "{text:?}");
    }
}

#[test]
fn many_labels_are_within_the_bounds() {
    let mut text = String::from("version: 1\ngroups:\n");
    for number in 0..100_000 {
        let _ = writeln!(text, "  group-{number}: {{region: here, enabled: true}}");
    }
    let file: File = from_str("a", &text).expect("valid");
    assert_eq!(file.groups.len(), 100_000);
}

#[test]
fn equal_places_do_not_matter_for_equality() {
    let one: Labelled<u32> = from_str("a", "{a: 1, b: 2}").expect("valid");
    let two: Labelled<u32> = from_str("a", "a: 1\n\nb: 2\n").expect("valid");
    let three: Labelled<u32> = from_str("a", "b: 2\na: 1\n").expect("valid");
    assert_eq!(one, two);
    assert_ne!(one, three);
}

#[test]
fn the_schema_is_an_open_object() {
    let schema = schemars::schema_for!(Labelled<u32>);
    assert_eq!(schema.get("type").and_then(|v| v.as_str()), Some("object"));
    assert!(
        schema
            .get("additionalProperties")
            .is_some_and(|v| v["type"] == "integer")
    );
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Either {
    Word(Spanned<String>),
    Many(Vec<Spanned<String>>),
}

#[derive(Debug, Deserialize)]
enum Step {
    #[serde(rename = "call")]
    Call(Spanned<String>),
    #[serde(rename = "wait")]
    Wait { at_most: Spanned<String> },
}

#[derive(Debug, Deserialize)]
struct Flat {
    #[serde(flatten)]
    rest: BTreeMap<String, Spanned<String>>,
}

/// What places survive: outside and externally tagged, yes; inside untagged and flatten, no. The scenario types rely on it.
#[test]
fn places_survive_external_tags_only() {
    let steps: Vec<Spanned<Step>> =
        from_str("a", "- call: x\n- wait: {at_most: 3m}\n").expect("valid");
    let Step::Call(call) = &steps[0].value else {
        panic!("{steps:?}")
    };
    assert_eq!((call.place.line(), call.place.bytes()), (1, Some(8..9)));
    let Step::Wait { at_most } = &steps[1].value else {
        panic!("{steps:?}")
    };
    let bytes = Some(28..30);
    assert_eq!((at_most.place.line(), at_most.place.bytes()), (2, bytes));
    assert_eq!(steps[1].place.line(), 2);

    let either: Vec<Spanned<Either>> = from_str("a", "- x\n- [y]\n").expect("valid");
    let Either::Word(word) = &either[0].value else {
        panic!("{either:?}")
    };
    assert_eq!(word.place, Place::UNKNOWN);
    assert_eq!(either[1].place.line(), 2);
    assert!(matches!(&either[1].value, Either::Many(all) if all.len() == 1));

    let flat: Flat = from_str("a", "k: v\n").expect("valid");
    assert_eq!(flat.rest["k"].place, Place::UNKNOWN);

    let map: BTreeMap<String, Spanned<u32>> = from_str("a", "k: 1\n").expect("valid");
    assert_eq!(map["k"].place.bytes(), Some(3..4));
}
