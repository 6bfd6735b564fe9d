use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// A small world: one group, pairs, a job with sub-jobs, and servers without a common shape.
struct World(Vec<(Collection, &'static str, Value)>);

impl World {
    fn new() -> Self {
        let pair = |status: &str, progress: u32, group: &str| json!({"status": status, "progress": progress, "group": group});
        Self(vec![
            (
                Collection::Groups,
                "web",
                json!({"status": "protected", "tags": ["a", "b"], "id": "1", "frozen": false}),
            ),
            (Collection::Pairs, "web-1", pair("active", 100, "web")),
            (Collection::Pairs, "web-2", pair("copying", 40, "web")),
            (Collection::Pairs, "db-1", pair("active", 7, "db")),
            (
                Collection::Jobs,
                "3",
                json!({"status": "SUCCESS", "error_code": null, "sub_jobs": [{"n": {"x y": 1.5}}]}),
            ),
            (Collection::Servers, "s1", json!({"flavor": "big"})),
            (Collection::Servers, "s2", json!({"host": "h"})),
            (
                Collection::Disks,
                "all",
                json!({"size": 18_446_744_073_709_551_615_u64}),
            ),
        ])
    }
}

impl Scope for World {
    fn visit(
        &self,
        collection: Collection,
        _: Option<&[&str]>,
        visit: &mut dyn FnMut(&str, &Value),
    ) {
        self.0
            .iter()
            .filter(|it| it.0 == collection)
            .for_each(|it| visit(it.1, &it.2));
    }
    fn member(&self, collection: Collection, label: &str) -> Option<Value> {
        self.0
            .iter()
            .find(|it| it.0 == collection && it.1 == label)
            .map(|it| it.2.clone())
    }
    fn labelled(&self, label: &str) -> Option<Value> {
        self.0
            .iter()
            .find(|it| it.1 == label)
            .map(|it| it.2.clone())
    }
    fn visit_labels(&self, visit: &mut dyn FnMut(&str)) {
        self.0.iter().for_each(|it| visit(it.1));
    }
}

fn verdict(text: &str) -> Verdict {
    let parsed = Expectation::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    parsed
        .evaluate(&World::new())
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn fault(text: &str) -> (String, EvalError) {
    let parsed = Expectation::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let error = parsed.evaluate(&World::new()).expect_err(text);
    (text[error.span.clone()].to_owned(), error)
}

fn refusal(text: &str) -> ParseError {
    Expectation::parse(text).expect_err(text)
}

#[test]
fn what_holds() {
    for text in [
        "web.status == protected",
        "web . status==\"protected\"",
        "web.frozen != true",
        "job(3).status == SUCCESS and job(3).error_code == null",
        "job(3).sub_jobs[0].n.\"x y\" == 1.5",
        "3.status in [FAIL, SUCCESS]",
        "pairs[group=web, status=active].progress >= 50",
        "pairs[group == web, progress<50].status == copying",
        "all pairs[group=web].progress > 39",
        "any pairs.status == copying",
        "none pairs.status == fault",
        "count(pairs[group=web]) == 2",
        "count(drills) == 0",
        "count(pairs[status in [active, fault]]) in [2]",
        "len(web.tags) == 2",
        "len(job(3).sub_jobs[0]) == 1",
        "web.tags contains b",
        "web.status contains tect",
        "job(3) contains sub_jobs",
        "not web.status == disabled",
        "not (web.status == disabled or count(pairs) > 3)",
        "web.status == x or web.status == protected and count(jobs) == 1",
        "\"all\".size > 9223372036854775807",
        "group(web).id == \"1\"",
        "any servers.flavor == big",
        "count(servers[flavor == null]) == 1",
        "pair(web-1).status >= active",
    ] {
        assert!(verdict(text).held, "{text}");
    }
}

#[test]
fn what_does_not_hold_is_explained_by_values() {
    for (text, explain) in [
        ("web.status == disabled", "web.status is protected"),
        ("count(pairs) == 2", "count(pairs) is 3"),
        ("len(web.tags) > 2", "len(web.tags) is 2"),
        (
            "all pairs.status == active",
            "1 of 3 pairs do not fulfil `== active`: web-2 is copying",
        ),
        (
            "none pairs.status == active",
            "2 of 3 pairs fulfil `== active`: web-1 is active, db-1 is active",
        ),
        (
            "any pairs[group=db].progress > 9",
            "1 of 1 pairs do not fulfil `> 9`: db-1 is 7",
        ),
        ("all drills.status == available", "`drills` selects nothing"),
        ("any drills.status == available", "`drills` selects nothing"),
        (
            "web.id == \"2\" or count(jobs) == 0",
            "web.id is \"1\"; count(jobs) is 1",
        ),
        ("web.id == \"2\" and count(jobs) == 1", "web.id is \"1\""),
        ("not web.status == protected", "web.status is protected"),
        ("web.tags contains c", "web.tags is [\"a\",\"b\"]"),
    ] {
        let Verdict {
            held,
            explain: found,
        } = verdict(text);
        assert!(!held, "{text}");
        assert_eq!(found, explain, "{text}");
    }
}

#[test]
fn what_holds_is_explained_too() {
    for (text, explain) in [
        ("all pairs.progress > 1", "all 3 pairs fulfil `> 1`"),
        (
            "any pairs.progress < 9",
            "1 of 3 pairs fulfil `< 9`: db-1 is 7",
        ),
        ("none pairs.progress < 1", "none of 3 pairs fulfil `< 1`"),
        ("not web.status == x", "web.status is protected"),
    ] {
        let found = verdict(text);
        assert!(found.held, "{text}");
        assert_eq!(found.explain, explain, "{text}");
    }
}

#[test]
fn at_most_five_members_are_named() {
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let world = World(
        names
            .iter()
            .map(|name| (Collection::Pairs, *name, json!({"status": "x"})))
            .collect(),
    );
    let parsed = Expectation::parse("all pairs.status == y").expect("valid");
    let explain = parsed.evaluate(&world).expect("valid").explain;
    assert!(explain.ends_with("e is x and 2 more"), "{explain}");
}

#[test]
fn what_means_nothing_is_an_error_and_not_false() {
    let (at, error) = fault("wob.status == x");
    assert_eq!(
        (at.as_str(), error.help().as_deref()),
        ("wob", Some("did you mean `web`?"))
    );
    let (at, error) = fault("web.status == protected or pair(web-9).status == x");
    assert_eq!(at, "web-9");
    assert_eq!(error.to_string(), "no pair is labelled `web-9`");
    let (at, error) = fault("web.statsu == x");
    assert_eq!(
        (at.as_str(), error.help().as_deref()),
        ("statsu", Some("did you mean `status`?"))
    );
    let (at, error) = fault("all pairs.statsu == x");
    assert_eq!(
        (at.as_str(), error.to_string().as_str()),
        ("statsu", "`web-1` has no field `statsu`")
    );
    let (at, error) = fault("count(pairs[gruop=web]) == 2");
    assert_eq!(
        (at.as_str(), error.help().as_deref()),
        ("gruop", Some("did you mean `group`?"))
    );
    let (_, error) = fault("web.zebra == x");
    assert_eq!(
        error.help().as_deref(),
        Some("its fields: frozen, id, status, tags")
    );
    let (at, error) = fault("pairs[group=web].progress == 1");
    assert_eq!(at, "pairs[group=web]");
    assert_eq!(
        error.fault,
        EvalFault::NotOne {
            selection: "pairs[group=web]".into(),
            members: 2
        }
    );
    assert!(matches!(
        fault("drills.status == x").1.fault,
        EvalFault::NotOne { members: 0, .. }
    ));
    assert!(matches!(
        fault("web.tags[2] == x").1.fault,
        EvalFault::NoElement {
            length: 2,
            index: 2,
            ..
        }
    ));
    assert!(matches!(
        fault("web.status.x == 1").1.fault,
        EvalFault::NoParts {
            kind: "a string",
            ..
        }
    ));
    assert!(matches!(
        fault("len(web.frozen) == 1").1.fault,
        EvalFault::NoLength {
            kind: "a boolean",
            ..
        }
    ));
}

#[test]
fn different_kinds_are_an_error() {
    let (at, error) = fault("web.id == 1");
    assert_eq!(at, "web.id == 1");
    assert_eq!(error.help().as_deref(), Some("write the literal in quotes"));
    for text in [
        "web.frozen < true",
        "pair(web-1).progress == active",
        "web.status in [protected, 1]",
        "web.tags == a",
        "job(3).error_code < 3",
        "web.frozen contains x",
        "all pairs.progress == much",
        "count(pairs[progress=much]) == 0",
    ] {
        assert!(
            matches!(fault(text).1.fault, EvalFault::Kinds { .. }),
            "{text}"
        );
    }
}

#[test]
fn errors_of_the_text_say_where_and_what() {
    for (text, span, nearest) in [
        ("web.status = protected", 11..12, Some("==")),
        ("web.status contans x", 11..18, Some("contains")),
        ("all pars.status == x", 4..8, Some("pairs")),
        ("all pairs == x", 10..11, None),
        ("jop(3).status == x", 0..3, Some("job")),
        ("conut(pairs) == 1", 0..5, Some("count")),
        ("web.status == ", 14..14, None),
        ("", 0..0, None),
        ("web.status == a nad b.c == d", 16..19, Some("and")),
        ("(web.status == a", 16..16, None),
        ("web[x] == 1", 4..5, None),
        ("web[-1] == 1", 4..6, None),
        ("count(pairs[]) == 1", 12..13, None),
        ("web.status in []", 15..16, None),
        ("wéb.x == 1", 1..3, None),
    ] {
        let error = refusal(text);
        assert_eq!(
            (error.span.clone(), error.nearest),
            (span, nearest),
            "{text}: {error}"
        );
    }
    assert_eq!(refusal("a.b == \"x").fault, ParseFault::OpenString);
    assert_eq!(refusal("a.b == \"\\").fault, ParseFault::OpenString);
    assert_eq!(refusal("a.b == \"\\q\"").fault, ParseFault::Escape);
    assert_eq!(
        refusal("a.b == 99999999999999999999").fault,
        ParseFault::NumberRange
    );
    assert_eq!(
        refusal("true == 1").fault,
        ParseFault::Reserved {
            word: "true".into()
        }
    );
    assert_eq!(
        refusal("web.status protected").to_string(),
        "expected one of ==, !=, <, <=, >, >=, `contains` or `in`, found `protected`"
    );
}

#[test]
fn length_and_depth_are_bounded() {
    let long = format!("a.b == {}", "x".repeat(MAX_LENGTH));
    assert!(matches!(refusal(&long).fault, ParseFault::TooLong { .. }));
    for open in ["(", "not ", "not("] {
        let deep = open.repeat(MAX_LENGTH / open.len());
        assert!(
            matches!(refusal(&deep).fault, ParseFault::TooDeep { .. }),
            "{open}"
        );
    }
    let fine = format!("{}a.b == 1{}", "(".repeat(MAX_DEPTH), ")".repeat(MAX_DEPTH));
    assert!(Expectation::parse(&fine).is_ok());
}

#[test]
fn words_are_what_they_look_like() {
    for (text, literal) in [
        ("10.0.0.1", Literal::Text("10.0.0.1".into())),
        (
            "2026-01-02T03:04:05+00:00",
            Literal::Text("2026-01-02T03:04:05+00:00".into()),
        ),
        ("8s", Literal::Text("8s".into())),
        ("-1.50", Literal::Number(Number::Decimal(-1.5))),
        ("-7", Literal::Number(Number::Whole(-7))),
        ("\"7\"", Literal::Text("7".into())),
        ("null", Literal::Null),
        ("\"nu\\\"ll\\n\"", Literal::Text("nu\"ll\n".into())),
    ] {
        let parsed = Expectation::parse(&format!("a.b == {text}")).expect("valid");
        let Expression::Test(At {
            it:
                Test {
                    condition: Condition::Compare(Op::Eq, found),
                    ..
                },
            ..
        }) = parsed.root()
        else {
            panic!("{parsed:?}")
        };
        assert_eq!(found.it, literal, "{text}");
        assert_eq!(found.span, 7..7 + text.len());
    }
}

fn at<T>(it: T) -> At<T> {
    At { it, span: 0..0 }
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9_-]{1,6}",
        "\\PC{0,5}",
        Just("all".into()),
        Just("pairs".into()),
        Just("job".into())
    ]
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Bool),
        any::<i64>().prop_map(|it| Literal::Number(Number::Whole(it))),
        (-1e9..1e9).prop_map(|it: f64| Literal::Number(Number::Decimal(it))),
        "[a-z0-9:.+_-]{1,8}".prop_map(Literal::Text),
        prop_oneof![
            "true",
            "null",
            "-?[0-9]{1,3}",
            "\\PC{0,6}",
            "[\n\t\"\\\\]{0,4}"
        ]
        .prop_map(Literal::Text),
    ]
}

fn path(least: usize) -> impl Strategy<Value = Path> {
    let step =
        prop_oneof![3 => name().prop_map(Step::Field), 1 => (0usize..99).prop_map(Step::Index)];
    prop::collection::vec(step.prop_map(at), least..4)
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        (0usize..6, literal()).prop_map(|(op, it)| Condition::Compare(Op::ALL[op].0, at(it))),
        literal().prop_map(|it| Condition::Contains(at(it))),
        prop::collection::vec(literal().prop_map(at), 1..3).prop_map(Condition::In),
    ]
}

fn selection() -> impl Strategy<Value = Selection> {
    let filter = (name(), path(0), condition()).prop_map(|(first, rest, condition)| {
        let mut path = vec![at(Step::Field(first))];
        path.extend(rest);
        Filter { path, condition }
    });
    (
        0..Collection::ALL.len(),
        prop::collection::vec(filter, 0..3),
    )
        .prop_map(|(collection, filters)| Selection {
            collection: Collection::ALL[collection],
            filters,
            place: at(()),
        })
}

fn reference() -> impl Strategy<Value = Reference> {
    let root = prop_oneof![
        name().prop_map(|it| Root::Label(at(it))),
        (0..Collection::ALL.len(), name())
            .prop_map(|(c, it)| Root::Member(Collection::ALL[c], at(it))),
        selection().prop_map(Root::Only),
    ];
    (root, path(0)).prop_map(|(root, path)| match (&root, path.first()) {
        // An index right behind a collection would read as a filter, so the language has no such thing.
        (
            Root::Only(selection),
            Some(At {
                it: Step::Index(_), ..
            }),
        ) if selection.filters.is_empty() => Reference {
            root,
            path: Path::new(),
        },
        _ => Reference { root, path },
    })
}

fn expression() -> impl Strategy<Value = Expression> {
    let subject = prop_oneof![
        selection().prop_map(Subject::Count),
        reference().prop_map(Subject::Len),
        reference().prop_map(Subject::Value),
        (0usize..3, selection(), name(), path(0)).prop_map(|(q, selection, first, rest)| {
            let quantifier = [Quantifier::All, Quantifier::Any, Quantifier::None][q];
            let mut path = vec![at(Step::Field(first))];
            path.extend(rest);
            Subject::Each(quantifier, selection, path)
        }),
    ];
    let leaf = (subject, condition())
        .prop_map(|(subject, condition)| Expression::Test(at(Test { subject, condition })));
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expression::Or),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expression::And),
            inner.prop_map(|it| Expression::Not(Box::new(it))),
        ]
    })
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC{0,60}") {
        if let Err(error) = Expectation::parse(&text) {
            prop_assert!(text.get(error.span.clone()).is_some(), "{:?}", error);
        }
    }

    #[test]
    fn near_misses_never_panic(text in "(all |any |count|len|not |pairs|job|web|\\(|\\)|\\[|\\]|\\.|,|=|==|<|\"|\\\\| |1|in |é| and ){0,24}") {
        match Expectation::parse(&text) {
            Err(error) => prop_assert!(text.get(error.span.clone()).is_some(), "{:?}", error),
            Ok(parsed) => if let Err(error) = parsed.evaluate(&World::new()) {
                prop_assert!(text.get(error.span.clone()).is_some(), "{:?}", error);
            },
        }
    }

    #[test]
    fn the_canonical_form_parses_to_the_same(root in expression()) {
        let text = root.to_string();
        prop_assume!(text.len() <= MAX_LENGTH);
        let parsed = Expectation::parse(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        prop_assert_eq!(parsed.root(), &root, "{}", text);
        prop_assert_eq!(parsed.to_string(), text);
    }
}
