//! From text to the parsed form, by recursive descent directly over the characters.
//!
//! There is no separate scanner because what a word is depends on where it stands: the dot of `web.status` parts, the
//! dots of `10.0.0.1` do not.

use super::ast::{
    At, Collection, Condition, Expression, Filter, Literal, Number, Op, Path, Quantifier, RESERVED,
    Reference, Root, Selection, Step, Subject, Test, is_name_char, is_number, is_word_char,
};
use super::error::{ParseError, ParseFault};
use super::{MAX_DEPTH, MAX_LENGTH};
use crate::scenario::diagnostic::nearest;

type Parsed<T> = Result<T, ParseError>;

const CONDITION: &str = "one of ==, !=, <, <=, >, >=, `contains` or `in`";

pub(super) fn expectation(text: &str) -> Parsed<Expression> {
    if text.len() > MAX_LENGTH {
        let fault = ParseFault::TooLong {
            length: text.len(),
            limit: MAX_LENGTH,
        };
        return Err(ParseError {
            span: 0..0,
            fault,
            nearest: None,
        });
    }
    let mut parser = Parser { text, at: 0 };
    let root = parser.or(0)?;
    parser.space();
    if parser.at < text.len() {
        return Err(parser.expected("`and`, `or` or the end", &["and", "or"]));
    }
    Ok(root)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    /// The name-like word that starts here, not consumed; may be empty.
    fn peek_word(&mut self) -> &'a str {
        self.space();
        let rest = self.rest();
        &rest[..rest.find(|c| !is_name_char(c)).unwrap_or(rest.len())]
    }

    /// Consumes `word` if it stands here as a whole word.
    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.peek_word() == word;
        if found {
            self.at += word.len();
        }
        found
    }

    fn eat(&mut self, sign: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }

    fn need(&mut self, sign: &str, expected: &'static str) -> Parsed<()> {
        if self.eat(sign) {
            Ok(())
        } else {
            Err(self.expected(expected, &[]))
        }
    }

    fn fail(&self, from: usize, fault: ParseFault) -> ParseError {
        ParseError {
            span: from..self.at,
            fault,
            nearest: None,
        }
    }

    /// The error of finding something else here, with the nearest of `words`.
    fn expected(&mut self, expected: &'static str, words: &[&'static str]) -> ParseError {
        let word = self.peek_word();
        let first = self.rest().chars().next();
        let length = if word.is_empty() {
            first.map_or(0, char::len_utf8)
        } else {
            word.len()
        };
        let found = match first {
            None => "the end".to_owned(),
            Some(_) => format!("`{}`", &self.rest()[..length]),
        };
        let near = nearest(word, words.iter().copied());
        let nearest = words.iter().copied().find(|it| Some(*it) == near);
        ParseError {
            span: self.at..self.at + length,
            fault: ParseFault::Expected { expected, found },
            nearest,
        }
    }

    fn or(&mut self, depth: usize) -> Parsed<Expression> {
        let first = self.and(depth)?;
        let mut parts = vec![first];
        while self.eat_word("or") {
            parts.push(self.and(depth)?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Expression::Or(parts)
        })
    }

    fn and(&mut self, depth: usize) -> Parsed<Expression> {
        let first = self.not(depth)?;
        let mut parts = vec![first];
        while self.eat_word("and") {
            parts.push(self.not(depth)?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Expression::And(parts)
        })
    }

    fn not(&mut self, depth: usize) -> Parsed<Expression> {
        self.space();
        if depth > MAX_DEPTH {
            return Err(self.fail(self.at, ParseFault::TooDeep { limit: MAX_DEPTH }));
        }
        if self.eat_word("not") {
            return Ok(Expression::Not(Box::new(self.not(depth + 1)?)));
        }
        if self.eat("(") {
            let inner = self.or(depth + 1)?;
            self.need(")", "`)`")?;
            return Ok(inner);
        }
        let start = self.at;
        let subject = self.subject()?;
        let condition = self.condition()?;
        Ok(Expression::Test(At {
            it: Test { subject, condition },
            span: start..self.at,
        }))
    }

    fn subject(&mut self) -> Parsed<Subject> {
        for (word, quantifier) in [
            ("all", Quantifier::All),
            ("any", Quantifier::Any),
            ("none", Quantifier::None),
        ] {
            if self.eat_word(word) {
                let selection = self.selection()?;
                let path = self.path()?;
                if path.is_empty() {
                    return Err(self.expected("`.` and a field", &[]));
                }
                return Ok(Subject::Each(quantifier, selection, path));
            }
        }
        if self.eat_word("count") {
            self.need("(", "`(`")?;
            let selection = self.selection()?;
            self.need(")", "`)`")?;
            return Ok(Subject::Count(selection));
        }
        if self.eat_word("len") {
            self.need("(", "`(`")?;
            let reference = self.reference()?;
            self.need(")", "`)`")?;
            return Ok(Subject::Len(reference));
        }
        self.reference().map(Subject::Value)
    }

    fn reference(&mut self) -> Parsed<Reference> {
        let word = self.peek_word();
        let start = self.at;
        let root = if Collection::from_plural(word).is_some() {
            Root::Only(self.selection()?)
        } else {
            let quoted = self.rest().starts_with('"');
            let name =
                self.name("a label, a collection, `all`, `any`, `none`, `count`, `len` or `not`")?;
            let call = !quoted && self.rest().starts_with('(');
            match Collection::from_singular(word) {
                Some(collection) if call => {
                    self.at += 1;
                    let label = self.name("a label or a number")?;
                    self.need(")", "`)`")?;
                    Root::Member(collection, label)
                }
                _ if call => {
                    self.at = start;
                    let mut words: Vec<&'static str> =
                        Collection::ALL.iter().map(|it| it.singular()).collect();
                    words.extend(["count", "len"]);
                    return Err(self.expected("a kind of thing before `(`", &words));
                }
                _ if !quoted && (RESERVED.contains(&word) || word == "null") => {
                    return Err(self.fail(
                        start,
                        ParseFault::Reserved {
                            word: word.to_owned(),
                        },
                    ));
                }
                _ => Root::Label(name),
            }
        };
        Ok(Reference {
            root,
            path: self.path()?,
        })
    }

    fn selection(&mut self) -> Parsed<Selection> {
        let word = self.peek_word();
        let start = self.at;
        let Some(collection) = Collection::from_plural(word) else {
            let words: Vec<&'static str> = Collection::ALL.iter().map(|it| it.plural()).collect();
            return Err(self.expected("a collection such as `pairs`", &words));
        };
        self.at += word.len();
        let mut filters = Vec::new();
        let end = self.at;
        if self.eat("[") {
            loop {
                filters.push(self.filter()?);
                if !self.eat(",") {
                    break;
                }
            }
            self.need("]", "`,` or `]`")?;
        } else {
            self.at = end;
        }
        Ok(Selection {
            collection,
            filters,
            place: At {
                it: (),
                span: start..self.at,
            },
        })
    }

    fn filter(&mut self) -> Parsed<Filter> {
        let first = self.name("a field")?;
        let mut path = vec![At {
            it: Step::Field(first.it),
            span: first.span,
        }];
        path.extend(self.path()?);
        self.space();
        let condition = if self.rest().starts_with('=') && !self.rest().starts_with("==") {
            self.at += 1;
            Condition::Compare(Op::Eq, self.literal()?)
        } else {
            self.condition()?
        };
        Ok(Filter { path, condition })
    }

    fn path(&mut self) -> Parsed<Path> {
        let mut path = Path::new();
        loop {
            let end = self.at;
            self.space();
            let start = self.at;
            if self.eat(".") {
                let field = self.name("a field")?;
                path.push(At {
                    it: Step::Field(field.it),
                    span: field.span,
                });
            } else if self.eat("[") {
                let digits = self.peek_word();
                let Ok(index) = digits.parse::<usize>() else {
                    return Err(self.expected("the number of an element", &[]));
                };
                self.at += digits.len();
                self.need("]", "`]`")?;
                path.push(At {
                    it: Step::Index(index),
                    span: start..self.at,
                });
            } else {
                self.at = end;
                return Ok(path);
            }
        }
    }

    fn condition(&mut self) -> Parsed<Condition> {
        for (op, sign) in Op::ALL {
            if self.eat(sign) {
                return Ok(Condition::Compare(op, self.literal()?));
            }
        }
        if self.eat_word("contains") {
            return Ok(Condition::Contains(self.literal()?));
        }
        if self.eat_word("in") {
            self.need("[", "`[`")?;
            let mut literals = vec![self.literal()?];
            while self.eat(",") {
                literals.push(self.literal()?);
            }
            self.need("]", "`,` or `]`")?;
            return Ok(Condition::In(literals));
        }
        let mut error = self.expected(CONDITION, &["contains", "in"]);
        if self.rest().starts_with('=') {
            error.nearest = Some("==");
        }
        Err(error)
    }

    fn literal(&mut self) -> Parsed<At<Literal>> {
        self.space();
        let start = self.at;
        let it = self.bare_literal()?;
        Ok(At {
            it,
            span: start..self.at,
        })
    }

    /// The literal that stands right here.
    fn bare_literal(&mut self) -> Parsed<Literal> {
        let start = self.at;
        if self.rest().starts_with('"') {
            return self.string().map(Literal::Text);
        }
        let rest = self.rest();
        let word = &rest[..rest.find(|c| !is_word_char(c)).unwrap_or(rest.len())];
        if word.is_empty() {
            return Err(self.expected(
                "a word, a number, a string in quotes, `true`, `false` or `null`",
                &[],
            ));
        }
        self.at += word.len();
        Ok(match word {
            "null" => Literal::Null,
            "true" => Literal::Bool(true),
            "false" => Literal::Bool(false),
            _ if is_number(word) => Literal::Number(self.number(start, word)?),
            _ => Literal::Text(word.to_owned()),
        })
    }

    fn number(&self, start: usize, word: &str) -> Parsed<Number> {
        let number = if word.contains('.') {
            word.parse()
                .ok()
                .filter(|it: &f64| it.is_finite())
                .map(Number::Decimal)
        } else {
            word.parse().ok().map(Number::Whole)
        };
        number.ok_or_else(|| self.fail(start, ParseFault::NumberRange))
    }

    fn name(&mut self, expected: &'static str) -> Parsed<At<String>> {
        let word = self.peek_word();
        let start = self.at;
        let it = if self.rest().starts_with('"') {
            self.string()?
        } else if word.is_empty() {
            return Err(self.expected(expected, &[]));
        } else {
            self.at += word.len();
            word.to_owned()
        };
        Ok(At {
            it,
            span: start..self.at,
        })
    }

    /// A string whose opening quote stands here.
    fn string(&mut self) -> Parsed<String> {
        let start = self.at;
        let mut out = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at = start + at + 1;
                    return Ok(out);
                }
                '\\' => {
                    let escaped = chars.next().map(|(_, c)| c);
                    out.push(match escaped {
                        Some('n') => '\n',
                        Some('t') => '\t',
                        Some(c @ ('"' | '\\')) => c,
                        Some(c) => {
                            let from = start + at;
                            self.at = from + 1 + c.len_utf8();
                            return Err(self.fail(from, ParseFault::Escape));
                        }
                        None => break,
                    });
                }
                c => out.push(c),
            }
        }
        self.at = self.text.len();
        Err(self.fail(start, ParseFault::OpenString))
    }
}
