//! Whether a fault says something: every target exists and is of its kind, every draw can be made, every flag concerns one.

use super::{Aim, Fault, Harm, Labels, Role, Take};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::load::names::{Kind, Names, numbered};
use crate::scenario::load::source::Source;
use crate::scenario::model::{FaultModel, OneOrMany, SelectionModel, TargetsModel};
use crate::scenario::yaml::{Place, Spanned};
use crate::time::Span;
use crate::world::label::Stable;
use crate::world::topology::Slow;
use std::collections::BTreeSet;

/// What a fault stands in, which decides what it may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scenario::load) enum Bearer {
    Step,
    /// What sets a runbook off.
    Trigger,
    /// A hazard, or one for each of so many members.
    Hazard(Option<u32>),
}

type Checked<T> = Result<T, Box<Diagnostic>>;

/// Targets under one key of a fault.
struct List<'m> {
    key: &'static str,
    targets: &'m Option<Spanned<TargetsModel>>,
    kind: Kind,
    role: Option<Role>,
    harm: Harm,
}

/// Checks a fault.
pub(in crate::scenario::load) fn check(
    source: Source<'_>,
    names: &Names,
    bearer: Bearer,
    at: &Spanned<FaultModel>,
) -> Checked<Fault> {
    let model = &at.value;
    let slow = Slow {
        bandwidth: model.bandwidth,
        latency: model.latency.map(Span::from),
    };
    let control = model.control_plane.as_ref();
    if let Some(no) = control.filter(|control| !control.value) {
        let title = "`control_plane: false` breaks nothing";
        let help = Some("leave it out".to_owned());
        return Err(Box::new(source.fault(no, title).with_help(help)));
    }
    let check = Check {
        source,
        names,
        bearer,
    };
    let mut aims = Vec::new();
    for list in lists(model, slow) {
        if let Some(targets) = list.targets {
            aims.push(check.aim(&list, targets)?);
        }
    }
    match complaint(model, slow != Slow::default(), aims.is_empty()) {
        Some(title) => Err(Box::new(source.fault(at, title))),
        None => Ok(Fault {
            aims,
            control: control.is_some(),
        }),
    }
}

fn lists(model: &FaultModel, slow: Slow) -> [List<'_>; 13] {
    let down = Harm::Down {
        destroyed: model.destroyed,
    };
    let storage = Harm::Storage {
        read_only: model.read_only,
    };
    let link = match slow == Slow::default() {
        true => down,
        false => Harm::Slow(slow),
    };
    let of = |key, targets, kind, harm| List {
        key,
        targets,
        kind,
        role: None,
        harm,
    };
    let side = |key, targets, role, harm| List {
        role: Some(role),
        ..of(key, targets, Kind::Group, harm)
    };
    let (production, dr) = (Role::Production, Role::Dr);
    [
        of("az", &model.az, Kind::Az, down),
        of("site", &model.site, Kind::Site, down),
        of("storage", &model.storage, Kind::Az, storage),
        side(
            "production_storage",
            &model.production_storage,
            production,
            storage,
        ),
        side("dr_storage", &model.dr_storage, dr, storage),
        side("production_az", &model.production_az, production, down),
        side("dr_az", &model.dr_az, dr, down),
        of("link", &model.link, Kind::Link, link),
        of("duct", &model.duct, Kind::Duct, down),
        of("relay", &model.relay, Kind::Relay, down),
        of("witness", &model.witness, Kind::Witness, down),
        of("disk", &model.disk, Kind::Disk, down),
        of("server", &model.server, Kind::Server, down),
    ]
}

/// What is wrong with a fault as a whole.
fn complaint(model: &FaultModel, degraded: bool, no_target: bool) -> Option<&'static str> {
    let storage = [&model.storage, &model.production_storage, &model.dr_storage];
    let content = [
        &model.az,
        &model.site,
        &model.production_az,
        &model.dr_az,
        &model.disk,
        &model.server,
    ];
    if no_target && model.control_plane.is_none() {
        Some("a fault needs a target, such as `az`, `link` or `storage`")
    } else if degraded && model.link.is_none() {
        Some("`bandwidth` and `latency` degrade links, and no `link` is named")
    } else if model.read_only && storage.iter().all(|list| list.is_none()) {
        Some("`read_only` speaks of `storage`, and none is named")
    } else if model.destroyed && content.iter().all(|list| list.is_none()) {
        Some("`destroyed` speaks of an `az`, `site`, `disk` or `server`, and none is named")
    } else {
        None
    }
}

/// A label and where it stands.
#[derive(Clone, Copy)]
struct Target<'m> {
    text: &'m str,
    at: Place,
}

struct Check<'a> {
    source: Source<'a>,
    names: &'a Names,
    bearer: Bearer,
}

impl Check<'_> {
    fn fault<T>(&self, at: &Spanned<T>, title: impl Into<String>, help: &str) -> Box<Diagnostic> {
        let fault = self.source.fault(at, title);
        Box::new(fault.with_help(Some(help.to_owned())))
    }

    fn aim(&self, list: &List<'_>, at: &Spanned<TargetsModel>) -> Checked<Aim> {
        let key = list.key;
        if list.role.is_some() && matches!(self.bearer, Bearer::Hazard(_)) {
            let title = format!("a hazard strikes the same targets always, and `{key}` changes");
            let help = "name the AZ: with `storage` or with `az`";
            return Err(self.fault(at, title, help));
        }
        let (of, selection) = match &at.value {
            TargetsModel::All(of) => (targets(self.source, of, at.place)?, None),
            TargetsModel::Some(some) if self.bearer == Bearer::Trigger => {
                let title = "a runbook is set off by a fault of any target, and draws none";
                let help = "write the list that stands under `of` in place of the selection";
                return Err(self.fault(&some.of, title, help));
            }
            TargetsModel::Some(some) => {
                let of = targets(self.source, &some.of.value, some.of.place)?;
                (of, Some(some))
            }
        };
        let labels = of.iter().map(|target| self.labels(*target, list.kind));
        let labels = labels.collect::<Checked<Vec<Labels>>>()?;
        let places = of.iter().map(|target| target.at).collect();
        let take = match selection {
            None => None,
            Some(some) => {
                self.distinct(&of)?;
                let size = labels.iter().map(Labels::count).sum();
                let (count, share) = self.share(some, at, size)?;
                let names: Vec<&str> = of.iter().map(|target| target.text).collect();
                let draw = some.draw.as_deref().unwrap_or_default();
                let words = format!("{key}: {share} of {}; {draw}", names.join(", "));
                let words = Stable::of(&words);
                Some(Take { count, words })
            }
        };
        Ok(Aim {
            labels,
            places,
            kind: list.kind,
            take,
            role: list.role,
            harm: list.harm,
        })
    }

    /// What a label stands for.
    fn labels(&self, target: Target<'_>, kind: Kind) -> Checked<Labels> {
        let text = target.text;
        let (head, tail) = text.find('/').map_or((text, ""), |at| text.split_at(at));
        let template = self.names.count(head);
        let own = match self.bearer {
            Bearer::Hazard(Some(own)) => Some(own),
            _ => template,
        };
        let found = self.names.pattern(text, Some(kind), own).map_err(|lost| {
            let title = format!("`{text}` cannot break here");
            let fault = self.source.place(target.at, title);
            Box::new(
                fault
                    .with_label(lost.to_string())
                    .with_help(lost.help(text)),
            )
        })?;
        Ok(match (self.bearer, template) {
            (Bearer::Hazard(Some(_)), _) | (_, None) => Labels::Pattern(found),
            (_, Some(count)) => Labels::All {
                head: head.to_owned(),
                tail: tail.to_owned(),
                count,
            },
        })
    }

    /// Whether nothing can be drawn twice.
    fn distinct(&self, of: &[Target<'_>]) -> Checked<()> {
        let all: BTreeSet<&str> = of.iter().map(|target| target.text).collect();
        let mut seen = BTreeSet::new();
        for Target { text, at } in of {
            let (head, tail) = text.find('/').map_or((*text, ""), |at| text.split_at(at));
            let whole = numbered(head).map(|(base, _)| format!("{base}{tail}"));
            if !seen.insert(text) || whole.is_some_and(|whole| all.contains(whole.as_str())) {
                let title = format!("`{text}` stands to choose from twice");
                return Err(Box::new(self.source.place(*at, title)));
            }
        }
        Ok(())
    }

    /// How many of so many are drawn, and the same in the words of the draw.
    fn share(
        &self,
        some: &SelectionModel,
        at: &Spanned<TargetsModel>,
        size: u64,
    ) -> Checked<(u64, String)> {
        match (&some.count, &some.percent) {
            (Some(count), None) if count.value == 0 => {
                Err(self.fault(count, "a selection of 0 breaks nothing", "count from 1"))
            }
            (Some(count), None) if u64::from(count.value) > size => {
                let title = format!("{} cannot be drawn from {size}", count.value);
                let help = "each is drawn once at most";
                Err(self.fault(count, title, help))
            }
            (Some(count), None) => Ok((count.value.into(), format!("count {}", count.value))),
            (None, Some(percent)) => {
                let value = percent.value;
                if !(value > 0.0 && value <= 100.0) {
                    let title = format!("a percentage is above 0 and up to 100, not {value}");
                    return Err(Box::new(self.source.fault(percent, title)));
                }
                let (count, millionths) = part(value, size);
                if count == 0 {
                    let title = format!("{value}% of {size} is none");
                    let help = "it is rounded to a whole number, and must be at least one";
                    return Err(self.fault(percent, title, help));
                }
                Ok((count, format!("percent {millionths}")))
            }
            _ => {
                let help = "write `{count: 3, of: ...}` or `{percent: 5, of: ...}`";
                let title = "a selection has either a `count` or a `percent`";
                Err(self.fault(at, title, help))
            }
        }
    }
}

/// So many percent of so many, a half rounded up, and the percentage in millionths of the whole.
fn part(percent: f64, size: u64) -> (u64, u64) {
    let millionths = (percent * 10_000.0).round() as u64;
    let count = (u128::from(size) * u128::from(millionths) + 500_000) / 1_000_000;
    (u64::try_from(count).unwrap_or(size), millionths)
}

fn targets<'m>(source: Source<'_>, of: &'m OneOrMany, at: Place) -> Checked<Vec<Target<'m>>> {
    match of {
        OneOrMany::One(text) => Ok(vec![Target { text, at }]),
        OneOrMany::Many(many) if many.is_empty() => {
            Err(Box::new(source.place(at, "an empty list breaks nothing")))
        }
        OneOrMany::Many(many) => Ok(many
            .iter()
            .map(|label| Target {
                text: &label.value,
                at: label.place,
            })
            .collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn a_percentage_is_rounded_to_the_nearest_and_a_half_up() {
        let counts = [
            (1.0, 149),
            (1.0, 150),
            (1.0, 49),
            (12.5, 4),
            (100.0, 7),
            (0.01, 5_000),
        ];
        let counts = counts.map(|(percent, size)| part(percent, size).0);
        assert_eq!(counts, [1, 2, 0, 1, 7, 1]);
        assert_eq!(part(100.0, u64::MAX).0, u64::MAX);
    }
}
