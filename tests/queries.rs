//! What the questions answer: published JSON, filters, pages, and each refusal of a malformed question.

#![allow(clippy::unwrap_used)] // A test that cannot go on may panic.

#[path = "queries/by_tag.rs"]
mod by_tag;
mod common;

use common::*;
use sdrsim::engine::{Engine, Limit, RunEnd};
use sdrsim::machine::command::{Call, Command, Native, TagInput};
use sdrsim::machine::query::Question;
use sdrsim::sdrs::codes::Code;
use sdrsim::sdrs::op::Op;
use serde_json::{Value, json};

type Run = Engine<Told>;

fn run() -> Run {
    Engine::new(region(settings()).finish(), Told::default())
}

fn done(run: &mut Run, call: Call) {
    run.submit(&Command::from(call)).unwrap();
    assert_eq!(run.run_until_quiet(Limit::events(10_000)), RunEnd::Quiet);
}

/// Two groups; `g` is protected with the instances `i` and `i2` and the loose pair `p`.
fn full() -> Run {
    let mut run = run();
    done(&mut run, create_group("g"));
    done(&mut run, create_group("other"));
    done(&mut run, create_instance("i", "s1"));
    done(&mut run, create_instance("i2", "s2"));
    done(&mut run, create_pair("p", "spare-1"));
    done(&mut run, start());
    run
}

fn question(ask: &Value) -> Question {
    serde_json::from_value(ask.clone()).unwrap_or_else(|error| panic!("{ask}: {error}"))
}

fn ask(run: &Run, ask: Value) -> Value {
    let view = run
        .query(&question(&ask))
        .unwrap_or_else(|refusal| panic!("{ask}: {refusal}"));
    serde_json::to_value(view).unwrap()
}

fn refused(run: &Run, ask: Value) -> u16 {
    let refusal = run.query(&question(&ask)).expect_err(&ask.to_string());
    refusal.code().unwrap().number()
}

fn names(list: &Value, key: &str) -> Vec<String> {
    let items = list[key].as_array().unwrap().iter();
    items
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn lists_come_in_the_order_of_creation_and_by_page() {
    let run = full();
    let groups = |page: Value| {
        names(
            &ask(&run, json!({ "list_protection_groups": page })),
            "server_groups",
        )
    };
    assert_eq!(groups(json!({})), ["g", "other"]);
    assert_eq!(groups(json!({ "limit": 1 })), ["g"]);
    assert_eq!(groups(json!({ "limit": "1", "offset": "1" })), ["other"]);
    assert_eq!(groups(json!({ "offset": 5 })), [""; 0]);
    let page = ask(&run, json!({ "list_protection_groups": { "limit": 1 } }));
    assert_eq!(
        page["count"], 2,
        "the count is of all that meet the filters"
    );
    for (bad, code) in [
        (json!({ "limit": 0 }), 221),
        (json!({ "limit": 1001 }), 221),
        (json!({ "limit": "many" }), 221),
        (json!({ "limit": 1.5 }), 221),
        (json!({ "offset": -1 }), 222),
        (json!({ "offset": "x" }), 222),
        (json!({ "status": "asleep" }), 209),
        (json!({ "status": "attaching" }), 209),
        (json!({ "query_type": "all" }), 201),
        (json!({ "availability_zone": "az-9" }), 201),
        (json!({ "server_group_id": "g" }), 201),
    ] {
        assert_eq!(
            refused(&run, json!({ "list_protection_groups": bad })),
            code
        );
    }
}

#[test]
fn groups_are_filtered_by_everything_published() {
    let mut run = full();
    let groups = |run: &Run, filter: Value| {
        names(
            &ask(run, json!({ "list_protection_groups": filter })),
            "server_groups",
        )
    };
    assert_eq!(groups(&run, json!({ "status": "protected" })), ["g"]);
    assert_eq!(
        groups(&run, json!({ "name": "the" })),
        ["other"],
        "fuzzy: a part of the name will do"
    );
    assert_eq!(
        groups(&run, json!({ "query_type": "stop_protected" })),
        ["other"]
    );
    assert_eq!(
        groups(&run, json!({ "query_type": "general" })),
        ["g", "other"]
    );
    assert_eq!(
        groups(&run, json!({ "query_type": "period_no_dr_drill" })),
        ["g", "other"]
    );
    done(&mut run, create_drill("d"));
    assert_eq!(
        groups(&run, json!({ "query_type": "period_no_dr_drill" })),
        ["other"]
    );
    done(&mut run, planned("target"));
    assert_eq!(
        groups(&run, json!({ "availability_zone": "az-2" })),
        ["g"],
        "where production stands now"
    );
    assert_eq!(
        groups(&run, json!({ "query_type": "status_abnormal" })),
        [""; 0]
    );
    run.oracle_mut().fail = Some((Op::StopProtection, Code::of(1028)));
    done(&mut run, Call::StopProtection { group: by("g") });
    assert_eq!(
        groups(&run, json!({ "query_type": "status_abnormal" })),
        ["g"]
    );
}

#[test]
fn instances_and_pairs_are_filtered_by_group_and_by_each_other() {
    let run = full();
    let instances = |filter: Value| {
        names(
            &ask(&run, json!({ "list_protected_instances": filter })),
            "protected_instances",
        )
    };
    let pairs = |filter: Value| {
        names(
            &ask(&run, json!({ "list_replication_pairs": filter })),
            "replications",
        )
    };
    assert_eq!(instances(json!({ "server_group_id": "g" })), ["i", "i2"]);
    assert_eq!(instances(json!({ "server_group_id": "other" })), [""; 0]);
    assert_eq!(instances(json!({ "status": "protected" })), ["i", "i2"]);
    assert_eq!(instances(json!({ "status": "resizing" })), [""; 0]);
    let ask_for = |status: &str| json!({ "list_protected_instances": { "status": status } });
    assert_eq!(refused(&run, ask_for("copying")), 209, "of pairs");
    assert_eq!(
        instances(json!({ "server_group_id": "g", "server_group_ids": ["other"] })),
        [""; 0]
    );
    assert_eq!(
        instances(json!({ "protected_instance_ids": ["i2", "nobody"] })),
        ["i2"]
    );
    assert_eq!(
        instances(json!({ "protected_instance_ids": ["i2"], "server_group_ids": ["g"] })),
        ["i", "i2"],
        "ids are ignored beside a group"
    );
    assert_eq!(
        pairs(json!({ "protected_instance_id": "i2" })),
        ["i2/vda", "i2/vdb"]
    );
    assert_eq!(pairs(json!({ "name": "vdb" })), ["i/vdb", "i2/vdb"]);
    assert_eq!(
        pairs(json!({ "status": "protected", "limit": 1 })),
        ["i/vda"]
    );
    let many = vec!["g"; 31];
    assert_eq!(
        refused(
            &run,
            json!({ "list_replication_pairs": { "server_group_ids": many } })
        ),
        226
    );
    let bad = json!({ "server_group_ids": [{ "id": "g" }] });
    assert_eq!(refused(&run, json!({ "list_replication_pairs": bad })), 207);
}

#[test]
fn times_come_in_the_three_published_formats() {
    let mut run = full();
    let group = ask(&run, json!({ "show_protection_group": { "group": "g" } }));
    assert_eq!(
        group["server_group"]["created_at"],
        "2019-04-01 12:00:00.000"
    );
    let pair = ask(
        &run,
        json!({ "show_replication_pair": { "pair": "i/vda" } }),
    );
    assert_eq!(
        pair["replication"]["created_at"],
        "2019-04-01T12:00:06.000000"
    );
    let job = ask(&run, json!({ "show_job": { "job": "job-1" } }));
    assert_eq!(job["begin_time"], "2019-04-01T12:00:00.000Z");
    assert_eq!(job["end_time"], "2019-04-01T12:00:03.000Z");
    run.oracle_mut().hang = Some(Op::StopProtection);
    done(&mut run, Call::StopProtection { group: by("g") });
    let number = run.world().last_job;
    let job = ask(
        &run,
        json!({ "show_job": { "job": format!("job-{number}") } }),
    );
    assert_eq!(
        (&job["status"], &job["end_time"]),
        (&json!("RUNNING"), &Value::Null)
    );
    let subs = job["entities"]["sub_jobs"].as_array().unwrap();
    assert_eq!(subs.len(), 5);
    assert_eq!(subs[0]["job_type"], "stopProtectionGroupRepNoCG");
    assert_eq!(subs[0]["status"], "RUNNING");
    assert!(subs[0]["begin_time"].is_string());
}

#[test]
fn a_job_is_found_by_its_published_id() {
    let run = full();
    let job = ask(&run, json!({ "show_job": { "job": "job-2" } }));
    let id = job["job_id"].as_str().unwrap();
    assert_eq!(id.len(), 32);
    assert_eq!(
        ask(&run, json!({ "show_job": { "job": { "id": id } } })),
        job
    );
    for id in ["x", "0123456789abcdef0123456789abcdef"] {
        assert_eq!(
            refused(&run, json!({ "show_job": { "job": { "id": id } } })),
            201
        );
    }
}

#[test]
fn a_sub_job_is_found_by_its_own_id() {
    let mut run = full();
    done(&mut run, Call::StopProtection { group: by("g") });
    let number = run.world().last_job;
    let show = json!({ "show_job": { "job": format!("job-{number}") } });
    let job = ask(&run, show.clone());
    let subs = job["entities"]["sub_jobs"].as_array().unwrap();
    assert!(!subs.is_empty());
    for sub in subs {
        let by_id = json!({ "show_job": { "job": { "id": sub["job_id"] } } });
        assert_eq!(&ask(&run, by_id), sub);
    }
    assert_eq!(ask(&run, show), job);
}

#[test]
fn a_group_named_twice_lists_its_members_once() {
    let run = full();
    for list in ["list_protected_instances", "list_replication_pairs"] {
        let of = |ids: &[&str]| ask(&run, json!({ list: { "server_group_ids": ids } }));
        assert_eq!(of(&["g", "g"]), of(&["g"]));
        assert_eq!(of(&[])["count"], 0);
    }
}

#[test]
fn malformed_ids_and_unknown_ones_have_codes_of_their_own() {
    let run = full();
    let unknown = "00000000-0000-4000-8000-000000000000";
    for (op, field, malformed, missing) in [
        ("show_protection_group", "group", 207, 1013),
        ("show_protected_instance", "instance", 208, 1320),
        ("show_replication_pair", "pair", 213, 1608),
        ("show_dr_drill", "drill", 1900, 1902),
        ("list_instance_tags", "instance", 208, 1320),
    ] {
        assert_eq!(
            refused(&run, json!({ op: { field: { "id": "x" } } })),
            malformed,
            "{op}"
        );
        assert_eq!(
            refused(&run, json!({ op: { field: { "id": unknown } } })),
            missing,
            "{op}"
        );
        assert_eq!(
            refused(&run, json!({ op: { field: "s1" } })),
            missing,
            "{op}: another kind"
        );
    }
}

#[test]
fn ids_lead_to_the_resource_and_its_views_name_each_other() {
    let run = full();
    let group =
        ask(&run, json!({ "show_protection_group": { "group": "g" } }))["server_group"].clone();
    let id = group["id"].as_str().unwrap();
    assert_eq!(
        ask(
            &run,
            json!({ "show_protection_group": { "group": { "id": id } } })
        )["server_group"],
        group
    );
    assert_eq!(group["protected_instance_num"], 2);
    assert_eq!(group["replication_num"], 5);
    assert_eq!(group["progress"], 100);
    assert_eq!(group["health_status"], "normal");
    let instance = ask(
        &run,
        json!({ "show_protected_instance": { "instance": "i" } }),
    );
    assert_eq!(instance["protected_instance"]["server_group_id"], id);
    let pair = ask(
        &run,
        json!({ "show_replication_pair": { "pair": "i/vda" } }),
    )["replication"]
        .clone();
    assert_eq!(
        instance["protected_instance"]["attachment"][0]["replication"],
        pair["id"]
    );
    assert_eq!(pair["record_metadata"]["volume_size"], 10);
    assert_eq!(pair["record_metadata"]["bootable"], true);
    assert_eq!(pair["replication_status"], "active");
    assert_eq!(pair["volume_ids"].as_str().unwrap().split(',').count(), 2);
}

#[test]
fn progress_rises_while_the_first_copy_runs() {
    let mut run = run();
    done(&mut run, create_group("g"));
    done(&mut run, create_pair("p", "spare-1"));
    run.submit(&Command::from(start())).unwrap();
    let mut seen = Vec::new();
    for _ in 0..5 {
        let _ = run.run_until(
            run.now().saturating_add(sdrsim::time::Span::secs(30)),
            Limit::events(100),
        );
        let pair =
            ask(&run, json!({ "show_replication_pair": { "pair": "p" } }))["replication"].clone();
        seen.push((
            pair["replication_status"].clone(),
            pair["progress"].as_u64().unwrap(),
        ));
    }
    assert_eq!(seen[0], (json!("copying"), 27), "27 of 102.4 s");
    assert!(seen.windows(2).all(|w| w[0].1 <= w[1].1));
    assert_eq!(seen[4], (json!("active"), 100));
}

#[test]
fn failed_tasks_are_listed_by_level_and_deleted() {
    let mut run = full();
    run.oracle_mut().fail = Some((Op::CreateReplicationPair, Code::of(1812)));
    done(&mut run, create_pair("bad", "spare-2"));
    run.oracle_mut().fail = Some((Op::CreateProtectionGroup, Code::of(1014)));
    done(&mut run, create_group("bad-group"));
    run.oracle_mut().fail = None;
    let tasks = |run: &Run, filter: Value| ask(run, json!({ "list_failed_tasks": filter }));
    let level = tasks(&run, json!({}));
    assert_eq!(
        (&level["count"], &level["failure_jobs"][0]["resource_name"]),
        (&json!(1), &json!("bad-group"))
    );
    let inside = tasks(&run, json!({ "server_group_id": "g" }));
    let task = &inside["failure_jobs"][0];
    assert_eq!(
        (&task["resource_type"], &task["failure_status"]),
        (&json!("replications"), &json!("createFail"))
    );
    assert_eq!(task["error_code"], "SDRS.1812");
    let pair =
        ask(&run, json!({ "show_replication_pair": { "pair": "bad" } }))["replication"].clone();
    assert_eq!(pair["failure_detail"], "SDRS.1812");
    assert_eq!(
        tasks(
            &run,
            json!({ "server_group_id": "g", "resource_type": "server_groups" })
        )["count"],
        0
    );
    assert_eq!(
        refused(
            &run,
            json!({ "list_failed_tasks": { "failure_status": "lost" } })
        ),
        201
    );
    done(&mut run, Call::DeleteAllFailedTasks {});
    assert_eq!(tasks(&run, json!({}))["count"], 0);
    assert_eq!(
        tasks(&run, json!({ "server_group_id": "g" }))["count"],
        1,
        "inside a group they stay"
    );
    done(&mut run, Call::DeleteGroupFailedTasks { group: by("g") });
    assert_eq!(tasks(&run, json!({ "server_group_id": "g" }))["count"], 0);
}

#[test]
fn quotas_domains_and_versions_are_told() {
    let mut run = full();
    let quotas = ask(&run, json!({ "show_quotas": {} }))["quotas"]["resources"].clone();
    assert_eq!(
        quotas[0],
        json!({ "type": "server_groups", "used": 2, "quota": -1, "min": 0, "max": -1 })
    );
    assert_eq!(quotas[1]["used"], 5);
    run.submit(&Command::from(Native::SetDomain {
        domain: by("metro"),
        sold_out: true,
    }))
    .unwrap();
    let domains = ask(&run, json!({ "list_active_active_domains": {} }))["domains"].clone();
    assert_eq!(
        (&domains[0]["name"], &domains[0]["sold_out"]),
        (&json!("metro"), &json!(true))
    );
    assert_eq!(
        domains[0]["remote_replication_cluster"]["availability_zone"],
        "az-2"
    );
    assert_eq!(
        ask(&run, json!({ "list_api_versions": {} }))["versions"][0]["id"],
        "v1"
    );
    assert_eq!(
        refused(&run, json!({ "show_api_version": { "api_version": "v9" } })),
        201
    );
}
