//! The edges of what is asked: periods by the calendar, ids that lead nowhere, and groups with half-made members.

use super::*;
use crate::machine::Answer;
use crate::machine::command::{Call, CreateDrDrill, CreateReplicationPair, Native};
use crate::machine::event::Outcome;
use crate::machine::fixture::{Fixture, new_drill, new_group};
use crate::sdrs::codes::Code;
use crate::time::UnixMicros;
use crate::world::protection::Group;
use serde_json::{Value, json};

fn ask_as(f: &Fixture, project: Option<&str>, question: &Value) -> Result<Value, u16> {
    let question = Question {
        project: project.map(str::to_owned),
        query: serde_json::from_value(question.clone()).unwrap(),
    };
    query(&f.world, f.now, &question)
        .map(|view| serde_json::to_value(view).unwrap())
        .map_err(|refusal| refusal.code().unwrap().number())
}

fn ask(f: &Fixture, question: Value) -> Value {
    ask_as(f, None, &question).unwrap_or_else(|code| panic!("{question}: {code}"))
}

fn refused(f: &Fixture, question: Value) -> u16 {
    ask_as(f, None, &question).unwrap_err()
}

fn names(list: &Value, key: &str) -> Vec<String> {
    let items = list[key].as_array().unwrap().iter();
    items
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}

fn groups(f: &Fixture, parameters: Value) -> Vec<String> {
    let list = ask(f, json!({ "list_protection_groups": parameters }));
    names(&list, "server_groups")
}

fn group<'a>(f: &'a mut Fixture, label: &str) -> &'a mut Group {
    match f.who(label) {
        Who::Group(key) => &mut f.world.groups[key],
        other => panic!("{label} is {other:?}"),
    }
}

fn pair(label: &str, disk: &str) -> Call {
    Call::CreateReplicationPair(Box::new(CreateReplicationPair {
        label: Some(label.into()),
        server_group_id: "g".into(),
        volume_id: disk.into(),
        name: None,
        description: None,
    }))
}

fn at(f: &Fixture, instant: &str) -> SimTime {
    let instant = UnixMicros::parse_instant(instant).unwrap();
    f.world.calendar.time_of(instant).unwrap()
}

fn start() -> Call {
    Call::StartProtection { group: "g".into() }
}

#[test]
fn three_months_without_a_drill_are_three_months_of_the_calendar() {
    let mut f = Fixture::new();
    f.now = at(&f, "1973-05-31T12:00:00Z");
    for (drill, listed) in [
        (None, true),
        (Some("1973-02-28T11:59:59Z"), true),
        (Some("1973-02-28T12:00:00Z"), false), // 92 days ago
        (Some("1973-05-31T11:00:00Z"), false),
    ] {
        let drilled = drill.map(|drill| at(&f, drill));
        group(&mut f, "g").last_drill = drilled;
        let found = groups(&f, json!({ "query_type": "period_no_dr_drill" }));
        assert_eq!(!found.is_empty(), listed, "{drill:?}");
    }
}

#[test]
fn a_drill_that_goes_on_for_months_is_a_drill() {
    let mut f = Fixture::new();
    f.done(start());
    f.done(Call::CreateDrDrill(Box::new(new_drill())));
    f.now = at(&f, "1973-05-31T12:00:00Z");
    let question = json!({ "query_type": "period_no_dr_drill" });
    assert!(groups(&f, question.clone()).is_empty());
    f.done(Call::DeleteDrDrill { drill: "d".into() });
    assert_eq!(groups(&f, question), ["g"]);
}

#[test]
fn stop_protected_finds_what_shows_itself_as_stopped() {
    let mut f = Fixture::new();
    let shows = |f: &Fixture, status: &str, is_stopped: bool| {
        let view =
            ask(f, json!({ "show_protection_group": { "group": "g" } }))["server_group"].clone();
        let word = if is_stopped { "stopped" } else { "started" };
        assert_eq!(
            (&view["status"], &view["protected_status"]),
            (&json!(status), &json!(word))
        );
        let found = groups(f, json!({ "query_type": "stop_protected" }));
        assert_eq!(!found.is_empty(), is_stopped, "{status}");
    };
    shows(&f, "available", true);
    f.ask(start()).unwrap();
    shows(&f, "starting", true);
    while !f.due.is_empty() {
        f.end(Outcome::Done);
    }
    shows(&f, "protected", false);
    f.ask(Call::Failover { group: "g".into() }).unwrap();
    shows(&f, "failing-over", false);
    while !f.due.is_empty() {
        f.end(Outcome::Done);
    }
    shows(&f, "failed-over", true);
}

#[test]
fn a_pair_that_was_never_made_says_nothing_of_the_groups_copies() {
    let mut f = Fixture::new();
    f.done(start());
    let copies = |f: &Fixture| {
        let view =
            ask(f, json!({ "show_protection_group": { "group": "g" } }))["server_group"].clone();
        ["replication_status", "progress", "health_status"].map(|key| view[key].clone())
    };
    let in_step = [json!("active"), json!(100), json!("normal")];
    assert_eq!(copies(&f), in_step);
    f.ask(pair("q", "spare")).unwrap();
    assert_eq!(copies(&f), in_step, "while it is made");
    while !f.due.is_empty() {
        f.end(Outcome::Failed(Code::of(1812)));
    }
    let failed = [json!("active"), json!(100), json!("abnormal")];
    assert_eq!(copies(&f), failed, "after it could not be made");
}

#[test]
fn a_single_unknown_id_is_refused_and_one_in_a_list_is_passed_over() {
    let f = Fixture::new();
    for (list, parameter, code) in [
        ("list_protected_instances", "server_group_id", 1013),
        ("list_replication_pairs", "server_group_id", 1013),
        ("list_replication_pairs", "protected_instance_id", 1320),
        ("list_dr_drills", "server_group_id", 1013),
        ("list_failed_tasks", "server_group_id", 1013),
    ] {
        assert_eq!(refused(&f, json!({ list: { parameter: "web" } })), code);
        let malformed = if code == 1013 { 207 } else { 208 };
        let bad = json!({ list: { parameter: { "id": "web" } } });
        assert_eq!(refused(&f, bad), malformed, "{list} {parameter}");
    }
    let pairs = |parameters: Value| {
        names(
            &ask(&f, json!({ "list_replication_pairs": parameters })),
            "replications",
        )
    };
    let both = json!({ "protected_instance_ids": ["nobody", "i"], "protected_instance_id": "web" });
    assert_eq!(pairs(both), ["i/vda", "i/vdb"]);
    assert!(pairs(json!({ "server_group_ids": ["nobody"] })).is_empty());
}

#[test]
fn what_is_malformed_is_told_before_what_is_unknown() {
    let f = Fixture::new();
    let bad = json!({ "server_group_id": "nobody", "protected_instance_id": { "id": "x" } });
    assert_eq!(refused(&f, json!({ "list_replication_pairs": bad })), 208);
    let bad = json!({ "server_group_id": "nobody", "status": "asleep" });
    assert_eq!(refused(&f, json!({ "list_replication_pairs": bad })), 209);
}

#[test]
fn ids_of_instances_are_not_even_read_beside_a_group() {
    let f = Fixture::new();
    let list = |ids: Value| {
        let parameters = json!({ "server_group_id": "g", "protected_instance_ids": ids });
        let list = ask(&f, json!({ "list_protected_instances": parameters }));
        names(&list, "protected_instances")
    };
    assert_eq!(list(json!(vec!["i"; 31])), ["i"]);
    assert_eq!(list(json!([{ "id": "x" }])), ["i"]);
    let alone = json!({ "protected_instance_ids": vec!["i"; 31] });
    assert_eq!(
        refused(&f, json!({ "list_protected_instances": alone })),
        226
    );
    let most = json!({ "protected_instance_ids": vec!["i"; 30] });
    assert_eq!(
        ask(&f, json!({ "list_protected_instances": most }))["count"],
        1
    );
}

#[test]
fn drills_are_sought_by_their_vpc() {
    let mut f = Fixture::new();
    f.done(start());
    f.done(Call::CreateDrDrill(Box::new(new_drill())));
    let drills =
        |vpc: &str| ask(&f, json!({ "list_dr_drills": { "drill_vpc_id": vpc } }))["count"].clone();
    let view = view_of(&f.world, f.now, f.who("d")).unwrap();
    assert_eq!(drills(view["vpc"].as_str().unwrap()), 1);
    assert_eq!(drills("net"), 0);
    for vpc in [json!("nowhere"), json!({ "id": "x" })] {
        let bad = json!({ "list_dr_drills": { "drill_vpc_id": vpc } });
        assert_eq!(refused(&f, bad), 201);
    }
}

#[test]
fn a_failed_task_is_sought_by_the_whole_name_of_its_resource() {
    let mut f = Fixture::new();
    let call = Call::CreateProtectionGroup(Box::new(new_group("harbour")));
    f.ask(call).unwrap();
    while !f.due.is_empty() {
        f.end(Outcome::Failed(Code::of(1014)));
    }
    let count = |name: &str| {
        ask(
            &f,
            json!({ "list_failed_tasks": { "resource_name": name } }),
        )["count"]
            .clone()
    };
    assert_eq!(count("harbour"), 1);
    assert_eq!(count("harb"), 0);
}

#[test]
fn pages_end_where_the_numbers_end() {
    let f = Fixture::new();
    let count = |parameters: Value| groups(&f, parameters).len();
    for limit in [json!(1), json!("1"), json!(1000), json!("1000")] {
        assert_eq!(count(json!({ "limit": limit })), 1);
    }
    for limit in [
        json!(0),
        json!("1001"),
        json!("-1"),
        json!(""),
        json!("1e3"),
    ] {
        let bad = json!({ "list_protection_groups": { "limit": limit } });
        assert_eq!(refused(&f, bad), 221);
    }
    assert_eq!(count(json!({ "offset": "0" })), 1);
    assert_eq!(count(json!({ "offset": 1 })), 0);
    assert_eq!(count(json!({ "offset": i64::MAX })), 0);
    assert_eq!(count(json!({ "offset": "99999999999999999999" })), 0);
    for offset in [json!(-1), json!("-99999999999999999999"), json!(0.5)] {
        let bad = json!({ "list_protection_groups": { "offset": offset } });
        assert_eq!(refused(&f, bad), 222);
    }
}

#[test]
fn nothing_of_one_project_is_seen_by_another() {
    let f = Fixture::new();
    let other = |question: Value| ask_as(&f, Some("other"), &question);
    for (list, count) in [
        ("list_protection_groups", "count"),
        ("list_protected_instances", "count"),
        ("list_replication_pairs", "count"),
    ] {
        assert_eq!(other(json!({ list: {} })).unwrap()[count], 0, "{list}");
        assert_ne!(ask(&f, json!({ list: {} }))[count], 0, "{list}");
    }
    let show = json!({ "show_protection_group": { "group": "g" } });
    assert_eq!(other(show), Err(1013));
    let inside = json!({ "list_replication_pairs": { "server_group_id": "g" } });
    assert_eq!(other(inside), Err(1013));
    let quotas = other(json!({ "show_quotas": {} })).unwrap();
    assert_eq!(quotas["quotas"]["resources"][0]["used"], 0);
}

#[test]
fn keys_and_values_repeat_when_only_spaces_tell_them_apart() {
    let f = Fixture::new();
    let query =
        |tags: Value| json!({ "query_instances_by_tag": { "action": "filter", "tags": tags } });
    let keys = json!([{ "key": "tier" }, { "key": " tier " }]);
    assert_eq!(refused(&f, query(keys)), 2209);
    let values = json!([{ "key": "tier", "values": ["gold", " gold"] }]);
    assert_eq!(refused(&f, query(values)), 2219);
    let lists = json!({ "query_instances_by_tag": {
        "action": "filter", "tags": [{ "key": "tier" }], "not_tags": [{ "key": "tier" }],
    } });
    assert_eq!(
        ask(&f, lists)["total_count"],
        0,
        "keys may repeat from list to list"
    );
}

#[test]
fn every_kind_has_a_view_with_its_label() {
    let mut f = Fixture::new();
    let Answer::Job(job) = f.ask(start()).unwrap() else {
        panic!("a job starts")
    };
    for label in [
        "default", "east", "az-1", "metro", "net", "lan", "m1", "web", "web-sys", "g", "i", "i/vda",
    ] {
        let view = view_of(&f.world, f.now, f.who(label)).unwrap();
        assert_eq!(view["label"], label);
    }
    let view = |label: &str| view_of(&f.world, f.now, f.who(label)).unwrap();
    assert_eq!(view("g")["transient"], true);
    assert_eq!(view("web").get("transient"), None);
    assert_eq!(view("web")["instance"], "i");
    assert_eq!(view("i/vda")["disks"][0], "web-sys");
    let shown = view_of(&f.world, f.now, Who::Job(job)).unwrap();
    assert_eq!(shown["operation"], "start_protection");
    while !f.due.is_empty() {
        f.end(Outcome::Done);
    }
    let view = view_of(&f.world, f.now, f.who("g")).unwrap();
    assert_eq!(view["transient"], false);
    let far = f.who("far");
    f.done(Native::DeleteDisk { disk: "far".into() });
    assert_eq!(view_of(&f.world, f.now, far), None, "it is gone");
}

#[test]
fn some_fields_of_a_pair_are_those_of_its_view() {
    let mut f = Fixture::new();
    let names = ["label", "name", "group", "status"];
    let pairs: Vec<_> = f.world.pairs.keys().collect();
    let same = |f: &Fixture| {
        for &key in &pairs {
            let whole = view_of(&f.world, f.now, Who::Pair(key)).unwrap();
            let some = some_of_pair(&f.world, key, &names).unwrap();
            assert_eq!(some.as_object().unwrap().len(), names.len());
            assert!(
                names.iter().all(|&name| some[name] == whole[name]),
                "{some}"
            );
        }
    };
    same(&f);
    let group = "g".into();
    f.done(Call::StartProtection { group });
    same(&f);
    assert_eq!(
        some_of_pair(&f.world, pairs[0], &["status", "progress"]),
        None
    );
    assert_eq!(some_of_pair(&f.world, pairs[0], &[]), Some(json!({})));
    assert_eq!(
        some_of_pair(&f.world, Default::default(), &[]),
        None,
        "it does not exist"
    );
}

#[test]
fn the_view_of_a_thing_of_the_cloud_tells_its_id_and_what_it_stands_on() {
    let f = Fixture::new();
    let view = |label: &str| view_of(&f.world, f.now, f.who(label)).unwrap();
    let server = view("web");
    assert!(crate::sdrs::ids::parse_uuid(server["id"].as_str().unwrap()).is_some());
    assert_eq!(view("west")["azs"], json!(["az-2"]));
    assert_eq!(view("net")["subnets"], json!(["lan", "lan-b"]));
    assert_eq!(view("lan")["cidr"], json!("10.0.1.0/24"));
    let nic = f.world.nics.keys().next().unwrap();
    let nic = view_of(&f.world, f.now, Who::Nic(nic)).unwrap();
    let mac = nic["mac"].as_str().unwrap();
    let bytes: Vec<u8> = mac
        .split(':')
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect();
    assert_eq!((bytes.len(), &bytes[..3]), (6, &[0xfa, 0x16, 0x3e][..]));
    assert_eq!(mac.len(), 17);
    let drill = Call::CreateDrDrill(Box::new(CreateDrDrill {
        name: Some("no spaces".into()),
        ..new_drill()
    }));
    assert_eq!(f.code(drill), 202, "names are names");
}

#[test]
fn a_bad_number_of_a_list_is_told_as_it_was_given() {
    let f = Fixture::new();
    for (given, shown) in [(json!(0), "0"), (json!(1.5), "1.5"), (json!("x"), "x")] {
        let question = json!({ "list_protection_groups": { "limit": given } });
        let question = Question {
            project: None,
            query: serde_json::from_value(question).unwrap(),
        };
        match query(&f.world, f.now, &question).unwrap_err() {
            Refusal::Parameter { value, .. } => assert_eq!(value, shown),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn descriptions_are_shown_as_they_were_given() {
    let mut f = Fixture::new();
    let pair = CreateReplicationPair {
        label: Some("q".into()),
        server_group_id: "g".into(),
        volume_id: "spare".into(),
        name: None,
        description: Some("old records".into()),
    };
    f.done(Call::CreateReplicationPair(Box::new(pair)));
    let question = json!({ "show_replication_pair": { "pair": "q" } });
    let told = ask(&f, question)["replication"]["description"].clone();
    assert_eq!(told, "old records");
}
