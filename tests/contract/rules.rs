//! Every row of the rules against its operation in `operations.toml`, key by key and in both directions.
//!
//! A row is written out as the table that the contract would hold for it; then two tables of tables are compared. So a
//! key that only one side has is a difference, without a list of keys to forget one in. Statuses and query parameters
//! are sets; checks and operations have an order.

use sdrsim::sdrs::codes::Code;
use sdrsim::sdrs::need::Need;
use sdrsim::sdrs::rules::{End, RULES, Rule, Station};
use sdrsim::sdrs::status::Kind;
use std::collections::BTreeSet;
use toml::{Table, Value};

/// Where the crate wants to differ: operation, key, reason. Nowhere today; an entry that is not needed fails.
const DEVIATIONS: &[(&str, &str, &str)] = &[];

/// The key that holds prose; each line of it is named in [`super::effects`] with what shows it.
const PROSE: &str = "effects";

/// Keys whose lists are sets.
const SETS: &[&str] = &[
    "group",
    "instance",
    "pair",
    "drill",
    "filters",
    "query_types",
];

/// How the contract words [`End::PriorOrCleared`].
const PRIOR_OR_CLEARED: &str =
    "prior, but follow-group if it was error-attaching or error-detaching";

/// The contract's short word for a kind.
fn short(kind: Kind) -> &'static str {
    match kind {
        Kind::ProtectionGroup => "group",
        Kind::ProtectedInstance => "instance",
        Kind::ReplicationPair => "pair",
        Kind::DisasterRecoveryDrill => "drill",
    }
}

fn end(end: End) -> &'static str {
    match end {
        End::Is(status) => status.name(),
        End::Prior => "prior",
        End::PriorOrCleared => PRIOR_OR_CLEARED,
        End::FollowGroup => "follow-group",
        End::Gone => "gone",
    }
}

fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> Value {
    let mut texts: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    texts.sort();
    Value::from(texts)
}

/// Inserts what is not empty: the contract leaves out what there is not.
fn put(table: &mut Table, key: &str, value: impl Into<Value>) {
    let value = value.into();
    let empty = match &value {
        Value::Array(items) => items.is_empty(),
        Value::Table(items) => items.is_empty(),
        _ => false,
    };
    if !empty {
        table.insert(key.to_owned(), value);
    }
}

/// The row as the contract would hold it.
fn written_out(rule: &Rule) -> Table {
    let mut table = Table::new();
    put(&mut table, "name", rule.op.name());
    put(&mut table, "http", rule.http);
    put(&mut table, "answer", i64::from(rule.answer));
    put(&mut table, "filters", list(rule.filters));
    put(&mut table, "query_types", list(rule.query_types));
    if let Some(body) = rule.body {
        put(&mut table, "body", body);
    }
    let check = |(need, code): &(Need, Code)| {
        let mut check = Table::new();
        put(&mut check, "when", need.when());
        put(&mut check, "code", code.to_string());
        Value::from(check)
    };
    let checks: Vec<Value> = rule.needs.iter().map(check).collect();
    put(&mut table, "checks", checks);
    write_job(rule, &mut table);
    write_admission(rule, &mut table);
    write_moves(rule, &mut table);
    table
}

fn write_job(rule: &Rule, table: &mut Table) {
    let Some(job) = rule.job else {
        put(table, "kind", "sync");
        return;
    };
    put(table, "kind", "job");
    put(table, "job_type", job.job_type);
    put(table, "failure_status", job.failure);
    put(table, "job_error", job.error.to_string());
    if let Some(name) = job.sub_job_type {
        put(table, "sub_job_type", name);
    }
}

/// The status sets and their code: alone where one kind has a set, else by kind.
fn write_admission(rule: &Rule, table: &mut Table) {
    let mut codes = Table::new();
    for &kind in Kind::ALL {
        if let Some(admits) = rule.admitted_in(kind) {
            table.insert(short(kind).to_owned(), list(admits.statuses));
            put(&mut codes, short(kind), admits.code.to_string());
        }
    }
    match codes.len() {
        1 => put(
            table,
            "status_code",
            codes.into_iter().next().expect("one").1,
        ),
        _ => put(table, "status_code", codes),
    }
}

/// What the job does to statuses and to `priority_station`; members are not repeated where they follow the group.
fn write_moves(rule: &Rule, table: &mut Table) {
    let (mut during, mut done, mut failed) = (Table::new(), Table::new(), Table::new());
    for &kind in Kind::ALL {
        if rule.members && kind != Kind::ProtectionGroup {
            continue;
        }
        if let Some(moves) = rule.moves_of(kind) {
            put(&mut during, short(kind), moves.during.name());
            put(&mut done, short(kind), end(moves.done));
            put(&mut failed, short(kind), end(moves.failed));
        }
    }
    match rule.station {
        Station::Stays => {}
        Station::Flips => put(&mut done, "priority_station", "flipped"),
        Station::AsAsked => put(&mut done, "priority_station", "the station asked for"),
    }
    put(table, "during", during);
    put(table, "done", done);
    put(table, "failed", failed);
    if rule.members {
        put(table, "members", true);
    }
}

/// The contract's operations, without prose and with sets in the order of their words.
fn published() -> Vec<Table> {
    let mut operations = super::array(&super::operations()["operation"]);
    for operation in &mut operations {
        operation.retain(|key, _| key != PROSE);
        for &key in SETS {
            if let Some(Value::Array(items)) = operation.get_mut(key) {
                items.sort_by_key(|item| item.to_string());
            }
        }
    }
    operations
}

fn ours() -> Vec<Table> {
    RULES.iter().map(written_out).collect()
}

fn name(operation: &Table) -> &str {
    operation["name"].as_str().expect("a name")
}

/// A place where two lists of operations differ: the operation, and the key that is missing, new or other.
type Difference = (String, String);

/// The differences, in both directions; a list that holds a name twice, or names in another order, differs in `name`.
fn differences(left: &[Table], right: &[Table]) -> BTreeSet<Difference> {
    let mut found = BTreeSet::new();
    let longest = left.len().max(right.len());
    for (left, right) in (0..longest).map(|at| (left.get(at), right.get(at))) {
        if left.map(name) != right.map(name) {
            for operation in left.into_iter().chain(right) {
                found.insert((name(operation).to_owned(), "name".to_owned()));
            }
            continue;
        }
        let (Some(left), Some(right)) = (left, right) else {
            continue;
        };
        for key in left.keys().chain(right.keys()) {
            if left.get(key) != right.get(key) {
                found.insert((name(left).to_owned(), key.clone()));
            }
        }
    }
    found
}

#[test]
fn the_rules_are_the_published_operations() {
    let (published, ours) = (published(), ours());
    let mut found = differences(&published, &ours);
    for &(operation, key, reason) in DEVIATIONS {
        assert!(
            found.remove(&(operation.to_owned(), key.to_owned())),
            "{operation}.{key} is named as a deviation ({reason}) and is none"
        );
    }
    let shown: Vec<String> = found
        .iter()
        .map(|(operation, key)| {
            let of = |side: &[Table]| {
                let row = side.iter().find(|row| name(row) == operation);
                row.and_then(|row| row.get(key)).map(Value::to_string)
            };
            format!(
                "{operation}.{key}\n  published: {:?}\n  ours:      {:?}",
                of(&published),
                of(&ours)
            )
        })
        .collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}

/// Every way to spoil a value a little, each as a value of its own.
fn spoiled(value: &Value) -> Vec<Value> {
    match value {
        Value::String(text) => vec![Value::from(format!("{text}x"))],
        Value::Integer(number) => vec![Value::from(number + 1)],
        Value::Boolean(truth) => vec![Value::from(!truth)],
        Value::Array(items) => {
            let mut all = Vec::new();
            for at in 0..items.len() {
                let mut shorter = items.clone();
                shorter.remove(at);
                all.push(Value::Array(shorter));
                for item in spoiled(&items[at]) {
                    let mut other = items.clone();
                    other[at] = item;
                    all.push(Value::Array(other));
                }
            }
            let mut longer = items.clone();
            longer.push(items[0].clone());
            all.push(Value::Array(longer));
            all
        }
        Value::Table(table) => {
            let mut all = Vec::new();
            for (key, value) in table {
                let mut smaller = table.clone();
                smaller.remove(key);
                all.push(Value::Table(smaller));
                for value in spoiled(value) {
                    let mut other = table.clone();
                    other.insert(key.clone(), value);
                    all.push(Value::Table(other));
                }
            }
            all
        }
        other => panic!("the contract holds no {}", other.type_str()),
    }
}

#[test]
fn whatever_is_spoiled_in_the_contract_is_found() {
    let (published, ours) = (published(), ours());
    let mut tried = 0;
    for at in 0..published.len() {
        let operation = &published[at];
        for (key, value) in operation.iter().filter(|(key, _)| *key != "name") {
            let expected: BTreeSet<_> = [(name(operation).to_owned(), key.clone())].into();
            let mut copy = published.clone();
            for value in spoiled(value) {
                copy[at].insert(key.clone(), value);
                assert_eq!(differences(&copy, &ours), expected);
                tried += 1;
            }
            copy[at].remove(key);
            assert_eq!(differences(&copy, &ours), expected);
        }
        let mut copy = published.clone();
        copy[at].insert("novelty".to_owned(), Value::from(true));
        let novelty = (name(operation).to_owned(), "novelty".to_owned());
        assert_eq!(differences(&copy, &ours), [novelty].into());
        copy.remove(at);
        let gone = (name(operation).to_owned(), "name".to_owned());
        assert!(differences(&copy, &ours).contains(&gone));
        assert!(differences(&ours, &copy).contains(&gone));
    }
    assert!(tried > 1_000, "{tried}");
}

#[test]
fn checks_in_another_order_are_a_difference() {
    let mut copy = published();
    let mut swapped = 0;
    for operation in &mut copy {
        if let Some(Value::Array(checks)) = operation.get_mut("checks") {
            checks.rotate_left(1);
            swapped += usize::from(checks.len() > 1);
        }
    }
    let found = differences(&copy, &ours());
    assert_eq!(found.len(), swapped);
    assert!(found.iter().all(|(_, key)| key == "checks") && swapped > 20);
}
