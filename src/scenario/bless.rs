//! Taking a run for the expected one: the file with its transcript replaced.
//!
//! It does not judge: whether the run is what it should be is for a person to read. Only the transcript changes, every
//! other byte of the file stays.

use super::run::Outcome;
use super::transcript::{TranscriptError, replace_transcript};

/// The text of a scenario file with the transcript of a run of it, or None if it has just that already.
///
/// # Errors
/// Every [`TranscriptError`]; a file whose run could be loaded has none of those that concern the file, but for
/// [`TranscriptError::Ended`].
pub fn bless<W>(text: &str, outcome: &Outcome<W>) -> Result<Option<String>, TranscriptError> {
    let new = replace_transcript(text, &outcome.transcript)?;
    Ok((new != text).then_some(new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    const TEXT: &str = "# A note.\nversion: 1\nsites: {a: {}, b: {}}\nazs: {az1: {site: a}, az2: {site: b}}\n\
        domains:\n  metro: {azs: [az1, az2]} # both\nvpcs: {net: {cidr: 10.0.0.0/16}}\ngroups:\n  \
        web: {domain: metro, vpc: net}\ntimeline:\n  - call: {rename_protection_group: {group: web, name: shop}}\n";

    #[test]
    fn a_blessed_file_holds_and_is_not_blessed_again() {
        let run = |text: &str| {
            Scenario::load("a.yaml", text)
                .unwrap()
                .start(None)
                .run(&mut ())
        };
        let first = run(TEXT);
        assert!(first.report.held() && first.report.transcript.is_none());
        let blessed = bless(TEXT, &first)
            .unwrap()
            .expect("there was no transcript");
        assert!(blessed.starts_with(TEXT), "{blessed}");
        assert!(
            blessed.ends_with("\ntranscript: |\n  00:00:00.000  web  name changed\n"),
            "{blessed}"
        );
        let again = run(&blessed);
        assert!(again.report.held() && again.report.transcript.is_some());
        assert_eq!(bless(&blessed, &again), Ok(None));
        let other = run(&blessed.replace("name changed", "name kept"));
        assert!(!other.report.held());
        assert_eq!(other.difference.unwrap().changes.len(), 1);
    }
}
