//! Figures in words: one line of a group, as transcripts and summaries have it.

use super::figures::{Figures, Report};
use crate::time::Span;
use crate::units::Bytes;

/// Most groups that a transcript's report tells of by line.
pub const TOLD_MAX: usize = 8;

impl Figures {
    /// The figures that matter in one line; what is zero or does not apply is left out.
    ///
    /// ```
    /// use sdrsim::report::Figures;
    /// let figures = Figures {
    ///     serves: true,
    ///     first_served_us: Some(0),
    ///     downtime_us: 750_000_000,
    ///     outages: 1,
    ///     recoveries: 1,
    ///     rpo_us: Some(0),
    ///     lost_bytes: Some(0),
    ///     rto_running_us: Some(750_000_000),
    ///     rto_call_running_us: Some(250_000_000),
    ///     ..Figures::default()
    /// };
    /// assert_eq!(figures.line(), "RPO 0s, 0 B lost, down 12m30s, RTO 12m30s (4m10s from the call)");
    /// ```
    #[must_use]
    pub fn line(&self) -> String {
        let span = |micros: u64| Span::micros(micros).to_string();
        let mut parts = Vec::new();
        if let (Some(rpo), Some(lost)) = (self.rpo_us, self.lost_bytes) {
            let damaged = if self.damaged { ", damaged" } else { "" };
            parts.push(format!("RPO {}, {} lost{damaged}", span(rpo), Bytes(lost)));
        }
        match (self.first_served_us, self.downtime_us) {
            (None, _) => parts.push("never served".to_owned()),
            (_, 0) => parts.push("served throughout".to_owned()),
            (_, down) => parts.push(format!("down {}", span(down))),
        }
        match (self.rto_running_us, self.rto_call_running_us) {
            (Some(rto), None) => parts.push(format!("RTO {}", span(rto))),
            (Some(rto), Some(call)) => {
                parts.push(format!("RTO {} ({} from the call)", span(rto), span(call)));
            }
            (None, Some(call)) => parts.push(format!("RTO {} from the call", span(call))),
            (None, None) => {}
        }
        if let Some(usable) = self.rto_usable_us
            && self.rto_usable_us != self.rto_running_us
        {
            parts.push(format!("usable after {}", span(usable)));
        }
        if self.outages > 0 && !self.serves {
            parts.push("down at the end".to_owned());
        }
        for (micros, what) in [
            (self.degraded_us, "degraded"),
            (self.unprotected_us, "unprotected"),
        ] {
            if micros > 0 {
                parts.push(format!("{what} {}", span(micros)));
            }
        }
        if self.split_brain_us > 0 {
            let open = if self.split_brain_open {
                " that has not ended"
            } else {
                ""
            };
            parts.push(format!(
                "split brain {}{open}: {} and {} apart",
                span(self.split_brain_us),
                Bytes(self.split_brain_lost_bytes),
                Bytes(self.split_brain_kept_bytes)
            ));
        }
        if self.discarded_bytes > 0 {
            parts.push(format!("{} discarded", Bytes(self.discarded_bytes)));
        }
        parts.join(", ")
    }
}

impl Report {
    /// The report as lines of a transcript: a line for each of the first groups, and how many more there are.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let told = self.groups.iter().take(TOLD_MAX);
        let tell =
            |group: &super::GroupReport| format!("  {}: {}", group.label, group.figures.line());
        let more = self.groups.len().saturating_sub(TOLD_MAX);
        let more = (more > 0).then(|| format!("  ... and {more} more groups"));
        let head = std::iter::once("report:".to_owned());
        head.chain(told.map(tell)).chain(more).collect()
    }

    /// The policies that the result hung on, with their values: `fencing = off, az_failover = allowed`; None: none.
    #[must_use]
    pub fn hung_on(&self) -> Option<String> {
        let each = self.hung.iter();
        let each: Vec<String> = each
            .map(|hung| format!("{} = {}", hung.policy, hung.value))
            .collect();
        (!each.is_empty()).then(|| each.join(", "))
    }
}
