//! Instances by their tags.

use super::*;

fn tagged() -> Run {
    let mut run = full();
    let tag = |key: &str, value: &str| TagInput {
        key: key.into(),
        value: Some(value.into()),
    };
    for (instance, tags) in [
        ("i", vec![tag("tier", "gold"), tag("env", "prod-1")]),
        ("i2", vec![tag("tier", "iron")]),
    ] {
        done(
            &mut run,
            Call::BatchAddTags {
                instance: by(instance),
                tags,
            },
        );
    }
    run
}

#[test]
fn instances_are_queried_by_their_tags() {
    let run = tagged();
    let wish = |key: &str, values: &[&str]| json!({ "key": key, "values": values });
    let found = |body: Value| {
        let mut body = body;
        body["action"] = json!("filter");
        let answer = ask(&run, json!({ "query_instances_by_tag": body }));
        let items = answer["resources"].as_array().unwrap().clone();
        assert_eq!(answer["total_count"], items.len());
        items
            .into_iter()
            .map(|item| item["resource_name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let none: [&str; 0] = [];
    assert_eq!(found(json!({})), ["i", "i2"]);
    assert_eq!(
        found(json!({ "tags": [wish("tier", &["gold", "iron"])] })),
        ["i", "i2"]
    );
    assert_eq!(
        found(json!({ "tags": [wish("tier", &[]), wish("env", &[])] })),
        ["i"]
    );
    assert_eq!(
        found(json!({ "tags_any": [wish("tier", &["iron"]), wish("env", &[])] })),
        ["i", "i2"]
    );
    assert_eq!(
        found(json!({ "not_tags": [wish("tier", &[]), wish("env", &[])] })),
        ["i2"]
    );
    assert_eq!(
        found(json!({ "not_tags_any": [wish("tier", &["gold"]), wish("env", &[])] })),
        ["i2"]
    );
    assert_eq!(found(json!({ "tags": [wish("env", &["*rod"])] })), ["i"]);
    assert_eq!(found(json!({ "tags": [wish("env", &["rod"])] })), none);
    assert_eq!(
        found(json!({ "matches": [{ "key": "resource_name", "value": "I2" }] })),
        ["i2"]
    );
    assert_eq!(
        found(json!({ "matches": [{ "key": "resource_name", "value": "" }] })),
        none
    );
    let count = ask(
        &run,
        json!({ "query_instances_by_tag": { "action": "count" } }),
    );
    assert_eq!(count, json!({ "total_count": 2 }));
    let tags = ask(&run, json!({ "list_project_tags": {} }));
    assert_eq!(
        tags["tags"][1],
        json!({ "key": "tier", "values": ["gold", "iron"] })
    );
}

#[test]
fn a_malformed_tag_query_answers_the_first_code_of_its_row() {
    let run = tagged();
    let wish = |key: &str, values: Value| json!({ "key": key, "values": values });
    let long = "x".repeat(256);
    let keys: Vec<Value> = (0..21).map(|n| wish(&format!("k{n}"), json!([]))).collect();
    let most = json!({ "action": "filter", "tags": keys[..20] });
    ask(&run, json!({ "query_instances_by_tag": most }));
    let values: Vec<String> = (0..21).map(|n| format!("v{n}")).collect();
    let most = json!({ "action": "filter", "tags": [wish("a", json!(values[..20]))] });
    ask(&run, json!({ "query_instances_by_tag": most }));
    for (body, code) in [
        (json!({ "action": "find" }), 2210),
        (json!({ "action": "count", "limit": 5 }), 2211),
        (json!({ "action": "filter", "limit": "0" }), 2220),
        (json!({ "action": "filter", "offset": "-1" }), 222),
        (json!({ "action": "filter", "matches": [] }), 2212),
        (
            json!({ "action": "filter", "matches": [{ "key": "", "value": "x" }] }),
            2213,
        ),
        (
            json!({ "action": "filter", "matches": [{ "key": "name", "value": "x" }] }),
            2214,
        ),
        (
            json!({ "action": "filter", "matches": [
                { "key": "resource_name", "value": "x" }, { "key": "resource_name", "value": "y" }] }),
            2215,
        ),
        (
            json!({ "action": "filter", "matches": [{ "key": "resource_name" }] }),
            2216,
        ),
        (
            json!({ "action": "filter", "matches": [{ "key": "resource_name", "value": long }] }),
            2217,
        ),
        (
            json!({ "action": "filter", "tags": [wish(" ", json!([]))] }),
            2205,
        ),
        (
            json!({ "action": "filter", "tags": [wish(&"k".repeat(128), json!([]))] }),
            2204,
        ),
        (json!({ "action": "filter", "tags": keys }), 2203),
        (
            json!({ "action": "filter", "tags": [wish("a", json!([])), wish("a", json!([]))] }),
            2209,
        ),
        (
            json!({ "action": "filter", "tags": [wish("a", json!(values))] }),
            2218,
        ),
        (
            json!({ "action": "filter", "tags": [wish("a", json!(["v", "v"]))] }),
            2219,
        ),
        (
            json!({ "action": "filter", "tags": [wish("a", json!(["*"]))] }),
            2207,
        ),
    ] {
        assert_eq!(
            refused(&run, json!({ "query_instances_by_tag": body.clone() })),
            code,
            "{body}"
        );
    }
}
