//! The error codes as a page: what each means, whether the simulation answers with it, and which operations do.

use super::{VERSION, cell, json, wrap};
use crate::sdrs::codes::{Answered, CODES, Code, CodeRow};
use crate::sdrs::op::Op;
use crate::sdrs::rules::{RULES, Rule};
use crate::sdrs::status::Kind;
use serde::Serialize;
use std::fmt::Write;

/// Which codes a page shows. The default shows all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only codes whose text begins with this: `SDRS.13`, or digits alone: `13`, `1301`. A number of fewer than four
    /// digits is a prefix of the four digits of a code.
    pub prefix: Option<String>,
    /// Only codes that the simulation answers with (true) or never answers with (false).
    pub answered: Option<bool>,
}

impl Filter {
    fn takes(&self, row: &CodeRow) -> bool {
        let never = matches!(row.answered, Answered::Never(_));
        let prefix = self.prefix.as_deref().is_none_or(|prefix| {
            let upper = prefix.to_ascii_uppercase();
            let text = row.code.to_string();
            if upper.starts_with(|c: char| c.is_ascii_digit()) {
                text["SDRS.".len()..].starts_with(&upper)
            } else {
                text.starts_with(&upper)
            }
        });
        prefix && self.answered.is_none_or(|wanted| wanted != never)
    }
}

/// A code as pages show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The code.
    pub code: Code,
    /// The HTTP status of a refusal with it.
    pub http: u16,
    /// Its short name.
    pub slug: &'static str,
    /// What is wrong and how to cure it.
    pub message: &'static str,
    /// `refusal`, `job_error`, `both` or `never`.
    pub answered: &'static str,
    /// Why it is never answered; null if it is.
    pub reason: Option<&'static str>,
    /// The operations whose rows name it, in the order of [`Op::ALL`]. Codes of malformed ids, of resources that are not
    /// there and of causes that a job meets on its way stand in no row.
    pub operations: Vec<Op>,
}

#[derive(Serialize)]
struct Page {
    version: u32,
    codes: Vec<Entry>,
}

/// The codes that the filter takes, ascending.
#[must_use]
pub fn entries(filter: &Filter) -> Vec<Entry> {
    let rows = CODES.iter().filter(|row| filter.takes(row));
    let entry = |row: &CodeRow| {
        let (answered, reason) = match row.answered {
            Answered::Refusal => ("refusal", None),
            Answered::JobError => ("job_error", None),
            Answered::Both => ("both", None),
            Answered::Never(reason) => ("never", Some(reason)),
        };
        let users = RULES.iter().filter(|rule| names(rule, row.code));
        Entry {
            code: row.code,
            http: row.http,
            slug: row.slug,
            message: row.message,
            answered,
            reason,
            operations: users.map(|rule| rule.op).collect(),
        }
    };
    rows.map(entry).collect()
}

fn names(rule: &Rule, code: Code) -> bool {
    rule.job.is_some_and(|job| job.error == code)
        || rule.needs.iter().any(|need| need.1 == code)
        || Kind::ALL
            .iter()
            .any(|&kind| rule.admitted_in(kind).is_some_and(|a| a.code == code))
}

/// The codes as text: a line with code, HTTP status and name, then the meaning, wrapped.
#[must_use]
pub fn text(filter: &Filter) -> String {
    const INDENT: &str = "           ";
    let mut out = String::new();
    for entry in entries(filter) {
        let _ = writeln!(out, "{}  {}  {}", entry.code, entry.http, entry.slug);
        let mut line = |text: &str| {
            let _ = writeln!(out, "{INDENT}{}", wrap(text, 100, INDENT));
        };
        line(entry.message);
        match entry.reason {
            Some(reason) => line(&format!("Never answered: {reason}.")),
            None => {
                let how = match entry.answered {
                    "refusal" => "Refuses a call",
                    "job_error" => "Fails a job",
                    _ => "Refuses a call or fails a job",
                };
                let operations: Vec<&str> = entry.operations.iter().map(|op| op.name()).collect();
                match operations.is_empty() {
                    true => line(&format!("{how}.")),
                    false => line(&format!("{how}: {}.", operations.join(", "))),
                }
            }
        }
    }
    out
}

/// The codes as a Markdown table.
#[must_use]
pub fn markdown(filter: &Filter) -> String {
    let mut out =
        String::from("| code | HTTP | name | meaning | answered |\n|---|---|---|---|---|\n");
    for entry in entries(filter) {
        let answered = match entry.reason {
            Some(reason) => format!("never: {reason}"),
            None => entry.answered.replace('_', " "),
        };
        let _ = writeln!(
            out,
            "| {} | {} | `{}` | {} | {} |",
            entry.code,
            entry.http,
            entry.slug,
            cell(entry.message),
            cell(&answered)
        );
    }
    out
}

/// The codes as JSON: `{"version": 1, "codes": [...]}`, each an object with the fields of [`Entry`].
#[must_use]
pub fn to_json(filter: &Filter) -> String {
    json(&Page {
        version: VERSION,
        codes: entries(filter),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(prefix: Option<&str>, answered: Option<bool>) -> Vec<u16> {
        let filter = Filter {
            prefix: prefix.map(str::to_owned),
            answered,
        };
        entries(&filter).iter().map(|e| e.code.number()).collect()
    }

    #[test]
    fn the_filter_takes_prefixes_in_both_spellings() {
        assert_eq!(shown(Some("SDRS.1020"), None), [1020]);
        assert_eq!(shown(Some("1020"), None), [1020]);
        assert_eq!(shown(Some("sdrs.102"), None), shown(Some("102"), None));
        assert!(shown(Some("102"), None).iter().all(|n| n / 10 == 102));
        assert!(shown(Some("x"), None).is_empty());
        assert_eq!(shown(None, None).len(), CODES.len());
    }

    #[test]
    fn answered_and_never_answered_make_up_all() {
        let (yes, no) = (shown(None, Some(true)), shown(None, Some(false)));
        assert_eq!(yes.len() + no.len(), CODES.len());
        assert!(!no.is_empty() && no.iter().all(|n| !yes.contains(n)));
    }

    #[test]
    fn an_entry_names_the_operations_whose_rows_hold_it() {
        let filter = Filter {
            prefix: Some("1022".to_owned()),
            answered: None,
        };
        assert_eq!(entries(&filter)[0].operations, [Op::Failover]);
    }
}
