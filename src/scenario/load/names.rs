//! The labels of a file and what references mean.
//!
//! Templates are kept as templates: ten thousand pairs are one entry here. Parts (`web/vda`, `web-3/dr`) come about during
//! a run, so of them only the parent is known, and a part is taken for whatever kind it is asked to be.

use crate::scenario::by_text::ByText;
use crate::scenario::diagnostic::nearest;
use std::fmt;

/// A kind of labelled thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Project,
    Site,
    Az,
    Relay,
    Witness,
    Duct,
    Link,
    /// What a link may join. Only references ask for it; nothing is of this kind itself.
    LinkEnd,
    Domain,
    Flavor,
    Vpc,
    Subnet,
    Nic,
    Eip,
    Server,
    Disk,
    Group,
    Instance,
    Pair,
    Drill,
    Hazard,
}

impl Kind {
    /// The word for messages, with its article.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Kind::Project => "a project",
            Kind::Site => "a site",
            Kind::Az => "an AZ",
            Kind::Relay => "a relay",
            Kind::Witness => "a witness",
            Kind::Duct => "a duct",
            Kind::Link => "a link",
            Kind::LinkEnd => "an AZ, relay or witness",
            Kind::Domain => "a domain",
            Kind::Flavor => "a flavor",
            Kind::Vpc => "a VPC",
            Kind::Subnet => "a subnet",
            Kind::Nic => "a NIC",
            Kind::Eip => "a public address",
            Kind::Server => "a server",
            Kind::Disk => "a disk",
            Kind::Group => "a protection group",
            Kind::Instance => "a protected instance",
            Kind::Pair => "a replication pair",
            Kind::Drill => "a DR drill",
            Kind::Hazard => "a hazard",
        }
    }

    /// Whether a thing of this kind is meant by one who asks for that kind.
    fn is(self, want: Kind) -> bool {
        self == want
            || (want == Kind::LinkEnd && matches!(self, Kind::Az | Kind::Relay | Kind::Witness))
    }

    /// The word without its article.
    pub(super) fn bare(self) -> &'static str {
        let word = self.word();
        word.split_once(' ').map_or(word, |(_, bare)| bare)
    }
}

/// What is known of a label.
#[derive(Clone, Copy, Debug)]
struct Known {
    kind: Kind,
    /// How many it stands for, if it is a template.
    count: Option<u32>,
}

/// All labels of a file.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: Vec<(String, Known)>,
    /// Where each label is in `known`.
    places: ByText,
    /// Of labels that end in a number and are no templates, for each `base` the place of the one with the least number.
    least: Vec<u32>,
    /// Where each `base` is in `least`.
    bases: ByText,
    /// Whether a call makes groups without a label, which are then called `group-1` and so on.
    pub unnamed_groups: bool,
}

/// A reference that has been understood: a label, or one that follows the number of the template that refers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::scenario) enum Pattern {
    /// This label.
    Fixed(String),
    /// `base-N` followed by `tail`, where `per` members of the template that refers share one N.
    Member {
        base: String,
        tail: String,
        per: u32,
    },
}

impl Pattern {
    /// The label for the nth member, from 1, of the template that refers.
    pub(in crate::scenario) fn nth(&self, n: u32) -> String {
        match self {
            Pattern::Fixed(label) => label.clone(),
            Pattern::Member { base, tail, per } => format!("{base}-{}{tail}", (n - 1) / per + 1),
        }
    }
}

/// Why a reference cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// Nothing has the label.
    Unknown { nearest: Option<String> },
    /// The template has fewer members.
    TooHigh { base: String, count: u32 },
    /// It is another kind of thing.
    Kind {
        is: Kind,
        want: Kind,
        nearest: Option<String>,
    },
    /// A whole template where one thing is meant.
    Whole { count: u32 },
    /// Templates whose counts do not go together.
    Counts { count: u32, own: u32 },
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lost::Unknown { .. } => f.write_str("nothing has this label"),
            Lost::TooHigh { base, count } => {
                write!(f, "the template `{base}` ends with `{base}-{count}`")
            }
            Lost::Kind { is, want, .. } => write!(f, "this is {}, not {}", is.word(), want.word()),
            Lost::Whole { count } => write!(f, "this is a template of {count}"),
            Lost::Counts { count, own } => {
                write!(
                    f,
                    "this is a template of {count}, referred to by one of {own}"
                )
            }
        }
    }
}

impl Lost {
    /// What the user can do.
    pub(super) fn help(&self, text: &str) -> Option<String> {
        match self {
            Lost::Unknown { nearest } | Lost::Kind { nearest, .. } => nearest
                .as_ref()
                .map(|name| format!("did you mean `{name}`?")),
            Lost::TooHigh { .. } => None,
            Lost::Whole { .. } => Some(format!("name one of its members, such as `{text}-1`")),
            Lost::Counts { count, .. } => Some(format!(
                "the counts must be equal, or the template that refers a whole multiple of {count}; or name a member, such as `{text}-1`"
            )),
        }
    }
}

/// `web-17` as `web` and 17; leading zeros make no number.
pub(in crate::scenario) fn numbered(label: &str) -> Option<(&str, u32)> {
    let (base, digits) = label.rsplit_once('-')?;
    let plain =
        !base.is_empty() && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    plain
        .then(|| digits.parse().ok())
        .flatten()
        .map(|n| (base, n))
}

/// The base of a series of labels that end in a number, and the least number.
fn base_of<'a>(known: &'a [(String, Known)], least: &[u32], series: u32) -> (&'a str, u32) {
    let label = &known[least[series as usize] as usize].0;
    numbered(label).expect("only labels that end in a number are in a series")
}

impl Names {
    /// Adds a label; answers the label it clashes with, if there is one.
    pub(super) fn add(&mut self, label: &str, kind: Kind, count: Option<u32>) -> Option<String> {
        if self.get(label).is_some() {
            return Some(label.to_owned());
        }
        let number = numbered(label).filter(|_| count.is_none());
        if let Some((base, n)) = number
            && self.get(base).is_some_and(|known| known.count >= Some(n))
        {
            return Some(base.to_owned());
        }
        let base = |series: u32| base_of(&self.known, &self.least, series);
        if let Some(count) = count
            && let Some(series) = self.bases.get(label, |series| base(series).0 == label)
            && base(series).1 <= count
        {
            return Some(self.known[self.least[series as usize] as usize].0.clone());
        }
        let (known, place) = (&self.known, self.known.len() as u32);
        let is_same = |place: u32| known[place as usize].0 == label;
        // That it is new was asked above.
        let _ = self.places.insert(label, place, is_same);
        self.known.push((label.to_owned(), Known { kind, count }));
        if let Some((base, n)) = number {
            self.enter_member(base, n, place);
        }
        None
    }

    /// Notes a label that is `base-n`.
    fn enter_member(&mut self, base: &str, n: u32, place: u32) {
        let (known, least) = (&self.known, &self.least);
        let at = |series: u32| base_of(known, least, series);
        let series = least.len() as u32;
        match self
            .bases
            .insert(base, series, |series| at(series).0 == base)
        {
            Ok(()) => self.least.push(place),
            Err(series) if n < at(series).1 => self.least[series as usize] = place,
            Err(_) => {}
        }
    }

    /// What is known of a label.
    fn get(&self, label: &str) -> Option<&Known> {
        let at = |place: u32| &self.known[place as usize];
        let found = self.places.get(label, |place| at(place).0 == label);
        found.map(|place| &at(place).1)
    }

    /// The count of a template.
    pub(super) fn count(&self, label: &str) -> Option<u32> {
        self.get(label).and_then(|known| known.count)
    }

    /// The kind of what has this label, if the file tells: a part's kind is known only to the run.
    pub(super) fn kind(&self, label: &str) -> Option<Kind> {
        let member = || {
            let (base, _) = numbered(label)?;
            let template = self.get(base).filter(|it| it.count.is_some());
            let unnamed = (base == "group" && self.unnamed_groups).then_some(Kind::Group);
            template.map(|it| it.kind).or(unnamed)
        };
        self.get(label).map(|it| it.kind).or_else(member)
    }

    /// Understands a reference to a thing of a kind (None: of any), made by a template of so many (None: by one thing).
    pub(super) fn pattern(
        &self,
        text: &str,
        want: Option<Kind>,
        own: Option<u32>,
    ) -> Result<Pattern, Lost> {
        let (head, tail) = text.find('/').map_or((text, ""), |at| text.split_at(at));
        let part = !tail.is_empty();
        let want_head = want.filter(|_| !part);
        if let Some(known) = self.get(head) {
            self.of_kind(head, known.kind, want_head)?;
            return match (known.count, own) {
                (None, _) => Ok(Pattern::Fixed(text.to_owned())),
                (Some(count), None) => Err(Lost::Whole { count }),
                (Some(count), Some(own)) if count > 0 && own.is_multiple_of(count) => {
                    Ok(Pattern::Member {
                        base: head.to_owned(),
                        tail: tail.to_owned(),
                        per: own / count,
                    })
                }
                (Some(count), Some(own)) => Err(Lost::Counts { count, own }),
            };
        }
        if let Some((base, n)) = numbered(head) {
            if let Some(Known {
                kind,
                count: Some(count),
            }) = self.get(base)
            {
                self.of_kind(head, *kind, want_head)?;
                return match n <= *count {
                    true => Ok(Pattern::Fixed(text.to_owned())),
                    false => Err(Lost::TooHigh {
                        base: base.to_owned(),
                        count: *count,
                    }),
                };
            }
            if base == "group"
                && self.unnamed_groups
                && (part || want.is_none_or(|want| want == Kind::Group))
            {
                return Ok(Pattern::Fixed(text.to_owned()));
            }
        }
        Err(Lost::Unknown {
            nearest: self.nearest(head, want_head).map(|near| near + tail),
        })
    }

    fn of_kind(&self, text: &str, is: Kind, want: Option<Kind>) -> Result<(), Lost> {
        match want {
            Some(want) if !is.is(want) => Err(Lost::Kind {
                is,
                want,
                nearest: self.nearest(text, Some(want)),
            }),
            _ => Ok(()),
        }
    }

    /// The nearest label, first among those of the kind.
    fn nearest(&self, text: &str, want: Option<Kind>) -> Option<String> {
        let of = |kind: Option<Kind>| {
            let fitting = { self.known.iter() }
                .filter(move |(_, known)| kind.is_none_or(|kind| known.kind.is(kind)));
            fitting.map(|(label, _)| label.as_str())
        };
        let found = want.and_then(|kind| nearest(text, of(Some(kind))));
        if let Some(label) = found {
            return Some(label.to_owned());
        }
        // A member that is meant is spelled after its template.
        let (base, n) = numbered(text).unwrap_or((text, 0));
        let templates = self.known.iter().filter(|(_, known)| {
            known.count.is_some_and(|count| n <= count)
                && want.is_none_or(|kind| known.kind.is(kind))
        });
        let member = nearest(base, templates.map(|(label, _)| label.as_str())).filter(|_| n > 0);
        match (member, want) {
            (Some(member), _) => Some(format!("{member}-{n}")),
            (None, None) => nearest(text, of(None)).map(str::to_owned),
            (None, Some(_)) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let mut names = Names::default();
        for (label, kind, count) in [
            ("web", Kind::Group, None),
            ("vm", Kind::Server, Some(4)),
            ("disk", Kind::Disk, Some(8)),
            ("az-1", Kind::Az, None),
        ] {
            assert_eq!(names.add(label, kind, count), None);
        }
        names
    }

    #[test]
    fn members_follow_the_number_of_who_refers() {
        let names = names();
        let pattern = names.pattern("vm", Some(Kind::Server), Some(8)).unwrap();
        let labels: Vec<String> = (1..=8).map(|n| pattern.nth(n)).collect();
        assert_eq!(
            labels,
            [
                "vm-1", "vm-1", "vm-2", "vm-2", "vm-3", "vm-3", "vm-4", "vm-4"
            ]
        );
        let part = names.pattern("vm/vda", Some(Kind::Disk), Some(4)).unwrap();
        assert_eq!(part.nth(3), "vm-3/vda");
        assert_eq!(
            names
                .pattern("vm-4/vda", Some(Kind::Disk), None)
                .unwrap()
                .nth(1),
            "vm-4/vda"
        );
        assert_eq!(
            names.pattern("vm", None, Some(6)),
            Err(Lost::Counts { count: 4, own: 6 })
        );
        assert_eq!(
            names.pattern("vm", None, None),
            Err(Lost::Whole { count: 4 })
        );
        assert_eq!(
            names.pattern("vm-5", None, None),
            Err(Lost::TooHigh {
                base: "vm".into(),
                count: 4
            })
        );
    }

    #[test]
    fn slips_and_wrong_kinds_name_what_was_meant() {
        let names = names();
        let lost = names.pattern("wbe", Some(Kind::Group), None).unwrap_err();
        assert_eq!(lost.help("wbe").unwrap(), "did you mean `web`?");
        let lost = names.pattern("vn-3", Some(Kind::Server), None).unwrap_err();
        assert_eq!(lost.help("vn-3").unwrap(), "did you mean `vm-3`?");
        let lost = names.pattern("az-1", Some(Kind::Group), None).unwrap_err();
        assert_eq!(lost.to_string(), "this is an AZ, not a protection group");
        assert!(names.pattern("web/dr", Some(Kind::Disk), None).is_ok());
        assert!(names.pattern("bew/dr", Some(Kind::Disk), None).is_err());
    }

    #[test]
    fn labels_clash_with_members_of_templates() {
        let mut names = names();
        assert_eq!(names.add("vm-4", Kind::Disk, None).as_deref(), Some("vm"));
        assert_eq!(names.add("vm-5", Kind::Disk, None), None);
        assert_eq!(names.add("vm-04", Kind::Disk, None), None);
        assert_eq!(names.add("az", Kind::Az, Some(1)).as_deref(), Some("az-1"));
        assert_eq!(names.add("web", Kind::Drill, None).as_deref(), Some("web"));
        assert_eq!(names.add("az-1-1", Kind::Az, None), None);
        // Of several members that a template would have, the one with the least number is named.
        for label in ["db-10", "db-7", "db-9", "db-017"] {
            assert_eq!(names.add(label, Kind::Disk, None), None);
        }
        assert_eq!(names.add("db-2", Kind::Disk, Some(3)), None);
        assert_eq!(
            names.add("db", Kind::Disk, Some(9)).as_deref(),
            Some("db-7")
        );
        assert_eq!(names.add("db", Kind::Disk, Some(6)), None);
        assert_eq!(names.add("db-6", Kind::Disk, None).as_deref(), Some("db"));
    }
}
