//! Rounds in alternation, medians, and the tables they are printed in.
//!
//! A shared machine is now fast and now slow. What is compared therefore takes turns, and a ratio is the median of the
//! ratios within each round, not the ratio of two medians. Time is that which a thread spent on a processor, so that
//! waiting for one does not count.

use cpu_time::ThreadTime;
use indicatif::{ProgressBar, ProgressStyle};
use std::fmt::Write;

/// The value in the middle; NaN of nothing.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        len if len % 2 == 1 => sorted[middle],
        _ => (sorted[middle - 1] + sorted[middle]) / 2.0,
    }
}

/// The median of the ratios of each round.
pub fn ratio(over: &[f64], under: &[f64]) -> f64 {
    let ratios: Vec<f64> = over.iter().zip(under).map(|(a, b)| a / b).collect();
    median(&ratios)
}

/// What something took of a processor's time, in seconds. It must do its work on this thread.
pub fn seconds<T>(what: impl FnOnce() -> T) -> (T, f64) {
    let begun = ThreadTime::now();
    let result = what();
    (result, begun.elapsed().as_secs_f64())
}

/// A number with three figures that count.
pub fn figure(value: f64) -> String {
    match value {
        _ if value.is_nan() => "–".to_owned(),
        _ if value.abs() >= 100.0 => format!("{value:.0}"),
        _ if value.abs() >= 10.0 => format!("{value:.1}"),
        _ if value.abs() >= 0.995 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// A count as people write powers of ten, such as 1e6; else the digits.
pub fn count(number: u64) -> String {
    match number {
        1.. if number >= 1000 && number == 10_u64.pow(number.ilog10()) => {
            format!("1e{}", number.ilog10())
        }
        _ => number.to_string(),
    }
}

/// A Markdown table.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(header: impl IntoIterator<Item = String>) -> Table {
        Table {
            rows: vec![header.into_iter().collect()],
        }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub fn print(&self) {
        let mut text = String::new();
        for (at, row) in self.rows.iter().enumerate() {
            writeln!(text, "| {} |", row.join(" | ")).expect("writing to a string cannot fail");
            if at == 0 {
                let rule = vec!["---"; row.len()].join("|");
                writeln!(text, "|{rule}|").expect("writing to a string cannot fail");
            }
        }
        println!("{text}");
    }
}

/// A bar on standard error, drawn only for someone who looks.
pub fn bar(steps: usize) -> ProgressBar {
    let bar = ProgressBar::new(steps as u64);
    let style = ProgressStyle::with_template("{pos}/{len} [{bar:24}] {elapsed} {wide_msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_ratios_and_figures() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(ratio(&[2.0, 40.0, 6.0], &[1.0, 10.0, 2.0]), 3.0);
        assert_eq!(figure(123.4), "123");
        assert_eq!(figure(0.1234), "0.123");
        assert_eq!(
            [1, 1000, 1_000_000, 1500].map(count),
            ["1", "1e3", "1e6", "1500"]
        );
    }
}
