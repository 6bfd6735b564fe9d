//! What a run cost, on the terminal: when which group served, a table of figures, the drills, the jobs and the policies.
//!
//! A column of the timeline is a part of the run, and shows the worst that was so in it. Everything is bounded: so many
//! groups have a lane, so many faults a line, and what is left out is counted.

use super::output::{Fault, Output, Style, paint};
use super::summary::clean;
use sdrsim::report::{DrillReport, Figures, GroupReport, JobReport, Lane, Marks, Report};
use sdrsim::scenario::report::{RunReport, RunbookReport, RunbookState};
use sdrsim::time::{SimTime, Span};
use sdrsim::units::Bytes;

/// Most groups with a lane and a column in the table.
const GROUPS_MAX: usize = 12;
/// Most faults, drills and recoveries with a line.
const LINES_MAX: usize = 12;
/// The widest label before lanes and figures.
const LABEL_MAX: usize = 24;
/// The width of the names of figures.
const NAME: usize = 24;

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canvas {
    /// Columns.
    pub width: usize,
    /// Whether it shows more than ASCII.
    pub unicode: bool,
    /// Whether it shows colors.
    pub color: bool,
}

impl Canvas {
    /// The terminal's width (100 where there is none, between 60 and 200), and Unicode if the locale is UTF-8.
    pub fn of(out: &Output) -> Canvas {
        let width = terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0));
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let locale = locale.unwrap_or_default().to_lowercase();
        Canvas {
            width: width.clamp(60, 200),
            unicode: locale.contains("utf-8") || locale.contains("utf8"),
            color: out.color,
        }
    }
}

/// Tells of a run's report in full.
///
/// # Errors
/// Those of standard output.
pub fn tell(run: &RunReport, canvas: Canvas, out: &mut Output) -> Result<(), Fault> {
    let report = &run.cost;
    timeline(report, canvas, out)?;
    faults(report, out)?;
    figures(report, canvas, out)?;
    recoveries(report, out)?;
    drills(&report.drills, out)?;
    stalls(report, out)?;
    runbooks(&run.runbooks, out)?;
    jobs(report, out)?;
    if let Some(hung) = report.hung_on() {
        out.line("")?;
        out.line(format!("  hung on: {hung}"))?;
    }
    Ok(())
}

/// Tells in a few lines what a disaster cost, if there was one.
///
/// # Errors
/// Those of standard output.
pub fn tell_shortly(report: &Report, out: &mut Output) -> Result<(), Fault> {
    /// Most groups with a line.
    const SHOWN: usize = 3;
    if report.faults_struck == 0 {
        return Ok(());
    }
    for group in report.groups.iter().take(SHOWN) {
        let label = clean(&group.label);
        out.line(format!("  {label}: {}", group.figures.line()))?;
    }
    more(report.groups.len(), SHOWN, "groups", out)?;
    if let Some(hung) = report.hung_on() {
        out.line(format!("  hung on: {hung}"))?;
    }
    Ok(())
}

fn more(all: usize, shown: usize, what: &str, out: &mut Output) -> Result<(), Fault> {
    match all.checked_sub(shown) {
        None | Some(0) => Ok(()),
        Some(more) => out.line(format!("  ... and {more} more {what}")),
    }
}

/// A heading of a part.
fn heading(text: &str, out: &mut Output) -> Result<(), Fault> {
    let text = paint(out.color, Style::Strong, text);
    out.line("")?;
    out.line(format!("  {text}"))
}

/// How a part of a lane is drawn: what is so, the sign, the ASCII sign, the style and the word.
type Look = (Marks, char, char, Option<Style>, &'static str);

/// From the worst to the best; the first that is so is drawn.
const LOOKS: &[Look] = &[
    (Marks::DOWN, '·', '.', Some(Style::Bad), "down"),
    (Marks::IN_PART, '▄', '-', Some(Style::Bad), "serves in part"),
    (
        Marks::SERVES.and(Marks::DEGRADED),
        '▓',
        '+',
        Some(Style::Warn),
        "degraded",
    ),
    (
        Marks::SERVES.and(Marks::UNPROTECTED),
        '▒',
        '=',
        Some(Style::Warn),
        "unprotected",
    ),
    (Marks::SERVES, '█', '#', Some(Style::Good), "serves"),
];

/// What is marked below a lane, the weightiest first.
const SIGNS: &[(Marks, char, &str)] = &[
    (Marks::RECOVERED, 'R', "recovered"),
    (Marks::RESCUED, 'D', "rescue drill"),
    (Marks::JOB, 'j', "job"),
];

/// How faults are drawn.
const FAULTS: &[Look] = &[
    (Marks::STRUCK, '!', '!', Some(Style::Bad), "fault"),
    (Marks::BROKEN, '─', '-', Some(Style::Bad), "lasts"),
    (Marks::MENDED, '┘', '+', None, "ends"),
];

fn timeline(report: &Report, canvas: Canvas, out: &mut Output) -> Result<(), Fault> {
    let shown = &report.groups[..report.groups.len().min(GROUPS_MAX)];
    let labels = shown.iter().map(|group| group.label.chars().count());
    let label = labels.max().unwrap_or(0).clamp("faults".len(), LABEL_MAX);
    let columns = canvas.width.saturating_sub(label + 5);
    let end = SimTime::from_micros(report.end_us);
    if report.end_us == 0 {
        return Ok(());
    }
    heading("timeline", out)?;
    out.line(format!("  {:label$}  {}", "", axis(end, columns)))?;
    if report.faults_struck > 0 {
        let lane = draw(&report.fault_lane, FAULTS, columns, end, canvas);
        out.line(format!("  {:label$}  {lane}", "faults"))?;
    }
    for group in shown {
        let Some(lane) = &group.lane else { continue };
        let name = fit(&clean(&group.label), label);
        let drawn = draw(lane, LOOKS, columns, end, canvas);
        out.line(format!("  {name:label$}  {drawn}"))?;
        let signs = signs(lane, columns, end);
        if !signs.is_empty() {
            out.line(format!("  {:label$}  {signs}", ""))?;
        }
    }
    more(report.groups.len(), GROUPS_MAX, "groups", out)?;
    let key = |&(_, sign, ascii, style, word): &Look| {
        let sign = if canvas.unicode { sign } else { ascii };
        format!("{} {word}", styled(sign, style, canvas.color))
    };
    let mut keys: Vec<String> = LOOKS.iter().rev().map(key).collect();
    keys.extend(SIGNS.iter().map(|(_, sign, word)| format!("{sign} {word}")));
    out.line(format!("  {:label$}  {}", "", keys.join("  ")))?;
    let note = "a column shows the worst of its part of the run";
    out.line(format!("  {:label$}  {note}", ""))
}

/// Clocks above the lanes, as many as fit.
fn axis(end: SimTime, columns: usize) -> String {
    let clock = |at: SimTime| {
        let seconds = at.as_micros() / 1_000_000;
        let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        format!("|{h:02}:{m:02}:{s:02}")
    };
    let widest = clock(end).len() + 2;
    let ticks = (columns / widest).clamp(1, 6);
    let mut line = String::new();
    for tick in 0..ticks {
        let column = columns * tick / ticks;
        let micros = u128::from(end.as_micros()) * column as u128 / columns.max(1) as u128;
        line.push_str(&" ".repeat(column.saturating_sub(line.len())));
        line.push_str(&clock(SimTime::from_micros(micros as u64)));
    }
    line
}

fn draw(lane: &Lane, looks: &[Look], columns: usize, end: SimTime, canvas: Canvas) -> String {
    let mut line = String::new();
    for column in 0..columns {
        let part = lane.part(column, columns, end);
        let look = looks.iter().find(|look| part.has(look.0));
        match look {
            Some(&(_, sign, ascii, style, _)) => {
                let sign = if canvas.unicode { sign } else { ascii };
                line.push_str(&styled(sign, style, canvas.color));
            }
            None => line.push(' '),
        }
    }
    line.truncate(line.trim_end().len());
    line
}

fn signs(lane: &Lane, columns: usize, end: SimTime) -> String {
    let sign = |column: usize| {
        let part = lane.part(column, columns, end);
        let found = SIGNS.iter().find(|(marks, ..)| part.has(*marks));
        found.map_or(' ', |&(_, sign, _)| sign)
    };
    let line: String = (0..columns).map(sign).collect();
    line.trim_end().to_owned()
}

fn styled(sign: char, style: Option<Style>, color: bool) -> String {
    match style {
        Some(style) => paint(color, style, sign.encode_utf8(&mut [0; 4])),
        None => sign.to_string(),
    }
}

fn faults(report: &Report, out: &mut Output) -> Result<(), Fault> {
    if report.faults.is_empty() {
        return Ok(());
    }
    heading("faults", out)?;
    for fault in report.faults.iter().take(LINES_MAX) {
        let lasted = match fault.until_us {
            Some(until) => format!("for {}", span(until - fault.at_us)),
            None => "not mended".to_owned(),
        };
        let (at, target) = (clock(fault.at_us), clean(&fault.target));
        out.line(format!("  {at}  {target} {}, {lasted}", fault.what))?;
    }
    let all = usize::try_from(report.faults_struck).unwrap_or(usize::MAX);
    more(all, LINES_MAX, "faults", out)
}

/// The name of a figure, and how it is told; None: it does not apply.
type Row = (&'static str, fn(&Figures) -> Option<String>);

const ROWS: &[Row] = &[
    ("RPO", |it| it.rpo_us.map(span)),
    ("bytes lost", |it| it.lost_bytes.map(bytes)),
    ("copy age", |it| it.copy_age_us.map(span)),
    ("RTO to running", |it| it.rto_running_us.map(span)),
    ("  from the call", |it| it.rto_call_running_us.map(span)),
    ("RTO to usable", |it| it.rto_usable_us.map(span)),
    ("  from the call", |it| it.rto_call_usable_us.map(span)),
    ("outages", |it| Some(it.outages.to_string())),
    ("downtime", |it| Some(span(it.downtime_us))),
    ("availability", |it| it.availability_ppm.map(percent)),
    ("instances served", |it| {
        let part = u128::from(it.served_instance_us) * 1_000_000;
        part.checked_div(u128::from(it.observed_instance_us))
            .map(|ppm| percent(ppm as u64))
    }),
    ("degraded", |it| Some(span(it.degraded_us))),
    ("unprotected", |it| Some(span(it.unprotected_us))),
    ("copied", |it| Some(bytes(it.copied_bytes))),
    ("discarded", |it| applies(it.discarded_bytes).map(bytes)),
    ("split brain", |it| applies(it.split_brain_us).map(span)),
    ("  written, given up", |it| {
        applies(it.split_brain_us).map(|_| bytes(it.split_brain_lost_bytes))
    }),
    ("  written, kept", |it| {
        applies(it.split_brain_us).map(|_| bytes(it.split_brain_kept_bytes))
    }),
];

fn applies(figure: u64) -> Option<u64> {
    (figure > 0).then_some(figure)
}

fn figures(report: &Report, canvas: Canvas, out: &mut Output) -> Result<(), Fault> {
    let shown = &report.groups[..report.groups.len().min(GROUPS_MAX)];
    let mut left = shown;
    while !left.is_empty() {
        let (mut widths, mut sum) = (Vec::new(), NAME + 2);
        for group in left {
            let width = column(group);
            if !widths.is_empty() && sum + width + 2 > canvas.width {
                break;
            }
            sum += width + 2;
            widths.push(width);
        }
        let (block, rest) = left.split_at(widths.len());
        table(block, &widths, out)?;
        left = rest;
    }
    more(report.groups.len(), GROUPS_MAX, "groups", out)
}

/// How wide a group's column is.
fn column(group: &GroupReport) -> usize {
    let told = ROWS.iter().filter_map(|(_, tell)| tell(&group.figures));
    let widest = told.map(|text| text.len()).max().unwrap_or(0);
    widest.max(group.label.chars().count().min(LABEL_MAX))
}

fn table(block: &[GroupReport], widths: &[usize], out: &mut Output) -> Result<(), Fault> {
    let mut head = format!("{:NAME$}", "figures");
    for (group, width) in block.iter().zip(widths) {
        head.push_str(&format!("  {:>width$}", fit(&clean(&group.label), *width)));
    }
    heading(&head, out)?;
    for (name, tell) in ROWS {
        let told: Vec<Option<String>> = block.iter().map(|it| tell(&it.figures)).collect();
        if told.iter().all(Option::is_none) {
            continue;
        }
        let mut line = format!("  {name:NAME$}");
        for (text, width) in told.iter().zip(widths) {
            line.push_str(&format!("  {:>width$}", text.as_deref().unwrap_or("-")));
        }
        out.line(line)?;
    }
    Ok(())
}

fn recoveries(report: &Report, out: &mut Output) -> Result<(), Fault> {
    let all: Vec<_> = report
        .groups
        .iter()
        .flat_map(|group| group.recovered.iter().map(move |it| (group, it)))
        .collect();
    if all.is_empty() {
        return Ok(());
    }
    heading("recoveries", out)?;
    for (group, it) in all.iter().take(LINES_MAX) {
        let how = match &it.drill {
            Some(drill) => format!("by the drill {}", clean(drill)),
            None => "by a failover".to_owned(),
        };
        let damaged = if it.damaged { ", damaged" } else { "" };
        out.line(format!(
            "  {}  {} {how} from {}: RPO {}, {} lost{damaged}",
            clock(it.at_us),
            clean(&group.label),
            clock(it.point_us),
            span(it.rpo_us),
            bytes(it.lost_bytes)
        ))?;
    }
    more(all.len(), LINES_MAX, "recoveries", out)
}

fn drills(drills: &[DrillReport], out: &mut Output) -> Result<(), Fault> {
    if drills.is_empty() {
        return Ok(());
    }
    heading("drills", out)?;
    for drill in drills.iter().take(LINES_MAX) {
        let what = if drill.rescue { "rescue" } else { "rehearsal" };
        let idle = drill.servers.iter().filter(|server| !server.boots);
        let idle: Vec<String> = idle.map(|server| clean(&server.instance)).collect();
        let boots = drill.servers.len() - idle.len();
        let idle = match idle.as_slice() {
            [] => String::new(),
            some if some.len() <= 3 => format!(" (not {})", some.join(", ")),
            some => format!(" (not {} and {} more)", some[0], some.len() - 1),
        };
        let from = match (drill.from.point_us, drill.from.rpo_us) {
            (Some(point), Some(rpo)) => format!(" from {}: RPO {}", clock(point), span(rpo)),
            _ => ", no recovery point".to_owned(),
        };
        out.line(format!(
            "  {}  {} of {}, a {what}{from}, {} of {} servers boot{idle}",
            clock(drill.from.at_us),
            clean(&drill.label),
            clean(&drill.group),
            boots,
            drill.servers.len()
        ))?;
    }
    more(drills.len(), LINES_MAX, "drills", out)
}

fn stalls(report: &Report, out: &mut Output) -> Result<(), Fault> {
    if report.stalls.is_empty() {
        return Ok(());
    }
    heading("stalled copies", out)?;
    for stall in report.stalls.iter().take(LINES_MAX) {
        let [one, other] = stall.between.each_ref().map(|label| clean(label));
        let at = clock(stall.at_us);
        out.line(format!("  {at}  {one} - {other}: writes leave nothing"))?;
    }
    let all = usize::try_from(report.stalls_begun).unwrap_or(usize::MAX);
    more(all, LINES_MAX, "stalls", out)?;
    match report.stalled_pairs {
        0 => Ok(()),
        1 => out.line("  1 pair is stalled at the end"),
        pairs => out.line(format!("  {pairs} pairs are stalled at the end")),
    }
}

/// The runbooks that did not do what they are for: those that gave up and those that have not ended.
fn runbooks(all: &[RunbookReport], out: &mut Output) -> Result<(), Fault> {
    let told = |book: &RunbookReport| match book.state {
        RunbookState::GaveUp => Some("gave up"),
        RunbookState::UnderWay => Some("has not ended"),
        RunbookState::StoodDown | RunbookState::Done => None,
    };
    let failed: Vec<_> = all
        .iter()
        .filter_map(|book| Some((book, told(book)?)))
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    heading("runbooks that failed", out)?;
    for (book, what) in failed.iter().take(LINES_MAX) {
        let at = book.ended.as_ref().or(book.set_off.as_ref());
        let at = at.map_or_else(String::new, |at| clock(at.micros));
        let times = match book.times {
            0 | 1 => String::new(),
            times => format!(", set off {times} times"),
        };
        let why = book.why.as_deref().unwrap_or_default();
        let (name, why) = (clean(&book.runbook), clean(why));
        out.line(format!("  {at}  {name} {what}{times}: {why}"))?;
    }
    more(failed.len(), LINES_MAX, "runbooks", out)
}

fn jobs(report: &Report, out: &mut Output) -> Result<(), Fault> {
    if report.jobs.is_empty() {
        return Ok(());
    }
    let columns = ["jobs", "accepted", "failed", "shortest", "mean", "longest"];
    let row = |cells: [String; 6]| {
        let [name, accepted, failed, least, mean, most] = cells;
        format!("{name:28}{accepted:>9}{failed:>8}{least:>16}{mean:>16}{most:>16}")
    };
    heading(&row(columns.map(str::to_owned)), out)?;
    for (name, job) in &report.jobs {
        let JobReport {
            duration_min_us: least,
            duration_mean_us: mean,
            duration_max_us: most,
            ..
        } = *job;
        let told = |micros: Option<u64>| micros.map_or("-".to_owned(), span);
        let (accepted, failed) = (job.accepted.to_string(), job.failed.to_string());
        let cells = [
            (*name).to_owned(),
            accepted,
            failed,
            told(least),
            told(mean),
            told(most),
        ];
        out.line(format!("  {}", row(cells)))?;
    }
    Ok(())
}

fn span(micros: u64) -> String {
    Span::micros(micros).to_string()
}

fn bytes(bytes: u64) -> String {
    Bytes(bytes).to_string()
}

/// Millionths as percent with four digits.
fn percent(ppm: u64) -> String {
    format!("{}.{:04} %", ppm / 10_000, ppm % 10_000)
}

fn clock(micros: u64) -> String {
    let seconds = micros / 1_000_000;
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{h:02}:{m:02}:{s:02}.{:03}", micros % 1_000_000 / 1000)
}

/// The text in so many columns.
fn fit(text: &str, width: usize) -> String {
    match text.chars().count() > width {
        true => text
            .chars()
            .take(width.saturating_sub(1))
            .chain(['~'])
            .collect(),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_has_fixed_digits_and_long_labels_are_cut() {
        assert_eq!(percent(999_306), "99.9306 %");
        assert_eq!(percent(1_000_000), "100.0000 %");
        assert_eq!(percent(20), "0.0020 %");
        assert_eq!(fit("production", 6), "produ~");
        assert_eq!(
            axis(SimTime::from_micros(3_600_000_000), 22),
            "|00:00:00  |00:30:00"
        );
    }
}
