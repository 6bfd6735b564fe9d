use super::*;
use crate::machine::command::Command;
use crate::machine::effect::Effect;
use crate::machine::fixture::Fixture;
use crate::machine::transition::move_to;
use crate::time::Span;

fn tag(key: &str, value: Option<&str>) -> TagInput {
    TagInput {
        key: key.into(),
        value: value.map(str::to_owned),
    }
}

fn add(key: &str, value: Option<&str>) -> Call {
    Call::AddTag {
        instance: "i".into(),
        key: key.into(),
        value: value.map(str::to_owned),
    }
}

fn delete(key: &str) -> Call {
    Call::DeleteTag {
        instance: "i".into(),
        key: key.into(),
    }
}

fn action(action: &str, tags: Vec<TagInput>) -> Call {
    Call::TagAction {
        instance: "i".into(),
        action: action.into(),
        tags,
    }
}

fn owned(f: &mut Fixture) -> Vec<(String, String)> {
    f.instance("i").tags.clone().into_iter().collect()
}

#[test]
fn the_instance_is_asked_for_first() {
    let f = Fixture::new();
    let delete = |instance: Ref| Call::DeleteTag {
        instance,
        key: String::new(),
    };
    let malformed = Ref::Id { id: "web".into() };
    assert_eq!(f.code(delete(malformed)), 208);
    assert_eq!(f.code(delete("g".into())), 1320);
    assert_eq!(f.code(delete("i".into())), 2205);
}

#[test]
fn what_is_wrong_is_told_in_the_order_of_the_row() {
    let f = Fixture::new();
    let long = "k".repeat(37);
    let bodies = [
        (vec![], 2202),
        (vec![tag(&long, None), tag(" ", None)], 2205),
        (vec![tag("a", None), tag(&long, None)], 2204),
        (vec![tag("a", Some("*")), tag("b", None)], 2208),
        (vec![tag("a", Some("")), tag("a", Some("*"))], 2207),
        (vec![tag("a", Some("")), tag("a", Some(""))], 2209),
    ];
    for (tags, code) in bodies {
        assert_eq!(f.code(action("create", tags.clone())), code);
        assert_eq!(f.code(action("update", tags.clone())), 2201);
        let call = Call::BatchAddTags {
            instance: "i".into(),
            tags: tags.clone(),
        };
        assert_eq!(f.code(call), code);
        let expected = (!tags.is_empty()).then_some(Code::of(code));
        assert_eq!(flaw_at_creation(&tags), expected);
    }
    assert_eq!(flaw_at_creation(&[tag("a", Some("b"))]), None);
    for (key, value, code) in [
        (" ", None, 2205),
        (&*long, None, 2204),
        ("a", None, 2208),
        ("a", Some("*"), 2207),
    ] {
        assert_eq!(f.code(add(key, value)), code);
    }
}

#[test]
fn an_instance_has_twenty_tags_and_a_known_key_is_overwritten() {
    let mut f = Fixture::new();
    let nth = |n: u32| tag(&format!("k{n}"), Some("v"));
    f.done(action("create", (0..19).map(nth).collect()));
    assert_eq!(f.code(action("create", vec![nth(19), nth(20)])), 2203);
    f.done(add("k19", Some("v")));
    assert_eq!(f.code(add("k20", Some("v"))), 2203);
    f.done(action("create", vec![tag("k0", Some("w"))]));
    assert_eq!(f.instance("i").tags["k0"], "w");
}

#[test]
fn a_change_is_told_once_and_sets_the_instant() {
    let mut f = Fixture::new();
    let print = |f: &Fixture| match f.out[..] {
        [
            Effect::Changed {
                who: Who::Instance(_),
                property: Property::Tags,
                value,
            },
        ] => value,
        _ => panic!("{:?}", f.out),
    };
    let before = f.instance("i").updated;
    f.now = f.now.checked_add(Span::secs(1)).unwrap();
    f.done(add("a", Some("1")));
    let one = print(&f);
    let updated = f.instance("i").updated;
    assert_eq!(updated, f.now);
    assert_ne!(updated, before);
    f.done(add("a", Some("1")));
    assert!(f.out.is_empty());
    f.done(add("a", Some("2")));
    assert_ne!(print(&f), one);
    f.done(add("b", Some("")));
    assert_eq!(
        owned(&mut f),
        [("a".into(), "2".into()), ("b".into(), String::new())]
    );
    f.done(delete("b"));
    f.done(add("a", Some("1")));
    assert_eq!(print(&f), one, "the print is of the whole map");
}

#[test]
fn a_missing_key_is_an_error_for_a_single_tag_only() {
    let mut f = Fixture::new();
    f.done(add("a", Some("1")));
    assert_eq!(f.code(delete("b")), 2206);
    assert_eq!(f.code(action("delete", vec![])), 2202);
    assert_eq!(f.code(action("delete", vec![tag("", None)])), 2205);
    f.done(action("delete", vec![tag("b", None)]));
    assert!(f.out.is_empty());
    let tags = vec![tag("b", None), tag("a", None), tag("a", None)];
    f.done(Call::BatchDeleteTags {
        instance: "i".into(),
        tags,
    });
    assert!(owned(&mut f).is_empty() && f.out.len() == 1);
}

#[test]
fn an_instance_that_is_made_unmade_or_broken_keeps_its_tags() {
    let mut f = Fixture::new();
    f.done(add("a", Some("1")));
    let (who, now) = (f.who("i"), f.now);
    let refusing = [
        Status::Creating,
        Status::Deleting,
        Status::Error,
        Status::ErrorDeleting,
        Status::ErrorStarting,
        Status::ErrorResizing,
        Status::Invalid,
        Status::Fault,
    ];
    for status in refusing {
        move_to(&mut f.world, now, who, status, 0, &mut f.out);
        assert_eq!(f.code(add("b", Some("1"))), 2221, "{status}");
        assert_eq!(f.code(action("create", vec![tag("b", Some("1"))])), 2221);
        assert_eq!(f.code(action("delete", vec![tag("a", None)])), 2222);
        assert_eq!(f.code(delete("a")), 2222);
    }
    for status in [Status::Starting, Status::Resizing, Status::FailedOver] {
        move_to(&mut f.world, now, who, status, 0, &mut f.out);
        assert!(crate::machine::admit(&f.world, &Command::from(delete("a"))).is_ok());
    }
}
