//! Replacing labels in a parsed expectation: what is written of a template is said of each of its members.

use super::ast::{Condition, Expression, Literal, Reference, Root, Selection, Subject};

type Other<'a> = &'a mut dyn FnMut(&str) -> Option<String>;

/// Replaces what `other` has a replacement for.
pub(super) fn expression(part: &mut Expression, other: Other<'_>) {
    match part {
        Expression::Or(parts) | Expression::And(parts) => {
            parts.iter_mut().for_each(|part| expression(part, other));
        }
        Expression::Not(inner) => expression(inner, other),
        Expression::Test(test) => match &mut test.it.subject {
            Subject::Each(_, selected, _) | Subject::Count(selected) => selection(selected, other),
            Subject::Len(of) | Subject::Value(of) => reference(of, other),
        },
    }
}

fn reference(of: &mut Reference, other: Other<'_>) {
    match &mut of.root {
        Root::Label(label) | Root::Member(_, label) => label_of(&mut label.it, other),
        Root::Only(selected) => selection(selected, other),
    }
}

fn selection(selected: &mut Selection, other: Other<'_>) {
    for filter in &mut selected.filters {
        match &mut filter.condition {
            Condition::Compare(_, literal) | Condition::Contains(literal) => {
                literal_of(&mut literal.it, other);
            }
            Condition::In(literals) => {
                for literal in literals {
                    literal_of(&mut literal.it, other);
                }
            }
        }
    }
}

fn literal_of(literal: &mut Literal, other: Other<'_>) {
    if let Literal::Text(text) = literal {
        label_of(text, other);
    }
}

fn label_of(label: &mut String, other: Other<'_>) {
    if let Some(new) = other(label) {
        *label = new;
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::expect::Expectation;

    #[test]
    fn labels_and_filters_are_replaced_and_nothing_else() {
        let text = r#"shop.status == shop and all pairs[group=shop, name in [shop, x]].status == shop or not (count(jobs[group=shop]) == 1 or len(server("shop/dr").disks) > 1)"#;
        let mut other = |label: &str| {
            label
                .strip_prefix("shop")
                .map(|rest| format!("shop-7{rest}"))
        };
        let new = Expectation::parse(text).unwrap().relabelled(&mut other);
        assert_eq!(
            new.to_string(),
            r#"shop-7.status == shop and all pairs[group=shop-7, name in [shop-7, x]].status == shop or not (count(jobs[group=shop-7]) == 1 or len(server("shop-7/dr").disks) > 1)"#
        );
    }
}
