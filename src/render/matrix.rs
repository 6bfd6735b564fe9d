//! The admission matrix: in which status of a resource the service takes which operation, and what it answers otherwise.
//!
//! It shows the rows' conditions on *statuses*. An operation that is admitted here may still be refused by one of its
//! further preconditions, or because another operation runs on a resource that it would touch. An operation with
//! conditions on several kinds (attaching a pair asks for group, instance and pair) stands in the matrix of each.

use super::{VERSION, json};
use crate::sdrs::codes::Code;
use crate::sdrs::op::Op;
use crate::sdrs::rules::RULES;
use crate::sdrs::status::{Kind, Status};
use serde::{Serialize, Serializer};
use std::fmt::Write;

/// What the service answers to an operation in a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// The status admits the operation.
    Accepted,
    /// The operation is refused with this code.
    Refused(Code),
}

impl Serialize for Cell {
    /// `"accepted"` or the code, such as `"SDRS.1020"`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Cell::Accepted => serializer.serialize_str("accepted"),
            Cell::Refused(code) => serializer.collect_str(code),
        }
    }
}

/// One operation against the statuses of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The operation.
    pub operation: Op,
    /// The page that publishes it.
    pub page: &'static str,
    /// The code that refuses it in every status that does not admit it.
    pub code: Code,
    /// A cell for every published status of the kind, in the order of [`Kind::published`].
    #[serde(serialize_with = "as_object")]
    pub cells: Vec<(Status, Cell)>,
}

/// An object whose keys are the statuses, in order.
fn as_object<S: Serializer>(cells: &[(Status, Cell)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(cells.iter().map(|(status, cell)| (status.name(), cell)))
}

/// The matrix of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Matrix {
    /// The kind whose status decides.
    pub kind: Kind,
    /// The columns.
    pub statuses: &'static [Status],
    /// A row for every operation that asks for a status of this kind, in the order of [`Op::ALL`].
    pub operations: Vec<Row>,
}

/// The JSON page.
#[derive(Serialize)]
struct Page {
    version: u32,
    kinds: Vec<Matrix>,
    unconditional: Vec<Op>,
}

/// The matrix of a kind.
#[must_use]
pub fn matrix(kind: Kind) -> Matrix {
    let statuses = kind.published();
    let row = |rule: &crate::sdrs::rules::Rule| {
        let admits = rule.admitted_in(kind)?;
        let cells = statuses.iter().map(|&status| {
            let cell = if admits.statuses.contains(&status) {
                Cell::Accepted
            } else {
                Cell::Refused(admits.code)
            };
            (status, cell)
        });
        Some(Row {
            operation: rule.op,
            page: rule.page,
            code: admits.code,
            cells: cells.collect(),
        })
    };
    Matrix {
        kind,
        statuses,
        operations: RULES.iter().filter_map(row).collect(),
    }
}

/// The operations that are taken in whatever status anything is.
#[must_use]
pub fn unconditional() -> Vec<Op> {
    let free = RULES.iter().filter(|rule| {
        Kind::ALL
            .iter()
            .all(|&kind| rule.admitted_in(kind).is_none())
    });
    free.map(|rule| rule.op).collect()
}

/// The matrices of these kinds as aligned text: the words of the statuses run downwards, `+` admits, `.` refuses with the
/// code at the end of the row.
#[must_use]
pub fn text(kinds: &[Kind]) -> String {
    let mut out = String::new();
    for &kind in kinds {
        text_of(&matrix(kind), &mut out);
        out.push('\n');
    }
    out.push_str("+ admitted   . refused with the code at the end of the row\n");
    let names: Vec<&str> = unconditional().iter().map(|op| op.name()).collect();
    let list = format!("No status is asked for by: {}", names.join(", "));
    out.push_str(&super::wrap(&list, 100, "  "));
    out.push('\n');
    out
}

fn text_of(matrix: &Matrix, out: &mut String) {
    let label = matrix
        .operations
        .iter()
        .map(|row| row.operation.name().len());
    let width = label.max().unwrap_or(0);
    let height = matrix.statuses.iter().map(|s| s.name().len());
    let height = height.max().unwrap_or(0);
    out.push_str(matrix.kind.name());
    out.push('\n');
    for line in 0..height {
        let mut row = " ".repeat(width);
        for status in matrix.statuses {
            // Words stand on the table, so short ones begin further down.
            let skipped = height - status.name().len();
            let letter = line
                .checked_sub(skipped)
                .and_then(|at| status.name().chars().nth(at));
            row.push(' ');
            row.push(letter.unwrap_or(' '));
        }
        out.push_str(row.trim_end());
        out.push('\n');
    }
    for row in &matrix.operations {
        let _ = write!(out, "{:<width$}", row.operation);
        for (_, cell) in &row.cells {
            out.push_str(match cell {
                Cell::Accepted => " +",
                Cell::Refused(_) => " .",
            });
        }
        let _ = writeln!(out, "  {}", row.code);
    }
}

/// The matrices of these kinds as Markdown tables: `yes` admits, a code refuses.
#[must_use]
pub fn markdown(kinds: &[Kind]) -> String {
    let mut out = String::new();
    for &kind in kinds {
        let matrix = matrix(kind);
        let _ = writeln!(out, "## {}\n", kind.name());
        out.push_str("| operation |");
        for status in matrix.statuses {
            let _ = write!(out, " {status} |");
        }
        out.push_str("\n|---|");
        out.push_str(&"---|".repeat(matrix.statuses.len()));
        for row in &matrix.operations {
            let _ = write!(out, "\n| {} |", row.operation);
            for (_, cell) in &row.cells {
                let _ = match cell {
                    Cell::Accepted => write!(out, " yes |"),
                    Cell::Refused(code) => write!(out, " {:04} |", code.number()),
                };
            }
        }
        out.push_str("\n\n");
    }
    let names: Vec<String> = unconditional().iter().map(|op| format!("`{op}`")).collect();
    let _ = writeln!(
        out,
        "`yes`: admitted; a number: refused with that code of `SDRS.`.\nNo status is asked for by {}.",
        names.join(", ")
    );
    out
}

/// The matrices of these kinds as JSON:
///
/// ```json
/// {"version": 1,
///  "kinds": [{"kind": "protection_group", "statuses": ["creating"],
///             "operations": [{"operation": "failover", "page": "sdrs_05_0408", "code": "SDRS.1022",
///                             "cells": {"creating": "SDRS.1022", "protected": "accepted"}}]}],
///  "unconditional": ["show_job"]}
/// ```
#[must_use]
pub fn to_json(kinds: &[Kind]) -> String {
    json(&Page {
        version: VERSION,
        kinds: kinds.iter().map(|&kind| matrix(kind)).collect(),
        unconditional: unconditional(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_say_what_the_rule_says() {
        let group = matrix(Kind::ProtectionGroup);
        let failover = group
            .operations
            .iter()
            .find(|row| row.operation == Op::Failover)
            .unwrap();
        let at = |status| failover.cells.iter().find(|c| c.0 == status).unwrap().1;
        assert_eq!(at(Status::Protected), Cell::Accepted);
        assert_eq!(at(Status::Available), Cell::Refused(Code::of(1022)));
    }

    #[test]
    fn an_operation_stands_in_a_matrix_or_among_the_unconditional() {
        let free = unconditional();
        for &op in Op::ALL {
            let conditional = Kind::ALL.iter().any(|&kind| {
                matrix(kind)
                    .operations
                    .iter()
                    .any(|row| row.operation == op)
            });
            assert!(conditional != free.contains(&op), "{op}");
        }
    }

    #[test]
    fn the_json_page_keeps_the_order_of_the_statuses() {
        let page = to_json(&[Kind::DisasterRecoveryDrill]);
        let creating = page.find("\"creating\": \"SDRS.1913\"").unwrap();
        let available = page.find("\"available\": \"accepted\"").unwrap();
        assert!(creating < available);
        let value: serde_json::Value = serde_json::from_str(&page).unwrap();
        assert_eq!(value["version"], 1);
        assert_eq!(value["kinds"][0]["kind"], "disaster_recovery_drill");
    }
}
