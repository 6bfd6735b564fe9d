//! Expectations that can mean nothing, and steps that can never take place, are faults of the file.

use super::{BASE, added, only};
use sdrsim::scenario::Scenario;

/// Checks the only fault of an expectation, whose first character stands in column 13 of the second line added.
#[track_caller]
fn expecting(expectation: &str, word: &str, title: &str, help: &str) {
    let column = 13 + expectation.find(word).expect("the word is a part of it");
    added(
        &format!("timeline:\n  - expect: {expectation}\n"),
        2,
        column,
        title,
        help,
    );
}

#[test]
fn unknown_fields_are_named_with_the_nearest() {
    expecting(
        "web.staus == protected",
        "staus",
        "`web` has no field `staus`",
        "did you mean `status`?",
    );
    expecting(
        "all pairs.progres == 100",
        "progres",
        "`pair` has no field `progres`",
        "did you mean `progress`?",
    );
    expecting(
        "count(instances[gruop=web]) == 1",
        "gruop",
        "`instance` has no field `gruop`",
        "did you mean `group`?",
    );
    expecting(
        "zones[label=az-1].colour == red",
        "colour",
        "`zone` has no field `colour`",
        "its fields: id, label, site, lit, writable, pool",
    );
    expecting(
        "job(1).entities.sub_jobs[0].state == SUCCESS",
        "state",
        "`job(1).entities.sub_jobs[0]` has no field `state`",
        "its fields: status, entities, job_id, job_type, begin_time, end_time, error_code, fail_reason",
    );
    expecting(
        "default.usage.server_group == 1",
        "server_group ",
        "`default.usage` has no field `server_group`",
        "did you mean `server_groups`?",
    );
    // What a part will be is known to the run alone, but no kind of thing has this field.
    expecting(
        "'\"app/dr\".powr == active'",
        "powr",
        "`app/dr` has no field `powr`",
        "did you mean `power`?",
    );
    expecting(
        "web.status[0] == available",
        "[0]",
        "`web.status` is a string, so `[0]` leads nowhere",
        "",
    );
}

#[test]
fn words_that_a_field_never_holds_are_named_with_the_nearest() {
    expecting(
        "web.status == failed-ovr",
        "failed-ovr",
        "`web.status` is never `failed-ovr`",
        "did you mean `failed-over`?",
    );
    expecting(
        "web.status in [available, protectd]",
        "protectd",
        "`web.status` is never `protectd`",
        "did you mean `protected`?",
    );
    // A group has no NICs, so it never shows this status; an instance does.
    expecting(
        "web.status == nic-creating and app.status == nic-creating",
        "nic-creating",
        "`web.status` is never `nic-creating`",
        "did you mean `creating`?",
    );
    expecting(
        "count(servers[power=of]) == 0",
        "of]",
        "`server.power` is never `of`",
        "its values: active, shutoff, error",
    );
}

#[test]
fn literals_are_of_the_kind_of_the_field() {
    expecting(
        "vm.fenced == 3",
        "3",
        "`vm.fenced` is a boolean, which cannot be compared by `== 3`",
        "it is `true` or `false`",
    );
    expecting(
        "web.priority_station > 3",
        "3",
        "`web.priority_station` is a string, which cannot be compared by `> 3`",
        "its values: source, target",
    );
    expecting(
        "web.progress >= half",
        "half",
        "`web.progress` is a number, which cannot be compared by `>= half`",
        "",
    );
    expecting(
        "web.name == 7",
        "7",
        "`web.name` is a string, which cannot be compared by `== 7`",
        "write the literal in quotes",
    );
    expecting(
        "web.instances == app",
        "app",
        "`web.instances` is a list, which cannot be compared by `== app`",
        "say `contains`, `len(...)` or which element",
    );
    expecting(
        "count(pairs) == many",
        "many",
        "`count(pairs)` is a number, which cannot be compared by `== many`",
        "",
    );
    expecting(
        "len(web.progress) == 3",
        "progress",
        "`web.progress` is a number, which has no length",
        "",
    );
    expecting(
        "web.progress < null",
        "null",
        "`web.progress` is a number, which cannot be compared by `< null`",
        "",
    );
}

#[test]
fn labels_and_kinds_of_expectations_are_known() {
    expecting(
        "count(pairs[group=wbe]) == 2",
        "wbe",
        "there is no protection group `wbe`",
        "did you mean `web`?",
    );
    expecting(
        "web.instances contains ap",
        "ap",
        "there is no protected instance `ap`",
        "did you mean `app`?",
    );
    expecting(
        "group(vm).status == available",
        "vm",
        "`vm` is not a protection group",
        "",
    );
    expecting(
        "job(web).status == SUCCESS",
        "web",
        "no job is labelled `web`",
        "jobs are called by their number, as in `job(3)`",
    );
    expecting(
        "quota(server_group).used == 1",
        "server_group",
        "no quota is labelled `server_group`",
        "quotas are called by their type: server_groups, replications, unattached_pairs, vpcs, subnets",
    );
    let kind = |word: &str| format!("expected a collection such as `pairs`, found `{word}`");
    for (expectation, word, help) in [
        ("count(gruops) == 1", "gruops", "did you mean `groups`?"),
        (
            "all pair.status == protected",
            "pair",
            "did you mean `pairs`?",
        ),
        ("any boats.status == protected", "boats", ""),
    ] {
        expecting(expectation, word, &kind(word), help);
    }
}

#[test]
fn the_place_is_the_word_in_a_quoted_scalar_and_else_the_scalar() {
    expecting(
        "'web.staus == protected'",
        "staus",
        "`web` has no field `staus`",
        "did you mean `status`?",
    );
    added(
        "timeline:\n  - expect:\n      - web.status == available\n      - \"app.staus == available\"\n",
        4,
        14,
        "`app` has no field `staus`",
        "did you mean `status`?",
    );
    added(
        "timeline:\n  - wait: {until: web.staus == available}\n",
        2,
        23,
        "`web` has no field `staus`",
        "did you mean `status`?",
    );
    added(
        "timeline:\n  - expect: >-\n      web.staus\n      == available\n",
        3,
        7,
        "`web` has no field `staus`",
        "did you mean `status`?",
    );
}

#[test]
fn what_only_the_run_can_tell_is_no_fault() {
    let text = format!(
        "{BASE}timeline:\n  \
         - call: {{start_protection: {{group: web}}}}\n  \
         - call: {{create_dr_drill: {{as: spring, server_group_id: web}}}}\n  \
         - query: {{list_replication_pairs: {{}}}}\n    expect: [answer.count == 1, answer.replications.whatever == 3]\n"
    );
    assert!(Scenario::load("a.yaml", &text).is_ok());
    for holds in [
        "spring.status == available",
        "'\"spring/app\".power in [active, shutoff]'",
        "'\"app/dr\".power == shutoff'",
        "'\"app/vda\".status == protected and \"app/vda\".progress >= 0'",
        // Left out by the view while there is nothing to say.
        "'\"app/vda\".failure_detail == null'",
        "none pairs.failure_detail == \"SDRS.1306\"",
        "app.metadata.__system__frozen == null",
        "'job(1).entities.nic_id == null'",
        "'count(jobs[ended=false]) == 0 and job(2).error_code == null'",
        "count(tasks[group=web]) == 0 and count(drills[vpc=net]) == 0",
        "vm.act == null and vm.act != booting",
        "'vm.disks.\"/dev/vda\" == \"vm/vda\"'",
        "web.status contains prot and web.status > a",
        "web.instances contains app",
        "quota(server_groups).used == 1 and default.frozen == false",
    ] {
        let text = text.replace(
            "expect: [answer.count == 1, answer.replications.whatever == 3]",
            "",
        ) + &format!("  - expect: {holds}\n");
        let scenario = Scenario::load("a.yaml", &text).unwrap_or_else(|it| panic!("{it:#?}"));
        let report = scenario.start(None).run(&mut ()).report;
        assert!(report.held(), "{holds}: {:#?}", report.verdicts);
    }
}

#[test]
fn a_step_beyond_the_limit_can_never_begin() {
    let help = "raise `time` under the key `limit`, or let the step begin sooner";
    added(
        "timeline:\n  - {at: 200000d, expect: web.status == available}\n",
        2,
        10,
        "the run ends at its limit of 366d before this step",
        help,
    );
    added(
        "limit: {time: 1h}\ntimeline:\n  - {at: 20m, expect: web.status == available}\n  \
         - {after: 40m, expect: web.status == available}\n  \
         - {after: 1s, expect: web.status == available}\n",
        5,
        13,
        "the run ends at its limit of 1h before this step",
        help,
    );
}

#[test]
fn an_operation_under_the_wrong_key_is_told_the_right_one() {
    for (key, column, form, choice, right) in [
        ("call", 12, "{show_job: {job: job-1}}", "show_job", "query"),
        (
            "call",
            12,
            "{list_dr_drills: {}}",
            "list_dr_drills",
            "query",
        ),
        (
            "call",
            12,
            "{stop_server: {server: vm}}",
            "stop_server",
            "native",
        ),
        ("query", 13, "{failover: {group: web}}", "failover", "call"),
        ("native", 14, "{failover: {group: web}}", "failover", "call"),
    ] {
        added(
            &format!("timeline:\n  - {key}: {form}\n"),
            2,
            column,
            &format!("unknown choice `{choice}`"),
            &format!("write it under `{right}`, as in `{right}: {{{choice}: ...}}`"),
        );
    }
    let (.., help) = only(&format!(
        "{BASE}timeline:\n  - call: {{failovr: {{group: web}}}}\n"
    ));
    assert_eq!(help, "did you mean `failover`?");
}
